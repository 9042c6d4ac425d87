//! Alerts: the list, one with its evidence and deliveries, and what people do about them. What was held back is in
//! `held`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::App;
use super::form::{Asked, Form};
use super::guard::Who;
use super::highlight::marked;
use super::layout::{self, button, encoded, outward, pager, severity, state};
use super::problem::{Answer, Problem};
use super::session::local;
use super::silences;
use super::view::View;
use super::words::W;
use crate::domain::entry::wire::WireEntry;
use crate::domain::rule::Severity;
use crate::store::alerts::{self, AlertDetail, AlertFilter, AlertRow, Mark};
use crate::store::outbox::{Addressee, DeliveryRow};
use crate::store::{changes, outbox};

/// Rows of a page.
pub const PAGE: u32 = 50;

/// Which alerts the parameters `rule feed severity since until unacked dead after` ask for.
pub fn filter(asked: &Form, view: &View) -> Answer<AlertFilter> {
    let time = |name| asked.time(name, view.now, &view.zone);
    let severity = asked.get("severity").map(|name| {
        Severity::from_name(name)
            .ok_or_else(|| Problem::parameter("severity", "is info, low, medium, high or critical"))
    });
    Ok(AlertFilter {
        since: time("since")?,
        until: time("until")?,
        rule: asked.get("rule").map(Into::into),
        feed: asked.get("feed").map(Into::into),
        severity: severity.transpose()?,
        dead: asked.has("dead"),
        unacked: asked.has("unacked"),
        before: asked.number("after")?,
    })
}

/// `GET /alerts`.
pub async fn list(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Markup> {
    let filter = filter(&asked, &view)?;
    let rows = app
        .control
        .read(move |conn| alerts::list(conn, &filter, PAGE))
        .await?;
    let next = (rows.len() == PAGE as usize).then(|| rows.last().map(|row| row.id.to_string()));
    let body = html! {
        (filters(&view))
        (table(&view, &rows))
        @if rows.is_empty() { p.empty { (view.t(W::NothingYet)) } }
        (pager(&view, next.flatten().as_deref()))
    };
    Ok(layout::page(&view, view.t(W::Alerts), &body))
}

fn filters(view: &View) -> Markup {
    let asked = &view.asked;
    let value = |name| asked.get(name).unwrap_or_default().to_owned();
    html! {
        form.filters method="get" {
            label { (view.t(W::Rule)) input name="rule" value=(value("rule")); }
            label { (view.t(W::Feed)) input name="feed" value=(value("feed")); }
            label { (view.t(W::Severity))
                select name="severity" {
                    option value="" { (view.t(W::All)) }
                    @for one in Severity::ALL {
                        option value=(one.as_str()) selected[asked.get("severity") == Some(one.as_str())] { (view.code(one.as_str())) }
                    }
                }
            }
            label { (view.t(W::Since)) input name="since" value=(value("since")) placeholder="7d"; }
            label.box { input type="checkbox" name="unacked" value="1" checked[asked.has("unacked")]; " " (view.t(W::OnlyUnacked)) }
            label.box { input type="checkbox" name="dead" value="1" checked[asked.has("dead")]; " " (view.t(W::OnlyDead)) }
            button { (view.t(W::Filter)) }
            a href="/alerts" { (view.t(W::FewerFilters)) }
            a href="/alerts/held" { (view.t(W::HeldMatches)) }
        }
    }
}

/// Alerts in rows.
pub fn table(view: &View, rows: &[AlertRow]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::Time)) } th scope="col" { (view.t(W::Severity)) } th scope="col" { (view.t(W::Title)) }
                th scope="col" { (view.t(W::Rule)) } th scope="col" { (view.t(W::Feed)) } th scope="col" { (view.t(W::Deliveries)) }
            } }
            tbody {
                @for row in rows {
                    tr data-row {
                        td.nowrap { (view.time(row.created)) }
                        td { (severity(view, row.severity)) }
                        td.wide {
                            a href={ "/alerts/" (row.id) } { (row.title) }
                            @if row.reason.as_str() != "new-story" { " " span.faint { (view.code(row.reason.as_str())) } }
                            @if row.acked.is_some() { " " span.faint { "✓ " (view.t(W::Acknowledged)) } }
                            @if let Some(mark) = row.mark { " " (state(view, mark_name(mark))) }
                        }
                        td { a href={ "/rules/" (row.rule) } { (row.rule_title) } }
                        td { @if let Some(feed) = &row.feed { a href={ "/feeds/" (feed) } { (feed) } } }
                        td { (deliveries(view, row)) }
                    }
                }
            }
        }
    }
}

