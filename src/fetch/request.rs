//! One hop's request: which URL, which headers, and to whom credentials and validators may go.
//!
//! Credentials and the feed's own headers go to the configured origin only, and never again once a redirect
//! has left it; validators go to the URL that gave them. How the connection is made is in `http`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, percent_decode_str, percent_encode};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT,
};
use url::Url;

use super::cookies::Jar;
use super::failure::Failure;
use crate::domain::feed::outcome::{FetchRequest, OutcomeKind, Wants};
use crate::domain::feed::transport::Transport;

/// Most redirects followed for one document.
const MAX_HOPS: usize = 10;

/// Most redirects followed for a robots.txt (RFC 9309 2.3.1.2).
const MAX_ROBOTS_HOPS: usize = 5;

/// Longest URL that is asked for: as long as config and links may be.
const LONGEST_URL: usize = 8 << 10;

const FEED_TYPES: HeaderValue = HeaderValue::from_static(
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
     application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.5, text/html;q=0.3, */*;q=0.1",
);

const PAGE_TYPES: HeaderValue =
    HeaderValue::from_static("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.5");

const TEXT_TYPES: HeaderValue = HeaderValue::from_static("text/plain, */*;q=0.5");

const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

/// RFC 3229 10.5.3, with the manipulation `feed`: send the entries that are new since the validators.
const A_IM: HeaderName = HeaderName::from_static("a-im");

const CODINGS: HeaderValue = HeaderValue::from_static("gzip, br, zstd");

/// Headers that frame the request itself and are nobody's to set.
const FRAMING: [&str; 7] = [
    "connection",
    "content-length",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A step of an exchange: the URL to ask now, and what is known of the way there.
pub(super) struct Hop<'a> {
    request: &'a FetchRequest,
    /// Without user-info and fragment.
    pub(super) url: Url,
    user_info: Option<HeaderValue>,
    /// Whether every hop so far was at the configured origin.
    at_home: bool,
    /// The configured host.
    home: String,
    /// Whether a redirect led from https to http.
    downgraded: bool,
    /// URLs asked so far, this one included, and how often cookies had changed by then.
    way: Vec<(Url, u32)>,
    /// Cookies of this chain, where the feed wants any.
    jar: Option<Jar>,
}

impl<'a> Hop<'a> {
    /// The first step of `request`.
    pub(super) fn first(request: &'a FetchRequest) -> Result<Self, Failure> {
        let url = Url::parse(request.url.trim()).map_err(|error| {
            Failure::new(
                OutcomeKind::Refused,
                format!("the URL cannot be read: {error}"),
            )
        })?;
        let user_info = basic(&url);
        let url = bare(url);
        if url.as_str().len() > LONGEST_URL {
            let why = "the URL is longer than 8 KiB: no page has such an address";
            return Err(Failure::new(OutcomeKind::Refused, why));
        }
        let transport = request.transport.as_deref();
        let cookies = transport.is_some_and(|transport| transport.chain_cookies);
        Ok(Self {
            request,
            way: vec![(url.clone(), 0)],
            home: url.host_str().unwrap_or_default().to_owned(),
            url,
            user_info,
            at_home: true,
            downgraded: false,
            jar: cookies.then(Jar::default),
        })
    }

    /// What is hoped for.
    pub(super) fn wants(&self) -> Wants {
        self.request.wants
    }

    /// Whether nothing else waits to ask the host.
    pub(super) fn is_alone(&self) -> bool {
        self.request.alone
    }

    /// What this feed wants otherwise than all others.
    pub(super) fn transport(&self) -> Option<&'a Transport> {
        self.request.transport.as_deref()
    }

    /// Whether every hop so far was at the configured origin: only then credentials are shown.
    pub(super) fn is_at_home(&self) -> bool {
        self.at_home
    }

    /// Whether this hop goes to the configured host, by whatever scheme and port.
    pub(super) fn is_at_own_host(&self) -> bool {
        self.url.host_str() == Some(&self.home)
    }

    /// Whether a redirect led from https to http.
    pub(super) fn is_downgraded(&self) -> bool {
        self.downgraded
    }

    /// Keeps the cookies that an answer of this hop sets at `now`, where the feed wants any.
    pub(super) fn take_cookies<'v>(
        &mut self,
        fields: impl Iterator<Item = &'v [u8]>,
        now: Timestamp,
    ) {
        if let Some(jar) = &mut self.jar {
            jar.take(&self.url, fields, now);
        }
    }

    /// How many redirects led here.
    pub(super) fn number(&self) -> usize {
        self.way.len() - 1
    }

    /// The step to where `location`, as sent, points.
    pub(super) fn redirected(mut self, location: &[u8]) -> Result<Self, Failure> {
        let wrong = |message: String| Failure::new(OutcomeKind::RedirectError, message);
        let target = resolve(&self.url, location).ok_or_else(|| {
            let shown: String = String::from_utf8_lossy(location)
                .chars()
                .take(200)
                .collect();
            wrong(format!(
                "redirected to something that is no URL: {}",
                shown.escape_debug()
            ))
        })?;
        if target.as_str().len() > LONGEST_URL {
            return Err(wrong(format!(
                "redirected to a URL longer than 8 KiB: {}",
                clip(&target)
            )));
        }
        let cookies = self.jar.as_ref().map_or(0, Jar::changes);
        let step = (target.clone(), cookies);
        if self.way.contains(&step) {
            self.way.push(step);
            return Err(wrong(format!(
                "redirects run in a circle: {}",
                self.chain()
            )));
        }
        let most = match self.request.wants {
            Wants::Robots => MAX_ROBOTS_HOPS,
            Wants::Feed | Wants::Page => MAX_HOPS,
        };
        if self.number() == most {
            return Err(wrong(format!(
                "more than {most} redirects: {}",
                self.chain()
            )));
        }
        if self.url.scheme() == "https" && target.scheme() == "http" {
            let allowed = self.transport().is_some_and(|own| own.allow_downgrade);
            if !allowed {
                return Err(wrong(format!(
                    "redirected from https to plain http, which anyone on the way can read and change: {} \
                     (`allow_downgrade = true` at the feed follows it)",
                    clip(&target)
                )));
            }
            self.downgraded = true;
        }
        self.at_home &= self.url.origin() == target.origin();
        self.way.push(step);
        self.url = target;
        Ok(self)
    }

    /// The way so far, in words.
    fn chain(&self) -> String {
        let urls: Vec<String> = self.way.iter().map(|(url, _)| clip(url)).collect();
        urls.join(" → ")
    }

    /// The headers of this step, and whether validators are among them.
    pub(super) fn headers(&self) -> Result<(HeaderMap, bool), Failure> {
        let mut headers = HeaderMap::new();
        let accept = match self.request.wants {
            _ if self.request.plain_accept => ANYTHING,
            Wants::Feed => FEED_TYPES,
            Wants::Page => PAGE_TYPES,
            Wants::Robots => TEXT_TYPES,
        };
        headers.insert(ACCEPT, accept);
        headers.insert(ACCEPT_ENCODING, CODINGS);
        let agent = self.transport().and_then(|own| own.user_agent.as_deref());
        if let Some(agent) = agent.and_then(|agent| HeaderValue::from_str(agent).ok()) {
            headers.insert(USER_AGENT, agent);
        }
        if self.at_home {
            if let Some(value) = &self.user_info {
                headers.insert(AUTHORIZATION, value.clone());
            }
            for (name, value) in &self.request.headers {
                let (name, value) = own_header(name, value.expose())?;
                headers.insert(name, value);
            }
        }
        self.add_cookies(&mut headers);
        let conditional = self.add_validators(&mut headers);
        if conditional && !self.request.no_delta && self.request.wants == Wants::Feed {
            headers.insert(A_IM, HeaderValue::from_static("feed"));
        }
        Ok((headers, conditional))
    }

    /// Adds the validators that this URL gave; false where there are none.
    fn add_validators(&self, headers: &mut HeaderMap) -> bool {
        if !self.gave_validators() {
            return false;
        }
        let mut any = false;
        for (name, value) in [
            (IF_NONE_MATCH, &self.request.etag),
            (IF_MODIFIED_SINCE, &self.request.last_modified),
        ] {
            let value = value.as_deref().map(HeaderValue::from_bytes);
            if let Some(Ok(value)) = value {
                headers.insert(name, value);
                any = true;
            }
        }
        any
    }

    /// Adds the chain's cookies behind those that the feed is configured with.
    fn add_cookies(&self, headers: &mut HeaderMap) {
        let Some(cookies) = self.jar.as_ref().and_then(|jar| jar.header(&self.url)) else {
            return;
        };
        let all = match headers.get(COOKIE) {
            Some(own) => [own.as_bytes(), b"; ", &cookies].concat(),
            None => cookies,
        };
        if let Ok(mut value) = HeaderValue::from_bytes(&all) {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }

    /// Whether the stored validators are this URL's own.
    fn gave_validators(&self) -> bool {
        match &self.request.validators_url {
            None => self.number() == 0,
            Some(url) => Url::parse(url).is_ok_and(|url| bare(url) == self.url),
        }
    }
}

