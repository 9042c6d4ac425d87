//! The system: tasks, store, versions, the key of the output feeds, and what people changed.

use std::cmp::Reverse;

use axum::extract::State;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::App;
use super::form::Asked;
use super::layout::{self, number, pager};
use super::problem::Answer;
use super::view::View;
use super::words::{self, W};
use crate::domain::health::Kind;
use crate::domain::health::watch::Known;
use crate::store::changes::{self, Change};
use crate::store::status::{self, Note};
use crate::store::{Connection, StoreError, health, search};

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
        let _turn = app.turns.take().await?;
        Some(app.control.stats().await?)
    } else {
        None
    };
    let (sizes, conditions) = (app.control.sizes().await?, conditions(&app).await?);
    let reasons = app.control.not_ready();
    let guard = app.guard();
    let next = (facts.changes.len() == PAGE as usize)
        .then(|| facts.changes.last().map(|change| change.id.to_string()));
    let body = html! {
        @if reasons.is_empty() { p.good { (view.t(W::AllWell)) } }
        @else { div.bad role="alert" { p { (view.t(W::Trouble)) } ul { @for reason in &reasons { li { (reason) } } } } }
        h2 id="conditions" { (view.t(W::Conditions)) }
        (firing(&view, &conditions))
        h2 { (view.t(W::Tasks)) }
        (tasks(&view, &app))
        h2 { (view.t(W::Store)) }
        dl.facts {
            dt { (view.t(W::Version)) } dd { (env!("CARGO_PKG_VERSION")) }
            dt { (view.t(W::Size)) }
            dd { (bytes(sizes.bytes)) " + " (bytes(sizes.wal_bytes)) " WAL" @if let Some(free) = sizes.disk_free { " · " (bytes(free)) " " (view.t(W::DiskFree)) } }
            dt { (view.t(W::Schema)) } dd { (sizes.schema) " · SQLite " (sizes.sqlite) }
            dt { (view.t(W::SearchIndex)) } dd { (number(facts.waiting)) " " (view.t(W::ToBeIndexed)) }
            @for note in &facts.notes { @if let Some(word) = noted(&note.key) { dt { (view.t(word)) } dd { (noted_value(&view, &note.value)) } } }
            @if let Some(stats) = &stats {
                dt { (view.t(W::Entries)) } dd { (number(stats.entries)) }
                dt { (view.t(W::Stories)) } dd { (number(stats.stories)) }
                dt { (view.t(W::Alerts)) } dd { (number(stats.alerts)) }
                dt { (view.t(W::Deliveries)) } dd { (number(stats.deliveries)) }
            }
        }
        @if stats.is_none() { p { a href="/system?counts=1" { (view.t(W::Count)) } } }
        @if let Some(key) = guard.feed_key().filter(|_| view.may_change()) {
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

/// What a note of the store is called here; none that is shown elsewhere.
fn noted(key: &str) -> Option<W> {
    match key {
        "started" => Some(W::Started),
        "status" => Some(W::Configured),
        "reload" => Some(W::Reloaded),
        _ => None,
    }
}

/// A note that is an instant as all others, what else it says as it stands.
fn noted_value(view: &View, value: &str) -> Markup {
    value
        .parse()
        .map_or_else(|_| html! { (value) }, |at| view.time(at))
}

/// What people were told is wrong, and that holds; the gravest first.
pub async fn conditions(app: &App) -> Answer<Vec<Known>> {
    let mut known = app.control.read(health::known).await?;
    known.retain(|known| known.opened.is_some());
    known.sort_by_key(|known| (Reverse(known.kind.severity()), known.since));
    Ok(known)
}

/// A condition as programs get it.
pub fn as_json(known: &Known) -> Value {
    json!({
        "kind": known.kind, "subject": known.subject, "severity": known.kind.severity().as_str(), "text": known.text,
        "since": known.since, "told": known.opened,
    })
}

/// The page of what a condition is about.
fn about(kind: Kind, subject: &str) -> Option<String> {
    let page = match kind {
        Kind::FeedFailing
        | Kind::NotAFeed
        | Kind::FeedGone
        | Kind::FeedMoved
        | Kind::FeedEmpty
        | Kind::FeedSilent => "/feeds/",
        Kind::RuleStopped | Kind::RuleBroad | Kind::RuleSilent => "/rules/",
        Kind::ReceiverFailing | Kind::ReceiverGone | Kind::DeadLetters => "/receivers#",
        _ => return None,
    };
    Some(format!("{page}{subject}"))
}

/// Conditions in rows.
pub fn firing(view: &View, conditions: &[Known]) -> Markup {
    html! {
        @if conditions.is_empty() { p.good { (view.t(W::NoConditions)) } }
        @else {
            table.list {
                thead { tr { th scope="col" { (view.t(W::What)) } th scope="col" { (view.t(W::Severity)) } th scope="col" { (view.t(W::Kind)) } th scope="col" { (view.t(W::Subject)) } th scope="col" { (view.t(W::SinceWhen)) } } }
                tbody { @for known in conditions {
                    tr data-row {
                        td.wide { (view.said(words::conditions::summary(known.kind, &known.subject, view.lang).as_deref(), &known.text)) }
                        td { (layout::severity(view, known.kind.severity())) }
                        td { (view.code(known.kind.as_str())) }
                        td { @match about(known.kind, &known.subject) { Some(page) => a href=(page) { (known.subject) }, None => (known.subject) } }
                        td.nowrap { (view.time(known.since)) }
                    }
                } }
            }
        }
    }
}

/// A size as people read it.
fn bytes(count: u64) -> String {
    const STEP: u64 = 1024;
    match count {
        0..STEP => format!("{count} B"),
        STEP..1_048_576 => format!("{} KiB", count / STEP),
        1_048_576..1_073_741_824 => format!("{} MiB", count / (STEP * STEP)),
        _ => {
            let tenths = count / (STEP * STEP) * 10 / STEP;
            format!("{}.{} GiB", tenths / 10, tenths % 10)
        }
    }
}

fn tasks(view: &View, app: &App) -> Markup {
    html! {
        table.list {
            thead { tr { th scope="col" { (view.t(W::Tasks)) } th scope="col" { (view.t(W::State)) } th.num scope="col" { (view.t(W::LastDone)) } th.num scope="col" { (view.t(W::AtLatest)) } } }
            tbody { @for (name, age, rest) in app.control.tasks() {
            tr {
                td { (name) }
                td { @if age > rest { (layout::state(view, "failing")) } @else { (layout::state(view, "ok")) } }
                td.num data-label=(view.t(W::LastDone)) { (age.as_secs()) " s" }
                td.num.faint data-label=(view.t(W::AtLatest)) { (rest.as_secs()) " s" }
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
