//! From a fetch outcome to what a poll records: read the document, recognise its entries, match the new ones.
//!
//! Pure but for one look at what the store knows; runs on a blocking thread.

mod pushed;
mod rows;

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

pub use self::pushed::Pushed;
use self::rows::Rows;
use crate::daemon::Shared;
use crate::daemon::setup::Setup;
use crate::domain::alert::decide::backlog_before;
use crate::domain::document::{self, Candidate, Document, Format, Hints};
use crate::domain::entry::ingest::{self, Known, Plan};
use crate::domain::entry::page::{self, Wanted};
use crate::domain::entry::{Entry, bridge, identity};
use crate::domain::feed::gap::{self, Kind, Links};
use crate::domain::feed::learn::{self, Polled};
use crate::domain::feed::outcome::{
    Body, FetchOutcome, FetchResult, HttpFacts, OutcomeKind, PollRecord,
};
use crate::domain::feed::signs::{Shown, Signs};
use crate::domain::feed::standing::{self, Evidence};
use crate::domain::feed::websub::push::{self, PollNews};
use crate::domain::feed::{DocumentFacts, Feed, FeedState};
use crate::store::gaps::NewGap;
use crate::store::polls::PollCommit;
use crate::store::{self, StoreError};

/// Entries that tell which hosts a feed had of late.
const RECENT: u32 = 30;

/// One outcome to be read, with all it takes.
#[derive(Clone)]
pub struct Digest {
    /// For the store and nothing else.
    pub shared: Arc<Shared>,
    /// The rules and receivers.
    pub setup: Arc<Setup>,
    /// The feed.
    pub feed: Arc<Feed>,
    /// What was known of it.
    pub old: FeedState,
    /// When the poll began.
    pub began: Timestamp,
    /// When the answer was there.
    pub now: Timestamp,
    /// What was asked, and how far the answer can be believed.
    pub evidence: Evidence,
}

/// What reading an outcome gave.
#[derive(Default)]
pub(super) struct Seen {
    hash: Option<Vec<u8>>,
    document: Option<DocumentFacts>,
    format: Option<Format>,
    /// How many entries the document had.
    entries: Option<usize>,
    pub(super) plan: Plan,
    message: Option<String>,
    notes: Vec<String>,
    /// The end of the document is missing.
    pub(super) truncated: bool,
    /// Nothing in it was known.
    gap: Option<NewGap>,
    /// The feeds that a page names.
    candidates: Vec<Candidate>,
    /// It is the document that was read last.
    same: bool,
}

impl Seen {
    /// When the document's entries were published, those that say so.
    pub(super) fn published(&self) -> &[Timestamp] {
        self.document
            .as_ref()
            .map_or(&[], |document| &document.published)
    }

    /// Whether this is the feed that is known: the same document, or one with an entry that is.
    fn is_familiar(&self) -> bool {
        let plan = &self.plan;
        let known = plan.unchanged.len() + plan.revised.len() + plan.over_limit.len();
        self.same || known > 0 && !self.truncated
    }
}

