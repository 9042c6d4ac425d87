//! What a poll of one feed is worth: its rhythm, its weight and the price of a request in, an interval out.
//!
//! A request is due once the entries that are likely to be there have waited, together and weighed, for as
//! long as one request costs. How the price comes about is in `market`, what bounds the result in `schedule`.

use std::time::Duration;

use jiff::Timestamp;

use super::FeedState;
use super::forecast::Until;
use super::rhythm;
use super::schedule::Pace;

/// The rate at which a feed is worth exactly the budget when no other feeds are known, in entries a day.
const MIDDLING: f64 = 2.0;

/// How far matches can move a feed's weight, either way.
const HEAVIEST: f64 = 4.0;

/// Of the entries that a document holds, so many may be due before it is looked at.
const SPARE: f64 = 0.25;

/// What a request costs, and what that was worked out from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Days that weighed entries wait together, for which one request is spent.
    pub cost: f64,
    /// How many times longer the feeds of this feed's host wait than others, so that the host is not crowded.
    pub crowd: f64,
    /// The share of entries that match a rule, over all feeds; 0 while none did.
    pub share: f64,
}

/// What a feed's rhythm asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Until the next poll.
    pub span: Duration,
    /// The rate behind it, in entries a day; none: nothing known, an even share of the budget.
    pub rate: Option<f64>,
    /// Later than this, entries may have left the document unseen.
    pub guard: Option<Duration>,
}

/// What the rhythm of `state` asks for at `now`, not yet within any bounds.
#[must_use]
pub fn wish(state: &FeedState, pace: &Pace, now: Timestamp) -> Wish {
    let price = price(pace);
    let crowd = at_least_one(price.crowd);
    let Some((rate, mut forecast)) = rhythm::rate(state).zip(rhythm::forecast(state, now)) else {
        return Wish {
            span: span(crowd / budget(pace)),
            rate: None,
            guard: None,
        };
    };
    let weight = weight(state, rate, pace.fairness, price.share);
    let waited = price.cost * crowd * crowd / weight * 24.0;
    let hours = forecast.hours(Until::Waited(waited));
    let guard = rhythm::most(state)
        .filter(|_| state.rhythm.document > 0)
        .map(|most| {
            forecast.level = most / 24.0;
            let spare = f64::from(state.rhythm.document) * SPARE;
            span(forecast.hours(Until::Came(spare)) / 24.0 * crowd)
        });
    Wish {
        span: span(hours / 24.0),
        rate: Some(rate),
        guard,
    }
}

/// The price in force, or the one at which a middling feed is worth the budget.
fn price(pace: &Pace) -> Price {
    pace.price.unwrap_or_else(|| Price {
        cost: pull(MIDDLING, pace.fairness) / (2.0 * budget(pace) * budget(pace)),
        crowd: 1.0,
        share: 0.0,
    })
}

/// Polls a feed and day, never none.
#[must_use]
pub fn budget(pace: &Pace) -> f64 {
    pace.budget.max(0.1)
}

/// What an entry of a feed of `rate` entries a day counts.
///
/// Fairness 0 makes all entries equal, 1 all feeds.
fn weight(state: &FeedState, rate: f64, fairness: f64, share: f64) -> f64 {
    matching(state.rhythm.matched, state.rhythm.judged, share) * rate.powf(-fairness)
}

/// How fast the weighed entries of a feed come, matches aside.
#[must_use]
pub fn pull(rate: f64, fairness: f64) -> f64 {
    rate.powf(1.0 - fairness)
}

/// How much more than others' a feed's entries match: the share of its own by that of all, leaning on one.
#[must_use]
pub fn matching(matched: f64, judged: f64, share: f64) -> f64 {
    let ratio = (matched + 1.0) / judged.mul_add(share, 1.0);
    if ratio.is_finite() {
        ratio.clamp(1.0 / HEAVIEST, HEAVIEST)
    } else {
        1.0
    }
}

