//! What an entry is: one thing a feed published, as kept and as matched.
//!
//! `bridge` knows items that are a program's failure, `identity` says when two items are one entry, `ingest` what a poll changes, `delta` how what it said before is
//! kept, `language` what an entry is
//! written in, `page` whether the page that it links to is fetched. How a document becomes entries is in `domain::document`; the JSON of an entry is in `wire`.

pub mod bridge;
pub mod delta;
pub mod identity;
pub mod ingest;
pub mod language;
pub mod page;
pub mod wire;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{EntryId, FeedId};
use super::matching::Subject;

/// The content of an entry as published: what a document says, before it is given an identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// `guid`, `atom:id`, JSON `id`, or `rdf:about`: trimmed, otherwise as published.
    pub guid: Option<String>,
    /// The entry's page: absolute, http or https.
    pub url: Option<String>,
    /// The page behind `url`, where that leads through a redirector and the document names both
    /// (`feedburner:origLink`). For identity and stories; not stored.
    pub origin: Option<String>,
    /// Plain text.
    pub title: String,
    /// Names as published.
    pub authors: Vec<String>,
    /// Labels as published.
    pub categories: Vec<String>,
    /// When published, future dates already clamped to the poll.
    pub published: Option<Timestamp>,
    /// When updated, as published.
    pub updated: Option<Timestamp>,
    /// BCP 47, primary subtag lower-case; from config, the document, or detected.
    pub language: Option<String>,
    /// Plain text; paragraphs parted by a blank line.
    pub body: String,
    /// Sanitised HTML.
    pub body_html: String,
    /// Attached media.
    pub enclosures: Vec<Enclosure>,
}

/// A file attached to an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute URL.
    pub url: String,
    /// Media type as published.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Bytes, where published.
    pub length: Option<u64>,
}

/// An entry: content with an identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Hash of the feed and the identity key.
    pub id: EntryId,
    /// The feed it came from; for `parse` and `match`, none.
    pub feed: Option<FeedId>,
    /// The identity key, with its rung (`g:`, `l:`, `e:`, `h:`): see `identity`.
    pub key: String,
    /// What it says now.
    pub content: Content,
    /// The article's text, where `full_text` fetched it.
    pub full_text: Option<String>,
    /// When first stored; none before that.
    pub first_seen: Option<Timestamp>,
}

impl Entry {
    /// The id of its feed; empty where it is of none.
    #[must_use]
    pub fn feed_str(&self) -> &str {
        self.feed.as_ref().map_or("", FeedId::as_str)
    }

    /// The entry as the matcher sees it, with its feed's tags and title.
    #[must_use]
    pub fn subject<'a>(&'a self, tags: &'a [String], feed_title: Option<&'a str>) -> Subject<'a> {
        let content = &self.content;
        Subject {
            title: &content.title,
            body: &content.body,
            full_text: self.full_text.as_deref(),
            url: content.url.as_deref(),
            authors: &content.authors,
            categories: &content.categories,
            feed: self.feed.as_ref().map(FeedId::as_str),
            tags,
            feed_title,
            language: content.language.as_deref(),
        }
    }
}