impl Digest {
    /// Reads `outcome` and says what to record.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(mut self, outcome: FetchOutcome) -> Result<PollCommit, StoreError> {
        let facts = outcome.facts;
        let (kind, mut seen) = match outcome.result {
            FetchResult::NotModified => (OutcomeKind::NotModified, Seen::default()),
            FetchResult::Fetched(body) => self.read_body(&body, &facts)?,
            FetchResult::Failed {
                kind,
                message,
                partial,
            } => {
                let mut seen = match partial {
                    Some(body) => self.read_body(&body, &facts)?.1,
                    None => Seen::default(),
                };
                // An incomplete transfer leaves its whole entries and nothing to rely on.
                seen.hash = None;
                seen.gap = None;
                seen.message = Some(message);
                (kind, seen)
            }
        };
        let kind = self.judged(kind, &facts, &mut seen.message)?;
        let known = kind == OutcomeKind::NotModified || seen.is_familiar();
        self.evidence = self.believed(known, &facts)?;
        let pages = self.pages(&mut seen.plan)?;
        Ok(self.commit(kind, seen, pages, &facts))
    }

    /// Reads a document; one that was read before is not read again.
    fn read_body(&self, body: &Body, facts: &HttpFacts) -> Result<(OutcomeKind, Seen), StoreError> {
        let hash = Sha256::digest(&body.bytes).to_vec();
        let mut seen = Seen {
            hash: Some(hash),
            ..Seen::default()
        };
        if seen
            .hash
            .as_deref()
            .is_some_and(|hash| self.old.is_known_document(&self.feed, hash))
        {
            seen.same = true;
            return Ok((OutcomeKind::OkSame, seen));
        }
        match document::parse(&body.bytes, &self.hints(body, facts)) {
            Ok(document) => self.read_document(document, facts, seen),
            Err(error) => {
                seen.candidates = error.candidates().to_vec();
                seen.message = Some(error.to_string());
                Ok((error.outcome(), seen))
            }
        }
    }

    /// What a document brings.
    fn read_document(
        &self,
        mut document: Document,
        facts: &HttpFacts,
        mut seen: Seen,
    ) -> Result<(OutcomeKind, Seen), StoreError> {
        seen.document = Some(document_facts(&document));
        seen.format = Some(document.format);
        if document.truncated {
            // What is missing must be asked for again, whatever the validators say.
            seen.hash = None;
            seen.truncated = true;
        }
        let (links, complete) = (Links::of(&document), document.complete);
        seen.notes = std::mem::take(&mut document.notes);
        if let Some(failure) = bridge::take_failures(&mut document.entries) {
            // What the site publishes is not known: the answer must be asked for again.
            seen.hash = None;
            if document.entries.is_empty() {
                seen.message = Some(failure);
                return Ok((OutcomeKind::NotAFeed, seen));
            }
            seen.notes.push(failure);
        }
        let read = document.entries.len();
        let entries = identity::identify(self.feed.id.as_str(), document.entries);
        let count = entries.len();
        seen.notes.extend(identity::copies(read, count));
        seen.entries = Some(count);
        seen.plan = self.recognise(entries)?;
        if let Some(told) = seen.plan.told() {
            let feed = &self.feed.id;
            tracing::info!(%feed, "{feed}: {told}");
            seen.notes.push(told);
        }
        if document.expired {
            seen.message = Some("the feed says that it has ended (`expired`)".to_owned());
            return Ok((OutcomeKind::Gone, seen));
        }
        seen.gap = self.find_gap(&seen, facts, count, (&links, complete))?;
        let fresh = !seen.plan.new.is_empty() || !seen.plan.revised.is_empty();
        let kind = if fresh {
            OutcomeKind::OkNew
        } else {
            OutcomeKind::OkSame
        };
        Ok((kind, seen))
    }

    /// What the reader is told beside the bytes.
    pub(super) fn hints(&self, body: &Body, facts: &HttpFacts) -> Hints {
        Hints {
            language: self.feed.language.clone(),
            default_tz: self.feed.default_tz.clone(),
            ..facts.hints(&self.feed.url, body, self.now)
        }
    }

    /// Which entries are new, and which changed.
    pub(super) fn recognise(&self, mut entries: Vec<Entry>) -> Result<Plan, StoreError> {
        for entry in &mut entries {
            entry.feed = Some(self.feed.id.clone());
        }
        let known = self
            .shared
            .store
            .read_blocking(|conn| self.known(conn, &entries))?;
        Ok(ingest::plan(&known, entries, self.now))
    }

    /// What the store knows of a document's entries: by their keys; by what else they have, dates too, where these
    /// are not enough; on the hosts that the feed had, where nothing helps.
    fn known(&self, conn: &store::Connection, entries: &[Entry]) -> Result<Known, StoreError> {
        let feed = &self.feed.id;
        // Of a feed without a single key there is nothing to be looked up by any.
        if !store::entries::is_any_known(conn, feed)? {
            return Ok(Known::default());
        }
        let mut known = store::entries::known(conn, feed, &ingest::lookup_keys(entries))?;
        let further = ingest::further(&known, entries);
        if further.keys.is_empty() {
            return Ok(known);
        }
        known.join(store::entries::known(conn, feed, &further.keys)?);
        known.join(store::entries::dated(conn, feed, &further.seconds)?);
        if ingest::may_have_moved(&known, entries) {
            let recent = store::entries::recent_links(conn, feed, RECENT)?;
            let moved = ingest::moved_keys(entries, &recent);
            known.join(store::entries::known(conn, feed, &moved)?);
        }
        Ok(known)
    }

    /// What was known, with what people should know of this poll.
    fn with_signs(&self, kind: OutcomeKind, seen: &Seen) -> FeedState {
        let gap = seen.gap.as_ref();
        let shown = Shown {
            began: self.began,
            kind,
            entries: seen.entries,
            candidates: &seen.candidates,
            gap: gap.is_some_and(|gap| gap.kind == Kind::Gap),
            filling: gap.is_some_and(|gap| gap.next.is_some()),
        };
        FeedState {
            signs: Signs::after(&self.feed, &self.old, &shown),
            ..self.old.clone()
        }
    }

    /// Pages to be fetched. A changed entry whose page is read again goes without its article until then; any other
    /// keeps what was read.
    pub(super) fn pages(&self, plan: &mut Plan) -> Result<Vec<Wanted>, StoreError> {
        if !self.feed.full_text {
            return Ok(Vec::new());
        }
        let scope = page::Scope {
            shared_links: &plan.shared_links,
            backlog_before: self.backlog_before(),
            first: self.old.last_success.is_none(),
        };
        let mut pages = page::of_new(&plan.new, scope);
        for revised in &mut plan.revised {
            let id = &revised.entry.id;
            let (rounds, text) = self
                .shared
                .store
                .read_blocking(|conn| store::pages::standing(conn, id))?;
            let again = page::of_revised(&revised.entry, &revised.changed, rounds, scope);
            match again.filter(|_| pages.len() < plan.new.len() + page::MOST) {
                Some(page) => pages.push(page),
                None => revised.entry.full_text = text,
            }
        }
        Ok(pages)
    }

    /// New entries published before this raise no alert.
    fn backlog_before(&self) -> Timestamp {
        let shown = self.old.signs.last_shown(self.old.last_success);
        backlog_before(self.now, shown, self.setup.alerts.backlog)
    }

    /// All rows of the poll, as one value.
    fn commit(
        mut self,
        kind: OutcomeKind,
        mut seen: Seen,
        pages: Vec<Wanted>,
        facts: &HttpFacts,
    ) -> PollCommit {
        let old = self.with_signs(kind, &seen);
        let bare = seen.truncated.then(|| HttpFacts {
            etag: None,
            last_modified: None,
            ..facts.clone()
        });
        let facts = bare.as_ref().unwrap_or(facts);
        if self.old.title.is_none() {
            self.old.title = seen.document.as_ref().and_then(|own| own.title.clone());
        }
        let rows = self.rows(std::mem::take(&mut seen.plan), pages);
        let entries: Vec<_> = rows.new.iter().map(|new| dated(&new.entry)).collect();
        let matched = rows.new.iter().filter(|new| !new.matches.is_empty());
        let polled = Polled {
            began: self.began,
            kind,
            message: seen.message.as_deref(),
            facts,
            hash: seen.hash.as_deref(),
            document: seen.document.as_ref(),
            new: count(rows.new.len()),
            matched: count(matched.count()),
            entries: &entries,
            evidence: &self.evidence,
        };
        let pace = self.shared.pace_of(&self.feed);
        let state = learn::apply(&self.feed, &old, &polled, &pace, self.now);
        let news = push::news(&self.feed, &self.old, &polled, self.now);
        let news = PollNews {
            otherwise: state.push.otherwise,
            ..news
        };
        let news = news.unless_known(&self.old.push);
        let feed = &self.feed.id;
        for line in standing::told(&self.old, &state, self.evidence.whole) {
            tracing::warn!(%feed, "{feed}: {line}");
            seen.notes.push(line);
        }
        let record = self.record(kind, (&seen, &rows), facts, &state);
        PollCommit {
            news,
            ..self.assemble(rows, state, record, seen.gap)
        }
    }

    /// The rows of an earlier document: its entries only.
    pub(super) fn assemble_earlier(self, plan: Plan, pages: Vec<Wanted>) -> PollCommit {
        let (state, rows) = (self.old.clone(), self.rows(plan, pages));
        let seen = (&Seen::default(), &rows);
        let record = self.record(OutcomeKind::OkNew, seen, &HttpFacts::default(), &state);
        self.assemble(rows, state, record, None)
    }

    fn assemble(
        self,
        rows: Rows,
        state: FeedState,
        record: PollRecord,
        gap: Option<NewGap>,
    ) -> PollCommit {
        PollCommit {
            feed: self.feed.id.clone(),
            record,
            news: PollNews::default(),
            gap,
            new: rows.new,
            revised: rows.revised,
            rekeyed: rows.rekeyed,
            seen: rows.seen,
            pages: rows.pages,
            backlog_before: if rows.is_import {
                Timestamp::MAX
            } else {
                self.backlog_before()
            },
            undated_is_backlog: rows.is_import || self.old.last_success.is_none(),
            manners: Arc::clone(&self.setup.manners),
            story: Arc::clone(&self.setup.story),
            now: self.now,
            state,
        }
    }

    /// The poll as the history keeps it.
    fn record(
        &self,
        kind: OutcomeKind,
        (seen, rows): (&Seen, &Rows),
        facts: &HttpFacts,
        state: &FeedState,
    ) -> PollRecord {
        let redirected = !facts.redirects.is_empty();
        PollRecord {
            at: self.began,
            outcome: kind,
            status: facts.status,
            duration_ms: u64::try_from(facts.duration.as_millis()).unwrap_or(u64::MAX),
            timings: Some(facts.timings),
            final_url: facts.final_url.clone().filter(|_| redirected),
            conditional: facts.conditional,
            wire_bytes: facts.wire_bytes,
            body_bytes: facts.body_bytes,
            format: seen.format,
            new: count(rows.new.len()),
            revised: count(rows.revised.len()),
            next_poll: state.next_poll,
            why_then: state.why_then,
            note: note(seen, state),
        }
    }
}

