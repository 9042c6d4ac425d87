//! Stories that may have to be told again: what the decision needs, and the alert that follows up.
//!
//! When a step is due is decided in `domain::alert::escalate`; who is told, by the daemon.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::alerts::{self, NewAlert};
use super::entries::{Placed, StoredEntry};
use super::outbox::Addressee;
use super::row::{Ms, Rank};
use super::{Result, entries, stories};
use crate::domain::alert::Reason;
use crate::domain::alert::escalate::{Standing, Step};
use crate::domain::id::RuleId;
use crate::domain::rule::{Escalate, Severity};

/// How long after its first alert a story can escalate.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 24);

/// The most stories of a rule that are looked at, newest first.
const MOST_STORIES: u32 = 2_000;

/// A rule's first alert on a story, with steps left to take.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// That alert.
    pub alert: i64,
    /// How much it mattered.
    pub severity: Severity,
    /// The steps that were not taken.
    pub left: Vec<Step>,
    /// What the decision depends on.
    pub standing: Standing,
    rule: RuleId,
    rule_title: String,
    place: Placed,
    first_entry: String,
}

impl Candidate {
    fn key(&self, step: Step) -> String {
        step.key(self.rule.as_str(), &self.first_entry)
    }
}

/// The stories that a rule has told of lately and that nobody has acknowledged.
pub fn candidates(
    conn: &Connection,
    (rule, how): (&RuleId, &Escalate),
    now: Timestamp,
) -> Result<Vec<Candidate>> {
    let mut query = conn.prepare_cached(
        "select a.seq, a.severity, a.rule_title, a.entry, a.revision, a.story, s.first_entry
         from alert a join story s on s.seq = a.story
         where a.rule = ?1 and a.created > ?2 and a.entry is not null
            and a.reason in ('new-story', 'new-entry', 'revision')
            and not exists (select 1 from alert o where o.story = a.story and o.rule = ?1 and o.seq < a.seq)
            and not exists (select 1 from alert o where o.story = a.story and o.acked_at is not null)
         order by a.seq desc limit ?3",
    )?;
    let since = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
    let rows = query.query_map(params![rule.as_str(), Ms(since), MOST_STORIES], |row| {
        Ok(Candidate {
            alert: row.get(0)?,
            severity: row.get::<_, Rank>(1)?.0,
            rule_title: row.get(2)?,
            place: Placed {
                seq: row.get(3)?,
                revision: row.get(4)?,
                story: row.get(5)?,
            },
            first_entry: row.get(6)?,
            rule: rule.clone(),
            left: Vec::new(),
            standing: Standing::default(),
        })
    })?;
    let mut candidates = Vec::new();
    for candidate in rows {
        let mut candidate = candidate?;
        for step in Step::ALL {
            // One reminder follows another, where there are any.
            let reminded = candidate.left.last().is_some_and(|left| left.is_reminder());
            let idle = step.is_reminder() && (reminded || how.remind.is_none());
            if !idle && !is_taken(conn, &candidate.key(step))? {
                candidate.left.push(step);
            }
        }
        if !candidate.left.is_empty() {
            candidate.standing = standing(conn, &candidate, (how, now))?;
            candidates.push(candidate);
        }
    }
    Ok(candidates)
}

fn is_taken(conn: &Connection, key: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from alert where key = ?1)")?
        .query_row([key], |row| row.get(0))?)
}

fn standing(conn: &Connection, of: &Candidate, how: (&Escalate, Timestamp)) -> Result<Standing> {
    let (told, silenced) = told(conn, of.alert)?;
    let critical = match how.0.remind {
        Some(_) => last_critical(conn, of)?,
        None => None,
    };
    let rang = match critical {
        Some(alert) => self::told(conn, alert)?.0,
        None => None,
    };
    Ok(Standing {
        acked: false,
        silenced,
        told,
        rang,
        carriers: carriers(conn, of, how)?,
    })
}

