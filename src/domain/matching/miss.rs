//! How near a clause that does not hold came: the closest thing in the entry, in a few words (MAT-56).
//!
//! Slow and only for people: nothing here runs while matching.

use super::super::rule::ast::{Distance, Field};
use super::evaluate::Run;
use super::near::{Neighbours, gap, sequences};
use super::node::{Clause, Expr, NodeId, Pair, Property, Scope};
use super::pattern::{End, OPTIONAL, Pattern};
use super::scan::{Place, closed, crossings, inner_starts, may_begin};
use super::script::Kind;
use super::text::{Part, Span};
use super::units::narrow;

/// Most characters that are searched for a near miss.
const SEARCHED: usize = 200_000;

impl Run<'_, '_> {
    /// A note on a clause that does not hold.
    pub(crate) fn miss(&mut self, clause: &Clause) -> Option<String> {
        let set = self.set;
        match set.expr(clause.node) {
            // Alternatives, of which each says for itself.
            Expr::Leaf(..) if !clause.parts.is_empty() => None,
            Expr::Leaf(patterns, scope) => self.miss_term(patterns, *scope),
            Expr::Sequence(words, slop) => self.miss_row(words, *slop),
            Expr::Or(parts) if clause.parts.is_empty() => {
                parts.iter().find_map(|part| match set.expr(*part) {
                    Expr::Sequence(words, slop) => self.miss_row(words, *slop),
                    _ => None,
                })
            }
            Expr::Near(pair) => self.miss_near(pair),
            Expr::Count(count, inner) => {
                Some(format!("{} of {count}", self.count(*inner, u32::MAX)))
            }
            Expr::Of(count, parts) => {
                let held = parts.iter().filter(|part| self.holds(**part)).count();
                let missing = self.missing(clause);
                Some(format!("{held} of {count}; missing {missing}"))
            }
            Expr::Not(_) => Some("denied by what stands here".to_owned()),
            Expr::Entity(entity, scope, _) => self.miss_entity(*entity, *scope),
            Expr::Class(class, scope, _) => set
                .members(*class)
                .iter()
                .find_map(|member| self.miss_entity(*member, *scope)),
            Expr::Property(property) => self.miss_property(property),
            Expr::Regex(..)
            | Expr::Url(_)
            | Expr::UrlRegex(_)
            | Expr::Or(_)
            | Expr::And(_)
            | Expr::Never => None,
        }
    }

    fn miss_term(&self, patterns: &[u32], scope: Scope) -> Option<String> {
        let elsewhere = patterns
            .iter()
            .find_map(|pattern| self.hits_of(*pattern).first());
        if let Some(hit) = elsewhere {
            let have = self.text.zone_of(hit.span).part.key();
            return Some(format!(
                "found in {have}, the rule wants {}",
                in_words(scope)
            ));
        }
        patterns
            .iter()
            .find_map(|pattern| self.miss_pattern(self.set.patterns.get(*pattern)))
    }

    /// The first place where the letters of a pattern stand, whatever is around them; rather one that begins well.
    fn miss_pattern(&self, pattern: &Pattern) -> Option<String> {
        let mut inside = None;
        for first in 0..self.text.units.list.len() {
            let unit = self.text.units.list[first];
            if unit.start as usize > SEARCHED {
                break;
            }
            let mut starts = Vec::new();
            if may_begin(&self.text, first) {
                starts.push(unit.start);
                inner_starts(&self.text, first, |at| starts.push(at));
            }
            for at in unit.start..unit.end {
                let Some(end) = self.stands_at(pattern, first, at) else {
                    continue;
                };
                let span = Span {
                    start: at,
                    end: end.at,
                    first: narrow(first),
                    last: end.unit,
                };
                if starts.contains(&at) {
                    return Some(self.miss_end(pattern, span, end));
                }
                inside.get_or_insert(span);
            }
        }
        inside.map(|span| format!("{} seen: it stands inside a longer word", self.around(span)))
    }

    fn miss_end(&self, pattern: &Pattern, span: Span, end: Place) -> String {
        let seen = self.around(span);
        let unit = self.text.units.list[end.unit as usize];
        let chars = &self.text.units.chars;
        let ends = closed(&self.text, end);
        if ends && let Some(verbatim) = &pattern.verbatim {
            return format!("{seen} seen, exact wants {}", verbatim.core);
        }
        let term: String = chars[span.start as usize..span.end as usize]
            .iter()
            .collect();
        if unit.kind == Kind::Hangul && !ends {
            let rest = &chars[end.at as usize..unit.end as usize];
            let before = &chars[unit.start as usize..end.at as usize];
            if let Some(wanted) = self.set.patterns.tails.refused(before, rest) {
                let tail: String = rest.iter().collect();
                return format!("{seen} seen: {tail} wants {} before it", wanted.as_str());
            }
            return format!(
                "{seen} seen: {term} does not match inside a longer word (write {term}*)"
            );
        }
        let written: String = {
            let from = self.text.units.starts[span.start as usize] as usize;
            let to = super::fold::source_end(
                self.text.zone_of(span).text,
                self.text.units.starts[span.end as usize - 1] as usize,
            );
            self.text.zone_of(span).text[from..to].to_owned()
        };
        match pattern.end {
            End::Glob(_) => format!("{seen} seen, which the wildcard does not fit"),
            _ => format!("{seen} seen (write {written}*)"),
        }
    }

