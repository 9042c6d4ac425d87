//! Entries: search in the rule language, and one entry with everything that is known of it.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::App;
use super::form::Asked;
use super::highlight::{marked, snippet};
use super::lang::Lang;
use super::layout::{self, arrow, encoded, foreign_html, outward, pager};
use super::problem::{Answer, Problem};
use super::search::{Found, Hit, Search, tags};
use super::view::View;
use super::words::{self, W};
use crate::domain::entry::wire::WireEntry;
use crate::domain::id::{EntryId, RuleId};
use crate::domain::matching::{Evidence, Explanation, Mention};
use crate::store::entries::{self, MatchRow, Revision, StoredEntry};

/// Rows of a page.
pub const PAGE: usize = 50;

/// `GET /entries`.
pub async fn list(State(app): State<App>, view: View, Asked(asked): Asked) -> Response {
    let search = Search::read(app.control.setup(), &asked, &view);
    let found = match search {
        Ok(search) => search.soon(&app, PAGE).await,
        Err(problem) => Err(problem),
    };
    match found {
        Ok(found) => listed(&view, &found).into_response(),
        Err(problem) if problem.faults.is_empty() => problem.into_response(),
        // What was written stays where it can be put right.
        Err(problem) => {
            let body = html! { (form(&view)) (faults(&view, &problem)) };
            let page = layout::page(&view, view.t(W::Entries), &body);
            (problem.status, page).into_response()
        }
    }
}

fn listed(view: &View, found: &Found) -> Markup {
    let next = found.next.map(|next| next.to_string());
    let query = view.asked.get("q");
    let body = html! {
        (form(view))
        @for remark in &found.remarks { p.hint { code { (remark.code) } " " (told(view, remark.code, &remark.message, remark.help.as_deref())) } }
        (table(view, &found.hits))
        @if found.hits.is_empty() && !found.cut { p.empty { (view.t(W::NothingHere)) } }
        @if found.cut {
            p.hint { (view.t(W::SearchStopped)) " "
                @if let Some(next) = &next { a href={ "?" (view.asked.with(&[("after", Some(next))])) } { (view.t(W::GoOn)) } }
            }
        }
        (pager(view, next.as_deref().filter(|_| !found.cut)))
        @if let Some(query) = query {
            p.acts {
                @if view.may_change() { a.button href={ "/workshop?query=" (encoded(query)) } { (view.t(W::SaveAsRule)) } }
                span.hint { (view.t(W::OutputFeeds)) ": " a href={ "/feeds/search/q.atom?q=" (encoded(query)) } { "Atom" } " " a href={ "/feeds/search/q.json?q=" (encoded(query)) } { "JSON" } }
            }
        }
    };
    layout::page(view, view.t(W::Entries), &body)
}

fn form(view: &View) -> Markup {
    let asked = &view.asked;
    let value = |name| asked.get(name).unwrap_or_default().to_owned();
    html! {
        form.filters method="get" role="search" {
            label.grow { (view.t(W::Query)) input type="search" name="q" value=(value("q")) placeholder=(view.t(W::SearchHint)) spellcheck="false" autocomplete="off"; }
            label { (view.t(W::Feed)) input name="feed" value=(value("feed")); }
            label { (view.t(W::Language)) input.short name="in" value=(value("in")) placeholder="ko"; }
            label { (view.t(W::Rule)) input name="rule" value=(value("rule")); }
            label { (view.t(W::Entity)) input name="entity" value=(value("entity")); }
            label { (view.t(W::From)) input.short name="since" value=(value("since")) placeholder="7d"; }
            label { (view.t(W::Until)) input.short name="until" value=(value("until")); }
            button { (view.t(W::Search)) }
            a href="/help#language" { "?" }
        }
    }
}

/// What is wrong with a query, at its character.
pub fn faults(view: &View, problem: &Problem) -> Markup {
    html! {
        div.bad role="alert" {
            p { @if view.lang == Lang::En { (problem.detail) } @else { (view.t(W::QueryUnfit)) } }
            ul {
                @for fault in &problem.faults {
                    @let text = |key: &str| fault[key].as_str().unwrap_or_default();
                    li { code { (text("code")) } " "
                        @if let Some(start) = fault["start"].as_u64() { (start + 1) ": " }
                        (told(view, text("code"), text("message"), fault["help"].as_str()))
                    }
                }
            }
        }
    }
}

/// A diagnostic in the language of the page, with its own words.
pub fn told(view: &View, code: &str, message: &str, help: Option<&str>) -> Markup {
    let english = match help {
        Some(help) => format!("{message} — {help}"),
        None => message.to_owned(),
    };
    view.said(words::diagnostics::meaning(code, view.lang), &english)
}

