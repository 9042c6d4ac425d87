//! Language, theme and zone of this browser: three cookies, and nothing in the store.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::tz::TimeZone;
use maud::html;

use super::layout;
use super::session::local;
use super::view::View;
use super::words::W;

/// Zones that are offered; any other can be written.
const ZONES: [&str; 12] = [
    "UTC",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Bucharest",
    "Europe/Warsaw",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
    "Asia/Dubai",
    "Asia/Kolkata",
];

/// Chosen values that can be kept, as cookies.
fn cookies(view: &View) -> Vec<String> {
    let keep =
        |name: &str, value: &str| format!("{name}={value}; Path=/; SameSite=Lax; Max-Age=31536000");
    let mut out = Vec::new();
    if let Some(lang) = view
        .asked
        .get("lang")
        .filter(|lang| matches!(*lang, "en" | "ko"))
    {
        out.push(keep("lang", lang));
    }
    if let Some(theme) = view
        .asked
        .get("theme")
        .filter(|theme| matches!(*theme, "light" | "dark" | "auto"))
    {
        out.push(keep("theme", theme));
    }
    if let Some(zone) = view.asked.get("zone")
        && let Ok(known) = TimeZone::get(zone)
        && let Some(name) = known.iana_name()
    {
        out.push(keep("zone", name));
    }
    out
}

/// `GET /settings`: shows them, and keeps what was chosen.
pub async fn page(view: View) -> Response {
    let chosen = cookies(&view);
    if !chosen.is_empty() {
        let mut headers = HeaderMap::new();
        for cookie in chosen {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                headers.append(header::SET_COOKIE, value);
            }
        }
        let target = local(view.asked.get("next").or(Some("/settings")));
        return (headers, Redirect::to(target)).into_response();
    }
    let zone = view.zone.iana_name().unwrap_or("UTC");
    let body = html! {
        p.hint { (view.t(W::ThemeHint)) }
        form.narrow method="get" action="/settings" {
            fieldset {
                legend { (view.t(W::Language)) }
                @for (code, name) in [("en", "English"), ("ko", "한국어")] {
                    label { input type="radio" name="lang" value=(code) checked[view.lang.code() == code]; " " span lang=(code) { (name) } }
                }
            }
            fieldset {
                legend { (view.t(W::Theme)) }
                @for (code, word) in [("auto", W::Auto), ("light", W::Light), ("dark", W::Dark)] {
                    label { input type="radio" name="theme" value=(code) checked[view.theme.unwrap_or("auto") == code]; " " (view.t(word)) }
                }
            }
            label for="zone" { (view.t(W::TimeZone)) }
            input id="zone" name="zone" list="zones" value=(zone) data-zone;
            datalist id="zones" { @for zone in ZONES { option value=(zone) {} } }
            button { (view.t(W::Save)) }
        }
    };
    layout::page(&view, view.t(W::Settings), &body).into_response()
}
