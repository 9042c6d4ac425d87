//! The files config was read from, and places in them: byte ranges that people see as line and column.
//!
//! Columns count characters. Nothing here knows TOML; mapping into string literals is in `literal`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::literal;

/// A byte range of one of the files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Which file of [`Sources`].
    pub file: usize,
    /// Where in its text.
    pub span: Range<usize>,
}

impl Place {
    /// Whether all of another place lies in this one.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        self.file == other.file
            && self.span.start <= other.span.start
            && other.span.end <= self.span.end
    }
}

/// A place as people write it; both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character of the line.
    pub column: usize,
}

/// A string of config with the place of its literal, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The string.
    pub value: String,
    /// The literal.
    pub place: Place,
}

/// All files that were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    /// What must not be shown.
    hidden: Vec<Range<usize>>,
}

impl Sources {
    /// Keeps a file; the number is its name from now on.
    pub fn add(&mut self, path: PathBuf, text: String) -> usize {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        self.files.push(File {
            path,
            text,
            lines,
            hidden: Vec::new(),
        });
        self.files.len() - 1
    }

    /// The path as it was found.
    #[must_use]
    pub fn path(&self, file: usize) -> &Path {
        self.files
            .get(file)
            .map_or(Path::new(""), |file| &file.path)
    }

    /// The paths of all files, in the order of reading.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// The whole text of a file.
    #[must_use]
    pub fn text(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| &file.text)
    }

    /// Keeps a place out of every message.
    pub(super) fn hide(&mut self, place: &Place) {
        if let Some(file) = self.files.get_mut(place.file) {
            file.hidden.push(place.span.clone());
        }
    }

    /// What must not be shown of a file.
    pub(super) fn hidden(&self, file: usize) -> &[Range<usize>] {
        self.files.get(file).map_or(&[], |file| &file.hidden)
    }

    /// Line and column of a place's start.
    #[must_use]
    pub fn position(&self, place: &Place) -> Position {
        let line = self.line_of(place.file, place.span.start);
        let range = self.line(place.file, line);
        let text = self.text(place.file);
        let before = text.get(range.start..place.span.start.max(range.start));
        Position {
            line: line + 1,
            column: before.map_or(0, |before| before.chars().count()) + 1,
        }
    }

    /// The number of the line, from 0, that holds a byte.
    pub(super) fn line_of(&self, file: usize, at: usize) -> usize {
        self.files.get(file).map_or(0, |file| {
            file.lines
                .partition_point(|start| *start <= at)
                .saturating_sub(1)
        })
    }

    /// The byte range of a line without its end.
    pub(super) fn line(&self, file: usize, line: usize) -> Range<usize> {
        let Some(file) = self.files.get(file) else {
            return 0..0;
        };
        let start = file.lines.get(line).copied().unwrap_or(file.text.len());
        let end = file.lines.get(line + 1).copied().unwrap_or(file.text.len());
        let text = &file.text[start..end];
        start..start + text.trim_end_matches(['\n', '\r']).len()
    }

    /// The place of a byte range of a string's value, inside its literal.
    #[must_use]
    pub fn inside(&self, text: &Text, span: &Range<usize>) -> Place {
        let place = &text.place;
        let raw = self.text(place.file).get(place.span.clone());
        let span = raw
            .and_then(|raw| literal::map(raw, &text.value, span))
            .map_or(place.span.clone(), |inner| {
                place.span.start + inner.start..place.span.start + inner.end
            });
        Place {
            file: place.file,
            span,
        }
    }
}
