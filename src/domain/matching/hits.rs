//! The hits of an entry, found by pattern: rules ask for a few patterns each, and there may be many rules.
//!
//! How text is walked to hits is in `walk`; what they mean is decided in `evaluate`.

use std::ops::{Deref, Range};

use super::scan::Hit;
use super::units::narrow;

/// Most patterns of a leaf that are looked for one by one.
pub(crate) const FEW: usize = 16;

/// No pattern has this number.
const NONE: u32 = u32::MAX;

/// Where the hits of a pattern are.
#[derive(Clone, Copy, Debug)]
struct Own {
    pattern: u32,
    from: u32,
    to: u32,
}

const VACANT: Own = Own {
    pattern: NONE,
    from: 0,
    to: 0,
};

/// Hits by pattern, then by place.
#[derive(Debug)]
pub(crate) struct Hits {
    list: Vec<Hit>,
    /// A power of two of places, at most half of them taken.
    table: Vec<Own>,
    /// What of a hash is no place in the table.
    shift: u32,
}

impl Hits {
    /// Takes hits that are sorted.
    pub(crate) fn new(list: Vec<Hit>) -> Self {
        let same = |a: &Hit, b: &Hit| a.pattern == b.pattern;
        let patterns = list.chunk_by(same).count();
        let places = (2 * patterns).next_power_of_two().max(2);
        let mut out = Self {
            table: vec![VACANT; places],
            shift: u32::BITS - places.trailing_zeros(),
            list,
        };
        let mut from = 0;
        for own in out.list.chunk_by(same) {
            let mut at = place(own[0].pattern, out.shift);
            while out.table[at].pattern != NONE {
                at = (at + 1) & (places - 1);
            }
            let to = from + narrow(own.len());
            out.table[at] = Own {
                pattern: own[0].pattern,
                from,
                to,
            };
            from = to;
        }
        out
    }

    /// The hits of one pattern.
    #[inline]
    pub(crate) fn of(&self, pattern: u32) -> &[Hit] {
        &self.list[self.range_of(pattern)]
    }

    #[inline]
    fn range_of(&self, pattern: u32) -> Range<usize> {
        let mut at = place(pattern, self.shift);
        loop {
            let own = self.table[at];
            if own.pattern == pattern || own.pattern == NONE {
                return own.from as usize..own.to as usize;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    /// The hits of some patterns, which are sorted: each is looked for among the hits, or each hit among them.
    pub(crate) fn among<'h>(&'h self, patterns: &'h [u32]) -> impl Iterator<Item = &'h Hit> {
        let (each, all) = if patterns.len() <= FEW {
            (patterns, &[][..])
        } else {
            (&[][..], &self.list[..])
        };
        let found = all
            .iter()
            .filter(|hit| patterns.binary_search(&hit.pattern).is_ok());
        let listed = each.iter().flat_map(|pattern| self.of(*pattern));
        listed.chain(found)
    }
}

/// Where a pattern is looked for first.
#[inline]
fn place(pattern: u32, shift: u32) -> usize {
    (pattern.wrapping_mul(0x9E37_79B1) >> shift) as usize
}

impl Deref for Hits {
    type Target = [Hit];

    fn deref(&self) -> &[Hit] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::Span;
    use super::*;

    proptest! {
        #[test]
        fn the_hits_of_patterns_are_those_that_a_search_finds(
            pairs in prop::collection::vec((0_u32..40, 0_u32..9), 0..60),
            asked in prop::collection::btree_set(0_u32..45, 0..30),
        ) {
            let hit = |(pattern, at): (u32, u32)| Hit {
                pattern,
                span: Span { start: at, end: at + 1, first: at, last: at },
            };
            let mut list: Vec<Hit> = pairs.into_iter().map(hit).collect();
            list.sort_unstable();
            let hits = Hits::new(list.clone());
            for pattern in 0..45 {
                let expected = list.iter().filter(|hit| hit.pattern == pattern);
                prop_assert!(hits.of(pattern).iter().eq(expected));
            }
            let asked: Vec<u32> = asked.into_iter().collect();
            let expected = list.iter().filter(|hit| asked.contains(&hit.pattern));
            prop_assert!(hits.among(&asked).eq(expected));
        }
    }
}
