//! The rule workshop: a query, what is wrong with it, what it would have hit, what it changes; saved, or copied out.
//!
//! The page works by its buttons alone; the script asks `/api/v1/rules/check` while one types.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::super::App;
use super::super::entries::{self, faults};
use super::super::form::{Asked, Form};
use super::super::guard::Who;
use super::super::layout;
use super::super::problem::{Answer, Problem, fault};
use super::super::view::View;
use super::super::words::W;
use super::days;
use super::trial::{self, Trial};
use crate::daemon::control::change::{Refusal, Tried, tried_rule, try_rules};
use crate::domain::feed::Origin;
use crate::domain::id::RuleId;
use crate::domain::rule::added::AddedRule;
use crate::domain::rule::{Notify, Severity, table};
use crate::store::pictures::DayCount;

/// How far back a trial looks by itself.
const BACK: i64 = 30;

/// A rule as a form or JSON object describes it.
pub fn read(form: &Form) -> Answer<AddedRule> {
    let severity = match form.get("severity") {
        None => Severity::default(),
        Some(name) => Severity::from_name(name).ok_or_else(|| {
            Problem::parameter("severity", "is info, low, medium, high or critical")
        })?,
    };
    let notify = match form.get("notify") {
        None | Some("story") => Notify::Story,
        Some("entry") => Notify::Entry,
        Some("digest") => Notify::Digest,
        Some(_) => return Err(Problem::parameter("notify", "is story, entry or digest")),
    };
    Ok(AddedRule {
        id: form.get("id").unwrap_or_default().to_owned(),
        title: form.get("title").unwrap_or_default().to_owned(),
        query: form.get("query").unwrap_or_default().replace("\r\n", "\n"),
        severity,
        receivers: form.list("receivers"),
        feeds: form.list("feeds"),
        languages: form.list("languages"),
        notify,
        // A box that is not ticked sends nothing, so the form sends a 0 beside it.
        enabled: form.get("enabled").is_none()
            || form
                .all("enabled")
                .any(|value| matches!(value, "1" | "true" | "on")),
    })
}

/// A refusal as what the asker gets.
pub fn refused(refusal: Refusal, query: &str, id: &str) -> Problem {
    match refusal {
        Refusal::Store(error) => error.into(),
        Refusal::Query(problems) => Problem::of_query(query, &problems),
        Refusal::Unknown => Problem::missing("thing", id),
        Refusal::OfFile | Refusal::Known => Problem::conflict(format!("`{id}`: {refusal}")),
        Refusal::Wrong(why) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why),
    }
}

