//! One exchange with a publisher: its turn, the request, redirects hop by hop, the answer as an outcome.
//!
//! Nothing is retried here and nothing is remembered between exchanges but open connections and whose turn
//! it is. What an outcome means for the next poll is decided in `domain::feed`.

use std::time::Duration;

use reqwest::header::{
    AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED, LOCATION,
    RETRY_AFTER, VARY,
};
use reqwest::{Client, Method, Request, Response, StatusCode};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::body::{self, Bounds};
use super::failure::Failure;
use super::guard::Guard;
use super::host::{Pacer, Place, Turn};
use super::request::Hop;
use super::settings::{FetchSettings, Timeouts};
use crate::clock::Clock;
use crate::domain::feed::freshness::{self, CacheHeaders};
use crate::domain::feed::outcome::{
    Body, FetchOutcome, FetchRequest, FetchResult, HttpFacts, OutcomeKind,
};

/// Most fields in the head of an answer.
const MAX_FIELDS: usize = 256;

/// Most bytes in the head of an answer.
const MAX_HEAD: u32 = 64 << 10;

/// A Retry-After on a redirect up to this is waited for in place.
const SHORT_WAIT: Duration = Duration::from_secs(5);

/// Asks publishers, politely and guarded. One for the whole process.
pub struct Fetcher {
    client: Client,
    guard: Guard,
    pacer: Pacer,
    timeouts: Timeouts,
    bounds: Bounds,
    clock: Clock,
}

/// Why there is no [`Fetcher`].
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// `proxy` is no proxy's URL.
    #[error("`proxy` in [fetch] is not the URL of a proxy: {0}")]
    Proxy(String),
    /// The HTTP client could not be built, most likely for want of root certificates.
    #[error("no HTTP client: {0}; are ca-certificates installed?")]
    Client(#[source] reqwest::Error),
}

/// The `User-Agent` of every request: product, version, and whom to write to.
#[must_use]
pub fn user_agent(contact: &str) -> String {
    let contact = match contact.trim() {
        "" => env!("CARGO_PKG_REPOSITORY"),
        given => given,
    };
    format!("bongsu/{} (+{contact})", env!("CARGO_PKG_VERSION"))
}

impl Fetcher {
    /// Builds the client with all limits of `settings`.
    ///
    /// # Errors
    /// When the proxy's URL is none, or TLS cannot be set up.
    pub fn new(
        settings: &FetchSettings,
        user_agent: &str,
        clock: Clock,
    ) -> Result<Self, FetcherError> {
        // Only the first call of the process installs it; later ones find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let proxy = settings.proxy.as_deref().filter(|proxy| !proxy.is_empty());
        let proxy_host = match proxy {
            None => None,
            Some(proxy) => Some(host_of_proxy(proxy)?),
        };
        let guard = Guard::new(&settings.allow_networks).with_proxy(proxy_host.as_deref());
        Ok(Self {
            client: client(settings, user_agent, guard.clone(), proxy)?,
            guard,
            pacer: Pacer::new(
                settings.concurrency,
                settings.per_host_interval,
                settings.start_rate,
            ),
            timeouts: settings.timeout,
            bounds: Bounds {
                max_wire: settings.max_wire,
                max_body: settings.max_body,
                idle: settings.timeout.idle,
            },
            clock,
        })
    }

    /// The guard, for those who must judge a URL before it is stored.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Asks for one document: waits for the host's turn, follows redirects, reads and decodes the body.
    pub async fn fetch(&self, request: &FetchRequest) -> FetchOutcome {
        self.fetch_in_place(request).await.0
    }

    /// [`Fetcher::fetch`], and the document's place: keep it until the document is read.
    pub async fn fetch_in_place(&self, request: &FetchRequest) -> (FetchOutcome, Place) {
        let mut facts = HttpFacts::default();
        let (result, place) = match self.follow(request, &mut facts).await {
            Ok(done) => done,
            Err(failure) => (failure.into(), Place::default()),
        };
        (FetchOutcome { result, facts }, place)
    }

