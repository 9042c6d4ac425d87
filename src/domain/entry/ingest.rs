//! Known entries + parsed document → what is new, what changed, what is known.
//!
//! Absence from a document means nothing here: publishers shorten their feeds as they like. Which of the new
//! entries raise alerts is decided elsewhere. Who is taken for whom is in `recognise`, what speaks for it in
//! `evidence`.
//!
//! What the store does with this, in one transaction: fills [`Known`] with every entry of the feed that has one of
//! [`lookup_keys`] as key or alternate; where these leave something open, also with those that [`further`] and, should the feed have moved to another host, [`moved_keys`] find; calls [`plan`], and writes
//! the plan. An entry's alternates are only ever added to: what [`alternates`] says when it is stored or revised, and its
//! former key when it is re-keyed.

mod evidence;
mod recognise;
mod spelling;
mod why;

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

pub use self::why::Why;

use self::recognise::{doubtful, recognise};
use super::Entry;
use super::identity::{
    Part, canonical_url, changed_parts, content_hash, displaced_key, former_link_key,
    host_and_rest, is_same_as_before, next_id, normal, page, page_and_place,
};
use crate::domain::id::EntryId;

/// Edits without a new `updated` that are kept for one entry; beyond it the text is taken to hold a clock.
pub const HASH_ONLY_LIMIT: u32 = 24;
/// Keys that an entry is filed under one after the other; a feed that makes up ids for each answer would add to them
/// for ever. Beyond it the entry is found by its link and title each time.
pub const KEY_LIMIT: u32 = 8;
/// New entries in a document whose ids changed, from which on they may be an import.
const IMPORT_LEAST: usize = 30;
/// Hosts that a feed's entries are looked for on, when it moved.
const MOST_HOSTS: usize = 3;

/// What the store knows of the keys of a document, within one feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Every stored entry that has one of the looked-up keys as its key or among its alternates.
    pub entries: Vec<KnownEntry>,
}

/// One stored entry, as far as it takes to recognise it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownEntry {
    /// Its id, kept for ever.
    pub id: EntryId,
    /// Its identity key now.
    pub key: String,
    /// All other keys it was ever known by: links, titles with dates, former keys.
    pub alternates: Vec<String>,
    /// Hash of its newest revision.
    pub content_hash: [u8; 32],
    /// Its link as published; none of one that was deleted.
    pub url: Option<String>,
    /// `published` of its newest revision.
    pub published: Option<Timestamp>,
    /// When it was first stored.
    pub first_seen: Option<Timestamp>,
    /// `updated` of its newest revision.
    pub updated: Option<Timestamp>,
    /// Stored revisions that came without a change of `updated` (the sum of [`Revised::hash_only`]).
    pub hash_only_revisions: u32,
    /// How often its key changed.
    pub rekeyed: u32,
    /// Its content was deleted by retention; only the keys remain, so that it does not return as new.
    pub purged: bool,
}

impl Known {
    /// Adds what a further look-up found.
    pub fn join(&mut self, more: Self) {
        let places: HashMap<EntryId, usize> = self
            .entries
            .iter()
            .enumerate()
            .map(|(place, entry)| (entry.id.clone(), place))
            .collect();
        for entry in more.entries {
            match places.get(&entry.id) {
                Some(place) => self.entries[*place].alternates.extend(entry.alternates),
                None => self.entries.push(entry),
            }
        }
    }
}

/// What a document changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Entries not seen before, `first_seen` set, in the document's order.
    pub new: Vec<Entry>,
    /// Entries whose content changed.
    pub revised: Vec<Revised>,
    /// Entries known as they are (or purged): only when they were last seen changes.
    pub unchanged: Vec<EntryId>,
    /// Entries that changed once more than [`HASH_ONLY_LIMIT`] allows: not stored, worth a count.
    pub over_limit: Vec<EntryId>,
    /// Known entries found under another key; applies beside whichever of the lists above names the id.
    pub rekeyed: Vec<Rekeyed>,
    /// Most of the document came under new keys: the publisher changed its ids. One event, no alerts.
    pub migrated: bool,
    /// By what known entries were found under other keys, and how many.
    pub found_by: BTreeMap<Why, usize>,
    /// Canonical links that entries with other titles share: the page of none of them.
    pub shared_links: BTreeSet<String>,
}

/// A changed entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Revised {
    /// What it says now, under the id it has always had.
    pub entry: Entry,
    /// What changed.
    pub changed: Vec<Part>,
    /// Its hash now.
    pub content_hash: [u8; 32],
    /// The publisher did not say that it changed; counts towards [`HASH_ONLY_LIMIT`].
    pub hash_only: bool,
}

