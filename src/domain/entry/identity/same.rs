//! URLs and titles by which copies of one story are known across feeds.
//!
//! Nothing here is fetched: a URL is judged by how it is spelt. Nothing here decides what is one story.

use unicode_normalization::UnicodeNormalization;
use url::Url;

/// Parameters that name the reader's way to the page, never the page.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "oly_anon_id",
    "oly_enc_id",
    "vero_id",
    "wickedid",
    "rb_clickid",
    "s_cid",
    "ocid",
    "cmpid",
    "ncid",
    "srnd",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "_ga",
    "_gl",
    "ref_src",
    "ref_url",
    "rss",
    "feedtype",
    "at_medium",
    "at_campaign",
    "at_bbc_team",
    "xtor",
    "__twitter_impression",
    "soc_src",
    "soc_trk",
    "sfmc_id",
    "spm",
    "scm",
    "phpsessid",
    "jsessionid",
    "sid",
    "sessionid",
    "aspsessionid",
    "ns_mchannel",
    "ns_source",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "cid_source",
    "maca",
    "traffic_source",
];

/// Beginnings of such parameters.
const TRACKING_PREFIXES: &[&str] = &[
    "utm_", "hsa_", "pk_", "piwik_", "mtm_", "matomo_", "ga_", "wt_", "trk_",
];

/// True for a query parameter that tells nothing of the page.
#[must_use]
pub fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TRACKING.contains(&name.as_str())
        || TRACKING_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// The URL without tracking parameters and session ids; otherwise byte for byte as it was.
pub(super) fn without_tracking(link: &str) -> String {
    let link = link.trim();
    let (rest, fragment) = link
        .split_once('#')
        .map_or((link, None), |(rest, f)| (rest, Some(f)));
    let (path, query) = rest
        .split_once('?')
        .map_or((rest, None), |(path, q)| (path, Some(q)));
    let mut out = strip_path_session(path).to_owned();
    if let Some(query) = query {
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !is_tracking(pair.split('=').next().unwrap_or_default()))
            .collect();
        if !kept.is_empty() {
            out.push('?');
            out.push_str(&kept.join("&"));
        }
    }
    if let Some(fragment) = fragment.filter(|f| !is_tracking_fragment(f)) {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

/// Some feeds put their campaign into the fragment.
fn is_tracking_fragment(fragment: &str) -> bool {
    fragment
        .split('&')
        .all(|pair| is_tracking(pair.split('=').next().unwrap_or_default()))
        || fragment.starts_with("xtor=")
        || fragment.starts_with("ref=rss")
}

/// Java servers write the session into the path.
fn strip_path_session(path: &str) -> &str {
    if !path.contains(';') {
        return path;
    }
    path.to_ascii_lowercase()
        .find(";jsessionid=")
        .map_or(path, |at| &path[..at])
}

/// One spelling for the addresses of one page, to compare by: no scheme differences, no `www.`, `m.` or
/// `amp`, no tracking, no fragment, sorted parameters, wrappers of search engines taken off.
///
/// A text that is no http address comes back trimmed.
#[must_use]
pub fn canonical_url(link: &str) -> String {
    let link = link.trim();
    let Ok(mut url) = Url::parse(link) else {
        return link.to_owned();
    };
    for _ in 0..3 {
        match unwrapped(&url) {
            Some(inner) => url = inner,
            None => break,
        }
    }
    if !matches!(url.scheme(), "http" | "https") {
        return link.to_owned();
    }
    let host = canonical_host(url.host_str().unwrap_or_default());
    let port = url.port().filter(|port| *port != 80 && *port != 443);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = canonical_path(strip_path_session(url.path()));
    let mut pairs: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_noise(pair))
        .collect();
    pairs.sort_unstable();
    let query = if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    };
    format!("https://{host}{port}{path}{query}")
}

/// True for a canonical URL that names a site and no page: entries that link there have nothing in common.
#[must_use]
pub fn is_front_page(canonical: &str) -> bool {
    let rest = canonical.strip_prefix("https://");
    rest.is_some_and(|rest| !rest.contains(['/', '?']))
}

/// True for a parameter that picks a rendering, not a page.
fn is_noise(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let lower = name.to_ascii_lowercase();
    is_tracking(name)
        || lower == "amp"
        || (matches!(lower.as_str(), "outputtype" | "output" | "view")
            && value.eq_ignore_ascii_case("amp"))
        || (matches!(lower.as_str(), "from" | "source" | "ref")
            && value.eq_ignore_ascii_case("rss"))
}

/// The host without the label that picks a rendering.
fn canonical_host(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut rest = host.as_str();
    for _ in 0..2 {
        let stripped = ["www.", "m.", "mobile.", "amp."]
            .iter()
            .find_map(|label| rest.strip_prefix(label));
        match stripped {
            Some(shorter) if shorter.contains('.') => rest = shorter,
            _ => break,
        }
    }
    rest.to_owned()
}

