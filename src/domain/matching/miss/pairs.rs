//! Pairs that are too far apart, also where a side is several parts that must be near together.

use super::super::super::rule::ast::Distance;
use super::super::clause::Clause;
use super::super::evaluate::Run;
use super::super::near::{Neighbours, gap, is_near};
use super::super::node::{Expr, NodeId, Pair};
use super::super::text::Span;
use super::{allowed, words};

/// The two occurrences of a pair that are closest, and whether some stand in the other order.
pub(super) struct Closest {
    best: Option<(u32, Span, Span)>,
    reversed: bool,
    overlap: bool,
}

impl Run<'_, '_> {
    pub(super) fn miss_near(&mut self, clause: &Clause, pair: &Pair) -> Option<String> {
        let set = self.set;
        if pair.negated {
            let left = self.spans(pair.left);
            return (!left.is_empty()).then(|| "each one has the other near it".to_owned());
        }
        let simple = [pair.left, pair.right].map(|side| set.is_simple(side));
        if simple == [true, true] {
            let (left, right) = (self.spans(pair.left), self.spans(pair.right));
            return (!left.is_empty() && !right.is_empty())
                .then(|| self.far(&self.closest(&left, &right, pair.ordered), pair.distance));
        }
        let at = usize::from(simple[0]);
        let (anchors, other) = if at == 1 {
            (pair.left, pair.right)
        } else {
            (pair.right, pair.left)
        };
        let mut side = set.clauses.of(clause.parts).get(at)?;
        while let Some(inner) = set.clauses.wrapped(side) {
            side = inner;
        }
        self.miss_together(side, (anchors, other), pair, at == 1)
    }

    /// Which parts of AND or OF are not near the other side.
    fn miss_together(
        &mut self,
        side: &Clause,
        (anchors, other): (NodeId, NodeId),
        pair: &Pair,
        right: bool,
    ) -> Option<String> {
        let set = self.set;
        let (parts, count) = match set.expr(other) {
            Expr::And(parts) => (parts, parts.len()),
            Expr::Of(count, parts) => (parts, *count as usize),
            _ => return None,
        };
        let clauses = set.clauses.of(side.parts);
        let anchors = self.spans(anchors);
        if anchors.is_empty() || parts.len() != clauses.len() {
            return None;
        }
        let mut near = 0;
        let mut notes = Vec::new();
        for (part, clause) in parts.iter().zip(clauses) {
            if !set.is_simple(*part) {
                return None;
            }
            let spans = self.spans(*part);
            if spans.is_empty() {
                continue;
            }
            let (left, right) = if right {
                (&anchors, &spans)
            } else {
                (&spans, &anchors)
            };
            let closest = self.closest(left, right, pair.ordered);
            if self.is_within(&closest, pair) || closest.overlap {
                near += 1;
            } else {
                let note = self.far(&closest, pair.distance);
                notes.push(format!("{}: {note}", set.written(clause)));
            }
        }
        if near >= count {
            return Some("each part is near, but not at one place".to_owned());
        }
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    fn is_within(&self, closest: &Closest, pair: &Pair) -> bool {
        closest.best.is_some_and(|(_, one, other)| {
            let (first, second) = if one.start < other.start {
                (one, other)
            } else {
                (other, one)
            };
            is_near(&self.text, first, second, pair.distance)
        })
    }

    pub(super) fn closest(&self, left: &[Span], right: &[Span], ordered: bool) -> Closest {
        let rights = Neighbours::new(&self.text, right.to_vec());
        let mut out = Closest {
            best: None,
            reversed: false,
            overlap: left.iter().any(|span| rights.overlaps(*span)),
        };
        for &anchor in left {
            let (before, after) = (rights.before(anchor), rights.after(anchor));
            out.reversed |= ordered && before.is_some();
            for partner in [before.filter(|_| !ordered), after].into_iter().flatten() {
                let words = gap(&self.text, anchor, partner);
                if out.best.is_none_or(|(least, ..)| words < least) {
                    out.best = Some((words, anchor, partner));
                }
            }
        }
        out
    }

    /// How far apart the closest are.
    pub(super) fn far(&self, closest: &Closest, distance: Distance) -> String {
        let Some((between, anchor, partner)) = closest.best else {
            let note = if closest.reversed {
                "only in the other order"
            } else if closest.overlap {
                "only in the same place"
            } else {
                "not in the same field"
            };
            return note.to_owned();
        };
        let spots = [anchor, partner].map(|span| {
            let zone = self.text.zone_of(span);
            let base = self.text.spots[zone.units.0 as usize];
            let spot = self.text.spots[span.first as usize];
            (
                spot.sentence - base.sentence + 1,
                spot.paragraph - base.paragraph + 1,
            )
        });
        match distance {
            Distance::Words(most) => {
                format!(
                    "closest {} apart, {} allowed",
                    words(between),
                    allowed(most)
                )
            }
            Distance::Sentence => format!("sentences {} and {}", spots[0].0, spots[1].0),
            Distance::Paragraph => format!("paragraphs {} and {}", spots[0].1, spots[1].1),
        }
    }
}
