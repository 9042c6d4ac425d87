//! An element of a feed's document: usual name, attributes, what stands inside. How one comes about is `tree`'s.

/// An element with all it holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Element {
    /// Usual prefix and lower-case name: `title`, `dc:date`, `xhtml:div`.
    pub name: String,
    /// Lower-case names as written, values decoded; no namespace declarations.
    pub attributes: Vec<(String, String)>,
    /// In the document's order.
    pub children: Vec<Node>,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Another element.
    Element(Element),
    /// Decoded text.
    Text(String),
}

impl Element {
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
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element of that name in it.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// All text in it, at any depth.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.push_text(&mut out);
        out
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
