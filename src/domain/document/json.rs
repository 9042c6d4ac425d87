//! JSON Feed → content, leniently: what a strict reader refuses costs at most the item it stands in.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::IgnoredAny;
use url::Url;

mod value;

use value::{Fields, Room, Value};

use super::faults::{Fault, Faults};
use super::html::{self, Rendered};
use super::read::{self, Setting, finish};
use super::{
    Document, Format, Hints, LONGEST_TEXT, MOST_ENTRIES, MOST_LABELS, ParseError, dates, links,
};
use crate::domain::entry::{Content, Enclosure, language};

/// Bytes shown of an error message.
const LONGEST_SAID: usize = 120;
/// Broken items stepped over before the rest is given up.
const MOST_BROKEN: usize = 100;

/// Reads a document that begins with a brace.
pub(super) fn parse(text: &str, hints: &Hints) -> Result<Document, ParseError> {
    let (room, mut faults) = (Room::new(), Faults::default());
    let error = match value::read(text, &room) {
        Ok(Value::Object(mut feed)) => {
            let items = match feed.take("items") {
                Some(Value::Array(items)) => Some(items),
                _ => None,
            };
            note_left_out(&room, &mut faults);
            return read((feed, items, false), text, hints, faults);
        }
        Ok(_) => {
            return Err(ParseError::NotAFeed {
                what: "JSON that is not a JSON Feed".to_owned(),
                feeds: Vec::new(),
            });
        }
        Err(error) => error,
    };
    let room = Room::new();
    let repaired = repair(text);
    if repaired != text {
        faults.count(Fault::Control);
    }
    let loaded = salvage(&repaired, (&room, &mut faults)).ok_or_else(|| ParseError::Broken {
        line: error.line(),
        column: error.column(),
        message: format!("the JSON ends or breaks there ({error})"),
    })?;
    note_left_out(&room, &mut faults);
    read(loaded, text, hints, faults)
}

/// Says so where a document has more values than are kept.
fn note_left_out(room: &Room, faults: &mut Faults) {
    if room.is_spent() {
        faults.count(Fault::Many);
    }
}

fn read(
    (feed, items, truncated): Loaded<'_>,
    text: &str,
    hints: &Hints,
    mut faults: Faults,
) -> Result<Document, ParseError> {
    let is_feed = string(&feed, "version").is_some_and(|version| version.contains("jsonfeed"))
        || (items.is_some() && (feed.has("title") || feed.has("home_page_url")))
        || items
            .as_ref()
            .is_some_and(|items| items.iter().any(is_item));
    let is_empty = items.is_none() && is_feed;
    if is_empty {
        faults.count(Fault::NoItems);
    }
    let Some(items) = items.or(is_empty.then(Vec::new)).filter(|_| is_feed) else {
        return Err(ParseError::NotAFeed {
            what: said(&feed),
            feeds: Vec::new(),
        });
    };
    let address = hints.url.as_deref().and_then(|url| Url::parse(url).ok());
    let mut document = head(&feed, address.as_ref());
    document.truncated = truncated;
    let base = document
        .self_url
        .as_deref()
        .and_then(|url| Url::parse(url).ok())
        .or(address);
    let habits = super::habits(hints, document.language.as_deref());
    let setting = Setting {
        base,
        language: hints.language.as_deref(),
        channel_language: document.language.clone(),
        habits,
        now: hints.now,
        authors: authors(&feed),
    };
    if items.len() > MOST_ENTRIES {
        document
            .notes
            .push(super::over_note(items.len() - MOST_ENTRIES));
    }
    for value in items.iter().take(MOST_ENTRIES) {
        match value {
            Value::Object(fields) => document.entries.push(item(fields, &setting, &mut faults)),
            _ => faults.count(Fault::Item),
        }
    }
    document.notes.extend(faults.notes(text));
    Ok(document)
}

/// What an object is that is no feed: an error message, with its text, or something else.
fn said(fields: &Fields<'_>) -> String {
    let text = |value: &Value<'_>| match value {
        Value::String(text) => Some(text.clone().into_owned()),
        Value::Object(inner) => {
            let said = string(inner, "message").or_else(|| string(inner, "error"));
            said.map(Cow::into_owned)
        }
        Value::Array(list) => list.first().and_then(|first| match first {
            Value::String(text) => Some(text.clone().into_owned()),
            first => string(first.as_object()?, "message").map(Cow::into_owned),
        }),
        _ => None,
    };
    let keys = ["error", "errors", "error_description", "detail", "message"];
    let named = keys.iter().find_map(|key| fields.get(key).and_then(text));
    let named = named.map(|text| html::plain_line(&text));
    match named.filter(|text| !text.is_empty()) {
        Some(text) => {
            let text = &text[..text.floor_char_boundary(LONGEST_SAID)];
            format!("an error message in JSON (“{text}”)")
        }
        None if keys.iter().any(|key| fields.has(key)) => "an error message in JSON".to_owned(),
        None => "JSON that is not a JSON Feed".to_owned(),
    }
}

