//! What polls showed of a feed that people should know of: gaps, feeds that a page names instead, emptiness.
//!
//! Facts only, kept as one value of the feed's row. What a gap is and how it is filled stands in `gap`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::outcome::OutcomeKind;
use super::{Feed, FeedState};
use crate::domain::document::Candidate;

/// A gap makes polls denser for so long; by then the learned rhythm knows.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(14 * 24);

/// After so many polls in a row without an entry, a feed that had some is suspicious.
pub const EMPTY_POLLS: u32 = 3;

/// Everything of the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signs {
    /// Gaps found so far; none where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<GapSign>,
    /// A gap, or the history before the first document, is still being filled.
    #[serde(skip_serializing_if = "is_false")]
    pub filling: bool,
    /// The feeds that the page names which came instead of a feed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Good polls in a row that left a feed with stored entries without any.
    #[serde(skip_serializing_if = "is_zero")]
    pub empty: u32,
    /// When the last poll before these ended well; `backlog` is measured from it, since they showed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<Timestamp>,
}

/// The gaps of a feed, as its schedule and its lists need them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapSign {
    /// How many were found.
    pub count: u32,
    /// When the last one was found.
    pub last: Timestamp,
    /// The longest interval that would not have let it happen, in seconds: half of the one that did.
    pub within_s: u64,
}