/// Entries in rows.
pub fn table(view: &View, hits: &[Hit]) -> Markup {
    html! {
        ul.entries {
            @for hit in hits {
                @let content = &hit.entry.entry.content;
                li data-row {
                    p.head lang=[content.language.as_deref()] {
                        a href={ "/entries/" (hit.entry.entry.id) } { (marked(&content.title, "title", &hit.evidence)) }
                        (arrow(view, content.url.as_deref()))
                    }
                    p.meta {
                        (view.maybe_time(content.published.or(hit.entry.entry.first_seen)))
                        @if let Some(feed) = &hit.entry.entry.feed { " · " a href={ "/feeds/" (feed) } { (feed) } }
                        @if let Some(language) = &content.language { " · " (language) }
                    }
                    @if !content.body.is_empty() {
                        p.snip lang=[content.language.as_deref()] { (snippet(&content.body, "body", &hit.evidence)) }
                    }
                }
            }
        }
    }
}

/// An entry with everything that is known of it.
pub struct Whole {
    /// The entry.
    pub entry: StoredEntry,
    /// Rules it satisfied.
    pub matches: Vec<MatchRow>,
    /// Whom it names.
    pub mentions: Vec<Mention>,
    /// What it said before.
    pub revisions: Vec<Revision>,
}

/// An entry by its id.
pub async fn whole(app: &App, id: &str) -> Answer<Whole> {
    let wanted = EntryId::new(id);
    let found = app
        .control
        .read(move |conn| {
            let Some(entry) = entries::get(conn, &wanted)? else {
                return Ok(None);
            };
            Ok(Some(Whole {
                matches: entries::matches(conn, entry.seq)?,
                mentions: entries::mentions(conn, entry.seq)?,
                revisions: entries::revisions(conn, entry.seq)?,
                entry,
            }))
        })
        .await?;
    found.ok_or_else(|| Problem::missing("entry", id))
}

/// Why a rule matches an entry or does not, clause by clause.
pub fn explain(app: &App, entry: &StoredEntry, rule: &str) -> Answer<Explanation> {
    let setup = app.control.setup();
    let tags = tags(&setup);
    let own = tags
        .get(entry.entry.feed_str())
        .map_or(&[][..], Vec::as_slice);
    let subject = entry.subject(own);
    setup
        .rules
        .explain(&RuleId::from(rule), &subject)
        .ok_or_else(|| Problem::missing("rule", rule))
}

/// `GET /entries/{id}`.
pub async fn one(State(app): State<App>, view: View, Path(id): Path<String>) -> Answer<Response> {
    let whole = whole(&app, &id).await?;
    let wire = whole.entry.wire();
    let evidence: Vec<Evidence> = whole
        .matches
        .iter()
        .flat_map(|found| found.evidence.clone())
        .collect();
    let with_images = view.asked.has("images");
    let rule = view.asked.get("explain").map(str::to_owned);
    let explanation = rule
        .as_deref()
        .map(|rule| explain(&app, &whole.entry, rule));
    let rules: Vec<String> = app
        .control
        .setup()
        .definitions
        .rules
        .iter()
        .map(|rule| rule.id.to_string())
        .collect();
    let body = html! {
        (facts(&view, &wire, &whole))
        (article(&view, &wire, &evidence, with_images))
        (matched(&view, &whole.matches))
        (named(&view, &whole.mentions))
        section id="explain" {
            h2 { (view.t(W::ExplainAgainst)) }
            form.filters method="get" action={ "/entries/" (id) "#explain" } {
                label { (view.t(W::Rule)) select name="explain" { @for one in &rules { option value=(one) selected[rule.as_deref() == Some(one)] { (one) } } } }
                button { (view.t(W::Explain)) }
            }
            @match explanation {
                Some(Ok(explanation)) => (explained(&view, rule.as_deref().unwrap_or_default(), &explanation)),
                Some(Err(problem)) => p.bad { (problem.detail) },
                None => {}
            }
        }
        (earlier(&view, &whole.revisions))
    };
    let page = layout::page(&view, &wire.title, &body);
    let mut response = page.into_response();
    if with_images {
        let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: http:; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        );
    }
    Ok(response)
}

fn facts(view: &View, wire: &WireEntry, whole: &Whole) -> Markup {
    html! {
        dl.facts {
            dt { (view.t(W::Published)) } dd { (view.maybe_time(wire.published)) }
            dt { (view.t(W::FirstSeen)) } dd { (view.maybe_time(wire.first_seen)) }
            @if let Some(feed) = &wire.feed { dt { (view.t(W::Feed)) } dd { a href={ "/feeds/" (feed) } { (feed) } } }
            dt { (view.t(W::Language)) } dd { (wire.language.as_deref().unwrap_or("–")) }
            dt { (view.t(W::Story)) } dd { a href={ "/stories/" (whole.entry.story) } { (view.t(W::SameStory)) } }
            @if !wire.authors.is_empty() { dt { (view.t(W::Authors)) } dd { (wire.authors.join(", ")) } }
            @if !wire.categories.is_empty() { dt { (view.t(W::Categories)) } dd { (wire.categories.join(", ")) } }
            dt { (view.t(W::Id)) } dd { code { (wire.id) } }
        }
        p { (outward(wire.url.as_deref(), view.t(W::OpenOriginal))) }
    }
}

