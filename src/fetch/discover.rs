//! The feeds a page offers: `<link rel="alternate" type="application/rss+xml" href="…">` in its head.
//!
//! Pure over bytes and the page's URL. Only what the page's own head says: body content may be anybody's.
//! Nothing is guessed and nothing asked.

use std::cell::{Cell, RefCell};

use encoding_rs::{Encoding, UTF_8};
use html5ever::Attribute;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use serde::Serialize;
use url::Url;

/// No head is longer than this.
const HEAD: usize = 512 << 10;

/// Most feeds taken from a page.
const MOST: usize = 50;

const FEED_TYPES: [&str; 6] = [
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/rss+xml",
    "application/x-atom+xml",
    "application/x-rss+xml",
];

/// A feed that a page offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Absolute, http or https.
    pub url: String,
    /// What the page calls it.
    pub title: Option<String>,
    /// The media type it is said to have.
    #[serde(rename = "type")]
    pub media_type: String,
}

/// The feeds that the page `html`, found at `page`, offers: in its order, those of comments last.
#[must_use]
pub fn feeds_of_page(html: &[u8], page: &Url) -> Vec<Candidate> {
    let head = &html[..html.len().min(HEAD)];
    let text = encoding_of(head).decode(head).0;
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text.as_ref()));
    let tokenizer = Tokenizer::new(Head::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let Head { base, links, .. } = tokenizer.sink;
    let base = base
        .into_inner()
        .and_then(|href| page.join(&href).ok())
        .unwrap_or_else(|| page.clone());
    let mut found: Vec<Candidate> = Vec::new();
    for link in links.into_inner() {
        let Some(url) = base.join(&link.href).ok().map(without_fragment) else {
            continue;
        };
        let known = found.iter().any(|known| known.url == url.as_str());
        if !known && matches!(url.scheme(), "http" | "https") {
            found.push(Candidate {
                url: url.into(),
                title: link.title,
                media_type: link.media_type,
            });
        }
    }
    found.sort_by_key(is_of_comments);
    found
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

fn is_of_comments(candidate: &Candidate) -> bool {
    let title = candidate.title.as_deref().unwrap_or("").to_lowercase();
    title.contains("comment") || title.contains("댓글") || candidate.url.contains("/comments/")
}

/// A byte order mark, or what a `charset=` near the top says, or UTF-8.
fn encoding_of(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    let top = head[..head.len().min(1_024)].to_ascii_lowercase();
    let needle = b"charset=";
    let label = top
        .windows(needle.len())
        .position(|window| window == needle)
        .map(|at| &top[at + needle.len()..])
        .and_then(|rest| {
            rest.split(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte))
                .find(|label| !label.is_empty())
        });
    label.and_then(Encoding::for_label).unwrap_or(UTF_8)
}

struct Link {
    href: String,
    title: Option<String>,
    media_type: String,
}

/// Takes `<base>` and `<link>` until the head ends.
#[derive(Default)]
struct Head {
    ended: Cell<bool>,
    base: RefCell<Option<String>>,
    links: RefCell<Vec<Link>>,
}

impl TokenSink for Head {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        if self.ended.get() {
            return TokenSinkResult::Continue;
        }
        match (tag.kind, tag.name.as_ref()) {
            (TagKind::EndTag, "head") => self.ended.set(true),
            (TagKind::EndTag, _) | (_, "html" | "head" | "meta" | "noscript" | "template") => {}
            (_, "base") => {
                if let Some(href) = attribute(&tag, "href") {
                    self.base.borrow_mut().get_or_insert(href);
                }
            }
            (_, "link") => self.take(&tag),
            (_, "title") => return TokenSinkResult::RawData(RawKind::Rcdata),
            (_, "style") => return TokenSinkResult::RawData(RawKind::Rawtext),
            (_, "script") => return TokenSinkResult::RawData(RawKind::ScriptData),
            _ => self.ended.set(true),
        }
        TokenSinkResult::Continue
    }
}

impl Head {
    fn take(&self, tag: &Tag) {
        let rel = attribute(tag, "rel").unwrap_or_default().to_lowercase();
        let media_type = attribute(tag, "type").unwrap_or_default().to_lowercase();
        let media_type = media_type.split(';').next().unwrap_or("").trim().to_owned();
        let offers = rel
            .split_ascii_whitespace()
            .any(|word| matches!(word, "alternate" | "feed"));
        let Some(href) = attribute(tag, "href") else {
            return;
        };
        let mut links = self.links.borrow_mut();
        if offers && FEED_TYPES.contains(&media_type.as_str()) && links.len() < MOST {
            links.push(Link {
                href,
                title: attribute(tag, "title").filter(|title| !title.is_empty()),
                media_type,
            });
        }
    }
}

/// An attribute's value, trimmed, of at most 2,000 characters.
fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let named = |attribute: &&Attribute| *attribute.name.local == *name;
    let value = tag.attrs.iter().find(named)?.value.trim();
    Some(value.chars().take(2_000).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<String> {
        let page = Url::parse("https://site.example/news/page").unwrap();
        feeds_of_page(html.as_bytes(), &page)
            .into_iter()
            .map(|candidate| candidate.url)
            .collect()
    }

    #[test]
    fn links_of_the_head_in_order_comments_last() {
        let html = r#"<!doctype html><html><head><title>a <link rel=alternate></title>
            <base href="https://static.example/x/"><base href="/ignored/">
            <script>if (a < b) document.write('<link rel="alternate" type="application/rss+xml" href="/no">')</script>
            <link rel="alternate" type="application/rss+xml" title="Site » Comments Feed" href="/comments/feed/">
            <LINK REL='Stylesheet ALTERNATE' TYPE="Application/RSS+XML; charset=utf-8" TITLE="뉴스" HREF="rss.xml?a=1&amp;b=2#top">
            <link rel=alternate type=application/atom+xml href=//other.example/atom>
            <link rel="alternate" type="application/rss+xml" href="rss.xml?a=1&b=2">
            <link rel="alternate" type="application/json" href="/wp-json/">
            <link rel="alternate" hreflang="ko" href="/ko/">
            <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
            <link rel="alternate" type="application/rss+xml">
            </head><body><link rel="alternate" type="application/rss+xml" href="/by-a-commenter"></body>"#;
        assert_eq!(
            found(html),
            [
                "https://static.example/x/rss.xml?a=1&b=2",
                "https://other.example/atom",
                "https://static.example/comments/feed/",
            ]
        );
    }

    #[test]
    fn the_head_ends_where_content_begins() {
        let html = r#"<p>hello<link rel="alternate" type="application/rss+xml" href="/late">"#;
        assert!(found(html).is_empty());
        let html = r#"<link rel="alternate" type="application/rss+xml" href="/bare">"#;
        assert_eq!(found(html), ["https://site.example/bare"]);
    }

    #[test]
    fn titles_in_the_pages_own_character_set() {
        let html = "<meta charset=euc-kr><link rel=alternate type=application/rss+xml href=/r title='속보'>";
        let (bytes, ..) = encoding_rs::EUC_KR.encode(html);
        let page = Url::parse("https://site.example/").unwrap();
        let found = feeds_of_page(&bytes, &page);
        assert_eq!(found[0].title.as_deref(), Some("속보"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(html: Vec<u8>, text in "(<|>|link|rel=alternate|type=application/rss.xml|href=|[a-z\"' ]){0,60}") {
            let page = Url::parse("https://site.example/").unwrap();
            let _ = feeds_of_page(&html, &page);
            let _ = feeds_of_page(text.as_bytes(), &page);
        }
    }
}
