//! NEAR and BEFORE over an entry: whether anything is near, what is, and what stands beside each anchor.
//!
//! Which occurrences are near each other is decided in `near`. Pairs are made where evidence or an outer NEAR asks for
//! them; truth is known with the first. Evidence is the closest pairs; an outer NEAR asks for all, since it may need one
//! that reaches far to the left and another far to the right.

use std::rc::Rc;

use super::evaluate::{Reach, Run};
use super::near::{Neighbours, Side, gap};
use super::node::{Expr, NodeId, Pair};
use super::set::Compiled;
use super::text::Span;

/// A pair that is near: the anchor, its partner, and both together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub whole: Span,
    pub anchor: Span,
    pub partner: Span,
}

impl Found {
    fn new(anchor: Span, partner: Span) -> Self {
        Self {
            whole: anchor.hull(partner),
            anchor,
            partner,
        }
    }
}

impl Pair {
    /// Whether what shares letters with an anchor is near it: what denies it where order does not matter.
    pub(crate) fn counts_overlaps(&self) -> bool {
        self.negated && !self.ordered
    }

    /// Whether pairs of it are pairs of two plain lists.
    pub(crate) fn is_between_lists(&self, set: &Compiled) -> bool {
        !self.negated && set.is_simple(self.left) && set.is_simple(self.right)
    }
}

/// Pairs of one NEAR that are made for another around it; of more, only the closest are.
const MOST: usize = 4_096;

/// The ranges that so many of some lists have together, one place of each; none where that is much.
fn together(lists: &[&[Span]], least: usize) -> Option<Vec<Span>> {
    let mut ranges: Vec<(usize, Option<Span>)> = vec![(0, None)];
    for (at, list) in lists.iter().enumerate() {
        if ranges.len().saturating_mul(list.len()) > MOST {
            return None;
        }
        let missing = least.saturating_sub(lists.len() - at - 1);
        let mut longer: Vec<(usize, Option<Span>)> = ranges.clone();
        for (count, range) in &ranges {
            let with = |place: &Span| range.map_or(*place, |range| range.hull(*place));
            longer.extend(
                list.iter()
                    .map(|place| (least.min(count + 1), Some(with(place)))),
            );
        }
        longer.retain(|(count, _)| *count >= missing);
        longer.sort_unstable();
        longer.dedup();
        ranges = longer;
    }
    Some(ranges.into_iter().filter_map(|(_, range)| range).collect())
}

/// Anchors that are tried first where the truth is all that is asked for; then four times as many, and so on.
const TRIED: usize = 16;

impl Run<'_, '_> {
    /// Whether a NEAR has a place: the first is enough.
    pub(super) fn is_near(&mut self, pair: &Pair) -> bool {
        let (anchors, other, reach) = self.anchored(pair);
        let anchors = self.spans(anchors);
        if self.set.is_simple(other) {
            let others = self.spans(other);
            let list = Neighbours::of(&self.text, others);
            let has_company = |anchor: &Span| {
                pair.counts_overlaps() && list.overlaps(*anchor)
                    || list.has_near(*anchor, reach.0, reach.1)
            };
            return anchors
                .iter()
                .any(|anchor| has_company(anchor) != pair.negated);
        }
        let (mut from, mut count) = (0, TRIED);
        while from < anchors.len() {
            let some = &anchors[from..anchors.len().min(from + count)];
            let partners = self.partners(some, other, reach, pair.counts_overlaps());
            if partners.iter().any(|found| found.is_none() == pair.negated) {
                return true;
            }
            from += some.len();
            count *= 4;
        }
        false
    }

    /// The side of a pair whose places are the anchors, the other side, and where that is looked for.
    fn anchored(&self, pair: &Pair) -> (NodeId, NodeId, Reach) {
        let side = match (pair.negated, pair.ordered) {
            (_, true) => Side::After,
            (_, false) => Side::Either,
        };
        if pair.negated || self.set.is_simple(pair.left) {
            (pair.left, pair.right, (pair.distance, side))
        } else {
            (pair.right, pair.left, (pair.distance, side.reversed()))
        }
    }

