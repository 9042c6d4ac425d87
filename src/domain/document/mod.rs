//! Bytes of a feed document → content of entries: decode, take apart, read, check against a strict reader.
//!
//! One reader of our own reads every document, clean or damaged, so that the same entry comes out the same on
//! a good day and a bad one; feed-rs then looks over clean ones where something is missing. Nothing is fetched, no entity is
//! expanded, everything is bounded. Identity is `entry::identity`'s, what changed is `entry::ingest`'s.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

pub mod article;
mod attached;
mod channel;
mod dates;
mod decode;
mod element;
mod entities;
mod faults;
mod html;
mod json;
mod links;
mod names;
mod page;
mod read;
mod refuse;
mod scan;
mod sitemap;
mod strict;
mod text;
mod tree;

use crate::domain::entry::Content;
use crate::domain::feed::outcome::OutcomeKind;

/// Entries kept of one document: the first ones.
pub const MOST_ENTRIES: usize = 5000;
/// Bytes kept of one text.
pub const LONGEST_TEXT: usize = 1 << 20;
/// Bytes kept of a title, a name or a label.
pub const LONGEST_TITLE: usize = 10 << 10;
/// Authors, categories and enclosures kept of one entry, each.
const MOST_LABELS: usize = 100;
/// Documents larger than this are refused; fetching stops far below.
const LARGEST: usize = 128 << 20;

/// What is known of a document besides its bytes.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Where it came from, after redirects: relative addresses start there, its country tells encodings apart.
    pub url: Option<String>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// The feed's configured language; rules over what the document says.
    pub language: Option<String>,
    /// IANA zone of dates that name none.
    pub default_tz: Option<String>,
    /// The time of the poll; dates beyond it are taken as it.
    pub now: Timestamp,
}

/// The format of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RSS 0.9x and 2.0.
    #[default]
    Rss,
    /// RSS 0.90, 1.0 and 1.1, which are RDF.
    Rdf,
    /// Atom 1.0.
    Atom,
    /// Atom 0.3.
    Atom03,
    /// JSON Feed.
    Json,
    /// Channel Definition Format, of 1997.
    Cdf,
    /// A sitemap of news, which many papers have instead of feeds.
    Sitemap,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rss => "RSS",
            Self::Rdf => "RSS 1.0",
            Self::Atom => "Atom",
            Self::Atom03 => "Atom 0.3",
            Self::Json => "JSON Feed",
            Self::Cdf => "CDF",
            Self::Sitemap => "news sitemap",
        })
    }
}

/// A document, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// What it turned out to be.
    pub format: Format,
    /// The feed's own title, one line of plain text.
    pub title: Option<String>,
    /// The page the feed belongs to.
    pub link: Option<String>,
    /// Where the feed says it lives.
    pub self_url: Option<String>,
    /// The feed's own language, BCP 47.
    pub language: Option<String>,
    /// `ttl`: minutes between polls, between 1 and a week.
    pub ttl_minutes: Option<u32>,
    /// UTC hours in which not to poll, one bit an hour.
    pub skip_hours: u32,
    /// UTC days on which not to poll, one bit a day, Monday first.
    pub skip_days: u8,
    /// Hubs that push new entries (`WebSub`).
    pub hubs: Vec<String>,
    /// The archive before this document (RFC 5005).
    pub prev_archive: Option<String>,
    /// The next page of this document (RFC 5005, JSON Feed `next_url`).
    pub next: Option<String>,
    /// It holds everything there is (RFC 5005, 2); what is absent is not taken as deleted all the same.
    pub complete: bool,
    /// It says that nothing more will come (JSON Feed `expired`).
    pub expired: bool,
    /// What it holds, in its order.
    pub entries: Vec<Content>,
    /// What was repaired, in words.
    pub notes: Vec<String>,
    /// The end is missing: every complete entry is here, a partial last one is not.
    pub truncated: bool,
}

/// A feed that an HTML page names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Absolute address.
    pub url: String,
    /// As the page calls it.
    pub title: Option<String>,
    /// Media type as the page says.
    pub media_type: Option<String>,
}