/// The spelling of a mark.
pub fn mark_name(mark: Mark) -> &'static str {
    match mark {
        Mark::Useful => "useful",
        Mark::Noise => "noise",
    }
}

fn deliveries(view: &View, row: &AlertRow) -> Markup {
    let of = [
        ("delivered", row.deliveries.delivered),
        ("due", row.deliveries.open),
        ("dead", row.deliveries.dead),
        ("cancelled", row.deliveries.cancelled),
    ];
    html! {
        @for (name, count) in of {
            @if count > 0 { (state(view, name)) @if count > 1 { " " (count) } " " }
        }
        @if row.untold.is_some() { span.faint { (view.t(W::Untold)) } }
    }
}

/// `GET /alerts/{id}`.
pub async fn one(State(app): State<App>, view: View, Path(id): Path<String>) -> Answer<Markup> {
    let detail = detail(&app, &id).await?;
    let title = detail.row.title.clone();
    let setup = app.control.setup();
    let known = setup.receivers.iter();
    let receivers: Vec<String> = known.map(|known| known.config.id.to_string()).collect();
    let body = html! {
        (facts(&view, &detail))
        (acts(&view, &detail, &receivers))
        @if let Some(entry) = &detail.alert.entry { (article(&view, entry, &detail)) }
        @if let Some(health) = &detail.alert.health { p.bad { (health.text) } }
        @if let Some(parts) = &detail.alert.alerts {
            ul { @for part in parts { li { a href={ "/alerts/" (part.id) } { (part.entry.as_ref().map_or(part.rule.title.as_str(), |entry| entry.title.as_str())) } } } }
        }
        (evidence(&view, &detail))
        (sent(&view, &detail.deliveries, detail.row.untold.as_deref()))
    };
    Ok(layout::page(&view, &title, &body))
}

/// Everything that is known of an alert.
pub async fn detail(app: &App, id: &str) -> Answer<AlertDetail> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("alert", id))?;
    let public = app.control.setup().access.public_url.clone();
    let found = app
        .control
        .read(move |conn| alerts::detail(conn, number, public.as_deref()))
        .await?;
    found.ok_or_else(|| Problem::missing("alert", id))
}

fn facts(view: &View, detail: &AlertDetail) -> Markup {
    let (row, alert) = (&detail.row, &detail.alert);
    html! {
        dl.facts {
            dt { (view.t(W::Severity)) } dd { (severity(view, row.severity)) }
            dt { (view.t(W::Reason)) } dd { (view.code(row.reason.as_str())) }
            dt { (view.t(W::Time)) } dd { (view.time(row.created)) }
            dt { (view.t(W::Rule)) } dd { a href={ "/rules/" (row.rule) } { (row.rule_title) } }
            @if let Some(feed) = &row.feed { dt { (view.t(W::Feed)) } dd { a href={ "/feeds/" (feed) } { (feed) } } }
            @if let Some(story) = &alert.story {
                dt { (view.t(W::Story)) }
                dd { a href={ "/stories/" (story.id) } { (view.t(W::EntriesLabel)) ": " (story.entries) ", " (view.t(W::Feeds)) ": " (story.feeds.len()) } }
            }
            @if let Some(at) = row.acked { dt { (view.t(W::Acknowledged)) } dd { (view.time(at)) " " (row.acked_by.as_deref().unwrap_or_default()) } }
            @if let Some(mark) = row.mark { dt { (view.t(W::Mark)) } dd { (state(view, mark_name(mark))) } }
        }
    }
}

fn acts(view: &View, detail: &AlertDetail, receivers: &[String]) -> Markup {
    let (id, row) = (detail.row.id, &detail.row);
    html! {
        div.acts {
            @if row.acked.is_none() { (button(view, &format!("/alerts/{id}/ack"), &[], W::Acknowledge)) }
            (button(view, &format!("/alerts/{id}/mark"), &[("mark", "useful")], W::Useful))
            (button(view, &format!("/alerts/{id}/mark"), &[("mark", "noise")], W::Noise))
            @if let Some(entry) = &detail.alert.entry {
                a href={ "/entries/" (entry.id) "?explain=" (row.rule) "#explain" } { (view.t(W::Explain)) }
            }
            (resend_form(view, detail, receivers))
            (silences::of_alert(view, &scopes(view, detail)))
        }
    }
}

