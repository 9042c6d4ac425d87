//! A line of a test file: an entry with what is expected of it, and what is wrong with it.
//!
//! Stricter than the rows of `match`: a misspelt key is kept there, and here would pass as an entry without text.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::cli::context::{Loaded, nearest};
use crate::cli::exit::Failure;
use crate::cli::rows::{self, Row};
use crate::config;
use crate::domain::rule;

/// Most lines that are told of.
const TOLD: usize = 20;

/// Keys whose loss changes the answer: what is read, and what is expected.
const NEEDED: [&str; 7] = [
    "title",
    "body",
    "full_text",
    "language",
    "expect",
    "about",
    "tolerate",
];

/// A line that can be scored.
pub struct Marked {
    pub row: Row,
    pub expected: BTreeSet<String>,
    pub limits: Limits,
    /// File and line.
    pub at: String,
}

/// Reads a file; each line that cannot be used goes to `wrong`, with file and line.
pub fn read(
    file: &Path,
    loaded: &Loaded,
    wrong: &mut Vec<String>,
    mut each: impl FnMut(Marked),
) -> Result<(), Failure> {
    let mut input = rows::open(file)?;
    let mut line = 0;
    while let Some(text) = rows::next_line(&mut *input, &mut line)? {
        let at = format!("{}:{line}", file.display());
        match marked(&text, line, loaded) {
            Ok((row, expected, limits)) => each(Marked {
                row,
                expected,
                limits,
                at,
            }),
            Err(found) => wrong.extend(found.into_iter().map(|what| format!("{at}: {what}"))),
        }
    }
    Ok(())
}

/// All lines that cannot be used, as one failure; none where there are none.
pub fn refused(mut wrong: Vec<String>) -> Option<Failure> {
    let more = wrong.len().saturating_sub(TOLD);
    wrong.truncate(TOLD);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    (!wrong.is_empty()).then(|| Failure::new(wrong.join("\n")))
}

/// What a row says beside `expect`.
#[derive(Debug, Default)]
pub struct Limits {
    /// The rules that it speaks of; absent, of all.
    about: Option<BTreeSet<String>>,
    /// Rules that match it, as is known, though they should not.
    tolerate: BTreeSet<String>,
}

impl Limits {
    /// Whether the row says anything of a rule.
    pub fn concern(&self, rule: &str) -> bool {
        self.about.as_ref().is_none_or(|about| about.contains(rule))
    }

    /// Whether a false alarm of a rule is known and counts without being a failure.
    pub fn tolerate(&self, rule: &str) -> bool {
        self.tolerate.contains(rule)
    }
}

type Read = (Row, BTreeSet<String>, Limits);

fn marked(text: &str, line: usize, loaded: &Loaded) -> Result<Read, Vec<String>> {
    let mut row = Row::read(text, line).map_err(|error| vec![error])?;
    let mut wrong = misspelt(text, &row.rest);
    let is_empty = |text: &str| text.trim().is_empty();
    if wrong.is_empty()
        && is_empty(&row.title)
        && is_empty(&row.body)
        && row.full_text.as_deref().is_none_or(is_empty)
    {
        wrong.push("there is no text: write a `title` or a `body`".to_owned());
    }
    wrong.extend(row.language.as_deref().and_then(no_language));
    let asked = asked(&mut row.rest, loaded);
    match asked {
        Ok((expected, limits)) if wrong.is_empty() => {
            let row = row.with_language().with_feed(&loaded.config);
            Ok((row, expected, limits))
        }
        asked => {
            wrong.extend(asked.err());
            Err(wrong)
        }
    }
}

/// What is wrong with the value of `language`.
fn no_language(text: &str) -> Option<String> {
    if let Some(code) = rule::language_meant(text) {
        let message = format!("no entry has the language `{text}`");
        return Some(format!("{message}: did you mean `{code}`?"));
    }
    config::language(&text.replace('_', "-")).err()
}

/// The rules that a row expects, each of which must exist, and what it says beside.
fn asked(
    row: &mut Map<String, Value>,
    loaded: &Loaded,
) -> Result<(BTreeSet<String>, Limits), String> {
    let expected = ids(row, "expect")?
        .ok_or_else(|| "`expect` is missing: a list of rule ids, or []".to_owned())?;
    let rules = &loaded.config.definitions.rules;
    let known = || rules.iter().map(|rule| rule.id.as_str());
    if let Some(id) = expected.iter().find(|id| known().all(|known| known != *id)) {
        let near = nearest(id, known());
        return Err(format!("`expect` names `{id}`, which is no rule{near}"));
    }
    let limits = Limits {
        about: ids(row, "about")?,
        tolerate: ids(row, "tolerate")?.unwrap_or_default(),
    };
    Ok((expected, limits))
}

fn ids(row: &mut Map<String, Value>, key: &str) -> Result<Option<BTreeSet<String>>, String> {
    let value = row.remove(key).filter(|value| !value.is_null());
    value
        .map(serde_json::from_value)
        .transpose()
        .map_err(|_| format!("`{key}` is not a list of rule ids"))
}

/// Keys that are near a needed one which the line lacks. Others are free: sets of other tools say more of an entry.
fn misspelt(text: &str, rest: &Map<String, Value>) -> Vec<String> {
    let unknown = || rest.keys().filter(|key| !NEEDED.contains(&key.as_str()));
    if unknown().next().is_none() {
        return Vec::new();
    }
    // The row has lost which of its keys were written.
    let line: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let lacking = || NEEDED.into_iter().filter(|key| !line.contains_key(*key));
    unknown()
        .filter_map(|key| {
            let near = nearest(key, lacking());
            (!near.is_empty()).then(|| format!("there is no key `{key}`{near}"))
        })
        .collect()
}
