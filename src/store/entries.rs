//! Entries as stored: by id, by key, and page by page; what they said before; whom they name.
//!
//! Writing them is part of recording a poll (`write`, used by `polls`); deleting them is in `retention`.

mod bulk;
mod html;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::row::{Json, Ms, Name, short_hash};
use super::{Result, StoreError};
use crate::domain::alert::{Held, Reason};
use crate::domain::entry::delta;
use crate::domain::entry::ingest::{Known, KnownEntry};
use crate::domain::entry::wire::WireEntry;
use crate::domain::entry::{Content, Entry};
use crate::domain::id::{EntityId, EntryId, FeedId, RuleId};
use crate::domain::matching::{Evidence, Mention, Subject};

pub use bulk::{BulkEntry, lend, read_bulk, rows_since};
pub(super) use write::{Marks, NewEntries, Placed, rekey, revise, save_mentions, touch};

/// An entry as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEntry {
    /// Its row; later entries have higher numbers.
    pub seq: i64,
    /// The entry, `first_seen` set.
    pub entry: Entry,
    /// Its feed's URL.
    pub feed_url: String,
    /// Its feed's title, as configured or its own.
    pub feed_title: Option<String>,
    /// How often its content has changed.
    pub revision: u32,
    /// The story it belongs to.
    pub story: i64,
}

impl StoredEntry {
    /// The entry as the outside sees it.
    #[must_use]
    pub fn wire(&self) -> WireEntry {
        WireEntry::new(&self.entry, Some(&self.feed_url))
    }

    /// The entry as the matcher saw it, with its feed's tags.
    #[must_use]
    pub fn subject<'a>(&'a self, tags: &'a [String]) -> Subject<'a> {
        self.entry.subject(tags, self.feed_title.as_deref())
    }

    /// Where this entry stands in the order of [`page`].
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let content = &self.entry.content;
        Cursor {
            at: time_of(content, self.entry.first_seen.unwrap_or_default()),
            seq: self.seq,
        }
    }
}

/// When an entry happened: published, or else first seen.
fn time_of(content: &Content, first_seen: Timestamp) -> Timestamp {
    content.published.unwrap_or(first_seen)
}

/// A place in the order of entries; a page begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: Timestamp,
    seq: i64,
}

/// Which entries, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Of this feed only.
    pub feed: Option<FeedId>,
    /// Published (or else first seen) at or after.
    pub since: Option<Timestamp>,
    /// Published (or else first seen) before.
    pub until: Option<Timestamp>,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
}

/// What an entry said before a change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Revision {
    /// 0 is what was first seen.
    pub number: u32,
    /// When the next one was seen.
    pub replaced: Timestamp,
    /// In what the next one differs.
    pub changed: Vec<String>,
    /// What it said.
    pub content: WireEntry,
}

/// A rule that an entry satisfied, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchRow {
    /// The rule.
    pub rule: RuleId,
    /// On which revision.
    pub revision: u32,
    /// When.
    pub at: Timestamp,
    /// Why it raised an alert, if it did.
    pub raised: Option<Reason>,
    /// Why it raised none, if it did not.
    pub held: Option<Held>,
    /// The alert it raised, or was folded into.
    pub alert: Option<i64>,
    /// Where.
    pub evidence: Vec<Evidence>,
}

/// The columns of [`read_entry`], in its order.
const COLUMNS: &str = "e.seq, e.id, e.feed, f.url, e.key, e.revision, e.story, e.first_seen, \
     e.published, e.updated, e.language, e.guid, e.url, e.title, e.authors, e.categories, \
     e.enclosures, e.body, e.body_html, e.full_text, coalesce(f.title, f.own_title) \
     from entry e join feed f on f.id = e.feed";

/// Whether the store knows a key of `feed` at all, of a kept entry or of one that was deleted.
pub fn is_any_known(conn: &Connection, feed: &FeedId) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from entry_key where feed = ?1)")?
        .query_row([feed.as_str()], |row| row.get(0))?)
}

/// Known entries looked at for one key: a live page's link, or the title of a daily bulletin, may be that of
/// thousands.
const MOST_OF_KEY: u32 = 8;

/// What the store knows of a document's keys (see `ingest::lookup_keys`); of the alternates, those asked for. Of many
/// entries with one key, the newest.
pub fn known(conn: &Connection, feed: &FeedId, keys: &[String]) -> Result<Known> {
    let mut by_entry: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let mut query = conn.prepare_cached(
        "select entry from entry_key where feed = ?1 and hash = ?2 order by entry desc limit ?3",
    )?;
    for key in keys {
        let mut rows = query.query(params![feed.as_str(), short_hash(key), MOST_OF_KEY])?;
        while let Some(row) = rows.next()? {
            by_entry.entry(row.get(0)?).or_default().push(key.clone());
        }
    }
    let mut entries = Vec::with_capacity(by_entry.len());
    for (seq, alternates) in by_entry {
        if let Some(mut entry) = known_entry(conn, seq)? {
            entry.alternates = alternates;
            entry.alternates.retain(|key| *key != entry.key);
            entries.push(entry);
        }
    }
    Ok(Known { entries })
}