fn article(view: &View, wire: &WireEntry, evidence: &[Evidence], with_images: bool) -> Markup {
    let has_images = wire.body_html.contains("<img");
    html! {
        article lang=[wire.language.as_deref()] {
            @if !evidence.is_empty() {
                h2 { (marked(&wire.title, "title", evidence)) }
                div.text { (marked(&wire.body, "body", evidence)) }
            } @else {
                div.text { (foreign_html(&wire.body_html, with_images)) }
            }
            @if let Some(full) = &wire.full_text {
                details { summary { (view.t(W::FullText)) } div.text { (marked(full, "full_text", evidence)) } }
            }
            @if has_images && !with_images {
                p.hint { (view.t(W::ImagesOff)) " " a href="?images=1" { (view.t(W::LoadImages)) } }
            }
            @if has_images && with_images && !evidence.is_empty() {
                div.text { (foreign_html(&wire.body_html, true)) }
            }
        }
    }
}

fn matched(view: &View, matches: &[MatchRow]) -> Markup {
    html! {
        h2 { (view.t(W::MatchedRules)) }
        @if matches.is_empty() { p.empty { (view.t(W::NothingHere)) } }
        @else {
            table.list { tbody { @for found in matches {
                tr {
                    td { a href={ "/rules/" (found.rule) } { (found.rule) } }
                    td { @if let Some(reason) = found.raised { (view.code(reason.as_str())) } @else if let Some(held) = found.held { (view.t(W::Held)) ": " (view.code(held.as_str())) } }
                    td { @if let Some(alert) = found.alert { a href={ "/alerts/" (alert) } { (view.t(W::Alert)) " " (alert) } } }
                    td { (view.time(found.at)) }
                    td { a href={ "?explain=" (found.rule) "#explain" } { (view.t(W::Explain)) } }
                }
            } } }
        }
    }
}

fn named(view: &View, mentions: &[Mention]) -> Markup {
    let mut seen: Vec<(&str, Vec<&str>)> = Vec::new();
    for mention in mentions {
        let (id, text) = (mention.entity.as_str(), mention.evidence.text.as_str());
        match seen.iter_mut().find(|(known, _)| *known == id) {
            Some((_, texts)) if !texts.contains(&text) => texts.push(text),
            Some(_) => {}
            None => seen.push((id, vec![text])),
        }
    }
    html! {
        @if !seen.is_empty() {
            h2 { (view.t(W::Mentions)) }
            ul.inline { @for (id, texts) in seen { li { a href={ "/entities/" (id) } { "@" (id) } " " span.faint { (texts.join(", ")) } } } }
        }
    }
}

/// An explanation as a tree; what holds is told by a sign and by a word.
pub fn explained(view: &View, rule: &str, explanation: &Explanation) -> Markup {
    let verdict = if explanation.holds {
        W::Matches
    } else {
        W::MatchesNot
    };
    html! {
        h3 { (rule) ": " (view.t(verdict)) }
        ul.explain { (clause(view, explanation, 0)) }
    }
}

/// Parts of a clause that are listed.
const MOST_PARTS: usize = 60;

fn clause(view: &View, one: &Explanation, depth: usize) -> Markup {
    let word = if one.holds { W::Holds } else { W::HoldsNot };
    let silent = |part: &&Explanation| !part.holds && part.note.is_none() && part.parts.is_empty();
    let quiet = one.parts.iter().filter(silent).count();
    let shown = |part: &&Explanation| quiet <= 4 || !silent(part);
    html! {
        li class=(if one.holds { "yes" } else { "no" }) {
            span.sign aria-hidden="true" { (if one.holds { "✓" } else { "✗" }) }
            span.sr { (view.t(word)) " " }
            code { (short(&one.clause)) }
            @for found in one.evidence.iter().take(4) { " " mark { (found.text) } " " span.faint { (found.field) } }
            @if let Some(note) = &one.note { " " span.note { (note) } }
            @if !one.parts.is_empty() && depth < 40 {
                ul {
                    @for part in one.parts.iter().filter(shown).take(MOST_PARTS) { (clause(view, part, depth + 1)) }
                    @if quiet > 4 { li.no.faint { "✗ … +" (quiet) } }
                }
            }
        }
    }
}

fn short(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(140) {
        Some((at, _)) => format!("{}…", &flat[..at]),
        None => flat,
    }
}

fn earlier(view: &View, revisions: &[Revision]) -> Markup {
    html! {
        @if !revisions.is_empty() {
            h2 { (view.t(W::Revisions)) }
            table.list { tbody { @for revision in revisions.iter().rev() {
                tr { td.nowrap { (view.time(revision.replaced)) } td { (revision.changed.join(", ")) } td.wide { (revision.content.title) } }
            } } }
        }
    }
}
