//! What one-tap links are signed with, and the links of an alert for one receiver.
//!
//! Tokens are made and read in `domain::alert::token`; the key is drawn once for a store and never leaves it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::alerts::wire;
use super::row::Ms;
use super::{Result, StoreError};
use crate::domain::alert::token::{Ack, Refusal, VALID};
use crate::domain::alert::wire::{WireAlert, WireAlso, WireFolded};
use crate::domain::id::ReceiverId;

const KEY: &str = "links.key";

/// Draws the key where there is none.
pub(super) fn ensure_key(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.execute(
        "insert into meta (key, value, at) values (?1, lower(hex(randomblob(32))), ?2) on conflict do nothing",
        params![KEY, Ms(now)],
    )?;
    Ok(())
}

fn key(conn: &Connection) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached("select value from meta where key = ?1")?
        .query_row([KEY], |row| row.get(0))
        .optional()?)
}

/// An alert as it is sent to one receiver: with the link by which it is acknowledged, where people have an address
/// to reach us at. Tests have none, and neither does what says that all is well again.
pub fn wire_to(
    conn: &Connection,
    alert: i64,
    (receiver, public_url): (&ReceiverId, Option<&str>),
    now: Timestamp,
) -> Result<Option<WireAlert>> {
    let Some(mut wire) = wire(conn, alert, public_url)? else {
        return Ok(None);
    };
    if let (Some(url), Some(key), false) = (public_url, key(conn)?, wire.test) {
        let ack = Ack {
            alert,
            receiver: receiver.clone(),
            expires: now.checked_add(VALID).unwrap_or(Timestamp::MAX),
        };
        let token = ack.token(key.as_bytes());
        wire.links.ack = Some(format!("{}/a/{token}", url.trim_end_matches('/')));
    }
    Ok(Some(wire))
}

/// Adds to an alert those that come in the same message: by which rule, of which entry where that is another one, and
/// what was folded for them.
pub fn add_beside(conn: &Connection, wire: &mut WireAlert, others: &[i64]) -> Result<()> {
    for alert in others {
        let Some(other) = super::alerts::wire(conn, *alert, None)? else {
            continue;
        };
        let own = wire.entry.as_ref().map(|entry| &entry.id);
        let entry = other.entry.filter(|entry| Some(&entry.id) != own);
        wire.also.push(WireAlso {
            id: other.id,
            rule: other.rule,
            entry: entry.map(|entry| WireFolded {
                id: entry.id,
                feed: entry.feed,
                title: entry.title,
                url: entry.url,
                why: String::new(),
            }),
        });
        let (Some(story), Some(others)) = (&mut wire.story, other.story) else {
            continue;
        };
        for folded in others.folded {
            if !story.folded.iter().any(|known| known.id == folded.id) {
                story.folded.push(folded);
            }
        }
    }
    Ok(())
}

/// What a link's token says.
pub fn read(
    conn: &Connection,
    token: &str,
    now: Timestamp,
) -> Result<std::result::Result<Ack, Refusal>> {
    let key = key(conn)?.ok_or_else(|| StoreError::fault("no links were ever made"))?;
    Ok(Ack::read(token, key.as_bytes(), now))
}
