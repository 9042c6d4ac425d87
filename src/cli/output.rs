//! Where results go: stdout, as people or programs want them.
//!
//! Logs and diagnostics go to stderr and are not this file's business.

use std::io::{BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

use super::args::{ColorWhen, Format, Global};
use super::exit::Failure;

/// Stdout with a format.
pub struct Output {
    format: Format,
    asked: bool,
    /// Rows are being written into one object; whether there was one yet.
    list: Option<bool>,
    out: BufWriter<Stdout>,
}

impl Output {
    /// The output that `global` asks for; rows go out as jsonl in a pipe.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let format = global.format.unwrap_or(if terminal {
            Format::Human
        } else {
            Format::Jsonl
        });
        Self {
            format,
            asked: global.format.is_some(),
            list: None,
            out: BufWriter::new(std::io::stdout()),
        }
    }

    /// Whether results are for people.
    #[must_use]
    pub fn is_human(&self) -> bool {
        self.format == Format::Human
    }

    /// Whether a result that is no row is for people: wherever no other format was asked for.
    #[must_use]
    pub fn is_human_unless_asked(&self) -> bool {
        !self.asked || self.is_human()
    }

    /// Whether one object was asked for in so many words.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints a line as it is.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{text}").map_err(Failure::from)
    }

    /// Tells people something beside the results, on stderr.
    #[expect(
        clippy::print_stderr,
        reason = "remarks of a command go to stderr, results to stdout"
    )]
    pub fn note(text: &str) {
        eprintln!("note: {}", neutral(text));
    }

    /// Prints `value` as one line of JSON.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, value)
            .map_err(|error| Failure::from(std::io::Error::from(error)))?;
        self.line("")
    }

    /// Prints rows: one JSON object each, or with `--format json` one object whose `name` is the list.
    pub fn rows<T: Serialize>(&mut self, name: &str, rows: &[T]) -> Result<(), Failure> {
        if self.format == Format::Json {
            return self.json(&serde_json::json!({ name: rows }));
        }
        rows.iter().try_for_each(|row| self.json(row))
    }

    /// Rows that come one at a time begin here: with `--format json` they become the list `name` of one object.
    pub fn begin_rows(&mut self, name: &str) -> Result<(), Failure> {
        if self.format == Format::Json {
            self.list = Some(false);
            write!(self.out, "{{{}:[", serde_json::Value::from(name))?;
        }
        Ok(())
    }

    /// One of those rows.
    pub fn row(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let Some(is_later) = self.list.replace(true) else {
            self.list = None;
            return self.json(value);
        };
        if is_later {
            write!(self.out, ",")?;
        }
        serde_json::to_writer(&mut self.out, value)
            .map_err(|error| Failure::from(std::io::Error::from(error)))
    }

    /// The rows end here.
    pub fn end_rows(&mut self) -> Result<(), Failure> {
        match self.list.take() {
            Some(_) => self.line("]}"),
            None => Ok(()),
        }
    }

    /// Prints a table: columns as wide as their widest cell, the last one open.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        use unicode_width::UnicodeWidthStr as _;
        let mut widths: Vec<usize> = head.iter().map(|cell| cell.width()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
        for row in std::iter::once(&head).chain(rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
            }
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// Writes out what is buffered.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::from)
    }
}

/// Whether a stream is coloured: `NO_COLOR` and `TERM=dumb` are honoured by `auto`.
#[must_use]
pub fn wants_color(when: ColorWhen, terminal: bool) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => {
            terminal
                && super::environment::env("NO_COLOR").is_none()
                && super::environment::env("TERM").as_deref() != Some("dumb")
        }
    }
}

/// Text from feeds as a terminal may see it: control, escape and bidi characters become visible.
#[must_use]
pub fn neutral(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' => ' ',
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}') => '\u{fffd}',
            c => c,
        })
        .collect()
}
