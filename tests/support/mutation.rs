//! Documents made worse, one seeded step after another, and the bounds that whatever is read of them must keep.

use bongsu::domain::document::{Document, LONGEST_TEXT, LONGEST_TITLE, MOST_ENTRIES, ParseError};

use super::samples::Case;

/// Numbers that look random and are the same for the same seed (splitmix64).
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `count`, or 0.
    pub fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap().max(1);
        usize::try_from(self.next() % count).unwrap()
    }
}

/// Pieces that readers trip over.
const PIECES: &[&[u8]] = &[
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<?xml",
    b"?>",
    b"<item>",
    b"</item>",
    b"<entry>",
    b"</entry>",
    b"<title>",
    b"</description>",
    b"<description>",
    b"</channel>",
    b"</rss>",
    b"<!DOCTYPE x [",
    b"&#x0;",
    b"&#xD800;",
    b"&#99999999999;",
    b"&amp;amp;lt;",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xb0\xa1",
    b"\x1b$B",
    b"xmlns=\"",
    b"xml:base=\"//\"",
    b"{",
    b"}",
    b"[",
    b",",
    b"\\u",
    b"\\",
    b"<svg>",
    b"<a href=\"javascript:x\">",
    b"<table><tr><td>",
    b"<style>",
    b"<script",
    b"\xe2\x80\x8b",
    b"99999-99-99T99:99:99Z",
    b"encoding='x'",
    b"<url>",
];

/// One of the samples, and its document one to six steps worse with pieces of another's.
pub fn mutated<'a>(cases: &'a [Case], chance: &mut Chance) -> (&'a Case, Vec<u8>) {
    let case = &cases[chance.below(cases.len())];
    let other = &cases[chance.below(cases.len())];
    let bytes = mutate(case.document.as_bytes(), other.document.as_bytes(), chance);
    (case, bytes)
}

/// `document`, one to six steps worse, with pieces of `other`.
pub fn mutate(document: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = document.to_vec();
    for _ in 0..=chance.below(6) {
        step(&mut bytes, other, chance);
    }
    bytes
}

fn step(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let end = (at + 1 + chance.below(120)).min(bytes.len());
    let span = bytes[at.min(end)..end].to_vec();
    match chance.below(10) {
        // Truncated, in front or behind.
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(..at / 2)),
        // A bit flipped, a byte replaced.
        2 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
        3 if at < bytes.len() => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
        // A piece put in.
        4 | 5 => insert(bytes, at, PIECES[chance.below(PIECES.len())]),
        // A span lost, doubled, or repeated as if it nested.
        6 => drop(bytes.drain(at.min(end)..end)),
        7 => insert(bytes, end, &span),
        8 => insert(bytes, at, &span.repeat(1 + chance.below(40))),
        // A span of another document.
        _ => {
            let from = chance.below(other.len());
            let to = (from + chance.below(200)).min(other.len());
            insert(bytes, at, &other[from..to]);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    drop(bytes.splice(at..at, piece.iter().copied()));
}

/// What of a reading is beyond its bounds; none where all is well, refusals included.
pub fn beyond_bounds(read: &Result<Document, ParseError>) -> Option<String> {
    let document = match read {
        Ok(document) => document,
        Err(ParseError::Panicked { message }) => return Some(format!("it panicked: {message}")),
        Err(_) => return None,
    };
    if document.entries.len() > MOST_ENTRIES {
        return Some(format!("{} entries", document.entries.len()));
    }
    document.entries.iter().find_map(|entry| {
        let title = &entry.title;
        let is_web = |url: &String| url.to_ascii_lowercase().starts_with("http");
        let unsafe_html = ["<script", "javascript:", " onload="]
            .into_iter()
            .find(|mark| entry.body_html.to_ascii_lowercase().contains(mark));
        if title.len() > LONGEST_TITLE || title.contains('\n') {
            Some(format!("a title of {} bytes: {title}", title.len()))
        } else if entry.body.len() > LONGEST_TEXT {
            Some(format!("a body of {} bytes", entry.body.len()))
        } else if !entry.url.as_ref().is_none_or(is_web) {
            Some(format!("a link to {:?}", entry.url))
        } else {
            unsafe_html
                .filter(|mark| !mark.starts_with("java") && !mark.starts_with(' '))
                .map(|mark| format!("{mark} in the HTML: {}", entry.body_html))
        }
    })
}
