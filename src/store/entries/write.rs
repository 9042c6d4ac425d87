//! The rows of an entry, written while a poll is recorded: the entry, its keys, what it said before.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{CachedStatement, OptionalExtension, Transaction, named_params, params};

use super::super::polls::{Recorded, RevisedEntry};
use super::super::row::{Json, Ms, later, short_hash, url_hash};
use super::super::stories::Home;
use super::super::{Result, StoreError};
use super::html::packed;
use super::{StoredEntry, get, time_of};
use crate::domain::entry::delta;
use crate::domain::entry::ingest::Rekeyed;
use crate::domain::entry::wire::WireEntry;
use crate::domain::id::{EntryId, FeedId};
use crate::domain::matching::{Evidence, Mention};

/// Earlier contents kept of one entry.
const REVISIONS: i64 = 50;
/// Places kept of one entity in one entry.
const PLACES: usize = 64;
/// When an entry was last seen is written at most this often, so that a quiet feed costs no writes.
const TOUCH_MS: i64 = 24 * 3_600_000;

/// Where a stored entry stands, for what hangs on it.
#[derive(Clone, Debug)]
pub(in crate::store) struct Placed {
    /// Its row.
    pub seq: i64,
    /// How often its content has changed.
    pub revision: u32,
    /// Its story.
    pub story: i64,
}

/// What stands in indexes for an entry's canonical URL and folded title.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Marks {
    /// Of `Recorded::canonical_url`.
    pub url: Option<i64>,
    /// Of `Recorded::title_key`.
    pub title: Option<i64>,
}

impl Marks {
    /// Those of an entry.
    pub(in crate::store) fn of(item: &Recorded) -> Self {
        Self {
            url: item.canonical_url.as_deref().map(url_hash),
            title: item.title_key.as_deref().map(short_hash),
        }
    }
}

/// The statements by which the new entries of a poll are stored. They are long and every entry takes each of them, so
/// they are looked up once.
pub(in crate::store) struct NewEntries<'t> {
    feed: &'t FeedId,
    is_stored: CachedStatement<'t>,
    insert: CachedStatement<'t>,
    add_key: CachedStatement<'t>,
}

impl<'t> NewEntries<'t> {
    /// For those of `feed`.
    pub(in crate::store) fn new(tx: &'t Transaction<'_>, feed: &'t FeedId) -> Result<Self> {
        Ok(Self {
            feed,
            is_stored: tx.prepare_cached(
                "select exists (select 1 from entry where id = ?1)
                    or exists (select 1 from tombstone where id = ?1)",
            )?,
            insert: tx.prepare_cached(
                "insert into entry (id, feed, key, content_hash, at, first_seen, last_seen, story, joined_by,
                    url_hash, title_hash, published, updated, language, guid, url, title, authors, categories,
                    enclosures, body, body_html, full_text)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                    ?21, ?22)",
            )?,
            add_key: tx.prepare_cached(ADD_KEY)?,
        })
    }

    /// Whether an entry is stored, or was until retention deleted it.
    pub(in crate::store) fn is_stored(&mut self, id: &EntryId) -> Result<bool> {
        let stored = self.is_stored.query_row([id.as_str()], |row| row.get(0))?;
        Ok(stored)
    }

    /// Stores a new entry in the story that is its home.
    pub(in crate::store) fn insert(
        &mut self,
        item: &Recorded,
        (marks, home): (Marks, &Home),
        now: Timestamp,
    ) -> Result<Placed> {
        let entry = &item.entry;
        let content = &entry.content;
        let first_seen = entry.first_seen.unwrap_or(now);
        let seq = self.insert.insert(params![
            entry.id.as_str(),
            self.feed.as_str(),
            entry.key,
            item.content_hash,
            Ms(time_of(content, first_seen)),
            Ms(first_seen),
            home.seq,
            home.joined_by,
            marks.url,
            marks.title,
            content.published.map(Ms),
            content.updated.map(Ms),
            content.language,
            content.guid,
            content.url,
            content.title,
            Json(&content.authors),
            Json(&content.categories),
            Json(&content.enclosures),
            content.body,
            packed(&content.body_html, &content.body),
            entry.full_text,
        ])?;
        for key in item.alternates.iter().chain([&entry.key]) {
            self.add_key
                .execute(params![self.feed.as_str(), short_hash(key), seq])?;
        }
        Ok(Placed {
            seq,
            revision: 0,
            story: home.seq,
        })
    }
}

