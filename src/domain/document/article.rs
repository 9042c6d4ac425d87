//! The page that an entry links to → the article's plain text, or the reason why there is none.
//!
//! Where the article stands is decided in `article::choose`, by `article::words`; pages that stand before an
//! article (logins, cookie questions, puzzles) are known to `article::wall`. Paragraphs are those of every
//! other text: what is chosen goes through the same reading as the HTML of a feed. Nothing is fetched.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::domain::entry::identity;

mod choose;
mod data;
mod page;
mod wall;
mod words;

use self::choose::{Map, weight};
use self::page::{Page, What, is_block};
use super::decode::{self, Labels};
use super::{Hints, html, names, refuse};

/// Bytes of a page that are read.
const LARGEST: usize = 16 << 20;
/// Least text of an article: some sixty Korean syllables, or twenty English words.
const LEAST: usize = 120;
/// Text up to which a block may be a label of what follows it.
const LABEL: usize = 40;

/// Why a page gives no article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a page: a PDF, a video.
    NotHtml(String),
    /// Less text than any article has.
    Short,
    /// A page that stands before the article, or tells that there is none.
    Wall(&'static str),
    /// The page asks us by name not to keep it.
    Unwelcome,
    /// The reader itself failed; a bug to report with the page.
    Panicked(String),
}

impl Refused {
    /// Whether another try could end otherwise: a short page may be news in the making.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Short | Self::Wall(wall::PUZZLE | wall::MISSING))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHtml(what) => write!(f, "the link leads to {what}, not to a page"),
            Self::Short => f.write_str("the page holds no article, or a very short one"),
            Self::Wall(what) => f.write_str(what),
            Self::Unwelcome => f.write_str("the page asks bongsu not to keep it (meta element)"),
            Self::Panicked(said) => {
                write!(
                    f,
                    "reading the page failed ({said}): please report it with the page"
                )
            }
        }
    }
}

/// Reads the article of a page that was linked as `linked`; `hints.url` is where it was found in the end.
///
/// Takes time in proportion to its size: call it off the async threads.
///
/// # Errors
/// When the page is none, or holds no article; a panic inside becomes an error too.
pub fn read(bytes: &[u8], linked: &str, hints: &Hints) -> Result<String, Refused> {
    catch_unwind(AssertUnwindSafe(|| read_page(bytes, linked, hints))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(ToString::to_string);
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Refused::Panicked(
            said.unwrap_or_else(|| "no message".to_owned()),
        ))
    })
}

fn read_page(bytes: &[u8], linked: &str, hints: &Hints) -> Result<String, Refused> {
    refuse_other_kinds(bytes, hints.content_type.as_deref())?;
    if let Some(wall) = hints
        .url
        .as_deref()
        .and_then(|url| wall::of_address(linked, url))
    {
        return Err(Refused::Wall(wall));
    }
    let bytes = &bytes[..bytes.len().min(LARGEST)];
    let label = label(bytes, hints.content_type.as_deref());
    let country = super::country(hints);
    let decoded = decode::decode(
        bytes,
        Labels {
            content_type: label.as_deref(),
            country: country.as_deref(),
        },
    );
    let (text, _) = super::without_controls(&decoded.text);
    let page = page::read(&text);
    if ["noarchive", "noindex", "none"]
        .iter()
        .any(|word| page.asked_of_us.contains(word))
    {
        return Err(Refused::Unwelcome);
    }
    let article = longest(&page);
    match wall::of_page(&page.title, &article, page.has_password) {
        Some(wall) => Err(Refused::Wall(wall)),
        None if weight(&article) < LEAST => Err(Refused::Short),
        None => Ok(article),
    }
}

/// Refuses what is no page, by its label and by its first bytes.
fn refuse_other_kinds(bytes: &[u8], content_type: Option<&str>) -> Result<(), Refused> {
    let media = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    let media = media.trim().to_ascii_lowercase();
    let fine = [
        "",
        "text/html",
        "application/xhtml+xml",
        "application/xml",
        "text/xml",
    ];
    if !fine.contains(&media.as_str()) {
        return Err(Refused::NotHtml(media.chars().take(60).collect()));
    }
    match refuse::binary(bytes) {
        Some(super::ParseError::NotAFeed { what, .. }) => Err(Refused::NotHtml(what)),
        _ => Ok(()),
    }
}

