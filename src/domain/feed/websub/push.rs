//! What pushes mean for polling: how far apart polls may be while a hub delivers, and when that trust is lost.
//!
//! Polling never stops. What a hub was asked and what it answered is the subscription's, in the module above.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::links::Links;
use crate::domain::feed::learn::Polled;
use crate::domain::feed::outcome::{HttpFacts, OutcomeKind};
use crate::domain::feed::schedule::{NextPoll, Why, later, own_part};
use crate::domain::feed::{DocumentFacts, Feed, FeedState};

/// How long a push may take after a poll found its entry.
const GRACE: Duration = Duration::from_mins(15);

/// So many entries that were not pushed…
const MISSES: usize = 2;

/// …in this time, and the hub is not relied on.
const MISSES_IN: Duration = Duration::from_hours(7 * 24);

/// Between two polls while a hub is on trial…
const ON_TRIAL: Duration = Duration::from_hours(6);

/// …for so long…
const TRIAL: Duration = Duration::from_hours(7 * 24);

/// …and afterwards.
const TRUSTED: Duration = Duration::from_hours(24);

/// Entries kept that polls found and no push brought.
const MOST_FOUND: usize = 8;

/// Where a feed says that it can be pushed from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its hubs, in its order.
    pub hubs: Vec<String>,
    /// The name under which they know it: its `self` address.
    pub topic: String,
}

/// An entry that a poll found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its id.
    pub entry: String,
    /// When.
    pub at: Timestamp,
}

/// What is known of a feed's pushes, as far as polling needs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Push {
    /// What the feed offers; none: it names no hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Since when a hub pushes without a break; none: none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Until when the hub has promised to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Entries that polls found meanwhile and no push brought in time, the last ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Found>,
    /// Entries that pushes brought since the last poll: they count for the feed's rhythm.
    #[serde(default)]
    pub arrived: u32,
    /// When the next poll would be without pushes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Timestamp>,
}

/// What a poll has to say about pushes; mostly nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollNews {
    /// What the feed offers now, where that changed.
    pub offer: Option<Option<Offer>>,
    /// New entries that a push should have brought.
    pub found: Vec<Found>,
    /// How many pushed entries the rhythm has taken in.
    pub counted: u32,
    /// When the next poll would be without pushes, where they put it off.
    pub otherwise: Option<Timestamp>,
}

impl PollNews {
    /// The same, or nothing where `old` knows all of it already: an unchanged poll writes nothing.
    #[must_use]
    pub fn unless_known(self, old: &Push) -> Self {
        let known = Self {
            otherwise: old.otherwise,
            ..Self::default()
        };
        if self == known { Self::default() } else { self }
    }
}

impl Push {
    /// Whether a hub pushes at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.since.is_some() && self.until.is_some_and(|until| until > now)
    }

    /// Entries of the last seven days that a poll found and no push brought within 15 minutes.
    #[must_use]
    pub fn misses(&self, now: Timestamp) -> usize {
        let missed = self
            .found
            .iter()
            .filter(|found| later(found.at, GRACE) <= now && later(found.at, MISSES_IN) > now);
        missed.count()
    }

    /// How long polling may rest; none: as if nothing were pushed.
    #[must_use]
    pub fn rest(&self, now: Timestamp) -> Option<Duration> {
        // A push may still bring what was found just now; until it has, polling does not rest on it.
        let recent = self
            .found
            .iter()
            .filter(|found| later(found.at, MISSES_IN) > now);
        if !self.is_active(now) || recent.count() >= MISSES {
            return None;
        }
        let missed = self.found.last().map(|found| found.at);
        let since = self.since.max(missed)?;
        Some(if later(since, TRIAL) > now {
            ON_TRIAL
        } else {
            TRUSTED
        })
    }

    /// Takes in what a poll says.
    pub fn polled(&mut self, news: &PollNews) {
        if let Some(offer) = &news.offer {
            self.offer.clone_from(offer);
        }
        self.arrived = self.arrived.saturating_sub(news.counted);
        self.otherwise = news.otherwise;
        self.found.extend(news.found.iter().cloned());
        let surplus = self.found.len().saturating_sub(MOST_FOUND);
        self.found.drain(..surplus);
    }

    /// Takes in a push: what it carries in time was not missed.
    pub fn pushed<'a>(&mut self, entries: impl Iterator<Item = &'a str>, new: u32, now: Timestamp) {
        for entry in entries {
            self.found
                .retain(|found| found.entry != entry || later(found.at, GRACE) <= now);
        }
        self.arrived = self.arrived.saturating_add(new);
    }
}

