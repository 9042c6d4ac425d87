//! Silences: which alerts are held, until when, who said so; begun from an alert or by hand, tried first, ended.
//!
//! What fits is decided in `domain::alert::silence`, what is held then in `store::timing`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::App;
use super::alerts::back;
use super::form::{Asked, Form};
use super::guard::Who;
use super::layout::{self, state};
use super::problem::{Answer, Problem};
use super::view::View;
use super::words::W;
use crate::daemon::control::Setup;
use crate::daemon::control::change::{compiled, has_errors, tried_rule};
use crate::domain::alert::silence::{Matchers, NewSilence};
use crate::domain::rule::Severity;
use crate::domain::units::parse_duration;
use crate::store::changes;
use crate::store::silences::{self, SilenceRow};
use crate::store::timing::{self, Preview};

/// Silences that are shown.
pub const MOST: u32 = 200;

/// Spans that are offered, and the one that is chosen by itself.
const SPANS: [&str; 6] = ["1h", "8h", "1d", "3d", "7d", "30d"];
const USUAL: &str = "8h";

/// Silences, newest first; those that are over too where `all`.
pub async fn rows(app: &App, all: bool) -> Answer<Vec<SilenceRow>> {
    let now = app.control.now();
    Ok(app
        .control
        .read(move |conn| silences::list(conn, all, MOST, now))
        .await?)
}

/// A silence as programs get it: the row, and where it stands.
pub fn as_json(row: &SilenceRow, now: Timestamp) -> Value {
    let mut value = json!(row);
    value["state"] = json!(row.state(now));
    value
}

/// `GET /silences`: `?rule= feed= entity= query=` fill in the form; with `try=1` says what it would hold.
pub async fn list(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Response> {
    let tried = if asked.has("try") {
        Some(preview(&app, &view, &asked).await)
    } else {
        None
    };
    shown(&app, &view, &asked, tried).await
}

async fn shown(
    app: &App,
    view: &View,
    asked: &Form,
    tried: Option<Answer<Preview>>,
) -> Answer<Response> {
    let all = asked.has("all");
    let rows = rows(app, all).await?;
    let status = match &tried {
        Some(Err(problem)) => problem.status,
        _ => StatusCode::OK,
    };
    let body = html! {
        nav.tabs aria-label=(view.t(W::Filter)) {
            a href="/silences" aria-current=[(!all).then_some("page")] { (view.t(W::InForce)) }
            a href="/silences?all=1" aria-current=[all.then_some("page")] { (view.t(W::All)) }
        }
        @if rows.is_empty() { p.empty { (view.t(W::NoSilence)) } } @else { (table(view, &rows)) }
        @if view.may_change() {
            section id="new" {
                h2 { (view.t(W::NewSilence)) }
                @match &tried {
                    Some(Err(problem)) => (super::entries::faults(view, problem)),
                    Some(Ok(preview)) => p.good role="status" { (told(view, preview)) },
                    None => {}
                }
                (form(view, asked))
            }
        }
    };
    let page = layout::page(view, view.t(W::Silences), &body);
    Ok((status, page).into_response())
}

/// What a silence would hold, in words.
fn told(view: &View, preview: &Preview) -> String {
    let (now, week, all) = (preview.open.len(), preview.of_week, preview.in_week);
    match view.lang {
        super::lang::Lang::En => format!(
            "It would hold {now} messages now; of {all} alerts of the last week it would have held {week}."
        ),
        super::lang::Lang::Ko => format!(
            "지금 보낼 메시지 {now}건을 붙잡습니다. 지난주 알림 {all}건 가운데 {week}건이 해당합니다."
        ),
    }
}

fn table(view: &View, rows: &[SilenceRow]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::What)) } th scope="col" { (view.t(W::State)) } th scope="col" { (view.t(W::Begins)) } th scope="col" { (view.t(W::Ends)) }
                th.num scope="col" { (view.t(W::HoldsNow)) } th scope="col" { (view.t(W::Who)) } th scope="col" { (view.t(W::Comment)) }
                @if view.may_change() { th scope="col" { (view.t(W::EndNow)) } }
            } }
            tbody { @for row in rows { (line(view, row)) } }
        }
    }
}

