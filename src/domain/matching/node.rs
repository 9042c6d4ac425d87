//! Expressions: what queries mean, each distinct one once. The clauses of a query that point at them are in `clause`.

use super::super::rule::ast::{Distance, Field};
use super::numbers::Numbers;
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

/// What may stand between the words of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Between {
    /// Separators, as in a phrase.
    Separators,
    /// At most so many words in all, and whatever is counted as none.
    Words(u32),
}

/// What is evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Expr {
    /// Holds nowhere.
    Never,
    /// Hits of any of these patterns.
    Leaf(Numbers, Scope),
    /// These in order.
    Sequence(Numbers, Between),
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
    Or(Numbers),
    And(Numbers),
    Of(u32, Numbers),
    Not(NodeId),
    Count(u32, NodeId),
    Near(Pair),
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
            Self::Leaf(list, _)
            | Self::Sequence(list, _)
            | Self::Or(list)
            | Self::And(list)
            | Self::Of(_, list) => list.memory(),
            Self::Url(text) => text.capacity(),
            Self::Property(property) => property.value.capacity(),
            _ => 0,
        };
        size_of::<Self>() + parts
    }
}
