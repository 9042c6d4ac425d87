//! Output feeds: the alerts of a rule, the entries of an entity, a story or a search, as Atom and as JSON Feed.
//!
//! Ids never change, so that a reader shows each once; nothing in them depends on when they are asked for.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::App;
use super::form::Asked;
use super::problem::{Answer, Problem};
use super::search::Search;
use super::view::View;
use crate::domain::entry::wire::WireEntry;
use crate::domain::id::RuleId;
use crate::domain::xml::escaped as xml;
use crate::store::alerts::{self, AlertFilter};
use crate::store::stories;

/// Items of a feed.
const ITEMS: u32 = 50;

/// A feed to be written.
struct Output {
    /// Never changes.
    id: String,
    title: String,
    /// The page that shows the same.
    page: String,
    /// Where it is itself.
    own: String,
    items: Vec<Item>,
}

/// An item of it.
struct Item {
    id: String,
    title: String,
    url: Option<String>,
    /// Our own page about it.
    page: String,
    html: String,
    at: Timestamp,
    authors: Vec<String>,
    labels: Vec<String>,
    language: Option<String>,
}

impl Item {
    /// An entry as an item.
    fn of_entry(entry: &WireEntry) -> Self {
        Self {
            id: format!("urn:bongsu:entry:{}", entry.id),
            title: entry.title.clone(),
            url: entry.url.clone(),
            page: format!("/entries/{}", entry.id),
            html: entry.body_html.clone(),
            at: entry.published.or(entry.first_seen).unwrap_or_default(),
            authors: entry.authors.clone(),
            labels: entry.feed.iter().cloned().collect(),
            language: entry.language.clone(),
        }
    }
}

/// The name and the form of `name.atom` or `name.json`.
fn parted(name: &str) -> Answer<(&str, bool)> {
    match name.rsplit_once('.') {
        Some((id, "atom")) => Ok((id, true)),
        Some((id, "json")) => Ok((id, false)),
        _ => Err(Problem::missing("feed", name)),
    }
}

/// `GET /feeds/rules/{id}.atom`, `.json`.
pub async fn rule(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let (id, atom) = parted(&name)?;
    let setup = app.control.setup();
    let wanted = RuleId::from(id);
    let title = setup
        .rule(&wanted)
        .map(|rule| rule.title.clone())
        .ok_or_else(|| Problem::missing("rule", id))?;
    let items = app
        .control
        .read(move |conn| {
            let filter = AlertFilter {
                rule: Some(wanted),
                ..AlertFilter::default()
            };
            let mut items = Vec::new();
            for row in alerts::list(conn, &filter, ITEMS)? {
                let entry = alerts::entry_of(conn, row.id)?.unwrap_or_default();
                let mut item = Item::of_entry(&entry);
                item.id = format!("urn:bongsu:alert:{}", row.key);
                item.title = row.title;
                item.page = format!("/alerts/{}", row.id);
                item.at = row.created;
                item.labels = vec![row.severity.as_str().to_owned()];
                items.push(item);
            }
            Ok(items)
        })
        .await?;
    let output = Output {
        id: format!("urn:bongsu:rule:{id}"),
        title,
        page: format!("/rules/{id}"),
        own: format!("/feeds/rules/{name}"),
        items,
    };
    Ok(written(&app, &headers, &output, atom))
}

/// `GET /feeds/entities/{id}.atom`, `.json`.
pub async fn entity(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let (id, atom) = parted(&name)?;
    let setup = app.control.setup();
    let mut all = setup.definitions.entities.iter();
    let entity = all
        .find(|entity| entity.id.as_ref().is_some_and(|own| own.as_str() == id))
        .ok_or_else(|| Problem::missing("entity", id))?;
    let output = Output {
        id: format!("urn:bongsu:entity:{id}"),
        title: entity.name.clone(),
        page: format!("/entities/{id}"),
        own: format!("/feeds/entities/{name}"),
        items: found(&app, Search::naming(Arc::clone(&setup), id)).await?,
    };
    Ok(written(&app, &headers, &output, atom))
}

/// `GET /feeds/stories/{id}.atom`, `.json`.
pub async fn story(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let (id, atom) = parted(&name)?;
    let number: i64 = id.parse().map_err(|_| Problem::missing("story", id))?;
    let members = app
        .control
        .read(move |conn| stories::members(conn, number, ITEMS))
        .await?;
    let Some((first, _)) = members.first() else {
        return Err(Problem::missing("story", id));
    };
    let output = Output {
        id: format!("urn:bongsu:story:{id}"),
        title: first.title.clone(),
        page: format!("/stories/{id}"),
        own: format!("/feeds/stories/{name}"),
        items: members
            .iter()
            .rev()
            .map(|(entry, _)| Item::of_entry(entry))
            .collect(),
    };
    Ok(written(&app, &headers, &output, atom))
}

/// `GET /feeds/search/q.atom?q=…`, `.json`: any search, filters as on the page.
pub async fn search(
    State(app): State<App>,
    view: View,
    Path(name): Path<String>,
    headers: HeaderMap,
    Asked(asked): Asked,
) -> Answer<Response> {
    let (_, atom) = parted(&name)?;
    let search = Search::read(app.control.setup(), &asked, &view)?;
    let query = asked.with(&[("key", None), ("after", None)]);
    let output = Output {
        id: format!("urn:bongsu:search:{query}"),
        title: asked.get("q").unwrap_or("bongsu").to_owned(),
        page: format!("/entries?{query}"),
        own: format!("/feeds/search/{name}?{query}"),
        items: found(&app, search).await?,
    };
    Ok(written(&app, &headers, &output, atom))
}

