//! The page pass: pages that entries link to → fetch → read the article → match → record, one transaction a page.
//!
//! Only for feeds with `full_text`, and never before an entry's own alerts: the poll has stored it and told of it.
//! Which pages and when is decided in `domain::entry::page`, what the article is in `domain::document::article`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{self, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::setup::Setup;
use super::{LONGEST_REST, Shared, receivers};
use crate::domain::document::Hints;
use crate::domain::document::article;
use crate::domain::entry::page::{self, Next};
use crate::domain::entry::{Entry, identity};
use crate::domain::feed::Feed;
use crate::domain::feed::outcome::{Body, FetchRequest, FetchResult, OutcomeKind, Wants};
use crate::fetch::host::Place;
use crate::observe;
use crate::store::pages::{Claimed, Settled};
use crate::store::polls::{PollResult, Recorded};
use crate::store::{self, StoreError};

/// Pages under way at once, each of another host.
const AT_ONCE: usize = 8;

/// A claim that is not settled by then is free again: far more than one page takes, its wait for the host included.
const LEASE: Duration = Duration::from_mins(30);

/// How long a round by hand goes on taking pages.
const ROUND: Duration = Duration::from_mins(2);

/// Pages that a round by hand fetches at most.
const MOST_IN_ROUND: usize = 500;

/// How a page's try ended, as metrics name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
    /// Its article is stored; what that made true.
    Read(PollResult),
    /// The entry changed meanwhile: the page is due again.
    Stale,
    /// It will be tried again.
    Later,
    /// It will not.
    GivenUp,
}

/// Why a try brought no article.
struct Failed {
    why: String,
    is_final: bool,
    wait: Option<Duration>,
    hold: Option<Timestamp>,
}