/// A known entry whose key changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rekeyed {
    /// The entry.
    pub id: EntryId,
    /// The key it had; becomes an alternate.
    pub old_key: String,
    /// The key it has now.
    pub key: String,
    /// Alternates to add.
    pub alternates: Vec<String>,
    /// By what it was known again.
    pub why: Why,
}

impl Plan {
    /// What the history of polls says of entries that came under other keys; none where none did.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        if !self.migrated || self.rekeyed.is_empty() {
            return None;
        }
        let ways: Vec<String> = self
            .found_by
            .iter()
            .map(|(why, count)| format!("{count} by {}", why.words()))
            .collect();
        let count: usize = self.found_by.values().sum();
        let import = if self.is_import() {
            format!(
                "; the {} others are taken for an import and alert nobody",
                self.new.len()
            )
        } else {
            String::new()
        };
        Some(format!(
            "ids changed: {count} known entries came under new ids ({}){import}",
            ways.join(", ")
        ))
    }

    /// Whether the new entries of this document are old ones that a publisher's import put out: its ids changed, and
    /// they come in numbers under one date or none.
    #[must_use]
    pub fn is_import(&self) -> bool {
        let mut minutes: HashMap<Option<i64>, usize> = HashMap::new();
        for entry in &self.new {
            let minute = entry.content.published.map(|at| at.as_second() / 60);
            *minutes.entry(minute).or_default() += 1;
        }
        let most = minutes.into_values().max().unwrap_or_default();
        self.migrated && self.new.len() > IMPORT_LEAST && most * 2 >= self.new.len()
    }
}

/// Other keys of an entry, to be stored beside its key.
#[must_use]
pub fn alternates(entry: &Entry) -> Vec<String> {
    super::identity::alternates(&entry.key, &entry.content)
}

/// The keys of `entries`: sorted, each once. Most documents need no other look-up.
#[must_use]
pub fn lookup_keys(entries: &[Entry]) -> Vec<String> {
    sorted(entries.iter().map(|entry| entry.key.clone()).collect())
}

/// What else entries may be known by.
pub struct Further {
    /// Their other keys: sorted, each once.
    pub keys: Vec<String>,
    /// Their dates in seconds of Unix time: sorted, each once.
    pub seconds: Vec<i64>,
}

/// What else those entries may be known by that no known key answers for.
#[must_use]
pub fn further(known: &Known, entries: &[Entry]) -> Further {
    let doubtful = doubtful(known, entries);
    let doubtful = || doubtful.iter().map(|place| &entries[*place]);
    let keys = doubtful().flat_map(|entry| {
        let former = former_link_key(&entry.content);
        alternates(entry).into_iter().chain(former)
    });
    let dates = doubtful().filter_map(|entry| entry.content.published);
    let seconds: BTreeSet<i64> = dates.map(Timestamp::as_second).collect();
    Further {
        keys: sorted(keys.collect()),
        seconds: seconds.into_iter().collect(),
    }
}

/// Every key by which known entries were found.
fn all_keys(known: &Known) -> HashSet<&str> {
    known
        .entries
        .iter()
        .flat_map(|known| known.alternates.iter().chain([&known.key]))
        .map(String::as_str)
        .collect()
}

/// Whether most of the document is unknown by key, link and title, so that its host may have changed.
#[must_use]
pub fn may_have_moved(known: &Known, entries: &[Entry]) -> bool {
    let held = all_keys(known);
    let unknown = entries.iter().filter(|entry| {
        let link = page(&entry.content).map(|page| format!("l:{}", page_and_place(page)));
        link.is_some_and(|link| !held.contains(link.as_str())) && !held.contains(entry.key.as_str())
    });
    unknown.count() * 2 > entries.len()
}

/// The links of `entries` on the hosts that entries of the feed had of late; none where these are the same.
#[must_use]
pub fn moved_keys(entries: &[Entry], recent: &[String]) -> Vec<String> {
    let links: Vec<String> = recent.iter().map(|link| page_and_place(link)).collect();
    let hosts = common_hosts(links.iter().map(String::as_str));
    let keys = entries.iter().flat_map(|entry| elsewhere(entry, &hosts));
    sorted(keys.collect())
}

/// The hosts of known entries.
fn known_hosts(known: &Known) -> Vec<String> {
    let keys = known
        .entries
        .iter()
        .flat_map(|known| known.alternates.iter().chain([&known.key]));
    common_hosts(keys.filter_map(|key| key.strip_prefix("l:")))
}

/// The hosts that most links have.
fn common_hosts<'a>(links: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut hosts: HashMap<&str, usize> = HashMap::new();
    for (host, _) in links.filter_map(host_and_rest) {
        *hosts.entry(host).or_default() += 1;
    }
    let mut hosts: Vec<(&str, usize)> = hosts.into_iter().collect();
    hosts.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    hosts.truncate(MOST_HOSTS);
    hosts.into_iter().map(|(host, _)| host.to_owned()).collect()
}

