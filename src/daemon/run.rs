//! The daemon: starts the tasks, listens to signals, ends in order.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::reload::{Loader, reload};
use super::supervisor::{Ending, Supervisor};
use super::{
    LONGEST_REST, Shared, deliver, health, heartbeat, index, pages, poll, receipts, sweep, systemd,
    timing, websub,
};
use crate::store::{Lock, StoreError};

/// How long tasks may take to stop; systemd is told 15 s.
const GRACE: Duration = Duration::from_secs(8);
/// While something is wrong, it is looked at again so often.
const TROUBLED_REST: Duration = Duration::from_secs(2);

/// A further task that the caller brings: the web, given the stop token.
pub type Extra = Box<dyn FnOnce(CancellationToken) -> futures_task::Task + Send>;

/// The type of a task's future.
pub mod futures_task {
    use std::future::Future;
    use std::pin::Pin;

    /// A boxed task.
    pub type Task = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;
}

/// Runs until a signal or until a task ends unasked; `hangup` has been listened to since the process began.
///
/// # Errors
/// When signals cannot be listened to, or the store does not take the configured feeds.
pub async fn run(
    shared: Arc<Shared>,
    loader: Arc<Loader>,
    web: Option<Extra>,
    hangup: Signal,
    lock: Arc<Lock>,
) -> anyhow::Result<Ending> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    super::sync(&shared, &shared.setup()).await?;
    let mut supervisor = Supervisor::default();
    let stop = supervisor.stop_token();
    supervisor.start("poll", poll::run(Arc::clone(&shared), stop.clone()));
    supervisor.start("pages", pages::run(Arc::clone(&shared), stop.clone()));
    supervisor.start("deliver", deliver::run(Arc::clone(&shared), stop.clone()));
    supervisor.start("timing", timing::run(Arc::clone(&shared), stop.clone()));
    supervisor.start("health", health::run(Arc::clone(&shared), stop.clone()));
    supervisor.start(
        "heartbeat",
        heartbeat::run(Arc::clone(&shared), stop.clone()),
    );
    supervisor.start("receipts", receipts::run(Arc::clone(&shared), stop.clone()));
    supervisor.start("sweep", sweep::run(Arc::clone(&shared), stop.clone()));
    supervisor.start("index", index::run(Arc::clone(&shared), stop.clone()));
    supervisor.start(
        "reload",
        reload_on(hangup, Arc::clone(&shared), loader, stop.clone()),
    );
    supervisor.start("lock", keep(lock, stop.clone()));
    supervisor.start("watch", watch(Arc::clone(&shared), stop.clone()));
    supervisor.start("outside", outside(Arc::clone(&shared), stop.clone()));
    if let Some(web) = web {
        supervisor.start("web", web(stop.clone()));
        supervisor.start("websub", websub::run(Arc::clone(&shared), stop.clone()));
    } else {
        no_pushes(&shared).await?;
    }
    // What became of a reload was said of an earlier life.
    super::forget(&shared, "reload").await;
    super::remember(&shared, "started", shared.clock.now().to_string()).await;
    super::remember(&shared, "status", shared.status_line()).await;
    systemd::ready(&shared.status_line());
    tracing::info!("ready: {}", shared.status_line());
    let asked = async {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping");
        systemd::stopping();
        shared.store.hurry();
    };
    let mut second = signal(SignalKind::terminate())?;
    let mut second_interrupt = signal(SignalKind::interrupt())?;
    let again = async move {
        // The first signal reaches these streams too.
        for _ in 0..2 {
            tokio::select! { _ = second.recv() => {}, _ = second_interrupt.recv() => {} }
        }
    };
    let ending = supervisor.run(asked, again, GRACE).await;
    super::remember(&shared, "stopped", shared.clock.now().to_string()).await;
    Ok(ending)
}

/// Without a web nobody hears hubs: what they pushed in an earlier life is polled as usual from now on.
async fn no_pushes(shared: &Shared) -> anyhow::Result<()> {
    let now = shared.clock.now();
    let stopped = shared
        .store
        .write(move |tx| crate::store::websub::stop(tx, now))
        .await?;
    if stopped > 0 {
        tracing::info!(
            stopped,
            "{stopped} feeds that hubs pushed are polled as usual: [web] listen is off"
        );
    }
    Ok(())
}

/// Sees to it that the lock can be found: without its file a second daemon would take the store beside us.
async fn keep(lock: Arc<Lock>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(TROUBLED_REST) => {}
        }
        match lock.renew() {
            Ok(false) => {}
            Ok(true) => tracing::warn!("the lock file of the store was deleted, and is made again"),
            Err(error @ StoreError::Locked { .. }) => {
                return Err(anyhow::Error::new(error).context("the lock file was deleted"));
            }
            Err(error) => tracing::warn!(%error, "the lock of the store: {error}"),
        }
    }
}

/// Wakes the passes when a command has written to the store beside us.
async fn outside(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = shared.store.changed_outside() => {
                shared.poll_nudge.notify_one();
                shared.page_nudge.notify_one();
                shared.deliver_nudge.notify_one();
                shared.timing_nudge.notify_one();
                shared.websub_nudge.notify_one();
            }
        }
    }
}

/// Reloads at each SIGHUP, one at a time.
async fn reload_on(
    mut hangup: Signal,
    shared: Arc<Shared>,
    loader: Arc<Loader>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            received = hangup.recv() => {
                anyhow::ensure!(received.is_some(), "the signal stream ended");
                reload(&shared, &loader).await;
            }
        }
    }
}

/// Proves that the store takes writes, feeds the watchdog while everybody makes progress, keeps the status line.
async fn watch(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let rest = systemd::watchdog_interval()
        .unwrap_or(LONGEST_REST)
        .min(LONGEST_REST);
    let mut told = String::new();
    loop {
        let now = shared.clock.now();
        let proof = shared
            .store
            .write(move |tx| crate::store::status::set_note(tx, "alive", "", now))
            .await;
        match proof {
            Ok(()) => shared.store_serves("watch"),
            Err(error) => shared.store_fails("watch", &error),
        }
        shared
            .progress
            .beat("watch", rest * 2 + Duration::from_secs(10));
        let late = shared.progress.late();
        if late.is_empty() {
            systemd::alive();
        } else {
            tracing::error!(
                ?late,
                "tasks make no progress, so the watchdog is not fed: {late:?}"
            );
        }
        let line = shared.status_line();
        if line != told {
            systemd::ready(&line);
            super::remember(&shared, "status", line.clone()).await;
            told = line;
        }
        let rest = if shared.not_ready().is_empty() {
            rest
        } else {
            rest.min(TROUBLED_REST)
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = shared.watch_nudge.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}
