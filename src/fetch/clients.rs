//! The HTTP clients: one that nearly all feeds share, one more for each set of options that needs its own.
//!
//! Switches off whatever the library would do by itself: redirects, referrers, decoding, system proxies. Also
//! keeps in mind which hosts are better asked by HTTP/1.1. Which options a request needs is decided in `http`.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Certificate, Client, ClientBuilder, Identity, redirect};
use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt as _;
use sha2::{Digest, Sha256};

use super::guard::Guard;
use super::http::FetcherError;
use super::lock;
use super::names::{Judged, Names, SystemLookUp};
use super::phases::Measured;
use super::proxy;
use crate::domain::feed::transport::{Proxy, Transport};
use crate::secret::Secret;

/// Most fields in the head of an answer.
const MAX_FIELDS: usize = 256;

/// Most bytes in the head of an answer.
pub(super) const MAX_HEAD: u32 = 64 << 10;

/// An idle connection is kept for the feeds of the same host that come right after, and no longer.
const IDLE: Duration = Duration::from_secs(10);

/// An HTTP/2 connection is asked for a sign of life so often, and given so long for it.
const HTTP2_PING: Duration = Duration::from_secs(10);

/// Clients for special options that are kept; the one longest unused goes.
const MOST_CLIENTS: usize = 64;

/// A host whose HTTP/2 failed is asked by HTTP/1.1 for so long.
const HTTP1_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Hosts known to need HTTP/1.1.
const MOST_HOSTS: usize = 1_000;

/// What a client is built for, where it is not the common one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options<'a> {
    /// Each connection serves one request: those kept for nobody cost their server and us memory.
    pub(super) single_use: bool,
    /// No HTTP/2.
    pub(super) http1_only: bool,
    /// Accept any certificate.
    pub(super) insecure: bool,
    /// URL of a proxy.
    pub(super) proxy: Option<&'a str>,
    /// PEM of authorities trusted, too.
    pub(super) extra_ca: Option<&'a str>,
    /// PEM of the certificate and key to show.
    pub(super) client_cert: Option<&'a str>,
}

type Key = [u8; 32];

impl Options<'_> {
    /// What tells one set of options from another; it holds no secret itself.
    fn key(&self) -> Key {
        let mut hash = Sha256::new();
        hash.update([self.single_use, self.http1_only, self.insecure].map(u8::from));
        for text in [self.proxy, self.extra_ca, self.client_cert] {
            let text = text.unwrap_or_default().as_bytes();
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }

    fn are_common(&self) -> bool {
        let Self {
            single_use,
            http1_only,
            insecure,
            proxy,
            extra_ca,
            client_cert,
        } = self;
        ![single_use, http1_only, insecure].contains(&&true)
            && [proxy, extra_ca, client_cert]
                .iter()
                .all(|text| text.is_none())
    }
}

/// What all clients have in common.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) user_agent: String,
    pub(super) connect_timeout: Duration,
    pub(super) judged: Judged,
}

/// What clients are built of.
struct Parts {
    common: Common,
    /// The authorities that this machine trusts, read once: hundreds of files, and the first requests wait for them.
    tls: ClientConfig,
}

/// All clients.
pub(super) struct Clients {
    parts: Parts,
    shared: Client,
    /// The one used last comes first.
    special: Mutex<VecDeque<(Key, Client)>>,
    /// Hosts and ports that are asked by HTTP/1.1, and until when.
    http1: Mutex<HashMap<String, Timestamp>>,
}

impl Clients {
    /// The common client; the others are built when they are needed.
    pub(super) fn new(common: Common) -> Result<Self, FetcherError> {
        let parts = Parts::new(common)?;
        let shared = parts
            .builder(&Options::default())?
            .build()
            .map_err(FetcherError::of)?;
        Ok(Self {
            parts,
            shared,
            special: Mutex::default(),
            http1: Mutex::default(),
        })
    }

