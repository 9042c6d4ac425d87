//! The one thread that writes: takes jobs, commits those that wait together, answers when it is on disk.
//!
//! A commit costs a flush of the disk, so jobs share it. Each still stands alone: where one fails, what was done
//! together is undone and every job is done again by itself. A savepoint for each would copy every page it touches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{Result, StoreError, open};

/// Jobs in one commit. The pages that all of them touch are written once.
const GROUP: usize = 128;
/// A group that has taken so long is committed as far as it came: large jobs fill neither the log nor anybody's patience.
const LONGEST: Duration = Duration::from_millis(500);
/// How long a job that can wait is held back without another.
const GAP: Duration = Duration::from_millis(50);
/// Jobs that may wait; more callers wait outside.
const QUEUE: usize = 1024;
/// Without a job for so long, the log is written into the file, and other processes' writes are looked for.
const IDLE: Duration = Duration::from_secs(1);
/// How long a process that ends waits for another's write lock.
const HURRIED: Duration = Duration::from_millis(250);

/// The writer's end for callers.
pub(super) struct Writer {
    jobs: Mutex<Option<Sender<Message>>>,
    permits: Arc<Semaphore>,
    signs: Arc<Signs>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

/// What both sides may see at any time, past the queue.
#[derive(Default)]
struct Signs {
    /// Another process has written.
    outside: Notify,
    /// The process is ending.
    ending: AtomicBool,
}

/// What the thread is asked to do.
enum Message {
    /// A job, and how long it may be held back for others.
    Write(Waiting, Duration),
    Checkpoint(Sender<Result<()>>),
}

/// A piece of work with its result type hidden.
trait Job: Send {
    /// Does the work and keeps the result for later.
    fn run(&mut self, tx: &Transaction<'_>) -> Result<()>;
    /// Hands the result back, or the reason why there is none.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Task<T, F, R> {
    work: F,
    result: Option<T>,
    reply: R,
}

impl<T, F, R> Job for Task<T, F, R>
where
    T: Send,
    F: FnMut(&Transaction<'_>) -> Result<T> + Send,
    R: FnOnce(Result<T>) + Send,
{
    fn run(&mut self, tx: &Transaction<'_>) -> Result<()> {
        let work = &mut self.work;
        match catch_unwind(AssertUnwindSafe(|| work(tx))) {
            Ok(result) => {
                self.result = Some(result?);
                Ok(())
            }
            Err(_) => Err(StoreError::fault("a write panicked")),
        }
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let Self { result, reply, .. } = *self;
        let missing = || StoreError::fault("a write left no result");
        reply(outcome.and_then(|()| result.ok_or_else(missing)));
    }
}

impl Writer {
    /// Starts the thread on `conn`, whose file is `path` and known by `identity`.
    pub(super) fn start(conn: Connection, path: PathBuf, identity: (u64, u64)) -> Result<Self> {
        let (jobs, inbox) = channel();
        let signs = Arc::<Signs>::default();
        let desk = Desk {
            path: path.clone(),
            identity,
            signs: Arc::clone(&signs),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.serve(conn, &inbox))
            .map_err(|error| StoreError::io(&path, &error))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            permits: Arc::new(Semaphore::new(QUEUE)),
            signs,
            thread: Some(thread),
            path,
        })
    }

    /// Queues `work`, waiting while the queue is full; `reply` is called on the writer's thread. It is held back for
    /// `patience` at most, so that others share its commit.
    pub(super) async fn send<T, F, R>(&self, work: F, patience: Duration, reply: R) -> Result<()>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
        R: FnOnce(Result<T>) + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        self.post(Message::Write((task(work, reply), permit), patience))
    }

    /// Queues `work` at once.
    pub(super) fn send_now<T, F, R>(&self, work: F, reply: R) -> Result<()>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
        R: FnOnce(Result<T>) + Send + 'static,
    {
        self.post(Message::Write((task(work, reply), None), Duration::ZERO))
    }

    /// Waits until another process has written.
    pub(super) async fn changed_outside(&self) {
        self.signs.outside.notified().await;
    }

    /// From now on another's write lock is waited for only briefly.
    pub(super) fn hurry(&self) {
        self.signs.ending.store(true, Ordering::Relaxed);
    }

    /// Writes the whole log into the file and empties it, as far as readers let it.
    pub(super) fn checkpoint(&self) -> Result<()> {
        let (reply, answer) = channel();
        self.post(Message::Checkpoint(reply))?;
        answer.recv().unwrap_or_else(|_| Err(self.ended()))
    }

