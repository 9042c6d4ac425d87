//! Copies: whole, checked, restorable, never over something else.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::Settings;
use crate::store::sample::{
    assert_clean, commit, entry, now, number, open_store, record, rule_match,
};

#[test]
fn a_copy_opens_as_a_store() {
    let (dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let to = dir.path().join("copy.db");
    assert!(store.backup(&to).unwrap() > 0);
    assert!(store.backup(&to).is_ok(), "an earlier copy may be replaced");
    assert_eq!(
        fs::metadata(&to).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!open::wal_path(&to).exists());

    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(&to, elsewhere.path().join("bongsu.db")).unwrap();
    let restored = Store::open(elsewhere.path(), &Settings::default(), now()).unwrap();
    assert_eq!(number(&restored, "select count(*) from alert"), 1);
    assert_clean(&restored);
}

#[test]
fn copies_under_writes_are_each_of_one_instant() {
    let (dir, store) = open_store();
    let writer = {
        let store = store.clone();
        std::thread::spawn(move || {
            for number in 0..40 {
                let names: Vec<String> = (0..5).map(|n| format!("{number}-{n}")).collect();
                let new = names
                    .iter()
                    .map(|name| entry(name, vec![rule_match("r")]))
                    .collect();
                record(&store, commit(new));
            }
        })
    };
    for number in 0..8 {
        let to = dir.path().join(format!("copy-{number}.db"));
        store.backup(&to).unwrap();
        let copy = open::connect(&to).unwrap();
        let report = check::check(&copy).unwrap();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.entries % 5, 0);
    }
    writer.join().unwrap();
    assert_eq!(number(&store, "select count(*) from entry"), 200);
}

#[test]
fn a_copy_replaces_nothing_but_copies() {
    let (dir, store) = open_store();
    let others = ["copy.db.part", "copy.db.part1"].map(|name| dir.path().join(name));
    for other in &others {
        fs::write(other, "somebody's").unwrap();
    }
    let to = dir.path().join("copy.db");
    assert!(store.backup(&to).unwrap() > 0);
    assert!(open::is_copy(&to).unwrap());
    for other in &others {
        assert_eq!(fs::read_to_string(other).unwrap(), "somebody's");
    }
    assert!(!dir.path().join("copy.db.part2").exists());
    let notes = dir.path().join("bongsu.toml");
    fs::write(&notes, "[store]\n").unwrap();
    for to in [notes.as_path(), store.path(), dir.path()] {
        let error = store.backup(to).unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
    assert_eq!(fs::read_to_string(&notes).unwrap(), "[store]\n");
    let error = store
        .backup(&dir.path().join("nowhere").join("copy.db"))
        .unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert_clean(&store);
}
