//! Rules: what each hits, how much of it is noise and where that comes from. Editing is in `workshop`.

pub mod route;
pub mod trial;
pub mod workshop;

use std::collections::HashMap;

use axum::extract::{Path, State};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::App;
use super::alerts;
use super::chart::{self, Series};
use super::layout::{self, number, severity};
use super::problem::{Answer, Problem};
use super::view::View;
use super::words::W;
use crate::daemon::control::Setup;
use crate::domain::feed::Origin;
use crate::domain::id::RuleId;
use crate::domain::matching::RuleSet;
use crate::domain::matching::feedback::{Feedback, Share, Verdict};
use crate::domain::rule::Rule;
use crate::domain::rule::added::AddedRule;
use crate::store::alerts::{AlertFilter, AlertRow, Mark, MarkCounts, MarkedAlert};
use crate::store::pictures::{self, DayCount};

/// Days that pictures show.
pub const DAYS: i64 = 30;

/// Marked alerts that are weighed.
const MOST_MARKED: u32 = 500;

/// So many days before now.
pub fn days_ago(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(days * 24))
        .unwrap_or(Timestamp::MIN)
}

/// A rule of the list with what is known of it.
pub struct Row {
    /// As defined.
    pub rule: Rule,
    /// When it matched last.
    pub last: Option<Timestamp>,
    /// Matches of the last days.
    pub hits: u64,
    /// Alerts by mark.
    pub marks: MarkCounts,
}

/// All rules, in the order of their definitions.
pub async fn rows(app: &App, now: Timestamp) -> Answer<Vec<Row>> {
    let setup = app.control.setup();
    let rules = setup.definitions.rules.clone();
    let since = days_ago(now, DAYS);
    Ok(app
        .control
        .read(move |conn| {
            let hits = pictures::hits(conn, since)?;
            let known: HashMap<&RuleId, (Timestamp, u64)> = hits
                .iter()
                .map(|(rule, last, hits)| (rule, (*last, *hits)))
                .collect();
            let rows = rules.into_iter().map(|rule| {
                let own = known.get(&rule.id);
                Ok(Row {
                    last: own.map(|(last, _)| *last),
                    hits: own.map_or(0, |(_, hits)| *hits),
                    marks: crate::store::alerts::mark_counts(conn, &rule.id)?,
                    rule,
                })
            });
            rows.collect()
        })
        .await?)
}

/// `GET /rules`.
pub async fn list(State(app): State<App>, view: View) -> Answer<Markup> {
    let rows = rows(&app, view.now).await?;
    let body = html! {
        @if view.may_change() { p.acts { a.button href="/workshop" { (view.t(W::NewRule)) } } }
        table.list {
            thead { tr {
                th scope="col" { (view.t(W::Rule)) } th scope="col" { (view.t(W::Severity)) }
                th.num scope="col" { (view.t(W::HitsADay)) } th scope="col" { (view.t(W::LastHit)) }
                th.num scope="col" { (view.t(W::Precision)) } th scope="col" { (view.t(W::Origin)) }
            } }
            tbody { @for row in &rows {
                tr data-row {
                    td.wide { a href={ "/rules/" (row.rule.id) } { (row.rule.title) } @if !row.rule.enabled { " " span.faint { (view.t(W::Disabled)) } } }
                    td { (severity(&view, row.rule.severity)) }
                    td.num { (per_day(row.hits)) }
                    td.nowrap { (view.maybe_time(row.last)) }
                    td.num { (precision(row.marks)) }
                    td.faint { (origin(&view, row.rule.origin)) }
                }
            } }
        }
        @if rows.is_empty() { p.empty { (view.t(W::NothingHere)) } }
    };
    Ok(layout::page(&view, view.t(W::Rules), &body))
}

