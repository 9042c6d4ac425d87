//! What people watch for: rules, entities and macros as defined, and the query language they are written in.
//!
//! Text to tree with diagnostics at the character lives here; what a tree means over an entry is in
//! `domain::matching`. Where the text stood in a file is config's business.

pub mod added;
pub mod ast;
mod brackets;
mod chars;
pub mod diagnostic;
pub(crate) mod doubts;
mod fields;
mod foreign;
mod habits;
mod lexer;
mod lint;
mod literal;
pub mod parser;
mod particles;
mod printer;
mod proximity;
mod quoted;
mod regex_faults;
mod regex_signs;
pub mod suggest;
pub mod table;
mod tongues;
mod wildcard;

pub(crate) use doubts::slip as language_meant;
pub(crate) use lint::is_verbal_noun;
pub use parser::parse;
pub use printer::print;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::feed::Origin;
use super::id::{EntityId, FeedId, ReceiverId, RuleId};
use super::units::Rate;

/// How much a match matters, lowest first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For the record.
    Info,
    /// Worth a look some day.
    Low,
    /// Worth a look today.
    #[default]
    Medium,
    /// Worth an interruption.
    High,
    /// Worth waking someone.
    Critical,
}

impl Severity {
    /// All, lowest first.
    pub const ALL: [Self; 5] = [
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The spelling used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity spelt so, if any.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == name)
    }
}

/// A watch rule as defined.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Stable name.
    pub id: RuleId,
    /// For people; default: the id.
    pub title: String,
    /// The query as written.
    pub query: String,
    /// How much a match matters.
    pub severity: Severity,
    /// Who is told; empty: all receivers with `default = true`.
    pub receivers: Vec<ReceiverId>,
    /// Which feeds it looks at; empty: all.
    pub feeds: Vec<FeedSelector>,
    /// Which languages it looks at, primary subtags; empty: all.
    pub languages: Vec<String>,
    /// One alert a story, an entry, or a digest.
    pub notify: Notify,
    /// What a changed entry may raise.
    pub revisions: Revisions,
    /// Over it, alerts are held.
    pub throttle: Option<Rate>,
    /// When more owners carry the story.
    pub escalate: Option<Escalate>,
    /// Rules that keep it quiet on a story of which they have told.
    pub inhibit: Vec<RuleId>,
    /// A disabled rule is checked, never matched.
    pub enabled: bool,
    /// Examples that `check` and `rules test` run.
    pub tests: Vec<RuleTest>,
    /// Where it was defined.
    pub origin: Origin,
}

impl Rule {
    /// A rule that is a query and nothing else.
    #[must_use]
    pub fn of_query(id: &str, query: &str) -> Self {
        Self {
            id: id.into(),
            title: id.to_owned(),
            query: query.to_owned(),
            severity: Severity::default(),
            receivers: Vec::new(),
            feeds: Vec::new(),
            languages: Vec::new(),
            notify: Notify::default(),
            revisions: Revisions::default(),
            throttle: None,
            escalate: None,
            inhibit: Vec::new(),
            enabled: true,
            tests: Vec::new(),
            origin: Origin::File,
        }
    }
}

/// Which feeds a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedSelector {
    /// One feed by id.
    Feed(FeedId),
    /// All feeds with a tag (`tag:wire`).
    Tag(String),
}

impl fmt::Display for FeedSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed(id) => write!(f, "{id}"),
            Self::Tag(tag) => write!(f, "tag:{tag}"),
        }
    }
}

/// How often a rule speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// One alert a story; copies fold in.
    #[default]
    Story,
    /// One alert an entry.
    Entry,
    /// In the receiver's next digest.
    Digest,
}

/// What a changed entry may raise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Revisions {
    /// An alert when it matches this rule for the first time.
    #[default]
    First,
    /// An alert for each revision that matches.
    All,
    /// Nothing.
    None,
}

/// Raise the severity when independent owners carry a story.
#[derive(Clone, Debug, PartialEq)]
pub struct Escalate {
    /// How many owners.
    pub feeds: u32,
    /// Within how long.
    pub within: Duration,
    /// To what.
    pub severity: Severity,
    /// Or when nobody acknowledged for so long.
    pub unacked: Option<Duration>,
    /// And, while it is critical, again each time that nobody did for so long; three times at most.
    pub remind: Option<Duration>,
}

/// An example kept with a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleTest {
    /// The entry's title.
    pub title: String,
    /// The entry's body.
    pub body: String,
    /// The entry's language; default: detected.
    pub language: Option<String>,
    /// The entry's feed; default: passes every feed filter.
    pub feed: Option<FeedId>,
    /// The entry's URL.
    pub url: Option<String>,
    /// Whether the rule must match.
    pub expect: bool,
}

/// Someone or something watched, by many names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entity {
    /// Stable name (`@id`).
    pub id: Option<EntityId>,
    /// For people; an alias too.
    pub name: String,
    /// Groups it belongs to (`#class`).
    pub classes: Vec<String>,
    /// Names, folded.
    pub aliases: Vec<String>,
    /// Names matched with case as written.
    pub exact: Vec<String>,
    /// Names that count only in context.
    pub ambiguous: Vec<String>,
    /// The context: a query over the entry.
    pub context: Option<String>,
    /// How near the context must be.
    pub context_within: ContextWithin,
    /// Longer names inside which an alias is not a mention.
    pub not_in: Vec<String>,
    /// Identifiers elsewhere (`wikidata = "Q…"`).
    pub links: BTreeMap<String, String>,
}

impl Entity {
    /// All that it is called: the name and the aliases of each list.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let lists = [&self.aliases, &self.exact, &self.ambiguous];
        std::iter::once(&self.name).chain(lists.into_iter().flatten())
    }
}

/// How near an ambiguous alias its context must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextWithin {
    /// Anywhere in the entry.
    #[default]
    Entry,
    /// In the same paragraph.
    Paragraph,
    /// In the same sentence.
    Sentence,
    /// At most so many words between.
    Words(u32),
}

/// A named piece of query (`$id`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Macro {
    /// Its name.
    pub id: String,
    /// The query as written.
    pub query: String,
}

/// All that rules are made of, as one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definitions {
    /// The rules, disabled ones too.
    pub rules: Vec<Rule>,
    /// The entities.
    pub entities: Vec<Entity>,
    /// The macros.
    pub macros: Vec<Macro>,
    /// Known feeds, for `feed:` and the selectors: id and tags.
    pub feeds: Vec<(FeedId, Vec<String>)>,
}
