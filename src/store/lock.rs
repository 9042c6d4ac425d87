//! One daemon a store: an advisory lock on a file beside the database, which names its holder.
//!
//! The lock ends with the process, however that ends; the file stays. Leases in the outbox carry the
//! holder's token, so that whoever comes next knows whose they were.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::FlockOperation;

use super::{Result, StoreError, open};

/// How often a held lock is tried again.
const TRIES: u32 = 5;
/// Between two tries.
const BREATH: Duration = Duration::from_millis(20);

/// The lock, held until dropped.
#[derive(Debug)]
pub struct Lock {
    file: Mutex<File>,
    database: PathBuf,
    owner: String,
}

impl Lock {
    /// Takes the lock of `database`, or says which process holds it.
    pub(super) fn take(database: &Path, now: Timestamp) -> Result<Self> {
        let owner = format!("{}-{:x}", std::process::id(), now.as_millisecond());
        Ok(Self {
            file: Mutex::new(take_file(database, &owner)?),
            database: database.to_owned(),
            owner,
        })
    }

    /// Makes sure that whoever comes next finds the lock: a file that somebody has deleted is made again, which is told.
    ///
    /// # Errors
    /// When another process has taken the store meanwhile, or the file can neither be seen nor made.
    pub fn renew(&self) -> Result<bool> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if is_at(&file, &lock_path(&self.database)) {
            return Ok(false);
        }
        *file = take_file(&self.database, &self.owner)?;
        Ok(true)
    }

    /// The token that leases taken under this lock carry.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

/// The file of that name, locked, with its owner in it.
fn take_file(database: &Path, owner: &str) -> Result<File> {
    let path = lock_path(database);
    let failed = |error: std::io::Error| StoreError::io(&path, &error);
    let mut tries = 0;
    loop {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match seize(&file) {
            // Deleted between the two, it is no lock: the next would make another one.
            Ok(()) if !is_at(&file, &path) && tries < TRIES => tries += 1,
            Ok(()) => {
                write_holder(&mut file, owner).map_err(failed)?;
                return Ok(file);
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(StoreError::Locked {
                    path: database.to_owned(),
                    pid: holder(&mut file),
                });
            }
            Err(error) => return Err(failed(error.into())),
        }
    }
}

/// Whether a path leads to an open file.
fn is_at(file: &File, path: &Path) -> bool {
    let here = file.metadata().map(|meta| (meta.dev(), meta.ino()));
    here.ok() == open::identity(path).ok() && path.exists()
}

/// Who holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process, where it said so.
    pub pid: Option<u32>,
}

/// Who holds the lock of `database`; takes nothing over.
pub(super) fn held_by(database: &Path) -> Option<Holder> {
    let mut file = File::open(lock_path(database)).ok()?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(rustix::io::Errno::WOULDBLOCK) => Some(Holder {
            pid: holder(&mut file),
        }),
        _ => None,
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An empty file says that the last holder ended in order; the lock itself goes with the descriptor.
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = file.set_len(0);
    }
}

/// Takes the lock, in a few tries: who only asks whether it is held has it for an instant.
#[expect(
    clippy::disallowed_methods,
    reason = "start-up may block, and only a store that seems taken waits"
)]
fn seize(file: &File) -> rustix::io::Result<()> {
    let mut tries = 0;
    loop {
        match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) if tries < TRIES => {
                tries += 1;
                std::thread::sleep(BREATH);
            }
            done => return done,
        }
    }
}

/// Whether anybody has ever held the lock of `database`.
pub(super) fn was_taken(database: &Path) -> bool {
    lock_path(database).exists()
}

/// The file that is locked.
pub(super) fn lock_path(database: &Path) -> PathBuf {
    open::suffixed(database, ".lock")
}

fn write_holder(file: &mut File, owner: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {owner}", std::process::id())
}

/// The process that the file names.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    Read::by_ref(file)
        .take(200)
        .read_to_string(&mut text)
        .ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::now;

    #[test]
    fn the_second_is_told_who_was_first() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("bongsu.db");
        let first = Lock::take(&database, now()).unwrap();
        let error = Lock::take(&database, now()).unwrap_err();
        let pid = Some(std::process::id());
        assert_eq!(
            error,
            StoreError::Locked {
                path: database.clone(),
                pid
            }
        );
        assert!(first.owner().starts_with(&std::process::id().to_string()));
        drop(first);
        assert!(Lock::take(&database, now()).is_ok());
    }

    #[test]
    fn a_lock_whose_file_was_deleted_is_made_again_or_told_lost() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("bongsu.db");
        let first = Lock::take(&database, now()).unwrap();
        assert_eq!(first.renew(), Ok(false));
        std::fs::remove_file(lock_path(&database)).unwrap();
        assert_eq!(first.renew(), Ok(true));
        assert!(Lock::take(&database, now()).is_err());
        std::fs::remove_file(lock_path(&database)).unwrap();
        let second = Lock::take(&database, now()).unwrap();
        assert!(matches!(first.renew(), Err(StoreError::Locked { .. })));
        assert_eq!(second.renew(), Ok(false));
    }
}
