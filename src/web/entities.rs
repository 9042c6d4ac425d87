//! Entities: how often each is named, by which names, with whom; and names that people add.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::App;
use super::alerts::{self, back};
use super::chart;
use super::entries::table;
use super::form::{Asked, Form};
use super::guard::Who;
use super::layout::{self, number};
use super::problem::{Answer, Problem};
use super::rules::workshop::refused;
use super::rules::{DAYS, days, days_ago};
use super::search::Hit;
use super::view::View;
use super::words::W;
use crate::domain::id::EntityId;
use crate::domain::rule::Entity;
use crate::domain::rule::added::AddedAlias;
use crate::store::alerts::AlertRow;
use crate::store::entries::{StoredEntry, by_seq};
use crate::store::pictures::{self, DayCount, Pair};
use crate::store::search::{Hunt, hunt};

/// An entity with how often it was named lately, in the order of definitions.
pub async fn rows(app: &App, view: &View) -> Answer<Vec<(Entity, u64)>> {
    let setup = app.control.setup();
    let entities = setup.definitions.entities.clone();
    let since = days_ago(view.now, DAYS);
    Ok(app
        .control
        .read(move |conn| {
            let counted = entities.into_iter().map(|entity| {
                let count = match &entity.id {
                    Some(id) => pictures::mention_count(conn, id, since)?,
                    None => 0,
                };
                Ok((entity, count))
            });
            counted.collect()
        })
        .await?)
}

/// `GET /entities`.
pub async fn list(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Markup> {
    let mut rows = rows(&app, &view).await?;
    let class = asked.get("class");
    let mut classes: Vec<String> = rows
        .iter()
        .flat_map(|(entity, _)| entity.classes.clone())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    rows.retain(|(entity, _)| {
        class.is_none_or(|class| entity.classes.iter().any(|own| own == class))
    });
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.name.cmp(&b.0.name)));
    let body = html! {
        form.filters method="get" {
            label { (view.t(W::Classes))
                select name="class" {
                    option value="" { (view.t(W::All)) }
                    @for one in &classes { option value=(one) selected[class == Some(one)] { (one) } }
                }
            }
            button { (view.t(W::Filter)) }
        }
        table.list {
            thead { tr { th scope="col" { (view.t(W::Entity)) } th scope="col" { (view.t(W::Classes)) } th.num scope="col" { (view.t(W::Mentions)) } th scope="col" { (view.t(W::Names)) } } }
            tbody { @for (entity, count) in &rows {
                @let id = entity.id.as_ref().map_or("", |id| id.as_str());
                tr data-row {
                    td { a href={ "/entities/" (id) } { (entity.name) } " " span.faint { "@" (id) } }
                    td.faint { (entity.classes.join(", ")) }
                    td.num { (number(*count)) }
                    td.wide.faint { (entity.aliases.iter().take(6).cloned().collect::<Vec<_>>().join(", ")) }
                }
            } }
        }
        @if rows.is_empty() { p.empty { (view.t(W::NothingHere)) } }
    };
    Ok(layout::page(&view, view.t(W::Entities), &body))
}

/// Everything that is known of an entity.
pub struct Whole {
    /// As defined.
    pub entity: Entity,
    /// Entries that name it, a day.
    pub days: Vec<DayCount>,
    /// Whom they name besides.
    pub with: Vec<Pair>,
    /// The newest.
    pub entries: Vec<StoredEntry>,
    /// Alerts on them.
    pub alerts: Vec<AlertRow>,
}

/// Reads everything that is known of an entity.
pub async fn whole(app: &App, view: &View, id: &str) -> Answer<Whole> {
    let setup = app.control.setup();
    let wanted = EntityId::from(id);
    let mut all = setup.definitions.entities.iter();
    let entity = all
        .find(|entity| entity.id.as_ref() == Some(&wanted))
        .cloned()
        .ok_or_else(|| Problem::missing("entity", id))?;
    let (since, offset) = (days_ago(view.now, DAYS), view.offset_ms());
    Ok(app
        .control
        .read(move |conn| {
            let named = Hunt {
                entity: Some(wanted.to_string()),
                ..Hunt::default()
            };
            let mut entries = Vec::new();
            hunt(conn, &named, |entry| {
                if let Some(entry) = entry {
                    entries.extend(by_seq(conn, entry.seq)?);
                }
                Ok(entries.len() < 12)
            })?;
            Ok(Whole {
                days: pictures::mentions(conn, &wanted, since, offset)?,
                with: pictures::named_with(conn, &wanted, 12)?,
                alerts: crate::store::alerts::on_entity(conn, wanted.as_str(), 8)?,
                entity,
                entries,
            })
        })
        .await?)
}

