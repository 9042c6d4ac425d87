//! Linked pages: queued by the poll that brings their entry, claimed, settled; the article stored with what it
//! makes true.
//!
//! Which pages are wanted and when one is tried again is decided in `domain::entry::page`.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use serde::Serialize;

use super::entries::{self, Placed, StoredEntry};
use super::polls::{PollCommit, PollResult, Recorded, RuleMatch, Terms, record_case};
use super::row::{Json, Ms, Name, count, later, millis};
use super::stories::Placer;
use super::timing::Gate;
use super::{Result, hosts};
use crate::domain::alert::manners::Manners;
use crate::domain::entry::page::{MOST_TRIES, State, Wanted};
use crate::domain::id::{EntryId, FeedId};
use crate::domain::story::policy::Policy;

/// Other entries of a feed that link to a page: with more, it is the page of none of them.
const MOST_SHARERS: u32 = 2;
/// The article of a page that another entry links to is taken over for so long.
const SAME_PAGE: Duration = Duration::from_hours(24);

/// A page and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PageRow {
    /// Where it is.
    pub url: String,
    /// Where it stands.
    pub state: State,
    /// When it is fetched, where it is to be.
    pub due: Option<Timestamp>,
    /// Tries so far.
    pub attempts: u32,
    /// When it was last tried.
    pub last_attempt: Option<Timestamp>,
    /// Why it was not read, or not yet.
    pub last_error: Option<String>,
}

/// A page to be fetched now.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The entry that links to it, as it is now.
    pub entry: StoredEntry,
    /// Where it is.
    pub url: String,
    /// Its host and port.
    pub host: String,
    /// Tries, this one included.
    pub attempts: u32,
    /// How often it was queued.
    pub rounds: u32,
    /// The feed's own title.
    pub feed_title: Option<String>,
    /// Its article, where another entry had it a short while ago.
    pub copy: Option<String>,
    backlog_before: Timestamp,
    undated_is_backlog: bool,
}

/// How a try that brought no article ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The next try; none when there is none.
    pub due: Option<Timestamp>,
    /// The page is not wanted any more, rather than given up.
    pub skipped: bool,
    /// Why.
    pub why: String,
    /// Until when no page of the host is fetched.
    pub hold: Option<Timestamp>,
}

/// Queues the pages of a poll's entries, in its transaction; gives back how many are to be fetched.
pub(super) fn queue(tx: &Transaction<'_>, commit: &PollCommit) -> Result<u32> {
    let mut queued = 0;
    for page in &commit.pages {
        queued += u32::from(queue_one(tx, commit, page)?);
    }
    for revised in &commit.revised {
        // The article was stored while this poll was under way, and the change has taken it away again.
        tx.prepare_cached(
            "update page set state = 'due', due = ?2, attempts = 0 where state = 'read'
                and entry = (select seq from entry where id = ?1 and full_text is null)",
        )?
        .execute(params![revised.now.entry.id.as_str(), Ms(commit.now)])?;
    }
    Ok(queued)
}

fn queue_one(tx: &Transaction<'_>, commit: &PollCommit, page: &Wanted) -> Result<bool> {
    let sharers: Option<u32> = tx
        .prepare_cached(
            "select (select count(*) from entry o
                where o.url_hash = e.url_hash and o.feed = e.feed and o.seq <> e.seq)
             from entry e where e.id = ?1",
        )?
        .query_row([page.entry.as_str()], |row| row.get(0))
        .optional()?;
    let Some(sharers) = sharers else {
        return Ok(false);
    };
    let crowded = (sharers > MOST_SHARERS).then_some("many entries link to this page");
    let skip = page.skip.or(crowded);
    let again = "do update set url = excluded.url, host = excluded.host, state = excluded.state,
        due = excluded.due, last_error = excluded.last_error, attempts = 0, rounds = rounds + 1";
    let changed = tx
        .prepare_cached(&format!(
            "insert into page (entry, feed, url, host, state, due, last_error, backlog_before, undated_is_backlog)
             select seq, :feed, :url, :host, :state, :due, :why, :backlog, :undated from entry where id = :entry
             on conflict (entry) {}",
            if page.again { again } else { "do nothing" }
        ))?
        .execute(named_params! {
            ":entry": page.entry.as_str(),
            ":feed": commit.feed.as_str(),
            ":url": page.url,
            ":host": page.host,
            ":state": Name(if skip.is_some() { State::Skipped } else { State::Due }),
            ":due": skip.is_none().then_some(Ms(commit.now)),
            ":why": skip,
            ":backlog": Ms(commit.backlog_before),
            ":undated": commit.undated_is_backlog,
        })?;
    Ok(changed > 0 && skip.is_none())
}

/// How often the page of an entry was queued, and the text that was read there.
pub fn standing(conn: &Connection, entry: &EntryId) -> Result<(u32, Option<String>)> {
    Ok(conn
        .prepare_cached(
            "select coalesce(p.rounds, 0), e.full_text
             from entry e left join page p on p.entry = e.seq where e.id = ?1",
        )?
        .query_row([entry.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default())
}

/// Whether any page's time has come.
pub fn is_due(conn: &Connection, now: Timestamp) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "select exists (select 1 from page where state in ('due', 'fetching') and due <= ?1)",
        )?
        .query_row([Ms(now)], |row| row.get(0))?)
}

