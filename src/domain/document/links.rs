//! Addresses: trimmed, resolved against what the document says, http and https kept apart from the rest.
//!
//! Nothing is fetched or guessed. Which spellings are one page is in `entry::identity`.

use std::borrow::Cow;

use url::Url;

/// Longest address kept.
const LONGEST: usize = 8 << 10;

/// An address as published, without the blanks and line breaks that feeds put into it.
pub(super) fn tidy(raw: &str) -> String {
    let raw = raw.trim();
    if raw.contains(['\n', '\r', '\t']) {
        raw.lines()
            .map(str::trim)
            .collect::<String>()
            .replace('\t', "")
    } else {
        raw.to_owned()
    }
}

/// `raw` as an absolute http or https address: as published where it is one already, else resolved.
pub(super) fn absolute(raw: &str, base: Option<&Url>) -> Option<String> {
    let link = tidy(raw);
    if link.is_empty() || link.len() > LONGEST {
        return None;
    }
    if is_usual(&link) {
        return Some(link);
    }
    if is_ambiguous(&link) {
        return None;
    }
    if let Ok(url) = Url::parse(&link) {
        if has_user(&url) {
            return shown(url);
        }
        let web = is_web(&url) && url.host_str().is_some_and(|host| !host.is_empty());
        let slashes = link
            .split_once(':')
            .is_some_and(|(_, rest)| rest.starts_with("//"));
        return web.then(|| {
            if slashes && !link.contains(' ') {
                link
            } else {
                url.into()
            }
        });
    }
    shown(base?.join(&link).ok()?)
}

