//! What a status means: a document, a delta of one, a refusal of the publisher, and a challenge in a refusal.
//!
//! Classifies; when to ask again is the schedule's.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};

use super::failure::Failure;
use crate::domain::feed::outcome::{Body, HttpFacts, OutcomeKind};

/// RFC 3229 10.4.1.
const IM_USED: u16 = 226;

/// What pages say that only a browser can pass, small letters.
const CHALLENGES: [&[u8]; 12] = [
    b"challenge-platform",
    b"_cf_chl_opt",
    b"cf-browser-verification",
    b"just a moment...",
    b"checking your browser",
    b"ddos-guard",
    b"_incapsula_resource",
    b"px-captcha",
    b"g-recaptcha",
    b"h-captcha",
    b"captcha-delivery",
    b"awswafcookie",
];

pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// `HTTP 404 Not Found`.
pub(super) fn named(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("HTTP {} {reason}", status.as_u16()),
        None => format!("HTTP {}", status.as_u16()),
    }
}

/// A bad status as a failure; none for one that brings a document, or a delta that is noted in `facts`.
pub(super) fn refusal(response: &Response, facts: &mut HttpFacts) -> Option<Failure> {
    let status = response.status();
    facts.delta = status.as_u16() == IM_USED && is_feed_delta(response.headers());
    let challenged = response
        .headers()
        .get("cf-mitigated")
        .is_some_and(|value| value.as_bytes() == b"challenge");
    let (kind, message) = match status.as_u16() {
        _ if challenged => (OutcomeKind::HttpError, challenge(status)),
        204 | 205 => (
            OutcomeKind::NotAFeed,
            format!("{}: an empty answer", named(status)),
        ),
        206 => (
            OutcomeKind::HttpError,
            format!("{}: a part, though all was asked for", named(status)),
        ),
        IM_USED if !facts.delta => (
            OutcomeKind::HttpError,
            format!(
                "{}: changed in a way that was not asked for; deltas are not asked for again",
                named(status)
            ),
        ),
        200..=299 => return None,
        407 => (
            OutcomeKind::HttpError,
            format!(
                "{}: the proxy wants a user name and a password",
                named(status)
            ),
        ),
        410 => (
            OutcomeKind::Gone,
            format!("{}: the publisher says it is gone for good", named(status)),
        ),
        429 => (OutcomeKind::RateLimited, named(status)),
        503 if facts.retry_after.is_some() => (OutcomeKind::RateLimited, named(status)),
        _ => (OutcomeKind::HttpError, named(status)),
    };
    let message = match facts.retry_after {
        Some(wait) => format!("{message}; asks to wait {} s", wait.as_secs()),
        None => message,
    };
    Some(Failure::new(kind, message))
}

/// Whether the page of this refusal may be a challenge, so that it is worth reading.
pub(super) fn may_be_challenge(response: &Response) -> bool {
    let page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .to_ascii_lowercase()
            .starts_with(b"text/html")
    });
    page && matches!(response.status().as_u16(), 403 | 503)
}

/// The failure for the page `bytes` of a refusal: a challenge, or what it was taken for.
pub(super) fn of_page(bytes: &[u8], status: StatusCode, refusal: Failure) -> Failure {
    let page = bytes.to_ascii_lowercase();
    let has = |mark: &&[u8]| page.windows(mark.len()).any(|found| found == *mark);
    if CHALLENGES.iter().any(has) {
        Failure::new(OutcomeKind::HttpError, challenge(status))
    } else {
        refusal
    }
}

fn challenge(status: StatusCode) -> String {
    format!(
        "{}: a challenge that only a browser can solve stands before the feed",
        named(status)
    )
}

/// The body as a document: not an empty one.
pub(super) fn document(body: Body, status: StatusCode) -> Result<Body, Failure> {
    if body.bytes.is_empty() {
        return Err(Failure::new(
            OutcomeKind::NotAFeed,
            format!("{}: an empty answer", named(status)),
        ));
    }
    Ok(body)
}

/// Whether `IM` names `feed` as the only change that was made to the document.
fn is_feed_delta(headers: &HeaderMap) -> bool {
    let words: Vec<String> = headers
        .get_all("im")
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|word| String::from_utf8_lossy(word.trim_ascii()).to_ascii_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    words == ["feed"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_is_what_says_so() {
        for (values, delta) in [
            (&["feed"][..], true),
            (&["Feed "], true),
            (&[], false),
            (&["vcdiff"], false),
            (&["feed, gzip"], false),
            (&["feed", "range"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("im", value.parse().unwrap());
            }
            assert_eq!(is_feed_delta(&headers), delta, "{values:?}");
        }
    }

    #[test]
    fn challenges_are_known_by_their_pages() {
        let status = StatusCode::FORBIDDEN;
        let told = |page: &str| {
            let refusal = Failure::new(OutcomeKind::HttpError, named(status));
            of_page(page.as_bytes(), status, refusal).message
        };
        assert!(told("<title>Just a moment...</title>").contains("challenge"));
        assert!(told("<script src=/cdn-cgi/Challenge-Platform/x>").contains("challenge"));
        assert_eq!(told("<h1>Forbidden</h1>"), "HTTP 403 Forbidden");
    }
}
