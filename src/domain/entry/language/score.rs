//! How much in a text speaks for each language of its script: points for words, endings and letters.
//!
//! What few languages share counts more than what many do. No text is remembered; nothing is learnt.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{LazyLock, OnceLock};

use super::scripted::{ARABIC, CYRILLIC, DEVANAGARI, HEBREW};
use super::scripts::Script;
use super::tables::{LATIN, Row};

/// Points of a word that so many languages have.
const WORD: [i32; 6] = [0, 12, 8, 6, 4, 3];
/// Points of an ending.
const END: [i32; 6] = [0, 5, 4, 3, 2, 1];
/// Points of a letter, each time.
const LETTER: [i32; 6] = [0, 9, 6, 4, 3, 2];
/// Points of a run of letters that the words of so many languages have.
const RUN: [i32; 6] = [0, 2, 1, 1, 0, 0];
/// What a letter takes from each language that does not write it.
const FOREIGN: i32 = 6;
/// How often one letter counts, for and against.
const LETTER_TIMES: u8 = 3;
/// Points for English where no letter has an accent.
const BARE: i32 = 2;
/// A lead that needs no second look.
const CLEAR: i32 = 8;
/// Words that get one.
const FEW: usize = 24;
/// A language with fewer points is no answer.
const FEWEST: i32 = 5;
/// Longest word that is looked up, in bytes.
const LONGEST_WORD: usize = 48;
/// Longest ending, in letters.
const LONGEST_END: usize = 5;

/// A lead that no further words take away.
const DECIDED: i32 = 40;
/// Words between two looks at the lead.
const LOOK_EACH: usize = 6;

/// Hashes the short words of tables that nobody else adds to: what strangers write is only looked up.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (eights, rest) = bytes.as_chunks::<8>();
        for eight in eights {
            self.write_u64(u64::from_le_bytes(*eight));
        }
        // Read in fours and singles: a copy of unknown length costs more than the rest of the hash.
        let (fours, rest) = rest.as_chunks::<4>();
        let four = fours.first().map_or(0, |four| u32::from_le_bytes(*four));
        let rest = rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        self.write_u64(rest << 32 | u64::from(four));
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

type Table<K> = HashMap<K, u64, BuildHasherDefault<Quick>>;

/// The languages of one script, ready to be looked up; a set of them is a mask of their places.
struct Family {
    rows: &'static [Row],
    words: Table<&'static str>,
    ends: Table<&'static str>,
    letters: Table<char>,
    /// Runs of three letters in the words, beginning and end of the word included.
    ///
    /// Made when first asked for: they are many, and most texts are told by their words.
    runs: OnceLock<Table<u64>>,
}

impl Family {
    fn new(rows: &'static [Row]) -> Self {
        let mut family = Self {
            rows,
            words: Table::default(),
            ends: Table::default(),
            letters: Table::default(),
            runs: OnceLock::new(),
        };
        for (at, row) in rows.iter().enumerate() {
            let bit = 1 << at;
            for word in row.words.split_whitespace() {
                *family.words.entry(word).or_default() |= bit;
            }
            for end in row.ends.split_whitespace() {
                *family.ends.entry(end).or_default() |= bit;
            }
            for letter in row.letters.chars() {
                *family.letters.entry(letter).or_default() |= bit;
            }
        }
        family
    }

    /// The family of a script; each is made when first asked for.
    fn of(script: Script) -> Option<&'static Self> {
        static FAMILIES: [(Script, LazyLock<Family>); 5] = [
            (Script::Latin, LazyLock::new(|| Family::new(LATIN))),
            (Script::Cyrillic, LazyLock::new(|| Family::new(CYRILLIC))),
            (Script::Arabic, LazyLock::new(|| Family::new(ARABIC))),
            (
                Script::Devanagari,
                LazyLock::new(|| Family::new(DEVANAGARI)),
            ),
            (Script::Hebrew, LazyLock::new(|| Family::new(HEBREW))),
        ];
        let found = FAMILIES.iter().find(|(known, _)| *known == script);
        found.map(|(_, family)| &**family)
    }

    /// Languages by the runs of their words.
    fn runs(&self) -> &Table<u64> {
        self.runs.get_or_init(|| {
            let mut table = Table::default();
            for (at, row) in self.rows.iter().enumerate() {
                for run in row.words.split_whitespace().flat_map(runs) {
                    *table.entry(run).or_default() |= 1 << at;
                }
            }
            table
        })
    }
}

