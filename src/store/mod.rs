//! The only module with SQL: one file a noun, functions that take a transaction or a connection.
//!
//! [`Store`] is the handle: one writer on its own thread, a few readers, one lock for whoever delivers. What
//! is written and when is decided elsewhere; here it commits together or not at all, and comes back as it
//! went. The schema and its reasons are in `migrations/`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
/// What closures over the store are handed.
pub use rusqlite::{Connection, Transaction};

pub mod alerts;
pub mod backup;
pub mod board;
pub mod changes;
pub mod check;
pub mod definitions;
pub mod digests;
pub mod entries;
mod error;
pub mod escalations;
pub mod feeds;
pub mod gaps;
pub mod health;
pub mod hosts;
pub mod links;
mod lock;
mod migrate;
mod open;
pub mod outbox;
pub mod pages;
pub mod pictures;
pub mod polls;
pub mod restore;
pub mod retention;
mod row;
#[cfg(test)]
mod sample;
pub mod search;
pub mod sessions;
mod settings;
pub mod silences;
pub mod status;
pub mod stories;
#[cfg(test)]
mod tests;
pub mod timing;
pub mod websub;
mod writer;

pub use error::StoreError;
pub use lock::{Holder, Lock};
pub use open::is_open_to_others;
pub use settings::{Settings, database_path};

use writer::Writer;

/// What calls of the store give back.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Readers at work at once; others wait.
pub const READERS: usize = 4;

/// The store, open. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Writer,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<tokio::sync::Semaphore>,
}

impl Store {
    /// Opens the store below `state_dir`, making folder, file and schema where there are none.
    ///
    /// An older schema is brought up to date after a copy of the file was kept; this takes the daemon's lock
    /// for as long as it lasts.
    pub fn open(state_dir: &Path, settings: &Settings, now: Timestamp) -> Result<Self> {
        let path =
            database_path(state_dir, &settings.url).map_err(|detail| StoreError::Foreign {
                path: state_dir.to_owned(),
                detail,
            })?;
        let conn = open::open(&path, now).map_err(|error| error.at(&path))?;
        let identity = open::identity(&path)?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer: Writer::start(conn, path.clone(), identity)?,
                path,
                idle: Mutex::new(Vec::new()),
                permits: Arc::new(tokio::sync::Semaphore::new(READERS)),
            }),
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Takes the lock that one daemon holds, and frees what a dead owner left under way.
    ///
    /// Whoever polls and delivers holds it; reading and short writes need none.
    pub fn lock(&self, now: Timestamp) -> Result<Lock> {
        let lock = Lock::take(&self.inner.path, now)?;
        let owner = lock.owner().to_owned();
        self.write_blocking(move |tx| {
            outbox::void_leases(tx, &owner, now)?;
            outbox::forget_wrong_clock(tx, now)?;
            links::ensure_key(tx, now)?;
            pages::free_interrupted(tx, now)?;
            feeds::free_interrupted(tx, now)
        })?;
        Ok(lock)
    }

    /// Who owns the store, if anybody; looks and changes nothing.
    #[must_use]
    pub fn held_by(&self) -> Option<Holder> {
        lock::held_by(&self.inner.path)
    }

    /// Runs `work` in a transaction and gives its result back once that is on disk.
    ///
    /// Calls that wait at the same time share a flush; each is undone alone if it fails. `work` may run
    /// twice: when a neighbour's failure undid the whole group, each is tried again by itself.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.queue(work, Duration::ZERO).await
    }

    /// [`Store::write`] for what can wait: held back for `patience` at most, so that many share a flush.
    pub async fn write_within<T, F>(&self, patience: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.queue(work, patience).await
    }

    async fn queue<T, F>(&self, work: F, patience: Duration) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.inner
            .writer
            .send(work, patience, move |result| drop(reply.send(result)))
            .await?;
        answer
            .await
            .unwrap_or_else(|_| Err(self.fault("the writer ended before it answered")))
    }

    /// [`Store::write`] for callers that may block: commands and start-up.
    pub fn write_blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = std::sync::mpsc::channel();
        self.inner
            .writer
            .send_now(work, move |result| drop(reply.send(result)))?;
        answer
            .recv()
            .unwrap_or_else(|_| Err(self.fault("the writer ended before it answered")))
    }

    /// Runs `work` on a reader, on a thread where it may block; it sees one state of the store throughout.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.inner.permits).acquire_owned().await;
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = store.read_blocking(work);
            drop(permit);
            result
        });
        match done.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(self.fault("the process is shutting down")),
        }
    }

    /// [`Store::read`] for callers that may block.
    pub fn read_blocking<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let pooled = self.pool().pop();
        let conn = match pooled {
            Some(conn) => conn,
            None => open::reader(&self.inner.path).map_err(|error| self.placed(error))?,
        };
        let result = in_snapshot(&conn, work).map_err(|error| self.placed(error));
        if result.is_ok() && conn.is_autocommit() {
            let mut pool = self.pool();
            if pool.len() < READERS {
                pool.push(conn);
            }
        }
        result
    }

    /// Waits until another process has written to the store; noticed within a second or two.
    pub async fn changed_outside(&self) {
        self.inner.writer.changed_outside().await;
    }

    /// The process is ending: from now on nobody waits for long while another holds the write lock.
    pub fn hurry(&self) {
        self.inner.writer.hurry();
    }

    /// Writes what the log still holds into the file, at a calm moment; gives back the log's size in bytes.
    pub fn checkpoint_blocking(&self) -> Result<u64> {
        self.inner.writer.checkpoint()?;
        Ok(status::file_size(&open::wal_path(&self.inner.path)))
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.inner
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn placed(&self, error: StoreError) -> StoreError {
        error.at(&self.inner.path)
    }

    fn fault(&self, detail: &str) -> StoreError {
        self.placed(StoreError::fault(detail))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.inner.path).finish()
    }
}

/// Several queries, one state of the store; ended whatever `work` does.
fn in_snapshot<T>(conn: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let tx = conn.unchecked_transaction()?;
    let result = work(&tx)?;
    tx.finish()?;
    Ok(result)
}
