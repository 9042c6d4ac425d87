//! `rules backtest`: what a rule or query would have matched among stored entries, and the difference.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI64, Ordering};

use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::context::{Context, Loaded};
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::{entries, environment, progress, when};
use crate::domain::id::RuleId;
use crate::domain::matching::RuleSet;
use crate::domain::rule::{Definitions, Rule};
use crate::store::Store;
use crate::store::entries::{BulkEntry, StoredEntry, read_bulk, rows_since};

/// Examples shown of each kind.
const EXAMPLES: usize = 10;

/// Rows that a thread reads at a time.
const CHUNK: i64 = 4096;

/// Most threads; more would wait for the disk.
const THREADS: usize = 8;

/// What the query that is tried is called; no rule of a config can be called so.
const TRIED: &str = "(tried)";

/// What is asked.
pub struct Ask<'a> {
    /// A saved rule.
    pub rule: Option<&'a str>,
    /// A query; with a rule, compared to it.
    pub query: Option<&'a str>,
    /// How far back.
    pub since: &'a str,
}

/// The newest few of some entries, by their rows.
#[derive(Default)]
struct Newest(Vec<(Timestamp, i64)>);

/// What came of it.
#[derive(Default)]
struct Tally {
    looked_at: u64,
    matched: u64,
    days: BTreeMap<String, u64>,
    examples: Newest,
    newly: Newest,
    no_longer: Newest,
    differs: (u64, u64),
}

/// What is tried on each entry.
struct Trial<'a> {
    rules: RuleSet,
    /// The saved rule that the query is compared to.
    saved: Option<&'a RuleId>,
    since: Timestamp,
    /// The tags of each feed as config has them now.
    tags: HashMap<&'a str, &'a [String]>,
}

/// Runs the query over the stored entries since then.
pub fn backtest(ask: &Ask<'_>, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let saved = ask.rule.map(|id| super::find(&loaded, id)).transpose()?;
    if let Some(query) = ask.query {
        // Tells what is wrong with it.
        context.query_rules(query)?;
    }
    let tried = match (ask.query, saved) {
        // What feeds and languages the saved rule looks at stays.
        (Some(query), Some(rule)) => Rule {
            query: query.to_owned(),
            ..rule.clone()
        },
        (Some(query), None) => Rule::of_query(TRIED, query),
        (None, Some(rule)) => rule.clone(),
        (None, None) => return Err(Failure::usage("name a rule, or give a --query")),
    };
    let compared = saved.filter(|_| ask.query.is_some());
    let since = when::parse(ask.since, context.clock.now(), &environment::zone())?;
    let trial = Trial {
        rules: rules_of(&loaded, tried, compared),
        saved: compared.map(|rule| &rule.id),
        since,
        tags: tags(&loaded),
    };
    let store = context.store_of(&loaded)?;
    let tally = match store.read_blocking(|conn| rows_since(conn, since))? {
        Some(rows) => run(&trial, &store, rows, out.is_human())?,
        None => Tally::default(),
    };
    print(ask, &tally, (&loaded, &store), out)
}

/// What is tried, and what it is compared to, as the only rules; both also where they are switched off.
fn rules_of(loaded: &Loaded, tried: Rule, compared: Option<&Rule>) -> RuleSet {
    let definitions = &loaded.config.definitions;
    let tried = Rule {
        id: RuleId::from(TRIED),
        ..tried
    };
    let rules = std::iter::once(tried).chain(compared.cloned());
    let only = Definitions {
        rules: rules
            .map(|rule| Rule {
                enabled: true,
                ..rule
            })
            .collect(),
        entities: definitions.entities.clone(),
        macros: definitions.macros.clone(),
        feeds: definitions.feeds.clone(),
    };
    RuleSet::compile(&only).0
}

fn tags(loaded: &Loaded) -> HashMap<&str, &[String]> {
    let feeds = loaded.config.feeds.iter();
    feeds
        .map(|feed| (feed.id.as_str(), feed.tags.as_slice()))
        .collect()
}

/// Reads and matches with as many threads as there are processors.
fn run(
    trial: &Trial<'_>,
    store: &Store,
    rows: RangeInclusive<i64>,
    human: bool,
) -> Result<Tally, Failure> {
    let total = u64::try_from(rows.end() - rows.start() + 1).unwrap_or_default();
    let bar = progress::bar(total, "backtest", human);
    let next = AtomicI64::new(*rows.start());
    let threads = std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(THREADS);
    let parts: Vec<Result<Tally, Failure>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| work(trial, store, (&next, *rows.end()), &bar)))
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    bar.finish_and_clear();
    let mut all = Tally::default();
    for part in parts {
        all.merge(part?);
    }
    Ok(all)
}

