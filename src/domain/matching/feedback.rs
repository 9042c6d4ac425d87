//! What matches and people's marks tell of a rule: the terms, names and clauses that brought the noise, and what stands in
//! the way of a match that was wanted.
//!
//! Counts over explanations and evidence; whether a rule should change is for people to say.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Evidence, Explanation};

/// One match of a rule, judged by somebody or not.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'a> {
    /// Whether it was worth having, where that was said.
    pub useful: Option<bool>,
    /// Why it matched then.
    pub evidence: &'a [Evidence],
    /// Why the rule as it is now matches, or does not.
    pub explanation: Option<&'a Explanation>,
}

/// In how many matches something stood, and in how many useful and noisy ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The term, name or clause.
    pub what: String,
    /// Matches that it stood in.
    pub hits: u32,
    /// Useful alerts that it stood in.
    pub useful: u32,
    /// Noisy alerts that it stood in.
    pub noise: u32,
}

/// What stood in the matches of a rule; in each list what is noise most of all comes first, then what stood in most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Feedback {
    /// Terms of the query, as written when the alert was raised.
    pub terms: Vec<Share>,
    /// Entities and the names that they were mentioned by.
    pub names: Vec<Share>,
    /// Alternatives of the query as it is now that are more than a term.
    pub clauses: Vec<Share>,
}

/// All, useful, noisy.
type Counts = BTreeMap<String, [u32; 3]>;

impl Feedback {
    /// Counts each thing once a match.
    #[must_use]
    pub fn of<'a>(verdicts: impl IntoIterator<Item = Verdict<'a>>) -> Self {
        let [mut terms, mut names, mut clauses] = [Counts::new(), Counts::new(), Counts::new()];
        for verdict in verdicts {
            let found = verdict.evidence.iter();
            count(&mut terms, found.map(|one| one.term.to_string()), verdict);
            let mentioned = verdict.evidence.iter().filter_map(|one| {
                let (entity, alias) = (one.entity.as_ref()?, one.alias.as_ref()?);
                Some(format!("@{entity}: {alias}"))
            });
            count(&mut names, mentioned, verdict);
            let mut chosen = Vec::new();
            if let Some(explanation) = verdict.explanation {
                alternatives(explanation, &mut chosen);
            }
            count(&mut clauses, chosen.into_iter(), verdict);
        }
        Self {
            terms: sorted(terms),
            names: sorted(names),
            clauses: sorted(clauses),
        }
    }
}

fn count(counts: &mut Counts, things: impl Iterator<Item = String>, verdict: Verdict<'_>) {
    for thing in things.collect::<BTreeSet<_>>() {
        let [hits, useful, noise] = counts.entry(thing).or_default();
        *hits += 1;
        match verdict.useful {
            Some(true) => *useful += 1,
            Some(false) => *noise += 1,
            None => {}
        }
    }
}

/// By how much noise, weighed with the share that noise has of it.
fn sorted(counts: Counts) -> Vec<Share> {
    let mut out: Vec<Share> = counts
        .into_iter()
        .map(|(what, [hits, useful, noise])| Share {
            what,
            hits,
            useful,
            noise,
        })
        .collect();
    let weight = |one: &Share, other: &Share| {
        u64::from(one.noise).pow(2) * (u64::from(other.noise) + u64::from(other.useful))
    };
    out.sort_by(|a, b| {
        weight(b, a)
            .cmp(&weight(a, b))
            .then_with(|| a.useful.cmp(&b.useful))
            .then_with(|| b.hits.cmp(&a.hits))
            .then_with(|| a.what.cmp(&b.what))
    });
    out
}

