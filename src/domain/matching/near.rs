//! Nearness of occurrences: for each anchor the closest partner on either side, in n log n (MAT-26…29).
//!
//! Lists are sorted by place. The cross product of two lists is never formed.

use std::cell::Cell;

use super::super::rule::ast::Distance;
use super::text::{Span, Text};

/// On which side of the anchor a partner may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Either,
    After,
    Before,
}

impl Side {
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
    by_start: Vec<Span>,
    by_end: Vec<Span>,
    /// Greatest end among the first so many of `by_start`.
    reach: Vec<u32>,
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
        let mut by_end = spans.clone();
        by_end.sort_by_key(|span| (span.end, span.start));
        let reach = spans
            .iter()
            .scan(0, |reach, span| {
                *reach = span.end.max(*reach);
                Some(*reach)
            })
            .collect();
        Self {
            text,
            by_start: spans,
            by_end,
            reach,
            starts: Cell::new(0),
            ends: Cell::new(0),
        }
    }

    /// The closest one behind `anchor`, in the same field.
    pub(crate) fn after(&self, anchor: Span) -> Option<Span> {
        let at = onwards(&self.by_start, &self.starts, |span| span.start < anchor.end);
        let found = *self.by_start.get(at)?;
        self.same_zone(anchor, found).then_some(found)
    }

    /// The closest one before `anchor`, in the same field.
    pub(crate) fn before(&self, anchor: Span) -> Option<Span> {
        let at = onwards(&self.by_end, &self.ends, |span| span.end <= anchor.start);
        let found = *self.by_end.get(at.checked_sub(1)?)?;
        self.same_zone(anchor, found).then_some(found)
    }

    /// Whether one shares a character with `anchor`.
    pub(crate) fn overlaps(&self, anchor: Span) -> bool {
        let at = onwards(&self.by_start, &self.starts, |span| span.start < anchor.end);
        at > 0 && self.reach[at - 1] > anchor.start
    }

    /// Whether one covers `inner` whole.
    pub(crate) fn covers(&self, inner: Span) -> bool {
        let at = self
            .by_start
            .partition_point(|span| span.start <= inner.start);
        at > 0 && self.reach[at - 1] >= inner.end
    }

    /// The partners of `anchor` that are near enough: the closest before and the closest behind.
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
        self.by_end.first().map(|span| span.end)
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
pub(crate) fn gap(text: &Text<'_>, one: Span, other: Span) -> u32 {
    if one.end <= other.start {
        text.words_between(one, other)
    } else {
        text.words_between(other, one)
    }
}

/// Whether `right`, behind `left` in the same field, is near enough.
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

/// Occurrences of `lists` in order, one of each, with at most `slop` words between in all, as whole ranges.
///
/// For each first occurrence the earliest continuation is taken; no range crosses a sentence end.
pub(crate) fn sequence(text: &Text<'_>, lists: &[Vec<Span>], slop: u32) -> Vec<Span> {
    let mut out = Vec::new();
    let Some((first, rest)) = lists.split_first() else {
        return out;
    };
    let cursors = vec![Cell::new(0); rest.len()];
    for &start in first {
        let mut whole = start;
        let mut last = start;
        let mut between = 0u32;
        let complete = rest.iter().zip(&cursors).all(|(list, cursor)| {
            let at = onwards(list, cursor, |span| span.start < last.end);
            let Some(&next) = list.get(at) else {
                return false;
            };
            let (here, there) = (last.last as usize, next.first as usize);
            if text.spots[here].block != text.spots[there].block {
                return false;
            }
            between = between.saturating_add(text.words_between(last, next));
            whole = whole.hull(next);
            last = next;
            between <= slop
        });
        if complete {
            out.push(whole);
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}
