//! Where an alert of a rule would go now: to whom, when, and why then. The alert is imagined; receivers, silences and
//! throttles are those in force.

use std::sync::Arc;

use maud::{Markup, html};

use super::super::App;
use super::super::form::Form;
use super::super::problem::{Answer, Problem};
use super::super::view::View;
use super::super::words::W;
use crate::daemon::control::{Told, told};
use crate::domain::alert::silence::Facts;
use crate::domain::id::FeedId;
use crate::domain::rule::{Rule, Severity};
use crate::store::timing::Gate;

/// Who would be told of an alert of `rule`; `severity`, `feed` and `entity` say more of it where they are asked.
pub async fn of(app: &App, rule: &Rule, asked: &Form) -> Answer<Vec<Told>> {
    let setup = app.control.setup();
    let severity = match asked.get("severity") {
        None => rule.severity,
        Some(name) => Severity::from_name(name).ok_or_else(|| {
            Problem::parameter("severity", "is info, low, medium, high or critical")
        })?,
    };
    let feed = asked.get("feed").map(FeedId::from);
    let feed = feed.and_then(|id| setup.feeds.get(&id));
    let facts = Facts {
        rule: rule.id.to_string(),
        entities: asked.all("entity").map(str::to_owned).collect(),
        feed: asked.get("feed").map(str::to_owned),
        tags: feed.map(|feed| feed.tags.clone()).unwrap_or_default(),
        severity,
    };
    let (rule, now, setup) = (rule.clone(), app.control.now(), Arc::clone(&setup));
    Ok(app
        .control
        .read(move |conn| {
            let gate = Gate::load(conn, &setup.manners, now)?;
            told(&setup.receivers, (&rule, severity), |receiver| {
                gate.would_hold(conn, &facts, receiver)
            })
        })
        .await?)
}

/// As rows: who, and what becomes of it there.
pub fn table(view: &View, rows: &[Told]) -> Markup {
    html! {
        @if rows.is_empty() { p.bad { (view.t(W::ToNobody)) } }
        @else {
            table.list { tbody { @for row in rows { (line(view, row)) } } }
        }
    }
}

fn line(view: &View, row: &Told) -> Markup {
    html! {
        tr {
            td.wide { a href={ "/receivers#" (row.route.receiver) } { (row.route.receiver) } }
            td {
                @if let Some(why) = &row.route.skip { span.faint { (view.t(W::NotTold)) ": " (why) } }
                @else if row.holds.is_empty() { span.good { (view.t(W::ToldAtOnce)) } }
                @else {
                    @for waiting in &row.holds { div { (view.code("held")) ": " (waiting.why) " – " (view.time(waiting.until)) } }
                }
                @if let Some(only) = &row.only { div.faint { (view.t(W::OnlyFor)) " " code { (only) } } }
                @if !row.perhaps.is_empty() {
                    div.faint { (view.t(W::PerhapsSilenced)) @for silence in &row.perhaps { " " a href={ "/silences#silence-" (silence) } { (silence) } } }
                }
            }
        }
    }
}
