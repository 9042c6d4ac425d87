//! Stories in rows and one story whole: its entries with why each joined, what was told of it, what it has to do with
//! others, and what people changed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::super::board::{self, StoryRow};
use super::super::row::{Ms, Name};
use super::super::{Result, alerts};
use super::owners::owners;
use crate::domain::alert::wire::WireFolded;
use crate::domain::alert::{Held, Reason};
use crate::domain::id::{EntryId, FeedId, RuleId};

/// Rows shown of each kind.
const MOST: u32 = 200;
/// Folded entries that a message lists.
const LISTED: u32 = 50;

/// Which stories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoryFilter {
    /// That went on at or after.
    pub since: Option<Timestamp>,
    /// An entry of which this rule matches.
    pub rule: Option<RuleId>,
    /// Older than this story: the last one of the page before.
    pub before: Option<i64>,
}

/// One story whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryDetail {
    /// As in a list.
    #[serde(flatten)]
    pub row: StoryRow,
    /// Who tells it in words of their own, in the order in which they spoke.
    pub owners: Vec<OwnerRow>,
    /// Its entries, in the order in which they came.
    pub members: Vec<MemberRow>,
    /// What was told of it.
    pub told: Vec<ToldRow>,
    /// Stories of the same people or things.
    pub related: Vec<RelatedRow>,
    /// What people changed.
    pub edits: Vec<EditRow>,
}

/// An independent voice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerRow {
    /// Who.
    pub owner: String,
    /// When first.
    pub at: Timestamp,
    /// In which entry.
    pub entry: EntryId,
}

/// An entry of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberRow {
    /// Which.
    pub entry: EntryId,
    /// Its feed.
    pub feed: FeedId,
    /// Its title.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Why it is in the story: `first`, `url`, `title`, `merge`, `split`, or what it has in common with a copy.
    pub joined_by: String,
    /// What its matches led to.
    pub matches: Vec<MemberMatch>,
}

/// What a match of a member led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberMatch {
    /// The rule.
    pub rule: RuleId,
    /// Why it raised an alert, if it did.
    pub raised: Option<Reason>,
    /// Why it raised none, if it did not.
    pub held: Option<Held>,
    /// The alert it raised or was folded into.
    pub alert: Option<i64>,
}

/// An alert on a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToldRow {
    /// Its id.
    pub alert: i64,
    /// The rule.
    pub rule: RuleId,
    /// Why it exists.
    pub reason: Reason,
    /// When it was raised.
    pub created: Timestamp,
    /// Which entry it is about.
    pub entry: Option<EntryId>,
}

/// A story that another has to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelatedRow {
    /// Which.
    pub story: i64,
    /// The title of its first entry.
    pub title: String,
    /// Why it is another story.
    pub why: String,
}

/// A change that somebody made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// `merge` or `split`.
    pub what: String,
    /// The story that stayed, or that an entry was taken out of.
    pub story: i64,
    /// The story that is gone, or the one that was made.
    pub other: i64,
    /// The entry that was taken out.
    pub entry: Option<String>,
}

/// At most `limit` stories that some rule matches, the last begun first.
pub fn list(conn: &Connection, filter: &StoryFilter, limit: u32) -> Result<Vec<StoryRow>> {
    let mut query = conn.prepare_cached(
        r#"select s.seq from story s where s.last_seen >= ?1 and s.seq < ?2 and exists (
            select 1 from entry e join "match" m on m.entry = e.seq
            where e.story = s.seq and (?3 is null or m.rule = ?3))
         order by s.seq desc limit ?4"#,
    )?;
    let rows = query.query_map(
        params![
            Ms(filter.since.unwrap_or(Timestamp::MIN)),
            filter.before.unwrap_or(i64::MAX),
            filter.rule.as_ref().map(RuleId::as_str),
            limit
        ],
        |row| row.get(0),
    )?;
    let found: Vec<i64> = rows.collect::<Result<_, _>>()?;
    let stories = found
        .into_iter()
        .map(|story| board::one(conn, story, story));
    let stories = stories.collect::<Result<Vec<_>>>()?;
    Ok(stories.into_iter().flatten().collect())
}

/// One story whole. Of one that was merged away, the story that it is in now.
pub fn detail(conn: &Connection, story: i64) -> Result<Option<StoryDetail>> {
    let story = now_in(conn, story)?;
    let Some(row) = board::one(conn, story, story)? else {
        return Ok(None);
    };
    let owners = owners(conn, story)?.into_iter().map(|voice| OwnerRow {
        owner: voice.owner,
        at: voice.at,
        entry: voice.entry,
    });
    Ok(Some(StoryDetail {
        row,
        owners: owners.collect(),
        members: members(conn, story)?,
        told: told(conn, story)?,
        related: related(conn, story)?,
        edits: edits(conn, story)?,
    }))
}

