//! From definitions to a rule set, with every problem that takes the definitions to see.
//!
//! A broken rule is a problem and is left out; nothing here panics or stops at the first error.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::super::rule::ast::Node;
use super::super::rule::diagnostic::{Diagnostic, Level};
use super::super::rule::{Definitions, Rule, parse};
use super::super::short::Short;
use super::check;
use super::clause::{Clause, Clauses};
use super::evaluate::Quick;
use super::expand::Expansions;
use super::features::Features;
use super::lint;
use super::node::{Expr, NodeId, Scope, merge};
use super::pattern::Pattern;
use super::postings::Postings;
use super::query::Query;
use super::scan::Patterns;
use super::set::{Compiled, EntityPlan, Filters, Names, RulePlan};
use super::sources::Sources;
use super::text::Part;
use super::units::narrow;
use super::{Place, Problem};

/// Most distinct patterns of a rule set (MAT-63).
const MAX_PATTERNS: usize = 1_000_000;

/// Largest compiled regex, in bytes.
pub(super) const MAX_REGEX: usize = 1 << 20;

/// The numbers of equal values, by hash: the values themselves are kept once.
#[derive(Default)]
struct Ids(HashMap<u64, u32, BuildHasherDefault<Quick>>);

impl Ids {
    /// The number of a value in `list`, or the key under which it can be put.
    fn find<T: Hash + Eq>(&self, value: &T, list: &[T]) -> Result<u32, u64> {
        let mut hasher = Quick::default();
        value.hash(&mut hasher);
        let mut key = hasher.finish();
        loop {
            match self.0.get(&key) {
                None => return Err(key),
                Some(id) if list[*id as usize] == *value => return Ok(*id),
                Some(_) => key = key.wrapping_add(1),
            }
        }
    }
}

/// A macro, parsed.
pub(super) struct MacroPlan {
    /// Its tree, if there is one.
    pub tree: Option<Arc<Node>>,
    /// It has errors of its own, which have been said.
    pub broken: bool,
    /// It needs itself.
    pub cyclic: bool,
}

/// What some query speaks of.
#[derive(Default)]
pub(super) struct Used {
    pub entities: HashSet<u32>,
    pub classes: HashSet<u32>,
    pub macros: HashSet<usize>,
}

/// The work in progress.
pub(super) struct Compiler<'d> {
    pub definitions: &'d Definitions,
    pub problems: Vec<Problem>,
    pub macros: Vec<MacroPlan>,
    pub used: Used,
    pub regexes: Vec<Regex>,
    pub parts: u8,
    pub patterns: Vec<Pattern>,
    pub entities: Vec<EntityPlan>,
    pub names: Vec<(u32, (u32, u32))>,
    /// For each entity the entities its context needs.
    pub needs: Vec<BTreeSet<u32>>,
    exprs: Vec<Expr>,
    simple: Vec<bool>,
    /// Numbers of expressions and patterns by hash; what collides is found behind.
    expr_ids: Ids,
    pattern_ids: Ids,
    regex_ids: HashMap<String, u32>,
    regex_sources: Vec<String>,
    entity_ids: HashMap<&'d str, u32>,
    pub(super) class_ids: HashMap<&'d str, u32>,
    class_names: Vec<String>,
    pub(super) members: Vec<Vec<u32>>,
    macro_ids: HashMap<&'d str, usize>,
    pub(super) expansions: Expansions,
    pub(super) clauses: Clauses,
    sources: Sources,
    /// Texts of leaves, and their numbers.
    terms: Vec<Short>,
    term_ids: Ids,
}

impl Compiled {
    /// Compiles what can be compiled, and lists everything that is wrong or doubtful, in the order of the definitions.
    pub(crate) fn new(definitions: &Definitions) -> (Self, Vec<Problem>) {
        let mut compiler = Compiler::new(definitions);
        compiler.read_macros();
        compiler.read_entities();
        compiler.read_contexts();
        let rules = compiler.read_rules();
        check::unused(&mut compiler);
        lint::rules(&mut compiler, &rules);
        compiler.finish(rules)
    }
}

