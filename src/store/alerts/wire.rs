//! An alert as it is sent, put together from rows; and everything that is known of one.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

use super::super::outbox::{self, DeliveryRow};
use super::super::row::{Json, Ms, Name, Rank};
use super::super::{Result, digests, entries, stories};
use super::list::{self, AlertRow};
use crate::domain::alert::wire::{WireAlert, WireLinks, WireRule};
use crate::domain::alert::{Reason, digest};
use crate::domain::entry::wire::WireEntry;
use crate::domain::matching::Evidence;
use crate::domain::rule::Severity;

/// Everything that is known of an alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertDetail {
    /// As it is sent.
    pub alert: WireAlert,
    /// Where it stands.
    pub row: AlertRow,
    /// To whom it went, or goes, or did not go, with each attempt.
    pub deliveries: Vec<DeliveryRow>,
}

/// The columns of an alert that its wire form is made of.
struct Stored {
    key: String,
    created: Timestamp,
    severity: Severity,
    reason: Reason,
    rule: WireRule,
    entry: Option<i64>,
    revision: Option<u32>,
    story: Option<i64>,
    body: Option<WireAlert>,
}

/// An alert as it is sent now: the entry as it was when it matched, the story as it has grown since.
pub fn wire(conn: &Connection, alert: i64, public_url: Option<&str>) -> Result<Option<WireAlert>> {
    let Some(stored) = conn
        .prepare_cached(
            "select key, created, severity, reason, rule, rule_title, entry, revision, story, body
             from alert where seq = ?1",
        )?
        .query_row([alert], read_stored)
        .optional()?
    else {
        return Ok(None);
    };
    let links = WireLinks {
        alert: public_url.map(|url| format!("{}/alerts/{alert}", url.trim_end_matches('/'))),
        ack: None,
    };
    if let Some(body) = stored.body {
        return Ok(Some(WireAlert {
            id: alert.to_string(),
            created: stored.created,
            alerts: gathered(conn, alert, body.reason, public_url)?,
            links,
            ..body
        }));
    }
    let mut story = match stored.story {
        Some(story) => stories::wire(conn, story)?,
        None => None,
    };
    if let (Some(seq), Some(story)) = (stored.story, &mut story) {
        story.folded = stories::folded_before(conn, seq, &stored.rule.id, alert)?;
    }
    let (severity, reason) = (stored.severity, stored.reason);
    Ok(Some(WireAlert {
        id: alert.to_string(),
        entry: entry_then(conn, stored.entry, stored.revision)?,
        matches: evidence(conn, alert)?,
        story,
        links,
        ..WireAlert::new(stored.key, stored.rule, severity, reason, stored.created)
    }))
}

/// The entry that an alert is about as it was then; none where it is about none.
pub fn entry_of(conn: &Connection, alert: i64) -> Result<Option<WireEntry>> {
    let told: Option<(Option<i64>, Option<u32>)> = conn
        .prepare_cached("select entry, revision from alert where seq = ?1")?
        .query_row([alert], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match told {
        Some((entry, revision)) => entry_then(conn, entry, revision),
        None => Ok(None),
    }
}

/// The alerts that a digest carries.
fn gathered(
    conn: &Connection,
    alert: i64,
    reason: Reason,
    public_url: Option<&str>,
) -> Result<Option<Vec<WireAlert>>> {
    if reason != Reason::Digest {
        return Ok(None);
    }
    let mut alerts = Vec::new();
    for member in digests::members(conn, alert)? {
        alerts.extend(wire(conn, member, public_url)?);
    }
    digest::slim(&mut alerts);
    Ok(Some(alerts))
}

/// Everything that is known of an alert.
pub fn detail(
    conn: &Connection,
    alert: i64,
    public_url: Option<&str>,
) -> Result<Option<AlertDetail>> {
    let (Some(wire), Some(row)) = (wire(conn, alert, public_url)?, list::one(conn, alert)?) else {
        return Ok(None);
    };
    Ok(Some(AlertDetail {
        alert: wire,
        row,
        deliveries: outbox::of_alert(conn, alert)?,
    }))
}

/// The entry as it was when it matched, since the evidence points into that text; else as it is.
pub(super) fn entry_then(
    conn: &Connection,
    entry: Option<i64>,
    revision: Option<u32>,
) -> Result<Option<WireEntry>> {
    let Some(seq) = entry else {
        return Ok(None);
    };
    let Some(stored) = entries::by_seq(conn, seq)? else {
        return Ok(None);
    };
    if let Some(number) = revision.filter(|number| *number != stored.revision)
        && let Some(then) = entries::revision(conn, seq, number)?
    {
        return Ok(Some(then));
    }
    Ok(Some(stored.wire()))
}

/// Why an alert was raised: the places that its match lists, or that of the alert it follows up on.
pub(super) fn evidence(conn: &Connection, alert: i64) -> Result<Vec<Evidence>> {
    let found: Option<Json<Vec<Evidence>>> = conn
        .prepare_cached(
            r#"select evidence from "match"
               where alert = (select coalesce(follows, seq) from alert where seq = ?1) and raised is not null
               limit 1"#,
        )?
        .query_row([alert], |row| row.get(0))
        .optional()?;
    Ok(found.map(|found| found.0).unwrap_or_default())
}

fn read_stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        key: row.get(0)?,
        created: row.get::<_, Ms>(1)?.0,
        severity: row.get::<_, Rank>(2)?.0,
        reason: row.get::<_, Name<_>>(3)?.0,
        rule: WireRule {
            id: row.get(4)?,
            title: row.get(5)?,
        },
        entry: row.get(6)?,
        revision: row.get(7)?,
        story: row.get(8)?,
        body: row.get::<_, Option<Json<WireAlert>>>(9)?.map(|body| body.0),
    })
}
