//! Feeds: how each is doing and why, one with its polls and delays. Adding them is in `add`.

pub mod add;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::App;
use super::alerts::back;
use super::chart::{self, Cell};
use super::form::{Asked, Form};
use super::guard::Who;
use super::layout::{self, button, number, outward, state};
use super::problem::{Answer, Problem};
use super::rules::origin;
use super::rules::workshop::refused;
use super::view::View;
use super::words::W;
use crate::domain::feed::Origin;
use crate::domain::feed::outcome::{OutcomeKind, PollRecord};
use crate::domain::id::FeedId;
use crate::store::feeds::{self, FeedRow};
use crate::store::pictures;

/// Polls that are shown.
const POLLS: u32 = 144;

/// Entries whose delay is drawn.
const DELAYS: u32 = 300;

/// The feeds in force with what is known of them; one that was never polled too.
pub async fn rows(app: &App) -> Answer<Vec<FeedRow>> {
    let setup = app.control.setup();
    let mut rows = app.control.read(feeds::list).await?;
    rows.retain(|row| setup.feeds.contains_key(&row.feed.id));
    Ok(rows)
}

/// `GET /feeds`.
pub async fn list(State(app): State<App>, view: View, Asked(asked): Asked) -> Answer<Markup> {
    let mut rows = rows(&app).await?;
    let (wanted, tag) = (asked.get("health"), asked.get("tag"));
    let health = |row: &FeedRow| row.health().as_str();
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for row in &rows {
        *counts.entry(health(row)).or_default() += 1;
    }
    rows.retain(|row| wanted.is_none_or(|wanted| health(row) == wanted));
    rows.retain(|row| tag.is_none_or(|tag| row.feed.tags.iter().any(|own| own == tag)));
    rows.sort_by_key(|row| (health(row) == "ok", row.feed.id.clone()));
    let body = html! {
        p.acts {
            @if view.may_change() { a.button href="/feeds/add" { (view.t(W::AddFeed)) } }
            a href="/feeds.opml" { (view.t(W::ExportOpml)) }
        }
        nav.tabs aria-label=(view.t(W::Health)) {
            a href="/feeds" aria-current=[wanted.is_none().then_some("page")] { (view.t(W::All)) }
            @for (name, count) in &counts { a href={ "/feeds?health=" (name) } aria-current=[(wanted == Some(name)).then_some("page")] { (view.code(name)) " " (count) } }
        }
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::Feed)) } th scope="col" { (view.t(W::Health)) } th.num scope="col" { (view.t(W::EntriesADay)) }
                th scope="col" { (view.t(W::LastPolls)) } th scope="col" { (view.t(W::NextPoll)) } th scope="col" { (view.t(W::Why)) }
            } }
            tbody { @for row in &rows { (line(&view, row)) } }
        }
        @if rows.is_empty() { p.empty { (view.t(W::NothingHere)) } }
    };
    Ok(layout::page(&view, view.t(W::Feeds), &body))
}

fn line(view: &View, row: &FeedRow) -> Markup {
    let health = row.health().as_str();
    let title = row.feed.title.as_ref().or(row.state.title.as_ref());
    html! {
        tr data-row {
            td.wide { a href={ "/feeds/" (row.feed.id) } { (title.map_or(row.feed.id.as_str(), String::as_str)) } " " span.faint { (row.feed.tags.join(" ")) } }
            td { (state(view, health)) }
            td.num data-label=(view.t(W::EntriesADay)) { (a_day(row)) }
            td.nowrap data-label=(view.t(W::LastPolls)) { (view.maybe_time(row.state.last_poll)) }
            td.nowrap data-label=(view.t(W::NextPoll)) { (view.maybe_time(row.state.next_poll)) }
            td.faint.say { (reason(view, row)) }
        }
    }
}

