//! Receivers: how each is doing, what is owed to it, and a test on the real path.

use axum::extract::{Path, State};
use maud::{Markup, html};
use serde::Serialize;

use super::App;
use super::guard::Who;
use super::layout::{self, button, severity, state};
use super::problem::{Answer, Problem};
use super::view::View;
use super::words::W;
use crate::domain::rule::Severity;
use crate::store::outbox::{ReceiverRow, StateCount};
use crate::store::{changes, outbox};

/// A receiver as config has it, with what is known of it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// What it speaks.
    pub kind: String,
    /// Told where a rule names nobody.
    pub default: bool,
    /// From which severity on.
    pub min_severity: Severity,
    /// Which entries it takes.
    pub only: Option<String>,
    /// What was learned; no secrets.
    pub learned: ReceiverRow,
    /// Deliveries by where they stand.
    pub deliveries: Vec<StateCount>,
}

/// All receivers, in the order of config.
pub async fn rows(app: &App) -> Answer<Vec<Row>> {
    let setup = app.control.setup();
    let (learned, counts) = app
        .control
        .read(|conn| Ok((outbox::receivers(conn)?, outbox::counts(conn)?)))
        .await?;
    let rows = setup.receivers.iter().map(|receiver| {
        let config = &receiver.config;
        let id = config.id.as_str();
        let known = learned.iter().find(|row| row.id == id);
        Row {
            id: id.to_owned(),
            kind: config.kind.name().to_owned(),
            default: config.default,
            min_severity: config.min_severity,
            only: config.only.clone(),
            learned: known.cloned().unwrap_or_default(),
            deliveries: counts
                .iter()
                .filter(|count| count.receiver == id)
                .cloned()
                .collect(),
        }
    });
    Ok(rows.collect())
}

/// `GET /receivers`.
pub async fn list(State(app): State<App>, view: View) -> Answer<Markup> {
    let rows = rows(&app).await?;
    let body = html! {
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::Receiver)) } th scope="col" { (view.t(W::Kind)) } th scope="col" { (view.t(W::Severities)) }
                th scope="col" { (view.t(W::Deliveries)) } th scope="col" { (view.t(W::LastSuccess)) } th scope="col" { (view.t(W::LastError)) } th scope="col" { (view.t(W::TestReceiver)) }
            } }
            tbody { @for row in &rows {
                tr data-row id=(row.id) {
                    td { (row.id) @if row.default { " " span.faint { (view.t(W::Default)) } } @if let Some(only) = &row.only { div.faint { code { (only) } } } }
                    td { (row.kind) }
                    td { (severity(&view, row.min_severity)) }
                    td { @for count in &row.deliveries { (state(&view, &count.state)) " " (count.count) " " } }
                    td.nowrap { (view.maybe_time(row.learned.last_success)) }
                    td { @if let Some(error) = &row.learned.last_error { span.bad { (error) } " " (view.maybe_time(row.learned.last_failure)) } }
                    td { (button(&view, &format!("/receivers/{}/test", row.id), &[], W::TestReceiver)) }
                }
            } }
        }
        @if rows.is_empty() { p.empty { (view.t(W::NothingHere)) } }
    };
    Ok(layout::page(&view, view.t(W::Receivers), &body))
}

/// How a test ended.
#[derive(Clone, Debug, Serialize)]
pub struct Tested {
    /// Whether the receiver took it.
    pub delivered: bool,
    /// In words.
    pub message: String,
    /// Status or reply code.
    pub status: Option<u16>,
    /// What the receiver said.
    pub answer: String,
    /// How long it took.
    pub duration_ms: u64,
}

/// Sends a marked message, and records that somebody did.
pub async fn do_test(app: &App, id: &str, who: &Who) -> Answer<Tested> {
    let attempt = app
        .control
        .test_receiver(id)
        .await
        .ok_or_else(|| Problem::missing("receiver", id))?;
    let message = attempt.outcome.message();
    let (delivered, message) = (message.is_none(), message.unwrap_or("delivered").to_owned());
    let (name, subject, now) = (who.name.clone(), id.to_owned(), app.control.now());
    let said = message.clone();
    app.control
        .write(move |tx| changes::note(tx, &name, ("receiver.test", &subject), Some(&said), now))
        .await?;
    Ok(Tested {
        delivered,
        message,
        status: attempt.status,
        answer: attempt.answer,
        duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
    })
}

/// `POST /receivers/{id}/test`: shows the answer.
pub async fn test(
    State(app): State<App>,
    view: View,
    who: Who,
    Path(id): Path<String>,
) -> Answer<Markup> {
    let tested = do_test(&app, &id, &who).await?;
    let body = html! {
        p class=(if tested.delivered { "good" } else { "bad" }) role="status" { (id) ": " (view.code(&tested.message)) " (" (tested.duration_ms) " ms)" }
        @if !tested.answer.is_empty() { h2 { (view.t(W::Answer)) } pre { (tested.answer) } }
        p { a href="/receivers" { (view.t(W::Receivers)) } }
    };
    Ok(layout::page(&view, view.t(W::TestReceiver), &body))
}
