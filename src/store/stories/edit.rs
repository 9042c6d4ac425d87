//! What people change about stories: two become one, or an entry is taken out of one.
//!
//! Each change is recorded with who made it and when. A merge tells nobody; a split tells those who were told of the
//! story what was folded away from them.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;

use super::super::alerts::{self, NewAlert};
use super::super::entries::Placed;
use super::super::outbox::Addressee;
use super::super::row::{Ms, Name, Rank, count};
use super::super::{Result, StoreError};
use super::{begin, move_entry, sketch};
use crate::domain::alert::{self, Held, Reason};
use crate::domain::id::{EntryId, ReceiverId};
use crate::domain::rule::Severity;

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such story.
    NoStory(i64),
    /// There is no such entry.
    NoEntry,
    /// The two are one already.
    Same,
    /// The story has no other entry.
    Alone,
    /// The story began with the entry.
    First,
}

impl Refused {
    /// In words, with what to do.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::NoStory(story) => format!("no story {story}: `bongsu stories list` shows them"),
            Self::NoEntry => "no such entry".to_owned(),
            Self::Same => "that is one story already".to_owned(),
            Self::Alone => "the story has no other entry".to_owned(),
            Self::First => {
                "the story began with this entry: split the others out instead".to_owned()
            }
        }
    }
}

/// What a merge did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// The story that is left, the older of the two.
    pub story: i64,
    /// The one that is gone.
    pub gone: i64,
    /// Entries that were moved.
    pub entries: u64,
}

/// What a split did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Split {
    /// The story that the entry was in.
    pub from: i64,
    /// Its own now.
    pub story: i64,
    /// Alerts raised, one for each rule that had folded the entry.
    pub alerts: Vec<i64>,
}

/// Makes one story of two, the older of which stays. No alert is raised: what either rule told, it has told.
pub fn merge(
    tx: &Transaction<'_>,
    (one, other): (i64, i64),
    who: &str,
    now: Timestamp,
) -> Result<Result<Merged, Refused>> {
    for story in [one, other] {
        if !exists(tx, story)? {
            return Ok(Err(Refused::NoStory(story)));
        }
    }
    if one == other {
        return Ok(Err(Refused::Same));
    }
    let (story, gone) = (one.min(other), one.max(other));
    let entries = tx
        .prepare_cached("update entry set story = ?1, joined_by = 'merge' where story = ?2")?
        .execute(params![story, gone])?;
    tx.prepare_cached("update alert set story = ?1 where story = ?2")?
        .execute(params![story, gone])?;
    tx.prepare_cached(
        "update story set first_seen = min(first_seen, (select first_seen from story where seq = ?2)),
            last_seen = max(last_seen, (select last_seen from story where seq = ?2))
         where seq = ?1",
    )?
    .execute(params![story, gone])?;
    tx.prepare_cached("delete from story where seq = ?1")?
        .execute([gone])?;
    record(tx, ("merge", story, gone, None), who, now)?;
    Ok(Ok(Merged {
        story,
        gone,
        entries: u64::try_from(entries).unwrap_or(u64::MAX),
    }))
}

/// Takes an entry out of its story into one of its own, and raises the alerts that folding held back.
pub fn split(
    tx: &Transaction<'_>,
    entry: &EntryId,
    who: &str,
    now: Timestamp,
) -> Result<Result<Split, Refused>> {
    let found = tx
        .prepare_cached(
            "select e.seq, e.revision, e.story, s.first_entry,
                (select count(*) from entry o where o.story = e.story)
             from entry e join story s on s.seq = e.story where e.id = ?1",
        )?
        .query_row([entry.as_str()], |row| {
            let at = Placed {
                seq: row.get(0)?,
                revision: row.get(1)?,
                story: row.get(2)?,
            };
            Ok((at, row.get::<_, String>(3)?, count(row.get(4)?)))
        })
        .optional()?;
    let Some((at, first, entries)) = found else {
        return Ok(Err(Refused::NoEntry));
    };
    if entries < 2 {
        return Ok(Err(Refused::Alone));
    }
    if first == entry.as_str() {
        return Ok(Err(Refused::First));
    }
    let from = at.story;
    let story = begin(tx, entry.as_str(), now)?;
    move_entry(tx, at.seq, story, "split")?;
    // What the entry told itself goes with it.
    tx.prepare_cached("update alert set story = ?1 where story = ?2 and entry = ?3")?
        .execute(params![story, from, at.seq])?;
    sketch::restore(tx, at.seq, now)?;
    record(tx, ("split", from, story, Some(entry)), who, now)?;
    let at = Placed { story, ..at };
    let alerts = unfold(tx, &at, entry, now)?;
    Ok(Ok(Split {
        from,
        story,
        alerts,
    }))
}

