//! Letting go: what has waited long enough becomes due, alone or as a digest; silences begin and end.
//!
//! By what each delivery is held is judged anew before it goes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::Result;
use super::super::digests::{self, Gathering};
use super::super::row::{Ms, millis};
use super::super::silences::{self, SilenceRow};
use super::{Gate, OWED, Owed, acks, hold, owed, read};
use crate::domain::alert::Reason;
use crate::domain::alert::digest::Kind;
use crate::domain::alert::judge::{FEW, Hold, Waiting};
use crate::domain::alert::manners::Manners;
use crate::domain::id::ReceiverId;

/// Nothing but a silence holds for longer: what lies beyond was held under a wrong clock.
const LONGEST: SignedDuration = SignedDuration::from_hours(27);

/// How long what was let through of a rule is remembered at least.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// What letting go came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// Deliveries that are due now by themselves.
    pub single: u32,
    /// Digests raised.
    pub digests: Vec<i64>,
    /// Deliveries held by a silence that began.
    pub silenced: u32,
    /// When to look again.
    pub next: Option<Timestamp>,
}

/// Lets go what has waited long enough, and holds what a silence that began is to hold.
///
/// `anew`: config has changed, so that everything that waits is judged again.
pub fn release(
    tx: &Transaction<'_>,
    manners: &Manners,
    anew: bool,
    now: Timestamp,
) -> Result<Released> {
    let gate = Gate::load(tx, manners, now)?;
    let mut released = Released {
        silenced: begin_silences(tx, &gate)?,
        ..Released::default()
    };
    for silence in silences::over(tx, now)? {
        end_silence(tx, &gate, &silence, &mut released)?;
    }
    let mut free = BTreeMap::<Group, Vec<Owed>>::new();
    for owed in waiting(tx, anew, now)? {
        if let Some(group) = still_held(tx, &gate, &owed)? {
            free.entry(group).or_default().push(owed);
        }
    }
    for (group, owed) in free {
        let_go(tx, &gate, &group, &owed, &mut released)?;
    }
    tell_nothing(tx, &gate, &mut released)?;
    released.single += acks::tell(tx, &gate)?;
    forget(tx, manners, now)?;
    released.next = next(tx, now)?;
    Ok(released)
}

/// What is let go together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    receiver: ReceiverId,
    hold: Hold,
    /// The rule, where a throttle held.
    rule: String,
}

