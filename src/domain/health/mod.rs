//! What is wrong with the system itself: conditions, when people are told of them, and when they are over.
//!
//! Pure. Facts in, conditions out (`feeds`, `silence`, `receivers`, `machine`, `rules`); `watch` turns conditions into
//! what is told, `well` says once a day that there is none, `message` makes the alerts of both. Facts are gathered by `daemon::health`, rows are `store::health`'s.

pub mod feeds;
pub mod machine;
pub mod message;
pub mod receivers;
pub mod rules;
pub mod silence;
pub mod watch;
pub mod well;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::rule::Severity;

/// The rule that alerts about the system bear.
pub const RULE: &str = "bongsu.health";

/// Its title.
pub const TITLE: &str = "bongsu";

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Most feeds cannot be reached at once.
    Unreachable,
    /// A feed fails.
    FeedFailing,
    /// A page comes instead of a feed.
    NotAFeed,
    /// A feed is no more.
    FeedGone,
    /// A feed has moved for good.
    FeedMoved,
    /// A feed answers, and has no entries any more.
    FeedEmpty,
    /// A feed answers, and brings nothing new for longer than its rhythm explains.
    FeedSilent,
    /// Polls are late.
    PollsBehind,
    /// A receiver takes nothing.
    ReceiverFailing,
    /// A receiver is no more.
    ReceiverGone,
    /// What matters waits too long.
    OutboxLate,
    /// Deliveries were given up.
    DeadLetters,
    /// A template of a receiver failed on a message.
    TemplateFailing,
    /// The store fails.
    StoreFailing,
    /// The disk is nearly full.
    DiskFull,
    /// The clock was set, or the machine slept.
    ClockJumped,
    /// A changed config was refused.
    ConfigRefused,
    /// A rule stopped matching when config changed.
    RuleStopped,
    /// A rule matches a large part of everything.
    RuleBroad,
    /// A rule has matched nothing for long.
    RuleSilent,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 20] = [
        Self::Unreachable,
        Self::FeedFailing,
        Self::NotAFeed,
        Self::FeedGone,
        Self::FeedMoved,
        Self::FeedEmpty,
        Self::FeedSilent,
        Self::PollsBehind,
        Self::ReceiverFailing,
        Self::ReceiverGone,
        Self::OutboxLate,
        Self::DeadLetters,
        Self::TemplateFailing,
        Self::StoreFailing,
        Self::DiskFull,
        Self::ClockJumped,
        Self::ConfigRefused,
        Self::RuleStopped,
        Self::RuleBroad,
        Self::RuleSilent,
    ];

    /// The spelling on the wire, in the store and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::FeedFailing => "feed-failing",
            Self::NotAFeed => "not-a-feed",
            Self::FeedGone => "feed-gone",
            Self::FeedMoved => "feed-moved",
            Self::FeedEmpty => "feed-empty",
            Self::FeedSilent => "feed-silent",
            Self::PollsBehind => "polls-behind",
            Self::ReceiverFailing => "receiver-failing",
            Self::ReceiverGone => "receiver-gone",
            Self::OutboxLate => "outbox-late",
            Self::DeadLetters => "dead-letters",
            Self::TemplateFailing => "template-failing",
            Self::StoreFailing => "store-failing",
            Self::DiskFull => "disk-full",
            Self::ClockJumped => "clock-jumped",
            Self::ConfigRefused => "config-refused",
            Self::RuleStopped => "rule-stopped",
            Self::RuleBroad => "rule-broad",
            Self::RuleSilent => "rule-silent",
        }
    }

    /// How much it matters.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::DiskFull | Self::StoreFailing => Severity::Critical,
            Self::Unreachable
            | Self::ReceiverFailing
            | Self::ReceiverGone
            | Self::OutboxLate
            | Self::DeadLetters => Severity::High,
            Self::FeedFailing
            | Self::NotAFeed
            | Self::FeedGone
            | Self::FeedEmpty
            | Self::FeedSilent
            | Self::PollsBehind
            | Self::TemplateFailing
            | Self::ConfigRefused
            | Self::RuleStopped => Severity::Medium,
            Self::ClockJumped | Self::RuleBroad => Severity::Low,
            Self::FeedMoved | Self::RuleSilent => Severity::Info,
        }
    }

    /// How long it has to hold before people are told.
    #[must_use]
    pub fn patience(self) -> Duration {
        match self {
            Self::FeedFailing | Self::FeedEmpty => Duration::from_hours(6),
            Self::NotAFeed => Duration::from_hours(1),
            Self::PollsBehind => Duration::from_mins(30),
            Self::Unreachable => Duration::from_mins(15),
            Self::DiskFull => Duration::from_mins(1),
            _ => Duration::ZERO,
        }
    }

    /// How long it has to be over before people are told that it is.
    #[must_use]
    pub fn calm(self) -> Duration {
        match self {
            Self::Unreachable | Self::DiskFull | Self::PollsBehind => Duration::from_mins(5),
            Self::RuleBroad => Duration::from_hours(24),
            _ => Duration::ZERO,
        }
    }

    /// Whether it happens rather than lasts: then nobody is told when it is over.
    #[must_use]
    pub fn is_event(self) -> bool {
        matches!(
            self,
            Self::ClockJumped | Self::DeadLetters | Self::StoreFailing
        )
    }
}

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What.
    pub kind: Kind,
    /// Which feed, receiver, rule or part.
    pub subject: String,
    /// In words: what, since when, and what to do.
    pub text: String,
    /// Since when, where that is known better than by looking.
    pub since: Option<Timestamp>,
    /// A graver condition explains it: it is not told, nor taken to be over.
    pub inhibited: bool,
}

impl Condition {
    fn new(kind: Kind, subject: impl Into<String>, text: String) -> Self {
        Self {
            kind,
            subject: subject.into(),
            text,
            since: None,
            inhibited: false,
        }
    }

    fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }
}

/// An instant as people read it in these texts.
fn at(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `count` things, in words.
fn many(count: u64, one: &str, more: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_spelt_as_they_are_stored() {
        for kind in Kind::ALL {
            let stored = serde_json::to_value(kind).unwrap();
            assert_eq!(stored, kind.as_str());
        }
    }
}