/// The label that tells the charset: the header's, unless it is a server's default; else the page's own.
fn label(bytes: &[u8], content_type: Option<&str>) -> Option<String> {
    let header = content_type.map(str::to_ascii_lowercase);
    let told = header.as_deref().is_some_and(|header| {
        header.contains("charset") && !header.contains("utf-8") && !header.contains("8859-1")
    });
    if told {
        return header;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase();
    let own = head.match_indices("<meta").find_map(|(at, _)| {
        let tag = &head[at..];
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        let charset = tag.find("charset")?;
        Some(format!("text/html; {}", &tag[charset..]))
    });
    own.or(header)
}

/// The article as the page shows it; as its data gives it, where that is much longer.
fn longest(page: &Page<'_>) -> String {
    let mut shown = shown(page, true);
    if weight(&shown) < LEAST {
        let lax = self::shown(page, false);
        if weight(&lax) > weight(&shown) {
            shown = lax;
        }
    }
    let data = without_notices(&data::body(&page.data));
    if weight(&shown) * 3 < weight(&data) * 2 {
        data
    } else {
        shown
    }
}

/// The article as readers see it.
fn shown(page: &Page<'_>, strict: bool) -> String {
    let map = Map::new(page, strict);
    let Some(article) = map.article(page) else {
        return String::new();
    };
    let mut writer = Writer {
        page,
        map: &map,
        article,
        out: String::new(),
        label: None,
    };
    writer.inside(article);
    writer.drop_label();
    without_notices(&html::render(&writer.out, None).text)
}

/// Writes what is kept of an article as HTML.
struct Writer<'p> {
    page: &'p Page<'p>,
    map: &'p Map,
    article: usize,
    out: String,
    /// Where a heading or a short block begins that nothing followed yet.
    label: Option<usize>,
}

impl Writer<'_> {
    fn inside(&mut self, node: usize) {
        for child in &self.page.nodes[node].children {
            self.node(*child);
        }
    }

    fn node(&mut self, index: usize) {
        let node = &self.page.nodes[index];
        match &node.what {
            What::Text(text) => {
                if self.label.is_some() && weight(text) > 0 {
                    self.label = None;
                }
                self.out.push_str(text);
            }
            What::Element(name, _) => self.element(index, name),
        }
    }

    fn element(&mut self, index: usize, name: &str) {
        let block = is_block(name);
        if name == "h1" {
            return;
        }
        if !self.map.is_kept(index) || (block && self.map.is_links(index, self.article)) {
            // A heading of what is left out goes with it; an empty place for an advertisement has none.
            if block && !self.page.nodes[index].children.is_empty() {
                self.drop_label();
            }
            return;
        }
        let text = self.map.plain(index);
        let is_short = block && (1..LABEL).contains(&text) && !self.has_blocks(index);
        let begins = self.out.len();
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        if names::is_void(name) {
            return;
        }
        self.inside(index);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        if is_short && !ends_a_sentence(&self.out[begins..]) {
            self.label = Some(begins);
        }
    }

    /// Takes a label back that nothing followed; tags between it and here may stay unbalanced.
    fn drop_label(&mut self) {
        if let Some(begins) = self.label.take() {
            self.out.truncate(begins);
        }
    }

    fn has_blocks(&self, index: usize) -> bool {
        let children = self.page.nodes[index].children.iter();
        children
            .copied()
            .any(|child| is_block(self.page.nodes[child].name()))
    }
}

/// True for HTML whose last text ends as sentences do.
fn ends_a_sentence(html: &str) -> bool {
    let texts = html
        .rsplit('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text).trim());
    let last = texts.into_iter().find(|text| !text.is_empty());
    last.is_some_and(|text| {
        text.ends_with([
            '.', '!', '?', '…', '。', '！', '？', '」', '”', '"', '\'', '؟',
        ])
    })
}

/// A text without the lines that stand under every article: rights, the reporter's address, "advertisement".
fn without_notices(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = "";
    for line in text.split('\n') {
        if line.is_empty() {
            gap = "\n\n";
        } else if !wall::is_notice(line) {
            if !out.is_empty() {
                out.push_str(gap);
            }
            out.push_str(line);
            gap = "\n";
        }
    }
    out
}

#[cfg(test)]
mod tests;