    /// Where a NEAR holds: its anchors without company, or its pairs.
    pub(super) fn near_spans(&mut self, node: NodeId, pair: &Pair) -> Vec<Span> {
        if !pair.negated {
            return self
                .all_pairs(node)
                .iter()
                .map(|found| found.whole)
                .collect();
        }
        let (left, right, reach) = self.anchored(pair);
        let left = self.spans(left);
        let partners = self.partners(&left, right, reach, pair.counts_overlaps());
        let alone = left.iter().zip(partners);
        alone
            .filter(|(_, partner)| partner.is_none())
            .map(|(span, _)| *span)
            .collect()
    }

    /// All pairs of a NEAR that holds, or the closest where there are very many.
    pub(crate) fn all_pairs(&mut self, node: NodeId) -> Rc<[Found]> {
        if let Some(known) = self.all_pairs.get(&node) {
            return Rc::clone(known);
        }
        let set = self.set;
        let mut all = None;
        if let Expr::Near(pair) = set.expr(node) {
            let (anchors, other, reach) = self.anchored(pair);
            let anchors = self.spans(anchors);
            all = self.companies(&anchors, other, reach).map(|companies| {
                let each = anchors.iter().zip(companies);
                let pairs = each.flat_map(|(anchor, companies)| {
                    let pairs = companies.into_iter();
                    pairs.map(|company| Found::new(*anchor, company))
                });
                let mut pairs: Vec<Found> = pairs.collect();
                pairs.sort();
                pairs.dedup();
                pairs.into()
            });
        }
        let all = all.unwrap_or_else(|| self.pairs(node));
        self.all_pairs.insert(node, Rc::clone(&all));
        all
    }

    /// For each anchor all that is near it and makes `node` true there, each as a whole range; none where that is much.
    fn companies(
        &mut self,
        anchors: &[Span],
        node: NodeId,
        reach: Reach,
    ) -> Option<Vec<Vec<Span>>> {
        let set = self.set;
        let (parts, least) = match set.expr(node) {
            _ if set.is_simple(node) => {
                let spans = self.spans(node);
                let list = Neighbours::of(&self.text, spans);
                let mut left = MOST;
                let near = anchors.iter().map(|anchor| {
                    let near = list.all_near(*anchor, reach.0, reach.1).take(left + 1);
                    let near: Vec<Span> = near.collect();
                    left = left.checked_sub(near.len())?;
                    Some(near)
                });
                return near.collect();
            }
            Expr::Or(parts) => (parts, 1),
            Expr::And(parts) => (parts, parts.len()),
            Expr::Of(count, parts) => (parts, *count as usize),
            _ => return Some(vec![Vec::new(); anchors.len()]),
        };
        let mut lists = Vec::new();
        for part in parts {
            lists.push(self.companies(anchors, *part, reach)?);
        }
        let each = 0..anchors.len();
        each.map(|at| {
            let of_parts = lists.iter().map(|list| &*list[at]);
            match set.expr(node) {
                Expr::Or(_) => Some(of_parts.flatten().copied().collect()),
                _ => together(&of_parts.collect::<Vec<_>>(), least),
            }
        })
        .collect()
    }

    /// The closest pairs of a NEAR that holds.
    pub(crate) fn pairs(&mut self, node: NodeId) -> Rc<[Found]> {
        if let Some(known) = self.pairs.get(&node) {
            return Rc::clone(known);
        }
        let set = self.set;
        let mut out = Vec::new();
        if let Expr::Near(pair) = set.expr(node) {
            let (anchors, other, reach) = self.anchored(pair);
            if set.is_simple(other) {
                self.both_ways(pair, reach.1, &mut out);
            } else {
                self.one_way(anchors, other, reach, &mut out);
            }
        }
        out.sort();
        out.dedup();
        let out: Rc<[Found]> = out.into();
        self.pairs.insert(node, Rc::clone(&out));
        out
    }

