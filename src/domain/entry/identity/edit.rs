//! What an edit is: hashes of what a reader would call the entry, part by part.
//!
//! Dates, the order of categories, markup, white space, the spelling of the link, advertisements and counters are
//! no edits. What is done about one is in `ingest`.

use super::{address, digest, normal, page, tracking};
use crate::domain::entry::Content;

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

/// Longest line that can be an advertisement or a counter.
const LONGEST_NOISE: usize = 200;

/// What opens an advertisement in a line of its own.
const LABELS: &[&str] = &[
    "[광고]",
    "(광고)",
    "<광고>",
    "[AD]",
    "[ad]",
    "[Ad]",
    "[PR]",
    "Advertisement",
    "ADVERTISEMENT",
    "Sponsored:",
];
/// What a line counts, in front of the number or behind it.
const COUNTED: &[&str] = &[
    "조회",
    "조회수",
    "댓글",
    "추천",
    "공감",
    "좋아요",
    "view",
    "views",
    "comment",
    "comments",
    "like",
    "likes",
    "share",
    "shares",
    "read",
    "reads",
];

/// A hash of what makes an edit: title, link, text and enclosures, eight bytes each.
///
/// Dates, the order of categories, markup and white space are noise.
#[must_use]
pub fn content_hash(content: &Content) -> [u8; 32] {
    hash_at(
        content,
        page(content).map(address::page_and_place).as_deref(),
    )
}

/// The same where the address is spelt already.
pub(super) fn hash_at(content: &Content, place: Option<&str>) -> [u8; 32] {
    let mut hash = [0; 32];
    for (eight_of, part) in hash.chunks_exact_mut(8).zip(Part::ALL) {
        eight_of.copy_from_slice(&match part {
            Part::Url => eight(place.unwrap_or_default()),
            part => part_of(content, part),
        });
    }
    hash
}

/// The eight bytes of one part.
pub(in crate::domain::entry) fn part_of(content: &Content, part: Part) -> [u8; 8] {
    match part {
        Part::Title => eight(&normal(&content.title)),
        Part::Url => eight(
            &page(content)
                .map(address::page_and_place)
                .unwrap_or_default(),
        ),
        Part::Body => eight(&normal(&told(&content.body))),
        Part::Enclosures => {
            let mut enclosures: Vec<String> = content
                .enclosures
                .iter()
                .map(|enclosure| tracking::stripped(&enclosure.url))
                .collect();
            enclosures.sort_unstable();
            enclosures.dedup();
            eight(&enclosures.join("\n"))
        }
    }
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

/// Whether a stored part was hashed before links had one spelling and texts were rid of noise, and is unchanged.
pub(in crate::domain::entry) fn is_same_as_before(
    old: &[u8; 32],
    part: Part,
    content: &Content,
) -> bool {
    let before = match part {
        Part::Url => eight(
            &content
                .url
                .as_deref()
                .map(tracking::stripped)
                .unwrap_or_default(),
        ),
        Part::Body => eight(&normal(&content.body)),
        Part::Title | Part::Enclosures => return false,
    };
    let stored = old.chunks_exact(8).zip(Part::ALL);
    stored
        .filter(|(_, of)| *of == part)
        .any(|(stored, _)| stored == before)
}

/// A text without the lines that change though nothing was written.
fn told(body: &str) -> std::borrow::Cow<'_, str> {
    if !body.lines().any(is_noise) {
        return body.into();
    }
    let kept: Vec<&str> = body.lines().filter(|line| !is_noise(line)).collect();
    kept.join("\n").into()
}

/// An advertisement that says so, or a counter.
fn is_noise(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() || line.len() > LONGEST_NOISE {
        return false;
    }
    LABELS.iter().any(|label| line.starts_with(label)) || is_counter(line)
}

/// `조회수 1,234`, `댓글 5개`, `12 comments`.
fn is_counter(line: &str) -> bool {
    let number = |text: &str| {
        let text = text.trim_end_matches(['개', '회', '건', '명']);
        text.starts_with(|c: char| c.is_ascii_digit())
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.'))
    };
    let word = |text: &str| COUNTED.iter().any(|known| known.eq_ignore_ascii_case(text));
    let mut parts = line
        .split([' ', ':', '\u{a0}'])
        .filter(|part| !part.is_empty());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(first), Some(second), None) => {
            word(first) && number(second) || number(first) && word(second)
        }
        _ => false,
    }
}

fn eight(text: &str) -> [u8; 8] {
    let mut eight = [0; 8];
    eight.copy_from_slice(&digest(&[text])[..8]);
    eight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advertisements_and_counters_are_no_edits() {
        let hash = |body: &str| {
            part_of(
                &Content {
                    body: body.to_owned(),
                    ..Content::default()
                },
                Part::Body,
            )
        };
        let told = hash("The yard launched the ship.\n\nIt will sail in May.");
        for body in [
            "The yard launched the ship.\n\n[광고] 최대 50% 할인\n\nIt will sail in May.",
            "The yard launched the ship.\n\nIt will sail in May.\n\n조회수 1,234\n댓글 5개",
            "12 comments\nThe yard launched the ship. \n It will sail in May.\nViews: 88",
        ] {
            assert_eq!(hash(body), told, "{body}");
        }
        for body in [
            "The yard launched the ship.\n\nIt will sail in June.",
            "The yard launched the ship.\n\nIt will sail in May.\n\n광고 시장이 커졌다",
            "The yard launched the ship.\n\nIt will sail in May.\n\n사망 5명",
            "The yard launched the ship.\n\nIt will sail in May.\n\n12 ships",
        ] {
            assert_ne!(hash(body), told, "{body}");
        }
    }

    #[test]
    fn a_hash_from_before_is_known() {
        let content = Content {
            url: Some("https://www.a.example/1/?utm_source=x".to_owned()),
            body: "A ship.\n조회수 5".to_owned(),
            ..Content::default()
        };
        let mut old = content_hash(&content);
        old[8..16].copy_from_slice(&eight("https://www.a.example/1/"));
        old[16..24].copy_from_slice(&eight("A ship. 조회수 5"));
        for part in changed_parts(&old, &content_hash(&content)) {
            assert!(is_same_as_before(&old, part, &content), "{part:?}");
        }
        let edited = Content {
            body: "A boat.".to_owned(),
            ..content
        };
        assert!(!is_same_as_before(&old, Part::Body, &edited));
        assert!(!is_same_as_before(&old, Part::Title, &edited));
    }
}
