//! Stories: those that raised alerts first, and one with its timeline over feeds and languages.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::App;
use super::alerts::{self, back};
use super::chart::{self, Point};
use super::form::{Asked, Form};
use super::guard::Who;
use super::layout::{self, button, outward, pager, severity};
use super::problem::{Answer, Problem};
use super::view::View;
use super::words::W;
use crate::domain::id::EntryId;
use crate::store::alerts::AlertRow;
use crate::store::board::{self, Member, StoryRow};
use crate::store::changes;
use crate::store::stories::{self as store, RelatedRow};

/// Rows of a page.
pub const PAGE: usize = 40;

/// Entries of a story that are shown.
const MOST_MEMBERS: u32 = 500;

/// Stories of a page: those that raised alerts, or all.
pub async fn rows(
    app: &App,
    all: bool,
    before: Option<i64>,
    limit: usize,
) -> Answer<Vec<StoryRow>> {
    Ok(app
        .control
        .read(move |conn| {
            if all {
                board::newest(conn, before, limit)
            } else {
                board::told(conn, before, limit)
            }
        })
        .await?)
}

/// `GET /stories`.
pub async fn list(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Markup> {
    let all = asked.get("of") == Some("all");
    let rows = rows(&app, all, asked.number("after")?, PAGE).await?;
    let next = (rows.len() == PAGE).then(|| rows.last().map(|row| row.cursor.to_string()));
    let body = html! {
        nav.tabs aria-label=(view.t(W::Filter)) {
            a href="/stories" aria-current=[(!all).then_some("page")] { (view.t(W::Alerts)) }
            a href="/stories?of=all" aria-current=[all.then_some("page")] { (view.t(W::All)) }
        }
        (table(&view, &rows))
        @if rows.is_empty() { p.empty { (view.t(W::NothingYet)) } }
        (pager(&view, next.flatten().as_deref()))
    };
    Ok(layout::page(&view, view.t(W::Stories), &body))
}

/// Stories in rows.
pub fn table(view: &View, rows: &[StoryRow]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::LastSeen)) } th scope="col" { (view.t(W::Severity)) } th scope="col" { (view.t(W::Story)) }
                th.num scope="col" { (view.t(W::EntriesLabel)) } th scope="col" { (view.t(W::Feeds)) }
            } }
            tbody {
                @for row in rows {
                    tr data-row {
                        td.nowrap { (view.time(row.last_seen)) }
                        td { @if let Some(one) = row.severity { (severity(view, one)) } }
                        td.wide {
                            a href={ "/stories/" (row.id) } { (row.title) }
                            @if !row.rules.is_empty() {
                                " " span.faint { @for (index, rule) in row.rules.iter().enumerate() { @if index > 0 { ", " } a.quiet href={ "/rules/" (rule) } { (rule) } } }
                            }
                        }
                        td.num { (row.entries) }
                        td { (row.feeds.first().map_or("", String::as_str)) @if row.feeds.len() > 1 { " +" (row.feeds.len() - 1) } @if row.languages.len() > 1 { " " span.faint { (row.languages.join(" ")) } } }
                    }
                }
            }
        }
    }
}

/// A story with its entries and alerts.
pub struct Told {
    /// As it stands in a list.
    pub row: StoryRow,
    /// Its entries.
    pub members: Vec<Member>,
    /// Its alerts.
    pub alerts: Vec<AlertRow>,
    /// Stories of the same people or things.
    pub related: Vec<RelatedRow>,
}

/// Everything that is known of a story.
pub async fn told(app: &App, id: &str) -> Answer<Told> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("story", id))?;
    let found = app
        .control
        .read(move |conn| {
            let Some(row) = board::one(conn, number, number)? else {
                return Ok(None);
            };
            let alerts = crate::store::alerts::on_story(conn, number, MOST_MEMBERS)?;
            let detail = store::detail(conn, number)?;
            Ok(Some(Told {
                members: board::members(conn, number, MOST_MEMBERS)?,
                row,
                alerts,
                related: detail.map(|detail| detail.related).unwrap_or_default(),
            }))
        })
        .await?;
    found.ok_or_else(|| Problem::missing("story", id))
}

