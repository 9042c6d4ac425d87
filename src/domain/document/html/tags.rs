//! Elements of HTML by what they do to text, and which of them are kept.

use std::sync::LazyLock;

/// The longest name in the lists below has no more letters.
const LONGEST_NAME: usize = 16;

/// Elements kept in `body_html`, each with its attributes.
pub(super) const ALLOWED: &[(&str, &[&str])] = &[
    ("a", &["href", "title"]),
    ("abbr", &["title"]),
    ("b", &[]),
    ("blockquote", &["cite"]),
    ("br", &[]),
    ("caption", &[]),
    ("cite", &[]),
    ("code", &[]),
    ("dd", &[]),
    ("del", &[]),
    ("div", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("em", &[]),
    ("figcaption", &[]),
    ("figure", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("i", &[]),
    ("img", &["src", "alt", "title"]),
    ("ins", &[]),
    ("kbd", &[]),
    ("li", &[]),
    ("mark", &[]),
    ("ol", &["start"]),
    ("p", &[]),
    ("pre", &[]),
    ("q", &["cite"]),
    ("rp", &[]),
    ("rt", &[]),
    ("ruby", &[]),
    ("s", &[]),
    ("samp", &[]),
    ("small", &[]),
    ("span", &[]),
    ("strong", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["colspan", "rowspan"]),
    ("tfoot", &[]),
    ("th", &["colspan", "rowspan"]),
    ("thead", &[]),
    ("time", &["datetime"]),
    ("tr", &[]),
    ("u", &[]),
    ("ul", &[]),
    ("var", &[]),
];

/// Elements whose content no reader sees.
pub(in crate::domain::document) const UNSEEN: &[&str] = &[
    "script",
    "style",
    "iframe",
    "noscript",
    "noembed",
    "noframes",
    "template",
    "object",
    "applet",
    "title",
    "textarea",
    "select",
    "audio",
    "video",
    "canvas",
    "xmp",
    "head",
    "metadata",
    "annotation",
];

/// Those of them whose content stands for what cannot be shown: the text leaves it out, the HTML keeps it in place of
/// the element.
pub(super) const FALLBACK: &[&str] = &[
    "iframe",
    "noscript",
    "noembed",
    "noframes",
    "object",
    "applet",
    "title",
    "audio",
    "video",
    "canvas",
    "head",
    "metadata",
    "annotation",
];

/// Elements that part paragraphs.
pub(in crate::domain::document) const BLOCKS: &[&str] = &[
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "pre",
    "section",
    "article",
    "aside",
    "header",
    "footer",
    "figure",
    "hr",
    "center",
    "form",
    "fieldset",
    "address",
    "main",
    "nav",
    "details",
    "body",
];

/// Elements that begin a line.
pub(in crate::domain::document) const LINES: &[&str] = &[
    "li",
    "tr",
    "dt",
    "dd",
    "figcaption",
    "caption",
    "summary",
    "option",
    "legend",
];

/// Names that HTML ever had, besides those above: a tag of any other name in a title is text.
const OTHER_KNOWN: &[&str] = &[
    "html", "head", "meta", "link", "base", "font", "big", "tt", "strike", "acronym", "bdo", "bdi",
    "button", "input", "label", "map", "area", "param", "embed", "source", "track", "picture",
    "wbr", "nobr", "col", "colgroup", "dfn", "data", "marquee", "blink", "frame", "frameset",
    "basefont", "svg", "math", "dir", "menu", "output", "progress", "meter", "dialog", "slot",
];

/// Elements that end the paragraph before them, besides headings and lists' items.
const ENDS_PARAGRAPH: &[&str] = &[
    "blockquote",
    "div",
    "dl",
    "figcaption",
    "figure",
    "hr",
    "ol",
    "p",
    "pre",
    "table",
    "ul",
];

/// Where an element may stand without making a browser move another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Anywhere.
    Inline,
    /// A link: in no other.
    Anchor,
    /// In no paragraph.
    Block,
    /// The same, and not right inside another.
    Heading,
    /// An item of a list: ends the one before.
    Item,
    /// A term or its description: ends the one before.
    Term,
    /// A reading beside a word: ends the one before.
    Reading,
    /// A table: in no paragraph, and in no other but in its cells.
    Table,
    /// Right inside a table.
    Caption,
    /// The same.
    Section,
    /// In a section.
    Row,
    /// In a row.
    Cell,
}

impl Place {
    fn of(name: &str) -> Self {
        match name {
            "a" => Self::Anchor,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Self::Heading,
            "li" => Self::Item,
            "dt" | "dd" => Self::Term,
            "rt" | "rp" => Self::Reading,
            "table" => Self::Table,
            "caption" => Self::Caption,
            "thead" | "tbody" | "tfoot" => Self::Section,
            "tr" => Self::Row,
            "td" | "th" => Self::Cell,
            _ if ENDS_PARAGRAPH.contains(&name) => Self::Block,
            _ => Self::Inline,
        }
    }
}

/// Who sees what an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Seen,
    /// It stands for the element where that cannot be shown.
    Instead,
    /// No reader does.
    Unseen,
}

