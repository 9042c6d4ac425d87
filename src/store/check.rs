//! `db check`: is the file whole, do its references hold, and are our own promises kept in it.
//!
//! It only looks; nothing is repaired here.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;

use super::row::{self, count};
use super::{Result, migrate};

/// Problems listed of one kind.
const LISTED: usize = 20;

/// What was looked at and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The schema's version.
    pub schema: i64,
    /// Entries looked at.
    pub entries: u64,
    /// Alerts looked at.
    pub alerts: u64,
    /// Deliveries looked at.
    pub deliveries: u64,
    /// What is wrong, in words; empty when all is well.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Whether all is well.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Our own promises: what is wrong, and a query that counts how often.
const PROMISES: &[(&str, &str)] = &[
    (
        "alert with neither a delivery nor a reason why not",
        "select count(*) from alert a where a.untold is null
            and not exists (select 1 from delivery d where d.alert = a.seq)",
    ),
    (
        "alert about an entry without the match that raised it",
        r#"select count(*) from alert a where a.entry is not null and a.follows is null
            and not exists (select 1 from "match" m where m.alert = a.seq and m.raised is not null)"#,
    ),
    (
        "delivery under way without a lease",
        "select count(*) from delivery where state = 'sending' and (owner is null or lease_until is null)",
    ),
    (
        "due delivery without a time",
        "select count(*) from delivery where state = 'due' and due is null",
    ),
    (
        "delivery that ended without a time, or is open with one",
        "select count(*) from delivery
         where (state in ('delivered', 'dead', 'cancelled')) <> (settled is not null)",
    ),
    (
        "held, dead or cancelled delivery without a reason",
        "select count(*) from delivery where state in ('held', 'dead', 'cancelled') and why is null",
    ),
    (
        "delivery that a digest carries, and none lists it or is still to be sent",
        "select count(*) from delivery d where d.state = 'held' and d.hold = 'gathered' and not exists (
            select 1 from digest_member m join delivery o on o.alert = m.digest
            where m.delivery = d.seq and o.state in ('due', 'sending', 'held'))",
    ),
    (
        "delivery whose count of attempts is wrong",
        "select count(*) from delivery d
         where d.attempts <> (select count(*) from attempt a where a.delivery = d.seq)",
    ),
    (
        "receiver whose count of deliveries is wrong",
        "select count(*) from (
            select receiver, state, sum(many) as told, sum(one) as there from (
                select receiver, state, many, 0 as one from delivery_count
                union all select receiver, state, 0, 1 from delivery)
            group by receiver, state) where told <> there",
    ),
    (
        "feed whose count of entries is wrong",
        "select count(*) from feed f
         where f.entries <> (select count(*) from entry e where e.feed = f.id)",
    ),
    (
        "entry that its key does not lead to",
        "select count(*) from entry e where not exists (
            select 1 from entry_key k
            where k.feed = e.feed and k.hash = short_hash(e.key) and k.entry = e.seq)",
    ),
    (
        "gap that is being filled without a document to ask for",
        "select count(*) from gap where state = 'filling' and (next_url is null or next_way is null)",
    ),
    (
        "page to be fetched without a time, or read without a text",
        "select count(*) from page p join entry e on e.seq = p.entry
         where (p.state in ('due', 'fetching') and p.due is null)
            or (p.state = 'read' and e.full_text is null)",
    ),
    (
        "entry whose earlier contents are missing",
        "select count(*) from entry e where e.revision > 0 and not exists (
            select 1 from revision r where r.entry = e.seq and r.number = e.revision - 1)",
    ),
];

/// Looks at everything; takes as long as reading the whole file does.
pub fn check(conn: &Connection) -> Result<CheckReport> {
    let mut report = CheckReport {
        problems: integrity(conn)?,
        ..CheckReport::default()
    };
    let (whole, here) = (whole(conn)?, parts(conn)?);
    report.problems.extend(missing(&whole, &here));
    report.problems.extend(foreign_to(&whole, &here));
    if !report.is_clean() {
        // Queries over a damaged file prove nothing.
        return Ok(report);
    }
    let number = |sql: &str| {
        conn.query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(count)
    };
    report.schema = migrate::version(conn)?;
    report.entries = number("select count(*) from entry")?;
    report.alerts = number("select count(*) from alert")?;
    report.deliveries = number("select count(*) from delivery")?;
    report.problems.extend(foreign_keys(conn)?);
    for (what, sql) in PROMISES {
        let found = number(sql)?;
        if found > 0 {
            report.problems.push(format!("{what}: {found}"));
        }
    }
    Ok(report)
}

