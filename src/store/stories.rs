//! Stories: which one an entry joins, what the outside sees of one, and what people change about them.
//!
//! An entry joins by its canonical URL, by its folded title, or, where a rule or an entity watches it, as a copy of an
//! entry that the story is joined through (`find`). Entries that nobody watches raise no alert and are not compared.

mod edit;
mod find;
mod owners;
mod show;
mod sketch;

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, params};

use self::find::Found;
use self::sketch::{Dress, Sketch};
use super::entries::{Marks, Placed};
use super::polls::{PollCommit, Recorded};
use super::row::{Ms, count};
use super::{Result, StoreError, entries};
use crate::domain::alert::wire::WireStory;
use crate::domain::entry::wire::WireEntry;
use crate::domain::story::compare::same_title_apart;
use crate::domain::story::policy::Policy;

pub use edit::{Merged, Refused, Split, merge, split};
pub use owners::owners;
pub(super) use show::folded_before;
pub use show::{
    EditRow, MemberMatch, MemberRow, OwnerRow, RelatedRow, StoryDetail, StoryFilter, ToldRow,
    detail, list,
};
pub(super) use sketch::forget;

/// Likeness from which on a story is joined through a copy too, not only through its first entry.
const CLOSE: f32 = 0.90;

/// The story an entry was put into.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// Its row.
    pub seq: i64,
    /// How the entry came in: `first`, `url`, `title`, or what it has in common with a copy.
    pub joined_by: Cow<'static, str>,
    /// Others join the story through this entry.
    is_way_in: bool,
    sketch: Option<Sketch>,
    related: Vec<Found>,
}

/// What the entries of one feed are placed by.
pub(super) struct Placer<'a, 't> {
    policy: &'a Policy,
    now: Timestamp,
    feed: &'a str,
    /// Entries that are about to be stored.
    coming: &'a [Recorded],
    /// Learnt when the first watched entry comes.
    dress: Option<Dress>,
    /// Statements that nearly every new entry takes, looked up once.
    by_url: Option<CachedStatement<'t>>,
    by_title: Option<CachedStatement<'t>>,
    beginning: Option<CachedStatement<'t>>,
}

impl<'a, 't> Placer<'a, 't> {
    /// For the entries of a poll.
    pub(super) fn new(commit: &'a PollCommit) -> Self {
        Self {
            coming: &commit.new,
            ..Self::later(&commit.story, commit.feed.as_str(), commit.now)
        }
    }

    /// For an entry of which more is known than when it was stored.
    pub(super) fn later(policy: &'a Policy, feed: &'a str, now: Timestamp) -> Self {
        Self {
            policy,
            now,
            feed,
            coming: &[],
            dress: None,
            by_url: None,
            by_title: None,
            beginning: None,
        }
    }

    /// What a watched entry is compared by; none where nobody watches.
    fn sketch(&mut self, tx: &Transaction<'_>, item: &Recorded) -> Result<Option<Sketch>> {
        if item.matches.is_empty() && item.mentions.is_empty() {
            return Ok(None);
        }
        if self.dress.is_none() {
            let titles = self.coming.iter();
            let coming = titles.map(|item| item.entry.content.title.as_str());
            self.dress = Some(Dress::learn(tx, self.feed, coming)?);
        }
        let dress = self.dress.as_ref();
        Ok(dress.and_then(|dress| Sketch::of(item, dress, self.now)))
    }

    /// Finds the story of a new entry, or begins one.
    pub(super) fn place(
        &mut self,
        tx: &'t Transaction<'_>,
        item: &Recorded,
        marks: Marks,
    ) -> Result<Home> {
        let sketch = self.sketch(tx, item)?;
        if let Some(mut home) = self.by_marks(tx, marks, sketch.as_ref())? {
            home.sketch = sketch;
            return Ok(home);
        }
        let Some(sketch) = sketch else {
            return self.begin(tx, item, None, Vec::new());
        };
        let finding = find::nearest(tx, &sketch, self.policy, None, self.now)?;
        let Some(found) = finding.same else {
            return self.begin(tx, item, Some(sketch), finding.related);
        };
        join(tx, found.story, self.now)?;
        Ok(Home {
            seq: found.story,
            is_way_in: found.verdict.score >= CLOSE,
            joined_by: Cow::Owned(found.verdict.why),
            sketch: Some(sketch),
            related: finding.related,
        })
    }

