//! One entry against compiled expressions: what holds, and where.
//!
//! Every expression is evaluated at most once an entry. Evidence in the words of a rule is made in `evidence`.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::Subject;
use super::mention::Named;
use super::near::{Neighbours, Side, sequence};
use super::node::{Expr, NodeId, Pair, Scope};
use super::probe::Bytes;
use super::scan::Hit;
use super::set::{Compiled, RulePlan};
use super::text::{Part, Span, Text};

/// A pair that is near: the anchor, its partner, and both together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub whole: Span,
    pub anchor: Span,
    pub partner: Span,
}

/// Numbers are given by us, so a quick hash will do.
#[derive(Default)]
pub(crate) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

/// Most patterns of a leaf that are looked for one by one.
const FEW: usize = 16;

type Memo<T> = HashMap<u32, T, BuildHasherDefault<Quick>>;

/// Words of 64 bits in which patterns are marked as present.
const PRESENT: usize = 32;

/// The word and the bit of a pattern.
fn place_of(pattern: u32) -> (usize, u64) {
    (pattern as usize / 64 % PRESENT, 1 << (pattern % 64))
}

/// The evaluation of one entry.
pub(crate) struct Run<'s, 'a> {
    pub set: &'s Compiled,
    pub subject: &'a Subject<'a>,
    pub text: Text<'a>,
    pub hits: Vec<Hit>,
    /// Which patterns may be among the hits, by the last bits of their numbers: most that are asked for are not.
    present: [u64; PRESENT],
    truths: Memo<bool>,
    spans: Memo<Rc<[Span]>>,
    pairs: Memo<Rc<[Found]>>,
    pub(super) regexes: Memo<Rc<[Bytes]>>,
    pub(super) licensed: Memo<Rc<[Named]>>,
    pub(super) raw: Option<Rc<[Named]>>,
    pub(super) settled: Option<Rc<[Named]>>,
    pub(super) url: Option<String>,
    pub(super) host: OnceCell<Option<String>>,
    /// Memory for a list of places, used again.
    pub(super) spare: Vec<Span>,
}

impl<'s, 'a> Run<'s, 'a> {
    /// Reads and scans an entry.
    pub(crate) fn new(set: &'s Compiled, subject: &'a Subject<'a>) -> Self {
        Self::over(set, subject, Text::new(subject, set.parts))
    }

    /// Scans an entry that was read, at least the parts that the set looks at.
    pub(crate) fn over(set: &'s Compiled, subject: &'a Subject<'a>, text: Text<'a>) -> Self {
        let hits = set.patterns.scan(&text);
        let mut present = [0; PRESENT];
        for hit in &hits {
            let (word, bit) = place_of(hit.pattern);
            present[word] |= bit;
        }
        Self {
            set,
            subject,
            text,
            hits,
            present,
            truths: Memo::default(),
            spans: Memo::default(),
            pairs: Memo::default(),
            regexes: Memo::default(),
            licensed: Memo::default(),
            raw: None,
            settled: None,
            url: None,
            host: OnceCell::new(),
            spare: Vec::new(),
        }
    }

    /// The hits of one pattern.
    pub(crate) fn hits_of(&self, pattern: u32) -> &[Hit] {
        let (word, bit) = place_of(pattern);
        if self.present[word] & bit == 0 {
            return &[];
        }
        let from = self.hits.partition_point(|hit| hit.pattern < pattern);
        let rest = &self.hits[from..];
        // Mostly none or one: a second search is for those that stand everywhere.
        let few = rest.iter().take(FEW);
        let mut length = few.take_while(|hit| hit.pattern == pattern).count();
        if length == FEW {
            length = rest.partition_point(|hit| hit.pattern == pattern);
        }
        &rest[..length]
    }

    /// The hits of some patterns, which are sorted: each is looked for among the hits, or each hit among them.
    pub(super) fn hits_among<'r>(&'r self, patterns: &'r [u32]) -> impl Iterator<Item = &'r Hit> {
        let few = patterns.len() <= FEW;
        let (each, all) = if few {
            (patterns, &[][..])
        } else {
            (&[][..], &self.hits[..])
        };
        let found = all
            .iter()
            .filter(|hit| patterns.binary_search(&hit.pattern).is_ok());
        let listed = each.iter().flat_map(|pattern| self.hits_of(*pattern));
        listed.chain(found)
    }

