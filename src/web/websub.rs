//! What hubs call (`WebSub` 5.3, 7): the only routes that are meant for everybody.
//!
//! They say nothing of what is inside: 200 with the hub's own challenge, a bare status otherwise. Whether a
//! request was ours and whether a push is the hub's is decided behind `daemon::control`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::daemon::control::{Control, Delivery, Intent, Receipt};

/// The longest challenge that is echoed.
const LONGEST_CHALLENGE: usize = 4 << 10;

/// Parameters that are read of a query.
const MOST_PARAMETERS: usize = 32;

/// How long a push may take to come in.
const INCOMING: Duration = Duration::from_secs(10);

/// How long it may take to be recorded; beyond it the hub is asked to try again.
const RECORDING: Duration = Duration::from_secs(15);

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// `GET /websub/{token}`: a hub asks whether a request was ours, or denies it.
pub async fn verify(
    State(control): State<Arc<Control>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(_turn) = control.hub_turn(&token) else {
        return busy();
    };
    let (intent, challenge) = read_query(query.as_deref().unwrap_or_default());
    let fits = match intent.mode.as_str() {
        "denied" => true,
        _ => !challenge.is_empty() && challenge.len() <= LONGEST_CHALLENGE,
    };
    if !fits {
        return StatusCode::NOT_FOUND.into_response();
    }
    match control.hub_intent(&token, intent).await {
        Ok(true) => plain(challenge),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&error),
    }
}

/// `POST /websub/{token}`: a hub pushes. 2xx says that it came, not that it was believed.
pub async fn push(
    State(control): State<Arc<Control>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let Some(_turn) = control.hub_turn(&token) else {
        return busy();
    };
    // Nobody is listened to for long who has no callback of ours.
    match control.knows_callback(&token).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::GONE.into_response(),
        Err(error) => return failed(&error),
    }
    let (head, body) = request.into_parts();
    let delivery = match receive(&control, &head.headers, body).await {
        Ok(delivery) => delivery,
        Err(status) => return status.into_response(),
    };
    match timeout(RECORDING, control.hub_push(&token, delivery)).await {
        Ok(Ok(Receipt::Taken | Receipt::Ignored(_))) => StatusCode::ACCEPTED.into_response(),
        Ok(Ok(Receipt::Unknown)) => StatusCode::GONE.into_response(),
        Ok(Err(error)) => failed(&error),
        Err(_) => busy(),
    }
}

/// The body within its bounds, and the headers that matter.
async fn receive(
    control: &Control,
    headers: &HeaderMap,
    body: Body,
) -> Result<Delivery, StatusCode> {
    let largest = control.largest_push();
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > largest) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let body = match timeout(INCOMING, to_bytes(body, largest)).await {
        Ok(Ok(body)) => body.to_vec(),
        Ok(Err(_)) => return Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return Err(StatusCode::REQUEST_TIMEOUT),
    };
    let text = |value: &axum::http::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(200)
            .collect::<String>()
    };
    Ok(Delivery {
        signature: headers
            .get(SIGNATURE)
            .map(|value| value.as_bytes().to_vec()),
        codings: headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .map(text)
            .collect(),
        content_type: headers.get(header::CONTENT_TYPE).map(text),
        body,
    })
}

/// What a query says, and its challenge.
fn read_query(query: &str) -> (Intent, String) {
    let (mut intent, mut challenge) = (Intent::default(), String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()).take(MOST_PARAMETERS) {
        match &*name {
            "hub.mode" => intent.mode = value.into_owned(),
            "hub.topic" => intent.topic = value.into_owned(),
            "hub.challenge" => challenge = value.into_owned(),
            "hub.reason" => intent.reason = value.into_owned(),
            "hub.lease_seconds" => {
                intent.lease = value.trim().parse().ok().map(Duration::from_secs);
            }
            _ => {}
        }
    }
    (intent, challenge)
}

/// The challenge and nothing else, as text that no browser takes for a page.
fn plain(text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (kind, text).into_response()
}

/// Later, please: hubs try again.
fn busy() -> Response {
    let wait = [(header::RETRY_AFTER, "10")];
    (StatusCode::SERVICE_UNAVAILABLE, wait).into_response()
}

fn failed(error: &crate::store::StoreError) -> Response {
    tracing::error!(%error, "a hub could not be answered: {error}");
    busy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_as_hubs_write_them() {
        let (intent, challenge) = read_query(
            "hub.mode=subscribe&hub.topic=https%3A%2F%2Fh.example%2F%3Fa%3D1%26b&hub.challenge=a+b%2Bc&hub.lease_seconds=60",
        );
        assert_eq!(intent.mode, "subscribe");
        assert_eq!(intent.topic, "https://h.example/?a=1&b");
        assert_eq!(challenge, "a b+c");
        assert_eq!(intent.lease, Some(Duration::from_mins(1)));
        let (intent, challenge) = read_query("hub.mode=denied&hub.reason=no&hub.lease_seconds=-1");
        assert_eq!((intent.reason.as_str(), challenge.as_str()), ("no", ""));
        assert_eq!(intent.lease, None);
    }
}
