//! The word that all is well, once a day: silence from bongsu itself is noticed (DLV-63).
//!
//! Pure. What is counted comes from the store.

use jiff::{SignedDuration, Timestamp};

use super::{RULE, many, message};
use crate::domain::alert::hours::TimeOfDay;
use crate::domain::alert::wire::{WireAlert, WireHealth};
use crate::domain::alert::{self, Reason};
use crate::domain::rule::Severity;

/// Later than this it is not said any more: that it was missing is what it is for.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// What is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Feeds that are polled.
    pub feeds: u64,
    /// Those of them whose last poll was good.
    pub good: u64,
    /// Entries of the last day.
    pub entries: u64,
    /// Alerts of the last day, those about the system aside.
    pub alerts: u64,
    /// What is wrong, as people were told.
    pub wrong: u64,
}

/// The local date for which it is to be said now, if any.
#[must_use]
pub fn due(time: &TimeOfDay, now: Timestamp) -> Option<String> {
    let before = now.checked_sub(LATE).ok()?;
    let date = time.last(now)?;
    (time.last(before) != Some(date)).then(|| date.to_string())
}

/// The word, as it is raised; one a date.
#[must_use]
pub fn alert(facts: Facts, date: &str, now: Timestamp) -> WireAlert {
    let health = WireHealth {
        kind: "all-well".to_owned(),
        subject: date.to_owned(),
        text: text(facts),
    };
    let key = alert::key(RULE, "all-well", Reason::Health, date);
    message::alert(health, Severity::Info, Reason::Health, key, now)
}

fn text(facts: Facts) -> String {
    let begins = match facts.wrong {
        0 => "all is well".to_owned(),
        wrong => format!(
            "at work; {} told of before",
            many(wrong, "trouble", "troubles")
        ),
    };
    format!(
        "{begins}: {} of {}; {} and {} in a day",
        facts.good,
        many(facts.feeds, "feed", "feeds"),
        many(facts.entries, "entry", "entries"),
        many(facts.alerts, "alert", "alerts"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_at_its_time_and_not_long_after() {
        let time = TimeOfDay {
            at: jiff::civil::time(9, 0, 0, 0),
            zone: jiff::tz::TimeZone::get("Asia/Seoul").unwrap(),
        };
        for (now, expected) in [
            ("2026-11-23T23:59:00Z", None),
            ("2026-11-24T00:00:00Z", Some("2026-11-24")),
            ("2026-11-24T00:59:00Z", Some("2026-11-24")),
            ("2026-11-24T01:00:00Z", None),
            ("2026-11-24T12:00:00Z", None),
        ] {
            assert_eq!(
                due(&time, now.parse().unwrap()).as_deref(),
                expected,
                "{now}"
            );
        }
    }

    #[test]
    fn it_says_what_there_was_and_hides_no_trouble() {
        let facts = Facts {
            feeds: 61,
            good: 60,
            entries: 4_120,
            alerts: 1,
            wrong: 0,
        };
        assert_eq!(
            text(facts),
            "all is well: 60 of 61 feeds; 4120 entries and 1 alert in a day"
        );
        let wrong = text(Facts { wrong: 2, ..facts });
        assert!(
            wrong.starts_with("at work; 2 troubles told of before: 60 of 61"),
            "{wrong}"
        );
    }
}
