//! How often a receiver may be spoken to, where its `rate` says so: a token bucket as one instant.
//!
//! Pure: the caller keeps the instant (in the store, so that a restart does not burst) and asks before each
//! send. Without a configured `rate` nobody asks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::units::Rate;

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
