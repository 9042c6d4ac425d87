//! Tokens of a feed in XML → its entries and the feed's own elements, whatever tags are missing or crossed.
//!
//! An entry ends where its end tag stands, where the next begins, or where the feed ends: damage inside one
//! never reaches the next. What the elements mean is decided in `read`.

use super::decode::undone;
use std::borrow::Cow;

pub(super) use super::element::{Element, Found, Node};
use super::entities::{Style, decoded_or};
use super::faults::{Fault, Faults};
use super::names;
use super::scan::{Scanner, Token, attributes};
use super::{LONGEST_TEXT, MOST_ENTRIES};

/// Elements deeper than this are read as if their tags were not there.
const DEEPEST: usize = 256;
/// Most elements and texts that are kept of a document, outside of its entries and inside: tiny ones take thirty times the
/// room that they take as text.
const MOST_NODES: [usize; 2] = [100_000, 500_000];
/// Namespace declarations in force at once.
const MOST_NAMESPACES: usize = 256;

/// A document taken apart.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    /// The root element without the entries; none where no feed was found.
    pub root: Option<Element<'a>>,
    /// The entries, the first [`MOST_ENTRIES`].
    pub entries: Vec<Found<'a>>,
    /// Entries left out because there were more.
    pub over: usize,
    /// The end is missing; a partial last entry was left out.
    pub truncated: bool,
    /// The first element, where it is not a feed's.
    pub first: Option<String>,
}

/// An element whose end tag has not come.
struct Open<'a> {
    element: Element<'a>,
    raw: &'a str,
    namespaces: usize,
}

/// Builds a [`Tree`].
struct Builder<'a> {
    scanner: Scanner<'a>,
    tree: Tree<'a>,
    stack: Vec<Open<'a>>,
    /// Prefixes in force, innermost last, with their usual prefix where known.
    namespaces: Vec<(&'a str, Option<&'static str>)>,
    /// Where in the stack the entry under way stands.
    entry: Option<usize>,
    /// The container of entries was closed.
    closed: bool,
    /// Elements and texts so far, outside of entries and inside.
    nodes: [usize; 2],
}

/// Takes a document apart; the scanner comes back with the faults it met.
pub(super) fn build(text: &str) -> (Tree<'_>, Scanner<'_>) {
    let mut builder = Builder {
        scanner: Scanner::new(text),
        tree: Tree::default(),
        stack: Vec::new(),
        namespaces: Vec::new(),
        entry: None,
        closed: false,
        nodes: [0; 2],
    };
    builder.run();
    (builder.tree, builder.scanner)
}

impl<'a> Builder<'a> {
    fn run(&mut self) {
        loop {
            let open = self.stack.last().map(|open| open.raw);
            let Some(token) = self.scanner.next(open) else {
                break;
            };
            match token {
                Token::Start {
                    name,
                    attributes,
                    empty,
                } => {
                    if !self.start(name, attributes, empty) {
                        break;
                    }
                }
                Token::End(name) => self.end(name),
                Token::Text(text) => self.text(text, false),
                Token::Cdata(text) => self.text(text, true),
            }
        }
        self.finish();
    }

    /// The document is over: what is still open was cut off.
    fn finish(&mut self) {
        self.tree.truncated = self.entry.is_some() || (!self.stack.is_empty() && !self.closed);
        if let Some(depth) = self.entry.take() {
            self.stack.truncate(depth);
        }
        while !self.stack.is_empty() {
            self.close_top();
        }
        self.doubt();
    }

