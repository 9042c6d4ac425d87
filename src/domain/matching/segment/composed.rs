//! Stored text as a reader sees it, for where sentences end: composed (NFC), without what nobody sees, full width as
//! half and half-width kana as full. Where nothing of that is to do, which is nearly always, there is no copy.
//!
//! Case, accents and digits stay as they are: an abbreviation is told by its look.

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::domain::matching::fold::is_ignored;

/// A text made even, and the way back to the bytes of the stored one.
pub(super) struct Composed {
    /// The text.
    pub text: String,
    /// Ends of what became another length, here and in the stored text.
    ends: Vec<(usize, usize)>,
}

impl Composed {
    /// None where the text is even as it stands.
    pub(super) fn of(text: &str) -> Option<Self> {
        if is_even(text) {
            return None;
        }
        let mut composed = Self {
            text: String::with_capacity(text.len()),
            ends: Vec::new(),
        };
        let mut cluster = String::new();
        let mut start = 0;
        for (at, c) in text.char_indices() {
            if is_ignored(c) {
                continue;
            }
            if !joins(c) {
                composed.add(&cluster, &text[start..at], at);
                cluster.clear();
                start = at;
            }
            cluster.push(narrow(c));
        }
        composed.add(&cluster, &text[start..], text.len());
        Some(composed)
    }

    fn add(&mut self, cluster: &str, stored: &str, end: usize) {
        if cluster == stored && cluster.chars().all(is_alone) {
            self.text.push_str(stored);
            return;
        }
        let from = self.text.len();
        self.text.extend(cluster.nfc());
        if self.text.len() - from != stored.len() {
            self.ends.push((self.text.len(), end));
        }
    }

    /// The byte of the stored text where what stands at byte `at` of this one begins.
    pub(super) fn stored(&self, at: usize, text: &str) -> usize {
        let next = self.ends.partition_point(|(end, _)| *end <= at);
        let (end, stored) = next.checked_sub(1).map_or((0, 0), |last| self.ends[last]);
        // Inside of what changed there is no way back but to its end.
        let limit = self
            .ends
            .get(next)
            .map_or(text.len(), |(_, stored)| *stored);
        text.ceil_char_boundary((stored + at - end).min(limit))
    }
}

/// Full width as half, half-width kana as full; but `！` and `？`, which end a sentence without a space.
fn narrow(c: char) -> char {
    match c {
        '！' | '？' => c,
        '\u{FF01}'..='\u{FF5E}' | '\u{FF61}'..='\u{FF9F}' => c.nfkc().next().unwrap_or(c),
        _ => c,
    }
}

/// Whether `c` may become one with what stands before it.
fn joins(c: char) -> bool {
    !is_alone(c)
        && (canonical_combining_class(narrow(c)) != 0
            || is_nfc_quick(std::iter::once(narrow(c))) == IsNormalized::Maybe)
}

/// Whether `text` needs no change.
fn is_even(text: &str) -> bool {
    if text.is_ascii() {
        return true;
    }
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(next) = bytes[at..]
        .iter()
        .position(|byte| DOUBTFUL[usize::from(*byte)])
    {
        at += next;
        let Some(c) = text[at..].chars().next() else {
            return true;
        };
        if !is_alone(c) {
            let rest = &text[at..];
            let changes = |c: char| !is_alone(c) && (is_ignored(c) || narrow(c) != c);
            return !rest.chars().any(changes) && is_nfc_quick(rest.chars()) == IsNormalized::Yes;
        }
        at += c.len_utf8();
    }
    true
}

/// Quick answer for characters that stay and join nothing, in the ranges that most text is of.
fn is_alone(c: char) -> bool {
    match u32::from(c) {
        0xAD => false,
        0..0x300
        | 0x388..=0x482
        | 0x48A..=0x52F
        | 0x60C..=0x60F
        | 0x620..=0x63F
        | 0x641..=0x64A
        | 0x1E00..=0x1EFF
        | 0x2010..=0x2027
        | 0x2030..=0x205E
        | 0x20A0..=0x20CF
        | 0x3001..=0x3029
        | 0x3030..=0x3098
        | 0x309B..=0x3130
        | 0x3400..=0x9FFF
        | 0xAC00..=0xD7A3
        | 0x1_F000..=0x1_FAFF => true,
        _ => false,
    }
}

/// First bytes of characters that may not be even: all that are not ASCII but those of Latin, of Greek and Cyrillic
/// letters, of Han and of Hangul in one piece.
const DOUBTFUL: [bool; 256] = {
    let mut doubtful = [false; 256];
    let mut lead = 0xC2;
    while lead <= 0xF4 {
        let is_plain =
            matches!(lead, 0xC3..=0xCB | 0xCF..=0xD1 | 0xD3..=0xD4 | 0xE4..=0xE9 | 0xEB..=0xEC);
        doubtful[lead] = !is_plain;
        lead += 1;
    }
    doubtful
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text made even, the long way.
    fn evenly(text: &str) -> String {
        let seen = text.chars().filter(|c| !is_ignored(*c));
        seen.map(narrow).nfc().collect()
    }

    #[test]
    fn nothing_that_is_uneven_is_overlooked() {
        for c in '\0'..=char::MAX {
            for text in [
                format!("{c}"),
                format!("e{c}"),
                format!("{c}\u{301}"),
                format!("{c}\u{316}"),
            ] {
                let even = Composed::of(&text).map_or_else(|| text.clone(), |found| found.text);
                assert_eq!(even, evenly(&text), "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_even_is_what_the_long_way_makes(
            text in prop_oneof![
                "\\PC{0,40}",
                "[aeé中はﾊﾞ한ᄒ\u{1161}\u{11ab}Ｃ．！ .ก็क़\u{ad}\u{200b}\u{301}\u{323}\u{3099}\u{64b}]{0,16}",
            ],
        ) {
            let found = Composed::of(&text);
            let even = evenly(&text);
            prop_assert_eq!(found.as_ref().map_or(&text, |found| &found.text), &even);
            let Some(found) = found else { return Ok(()) };
            let mut last = 0;
            for (at, c) in even.char_indices() {
                let stored = found.stored(at, &text);
                prop_assert!(text.is_char_boundary(stored) && stored >= last);
                // What stayed alone is found where it is.
                if c.is_ascii() && !even[at + 1..].chars().next().is_some_and(joins) {
                    let mut there = text[stored..].chars().filter(|c| !is_ignored(*c)).map(narrow).nfc();
                    prop_assert_eq!(there.next(), Some(c));
                }
                last = stored;
            }
            prop_assert_eq!(found.stored(even.len(), &text), text.len());
        }
    }
}
