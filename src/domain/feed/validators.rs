//! Whether stored validators can still be relied on: 304s that contradict themselves, or go on for too long.
//!
//! Pure. A server that answers "not modified" for ever hides its news behind a healthy feed; the guards here ask
//! for the whole document once in a while, and only where something speaks against the answer.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::learn::Polled;
use super::outcome::OutcomeKind;
use super::rhythm;
use super::{Feed, FeedState};

/// After so many 304s in a row with another `ETag` than was sent, the whole document is asked for.
const MISMATCHES: u32 = 3;

/// 304s are believed for so long…
const STUCK_AFTER: Duration = Duration::from_hours(8 * 24);

/// …or for longer, where fewer entries than this were to be expected.
const STUCK_ENTRIES: f64 = 3.0;

/// A person may ask for the whole document so often.
const FULL_EVERY: Duration = Duration::from_mins(10);

/// How far the validators of a feed are trusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trust {
    /// When the last whole document came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Timestamp>,
    /// Entries a day that were to be expected then; none where that was not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// When the whole document was last asked for because 304s went on for too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guarded: Option<Timestamp>,
    /// 304s in a row whose `ETag` was not the one sent.
    pub mismatches: u32,
    /// The next poll asks for the whole document, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_next: Option<Whole>,
    /// When a person last asked for the whole document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_asked: Option<Timestamp>,
    /// The publisher's `ETag` stands still while its feed does not.
    pub etag_broken: bool,
    /// The same of its Last-Modified.
    pub last_modified_broken: bool,
    /// Under which URL, credentials and contact the validators were given: see [`fingerprint`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<String>,
}

/// Why a poll asks for the whole document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// A person said so.
    Asked,
    /// 304s came with another `ETag` than was sent.
    Mismatched,
    /// A 304 came that nobody had asked for.
    Unsolicited,
    /// Nothing but 304s for days, against the feed's rhythm.
    Stuck,
    /// URL, credentials or contact are others than before.
    Changed,
}

impl Whole {
    /// For logs and people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "somebody asked for it",
            Self::Mismatched => "three 304s in a row named another ETag than was sent",
            Self::Unsolicited => "a 304 came to a request without validators",
            Self::Stuck => "nothing but 304s for eight days, against the feed's own rhythm",
            Self::Changed => "its URL, credentials or contact changed",
        }
    }
}

/// What tells apart under which circumstances `feed` is asked; a change voids its validators.
///
/// Sixteen bits of a hash: enough to see a change, too few to try passwords against.
#[must_use]
pub fn fingerprint(feed: &Feed, contact: &str) -> String {
    let mut hash = Sha256::new();
    let headers = feed
        .headers
        .iter()
        .flat_map(|(name, value)| [name.as_str(), value.expose()]);
    for part in [feed.url.as_str(), contact].into_iter().chain(headers) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    format!("{:02x}{:02x}", digest[0], digest[1])
}

/// Whether and why the poll of a feed in `state` asks for the whole document; `full`: a person says so.
#[must_use]
pub fn whole(state: &FeedState, fingerprint: &str, full: bool, now: Timestamp) -> Option<Whole> {
    let trust = &state.standing.trust;
    let conditional = state.etag.is_some() || state.last_modified.is_some();
    if full {
        Some(Whole::Asked)
    } else if trust
        .asked_as
        .as_deref()
        .is_some_and(|before| before != fingerprint)
    {
        Some(Whole::Changed)
    } else if trust.whole_next.is_some() {
        trust.whole_next
    } else if conditional && is_stuck(trust, state, now) {
        Some(Whole::Stuck)
    } else {
        None
    }
}

