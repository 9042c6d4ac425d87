//! Evidence: the places that made a rule true, as byte ranges of stored text and in the rule's own words (MAT-53…55).
//!
//! Only made for rules that match, and for explanations.

use std::cmp::Ordering;
use std::ops::Range;
use std::rc::Rc;

use super::super::short::Short;
use super::clause::Clause;
use super::evaluate::{Reach, Run};
use super::fold::source_end;
use super::mention::Named;
use super::near::{Neighbours, Side};
use super::node::{Expr, NodeId, Scope};
use super::pairs::Found;
use super::text::Span;
use super::{Evidence, Mention};

/// Most places kept of one leaf.
const PER_LEAF: usize = 16;

/// Most places kept of one match.
const PER_MATCH: usize = 256;

/// Most mentions kept of one entry.
const MENTIONS: usize = 1_000;

/// Which places are wanted, sorted: all where there is none.
type Only<'p> = Option<&'p [Span]>;

/// The entity and alias behind a span.
type Behind = Option<(u32, u32)>;

impl Run<'_, '_> {
    /// Puts the evidence of a clause that holds into `out`, in the order of fields, then places.
    pub(crate) fn evidence(&mut self, clause: &Clause, out: &mut Vec<Evidence>) {
        out.clear();
        self.collect(clause, None, out);
        if out.len() > 1 {
            out.sort_by(in_order);
            out.dedup_by(|one, other| one.start == other.start && one == other);
        }
        out.truncate(PER_MATCH);
    }

    /// Adds what makes `clause` true; with spans given, only what is part of them.
    pub(crate) fn collect(&mut self, clause: &Clause, only: Only<'_>, out: &mut Vec<Evidence>) {
        let set = self.set;
        if let Some(inner) = set.clauses.wrapped(clause) {
            return self.collect(inner, only, out);
        }
        let parts = set.clauses.of(clause.parts);
        // Of a term, or of several in one look, hits say it.
        let is_term = matches!(set.expr(clause.node), Expr::Leaf(..));
        if !is_term && !self.holds(clause.node) {
            return;
        }
        match set.expr(clause.node) {
            _ if clause.is_leaf() => self.collect_leaf(clause, only, out),
            Expr::Near(pair) if pair.negated => {
                let all = self.spans(clause.node);
                self.collect(&parts[0], Some(only.unwrap_or(&all)), out);
            }
            Expr::Near(_) => self.collect_pairs(clause, only, out),
            Expr::Not(_) => {}
            _ => {
                for part in parts {
                    self.collect(part, only, out);
                }
            }
        }
    }

    /// Both sides of the pairs of a NEAR.
    fn collect_pairs(&mut self, clause: &Clause, only: Only<'_>, out: &mut Vec<Evidence>) {
        let set = self.set;
        let Expr::Near(pair) = set.expr(clause.node) else {
            return;
        };
        let is_flat = |node| set.is_simple(node) && !matches!(set.expr(node), Expr::Near(_));
        let [left, right] = set.clauses.of(clause.parts) else {
            return;
        };
        if only.is_none() && is_flat(pair.left) && is_flat(pair.right) {
            let [anchors, partners] = self.sides(pair);
            self.collect(left, Some(&anchors), out);
            return self.collect(right, Some(&partners), out);
        }
        let mut pairs = match only {
            None => self.pairs(clause.node).to_vec(),
            Some(_) => self.all_pairs(clause.node).to_vec(),
        };
        pairs.retain(|found| is_wanted(only, &found.whole));
        let pairs = tightest(pairs, only.is_some());
        let anchors = sorted(pairs.iter().map(|found| found.anchor).collect());
        let side = if pair.ordered {
            Side::After
        } else {
            Side::Either
        };
        if set.is_simple(pair.left) && set.is_simple(pair.right) {
            let partners = sorted(pairs.iter().map(|found| found.partner).collect());
            self.collect(left, Some(&anchors), out);
            self.collect(right, Some(&partners), out);
        } else if set.is_simple(pair.left) {
            self.collect(left, Some(&anchors), out);
            self.collect_partners(right, &pairs, pair.distance_to(side), out);
        } else {
            self.collect(right, Some(&anchors), out);
            let reach = pair.distance_to(side.reversed());
            self.collect_partners(left, &pairs, reach, out);
        }
    }

