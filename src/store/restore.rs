//! Putting a copy where the store was. What was there is set aside, never overwritten.
//!
//! The other half of `backup`; no daemon may be at work meanwhile.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::lock::{self, Lock};
use super::{Result, StoreError, backup, check, open};

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// Size of the store now, in bytes.
    pub bytes: u64,
    /// Where the store that was there lies now; none if there was none.
    pub set_aside: Option<PathBuf>,
}

/// Makes `copy` the store at `store`.
///
/// # Errors
/// A daemon that is at work; a copy that is damaged, made by a later version, or no copy of ours. Nothing is changed then.
pub fn restore(store: &Path, copy: &Path, now: Timestamp) -> Result<Restored> {
    let folder = open::make_folder_of(store)?;
    let _lock = Lock::take(store, now)?;
    let arrived = open::suffixed(store, ".restored");
    let bytes = fetch(copy, &arrived)?;
    let set_aside = set_aside(store, now)?;
    let failed = |error| StoreError::io(store, &error);
    fs::rename(&arrived, store).map_err(failed)?;
    // The administrator restores, another user runs the daemon: who owns the folder owns what is in it.
    let owner = fs::metadata(&folder).map_err(failed)?;
    for path in [store.to_owned(), lock::lock_path(store)] {
        give(&path, &owner).map_err(failed)?;
    }
    backup::sync_folder(store).map_err(failed)?;
    Ok(Restored { bytes, set_aside })
}

/// Copies `copy` to `to`, checked; refuses what this version could not open.
fn fetch(copy: &Path, to: &Path) -> Result<u64> {
    if !open::is_copy(copy)? {
        return Err(StoreError::Foreign {
            path: copy.to_owned(),
            detail: "it is no copy that `bongsu db backup` made".to_owned(),
        });
    }
    let here = |error: StoreError| error.at(copy);
    let conn = open::reader(copy).map_err(here)?;
    open::recognise(&conn).map_err(here)?;
    if let Some(first) = check::foreign(&conn).map_err(here)?.first() {
        return Err(StoreError::Foreign {
            path: copy.to_owned(),
            detail: format!("{first}: whoever put it there could change what the store says"),
        });
    }
    let _ = fs::remove_file(to);
    backup::write(&conn, to).map_err(here)
}

/// Gives the store that is there, with its log, another name.
///
/// Both names are given before the old ones go, so that a kill in between loses nothing.
fn set_aside(store: &Path, now: Timestamp) -> Result<Option<PathBuf>> {
    let failed = |error| StoreError::io(store, &error);
    if !store.try_exists().map_err(failed)? {
        return Ok(None);
    }
    let aside = open::suffixed(
        store,
        &format!(".before-{}", now.strftime("%Y%m%dT%H%M%SZ")),
    );
    fs::hard_link(store, &aside).map_err(failed)?;
    let wal = open::wal_path(store);
    if wal.try_exists().map_err(failed)? {
        fs::rename(&wal, open::wal_path(&aside)).map_err(failed)?;
    }
    match fs::remove_file(open::suffixed(store, "-shm")) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(Some(aside)),
    }
}

/// Makes `path` belong to whom `owner` belongs, where it does not yet.
fn give(path: &Path, owner: &fs::Metadata) -> std::io::Result<()> {
    let now = fs::metadata(path)?;
    if (now.uid(), now.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    chown(path, Some(owner.uid()), Some(owner.gid()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{
        assert_clean, commit, entry, now, number, open_store, record, rule_match,
    };
    use crate::store::{Settings, Store};

    fn alerts(folder: &Path) -> i64 {
        let store = Store::open(folder, &Settings::default(), now()).unwrap();
        assert_clean(&store);
        number(&store, "select count(*) from alert")
    }

    #[test]
    fn a_copy_takes_the_place_of_what_is_set_aside() {
        let (dir, store) = open_store();
        record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
        let copy = dir.path().join("copy.db");
        store.backup(&copy).unwrap();
        record(&store, commit(vec![entry("two", vec![rule_match("r")])]));
        let place = store.path().to_owned();
        drop(store);

        let done = restore(&place, &copy, now()).unwrap();
        assert_eq!(alerts(dir.path()), 1);
        let aside = done.set_aside.unwrap();
        fs::copy(&aside, &place).unwrap();
        fs::remove_file(open::wal_path(&place)).ok();
        if open::wal_path(&aside).exists() {
            fs::copy(open::wal_path(&aside), open::wal_path(&place)).unwrap();
        }
        assert_eq!(alerts(dir.path()), 2, "what was set aside is whole");
    }

    #[test]
    fn a_new_machine_has_nothing_to_set_aside() {
        let (dir, store) = open_store();
        record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
        let copy = dir.path().join("copy.db");
        store.backup(&copy).unwrap();
        let elsewhere = dir.path().join("new/machine");
        let done = restore(&elsewhere.join("bongsu.db"), &copy, now()).unwrap();
        assert!(done.set_aside.is_none() && done.bytes > 0);
        assert_eq!(alerts(&elsewhere), 1);
    }

    #[test]
    fn what_is_no_good_copy_changes_nothing() {
        let (dir, store) = open_store();
        record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
        let good = dir.path().join("copy.db");
        store.backup(&good).unwrap();
        let place = store.path().to_owned();
        let bad = dir.path().join("bad.db");

        let mut bytes = fs::read(&good).unwrap();
        let end = bytes.len();
        bytes[end / 2..].fill(0xA5);
        fs::write(&bad, bytes).unwrap();
        assert!(restore(&place, &bad, now()).is_err());
        fs::write(&bad, "a diary").unwrap();
        assert!(matches!(
            restore(&place, &bad, now()),
            Err(StoreError::Foreign { .. })
        ));
        assert!(restore(&place, &dir.path().join("none.db"), now()).is_err());
        fs::remove_file(&bad).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&bad).status();
        assert!(made.unwrap().success());
        assert!(matches!(
            restore(&place, &bad, now()),
            Err(StoreError::Foreign { .. })
        ));
        for (change, named) in [
            ("create trigger spy", "trigger spy"),
            (
                "drop trigger delivery_added; create trigger delivery_added",
                "trigger delivery_added",
            ),
        ] {
            fs::remove_file(&bad).unwrap();
            fs::copy(&good, &bad).unwrap();
            let act = "after insert on alert begin delete from delivery; end";
            rusqlite::Connection::open(&bad)
                .unwrap()
                .execute_batch(&format!("{change} {act}"))
                .unwrap();
            let error = restore(&place, &bad, now()).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        assert_eq!(number(&store, "select count(*) from alert"), 1);

        let _daemon = store.lock(now()).unwrap();
        assert!(matches!(
            restore(&place, &good, now()),
            Err(StoreError::Locked { .. })
        ));
    }
}
