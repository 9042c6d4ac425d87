//! `explain`: why an entry matches a rule or does not, clause by clause.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;

use super::args::ExplainArgs;
use super::context::{Context, Loaded};
use super::exit::Failure;
use super::output::{Output, neutral};
use super::rows::Row;
use super::{entries, rules};
use crate::domain::id::RuleId;
use crate::domain::matching::Explanation;
use crate::domain::matching::feedback::obstacle;
use crate::store::Store;
use crate::store::entries::{self as stored, MatchRow, StoredEntry};
use crate::store::outbox::{self, DeliveryRow};

/// Explains a stored entry against one rule, or against all.
pub fn explain(args: &ExplainArgs, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let store = context.store_of(&loaded)?;
    let entry = entries::find(&store, &args.entry)?;
    let tags = entries::tags(Some(&loaded.config), entry.entry.feed_str());
    let subject = entry.subject(tags);
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
    let decisions = decisions(&store, &entry)?;
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
            for decision in decisions.iter().filter(|one| one.found.rule == rule.id) {
                tell(decision, out)?;
            }
        } else {
            let of_rule = decisions.iter().filter(|one| one.found.rule == rule.id);
            let told: Vec<_> = of_rule.map(as_json).collect();
            out.row(&json!({
                "entry": entry.entry.id, "rule": rule.id, "matches": explanation.holds,
                "explanation": explanation, "decisions": told,
            }))?;
        }
    }
    out.end_rows()
}

/// What was decided about a match when it was found, and where its messages stand.
struct Decided {
    found: MatchRow,
    deliveries: Vec<DeliveryRow>,
}

fn decisions(store: &Store, entry: &StoredEntry) -> Result<Vec<Decided>, Failure> {
    let decided = store.read_blocking(|conn| {
        let matches = stored::matches(conn, entry.seq)?.into_iter();
        matches
            .map(|found| {
                let deliveries = match found.alert {
                    Some(alert) => outbox::of_alert(conn, alert)?,
                    None => Vec::new(),
                };
                Ok(Decided { found, deliveries })
            })
            .collect()
    })?;
    Ok(decided)
}

/// In words: alert or not, why, and who was or is to be told.
fn tell(decided: &Decided, out: &mut Output) -> Result<(), Failure> {
    let found = &decided.found;
    let what = match (found.raised, found.held, found.alert) {
        (Some(reason), _, Some(alert)) => format!("alert {alert}, {}", reason.as_str()),
        (Some(reason), _, None) => format!("an alert since deleted, {}", reason.as_str()),
        (None, Some(held), Some(alert)) => {
            format!("no alert of its own: {}, see alert {alert}", held.as_str())
        }
        (None, Some(held), None) => format!("no alert: {}", held.as_str()),
        (None, None, _) => return Ok(()),
    };
    out.line(&format!("  decided {}: {what}", found.at))?;
    for delivery in &decided.deliveries {
        out.line(&format!("    {}", super::alerts::stands(delivery)))?;
    }
    Ok(())
}

fn as_json(decided: &Decided) -> serde_json::Value {
    let found = &decided.found;
    json!({
        "at": found.at, "revision": found.revision, "raised": found.raised, "held": found.held,
        "alert": found.alert, "deliveries": decided.deliveries,
    })
}

/// Characters of a clause that are shown; what it matched and why not matters more.
const CLAUSE: usize = 100;

/// Alternatives without a trace that are listed before the rest is counted.
const SILENT: usize = 3;

/// Lines of a clause without any trace that are listed; of a longer one its own line must do.
const DEAD: usize = 12;

/// A clause, its parts below it, as a person can read them: a long list of alternatives of which none was found is only
/// counted, of a large clause without any trace there is one line, and a macro is told once.
pub(super) fn print(clause: &Explanation, depth: usize, out: &mut Output) -> Result<(), Failure> {
    let mut told = Told::default();
    let mut lines = Vec::new();
    told.add(clause, depth, &mut lines);
    lines.iter().try_for_each(|line| out.line(line))
}

/// The macros that have been told.
#[derive(Default)]
struct Told<'a>(HashMap<&'a str, Vec<&'a Explanation>>);