    /// The parts of an operand of AND or n OF that stand near the anchors, within the ranges of their pairs.
    fn collect_partners(
        &mut self,
        clause: &Clause,
        pairs: &[Found],
        reach: Reach,
        out: &mut Vec<Evidence>,
    ) {
        let set = self.set;
        if let Some(inner) = set.clauses.wrapped(clause) {
            return self.collect_partners(inner, pairs, reach, out);
        }
        if set.is_simple(clause.node) {
            let spans = self.spans(clause.node);
            let list = Neighbours::of(&self.text, spans);
            let near = pairs.iter().flat_map(|pair| {
                let near = list.all_near(pair.anchor, reach.0, reach.1);
                near.filter(|place| pair.whole.covers(*place))
                    .take(PER_LEAF)
            });
            let found = sorted(near.collect());
            return self.collect(clause, Some(&found), out);
        }
        for part in set.clauses.of(clause.parts) {
            self.collect_partners(part, pairs, reach, out);
        }
    }

    /// The places of a clause without parts.
    fn collect_leaf(&mut self, clause: &Clause, only: Only<'_>, out: &mut Vec<Evidence>) {
        let set = self.set;
        match set.expr(clause.node) {
            Expr::Leaf(patterns, scope) => self.collect_term(clause, (patterns, *scope), only, out),
            Expr::Url(_) | Expr::UrlRegex(_) => {
                let url = self.subject.url.unwrap_or_default();
                let term = set.term(clause);
                for range in self.url_matches(clause.node) {
                    out.push(plain("url", None, url, range, &term));
                }
            }
            Expr::Regex(..) => {
                let term = set.term(clause);
                for found in self.bytes(clause.node).iter() {
                    let wanted =
                        only.is_none() || found.span.is_some_and(|span| is_wanted(only, &span));
                    if wanted {
                        let zone = &self.text.zones[found.zone];
                        let range = found.start..found.end;
                        out.push(plain(zone.part.key(), zone.index, zone.text, range, &term));
                    }
                }
            }
            _ => {
                let mut kept: Vec<Span> = self
                    .spans(clause.node)
                    .iter()
                    .copied()
                    .filter(|span| is_wanted(only, span))
                    .collect();
                if only.is_none()
                    && !matches!(set.expr(clause.node), Expr::Entity(..) | Expr::Class(..))
                {
                    // Of a row that may end here or there, the first end.
                    kept.dedup_by_key(|span| span.start);
                }
                self.keep_first(&mut kept);
                let term = set.term(clause);
                for span in kept {
                    for behind in self.behind(clause.node, span) {
                        out.push(self.at(clause.node, span, &term, behind));
                    }
                }
            }
        }
    }

    /// The places of a term.
    fn collect_term(
        &mut self,
        clause: &Clause,
        (patterns, scope): (&[u32], Scope),
        only: Only<'_>,
        out: &mut Vec<Evidence>,
    ) {
        // Of alternatives most stand nowhere.
        if self.hits.among(patterns).next().is_none() {
            return;
        }
        let mut kept = std::mem::take(&mut self.spare);
        kept.clear();
        let fits = |span: &Span| self.in_scope(*span, scope) && is_wanted(only, span);
        if let [one] = patterns {
            // Its hits are in the order of places: the first ones are all that is kept.
            let spans = self.hits.of(*one).iter().map(|hit| hit.span);
            kept.extend(spans.filter(fits).take(PER_LEAF));
        } else {
            let spans = self.hits.among(patterns).map(|hit| hit.span);
            kept.extend(spans.filter(fits));
        }
        self.keep_first(&mut kept);
        let term = self.set.term(clause);
        let places = kept.iter();
        out.extend(places.map(|span| self.at(clause.node, *span, &term, None)));
        self.spare = kept;
    }

    /// The first places of a leaf, in the order of fields.
    fn keep_first(&self, spans: &mut Vec<Span>) {
        if spans.len() > 1 {
            spans.sort_by_key(|span| (self.text.zone_of(*span).part, *span));
            spans.dedup();
            spans.truncate(PER_LEAF);
        }
    }

    /// Who stands behind a span of an entity or class; one nobody for a term.
    fn behind(&mut self, node: NodeId, span: Span) -> Vec<Behind> {
        let set = self.set;
        let (members, early): (Vec<u32>, bool) = match set.expr(node) {
            Expr::Entity(entity, _, early) => (vec![*entity], *early),
            Expr::Class(class, _, early) => (set.members(*class).to_vec(), *early),
            _ => return vec![None],
        };
        let all: Rc<[Named]> = if early {
            members
                .iter()
                .flat_map(|member| self.licensed_of(*member).to_vec())
                .collect()
        } else {
            self.mentions()
        };
        all.iter()
            .filter(|named| named.span == span && members.contains(&named.entity))
            .map(|named| Some((named.entity, named.alias)))
            .collect()
    }

