//! Independent voices: how many owners tell a story in words of their own, and since when.
//!
//! A copy of another's text is not a second voice. What follows from the number is decided in `domain::alert`.

use jiff::Timestamp;

use super::shingles::Shingles;
use crate::domain::entry::identity;
use crate::domain::feed::limits;
use crate::domain::id::{EntryId, FeedId};

/// An entry of a story, as far as it matters who speaks.
#[derive(Clone, Debug)]
pub struct Member {
    /// The entry.
    pub entry: EntryId,
    /// Its feed.
    pub feed: FeedId,
    /// See [`owner`].
    pub owner: String,
    /// When it was first seen.
    pub at: Timestamp,
    /// The longest text that there is of it.
    pub text: String,
}

/// An owner who tells a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Who.
    pub owner: String,
    /// The owner's first entry that is no copy.
    pub entry: EntryId,
    /// Its feed.
    pub feed: FeedId,
    /// When it was first seen.
    pub at: Timestamp,
}

/// Who publishes an entry: the feed's `owner` as configured; where the link leads through a service that gathers the
/// news of others, the domain of the article; else the domain of the feed.
#[must_use]
pub fn owner(configured: Option<&str>, feed_url: &str, link: Option<&str>) -> String {
    if let Some(owner) = configured.map(str::trim).filter(|owner| !owner.is_empty()) {
        return owner.to_owned();
    }
    link.and_then(gathered)
        .unwrap_or_else(|| domain_of(feed_url))
}

/// The domain behind a link that wraps another.
fn gathered(link: &str) -> Option<String> {
    let inner = domain_of(&identity::canonical_url(link));
    let outer = domain_of(link);
    (!inner.is_empty() && inner != outer).then_some(inner)
}

/// The registrable domain of a URL, or its host where there is none.
fn domain_of(url: &str) -> String {
    let authority = limits::authority(url).unwrap_or_default();
    limits::domain(&authority).unwrap_or_else(|| {
        let host = authority.rsplit_once(':');
        host.map_or(authority.as_str(), |(host, _)| host).to_owned()
    })
}

/// The owners of a story, each with its first entry that copies no entry before it; in the order of `members`.
#[must_use]
pub fn voices(members: &[Member]) -> Vec<Voice> {
    let mut heard: Vec<(Voice, Shingles)> = Vec::new();
    for member in members {
        if heard.iter().any(|(voice, _)| voice.owner == member.owner) {
            continue;
        }
        let text = Shingles::of(&member.text);
        if heard
            .iter()
            .any(|(_, other)| other.overlap(&text).is_copy())
        {
            continue;
        }
        let voice = Voice {
            owner: member.owner.clone(),
            entry: member.entry.clone(),
            feed: member.feed.clone(),
            at: member.at,
        };
        heard.push((voice, text));
    }
    heard.into_iter().map(|(voice, _)| voice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: &str = "The islands have ordered four ferries from the shipyard in the south, the largest order in its \
        history, and the first is to sail next spring, officials said on Tuesday after a signing ceremony.";
    const OWN: &str = "Our correspondent was at the quay when both sides put their names under the paper, and nobody \
        there would say what it costs or who pays for the new terminal that such ships need.";

    fn member(owner: &str, text: &str) -> Member {
        Member {
            entry: EntryId::new(format!("{owner}-{}", text.len())),
            feed: FeedId::new(owner),
            owner: owner.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            text: text.to_owned(),
        }
    }

    fn owners(members: &[Member]) -> Vec<String> {
        voices(members)
            .into_iter()
            .map(|voice| voice.owner)
            .collect()
    }

    #[test]
    fn copies_and_second_entries_are_no_voices() {
        let told = [
            member("wire", WIRE),
            member("daily", WIRE),
            member("herald", OWN),
            member("herald", WIRE),
            member("radio", "Ferries ordered."),
        ];
        assert_eq!(owners(&told), ["wire", "herald", "radio"]);
        assert_eq!(
            owners(&[member("daily", WIRE), member("daily", OWN)]),
            ["daily"]
        );
    }

    #[test]
    fn an_owner_is_as_configured_or_a_domain() {
        let feed = "https://feeds.news.co.kr/rss";
        for (configured, feed, link, expected) in [
            (Some("group"), feed, None, "group"),
            (Some(" "), feed, None, "news.co.kr"),
            (None, feed, Some("https://portal.example/1"), "news.co.kr"),
            (None, "http://127.0.0.1:8080/rss", None, "127.0.0.1"),
            (
                None,
                "https://www.google.com/alerts/feeds/1/2",
                Some("https://www.google.com/url?rct=j&url=https://www.daily.example/a/1"),
                "daily.example",
            ),
            (None, "not a url", None, ""),
        ] {
            assert_eq!(owner(configured, feed, link), expected);
        }
    }
}
