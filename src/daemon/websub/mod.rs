//! The websub pass: asks hubs to push, to go on, to stop; one step of a subscription at a time.
//!
//! What the step is, is decided in `domain::feed::websub`; what hubs send is taken in by `receive`. A callback is
//! a row before its request is sent, since a hub may verify it before it has answered.

pub mod receive;
pub mod turns;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use super::setup::{Setup, WebsubSettings};
use super::{LONGEST_REST, Shared};
use crate::domain::feed::websub::{
    Answer, Callback, Stage, Step, Subscription, Target, Wish, is_https,
};
use crate::domain::id::FeedId;
use crate::fetch::websub::{Mode, unguessable};
use crate::secret::{Secret, redacted_url};
use crate::store::{self, StoreError};

/// Requests to hubs under way at once; their turns and pace are the fetcher's.
const MOST_AT_ONCE: usize = 8;

/// After a failure of the store.
const TROUBLED_REST: Duration = Duration::from_secs(5);

/// Keeps subscriptions until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut pass = Pass::default();
    loop {
        // Registered before the look, so that a nudge during it is not lost.
        let nudged = shared.websub_nudge.notified();
        let rest = match pass.look(&shared).await {
            Ok(rest) => {
                shared.store_serves("websub");
                rest
            }
            Err(error) => {
                tracing::error!(%error, "hubs wait for the store: {error}");
                shared.store_fails("websub", &error);
                TROUBLED_REST
            }
        };
        shared.progress.beat("websub", LONGEST_REST * 2);
        tokio::select! {
            () = stop.cancelled() => {
                // What is cut off here is a row, and asked again.
                pass.tasks.shutdown().await;
                return Ok(());
            }
            () = nudged => {}
            ended = pass.tasks.join_next_with_id(), if !pass.tasks.is_empty() => pass.ended(ended),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// What joining a step gives.
type Ended = Result<(task::Id, Result<(), StoreError>), task::JoinError>;

/// The steps under way, and for which config all subscriptions were looked at.
#[derive(Default)]
struct Pass {
    tasks: JoinSet<Result<(), StoreError>>,
    feeds: HashMap<task::Id, FeedId>,
    under_way: HashSet<FeedId>,
    seen: Option<Arc<Setup>>,
    /// Feeds that another config makes look different, as far as they have not been looked at.
    waiting: Vec<FeedId>,
}

impl Pass {
    /// Takes the next step of each subscription that is due; says how long until another is.
    async fn look(&mut self, shared: &Arc<Shared>) -> Result<Duration, StoreError> {
        let setup = shared.setup();
        let now = shared.clock.now();
        if !self
            .seen
            .as_ref()
            .is_some_and(|seen| Arc::ptr_eq(seen, &setup))
        {
            self.waiting = changed(shared, &setup, now).await?;
            self.seen = Some(setup);
        }
        let due = shared
            .store
            .read(move |conn| store::websub::due(conn, now, 100))
            .await?;
        let mut feeds: Vec<FeedId> = std::mem::take(&mut self.waiting);
        feeds.extend(due);
        for feed in feeds {
            if self.under_way.contains(&feed) {
                continue;
            }
            if self.tasks.len() < MOST_AT_ONCE {
                self.start(shared, feed);
            } else if !self.waiting.contains(&feed) {
                self.waiting.push(feed);
            }
        }
        if !self.tasks.is_empty() {
            // The end of a step wakes the pass.
            return Ok(LONGEST_REST);
        }
        let next = shared.store.read(store::websub::next_due).await?;
        let rest = next.map_or(LONGEST_REST, |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        });
        Ok(rest.clamp(Duration::from_millis(200), LONGEST_REST))
    }

    fn start(&mut self, shared: &Arc<Shared>, feed: FeedId) {
        let handle = self.tasks.spawn(attend(Arc::clone(shared), feed.clone()));
        self.under_way.insert(feed.clone());
        self.feeds.insert(handle.id(), feed);
    }

    /// Takes note that a step ended; one that failed stays due.
    fn ended(&mut self, ended: Option<Ended>) {
        let Some(ended) = ended else { return };
        let (task, error) = match ended {
            Ok((task, result)) => (task, result.err().map(|error| error.to_string())),
            Err(panic) => (panic.id(), Some(panic.to_string())),
        };
        let Some(feed) = self.feeds.remove(&task) else {
            return;
        };
        self.under_way.remove(&feed);
        if let Some(error) = error {
            tracing::error!(%feed, error, "the subscription of {feed} could not be kept: {error}");
        }
    }
}

/// Subscriptions that the config in force makes look different than their rows say.
async fn changed(
    shared: &Shared,
    setup: &Arc<Setup>,
    now: Timestamp,
) -> Result<Vec<FeedId>, StoreError> {
    let all = shared.store.read(store::websub::list).await?;
    let differs = |(feed, known): (FeedId, Subscription)| {
        let hubs = plain_hubs(&known);
        let mut then = known.clone();
        let step = then.step(&wish(setup, &feed, &hubs), now);
        (step != Step::Rest || then != known).then_some(feed)
    };
    Ok(all.into_iter().filter_map(differs).collect())
}

/// What config wishes of a feed's subscription.
fn wish<'a>(setup: &'a Setup, feed: &'a FeedId, private: &'a [String]) -> Wish<'a> {
    let terms = setup.feeds.get(feed).filter(|feed| feed.enabled);
    let terms = terms.map(|feed| feed.websub);
    let wanted = terms.is_some_and(|terms| terms.wanted);
    let base = setup.websub.as_ref().map(|websub| websub.base.as_str());
    Wish {
        feed,
        base: base.filter(|_| wanted),
        signed: terms.is_some_and(|terms| terms.require_sha256),
        private,
    }
}

