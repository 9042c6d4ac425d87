//! Typed access to parsed TOML, where whatever is wrong becomes a problem with its place.
//!
//! A table is opened with the keys it may have, so that unknown ones are told at once. Getters answer none
//! for what is absent or wrong; the caller fills in the default.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::source::{Place, Sources, Text};
use crate::domain::rule::suggest;
use crate::domain::units;

/// What reading takes along: the files, the environment, what was found wrong.
pub(super) struct Cx<'e> {
    pub sources: Sources,
    pub problems: Vec<Problem>,
    pub env: &'e dyn Fn(&str) -> Option<String>,
    /// The folder that relative paths of the file at hand begin at.
    pub folder: PathBuf,
    /// Files that hold a secret in plain sight.
    pub plain_secrets: BTreeSet<usize>,
    /// Keys without effect that were told already.
    pub told: BTreeSet<&'static str>,
}

impl Cx<'_> {
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Says, once for each kind of key, that it is read and checked and does nothing yet.
    pub fn later(&mut self, key: &'static str, place: Place) {
        if self.told.insert(key) {
            self.push(
                Problem::warning(
                    "C20",
                    place,
                    format!("`{key}` is read and checked, but has no effect in this version"),
                )
                .help("keep it for a later version, or leave it out"),
            );
        }
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
    /// Opens a table and reports the keys it may not have.
    pub fn open(
        cx: &mut Cx,
        file: usize,
        name: &str,
        span: Range<usize>,
        map: &'t DeTable<'t>,
        known: &[&str],
    ) -> Self {
        let table = Self {
            file,
            name: name.to_owned(),
            span,
            map,
        };
        table.only(cx, known);
        table
    }

    /// Reports the keys that are not among `known`.
    pub fn only(&self, cx: &mut Cx, known: &[&str]) {
        for (key, value) in self.map {
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown(cx, key.get_ref(), key.span(), value.get_ref(), known);
            }
        }
    }

    fn unknown(&self, cx: &mut Cx, key: &str, span: Range<usize>, value: &DeValue, known: &[&str]) {
        let what = if value.is_table() { "table" } else { "key" };
        let help = suggest::nearest(key, known.iter().copied()).map_or_else(
            || format!("{} takes {}", self.name, listed(known)),
            |near| format!("did you mean `{near}`?"),
        );
        let place = self.place_of(span);
        cx.push(
            Problem::error("C01", place, format!("{} has no {what} `{key}`", self.name)).help(help),
        );
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

    /// A list of texts; one text alone is a list of one.
    pub fn texts(&self, cx: &mut Cx, key: &str) -> Vec<Text> {
        let Some(item) = self.get(key) else {
            return Vec::new();
        };
        if item.value.get_ref().is_str() {
            return item.text(cx).into_iter().collect();
        }
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
        if item.value.get_ref().is_table() {
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

impl<'t> Item<'t> {
    /// The value.
    pub fn place(&self) -> Place {
        Place {
            file: self.file,
            span: self.value.span(),
        }
    }

    /// The key.
    pub fn key_place(&self) -> Place {
        Place {
            file: self.file,
            span: self.key_span.clone(),
        }
    }

    pub fn wrong(&self, cx: &mut Cx, message: impl Into<String>, help: impl Into<String>) {
        cx.push(Problem::error("C04", self.place(), message).help(help));
    }

    pub fn wrong_type(&self, cx: &mut Cx, wanted: &str) {
        let given = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        cx.push(
            Problem::error("C03", self.place(), format!("`{}` is {given}", self.key))
                .help(format!("write {wanted}")),
        );
    }

    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    pub fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    pub fn is_integer(&self) -> bool {
        self.value.get_ref().is_integer()
    }

    pub fn text(&self, cx: &mut Cx) -> Option<Text> {
        let Some(value) = self.value.get_ref().as_str() else {
            self.wrong_type(cx, "a text between quotes");
            return None;
        };
        Some(Text {
            value: value.to_owned(),
            place: self.place(),
        })
    }

    pub fn integer(&self, cx: &mut Cx, range: RangeInclusive<u32>) -> Option<u32> {
        let Some(number) = self.value.get_ref().as_integer() else {
            self.wrong_type(
                cx,
                &format!("a whole number from {} to {}", range.start(), range.end()),
            );
            return None;
        };
        let value = u32::from_str_radix(number.as_str(), number.radix()).ok();
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            let message = format!("`{}` is out of range", self.key);
            self.wrong(
                cx,
                message,
                format!(
                    "write a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
            );
        }
        value
    }

    /// A text that `read` understands; its error says what was expected after the first colon and space.
    pub fn parsed<T>(
        &self,
        cx: &mut Cx,
        wanted: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value.get_ref();
        let zero = value
            .as_integer()
            .is_some_and(|number| number.as_str() == "0");
        let Some(text) = value.as_str().or(zero.then_some("0")) else {
            self.wrong_type(cx, wanted);
            return None;
        };
        match read(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let (message, help) = error.rsplit_once(": ").unwrap_or((&error, ""));
                let help = if help.is_empty() {
                    format!("write {wanted}")
                } else {
                    help.to_owned()
                };
                self.wrong(cx, message, help);
                None
            }
        }
    }

    pub fn duration(&self, cx: &mut Cx) -> Option<Duration> {
        self.parsed(
            cx,
            "a duration such as \"90s\", \"15m\", \"6h\" or \"7d\"",
            units::parse_duration,
        )
    }

    pub fn one_of<T>(
        &self,
        cx: &mut Cx,
        words: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(cx)?;
        let found = read(&text.value);
        if found.is_none() {
            let help = suggest::nearest(&text.value, words.iter().copied()).map_or_else(
                || format!("write {}", alternatives(words)),
                |near| format!("did you mean \"{near}\"?"),
            );
            self.wrong(
                cx,
                format!("`{}` cannot be \"{}\"", self.key, text.value),
                help,
            );
        }
        found
    }

    pub fn list(&self, cx: &mut Cx, wanted: &str) -> Vec<Item<'t>> {
        let Some(array) = self.value.get_ref().as_array() else {
            self.wrong_type(cx, wanted);
            return Vec::new();
        };
        array
            .iter()
            .map(|value| Item {
                file: self.file,
                key: self.key.clone(),
                key_span: self.key_span.clone(),
                value,
            })
            .collect()
    }

    pub fn table(&self, cx: &mut Cx, name: &str, known: &[&str]) -> Option<Table<'t>> {
        let Some(map) = self.value.get_ref().as_table() else {
            self.wrong_type(cx, &format!("a table with {}", listed(known)));
            return None;
        };
        Some(Table::open(
            cx,
            self.file,
            name,
            self.value.span(),
            map,
            known,
        ))
    }

    /// A table whose keys are free.
    pub fn free_table(&self, cx: &mut Cx, wanted: &str) -> Option<Table<'t>> {
        let Some(map) = self.value.get_ref().as_table() else {
            self.wrong_type(cx, wanted);
            return None;
        };
        Some(Table {
            file: self.file,
            name: self.key.clone(),
            span: self.value.span(),
            map,
        })
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