/// The rule's last critical alert on a story.
fn last_critical(conn: &Connection, of: &Candidate) -> Result<Option<i64>> {
    Ok(conn
        .prepare_cached(
            "select max(seq) from alert where story = ?1 and rule = ?2 and severity = ?3
                and reason in ('new-story', 'new-entry', 'revision', 'escalation')",
        )?
        .query_row(
            params![of.place.story, of.rule.as_str(), Rank(Severity::Critical)],
            |row| row.get(0),
        )?)
}

/// Since when somebody could have seen an alert, and whether a silence holds it.
fn told(conn: &Connection, alert: i64) -> Result<(Option<Timestamp>, bool)> {
    // A message that waits has told nobody; one that failed had its chance.
    let (told, open, silenced): (Option<Ms>, u32, u32) = conn
        .prepare_cached(
            "select min(case state when 'delivered' then settled when 'held' then null else created end),
                count(*), sum(state = 'held' and hold = 'silence')
             from delivery where alert = ?1 and state <> 'cancelled'",
        )?
        .query_row([alert], |row| {
            let silenced: Option<u32> = row.get(2)?;
            Ok((row.get(0)?, row.get(1)?, silenced.unwrap_or(0)))
        })?;
    Ok((told.map(|at| at.0), open > 0 && silenced == open))
}

/// Who tells the story in words of their own, and since when; looked at only where there may be enough of them.
fn carriers(
    conn: &Connection,
    of: &Candidate,
    (how, now): (&Escalate, Timestamp),
) -> Result<Vec<(String, Timestamp)>> {
    let within = SignedDuration::try_from(how.within).unwrap_or(SignedDuration::MAX);
    let since = now.checked_sub(within).unwrap_or(Timestamp::MIN);
    let feeds: u32 = conn
        .prepare_cached(
            "select count(distinct feed) from entry where story = ?1 and exists (
                select 1 from entry where story = ?1 and first_seen > ?2)",
        )?
        .query_row(params![of.place.story, Ms(since)], |row| row.get(0))?;
    if feeds < how.feeds || !of.left.contains(&Step::Owners) {
        return Ok(Vec::new());
    }
    let owners = stories::owners(conn, of.place.story)?;
    Ok(owners
        .into_iter()
        .map(|voice| (voice.owner, voice.at))
        .collect())
}

/// The entry that a candidate tells of, with its feed's tags: for whom it is meant may depend on it.
pub fn entry(conn: &Connection, of: &Candidate) -> Result<Option<(StoredEntry, Vec<String>)>> {
    let Some(stored) = entries::by_seq(conn, of.place.seq)? else {
        return Ok(None);
    };
    let tags: Option<super::row::Json<Vec<String>>> = conn
        .prepare_cached("select f.tags from entry e join feed f on f.id = e.feed where e.seq = ?1")?
        .query_row([of.place.seq], |row| row.get(0))
        .optional()?;
    Ok(Some((stored, tags.map(|tags| tags.0).unwrap_or_default())))
}

/// Tells of a story again; none where that was done, or where somebody has acknowledged it meanwhile.
pub fn raise(
    tx: &Transaction<'_>,
    of: &Candidate,
    (step, severity): (Step, Severity),
    to: &[Addressee],
    now: Timestamp,
) -> Result<Option<i64>> {
    let acked: bool = tx
        .prepare_cached(
            "select exists (select 1 from alert where story = ?1 and acked_at is not null)",
        )?
        .query_row([of.place.story], |row| row.get(0))?;
    if acked {
        return Ok(None);
    }
    let new = NewAlert {
        key: &of.key(step),
        severity: severity.max(of.severity),
        reason: Reason::Escalation,
        rule: of.rule.as_str(),
        rule_title: &of.rule_title,
        place: Some(&of.place),
        body: None,
    };
    let (id, fresh) = alerts::insert(tx, &new, to, now)?;
    if !fresh {
        return Ok(None);
    }
    tx.prepare_cached("update alert set follows = ?2 where seq = ?1")?
        .execute([id, of.alert])?;
    Ok(Some(id))
}
