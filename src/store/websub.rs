//! Subscriptions at hubs: one row a feed, and a row for each callback that a hub was given.
//!
//! What a subscription does next is decided in `domain::feed::websub`. Tokens and secrets stand in here because
//! pushes are judged by them; nothing here prints them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::row::{Json, Ms, Name, count, signed};
use super::{Result, StoreError, feeds};
use crate::domain::feed::schedule;
use crate::domain::feed::websub::push::PollNews;
use crate::domain::feed::websub::{Callback, Push, State, Subscription};
use crate::domain::id::FeedId;
use crate::secret::Secret;

/// The subscription of a feed; an empty one where there is none.
pub fn get(conn: &Connection, feed: &FeedId) -> Result<Subscription> {
    let found = conn
        .prepare_cached("select * from websub where feed = ?1")?
        .query_row([feed.as_str()], read)
        .optional()?;
    let Some(mut found) = found else {
        return Ok(Subscription::default());
    };
    found.callbacks = callbacks(conn, feed)?;
    Ok(found)
}

/// All subscriptions, by feed.
pub fn list(conn: &Connection) -> Result<Vec<(FeedId, Subscription)>> {
    let mut query = conn.prepare_cached("select feed from websub order by feed")?;
    let feeds = query.query_map([], |row| row.get::<_, String>(0).map(FeedId::new))?;
    feeds
        .map(|feed| {
            let feed = feed?;
            let found = get(conn, &feed)?;
            Ok((feed, found))
        })
        .collect()
}

