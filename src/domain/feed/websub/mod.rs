//! `WebSub`, the subscriber's side (W3C Recommendation of 2018-01-23): what to ask of which hub and when.
//!
//! Pure: a subscription, a wish and `now` in, the next step out. Requests are sent by `fetch`, callbacks answered
//! by `web`. `subscription` is the machine and here are its parts; `links` finds hubs in headers, `signature`
//! judges pushes, `push` says what they mean for polling.

pub mod links;
pub mod push;
pub mod signature;
mod subscription;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use push::{Offer, Push};
pub use subscription::Subscription;

use crate::domain::id::FeedId;
use crate::secret::Secret;

/// What a feed's own settings say of pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether hubs are asked at all.
    pub wanted: bool,
    /// Whether pushes signed with SHA-1, or not at all, are ignored.
    pub require_sha256: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            wanted: true,
            require_sha256: false,
        }
    }
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not wished for: no hub, or switched off.
    #[default]
    Off,
    /// A hub is to be asked.
    Want,
    /// A hub was asked and has not verified yet.
    Pending,
    /// A hub pushes.
    Active,
    /// A hub pushes, and was asked to go on doing so.
    Renewing,
    /// The lease ended before it was renewed.
    Lost,
    /// The hub refused; it is not asked again until the feed names another.
    Denied,
    /// The hub could not be asked, or did not verify; it is asked again later.
    Failed,
}

impl State {
    /// Every state, for metrics.
    pub const ALL: [Self; 8] = [
        Self::Off,
        Self::Want,
        Self::Pending,
        Self::Active,
        Self::Renewing,
        Self::Lost,
        Self::Denied,
        Self::Failed,
    ];

    /// The spelling in the store, JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Want => "want",
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Renewing => "renewing",
            Self::Lost => "lost",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// Where a callback stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The hub was told of it and has not verified yet.
    Asked,
    /// The same, but it took so long that it counts as a failure; it may still verify.
    Late,
    /// Pushes come here.
    Verified,
    /// The hub is to forget it.
    Leaving,
}

/// An address that a hub was given. Its token and secret are seen by the hub, the store and nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The part of the address that cannot be guessed.
    pub token: Secret,
    /// The whole address.
    pub url: Secret,
    /// Which hub has it.
    pub hub: String,
    /// For which topic.
    pub topic: String,
    /// What the hub signs with; none where it would have travelled in the clear.
    pub secret: Option<Secret>,
    /// Where it stands.
    pub stage: Stage,
    /// When the hub was last asked about it.
    pub asked: Timestamp,
    /// When to renew, once verified.
    pub renew: Option<Timestamp>,
    /// When the hub's lease ends, once verified.
    pub until: Option<Timestamp>,
    /// How often the hub was asked to forget it.
    pub goodbyes: u32,
}

/// What a hub is asked for, as the feed offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The hub.
    pub hub: String,
    /// The topic.
    pub topic: String,
}

/// A hub that said it has moved for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// As feeds name it.
    pub from: String,
    /// Where it is.
    pub to: String,
}

/// What config wishes of a feed's subscription.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The feed.
    pub feed: &'a FeedId,
    /// How callbacks begin; none: no pushes are wished for.
    pub base: Option<&'a str>,
    /// Whether only a hub that can be given a secret will do.
    pub signed: bool,
    /// Which hubs besides https ones may be given a secret: those of the operator's own networks.
    pub private: &'a [String],
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Rest,
    /// Ask for this.
    Subscribe(Target),
    /// Ask the hub to forget this callback.
    Unsubscribe(Box<Callback>),
}

/// What came of a request to a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It will verify.
    Accepted {
        /// The hub that said so, after redirects.
        hub: String,
        /// It has moved there for good.
        for_good: bool,
    },
    /// It will not, or could not be asked: why, in words.
    Failed(String),
}

impl Wish<'_> {
    /// Whether `hub` may be given a secret: over https, or within the operator's own networks.
    #[must_use]
    pub fn may_know_secret(&self, hub: &str) -> bool {
        is_https(hub) || self.private.iter().any(|private| private == hub)
    }
}

/// Whether an address is https.
#[must_use]
pub fn is_https(url: &str) -> bool {
    url.get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}
#[cfg(test)]
mod tests;
