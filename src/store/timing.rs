//! When what is owed goes out: deliveries are held for a reason and a time, and let go when that is over.
//!
//! What holds is decided in `domain::alert::judge`; here its facts are gathered, its answer is kept, and what waited is
//! let go, alone or in digests. Each step is one transaction: a process that dies before it finds it still to be done.

mod acks;
mod release;
mod show;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Result;
use super::outbox::{self, Addressee, Claim, Claimed};
use super::row::{Columns, Ms, Name, Rank};
use super::silences::{About, Active};
use crate::domain::alert::Reason;
use crate::domain::alert::judge::{self, Hold, Moment, Throttle, Waiting};
use crate::domain::alert::manners::{Manner, Manners};
use crate::domain::alert::silence::{Facts, NewSilence};
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;

pub use release::{Released, release};
pub use show::{HeldDelivery, held};

/// By what deliveries are judged, at one moment.
#[derive(Debug)]
pub struct Gate<'a> {
    /// What config says.
    pub manners: &'a Manners,
    silences: Active,
    now: Timestamp,
}

/// A delivery that is judged.
#[derive(Clone, Debug)]
struct Owed {
    delivery: i64,
    alert: i64,
    receiver: ReceiverId,
    severity: Severity,
    reason: Reason,
    rule: String,
    entry: Option<i64>,
    subject: Option<String>,
    hold: Option<Hold>,
    due: Option<Timestamp>,
    /// It may have arrived: it goes by itself, under its own key.
    perhaps: bool,
}

impl Owed {
    fn about(&self) -> About<'_> {
        About {
            rule: &self.rule,
            severity: self.severity,
            entry: self.entry,
            subject: self.subject.as_deref(),
        }
    }
}

/// Columns of [`Owed`]; to be followed by conditions. A test and what is sent again by hand are never held.
const OWED: &str = "select d.seq, d.alert, d.receiver, d.severity, a.reason, a.rule, a.entry, a.health_subject, d.hold, d.due,
        d.perhaps
    from delivery d join alert a on a.seq = d.alert
    where d.key = a.key and coalesce(json_extract(a.body, '$.test'), 0) = 0";

impl<'a> Gate<'a> {
    /// With the silences that hold now.
    pub fn load(conn: &Connection, manners: &'a Manners, now: Timestamp) -> Result<Self> {
        Ok(Self {
            manners,
            silences: Active::load(conn, manners, now)?,
            now,
        })
    }

    /// The silence that holds such an alert.
    pub fn silence(
        &self,
        conn: &Connection,
        about: &About<'_>,
    ) -> Result<Option<(i64, Timestamp)>> {
        self.silences.find(conn, about)
    }

    /// Holds the deliveries of an alert that was just raised, where something holds them; gives back how many.
    pub fn judge(&self, tx: &Transaction<'_>, alert: i64) -> Result<u32> {
        let mut held = 0;
        for owed in owed(
            tx,
            "and d.alert = ?1 and d.state = 'due' and d.attempts = 0",
            alert,
        )? {
            match self.holds(tx, &owed)?.first() {
                Some(waiting) => {
                    hold(tx, owed.delivery, waiting)?;
                    held += 1;
                }
                None => self.count(tx, &owed)?,
            }
        }
        Ok(held)
    }