impl<'d> Compiler<'d> {
    fn new(definitions: &'d Definitions) -> Self {
        let mut out = Self {
            definitions,
            problems: Vec::new(),
            macros: Vec::new(),
            used: Used::default(),
            regexes: Vec::new(),
            parts: 0,
            patterns: Vec::new(),
            entities: Vec::new(),
            names: Vec::new(),
            needs: Vec::new(),
            exprs: Vec::new(),
            simple: Vec::new(),
            expr_ids: Ids::default(),
            pattern_ids: Ids::default(),
            regex_ids: HashMap::new(),
            regex_sources: Vec::new(),
            entity_ids: HashMap::new(),
            class_ids: HashMap::new(),
            class_names: Vec::new(),
            members: Vec::new(),
            macro_ids: HashMap::new(),
            expansions: Expansions::default(),
            clauses: Clauses::default(),
            sources: Sources::default(),
            terms: Vec::new(),
            term_ids: Ids::default(),
        };
        for (index, entity) in definitions.entities.iter().enumerate() {
            let index = narrow(index);
            if let Some(id) = &entity.id {
                out.entity_ids.entry(id.as_str()).or_insert(index);
            }
            for class in &entity.classes {
                let next = narrow(out.members.len());
                let class_id = *out.class_ids.entry(class).or_insert(next);
                if class_id == next {
                    out.class_names.push(class.clone());
                    out.members.push(Vec::new());
                }
                let members = &mut out.members[class_id as usize];
                if members.last() != Some(&index) {
                    members.push(index);
                }
            }
        }
        for (index, definition) in definitions.macros.iter().enumerate() {
            out.macro_ids.entry(&definition.id).or_insert(index);
            out.sources.put(&definition.query);
        }
        out
    }

    pub(super) fn report(&mut self, place: Place, diagnostic: Diagnostic) {
        let problem = Problem { place, diagnostic };
        let known = self
            .problems
            .iter()
            .rev()
            .take_while(|other| other.place == place)
            .any(|other| *other == problem);
        if !known {
            self.problems.push(problem);
        }
    }

    pub(super) fn entity(&self, name: &str) -> Option<u32> {
        self.entity_ids.get(name).copied()
    }

    pub(super) fn class(&self, name: &str) -> Option<u32> {
        self.class_ids.get(name).copied()
    }

    pub(super) fn macro_named(&self, name: &str) -> Option<usize> {
        self.macro_ids.get(name).copied()
    }

    /// A text of queries.
    pub(super) fn source_text(&self, source: u32) -> &str {
        self.sources.get(source)
    }

