//! Adding feeds: any address is looked at once, what is there is shown, and only then added; lists in and out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::super::App;
use super::super::alerts::back;
use super::super::form::{Asked, Form};
use super::super::guard::{Who, is_from_elsewhere};
use super::super::layout::{self, encoded, outward};
use super::super::problem::{Answer, Problem};
use super::super::rules::workshop::refused;
use super::super::view::View;
use super::super::words::W;
use crate::daemon::control::look::Look;
use crate::domain::document::Document;
use crate::domain::feed::Feed;

/// Entries of a preview.
const PREVIEW: usize = 12;

/// Longest address.
const LONGEST: usize = 4096;

/// An address that can be one of a feed.
pub fn address(text: &str) -> Answer<String> {
    let written = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = url::Url::parse(&written)
        .map_err(|error| Problem::parameter("url", format!("is no address: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || written.len() > LONGEST {
        return Err(Problem::parameter("url", "is no http or https address"));
    }
    Ok(written)
}

/// `GET /feeds/add`: asks for an address; with `?url=` shows what is there.
pub async fn page(
    State(app): State<App>,
    view: View,
    headers: HeaderMap,
    Asked(asked): Asked,
) -> Answer<Markup> {
    let url = asked.get("url").map(address).transpose()?;
    let look = match &url {
        // Looking sends a request: only for those who may add, and not because another site's link says so.
        Some(url) if view.may_change() && !is_from_elsewhere(&headers) => {
            Some(app.control.look(url).await)
        }
        _ => None,
    };
    let body = html! {
        form.filters method="get" action="/feeds/add" {
            label.grow { (view.t(W::Url)) input type="text" inputmode="url" name="url" required value=(url.as_deref().unwrap_or_default()) placeholder="https://…"; }
            button { (view.t(W::Look)) }
            span.hint { (view.t(W::AddFeedHint)) }
        }
        @if let (Some(look), Some(url)) = (&look, &url) { (seen(&view, look, url)) }
        @if view.may_change() {
            h2 { (view.t(W::ImportOpml)) }
            form.narrow method="post" action="/feeds/import" {
                label for="list" { "OPML, newsboat urls, https://… " }
                textarea id="list" name="list" rows="5" spellcheck="false" data-file {}
                button { (view.t(W::ImportOpml)) }
            }
        }
    };
    Ok(layout::page(&view, view.t(W::AddFeed), &body))
}

fn seen(view: &View, look: &Look, url: &str) -> Markup {
    html! {
        @match &look.found {
            Ok(document) => {
                (form(view, look.facts.final_url.as_deref().unwrap_or(url), document.title.as_deref()))
                (preview(view, document))
            }
            Err(why) if look.named.is_empty() => { p.bad role="alert" { (view.t(W::NoFeedFound)) ": " (why) } }
            Err(_) => {
                h2 { (view.t(W::FeedsFound)) }
                ul { @for feed in &look.named {
                    li { a href={ "/feeds/add?url=" (encoded(&feed.url)) } { (feed.title.as_deref().unwrap_or(&feed.url)) } " " span.faint { (feed.url) } }
                } }
            }
        }
    }
}

fn form(view: &View, url: &str, title: Option<&str>) -> Markup {
    html! {
        form.filters method="post" action="/feeds/add" {
            label.grow { (view.t(W::Url)) input name="url" value=(url) readonly; }
            label { (view.t(W::Title)) input name="title" value=(title.unwrap_or_default()); }
            label { (view.t(W::Id)) input name="id" maxlength="100"; }
            label { (view.t(W::Tags)) input name="tags"; }
            @if view.may_change() { button { (view.t(W::Add)) } }
        }
    }
}

fn preview(view: &View, document: &Document) -> Markup {
    html! {
        h2 { (view.t(W::Preview)) ": " (document.title.as_deref().unwrap_or_default()) " · " (document.entries.len()) }
        table.list { tbody { @for item in document.entries.iter().take(PREVIEW) {
            @let content = item;
            tr { td.nowrap { (view.maybe_time(content.published)) } td.wide { (outward(content.url.as_deref(), &content.title)) } }
        } } }
    }
}

/// The feed that a form describes.
fn feed(app: &App, form: &Form) -> Answer<Feed> {
    let url = address(form.required("url")?)?;
    let id = form
        .get("id")
        .map_or_else(|| (app.lists.id_of)(&url), Into::into);
    if !crate::domain::id::is_valid(id.as_str()) {
        return Err(Problem::parameter("id", "is letters, digits, - and _"));
    }
    Ok(Feed {
        title: form.get("title").map(str::to_owned),
        tags: form.list("tags"),
        ..Feed::new(id, url)
    })
}

/// Adds a feed; adding the same again changes nothing and is no fault.
pub async fn do_add(app: &App, form: &Form, who: &Who) -> Answer<(Feed, bool)> {
    let feed = feed(app, form)?;
    let setup = app.control.setup();
    if let Some(known) = setup.feeds.get(&feed.id)
        && known.url != feed.url
    {
        return Err(Problem::conflict(format!(
            "feed `{}` is there already, with another address",
            feed.id
        )));
    }
    let added = app
        .control
        .add_feeds(vec![feed.clone()], &who.name)
        .await
        .map_err(|refusal| refused(refusal, "", feed.id.as_str()))?;
    Ok((feed, added > 0))
}

/// `POST /feeds/add`.
pub async fn save(State(app): State<App>, who: Who, form: Form) -> Answer<Response> {
    let (feed, _) = do_add(&app, &form, &who).await?;
    Ok(Redirect::to(&format!("/feeds/{}?done=1", encoded(feed.id.as_str()))).into_response())
}

/// Adds the feeds of a list; gives back how many were new, how many known, and what cannot be used.
pub async fn do_import(app: &App, list: &[u8], who: &Who) -> Answer<(usize, usize, Vec<String>)> {
    let listing = (app.lists.read)(list);
    if listing.feeds.is_empty() {
        let why = listing
            .refused
            .first()
            .map_or("it names no feed", String::as_str);
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("list: {why}"),
        ));
    }
    let all = listing.feeds.len();
    let added = app
        .control
        .add_feeds(listing.feeds, &who.name)
        .await
        .map_err(|refusal| refused(refusal, "", "list"))?;
    Ok((added, all - added, listing.refused))
}

/// `POST /feeds/import`.
pub async fn import(State(app): State<App>, who: Who, form: Form) -> Answer<Response> {
    do_import(&app, form.required("list")?.as_bytes(), &who).await?;
    Ok(back(&form, "/feeds"))
}

/// `GET /feeds.opml`.
pub async fn export(State(app): State<App>) -> Answer<impl axum::response::IntoResponse> {
    let mut rows = super::rows(&app).await?;
    rows.retain(|row| row.configured);
    Ok((
        [
            (header::CONTENT_TYPE, "text/x-opml; charset=utf-8"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"bongsu.opml\"",
            ),
        ],
        (app.lists.write)(&rows),
    ))
}
