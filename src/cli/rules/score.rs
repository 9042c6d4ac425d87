//! `rules test`: the rules against marked entries, scored.
//!
//! A row is an entry with `expect`: the ids of the rules that must match, or `[]`; `about` names the rules that it speaks
//! of, `tolerate` those whose false alarm is known. Rules are scored one by one; rows are scored by language as a desk sees
//! them: told at all, by whichever rule, or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::row::{self, Marked};
use crate::cli::check;
use crate::cli::context::{Context, Loaded};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Output, neutral};

/// How a rule did.
#[derive(Clone, Debug, Default, Serialize)]
struct Score {
    /// Expected and matched.
    hits: u64,
    /// Matched without being expected.
    false_alarms: u64,
    /// Expected without matching.
    misses: u64,
}

/// One row that went wrong.
#[derive(Clone, Debug, Serialize)]
struct Wrong {
    id: String,
    title: String,
    rule: String,
    /// `miss` or `false_alarm`.
    kind: &'static str,
    /// File and line.
    at: String,
}

/// What the tests said.
#[derive(Debug, Default)]
struct Report {
    /// Rows and examples tried.
    rows: u64,
    /// By rule.
    rules: BTreeMap<String, Score>,
    /// By language of the row, of files alone: was it told by any rule.
    languages: BTreeMap<String, Score>,
    /// What went wrong, in order.
    wrong: Vec<Wrong>,
}

/// Scores the rules on a file, or on their own examples and `tests/*.jsonl` of the config folder.
pub fn test(file: Option<&Path>, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    let loaded = context.load()?;
    let mut report = Report::default();
    let files = if let Some(file) = file {
        vec![file.to_owned()]
    } else {
        examples(&loaded, &mut report);
        default_files(&loaded)?
    };
    if files.is_empty() && report.rows == 0 {
        return Err(Failure::new(
            "there is nothing to test: write [[rule.test]], tests/*.jsonl in the config folder, or name a file",
        ));
    }
    let mut wrong = Vec::new();
    for file in &files {
        row::read(file, &loaded, &mut wrong, |marked| {
            score(&marked, &loaded, &mut report);
        })?;
    }
    if let Some(refused) = row::refused(wrong) {
        return Err(refused);
    }
    print(&report, out)?;
    Ok(if report.wrong.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// Scores each rule on its `[[rule.test]]`.
fn examples(loaded: &Loaded, report: &mut Report) {
    let rules = loaded.config.definitions.rules.iter().enumerate();
    for (index, rule) in rules.filter(|(_, rule)| rule.enabled) {
        for (number, test) in rule.tests.iter().enumerate() {
            report.rows += 1;
            let score = report.rules.entry(rule.id.to_string()).or_default();
            let matched = check::matches(loaded, rule, test);
            let Some(kind) = score.add(test.expect, matched) else {
                continue;
            };
            let place = loaded.config.places.rule_test(index, number);
            report.wrong.push(Wrong {
                id: (number + 1).to_string(),
                title: test.title.clone(),
                rule: rule.id.to_string(),
                kind,
                at: place.map_or_else(String::new, |place| loaded.warnings.at(place)),
            });
        }
    }
}

/// The test files of the config folder, if it has any.
fn default_files(loaded: &Loaded) -> Result<Vec<PathBuf>, Failure> {
    let folder = loaded.config_dir().join("tests");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))?;
    let files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    // A pipe among them would hold up whoever tests rules.
    let (mut files, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| path.is_file());
    if let Some(other) = others.first() {
        let why = format!("cannot read {}: it is not a file", other.display());
        return Err(Failure::new(why));
    }
    files.sort();
    Ok(files)
}

/// Scores one entry of a file.
fn score(marked: &Marked, loaded: &Loaded, report: &mut Report) {
    let found = loaded.config.rules.evaluate(&marked.row.subject());
    let matched: BTreeSet<String> = found.into_iter().map(|one| one.rule.to_string()).collect();
    report.add(marked, &matched);
}

/// What went wrong, then precision and recall by language and by rule.
fn print(report: &Report, out: &mut Output) -> Result<(), Failure> {
    let all = sum(&report.rules);
    if !out.is_human() {
        return out.json(&serde_json::json!({
            "rows": report.rows, "precision": all.precision(), "recall": all.recall(),
            "rules": report.rules, "languages": report.languages, "wrong": report.wrong,
        }));
    }
    for row in &report.wrong {
        out.line(&format!(
            "{}: {} of {}: {}",
            row.at,
            row.kind.replace('_', " "),
            row.rule,
            neutral(&row.title)
        ))?;
    }
    if !report.languages.is_empty() {
        table("LANGUAGE", &report.languages, out)?;
        out.line("")?;
    }
    table("RULE", &report.rules, out)?;
    out.line(&format!(
        "{} entries, {} wrong",
        report.rows,
        report.wrong.len()
    ))
}

/// Scores as a table, their sum last.
fn table(heading: &str, scores: &BTreeMap<String, Score>, out: &mut Output) -> Result<(), Failure> {
    let line = |name: &str, score: &Score| {
        vec![
            name.to_owned(),
            score.hits.to_string(),
            score.misses.to_string(),
            score.false_alarms.to_string(),
            format!("{:.3}", score.precision()),
            format!("{:.3}", score.recall()),
        ]
    };
    let mut rows: Vec<Vec<String>> = scores
        .iter()
        .map(|(name, score)| line(name, score))
        .collect();
    rows.push(line("all", &sum(scores)));
    out.table(
        &[
            heading,
            "HITS",
            "MISSES",
            "FALSE ALARMS",
            "PRECISION",
            "RECALL",
        ],
        &rows,
    )
}

/// All scores as one.
fn sum(scores: &BTreeMap<String, Score>) -> Score {
    scores.values().fold(Score::default(), |sum, score| Score {
        hits: sum.hits + score.hits,
        false_alarms: sum.false_alarms + score.false_alarms,
        misses: sum.misses + score.misses,
    })
}

impl Report {
    /// Counts a row of a file.
    fn add(&mut self, marked: &Marked, matched: &BTreeSet<String>) {
        let Marked {
            row,
            expected,
            limits,
            at,
        } = marked;
        self.rows += 1;
        let language = row.language.clone().unwrap_or_else(|| "?".to_owned());
        self.languages
            .entry(language)
            .or_default()
            .add(!expected.is_empty(), !matched.is_empty());
        for rule in expected.union(matched).filter(|rule| limits.concern(rule)) {
            let score = self.rules.entry(rule.clone()).or_default();
            let kind = score.add(expected.contains(rule), matched.contains(rule));
            let Some(kind) = kind.filter(|_| !limits.tolerate(rule)) else {
                continue;
            };
            self.wrong.push(Wrong {
                id: row.id.clone(),
                title: row.title.clone(),
                rule: rule.clone(),
                kind,
                at: at.clone(),
            });
        }
    }
}

impl Score {
    /// Counts one verdict; says what was wrong with it.
    fn add(&mut self, expected: bool, matched: bool) -> Option<&'static str> {
        match (expected, matched) {
            (true, true) => {
                self.hits += 1;
                None
            }
            (true, false) => {
                self.misses += 1;
                Some("miss")
            }
            (false, true) => {
                self.false_alarms += 1;
                Some("false_alarm")
            }
            (false, false) => None,
        }
    }

    /// Share of matches that were expected.
    fn precision(&self) -> f64 {
        share(self.hits, self.hits + self.false_alarms)
    }

    /// Share of the expected that matched.
    fn recall(&self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }
}

/// A share; of nothing, all.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of test rows stay far below 2^52"
)]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}
