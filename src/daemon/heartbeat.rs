//! The heartbeat: somebody else's clock is told "still well" while polls progress, the outbox moves and the store takes
//! writes; and not otherwise.
//!
//! The request is made by `notify::heartbeat`. Silence is the message, so nothing here tries again before its time.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{LONGEST_REST, Shared};
use crate::notify::heartbeat::{Heartbeat, Signal};
use crate::observe;
use crate::store::{outbox, status};

/// How long the store may take for a write before it counts as stuck.
const WRITE: Duration = Duration::from_secs(10);

/// What is called, and how often.
#[derive(Clone)]
pub struct HeartbeatSetup {
    /// What calls.
    pub heartbeat: Arc<Heartbeat>,
    /// How often.
    pub every: Duration,
    /// Whether beginning and failing are said too.
    pub start_and_fail: bool,
}

/// Beats until stopped.
///
/// # Errors
/// None that ends it.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut begun = false;
    let mut failing = false;
    loop {
        // Without an address it is looked for at times: a reload may bring one.
        let mut rest = LONGEST_REST;
        if let Some(setup) = shared.setup().heartbeat.clone() {
            rest = setup.every;
            if !begun && setup.start_and_fail {
                call(&shared, &setup, Signal::Start).await;
            }
            begun = true;
            let ailment = ailment(&shared, setup.every).await;
            match &ailment {
                None => call(&shared, &setup, Signal::Well).await,
                Some(why) => {
                    tracing::error!(why, "no heartbeat: {why}");
                    if setup.start_and_fail && !failing {
                        call(&shared, &setup, Signal::Fail).await;
                    }
                }
            }
            failing = ailment.is_some();
        }
        shared
            .progress
            .beat("heartbeat", rest * 2 + Duration::from_mins(1));
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Why it should not be said that all is well; none where it is.
async fn ailment(shared: &Shared, every: Duration) -> Option<String> {
    if let Some(reason) = shared.not_ready().into_iter().next() {
        return Some(reason);
    }
    let now = shared.clock.now();
    let proof = shared
        .store
        .write(move |tx| status::set_note(tx, "heartbeat", "", now));
    match tokio::time::timeout(WRITE.min(every), proof).await {
        Err(_) => return Some("the store takes no writes".to_owned()),
        Ok(Err(error)) => return Some(format!("the store takes no writes: {error}")),
        Ok(Ok(())) => {}
    }
    match shared
        .store
        .read(move |conn| outbox::stuck(conn, now))
        .await
    {
        Ok(0) => None,
        Ok(stuck) => Some(format!(
            "the outbox does not move: {stuck} deliveries are overdue"
        )),
        Err(error) => Some(format!("the store cannot be read: {error}")),
    }
}

async fn call(shared: &Shared, setup: &HeartbeatSetup, signal: Signal) {
    let result = match setup.heartbeat.call(signal).await {
        Ok(()) => "ok",
        Err(error) => {
            tracing::warn!(error, "the heartbeat did not arrive: {error}");
            "failed"
        }
    };
    let labels = [("signal", signal.as_str()), ("result", result)];
    shared.metrics.add(observe::HEARTBEATS, &labels, 1.0);
}

#[cfg(test)]
mod tests;
