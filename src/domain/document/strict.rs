//! The strict reader, feed-rs, as a second pair of eyes on documents that need no repair.
//!
//! It knows extensions that our own reader does not, and counts entries its own way: what it finds beyond ours
//! is kept. It never sees a declaration, a legacy encoding or damage, all of which it panics on or refuses,
//! and it makes no ids: its own are random.

use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model;
use feed_rs::parser::Builder;
use jiff::Timestamp;

use super::faults::Faults;
use super::read::{Setting, finish};
use super::{html, links};
use crate::domain::entry::Content;

/// Documents larger than this are not read twice.
const LARGEST: usize = 4 << 20;

/// What feed-rs made of a document.
pub(super) enum Strict {
    /// Its entries, in the document's order.
    Read(Vec<Content>),
    /// Why it refused, in its words.
    Refused(String),
    /// It was not asked.
    Skipped,
}

/// Reads `text` with feed-rs; a panic in it is a refusal.
pub(super) fn read(text: &str, setting: &Setting<'_>) -> Strict {
    let text = text.trim_start();
    let body = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or("", |(_, body)| body),
        None => text,
    };
    if body.is_empty() || body.len() > LARGEST || body.contains("<?xml") {
        return Strict::Skipped;
    }
    let base = setting.base.as_ref().map(url::Url::as_str);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let builder = Builder::new().base_uri(base).sanitize_content(false);
        builder
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(body.as_bytes())
    }));
    match outcome {
        Ok(Ok(feed)) => Strict::Read(
            feed.entries
                .into_iter()
                .map(|entry| content(entry, setting))
                .collect(),
        ),
        Ok(Err(error)) => Strict::Refused(html::one_line(&error.to_string())),
        Err(_) => Strict::Refused("it panicked".to_owned()),
    }
}

/// Adds to `own` what only feed-rs found, and says so. Identity stays with our own reader.
pub(super) fn reconcile(own: &mut Vec<Content>, strict: Strict, notes: &mut Vec<String>) {
    let found = match strict {
        Strict::Read(found) => found,
        Strict::Refused(why) => {
            notes.push(format!("a strict reader refuses it: {why}"));
            return;
        }
        Strict::Skipped => return,
    };
    if found.len() > own.len() && own.len() < super::MOST_ENTRIES {
        notes.push(format!(
            "read by the strict reader, which found {} entries, not {}",
            found.len(),
            own.len()
        ));
        *own = found;
        own.truncate(super::MOST_ENTRIES);
        return;
    }
    if found.len() != own.len() {
        return;
    }
    for (own, strict) in own.iter_mut().zip(found) {
        if own.title.is_empty() {
            own.title = strict.title;
        }
        if own.body.is_empty() && own.body_html.is_empty() {
            own.body = strict.body;
            own.body_html = strict.body_html;
        }
        if own.authors.is_empty() {
            own.authors = strict.authors;
        }
        if own.categories.is_empty() {
            own.categories = strict.categories;
        }
        own.published = own.published.or(strict.published);
        own.updated = own.updated.or(strict.updated);
    }
}

fn content(entry: model::Entry, setting: &Setting<'_>) -> Content {
    let base = setting.base.as_ref();
    let summary = entry.summary.map(|text| text.content);
    let described = entry
        .media
        .iter()
        .find_map(|media| Some(media.description.as_ref()?.content.clone()));
    let body = entry
        .content
        .and_then(|content| content.body)
        .or(summary)
        .or(described)
        .unwrap_or_default();
    let rendered = html::render(&body, base);
    let page = entry
        .links
        .iter()
        .find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"));
    let published = entry
        .published
        .and_then(|at| Timestamp::from_second(at.timestamp()).ok());
    let updated = entry
        .updated
        .and_then(|at| Timestamp::from_second(at.timestamp()).ok());
    let mut content = Content {
        guid: Some(entry.id.trim().to_owned()).filter(|id| !id.is_empty()),
        url: page.and_then(|link| links::absolute(&link.href, base)),
        title: entry
            .title
            .map(|title| html::line(&title.content, base))
            .unwrap_or_default(),
        authors: entry
            .authors
            .into_iter()
            .map(|person| html::plain_line(person.name.as_deref().unwrap_or_default()))
            .filter(|n| !n.is_empty())
            .collect(),
        categories: entry
            .categories
            .into_iter()
            .map(|category| category.label.unwrap_or(category.term))
            .collect(),
        published: published.or(updated),
        updated,
        language: None,
        body: rendered.text,
        body_html: html::safe(&rendered.html),
        enclosures: Vec::new(),
    };
    finish(
        &mut content,
        entry.language.as_deref(),
        setting,
        &mut Faults::default(),
    );
    content
}
