//! What is kept of an entry so that copies of it are found: hashes of what it says, and where its title names entities.
//!
//! The signature itself is made anew from the stored entry, so that it is always of this version's making.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::super::polls::Recorded;
use super::super::row::{Json, Ms};
use super::super::{Result, entries};
use crate::domain::entry::Entry;
use crate::domain::matching::Mention;
use crate::domain::story::Named;
use crate::domain::story::frame::Frame;
use crate::domain::story::policy::Policy;
use crate::domain::story::signature::{Signature, Told};

/// Letters of a text that are compared.
pub(super) const LETTERS: u32 = 3_000;
/// Letters of a text that say what its headline leaves out.
const BEGINNING: u32 = 400;
/// Places in a title, and entities, that are kept.
const MOST_NAMES: usize = 32;
/// Sketches out of use that are deleted for each one that is written.
const EXPIRED: u32 = 4;
/// Newest titles of a feed that show how it dresses them.
const TITLES: u32 = 50;

/// Whom an entry names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Names {
    title: Vec<(String, usize, usize)>,
    all: Vec<String>,
}

impl Names {
    /// From the mentions of an entry.
    fn of(mentions: &[Mention]) -> Self {
        let mut names = Self::default();
        for mention in mentions {
            let entity = mention.entity.as_str();
            if mention.evidence.field == "title" && names.title.len() < MOST_NAMES {
                names.title.push((
                    entity.to_owned(),
                    mention.evidence.start,
                    mention.evidence.end,
                ));
            }
            if names.all.len() < MOST_NAMES && !names.all.iter().any(|known| known == entity) {
                names.all.push(entity.to_owned());
            }
        }
        names.title.sort_by_key(|(_, start, _)| *start);
        names
    }

    /// Where the title names whom.
    fn in_title(&self) -> Vec<Named> {
        let named = |(entity, start, end): &(String, usize, usize)| Named {
            entity: entity.clone(),
            start: *start,
            end: *end,
        };
        self.title.iter().map(named).collect()
    }
}

/// An entry that is watched, as it is compared and as it will be kept.
#[derive(Clone, Debug)]
pub(in crate::store) struct Sketch {
    pub(super) signature: Signature,
    own: (usize, usize),
    names: Names,
}

impl Sketch {
    /// Of an entry about to be stored; none where nobody watches: no rule matches, and the title names no entity.
    pub(super) fn of(item: &Recorded, dress: &Dress, now: Timestamp) -> Option<Self> {
        let names = Names::of(&item.mentions);
        let watched = !item.matches.is_empty() || !names.title.is_empty();
        watched.then(|| Self::new(&item.entry, names, dress, now))
    }

    fn new(entry: &Entry, names: Names, dress: &Dress, now: Timestamp) -> Self {
        let content = &entry.content;
        let own = dress.frame.content(&content.title, dress.title.as_deref());
        let text = entry.full_text.as_deref().unwrap_or(&content.body);
        let signature = Signature::of(&Told {
            title: &content.title,
            own: own.clone(),
            text,
            at: content.published.or(entry.first_seen).unwrap_or(now),
            in_title: &names.in_title(),
            named: &names.all,
        });
        Self {
            signature,
            own: (own.start, own.end),
            names,
        }
    }
}

/// How a feed dresses its titles.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Dress {
    frame: Frame,
    title: Option<String>,
}

impl Dress {
    /// Learnt from titles about to be stored and from the feed's newest.
    pub(super) fn learn<'a>(
        tx: &Transaction<'_>,
        feed: &str,
        coming: impl Iterator<Item = &'a str>,
    ) -> Result<Self> {
        let mut titles: Vec<String> = coming.take(TITLES as usize).map(str::to_owned).collect();
        let mut query = tx.prepare_cached(
            "select title from entry where feed = ?1 order by at desc, seq desc limit ?2",
        )?;
        let rows = query.query_map(params![feed, TITLES], |row| row.get::<_, String>(0))?;
        for title in rows {
            titles.push(title?);
        }
        let title = tx
            .prepare_cached("select coalesce(title, own_title) from feed where id = ?1")?
            .query_row([feed], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(Self {
            frame: Frame::learn(titles.iter().map(String::as_str)),
            title,
        })
    }
}

/// Keeps the sketch of a stored entry, in the place of an older one.
pub(super) fn write(
    tx: &Transaction<'_>,
    entry: i64,
    sketch: &Sketch,
    policy: &Policy,
    now: Timestamp,
) -> Result<()> {
    expire(tx, policy.oldest(now))?;
    keep(tx, entry, sketch, now)
}

