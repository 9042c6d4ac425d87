//! Known entries + parsed document → what is new, what changed, what is known.
//!
//! Absence from a document means nothing here: publishers shorten their feeds as they like. Which of the new
//! entries raise alerts is decided elsewhere.
//!
//! What the store does with this, in one transaction: asks [`lookup_keys`] which keys matter, fills [`Known`]
//! with every entry of the feed that has one of them as key or alternate, calls [`plan`], and writes the
//! plan. An entry's alternates are only ever added to: what [`alternates`] says when it is stored or revised,
//! and its former key when it is re-keyed.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::Entry;
use super::identity::{Part, canonical_url, changed_parts, content_hash, next_id, normal, rung};
use crate::domain::id::EntryId;

/// Edits without a new `updated` that are kept for one entry; beyond it the text is taken to hold a clock.
pub const HASH_ONLY_LIMIT: u32 = 24;

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
    /// `updated` of its newest revision.
    pub updated: Option<Timestamp>,
    /// Stored revisions that came without a change of `updated` (the sum of [`Revised::hash_only`]).
    pub hash_only_revisions: u32,
    /// Its content was deleted by retention; only the keys remain, so that it does not return as new.
    pub purged: bool,
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
}

/// Other keys of an entry, to be stored beside its key.
#[must_use]
pub fn alternates(entry: &Entry) -> Vec<String> {
    super::identity::alternates(&entry.key, &entry.content)
}