/// `GET /workshop`: of a saved rule (`?rule=`), or of a query (`?query=`); `?try=1` tries it.
pub async fn page(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Response> {
    let rule = match asked.get("rule") {
        Some(id) if asked.get("query").is_none() => {
            let setup = app.control.setup();
            let rule = setup.rule(&RuleId::from(id));
            AddedRule::of(rule.ok_or_else(|| Problem::missing("rule", id))?)
        }
        id => {
            let mut rule = read(&asked)?;
            if rule.id.is_empty() {
                id.unwrap_or_default().clone_into(&mut rule.id);
            }
            rule
        }
    };
    let back = asked.number("days")?.unwrap_or(BACK).clamp(1, 3650);
    let trial = if asked.has("try") && !rule.query.is_empty() {
        Some(trial::run(&app, rule.rule(), (back, view.offset_ms())).await)
    } else {
        None
    };
    Ok(shown(&app, &view, &rule, (back, trial))
        .await?
        .into_response())
}

async fn shown(
    app: &App,
    view: &View,
    rule: &AddedRule,
    (back, trial): (i64, Option<Answer<Trial>>),
) -> Answer<Markup> {
    let setup = app.control.setup();
    let tried = if rule.query.is_empty() {
        None
    } else {
        let (setup, query) = (Arc::clone(&setup), tried_rule(&rule.query));
        let compile = move || try_rules(&setup, vec![query]);
        Some(app.turns.during(compile).await?)
    };
    let known = setup.rule(&RuleId::new(&rule.id));
    let of_file = known.is_some_and(|known| known.origin == Origin::File);
    let whole = known.map_or_else(|| rule.rule(), |known| rule.over(known));
    let title = if known.is_some() {
        W::EditRule
    } else {
        W::NewRule
    };
    let body = html! {
        form.workshop method="get" action="/workshop" data-workshop {
            label for="query" { (view.t(W::Query)) }
            textarea id="query" name="query" rows="6" spellcheck="false" autocomplete="off" aria-describedby="remarks" data-query { (rule.query) }
            ul.completions data-completions hidden {}
            div id="remarks" role="status" aria-live="polite" data-remarks { (remarks(view, &rule.query, tried.as_ref())) }
            (fields(view, rule))
            p.acts {
                label { (view.t(W::BacktestOver)) " " input.short type="number" name="days" min="1" max="3650" value=(back); }
                button name="try" value="1" { (view.t(W::Backtest)) }
                @if view.may_change() && !of_file { button formmethod="post" { (view.t(if known.is_some() { W::SaveChanges } else { W::SaveRule })) } }
            }
            @if of_file { p.hint { (view.t(W::OriginFile)) } }
        }
        @match trial {
            Some(Ok(trial)) => (result(view, &trial)),
            Some(Err(problem)) => (faults(view, &problem)),
            None => {}
        }
        details { summary { (view.t(W::CopyToml)) } pre { code { (table::toml(&whole)) } } }
    };
    Ok(layout::page(view, view.t(title), &body))
}

fn fields(view: &View, rule: &AddedRule) -> Markup {
    html! {
        div.filters {
            label { (view.t(W::Id)) input name="id" value=(rule.id) pattern="[\\p{L}\\p{N}_\\-]+" maxlength="100"; }
            label.grow { (view.t(W::Title)) input name="title" value=(rule.title); }
            label { (view.t(W::Severity))
                select name="severity" { @for one in Severity::ALL { option value=(one.as_str()) selected[one == rule.severity] { (view.code(one.as_str())) } } }
            }
            label { (view.t(W::Notify))
                select name="notify" { @for (one, name) in [(Notify::Story, "story"), (Notify::Entry, "entry"), (Notify::Digest, "digest")] { option value=(name) selected[one == rule.notify] { (view.code(name)) } } }
            }
            label { (view.t(W::Receivers)) input name="receivers" value=(rule.receivers.join(", ")) placeholder=(view.t(W::Default)); }
            label { (view.t(W::Feeds)) input name="feeds" value=(rule.feeds.join(", ")) placeholder=(view.t(W::All)); }
            label { (view.t(W::Language)) input.short name="languages" value=(rule.languages.join(", ")) placeholder=(view.t(W::All)); }
            input type="hidden" name="enabled" value="0";
            label.box { input type="checkbox" name="enabled" value="1" checked[rule.enabled]; " " (view.t(W::Enabled)) }
        }
    }
}

fn remarks(view: &View, query: &str, tried: Option<&Tried>) -> Markup {
    let Some(tried) = tried else {
        return html! { p.hint { (view.t(W::SearchHint)) } };
    };
    html! {
        @if tried.problems.is_empty() { p.good { (view.t(W::QueryFine)) } }
        ul.remarks { @for found in &tried.problems {
            @let told = fault(query, found);
            li class=(told["level"].as_str().unwrap_or_default().to_owned()) {
                code { (found.code) } " " (told["start"].as_u64().unwrap_or_default() + 1) ": "
                (entries::told(view, found.code, &found.message, found.help.as_deref()))
            }
        } }
    }
}

fn result(view: &View, trial: &Trial) -> Markup {
    let days_: Vec<DayCount> = trial
        .days
        .iter()
        .map(|(day, count)| DayCount {
            day: *day,
            of: view.t(W::Matched).to_owned(),
            count: *count,
        })
        .collect();
    let side = |word: W, side: &trial::Side| {
        html! {
            @if side.count > 0 { h3 { (view.t(word)) ": " (side.count) } (entries::table(view, &side.examples)) }
        }
    };
    html! {
        section.trial {
            h2 { (view.t(W::Backtest)) }
            p { strong { (layout::number(trial.matched)) } " " (view.t(W::Matched)) " / " (layout::number(trial.entries)) " " (view.t(W::Tried))
                @if trial.cut { " · " (view.t(W::SearchStopped)) }
            }
            (days(view, view.t(W::HitsADay), &days_))
            @if trial.compared {
                h3 { (view.t(W::Compare)) ": +" (trial.newly.count) " −" (trial.no_longer.count) }
                (side(W::NewlyMatched, &trial.newly))
                (side(W::NoLonger, &trial.no_longer))
            }
            h3 { (view.t(W::Examples)) }
            (entries::table(view, &trial.examples))
        }
    }
}

/// `POST /workshop`: saves.
pub async fn save(State(app): State<App>, view: View, who: Who, form: Form) -> Answer<Response> {
    let rule = read(&form)?;
    let (id, query) = (rule.id.clone(), rule.query.clone());
    match app.control.save_rule(rule.clone(), &who.name).await {
        Ok(()) => {
            Ok(Redirect::to(&format!("/rules/{}?done=1", layout::encoded(&id))).into_response())
        }
        Err(Refusal::Store(error)) => Err(error.into()),
        Err(refusal) => {
            let problem = refused(refusal, &query, &id);
            let status = problem.status;
            let page = shown(&app, &view, &rule, (BACK, Some(Err(problem)))).await?;
            Ok((status, page).into_response())
        }
    }
}

/// `POST /rules/{id}/delete`.
pub async fn remove(State(app): State<App>, who: Who, Path(id): Path<String>) -> Answer<Response> {
    let rule = RuleId::from(id.as_str());
    app.control
        .remove_rule(&rule, &who.name)
        .await
        .map_err(|refusal| refused(refusal, "", &id))?;
    Ok(Redirect::to("/rules?done=1").into_response())
}