/// What the history says of a poll: the bad outcome, or what is remarkable about a good one.
fn note(seen: &Seen, state: &FeedState) -> Option<String> {
    let gap = seen.gap.as_ref().filter(|gap| gap.kind == Kind::Gap);
    let gap = gap.map(|gap| {
        let edges = (gap.newest_before, gap.oldest_after);
        let told = gap.note.clone();
        let told = told.unwrap_or_else(|| {
            let report = gap::report(gap.missed, edges);
            format!("{report}: earlier documents are asked for")
        });
        format!("gap: nothing in the document was known; {told}")
    });
    let message = seen.message.clone();
    let notes: Vec<String> = message
        .into_iter()
        .chain(gap)
        .chain(state.signs.emptiness(state.entries))
        .chain(seen.notes.iter().cloned())
        .collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// An entry by its id, and when it was published.
fn dated(entry: &Entry) -> (&str, Option<Timestamp>) {
    (entry.id.as_str(), entry.content.published)
}

/// A count as rows keep it.
fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What polling and listing need of a document.
fn document_facts(document: &Document) -> DocumentFacts {
    DocumentFacts {
        title: document.title.clone(),
        language: document.language.clone(),
        site_url: document.link.clone(),
        ttl_minutes: document.ttl_minutes,
        skip_hours: document.skip_hours,
        skip_days: document.skip_days,
        published: document
            .entries
            .iter()
            .filter_map(|entry| entry.published)
            .collect(),
        hubs: document.hubs.clone(),
        self_url: document.self_url.clone(),
        entries: document.entries.len(),
    }
}
