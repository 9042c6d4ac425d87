//! The rule set: everything compiled, shared by all who match, and its answers about an entry.
//!
//! Immutable once built by `compile`; a changed definition makes a new set.

use regex::Regex;

use super::super::id::{EntityId, RuleId};
use super::super::rule::{ContextWithin, FeedSelector, Severity};
use super::evaluate::Run;
use super::filing::Postings;
use super::node::{Clause, Expr, NodeId};
use super::probe::is_language;
use super::scan::Patterns;
use super::{Explanation, Match, Mention, Subject};

/// Rules and entities, compiled.
#[derive(Debug)]
pub struct RuleSet {
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
    /// Texts that clauses are written in.
    pub(super) sources: Vec<String>,
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

/// A rule, compiled; without a clause it is broken.
#[derive(Debug)]
pub(crate) struct RulePlan {
    pub id: RuleId,
    pub severity: Severity,
    pub enabled: bool,
    pub clause: Option<Clause>,
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

    pub(crate) fn of(&self, pattern: u32) -> &[(u32, u32)] {
        let at = pattern as usize;
        &self.list[self.offsets[at] as usize..self.offsets[at + 1] as usize]
    }
}

/// How a rule is found: for `rules list -v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// The rule.
    pub rule: RuleId,
    /// Terms, `@entities`, `#classes` or tests, one of which an entry must have before the rule is looked at.
    pub under: Vec<String>,
    /// True where every entry is looked at, because nothing else is necessary for a match.
    pub always: bool,
}

impl RuleSet {
    /// The enabled rules that an entry satisfies, in the order of their definitions.
    #[must_use]
    pub fn evaluate(&self, subject: &Subject<'_>) -> Vec<Match> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        self.satisfied(&mut Run::new(self, subject), subject)
    }

    /// The entities that an entry names in title, body and full text, in the order of the places.
    #[must_use]
    pub fn mentions(&self, subject: &Subject<'_>) -> Vec<Mention> {
        self.examine(subject).1
    }

    /// The rules an entry satisfies and the entities it names, for one reading of its text.
    #[must_use]
    pub fn examine(&self, subject: &Subject<'_>) -> (Vec<Match>, Vec<Mention>) {
        if self.rules.is_empty() && self.entities.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let mut run = Run::new(self, subject);
        (self.satisfied(&mut run, subject), run.mention_evidence())
    }

    fn satisfied(&self, run: &mut Run<'_, '_>, subject: &Subject<'_>) -> Vec<Match> {
        let mut out = Vec::new();
        for index in self.postings.candidates(run) {
            let rule = &self.rules[index as usize];
            let Some(clause) = rule.clause.as_ref().filter(|_| rule.admits(subject)) else {
                continue;
            };
            if run.holds(clause.node) {
                out.push(Match {
                    rule: rule.id.clone(),
                    severity: rule.severity,
                    evidence: run.evidence(clause),
                });
            }
        }
        out
    }

    /// Why a rule matches an entry or does not; none for a rule that is unknown or broken.
    ///
    /// A rule that is switched off is explained too.
    #[must_use]
    pub fn explain(&self, rule: &RuleId, subject: &Subject<'_>) -> Option<Explanation> {
        let rule = self.rules.iter().find(|plan| plan.id == *rule)?;
        let clause = rule.clause.as_ref()?;
        Some(Run::new(self, subject).explain_rule(rule, clause))
    }

    /// How far a rule is from matching an entry: the fewest leaves that would have to flip; 0 is a match.
    ///
    /// Filters by feed and language are not counted. None for a rule that is unknown or broken.
    #[must_use]
    pub fn distance(&self, rule: &RuleId, subject: &Subject<'_>) -> Option<u32> {
        let plan = self.rules.iter().find(|plan| plan.id == *rule)?;
        let clause = plan.clause.as_ref()?;
        Some(Run::new(self, subject).distance(clause.node, true))
    }

    /// How many rules are matched.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules
            .iter()
            .filter(|rule| rule.enabled && rule.clause.is_some())
            .count()
    }

    /// How many distinct patterns they look for.
    #[must_use]
    pub fn pattern_count(&self) -> usize {
        self.patterns.len()
    }

    /// How each rule that is matched is found.
    #[must_use]
    pub fn filings(&self) -> Vec<Filing> {
        self.postings.filings(self)
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
    pub(crate) fn term(&self, clause: &Clause) -> &str {
        let mut text = self.written(clause).trim();
        while let Some(inner) = text
            .strip_prefix(['(', '（'])
            .and_then(|text| text.strip_suffix([')', '）']))
        {
            text = inner.trim();
        }
        text
    }

    /// A clause as written.
    pub(crate) fn written(&self, clause: &Clause) -> &str {
        &self.sources[clause.source as usize][clause.span.clone()]
    }
}

impl RulePlan {
    /// Whether the rule looks at entries of this feed and language.
    pub(crate) fn admits(&self, subject: &Subject<'_>) -> bool {
        self.admits_feed(subject) && self.admits_language(subject)
    }

    /// An entry without a feed passes.
    pub(crate) fn admits_feed(&self, subject: &Subject<'_>) -> bool {
        let Some(feed) = subject.feed else {
            return true;
        };
        self.feeds.is_empty()
            || self.feeds.iter().any(|selector| match selector {
                FeedSelector::Feed(id) => id.as_str() == feed,
                FeedSelector::Tag(tag) => subject.tags.contains(tag),
            })
    }

    /// Primary subtags are compared; an entry of unknown language passes no language filter.
    pub(crate) fn admits_language(&self, subject: &Subject<'_>) -> bool {
        self.languages.is_empty()
            || subject.language.is_some_and(|have| {
                self.languages.iter().any(|wanted| {
                    let primary = wanted.split(['-', '_']).next().unwrap_or_default();
                    is_language(have, primary)
                })
            })
    }
}