/// Why the last poll failed: how it ended, and the words for it.
fn reason(view: &View, row: &FeedRow) -> Markup {
    let ended = row
        .state
        .last_outcome
        .map(|outcome| view.code(outcome.as_str()));
    let meaning = ended.filter(|_| view.lang == super::lang::Lang::Ko);
    html! { @if let Some(error) = &row.state.last_error { (view.said(meaning, error)) } }
}

/// Entries a day as polls have learned, to a tenth.
fn a_day(row: &FeedRow) -> String {
    if row.state.rate_days <= 0.0 {
        return "–".to_owned();
    }
    format!("{:.1}", row.state.rate_count / row.state.rate_days)
}

/// What a person can do about how the last poll ended; nothing where it went well.
fn advice(row: &FeedRow, korean: bool) -> Option<&'static str> {
    let again = (
        "It is tried again by itself, less and less often.",
        "점점 뜸하게 스스로 다시 시도합니다.",
    );
    let (en, ko) = match row.state.last_outcome? {
        OutcomeKind::OkNew | OutcomeKind::OkSame | OutcomeKind::NotModified => return None,
        OutcomeKind::HttpError if refuses(row) => (
            "The publisher refuses us. A header or another user agent may be needed: see docs/polling.md.",
            "발행처가 거절합니다. 헤더나 다른 user agent가 필요할 수 있습니다. docs/polling.md를 보세요.",
        ),
        OutcomeKind::HttpError | OutcomeKind::RedirectError => (
            "Open the address in a browser; publishers move feeds. Add it again by the address of its page.",
            "브라우저로 주소를 열어 보세요. 발행처가 피드를 옮겼을 수 있습니다. 웹페이지 주소로 다시 추가하세요.",
        ),
        OutcomeKind::Gone => (
            "The publisher says it is gone for good. Look for its successor and remove this one.",
            "발행처가 완전히 없앴다고 합니다. 새 피드를 찾고 이것은 제거하세요.",
        ),
        OutcomeKind::NotAFeed => (
            "There is a page, not a feed. Add the page's address: the feeds it names are found.",
            "피드가 아니라 웹페이지입니다. 그 페이지 주소로 추가하면 피드를 찾아 줍니다.",
        ),
        OutcomeKind::ParseError => (
            "The feed is broken beyond repair here: the publisher has to mend it. It is tried again by itself.",
            "피드가 고칠 수 없게 깨져 있습니다. 발행처가 고쳐야 합니다. 스스로 다시 시도합니다.",
        ),
        OutcomeKind::TooLarge => (
            "It is larger than this machine reads: see max_body in docs/configuration.md.",
            "이 기계가 읽는 크기를 넘습니다. docs/configuration.md의 max_body를 보세요.",
        ),
        OutcomeKind::RateLimited => (
            "The publisher asks for patience, and gets it. A longer interval avoids it.",
            "발행처가 천천히 읽으라고 합니다. 기다렸다가 읽습니다. 주기를 늘리면 피할 수 있습니다.",
        ),
        OutcomeKind::Refused => (
            "The address is one that this machine does not go to: see allow_networks in docs/configuration.md.",
            "이 기계가 접근하지 않는 주소입니다. docs/configuration.md의 allow_networks를 보세요.",
        ),
        OutcomeKind::TlsError => (
            "Its certificate is not valid: the publisher has to repair it.",
            "인증서가 올바르지 않습니다. 발행처가 고쳐야 합니다.",
        ),
        OutcomeKind::NetError | OutcomeKind::Offline => again,
    };
    Some(if korean { ko } else { en })
}

/// Whether the publisher answered that we may not have it.
fn refuses(row: &FeedRow) -> bool {
    let said = row.state.last_error.as_deref().unwrap_or_default();
    said.contains("401") || said.contains("403")
}

/// Everything that is known of a feed.
pub struct Whole {
    /// As asked for, and as learned.
    pub row: FeedRow,
    /// Its polls, newest first.
    pub polls: Vec<PollRecord>,
    /// When entries were published, and minutes until they were seen.
    pub delays: Vec<(jiff::Timestamp, i64)>,
}

