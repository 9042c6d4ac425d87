//! Group commit, failing neighbours, a full disk, a held lock.

use rusqlite::Connection;

use super::*;
use crate::store::sample::{
    assert_clean, commit, entry, now, number, open_store, record, rule_match,
};
use crate::store::{open, polls, status};

fn memory() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("create table t (a integer primary key, b blob) strict")
        .unwrap();
    conn
}

fn job(
    work: impl FnMut(&Transaction<'_>) -> Result<()> + Send + 'static,
) -> (Waiting, std::sync::mpsc::Receiver<Result<()>>) {
    let (reply, answer) = channel();
    (
        (task(work, move |result| drop(reply.send(result))), None),
        answer,
    )
}

fn add(key: i64) -> impl FnMut(&Transaction<'_>) -> Result<()> + Send + 'static {
    move |tx| {
        tx.execute("insert into t (a) values (?1)", [key])?;
        Ok(())
    }
}

/// Commits `group` on `conn`, whose file is taken to be in place.
fn run(conn: &mut Connection, group: Vec<Waiting>) {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk {
        path: dir.path().to_owned(),
        identity: open::identity(dir.path()).unwrap(),
        signs: Arc::default(),
    };
    desk.commit(conn, group);
}

fn keys(conn: &Connection) -> Vec<i64> {
    let mut query = conn.prepare("select a from t order by a").unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_failing_job_is_undone_alone() {
    let mut conn = memory();
    let (one, first) = job(add(1));
    let (two, second) = job(|tx| {
        tx.execute("insert into t (a) values (2)", [])?;
        tx.execute("insert into t (a) values (1)", [])?;
        Ok(())
    });
    let (three, third) = job(|tx| {
        tx.execute("insert into t (a) values (3)", [])?;
        panic!("a job that panics is a job that fails");
    });
    let (four, fourth) = job(add(4));
    run(&mut conn, vec![one, two, three, four]);
    assert_eq!(first.recv().unwrap(), Ok(()));
    assert!(matches!(
        second.recv().unwrap(),
        Err(StoreError::Fault { .. })
    ));
    assert!(matches!(
        third.recv().unwrap(),
        Err(StoreError::Fault { .. })
    ));
    assert_eq!(fourth.recv().unwrap(), Ok(()));
    assert_eq!(keys(&conn), [1, 4]);
}

#[test]
fn a_full_disk_fails_the_job_that_needs_it() {
    let mut conn = memory();
    let pages: i64 = conn
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let mut limit = conn
        .prepare(&format!("pragma max_page_count = {}", pages + 2))
        .unwrap();
    let _: i64 = limit.query_row([], |row| row.get(0)).unwrap();
    drop(limit);
    let (one, first) = job(add(1));
    let (big, second) = job(|tx| {
        tx.execute("insert into t (a, b) values (2, zeroblob(1000000))", [])?;
        Ok(())
    });
    let (three, third) = job(add(3));
    run(&mut conn, vec![one, big, three]);
    assert_eq!(first.recv().unwrap(), Ok(()));
    assert!(matches!(
        second.recv().unwrap(),
        Err(StoreError::Full { .. })
    ));
    assert_eq!(third.recv().unwrap(), Ok(()));
    assert_eq!(keys(&conn), [1, 3]);
}

#[test]
fn a_held_lock_makes_all_of_a_group_wait_once() {
    let (_dir, store) = open_store();
    let holder = open::connect(store.path()).unwrap();
    holder.execute_batch("begin immediate").unwrap();
    let mut conn = open::connect(store.path()).unwrap();
    conn.busy_timeout(Duration::from_millis(1)).unwrap();
    let (one, first) = job(|tx| status::set_note(tx, "one", "1", now()));
    let (two, second) = job(|tx| status::set_note(tx, "two", "2", now()));
    run(&mut conn, vec![one, two]);
    for answer in [first, second] {
        assert!(matches!(
            answer.recv().unwrap(),
            Err(StoreError::Busy { .. })
        ));
    }
    holder.execute_batch("rollback").unwrap();
    store
        .write_blocking(|tx| status::set_note(tx, "three", "3", now()))
        .unwrap();
    assert_eq!(
        number(
            &store,
            "select count(*) from meta where key in ('one', 'two', 'three')"
        ),
        1
    );
}

#[test]
fn a_poll_on_a_full_disk_leaves_nothing_behind_and_succeeds_later() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("before", vec![rule_match("r")])]));
    let cap = |pages: i64| {
        store
            .write_blocking(move |tx| {
                let sql = format!("pragma max_page_count = {pages}");
                Ok(tx.query_row(&sql, [], |row| row.get::<_, i64>(0))?)
            })
            .unwrap();
    };
    cap(1);
    let names: Vec<String> = (0..200).map(|n| format!("entry-{n}")).collect();
    let big = commit(
        names
            .iter()
            .map(|name| entry(name, vec![rule_match("r")]))
            .collect(),
    );
    let again = big.clone();
    let failed = store.write_blocking(move |tx| polls::record_poll(tx, &big));
    assert!(matches!(failed, Err(StoreError::Full { .. })), "{failed:?}");
    assert_eq!(number(&store, "select count(*) from entry"), 1);
    assert_eq!(number(&store, "select count(*) from poll"), 1);
    assert_clean(&store);
    cap(1_000_000);
    assert_eq!(record(&store, again).new, 200);
    assert_clean(&store);
}

#[test]
fn a_checkpoint_empties_the_log() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    assert!(store.wal_bytes() > 0);
    assert_eq!(store.checkpoint_blocking(), Ok(0));
}
