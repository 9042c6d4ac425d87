//! What definitions compile to: patterns, expressions, entities, rules and how they are filed.
//!
//! Immutable, but for the filing, which learns. What can be asked of it is in `rule_set`.

use std::hint::black_box;

use regex::Regex;

use super::super::id::{EntityId, RuleId};
use super::super::rule::ast::Field;
use super::super::rule::{ContextWithin, FeedSelector, Severity};
use super::super::short::Short;
use super::Subject;
use super::clause::{Clause, Clauses};
use super::features::Features;
use super::filing::{Counts, Filer};
use super::node::{Expr, NodeId};
use super::postings::Postings;
use super::probe::{is_language, primary_subtag};
use super::scan::Patterns;
use super::sources::Sources;

/// Most clauses whose memory is asked for ahead.
const AHEAD: usize = 256;

/// Rules and entities, compiled.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(super) patterns: Patterns,
    pub(super) exprs: Vec<Expr>,
    /// For each expression whether its occurrences are a plain list.
    pub(super) simple: Vec<bool>,
    pub(super) regexes: Vec<Regex>,
    pub(super) entities: Vec<EntityPlan>,
    /// Members of each class.
    pub(super) classes: Vec<Vec<u32>>,
    pub(super) class_names: Vec<String>,
    pub(super) names: Names,
    pub(super) rules: Vec<RulePlan>,
    pub(super) clauses: Clauses,
    pub(super) sources: Sources,
    /// Texts of leaves as written, each once: what evidence quotes, and what rules have in common.
    pub(super) terms: Vec<Short>,
    pub(super) features: Features,
    pub(super) postings: Postings,
    /// Parts besides title, body and full text that some rule looks at.
    pub(super) parts: u8,
}

/// An entity, compiled.
#[derive(Debug)]
pub(crate) struct EntityPlan {
    pub id: EntityId,
    pub aliases: Vec<AliasPlan>,
    /// Patterns of its names, for filing.
    pub patterns: Vec<u32>,
    /// Patterns of longer names.
    pub not_in: Vec<u32>,
    pub classes: Vec<u32>,
    pub context: Option<NodeId>,
    pub within: ContextWithin,
}

/// A name of an entity.
#[derive(Debug)]
pub(crate) struct AliasPlan {
    pub text: String,
    pub ambiguous: bool,
}

/// A rule, compiled; without a clause it is broken. All that matching reads of one comes from memory at once.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct RulePlan {
    pub id: RuleId,
    pub severity: Severity,
    pub enabled: bool,
    pub clause: Option<Clause>,
    /// Most rules have none.
    pub filters: Option<Box<Filters>>,
}

/// Which entries a rule looks at.
#[derive(Debug)]
pub(crate) struct Filters {
    pub feeds: Vec<FeedSelector>,
    pub languages: Vec<String>,
}

/// Which names each pattern spells: entity and number of the alias.
#[derive(Debug, Default)]
pub(crate) struct Names {
    offsets: Vec<u32>,
    list: Vec<(u32, u32)>,
}

impl Names {
    pub(crate) fn new(patterns: usize, mut pairs: Vec<(u32, (u32, u32))>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let offsets = (0..=patterns)
            .map(|id| {
                super::units::narrow(pairs.partition_point(|(pattern, _)| (*pattern as usize) < id))
            })
            .collect();
        Self {
            offsets,
            list: pairs.into_iter().map(|(_, name)| name).collect(),
        }
    }

    fn memory(&self) -> usize {
        size_of_val(&*self.offsets) + size_of_val(&*self.list)
    }

    pub(crate) fn of(&self, pattern: u32) -> &[(u32, u32)] {
        let at = pattern as usize;
        &self.list[self.offsets[at] as usize..self.offsets[at + 1] as usize]
    }
}

impl Compiled {
    /// Files the rules anew, by how often features were found.
    pub(crate) fn file(&mut self, counts: Option<&Counts>) {
        self.postings = Postings::default();
        self.postings = Postings::new(&Filer { set: self, counts });
    }

    pub(crate) fn expr(&self, node: NodeId) -> &Expr {
        &self.exprs[node as usize]
    }

    pub(crate) fn is_simple(&self, node: NodeId) -> bool {
        self.simple[node as usize]
    }

    pub(crate) fn members(&self, class: u32) -> &[u32] {
        &self.classes[class as usize]
    }

    pub(crate) fn names_of(&self, pattern: u32) -> &[(u32, u32)] {
        self.names.of(pattern)
    }

    /// Whether mentions of two entities compete for a place: the same entity, or a class in common.
    pub(crate) fn compete(&self, one: u32, other: u32) -> bool {
        one == other || {
            let classes = &self.entities[one as usize].classes;
            self.entities[other as usize]
                .classes
                .iter()
                .any(|class| classes.contains(class))
        }
    }

    /// A leaf as written, without brackets around it.
    pub(crate) fn term(&self, clause: &Clause) -> Short {
        let term = clause.term().and_then(|term| self.terms.get(term as usize));
        term.cloned().unwrap_or_default()
    }

