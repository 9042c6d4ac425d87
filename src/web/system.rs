//! The system: tasks, store, versions, the key of the output feeds, and what people changed.

use axum::extract::State;
use maud::{Markup, html};

use super::App;
use super::form::Asked;
use super::layout::{self, number, pager};
use super::problem::Answer;
use super::view::View;
use super::words::W;
use crate::store::changes::{self, Change};
use crate::store::status::{self, Note};
use crate::store::{Connection, StoreError, search};

/// Changes of a page.
pub const PAGE: u32 = 50;

/// Facts of the store that are cheap to have.
struct Facts {
    notes: Vec<Note>,
    waiting: u64,
    changes: Vec<Change>,
}

/// `GET /system`.
pub async fn page(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Markup> {
    let before = asked.number("after")?;
    let read = move |conn: &Connection| {
        Ok::<_, StoreError>(Facts {
            notes: status::notes(conn)?,
            waiting: search::waiting(conn)?,
            changes: changes::list(conn, before, PAGE)?,
        })
    };
    let facts = app.control.read(read).await?;
    let stats = if asked.has("counts") {
        Some(app.control.stats().await?)
    } else {
        None
    };
    let reasons = app.control.not_ready();
    let next = (facts.changes.len() == PAGE as usize)
        .then(|| facts.changes.last().map(|change| change.id.to_string()));
    let body = html! {
        @if reasons.is_empty() { p.good { (view.t(W::AllWell)) } }
        @else { div.bad role="alert" { p { (view.t(W::Trouble)) } ul { @for reason in &reasons { li { (reason) } } } } }
        h2 { (view.t(W::Tasks)) }
        (tasks(&view, &app))
        h2 { (view.t(W::Store)) }
        dl.facts {
            dt { (view.t(W::Version)) } dd { (env!("CARGO_PKG_VERSION")) }
            dt { "search index" } dd { (number(facts.waiting)) " " (view.t(W::OpenDeliveries)) }
            @for note in facts.notes.iter().filter(|note| matches!(note.key.as_str(), "started" | "status" | "reload")) { dt { (note.key) } dd { (note.value) } }
            @if let Some(stats) = &stats {
                dt { "bytes" } dd { (number(stats.bytes)) " + " (number(stats.wal_bytes)) }
                dt { (view.t(W::Entries)) } dd { (number(stats.entries)) }
                dt { (view.t(W::Stories)) } dd { (number(stats.stories)) }
                dt { (view.t(W::Alerts)) } dd { (number(stats.alerts)) }
                dt { (view.t(W::Deliveries)) } dd { (number(stats.deliveries)) }
            }
        }
        @if stats.is_none() { p { a href="/system?counts=1" { (view.t(W::Count)) } } }
        @if let Some(key) = app.guard.feed_key().filter(|_| view.may_change()) {
            h2 { (view.t(W::FeedKey)) }
            p { code { (key) } " " span.hint { (view.t(W::FeedKeyHint)) } }
        }
        h2 { (view.t(W::Changes)) }
        (changed(&view, &facts.changes))
        (pager(&view, next.flatten().as_deref()))
        p.hint { a href="/metrics" { "/metrics" } " · " a href="/readyz" { "/readyz" } " · " a href="/api/openapi.json" { "/api/openapi.json" } }
    };
    Ok(layout::page(&view, view.t(W::System), &body))
}

fn tasks(view: &View, app: &App) -> Markup {
    html! {
        table.list { tbody { @for (name, age, rest) in app.control.tasks() {
            tr {
                td { (name) }
                td { @if age > rest { (layout::state(view, "failing")) } @else { (layout::state(view, "ok")) } }
                td.num { (age.as_secs()) " s" }
                td.num.faint { "≤ " (rest.as_secs()) " s" }
            }
        } } }
    }
}

fn changed(view: &View, changes: &[Change]) -> Markup {
    html! {
        @if changes.is_empty() { p.empty { (view.t(W::NothingHere)) } }
        @else {
            table.list {
                thead { tr { th scope="col" { (view.t(W::When)) } th scope="col" { (view.t(W::Who)) } th scope="col" { (view.t(W::What)) } th scope="col" { (view.t(W::Id)) } th scope="col" { (view.t(W::Note)) } } }
                tbody { @for change in changes {
                    tr { td.nowrap { (view.time(change.at)) } td { (change.who) } td { (change.what) } td { (change.subject) } td.wide.faint { (change.detail.as_deref().unwrap_or_default()) } }
                } }
            }
        }
    }
}
