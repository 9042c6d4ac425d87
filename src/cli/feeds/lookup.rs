//! `feeds probe` and `feeds discover`: one look at a URL, nothing stored.

use serde_json::json;

use crate::cli::context::{Context, Loaded};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Output, neutral};
use crate::domain::document::{self, Candidate, ParseError};
use crate::domain::entry::wire::WireEntry;
use crate::domain::entry::{Entry, identity};
use crate::domain::feed::FeedState;
use crate::domain::feed::outcome::{Body, FetchOutcome, FetchRequest, FetchResult, OutcomeKind};
use crate::fetch::{Fetcher, user_agent};

/// Fetches `url` once with the desk's own limits and guard.
fn fetch(loaded: &Loaded, url: &str, context: &Context) -> Result<FetchOutcome, Failure> {
    // What cannot be asked for is told as `add` tells it.
    super::check_address(url)?;
    let settings = &loaded.config.fetch;
    let fetcher = Fetcher::new(
        settings,
        &user_agent(&settings.contact),
        context.clock.clone(),
    )
    .map_err(|error| Failure::new(error.to_string()))?;
    let configured = loaded.config.feeds.iter().find(|feed| feed.url == url);
    let request = match configured {
        Some(feed) => feed.request(&FeedState::default()),
        None => FetchRequest {
            url: url.to_owned(),
            ..FetchRequest::default()
        },
    };
    Context::block_on(async { fetcher.fetch(&request).await })
}

/// Reads a body as a feed document.
fn read(
    url: &str,
    outcome: &FetchOutcome,
    body: &Body,
    context: &Context,
) -> Result<document::Document, ParseError> {
    let hints = outcome.facts.hints(url, body, context.clock.now());
    document::parse(&body.bytes, &hints)
}

/// What one look at a URL showed.
pub enum Look {
    /// A feed.
    Feed,
    /// A document, but no feed that can be read.
    Refused(ParseError),
    /// No document.
    Failed(OutcomeKind, String),
}

/// Looks at `url` once.
pub fn look(loaded: &Loaded, url: &str, context: &Context) -> Result<Look, Failure> {
    let outcome = fetch(loaded, url, context)?;
    Ok(match &outcome.result {
        FetchResult::Fetched(body) => match read(url, &outcome, body, context) {
            Ok(_) => Look::Feed,
            Err(error) => Look::Refused(error),
        },
        FetchResult::Failed { kind, message, .. } => Look::Failed(*kind, message.clone()),
        FetchResult::NotModified => Look::Failed(
            OutcomeKind::HttpError,
            "304 to an unconditional request".to_owned(),
        ),
    })
}

/// Shows HTTP facts, entries, and which rules each would match.
pub fn probe(
    loaded: &Loaded,
    url: &str,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let outcome = fetch(loaded, url, context)?;
    let body = match &outcome.result {
        FetchResult::Fetched(body) => body,
        FetchResult::Failed { message, .. } => return refused(&outcome, message, &[], out),
        FetchResult::NotModified => {
            return refused(&outcome, "304 to an unconditional request", &[], out);
        }
    };
    let document = match read(url, &outcome, body, context) {
        Ok(document) => document,
        Err(error) => return refused(&outcome, &error.to_string(), error.candidates(), out),
    };
    let title = document.title.clone();
    let entries = identity::identify(url, document.entries);
    let rows: Vec<(Entry, Vec<String>)> = entries
        .into_iter()
        .map(|entry| {
            let matches = loaded
                .config
                .rules
                .evaluate(&entry.subject(&[], title.as_deref()));
            let rules = matches.iter().map(|found| found.rule.to_string());
            let rules = rules.collect();
            (entry, rules)
        })
        .collect();
    if !out.is_human() {
        let entries: Vec<_> = rows
            .iter()
            .map(|(entry, rules)| json!({ "entry": WireEntry::new(entry, Some(url)), "rules": rules }))
            .collect();
        out.json(&json!({
            "ok": true, "http": outcome.facts, "format": document.format, "title": title,
            "notes": document.notes, "entries": entries,
        }))?;
        return Ok(Exit::Done);
    }
    http(&outcome, out)?;
    out.line(&format!(
        "{} \"{}\", {} entries",
        document.format,
        neutral(title.as_deref().unwrap_or("")),
        rows.len()
    ))?;
    for note in &document.notes {
        out.line(&format!("  repaired: {}", neutral(note)))?;
    }
    rows.iter()
        .try_for_each(|(entry, rules)| line(entry, rules, out))?;
    Ok(Exit::Done)
}

