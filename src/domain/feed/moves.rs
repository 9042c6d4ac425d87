//! Permanent redirects: when a feed that says it has moved is asked at its new address, and when no longer.
//!
//! Pure. The configured URL stays the feed's own, in config and in the store; only what is asked changes. One
//! bad deploy or one hotel's network must not move a feed, hence the polls, the days and the list of words.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::learn::Polled;
use super::outcome::{FetchRequest, OutcomeKind};
use super::{Feed, FeedState};

/// A move is believed after so many polls in a row…
const POLLS: u32 = 5;

/// …over at least so long.
const SPAN: Duration = Duration::from_hours(7 * 24);

/// From http to https at the same host and path, so many polls…
const POLLS_TO_HTTPS: u32 = 3;

/// …over a day are enough.
const SPAN_TO_HTTPS: Duration = Duration::from_hours(24);

/// After so many failures in a row at the new address the configured one is asked again.
const FAILURES: u32 = 3;

/// A host that so many feeds…
const CROWD: usize = 5;

/// …and one in so many of all feeds point to at once is a portal, not their new home.
const CROWD_SHARE: (usize, usize) = (3, 10);

/// Words in a host or path behind which someone asks who you are. Whole words only: `author` is none.
const GATES: [&str; 24] = [
    "account",
    "accounts",
    "auth",
    "authenticate",
    "captive",
    "consent",
    "gateway",
    "hotspot",
    "landing",
    "login",
    "logon",
    "oauth",
    "oauth2",
    "parking",
    "portal",
    "register",
    "registration",
    "saml",
    "signin",
    "signon",
    "signup",
    "sso",
    "suspended",
    "suspendedpage",
];

/// Where a feed is asked, and where it seems to be going.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Moves {
    /// Asked instead of the configured URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_url: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Failures in a row there.
    pub failures: u32,
    /// Where permanent redirects led lately, always the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
}

/// An address that permanent redirects lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The address.
    pub url: String,
    /// Polls in a row that ended there.
    pub polls: u32,
    /// When the first of them began.
    pub since: Timestamp,
}

impl Moves {
    /// The URL to ask for `feed`.
    #[must_use]
    pub fn asked<'a>(&'a self, feed: &'a Feed) -> &'a str {
        self.effective_url.as_deref().unwrap_or(&feed.url)
    }

    /// The foreign host that a poll which led to `target` would move `feed` to, had it been the last one needed:
    /// whoever decides should know how many others point there.
    #[must_use]
    pub fn nearly(&self, feed: &Feed, target: &str) -> Option<String> {
        let candidate = self.candidate.as_ref()?;
        let near = candidate.url == target && candidate.polls + 1 >= POLLS_TO_HTTPS;
        near.then(|| foreign_host(&feed.url, target)).flatten()
    }
}

/// Makes `request` one for `effective`: what belongs to the configured origin stays there.
pub fn ask_instead(request: &mut FetchRequest, effective: &str) {
    let (Ok(from), Ok(mut to)) = (Url::parse(request.url.trim()), Url::parse(effective)) else {
        return;
    };
    if from.origin() == to.origin() {
        // Both fail only for URLs without a host, which nobody is redirected to.
        let _ = to.set_username(from.username());
        let _ = to.set_password(from.password());
        request.url = to.into();
    } else {
        request.headers.clear();
        request.transport = request.transport.take().and_then(|own| own.abroad());
        effective.clone_into(&mut request.url);
    }
}

/// Where `polled` says that the feed has moved for good; none where anything speaks against it.
#[must_use]
pub fn target<'a>(feed: &Feed, before: &FeedState, polled: &'a Polled<'_>) -> Option<&'a str> {
    let facts = polled.facts;
    let permanent = facts
        .redirects
        .iter()
        .all(|(status, _)| matches!(status, 301 | 308));
    let (_, last) = facts.redirects.last()?;
    let asked = if polled.evidence.moved {
        before.standing.moves.asked(feed)
    } else {
        &feed.url
    };
    let way = std::iter::once(asked).chain(facts.redirects.iter().map(|(_, to)| to.as_str()));
    let way = way.map(Url::parse).collect::<Result<Vec<_>, _>>().ok()?;
    let downgraded = way
        .windows(2)
        .any(|pair| pair[0].scheme() == "https" && pair[1].scheme() != "https");
    let good = polled.kind.is_good() && polled.evidence.familiar;
    let gate = way.last().is_some_and(is_gate);
    (good && permanent && !downgraded && !gate).then_some(last)
}

