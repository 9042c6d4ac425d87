//! What hubs send to our callbacks: whether a request was ours, denials, and pushes.
//!
//! A push is read and recorded before it is answered, so what was answered with 2xx is in the store: there is no
//! queue that a kill could empty. Who may send, and how much, is `web`'s business.

use std::sync::Arc;
use std::time::Duration;

use crate::daemon::Shared;
use crate::daemon::poll::{account, ahead, read};
use crate::domain::feed::Feed;
use crate::domain::feed::outcome::Body;
use crate::domain::feed::standing::Evidence;
use crate::domain::feed::websub::signature::{self, Verdict};
use crate::domain::feed::websub::{Callback, Stage, Subscription};
use crate::domain::id::FeedId;
use crate::fetch;
use crate::observe;
use crate::store::polls::PollResult;
use crate::store::{self, StoreError};

/// The lease where neither the hub nor config names one.
const USUAL_LEASE: Duration = Duration::from_hours(7 * 24);

/// What a hub's GET asks or tells.
#[derive(Clone, Debug, Default)]
pub struct Intent {
    /// `hub.mode`.
    pub mode: String,
    /// `hub.topic`.
    pub topic: String,
    /// `hub.lease_seconds`.
    pub lease: Option<Duration>,
    /// `hub.reason`, of a denial.
    pub reason: String,
}

/// What a hub's POST brings.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// `X-Hub-Signature`.
    pub signature: Option<Vec<u8>>,
    /// `Content-Encoding`.
    pub codings: Vec<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// As it came over the wire: that is what was signed.
    pub body: Vec<u8>,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Recorded.
    Taken,
    /// Counted and dropped; the hub is not told why.
    Ignored(&'static str),
    /// Nobody has that callback, or has it any longer.
    Unknown,
}

/// Whether anybody has the callback `token`.
///
/// # Errors
/// When the store cannot be read.
pub async fn is_known(shared: &Shared, token: &str) -> Result<bool, StoreError> {
    Ok(feed_of(shared, token).await?.is_some())
}

async fn feed_of(shared: &Shared, token: &str) -> Result<Option<FeedId>, StoreError> {
    // Ours are 64 digits: nothing else is worth a look.
    if token.len() != 64 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let token = token.to_owned();
    let read = move |conn: &store::Connection| store::websub::feed_of(conn, &token);
    shared.store.read(read).await
}

/// Answers a hub that asks whether a request was ours, or that denies it. True: it was.
///
/// # Errors
/// When the store fails: the hub may ask again.
pub async fn intent(shared: &Shared, token: &str, intent: Intent) -> Result<bool, StoreError> {
    let Some(feed) = feed_of(shared, token).await? else {
        return Ok(false);
    };
    let now = shared.clock.now();
    let asked_for = shared.setup().websub.as_ref().map(|websub| websub.lease);
    let lease = intent.lease.or(asked_for).unwrap_or(USUAL_LEASE);
    let (mode, owner, token) = (intent.mode.clone(), feed.clone(), token.to_owned());
    let answer = move |tx: &store::Transaction<'_>| {
        let topic = intent.topic.as_str();
        store::websub::change(tx, &owner, now, |known| match intent.mode.as_str() {
            "subscribe" => known.verified_by_hub(&owner, (&token, topic), lease, now),
            "unsubscribe" => known.forgotten_by_hub(&token, topic, now),
            "denied" => known.denied(&token, topic, &intent.reason, now),
            _ => false,
        })
    };
    let ours = shared.store.write(answer).await?;
    match (ours, mode.as_str()) {
        (true, "subscribe") => {
            let seconds = lease.as_secs();
            tracing::info!(%feed, seconds, "a hub pushes {feed} for {seconds} s");
        }
        (true, "denied") => {
            tracing::warn!(%feed, "the hub of {feed} denies to push it: it is polled as usual");
        }
        (true, _) => tracing::info!(%feed, "a hub pushes {feed} no more, as it was asked"),
        (false, _) => tracing::debug!(%feed, "a hub asks about {feed} what was not asked of it"),
    }
    shared.websub_nudge.notify_one();
    shared.poll_nudge.notify_one();
    Ok(ours)
}

/// Takes a push: judged, read, recorded, before this returns.
///
/// # Errors
/// When the store fails: the hub will push again.
pub async fn push(
    shared: &Arc<Shared>,
    token: &str,
    delivery: Delivery,
) -> Result<Receipt, StoreError> {
    let receipt = match addressee(shared, token).await? {
        Some((feed, callback)) => take(shared, &feed, &callback, delivery).await?,
        None => Receipt::Unknown,
    };
    let result = match receipt {
        Receipt::Taken => "taken",
        Receipt::Ignored(why) => why,
        Receipt::Unknown => "unknown",
    };
    shared
        .metrics
        .add(observe::PUSHES, &[("result", result)], 1.0);
    Ok(receipt)
}

/// The feed that a callback is for, where it is still polled, and the callback.
async fn addressee(
    shared: &Shared,
    token: &str,
) -> Result<Option<(Arc<Feed>, Callback)>, StoreError> {
    let Some(id) = feed_of(shared, token).await? else {
        return Ok(None);
    };
    let read = {
        let id = id.clone();
        move |conn: &store::Connection| store::websub::get(conn, &id)
    };
    let known: Subscription = shared.store.read(read).await?;
    let setup = shared.setup();
    let feed = setup.feeds.get(&id).filter(|feed| feed.enabled);
    let mut callbacks = known.callbacks.into_iter();
    let callback = callbacks.find(|callback| callback.token.expose() == token);
    Ok(feed.cloned().zip(callback))
}

