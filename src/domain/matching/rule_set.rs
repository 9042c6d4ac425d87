//! The rule set: what can be asked about an entry, and how a rule is changed without compiling all others anew.
//!
//! Rules that were changed since are a small set of their own, with all entities and macros, that is asked beside the
//! big one. A set is a value: a change makes a new one, and who matches meanwhile keeps the old.

use std::ops::Range;
use std::sync::Arc;

use super::super::id::RuleId;
use super::super::rule::{Definitions, Rule};
use super::evaluate::Run;
use super::filing::Counts;
use super::set::{Compiled, RulePlan};
use super::text::Text;
use super::{Evidence, Explanation, Match, Mention, Place, Places, Problem, Subject};

/// How many rules' words are asked for at once: what comes first must not be gone when it is read.
const AT_ONCE: usize = 32;

/// Rules and entities, compiled.
#[derive(Clone, Debug)]
pub struct RuleSet {
    base: Arc<Compiled>,
    edits: Option<Arc<Edits>>,
}

/// Rules changed or added since.
#[derive(Debug)]
struct Edits {
    rules: Vec<Rule>,
    /// For each where it stands in the order of definitions.
    order: Vec<u32>,
    set: Compiled,
    /// Rules of the base that are no longer asked, sorted.
    replaced: Vec<u32>,
}

/// How often what rules look for was found in the entries of a sample.
#[derive(Clone, Debug, Default)]
pub struct Frequencies(Counts);

/// How a rule is found: for `rules list -v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// The rule.
    pub rule: RuleId,
    /// Terms, `@entities`, `#classes`, properties or tests, one of which an entry must have before the rule is looked at.
    pub under: Vec<String>,
    /// True where every entry is looked at: nothing else is necessary for a match, or only a regex without a piece of text
    /// that it needs.
    pub always: bool,
}

#[cfg(test)]
impl RuleSet {
    /// The set of one rule, which is a query and nothing else.
    pub(crate) fn of_query(id: &str, query: &str) -> Self {
        let definitions = Definitions {
            rules: vec![Rule::of_query(id, query)],
            ..Definitions::default()
        };
        Self::compile(&definitions).0
    }
}

impl RuleSet {
    /// Compiles what can be compiled, and lists everything that is wrong or doubtful: first what is in macros,
    /// then entities, then rules, each in the order of the definitions and of the text.
    #[must_use]
    pub fn compile(definitions: &Definitions) -> (Self, Vec<Problem>) {
        let (base, problems) = Compiled::new(definitions);
        let set = Self {
            base: Arc::new(base),
            edits: None,
        };
        (set, problems)
    }

    /// The same set with one rule changed, or added behind the others if its id is new; what the change costs does not
    /// depend on how many rules there are.
    ///
    /// `definitions` gives the entities, macros and feeds, which must be those the set was compiled with; its rules are
    /// not looked at. Problems are of this rule, as the rule of index 0.
    #[must_use]
    pub fn with_rule(&self, definitions: &Definitions, rule: &Rule) -> (Self, Vec<Problem>) {
        let mut rules = self
            .edits
            .as_ref()
            .map_or(Vec::new(), |edits| edits.rules.clone());
        let known = rules.iter().position(|other| other.id == rule.id);
        let at = known.unwrap_or(rules.len());
        if let Some(old) = rules.get_mut(at) {
            *old = rule.clone();
        } else {
            rules.push(rule.clone());
        }
        let (set, mut problems) = self.edited(definitions, rules, None);
        problems.retain_mut(|problem| {
            let own = problem.place == Place::RuleQuery(at);
            problem.place = Place::RuleQuery(0);
            own
        });
        (set, problems)
    }

    /// The same set without a rule.
    #[must_use]
    pub fn without_rule(&self, definitions: &Definitions, rule: &RuleId) -> Self {
        let earlier = self.edits.iter().flat_map(|edits| &edits.rules);
        let rules = earlier.filter(|other| other.id != *rule).cloned().collect();
        self.edited(definitions, rules, Some(rule)).0
    }