/// The entries of a search as items.
async fn found(app: &App, search: Search) -> Answer<Vec<Item>> {
    let found = search.run(app, ITEMS as usize).await?;
    let entries = found.hits.iter().map(|hit| hit.entry.wire());
    Ok(entries.map(|entry| Item::of_entry(&entry)).collect())
}

fn written(app: &App, headers: &HeaderMap, output: &Output, atom: bool) -> Response {
    let setup = app.control.setup();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let base = setup
        .access
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{host}"));
    if atom {
        let kind = [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")];
        (kind, atom_of(output, &base)).into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, "application/feed+json; charset=utf-8")];
        (kind, json_of(output, &base).to_string()).into_response()
    }
}

fn newest(output: &Output) -> Timestamp {
    let times = output.items.iter().map(|item| item.at);
    times.max().unwrap_or(Timestamp::UNIX_EPOCH)
}

fn atom_of(output: &Output, base: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>{}</id>\n\
         <title>{}</title>\n<updated>{}</updated>\n<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n<generator>bongsu</generator>\n\
         <author><name>bongsu</name></author>\n",
        xml(&output.id),
        xml(&output.title),
        newest(output),
        xml(&format!("{base}{}", output.page)),
        xml(&format!("{base}{}", output.own))
    );
    for item in &output.items {
        let page = xml(&format!("{base}{}", item.page));
        let url = item.url.as_deref().map_or_else(|| page.clone(), xml);
        let language = item
            .language
            .as_deref()
            .map_or_else(String::new, |language| {
                format!(" xml:lang=\"{}\"", xml(language))
            });
        out.extend([format!(
            "<entry{language}>\n<id>{}</id>\n<title>{}</title>\n<updated>{at}</updated>\n<published>{at}</published>\n\
             <link rel=\"alternate\" href=\"{url}\"/>\n<link rel=\"related\" href=\"{page}\"/>\n",
            xml(&item.id),
            xml(&item.title),
            at = item.at
        )]);
        for author in &item.authors {
            out.extend([format!("<author><name>{}</name></author>\n", xml(author))]);
        }
        for label in &item.labels {
            out.extend([format!("<category term=\"{}\"/>\n", xml(label))]);
        }
        out.extend([format!(
            "<content type=\"html\">{}</content>\n</entry>\n",
            xml(&item.html)
        )]);
    }
    out.push_str("</feed>\n");
    out
}

fn json_of(output: &Output, base: &str) -> Value {
    let items: Vec<Value> = output
        .items
        .iter()
        .map(|item| {
            let page = format!("{base}{}", item.page);
            let authors: Vec<Value> = item
                .authors
                .iter()
                .map(|name| json!({ "name": name }))
                .collect();
            let mut value = json!({
                "id": item.id, "url": item.url.as_ref().unwrap_or(&page), "title": item.title,
                "content_html": item.html, "date_published": item.at, "authors": authors, "tags": item.labels,
                "_bongsu": { "about": "alert or entry page", "url": page },
            });
            if let Some(language) = &item.language {
                value["language"] = json!(language);
            }
            value
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1", "title": output.title,
        "home_page_url": format!("{base}{}", output.page),
        "feed_url": format!("{base}{}", output.own), "items": items,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output() -> Output {
        let item = |number: i64| Item {
            id: format!("urn:bongsu:entry:{number}"),
            title: "한화 <b>&\"\u{1}K9\u{ffff}".to_owned(),
            url: Some("https://x.example/?a=1&b=2".to_owned()),
            page: "/entries/1".to_owned(),
            html: "<p>a & b</p>".to_owned(),
            at: Timestamp::from_second(number).unwrap(),
            authors: vec!["Kim <x>".to_owned()],
            labels: vec!["high".to_owned()],
            language: Some("ko".to_owned()),
        };
        Output {
            id: "urn:bongsu:rule:r".to_owned(),
            title: "R & D".to_owned(),
            page: "/rules/r".to_owned(),
            own: "/feeds/rules/r.atom".to_owned(),
            items: vec![item(2000), item(1000)],
        }
    }

    #[test]
    fn our_own_reader_reads_what_is_written() {
        use crate::domain::document::{Hints, parse};
        for text in [
            atom_of(&output(), "http://desk.example"),
            json_of(&output(), "http://desk.example").to_string(),
        ] {
            let read = parse(text.as_bytes(), &Hints::default()).unwrap();
            assert_eq!(read.title.as_deref(), Some("R & D"));
            assert_eq!(read.entries.len(), 2);
            let first = &read.entries[0];
            assert_eq!(first.url.as_deref(), Some("https://x.example/?a=1&b=2"));
            assert!(first.title.contains("K9"), "{}", first.title);
        }
    }

    #[test]
    fn a_feed_without_items_is_always_the_same() {
        let empty = Output {
            items: Vec::new(),
            ..output()
        };
        assert!(atom_of(&empty, "").contains("<updated>1970-01-01T00:00:00Z</updated>"));
    }
}
