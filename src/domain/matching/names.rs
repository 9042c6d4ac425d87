//! The entities of the definitions, compiled: names, longer names that void them, contexts.
//!
//! What the parts of a name mean as patterns is in `pattern`; what is doubtful about them is said by `check`.

use std::collections::{BTreeSet, HashSet};

use super::super::rule::Entity;
use super::super::rule::diagnostic::Diagnostic;
use super::check;
use super::compile::Compiler;
use super::node::{Expr, NodeId};
use super::pattern::{End, Unfit, term, verbatim, without_question_marks};
use super::probe::small_letters;
use super::query::Query;
use super::set::{AliasPlan, EntityPlan};
use super::units::narrow;
use super::{AliasList, Place};

/// Longest chain of contexts that need other entities' contexts.
const MAX_CONTEXTS: usize = 16;

impl Compiler<'_> {
    pub(super) fn read_entities(&mut self) {
        for (index, entity) in self.definitions.entities.iter().enumerate() {
            let plan = self.entity_plan(index, entity);
            self.entities.push(plan);
            check::blockers(self, index);
            check::silenced(self, index);
        }
        check::shared_names(self);
    }

    fn entity_plan(&mut self, index: usize, entity: &Entity) -> EntityPlan {
        let mut plan = EntityPlan {
            id: entity.id.clone().unwrap_or_else(|| "".into()),
            aliases: Vec::new(),
            patterns: Vec::new(),
            not_in: Vec::new(),
            classes: Vec::new(),
            context: None,
            within: entity.context_within,
        };
        for class in &entity.classes {
            plan.classes.extend(self.class_ids.get(class.as_str()));
        }
        for (list, at, text, exact) in names(entity) {
            let place = Place::EntityAlias(index, list, at);
            let patterns = self.alias(place, text, exact);
            let alias = narrow(plan.aliases.len());
            for pattern in patterns {
                self.names.push((pattern, (narrow(index), alias)));
                plan.patterns.push(pattern);
            }
            plan.aliases.push(AliasPlan {
                text: text.to_owned(),
                ambiguous: is_ambiguous(entity, text, exact),
            });
        }
        for (at, text) in entity.not_in.iter().enumerate() {
            let place = Place::EntityAlias(index, AliasList::NotIn, at);
            let patterns = self.alias(place, text, false);
            plan.not_in.extend(patterns);
        }
        plan
    }

    /// The patterns of a name.
    fn alias(&mut self, place: Place, text: &str, exact: bool) -> Vec<u32> {
        let found = if exact {
            Some(verbatim(text))
                .filter(|found| !found.is_empty())
                .ok_or(Unfit::Empty)
        } else {
            term(&without_question_marks(text), &End::Closed)
        };
        let span = 0..text.len();
        let diagnostic = match found {
            Ok(patterns) => {
                check::written(self, place, text);
                return patterns
                    .into_iter()
                    .map(|pattern| self.pattern(pattern))
                    .collect();
            }
            Err(Unfit::Empty) => Diagnostic::warning(
                "W03",
                span,
                format!("`{text}` holds no letter or digit, so it never matches"),
            )
            .help("leave it out"),
            Err(unfit) => {
                let message = format!(
                    "`{text}`: a wildcard stands behind two letters or digits, at the last word"
                );
                let help = match unfit {
                    Unfit::LeadingWildcard => "write each name in full, without it",
                    _ => "write more of the word before the wildcard",
                };
                Diagnostic::error("E05", span, message).help(help)
            }
        };
        self.report(place, diagnostic);
        Vec::new()
    }

    pub(super) fn read_contexts(&mut self) {
        self.needs = vec![BTreeSet::new(); self.entities.len()];
        for (index, entity) in self.definitions.entities.iter().enumerate() {
            let Some(context) = &entity.context else {
                check::no_context(self, index);
                continue;
            };
            let place = Place::EntityContext(index);
            check::idle_context(self, index, context);
            let source = self.source(context);
            let (tree, broken) = self.parse(place, context);
            let Some(tree) = tree else { continue };
            let mut query = Query::new(self, place, source);
            query.names_only = broken;
            query.early = true;
            let Some(clause) = query.whole_text(&tree).filter(|_| !broken) else {
                continue;
            };
            if !check::context(self, place, &clause) {
                continue;
            }
            self.needs[index] = self.entities_in(clause.node);
            self.entities[index].context = Some(clause.node);
        }
        check::context_cycles(self, MAX_CONTEXTS);
    }

    /// The entities that an expression speaks of, classes taken apart.
    fn entities_in(&self, node: NodeId) -> BTreeSet<u32> {
        let mut out = BTreeSet::new();
        let mut stack = vec![node];
        let mut seen = HashSet::new();
        while let Some(node) = stack.pop() {
            if !seen.insert(node) {
                continue;
            }
            match self.expr(node) {
                Expr::Entity(entity, ..) => {
                    out.insert(*entity);
                }
                Expr::Class(class, ..) => out.extend(&self.members[*class as usize]),
                Expr::Or(parts) | Expr::And(parts) | Expr::Of(_, parts) => stack.extend(parts),
                Expr::Not(inner) | Expr::Count(_, inner) => stack.push(*inner),
                Expr::Near(pair) => stack.extend([pair.left, pair.right]),
                _ => {}
            }
        }
        out
    }
}

/// The names of an entity with the list they stand in, and whether case counts.
///
/// What stands in `exact` keeps its case, also where it is the name or ambiguous; an ambiguous name that stands
/// nowhere else is folded.
fn names(entity: &Entity) -> Vec<(AliasList, usize, &str, bool)> {
    let is_exact = |text: &str| entity.exact.iter().any(|exact| exact == text);
    let mut out = Vec::new();
    if !entity.name.trim().is_empty() && !is_exact(&entity.name) {
        out.push((AliasList::Name, 0, entity.name.as_str(), false));
    }
    for (list, texts, exact) in [
        (AliasList::Aliases, &entity.aliases, false),
        (AliasList::Exact, &entity.exact, true),
    ] {
        out.extend(
            texts
                .iter()
                .enumerate()
                .map(|(at, text)| (list, at, text.as_str(), exact)),
        );
    }
    for (at, text) in entity.ambiguous.iter().enumerate() {
        let known = out.iter().any(|(_, _, other, exact)| {
            if *exact {
                other == text
            } else {
                same(other, text)
            }
        });
        if !known {
            out.push((AliasList::Ambiguous, at, text.as_str(), false));
        }
    }
    out
}

fn is_ambiguous(entity: &Entity, text: &str, exact: bool) -> bool {
    entity.ambiguous.iter().any(|other| {
        if exact {
            other == text
        } else {
            same(other, text)
        }
    })
}

fn same(one: &str, other: &str) -> bool {
    one == other || small_letters(one) == small_letters(other)
}