    /// The entity of which a name was written behind `@`: `@Hanwha Aerospace`.
    pub(super) fn entity_meant(&self, source: u32, span: &Range<usize>) -> Option<&'d str> {
        let rest = self.source_text(source).get(span.start + 1..)?;
        let ends = |c: char| !(c.is_alphanumeric() || matches!(c, ' ' | '-'));
        let rest = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let mut words: Vec<String> = rest
            .split_whitespace()
            .take(5)
            .map(str::to_lowercase)
            .collect();
        while words.len() > 1 {
            let (id, name) = (words.join("-"), words.join(" "));
            let found = self.definitions.entities.iter().find_map(|entity| {
                let own = entity.id.as_ref()?.as_str();
                (own == id || entity.name.to_lowercase() == name).then_some(own)
            });
            if found.is_some() {
                return found;
            }
            words.pop();
        }
        None
    }

    pub(super) fn entity_names(&self) -> impl Iterator<Item = &'d str> {
        let entities = &self.definitions.entities;
        entities
            .iter()
            .filter_map(|entity| entity.id.as_ref().map(AsRef::as_ref))
    }

    pub(super) fn class_names(&self) -> impl Iterator<Item = &str> {
        self.class_names.iter().map(String::as_str)
    }

    pub(super) fn macro_names(&self) -> impl Iterator<Item = &'d str> {
        self.definitions
            .macros
            .iter()
            .map(|definition| definition.id.as_str())
    }

    pub(super) fn expr(&self, node: NodeId) -> &Expr {
        &self.exprs[node as usize]
    }

    pub(super) fn is_simple(&self, node: NodeId) -> bool {
        self.simple[node as usize]
    }

    /// Whether an expression can stand inside NEAR: it is made of occurrences.
    pub(super) fn has_places(&self, node: NodeId) -> bool {
        match self.expr(node) {
            Expr::And(parts) | Expr::Or(parts) | Expr::Of(_, parts) => {
                parts.iter().all(|part| self.has_places(*part))
            }
            _ => self.is_simple(node),
        }
    }

    /// The number of an expression; equal ones have one.
    pub(super) fn intern(&mut self, expr: Expr) -> NodeId {
        let key = match self.expr_ids.find(&expr, &self.exprs) {
            Ok(id) => return id,
            Err(key) => key,
        };
        let simple = match &expr {
            Expr::Or(parts) => parts.iter().all(|part| self.is_simple(*part)),
            Expr::Leaf(..)
            | Expr::Sequence(..)
            | Expr::Regex(..)
            | Expr::Entity(..)
            | Expr::Class(..)
            | Expr::Near(_)
            | Expr::Never => true,
            _ => false,
        };
        let id = narrow(self.exprs.len());
        self.exprs.push(expr);
        self.simple.push(simple);
        self.expr_ids.0.insert(key, id);
        id
    }

    pub(super) fn pattern(&mut self, pattern: Pattern) -> u32 {
        let key = match self.pattern_ids.find(&pattern, &self.patterns) {
            Ok(id) => return id,
            Err(key) => key,
        };
        let id = narrow(self.patterns.len());
        self.patterns.push(pattern);
        self.pattern_ids.0.insert(key, id);
        id
    }

    /// The number of a leaf's text as written, without brackets around it; equal ones have one.
    pub(super) fn term(&mut self, source: u32, span: &Range<usize>) -> u32 {
        let text = self.source_text(source).get(span.clone());
        let text = Short::from(unbracketed(text.unwrap_or_default()));
        let key = match self.term_ids.find(&text, &self.terms) {
            Ok(id) => return id,
            Err(key) => key,
        };
        let id = narrow(self.terms.len());
        self.terms.push(text);
        self.term_ids.0.insert(key, id);
        id
    }

    /// The expression of a term in its spellings.
    pub(super) fn leaf(&mut self, patterns: Vec<Pattern>, scope: Scope) -> NodeId {
        let mut ids: Vec<u32> = patterns
            .into_iter()
            .map(|pattern| self.pattern(pattern))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        self.intern(Expr::Leaf(ids.into(), scope))
    }

    /// The number of a regex, or what is wrong with it.
    pub(super) fn regex(&mut self, source: &str, ignore_case: bool) -> Result<u32, String> {
        let key = format!("{}{source}", if ignore_case { "(?i)" } else { "" });
        if let Some(id) = self.regex_ids.get(&key) {
            return Ok(*id);
        }
        let built = RegexBuilder::new(source)
            .case_insensitive(ignore_case)
            .size_limit(MAX_REGEX)
            .dfa_size_limit(MAX_REGEX)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "this regex is too big".to_owned(),
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    format!("invalid regex: {}", last.trim_start_matches("error: "))
                }
            })?;
        let id = narrow(self.regexes.len());
        self.regexes.push(built);
        self.regex_sources.push(key.clone());
        self.regex_ids.insert(key, id);
        Ok(id)
    }

    /// Parses a text and reports what the parser says; the tree also next to errors.
    pub(super) fn parse(&mut self, place: Place, text: &str) -> (Option<Node>, bool) {
        let (tree, found) = parse(text);
        let broken = tree.is_none() || found.iter().any(|one| one.level == Level::Error);
        for diagnostic in found {
            self.report(place, diagnostic);
        }
        (tree, broken)
    }

    fn read_macros(&mut self) {
        for (index, definition) in self.definitions.macros.iter().enumerate() {
            let (tree, broken) = self.parse(Place::MacroQuery(index), &definition.query);
            self.macros.push(MacroPlan {
                tree: tree.map(Arc::new),
                broken,
                cyclic: false,
            });
        }
        let order = check::macro_cycles(self);
        self.measure_macros(&order);
        // First it is found out which are broken, so that a macro that uses one does not say it again.
        for quiet in [true, false] {
            for index in 0..self.macros.len() {
                self.read_macro(index, quiet);
            }
        }
    }

    fn read_macro(&mut self, index: usize, quiet: bool) {
        let plan = &self.macros[index];
        let (Some(tree), names_only) = (plan.tree.clone(), plan.broken) else {
            return;
        };
        let place = Place::MacroQuery(index);
        let mut query = Query::new(self, place, narrow(index));
        query.quiet = quiet;
        query.names_only = names_only && quiet;
        let clause = query.whole_text(&tree);
        let mut sound = clause.is_some();
        if let Some(clause) = clause.filter(|_| !quiet) {
            sound &= check::contradictions(self, place, &clause);
            check::repeated(self, place, &clause);
        }
        self.macros[index].broken |= !sound;
    }

    pub(super) fn source(&mut self, text: &str) -> u32 {
        self.sources.put(text)
    }

    fn read_rules(&mut self) -> Vec<RulePlan> {
        let definitions = self.definitions;
        let mut out = Vec::with_capacity(definitions.rules.len());
        for (index, rule) in definitions.rules.iter().enumerate() {
            let clause = self.rule_clause(Place::RuleQuery(index), &rule.query);
            out.push(RulePlan {
                id: rule.id.clone(),
                severity: rule.severity,
                enabled: rule.enabled,
                clause,
                filters: filters_of(rule),
            });
        }
        out
    }

    fn rule_clause(&mut self, place: Place, text: &str) -> Option<Clause> {
        let (tree, broken) = self.parse(place, text);
        let tree = tree?;
        let source = self.source(text);
        let mut query = Query::new(self, place, source);
        query.names_only = broken;
        let clause = query.whole_text(&tree).filter(|_| !broken)?;
        let sound =
            check::necessary(self, place, &clause) & check::contradictions(self, place, &clause);
        check::repeated(self, place, &clause);
        if self.patterns.len() > MAX_PATTERNS {
            let message = format!("there are more than {MAX_PATTERNS} patterns");
            self.report(
                place,
                Diagnostic::error("E38", 0..text.len(), message).help("use fewer terms and names"),
            );
            return None;
        }
        sound.then_some(clause)
    }

    fn finish(mut self, rules: Vec<RulePlan>) -> (Compiled, Vec<Problem>) {
        merge(&mut self.exprs);
        self.exprs.shrink_to_fit();
        self.simple.shrink_to_fit();
        self.clauses.shrink();
        self.sources.shrink();
        self.terms.shrink_to_fit();
        let patterns = Patterns::new(self.patterns);
        let names = Names::new(patterns.len(), self.names);
        let sizes = [patterns.len(), self.entities.len(), self.members.len()];
        let features = Features::new(sizes, &self.exprs, &self.regex_sources);
        let listed = Part::Author.bit() | Part::Category.bit();
        let mut set = Compiled {
            patterns,
            exprs: self.exprs,
            simple: self.simple,
            regexes: self.regexes,
            entities: self.entities,
            classes: self.members,
            class_names: self.class_names,
            names,
            rules,
            clauses: self.clauses,
            sources: self.sources,
            terms: self.terms,
            features,
            postings: Postings::default(),
            parts: self.parts & listed,
        };
        set.file(None);
        let mut problems = self.problems;
        check::tried_always(&set, &mut problems);
        (set, problems)
    }
}

fn filters_of(rule: &Rule) -> Option<Box<Filters>> {
    let has_any = !(rule.feeds.is_empty() && rule.languages.is_empty());
    has_any.then(|| {
        Box::new(Filters {
            feeds: rule.feeds.clone(),
            languages: rule.languages.clone(),
        })
    })
}

fn unbracketed(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text
        .strip_prefix(['(', '（'])
        .and_then(|text| text.strip_suffix([')', '）']))
    {
        text = inner.trim();
    }
    text
}
