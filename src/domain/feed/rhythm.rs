//! What polls taught about a feed's rhythm beyond its rate: when in the week, how bunched, how large its document
//! is, and how many of its entries matter to a rule.
//!
//! [`learn`] takes in one good poll. What follows for the next poll is in `forecast`, `price` and `schedule`.

mod bytes;

use std::time::Duration;

use jiff::Timestamp;

use super::forecast::{EXCITED_FOR, Forecast};
use super::rate::{self, Changes, Tally};
use super::week::{Shape, Week, hour_of};
use super::{DocumentFacts, FeedState};

/// After so many days, what was learned of pairs and of matches weighs half.
const HALF_LIFE: f64 = 56.0;

/// Days of watching before the hours of the week can be compared at all.
const WHOLE_WEEK: f64 = 7.0;

/// Pairs of entries before excitation is believed.
const PAIRS_KNOWN_FROM: f64 = 50.0;

/// Pseudo-pairs that speak for no excitation.
const PAIRS_LEAN: f64 = 2.0;

/// Excitation never makes entries more likely than this.
const MOST_EXCITED: f64 = 4.0;

/// Entries closer together than the document's `ttl`, so often, disprove it.
pub const DISPROVED_BY: u8 = 3;

/// What was learned of a feed's rhythm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rhythm {
    /// Good polls after the first; ends at its largest value.
    pub polls: u16,
    /// Entries of the last document read.
    pub document: u16,
    /// How often entries came closer together than the document's `ttl`; ends at its largest value.
    pub quick: u8,
    /// When watching began, the first document's dates included: seconds since 1970.
    pub since: Option<i64>,
    /// When the newest entry came: seconds since 1970.
    pub newest: Option<i64>,
    /// Entries counted one by one, decayed like [`FeedState::rate_count`], which counts a burst once.
    pub single: f64,
    /// Entries that matched a rule, decayed.
    pub matched: f64,
    /// Entries that were held against the rules, decayed.
    pub judged: f64,
    /// How entries follow each other.
    pub pairs: Pairs,
    /// Where entries bear no dates: what polls found.
    pub changes: Option<Box<Changes>>,
    /// Counts of the hours of the week.
    pub week: Week,
}

/// Neighbouring entries, decayed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pairs {
    /// How many.
    pub seen: f64,
    /// How many lay within [`EXCITED_FOR`].
    pub close: f64,
    /// How many would have by the rate and the hour alone.
    pub expected: f64,
}

/// A good poll, as the rhythm needs it.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// When it began.
    pub began: Timestamp,
    /// When the last good poll began; none: this is the first.
    pub last: Option<Timestamp>,
    /// The document, where one was read.
    pub document: Option<&'a DocumentFacts>,
    /// Entries not seen before.
    pub new: u32,
    /// How many of them match a rule.
    pub matched: u32,
    /// The `ttl` before this poll, in minutes.
    pub ttl_before: Option<u32>,
}

/// What came since the last poll.
struct Arrivals {
    /// When, for those that say so believably: sorted, bursts once.
    at: Vec<Timestamp>,
    /// How many say so.
    dated: u32,
    /// How many others.
    stray: u32,
}

/// Takes in a good poll.
pub fn learn(state: &mut FeedState, watched: &Watched<'_>) {
    let mut rhythm = std::mem::take(&mut state.rhythm);
    if let Some(document) = watched.document {
        rhythm.document = u16::try_from(document.entries).unwrap_or(u16::MAX);
        let undated = document.entries > 0 && document.published.len() * 2 < document.entries;
        rhythm.changes = undated.then(|| rhythm.changes.take().unwrap_or_default());
    }
    if state.ttl_minutes != watched.ttl_before {
        rhythm.quick = 0;
    }
    let tally = match (watched.last, watched.document) {
        (None, Some(document)) => rhythm.begin(document, watched.began),
        (None, None) => tally(state),
        (Some(last), _) => rhythm.go_on(state, watched, last),
    };
    rhythm.judged += f64::from(watched.new);
    rhythm.matched += f64::from(watched.matched.min(watched.new));
    state.rate_count = tally.count;
    state.rate_days = tally.days;
    state.rhythm = rhythm;
}

/// What is known of the rate by counting.
#[must_use]
pub fn tally(state: &FeedState) -> Tally {
    Tally {
        count: state.rate_count,
        days: state.rate_days,
    }
}

