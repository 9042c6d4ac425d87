//! The handle that the web gets: what the daemon can be asked, without reaching into its passes.

pub mod change;
pub mod look;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::Shared;
pub use super::receivers::{Told, told};
pub use super::setup::{Access, Setup};
use super::websub::receive;
pub use super::websub::receive::{Delivery, Intent, Receipt};
use super::websub::turns::Turn;
use crate::domain::alert::frame::Language;
use crate::domain::alert::token::{Ack, Refusal};
use crate::domain::id::FeedId;
use crate::observe;
use crate::store::alerts::{self, AlertRow};
use crate::store::{Connection, READERS, StoreError, Transaction, changes, feeds, links};

/// What a one-tap link is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AckLink {
    /// The alert.
    pub alert: i64,
    /// To whom the link was sent.
    pub receiver: String,
    /// What the alert is about.
    pub title: String,
    /// Who has acknowledged it.
    pub acked: Option<String>,
    /// In which language the receiver reads.
    pub language: Language,
}

/// Of the store's readers those that whoever asks from outside may have: one is always left for the daemon's own work, its
/// metrics, and what changes anything.
const GUESTS: usize = READERS - 1;

/// A running daemon, as seen from outside.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
    guests: Arc<Semaphore>,
}

impl Control {
    /// The handle of a daemon.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            guests: Arc::new(Semaphore::new(GUESTS)),
        }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The setup in force.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        self.shared.setup()
    }

    /// Asks the store.
    ///
    /// # Errors
    /// When it fails.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let guest = Arc::clone(&self.guests).acquire_owned().await;
        let read = move |conn: &Connection| {
            let done = work(conn);
            drop(guest);
            done
        };
        self.shared.store.read(read).await
    }

    /// Changes something in the store, and wakes who may have to act on it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let done = self.shared.store.write(work).await;
        self.shared.deliver_nudge.notify_one();
        self.shared.timing_nudge.notify_one();
        done
    }

    /// Makes a feed due now; false where the store does not know it. A publisher's Retry-After stands.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn poll_now(&self, feed: &FeedId, who: &str) -> Result<bool, StoreError> {
        let (feed, who, now) = (feed.clone(), who.to_owned(), self.now());
        let known = self
            .shared
            .store
            .write(move |tx| {
                let known = feeds::ask(tx, &feed, false, now)?;
                if known {
                    changes::note(tx, &who, ("feed.poll", feed.as_str()), None, now)?;
                }
                Ok(known)
            })
            .await?;
        self.shared.poll_nudge.notify_one();
        Ok(known)
    }

    /// A text that nobody can guess.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn unguessable(&self) -> Result<String, String> {
        crate::fetch::websub::unguessable()
            .map(|text| text.expose().to_owned())
            .map_err(|error| error.to_string())
    }

    /// Each task with the age of its last sign of life and the rest it asked for.
    #[must_use]
    pub fn tasks(&self) -> Vec<(&'static str, Duration, Duration)> {
        self.shared.progress.ages()
    }

    /// Sizes and counts of the store; reads the counted tables whole.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stats(&self) -> Result<crate::store::status::Stats, StoreError> {
        let store = self.shared.store.clone();
        let counted = tokio::task::spawn_blocking(move || store.stats()).await;
        counted.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Sizes of the store that cost nothing to have.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sizes(&self) -> Result<crate::store::status::Sizes, StoreError> {
        let mut sizes = self.read(crate::store::status::sizes).await?;
        let store = &self.shared.store;
        sizes.wal_bytes = store.wal_bytes();
        sizes.disk_free = store.room().map(|room| room.free);
        Ok(sizes)
    }

    /// Why the daemon is not doing its work; empty when it is.
    #[must_use]
    pub fn not_ready(&self) -> Vec<String> {
        self.shared.not_ready()
    }

    /// What a one-tap link leads to; changes nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ack_link(&self, token: &str) -> Result<Result<AckLink, Refusal>, StoreError> {
        let (token, now) = (token.to_owned(), self.shared.clock.now());
        let found = self
            .shared
            .store
            .read(move |conn| {
                let ack = match links::read(conn, &token, now)? {
                    Ok(ack) => ack,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                let row = alerts::one(conn, ack.alert)?;
                Ok(row.map(|row| (ack, row)).ok_or(Refusal::Expired))
            })
            .await?;
        Ok(found.map(|(ack, row)| self.link(&ack, row)))
    }

    /// Acknowledges the alert of a one-tap link, as the receiver it was sent to.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn acknowledge(&self, token: &str) -> Result<Result<AckLink, Refusal>, StoreError> {
        let link = match self.ack_link(token).await? {
            Ok(link) => link,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (alert, who, now) = (link.alert, link.receiver.clone(), self.shared.clock.now());
        self.shared
            .store
            .write(move |tx| alerts::ack(tx, alert, &who, now))
            .await?;
        self.shared.timing_nudge.notify_one();
        self.ack_link(token).await
    }

    fn link(&self, ack: &Ack, row: AlertRow) -> AckLink {
        let setup = self.shared.setup();
        let receiver = setup.receiver(ack.receiver.as_str());
        AckLink {
            alert: ack.alert,
            receiver: ack.receiver.to_string(),
            title: row.title,
            acked: row.acked_by,
            language: receiver.map_or_else(Language::default, |known| known.config.language),
        }
    }

    /// A turn for a hub's request to the callback `token`; none where too many are being taken.
    #[must_use]
    pub fn hub_turn(&self, token: &str) -> Option<Turn<'_>> {
        self.shared.hub_turns.take(token)
    }

    /// Most bytes of a push on the wire.
    #[must_use]
    pub fn largest_push(&self) -> usize {
        let (wire, _) = self.shared.setup().fetcher.largest();
        usize::try_from(wire).unwrap_or(usize::MAX)
    }

    /// Whether anybody has the callback `token`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn knows_callback(&self, token: &str) -> Result<bool, StoreError> {
        receive::is_known(&self.shared, token).await
    }

    /// Whether a hub's question is about a request of ours; notes what it says.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hub_intent(&self, token: &str, intent: Intent) -> Result<bool, StoreError> {
        receive::intent(&self.shared, token, intent).await
    }

    /// Takes a push; what was taken is in the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hub_push(&self, token: &str, delivery: Delivery) -> Result<Receipt, StoreError> {
        receive::push(&self.shared, token, delivery).await
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
