//! Addresses that hold another: redirectors of search and news services, AMP caches and viewers.
//!
//! Only what stands in the address itself is read; nobody is asked. A redirector that keeps the target to itself
//! (short links, the newer links of Google News, `FeedBurner` without `origLink`) leads nowhere here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use url::Url;

/// Wrappers within wrappers that are taken off.
const DEEPEST: usize = 4;
/// Longest encoded address that is decoded.
const LONGEST: usize = 8 << 10;

/// The innermost address.
pub(super) fn innermost(mut url: Url) -> Url {
    for _ in 0..DEEPEST {
        match target(&url) {
            Some(inner) => url = inner,
            None => break,
        }
    }
    url
}

/// The address inside a wrapper.
fn target(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let path = url.path();
    let parameter = |names: &[&str]| {
        url.query_pairs()
            .find(|(name, _)| names.contains(&name.as_ref()))
            .map(|(_, value)| value.into_owned())
    };
    let inner = match (host, path) {
        (host, "/url") if is_google(host) => parameter(&["url", "q"])?,
        (host, path) if is_google(host) && path.starts_with("/amp/") => {
            amp_target(path.strip_prefix("/amp/")?)
        }
        ("news.google.com", "/news/url" | "/url") => parameter(&["url"])?,
        ("news.google.com", path) => google_news(path)?,
        (host, path) if host.ends_with(".cdn.ampproject.org") => {
            amp_target(path.splitn(3, '/').nth(2)?)
        }
        ("bing.com", path) if path.starts_with("/news/apiclick") => parameter(&["url"])?,
        ("bing.com", "/ck/a") => {
            let hidden = parameter(&["u"])?;
            decoded(hidden.strip_prefix("a1")?)?
        }
        (host, path) if host.ends_with("search.yahoo.com") => yahoo(path)?,
        ("l.facebook.com" | "lm.facebook.com" | "l.instagram.com", _) => parameter(&["u"])?,
        ("out.reddit.com", _) => parameter(&["url"])?,
        ("vk.com" | "away.vk.com", "/away.php") => parameter(&["to"])?,
        _ => return None,
    };
    Url::parse(&inner)
        .ok()
        .filter(|inner| matches!(inner.scheme(), "http" | "https") && inner.has_host())
}

/// `google.com`, `google.co.kr`, `google.com.tr`, `google.pl`.
fn is_google(host: &str) -> bool {
    let mut labels = host.split('.');
    let (first, second, third) = (labels.next(), labels.next(), labels.next());
    let country = |label: &str| label.len() == 2;
    first == Some("google")
        && labels.next().is_none()
        && match (second, third) {
            (Some(second), None) => second == "com" || country(second),
            (Some("com" | "co"), Some(third)) => country(third),
            _ => false,
        }
}

/// `s/host/path` is https, `host/path` is http.
fn amp_target(rest: &str) -> String {
    match rest.strip_prefix("s/") {
        Some(rest) => format!("https://{rest}"),
        None => format!("http://{rest}"),
    }
}

/// `/_ylt=…/RU=https%3a%2f%2f…/RK=2/RS=…`
fn yahoo(path: &str) -> Option<String> {
    let encoded = path.split("/RU=").nth(1)?.split('/').next()?;
    percent_decode_str(encoded)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// The token of a Google News article: it names the article, whatever stands around it.
pub(super) fn google_news_token(path: &str) -> Option<&str> {
    let rest = [
        "/rss/articles/",
        "/articles/",
        "/read/",
        "/rss/read/",
        "/__i/rss/rd/articles/",
    ]
    .iter()
    .find_map(|prefix| path.strip_prefix(prefix))?;
    let token = rest.split('/').next()?;
    (!token.is_empty()).then_some(token)
}

/// The article of an older Google News link, whose token holds it: 08 13 22, a length, the address. In the token of
/// newer links an opaque name stands there instead.
fn google_news(path: &str) -> Option<String> {
    let token = google_news_token(path)?;
    let bytes = raw(token)?;
    let rest = bytes.strip_prefix(&[0x08, 0x13, 0x22])?;
    let (length, rest) = match rest {
        [low, high, rest @ ..] if low & 0x80 != 0 => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, rest)
        }
        [length, rest @ ..] => (usize::from(*length), rest),
        [] => return None,
    };
    let inner = std::str::from_utf8(rest.get(..length)?).ok()?;
    inner.starts_with("http").then(|| inner.to_owned())
}