/// The likeliest language of a text in `script` and how sure that is; none where nothing speaks for any.
pub(super) fn likeliest(text: &str, script: Script) -> Option<(&'static str, f32)> {
    let family = Family::of(script)?;
    let mut points = Points {
        family,
        sums: vec![0; family.rows.len()],
        seen: Vec::new(),
    };
    let is_part =
        |c: char| c.is_ascii_alphabetic() || !c.is_ascii() && (c.is_alphabetic() || is_mark(c));
    let words = || {
        text.split(|c: char| !is_part(c))
            .filter(|word| !word.is_empty())
    };
    for (at, word) in words().enumerate() {
        points.add_word(word);
        if at % LOOK_EACH == LOOK_EACH - 1 && points.lead() > DECIDED {
            break;
        }
    }
    if script == Script::Latin && text.is_ascii() {
        // English is `LATIN`'s first, and the commonest without a single accent.
        points.sums[0] += BARE;
    }
    if points.lead() < CLEAR {
        for word in words().take(FEW) {
            points.add_runs(word);
        }
    }
    points.best()
}

/// Every three letters of a word that stand together, its two borders counted as letters; 21 bits hold a letter.
fn runs(word: &str) -> impl Iterator<Item = u64> {
    const THREE: u64 = (1 << 63) - 1;
    let blank = u64::from(u32::from(' '));
    let mut last = blank << 21 | blank;
    let letters = word.chars().chain([' ']).map(move |c| {
        last = (last << 21 | u64::from(u32::from(c))) & THREE;
        last
    });
    letters.skip(1)
}

/// Whether a word is in plain small letters.
fn is_lower(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Marks that belong to a word though they are no letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{5b0}'..='\u{5c7}' | '\u{93c}' | '\u{94d}' | '\u{200c}')
}

struct Points {
    family: &'static Family,
    sums: Vec<i32>,
    seen: Vec<(char, u8)>,
}

impl Points {
    fn add(&mut self, languages: u64, weights: [i32; 6], is_lone: bool) {
        let many = (languages.count_ones() as usize).min(weights.len() - 1);
        // A lone letter may be an initial, or of a model's name.
        let weight = if is_lone {
            weights[many] / 3
        } else {
            weights[many]
        };
        let mut left = languages;
        while left != 0 {
            self.sums[left.trailing_zeros() as usize] += weight;
            left &= left - 1;
        }
    }

    fn add_word(&mut self, word: &str) {
        let lower;
        let word = if is_lower(word) {
            word
        } else {
            lower = word.to_lowercase();
            self.add_letters(&lower);
            &lower
        };
        if word.len() > LONGEST_WORD {
            return;
        }
        if let Some(languages) = self.family.words.get(word) {
            self.add(*languages, WORD, word.chars().nth(1).is_none());
            return;
        }
        // At least two letters stand before an ending; the longest is meant.
        let letters = if word.is_ascii() {
            word.len()
        } else {
            word.chars().count()
        };
        let mut from = word
            .char_indices()
            .skip(letters.saturating_sub(LONGEST_END).max(2));
        let longest = from.find_map(|(at, _)| self.family.ends.get(&word[at..]));
        if let Some(languages) = longest {
            self.add(*languages, END, false);
        }
    }

    /// Counts the runs of letters of a word, which say little each.
    fn add_runs(&mut self, word: &str) {
        let lower = if is_lower(word) {
            Cow::Borrowed(word)
        } else {
            Cow::Owned(word.to_lowercase())
        };
        for run in runs(&lower) {
            if let Some(languages) = self.family.runs().get(&run) {
                self.add(*languages, RUN, false);
            }
        }
    }

    /// How far the best stands above the next, which has no less than nothing.
    fn lead(&self) -> i32 {
        let (mut most, mut next) = (0, 0);
        for sum in &self.sums {
            if *sum > most {
                (most, next) = (*sum, most);
            } else {
                next = next.max(*sum);
            }
        }
        most - next
    }

    fn add_letters(&mut self, word: &str) {
        for c in word.chars().filter(|c| !c.is_ascii()) {
            let Some(languages) = self.family.letters.get(&c).copied() else {
                continue;
            };
            let at = self.seen.iter().position(|(known, _)| *known == c);
            let at = at.unwrap_or_else(|| {
                self.seen.push((c, 0));
                self.seen.len() - 1
            });
            let times = self.seen[at].1.saturating_add(1);
            self.seen[at].1 = times;
            if times > LETTER_TIMES {
                continue;
            }
            self.add(languages, LETTER, false);
            for (at, sum) in self.sums.iter_mut().enumerate() {
                if languages >> at & 1 == 0 {
                    *sum -= FOREIGN;
                }
            }
        }
    }

    /// The first of those with most points, and how far it stands above the next.
    fn best(&self) -> Option<(&'static str, f32)> {
        let most = *self.sums.iter().max()?;
        let at = self.sums.iter().position(|sum| *sum == most)?;
        if most < FEWEST {
            return None;
        }
        let lead = f32::from(u16::try_from(self.lead()).unwrap_or(u16::MAX));
        Some((self.family.rows[at].code, lead / (lead + 6.0)))
    }
}
