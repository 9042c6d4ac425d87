//! `feeds add`: one look at the URL first, so that a page is not taken for a feed.
//!
//! A page that names one feed is followed, by one request; several are listed and nothing is added. What
//! cannot be reached now is added as given. Config files are never changed.

use serde_json::json;

use super::lookup::{self, Look};
use super::{add, new_feed};
use crate::cli::context::{Context, Loaded};
use crate::cli::exit::Failure;
use crate::cli::output::{Output, neutral};
use crate::domain::document::{Candidate, ParseError, only_feed};
use crate::domain::feed::outcome::OutcomeKind;

/// What is to be added.
pub struct Wanted<'a> {
    /// A feed, or a page that names one.
    pub url: &'a str,
    /// `--id`.
    pub id: Option<&'a str>,
    /// `--title`.
    pub title: Option<&'a str>,
    /// `--tag`.
    pub tags: &'a [String],
    /// `--unchecked`.
    pub unchecked: bool,
}

/// Adds a feed, or says why not.
pub fn run(
    loaded: &Loaded,
    wanted: &Wanted<'_>,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let store = context.store_of(loaded)?;
    let make = |url: &str| new_feed(url, wanted.id, wanted.title, wanted.tags);
    // A URL or an id that cannot be used is told before anyone is asked.
    let mut feed = make(wanted.url)?;
    let known = |url: &str| loaded.config.feeds.iter().any(|feed| feed.url == url);
    let mut followed = None;
    if !wanted.unchecked
        && !known(wanted.url)
        && let Some(url) = follow(loaded, wanted.url, context)?
    {
        feed = make(&url)?;
        followed = Some(url);
    }
    let id = feed.id.clone();
    if !add(loaded, &store, feed, context.clock.now())? {
        return Err(Failure::new(format!("feed `{id}` is there already")));
    }
    if !out.is_human_unless_asked() {
        let url = followed.as_deref().unwrap_or(wanted.url);
        let page = followed.as_ref().map(|_| wanted.url);
        return out.json(&json!({ "added": id, "url": url, "page": page }));
    }
    if let Some(url) = &followed {
        out.line(&format!("The page names one feed: {}", neutral(url)))?;
    }
    out.line(&format!(
        "Added {id}. It is polled at the next round (a running daemon: within seconds)."
    ))
}

/// The feed behind `url` where that is a page which names one; none where `url` is to be added itself.
fn follow(loaded: &Loaded, url: &str, context: &Context) -> Result<Option<String>, Failure> {
    let feeds = match lookup::look(loaded, url, context)? {
        Look::Feed => return Ok(None),
        Look::Refused(error @ ParseError::NotAFeed { .. }) if error.candidates().is_empty() => {
            return Err(not_added(url, &error.to_string()));
        }
        Look::Refused(ParseError::NotAFeed { feeds, .. }) => feeds,
        Look::Refused(error) => {
            Output::note(&format!("{url} cannot be read now: {error}"));
            return Ok(None);
        }
        Look::Failed(OutcomeKind::NotAFeed | OutcomeKind::Refused | OutcomeKind::Gone, message) => {
            return Err(not_added(url, &message));
        }
        Look::Failed(_, message) => {
            Output::note(&format!("{url} cannot be had now: {message}"));
            return Ok(None);
        }
    };
    let Some(only) = only_feed(&feeds) else {
        return Err(several(url, &feeds));
    };
    match lookup::look(loaded, &only.url, context)? {
        Look::Feed => Ok(Some(only.url.clone())),
        Look::Refused(error) => Err(not_added(&only.url, &error.to_string())),
        Look::Failed(_, message) => Err(not_added(&only.url, &message)),
    }
}

fn not_added(url: &str, why: &str) -> Failure {
    Failure::new(neutral(&format!("{url} is not added: {why}")))
}

/// Lists what a page names, to choose from.
fn several(url: &str, feeds: &[Candidate]) -> Failure {
    let mut text = format!(
        "{} is a page that names several feeds; add one of them:",
        neutral(url)
    );
    for feed in feeds {
        let title = neutral(feed.title.as_deref().unwrap_or(""));
        text.extend(["\n  ", &neutral(&feed.url), "  ", &title]);
    }
    Failure::new(text)
}
