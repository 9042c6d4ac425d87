//! What a feed is: what was asked for (`Feed`) and what was learned (`FeedState`).
//!
//! `schedule` says when to poll next and why then, `terms` keeps what was weighed; `learn` turns a poll into
//! the next state. `rhythm` is what polls taught, by `rate` and hour of the `week`; a `forecast` of it is
//! weighed by `price`, which `market` makes from all feeds. `outcome` is an HTTP exchange as data and `freshness`
//! reads its headers; `gap` is the way back to what a document no longer shows, `signs` what people should know;
//! `transport` is how a feed is reached, `quirks` what its server was found not to bear; `websub` is about hubs that
//! push. `standing` is what polls teach beyond the rhythm: `moves`, `validators` and `limits`; `offline` tells their
//! failures from the machine's own. Fetching itself is in `crate::fetch`, reading the document in `domain::document`.

pub mod forecast;
pub mod freshness;
pub mod gap;
pub mod learn;
pub mod limits;
pub mod market;
pub mod moves;
pub mod offline;
pub mod outcome;
pub mod price;
pub mod quirks;
pub mod rate;
pub mod rhythm;
pub mod schedule;
pub mod signs;
pub mod standing;
pub mod terms;
pub mod transport;
pub mod validators;
pub mod websub;
pub mod week;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::FeedId;
use crate::secret::Secret;

/// A feed as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Stable name; everything the store keeps hangs on it.
    pub id: FeedId,
    /// The configured URL, byte for byte as written.
    pub url: String,
    /// Overrides the feed's own title.
    pub title: Option<String>,
    /// Labels that rules select by (`tag:wire`).
    pub tags: Vec<String>,
    /// A fixed interval instead of adaptive polling.
    pub interval: Option<Duration>,
    /// Fetch the linked page too and match on its text.
    pub full_text: bool,
    /// Overrides the feed's own language (BCP 47).
    pub language: Option<String>,
    /// IANA zone of dates that name none.
    pub default_tz: Option<String>,
    /// Who publishes it; feeds of one owner are one voice. Default: the registrable domain.
    pub owner: Option<String>,
    /// Documents before the first one that are asked for on subscription; 0 asks for none.
    pub history: u32,
    /// Extra request headers, sent to this feed's own origin only.
    pub headers: BTreeMap<String, Secret>,
    /// What this feed wants otherwise than all others; kept in config only.
    pub transport: Option<Arc<transport::Transport>>,
    /// A disabled feed is kept and shown, never polled.
    pub enabled: bool,
    /// Where it was configured.
    pub origin: Origin,
    /// Whether hubs may push it, and on what terms.
    pub websub: websub::Terms,
}

/// Where a feed, rule or entity came from: config files are read-only to the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A config file or an OPML file beside it.
    File,
    /// Added through the API, the UI or `feeds add`.
    Api,
}

