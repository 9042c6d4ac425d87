//! How answers go out: with an entity tag, compressed, and as a page where people asked.
//!
//! One place after every handler; streams and what is small pass as they are.

use std::io::Write as _;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::App;
use super::guard::{self, Who};
use super::layout;
use super::problem::Problem;
use super::view::View;
use crate::domain::alert::hex;

/// The largest answer that is tagged and compressed; larger ones are streams.
const LARGEST: usize = 32 << 20;

/// Below it compressing gains nothing.
const SMALL: usize = 900;

/// Tags and compresses what the handlers give.
pub async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let asked = parts.clone();
    let is_hubs = asked.uri.path().starts_with("/websub/");
    // A HEAD is answered as a GET is, down to the tag and the length (RFC 9110 9.3.2); the router takes the body off.
    let is_head = asked.method == Method::HEAD && !is_hubs;
    if is_head {
        parts.method = Method::GET;
    }
    let wants_page = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if !is_hubs && is_unread(&response) {
        let why = "the address cannot be read: it is not UTF-8";
        response = Problem::new(StatusCode::BAD_REQUEST, why).into_response();
        guard::dress(response.headers_mut());
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>()
        && wants_page
        && !asked.uri.path().starts_with("/api/")
    {
        response = as_page(&app, asked.clone(), response.extensions_mut(), &problem);
    }
    // What hubs are told is theirs.
    if is_hubs || !is_text(response.headers()) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let vary = "accept-encoding, accept-language, cookie";
    head.headers
        .insert(header::VARY, HeaderValue::from_static(vary));
    if (is_head || asked.method == Method::GET) && head.status == StatusCode::OK {
        let tag = format!("W/\"{}\"", hex(&Sha256::digest(&bytes)[..12]));
        if knows(&asked.headers, &tag) {
            head.status = StatusCode::NOT_MODIFIED;
            head.headers.remove(header::CONTENT_LENGTH);
            set(&mut head.headers, header::ETAG, &tag);
            return Response::from_parts(head, Body::empty());
        }
        set(&mut head.headers, header::ETAG, &tag);
    }
    let bytes = compressed(&asked.headers, &mut head.headers, bytes);
    set(
        &mut head.headers,
        header::CONTENT_LENGTH,
        &bytes.len().to_string(),
    );
    Response::from_parts(head, Body::from(bytes))
}

/// Whether the router could not read a part of the path: its own answer is plain text.
fn is_unread(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    response.status() == StatusCode::BAD_REQUEST
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn as_page(app: &App, mut asked: Parts, known: &mut Extensions, problem: &Problem) -> Response {
    if let Some(who) = known.remove::<Who>() {
        asked.extensions.insert(who);
    }
    let view = View::of(app, &asked);
    let mut page = (problem.status, layout::problem(&view, problem)).into_response();
    guard::dress(page.headers_mut());
    problem.note_wait(page.headers_mut());
    page
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether an answer is text of one piece: events are a stream, and a hub's challenge is its own.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let is_text = ["text/", "application/", "image/svg"]
        .iter()
        .any(|start| kind.starts_with(start));
    is_text && !kind.starts_with("text/event-stream")
}

/// Whether the asker has what it would get (RFC 9110 13.1.2).
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || bare(known) == bare(tag))
}

fn compressed(asked: &HeaderMap, answer: &mut HeaderMap, bytes: Bytes) -> Bytes {
    let accepts = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.split(',').any(|coding| {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                name.trim().eq_ignore_ascii_case("gzip") && weight.trim() != "q=0"
            })
        });
    if !accepts || bytes.len() < SMALL || answer.contains_key(header::CONTENT_ENCODING) {
        return bytes;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(5));
    match encoder.write_all(&bytes).and_then(|()| encoder.finish()) {
        Ok(packed) => {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            packed.into()
        }
        Err(_) => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_known_whatever_its_strength() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, "\"b\", W/\"a\"".parse().unwrap());
        assert!(knows(&headers, "W/\"a\""));
        assert!(knows(&headers, "W/\"b\""));
        assert!(!knows(&headers, "W/\"c\""));
    }
}
