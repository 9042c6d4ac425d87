//! When a story is told again, and louder: independent owners carry it, or nobody has acknowledged it (DLV-38, DLV-39);
//! and when once more, where that is critical and still nobody has.
//!
//! Each step comes once a story and rule; that, and who is told, is the store's and the daemon's business.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::alert::{self, Reason};
use crate::domain::rule::{Escalate, Severity};

/// Between two reminders.
const SHORTEST: Duration = Duration::from_mins(1);

/// Why a story is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Enough independent owners carry it.
    Owners,
    /// Nobody has acknowledged it.
    Unacked,
    /// Nor has anybody acknowledged what was critical: the first, second or third reminder.
    Remind(u8),
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 5] = [
        Self::Owners,
        Self::Unacked,
        Self::Remind(1),
        Self::Remind(2),
        Self::Remind(3),
    ];

    /// The spelling in keys.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Owners => "owners".to_owned(),
            Self::Unacked => "unacked".to_owned(),
            Self::Remind(nth) => format!("remind-{nth}"),
        }
    }

    /// The step of that spelling.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The step whose alert of `rule` on the story that began with `first_entry` has this key.
    #[must_use]
    pub fn of_key(key: &str, rule: &str, first_entry: &str) -> Option<Self> {
        let own = |step: &Self| step.key(rule, first_entry) == key;
        Self::ALL.into_iter().find(own)
    }

    /// The key of its alert.
    #[must_use]
    pub fn key(self, rule: &str, first_entry: &str) -> String {
        alert::key(rule, first_entry, Reason::Escalation, &self.name())
    }

    /// Whether it is one of the reminders.
    #[must_use]
    pub fn is_reminder(self) -> bool {
        matches!(self, Self::Remind(_))
    }

    /// How much what it raises matters: reminders are of what is critical.
    #[must_use]
    pub fn severity(self, escalate: &Escalate) -> Severity {
        if self.is_reminder() {
            Severity::Critical
        } else {
            escalate.severity
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
    /// Since when somebody could have seen the rule's last critical alert on the story, reminders included; none: there is
    /// none, or it waits.
    pub rang: Option<Timestamp>,
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

    /// The steps of `left` that are due. A reminder waits where another step says the same now.
    #[must_use]
    pub fn due(&self, left: &[Step], escalate: &Escalate, now: Timestamp) -> Vec<Step> {
        let due = left.iter().copied();
        let mut due: Vec<Step> = due
            .filter(|step| self.is_due(*step, escalate, now))
            .collect();
        if due.iter().any(|step| !step.is_reminder()) {
            due.retain(|step| !step.is_reminder());
        }
        due
    }

    /// Whether a step is due by itself.
    fn is_due(&self, step: Step, escalate: &Escalate, now: Timestamp) -> bool {
        if self.acked || self.silenced {
            return false;
        }
        match step {
            Step::Owners => {
                let wanted = usize::try_from(escalate.feeds).unwrap_or(usize::MAX);
                self.owners(escalate, now) >= wanted
            }
            Step::Unacked | Step::Remind(_) => {
                self.due_at(step, escalate).is_some_and(|at| at <= now)
            }
        }
    }

    /// When the missing acknowledgement leads to a step, unless it comes.
    #[must_use]
    pub fn due_at(&self, step: Step, escalate: &Escalate) -> Option<Timestamp> {
        let (told, wait) = match step {
            Step::Owners => return None,
            Step::Unacked => (self.told?, escalate.unacked?),
            Step::Remind(_) => (self.rang?, escalate.remind?.max(SHORTEST)),
        };
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        (!self.acked).then(|| told.checked_add(wait).unwrap_or(Timestamp::MAX))
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Self::of(&name).ok_or_else(|| D::Error::custom(format!("`{name}` is no step")))
    }
}

fn before(now: Timestamp, within: std::time::Duration) -> Timestamp {
    let within = SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX);
    now.checked_sub(within).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escalate() -> Escalate {
        Escalate {
            feeds: 3,
            within: Duration::from_hours(6),
            severity: Severity::Critical,
            unacked: Some(Duration::from_mins(30)),
            remind: Some(Duration::from_mins(20)),
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
            rang: None,
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
        assert_eq!(quiet.due_at(Step::Unacked, &escalate()), Some(at("10:30")));
        assert!(!quiet.is_due(Step::Unacked, &escalate(), at("10:29")));
        assert!(quiet.is_due(Step::Unacked, &escalate(), at("10:30")));
        let never = Escalate {
            unacked: None,
            ..escalate()
        };
        assert!(!quiet.is_due(Step::Unacked, &never, at("23:00")));
    }

    #[test]
    fn what_is_critical_is_told_again_until_somebody_has_seen_it() {
        let quiet = standing(&[]);
        let reminder = Step::Remind(1);
        assert_eq!(quiet.due_at(reminder, &escalate()), None, "nothing rang");
        let rang = Standing {
            rang: Some(at("10:30")),
            ..standing(&[])
        };
        assert!(!rang.is_due(reminder, &escalate(), at("10:49")));
        assert!(rang.is_due(reminder, &escalate(), at("10:50")));
        let hasty = Escalate {
            remind: Some(Duration::ZERO),
            ..escalate()
        };
        assert_eq!(rang.due_at(reminder, &hasty), Some(at("10:31")));
        assert_eq!(
            reminder.severity(&Escalate {
                severity: Severity::High,
                ..escalate()
            }),
            Severity::Critical
        );
        let seen = Standing {
            acked: true,
            ..rang
        };
        assert!(!seen.is_due(reminder, &escalate(), at("23:00")));
    }

    #[test]
    fn a_reminder_does_not_come_beside_another_step() {
        let rang = Standing {
            rang: Some(at("10:10")),
            ..standing(&[])
        };
        let left = [Step::Owners, Step::Unacked, Step::Remind(1)];
        for (now, due) in [
            ("10:29", vec![]),
            ("10:30", vec![Step::Unacked]),
            ("10:45", vec![Step::Unacked]),
        ] {
            assert_eq!(rang.due(&left, &escalate(), at(now)), due, "{now}");
        }
        let due = rang.due(&[Step::Owners, Step::Remind(1)], &escalate(), at("10:45"));
        assert_eq!(due, [Step::Remind(1)]);
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
