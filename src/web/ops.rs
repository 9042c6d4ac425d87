//! Health, readiness and metrics: what machines ask of the daemon.
//!
//! Nothing here waits on the store's writer: a stuck store must be reported, not suffered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::problem::Problem;
use super::session::local;
use crate::daemon::control::Control;

/// `GET /healthz`: the process answers.
pub async fn healthz() -> impl IntoResponse {
    "ok\n"
}

/// `GET /readyz`: 200 when it does its work, 503 with the reasons when it does not.
pub async fn readyz(State(control): State<Arc<Control>>) -> impl IntoResponse {
    let reasons = control.not_ready();
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({ "ready": reasons.is_empty(), "reasons": reasons })),
    )
}

/// `GET /metrics`: Prometheus text format.
pub async fn metrics(State(control): State<Arc<Control>>) -> impl IntoResponse {
    let text = control.metrics().await;
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
}

/// Anything else; an address with a slash too many is shown the right one.
pub async fn not_found(method: Method, uri: Uri) -> Response {
    let bare = uri.path().trim_end_matches('/');
    let is_slashed =
        bare.len() < uri.path().len() && bare == local(Some(bare)) && !bare.starts_with("/api");
    if is_slashed && matches!(method, Method::GET | Method::HEAD) {
        let asked = uri.query().map(|query| format!("?{query}"));
        let target = format!("{bare}{}", asked.unwrap_or_default());
        return Redirect::permanent(&target).into_response();
    }
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address").into_response()
}

/// Another method than the address has; which ones it has is in `Allow`.
pub async fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address takes other methods, which Allow names",
    )
}
