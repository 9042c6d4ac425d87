//! Problems of a text that stands in no file: a query of the command line.

use std::path::PathBuf;
use std::sync::Arc;

use super::problem::{Problem, Problems};
use super::source::{Place, Sources};
use crate::domain::rule::diagnostic::{Diagnostic, Level};

/// The diagnostics of `query`, shown like those of a file named `query`.
pub fn query_problems(query: &str, diagnostics: impl IntoIterator<Item = Diagnostic>) -> Problems {
    let mut sources = Sources::default();
    let file = sources.add(PathBuf::from("query"), query.to_owned());
    let problems = diagnostics.into_iter().map(|diagnostic| {
        let place = |span: &std::ops::Range<usize>| Place {
            file,
            span: span.clone(),
        };
        let mut problem = Problem::of_diagnostic(place(&diagnostic.span), &diagnostic);
        problem.related = diagnostic
            .related
            .iter()
            .map(|(span, label)| (place(span), label.clone()))
            .collect();
        problem
    });
    Problems::new(problems.collect(), Arc::new(sources))
}

impl Problem {
    /// A diagnostic of a text at `place` as a whole.
    #[must_use]
    pub fn of_diagnostic(place: Place, diagnostic: &Diagnostic) -> Self {
        let problem = match diagnostic.level {
            Level::Error => Self::error(diagnostic.code, place, diagnostic.message.clone()),
            Level::Warning => Self::warning(diagnostic.code, place, diagnostic.message.clone()),
        };
        Self {
            help: diagnostic.help.clone(),
            ..problem
        }
    }
}
