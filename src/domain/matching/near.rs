//! Nearness of occurrences: for each anchor the closest partner on either side, in n log n (MAT-26…29).
//!
//! Lists are sorted by place. The cross product of two lists is never formed.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

use super::super::rule::ast::Distance;
use super::node::Between;
use super::text::{Span, Text};

/// On which side of the anchor a partner may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Either,
    After,
    Before,
}

impl Side {
    /// Whether a partner on one side of the anchor may stand there.
    #[inline]
    pub(crate) fn has(self, one: Self) -> bool {
        self == Self::Either || self == one
    }

    /// The same seen from the partner.
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Either => Self::Either,
            Self::After => Self::Before,
            Self::Before => Self::After,
        }
    }
}

/// A list of occurrences that can be asked for neighbours.
pub(crate) struct Neighbours<'t, 'a> {
    text: &'t Text<'a>,
    by_start: Rc<[Span]>,
    /// The same by end, and the greatest end among the first so many of `by_start`; neither where none lies inside
    /// another: both orders are one then.
    nested: Option<(Vec<Span>, Vec<u32>)>,
    /// Where the last questions were answered: anchors are asked for in order, so the next answer lies close by.
    starts: Cell<usize>,
    ends: Cell<usize>,
}

impl<'t, 'a> Neighbours<'t, 'a> {
    /// Takes spans in any order.
    pub(crate) fn new(text: &'t Text<'a>, mut spans: Vec<Span>) -> Self {
        if !spans.is_sorted() {
            spans.sort_unstable();
        }
        spans.dedup();
        Self::of(text, spans.into())
    }

    /// Takes spans in the order of places, each once.
    pub(crate) fn of(text: &'t Text<'a>, by_start: Rc<[Span]>) -> Self {
        let nested = (!by_start.is_sorted_by_key(|span| span.end)).then(|| {
            let mut by_end = by_start.to_vec();
            by_end.sort_by_key(|span| (span.end, span.start));
            let reach = by_start.iter().scan(0, |reach, span| {
                *reach = span.end.max(*reach);
                Some(*reach)
            });
            (by_end, reach.collect())
        });
        Self {
            text,
            by_start,
            nested,
            starts: Cell::new(0),
            ends: Cell::new(0),
        }
    }

    /// The same by where they end.
    #[inline]
    pub(crate) fn by_end(&self) -> &[Span] {
        let nested = self.nested.as_ref();
        nested.map_or(&*self.by_start, |(by_end, _)| by_end)
    }

    /// The greatest end among the first so many.
    #[inline]
    fn reach(&self, count: usize) -> Option<u32> {
        let last = count.checked_sub(1)?;
        let nested = self.nested.as_ref();
        Some(nested.map_or_else(|| self.by_start[last].end, |(_, reach)| reach[last]))
    }

    /// The closest one behind `anchor`, in the same field.
    #[inline]
    pub(crate) fn after(&self, anchor: Span) -> Option<Span> {
        let at = onwards(&self.by_start, &self.starts, |span| span.start < anchor.end);
        let found = *self.by_start.get(at)?;
        self.same_zone(anchor, found).then_some(found)
    }

    /// The closest one before `anchor`, in the same field.
    #[inline]
    pub(crate) fn before(&self, anchor: Span) -> Option<Span> {
        let by_end = self.by_end();
        let at = onwards(by_end, &self.ends, |span| span.end <= anchor.start);
        let found = *by_end.get(at.checked_sub(1)?)?;
        self.same_zone(anchor, found).then_some(found)
    }

    /// The closest one on one side of `anchor`.
    #[inline]
    pub(crate) fn closest_on(&self, anchor: Span, way: Side) -> Option<Span> {
        if way == Side::Before {
            self.before(anchor)
        } else {
            self.after(anchor)
        }
    }

    /// Whether one shares a character with `anchor`.
    pub(crate) fn overlaps(&self, anchor: Span) -> bool {
        let at = onwards(&self.by_start, &self.starts, |span| span.start < anchor.end);
        self.reach(at).is_some_and(|end| end > anchor.start)
    }

    /// Whether one covers `inner` whole.
    pub(crate) fn covers(&self, inner: Span) -> bool {
        let at = self
            .by_start
            .partition_point(|span| span.start <= inner.start);
        self.reach(at).is_some_and(|end| end >= inner.end)
    }

    /// The partners of `anchor` that are near enough: the closest before and the closest behind.
    #[inline]
    pub(crate) fn near(&self, anchor: Span, distance: Distance, side: Side) -> [Option<Span>; 2] {
        let before = (side != Side::After)
            .then(|| self.before(anchor))
            .flatten()
            .filter(|found| is_near(self.text, *found, anchor, distance));
        let after = (side != Side::Before)
            .then(|| self.after(anchor))
            .flatten()
            .filter(|found| is_near(self.text, anchor, *found, distance));
        [before, after]
    }

    /// All partners of `anchor` that are near enough, on either side the closest first.
    pub(crate) fn all_near(
        &self,
        anchor: Span,
        distance: Distance,
        side: Side,
    ) -> impl Iterator<Item = Span> {
        let by_end = self.by_end();
        let ending = onwards(by_end, &self.ends, |span| span.end <= anchor.start);
        let ending = if side.has(Side::Before) { ending } else { 0 };
        let starting = onwards(&self.by_start, &self.starts, |span| span.start < anchor.end);
        let behind: &[Span] = if side.has(Side::After) {
            &self.by_start[starting..]
        } else {
            &[]
        };
        let before = by_end[..ending].iter().rev().copied();
        let before = before.take_while(move |found| {
            self.same_zone(anchor, *found) && is_near(self.text, *found, anchor, distance)
        });
        let behind = behind.iter().copied().take_while(move |found| {
            self.same_zone(anchor, *found) && is_near(self.text, anchor, *found, distance)
        });
        before.chain(behind)
    }

