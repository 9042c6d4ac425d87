//! What is wrong with config, file by file, as values; how it looks on a terminal is in `render`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::places::Places;
use super::render;
use super::source::{Place, Sources};
use crate::domain::matching;
use crate::domain::rule::diagnostic::Level;

/// The most problems that are told one by one.
const TOLD: usize = 200;

/// One problem of config.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Errors keep config from being used; warnings do not.
    pub level: Level,
    /// Stable, listed in the docs.
    pub code: &'static str,
    /// Where.
    pub at: Where,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that matter.
    pub related: Vec<(Place, String)>,
}

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In a file or folder as a whole.
    Path(PathBuf),
    /// At a place of a file.
    At(Place),
}

impl Problem {
    /// An error at a place.
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            at: Where::At(place),
            message: message.into(),
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(code, place, message)
        }
    }

    /// An error about a file as a whole.
    pub fn file(code: &'static str, path: PathBuf, message: impl Into<String>) -> Self {
        let place = Place {
            file: 0,
            span: 0..0,
        };
        Self {
            at: Where::Path(path),
            ..Self::error(code, place, message)
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.level = Level::Warning;
        self
    }

    /// By file and place, then what is about whole files.
    fn order(&self) -> (Option<&Path>, usize, usize, Level, &'static str) {
        match &self.at {
            Where::Path(path) => (Some(path), 0, 0, self.level, self.code),
            Where::At(place) => (None, place.file, place.span.start, self.level, self.code),
        }
    }

    /// The same with what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another place.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

/// All problems of one reading of config, with the files they are in.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
    sources: Arc<Sources>,
}

impl Problems {
    /// Sorts by file and place; what is said twice is said once.
    #[must_use]
    pub fn new(mut list: Vec<Problem>, sources: Arc<Sources>) -> Self {
        list.sort_by(|a, b| a.order().cmp(&b.order()));
        list.dedup();
        Self { list, sources }
    }

    /// The same with more problems of the same files.
    #[must_use]
    pub fn with(self, more: impl IntoIterator<Item = Problem>) -> Self {
        let list = self.list.into_iter().chain(more).collect();
        Self::new(list, self.sources)
    }

    /// What was found in the definitions later, at its places in the same files.
    #[must_use]
    pub fn located(&self, places: &Places, found: &[matching::Problem]) -> Self {
        let located = found.iter().map(|one| places.locate(&self.sources, one));
        Self::new(located.collect(), self.sources.clone())
    }

    /// The errors alone.
    #[must_use]
    pub fn without_warnings(mut self) -> Self {
        self.list.retain(|problem| problem.level == Level::Error);
        self
    }

    /// Each problem, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// How many errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.list
            .iter()
            .filter(|problem| problem.level == Level::Error)
            .count()
    }

    /// How many warnings.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.list.len() - self.errors()
    }

    /// True when there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A place as `file:line`.
    #[must_use]
    pub fn at(&self, place: &Place) -> String {
        let line = self.sources.position(place).line;
        format!("{}:{line}", self.sources.path(place.file).display())
    }

    /// The problem as one line: `file:line:column: what is wrong: what to do [code]`.
    #[must_use]
    pub fn line(&self, problem: &Problem) -> String {
        render::first_line(problem, &self.sources)
    }

    /// All problems as text: each with its line of the file and a caret below.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        for problem in self.list.iter().take(TOLD) {
            render::problem(problem, &self.sources, color, &mut out);
        }
        if self.list.len() > TOLD {
            out.push_str(&format_more(self.list.len() - TOLD));
        }
        out
    }

    /// All problems as an array of objects.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.list
            .iter()
            .map(|problem| self.one_json(problem))
            .collect()
    }

    fn one_json(&self, problem: &Problem) -> Value {
        let related: Value = problem
            .related
            .iter()
            .map(|(place, label)| {
                let mut value = self.place_json(place);
                value["label"] = json!(label);
                value
            })
            .collect();
        let mut value = match &problem.at {
            Where::At(place) => self.place_json(place),
            Where::Path(path) => {
                json!({"file": path.display().to_string(), "line": 1, "column": 1})
            }
        };
        value["level"] = json!(match problem.level {
            Level::Error => "error",
            Level::Warning => "warning",
        });
        value["code"] = json!(problem.code);
        value["message"] = json!(problem.message);
        value["help"] = json!(problem.help);
        value["related"] = related;
        value
    }

    fn place_json(&self, place: &Place) -> Value {
        let start = self.sources.position(place);
        json!({
            "file": self.sources.path(place.file).display().to_string(),
            "line": start.line,
            "column": start.column,
        })
    }
}

fn format_more(count: usize) -> String {
    format!("… and {count} more\n")
}
