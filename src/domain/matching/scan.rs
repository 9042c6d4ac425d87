//! Patterns ready to be looked for, and where in a text they may begin and end.
//!
//! The way through a text is in `walk`; what hits mean is decided in `evaluate`.

use unicode_normalization::UnicodeNormalization;

use super::fold::source_end;
use super::heads::Heads;
use super::pattern::{End, GAP, INITIAL, JOINT, OPTIONAL, Pattern, Verbatim, fits, is_initial};
use super::script::{ARABIC_PROCLITICS, HEBREW_PROCLITICS, Kind, is_border, kind_of};
use super::tails::Tails;
use super::text::{Span, Text};
use super::trie::Trie;
use super::units::narrow;
use super::walk::walk;

/// All patterns of a rule set, ready to be walked.
#[derive(Clone, Debug)]
pub(crate) struct Patterns {
    list: Vec<Pattern>,
    pub(super) trie: Trie,
    pub(super) heads: Heads,
    /// For each key of the trie, the first of its patterns in `ids`; one more at the end.
    offsets: Vec<u32>,
    ids: Vec<u32>,
    /// How each pattern ends, in short: most need no more to be known.
    pub(super) brief: Vec<Brief>,
    /// Particles that may follow a Hangul term.
    pub tails: &'static Tails,
}

/// Marks the number of a key; without it, a value is the only pattern of its key, which ends as most do, or as `OPEN`
/// says. Patterns are limited to a million, so that the highest bits are free.
pub(super) const SEVERAL: u32 = 1 << 31;

/// Marks the only pattern of its key, which ends in a wildcard.
pub(super) const OPEN: u32 = 1 << 30;

/// How a pattern ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brief {
    /// At the end of a word, or before a Hangul tail.
    Closed,
    /// At the end of a word, if more than its letters is right there.
    Word,
    /// Anywhere.
    Open,
    /// In another way.
    Other,
}

impl Brief {
    fn of(pattern: &Pattern) -> Self {
        if pattern.lookalike {
            return Self::Other;
        }
        match (&pattern.end, &pattern.verbatim) {
            (End::Closed, None) => Self::Closed,
            (End::Open, None) => Self::Open,
            (End::Closed | End::Whole, _) => Self::Word,
            _ => Self::Other,
        }
    }
}

/// An occurrence of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// Which pattern.
    pub pattern: u32,
    /// Where.
    pub span: Span,
}

/// Most characters of the rest of a word that a wildcard is tried on.
const WORD: usize = 200;

impl Patterns {
    /// Builds the trie; a pattern's number is its index.
    pub(crate) fn new(list: Vec<Pattern>) -> Self {
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by(|a, b| list[*a].symbols.cmp(&list[*b].symbols));
        let mut keys: Vec<&[u32]> = Vec::new();
        let mut offsets = Vec::new();
        let mut ids = Vec::new();
        for index in order {
            let key = list[index].symbols.as_slice();
            if keys.last() != Some(&key) {
                keys.push(key);
                offsets.push(narrow(ids.len()));
            }
            ids.push(narrow(index));
        }
        offsets.push(narrow(ids.len()));
        let brief: Vec<Brief> = list.iter().map(Brief::of).collect();
        let own = |key: usize| &ids[offsets[key] as usize..offsets[key + 1] as usize];
        let values: Vec<u32> = (0..keys.len())
            .map(|key| match own(key) {
                [one] if brief[*one as usize] == Brief::Closed => *one,
                [one] if brief[*one as usize] == Brief::Open => *one | OPEN,
                _ => narrow(key) | SEVERAL,
            })
            .collect();
        let trie = Trie::new(&keys, &values);
        let is_open = |key: usize| {
            let mut ends = own(key).iter().map(|id| brief[*id as usize]);
            ends.any(|brief| matches!(brief, Brief::Open | Brief::Other))
        };
        let ends = keys.iter().enumerate().map(|(at, key)| (*key, is_open(at)));
        let heads = Heads::new(ends, &trie);
        Self {
            heads,
            brief,
            trie,
            offsets,
            ids,
            tails: Tails::shared(),
            list,
        }
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        let own = |pattern: &Pattern| {
            size_of::<Pattern>()
                + size_of_val(&*pattern.symbols)
                + pattern
                    .verbatim
                    .as_ref()
                    .map_or(0, |text| 80 + text.core.len())
        };
        self.list.iter().map(own).sum::<usize>()
            + self.trie.memory()
            + self.heads.memory()
            + size_of_val(&*self.offsets)
            + size_of_val(&*self.ids)
            + self.brief.len()
    }

