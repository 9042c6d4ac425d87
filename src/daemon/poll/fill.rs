//! The way back after a gap: earlier documents asked for one after the other, each committed with its entries.
//!
//! The gap is a row, so a kill in between costs one document at most: the next start, or the feed's next poll,
//! goes on where it stood. Which document is next is decided in `domain::feed::gap`; the fetcher keeps pace.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::read::{Digest, Seen};
use super::{Report, ahead};
use crate::daemon::Shared;
use crate::domain::alert::decide::backlog_before;
use crate::domain::document::{self, Document};
use crate::domain::entry::identity;
use crate::domain::entry::ingest::Plan;
use crate::domain::feed::gap::{self, Kind, Links, Step, Stop, Way};
use crate::domain::feed::outcome::{Body, FetchOutcome, FetchResult, HttpFacts, OutcomeKind};
use crate::domain::feed::rhythm;
use crate::domain::feed::standing::Evidence;
use crate::domain::feed::{Feed, FeedState, schedule};
use crate::domain::id::{EntryId, FeedId};
use crate::fetch::host::Place;
use crate::observe;
use crate::store::gaps::{self, Gap, NewGap, State, Then, Turn};
use crate::store::polls::PollCommit;
use crate::store::{self, StoreError};

/// Documents read in one go, over all gaps of a feed.
const MOST_TURNS: u32 = 200;

/// Goes the way back for the gaps of `feed`, as far as it leads now; what comes of it is added to `report`.
///
/// # Errors
/// When the store fails.
pub(super) async fn run(
    shared: &Arc<Shared>,
    feed: &FeedId,
    report: &mut Report,
) -> Result<(), StoreError> {
    for _ in 0..MOST_TURNS {
        let (id, now) = (feed.clone(), shared.clock.now());
        let found = shared
            .store
            .read(move |conn| {
                let gap = gaps::workable(conn, &id, now)?;
                Ok::<_, StoreError>(gap.zip(store::feeds::state(conn, &id)?))
            })
            .await?;
        let Some((gap, state)) = found else { break };
        // A reload may have taken the feed away or given it another address.
        let Some(feed) = shared.setup().feeds.get(feed).map(Arc::clone) else {
            break;
        };
        if state.url != feed.url || !turn(shared, &feed, state, gap, report).await? {
            break;
        }
    }
    Ok(())
}

/// Goes on with what a process before this one left unfinished.
///
/// # Errors
/// When the store fails.
pub(super) async fn resume(shared: &Arc<Shared>, feed: &FeedId) -> Result<Report, StoreError> {
    let mut report = Report {
        feed: feed.clone(),
        outcome: OutcomeKind::OkSame,
        error: None,
        new: 0,
        revised: 0,
        alerts: 0,
        held: std::collections::BTreeMap::new(),
        private: false,
    };
    let id = feed.clone();
    let state = shared
        .store
        .read(move |conn| store::feeds::state(conn, &id))
        .await?;
    let now = shared.clock.now();
    let waits = state.is_none_or(|state| state.retry_after.is_some_and(|until| until > now));
    if !waits {
        run(shared, feed, &mut report).await?;
    }
    Ok(report)
}

/// Asks for the next document of `gap`, reads and records it; false where nothing more is to be asked now.
async fn turn(
    shared: &Arc<Shared>,
    feed: &Arc<Feed>,
    state: FeedState,
    gap: Gap,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let Some(step) = gap.next.clone() else {
        return Ok(false);
    };
    let began = shared.clock.now();
    let url = step.url.clone();
    let bound = move |conn: &store::Connection| store::hosts::bound_at(conn, &url, began);
    if shared.store.read(bound).await?.is_some() {
        // Its host asked to be left alone: the next good poll goes on.
        return Ok(false);
    }
    let (outcome, place) = ask(shared, feed, &step).await?.unzip();
    let digest = Digest {
        shared: Arc::clone(shared),
        setup: shared.setup(),
        feed: Arc::clone(feed),
        old: state,
        began,
        now: shared.clock.now(),
        evidence: Evidence::default(),
    };
    let (commit, turn) = read_apart(digest, outcome, gap.clone(), step).await?;
    drop(place);
    let (kept, told) = (Arc::new(gap.clone()), turn.clone());
    let (of, commit) = (Arc::clone(&kept), Arc::new(commit));
    let recorded = ahead::record(shared, &commit, move |tx, commit, range| {
        gaps::record_ahead(tx, &of, commit, range)
    })
    .await?;
    let result = shared
        .store
        .write(move |tx| gaps::record(tx, &kept, (&commit, &recorded), &turn))
        .await?;
    report.new += u64::from(result.new);
    report.alerts += result.alerts.len() as u64;
    for (held, count) in &result.held {
        *report.held.entry(held).or_default() += count;
    }
    tell(shared, feed, &gap, &told, result.new);
    if !result.alerts.is_empty() {
        shared.deliver_nudge.notify_one();
        shared.timing_nudge.notify_one();
    }
    Ok(!matches!(told, Turn::Later { .. }))
}

