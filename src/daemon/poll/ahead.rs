//! A document with hundreds of matches is recorded in pieces, so that others can write in between.
//!
//! The feed's state goes with the last piece: where the process dies before it, the document is asked for again, and what
//! was recorded is known by then. What a piece is, is said in `store::polls`.

use std::sync::Arc;

use crate::daemon::Shared;
use crate::store::polls::{Ahead, PollCommit, next_ahead, record_ahead};
use crate::store::{StoreError, Transaction};

/// Records all but the last piece.
pub async fn record(shared: &Shared, commit: &Arc<PollCommit>) -> Result<Ahead, StoreError> {
    let mut ahead = Ahead::default();
    while let Some(range) = next_ahead(commit, &ahead) {
        let (piece, own) = (Arc::clone(commit), range.clone());
        let write = move |tx: &Transaction<'_>| record_ahead(tx, &piece, own.clone());
        let result = shared.store.write(write).await?;
        if !result.alerts.is_empty() {
            shared.deliver_nudge.notify_one();
        }
        ahead.add(&range, result);
    }
    Ok(ahead)
}