/// Whether programs disagree about the host: to some a backslash is a slash, to others a part of the name.
fn is_ambiguous(link: &str) -> bool {
    let rest = link
        .split_once(':')
        .filter(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map_or(link, |(_, rest)| rest);
    let path = rest.trim_start_matches(['/', '\\']);
    let slashes = &rest[..rest.len() - path.len()];
    let host = path.split(['/', '?', '#']).next().unwrap_or_default();
    slashes.contains('\\') || slashes.len() > 1 && host.contains('\\')
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// A web address as people are shown it: without a name and password, which make one host look like another.
fn shown(mut url: Url) -> Option<String> {
    if !is_web(&url) {
        return None;
    }
    if has_user(&url) {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    Some(url.into())
}

/// The address of media: also ftp, which no browser runs.
pub(super) fn media(raw: &str, base: Option<&Url>) -> Option<String> {
    let link = tidy(raw);
    if is_usual(&link) && link.len() <= LONGEST {
        return Some(link);
    }
    match Url::parse(&link) {
        Ok(url) if matches!(url.scheme(), "ftp" | "ftps" | "magnet") && link.len() <= LONGEST => {
            Some(link)
        }
        _ => absolute(&link, base),
    }
}

/// The address of an attribute in sanitised HTML: http, https, mailto, else nothing.
pub(super) fn in_html(raw: &str, base: Option<&Url>) -> Option<String> {
    let link = tidy(raw);
    if is_usual(&link) {
        return Some(link);
    }
    match Url::parse(&link) {
        Ok(url) if url.scheme() == "mailto" => Some(url.into()),
        Ok(url) => shown(url).filter(|_| !is_ambiguous(&link)),
        Err(_) if link.is_empty() => None,
        Err(_) => absolute(&link, base),
    }
}

/// A base for what is inside an element: `raw` resolved against the base around it; a bad one is ignored.
pub(super) fn base<'a>(raw: Option<&str>, around: Option<&'a Url>) -> Option<Cow<'a, Url>> {
    raw.and_then(|raw| absolute(raw, around))
        .and_then(|link| Url::parse(&link).ok())
        .map(Cow::Owned)
        .or_else(|| around.map(Cow::Borrowed))
}

/// The article behind a search service's redirect, which alert feeds link to instead; none for other links.
///
/// Only the shapes of Google Alerts and of the news feeds of Bing: the article stands in the link itself, so
/// nobody need be asked for it.
pub(super) fn behind_redirect(link: &str) -> Option<String> {
    if !link.contains("/url?") && !link.to_ascii_lowercase().contains("/apiclick.aspx?") {
        return None;
    }
    let url = Url::parse(link).ok()?;
    let host = url.host_str()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let keys: &[&str] = match url.path() {
        "/url" if host.starts_with("google.") => &["url", "q"],
        "/news/apiclick.aspx" if host == "bing.com" => &["url"],
        _ => return None,
    };
    let pairs: Vec<_> = url.query_pairs().collect();
    let target = keys
        .iter()
        .find_map(|key| pairs.iter().find(|(name, _)| name == key))?;
    absolute(&target.1, None)
}

/// Whether an address is a web address that a parser would write the same: most are, and need no parser.
///
/// A host of two names or more in small letters that ends in one, a path that begins with a slash, and nothing that a
/// parser escapes, folds or resolves.
fn is_usual(link: &str) -> bool {
    let rest = link
        .strip_prefix("https://")
        .or_else(|| link.strip_prefix("http://"));
    let Some((host, path)) = rest.and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let is_name = |name: &str| {
        let bytes = name.as_bytes();
        let fits = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        !bytes.is_empty() && bytes.iter().all(fits) && !name.starts_with("xn--") && name.len() < 64
    };
    let goes = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'_'
                    | b'~'
                    | b'/'
                    | b'='
                    | b'&'
                    | b'%'
                    | b'+'
                    | b','
                    | b';'
                    | b':'
                    | b'@'
                    | b'!'
                    | b'*'
                    | b'('
                    | b')'
                    | b'?'
                    | b'.'
                    | b'#'
            )
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    let is_host = host.contains('.')
        && host.len() < 254
        && host.split('.').all(is_name)
        && top.bytes().all(|byte| byte.is_ascii_lowercase());
    is_host
        && path.bytes().all(goes)
        && !path.starts_with('.')
        && !path.contains("/.")
        && !path.contains("%2")
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_alert_feeds_lead_to_the_article() {
        for (link, article) in [
            (
                "https://www.google.com/url?rct=j&sa=t&url=https://news.example.kr/a%3Fid%3D1%26x%3D2&ct=ga&cd=CAI&usg=AOv",
                Some("https://news.example.kr/a?id=1&x=2"),
            ),
            (
                "https://www.google.co.kr/url?q=http://a.example/1&sa=U",
                Some("http://a.example/1"),
            ),
            (
                "http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&url=https%3a%2f%2fa.example%2f2&c=1",
                Some("https://a.example/2"),
            ),
            ("https://www.google.com/url?url=javascript:alert(1)", None),
            ("https://www.google.com/search?url=https://a.example/", None),
            ("https://google.evil.example/x?url=https://a.example/", None),
            ("https://a.example/url?url=https://b.example/", None),
            ("https://www.google.com/url", None),
        ] {
            assert_eq!(behind_redirect(link).as_deref(), article, "{link}");
        }
    }

    proptest::proptest! {
        #[test]
        fn usual_addresses_are_what_a_parser_makes_of_them(
            link in "https?://([a-z0-9.-]{1,8}|xn--a|a\\.b|0x1|1\\.2)(\\.[a-z0-9]{1,4})?/([a-z/.?#=&%2eE:@;+A-]|\\PC){0,12}",
        ) {
            if is_usual(&link) {
                let parsed = Url::parse(&link).map(String::from);
                proptest::prop_assert_eq!(parsed.as_deref(), Ok(link.as_str()));
            }
        }
    }

    #[test]
    fn links_come_out_as_published_or_resolved() {
        let base = Url::parse("https://news.example.kr/rss/all.xml").unwrap();
        for (raw, expected) in [
            (
                "https://a.example/x?a=1&copy=2",
                Some("https://a.example/x?a=1&copy=2"),
            ),
            ("  \n https://a.example/x \n", Some("https://a.example/x")),
            ("https://a.example/한글", Some("https://a.example/한글")),
            ("/view?id=3", Some("https://news.example.kr/view?id=3")),
            ("view/4", Some("https://news.example.kr/rss/view/4")),
            ("//cdn.example/5", Some("https://cdn.example/5")),
            ("javascript:alert(1)", None),
            ("JaVa\nScRiPt:alert(1)", None),
            ("data:text/html,x", None),
            ("mailto:a@b.example", None),
            (
                "http://user:pw@host.example/a@b",
                Some("http://host.example/a@b"),
            ),
            (
                "https://bank.example@evil.example/",
                Some("https://evil.example/"),
            ),
            ("//user@host.example/a", Some("https://host.example/a")),
            ("https://bank.example\\@evil.example/", None),
            ("https:\\\\evil.example/", None),
            ("/\\evil.example/", None),
            ("\\\\evil.example\\a", None),
            (
                "https://a.example/x?q=\\d",
                Some("https://a.example/x?q=\\d"),
            ),
            ("https://a.example/x\\y", Some("https://a.example/x\\y")),
            ("tag:example.org,2026:1", None),
            ("", None),
        ] {
            assert_eq!(absolute(raw, Some(&base)).as_deref(), expected, "{raw}");
        }
        assert_eq!(absolute("/view", None), None);
        let own = Url::parse("https://desk:secret@news.example.kr/feed").unwrap();
        for read in [absolute, in_html, media] {
            let told = read("/view", Some(&own));
            assert_eq!(told.as_deref(), Some("https://news.example.kr/view"));
        }
    }
}
