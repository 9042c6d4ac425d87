//! Typed access to parsed TOML, where whatever is wrong becomes a problem with its place.
//!
//! A table is opened with the keys it may have, so that unknown ones are told at once. Getters answer none
//! for what is absent or wrong; the caller fills in the default.

mod item;

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::source::{Place, Sources, Text};
use crate::domain::rule::suggest;
use crate::domain::units;

/// Keys whose value is not shown when they are misspelt.
const MAY_BE_SECRET: [&str; 10] = [
    "secret",
    "password",
    "passwd",
    "token",
    "headers",
    "authorization",
    "cookie",
    "api_key",
    "url",
    "proxy",
];

/// What reading takes along: the files, the environment, what was found wrong.
pub(super) struct Cx<'e> {
    pub sources: Sources,
    pub problems: Vec<Problem>,
    pub env: &'e dyn Fn(&str) -> Option<String>,
    /// The folder that relative paths of the file at hand begin at.
    pub folder: PathBuf,
    /// Files that hold a secret in plain sight.
    pub plain_secrets: BTreeMap<usize, Place>,
}

impl Cx<'_> {
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// A table and the keys it may have.
#[derive(Clone)]
pub(super) struct Table<'t> {
    pub file: usize,
    /// As people write it: `[[feed]]`.
    pub name: String,
    span: Range<usize>,
    map: &'t DeTable<'t>,
}