    async fn follow(
        &self,
        request: &FetchRequest,
        facts: &mut HttpFacts,
    ) -> Result<(FetchResult, Place), Failure> {
        let mut hop = Hop::first(request)?;
        loop {
            self.guard
                .check(&hop.url)
                .map_err(|refusal| Failure::refused(&refusal, hop.number()))?;
            let turn = self.turn(&hop.url).await;
            let begun = Instant::now();
            let left = self.timeouts.total.saturating_sub(facts.duration);
            // In a box, so that the many who wait for their turn are small.
            let step = Box::pin(self.step(&hop, begun + left, facts)).await;
            facts.duration += begun.elapsed();
            let place = turn.into_place();
            match step? {
                Step::Done(result) => return Ok((result, place)),
                Step::To { status, location } => {
                    hop = hop.redirected(&location)?;
                    facts.redirects.push((status.as_u16(), hop.url.to_string()));
                }
            }
            drop(place);
            self.wait_as_told(facts).await?;
        }
    }

    async fn turn(&self, url: &Url) -> Turn {
        let private = self.guard.is_private(url).await;
        let host = format!(
            "{}:{}",
            url.host_str().unwrap_or(""),
            url.port_or_known_default().unwrap_or(0)
        );
        self.pacer.turn(&host, private).await
    }

    /// One request and its answer.
    async fn step(
        &self,
        hop: &Hop<'_>,
        deadline: Instant,
        facts: &mut HttpFacts,
    ) -> Result<Step, Failure> {
        let response = self.ask(hop, deadline, facts).await?;
        let status = response.status();
        if is_redirect(status) {
            if let Some(location) = response.headers().get(LOCATION) {
                return Ok(Step::To {
                    status,
                    location: location.as_bytes().to_vec(),
                });
            }
            return Err(Failure::new(
                OutcomeKind::RedirectError,
                format!("{} without saying where to", named(status)),
            ));
        }
        if status == StatusCode::NOT_MODIFIED {
            return if facts.conditional {
                Ok(Step::Done(FetchResult::NotModified))
            } else {
                Err(Failure::new(
                    OutcomeKind::HttpError,
                    "HTTP 304 to a request that did not ask whether anything changed",
                ))
            };
        }
        if let Some(failure) = refusal_of_publisher(&response, facts) {
            return Err(failure);
        }
        let body = body::receive(response, self.bounds, deadline, facts).await?;
        document(body, status).map(|body| Step::Done(FetchResult::Fetched(body)))
    }