/// What was learned of a feed: everything the next poll depends on. One row in the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedState {
    /// The URL these facts were learned from; when the configured one changes, validators are void.
    pub url: String,
    /// `ETag` of the last complete, accepted document, as raw bytes (RFC 9110 8.8.3).
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified` of the same document, as raw bytes.
    pub last_modified: Option<Vec<u8>>,
    /// The URL that gave these validators, when a redirect led to it; they are sent to no other.
    pub validators_url: Option<String>,
    /// SHA-256 of the last decoded document.
    pub body_hash: Option<Vec<u8>>,
    /// The feed's own title.
    pub title: Option<String>,
    /// The feed's own language.
    pub language: Option<String>,
    /// The page the feed belongs to.
    pub site_url: Option<String>,
    /// When the last poll began.
    pub last_poll: Option<Timestamp>,
    /// When the last poll that ended well began; `backlog` is measured from it.
    pub last_success: Option<Timestamp>,
    /// When a poll last brought a new entry.
    pub last_new: Option<Timestamp>,
    /// When to poll next; absent: never polled.
    pub next_poll: Option<Timestamp>,
    /// Why then.
    pub why_then: Option<schedule::Why>,
    /// A publisher's Retry-After: nothing asks before it, not even by hand.
    pub retry_after: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Polls in a row that ended like the last one: counts 410s and 429s.
    pub streak: u32,
    /// When the first of the 410 answers in a row came.
    pub gone_since: Option<Timestamp>,
    /// Polling stopped for good.
    pub gone: bool,
    /// How the last poll ended.
    pub last_outcome: Option<outcome::OutcomeKind>,
    /// Text of the last bad outcome; none after a good one.
    pub last_error: Option<String>,
    /// The document's `ttl`, in minutes.
    pub ttl_minutes: Option<u32>,
    /// UTC hours in which the publisher asks not to be polled, one bit an hour.
    pub skip_hours: u32,
    /// UTC days in which the publisher asks not to be polled, one bit a day, Monday first.
    pub skip_days: u8,
    /// Learned posting rate, entries a day; decayed count and time (Gamma-Poisson).
    pub rate_count: f64,
    /// The span behind `rate_count`, in days.
    pub rate_days: f64,
    /// What else is known of its rhythm.
    pub rhythm: rhythm::Rhythm,
    /// What was weighed for `next_poll`.
    pub terms: Option<terms::Terms>,
    /// Entries stored so far.
    pub entries: u64,
    /// What people should know of its polls.
    pub signs: signs::Signs,
    /// What the publisher's server was found not to bear.
    pub quirks: quirks::Quirks,
    /// What is known of hubs and pushes.
    pub push: websub::Push,
    /// What polls taught about it and its host, its rhythm aside.
    pub standing: standing::Standing,
}

/// A feed's health, as `feeds list` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Not polled yet.
    New,
    /// The last poll was good.
    Ok,
    /// The last poll was bad.
    Failing,
    /// Polls are good, but nothing new came for longer than the feed's own rhythm explains.
    Silent,
    /// The publisher said it is gone for good.
    Gone,
    /// Switched off in config.
    Disabled,
}

impl Health {
    /// Every health, for metrics.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Ok,
        Self::Failing,
        Self::Silent,
        Self::Gone,
        Self::Disabled,
    ];

    /// The spelling in JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Silent => "silent",
            Self::Gone => "gone",
            Self::Disabled => "disabled",
        }
    }
}

/// What a read document says about its feed, as far as polling and listing need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentFacts {
    /// The feed's own title.
    pub title: Option<String>,
    /// The feed's own language.
    pub language: Option<String>,
    /// The page the feed belongs to.
    pub site_url: Option<String>,
    /// `ttl`, in minutes.
    pub ttl_minutes: Option<u32>,
    /// `skipHours`: one bit a UTC hour.
    pub skip_hours: u32,
    /// `skipDays`: one bit a UTC day, Monday first.
    pub skip_days: u8,
    /// When its entries were published, those that say so: what the feed's rhythm is learned from.
    pub published: Vec<Timestamp>,
    /// The hubs it names.
    pub hubs: Vec<String>,
    /// Where it says that it lives.
    pub self_url: Option<String>,
    /// How many entries it holds.
    pub entries: usize,
}

impl Feed {
    /// A feed of which nothing but its URL is said.
    #[must_use]
    pub fn new(id: FeedId, url: impl Into<String>) -> Self {
        Self {
            id,
            url: url.into(),
            title: None,
            tags: Vec::new(),
            interval: None,
            full_text: false,
            language: None,
            default_tz: None,
            owner: None,
            history: 0,
            headers: BTreeMap::new(),
            transport: None,
            enabled: true,
            origin: Origin::File,
            websub: websub::Terms::default(),
        }
    }

    /// What to ask of the publisher now; validators learned from another URL stay behind.
    #[must_use]
    pub fn request(&self, state: &FeedState) -> outcome::FetchRequest {
        let headers = self.headers.iter();
        let mut request = outcome::FetchRequest {
            url: self.url.clone(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            transport: self.transport.clone(),
            ..outcome::FetchRequest::default()
        };
        if state.url == self.url {
            request.etag.clone_from(&state.etag);
            request.last_modified.clone_from(&state.last_modified);
            request.validators_url.clone_from(&state.validators_url);
            request.plain_accept = state.quirks.accepts_anything();
            request.no_delta = state.quirks.no_delta;
        }
        request
    }
}

impl FeedState {
    /// Whether `feed` is to be polled at `now`.
    #[must_use]
    pub fn is_due(&self, feed: &Feed, now: Timestamp) -> bool {
        let moved = self.url != feed.url;
        feed.enabled && (moved || !self.gone && self.next_poll.is_none_or(|at| at <= now))
    }

    /// Whether a document with this hash has been read already, so that it need not be read again.
    ///
    /// A document that could not be read is read again each time: the reader may have improved.
    #[must_use]
    pub fn is_known_document(&self, feed: &Feed, hash: &[u8]) -> bool {
        self.url == feed.url && self.body_hash.as_deref() == Some(hash)
    }

    /// The health of `feed` as of its last poll.
    #[must_use]
    pub fn health(&self, feed: &Feed) -> Health {
        if !feed.enabled {
            return Health::Disabled;
        }
        if self.gone {
            return Health::Gone;
        }
        match self.last_outcome {
            None => Health::New,
            Some(kind) if kind.is_good() => Health::Ok,
            // The machine had no network: the feed is as it was.
            Some(outcome::OutcomeKind::Offline) if self.failures == 0 => match self.last_success {
                Some(_) => Health::Ok,
                None => Health::New,
            },
            Some(_) => Health::Failing,
        }
    }
}
