//! Rules by feature: which rules an entry could satisfy, given what it has.
//!
//! Each posting carries the rule's second-rarest necessary group as bits of a small filter, so that most rules whose
//! rarest term stands there by chance are never touched.

use std::hint::black_box;

use super::evaluate::Run;
use super::features::Feature;
use super::filing::{Choice, Filer};
use super::node::Expr;
use super::pattern::{End, GAP, INITIAL, JOINT, OPTIONAL, Pattern};
use super::rule_set::Filing;
use super::set::Compiled;
use super::units::narrow;

/// Bits of the filter, as a power of two.
const BITS: u32 = 14;

/// Most features of a second group that a posting carries.
const GROUP: usize = 6;

/// Postings that come from memory at once, and how often one feature's are asked for ahead: what is long comes by itself.
const LINE: usize = 4;
const LINES: usize = 16;

/// No feature of a group.
const NONE: u16 = u16::MAX;

/// A rule under a feature, and the bits one of which must be set besides.
#[derive(Clone, Copy, Debug)]
struct Posting {
    rule: u32,
    besides: [u16; GROUP],
}

/// Rules by feature.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// For each feature the first of its postings; one more at the end.
    offsets: Vec<u32>,
    list: Vec<Posting>,
    /// A bit for each feature that a rule is filed under: most that an entry has are none.
    filed: Vec<u64>,
    /// Rules that nothing is necessary for.
    always: Vec<u32>,
}

/// Which features an entry has, with some that it has not.
struct Filter([u64; 1 << (BITS - 6)]);

impl Filter {
    fn of(features: &[u32]) -> Self {
        let mut out = Self([0; 1 << (BITS - 6)]);
        for feature in features {
            let bit = bit_of(*feature);
            out.0[usize::from(bit >> 6)] |= 1 << (bit & 63);
        }
        out
    }

    fn has(&self, bit: u16) -> bool {
        self.0[usize::from(bit >> 6)] >> (bit & 63) & 1 == 1
    }

    fn has_any(&self, group: &[u16; GROUP]) -> bool {
        group[0] == NONE || group.iter().any(|bit| *bit != NONE && self.has(*bit))
    }
}

/// The bit of a feature in the filter.
fn bit_of(feature: u32) -> u16 {
    let mixed = feature.wrapping_mul(0x9E37_79B1) >> (32 - BITS);
    u16::try_from(mixed).unwrap_or_default()
}

impl Postings {
    /// Files the enabled rules of a set.
    pub(crate) fn new(filer: &Filer<'_>) -> Self {
        let set = filer.set;
        let mut always = Vec::new();
        let mut pairs: Vec<(u32, Posting)> = Vec::with_capacity(2 * set.rules.len());
        for (index, rule) in set.rules.iter().enumerate() {
            let rule_index = narrow(index);
            let Some(clause) = rule.clause.as_ref().filter(|_| rule.enabled) else {
                continue;
            };
            let found = filer.necessary(clause.node);
            let Some(mut best) = found.best else {
                always.push(rule_index);
                continue;
            };
            best.features.sort_unstable();
            best.features.dedup();
            let posting = Posting {
                rule: rule_index,
                besides: bits_of(found.second),
            };
            pairs.extend(best.features.into_iter().map(|feature| (feature, posting)));
        }
        pairs.sort_unstable_by_key(|(feature, posting)| (*feature, posting.rule));
        let mut offsets = Vec::with_capacity(set.features.len() + 1);
        let mut at = 0;
        for feature in 0..=narrow(set.features.len()) {
            while pairs.get(at).is_some_and(|(other, _)| *other < feature) {
                at += 1;
            }
            offsets.push(narrow(at));
        }
        let mut used = vec![0_u64; set.features.len() / 64 + 1];
        for (feature, _) in &pairs {
            used[*feature as usize / 64] |= 1 << (feature % 64);
        }
        Self {
            offsets,
            filed: used,
            list: pairs.into_iter().map(|(_, posting)| posting).collect(),
            always,
        }
    }

