//! From a fetch outcome to what a poll records: read the document, recognise its entries, match the new ones.
//!
//! Pure but for one look at what the store knows; runs on a blocking thread.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::daemon::Shared;
use crate::daemon::receivers::{self, Route};
use crate::daemon::setup::Setup;
use crate::domain::alert::decide::backlog_before;
use crate::domain::document::{self, Document, Hints};
use crate::domain::entry::ingest::{self, Known, Plan, Revised};
use crate::domain::entry::{Entry, identity};
use crate::domain::feed::learn::{self, Polled};
use crate::domain::feed::outcome::{
    Body, FetchOutcome, FetchResult, HttpFacts, OutcomeKind, PollRecord,
};
use crate::domain::feed::{DocumentFacts, Feed, FeedState};
use crate::domain::matching::Match;
use crate::store::outbox::Addressee;
use crate::store::polls::{PollCommit, Recorded, RevisedEntry, RuleMatch};
use crate::store::{self, StoreError};

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
}

/// What reading an outcome gave.
#[derive(Default)]
struct Seen {
    hash: Option<Vec<u8>>,
    document: Option<DocumentFacts>,
    plan: Plan,
    message: Option<String>,
    notes: Vec<String>,
    /// The end of the document is missing.
    truncated: bool,
}

impl Digest {
    /// Reads `outcome` and says what to record.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(self, outcome: FetchOutcome) -> Result<PollCommit, StoreError> {
        let facts = outcome.facts;
        let (kind, seen) = match outcome.result {
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
                seen.message = Some(message);
                (kind, seen)
            }
        };
        Ok(self.commit(kind, seen, &facts))
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
            return Ok((OutcomeKind::OkSame, seen));
        }
        match document::parse(&body.bytes, &self.hints(body, facts)) {
            Ok(document) => {
                seen.document = Some(document_facts(&document));
                if document.truncated {
                    // What is missing must be asked for again, whatever the validators say.
                    seen.hash = None;
                    seen.truncated = true;
                }
                seen.notes = document.notes;
                let entries = identity::identify(self.feed.id.as_str(), document.entries);
                seen.plan = self.recognise(entries)?;
                let fresh = !seen.plan.new.is_empty() || !seen.plan.revised.is_empty();
                Ok((
                    if fresh {
                        OutcomeKind::OkNew
                    } else {
                        OutcomeKind::OkSame
                    },
                    seen,
                ))
            }
            Err(error) => {
                seen.message = Some(error.to_string());
                Ok((error.outcome(), seen))
            }
        }
    }

    /// What the reader is told beside the bytes.
    fn hints(&self, body: &Body, facts: &HttpFacts) -> Hints {
        Hints {
            url: Some(
                facts
                    .final_url
                    .clone()
                    .unwrap_or_else(|| self.feed.url.clone()),
            ),
            content_type: body.content_type.clone(),
            language: self.feed.language.clone(),
            default_tz: self.feed.default_tz.clone(),
            now: self.now,
        }
    }

    /// Which entries are new, and which changed.
    fn recognise(&self, mut entries: Vec<Entry>) -> Result<Plan, StoreError> {
        for entry in &mut entries {
            entry.feed = Some(self.feed.id.clone());
        }
        let known = self.shared.store.read_blocking(|conn| {
            // Of a feed without a single key there is nothing to be looked up by any.
            if !store::entries::is_any_known(conn, &self.feed.id)? {
                return Ok(Known::default());
            }
            store::entries::known(conn, &self.feed.id, &ingest::lookup_keys(&entries))
        })?;
        Ok(ingest::plan(&known, entries, self.now))
    }

    /// All rows of the poll, as one value.
    fn commit(self, kind: OutcomeKind, seen: Seen, facts: &HttpFacts) -> PollCommit {
        let bare = seen.truncated.then(|| HttpFacts {
            etag: None,
            last_modified: None,
            ..facts.clone()
        });
        let facts = bare.as_ref().unwrap_or(facts);
        let polled = Polled {
            began: self.began,
            kind,
            message: seen.message.as_deref(),
            facts,
            hash: seen.hash.as_deref(),
            document: seen.document.as_ref(),
            new: count(seen.plan.new.len()),
        };
        let state = learn::apply(
            &self.feed,
            &self.old,
            &polled,
            &self.shared.pace(),
            self.now,
        );
        let record = self.record(kind, &seen, facts);
        let plan = seen.plan;
        PollCommit {
            feed: self.feed.id.clone(),
            record,
            new: plan
                .new
                .into_iter()
                .map(|entry| self.recorded(entry, &plan.shared_links))
                .collect(),
            revised: plan
                .revised
                .into_iter()
                .map(|revised| self.revised(revised, &plan.shared_links))
                .collect(),
            rekeyed: plan.rekeyed,
            seen: plan.unchanged.into_iter().chain(plan.over_limit).collect(),
            backlog_before: backlog_before(
                self.now,
                self.old.last_success,
                self.setup.alerts.backlog,
            ),
            undated_is_backlog: self.old.last_success.is_none(),
            story_window: self.setup.alerts.story_window,
            now: self.now,
            state,
        }
    }

    /// The poll as the history keeps it.
    fn record(&self, kind: OutcomeKind, seen: &Seen, facts: &HttpFacts) -> PollRecord {
        let notes = (!seen.notes.is_empty()).then(|| seen.notes.join("; "));
        PollRecord {
            at: self.began,
            outcome: kind,
            status: facts.status,
            duration_ms: u64::try_from(facts.duration.as_millis()).unwrap_or(u64::MAX),
            wire_bytes: facts.wire_bytes,
            new: count(seen.plan.new.len()),
            revised: count(seen.plan.revised.len()),
            note: seen.message.clone().or(notes),
        }
    }

    /// A changed entry with all that is known of it.
    fn revised(&self, revised: Revised, shared_links: &BTreeSet<String>) -> RevisedEntry {
        RevisedEntry {
            changed: revised.changed,
            hash_only: revised.hash_only,
            now: self.recorded(revised.entry, shared_links),
        }
    }

    /// An entry with its keys, matches and mentions.
    fn recorded(&self, entry: Entry, shared_links: &BTreeSet<String>) -> Recorded {
        let title = self.title();
        let subject = entry.subject(&self.feed.tags, title);
        let (matches, mentions) = self.setup.rules.examine(&subject);
        let page = entry.content.url.as_deref().map(identity::canonical_url);
        Recorded {
            content_hash: identity::content_hash(&entry.content),
            alternates: ingest::alternates(&entry),
            canonical_url: page
                .filter(|page| !identity::is_front_page(page) && !shared_links.contains(page)),
            title_key: identity::title_key(&entry.content.title, title),
            mentions,
            matches: self.rules(&matches, &self.setup.only.evaluate(&subject)),
            entry,
        }
    }

    /// The rules behind `matches`, each with who would be told.
    fn rules(&self, matches: &[Match], wanted_by: &[Match]) -> Vec<RuleMatch> {
        matches
            .iter()
            .filter_map(|found| {
                let rule = self.setup.rule(&found.rule)?;
                Some(RuleMatch {
                    title: rule.title.clone(),
                    notify: rule.notify,
                    revisions: rule.revisions,
                    receivers: self.addressees(receivers::route(
                        &self.setup.receivers,
                        rule,
                        rule.severity,
                        wanted_by,
                    )),
                    found: found.clone(),
                })
            })
            .collect()
    }

    /// Receivers with how long each is tried, and why some are not.
    fn addressees(&self, routes: Vec<Route>) -> Vec<Addressee> {
        let address = |route: Route| Addressee {
            give_up: self.setup.give_up(&route.receiver),
            receiver: route.receiver,
            skip: route.skip,
        };
        routes.into_iter().map(address).collect()
    }

    /// The feed's title: as configured, or its own.
    fn title(&self) -> Option<&str> {
        self.feed.title.as_deref().or(self.old.title.as_deref())
    }
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
    }
}
