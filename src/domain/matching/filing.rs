//! Filing: under which terms each rule is looked for, so that an entry touches only rules it could satisfy (MAT-58).
//!
//! A rule is filed under its rarest necessary term; how rare a term is, is guessed from script and length.

use super::evaluate::Run;
use super::node::{Expr, NodeId, Scope};
use super::pattern::{End, GAP, INITIAL, JOINT, OPTIONAL, Pattern};
use super::script::{Kind, kind_of};
use super::set::{Filing, RuleSet};

/// Something an entry must have before a rule can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Feature {
    /// A hit of a pattern.
    Pattern(u32),
    /// A name of an entity.
    Entity(u32),
    /// A name of a member.
    Class(u32),
    /// An expression that is cheap enough to be evaluated for every entry.
    Test(NodeId),
}

/// A choice of features, one of which is necessary, and how many entries have one, as a share.
#[derive(Clone, Debug)]
struct Choice {
    features: Vec<Feature>,
    share: f32,
}

/// Rules by feature.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// Sorted pairs of feature and rule.
    list: Vec<(Feature, u32)>,
    /// The tests among the features.
    tests: Vec<NodeId>,
    /// Rules that nothing is necessary for.
    always: Vec<u32>,
}

impl Postings {
    /// Files the enabled rules of a set.
    pub(crate) fn new(set: &RuleSet) -> Self {
        let mut out = Self::default();
        for (index, rule) in set.rules.iter().enumerate() {
            let index = super::units::narrow(index);
            let Some(clause) = rule.clause.as_ref().filter(|_| rule.enabled) else {
                continue;
            };
            match necessary(set, clause.node) {
                Some(choice) => out
                    .list
                    .extend(choice.features.into_iter().map(|feature| (feature, index))),
                None => out.always.push(index),
            }
        }
        out.list.sort_unstable();
        out.list.dedup();
        let tests = out.list.iter().filter_map(|(feature, _)| match feature {
            Feature::Test(node) => Some(*node),
            _ => None,
        });
        out.tests = tests.collect();
        out.tests.dedup();
        out
    }

