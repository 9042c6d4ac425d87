//! The store as a whole: opening it, refusing what is not one, the lock, the file's rights.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use super::sample::{
    after, assert_clean, commit, entry, now, number, open_store, record, reopen, rule_match,
};
use super::{Settings, Store, StoreError, feeds, migrate, outbox};
use crate::domain::alert::rate::Limits;
use crate::domain::id::{FeedId, ReceiverId};

fn open(dir: &std::path::Path) -> Result<Store, StoreError> {
    Store::open(dir, &Settings::default(), now())
}

fn refusal(dir: &std::path::Path) -> (StoreError, String) {
    let error = open(dir).unwrap_err();
    let text = error.to_string();
    (error, text)
}

#[test]
fn a_new_store_is_for_its_user_alone() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep").join("state");
    let store = open(&state).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(store.path()), 0o600);
    assert_eq!(mode(&super::open::wal_path(store.path())), 0o600);
    for (pragma, value) in [
        ("foreign_keys", 1),
        ("synchronous", 2),
        ("trusted_schema", 0),
        ("query_only", 1),
    ] {
        assert_eq!(
            number(&store, &format!("pragma {pragma}")),
            value,
            "{pragma}"
        );
    }
    assert_eq!(number(&store, "pragma auto_vacuum"), 2);
    assert_clean(&store);
}

#[test]
fn a_text_file_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bongsu.db");
    fs::write(&path, "dear diary, this is no database\n").unwrap();
    let (error, text) = refusal(dir.path());
    assert!(matches!(error, StoreError::Foreign { .. }), "{text}");
    assert!(
        text.contains("bongsu.db") && text.contains("not an SQLite database"),
        "{text}"
    );
    assert_eq!(
        fs::read(&path).unwrap(),
        b"dear diary, this is no database\n"
    );
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bongsu.db");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("pragma application_id = 77; create table t (a)")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    let (error, text) = refusal(dir.path());
    assert!(matches!(error, StoreError::Foreign { .. }), "{text}");
    assert!(text.contains("0x0000004d"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_newer_schema_is_refused_by_both_versions() {
    let (dir, store) = open_store();
    drop(store);
    let conn = Connection::open(dir.path().join("bongsu.db")).unwrap();
    conn.execute_batch("pragma user_version = 99").unwrap();
    drop(conn);
    let (error, text) = refusal(dir.path());
    let ours = migrate::newest(migrate::ALL);
    assert!(
        matches!(error, StoreError::Newer { found: 99, known, .. } if known == ours),
        "{text}"
    );
    let both = ["version 99".to_owned(), format!("up to {ours}")];
    assert!(both.iter().all(|words| text.contains(words)), "{text}");
}

#[test]
fn a_damaged_file_is_named() {
    let (dir, store) = open_store();
    let path = store.path().to_owned();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..4096].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let (error, text) = refusal(dir.path());
    assert!(matches!(error, StoreError::Corrupt { .. }), "{text}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn an_emptied_file_with_a_full_log_is_not_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bongsu.db"), "").unwrap();
    fs::write(
        dir.path().join("bongsu.db-wal"),
        "what was not yet written back",
    )
    .unwrap();
    let (error, text) = refusal(dir.path());
    assert!(matches!(error, StoreError::Corrupt { .. }), "{text}");
    assert!(dir.path().join("bongsu.db-wal").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    // Nobody makes folders in /sys, root included.
    let (error, text) = refusal(std::path::Path::new("/sys/bongsu"));
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{text}");
    assert!(
        text.contains("/sys/bongsu") && text.contains("--state-dir"),
        "{text}"
    );
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let (error, text) = refusal(&dir.path().join("file"));
    assert!(matches!(error, StoreError::Io { .. }), "{text}");
    assert!(text.contains("not a folder"), "{text}");
}

#[test]
fn a_url_of_another_kind_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        url: "postgres://host/db".to_owned(),
        ..Settings::default()
    };
    assert!(Store::open(dir.path(), &settings, now()).is_err());
}

#[test]
fn a_second_daemon_is_refused_and_commands_are_not() {
    let (dir, store) = open_store();
    let lock = store.lock(now()).unwrap();
    let second = reopen(&dir);
    let error = second.lock(now()).unwrap_err();
    assert_eq!(
        error,
        StoreError::Locked {
            path: store.path().to_owned(),
            pid: Some(std::process::id())
        }
    );
    second
        .write_blocking(|tx| super::status::set_note(tx, "k", "v", now()))
        .unwrap();
    assert_eq!(
        number(&store, "select count(*) from meta where key = 'k'"),
        1
    );
    drop(lock);
    assert!(second.lock(now()).is_ok());
}

