//! Who may ask, and for what: Host (DNS rebinding), the origin of writes (CSRF), token or session, read-only.
//!
//! One choke point for every route, so that none can be forgotten; it puts the security headers on every answer.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::App;
use super::pace::{Hearing, Place};
use super::problem::Problem;
use super::session;
use crate::daemon::control::Access;
use crate::domain::alert::hex;

/// What is allowed to pages: our own style, script and icon, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The token's name; `local` where none is needed.
    pub name: String,
    /// May look, not change.
    pub read_only: bool,
    /// Came by log-in, and can go by log-out.
    pub by_session: bool,
}

impl<S: Sync> axum::extract::FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get()
            .cloned()
            .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "a token is needed"))
    }
}

/// A token as it is kept here.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    read_only: bool,
    /// SHA-256, so that comparing takes the same time whatever is sent.
    hash: [u8; 32],
}

/// Where the web is, for as long as the process runs.
#[derive(Clone, Debug)]
pub struct Door {
    /// `[web] listen`.
    pub listen: String,
    /// Only this machine reaches it.
    pub is_near: bool,
}

/// What requests are held against.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The configured host, accepted beside loopback names; none for a unix socket.
    host: Option<String>,
    /// The host of `public_url`.
    public_host: Option<String>,
    tokens: Vec<Known>,
    /// Others reach it, so that nobody comes in without a token, even when there is none any more.
    is_far: bool,
    /// People come by https, as far as config tells.
    is_https: bool,
    /// What opens the output feeds to readers that send no token; none where nothing needs opening.
    feed_key: Option<String>,
}

impl Guard {
    /// The guard of a door.
    pub fn new(door: &Door, access: &Access) -> Self {
        let host = door
            .listen
            .rsplit_once(':')
            .map(|(host, _)| host.trim_matches(['[', ']']).to_ascii_lowercase());
        let tokens = access.tokens.iter().map(|token| Known {
            name: token.name.clone(),
            read_only: token.read_only,
            hash: Sha256::digest(token.secret.expose()).into(),
        });
        let public = access.public_url.as_deref();
        Self {
            host: host.filter(|_| !door.listen.starts_with("unix:")),
            public_host: public
                .and_then(|public| url::Url::parse(public).ok())
                .and_then(|url| url.host_str().map(str::to_ascii_lowercase)),
            tokens: tokens.collect(),
            is_far: !door.is_near,
            is_https: public.is_some_and(|public| public.starts_with("https://")),
            feed_key: access
                .tokens
                .first()
                .map(|token| feed_key(token.secret.expose())),
        }
    }

    /// What opens the output feeds.
    pub fn feed_key(&self) -> Option<&str> {
        self.feed_key.as_deref()
    }

    /// Whether a token is asked for at all.
    pub fn asks_for_token(&self) -> bool {
        self.is_far || !self.tokens.is_empty()
    }

    /// Whether cookies are for https only.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether a Host header names this server.
    fn knows_host(&self, host: &str) -> bool {
        let Some(name) = name_of(host) else {
            return false;
        };
        let loopback = name == "localhost"
            || name
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        match &self.host {
            None => true,
            Some(own) => {
                loopback
                    || name == *own
                    || self.public_host.as_ref() == Some(&name)
                    || ((own == "0.0.0.0" || own == "::") && !self.tokens.is_empty())
            }
        }
    }

    /// Whose token this is; takes the same time whichever it is.
    pub fn holder(&self, token: &str) -> Option<Who> {
        let given: [u8; 32] = Sha256::digest(token).into();
        let mut found = None;
        for known in &self.tokens {
            if same(&known.hash, &given) {
                found = Some(known);
            }
        }
        found.map(|known| Who {
            name: known.name.clone(),
            read_only: known.read_only,
            by_session: false,
        })
    }

    /// Sixteen bits of a token's hash: whether a session's token is still the one it was opened with.
    pub fn mark_of(&self, name: &str) -> Option<(i64, bool)> {
        let known = self.tokens.iter().find(|known| known.name == name)?;
        let hash = Sha256::digest(known.hash);
        let mark = i64::from(u16::from_be_bytes([hash[0], hash[1]]));
        Some((mark, known.read_only))
    }