    /// The client for `options`.
    pub(super) fn get(&self, options: &Options<'_>) -> Result<Client, FetcherError> {
        if options.are_common() {
            return Ok(self.shared.clone());
        }
        let key = options.key();
        let mut special = lock(&self.special);
        if let Some(at) = special.iter().position(|(known, _)| *known == key)
            && let Some(found) = special.remove(at)
        {
            let client = found.1.clone();
            special.push_front(found);
            return Ok(client);
        }
        drop(special);
        // Two may build the same, and one is kept.
        let client = self
            .parts
            .builder(options)?
            .build()
            .map_err(FetcherError::of)?;
        let mut special = lock(&self.special);
        special.retain(|(known, _)| *known != key);
        special.push_front((key, client.clone()));
        special.truncate(MOST_CLIENTS);
        Ok(client)
    }

    /// Whether `host` (name and port) is to be asked by HTTP/1.1 at `now`.
    pub(super) fn needs_http1(&self, host: &str, now: Timestamp) -> bool {
        lock(&self.http1)
            .get(host)
            .is_some_and(|until| *until > now)
    }

    /// Keeps in mind that HTTP/2 with `host` failed at `now`.
    pub(super) fn remember_http1(&self, host: String, now: Timestamp) {
        let mut http1 = lock(&self.http1);
        if http1.len() >= MOST_HOSTS {
            http1.retain(|_, until| *until > now);
        }
        if http1.len() >= MOST_HOSTS {
            http1.clear();
        }
        http1.insert(host, now.checked_add(HTTP1_FOR).unwrap_or(now));
    }
}

impl Parts {
    fn new(common: Common) -> Result<Self, FetcherError> {
        // Only the first call of the process installs it; later ones find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = ClientConfig::with_platform_verifier().map_err(|_| FetcherError::NoRoots)?;
        Ok(Self { common, tls })
    }

    /// TLS as nearly all clients have it; the library makes that of the others.
    fn tls(&self, options: &Options<'_>) -> Option<ClientConfig> {
        let Options {
            insecure,
            extra_ca,
            client_cert,
            ..
        } = options;
        if *insecure || extra_ca.is_some() || client_cert.is_some() {
            return None;
        }
        let mut tls = self.tls.clone();
        let offered: &[&str] = if options.http1_only {
            &["http/1.1"]
        } else {
            &["h2", "http/1.1"]
        };
        tls.alpn_protocols = offered.iter().map(|name| (*name).into()).collect();
        Some(tls)
    }

    fn builder(&self, options: &Options<'_>) -> Result<ClientBuilder, FetcherError> {
        let mut judged = self.common.judged.clone();
        let mut builder = Client::builder()
            .user_agent(&self.common.user_agent)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connector_layer(Measured)
            .connect_timeout(self.common.connect_timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(usize::from(!options.single_use))
            .http1_max_headers(MAX_FIELDS)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_max_header_list_size(MAX_HEAD)
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PING);
        builder = match self.tls(options) {
            Some(tls) => builder.tls_backend_preconfigured(tls),
            None => builder.tls_danger_accept_invalid_certs(options.insecure),
        };
        if options.http1_only {
            builder = builder.http1_only();
        }
        if let Some(text) = options.proxy {
            let host = proxy::check(text).map_err(FetcherError::Proxy)?;
            judged.guard = judged.guard.with_proxy(Some(&host));
            // The error's URL would show the proxy's password.
            let proxy = reqwest::Proxy::all(text)
                .map_err(|error| FetcherError::Proxy(error.without_url().to_string()))?;
            builder = builder.proxy(proxy);
        }
        if let Some(pem) = options.extra_ca {
            builder = builder.tls_certs_merge(certificates(pem)?);
        }
        if let Some(pem) = options.client_cert {
            let identity = Identity::from_pem(pem.as_bytes()).map_err(|_| {
                FetcherError::Option(
                    "`client_cert` must hold a certificate and its private key, both as PEM",
                )
            })?;
            builder = builder.identity(identity);
        }
        Ok(builder.dns_resolver(judged))
    }
}

