//! The handle that the web gets: what the daemon can be asked, without reaching into its passes.

use std::sync::Arc;

use super::Shared;
use crate::observe;

/// A running daemon, as seen from outside.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

impl Control {
    /// The handle of a daemon.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Why the daemon is not doing its work; empty when it is.
    #[must_use]
    pub fn not_ready(&self) -> Vec<String> {
        self.shared.not_ready()
    }

    /// The metrics as text, gauges read from the store now.
    pub async fn metrics(&self) -> String {
        let metrics = &self.shared.metrics;
        for (task, age, _) in self.shared.progress.ages() {
            metrics.set(observe::TASK_AGE, &[("task", task)], age.as_secs_f64());
        }
        if let Err(error) = self.shared.refresh_gauges().await {
            tracing::warn!(%error, "cannot read gauges from the store: {error}");
        }
        metrics.render()
    }
}