/// The hubs of a subscription that are not https.
fn plain_hubs(known: &Subscription) -> Vec<String> {
    let offered = known.push.offer.iter().flat_map(|offer| &offer.hubs);
    let moved = known.moved.iter().map(|moved| &moved.to);
    let plain = offered.chain(moved).filter(|hub| !is_https(hub));
    plain.cloned().collect()
}

/// Those of them that are in the operator's own networks.
async fn private_hubs(setup: &Setup, known: &Subscription) -> Vec<String> {
    let mut private = Vec::new();
    for hub in plain_hubs(known) {
        if let Ok(url) = url::Url::parse(&hub)
            && setup.fetcher.is_private(&url, true).await
        {
            private.push(hub);
        }
    }
    private
}

/// Takes the next step of one subscription.
async fn attend(shared: Arc<Shared>, feed: FeedId) -> Result<(), StoreError> {
    let setup = shared.setup();
    let known = {
        let feed = feed.clone();
        let read = move |conn: &store::Connection| store::websub::get(conn, &feed);
        shared.store.read(read).await?
    };
    let private = private_hubs(&setup, &known).await;
    let (Ok(token), Ok(secret)) = (unguessable(), unguessable()) else {
        tracing::error!("no hub is asked: the system gives no random bytes");
        return Ok(());
    };
    let now = shared.clock.now();
    let asked = {
        let (setup, feed) = (Arc::clone(&setup), feed.clone());
        let step = move |tx: &store::Transaction<'_>| {
            store::websub::change(tx, &feed, now, |known| {
                let wish = wish(&setup, &feed, &private);
                match (known.step(&wish, now), &setup.websub) {
                    (Step::Subscribe(target), Some(websub)) => {
                        let fresh = Fresh {
                            token: &token,
                            secret: &secret,
                            now,
                        };
                        let callback = fresh.callback(known, &target, &wish, websub);
                        known.ask(target, callback.clone(), now);
                        Some((callback, Mode::Subscribe(websub.lease)))
                    }
                    (Step::Unsubscribe(callback), _) => Some((*callback, Mode::Unsubscribe)),
                    _ => None,
                }
            })
        };
        shared.store.write(step).await?
    };
    match asked {
        Some((callback, mode)) => ask(&shared, &setup, feed, (callback, mode)).await,
        None => Ok(()),
    }
}

/// What makes a new callback.
struct Fresh<'a> {
    token: &'a Secret,
    secret: &'a Secret,
    now: Timestamp,
}

impl Fresh<'_> {
    fn callback(
        &self,
        known: &Subscription,
        target: &Target,
        wish: &Wish<'_>,
        websub: &WebsubSettings,
    ) -> Callback {
        let hub = known.address_of(&target.hub).to_owned();
        let url = format!("{}{}", websub.base, self.token.expose());
        Callback {
            token: self.token.clone(),
            url: Secret::new(url),
            secret: wish.may_know_secret(&hub).then(|| self.secret.clone()),
            hub,
            topic: target.topic.clone(),
            stage: Stage::Asked,
            asked: self.now,
            renew: None,
            until: None,
            goodbyes: 0,
        }
    }
}

/// Sends the request, and keeps what the hub said.
async fn ask(
    shared: &Shared,
    setup: &Setup,
    feed: FeedId,
    (callback, mode): (Callback, Mode),
) -> Result<(), StoreError> {
    let hub = redacted_url(&callback.hub);
    let own = shared.own_port.get().copied();
    let answer = setup.fetcher.ask_hub(&callback, mode, own).await;
    let subscribing = mode != Mode::Unsubscribe;
    match (&answer, subscribing) {
        (Answer::Accepted { .. }, true) => {
            tracing::info!(%feed, hub, "asked {hub} to push {feed}");
        }
        (Answer::Accepted { .. }, false) => {
            tracing::info!(%feed, hub, "asked {hub} to push {feed} no more");
        }
        (Answer::Failed(why), true) => {
            tracing::warn!(%feed, hub, why, "{hub} does not push {feed}: {why}");
        }
        (Answer::Failed(why), false) => {
            tracing::info!(%feed, hub, why, "{hub} could not be told to push {feed} no more: {why}");
        }
    }
    if !subscribing {
        // The hub forgets it by asking back, or when its lease is over.
        return Ok(());
    }
    let now = shared.clock.now();
    let keep = move |tx: &store::Transaction<'_>| {
        store::websub::change(tx, &feed, now, |known| {
            known.answered(&feed, callback.token.expose(), &answer, now);
        })
    };
    shared.store.write(keep).await?;
    shared.poll_nudge.notify_one();
    Ok(())
}

#[cfg(test)]
mod tests;
