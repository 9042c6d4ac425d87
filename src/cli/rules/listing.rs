//! `rules list -v`: how the engine finds each rule, and what all of them cost.

use std::time::Instant;

use serde_json::json;

use super::facts;
use crate::cli::context::Loaded;
use crate::cli::exit::Failure;
use crate::cli::output::{Output, neutral};
use crate::domain::matching::{Filing, RuleSet};

/// Terms shown of each rule.
const TERMS: usize = 4;

/// One line a rule with the terms it is filed under, then the cost of all.
pub fn list_filed(loaded: &Loaded, out: &mut Output) -> Result<(), Failure> {
    let definitions = &loaded.config.definitions;
    let start = Instant::now();
    let (set, _) = RuleSet::compile(definitions);
    let seconds = start.elapsed().as_secs_f64();
    let filings = set.filings();
    let always = filings.iter().filter(|filing| filing.always).count();
    // Filings come in the order of the rules; those that are switched off have none.
    let mut next = filings.iter().peekable();
    let mut filed: Vec<Option<&Filing>> = Vec::with_capacity(definitions.rules.len());
    for rule in &definitions.rules {
        filed.push(next.next_if(|filing| filing.rule == rule.id));
    }
    if !out.is_human() {
        let rows: Vec<_> = definitions
            .rules
            .iter()
            .zip(&filed)
            .map(|(rule, filing)| {
                let mut row = facts(rule);
                row["filed_under"] = json!(filing.map(|filing| &filing.under));
                row["always"] = json!(filing.is_some_and(|filing| filing.always));
                row
            })
            .collect();
        return out.rows("rules", &rows);
    }
    let rows: Vec<Vec<String>> = definitions
        .rules
        .iter()
        .zip(&filed)
        .map(|(rule, filing)| {
            let under = filing.map_or_else(|| "off".to_owned(), in_words);
            vec![
                rule.id.to_string(),
                rule.severity.as_str().to_owned(),
                under,
            ]
        })
        .collect();
    out.table(&["ID", "SEVERITY", "LOOKED AT WHERE AN ENTRY HAS"], &rows)?;
    out.line(&format!(
        "{} rules, {} distinct patterns; {always} looked at for every entry",
        set.rule_count(),
        set.pattern_count(),
    ))?;
    out.line(&format!(
        "compiled in {seconds:.2} s, {} KB in memory",
        set.memory().div_ceil(1000)
    ))
}

/// The terms of a filing, shortened.
fn in_words(filing: &Filing) -> String {
    if filing.always && filing.under.is_empty() {
        return "anything".to_owned();
    }
    let shown: Vec<String> = filing
        .under
        .iter()
        .take(TERMS)
        .map(|term| neutral(term))
        .collect();
    let more = filing.under.len().saturating_sub(TERMS);
    let rest = if more > 0 {
        format!(" or {more} more")
    } else {
        String::new()
    };
    let every = if filing.always { " (every entry)" } else { "" };
    format!("{}{rest}{every}", shown.join(" | "))
}
