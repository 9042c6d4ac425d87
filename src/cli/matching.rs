//! `match`: entries in, one line for each entry and rule that matches.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::{Global, MatchArgs};
use super::context::{Context, QUERY};
use super::exit::Failure;
use super::output::{Output, neutral};
use super::rows::{self, Row};
use crate::config::Config;
use crate::domain::id::RuleId;
use crate::domain::matching::{Match, RuleSet};

/// Matches every row and prints what matched, or only counts.
pub fn run(
    args: &MatchArgs,
    global: &Global,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let (rules, loaded, ids) = if let Some(query) = &args.query {
        let rules = Arc::new(context.query_rules(query)?);
        (rules, None, vec![QUERY.into()])
    } else {
        let config = context.load()?.config;
        let ids = enabled(&config);
        (Arc::clone(&config.rules), Some(config), ids)
    };
    // With a query alone, config is read only for rows that name a feed: a whole desk takes half a second.
    let config = LazyCell::new(|| loaded.or_else(|| context.config_if_any()));
    let mut input = rows::open(&args.file)?;
    let asks_for_language = rules.asks_for_language();
    let (mut line, mut seen, mut matched) = (0, 0_u64, 0_u64);
    let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
    if !global.quiet {
        out.begin_rows("matches")?;
    }
    while let Some(text) = rows::next_line(&mut *input, &mut line)? {
        let mut row = Row::parse(&text, line).map_err(Failure::new)?;
        if row.feed.is_some()
            && let Some(config) = &*config
        {
            row = row.with_feed(config);
        }
        if asks_for_language {
            row = row.with_language();
        }
        seen += 1;
        if global.quiet {
            let found = rules.matching(&row.subject());
            matched += u64::from(!found.is_empty());
            for rule in found {
                *by_rule.entry(rule.as_str()).or_default() += 1;
            }
            continue;
        }
        if args.explain {
            explain(&rules, &ids, &row, out)?;
            continue;
        }
        for found in rules.evaluate(&row.subject()) {
            print(out, &row, &found)?;
        }
    }
    if global.quiet {
        return counts(out, seen, matched, &by_rule);
    }
    out.end_rows()
}

fn enabled(config: &Config) -> Vec<RuleId> {
    let rules = config.definitions.rules.iter();
    rules
        .filter(|rule| rule.enabled)
        .map(|rule| rule.id.clone())
        .collect()
}

/// Why an entry matches each of the rules or does not.
fn explain(rules: &RuleSet, ids: &[RuleId], row: &Row, out: &mut Output) -> Result<(), Failure> {
    for id in ids {
        let Some(explanation) = rules.explain(id, &row.subject()) else {
            continue;
        };
        if !out.is_human() {
            out.row(&json!({
                "entry": row.id, "rule": id, "matches": explanation.holds, "explanation": explanation,
            }))?;
            continue;
        }
        let verdict = if explanation.holds {
            "matches"
        } else {
            "does not match"
        };
        out.line(&format!(
            "{}  {id}: {verdict}  {}",
            row.id,
            neutral(&row.title)
        ))?;
        super::explain::print(&explanation, 1, out)?;
    }
    Ok(())
}

/// One line for an entry and a rule.
fn print(out: &mut Output, row: &Row, found: &Match) -> Result<(), Failure> {
    if out.is_human() {
        let spans: Vec<String> = found
            .evidence
            .iter()
            .map(|e| format!("{}:{}", e.field, neutral(&e.text)))
            .collect();
        return out.line(&format!(
            "{}  {}  {}  [{}]",
            row.id,
            found.rule,
            neutral(&row.title),
            spans.join(", ")
        ));
    }
    let mut line = json!({
        "id": row.id,
        "rule": found.rule,
        "severity": found.severity,
        "matches": found.evidence,
    });
    if let Value::Object(map) = &mut line {
        for (key, value) in &row.rest {
            map.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    out.row(&line)
}

/// The counts of `--quiet`.
fn counts(
    out: &mut Output,
    seen: u64,
    matched: u64,
    by_rule: &BTreeMap<&str, u64>,
) -> Result<(), Failure> {
    if !out.is_human() {
        return out.json(&json!({ "entries": seen, "matched": matched, "matches": by_rule.values().sum::<u64>(), "rules": by_rule }));
    }
    out.line(&format!("{seen} entries, {matched} matched"))?;
    by_rule
        .iter()
        .try_for_each(|(rule, count)| out.line(&format!("  {rule}  {count}")))
}
