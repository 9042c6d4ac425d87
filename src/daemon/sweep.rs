//! Housekeeping: what is older than it is to be kept goes, in small batches between polls; the log is folded in.
//!
//! What may go and what must stay is decided by the store's retention; here is only the rhythm.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::store::{StoreError, retention};

/// How often to look for what is too old.
const EVERY: Duration = Duration::from_mins(10);

/// The same after a failure.
const AGAIN: Duration = Duration::from_secs(30);

/// Rests between two batches, so that polls are not held up.
const BREATH: Duration = Duration::from_millis(200);

/// Sweeps until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut rest = EVERY;
    loop {
        shared.progress.beat("sweep", EVERY * 2);
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(rest) => {}
        }
        rest = match sweep(&shared, &stop).await {
            Ok(gone) => {
                if gone > 0 {
                    tracing::info!(gone, "{gone} old entries and alerts deleted");
                }
                shared.store_serves("sweep");
                EVERY
            }
            Err(error) => {
                tracing::error!(%error, "sweeping failed: {error}");
                shared.store_fails("sweep", &error);
                AGAIN
            }
        };
    }
}

/// Deletes batch by batch until nothing is left to delete.
async fn sweep(shared: &Arc<Shared>, stop: &CancellationToken) -> Result<u64, StoreError> {
    let keep = shared.setup().keep.clone();
    let mut gone = 0;
    loop {
        shared.progress.beat("sweep", EVERY * 2);
        let (keep, now) = (keep.clone(), shared.clock.now());
        let batch = shared
            .store
            .write(move |tx| retention::sweep(tx, &keep, now))
            .await?;
        gone += u64::from(batch.entries) + u64::from(batch.alerts);
        if !batch.is_full() || stop.is_cancelled() {
            return Ok(gone);
        }
        tokio::time::sleep(BREATH).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::sample::{setup, shared};

    #[tokio::test]
    async fn a_long_sweep_shows_that_it_goes_on() {
        let (_dir, shared) = shared(setup(&[], Vec::new())).await;
        sweep(&shared, &CancellationToken::new()).await.unwrap();
        let ages = shared.progress.ages();
        assert!(ages.iter().any(|(task, _, _)| *task == "sweep"));
    }
}
