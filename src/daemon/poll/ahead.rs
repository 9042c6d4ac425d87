//! A document with hundreds of matches is recorded in pieces, so that others can write in between.
//!
//! What the document means for its feed, or for the gap that it fills, goes with the last piece: where the process dies
//! before it, the document is asked for again, and what was recorded is known by then. What a piece is, is said in `store::polls`.

use std::ops::Range;
use std::sync::Arc;

use crate::daemon::Shared;
use crate::store::polls::{Ahead, PollCommit, PollResult, next_ahead};
use crate::store::{StoreError, Transaction};

/// Records all but the last piece, each by `record`.
pub async fn record<F>(
    shared: &Shared,
    commit: &Arc<PollCommit>,
    record: F,
) -> Result<Ahead, StoreError>
where
    F: Fn(&Transaction<'_>, &PollCommit, Range<usize>) -> Result<PollResult, StoreError>
        + Clone
        + Send
        + 'static,
{
    let mut ahead = Ahead::default();
    while let Some(range) = next_ahead(commit, &ahead) {
        let (piece, own, record) = (Arc::clone(commit), range.clone(), record.clone());
        let write = move |tx: &Transaction<'_>| record(tx, &piece, own.clone());
        let result = shared.store.write(write).await?;
        if !result.alerts.is_empty() {
            shared.deliver_nudge.notify_one();
        }
        ahead.add(&range, result);
    }
    Ok(ahead)
}