    /// The evidence of a span.
    pub(crate) fn at(&self, node: NodeId, span: Span, term: &Short, behind: Behind) -> Evidence {
        let zone = self.text.zone_of(span);
        let starts = &self.text.units.starts;
        let mut start = starts[span.start as usize] as usize;
        let mut end = source_end(zone.text, starts[span.end as usize - 1] as usize);
        if let Some(Expr::Leaf(patterns, _)) = self.set.exprs.get(node as usize) {
            // The spellings of one term have the same signs around them.
            let mut verbatim = patterns
                .iter()
                .filter_map(|pattern| self.set.patterns.verbatim(*pattern));
            if let Some(verbatim) = verbatim.next() {
                start -= verbatim.lead.len();
                end += verbatim.trail.len();
            }
        }
        let tail = self.set.patterns.tail(&self.text, span).map(|(from, to)| {
            let from = starts[from as usize] as usize;
            let to = source_end(zone.text, starts[to as usize - 1] as usize);
            zone.text[from..to].into()
        });
        let mut out = plain(zone.part.key(), zone.index, zone.text, start..end, term);
        out.tail = tail;
        if let Some((entity, alias)) = behind {
            let plan = &self.set.entities[entity as usize];
            out.entity = Some(plan.id.as_str().into());
            out.alias = Some(plan.aliases[alias as usize].text.as_str().into());
        }
        out
    }

    /// The first thousand mentions in title, body and full text, with their evidence.
    pub(crate) fn mention_evidence(&mut self) -> Vec<Mention> {
        let set = self.set;
        let all = self.mentions();
        let mut kept: Vec<Named> = all
            .iter()
            .copied()
            .filter(|named| self.in_scope(named.span, Scope::text()))
            .collect();
        let id = |named: &Named| &set.entities[named.entity as usize].id;
        kept.sort_by(|a, b| (a.span, id(a)).cmp(&(b.span, id(b))));
        kept.truncate(MENTIONS);
        kept.iter()
            .map(|named| {
                let (entity, behind) = (id(named), Some((named.entity, named.alias)));
                Mention {
                    entity: entity.clone(),
                    evidence: self.at(
                        NodeId::MAX,
                        named.span,
                        &format!("@{entity}").into(),
                        behind,
                    ),
                }
            })
            .collect()
    }
}

fn is_wanted(only: Only<'_>, span: &Span) -> bool {
    only.is_none_or(|only| only.binary_search(span).is_ok())
}

/// Of pairs with one side in common only those whose other side holds no other's: `a b … b` is one place of `a` and
/// its nearest `b`. Where an outer NEAR needs their ranges, only of those with one range.
fn tightest(pairs: Vec<Found>, ranges: bool) -> Vec<Found> {
    let is_wider = |one: &Found, other: &Found| {
        let same_partner = one.partner == other.partner && one.anchor.covers(other.anchor);
        let same_anchor = one.anchor == other.anchor && one.partner.covers(other.partner);
        one != other && (same_partner || same_anchor) && (!ranges || one.whole == other.whole)
    };
    if pairs.len() > PER_MATCH {
        return pairs;
    }
    let kept = pairs
        .iter()
        .filter(|one| !pairs.iter().any(|other| is_wider(one, other)));
    kept.copied().collect()
}

/// In order, each once.
fn sorted(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    spans.dedup();
    spans
}

/// Evidence of a range of a stored text.
fn plain(
    field: &str,
    index: Option<usize>,
    stored: &str,
    range: Range<usize>,
    term: &Short,
) -> Evidence {
    Evidence {
        field: field.into(),
        index,
        start: range.start,
        end: range.end,
        text: stored[range].into(),
        term: term.clone(),
        alias: None,
        entity: None,
        tail: None,
    }
}

/// Evidence by field, element and place, then by term and entity.
fn in_order(one: &Evidence, other: &Evidence) -> Ordering {
    let field = || {
        if one.field == other.field {
            return Ordering::Equal;
        }
        rank(&one.field).cmp(&rank(&other.field))
    };
    field()
        .then_with(|| one.index.cmp(&other.index))
        .then_with(|| (one.start, one.end).cmp(&(other.start, other.end)))
        .then_with(|| one.term.cmp(&other.term))
        .then_with(|| one.entity.cmp(&other.entity))
}

fn rank(field: &str) -> Option<usize> {
    const FIELDS: [&str; 6] = ["title", "body", "full_text", "url", "authors", "categories"];
    FIELDS.iter().position(|other| *other == field)
}
