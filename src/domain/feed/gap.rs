//! Gaps: a document in which nothing is known, and the way back to what is: which document next, when to stop.
//!
//! Pure. The way leads through archives (RFC 5005, 4) or pages (RFC 5005, 3; JSON Feed `next_url`). Requests
//! are made by `daemon::poll::fill`, rows kept by `store::gaps`. Nothing is guessed: only links are followed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::outcome::{FetchRequest, OutcomeKind};
use super::{Feed, FeedState};
use crate::domain::document::Document;

/// Documents asked for to fill one gap.
pub const MOST_DOCUMENTS: u32 = 10;

/// Times that a passing failure is tried again, each time with a poll of the feed.
const MOST_FAILURES: u32 = 3;

/// Longest address followed.
const LONGEST_URL: usize = 4 << 10;

/// Why documents before the feed's own are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing in the feed's document was known.
    Gap,
    /// The first document of a feed for which `history` is set.
    History,
}

/// How a document is reached from the one after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// `prev-archive`: it never changes, so it is read once and remembered.
    Archive,
    /// `next`, or `next_url`: a page of what the feed holds now.
    Page,
}

/// A document to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where, without credentials.
    pub url: String,
    /// How it was named.
    pub way: Way,
}

/// The links of a document that lead back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The archive before it.
    pub prev_archive: Option<String>,
    /// Its next page.
    pub next: Option<String>,
}

impl Links {
    /// Those of `document`.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        Self {
            prev_archive: document.prev_archive.clone(),
            next: document.next.clone(),
        }
    }
}

/// Why no further document is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It shows, or is, something known: nothing lies between.
    Joined,
    /// It names none.
    End,
    /// It names one that was read already.
    Circle,
    /// So many were read as are allowed.
    Most(u32),
    /// It names one that may not be asked for, or could not be read.
    Failed(String),
}

impl Stop {
    /// In words, as the end of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Joined => "known entries were reached".to_owned(),
            Self::End => "no earlier document is named".to_owned(),
            Self::Circle => "the documents name each other in a circle".to_owned(),
            Self::Most(most) => format!("{most} documents were read, which is the most"),
            Self::Failed(why) => why.clone(),
        }
    }
}

/// Whether a document with `entries` entries, of which `new` are new, leaves a gap behind `old`.
///
/// Only a whole 200 can tell: a delta (226) and a push hold news only, a truncated document may have lost the
/// known end. `whole` is false for those, and for a document that says it holds everything there is
/// (RFC 5005, 2). The first document of a feed or of a URL leaves none.
#[must_use]
pub fn is_gap(old: &FeedState, feed: &Feed, whole: bool, (entries, new): (usize, usize)) -> bool {
    let watched = old.url == feed.url && old.body_hash.is_some() && old.last_success.is_some();
    whole && watched && old.entries > 0 && entries > 0 && new == entries
}

/// The document to ask for after one with `links`, which was reached by `way` and stands last in `visited`.
///
/// # Errors
/// Why none is asked for.
pub fn next(
    links: &Links,
    way: Option<Way>,
    visited: &[String],
    (read, most): (u32, u32),
) -> Result<Step, Stop> {
    let archive = links.prev_archive.as_ref().map(|url| (url, Way::Archive));
    let page = links.next.as_ref().map(|url| (url, Way::Page));
    // Archives are made for this; a page that was begun is gone on with.
    let named = match way {
        Some(Way::Page) => page.or(archive),
        _ => archive.or(page),
    };
    let Some((url, way)) = named else {
        return Err(Stop::End);
    };
    let url = bare(url).ok_or_else(|| Stop::Failed("the link back is no usable URL".to_owned()))?;
    if visited.contains(&url) {
        return Err(Stop::Circle);
    }
    if read >= most {
        return Err(Stop::Most(most));
    }
    let secure = visited
        .last()
        .is_some_and(|last| last.starts_with("https:"));
    if secure && url.starts_with("http:") {
        return Err(Stop::Failed(
            "the link back leads from https to plain http".to_owned(),
        ));
    }
    Ok(Step { url, way })
}

/// A URL as it may be kept and shown: http or https, without credentials and fragment.
#[must_use]
pub fn bare(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.as_str().len() > LONGEST_URL {
        return None;
    }
    url.set_fragment(None);
    // Both fail only for URLs without a host, which these are not.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url.into())
}

/// What to ask for an earlier document of `feed`: its credentials and headers go to its own origin only.
#[must_use]
pub fn request(feed: &Feed, url: &str) -> FetchRequest {
    let plain = FetchRequest {
        url: url.to_owned(),
        ..FetchRequest::default()
    };
    let (Ok(own), Ok(mut target)) = (Url::parse(&feed.url), Url::parse(url)) else {
        return plain;
    };
    if own.origin() != target.origin() {
        let transport = feed.transport.as_ref().and_then(|own| own.abroad());
        return FetchRequest { transport, ..plain };
    }
    if !own.username().is_empty() || own.password().is_some() {
        let _ = target.set_username(own.username());
        let _ = target.set_password(own.password());
    }
    FetchRequest {
        url: target.into(),
        headers: feed
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        transport: feed.transport.clone(),
        ..plain
    }
}

/// Whether a document that could not be had is asked for again with the next poll; `failures` includes this one.
#[must_use]
pub fn tries_again(kind: OutcomeKind, status: Option<u16>, failures: u32) -> bool {
    let passing = match kind {
        OutcomeKind::NetError
        | OutcomeKind::TlsError
        | OutcomeKind::RateLimited
        | OutcomeKind::Offline => true,
        OutcomeKind::HttpError => status.is_some_and(|status| status >= 500),
        _ => false,
    };
    passing && failures < MOST_FAILURES
}

/// How many entries may have been published between two times, at the most that a rhythm makes likely.
///
/// `rate` is the learned one, in entries a day; the document itself may show a quicker one. Two standard
/// deviations above the expected number (Poisson), and never none.
#[must_use]
pub fn may_have_missed(
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    rate: Option<f64>,
    published: &[Timestamp],
) -> Option<u64> {
    let days = to?.duration_since(from?).as_secs_f64().max(0.0) / 86_400.0;
    let expected = days * shown_rate(published).max(rate.unwrap_or(0.0));
    let most = (expected + 2.0 * expected.sqrt()).ceil().clamp(1.0, 1e9);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 1e9"
    )]
    Some(most as u64)
}

/// Entries a day in a document's own window.
fn shown_rate(published: &[Timestamp]) -> f64 {
    let (Some(first), Some(last)) = (published.iter().min(), published.iter().max()) else {
        return 0.0;
    };
    let days = last.duration_since(*first).as_secs_f64() / 86_400.0;
    let between = published.len().saturating_sub(1);
    if days <= 0.0 {
        return 0.0;
    }
    f64::from(u32::try_from(between).unwrap_or(u32::MAX)) / days
}

/// What is told where a gap could not be closed.
#[must_use]
pub fn report(missed: Option<u64>, (from, to): (Option<Timestamp>, Option<Timestamp>)) -> String {
    let number = match missed {
        Some(1) => "up to 1 entry".to_owned(),
        Some(number) => format!("up to {number} entries"),
        None => "entries".to_owned(),
    };
    match (from, to) {
        (Some(from), Some(to)) => format!(
            "{number} may have been missed between {} and {}",
            second(from),
            second(to)
        ),
        _ => format!("{number} may have been missed before this document"),
    }
}

/// A time without parts of a second.
fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests;
