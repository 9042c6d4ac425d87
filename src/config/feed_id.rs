//! The id of a feed that was given none: readable, and the same for the same URL for ever.
//!
//! What the store keeps hangs on it, so the way it is made must not change.

use sha2::{Digest, Sha256};
use url::Url;

use crate::domain::id::FeedId;

/// The most characters before the hash.
const READABLE: usize = 48;

/// Path segments that nearly every feed has.
const USUAL: [&str; 10] = [
    "rss", "feed", "feeds", "atom", "index", "xml", "rdf", "json", "default", "www",
];

/// Host, what the path says beyond `rss` and `feed.xml`, and six digits of a hash of the URL.
#[must_use]
pub fn derive_feed_id(url: &str) -> FeedId {
    let parsed = Url::parse(url.trim());
    let (host, path, whole) = match &parsed {
        Ok(url) => (url.host_str().unwrap_or_default(), url.path(), url.as_str()),
        Err(_) => (url, "", url),
    };
    let host = host.strip_prefix("www.").unwrap_or(host);
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !USUAL.contains(&word.to_ascii_lowercase().as_str()));
    let mut id = String::new();
    for word in host
        .split(|c: char| !c.is_ascii_alphanumeric())
        .chain(words)
    {
        if word.is_empty() || id.len() + word.len() >= READABLE {
            continue;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(&word.to_ascii_lowercase());
    }
    let hash = Sha256::digest(whole.as_bytes());
    let digits = format!("{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2]);
    if id.is_empty() {
        FeedId::new(format!("feed-{digits}"))
    } else {
        FeedId::new(format!("{id}-{digits}"))
    }
}

#[cfg(test)]
mod tests {
    use super::derive_feed_id;
    use crate::domain::id::is_valid;

    #[test]
    fn ids_are_readable_stable_and_apart() {
        let first = derive_feed_id("https://en.yna.co.kr/RSS/news.xml");
        assert_eq!(
            first.as_str().rsplit_once('-').unwrap().0,
            "en-yna-co-kr-news"
        );
        assert_eq!(first, derive_feed_id("HTTPS://EN.yna.co.kr/RSS/news.xml"));
        let other = derive_feed_id("https://en.yna.co.kr/RSS/news.xml?page=2");
        assert_ne!(first, other);
        for odd in [
            "",
            "not a url",
            "https://한국.kr/뉴스",
            "http://[::1]:80/",
            &"https://x.org/long-".repeat(99),
        ] {
            assert!(is_valid(derive_feed_id(odd).as_str()), "{odd}");
        }
    }
}
