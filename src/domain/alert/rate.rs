//! How often a receiver may be spoken to: token buckets, each one instant, and what services are known to bear.
//!
//! Pure: the caller keeps the instants (in the store, so that a restart does not burst) and asks before each send. A
//! receiver's `rate` replaces what is usual for its kind.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::units::Rate;

/// How often a destination may be spoken to. Receivers with one destination share its buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// What they share: a hash that tells one address or account from another.
    pub destination: String,
    /// Each must let a message through; none: no limit.
    pub rates: Vec<Rate>,
}

impl Limits {
    /// How long so many messages take, once the buckets are empty.
    #[must_use]
    pub fn drain(&self, messages: u32) -> Duration {
        let each = self
            .rates
            .iter()
            .map(|rate| rate.per / rate.count.max(1))
            .max();
        each.unwrap_or_default().saturating_mul(messages)
    }
}

/// `count` messages in `seconds` seconds.
const fn rate(count: u32, seconds: u64) -> Rate {
    Rate {
        count,
        per: Duration::from_secs(seconds),
    }
}

/// Each kind with what its service documents or is known to bear (DLV-20), where that is not [`OF_PEOPLE`].
const USUAL: [(&str, &[Rate]); 14] = [
    ("slack", &[rate(3, 3)]),
    ("discord", &[rate(5, 5), rate(30, 60)]),
    ("telegram", &[rate(1, 1), rate(20, 60)]),
    ("teams", &[rate(1, 1)]),
    ("matrix", &[rate(10, 50)]),
    ("mattermost", &[rate(2, 1)]),
    ("ntfy", &[rate(60, 300), rate(250, 86_400)]),
    ("gotify", &[rate(5, 1)]),
    ("pushover", &[rate(2, 1), rate(10_000, 30 * 86_400)]),
    ("pagerduty", &[rate(1, 1)]),
    ("jandi", &[rate(10, 60)]),
    ("dooray", &[rate(10, 60)]),
    ("line-works", &[rate(60, 60)]),
    ("email", &[rate(1, 1), rate(100, 3_600)]),
];

/// What any other service that people read bears.
const OF_PEOPLE: &[Rate] = &[rate(1, 1)];

/// How often a kind of receiver may be spoken to, where config does not say. What programs read comes as it comes, and
/// the terminal has no service behind it that could be overrun.
#[must_use]
pub fn usual(kind: &str, is_for_people: bool) -> &'static [Rate] {
    let known = USUAL.iter().find(|(name, _)| *name == kind);
    match known {
        Some((_, rates)) => rates,
        None if is_for_people && kind != "terminal" => OF_PEOPLE,
        None => &[],
    }
}

/// When the bucket will be full again; a bucket never used is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The instant at which nothing of the past counts any more.
    pub full_at: Timestamp,
}

impl Bucket {
    /// A bucket nobody has taken from.
    #[must_use]
    pub fn full(now: Timestamp) -> Self {
        Self { full_at: now }
    }

    /// Takes one: the bucket after that, or the first instant at which one may be taken.
    ///
    /// `rate.count` may go at once, then one every `rate.per / rate.count`. A clock set back costs at most one
    /// `per`.
    ///
    /// # Errors
    /// When to ask again.
    pub fn take(self, rate: Rate, now: Timestamp) -> Result<Self, Timestamp> {
        let per = signed(rate.per);
        let each = signed(rate.per / rate.count.max(1));
        let full_at = self.full_at.min(after(now, per)).max(now);
        let next = after(full_at, each);
        if next.duration_since(now) <= per {
            Ok(Self { full_at: next })
        } else {
            Err(after(next, -per))
        }
    }
}

impl Bucket {
    /// Puts back what was taken for a message that did not go after all.
    #[must_use]
    pub fn put_back(self, rate: Rate, now: Timestamp) -> Self {
        let each = signed(rate.per / rate.count.max(1));
        Self {
            full_at: after(self.full_at, -each).max(now),
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

fn after(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::units::parse_rate;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_burst_of_count_then_one_each_share() {
        let rate = parse_rate("3/m").unwrap();
        let mut bucket = Bucket::full(at(0));
        for _ in 0..3 {
            bucket = bucket.take(rate, at(0)).unwrap();
        }
        assert_eq!(bucket.take(rate, at(0)), Err(at(20)));
        bucket = bucket.take(rate, at(20)).unwrap();
        assert_eq!(bucket.take(rate, at(21)), Err(at(40)));
        assert!(bucket.take(rate, at(1_000)).is_ok());
    }

    #[test]
    fn a_clock_set_back_waits_no_longer_than_one_period() {
        let rate = parse_rate("1/h").unwrap();
        let bucket = Bucket::full(at(0)).take(rate, at(0)).unwrap();
        let wait = bucket.take(rate, at(-7_200)).unwrap_err();
        assert!(wait <= at(-7_200 + 3_600));
    }

    #[test]
    fn people_are_spoken_to_slowly_and_machines_as_they_come() {
        for kind in ["slack", "email", "xmpp"] {
            assert!(!usual(kind, true).is_empty(), "{kind}");
        }
        for (kind, is_for_people) in [("webhook", false), ("mqtt", false), ("terminal", true)] {
            assert!(usual(kind, is_for_people).is_empty(), "{kind}");
        }
        let limits = |kind| Limits {
            destination: String::new(),
            rates: usual(kind, false).to_vec(),
        };
        // The narrower of the two counts.
        assert_eq!(limits("email").drain(100), Duration::from_hours(1));
        assert_eq!(limits("slack").drain(60), Duration::from_mins(1));
        assert_eq!(limits("webhook").drain(10_000), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_twice_the_count(count in 1u32..20, per in 1u64..5_000, gaps in proptest::collection::vec(0i64..300, 1..200)) {
            let rate = Rate { count, per: Duration::from_secs(per) };
            let mut now = at(0);
            let mut bucket = Bucket::full(now);
            let mut taken: Vec<Timestamp> = Vec::new();
            for gap in gaps {
                now = after(now, SignedDuration::from_secs(gap));
                match bucket.take(rate, now) {
                    Ok(next) => { bucket = next; taken.push(now); }
                    Err(when) => {
                        prop_assert!(when > now);
                        prop_assert!(bucket.take(rate, when).is_ok());
                    }
                }
            }
            for (i, first) in taken.iter().enumerate() {
                let inside = taken[i..].iter().filter(|t| t.duration_since(*first) < signed(rate.per)).count();
                prop_assert!(inside <= 2 * count as usize);
            }
        }
    }
}