impl<'a> Told<'a> {
    fn add(&mut self, clause: &'a Explanation, depth: usize, lines: &mut Vec<String>) {
        let remark = if depth > 1 && is_dead(clause) && size(clause) > DEAD {
            Some("none of it found")
        } else {
            self.is_known(clause).then_some("as above")
        };
        lines.push(line(clause, depth, remark));
        if remark.is_some() {
            return;
        }
        let indent = "  ".repeat(depth);
        let mut silent = 0_usize;
        for part in &clause.parts {
            if is_silent(part) {
                silent += 1;
                if silent > SILENT {
                    continue;
                }
            }
            self.add(part, depth + 1, lines);
        }
        if let Some(more @ 1..) = silent.checked_sub(SILENT) {
            lines.push(format!("{indent}  ✗ … and {more} more, none found"));
        }
    }

    /// Whether a macro was told with the same outcome; it is from now on.
    fn is_known(&mut self, clause: &'a Explanation) -> bool {
        if clause.parts.is_empty() || !clause.clause.starts_with('$') {
            return false;
        }
        let told = self.0.entry(&clause.clause).or_default();
        let known = told.contains(&clause);
        if !known {
            told.push(clause);
        }
        known
    }
}

/// A clause alone: what it is, where it holds, and how near it came.
fn line(clause: &Explanation, depth: usize, remark: Option<&str>) -> String {
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
    let notes: Vec<String> = (clause.note.iter().map(|note| neutral(note)))
        .chain(remark.map(str::to_owned))
        .collect();
    let note = if notes.is_empty() {
        String::new()
    } else {
        format!("  ({})", notes.join("; "))
    };
    let indent = "  ".repeat(depth);
    format!("{indent}{mark} {}{spans}{note}", short(&clause.clause))
}

/// Whether nothing in it holds or came near.
fn is_dead(clause: &Explanation) -> bool {
    !clause.holds && clause.note.is_none() && clause.parts.iter().all(is_dead)
}

/// Clauses in it, with itself.
fn size(clause: &Explanation) -> usize {
    1 + clause.parts.iter().map(size).sum::<usize>()
}

/// What keeps a rule from matching an entry: the innermost clause that stands out, or the rule's filter.
pub fn in_the_way(loaded: &Loaded, rule: &RuleId, row: &Row) -> String {
    let Some(explanation) = loaded.config.rules.explain(rule, &row.subject()) else {
        return "the rule cannot be used".to_owned();
    };
    let clause = obstacle(&explanation);
    let written = short(&clause.clause);
    match &clause.note {
        Some(note) if clause.is_shut_out => note.clone(),
        Some(note) => format!("{written} does not hold: {note}"),
        None => format!("{written} does not hold"),
    }
}

/// The terms by which a rule matches an entry, with what they found.
pub fn what_matched(loaded: &Loaded, rule: &RuleId, row: &Row) -> String {
    let found = loaded.config.rules.evaluate(&row.subject());
    let evidence = found
        .iter()
        .filter(|one| one.rule == *rule)
        .flat_map(|one| one.evidence.iter());
    let terms: BTreeSet<String> = evidence
        .map(|one| format!("{} “{}”", one.term, one.text))
        .collect();
    let terms: Vec<String> = terms.into_iter().take(4).collect();
    terms.join(", ")
}

/// Whether there is nothing to say of a clause but that it does not hold.
fn is_silent(clause: &Explanation) -> bool {
    clause.parts.is_empty() && is_dead(clause)
}

/// A clause on one line, cut where it is long.
pub fn short(clause: &str) -> String {
    let line = neutral(&clause.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(CLAUSE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(text: &str, holds: bool, parts: Vec<Explanation>) -> Explanation {
        Explanation {
            clause: text.to_owned(),
            holds,
            note: None,
            evidence: Vec::new(),
            parts,
            is_choice: true,
            is_shut_out: false,
        }
    }

    fn list(name: &str, found: Option<usize>) -> Explanation {
        let terms = (0..20).map(|at| clause(&format!("t{at}"), found == Some(at), Vec::new()));
        clause(name, found.is_some(), terms.collect())
    }

    #[test]
    fn a_macro_is_told_once_and_what_left_no_trace_in_one_line() {
        let rule = clause(
            "rule",
            false,
            vec![
                list("$a", Some(4)),
                list("$b", None),
                list("$a", Some(4)),
                list("$a", None),
            ],
        );
        let mut lines = Vec::new();
        Told::default().add(&rule, 1, &mut lines);
        let text = lines.join("\n");
        assert_eq!(
            text,
            "  ✗ rule\n    ✓ $a\n      ✗ t0\n      ✗ t1\n      ✗ t2\n      ✓ t4\n      \
             ✗ … and 16 more, none found\n    ✗ $b  (none of it found)\n    \
             ✓ $a  (as above)\n    ✗ $a  (none of it found)"
        );
    }
}