/// Takes pages whose time has come, at most `limit`, one of a host and none of the `busy` ones; others may take
/// them after `lease`. A feed whose publisher asked to be left alone has none.
pub fn claim(
    tx: &Transaction<'_>,
    busy: &[String],
    limit: usize,
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Claimed>> {
    let mut query = tx.prepare_cached(
        "select entry from (
            select p.entry, p.due, row_number() over (partition by p.host order by p.due, p.entry) as place
            from page p left join feed f on f.id = p.feed
            where p.state in ('due', 'fetching') and p.due <= ?1
                and coalesce(f.retry_after, ?1) <= ?1
                and p.host not in (select value from json_each(?2)))
         where place = 1 order by due, entry limit ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = query.query_map(params![Ms(now), Json(busy), limit], |row| row.get(0))?;
    let found: Vec<i64> = rows.collect::<Result<_, _>>()?;
    let mut claimed = Vec::with_capacity(found.len());
    for entry in found {
        if put_behind_wait(tx, entry, now)? {
            continue;
        }
        tx.prepare_cached(
            "update page set state = 'fetching', due = ?2, attempts = attempts + 1, last_attempt = ?3
             where entry = ?1",
        )?
        .execute(params![entry, Ms(later(now, millis(lease))), Ms(now)])?;
        claimed.extend(read_claimed(tx, entry, now)?);
    }
    Ok(claimed)
}

/// Whether the page's host asked to be left alone; then the page waits as long.
fn put_behind_wait(tx: &Transaction<'_>, entry: i64, now: Timestamp) -> Result<bool> {
    let url: String = tx
        .prepare_cached("select url from page where entry = ?1")?
        .query_row([entry], |row| row.get(0))?;
    let Some(until) = hosts::bound_at(tx, &url, now)? else {
        return Ok(false);
    };
    tx.prepare_cached("update page set due = ?2 where entry = ?1")?
        .execute(params![entry, Ms(until)])?;
    Ok(true)
}

fn read_claimed(tx: &Transaction<'_>, seq: i64, now: Timestamp) -> Result<Option<Claimed>> {
    let Some(entry) = entries::by_seq(tx, seq)? else {
        return Ok(None);
    };
    let since = Ms(later(now, millis(SAME_PAGE).saturating_neg()));
    Ok(tx
        .prepare_cached(
            "select p.url, p.host, p.attempts, p.rounds, p.backlog_before, p.undated_is_backlog,
                coalesce(f.title, f.own_title),
                (select o.full_text from entry o join page q on q.entry = o.seq
                 where o.url_hash = e.url_hash and o.seq <> e.seq and p.rounds = 1
                    and q.state = 'read' and q.last_attempt >= ?2
                 order by q.last_attempt desc limit 1)
             from page p join entry e on e.seq = p.entry left join feed f on f.id = p.feed
             where p.entry = ?1",
        )?
        .query_row(params![seq, since], |row| {
            Ok(Claimed {
                entry,
                url: row.get(0)?,
                host: row.get(1)?,
                attempts: row.get(2)?,
                rounds: row.get(3)?,
                backlog_before: row.get::<_, Ms>(4)?.0,
                undated_is_backlog: row.get(5)?,
                feed_title: row.get(6)?,
                copy: row.get(7)?,
            })
        })
        .optional()?)
}

/// Notes how a try ended that brought no article; nothing where the page was queued anew meanwhile.
pub fn settle(tx: &Transaction<'_>, claimed: &Claimed, settled: &Settled) -> Result<()> {
    let state = match settled {
        Settled { due: Some(_), .. } => State::Due,
        Settled { skipped: true, .. } => State::Skipped,
        _ => State::Failed,
    };
    tx.prepare_cached(
        "update page set state = ?3, due = ?4, last_error = ?5
         where entry = ?1 and rounds = ?2 and state = 'fetching'",
    )?
    .execute(params![
        claimed.entry.seq,
        claimed.rounds,
        Name(state),
        settled.due.map(Ms),
        settled.why
    ])?;
    if let Some(until) = settled.hold {
        tx.prepare_cached("update page set due = max(due, ?2) where host = ?1 and state = 'due'")?
            .execute(params![claimed.host, Ms(until)])?;
    }
    Ok(())
}

/// Stores the article that `item` bears as its full text, and what it makes true; none where the entry has changed
/// since it was claimed.
///
/// It is no revision: the feed says what it said. A rule that the entry satisfied before says nothing again; one that
/// only the article satisfies is decided as if the poll had found it.
pub fn record(
    tx: &Transaction<'_>,
    claimed: &Claimed,
    item: &Recorded,
    (manners, policy, now): (&Manners, &Policy, Timestamp),
) -> Result<Option<PollResult>> {
    let seq = claimed.entry.seq;
    let fresh = tx
        .prepare_cached(
            "update page set state = 'read', due = null, last_error = null
             where entry = ?1 and rounds = ?2 and state = 'fetching'
                and exists (select 1 from entry where seq = ?1 and revision = ?3)",
        )?
        .execute(params![seq, claimed.rounds, claimed.entry.revision])?;
    if fresh == 0 {
        tx.prepare_cached(
            "update page set state = 'due', due = ?3, attempts = 0
             where entry = ?1 and rounds = ?2 and state = 'fetching'",
        )?
        .execute(params![seq, claimed.rounds, Ms(now)])?;
        return Ok(None);
    }
    tx.prepare_cached("update entry set full_text = ?2 where seq = ?1")?
        .execute(params![seq, item.entry.full_text])?;
    tx.prepare_cached("delete from mention where entry = ?1")?
        .execute([seq])?;
    let mut at = Placed {
        seq,
        revision: claimed.entry.revision,
        story: story_of(tx, seq)?,
    };
    Placer::later(policy, item.entry.feed_str(), now).revisit(tx, &mut at, item)?;
    let mut item = item.clone();
    item.matches = unknown(tx, seq, item.matches)?;
    let gate = Gate::load(tx, manners, now)?;
    let terms = Terms {
        backlog_before: claimed.backlog_before,
        undated_is_backlog: claimed.undated_is_backlog,
        gate: &gate,
        now,
    };
    record_case(tx, &terms, at, &item).map(Some)
}

/// The story of an entry, which people may have changed since the page was claimed.
fn story_of(tx: &Transaction<'_>, entry: i64) -> Result<i64> {
    Ok(tx
        .prepare_cached("select story from entry where seq = ?1")?
        .query_row([entry], |row| row.get(0))?)
}

/// Of these matches those of rules that the entry never satisfied before.
fn unknown(tx: &Transaction<'_>, entry: i64, matches: Vec<RuleMatch>) -> Result<Vec<RuleMatch>> {
    let mut known = tx.prepare_cached(
        r#"select exists (select 1 from "match" where entry = ?1 and rule = ?2)"#,
    )?;
    let mut unknown = Vec::with_capacity(matches.len());
    for found in matches {
        let rule = found.found.rule.as_str();
        if !known.query_row(params![entry, rule], |row| row.get(0))? {
            unknown.push(found);
        }
    }
    Ok(unknown)
}

/// Pages that a dead owner had under way are due at once; one that was tried often enough may be what it died of.
pub(super) fn free_interrupted(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.execute(
        "update page set state = 'failed', due = null, last_error = 'the process ended while it was read'
         where state = 'fetching' and attempts >= ?1",
        [MOST_TRIES],
    )?;
    tx.execute(
        "update page set state = 'due', due = ?1 where state = 'fetching'",
        [Ms(now)],
    )?;
    Ok(())
}

/// The page of an entry, where its feed has `full_text`.
pub fn of_entry(conn: &Connection, entry: i64) -> Result<Option<PageRow>> {
    Ok(conn
        .prepare_cached(
            "select url, state, due, attempts, last_attempt, last_error from page where entry = ?1",
        )?
        .query_row([entry], read_row)
        .optional()?)
}

/// How many pages of a feed stand where.
pub fn counts(conn: &Connection, feed: &FeedId) -> Result<Vec<(State, u64)>> {
    let mut query = conn.prepare_cached(
        "select state, count(*) from page where feed = ?1 group by state order by state",
    )?;
    let rows = query.query_map([feed.as_str()], |row| {
        Ok((row.get::<_, Name<State>>(0)?.0, count(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many pages are to be fetched.
pub fn waiting(conn: &Connection) -> Result<u64> {
    Ok(conn
        .prepare_cached("select count(*) from page where state in ('due', 'fetching')")?
        .query_row([], |row| Ok(count(row.get(0)?)))?)
}

/// Why the last page of a feed that could not be read, or not yet, was not.
pub fn last_error(conn: &Connection, feed: &FeedId) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached(
            "select last_error from page where feed = ?1 and state in ('due', 'failed') and last_error is not null
             order by last_attempt desc limit 1",
        )?
        .query_row([feed.as_str()], |row| row.get(0))
        .optional()?)
}

/// When the next page is due after `now`.
pub fn next_due(conn: &Connection, now: Timestamp) -> Result<Option<Timestamp>> {
    let next: Option<Ms> = conn
        .prepare_cached(
            "select min(due) from page where state in ('due', 'fetching') and due > ?1",
        )?
        .query_row([Ms(now)], |row| row.get(0))?;
    Ok(next.map(|at| at.0))
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<PageRow> {
    let at = |index: usize| row.get::<_, Option<Ms>>(index).map(|at| at.map(|at| at.0));
    Ok(PageRow {
        url: row.get(0)?,
        state: row.get::<_, Name<_>>(1)?.0,
        due: at(2)?,
        attempts: row.get(3)?,
        last_attempt: at(4)?,
        last_error: row.get(5)?,
    })
}

#[cfg(test)]
mod tests;