    /// Asks for the memory of rules that are about to be evaluated, all at once.
    pub(crate) fn fetch(&self, rules: &[u32]) {
        let plans = rules.iter().map(|rule| &self.rules[*rule as usize]);
        let roots: Vec<NodeId> = plans
            .filter_map(|plan| plan.clause.map(|clause| clause.node))
            .collect();
        let first = |sum, node: &NodeId| sum ^ self.exprs[*node as usize].first();
        black_box(roots.iter().fold(0, first));
        let parts = roots.iter().map(|node| self.exprs[*node as usize].parts());
        black_box(parts.flatten().fold(0, first));
    }

    /// The same for the evidence of rules that hold.
    pub(crate) fn fetch_words(&self, rules: &[u32]) {
        let plans = || rules.iter().map(|rule| &self.rules[*rule as usize]);
        let clauses = || plans().filter_map(|plan| plan.clause.as_ref());
        // Two levels, as far as they are not shared macros: most rules have no more.
        let within = |clause: &Clause| self.clauses.of(clause.parts);
        let parts = || clauses().flat_map(within).take(AHEAD);
        let deeper = || parts().flat_map(within).take(AHEAD);
        let first = |sum, clause: &Clause| sum ^ self.exprs[clause.node as usize].first();
        black_box(parts().fold(0, first));
        black_box(deeper().fold(0, first));
    }

    /// Whether any rule looks at an entry's language.
    pub(crate) fn asks_for_language(&self) -> bool {
        let tests = |expr: &Expr| matches!(expr, Expr::Property(one) if one.field == Field::Lang);
        self.rules.iter().any(|rule| !rule.languages().is_empty()) || self.exprs.iter().any(tests)
    }

    /// Bytes held, as far as they can be counted from here.
    pub(crate) fn memory(&self) -> usize {
        let exprs: usize = self.exprs.iter().map(Expr::memory).sum();
        let rules: usize = self.rules.iter().map(RulePlan::memory).sum();
        let entities: usize = self.entities.iter().map(EntityPlan::memory).sum();
        exprs
            + rules
            + self.clauses.memory()
            + self.sources.memory()
            + size_of_val(&*self.terms)
            + self.terms.iter().map(Short::memory).sum::<usize>()
            + entities
            + self.simple.len()
            + self.patterns.memory()
            + self.names.memory()
            + self.features.memory()
            + self.postings.memory()
    }

    /// A clause as written.
    pub(crate) fn written(&self, clause: &Clause) -> &str {
        &self.sources.get(clause.source)[clause.span()]
    }
}

impl EntityPlan {
    fn memory(&self) -> usize {
        let aliases: usize = self
            .aliases
            .iter()
            .map(|alias| 32 + alias.text.capacity())
            .sum();
        let lists = [&self.patterns, &self.not_in, &self.classes].map(|list| size_of_val(&**list));
        size_of::<Self>() + aliases + lists.iter().sum::<usize>()
    }
}

impl RulePlan {
    fn memory(&self) -> usize {
        let filters = self.filters.as_ref().map_or(0, |filters| {
            let languages = filters.languages.iter().map(|text| 24 + text.capacity());
            size_of::<Filters>() + size_of_val(&*filters.feeds) + languages.sum::<usize>()
        });
        size_of::<Self>() + filters
    }

    fn feeds(&self) -> &[FeedSelector] {
        self.filters.as_ref().map_or(&[], |filters| &filters.feeds)
    }

    /// The languages it looks at; all where none is listed.
    pub(crate) fn languages(&self) -> &[String] {
        self.filters
            .as_ref()
            .map_or(&[], |filters| &filters.languages)
    }

    /// Whether the rule looks at entries of this feed and language.
    pub(crate) fn admits(&self, subject: &Subject<'_>) -> bool {
        self.admits_feed(subject) && self.admits_language(subject)
    }

    /// An entry without a feed passes.
    pub(crate) fn admits_feed(&self, subject: &Subject<'_>) -> bool {
        let Some(feed) = subject.feed else {
            return true;
        };
        let feeds = self.feeds();
        feeds.is_empty()
            || feeds.iter().any(|selector| match selector {
                FeedSelector::Feed(id) => id.as_str() == feed,
                FeedSelector::Tag(tag) => subject.tags.contains(tag),
            })
    }

    /// Primary subtags are compared; an entry of unknown language passes no language filter.
    pub(crate) fn admits_language(&self, subject: &Subject<'_>) -> bool {
        let languages = self.languages();
        languages.is_empty()
            || subject.language.is_some_and(|have| {
                languages
                    .iter()
                    .any(|wanted| is_language(have, primary_subtag(wanted)))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_of_a_rule_comes_from_memory_at_once() {
        assert_eq!(size_of::<RulePlan>(), 64);
        assert_eq!(size_of::<Expr>(), 40);
        assert_eq!(size_of::<Clause>(), 24);
    }
}