    /// How many patterns.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// A pattern by its number.
    pub(crate) fn get(&self, id: u32) -> &Pattern {
        &self.list[id as usize]
    }

    /// What the stored text of a pattern must be, where case counts.
    pub(crate) fn verbatim(&self, id: u32) -> Option<&Verbatim> {
        matches!(self.brief[id as usize], Brief::Word | Brief::Other)
            .then(|| self.list[id as usize].verbatim.as_deref())
            .flatten()
    }

    /// All hits in `text`, sorted by pattern, then by place.
    pub(crate) fn scan(&self, text: &Text<'_>) -> Vec<Hit> {
        let mut hits = walk(self, text);
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    pub(super) fn at(&self, key: usize) -> &[u32] {
        &self.ids[self.offsets[key] as usize..self.offsets[key + 1] as usize]
    }

    /// Where a pattern that was walked up to character `at` of unit `last` ends, if it may end there.
    pub(crate) fn end(
        &self,
        pattern: &Pattern,
        text: &Text<'_>,
        from: u32,
        at: Place,
    ) -> Option<Span> {
        let ended = match &pattern.end {
            End::Whole => closed(text, at).then_some(at),
            End::Closed => (closed(text, at) || self.has_tail(text, at)).then_some(at),
            End::Open => Some(self.open(text, at)),
            End::Glob(pieces) => self.globbed(text, at, pieces),
        }?;
        let span = ended.span(from);
        let is_as_written = pattern
            .verbatim
            .as_ref()
            .is_none_or(|verbatim| is_verbatim(verbatim, text, span));
        let is_its_script = !pattern.lookalike || is_lookalike(text, at);
        (is_as_written && is_its_script).then_some(span)
    }

    /// Whether the rest of a Hangul run is a listed tail.
    pub(super) fn has_tail(&self, text: &Text<'_>, place: Place) -> bool {
        let unit = text.units.list[place.unit as usize];
        unit.kind == Kind::Hangul
            && place.at < unit.end
            && self.tails.fits(
                &text.units.chars[unit.start as usize..place.at as usize],
                &text.units.chars[place.at as usize..unit.end as usize],
            )
    }

    /// `term*`: to the end of the word, a listed tail left out.
    pub(super) fn open(&self, text: &Text<'_>, place: Place) -> Place {
        let unit = text.units.list[place.unit as usize];
        match unit.kind {
            Kind::Dense => place,
            Kind::Hangul if self.has_tail(text, place) => place,
            _ => word_end(text, place),
        }
    }

    /// The rest of the word fits the pieces; a Hangul word may have a tail behind what fits.
    fn globbed(
        &self,
        text: &Text<'_>,
        place: Place,
        pieces: &[super::pattern::Wild],
    ) -> Option<Place> {
        let end = word_end(text, place);
        let rest = &text.units.chars[place.at as usize..end.at as usize];
        if rest.len() > WORD {
            return None;
        }
        if fits(pieces, rest) {
            return Some(end);
        }
        let kind = text.units.list[end.unit as usize].kind;
        if !kind.stands_alone() || end.unit != place.unit {
            return None;
        }
        (0..rest.len()).rev().find_map(|length| {
            let shorter = Place {
                at: place.at + narrow(length),
                ..place
            };
            let ends = kind == Kind::Dense || self.has_tail(text, shorter);
            (ends && fits(pieces, &rest[..length])).then_some(shorter)
        })
    }

    /// The particle behind a span, as a range of characters.
    pub(crate) fn tail(&self, text: &Text<'_>, span: Span) -> Option<(u32, u32)> {
        let unit = text.units.list[span.last as usize];
        if span.end < unit.end {
            let place = Place {
                first: span.first,
                unit: span.last,
                at: span.end,
            };
            return self.has_tail(text, place).then_some((span.end, unit.end));
        }
        let next = text.units.list.get(span.last as usize + 1)?;
        let joined = next.gap == super::units::Gap::None && next.kind == Kind::Hangul;
        if !joined || unit.kind == Kind::Hangul {
            return None;
        }
        let rest = &text.units.chars[next.start as usize..next.end as usize];
        self.tails
            .fits(&['a'], rest)
            .then_some((next.start, next.end))
    }
}

/// A place in the walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The unit where the walk began.
    pub first: u32,
    /// The unit that holds the character before `at`.
    pub unit: u32,
    /// The next character.
    pub at: u32,
}

