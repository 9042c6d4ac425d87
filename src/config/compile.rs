//! The definitions compiled, so that what only the engine sees is told with everything else.
//!
//! What receivers want only is compiled too, as rules that bear the receivers' ids.

use super::draft::Draft;
use super::places::{Places, at_text};
use super::reader::Cx;
use crate::domain::matching::{Place, Problem, RuleSet};
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
    let (rules, found) = RuleSet::compile(&definitions);
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
    for problem in &found {
        // What only a receiver uses is used.
        let used = problem.diagnostic.code == UNUSED
            && !wanted.rules.is_empty()
            && !found_only.contains(problem);
        if !used && !names_broken(draft, &definitions, problem) {
            let problem = places.locate(&cx.sources, problem);
            cx.push(problem);
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

/// True when a name is unknown only because its table has a mistake, which was told.
fn names_broken(draft: &Draft, definitions: &Definitions, problem: &Problem) -> bool {
    let text = match problem.place {
        Place::RuleQuery(index) => definitions.rules.get(index).map(|rule| &rule.query),
        Place::MacroQuery(index) => definitions.macros.get(index).map(|found| &found.query),
        Place::EntityContext(index) => definitions
            .entities
            .get(index)
            .and_then(|entity| entity.context.as_ref()),
        Place::EntityAlias(..) => None,
    };
    let name = text
        .and_then(|text| text.get(problem.diagnostic.span.clone()))
        .unwrap_or_default();
    match problem.diagnostic.code {
        "E30" => draft.is_broken("entity", name.trim_start_matches('@')),
        "E31" => draft.any_broken("entity"),
        "E32" => draft.is_broken("macro", name.trim_start_matches('$')),
        "E34" => draft.any_broken("feed"),
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