/// The path without `amp` parts and closing slash.
fn canonical_path(path: &str) -> String {
    let mut path = path.trim_end_matches('/');
    for ending in ["/amp", ".amp", "/amp.html"] {
        path = path
            .strip_suffix(ending)
            .unwrap_or(path)
            .trim_end_matches('/');
    }
    let html = path
        .strip_suffix(".amp.html")
        .map(|shorter| format!("{shorter}.html"));
    let path = html.as_deref().unwrap_or(path);
    match path.strip_prefix("/amp/") {
        Some(rest) => format!("/{rest}"),
        None => path.to_owned(),
    }
}

/// The address inside a wrapper: Google's redirects and AMP viewers, Bing's and Facebook's redirects.
fn unwrapped(url: &Url) -> Option<Url> {
    let host = url.host_str()?.trim_start_matches("www.");
    let path = url.path();
    let parameter = |names: &[&str]| {
        url.query_pairs()
            .find(|(name, _)| names.contains(&name.as_ref()))
            .map(|(_, value)| value.into_owned())
    };
    let inner = if host.starts_with("google.") && path == "/url" {
        parameter(&["url", "q"])?
    } else if host.starts_with("google.") && path.starts_with("/amp/") {
        amp_target(path.strip_prefix("/amp/")?)
    } else if host.ends_with(".cdn.ampproject.org") {
        amp_target(path.splitn(3, '/').nth(2)?)
    } else if host == "bing.com" && path.starts_with("/news/apiclick") {
        parameter(&["url"])?
    } else if matches!(host, "l.facebook.com" | "lm.facebook.com") {
        parameter(&["u"])?
    } else {
        return None;
    };
    Url::parse(&inner)
        .ok()
        .filter(|inner| matches!(inner.scheme(), "http" | "https"))
}

/// `s/host/path` is https, `host/path` is http.
fn amp_target(rest: &str) -> String {
    match rest.strip_prefix("s/") {
        Some(rest) => format!("https://{rest}"),
        None => format!("http://{rest}"),
    }
}

/// Words (or, without spaces, letters) below which equal titles say nothing: "Breaking news", "[속보]".
const FEWEST_WORDS: usize = 3;
/// The same for Hangul, Han and kana letters.
const FEWEST_LETTERS: usize = 7;

/// A title folded for comparison between feeds; none where it is too short to tell one story from another.
///
/// A trailing ` - Publisher` or ` | Publisher` is dropped where it is `publisher`, the feed's own title.
#[must_use]
pub fn title_key(title: &str, publisher: Option<&str>) -> Option<String> {
    let folded = fold(title);
    let publisher = publisher
        .map(fold)
        .filter(|publisher| !publisher.is_empty());
    let mut key = folded.as_str();
    if let Some(publisher) = &publisher
        && let Some(rest) = key.strip_suffix(publisher.as_str())
        && rest.ends_with(' ')
        && has_separator(title)
    {
        key = rest.trim_end();
    }
    let letters = key.chars().filter(|c| is_dense(*c)).count();
    let words = key.split(' ').filter(|word| !word.is_empty()).count();
    (words >= FEWEST_WORDS || letters >= FEWEST_LETTERS).then(|| key.to_owned())
}

/// True where a title has a mark that publishers put before their name.
fn has_separator(title: &str) -> bool {
    [" - ", " | ", " – ", " — ", " :: ", " · "]
        .iter()
        .any(|mark| title.contains(mark))
}

/// Letters and digits only, NFKC and lower-case, words parted by one space.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.chars().all(is_plain) {
        for c in text.chars() {
            push_folded(&mut out, c.to_ascii_lowercase());
        }
    } else {
        for c in text.nfkc().flat_map(char::to_lowercase) {
            push_folded(&mut out, c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn push_folded(out: &mut String, c: char) {
    if matches!(c, 'a'..='z' | '0'..='9' | '가'..='힣') || c.is_alphanumeric() {
        out.push(c);
    } else if !out.is_empty()
        && !out.ends_with(' ')
        && !matches!(c, '\'' | '’' | '\u{200b}'..='\u{200d}')
    {
        out.push(' ');
    }
}

/// Quick answer for the common characters that NFKC leaves alone and that have one case, ASCII aside.
fn is_plain(c: char) -> bool {
    matches!(c, '\0'..='\u{7f}' | '\u{b7}' | '\u{2018}'..='\u{201d}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Scripts whose letters each carry about as much as half a word.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_quick_way_to_fold_a_title_gives_what_the_long_one_gives(
            text in "([ a-zA-Z0-9가-힣一-丂、“’'·-]|\\PC){0,24}",
        ) {
            let mut long = String::new();
            for c in text.nfkc().flat_map(char::to_lowercase) {
                push_folded(&mut long, c);
            }
            proptest::prop_assert_eq!(fold(&text), long.trim_end());
        }
    }
}