/// The link of an entry on other hosts, as keys.
fn elsewhere(entry: &Entry, hosts: &[String]) -> Vec<String> {
    let link = page(&entry.content).map(page_and_place).unwrap_or_default();
    let Some((own, rest)) = host_and_rest(&link).filter(|(_, rest)| rest.len() > 1) else {
        return Vec::new();
    };
    hosts
        .iter()
        .filter(|host| *host != own)
        .map(|host| format!("l://{host}{rest}"))
        .collect()
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Compares the identified entries of one document with what the store knows.
#[must_use]
pub fn plan(known: &Known, entries: Vec<Entry>, now: Timestamp) -> Plan {
    let found = recognise(known, &entries, now);
    let mut plan = Plan {
        migrated: found.migrated,
        shared_links: shared_links(&entries),
        ..Plan::default()
    };
    displace(known, &entries, &found.matches, &mut plan);
    let used = all_keys(known);
    let mut ids: HashSet<EntryId> = known.entries.iter().map(|known| known.id.clone()).collect();
    for (mut entry, found) in entries.into_iter().zip(found.matches) {
        let Some((index, why)) = found else {
            set_id(&mut entry, &used, &mut ids);
            entry.first_seen = Some(now);
            plan.new.push(entry);
            continue;
        };
        let old = &known.entries[index];
        if let Some(why) = why {
            *plan.found_by.entry(why).or_default() += 1;
        }
        if old.key != entry.key && old.rekeyed < KEY_LIMIT {
            plan.rekeyed.push(Rekeyed {
                id: old.id.clone(),
                old_key: old.key.clone(),
                key: entry.key.clone(),
                alternates: alternates(&entry),
                why: why.unwrap_or(Why::Spelling),
            });
        }
        entry.id = old.id.clone();
        compare(old, entry, &mut plan);
    }
    plan
}

/// Gives a new entry an id that no known entry has or could have had by its key.
fn set_id(entry: &mut Entry, used: &HashSet<&str>, ids: &mut HashSet<EntryId>) {
    if used.contains(entry.key.as_str()) {
        entry.id = next_id(&entry.id, &entry.content);
    }
    while !ids.insert(entry.id.clone()) {
        entry.id = next_id(&entry.id, &entry.content);
    }
}

/// Known entries whose key another entry of the document has now are filed under a key of their own.
fn displace(
    known: &Known,
    entries: &[Entry],
    matches: &[Option<(usize, Option<Why>)>],
    plan: &mut Plan,
) {
    let present: HashSet<usize> = matches.iter().flatten().map(|(index, _)| *index).collect();
    let keys: HashMap<&str, Option<usize>> = entries
        .iter()
        .zip(matches)
        .map(|(entry, found)| (entry.key.as_str(), found.map(|(index, _)| index)))
        .collect();
    for (index, old) in known.entries.iter().enumerate() {
        let Some(holder) = keys.get(old.key.as_str()) else {
            continue;
        };
        if *holder == Some(index) || present.contains(&index) || old.rekeyed >= KEY_LIMIT {
            continue;
        }
        plan.rekeyed.push(Rekeyed {
            id: old.id.clone(),
            old_key: old.key.clone(),
            key: displaced_key(&old.key, &old.id),
            alternates: Vec::new(),
            why: Why::Displaced,
        });
    }
}

/// Files a recognised entry as revised, unchanged or changing too often.
fn compare(old: &KnownEntry, entry: Entry, plan: &mut Plan) {
    let content_hash = content_hash(&entry.content);
    let mut changed = changed_parts(&old.content_hash, &content_hash);
    changed.retain(|part| !is_same_as_before(&old.content_hash, *part, &entry.content));
    if changed.is_empty() || old.purged {
        plan.unchanged.push(entry.id);
        return;
    }
    let hash_only = entry.content.updated.is_none() || entry.content.updated == old.updated;
    if hash_only && old.hash_only_revisions >= HASH_ONLY_LIMIT {
        plan.over_limit.push(entry.id);
        return;
    }
    plan.revised.push(Revised {
        entry,
        changed,
        content_hash,
        hash_only,
    });
}

/// Canonical links under which the document has entries with different titles: a live page, a list of notices.
fn shared_links(entries: &[Entry]) -> BTreeSet<String> {
    let mut titles: HashMap<String, String> = HashMap::new();
    let mut shared = BTreeSet::new();
    for content in entries.iter().map(|entry| &entry.content) {
        let Some(url) = page(content) else { continue };
        let title = normal(&content.title);
        match titles.entry(canonical_url(url)) {
            Slot::Vacant(slot) => drop(slot.insert(title)),
            Slot::Occupied(slot) if *slot.get() != title => drop(shared.insert(slot.key().clone())),
            Slot::Occupied(_) => {}
        }
    }
    shared
}

#[cfg(test)]
mod tests;
