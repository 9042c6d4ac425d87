//! Mentions: which occurrences of names stand for an entity (MAT-43…47).
//!
//! In this order: longer names that void one, the context of ambiguous ones, overlaps within a class.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::rule::ContextWithin;
use super::super::rule::ast::Distance;
use super::evaluate::Run;
use super::near::{Neighbours, Side};
use super::node::{Expr, NodeId};
use super::text::Span;

/// An occurrence of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// Whose.
    pub entity: u32,
    /// Where.
    pub span: Span,
    /// Whether it counts only in context.
    pub ambiguous: bool,
    /// Which of its names.
    pub alias: u32,
}

impl Run<'_, '_> {
    /// Every occurrence of every name, by entity, then place; of several readings of one place the plain one.
    pub(crate) fn named(&mut self) -> Rc<[Named]> {
        if let Some(known) = &self.raw {
            return Rc::clone(known);
        }
        let mut out: Vec<Named> = Vec::new();
        for hit in self.hits.iter() {
            for &(entity, alias) in self.set.names_of(hit.pattern) {
                out.push(Named {
                    entity,
                    span: hit.span,
                    ambiguous: self.set.entities[entity as usize].aliases[alias as usize].ambiguous,
                    alias,
                });
            }
        }
        // The hits of each pattern are a rising run, which the stable sort only merges.
        out.sort();
        out.dedup_by_key(|named| (named.entity, named.span));
        let out: Rc<[Named]> = out.into();
        self.raw = Some(Rc::clone(&out));
        out
    }

    /// The mentions of one entity: settled, or before overlaps are.
    pub(crate) fn mentions_of(&mut self, entity: u32, early: bool) -> Rc<[Named]> {
        if early {
            return self.licensed_of(entity);
        }
        let all = self.mentions();
        let from = all.partition_point(|named| named.entity < entity);
        let length = all[from..].partition_point(|named| named.entity == entity);
        all[from..from + length].into()
    }

    /// Occurrences of an entity that no longer name voids, ambiguous ones only in context.
    pub(crate) fn licensed_of(&mut self, entity: u32) -> Rc<[Named]> {
        if let Some(known) = self.licensed.get(&entity) {
            return Rc::clone(known);
        }
        let mut out = self.unblocked(entity);
        let strong = out.iter().any(|named| !named.ambiguous);
        if !strong && !out.is_empty() {
            self.keep_in_context(entity, &mut out);
        }
        let out: Rc<[Named]> = out.into();
        self.licensed.insert(entity, Rc::clone(&out));
        out
    }

    /// Whether names of an entity stand in the entry, all of them inside a name of its `not_in`.
    pub(crate) fn is_blocked(&mut self, entity: u32) -> bool {
        let all = self.named();
        let stands = all.binary_search_by_key(&entity, |named| named.entity);
        stands.is_ok() && self.unblocked(entity).is_empty()
    }

    /// Occurrences of an entity's names that lie in no name of its `not_in`.
    pub(crate) fn unblocked(&mut self, entity: u32) -> Vec<Named> {
        let all = self.named();
        let from = all.partition_point(|named| named.entity < entity);
        let own = all[from..]
            .iter()
            .take_while(|named| named.entity == entity);
        let blockers: Vec<Span> = self.set.entities[entity as usize]
            .not_in
            .iter()
            .flat_map(|pattern| self.hits.of(*pattern))
            .map(|hit| hit.span)
            .collect();
        if blockers.is_empty() {
            return own.copied().collect();
        }
        let blockers = Neighbours::new(&self.text, blockers);
        own.filter(|named| !blockers.covers(named.span))
            .copied()
            .collect()
    }

    /// Keeps the occurrences whose context stands in the entry, beside them.
    fn keep_in_context(&mut self, entity: u32, named: &mut Vec<Named>) {
        let plan = &self.set.entities[entity as usize];
        let Some(context) = plan.context.filter(|context| self.holds(*context)) else {
            return named.clear();
        };
        let mut support = Vec::new();
        self.support(context, &mut support);
        let support = Neighbours::new(&self.text, support);
        let within = match plan.within {
            ContextWithin::Entry => None,
            ContextWithin::Paragraph => Some(Distance::Paragraph),
            ContextWithin::Sentence => Some(Distance::Sentence),
            ContextWithin::Words(most) => Some(Distance::Words(most)),
        };
        named.retain(|named| match within {
            None => support.has_other(named.span),
            Some(distance) => support.has_near(named.span, distance, Side::Either),
        });
    }

    /// The places that make an expression true.
    pub(crate) fn support(&mut self, node: NodeId, out: &mut Vec<Span>) {
        if !self.holds(node) {
            return;
        }
        let set = self.set;
        match set.expr(node) {
            Expr::Or(parts) | Expr::And(parts) | Expr::Of(_, parts) => {
                for part in parts {
                    self.support(*part, out);
                }
            }
            Expr::Count(_, inner) => self.support(*inner, out),
            Expr::Near(pair) if pair.is_between_lists(set) => {
                out.extend(self.sides(pair).into_iter().flatten());
            }
            Expr::Near(pair) if !pair.negated => {
                for found in self.pairs(node).iter() {
                    out.extend([found.anchor, found.partner]);
                }
            }
            _ => out.extend_from_slice(&self.spans(node)),
        }
    }

    /// All mentions of the entry, by entity, then place.
    pub(crate) fn mentions(&mut self) -> Rc<[Named]> {
        if let Some(known) = &self.settled {
            return Rc::clone(known);
        }
        let entities: BTreeSet<u32> = self.named().iter().map(|named| named.entity).collect();
        let mut all: Vec<Named> = Vec::new();
        for entity in entities {
            all.extend_from_slice(&self.licensed_of(entity));
        }
        let mut out = self.outermost(all);
        out.sort();
        let out: Rc<[Named]> = out.into();
        self.settled = Some(Rc::clone(&out));
        out
    }

    /// Drops what lies strictly inside a mention of an entity of the same class, or of the same entity.
    fn outermost(&self, mut all: Vec<Named>) -> Vec<Named> {
        all.sort_by_key(|named| (named.span.start, std::cmp::Reverse(named.span.end)));
        let mut open: Vec<Named> = Vec::new();
        let mut out = Vec::with_capacity(all.len());
        for named in all {
            open.retain(|outer| outer.span.end > named.span.start);
            let inside = open.iter().any(|outer| {
                outer.span != named.span
                    && outer.span.covers(named.span)
                    && self.set.compete(outer.entity, named.entity)
            });
            open.push(named);
            if !inside {
                out.push(named);
            }
        }
        out
    }
}

impl Neighbours<'_, '_> {
    /// Whether one of them lies wholly beside `anchor`.
    pub(crate) fn has_other(&self, anchor: Span) -> bool {
        self.first_end().is_some_and(|end| end <= anchor.start)
            || self.last_start().is_some_and(|start| start >= anchor.end)
    }
}
