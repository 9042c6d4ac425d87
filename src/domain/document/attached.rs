//! What hangs on an entry: its authors, its labels, its media.
//!
//! Names and labels come out as published, one line of plain text each; nothing is looked up or merged by meaning.

use url::Url;

use super::tree::{Element, Node};
use super::{MOST_LABELS, html, links, text};
use crate::domain::entry::Enclosure;

/// Names of an entry's authors, else of its source's, else of the feed's.
pub(super) fn authors(element: &Element<'_>, of_feed: &[String]) -> Vec<String> {
    let mut found = names_in(element);
    if found.is_empty()
        && let Some(source) = element.child("source")
    {
        found = names_in(source);
    }
    if found.is_empty() {
        found.extend_from_slice(of_feed);
    }
    found
}

/// Names in `author`, `dc:creator` and `itunes:author`; the first kind that has any.
pub(super) fn names_in(element: &Element<'_>) -> Vec<String> {
    for name in ["author", "dc:creator", "dc:author", "itunes:author"] {
        let mut found: Vec<String> = Vec::new();
        for inner in element
            .elements()
            .filter(|inner| inner.name == name)
            .take(MOST_LABELS)
        {
            let person = person(inner);
            if !person.is_empty() && !found.contains(&person) {
                found.push(person);
            }
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn person(element: &Element<'_>) -> String {
    let part = |name: &str| {
        element
            .child(name)
            .map(|inner| text::line(inner, None))
            .filter(|line| !line.is_empty())
    };
    let is_person = |inner: &Element<'_>| matches!(&*inner.name, "uri" | "url" | "homepage");
    match part("name").or_else(|| part("email")) {
        Some(name) => bare_name(&name),
        None if element.elements().any(is_person) => String::new(),
        None => bare_name(&text::line(element, None)),
    }
}

/// `desk@news.example (Desk)`, `Desk (desk@news.example)` and `Desk <desk@news.example>` are written for `Desk`.
fn bare_name(text: &str) -> String {
    let name = match (text.split_once('('), text.split_once('<')) {
        (Some((mail, rest)), _) if mail.contains('@') => rest.trim_end().trim_end_matches(')'),
        (Some((name, rest)), _) if rest.contains('@') => name,
        (_, Some((name, rest))) if rest.contains('@') => name,
        _ => text,
    };
    let name = name.trim();
    if name.is_empty() {
        text.to_owned()
    } else {
        name.to_owned()
    }
}

/// Labels from everywhere, each once.
pub(super) fn categories(element: &Element<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in [
        "category",
        "dc:subject",
        "media:category",
        "itunes:category",
    ] {
        for inner in element.elements().filter(|inner| inner.name == name) {
            add_category(&mut found, inner, 0);
        }
    }
    let lists = ["itunes:keywords", "media:keywords", "news:keywords"];
    for inner in element.elements() {
        if lists.contains(&&*inner.name) {
            for label in text::line(inner, None).split(',') {
                add_label(&mut found, label.trim());
            }
        }
    }
    found
}

/// A category as people read it, then those inside it, down to a depth that nobody needs.
fn add_category(found: &mut Vec<String>, category: &Element<'_>, depth: usize) {
    let label = category.attribute("label").map(html::plain_line);
    let marked = || {
        let term = category
            .attribute("term")
            .or_else(|| category.attribute("text"))?;
        Some(html::plain_line(term))
    };
    let written = || {
        if category.elements().next().is_none() {
            return Some(text::line(category, None)).filter(|line| !line.is_empty());
        }
        // Elements inside are no part of the label.
        let is_text = |node: &&Node| matches!(node, Node::Text(_));
        let own = Element {
            children: category.children.iter().filter(is_text).cloned().collect(),
            ..Element::default()
        };
        Some(text::line(&own, None)).filter(|line| !line.is_empty())
    };
    if let Some(label) = label.or_else(written).or_else(marked) {
        add_label(found, &label);
    }
    let inside = category
        .elements()
        .filter(|inner| inner.name == category.name || inner.name == "category");
    for inner in inside.take(if depth < 4 { MOST_LABELS } else { 0 }) {
        add_category(found, inner, depth + 1);
    }
}

fn add_label(found: &mut Vec<String>, label: &str) {
    if !label.is_empty() && found.len() < MOST_LABELS && !found.iter().any(|known| known == label) {
        found.push(label.to_owned());
    }
}

/// Attached media and transcripts, each address once.
pub(super) fn enclosures(element: &Element<'_>, base: Option<&Url>) -> Vec<Enclosure> {
    let mut found: Vec<Enclosure> = Vec::new();
    let groups = element
        .elements()
        .filter(|inner| inner.name == "media:group");
    for inner in groups.chain([element]).flat_map(Element::elements) {
        let is_media = match &*inner.name {
            "enclosure" | "media:content" | "podcast:transcript" => true,
            "link" => inner
                .attribute("rel")
                .is_some_and(|rel| rel.eq_ignore_ascii_case("enclosure")),
            _ => false,
        };
        let address = ["url", "href", "resource", "src"]
            .iter()
            .find_map(|name| inner.attribute(name));
        let Some(url) = address
            .filter(|_| is_media)
            .and_then(|raw| links::media(raw, base))
        else {
            continue;
        };
        if found.len() >= MOST_LABELS || found.iter().any(|known| known.url == url) {
            continue;
        }
        let length = inner
            .attribute("length")
            .or_else(|| inner.attribute("filesize"));
        found.push(Enclosure {
            url,
            media_type: inner
                .attribute("type")
                .map(|kind| kind.chars().take(100).collect()),
            length: length.and_then(|length| length.replace(',', "").parse().ok()),
        });
    }
    found
}