/// Sees to it that an entry that has begun a story of its own can be found.
pub(super) fn restore(tx: &Transaction<'_>, entry: i64, now: Timestamp) -> Result<()> {
    if is_kept(tx, entry)? {
        return Ok(());
    }
    let Some(stored) = entries::by_seq(tx, entry)? else {
        return Ok(());
    };
    let dress = Dress::learn(tx, stored.entry.feed_str(), std::iter::empty())?;
    let names = Names::of(&entries::mentions(tx, entry)?);
    keep(
        tx,
        entry,
        &Sketch::new(&stored.entry, names, &dress, now),
        now,
    )
}

fn keep(tx: &Transaction<'_>, entry: i64, sketch: &Sketch, now: Timestamp) -> Result<()> {
    forget(tx, entry)?;
    let terms: Vec<i64> = sketch
        .signature
        .terms()
        .into_iter()
        .map(u64::cast_signed)
        .collect();
    let packed: Vec<u8> = terms.iter().flat_map(|term| term.to_le_bytes()).collect();
    let place = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "insert into story_sketch (entry, at, own_start, own_end, names, terms) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        entry,
        Ms(now),
        place(sketch.own.0),
        place(sketch.own.1),
        Json(&sketch.names),
        packed
    ])?;
    let mut add = tx.prepare_cached(
        "insert into story_term (term, entry) values (?1, ?2) on conflict do nothing",
    )?;
    for term in terms {
        add.execute(params![term, entry])?;
    }
    Ok(())
}

/// Whether an entry has a sketch.
pub(super) fn is_kept(tx: &Transaction<'_>, entry: i64) -> Result<bool> {
    Ok(tx
        .prepare_cached("select exists (select 1 from story_sketch where entry = ?1)")?
        .query_row([entry], |row| row.get(0))?)
}

/// Forgets the sketch of an entry, if there is one.
pub(in crate::store) fn forget(tx: &Transaction<'_>, entry: i64) -> Result<()> {
    let terms: Option<Vec<u8>> = tx
        .prepare_cached("delete from story_sketch where entry = ?1 returning terms")?
        .query_row([entry], |row| row.get(0))
        .optional()?;
    let mut delete = tx.prepare_cached("delete from story_term where term = ?1 and entry = ?2")?;
    for term in terms.unwrap_or_default().chunks_exact(8) {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(term);
        delete.execute(params![i64::from_le_bytes(bytes), entry])?;
    }
    Ok(())
}

/// Forgets a few of the sketches that no story takes copies through any more.
fn expire(tx: &Transaction<'_>, before: Timestamp) -> Result<()> {
    let mut query =
        tx.prepare_cached("select entry from story_sketch where at < ?1 order by at limit ?2")?;
    let rows = query.query_map(params![Ms(before), EXPIRED], |row| row.get(0))?;
    let old: Vec<i64> = rows.collect::<Result<_, _>>()?;
    old.into_iter().try_for_each(|entry| forget(tx, entry))
}

/// The signature of a stored entry, with its story; none where the entry is gone. One without a sketch is read
/// without its feed's dress and without entities; all of its text only where that is wanted, since it takes longest.
pub(super) fn stored(
    tx: &Transaction<'_>,
    entry: i64,
    with_text: bool,
) -> Result<Option<(i64, Signature)>> {
    let letters = if with_text { LETTERS } else { BEGINNING };
    let row = tx
        .prepare_cached(
            "select e.story, e.title, substr(coalesce(e.full_text, e.body), 1, ?2), e.at, s.own_start, s.own_end, s.names
             from entry e left join story_sketch s on s.entry = e.seq where e.seq = ?1",
        )?
        .query_row(params![entry, letters], |row| {
            let place = |at: Option<i64>| at.and_then(|at| usize::try_from(at).ok());
            let (start, end) = (place(row.get(4)?), place(row.get(5)?));
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Ms>(3)?.0,
                start.zip(end),
                row.get::<_, Option<Json<Names>>>(6)?.map(|names| names.0),
            ))
        })
        .optional()?;
    let Some((story, title, text, at, own, names)) = row else {
        return Ok(None);
    };
    let names = names.unwrap_or_default();
    let own = own.map_or_else(
        || Frame::default().content(&title, None),
        |(start, end)| start..end,
    );
    let signature = Signature::of(&Told {
        title: &title,
        own,
        text: &text,
        at,
        in_title: &names.in_title(),
        named: &names.all,
    });
    Ok(Some((story, signature)))
}
