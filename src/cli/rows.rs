//! Entries as jsonl rows: read for `match` and `rules test`, one at a time, whatever else a row holds.
//!
//! A row needs a title or a body. Without `id` its line number is used, without `language` it is detected,
//! without `feed` it passes every feed filter.

use std::io::BufRead;
use std::path::Path;

use serde_json::{Map, Value};

use super::exit::Failure;
use crate::config::Config;
use crate::domain::entry::language;
use crate::domain::feed::Feed;
use crate::domain::matching::Subject;

/// Longest line that is read: an entry with a very long body, not an endless stream.
const LONGEST_LINE: u64 = 16 << 20;

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// `id`, or the line number.
    pub id: String,
    /// `title`.
    pub title: String,
    /// `body`.
    pub body: String,
    /// `full_text`.
    pub full_text: Option<String>,
    /// `url`.
    pub url: Option<String>,
    /// `feed`.
    pub feed: Option<String>,
    /// Its title, where config names one.
    pub feed_title: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `language`, or what was detected.
    pub language: Option<String>,
    /// `authors`.
    pub authors: Vec<String>,
    /// `categories`.
    pub categories: Vec<String>,
    /// Keys that mean nothing here, kept for the output.
    pub rest: Map<String, Value>,
}

/// Keys of an entry that are read or are known to be of no use in a result line.
const ENTRY_KEYS: [&str; 7] = [
    "guid",
    "feed_url",
    "published",
    "updated",
    "first_seen",
    "body_html",
    "enclosures",
];

impl Row {
    /// Reads one line of a file; `line` is its number, from 1. No language is detected: that takes longer than all else.
    pub fn parse(text: &str, line: usize) -> Result<Self, String> {
        Self::read(text, line).map_err(|error| format!("line {line}: {error}"))
    }

    /// The same, for who says the place himself.
    pub fn read(text: &str, line: usize) -> Result<Self, String> {
        let Value::Object(mut map) = serde_json::from_str(text).map_err(|error| {
            format!("not JSON: {error}: a line is an object such as {{\"title\": \"…\"}}")
        })?
        else {
            return Err("not a JSON object".to_owned());
        };
        Ok(Self {
            id: id(&mut map, line)?,
            title: text_of(&mut map, "title")?.unwrap_or_default(),
            body: text_of(&mut map, "body")?.unwrap_or_default(),
            full_text: text_of(&mut map, "full_text")?,
            url: text_of(&mut map, "url")?,
            feed: text_of(&mut map, "feed")?,
            feed_title: None,
            tags: texts_of(&mut map, "tags")?,
            language: text_of(&mut map, "language")?,
            authors: texts_of(&mut map, "authors")?,
            categories: texts_of(&mut map, "categories")?,
            rest: map
                .into_iter()
                .filter(|(key, _)| !ENTRY_KEYS.contains(&key.as_str()))
                .collect(),
        })
    }

    /// The same with its language detected where none is given.
    #[must_use]
    pub fn with_language(mut self) -> Self {
        if self.language.is_none() {
            let text = format!("{}\n{}", self.title, self.body);
            self.language = language::detect(&text).map(|(language, _)| language);
        }
        self
    }

    /// The same with what config says of its feed, where the row names one: its title, and its tags unless the row brings
    /// some.
    #[must_use]
    pub fn with_feed(mut self, config: &Config) -> Self {
        let named = |feed: &&Feed| Some(feed.id.as_str()) == self.feed.as_deref();
        if let Some(feed) = config.feeds.iter().find(named) {
            self.feed_title.clone_from(&feed.title);
            if self.tags.is_empty() {
                self.tags.clone_from(&feed.tags);
            }
        }
        self
    }

    /// The row as the matcher sees it.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            title: &self.title,
            body: &self.body,
            full_text: self.full_text.as_deref(),
            url: self.url.as_deref(),
            authors: &self.authors,
            categories: &self.categories,
            feed: self.feed.as_deref(),
            tags: &self.tags,
            feed_title: self.feed_title.as_deref(),
            language: self.language.as_deref(),
        }
    }
}

/// `id` as text; numbers are accepted, the line number stands in.
fn id(map: &mut Map<String, Value>, line: usize) -> Result<String, String> {
    match map.remove("id") {
        None | Some(Value::Null) => Ok(line.to_string()),
        Some(Value::String(id)) => Ok(id),
        Some(Value::Number(id)) => Ok(id.to_string()),
        Some(_) => Err("`id` is not text".to_owned()),
    }
}

/// A key that holds text or nothing.
fn text_of(map: &mut Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match map.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` is not text")),
    }
}

/// A key that holds a list of texts, one text, or nothing.
fn texts_of(map: &mut Map<String, Value>, key: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{key}` is not a list of texts");
    match map.remove(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(values)) => values
            .into_iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

/// Opens a file, or stdin for `-`.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::BufReader::new(std::io::stdin())));
    }
    let file = std::fs::File::open(path);
    let file =
        file.map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    Ok(Box::new(std::io::BufReader::new(file)))
}

/// Reads the next line that is not blank, with its number; none at the end.
pub fn next_line(input: &mut dyn BufRead, line: &mut usize) -> Result<Option<String>, Failure> {
    loop {
        let mut bytes = Vec::new();
        let read = std::io::Read::take(&mut *input, LONGEST_LINE).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        *line += 1;
        if read as u64 == LONGEST_LINE && bytes.last() != Some(&b'\n') {
            return Err(Failure::new(format!(
                "line {line}: longer than {} MiB",
                LONGEST_LINE >> 20
            )));
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            return Ok(Some(text.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_what_it_does_not_know() {
        let row = Row::parse(
            r#"{"title":"T","body":"B","note":7,"guid":"g","tags":["wire"],"language":"ko"}"#,
            3,
        )
        .unwrap();
        assert_eq!(
            (row.id.as_str(), row.title.as_str(), row.body.as_str()),
            ("3", "T", "B")
        );
        assert_eq!(row.tags, ["wire"]);
        assert_eq!(row.rest.keys().collect::<Vec<_>>(), ["note"]);
        assert_eq!(row.subject().feed, None);
    }

    #[test]
    fn a_wrong_row_is_named_by_its_line() {
        for (text, expected) in [
            ("[1]", "line 2: not a JSON object"),
            (r#"{"title":1}"#, "line 2: `title` is not text"),
            (r#"{"id":[]}"#, "line 2: `id` is not text"),
            (
                r#"{"authors":{}}"#,
                "line 2: `authors` is not a list of texts",
            ),
        ] {
            assert_eq!(Row::parse(text, 2).unwrap_err(), expected);
        }
        assert!(
            Row::parse("{", 2)
                .unwrap_err()
                .starts_with("line 2: not JSON")
        );
    }

    #[test]
    fn lines_are_counted_and_blank_ones_skipped() {
        let mut input = std::io::Cursor::new("\u{feff}{}\n\n  \nlast".as_bytes());
        let mut line = 0;
        assert_eq!(
            next_line(&mut input, &mut line).unwrap().as_deref(),
            Some("{}")
        );
        assert_eq!(
            next_line(&mut input, &mut line).unwrap().as_deref(),
            Some("last")
        );
        assert_eq!(line, 4);
        assert_eq!(next_line(&mut input, &mut line).unwrap(), None);
    }
}
