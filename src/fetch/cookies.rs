//! Cookies for one chain of redirects: publishers that hand one out and send the asker round again.
//!
//! A cookie goes back to the origin that set it and to no other, whatever its `Domain` says, and nothing
//! outlives the chain.

use jiff::Timestamp;
use url::{Origin, Url};

use crate::domain::feed::freshness::http_date;

/// Most cookies that are kept…
const MOST: usize = 20;

/// …each of at most so many bytes, name and value.
const LARGEST: usize = 4 << 10;

/// The cookies of a chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
    changes: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct Cookie {
    origin: Origin,
    path: String,
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Jar {
    /// How often it changed: the same URL with other cookies is another request.
    pub(super) fn changes(&self) -> u32 {
        self.changes
    }

    /// Takes the `Set-Cookie` fields of an answer of `url` at `now`.
    pub(super) fn take<'a>(
        &mut self,
        url: &Url,
        fields: impl Iterator<Item = &'a [u8]>,
        now: Timestamp,
    ) {
        for field in fields.take(MOST) {
            let Some((cookie, ended)) = read(url, field, now) else {
                continue;
            };
            let same = |known: &Cookie| {
                (&known.origin, &known.path, &known.name)
                    == (&cookie.origin, &cookie.path, &cookie.name)
            };
            let at = self.cookies.iter().position(same);
            match at {
                Some(at) if ended => drop(self.cookies.remove(at)),
                Some(at) if self.cookies[at] == cookie => continue,
                Some(at) => self.cookies[at] = cookie,
                None if ended || self.cookies.len() >= MOST => continue,
                None => self.cookies.push(cookie),
            }
            self.changes += 1;
        }
    }

    /// The value of `Cookie` for `url`, if there is any.
    pub(super) fn header(&self, url: &Url) -> Option<Vec<u8>> {
        let origin = url.origin();
        let pairs: Vec<Vec<u8>> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.origin == origin && is_below(url.path(), &cookie.path))
            .map(|cookie| [cookie.name.as_slice(), b"=", &cookie.value].concat())
            .collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }
}

/// A cookie, and whether it is to end at once.
fn read(url: &Url, field: &[u8], now: Timestamp) -> Option<(Cookie, bool)> {
    let mut parts = field.split(|byte| *byte == b';');
    let (name, value) = pair(parts.next()?)?;
    let odd = |byte: &u8| byte.is_ascii_control();
    if name.is_empty() || name.len() + value.len() > LARGEST || field.iter().any(odd) {
        return None;
    }
    let mut path = None;
    let (mut expired, mut max_age) = (false, None);
    for part in parts {
        let (name, value) = pair(part).unwrap_or((part.trim_ascii(), b""));
        match name.to_ascii_lowercase().as_slice() {
            b"path" if value.starts_with(b"/") => {
                path = Some(String::from_utf8_lossy(value).into_owned());
            }
            b"expires" => expired = http_date(value).is_some_and(|at| at <= now),
            b"max-age" => max_age = Some(value.starts_with(b"-") || value == b"0"),
            _ => {}
        }
    }
    let cookie = Cookie {
        origin: url.origin(),
        path: path.unwrap_or_else(|| folder(url.path()).to_owned()),
        name: name.to_vec(),
        value: value.to_vec(),
    };
    Some((cookie, max_age.unwrap_or(expired)))
}

fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = part.iter().position(|byte| *byte == b'=')?;
    Some((part[..at].trim_ascii(), part[at + 1..].trim_ascii()))
}

/// The path up to its last slash (RFC 6265 5.1.4).
fn folder(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// Whether a cookie for `of` goes to `path` (RFC 6265 5.1.4).
fn is_below(path: &str, of: &str) -> bool {
    path.strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || of.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(url: &str, fields: &[&str]) -> Jar {
        let mut jar = Jar::default();
        let now = "2026-11-27T12:00:00Z".parse().unwrap();
        let url = Url::parse(url).unwrap();
        jar.take(&url, fields.iter().map(|field| field.as_bytes()), now);
        jar
    }

    fn sent(jar: &Jar, url: &str) -> String {
        let value = jar.header(&Url::parse(url).unwrap()).unwrap_or_default();
        String::from_utf8(value).unwrap()
    }

    #[test]
    fn cookies_go_back_to_their_origin_and_path() {
        let jar = after(
            "https://h.example/a/b",
            &[
                "one=1; Domain=.example; Secure; HttpOnly",
                "two = 2 ;path=/",
                "three=x=y; Path=/a/b/c",
                "=nameless",
                "no pair",
            ],
        );
        for (url, cookies) in [
            ("https://h.example/a/c", "one=1; two=2"),
            ("https://h.example/ab", "two=2"),
            ("https://h.example/a/b/c/d", "one=1; two=2; three=x=y"),
            ("http://h.example/a/c", ""),
            ("https://h.example:8443/a/c", ""),
            ("https://sub.h.example/a/c", ""),
        ] {
            assert_eq!(sent(&jar, url), cookies, "{url}");
        }
    }

    #[test]
    fn cookies_change_and_end() {
        let mut jar = after("http://h.example/", &["a=1", "b=1", "a=2"]);
        assert_eq!(
            (sent(&jar, "http://h.example/").as_str(), jar.changes()),
            ("a=2; b=1", 3)
        );
        let url = Url::parse("http://h.example/").unwrap();
        let now = "2026-11-27T12:00:00Z".parse().unwrap();
        let fields = [
            "a=x; expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "b=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "c=; Max-Age=0",
        ];
        jar.take(&url, fields.iter().map(|field| field.as_bytes()), now);
        assert_eq!(
            (sent(&jar, "http://h.example/").as_str(), jar.changes()),
            ("b=1", 4)
        );
    }

    #[test]
    fn a_jar_holds_so_much_and_no_more() {
        let long = format!("long={}", "x".repeat(LARGEST));
        assert_eq!(after("http://h.example/", &[&long]).changes(), 0);
        let many: Vec<String> = (0..99).map(|n| format!("c{n}={n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(after("http://h.example/", &many).cookies.len(), MOST);
        assert_eq!(after("http://h.example/", &["a=\x1b[2J"]).changes(), 0);
    }
}
