//! Explanations: each clause of a rule with what made it true, or how near it came (MAT-56, MAT-57).
//!
//! Runs the same evaluation as matching; only the notes are made here and in `miss`.

use super::Explanation;
use super::clause::Clause;
use super::evaluate::Run;
use super::node::{Expr, NodeId, Scope};
use super::set::RulePlan;
use super::text::{Part, Span};

/// What the end of a body that was cut looks like.
const CUTS: [&str; 6] = ["…", "...", "[...]", "[…]", "Read more", "더보기"];

impl Run<'_, '_> {
    /// The whole rule, its filters first.
    pub(crate) fn explain_rule(&mut self, rule: &RulePlan, clause: &Clause) -> Explanation {
        let mut out = self.explain(clause);
        let asked = out.holds;
        let mut notes: Vec<String> = out.note.take().into_iter().collect();
        if !rule.enabled {
            notes.push("the rule is switched off".to_owned());
        }
        let feed = rule.admits_feed(self.subject);
        let language = rule.admits_language(self.subject);
        if !feed {
            notes.push(format!(
                "the rule does not look at feed {}",
                self.subject.feed.unwrap_or_default()
            ));
        }
        if !language {
            notes.push(format!(
                "the rule looks at language {}, and {}",
                rule.languages().join(", "),
                self.language()
            ));
        }
        let admitted = feed && language;
        out.holds = asked && admitted;
        out.is_shut_out = asked && !admitted;
        if admitted && !asked && self.wants_text(clause.node) {
            notes.extend(self.thinness());
        }
        out.note = (!notes.is_empty()).then(|| notes.join("; "));
        out
    }

    /// Whether an expression that does not hold may do so in an entry with more text than this.
    fn wants_text(&mut self, node: NodeId) -> bool {
        let set = self.set;
        let reads = |scope: &Scope| scope.parts & (Part::Body.bit() | Part::FullText.bit()) != 0;
        match set.expr(node) {
            Expr::Leaf(_, scope) | Expr::Regex(_, scope) => reads(scope),
            Expr::Entity(entity, scope, _) => reads(scope) && !self.is_blocked(*entity),
            Expr::Class(class, scope, _) => {
                let mut members = set.members(*class).iter();
                reads(scope) && !members.any(|member| self.is_blocked(*member))
            }
            Expr::Sequence(parts, _) => parts.first().is_some_and(|part| self.wants_text(*part)),
            Expr::Count(_, inner) => self.wants_text(*inner),
            Expr::Near(pair) if pair.negated => {
                !self.holds(pair.left) && self.wants_text(pair.left)
            }
            Expr::Near(pair) => self.wants_text(pair.left) && self.wants_text(pair.right),
            Expr::And(parts) => self.may_hold(parts, parts.len()),
            Expr::Or(parts) => self.may_hold(parts, 1),
            Expr::Of(count, parts) => self.may_hold(parts, *count as usize),
            _ => false,
        }
    }

    /// Whether so many parts hold, or may in an entry with more text.
    fn may_hold(&mut self, parts: &[NodeId], needed: usize) -> bool {
        let able = parts
            .iter()
            .filter(|part| self.holds(**part) || self.wants_text(**part));
        able.count() >= needed
    }

    /// What the entry lacks that a rule may need (MAT-51, MAT-52).
    fn thinness(&self) -> Option<String> {
        if self.subject.full_text.is_some() {
            return None;
        }
        let body = self.subject.body.trim();
        if body.is_empty() || body == self.subject.title.trim() {
            return Some("the entry is a headline only".to_owned());
        }
        CUTS.iter()
            .any(|cut| body.ends_with(cut))
            .then(|| format!("the body is cut at {} characters", body.chars().count()))
    }

