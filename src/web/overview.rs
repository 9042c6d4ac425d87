//! The overview: what happened, by story; whether anything is broken; alerts a day.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Serialize;

use super::App;
use super::alerts;
use super::feeds;
use super::layout::{self, number, state};
use super::problem::Answer;
use super::rules::{DAYS, days, days_ago};
use super::stories;
use super::system;
use super::view::View;
use super::words::W;
use crate::domain::health::watch::Known;
use crate::store::alerts::{AlertFilter, AlertRow};
use crate::store::board::{self, StoryRow};
use crate::store::feeds::FeedRow;
use crate::store::pictures::{self, DayCount};

/// Stories and alerts that are shown.
const SHOWN: usize = 12;

/// How well the desk covers what it watches.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// Feeds that are polled.
    pub feeds: usize,
    /// Of them those whose last poll is not overdue and was good.
    pub read_in_time: usize,
    /// Entries of the last 24 hours.
    pub entries_today: u64,
    /// Entries a day as polls have learned.
    pub entries_usual: u64,
    /// When the oldest delivery was owed that nobody has.
    pub oldest_owed: Option<Timestamp>,
    /// Feeds that fail, with why.
    pub failing: Vec<(String, String)>,
    /// Why the daemon does not do its work.
    pub trouble: Vec<String>,
}

/// What the overview shows.
pub struct Facts {
    /// The last stories that raised alerts.
    pub stories: Vec<StoryRow>,
    /// The last alerts.
    pub alerts: Vec<AlertRow>,
    /// Alerts a day and rule.
    pub days: Vec<DayCount>,
    /// How the desk is doing.
    pub coverage: Coverage,
    /// What people were told is wrong, and that holds.
    pub conditions: Vec<Known>,
}

/// Reads what the overview shows.
pub async fn facts(app: &App, view: &View) -> Answer<Facts> {
    let rows = feeds::rows(app).await?;
    let (now, offset) = (view.now, view.offset_ms());
    let mut coverage = coverage(&rows, now);
    coverage.trouble = app.control.not_ready();
    let conditions = system::conditions(app).await?;
    Ok(app
        .control
        .read(move |conn| {
            coverage.entries_today = pictures::entries_since(conn, days_ago(now, 1))?;
            coverage.oldest_owed = pictures::oldest_owed(conn)?;
            Ok(Facts {
                stories: board::told(conn, None, SHOWN)?,
                alerts: crate::store::alerts::list(conn, &AlertFilter::default(), 8)?,
                days: pictures::alerts(conn, days_ago(now, DAYS), offset)?,
                coverage,
                conditions,
            })
        })
        .await?)
}

/// A poll may be late by so much before it is missed.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

fn coverage(rows: &[FeedRow], now: Timestamp) -> Coverage {
    let polled: Vec<&FeedRow> = rows.iter().filter(|row| row.feed.enabled).collect();
    let in_time = |row: &&&FeedRow| {
        let overdue = row
            .state
            .next_poll
            .is_none_or(|at| now.duration_since(at) > SLACK);
        !overdue && row.state.last_error.is_none() && row.state.last_success.is_some()
    };
    let usual: f64 = polled
        .iter()
        .filter(|row| row.state.rate_days > 0.0)
        .map(|row| row.state.rate_count / row.state.rate_days)
        .sum();
    let failing = polled
        .iter()
        .filter_map(|row| Some((row.feed.id.to_string(), row.state.last_error.clone()?)));
    Coverage {
        feeds: polled.len(),
        read_in_time: polled.iter().filter(in_time).count(),
        entries_today: 0,
        entries_usual: rounded(usual),
        oldest_owed: None,
        failing: failing.collect(),
        trouble: Vec::new(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is neither negative nor beyond what feeds can say"
)]
fn rounded(rate: f64) -> u64 {
    rate.clamp(0.0, 1e12).round() as u64
}

/// `GET /`.
pub async fn page(State(app): State<App>, view: View) -> Answer<Markup> {
    let facts = facts(&app, &view).await?;
    let body = html! {
        (status(&view, &facts.coverage))
        (conditions(&view, &facts.conditions))
        div.columns {
            section {
                h2 { a.quiet href="/stories" { (view.t(W::RecentStories)) } }
                @if facts.stories.is_empty() { p.empty { (view.t(W::NothingYet)) } }
                @else { (stories::table(&view, &facts.stories)) }
            }
            section {
                h2 { (view.t(W::AlertsADay)) }
                (days(&view, view.t(W::AlertsADay), &facts.days))
                h2 { a.quiet href="/alerts" { (view.t(W::RecentAlerts)) } }
                ul.brief { @for row in &facts.alerts {
                    li { (layout::severity(&view, row.severity)) " " a href={ "/alerts/" (row.id) } { (row.title) } " " span.faint { (view.time(row.created)) " " (row.rule_title) " · " (view.code(row.reason.as_str())) } @if let Some(mark) = row.mark { " " (state(&view, alerts::mark_name(mark))) } }
                } }
            }
        }
    };
    Ok(layout::page(&view, view.t(W::Overview), &body))
}

/// Conditions that are shown; the system's page has all.
const CONDITIONS: usize = 5;

fn conditions(view: &View, all: &[Known]) -> Markup {
    html! {
        @if !all.is_empty() {
            section.conditions {
                h2 { a.quiet href="/system#conditions" { (view.t(W::Conditions)) " (" (all.len()) ")" } }
                (system::firing(view, &all[..all.len().min(CONDITIONS)]))
            }
        }
    }
}

fn status(view: &View, coverage: &Coverage) -> Markup {
    html! {
        section.status aria-label=(view.t(W::Coverage)) {
            @if !coverage.trouble.is_empty() {
                div.bad role="alert" { strong { (view.t(W::Trouble)) } ul { @for reason in &coverage.trouble { li { (reason) } } } }
            }
            ul.figures {
                li { a href="/feeds" { strong { (coverage.read_in_time) " / " (coverage.feeds) } } " " (view.t(W::FeedsRead)) }
                li { a href="/entries" { strong { (number(coverage.entries_today)) } } " " (view.t(W::EntriesOfDay)) span.faint { " (~" (number(coverage.entries_usual)) ")" } }
                @if let Some(at) = coverage.oldest_owed { li { a href="/receivers" { strong { (view.time(at)) } } " " (view.t(W::OldestOwed)) } }
                @if !coverage.failing.is_empty() { li { a.bad href="/feeds?health=failing" { strong { (coverage.failing.len()) } " " (view.code("failing")) } } }
            }
        }
    }
}