    /// The rules an entry could satisfy, in the order of their definitions.
    pub(crate) fn candidates(&self, run: &mut Run<'_, '_>) -> Vec<u32> {
        let features = run.features();
        let filter = Filter::of(&features);
        let is_filed =
            |feature: &u32| self.filed[*feature as usize / 64] >> (feature % 64) & 1 == 1;
        let mut ranges: Vec<(u32, u32)> = Vec::with_capacity(features.len());
        let filed = features.iter().filter(|feature| is_filed(feature));
        ranges.extend(filed.map(|feature| {
            let feature = *feature as usize;
            (self.offsets[feature], self.offsets[feature + 1])
        }));
        // Asks for the memory of all before the first is read.
        let ahead = ranges
            .iter()
            .flat_map(|(from, to)| (*from..*to).step_by(LINE).take(LINES))
            .map(|at| self.list[at as usize].rule);
        black_box(ahead.fold(0, |sum, rule| sum ^ rule));
        let mut out = Vec::with_capacity(self.always.len() + features.len());
        out.extend_from_slice(&self.always);
        for (from, to) in ranges {
            let postings = self.list[from as usize..to as usize].iter();
            out.extend(
                postings
                    .filter(|posting| filter.has_any(&posting.besides))
                    .map(|posting| posting.rule),
            );
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    fn of(&self, feature: u32) -> &[Posting] {
        let at = feature as usize;
        &self.list[self.offsets[at] as usize..self.offsets[at + 1] as usize]
    }

    /// The rules that are tried on every entry, sorted.
    pub(crate) fn always(&self, set: &Compiled) -> Vec<u32> {
        let mut out = self.always.clone();
        for test in set.features.test_numbers() {
            out.extend(self.of(test).iter().map(|posting| posting.rule));
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// How each rule is filed, in words.
    pub(crate) fn filings(&self, set: &Compiled) -> Vec<Filing> {
        let mut under: Vec<Vec<u32>> = vec![Vec::new(); set.rules.len()];
        for feature in 0..narrow(set.features.len()) {
            for posting in self.of(feature) {
                under[posting.rule as usize].push(feature);
            }
        }
        let enabled = set
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.enabled && rule.clause.is_some());
        let always = self.always(set);
        enabled
            .map(|(index, rule)| {
                let features = &under[index];
                Filing {
                    rule: rule.id.clone(),
                    under: features
                        .iter()
                        .map(|feature| in_words(set, *feature))
                        .collect(),
                    always: always.binary_search(&narrow(index)).is_ok(),
                }
            })
            .collect()
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.offsets)
            + size_of_val(&*self.list)
            + size_of_val(&*self.filed)
            + size_of_val(&*self.always)
    }
}

/// The bits of a second group, where it is small enough to be carried.
fn bits_of(choice: Option<Choice>) -> [u16; GROUP] {
    let mut out = [NONE; GROUP];
    if let Some(choice) = choice.filter(|choice| choice.features.len() <= GROUP) {
        for (bit, feature) in out.iter_mut().zip(choice.features) {
            *bit = bit_of(feature);
        }
    }
    out
}

fn in_words(set: &Compiled, feature: u32) -> String {
    match set.features.get(feature) {
        Feature::Pattern(pattern) => pattern_in_words(set.patterns.get(pattern)),
        Feature::Entity(entity) => format!("@{}", set.entities[entity as usize].id),
        Feature::Class(class) => format!("#{}", set.class_names[class as usize]),
        Feature::Piece(piece) => format!("…{}…", set.features.pieces.get(piece)),
        Feature::UrlPiece(piece) => format!("url:{}", set.features.url_pieces.get(piece)),
        Feature::Property(node) | Feature::Test(node) => match set.expr(node) {
            Expr::Property(property) => format!("{}:{}", property.field.as_str(), property.value),
            Expr::Regex(regex, _) | Expr::UrlRegex(regex) => {
                format!("/{}/", set.regexes[*regex as usize])
            }
            _ => "a test".to_owned(),
        },
    }
}

/// A pattern as a person would write it, folded.
pub(crate) fn pattern_in_words(pattern: &Pattern) -> String {
    let mut out: String = pattern
        .symbols
        .iter()
        .filter_map(|symbol| match *symbol {
            JOINT => None,
            GAP | OPTIONAL => Some(' '),
            INITIAL => Some('.'),
            letter => char::from_u32(letter),
        })
        .collect();
    if matches!(pattern.end, End::Open | End::Glob(_)) {
        out.push('*');
    }
    out
}
