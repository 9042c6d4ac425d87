//! Requests to hubs (`WebSub` 5.1): a form, sent through the same guard, client and turns as polls.
//!
//! When and what to ask is decided in `domain::feed::websub`; the hub's own requests come in through `web`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Request, Response, StatusCode};
use tokio::time::timeout;
use url::form_urlencoded::Serializer;
use url::{Host, Url};

use super::coding::{self, Fault};
use super::failure::Failure;
use super::guard;
use super::http::Fetcher;
use super::phases::Phases;
use super::request::Hop;
use crate::domain::feed::outcome::FetchRequest;
use crate::domain::feed::websub::{Answer, Callback};
use crate::secret::Secret;

/// Most redirects followed to a hub.
const MAX_HOPS: usize = 3;

/// Characters kept of a hub's refusal.
const REASON: usize = 200;

/// Random bytes of a token or secret.
const RANDOM: usize = 32;

/// What a hub is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Pushes, for so long.
    Subscribe(Duration),
    /// No more of them.
    Unsubscribe,
}

/// The system has no random numbers to give.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// 32 bytes that nobody can guess, as 64 hexadecimal digits.
///
/// # Errors
/// When the system's source fails.
pub fn unguessable() -> Result<Secret, NoRandomness> {
    use std::fmt::Write as _;
    let mut bytes = [0; RANDOM];
    // The source that TLS uses: the system's own.
    let source = rustls::crypto::ring::default_provider().secure_random;
    source.fill(&mut bytes).map_err(|_| NoRandomness)?;
    let mut digits = String::with_capacity(2 * RANDOM);
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(Secret::new(digits))
}

/// Undoes the content codings of a pushed body, within `max` bytes.
///
/// # Errors
/// What is wrong with it, in words.
pub fn decode(wire: Vec<u8>, labels: &[String], max: u64) -> Result<Vec<u8>, String> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let decoded = coding::decode(wire, labels, max);
    match decoded.fault {
        None => Ok(decoded.bytes),
        Some(Fault::TooLarge(why) | Fault::Unknown(why) | Fault::Broken(why)) => Err(why),
    }
}

impl Fetcher {
    /// Most bytes of a document on the wire, and most after decoding.
    #[must_use]
    pub fn largest(&self) -> (u64, u64) {
        (self.bounds.max_wire, self.bounds.max_body)
    }

    /// Asks the hub of `callback` to push there, or to stop. Follows 307 and 308, as the hub may have moved.
    ///
    /// A publisher may call anything a hub, so also us: who listens at the port `own` here, or at the address of
    /// callbacks, is never asked.
    pub async fn ask_hub(&self, callback: &Callback, mode: Mode, own: Option<u16>) -> Answer {
        let form = form(callback, mode);
        let mut hub = callback.hub.clone();
        let mut for_good = true;
        for hop in 0..=MAX_HOPS {
            if self.is_own(&hub, callback, own).await {
                return Answer::Failed("the hub is this daemon itself".to_owned());
            }
            let step = match self.post(&hub, &form, hop).await {
                Ok(step) => step,
                Err(failure) => return Answer::Failed(failure.message),
            };
            match step {
                Step::Accepted => {
                    return Answer::Accepted {
                        for_good: for_good && hop > 0,
                        hub,
                    };
                }
                Step::Refused(why) => return Answer::Failed(why),
                Step::Moved(to, permanently) => {
                    let secret = callback.secret.is_some();
                    if secret && to.scheme() != "https" && !self.is_private(&to, true).await {
                        return Answer::Failed(
                            "the hub moved to plain http, where the secret would be seen"
                                .to_owned(),
                        );
                    }
                    for_good &= permanently;
                    hub = to.to_string();
                }
            }
        }
        Answer::Failed(format!("the hub redirected more than {MAX_HOPS} times"))
    }