fn known_entry(conn: &Connection, seq: i64) -> Result<Option<KnownEntry>> {
    let live = conn
        .prepare_cached(
            "select id, key, content_hash, updated, hash_only, published, first_seen, rekeyed, url
             from entry where seq = ?1",
        )?
        .query_row([seq], |row| {
            Ok(KnownEntry {
                id: EntryId::new(row.get::<_, String>(0)?),
                key: row.get(1)?,
                alternates: Vec::new(),
                content_hash: row.get(2)?,
                updated: row.get::<_, Option<Ms>>(3)?.map(|at| at.0),
                hash_only_revisions: row.get(4)?,
                published: row.get::<_, Option<Ms>>(5)?.map(|at| at.0),
                first_seen: row.get::<_, Option<Ms>>(6)?.map(|at| at.0),
                rekeyed: row.get(7)?,
                url: row.get(8)?,
                purged: false,
            })
        })
        .optional()?;
    if live.is_some() {
        return Ok(live);
    }
    Ok(conn
        .prepare_cached(
            "select id, key, content_hash, published, first_seen, rekeyed from tombstone where seq = ?1",
        )?
        .query_row([seq], |row| {
            Ok(KnownEntry {
                id: EntryId::new(row.get::<_, String>(0)?),
                key: row.get(1)?,
                alternates: Vec::new(),
                // Of entries deleted before version 11 only the keys are left.
                content_hash: row.get::<_, Option<[u8; 32]>>(2)?.unwrap_or_default(),
                published: row.get::<_, Option<Ms>>(3)?.map(|at| at.0),
                first_seen: row.get::<_, Option<Ms>>(4)?.map(|at| at.0),
                rekeyed: row.get(5)?,
                url: None,
                updated: None,
                hash_only_revisions: 0,
                purged: true,
            })
        })
        .optional()?)
}

/// What the store knows of a feed's entries by their time, in `seconds` of Unix time; of many in one second the newest.
pub fn dated(conn: &Connection, feed: &FeedId, seconds: &[i64]) -> Result<Known> {
    let mut query = conn.prepare_cached(
        "select seq from entry where feed = ?1 and at between ?2 and ?3 order by at desc, seq desc limit ?4",
    )?;
    let mut entries = Vec::new();
    for second in seconds {
        let from = second.saturating_mul(1000);
        let mut rows = query.query(params![
            feed.as_str(),
            from,
            from.saturating_add(999),
            MOST_OF_KEY
        ])?;
        while let Some(row) = rows.next()? {
            entries.extend(known_entry(conn, row.get(0)?)?);
        }
    }
    Ok(Known { entries })
}

/// The links of a feed's latest entries.
pub fn recent_links(conn: &Connection, feed: &FeedId, limit: u32) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached(
        "select url from entry where feed = ?1 order by at desc, seq desc limit ?2",
    )?;
    let rows = query.query_map(params![feed.as_str(), limit], |row| {
        row.get::<_, Option<String>>(0)
    })?;
    let links: Vec<Option<String>> = rows.collect::<Result<_, _>>()?;
    Ok(links.into_iter().flatten().collect())
}

/// One entry by its id.
pub fn get(conn: &Connection, id: &EntryId) -> Result<Option<StoredEntry>> {
    Ok(conn
        .prepare_cached(&format!("select {COLUMNS} where e.id = ?1"))?
        .query_row([id.as_str()], read_entry)
        .optional()?)
}

