//! When to poll a feed next, and why then.
//!
//! Pure: feed, state, settings and `now` in, a time and a reason out. Jitter is a hash of the feed id.
//! Who sleeps until then is the daemon's ticker.
//!
//! The interval is what a person set, or what the feed's rhythm is worth. Failures stretch it; what the
//! publisher asks for comes on top: Retry-After and cache headers bind, `ttl` and skip hours advise.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::outcome::{HttpFacts, OutcomeKind};
use super::rate::{self, Tally};
use super::{Feed, FeedState};
use crate::domain::id::FeedId;

/// What decided the time of the next poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Never polled.
    New,
    /// The configured interval.
    Interval,
    /// The learned posting rate under the budget.
    Learned,
    /// The shortest interval that politeness allows.
    Floor,
    /// The longest interval that watching allows.
    Ceiling,
    /// Half of the interval after which nothing known was shown any more.
    Gap,
    /// `Cache-Control` or `Expires`.
    Fresh,
    /// The document's `ttl`.
    Ttl,
    /// `skipHours` or `skipDays`.
    Skip,
    /// The publisher's `Retry-After`, or the wait after a bare 429.
    RetryAfter,
    /// Failures in a row.
    BackOff,
    /// A poll was under way when the process ended.
    Interrupted,
    /// 410: polling stopped.
    Gone,
    /// A hub pushes new entries: this poll only makes sure of it.
    Pushed,
    /// The machine had no network.
    Offline,
}

/// How polls are paced: `[fetch]` as far as the schedule needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// A fixed interval for all feeds; none: by each feed's own rhythm.
    pub interval: Option<Duration>,
    /// Polls a feed and day, on average.
    pub budget: f64,
    /// Shortest learned interval.
    pub min: Duration,
    /// Longest learned interval.
    pub max: Duration,
    /// What a poll costs: see [`rate::price`]. None until the rates of all feeds are known.
    pub price: Option<f64>,
}

/// When to poll next, and what decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextPoll {
    /// Then; none: not again.
    pub at: Option<Timestamp>,
    /// Why then.
    pub why: Why,
}

/// Below this no configuration can go.
pub const SHORTEST: Duration = Duration::from_mins(1);

/// The shortest learned interval where the publisher sends no validators.
const UNVALIDATED_FLOOR: Duration = Duration::from_mins(30);

/// Cache headers are honoured up to this: absurd ones must not blind a feed.
const FRESH_CAP: Duration = DAY;

/// A Retry-After is honoured up to this.
pub const RETRY_AFTER_CAP: Duration = Duration::from_hours(7 * 24);

/// `ttl` above this is a mistake.
const TTL_CAP: Duration = Duration::from_hours(7 * 24);

/// A `ttl` that the feed's own rhythm disproves counts up to this.
const TTL_DISPROVED: Duration = Duration::from_hours(1);

/// A refusal is not met with another request before this.
const REFUSED: Duration = Duration::from_hours(4);

/// Back-off ends here.
const DAY: Duration = Duration::from_hours(24);

/// Skip hours end for a feed up to this long after they end for all.
const SKIP_SPREAD: Duration = Duration::from_mins(15);

/// When to poll `feed` after the poll that led to `state` and showed `facts`.
#[must_use]
pub fn next(
    feed: &Feed,
    state: &FeedState,
    facts: &HttpFacts,
    pace: &Pace,
    now: Timestamp,
) -> NextPoll {
    if state.gone {
        return NextPoll {
            at: None,
            why: Why::Gone,
        };
    }
    let wanted = wanted(feed, state, pace);
    let mut delay = wanted;
    let good = state.last_outcome.is_none_or(OutcomeKind::is_good);
    if !good {
        delay = delay.at_least(punished(state, facts, wanted.span));
    }
    delay = delay.at_least(soft(state));
    let mut bound = Duration::ZERO;
    if good && let Some(fresh) = facts.fresh_for {
        bound = fresh.min(FRESH_CAP);
        delay = delay.at_least(Delay::new(bound, Why::Fresh));
    }
    if let Some(wait) = state.retry_after.map(|until| until_then(now, until)) {
        bound = bound.max(wait);
        delay = delay.at_least(Delay::new(wait, Why::RetryAfter));
    }
    let jitter = fraction(&feed.id, "jitter", wanted.span.min(delay.span) / 10);
    let longest = longest(feed, pace, wanted.span, jitter)
        .max(if good {
            Duration::ZERO
        } else {
            punished(state, facts, wanted.span).span
        })
        .max(bound.saturating_add(jitter));
    let shift = Shift { jitter, longest };
    shift.place(feed, state, delay, now)
}