/// To whom it is sent again.
fn resend_form(view: &View, detail: &AlertDetail, receivers: &[String]) -> Markup {
    html! {
        @if view.may_change() {
            details.act {
                summary { (view.t(W::Resend)) "…" }
                form.filters method="post" action={ "/alerts/" (detail.row.id) "/resend" } {
                    label { (view.t(W::Whom))
                        select name="receiver" {
                            @if !detail.deliveries.is_empty() { option value="" { (view.t(W::AllMeant)) } }
                            @for id in receivers { option value=(id) { (id) } }
                        }
                    }
                    input type="hidden" name="next" value=(view.path);
                    button { (view.t(W::Resend)) }
                }
            }
        }
    }
}

/// What of an alert can be silenced: as a form sends it, and in words.
fn scopes(view: &View, detail: &AlertDetail) -> Vec<(String, String)> {
    let rule = detail.row.rule.to_string();
    let pair = |name: &str, id: &str| format!("{name}={}", encoded(id));
    let mut scopes = vec![(pair("rule", &rule), format!("{}: {rule}", view.t(W::Rule)))];
    if let Some(feed) = &detail.row.feed {
        let (feed, named) = (feed.as_str(), view.t(W::Feed));
        scopes.push((
            format!("{}&{}", pair("rule", &rule), pair("feed", feed)),
            format!("{}: {rule} + {named}: {feed}", view.t(W::Rule)),
        ));
        scopes.push((pair("feed", feed), format!("{named}: {feed}")));
    }
    let mut entities: Vec<&str> = detail
        .alert
        .matches
        .iter()
        .filter_map(|found| found.entity.as_deref())
        .collect();
    entities.sort_unstable();
    entities.dedup();
    let entities = entities.into_iter().take(8);
    scopes.extend(entities.map(|id| (pair("entity", id), format!("{}: {id}", view.t(W::Entity)))));
    scopes
}

fn article(view: &View, entry: &WireEntry, detail: &AlertDetail) -> Markup {
    let matches = &detail.alert.matches;
    html! {
        article lang=[entry.language.as_deref()] {
            h2 { (marked(&entry.title, "title", matches)) }
            p.hint {
                (outward(entry.url.as_deref(), view.t(W::OpenOriginal)))
                " · " a href={ "/entries/" (entry.id) } { (view.t(W::Entry)) }
                @if let Some(at) = entry.published { " · " (view.time(at)) }
                @if !entry.authors.is_empty() { " · " (entry.authors.join(", ")) }
            }
            div.text { (marked(&entry.body, "body", matches)) }
            @if let Some(full) = &entry.full_text {
                details open[entry.body.len() < 400] {
                    summary { (view.t(W::FullText)) }
                    div.text { (marked(full, "full_text", matches)) }
                }
            }
        }
    }
}

fn evidence(view: &View, detail: &AlertDetail) -> Markup {
    let matches = &detail.alert.matches;
    html! {
        @if !matches.is_empty() {
            h2 { (view.t(W::Evidence)) }
            table.list {
                thead { tr { th scope="col" { (view.t(W::Text)) } th scope="col" { (view.t(W::Clause)) } th scope="col" { (view.t(W::Entity)) } th scope="col" { (view.t(W::Fields)) } } }
                tbody {
                    @for one in matches.iter().take(60) {
                        tr {
                            td { mark { (one.text) } }
                            td { code { (one.term) } }
                            td { @if let Some(entity) = &one.entity { a href={ "/entities/" (entity) } { "@" (entity) } @if let Some(alias) = &one.alias { " " span.faint { (alias) } } } }
                            td { (one.field) }
                        }
                    }
                }
            }
        }
    }
}