    fn edited(
        &self,
        definitions: &Definitions,
        rules: Vec<Rule>,
        removed: Option<&RuleId>,
    ) -> (Self, Vec<Problem>) {
        let mut replaced: Vec<u32> = self
            .edits
            .as_ref()
            .map(|edits| edits.replaced.clone())
            .unwrap_or_default();
        let mut order = Vec::with_capacity(rules.len());
        let behind = super::units::narrow(self.base.rules.len());
        let place = |id: &RuleId| {
            let known = self.base.rules.iter().position(|plan| plan.id == *id);
            known.map(super::units::narrow)
        };
        for (at, rule) in rules.iter().enumerate() {
            let known = place(&rule.id);
            order.push(known.unwrap_or(behind + super::units::narrow(at)));
            replaced.extend(known);
        }
        replaced.extend(removed.and_then(place));
        replaced.sort_unstable();
        replaced.dedup();
        let small = Definitions {
            rules,
            entities: definitions.entities.clone(),
            macros: definitions.macros.clone(),
            feeds: definitions.feeds.clone(),
        };
        let (set, problems) = Compiled::new(&small);
        let edits = Edits {
            rules: small.rules,
            order,
            set,
            replaced,
        };
        let out = Self {
            base: Arc::clone(&self.base),
            edits: Some(Arc::new(edits)),
        };
        (out, problems)
    }

    /// How many rules were changed since all were compiled; each makes an entry cost a little more.
    #[must_use]
    pub fn edit_count(&self) -> usize {
        self.edits.as_ref().map_or(0, |edits| edits.rules.len())
    }

    /// Counts for each thing that rules can be filed under whether an entry has it.
    pub fn count(&self, subject: &Subject<'_>, seen: &mut Frequencies) {
        let counts = &mut seen.0;
        counts.having.resize(self.base.features.len(), 0);
        let mut features = Run::new(&self.base, subject).features();
        features.sort_unstable();
        features.dedup();
        for feature in features {
            counts.having[feature as usize] += 1;
        }
        counts.entries += 1;
    }

    /// Files the rules anew under what was rarest among the entries that were counted, where before it was guessed.
    /// Answers stay the same, and come sooner. Nothing is done to a set that others hold too.
    pub fn learn(&mut self, seen: &Frequencies) {
        if let Some(base) = Arc::get_mut(&mut self.base)
            && seen.0.entries > 0
        {
            base.file(Some(&seen.0));
        }
    }

    /// The enabled rules that an entry satisfies, in the order of their definitions.
    #[must_use]
    pub fn evaluate(&self, subject: &Subject<'_>) -> Vec<Match> {
        if self.is_idle() {
            return Vec::new();
        }
        self.matches(&mut self.read(subject))
    }