/// Whether a client can be built with what a feed wants otherwise.
///
/// # Errors
/// The option that cannot be used, and why.
pub fn examine(transport: &Transport) -> Result<(), FetcherError> {
    let limit = Duration::from_secs(1);
    let judged = Judged {
        names: Names::new(Arc::new(SystemLookUp), limit),
        guard: Guard::new(&[]),
    };
    let common = Common {
        user_agent: String::new(),
        connect_timeout: limit,
        judged,
    };
    let options = Options {
        single_use: false,
        http1_only: false,
        insecure: transport.tls_insecure,
        proxy: match &transport.proxy {
            Proxy::Url(url) => Some(url.expose()),
            Proxy::Common | Proxy::Direct => None,
        },
        extra_ca: transport.extra_ca.as_deref(),
        client_cert: transport.client_cert.as_ref().map(Secret::expose),
    };
    let builder = Parts::new(common)?.builder(&options)?;
    builder.build().map(drop).map_err(FetcherError::of)
}

/// The certificates in `pem`: at least one.
fn certificates(pem: &str) -> Result<Vec<Certificate>, FetcherError> {
    match Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(FetcherError::Option(
            "`extra_ca` must hold certificates as PEM (BEGIN CERTIFICATE)",
        )),
    }
}

impl FetcherError {
    /// Why a client could not be built.
    fn of(error: reqwest::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(found) = cause {
            match found.downcast_ref::<rustls::Error>() {
                Some(rustls::Error::General(text)) if text.contains("No CA certificates") => {
                    return Self::NoRoots;
                }
                Some(rustls::Error::InvalidCertificate(_)) => {
                    return Self::Option("`extra_ca` or `client_cert` holds a broken certificate");
                }
                Some(rustls::Error::InconsistentKeys(_)) => {
                    return Self::Option("the key in `client_cert` is not that of its certificate");
                }
                _ => cause = found.source(),
            }
        }
        Self::Client(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients() -> Clients {
        let names = Names::new(Arc::new(SystemLookUp), Duration::from_secs(1));
        let guard = Guard::new(&[]);
        Clients::new(Common {
            user_agent: "t".to_owned(),
            connect_timeout: Duration::from_secs(1),
            judged: Judged { names, guard },
        })
        .expect("a client")
    }

    #[test]
    fn one_client_for_each_set_of_options_and_a_bound_on_them() {
        let clients = clients();
        let insecure = Options {
            insecure: true,
            ..Options::default()
        };
        clients.get(&Options::default()).expect("the common one");
        assert_eq!(lock(&clients.special).len(), 0);
        for _ in 0..3 {
            clients.get(&insecure).expect("a client");
        }
        assert_eq!(lock(&clients.special).len(), 1);
        for n in 0..MOST_CLIENTS + 3 {
            let proxy = format!("http://p{n}.example:3128");
            let options = Options {
                proxy: Some(&proxy),
                insecure: true,
                ..Options::default()
            };
            clients.get(&options).expect("a client");
        }
        let kept = lock(&clients.special);
        assert_eq!(kept.len(), MOST_CLIENTS);
        assert!(kept.iter().all(|(key, _)| *key != insecure.key()));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let clients = clients();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (options, word) in [
            (
                Options {
                    extra_ca: Some("nothing"),
                    ..Options::default()
                },
                "extra_ca",
            ),
            (
                Options {
                    extra_ca: Some(broken),
                    ..Options::default()
                },
                "extra_ca",
            ),
            (
                Options {
                    client_cert: Some(broken),
                    ..Options::default()
                },
                "client_cert",
            ),
            (
                Options {
                    proxy: Some("nonsense"),
                    ..Options::default()
                },
                "proxy",
            ),
        ] {
            let error = clients.get(&options).expect_err("it cannot be built");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_host_is_asked_by_http1_for_a_week() {
        let clients = clients();
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().expect("a time");
        let days = |days: i64| now + SignedDuration::from_hours(24 * days);
        clients.remember_http1("h.example:443".to_owned(), now);
        assert!(clients.needs_http1("h.example:443", days(6)));
        assert!(!clients.needs_http1("h.example:443", days(8)));
        assert!(!clients.needs_http1("h.example:8443", now));
        for n in 0..MOST_HOSTS * 2 {
            clients.remember_http1(format!("h{n}.example:443"), now);
        }
        assert!(lock(&clients.http1).len() <= MOST_HOSTS);
    }
}