/// Whether 304s have gone on for longer than the feed's rhythm explains. A rhythm that was never known explains
/// nothing: one whole document in eight days costs less than a feed that is blind for good.
fn is_stuck(trust: &Trust, state: &FeedState, now: Timestamp) -> bool {
    let long_ago = |at: Timestamp| span(at, now) >= STUCK_AFTER;
    let Some(document) = trust.document else {
        return false;
    };
    let days = span(document, now).as_secs_f64() / 86_400.0;
    let expected = trust.rate.map_or(f64::INFINITY, |rate| rate * days);
    state.last_outcome == Some(OutcomeKind::NotModified)
        && long_ago(document)
        && trust.guarded.is_none_or(long_ago)
        && expected >= STUCK_ENTRIES
}

/// When a person may ask for the whole document again; none: now.
#[must_use]
pub fn full_again(trust: &Trust, now: Timestamp) -> Option<Timestamp> {
    let asked = trust.full_asked?;
    let again = super::schedule::later(asked, FULL_EVERY);
    // A time that lies ahead was written under a wrong clock.
    (asked <= now && again > now).then_some(again)
}

/// Whether `polled` is a 304 for another version than the one asked about: RFC 9111 4.3.4 lets it update nothing.
#[must_use]
pub fn is_of_another(before: &FeedState, polled: &Polled<'_>) -> bool {
    let opaque = |etag: &[u8]| etag.strip_prefix(b"W/").unwrap_or(etag).to_vec();
    match (&before.etag, &polled.facts.etag) {
        (Some(sent), Some(named)) if polled.kind == OutcomeKind::NotModified => {
            opaque(sent) != opaque(named)
        }
        _ => false,
    }
}

/// Takes note of a poll. `before` is the state that it began with; `state`, the one that it leaves, may lose
/// validators that are known to stand still.
pub fn after(before: &FeedState, state: &mut FeedState, polled: &Polled<'_>) {
    let evidence = polled.evidence;
    let mut trust = before.standing.trust.clone();
    if !evidence.fingerprint.is_empty() {
        trust.asked_as = Some(evidence.fingerprint.clone());
    }
    match evidence.whole {
        Some(Whole::Asked) => trust.full_asked = Some(polled.began),
        Some(Whole::Stuck) => trust.guarded = Some(polled.began),
        _ => {}
    }
    if polled.kind == OutcomeKind::NotModified {
        let other = is_of_another(before, polled);
        trust.mismatches = if other {
            trust.mismatches.saturating_add(1)
        } else {
            0
        };
        trust.whole_next = (trust.mismatches >= MISMATCHES).then_some(Whole::Mismatched);
    } else if polled.kind.is_good() {
        trust.mismatches = 0;
        trust.whole_next = None;
        trust.document = Some(polled.began);
        trust.rate = rhythm::rate(state);
        if evidence.whole == Some(Whole::Stuck) && polled.new > 0 {
            blame(&mut trust, before, polled);
        }
    } else if polled.kind == OutcomeKind::HttpError && polled.facts.status == Some(304) {
        trust.whole_next =
            (evidence.whole != Some(Whole::Unsolicited)).then_some(Whole::Unsolicited);
    } else if evidence.whole.is_some() && polled.kind == OutcomeKind::Offline {
        trust.whole_next = evidence.whole;
    }
    if trust.etag_broken {
        state.etag = None;
    }
    if trust.last_modified_broken {
        state.last_modified = None;
    }
    state.standing.trust = trust;
}

/// Which validator hid the news: one that is still the same though the document is not; else the one that a
/// server looks at first.
fn blame(trust: &mut Trust, before: &FeedState, polled: &Polled<'_>) {
    let stands =
        |before: &Option<Vec<u8>>, now: &Option<Vec<u8>>| before.is_some() && before == now;
    let etag = stands(&before.etag, &polled.facts.etag);
    let date = stands(&before.last_modified, &polled.facts.last_modified);
    let neither = !etag && !date;
    trust.etag_broken |= etag || neither && before.etag.is_some();
    trust.last_modified_broken |= date || neither && before.etag.is_none();
}

fn span(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests;