/// The feeds whose subscription is to be looked at, those that wait longest first.
pub fn due(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<FeedId>> {
    let mut query =
        conn.prepare_cached("select feed from websub where due <= ?1 order by due, feed limit ?2")?;
    let feeds = query.query_map(params![Ms(now), limit], |row| {
        row.get::<_, String>(0).map(FeedId::new)
    })?;
    Ok(feeds.collect::<Result<_, _>>()?)
}

/// When the next one is to be looked at; none where none is.
pub fn next_due(conn: &Connection) -> Result<Option<Timestamp>> {
    let at: Option<Ms> = conn
        .prepare_cached("select min(due) from websub")?
        .query_row([], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}

/// Whose callback a token is.
pub fn feed_of(conn: &Connection, token: &str) -> Result<Option<FeedId>> {
    Ok(conn
        .prepare_cached("select feed from websub_callback where token = ?1")?
        .query_row([token], |row| row.get::<_, String>(0).map(FeedId::new))
        .optional()?)
}

/// How many subscriptions are in which state.
pub fn counts(conn: &Connection) -> Result<Vec<(State, u64)>> {
    let mut query = conn.prepare_cached("select state, count(*) from websub group by state")?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, Name<State>>(0)?.0, count(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Changes the subscription of a feed, and makes the feed due where its pushes end by that.
pub fn change<T>(
    tx: &Transaction<'_>,
    feed: &FeedId,
    now: Timestamp,
    work: impl FnOnce(&mut Subscription) -> T,
) -> Result<T> {
    let before = get(tx, feed)?;
    let mut after = before.clone();
    let result = work(&mut after);
    if after == before {
        return Ok(result);
    }
    save(tx, feed, &after)?;
    if before.push.since.is_some() && after.push.since.is_none() {
        // Polled as if nothing had ever been pushed, but not sooner than that.
        let at = after.push.otherwise.map_or(now, |at| at.max(now));
        feeds::hasten(tx, feed, at)?;
    }
    Ok(result)
}

/// Takes in what a poll says of hubs and pushes.
pub(super) fn polled(
    tx: &Transaction<'_>,
    feed: &FeedId,
    news: &PollNews,
    now: Timestamp,
) -> Result<()> {
    change(tx, feed, now, |subscription| {
        subscription.push.polled(news);
        if news.offer.is_some() {
            subscription.due = Some(now);
        }
    })
}

/// Nothing listens for pushes any more: every feed is polled as if none had ever come.
pub fn stop(tx: &Transaction<'_>, now: Timestamp) -> Result<u32> {
    let mut stopped = 0;
    for (feed, _) in list(tx)? {
        let was_active = change(tx, &feed, now, |subscription| {
            let was_active = subscription.push.since.is_some();
            *subscription = Subscription {
                push: Push {
                    since: None,
                    until: None,
                    ..std::mem::take(&mut subscription.push)
                },
                ..Subscription::default()
            };
            was_active
        })?;
        stopped += u32::from(was_active);
    }
    Ok(stopped)
}

/// A push that could not be read, or that only says that there is news: the feed is polled soon.
pub fn poll_soon(tx: &Transaction<'_>, feed: &FeedId, now: Timestamp) -> Result<()> {
    let Some(state) = feeds::state(tx, feed)? else {
        return Ok(());
    };
    let floor = state
        .last_poll
        .map_or(now, |last| schedule::later(last, schedule::SHORTEST * 5));
    feeds::hasten(tx, feed, floor.max(now))
}

fn save(tx: &Transaction<'_>, feed: &FeedId, subscription: &Subscription) -> Result<()> {
    tx.prepare_cached("delete from websub_callback where feed = ?1")?
        .execute([feed.as_str()])?;
    if subscription.is_nothing() {
        tx.prepare_cached("delete from websub where feed = ?1")?
            .execute([feed.as_str()])?;
        return Ok(());
    }
    tx.prepare_cached(
        "insert into websub (feed, push, state, target, moved, due, retry, failures, error, last_push,
            pushes, ignored)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         on conflict (feed) do update set push = excluded.push, state = excluded.state,
            target = excluded.target, moved = excluded.moved, due = excluded.due,
            retry = excluded.retry, failures = excluded.failures, error = excluded.error,
            last_push = excluded.last_push, pushes = excluded.pushes, ignored = excluded.ignored",
    )?
    .execute(params![
        feed.as_str(),
        Json(&subscription.push),
        Name(subscription.state),
        subscription.target.as_ref().map(Json),
        subscription.moved.as_ref().map(Json),
        subscription.due.map(Ms),
        subscription.retry.map(Ms),
        subscription.failures,
        subscription.error,
        subscription.last_push.map(Ms),
        signed(subscription.pushes),
        signed(subscription.ignored),
    ])?;
    let mut callbacks = subscription.callbacks.iter();
    callbacks.try_for_each(|callback| save_callback(tx, feed, callback))
}

fn save_callback(tx: &Transaction<'_>, feed: &FeedId, callback: &Callback) -> Result<()> {
    tx.prepare_cached(
        "insert into websub_callback (token, feed, url, hub, topic, secret, stage, asked, renew, until,
            goodbyes)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        callback.token.expose(),
        feed.as_str(),
        callback.url.expose(),
        callback.hub,
        callback.topic,
        callback.secret.as_ref().map(Secret::expose),
        Name(callback.stage),
        Ms(callback.asked),
        callback.renew.map(Ms),
        callback.until.map(Ms),
        callback.goodbyes,
    ])
    .map_err(StoreError::from)?;
    Ok(())
}

fn callbacks(conn: &Connection, feed: &FeedId) -> Result<Vec<Callback>> {
    let mut query =
        conn.prepare_cached("select * from websub_callback where feed = ?1 order by asked, token")?;
    let rows = query.query_map([feed.as_str()], |row| {
        let secret: Option<String> = row.get("secret")?;
        Ok(Callback {
            token: Secret::new(row.get::<_, String>("token")?),
            url: Secret::new(row.get::<_, String>("url")?),
            hub: row.get("hub")?,
            topic: row.get("topic")?,
            secret: secret.map(Secret::new),
            stage: row.get::<_, Name<_>>("stage")?.0,
            asked: row.get::<_, Ms>("asked")?.0,
            renew: row.get::<_, Option<Ms>>("renew")?.map(|at| at.0),
            until: row.get::<_, Option<Ms>>("until")?.map(|at| at.0),
            goodbyes: row.get("goodbyes")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    let at = |name: &str| row.get::<_, Option<Ms>>(name).map(|at| at.map(|at| at.0));
    Ok(Subscription {
        push: row.get::<_, Json<Push>>("push")?.0,
        state: row.get::<_, Name<State>>("state")?.0,
        target: row.get::<_, Option<Json<_>>>("target")?.map(|json| json.0),
        moved: row.get::<_, Option<Json<_>>>("moved")?.map(|json| json.0),
        due: at("due")?,
        retry: at("retry")?,
        failures: row.get("failures")?,
        error: row.get("error")?,
        last_push: at("last_push")?,
        pushes: count(row.get("pushes")?),
        ignored: count(row.get("ignored")?),
        callbacks: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
