//! `rules backtest`: what a rule or query would have matched among stored entries, and the difference.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cli::context::{Context, Loaded};
use crate::cli::exit::Failure;
use crate::cli::output::{Output, neutral};
use crate::cli::{entries, environment, progress, when};
use crate::domain::id::RuleId;
use crate::domain::matching::RuleSet;
use crate::store::entries::EntryFilter;

/// Examples shown of each kind.
const EXAMPLES: usize = 10;

/// What is asked.
pub struct Ask<'a> {
    /// A saved rule.
    pub rule: Option<&'a str>,
    /// A query; with a rule, compared to it.
    pub query: Option<&'a str>,
    /// How far back.
    pub since: &'a str,
}

/// What came of it.
#[derive(Default)]
struct Tally {
    looked_at: u64,
    matched: u64,
    days: BTreeMap<String, u64>,
    examples: Vec<String>,
    newly: Vec<String>,
    no_longer: Vec<String>,
    differs: (u64, u64),
}

/// Runs the query over the stored entries since then.
pub fn backtest(ask: &Ask<'_>, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let saved = ask.rule.map(|id| super::find(&loaded, id)).transpose()?;
    let (rules, wanted) = match (ask.query, saved) {
        (Some(query), _) => (Some(context.query_rules(query)?), RuleId::from("query")),
        (None, Some(rule)) => (None, rule.id.clone()),
        (None, None) => return Err(Failure::usage("name a rule, or give a --query")),
    };
    let since = when::parse(ask.since, context.clock.now(), &environment::zone())?;
    let store = context.store_of(&loaded)?;
    let total = store.stats()?.entries;
    let bar = progress::bar(total, "backtest", out.is_human());
    let filter = EntryFilter {
        since: Some(since),
        ..EntryFilter::default()
    };
    let mut tally = Tally::default();
    let rules = rules.as_ref().unwrap_or(&loaded.config.rules);
    entries::walk(&store, &filter, |entry| {
        bar.inc(1);
        let tags = entries::tags(Some(&loaded.config), &entry);
        let subject = entry.entry.subject(&tags, None);
        let matches = |rules: &RuleSet, id: &RuleId| {
            rules
                .evaluate(&subject)
                .iter()
                .any(|found| found.rule == *id)
        };
        let now = matches(rules, &wanted);
        let before = saved
            .filter(|_| ask.query.is_some())
            .map(|rule| matches(&loaded.config.rules, &rule.id));
        let at = entry.entry.content.published.or(entry.entry.first_seen);
        let day = at.map_or_else(
            || "undated".to_owned(),
            |at| at.strftime("%Y-%m-%d").to_string(),
        );
        tally.add(day, &entry.entry.content.title, now, before);
        Ok(true)
    })?;
    bar.finish_and_clear();
    print(ask, &tally, &loaded, out)
}

impl Tally {
    /// Counts one entry.
    fn add(&mut self, day: String, title: &str, now: bool, before: Option<bool>) {
        self.looked_at += 1;
        let keep = |list: &mut Vec<String>| {
            if list.len() < EXAMPLES {
                list.push(format!("{day}  {title}"));
            }
        };
        match before {
            Some(false) if now => {
                self.differs.0 += 1;
                keep(&mut self.newly);
            }
            Some(true) if !now => {
                self.differs.1 += 1;
                keep(&mut self.no_longer);
            }
            _ => {}
        }
        if now {
            self.matched += 1;
            keep(&mut self.examples);
            *self.days.entry(day).or_default() += 1;
        }
    }
}

/// Counts a day, examples, and what a changed query changes.
fn print(ask: &Ask<'_>, tally: &Tally, loaded: &Loaded, out: &mut Output) -> Result<(), Failure> {
    let compared = ask.query.is_some() && ask.rule.is_some();
    if !out.is_human() {
        let difference = compared.then(|| {
            json!({
                "newly_matched": tally.differs.0, "no_longer_matched": tally.differs.1,
                "newly": tally.newly, "no_longer": tally.no_longer,
            })
        });
        return out.json(&json!({
            "entries": tally.looked_at, "matched": tally.matched, "days": tally.days, "examples": tally.examples,
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
        ("matched", &tally.examples),
        ("newly matched", &tally.newly),
        ("no longer matched", &tally.no_longer),
    ];
    for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        out.line(&format!("{name}:"))?;
        list.iter()
            .try_for_each(|text| out.line(&format!("  {}", neutral(text))))?;
    }
    if compared {
        out.line(&format!(
            "{} newly matched, {} no longer",
            tally.differs.0, tally.differs.1
        ))?;
    }
    Ok(())
}
