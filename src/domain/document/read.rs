//! Elements of one entry → its content: which of a dozen spellings of each field counts.
//!
//! The order of preference is the contract's; ids and hashes are made in `entry::identity`.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::faults::{Fault, Faults};
use super::html::Rendered;
use super::tree::{Element, Found};
use super::{LONGEST_TITLE, attached, dates, links, text};
use crate::domain::entry::{Content, language};

/// What an entry inherits from its document and from config.
pub(super) struct Setting<'a> {
    /// Where relative addresses start, `xml:base` of inner elements aside.
    pub base: Option<Url>,
    /// Configured language; rules over all.
    pub language: Option<&'a str>,
    /// The feed's own language.
    pub channel_language: Option<String>,
    /// How dates are read that leave a question.
    pub habits: dates::Habits,
    /// The time of the poll.
    pub now: Timestamp,
    /// The feed's authors, for entries without.
    pub authors: Vec<String>,
}

/// Where titles hide, best first.
const TITLES: &[&str] = &["title", "dc:title", "media:title", "itunes:title"];
/// Where bodies hide; the longest wins, then the first.
const BODIES: &[&str] = &[
    "content:encoded",
    "content",
    "xhtml:body",
    "body",
    "description",
    "summary",
    "abstract",
    "dc:description",
    "itunes:summary",
    "fullitem",
    "content:items",
    "media:description",
    "itunes:subtitle",
    "tagline",
];
/// Copies of the article for search engines, read where nothing else is there: they are not what readers see.
const LAST_BODIES: &[&str] = &["yandex:full-text", "full-text", "fulltext"];
/// Dates of publication, best first.
const PUBLISHED: &[&str] = &[
    "pubdate",
    "published",
    "issued",
    "dc:date",
    "dcterms:issued",
    "dcterms:date",
    "dcterms:created",
    "created",
    "dcterms:available",
    "prism:publicationdate",
    "date",
];
/// Dates of change, best first.
const UPDATED: &[&str] = &[
    "updated",
    "modified",
    "dcterms:modified",
    "lastmod",
    "lastbuilddate",
];

/// Reads one entry.
pub(super) fn entry(found: &Found<'_>, setting: &Setting<'_>, faults: &mut Faults) -> Content {
    let element = &found.element;
    let mut base = setting.base.as_ref().map(Cow::Borrowed);
    for raw in found
        .bases
        .iter()
        .map(String::as_str)
        .chain(element.attribute("xml:base"))
    {
        let inner = links::base(Some(raw), base.as_deref());
        base = inner.map(|base| Cow::Owned(base.into_owned()));
    }
    let base = base.as_deref();
    let body = body(element, base);
    let guid = guid(element);
    let url = link(element, base);
    let enclosures = attached::enclosures(element, base);
    let mut content = Content {
        title: title(element, base),
        authors: attached::authors(element, &setting.authors),
        categories: attached::categories(element),
        published: date(element, PUBLISHED, setting, faults),
        updated: date(element, UPDATED, setting, faults),
        language: None,
        body_html: body.html,
        body: body.text,
        guid,
        origin: element
            .child("feedburner:origlink")
            .and_then(|origin| links::absolute(&origin.text(), base))
            .filter(|origin| url.as_ref() != Some(origin)),
        url,
        enclosures,
    };
    content.published = content.published.or(content.updated);
    let own = ["dc:language", "language"]
        .into_iter()
        .find_map(|name| Some(element.child(name)?.text()));
    let own = element
        .attribute("xml:lang")
        .map(Cow::Borrowed)
        .or_else(|| own.filter(|own| !own.trim().is_empty()));
    let own = own.as_deref().or(found.language.as_deref());
    finish(&mut content, own, setting, faults);
    content
}

/// What every entry needs at the end, whatever its format: language, and dates that have come.
pub(super) fn finish(
    content: &mut Content,
    own: Option<&str>,
    setting: &Setting<'_>,
    faults: &mut Faults,
) {
    if let Some(article) = content.url.as_deref().and_then(links::behind_redirect) {
        content.url = Some(article);
    }
    let channel = setting.channel_language.as_deref();
    // The beginning tells the language; the whole of a long text would only tell it slower.
    let sample = format!(
        "{}\n{}",
        content.title,
        &content.body[..content.body.floor_char_boundary(language::LOOK_AT)]
    );
    content.language = language::resolve(setting.language, own, channel, &sample);
    let limit = setting
        .now
        .checked_add(SignedDuration::from_hours(24))
        .unwrap_or(setting.now);
    if content.published.is_some_and(|at| at >= limit) {
        faults.count(Fault::Future);
        // A date that moves with the clock must not become part of the identity.
        let hashed =
            content.guid.is_none() && content.url.is_none() && content.enclosures.is_empty();
        content.published = (!hashed).then_some(setting.now);
    }
    if content.updated.is_some_and(|at| at >= limit) {
        content.updated = Some(setting.now);
    }
}

/// The longest of the bodies, the first of equals.
fn body(element: &Element<'_>, base: Option<&Url>) -> Rendered {
    let body = longest(element, BODIES, base);
    if body.text.is_empty() && body.html.trim().is_empty() {
        longest(element, LAST_BODIES, base)
    } else {
        body
    }
}