    /// Walks the symbols of one pattern from a character on.
    fn stands_at(&self, pattern: &Pattern, first: usize, start: u32) -> Option<Place> {
        let list = &self.text.units.list;
        let mut place = Place {
            first: narrow(first),
            unit: narrow(first),
            at: start,
        };
        for symbol in &pattern.symbols {
            let unit = list[place.unit as usize];
            if let Some(letter) = char::from_u32(*symbol) {
                let here =
                    place.at < unit.end && self.text.units.chars[place.at as usize] == letter;
                if !here {
                    return None;
                }
                place.at += 1;
            } else if place.at < unit.end {
                if *symbol != OPTIONAL || !unit.kind.stands_alone() {
                    return None;
                }
            } else {
                let ways = crossings(&self.text, place.unit as usize);
                if !ways.contains(&Some(*symbol)) {
                    return None;
                }
                place.unit += 1;
            }
        }
        Some(place)
    }

    /// A phrase with too many words between.
    fn miss_row(&mut self, words: &[NodeId], slop: u32) -> Option<String> {
        let lists = self.lists(words);
        sequences(&self.text, &lists, u32::MAX).next()?;
        let (mut low, mut high) = (slop, u32::MAX);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if sequences(&self.text, &lists, middle).next().is_none() {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(format!("{high} words between, {slop} allowed"))
    }

    fn miss_near(&mut self, pair: &Pair) -> Option<String> {
        let set = self.set;
        if !set.is_simple(pair.left) || !set.is_simple(pair.right) {
            return None;
        }
        let (left, right) = (self.spans(pair.left), self.spans(pair.right));
        if pair.negated {
            return (!left.is_empty()).then(|| "each one has the other near it".to_owned());
        }
        if left.is_empty() || right.is_empty() {
            return None;
        }
        let rights = Neighbours::of(&self.text, right);
        let mut best: Option<(u32, Span, Span)> = None;
        let mut reversed = false;
        for &anchor in left.iter() {
            let before = rights.before(anchor);
            let after = rights.after(anchor);
            reversed |= pair.ordered && before.is_some();
            let partners = if pair.ordered {
                [None, after]
            } else {
                [before, after]
            };
            for partner in partners.into_iter().flatten() {
                let words = gap(&self.text, anchor, partner);
                if best.is_none_or(|(least, ..)| words < least) {
                    best = Some((words, anchor, partner));
                }
            }
        }
        let Some((words, anchor, partner)) = best else {
            return Some(
                if reversed {
                    "only in the other order"
                } else if left.iter().any(|span| rights.overlaps(*span)) {
                    "only in the same place"
                } else {
                    "not in the same field"
                }
                .to_owned(),
            );
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
        Some(match pair.distance {
            Distance::Words(most) => format!("closest {words} words apart, {most} allowed"),
            Distance::Sentence => format!("sentences {} and {}", spots[0].0, spots[1].0),
            Distance::Paragraph => format!("paragraphs {} and {}", spots[0].1, spots[1].1),
        })
    }

    /// Names of an entity that stand in the entry and do not count.
    fn miss_entity(&mut self, entity: u32, scope: Scope) -> Option<String> {
        let named = self.named();
        let own: Vec<_> = named
            .iter()
            .filter(|named| named.entity == entity)
            .collect();
        let first = *own.first()?;
        let plan = &self.set.entities[entity as usize];
        let alias = &plan.aliases[first.alias as usize].text;
        let times = own.len();
        let unblocked = self.unblocked(entity);
        if unblocked.is_empty() {
            let blocker = plan
                .not_in
                .iter()
                .flat_map(|pattern| self.hits_of(*pattern))
                .find(|hit| hit.span.covers(first.span))?;
            return Some(format!(
                "{alias} ×{times}, inside {}",
                self.around(blocker.span)
            ));
        }
        if self.licensed_of(entity).is_empty() {
            return Some(format!("{alias} ×{times}, context not met"));
        }
        let settled = self.mentions_of(entity, false);
        if let Some(found) = settled.first() {
            let have = self.text.zone_of(found.span).part.key();
            return Some(format!(
                "found in {have}, the rule wants {}",
                in_words(scope)
            ));
        }
        let all = self.mentions();
        let outer = all.iter().find(|outer| {
            outer.entity != entity
                && outer.span.covers(first.span)
                && self.set.compete(outer.entity, entity)
        })?;
        let id = &self.set.entities[outer.entity as usize].id;
        Some(format!(
            "{alias} ×{times}, inside {} (@{id})",
            self.around(outer.span)
        ))
    }

    fn miss_property(&self, property: &Property) -> Option<String> {
        let subject = self.subject;
        let have = match property.field {
            Field::Lang => subject.language.unwrap_or("unknown").to_owned(),
            Field::Feed => subject.feed.unwrap_or("no feed").to_owned(),
            Field::Tag if subject.tags.is_empty() => "without tags".to_owned(),
            Field::Tag => subject.tags.join(", "),
            Field::Host => subject.url.unwrap_or("without a URL").to_owned(),
            _ => return None,
        };
        Some(format!("the entry is {have}"))
    }
}

/// A scope in the words of the language.
fn in_words(scope: Scope) -> String {
    if scope.lead {
        return "lead".to_owned();
    }
    let parts = [
        Part::Title,
        Part::Body,
        Part::FullText,
        Part::Author,
        Part::Category,
    ];
    let names: Vec<&str> = parts
        .iter()
        .filter(|part| scope.parts & part.bit() != 0)
        .map(|part| part.key())
        .collect();
    names.join(" or ")
}
