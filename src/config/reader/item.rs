//! The getters of one value: its type, its range, its spelling.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::{Cx, Item, Table, alternatives, listed};
use crate::config::problem::Problem;
use crate::config::source::{Place, Text};
use crate::domain::rule::suggest;
use crate::domain::units;

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
        if !self.is_text() {
            self.wrong_type(cx, &alternatives(words));
            return None;
        }
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
        let table = Table {
            file: self.file,
            name: name.to_owned(),
            span: self.value.span(),
            map,
        };
        table.only(cx, known);
        Some(table)
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