impl Candidate {
    /// True where it seems to hold comments, not entries.
    #[must_use]
    pub fn is_comments(&self) -> bool {
        let title = self.title.as_deref().unwrap_or_default().to_lowercase();
        self.url.to_ascii_lowercase().contains("comment")
            || title.contains("comment")
            || title.contains("댓글")
    }
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Nothing there.
    Empty,
    /// Something else than a feed.
    NotAFeed {
        /// What it is: "an HTML page".
        what: String,
        /// The feeds it names.
        feeds: Vec<Candidate>,
    },
    /// A feed too damaged to find a single entry in.
    Broken {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// More bytes than anyone reads.
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// The reader itself failed; a bug to report with the document.
    Panicked {
        /// What it said.
        message: String,
    },
}

/// The one feed among `candidates` that is to be had instead of a page: the only one not of comments.
#[must_use]
pub fn only_feed(candidates: &[Candidate]) -> Option<&Candidate> {
    let mut feeds = candidates.iter().filter(|feed| !feed.is_comments());
    feeds.next().filter(|_| feeds.next().is_none())
}

impl ParseError {
    /// The feeds that a page names, where it was one.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        match self {
            Self::NotAFeed { feeds, .. } => feeds,
            _ => &[],
        }
    }

    /// How a poll that ended so is classified.
    #[must_use]
    pub fn outcome(&self) -> OutcomeKind {
        match self {
            Self::Empty | Self::NotAFeed { .. } => OutcomeKind::NotAFeed,
            Self::TooLarge { .. } => OutcomeKind::TooLarge,
            Self::Broken { .. } | Self::Panicked { .. } => OutcomeKind::ParseError,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the document is empty: what is stored stays"),
            Self::NotAFeed { what, feeds } => {
                let html = if page::is_kind(what) { "HTML, " } else { "" };
                write!(f, "this is {html}{what}, not a feed")?;
                page::write_advice(f, what, feeds)
            }
            Self::Broken {
                line,
                column,
                message,
            } => write!(f, "line {line}, column {column}: {message}"),
            Self::TooLarge { bytes } => {
                write!(f, "the document has {bytes} bytes, more than {LARGEST}")
            }
            Self::Panicked { message } => write!(
                f,
                "reading it failed ({message}): please report it with the document"
            ),
        }
    }
}

impl std::error::Error for ParseError {}

/// Reads a document of any format and state.
///
/// Takes time in proportion to its size: call it off the async threads.
///
/// # Errors
/// When it is no feed, or too damaged to find one entry in; a panic inside becomes an error too.
pub fn parse(bytes: &[u8], hints: &Hints) -> Result<Document, ParseError> {
    if bytes.len() > LARGEST {
        return Err(ParseError::TooLarge { bytes: bytes.len() });
    }
    catch_unwind(AssertUnwindSafe(|| read_document(bytes, hints))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(ToString::to_string);
        let message = said.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(ParseError::Panicked {
            message: message.unwrap_or_else(|| "no message".to_owned()),
        })
    })
}

fn read_document(bytes: &[u8], hints: &Hints) -> Result<Document, ParseError> {
    if let Some(refused) = refuse::binary(bytes) {
        return Err(refused);
    }
    let country = country(hints);
    let labels = decode::Labels {
        content_type: hints.content_type.as_deref(),
        country: country.as_deref(),
    };
    let decoded = decode::decode(bytes, labels);
    let (text, controls) = without_controls(&decoded.text);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut document = match text.chars().next() {
        None => return Err(ParseError::Empty),
        Some('{' | '[') => json::parse(text, hints)?,
        Some(_) => xml(text, hints)?,
    };
    if controls > 0 {
        document.notes.insert(
            0,
            format!("{controls} control characters left out or replaced"),
        );
    }
    document.notes.splice(0..0, decoded.notes);
    if document.truncated {
        document.notes.push(format!(
            "the end is missing: {} complete entries read",
            document.entries.len()
        ));
    }
    Ok(document)
}

fn xml(text: &str, hints: &Hints) -> Result<Document, ParseError> {
    let address = hints.url.as_deref().and_then(|url| Url::parse(url).ok());
    let (mut tree, scanner) = tree::build(text);
    let pages = sitemap::to_entries(&mut tree);
    let Some(root) = &tree.root else {
        return Err(refuse::text(text, tree.first.as_deref(), address.as_ref()));
    };
    if tree.truncated && tree.entries.is_empty() {
        return Err(refuse::cut(text));
    }
    let mut faults = scanner.faults;
    let mut document = Document {
        truncated: tree.truncated,
        ..Document::default()
    };
    channel::read_into(&mut document, root, address.as_ref());
    document.notes.extend(pages);
    let habits = learnt_habits(hints, &document, root, &tree.entries);
    let base = document
        .self_url
        .as_deref()
        .and_then(|url| Url::parse(url).ok())
        .or(address);
    let setting = read::Setting {
        base: base.or_else(|| {
            document
                .link
                .as_deref()
                .and_then(|url| Url::parse(url).ok())
        }),
        language: hints.language.as_deref(),
        channel_language: document.language.clone(),
        habits,
        now: hints.now,
        authors: attached::names_in(root.child("channel").unwrap_or(root)),
    };
    let clean = faults.is_clean() && !tree.truncated;
    document.entries = tree
        .entries
        .iter()
        .map(|found| read::entry(found, &setting, &mut faults))
        .collect();
    document.notes.extend(faults.notes(text));
    if faults.has(faults::Fault::Zone) {
        document.notes.push(setting.habits.in_words());
    }
    if tree.over > 0 {
        document.notes.push(over_note(tree.over));
    } else if clean {
        look_again(&mut document, text, &setting);
    }
    Ok(document)
}

