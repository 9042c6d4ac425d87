//! What a "too many requests" means: for how long, for which hosts, and for the feed's own pace afterwards.
//!
//! Pure. When the feed itself is polled next is `schedule`'s; here is what its answer says about others on the
//! same host, and how much slower it goes once the wait is over.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::{Host as UrlHost, Url};

use super::learn::Polled;
use super::outcome::{HttpFacts, OutcomeKind};
use super::schedule::{self, later};
use super::{Feed, FeedState};
use crate::domain::id::FeedId;

/// So many 403s in a row, from a host that served feeds before, are a limit.
const REFUSALS: u32 = 3;

/// A raised floor comes down by half after so long without another 429.
const QUIET: SignedDuration = SignedDuration::from_hours(7 * 24);

/// No floor is raised above this.
const HIGHEST_FLOOR: Duration = Duration::from_hours(24);

/// Doublings that lead from any floor to the highest.
const MOST_STEPS: u32 = 11;

/// Two hosts of one registrable domain that say 429 within this speak for the domain.
const TOGETHER: SignedDuration = SignedDuration::from_mins(10);

/// The wait after a 429 that names none.
const BARE: Duration = Duration::from_hours(1);

/// …doubling up to this.
const LONGEST_BARE: Duration = Duration::from_hours(24);

/// Polls that come upon a bound one by one are made within this behind it.
const STRAGGLERS: Duration = Duration::from_mins(5);

/// A feed's own experience with limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// How often the shortest interval is doubled.
    pub steps: u32,
    /// When that last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// 403s in a row.
    pub refusals: u32,
}

impl Limits {
    /// The shortest interval that is kept, where `floor` is the usual one.
    #[must_use]
    pub fn raised(&self, floor: Duration) -> Duration {
        let raised = floor.saturating_mul(1 << self.steps.min(MOST_STEPS));
        raised.min(HIGHEST_FLOOR.max(floor))
    }
}

/// Takes note of a poll: a 429 doubles the feed's shortest interval, a quiet week halves it.
pub fn after(state: &mut FeedState, polled: &Polled<'_>, now: Timestamp) {
    let limits = &mut state.standing.limits;
    let status = polled.facts.status.unwrap_or(0);
    limits.refusals = match status {
        403 => limits.refusals.saturating_add(1),
        _ if polled.kind == OutcomeKind::Offline => limits.refusals,
        _ => 0,
    };
    if polled.kind == OutcomeKind::RateLimited && matches!(status, 403 | 429) {
        limits.steps = (limits.steps + 1).min(MOST_STEPS);
        limits.at = Some(now);
    } else if limits.steps > 0 {
        let since = *limits.at.get_or_insert(now);
        let weeks = now.duration_since(since).as_secs().max(0) / QUIET.as_secs();
        let weeks = u32::try_from(weeks).unwrap_or(u32::MAX);
        limits.steps = limits.steps.saturating_sub(weeks);
        limits.at = match limits.steps {
            0 => None,
            _ => Some(since + QUIET * i32::try_from(weeks).unwrap_or(0)),
        };
    }
}

/// What an outcome really is: 403 again and again, from a host that `served` feeds before, is a limit.
#[must_use]
pub fn judge(
    kind: OutcomeKind,
    facts: &HttpFacts,
    before: &FeedState,
    served: bool,
) -> OutcomeKind {
    let refused = kind == OutcomeKind::HttpError && facts.status == Some(403);
    if refused && served && before.standing.limits.refusals + 1 >= REFUSALS {
        OutcomeKind::RateLimited
    } else {
        kind
    }
}

/// Whether it depends on the host's past what a poll that ended so is taken for.
#[must_use]
pub fn asks_for_past(kind: OutcomeKind, facts: &HttpFacts, before: &FeedState) -> bool {
    judge(kind, facts, before, true) != kind
}

/// Host and port of `url`, whatever its scheme: whom a limit is about. None where it has no host.
#[must_use]
pub fn authority(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    let host = url.host_str()?.trim_end_matches('.');
    Some(match url.port() {
        Some(port) if !matches!(port, 80 | 443) => format!("{host}:{port}"),
        _ => host.to_owned(),
    })
}

/// The registrable domain of a host, with or without a port; none for addresses and names like `localhost`.
#[must_use]
pub fn domain(authority: &str) -> Option<String> {
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    match UrlHost::parse(host).ok()? {
        UrlHost::Domain(name) => psl::domain_str(&name).map(str::to_owned),
        UrlHost::Ipv4(_) | UrlHost::Ipv6(_) => None,
    }
}

/// The name under which a whole domain is bounded. No host has a `*` in it.
#[must_use]
pub fn whole_domain(domain: &str) -> String {
    format!("*.{domain}")
}

/// Every host that a poll of `feed` would ask, as far as is known: where it goes first, and where redirects led.
#[must_use]
pub fn hosts_of(feed: &Feed, state: &FeedState) -> Vec<String> {
    let own = state.url == feed.url;
    let effective = if own {
        state.standing.moves.asked(feed)
    } else {
        &feed.url
    };
    let led_to = state.validators_url.as_deref().filter(|_| own);
    let mut hosts: Vec<String> = [Some(effective), led_to]
        .into_iter()
        .flatten()
        .filter_map(authority)
        .collect();
    hosts.dedup();
    hosts
}