/// What an element parts in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    Nothing,
    Lines,
    Paragraphs,
}

/// What is to be known of an element that does anything here.
#[derive(Debug)]
pub(super) struct Tag {
    /// In small letters.
    pub name: &'static str,
    /// Those that are kept, where the element is.
    pub attributes: Option<&'static [&'static str]>,
    pub content: Content,
    pub parts: Parts,
    /// Where it may stand.
    pub place: Place,
}

impl Tag {
    fn new(name: &'static str) -> Self {
        let allowed = ALLOWED.iter().find(|(known, _)| *known == name);
        Self {
            name,
            attributes: allowed.map(|(_, attributes)| *attributes),
            content: if FALLBACK.contains(&name) {
                Content::Instead
            } else if UNSEEN.contains(&name) {
                Content::Unseen
            } else {
                Content::Seen
            },
            parts: if BLOCKS.contains(&name) {
                Parts::Paragraphs
            } else if LINES.contains(&name) {
                Parts::Lines
            } else {
                Parts::Nothing
            },
            place: Place::of(name),
        }
    }

    /// It holds nothing and has no end tag.
    pub(super) fn is_void(&self) -> bool {
        matches!(self.name, "br" | "hr" | "img")
    }

    /// It ends the paragraph before it.
    pub(super) fn ends_paragraph(&self) -> bool {
        matches!(
            self.place,
            Place::Block | Place::Heading | Place::Item | Place::Term | Place::Table
        )
    }

    /// It ends the paragraph before it and holds what stands inside a line.
    pub(super) fn holds_lines(&self) -> bool {
        let holds_blocks = matches!(self.name, "ul" | "ol" | "dl" | "hr" | "p");
        self.place == Place::Heading || self.place == Place::Block && !holds_blocks
    }

    /// The element of a name as written, in any case and with any prefix; none where it does nothing.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        static TAGS: LazyLock<Vec<Tag>> = LazyLock::new(|| {
            let readings = ["rb", "rtc"];
            let allowed = ALLOWED.iter().map(|(name, _)| *name);
            let lists = [UNSEEN, BLOCKS, LINES, &readings].into_iter().flatten();
            let mut names: Vec<&str> = allowed.chain(lists.copied()).collect();
            names.sort_unstable();
            names.dedup();
            names.into_iter().map(Tag::new).collect()
        });
        let prefix = memchr::memrchr(b':', name.as_bytes());
        let local = &name[prefix.map_or(0, |at| at + 1)..];
        let mut small = [0; LONGEST_NAME];
        let small = small.get_mut(..local.len())?;
        small.copy_from_slice(local.as_bytes());
        small.make_ascii_lowercase();
        let at = TAGS.binary_search_by(|tag| tag.name.as_bytes().cmp(small));
        at.ok().map(|at| &TAGS[at])
    }
}

/// True where `rest`, which begins with `<`, begins a tag that HTML knows.
pub(super) fn is_known_tag(rest: &str) -> bool {
    let after = rest[1..].strip_prefix('/').unwrap_or(&rest[1..]);
    let length = after
        .bytes()
        .take(12)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let closed = matches!(
        after.as_bytes().get(length),
        Some(b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r')
    );
    if length == 0 || !closed {
        return false;
    }
    let name = &after[..length];
    let is_other = || {
        OTHER_KNOWN
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    Tag::named(name).is_some() || is_other()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_element_is_found_by_its_name() {
        let lists = [UNSEEN, FALLBACK, BLOCKS, LINES, ENDS_PARAGRAPH];
        let allowed = ALLOWED.iter().map(|(name, _)| name);
        for name in lists.into_iter().flatten().chain(allowed) {
            let shouted = format!("x:{}", name.to_ascii_uppercase());
            let found = Tag::named(&shouted).map(|tag| tag.name);
            assert_eq!(found, Some(*name));
        }
        for name in ["", "x", "marquee", "a-name-longer-than-any"] {
            assert!(Tag::named(name).is_none(), "{name}");
        }
    }
}