/// Entries a day, bursts once; none while too little is known.
#[must_use]
pub fn rate(state: &FeedState) -> Option<f64> {
    let rate = match &state.rhythm.changes {
        Some(changes) => changes.rate(),
        None => tally(state).rate(),
    };
    rate.filter(|rate| rate.is_finite() && *rate > 0.0)
}

/// What is to be expected of a feed from `now` on, at its own rate.
#[must_use]
pub fn forecast(state: &FeedState, now: Timestamp) -> Option<Forecast> {
    let rhythm = &state.rhythm;
    let since = rhythm.newest.map_or(f64::INFINITY, |newest| {
        seconds(now.as_second().saturating_sub(newest)) / 3_600.0
    });
    rate(state).map(|rate| Forecast {
        level: rate / 24.0,
        shape: rhythm.shape(now),
        from: hour_of(now),
        excited: rhythm.pairs.ratio(),
        since,
    })
}

/// Entries a day that come at most, with 95 % certainty, each of a burst counted.
#[must_use]
pub fn most(state: &FeedState) -> Option<f64> {
    let tally = tally(state);
    let upper = match &state.rhythm.changes {
        // The count of changes says little of how many entries one brings; that of entries does.
        Some(changes) => Some(changes.rate()?.max(tally.upper().unwrap_or_default())),
        None => tally.upper(),
    };
    let bursts = (state.rhythm.single / tally.count.max(1.0)).clamp(1.0, 50.0);
    upper
        .map(|upper| upper * bursts)
        .filter(|upper| upper.is_finite() && *upper > 0.0)
}

impl Rhythm {
    /// The shape of the week, flat until a whole one was watched.
    #[must_use]
    pub fn shape(&self, now: Timestamp) -> Shape {
        let watched = self
            .since
            .map(|since| now.as_second().saturating_sub(since));
        if watched.is_some_and(|watched| seconds(watched) >= WHOLE_WEEK * 86_400.0) {
            self.week.shape()
        } else {
            Shape::flat()
        }
    }

    /// From the first document: its dates are a first guess at everything.
    fn begin(&mut self, document: &DocumentFacts, began: Timestamp) -> Tally {
        let mut dates: Vec<Timestamp> = document.published.clone();
        let age = |at: &Timestamp| began.duration_since(*at).as_secs_f64() / 86_400.0;
        dates.retain(|at| (0.0..rate::RECENT).contains(&age(at)));
        dates.sort_unstable();
        let bursts = rate::bursts(&dates);
        let tally = Tally::first(&document.published, began);
        let each = dates.len() / bursts.len().max(1);
        self.single = tally.count * f64::from(u32::try_from(each.max(1)).unwrap_or(1));
        self.newest = bursts.last().map(|at| at.as_second());
        self.since = Some(began.as_second());
        // A document that reaches less far back shows some hours of the week and hides the others.
        if let Some(oldest) = bursts.first().filter(|oldest| age(oldest) >= WHOLE_WEEK) {
            self.since = Some(oldest.as_second());
            for pair in bursts.windows(2) {
                let passed = pair[1].duration_since(pair[0]).as_secs_f64() / 86_400.0;
                self.week.add([(hour_of(pair[0]), 1.0)]);
                self.week.age(passed);
            }
        }
        tally
    }

    /// From a later poll.
    fn go_on(&mut self, state: &FeedState, watched: &Watched<'_>, last: Timestamp) -> Tally {
        let gap: Duration = watched
            .began
            .duration_since(last)
            .try_into()
            .unwrap_or_default();
        let arrivals = arrivals(watched, last);
        self.forget(gap.as_secs_f64() / 86_400.0);
        self.polls = self.polls.saturating_add(1);
        self.since = self.since.or(Some(watched.began.as_second()));
        self.single += f64::from(arrivals.dated + arrivals.stray);
        self.doubt_ttl(state, watched, &arrivals);
        if let Some(changes) = &mut self.changes {
            changes.add(gap, watched.new > 0);
        }
        let found = arrivals.found();
        if found > 0 {
            self.learn_pairs(state, &arrivals.at, watched.began);
            let stray = if self.changes.is_some() {
                arrivals.stray.min(1)
            } else {
                arrivals.stray
            };
            let dated = arrivals.at.iter().map(|at| (hour_of(*at), 1.0));
            let hours = gap.as_secs_f64() / 3_600.0;
            let spread = Week::smear(f64::from(stray), hour_of(watched.began), hours);
            self.week.add(dated.chain(spread));
        }
        if let Some(newest) = arrivals.at.last() {
            self.newest = Some(newest.as_second());
        }
        tally(state).after(gap, found)
    }

