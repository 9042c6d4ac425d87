//! The schema's steps: numbered SQL files, forward only, each in one transaction.
//!
//! A file that was released is never edited; the next change is the next file. Before the first step of an
//! existing store a copy of it is kept beside it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::lock::Lock;
use super::row::Ms;
use super::{Result, backup, open};

/// The SQL that leads to a version from the one before.
pub(super) type Migration = (i64, &'static str);

/// All steps, in order.
pub(super) const ALL: &[Migration] = &[
    (1, include_str!("migrations/0001_begin.sql")),
    (2, include_str!("migrations/0002_gaps.sql")),
    (3, include_str!("migrations/0003_page.sql")),
    (4, include_str!("migrations/0004_quirks.sql")),
    (5, include_str!("migrations/0005_websub.sql")),
    (6, include_str!("migrations/0006_standing.sql")),
    (7, include_str!("migrations/0007_rhythm.sql")),
    (8, include_str!("migrations/0008_lean.sql")),
    (9, include_str!("migrations/0009_keys.sql")),
    (10, include_str!("migrations/0010_under_way.sql")),
    (11, include_str!("migrations/0011_identity.sql")),
    (12, include_str!("migrations/0012_stories.sql")),
    (13, include_str!("migrations/0013_decisions.sql")),
    (14, include_str!("migrations/0014_marked.sql")),
    (15, include_str!("migrations/0015_health.sql")),
    (16, include_str!("migrations/0016_web.sql")),
    (17, include_str!("migrations/0017_acked.sql")),
    (18, include_str!("migrations/0018_perhaps.sql")),
    (19, include_str!("migrations/0019_counted.sql")),
    (20, include_str!("migrations/0020_flat.sql")),
];

/// The version that `steps` lead to.
pub(super) fn newest(steps: &[Migration]) -> i64 {
    steps.last().map_or(0, |(version, _)| *version)
}

/// Brings the schema up to date.
pub(super) fn migrate(
    conn: &mut Connection,
    path: &Path,
    steps: &[Migration],
    now: Timestamp,
) -> Result<()> {
    let from = version(conn)?;
    if from >= newest(steps) {
        return Ok(());
    }
    // A daemon of the older version may be at work: its schema must not change under it.
    let _lock = (from > 0).then(|| Lock::take(path, now)).transpose()?;
    if from > 0 {
        backup::write(conn, &copy_path(path, from))?;
    }
    for step in steps {
        apply(conn, step, now)?;
    }
    Ok(())
}

/// One step, unless another process has taken it meanwhile.
fn apply(conn: &mut Connection, (to, sql): &Migration, now: Timestamp) -> Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&tx)? >= *to {
        return Ok(());
    }
    tx.execute_batch(sql)?;
    tx.pragma_update(None, "application_id", open::APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", to)?;
    tx.execute(
        "insert into meta (key, value, at) values ('schema.' || ?1, ?2, ?3)",
        params![to, env!("CARGO_PKG_VERSION"), Ms(now)],
    )?;
    tx.commit()?;
    Ok(())
}

