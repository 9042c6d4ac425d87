//! What a feed says of itself: title, page, language, hints for polling, hubs and archives.
//!
//! These are the things that common readers drop. What the poller makes of the hints is `feed::schedule`'s.

use std::borrow::Cow;

use url::Url;

use super::tree::Element;
use super::{Document, Format, links, read};

/// Hubs kept of one feed.
const MOST_HUBS: usize = 8;

/// Fills `document` from the root element.
pub(super) fn read_into(document: &mut Document, root: &Element<'_>, address: Option<&Url>) {
    let channel = root.child("channel").unwrap_or(root);
    let places = if std::ptr::eq(channel, root) {
        vec![root]
    } else {
        vec![channel, root]
    };
    document.format = format_of(root);
    let around = links::base(root.attribute("xml:base"), address);
    let base = links::base(channel.attribute("xml:base"), around.as_deref());
    let base = base.as_deref();
    for place in &places {
        for link in place.elements().filter(|inner| inner.name == "link") {
            read_link(document, link, base);
        }
    }
    document.title = places
        .iter()
        .find_map(|place| read::line_of(place, &["title", "dc:title", "itunes:title"]));
    let language = places
        .iter()
        .find_map(|place| read::line_of(place, &["language", "dc:language"]));
    let marked = places
        .iter()
        .find_map(|place| place.attribute("xml:lang"))
        .map(ToOwned::to_owned);
    document.language = language
        .or(marked)
        .and_then(|tag| crate::domain::entry::language::tag(&tag));
    if document.link.is_none() {
        let address = places
            .iter()
            .find_map(|place| place.attribute("rdf:about").or(place.attribute("href")));
        document.link = address.and_then(|raw| links::absolute(raw, base));
    }
    document.complete = places
        .iter()
        .any(|place| place.child("fh:complete").is_some());
    read_hints(document, channel);
}

fn read_link(document: &mut Document, link: &Element<'_>, base: Option<&Url>) {
    let written = link.text();
    let Some(raw) = link
        .attribute("href")
        .or(Some(written.trim()).filter(|text| !text.is_empty()))
    else {
        return;
    };
    let Some(url) = links::absolute(raw, base) else {
        return;
    };
    let rel = link
        .attribute("rel")
        .unwrap_or("alternate")
        .to_ascii_lowercase();
    for rel in rel
        .split_whitespace()
        .map(|rel| rel.rsplit('/').next().unwrap_or_default())
    {
        match rel {
            "alternate" if document.link.is_none() => document.link = Some(url.clone()),
            "self" if document.self_url.is_none() => document.self_url = Some(url.clone()),
            "hub" if document.hubs.len() < MOST_HUBS => document.hubs.push(url.clone()),
            "prev-archive" if document.prev_archive.is_none() => {
                document.prev_archive = Some(url.clone());
            }
            "next" if document.next.is_none() => document.next = Some(url.clone()),
            _ => {}
        }
    }
}

fn read_hints(document: &mut Document, channel: &Element<'_>) {
    let minutes = channel
        .child("ttl")
        .and_then(|ttl| ttl.text().trim().parse::<u32>().ok());
    document.ttl_minutes = minutes.filter(|minutes| (1..=7 * 24 * 60).contains(minutes));
    for hour in children(channel, "skiphours", "hour") {
        if let Ok(hour) = hour.trim().parse::<u32>()
            && hour <= 24
        {
            document.skip_hours |= 1 << (hour % 24);
        }
    }
    for day in children(channel, "skipdays", "day") {
        let day = day.trim().to_ascii_lowercase();
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        if let Some(bit) = days.iter().position(|name| day.starts_with(name)) {
            document.skip_days |= 1 << bit;
        }
    }
    // A feed that asks never to be polled asks nothing that can be obeyed.
    if document.skip_hours == 0x00ff_ffff {
        document.skip_hours = 0;
    }
    if document.skip_days == 0x7f {
        document.skip_days = 0;
    }
}

fn children<'a>(
    channel: &'a Element<'a>,
    list: &'a str,
    name: &'a str,
) -> impl Iterator<Item = Cow<'a, str>> + 'a {
    let inside = channel.child(list).into_iter().flat_map(Element::elements);
    inside
        .filter(move |inner| inner.name == name)
        .map(Element::text)
}

/// The format, in the words that people use.
fn format_of(root: &Element<'_>) -> Format {
    match &*root.name {
        "feed" | "entry"
            if root
                .attribute("version")
                .is_some_and(|version| version.starts_with("0.")) =>
        {
            Format::Atom03
        }
        "feed" | "entry" => Format::Atom,
        "rdf:rdf" => Format::Rdf,
        "urlset" => Format::Sitemap,
        "channel"
            if root.attribute("href").is_some()
                || root.child("item").is_none() && root.child("link").is_none() =>
        {
            Format::Cdf
        }
        _ => Format::Rss,
    }
}