#[test]
fn whoever_comes_after_a_dead_daemon_takes_over_at_once() {
    let (dir, store) = open_store();
    let lock = store.lock(now()).unwrap();
    let owner = lock.owner().to_owned();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let desk = ReceiverId::new("desk");
    let claimed = store
        .write_blocking(move |tx| {
            let claim = outbox::Claim {
                receiver: &desk,
                owner: &owner,
                now: now(),
                lease_until: after(3600),
                limit: 10,
                untried_since: None,
                limits: &Limits::default(),
                catch_up: None,
            };
            feeds::mark_polling(tx, &FeedId::new("b"), now(), after(3600))?;
            outbox::claim(tx, &claim)
        })
        .unwrap();
    assert_eq!(claimed.len(), 1);
    // As if killed: neither settled nor ended in order.
    drop(lock);
    drop(store);

    let store = reopen(&dir);
    let _lock = store.lock(after(1)).unwrap();
    assert_eq!(
        number(
            &store,
            "select count(*) from delivery where state = 'due' and attempts = 1"
        ),
        1
    );
    assert_eq!(
        number(
            &store,
            "select count(*) from attempt where outcome = 'unknown'"
        ),
        1
    );
    let b = store
        .read_blocking(|conn| feeds::state(conn, &FeedId::new("b")))
        .unwrap()
        .unwrap();
    assert_eq!(b.next_poll, Some(after(61)));
    assert_clean(&store);
}

#[test]
fn a_replaced_file_is_noticed_before_anything_is_lost_in_it() {
    let (dir, store) = open_store();
    let path = dir.path().join("bongsu.db");
    fs::rename(&path, dir.path().join("away.db")).unwrap();
    let write =
        |store: &Store| store.write_blocking(|tx| super::status::set_note(tx, "k", "v", now()));
    assert_eq!(write(&store), Err(StoreError::Moved { path: path.clone() }));
    fs::write(&path, "").unwrap();
    assert!(matches!(write(&store), Err(StoreError::Moved { .. })));
}

#[tokio::test]
async fn reads_and_writes_from_tasks_meet() {
    let (_dir, store) = open_store();
    store
        .write(|tx| super::status::set_note(tx, "k", "v", now()))
        .await
        .unwrap();
    let note = store
        .read(|conn| super::status::note(conn, "k"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((note.value.as_str(), note.at), ("v", now()));
    let refused = store
        .read(|conn| Ok(conn.execute("delete from meta", []).map(|_| ())?))
        .await;
    assert!(
        matches!(refused, Err(StoreError::ReadOnly { .. })),
        "{refused:?}"
    );
    assert!(
        store
            .read(|conn| super::status::note(conn, "k"))
            .await
            .unwrap()
            .is_some()
    );
}

#[test]
fn what_was_answered_survives_a_power_cut() {
    let (dir, store) = open_store();
    let names: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    for name in &names {
        record(&store, commit(vec![entry(name, vec![rule_match("r")])]));
    }
    // The files as they are on disk at this instant, the log not yet written back.
    let after_cut = tempfile::tempdir().unwrap();
    for name in ["bongsu.db", "bongsu.db-wal"] {
        fs::copy(dir.path().join(name), after_cut.path().join(name)).unwrap();
    }
    let revived = reopen(&after_cut);
    assert_eq!(number(&revived, "select count(*) from entry"), 30);
    assert_eq!(number(&revived, "select count(*) from delivery"), 30);
    assert_clean(&revived);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_write_at_once() {
    let (_dir, store) = open_store();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..150_i64 {
        let store = store.clone();
        tasks.spawn(async move {
            store
                .write(move |tx| {
                    if number % 10 == 3 {
                        super::status::set_note(tx, "undone", "x", now())?;
                        return Err(StoreError::fault("refused"));
                    }
                    super::status::set_note(tx, &number.to_string(), "x", now())?;
                    Ok(number)
                })
                .await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 15);
    let kept = "select count(*) from meta where value = 'x'";
    assert_eq!(number(&store, kept), 135);
    assert_eq!(
        number(&store, "select count(*) from meta where key = 'undone'"),
        0
    );
}