/// The schema's version.
pub(super) fn version(conn: &Connection) -> Result<i64> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Where the copy of a store of version `from` is kept.
fn copy_path(path: &Path, from: i64) -> PathBuf {
    open::suffixed(path, &format!(".version-{from}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{now, open_store};
    use crate::store::{Settings, Store, StoreError};

    const NEXT: &str = "create table later (id text primary key not null) strict;";
    const BROKEN: &str = "create table later (id text) strict; insert into nowhere values (1);";

    /// All released steps and one more.
    fn and(step: &'static str) -> Vec<Migration> {
        [ALL, &[(newest(ALL) + 1, step)]].concat()
    }

    fn tables(conn: &Connection) -> i64 {
        conn.query_row(
            "select count(*) from sqlite_schema where name = 'later'",
            [],
            |row| row.get(0),
        )
        .unwrap()
    }

    #[test]
    fn a_step_commits_whole_and_keeps_a_copy() {
        let (dir, store) = open_store();
        let path = store.path().to_owned();
        drop(store);
        let mut conn = open::connect(&path).unwrap();
        migrate(&mut conn, &path, &and(NEXT), now()).unwrap();
        let known = newest(ALL);
        assert_eq!((version(&conn).unwrap(), tables(&conn)), (known + 1, 1));
        let copy = open::connect(&dir.path().join(format!("bongsu.db.version-{known}"))).unwrap();
        assert_eq!((version(&copy).unwrap(), tables(&copy)), (known, 0));
        drop(conn);
        let error = Store::open(dir.path(), &Settings::default(), now()).unwrap_err();
        let StoreError::Newer {
            found, known: ours, ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!((found, ours), (known + 1, known));
    }

    #[test]
    fn a_broken_step_leaves_the_old_schema() {
        let (_dir, store) = open_store();
        let path = store.path().to_owned();
        drop(store);
        let mut conn = open::connect(&path).unwrap();
        assert!(migrate(&mut conn, &path, &and(BROKEN), now()).is_err());
        assert_eq!((version(&conn).unwrap(), tables(&conn)), (newest(ALL), 0));
    }

    #[test]
    fn a_running_daemon_keeps_its_schema() {
        let (_dir, store) = open_store();
        let lock = store.lock(now()).unwrap();
        let mut conn = open::connect(store.path()).unwrap();
        let error = migrate(&mut conn, store.path(), &and(NEXT), now()).unwrap_err();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        drop(lock);
    }

    #[test]
    fn steps_are_numbered_without_a_gap() {
        for (place, (version, _)) in ALL.iter().enumerate() {
            assert_eq!(*version, i64::try_from(place).unwrap() + 1);
        }
    }

    #[test]
    fn version_20_counts_the_deliveries_that_are_there_and_knows_the_feeds_of_alerts() {
        let mut conn = Connection::open_in_memory().unwrap();
        crate::store::row::add_short_hash(&conn).unwrap();
        for step in ALL.iter().filter(|(to, _)| *to < 20) {
            apply(&mut conn, step, now()).unwrap();
        }
        conn.execute_batch(
            "insert into feed (id, url, tags, full_text, enabled, origin, configured, added)
                 values ('f', 'https://f.example/', '[]', 0, 1, 'file', 1, 0);
             insert into story (first_entry, first_seen, last_seen) values ('e', 0, 0);
             insert into entry (id, feed, key, content_hash, at, first_seen, last_seen, story, joined_by, title,
                    authors, categories, enclosures, body, body_html)
                 values ('e', 'f', 'k', x'00', 0, 0, 0, 1, 'own', 't', '[]', '[]', '[]', '', '');
             insert into alert (key, created, severity, reason, rule, rule_title, entry)
                 values ('a', 0, 1, 'new', 'r', 'r', 1), ('h', 0, 1, 'health', 'r', 'r', null);
             insert into delivery (alert, receiver, key, state, due, severity, created, give_up)
                 values (1, 'one', 'a', 'due', 0, 1, 0, 0), (1, 'two', 'a', 'due', 0, 1, 0, 0),
                     (2, 'one', 'h', 'due', 0, 1, 0, 0);
             insert into meta (key, value, at) values ('indexed', '1', 0);",
        )
        .unwrap();
        for step in ALL.iter().filter(|(to, _)| *to >= 20) {
            apply(&mut conn, step, now()).unwrap();
        }
        let told = |sql: &str| -> Vec<String> {
            let mut query = conn.prepare(sql).unwrap();
            let rows = query.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let counts = "select receiver || ' ' || state || ' ' || many from delivery_count where many > 0 order by 1";
        assert_eq!(told(counts), ["one due 2", "two due 1"]);
        assert_eq!(
            told("select coalesce(feed, '-') from alert order by seq"),
            ["f", "-"]
        );
        assert!(told("select value from meta where key = 'indexed'").is_empty());
        conn.execute_batch(
            "update delivery set state = 'dead' where seq = 1; update delivery set why = 'x' where seq = 2; delete from delivery where seq = 3",
        )
        .unwrap();
        assert_eq!(told(counts), ["one dead 1", "two due 1"]);
    }
}
