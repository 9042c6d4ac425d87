//! `Link` headers as publishers send them (RFC 8288), read leniently: hubs, and where the document says it lives.
//!
//! Only `rel=hub` and `rel=self` are looked for. What links inside a document say is `domain::document`'s.

use url::Url;

/// Hubs kept of one feed.
pub const MOST_HUBS: usize = 8;

/// The longest address of a hub or a topic that is taken.
const LONGEST: usize = 2_048;

/// What the `Link` headers of an answer name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The targets of `rel=hub`, absolute, in their order.
    pub hubs: Vec<String>,
    /// The first target of `rel=self`.
    pub self_url: Option<String>,
}

/// Reads the values of all `Link` headers of an answer that came from `base`.
#[must_use]
pub fn read(values: &[String], base: Option<&str>) -> Links {
    let base = base.and_then(|base| Url::parse(base).ok());
    let mut links = Links::default();
    for (target, parameters) in values.iter().flat_map(|value| split(value)) {
        let Some(target) = absolute(target, base.as_ref()) else {
            continue;
        };
        for rel in relations(parameters) {
            match rel.as_str() {
                "hub" if links.hubs.len() < MOST_HUBS && !links.hubs.contains(&target) => {
                    links.hubs.push(target.clone());
                }
                "self" if links.self_url.is_none() => links.self_url = Some(target.clone()),
                _ => {}
            }
        }
    }
    links
}

/// An http or https address, as written where it is absolute already: topics are compared as text.
pub(super) fn absolute(raw: &str, base: Option<&Url>) -> Option<String> {
    let raw = raw.trim();
    if raw.is_empty() || raw.len() > LONGEST || raw.contains(|c: char| c.is_control() || c == ' ') {
        return None;
    }
    let (url, text) = if let Ok(url) = Url::parse(raw) {
        (url, raw.to_owned())
    } else {
        let url = base?.join(raw).ok()?;
        let text = url.to_string();
        (url, text)
    };
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    (web && text.len() <= LONGEST).then_some(text)
}

/// The links of one header: target and parameters. Commas inside `<…>` and quotes part nothing.
fn split(value: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(open) = rest.find('<') {
        let after = &rest[open + 1..];
        let Some(close) = after.find('>') else { break };
        let parameters = &after[close + 1..];
        let end = end_of_link(parameters);
        found.push((&after[..close], &parameters[..end]));
        rest = &parameters[end..];
    }
    found
}

/// Where the parameters of a link end: at a comma outside quotes, or at the end.
fn end_of_link(parameters: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in parameters.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => return at,
            _ => {}
        }
    }
    parameters.len()
}

/// The words of the first `rel`; any further one is to be ignored (RFC 8288 3.3).
fn relations(parameters: &str) -> Vec<String> {
    let rel = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("rel").then_some(value)
    });
    rel.unwrap_or_default()
        .trim()
        .trim_matches(['"', '\''])
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(values: &[&str]) -> Links {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        read(&values, Some("https://h.example/a/feed"))
    }

    #[test]
    fn hubs_and_self_are_found_in_every_spelling() {
        for (values, hubs, own) in [
            (
                &[r#"<https://hub.example/>; rel="hub", <https://h.example/feed>; rel="self""#][..],
                &["https://hub.example/"][..],
                Some("https://h.example/feed"),
            ),
            (
                &["<https://hub.example/>;rel=hub", "</feed>;REL=Self"],
                &["https://hub.example/"],
                Some("https://h.example/feed"),
            ),
            (
                &[r#"<https://a.example/?x=1,2>; title="a, b; c"; rel="alternate hub""#],
                &["https://a.example/?x=1,2"],
                None,
            ),
            (
                &["<https://a.example/>; rel='hub', <https://a.example/>; rel=hub,<b>; rel=hub"],
                &["https://a.example/", "https://h.example/a/b"],
                None,
            ),
            (&["<https://a.example/>; rel=next; rel=hub"], &[], None),
            (
                &["<javascript:x>; rel=hub, <ftp://a.example/>; rel=hub"],
                &[],
                None,
            ),
            (
                &["<https://a.example/; rel=hub", "", "rel=hub", "<>"],
                &[],
                None,
            ),
        ] {
            let found = links(values);
            assert_eq!(found.hubs, hubs, "{values:?}");
            assert_eq!(found.self_url.as_deref(), own, "{values:?}");
        }
    }

    #[test]
    fn a_flood_of_hubs_is_cut() {
        let many: Vec<String> = (0..100)
            .map(|n| format!("<https://h{n}.example/>; rel=hub"))
            .collect();
        assert_eq!(read(&many, None).hubs.len(), MOST_HUBS);
        let long = format!("<https://h.example/{}>; rel=hub", "x".repeat(LONGEST));
        assert_eq!(read(&[long], None), Links::default());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(value in r#"([<>;,="\\ ]|rel|hub|self|https://a\.example/|.){0,40}"#) {
            let found = read(&[value], Some("https://h.example/"));
            proptest::prop_assert!(found.hubs.iter().all(|hub| Url::parse(hub).is_ok()));
        }
    }
}
