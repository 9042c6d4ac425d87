//! When a story is told again, and louder: independent owners carry it, or nobody has acknowledged it (DLV-38, DLV-39).
//!
//! Each step comes once a story and rule; that, and who is told, is the store's and the daemon's business.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::domain::rule::Escalate;

/// Why a story is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Enough independent owners carry it.
    Owners,
    /// Nobody has acknowledged it.
    Unacked,
}

impl Step {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Owners, Self::Unacked];

    /// The spelling in keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owners => "owners",
            Self::Unacked => "unacked",
        }
    }
}

/// What an escalation depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether anybody has seen the story.
    pub acked: bool,
    /// Whether a silence holds the rule's first alert on it.
    pub silenced: bool,
    /// Since when somebody could have seen that alert; none: it waits.
    pub told: Option<Timestamp>,
    /// Who carries the story, and since when; an owner may stand there often.
    pub carriers: Vec<(String, Timestamp)>,
}

impl Standing {
    /// How many owners have taken it up within the time before `now` that `escalate` gives.
    #[must_use]
    pub fn owners(&self, escalate: &Escalate, now: Timestamp) -> usize {
        let from = before(now, escalate.within);
        let recent = self.carriers.iter().filter(|(_, since)| *since > from);
        recent
            .map(|(owner, _)| owner)
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// Whether a step is due.
    #[must_use]
    pub fn is_due(&self, step: Step, escalate: &Escalate, now: Timestamp) -> bool {
        if self.acked || self.silenced {
            return false;
        }
        match step {
            Step::Owners => {
                let wanted = usize::try_from(escalate.feeds).unwrap_or(usize::MAX);
                self.owners(escalate, now) >= wanted
            }
            Step::Unacked => self.unacked_at(escalate).is_some_and(|at| at <= now),
        }
    }

    /// When the missing acknowledgement tells, unless it comes.
    #[must_use]
    pub fn unacked_at(&self, escalate: &Escalate) -> Option<Timestamp> {
        let (told, wait) = (self.told?, escalate.unacked?);
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        (!self.acked).then(|| told.checked_add(wait).unwrap_or(Timestamp::MAX))
    }
}

fn before(now: Timestamp, within: std::time::Duration) -> Timestamp {
    let within = SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX);
    now.checked_sub(within).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::rule::Severity;

    fn escalate() -> Escalate {
        Escalate {
            feeds: 3,
            within: Duration::from_hours(6),
            severity: Severity::Critical,
            unacked: Some(Duration::from_mins(30)),
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-11-24T{text}:00Z").parse().unwrap()
    }

    fn standing(carriers: &[(&str, &str)]) -> Standing {
        Standing {
            acked: false,
            silenced: false,
            told: Some(at("10:00")),
            carriers: carriers
                .iter()
                .map(|(owner, since)| ((*owner).to_owned(), at(since)))
                .collect(),
        }
    }

    #[test]
    fn owners_count_once_and_only_within_the_time() {
        let cases: [(&[(&str, &str)], bool); 4] = [
            (&[("a", "10:00"), ("b", "10:05"), ("b", "10:06")], false),
            (&[("a", "10:00"), ("b", "10:05"), ("c", "10:06")], true),
            (&[("a", "03:00"), ("b", "10:05"), ("c", "10:06")], false),
            (&[], false),
        ];
        for (carriers, due) in cases {
            let standing = standing(carriers);
            assert_eq!(
                standing.is_due(Step::Owners, &escalate(), at("10:10")),
                due,
                "{carriers:?}"
            );
        }
    }

    #[test]
    fn a_missing_acknowledgement_tells_after_its_time() {
        let quiet = standing(&[]);
        assert_eq!(quiet.unacked_at(&escalate()), Some(at("10:30")));
        assert!(!quiet.is_due(Step::Unacked, &escalate(), at("10:29")));
        assert!(quiet.is_due(Step::Unacked, &escalate(), at("10:30")));
        let never = Escalate {
            unacked: None,
            ..escalate()
        };
        assert!(!quiet.is_due(Step::Unacked, &never, at("23:00")));
    }

    #[test]
    fn what_was_seen_or_is_silenced_does_not_escalate() {
        let carriers = [("a", "10:00"), ("b", "10:05"), ("c", "10:06")];
        let seen = Standing {
            acked: true,
            ..standing(&carriers)
        };
        let silenced = Standing {
            silenced: true,
            ..standing(&carriers)
        };
        for step in Step::ALL {
            assert!(!seen.is_due(step, &escalate(), at("12:00")));
            assert!(!silenced.is_due(step, &escalate(), at("12:00")));
        }
        let waits = Standing {
            told: None,
            ..standing(&carriers)
        };
        assert!(waits.is_due(Step::Owners, &escalate(), at("12:00")));
        assert!(!waits.is_due(Step::Unacked, &escalate(), at("12:00")));
    }
}
