//! Pages that entries link to: which are worth fetching, and when one that failed is tried again.
//!
//! Only for feeds with `full_text`. Queueing is the store's business, fetching `fetch`'s, reading `document::article`'s.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Entry;
use super::identity::{Part, canonical_url, is_front_page};
use crate::domain::feed::outcome::OutcomeKind;
use crate::domain::id::EntryId;

/// Pages fetched for a feed's first document: the newest of what is no backlog.
pub const MOST_AT_FIRST: usize = 20;
/// Pages fetched for one later document.
pub const MOST: usize = 200;
/// How often an entry that changes has its page read again.
pub const MOST_ROUNDS: u32 = 5;

/// Waits before the next try.
const BACK_OFF: [Duration; 3] = [
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
];
/// Tries of one page.
pub const MOST_TRIES: u32 = 4;
/// A host that asks us to wait is left alone for so long, even when it does not say how long.
const SHORTEST_HOLD: Duration = Duration::from_mins(10);
/// A longer wait than this is taken as a no: the news will be old.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Where a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// To be fetched.
    Due,
    /// Being fetched.
    Fetching,
    /// Its article is the entry's full text.
    Read,
    /// Given up.
    Failed,
    /// Not worth fetching.
    Skipped,
}

impl State {
    /// The spelling used in JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Fetching => "fetching",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Due,
        Self::Fetching,
        Self::Read,
        Self::Failed,
        Self::Skipped,
    ];
}

/// A page to be queued, or the reason why it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The entry that links to it.
    pub entry: EntryId,
    /// Where it is.
    pub url: String,
    /// Its host and port: one page of a host is under way at a time.
    pub host: String,
    /// Why it is not fetched.
    pub skip: Option<&'static str>,
    /// The entry has changed, so that a page read before is read again.
    pub again: bool,
}

/// What decides which pages of a document are fetched.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Canonical links that several of the document's entries share.
    pub shared_links: &'a BTreeSet<String>,
    /// Entries published before this raise no alert.
    pub backlog_before: Timestamp,
    /// Undated ones raise none either: it is the feed's first document.
    pub first: bool,
}

/// The pages of new entries; those without a link have none.
#[must_use]
pub fn of_new(entries: &[Entry], scope: Scope<'_>) -> Vec<Wanted> {
    let mut wanted: Vec<(Option<Timestamp>, Wanted)> = entries
        .iter()
        .filter_map(|entry| Some((entry.content.published, of_entry(entry, scope)?)))
        .collect();
    // Stable: undated ones stay in the document's order, behind the dated.
    wanted.sort_by_key(|(published, _)| std::cmp::Reverse(*published));
    let mut left = if scope.first { MOST_AT_FIRST } else { MOST };
    for (_, page) in wanted.iter_mut().filter(|(_, page)| page.skip.is_none()) {
        if left == 0 {
            page.skip = Some("more new entries at once than pages are fetched for");
        }
        left = left.saturating_sub(1);
    }
    wanted.into_iter().map(|(_, page)| page).collect()
}

fn of_entry(entry: &Entry, scope: Scope<'_>) -> Option<Wanted> {
    let url = entry.content.url.as_deref()?;
    let backlog = entry
        .content
        .published
        .map_or(scope.first, |at| at < scope.backlog_before);
    let canonical = canonical_url(url);
    let skip = if is_front_page(&canonical) {
        Some("the link leads to a front page")
    } else if scope.shared_links.contains(&canonical) {
        Some("several entries link to this page")
    } else if backlog {
        Some("the entry is backlog")
    } else {
        None
    };
    wanted(entry, skip, false)
}

fn wanted(entry: &Entry, skip: Option<&'static str>, again: bool) -> Option<Wanted> {
    let url = entry.content.url.clone()?;
    let parsed = Url::parse(&url).ok()?;
    let port = parsed.port_or_known_default()?;
    Some(Wanted {
        entry: entry.id.clone(),
        host: format!("{}:{port}", parsed.host_str()?),
        url,
        skip,
        again,
    })
}