    /// Holds a claimed delivery after all, where people must not be disturbed now.
    fn stops(&self, tx: &Transaction<'_>, claimed: &Claimed) -> Result<bool> {
        let manner = self.manners.receivers.get(&claimed.receiver);
        if self.silences.is_empty() && manner.is_none_or(|manner| manner.quiet.is_none()) {
            return Ok(false);
        }
        for owed in owed(tx, "and d.seq = ?1", claimed.id)? {
            let now = |waiting: &&Waiting| matches!(waiting.hold, Hold::Silence | Hold::Quiet);
            if let Some(waiting) = self.holds(tx, &owed)?.iter().find(now) {
                hold(tx, owed.delivery, waiting)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All that holds a delivery, as [`judge::holds`].
    fn holds(&self, conn: &Connection, owed: &Owed) -> Result<Vec<Waiting>> {
        let Some(manner) = self.manners.receivers.get(&owed.receiver) else {
            return Ok(Vec::new());
        };
        if owed.reason == Reason::Digest {
            let waiting = judge::holds_digest(manner, owed.severity, self.now);
            return Ok(waiting.into_iter().collect());
        }
        let moment = Moment {
            severity: owed.severity,
            silence: self.silence(conn, &owed.about())?,
            throttle: self.throttle(conn, &owed.rule, &owed.receiver)?,
            for_digest: self
                .manners
                .rule(&owed.rule)
                .is_some_and(|rule| rule.digest),
            now: self.now,
        };
        Ok(judge::holds(manner, &moment))
    }

    /// What would hold a message of which only this is known; the queries that cannot be asked are given too.
    pub fn would_hold(
        &self,
        conn: &Connection,
        facts: &Facts,
        receiver: &ReceiverId,
    ) -> Result<(Vec<Waiting>, Vec<i64>)> {
        let Some(manner) = self.manners.receivers.get(receiver) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let moment = Moment {
            severity: facts.severity,
            silence: self.silences.surely(facts),
            throttle: self.throttle(conn, &facts.rule, receiver)?,
            for_digest: self
                .manners
                .rule(&facts.rule)
                .is_some_and(|rule| rule.digest),
            now: self.now,
        };
        Ok((judge::holds(manner, &moment), self.silences.perhaps(facts)))
    }

    /// How a rule stands with a receiver; none where it has no throttle.
    fn throttle(
        &self,
        conn: &Connection,
        rule: &str,
        receiver: &ReceiverId,
    ) -> Result<Option<Throttle>> {
        let Some(rate) = self.manners.rule(rule).and_then(|rule| rule.throttle) else {
            return Ok(None);
        };
        let oldest: Option<Ms> = conn
            .prepare_cached(
                "select at from let_through where rule = ?1 and receiver = ?2
                 order by at desc, delivery desc limit 1 offset ?3",
            )?
            .query_row(params![rule, receiver.as_str(), rate.count - 1], |row| {
                row.get(0)
            })
            .optional()?;
        let waiting: Option<Ms> = conn
            .prepare_cached(
                "select min(d.due) from delivery d join alert a on a.seq = d.alert
                 where d.state = 'held' and d.hold = 'throttle' and d.receiver = ?2 and a.rule = ?1",
            )?
            .query_row(params![rule, receiver.as_str()], |row| row.get(0))?;
        Ok(Some(Throttle {
            rate,
            oldest: oldest.map(|at| at.0),
            waiting: waiting.map(|at| at.0).filter(|at| *at > self.now),
        }))
    }

    /// Remembers that a message of a rule with a throttle goes out by itself.
    fn count(&self, tx: &Transaction<'_>, owed: &Owed) -> Result<()> {
        let throttled = self
            .manners
            .rule(&owed.rule)
            .is_some_and(|rule| rule.throttle.is_some());
        if !throttled || owed.reason == Reason::Digest {
            return Ok(());
        }
        tx.prepare_cached(
            "insert into let_through (rule, receiver, at, delivery) values (?1, ?2, ?3, ?4)
             on conflict do nothing",
        )?
        .execute(params![
            owed.rule,
            owed.receiver.as_str(),
            Ms(self.now),
            owed.delivery
        ])?;
        Ok(())
    }

    /// The receiver as a digest is addressed; none where config does not have it.
    fn addressee(&self, receiver: &ReceiverId) -> Option<(&Manner, Addressee)> {
        let manner = self.manners.receivers.get(receiver)?;
        let to = Addressee {
            receiver: receiver.clone(),
            give_up: manner.give_up,
            skip: None,
        };
        Some((manner, to))
    }
}

/// Judges an alert that was raised outside of a poll: health, a digest. See [`Gate::judge`].
pub fn judge(tx: &Transaction<'_>, manners: &Manners, alert: i64, now: Timestamp) -> Result<u32> {
    Gate::load(tx, manners, now)?.judge(tx, alert)
}

/// Takes deliveries under lease as [`outbox::claim`], but for those that are not to go now: a silence that fits, and
/// quiet hours, hold also what was put off and what waited for us.
pub fn claim(tx: &Transaction<'_>, manners: &Manners, wanted: &Claim<'_>) -> Result<Vec<Claimed>> {
    let gate = Gate::load(tx, manners, wanted.now)?;
    loop {
        let claimed = outbox::claim(tx, wanted)?;
        let (all, mut kept) = (claimed.len(), Vec::with_capacity(claimed.len()));
        for mut row in claimed {
            if gate.stops(tx, &row)? {
                outbox::put_back_token(tx, wanted.limits, wanted.now)?;
                continue;
            }
            // Machines get one call an alert.
            if wanted.catch_up.is_some() {
                row.beside = beside(tx, &gate, wanted, &row)?;
            }
            kept.push(row);
        }
        if all == 0 || !kept.is_empty() {
            return Ok(kept);
        }
    }
}

/// Takes along what may come in the same message.
fn beside(
    tx: &Transaction<'_>,
    gate: &Gate<'_>,
    wanted: &Claim<'_>,
    first: &Claimed,
) -> Result<Vec<Claimed>> {
    let mut taken = Vec::new();
    for delivery in outbox::beside(tx, wanted, first)? {
        let row = outbox::lease(tx, wanted, delivery)?;
        if !gate.stops(tx, &row)? {
            taken.push(row);
        }
    }
    Ok(taken)
}

/// What a silence would hold if it began now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Alerts that are still to be told: the id, and to whom.
    pub open: Vec<(i64, ReceiverId)>,
    /// Of how many alerts of the last week it would have held some.
    pub of_week: u32,
    /// How many alerts there were.
    pub in_week: u32,
}

/// How far back a preview looks, and at how many alerts.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const MOST_LOOKED_AT: u32 = 20_000;

/// Looks at what a silence would hold, and holds nothing.
pub fn preview(
    conn: &Connection,
    manners: &Manners,
    silence: &NewSilence,
    now: Timestamp,
) -> Result<Preview> {
    let tried = Active::tried(silence, manners);
    let mut preview = Preview::default();
    let open = "and (d.state = 'due' or d.state = 'held' and d.hold <> 'gathered') and a.reason <> 'digest' and ?1 = 0";
    for owed in owed(conn, open, 0)? {
        if tried.find(conn, &owed.about())?.is_some() {
            preview.open.push((owed.alert, owed.receiver));
        }
    }
    let mut query = conn.prepare_cached(
        "select rule, severity, entry, health_subject from alert
         where created >= ?1 and reason <> 'digest' order by seq desc limit ?2",
    )?;
    let since = now.checked_sub(WEEK).unwrap_or(Timestamp::MIN);
    let mut rows = query.query(params![Ms(since), MOST_LOOKED_AT])?;
    while let Some(row) = rows.next()? {
        let (rule, subject): (String, Option<String>) = (row.get(0)?, row.get(3)?);
        let about = About {
            rule: &rule,
            severity: row.get::<_, Rank>(1)?.0,
            entry: row.get(2)?,
            subject: subject.as_deref(),
        };
        preview.in_week += 1;
        preview.of_week += u32::from(tried.find(conn, &about)?.is_some());
    }
    Ok(preview)
}

/// Holds a delivery.
fn hold(tx: &Transaction<'_>, delivery: i64, waiting: &Waiting) -> Result<()> {
    let before: Option<i64> = tx
        .prepare_cached("select silence from delivery where seq = ?1")?
        .query_row([delivery], |row| row.get(0))?;
    tx.prepare_cached(
        "update delivery set state = 'held', hold = ?2, due = ?3, why = ?4,
            silence = coalesce(?5, silence), owner = null, lease_until = null
         where seq = ?1",
    )?
    .execute(params![
        delivery,
        Name(waiting.hold),
        Ms(waiting.until),
        waiting.why,
        waiting.silence,
    ])?;
    if waiting.silence.is_some() && waiting.silence != before {
        tx.prepare_cached("update silence set matched = matched + 1 where seq = ?1")?
            .execute([waiting.silence])?;
    }
    Ok(())
}

/// Deliveries that fit a condition on `?1`, the gravest and oldest first.
fn owed(conn: &Connection, which: &str, value: i64) -> Result<Vec<Owed>> {
    let mut query = conn.prepare_cached(&format!(
        "{OWED} {which} order by d.severity desc, d.created, d.seq"
    ))?;
    let rows = query.query_map([value], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Owed> {
    let mut columns = Columns::of(row);
    Ok(Owed {
        delivery: columns.take()?,
        alert: columns.take()?,
        receiver: ReceiverId::new(columns.take::<String>()?),
        severity: columns.take::<Rank>()?.0,
        reason: columns.take::<Name<_>>()?.0,
        rule: columns.take()?,
        entry: columns.take()?,
        subject: columns.take()?,
        hold: columns.take::<Option<Name<_>>>()?.map(|hold| hold.0),
        due: columns.take::<Option<Ms>>()?.map(|at| at.0),
        perhaps: columns.take()?,
    })
}

#[cfg(test)]
mod tests;