/// The names under which a poll that asks `hosts` may be bounded.
#[must_use]
pub fn scopes(hosts: &[String]) -> Vec<String> {
    let domains = hosts.iter().filter_map(|host| domain(host));
    let domains = domains.map(|domain| whole_domain(&domain));
    hosts.iter().cloned().chain(domains).collect()
}

/// What a poll's end says about the host that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNews {
    /// Host and port.
    pub host: String,
    /// The URL that answered.
    pub url: String,
    /// What it said.
    pub said: Said,
}

/// What a host said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Too many requests: nothing before then; whether it named the time itself.
    Limited(Timestamp, Named),
    /// Overloaded, or refusing: not this URL before then.
    Busy(Timestamp),
    /// It served a feed.
    Well,
}

/// Whether a publisher named the end of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// By Retry-After.
    ByIt,
    /// Not at all: the wait is ours.
    ByUs,
}

/// What a poll that ended so, and left `state`, says about its host; nothing where that is the operator's own:
/// other services live at the same private address.
#[must_use]
pub fn news(
    feed: &Feed,
    kind: OutcomeKind,
    facts: &HttpFacts,
    state: &FeedState,
) -> Option<HostNews> {
    let url = facts.final_url.as_deref().unwrap_or(&feed.url);
    let host = authority(url).filter(|_| !facts.private)?;
    let named = if facts.retry_after.is_some() {
        Named::ByIt
    } else {
        Named::ByUs
    };
    let said = match (kind, facts.status, state.retry_after) {
        (OutcomeKind::RateLimited, Some(429), Some(until)) => Said::Limited(until, named),
        // One URL may be forbidden or overloaded by itself.
        (OutcomeKind::RateLimited, Some(403 | 503), Some(until)) => Said::Busy(until),
        (kind, ..) if kind.is_good() => Said::Well,
        _ => return None,
    };
    Some(HostNews {
        host,
        url: url.to_owned(),
        said,
    })
}

/// What is known of a host's limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostLimit {
    /// Nothing asks it before then.
    pub until: Option<Timestamp>,
    /// When it last said 429.
    pub limited: Option<Timestamp>,
    /// How often it said so in a row, over all its feeds.
    pub times: u32,
    /// The URL of its last 503 with Retry-After, or of its last refusal that is a limit…
    pub busy_url: Option<String>,
    /// …and the end of that wait.
    pub busy_until: Option<Timestamp>,
}

impl HostLimit {
    /// What is known after `news`, at `now`.
    #[must_use]
    pub fn after(&self, news: &HostNews, now: Timestamp) -> Self {
        let mut next = self.clone();
        match news.said {
            Said::Well => {
                next.times = 0;
                next.busy_url = None;
                next.busy_until = None;
            }
            Said::Limited(until, named) => {
                let doubled = BARE
                    .saturating_mul(1 << self.times.min(10))
                    .min(LONGEST_BARE);
                let own = match named {
                    Named::ByIt => until,
                    // The feed's own wait may be longer; its neighbours may have been served meanwhile.
                    Named::ByUs => later(now, doubled),
                };
                next.until = next.until.max(Some(own));
                next.limited = Some(now);
                next.times = self.times.saturating_add(1);
            }
            Said::Busy(until) => {
                let other = self.busy_url.as_deref().is_some_and(|url| url != news.url);
                let before = self.busy_until.filter(|before| other && *before > now);
                if let Some(before) = before {
                    next.until = next.until.max(Some(until.max(before)));
                }
                next.busy_url = Some(news.url.clone());
                next.busy_until = Some(until);
            }
        }
        next
    }

    /// Whether the bound at `until` holds at `now`; one that lies absurdly far ahead was made under a wrong clock.
    #[must_use]
    pub fn holds(until: Timestamp, now: Timestamp) -> bool {
        until > now && until <= later(now, schedule::RETRY_AFTER_CAP)
    }
}

/// Whether a host of the same domain that said 429 at `other` speaks, with one that says so `now`, for the domain.
#[must_use]
pub fn speak_together(other: Timestamp, now: Timestamp) -> bool {
    now.duration_since(other).abs() <= TOGETHER
}

/// A poll that waits for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The feed.
    pub id: FeedId,
    /// When it was to be polled; none: at once.
    pub next: Option<Timestamp>,
}

/// When the polls that a bound holds back are made: each has its own place behind it, `gap` apart, in an order
/// that is the same each time. Those that are later anyway stay where they are.
#[must_use]
pub fn spread(
    mut waiting: Vec<Waiting>,
    until: Timestamp,
    gap: Duration,
) -> Vec<(FeedId, Timestamp)> {
    let gap = gap.max(Duration::from_secs(1));
    waiting.sort_by_cached_key(|poll| <[u8; 32]>::from(Sha256::digest(poll.id.as_str())));
    let mut place = 0_u32;
    let mut moved = Vec::new();
    for poll in waiting {
        let at = later(until, gap.saturating_mul(place + 1));
        if poll.next.is_none_or(|next| next < at) {
            moved.push((poll.id, at));
            place += 1;
        }
    }
    moved
}

/// When a single poll is made that a bound holds back: somewhere in the minutes behind it, always the same.
#[must_use]
pub fn behind(id: &FeedId, until: Timestamp) -> Timestamp {
    let hash = Sha256::digest(id.as_str());
    let seconds = u64::from(u16::from_be_bytes([hash[0], hash[1]])) % STRAGGLERS.as_secs();
    later(until, Duration::from_secs(1 + seconds))
}

#[cfg(test)]
mod tests;