/// A value of a table or list.
#[derive(Clone)]
pub(super) struct Item<'t> {
    pub file: usize,
    /// The key it stands at.
    pub key: String,
    pub key_span: Range<usize>,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Table<'t> {
    /// A whole file.
    pub fn root(file: usize, span: Range<usize>, map: &'t DeTable<'t>) -> Self {
        Self {
            file,
            name: "the file".to_owned(),
            span,
            map,
        }
    }

    /// Reports the keys that are not among `known`.
    pub fn only(&self, cx: &mut Cx, known: &[&str]) {
        for item in self.items() {
            if !known.contains(&item.key.as_str()) {
                self.unknown(cx, &item, known);
            }
        }
    }

    /// Reports a key that is not among `known`.
    pub fn unknown(&self, cx: &mut Cx, item: &Item, known: &[&str]) {
        let key = item.key.as_str();
        let near = suggest::nearest(key, MAY_BE_SECRET);
        // The address of a feed is told wherever one speaks of the feed.
        if near.is_some_and(|near| near != "url" || self.name != "[[feed]]") {
            cx.sources.hide(&item.place());
        }
        let what = if item.is_table() { "table" } else { "key" };
        let help = suggest::nearest(key, known.iter().copied()).map_or_else(
            || format!("{} takes {}", self.name, listed(known)),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("{} has no {what} `{key}`", self.name);
        cx.push(Problem::error("C01", item.key_place(), message).help(help));
    }

    fn place_of(&self, span: Range<usize>) -> Place {
        Place {
            file: self.file,
            span,
        }
    }

    /// The header, or all of an inline table.
    pub fn place(&self) -> Place {
        self.place_of(self.span.clone())
    }

    /// A text without any check or report.
    pub fn peek(&self, key: &str) -> Option<&str> {
        self.map.get(key)?.get_ref().as_str()
    }

    pub fn get(&self, key: &str) -> Option<Item<'t>> {
        let (name, value) = self.map.get_key_value(key)?;
        Some(Item {
            file: self.file,
            key: key.to_owned(),
            key_span: name.span(),
            value,
        })
    }

    /// Every key with its value, in the order of writing.
    pub fn items(&self) -> Vec<Item<'t>> {
        let mut items: Vec<Item> = self
            .map
            .iter()
            .map(|(key, value)| Item {
                file: self.file,
                key: key.get_ref().to_string(),
                key_span: key.span(),
                value,
            })
            .collect();
        items.sort_by_key(|item| item.key_span.start);
        items
    }

    /// Reports a key that must be there.
    pub fn missing(&self, cx: &mut Cx, key: &str, example: &str) {
        cx.push(
            Problem::error("C02", self.place(), format!("{} needs `{key}`", self.name))
                .help(format!("write for example {key} = {example}")),
        );
    }

    pub fn required_text(&self, cx: &mut Cx, key: &str, example: &str) -> Option<Text> {
        let Some(item) = self.get(key) else {
            self.missing(cx, key, example);
            return None;
        };
        let text = item.text(cx)?;
        if text.value.trim().is_empty() {
            cx.push(
                Problem::error("C04", text.place, format!("`{key}` is empty"))
                    .help(format!("write for example {key} = {example}")),
            );
            return None;
        }
        Some(text)
    }

    pub fn text(&self, cx: &mut Cx, key: &str) -> Option<Text> {
        self.get(key)?.text(cx)
    }

    /// A text that is not empty; an empty one counts as absent.
    pub fn filled(&self, cx: &mut Cx, key: &str) -> Option<Text> {
        self.text(cx, key)
            .filter(|text| !text.value.trim().is_empty())
    }

    pub fn bool(&self, cx: &mut Cx, key: &str) -> Option<bool> {
        let item = self.get(key)?;
        let value = item.value.get_ref().as_bool();
        if value.is_none() {
            item.wrong_type(cx, "true or false");
        }
        value
    }

    pub fn integer(&self, cx: &mut Cx, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        self.get(key)?.integer(cx, range)
    }

    pub fn duration(&self, cx: &mut Cx, key: &str) -> Option<Duration> {
        self.get(key)?.duration(cx)
    }

    /// A duration above zero.
    pub fn span_of_time(&self, cx: &mut Cx, key: &str) -> Option<Duration> {
        let item = self.get(key)?;
        let duration = item.duration(cx)?;
        if duration.is_zero() {
            item.wrong(
                cx,
                format!("`{key}` must be longer than 0"),
                "write for example \"15m\"",
            );
            return None;
        }
        Some(duration)
    }

    pub fn size(&self, cx: &mut Cx, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let item = self.get(key)?;
        let size = item.parsed(cx, "a size such as \"8 MiB\"", units::parse_size)?;
        if !range.contains(&size) {
            let message = format!(
                "`{key}` must be from {} to {} bytes",
                range.start(),
                range.end()
            );
            item.wrong(cx, message, "write another size, such as \"8 MiB\"");
            return None;
        }
        Some(size)
    }

    /// One of some words.
    pub fn one_of<T>(
        &self,
        cx: &mut Cx,
        key: &str,
        words: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        self.get(key)?.one_of(cx, words, read)
    }

    /// A list of texts, or one text alone.
    pub fn text_or_texts(&self, cx: &mut Cx, key: &str) -> Vec<Text> {
        match self.get(key) {
            Some(item) if item.value.get_ref().is_str() => item.text(cx).into_iter().collect(),
            _ => self.texts(cx, key),
        }
    }

    /// A list of texts.
    pub fn texts(&self, cx: &mut Cx, key: &str) -> Vec<Text> {
        let Some(item) = self.get(key) else {
            return Vec::new();
        };
        item.list(cx, "a list of texts such as [\"a\", \"b\"]")
            .into_iter()
            .filter_map(|item| {
                let text = item.text(cx)?;
                if text.value.trim().is_empty() {
                    item.wrong(
                        cx,
                        format!("an element of `{key}` is empty"),
                        "leave it out",
                    );
                    return None;
                }
                Some(text)
            })
            .collect()
    }

    /// The tables of `[[key]]`.
    pub fn tables(&self, cx: &mut Cx, key: &str, name: &str, known: &[&str]) -> Vec<Table<'t>> {
        let tables = self.tables_unchecked(cx, key, name);
        for table in &tables {
            table.only(cx, known);
        }
        tables
    }

    /// The tables of `[[key]]`, whatever keys they have.
    pub fn tables_unchecked(&self, cx: &mut Cx, key: &str, name: &str) -> Vec<Table<'t>> {
        let Some(item) = self.get(key) else {
            return Vec::new();
        };
        if let Some(map) = item.value.get_ref().as_table() {
            // `[[rule.test]]` above all rules makes a table of its own.
            let mut lists = map.iter().filter(|(_, value)| value.get_ref().is_array());
            if let (Some((inner, _)), true) = (lists.next(), map.len() == 1) {
                let inner = format!("[[{key}.{}]]", inner.get_ref());
                let message = format!("{inner} stands above all {name}");
                item.wrong(
                    cx,
                    message,
                    format!("put it below the {name} that it belongs to"),
                );
                return Vec::new();
            }
            let help = format!("write {name}, with two brackets: there may be several");
            item.wrong(cx, format!("`{key}` is a list of tables"), help);
            return Vec::new();
        }
        item.list(cx, &format!("tables such as {name}"))
            .into_iter()
            .filter_map(|item| item.free_table(cx, name))
            .map(|table| Table {
                name: name.to_owned(),
                ..table
            })
            .collect()
    }
}

/// `a, b and c`, each in backticks.
pub(super) fn listed(words: &[&str]) -> String {
    joined(words, '`', " and ")
}

/// `"a", "b" or "c"`.
pub(super) fn alternatives(words: &[&str]) -> String {
    joined(words, '"', " or ")
}

fn joined(words: &[&str], quote: char, last: &str) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("{quote}{word}{quote}"))
        .collect();
    match quoted.split_last() {
        Some((end, rest)) if !rest.is_empty() => format!("{}{last}{end}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
