//! Stories: those that raised alerts first, and one with its timeline over feeds and languages.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::App;
use super::alerts::{self, back};
use super::chart::{self, Point};
use super::form::{Asked, Form};
use super::guard::Who;
use super::layout::{self, arrow, button, pager, severity};
use super::problem::{Answer, Problem};
use super::view::View;
use super::words::W;
use crate::domain::id::EntryId;
use crate::store::alerts::AlertRow;
use crate::store::board::{self, Member, StoryRow};
use crate::store::changes;
use crate::store::stories::{self as store, EditRow, MemberMatch, OwnerRow, RelatedRow};

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
                        td.num data-label=(view.t(W::EntriesLabel)) { (row.entries) }
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
    /// What the matches of its entries led to, by entry.
    pub led_to: BTreeMap<String, Vec<MemberMatch>>,
    /// Who tells it in words of their own.
    pub owners: Vec<OwnerRow>,
    /// Stories of the same people or things.
    pub related: Vec<RelatedRow>,
    /// What people changed.
    pub edits: Vec<EditRow>,
}

/// Everything that is known of a story; of one that was merged away, the story that it is in now.
pub async fn told(app: &App, id: &str) -> Answer<Told> {
    let number: i64 = id.parse().map_err(|_| Problem::missing("story", id))?;
    let found = app
        .control
        .read(move |conn| {
            let Some(detail) = store::detail(conn, number)? else {
                return Ok(None);
            };
            let row = detail.row;
            let story = row.id;
            let members = detail.members.into_iter();
            Ok(Some(Told {
                members: board::members(conn, story, MOST_MEMBERS)?,
                row,
                alerts: crate::store::alerts::on_story(conn, story, MOST_MEMBERS)?,
                led_to: members
                    .map(|member| (member.entry.to_string(), member.matches))
                    .collect(),
                owners: detail.owners,
                related: detail.related,
                edits: detail.edits,
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
        (members(&view, &told))
        (voices(&view, &told.owners))
        (related(&view, row.id, &told.related))
        (merge_form(&view, row.id))
        (edited(&view, &told.edits))
        p.hint { (view.t(W::OutputFeeds)) ": " a href={ "/feeds/stories/" (row.id) ".atom" } { "Atom" } " " a href={ "/feeds/stories/" (row.id) ".json" } { "JSON" } }
    };
    Ok(layout::page(&view, &row.title, &body))
}

/// The entries with why each is in the story, and what came of its matches.
fn members(view: &View, told: &Told) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::FirstSeen)) } th scope="col" { (view.t(W::Title)) } th scope="col" { (view.t(W::Feed)) }
                th scope="col" { (view.t(W::SameStoryWhy)) } th scope="col" { (view.t(W::LedTo)) }
            } }
            tbody {
                @for member in &told.members {
                    tr data-row {
                        td.nowrap { (view.time(member.first_seen)) }
                        td.wide lang=[member.language.as_deref()] { a href={ "/entries/" (member.entry) } { (member.title) } (arrow(view, member.url.as_deref())) }
                        td { a href={ "/feeds/" (member.feed) } { (member.feed) } }
                        td {
                            (joined_by(view, &member.joined_by)) " "
                            @if told.members.len() > 1 && member.joined_by != "first" {
                                (button(view, &format!("/entries/{}/split", member.entry), &[], W::Split))
                            }
                        }
                        td { @for found in told.led_to.get(&member.entry).into_iter().flatten() { (led_to(view, found)) } }
                    }
                }
            }
        }
    }
}

/// Why an entry is in the story, as [`Member::joined_by`] has it: a code, or a code and how much is alike.
fn joined_by(view: &View, how: &str) -> Markup {
    let (code, share) = how.split_once(' ').unwrap_or((how, ""));
    html! { (view.code(code)) @if !share.is_empty() { " " span.faint { (share) } } }
}

fn led_to(view: &View, found: &MemberMatch) -> Markup {
    let why = match (found.raised, found.held) {
        (Some(reason), _) => reason.as_str(),
        (None, Some(held)) => held.as_str(),
        (None, None) => "",
    };
    html! {
        div {
            a.quiet href={ "/rules/" (found.rule) } { (found.rule) } ": " (view.code(why))
            @if let Some(alert) = found.alert { " " a href={ "/alerts/" (alert) } { "#" (alert) } }
        }
    }
}

fn voices(view: &View, owners: &[OwnerRow]) -> Markup {
    html! {
        @if owners.len() > 1 {
            h2 { (view.t(W::Voices)) }
            ul.inline { @for voice in owners { li { a href={ "/entries/" (voice.entry) } { (voice.owner) } " " span.faint { (view.time(voice.at)) } } } }
        }
    }
}

fn merge_form(view: &View, story: i64) -> Markup {
    html! {
        @if view.may_change() {
            form.filters method="post" action={ "/stories/" (story) "/merge" } {
                label { (view.t(W::MergeWith)) input.short name="other" inputmode="numeric" pattern="[0-9]+" required; }
                button { (view.t(W::Merge)) }
            }
        }
    }
}

fn edited(view: &View, edits: &[EditRow]) -> Markup {
    html! {
        @if !edits.is_empty() {
            h2 { (view.t(W::Edited)) }
            table.list { tbody { @for edit in edits {
                tr {
                    td.nowrap { (view.time(edit.at)) } td { (edit.who) } td { (view.code(&edit.what)) }
                    td { a href={ "/stories/" (edit.story) } { (edit.story) } " ← " a href={ "/stories/" (edit.other) } { (edit.other) } }
                    td { @if let Some(entry) = &edit.entry { a href={ "/entries/" (entry) } { (view.t(W::Entry)) } } }
                }
            } } }
        }
    }
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
