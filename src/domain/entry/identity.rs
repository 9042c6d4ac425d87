//! When two items are one entry: the key ladder, content hashes, entry ids.
//!
//! Everything here is a function of what was published, so that every run and every machine agrees. How a
//! document's entries meet the stored ones is in `ingest`; the one spelling of addresses and titles that part
//! stories are in `address` and `title`; what a reader would not call an edit is in `edit`.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::{Content, Entry};
use crate::domain::id::EntryId;

mod address;
mod edit;
mod portal;
mod spelling;
mod title;
mod tracking;
mod wrapper;

pub use address::{canonical_url, is_front_page};
pub use edit::{Part, changed_parts, content_hash};
pub use spelling::Spelling;
pub use title::title_key;

pub(super) use address::{host_and_rest, page_and_place};
pub(super) use edit::{is_same_as_before, part_of};
pub(in crate::domain) use title::fold;

/// Keys longer than this are kept as their hash, so that the store's index stays small.
const LONGEST_KEY: usize = 500;

/// Gives every content its identity: the first rung of the ladder guid, link, enclosure, hash that holds.
///
/// Copies within the document become one entry ([`copies`] says how many were); different entries under one guid or
/// link get keys that tell them apart whatever their order. Ids are hashes of `feed_key` (the feed's id, or its URL) and key.
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
    let digits = feed_digits(feed_key);
    keys.into_iter()
        .filter_map(|(index, key)| {
            let content = contents.get_mut(index)?.take()?;
            Some(Entry {
                id: id_of(&digits, &[feed_key, &key]),
                feed: None,
                key,
                content,
                full_text: None,
                first_seen: None,
            })
        })
        .collect()
}

/// What to say of `read` items of a document that became `kept` entries; none where each is an entry.
#[must_use]
pub fn copies(read: usize, kept: usize) -> Option<String> {
    let copies = read.checked_sub(kept).filter(|copies| *copies > 0)?;
    Some(format!("{copies} of {read} entries are copies of others"))
}

/// Hex digits of an id that are the feed's: the ids of one document lie together in an index, which is a page to
/// write instead of one for each entry.
const FEED_DIGITS: usize = 4;

/// The id of the entry that `feed_key` knows under `key`: 128 bits in lower-case hex, the first 16 of them the feed's.
#[must_use]
pub fn entry_id(feed_key: &str, key: &str) -> EntryId {
    id_of(&feed_digits(feed_key), &[feed_key, key])
}

fn feed_digits(feed_key: &str) -> String {
    hex(&digest(&[feed_key])[..FEED_DIGITS / 2])
}

/// An id for an entry whose own is taken by another: one that was re-keyed, or had its guid before it.
#[must_use]
pub fn next_id(taken: &EntryId, content: &Content) -> EntryId {
    let feed: String = taken.as_str().chars().take(FEED_DIGITS).collect();
    let link = link_key(content).unwrap_or_default();
    let date = seconds(content.published);
    id_of(
        &feed,
        &[taken.as_str(), &link, &normal(&content.title), &date],
    )
}

fn id_of(feed: &str, parts: &[&str]) -> EntryId {
    let own = hex(&digest(parts)[..16 - FEED_DIGITS / 2]);
    EntryId::new(format!("{feed}{own}"))
}

/// The key of an entry whose own is another's now.
#[must_use]
pub(super) fn displaced_key(key: &str, id: &EntryId) -> String {
    let base = key.split('\u{1f}').next().unwrap_or_default();
    format!("{base}\u{1f}{}", &id.as_str()[..id.as_str().len().min(16)])
}

/// The other keys under which an entry may be known: its link, its title; without guid, link and enclosure also
/// its date, and its text, figures aside; this also where there is no date, and no guid but an address.
#[must_use]
pub fn alternates(key: &str, content: &Content) -> Vec<String> {
    let place = page(content).map(page_and_place);
    let title = title::fold(&content.title);
    alternates_by(key, content, (place.as_deref(), &title))
}

/// The same where address and title are spelt already.
fn alternates_by(
    key: &str,
    content: &Content,
    (place, title): (Option<&str>, &str),
) -> Vec<String> {
    let mut alternates: Vec<String> = place
        .map(|place| bounded("l:", place))
        .into_iter()
        .collect();
    alternates.extend(named_key("t:", title));
    let hashed = key.starts_with("h:");
    if hashed {
        alternates.extend(named_key("d:", &seconds(content.published)));
    }
    let is_address = |guid: &str| guid.trim().starts_with("http");
    if hashed || content.published.is_none() && content.guid.as_deref().is_none_or(is_address) {
        let letters: String = content.body.chars().filter(|c| c.is_alphabetic()).collect();
        alternates.extend(named_key("b:", &letters).filter(|_| letters.len() >= SHORTEST_TEXT));
    }
    alternates.retain(|alternate| alternate != key);
    alternates
}

/// The link key as it was made before addresses had one spelling: stores from then know entries by it.
#[must_use]
pub(super) fn former_link_key(content: &Content) -> Option<String> {
    let link = tracking::stripped(content.url.as_deref()?);
    let bare = link.split_once(':').map_or(link.as_str(), |(_, rest)| rest);
    Some(bounded("l:", bare))
}

/// The address of the page that an entry is: behind a redirector where the feed says so, else its link, else a guid
/// that is an address.
#[must_use]
pub fn page(content: &Content) -> Option<&str> {
    let guid = content.guid.as_deref().map(str::trim);
    let web = |guid: &&str| guid.starts_with("http://") || guid.starts_with("https://");
    let link = content.origin.as_deref().or(content.url.as_deref());
    link.or_else(|| guid.filter(web))
}