/// `GET /stories/{id}`.
pub async fn one(State(app): State<App>, view: View, Path(id): Path<String>) -> Answer<Markup> {
    let told = told(&app, &id).await?;
    let row = &told.row;
    let body = html! {
        dl.facts {
            dt { (view.t(W::FirstSeen)) } dd { (view.time(row.first_seen)) }
            dt { (view.t(W::LastSeen)) } dd { (view.time(row.last_seen)) }
            dt { (view.t(W::EntriesLabel)) } dd { (row.entries) }
            dt { (view.t(W::Feeds)) } dd { (row.feeds.len()) }
            dt { (view.t(W::Language)) } dd { (row.languages.join(" ")) }
        }
        (timeline(&view, &told.members))
        @if !told.alerts.is_empty() {
            h2 { (view.t(W::AlertsOfStory)) }
            (alerts::table(&view, &told.alerts))
        }
        h2 { (view.t(W::EntriesLabel)) }
        table.list {
            thead { tr { th scope="col" { (view.t(W::FirstSeen)) } th scope="col" { (view.t(W::Feed)) } th scope="col" { (view.t(W::Title)) } th scope="col" { (view.t(W::JoinedBy)) } } }
            tbody {
                @for member in &told.members {
                    tr data-row {
                        td.nowrap { (view.time(member.first_seen)) }
                        td { a href={ "/feeds/" (member.feed) } { (member.feed) } }
                        td.wide lang=[member.language.as_deref()] { a href={ "/entries/" (member.entry) } { (member.title) } " " (outward(member.url.as_deref(), "↗")) }
                        td {
                            (view.code(&member.joined_by)) " "
                            @if told.members.len() > 1 && member.joined_by != "first" {
                                (button(&view, &format!("/entries/{}/split", member.entry), &[], W::Split))
                            }
                        }
                    }
                }
            }
        }
        (related(&view, row.id, &told.related))
        p.hint { (view.t(W::OutputFeeds)) ": " a href={ "/feeds/stories/" (row.id) ".atom" } { "Atom" } " " a href={ "/feeds/stories/" (row.id) ".json" } { "JSON" } }
    };
    Ok(layout::page(&view, &row.title, &body))
}

/// Stories of the same people or things, each of which can be made one with this.
fn related(view: &View, story: i64, related: &[RelatedRow]) -> Markup {
    html! {
        @if !related.is_empty() {
            h2 { (view.t(W::Related)) }
            table.list { tbody { @for other in related {
                tr {
                    td.wide { a href={ "/stories/" (other.story) } { (other.title) } }
                    td.faint { (other.why) }
                    td { (button(view, &format!("/stories/{story}/merge"), &[("other", &other.story.to_string())], W::Merge)) }
                }
            } } }
        }
    }
}

/// Makes one story of two; gives back the one that stays.
pub async fn do_merge(app: &App, id: &str, form: &Form, who: &Who) -> Answer<i64> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("story", id))?;
    form.required("other")?;
    let other = form.number("other")?.unwrap_or_default();
    let (name, now) = (who.name.clone(), app.control.now());
    let merged = app
        .control
        .write(move |tx| {
            let merged = store::merge(tx, (number, other), &name, now)?;
            if merged.is_ok() {
                let with = other.to_string();
                let what = ("story.merge", number.to_string());
                changes::note(tx, &name, (what.0, &what.1), Some(&with), now)?;
            }
            Ok(merged)
        })
        .await?;
    merged
        .map(|merged| merged.story)
        .map_err(|refused| Problem::conflict(refused.text()))
}

/// Takes an entry out of its story; gives back its own.
pub async fn do_split(app: &App, entry: &str, who: &Who) -> Answer<i64> {
    let (wanted, name, now) = (EntryId::new(entry), who.name.clone(), app.control.now());
    let parted = app
        .control
        .write(move |tx| {
            let parted = store::split(tx, &wanted, &name, now)?;
            if parted.is_ok() {
                changes::note(tx, &name, ("story.split", wanted.as_str()), None, now)?;
            }
            Ok(parted)
        })
        .await?;
    parted
        .map(|parted| parted.story)
        .map_err(|refused| Problem::conflict(refused.text()))
}

/// `POST /stories/{id}/merge`.
pub async fn merge(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Response> {
    let story = do_merge(&app, &id, &form, &who).await?;
    Ok(back(&Form::default(), &format!("/stories/{story}")))
}

/// `POST /entries/{id}/split`.
pub async fn split(State(app): State<App>, who: Who, Path(id): Path<String>) -> Answer<Response> {
    let story = do_split(&app, &id, &who).await?;
    Ok(back(&Form::default(), &format!("/stories/{story}")))
}

fn timeline(view: &View, members: &[Member]) -> Markup {
    let points: Vec<Point> = members
        .iter()
        .map(|member| Point {
            lane: member.feed.clone(),
            at: member.at.as_millisecond(),
            group: member.language.clone().unwrap_or_else(|| "–".to_owned()),
            title: member.title.clone(),
        })
        .collect();
    let text = |member: Option<&Member>| {
        member.map_or_else(String::new, |member| {
            let zoned = member.at.to_zoned_datetime(view.zone.clone());
            zoned.strftime("%m-%d %H:%M").to_string()
        })
    };
    let first = text(members.iter().min_by_key(|member| member.at));
    let last = text(members.iter().max_by_key(|member| member.at));
    html! {
        @if members.len() > 1 {
            h2 { (view.t(W::Timeline)) }
            (chart::timeline(view.t(W::Timeline), &points, (&first, &last)))
        }
    }
}