/// An address in base64 for URLs, padded or not.
fn decoded(text: &str) -> Option<String> {
    String::from_utf8(raw(text)?).ok()
}

fn raw(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    if text.len() > LONGEST {
        return None;
    }
    // A token may end within its last group of four: what is whole counts.
    let whole = text.len() - usize::from(text.len() % 4 == 1);
    URL_SAFE_NO_PAD
        .decode(text.get(..whole)?)
        .or_else(|_| URL_SAFE_NO_PAD.decode(&text.as_bytes()[..text.len() / 4 * 4]))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(link: &str) -> String {
        innermost(Url::parse(link).unwrap()).into()
    }

    /// A Google News token for `address`.
    fn token(address: &str) -> String {
        let mut bytes = vec![0x08, 0x13, 0x22];
        let length = address.len();
        if length < 128 {
            bytes.push(u8::try_from(length).unwrap());
        } else {
            bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            bytes.push(u8::try_from(length >> 7).unwrap());
        }
        bytes.extend(address.as_bytes());
        bytes.extend([0xd2, 0x01, 0x00]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    #[test]
    fn what_stands_in_an_address_is_found() {
        let page = "https://a.example/x?id=1&y=2";
        let long = format!("https://a.example/{}", "long/".repeat(40));
        for (link, expected) in [
            ("https://www.google.co.kr/url?sa=t&url=https%3A%2F%2Fa.example%2Fx%3Fid%3D1%26y%3D2&ct=ga".to_owned(), page),
            ("https://www.google.com/url?q=https://a.example/x?id%3D1%26y%3D2&sa=U".to_owned(), page),
            ("https://www.google.com/amp/s/a.example/x".to_owned(), "https://a.example/x"),
            ("https://a-example.cdn.ampproject.org/c/s/a.example/x".to_owned(), "https://a.example/x"),
            ("https://a-example.cdn.ampproject.org/v/a.example/x".to_owned(), "http://a.example/x"),
            (format!("https://news.google.com/rss/articles/{}?oc=5", token(page)), page),
            (format!("https://news.google.com/articles/{}?hl=ko&gl=KR", token(&long)), &long),
            ("https://news.google.com/news/url?sa=t&fd=R&url=https://a.example/x".to_owned(), "https://a.example/x"),
            ("http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fa.example%2fx".to_owned(), "https://a.example/x"),
            (format!("https://www.bing.com/ck/a?!&&p=1&u=a1{}&ntb=1", URL_SAFE_NO_PAD.encode(page)), page),
            ("https://r.search.yahoo.com/_ylt=A;_ylu=B/RV=2/RE=1/RO=10/RU=https%3a%2f%2fa.example%2fx/RK=2/RS=z-".to_owned(), "https://a.example/x"),
            ("https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example%2Fx&h=AT0".to_owned(), "https://a.example/x"),
        ] {
            assert_eq!(inner(&link), expected, "{link}");
        }
    }

    #[test]
    fn what_does_not_stand_there_is_not_invented() {
        let newer = URL_SAFE_NO_PAD.encode(b"\x08\x13\x22\x10AU_yqLOopaqueopa");
        for link in [
            format!("https://news.google.com/rss/articles/{newer}?oc=5"),
            "https://news.google.com/rss/articles/CBMi?oc=5".to_owned(),
            "https://news.google.com/rss/articles/%00%ff".to_owned(),
            "https://www.google.com/url?url=javascript:alert(1)".to_owned(),
            "https://google.evil.example/url?url=https://a.example/".to_owned(),
            "https://www.bing.com/ck/a?u=a1%25%25".to_owned(),
            "https://feedproxy.example/~r/x/~3/abc/".to_owned(),
        ] {
            assert_eq!(inner(&link), Url::parse(&link).unwrap().as_str(), "{link}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_token_is_too_odd(token in "\\PC{0,60}", path in "[A-Za-z0-9_=/-]{0,200}") {
            let _ = google_news(&format!("/rss/articles/{token}"));
            let _ = google_news(&format!("/articles/CBMi{path}"));
            let _ = yahoo(&path);
        }
    }
}
