//! The strict reader, feed-rs, as a second pair of eyes on documents that need no repair and lack something.
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
    /// Its entries, in the document's order, as it gives them: most need not be looked at.
    Read(Vec<model::Entry>),
    /// Why it refused, in its words.
    Refused(String),
    /// It was not asked.
    Skipped,
}

/// Whether a second look may find something: entries that our own reader did not see. Reading everything twice would
/// double what a clean document costs.
pub(super) fn may_add(own: &[Content], text: &str) -> bool {
    own.is_empty() || begun(text) > own.len()
}

/// How many entries a text seems to begin.
fn begun(text: &str) -> usize {
    let bytes = text.as_bytes();
    let tags: [&[u8]; 2] = [b"<item", b"<entry"];
    let ends = tags
        .into_iter()
        .flat_map(|tag| memchr::memmem::find_iter(bytes, tag).map(move |at| at + tag.len()));
    ends.filter(|end| {
        let next = bytes.get(*end);
        next.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
    })
    .count()
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
        Ok(Ok(feed)) => Strict::Read(feed.entries),
        Ok(Err(error)) => Strict::Refused(html::one_line(&error.to_string())),
        Err(_) => Strict::Refused("it panicked".to_owned()),
    }
}

/// Adds to `own` what only feed-rs found, and says so. Identity stays with our own reader.
pub(super) fn reconcile(
    own: &mut Vec<Content>,
    strict: Strict,
    setting: &Setting<'_>,
    notes: &mut Vec<String>,
) {
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
        let found = found.iter().take(super::MOST_ENTRIES);
        *own = found.map(|entry| content(entry, setting)).collect();
        return;
    }
    if found.len() != own.len() {
        return;
    }
    for (own, strict) in own.iter_mut().zip(&found) {
        fill(own, strict, setting);
    }
}

/// Fills what our own reader left empty; what it has is not even looked at.
fn fill(own: &mut Content, strict: &model::Entry, setting: &Setting<'_>) {
    if own.title.is_empty() {
        own.title = title(strict, setting);
    }
    if own.body.is_empty() && own.body_html.is_empty() {
        let body = body(strict, setting);
        (own.body, own.body_html) = (body.text, body.html);
    }
    if own.authors.is_empty() {
        own.authors = authors(strict);
    }
    if own.categories.is_empty() {
        own.categories = categories(strict);
    }
    own.published = own.published.or_else(|| published(strict));
    own.updated = own.updated.or_else(|| updated(strict));
}

fn title(entry: &model::Entry, setting: &Setting<'_>) -> String {
    let title = entry.title.as_ref();
    title.map_or_else(String::new, |title| {
        html::line(&title.content, setting.base.as_ref())
    })
}

/// Plain text and safe HTML of the body.
fn body(entry: &model::Entry, setting: &Setting<'_>) -> html::Rendered {
    let described = || {
        let mut media = entry.media.iter();
        media.find_map(|media| media.description.as_ref())
    };
    let content = entry
        .content
        .as_ref()
        .and_then(|content| content.body.as_ref());
    let summary = entry
        .summary
        .as_ref()
        .or_else(described)
        .map(|text| &text.content);
    let written = content.or(summary).map_or("", String::as_str);
    html::render(written, setting.base.as_ref())
}

fn authors(entry: &model::Entry) -> Vec<String> {
    let names = entry
        .authors
        .iter()
        .filter_map(|person| person.name.as_deref());
    names
        .map(html::plain_line)
        .filter(|name| !name.is_empty())
        .collect()
}

fn categories(entry: &model::Entry) -> Vec<String> {
    let categories = entry.categories.iter();
    categories
        .map(|category| category.label.as_ref().unwrap_or(&category.term).clone())
        .collect()
}

fn published(entry: &model::Entry) -> Option<Timestamp> {
    let at = entry.published.or(entry.updated)?;
    Timestamp::from_second(at.timestamp()).ok()
}

/// The library repeats the publication of an RSS item as its update; the document said no such thing.
fn updated(entry: &model::Entry) -> Option<Timestamp> {
    let at = entry.updated.filter(|at| Some(*at) != entry.published)?;
    Timestamp::from_second(at.timestamp()).ok()
}

fn content(entry: &model::Entry, setting: &Setting<'_>) -> Content {
    let mut links = entry.links.iter();
    let page = links.find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"));
    let body = body(entry, setting);
    let mut content = Content {
        guid: Some(entry.id.trim().to_owned()).filter(|id| !id.is_empty()),
        url: page.and_then(|link| links::absolute(&link.href, setting.base.as_ref())),
        origin: None,
        title: title(entry, setting),
        authors: authors(entry),
        categories: categories(entry),
        published: published(entry),
        updated: updated(entry),
        language: None,
        body: body.text,
        body_html: body.html,
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
