//! What is wrong with a text, and where: the same value for queries, entities and config files.
//!
//! Spans are byte ranges of the text at hand. Turning them into `file:line:column` is config's business.

use std::ops::Range;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Legal, and probably not what was meant.
    Warning,
    /// Cannot be used.
    Error,
}

/// One problem of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// A stable code for warnings (`W02`) and errors (`E07`), listed in docs/rules.md.
    pub code: &'static str,
    /// Byte range of the text it is about; empty at the end of the text when something is missing.
    pub span: Range<usize>,
    /// What is wrong: a fragment without a full stop.
    pub message: String,
    /// What to do, where that is known.
    pub help: Option<String>,
    /// Other places that matter, each with a label: the open parenthesis, the first definition.
    pub related: Vec<(Range<usize>, String)>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            span,
            message: message.into(),
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// The same with a repair.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another place that matters.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }
}

/// How many errors, and how many warnings, of one text are kept.
const KEPT: usize = 20;

/// The problems of one text as they are found; beyond 20 of a level they are dropped.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Findings {
    /// Keeps `diagnostic`, unless there are enough of its level.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let count = match diagnostic.level {
            Level::Error => &mut self.errors,
            Level::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= KEPT {
            self.list.push(diagnostic);
        }
    }

    /// True when something cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// True when something of a level was said of this very place.
    pub(super) fn has_told(&self, level: Level, span: &Range<usize>) -> bool {
        let mut list = self.list.iter();
        list.any(|found| found.level == level && found.span == *span)
    }

    /// True when a sign or an operator that is not of this language was told of at this place or around it.
    pub(super) fn is_foreign(&self, span: &Range<usize>) -> bool {
        self.list.iter().any(|found| {
            found.code == "W22" && found.span.start <= span.start && span.end <= found.span.end
        })
    }

    /// True when commas around this place were told of already, as those of `[a, b]`.
    pub(super) fn is_listed(&self, span: &Range<usize>) -> bool {
        self.list.iter().any(|found| {
            found.code == "E16" && found.span.start <= span.start && span.end <= found.span.end
        })
    }

    /// True when brackets that group nothing were told of in this place: what they hold is read otherwise than meant.
    pub(super) fn is_grouped(&self, text: &str, span: &Range<usize>) -> bool {
        let is_pair = |range: &Range<usize>| {
            let written = text.get(range.clone()).unwrap_or_default();
            written.contains(char::is_whitespace) && written.starts_with(['[', '{'])
        };
        self.list.iter().any(|found| {
            let meets = found.span.start < span.end && span.start < found.span.end;
            found.code == "W22" && meets && is_pair(&found.span)
        })
    }

    /// All, in the order of the text.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|found| (found.span.start, found.level));
        self.list
    }
}
