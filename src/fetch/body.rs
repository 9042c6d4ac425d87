//! A body taken from the wire, piece by piece and bounded in bytes and time, then decoded.
//!
//! What came before a failure is kept: it may hold whole entries.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use tokio::time::{Instant, timeout};

use super::coding::{self, Fault};
use super::failure::{Failure, is_http2_fault, words};
use crate::domain::feed::outcome::{Body, HttpFacts, OutcomeKind, Wants};

/// So much of a body shows whether it is a page.
const SNIFFED: usize = 4 << 10;

/// Of a page where a feed was hoped for, so much is read: its head names its feeds.
const PAGE_HEAD: usize = 256 << 10;

/// Of a page that comes with a refusal, so much is read to see what it is.
const REFUSAL: usize = 64 << 10;

/// Bytes on the wire that are decoded in place: the ratio that `coding` allows bounds what becomes of them.
const SMALL: usize = 16 << 10;

/// The bounds of one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) max_wire: u64,
    pub(super) max_body: u64,
    pub(super) idle: Duration,
}

/// How reading ended.
enum End {
    /// The body is whole.
    Whole,
    /// Enough was read.
    Enough,
    /// It stopped early.
    Stopped {
        kind: OutcomeKind,
        message: String,
        http2: bool,
    },
}

/// Reads and decodes the body of `response` before `deadline`.
pub(super) async fn receive(
    response: Response,
    bounds: Bounds,
    wants: Wants,
    deadline: Instant,
    facts: &mut HttpFacts,
) -> Result<Body, Failure> {
    let headers = response.headers().clone();
    let mut reading = Reading {
        bounds,
        deadline,
        sniff: (wants == Wants::Feed).then(|| labels(&headers)),
        enough: usize::MAX,
    };
    let (wire, mut end) = reading.run(response).await;
    facts.wire_bytes = wire.len() as u64;
    if let End::Stopped {
        kind: OutcomeKind::TooLarge,
        message,
        ..
    } = end
    {
        return Err(Failure::new(OutcomeKind::TooLarge, message));
    }
    let (bytes, fault) = decode(wire, labels(&headers), bounds.max_body).await;
    facts.body_bytes = bytes.len() as u64;
    let body = Body {
        bytes,
        content_type: text(&headers, &CONTENT_TYPE),
    };
    if let (End::Whole, Some(fault)) = (&end, fault) {
        end = stopped(fault);
    }
    let End::Stopped {
        kind,
        message,
        http2,
    } = end
    else {
        return Ok(body);
    };
    let mut failure = Failure::new(kind, message);
    failure.http2 = http2;
    Err(if kind == OutcomeKind::NetError && !body.bytes.is_empty() {
        failure.with_partial(body)
    } else {
        failure
    })
}

/// What the page of a refusal says, as far as it comes.
pub(super) async fn of_refusal(response: Response, bounds: Bounds, deadline: Instant) -> Vec<u8> {
    let labels = labels(response.headers());
    let mut reading = Reading {
        bounds,
        deadline,
        sniff: None,
        enough: REFUSAL,
    };
    let (wire, _) = reading.run(response).await;
    decode(wire, labels, REFUSAL as u64 * 4).await.0
}

fn stopped(fault: Fault) -> End {
    let (kind, message) = match fault {
        Fault::TooLarge(message) => (OutcomeKind::TooLarge, message),
        Fault::Unknown(message) => (OutcomeKind::HttpError, message),
        Fault::Broken(message) => (
            OutcomeKind::NetError,
            format!("the body is damaged or ends early: {message}"),
        ),
    };
    End::Stopped {
        kind,
        message,
        http2: false,
    }
}

/// How a body is taken from the wire.
struct Reading {
    bounds: Bounds,
    deadline: Instant,
    /// The codings, as long as it is not known whether this is a page.
    sniff: Option<Vec<String>>,
    /// So many bytes are enough.
    enough: usize,
}

impl Reading {
    /// Takes pieces until the end, a bound, or a fault.
    async fn run(&mut self, mut response: Response) -> (Vec<u8>, End) {
        let announced = response.content_length();
        if announced.is_some_and(|length| length > self.bounds.max_wire) {
            return (Vec::new(), self.too_large());
        }
        let mut wire = Vec::new();
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let piece = match timeout(left.min(self.bounds.idle), response.chunk()).await {
                Ok(Ok(Some(piece))) => piece,
                Ok(Ok(None)) => return (wire, End::Whole),
                Ok(Err(error)) => {
                    let http2 = is_http2_fault(&error);
                    let end = broken_off(&words(&error), wire.len(), announced, http2);
                    return (wire, end);
                }
                Err(_) => {
                    let reason = if left <= self.bounds.idle {
                        "the time for one poll was over (`timeout.total` in [fetch])"
                    } else {
                        "nothing more came (`timeout.idle` in [fetch])"
                    };
                    let end = broken_off(reason, wire.len(), announced, false);
                    return (wire, end);
                }
            };
            if (wire.len() + piece.len()) as u64 > self.bounds.max_wire {
                return (Vec::new(), self.too_large());
            }
            wire.extend_from_slice(&piece);
            if wire.len() >= SNIFFED
                && let Some(labels) = self.sniff.take()
                && is_page(&coding::peek(&wire[..SNIFFED], &labels, SNIFFED))
            {
                self.enough = PAGE_HEAD;
            }
            if wire.len() >= self.enough {
                return (wire, End::Enough);
            }
        }
    }

    fn too_large(&self) -> End {
        End::Stopped {
            kind: OutcomeKind::TooLarge,
            message: format!(
                "the answer is larger than {} bytes (`max_wire` in [fetch])",
                self.bounds.max_wire
            ),
            http2: false,
        }
    }
}

/// Whether these first bytes of a document are certainly a page's, and no feed with something before it.
fn is_page(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start().to_ascii_lowercase();
    let begins = [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|start| head.starts_with(start));
    let has = |mark: &[u8]| head.windows(mark.len()).any(|found| found == mark);
    begins
        && ![&b"<rss"[..], b"<feed", b"<rdf:", b"<item", b"<entry"]
            .iter()
            .any(|mark| has(mark))
}

fn broken_off(reason: &str, came: usize, announced: Option<u64>, http2: bool) -> End {
    let of = announced.map_or_else(String::new, |length| format!(" of {length}"));
    End::Stopped {
        kind: OutcomeKind::NetError,
        message: format!("the transfer broke off after {came}{of} bytes: {reason}"),
        http2,
    }
}

fn labels(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(|label| String::from_utf8_lossy(label.as_bytes()).into_owned())
        .collect()
}

/// Decodes off the async threads: up to `max` bytes are a matter of tens of milliseconds. What is small is done
/// before another thread would have taken it.
async fn decode(wire: Vec<u8>, labels: Vec<String>, max: u64) -> (Vec<u8>, Option<Fault>) {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certainly_a_page_is_one() {
        for (head, page) in [
            ("<!DOCTYPE html><html><head>", true),
            ("\u{feff}\n <HTML lang=ko>", true),
            ("<!doctype html><rss version='2.0'>", false),
            ("<html><body>Warning</body></html><feed xmlns=''>", false),
            ("<?xml version='1.0'?><rss>", false),
            ("<rss><channel><description>&lt;html", false),
            ("{\"version\":", false),
            ("<br /><b>Warning</b>: in x.php", false),
            ("", false),
        ] {
            assert_eq!(is_page(head.as_bytes()), page, "{head}");
        }
    }
}