/// Why a push is not to be read; none: it is.
fn refusal(feed: &Feed, callback: &Callback, delivery: &Delivery) -> Option<&'static str> {
    if matches!(callback.stage, Stage::Asked | Stage::Late) {
        return Some("unverified");
    }
    let strict = feed.websub.require_sha256;
    let Some(secret) = &callback.secret else {
        return strict.then_some("unsigned");
    };
    let header = delivery.signature.as_deref();
    match signature::check(header, secret.expose(), &delivery.body, strict) {
        Verdict::Good => None,
        Verdict::Missing => Some("unsigned"),
        Verdict::Weak => Some("weak"),
        Verdict::Forged => Some("forged"),
    }
}

async fn take(
    shared: &Arc<Shared>,
    feed: &Arc<Feed>,
    callback: &Callback,
    delivery: Delivery,
) -> Result<Receipt, StoreError> {
    let id = feed.id.clone();
    if let Some(why) = refusal(feed, callback, &delivery) {
        tracing::warn!(feed = %id, why, "a push of {id} is ignored: {why}");
        ignore(shared, id, false).await?;
        return Ok(Receipt::Ignored(why));
    }
    if delivery.body.is_empty() {
        // A bare note that there is news.
        let now = shared.clock.now();
        shared
            .store
            .write(move |tx| store::websub::poll_soon(tx, &id, now))
            .await?;
        shared.poll_nudge.notify_one();
        return Ok(Receipt::Taken);
    }
    let pushed = match read_apart(shared, feed, delivery).await? {
        Ok(pushed) => pushed,
        Err(why) => read::Pushed::unreadable(why),
    };
    let Some(commit) = pushed.commit else {
        let why = pushed.error.unwrap_or_default();
        tracing::warn!(feed = %id, why, "a push of {id} cannot be read, it is polled instead: {why}");
        ignore(shared, id, true).await?;
        return Ok(Receipt::Ignored("unreadable"));
    };
    let commit = Arc::new(commit);
    let recorded = ahead::record(shared, &commit, store::polls::record_ahead).await?;
    let record = move |tx: &store::Transaction<'_>| {
        let result = store::polls::record_push(tx, &commit, &recorded)?;
        if !pushed.whole {
            store::websub::poll_soon(tx, &commit.feed, commit.now)?;
        }
        Ok(result)
    };
    let result = shared.store.write(record).await?;
    tell(shared, &id, &result);
    Ok(Receipt::Taken)
}

/// Counts a push that was not taken; `poll` where the feed may have news all the same.
async fn ignore(shared: &Shared, feed: FeedId, poll: bool) -> Result<(), StoreError> {
    let now = shared.clock.now();
    let count = move |tx: &store::Transaction<'_>| {
        store::websub::change(tx, &feed, now, |known| {
            known.ignored = known.ignored.saturating_add(1);
        })?;
        if poll {
            store::websub::poll_soon(tx, &feed, now)?;
        }
        Ok(())
    };
    shared.store.write(count).await?;
    if poll {
        shared.poll_nudge.notify_one();
    }
    Ok(())
}

/// Decodes and reads a push on a blocking thread; the inner error says why it cannot be read.
async fn read_apart(
    shared: &Arc<Shared>,
    feed: &Arc<Feed>,
    delivery: Delivery,
) -> Result<Result<read::Pushed, String>, StoreError> {
    let id = feed.id.clone();
    let state = shared
        .store
        .read(move |conn| store::feeds::state(conn, &id))
        .await?;
    let now = shared.clock.now();
    let digest = read::Digest {
        shared: Arc::clone(shared),
        setup: shared.setup(),
        feed: Arc::clone(feed),
        old: state.unwrap_or_default(),
        began: now,
        now,
        evidence: Evidence::default(),
    };
    let (_, max) = digest.setup.fetcher.largest();
    let _turn = shared.readers.acquire().await;
    let work = move || {
        let bytes = match fetch::websub::decode(delivery.body, &delivery.codings, max) {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Err(why)),
        };
        let body = Body {
            bytes,
            content_type: delivery.content_type,
        };
        digest.read_push(&body).map(Ok)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(read) => read,
        Err(panic) => {
            tracing::error!(feed = %feed.id, %panic, "the reader panicked on a push of {}: {panic}", feed.id);
            Ok(Err("it made the reader fail".to_owned()))
        }
    }
}

/// Counts and logs what a push brought.
fn tell(shared: &Shared, feed: &FeedId, result: &PollResult) {
    let held = result.held.iter().map(|(reason, count)| (*reason, *count));
    account::count_findings(shared, (result.new.into(), result.revised.into()), held);
    let (new, alerts) = (result.new, result.alerts.len());
    tracing::info!(
        %feed, new, alerts,
        "a hub pushed {feed}: {new} new, {} revised, {alerts} alerts", result.revised
    );
    if result.pages > 0 {
        shared.page_nudge.notify_one();
    }
    if alerts > 0 {
        shared.deliver_nudge.notify_one();
    }
    if new > 0 {
        shared.timing_nudge.notify_one();
    }
}