    fn opens_feeds(&self, query: Option<&str>) -> bool {
        let Some(key) = &self.feed_key else {
            return false;
        };
        let given = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find(|(name, _)| name == "key")
            .map(|(_, value)| value.into_owned());
        given.is_some_and(|given| same(&Sha256::digest(key).into(), &Sha256::digest(&given).into()))
    }
}

/// The name of a Host header, without brackets and port; none where that is not all of it.
fn name_of(host: &str) -> Option<String> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        .then(|| name.trim_end_matches('.').to_ascii_lowercase())
}

/// A key made of a token, from which the token cannot be had.
fn feed_key(token: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token.as_bytes()) else {
        return String::new();
    };
    mac.update(b"bongsu output feeds");
    hex(&mac.finalize().into_bytes()[..16])
}

/// Compares in constant time.
fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.iter()
        .zip(right)
        .fold(0, |difference, (a, b)| difference | (a ^ b))
        == 0
}

/// Lets a request through or refuses it, and puts the security headers on every answer.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // Hubs, and people with a link to acknowledge, come by the public name and have no token but the one in the path.
    let path = parts.uri.path();
    let admitted = if path.starts_with("/websub/") || path.starts_with("/a/") {
        Ok(())
    } else {
        admit(&app, &mut parts).await
    };
    let who: Option<Who> = parts.extensions.get().cloned();
    let mut response = match admitted {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => *refused,
    };
    // For the page that a problem may become.
    if let Some(who) = who {
        response.extensions_mut().insert(who);
    }
    dress(response.headers_mut());
    response
}

/// Finds out who asks and whether that is allowed.
async fn admit(app: &App, parts: &mut Parts) -> Result<(), Box<Response>> {
    let headers = &parts.headers;
    let host = text(headers, header::HOST);
    // What is asked for whole, as of a proxy, names a host as well; and of two nobody knows which one counts.
    let named = parts.uri.authority().map_or(host, |named| named.as_str());
    let is_one = headers.get_all(header::HOST).iter().count() < 2;
    let guard = app.guard();
    if !(is_one && guard.knows_host(host) && guard.knows_host(named)) {
        let why = "this server does not answer for that Host\n";
        return Err(Box::new(
            (StatusCode::MISDIRECTED_REQUEST, why).into_response(),
        ));
    }
    if is_part_of_a_foreign_page(headers) {
        let why = "this is no part of another site's page";
        return Err(Box::new(refusal(why)));
    }
    let writes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if writes && !(is_same_origin(headers, host) && is_meant(headers)) {
        let why = "a change must come from a page of this server";
        return Err(Box::new(refusal(why)));
    }
    let path = parts.uri.path();
    let is_open = matches!(path, "/healthz" | "/readyz" | "/login") || path.starts_with("/assets/");
    let Some(who) = who(app, parts).await? else {
        return if is_open {
            Ok(())
        } else {
            Err(Box::new(unknown(parts)))
        };
    };
    if writes && who.read_only && path != "/login" && path != "/logout" {
        let why = "this token may look, not change";
        return Err(Box::new(refusal(why)));
    }
    parts.extensions.insert(who);
    Ok(())
}

fn refusal(why: &str) -> Response {
    Problem::new(StatusCode::FORBIDDEN, why).into_response()
}

/// Whether a path is of an output feed: pages of feeds that are read lie beside them.
fn is_output_feed(path: &str) -> bool {
    let kinds = ["rules/", "entities/", "stories/", "search/"];
    path.strip_prefix("/feeds/")
        .is_some_and(|rest| kinds.iter().any(|kind| rest.starts_with(kind)))
}

/// By bearer token, by session, by the key of the output feeds; everybody where no token is configured.
async fn who(app: &App, parts: &Parts) -> Result<Option<Who>, Box<Response>> {
    let local = || Who {
        name: "local".to_owned(),
        read_only: false,
        by_session: false,
    };
    let guard = app.guard();
    if !guard.asks_for_token() {
        return Ok(Some(local()));
    }
    let given = text(&parts.headers, header::AUTHORIZATION).split_once(' ');
    if let Some((_, token)) = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        return bearer(app, Place::of(&parts.extensions), token);
    }
    if is_output_feed(parts.uri.path()) && guard.opens_feeds(parts.uri.query()) {
        return Ok(Some(Who {
            name: "feed key".to_owned(),
            read_only: true,
            by_session: false,
        }));
    }
    session::holder(app, &parts.headers)
        .await
        .map_err(|error| Box::new(Problem::from(error).into_response()))
}