/// What SQLite finds wrong with the file.
pub(super) fn integrity(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare(&format!("pragma integrity_check({LISTED})"))?;
    let rows = query.query_map([], |row| row.get::<_, String>(0))?;
    let mut found: Vec<String> = rows.collect::<Result<_, _>>()?;
    found.retain(|line| line != "ok");
    Ok(found)
}

/// What the file has and the schema of its version has not, or has otherwise: a trigger or view of somebody else's would
/// change or hide what we write.
pub(super) fn foreign(conn: &Connection) -> Result<Vec<String>> {
    Ok(foreign_to(&whole(conn)?, &parts(conn)?))
}

/// What `whole` has and `here` has not.
fn missing(whole: &Parts, here: &Parts) -> Vec<String> {
    let missing = whole.keys().filter(|part| !here.contains_key(part));
    let told = missing.map(|(kind, name)| format!("the {kind} {name} is not there"));
    told.take(LISTED).collect()
}

fn foreign_to(whole: &Parts, here: &Parts) -> Vec<String> {
    let told = here.iter().filter_map(|(part, sql)| {
        let how = match whole.get(part) {
            None => "is not ours",
            Some(ours) if ours != sql => "is not as we make it",
            Some(_) => return None,
        };
        let (kind, name) = part;
        Some(format!("the {kind} {} {how}", name.escape_debug()))
    });
    told.take(LISTED).collect()
}

/// Kind and name, with the SQL; of tables without, which SQLite words anew when they are altered.
type Parts = BTreeMap<(String, String), Option<String>>;

/// What the schema of a file's version is made of.
fn whole(conn: &Connection) -> Result<Parts> {
    let version = migrate::version(conn)?;
    let whole = Connection::open_in_memory()?;
    row::add_short_hash(&whole)?;
    for (_, step) in migrate::ALL.iter().filter(|(to, _)| *to <= version) {
        whole.execute_batch(step)?;
    }
    parts(&whole)
}

/// What a file is made of, but for what SQLite adds.
fn parts(conn: &Connection) -> Result<Parts> {
    let mut query = conn.prepare(
        "select type, name, iif(type = 'table', null, sql) from sqlite_schema
         where type not in ('table', 'index') or name not like 'sqlite\\_%' escape '\\'",
    )?;
    let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Rows that point to nothing.
fn foreign_keys(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare("pragma foreign_key_check")?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if found.len() == LISTED {
            found.push("and more".to_owned());
            break;
        }
        let table: String = row.get(0)?;
        let seq: Option<i64> = row.get(1)?;
        let parent: String = row.get(2)?;
        let seq = seq.map(|seq| format!(" {seq}")).unwrap_or_default();
        found.push(format!(
            "{table}{seq} points to a row of {parent} that is not there"
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{commit, entry, open_store, rule_match};

    #[test]
    fn a_sound_store_is_clean_and_a_bent_one_is_not() {
        let (_dir, store) = open_store();
        let poll = commit(vec![entry("one", vec![rule_match("r")])]);
        store
            .write_blocking(move |tx| crate::store::polls::record_poll(tx, &poll))
            .unwrap();
        let report = store.read_blocking(check).unwrap();
        assert_eq!(
            (report.problems.as_slice(), report.entries, report.alerts),
            (&[][..], 1, 1)
        );
        for (bend, says) in [
            ("delete from delivery", "neither a delivery nor a reason"),
            ("update feed set entries = 7", "count of entries"),
            ("update delivery_count set many = 7", "count of deliveries"),
            ("delete from entry_key", "its key does not lead to"),
            (r#"delete from "match""#, "without the match"),
            ("delete from entry", "points to a row of entry"),
            ("drop table meta", "the table meta is not there"),
            ("drop table delivery", "the table delivery is not there"),
            (
                "create trigger spy after insert on alert begin delete from delivery; end",
                "the trigger spy is not ours",
            ),
            (
                "drop trigger entry_deleted;
                 create trigger entry_deleted after delete on entry begin delete from delivery; end",
                "the trigger entry_deleted is not as we make it",
            ),
            (
                "drop index alert_feed; create unique index alert_feed on alert (feed)",
                "the index alert_feed is not as we make it",
            ),
            ("create view more as select 1", "the view more is not ours"),
            ("create table sqliteX (a)", "the table sqliteX is not ours"),
        ] {
            let conn = crate::store::open::connect(store.path()).unwrap();
            conn.execute_batch("pragma foreign_keys = off; begin immediate")
                .unwrap();
            conn.execute_batch(bend).unwrap();
            let report = check(&conn).unwrap();
            assert!(
                report.problems.iter().any(|p| p.contains(says)),
                "{bend}: {report:?}"
            );
            conn.execute_batch("rollback").unwrap();
        }
    }
}