    fn post(&self, message: Message) -> Result<()> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.as_ref()
            .ok_or_else(|| self.ended())?
            .send(message)
            .map_err(|_| self.ended())
    }

    fn ended(&self) -> StoreError {
        StoreError::fault("the writer has ended").at(&self.path)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.hurry();
        drop(self.jobs.lock().map(|mut jobs| jobs.take()));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn task<T, F, R>(work: F, reply: R) -> Box<dyn Job>
where
    T: Send + 'static,
    F: FnMut(&Transaction<'_>) -> Result<T> + Send + 'static,
    R: FnOnce(Result<T>) + Send + 'static,
{
    Box::new(Task {
        work,
        result: None,
        reply,
    })
}

type Waiting = (Box<dyn Job>, Option<OwnedSemaphorePermit>);

/// The thread's side.
struct Desk {
    path: PathBuf,
    identity: (u64, u64),
    signs: Arc<Signs>,
}

impl Desk {
    fn serve(&self, mut conn: Connection, inbox: &Receiver<Message>) {
        let mut dirty = false;
        let mut seen = version(&conn);
        loop {
            match inbox.recv_timeout(IDLE) {
                Ok(first) => {
                    self.hasten(&conn);
                    let (group, checkpoint) = gather(first, inbox);
                    dirty |= !group.is_empty();
                    self.commit(&mut conn, group);
                    if let Some(reply) = checkpoint {
                        let done = checkpoint_now(&conn, "truncate");
                        let _ = reply.send(done.map_err(|error| error.at(&self.path)));
                    }
                }
                Err(RecvTimeoutError::Timeout) if dirty => {
                    // What fails here fails again, louder, at the next commit.
                    let _ = checkpoint_now(&conn, "passive");
                    dirty = false;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = version(&conn);
            if now != seen {
                self.signs.outside.notify_one();
                seen = now;
            }
        }
        self.hasten(&conn);
        let _ = conn.execute_batch("pragma optimize");
        let _ = checkpoint_now(&conn, "truncate");
    }

    /// A process that ends must not be held by whoever holds the write lock.
    fn hasten(&self, conn: &Connection) {
        if self.signs.ending.load(Ordering::Relaxed) {
            let _ = conn.busy_timeout(HURRIED);
        }
    }

    /// Commits a group together, in parts where it takes long; where a part was undone, each of its jobs alone.
    fn commit(&self, conn: &mut Connection, mut group: Vec<Waiting>) {
        if group.is_empty() {
            return;
        }
        if let Err(error) = self.still_ours() {
            for (job, _) in group {
                job.answer(Err(error.clone()));
            }
            return;
        }
        while !group.is_empty() {
            let together = match commit_together(conn, &mut group) {
                Ok(together) => together,
                Err(error) => {
                    // Each alone would wait as long for the same lock.
                    for (job, _) in group {
                        job.answer(Err(error.clone().at(&self.path)));
                    }
                    return;
                }
            };
            let rest = group.split_off(together.unwrap_or(group.len()));
            for (mut job, permit) in group {
                let outcome = match together {
                    Some(_) => Ok(()),
                    None => commit_alone(conn, &mut *job),
                };
                job.answer(outcome.map_err(|error| error.at(&self.path)));
                drop(permit);
            }
            group = rest;
        }
    }

    /// The path must still lead to the file that is open: what is written to a deleted file is lost.
    fn still_ours(&self) -> Result<()> {
        match open::identity(&self.path) {
            Ok(identity) if identity == self.identity => Ok(()),
            _ => Err(StoreError::Moved {
                path: self.path.clone(),
            }),
        }
    }
}

/// The first job and those that wait behind it, up to a checkpoint or a full group; as long as all of them can
/// wait, also those that come in a moment.
fn gather(first: Message, inbox: &Receiver<Message>) -> (Vec<Waiting>, Option<Sender<Result<()>>>) {
    let began = Instant::now();
    let mut patience = Duration::MAX;
    let mut group = Vec::new();
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Write(waiting, at_most) => {
                group.push(waiting);
                patience = patience.min(began.elapsed().saturating_add(at_most));
            }
            Message::Checkpoint(reply) => return (group, Some(reply)),
        }
        if group.len() == GROUP {
            break;
        }
        next = inbox.try_recv().ok();
        let left = patience.saturating_sub(began.elapsed());
        if next.is_none() && !left.is_zero() {
            next = inbox.recv_timeout(left.min(GAP)).ok();
        }
    }
    (group, None)
}

/// So many of the jobs in one transaction; none where one failed and nothing was kept. An error: nothing could begin.
fn commit_together(conn: &mut Connection, jobs: &mut [Waiting]) -> Result<Option<usize>> {
    if jobs.len() < 2 {
        return Ok(None);
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let began = Instant::now();
    let mut done = 0;
    for (job, _) in jobs {
        if job.run(&tx).is_err() {
            // Dropped, the transaction is rolled back.
            return Ok(None);
        }
        done += 1;
        if began.elapsed() >= LONGEST {
            break;
        }
    }
    Ok(tx.commit().is_ok().then_some(done))
}

fn commit_alone(conn: &mut Connection, job: &mut dyn Job) -> Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    job.run(&tx)?;
    tx.commit()?;
    Ok(())
}

/// Changes when another connection has committed, never by this one's own commits.
fn version(conn: &Connection) -> Option<i64> {
    conn.pragma_query_value(None, "data_version", |row| row.get(0))
        .ok()
}

fn checkpoint_now(conn: &Connection, mode: &str) -> Result<()> {
    conn.query_row(&format!("pragma wal_checkpoint({mode})"), [], |_| Ok(()))?;
    Ok(())
}

#[cfg(test)]
mod tests;