/// Whose token this is, where tokens from there are looked at now.
fn bearer(app: &App, place: Place, token: &str) -> Result<Option<Who>, Box<Response>> {
    let now = app.control.now();
    match app.pace.hear(place, token, now) {
        Hearing::Heard => {}
        Hearing::Wrong => return Ok(None),
        Hearing::Later(seconds) => {
            let why = "too many wrong tokens came from this address";
            let problem = Problem {
                status: StatusCode::TOO_MANY_REQUESTS,
                ..Problem::later(why, seconds)
            };
            return Err(Box::new(problem.into_response()));
        }
    }
    let found = app.guard().holder(token);
    if found.is_none()
        && let Some(told) = app.pace.wrong(place, token, now)
    {
        told.log(place, "to the API");
    }
    Ok(found)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Whether a page of another site had this asked for, or led here by a link.
pub fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = text(headers, header::HeaderName::from_static("sec-fetch-site"));
    matches!(site, "cross-site" | "same-site")
}

/// Whether another site's page wants a picture, a script or a frame of us: from elsewhere only links lead here.
fn is_part_of_a_foreign_page(headers: &HeaderMap) -> bool {
    let told = |name| text(headers, header::HeaderName::from_static(name));
    let is_link =
        told("sec-fetch-mode") == "navigate" && matches!(told("sec-fetch-dest"), "document" | "");
    is_from_elsewhere(headers) && !is_link
}

/// Whether a write comes from one of our own pages, or from no page at all.
///
/// Browsers send `Sec-Fetch-Site` or at least `Origin` with every post; programs send neither.
fn is_same_origin(headers: &HeaderMap, host: &str) -> bool {
    match text(headers, header::HeaderName::from_static("sec-fetch-site")) {
        "same-origin" | "none" => return true,
        "" => {}
        _ => return false,
    }
    match text(headers, header::ORIGIN) {
        "" => !headers.contains_key(header::ORIGIN),
        origin => origin
            .split_once("://")
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host)),
    }
}

/// Whether a write was meant for us, and is no form that some program was talked into sending here.
///
/// Browsers say with every form where it comes from, programs of the API send JSON or show a token: a form without
/// either is that of a server which takes our address for another's, as one that asks a hub does.
fn is_meant(headers: &HeaderMap) -> bool {
    let kind = text(headers, header::CONTENT_TYPE);
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let is_form = [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain",
    ]
    .iter()
    .any(|form| essence.eq_ignore_ascii_case(form));
    !is_form
        || headers.contains_key("sec-fetch-site")
        || headers.contains_key(header::ORIGIN)
        || headers.contains_key(header::AUTHORIZATION)
}