/// A match that was folded into an alert.
struct Folded {
    row: i64,
    rule: String,
    severity: Severity,
    alert: i64,
    title: String,
}

/// Raises what was folded, to those who got the alert that it was folded into. The key is that of the first alert on
/// the entry's own story, so that doing it again raises nothing.
fn unfold(tx: &Transaction<'_>, at: &Placed, entry: &EntryId, now: Timestamp) -> Result<Vec<i64>> {
    let mut raised = Vec::new();
    for folded in folded(tx, at.seq)? {
        let key = alert::key(&folded.rule, entry.as_str(), Reason::NewStory, "");
        let place = Placed {
            revision: at.revision,
            ..*at
        };
        let new = NewAlert {
            key: &key,
            severity: folded.severity,
            reason: Reason::NewStory,
            rule: &folded.rule,
            rule_title: &folded.title,
            place: Some(&place),
            body: None,
        };
        let (id, fresh) = alerts::insert(tx, &new, &told(tx, folded.alert)?, now)?;
        tx.prepare_cached(
            r#"update "match" set held = null, raised = ?2, alert = ?3 where seq = ?1"#,
        )?
        .execute(params![folded.row, Name(Reason::NewStory), id])?;
        if fresh {
            raised.push(id);
        }
    }
    Ok(raised)
}

/// The newest folded match of an entry for each rule.
fn folded(tx: &Transaction<'_>, entry: i64) -> Result<Vec<Folded>> {
    let mut query = tx.prepare_cached(
        r#"select max(m.seq), m.rule, m.severity, m.alert, a.rule_title
           from "match" m join alert a on a.seq = m.alert
           where m.entry = ?1 and m.held = ?2 group by m.rule order by 1"#,
    )?;
    let rows = query.query_map(params![entry, Held::Folded.as_str()], |row| {
        Ok(Folded {
            row: row.get(0)?,
            rule: row.get(1)?,
            severity: row.get::<_, Rank>(2)?.0,
            alert: row.get(3)?,
            title: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Those to whom an alert went or goes, each with the time that it was given.
fn told(tx: &Transaction<'_>, alert: i64) -> Result<Vec<Addressee>> {
    let mut query = tx.prepare_cached(
        "select receiver, min(give_up - created) from delivery
         where alert = ?1 and state <> 'cancelled' group by receiver order by receiver",
    )?;
    let rows = query.query_map([alert], |row| {
        Ok(Addressee {
            receiver: ReceiverId::new(row.get::<_, String>(0)?),
            give_up: Duration::from_millis(count(row.get(1)?)),
            skip: None,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn exists(tx: &Transaction<'_>, story: i64) -> Result<bool> {
    Ok(tx
        .prepare_cached("select exists (select 1 from story where seq = ?1)")?
        .query_row([story], |row| row.get(0))?)
}

fn record(
    tx: &Transaction<'_>,
    (what, story, other, entry): (&str, i64, i64, Option<&EntryId>),
    who: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "insert into story_edit (at, who, what, story, other, entry) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        Ms(now),
        who,
        what,
        story,
        other,
        entry.map(EntryId::as_str)
    ])?;
    Ok(())
}
