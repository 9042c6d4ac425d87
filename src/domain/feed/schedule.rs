//! When to poll a feed next, and why then.
//!
//! Pure: feed, state, settings and `now` in, a time and a reason out. Jitter is a hash of the store's salt and
//! the feed's id. Who sleeps until then is the daemon's ticker.
//!
//! The interval is what a person set, or what the feed's rhythm is worth. Failures stretch it; what the
//! publisher asks for comes on top: Retry-After and cache headers bind, `ttl` and skip hours advise. What was
//! learned proposes, bounds dispose.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::outcome::{HttpFacts, OutcomeKind};
use super::price::{self, Price, Wish};
use super::rhythm::DISPROVED_BY;
use super::terms::Terms;
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
    /// Later than this, entries could leave the document unseen.
    GapGuard,
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
    /// What a poll of this feed costs: see [`super::market`]. None until the rates of all feeds are known.
    pub price: Option<Price>,
    /// 0: every entry counts alike, and quiet feeds wait; 1: every feed does.
    pub fairness: f64,
    /// Between two requests to one host.
    pub gap: Duration,
    /// The store's own random number: two installations never move together.
    pub salt: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: None,
            budget: 24.0,
            min: Duration::from_mins(5),
            max: DAY,
            price: None,
            fairness: 0.5,
            gap: Duration::from_secs(2),
            salt: 0,
        }
    }
}

/// When to poll next, and what decided it.
#[derive(Clone, Debug, PartialEq)]
pub struct NextPoll {
    /// Then; none: not again.
    pub at: Option<Timestamp>,
    /// Why then.
    pub why: Why,
    /// All that was weighed; none for a feed that is gone.
    pub terms: Option<Terms>,
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
            terms: None,
        };
    }
    let wish = price::wish(state, pace, now);
    let wanted = wanted(feed, state, pace, &wish);
    let good = state.last_outcome.is_none_or(OutcomeKind::is_good);
    let back_off = (!good).then(|| punished(state, facts, wanted.span));
    let ttl = soft(state);
    let fresh = facts.fresh_for.filter(|_| good);
    let fresh = fresh.map(|fresh| Delay::new(fresh.min(FRESH_CAP), Why::Fresh));
    let retry_after = state.retry_after;
    let retry_after = retry_after.map(|at| Delay::new(until_then(now, at), Why::RetryAfter));
    let bounds = [back_off, ttl, fresh, retry_after];
    let delay = bounds.into_iter().flatten().fold(wanted, Delay::at_least);

    let jitter = jitter(feed, pace, (wanted, delay), now);
    let span = |bound: Option<Delay>| bound.map(|bound| bound.span);
    let binding = span(fresh).max(span(retry_after)).unwrap_or_default();
    let longest = longest(feed, pace, wanted.span, jitter)
        .max(span(back_off).unwrap_or_default())
        .max(binding.saturating_add(jitter));
    let shift = Shift {
        jitter,
        longest,
        salt: pace.salt,
    };
    let (at, why) = shift.place(feed, state, delay, now);
    let seconds = |bound: Option<Delay>| bound.map(|bound| bound.span.as_secs());
    let terms = Terms {
        from: now,
        wanted: wanted.span.as_secs(),
        wanted_by: wanted.why,
        floor: floor(state, pace).as_secs(),
        ceiling: pace.max.as_secs(),
        guard: wish.guard.map(|guard| guard.as_secs()),
        fresh: seconds(fresh),
        retry_after: seconds(retry_after),
        ttl: seconds(ttl),
        back_off: seconds(back_off),
        jitter: jitter.as_secs(),
        rate: wish.rate.map(|rate| (rate * 1_000.0).round() / 1_000.0),
        crowd: pace
            .price
            .map(|price| price.crowd)
            .filter(|crowd| *crowd > 1.0),
        gap_risk: wish.guard.is_some_and(|guard| guard < delay.span),
    };
    NextPoll {
        at: Some(whole_millis(at)),
        why,
        terms: Some(terms),
    }
}