/// Tenths of hits a day.
fn per_day(hits: u64) -> String {
    let tenths = hits * 10 / u64::try_from(DAYS).unwrap_or(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The share of marked alerts that were useful.
fn precision(marks: MarkCounts) -> String {
    match marks.useful + marks.noise {
        0 => "–".to_owned(),
        marked => format!("{} % ({marked})", marks.useful * 100 / marked),
    }
}

/// Where something was defined, in words.
pub fn origin(view: &View, origin: Origin) -> &'static str {
    match origin {
        Origin::File => view.t(W::OriginFile),
        Origin::Api => view.t(W::OriginApi),
    }
}

/// Everything that is known of a rule.
pub struct Whole {
    /// As defined.
    pub rule: Rule,
    /// Alerts by mark.
    pub marks: MarkCounts,
    /// Matches a day.
    pub days: Vec<DayCount>,
    /// What marks say.
    pub feedback: Feedback,
    /// The newest alerts.
    pub alerts: Vec<AlertRow>,
    /// Entries of the same days.
    pub entries: u64,
}

/// Reads everything that is known of a rule.
pub async fn whole(app: &App, view: &View, id: &str) -> Answer<Whole> {
    let setup = app.control.setup();
    let wanted = RuleId::from(id);
    let rule = setup
        .rule(&wanted)
        .cloned()
        .ok_or_else(|| Problem::missing("rule", id))?;
    let (since, offset) = (days_ago(view.now, DAYS), view.offset_ms());
    Ok(app
        .control
        .read(move |conn| {
            let marked = crate::store::alerts::marked(conn, Some(&wanted), MOST_MARKED)?;
            let filter = AlertFilter {
                rule: Some(wanted.clone()),
                ..AlertFilter::default()
            };
            Ok(Whole {
                marks: crate::store::alerts::mark_counts(conn, &wanted)?,
                days: pictures::matches(conn, &wanted, since, offset)?,
                feedback: feedback(&setup, &wanted, &marked),
                alerts: crate::store::alerts::list(conn, &filter, 10)?,
                entries: pictures::entries_since(conn, since)?,
                rule,
            })
        })
        .await?)
}

/// What the marks of a rule's alerts add up to.
fn feedback(setup: &Setup, rule: &RuleId, marked: &[MarkedAlert]) -> Feedback {
    let explained: Vec<_> = marked
        .iter()
        .map(|one| explanation(&setup.rules, rule, one))
        .collect();
    Feedback::of(
        marked
            .iter()
            .zip(&explained)
            .map(|(one, explanation)| Verdict {
                useful: Some(one.mark == Mark::Useful),
                evidence: &one.evidence,
                explanation: explanation.as_ref(),
            }),
    )
}

fn explanation(
    rules: &RuleSet,
    rule: &RuleId,
    marked: &MarkedAlert,
) -> Option<crate::domain::matching::Explanation> {
    let entry = &marked.entry;
    let subject = crate::domain::matching::Subject {
        title: &entry.title,
        body: &entry.body,
        full_text: entry.full_text.as_deref(),
        url: entry.url.as_deref(),
        authors: &entry.authors,
        categories: &entry.categories,
        feed: entry.feed.as_deref(),
        language: entry.language.as_deref(),
        ..crate::domain::matching::Subject::default()
    };
    rules.explain(rule, &subject)
}

/// `GET /rules/{id}`.
pub async fn one(State(app): State<App>, view: View, Path(id): Path<String>) -> Answer<Markup> {
    let whole = whole(&app, &view, &id).await?;
    let rule = &whole.rule;
    let form = AddedRule::of(rule);
    let told = route::of(&app, rule, &view.asked).await?;
    let hits: u64 = whole.days.iter().map(|day| day.count).sum();
    let body = html! {
        dl.facts {
            dt { (view.t(W::Severity)) } dd { (severity(&view, rule.severity)) }
            dt { (view.t(W::Origin)) } dd { (origin(&view, rule.origin)) @if !rule.enabled { " · " (view.t(W::Disabled)) } }
            dt { (view.t(W::Receivers)) } dd { (if form.receivers.is_empty() { view.t(W::Default).to_owned() } else { form.receivers.join(", ") }) }
            dt { (view.t(W::Feeds)) } dd { (if form.feeds.is_empty() { view.t(W::All).to_owned() } else { form.feeds.join(", ") }) }
            dt { (view.t(W::HitsADay)) } dd { (per_day(hits)) " (" (view.t(W::Last30Days)) ")" }
            dt { (view.t(W::ShareOfEntries)) } dd { (share(hits, whole.entries)) }
            dt { (view.t(W::Precision)) } dd { (precision(whole.marks)) @if whole.marks.useful + whole.marks.noise == 0 { " " (view.t(W::PrecisionUnknown)) } }
        }
        h2 { (view.t(W::Query)) }
        pre.query { code { (rule.query) } }
        p.acts {
            a.button href={ "/workshop?rule=" (rule.id) } { (view.t(W::Workshop)) }
            a href={ "/entries?rule=" (rule.id) } { (view.t(W::Entries)) }
            a href={ "/alerts?rule=" (rule.id) } { (view.t(W::Alerts)) }
            a href={ "/alerts/held?rule=" (rule.id) } { (view.t(W::HeldMatches)) }
            span.hint { (view.t(W::OutputFeeds)) ": " a href={ "/feeds/rules/" (rule.id) ".atom" } { "Atom" } " " a href={ "/feeds/rules/" (rule.id) ".json" } { "JSON" } }
        }
        h2 { (view.t(W::HitsADay)) }
        (days(&view, view.t(W::HitsADay), &whole.days))
        h2 id="route" { (view.t(W::WouldGo)) }
        (route::table(&view, &told))
        (noise(&view, &whole.feedback))
        h2 { (view.t(W::RecentAlerts)) }
        (alerts::table(&view, &whole.alerts))
        @if whole.alerts.is_empty() { p.empty { (view.t(W::NothingYet)) } }
        @if rule.origin == Origin::Api {
            (layout::button(&view, &format!("/rules/{}/delete", rule.id), &[], W::DeleteRule))
        }
    };
    Ok(layout::page(&view, &rule.title, &body))
}

fn share(hits: u64, entries: u64) -> String {
    match (hits * 10_000).checked_div(entries) {
        Some(parts) => format!("{}.{:02} % ({})", parts / 100, parts % 100, number(entries)),
        None => "–".to_owned(),
    }
}

/// Counts of days as bars, series by series, the greatest first; what is beyond the colours is put together.
pub fn days(view: &View, title: &str, counts: &[DayCount]) -> Markup {
    let (names, series) = series(view, counts);
    chart::bars(title, &names, &series)
}

fn series(view: &View, counts: &[DayCount]) -> (Vec<String>, Vec<Series>) {
    let today = (view.now.as_millisecond() + view.offset_ms()).div_euclid(86_400_000);
    let first = today - DAYS + 1;
    let names = (first..=today).map(|day| {
        let at = Timestamp::from_millisecond(day * 86_400_000).unwrap_or(view.now);
        at.strftime("%m-%d").to_string()
    });
    let mut sums: HashMap<&str, u64> = HashMap::new();
    for count in counts {
        *sums.entry(&count.of).or_default() += count.count;
    }
    let mut order: Vec<(&str, u64)> = sums.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut series: Vec<Series> = Vec::new();
    for (index, (of, _)) in order.iter().enumerate() {
        let slot = index.min(chart::COLOURS - 1);
        if series.len() <= slot {
            series.push(Series {
                name: (*of).to_owned(),
                counts: vec![0; usize::try_from(DAYS).unwrap_or(0)],
            });
        } else if index == chart::COLOURS {
            "…".clone_into(&mut series[slot].name);
        }
        for count in counts.iter().filter(|count| count.of == **of) {
            let day = usize::try_from(count.day - first).ok();
            if let Some(cell) = day.and_then(|day| series[slot].counts.get_mut(day)) {
                *cell += count.count;
            }
        }
    }
    (names.collect(), series)
}

fn noise(view: &View, feedback: &Feedback) -> Markup {
    let lists: [(&str, &[Share]); 3] = [
        (view.t(W::Clause), &feedback.clauses),
        (view.t(W::Query), &feedback.terms),
        (view.t(W::Names), &feedback.names),
    ];
    let any = lists
        .iter()
        .any(|(_, list)| list.iter().any(|share| share.noise > 0));
    html! {
        @if any {
            h2 { (view.t(W::NoiseBy)) }
            table.list {
                thead { tr { th.num scope="col" { (view.t(W::Noise)) } th.num scope="col" { (view.t(W::Useful)) } th scope="col" { (view.t(W::Kind)) } th scope="col" { (view.t(W::Clause)) } } }
                tbody {
                    @for (kind, list) in lists {
                        @for share in list.iter().filter(|share| share.noise > 0).take(6) {
                            tr { td.num { (share.noise) } td.num { (share.useful) } td { (kind) } td.wide { code { (share.what) } } }
                        }
                    }
                }
            }
        }
    }
}
