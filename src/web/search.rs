//! Search over stored entries: what was asked, made sure of, and tried on the candidates that the index gives.
//!
//! A search stops at a full page or at its time limit, and says where the next one begins.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::App;
use super::form::Form;
use super::problem::{Answer, Problem};
use super::view::View;
use crate::daemon::control::Setup;
use crate::daemon::control::change::{TRIED, has_errors, tried_rule, try_rules};
use crate::domain::id::RuleId;
use crate::domain::matching::{Evidence, Glance, RuleSet, primary_subtag};
use crate::domain::rule::diagnostic::Diagnostic;
use crate::store::entries::{BulkEntry, StoredEntry, by_seq};
use crate::store::search::{Hunt, hunt};
use crate::store::{Connection, StoreError};

/// How long one page of a search may take.
const LIMIT: Duration = Duration::from_millis(800);

/// How long it may take where some hits are there to look at, and how many these are.
const SOON: Duration = Duration::from_millis(40);
const SOME: usize = 10;

/// Longest query.
const LONGEST: usize = 64 << 10;

/// What a search asks.
pub struct Search {
    setup: Arc<Setup>,
    query: String,
    hunt: Hunt,
}

/// A query that is ready to be tried on entries.
struct Ready {
    rules: Option<RuleSet>,
    glance: Glance,
    tags: HashMap<String, Vec<String>>,
}

/// An entry that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The entry.
    pub entry: StoredEntry,
    /// Where the query holds.
    pub evidence: Vec<Evidence>,
}

/// A page of a search.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The entries, the last to come first.
    pub hits: Vec<Hit>,
    /// Where the next page begins.
    pub next: Option<i64>,
    /// It stopped at its time limit rather than at a full page.
    pub cut: bool,
    /// What is doubtful about the query.
    pub remarks: Vec<Diagnostic>,
}

impl Search {
    /// What the parameters `q feed lang since until rule entity after` ask.
    pub fn read(setup: Arc<Setup>, asked: &Form, view: &View) -> Answer<Self> {
        let query = asked.get("q").unwrap_or_default();
        if query.len() > LONGEST {
            return Err(Problem::parameter("q", "is too long"));
        }
        let time = |name| asked.time(name, view.now, &view.zone);
        let text = |name| asked.get(name).map(str::to_owned);
        Ok(Self {
            setup,
            query: query.to_owned(),
            hunt: Hunt {
                need: None,
                feed: asked.get("feed").map(Into::into),
                since: time("since")?,
                until: time("until")?,
                language: text("in").map(|code| primary_subtag(&code).to_ascii_lowercase()),
                rule: text("rule"),
                entity: text("entity"),
                before: asked.number("after")?,
                least: None,
            },
        })
    }

    /// All entries that name an entity.
    pub fn naming(setup: Arc<Setup>, entity: &str) -> Self {
        Self {
            setup,
            query: String::new(),
            hunt: Hunt {
                entity: Some(entity.to_owned()),
                ..Hunt::default()
            },
        }
    }

    /// The next page, for people: what was found soon, rather than all of it late.
    pub async fn soon(self, app: &App, limit: usize) -> Answer<Found> {
        self.within(app, limit, SOON).await
    }

    /// The next page, full if it can be.
    pub async fn run(self, app: &App, limit: usize) -> Answer<Found> {
        self.within(app, limit, LIMIT).await
    }

    /// In its turn, compiling included.
    async fn within(self, app: &App, limit: usize, soon: Duration) -> Answer<Found> {
        let turn = app.turns.take().await?;
        app.control
            .read(move |conn| {
                let found = self.found(conn, limit, soon);
                drop(turn);
                found
            })
            .await?
    }

    /// The outer error is the store's.
    fn found(
        mut self,
        conn: &Connection,
        limit: usize,
        soon: Duration,
    ) -> Result<Answer<Found>, StoreError> {
        let mut found = Found::default();
        let ready = match self.compiled(&mut found.remarks) {
            Ok(ready) => ready,
            Err(problem) => return Ok(Err(problem)),
        };
        let began = Instant::now();
        found.next = hunt(conn, &self.hunt, |entry| {
            if let Some(entry) = entry
                && let Some(evidence) = ready.tried(entry)
            {
                let entry = by_seq(conn, entry.seq)?;
                found
                    .hits
                    .extend(entry.map(|entry| Hit { entry, evidence }));
            }
            let has_some = found.hits.len() >= SOME.min(limit);
            found.cut = began.elapsed() >= if has_some { soon } else { LIMIT };
            Ok(found.hits.len() < limit && !found.cut)
        })?;
        found.cut &= found.next.is_some() && found.hits.len() < limit;
        Ok(Ok(found))
    }

    /// The query compiled, and what is doubtful about it.
    fn compiled(&mut self, remarks: &mut Vec<Diagnostic>) -> Answer<Ready> {
        let mut ready = Ready {
            rules: None,
            glance: Glance::default(),
            tags: tags(&self.setup),
        };
        if self.query.is_empty() {
            return Ok(ready);
        }
        let tried = try_rules(&self.setup, vec![tried_rule(&self.query)]);
        if has_errors(&tried.problems) {
            return Err(Problem::of_query(&self.query, &tried.problems));
        }
        let id = RuleId::from(TRIED);
        self.hunt.need = Some(tried.rules.need(&id));
        ready.glance = tried.rules.glance(&id);
        ready.rules = Some(tried.rules);
        *remarks = tried.problems;
        Ok(ready)
    }
}

impl Ready {
    /// Where the query holds in an entry; none where it does not.
    fn tried(&self, entry: &BulkEntry<'_>) -> Option<Vec<Evidence>> {
        let Some(rules) = &self.rules else {
            return Some(Vec::new());
        };
        let tags = self.tags.get(entry.feed).map_or(&[][..], Vec::as_slice);
        let subject = entry.subject(tags);
        if !self.glance.may_match(&subject) {
            return None;
        }
        let mut matches = rules.evaluate(&subject);
        matches.pop().map(|found| found.evidence.to_vec())
    }
}

/// The tags of each feed that has any.
pub fn tags(setup: &Setup) -> HashMap<String, Vec<String>> {
    let feeds = setup.feeds.values().filter(|feed| !feed.tags.is_empty());
    feeds
        .map(|feed| (feed.id.to_string(), feed.tags.clone()))
        .collect()
}
