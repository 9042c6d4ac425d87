//! Match + history + now → alert or not, with the reason.
//!
//! The first reason that holds back wins (DLV-30). When what is raised is told is in `judge`.

use jiff::Timestamp;

use super::{Decision, Held, Reason};
use crate::domain::rule::{Notify, Revisions};

/// What the decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The rule's `notify`.
    pub notify: Notify,
    /// The rule's `revisions`.
    pub revisions: Revisions,
    /// When the entry says it was published.
    pub published: Option<Timestamp>,
    /// Entries published before this are backlog; see [`backlog_before`].
    pub backlog_before: Timestamp,
    /// Whether an undated entry is backlog: true on a feed's first document.
    pub undated_is_backlog: bool,
    /// Whether the entry is new or changed.
    pub change: Change,
    /// Whether the rule has already alerted on the entry's story.
    pub story_alerted: bool,
}

/// What is new about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not seen before.
    New,
    /// It says something else than before.
    Revised {
        /// Whether an earlier revision of it matched this rule.
        matched_before: bool,
    },
}

/// Entries published before this instant raise no alert when first seen.
///
/// On a feed's first document that is `backlog` before now. Later it is `backlog` before the previous
/// successful poll, so that an outage loses no alert.
#[must_use]
pub fn backlog_before(
    now: Timestamp,
    last_success: Option<Timestamp>,
    backlog: std::time::Duration,
) -> Timestamp {
    let from = last_success.map_or(now, |last| last.min(now));
    let backlog = jiff::SignedDuration::try_from(backlog).unwrap_or(jiff::SignedDuration::MAX);
    from.checked_sub(backlog).unwrap_or(Timestamp::MIN)
}

/// Whether someone is told, and why or why not.
#[must_use]
pub fn decide(facts: &Facts) -> Decision {
    if let Change::Revised { matched_before } = facts.change {
        return decide_revision(facts, matched_before);
    }
    let backlog = facts
        .published
        .map_or(facts.undated_is_backlog, |at| at < facts.backlog_before);
    if backlog {
        return Decision::Hold(Held::Backlog);
    }
    match facts.notify {
        Notify::Entry => Decision::Raise(Reason::NewEntry),
        Notify::Story | Notify::Digest if facts.story_alerted => Decision::Hold(Held::Folded),
        Notify::Story | Notify::Digest => Decision::Raise(Reason::NewStory),
    }
}

/// A changed entry alerts by the rule's `revisions`, whatever its date: the change is the news.
fn decide_revision(facts: &Facts, matched_before: bool) -> Decision {
    match facts.revisions {
        Revisions::None => Decision::Hold(Held::Revision),
        Revisions::First if matched_before => Decision::Hold(Held::Known),
        Revisions::First if facts.notify != Notify::Entry && facts.story_alerted => {
            Decision::Hold(Held::Folded)
        }
        Revisions::First | Revisions::All => Decision::Raise(Reason::Revision),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn facts() -> Facts {
        Facts {
            notify: Notify::Story,
            revisions: Revisions::First,
            published: Some(at("2026-11-24T09:00:00Z")),
            backlog_before: at("2026-11-23T10:00:00Z"),
            undated_is_backlog: true,
            change: Change::New,
            story_alerted: false,
        }
    }

    #[test]
    fn a_new_story_alerts_once() {
        assert_eq!(decide(&facts()), Decision::Raise(Reason::NewStory));
        assert_eq!(
            decide(&Facts {
                story_alerted: true,
                ..facts()
            }),
            Decision::Hold(Held::Folded)
        );
        let entry = Facts {
            story_alerted: true,
            notify: Notify::Entry,
            ..facts()
        };
        assert_eq!(decide(&entry), Decision::Raise(Reason::NewEntry));
    }

    #[test]
    fn old_and_undated_entries_of_a_first_document_are_backlog() {
        let old = Facts {
            published: Some(at("2026-11-22T00:00:00Z")),
            ..facts()
        };
        assert_eq!(decide(&old), Decision::Hold(Held::Backlog));
        assert_eq!(
            decide(&Facts {
                published: None,
                ..facts()
            }),
            Decision::Hold(Held::Backlog)
        );
        let later = Facts {
            published: None,
            undated_is_backlog: false,
            ..facts()
        };
        assert_eq!(decide(&later), Decision::Raise(Reason::NewStory));
    }

    #[test]
    fn an_outage_moves_the_backlog_with_it() {
        let now = at("2026-11-24T10:00:00Z");
        assert_eq!(backlog_before(now, None, DAY), at("2026-11-23T10:00:00Z"));
        assert_eq!(
            backlog_before(now, Some(at("2026-11-20T10:00:00Z")), DAY),
            at("2026-11-19T10:00:00Z")
        );
        assert_eq!(
            backlog_before(now, Some(at("2027-01-01T00:00:00Z")), DAY),
            at("2026-11-23T10:00:00Z")
        );
    }

    #[test]
    fn a_revision_alerts_by_the_rules_policy() {
        let revised = Facts {
            change: Change::Revised {
                matched_before: false,
            },
            published: None,
            ..facts()
        };
        assert_eq!(decide(&revised), Decision::Raise(Reason::Revision));
        assert_eq!(
            decide(&Facts {
                change: Change::Revised {
                    matched_before: true
                },
                ..revised
            }),
            Decision::Hold(Held::Known)
        );
        assert_eq!(
            decide(&Facts {
                story_alerted: true,
                ..revised
            }),
            Decision::Hold(Held::Folded)
        );
        let all = Facts {
            revisions: Revisions::All,
            change: Change::Revised {
                matched_before: true,
            },
            story_alerted: true,
            ..revised
        };
        assert_eq!(decide(&all), Decision::Raise(Reason::Revision));
        assert_eq!(
            decide(&Facts {
                revisions: Revisions::None,
                ..revised
            }),
            Decision::Hold(Held::Revision)
        );
    }
}