    /// Whether a span lies in a scope.
    pub(crate) fn in_scope(&self, span: Span, scope: Scope) -> bool {
        let zone = self.text.zone_of(span);
        if scope.parts & zone.part.bit() == 0 {
            return false;
        }
        !scope.lead
            || zone.part == Part::Title
            || self.text.spots[span.last as usize].paragraph == zone.paragraph
    }

    /// The rule, if it is switched on, looks at such entries, and holds.
    pub(crate) fn satisfies(&mut self, index: u32) -> Option<&'s RulePlan> {
        if let Some(root) = self.set.roots[index as usize] {
            return self.holds(root).then(|| &self.set.rules[index as usize]);
        }
        let rule = &self.set.rules[index as usize];
        let clause = rule.clause.as_ref().filter(|_| rule.enabled)?;
        (rule.admits(self.subject) && self.holds(clause.node)).then_some(rule)
    }

    /// Whether an expression holds.
    pub(crate) fn holds(&mut self, node: NodeId) -> bool {
        let set = self.set;
        if let Expr::Leaf(patterns, scope) = set.expr(node)
            && patterns.len() <= FEW
        {
            // As quick to ask again as to remember.
            return self
                .hits_among(patterns)
                .any(|hit| self.in_scope(hit.span, *scope));
        }
        if let Some(known) = self.truths.get(&node) {
            return *known;
        }
        let holds = match set.expr(node) {
            Expr::Never => false,
            Expr::Leaf(patterns, scope) => self
                .hits_among(patterns)
                .any(|hit| self.in_scope(hit.span, *scope)),
            Expr::Sequence(words, _) => {
                words.iter().all(|word| self.holds(*word)) && !self.spans(node).is_empty()
            }
            Expr::Regex(..) => !self.bytes(node).is_empty(),
            Expr::Url(_) | Expr::UrlRegex(_) => !self.url_matches(node).is_empty(),
            Expr::Property(property) => self.has(property),
            Expr::Entity(..) | Expr::Class(..) => !self.spans(node).is_empty(),
            Expr::Or(parts) => parts.iter().any(|part| self.holds(*part)),
            Expr::And(parts) => parts.iter().all(|part| self.holds(*part)),
            Expr::Of(count, parts) => {
                let mut missing = *count;
                parts.iter().any(|part| {
                    missing -= u32::from(missing > 0 && self.holds(*part));
                    missing == 0
                })
            }
            Expr::Not(inner) => !self.holds(*inner),
            Expr::Count(count, inner) => self.holds(*inner) && self.count(*inner) >= *count,
            Expr::Near(pair) => {
                self.holds(pair.left)
                    && (pair.negated || self.holds(pair.right))
                    && !self.spans(node).is_empty()
            }
        };
        self.truths.insert(node, holds);
        holds
    }

    /// Where an expression holds, sorted; nothing for what has no place.
    pub(crate) fn spans(&mut self, node: NodeId) -> Rc<[Span]> {
        if let Some(known) = self.spans.get(&node) {
            return Rc::clone(known);
        }
        let set = self.set;
        let mut out: Vec<Span> = match set.expr(node) {
            Expr::Leaf(patterns, scope) => self
                .hits_among(patterns)
                .map(|hit| hit.span)
                .filter(|span| self.in_scope(*span, *scope))
                .collect(),
            Expr::Sequence(words, slop) => {
                let lists: Vec<Vec<Span>> = words
                    .iter()
                    .map(|word| self.spans(*word).to_vec())
                    .collect();
                sequence(&self.text, &lists, *slop)
            }
            Expr::Regex(..) => self
                .bytes(node)
                .iter()
                .filter_map(|found| found.span)
                .collect(),
            Expr::Entity(entity, scope, early) => {
                let named = self.mentions_of(*entity, *early);
                self.scoped(&named, *scope)
            }
            Expr::Class(class, scope, early) => {
                let mut all = Vec::new();
                for member in set.members(*class) {
                    let named = self.mentions_of(*member, *early);
                    all.extend(self.scoped(&named, *scope));
                }
                all
            }
            Expr::Or(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend_from_slice(&self.spans(*part));
                }
                all
            }
            Expr::Near(pair) => self.near(node, pair),
            Expr::Never
            | Expr::Url(_)
            | Expr::UrlRegex(_)
            | Expr::Property(_)
            | Expr::And(_)
            | Expr::Of(..)
            | Expr::Not(_)
            | Expr::Count(..) => Vec::new(),
        };
        out.sort_unstable();
        out.dedup();
        let out: Rc<[Span]> = out.into();
        self.spans.insert(node, Rc::clone(&out));
        out
    }

    fn scoped(&self, named: &[Named], scope: Scope) -> Vec<Span> {
        named
            .iter()
            .map(|named| named.span)
            .filter(|span| self.in_scope(*span, scope))
            .collect()
    }

    /// Occurrences that do not overlap, those that only repeat the title left out.
    pub(crate) fn count(&mut self, node: NodeId) -> u32 {
        let spans = self.spans(node);
        let mut by_end: Vec<Span> = spans
            .iter()
            .copied()
            .filter(|span| span.last >= self.text.zone_of(*span).echo)
            .collect();
        by_end.sort_by_key(|span| (span.end, span.start));
        let mut count = 0;
        let mut free = 0;
        for span in by_end {
            if span.start >= free {
                count += 1;
                free = span.end;
            }
        }
        count
    }

    fn near(&mut self, node: NodeId, pair: &Pair) -> Vec<Span> {
        if pair.negated {
            let left = self.spans(pair.left);
            let partners = self.partners(&left, pair.right, pair.distance_to(Side::Either), true);
            let alone = left.iter().zip(partners);
            return alone
                .filter(|(_, partner)| partner.is_none())
                .map(|(span, _)| *span)
                .collect();
        }
        self.pairs(node).iter().map(|found| found.whole).collect()
    }

    /// The pairs of a NEAR that holds.
    pub(crate) fn pairs(&mut self, node: NodeId) -> Rc<[Found]> {
        if let Some(known) = self.pairs.get(&node) {
            return Rc::clone(known);
        }
        let set = self.set;
        let mut out = Vec::new();
        if let Expr::Near(pair) = set.expr(node) {
            let (left_simple, right_simple) = (set.is_simple(pair.left), set.is_simple(pair.right));
            let side = if pair.ordered {
                Side::After
            } else {
                Side::Either
            };
            let back = side.reversed();
            if left_simple && right_simple {
                self.both_ways(pair, side, &mut out);
            } else if left_simple {
                self.one_way(pair.left, pair.right, pair.distance_to(side), &mut out);
            } else {
                self.one_way(pair.right, pair.left, pair.distance_to(back), &mut out);
            }
        }
        // Two rising runs, of which the second is mostly short: the stable sort only merges them.
        out.sort();
        out.dedup();
        let out: Rc<[Found]> = out.into();
        self.pairs.insert(node, Rc::clone(&out));
        out
    }

    /// Each occurrence of either side with its closest partners on the other.
    fn both_ways(&mut self, pair: &Pair, side: Side, out: &mut Vec<Found>) {
        let (left, right) = (self.spans(pair.left), self.spans(pair.right));
        let rights = Neighbours::new(&self.text, right.to_vec());
        let lefts = Neighbours::new(&self.text, left.to_vec());
        for &anchor in left.iter() {
            for partner in rights
                .near(anchor, pair.distance, side)
                .into_iter()
                .flatten()
            {
                out.push(Found::new(anchor, partner));
            }
        }
        for &partner in right.iter() {
            let back = side.reversed();
            for anchor in lefts
                .near(partner, pair.distance, back)
                .into_iter()
                .flatten()
            {
                // Most pairs are the closest both ways, and are known by now.
                let known = rights.near(anchor, pair.distance, side);
                if !known.contains(&Some(partner)) {
                    out.push(Found::new(anchor, partner));
                }
            }
        }
    }

    fn one_way(&mut self, anchors: NodeId, other: NodeId, reach: Reach, out: &mut Vec<Found>) {
        let anchors = self.spans(anchors);
        let partners = self.partners(&anchors, other, reach, false);
        for (anchor, partner) in anchors.iter().zip(partners) {
            if let Some(partner) = partner {
                out.push(Found::new(*anchor, partner));
            }
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
                let spans = self.spans(node).to_vec();
                let list = Neighbours::new(&self.text, spans);
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
            super::near::gap(&self.text, anchor, span)
        };
        (words, span.start, span.end)
    }
}

/// How far and on which side a partner may stand.
pub(crate) type Reach = (super::super::rule::ast::Distance, Side);

impl Pair {
    /// The distance of this pair, on a side; a negated BEFORE looks behind only.
    pub(crate) fn distance_to(self, side: Side) -> Reach {
        let side = if self.negated && self.ordered {
            Side::After
        } else {
            side
        };
        (self.distance, side)
    }
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