/// The page of an entry that changed, where it is to be read again; `rounds` is how often it was queued.
///
/// A flash of one line grows into an article at the same address; enclosures do not tell.
#[must_use]
pub fn of_revised(
    entry: &Entry,
    changed: &[Part],
    rounds: u32,
    scope: Scope<'_>,
) -> Option<Wanted> {
    let told = changed.iter().any(|part| *part != Part::Enclosures);
    if !told || rounds >= MOST_ROUNDS {
        return None;
    }
    let scope = Scope {
        backlog_before: Timestamp::MIN,
        first: false,
        ..scope
    };
    let page = of_entry(entry, scope).filter(|page| page.skip.is_none())?;
    Some(Wanted {
        again: true,
        ..page
    })
}

/// What follows a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another try.
    At(Timestamp),
    /// None.
    GiveUp,
}

/// What follows the try that was the `attempts`-th, from 1; the publisher may have asked to wait.
#[must_use]
pub fn next_try(attempts: u32, is_final: bool, wait: Option<Duration>, now: Timestamp) -> Next {
    let place = usize::try_from(attempts.max(1) - 1).unwrap_or(usize::MAX);
    let Some(step) = BACK_OFF.get(place).filter(|_| !is_final) else {
        return Next::GiveUp;
    };
    let rest = wait.unwrap_or_default().max(*step);
    if rest > LONGEST_WAIT {
        return Next::GiveUp;
    }
    Next::At(later(now, rest))
}

/// Until when no page of a host is fetched that answered so.
#[must_use]
pub fn hold(kind: OutcomeKind, wait: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
    let asked = kind == OutcomeKind::RateLimited || wait.is_some();
    let rest = wait.unwrap_or_default().clamp(SHORTEST_HOLD, LONGEST_WAIT);
    asked.then(|| later(now, rest))
}

/// Whether asking again after such an end is no use.
#[must_use]
pub fn is_final(kind: OutcomeKind, status: Option<u16>) -> bool {
    match kind {
        OutcomeKind::HttpError => matches!(status, Some(401 | 402 | 451)),
        OutcomeKind::RateLimited
        | OutcomeKind::NetError
        | OutcomeKind::TlsError
        | OutcomeKind::Offline => false,
        _ => true,
    }
}

