//! One exchange with a publisher: its turn, the request, redirects hop by hop, the answer as an outcome.
//!
//! Nothing is retried here and nothing is remembered between exchanges but open connections, names for a
//! while, which hosts fail at HTTP/2, and whose turn it is. What an outcome means for the next poll is decided
//! in `domain::feed`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED,
    LINK, LOCATION, RETRY_AFTER, SET_COOKIE, VARY,
};
use reqwest::{Client, Method, Request, Response, StatusCode};
use tokio::time::{Instant, sleep, timeout};
use url::{Host, Url};

use super::answer::{self, is_redirect, named};
use super::body::{self, Bounds};
use super::clients::{Clients, Common, MAX_HEAD, Options};
use super::failure::Failure;
use super::guard::{self, Guard};
use super::host::{Pacer, Place, Turn};
use super::names::{Judged, LookUp, Names, SystemLookUp};
use super::phases::{Phase, Phases};
use super::proxy::{self, Proxies};
use super::request::Hop;
use super::robots;
use super::settings::{FetchSettings, Timeouts};
use crate::clock::Clock;
use crate::domain::feed::freshness::{self, CacheHeaders};
use crate::domain::feed::outcome::{
    Body, FetchOutcome, FetchRequest, FetchResult, HttpFacts, OutcomeKind,
};
use crate::domain::feed::transport::Proxy;
use crate::secret::Secret;

/// A Retry-After on a redirect up to this is waited for in place.
const SHORT_WAIT: Duration = Duration::from_secs(5);

/// Asks publishers, politely and guarded. One for the whole process.
pub struct Fetcher {
    clients: Clients,
    pub(super) names: Names,
    guard: Guard,
    proxies: Proxies,
    pacer: Pacer,
    pub(super) timeouts: Timeouts,
    pub(super) bounds: Bounds,
    clock: Clock,
    robots: robots::Gate,
}