    /// The rules an entry could satisfy, in the order of their definitions.
    pub(crate) fn candidates(&self, run: &mut Run<'_, '_>) -> Vec<u32> {
        let mut out = self.always.clone();
        let mut entities = Vec::new();
        let mut last = None;
        for at in 0..run.hits.len() {
            let pattern = run.hits[at].pattern;
            if last != Some(pattern) {
                last = Some(pattern);
                self.take(Feature::Pattern(pattern), &mut out);
                entities.extend(run.set.names_of(pattern).iter().map(|(entity, _)| *entity));
            }
        }
        entities.sort_unstable();
        entities.dedup();
        let mut classes = Vec::new();
        for entity in entities {
            self.take(Feature::Entity(entity), &mut out);
            classes.extend_from_slice(&run.set.entities[entity as usize].classes);
        }
        classes.sort_unstable();
        classes.dedup();
        for class in classes {
            self.take(Feature::Class(class), &mut out);
        }
        for &test in &self.tests {
            if run.holds(test) {
                self.take(Feature::Test(test), &mut out);
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    fn of(&self, feature: Feature) -> &[(Feature, u32)] {
        let from = self.list.partition_point(|(other, _)| *other < feature);
        let length = self.list[from..].partition_point(|(other, _)| *other == feature);
        &self.list[from..from + length]
    }

    fn take(&self, feature: Feature, out: &mut Vec<u32>) {
        out.extend(self.of(feature).iter().map(|(_, rule)| *rule));
    }

    /// How each rule is filed, in words.
    pub(crate) fn filings(&self, set: &RuleSet) -> Vec<Filing> {
        let mut by_rule: Vec<(u32, Feature)> = self
            .list
            .iter()
            .map(|(feature, rule)| (*rule, *feature))
            .collect();
        by_rule.sort_unstable();
        let enabled = set
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.enabled && rule.clause.is_some());
        enabled
            .map(|(index, rule)| {
                let index = super::units::narrow(index);
                let from = by_rule.partition_point(|(other, _)| *other < index);
                let under = by_rule[from..]
                    .iter()
                    .take_while(|(other, _)| *other == index)
                    .map(|(_, feature)| in_words(set, *feature))
                    .collect();
                Filing {
                    rule: rule.id.clone(),
                    under,
                    always: self.always.contains(&index),
                }
            })
            .collect()
    }
}

fn in_words(set: &RuleSet, feature: Feature) -> String {
    match feature {
        Feature::Pattern(pattern) => pattern_in_words(set.patterns.get(pattern)),
        Feature::Entity(entity) => format!("@{}", set.entities[entity as usize].id),
        Feature::Class(class) => format!("#{}", set.class_names[class as usize]),
        Feature::Test(node) => match set.expr(node) {
            Expr::Property(property) => format!("{}:{}", property.field.as_str(), property.value),
            Expr::Url(text) => format!("url:{text}"),
            Expr::Regex(regex, _) | Expr::UrlRegex(regex) => {
                format!("/{}/", set.regexes[*regex as usize])
            }
            _ => "a test".to_owned(),
        },
    }
}

/// A pattern as a person would write it, folded.
pub(crate) fn pattern_in_words(pattern: &Pattern) -> String {
    let mut out: String = pattern
        .symbols
        .iter()
        .filter_map(|symbol| match *symbol {
            JOINT => None,
            GAP | OPTIONAL => Some(' '),
            INITIAL => Some('.'),
            letter => char::from_u32(letter),
        })
        .collect();
    if matches!(pattern.end, End::Open | End::Glob(_)) {
        out.push('*');
    }
    out
}

/// The rarest choice of features without which an expression cannot hold.
fn necessary(set: &RuleSet, node: NodeId) -> Option<Choice> {
    let one = |feature, share| {
        Some(Choice {
            features: vec![feature],
            share,
        })
    };
    match set.expr(node) {
        Expr::Never => Some(Choice {
            features: Vec::new(),
            share: 0.0,
        }),
        Expr::Leaf(patterns, scope) => Some(Choice {
            features: patterns.iter().map(|id| Feature::Pattern(*id)).collect(),
            share: patterns
                .iter()
                .map(|id| share_of(set.patterns.get(*id)))
                .sum::<f32>()
                * scope_factor(*scope),
        }),
        Expr::Regex(..) | Expr::UrlRegex(_) => one(Feature::Test(node), 1.0),
        Expr::Url(_) => one(Feature::Test(node), 0.2),
        Expr::Property(_) => one(Feature::Test(node), 0.25),
        Expr::Entity(entity, ..) => one(Feature::Entity(*entity), entity_share(set, *entity)),
        Expr::Class(class, ..) => {
            let share = set
                .members(*class)
                .iter()
                .map(|member| entity_share(set, *member))
                .sum();
            one(Feature::Class(*class), share)
        }
        Expr::Or(parts) => union(parts.iter().map(|part| necessary(set, *part))),
        Expr::And(parts) | Expr::Sequence(parts, _) => parts
            .iter()
            .filter_map(|part| necessary(set, *part))
            .reduce(rarer),
        Expr::Near(pair) if pair.negated => necessary(set, pair.left),
        Expr::Near(pair) => [pair.left, pair.right]
            .into_iter()
            .filter_map(|part| necessary(set, part))
            .reduce(rarer),
        Expr::Of(count, parts) => {
            let mut choices: Vec<Option<Choice>> =
                parts.iter().map(|part| necessary(set, *part)).collect();
            let share =
                |choice: &Option<Choice>| choice.as_ref().map_or(2.0, |choice| choice.share);
            choices.sort_by(|a, b| share(a).total_cmp(&share(b)));
            let enough = (parts.len() + 1).saturating_sub(*count as usize);
            union(choices.into_iter().take(enough))
        }
        Expr::Count(_, inner) => necessary(set, *inner),
        Expr::Not(_) => None,
    }
}

fn rarer(one: Choice, other: Choice) -> Choice {
    if other.share < one.share { other } else { one }
}

fn union(choices: impl Iterator<Item = Option<Choice>>) -> Option<Choice> {
    choices
        .reduce(|all, next| {
            let (mut all, next) = (all?, next?);
            all.features.extend(next.features);
            all.share += next.share;
            Some(all)
        })
        .flatten()
}

fn entity_share(set: &RuleSet, entity: u32) -> f32 {
    set.entities[entity as usize]
        .patterns
        .iter()
        .map(|id| share_of(set.patterns.get(*id)))
        .sum()
}

/// A title holds a term more rarely than an entry.
fn scope_factor(scope: Scope) -> f32 {
    if scope == Scope::text() { 1.0 } else { 0.9 }
}

/// The share of entries that hold a pattern, guessed.
fn share_of(pattern: &Pattern) -> f32 {
    let mut share = 0.5_f32;
    for symbol in &pattern.symbols {
        let Some(c) = char::from_u32(*symbol) else {
            share *= 0.8;
            continue;
        };
        share *= match kind_of(c) {
            Some(Kind::Hangul) => 0.3,
            Some(Kind::Dense) => 0.4,
            _ => 0.65,
        };
    }
    let factor = if matches!(pattern.end, End::Open | End::Glob(_)) {
        2.0
    } else {
        1.0
    };
    (share * factor).clamp(1e-6, 1.0)
}
