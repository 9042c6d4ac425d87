//! What programs change. Every change is recorded with the name of its token.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::form::Form;
use super::super::guard::Who;
use super::super::problem::Answer;
use super::super::rules::workshop;
use super::super::view::View;
use super::super::{App, alerts, entities, feeds, receivers, silences, stories};
use super::read::rule_json;
use crate::domain::id::RuleId;

pub async fn ack(State(app): State<App>, who: Who, Path(id): Path<String>) -> Answer<Json<Value>> {
    alerts::do_ack(&app, &id, &who).await?;
    Ok(Json(json!({ "id": id, "done": "acknowledged" })))
}

pub async fn mark(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Json<Value>> {
    alerts::do_mark(&app, &id, &form, &who).await?;
    Ok(Json(json!({ "id": id, "done": "marked" })))
}

pub async fn resend(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Json<Value>> {
    let owed = alerts::do_resend(&app, &id, &form, &who).await?;
    Ok(Json(json!({ "id": id, "deliveries": owed })))
}

pub async fn silence(
    State(app): State<App>,
    view: View,
    who: Who,
    form: Form,
) -> Answer<(StatusCode, Json<Value>)> {
    let id = silences::do_add(&app, &view, &form, &who).await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

pub async fn try_silence(State(app): State<App>, view: View, form: Form) -> Answer<Json<Value>> {
    let told = silences::preview(&app, &view, &form).await?;
    let open: Vec<Value> = told
        .open
        .iter()
        .map(|(alert, receiver)| json!({ "alert": alert, "receiver": receiver }))
        .collect();
    Ok(Json(json!({
        "would_hold": open, "of_last_week": told.of_week, "in_last_week": told.in_week,
    })))
}

pub async fn end_silence(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Json<Value>> {
    silences::do_end(&app, &id, &form, &who).await?;
    Ok(Json(json!({ "id": id, "done": "ended" })))
}

pub async fn merge(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Json<Value>> {
    let story = stories::do_merge(&app, &id, &form, &who).await?;
    Ok(Json(json!({ "story": story })))
}

pub async fn split(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let story = stories::do_split(&app, &id, &who).await?;
    Ok(Json(json!({ "entry": id, "story": story })))
}

pub async fn put_rule(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<(StatusCode, Json<Value>)> {
    form.required("query")?;
    let mut rule = workshop::read(&form)?;
    rule.id.clone_from(&id);
    let is_new = app
        .control
        .setup()
        .rule(&RuleId::from(id.as_str()))
        .is_none();
    let query = rule.query.clone();
    app.control
        .save_rule(rule.clone(), &who.name)
        .await
        .map_err(|refusal| workshop::refused(refusal, &query, &id))?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(rule_json(&rule.rule()))))
}

pub async fn delete_rule(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    app.control
        .remove_rule(&RuleId::from(id.as_str()), &who.name)
        .await
        .map_err(|refusal| workshop::refused(refusal, "", &id))?;
    Ok(Json(json!({ "id": id, "done": "removed" })))
}

pub async fn add_alias(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Json<Value>> {
    entities::do_alias(&app, &id, &form, &who).await?;
    Ok(Json(json!({ "id": id, "done": "added" })))
}

pub async fn add_feed(
    State(app): State<App>,
    who: Who,
    form: Form,
) -> Answer<(StatusCode, Json<Value>)> {
    let (feed, is_new) = feeds::add::do_add(&app, &form, &who).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let told = json!({ "id": feed.id, "url": feed.url, "title": feed.title, "tags": feed.tags, "origin": "api" });
    Ok((status, Json(told)))
}

pub async fn delete_feed(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    feeds::do_remove(&app, &id, &who).await?;
    Ok(Json(json!({ "id": id, "done": "removed" })))
}

pub async fn poll_feed(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    feeds::do_poll(&app, &id, &who).await?;
    Ok(Json(json!({ "id": id, "done": "asked" })))
}

pub async fn discover(State(app): State<App>, form: Form) -> Answer<Json<Value>> {
    let url = feeds::add::address(form.required("url")?)?;
    let look = app.control.look(&url).await;
    let found = look.found.as_ref().ok().map(|document| {
        let entries: Vec<Value> = document
            .entries
            .iter()
            .take(20)
            .map(|item| json!({ "title": item.title, "url": item.url, "published": item.published }))
            .collect();
        json!({ "title": document.title, "format": document.format, "entries": entries, "notes": document.notes })
    });
    Ok(Json(json!({
        "url": look.facts.final_url.as_deref().unwrap_or(&url), "http": look.facts, "feed": found,
        "named": look.named, "error": look.found.err(),
    })))
}

pub async fn import(State(app): State<App>, who: Who, form: Form) -> Answer<Json<Value>> {
    let list = form.required("list")?.as_bytes().to_vec();
    let (added, known, refused) = feeds::add::do_import(&app, &list, &who).await?;
    Ok(Json(
        json!({ "added": added, "known": known, "refused": refused }),
    ))
}

pub async fn test_receiver(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let tested = receivers::do_test(&app, &id, &who).await?;
    Ok(Json(json!(tested)))
}
