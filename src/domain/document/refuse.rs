//! What a document is that is no feed, and which feeds an HTML page names.
//!
//! Candidates are listed, never followed: whoever added the address decides.

use std::borrow::Cow;

use url::Url;

use super::faults::line_of;
use super::html;
use super::links;
use super::scan::{Scanner, Token, attributes};
use super::{Candidate, ParseError, page};

/// Feeds listed of one page.
const MOST_CANDIDATES: usize = 20;
/// How much of a page is searched for them.
const SEARCHED: usize = 512 << 10;

/// Says by its first bytes what is no text at all.
pub(super) fn binary(bytes: &[u8]) -> Option<ParseError> {
    let what = match bytes {
        [0x1f, 0x8b, ..] => "compressed data (gzip) that was not unpacked",
        [b'%', b'P', b'D', b'F', ..] => "a PDF",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => {
            "a picture"
        }
        _ => return None,
    };
    Some(ParseError::NotAFeed {
        what: what.to_owned(),
        feeds: Vec::new(),
    })
}

/// Says what a text is in which no feed was found; `first` is its first element.
pub(super) fn text(text: &str, first: Option<&str>, address: Option<&Url>) -> ParseError {
    let head = text.trim_start();
    let head = head[..head.floor_char_boundary(4096)].to_ascii_lowercase();
    let is_html =
        head.starts_with("<!doctype html") || head.contains("<html") || head.contains("<body");
    let what = match first {
        Some("opml") => "an OPML list of feeds: import it".to_owned(),
        Some("urlset" | "sitemapindex") => "a sitemap".to_owned(),
        Some("kml" | "kml:kml") => "a KML map".to_owned(),
        Some("service" | "app:service") => "an Atom service document".to_owned(),
        Some("opensearchdescription") => "a search description".to_owned(),
        Some("svg" | "svg:svg") => "a picture (SVG)".to_owned(),
        Some("soap:envelope" | "methodresponse") => "an answer of a web service".to_owned(),
        Some("error" | "errorresponse") => "an error message in XML".to_owned(),
        _ if is_html => return html_page(text, address),
        Some(name) if html::has_markup(&format!("<{name}>")) => return html_page(text, address),
        Some(name) => format!(
            "XML of another kind (`{}`)",
            name.chars().take(40).collect::<String>()
        ),
        None if head.starts_with("<?") || head.starts_with("<!") => return no_root(text),
        None => "plain text".to_owned(),
    };
    ParseError::NotAFeed {
        what,
        feeds: Vec::new(),
    }
}

/// A page by its kind, with the feeds it names: those of a log-in page are no help, so only a plain one's count.
fn html_page(text: &str, address: Option<&Url>) -> ParseError {
    let what = page::name(text);
    let feeds = if what == page::HTML {
        candidates(text, address)
    } else {
        Vec::new()
    };
    ParseError::NotAFeed {
        what: what.to_owned(),
        feeds,
    }
}

fn no_root(text: &str) -> ParseError {
    ends_before(text, "its first element")
}

/// A feed that was cut off before it said anything: no news is not what it says.
pub(super) fn cut(text: &str) -> ParseError {
    ends_before(text, "its first complete entry")
}

fn ends_before(text: &str, what: &str) -> ParseError {
    let (line, column) = line_of(text, text.trim_end().len());
    ParseError::Broken {
        line,
        column,
        message: format!("the document ends before {what}"),
    }
}

/// Feeds that a page names in its head, in its order; feeds of comments last.
pub(super) fn candidates(page: &str, address: Option<&Url>) -> Vec<Candidate> {
    let mut scanner = Scanner::new(&page[..page.floor_char_boundary(SEARCHED)]);
    let mut base = address.cloned();
    let mut based = false;
    let mut found: Vec<Candidate> = Vec::new();
    while let Some(token) = scanner.next(None) {
        let (name, tag, empty) = match token {
            Token::Start {
                name,
                attributes: tag,
                empty,
            } => (name, tag, empty),
            Token::End(name) if name.eq_ignore_ascii_case("head") => break,
            _ => continue,
        };
        match name.to_ascii_lowercase().as_str() {
            name @ ("script" | "style") if !empty => scanner.skip_code(name),
            // What stands there is for another kind of reader, pictures included.
            name @ ("noscript" | "template") if !empty => drop(scanner.skip_raw(name)),
            "base" if !based => {
                // Only the first one counts.
                based = true;
                base =
                    links::base(value(tag, "href").as_deref(), base.as_ref()).map(Cow::into_owned);
            }
            // Whoever may write into the body must not name the site's feed.
            name if !is_of_head(name) => break,
            "link" if found.len() < MOST_CANDIDATES => {
                if let Some(candidate) = candidate(tag, base.as_ref())
                    && !found.iter().any(|known| known.url == candidate.url)
                {
                    found.push(candidate);
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(Candidate::is_comments);
    found
}

/// Elements that may stand before the first one of the body.
fn is_of_head(name: &str) -> bool {
    matches!(
        name,
        "html"
            | "head"
            | "title"
            | "meta"
            | "link"
            | "base"
            | "script"
            | "style"
            | "noscript"
            | "template"
    )
}

fn candidate(tag: &str, base: Option<&Url>) -> Option<Candidate> {
    let rel = value(tag, "rel")?.to_ascii_lowercase();
    let kind = value(tag, "type").unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let is_feed = matches!(
        kind.as_str(),
        "application/rss+xml"
            | "application/atom+xml"
            | "application/feed+json"
            | "application/json"
            | "application/rdf+xml"
            | "text/xml"
            | "application/xml"
    );
    let mut rels = rel.split_ascii_whitespace();
    if !rels.any(|rel| rel == "feed" || (rel == "alternate" && is_feed)) {
        return None;
    }
    let url = links::absolute(&value(tag, "href")?, base)?;
    // Blog software names its API and its embedding service with the type of old JSON feeds.
    let is_api = ["/wp-json", "rest_route=", "oembed"];
    if kind == "application/json" && is_api.iter().any(|part| url.contains(part)) {
        return None;
    }
    Some(Candidate {
        url,
        title: value(tag, "title")
            .map(|title| html::plain_line(&title))
            .filter(|title| !title.is_empty()),
        media_type: Some(kind).filter(|kind| !kind.is_empty()),
    })
}

fn value(tag: &str, wanted: &str) -> Option<String> {
    let (_, raw) = attributes(tag).find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    Some(super::entities::decoded(raw, super::entities::Style::Html).into_owned())
}