fn line(view: &View, row: &SilenceRow) -> Markup {
    let now = row.state(view.now);
    html! {
        tr data-row id={ "silence-" (row.id) } {
            td.wide { (described(view, &row.matchers)) }
            td { (state(view, now)) @if let Some(other) = row.replaced_by { " " a href={ "#silence-" (other) } { "→ " (other) } } }
            td.nowrap { (view.time(row.starts)) }
            td.nowrap { (view.time(row.ends)) @if let Some(by) = &row.ended_by { " " span.faint { (by) } } }
            td.num { (row.holds) " " span.faint { "/ " (row.matched) } }
            td { (row.author) }
            td { (row.comment) }
            @if view.may_change() { td { @if now != "over" { (end_form(view, row)) } } }
        }
    }
}

fn end_form(view: &View, row: &SilenceRow) -> Markup {
    html! {
        form.acts method="post" action={ "/silences/" (row.id) "/end" } {
            input type="hidden" name="next" value="/silences";
            @if row.holds > 0 { label.box { input type="checkbox" name="release" value="1"; " " (view.t(W::SendHeld)) } }
            button { (view.t(W::EndNow)) }
        }
    }
}

/// Which alerts, each thing with its page.
fn described(view: &View, matchers: &Matchers) -> Markup {
    let lists: [(W, &str, &[String]); 3] = [
        (W::Rule, "/rules/", &matchers.rules),
        (W::Entity, "/entities/", &matchers.entities),
        (W::Feed, "/feeds/", &matchers.feeds),
    ];
    html! {
        @for (word, page, ids) in lists { @if !ids.is_empty() {
            span.part { (view.t(word)) " " @for (index, id) in ids.iter().enumerate() { @if index > 0 { ", " } a href={ (page) (id) } { (id) } } } " "
        } }
        @if !matchers.tags.is_empty() { span.part { (view.t(W::Tags)) " " (matchers.tags.join(", ")) } " " }
        @for one in &matchers.severities { (layout::severity(view, *one)) " " }
        @if let Some(query) = &matchers.query { code { (query) } }
    }
}

fn form(view: &View, asked: &Form) -> Markup {
    let value = |name| asked.get(name).unwrap_or_default().to_owned();
    let span = asked.get("for").unwrap_or(USUAL);
    let severities = asked.list("severity");
    let who = view.who.as_ref().map_or("", |who| who.name.as_str());
    html! {
        form method="post" action="/silences" {
            div.filters {
                label { (view.t(W::Rule)) input name="rule" value=(value("rule")); }
                label { (view.t(W::Entity)) input name="entity" value=(value("entity")); }
                label { (view.t(W::Feed)) input name="feed" value=(value("feed")); }
                label { (view.t(W::Tags)) input.short name="tag" value=(value("tag")); }
                label.grow { (view.t(W::Query)) input name="query" value=(value("query")) spellcheck="false" autocomplete="off"; }
            }
            fieldset {
                legend { (view.t(W::Severity)) }
                @for one in Severity::ALL {
                    label.box { input type="checkbox" name="severity" value=(one.as_str()) checked[severities.iter().any(|name| name == one.as_str())]; " " (view.code(one.as_str())) }
                }
            }
            div.filters {
                label { (view.t(W::Lasts)) select name="for" { @for one in SPANS { option value=(one) selected[one == span] { (one) } } } }
                label { (view.t(W::OrUntil)) input type="datetime-local" name="until" value=(value("until")); }
                label { (view.t(W::Author)) input.short name="author" value=(asked.get("author").unwrap_or(who)) maxlength="100"; }
                label.grow { (view.t(W::Comment)) input name="comment" value=(value("comment")) maxlength="400"; }
            }
            p.hint { (view.t(W::SilenceHint)) }
            p.acts {
                button { (view.t(W::SilenceThis)) }
                button formmethod="get" name="try" value="1" { (view.t(W::TrySilence)) }
            }
        }
    }
}

/// The form of an alert's page: what of it, for how long, why.
pub fn of_alert(view: &View, scopes: &[(String, String)]) -> Markup {
    html! {
        @if view.may_change() && !scopes.is_empty() {
            details.act {
                summary { (view.t(W::SilenceThis)) "…" }
                form.filters method="post" action="/silences" {
                    label { (view.t(W::What)) select name="what" { @for (what, name) in scopes { option value=(what) { (name) } } } }
                    label { (view.t(W::Lasts)) select name="for" { @for one in SPANS { option value=(one) selected[one == USUAL] { (one) } } } }
                    label.grow { (view.t(W::Comment)) input name="comment" maxlength="400"; }
                    input type="hidden" name="next" value=(view.path);
                    button { (view.t(W::SilenceThis)) }
                }
            }
        }
    }
}

