//! One entry against compiled expressions: what holds, and where.
//!
//! Every expression is evaluated at most once an entry. Evidence in the words of a rule is made in `evidence`.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::Subject;
use super::hits::{FEW, Hits};
use super::mention::Named;
use super::near::{Neighbours, Side, sequences};
use super::node::{Expr, NodeId, Pair, Scope};
use super::pairs::Found;
use super::probe::Bytes;
use super::set::{Compiled, RulePlan};
use super::text::{Part, Span, Text};

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

type Memo<T> = HashMap<u32, T, BuildHasherDefault<Quick>>;

/// The evaluation of one entry.
pub(crate) struct Run<'s, 'a> {
    pub set: &'s Compiled,
    pub subject: &'a Subject<'a>,
    pub text: Text<'a>,
    pub hits: Hits,
    truths: Memo<bool>,
    spans: Memo<Rc<[Span]>>,
    pub(super) pairs: Memo<Rc<[Found]>>,
    pub(super) all_pairs: Memo<Rc<[Found]>>,
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
        let hits = Hits::new(set.patterns.scan(&text));
        Self {
            set,
            subject,
            text,
            hits,
            truths: Memo::default(),
            spans: Memo::default(),
            pairs: Memo::default(),
            all_pairs: Memo::default(),
            regexes: Memo::default(),
            licensed: Memo::default(),
            raw: None,
            settled: None,
            url: None,
            host: OnceCell::new(),
            spare: Vec::new(),
        }
    }

    /// Makes room for what so many rules will ask.
    pub(crate) fn make_room(&mut self, rules: usize) {
        self.truths.reserve(rules);
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
            let mut hits = patterns.iter().flat_map(|one| self.hits.of(*one));
            return hits.any(|hit| self.in_scope(hit.span, *scope));
        }
        if let Some(known) = self.truths.get(&node) {
            return *known;
        }
        let holds = match set.expr(node) {
            Expr::Never => false,
            Expr::Leaf(patterns, scope) => self
                .hits
                .among(patterns)
                .any(|hit| self.in_scope(hit.span, *scope)),
            Expr::Sequence(words, between) => {
                words.iter().all(|word| self.holds(*word)) && {
                    let lists = self.lists(words);
                    sequences(&self.text, &lists, *between).next().is_some()
                }
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
            Expr::Count(count, inner) => self.holds(*inner) && self.count(*inner, *count) >= *count,
            Expr::Near(pair) => {
                self.holds(pair.left)
                    && (pair.negated || self.holds(pair.right))
                    && self.is_near(pair)
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
                .hits
                .among(patterns)
                .map(|hit| hit.span)
                .filter(|span| self.in_scope(*span, *scope))
                .collect(),
            Expr::Sequence(words, between) => {
                let lists = self.lists(words);
                sequences(&self.text, &lists, *between).collect()
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
            Expr::Near(pair) => self.near_spans(node, pair),
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

    /// The places of each of some expressions.
    pub(super) fn lists(&mut self, nodes: &[NodeId]) -> Vec<Rc<[Span]>> {
        nodes.iter().map(|node| self.spans(*node)).collect()
    }

    fn scoped(&self, named: &[Named], scope: Scope) -> Vec<Span> {
        named
            .iter()
            .map(|named| named.span)
            .filter(|span| self.in_scope(*span, scope))
            .collect()
    }

    /// Occurrences that do not overlap, those that only repeat the title left out; no more are counted than are enough.
    pub(crate) fn count(&mut self, node: NodeId, enough: u32) -> u32 {
        let spans = self.spans(node);
        // Where the title is not looked at, what repeats it is all there is of it.
        let mut titles = spans.iter().map(|span| self.text.zone_of(*span).part);
        let sees_title = titles.any(|part| part == Part::Title);
        let list = Neighbours::of(&self.text, spans);
        let mut count = 0;
        let mut free = 0;
        for span in list.by_end() {
            if count == enough {
                break;
            }
            let repeats = sees_title && span.last < self.text.zone_of(*span).echo;
            if span.start >= free && !repeats {
                count += 1;
                free = span.end;
            }
        }
        count
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