fn is_item(value: &Value<'_>) -> bool {
    ["content_html", "content_text", "date_published"]
        .iter()
        .any(|key| value.get(key).is_some())
}

/// The feed's own fields, its items, and whether the end is missing.
type Loaded<'a> = (Fields<'a>, Option<Vec<Value<'a>>>, bool);

/// Strings with raw line breaks and halves of characters, commas before a closing bracket, and numbers that are larger
/// than any, made valid.
fn repair(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    let mut in_string = false;
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => {
                let escaped = chars.next().map(|(_, c)| c);
                match escaped {
                    Some('u') if !is_whole_escape(text, at) => out.push_str("\\ufffd\\u0020"),
                    Some(c @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                        out.push('\\');
                        out.push(c);
                        continue;
                    }
                    Some(c) => out.push(c),
                    None => {}
                }
                if escaped == Some('u') {
                    for _ in 0..4 {
                        if chars.peek().is_some_and(|(_, c)| c.is_ascii_hexdigit()) {
                            chars.next();
                        }
                    }
                }
            }
            c if in_string && c.is_control() => out.push(' '),
            c if !in_string && c.is_ascii_digit() => {
                let rest = &text[at..];
                let is_part =
                    |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
                let number = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
                while chars
                    .peek()
                    .is_some_and(|(next, _)| *next < at + number.len())
                {
                    chars.next();
                }
                if number.parse::<f64>().is_ok_and(f64::is_infinite) {
                    out.truncate(out.trim_end_matches('-').len());
                    out.push_str("null");
                } else {
                    out.push_str(number);
                }
            }
            ',' if !in_string && text[at + 1..].trim_start().starts_with([']', '}']) => {}
            _ => out.push(c),
        }
    }
    out
}

/// True unless the `\u` at `at` is half of a surrogate pair, or no hexadecimal number.
fn is_whole_escape(text: &str, at: usize) -> bool {
    let code = |at: usize| {
        text.get(at + 2..at + 6)
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    match code(at) {
        None => false,
        Some(0xd800..=0xdbff) => {
            text.get(at + 6..at + 8) == Some("\\u") && matches!(code(at + 6), Some(0xdc00..=0xdfff))
        }
        Some(0xdc00..=0xdfff) => at >= 6 && matches!(code(at - 6), Some(0xd800..=0xdbff)),
        Some(_) => true,
    }
}

/// Reads members of the outermost object and items of its list one by one, up to the first that is broken.
fn salvage<'a>(text: &'a str, (room, faults): (&Room, &mut Faults)) -> Option<Loaded<'a>> {
    let mut feed = Fields::default();
    let mut items = None;
    let mut rest = text.trim_start().strip_prefix('{')?;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.starts_with('}') {
            return Some((feed, items, false));
        }
        let Some((Value::String(key), after)) = one(rest, room) else {
            break;
        };
        let Some(after) = after.trim_start().strip_prefix(':') else {
            break;
        };
        if key == "items" && after.trim_start().starts_with('[') {
            let (list, left) = salvage_list(&after.trim_start()[1..], (room, faults));
            items = Some(list);
            match left {
                Some(left) => rest = left,
                None => break,
            }
        } else {
            let Some((value, left)) = one(after, room) else {
                break;
            };
            feed.add(key, value);
            rest = left;
        }
    }
    items
        .as_ref()
        .is_some_and(|items| !items.is_empty())
        .then_some((feed, items, true))
}

/// Items up to the first broken one, and what follows the list if it was closed.
fn salvage_list<'a>(
    text: &'a str,
    (room, faults): (&Room, &mut Faults),
) -> (Vec<Value<'a>>, Option<&'a str>) {
    let mut items = Vec::new();
    let mut broken = 0;
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if let Some(left) = rest.strip_prefix(']') {
            return (items, Some(left));
        }
        let is_room = !room.is_spent();
        match one(rest, room) {
            Some((value, left)) => {
                if is_room {
                    items.push(value);
                }
                rest = left;
            }
            None if rest.is_empty() => return (items, None),
            None => {
                // Step to where the next item seems to begin.
                faults.count(Fault::Item);
                broken += 1;
                match rest.find("},").filter(|_| broken < MOST_BROKEN) {
                    Some(next) => rest = &rest[next + 2..],
                    None => return (items, None),
                }
            }
        }
    }
}

