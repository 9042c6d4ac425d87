//! The index pass: entries that came or changed are put into the search index, behind polls and never in their way.
//!
//! What is not in it yet is found all the same, more slowly; so nothing here is urgent.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{LONGEST_REST, Shared};
use crate::store::{StoreError, search};

/// Entries indexed at a time.
const BATCH: u32 = 250;

/// Batches of a round without a daemon: 2,000 entries, some 60 ms.
const A_ROUND: usize = 8;

/// How long a batch may wait for others to share a flush with.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two batches, and while polls are under way.
const BREATH: Duration = Duration::from_millis(20);
const BUSY: Duration = Duration::from_secs(2);

/// Polls under way from which on the store is theirs.
const MANY_POLLS: usize = 3;

/// Where nothing is left, and after a failure.
const REST: Duration = Duration::from_secs(10);

/// Indexes until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        shared.progress.beat("index", LONGEST_REST * 4);
        let busy = shared.polls.load(Ordering::Relaxed) >= MANY_POLLS;
        let indexed = step(&shared, PATIENCE).await;
        match &indexed {
            Ok(_) => shared.store_serves("index"),
            Err(error) => shared.store_fails("index", error),
        }
        let rest = match indexed {
            Ok(0) => REST,
            Ok(_) if busy => BUSY,
            Ok(_) => BREATH,
            Err(error) => {
                tracing::warn!(%error, "the search index waits for the store: {error}");
                REST
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Indexes some, for a round without a daemon: what such rounds bring, and of a fresh store's flood a part each.
///
/// # Errors
/// When the store fails.
pub async fn some(shared: &Shared) -> Result<(), StoreError> {
    for _ in 0..A_ROUND {
        if step(shared, Duration::ZERO).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Indexes one batch; gives back how many entries it held.
async fn step(shared: &Shared, patience: Duration) -> Result<usize, StoreError> {
    let batch = shared
        .store
        .read(|conn| search::read_batch(conn, BATCH))
        .await?;
    if batch.is_empty() {
        return Ok(0);
    }
    let (number, now) = (batch.len(), shared.clock.now());
    shared
        .store
        .write_within(patience, move |tx| search::write_batch(tx, &batch, now))
        .await?;
    Ok(number)
}
