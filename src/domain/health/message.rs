//! The alert by which anything about the system itself is told, a trial message included.
//!
//! What is said, and when, is decided beside: in `watch`, `well`, and by who asks for a trial.

use jiff::Timestamp;

use super::{RULE, TITLE};
use crate::domain::alert::wire::{WireAlert, WireHealth, WireRule};
use crate::domain::alert::{self, Reason};
use crate::domain::rule::Severity;

/// An alert of the system's own rule, not numbered yet.
#[must_use]
pub(super) fn alert(
    health: WireHealth,
    severity: Severity,
    reason: Reason,
    key: String,
    now: Timestamp,
) -> WireAlert {
    let rule = WireRule {
        id: RULE.to_owned(),
        title: TITLE.to_owned(),
    };
    WireAlert {
        health: Some(health),
        ..WireAlert::new(key, rule, severity, reason, now)
    }
}

/// A marked alert that no poll raised; `subject` says who asked for it.
#[must_use]
pub fn test(subject: &str, now: Timestamp) -> WireAlert {
    let health = WireHealth {
        kind: "test".to_owned(),
        subject: subject.to_owned(),
        text: "This is a test: alerts reach this receiver.".to_owned(),
    };
    let key = alert::key(RULE, "test", Reason::Health, &now.to_string());
    WireAlert {
        id: "0".to_owned(),
        test: true,
        ..alert(health, Severity::Info, Reason::Health, key, now)
    }
}
