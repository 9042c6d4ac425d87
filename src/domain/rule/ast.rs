//! A query as a tree: the nouns of the language, each with the byte range it was written at.
//!
//! Nothing here knows how text is folded or matched; `domain::matching` gives the tree its meaning.

use std::ops::Range;

/// A node of a query with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it was written: byte range of the query.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Any of these.
    Or(Vec<Node>),
    /// All of these, in the entry.
    And(Vec<Node>),
    /// Not this, anywhere in scope.
    Not(Box<Node>),
    /// Two sets of occurrences near each other; chains nest to the left.
    Near(Box<Near>),
    /// `field:atom`.
    Field(Field, Box<Node>),
    /// `n OF (a, b, c)`.
    AtLeastOf(u32, Vec<Node>),
    /// `ATLEAST/n x`.
    Count(u32, Box<Node>),
    /// A folded word, maybe with `*` or `?` in it.
    Term(String),
    /// A quoted phrase; the number is the slop after `~`.
    Phrase(String, Option<u32>),
    /// `'as written'`.
    Verbatim(String),
    /// `/regex/`, and whether case is ignored.
    Regex(String, bool),
    /// `@entity`.
    Entity(String),
    /// `#class`.
    Class(String),
    /// `$macro`.
    Macro(String),
}

/// `left NEAR/distance right`.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// The left operand.
    pub left: Node,
    /// The right operand.
    pub right: Node,
    /// How near.
    pub distance: Distance,
    /// BEFORE: left stands before right.
    pub ordered: bool,
    /// NOT NEAR, NOT BEFORE: occurrences of left with no right so near.
    pub negated: bool,
}

/// How near is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distance {
    /// At most so many words between.
    Words(u32),
    /// In one sentence.
    Sentence,
    /// In one paragraph.
    Paragraph,
}

/// A field of an entry that a query can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The title.
    Title,
    /// The title and the first paragraph of the body.
    Lead,
    /// The body and the full text.
    Body,
    /// The title, the body and the full text: what an unfielded term looks at.
    Text,
    /// The URL, as a case-folded substring.
    Url,
    /// The URL's host or a domain above it.
    Host,
    /// The authors.
    Author,
    /// The categories.
    Category,
    /// The feed's id.
    Feed,
    /// A tag of the feed.
    Tag,
    /// The language.
    Lang,
}

impl Field {
    /// Every field, in the order documentation lists them.
    pub const ALL: [Self; 11] = [
        Self::Title,
        Self::Lead,
        Self::Body,
        Self::Text,
        Self::Url,
        Self::Host,
        Self::Author,
        Self::Category,
        Self::Feed,
        Self::Tag,
        Self::Lang,
    ];

    /// The spelling in queries.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Lead => "lead",
            Self::Body => "body",
            Self::Text => "text",
            Self::Url => "url",
            Self::Host => "host",
            Self::Author => "author",
            Self::Category => "category",
            Self::Feed => "feed",
            Self::Tag => "tag",
            Self::Lang => "lang",
        }
    }

    /// The field spelt so, if any.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// Fields that test a property and yield no span.
    #[must_use]
    pub fn is_property(self) -> bool {
        matches!(self, Self::Host | Self::Feed | Self::Tag | Self::Lang)
    }
}