/// Lets the strict reader add what it may know of a document that needed no repair.
fn look_again(document: &mut Document, text: &str, setting: &read::Setting<'_>) {
    if document.format != Format::Sitemap && strict::may_add(&document.entries, text) {
        let found = strict::read(text, setting);
        strict::reconcile(&mut document.entries, found, setting, &mut document.notes);
    }
}

fn over_note(over: usize) -> String {
    format!("more entries than are kept: the first {MOST_ENTRIES} were read, {over} left out")
}

/// How dates are read that leave a question, as far as config, host and language tell.
fn habits(hints: &Hints, language: Option<&str>) -> dates::Habits {
    let host = hints.url.as_deref().and_then(|url| Url::parse(url).ok());
    let host = host.as_ref().and_then(Url::host_str);
    dates::Habits::of(
        hints.default_tz.as_deref(),
        hints.language.as_deref().or(language),
        host,
    )
}

/// The same with what the dates of a document itself tell.
fn learnt_habits(
    hints: &Hints,
    document: &Document,
    root: &tree::Element<'_>,
    entries: &[tree::Found<'_>],
) -> dates::Habits {
    let channel = root.child("channel").unwrap_or(root);
    let entries = entries.iter().map(|found| &found.element);
    let written: Vec<Cow<'_, str>> = [root, channel]
        .into_iter()
        .chain(entries)
        .flat_map(read::written_dates)
        .take(dates::MOST_DATES)
        .collect();
    let built = channel.child("lastbuilddate").map(tree::Element::text);
    habits(hints, document.language.as_deref()).learn(&written, built.as_deref(), hints.now)
}

/// The country of the host, else the one a language is mostly written in.
fn country(hints: &Hints) -> Option<String> {
    let host = hints.url.as_deref().and_then(|url| Url::parse(url).ok());
    let label = host
        .as_ref()
        .and_then(Url::host_str)
        .and_then(|host| host.rsplit('.').next());
    let label =
        label.filter(|label| label.len() == 2 && label.bytes().all(|b| b.is_ascii_lowercase()));
    if let Some(label) = label {
        return Some(label.to_owned());
    }
    let language = hints
        .language
        .as_deref()?
        .split(['-', '_'])
        .next()?
        .to_ascii_lowercase();
    let country = match language.as_str() {
        "ko" => "kr",
        "ja" => "jp",
        "zh" => "cn",
        "ru" | "pl" | "tr" | "bg" | "hu" | "ro" | "th" => language.as_str(),
        "uk" => "ua",
        "cs" => "cz",
        "el" => "gr",
        "he" => "il",
        _ => return None,
    };
    Some(country.to_owned())
}

/// The text without characters that no document may hold, and how many there were.
///
/// Those of windows-1252 that were taken for ISO-8859-1 on their way are read as what they were.
fn without_controls(text: &str) -> (Cow<'_, str>, usize) {
    let is_bad = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    if !may_be_bad(text.as_bytes()) {
        return (text.into(), 0);
    }
    let count = text.chars().filter(|c| is_bad(*c)).count();
    if count == 0 {
        return (text.into(), 0);
    }
    let kept = text.chars().filter_map(|c| {
        if is_bad(c) {
            entities::windows_1252(c)
        } else {
            Some(c)
        }
    });
    (kept.collect::<String>().into(), count)
}

/// Whether there may be such characters, looked for many bytes at a time.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches the compiler takes many bytes at a time"
)]
fn may_be_bad(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| {
        (byte < b' ') & (byte != b'\n') & (byte != b'\t') & (byte != b'\r') | (byte == 0x7f)
    };
    let mut controls = false;
    for byte in bytes {
        controls |= is_control(*byte);
    }
    // The others begin with bytes that many letters begin with.
    let follows = |lead: u8, goes: fn(&[u8]) -> bool| {
        memchr::memchr_iter(lead, bytes).any(|at| goes(&bytes[at..]))
    };
    controls
        || follows(0xc2, |two| matches!(two, [_, 0x80..=0x9f, ..]))
        || follows(0xef, |three| matches!(three, [_, 0xbf, 0xbe | 0xbf, ..]))
}

#[cfg(test)]
mod tests;
