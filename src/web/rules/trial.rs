//! A query tried on stored entries: what it would have hit a day, on which entries, and what changes against the
//! saved rule.
//!
//! Only entries that the index gives are looked at, so that a trial over months takes a moment.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::App;
use super::super::problem::{Answer, Problem};
use super::super::search::{Hit, tags};
use super::days_ago;
use crate::daemon::control::Setup;
use crate::daemon::control::change::{TRIED, has_errors, try_rules};
use crate::domain::id::RuleId;
use crate::domain::matching::pieces::Need;
use crate::domain::matching::{Evidence, Glance, RuleSet};
use crate::domain::rule::Rule;
use crate::store::entries::{BulkEntry, by_seq, rows_since};
use crate::store::search::{Hunt, hunt};
use crate::store::{Connection, StoreError, pictures};

/// How long a trial may take.
const LIMIT: Duration = Duration::from_secs(4);

/// Examples of each kind.
const EXAMPLES: usize = 12;

/// What came of a trial.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// Entries of the time that was looked back over.
    pub entries: u64,
    /// How many match.
    pub matched: u64,
    /// How many a day, by day since 1970.
    pub days: BTreeMap<i64, u64>,
    /// The newest that match.
    pub examples: Vec<Hit>,
    /// Those that the saved rule does not match.
    pub newly: Side,
    /// Those that only the saved rule matches.
    pub no_longer: Side,
    /// Whether there was a saved rule.
    pub compared: bool,
    /// It stopped at its time limit.
    pub cut: bool,
}

/// Entries on one side of a difference.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// How many.
    pub count: u64,
    /// The newest.
    pub examples: Vec<Hit>,
}

/// An example as programs get it.
#[derive(Serialize)]
struct Example<'a> {
    id: &'a str,
    title: &'a str,
    matches: &'a [Evidence],
}

/// A trial that is ready to look at entries.
struct Ready {
    rules: RuleSet,
    saved: bool,
    need: Need,
    glances: Vec<Glance>,
    tags: HashMap<String, Vec<String>>,
    offset: i64,
}

impl Ready {
    /// Compiles a rule beside the saved one of its id, where there is one.
    fn new(setup: &Setup, rule: Rule, offset: i64) -> Answer<Self> {
        let saved = setup.rule(&rule.id).cloned();
        let query = rule.query.clone();
        let first = Rule {
            id: RuleId::from(TRIED),
            enabled: true,
            ..rule
        };
        let second = saved.clone().map(|saved| Rule {
            enabled: true,
            ..saved
        });
        let tried = try_rules(setup, std::iter::once(first).chain(second).collect());
        if has_errors(&tried.problems) {
            return Err(Problem::of_query(&query, &tried.problems));
        }
        let tried_id = RuleId::from(TRIED);
        let both = std::iter::once(&tried_id).chain(saved.as_ref().map(|saved| &saved.id));
        let (needs, glances): (Vec<Need>, Vec<Glance>) = both
            .map(|id| (tried.rules.need(id), tried.rules.glance(id)))
            .unzip();
        Ok(Self {
            glances,
            need: if needs.contains(&Need::Anything) {
                Need::Anything
            } else {
                Need::Any(needs)
            },
            rules: tried.rules,
            saved: saved.is_some(),
            tags: tags(setup),
            offset,
        })
    }

    /// Tries the entries that came since.
    fn run(&self, conn: &Connection, since: Timestamp) -> Result<Trial, StoreError> {
        let began = Instant::now();
        let mut trial = Trial {
            entries: pictures::entries_since(conn, since)?,
            compared: self.saved,
            ..Trial::default()
        };
        let Some(rows) = rows_since(conn, since)? else {
            return Ok(trial);
        };
        let asked = Hunt {
            need: Some(self.need.clone()),
            since: Some(since),
            least: Some(*rows.start()),
            ..Hunt::default()
        };
        hunt(conn, &asked, |entry| {
            if let Some(entry) = entry {
                self.look(conn, entry, &mut trial)?;
            }
            trial.cut = began.elapsed() >= LIMIT;
            Ok(!trial.cut)
        })?;
        Ok(trial)
    }

