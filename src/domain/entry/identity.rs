//! When two items are one entry: the key ladder, content hashes, entry ids.
//!
//! Everything here is a function of what was published, so that every run and every machine agrees. How a
//! document's entries meet the stored ones is in `ingest`; URLs and titles that part stories are in `same`.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::{Content, Entry};
use crate::domain::id::EntryId;

mod same;

pub use same::{canonical_url, is_front_page, is_tracking, title_key};

/// Keys longer than this are kept as their hash, so that the store's index stays small.
const LONGEST_KEY: usize = 500;

/// The parts of an entry whose change is an edit, in the order of their eight bytes in [`content_hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The title.
    Title,
    /// The link, tracking parameters aside.
    Url,
    /// The plain text, white space and markup aside.
    Body,
    /// The addresses of enclosures, in any order.
    Enclosures,
}

impl Part {
    /// All parts, in the order of the hash.
    pub const ALL: [Self; 4] = [Self::Title, Self::Url, Self::Body, Self::Enclosures];

    /// The key of the part in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Url => "url",
            Self::Body => "body",
            Self::Enclosures => "enclosures",
        }
    }
}

/// Gives every content its identity: the first rung of the ladder guid, link, enclosure, hash that holds.
///
/// Copies within the document become one entry; different entries under one guid or link get keys that
/// tell them apart whatever their order. Ids are hashes of `feed_key` (the feed's id, or its URL) and key.
#[must_use]
pub fn identify(feed_key: &str, contents: Vec<Content>) -> Vec<Entry> {
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, content) in contents.iter().enumerate() {
        groups.entry(base_key(content)).or_default().push(index);
    }
    let mut keys: BTreeMap<usize, String> = BTreeMap::new();
    for (base, members) in groups {
        for (index, key) in part_group(&base, &members, &contents) {
            keys.insert(index, key);
        }
    }
    let mut contents: Vec<Option<Content>> = contents.into_iter().map(Some).collect();
    keys.into_iter()
        .filter_map(|(index, key)| {
            let content = contents.get_mut(index)?.take()?;
            Some(Entry {
                id: entry_id(feed_key, &key),
                feed: None,
                key,
                content,
                full_text: None,
                first_seen: None,
            })
        })
        .collect()
}

/// Hex digits of an id that are the feed's: the ids of one document lie together in an index, which is a page to
/// write instead of one for each entry.
const FEED_DIGITS: usize = 4;

/// The id of the entry that `feed_key` knows under `key`: 128 bits in lower-case hex, the first 16 of them the feed's.
#[must_use]
pub fn entry_id(feed_key: &str, key: &str) -> EntryId {
    let feed = hex(&digest(&[feed_key])[..FEED_DIGITS / 2]);
    id_of(&feed, [feed_key, key])
}

/// An id for an entry whose own is taken by another that was re-keyed.
#[must_use]
pub fn next_id(taken: &EntryId) -> EntryId {
    let feed: String = taken.as_str().chars().take(FEED_DIGITS).collect();
    id_of(&feed, [taken.as_str(), "again"])
}

fn id_of(feed: &str, parts: [&str; 2]) -> EntryId {
    let own = hex(&digest(&parts)[..16 - FEED_DIGITS / 2]);
    EntryId::new(format!("{feed}{own}"))
}

/// The other keys under which an entry may be known: its link, its title with its date.
#[must_use]
pub fn alternates(key: &str, content: &Content) -> Vec<String> {
    let mut alternates = Vec::new();
    if let Some(link) = link_key(content) {
        alternates.push(link);
    }
    if let Some(published) = content.published {
        let title = normal(&content.title);
        if !title.is_empty() {
            let hash = digest(&[&title, &published.as_second().to_string()]);
            alternates.push(format!("t:{}", hex(&hash[..16])));
        }
    }
    alternates.retain(|alternate| alternate != key);
    alternates
}

/// The rung of a key: `g`, `l`, `e`, `h`, with a bar where the key had to tell sharers of a guid or link apart.
#[must_use]
pub(super) fn rung(key: &str) -> (&str, bool) {
    (
        key.split(':').next().unwrap_or_default(),
        key.contains('\u{1f}'),
    )
}

/// A hash of what makes an edit: title, link, text and enclosures, eight bytes each.
///
/// Dates, the order of categories, markup and white space are noise.
#[must_use]
pub fn content_hash(content: &Content) -> [u8; 32] {
    let link = content.url.as_deref().map(clean_link).unwrap_or_default();
    let mut enclosures: Vec<String> = content
        .enclosures
        .iter()
        .map(|e| clean_link(&e.url))
        .collect();
    enclosures.sort_unstable();
    enclosures.dedup();
    let parts = [
        digest(&[&normal(&content.title)]),
        digest(&[&link]),
        digest(&[&normal(&content.body)]),
        digest(&[&enclosures.join("\n")]),
    ];
    let mut hash = [0; 32];
    for (place, part) in hash.chunks_exact_mut(8).zip(parts) {
        place.copy_from_slice(&part[..8]);
    }
    hash
}

