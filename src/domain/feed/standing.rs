//! Where a feed stands with its publisher: what polls taught beyond the rhythm, and how that changes the next one.
//!
//! Pure. Moves, validators and limits each have their own file; here they meet the poll: what to ask, what the
//! answer changes, and what of it people should hear.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::learn::Polled;
use super::limits::{self, Limits};
use super::moves::{self, Moves};
use super::outcome::{FetchRequest, OutcomeKind};
use super::validators::{self, Trust, Whole};
use super::{Feed, FeedState};
use crate::secret::redacted_url;

/// Not found for so long, a feed is taken for dead; it is still asked daily.
const DEAD_AFTER: SignedDuration = SignedDuration::from_hours(14 * 24);

/// After so many refusals in a row people are told.
const REFUSALS_TOLD: u32 = 3;

/// What polls taught about a feed and its host, its rhythm aside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Where it is asked.
    pub moves: Moves,
    /// How far its validators are trusted.
    pub trust: Trust,
    /// What limits it ran into.
    pub limits: Limits,
    /// Since when it is not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
}

/// Under which circumstances a poll asks.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The contact named in the `User-Agent`.
    pub contact: &'a str,
    /// A person wants the whole document.
    pub full: bool,
    /// No other feed waits to ask the same host.
    pub alone: bool,
    /// Now.
    pub now: Timestamp,
}

/// What a poll asked and how far its answer can be believed, as its end needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The address that a permanent redirect taught was asked, not the configured one.
    pub moved: bool,
    /// Why it asked without validators that it had.
    pub whole: Option<Whole>,
    /// [`validators::fingerprint`] of the feed then.
    pub fingerprint: String,
    /// The answer is this feed's: it carries a known entry, or nothing changed.
    pub familiar: bool,
    /// Too many feeds point to where it leads.
    pub crowded: bool,
}

/// What to ask for `feed`, and what of that its end must know.
#[must_use]
pub fn ask(feed: &Feed, state: &FeedState, asking: &Asking<'_>) -> (FetchRequest, Evidence) {
    let mut request = feed.request(state);
    // Where a redirect leads, and the pages that its entries link to, are mostly at the same host.
    request.alone = asking.alone && !feed.full_text && state.validators_url.is_none();
    let fingerprint = validators::fingerprint(feed, asking.contact);
    let mut evidence = Evidence {
        fingerprint,
        ..Evidence::default()
    };
    if state.url != feed.url {
        return (request, evidence);
    }
    let whole = validators::whole(state, &evidence.fingerprint, asking.full, asking.now);
    evidence.whole = whole;
    if whole.is_some() {
        request.etag = None;
        request.last_modified = None;
    }
    if let Some(effective) = state.standing.moves.effective_url.as_deref()
        && whole != Some(Whole::Asked)
    {
        moves::ask_instead(&mut request, effective);
        evidence.moved = true;
    }
    (request, evidence)
}

/// Takes note of a poll. `before` is the state that it began with; `state`, the one that it leaves, is finished
/// but for the time of the next.
pub fn after(
    feed: &Feed,
    before: &FeedState,
    state: &mut FeedState,
    polled: &Polled<'_>,
    now: Timestamp,
) {
    validators::after(before, state, polled);
    limits::after(state, polled, now);
    let status = polled.facts.status.unwrap_or(0);
    let standing = &mut state.standing;
    if polled.kind != OutcomeKind::Offline {
        let missing = polled.kind == OutcomeKind::HttpError && status == 404;
        standing.missing_since = missing.then(|| standing.missing_since.unwrap_or(polled.began));
    }
    moves::after(feed, before, state, polled);
}

/// What people should hear of a poll that led from `before` to `after`: once, when it happens.
#[must_use]
pub fn told(before: &FeedState, after: &FeedState, whole: Option<Whole>) -> Vec<String> {
    let mut told = Vec::new();
    let (was, is) = (&before.standing, &after.standing);
    match (&was.moves.effective_url, &is.moves.effective_url) {
        (old, Some(new)) if old.as_ref() != Some(new) => told.push(format!(
            "permanently redirected for {}: asked at {} from now on; the configured URL stays",
            days_of(was),
            redacted_url(new)
        )),
        (Some(old), None) => told.push(format!(
            "asked at its configured URL again, not at {}",
            redacted_url(old)
        )),
        _ => {}
    }
    if let Some(whole) = whole {
        told.push(format!("asked for the whole document: {}", whole.as_str()));
    }
    if is.trust.etag_broken && !was.trust.etag_broken {
        told.push("its ETag stood still while its entries changed: not used any more".to_owned());
    }
    if is.trust.last_modified_broken && !was.trust.last_modified_broken {
        told.push(
            "its Last-Modified stood still while its entries changed: not used any more".to_owned(),
        );
    }
    if after.gone && !before.gone {
        told.push(
            "410 three times over two days: gone, and not polled again until its URL changes"
                .to_owned(),
        );
    }
    if after.failures == REFUSALS_TOLD && after.standing.limits.refusals >= REFUSALS_TOLD {
        told.push(
            "refused three times in a row: does it need credentials, or another address?"
                .to_owned(),
        );
    }
    told
}

/// How long a feed's redirects were watched.
fn days_of(standing: &Standing) -> String {
    match &standing.moves.candidate {
        Some(candidate) => format!("{} polls since {}", candidate.polls + 1, candidate.since),
        None => "some time".to_owned(),
    }
}

/// What is odd about a feed in `state`, in words for `feeds list` and `feeds show`; nothing where all is well.
#[must_use]
pub fn note(state: &FeedState, now: Timestamp) -> Option<String> {
    let standing = &state.standing;
    let mut notes = Vec::new();
    if let Some(since) = standing.missing_since
        && now.duration_since(since) >= DEAD_AFTER
    {
        notes.push(format!("dead? not found since {since}"));
    }
    if let Some(url) = &standing.moves.effective_url {
        notes.push(format!("moved for good: asked at {url}"));
    } else if let Some(candidate) = &standing.moves.candidate {
        notes.push(format!(
            "redirects for good to {} ({} polls)",
            candidate.url, candidate.polls
        ));
    }
    for (broken, name) in [
        (standing.trust.etag_broken, "ETag"),
        (standing.trust.last_modified_broken, "Last-Modified"),
    ] {
        if broken {
            notes.push(format!("its {name} cannot be relied on"));
        }
    }
    if standing.limits.steps > 0 {
        notes.push(format!(
            "polled more slowly after {} answers of \"too many requests\"",
            standing.limits.steps
        ));
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

#[cfg(test)]
mod tests;
