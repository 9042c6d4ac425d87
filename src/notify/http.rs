//! One POST to a receiver over HTTP: limits, the table from status to outcome, the receiver's wish to wait.
//!
//! Shared by the kinds that speak HTTP; what is posted and what a body means is theirs. Follows no redirect.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, NoProxy, Proxy, Response, redirect};
use url::Url;

use super::advice::with_repair;
use super::mask::{Mask, chain};
use super::{BuildError, Context};
use crate::domain::alert::delivery::{Attempt, LONGEST_WAIT};
use crate::secret::{Secret, redacted_url};

/// The whole attempt; connecting has its own limit.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of an answer.
const READ: usize = 64 * 1024;

/// Posts to one URL.
#[derive(Debug)]
pub(super) struct Poster {
    client: Client,
    url: Url,
    headers: HeaderMap,
    mask: Mask,
}

/// What came back.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Poster {
    /// Checks URL and headers and makes a client for them.
    pub(super) fn new(
        url: &Secret,
        headers: &BTreeMap<String, Secret>,
        context: &Context,
    ) -> Result<Self, BuildError> {
        let url = parse_url(url)?;
        let mut mask = Mask::default();
        mask.hide_url(&url);
        for value in headers.values() {
            mask.hide_header(value.expose());
        }
        Ok(Self {
            client: client(&url, context)?,
            headers: parse_headers(headers)?,
            url,
            mask,
        })
    }

    /// Hides one more secret in answers.
    pub(super) fn hide(&mut self, secret: &Secret) {
        self.mask.hide(secret.expose());
    }

    /// Posts `body` at `now` with `headers` beside the configured ones, which they replace.
    pub(super) async fn post(&self, headers: HeaderMap, body: String, now: Timestamp) -> Attempt {
        let start = std::time::Instant::now();
        let mut all = HeaderMap::new();
        all.insert("content-type", HeaderValue::from_static("application/json"));
        for (name, value) in self.headers.iter().chain(&headers) {
            all.insert(name, value.clone());
        }
        let request = self.client.post(self.url.clone()).headers(all).body(body);
        match request.send().await {
            Ok(response) => {
                let answer = read(response).await;
                let now = SignedDuration::try_from(start.elapsed())
                    .ok()
                    .and_then(|spent| now.checked_add(spent).ok())
                    .unwrap_or(now);
                classify(&answer, now)
                    .with_status(answer.status)
                    .with_answer(self.mask.keep(&answer.body))
            }
            Err(error) => Attempt::later(self.mask.apply(&failure(error))),
        }
    }
}

pub(super) fn parse_url(url: &Secret) -> Result<Url, BuildError> {
    let wrong = |message: &str| BuildError::new("url", message);
    let url = Url::parse(url.expose())
        .map_err(|error| wrong(&format!("not a URL ({error}): write it as \"https://…\"")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("only http:// and https:// can be posted to"));
    }
    Ok(url)
}

fn parse_headers(headers: &BTreeMap<String, Secret>) -> Result<HeaderMap, BuildError> {
    let wrong = |name: &str, what: &str| {
        BuildError::new("headers", format!("`{}` {what}", name.escape_debug()))
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| wrong(name, "is no header name"))?;
        if matches!(
            key.as_str(),
            "host" | "content-length" | "transfer-encoding" | "connection"
        ) {
            return Err(wrong(name, "is set by the connection: leave it out"));
        }
        let mut value = HeaderValue::from_str(value.expose())
            .map_err(|_| wrong(name, "has a value with characters that no header may hold"))?;
        value.set_sensitive(true);
        map.insert(key, value);
    }
    Ok(map)
}

/// A client of its own: own limits, no cookies, no redirects, no connection kept that a server may have
/// closed in between (a POST lost on one would have to wait for its next try).
pub(super) fn client(url: &Url, context: &Context) -> Result<Client, BuildError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(&context.user_agent)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .pool_max_idle_per_host(0)
        .no_proxy();
    if let Some(proxy) = &context.proxy {
        let proxy = Proxy::all(proxy.expose()).map_err(|_| {
            BuildError::new("proxy", "not a proxy URL: write it as \"http://host:port\"")
        })?;
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&context.no_proxy)));
    } else if url.scheme() == "http" {
        // Nothing to verify: works on machines without any certificates too.
        builder = builder.tls_certs_only([]);
    }
    builder
        .build()
        .map_err(|error| BuildError::new("url", format!("no HTTP client: {}", chain(&error))))
}

/// Reads at most 64 KiB; what breaks off after the status has still been answered.
async fn read(mut response: Response) -> Answer {
    let mut body = Vec::new();
    while body.len() < READ
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk[..chunk.len().min(READ - body.len())]);
    }
    Answer {
        status: response.status().as_u16(),
        headers: std::mem::take(response.headers_mut()),
        body,
    }
}

/// Why no answer came, without the URL.
pub(super) fn failure(error: reqwest::Error) -> String {
    let error = error.without_url();
    let stage = if error.is_connect() && error.is_timeout() {
        return format!("no connection within {} s", CONNECT_TIMEOUT.as_secs());
    } else if error.is_timeout() {
        return format!("no answer within {} s", TIMEOUT.as_secs());
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "connection ended without an answer; it may have arrived"
    };
    format!("{stage}: {}", with_repair(&chain(&error)))
}

/// From answer to outcome (DLV-11).
fn classify(answer: &Answer, now: Timestamp) -> Attempt {
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
fn wait_hint(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    header("retry-after")
        .and_then(|value| seconds(value).or_else(|| until(value, now)))
        .or_else(|| header("x-ratelimit-reset-after").and_then(seconds))
        .or_else(|| {
            let json: serde_json::Value = serde_json::from_slice(body).ok()?;
            let hint = json
                .get("retry_after")
                .or_else(|| json.get("parameters")?.get("retry_after"))?;
            seconds(&hint.to_string())
        })
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
    fn every_status_has_an_outcome() {
        for status in 100..1_000 {
            let answer = Answer {
                status,
                headers: HeaderMap::new(),
                body: Vec::new(),
            };
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

    #[test]
    fn wrong_urls_and_headers_name_their_key_and_no_secret() {
        for wrong in [
            "",
            "hooks.example.org",
            "ftp://h/x",
            "file:///etc/passwd",
            "http://",
        ] {
            assert_eq!(parse_url(&Secret::new(wrong)).unwrap_err().key, "url");
        }
        for (name, value) in [
            ("a b", "x"),
            ("", "x"),
            ("x", "sesame\n"),
            ("Host", "sesame"),
        ] {
            let headers = BTreeMap::from([(name.to_owned(), Secret::new(value))]);
            let error = parse_headers(&headers).unwrap_err();
            assert_eq!(error.key, "headers");
            assert!(!error.to_string().contains("sesame"));
        }
    }
}
