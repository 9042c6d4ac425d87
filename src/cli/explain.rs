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
            out.json(&json!({ "entry": entry.entry.id, "rule": rule.id, "matches": explanation.holds, "explanation": explanation }))?;
        }
    }
    Ok(())
}

/// A clause, its parts below it.
fn print(clause: &Explanation, depth: usize, out: &mut Output) -> Result<(), Failure> {
    let mark = if clause.holds { "✓" } else { "✗" };
    let spans: Vec<String> = clause
        .evidence
        .iter()
        .take(4)
        .map(|e| format!("{} “{}”", e.field, neutral(&e.text)))
        .collect();
    let spans = if spans.is_empty() {
        String::new()
    } else {
        format!("  {}", spans.join(", "))
    };
    let note = clause
        .note
        .as_deref()
        .map(|note| format!("  ({})", neutral(note)))
        .unwrap_or_default();
    out.line(&format!(
        "{}{mark} {}{spans}{note}",
        "  ".repeat(depth),
        neutral(&clause.clause)
    ))?;
    clause
        .parts
        .iter()
        .try_for_each(|part| print(part, depth + 1, out))
}
