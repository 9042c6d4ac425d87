//! `/events`: alerts as they come, as server-sent events; a reader that was away goes on where it was.
//!
//! The stream looks at the store itself, so that nothing is missed and nobody has to be told.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::OwnedSemaphorePermit;

use super::App;
use super::form::Asked;
use super::guard::Guard;
use super::problem::{Answer, Problem};
use crate::store::alerts;

/// Listeners at once.
pub const MOST_LISTENERS: usize = 64;

/// How often the store is looked at.
const LOOK: Duration = Duration::from_millis(700);

/// A sign of life where there is nothing to tell.
const SILENCE: Duration = Duration::from_secs(20);

/// Alerts sent at a time.
const BATCH: u32 = 50;

/// Where a listener is.
struct Listener {
    app: App,
    /// What let the listener in: when that changes, the stream ends, and who comes again is looked at again.
    guard: Arc<Guard>,
    last: i64,
    said: Instant,
    rule: Option<String>,
    _turn: OwnedSemaphorePermit,
}

/// `GET /events`: `Last-Event-ID` (or `?after=`) resumes behind an alert; `?rule=` takes one rule's only.
pub async fn stream(
    State(app): State<App>,
    headers: HeaderMap,
    Asked(asked): Asked,
) -> Answer<Response> {
    let turn = app.listeners.clone().try_acquire_owned().map_err(|_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many listeners: try later",
        )
    })?;
    let resumed = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let newest = app.control.read(alerts::newest).await?;
    // A number that is still to come was given by another store, before one was restored.
    let last = resumed
        .or(asked.number("after")?)
        .map_or(newest, |last| newest.min(last));
    let listener = Listener {
        rule: asked.get("rule").map(str::to_owned),
        guard: app.guard(),
        app,
        last,
        // Says at once that it listens.
        said: Instant::now()
            .checked_sub(SILENCE)
            .unwrap_or_else(Instant::now),
        _turn: turn,
    };
    let body = Body::from_stream(Stream {
        next: Box::pin(step(listener)),
    });
    let head = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((head, body).into_response())
}

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Listener)>> + Send>>;

/// Event after event, until the daemon ends or the listener goes.
struct Stream {
    next: Next,
}

impl futures_core::Stream for Stream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.next.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some((bytes, listener))) => {
                self.next = Box::pin(step(listener));
                Poll::Ready(Some(Ok(bytes)))
            }
        }
    }
}

/// Waits for the next thing to send.
async fn step(mut listener: Listener) -> Option<(Bytes, Listener)> {
    loop {
        if !Arc::ptr_eq(&listener.guard, &listener.app.guard()) {
            return None;
        }
        let text = look(&mut listener).await?;
        if !text.is_empty() {
            listener.said = Instant::now();
            return Some((text.into(), listener));
        }
        if listener.said.elapsed() >= SILENCE {
            listener.said = Instant::now();
            return Some((Bytes::from_static(b": here\n\n"), listener));
        }
        tokio::select! {
            () = listener.app.stop.cancelled() => return None,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// The alerts since the last one, as events; none where the store failed, and the listener comes again.
async fn look(listener: &mut Listener) -> Option<String> {
    let (last, rule) = (listener.last, listener.rule.clone());
    let public = listener.app.control.setup().access.public_url.clone();
    let read = listener.app.control.read(move |conn| {
        let ids = alerts::after(conn, last, BATCH)?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push((id, alerts::wire(conn, id, public.as_deref())?));
        }
        Ok(found)
    });
    let mut text = String::new();
    for (id, alert) in read.await.ok()? {
        listener.last = id;
        let Some(alert) = alert else { continue };
        if rule.as_ref().is_some_and(|rule| *rule != alert.rule.id) {
            continue;
        }
        let data = serde_json::to_string(&alert).ok()?;
        text.extend([format!("id: {id}\nevent: alert\ndata: {data}\n\n")]);
    }
    Some(text)
}