/// A delay, and what asks for it.
#[derive(Clone, Copy, Debug)]
struct Delay {
    span: Duration,
    why: Why,
}

impl Delay {
    fn new(span: Duration, why: Why) -> Self {
        Self { span, why }
    }

    fn at_least(self, other: Self) -> Self {
        if other.span > self.span { other } else { self }
    }
}

/// The interval that would be kept if nobody asked for another.
fn wanted(feed: &Feed, state: &FeedState, pace: &Pace) -> Delay {
    let validated = state.etag.is_some() || state.last_modified.is_some();
    let usual = if validated {
        pace.min.max(SHORTEST)
    } else {
        pace.min.max(UNVALIDATED_FLOOR)
    };
    let floor = match state.last_outcome {
        // The wait after a 429 doubles by itself.
        Some(OutcomeKind::RateLimited) => usual,
        _ => state.standing.limits.raised(usual),
    };
    if let Some(fixed) = feed.interval.or(pace.interval) {
        let slowed = if floor > usual { floor } else { SHORTEST };
        return Delay::new(fixed.max(SHORTEST), Why::Interval)
            .at_least(Delay::new(slowed, Why::Floor));
    }
    let wanted = match Tally::of(state).rate() {
        Some(rate) => Delay::new(rate::worth(rate, pace), Why::Learned),
        None => Delay::new(rate::share(pace), Why::Interval),
    };
    let wanted = match state.signs.longest(state.last_poll) {
        Some(longest) if longest < wanted.span => Delay::new(longest, Why::Gap),
        _ => wanted,
    };
    if wanted.span < floor {
        Delay::new(floor, Why::Floor)
    } else if wanted.span > pace.max.max(floor) {
        Delay::new(pace.max.max(floor), Why::Ceiling)
    } else {
        wanted
    }
}

/// The delay after a bad outcome: never shorter than the interval, doubling up to a day.
fn punished(state: &FeedState, facts: &HttpFacts, interval: Duration) -> Delay {
    let status = facts.status.unwrap_or(0);
    let (first, times, why) = match state.last_outcome {
        Some(OutcomeKind::RateLimited) if status == 403 => {
            (REFUSED.max(interval * 2), state.streak, Why::RetryAfter)
        }
        Some(OutcomeKind::RateLimited) if facts.retry_after.is_some() => {
            return Delay::new(interval, Why::Interval);
        }
        Some(OutcomeKind::RateLimited) => (
            Duration::from_hours(1).max(interval * 2),
            state.streak,
            Why::RetryAfter,
        ),
        Some(OutcomeKind::Gone) => (DAY, 1, Why::BackOff),
        Some(OutcomeKind::Offline) => (interval, 1, Why::BackOff),
        Some(OutcomeKind::HttpError) if matches!(status, 401 | 403 | 407 | 451) => {
            (REFUSED.max(interval), state.failures, Why::BackOff)
        }
        Some(OutcomeKind::HttpError) if matches!(status, 400 | 404..=406 | 414 | 501) => {
            (interval * 2, state.failures, Why::BackOff)
        }
        _ => (interval, state.failures, Why::BackOff),
    };
    let doublings = times.saturating_sub(1).min(20);
    let span = first.saturating_mul(1 << doublings);
    Delay::new(span.min(DAY).max(interval), why)
}

/// What the document itself advises.
fn soft(state: &FeedState) -> Delay {
    let ttl = Duration::from_mins(u64::from(state.ttl_minutes.unwrap_or(0)));
    if ttl > TTL_CAP {
        return Delay::new(Duration::ZERO, Why::Ttl);
    }
    let expected = Tally::of(state).rate().unwrap_or(0.0) * ttl.as_secs_f64() / 86_400.0;
    if state.rate_count >= 3.0 && expected > 1.0 {
        return Delay::new(ttl.min(TTL_DISPROVED), Why::Ttl);
    }
    Delay::new(ttl, Why::Ttl)
}

