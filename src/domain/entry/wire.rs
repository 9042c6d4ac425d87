//! The JSON of an entry, the same in `parse`, `match`, `entries export`, webhooks, files and the API.
//!
//! Field names and order are fixed by the contract; this file is the only place that spells them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Enclosure, Entry};

/// An entry as written to the outside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WireEntry {
    /// Entry id.
    pub id: String,
    /// Feed id; null in `parse`.
    pub feed: Option<String>,
    /// The feed's URL.
    pub feed_url: Option<String>,
    /// As published.
    pub guid: Option<String>,
    /// The entry's page.
    pub url: Option<String>,
    /// Plain text.
    pub title: String,
    /// As published.
    pub authors: Vec<String>,
    /// As published.
    pub categories: Vec<String>,
    /// RFC 3339, UTC.
    pub published: Option<Timestamp>,
    /// RFC 3339, UTC.
    pub updated: Option<Timestamp>,
    /// When first stored; null in `parse`.
    pub first_seen: Option<Timestamp>,
    /// BCP 47.
    pub language: Option<String>,
    /// Plain text.
    pub body: String,
    /// Sanitised HTML.
    pub body_html: String,
    /// The article's text, null when none.
    pub full_text: Option<String>,
    /// Attached media.
    pub enclosures: Vec<Enclosure>,
}

impl WireEntry {
    /// The wire form of `entry`, whose feed has `feed_url`.
    #[must_use]
    pub fn new(entry: &Entry, feed_url: Option<&str>) -> Self {
        let content = &entry.content;
        Self {
            id: entry.id.to_string(),
            feed: entry.feed.as_ref().map(ToString::to_string),
            feed_url: feed_url.map(str::to_owned),
            guid: content.guid.clone(),
            url: content.url.clone(),
            title: content.title.clone(),
            authors: content.authors.clone(),
            categories: content.categories.clone(),
            published: content.published,
            updated: content.updated,
            first_seen: entry.first_seen,
            language: content.language.clone(),
            body: content.body.clone(),
            body_html: content.body_html.clone(),
            full_text: entry.full_text.clone(),
            enclosures: content.enclosures.clone(),
        }
    }
}