/// Entries whose id begins with `prefix`, at most `limit`; a `prefix` that is no hex matches nothing.
pub fn by_prefix(conn: &Connection, prefix: &str, limit: u32) -> Result<Vec<StoredEntry>> {
    if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Vec::new());
    }
    let first = prefix.to_ascii_lowercase();
    let last = format!("{first}g");
    let sql = format!("select {COLUMNS} where e.id >= ?1 and e.id < ?2 order by e.id limit ?3");
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map(params![first, last, limit], read_entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One entry by its row.
pub fn by_seq(conn: &Connection, seq: i64) -> Result<Option<StoredEntry>> {
    Ok(conn
        .prepare_cached(&format!("select {COLUMNS} where e.seq = ?1"))?
        .query_row([seq], read_entry)
        .optional()?)
}

/// At most `limit` entries behind `after`; the next page begins behind the last one's cursor.
pub fn page(
    conn: &Connection,
    filter: &EntryFilter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Vec<StoredEntry>> {
    let (compare, order, start) = if filter.oldest_first {
        (">", "e.at, e.seq", (Timestamp::MIN, i64::MIN))
    } else {
        ("<", "e.at desc, e.seq desc", (Timestamp::MAX, i64::MAX))
    };
    let of_feed = if filter.feed.is_some() {
        "e.feed = ?6"
    } else {
        "?6 is null"
    };
    let (at, seq) = after.map_or(start, |cursor| (cursor.at, cursor.seq));
    let mut query = conn.prepare_cached(&format!(
        "select {COLUMNS} where e.at >= ?1 and e.at < ?2 and (e.at, e.seq) {compare} (?3, ?4)
         and {of_feed} order by {order} limit ?5"
    ))?;
    let rows = query.query_map(
        params![
            Ms(filter.since.unwrap_or(Timestamp::MIN)),
            Ms(filter.until.unwrap_or(Timestamp::MAX)),
            Ms(at),
            seq,
            limit,
            filter.feed.as_ref().map(FeedId::as_str),
        ],
        read_entry,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What an entry said before, oldest first.
pub fn revisions(conn: &Connection, entry: i64) -> Result<Vec<Revision>> {
    let Some(now) = by_seq(conn, entry)? else {
        return Ok(Vec::new());
    };
    // Each row says in what it differs from the next one, so the way leads back from what is said now.
    let mut next = now.wire();
    let mut query = conn.prepare_cached(
        "select number, replaced, changed, content from revision where entry = ?1 order by number desc",
    )?;
    let mut rows = query.query([entry])?;
    let mut revisions = Vec::new();
    while let Some(row) = rows.next()? {
        let difference: Json<serde_json::Value> = row.get(3)?;
        next = delta::restored(&next, &difference.0)
            .map_err(|error| StoreError::fault(format!("a revision cannot be read: {error}")))?;
        revisions.push(Revision {
            number: row.get(0)?,
            replaced: row.get::<_, Ms>(1)?.0,
            changed: row.get::<_, Json<_>>(2)?.0,
            content: next.clone(),
        });
    }
    revisions.reverse();
    Ok(revisions)
}

/// What an entry said in one of its earlier revisions, where that is still kept.
pub(super) fn revision(conn: &Connection, entry: i64, number: u32) -> Result<Option<WireEntry>> {
    let mut all = revisions(conn, entry)?.into_iter();
    Ok(all
        .find(|revision| revision.number == number)
        .map(|revision| revision.content))
}

/// The rules that an entry satisfied, and what came of it, oldest first.
pub fn matches(conn: &Connection, entry: i64) -> Result<Vec<MatchRow>> {
    let mut query = conn.prepare_cached(
        r#"select rule, revision, at, raised, held, alert, evidence
           from "match" where entry = ?1 order by seq"#,
    )?;
    let rows = query.query_map([entry], |row| {
        Ok(MatchRow {
            rule: RuleId::new(row.get::<_, String>(0)?),
            revision: row.get(1)?,
            at: row.get::<_, Ms>(2)?.0,
            raised: row.get::<_, Option<Name<_>>>(3)?.map(|name| name.0),
            held: row.get::<_, Option<Name<_>>>(4)?.map(|name| name.0),
            alert: row.get(5)?,
            evidence: row.get::<_, Json<_>>(6)?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The entities that an entry names, place by place.
pub fn mentions(conn: &Connection, entry: i64) -> Result<Vec<Mention>> {
    let mut query = conn
        .prepare_cached("select entity, evidence from mention where entry = ?1 order by entity")?;
    let mut rows = query.query([entry])?;
    let mut mentions = Vec::new();
    while let Some(row) = rows.next()? {
        let entity = EntityId::new(row.get::<_, String>(0)?);
        let places: Json<Vec<Evidence>> = row.get(1)?;
        mentions.extend(places.0.into_iter().map(|evidence| Mention {
            entity: entity.clone(),
            evidence,
        }));
    }
    Ok(mentions)
}

/// How many entries name each entity since an instant, most first.
pub fn mention_counts(conn: &Connection, since: Timestamp) -> Result<Vec<(EntityId, u64)>> {
    let mut query = conn.prepare_cached(
        "select entity, count(*) from mention where at >= ?1 group by entity order by 2 desc, 1",
    )?;
    let rows = query.query_map([Ms(since)], |row| {
        let entity = EntityId::new(row.get::<_, String>(0)?);
        Ok((entity, super::row::count(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<StoredEntry> {
    let body: String = row.get(17)?;
    let key: String = row.get(4)?;
    let at = |index: usize| row.get::<_, Option<Ms>>(index).map(|at| at.map(|at| at.0));
    Ok(StoredEntry {
        seq: row.get(0)?,
        entry: Entry {
            id: EntryId::new(row.get::<_, String>(1)?),
            feed: Some(FeedId::new(row.get::<_, String>(2)?)),
            content: Content {
                published: at(8)?,
                updated: at(9)?,
                language: row.get(10)?,
                guid: row.get(11)?,
                url: row.get(12)?,
                origin: None,
                title: row.get(13)?,
                authors: row.get::<_, Json<_>>(14)?.0,
                categories: row.get::<_, Json<_>>(15)?.0,
                enclosures: row.get::<_, Json<_>>(16)?.0,
                body_html: html::unpacked(row.get(18)?, &body),
                body,
            },
            key,
            full_text: row.get(19)?,
            first_seen: at(7)?,
        },
        feed_url: row.get(3)?,
        feed_title: row.get(20)?,
        revision: row.get(5)?,
        story: row.get(6)?,
    })
}

#[cfg(test)]
mod tests;
