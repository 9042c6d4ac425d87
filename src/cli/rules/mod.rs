//! `rules`: list, show, backtest and test.
//!
//! A backtest asks the same matcher as a poll; nothing is decided or stored.

mod backtest;
mod feedback;
mod listing;
mod marked;
mod row;
mod score;

use serde_json::json;

use super::args::RulesCommand;
use super::context::{Context, Loaded};
use super::exit::{Exit, Failure};
use super::output::Output;
use crate::domain::rule::{self, FeedSelector, Rule};

/// Runs a `rules` command.
pub fn rules(command: &RulesCommand, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    match command {
        RulesCommand::List if context.is_verbose() => {
            listing::list_filed(&context.load()?, out).map(|()| Exit::Done)
        }
        RulesCommand::List => list(&context.load()?, out).map(|()| Exit::Done),
        RulesCommand::Show { id } => show(&context.load()?, id, context, out).map(|()| Exit::Done),
        RulesCommand::Backtest { rule, query, since } => {
            let ask = backtest::Ask {
                rule: rule.as_deref(),
                query: query.as_deref(),
                since,
            };
            backtest::backtest(&ask, context, out).map(|()| Exit::Done)
        }
        RulesCommand::Test {
            marked: true,
            against,
            export,
            ..
        } => {
            let ask = marked::Ask {
                against: against.as_deref(),
                export: export.as_deref(),
            };
            marked::test(&ask, context, out)
        }
        RulesCommand::Test { file, .. } => score::test(file.as_deref(), context, out),
    }
}

/// The rule named so, or a failure that names the nearest.
pub fn find<'a>(loaded: &'a Loaded, id: &str) -> Result<&'a Rule, Failure> {
    let rules = &loaded.config.definitions.rules;
    rules
        .iter()
        .find(|rule| rule.id.as_str() == id)
        .ok_or_else(|| {
            let near = super::context::nearest(id, rules.iter().map(|rule| rule.id.as_str()));
            Failure::new(format!("no rule `{id}`{near} (`bongsu rules list`)"))
        })
}

/// One line a rule.
fn list(loaded: &Loaded, out: &mut Output) -> Result<(), Failure> {
    let rules = &loaded.config.definitions.rules;
    if !out.is_human() {
        let rows: Vec<_> = rules.iter().map(facts).collect();
        return out.rows("rules", &rows);
    }
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            let enabled = if rule.enabled { "on" } else { "off" };
            vec![
                rule.id.to_string(),
                rule.severity.as_str().to_owned(),
                enabled.to_owned(),
                rule.title.clone(),
            ]
        })
        .collect();
    out.table(&["ID", "SEVERITY", "STATE", "TITLE"], &rows)?;
    out.line(&format!(
        "{} rules, {} distinct patterns",
        loaded.config.rules.rule_count(),
        loaded.config.rules.pattern_count()
    ))
}

/// A rule as JSON.
fn facts(rule: &Rule) -> serde_json::Value {
    let feeds: Vec<String> = rule
        .feeds
        .iter()
        .map(|selector| match selector {
            FeedSelector::Feed(id) => id.to_string(),
            FeedSelector::Tag(tag) => format!("tag:{tag}"),
        })
        .collect();
    json!({
        "id": rule.id, "title": rule.title, "query": rule.query, "severity": rule.severity,
        "receivers": rule.receivers, "feeds": feeds, "languages": rule.languages, "notify": rule.notify,
        "revisions": rule.revisions, "enabled": rule.enabled, "origin": rule.origin, "tests": rule.tests.len(),
    })
}

/// A rule with its query in canonical form.
fn show(loaded: &Loaded, id: &str, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let found = find(loaded, id)?;
    let canonical = rule::parse(&found.query)
        .0
        .map(|query| rule::print(&query))
        .unwrap_or_default();
    let mut value = facts(found);
    value["canonical"] = canonical.clone().into();
    let marks = feedback::known(&found.id, loaded, context);
    value["matches"] = json!(marks.as_ref().map(feedback::Known::matches));
    value["feedback"] = json!(marks.as_ref().map(feedback::Known::json));
    if !out.is_human() {
        return out.json(&value);
    }
    out.line(&format!(
        "{}  {}  ({})",
        found.id,
        found.title,
        found.severity.as_str()
    ))?;
    out.line(&format!("  query      {}", found.query.trim()))?;
    out.line(&format!("  understood {canonical}"))?;
    out.line(&format!(
        "  notify     {}",
        value["notify"].as_str().unwrap_or("")
    ))?;
    out.line(&format!(
        "  receivers  {}",
        list_or(&value["receivers"], "all defaults")
    ))?;
    out.line(&format!("  feeds      {}", list_or(&value["feeds"], "all")))?;
    out.line(&format!(
        "  languages  {}",
        list_or(&value["languages"], "all")
    ))?;
    marks.map_or(Ok(()), |marks| marks.print(out))
}

/// A JSON list of texts as people read it.
fn list_or(value: &serde_json::Value, empty: &str) -> String {
    let texts: Vec<&str> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str())
        .collect();
    if texts.is_empty() {
        empty.to_owned()
    } else {
        texts.join(", ")
    }
}