    /// The rules that are satisfied, with their evidence.
    fn matches<'s>(&'s self, run: &mut Run<'s, '_>) -> Vec<Match> {
        let mut gathered = Gathered::default();
        let found = self.satisfied(run, true, |run, plan| (plan, gathered.add(run, plan)));
        let all = Arc::new(gathered.all);
        let of = |(plan, own): (&'s RulePlan, Range<usize>)| Match {
            rule: plan.id.clone(),
            severity: plan.severity,
            evidence: Places::of(&all, own),
        };
        found.into_iter().map(of).collect()
    }

    /// The ids of these rules, without evidence.
    #[must_use]
    pub fn matching(&self, subject: &Subject<'_>) -> Vec<&RuleId> {
        if self.is_idle() {
            return Vec::new();
        }
        self.satisfied(&mut self.read(subject), false, |_, plan| &plan.id)
    }

    /// What [`Self::matching`] finds, by trying every rule: slow, and what filing is held against.
    #[must_use]
    pub fn matching_unfiled(&self, subject: &Subject<'_>) -> Vec<&RuleId> {
        let mut run = self.read(subject);
        let all = (0..super::units::narrow(self.base.rules.len())).collect();
        let base = self.kept(&mut run, all, &mut |_, plan| &plan.id);
        let edits = self.edits.iter().flat_map(|edits| {
            let mut run = Run::over(&edits.set, subject, std::mem::take(&mut run.text));
            let all = 0..super::units::narrow(edits.rules.len());
            let found = all.filter_map(|index| {
                run.satisfies(index)
                    .map(|plan| (edits.order[index as usize], &plan.id))
            });
            found.collect::<Vec<_>>()
        });
        in_order(base.into_iter().chain(edits).collect())
    }

    /// The entities that an entry names in title, body and full text, in the order of the places.
    #[must_use]
    pub fn mentions(&self, subject: &Subject<'_>) -> Vec<Mention> {
        if self.base.entities.is_empty() {
            return Vec::new();
        }
        self.read(subject).mention_evidence()
    }

    /// The rules an entry satisfies and the entities it names, for one reading of its text.
    #[must_use]
    pub fn examine(&self, subject: &Subject<'_>) -> (Vec<Match>, Vec<Mention>) {
        if self.is_idle() && self.base.entities.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let mut run = self.read(subject);
        let mentions = run.mention_evidence();
        (self.matches(&mut run), mentions)
    }

    /// How many rules an entry makes the engine look at.
    #[must_use]
    pub fn candidate_count(&self, subject: &Subject<'_>) -> usize {
        self.base.postings.candidates(&mut self.read(subject)).len()
    }

    /// How many places of an entry fit a pattern, whatever that means: what is paid before any rule is looked at.
    #[must_use]
    pub fn hit_count(&self, subject: &Subject<'_>) -> usize {
        self.read(subject).hits.len()
    }

    fn is_idle(&self) -> bool {
        self.base.rules.is_empty() && self.edits.is_none()
    }

    /// An entry, read and scanned for the base.
    fn read<'s, 'a>(&'s self, subject: &'a Subject<'a>) -> Run<'s, 'a> {
        self.read_for(&self.base, subject)
    }

    /// An entry, read as for all rules and scanned for one of the sets.
    fn read_for<'s, 'a>(&self, set: &'s Compiled, subject: &'a Subject<'a>) -> Run<'s, 'a> {
        let edited = self.edits.as_ref().map_or(0, |edits| edits.set.parts);
        Run::over(set, subject, Text::new(subject, self.base.parts | edited))
    }

    /// What `take` makes of each rule that is satisfied, in the order of definitions; the text is used up where there
    /// are edits. `words` says that the words of the rules will be read.
    fn satisfied<'s, 'a, T>(
        &'s self,
        run: &mut Run<'s, 'a>,
        words: bool,
        mut take: impl FnMut(&mut Run<'s, 'a>, &'s RulePlan) -> T,
    ) -> Vec<T> {
        let candidates = self.base.postings.candidates(run);
        self.base.fetch(&candidates);
        run.make_room(candidates.len());
        let satisfied = self.kept(run, candidates, &mut |_, _| ());
        let satisfied: Vec<u32> = satisfied.into_iter().map(|(index, ())| index).collect();
        let mut found: Vec<(u32, T)> = Vec::with_capacity(satisfied.len());
        for some in satisfied.chunks(AT_ONCE) {
            if words {
                self.base.fetch_words(some);
            }
            let plans = some.iter();
            found.extend(plans.map(|index| (*index, take(run, &self.base.rules[*index as usize]))));
        }
        if let Some(edits) = self.edits.as_deref() {
            let text = std::mem::take(&mut run.text);
            let mut run = Run::over(&edits.set, run.subject, text);
            for index in edits.set.postings.candidates(&mut run) {
                if let Some(plan) = run.satisfies(index) {
                    found.push((edits.order[index as usize], take(&mut run, plan)));
                }
            }
        }
        in_order(found)
    }

    /// Of rules of the base those that are satisfied and were not replaced.
    fn kept<'s, 'a, T>(
        &'s self,
        run: &mut Run<'s, 'a>,
        rules: Vec<u32>,
        take: &mut impl FnMut(&mut Run<'s, 'a>, &'s RulePlan) -> T,
    ) -> Vec<(u32, T)> {
        let replaced = self.edits.as_ref().map_or(&[][..], |edits| &edits.replaced);
        let mut out = Vec::new();
        for index in rules {
            let is_old = !replaced.is_empty() && replaced.binary_search(&index).is_ok();
            if !is_old && let Some(plan) = run.satisfies(index) {
                out.push((index, take(run, plan)));
            }
        }
        out
    }

    /// The set that holds a rule as it is now.
    pub(super) fn holder(&self, rule: &RuleId) -> Option<(&Compiled, &RulePlan)> {
        if let Some(edits) = &self.edits {
            let plan = edits.set.rules.iter().find(|plan| plan.id == *rule);
            if let Some(plan) = plan {
                return Some((&edits.set, plan));
            }
        }
        let index = self.base.rules.iter().position(|plan| plan.id == *rule)?;
        let at = super::units::narrow(index);
        let is_old = self
            .edits
            .as_ref()
            .is_some_and(|edits| edits.replaced.contains(&at));
        (!is_old).then(|| (&*self.base, &self.base.rules[index]))
    }

    /// Why a rule matches an entry or does not; none for a rule that is unknown or broken.
    ///
    /// A rule that is switched off is explained too.
    #[must_use]
    pub fn explain(&self, rule: &RuleId, subject: &Subject<'_>) -> Option<Explanation> {
        let (set, plan) = self.holder(rule)?;
        let clause = plan.clause.as_ref()?;
        Some(self.read_for(set, subject).explain_rule(plan, clause))
    }

    /// How far a rule is from matching an entry: the fewest leaves that would have to flip; 0 is a match.
    ///
    /// Filters by feed and language are not counted. None for a rule that is unknown or broken.
    #[must_use]
    pub fn distance(&self, rule: &RuleId, subject: &Subject<'_>) -> Option<u32> {
        let (set, plan) = self.holder(rule)?;
        let clause = plan.clause.as_ref()?;
        Some(self.read_for(set, subject).distance(clause.node, true))
    }

    /// How many rules are matched.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        let matched = |plan: &&RulePlan| plan.enabled && plan.clause.is_some();
        let edits = self.edits.as_ref();
        let old = edits.map_or(0, |edits| {
            let old = edits
                .replaced
                .iter()
                .map(|index| &self.base.rules[*index as usize]);
            old.filter(matched).count()
        });
        let new = edits.map_or(0, |edits| edits.set.rules.iter().filter(matched).count());
        self.base.rules.iter().filter(matched).count() + new - old
    }

    /// How many distinct patterns they look for.
    #[must_use]
    pub fn pattern_count(&self) -> usize {
        self.base.patterns.len()
    }

    /// How each rule that is matched is found.
    #[must_use]
    pub fn filings(&self) -> Vec<Filing> {
        let Some(edits) = &self.edits else {
            return self.base.postings.filings(&self.base);
        };
        let mut out = self.base.postings.filings(&self.base);
        out.retain(|filing| edits.rules.iter().all(|rule| rule.id != filing.rule));
        out.extend(edits.set.postings.filings(&edits.set));
        out
    }

    /// Bytes held, as far as they can be counted.
    #[must_use]
    pub fn memory(&self) -> usize {
        let edits = self.edits.as_ref().map_or(0, |edits| edits.set.memory());
        self.base.memory() + edits
    }

    /// Whether any rule looks at an entry's language, so that it is worth detecting one.
    #[must_use]
    pub fn asks_for_language(&self) -> bool {
        self.base.asks_for_language()
            || self
                .edits
                .as_ref()
                .is_some_and(|edits| edits.set.asks_for_language())
    }
}

/// What the matches of an entry rest on, in one list.
#[derive(Default)]
struct Gathered {
    all: Vec<Evidence>,
    /// Of the rule at hand.
    own: Vec<Evidence>,
}

impl Gathered {
    /// Adds the evidence of a rule that is satisfied, and says where it is.
    fn add(&mut self, run: &mut Run<'_, '_>, plan: &RulePlan) -> Range<usize> {
        let from = self.all.len();
        if let Some(clause) = &plan.clause {
            run.evidence(clause, &mut self.own);
            self.all.append(&mut self.own);
        }
        from..self.all.len()
    }
}

fn in_order<T>(mut found: Vec<(u32, T)>) -> Vec<T> {
    if !found.is_sorted_by_key(|(at, _)| *at) {
        found.sort_by_key(|(at, _)| *at);
    }
    found.into_iter().map(|(_, one)| one).collect()
}
