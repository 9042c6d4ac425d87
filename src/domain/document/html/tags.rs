//! Elements of HTML by what they do to text, and which of them are kept.

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
    "basefont", "dir", "menu", "output", "progress", "meter", "dialog", "slot",
];

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
    let name = after[..length].to_ascii_lowercase();
    let name = name.as_str();
    ALLOWED.iter().any(|(known, _)| *known == name)
        || [UNSEEN, BLOCKS, LINES, OTHER_KNOWN]
            .iter()
            .any(|names| names.contains(&name))
}
