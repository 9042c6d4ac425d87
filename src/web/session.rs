//! Log-in: a token is exchanged for a cookie, which the store knows by its hash only.
//!
//! How often one may be wrong is `pace`'s to say.

use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use maud::html;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::App;
use super::form::Form;
use super::guard::Who;
use super::layout;
use super::pace::{Hearing, Place};
use super::problem::{Answer, Problem};
use super::view::{View, cookie};
use super::words::W;
use crate::domain::alert::hex;
use crate::store::StoreError;
use crate::store::sessions::{self, Session};

/// What the cookie is called.
const COOKIE: &str = "bongsu";

/// How long nobody need log in again.
const LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Whose session a request's cookie is.
pub async fn holder(app: &App, headers: &HeaderMap) -> Result<Option<Who>, StoreError> {
    let Some(id) = cookie(headers, COOKIE) else {
        return Ok(None);
    };
    let (hash, now) = (hash(&id), app.control.now());
    let found = app
        .control
        .read(move |conn| sessions::find(conn, &hash, now))
        .await?;
    // A token that was changed or taken out of config closes its sessions.
    Ok(found.and_then(|session| {
        let (mark, read_only) = app.guard().mark_of(&session.token)?;
        (mark == session.mark).then_some(Who {
            name: session.token,
            read_only,
            by_session: true,
        })
    }))
}

fn hash(id: &str) -> String {
    hex(&Sha256::digest(id))
}

/// Where to go after log-in.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    next: Option<String>,
}

/// `GET /login`.
pub async fn page(view: View, Query(next): Query<Next>) -> Response {
    form(&view, next.next.as_deref(), None)
}

fn form(view: &View, next: Option<&str>, wrong: Option<W>) -> Response {
    let body = html! {
        form.narrow method="post" action="/login" {
            @if let Some(wrong) = wrong { p.bad role="alert" { (view.t(wrong)) } }
            label for="token" { (view.t(W::Token)) }
            input id="token" name="token" type="password" autocomplete="current-password" required autofocus;
            p.hint { (view.t(W::TokenHint)) }
            input type="hidden" name="next" value=(local(next));
            button { (view.t(W::SignIn)) }
        }
    };
    let status = match wrong {
        None => StatusCode::OK,
        Some(W::TooManyTries) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::FORBIDDEN,
    };
    let page = layout::page(view, view.t(W::SignIn), &body);
    (status, [(header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// A path of ours, whatever was asked for. Browsers leave out tabs and line ends, so that `/`, a tab and `/evil.example`
/// would be another server.
pub fn local(next: Option<&str>) -> &str {
    let is_foreign = |c: char| c == '\\' || c.is_control();
    next.filter(|next| {
        next.starts_with('/') && !next.starts_with("//") && !next.contains(is_foreign)
    })
    .unwrap_or("/")
}

/// `POST /login`.
pub async fn log_in(
    State(app): State<App>,
    extensions: Extensions,
    view: View,
    form_: Form,
) -> Answer<Response> {
    let (now, place) = (app.control.now(), Place::of(&extensions));
    let next = form_.get("next");
    let token = form_.get("token").unwrap_or_default();
    let hearing = app.pace.hear(place, token, now);
    if let Hearing::Later(seconds) = hearing {
        let mut response = form(&view, next, Some(W::TooManyTries));
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let Some(who) = app.guard().holder(token) else {
        if hearing == Hearing::Heard
            && let Some(told) = app.pace.wrong(place, token, now)
        {
            told.log(place, "at log-in");
        }
        return Ok(form(&view, next, Some(W::WrongToken)));
    };
    let id = app
        .control
        .unguessable()
        .map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, error))?;
    let session = Session {
        mark: app.guard().mark_of(&who.name).map_or(0, |(mark, _)| mark),
        token: who.name,
    };
    let (hash, until) = (hash(&id), now.checked_add(LASTS).unwrap_or(Timestamp::MAX));
    app.control
        .write(move |tx| sessions::open(tx, &hash, &session, (now, until)))
        .await?;
    let target = local(next).to_owned();
    Ok(with_cookie(&app, &id, LASTS.as_secs(), &target))
}

fn with_cookie(app: &App, value: &str, age: i64, target: &str) -> Response {
    let secure = if app.guard().is_https() {
        "; Secure"
    } else {
        ""
    };
    let text =
        format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    let mut response = Redirect::to(target).into_response();
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// `POST /logout`.
pub async fn log_out(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    if let Some(id) = cookie(&headers, COOKIE) {
        let hash = hash(&id);
        app.control
            .write(move |tx| sessions::close(tx, &hash))
            .await?;
    }
    Ok(with_cookie(&app, "", 0, "/login"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_in_leads_to_our_own_pages_only() {
        for (next, expected) in [
            (Some("/rules?x=1"), "/rules?x=1"),
            (Some("//evil.example"), "/"),
            (Some("/\t/evil.example"), "/"),
            (Some("/\u{b}/evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (None, "/"),
        ] {
            assert_eq!(local(next), expected, "{next:?}");
        }
    }
}
