//! From a match to a decision: does someone need to know, and if not, why not.
//!
//! Decisions are pure and carry their reason: `decide` says whether there is an alert, `judge` when it is told, by what
//! `manners` say, `escalate` when again. `delivery` is the life of a message owed to a receiver, `circuit` what a
//! receiver's answers in a row mean, `rate` how often one may be sent, `message` what people read, `wire` the JSON of
//! an alert. Storing is in `crate::store`, sending in `crate::notify`.

pub mod circuit;
pub mod decide;
pub mod delivery;
pub mod digest;
pub mod escalate;
pub mod frame;
pub mod hours;
pub mod judge;
pub mod manners;
pub mod message;
pub mod plain;
pub mod rate;
pub mod silence;
pub mod token;
pub mod wire;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Why an alert exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The first entry of a story that matches the rule.
    NewStory,
    /// An entry of a rule with `notify = "entry"`.
    NewEntry,
    /// A changed entry that newly matches.
    Revision,
    /// More owners carry the story.
    Escalation,
    /// Several alerts in one message.
    Digest,
    /// Something is wrong with a feed, a receiver or the daemon.
    Health,
    /// It is right again.
    Resolved,
    /// Somebody has seen an alert; told to those on call, so that they stop ringing.
    Acknowledged,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::NewStory,
        Self::NewEntry,
        Self::Revision,
        Self::Escalation,
        Self::Digest,
        Self::Health,
        Self::Resolved,
        Self::Acknowledged,
    ];

    /// The spelling on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewStory => "new-story",
            Self::NewEntry => "new-entry",
            Self::Revision => "revision",
            Self::Escalation => "escalation",
            Self::Digest => "digest",
            Self::Health => "health",
            Self::Resolved => "resolved",
            Self::Acknowledged => "acknowledged",
        }
    }

    /// The reason spelt so, if any.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Why a match raised no alert; stored with the match and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Published long before it was first seen.
    Backlog,
    /// A copy: the rule has alerted on this story.
    Folded,
    /// A revision, and the rule's `revisions` says no.
    Revision,
    /// The same content reached this rule before.
    Known,
    /// Another rule has told its receivers of the story.
    Inhibited,
}

impl Held {
    /// All reasons for holding back.
    pub const ALL: [Self; 5] = [
        Self::Backlog,
        Self::Folded,
        Self::Revision,
        Self::Known,
        Self::Inhibited,
    ];

    /// The spelling in the store, JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Folded => "folded",
            Self::Revision => "revision",
            Self::Known => "known",
            Self::Inhibited => "inhibited",
        }
    }

    /// The reason spelt so, if any.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|held| held.as_str() == name)
    }
}

/// What to do with a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Alert.
    Raise(Reason),
    /// Do not, and say why.
    Hold(Held),
}

/// The idempotency key of an alert: 32 hex digits, the same whenever the same decision is taken again.
///
/// `subject` is the identity of the story's first entry, or of the entry, never a row number; `step` tells
/// escalations, revisions and digests of one subject apart.
#[must_use]
pub fn key(rule: &str, subject: &str, reason: Reason, step: &str) -> String {
    let mut hash = Sha256::new();
    for part in [rule, subject, reason.as_str(), step] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..16])
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_stable_and_apart() {
        let one = key("r", "s", Reason::NewStory, "");
        assert_eq!(one, key("r", "s", Reason::NewStory, ""));
        assert_eq!(one.len(), 32);
        assert_ne!(one, key("rs", "", Reason::NewStory, ""));
        assert_ne!(one, key("r", "s", Reason::NewEntry, ""));
    }
}