/// Reads everything that is known of a feed.
pub async fn whole(app: &App, id: &str) -> Answer<Whole> {
    let wanted = FeedId::from(id);
    let found = app
        .control
        .read(move |conn| {
            let Some(row) = feeds::get(conn, &wanted)? else {
                return Ok(None);
            };
            Ok(Some(Whole {
                polls: feeds::history(conn, &wanted, POLLS)?,
                delays: pictures::delays(conn, &wanted, DELAYS)?,
                row,
            }))
        })
        .await?;
    found.ok_or_else(|| Problem::missing("feed", id))
}

/// `GET /feeds/{id}`.
pub async fn one(State(app): State<App>, view: View, Path(id): Path<String>) -> Answer<Markup> {
    let whole = whole(&app, &id).await?;
    let (feed, learned) = (&whole.row.feed, &whole.row.state);
    let title = feed.title.as_ref().or(learned.title.as_ref());
    let title = title.map_or(feed.id.as_str(), String::as_str).to_owned();
    let body = html! {
        (facts(&view, &whole.row))
        div.acts {
            @if whole.row.configured { (button(&view, &format!("/feeds/{id}/poll"), &[], W::PollNow)) }
            a href={ "/entries?feed=" (id) } { (view.t(W::OfThisFeed)) }
            a href={ "/alerts?feed=" (id) } { (view.t(W::Alerts)) }
            @if feed.origin == Origin::Api && whole.row.configured { (button(&view, &format!("/feeds/{id}/remove"), &[], W::Remove)) }
        }
        h2 { (view.t(W::LastPolls)) }
        (strip(&view, &whole.polls))
        (delays(&view, &whole.delays))
        (polls(&view, &whole.polls))
    };
    Ok(layout::page(&view, &title, &body))
}

fn facts(view: &View, row: &FeedRow) -> Markup {
    let (feed, learned) = (&row.feed, &row.state);
    let korean = view.lang == super::lang::Lang::Ko;
    html! {
        dl.facts {
            dt { (view.t(W::Health)) }
            dd {
                (state(view, row.health().as_str()))
                " " (reason(view, row))
                @if !row.configured { " " (view.t(W::Retired)) }
            }
            @if let Some(advice) = advice(row, korean) { dt { (view.t(W::WhatToDo)) } dd { (advice) } }
            dt { (view.t(W::Url)) } dd { (outward(Some(&feed.url), &feed.url)) }
            @if let Some(site) = &learned.site_url { dt { "web" } dd { (outward(Some(site), site)) } }
            dt { (view.t(W::NextPoll)) }
            dd { (view.maybe_time(learned.next_poll)) @if let Some(why) = learned.why_then { " — " (view.code(&why_then(why))) } @if let Some(at) = learned.retry_after { " · Retry-After " (view.time(at)) } }
            dt { (view.t(W::EntriesADay)) } dd { (a_day(row)) }
            dt { (view.t(W::Entries)) } dd { (number(learned.entries)) }
            @if !feed.tags.is_empty() { dt { (view.t(W::Tags)) } dd { (feed.tags.join(", ")) } }
            dt { (view.t(W::Origin)) } dd { (origin(view, feed.origin)) }
        }
    }
}

