//! The file receiver: one JSON line an alert, appended, on disk before it counts as delivered.
//!
//! The file is opened for each alert, so that a rotated log begins anew; who rotates is others' business.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::mask::chain;
use super::{BuildError, Context, Notifier, Outgoing, Sending, cut};
use crate::domain::alert::delivery::Attempt;

/// Appends alerts to one file.
pub(super) struct File {
    path: PathBuf,
    /// Folders below this one are made when missing.
    own: PathBuf,
    max_body: Option<u64>,
}

impl File {
    /// Writes to `path`, below the state folder when relative.
    pub(super) fn new(
        path: &Path,
        max_body: Option<u64>,
        context: &Context,
    ) -> Result<Self, BuildError> {
        if path.file_name().is_none() {
            return Err(BuildError::new(
                "path",
                "names no file: write it as \"alerts.jsonl\"",
            ));
        }
        let own = std::path::absolute(&context.state_dir)
            .map_err(|error| BuildError::new("path", format!("no state folder: {error}")))?;
        Ok(Self {
            path: own.join(path),
            own,
            max_body,
        })
    }

    fn line(&self, outgoing: &Outgoing) -> String {
        cut::json(&outgoing.alert, self.max_body) + "\n"
    }

    async fn write(&self, outgoing: &Outgoing) -> Attempt {
        let line = self.line(outgoing);
        let (path, own) = (self.path.clone(), self.own.clone());
        let written = tokio::task::spawn_blocking(move || {
            if let Some(parent) = path.parent().filter(|parent| parent.starts_with(&own)) {
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(parent)?;
            }
            append(&path, &line)
        });
        match written.await {
            Ok(Ok(())) => Attempt::delivered(),
            Ok(Err(error)) => failed(&self.path, &error),
            Err(error) => Attempt::later(format!("cannot write: {}", chain(&error))),
        }
    }
}

impl Notifier for File {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.write(outgoing))
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        self.line(outgoing)
    }
}

/// A full disk empties; a wrong path or right is repaired by people.
fn failed(path: &Path, error: &io::Error) -> Attempt {
    let repair = match error.kind() {
        _ if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
            ": it is a pipe or socket that nobody reads; it is tried again"
        }
        io::ErrorKind::NotFound => ": make its folder, or name another path",
        io::ErrorKind::PermissionDenied => {
            ": let the user that bongsu runs as write there, or name another path (under systemd: below the state folder)"
        }
        _ => "",
    };
    let message = format!("cannot write {}: {error}{repair}", path.display());
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::ReadOnlyFilesystem => Attempt::refused(message),
        _ => Attempt::later(message),
    }
}

/// Appends `line` whole and for good, or not at all.
fn append(path: &Path, line: &str) -> io::Result<()> {
    // Who could read it himself has no reader to wait for: opened for writing alone, a pipe that nobody reads fails.
    let is_pipe = fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
    let mut file = OpenOptions::new()
        .read(!is_pipe)
        .append(true)
        .create(true)
        .mode(0o600)
        // A pipe that nobody reads must not hold this thread for ever.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    let regular = file.metadata()?.is_file();
    let torn = regular && !ends_with_newline(&mut file)?;
    let bytes = if torn {
        format!("\n{line}")
    } else {
        line.to_owned()
    };
    let written = file.write(bytes.as_bytes())?;
    if written < bytes.len() {
        if regular {
            take_back(&file, written)?;
        }
        return Err(io::Error::new(
            io::ErrorKind::StorageFull,
            "no space for the whole line",
        ));
    }
    if regular {
        file.sync_all()?;
    }
    Ok(())
}

/// True also for an empty file. A line that a crash cut short must not spoil the next one.
fn ends_with_newline(file: &mut fs::File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Removes the `written` bytes just appended, unless another writer has appended since.
fn take_back(mut file: &fs::File, written: usize) -> io::Result<()> {
    let end = file.stream_position()?;
    if file.metadata()?.len() == end {
        file.set_len(end.saturating_sub(written as u64))?;
    }
    Ok(())
}
