//! Starts the daemon's tasks, stops them in order, and tells why the process ends.
//!
//! Each task has a name and is joined. One that ends or panics unasked ends the process: systemd restarts it
//! and the store is the recovery. There are no restarts in here.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Tasks with names, and the token that asks them to stop.
#[derive(Default)]
pub struct Supervisor {
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
    names: std::collections::HashMap<tokio::task::Id, &'static str>,
    stop: CancellationToken,
}

/// Why the daemon ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was asked to.
    Asked,
    /// It was asked to, and some tasks had to be cut off.
    CutOff(Vec<&'static str>),
    /// A task ended unasked.
    TaskEnded {
        /// Which.
        task: &'static str,
        /// What it said.
        why: String,
    },
}

impl Supervisor {
    /// The token that tasks watch.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts `task` under `name`.
    pub fn start(
        &mut self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let handle = self.tasks.spawn(async move { (name, task.await) });
        self.names.insert(handle.id(), name);
    }

    /// Waits until `asked` completes or a task ends unasked, then stops the rest within `grace`.
    /// A second completion of `again` during the grace cuts it short.
    pub async fn run(
        mut self,
        asked: impl Future<Output = ()>,
        again: impl Future<Output = ()>,
        grace: Duration,
    ) -> Ending {
        let unasked = tokio::select! {
            () = asked => None,
            ended = self.tasks.join_next_with_id() => Some(self.describe(ended)),
        };
        self.stop.cancel();
        let cut = tokio::select! {
            cut = self.join_all() => cut,
            () = tokio::time::sleep(grace) => self.abort(),
            () = again => self.abort(),
        };
        match unasked {
            Some((task, why)) => Ending::TaskEnded { task, why },
            None if cut.is_empty() => Ending::Asked,
            None => Ending::CutOff(cut),
        }
    }

    /// Which task ended, and what it said.
    fn describe(&mut self, ended: Option<Joined>) -> (&'static str, String) {
        match ended {
            None => ("none", "no task was started".to_owned()),
            Some(Ok((id, (name, result)))) => {
                self.names.remove(&id);
                (
                    name,
                    result
                        .err()
                        .map_or_else(|| "it returned".to_owned(), |error| format!("{error:#}")),
                )
            }
            Some(Err(error)) => {
                let name = self.names.remove(&error.id()).unwrap_or("unknown");
                (name, panic_text(error))
            }
        }
    }

    /// Waits for every task; none is left to cut.
    async fn join_all(&mut self) -> Vec<&'static str> {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let failed = !matches!(&ended, Ok((_, (_, Ok(())))));
            let (task, why) = self.describe(Some(ended));
            if failed {
                tracing::error!(task, why, "task {task} failed while stopping: {why}");
            }
        }
        Vec::new()
    }

    /// Cuts off what still runs and names it.
    fn abort(&mut self) -> Vec<&'static str> {
        self.tasks.abort_all();
        let mut names: Vec<_> = self.names.values().copied().collect();
        names.sort_unstable();
        names
    }
}

/// What joining a task gives.
type Joined = Result<(tokio::task::Id, (&'static str, anyhow::Result<()>)), tokio::task::JoinError>;

/// The message of a panic, as far as it is text.
fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            format!(
                "it panicked: {}",
                text.unwrap_or_else(|| "without a message".to_owned())
            )
        }
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_unasked_ends_the_process_and_is_named() {
        let mut supervisor = Supervisor::default();
        let stop = supervisor.stop_token();
        supervisor.start("poll", async move {
            stop.cancelled().await;
            Ok(())
        });
        supervisor.start("deliver", async { anyhow::bail!("the outbox is gone") });
        let ending = supervisor.run(pending(), pending(), GRACE).await;
        assert_eq!(
            ending,
            Ending::TaskEnded {
                task: "deliver",
                why: "the outbox is gone".to_owned()
            }
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_named() {
        let mut supervisor = Supervisor::default();
        supervisor.start("sweep", async { panic!("broom broke") });
        let ending = supervisor.run(pending(), pending(), GRACE).await;
        assert_eq!(
            ending,
            Ending::TaskEnded {
                task: "sweep",
                why: "it panicked: broom broke".to_owned()
            }
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_stop_is_cut_off_after_the_grace() {
        let mut supervisor = Supervisor::default();
        supervisor.start("web", pending());
        let started = tokio::time::Instant::now();
        let ending = supervisor.run(async {}, pending(), GRACE).await;
        assert_eq!(ending, Ending::CutOff(vec!["web"]));
        assert_eq!(started.elapsed(), GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_cuts_the_grace_short() {
        let mut supervisor = Supervisor::default();
        supervisor.start("web", pending());
        let started = tokio::time::Instant::now();
        assert_eq!(
            supervisor.run(async {}, async {}, GRACE).await,
            Ending::CutOff(vec!["web"])
        );
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