/// An entry on one line, with the rules it matches.
fn line(entry: &Entry, rules: &[String], out: &mut Output) -> Result<(), Failure> {
    let when = entry.content.published;
    let when = when.map_or_else(|| "undated".to_owned(), |at| at.to_string());
    let rules = if rules.is_empty() {
        String::new()
    } else {
        format!("  [{}]", rules.join(", "))
    };
    out.line(&format!("{when}  {}{rules}", neutral(&entry.content.title)))
}

/// HTTP facts for people.
fn http(outcome: &FetchOutcome, out: &mut Output) -> Result<(), Failure> {
    let facts = &outcome.facts;
    for (status, target) in &facts.redirects {
        out.line(&format!("{status} to {}", neutral(target)))?;
    }
    let Some(status) = facts.status else {
        return Ok(());
    };
    out.line(&format!(
        "{status} in {} ms, {} bytes on the wire, {} decoded{}{}",
        facts.duration.as_millis(),
        facts.wire_bytes,
        facts.body_bytes,
        if facts.etag.is_some() { ", ETag" } else { "" },
        if facts.last_modified.is_some() {
            ", Last-Modified"
        } else {
            ""
        },
    ))
}

/// Says why there is nothing to show.
fn refused(
    outcome: &FetchOutcome,
    why: &str,
    feeds: &[Candidate],
    out: &mut Output,
) -> Result<Exit, Failure> {
    if !out.is_human() {
        out.json(&json!({ "ok": false, "http": outcome.facts, "error": why, "feeds": feeds }))?;
        return Ok(Exit::Failed);
    }
    http(outcome, out)?;
    out.line(&neutral(why))?;
    for feed in feeds {
        out.line(&format!(
            "  it names {} {}",
            neutral(&feed.url),
            neutral(feed.title.as_deref().unwrap_or(""))
        ))?;
    }
    Ok(Exit::Failed)
}

/// Finds the feeds of a page; a feed is its own answer.
pub fn discover(
    loaded: &Loaded,
    url: &str,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let outcome = fetch(loaded, url, context)?;
    let body = match &outcome.result {
        FetchResult::Fetched(body) => body,
        FetchResult::Failed { message, .. } => {
            return Err(Failure::new(format!("{url}: {message}")));
        }
        FetchResult::NotModified => {
            return Err(Failure::new(format!(
                "{url}: 304 to an unconditional request"
            )));
        }
    };
    let found: Vec<Candidate> = match read(url, &outcome, body, context) {
        Ok(document) => vec![Candidate {
            url: outcome
                .facts
                .final_url
                .clone()
                .unwrap_or_else(|| url.to_owned()),
            title: document.title,
            media_type: body.content_type.clone(),
        }],
        Err(ParseError::NotAFeed { feeds, .. }) if !feeds.is_empty() => feeds,
        Err(error) => return Err(Failure::new(neutral(&format!("{url}: {error}")))),
    };
    if !out.is_human() {
        return out.rows("feeds", &found).map(|()| Exit::Done);
    }
    for feed in &found {
        out.line(&format!(
            "{}  {}",
            neutral(&feed.url),
            neutral(feed.title.as_deref().unwrap_or(""))
        ))?;
    }
    Ok(Exit::Done)
}