fn sent(view: &View, deliveries: &[DeliveryRow], untold: Option<&str>) -> Markup {
    html! {
        h2 { (view.t(W::Deliveries)) }
        @if let Some(why) = untold { p { (view.t(W::Untold)) ": " (why) } }
        @if !deliveries.is_empty() {
            table.list {
                thead { tr { th scope="col" { (view.t(W::Receiver)) } th scope="col" { (view.t(W::State)) } th scope="col" { (view.t(W::Why)) } th scope="col" { (view.t(W::Attempts)) } } }
                tbody {
                    @for row in deliveries {
                        tr {
                            td { a href="/receivers" { (row.receiver) } }
                            td { (state(view, &row.state)) @if let Some(at) = row.due { " " (view.time(at)) } }
                            td { (row.why.as_deref().unwrap_or_default()) }
                            td {
                                @for attempt in &row.attempts {
                                    div { (view.time(attempt.at)) " " (view.code(&attempt.outcome))
                                        @if let Some(status) = attempt.status { " " (status) }
                                        @if let Some(message) = &attempt.message { " " (message) }
                                        " " span.faint { (attempt.duration_ms) " ms" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Back to where the form stood.
pub fn back(form: &Form, fallback: &str) -> Response {
    let target = local(form.get("next").or(Some(fallback))).to_owned();
    let sign = if target.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{target}{sign}done=1")).into_response()
}

/// Acknowledges an alert, as whoever asks.
pub async fn do_ack(app: &App, id: &str, who: &Who) -> Answer<()> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("alert", id))?;
    let (name, now) = (who.name.clone(), app.control.now());
    let known = app
        .control
        .write(move |tx| {
            let known = alerts::ack(tx, number, &name, now)?;
            if known {
                changes::note(tx, &name, ("alert.ack", &number.to_string()), None, now)?;
            }
            Ok(known)
        })
        .await?;
    known
        .then_some(())
        .ok_or_else(|| Problem::missing("alert", id))
}

/// Notes whether an alert was worth it.
pub async fn do_mark(app: &App, id: &str, form: &Form, who: &Who) -> Answer<()> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("alert", id))?;
    let mark = match form.required("mark")? {
        "useful" => Mark::Useful,
        "noise" => Mark::Noise,
        _ => return Err(Problem::parameter("mark", "is useful or noise")),
    };
    let (name, now) = (who.name.clone(), app.control.now());
    let known = app
        .control
        .write(move |tx| {
            let known = alerts::mark(tx, number, mark, now)?;
            if known {
                let what = ("alert.mark", number.to_string());
                changes::note(tx, &name, (what.0, &what.1), Some(mark_name(mark)), now)?;
            }
            Ok(known)
        })
        .await?;
    known
        .then_some(())
        .ok_or_else(|| Problem::missing("alert", id))
}

/// Owes an alert once more, to one receiver or to all it was meant for; gives back the deliveries.
pub async fn do_resend(app: &App, id: &str, form: &Form, who: &Who) -> Answer<Vec<i64>> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("alert", id))?;
    let setup = app.control.setup();
    let to = match form.get("receiver") {
        None => Vec::new(),
        Some(name) => {
            let receiver = setup
                .receiver(name)
                .ok_or_else(|| Problem::missing("receiver", name))?;
            let id = receiver.config.id.clone();
            vec![Addressee {
                give_up: setup.give_up(&id),
                receiver: id,
                skip: None,
            }]
        }
    };
    let (name, now) = (who.name.clone(), app.control.now());
    let owed = app
        .control
        .write(move |tx| {
            let owed = outbox::resend(tx, number, &to, now)?;
            if owed.is_some() {
                changes::note(tx, &name, ("alert.resend", &number.to_string()), None, now)?;
            }
            Ok(owed)
        })
        .await?;
    let owed = owed.ok_or_else(|| Problem::missing("alert", id))?;
    if owed.is_empty() {
        let why = "this alert was meant for nobody: name a receiver";
        return Err(Problem::new(StatusCode::CONFLICT, why));
    }
    Ok(owed)
}

/// `POST /alerts/{id}/ack`.
pub async fn ack(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Response> {
    do_ack(&app, &id, &who).await?;
    Ok(back(&form, &format!("/alerts/{id}")))
}

/// `POST /alerts/{id}/mark`.
pub async fn mark(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Response> {
    do_mark(&app, &id, &form, &who).await?;
    Ok(back(&form, &format!("/alerts/{id}")))
}

/// `POST /alerts/{id}/resend`.
pub async fn resend(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Response> {
    do_resend(&app, &id, &form, &who).await?;
    Ok(back(&form, &format!("/alerts/{id}")))
}
