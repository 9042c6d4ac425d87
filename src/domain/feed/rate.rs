//! How often a feed publishes, learned from what polls brought, and what a poll is worth at that rate.
//!
//! Gamma–Poisson with forgetting; the square-root rule shares the budget. No profile of the week yet.

use std::time::Duration;

use jiff::Timestamp;

use super::FeedState;
use super::schedule::Pace;

/// After so many days a count weighs half.
const HALF_LIFE: f64 = 14.0;

/// Weight of the prior guess, in days: half an entry in a week.
const PRIOR_DAYS: f64 = 7.0;

/// Below so many days of watching the rate counts as unknown.
const KNOWN_FROM: f64 = 1.0;

/// Entries of a first document older than this, in days, say nothing of today's rhythm.
const RECENT: f64 = 28.0;

/// Dates closer together than this, in days, are those of an export, not of a rhythm.
const ONE_STROKE: f64 = 10.0 / 1_440.0;

/// The rate at which a feed is worth exactly the budget when no other feeds are known, in entries a day.
const MIDDLING: f64 = 2.0;

/// A decayed count of entries, and the span behind it in days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Entries.
    pub count: f64,
    /// Days.
    pub days: f64,
}

impl Tally {
    /// What is known of `state`.
    #[must_use]
    pub fn of(state: &FeedState) -> Self {
        Self {
            count: state.rate_count,
            days: state.rate_days,
        }
    }

    /// After `elapsed` in which `new` entries came.
    #[must_use]
    pub fn after(self, elapsed: Duration, new: u32) -> Self {
        let days = days(elapsed);
        let kept = (-days / HALF_LIFE).exp2();
        Self {
            count: self.count.mul_add(kept, f64::from(new)),
            days: self.days.mul_add(kept, days),
        }
    }

    /// A first guess from the dates of a first document read at `now`.
    #[must_use]
    pub fn first(published: &[Timestamp], now: Timestamp) -> Self {
        if published.is_empty() {
            return Self::default();
        }
        let recent: Vec<f64> = published
            .iter()
            .map(|at| now.duration_since(*at).as_secs_f64() / 86_400.0)
            .filter(|age| (0.0..RECENT).contains(age))
            .collect();
        let newest = recent.iter().copied().fold(RECENT, f64::min);
        let oldest = recent.iter().copied().fold(0.0, f64::max);
        let span = oldest - newest;
        let count = f64::from(u32::try_from(recent.len()).unwrap_or(u32::MAX));
        if recent.len() < 2 {
            return Self {
                count: count * PRIOR_DAYS / RECENT,
                days: PRIOR_DAYS,
            };
        }
        if span < ONE_STROKE {
            return Self::default();
        }
        let days = span.clamp(KNOWN_FROM, PRIOR_DAYS);
        Self {
            count: (count - 1.0) / span * days,
            days,
        }
    }

    /// Entries a day; none while too little is known.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        let known = self.days >= KNOWN_FROM && self.count.is_finite();
        known.then(|| (self.count.max(0.0) + 0.5) / (self.days + PRIOR_DAYS))
    }
}

/// The interval that a feed of `rate` entries a day is worth, not yet within any bounds.
///
/// Expected delay is least for a given number of polls when each feed's frequency goes with the root of its
/// rate; the price says how many polls there are.
#[must_use]
pub fn worth(rate: f64, pace: &Pace) -> Duration {
    let price = pace.price.unwrap_or_else(|| alone(pace));
    span((price / rate.max(f64::MIN_POSITIVE)).sqrt())
}

/// The price when nothing is known of other feeds.
fn alone(pace: &Pace) -> f64 {
    MIDDLING / (budget(pace) * budget(pace))
}

fn budget(pace: &Pace) -> f64 {
    pace.budget.max(0.1)
}

/// The interval of a feed about which nothing is known: an even share of the budget.
#[must_use]
pub fn share(pace: &Pace) -> Duration {
    span(1.0 / budget(pace))
}

/// The price of a poll at which feeds of these rates spend the budget together, within the pace's bounds.
///
/// To be put in [`Pace::price`], anew whenever rates may have moved, say every ten minutes.
#[must_use]
pub fn price(rates: &[f64], pace: &Pace) -> Option<f64> {
    if rates.is_empty() {
        return None;
    }
    let feeds = f64::from(u32::try_from(rates.len()).unwrap_or(u32::MAX));
    let polls = feeds * budget(pace);
    let (shortest, longest) = (days(pace.min).max(1e-6), days(pace.max).max(1e-6));
    let spent = |price: f64| -> f64 {
        let of = |rate: &f64| (price / rate.max(1e-9)).sqrt().max(shortest).min(longest);
        rates.iter().map(|rate| 1.0 / of(rate)).sum()
    };
    // What is spent falls as the price rises: halve the range of its logarithm.
    let (mut low, mut high) = (-40.0_f64, 40.0_f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if spent(middle.exp()) > polls {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high.exp())
}

fn days(duration: Duration) -> f64 {
    duration.as_secs_f64() / 86_400.0
}

/// So many days, at most ten years.
fn span(days: f64) -> Duration {
    Duration::try_from_secs_f64((days * 86_400.0).min(315_360_000.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace {
            interval: None,
            budget: 24.0,
            min: Duration::from_mins(5),
            max: Duration::from_hours(24),
            price: None,
        }
    }

    #[test]
    fn the_price_spends_the_budget() {
        let rates: Vec<f64> = (1..200).map(|n| 0.05 * f64::from(n)).collect();
        let pace = Pace {
            price: price(&rates, &pace()),
            ..pace()
        };
        let spent: f64 = rates
            .iter()
            .map(|rate| 1.0 / days(worth(*rate, &pace).clamp(pace.min, pace.max)))
            .sum();
        let target = 24.0 * 199.0;
        assert!((spent / target - 1.0).abs() < 0.01, "{spent} of {target}");
        assert!(worth(4.0, &pace) < worth(1.0, &pace));
        // Four times the rate is worth twice the polls.
        let ratio = worth(1.0, &pace).as_secs_f64() / worth(4.0, &pace).as_secs_f64();
        assert!((ratio - 2.0).abs() < 1e-6);
        assert_eq!(price(&[], &pace), None);
    }

    #[test]
    fn a_first_document_gives_a_first_guess() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let ago = |minutes: i64| now - jiff::SignedDuration::from_mins(minutes);
        let wire: Vec<_> = (0..20).map(|n| ago(n * 3)).collect();
        let weekly: Vec<_> = (0..20).map(|n| ago(n * 10_080)).collect();
        let stroke = vec![ago(5); 20];
        let old = vec![ago(100_000), ago(200_000)];
        let of = |published: &[Timestamp]| Tally::first(published, now).rate();
        assert!(of(&wire).unwrap() > 40.0);
        assert!((0.05..0.3).contains(&of(&weekly).unwrap()));
        assert_eq!(of(&stroke), None);
        assert!(of(&old).unwrap() < 0.05);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn watching_corrects_the_guess() {
        let mut tally = Tally::default();
        for _ in 0..24 * 60 {
            tally = tally.after(Duration::from_hours(1), 1);
        }
        assert!((15.0..24.0).contains(&tally.rate().unwrap()));
        for _ in 0..24 * 60 {
            tally = tally.after(Duration::from_hours(1), 0);
        }
        assert!(tally.rate().unwrap() < 2.0);
    }
}