/// What a poll showed, as far as signs go.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// When it began.
    pub began: Timestamp,
    /// How it ended.
    pub kind: OutcomeKind,
    /// How many entries the document had, where one was read.
    pub entries: Option<usize>,
    /// The feeds that the page names.
    pub candidates: &'a [Candidate],
    /// Nothing in the document was known.
    pub gap: bool,
    /// What may be missing is to be asked for.
    pub filling: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Signs {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// These signs after a poll of `feed` that showed `shown`; `old` is what was known before it.
    #[must_use]
    pub fn after(feed: &Feed, old: &FeedState, shown: &Shown<'_>) -> Self {
        let mut signs = if old.url == feed.url {
            old.signs.clone()
        } else {
            Self::default()
        };
        if shown.kind.is_good() {
            signs.candidates.clear();
            signs.empty = match shown.entries {
                Some(0) if old.entries > 0 => signs.empty.saturating_add(1),
                None if signs.empty > 0 => signs.empty.saturating_add(1),
                _ => 0,
            };
            signs.shown = match signs.empty {
                0 => None,
                1 => old.last_success,
                _ => signs.shown,
            };
        } else if shown.kind == OutcomeKind::NotAFeed {
            signs.candidates = shown.candidates.to_vec();
        }
        if shown.gap {
            let since = old
                .last_success
                .map_or(SignedDuration::MAX, |last| shown.began.duration_since(last));
            signs.gap = Some(GapSign {
                count: signs.gap.map_or(0, |gap| gap.count).saturating_add(1),
                last: shown.began,
                within_s: u64::try_from(since.as_secs() / 2).unwrap_or(0),
            });
        }
        signs.filling |= shown.filling;
        signs
    }

    /// When entries could last be seen: before polls that showed none, else `last_success`.
    #[must_use]
    pub fn last_shown(&self, last_success: Option<Timestamp>) -> Option<Timestamp> {
        self.shown.or(last_success)
    }

    /// The note for the history where polls without entries have become suspicious.
    #[must_use]
    pub fn emptiness(&self, stored: u64) -> Option<String> {
        (self.empty >= EMPTY_POLLS).then(|| {
            format!(
                "{} polls in a row brought no entry, though {stored} are stored: nothing is taken as deleted; \
                 look whether the feed has moved or changed its format",
                self.empty
            )
        })
    }

    /// The longest interval until the next poll that the last gap allows; none where there was none of late.
    #[must_use]
    pub fn longest(&self, last_poll: Option<Timestamp>) -> Option<Duration> {
        let gap = self.gap.as_ref()?;
        let age = last_poll?.duration_since(gap.last);
        (age < REMEMBERED).then(|| Duration::from_secs(gap.within_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::FeedId;

    fn at(hours: i64) -> Timestamp {
        let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        start + SignedDuration::from_hours(hours)
    }

    fn feed() -> Feed {
        Feed::new(FeedId::new("a"), "https://a.example/feed")
    }

    fn old() -> FeedState {
        FeedState {
            url: feed().url,
            entries: 7,
            last_success: Some(at(-4)),
            ..FeedState::default()
        }
    }

    fn shown(kind: OutcomeKind, entries: Option<usize>) -> Shown<'static> {
        Shown {
            began: at(0),
            kind,
            entries,
            candidates: &[],
            gap: false,
            filling: false,
        }
    }

    fn candidate() -> Candidate {
        Candidate {
            url: "https://a.example/rss".to_owned(),
            title: None,
            media_type: None,
        }
    }

    #[test]
    fn a_gap_halves_the_interval_that_let_it_happen_for_a_while() {
        let gap = Shown {
            gap: true,
            filling: true,
            ..shown(OutcomeKind::OkNew, Some(20))
        };
        let signs = Signs::after(&feed(), &old(), &gap);
        assert!(signs.filling);
        assert_eq!(signs.longest(Some(at(1))), Some(Duration::from_hours(2)));
        assert_eq!(signs.longest(Some(at(15 * 24))), None);
        let again = FeedState { signs, ..old() };
        let signs = Signs::after(&feed(), &again, &gap);
        assert_eq!(signs.gap.unwrap().count, 2);
        assert_eq!(Signs::default().longest(Some(at(0))), None);
    }

    #[test]
    fn emptiness_is_counted_through_unchanged_polls_and_ends_with_an_entry() {
        use OutcomeKind::{NetError, NotModified, OkNew, OkSame};
        let mut state = old();
        for (kind, entries, empty, told) in [
            (NotModified, None, 0, false),
            (OkSame, Some(0), 1, false),
            (NotModified, None, 2, false),
            (NetError, None, 2, false),
            (OkSame, None, 3, true),
            (NotModified, None, 4, true),
            (OkNew, Some(3), 0, false),
        ] {
            state.signs = Signs::after(&feed(), &state, &shown(kind, entries));
            assert_eq!(state.signs.empty, empty, "{kind:?}");
            assert_eq!(state.signs.emptiness(7).is_some(), told, "{kind:?}");
        }
        let fresh = FeedState {
            entries: 0,
            ..old()
        };
        let signs = Signs::after(&feed(), &fresh, &shown(OkSame, Some(0)));
        assert_eq!(
            signs.empty, 0,
            "a feed that never had an entry may be empty"
        );
    }

    #[test]
    fn what_appeared_while_a_feed_showed_nothing_is_measured_from_before() {
        use OutcomeKind::{NetError, NotModified, OkNew, OkSame};
        let mut state = old();
        for (hour, kind, entries, shown_at) in [
            (0, OkSame, Some(0), -4),
            (30, OkSame, Some(0), -4),
            (50, NetError, None, -4),
            (60, NotModified, None, -4),
            (70, OkNew, Some(3), 70),
            (80, OkSame, Some(3), 80),
        ] {
            state.signs = Signs::after(&feed(), &state, &shown(kind, entries));
            if kind.is_good() {
                state.last_success = Some(at(hour));
            }
            let last = state.signs.last_shown(state.last_success);
            assert_eq!(last, Some(at(shown_at)), "{hour}");
        }
    }

    #[test]
    fn what_a_page_names_stays_until_a_feed_comes_or_the_address_changes() {
        let named = [candidate()];
        let page = Shown {
            candidates: &named,
            ..shown(OutcomeKind::NotAFeed, None)
        };
        let mut state = old();
        state.signs = Signs::after(&feed(), &state, &page);
        state.signs = Signs::after(&feed(), &state, &shown(OutcomeKind::NetError, None));
        assert_eq!(state.signs.candidates, named);
        let elsewhere = Feed::new(FeedId::new("a"), "https://b.example/");
        let moved = Signs::after(&elsewhere, &state, &shown(OutcomeKind::NetError, None));
        assert!(moved.is_none());
        state.signs = Signs::after(&feed(), &state, &shown(OutcomeKind::OkSame, Some(1)));
        assert!(state.signs.is_none());
    }

    #[test]
    fn signs_are_kept_small_and_read_by_later_versions() {
        assert_eq!(serde_json::to_string(&Signs::default()).unwrap(), "{}");
        let signs: Signs = serde_json::from_str(r#"{"empty":2,"later":true}"#).unwrap();
        assert_eq!(signs.empty, 2);
    }
}