    /// Tries one entry.
    fn look(
        &self,
        conn: &Connection,
        entry: &BulkEntry<'_>,
        trial: &mut Trial,
    ) -> Result<(), StoreError> {
        let own = self.tags.get(entry.feed).map_or(&[][..], Vec::as_slice);
        let (mut now, mut before) = (None, None);
        let subject = entry.subject(own);
        if !self.glances.iter().any(|glance| glance.may_match(&subject)) {
            return Ok(());
        }
        for found in self.rules.evaluate(&subject) {
            if found.rule.as_str() == TRIED {
                now = Some(found.evidence.to_vec());
            } else {
                before = Some(found.evidence.to_vec());
            }
        }
        trial.add(conn, entry, [now, before], self.offset)
    }
}

/// Tries a rule over the last `days`, and compares it with the saved one of the same id where there is one.
pub async fn run(app: &App, rule: Rule, (days, offset): (i64, i64)) -> Answer<Trial> {
    let turn = app.turns.take().await?;
    let setup = app.control.setup();
    let since = days_ago(app.control.now(), days);
    app.control
        .read(move |conn| {
            let trial = match Ready::new(&setup, rule, offset) {
                Ok(ready) => ready.run(conn, since).map(Ok),
                Err(problem) => Ok(Err(problem)),
            };
            drop(turn);
            trial
        })
        .await?
}

type Found = Option<Vec<Evidence>>;

/// An entry whole, with its evidence.
fn hit(
    conn: &Connection,
    entry: &BulkEntry<'_>,
    evidence: Option<&Vec<Evidence>>,
) -> Result<Option<Hit>, StoreError> {
    Ok(by_seq(conn, entry.seq)?.map(|entry| Hit {
        entry,
        evidence: evidence.cloned().unwrap_or_default(),
    }))
}

impl Trial {
    /// Counts an entry that the rule matches now, or did before, and keeps it where examples are wanted.
    fn add(
        &mut self,
        conn: &Connection,
        entry: &BulkEntry<'_>,
        [now, before]: [Found; 2],
        offset: i64,
    ) -> Result<(), StoreError> {
        if now.is_some() {
            self.matched += 1;
            let day = (entry.at.as_millisecond() + offset).div_euclid(86_400_000);
            *self.days.entry(day).or_default() += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.extend(hit(conn, entry, now.as_ref())?);
            }
        }
        if !self.compared {
            return Ok(());
        }
        let side = match (now.is_some(), before.is_some()) {
            (true, false) => &mut self.newly,
            (false, true) => &mut self.no_longer,
            _ => return Ok(()),
        };
        side.count += 1;
        if side.examples.len() < EXAMPLES {
            let found = now.as_ref().or(before.as_ref());
            side.examples.extend(hit(conn, entry, found)?);
        }
        Ok(())
    }

    /// The trial as programs get it.
    pub fn to_json(&self) -> Value {
        let examples = |hits: &[Hit]| {
            let list = hits.iter().map(|hit| Example {
                id: hit.entry.entry.id.as_str(),
                title: &hit.entry.entry.content.title,
                matches: &hit.evidence,
            });
            json!(list.collect::<Vec<_>>())
        };
        let days: BTreeMap<String, u64> = self
            .days
            .iter()
            .filter_map(|(day, count)| {
                let at = jiff::Timestamp::from_millisecond(day * 86_400_000).ok()?;
                Some((at.strftime("%Y-%m-%d").to_string(), *count))
            })
            .collect();
        let difference = self.compared.then(|| {
            json!({
                "newly_matched": self.newly.count, "newly": examples(&self.newly.examples),
                "no_longer_matched": self.no_longer.count, "no_longer": examples(&self.no_longer.examples),
            })
        });
        json!({
            "entries": self.entries, "matched": self.matched, "days": days, "complete": !self.cut,
            "examples": examples(&self.examples), "difference": difference,
        })
    }
}