    /// Whether any is near enough.
    pub(crate) fn has_near(&self, anchor: Span, distance: Distance, side: Side) -> bool {
        let is_after = |found| is_near(self.text, anchor, found, distance);
        let is_before = |found| is_near(self.text, found, anchor, distance);
        (side != Side::Before && self.after(anchor).is_some_and(is_after))
            || (side != Side::After && self.before(anchor).is_some_and(is_before))
    }

    /// The closest of them; ties go to the earlier one.
    pub(crate) fn closest(&self, anchor: Span, distance: Distance, side: Side) -> Option<Span> {
        let found = self.near(anchor, distance, side);
        found
            .into_iter()
            .flatten()
            .min_by_key(|span| gap(self.text, anchor, *span))
    }

    /// Where the first of them to end ends.
    pub(crate) fn first_end(&self) -> Option<u32> {
        self.by_end().first().map(|span| span.end)
    }

    /// Where the last of them to begin begins.
    pub(crate) fn last_start(&self) -> Option<u32> {
        self.by_start.last().map(|span| span.start)
    }

    fn same_zone(&self, left: Span, right: Span) -> bool {
        self.text.spots[left.first as usize].zone == self.text.spots[right.first as usize].zone
    }
}

/// Steps that are taken one by one before the rest is halved.
const STEPS: usize = 8;

/// `partition_point` of a list, looked for from where the last one was found.
#[inline]
fn onwards(list: &[Span], found: &Cell<usize>, is_before: impl Fn(&Span) -> bool) -> usize {
    let from = found.get().min(list.len());
    let at = if from > 0 && !is_before(&list[from - 1]) {
        list[..from].partition_point(is_before)
    } else {
        let rest = &list[from..];
        let near = rest.iter().take(STEPS);
        let steps = near.take_while(|span| is_before(span)).count();
        let far = steps == STEPS;
        from + if far {
            rest.partition_point(is_before)
        } else {
            steps
        }
    };
    found.set(at);
    at
}

/// Words between two spans that do not overlap, in any order.
#[inline]
pub(crate) fn gap(text: &Text<'_>, one: Span, other: Span) -> u32 {
    if one.end <= other.start {
        text.words_between(one, other)
    } else {
        text.words_between(other, one)
    }
}

/// Whether `right`, behind `left` in the same field, is near enough.
#[inline]
pub(crate) fn is_near(text: &Text<'_>, left: Span, right: Span, distance: Distance) -> bool {
    let (last, first) = (
        text.spots[left.last as usize],
        text.spots[right.first as usize],
    );
    match distance {
        Distance::Words(most) => text.words_between(left, right) <= most,
        Distance::Sentence => last.sentence == first.sentence,
        Distance::Paragraph => last.paragraph == first.paragraph,
    }
}

/// Continuations of a row that are kept after each of its words, the closest first.
const KEPT: usize = 16;

/// Occurrences of `lists` in order, one of each, as whole ranges: for each first occurrence, every end that the row may
/// have, the closest ones where there are many.
///
/// No range crosses a sentence end. Found one by one, so that the first is enough where no more is asked for.
pub(crate) fn sequences<L: Deref<Target = [Span]>>(
    text: &Text<'_>,
    lists: &[L],
    between: Between,
) -> impl Iterator<Item = Span> {
    let (first, rest) = lists
        .split_first()
        .map_or((&[][..], lists), |(first, rest)| (&**first, rest));
    let cursors = vec![Cell::new(0); rest.len()];
    first.iter().flat_map(move |&start| {
        let mut ways = vec![(start, 0)];
        for (list, cursor) in rest.iter().zip(&cursors) {
            let mut longer: Vec<(Span, u32)> = Vec::new();
            for way in ways {
                let goes_on = continuations(text, list, cursor, way, between);
                let new = goes_on.take(KEPT - longer.len().min(KEPT));
                longer.extend(new);
            }
            // Of two ways to one word, which comes first in order, the one with fewer words between goes on farther.
            longer.sort_unstable();
            longer.dedup_by_key(|(span, _)| *span);
            ways = longer;
        }
        ways.into_iter().map(move |(last, _)| start.hull(last))
    })
}

/// The occurrences with which a row may go on behind its last word, and the words between in all.
fn continuations(
    text: &Text<'_>,
    list: &[Span],
    cursor: &Cell<usize>,
    (end, before): (Span, u32),
    between: Between,
) -> impl Iterator<Item = (Span, u32)> {
    let from = onwards(list, cursor, |span| span.start < end.end);
    let block = text.spots[end.last as usize].block;
    let behind = list[from..].iter().map(move |&next| {
        let is_near = text.spots[next.first as usize].block == block;
        let words = before.saturating_add(text.words_between(end, next));
        (next, words, is_near)
    });
    let near = behind.take_while(move |(_, words, is_near)| {
        let most = match between {
            Between::Separators => 0,
            Between::Words(most) => most,
        };
        *is_near && *words <= most
    });
    near.map(|(next, words, _)| (next, words))
        .filter(move |(next, _)| between != Between::Separators || text.touch(end, *next))
}
