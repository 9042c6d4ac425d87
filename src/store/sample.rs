//! Sample feeds, entries and polls for the tests of the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::outbox::Addressee;
use super::polls::{PollCommit, PollResult, Recorded, RevisedEntry, RuleMatch, record_poll};
use super::{Settings, Store, feeds};
use crate::domain::document::Format;
use crate::domain::entry::identity::{Part, canonical_url, content_hash, entry_id, title_key};
use crate::domain::entry::ingest::alternates;
use crate::domain::entry::{Content, Entry};
use crate::domain::feed::outcome::{OutcomeKind, PollRecord};
use crate::domain::feed::websub::push::PollNews;
use crate::domain::feed::{Feed, FeedState, Origin};
use crate::domain::id::{EntityId, FeedId, ReceiverId, RuleId};
use crate::domain::matching::{Evidence, Match, Mention};
use crate::domain::rule::{Notify, Revisions, Severity};
use crate::domain::story::policy::Policy;

pub(super) const DAY: Duration = Duration::from_hours(24);

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn now() -> Timestamp {
    at("2026-11-24T10:00:00Z")
}

pub(super) fn after(seconds: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(seconds)
}

pub(super) fn feed(id: &str) -> Feed {
    Feed {
        id: FeedId::new(id),
        url: format!("https://{id}.example/feed"),
        title: None,
        tags: vec!["wire".to_owned()],
        interval: Some(Duration::from_mins(5)),
        full_text: false,
        language: Some("ko".to_owned()),
        default_tz: None,
        owner: None,
        history: 0,
        headers: BTreeMap::new(),
        transport: None,
        enabled: true,
        origin: Origin::File,
        websub: crate::domain::feed::websub::Terms::default(),
    }
}

/// A store in a folder of its own, with the feeds `a` and `b`.
pub(super) fn open_store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(&dir);
    store
        .write_blocking(|tx| feeds::sync(tx, &[feed("a"), feed("b")], now()))
        .unwrap();
    (dir, store)
}

pub(super) fn reopen(dir: &TempDir) -> Store {
    Store::open(dir.path(), &Settings::default(), now()).unwrap()
}

/// An entry of feed `a`, published just now; `name` is its guid, its page and its title.
pub(super) fn entry(name: &str, matches: Vec<RuleMatch>) -> Recorded {
    entry_of("a", name, matches)
}

pub(super) fn entry_of(feed: &str, name: &str, matches: Vec<RuleMatch>) -> Recorded {
    let key = format!("g:{name}");
    let entry = Entry {
        id: entry_id(feed, &key),
        feed: Some(FeedId::new(feed)),
        key,
        content: Content {
            guid: Some(name.to_owned()),
            url: Some(format!("https://{feed}.example/{name}?utm_source=x")),
            title: format!("루마니아와 K9 자주포 {name} signed in Bucharest"),
            authors: vec!["Kim".to_owned()],
            published: Some(after(-60)),
            language: Some("ko".to_owned()),
            body: format!("Body of {name}."),
            body_html: format!("<p>Body of {name}.</p>"),
            ..Content::default()
        },
        full_text: None,
        first_seen: Some(now()),
    };
    recorded(entry, matches)
}

fn recorded(entry: Entry, matches: Vec<RuleMatch>) -> Recorded {
    Recorded {
        content_hash: content_hash(&entry.content),
        alternates: alternates(&entry),
        canonical_url: entry.content.url.as_deref().map(canonical_url),
        title_key: title_key(&entry.content.title, None),
        mentions: vec![Mention {
            entity: EntityId::new("k9"),
            evidence: evidence(),
        }],
        matches,
        entry,
    }
}

pub(super) fn evidence() -> Evidence {
    Evidence {
        field: "title".into(),
        index: None,
        start: 16,
        end: 18,
        text: "K9".into(),
        term: "K9".into(),
        alias: None,
        entity: None,
        tail: None,
    }
}

/// A match of `rule`, to be told to the receiver `desk`.
pub(super) fn rule_match(rule: &str) -> RuleMatch {
    RuleMatch {
        found: Match {
            rule: RuleId::new(rule),
            severity: Severity::High,
            evidence: vec![evidence()].into(),
        },
        title: format!("Rule {rule}"),
        notify: Notify::Story,
        revisions: Revisions::First,
        receivers: vec![to("desk")],
    }
}

pub(super) fn to(receiver: &str) -> Addressee {
    Addressee {
        receiver: ReceiverId::new(receiver),
        give_up: 3 * DAY,
        skip: None,
    }
}

/// A poll of feed `a` that brings `new`.
pub(super) fn commit(new: Vec<Recorded>) -> PollCommit {
    PollCommit {
        feed: FeedId::new("a"),
        state: FeedState {
            url: "https://a.example/feed".to_owned(),
            etag: Some(b"\"v1\"".to_vec()),
            last_poll: Some(now()),
            last_success: Some(now()),
            next_poll: Some(after(300)),
            last_outcome: Some(OutcomeKind::OkNew),
            ..FeedState::default()
        },
        record: PollRecord {
            at: now(),
            outcome: OutcomeKind::OkNew,
            status: Some(200),
            duration_ms: 12,
            timings: None,
            final_url: None,
            conditional: true,
            wire_bytes: 3000,
            body_bytes: 9000,
            format: Some(Format::Rss),
            new: u32::try_from(new.len()).unwrap(),
            revised: 0,
            next_poll: Some(after(300)),
            why_then: None,
            note: None,
        },
        gap: None,
        news: PollNews::default(),
        new,
        revised: Vec::new(),
        rekeyed: Vec::new(),
        seen: Vec::new(),
        pages: Vec::new(),
        backlog_before: after(-86_400),
        undated_is_backlog: true,
        manners: Arc::default(),
        story: Arc::new(Policy::new(3 * DAY, false, &[], &[])),
        now: now(),
    }
}

/// The same entry with another body.
pub(super) fn revised(name: &str, body: &str, matches: Vec<RuleMatch>) -> RevisedEntry {
    let mut entry = entry(name, Vec::new()).entry;
    entry.content.body = body.to_owned();
    RevisedEntry {
        now: recorded(entry, matches),
        changed: vec![Part::Body],
        hash_only: true,
    }
}

/// A poll of feed `a` that brings a change.
pub(super) fn commit_revised(revised: RevisedEntry) -> PollCommit {
    PollCommit {
        revised: vec![revised],
        ..commit(Vec::new())
    }
}

pub(super) fn record(store: &Store, poll: PollCommit) -> PollResult {
    store
        .write_blocking(move |tx| record_poll(tx, &poll))
        .unwrap()
}

/// How many rows `sql` counts.
pub(super) fn number(store: &Store, sql: &str) -> i64 {
    store
        .read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?))
        .unwrap()
}

/// Fails the test with what `db check` finds wrong.
pub(super) fn assert_clean(store: &Store) {
    let report = store.read_blocking(super::check::check).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}
