//! Parts of a list that mean the same though they are written differently, and what that makes of `n OF`.
//!
//! What is written alike has been told by the parser, and is not told again.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::super::rule::diagnostic::Diagnostic;
use super::super::Place;
use super::super::clause::Clause;
use super::super::compile::Compiler;
use super::super::node::{Expr, NodeId, Pair};
use super::super::numbers::Numbers;

impl Compiler<'_> {
    /// Those of some expressions that mean different things, so that `n OF` counts none of them twice.
    pub(in super::super) fn different(&mut self, nodes: impl Iterator<Item = NodeId>) -> Numbers {
        let mut seen = HashSet::new();
        nodes
            .filter(|node| seen.insert(self.normal(*node)))
            .collect()
    }

    /// Whether two expressions mean the same, however they are ordered.
    pub(in super::super) fn mean_the_same(&mut self, one: NodeId, other: NodeId) -> bool {
        one == other || self.normal(one) == self.normal(other)
    }

    /// The expression that all of one meaning share: parts in any order, each once.
    fn normal(&mut self, node: NodeId) -> NodeId {
        let normal = match self.expr(node).clone() {
            Expr::Or(parts) => match &*self.sorted(&parts) {
                [one] => return *one,
                parts => Expr::Or(parts.into()),
            },
            Expr::And(parts) => match &*self.sorted(&parts) {
                [one] => return *one,
                parts => Expr::And(parts.into()),
            },
            Expr::Of(count, parts) => Expr::Of(count, self.sorted(&parts).into()),
            Expr::Not(inner) => Expr::Not(self.normal(inner)),
            Expr::Count(count, inner) => Expr::Count(count, self.normal(inner)),
            Expr::Near(pair) => Expr::Near(Pair {
                left: self.normal(pair.left),
                right: self.normal(pair.right),
                ..pair
            }),
            _ => return node,
        };
        self.intern(normal)
    }

    fn sorted(&mut self, parts: &[NodeId]) -> Vec<NodeId> {
        let mut sorted: Vec<NodeId> = parts.iter().map(|part| self.normal(*part)).collect();
        sorted.sort_unstable();
        sorted.dedup();
        sorted
    }
}

/// Numbers that expressions of one meaning have in common, and hardly any others: many can be compared without a
/// normal form of each.
#[derive(Default)]
pub(in super::super) struct Likeness(HashMap<NodeId, u64>);

impl Likeness {
    pub(in super::super) fn of(&mut self, compiler: &Compiler<'_>, node: NodeId) -> u64 {
        let (sign, parts) = match compiler.expr(node) {
            Expr::Or(parts) => (1, &**parts),
            Expr::And(parts) => (2, &**parts),
            _ => return hashed(&(0_u8, node)),
        };
        if let Some(known) = self.0.get(&node) {
            return *known;
        }
        let mut all: Vec<u64> = parts.iter().map(|part| self.of(compiler, *part)).collect();
        all.sort_unstable();
        all.dedup();
        let likeness = match &*all {
            [one] => *one,
            all => hashed(&(sign, all)),
        };
        self.0.insert(node, likeness);
        likeness
    }
}

fn hashed(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// W06 and W25 of a query and all in it that is written in the same text.
pub(in super::super) fn repeated(compiler: &mut Compiler<'_>, place: Place, clause: &Clause) {
    let parts = compiler.clauses.of(clause.parts).to_vec();
    if compiler.clauses.wrapped(clause).is_none() {
        match *compiler.expr(clause.node) {
            Expr::Or(_) => {
                same(compiler, place, &parts, "alternative");
            }
            Expr::Of(count, ref different) => {
                let different = different.len();
                same(compiler, place, &parts, "part");
                counted(compiler, place, clause, (count, different, parts.len()));
            }
            _ => {}
        }
    }
    for part in &parts {
        if part.source == clause.source {
            repeated(compiler, place, part);
        }
    }
}

fn same(compiler: &mut Compiler<'_>, place: Place, parts: &[Clause], what: &str) {
    let mut seen: HashMap<NodeId, &Clause> = HashMap::new();
    for part in parts {
        let meaning = match what {
            "part" => compiler.normal(part.node),
            _ => part.node,
        };
        let Some(first) = seen.insert(meaning, part) else {
            continue;
        };
        let known = compiler.problems.iter().rev().any(|problem| {
            problem.place == place
                && problem.diagnostic.code == "W06"
                && problem.diagnostic.span == part.span()
        });
        if !known {
            let message = format!("this {what} means the same as another");
            let diagnostic = Diagnostic::warning("W06", part.span(), message)
                .help("leave it out")
                .related(first.span(), "the other");
            compiler.report(place, diagnostic);
        }
    }
}

/// An OF that can never be true, since it counts the same part once, or is the same as OR or AND.
fn counted(
    compiler: &mut Compiler<'_>,
    place: Place,
    clause: &Clause,
    (count, different, written): (u32, usize, usize),
) {
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    let (code, message, help) = if wanted > different {
        let message = format!("{count} of {different} different parts can never be true");
        let help = match different {
            1 => "name other parts beside it".to_owned(),
            _ => format!("write a number up to {different}, or name other parts beside them"),
        };
        ("W03", message, help)
    } else {
        let (of, operator) = match wanted {
            1 => ("1 OF a list", "OR"),
            _ if wanted == written => ("all OF a list", "AND"),
            _ => return,
        };
        let message = format!("{of} is the same as {operator}");
        ("W25", message, format!("join the parts with {operator}"))
    };
    let diagnostic = Diagnostic::warning(code, clause.span(), message).help(help);
    compiler.report(place, diagnostic);
}
