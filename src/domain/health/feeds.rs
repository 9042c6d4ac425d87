//! Feeds that fail, are gone, moved, no feeds, empty or silent; and whether it is rather us.
//!
//! Pure. Where most feeds cannot be reached, that is told as one thing, and single feeds are not. Silence is judged in
//! `silence`.

use jiff::{SignedDuration, Timestamp};

use super::silence::Silence;
use super::{Condition, Kind, at, many};
use crate::domain::feed::outcome::OutcomeKind;
use crate::domain::feed::signs::EMPTY_POLLS;
use crate::domain::feed::{Feed, FeedState};
use crate::secret::redacted_url;

/// After so many failures in a row a feed fails (and for long enough, see [`Kind::patience`]).
const FAILURES: u32 = 5;

/// After so long without a good poll one failure is enough: who is asked to wait for weeks does not fail five times.
const DARK: SignedDuration = SignedDuration::from_hours(72);

/// So many feeds at least…
const CROWD: usize = 5;

/// …and so large a part of all cannot be reached: then it is us…
const BEGINS: (usize, usize) = (1, 2);

/// …until it is no more than this.
const ENDS: (usize, usize) = (1, 10);

/// Polls late by more than this…
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// …and so many of all: the daemon is behind.
const BEHIND: (usize, usize) = (1, 10);

/// A feed, as its health goes.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// As asked for.
    pub feed: &'a Feed,
    /// As learned.
    pub state: &'a FeedState,
    /// How long it has been silent, where that is too long.
    pub silence: Option<&'a Silence>,
}

/// What else the judgement depends on.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// Since when the machine has no network, as polls go.
    pub offline_since: Option<Timestamp>,
    /// Whether people were told that most feeds cannot be reached.
    pub told_unreachable: bool,
    /// Now.
    pub now: Timestamp,
}

/// What is wrong with feeds.
#[must_use]
pub fn judge(feeds: &[Facts<'_>], around: &Around) -> Vec<Condition> {
    let enabled: Vec<&Facts<'_>> = feeds.iter().filter(|facts| facts.feed.enabled).collect();
    let group = unreachable(&enabled, around);
    let mut conditions: Vec<Condition> = Vec::new();
    for facts in &enabled {
        let explained = group.is_some() && (is_unreached(facts.state) || facts.silence.is_some());
        conditions.extend(
            single(facts, around.now)
                .into_iter()
                .map(|condition| Condition {
                    inhibited: explained,
                    ..condition
                }),
        );
    }
    if around.offline_since.is_none() {
        conditions.extend(behind(&enabled, around.now));
    }
    conditions.extend(group);
    conditions
}

/// Whether no connection to its publisher stood at its last poll.
fn is_unreached(state: &FeedState) -> bool {
    use OutcomeKind::{NetError, Offline, TlsError};
    matches!(state.last_outcome, Some(NetError | Offline | TlsError))
}

/// Most feeds cannot be reached, or the machine has no network.
fn unreachable(enabled: &[&Facts<'_>], around: &Around) -> Option<Condition> {
    let all = enabled.len();
    let away: Vec<&&Facts<'_>> = enabled
        .iter()
        .filter(|facts| is_unreached(facts.state))
        .collect();
    // Once told, it takes far fewer for it to go on.
    let crowd = if around.told_unreachable {
        away.len() * ENDS.1 > all * ENDS.0
    } else {
        away.len() >= CROWD && away.len() * BEGINS.1 >= all * BEGINS.0
    };
    if around.offline_since.is_none() && !crowd {
        return None;
    }
    let why = away
        .iter()
        .find_map(|facts| facts.state.last_error.as_deref())
        .map(|error| format!(" ({error})"))
        .unwrap_or_default();
    let text = match around.offline_since {
        Some(since) => format!(
            "the machine has had no network since {}: cannot reach {} of {all} feeds; see to the \
             network, name servers and proxy",
            at(since),
            away.len().max(1)
        ),
        None => format!(
            "cannot reach {} of {all} feeds{why}: see to the network, name servers and proxy",
            away.len()
        ),
    };
    Some(Condition::new(Kind::Unreachable, "feeds", text).since(around.offline_since))
}

/// What is wrong with one feed; the first that holds.
fn single(facts: &Facts<'_>, now: Timestamp) -> Option<Condition> {
    let (id, state) = (facts.feed.id.as_str(), facts.state);
    let said = state.last_error.as_deref().unwrap_or("no reason given");
    let of = |kind, text| Some(Condition::new(kind, id, text));
    if state.gone {
        return of(
            Kind::FeedGone,
            format!(
                "feed {id} is gone for good (410) and is not polled any more: correct its URL or take it out"
            ),
        );
    }
    let is_dark = state
        .last_success
        .is_none_or(|last| now.duration_since(last) > DARK);
    if state.failures >= FAILURES || state.failures > 0 && is_dark {
        // One failure of a feed that is seldom polled may be over at the next try: patience counts from now.
        let since = state.last_success.filter(|_| state.failures >= FAILURES);
        let kind = match state.last_outcome {
            Some(OutcomeKind::NotAFeed) => Kind::NotAFeed,
            _ => Kind::FeedFailing,
        };
        let last = match state.last_success {
            Some(last) => format!("last read at {}", at(last)),
            None => "never read".to_owned(),
        };
        let polls = many(state.failures.into(), "poll", "polls in a row");
        return of(kind, format!("feed {id} fails: {polls}, {last}: {said}"))
            .map(|condition| condition.since(since));
    }
    if state.signs.empty >= EMPTY_POLLS {
        return of(
            Kind::FeedEmpty,
            format!(
                "feed {id} answers without a single entry, and had {} before: has it moved?",
                state.entries
            ),
        );
    }
    if let Some(silence) = facts.silence {
        return of(Kind::FeedSilent, silence.text(id));
    }
    let moved = state.standing.moves.effective_url.as_deref()?;
    of(
        Kind::FeedMoved,
        format!(
            "feed {id} has moved for good and is asked at {}: `bongsu feeds show {id}` has the new URL for its config",
            redacted_url(moved)
        ),
    )
}

/// Too many polls are late.
fn behind(enabled: &[&Facts<'_>], now: Timestamp) -> Option<Condition> {
    let polled: Vec<Timestamp> = enabled
        .iter()
        .filter(|facts| !facts.state.gone)
        .filter_map(|facts| facts.state.next_poll)
        .collect();
    let late: Vec<Timestamp> = polled
        .iter()
        .copied()
        .filter(|at| now.duration_since(*at) > LATE)
        .collect();
    let oldest = late.iter().min()?;
    (late.len() * BEHIND.1 >= polled.len() * BEHIND.0).then(|| {
        let feeds = many(late.len() as u64, "feed is", "feeds are");
        let text = format!(
            "{feeds} late for their polls, the first since {}, of {}: too many feeds for `concurrency`, or a \
             machine that does not keep up",
            at(*oldest),
            polled.len()
        );
        Condition::new(Kind::PollsBehind, "polls", text)
    })
}

#[cfg(test)]
mod tests;
