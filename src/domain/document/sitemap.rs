//! A sitemap of news → entries as a feed would write them: the pages of the last two days with title and date.
//!
//! What a `url` element holds is renamed and read by `read` like any other entry. Pages without `news:news` are
//! no news and left out; a sitemap of such pages alone never gets here (`refuse` names it).

use std::borrow::Cow;

use super::tree::{Element, Found, Node, Tree};

/// Turns the pages of a news sitemap into entries; says how many pages were no news. Other trees stay as they are.
pub(super) fn to_entries(tree: &mut Tree<'_>) -> Option<String> {
    let root = tree.root.as_mut().filter(|root| root.name == "urlset")?;
    let all = tree.entries.len();
    let paper = tree
        .entries
        .iter()
        .find_map(|found| publication(&found.element, "news:name"));
    root.children.extend(paper);
    tree.entries.retain_mut(|found| to_entry(found).is_some());
    if tree.entries.is_empty() && all > 0 {
        tree.first = Some("urlset".to_owned());
        tree.root = None;
    }
    let left = all - tree.entries.len();
    (left > 0).then(|| format!("{left} pages without news left out"))
}

/// The name of the paper as the feed's title, or its language as the entry's.
fn publication<'a>(page: &Element<'a>, name: &str) -> Option<Node<'a>> {
    let publication = page.child("news:news")?.child("news:publication")?;
    let found = publication.child(name)?;
    Some(renamed(
        found,
        if name == "news:name" {
            "title"
        } else {
            "dc:language"
        },
    ))
}

fn to_entry(found: &mut Found<'_>) -> Option<()> {
    let page = &found.element;
    let news = page.child("news:news")?;
    let mut children = Vec::new();
    for (from, name, usual) in [
        (page, "loc", "link"),
        (page, "lastmod", "lastmod"),
        (news, "news:title", "title"),
        (news, "news:publication_date", "pubdate"),
        (news, "news:keywords", "news:keywords"),
        (news, "news:genres", "news:keywords"),
        (news, "news:stock_tickers", "news:keywords"),
    ] {
        children.extend(from.child(name).map(|inner| renamed(inner, usual)));
    }
    children.extend(publication(page, "news:language"));
    let pictures = page.elements().filter(|inner| inner.name == "image:image");
    children.extend(pictures.filter_map(|picture| {
        let address = picture.child("image:loc")?.text().into_owned();
        Some(Node::Element(Element {
            name: Cow::Borrowed("enclosure"),
            attributes: vec![(Cow::Borrowed("url"), Cow::Owned(address))],
            children: Vec::new(),
        }))
    }));
    found.element.children = children;
    Some(())
}

fn renamed<'a>(element: &Element<'a>, name: &'static str) -> Node<'a> {
    Node::Element(Element {
        name: Cow::Borrowed(name),
        ..element.clone()
    })
}