/// Texts with fewer bytes of letters say nothing alone.
const SHORTEST_TEXT: usize = 24;

/// A key by the hash of a text; none where there is none.
fn named_key(rung: &str, text: &str) -> Option<String> {
    (!text.is_empty()).then(|| format!("{rung}{}", hex(&digest(&[text])[..16])))
}

/// A date as hashed.
fn seconds(at: Option<jiff::Timestamp>) -> String {
    at.map(|at| at.as_second().to_string()).unwrap_or_default()
}

/// The rung of a key: `g`, `l`, `e`, `h`, with a bar where the key had to tell sharers of a guid or link apart.
#[must_use]
pub(super) fn rung(key: &str) -> (&str, bool) {
    (
        key.split(':').next().unwrap_or_default(),
        key.contains('\u{1f}'),
    )
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
        return bounded("e:", &tracking::stripped(&enclosure.url));
    }
    let date = seconds(content.published);
    let hash = digest(&[&normal(&content.title), &date, &normal(&content.body)]);
    format!("h:{}", hex(&hash[..16]))
}

/// The link as a key, in the one spelling of its address, the place within the page included.
fn link_key(content: &Content) -> Option<String> {
    Some(bounded("l:", &page_and_place(page(content)?)))
}

/// What tells the sharers of one base key apart: link, title, and, where nothing says that they are one, the issue.
type Face = (String, String, String);

/// Keys for the sharers of one base key: one where they are copies, told apart where they are not.
fn part_group(base: &str, members: &[usize], contents: &[Content]) -> Vec<(usize, String)> {
    if let [only] = members {
        return vec![(*only, base.to_owned())];
    }
    let mut faces: BTreeMap<Face, usize> = BTreeMap::new();
    for &index in members {
        let best = faces.entry(face(&contents[index])).or_insert(index);
        if freshness(&contents[index]) > freshness(&contents[*best]) {
            *best = index;
        }
    }
    fold_updates(&mut faces, contents);
    if faces.len() == 1 && members.iter().all(|index| is_nameless(&contents[*index])) {
        return counted(base, members);
    }
    if faces.len() == 1 {
        return faces
            .into_values()
            .map(|index| (index, base.to_owned()))
            .collect();
    }
    let mut links: HashMap<String, usize> = HashMap::new();
    let mut named: HashMap<(String, String), usize> = HashMap::new();
    for (link, title, _) in faces.keys() {
        *links.entry(link.clone()).or_default() += 1;
        *named.entry((link.clone(), title.clone())).or_default() += 1;
    }
    faces
        .into_iter()
        .map(|((link, title, issue), index)| {
            let alone = links.get(&link) == Some(&1) && !link.is_empty();
            let mark = if alone {
                digest(&[&link])
            } else if named.get(&(link.clone(), title.clone())) == Some(&1) {
                digest(&[&link, &title])
            } else {
                digest(&[&link, &title, &issue])
            };
            (index, format!("{base}\u{1f}{}", hex(&mark[..8])))
        })
        .collect()
}

/// Whether an item says too little of itself for its like to be a copy: no guid, and no address or nothing but that.
fn is_nameless(content: &Content) -> bool {
    let is_bare = content.title.trim().is_empty() && content.body.trim().is_empty();
    content.guid.is_none() && (is_bare || content.url.is_none())
}

/// Keys for items that are alike to the letter: the first has what it would have alone.
fn counted(base: &str, members: &[usize]) -> Vec<(usize, String)> {
    let key = |place: usize| match place {
        0 => base.to_owned(),
        _ => format!("{base}\u{1f}{}", hex(&digest(&[&place.to_string()])[..8])),
    };
    let members = members.iter().enumerate();
    members.map(|(place, index)| (*index, key(place))).collect()
}

/// Items of one guid are one entry where link and title agree: the publisher says so. Of items without, another date
/// or text makes another: a live page or a list of notices gives all of its items one link and one title.
fn face(content: &Content) -> Face {
    let link = content.url.as_deref().map(page_and_place);
    let issue = if content.guid.is_some() {
        String::new()
    } else {
        let text = digest(&[&normal(&content.body)]);
        format!("{} {}", seconds(content.published), hex(&text[..8]))
    };
    (link.unwrap_or_default(), normal(&content.title), issue)
}

/// Versions of one Atom entry (same id and link, `updated` differs) are one entry: the newest stays.
fn fold_updates(faces: &mut BTreeMap<Face, usize>, contents: &[Content]) {
    let mut newest: HashMap<String, usize> = HashMap::new();
    for ((link, ..), &index) in faces.iter() {
        let content = &contents[index];
        if link.is_empty() || content.guid.is_none() || content.updated.is_none() {
            continue;
        }
        let best = newest.entry(link.clone()).or_insert(index);
        if content.updated > contents[*best].updated {
            *best = index;
        }
    }
    faces.retain(|(link, ..), index| {
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
    // Of such text all white space is ASCII, save what begins with 0xc2.
    let has_odd_blank = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, 0x0b | 0xc2));
    let is_composed = text.is_ascii() || text.chars().all(is_composed);
    if is_composed && !has_odd_blank(text.as_bytes()) {
        return folded(text);
    }
    let mut out = String::with_capacity(text.len());
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

/// Text whose white space is ASCII with that folded, copied in pieces that have single blanks only.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let is_blank = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    let mut at = 0;
    while at < bytes.len() {
        if is_blank(at) {
            at += 1;
            continue;
        }
        let start = at;
        while !is_blank(at) || at < bytes.len() && bytes[at] == b' ' && !is_blank(at + 1) {
            at += 1;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&text[start..at]);
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
