//! Where the texts of the definitions stand in the files, so that what is found wrong later can be shown there.

use std::ops::Range;

use super::problem::Problem;
use super::source::{Place, Sources, Text};
use super::tables::entities::EntityPlaces;
use super::tables::receivers::ReceiverPlaces;
use super::tables::rules::RulePlaces;
use crate::domain::matching;
use crate::domain::rule::diagnostic::{Diagnostic, Level};

/// The places of a config's definitions, by their index.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub(super) rules: Vec<RulePlaces>,
    pub(super) macros: Vec<Text>,
    pub(super) entities: Vec<EntityPlaces>,
    pub(super) receivers: Vec<ReceiverPlaces>,
}

impl Places {
    /// A problem of the compiled definitions at its place in the files.
    #[must_use]
    pub fn locate(&self, sources: &Sources, problem: &matching::Problem) -> Problem {
        let text = match problem.place {
            matching::Place::RuleQuery(rule) => self.rules.get(rule).map(|rule| &rule.query),
            matching::Place::MacroQuery(index) => self.macros.get(index),
            matching::Place::EntityContext(entity) => self
                .entities
                .get(entity)
                .and_then(|entity| entity.context.as_ref()),
            matching::Place::EntityAlias(entity, list, element) => self
                .entities
                .get(entity)
                .and_then(|entity| entity.name(list, element)),
        };
        let nowhere = Text {
            value: String::new(),
            place: Place {
                file: usize::MAX,
                span: 0..0,
            },
        };
        at_text(sources, text.unwrap_or(&nowhere), &problem.diagnostic)
    }

    /// Where the `id` of a rule stands.
    #[must_use]
    pub fn rule(&self, rule: usize) -> Option<&Place> {
        self.rules.get(rule).map(|rule| &rule.id)
    }

    /// Where a `[[rule.test]]` stands.
    #[must_use]
    pub fn rule_test(&self, rule: usize, test: usize) -> Option<&Place> {
        self.rules.get(rule)?.tests.get(test)
    }

    /// Whether a place lies in a name of an entity, or in its context.
    #[must_use]
    pub fn is_of_entity(&self, place: &Place) -> bool {
        self.entities.iter().any(|entity| entity.holds(place))
    }

    /// Where the `id` of an entity stands.
    #[must_use]
    pub fn entity(&self, entity: usize) -> Option<&Place> {
        self.entities.get(entity).map(|entity| &entity.id)
    }

    /// Where a key of a receiver stands, or the receiver where it has no such key.
    #[must_use]
    pub fn receiver(&self, receiver: usize, key: &str) -> Option<&Place> {
        let places = self.receivers.get(receiver)?;
        Some(places.keys.get(key).unwrap_or(&places.table))
    }
}

/// A diagnostic of a text at its place in the files.
pub(super) fn at_text(sources: &Sources, text: &Text, diagnostic: &Diagnostic) -> Problem {
    let place = |span: &Range<usize>| sources.inside(text, span);
    let problem = match diagnostic.level {
        Level::Error => Problem::error(
            diagnostic.code,
            place(&diagnostic.span),
            &*diagnostic.message,
        ),
        Level::Warning => Problem::warning(
            diagnostic.code,
            place(&diagnostic.span),
            &*diagnostic.message,
        ),
    };
    let problem = match &diagnostic.help {
        Some(help) => problem.help(&**help),
        None => problem,
    };
    diagnostic
        .related
        .iter()
        .fold(problem, |problem, (span, label)| {
            problem.related(place(span), &**label)
        })
}