    /// Whether `hub` leads to our own listener.
    async fn is_own(&self, hub: &str, callback: &Callback, own: Option<u16>) -> bool {
        let Ok(url) = Url::parse(hub) else {
            return false;
        };
        let listed = callback.url.expose();
        let base = listed
            .rsplit_once("websub/")
            .map_or(listed, |(base, _)| base);
        if Url::parse(base).is_ok_and(|base| url.as_str().starts_with(base.as_str())) {
            return true;
        }
        let Some(host) = url.host().filter(|_| own == url.port_or_known_default()) else {
            return false;
        };
        match (guard::literal(&host), host) {
            (Some(ip), _) => is_here(ip),
            (None, Host::Domain(name)) => {
                let found = self.names.addresses(name).await;
                found.is_ok_and(|found| found.iter().any(|at| is_here(at.ip())))
            }
            (None, _) => false,
        }
    }

    /// One request, one answer.
    async fn post(&self, hub: &str, form: &Secret, hop: usize) -> Result<Step, Failure> {
        let ask = FetchRequest {
            url: hub.to_owned(),
            ..FetchRequest::default()
        };
        let at = Hop::first(&ask)?;
        let client = self.client(&at)?;
        let private = self.is_private(&at.url, true).await;
        let _turn = self.turn(&at.url, private, &Phases::default()).await;
        let mut request = Request::new(Method::POST, at.url.clone());
        *request.headers_mut() = form_headers();
        *request.body_mut() = Some(form.expose().to_owned().into());
        let answer = timeout(self.timeouts.first_byte, client.execute(request));
        let response = match answer.await {
            Ok(answer) => answer.map_err(|error| Failure::of(&error, hop))?,
            Err(_) => return Ok(Step::Refused("the hub did not answer in time".to_owned())),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(Step::Accepted);
        }
        if matches!(
            status,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        ) {
            let to = response.headers().get(LOCATION);
            let to = to.and_then(|to| at.url.join(to.to_str().ok()?).ok());
            return Ok(to.map_or_else(
                || Step::Refused(format!("the hub answered {status} without saying where to")),
                |to| Step::Moved(to, status == StatusCode::PERMANENT_REDIRECT),
            ));
        }
        let reason = self.reason(response).await;
        Ok(Step::Refused(format!("the hub answered {status}{reason}")))
    }

    /// What a hub says to its refusal: the first piece, on one line.
    async fn reason(&self, mut response: Response) -> String {
        let piece = timeout(self.bounds.idle, response.chunk()).await;
        let Ok(Ok(Some(piece))) = piece else {
            return String::new();
        };
        let piece = &piece[..piece.len().min(4 * REASON)];
        let text = String::from_utf8_lossy(piece);
        let words: Vec<&str> = text.split_whitespace().collect();
        let line: String = words.join(" ").chars().take(REASON).collect();
        if line.is_empty() || line.starts_with('<') {
            return String::new();
        }
        format!(": {}", line.escape_debug())
    }
}

/// Whether `ip` is an address of this machine: only from such a one is there a way to it that begins at itself.
fn is_here(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    if ip.is_loopback() || ip.is_unspecified() {
        return true;
    }
    let any: IpAddr = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // Connecting such a socket looks for the way and sends nothing.
    let from = UdpSocket::bind(SocketAddr::new(any, 0)).and_then(|socket| {
        socket.connect(SocketAddr::new(ip, 9))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == ip)
}

/// What a hub said.
enum Step {
    Accepted,
    Refused(String),
    Moved(Url, bool),
}

fn form_headers() -> HeaderMap {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    HeaderMap::from_iter([(CONTENT_TYPE, form)])
}

/// The form; it holds the callback and the secret.
fn form(callback: &Callback, mode: Mode) -> Secret {
    let mut form = Serializer::new(String::new());
    form.append_pair("hub.callback", callback.url.expose());
    form.append_pair("hub.topic", &callback.topic);
    match mode {
        Mode::Subscribe(lease) => {
            form.append_pair("hub.mode", "subscribe");
            form.append_pair("hub.lease_seconds", &lease.as_secs().max(1).to_string());
            if let Some(secret) = &callback.secret {
                form.append_pair("hub.secret", secret.expose());
            }
        }
        Mode::Unsubscribe => {
            form.append_pair("hub.mode", "unsubscribe");
        }
    }
    Secret::new(form.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_this_machine_are_known_as_such() {
        for (ip, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", true),
            ("192.0.2.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_here(ip.parse().unwrap()), expected, "{ip}");
        }
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (unguessable().unwrap(), unguessable().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, other);
    }
}