/// Held deliveries whose time has come; `anew`: all but those that a silence holds.
fn waiting(tx: &Transaction<'_>, anew: bool, now: Timestamp) -> Result<Vec<Owed>> {
    let latest = Ms(now.checked_add(LONGEST).unwrap_or(Timestamp::MAX));
    let mut query = tx.prepare_cached(&format!(
        "{OWED} and d.state = 'held' and d.hold in ('throttle', 'quiet', 'digest')
            and (?1 or d.due <= ?2 or d.due > ?3)
         order by d.severity desc, d.created, d.seq"
    ))?;
    let rows = query.query_map(params![anew, Ms(now), latest], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Holds a delivery on, where something still does, or else says with what it is let go.
fn still_held(tx: &Transaction<'_>, gate: &Gate<'_>, owed: &Owed) -> Result<Option<Group>> {
    let Some(own) = owed.hold else {
        return Ok(None);
    };
    if !gate.manners.receivers.contains_key(&owed.receiver) {
        return Ok(None);
    }
    let over = owed.due.is_none_or(|due| due <= gate.now);
    let holds = gate.holds(tx, owed)?;
    // What a throttle or a digest held is over at its time. A digest as a whole waits for the end of quiet hours:
    // its members would miss it.
    let ends = |waiting: &&Waiting| match (over, own) {
        (true, Hold::Digest) => waiting.hold == Hold::Silence,
        (true, Hold::Throttle) => waiting.hold != Hold::Throttle,
        _ => true,
    };
    if let Some(waiting) = holds.iter().find(ends) {
        hold(tx, owed.delivery, waiting)?;
        return Ok(None);
    }
    Ok(Some(Group {
        receiver: owed.receiver.clone(),
        hold: own,
        rule: if own == Hold::Throttle {
            owed.rule.clone()
        } else {
            String::new()
        },
    }))
}

/// Makes a group due, as one message or as several.
fn let_go(
    tx: &Transaction<'_>,
    gate: &Gate<'_>,
    group: &Group,
    owed: &[Owed],
    released: &mut Released,
) -> Result<()> {
    let Some((manner, to)) = gate.addressee(&group.receiver) else {
        return Ok(());
    };
    // A digest that waited goes on as it is, and so does what may have arrived.
    let (digests, members): (Vec<&Owed>, Vec<&Owed>) = owed
        .iter()
        .partition(|owed| owed.reason == Reason::Digest || owed.perhaps);
    let latest = owed.iter().filter_map(|owed| owed.due).max();
    let until = latest.unwrap_or(gate.now).to_string();
    let (few, kind, window, title) = match group.hold {
        Hold::Quiet | Hold::Silence => (FEW, Kind::Quiet, until, "Held in quiet hours".to_owned()),
        Hold::Throttle => (
            1,
            Kind::Throttle,
            format!("{} {until}", group.rule),
            format!("Held by the throttle of {}", group.rule),
        ),
        Hold::Digest => {
            let date = manner.digest.last(gate.now);
            let date = date.map_or(until, |date| date.to_string());
            (0, Kind::Daily, date.clone(), format!("Digest of {date}"))
        }
    };
    let alone = if members.len() > few {
        &[]
    } else {
        &members[..]
    };
    for owed in digests.iter().chain(alone) {
        make_due(tx, owed.delivery, gate.now)?;
        gate.count(tx, owed)?;
        released.single += 1;
    }
    if members.len() > few {
        let what = Gathering {
            to: &to,
            kind,
            window: &window,
            title: &title,
        };
        gather(tx, gate, &what, &members, released)?;
        if let (Hold::Throttle, Some(first)) = (group.hold, members.first()) {
            gate.count(tx, first)?;
        }
    }
    Ok(())
}

/// One digest, which may have to wait for the end of quiet hours.
fn gather(
    tx: &Transaction<'_>,
    gate: &Gate<'_>,
    what: &Gathering<'_>,
    members: &[&Owed],
    released: &mut Released,
) -> Result<()> {
    let members: Vec<i64> = members.iter().map(|owed| owed.delivery).collect();
    for digest in digests::gather(tx, what, &members, gate.now)? {
        gate.judge(tx, digest)?;
        released.digests.push(digest);
    }
    Ok(())
}

/// Holds what was due when a silence began. What is under way is judged again before its next try.
fn begin_silences(tx: &Transaction<'_>, gate: &Gate<'_>) -> Result<u32> {
    let begun = tx
        .prepare_cached(
            "update silence set applied = ?1
             where applied is null and closed is null and starts <= ?1 and ends > ?1",
        )?
        .execute([Ms(gate.now)])?;
    if begun == 0 {
        return Ok(0);
    }
    let mut held = 0;
    for owed in owed(tx, "and d.state = 'due' and ?1 = 0", 0)? {
        let holds = gate.holds(tx, &owed)?;
        if let Some(waiting) = holds.iter().find(|waiting| waiting.hold == Hold::Silence) {
            hold(tx, owed.delivery, waiting)?;
            tx.prepare_cached("delete from let_through where delivery = ?1")?
                .execute([owed.delivery])?;
            held += 1;
        }
    }
    Ok(held)
}

/// What a silence held goes to another that fits, is sent, is listed in one message, or ends with it.
fn end_silence(
    tx: &Transaction<'_>,
    gate: &Gate<'_>,
    silence: &SilenceRow,
    released: &mut Released,
) -> Result<()> {
    let mut rest = BTreeMap::<ReceiverId, Vec<Owed>>::new();
    let held = "and d.state = 'held' and d.hold = 'silence' and d.silence = ?1";
    for owed in owed(tx, held, silence.id)? {
        let holds = gate.holds(tx, &owed)?;
        match holds.first() {
            Some(waiting) if waiting.hold == Hold::Silence || silence.released => {
                hold(tx, owed.delivery, waiting)?;
            }
            None if silence.released || owed.perhaps => {
                make_due(tx, owed.delivery, gate.now)?;
                gate.count(tx, &owed)?;
                released.single += 1;
            }
            _ if silence.summary => rest.entry(owed.receiver.clone()).or_default().push(owed),
            _ => cancel(tx, owed.delivery, silence.id, gate.now)?,
        }
    }
    for (receiver, owed) in rest {
        // Of a receiver that is gone nothing is owed any more; `outbox::cancel_vanished` says so.
        let Some((_, to)) = gate.addressee(&receiver) else {
            continue;
        };
        let what = Gathering {
            to: &to,
            kind: Kind::Silence,
            window: &silence.id.to_string(),
            title: &format!(
                "Held by silence {}: {}",
                silence.id,
                silence.matchers.describe()
            ),
        };
        gather(tx, gate, &what, &owed.iter().collect::<Vec<_>>(), released)?;
    }
    tx.prepare_cached("update silence set closed = ?2 where seq = ?1")?
        .execute(params![silence.id, Ms(gate.now)])?;
    Ok(())
}

/// Says once a day that there was nothing, where a receiver wants to know.
fn tell_nothing(tx: &Transaction<'_>, gate: &Gate<'_>, released: &mut Released) -> Result<()> {
    for (receiver, manner) in &gate.manners.receivers {
        if !manner.collects.is_some_and(|collects| collects.empty) {
            continue;
        }
        let clock = format!("{} {:?}", manner.digest.at, manner.digest.zone.iana_name());
        let known: Option<Ms> = tx
            .prepare_cached("select next from digest_clock where receiver = ?1 and clock = ?2")?
            .query_row(params![receiver.as_str(), clock], |row| row.get(0))
            .optional()?;
        let (Some(next), Some(date)) = (manner.digest.next(gate.now), manner.digest.last(gate.now))
        else {
            continue;
        };
        if known.is_some_and(|Ms(due)| due > gate.now) {
            continue;
        }
        if known.is_some()
            && let Some((_, to)) = gate.addressee(receiver)
        {
            let what = Gathering {
                to: &to,
                kind: Kind::Daily,
                window: &date.to_string(),
                title: &format!("Digest of {date}"),
            };
            if let Some(digest) = digests::raise_empty(tx, &what, gate.now)? {
                gate.judge(tx, digest)?;
                released.digests.push(digest);
            }
        }
        tx.prepare_cached(
            "insert into digest_clock (receiver, clock, next) values (?1, ?2, ?3)
             on conflict (receiver) do update set clock = ?2, next = ?3",
        )?
        .execute(params![receiver.as_str(), clock, Ms(next)])?;
    }
    // Of receivers that no longer want to know.
    tx.prepare_cached("delete from digest_clock where next <= ?1")?
        .execute([Ms(gate.now)])?;
    Ok(())
}

/// Forgets what no throttle looks back to.
fn forget(tx: &Transaction<'_>, manners: &Manners, now: Timestamp) -> Result<()> {
    let longest = SignedDuration::from_millis(millis(manners.longest_throttle()));
    let before = now
        .checked_sub(longest.max(WINDOW))
        .unwrap_or(Timestamp::MIN);
    tx.prepare_cached("delete from let_through where at < ?1")?
        .execute([Ms(before)])?;
    Ok(())
}

/// When something that waits is to be looked at.
fn next(conn: &Connection, now: Timestamp) -> Result<Option<Timestamp>> {
    let held: Option<Ms> = conn
        .prepare_cached(
            "select min(due) from delivery where state = 'held' and hold in ('throttle', 'quiet', 'digest')",
        )?
        .query_row([], |row| row.get(0))?;
    let clock: Option<Ms> = conn
        .prepare_cached("select min(next) from digest_clock")?
        .query_row([], |row| row.get(0))?;
    let change = silences::next_change(conn, now)?;
    Ok([held.map(|at| at.0), clock.map(|at| at.0), change]
        .into_iter()
        .flatten()
        .min())
}

/// Lets a delivery go by itself.
fn make_due(tx: &Transaction<'_>, delivery: i64, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update delivery set state = 'due', due = ?2, why = null, hold = null where seq = ?1",
    )?
    .execute(params![delivery, Ms(now)])?;
    Ok(())
}

fn cancel(tx: &Transaction<'_>, delivery: i64, silence: i64, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update delivery set state = 'cancelled', due = null, settled = ?2, why = ?3 where seq = ?1",
    )?
    .execute(params![
        delivery,
        Ms(now),
        format!("silence {silence} ended without a summary")
    ])?;
    Ok(())
}
