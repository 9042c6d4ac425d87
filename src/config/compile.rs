//! The definitions compiled, so that what only the engine sees is told with everything else.
//!
//! What receivers want only is compiled too, as rules that bear the receivers' ids.

use super::draft::Draft;
use super::places::{Places, at_text};
use super::problem::{Problem as Told, Where};
use super::reader::Cx;
use crate::domain::matching::{Place, Problem, RuleSet};
use crate::domain::rule::diagnostic::{Diagnostic, Level};
use crate::domain::rule::{Definitions, Rule};

/// The definitions, where they stand, and what the engine made of them.
pub(super) struct Compiled {
    pub definitions: Definitions,
    pub places: Places,
    pub rules: RuleSet,
    pub only: RuleSet,
}

/// An entity, class or macro that nothing uses.
const UNUSED: &str = "W08";

/// Two rules that ask the same: of receivers' wishes that is nothing odd.
const SAME: &str = "W26";

/// Compiles, and reports what is wrong at its place in the files.
pub(super) fn compile(cx: &mut Cx, draft: &mut Draft) -> Compiled {
    let (definitions, places) = draft.definitions();
    let (rules, mut found) = RuleSet::compile(&definitions);
    if definitions.feeds.is_empty() {
        found.extend(RuleSet::feeds_of_none(&definitions));
    }
    let wanted = Definitions {
        rules: draft
            .receivers
            .iter()
            .filter_map(|(receiver, _)| {
                Some(Rule::of_query(
                    receiver.id.as_str(),
                    receiver.only.as_deref()?,
                ))
            })
            .collect(),
        ..definitions.clone()
    };
    let (only, mut found_only) = if wanted.rules.is_empty() {
        RuleSet::compile(&Definitions::default())
    } else {
        RuleSet::compile(&wanted)
    };
    if wanted.feeds.is_empty() {
        found_only.extend(RuleSet::feeds_of_none(&wanted));
    }
    for problem in &found {
        // What only a receiver uses is used.
        let used = problem.diagnostic.code == UNUSED
            && !wanted.rules.is_empty()
            && !found_only.contains(problem);
        if !used && !names_broken(draft, &definitions, problem) {
            let both = both_places(cx, &places, &definitions, problem);
            cx.push(both);
        }
    }
    found_only.retain(|problem| {
        problem.diagnostic.code != SAME && !names_broken(draft, &wanted, problem)
    });
    of_receivers(cx, &places, &found_only);
    Compiled {
        definitions,
        places,
        rules,
        only,
    }
}

/// A problem at its place; an error on account of a macro also at the other place: its use, or its definition (MAT-66).
fn both_places(cx: &Cx, places: &Places, definitions: &Definitions, problem: &Problem) -> Told {
    let told = places.locate(&cx.sources, problem);
    if problem.diagnostic.level != Level::Error {
        return told;
    }
    let at = |place, span| {
        let there = Problem {
            place,
            diagnostic: Diagnostic::error(problem.diagnostic.code, span, ""),
        };
        match places.locate(&cx.sources, &there).at {
            Where::At(place) => Some(place),
            Where::Path(_) => None,
        }
    };
    let other = if let Place::MacroQuery(index) = problem.place {
        let id = definitions.macros.get(index).map(|one| one.id.as_str());
        let used = id.and_then(|id| RuleSet::use_of_macro(definitions, id));
        used.and_then(|(place, span)| Some((at(place, span)?, "used here")))
    } else {
        let text = text_of(definitions, problem.place);
        let name = text.and_then(|text| text.get(problem.diagnostic.span.clone()));
        let index = name.and_then(|name| name.strip_prefix('$')).and_then(|id| {
            let mut macros = definitions.macros.iter();
            macros.position(|one| one.id == id)
        });
        index.and_then(|index| {
            let whole = 0..definitions.macros[index].query.len();
            Some((at(Place::MacroQuery(index), whole)?, "defined here"))
        })
    };
    match other {
        Some((place, label)) => told.related(place, label),
        None => told,
    }
}

/// The text that a place is in; none for names.
fn text_of(definitions: &Definitions, place: Place) -> Option<&str> {
    match place {
        Place::RuleQuery(index) => definitions.rules.get(index).map(|rule| &*rule.query),
        Place::MacroQuery(index) => definitions.macros.get(index).map(|found| &*found.query),
        Place::EntityContext(index) => definitions.entities.get(index)?.context.as_deref(),
        Place::EntityAlias(..) => None,
    }
}

/// True when a name is unknown only because its table has a mistake, which was told.
fn names_broken(draft: &Draft, definitions: &Definitions, problem: &Problem) -> bool {
    let text = text_of(definitions, problem.place);
    let name = text
        .and_then(|text| text.get(problem.diagnostic.span.clone()))
        .unwrap_or_default();
    match problem.diagnostic.code {
        "E30" => draft.is_broken("entity", name.trim_start_matches('@')),
        "E31" => draft.any_broken("entity"),
        "E32" => draft.is_broken("macro", name.trim_start_matches('$')),
        "E34" => draft.any_broken("feed"),
        UNUSED => draft.is_cut,
        _ => false,
    }
}

/// Reports what is wrong with the queries of receivers; the rest was told.
fn of_receivers(cx: &mut Cx, places: &Places, found: &[Problem]) {
    let texts: Vec<_> = places
        .receivers
        .iter()
        .filter_map(|places| places.only.as_ref())
        .collect();
    for problem in found {
        if let Place::RuleQuery(index) = problem.place
            && let Some(text) = texts.get(index)
        {
            let problem = at_text(&cx.sources, text, &problem.diagnostic);
            cx.push(problem);
        }
    }
}