/// Why the next poll is when it is, as the store spells it.
fn why_then(why: crate::domain::feed::schedule::Why) -> String {
    serde_json::to_value(why)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn strip(view: &View, polls: &[PollRecord]) -> Markup {
    let cells: Vec<Cell> = polls
        .iter()
        .rev()
        .map(|poll| Cell {
            class: match poll.outcome.as_str() {
                "not_modified" => "same",
                "offline" => "wait",
                _ if !poll.outcome.is_good() => "bad",
                _ if poll.new > 0 => "good",
                _ => "same",
            },
            title: format!(
                "{} {} +{}",
                poll.at
                    .to_zoned_datetime(view.zone.clone())
                    .strftime("%m-%d %H:%M"),
                poll.outcome.as_str(),
                poll.new
            ),
        })
        .collect();
    html! { @if cells.is_empty() { p.empty { (view.t(W::NothingHere)) } } @else { (chart::strip(view.t(W::LastPolls), &cells)) } }
}

fn delays(view: &View, delays: &[(jiff::Timestamp, i64)]) -> Markup {
    let text = |at: &jiff::Timestamp| {
        at.to_zoned_datetime(view.zone.clone())
            .strftime("%m-%d %H:%M")
            .to_string()
    };
    let points: Vec<(i64, i64, String)> = delays
        .iter()
        .map(|(at, minutes)| {
            (
                at.as_millisecond(),
                *minutes,
                format!("{}: {minutes} min", text(at)),
            )
        })
        .collect();
    let first = delays
        .iter()
        .map(|(at, _)| at)
        .min()
        .map(text)
        .unwrap_or_default();
    let last = delays
        .iter()
        .map(|(at, _)| at)
        .max()
        .map(text)
        .unwrap_or_default();
    html! {
        @if points.len() > 1 {
            h2 { (view.t(W::Delay)) }
            (chart::delays(view.t(W::Delay), &points, (&first, &last)))
        }
    }
}

fn polls(view: &View, polls: &[PollRecord]) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::Time)) } th scope="col" { (view.t(W::Outcome)) } th.num scope="col" { "HTTP" }
                th.num scope="col" { (view.t(W::New)) } th.num scope="col" { (view.t(W::Bytes)) } th.num scope="col" { (view.t(W::Duration)) }
                th scope="col" { (view.t(W::NextPoll)) } th scope="col" { (view.t(W::Note)) }
            } }
            tbody { @for poll in polls.iter().take(30) {
                tr {
                    td.nowrap { (view.time(poll.at)) }
                    td { (view.code(poll.outcome.as_str())) }
                    td.num { @if let Some(status) = poll.status { (status) } }
                    td.num data-label=(view.t(W::New)) { (poll.new) @if poll.revised > 0 { " ~" (poll.revised) } }
                    td.num data-label=(view.t(W::Bytes)) { (number(poll.wire_bytes)) }
                    td.num { (poll.duration_ms) " ms" }
                    td data-label=(view.t(W::NextPoll)) { (view.maybe_time(poll.next_poll)) @if let Some(why) = poll.why_then { " " span.faint { (view.code(&why_then(why))) } } }
                    td.faint { (poll.note.as_deref().unwrap_or_default()) }
                }
            } }
        }
    }
}

/// Makes a feed due now.
pub async fn do_poll(app: &App, id: &str, who: &Who) -> Answer<()> {
    let known = app.control.poll_now(&FeedId::from(id), &who.name).await?;
    known
        .then_some(())
        .ok_or_else(|| Problem::missing("feed", id))
}

/// Lets go of an added feed.
pub async fn do_remove(app: &App, id: &str, who: &Who) -> Answer<()> {
    app.control
        .remove_feed(&FeedId::from(id), &who.name)
        .await
        .map_err(|refusal| refused(refusal, "", id))
}

/// `POST /feeds/{id}/poll`.
pub async fn poll_now(
    State(app): State<App>,
    who: Who,
    Path(id): Path<String>,
    form: Form,
) -> Answer<Response> {
    do_poll(&app, &id, &who).await?;
    Ok(back(&form, &format!("/feeds/{id}")))
}

/// `POST /feeds/{id}/remove`.
pub async fn remove(State(app): State<App>, who: Who, Path(id): Path<String>) -> Answer<Response> {
    do_remove(&app, &id, &who).await?;
    Ok(back(&Form::default(), "/feeds"))
}