    /// One clause with its parts.
    pub(crate) fn explain(&mut self, clause: &Clause) -> Explanation {
        let set = self.set;
        let written = set.written(clause).to_owned();
        if let Some(inner) = set.clauses.wrapped(clause) {
            let mut out = self.explain(inner);
            if inner.source == clause.source {
                out.clause = written;
                return out;
            }
            return Explanation {
                clause: written,
                holds: out.holds,
                note: None,
                evidence: Vec::new(),
                parts: vec![out],
                is_choice: false,
                is_shut_out: false,
            };
        }
        let parts = set.clauses.of(clause.parts);
        let holds = self.holds(clause.node);
        let is_not = matches!(set.expr(clause.node), Expr::Not(_));
        let mut evidence = Vec::new();
        if is_not && !holds {
            self.evidence(&parts[0], &mut evidence);
        } else if clause.is_leaf() || matches!(set.expr(clause.node), Expr::Near(_)) {
            self.evidence(clause, &mut evidence);
        }
        let parts = parts.iter().map(|part| self.explain(part)).collect();
        let note = if holds { None } else { self.miss(clause) };
        Explanation {
            clause: written,
            holds,
            note,
            evidence,
            parts,
            is_choice: matches!(set.expr(clause.node), Expr::Or(_) | Expr::Of(..)),
            is_shut_out: false,
        }
    }

    /// The fewest leaves that would have to flip for `node` to be as wanted.
    pub(crate) fn distance(&mut self, node: NodeId, wanted: bool) -> u32 {
        if self.holds(node) == wanted {
            return 0;
        }
        let set = self.set;
        match set.expr(node) {
            Expr::And(parts) => self.flips(parts, if wanted { parts.len() } else { 1 }, wanted),
            Expr::Or(parts) => self.flips(parts, if wanted { 1 } else { parts.len() }, wanted),
            Expr::Of(count, parts) => {
                let count = *count as usize;
                let needed = if wanted {
                    count
                } else {
                    (parts.len() + 1).saturating_sub(count)
                };
                self.flips(parts, needed, wanted)
            }
            Expr::Not(inner) => self.distance(*inner, !wanted),
            // Not by calling itself in the last place: what optimised builds made of that lost the 1.
            Expr::Count(_, inner) if wanted => self.flips(&[*inner], 1, true).max(1),
            Expr::Near(pair) if wanted && !pair.negated => {
                self.flips(&[pair.left, pair.right], 2, true).max(1)
            }
            _ => 1,
        }
    }

    /// The sum of the smallest distances of so many parts.
    fn flips(&mut self, parts: &[NodeId], needed: usize, wanted: bool) -> u32 {
        let mut all: Vec<u32> = parts
            .iter()
            .map(|part| self.distance(*part, wanted))
            .collect();
        all.sort_unstable();
        all.into_iter().take(needed).fold(0, u32::saturating_add)
    }

    /// The words of the stored text around a span, as far as the units that it touches reach.
    pub(crate) fn around(&self, span: Span) -> String {
        let zone = self.text.zone_of(span);
        let mut first = span.first as usize;
        let mut last = span.last as usize;
        let units = &self.text.units.list;
        let joined = |at: usize| {
            units.get(at).is_some_and(|unit| {
                unit.gap == super::units::Gap::None
                    && at > 0
                    && !super::script::is_border(units[at - 1].kind, unit.kind)
            })
        };
        while joined(first) {
            first -= 1;
        }
        while joined(last + 1) {
            last += 1;
        }
        let starts = &self.text.units.starts;
        let from = starts[units[first].start as usize] as usize;
        let to = super::fold::source_end(zone.text, starts[units[last].end as usize - 1] as usize);
        zone.text[from..to].chars().take(60).collect()
    }

    /// The parts of a list that do not hold, as written.
    pub(crate) fn missing(&mut self, clause: &Clause) -> String {
        let set = self.set;
        let parts = set.clauses.of(clause.parts).iter();
        let names: Vec<&str> = parts
            .filter(|part| !self.holds(part.node))
            .map(|part| set.written(part))
            .collect();
        names.join(", ")
    }
}