/// The alternatives that hold, of each OR and OF, on one line each.
fn alternatives(clause: &Explanation, out: &mut Vec<String>) {
    if !clause.holds {
        return;
    }
    for part in clause.parts.iter().filter(|part| part.holds) {
        if clause.is_choice && !part.parts.is_empty() {
            out.push(part.clause.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        alternatives(part, out);
    }
}

/// The innermost clause on account of which a rule does not match; the explanation itself where none stands out.
#[must_use]
pub fn obstacle(explanation: &Explanation) -> &Explanation {
    if explanation.is_shut_out {
        return explanation;
    }
    let failing: Vec<&Explanation> = explanation
        .parts
        .iter()
        .filter(|part| !part.holds)
        .collect();
    match failing[..] {
        [one] if !explanation.holds => obstacle(one),
        [first, _, ..] if !explanation.holds && failing.len() < explanation.parts.len() => {
            obstacle(first)
        }
        _ => explanation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::matching::{RuleSet, Subject};
    use crate::domain::rule::{Definitions, Rule};

    /// What the marks (useful, title) of a query add up to.
    fn judged(query: &str, marks: &[(bool, &str)]) -> Feedback {
        let definitions = Definitions {
            rules: vec![Rule::of_query("q", query)],
            ..Definitions::default()
        };
        let (set, problems) = RuleSet::compile(&definitions);
        assert!(problems.is_empty(), "{problems:?}");
        let found: Vec<_> = marks
            .iter()
            .map(|(useful, title)| {
                let subject = Subject {
                    title,
                    ..Subject::default()
                };
                let evidence = set.evaluate(&subject).pop().expect("it matches").evidence;
                (*useful, evidence, set.explain(&"q".into(), &subject))
            })
            .collect();
        Feedback::of(found.iter().map(|(useful, evidence, why)| Verdict {
            useful: Some(*useful),
            evidence,
            explanation: why.as_ref(),
        }))
    }

    fn share(what: &str, useful: u32, noise: u32) -> Share {
        Share {
            what: what.to_owned(),
            hits: useful + noise,
            useful,
            noise,
        }
    }

    #[test]
    fn what_stood_only_in_noise_comes_first() {
        let found = judged(
            "(tank* NEAR/5 sale*) OR (tank* museum) OR ship",
            &[
                (true, "Tank sales rise"),
                (true, "Sale of tanks and ship"),
                (false, "A tank in the museum"),
                (false, "Museum shows tanks, tank by tank"),
                (false, "Tank museum closes"),
                (true, "Tank sale in the museum"),
            ],
        );
        assert_eq!(
            found.terms,
            [
                share("museum", 1, 3),
                share("tank*", 3, 3),
                share("ship", 1, 0),
                share("sale*", 3, 0),
            ]
        );
        assert_eq!(
            found.clauses,
            [
                share("(tank* museum)", 1, 3),
                share("(tank* NEAR/5 sale*)", 3, 0)
            ]
        );
        assert_eq!(found.names, []);
    }

    #[test]
    fn an_alternative_counts_wherever_it_holds() {
        let found = judged(
            "(tank* sale*) OR (tank* museum)",
            &[
                (true, "tank sale"),
                (true, "museum for tanks"),
                (true, "museum tank for sale"),
            ],
        );
        assert_eq!(
            found.clauses,
            [share("(tank* museum)", 2, 0), share("(tank* sale*)", 2, 0)]
        );
        let found = judged(
            "(tank* sale*) AND (ship* crew)",
            &[(true, "tank sale, ship crew")],
        );
        assert_eq!(found.clauses, []);
    }

    #[test]
    fn the_clause_in_the_way_is_the_innermost_one_that_stands_out() {
        let definitions = |query: &str| Definitions {
            rules: vec![Rule::of_query("q", query)],
            ..Definitions::default()
        };
        for (query, title, clause) in [
            ("tank* AND (sale* OR deal*)", "a tank", "(sale* OR deal*)"),
            ("tank* AND export* AND sale*", "a tank for sale", "export*"),
            ("tank* AND (ship AND crew)", "tank and crew", "ship"),
            (
                "tank* NEAR/1 sale*",
                "tank in a big sale",
                "tank* NEAR/1 sale*",
            ),
            ("tank* NOT museum", "tank museum", "NOT museum"),
            ("tank* OR ship", "a plane", "tank* OR ship"),
        ] {
            let (set, _) = RuleSet::compile(&definitions(query));
            let subject = Subject {
                title,
                ..Subject::default()
            };
            let why = set.explain(&"q".into(), &subject).expect("it is explained");
            assert_eq!(obstacle(&why).clause, clause, "{query}");
        }
    }
}
