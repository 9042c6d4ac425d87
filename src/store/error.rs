//! What can go wrong with the store, told apart by what a person has to do.
//!
//! The daemon handles these by waiting ([`StoreError::is_transient`]) or ending; commands print them and exit 4.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// A failed call of the store: each says what happened, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another connection has held the write lock for longer than we wait.
    #[error(
        "{}: another process is writing to the store and does not let go: wait for it to end, or end it",
        show(path)
    )]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// No room left.
    #[error(
        "{}: no room left on the disk: make room there; what was being written was undone, nothing else is lost",
        show(path)
    )]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error(
        "{}: the store is damaged ({detail}): stop bongsu, keep a copy of the file, and restore the last backup",
        show(path)
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The folder or the file cannot be written.
    #[error(
        "{}: cannot be written ({detail}): give this user the right to write there, or choose another folder with --state-dir",
        show(path)
    )]
    ReadOnly {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// A later version of bongsu made this store.
    #[error(
        "{}: the store has schema version {found}, this bongsu knows up to {known}: use the newer bongsu, or restore a backup of version {known} or earlier",
        show(path)
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file is something else.
    #[error(
        "{}: not a bongsu store ({detail}): name another file in [store] url or another folder with --state-dir; the file was left as it is",
        show(path)
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        detail: String,
    },
    /// Another bongsu works with this store.
    #[error("{}: in use by another bongsu{}: end that one first, or give this one a folder of its own with --state-dir", show(path), holder(*pid))]
    Locked {
        /// The database.
        path: PathBuf,
        /// The process that holds it, where it said so.
        pid: Option<u32>,
    },
    /// The file was deleted or replaced under a running bongsu.
    #[error(
        "{}: the file was deleted or replaced while in use: put it back or restore a backup, then start bongsu again",
        show(path)
    )]
    Moved {
        /// The database.
        path: PathBuf,
    },
    /// The system failed.
    #[error("{}: {detail}: check the disk and the path", show(path))]
    Io {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The store refused what we asked: a bug.
    #[error("{}: {detail}: this is a bug, please report it", show(path))]
    Fault {
        /// The database.
        path: PathBuf,
        /// What was refused.
        detail: String,
    },
}

impl StoreError {
    /// Whether the same call may work later without anyone restarting bongsu.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Full { .. } | Self::Io { .. } | Self::ReadOnly { .. }
        )
    }

    /// A bug, in words.
    pub(super) fn fault(detail: impl Into<String>) -> Self {
        Self::Fault {
            path: PathBuf::new(),
            detail: detail.into(),
        }
    }

    /// A failure of the file system at `at`.
    pub(super) fn io(at: &Path, error: &io::Error) -> Self {
        let path = at.to_owned();
        let detail = error.to_string();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, detail }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            _ => Self::Io { path, detail },
        }
    }

    /// The same error, with the path filled in where the call did not know it.
    pub(super) fn at(mut self, database: &Path) -> Self {
        let (Self::Busy { path }
        | Self::Full { path }
        | Self::Moved { path }
        | Self::Corrupt { path, .. }
        | Self::ReadOnly { path, .. }
        | Self::Newer { path, .. }
        | Self::Foreign { path, .. }
        | Self::Locked { path, .. }
        | Self::Io { path, .. }
        | Self::Fault { path, .. }) = &mut self;
        if path.as_os_str().is_empty() {
            database.clone_into(path);
        }
        self
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let path = PathBuf::new();
        let extended = error.sqlite_error().map(|inner| inner.extended_code);
        let detail = match extended {
            Some(code) => format!("{error}, SQLite code {code}"),
            None => error.to_string(),
        };
        match error.sqlite_error_code() {
            // The index of the log cannot grow: SQLite calls that a failure of the disk, not a full one.
            _ if extended == Some(ffi::SQLITE_IOERR_SHMSIZE) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path, detail }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, detail }
            }
            // Our statements are tried on whole stores.
            _ if detail.starts_with("no such table") => Self::Corrupt { path, detail },
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Io { path, detail },
            _ => Self::Fault { path, detail },
        }
    }
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_where_and_what_to_do() {
        let path = PathBuf::from("/var/lib/bongsu/bongsu.db");
        let errors = [
            (StoreError::Busy { path: path.clone() }, "wait"),
            (StoreError::Full { path: path.clone() }, "make room"),
            (
                StoreError::Locked {
                    path: path.clone(),
                    pid: Some(4711),
                },
                "process 4711",
            ),
            (
                StoreError::Newer {
                    path: path.clone(),
                    found: 9,
                    known: 1,
                },
                "version 9, this bongsu knows up to 1",
            ),
        ];
        for (error, advice) in errors {
            let text = error.to_string();
            assert!(text.starts_with("/var/lib/bongsu/bongsu.db: "), "{text}");
            assert!(text.contains(advice), "{text}");
        }
    }

    #[test]
    fn a_table_that_is_gone_is_damage_and_no_bug() {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        for (sql, damaged) in [("select 1 from delivery", true), ("selekt 1", false)] {
            let error = StoreError::from(conn.prepare(sql).unwrap_err());
            assert_eq!(
                matches!(error, StoreError::Corrupt { .. }),
                damaged,
                "{error}"
            );
        }
    }

    #[test]
    fn a_path_is_filled_in_once() {
        let error = StoreError::fault("no")
            .at(Path::new("/a"))
            .at(Path::new("/b"));
        assert!(error.to_string().starts_with("/a: no"), "{error}");
        assert!(!error.is_transient());
    }
}
