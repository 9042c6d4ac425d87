//! `/a/{token}`: one tap from a message acknowledges its alert.
//!
//! Mail scanners follow links, so GET only asks; the button's POST acknowledges. The signed token is all that is
//! asked for: whoever has the message may say that it was seen, and nothing else.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::daemon::control::{AckLink, Control};
use crate::domain::alert::frame::Language;
use crate::domain::alert::token::Refusal;

/// What the page says, in a receiver's language.
struct Words {
    lang: &'static str,
    ask: &'static str,
    done: &'static str,
    button: &'static str,
    forged: &'static str,
    expired: &'static str,
    failed: &'static str,
}

const ENGLISH: Words = Words {
    lang: "en",
    ask: "Acknowledge this alert?",
    done: "Acknowledged",
    button: "Acknowledge",
    forged: "This link is not one of ours.",
    expired: "This link is too old.",
    failed: "That did not work. Please try again.",
};

const KOREAN: Words = Words {
    lang: "ko",
    ask: "이 알림을 확인 처리할까요?",
    done: "확인됨",
    button: "확인",
    forged: "알 수 없는 링크입니다.",
    expired: "유효 기간이 지난 링크입니다.",
    failed: "처리하지 못했습니다. 다시 시도해 주세요.",
};

/// `GET /a/{token}`: asks, and changes nothing.
pub async fn ask(State(control): State<Arc<Control>>, Path(token): Path<String>) -> Response {
    answer(control.ack_link(&token).await, |link, words| {
        if let Some(who) = &link.acked {
            return format!("<p>{}: {}</p>", words.done, escaped(who));
        }
        format!(
            "<p>{}</p><form method=\"post\"><button>{}</button></form>",
            words.ask, words.button
        )
    })
}

/// `POST /a/{token}`: acknowledges; a second time it changes nothing.
pub async fn acknowledge(
    State(control): State<Arc<Control>>,
    Path(token): Path<String>,
) -> Response {
    answer(control.acknowledge(&token).await, |link, words| {
        let who = link.acked.as_deref().unwrap_or_default();
        format!("<p>{}: {}</p>", words.done, escaped(who))
    })
}

/// The page of a link, or what is wrong with it.
fn answer(
    found: Result<Result<AckLink, Refusal>, crate::store::StoreError>,
    body: impl Fn(&AckLink, &Words) -> String,
) -> Response {
    match found {
        Ok(Ok(link)) => {
            let words = match link.language {
                Language::Ko => &KOREAN,
                Language::En => &ENGLISH,
            };
            let page = page(words, &link.title, &body(&link, words));
            (StatusCode::OK, page).into_response()
        }
        Ok(Err(refusal)) => {
            let (status, text) = match refusal {
                Refusal::Forged => (StatusCode::NOT_FOUND, ENGLISH.forged),
                Refusal::Expired => (StatusCode::GONE, ENGLISH.expired),
            };
            (status, page(&ENGLISH, "bongsu", &format!("<p>{text}</p>"))).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an acknowledgement was not stored: {error}");
            let text = format!("<p>{}</p>", ENGLISH.failed);
            (
                StatusCode::SERVICE_UNAVAILABLE,
                page(&ENGLISH, "bongsu", &text),
            )
                .into_response()
        }
    }
}

fn page(words: &Words, title: &str, body: &str) -> Html<String> {
    let title = escaped(title);
    Html(format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><h1>{title}</h1>{body}</html>\n",
        words.lang
    ))
}

/// Text between tags: a title is a stranger's.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control()) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