/// The JSON value at the start of a text, and what follows it.
fn one<'a>(text: &'a str, room: &Room) -> Option<(Value<'a>, &'a str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    stream.next()?.ok()?;
    let (own, rest) = text.split_at(stream.byte_offset());
    Some((value::read(own, room).ok()?, rest))
}

fn head(feed: &Fields<'_>, address: Option<&Url>) -> Document {
    let link = |key: &str| string(feed, key).and_then(|raw| links::absolute(&raw, address));
    let hubs = feed
        .get("hubs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Document {
        format: Format::Json,
        title: string(feed, "title")
            .map(|title| html::plain_line(&title))
            .filter(|title| !title.is_empty()),
        link: link("home_page_url"),
        self_url: link("feed_url"),
        language: string(feed, "language").and_then(|tag| language::tag(&tag)),
        hubs: hubs
            .filter_map(|hub| links::absolute(hub.get("url")?.as_str()?, address))
            .take(8)
            .collect(),
        next: link("next_url"),
        expired: feed.get("expired") == Some(&Value::Bool(true)),
        ..Document::default()
    }
}

fn item(fields: &Fields<'_>, setting: &Setting<'_>, faults: &mut Faults) -> Content {
    let base = setting.base.as_ref();
    let body = body(fields, base);
    let mut date = |key: &str| -> Option<Timestamp> {
        let text = string(fields, key).filter(|text| !text.trim().is_empty())?;
        let Some(read) = dates::parse(&text, &setting.habits) else {
            faults.count(Fault::Date);
            return None;
        };
        Some(read::instant(read, faults))
    };
    let (published, updated) = (date("date_published"), date("date_modified"));
    let own_authors = authors(fields);
    let mut content = Content {
        guid: string(fields, "id")
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty()),
        url: ["url", "external_url"]
            .iter()
            .find_map(|key| links::absolute(fields.get(key)?.as_str()?, base)),
        origin: None,
        title: string(fields, "title")
            .map(|title| html::plain_line(&title))
            .unwrap_or_default(),
        authors: if own_authors.is_empty() {
            setting.authors.clone()
        } else {
            own_authors
        },
        categories: labels(fields),
        published: published.or(updated),
        updated,
        language: None,
        body_html: body.html,
        body: body.text,
        enclosures: enclosures(fields, base),
    };
    finish(
        &mut content,
        string(fields, "language").as_deref(),
        setting,
        faults,
    );
    content
}

/// The longest of the ways to say it.
fn body(fields: &Fields<'_>, base: Option<&Url>) -> Rendered {
    let mut best = Rendered::default();
    for (key, is_html) in [
        ("content_html", true),
        ("content_text", false),
        ("summary", false),
    ] {
        let Some(text) = string(fields, key) else {
            continue;
        };
        let rendered = if is_html {
            html::render(&text, base)
        } else {
            html::render_plain(&text)
        };
        if rendered.is_more_than(&best) {
            best = rendered;
        }
    }
    best
}

/// A string, or a number as one.
fn string<'a>(fields: &'a Fields<'_>, key: &str) -> Option<Cow<'a, str>> {
    match fields.get(key)? {
        Value::String(text) => {
            let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
            Some(Cow::Borrowed(text))
        }
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// `authors` and the older `author`.
fn authors(fields: &Fields<'_>) -> Vec<String> {
    let list = fields
        .get("authors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut found: Vec<String> = Vec::new();
    for author in list.chain(fields.get("author")).take(MOST_LABELS) {
        let name = author
            .as_str()
            .or_else(|| author.get("name")?.as_str())
            .map(html::plain_line);
        if let Some(name) = name.filter(|name| !name.is_empty() && !found.contains(name)) {
            found.push(name);
        }
    }
    found
}

fn labels(fields: &Fields<'_>) -> Vec<String> {
    let tags = fields.get("tags");
    let list = tags.and_then(Value::as_array).into_iter().flatten();
    let line = tags.and_then(Value::as_str).into_iter();
    let line = line.flat_map(|tags| tags.split(','));
    let mut found: Vec<String> = Vec::new();
    for label in list
        .filter_map(Value::as_str)
        .chain(line)
        .map(html::plain_line)
        .take(MOST_LABELS)
    {
        if !label.is_empty() && !found.contains(&label) {
            found.push(label);
        }
    }
    found
}

fn enclosures(fields: &Fields<'_>, base: Option<&Url>) -> Vec<Enclosure> {
    let list = fields
        .get("attachments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(|attachment| {
        Some(Enclosure {
            url: links::media(attachment.get("url")?.as_str()?, base)?,
            media_type: attachment
                .get("mime_type")
                .and_then(Value::as_str)
                .map(|kind| kind.chars().take(100).collect()),
            length: attachment.get("size_in_bytes").and_then(Value::as_u64),
        })
    })
    .take(MOST_LABELS)
    .collect()
}
