//! How one person looks at the pages: language, theme, zone, and who it is.
//!
//! Chosen by cookie, else by what the browser says; nothing of it is in the store.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::App;
use super::form::Form;
use super::guard::Who;
use super::lang::Lang;
use super::problem::Problem;
use super::words::{self, W};

/// How pages look.
#[derive(Clone, Debug)]
pub struct View {
    /// In which language.
    pub lang: Lang,
    /// `light`, `dark`, or none: as the system.
    pub theme: Option<&'static str>,
    /// In which zone times are shown.
    pub zone: TimeZone,
    /// Who looks; none before log-in.
    pub who: Option<Who>,
    /// The path that was asked for.
    pub path: String,
    /// Its query, without the language.
    pub asked: Form,
    /// The time of the request.
    pub now: Timestamp,
    /// Where style and script are.
    pub assets: super::assets::Assets,
    /// Something is wrong with the daemon.
    pub troubled: bool,
}

/// A cookie of a request.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(axum::http::header::COOKIE).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

impl View {
    /// What a request says of it.
    pub fn of(app: &App, parts: &Parts) -> Self {
        let headers = &parts.headers;
        let asked = Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let by_cookie = || cookie(headers, "lang").and_then(|code| Lang::from_code(&code));
        let lang = asked.get("lang").and_then(Lang::from_code);
        let theme = cookie(headers, "theme");
        let zone = cookie(headers, "zone").map(|name| name.replace("%2F", "/"));
        Self {
            lang: lang
                .or_else(by_cookie)
                .unwrap_or_else(|| Lang::of_headers(headers)),
            theme: match theme.as_deref() {
                Some("light") => Some("light"),
                Some("dark") => Some("dark"),
                _ => None,
            },
            zone: zone
                .and_then(|name| TimeZone::get(&name).ok())
                .unwrap_or(TimeZone::UTC),
            who: parts.extensions.get().cloned(),
            path: parts.uri.path().to_owned(),
            asked,
            now: app.control.now(),
            assets: app.assets.clone(),
            troubled: !app.control.not_ready().is_empty(),
        }
    }

    /// A text in the language of the page.
    pub fn t(&self, word: W) -> &'static str {
        word.get(self.lang)
    }

    /// A code of the store in words.
    pub fn code<'a>(&self, code: &'a str) -> &'a str {
        words::code(code, self.lang)
    }

    /// What comes in English from the domain: behind its meaning where people read another language.
    pub fn said(&self, meaning: Option<&str>, english: &str) -> Markup {
        html! {
            @match (meaning, self.lang) {
                (Some(meaning), _) => { (meaning) @if !english.is_empty() { " " span.faint lang="en" { (english) } } }
                (None, Lang::En) => (english),
                (None, Lang::Ko) => { @if !english.is_empty() { span lang="en" { (english) } } }
            }
        }
    }

    /// Whether changes are offered.
    pub fn may_change(&self) -> bool {
        self.who.as_ref().is_some_and(|who| !who.read_only)
    }

    /// The name of the zone now, as times are shown in.
    pub fn zone_name(&self) -> String {
        let name = self.zone.iana_name().unwrap_or("UTC");
        if name == "UTC" {
            return name.to_owned();
        }
        let offset = self
            .now
            .to_zoned_datetime(self.zone.clone())
            .strftime("%:z");
        format!("{name} (UTC{offset})")
    }

    /// How far the zone is from UTC now, in milliseconds: days of pictures begin at its midnight.
    pub fn offset_ms(&self) -> i64 {
        i64::from(self.zone.to_offset(self.now).seconds()) * 1000
    }

    /// An instant, to the minute, in the viewer's zone.
    pub fn time(&self, at: Timestamp) -> Markup {
        let zoned = at.to_zoned_datetime(self.zone.clone());
        html! { time datetime=(at.to_string()) { (zoned.strftime("%Y-%m-%d %H:%M").to_string()) } }
    }

    /// An instant where there is one.
    pub fn maybe_time(&self, at: Option<Timestamp>) -> Markup {
        html! {
            @if let Some(at) = at { (self.time(at)) } @else { span.faint { "–" } }
        }
    }
}

impl FromRequestParts<App> for View {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self::of(app, parts))
    }
}
