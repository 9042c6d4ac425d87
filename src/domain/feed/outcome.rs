//! One exchange with a publisher, as data: what is asked, and what came of it.
//!
//! A failed fetch is not an error: each outcome carries what scheduling and people need. Errors are for
//! bugs and a broken store.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::schedule::Why;
use super::transport::Transport;
use crate::domain::document::{Format, Hints};

/// What to ask of a publisher.
#[derive(Clone, Debug, Default)]
pub struct FetchRequest {
    /// The URL, sent byte for byte in path and query.
    pub url: String,
    /// Validator of the stored document, sent unchanged as `If-None-Match`.
    pub etag: Option<Vec<u8>>,
    /// Validator of the stored document, sent unchanged as `If-Modified-Since`.
    pub last_modified: Option<Vec<u8>>,
    /// The URL that gave the validators, when a redirect leads to it; they are sent to no other.
    pub validators_url: Option<String>,
    /// Extra headers for the URL's own origin.
    pub headers: Vec<(String, crate::secret::Secret)>,
    /// What the URL should lead to: decides `Accept`, how much is read, and whether robots.txt is asked first.
    pub wants: Wants,
    /// What this feed wants otherwise than all others.
    pub transport: Option<Arc<Transport>>,
    /// Accept anything instead of naming the types of feeds: the server refused those.
    pub plain_accept: bool,
    /// Do not ask for a delta (RFC 3229): the server gets it wrong.
    pub no_delta: bool,
    /// Nothing else waits to ask this host: the connection need not be kept for it.
    pub alone: bool,
}

/// Which kind of document is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wants {
    /// A feed: of a page only the head is read, where the feeds stand that it names.
    #[default]
    Feed,
    /// A page that an entry links to, whole.
    Page,
    /// A host's robots.txt.
    Robots,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct FetchOutcome {
    /// How the exchange ended.
    pub result: FetchResult,
    /// HTTP facts of the last hop, where one answered.
    pub facts: HttpFacts,
}

/// How an exchange ended, each arm with what the next step needs.
#[derive(Clone, Debug)]
pub enum FetchResult {
    /// A complete body.
    Fetched(Body),
    /// 304 to a conditional request.
    NotModified,
    /// The publisher refused or failed: kind, and one sentence for people.
    Failed {
        /// Which failure.
        kind: OutcomeKind,
        /// What happened, in words a person can act on; no secrets.
        message: String,
        /// The body that came before the failure, when it may still hold whole entries (truncated transfers).
        partial: Option<Body>,
    },
}

/// A document as received, content codings removed.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The decoded bytes.
    pub bytes: Vec<u8>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
}

/// What the HTTP exchange showed, for scheduling, the history and `feeds probe`.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of one exchange that have nothing to do with each other"
)]
pub struct HttpFacts {
    /// The URL that answered, after redirects.
    pub final_url: Option<String>,
    /// Each redirect followed: status and target.
    pub redirects: Vec<(u16, String)>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// `ETag`, raw.
    #[serde(skip)]
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, raw.
    #[serde(skip)]
    pub last_modified: Option<Vec<u8>>,
    /// The values of all `Link` headers, which may name hubs.
    #[serde(skip)]
    pub links: Vec<String>,
    /// Freshness that remains by `Cache-Control`, `Expires`, `Age` (RFC 9111 4.2), not yet capped.
    pub fresh_for: Option<Duration>,
    /// `Retry-After`, as a delay from the answer.
    pub retry_after: Option<Duration>,
    /// Bytes received on the wire for the last body.
    pub wire_bytes: u64,
    /// Bytes after decoding.
    pub body_bytes: u64,
    /// From the first packet to the last byte.
    pub duration: Duration,
    /// Whether this request carried validators.
    pub conditional: bool,
    /// The answer holds what is new since the validators only (226, RFC 3229); what is absent is not gone.
    pub delta: bool,
    /// A redirect led from https to http, as the feed allows: nothing of it may be remembered.
    pub downgraded: bool,
    /// `HTTP/1.1`, `HTTP/2.0` …, as answered.
    pub version: Option<String>,
    /// Where the time went.
    pub timings: Timings,
    /// Whether the last hop's host is the operator's own: loopback or a private network.
    #[serde(skip)]
    pub private: bool,
    /// Why no connection stood, where none did.
    #[serde(skip)]
    pub unreached: Option<super::offline::Unreached>,
}