/// Fetches pages as they come due, until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported, waited for, and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut work = Work::default();
    loop {
        // Registered before the look, so that a nudge during it is not lost.
        let nudged = shared.page_nudge.notified();
        let rest = match work.start_due(&shared).await {
            Ok(rest) => {
                shared.store_serves("pages");
                rest
            }
            Err(error) => {
                tracing::error!(%error, "fetching pages waits for the store: {error}");
                shared.store_fails("pages", &error);
                Duration::from_secs(5)
            }
        };
        shared.progress.beat("pages", LONGEST_REST * 2);
        tokio::select! {
            () = stop.cancelled() => {
                // What was under way is fetched again by the next life.
                work.tasks.shutdown().await;
                return Ok(());
            }
            () = nudged => {}
            ended = work.tasks.join_next_with_id(), if !work.tasks.is_empty() => drop(work.ended(ended)),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Fetches what is due now, for two minutes at most; gives back how each page went.
///
/// # Errors
/// The first error of the store.
pub async fn round(shared: &Arc<Shared>) -> Result<Vec<Went>, StoreError> {
    let end = Instant::now() + ROUND;
    let mut work = Work::default();
    let mut went = Vec::new();
    while went.len() < MOST_IN_ROUND {
        work.start_due(shared).await?;
        if work.tasks.is_empty() {
            break;
        }
        let Ok(ended) = tokio::time::timeout_at(end, work.tasks.join_next_with_id()).await else {
            break;
        };
        went.extend(work.ended(ended).transpose()?);
    }
    work.tasks.shutdown().await;
    Ok(went)
}

/// What joining a page's task gives.
type Ended = Result<(task::Id, Result<Went, StoreError>), task::JoinError>;

/// The pages under way.
#[derive(Default)]
struct Work {
    tasks: JoinSet<Result<Went, StoreError>>,
    /// Which host a task asks.
    hosts: HashMap<task::Id, String>,
}

impl Work {
    /// Starts what is due; says how long until something else is.
    async fn start_due(&mut self, shared: &Arc<Shared>) -> Result<Duration, StoreError> {
        let now = shared.clock.now();
        let next = shared
            .store
            .read(move |conn| store::pages::next_due(conn, now))
            .await?;
        for claimed in self.claim(shared, now).await? {
            let (shared, host) = (Arc::clone(shared), claimed.host.clone());
            let handle = self.tasks.spawn(async move { one(&shared, claimed).await });
            self.hosts.insert(handle.id(), host);
        }
        let rest = next.map_or(LONGEST_REST, |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        });
        Ok(rest.clamp(Duration::from_millis(50), LONGEST_REST))
    }

    async fn claim(&self, shared: &Shared, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        let room = AT_ONCE.saturating_sub(self.tasks.len());
        // Most feeds have no pages: a look that finds none must cost no write.
        let waiting = shared
            .store
            .read(move |conn| store::pages::is_due(conn, now));
        if room == 0 || !waiting.await? {
            return Ok(Vec::new());
        }
        let busy: Vec<String> = self.hosts.values().cloned().collect();
        shared
            .store
            .write(move |tx| store::pages::claim(tx, &busy, room, now, LEASE))
            .await
    }

    /// Takes note that a page's task ended; one that was not recorded is free again after its lease.
    fn ended(&mut self, ended: Option<Ended>) -> Option<Result<Went, StoreError>> {
        let (task, result) = match ended? {
            Ok((task, result)) => (task, Some(result)),
            Err(panic) => {
                tracing::error!(%panic, "the task of a page panicked: {panic}");
                (panic.id(), None)
            }
        };
        self.hosts.remove(&task);
        if let Some(Err(error)) = &result {
            tracing::error!(%error, "a page was not recorded and will be fetched again: {error}");
        }
        result
    }
}

/// Fetches, reads and records one page.
async fn one(shared: &Arc<Shared>, claimed: Claimed) -> Result<Went, StoreError> {
    let setup = shared.setup();
    let feed = claimed
        .entry
        .entry
        .feed
        .as_ref()
        .and_then(|id| setup.feeds.get(id));
    let Some(feed) = feed.filter(|feed| feed.full_text && feed.enabled).cloned() else {
        let settled = Settled {
            due: None,
            skipped: true,
            why: "its feed has no `full_text` any more".to_owned(),
            hold: None,
        };
        return settle(shared, claimed, settled).await;
    };
    let claimed = Arc::new(claimed);
    let found = match claimed.copy.clone() {
        Some(text) => examine_apart(shared, &feed, &claimed, move || Ok(text)).await,
        None => fetch(shared, &setup, &feed, &claimed).await,
    };
    match found {
        Ok(item) => record(shared, &feed, &claimed, item).await,
        Err(failed) => {
            let now = shared.clock.now();
            let due = match page::next_try(claimed.attempts, failed.is_final, failed.wait, now) {
                Next::At(at) => Some(at),
                Next::GiveUp => None,
            };
            let settled = Settled {
                due,
                skipped: false,
                why: failed.why,
                hold: failed.hold,
            };
            settle(shared, Arc::unwrap_or_clone(claimed), settled).await
        }
    }
}

/// Asks for the page and reads it.
async fn fetch(
    shared: &Arc<Shared>,
    setup: &Setup,
    feed: &Arc<Feed>,
    claimed: &Arc<Claimed>,
) -> Result<Recorded, Failed> {
    // The feed's own headers and validators are the feed's alone.
    let request = FetchRequest {
        url: claimed.url.clone(),
        wants: Wants::Page,
        ..FetchRequest::default()
    };
    let (outcome, place) = setup.fetcher.fetch_in_place(&request).await;
    let facts = outcome.facts;
    shared
        .metrics
        .add(observe::WIRE_BYTES, &[], super::number(facts.wire_bytes));
    match outcome.result {
        FetchResult::Fetched(body) => {
            let hints = Hints {
                url: facts.final_url,
                content_type: body.content_type.clone(),
                language: feed.language.clone(),
                ..Hints::default()
            };
            let url = claimed.url.clone();
            examine_apart(shared, feed, claimed, move || {
                read(&body, &url, &hints, place)
            })
            .await
        }
        FetchResult::NotModified => Err(Failed::of(
            "HTTP 304 to a request that asked for all".to_owned(),
            true,
        )),
        FetchResult::Failed { kind, message, .. } => Err(Failed {
            why: message,
            is_final: page::is_final(kind, facts.status),
            wait: facts.retry_after,
            hold: hold(kind, facts.status, facts.retry_after, shared.clock.now()),
        }),
    }
}

/// A host is held for what an answer of it asks, not for what never reached it.
fn hold(
    kind: OutcomeKind,
    status: Option<u16>,
    wait: Option<Duration>,
    now: Timestamp,
) -> Option<Timestamp> {
    status.and_then(|_| page::hold(kind, wait, now))
}

/// The article of a page; its place among those in memory goes with it.
fn read(body: &Body, url: &str, hints: &Hints, place: Place) -> Result<String, Failed> {
    let read = article::read(&body.bytes, url, hints);
    drop(place);
    read.map_err(|refused| Failed::of(refused.to_string(), refused.is_final()))
}

impl Failed {
    fn of(why: String, is_final: bool) -> Self {
        Self {
            why,
            is_final,
            wait: None,
            hold: None,
        }
    }
}

/// Reads a text and finds what it makes true, on a thread where that may take its time.
async fn examine_apart(
    shared: &Arc<Shared>,
    feed: &Arc<Feed>,
    claimed: &Arc<Claimed>,
    text: impl FnOnce() -> Result<String, Failed> + Send + 'static,
) -> Result<Recorded, Failed> {
    // As many at once as there are cores, polls included.
    let _turn = shared.readers.acquire().await;
    // Rules and receivers are those in force now.
    let (setup, feed, claimed) = (shared.setup(), Arc::clone(feed), Arc::clone(claimed));
    let work = move || {
        let title = feed.title.as_deref().or(claimed.feed_title.as_deref());
        let entry = Entry {
            full_text: Some(text()?),
            ..claimed.entry.entry.clone()
        };
        Ok(examine(&setup, &feed.tags, title, entry))
    };
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| {
            tracing::error!(%panic, "the matcher panicked on an article: {panic}");
            Err(Failed::of(
                "matching the article failed: please report this page".to_owned(),
                true,
            ))
        })
}