/// Takes note of a poll. `before` is the state that it began with, `state` the one that it leaves.
pub fn after(feed: &Feed, before: &FeedState, state: &mut FeedState, polled: &Polled<'_>) {
    if let Some(effective) = before.standing.moves.effective_url.as_deref() {
        if polled.evidence.moved {
            count_failures(state, polled);
        } else if polled.kind.is_good() && target(feed, before, polled) != Some(effective) {
            // Asked where config says, the feed answered and did not send us there: the move is over.
            stay_home(state);
        }
    }
    if polled.kind == OutcomeKind::Offline {
        return;
    }
    let Some(url) = target(feed, before, polled) else {
        state.standing.moves.candidate = None;
        return;
    };
    if state.standing.moves.effective_url.as_deref() == Some(url) {
        state.standing.moves.candidate = None;
        return;
    }
    let known = before
        .standing
        .moves
        .candidate
        .clone()
        .filter(|known| known.url == url);
    let mut candidate = known.unwrap_or_else(|| Candidate {
        url: url.to_owned(),
        polls: 0,
        since: polled.began,
    });
    candidate.polls = candidate.polls.saturating_add(1);
    let asked = if polled.evidence.moved {
        before.standing.moves.asked(feed)
    } else {
        &feed.url
    };
    if is_ripe(asked, &candidate, polled.began) && !polled.evidence.crowded {
        let home = same(&feed.url, &candidate.url);
        state.standing.moves = Moves {
            effective_url: (!home).then_some(candidate.url),
            since: (!home).then_some(polled.began),
            ..Moves::default()
        };
    } else {
        state.standing.moves.candidate = Some(candidate);
    }
}

/// Counts what the new address failed at; three in a row, and the configured one is asked again.
fn count_failures(state: &mut FeedState, polled: &Polled<'_>) {
    let moves = &mut state.standing.moves;
    match polled.kind {
        kind if kind.is_good() => moves.failures = 0,
        OutcomeKind::RateLimited | OutcomeKind::Offline => {}
        _ => moves.failures = moves.failures.saturating_add(1),
    }
    if moves.failures >= FAILURES {
        stay_home(state);
        // The configured URL has not failed yet: it is asked after one interval, and 410 starts anew.
        state.failures = 1;
        state.streak = 1;
        state.gone = false;
        state.gone_since = None;
    }
}

/// Back to the configured URL; the validators belonged to the other.
fn stay_home(state: &mut FeedState) {
    state.standing.moves = Moves::default();
    let elsewhere = state
        .validators_url
        .as_deref()
        .is_some_and(|url| !same(url, &state.url));
    if elsewhere {
        state.etag = None;
        state.last_modified = None;
        state.validators_url = None;
    }
}

/// Whether the move is to be believed.
fn is_ripe(asked: &str, candidate: &Candidate, now: Timestamp) -> bool {
    let (polls, span) = if is_to_https(asked, &candidate.url) {
        (POLLS_TO_HTTPS, SPAN_TO_HTTPS)
    } else {
        (POLLS, SPAN)
    };
    let lasted: Duration = now
        .duration_since(candidate.since)
        .try_into()
        .unwrap_or_default();
    candidate.polls >= polls && lasted >= span
}

/// From http to https, and nothing else changes.
fn is_to_https(from: &str, to: &str) -> bool {
    let (Ok(from), Ok(to)) = (Url::parse(from), Url::parse(to)) else {
        return false;
    };
    let rest = |url: &Url| {
        (
            url.host_str().map(str::to_owned),
            url.path().to_owned(),
            url.query().map(str::to_owned),
        )
    };
    from.scheme() == "http"
        && to.scheme() == "https"
        && from.port().is_none()
        && to.port().is_none()
        && rest(&from) == rest(&to)
}

/// Whether two texts are one URL, fragments and credentials aside.
pub(super) fn same(a: &str, b: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text.trim()).ok()?;
        url.set_fragment(None);
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Some(url)
    };
    a == b || bare(a).is_some_and(|a| bare(b) == Some(a))
}

/// Whether someone asks there who you are, by the words of host and path.
fn is_gate(url: &Url) -> bool {
    let host = match url.host() {
        Some(Host::Domain(host)) => host,
        _ => "",
    };
    let path = url.path().to_ascii_lowercase();
    let joined = [
        "sign-in", "sign-up", "sign_in", "sign_up", "log-in", "log_in",
    ];
    let words = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| GATES.contains(&word))
    };
    words(host) || words(&path) || joined.iter().any(|word| path.contains(word))
}

/// The host of `target`, where it is not the host of `url`.
fn foreign_host(url: &str, target: &str) -> Option<String> {
    let host = |text: &str| Url::parse(text.trim()).ok()?.host_str().map(str::to_owned);
    let there = host(target)?;
    (host(url)? != there).then_some(there)
}

/// Whether `host` is where too many feeds point at once. `pointing` is each feed's configured URL and where
/// its redirects lead, if anywhere.
#[must_use]
pub fn is_crowd<'a>(
    host: &str,
    pointing: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> bool {
    let (mut all, mut there) = (0_usize, 0_usize);
    for (url, target) in pointing {
        all += 1;
        let foreign = target.and_then(|target| foreign_host(url, target));
        there += usize::from(foreign.as_deref() == Some(host));
    }
    there >= CROWD && there.saturating_mul(CROWD_SHARE.1) >= all.saturating_mul(CROWD_SHARE.0)
}

#[cfg(test)]
mod tests;
