//! What hubs do for feeds, as `feeds list` and `feeds show` tell it: never a callback, never a secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::feed::websub::Subscription;
use crate::domain::id::FeedId;
use crate::store::{self, Store, StoreError};

/// The subscriptions of all feeds.
pub struct Pushes {
    all: BTreeMap<FeedId, Subscription>,
    now: Timestamp,
}

impl Pushes {
    /// Reads them.
    pub fn read(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let all = store.read_blocking(store::websub::list)?;
        Ok(Self {
            all: all.into_iter().collect(),
            now,
        })
    }

    /// The facts of one feed; null where it names no hub.
    pub fn of(&self, feed: &FeedId) -> Value {
        let Some(known) = self.all.get(feed) else {
            return Value::Null;
        };
        let offered = known
            .push
            .offer
            .as_ref()
            .and_then(|offer| offer.hubs.first());
        let in_use = known
            .callbacks
            .iter()
            .rev()
            .find(|callback| callback.until.is_some());
        let asked = known.target.as_ref().map(|target| &target.hub);
        let hub = in_use.map(|callback| &callback.hub).or(asked).or(offered);
        if hub.is_none() {
            return Value::Null;
        }
        json!({
            "hub": hub, "state": known.state,
            "lease_until": known.push.until.filter(|_| in_use.is_some()),
            "last_push": known.last_push, "misses": known.push.misses(self.now),
            "pushes": known.pushes, "ignored": known.ignored, "error": known.error,
        })
    }
}
