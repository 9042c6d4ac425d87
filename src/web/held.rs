//! What nobody was told of: matches that raised no alert, and messages that wait, each with its reason.

use axum::extract::State;
use maud::{Markup, html};

use super::App;
use super::alerts::PAGE;
use super::form::{Asked, Form};
use super::layout::{self, pager, severity};
use super::problem::{Answer, Problem};
use super::view::View;
use super::words::W;
use crate::domain::alert::Held;
use crate::store::alerts::{self, HeldFilter, HeldRow};
use crate::store::timing::{self, HeldDelivery};

/// Messages that wait, shown at most.
const MOST: u32 = 100;

/// Which held matches the parameters `rule held since after` ask for.
pub fn filter(asked: &Form, view: &View) -> Answer<HeldFilter> {
    let held = asked.get("held").map(|name| {
        Held::from_name(name).ok_or_else(|| Problem::parameter("held", "is no reason"))
    });
    Ok(HeldFilter {
        since: asked.time("since", view.now, &view.zone)?,
        rule: asked.get("rule").map(Into::into),
        held: held.transpose()?,
        before: asked.number("after")?,
    })
}

/// `GET /alerts/held`.
pub async fn list(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Markup> {
    let filter = filter(&asked, &view)?;
    let is_first = asked.get("after").is_none() && asked.get("held").is_none();
    let (rows, waiting): (Vec<HeldRow>, Vec<HeldDelivery>) = app
        .control
        .read(move |conn| {
            let waiting = if is_first {
                timing::held(conn, filter.since, filter.rule.as_ref(), MOST)?
            } else {
                Vec::new()
            };
            Ok((alerts::held(conn, &filter, PAGE)?, waiting))
        })
        .await?;
    let next = (rows.len() == PAGE as usize).then(|| rows.last().map(|row| row.id.to_string()));
    let body = html! {
        form.filters method="get" {
            label { (view.t(W::Rule)) input name="rule" value=(asked.get("rule").unwrap_or_default()); }
            label { (view.t(W::Why))
                select name="held" {
                    option value="" { (view.t(W::All)) }
                    @for one in Held::ALL { option value=(one.as_str()) selected[asked.get("held") == Some(one.as_str())] { (view.code(one.as_str())) } }
                }
            }
            button { (view.t(W::Filter)) }
        }
        @if !waiting.is_empty() {
            h2 { (view.t(W::MessagesWait)) }
            (waiting_table(&view, &waiting))
            h2 { (view.t(W::NoAlert)) }
        }
        (table(&view, &rows))
        @if rows.is_empty() { p.empty { (view.t(W::NothingHere)) } }
        (pager(&view, next.flatten().as_deref()))
    };
    Ok(layout::page(&view, view.t(W::HeldMatches), &body))
}

fn table(view: &View, rows: &[HeldRow]) -> Markup {
    html! {
        table.list {
            thead { tr { th scope="col" { (view.t(W::Time)) } th scope="col" { (view.t(W::Title)) } th scope="col" { (view.t(W::Why)) } th scope="col" { (view.t(W::Rule)) } th scope="col" { (view.t(W::Alert)) } } }
            tbody { @for row in rows {
                tr data-row {
                    td.nowrap { (view.time(row.at)) }
                    td.wide { a href={ "/entries/" (row.entry) } { (row.title) } }
                    td { (view.code(row.held.as_str())) }
                    td { a href={ "/rules/" (row.rule) } { (row.rule) } }
                    td { @if let Some(alert) = row.alert { a href={ "/alerts/" (alert) } { (alert) } } }
                }
            } }
        }
    }
}

fn waiting_table(view: &View, rows: &[HeldDelivery]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::Time)) } th scope="col" { (view.t(W::Title)) } th scope="col" { (view.t(W::Severity)) } th scope="col" { (view.t(W::Receiver)) }
                th scope="col" { (view.t(W::Why)) } th scope="col" { (view.t(W::Ends)) } th scope="col" { (view.t(W::Rule)) }
            } }
            tbody { @for row in rows {
                tr data-row {
                    td.nowrap { (view.time(row.at)) }
                    td.wide { a href={ "/alerts/" (row.alert) } { (row.title) } }
                    td { (severity(view, row.severity)) }
                    td { (row.receiver) }
                    td { (row.why) @if let Some(silence) = row.silence { " " a href={ "/silences#silence-" (silence) } { (view.t(W::Silences)) " " (silence) } } }
                    td.nowrap { (view.maybe_time(row.until)) }
                    td { a href={ "/rules/" (row.rule) } { (row.rule) } }
                }
            } }
        }
    }
}
