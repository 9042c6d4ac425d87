//! Bodies as sets of short runs of words: how much of the shorter text stands in the other one.
//!
//! Containment, not likeness: feeds carry teasers, and a teaser is a small part of the article that it is from.

use crate::domain::entry::identity::fold;

/// Bytes of a text that are looked at: a copy shows long before.
const LONGEST: usize = 6_000;
/// Words in a run.
const WORDS: usize = 4;
/// Letters in a run, in scripts that are written without spaces or with endings.
const LETTERS: usize = 8;
/// Share of a text's runs that stand in the other one, over which it is a copy.
const COPY: f32 = 0.60;
/// Fewer common runs say nothing, however short the text.
const FEWEST_WORDS: usize = 12;
/// The same for runs of letters, of which each letter begins one.
const FEWEST_LETTERS: usize = 30;
/// Runs that make the beginning of a text.
const LEAD: usize = 24;

/// The runs of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shingles {
    sorted: Vec<u64>,
    /// The first ones, in the text's order.
    lead: Vec<u64>,
    dense: bool,
}

/// How much of the shorter of two texts stands in the longer one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overlap {
    /// Share of the shorter text's runs, 0 to 1.
    pub share: f32,
    /// Share of the runs of the beginning, of whichever has less of the other's.
    pub lead: f32,
    /// Both have enough runs in common for the shares to say something.
    pub counts: bool,
    /// What they have in common is a sentence, which may stand under headlines of two events.
    pub is_brief: bool,
}

impl Overlap {
    /// Whether one of the texts is a copy of the other, or of a part of it.
    #[must_use]
    pub fn is_copy(self) -> bool {
        self.counts && self.share >= COPY
    }
}

impl Shingles {
    /// Those of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let folded = fold(&text[..end]);
        let dense = is_dense(&folded);
        let runs = if dense {
            of_letters(&folded)
        } else {
            of_words(&folded)
        };
        let lead = runs.iter().take(LEAD).copied().collect();
        let mut sorted = runs;
        sorted.sort_unstable();
        sorted.dedup();
        Self {
            sorted,
            lead,
            dense,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The `most` smallest runs of the beginning: copies share most of them, so they find each other by them.
    #[must_use]
    pub fn sample(&self, most: usize) -> Vec<u64> {
        let mut sample = self.lead.clone();
        sample.sort_unstable();
        sample.dedup();
        sample.truncate(most);
        sample
    }

    /// How much of the shorter text stands in the longer one.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Overlap {
        let (short, long) = if self.len() <= other.len() {
            (self, other)
        } else {
            (other, self)
        };
        if short.is_empty() {
            return Overlap::default();
        }
        let shared = |runs: &[u64]| {
            let there = |run: &&u64| long.sorted.binary_search(run).is_ok();
            runs.iter().filter(there).count()
        };
        let common = shared(&short.sorted);
        let fewest = if short.dense {
            FEWEST_LETTERS
        } else {
            FEWEST_WORDS
        };
        // A follow-up may hold all of a teaser, but does not begin with it.
        let begins = &long.lead[..long.lead.len().min(short.len())];
        let back = |run: &&u64| short.sorted.binary_search(run).is_ok();
        let lead = ratio(shared(&short.lead), short.lead.len());
        Overlap {
            share: ratio(common, short.len()),
            lead: lead.min(ratio(begins.iter().filter(back).count(), begins.len())),
            counts: common >= fewest,
            is_brief: common < fewest * 2,
        }
    }
}

/// `part` of `whole`; both are small.
fn ratio(part: usize, whole: usize) -> f32 {
    let small = |number: usize| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
    if whole == 0 {
        0.0
    } else {
        small(part) / small(whole)
    }
}

/// Whether most letters are of scripts whose words do not stand alone.
fn is_dense(folded: &str) -> bool {
    let letters = || folded.chars().filter(|c| *c != ' ').take(400);
    let dense = letters().filter(|c| *c >= '\u{1100}').count();
    dense * 3 > letters().count()
}

fn of_words(folded: &str) -> Vec<u64> {
    let words: Vec<u64> = folded
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| hash(word.bytes()))
        .collect();
    let run = |words: &[u64]| hash(words.iter().flat_map(|word| word.to_le_bytes()));
    words.windows(WORDS).map(run).collect()
}

fn of_letters(folded: &str) -> Vec<u64> {
    let letters: Vec<u32> = folded
        .chars()
        .filter(|c| *c != ' ')
        .map(u32::from)
        .collect();
    let run = |letters: &[u32]| hash(letters.iter().flat_map(|letter| letter.to_le_bytes()));
    letters.windows(LETTERS).map(run).collect()
}

/// FNV-1a: stable over releases, since hashes are stored, and quick on short texts.
pub(super) fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTICLE: &str = "The shipyard in the south has begun to build the second of four ferries that the islands \
        ordered last year, its owner said on Tuesday. The first of them is to sail in spring, two months late. A strike \
        at an engine works had stopped the line for most of the summer, and prices for steel rose meanwhile.";

    #[test]
    fn a_teaser_is_a_copy_of_its_article() {
        let article = Shingles::of(ARTICLE);
        let teaser = Shingles::of(ARTICLE.split(". ").next().unwrap());
        let overlap = teaser.overlap(&article);
        assert!(overlap.is_copy() && overlap.lead > 0.9, "{overlap:?}");
        assert_eq!(article.overlap(&teaser), overlap);
        let other = Shingles::of(
            "The council has voted for a new bridge over the river after years of dispute, and work is to begin before \
             the end of the winter if no court objects to the plan that was shown on Monday.",
        );
        assert!(!other.overlap(&article).is_copy());
    }

    #[test]
    fn korean_is_compared_by_letters_so_that_spacing_does_not_matter() {
        let one = "정부는 다음 달부터 남해안 섬을 오가는 여객선 네 척을 새로 짓는다고 화요일 밝혔다. 첫 배는 봄에 바다로 나간다.";
        let other = one.replace("다음 달부터", "다음달부터");
        assert!(Shingles::of(one).overlap(&Shingles::of(&other)).is_copy());
    }

    #[test]
    fn short_and_empty_texts_are_no_copies() {
        let short = Shingles::of("Read more on our site.");
        assert!(!short.overlap(&short).is_copy());
        assert_eq!(
            Shingles::of("").overlap(&Shingles::of(ARTICLE)),
            Overlap::default()
        );
    }

    proptest::proptest! {
        #[test]
        fn overlap_is_symmetric_and_a_share(one in "[a-d ]{0,200}|\\PC{0,80}", other in "[a-d ]{0,200}|\\PC{0,80}") {
            let (one, other) = (Shingles::of(&one), Shingles::of(&other));
            let overlap = one.overlap(&other);
            proptest::prop_assert!((0.0..=1.0).contains(&overlap.share) && (0.0..=1.0).contains(&overlap.lead));
            if one.len() != other.len() {
                proptest::prop_assert_eq!(overlap, other.overlap(&one));
            }
        }
    }
}
