//! A problem as people read it: one line that says it all, the offending line, carets below.
//!
//! Carets stand by display width, so that they are right below Hangul. Secrets, control characters and the
//! far ends of long lines are not shown.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::problem::{Problem, Where};
use super::source::{Place, Sources};
use crate::domain::rule::diagnostic::Level;
use crate::secret::REDACTED;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[1;34m";
const PLAIN: &str = "\x1b[0m";

/// The widest line shown, in columns.
const WIDEST: usize = 140;

/// `file:line:column: what is wrong: what to do [code]`.
pub(super) fn first_line(problem: &Problem, sources: &Sources) -> String {
    let level = match problem.level {
        Level::Error => "",
        Level::Warning => "warning: ",
    };
    let help = problem
        .help
        .as_ref()
        .map_or(String::new(), |help| format!(": {help}"));
    clean(&format!(
        "{}: {level}{}{help} [{}]",
        location(&problem.at, sources),
        problem.message,
        problem.code
    ))
}

fn location(at: &Where, sources: &Sources) -> String {
    match at {
        // What is about a file or folder as a whole is told at its beginning.
        Where::Path(path) => format!("{}:1:1", path.display()),
        Where::At(place) => {
            let position = sources.position(place);
            let path = sources.path(place.file).display();
            format!("{path}:{}:{}", position.line, position.column)
        }
    }
}

/// No control or direction character reaches the terminal.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if is_unsafe(c) { '\u{fffd}' } else { c })
        .collect()
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first line, the offending line with carets, and the other places that matter.
pub(super) fn problem(problem: &Problem, sources: &Sources, color: bool, out: &mut String) {
    let style = |style, text: String| {
        if color {
            format!("{style}{text}{PLAIN}")
        } else {
            text
        }
    };
    let hue = match problem.level {
        Level::Error => RED,
        Level::Warning => YELLOW,
    };
    out.push_str(&style(BOLD, first_line(problem, sources)));
    out.push('\n');
    let Where::At(place) = &problem.at else {
        return;
    };
    let line = sources.line_of(place.file, place.span.start);
    let same_line = |other: &Place| {
        other.file == place.file && sources.line_of(other.file, other.span.start) == line
    };
    let (beside, elsewhere): (Vec<_>, Vec<_>) = problem
        .related
        .iter()
        .partition(|(other, _)| same_line(other));
    let mut marks = vec![(place.span.clone(), "")];
    marks.extend(
        beside
            .iter()
            .map(|(other, label)| (other.span.clone(), label.as_str())),
    );
    let gutter = elsewhere
        .iter()
        .map(|(other, _)| sources.line_of(other.file, other.span.start))
        .chain([line])
        .max()
        .map_or(1, |line| (line + 1).to_string().len());
    snippet(
        sources,
        (place.file, line),
        &marks,
        (gutter, color, hue),
        out,
    );
    for (other, label) in elsewhere {
        let line = sources.line_of(other.file, other.span.start);
        let at = location(&Where::At(other.clone()), sources);
        out.push_str(&format_related(gutter, &clean(&format!("{at}: {label}"))));
        let marks = [(other.span.clone(), "")];
        snippet(
            sources,
            (other.file, line),
            &marks,
            (gutter, color, BLUE),
            out,
        );
    }
    out.push('\n');
}

fn format_related(gutter: usize, text: &str) -> String {
    format!("{:gutter$} = {text}\n", "")
}

/// One line of a file and its carets.
fn snippet(
    sources: &Sources,
    (file, line): (usize, usize),
    marks: &[(Range<usize>, &str)],
    (gutter, color, hue): (usize, bool, &str),
    out: &mut String,
) {
    let range = sources.line(file, line);
    let shown = Shown::new(sources, file, range.clone());
    let columns: Vec<Range<usize>> = marks.iter().map(|(span, _)| shown.columns(span)).collect();
    let first = columns.first().cloned().unwrap_or(0..1);
    let window = shown.window(first.start);
    let (text, shift) = shown.text(&window);
    let mut carets: Vec<char> = Vec::new();
    for column in &columns {
        if column.start < window.start || column.start > window.end {
            continue;
        }
        let start = column.start - window.start + shift;
        let end = (column.end.min(window.end) + shift)
            .saturating_sub(window.start)
            .max(start + 1);
        carets.resize(carets.len().max(end), ' ');
        carets[start..end].fill('^');
    }
    let mut carets: String = carets.into_iter().collect();
    if let Some((_, label)) = marks.iter().rev().find(|(_, label)| !label.is_empty()) {
        carets.push(' ');
        carets.push_str(label);
    }
    let (on, off) = if color { (hue, PLAIN) } else { ("", "") };
    let number = line + 1;
    let blank = " ".repeat(gutter);
    let shown = format!("{blank} |\n{number:>gutter$} | {text}\n{blank} | {on}{carets}{off}\n");
    out.push_str(&shown);
}

/// A line as it may be shown: pieces with the byte they stand for and their width.
struct Shown {
    pieces: Vec<(usize, String, usize)>,
    end: usize,
}

impl Shown {
    fn new(sources: &Sources, file: usize, range: Range<usize>) -> Self {
        let text = &sources.text(file)[range.clone()];
        let secret_from = secret_value(text).map(|at| range.start + at);
        let known = sources.hidden(file);
        let is_hidden = |at: usize| known.iter().any(|span| span.contains(&at));
        let anything_known = known
            .iter()
            .any(|span| span.start < range.end && range.start < span.end);
        let mut pieces = Vec::new();
        let mut in_secret = false;
        let mut column = 0;
        for (offset, c) in text.char_indices() {
            let at = range.start + offset;
            let hidden =
                is_hidden(at) || !anything_known && secret_from.is_some_and(|from| at >= from);
            let piece = match c {
                _ if hidden && in_secret => String::new(),
                _ if hidden => REDACTED.to_owned(),
                '\t' => " ".repeat(4 - column % 4),
                c if is_unsafe(c) => '\u{fffd}'.to_string(),
                c => c.to_string(),
            };
            in_secret = hidden;
            let width = piece.chars().map(|c| c.width().unwrap_or(0)).sum();
            column += width;
            pieces.push((at, piece, width));
        }
        Self {
            pieces,
            end: range.end,
        }
    }

    /// The display columns of a byte range; what goes on in other lines is left out.
    fn columns(&self, span: &Range<usize>) -> Range<usize> {
        let width_before = |at: usize| -> usize {
            self.pieces
                .iter()
                .take_while(|(start, ..)| *start < at)
                .map(|(_, _, width)| width)
                .sum()
        };
        let start = width_before(span.start.min(self.end));
        start..width_before(span.end.min(self.end)).max(start + 1)
    }

    /// The columns that are shown when `column` must be among them.
    fn window(&self, column: usize) -> Range<usize> {
        let whole: usize = self.pieces.iter().map(|(_, _, width)| width).sum();
        if whole <= WIDEST {
            return 0..whole;
        }
        let start = column.saturating_sub(WIDEST / 2);
        start..(start + WIDEST).min(whole)
    }

    /// The text of the window, and how far it is moved to the right by the mark of what is left out.
    fn text(&self, window: &Range<usize>) -> (String, usize) {
        let mut text = String::new();
        let mut column = 0;
        let mut shift = 0;
        for (_, piece, width) in &self.pieces {
            let inside = column >= window.start && column + width <= window.end;
            if inside {
                text.push_str(piece);
            } else if column < window.start && column + width > window.start {
                shift = column + width - window.start;
            }
            column += width;
        }
        let lead = if window.start > 0 { "… " } else { "" };
        let tail = if window.end < column { " …" } else { "" };
        (
            format!("{lead}{}{text}{tail}", " ".repeat(shift)),
            lead.chars().count(),
        )
    }
}

/// Where the value begins on a line that seems to set a secret, however broken the line is.
fn secret_value(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    [
        "secret",
        "password",
        "passwd",
        "token",
        "authorization",
        "cookie",
        "api_key",
        "apikey",
        "api-key",
    ]
    .iter()
    .filter_map(|name| {
        let at = lower.find(name)? + name.len();
        let equals = lower[at..].find('=')?;
        let between = lower[at..at + equals]
            .trim_matches(|c: char| c.is_alphanumeric() || "\"'_- ".contains(c));
        let value = at + equals + 1;
        let value = value + (lower[value..].len() - lower[value..].trim_start().len());
        (between.is_empty() && !is_reference(&lower[value..])).then_some(value)
    })
    .min()
}

/// `{ file = … }` and its like name a secret without holding it; `[[` and numbers hold none.
fn is_reference(value: &str) -> bool {
    let inner = value.trim_start_matches('{').trim_start();
    value.starts_with('{')
        && ["file", "env", "credential"]
            .iter()
            .any(|name| inner.starts_with(name))
}