    /// The story of the same page, or of the same title unless the entry contradicts it.
    fn by_marks(
        &mut self,
        tx: &'t Transaction<'_>,
        marks: Marks,
        sketch: Option<&Sketch>,
    ) -> Result<Option<Home>> {
        for joined_by in ["url", "title"] {
            let Some((story, entry)) = self.newest(tx, marks, joined_by)? else {
                continue;
            };
            if !find::takes(tx, story, self.policy, self.now)? {
                continue;
            }
            if joined_by == "title" && self.contradicts(tx, sketch, entry)? {
                continue;
            }
            join(tx, story, self.now)?;
            return Ok(Some(Home {
                seq: story,
                joined_by: Cow::Borrowed(joined_by),
                is_way_in: false,
                sketch: None,
                related: Vec::new(),
            }));
        }
        Ok(None)
    }

    /// The newest story with an entry of the same page or title, and that entry.
    fn newest(
        &mut self,
        tx: &'t Transaction<'_>,
        marks: Marks,
        joined_by: &str,
    ) -> Result<Option<(i64, i64)>> {
        let by_url = "select story, seq from entry where url_hash = ?1 order by story desc limit 1";
        let by_title =
            "select story, seq from entry where title_hash = ?1 order by story desc limit 1";
        let (mark, statement, sql) = match joined_by {
            "url" => (marks.url, &mut self.by_url, by_url),
            _ => (marks.title, &mut self.by_title, by_title),
        };
        let Some(mark) = mark else { return Ok(None) };
        Ok(prepared(statement, tx, sql)?
            .query_row([mark], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    /// Whether a watched entry and a stored one of the same title are different news all the same.
    fn contradicts(
        &self,
        tx: &Transaction<'_>,
        sketch: Option<&Sketch>,
        entry: i64,
    ) -> Result<bool> {
        let Some(sketch) = sketch else {
            return Ok(false);
        };
        let stored = sketch::stored(tx, entry, true)?;
        Ok(stored.is_some_and(|(_, stored)| {
            same_title_apart(&sketch.signature, &stored, self.policy).is_some()
        }))
    }

    fn begin(
        &mut self,
        tx: &'t Transaction<'_>,
        item: &Recorded,
        sketch: Option<Sketch>,
        related: Vec<Found>,
    ) -> Result<Home> {
        Ok(Home {
            seq: prepared(&mut self.beginning, tx, BEGIN)?
                .insert(params![item.entry.id.as_str(), Ms(self.now)])?,
            joined_by: Cow::Borrowed("first"),
            is_way_in: true,
            sketch,
            related,
        })
    }

    /// Notes what a stored entry can be found by, and what its story has to do with others. Others join through the
    /// first entry of a story, through those that raised an alert, and through close copies.
    pub(super) fn settle(
        &self,
        tx: &Transaction<'_>,
        at: &Placed,
        home: &Home,
        alerted: bool,
    ) -> Result<()> {
        let Some(sketch) = &home.sketch else {
            return Ok(());
        };
        if home.is_way_in || alerted {
            sketch::write(tx, at.seq, sketch, self.policy, self.now)?;
        }
        for found in &home.related {
            link(tx, at.story, found, self.now)?;
        }
        Ok(())
    }

    /// A changed entry that is watched now is looked at anew: alone in a story of its own of which nobody was told, it
    /// joins the story that it is a copy of.
    pub(super) fn revisit(
        &mut self,
        tx: &Transaction<'_>,
        at: &mut Placed,
        item: &Recorded,
    ) -> Result<()> {
        let Some(sketch) = self.sketch(tx, item)? else {
            return forget(tx, at.seq);
        };
        if is_alone(tx, at)? {
            let finding = find::nearest(tx, &sketch, self.policy, Some(at.story), self.now)?;
            if let Some(found) = finding.same {
                join(tx, found.story, self.now)?;
                forget(tx, at.seq)?;
                move_entry(tx, at.seq, found.story, &found.verdict.why)?;
                drop_if_empty(tx, at.story)?;
                at.story = found.story;
                return Ok(());
            }
        }
        if is_first(tx, at)? || sketch::is_kept(tx, at.seq)? {
            sketch::write(tx, at.seq, &sketch, self.policy, self.now)?;
        }
        Ok(())
    }
}

const BEGIN: &str = "insert into story (first_entry, first_seen, last_seen) values (?1, ?2, ?2)";

/// Begins a story with an entry.
fn begin(tx: &Transaction<'_>, first_entry: &str, now: Timestamp) -> Result<i64> {
    Ok(tx
        .prepare_cached(BEGIN)?
        .insert(params![first_entry, Ms(now)])?)
}

/// A statement that is looked up when first asked for, and then kept.
fn prepared<'s, 't>(
    kept: &'s mut Option<CachedStatement<'t>>,
    tx: &'t Transaction<'_>,
    sql: &str,
) -> Result<&'s mut CachedStatement<'t>> {
    if kept.is_none() {
        *kept = Some(tx.prepare_cached(sql)?);
    }
    kept.as_mut()
        .ok_or_else(|| StoreError::fault("a statement was lost"))
}

/// Notes that a story goes on.
fn join(tx: &Transaction<'_>, story: i64, now: Timestamp) -> Result<()> {
    tx.prepare_cached("update story set last_seen = max(last_seen, ?2) where seq = ?1")?
        .execute(params![story, Ms(now)])?;
    Ok(())
}

/// Puts a stored entry into another story.
fn move_entry(tx: &Transaction<'_>, entry: i64, story: i64, joined_by: &str) -> Result<()> {
    tx.prepare_cached("update entry set story = ?2, joined_by = ?3 where seq = ?1")?
        .execute(params![entry, story, joined_by])?;
    Ok(())
}

/// Deletes a story that no entry and no alert is of.
pub(super) fn drop_if_empty(tx: &Transaction<'_>, story: i64) -> Result<()> {
    tx.prepare_cached(
        "delete from story where seq = ?1
            and not exists (select 1 from entry where story = ?1)
            and not exists (select 1 from alert where story = ?1)",
    )?
    .execute([story])?;
    Ok(())
}

fn is_alone(tx: &Transaction<'_>, at: &Placed) -> Result<bool> {
    Ok(tx
        .prepare_cached(
            "select not exists (select 1 from entry where story = ?1 and seq <> ?2)
                and not exists (select 1 from alert where story = ?1)",
        )?
        .query_row([at.story, at.seq], |row| row.get(0))?)
}

fn is_first(tx: &Transaction<'_>, at: &Placed) -> Result<bool> {
    Ok(tx
        .prepare_cached(
            "select exists (select 1 from story s join entry e on e.id = s.first_entry
             where s.seq = ?1 and e.seq = ?2)",
        )?
        .query_row([at.story, at.seq], |row| row.get(0))?)
}

/// Notes that two stories have to do with each other.
fn link(tx: &Transaction<'_>, story: i64, found: &Found, now: Timestamp) -> Result<()> {
    if story == found.story {
        return Ok(());
    }
    tx.prepare_cached(
        "insert into story_link (story, other, score, why, at)
         select ?1, ?2, ?3, ?4, ?5 where exists (select 1 from story where seq = ?2)
            and not exists (select 1 from story_link where story = ?2 and other = ?1)
         on conflict do nothing",
    )?
    .execute(params![
        story,
        found.story,
        f64::from(found.verdict.score),
        found.verdict.why,
        Ms(now)
    ])?;
    Ok(())
}

/// The id of the entry that a story began with: what the keys of its alerts are made of.
pub(super) fn first_entry(conn: &Connection, story: i64) -> Result<String> {
    Ok(conn
        .prepare_cached("select first_entry from story where seq = ?1")?
        .query_row([story], |row| row.get(0))?)
}

/// A story as the outside sees it, counted now.
pub fn wire(conn: &Connection, story: i64) -> Result<Option<WireStory>> {
    let first_seen: Option<Ms> = conn
        .prepare_cached("select first_seen from story where seq = ?1")?
        .query_row([story], |row| row.get(0))
        .optional()?;
    let Some(Ms(first_seen)) = first_seen else {
        return Ok(None);
    };
    let mut query = conn.prepare_cached(
        "select feed, count(*), min(seq) from entry where story = ?1 group by feed order by 3",
    )?;
    let mut rows = query.query([story])?;
    let mut wire = WireStory {
        id: story.to_string(),
        entries: 0,
        feeds: Vec::new(),
        first_seen,
        folded: Vec::new(),
    };
    while let Some(row) = rows.next()? {
        wire.feeds.push(row.get(0)?);
        wire.entries += count(row.get(1)?);
    }
    Ok(Some(wire))
}

/// The entries of a story, in the order they came, with how each joined.
pub fn members(conn: &Connection, story: i64, limit: u32) -> Result<Vec<(WireEntry, String)>> {
    let mut query = conn.prepare_cached(
        "select seq, joined_by from entry where story = ?1 order by seq limit ?2",
    )?;
    let rows = query.query_map(params![story, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    let mut members = Vec::with_capacity(found.len());
    for (seq, joined_by) in found {
        if let Some(stored) = entries::by_seq(conn, seq)? {
            members.push((stored.wire(), joined_by));
        }
    }
    Ok(members)
}