/// An entry with what is true of it now that its article is there.
fn examine(setup: &Setup, tags: &[String], title: Option<&str>, entry: Entry) -> Recorded {
    let subject = entry.subject(tags, title);
    let (matches, mentions) = setup.rules.examine(&subject);
    let matches = receivers::rule_matches(setup, &matches, &setup.only.evaluate(&subject));
    Recorded {
        content_hash: identity::content_hash(&entry.content),
        alternates: Vec::new(),
        canonical_url: None,
        title_key: None,
        matches,
        mentions,
        entry,
    }
}

/// Stores the article and what it makes true.
async fn record(
    shared: &Shared,
    feed: &Feed,
    claimed: &Arc<Claimed>,
    item: Recorded,
) -> Result<Went, StoreError> {
    let (now, of_claim) = (shared.clock.now(), Arc::clone(claimed));
    let setup = shared.setup();
    let result = shared
        .store
        .write(move |tx| {
            let terms = (&*setup.manners, &*setup.story, now);
            store::pages::record(tx, &of_claim, &item, terms)
        })
        .await?;
    let Some(result) = result else {
        count(shared, "stale");
        return Ok(Went::Stale);
    };
    count(shared, "read");
    for (held, count) in &result.held {
        shared
            .metrics
            .add(observe::HELD, &[("reason", *held)], f64::from(*count));
    }
    let (feed, entry) = (feed.id.as_str(), claimed.entry.entry.id.as_str());
    if result.alerts.is_empty() {
        tracing::debug!(feed, entry, "read the article of an entry of {feed}");
    } else {
        let alerts = result.alerts.len();
        tracing::info!(
            feed,
            entry,
            alerts,
            "the article of an entry of {feed} raised {alerts} alerts"
        );
        shared.deliver_nudge.notify_one();
        shared.timing_nudge.notify_one();
    }
    Ok(Went::Read(result))
}

/// Notes that a page was not read.
async fn settle(shared: &Shared, claimed: Claimed, settled: Settled) -> Result<Went, StoreError> {
    let (went, name) = match settled {
        Settled { due: Some(_), .. } => (Went::Later, "later"),
        Settled { skipped: true, .. } => (Went::GivenUp, "skipped"),
        _ => (Went::GivenUp, "failed"),
    };
    count(shared, name);
    let feed = claimed
        .entry
        .entry
        .feed
        .as_ref()
        .map_or("-", |id| id.as_str());
    let (entry, why) = (claimed.entry.entry.id.as_str(), settled.why.as_str());
    tracing::info!(
        feed,
        entry,
        why,
        outcome = name,
        "no article for an entry of {feed}: {why}"
    );
    shared
        .store
        .write(move |tx| store::pages::settle(tx, &claimed, &settled))
        .await?;
    Ok(went)
}

fn count(shared: &Shared, outcome: &'static str) {
    shared
        .metrics
        .add(observe::PAGES, &[("outcome", outcome)], 1.0);
}
