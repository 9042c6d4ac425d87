//! What programs read: lists as `{items, next}`, one thing as itself.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::form::{Asked, Form};
use super::super::problem::{Answer, Problem, fault};
use super::super::rules::{self, trial, workshop};
use super::super::search::Search;
use super::super::view::View;
use super::super::words::diagnostics;
use super::super::{App, alerts as noun, entities as names, entries as search, feeds as sources};
use super::super::{held as waits, overview as front, receivers as told, silences as quiet};
use super::super::{stories as board, system as machine};
use crate::daemon::control::change::{has_errors, tried_rule, try_rules};
use crate::domain::feed::schedule::Why;
use crate::domain::rule::added::AddedRule;
use crate::domain::rule::{Entity, Rule};
use crate::store::feeds::FeedRow;

/// Most rows of a page.
const MOST: u32 = 500;

/// Rows of a page that names no limit.
const USUAL: u32 = 50;

fn limit(asked: &Form) -> Answer<u32> {
    match asked.number::<u32>("limit")? {
        None => Ok(USUAL),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(_) => Err(Problem::parameter("limit", format!("is from 1 to {MOST}"))),
    }
}

/// A page of a list; `next` is what the next one asks as `after`.
fn page<T: Serialize>(items: &[T], next: Option<i64>) -> Json<Value> {
    Json(json!({ "items": items, "next": next.map(|next| next.to_string()) }))
}

/// Where the next page begins, where this one is full.
fn next<T>(rows: &[T], limit: u32, id: impl Fn(&T) -> i64) -> Option<i64> {
    (rows.len() >= limit as usize)
        .then(|| rows.last().map(id))
        .flatten()
}

pub async fn overview(State(app): State<App>, view: View) -> Answer<Json<Value>> {
    let facts = front::facts(&app, &view).await?;
    Ok(Json(json!({
        "coverage": facts.coverage, "conditions": facts.conditions.iter().map(machine::as_json).collect::<Vec<_>>(), "stories": facts.stories, "alerts": facts.alerts, "alerts_a_day": facts.days,
    })))
}

pub async fn stories(State(app): State<App>, Asked(asked): Asked) -> Answer<Json<Value>> {
    let (limit, after) = (limit(&asked)?, asked.number("after")?);
    let all = match asked.get("of") {
        None | Some("alerts") => false,
        Some("all") => true,
        Some(_) => return Err(Problem::parameter("of", "is alerts or all")),
    };
    let rows = board::rows(&app, all, after, limit as usize).await?;
    Ok(page(&rows, next(&rows, limit, |row| row.cursor)))
}

pub async fn story(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let told = board::told(&app, &id).await?;
    Ok(Json(
        json!({ "story": told.row, "entries": told.members, "alerts": told.alerts, "related": told.related, "led_to": told.led_to, "owners": told.owners, "edits": told.edits }),
    ))
}

pub async fn alerts(
    State(app): State<App>,
    view: View,
    Asked(asked): Asked,
) -> Answer<Json<Value>> {
    let (limit, filter) = (limit(&asked)?, noun::filter(&asked, &view)?);
    let rows = app
        .control
        .read(move |conn| crate::store::alerts::list(conn, &filter, limit))
        .await?;
    Ok(page(&rows, next(&rows, limit, |row| row.id)))
}

