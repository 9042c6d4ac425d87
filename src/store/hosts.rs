//! Hosts that said "too many requests": until when nothing asks them, and where their feeds' polls went meanwhile.
//!
//! What an answer means for a host is decided in `domain::feed::limits`; here it is kept, over restarts.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Result;
use super::feeds::{self, FeedRow};
use super::row::{Ms, Name, later};
use crate::domain::feed::limits::{self, HostLimit, HostNews, Said, Waiting};
use crate::domain::feed::schedule::Why;

/// A host that has been quiet for so long is forgotten, in milliseconds.
const FORGOTTEN: i64 = 30 * 86_400_000;

/// Until when nothing asks a poll's hosts; `names` are its [`limits::scopes`].
pub fn bound(conn: &Connection, names: &[String], now: Timestamp) -> Result<Option<Timestamp>> {
    let mut query = conn.prepare_cached("select until from host where name = ?1")?;
    let mut last = None;
    for name in names {
        let until: Option<Option<Ms>> = query.query_row([name], |row| row.get(0)).optional()?;
        let until = until.flatten().map(|until| until.0);
        last = last.max(until.filter(|until| HostLimit::holds(*until, now)));
    }
    Ok(last)
}

/// Until when nothing asks the hosts of a feed.
pub fn bound_of(conn: &Connection, row: &FeedRow, now: Timestamp) -> Result<Option<Timestamp>> {
    let hosts = limits::hosts_of(&row.feed, &row.state);
    bound(conn, &limits::scopes(&hosts), now)
}

/// Until when nothing asks the host of `url`.
pub fn bound_at(conn: &Connection, url: &str, now: Timestamp) -> Result<Option<Timestamp>> {
    let host: Vec<String> = limits::authority(url).into_iter().collect();
    bound(conn, &limits::scopes(&host), now)
}

/// Whether any feed of `host` ever answered well.
pub fn served(conn: &Connection, host: &str) -> Result<bool> {
    let rows = feeds::list(conn)?;
    let well = |row: &FeedRow| {
        row.state.last_success.is_some()
            && limits::hosts_of(&row.feed, &row.state)
                .iter()
                .any(|known| known == host)
    };
    Ok(rows.iter().any(well))
}

/// Keeps what a poll's end says about its host, and moves the polls that this holds back behind the wait, `gap`
/// apart. Returns the names that are bounded by it, with the end of the wait.
pub fn record(
    tx: &Transaction<'_>,
    news: &HostNews,
    gap: Duration,
    now: Timestamp,
) -> Result<Vec<(String, Timestamp)>> {
    let before = get(tx, &news.host)?;
    if news.said == Said::Well && before.is_none() {
        return Ok(Vec::new());
    }
    let before = before.unwrap_or_default();
    let after = before.after(news, now);
    if after != before {
        put(tx, &news.host, &after)?;
        forget(tx, now)?;
    }
    let Some(until) = after
        .until
        .filter(|until| news.said != Said::Well && *until > now)
    else {
        return Ok(Vec::new());
    };
    let mut bounded = vec![(news.host.clone(), until)];
    if let (Said::Limited(..), Some(domain)) = (news.said, limits::domain(&news.host))
        && others_limited(tx, &domain, &news.host, now)?
    {
        let name = limits::whole_domain(&domain);
        let known = get(tx, &name)?.unwrap_or_default();
        let whole = HostLimit {
            until: known.until.max(Some(until)),
            limited: Some(now),
            ..known
        };
        put(tx, &name, &whole)?;
        bounded.push((name, until));
    }
    hold_back(tx, &bounded, gap, now)?;
    Ok(bounded)
}

/// Whether another host of `domain` said 429 just now.
fn others_limited(tx: &Transaction<'_>, domain: &str, host: &str, now: Timestamp) -> Result<bool> {
    let mut query = tx.prepare_cached(
        "select limited from host where domain = ?1 and name <> ?2 and limited is not null",
    )?;
    let times = query.query_map(params![domain, host], |row| Ok(row.get::<_, Ms>(0)?.0))?;
    for other in times {
        if limits::speak_together(other?, now) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Moves the polls that ask a bounded host behind the wait, each to a place of its own.
fn hold_back(
    tx: &Transaction<'_>,
    bounded: &[(String, Timestamp)],
    gap: Duration,
    now: Timestamp,
) -> Result<()> {
    let Some(until) = bounded.iter().map(|(_, until)| *until).max() else {
        return Ok(());
    };
    let held = |row: &FeedRow| {
        let names = limits::scopes(&limits::hosts_of(&row.feed, &row.state));
        names
            .iter()
            .any(|name| bounded.iter().any(|(bounded, _)| bounded == name))
    };
    let rows = feeds::list(tx)?
        .into_iter()
        .filter(|row| row.feed.enabled && !row.state.gone);
    let waiting = rows.filter(held).map(|row| Waiting {
        id: row.feed.id,
        next: row.state.next_poll,
    });
    for (feed, at) in limits::spread(waiting.collect(), until, gap) {
        tx.prepare_cached(
            "update feed set next_poll = ?2, why_then = ?3
             where id = ?1 and not exists (select 1 from under_way where feed = ?1 and until > ?4)",
        )?
        .execute(params![
            feed.as_str(),
            Ms(at),
            Name(Why::RetryAfter),
            Ms(now)
        ])?;
    }
    Ok(())
}

fn get(conn: &Connection, name: &str) -> Result<Option<HostLimit>> {
    Ok(conn
        .prepare_cached("select * from host where name = ?1")?
        .query_row([name], read)
        .optional()?)
}

fn put(tx: &Transaction<'_>, name: &str, limit: &HostLimit) -> Result<()> {
    tx.prepare_cached(
        "insert into host (name, domain, until, limited, times, busy_url, busy_until)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         on conflict (name) do update set until = excluded.until, limited = excluded.limited,
            times = excluded.times, busy_url = excluded.busy_url, busy_until = excluded.busy_until",
    )?
    .execute(params![
        name,
        limits::domain(name),
        limit.until.map(Ms),
        limit.limited.map(Ms),
        limit.times,
        limit.busy_url,
        limit.busy_until.map(Ms),
    ])?;
    Ok(())
}

/// Lets go of hosts that have long been quiet.
fn forget(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "delete from host where coalesce(until, 0) < ?1 and coalesce(limited, 0) < ?1
            and coalesce(busy_until, 0) < ?1",
    )?
    .execute([Ms(later(now, -FORGOTTEN))])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<HostLimit> {
    let at = |name: &str| row.get::<_, Option<Ms>>(name).map(|at| at.map(|at| at.0));
    Ok(HostLimit {
        until: at("until")?,
        limited: at("limited")?,
        times: row.get("times")?,
        busy_url: row.get("busy_url")?,
        busy_until: at("busy_until")?,
    })
}

#[cfg(test)]
mod tests;