/// How long a feed can be left alone by its average rate, in days, before entries may be lost.
#[must_use]
pub fn guard_days(state: &FeedState) -> Option<f64> {
    let most = rhythm::most(state)?;
    (state.rhythm.document > 0).then(|| f64::from(state.rhythm.document) * SPARE / most)
}

/// So many days, at most ten years.
fn span(days: f64) -> Duration {
    const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);
    let seconds = (days * 86_400.0).min(LONGEST.as_secs_f64());
    Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST)
}

fn at_least_one(crowd: f64) -> f64 {
    if crowd.is_finite() {
        crowd.max(1.0)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::rhythm::Rhythm;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn pace(fairness: f64, cost: f64, crowd: f64) -> Pace {
        Pace {
            fairness,
            price: Some(Price {
                cost,
                crowd,
                share: 0.05,
            }),
            ..Pace::default()
        }
    }

    /// A feed of about so many entries a day.
    fn state(rate: f64) -> FeedState {
        FeedState {
            rate_count: rate * 21.0 - 0.5,
            rate_days: 14.0,
            ..FeedState::default()
        }
    }

    fn days(wish: Wish) -> f64 {
        wish.span.as_secs_f64() / 86_400.0
    }

    #[test]
    fn intervals_follow_the_square_root_of_what_is_to_be_expected() {
        for (fairness, ratio) in [(0.0, 2.0), (0.5, 4.0_f64.powf(0.25)), (1.0, 1.0)] {
            let of = |rate| days(wish(&state(rate), &pace(fairness, 0.01, 1.0), now()));
            assert!((of(2.0) / of(8.0) - ratio).abs() < 1e-3, "{fairness}");
        }
        // τ = √(2c/λ)
        let of = days(wish(&state(2.0), &pace(0.0, 0.01, 1.0), now()));
        assert!((of - 0.1).abs() < 1e-4, "{of}");
    }

    #[test]
    fn a_crowded_host_waits_longer_whether_its_feeds_are_known_or_not() {
        for state in [state(2.0), FeedState::default()] {
            let alone = days(wish(&state, &pace(0.5, 0.01, 1.0), now()));
            let crowded = days(wish(&state, &pace(0.5, 0.01, 3.0), now()));
            assert!((crowded / alone - 3.0).abs() < 1e-3);
        }
    }

    #[test]
    fn feeds_whose_entries_match_weigh_more_within_bounds() {
        assert!((matching(0.0, 0.0, 0.05) - 1.0).abs() < 1e-9);
        assert!(
            (matching(0.0, 1e6, 0.0) - 1.0).abs() < 1e-9,
            "no rule matches anything"
        );
        assert!((matching(5.0, 100.0, 0.05) - 1.0).abs() < 1e-9);
        assert!((matching(100.0, 100.0, 0.05) - 4.0).abs() < 1e-9);
        assert!((matching(0.0, 1e6, 0.05) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_document_is_looked_at_before_its_entries_can_leave_it() {
        let wire = FeedState {
            rhythm: Rhythm {
                document: 20,
                ..Rhythm::default()
            },
            ..state(1_440.0)
        };
        let guard = wish(&wire, &pace(0.5, 1e9, 1.0), now()).guard.unwrap();
        assert!((200..=300).contains(&guard.as_secs()), "{guard:?}");
        assert_eq!(
            wish(&state(1_440.0), &pace(0.5, 0.01, 1.0), now()).guard,
            None
        );
        let by_average = guard_days(&wire).unwrap() * 86_400.0;
        assert!((by_average - guard.as_secs_f64()).abs() < 1.0);
    }

    #[test]
    fn alone_a_middling_feed_is_worth_the_budget_whatever_the_fairness() {
        for fairness in [0.0, 0.5, 1.0] {
            let pace = Pace {
                fairness,
                ..Pace::default()
            };
            let hours = days(wish(&state(MIDDLING), &pace, now())) * 24.0;
            assert!((hours - 1.0).abs() < 1e-3, "{hours}");
        }
    }
}
