//! A web page as a tree of elements and text, with what its head says: never fails, linear, bounded.
//!
//! Built on the same scanner as everything else here. Which part of it is the article is decided in `choose`.

use std::borrow::Cow;

use super::super::entities::{Style, decoded};
use super::super::html;
use super::super::html::tags::{BLOCKS, LINES, UNSEEN};
use super::super::names;
use super::super::scan::{Scanner, Token, attributes};

/// Elements and texts kept of one page.
const MOST_NODES: usize = 100_000;
/// Open elements; deeper ones lose their tags.
const DEEPEST: usize = 200;
/// Scripts with data kept.
const MOST_DATA: usize = 20;

/// An element or a text; the first node is the page itself.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// The element around it; the page is its own.
    pub parent: usize,
    /// What it is.
    pub what: What<'a>,
    /// What it holds, in order.
    pub children: Vec<usize>,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum What<'a> {
    /// An element: its name in lower case, and its attributes as written.
    Element(Cow<'a, str>, &'a str),
    /// Text with its character references.
    Text(&'a str),
}

impl Node<'_> {
    /// The element's name; empty for text.
    pub(super) fn name(&self) -> &str {
        match &self.what {
            What::Element(name, _) => name,
            What::Text(_) => "",
        }
    }
}

/// A page, taken apart.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    /// Every node, each behind its parent.
    pub nodes: Vec<Node<'a>>,
    /// The title, one line.
    pub title: String,
    /// Scripts of JSON-LD, as written.
    pub data: Vec<&'a str>,
    /// What `meta` elements named after us say.
    pub asked_of_us: String,
    /// It asks for a password.
    pub has_password: bool,
}

/// True for an element that parts paragraphs or lines.
pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name) || LINES.contains(&name) || is_cell(name)
}

/// Elements that hold what is inside them, whatever end tags say.
fn is_cell(name: &str) -> bool {
    matches!(
        name,
        "td" | "th" | "table" | "tbody" | "thead" | "tfoot" | "caption"
    )
}

/// Builds a [`Page`].
struct Builder<'a> {
    page: Page<'a>,
    open: Vec<usize>,
    /// A paragraph may be open: there was one since the last look that found none.
    in_paragraph: bool,
}

/// Takes a page apart.
pub(super) fn read(text: &str) -> Page<'_> {
    let root = Node {
        parent: 0,
        what: What::Element(Cow::Borrowed("html"), ""),
        children: Vec::new(),
    };
    let mut builder = Builder {
        page: Page {
            nodes: vec![root],
            ..Page::default()
        },
        open: vec![0],
        in_paragraph: false,
    };
    let mut scanner = Scanner::new(text);
    let mut unclosed = Vec::new();
    while let Some(token) = scanner.next(None) {
        if builder.page.nodes.len() >= MOST_NODES {
            break;
        }
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } => {
                let name = lower(name);
                if !builder.head(&name, attributes, (text, &mut scanner)) {
                    if UNSEEN.contains(&name.as_ref()) {
                        if !empty {
                            html::skip_unseen(&mut scanner, &name, &mut unclosed);
                        }
                    } else {
                        builder.start(name, attributes, empty);
                    }
                }
            }
            Token::End(name) => builder.end(&lower(name)),
            Token::Text(text) | Token::Cdata(text) => drop(builder.add(What::Text(text))),
        }
    }
    builder.page
}

/// A name in lower case, without its prefix.
fn lower(name: &str) -> Cow<'_, str> {
    let name = name.rsplit(':').next().unwrap_or_default();
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

impl<'a> Builder<'a> {
    /// What says something about the page instead of being a part of it; false where it is a part.
    fn head(
        &mut self,
        name: &str,
        raw: &'a str,
        (text, scanner): (&'a str, &mut Scanner<'a>),
    ) -> bool {
        match name {
            "script" => {
                let from = scanner.position();
                scanner.skip_code("script");
                let inside = &text[from..scanner.position()];
                let inside = &inside[..inside.rfind("</").unwrap_or(inside.len())];
                let is_data = raw.to_ascii_lowercase().contains("ld+json");
                if is_data && self.page.data.len() < MOST_DATA {
                    self.page.data.push(inside);
                }
            }
            "title" => {
                let from = scanner.position();
                if scanner.skip_raw("title") && self.page.title.is_empty() {
                    let inside = &text[from..scanner.position()];
                    let inside = &inside[..inside.rfind("</").unwrap_or(inside.len())];
                    self.page.title = html::one_line(&decoded(inside, Style::Html));
                }
            }
            "meta" => {
                if attribute(raw, "name").is_some_and(|name| name.eq_ignore_ascii_case("bongsu")) {
                    let content = attribute(raw, "content").unwrap_or_default();
                    self.page
                        .asked_of_us
                        .push_str(&content.to_ascii_lowercase());
                }
            }
            "input" => {
                let kind = attribute(raw, "type");
                self.page.has_password |=
                    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("password"));
            }
            "html" | "head" | "body" | "link" | "base" => {}
            _ => return false,
        }
        true
    }

    fn start(&mut self, name: Cow<'a, str>, raw: &'a str, empty: bool) {
        if self.in_paragraph && BLOCKS.contains(&name.as_ref()) {
            self.in_paragraph = self.close("p", is_cell);
        }
        self.in_paragraph |= name == "p";
        match name.as_ref() {
            "li" => {
                self.close("li", |open| matches!(open, "ul" | "ol") || is_cell(open));
            }
            "dt" | "dd" => {
                self.close("dt", |open| open == "dl");
                self.close("dd", |open| open == "dl");
            }
            "tr" => {
                self.close("tr", |open| open == "table");
            }
            "td" | "th" => {
                self.close("td", |open| matches!(open, "table" | "tr"));
                self.close("th", |open| matches!(open, "table" | "tr"));
            }
            _ => {}
        }
        let void = empty
            || names::is_void(&name)
            || matches!(name.as_ref(), "source" | "track" | "area" | "param");
        let added = self.add(What::Element(name, raw));
        if !void
            && self.open.len() < DEEPEST
            && let Some(added) = added
        {
            self.open.push(added);
        }
    }

    /// Closes the innermost open `name` and what is open inside it, unless an element that `bars` lies between; false
    /// where none is open at all.
    fn close(&mut self, name: &str, bars: impl Fn(&str) -> bool) -> bool {
        for (depth, open) in self.open.iter().enumerate().skip(1).rev() {
            let open = self.page.nodes[*open].name();
            if open == name {
                self.open.truncate(depth);
                return true;
            }
            if bars(open) {
                return true;
            }
        }
        false
    }

    fn end(&mut self, name: &str) {
        if name == "table" {
            self.close(name, |_| false);
        } else if is_cell(name) || name == "tr" {
            self.close(name, |open| open == "table");
        } else if is_block(name) {
            self.close(name, is_cell);
        } else {
            // `</b>` ends no block: browsers carry the element on.
            self.close(name, is_block);
        }
    }

    /// Adds a node to the innermost open element; none where the page has too many.
    fn add(&mut self, what: What<'a>) -> Option<usize> {
        let index = self.page.nodes.len();
        if index >= MOST_NODES {
            return None;
        }
        let parent = self.open.last().copied().unwrap_or_default();
        self.page.nodes.push(Node {
            parent,
            what,
            children: Vec::new(),
        });
        self.page.nodes[parent].children.push(index);
        Some(index)
    }
}

/// The value of an attribute, references read.
pub(super) fn attribute(raw: &str, name: &str) -> Option<String> {
    attributes(raw)
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| decoded(value, Style::Xml).trim().to_owned())
}