/// Asks for a document; none where it is an archive that was read before.
async fn ask(
    shared: &Arc<Shared>,
    feed: &Feed,
    step: &Step,
) -> Result<Option<(FetchOutcome, Place)>, StoreError> {
    let (id, url) = (feed.id.clone(), step.url.clone());
    if step.way == Way::Archive
        && shared
            .store
            .read(move |conn| gaps::is_remembered(conn, &id, &url))
            .await?
    {
        return Ok(None);
    }
    let request = gap::request(feed, &step.url);
    Ok(Some(shared.setup().fetcher.fetch_in_place(&request).await))
}

/// Reads on a blocking thread; a panic of the reader ends the way.
async fn read_apart(
    digest: Digest,
    outcome: Option<FetchOutcome>,
    gap: Gap,
    step: Step,
) -> Result<(PollCommit, Turn), StoreError> {
    let spare = digest.clone();
    let shared = Arc::clone(&digest.shared);
    let _turn = shared.readers.acquire().await;
    let kept = gap.clone();
    match tokio::task::spawn_blocking(move || digest.read_earlier(outcome, &gap, &step)).await {
        Ok(read) => read,
        Err(panic) => {
            tracing::error!(feed = %spare.feed.id, %panic, "the reader panicked on an earlier document of {}: {panic}", spare.feed.id);
            let why = Stop::Failed("the reader failed on an earlier document".to_owned());
            let end = spare.end(&kept, &why, &[]);
            Ok((spare.assemble_nothing(), Turn::Over(end)))
        }
    }
}

/// Counts and logs a step of the way.
fn tell(shared: &Shared, feed: &Feed, gap: &Gap, turn: &Turn, new: u32) {
    let metrics = &shared.metrics;
    let (then, documents) = match turn {
        Turn::Read { then, .. } => {
            metrics.add(observe::GAP_DOCUMENTS, &[], 1.0);
            (then, gap.documents + 1)
        }
        Turn::Over(then) => (then, gap.documents),
        Turn::Later { note, .. } => {
            let feed = feed.id.as_str();
            tracing::warn!(feed, note, "the gap of {feed} is filled later: {note}");
            return;
        }
    };
    metrics.add(
        observe::ENTRIES,
        &[("change", "new")],
        super::super::number(new),
    );
    let Then::End(state, note) = then else { return };
    let result = state.as_str();
    let recovered = gap.recovered + u64::from(new);
    if gap.kind == Kind::Gap {
        metrics.add(observe::GAPS, &[("result", result)], 1.0);
    }
    let feed = feed.id.as_str();
    if *state == State::Unfilled {
        tracing::warn!(feed, result, documents, recovered, note, "{feed}: {note}");
    } else {
        tracing::info!(
            feed,
            result,
            documents,
            recovered,
            note,
            "{recovered} entries of {feed} came from {documents} earlier documents: {note}"
        );
    }
}