/// Takes chunk after chunk until none is left.
fn work(
    trial: &Trial<'_>,
    store: &Store,
    (next, last): (&AtomicI64, i64),
    bar: &ProgressBar,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    loop {
        let from = next.fetch_add(CHUNK, Ordering::Relaxed);
        if from > last {
            return Ok(tally);
        }
        let rows = from..=last.min(from + CHUNK - 1);
        store.read_blocking(|conn| {
            read_bulk(conn, rows, trial.since, |entry| tally.add(trial, entry))
        })?;
        bar.inc(CHUNK.unsigned_abs());
    }
}

impl Newest {
    fn add(&mut self, at: Timestamp, seq: i64) {
        let place = self.0.partition_point(|other| *other >= (at, seq));
        if place < EXAMPLES {
            self.0.insert(place, (at, seq));
            self.0.truncate(EXAMPLES);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (at, seq) in &other.0 {
            self.add(*at, *seq);
        }
    }

    /// The entries, newest first.
    fn read(&self, store: &Store) -> Result<Vec<StoredEntry>, Failure> {
        let rows: Vec<i64> = self.0.iter().map(|(_, seq)| *seq).collect();
        entries::of_rows(store, &rows)
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

impl Tally {
    /// Counts one entry.
    fn add(&mut self, trial: &Trial<'_>, entry: &BulkEntry<'_>) {
        self.looked_at += 1;
        let tags = trial.tags.get(entry.feed).copied().unwrap_or_default();
        let subject = entry.subject(tags);
        let found = trial.rules.matching(&subject);
        let now = found.iter().any(|id| id.as_str() == TRIED);
        let before = trial.saved.map(|saved| found.contains(&saved));
        let (at, seq) = (entry.at, entry.seq);
        match before {
            Some(false) if now => {
                self.differs.0 += 1;
                self.newly.add(at, seq);
            }
            Some(true) if !now => {
                self.differs.1 += 1;
                self.no_longer.add(at, seq);
            }
            _ => {}
        }
        if now {
            self.matched += 1;
            self.examples.add(at, seq);
            *self.days.entry(day(at)).or_default() += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.looked_at += other.looked_at;
        self.matched += other.matched;
        self.differs.0 += other.differs.0;
        self.differs.1 += other.differs.1;
        for (day, count) in other.days {
            *self.days.entry(day).or_default() += count;
        }
        self.examples.merge(&other.examples);
        self.newly.merge(&other.newly);
        self.no_longer.merge(&other.no_longer);
    }
}

/// Counts a day, examples, and what a changed query changes.
fn print(
    ask: &Ask<'_>,
    tally: &Tally,
    (loaded, store): (&Loaded, &Store),
    out: &mut Output,
) -> Result<(), Failure> {
    let compared = ask.query.is_some() && ask.rule.is_some();
    let [examples, newly, no_longer] =
        [&tally.examples, &tally.newly, &tally.no_longer].map(|newest| newest.read(store));
    let (examples, newly, no_longer) = (examples?, newly?, no_longer?);
    if !out.is_human() {
        let brief = |list: &[StoredEntry]| list.iter().map(entries::brief).collect::<Vec<_>>();
        let difference = compared.then(|| {
            json!({
                "newly_matched": tally.differs.0, "no_longer_matched": tally.differs.1,
                "newly": brief(&newly), "no_longer": brief(&no_longer),
            })
        });
        return out.json(&json!({
            "entries": tally.looked_at, "matched": tally.matched, "days": tally.days, "examples": brief(&examples),
            "difference": difference,
        }));
    }
    let rules = loaded.config.definitions.rules.len();
    out.line(&format!(
        "{} of {} entries matched ({} rules are configured)",
        tally.matched, tally.looked_at, rules
    ))?;
    tally
        .days
        .iter()
        .rev()
        .take(30)
        .try_for_each(|(day, count)| out.line(&format!("  {day}  {count}")))?;
    let lists = [
        ("matched", examples),
        ("newly matched", newly),
        ("no longer matched", no_longer),
    ];
    for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        out.line(&format!("{name}:"))?;
        list.iter()
            .try_for_each(|entry| out.line(&format!("  {}", entries::in_short(entry))))?;
    }
    if compared {
        out.line(&format!(
            "{} newly matched, {} no longer",
            tally.differs.0, tally.differs.1
        ))?;
    }
    Ok(())
}