impl HttpFacts {
    /// What a body's bytes do not say to who reads it as a document; `asked` is the URL that was asked for.
    #[must_use]
    pub fn hints(&self, asked: &str, body: &Body, now: Timestamp) -> Hints {
        let url = self.final_url.clone();
        Hints {
            url: Some(url.unwrap_or_else(|| asked.to_owned())),
            content_type: body.content_type.clone(),
            now,
            ..Hints::default()
        }
    }
}

/// Where the time of an exchange went, in milliseconds, all its hops together. The phases do not overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timings {
    /// Until names were addresses; 0 where the answers were at hand.
    pub dns_ms: u32,
    /// Until connections stood, TLS and a proxy's handshake included; 0 where one was open.
    pub connect_ms: u32,
    /// From the request to the head of the answer.
    pub first_byte_ms: u32,
    /// From there to the last byte, decoding included.
    pub body_ms: u32,
    /// Before all that: for the host's turn.
    pub waited_ms: u32,
}

/// The one stored classification of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// A document with entries not seen before, or revised.
    OkNew,
    /// A document that brought nothing new.
    OkSame,
    /// 304.
    NotModified,
    /// 429, or 503 with Retry-After.
    RateLimited,
    /// 410.
    Gone,
    /// Any other status that is not a document.
    HttpError,
    /// DNS, connection, timeout, broken transfer.
    NetError,
    /// The certificate or the handshake.
    TlsError,
    /// A bound on size, headers or ratio was crossed.
    TooLarge,
    /// A document, but not a feed.
    NotAFeed,
    /// A feed that could not be read.
    ParseError,
    /// A loop, too many hops, a refused target.
    RedirectError,
    /// An address that may not be reached.
    Refused,
    /// The machine itself has no network.
    Offline,
}

impl OutcomeKind {
    /// The spelling used in the store, JSON, logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OkNew => "ok_new",
            Self::OkSame => "ok_same",
            Self::NotModified => "not_modified",
            Self::RateLimited => "rate_limited",
            Self::Gone => "gone",
            Self::HttpError => "http_error",
            Self::NetError => "net_error",
            Self::TlsError => "tls_error",
            Self::TooLarge => "too_large",
            Self::NotAFeed => "not_a_feed",
            Self::ParseError => "parse_error",
            Self::RedirectError => "redirect_error",
            Self::Refused => "refused",
            Self::Offline => "offline",
        }
    }

    /// Every kind, for reading back and for metrics.
    pub const ALL: [Self; 14] = [
        Self::OkNew,
        Self::OkSame,
        Self::NotModified,
        Self::RateLimited,
        Self::Gone,
        Self::HttpError,
        Self::NetError,
        Self::TlsError,
        Self::TooLarge,
        Self::NotAFeed,
        Self::ParseError,
        Self::RedirectError,
        Self::Refused,
        Self::Offline,
    ];

    /// The kind spelt so, if any.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether the feed answered as a feed should.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::OkNew | Self::OkSame | Self::NotModified)
    }
}

/// One poll as the history keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct PollRecord {
    /// When it began.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// HTTP status, where one came.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ms: u64,
    /// Where the time went, where that is known.
    pub timings: Option<Timings>,
    /// The URL that answered, where a redirect led to another than was asked.
    pub final_url: Option<String>,
    /// Whether the request carried validators.
    pub conditional: bool,
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Bytes after decoding.
    pub body_bytes: u64,
    /// What the document was, where one was read.
    pub format: Option<Format>,
    /// New entries.
    pub new: u32,
    /// Revised entries.
    pub revised: u32,
    /// When the next poll was planned then.
    pub next_poll: Option<Timestamp>,
    /// Why then.
    pub why_then: Option<Why>,
    /// The bad outcome's text, or what had to be repaired.
    pub note: Option<String>,
}