fn longest(element: &Element<'_>, names: &[&str], base: Option<&Url>) -> Rendered {
    let mut best = Rendered::default();
    let groups = element
        .elements()
        .filter(|inner| inner.name == "media:group");
    let places: Vec<&Element<'_>> = std::iter::once(element).chain(groups).collect();
    let mut written: Vec<Cow<'_, str>> = Vec::new();
    for name in names {
        for found in places
            .iter()
            .flat_map(|place| place.elements())
            .filter(|inner| inner.name == *name)
        {
            // Feeds often say the same twice: render it once.
            let source = found.text();
            if written.contains(&source) && found.elements().next().is_none() || written.len() >= 8
            {
                continue;
            }
            written.push(source);
            let rendered = text::body(found, base);
            if rendered.is_more_than(&best) {
                best = rendered;
            }
        }
    }
    best
}

fn title(element: &Element<'_>, base: Option<&Url>) -> String {
    let direct = TITLES.iter().filter_map(|name| element.child(name));
    let grouped = element
        .child("media:group")
        .and_then(|group| group.child("media:title"));
    direct
        .chain(grouped)
        .map(|found| text::line(found, base))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// `guid`, `id`, `rdf:about` or `dc:identifier`, trimmed.
fn guid(element: &Element<'_>) -> Option<String> {
    let of = |name: &str| {
        let all = element.elements().filter(|inner| inner.name == name);
        all.map(|inner| inner.text().trim().to_owned())
            .find(|text| !text.is_empty())
    };
    of("guid")
        .or_else(|| of("id"))
        .or_else(|| {
            element
                .attribute("rdf:about")
                .or_else(|| element.attribute("about"))
                .map(ToOwned::to_owned)
        })
        .or_else(|| of("dc:identifier"))
}

/// The entry's page: `link`, the alternate link, a guid that is a permalink, or none.
fn link(element: &Element<'_>, base: Option<&Url>) -> Option<String> {
    let own_base = |inner: &Element<'_>| links::base(inner.attribute("xml:base"), base);
    let all: Vec<&Element<'_>> = element
        .elements()
        .filter(|inner| inner.name == "link")
        .collect();
    let is_page = |inner: &&&Element<'_>| rel_of(inner).eq_ignore_ascii_case("alternate");
    let is_spelt_right = |inner: &&&Element<'_>| rel_of(inner) == "alternate";
    let written = all
        .iter()
        .filter(is_page)
        .find_map(|inner| links::absolute(&inner.text(), own_base(inner).as_deref()));
    let is_html = |inner: &&&Element<'_>| {
        inner
            .attribute("type")
            .is_none_or(|kind| kind.contains("htm"))
    };
    let href = |inner: &&Element<'_>| {
        let raw = inner
            .attribute("href")
            .or_else(|| inner.attribute("resource"))?;
        links::absolute(raw, own_base(inner).as_deref())
    };
    written
        .or_else(|| {
            let pages = all.iter().filter(is_spelt_right);
            pages.filter(is_html).find_map(href)
        })
        .or_else(|| all.iter().filter(is_page).filter(is_html).find_map(href))
        .or_else(|| all.iter().filter(is_page).find_map(href))
        .or_else(|| links::absolute(element.attribute("href")?, base))
        .or_else(|| permalink(element))
        .or_else(|| links::absolute(&element.child("feedburner:origlink")?.text(), base))
}

/// What a link is for, without the address that some write in front.
fn rel_of<'a>(link: &'a Element<'_>) -> &'a str {
    let rel = link.attribute("rel").unwrap_or("alternate");
    rel.rsplit('/').next().unwrap_or_default()
}

/// A guid, or an RDF name, that is the address of a page.
fn permalink(element: &Element<'_>) -> Option<String> {
    let guid = element.child("guid");
    let guid = guid.filter(|guid| {
        guid.attribute("ispermalink")
            .is_none_or(|value| !value.eq_ignore_ascii_case("false"))
    });
    guid.and_then(|guid| links::absolute(&guid.text(), None))
        .or_else(|| links::absolute(element.attribute("rdf:about")?, None))
}

/// The date of the first name of a list that has one, the last of several; what cannot be read is counted.
fn date(
    element: &Element<'_>,
    names: &[&str],
    setting: &Setting<'_>,
    faults: &mut Faults,
) -> Option<Timestamp> {
    let mut unread = false;
    for name in names {
        let mut read = None;
        for found in element.elements().filter(|inner| inner.name == *name) {
            let text = found.text();
            let at = dates::parse(&text, &setting.habits);
            unread |= at.is_none() && !text.trim().is_empty();
            read = at.or(read);
        }
        if let Some(read) = read {
            return Some(instant(read, faults));
        }
    }
    if let Some(at) = element.attribute("lastmod").filter(|_| names == UPDATED) {
        let read = dates::parse(at, &setting.habits)?;
        return Some(instant(read, faults));
    }
    if unread {
        faults.count(Fault::Date);
    }
    None
}

/// When a date is; that it named no zone is counted.
pub(super) fn instant(read: dates::Read, faults: &mut Faults) -> Timestamp {
    if !read.has_zone {
        faults.count(Fault::Zone);
    }
    read.at
}

/// All dates that an entry holds, as written.
pub(super) fn written_dates<'a>(element: &'a Element<'_>) -> impl Iterator<Item = Cow<'a, str>> {
    let is_date =
        |inner: &&Element<'_>| PUBLISHED.contains(&&*inner.name) || UPDATED.contains(&&*inner.name);
    element.elements().filter(is_date).map(Element::text)
}

/// A text of the feed itself, one line; none where empty.
pub(super) fn line_of(element: &Element<'_>, names: &[&str]) -> Option<String> {
    let mut line = names
        .iter()
        .filter_map(|name| element.child(name))
        .map(|inner| text::line(inner, None));
    line.find(|line| !line.is_empty()).map(|line| {
        let end = line.floor_char_boundary(LONGEST_TITLE);
        line[..end].to_owned()
    })
}