/// When a silence ends: at `until`, or after `for`.
fn ends(form: &Form, view: &View) -> Answer<Timestamp> {
    if let Some(until) = form.time("until", view.now, &view.zone)? {
        return Ok(until);
    }
    let wrong = || Problem::parameter("for", "is a span such as 8h or 7d");
    let lasts = parse_duration(form.get("for").unwrap_or(USUAL)).map_err(|_| wrong())?;
    let lasts = SignedDuration::try_from(lasts).map_err(|_| wrong())?;
    view.now.checked_add(lasts).map_err(|_| wrong())
}

/// The silence that a form or JSON object describes; `what` is one of [`of_alert`].
async fn read(form: &Form, view: &View, setup: &Arc<Setup>) -> Answer<NewSilence> {
    let what = Form::parse(form.get("what").unwrap_or_default().as_bytes());
    let lists = |name| [form.list(name), what.list(name)].concat();
    let severities = form.list("severity").into_iter().map(|name| {
        Severity::from_name(&name)
            .ok_or_else(|| Problem::parameter("severity", "is info, low, medium, high or critical"))
    });
    let who = view.who.as_ref().map_or("", |who| who.name.as_str());
    let silence = NewSilence {
        matchers: Matchers {
            rules: lists("rule"),
            entities: lists("entity"),
            feeds: lists("feed"),
            tags: lists("tag"),
            severities: severities.collect::<Answer<_>>()?,
            query: form.get("query").map(str::to_owned),
        },
        starts: view.now,
        ends: ends(form, view)?,
        author: form.get("author").unwrap_or(who).to_owned(),
        comment: form.get("comment").unwrap_or_default().to_owned(),
        summary: !form.has("no_summary"),
        replaces: None,
    };
    silence
        .check(view.now)
        .map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    if let Some(query) = &silence.matchers.query {
        let tried = compiled(setup, tried_rule(query)).await;
        if has_errors(&tried.problems) {
            return Err(Problem::of_query(query, &tried.problems));
        }
    }
    Ok(silence)
}

/// What a silence would hold, if it began now.
pub async fn preview(app: &App, view: &View, form: &Form) -> Answer<Preview> {
    let setup = app.control.setup();
    let (silence, now) = (read(form, view, &setup).await?, view.now);
    Ok(app
        .control
        .read(move |conn| timing::preview(conn, &setup.manners, &silence, now))
        .await?)
}

/// Begins a silence; gives back its id.
pub async fn do_add(app: &App, view: &View, form: &Form, who: &Who) -> Answer<i64> {
    let setup = app.control.setup();
    let (silence, now) = (read(form, view, &setup).await?, view.now);
    let name = who.name.clone();
    Ok(app
        .control
        .write(move |tx| {
            let id = silences::add(tx, &silence, now)?;
            timing::release(tx, &setup.manners, false, now)?;
            let what = silence.matchers.describe();
            changes::note(
                tx,
                &name,
                ("silence.add", &id.to_string()),
                Some(&what),
                now,
            )?;
            Ok(id)
        })
        .await?)
}

/// Ends a silence; what it held is listed in its summary, or sent with `release`.
pub async fn do_end(app: &App, id: &str, form: &Form, who: &Who) -> Answer<()> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("silence", id))?;
    let (name, release, now) = (who.name.clone(), form.has("release"), app.control.now());
    let setup = app.control.setup();
    let ended = app
        .control
        .write(move |tx| {
            let ended = silences::end(tx, number, &name, release, now)?;
            if ended {
                timing::release(tx, &setup.manners, false, now)?;
                changes::note(tx, &name, ("silence.end", &number.to_string()), None, now)?;
            }
            Ok(ended)
        })
        .await?;
    ended
        .then_some(())
        .ok_or_else(|| Problem::missing("silence in force", id))
}

/// `POST /silences`: what is wrong is shown beside what was written.
pub async fn add(State(app): State<App>, view: View, who: Who, form: Form) -> Answer<Response> {
    match do_add(&app, &view, &form, &who).await {
        Ok(_) => Ok(back(&form, "/silences")),
        Err(problem) => shown(&app, &view, &form, Some(Err(problem))).await,
    }
}

/// `POST /silences/{id}/end`.
pub async fn end(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Response> {
    do_end(&app, &id, &form, &who).await?;
    Ok(back(&form, "/silences"))
}
