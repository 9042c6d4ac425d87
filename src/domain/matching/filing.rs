//! Filing: under which features each rule is looked for, so that an entry touches only rules it could satisfy (MAT-58).
//!
//! A rule is filed under its rarest necessary term. How rare one is, is learnt from entries ([`Counts`]); before any were
//! seen, it is guessed from script and length.

use super::features::Feature;
use super::node::{Expr, NodeId, Scope};
use super::pattern::{End, Pattern};
use super::script::{Kind, kind_of};
use super::set::Compiled;

/// Features one of which is necessary, and the share of entries that have one.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub features: Vec<u32>,
    pub share: f32,
}

/// The rarest necessary choice, and the next one that is necessary besides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Necessary {
    pub best: Option<Choice>,
    pub second: Option<Choice>,
}

impl Necessary {
    fn one(features: Vec<u32>, share: f32) -> Self {
        Self {
            best: Some(Choice { features, share }),
            second: None,
        }
    }

    /// All of the parts are necessary.
    fn all(parts: impl Iterator<Item = Self>) -> Self {
        let mut choices: Vec<Choice> = parts
            .flat_map(|part| [part.best, part.second])
            .flatten()
            .collect();
        choices.sort_by(|a, b| a.share.total_cmp(&b.share));
        let mut rarest = choices.into_iter();
        Self {
            best: rarest.next(),
            second: rarest.next(),
        }
    }

    /// One of the parts is necessary.
    fn any(parts: impl Iterator<Item = Self>) -> Self {
        let both = parts.reduce(|all, next| Self {
            best: union(all.best, next.best),
            second: union(all.second, next.second),
        });
        both.unwrap_or_default()
    }
}

fn union(one: Option<Choice>, other: Option<Choice>) -> Option<Choice> {
    let (mut all, next) = (one?, other?);
    all.features.extend(next.features);
    all.share += next.share;
    Some(all)
}

/// In how many of the entries that were looked at each feature was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub entries: u32,
    pub having: Vec<u32>,
}

/// Files rules by what is known of features.
pub(crate) struct Filer<'s> {
    pub set: &'s Compiled,
    pub counts: Option<&'s Counts>,
}

impl Filer<'_> {
    /// What an expression cannot hold without.
    pub(crate) fn necessary(&self, node: NodeId) -> Necessary {
        let set = self.set;
        match set.expr(node) {
            Expr::Never => Necessary::one(Vec::new(), 0.0),
            Expr::Leaf(patterns, scope) => self.choice(patterns.to_vec(), scope_factor(*scope)),
            Expr::Entity(entity, ..) => self.choice(vec![set.features.entity(*entity)], 1.0),
            Expr::Class(class, ..) => self.choice(vec![set.features.class(*class)], 1.0),
            expr @ (Expr::Regex(..) | Expr::UrlRegex(_) | Expr::Url(_) | Expr::Property(_)) => {
                self.choice(set.features.of_leaf(node, expr), 1.0)
            }
            Expr::Or(parts) => Necessary::any(parts.iter().map(|part| self.necessary(*part))),
            Expr::And(parts) | Expr::Sequence(parts, _) => {
                Necessary::all(parts.iter().map(|part| self.necessary(*part)))
            }
            Expr::Near(pair) if pair.negated => self.necessary(pair.left),
            Expr::Near(pair) => {
                let sides = [pair.left, pair.right].into_iter();
                Necessary::all(sides.map(|part| self.necessary(part)))
            }
            Expr::Of(count, parts) if *count as usize > parts.len() => {
                Necessary::one(Vec::new(), 0.0)
            }
            Expr::Of(count, parts) => self.some_of(*count, parts),
            Expr::Count(_, inner) => self.necessary(*inner),
            Expr::Not(_) => Necessary::default(),
        }
    }

    /// Of so many parts that hold, at least one is among the cheapest that cannot all fail.
    fn some_of(&self, count: u32, parts: &[NodeId]) -> Necessary {
        let mut choices: Vec<Option<Choice>> = parts
            .iter()
            .map(|part| self.necessary(*part).best)
            .collect();
        let share = |choice: &Option<Choice>| choice.as_ref().map_or(2.0, |choice| choice.share);
        choices.sort_by(|a, b| share(a).total_cmp(&share(b)));
        let enough = (parts.len() + 1).saturating_sub(count as usize);
        let best = choices.into_iter().take(enough).reduce(union).flatten();
        Necessary { best, second: None }
    }

    fn choice(&self, features: Vec<u32>, factor: f32) -> Necessary {
        let share: f32 = features.iter().map(|feature| self.share(*feature)).sum();
        Necessary::one(features, share * factor)
    }

    /// The share of entries that have a feature.
    pub(crate) fn share(&self, feature: u32) -> f32 {
        let guess = self.guess(feature);
        match self.counts {
            Some(counts) => {
                let having = counts
                    .having
                    .get(feature as usize)
                    .copied()
                    .unwrap_or_default();
                (as_f32(having) + guess) / (as_f32(counts.entries) + 1.0)
            }
            None => guess,
        }
    }

    fn guess(&self, feature: u32) -> f32 {
        let set = self.set;
        match set.features.get(feature) {
            Feature::Pattern(pattern) => guess_of(set.patterns.get(pattern)),
            Feature::Entity(entity) => self.guess_of_entity(entity),
            Feature::Class(class) => {
                let members = set.members(class).iter();
                members.map(|member| self.guess_of_entity(*member)).sum()
            }
            Feature::Piece(piece) => guess_of_letters(set.features.pieces.get(piece).chars()),
            Feature::UrlPiece(_) => 0.2,
            Feature::Property(_) => 0.25,
            Feature::Test(_) => 1.0,
        }
    }

    fn guess_of_entity(&self, entity: u32) -> f32 {
        let patterns = self.set.entities[entity as usize].patterns.iter();
        patterns
            .map(|id| guess_of(self.set.patterns.get(*id)))
            .sum()
    }
}

/// A title holds a term more rarely than an entry.
fn scope_factor(scope: Scope) -> f32 {
    if scope == Scope::text() { 1.0 } else { 0.9 }
}

/// The share of entries that hold a pattern, guessed.
fn guess_of(pattern: &Pattern) -> f32 {
    let letters = pattern
        .symbols
        .iter()
        .map(|symbol| char::from_u32(*symbol).unwrap_or(' '));
    let factor = if matches!(pattern.end, End::Open | End::Glob(_)) {
        2.0
    } else {
        1.0
    };
    (guess_of_letters(letters) * factor).clamp(1e-6, 1.0)
}

fn guess_of_letters(letters: impl Iterator<Item = char>) -> f32 {
    letters.fold(0.5, |share, c| {
        share
            * match kind_of(c) {
                Some(Kind::Hangul) => 0.3,
                Some(Kind::Dense) => 0.4,
                Some(_) => 0.65,
                None => 0.8,
            }
    })
}

#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn as_f32(count: u32) -> f32 {
    count as f32
}
