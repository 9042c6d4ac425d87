//! How stories are told apart here: `[alerts]` of the config, with the members of its guard classes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::rule::Entity;

/// Entries that a story takes.
const MOST_ENTRIES: u64 = 200;
/// A story takes none when so many windows have passed since it began.
const MOST_WINDOWS: i32 = 3;

/// What makes a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A story takes copies for so long after the last one.
    pub window: Duration,
    /// Whether reports in two languages may be one story.
    pub across: bool,
    /// Members of each guard class, by their ids.
    guards: BTreeMap<String, BTreeSet<String>>,
}

/// How long a story has been told, and by how many entries.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// When its first entry was stored.
    pub first: Timestamp,
    /// When its last one was.
    pub last: Timestamp,
    /// How many it has.
    pub entries: u64,
}

impl Policy {
    /// From settings and the entities as defined.
    #[must_use]
    pub fn new(window: Duration, across: bool, classes: &[String], entities: &[Entity]) -> Self {
        let members = |class: &String| {
            let of_class = entities
                .iter()
                .filter(|entity| entity.classes.contains(class));
            of_class
                .filter_map(|entity| Some(entity.id.as_ref()?.to_string()))
                .collect()
        };
        Self {
            window,
            across,
            guards: classes
                .iter()
                .map(|class| (class.clone(), members(class)))
                .collect(),
        }
    }

    /// Guard classes with their members.
    pub(super) fn guards(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.guards
            .iter()
            .map(|(class, members)| (class.as_str(), members))
    }

    /// Whether an entity is of a guard class.
    pub(super) fn is_guard(&self, entity: &str) -> bool {
        self.guards.values().any(|members| members.contains(entity))
    }

    /// Whether a story takes another entry now (DLV-53). One that began or went on under a clock that was set back
    /// since is over.
    #[must_use]
    pub fn takes(&self, story: &Span, now: Timestamp) -> bool {
        let window = SignedDuration::try_from(self.window).unwrap_or(SignedDuration::MAX);
        let whole = window
            .checked_mul(MOST_WINDOWS)
            .unwrap_or(SignedDuration::MAX);
        let since = |then: Timestamp| now.duration_since(then);
        story.entries < MOST_ENTRIES
            && since(story.last) <= window
            && since(story.first) <= whole
            && since(story.first) >= -window
    }

    /// What began before this takes nothing more.
    #[must_use]
    pub fn oldest(&self, now: Timestamp) -> Timestamp {
        let window = SignedDuration::try_from(self.window).unwrap_or(SignedDuration::MAX);
        let whole = window
            .checked_mul(MOST_WINDOWS)
            .unwrap_or(SignedDuration::MAX);
        now.checked_sub(whole).unwrap_or(Timestamp::MIN)
    }
}

/// Whether two entities are one, or one may be meant where the other is named.
pub(super) fn may_be(one: &str, other: &str) -> bool {
    one == other || is_more_of(one, other) || is_more_of(other, one)
}

/// Whether an entity goes by the name of another and something more, by their ids: `hanwha`, `hanwha-ocean`.
pub(super) fn is_more_of(long: &str, short: &str) -> bool {
    long.strip_prefix(short)
        .is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_ends_with_its_window_its_age_and_its_size() {
        let policy = Policy::new(Duration::from_hours(72), false, &[], &[]);
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let ago = |hours: i64| now - SignedDuration::from_hours(hours);
        for (first, last, entries, takes) in [
            (1, 1, 1, true),
            (100, 70, 5, true),
            (73, 73, 5, false),
            (216, 1, 5, true),
            (217, 1, 5, false),
            (1, 1, 199, true),
            (1, 1, 200, false),
            (-1, -1, 1, true),
            (-73, -73, 1, false),
        ] {
            let span = Span {
                first: ago(first),
                last: ago(last),
                entries,
            };
            assert_eq!(policy.takes(&span, now), takes, "{first} {last} {entries}");
        }
        assert_eq!(policy.oldest(now), ago(216));
    }
}