/// The parts in which two content hashes differ.
#[must_use]
pub fn changed_parts(old: &[u8; 32], new: &[u8; 32]) -> Vec<Part> {
    let pairs = old.chunks_exact(8).zip(new.chunks_exact(8));
    pairs
        .zip(Part::ALL)
        .filter(|((old, new), _)| old != new)
        .map(|(_, part)| part)
        .collect()
}

/// The key by the ladder, before the rest of the document is looked at.
fn base_key(content: &Content) -> String {
    let guid = content
        .guid
        .as_deref()
        .map(str::trim)
        .filter(|guid| !guid.is_empty());
    if let Some(guid) = guid {
        return bounded("g:", guid);
    }
    if let Some(link) = link_key(content) {
        return link;
    }
    if let Some(enclosure) = content.enclosures.first() {
        return bounded("e:", &clean_link(&enclosure.url));
    }
    let date = content
        .published
        .map(|at| at.as_second().to_string())
        .unwrap_or_default();
    let hash = digest(&[&normal(&content.title), &date, &normal(&content.body)]);
    format!("h:{}", hex(&hash[..16]))
}

/// The link as a key: no tracking parameters and no scheme, since a move to https is no new entry.
fn link_key(content: &Content) -> Option<String> {
    let link = clean_link(content.url.as_deref()?);
    let bare = link.split_once(':').map_or(link.as_str(), |(_, rest)| rest);
    Some(bounded("l:", bare))
}

/// Keys for the sharers of one base key: one where they are copies, told apart where they are not.
fn part_group(base: &str, members: &[usize], contents: &[Content]) -> Vec<(usize, String)> {
    if let [only] = members {
        return vec![(*only, base.to_owned())];
    }
    let face = |index: usize| {
        let content = &contents[index];
        let link = content.url.as_deref().map(clean_link).unwrap_or_default();
        (link, normal(&content.title))
    };
    let mut faces: BTreeMap<(String, String), usize> = BTreeMap::new();
    for &index in members {
        let best = faces.entry(face(index)).or_insert(index);
        if freshness(&contents[index]) > freshness(&contents[*best]) {
            *best = index;
        }
    }
    fold_updates(&mut faces, contents);
    if faces.len() == 1 {
        return faces
            .into_values()
            .map(|index| (index, base.to_owned()))
            .collect();
    }
    let mut links: HashMap<String, usize> = HashMap::new();
    for (link, _) in faces.keys() {
        *links.entry(link.clone()).or_default() += 1;
    }
    faces
        .into_iter()
        .map(|((link, title), index)| {
            let alone = links.get(&link) == Some(&1) && !link.is_empty();
            let mark = if alone {
                digest(&[&link])
            } else {
                digest(&[&link, &title])
            };
            (index, format!("{base}\u{1f}{}", hex(&mark[..8])))
        })
        .collect()
}

/// Versions of one Atom entry (same id and link, `updated` differs) are one entry: the newest stays.
fn fold_updates(faces: &mut BTreeMap<(String, String), usize>, contents: &[Content]) {
    let mut newest: HashMap<String, usize> = HashMap::new();
    for ((link, _), &index) in faces.iter() {
        let content = &contents[index];
        if link.is_empty() || content.guid.is_none() || content.updated.is_none() {
            continue;
        }
        let best = newest.entry(link.clone()).or_insert(index);
        if content.updated > contents[*best].updated {
            *best = index;
        }
    }
    faces.retain(|(link, _), index| {
        let Some(best) = newest.get(link) else {
            return true;
        };
        let updated = contents[*index].updated;
        index == best || updated.is_none() || updated == contents[*best].updated
    });
}

/// What decides between copies: the newest date, then the longer text, then bytes, so that order does not.
fn freshness(content: &Content) -> (Option<jiff::Timestamp>, usize, &str) {
    (
        content.updated.or(content.published),
        content.body.len(),
        &content.body,
    )
}

/// A link without what publishers vary from poll to poll; the fragment stays.
fn clean_link(link: &str) -> String {
    same::without_tracking(link)
}

/// A key of bounded length.
fn bounded(rung: &str, text: &str) -> String {
    // The unit separator marks keys that tell sharers apart: published text must not hold it.
    if text.len() <= LONGEST_KEY && !text.contains('\u{1f}') {
        format!("{rung}{text}")
    } else {
        format!("{rung}#{}", hex(&digest(&[text])))
    }
}

/// Text as compared: composed, white space folded.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let is_composed = text.chars().all(is_composed);
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if is_composed {
            out.push_str(word);
            continue;
        }
        out.extend(
            word.nfc()
                .filter(|c| !matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{ad}')),
        );
    }
    out
}

/// Quick answer for the common characters that [`normal`] leaves as they are, whatever stands beside them.
fn is_composed(c: char) -> bool {
    matches!(c, '\0'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3029}'
        | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}')
}

/// SHA-256 over parts, each closed by a zero byte.
fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().into()
}

/// Lower-case hex.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

#[cfg(test)]
mod tests;
