//! A poll that ended → the feed's next state.
//!
//! Pure: the old state and the facts of the poll in, the whole new row out. Which entries are new is decided
//! in `domain::entry`, when to poll next in `schedule`.

use jiff::Timestamp;

use super::outcome::{HttpFacts, OutcomeKind};
use super::quirks::Quirks;
use super::rhythm::{self, Watched};
use super::schedule::{self, Pace};
use super::standing::{self, Evidence, Standing};
use super::websub::push;
use super::{DocumentFacts, Feed, FeedState, validators};

/// After so many 410 answers in a row…
const GONE_ANSWERS: u32 = 3;

/// …over at least so long, a feed is gone.
const GONE_SPAN: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);

/// A poll that ended, as the feed's state needs it.
#[derive(Clone, Copy, Debug)]
pub struct Polled<'a> {
    /// When it began.
    pub began: Timestamp,
    /// How it ended, the document included.
    pub kind: OutcomeKind,
    /// The bad outcome's text.
    pub message: Option<&'a str>,
    /// What the exchange showed.
    pub facts: &'a HttpFacts,
    /// SHA-256 of a complete decoded body.
    pub hash: Option<&'a [u8]>,
    /// What the document says, where one was read.
    pub document: Option<&'a DocumentFacts>,
    /// Entries not seen before.
    pub new: u32,
    /// How many of them match a rule.
    pub matched: u32,
    /// The same by id, each with when it was published.
    pub entries: &'a [(&'a str, Option<Timestamp>)],
    /// What was asked, and how far the answer can be believed.
    pub evidence: &'a Evidence,
}

/// The state of `feed` after `polled`, at `now`.
///
/// `old` may carry a provisional `next_poll`: it is not looked at.
#[must_use]
pub fn apply(
    feed: &Feed,
    old: &FeedState,
    polled: &Polled<'_>,
    pace: &Pace,
    now: Timestamp,
) -> FeedState {
    let before = settled(feed, old);
    let told = polled;
    let silenced = validators::is_of_another(&before, polled).then(|| HttpFacts {
        etag: None,
        last_modified: None,
        fresh_for: None,
        ..polled.facts.clone()
    });
    let polled = &Polled {
        facts: silenced.as_ref().unwrap_or(polled.facts),
        ..*polled
    };
    let mut state = before.clone();
    state.last_poll = Some(polled.began);
    learn_document(&mut state, polled);
    count(&mut state, polled);
    state.quirks = state.quirks.after(polled.kind, polled.facts);
    state.retry_after = polled
        .facts
        .retry_after
        .map(|wait| schedule::later(now, wait.min(schedule::RETRY_AFTER_CAP)));
    if polled.kind.is_good() {
        learn_rate(&mut state, old, polled);
        learn_validators(&mut state, feed, polled);
        state.last_success = Some(polled.began);
        state.last_error = None;
    } else {
        state.last_error = Some(
            polled
                .message
                .map_or_else(|| polled.kind.as_str().to_owned(), str::to_owned),
        );
    }
    state.entries = state.entries.saturating_add(u64::from(polled.new));
    if polled.new > 0 {
        state.last_new = Some(polled.began);
    }
    state.push.polled(&push::news(feed, old, polled, now));
    standing::after(feed, &before, &mut state, told, now);
    let next = schedule::next(feed, &state, polled.facts, pace, now);
    let next = push::put_off(feed, &mut state, next, pace.max, now);
    state.next_poll = next.at;
    state.why_then = Some(next.why);
    state.terms = next.terms;
    keep_waits(&mut state, polled, now);
    state
}

/// Waits that the schedule does not know: one of ours binds like one that was asked for, and what found no network
/// waits for that and not for its turn.
fn keep_waits(state: &mut FeedState, polled: &Polled<'_>, now: Timestamp) {
    let refused = polled.facts.status == Some(403);
    if polled.kind == OutcomeKind::RateLimited && (refused || polled.facts.retry_after.is_none()) {
        state.retry_after = state.next_poll;
    }
    if polled.kind == OutcomeKind::Offline && !state.gone {
        state.next_poll = Some(schedule::later(now, schedule::SHORTEST));
        state.why_then = Some(schedule::Why::Offline);
    }
}

/// The old state, without what another URL taught.
fn settled(feed: &Feed, old: &FeedState) -> FeedState {
    let mut state = old.clone();
    if state.url != feed.url {
        state = FeedState {
            url: feed.url.clone(),
            etag: None,
            last_modified: None,
            validators_url: None,
            body_hash: None,
            failures: 0,
            streak: 0,
            gone: false,
            gone_since: None,
            retry_after: None,
            last_outcome: None,
            quirks: Quirks::default(),
            standing: Standing::default(),
            ..state
        };
    }
    state
}

fn learn_document(state: &mut FeedState, polled: &Polled<'_>) {
    let Some(document) = polled.document else {
        return;
    };
    state.title.clone_from(&document.title);
    state.language.clone_from(&document.language);
    state.site_url.clone_from(&document.site_url);
    state.ttl_minutes = document.ttl_minutes;
    state.skip_hours = document.skip_hours;
    state.skip_days = document.skip_days;
}

/// Failures, streaks, and the way to `gone`.
fn count(state: &mut FeedState, polled: &Polled<'_>) {
    let kind = polled.kind;
    state.streak = if state.last_outcome == Some(kind) {
        state.streak.saturating_add(1)
    } else {
        1
    };
    state.last_outcome = Some(kind);
    if kind.is_good() {
        state.failures = 0;
    } else if kind != OutcomeKind::Offline {
        // The machine's own trouble is not the feed's.
        state.failures = state.failures.saturating_add(1);
    }
    if kind == OutcomeKind::Gone {
        let since = *state.gone_since.get_or_insert(polled.began);
        state.gone =
            state.streak >= GONE_ANSWERS && polled.began.duration_since(since) >= GONE_SPAN;
    } else {
        state.gone_since = None;
        state.gone = false;
    }
}

fn learn_rate(state: &mut FeedState, old: &FeedState, polled: &Polled<'_>) {
    let watched = Watched {
        began: polled.began,
        last: old.last_success,
        document: polled.document,
        new: polled.new.saturating_add(old.push.arrived),
        matched: polled.matched,
        ttl_before: old.ttl_minutes,
    };
    rhythm::learn(state, &watched);
}

/// A document that was read replaces the validators as a pair; a 304 may renew one of them.
///
/// Those of a document that could not be read are not kept: a 304 would then hide that it cannot be read.
fn learn_validators(state: &mut FeedState, feed: &Feed, polled: &Polled<'_>) {
    let facts = polled.facts;
    if polled.kind == OutcomeKind::NotModified {
        if facts.last_modified.is_some() {
            state.last_modified.clone_from(&facts.last_modified);
        }
        return;
    }
    state.etag.clone_from(&facts.etag);
    state.last_modified.clone_from(&facts.last_modified);
    let led = !facts.redirects.is_empty() || polled.evidence.moved;
    state.validators_url = facts
        .final_url
        .clone()
        .filter(|url| led && *url != feed.url);
    if let Some(hash) = polled.hash {
        state.body_hash = Some(hash.to_vec());
    }
}

#[cfg(test)]
mod tests;