/// Why there is no [`Fetcher`], or no client for a feed's options.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// `proxy` is no proxy's URL.
    #[error("`proxy` is not the URL of a proxy: {0}")]
    Proxy(String),
    /// There is nothing to verify servers with.
    #[error(
        "no root certificates on this machine, so that no https server can be verified: install \
         ca-certificates, or name a file of them in $SSL_CERT_FILE"
    )]
    NoRoots,
    /// Another option of a feed cannot be used.
    #[error("{0}")]
    Option(&'static str),
    /// The HTTP client could not be built.
    #[error("no HTTP client: {0}")]
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
        Self::with_names(settings, user_agent, clock, Arc::new(SystemLookUp))
    }

    /// [`Fetcher::new`], with names as `look_up` has them: for tests, which have their own.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_names(
        settings: &FetchSettings,
        user_agent: &str,
        clock: Clock,
        look_up: Arc<dyn LookUp>,
    ) -> Result<Self, FetcherError> {
        if let Proxies::All(proxy) = &settings.proxy {
            proxy::check(proxy.expose()).map_err(FetcherError::Proxy)?;
        }
        let names = Names::new(look_up, settings.timeout.connect);
        let guard = Guard::new(&settings.allow_networks);
        Ok(Self {
            clients: Clients::new(Common {
                user_agent: user_agent.to_owned(),
                connect_timeout: settings.timeout.connect,
                judged: Judged {
                    names: names.clone(),
                    guard: guard.clone(),
                },
            })?,
            names,
            guard,
            proxies: settings.proxy.clone(),
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
            robots: robots::Gate::new(settings.robots),
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
        let phases = Arc::new(Phases::default());
        let done = phases
            .during(self.follow(request, &phases, &mut facts))
            .await;
        let (result, place) = match done {
            Ok(done) => done,
            Err(failure) => {
                facts.unreached = failure.unreached;
                (failure.into(), Place::default())
            }
        };
        facts.timings = phases.timings();
        (FetchOutcome { result, facts }, place)
    }

    async fn follow(
        &self,
        request: &FetchRequest,
        phases: &Phases,
        facts: &mut HttpFacts,
    ) -> Result<(FetchResult, Place), Failure> {
        let mut hop = Hop::first(request)?;
        loop {
            let client = self.client(&hop)?;
            self.robots.permits(self, &hop.url, request.wants).await?;
            let direct = self.proxy(&hop).is_none();
            facts.private = self.is_private(&hop.url, direct).await;
            let turn = self.turn(&hop.url, facts.private, phases).await;
            let begun = Instant::now();
            let left = self.timeouts.total.saturating_sub(facts.duration);
            let exchange = Exchange {
                fetcher: self,
                client,
                phases,
                deadline: begun + left,
            };
            // In a box, so that the many who wait for their turn are small.
            let step = Box::pin(exchange.run(&hop, facts)).await;
            facts.duration += begun.elapsed();
            let place = turn.into_place();
            match step {
                Ok(Step::Done(result)) => return Ok((result, place)),
                Ok(Step::To {
                    status,
                    location,
                    cookies,
                }) => {
                    let cookies = cookies.iter().map(HeaderValue::as_bytes);
                    hop.take_cookies(cookies, self.clock.now());
                    hop = hop.redirected(&location)?;
                    facts.downgraded = hop.is_downgraded();
                    facts.redirects.push((status.as_u16(), hop.url.to_string()));
                }
                Err(failure) => {
                    if failure.http2 {
                        let host = host_and_port(&hop.url);
                        tracing::info!(host, "HTTP/2 with {host} failed: HTTP/1.1 for seven days");
                        self.clients.remember_http1(host, self.clock.now());
                    }
                    return Err(failure);
                }
            }
            drop(place);
            self.wait_as_told(facts).await?;
        }
    }

    /// The proxy that `hop` goes through: the feed's own word, or that of `[fetch]`.
    fn proxy<'a>(&'a self, hop: &'a Hop<'_>) -> Option<&'a str> {
        let own = hop.transport().map(|transport| &transport.proxy);
        let proxy = match own {
            Some(Proxy::Direct) => None,
            Some(Proxy::Url(url)) => Some(url),
            Some(Proxy::Common) | None => self.proxies.of(&hop.url),
        };
        proxy.map(Secret::expose)
    }

    /// Judges where `hop` leads and finds the client for it.
    ///
    /// Certificates of the client are shown to the feed's own origin only, and only its own host is taken
    /// without a valid one.
    pub(super) fn client(&self, hop: &Hop<'_>) -> Result<Client, Failure> {
        let proxy = self.proxy(hop);
        // The proxy's address is judged by nobody, so that its name must lead to nothing else.
        let proxy_host = proxy.and_then(|url| proxy::check(url).ok());
        let guard = self.guard.clone().with_proxy(proxy_host.as_deref());
        guard
            .check(&hop.url)
            .map_err(|refusal| Failure::refused(&refusal, hop.number()))?;
        let own = hop.transport();
        let cert = own.and_then(|own| own.client_cert.as_ref());
        let options = Options {
            single_use: hop.is_alone(),
            http1_only: self
                .clients
                .needs_http1(&host_and_port(&hop.url), self.clock.now()),
            insecure: own.is_some_and(|own| own.tls_insecure) && hop.is_at_own_host(),
            proxy,
            extra_ca: own.and_then(|own| own.extra_ca.as_deref()),
            client_cert: cert.filter(|_| hop.is_at_home()).map(Secret::expose),
        };
        self.clients.get(&options).map_err(|error| {
            Failure::new(
                OutcomeKind::Refused,
                format!("this feed's options cannot be used: {error}"),
            )
        })
    }

    /// The turn of the host of `url`; the operator's own hosts take none.
    pub(super) async fn turn(&self, url: &Url, private: bool, phases: &Phases) -> Turn {
        let begun = Instant::now();
        let turn = self.pacer.turn(&host_and_port(url), private).await;
        phases.add(Phase::Turn, begun.elapsed());
        turn
    }

    /// Whether the host of `url` is the operator's own, and not public.
    ///
    /// A name is looked up only where config opens anything at all, and not where a proxy does that.
    pub async fn is_private(&self, url: &Url, direct: bool) -> bool {
        let Some(host) = url.host() else {
            return false;
        };
        if let Some(ip) = guard::literal(&host) {
            return !guard::is_public(ip);
        }
        let Host::Domain(name) = host else {
            return false;
        };
        if !direct || !self.guard.opens_anything() {
            return false;
        }
        match self.names.addresses(name).await {
            Ok(found) => self.guard.is_private(found.iter().map(SocketAddr::ip)),
            Err(_) => false,
        }
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
        cookies: Vec<HeaderValue>,
    },
}

/// One request and its answer.
struct Exchange<'a> {
    fetcher: &'a Fetcher,
    client: Client,
    phases: &'a Phases,
    deadline: Instant,
}

