//! OPML, as readers of all kinds export it: read tolerantly and within bounds, written so that all can read it.
//!
//! Folders become tags. Nothing is fetched; whether a URL is a feed is found out by polling it.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::lists::{Listed, Listing, Refused};
use super::values;
use crate::domain::feed::{Feed, FeedState};
use crate::domain::xml::escaped;

/// The most outlines that are read.
const MOST: usize = 100_000;

/// Tags of a feed that are kept.
const MOST_TAGS: usize = 50;

/// Letters of a feed's title that are kept.
const LONGEST_TITLE: usize = 500;

/// The deepest folders that become tags.
const DEEPEST: usize = 64;

/// Reads the feeds of an OPML document; what cannot be used is named.
#[must_use]
pub fn read(text: &str) -> Listing {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut found = Listing::default();
    let mut folders: Vec<Option<String>> = Vec::new();
    let mut outlines = 0;
    let mut depth = 0_usize;
    loop {
        let start = position(&reader, text);
        let event = reader.read_event();
        let span = start..position(&reader, text).max(start);
        match event {
            Ok(Event::Start(tag)) if is_outline(&tag) => {
                depth += 1;
                let folder = outline(&tag, &span, &folders, &mut found);
                outlines += 1;
                if depth <= DEEPEST {
                    folders.push(folder);
                }
            }
            Ok(Event::Empty(tag)) if is_outline(&tag) => {
                outlines += 1;
                outline(&tag, &span, &folders, &mut found);
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                if depth <= DEEPEST {
                    folders.pop();
                }
                depth = depth.saturating_sub(1);
            }
            Ok(Event::Eof) => break,
            Err(error) => {
                found.refused.push(refused(
                    span,
                    format!("the document cannot be read further: {error}"),
                ));
                break;
            }
            Ok(_) => {}
        }
        if outlines >= MOST {
            found.refused.push(refused(
                span,
                format!("the document has more than {MOST} outlines; the rest is not read"),
            ));
            break;
        }
    }
    if found.feeds.is_empty() && found.refused.is_empty() {
        found
            .refused
            .push(refused(0..0, "the document names no feed".to_owned()));
    }
    found
}

fn position(reader: &Reader<&[u8]>, text: &str) -> usize {
    usize::try_from(reader.buffer_position())
        .unwrap_or(text.len())
        .min(text.len())
}

fn refused(span: Range<usize>, why: String) -> Refused {
    Refused { span, why }
}

fn is_outline(tag: &BytesStart) -> bool {
    tag.local_name().as_ref().eq_ignore_ascii_case("outline")
}

/// Keeps the feed of an outline; answers the folder's tag where it is a folder.
fn outline(
    tag: &BytesStart,
    span: &Range<usize>,
    folders: &[Option<String>],
    found: &mut Listing,
) -> Option<String> {
    let mut url = None;
    let mut title = None;
    let mut text = None;
    let mut categories = Vec::new();
    for attribute in tag.attributes().with_checks(false).flatten() {
        let value = unescaped(&attribute.value);
        match attribute.key.as_ref().to_ascii_lowercase().as_str() {
            "xmlurl" => url = Some(value),
            "title" => title = Some(value),
            "text" => text = Some(value),
            "category" => categories.extend(value.split([',', '/']).filter_map(tag_of)),
            _ => {}
        }
    }
    let name = title.filter(|title| !title.trim().is_empty()).or(text);
    let Some(url) = url
        .map(|url| url.trim().to_owned())
        .filter(|url| !url.is_empty())
    else {
        return name.as_deref().and_then(tag_of);
    };
    if let Err(error) = values::http_url(&url) {
        let shown: String = url.chars().filter(|c| !c.is_control()).take(100).collect();
        let why = error.split(": write").next().unwrap_or(&error).to_owned();
        found
            .refused
            .push(refused(span.clone(), format!("`{shown}`: {why}")));
        return None;
    }
    let mut tags: Vec<String> = Vec::new();
    for tag in folders.iter().flatten().cloned().chain(categories) {
        if tags.len() < MOST_TAGS && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    found.feeds.push(Listed {
        url,
        title: name
            .map(|name| name.trim().chars().take(LONGEST_TITLE).collect())
            .filter(|name: &String| !name.is_empty()),
        tags,
        span: span.clone(),
    });
    None
}

/// A folder's name as a tag: lower case, hyphens for what is neither letter nor digit.
#[must_use]
pub(super) fn tag_of(name: &str) -> Option<String> {
    let mut tag = String::new();
    for c in name.trim().chars().take(100) {
        if c.is_alphanumeric() {
            tag.extend(c.to_lowercase());
        } else if !tag.ends_with('-') {
            tag.push('-');
        }
    }
    let tag = tag.trim_matches('-').to_owned();
    (!tag.is_empty()).then_some(tag)
}

/// The five entities and numbers; a bare `&`, as in `?a=1&b=2`, stays.
fn unescaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        if let Some((c, end)) = end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            out.push(c);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// The feeds as OPML: folders by first tag, all tags as categories; no headers, no passwords in URLs.
#[must_use]
pub fn write<'a>(
    title: &str,
    feeds: impl IntoIterator<Item = (&'a Feed, &'a FeedState)>,
) -> String {
    let mut groups: Vec<(&str, Vec<(&Feed, &FeedState)>)> = Vec::new();
    for (feed, learned) in feeds {
        let folder = feed.tags.first().map_or("", String::as_str);
        match groups.iter_mut().find(|(name, _)| *name == folder) {
            Some((_, members)) => members.push((feed, learned)),
            None => groups.push((folder, vec![(feed, learned)])),
        }
    }
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n");
    out.push_str(
        &[
            "  <head><title>",
            &escaped(title),
            "</title></head>\n  <body>\n",
        ]
        .concat(),
    );
    for (folder, members) in groups {
        if folder.is_empty() {
            for (feed, learned) in members {
                write_feed(feed, learned, "    ", &mut out);
            }
            continue;
        }
        let folder = escaped(folder);
        out.push_str(
            &[
                "    <outline text=\"",
                &folder,
                "\" title=\"",
                &folder,
                "\">\n",
            ]
            .concat(),
        );
        for (feed, learned) in members {
            write_feed(feed, learned, "      ", &mut out);
        }
        out.push_str("    </outline>\n");
    }
    out.push_str("  </body>\n</opml>\n");
    out
}

/// The attributes that readers know, and no others: an id of ours would be lost at the first of them.
fn write_feed(feed: &Feed, learned: &FeedState, indent: &str, out: &mut String) {
    let name = feed.title.as_deref().or(learned.title.as_deref());
    let name = escaped(name.unwrap_or(feed.id.as_str()));
    let categories: Vec<String> = feed.tags.iter().map(|tag| format!("/{tag}")).collect();
    let site = learned.site_url.as_deref().unwrap_or_default();
    let attributes = [
        ("type", "rss".to_owned()),
        ("text", name.clone()),
        ("title", name),
        ("xmlUrl", escaped(&without_password(&feed.url))),
        ("htmlUrl", escaped(&without_password(site))),
        ("category", escaped(&categories.join(","))),
    ];
    out.push_str(&[indent, "<outline"].concat());
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&[" ", name, "=\"", value, "\""].concat());
    }
    out.push_str("/>\n");
}

/// The URL without user and password.
fn without_password(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            let removed = parsed
                .set_username("")
                .and_then(|()| parsed.set_password(None));
            removed.map_or_else(|()| String::new(), |()| parsed.to_string())
        }
        _ => url.to_owned(),
    }
}