/// Whether a good answer changes what `old` knows of the feed's hubs: none where it does not.
///
/// `Link` headers come first; a document is heard where the headers name no hub. An answer that brought no
/// document to read, as a 304 does, takes nothing back.
#[must_use]
pub fn offer(
    feed: &Feed,
    old: &Push,
    facts: &HttpFacts,
    links: Links,
    document: Option<&DocumentFacts>,
) -> Option<Option<Offer>> {
    let (hubs, own) = match document {
        _ if !links.hubs.is_empty() => (links.hubs, links.self_url),
        Some(document) => (document.hubs.clone(), links.self_url),
        None => return None,
    };
    let address = facts.final_url.as_deref().unwrap_or(&feed.url);
    let usable = |raw: &String| super::links::absolute(raw, None);
    let own = own.or_else(|| document.and_then(|document| document.self_url.clone()));
    let known = old.offer.as_ref();
    // Headers alone, without `self`: a topic known from the document stays.
    let kept = || {
        known
            .filter(|_| document.is_none())
            .map(|known| known.topic.clone())
    };
    let topic = own
        .as_ref()
        .and_then(usable)
        .or_else(kept)
        .unwrap_or_else(|| address.to_owned());
    let hubs: Vec<String> = hubs
        .iter()
        .filter_map(usable)
        .take(super::links::MOST_HUBS)
        .collect();
    let offer = (!hubs.is_empty()).then_some(Offer { hubs, topic });
    (offer.as_ref() != known).then_some(offer)
}

/// What a poll has to say of hubs and pushes; [`put_off`] adds when the next one would be without them.
#[must_use]
pub fn news(feed: &Feed, old: &FeedState, polled: &Polled<'_>, now: Timestamp) -> PollNews {
    if !polled.kind.is_good() {
        return PollNews::default();
    }
    let facts = polled.facts;
    let links = super::links::read(&facts.links, facts.final_url.as_deref());
    PollNews {
        offer: offer(feed, &old.push, facts, links, polled.document),
        found: found(old, polled.entries, now),
        counted: old.push.arrived,
        otherwise: None,
    }
}

/// The new entries of a poll that came up while a hub was pushing.
fn found(old: &FeedState, entries: &[(&str, Option<Timestamp>)], now: Timestamp) -> Vec<Found> {
    let Some(since) = old.push.since.filter(|_| old.push.is_active(now)) else {
        return Vec::new();
    };
    let polled_since = old.last_success.is_some_and(|last| last >= since);
    let came_up =
        |published: &Option<Timestamp>| polled_since || published.is_some_and(|at| at > since);
    let missing = entries.iter().filter(|(_, published)| came_up(published));
    missing
        .take(MOST_FOUND)
        .map(|(entry, _)| Found {
            entry: (*entry).to_owned(),
            at: now,
        })
        .collect()
}

/// Puts a poll off while a hub delivers, and keeps when it would have been.
///
/// Only a good poll is put off, never one of a feed with an interval of its own, never beyond `longest`.
#[must_use]
pub fn put_off(
    feed: &Feed,
    state: &mut FeedState,
    next: NextPoll,
    longest: Duration,
    now: Timestamp,
) -> NextPoll {
    state.push.otherwise = None;
    let good = state.last_outcome.is_some_and(OutcomeKind::is_good);
    let (Some(at), Some(rest)) = (next.at, state.push.rest(now)) else {
        return next;
    };
    let spread = own_part(&feed.id, "push", rest / 10);
    let until = later(now, (rest + spread).min(longest));
    if !good || feed.interval.is_some() || until <= at {
        return next;
    }
    state.push.otherwise = Some(at);
    NextPoll {
        at: Some(until),
        why: Why::Pushed,
        ..next
    }
}