    /// Each occurrence of either side with its closest partners on the other.
    fn both_ways(&mut self, pair: &Pair, side: Side, out: &mut Vec<Found>) {
        let (left, right) = (self.spans(pair.left), self.spans(pair.right));
        let rights = Neighbours::of(&self.text, Rc::clone(&right));
        let lefts = Neighbours::of(&self.text, Rc::clone(&left));
        // Each loop gives rising pairs, mostly: the sort has four runs to merge, of which the last two are short.
        let sides = [Side::Before, Side::After];
        for way in sides.into_iter().filter(|way| side.has(*way)) {
            let near = left.iter().flat_map(|anchor| {
                let near = rights.near(*anchor, pair.distance, way);
                let near = near.into_iter().flatten();
                near.map(|partner| Found::new(*anchor, partner))
            });
            out.extend(near);
        }
        for way in sides.into_iter().filter(|way| side.has(*way)) {
            let near = right.iter().flat_map(|partner| {
                let near = lefts.near(*partner, pair.distance, way.reversed());
                let near = near.into_iter().flatten();
                // Most pairs are the closest both ways, and are known by now.
                let new = near.filter(|anchor| rights.closest_on(*anchor, way) != Some(*partner));
                new.map(|anchor| Found::new(anchor, *partner))
            });
            out.extend(near);
        }
    }

    /// The places on either side of the pairs of a NEAR of two simple sides, in order, each once.
    ///
    /// If anything is near enough, the closest is: so each side is asked for itself, and no pair is made.
    pub(crate) fn sides(&mut self, pair: &Pair) -> [Vec<Span>; 2] {
        let (left, right) = (self.spans(pair.left), self.spans(pair.right));
        let rights = Neighbours::of(&self.text, Rc::clone(&right));
        let lefts = Neighbours::of(&self.text, Rc::clone(&left));
        let (distance, side) = (pair.distance, self.anchored(pair).2.1);
        let has_right = |span: &Span| rights.has_near(*span, distance, side);
        let has_left = |span: &Span| lefts.has_near(*span, distance, side.reversed());
        [
            left.iter().copied().filter(has_right).collect(),
            right.iter().copied().filter(has_left).collect(),
        ]
    }

    fn one_way(&mut self, anchors: NodeId, other: NodeId, reach: Reach, out: &mut Vec<Found>) {
        let anchors = self.spans(anchors);
        let partners = self.partners(&anchors, other, reach, false);
        for (anchor, partner) in anchors.iter().zip(partners) {
            out.extend(partner.map(|partner| Found::new(*anchor, partner)));
        }
    }

    /// For each anchor what is near it and makes `node` true there; for AND and n OF all its parts together.
    pub(crate) fn partners(
        &mut self,
        anchors: &[Span],
        node: NodeId,
        reach: Reach,
        overlaps: bool,
    ) -> Vec<Option<Span>> {
        let set = self.set;
        let (parts, least) = match set.expr(node) {
            _ if set.is_simple(node) => {
                let spans = self.spans(node);
                let list = Neighbours::of(&self.text, spans);
                return anchors
                    .iter()
                    .map(|anchor| {
                        if overlaps && list.overlaps(*anchor) {
                            return Some(*anchor);
                        }
                        list.closest(*anchor, reach.0, reach.1)
                    })
                    .collect();
            }
            Expr::Or(parts) => (parts, 1),
            Expr::And(parts) => (parts, parts.len()),
            Expr::Of(count, parts) => (parts, *count as usize),
            _ => return vec![None; anchors.len()],
        };
        let lists: Vec<Vec<Option<Span>>> = parts
            .iter()
            .map(|part| self.partners(anchors, *part, reach, overlaps))
            .collect();
        let any = matches!(set.expr(node), Expr::Or(_));
        (0..anchors.len())
            .map(|at| {
                let found = lists.iter().filter_map(|list| list[at]);
                if any {
                    return found.min_by_key(|span| self.place_beside(anchors[at], *span));
                }
                let all = found.clone().count() >= least;
                found.reduce(Span::hull).filter(|_| all)
            })
            .collect()
    }

    /// What the closest of several is chosen by: words between, then place.
    fn place_beside(&self, anchor: Span, span: Span) -> (u32, u32, u32) {
        let words = if span.overlaps(anchor) {
            0
        } else {
            gap(&self.text, anchor, span)
        };
        (words, span.start, span.end)
    }
}