fn later(now: Timestamp, rest: Duration) -> Timestamp {
    let rest = SignedDuration::try_from(rest).unwrap_or(SignedDuration::MAX);
    now.checked_add(rest).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::Content;
    use crate::domain::entry::identity::identify;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn entry(url: &str, published: Option<&str>) -> Entry {
        let content = Content {
            url: Some(url.to_owned()),
            title: url.to_owned(),
            published: published.map(at),
            ..Content::default()
        };
        identify("f", vec![content]).remove(0)
    }

    fn scope(shared: &BTreeSet<String>, first: bool) -> Scope<'_> {
        Scope {
            shared_links: shared,
            backlog_before: at("2026-11-23T10:00:00Z"),
            first,
        }
    }

    #[test]
    fn pages_are_skipped_for_a_reason() {
        let shared = BTreeSet::from([canonical_url("https://n.example/live")]);
        for (url, published, first, skip) in [
            (
                "https://n.example/a",
                Some("2026-11-24T09:00:00Z"),
                false,
                None,
            ),
            ("https://n.example/a", None, false, None),
            ("https://n.example/a", None, true, Some("backlog")),
            (
                "https://n.example/a",
                Some("2026-11-20T09:00:00Z"),
                false,
                Some("backlog"),
            ),
            (
                "https://n.example/",
                Some("2026-11-24T09:00:00Z"),
                false,
                Some("front page"),
            ),
            (
                "https://n.example/live?utm_source=x",
                Some("2026-11-24T09:00:00Z"),
                false,
                Some("several"),
            ),
        ] {
            let pages = of_new(&[entry(url, published)], scope(&shared, first));
            let why = pages[0].skip;
            assert!(
                why.is_some() == skip.is_some() && why.unwrap_or("").contains(skip.unwrap_or("")),
                "{url}: {why:?}"
            );
            assert_eq!(pages[0].host, "n.example:443");
        }
        assert!(of_new(&[entry("mailto:x@n.example", None)], scope(&shared, false)).is_empty());
    }

    #[test]
    fn a_subscription_fetches_the_newest_pages_only() {
        let entries: Vec<Entry> = (0..60)
            .map(|n| {
                entry(
                    &format!("https://n.example/{n}"),
                    Some(&format!("2026-11-24T09:{n:02}:00Z")),
                )
            })
            .collect();
        let shared = BTreeSet::new();
        let first = of_new(&entries, scope(&shared, true));
        let fetched: Vec<&str> = first
            .iter()
            .filter(|page| page.skip.is_none())
            .map(|page| page.url.as_str())
            .collect();
        assert_eq!(
            (fetched.len(), fetched[0]),
            (MOST_AT_FIRST, "https://n.example/59")
        );
        assert_eq!(first.len(), 60);
        let later = of_new(&entries, scope(&shared, false));
        assert!(later.iter().all(|page| page.skip.is_none()));
    }

    #[test]
    fn a_changed_entry_has_its_page_read_again_a_few_times() {
        let shared = BTreeSet::new();
        let old = entry("https://n.example/a", Some("2026-01-01T00:00:00Z"));
        for (changed, rounds, again) in [
            (vec![Part::Body], 1, true),
            (vec![Part::Title, Part::Enclosures], 1, true),
            (vec![Part::Enclosures], 1, false),
            (vec![Part::Url], MOST_ROUNDS, false),
        ] {
            let page = of_revised(&old, &changed, rounds, scope(&shared, false));
            assert_eq!(
                page.is_some_and(|page| page.again),
                again,
                "{changed:?} {rounds}"
            );
        }
    }

    #[test]
    fn a_page_is_tried_four_times_and_never_before_it_may_be() {
        let now = at("2026-11-24T10:00:00Z");
        for (attempts, is_final, wait, next) in [
            (1, false, None, Some("2026-11-24T10:01:00Z")),
            (2, false, None, Some("2026-11-24T10:10:00Z")),
            (3, false, None, Some("2026-11-24T11:00:00Z")),
            (4, false, None, None),
            (1, true, None, None),
            (1, false, Some(300), Some("2026-11-24T10:05:00Z")),
            (1, false, Some(5), Some("2026-11-24T10:01:00Z")),
            (1, false, Some(200_000), None),
        ] {
            let wait = wait.map(Duration::from_secs);
            let expected = next.map_or(Next::GiveUp, |text| Next::At(at(text)));
            assert_eq!(
                next_try(attempts, is_final, wait, now),
                expected,
                "{attempts} {wait:?}"
            );
        }
        assert_eq!(
            hold(OutcomeKind::RateLimited, None, now),
            Some(at("2026-11-24T10:10:00Z"))
        );
        let hour = Some(Duration::from_hours(1));
        assert_eq!(
            hold(OutcomeKind::HttpError, hour, now),
            Some(at("2026-11-24T11:00:00Z"))
        );
        assert_eq!(hold(OutcomeKind::HttpError, None, now), None);
    }

    #[test]
    fn what_no_second_try_mends_is_final() {
        for (kind, status, expected) in [
            (OutcomeKind::HttpError, Some(404), false),
            (OutcomeKind::HttpError, Some(503), false),
            (OutcomeKind::HttpError, Some(402), true),
            (OutcomeKind::RateLimited, Some(429), false),
            (OutcomeKind::NetError, None, false),
            (OutcomeKind::Gone, Some(410), true),
            (OutcomeKind::Refused, None, true),
            (OutcomeKind::TooLarge, Some(200), true),
        ] {
            assert_eq!(is_final(kind, status), expected, "{kind:?} {status:?}");
        }
    }
}