/// `at` as the store keeps it, never earlier.
fn whole_millis(at: Timestamp) -> Timestamp {
    let up = later(at, Duration::from_nanos(999_999));
    Timestamp::from_millisecond(up.as_millisecond()).unwrap_or(at)
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
fn wanted(feed: &Feed, state: &FeedState, pace: &Pace, wish: &Wish) -> Delay {
    let floor = floor(state, pace);
    if let Some(fixed) = feed.interval.or(pace.interval) {
        let slowed = if floor > usual_floor(state, pace) {
            floor
        } else {
            SHORTEST
        };
        return Delay::new(fixed.max(SHORTEST), Why::Interval)
            .at_least(Delay::new(slowed, Why::Floor));
    }
    let why = if wish.rate.is_some() {
        Why::Learned
    } else {
        Why::Interval
    };
    let mut wanted = Delay::new(wish.span, why);
    let guard = wish.guard.map(|guard| Delay::new(guard, Why::GapGuard));
    let gap = state.signs.longest(state.last_poll);
    let gap = gap.map(|longest| Delay::new(longest, Why::Gap));
    for latest in [guard, gap].into_iter().flatten() {
        if latest.span < wanted.span {
            wanted = latest;
        }
    }
    let ceiling = pace.max.max(floor);
    if wanted.span < floor {
        Delay::new(floor, Why::Floor)
    } else if wanted.span > ceiling {
        Delay::new(ceiling, Why::Ceiling)
    } else {
        wanted
    }
}

/// The shortest learned interval of a feed.
#[must_use]
pub fn floor(state: &FeedState, pace: &Pace) -> Duration {
    let usual = usual_floor(state, pace);
    match state.last_outcome {
        // The wait after a 429 doubles by itself.
        Some(OutcomeKind::RateLimited) => usual,
        _ => state.standing.limits.raised(usual),
    }
}

/// The same for a feed that ran into no limit.
fn usual_floor(state: &FeedState, pace: &Pace) -> Duration {
    if state.etag.is_some() || state.last_modified.is_some() {
        pace.min.max(SHORTEST)
    } else {
        pace.min.max(UNVALIDATED_FLOOR)
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
fn soft(state: &FeedState) -> Option<Delay> {
    let ttl = Duration::from_mins(u64::from(state.ttl_minutes?));
    let counts = if state.rhythm.quick >= DISPROVED_BY {
        ttl.min(TTL_DISPROVED)
    } else {
        ttl
    };
    (ttl <= TTL_CAP).then(|| Delay::new(counts, Why::Ttl))
}

/// What is added to a delay so that feeds do not move together, at most a tenth of the interval.
///
/// Where the interval is the same each time, the feed is led to a place of its own on a grid that is a little
/// wider: feeds that started together part, and stay so. A rhythm moves by itself; a new throw each time does.
fn jitter(feed: &Feed, pace: &Pace, (wanted, delay): (Delay, Delay), now: Timestamp) -> Duration {
    let room = wanted.span.min(delay.span) / 10;
    let again = now.as_second().to_be_bytes();
    if wanted.why != Why::Interval {
        return room.mul_f64(fraction(&feed.id, pace.salt, "jitter", &again));
    }
    let grid = wanted.span.mul_f64(1.05);
    let own = grid.mul_f64(fraction(&feed.id, pace.salt, "phase", &[]));
    let earliest = later(now, delay.span).as_second();
    let ahead = ahead(earliest, grid, own);
    let throw = fraction(&feed.id, pace.salt, "jitter", &again);
    if ahead > room {
        // Too far to go at once. All alike would stay a herd on its way, half a throw would never arrive.
        return room.mul_f64(f64::midpoint(1.0, throw));
    }
    ahead.saturating_add(room.mul_f64(throw / 5.0)).min(room)
}

/// From `earliest`, in seconds since 1970, to the next point of a grid of points `step` apart.
fn ahead(earliest: i64, step: Duration, place: Duration) -> Duration {
    let Ok(step) = i64::try_from(step.as_millis().max(1)) else {
        return Duration::ZERO;
    };
    let place = i64::try_from(place.as_millis()).unwrap_or_default();
    let past = earliest.saturating_mul(1_000).saturating_sub(place);
    let ahead = (-past.rem_euclid(step)).rem_euclid(step);
    Duration::from_millis(u64::try_from(ahead).unwrap_or_default())
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
    salt: u64,
}

impl Shift {
    /// Adds the jitter, moves out of skipped hours, keeps to the longest delay.
    fn place(
        &self,
        feed: &Feed,
        state: &FeedState,
        delay: Delay,
        now: Timestamp,
    ) -> (Timestamp, Why) {
        let mut at = later(now, delay.span.saturating_add(self.jitter));
        let mut why = delay.why;
        if let Some(allowed) = first_allowed(state, at) {
            let spread = SKIP_SPREAD.mul_f64(fraction(&feed.id, self.salt, "skip", &[]));
            at = later(allowed, spread);
            why = Why::Skip;
        }
        let latest = later(now, self.longest);
        if at > latest {
            at = latest;
            if matches!(why, Why::Interval | Why::Learned | Why::Ttl | Why::Skip) {
                why = Why::Ceiling;
            }
        }
        (at, why)
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
pub(super) fn own_part(feed: &FeedId, what: &str, whole: Duration) -> Duration {
    whole.mul_f64(fraction(feed, 0, what, &[]))
}

/// A number from 0 to 1 that is the feed's own in this store, the same each time for the same `what` and `when`.
fn fraction(feed: &FeedId, salt: u64, what: &str, when: &[u8]) -> f64 {
    let hash = Sha256::new()
        .chain_update(salt.to_be_bytes())
        .chain_update(what)
        .chain_update(when)
        .chain_update([0])
        .chain_update(feed.as_str())
        .finalize();
    f64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]))
        / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests;