    /// Sends the request of `hop` and notes the head of the answer.
    async fn ask(
        &self,
        hop: &Hop<'_>,
        deadline: Instant,
        facts: &mut HttpFacts,
    ) -> Result<Response, Failure> {
        let (headers, conditional) = hop.headers()?;
        let mut request = Request::new(Method::GET, hop.url.clone());
        *request.headers_mut() = headers;
        facts.conditional = conditional;
        facts.final_url = Some(hop.url.to_string());
        facts.status = None;
        let sent = Instant::now();
        let left = deadline.saturating_duration_since(sent);
        let answer = timeout(
            left.min(self.timeouts.first_byte),
            self.client.execute(request),
        );
        let response = match answer.await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Failure::of(&error, hop.number())),
            Err(_) => {
                return Err(Failure::new(
                    OutcomeKind::NetError,
                    "no answer in time (`timeout.first_byte` and `timeout.total` in [fetch])",
                ));
            }
        };
        self.note(&response, sent.elapsed(), facts);
        let head: usize = response
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if head > MAX_HEAD as usize {
            return Err(Failure::new(
                OutcomeKind::TooLarge,
                format!("the answer's headers are larger than {MAX_HEAD} bytes"),
            ));
        }
        Ok(response)
    }

    fn note(&self, response: &Response, delay: Duration, facts: &mut HttpFacts) {
        let headers = response.headers();
        let received = self.clock.now();
        facts.status = Some(response.status().as_u16());
        facts.etag = raw(headers, &ETAG).map(<[u8]>::to_vec);
        facts.last_modified = raw(headers, &LAST_MODIFIED).map(<[u8]>::to_vec);
        facts.fresh_for = freshness::fresh_for(&cache_headers(headers), received, delay);
        facts.retry_after = raw(headers, &RETRY_AFTER)
            .and_then(|value| freshness::retry_after(value, raw(headers, &DATE), received));
    }

    /// Obeys a redirect's Retry-After: a short one in place, a long one by ending the poll.
    async fn wait_as_told(&self, facts: &HttpFacts) -> Result<(), Failure> {
        match facts.retry_after {
            Some(wait) if wait > SHORT_WAIT => Err(Failure::new(
                OutcomeKind::RateLimited,
                format!("a redirect asks to wait {} s", wait.as_secs()),
            )),
            Some(wait) => {
                sleep(wait).await;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Where an answer leads.
enum Step {
    Done(FetchResult),
    To {
        status: StatusCode,
        location: Vec<u8>,
    },
}

/// The client without anything that reqwest would do on its own: redirects, referrers, decoding, proxies.
fn client(
    settings: &FetchSettings,
    user_agent: &str,
    guard: Guard,
    proxy: Option<&str>,
) -> Result<Client, FetcherError> {
    let mut builder = Client::builder()
        .user_agent(user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .dns_resolver(guard)
        .connect_timeout(settings.timeout.connect)
        .pool_idle_timeout(Duration::from_secs(10))
        .pool_max_idle_per_host(1)
        .http1_max_headers(MAX_FIELDS)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http2_max_header_list_size(MAX_HEAD)
        .http2_keep_alive_interval(Duration::from_secs(10));
    if let Some(proxy) = proxy {
        // The error's URL would show the proxy's password.
        let proxy = reqwest::Proxy::all(proxy)
            .map_err(|error| FetcherError::Proxy(error.without_url().to_string()))?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(FetcherError::Client)
}

fn host_of_proxy(proxy: &str) -> Result<String, FetcherError> {
    let url = Url::parse(proxy).map_err(|error| FetcherError::Proxy(error.to_string()))?;
    match url.host_str() {
        Some(host) => Ok(host.to_owned()),
        None => Err(FetcherError::Proxy("it names no host".to_owned())),
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// A bad status as a failure; none for one that brings a document.
fn refusal_of_publisher(response: &Response, facts: &HttpFacts) -> Option<Failure> {
    let status = response.status();
    let challenged = response
        .headers()
        .get("cf-mitigated")
        .is_some_and(|value| value.as_bytes() == b"challenge");
    let (kind, message) = match status.as_u16() {
        _ if challenged => (
            OutcomeKind::HttpError,
            format!(
                "{}: a challenge that only a browser can solve stands before the feed",
                named(status)
            ),
        ),
        204 | 205 => (
            OutcomeKind::NotAFeed,
            format!("{}: an empty answer", named(status)),
        ),
        206 => (
            OutcomeKind::HttpError,
            format!("{}: a part, though all was asked for", named(status)),
        ),
        200..=299 => return None,
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

fn document(body: Body, status: StatusCode) -> Result<Body, Failure> {
    if body.bytes.is_empty() {
        return Err(Failure::new(
            OutcomeKind::NotAFeed,
            format!("{}: an empty answer", named(status)),
        ));
    }
    Ok(body)
}

/// `HTTP 404 Not Found`.
fn named(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("HTTP {} {reason}", status.as_u16()),
        None => format!("HTTP {}", status.as_u16()),
    }
}

fn raw<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    headers
        .get(name)
        .map(reqwest::header::HeaderValue::as_bytes)
}

fn cache_headers(headers: &HeaderMap) -> CacheHeaders<'_> {
    let all = |name: &HeaderName| -> Vec<&[u8]> {
        headers
            .get_all(name)
            .iter()
            .map(reqwest::header::HeaderValue::as_bytes)
            .collect()
    };
    CacheHeaders {
        cache_control: all(&CACHE_CONTROL),
        expires: raw(headers, &EXPIRES),
        date: raw(headers, &DATE),
        age: raw(headers, &AGE),
        vary: all(&VARY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_agent_names_a_contact() {
        assert!(user_agent(" ").contains("(+https://"));
        assert!(user_agent("desk@example.org").ends_with("(+desk@example.org)"));
    }

    #[test]
    fn a_wrong_proxy_is_told() {
        let settings = FetchSettings {
            proxy: Some("not a proxy".to_owned()),
            ..FetchSettings::default()
        };
        let error = Fetcher::new(&settings, "t", Clock::System).err().unwrap();
        assert!(error.to_string().contains("proxy"));
    }
}