/// Beyond this only a publisher's binding word or failures put the next poll.
fn longest(feed: &Feed, pace: &Pace, wanted: Duration, jitter: Duration) -> Duration {
    if feed.interval.or(pace.interval).is_some() {
        pace.max.max(wanted.saturating_add(jitter))
    } else {
        pace.max.max(wanted)
    }
}

/// What moves a poll from where its delay puts it.
struct Shift {
    jitter: Duration,
    longest: Duration,
}

impl Shift {
    /// Adds the jitter, moves out of skipped hours, keeps to the longest delay.
    fn place(&self, feed: &Feed, state: &FeedState, delay: Delay, now: Timestamp) -> NextPoll {
        let mut at = later(now, delay.span.saturating_add(self.jitter));
        let mut why = delay.why;
        if let Some(allowed) = first_allowed(state, at) {
            at = later(allowed, fraction(&feed.id, "skip", SKIP_SPREAD));
            why = Why::Skip;
        }
        let latest = later(now, self.longest);
        if at > latest {
            at = latest;
            if matches!(why, Why::Interval | Why::Learned | Why::Ttl | Why::Skip) {
                why = Why::Ceiling;
            }
        }
        NextPoll { at: Some(at), why }
    }
}

/// The end of the skipped hours that `at` lies in; none if it lies in none, or if all are skipped.
fn first_allowed(state: &FeedState, at: Timestamp) -> Option<Timestamp> {
    const ALL_HOURS: u32 = (1 << 24) - 1;
    const ALL_DAYS: u8 = (1 << 7) - 1;
    let hours = match state.skip_hours & ALL_HOURS {
        ALL_HOURS => 0,
        hours => hours,
    };
    let days = match state.skip_days & ALL_DAYS {
        ALL_DAYS => 0,
        days => days,
    };
    if hours == 0 && days == 0 {
        return None;
    }
    let skipped = |at: Timestamp| {
        let at = Offset::UTC.to_datetime(at);
        let day = at.weekday().to_monday_zero_offset();
        hours & (1 << at.hour()) != 0 || days & (1 << day) != 0
    };
    if !skipped(at) {
        return None;
    }
    let hour = at.as_second().div_euclid(3_600);
    (1..=8 * 24)
        .filter_map(|ahead| Timestamp::from_second((hour + ahead) * 3_600).ok())
        .find(|at| !skipped(*at))
}

/// A feed that is overdue at start-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Which.
    pub id: FeedId,
    /// When it was due; none: never polled.
    pub due: Option<Timestamp>,
}

/// When to start polls that are overdue all at once: those never polled now, the others spread, the longest
/// overdue first, over a minute or as long as 20 a second take.
#[must_use]
pub fn spread(mut overdue: Vec<Overdue>, now: Timestamp) -> Vec<(FeedId, Timestamp)> {
    overdue.sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
    let late = overdue.iter().filter(|feed| feed.due.is_some()).count();
    let late = u32::try_from(late).unwrap_or(u32::MAX).max(1);
    let window = Duration::from_mins(1).max(Duration::from_millis(50) * late);
    let step = window / late;
    let mut place = 0;
    overdue
        .into_iter()
        .map(|feed| {
            let start = if feed.due.is_none() {
                now
            } else {
                place += 1;
                later(now, step * (place - 1))
            };
            (feed.id, start)
        })
        .collect()
}

/// `at` and then `span`, or the end of time.
#[must_use]
pub fn later(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn until_then(now: Timestamp, then: Timestamp) -> Duration {
    then.duration_since(now).try_into().unwrap_or_default()
}

/// A part of `whole` that is the feed's own, the same each time.
pub(super) fn fraction(id: &FeedId, salt: &str, whole: Duration) -> Duration {
    let hash = Sha256::new()
        .chain_update(salt)
        .chain_update([0])
        .chain_update(id.as_str())
        .finalize();
    whole.mul_f64(f64::from(u16::from_be_bytes([hash[0], hash[1]])) / 65_536.0)
}

#[cfg(test)]
mod tests;
