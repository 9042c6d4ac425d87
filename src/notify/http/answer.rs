//! What an HTTP answer means where the kind knows no better: the table from status to outcome, the wish to wait.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

use crate::domain::alert::delivery::{Attempt, LONGEST_WAIT};
use crate::secret::redacted_url;

/// What a page in place of an answer means.
pub(in crate::notify) const PAGE: &str = "answered with a web page, so it is not the service that answered: is there a log-in page between us and it, and \
     is the address right?";

/// What came back.
#[derive(Debug)]
pub(in crate::notify) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// At most 64 KiB of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// What a test says that came back.
    #[cfg(test)]
    pub(in crate::notify) fn told(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// The body as JSON; null where it is none.
    pub(in crate::notify) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it is a web page.
    pub(in crate::notify) fn is_page(&self) -> bool {
        let body = self
            .body
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&self.body);
        let body = body.trim_ascii_start();
        let begins = |tag: &[u8]| {
            body.get(..tag.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(tag))
        };
        let kind = self.headers.get("content-type");
        let says_so = kind.is_some_and(|kind| {
            kind.as_bytes()
                .to_ascii_lowercase()
                .starts_with(b"text/html")
        });
        begins(b"<!doctype html") || begins(b"<html") || (says_so && begins(b"<"))
    }

    /// 2xx.
    pub(in crate::notify) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }
}

/// From answer to outcome (DLV-11).
pub(in crate::notify) fn classify(answer: &Answer, now: Timestamp) -> Attempt {
    let status = answer.status;
    let said = format!("answered {status}");
    match status {
        200..=299 => Attempt::delivered(),
        300..=399 => {
            let to = answer
                .headers
                .get("location")
                .and_then(|to| to.to_str().ok());
            let to = to.map_or_else(String::new, |to| format!(" to {}", redacted_url(to)));
            Attempt::permanent(format!(
                "{said}, a redirect{to}, which is not followed: correct the URL"
            ))
        }
        401 | 402 | 403 | 407 => Attempt::refused(format!(
            "{said}: check the URL, token and headers of this receiver"
        )),
        404 | 410 => Attempt::gone(format!("{said}: the receiver is gone; correct the URL")),
        408 | 425 | 429 | 500.. => {
            Attempt::later(said).waiting(wait_hint(&answer.headers, &answer.body, now))
        }
        413 => Attempt::permanent(format!("{said}: too large; set a smaller `max_body`")),
        _ => Attempt::permanent(format!("{said}: it does not accept this message")),
    }
}

/// How long the receiver asks to be left alone: the first hint that can be read, at most 24 h (DLV-12).
pub(in crate::notify) fn wait_hint(
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    header("retry-after")
        .and_then(|value| seconds(value).or_else(|| until(value, now)))
        .or_else(|| header("x-ratelimit-reset-after").and_then(seconds))
        .or_else(|| header("ratelimit-reset").and_then(seconds))
        .or_else(|| {
            header("x-ratelimit-reset")
                .and_then(seconds)
                .filter(|wait| *wait < LONGEST_WAIT)
        })
        .or_else(|| in_body(body))
}

/// Discord and Slack say seconds, Telegram too, one level deeper; Matrix says milliseconds.
fn in_body(body: &[u8]) -> Option<Duration> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    if let Some(ms) = json
        .get("retry_after_ms")
        .and_then(serde_json::Value::as_u64)
    {
        return Some(Duration::from_millis(ms).min(LONGEST_WAIT));
    }
    let hint = json
        .get("retry_after")
        .or_else(|| json.get("parameters")?.get("retry_after"))?;
    seconds(&hint.to_string())
}

/// `120`, `1.5` (2 s); nothing for what is not a time to come.
fn seconds(value: &str) -> Option<Duration> {
    let value = value.trim();
    if !value.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let seconds: f64 = value.parse().ok()?;
    let seconds = seconds.ceil().min(LONGEST_WAIT.as_secs_f64());
    Duration::try_from_secs_f64(seconds).ok()
}

/// An HTTP date, in today's form or the two old ones, as the time until then.
fn until(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let old = |format: &str| {
        let time = jiff::fmt::strtime::parse(format, value).ok()?;
        let utc = time
            .to_datetime()
            .ok()?
            .to_zoned_datetime(jiff::tz::TimeZone::UTC);
        Some(utc.ok()?.timestamp())
    };
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(value)
        .ok()
        .or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| old("%a %b %e %H:%M:%S %Y"))?;
    let wait = Duration::try_from(at.duration_since(now)).ok()?;
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    fn hint(value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_str(value).unwrap());
        wait_hint(&headers, b"", now()).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_in_all_its_forms() {
        for (value, wait) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("1.5", Some(2)),
            ("0", Some(0)),
            ("Tue, 24 Nov 2026 10:05:00 GMT", Some(300)),
            ("Mon, 24 Nov 2026 10:05:00 GMT", Some(300)),
            ("Tuesday, 24-Nov-26 10:05:00 GMT", Some(300)),
            ("Tue Nov 24 10:05:00 2026", Some(300)),
            ("Tue, 24 Nov 2026 09:00:00 GMT", None),
            ("Tue, 24 Nov 2099 09:00:00 GMT", Some(86_400)),
            ("1000000000000", Some(86_400)),
            ("1e400", Some(86_400)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(hint(value), wait, "{value}");
        }
    }

    #[test]
    fn other_hints_count_when_the_header_does_not() {
        let none = HeaderMap::new();
        let body = |text: &str| wait_hint(&none, text.as_bytes(), now()).map(|wait| wait.as_secs());
        assert_eq!(body(r#"{"retry_after":0.25}"#), Some(1));
        assert_eq!(body(r#"{"parameters":{"retry_after":30}}"#), Some(30));
        assert_eq!(body(r#"{"retry_after":"soon"}"#), None);
        let ms = wait_hint(&none, br#"{"retry_after_ms":1500}"#, now());
        assert_eq!(ms, Some(Duration::from_millis(1_500)));
        assert_eq!(body("[1,2"), None);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_static("garbage"));
        headers.insert("x-ratelimit-reset-after", HeaderValue::from_static("4"));
        assert_eq!(
            wait_hint(&headers, b"", now()),
            Some(Duration::from_secs(4))
        );
    }

    #[test]
    fn a_page_is_known_by_how_it_begins_or_by_its_type() {
        for (kind, body, page) in [
            ("", "<!DOCTYPE html><title>Log in</title>", true),
            ("", "\u{feff}\r\n <HTML>", true),
            (
                "text/html; charset=utf-8",
                "<meta http-equiv=refresh>",
                true,
            ),
            ("Text/HTML", "ok", false),
            ("text/html", "", false),
            ("application/json", "{}", false),
            ("text/xml", "<answer/>", false),
            ("", "", false),
        ] {
            let mut answer = Answer::told(200, body);
            if !kind.is_empty() {
                let kind = HeaderValue::from_static(kind);
                answer.headers.insert("content-type", kind);
            }
            assert_eq!(answer.is_page(), page, "{kind} {body}");
        }
    }

    #[test]
    fn every_status_has_an_outcome() {
        for status in 100..1_000 {
            let answer = Answer::told(status, "");
            let class = classify(&answer, now()).outcome.as_str();
            let expected = match status {
                200..=299 => "delivered",
                401 | 402 | 403 | 407 => "refused",
                404 | 410 => "gone",
                408 | 425 | 429 | 500.. => "later",
                _ => "permanent",
            };
            assert_eq!(class, expected, "{status}");
        }
    }
}
