//! An element of a feed's document: usual name, attributes, what stands inside. How one comes about is `tree`'s.
//!
//! Names and texts are borrowed from the document wherever they stand in it as they are read.

use std::borrow::Cow;

/// An element with all it holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Element<'a> {
    /// Usual prefix and lower-case name: `title`, `dc:date`, `xhtml:div`.
    pub name: Cow<'a, str>,
    /// Lower-case names as written, values decoded; no namespace declarations.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// In the document's order.
    pub children: Vec<Node<'a>>,
}

/// An entry's element with what it inherits.
#[derive(Clone, Debug, Default)]
pub(super) struct Found<'a> {
    /// The `item` or `entry`.
    pub element: Element<'a>,
    /// `xml:base` of the elements around it, outermost first.
    pub bases: Vec<String>,
    /// `xml:lang` of the nearest of them.
    pub language: Option<String>,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'a> {
    /// Another element.
    Element(Element<'a>),
    /// Decoded text.
    Text(Cow<'a, str>),
}

impl<'a> Element<'a> {
    /// The value of an attribute, trimmed, not empty; `name` without prefix also finds it with one.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let local = |key: &str| key.rsplit(':').next().unwrap_or_default() == name;
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .or_else(|| {
                self.attributes
                    .iter()
                    .find(|(key, _)| !name.contains(':') && local(key))
            })
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The elements it holds.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element<'a>> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element of that name in it.
    pub(super) fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.elements().find(|element| element.name == name)
    }

    /// All text in it, at any depth.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self.children.as_slice() {
            [] => Cow::Borrowed(""),
            [Node::Text(text)] => Cow::Borrowed(text),
            _ => {
                let mut out = String::new();
                self.push_text(&mut out);
                Cow::Owned(out)
            }
        }
    }

    fn push_text(&self, out: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => element.push_text(out),
            }
        }
    }
}