/// Where a story is after merges.
fn now_in(conn: &Connection, mut story: i64) -> Result<i64> {
    let mut query = conn.prepare_cached(
        "select story from story_edit where what = 'merge' and other = ?1 order by seq desc limit 1",
    )?;
    // The older one stays, so that numbers only get smaller.
    while let Some(into) = query
        .query_row([story], |row| row.get::<_, i64>(0))
        .optional()?
        .filter(|into| *into < story)
    {
        story = into;
    }
    Ok(story)
}

fn members(conn: &Connection, story: i64) -> Result<Vec<MemberRow>> {
    let mut query = conn.prepare_cached(
        "select seq, id, feed, title, url, first_seen, joined_by from entry
         where story = ?1 order by seq limit ?2",
    )?;
    let rows = query.query_map(params![story, MOST], |row| {
        let member = MemberRow {
            entry: EntryId::new(row.get::<_, String>(1)?),
            feed: FeedId::new(row.get::<_, String>(2)?),
            title: row.get(3)?,
            url: row.get(4)?,
            first_seen: row.get::<_, Ms>(5)?.0,
            joined_by: row.get(6)?,
            matches: Vec::new(),
        };
        Ok((row.get::<_, i64>(0)?, member))
    })?;
    let found: Vec<(i64, MemberRow)> = rows.collect::<Result<_, _>>()?;
    let mut members = Vec::with_capacity(found.len());
    for (seq, mut member) in found {
        member.matches = matches(conn, seq)?;
        members.push(member);
    }
    Ok(members)
}

fn matches(conn: &Connection, entry: i64) -> Result<Vec<MemberMatch>> {
    let mut query = conn.prepare_cached(
        r#"select rule, raised, held, alert from "match" where entry = ?1 order by seq limit ?2"#,
    )?;
    let rows = query.query_map(params![entry, MOST], |row| {
        Ok(MemberMatch {
            rule: RuleId::new(row.get::<_, String>(0)?),
            raised: row.get::<_, Option<Name<_>>>(1)?.map(|name| name.0),
            held: row.get::<_, Option<Name<_>>>(2)?.map(|name| name.0),
            alert: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn told(conn: &Connection, story: i64) -> Result<Vec<ToldRow>> {
    let mut query = conn.prepare_cached(
        "select a.seq, a.rule, a.reason, a.created, e.id from alert a left join entry e on e.seq = a.entry
         where a.story = ?1 order by a.seq limit ?2",
    )?;
    let rows = query.query_map(params![story, MOST], |row| {
        Ok(ToldRow {
            alert: row.get(0)?,
            rule: RuleId::new(row.get::<_, String>(1)?),
            reason: row.get::<_, Name<_>>(2)?.0,
            created: row.get::<_, Ms>(3)?.0,
            entry: row.get::<_, Option<String>>(4)?.map(EntryId::new),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn related(conn: &Connection, story: i64) -> Result<Vec<RelatedRow>> {
    let mut query = conn.prepare_cached(
        "select l.id, coalesce((select e.title from entry e where e.story = l.id order by e.seq limit 1), ''), l.why
         from (select other as id, why, score from story_link where story = ?1
               union all select story, why, score from story_link where other = ?1) l
         order by l.score desc, l.id limit ?2",
    )?;
    let rows = query.query_map(params![story, MOST], |row| {
        Ok(RelatedRow {
            story: row.get(0)?,
            title: row.get(1)?,
            why: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn edits(conn: &Connection, story: i64) -> Result<Vec<EditRow>> {
    let mut query = conn.prepare_cached(
        "select at, who, what, story, other, entry from story_edit
         where story = ?1 or other = ?1 order by seq limit ?2",
    )?;
    let rows = query.query_map(params![story, MOST], |row| {
        Ok(EditRow {
            at: row.get::<_, Ms>(0)?.0,
            who: row.get(1)?,
            what: row.get(2)?,
            story: row.get(3)?,
            other: row.get(4)?,
            entry: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was folded for a rule since its message before `alert` on a story: what the message of `alert` lists, so that
/// nothing folded wrongly stays unseen. The newest first; none is left out in silence, the story's count tells of more.
pub(in crate::store) fn folded_before(
    conn: &Connection,
    story: i64,
    rule: &str,
    alert: i64,
) -> Result<Vec<WireFolded>> {
    let since = alerts::created_before(conn, (story, rule), alert)?;
    // A story has few entries: they come first, not all that the rule ever matched.
    let mut query = conn.prepare_cached(
        r#"select e.id, e.feed, e.title, e.url, e.joined_by
           from entry e cross join "match" m on m.entry = e.seq
           where e.story = ?1 and +m.rule = ?2 and m.held = ?3 and m.at >= ?4
           group by e.seq order by e.seq desc limit ?5"#,
    )?;
    let rows = query.query_map(
        params![
            story,
            rule,
            Held::Folded.as_str(),
            Ms(since.unwrap_or(Timestamp::MIN)),
            LISTED
        ],
        |row| {
            Ok(WireFolded {
                id: row.get(0)?,
                feed: row.get(1)?,
                title: row.get(2)?,
                url: row.get(3)?,
                why: row.get(4)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}
