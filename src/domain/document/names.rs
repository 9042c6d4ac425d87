//! Names of elements, whatever prefix, case or version of a namespace a document chose.
//!
//! RSS in all versions and Atom share one vocabulary here (no prefix); other namespaces keep their usual one.

use std::borrow::Cow;

/// The usual prefix of a namespace: empty for RSS and Atom, none where it is not known.
pub(super) fn prefix_of(uri: &str) -> Option<&'static str> {
    let folded = uri.trim().to_ascii_lowercase();
    let folded = folded
        .strip_prefix("https://")
        .or_else(|| folded.strip_prefix("http://"))
        .unwrap_or(&folded);
    let folded = folded
        .strip_prefix("www.")
        .unwrap_or(folded)
        .trim_end_matches(['/', '#']);
    if CORE.contains(&folded)
        || folded.starts_with("backend.userland.com")
        || folded.starts_with("purl.org/atom")
        || folded.starts_with("purl.org/net/rss1.1")
    {
        return Some("");
    }
    if folded.starts_with("purl.org/dc/elements")
        || folded.starts_with("purl.org/rss/1.0/modules/dc")
    {
        return Some("dc");
    }
    EXTENSIONS
        .iter()
        .find(|(known, _)| folded == *known)
        .map(|(_, prefix)| *prefix)
}

/// Namespaces of RSS and Atom.
const CORE: &[&str] = &[
    "w3.org/2005/atom",
    "w3.org/2005/10/atom",
    "purl.org/rss/1.0",
    "purl.org/rss/2.0",
    "my.netscape.com/rdf/simple/0.9",
    "channel.netscape.com/rdf/simple/0.9",
    "my.netscape.com/publish/formats/rss-0.91.dtd",
    "blogs.law.harvard.edu/tech/rss",
    "cyber.law.harvard.edu/rss",
    "rssboard.org/rss-specification",
    "sitemaps.org/schemas/sitemap/0.9",
    "google.com/schemas/sitemap/0.84",
    "google.com/schemas/sitemap/0.9",
];

/// Extensions that hold something we keep.
const EXTENSIONS: &[(&str, &str)] = &[
    ("purl.org/dc/terms", "dcterms"),
    ("purl.org/rss/1.0/modules/content", "content"),
    ("purl.org/rss/1.0/modules/syndication", "sy"),
    ("search.yahoo.com/mrss", "media"),
    ("search.yahoo.com/searchmonkey/media", "media"),
    ("itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    ("example.com/dtds/podcast-1.0.dtd", "itunes"),
    ("w3.org/1999/xhtml", "xhtml"),
    ("w3.org/1999/02/22-rdf-syntax-ns", "rdf"),
    ("w3.org/xml/1998/namespace", "xml"),
    ("w3.org/2000/svg", "svg"),
    ("w3.org/1998/math/mathml", "math"),
    ("rssnamespace.org/feedburner/ext/1.0", "feedburner"),
    ("purl.org/syndication/history/1.0", "fh"),
    ("purl.org/rss/1.0/modules/slash", "slash"),
    ("wellformedweb.org/commentapi", "wfw"),
    ("georss.org/georss", "georss"),
    ("google.com/schemas/sitemap-news/0.9", "news"),
    ("google.com/schemas/sitemap-image/1.1", "image"),
    ("podcastindex.org/namespace/1.0", "podcast"),
    (
        "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
        "podcast",
    ),
    ("prismstandard.org/namespaces/1.2/basic", "prism"),
    ("prismstandard.org/namespaces/basic/2.0", "prism"),
    ("news.yandex.ru", "yandex"),
];

/// What a prefix means where the document does not say, or says something unknown.
pub(super) fn usual(prefix: &str) -> Option<&'static str> {
    match prefix {
        "atom" | "atom10" | "atom03" | "rss" | "rss1" | "rss09" | "a10" => Some(""),
        "dc" => Some("dc"),
        "dcterms" | "dct" => Some("dcterms"),
        "content" => Some("content"),
        "sy" | "syn" => Some("sy"),
        "media" => Some("media"),
        "itunes" => Some("itunes"),
        "xhtml" => Some("xhtml"),
        "rdf" => Some("rdf"),
        "xml" => Some("xml"),
        "svg" => Some("svg"),
        "feedburner" => Some("feedburner"),
        "fh" => Some("fh"),
        "slash" => Some("slash"),
        "wfw" => Some("wfw"),
        "georss" => Some("georss"),
        "news" => Some("news"),
        "podcast" => Some("podcast"),
        "prism" => Some("prism"),
        "yandex" => Some("yandex"),
        _ => None,
    }
}

/// Elements of one entry that hold text only: another field begun inside means the end tag is missing.
pub(super) fn is_leaf(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "link"
            | "guid"
            | "id"
            | "pubdate"
            | "published"
            | "updated"
            | "issued"
            | "modified"
            | "created"
            | "category"
            | "comments"
            | "loc"
            | "lastmod"
            | "news:title"
            | "news:publication_date"
            | "news:keywords"
            | "media:title"
            | "media:keywords"
    ) || name.starts_with("dc:")
        || name.starts_with("dcterms:")
        || matches!(
            name,
            "itunes:title"
                | "itunes:author"
                | "itunes:summary"
                | "itunes:subtitle"
                | "itunes:keywords"
        )
}

/// Elements of one entry that hold its text, where naked HTML may stand.
pub(super) fn is_body(name: &str) -> bool {
    matches!(
        name,
        "description"
            | "summary"
            | "fullitem"
            | "content"
            | "content:encoded"
            | "media:description"
    )
}

/// Fields of an entry that end an unclosed leaf.
pub(super) fn is_field(name: &str) -> bool {
    is_leaf(name)
        || is_body(name)
        || matches!(
            name,
            "author" | "enclosure" | "source" | "media:content" | "media:group"
        )
}

/// Fields of an entry that end an unclosed body: names that HTML does not have.
pub(super) fn ends_body(name: &str) -> bool {
    is_field(name)
        && !matches!(
            name,
            "title" | "link" | "source" | "summary" | "content" | "id" | "author" | "description"
        )
}

/// Elements that never hold others.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name.strip_prefix("xhtml:").unwrap_or(name),
        "br" | "hr" | "img" | "wbr" | "input" | "meta" | "col" | "embed"
    )
}

/// A name in small letters.
pub(super) fn lower(name: &str) -> Cow<'_, str> {
    match name {
        // The ones that every feed has.
        "pubDate" => Cow::Borrowed("pubdate"),
        "lastBuildDate" => Cow::Borrowed("lastbuilddate"),
        "isPermaLink" => Cow::Borrowed("ispermalink"),
        _ if name.bytes().any(|byte| byte.is_ascii_uppercase()) => name.to_ascii_lowercase().into(),
        _ => Cow::Borrowed(name),
    }
}

/// Names of what entries stand in.
pub(super) fn holds_entries(name: &str) -> bool {
    matches!(name, "channel" | "feed" | "rdf:rdf" | "rss" | "urlset")
}

/// Names that begin a feed.
pub(super) fn is_root(name: &str) -> bool {
    matches!(name, "rss" | "rdf:rdf" | "feed" | "urlset")
}
