//! One request to a receiver over HTTP, and what came back: limits, masking, the request as people may see it.
//!
//! What is asked and what an answer means is each kind's; the table from status to outcome is in `answer`.
//! Follows no redirect.

pub(super) mod answer;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, NoProxy, Proxy, Response, redirect};
use url::Url;

use super::advice::with_repair;
use super::mask::{Mask, chain};
use super::{BuildError, Context};
use crate::domain::alert::delivery::Attempt;
use crate::secret::{REDACTED, Secret};
use answer::Answer;

/// The whole attempt; connecting has its own limit.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of an answer.
const READ: usize = 64 * 1024;

/// What is asked of a server.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// `POST`, `PUT` or `GET`.
    pub method: Method,
    /// Where; may hold a token.
    pub url: Url,
    /// Those that are secret are marked so.
    pub headers: HeaderMap,
    /// Whole.
    pub body: String,
}

impl Request {
    /// A POST of JSON.
    pub(super) fn json(url: Url, body: &serde_json::Value) -> Self {
        Self::post(url, "application/json", body.to_string())
    }

    /// A POST of something else.
    pub(super) fn post(url: Url, content_type: &'static str, body: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        Self {
            method: Method::POST,
            url,
            headers,
            body,
        }
    }

    /// A GET.
    pub(super) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: String::new(),
        }
    }

    /// The same with a header whose value is shown to nobody; one that no header can hold is left out, and
    /// refused where settings are checked.
    pub(super) fn secret_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        self
    }

    /// The same with `Authorization: Bearer …`.
    pub(super) fn bearer(self, token: &Secret) -> Self {
        self.secret_header("authorization", &format!("Bearer {}", token.expose()))
    }
}

/// Speaks HTTP to one receiver.
#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    user_agent: String,
    mask: Mask,
}

impl Http {
    /// A client for URLs like `url`, which hides what `mask` holds.
    pub(super) fn new(url: &Url, mask: Mask, context: &Context) -> Result<Self, BuildError> {
        Ok(Self {
            client: client(url, context)?,
            user_agent: context.user_agent.clone(),
            mask,
        })
    }

    /// The address in the key `url` that is a secret itself, as those of hooks are, and a client that hides it.
    pub(super) fn hook(url: &Secret, context: &Context) -> Result<(Url, Self), BuildError> {
        let url = parse_url("url", url.expose())?;
        let mut mask = Mask::default();
        mask.hide_url(&url);
        let http = Self::new(&url, mask, context)?;
        Ok((url, http))
    }

    /// What lies below the address in a key, and a client that hides the secret with which it is asked.
    pub(super) fn below(
        (key, base): (&'static str, &str),
        path: &[&str],
        secret: &Secret,
        context: &Context,
    ) -> Result<(Url, Self), BuildError> {
        let url = below(&parse_url(key, base)?, path);
        let mut mask = Mask::default();
        mask.hide(secret.expose());
        let http = Self::new(&url, mask, context)?;
        Ok((url, http))
    }

    /// Sends one request; no answer is an attempt to be made later.
    pub(super) async fn ask(&self, request: Request) -> Result<Answer, Attempt> {
        let built = self
            .client
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body);
        match built.send().await {
            Ok(response) => Ok(read(response).await),
            Err(error) => {
                let reached = !error.is_connect();
                Err(Attempt {
                    reached,
                    ..Attempt::later(self.mask.apply(&failure(error)))
                })
            }
        }
    }

    /// The attempt with what may be kept of the answer that decided it.
    pub(super) fn note(&self, attempt: Attempt, answer: &Answer) -> Attempt {
        let said = String::from_utf8_lossy(&answer.body);
        self.mask
            .attempt(attempt.with_status(answer.status).with_answer(said))
    }

    /// The request as people may see it: its line, its headers, its body, byte for byte but for secrets.
    pub(super) fn show(&self, request: &Request) -> String {
        let url = &request.url;
        let mut text = format!(
            "{} {} HTTP/1.1\n",
            request.method,
            &url[url::Position::BeforePath..url::Position::AfterQuery]
        );
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let _ = writeln!(text, "host: {host}\nuser-agent: {}", self.user_agent);
        for (name, value) in &request.headers {
            let shown = match value.to_str() {
                Ok(value) if !value_is_secret(request, name) => value,
                _ => REDACTED,
            };
            let _ = writeln!(text, "{name}: {shown}");
        }
        text.push('\n');
        text.push_str(&request.body);
        self.mask.apply(&text)
    }
}

fn value_is_secret(request: &Request, name: &HeaderName) -> bool {
    request
        .headers
        .get_all(name)
        .iter()
        .any(HeaderValue::is_sensitive)
}

/// `now`, as it is after so long.
pub(super) fn after(now: Timestamp, spent: Duration) -> Timestamp {
    SignedDuration::try_from(spent)
        .ok()
        .and_then(|spent| now.checked_add(spent).ok())
        .unwrap_or(now)
}

/// The URL that a key of config gives, http or https.
pub(super) fn parse_url(key: &'static str, url: &str) -> Result<Url, BuildError> {
    let wrong = |message: &str| BuildError::new(key, message);
    let url = Url::parse(url)
        .map_err(|error| wrong(&format!("not a URL ({error}): write it as \"https://…\"")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("only http:// and https:// can be posted to"));
    }
    Ok(url)
}

/// `base` with more path segments, each encoded.
pub(super) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// What a header can hold, or the key that gave it is wrong.
pub(super) fn check_header(key: &'static str, value: &Secret) -> Result<(), BuildError> {
    HeaderValue::from_str(value.expose())
        .map(drop)
        .map_err(|_| {
            BuildError::new(
                key,
                "holds characters that no header may hold: copy it again",
            )
        })
}

/// Extra headers of config.
pub(super) fn parse_headers(headers: &BTreeMap<String, Secret>) -> Result<HeaderMap, BuildError> {
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
fn client(url: &Url, context: &Context) -> Result<Client, BuildError> {
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
fn failure(error: reqwest::Error) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_urls_and_headers_name_their_key_and_no_secret() {
        for wrong in [
            "",
            "hooks.example.org",
            "ftp://h/x",
            "file:///etc/passwd",
            "http://",
        ] {
            assert_eq!(parse_url("url", wrong).unwrap_err().key, "url");
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

    #[test]
    fn segments_are_encoded_below_a_base_with_or_without_a_slash() {
        for base in ["https://h.example/api", "https://h.example/api/"] {
            let url = below(&Url::parse(base).unwrap(), &["rooms", "!a/b?c:h"]);
            assert_eq!(url.as_str(), "https://h.example/api/rooms/!a%2Fb%3Fc:h");
        }
    }
}