/// People are shown where to log in, programs what to send.
fn unknown(parts: &Parts) -> Response {
    let is_page = parts.method == Method::GET
        && text(&parts.headers, header::ACCEPT).contains("text/html")
        && !parts.uri.path().starts_with("/api/");
    if is_page {
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str());
        let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
        return Redirect::to(&format!("/login?next={next}")).into_response();
    }
    let why = "a token is needed: Authorization: Bearer …";
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, why).into_response();
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The security headers, where the handler has not set its own.
pub fn dress(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            header::HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::setup::Token;
    use crate::secret::Secret;

    fn guard(listen: &str, tokens: &[&str]) -> Guard {
        let tokens = tokens.iter().map(|token| Token {
            name: (*token).to_owned(),
            secret: Secret::new(*token),
            read_only: token.starts_with("ro"),
        });
        let door = Door {
            listen: listen.to_owned(),
            is_near: true,
        };
        let access = Access {
            public_url: None,
            tokens: tokens.collect(),
        };
        Guard::new(&door, &access)
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let loopback = guard("127.0.0.1:8787", &[]);
        for host in [
            "127.0.0.1:8787",
            "localhost:8787",
            "localhost",
            "[::1]:8787",
            "127.0.0.1",
        ] {
            assert!(loopback.knows_host(host), "{host}");
        }
        for host in [
            "evil.example:8787",
            "",
            "127.0.0.1.evil.example",
            "8.8.8.8",
            "[::1]evil",
            "[::1",
            "[::1]:1@evil",
            "localhost:evil",
            "127.0.0.1:80@evil.example",
        ] {
            assert!(!loopback.knows_host(host), "{host}");
        }
        assert!(guard("0.0.0.0:8787", &["t"]).knows_host("desk.example"));
        assert!(guard("unix:/run/bongsu.sock", &[]).knows_host("anything"));
    }

    #[test]
    fn a_token_tells_who_holds_it() {
        let closed = guard("127.0.0.1:1", &["right", "ro-other"]);
        assert_eq!(closed.holder("right").unwrap().name, "right");
        assert!(closed.holder("ro-other").unwrap().read_only);
        assert!(closed.holder("wrong").is_none());
        assert!(closed.holder("").is_none());
    }

    #[test]
    fn a_door_to_others_stays_shut_without_tokens() {
        let door = |is_near| Door {
            listen: "0.0.0.0:8787".to_owned(),
            is_near,
        };
        let nobody = Access::default();
        assert!(Guard::new(&door(false), &nobody).asks_for_token());
        assert!(!Guard::new(&door(true), &nobody).asks_for_token());
    }

    #[test]
    fn the_key_of_the_feeds_is_no_token() {
        let closed = guard("127.0.0.1:1", &["right"]);
        let key = closed.feed_key().unwrap().to_owned();
        assert!(closed.opens_feeds(Some(&format!("key={key}"))));
        assert!(!closed.opens_feeds(Some("key=right")));
        assert!(closed.holder(&key).is_none());
        assert!(!guard("127.0.0.1:1", &[]).opens_feeds(Some("key=")));
    }

    #[test]
    fn other_sites_may_lead_here_and_have_nothing_of_us_on_their_pages() {
        for (site, mode, dest, expected) in [
            ("cross-site", "navigate", "document", false),
            ("cross-site", "navigate", "", false),
            ("cross-site", "navigate", "iframe", true),
            ("cross-site", "no-cors", "image", true),
            ("same-site", "cors", "empty", true),
            ("cross-site", "", "", true),
            ("same-origin", "cors", "empty", false),
            ("none", "navigate", "document", false),
            ("", "", "", false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ] {
                headers.insert(name, value.parse().unwrap());
            }
            let told = is_part_of_a_foreign_page(&headers);
            assert_eq!(told, expected, "{site} {mode} {dest}");
        }
    }

    #[test]
    fn a_form_that_does_not_say_where_it_comes_from_changes_nothing() {
        let form = "application/x-www-form-urlencoded";
        for (kind, shown, expected) in [
            (form, None, false),
            (
                "Application/X-WWW-Form-Urlencoded; charset=utf-8",
                None,
                false,
            ),
            ("multipart/form-data; boundary=x", None, false),
            ("text/plain", None, false),
            (form, Some("sec-fetch-site"), true),
            (form, Some("origin"), true),
            (form, Some("authorization"), true),
            ("application/json", None, true),
            ("", None, true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            if let Some(name) = shown {
                headers.insert(name, HeaderValue::from_static("x"));
            }
            assert_eq!(is_meant(&headers), expected, "{kind} {shown:?}");
        }
    }

    #[test]
    fn a_write_comes_from_our_own_pages_or_from_no_page() {
        for (site, origin, expected) in [
            (None, None, true),
            (Some("same-origin"), None, true),
            (Some("none"), None, true),
            (Some("cross-site"), None, false),
            (Some("same-site"), Some("http://127.0.0.1:1"), false),
            (None, Some("http://127.0.0.1:1"), true),
            (None, Some("http://127.0.0.1:2"), false),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
            (None, Some(""), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            let told = is_same_origin(&headers, "127.0.0.1:1");
            assert_eq!(told, expected, "{site:?} {origin:?}");
        }
    }
}
