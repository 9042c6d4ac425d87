//! Terms that stand in so many stored entries that they say nothing: counted by matching each term as a rule of
//! its own.
//!
//! Which entries are looked at is the caller's choice; nothing here reads them.

use std::collections::HashMap;
use std::ops::Range;

use super::super::rule::ast::{Field, Kind, Near, Node};
use super::super::rule::diagnostic::Diagnostic;
use super::super::rule::{Definitions, Rule, parse, print};
use super::{Place, Problem, RuleSet, Subject};

/// Fewer entries than these say nothing.
const FEWEST: u32 = 200;

/// Share of the entries, in percent, over which a term that makes a rule match by itself is warned of.
const ALONE: u32 = 5;

/// The same for any term.
const BESIDE: u32 = 50;

/// A term where it stands in a rule or a macro.
#[derive(Debug)]
struct Term {
    place: Place,
    span: Range<usize>,
    /// The rule of its own that looks for it.
    probe: usize,
    /// The rule matches wherever it stands.
    alone: bool,
}

/// The terms of all rules and macros, and in how many entries each was found.
#[derive(Debug)]
pub struct Commonness {
    set: RuleSet,
    terms: Vec<Term>,
    texts: Vec<String>,
    counts: Vec<u32>,
    entries: u32,
}

impl Commonness {
    /// Of the rules that are matched, and of the macros.
    #[must_use]
    pub fn new(definitions: &Definitions) -> Self {
        let mut found = Terms::default();
        let rules = definitions.rules.iter().enumerate();
        for (index, rule) in rules.filter(|(_, rule)| rule.enabled) {
            if let Some(tree) = parse(&rule.query).0 {
                found.collect(&tree, Place::RuleQuery(index), None, true);
            }
        }
        for (index, definition) in definitions.macros.iter().enumerate() {
            if let Some(tree) = parse(&definition.query).0 {
                found.collect(&tree, Place::MacroQuery(index), None, false);
            }
        }
        let probes = found.texts.iter().enumerate();
        let probes = Definitions {
            rules: probes
                .map(|(at, text)| Rule::of_query(&at.to_string(), text))
                .collect(),
            macros: Vec::new(),
            ..definitions.clone()
        };
        Self {
            set: RuleSet::compile(&probes).0,
            counts: vec![0; found.texts.len()],
            terms: found.places,
            texts: found.texts,
            entries: 0,
        }
    }

    /// Counts one entry.
    pub fn add(&mut self, subject: &Subject<'_>) {
        self.entries += 1;
        for found in self.set.evaluate(subject) {
            let at: Option<usize> = found.rule.as_str().parse().ok();
            if let Some(count) = at.and_then(|at| self.counts.get_mut(at)) {
                *count += 1;
            }
        }
    }

    /// The terms that were found too often; none of so few entries that it may be chance.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        if self.entries < FEWEST {
            return Vec::new();
        }
        let terms = self.terms.iter();
        terms
            .filter_map(|term| {
                let count = self.counts[term.probe];
                let most = if term.alone { ALONE } else { BESIDE };
                let percent = u64::from(count) * 100 / u64::from(self.entries);
                (percent >= u64::from(most)).then(|| self.problem(term, percent))
            })
            .collect()
    }

    fn problem(&self, term: &Term, percent: u64) -> Problem {
        let text = &self.texts[term.probe];
        let message = format!(
            "`{text}` stands in {percent} % of the last {} entries{}",
            self.entries,
            if term.alone {
                ", and the rule matches each of them"
            } else {
                ", so it hardly narrows anything"
            }
        );
        let help = if term.alone {
            "tie it to other words with NEAR or AND"
        } else {
            "leave it out, or write what is meant in more words"
        };
        Problem {
            place: term.place,
            diagnostic: Diagnostic::warning("W11", term.span.clone(), message).help(help),
        }
    }
}

/// Terms as they are collected; each text once.
#[derive(Debug, Default)]
struct Terms {
    places: Vec<Term>,
    texts: Vec<String>,
    known: HashMap<String, usize>,
}

impl Terms {
    /// Collects the terms that a node may match by; `alone` says whether it makes the query match by itself.
    fn collect(&mut self, node: &Node, place: Place, field: Option<Field>, alone: bool) {
        match &node.kind {
            Kind::Or(parts) => {
                for part in parts {
                    self.collect(part, place, field, alone);
                }
            }
            Kind::And(parts) | Kind::AtLeastOf(_, parts) => {
                for part in parts {
                    self.collect(part, place, field, false);
                }
            }
            Kind::Near(near) => {
                let Near { left, right, .. } = near.as_ref();
                self.collect(left, place, field, false);
                if !near.negated {
                    self.collect(right, place, field, false);
                }
            }
            Kind::Count(_, inner) => self.collect(inner, place, field, false),
            Kind::Field(inner_field, inner) if !inner_field.is_property() => {
                self.collect(inner, place, Some(*inner_field), alone);
            }
            Kind::Not(_) | Kind::Field(..) | Kind::Macro(_) => {}
            _ => self.leaf(node, place, field, alone),
        }
    }

    fn leaf(&mut self, node: &Node, place: Place, field: Option<Field>, alone: bool) {
        let text = match field {
            Some(field) => format!("{}:{}", field.as_str(), print(node)),
            None => print(node),
        };
        let next = self.texts.len();
        let probe = *self.known.entry(text.clone()).or_insert(next);
        if probe == next {
            self.texts.push(text);
        }
        self.places.push(Term {
            place,
            span: node.span.clone(),
            probe,
            alone,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::Macro;

    /// The spans warned of after 200 entries, of which these many hold each title.
    fn common(query: &str, titles: &[(u32, &str)]) -> Vec<String> {
        let definitions = Definitions {
            rules: vec![Rule::of_query("q", query)],
            macros: vec![Macro {
                id: "m".to_owned(),
                query: "deal* OR pact".to_owned(),
            }],
            ..Definitions::default()
        };
        let mut counted = Commonness::new(&definitions);
        for (count, title) in titles {
            for _ in 0..*count {
                counted.add(&Subject {
                    title,
                    ..Subject::default()
                });
            }
        }
        let text = |problem: &Problem| {
            let query = match problem.place {
                Place::MacroQuery(_) => &definitions.macros[0].query,
                _ => &definitions.rules[0].query,
            };
            query[problem.diagnostic.span.clone()].to_owned()
        };
        counted.problems().iter().map(text).collect()
    }

    #[test]
    fn a_term_is_judged_by_what_it_does_in_its_rule() {
        let entries = [
            (20, "Tank deals signed"),
            (170, "Deal of the day"),
            (10, "Ship sunk"),
        ];
        for (query, warned) in [
            ("tank*", &["tank*", "deal*"][..]),
            ("tank* AND sign*", &["deal*"]),
            ("ship OR (tank* NEAR/5 deal*)", &["ship", "deal*", "deal*"]),
            ("title:deal* OR body:tank*", &["deal*", "deal*"]),
            ("sunk NOT deal*", &["deal*"]),
            ("ATLEAST/2 ship", &["deal*"]),
            ("$m AND ship", &["deal*"]),
        ] {
            assert_eq!(common(query, &entries), warned, "{query}");
        }
    }

    #[test]
    fn few_entries_say_nothing() {
        assert_eq!(common("ship", &[(199, "ship")]), Vec::<String>::new());
        assert_eq!(
            common("ship", &[(9, "ship"), (191, "x")]),
            Vec::<String>::new()
        );
    }
}