    /// Lets `days` pass.
    fn forget(&mut self, days: f64) {
        let kept = (-days / HALF_LIFE).exp2();
        self.single *= rate::kept(days);
        self.matched *= kept;
        self.judged *= kept;
        let Pairs {
            seen,
            close,
            expected,
        } = &mut self.pairs;
        for count in [seen, close, expected] {
            *count *= kept;
        }
        self.week.age(days);
    }

    /// Counts entries that came closer together than the `ttl` lets us look.
    fn doubt_ttl(&mut self, state: &FeedState, watched: &Watched<'_>, arrivals: &Arrivals) {
        let Some(ttl) = state.ttl_minutes.map(|minutes| i64::from(minutes) * 60) else {
            return;
        };
        let before = self.newest.into_iter();
        let times: Vec<i64> = before
            .chain(arrivals.at.iter().map(|at| at.as_second()))
            .collect();
        let mut quick = times
            .windows(2)
            .filter(|pair| (1..ttl).contains(&(pair[1] - pair[0])))
            .count();
        if arrivals.at.is_empty() && arrivals.stray > 0 {
            let before = state.last_new;
            let soon = |at: Timestamp| watched.began.duration_since(at).as_secs() < ttl;
            quick += usize::from(before.is_some_and(soon));
        }
        let quick = u8::try_from(quick).unwrap_or(u8::MAX);
        self.quick = self.quick.saturating_add(quick);
    }

    /// Counts neighbours, and how many of them would be close by chance.
    fn learn_pairs(&mut self, state: &FeedState, came: &[Timestamp], now: Timestamp) {
        let (Some(rate), false) = (rate::Tally::rate(tally(state)), came.is_empty()) else {
            return;
        };
        let shape = self.shape(now);
        let before = self.newest.and_then(|at| Timestamp::from_second(at).ok());
        let times: Vec<Timestamp> = before.into_iter().chain(came.iter().copied()).collect();
        for pair in times.windows(2) {
            let gap = pair[1].duration_since(pair[0]).as_secs_f64() / 3_600.0;
            if gap <= 0.0 {
                continue;
            }
            let expected = rate / 24.0 * shape.at(hour_of(pair[0])) * EXCITED_FOR;
            self.pairs.seen += 1.0;
            self.pairs.close += f64::from(u8::from(gap <= EXCITED_FOR));
            self.pairs.expected += -(-expected).exp_m1();
        }
    }
}

impl Pairs {
    /// How many times more likely an entry is right after another than else.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.seen.is_nan() || self.seen < PAIRS_KNOWN_FROM {
            return 1.0;
        }
        let ratio = (self.close + PAIRS_LEAN) / (self.expected + PAIRS_LEAN);
        if ratio.is_finite() {
            ratio.clamp(1.0, MOST_EXCITED)
        } else {
            1.0
        }
    }
}

impl Arrivals {
    /// Entries, bursts once.
    fn found(&self) -> u32 {
        u32::try_from(self.at.len())
            .unwrap_or(u32::MAX)
            .saturating_add(self.stray)
    }
}

/// What came between `last` and this poll: a date is believed if it lies between them.
fn arrivals(watched: &Watched<'_>, last: Timestamp) -> Arrivals {
    let dates = watched
        .document
        .map_or(&[][..], |document| &document.published);
    let mut dates: Vec<Timestamp> = dates
        .iter()
        .copied()
        .filter(|at| *at > last && *at <= watched.began)
        .collect();
    dates.sort_unstable();
    let new = usize::try_from(watched.new).unwrap_or(usize::MAX);
    let revised = dates.len().saturating_sub(new);
    let dates = dates.split_off(revised);
    let count = u32::try_from(dates.len()).unwrap_or(u32::MAX);
    Arrivals {
        at: rate::bursts(&dates),
        dated: count,
        stray: watched.new.saturating_sub(count),
    }
}

/// So many seconds as a number to reckon with.
fn seconds(count: i64) -> f64 {
    Duration::from_secs(u64::try_from(count).unwrap_or_default()).as_secs_f64()
}

#[cfg(test)]
mod tests;