impl Place {
    /// From a character on up to here.
    pub(super) fn span(self, start: u32) -> Span {
        Span {
            start,
            end: self.at,
            first: self.first,
            last: self.unit,
        }
    }
}

/// Whether a word ends at a place.
pub(crate) fn closed(text: &Text<'_>, place: Place) -> bool {
    let unit = text.units.list[place.unit as usize];
    if place.at < unit.end {
        let starts = &text.units.starts;
        return unit.kind == Kind::Dense
            && starts[place.at as usize] != starts[place.at as usize - 1];
    }
    text.units
        .list
        .get(place.unit as usize + 1)
        .is_none_or(|next| next.gap != super::units::Gap::None || is_border(unit.kind, next.kind))
}

/// The end of the word a place is in.
fn word_end(text: &Text<'_>, place: Place) -> Place {
    let mut unit = place.unit;
    loop {
        let end = text.units.list[unit as usize].end;
        let here = Place {
            at: end,
            unit,
            ..place
        };
        if closed(text, here) {
            return here;
        }
        unit += 1;
    }
}

/// Whether a term may begin at the start of unit `first`.
pub(crate) fn may_begin(text: &Text<'_>, first: usize) -> bool {
    let unit = text.units.list[first];
    unit.gap != super::units::Gap::None
        || first == 0
        || is_border(text.units.list[first - 1].kind, unit.kind)
}

/// Characters inside a unit, besides its start, where a term may begin: after a proclitic, or anywhere.
pub(crate) fn inner_starts(text: &Text<'_>, first: usize, mut found: impl FnMut(u32)) {
    let unit = text.units.list[first];
    let list: &[&str] = match unit.kind {
        Kind::Dense => {
            let starts = &text.units.starts;
            for at in unit.start + 1..unit.end {
                if starts[at as usize] != starts[at as usize - 1] {
                    found(at);
                }
            }
            return;
        }
        Kind::Arabic => &ARABIC_PROCLITICS,
        Kind::Hebrew => &HEBREW_PROCLITICS,
        _ => return,
    };
    let letters = text.letters(unit);
    for proclitic in list {
        let mut length = 0;
        let fits = proclitic.chars().all(|c| {
            length += 1;
            letters.get(length - 1) == Some(&c)
        });
        if fits && length < letters.len() {
            found(unit.start + narrow(length));
        }
    }
}

/// The symbols that may stand in a pattern for what is between a unit and the next; none across a block.
pub(crate) fn crossings(text: &Text<'_>, unit: usize) -> [Option<u32>; 3] {
    let list = &text.units.list;
    let Some(next) = list.get(unit + 1) else {
        return [None; 3];
    };
    if text.spots[unit].block != text.spots[unit + 1].block {
        return [None; 3];
    }
    let left = list[unit];
    let joint = left.kind.is_letter() != next.kind.is_letter() && next.gap.is_joint();
    let both_letters = left.kind.is_letter() && next.kind.is_letter();
    if next.gap == super::units::Gap::None {
        return [
            joint.then_some(JOINT),
            (joint || both_letters).then_some(OPTIONAL),
            None,
        ];
    }
    let third = if joint {
        Some(JOINT)
    } else {
        is_initial(left, *next).then_some(INITIAL)
    };
    [Some(GAP), Some(OPTIONAL), third]
}

/// Whether the letter before a place is Cyrillic or Greek as stored.
pub(crate) fn is_lookalike(text: &Text<'_>, place: Place) -> bool {
    let zone = &text.zones[text.spots[place.unit as usize].zone as usize];
    let start = text.units.starts[place.at as usize - 1] as usize;
    let stored = zone.text[start..].chars().next();
    matches!(stored.and_then(kind_of), Some(Kind::Cyrillic | Kind::Greek))
}

/// Whether the stored text is as written.
fn is_verbatim(verbatim: &Verbatim, text: &Text<'_>, span: Span) -> bool {
    let zone = text.zone_of(span);
    let start = text.units.starts[span.start as usize] as usize;
    let end = source_end(zone.text, text.units.starts[span.end as usize - 1] as usize);
    let stored = &zone.text[start..end];
    let same =
        stored == verbatim.core || (!stored.is_ascii() && stored.nfc().eq(verbatim.core.chars()));
    same && zone.text[..start].ends_with(&verbatim.lead)
        && zone.text[end..zone.limit.max(end)].starts_with(&verbatim.trail)
}