/// All keys and alternates by which the store may know one of `entries`: sorted, each once.
#[must_use]
pub fn lookup_keys(entries: &[Entry]) -> Vec<String> {
    let mut keys: Vec<String> = entries
        .iter()
        .flat_map(|entry| alternates(entry).into_iter().chain([entry.key.clone()]))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A document at least this share of which has new keys that belong to known entries is a migration.
const MIGRATION_PERCENT: usize = 60;
/// In documents smaller than this a shared link proves nothing: only title and date together do.
const MIGRATION_LEAST: usize = 3;

/// Compares the identified entries of one document with what the store knows.
#[must_use]
pub fn plan(known: &Known, entries: Vec<Entry>, now: Timestamp) -> Plan {
    let found = recognise(known, &entries);
    let ids: HashSet<&EntryId> = known.entries.iter().map(|known| &known.id).collect();
    let mut plan = Plan {
        migrated: found.migrated,
        shared_links: shared_links(&entries),
        ..Plan::default()
    };
    for (mut entry, known_entry) in entries.into_iter().zip(found.matches) {
        let Some(old) = known_entry.map(|index| &known.entries[index]) else {
            while ids.contains(&entry.id) {
                entry.id = next_id(&entry.id);
            }
            entry.first_seen = Some(now);
            plan.new.push(entry);
            continue;
        };
        if old.key != entry.key {
            plan.rekeyed.push(Rekeyed {
                id: old.id.clone(),
                old_key: old.key.clone(),
                key: entry.key.clone(),
                alternates: alternates(&entry),
            });
        }
        entry.id = old.id.clone();
        compare(old, entry, &mut plan);
    }
    plan
}

/// Files a recognised entry as revised, unchanged or changing too often.
fn compare(old: &KnownEntry, entry: Entry, plan: &mut Plan) {
    let content_hash = content_hash(&entry.content);
    let changed = changed_parts(&old.content_hash, &content_hash);
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

/// Which known entry each entry of a document is.
struct Recognised {
    /// Indices into [`Known::entries`], in the document's order.
    matches: Vec<Option<usize>>,
    /// Whether most of them came under new keys.
    migrated: bool,
}

/// By key; else by another rung's value; else, where most of the document moved, by link or title and date.
fn recognise(known: &Known, entries: &[Entry]) -> Recognised {
    if known.entries.is_empty() {
        return Recognised {
            matches: vec![None; entries.len()],
            migrated: false,
        };
    }
    let by_key: HashMap<&str, usize> = known
        .entries
        .iter()
        .enumerate()
        .map(|(index, known)| (known.key.as_str(), index))
        .collect();
    let mut matches: Vec<Option<usize>> = entries
        .iter()
        .map(|entry| by_key.get(entry.key.as_str()).copied())
        .collect();
    if matches.iter().all(Option::is_some) {
        return Recognised {
            matches,
            migrated: false,
        };
    }
    let mut taken: HashSet<usize> = matches.iter().flatten().copied().collect();
    let by_alternate = index_alternates(known);
    let shared = shared_alternates(entries);
    let mut moved: Vec<(usize, usize)> = Vec::new();
    let mut changed_rung: Vec<(usize, usize)> = Vec::new();
    for (place, entry) in entries
        .iter()
        .enumerate()
        .filter(|(place, _)| matches[*place].is_none())
    {
        let Some((index, sure)) =
            by_other_keys(entry, known, &by_alternate, &shared, entries.len())
        else {
            continue;
        };
        if !taken.insert(index) {
            continue;
        }
        if sure {
            changed_rung.push((place, index));
        } else {
            moved.push((place, index));
        }
    }
    let count = moved.len() + changed_rung.len();
    let most = count * 100 >= entries.len() * MIGRATION_PERCENT;
    let migrated = most && (count >= MIGRATION_LEAST || !moved.is_empty());
    for (place, index) in changed_rung {
        matches[place] = Some(index);
    }
    if migrated {
        for (place, index) in moved {
            matches[place] = Some(index);
        }
    }
    Recognised { matches, migrated }
}

/// The known entry that shares another key with `entry`, and whether that alone proves it the same.
fn by_other_keys(
    entry: &Entry,
    known: &Known,
    index: &HashMap<&str, Option<usize>>,
    shared: &HashSet<String>,
    document: usize,
) -> Option<(usize, bool)> {
    let mut unsure = None;
    for alternate in alternates(entry) {
        if shared.contains(&alternate) {
            continue;
        }
        let Some(Some(found)) = index.get(alternate.as_str()).copied() else {
            continue;
        };
        if rung(&known.entries[found].key) != rung(&entry.key) {
            return Some((found, true));
        }
        if document >= MIGRATION_LEAST || alternate.starts_with("t:") {
            unsure = unsure.or(Some((found, false)));
        }
    }
    // A former key comes after these: sharers of a guid all had it once.
    match index.get(entry.key.as_str()) {
        Some(Some(found)) => Some((*found, true)),
        _ => unsure,
    }
}

/// Known entries by key and alternate; none where two share it, since then it proves nothing.
fn index_alternates(known: &Known) -> HashMap<&str, Option<usize>> {
    let mut index: HashMap<&str, Option<usize>> = HashMap::new();
    for (place, entry) in known.entries.iter().enumerate() {
        for key in entry.alternates.iter().chain([&entry.key]) {
            index
                .entry(key)
                .and_modify(|found| {
                    if *found != Some(place) {
                        *found = None;
                    }
                })
                .or_insert(Some(place));
        }
    }
    index
}

/// Canonical links under which the document has entries with different titles: a live page, a list of notices.
fn shared_links(entries: &[Entry]) -> BTreeSet<String> {
    let mut titles: HashMap<String, String> = HashMap::new();
    let mut shared = BTreeSet::new();
    for content in entries.iter().map(|entry| &entry.content) {
        let Some(url) = &content.url else { continue };
        let title = normal(&content.title);
        match titles.entry(canonical_url(url)) {
            Slot::Vacant(slot) => drop(slot.insert(title)),
            Slot::Occupied(slot) if *slot.get() != title => drop(shared.insert(slot.key().clone())),
            Slot::Occupied(_) => {}
        }
    }
    shared
}

/// Alternates that two entries of the document share.
fn shared_alternates(entries: &[Entry]) -> HashSet<String> {
    let mut seen = HashSet::new();
    let mut shared = HashSet::new();
    for alternate in entries.iter().flat_map(alternates) {
        if !seen.insert(alternate.clone()) {
            shared.insert(alternate);
        }
    }
    shared
}

#[cfg(test)]
mod tests;