/// Puts changed content in the place of the old, which is kept; none where there is nothing to change.
pub(in crate::store) fn revise(
    tx: &Transaction<'_>,
    feed: &FeedId,
    revised: &RevisedEntry,
    now: Timestamp,
) -> Result<Option<Placed>> {
    let item = &revised.now;
    let stored_hash: Option<[u8; 32]> = tx
        .prepare_cached("select content_hash from entry where id = ?1")?
        .query_row([item.entry.id.as_str()], |row| row.get(0))
        .optional()?;
    if stored_hash.is_none_or(|hash| hash == item.content_hash) {
        return Ok(None);
    }
    let Some(old) = get(tx, &item.entry.id)? else {
        return Ok(None);
    };
    let changed: Vec<&str> = revised.changed.iter().map(|part| part.as_str()).collect();
    tx.prepare_cached(
        "insert into revision (entry, number, replaced, changed, content) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![old.seq, old.revision, Ms(now), Json(changed), Json(before(&old, item)?)])?;
    tx.prepare_cached("delete from revision where entry = ?1 and number <= ?2")?
        .execute(params![old.seq, i64::from(old.revision) - REVISIONS])?;
    overwrite(tx, old.seq, revised, old.entry.first_seen.unwrap_or(now))?;
    let keys = item.alternates.iter().chain([&item.entry.key]);
    add_keys(tx, feed, old.seq, keys)?;
    Ok(Some(Placed {
        seq: old.seq,
        revision: old.revision + 1,
        story: old.story,
    }))
}

/// What a changed entry said, as the difference to what it says now.
fn before(old: &StoredEntry, item: &Recorded) -> Result<serde_json::Value> {
    let said = old.wire();
    let next = WireEntry {
        id: said.id.clone(),
        feed: said.feed.clone(),
        first_seen: said.first_seen,
        ..WireEntry::new(&item.entry, said.feed_url.as_deref())
    };
    delta::difference(&said, &next)
        .map_err(|error| StoreError::fault(format!("a revision cannot be written: {error}")))
}

fn overwrite(
    tx: &Transaction<'_>,
    seq: i64,
    revised: &RevisedEntry,
    first_seen: Timestamp,
) -> Result<()> {
    let item = &revised.now;
    let content = &item.entry.content;
    let marks = Marks::of(item);
    tx.prepare_cached(
        "update entry set content_hash = :hash, revision = revision + 1,
            hash_only = hash_only + :hash_only, at = :at, url_hash = :url_hash,
            title_hash = :title_hash, published = :published, updated = :updated, language = :language,
            guid = :guid, url = :url, title = :title, authors = :authors, categories = :categories,
            enclosures = :enclosures, body = :body, body_html = :body_html, full_text = :full_text
         where seq = :seq",
    )?
    .execute(named_params! {
        ":seq": seq,
        ":hash": item.content_hash,
        ":hash_only": revised.hash_only,
        ":at": Ms(time_of(content, first_seen)),
        ":url_hash": marks.url,
        ":title_hash": marks.title,
        ":published": content.published.map(Ms),
        ":updated": content.updated.map(Ms),
        ":language": content.language,
        ":guid": content.guid,
        ":url": content.url,
        ":title": content.title,
        ":authors": Json(&content.authors),
        ":categories": Json(&content.categories),
        ":enclosures": Json(&content.enclosures),
        ":body": content.body,
        ":body_html": packed(&content.body_html, &content.body),
        ":full_text": item.entry.full_text,
    })?;
    Ok(())
}

/// Files a known entry, alive or deleted, under the key that its feed uses now; the old ones stay.
pub(in crate::store) fn rekey(
    tx: &Transaction<'_>,
    feed: &FeedId,
    rekeyed: &Rekeyed,
) -> Result<()> {
    let mut seq = None;
    for (find, set) in [
        (
            "select seq from entry where id = ?1",
            "update entry set key = ?2, rekeyed = rekeyed + 1 where seq = ?1",
        ),
        (
            "select seq from tombstone where id = ?1",
            "update tombstone set key = ?2, rekeyed = rekeyed + 1 where seq = ?1",
        ),
    ] {
        let found: Option<i64> = tx
            .prepare_cached(find)?
            .query_row([rekeyed.id.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(found) = found {
            tx.prepare_cached(set)?
                .execute(params![found, rekeyed.key])?;
            seq = Some(found);
        }
    }
    let Some(seq) = seq else {
        return Ok(());
    };
    let keys = [&rekeyed.key, &rekeyed.old_key];
    add_keys(tx, feed, seq, rekeyed.alternates.iter().chain(keys))
}

const ADD_KEY: &str =
    "insert into entry_key (feed, hash, entry) values (?1, ?2, ?3) on conflict do nothing";

fn add_keys<'a>(
    tx: &Transaction<'_>,
    feed: &FeedId,
    entry: i64,
    keys: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let mut add = tx.prepare_cached(ADD_KEY)?;
    for key in keys {
        add.execute(params![feed.as_str(), short_hash(key), entry])?;
    }
    Ok(())
}

/// Notes that a document still carries these entries.
pub(in crate::store) fn touch(
    tx: &Transaction<'_>,
    entries: &[EntryId],
    now: Timestamp,
) -> Result<()> {
    let before = Ms(later(now, -TOUCH_MS));
    let mut alive =
        tx.prepare_cached("update entry set last_seen = ?2 where id = ?1 and last_seen < ?3")?;
    let mut dead =
        tx.prepare_cached("update tombstone set last_seen = ?2 where id = ?1 and last_seen < ?3")?;
    for id in entries {
        if alive.execute(params![id.as_str(), Ms(now), before])? == 0 {
            dead.execute(params![id.as_str(), Ms(now), before])?;
        }
    }
    Ok(())
}

/// Stores whom an entry names, in the place of whom it named before.
pub(in crate::store) fn save_mentions(
    tx: &Transaction<'_>,
    entry: &Placed,
    mentions: &[Mention],
    now: Timestamp,
) -> Result<()> {
    if entry.revision > 0 {
        tx.prepare_cached("delete from mention where entry = ?1")?
            .execute([entry.seq])?;
    }
    if mentions.is_empty() {
        return Ok(());
    }
    let mut by_entity: BTreeMap<&str, Vec<&Evidence>> = BTreeMap::new();
    for mention in mentions {
        let places = by_entity.entry(mention.entity.as_str()).or_default();
        places.push(&mention.evidence);
    }
    let mut add = tx.prepare_cached(
        "insert into mention (entity, entry, at, places, evidence) values (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (entity, mut places) in by_entity {
        let count =
            i64::try_from(places.len()).map_err(|_| StoreError::fault("too many places"))?;
        places.truncate(PLACES);
        add.execute(params![entity, entry.seq, Ms(now), count, Json(places)])?;
    }
    Ok(())
}