fn own_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let wrong = || {
        let name: String = name.chars().take(60).collect();
        Failure::new(
            OutcomeKind::Refused,
            format!(
                "the configured header `{}` cannot be sent: check its name and value",
                name.escape_debug()
            ),
        )
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    let mut value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| wrong())?;
    value.set_sensitive(true);
    if FRAMING.contains(&name.as_str()) {
        return Err(wrong());
    }
    Ok((name, value))
}

/// `user:password@` as an Authorization value.
fn basic(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut plain: Vec<u8> = percent_decode_str(url.username()).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(url.password().unwrap_or("")));
    let value = format!("Basic {}", STANDARD.encode(plain));
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `url` without what must not travel.
fn bare(mut url: Url) -> Url {
    url.set_fragment(None);
    // Both fail only for URLs without a host, which the guard refuses.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// Everything but printable ASCII, which stands as it is.
const BEYOND_ASCII: &AsciiSet = &percent_encoding::CONTROLS.add(b' ');

/// `location` as sent, in any character set, against `base`.
fn resolve(base: &Url, location: &[u8]) -> Option<Url> {
    let text = percent_encode(location.trim_ascii(), BEYOND_ASCII).to_string();
    base.join(&text).ok().map(bare)
}

fn clip(url: &Url) -> String {
    let text = url.as_str();
    if text.len() <= 120 {
        return text.to_owned();
    }
    // A parsed URL is ASCII except perhaps in its host; cut where a character ends.
    let end = (0..=120).rev().find(|at| text.is_char_boundary(*at));
    format!("{}…", &text[..end.unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn ask(url: &str) -> FetchRequest {
        FetchRequest {
            url: url.to_owned(),
            ..FetchRequest::default()
        }
    }

    #[test]
    fn a_configured_url_is_sent_as_written() {
        for (given, sent) in [
            (
                "http://h.example/a?q=%C7%D1%B1%DB",
                "http://h.example/a?q=%C7%D1%B1%DB",
            ),
            ("http://H.Example/A/?x=1&&y", "http://h.example/A/?x=1&&y"),
            ("http://h.example/feed/#top", "http://h.example/feed/"),
            ("http://h.example/%7euser//x", "http://h.example/%7euser//x"),
            (
                "http://h.example/소식?q=한글",
                "http://h.example/%EC%86%8C%EC%8B%9D?q=%ED%95%9C%EA%B8%80",
            ),
            ("http://한국.example/", "http://xn--3e0b707e.example/"),
        ] {
            assert_eq!(
                Hop::first(&ask(given)).ok().unwrap().url.as_str(),
                sent,
                "{given}"
            );
        }
    }

    #[test]
    fn locations_resolve_in_any_character_set() {
        let base = Url::parse("https://h.example/a/b?c").unwrap();
        for (location, target) in [
            (&b"/x"[..], Some("https://h.example/x")),
            (b"d", Some("https://h.example/a/d")),
            (b"?e", Some("https://h.example/a/b?e")),
            (b"", Some("https://h.example/a/b?c")),
            (b"//other.example/f#g", Some("https://other.example/f")),
            (
                b"/\xc7\xd1 \xb1\xdb",
                Some("https://h.example/%C7%D1%20%B1%DB"),
            ),
            ("/한".as_bytes(), Some("https://h.example/%ED%95%9C")),
            (b"https://u:p@h.example/", Some("https://h.example/")),
            (b"http://[nonsense", None),
        ] {
            assert_eq!(
                resolve(&base, location).as_ref().map(Url::as_str),
                target,
                "{}",
                String::from_utf8_lossy(location)
            );
        }
    }

    #[test]
    fn circles_long_ways_and_downgrades_end() {
        let request = ask("https://h.example/0");
        let first = || Hop::first(&request).ok().unwrap();
        let message = |hop: Result<Hop, Failure>| hop.err().map(|failure| failure.message);
        assert!(message(first().redirected(b"")).unwrap().contains("circle"));
        assert!(
            message(first().redirected(b"http://h.example/1"))
                .unwrap()
                .contains("plain http")
        );
        let mut hop = first();
        for n in 1..=MAX_HOPS {
            hop = hop.redirected(format!("/{n}").as_bytes()).ok().unwrap();
        }
        assert!(
            message(hop.redirected(b"/11"))
                .unwrap()
                .contains("more than")
        );
    }

    #[test]
    fn what_is_private_stays_at_home() {
        let request = FetchRequest {
            url: "https://user:p%40ss@h.example/feed".to_owned(),
            etag: Some(b"\"caf\xe9".to_vec()),
            last_modified: Some(b"not a date".to_vec()),
            validators_url: None,
            headers: vec![("X-Key".to_owned(), Secret::new("k"))],
            ..FetchRequest::default()
        };
        let hop = Hop::first(&request).ok().unwrap();
        let (headers, conditional) = hop.headers().ok().unwrap();
        assert!(conditional);
        assert_eq!(headers[AUTHORIZATION], "Basic dXNlcjpwQHNz");
        assert_eq!(headers[IF_NONE_MATCH].as_bytes(), b"\"caf\xe9");
        assert_eq!(headers["x-key"], "k");
        let (headers, conditional) = hop
            .redirected(b"/moved")
            .ok()
            .unwrap()
            .headers()
            .ok()
            .unwrap();
        assert!(!conditional && !headers.contains_key(IF_NONE_MATCH));
        assert!(headers.contains_key(AUTHORIZATION) && headers.contains_key("x-key"));
        let away = Hop::first(&request)
            .ok()
            .unwrap()
            .redirected(b"https://other.example/")
            .ok()
            .unwrap();
        let back = away.redirected(b"https://h.example/other").ok().unwrap();
        let (headers, _) = back.headers().ok().unwrap();
        assert!(!headers.contains_key(AUTHORIZATION) && !headers.contains_key("x-key"));
    }

    #[test]
    fn validators_go_to_the_url_that_gave_them() {
        let request = FetchRequest {
            url: "http://h.example/feed".to_owned(),
            etag: Some(b"\"x\"".to_vec()),
            validators_url: Some("https://h.example/feed".to_owned()),
            ..FetchRequest::default()
        };
        let hop = Hop::first(&request).ok().unwrap();
        assert!(!hop.headers().ok().unwrap().1);
        let hop = hop.redirected(b"https://h.example/feed").ok().unwrap();
        assert!(hop.headers().ok().unwrap().1);
    }

    fn special(transport: Transport) -> FetchRequest {
        FetchRequest {
            transport: transport.shared(),
            ..ask("https://h.example/feed")
        }
    }

    #[test]
    fn a_downgrade_that_is_allowed_takes_nothing_along() {
        let request = FetchRequest {
            headers: vec![("X-Key".to_owned(), Secret::new("k"))],
            ..special(Transport {
                allow_downgrade: true,
                ..Transport::default()
            })
        };
        let hop = Hop::first(&request).ok().unwrap();
        assert!(hop.is_at_home() && !hop.is_downgraded());
        let hop = hop.redirected(b"http://h.example/feed").ok().unwrap();
        assert!(!hop.is_at_home() && hop.is_downgraded() && hop.is_at_own_host());
        assert!(!hop.headers().ok().unwrap().0.contains_key("x-key"));
        let hop = hop.redirected(b"https://h.example/new").ok().unwrap();
        assert!(hop.is_downgraded(), "what came over plain http led here");
    }

    #[test]
    fn deltas_are_asked_for_with_validators_only() {
        let conditional = FetchRequest {
            etag: Some(b"\"x\"".to_vec()),
            ..ask("https://h.example/")
        };
        let no_delta = FetchRequest {
            no_delta: true,
            ..conditional.clone()
        };
        let page = FetchRequest {
            wants: Wants::Page,
            ..conditional.clone()
        };
        for (request, asked) in [
            (ask("https://h.example/"), false),
            (conditional, true),
            (no_delta, false),
            (page, false),
        ] {
            let (headers, _) = Hop::first(&request).ok().unwrap().headers().ok().unwrap();
            assert_eq!(headers.contains_key("a-im"), asked, "{request:?}");
        }
    }

    #[test]
    fn what_is_accepted_follows_what_is_wanted() {
        let accept = |request: &FetchRequest| {
            let (headers, _) = Hop::first(request).ok().unwrap().headers().ok().unwrap();
            headers[ACCEPT].to_str().unwrap().to_owned()
        };
        let mut request = ask("https://h.example/");
        assert!(accept(&request).starts_with("application/atom+xml"));
        request.wants = Wants::Page;
        assert!(accept(&request).starts_with("text/html"));
        request.plain_accept = true;
        assert_eq!(accept(&request), "*/*");
    }

    #[test]
    fn the_same_url_with_other_cookies_is_no_circle() {
        let request = FetchRequest {
            headers: vec![("Cookie".to_owned(), Secret::new("own=1"))],
            ..special(Transport {
                chain_cookies: true,
                ..Transport::default()
            })
        };
        let now = Timestamp::UNIX_EPOCH;
        let mut hop = Hop::first(&request).ok().unwrap();
        hop.take_cookies([&b"seen=yes"[..]].into_iter(), now);
        let mut hop = hop.redirected(b"").ok().unwrap();
        let (headers, _) = hop.headers().ok().unwrap();
        assert_eq!(headers[COOKIE], "own=1; seen=yes");
        hop.take_cookies([&b"seen=yes"[..]].into_iter(), now);
        assert!(
            hop.redirected(b"")
                .err()
                .unwrap()
                .message
                .contains("circle")
        );
        let request = ask("https://h.example/feed");
        let mut plain = Hop::first(&request).ok().unwrap();
        plain.take_cookies([&b"seen=yes"[..]].into_iter(), now);
        assert!(plain.redirected(b"").is_err());
    }

    #[test]
    fn a_feeds_own_name_is_told_on_every_hop() {
        let request = special(Transport {
            user_agent: Some("desk/1".to_owned()),
            ..Transport::default()
        });
        let hop = Hop::first(&request).ok().unwrap();
        let away = Hop::first(&request)
            .ok()
            .unwrap()
            .redirected(b"https://other.example/")
            .ok()
            .unwrap();
        for hop in [hop, away] {
            assert_eq!(hop.headers().ok().unwrap().0[USER_AGENT], "desk/1");
        }
    }

    #[test]
    fn impossible_headers_are_told_without_their_value() {
        for (name, value) in [("bad name", "x"), ("X-Key", "a\nb"), ("Host", "h")] {
            let mut request = ask("https://h.example/");
            request.headers = vec![(name.to_owned(), Secret::new(value))];
            let hop = Hop::first(&request).ok().unwrap();
            let failure = hop.headers().err().unwrap();
            assert!(failure.message.contains(name) && !failure.message.contains("a\nb"));
        }
    }
}
