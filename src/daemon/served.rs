//! Whether the store serves the tasks: who waits for it, since when, and what it said.
//!
//! Only a task that failed can say that it is served again: of a file that is damaged in places a write may succeed while
//! nobody can read. Nothing here asks the store.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// A failure that was not repeated for so long is over, although its task did not say so: it may have nothing left to
/// ask. Whoever waits for the store asks again sooner.
const REPEATED: SignedDuration = SignedDuration::from_mins(2);

/// A store that failed for less is not worth a word.
const HICCUP: SignedDuration = SignedDuration::from_mins(1);

/// What the tasks noted.
#[derive(Debug, Default)]
pub(super) struct Served {
    waiting: BTreeMap<&'static str, (Timestamp, String)>,
    /// The first failure and the latest.
    span: Option<(Timestamp, Timestamp)>,
}

/// A store that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failing {
    /// The first failure.
    pub since: Timestamp,
    /// The latest one.
    pub last: Timestamp,
    /// What the store said.
    pub said: String,
}

impl Failing {
    /// Whether it is worth a word.
    pub fn lasts(&self) -> bool {
        self.last.duration_since(self.since) >= HICCUP
    }
}

impl Served {
    /// The store failed `task`.
    pub fn fails(&mut self, task: &'static str, said: String, now: Timestamp) {
        self.forget(now);
        self.waiting.insert(task, (now, said));
        let since = self.span.map_or(now, |(since, _)| since);
        self.span = Some((since, now));
    }

    /// The store did what `task` asked.
    pub fn serves(&mut self, task: &'static str, now: Timestamp) {
        self.waiting.remove(task);
        self.forget(now);
    }

    /// What fails, if anything.
    pub fn failing(&self) -> Option<Failing> {
        let (_, said) = self.waiting.values().next()?;
        let (since, last) = self.span?;
        Some(Failing {
            since,
            last,
            said: said.clone(),
        })
    }

    fn forget(&mut self, now: Timestamp) {
        self.waiting
            .retain(|_, (at, _)| now.duration_since(*at).abs() < REPEATED);
        if self.waiting.is_empty() {
            self.span = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    #[test]
    fn a_write_that_succeeds_does_not_speak_for_a_reader_that_fails() {
        let mut served = Served::default();
        served.fails("poll", "damaged".to_owned(), at(0));
        served.serves("watch", at(2));
        assert_eq!(served.failing().map(|failing| failing.since), Some(at(0)));
        served.fails("deliver", "damaged".to_owned(), at(5));
        served.serves("poll", at(6));
        assert_eq!(served.failing().map(|failing| failing.last), Some(at(5)));
        served.serves("deliver", at(10));
        assert_eq!(served.failing(), None);
        served.fails("poll", "damaged".to_owned(), at(20));
        assert_eq!(served.failing().map(|failing| failing.since), Some(at(20)));
    }

    #[test]
    fn a_failure_that_is_not_repeated_is_no_alarm_and_passes_away() {
        let mut served = Served::default();
        served.fails("sends", "busy".to_owned(), at(0));
        served.serves("watch", at(119));
        assert!(served.failing().is_some_and(|failing| !failing.lasts()));
        served.serves("watch", at(120));
        assert_eq!(served.failing(), None);
    }

    #[test]
    fn one_that_goes_on_for_a_minute_is_worth_a_word() {
        let mut served = Served::default();
        for second in (0..60).step_by(5) {
            served.fails("poll", "damaged".to_owned(), at(second));
            assert!(served.failing().is_some_and(|failing| !failing.lasts()));
        }
        served.fails("poll", "damaged".to_owned(), at(60));
        assert!(served.failing().is_some_and(|failing| failing.lasts()));
    }
}
