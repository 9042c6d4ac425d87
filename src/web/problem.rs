//! What goes wrong, told as problem+json (RFC 9457) to programs and as a page to people.
//!
//! Nothing internal is told: the store's own words go to the log.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::domain::rule::diagnostic::Diagnostic;
use crate::store::StoreError;

/// A request that cannot be answered as asked.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong, for people.
    pub detail: String,
    /// Where: one object a fault, with the parameter, the characters and what to do.
    pub faults: Vec<Value>,
    /// In so many seconds the same may be asked again.
    pub later: Option<u64>,
}

impl Problem {
    /// A problem without a place.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            faults: Vec::new(),
            later: None,
        }
    }

    /// What can be answered in some seconds, not now.
    pub fn later(detail: impl Into<String>, seconds: u64) -> Self {
        Self {
            later: Some(seconds),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// There is no such thing.
    pub fn missing(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no {what} `{id}`"))
    }

    /// A parameter that cannot be used.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            faults: vec![json!({ "parameter": name, "message": detail })],
            ..Self::new(StatusCode::BAD_REQUEST, format!("{name}: {detail}"))
        }
    }

    /// What is there already, or may not be changed from here.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// A query that cannot be used, with the place of each fault in characters.
    pub fn of_query(query: &str, diagnostics: &[Diagnostic]) -> Self {
        let first = diagnostics.first();
        let detail = first.map_or("the query cannot be used", |first| first.message.as_str());
        Self {
            faults: diagnostics
                .iter()
                .map(|found| fault(query, found))
                .collect(),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("query: {detail}"))
        }
    }

    /// Says in the head of an answer when to come again.
    pub fn note_wait(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.later {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    /// The problem as RFC 9457 has it.
    pub fn to_json(&self) -> Value {
        let title = self.status.canonical_reason().unwrap_or("problem");
        json!({
            "type": "about:blank", "title": title, "status": self.status.as_u16(), "detail": self.detail,
            "errors": self.faults,
        })
    }
}

/// One diagnostic with its place in characters and in UTF-16 units, as editors count.
pub fn fault(query: &str, found: &Diagnostic) -> Value {
    let upto = |byte: usize| &query[..query.floor_char_boundary(byte)];
    let (start, end) = (upto(found.span.start), upto(found.span.end));
    json!({
        "parameter": "query", "code": found.code, "level": format!("{:?}", found.level).to_lowercase(),
        "message": found.message, "help": found.help,
        "start": start.chars().count(), "end": end.chars().count(),
        "start16": start.encode_utf16().count(), "end16": end.encode_utf16().count(),
        "line": start.matches('\n').count() + 1,
    })
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed a request: {error}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer now; the log says why",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.to_json())).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        self.note_wait(response.headers_mut());
        // People get a page made of it.
        response.extensions_mut().insert(self);
        response
    }
}

/// What handlers give back.
pub type Answer<T> = Result<T, Problem>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_its_place_in_characters() {
        let query = "한화 OR (";
        let found = Diagnostic::error("E07", query.len()..query.len(), "missing");
        let told = fault(query, &found);
        assert_eq!(told["start"], 7);
        assert_eq!(told["code"], "E07");
        let problem = Problem::of_query(query, &[found]);
        assert_eq!(problem.to_json()["status"], 422);
        assert_eq!(problem.to_json()["errors"][0]["parameter"], "query");
    }
}