impl Digest {
    /// The gap that a document leaves, or the history that is wanted before it; none for most documents.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn find_gap(
        &self,
        seen: &Seen,
        facts: &HttpFacts,
        entries: usize,
        (links, complete): (&Links, bool),
    ) -> Result<Option<NewGap>, StoreError> {
        let whole = facts.status == Some(200) && !seen.truncated && !complete;
        let counts = (entries, seen.plan.new.len());
        let first = self.old.last_success.is_none() && self.feed.history > 0 && entries > 0;
        let kind = if gap::is_gap(&self.old, &self.feed, whole, counts) {
            Kind::Gap
        } else if first && whole {
            Kind::History
        } else {
            return Ok(None);
        };
        let most = match kind {
            Kind::Gap => gap::MOST_DOCUMENTS,
            Kind::History => self.feed.history,
        };
        let own = facts.final_url.as_deref().unwrap_or(&self.feed.url);
        let visited: Vec<String> = gap::bare(own).into_iter().collect();
        let next = gap::next(links, None, &visited, (0, most));
        let found = NewGap {
            kind,
            newest_before: None,
            oldest_after: None,
            missed: None,
            last_success: None,
            next: next.as_ref().ok().cloned(),
            visited,
            most,
            note: None,
        };
        match (kind, next) {
            (Kind::Gap, next) => self
                .with_edges(found, seen.published(), next.err())
                .map(Some),
            (Kind::History, Ok(_)) => Ok(Some(found)),
            (Kind::History, Err(_)) => Ok(None),
        }
    }

    /// A gap with its edges, and with what may be missing where there is no way back.
    fn with_edges(
        &self,
        found: NewGap,
        published: &[Timestamp],
        stop: Option<Stop>,
    ) -> Result<NewGap, StoreError> {
        let newest_before = self
            .shared
            .store
            .read_blocking(|conn| gaps::newest(conn, &self.feed.id))?;
        let edges = (newest_before, published.iter().min().copied());
        let missed = gap::may_have_missed(edges, rhythm::rate(&self.old), published);
        let note = stop.map(|stop| format!("{}: {}", gap::report(missed, edges), stop.words()));
        Ok(NewGap {
            newest_before: edges.0,
            oldest_after: edges.1,
            missed,
            last_success: self.old.last_success,
            note,
            ..found
        })
    }

    /// Reads an earlier document; `outcome` is none for an archive that was read before.
    fn read_earlier(
        self,
        outcome: Option<FetchOutcome>,
        gap: &Gap,
        step: &Step,
    ) -> Result<(PollCommit, Turn), StoreError> {
        let Some(outcome) = outcome else {
            let end = Then::End(
                State::Filled,
                "an archive was reached that was read before".to_owned(),
            );
            return Ok((self.assemble_nothing(), Turn::Over(end)));
        };
        let facts = outcome.facts;
        match outcome.result {
            FetchResult::Fetched(body) => self.read_earlier_body(&body, &facts, gap, step),
            FetchResult::NotModified => {
                let failed = (OutcomeKind::HttpError, "304 though all was asked for");
                let turn = self.failed(gap, failed, &facts);
                Ok((self.assemble_nothing(), turn))
            }
            FetchResult::Failed { kind, message, .. } => {
                let turn = self.failed(gap, (kind, &message), &facts);
                Ok((self.assemble_nothing(), turn))
            }
        }
    }

    /// What follows a document that could not be had.
    fn failed(&self, gap: &Gap, (kind, message): (OutcomeKind, &str), facts: &HttpFacts) -> Turn {
        // Not its address, which may hold a token: that stands in the gap's row.
        let why = format!("an earlier document cannot be had: {message}");
        if !gap::tries_again(kind, facts.status, gap.failures + 1) {
            return Turn::Over(self.end(gap, &Stop::Failed(why), &[]));
        }
        let wait = |wait: Duration| schedule::later(self.now, wait.min(schedule::RETRY_AFTER_CAP));
        Turn::Later {
            note: why,
            not_before: facts.retry_after.map(wait),
        }
    }

    fn read_earlier_body(
        self,
        body: &Body,
        facts: &HttpFacts,
        gap: &Gap,
        step: &Step,
    ) -> Result<(PollCommit, Turn), StoreError> {
        let document = match document::parse(&body.bytes, &self.hints(body, facts)) {
            Ok(document) => document,
            Err(error) => {
                let message = error.to_string();
                let turn = self.failed(gap, (error.outcome(), &message), facts);
                return Ok((self.assemble_nothing(), turn));
            }
        };
        let mut earlier = Earlier {
            links: Links::of(&document),
            published: published(&document),
            truncated: document.truncated,
            joined: false,
        };
        let entries = identity::identify(self.feed.id.as_str(), document.entries);
        let plan = self.recognise(entries)?;
        let known = known_ids(&plan);
        earlier.joined = self
            .shared
            .store
            .read_blocking(|conn| gaps::knew(conn, gap.known_before, &known))?;
        let again = gap::tries_again(OutcomeKind::NetError, None, gap.failures + 1);
        let turn = if earlier.truncated && again {
            Turn::Later {
                note: "the end of an earlier document is missing".to_owned(),
                not_before: None,
            }
        } else {
            self.read_turn(gap, step, facts, &earlier)
        };
        // An archive shows what entries said then: it never changes what is known.
        let mut plan = Plan {
            new: plan.new,
            shared_links: plan.shared_links,
            ..Plan::default()
        };
        let pages = self.pages(&mut plan)?;
        let backlog = self.setup.alerts.backlog;
        let commit = PollCommit {
            backlog_before: backlog_before(self.now, gap.last_success, backlog),
            undated_is_backlog: gap.last_success.is_none(),
            ..self.assemble_earlier(plan, pages)
        };
        Ok((commit, turn))
    }

    /// What follows a document that was read.
    fn read_turn(&self, gap: &Gap, step: &Step, facts: &HttpFacts, earlier: &Earlier) -> Turn {
        let mut visited = gap.visited.clone();
        visited.push(step.url.clone());
        let answered = facts.final_url.as_deref().and_then(gap::bare);
        if let Some(answered) = answered.filter(|url| !visited.contains(url)) {
            visited.push(answered);
        }
        let next = if earlier.joined {
            Err(Stop::Joined)
        } else {
            let read = (gap.documents + 1, gap.most);
            gap::next(&earlier.links, Some(step.way), &visited, read)
        };
        let then = match next {
            Ok(next) => Then::Next(next),
            Err(why) => self.end(gap, &why, &earlier.published),
        };
        Turn::Read {
            visited,
            archive: (step.way == Way::Archive && !earlier.truncated).then(|| step.url.clone()),
            then,
        }
    }

    /// How the way ends at `stop`, after a document with these dates.
    fn end(&self, gap: &Gap, stop: &Stop, published: &[Timestamp]) -> Then {
        let reached = match gap.kind {
            Kind::Gap => *stop == Stop::Joined,
            Kind::History => matches!(stop, Stop::Joined | Stop::End | Stop::Most(_)),
        };
        let words = stop.words();
        if reached {
            return Then::End(State::Filled, words);
        }
        if gap.kind == Kind::History {
            return Then::End(State::Unfilled, words);
        }
        let to = published.iter().min().copied().or(gap.oldest_after);
        let edges = (gap.newest_before, to);
        let missed = gap::may_have_missed(edges, rhythm::rate(&self.old), published);
        let note = format!("{}: {words}", gap::report(missed, edges));
        Then::End(State::Unfilled, note)
    }

    /// A commit without a single entry.
    fn assemble_nothing(self) -> PollCommit {
        self.assemble_earlier(Plan::default(), Vec::new())
    }
}

/// An earlier document, as far as the way depends on it.
struct Earlier {
    links: Links,
    /// When its entries were published, those that say so.
    published: Vec<Timestamp>,
    /// Its end is missing.
    truncated: bool,
    /// It shows an entry that was known before the gap.
    joined: bool,
}

/// Entries of a document that the store knows.
fn known_ids(plan: &Plan) -> Vec<EntryId> {
    let revised = plan.revised.iter().map(|revised| &revised.entry.id);
    let rekeyed = plan.rekeyed.iter().map(|rekeyed| &rekeyed.id);
    plan.unchanged
        .iter()
        .chain(&plan.over_limit)
        .chain(revised)
        .chain(rekeyed)
        .cloned()
        .collect()
}

fn published(document: &Document) -> Vec<Timestamp> {
    let entries = document.entries.iter();
    entries.filter_map(|entry| entry.published).collect()
}