/// `GET /entities/{id}`.
pub async fn one(State(app): State<App>, view: View, Path(id): Path<String>) -> Answer<Markup> {
    let whole = whole(&app, &view, &id).await?;
    let entity = &whole.entity;
    let names: HashMap<String, String> = app
        .control
        .setup()
        .definitions
        .entities
        .iter()
        .filter_map(|entity| Some((entity.id.as_ref()?.to_string(), entity.name.clone())))
        .collect();
    let ranks: Vec<(String, String, u64)> = whole
        .with
        .iter()
        .map(|pair| {
            let other = pair.other.to_string();
            let name = names.get(&other).unwrap_or(&other).clone();
            (name, format!("/entities/{other}"), pair.entries)
        })
        .collect();
    let hits: Vec<Hit> = whole
        .entries
        .iter()
        .map(|entry| Hit {
            entry: entry.clone(),
            evidence: Vec::new(),
        })
        .collect();
    let body = html! {
        (facts(&view, entity, &id))
        h2 { (view.t(W::Activity)) }
        (days(&view, view.t(W::Activity), &whole.days))
        @if !ranks.is_empty() { h2 { (view.t(W::SeenTogether)) } (chart::ranks(view.t(W::SeenTogether), &ranks)) }
        @if !whole.alerts.is_empty() { h2 { (view.t(W::RecentAlerts)) } (alerts::table(&view, &whole.alerts)) }
        h2 { (view.t(W::Entries)) }
        (table(&view, &hits))
        @if hits.is_empty() { p.empty { (view.t(W::NothingHere)) } }
        p.acts {
            a href={ "/entries?entity=" (id) } { (view.t(W::All)) }
            span.hint { (view.t(W::OutputFeeds)) ": " a href={ "/feeds/entities/" (id) ".atom" } { "Atom" } " " a href={ "/feeds/entities/" (id) ".json" } { "JSON" } }
        }
    };
    Ok(layout::page(&view, &entity.name, &body))
}

fn facts(view: &View, entity: &Entity, id: &str) -> Markup {
    let lists = [
        (view.t(W::Names), &entity.aliases),
        ("exact", &entity.exact),
        ("ambiguous", &entity.ambiguous),
        ("not_in", &entity.not_in),
    ];
    html! {
        dl.facts {
            dt { (view.t(W::Id)) } dd { code { "@" (id) } }
            dt { (view.t(W::Classes)) } dd { @for class in &entity.classes { a href={ "/entities?class=" (class) } { "#" (class) } " " } }
            @for (name, list) in lists { @if !list.is_empty() { dt { (name) } dd { (list.join(", ")) } } }
            @if let Some(context) = &entity.context { dt { "context" } dd { code { (context) } } }
        }
        @if view.may_change() {
            form.filters method="post" action={ "/entities/" (id) "/alias" } {
                label { (view.t(W::AddAlias)) input name="alias" required maxlength="200"; }
                label.box { input type="checkbox" name="exact" value="1"; " " (view.t(W::ExactCase)) }
                input type="hidden" name="next" value=(view.path);
                button { (view.t(W::Add)) }
                span.hint { (view.t(W::AliasHint)) }
            }
        }
    }
}

/// Adds a name to an entity.
pub async fn do_alias(app: &App, id: &str, form: &Form, who: &Who) -> Answer<()> {
    let alias = AddedAlias {
        entity: id.to_owned(),
        alias: form.required("alias")?.to_owned(),
        exact: form.has("exact"),
    };
    if alias.alias.len() > 400 {
        return Err(Problem::parameter("alias", "is too long"));
    }
    app.control
        .add_alias(alias, &who.name)
        .await
        .map_err(|refusal| refused(refusal, "", id))
}

/// `POST /entities/{id}/alias`.
pub async fn add_alias(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Response> {
    do_alias(&app, &id, &form, &who).await?;
    Ok(back(&form, &format!("/entities/{id}")))
}
