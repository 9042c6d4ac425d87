//! `explain`: why an entry matches a rule or does not, clause by clause.

use serde_json::json;

use super::args::ExplainArgs;
use super::context::Context;
use super::exit::Failure;
use super::output::{Output, neutral};
use super::{entries, rules};
use crate::domain::matching::Explanation;

/// Explains a stored entry against one rule, or against all.
pub fn explain(args: &ExplainArgs, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let store = context.store_of(&loaded)?;
    let entry = entries::find(&store, &args.entry)?;
    let tags = entries::tags(Some(&loaded.config), &entry);
    let subject = entry.entry.subject(&tags, None);
    let wanted: Vec<_> = match &args.rule {
        Some(id) => vec![rules::find(&loaded, id)?],
        None => loaded
            .config
            .definitions
            .rules
            .iter()
            .filter(|rule| rule.enabled)
            .collect(),
    };
    if args.rule.is_none() {
        out.begin_rows("rules")?;
    }
    for rule in wanted {
        let Some(explanation) = loaded.config.rules.explain(&rule.id, &subject) else {
            return Err(Failure::new(format!("rule `{}` is switched off", rule.id)));
        };
        if out.is_human() {
            out.line(&format!(
                "{}: {}",
                rule.id,
                if explanation.holds {
                    "matches"
                } else {
                    "does not match"
                }
            ))?;
            print(&explanation, 1, out)?;
        } else {
            out.row(&json!({ "entry": entry.entry.id, "rule": rule.id, "matches": explanation.holds, "explanation": explanation }))?;
        }
    }
    out.end_rows()
}

/// Characters of a clause that are shown; what it matched and why not matters more.
const CLAUSE: usize = 100;

/// Alternatives without a trace that are listed before the rest is counted.
const SILENT: usize = 3;

/// A clause, its parts below it; a long list of alternatives of which none was found is only counted.
fn print(clause: &Explanation, depth: usize, out: &mut Output) -> Result<(), Failure> {
    let mark = if clause.holds { "✓" } else { "✗" };
    let spans: Vec<String> = clause
        .evidence
        .iter()
        .take(4)
        .map(|found| format!("{} “{}”", found.field, neutral(&found.text)))
        .collect();
    let spans = if spans.is_empty() {
        String::new()
    } else {
        format!("  {}", spans.join(", "))
    };
    let note = clause.note.as_deref();
    let note = note.map_or_else(String::new, |note| format!("  ({})", neutral(note)));
    let indent = "  ".repeat(depth);
    out.line(&format!(
        "{indent}{mark} {}{spans}{note}",
        short(&clause.clause)
    ))?;
    let mut silent = 0;
    for part in &clause.parts {
        if is_silent(part) {
            silent += 1;
            if silent > SILENT {
                continue;
            }
        }
        print(part, depth + 1, out)?;
    }
    if silent > SILENT {
        out.line(&format!(
            "{indent}  ✗ … and {} more, none found",
            silent - SILENT
        ))?;
    }
    Ok(())
}

/// Whether there is nothing to say of a clause but that it does not hold.
fn is_silent(clause: &Explanation) -> bool {
    !clause.holds && clause.note.is_none() && clause.parts.is_empty()
}

/// A clause on one line, cut where it is long.
pub fn short(clause: &str) -> String {
    let line = neutral(&clause.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(CLAUSE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
