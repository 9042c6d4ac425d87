//! One spelling for the addresses of one page: for stories, and for knowing an entry again.
//!
//! Nothing here is fetched: an address is judged by how it is spelt. Wrappers are taken off in `wrapper`, what names
//! the reader's way in `tracking`, the forms of portals are in `portal`.

use std::borrow::Cow;

use url::Url;

use super::{portal, tracking, wrapper};

/// An address in its one spelling.
pub(super) struct Spelt {
    /// Host, path and query, without a scheme.
    page: String,
    /// The place within the page, where one is named.
    fragment: Option<String>,
}

/// One spelling for the addresses of one page, to compare by: no scheme differences, no `www.`, `m.` or
/// `amp`, no tracking, no fragment, sorted parameters, wrappers of search engines taken off.
///
/// A text that is no http address comes back trimmed.
#[must_use]
pub fn canonical_url(link: &str) -> String {
    spelt(link).map_or_else(|| link.trim().to_owned(), |spelt| spelt.canonical())
}

/// The same without a scheme and with the fragment, which may be all that parts two entries of one page.
pub(in crate::domain::entry) fn page_and_place(link: &str) -> String {
    spelt(link).map_or_else(|| link.trim().to_owned(), |spelt| spelt.place())
}

impl Spelt {
    /// See [`canonical_url`].
    pub(super) fn canonical(&self) -> String {
        format!("https://{}", self.page)
    }

    /// See [`page_and_place`].
    pub(super) fn place(&self) -> String {
        match &self.fragment {
            None => format!("//{}", self.page),
            Some(fragment) => format!("//{}#{fragment}", self.page),
        }
    }
}

/// The host of an address as [`page_and_place`] spells it, and all behind it.
pub(in crate::domain::entry) fn host_and_rest(spelt: &str) -> Option<(&str, &str)> {
    let rest = spelt.strip_prefix("//")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// True for a canonical URL that names a site and no page: entries that link there have nothing in common.
#[must_use]
pub fn is_front_page(canonical: &str) -> bool {
    let rest = canonical.strip_prefix("https://");
    rest.is_some_and(|rest| !rest.contains(['/', '?']))
}

pub(super) fn spelt(link: &str) -> Option<Spelt> {
    let url = wrapper::innermost(Url::parse(link.trim()).ok()?);
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = host(url.host_str().unwrap_or_default());
    let port = url.port().filter(|port| *port != 80 && *port != 443);
    let path = evened(tracking::without_session(url.path()));
    let path = path_of(&path);
    let query = evened(url.query().unwrap_or_default());
    let mut pairs: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_noise(pair))
        .collect();
    let fragment = url.fragment();
    let fragment = fragment.filter(|fragment| !tracking::is_tracking_fragment(fragment));
    let known = match port {
        None => portal::article(&host, &path, &pairs),
        Some(_) => None,
    };
    let page = known.unwrap_or_else(|| {
        pairs.sort_unstable();
        let mut page = String::with_capacity(host.len() + path.len() + query.len() + 8);
        page.push_str(&host);
        if let Some(port) = port {
            page.push(':');
            page.push_str(&port.to_string());
        }
        page.push_str(&path);
        for (at, pair) in pairs.iter().enumerate() {
            page.push(if at == 0 { '?' } else { '&' });
            page.push_str(pair);
        }
        page
    });
    Some(Spelt {
        page,
        fragment: fragment.map(|fragment| evened(fragment).into_owned()),
    })
}

/// True for a parameter that picks a rendering, or names the way in.
fn is_noise(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let lower = name.to_ascii_lowercase();
    tracking::is_tracking(pair)
        || lower == "amp" && matches!(value, "" | "1" | "true" | "yes")
        || matches!(lower.as_str(), "outputtype" | "output" | "view")
            && value.eq_ignore_ascii_case("amp")
}

/// The host without the labels that pick a rendering.
fn host(host: &str) -> Cow<'_, str> {
    // As the parser gives it, in lower case.
    let mut rest = host.trim_end_matches('.');
    for _ in 0..2 {
        let stripped = ["www.", "m.", "mobile.", "amp."]
            .iter()
            .find_map(|label| rest.strip_prefix(label));
        match stripped {
            Some(shorter) if shorter.contains('.') => rest = shorter,
            _ => break,
        }
    }
    // Wikipedia has its mobile label behind the language.
    match rest.strip_suffix(".m.wikipedia.org") {
        Some(language) => format!("{language}.wikipedia.org").into(),
        None => rest.into(),
    }
}

/// The path without `amp` parts and closing slash.
fn path_of(path: &str) -> Cow<'_, str> {
    let mut path = path.trim_end_matches('/');
    for ending in ["/amp", ".amp", "/amp.html"] {
        // A page of that name alone is a page.
        path = path
            .strip_suffix(ending)
            .map(|shorter| shorter.trim_end_matches('/'))
            .filter(|shorter| !shorter.is_empty())
            .unwrap_or(path);
    }
    // Its closing part is the new beginning.
    let bare = match path.strip_prefix("/amp/") {
        Some(_) => &path["/amp".len()..],
        None => path,
    };
    match bare.strip_suffix(".amp.html") {
        Some(shorter) => format!("{shorter}.html").into(),
        None => bare.into(),
    }
}

/// Percent-encoding in one way: capitals, and nothing encoded that need not be (RFC 3986, 6.2.2).
fn evened(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let code = rest
            .get(at + 1..at + 3)
            .filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            Some(_) => {
                out.push('%');
                out.push_str(&code.unwrap_or_default().to_ascii_uppercase());
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests;
