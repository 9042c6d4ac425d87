//! Copies of the store, taken while it is in use: to a temporary name, checked, then renamed into place.
//!
//! A copy is one plain file without a log; `restore` puts one where the store was.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{Result, Store, StoreError, check, open};

/// Beside so many files that killed backups may have left there is room for one more.
const MOST_LEFT: u32 = 99;

impl Store {
    /// Writes a copy to `to`, replacing an earlier copy there, and gives back its size in bytes.
    ///
    /// The copy is of one instant; writers go on meanwhile.
    pub fn backup(&self, to: &Path) -> Result<u64> {
        let conn = open::reader(self.path()).map_err(|error| error.at(self.path()))?;
        write(&conn, to).map_err(|error| error.at(self.path()))
    }
}

/// Copies what `conn` is open on to the file `to`.
pub(super) fn write(conn: &Connection, to: &Path) -> Result<u64> {
    let failed = |error: io::Error| StoreError::io(to, &error);
    refuse_target(conn, to)?;
    let temporary = begin(to).map_err(failed)?;
    let size = fill(conn, &temporary).and_then(|size| {
        fs::rename(&temporary, to).map_err(failed)?;
        sync_folder(to).map_err(failed)?;
        Ok(size)
    });
    if size.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    size
}

/// An empty file beside `to`, of a name that nobody had: whose a file is that bears one cannot be known.
fn begin(to: &Path) -> io::Result<PathBuf> {
    let mut taken = 0;
    loop {
        let temporary = match taken {
            0 => open::suffixed(to, ".part"),
            number => open::suffixed(to, &format!(".part{number}")),
        };
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary);
        match made {
            Ok(_) => return Ok(temporary),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && taken < MOST_LEFT => {
                taken += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Copies, makes one file of it, checks it, and flushes it to disk.
fn fill(conn: &Connection, temporary: &Path) -> Result<u64> {
    let here = |error: StoreError| error.at(temporary);
    copy(conn, temporary).map_err(here)?;
    let copied = Connection::open(temporary).map_err(|error| here(error.into()))?;
    let found = check::integrity(&copied).map_err(here)?;
    drop(copied);
    if let Some(first) = found.first() {
        return Err(StoreError::Corrupt {
            path: PathBuf::new(),
            detail: first.clone(),
        });
    }
    let file = File::open(temporary).map_err(|error| StoreError::io(temporary, &error))?;
    file.sync_all()
        .and_then(|()| file.metadata())
        .map(|meta| meta.len())
        .map_err(|error| StoreError::io(temporary, &error))
}

fn copy(conn: &Connection, temporary: &Path) -> Result<()> {
    let mut target = Connection::open(temporary)?;
    let backup = Backup::new(conn, &mut target)?;
    // All pages at once are one snapshot; page by page it would begin again at each commit of others.
    if !matches!(backup.step(-1)?, StepResult::Done) {
        return Err(StoreError::Busy {
            path: PathBuf::new(),
        });
    }
    drop(backup);
    target.query_row("pragma journal_mode = delete", [], |_| Ok(()))?;
    Ok(())
}

/// A copy may replace an earlier copy, nothing else: not the store, not some other file.
fn refuse_target(conn: &Connection, to: &Path) -> Result<()> {
    let foreign = |detail: &str| {
        Err(StoreError::Foreign {
            path: to.to_owned(),
            detail: detail.to_owned(),
        })
    };
    let meta = match fs::metadata(to) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::io(to, &error)),
    };
    if let Some(Ok(own)) = conn.path().map(fs::metadata)
        && (own.dev(), own.ino()) == (meta.dev(), meta.ino())
    {
        return foreign("it is the store itself, a copy needs a place of its own");
    }
    if !meta.is_file() || !open::is_copy(to)? {
        return foreign("a copy does not replace what is no copy");
    }
    Ok(())
}

/// Makes the names in the folder of `file` durable.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|dir| !dir.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests;