impl Exchange<'_> {
    async fn run(&self, hop: &Hop<'_>, facts: &mut HttpFacts) -> Result<Step, Failure> {
        let response = self.ask(hop, facts).await?;
        let status = response.status();
        if is_redirect(status) {
            if let Some(location) = response.headers().get(LOCATION) {
                return Ok(Step::To {
                    status,
                    location: location.as_bytes().to_vec(),
                    cookies: response
                        .headers()
                        .get_all(SET_COOKIE)
                        .iter()
                        .cloned()
                        .collect(),
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
        let begun = Instant::now();
        let read = self.read(hop, response, facts).await;
        self.phases.add(Phase::Body, begun.elapsed());
        read.map(|body| Step::Done(FetchResult::Fetched(body)))
    }

    /// Reads what came with the head: a document, or a page that says why there is none.
    async fn read(
        &self,
        hop: &Hop<'_>,
        response: Response,
        facts: &mut HttpFacts,
    ) -> Result<Body, Failure> {
        let status = response.status();
        let bounds = self.fetcher.bounds;
        if let Some(refusal) = answer::refusal(&response, facts) {
            if refusal.kind != OutcomeKind::HttpError || !answer::may_be_challenge(&response) {
                return Err(refusal);
            }
            let page = body::of_refusal(response, bounds, self.deadline).await;
            return Err(answer::of_page(&page, status, refusal));
        }
        let body = body::receive(response, bounds, hop.wants(), self.deadline, facts).await?;
        answer::document(body, status)
    }

    /// Sends the request of `hop` and notes the head of the answer.
    async fn ask(&self, hop: &Hop<'_>, facts: &mut HttpFacts) -> Result<Response, Failure> {
        let (headers, conditional) = hop.headers()?;
        let mut request = Request::new(Method::GET, hop.url.clone());
        *request.headers_mut() = headers;
        facts.conditional = conditional;
        facts.final_url = Some(hop.url.to_string());
        facts.status = None;
        let sent = Instant::now();
        let before = self.phases.before_leaving();
        let left = self.deadline.saturating_duration_since(sent);
        let limit = left.min(self.fetcher.timeouts.first_byte);
        let answer = timeout(limit, self.send(request)).await;
        let leaving = self.phases.before_leaving().saturating_sub(before);
        let waited = sent.elapsed().saturating_sub(leaving);
        self.phases.add(Phase::FirstByte, waited);
        let response = match answer {
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
        if head_size(response.headers()) > MAX_HEAD as usize {
            return Err(Failure::new(
                OutcomeKind::TooLarge,
                format!("the answer's headers are larger than {MAX_HEAD} bytes"),
            ));
        }
        Ok(response)
    }

    /// Sends `request`, and once more where a connection that was kept from before broke under it: bytes that
    /// a server wrote after its last answer, or its closing at that very moment, are no fault of this answer.
    async fn send(&self, request: Request) -> reqwest::Result<Response> {
        let again = request.try_clone();
        let before = self.phases.before_leaving();
        let answer = self.client.execute(request).await;
        let kept = self.phases.before_leaving() == before;
        match (answer, again) {
            (Err(error), Some(again)) if kept && !error.is_connect() && !error.is_timeout() => {
                self.client.execute(again).await
            }
            (answer, _) => answer,
        }
    }

    fn note(&self, response: &Response, delay: Duration, facts: &mut HttpFacts) {
        let headers = response.headers();
        let received = self.fetcher.clock.now();
        facts.status = Some(response.status().as_u16());
        facts.version = Some(format!("{:?}", response.version()));
        facts.etag = raw(headers, &ETAG).map(<[u8]>::to_vec);
        facts.last_modified = raw(headers, &LAST_MODIFIED).map(<[u8]>::to_vec);
        facts.fresh_for = freshness::fresh_for(&cache_headers(headers), received, delay);
        facts.links = headers
            .get_all(LINK)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        facts.retry_after = raw(headers, &RETRY_AFTER)
            .and_then(|value| freshness::retry_after(value, raw(headers, &DATE), received));
    }
}

/// What turns and memories are kept by.
fn host_and_port(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(0);
    format!("{}:{port}", url.host_str().unwrap_or(""))
}

fn head_size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum()
}

fn raw<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    headers.get(name).map(HeaderValue::as_bytes)
}

fn cache_headers(headers: &HeaderMap) -> CacheHeaders<'_> {
    let all = |name: &HeaderName| -> Vec<&[u8]> {
        headers
            .get_all(name)
            .iter()
            .map(HeaderValue::as_bytes)
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
            proxy: Proxies::All(Secret::new("not a proxy")),
            ..FetchSettings::default()
        };
        let error = Fetcher::new(&settings, "t", Clock::System).err().unwrap();
        assert!(error.to_string().contains("proxy"));
    }
}
