//! A compiled query: expressions, each distinct one once, and the clauses of the query that point at them.
//!
//! Clauses follow the query as written, so that evidence and explanations can use its words.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::super::rule::ast::{Distance, Field};
use super::text::Part;

/// The number of an expression.
pub(crate) type NodeId = u32;

/// Which texts a leaf looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    /// Bits of parts.
    pub parts: u8,
    /// Of bodies the first paragraph only.
    pub lead: bool,
}

impl Scope {
    /// Title, body and full text.
    pub(crate) fn text() -> Self {
        Self {
            parts: Part::Title.bit() | Part::Body.bit() | Part::FullText.bit(),
            lead: false,
        }
    }

    /// The texts of a field; none for `url:` and properties.
    pub(crate) fn of(field: Field) -> Option<Self> {
        let parts = match field {
            Field::Title => Part::Title.bit(),
            Field::Body => Part::Body.bit() | Part::FullText.bit(),
            Field::Text => return Some(Self::text()),
            Field::Lead => {
                return Some(Self {
                    lead: true,
                    ..Self::text()
                });
            }
            Field::Author => Part::Author.bit(),
            Field::Category => Part::Category.bit(),
            Field::Url | Field::Host | Field::Feed | Field::Tag | Field::Lang => return None,
        };
        Some(Self { parts, lead: false })
    }
}

/// A property of an entry and the value asked for, already in the form it is compared in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Property {
    pub field: Field,
    pub value: String,
}

/// `left NEAR right`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub left: NodeId,
    pub right: NodeId,
    pub distance: Distance,
    pub ordered: bool,
    pub negated: bool,
}

/// What is evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Expr {
    /// Holds nowhere.
    Never,
    /// Hits of any of these patterns.
    Leaf(Box<[u32]>, Scope),
    /// These in order, with at most so many words between in all.
    Sequence(Box<[NodeId]>, u32),
    /// Matches of a regex.
    Regex(u32, Scope),
    /// The URL holds this, small letters.
    Url(String),
    /// The URL fits this regex.
    UrlRegex(u32),
    /// A property has a value.
    Property(Property),
    /// Mentions of an entity; inside contexts before overlaps are settled.
    Entity(u32, Scope, bool),
    /// Mentions of the members of a class, likewise.
    Class(u32, Scope, bool),
    Or(Box<[NodeId]>),
    And(Box<[NodeId]>),
    Of(u32, Box<[NodeId]>),
    Not(NodeId),
    Count(u32, NodeId),
    Near(Pair),
}

/// A part of a query as written.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    /// Which text it is written in.
    pub source: u32,
    /// Where.
    pub span: Range<usize>,
    /// What it means.
    pub node: NodeId,
    /// Its parts, in the order of the node's, which counts what an OF names twice once; a field or macro has one part
    /// with the same node. Those of a macro are shared by all its uses.
    pub parts: Arc<[Clause]>,
}

/// Where all alternatives are terms in the same texts, one leaf stands for them: one look for many.
pub(crate) fn merge(exprs: &mut [Expr]) {
    for at in 0..exprs.len() {
        let Expr::Or(parts) = &exprs[at] else {
            continue;
        };
        let mut all = Vec::new();
        let mut texts = None;
        let terms = parts.iter().all(|part| match &exprs[*part as usize] {
            Expr::Leaf(patterns, scope) if *texts.get_or_insert(*scope) == *scope => {
                all.extend_from_slice(patterns);
                true
            }
            _ => false,
        });
        if let Some(scope) = texts.filter(|_| terms) {
            all.sort_unstable();
            all.dedup();
            exprs[at] = Expr::Leaf(all.into(), scope);
        }
    }
}

impl Expr {
    /// The parts that are expressions.
    pub(crate) fn parts(&self) -> &[NodeId] {
        match self {
            Self::Sequence(parts, _) | Self::Or(parts) | Self::And(parts) | Self::Of(_, parts) => {
                parts
            }
            Self::Not(inner) | Self::Count(_, inner) => std::slice::from_ref(inner),
            Self::Near(pair) => std::slice::from_ref(&pair.left),
            _ => &[],
        }
    }

    /// The first thing that is read where this is evaluated.
    pub(crate) fn first(&self) -> u32 {
        match self {
            Self::Leaf(patterns, _) => patterns.first().copied().unwrap_or_default(),
            _ => self.parts().first().copied().unwrap_or_default(),
        }
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        let parts = match self {
            Self::Leaf(patterns, _) => size_of_val(&**patterns),
            Self::Sequence(parts, _) | Self::Or(parts) | Self::And(parts) | Self::Of(_, parts) => {
                size_of_val(&**parts)
            }
            Self::Url(text) => text.capacity(),
            Self::Property(property) => property.value.capacity(),
            _ => 0,
        };
        size_of::<Self>() + parts
    }
}

impl Clause {
    /// Bytes held by its parts, those that are in `counted` left out.
    pub(crate) fn memory(&self, counted: &mut HashSet<*const Clause>) -> usize {
        if self.parts.is_empty() || !counted.insert(self.parts.as_ptr()) {
            return 0;
        }
        let parts = self.parts.iter();
        let own = size_of_val(&*self.parts) + 2 * size_of::<usize>();
        own + parts.map(|part| part.memory(counted)).sum::<usize>()
    }

    /// Whether it only wraps its part: a field, a macro.
    pub(crate) fn is_wrapper(&self) -> bool {
        matches!(&*self.parts, [part] if part.node == self.node)
    }
}
