//! A body taken from the wire, piece by piece and bounded in bytes and time, then decoded.
//!
//! What came before a failure is kept: it may hold whole entries.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use tokio::time::{Instant, timeout};

use super::coding::{self, Fault};
use super::failure::{Failure, words};
use crate::domain::feed::outcome::{Body, HttpFacts, OutcomeKind};

/// Bytes on the wire that are decoded in place: the ratio that `coding` allows bounds what becomes of them.
const SMALL: usize = 16 << 10;

/// The bounds of one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) max_wire: u64,
    pub(super) max_body: u64,
    pub(super) idle: Duration,
}

/// Why reading stopped early.
struct Stopped {
    kind: OutcomeKind,
    message: String,
}

/// Reads and decodes the body of `response` before `deadline`.
pub(super) async fn receive(
    response: reqwest::Response,
    bounds: Bounds,
    deadline: Instant,
    facts: &mut HttpFacts,
) -> Result<Body, Failure> {
    let headers = response.headers().clone();
    let (wire, stopped) = read(response, bounds, deadline).await;
    facts.wire_bytes = wire.len() as u64;
    if let Some(Stopped {
        kind: OutcomeKind::TooLarge,
        message,
    }) = stopped
    {
        return Err(Failure::new(OutcomeKind::TooLarge, message));
    }
    let (bytes, fault) = decode(wire, &headers, bounds).await;
    facts.body_bytes = bytes.len() as u64;
    let body = Body {
        bytes,
        content_type: text(&headers, &CONTENT_TYPE),
    };
    let stopped = stopped.or_else(|| {
        fault.map(|fault| match fault {
            Fault::TooLarge(message) => Stopped {
                kind: OutcomeKind::TooLarge,
                message,
            },
            Fault::Unknown(message) => Stopped {
                kind: OutcomeKind::HttpError,
                message,
            },
            Fault::Broken(message) => Stopped {
                kind: OutcomeKind::NetError,
                message: format!("the body is damaged or ends early: {message}"),
            },
        })
    });
    match stopped {
        None => Ok(body),
        Some(Stopped { kind, message }) => {
            let failure = Failure::new(kind, message);
            Err(if kind == OutcomeKind::NetError && !body.bytes.is_empty() {
                failure.with_partial(body)
            } else {
                failure
            })
        }
    }
}

/// Takes pieces until the end, a bound, or a fault.
async fn read(
    mut response: reqwest::Response,
    bounds: Bounds,
    deadline: Instant,
) -> (Vec<u8>, Option<Stopped>) {
    let too_large = || Stopped {
        kind: OutcomeKind::TooLarge,
        message: format!(
            "the answer is larger than {} bytes (`max_wire` in [fetch])",
            bounds.max_wire
        ),
    };
    let announced = response.content_length();
    if announced.is_some_and(|length| length > bounds.max_wire) {
        return (Vec::new(), Some(too_large()));
    }
    let mut wire = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let piece = match timeout(left.min(bounds.idle), response.chunk()).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => return (wire, None),
            Ok(Err(error)) => {
                let stopped = broken_off(&words(&error), wire.len(), announced);
                return (wire, Some(stopped));
            }
            Err(_) => {
                let reason = if left <= bounds.idle {
                    "the time for one poll was over (`timeout.total` in [fetch])"
                } else {
                    "nothing more came (`timeout.idle` in [fetch])"
                };
                let stopped = broken_off(reason, wire.len(), announced);
                return (wire, Some(stopped));
            }
        };
        if (wire.len() + piece.len()) as u64 > bounds.max_wire {
            return (Vec::new(), Some(too_large()));
        }
        wire.extend_from_slice(&piece);
    }
}

fn broken_off(reason: &str, came: usize, announced: Option<u64>) -> Stopped {
    let of = announced.map_or_else(String::new, |length| format!(" of {length}"));
    Stopped {
        kind: OutcomeKind::NetError,
        message: format!("the transfer broke off after {came}{of} bytes: {reason}"),
    }
}

/// Decodes off the async threads: up to `max_body` bytes are a matter of tens of milliseconds. What is small is
/// done before another thread would have taken it.
async fn decode(wire: Vec<u8>, headers: &HeaderMap, bounds: Bounds) -> (Vec<u8>, Option<Fault>) {
    let labels: Vec<String> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(|label| String::from_utf8_lossy(label.as_bytes()).into_owned())
        .collect();
    let max = usize::try_from(bounds.max_body).unwrap_or(usize::MAX);
    if wire.len() <= SMALL {
        let decoded = coding::decode(wire, &labels, max);
        return (decoded.bytes, decoded.fault);
    }
    let decoded = tokio::task::spawn_blocking(move || coding::decode(wire, &labels, max)).await;
    match decoded {
        Ok(decoded) => (decoded.bytes, decoded.fault),
        Err(_) => (
            Vec::new(),
            Some(Fault::Broken("the decoder gave up on it".to_owned())),
        ),
    }
}

/// A header as text, its first 200 characters.
fn text(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(200)
            .collect(),
    )
}