    /// In a document of another kind, `item` and `channel` are just names unless what they hold is an entry's.
    fn doubt(&mut self) {
        let tree = &mut self.tree;
        let named = tree
            .root
            .as_ref()
            .is_some_and(|root| names::is_root(&root.name));
        let has_text = |found: &Found<'_>| {
            let mut inside = found.element.elements();
            inside.any(|inner| {
                matches!(&*inner.name, "title" | "link" | "guid") || names::is_body(&inner.name)
            })
        };
        if tree.first.is_some() && !named && !tree.entries.iter().any(has_text) {
            tree.root = None;
            tree.entries.clear();
        }
    }

    /// A start tag; false where a second document begins.
    fn start(&mut self, raw: &'a str, tag: &'a str, empty: bool) -> bool {
        let mark = self.namespaces.len();
        self.declare(tag);
        let name = self.canonical(raw);
        let is_entry = match &*name {
            "item" | "entry" => true,
            "url" => self.inside("urlset") || self.in_page(),
            _ => false,
        };
        let is_feed = self.namespaces[mark..]
            .iter()
            .any(|(_, usual)| *usual == Some(""));
        if self.stack.is_empty() && !self.root(&name, is_entry, is_feed) {
            self.namespaces.truncate(mark);
            return self.tree.root.is_none() || !names::is_root(&name);
        }
        let mut is_entry = is_entry && !self.in_foreign_content();
        if is_entry && self.entry.is_some() {
            self.fault(Fault::OpenElement);
            self.close_entry();
        } else if is_entry && self.inside("items") && empty {
            is_entry = false; // a row of a table of contents
        } else if is_entry {
            self.close_strays();
        }
        if self.entry.is_some() {
            self.close_unclosed(&name, tag);
        }
        let element = Element {
            name,
            attributes: self.attributes_of(tag),
            children: Vec::new(),
        };
        let left_out = if self.stack.len() >= DEEPEST {
            Some(Fault::Deep)
        } else {
            (!is_entry && !self.has_room()).then_some(Fault::Many)
        };
        if let Some(fault) = left_out {
            self.fault(fault);
            self.namespaces.truncate(mark);
            return true;
        }
        self.nodes[usize::from(self.entry.is_some())] += 1;
        let void = !empty && self.entry.is_some() && names::is_void(&element.name);
        if is_entry {
            self.entry = Some(self.stack.len());
        }
        self.stack.push(Open {
            element,
            raw,
            namespaces: mark,
        });
        if empty || void {
            self.close_top();
        }
        true
    }

    /// What may stand at the top: a root, or entries behind it. Everything else is junk.
    ///
    /// `is_feed`: the element declares a namespace of feeds.
    fn root(&mut self, name: &str, is_entry: bool, is_feed: bool) -> bool {
        if self.tree.root.is_some() {
            if !names::is_root(name) {
                self.fault(Fault::JunkAfter);
            }
            return is_entry;
        }
        let after_html = self
            .tree
            .first
            .as_deref()
            .is_some_and(|first| first.ends_with("html"));
        let found = match name {
            "rss" | "rdf:rdf" => true,
            "feed" | "entry" | "channel" | "item" => !after_html || is_feed,
            // Its pages are no news unless it says so.
            "urlset" => self.scanner.mentions("sitemap-news"),
            _ => false,
        };
        if !found {
            self.tree.first.get_or_insert_with(|| name.to_owned());
            self.fault(Fault::JunkBefore);
        }
        found
    }

    fn has_room(&self) -> bool {
        let at = usize::from(self.entry.is_some());
        self.nodes[at] < MOST_NODES[at]
    }

    fn fault(&mut self, fault: Fault) {
        let at = self.scanner.position();
        self.scanner.faults.add(fault, at);
    }

    fn inside(&self, name: &str) -> bool {
        self.stack
            .last()
            .is_some_and(|open| open.element.name == name)
    }

    /// True inside a page of a sitemap.
    fn in_page(&self) -> bool {
        self.entry
            .is_some_and(|depth| self.stack[depth].element.name == "url")
    }

    /// An entry begins while an element of the feed itself is still open: its end tag is missing.
    fn close_strays(&mut self) {
        while let Some(top) = self.stack.last() {
            let name = &top.element.name;
            if !names::is_leaf(name) && !names::is_body(name) && self.stack.len() < DEEPEST / 2 {
                return;
            }
            self.fault(Fault::OpenElement);
            self.close_top();
        }
    }

    /// Inside content that is a document of its own, `entry` and `item` are just names.
    fn in_foreign_content(&self) -> bool {
        let Some(depth) = self.entry else {
            return false;
        };
        self.stack[depth + 1..].iter().any(|open| {
            open.element.name == "content"
                && open.element.attribute("type").is_some_and(is_markup_type)
        })
    }

    /// Ends a leaf or a body whose end tag is missing, where the next field of the entry begins.
    fn close_unclosed(&mut self, name: &str, tag: &str) {
        if !names::is_field(name) {
            return;
        }
        let Some(depth) = self.entry else { return };
        while self.stack.len() > depth + 1 {
            let Some(top) = self.stack.last() else { return };
            let outer = &self.stack[depth + 1].element;
            let ends = if names::is_leaf(&top.element.name) && top.element.name != "link" {
                true
            } else if names::is_leaf(&top.element.name) {
                name != "link" || tag.trim().is_empty()
            } else {
                names::is_body(&outer.name)
                    && !outer.attribute("type").is_some_and(is_markup_type)
                    && names::ends_body(name)
            };
            if !ends || self.stack.len() > depth + 2 && !names::is_body(&outer.name) {
                return;
            }
            self.fault(Fault::OpenElement);
            self.close_top();
        }
    }

    fn end(&mut self, raw: &'a str) {
        if let Some(top) = self.stack.last().filter(|top| top.raw == raw) {
            self.closed |= names::holds_entries(&top.element.name);
            self.close_top();
            return;
        }
        let name = self.canonical(raw);
        let Some(found) = self
            .stack
            .iter()
            .rposition(|open| open.element.name == name)
        else {
            if !names::is_void(&name) && self.tree.root.is_none() {
                self.fault(Fault::JunkBefore);
            } else if !names::is_void(&name) {
                self.fault(Fault::StrayEnd);
            }
            return;
        };
        if found + 1 < self.stack.len() {
            self.fault(Fault::OpenElement);
        }
        self.closed |= names::holds_entries(&name);
        while self.stack.len() > found {
            self.close_top();
        }
    }

    fn close_entry(&mut self) {
        while self.entry.is_some() && !self.stack.is_empty() {
            self.close_top();
        }
    }

    /// Closes the innermost element: an entry joins the entries, others their parent.
    fn close_top(&mut self) {
        let Some(open) = self.stack.pop() else { return };
        self.namespaces.truncate(open.namespaces);
        if self.entry == Some(self.stack.len()) {
            self.entry = None;
            self.keep(open.element);
        } else if let Some(parent) = self.stack.last_mut() {
            parent.element.children.push(Node::Element(open.element));
        } else if self.tree.root.is_none() {
            self.tree.root = Some(open.element);
        }
    }

    fn keep(&mut self, element: Element<'a>) {
        if self.stack.is_empty() && self.tree.root.is_none() {
            self.tree.root = Some(Element {
                name: Cow::Borrowed("entry"),
                ..Element::default()
            });
            self.closed = true;
        }
        if self.tree.entries.len() >= MOST_ENTRIES {
            self.tree.over += 1;
            return;
        }
        let around = |name: &str| {
            let name = name.to_owned();
            self.stack
                .iter()
                .filter_map(move |open| open.element.attribute(&name))
        };
        let bases = around("xml:base").map(ToOwned::to_owned).collect();
        let language = around("xml:lang").next_back().map(ToOwned::to_owned);
        self.tree.entries.push(Found {
            element,
            bases,
            language,
        });
    }

    fn text(&mut self, raw: &'a str, is_cdata: bool) {
        let blank = raw.bytes().all(|byte| byte.is_ascii_whitespace());
        let at = self.scanner.position();
        let between = self.entry.is_none_or(|depth| depth + 1 == self.stack.len());
        let has_room = self.has_room();
        let faults = &mut self.scanner.faults;
        let Some(top) = self.stack.last_mut() else {
            let fault = if self.tree.root.is_none() {
                Fault::JunkBefore
            } else {
                Fault::JunkAfter
            };
            if !blank {
                faults.add(fault, at);
            }
            return;
        };
        if blank && between {
            return;
        }
        let children = &mut top.element.children;
        let before = match children.last() {
            Some(Node::Text(text)) => text.len(),
            _ => 0,
        };
        let room = LONGEST_TEXT.saturating_sub(before);
        let raw = if raw.len() > room {
            faults.add(Fault::Long, at);
            &raw[..raw.floor_char_boundary(room)]
        } else {
            raw
        };
        let text = if is_cdata {
            Cow::Borrowed(raw)
        } else {
            read_references(raw, at, faults)
        };
        match children.last_mut() {
            Some(Node::Text(before)) => before.to_mut().push_str(&text),
            _ if !has_room => faults.add(Fault::Many, at),
            _ => {
                self.nodes[usize::from(self.entry.is_some())] += 1;
                children.push(Node::Text(text));
            }
        }
    }

    fn attributes_of(&mut self, tag: &'a str) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        let mut found: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        if tag.is_empty() {
            return found;
        }
        let at = self.scanner.position();
        for (name, raw) in attributes(tag) {
            let name = names::lower(name);
            if name == "xmlns"
                || name.starts_with("xmlns:")
                || found.iter().any(|(known, _)| *known == name)
            {
                continue;
            }
            let faults = &mut self.scanner.faults;
            let value = decoded_or(raw, Style::Xml, || faults.add(Fault::Reference, at));
            found.push((name, value));
        }
        found
    }

    fn declare(&mut self, tag: &'a str) {
        if tag.is_empty() || memchr::memmem::find(tag.as_bytes(), b"xmlns").is_none() {
            return;
        }
        for (name, uri) in attributes(tag) {
            let prefix = if name == "xmlns" {
                Some("")
            } else {
                name.strip_prefix("xmlns:")
            };
            if let Some(prefix) = prefix
                && self.namespaces.len() < MOST_NAMESPACES
            {
                self.namespaces.push((prefix, names::prefix_of(uri)));
            }
        }
    }

    /// The usual name of an element, whatever prefix and case it came with.
    fn canonical(&mut self, raw: &'a str) -> Cow<'a, str> {
        let (prefix, local) = match memchr::memrchr(b':', raw.as_bytes()) {
            Some(at) => (&raw[..at], &raw[at + 1..]),
            None => ("", raw),
        };
        let declared = self
            .namespaces
            .iter()
            .rev()
            .find(|(known, _)| known.eq_ignore_ascii_case(prefix));
        let usual = match declared {
            Some((_, Some(usual))) => Some(*usual),
            _ if prefix.is_empty() => Some(""),
            _ => names::usual(&names::lower(prefix)),
        };
        if declared.is_none() && !prefix.is_empty() && !prefix.eq_ignore_ascii_case("xml") {
            self.fault(Fault::Prefix);
        }
        match usual {
            Some("") => names::lower(local),
            Some(usual) if usual != prefix => format!("{usual}:{}", names::lower(local)).into(),
            _ => names::lower(raw),
        }
    }
}

/// A text with its references read; those that XML does not know are counted.
fn read_references<'a>(raw: &'a str, at: usize, faults: &mut Faults) -> Cow<'a, str> {
    let text = decoded_or(raw, Style::Xml, || faults.add(Fault::Reference, at));
    // Bytes of text that was encoded twice are often written as references.
    if matches!(text, Cow::Owned(_))
        && memchr::memmem::find(raw.as_bytes(), b"&#").is_some()
        && let Some(better) = undone(&text)
    {
        faults.add(Fault::Twice, at);
        return better.into();
    }
    text
}

/// Content that holds markup of its own instead of text.
fn is_markup_type(kind: &str) -> bool {
    kind.contains("xml") || kind.contains("xhtml")
}
