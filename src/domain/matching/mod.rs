//! What a query means over an entry: which rules match, on what evidence, and by how much one missed.
//!
//! `RuleSet` is compiled once from the definitions and shared; evaluation is a pure function of rule set and
//! subject. The query language itself (lexing, parsing, printing) is in `domain::rule`.

mod check;
mod clause;
pub mod common;
mod compile;
mod evaluate;
mod evidence;
mod expand;
mod explain;
mod features;
pub mod feedback;
mod filing;
mod fold;
pub mod furniture;
mod glance;
mod heads;
mod hits;
mod lint;
mod literals;
mod meant;
mod mention;
mod miss;
mod name_doubts;
mod names;
mod near;
mod node;
mod numbers;
mod pairs;
mod pattern;
pub mod pieces;
mod places;
mod postings;
mod probe;
mod query;
mod rule_set;
mod scan;
mod script;
mod segment;
mod set;
mod sources;
mod tails;
mod text;
mod trie;
mod units;
mod walk;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::id::{EntityId, RuleId};
use super::rule::Severity;
use super::rule::diagnostic::Diagnostic;
use super::short::Short;

pub use glance::Glance;
pub use name_doubts::name_doubts;
pub use places::Places;
pub use probe::primary_subtag;
pub use rule_set::{Filing, Frequencies, RuleSet};

/// The particles and endings that may follow a Hangul term, for the documentation.
#[must_use]
pub fn hangul_tails() -> Vec<String> {
    tails::Tails::shared().list()
}

/// What is matched: an entry, borrowed field by field. An absent `feed` passes every feed filter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// Plain text of the title.
    pub title: &'a str,
    /// Plain text of the body.
    pub body: &'a str,
    /// The article's text.
    pub full_text: Option<&'a str>,
    /// The entry's page.
    pub url: Option<&'a str>,
    /// Names as published.
    pub authors: &'a [String],
    /// Labels as published.
    pub categories: &'a [String],
    /// The feed's id.
    pub feed: Option<&'a str>,
    /// The feed's tags.
    pub tags: &'a [String],
    /// The feed's title, so that ` - The Korea Herald` at a title's end is no mention (MAT-50).
    pub feed_title: Option<&'a str>,
    /// BCP 47.
    pub language: Option<&'a str>,
}

/// One place that made a rule true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The entry's key that holds the text: `title`, `body`, `full_text`, `url`, `authors`, `categories`.
    pub field: Short,
    /// Which element, where the field is an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// First byte in the stored text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The stored text there.
    pub text: Short,
    /// The term as written in the rule.
    pub term: Short,
    /// The alias that stood there, where an entity or class is behind the term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Short>,
    /// The entity behind the term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<Short>,
    /// The Korean particle that follows, which often tells who supplies whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Short>,
}

/// A rule that an entry satisfies, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The rule.
    pub rule: RuleId,
    /// Its severity.
    pub severity: Severity,
    /// Where, in field order, then by start; at most 256 (MAT-55).
    pub evidence: Places,
}

/// An entity that an entry names, once for each place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Who or what.
    pub entity: EntityId,
    /// Where, with the alias that stood there.
    pub evidence: Evidence,
}

/// Which text a problem of the definitions is in: indices are into `Definitions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The query of a rule.
    RuleQuery(usize),
    /// The query of a macro.
    MacroQuery(usize),
    /// The context of an entity.
    EntityContext(usize),
    /// A name in a list of an entity: the entity, the list, the element.
    EntityAlias(usize, AliasList, usize),
}

/// The lists in which an entity's names stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AliasList {
    /// `name` itself; the element is 0.
    Name,
    /// `aliases`.
    Aliases,
    /// `exact`.
    Exact,
    /// `ambiguous`.
    Ambiguous,
    /// `not_in`.
    NotIn,
}

/// A problem of the definitions, in one of their texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which text.
    pub place: Place,
    /// What is wrong there; spans are byte ranges of that text.
    pub diagnostic: Diagnostic,
}

/// Why a rule matched an entry or did not, clause by clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The clause as written.
    pub clause: String,
    /// Whether it holds.
    pub holds: bool,
    /// For a clause that does not hold, how near it came; for one that does, nothing or a remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
    /// Its parts are alternatives: those of OR and OF.
    #[serde(skip)]
    pub is_choice: bool,
    /// The query holds, and the rule's feeds or languages shut the entry out.
    #[serde(skip)]
    pub is_shut_out: bool,
}