pub async fn alert(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<Value>> {
    Ok(Json(json!(noun::detail(&app, &id).await?)))
}

pub async fn held(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Json<Value>> {
    let (limit, filter) = (limit(&asked)?, waits::filter(&asked, &view)?);
    let rows = app
        .control
        .read(move |conn| crate::store::alerts::held(conn, &filter, limit))
        .await?;
    Ok(page(&rows, next(&rows, limit, |row| row.id)))
}

pub async fn waiting(
    State(app): State<App>,
    view: View,
    Asked(asked): Asked,
) -> Answer<Json<Value>> {
    let (limit, filter) = (limit(&asked)?, waits::filter(&asked, &view)?);
    let rows = app
        .control
        .read(move |conn| {
            crate::store::timing::held(conn, filter.since, filter.rule.as_ref(), limit)
        })
        .await?;
    Ok(page(&rows, None))
}

pub async fn silences(State(app): State<App>, Asked(asked): Asked) -> Answer<Json<Value>> {
    let (rows, now) = (
        quiet::rows(&app, asked.has("all")).await?,
        app.control.now(),
    );
    let items: Vec<Value> = rows.iter().map(|row| quiet::as_json(row, now)).collect();
    Ok(page(&items, None))
}

pub async fn conditions(State(app): State<App>) -> Answer<Json<Value>> {
    let known = machine::conditions(&app).await?;
    let items: Vec<Value> = known.iter().map(machine::as_json).collect();
    Ok(page(&items, None))
}

pub async fn entries(
    State(app): State<App>,
    view: View,
    Asked(asked): Asked,
) -> Answer<Json<Value>> {
    let limit = limit(&asked)?;
    let search = Search::read(app.control.setup(), &asked, &view)?;
    let found = search.run(&app, limit as usize).await?;
    let items: Vec<Value> = found
        .hits
        .iter()
        .map(|hit| {
            let mut value = json!(hit.entry.wire());
            value["matches"] = json!(hit.evidence);
            value
        })
        .collect();
    Ok(page(&items, found.next))
}

pub async fn entry(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let whole = search::whole(&app, &id).await?;
    let mentions: Vec<Value> = whole
        .mentions
        .iter()
        .map(|mention| json!({ "entity": mention.entity, "evidence": mention.evidence }))
        .collect();
    let mut value = json!(whole.entry.wire());
    value["story"] = json!(whole.entry.story.to_string());
    value["rules"] = json!(whole.matches);
    value["mentions"] = json!(mentions);
    value["revisions"] = json!(whole.revisions);
    Ok(Json(value))
}

pub async fn explain(
    State(app): State<App>,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Answer<Json<Value>> {
    let rule = asked.required("rule")?;
    let whole = search::whole(&app, &id).await?;
    let explanation = search::explain(&app, &whole.entry, rule)?;
    Ok(Json(json!({
        "entry": id, "rule": rule, "matches": explanation.holds, "explanation": explanation,
    })))
}

/// A rule as programs get it.
pub fn rule_json(rule: &Rule) -> Value {
    let mut value = json!(AddedRule::of(rule));
    value["origin"] = json!(rule.origin);
    value
}

pub async fn rules(State(app): State<App>, view: View) -> Answer<Json<Value>> {
    let rows = rules::rows(&app, view.now).await?;
    let items: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut value = rule_json(&row.rule);
            value["last_hit"] = json!(row.last);
            value["hits"] = json!(row.hits);
            value["marks"] = marks(row.marks);
            value
        })
        .collect();
    Ok(page(&items, None))
}

fn marks(marks: crate::store::alerts::MarkCounts) -> Value {
    json!({ "alerts": marks.alerts, "useful": marks.useful, "noise": marks.noise })
}

pub async fn rule(
    State(app): State<App>,
    view: View,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let whole = rules::whole(&app, &view, &id).await?;
    let mut value = rule_json(&whole.rule);
    value["marks"] = marks(whole.marks);
    value["days"] = json!(whole.days);
    value["feedback"] = json!(whole.feedback);
    value["entries"] = json!(whole.entries);
    value["toml"] = json!(crate::domain::rule::table::toml(&whole.rule));
    Ok(Json(value))
}

pub async fn route(
    State(app): State<App>,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Answer<Json<Value>> {
    let setup = app.control.setup();
    let rule = setup
        .rule(&id.as_str().into())
        .ok_or_else(|| Problem::missing("rule", &id))?;
    let now = app.control.now();
    let told = rules::route::of(&app, rule, &asked).await?;
    let items: Vec<Value> = told.iter().map(|one| one.to_json(now)).collect();
    Ok(page(&items, None))
}

pub async fn check(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Json<Value>> {
    let query = asked.get("query").unwrap_or_default();
    let (setup, rule) = (app.control.setup(), tried_rule(query));
    let tried = app
        .turns
        .during(move || try_rules(&setup, vec![rule]))
        .await?;
    let found: Vec<Value> = tried
        .problems
        .iter()
        .map(|found| {
            let mut value = fault(query, found);
            value["meaning"] = json!(diagnostics::meaning(found.code, view.lang));
            value
        })
        .collect();
    let usable = !query.is_empty() && !has_errors(&tried.problems);
    Ok(Json(json!({ "usable": usable, "problems": found })))
}

pub async fn backtest(
    State(app): State<App>,
    view: View,
    Asked(asked): Asked,
) -> Answer<Json<Value>> {
    let days: i64 = asked.number("days")?.unwrap_or(30);
    if !(1..=3650).contains(&days) {
        return Err(Problem::parameter("days", "is from 1 to 3650"));
    }
    let setup = app.control.setup();
    let saved = asked.get("rule").map(|id| {
        let rule = setup.rule(&id.into());
        rule.cloned().ok_or_else(|| Problem::missing("rule", id))
    });
    let mut rule = match saved.transpose()? {
        Some(rule) => rule,
        None => workshop::read(&asked)?.rule(),
    };
    if let Some(query) = asked.get("query") {
        query.clone_into(&mut rule.query);
    } else if asked.get("rule").is_none() {
        return Err(Problem::parameter("query", "is missing"));
    }
    let trial = trial::run(&app, rule, (days, view.offset_ms())).await?;
    Ok(Json(trial.to_json()))
}

/// Names that are offered at once.
const MOST_OFFERED: usize = 30;

pub async fn complete(State(app): State<App>, Asked(asked): Asked) -> Answer<Json<Value>> {
    let wanted = asked.get("q").unwrap_or_default().to_lowercase();
    let setup = app.control.setup();
    let mut known: Vec<(String, &str, String)> = Vec::new();
    let mut classes = std::collections::BTreeSet::new();
    for entity in &setup.definitions.entities {
        if let Some(id) = &entity.id {
            known.push((format!("@{id}"), "entity", entity.name.clone()));
        }
        classes.extend(entity.classes.iter());
    }
    known.extend(
        classes
            .into_iter()
            .map(|class| (format!("#{class}"), "class", String::new())),
    );
    let macros = setup.definitions.macros.iter();
    known.extend(macros.map(|one| (format!("${}", one.id), "macro", one.query.clone())));
    for field in [
        "title", "body", "text", "lead", "author", "category", "url", "host", "feed", "tag", "lang",
    ] {
        known.push((format!("{field}:"), "field", String::new()));
    }
    for feed in setup.feeds.values() {
        let title = feed.title.clone().unwrap_or_default();
        known.push((format!("feed:{}", feed.id), "feed", title));
    }
    known.retain(|(text, ..)| !wanted.is_empty() && text.to_lowercase().starts_with(&wanted));
    known.sort();
    known.dedup();
    let items: Vec<Value> = known
        .into_iter()
        .take(MOST_OFFERED)
        .map(|(text, kind, about)| json!({ "text": text, "kind": kind, "about": about }))
        .collect();
    Ok(page(&items, None))
}

/// An entity as programs get it.
fn entity_json(entity: &Entity) -> Value {
    json!({
        "id": entity.id, "name": entity.name, "classes": entity.classes, "aliases": entity.aliases,
        "exact": entity.exact, "ambiguous": entity.ambiguous, "context": entity.context, "not_in": entity.not_in,
        "links": entity.links,
    })
}

pub async fn entities(State(app): State<App>, view: View) -> Answer<Json<Value>> {
    let rows = names::rows(&app, &view).await?;
    let items: Vec<Value> = rows
        .iter()
        .map(|(entity, count)| {
            let mut value = entity_json(entity);
            value["mentions"] = json!(count);
            value
        })
        .collect();
    Ok(page(&items, None))
}

pub async fn entity(
    State(app): State<App>,
    view: View,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let whole = names::whole(&app, &view, &id).await?;
    let entries: Vec<Value> = whole
        .entries
        .iter()
        .map(|entry| json!(entry.wire()))
        .collect();
    let mut value = entity_json(&whole.entity);
    value["days"] = json!(whole.days);
    value["seen_together"] = json!(whole.with);
    value["alerts"] = json!(whole.alerts);
    value["entries"] = json!(entries);
    Ok(Json(value))
}

/// A feed as programs get it; no request headers, which hold secrets.
fn feed_json(row: &FeedRow) -> Value {
    let (feed, state) = (&row.feed, &row.state);
    let why: Option<Why> = state.why_then;
    json!({
        "id": feed.id, "url": feed.url, "title": feed.title.as_ref().or(state.title.as_ref()), "tags": feed.tags,
        "origin": feed.origin, "enabled": feed.enabled, "configured": row.configured,
        "health": row.health().as_str(), "last_error": state.last_error, "last_poll": state.last_poll,
        "last_success": state.last_success, "last_new": state.last_new, "next_poll": state.next_poll, "why_then": why,
        "retry_after": state.retry_after, "failures": state.failures, "entries": state.entries, "language": feed.language.as_ref().or(state.language.as_ref()),
        "site_url": state.site_url,
    })
}

pub async fn feeds(State(app): State<App>) -> Answer<Json<Value>> {
    let rows = sources::rows(&app).await?;
    let items: Vec<Value> = rows.iter().map(feed_json).collect();
    Ok(page(&items, None))
}

pub async fn feed(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<Value>> {
    let whole = sources::whole(&app, &id).await?;
    let polls: Vec<Value> = whole
        .polls
        .iter()
        .map(|poll| {
            json!({
                "at": poll.at, "outcome": poll.outcome.as_str(), "status": poll.status, "duration_ms": poll.duration_ms,
                "wire_bytes": poll.wire_bytes, "new": poll.new, "revised": poll.revised, "next_poll": poll.next_poll,
                "why_then": poll.why_then, "note": poll.note,
            })
        })
        .collect();
    let delays: Vec<Value> = whole
        .delays
        .iter()
        .map(|(published, minutes)| json!({ "published": published, "minutes": minutes }))
        .collect();
    let mut value = feed_json(&whole.row);
    value["polls"] = json!(polls);
    value["delays"] = json!(delays);
    Ok(Json(value))
}

pub async fn receivers(State(app): State<App>) -> Answer<Json<Value>> {
    Ok(page(&told::rows(&app).await?, None))
}

pub async fn changes(State(app): State<App>, Asked(asked): Asked) -> Answer<Json<Value>> {
    let (limit, before) = (limit(&asked)?, asked.number("after")?);
    let rows = app
        .control
        .read(move |conn| crate::store::changes::list(conn, before, limit))
        .await?;
    Ok(page(&rows, next(&rows, limit, |row| row.id)))
}

pub async fn system(State(app): State<App>) -> Answer<Json<Value>> {
    let tasks: Vec<Value> = app
        .control
        .tasks()
        .into_iter()
        .map(|(name, age, rest)| {
            json!({ "task": name, "age_seconds": age.as_secs(), "late": age > rest })
        })
        .collect();
    let reasons = app.control.not_ready();
    let known = machine::conditions(&app).await?;
    let conditions: Vec<Value> = known.iter().map(machine::as_json).collect();
    let waiting = app.control.read(crate::store::search::waiting).await?;
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"), "ready": reasons.is_empty(), "reasons": reasons, "tasks": tasks,
        "conditions": conditions, "store": app.control.sizes().await?, "search": { "waiting": waiting },
    })))
}
