//! The JSON of an alert: webhook body, command's stdin, file line, API.
//!
//! Names are fixed by the contract; this file is the only place that spells them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::domain::entry::wire::WireEntry;
use crate::domain::matching::Evidence;
use crate::domain::rule::Severity;

/// An alert as sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireAlert {
    /// Always `alert`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The store's id.
    pub id: String,
    /// The idempotency key; a retry keeps it.
    pub key: String,
    /// When decided.
    pub created: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// Why it exists.
    pub reason: Reason,
    /// Which rule.
    pub rule: WireRule,
    /// Which entry; null for health and digests.
    pub entry: Option<WireEntry>,
    /// The evidence; empty for health.
    pub matches: Vec<Evidence>,
    /// Which story; null for health.
    pub story: Option<WireStory>,
    /// What is wrong; only for `health` and `resolved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<WireHealth>,
    /// The alerts of a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<WireAlert>>,
    /// Other alerts of the same story that come in the same message; only to people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<WireAlso>,
    /// By how many seconds the message is late since its receiver could not be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_by: Option<u64>,
    /// Where to look.
    pub links: WireLinks,
    /// Present and true for `receivers test`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Present and true when `max_body` cut the entry's text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

impl WireAlert {
    /// An alert about nothing yet: no entry, no story, no condition.
    #[must_use]
    pub fn new(
        key: String,
        rule: WireRule,
        severity: Severity,
        reason: Reason,
        created: Timestamp,
    ) -> Self {
        Self {
            kind: "alert".to_owned(),
            id: String::new(),
            key,
            created,
            severity,
            reason,
            rule,
            entry: None,
            matches: Vec::new(),
            story: None,
            health: None,
            alerts: None,
            also: Vec::new(),
            late_by: None,
            links: WireLinks::default(),
            test: false,
            cut: false,
        }
    }
}

/// The rule behind an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireRule {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// The story an entry belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireStory {
    /// The store's id.
    pub id: String,
    /// Entries so far.
    pub entries: u64,
    /// Feeds that carry it.
    pub feeds: Vec<String>,
    /// When its first entry was stored.
    pub first_seen: Timestamp,
    /// What was folded into it for this rule since the rule's message before, so that nothing is hidden; absent
    /// where nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folded: Vec<WireFolded>,
}

/// An entry that raised no alert since it was taken for a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireFolded {
    /// Its id.
    pub id: String,
    /// The feed it came from.
    pub feed: Option<String>,
    /// Its title as published.
    pub title: String,
    /// Its link.
    pub url: Option<String>,
    /// Why it was taken for a copy.
    #[serde(default)]
    pub why: String,
}

/// Another alert of the same story, told in the same message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireAlso {
    /// The store's id.
    pub id: String,
    /// Which rule.
    pub rule: WireRule,
    /// Its entry, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<WireFolded>,
}

/// What is wrong with the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireHealth {
    /// Which condition.
    pub kind: String,
    /// Which feed, receiver or part.
    pub subject: String,
    /// In words.
    pub text: String,
}

/// Where to look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireLinks {
    /// The alert's page; null without `public_url`.
    pub alert: Option<String>,
    /// A signed link that acknowledges the alert; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack: Option<String>,
}
