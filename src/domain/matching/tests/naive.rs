//! A second evaluation, slow and straight from the definitions, as the oracle of the engine.
//!
//! It shares the reading of text (units, boundaries) with the engine, and nothing of trie, filing, memory,
//! nearness or mentions. What it was asked before it does not work out again, so that a million cases can be tried.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::domain::matching::Subject;
use crate::domain::matching::node::{Between, Scope};
use crate::domain::matching::pattern::{
    End, Pattern, Wild, fits, spellings, term, verbatim, without_question_marks,
};
use crate::domain::matching::scan::{
    Place, closed, crossings, inner_starts, is_lookalike, may_begin,
};
use crate::domain::matching::script::Kind as Script;
use crate::domain::matching::tails::Tails;
use crate::domain::matching::text::{Part, Span, Text};
use crate::domain::matching::units::narrow;
use crate::domain::rule::ast::{Distance, Field, Kind, Near, Node};
use crate::domain::rule::{ContextWithin, Definitions, Entity, parse};

pub struct Naive<'d, 'a> {
    pub definitions: &'d Definitions,
    pub text: Text<'a>,
    subject: &'a Subject<'a>,
    /// Places of words and names, as they were found.
    words: RefCell<HashMap<String, Rc<Vec<Span>>>>,
    licensed: RefCell<HashMap<usize, Rc<Vec<Named>>>>,
}

/// The most trees that are kept.
const KEPT: usize = 10_000;

thread_local! {
    static TREES: RefCell<HashMap<String, Rc<Node>>> = RefCell::default();
    static REGEXES: RefCell<HashMap<String, regex::Regex>> = RefCell::default();
}

/// The tree of a query that can be read.
fn tree(query: &str) -> Rc<Node> {
    TREES.with_borrow_mut(|trees| {
        if trees.len() > KEPT {
            trees.clear();
        }
        let known = trees.get(query).map(Rc::clone);
        known.unwrap_or_else(|| {
            let tree = Rc::new(parse(query).0.unwrap());
            trees.insert(query.to_owned(), Rc::clone(&tree));
            tree
        })
    })
}

fn regex(source: &str) -> regex::Regex {
    REGEXES.with_borrow_mut(|known| {
        let made = || regex::Regex::new(source).unwrap();
        known.entry(source.to_owned()).or_insert_with(made).clone()
    })
}

/// Whether a word before the last has a wildcard.
fn inner_wildcard(text: &str) -> bool {
    let mut words = text.split_whitespace().rev().skip(1);
    words.any(|word| word.contains(['*', '?']))
}

/// Where company is looked for.
#[derive(Clone, Copy)]
struct Reach {
    anchor: Span,
    distance: Distance,
    behind: bool,
    before: bool,
    /// What overlaps the anchor is near it.
    touching: bool,
}

#[derive(Clone, Copy)]
struct Named {
    entity: usize,
    span: Span,
    ambiguous: bool,
}

impl<'d, 'a> Naive<'d, 'a> {
    pub fn new(definitions: &'d Definitions, subject: &'a Subject<'a>) -> Self {
        Self {
            definitions,
            text: Text::new(subject, u8::MAX),
            subject,
            words: RefCell::default(),
            licensed: RefCell::default(),
        }
    }

    /// Whether a query holds.
    pub fn holds(&self, query: &str) -> bool {
        self.truth(&tree(query), Field::Text, false)
    }

    fn truth(&self, node: &Node, field: Field, early: bool) -> bool {
        match &node.kind {
            Kind::Or(parts) => parts.iter().any(|part| self.truth(part, field, early)),
            Kind::And(parts) => parts.iter().all(|part| self.truth(part, field, early)),
            Kind::Not(inner) => !self.truth(inner, field, early),
            Kind::AtLeastOf(count, parts) => {
                let held = self.different(parts, field);
                let held = held.filter(|part| self.truth(part, field, early));
                held.count() >= *count as usize
            }
            Kind::Count(count, inner) => {
                let mut spans = self.spans(inner, field, early);
                let is_title = |span: &Span| self.text.zone_of(*span).part == Part::Title;
                if spans.iter().any(is_title) {
                    spans.retain(|span| span.last >= self.text.zone_of(*span).echo);
                }
                spans.sort_by_key(|span| span.end);
                let mut kept: Vec<Span> = Vec::new();
                for span in spans {
                    if kept.iter().all(|other| !other.overlaps(span)) {
                        kept.push(span);
                    }
                }
                kept.len() >= *count as usize
            }
            Kind::Field(inner_field, inner) => self.truth(inner, *inner_field, early),
            Kind::Macro(name) => self.truth(&self.tree_of(name), field, early),
            Kind::Term(text) if Scope::of(field).is_none() => self.has(field, text),
            _ => !self.spans(node, field, early).is_empty(),
        }
    }

    /// Parts of which each means something else.
    fn different<'n>(&self, parts: &'n [Node], field: Field) -> impl Iterator<Item = &'n Node> {
        let mut seen = HashSet::new();
        let meant: Vec<String> = parts.iter().map(|part| self.meaning(part, field)).collect();
        let kept = parts.iter().zip(meant);
        kept.filter_map(move |(part, meant)| seen.insert(meant).then_some(part))
    }

    /// A text that parts of one meaning share.
    fn meaning(&self, node: &Node, field: Field) -> String {
        let all = |sign: &str, parts: &[Node]| {
            let mut all: Vec<String> = parts.iter().map(|one| self.meaning(one, field)).collect();
            all.sort();
            all.dedup();
            match &*all {
                [one] if !sign.starts_with("of") => one.clone(),
                _ => format!("{sign}({})", all.join(", ")),
            }
        };
        match &node.kind {
            Kind::Or(parts) => all("or", parts),
            Kind::And(parts) => all("and", parts),
            Kind::AtLeastOf(count, parts) => all(&format!("of{count}"), parts),
            Kind::Not(inner) => format!("not {}", self.meaning(inner, field)),
            Kind::Count(count, inner) => format!("count{count} {}", self.meaning(inner, field)),
            Kind::Near(near) => {
                let (left, right) = (&near.left, &near.right);
                let how = (near.distance, near.ordered, near.negated);
                let (left, right) = (self.meaning(left, field), self.meaning(right, field));
                format!("{how:?}({left}, {right})")
            }
            Kind::Field(field, inner) => self.meaning(inner, *field),
            Kind::Macro(name) => self.meaning(&self.tree_of(name), field),
            Kind::Term(text) | Kind::Phrase(text, None)
                if Scope::of(field).is_some() && !inner_wildcard(text) =>
            {
                let text = match node.kind {
                    Kind::Term(_) => text.clone(),
                    _ => without_question_marks(text),
                };
                let mut folded: Vec<String> = term(&text, &End::Closed)
                    .unwrap()
                    .iter()
                    .map(|pattern| format!("{pattern:?}"))
                    .collect();
                folded.sort();
                folded.dedup();
                format!("{field:?} {folded:?}")
            }
            kind => format!("{field:?} {kind:?}"),
        }
    }

    /// Properties and the URL, compared the slow way.
    fn has(&self, field: Field, wanted: &str) -> bool {
        let subject = self.subject;
        let url = subject.url.unwrap_or_default().to_lowercase();
        let host = url
            .split("//")
            .nth(1)
            .and_then(|rest| rest.split('/').next());
        match field {
            Field::Url => url.contains(&wanted.to_lowercase()),
            Field::Host => {
                host.is_some_and(|host| host == wanted || host.ends_with(&format!(".{wanted}")))
            }
            Field::Feed => subject.feed == Some(wanted),
            Field::Tag => subject.tags.iter().any(|tag| tag == wanted),
            Field::Lang => subject.language.is_some_and(|language| {
                let language = language.to_lowercase();
                language == wanted || language.starts_with(&format!("{wanted}-"))
            }),
            other => panic!("{other:?} is no property"),
        }
    }

    /// Matches of a regex, as the letters whose sources begin in them.
    fn regex_spans(&self, source: &str, ignore_case: bool) -> Vec<Span> {
        let flags = if ignore_case { "(?i)" } else { "" };
        let regex = regex(&format!("{flags}{source}"));
        let units = &self.text.units;
        let mut out = Vec::new();
        for zone in &self.text.zones {
            let own = &units.list[zone.units.0 as usize..zone.units.1 as usize];
            for found in regex.find_iter(zone.text) {
                let letters: Vec<(u32, u32)> = own
                    .iter()
                    .enumerate()
                    .flat_map(|(at, unit)| (unit.start..unit.end).map(move |c| (c, narrow(at))))
                    .filter(|(c, _)| {
                        found
                            .range()
                            .contains(&(units.starts[*c as usize] as usize))
                    })
                    .collect();
                if let (Some(first), Some(last)) = (letters.first(), letters.last()) {
                    out.push(Span {
                        start: first.0,
                        end: last.0 + 1,
                        first: zone.units.0 + first.1,
                        last: zone.units.0 + last.1,
                    });
                }
            }
        }
        out
    }

    fn tree_of(&self, name: &str) -> Rc<Node> {
        let found = self.definitions.macros.iter().find(|one| one.id == name);
        tree(&found.unwrap().query)
    }

    fn spans(&self, node: &Node, field: Field, early: bool) -> Vec<Span> {
        let mut out = match &node.kind {
            Kind::Or(parts) => parts
                .iter()
                .flat_map(|part| self.spans(part, field, early))
                .collect(),
            Kind::Near(near) => self.near(near, field, early),
            Kind::Field(inner_field, inner) => self.spans(inner, *inner_field, early),
            Kind::Macro(name) => self.spans(&self.tree_of(name), field, early),
            Kind::Entity(name) => self.entity_spans(
                |entity| entity.id.as_ref().is_some_and(|id| id.as_str() == name),
                early,
            ),
            Kind::Class(name) => self.entity_spans(
                |entity| entity.classes.iter().any(|class| class == name),
                early,
            ),
            Kind::Term(text) => self.words(text),
            Kind::Phrase(text, None) => self.phrase(text),
            Kind::Phrase(text, Some(slop)) => {
                let words: Vec<&str> = text.split_whitespace().collect();
                let mut all = self.phrase(text);
                all.extend(self.row(&words, Between::Words(*slop), &End::Closed));
                all
            }
            Kind::Verbatim(text) => self.exact(text),
            Kind::Regex(source, ignore_case) => self.regex_spans(source, *ignore_case),
            _ => Vec::new(),
        };
        if let Some(scope) = Scope::of(field) {
            out.retain(|span| self.in_scope(*span, scope));
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    fn in_scope(&self, span: Span, scope: Scope) -> bool {
        let zone = self.text.zone_of(span);
        scope.parts & zone.part.bit() != 0
            && (!scope.lead
                || zone.part == Part::Title
                || self.text.spots[span.last as usize].paragraph == zone.paragraph)
    }

    fn phrase(&self, text: &str) -> Vec<Span> {
        self.words(&without_question_marks(text))
    }

    fn words(&self, text: &str) -> Vec<Span> {
        let known = self.words.borrow().get(text).map(Rc::clone);
        let known = known.unwrap_or_else(|| {
            let found = Rc::new(self.words_anew(text));
            let mut words = self.words.borrow_mut();
            words.insert(text.to_owned(), Rc::clone(&found));
            found
        });
        known.to_vec()
    }

    fn words_anew(&self, text: &str) -> Vec<Span> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if inner_wildcard(text) {
            return self.row(&words, Between::Separators, &End::Whole);
        }
        self.word(text, &End::Closed)
    }

    /// Every place of a term; of one with the Arabic article also where the preposition ل swallows its alif.
    fn word(&self, text: &str, end: &End) -> Vec<Span> {
        let has_article = text.starts_with("ال");
        let patterns = spellings(text, end).unwrap();
        let mut out = Vec::new();
        for pattern in &patterns {
            out.extend(self.places(pattern, false));
            if has_article {
                out.extend(self.places(pattern, true));
            }
        }
        out
    }

    /// Words in order: every start with every end that fits.
    fn row(&self, words: &[&str], between: Between, end: &End) -> Vec<Span> {
        let lists: Vec<Vec<Span>> = words
            .iter()
            .enumerate()
            .map(|(index, word)| {
                let end = if index + 1 == words.len() {
                    &End::Closed
                } else {
                    end
                };
                let mut list = self.word(word, end);
                list.sort_unstable();
                list
            })
            .collect();
        let mut rows: Vec<(Span, Span, u32)> =
            lists[0].iter().map(|start| (*start, *start, 0)).collect();
        for list in &lists[1..] {
            let mut longer = Vec::new();
            for (whole, last, words) in rows {
                let spot = |span: Span, unit: u32| (span, self.text.spots[unit as usize].block);
                let (_, block) = spot(last, last.last);
                for &next in list.iter().filter(|next| next.start >= last.end) {
                    let words = words + self.text.words_between(last, next);
                    let units = &self.text.units;
                    let is_free = match between {
                        Between::Words(most) => words <= most,
                        // Every letter between the two would be one of a unit.
                        Between::Separators => units
                            .list
                            .iter()
                            .all(|unit| unit.end <= last.end || unit.start >= next.start),
                    };
                    if spot(next, next.first).1 == block && is_free {
                        longer.push((whole.hull(next), next, words));
                    }
                }
            }
            rows = longer;
        }
        rows.into_iter().map(|(whole, ..)| whole).collect()
    }

    /// Every place of a verbatim term.
    fn exact(&self, text: &str) -> Vec<Span> {
        let patterns = verbatim(text);
        let places = patterns.iter();
        places
            .flat_map(|pattern| self.places(pattern, false))
            .collect()
    }

    /// Every place of a pattern, by trying every character; or of one with an article, behind ل and without its alif,
    /// and without its lam too where the word begins with one.
    fn places(&self, pattern: &Pattern, behind_lam: bool) -> Vec<Span> {
        let mut out = Vec::new();
        let units = &self.text.units;
        let begins = pattern.symbols.first().and_then(|one| char::from_u32(*one));
        let third = pattern.symbols.get(2).map(|one| char::from_u32(*one));
        let skipped = match third {
            _ if !behind_lam => 0,
            Some(Some('ل')) => 2,
            None if matches!(pattern.end, End::Closed | End::Whole) => return out,
            Some(None) => return out,
            _ => 1,
        };
        let begins = if behind_lam { Some('ل') } else { begins };
        let other = |at: u32| begins.is_some_and(|c| units.chars.get(at as usize) != Some(&c));
        for first in 0..units.list.len() {
            if !may_begin(&self.text, first) {
                continue;
            }
            let mut starts = vec![units.list[first].start];
            inner_starts(&self.text, first, |at| starts.push(at));
            for start in starts {
                if other(start) {
                    continue;
                }
                let place = Place {
                    first: narrow(first),
                    unit: narrow(first),
                    at: start + u32::from(behind_lam),
                };
                for end in self.follow(&pattern.symbols[skipped..], place) {
                    out.extend(self.ended(pattern, start, end));
                }
            }
        }
        out
    }

    fn follow(&self, symbols: &[u32], place: Place) -> Vec<Place> {
        let Some((symbol, rest)) = symbols.split_first() else {
            return vec![place];
        };
        let unit = self.text.units.list[place.unit as usize];
        let Some(letter) = char::from_u32(*symbol) else {
            if place.at < unit.end {
                let joined = *symbol == crate::domain::matching::pattern::OPTIONAL
                    && unit.kind.stands_alone();
                return if joined {
                    self.follow(rest, place)
                } else {
                    Vec::new()
                };
            }
            let ways = crossings(&self.text, place.unit as usize);
            if !ways.contains(&Some(*symbol)) {
                return Vec::new();
            }
            return self.follow(
                rest,
                Place {
                    unit: place.unit + 1,
                    ..place
                },
            );
        };
        let here = place.at < unit.end && self.text.units.chars[place.at as usize] == letter;
        if here {
            self.follow(
                rest,
                Place {
                    at: place.at + 1,
                    ..place
                },
            )
        } else {
            Vec::new()
        }
    }

    /// The span of a pattern that was followed to a place, if it may end there.
    fn ended(&self, pattern: &Pattern, start: u32, place: Place) -> Option<Span> {
        let units = &self.text.units;
        let unit = units.list[place.unit as usize];
        let has_tail = |at: u32| {
            let rest = &units.chars[at as usize..unit.end as usize];
            unit.kind == Script::Hangul
                && !rest.is_empty()
                && Tails::shared().fits(&units.chars[unit.start as usize..at as usize], rest)
        };
        let mut word = place;
        word.at = unit.end;
        while !closed(&self.text, word) {
            word.unit += 1;
            word.at = units.list[word.unit as usize].end;
        }
        let rest: &[char] = &units.chars[place.at as usize..word.at as usize];
        let any = [Wild::Any];
        let end = match &pattern.end {
            End::Closed => (closed(&self.text, place) || has_tail(place.at)).then_some(place)?,
            End::Whole => closed(&self.text, place).then_some(place)?,
            End::Open if unit.kind == Script::Dense || has_tail(place.at) => place,
            End::Open => fits(&any, rest).then_some(word)?,
            End::Glob(pieces) if fits(pieces, rest) => word,
            End::Glob(pieces) if unit.kind.stands_alone() => {
                let at = (place.at..word.at).rev().find(|at| {
                    let ends = unit.kind == Script::Dense || has_tail(*at);
                    ends && fits(pieces, &units.chars[place.at as usize..*at as usize])
                })?;
                Place { at, ..place }
            }
            End::Glob(_) => return None,
        };
        let span = Span {
            start,
            end: end.at,
            first: place.first,
            last: end.unit,
        };
        if pattern.lookalike && !is_lookalike(&self.text, place) {
            return None;
        }
        let Some(verbatim) = &pattern.verbatim else {
            return Some(span);
        };
        let zone = self.text.zone_of(span);
        let from = units.starts[start as usize] as usize;
        zone.text[from..]
            .starts_with(&verbatim.core)
            .then_some(span)
    }

    /// Whether a node is more than a list of occurrences: AND and n OF are, and OR of such.
    fn is_joint(&self, node: &Node) -> bool {
        match &node.kind {
            Kind::And(_) | Kind::AtLeastOf(..) => true,
            Kind::Or(parts) => parts.iter().any(|part| self.is_joint(part)),
            Kind::Field(_, inner) => self.is_joint(inner),
            Kind::Macro(name) => self.is_joint(&self.tree_of(name)),
            _ => false,
        }
    }

    /// What of a node is near one place, each as one range: all parts of AND, enough of OF, any of OR.
    fn company(&self, node: &Node, at: Reach, field: Field, early: bool) -> Vec<Span> {
        if !self.is_joint(node) {
            let mut spans = self.spans(node, field, early);
            spans.retain(|span| {
                at.touching && span.overlaps(at.anchor)
                    || at.behind && self.follows(at.anchor, *span, at.distance)
                    || at.before && self.follows(*span, at.anchor, at.distance)
            });
            return spans;
        }
        let (parts, least, any) = match &node.kind {
            Kind::And(parts) => (parts.iter().collect(), parts.len(), false),
            Kind::AtLeastOf(count, parts) => {
                let different = self.different(parts, field).collect();
                (different, *count as usize, false)
            }
            Kind::Or(parts) => (parts.iter().collect::<Vec<_>>(), 1, true),
            Kind::Field(inner_field, inner) => return self.company(inner, at, *inner_field, early),
            Kind::Macro(name) => return self.company(&self.tree_of(name), at, field, early),
            other => panic!("{other:?} is a list of occurrences"),
        };
        let mut found: HashSet<(usize, Option<Span>)> = HashSet::from([(0, None)]);
        for part in parts {
            let near = self.company(part, at, field, early);
            for (count, range) in found.clone() {
                for &place in &near {
                    let whole = range.map_or(place, |range: Span| range.hull(place));
                    // Of OR one is taken, of the others as many as there are.
                    if count == 0 || !any {
                        found.insert((count + 1, Some(whole)));
                    }
                }
            }
        }
        let enough = found.into_iter().filter(|(count, _)| *count >= least);
        enough.filter_map(|(_, range)| range).collect()
    }

    /// NEAR where one side is AND or n OF: each place of the other side that has the company.
    fn near_joint(&self, near: &Near, field: Field, early: bool) -> Vec<Span> {
        let right = self.is_joint(&near.right);
        let (anchors, others) = if right {
            (&near.left, &near.right)
        } else {
            (&near.right, &near.left)
        };
        let mut out = Vec::new();
        for anchor in self.spans(anchors, field, early) {
            let at = Reach {
                anchor,
                distance: near.distance,
                behind: right || !near.ordered,
                before: !right || !near.ordered,
                touching: near.negated && !near.ordered,
            };
            let company = self.company(others, at, field, early);
            if !near.negated {
                out.extend(company.into_iter().map(|other| anchor.hull(other)));
            } else if company.is_empty() {
                out.push(anchor);
            }
        }
        out
    }

    /// Pairs: each occurrence with each of the other side that is near.
    fn near(&self, near: &Near, field: Field, early: bool) -> Vec<Span> {
        if self.is_joint(&near.left) || self.is_joint(&near.right) {
            return self.near_joint(near, field, early);
        }
        let left = self.spans(&near.left, field, early);
        let right = self.spans(&near.right, field, early);
        let is_near = |a: Span, b: Span| {
            self.follows(a, b, near.distance) || !near.ordered && self.follows(b, a, near.distance)
        };
        if near.negated {
            let denies = |a: Span, b: Span| is_near(a, b) || !near.ordered && a.overlaps(b);
            let alone = left.into_iter();
            return alone
                .filter(|a| !right.iter().any(|b| denies(*a, *b)))
                .collect();
        }
        let mut out = Vec::new();
        for &a in &left {
            let near = right.iter().filter(|b| is_near(a, **b));
            out.extend(near.map(|b| a.hull(*b)));
        }
        out
    }

    /// Whether `b` stands behind `a`, near enough.
    fn follows(&self, a: Span, b: Span, distance: Distance) -> bool {
        a.end <= b.start && self.is_near(a, b, distance)
    }

    fn is_near(&self, left: Span, right: Span, distance: Distance) -> bool {
        let spots = &self.text.spots;
        let (l, r) = (spots[left.last as usize], spots[right.first as usize]);
        l.zone == r.zone
            && match distance {
                Distance::Words(most) => self.text.words_between(left, right) <= most,
                Distance::Sentence => l.sentence == r.sentence,
                Distance::Paragraph => l.paragraph == r.paragraph,
            }
    }

    fn entity_spans(&self, wanted: impl Fn(&Entity) -> bool, early: bool) -> Vec<Span> {
        let entities = &self.definitions.entities;
        let all: Vec<Named> = (0..entities.len())
            .filter(|index| !early || wanted(&entities[*index]))
            .flat_map(|index| self.licensed(index))
            .collect();
        all.iter()
            .filter(|named| wanted(&entities[named.entity]))
            .filter(|named| {
                early
                    || !all.iter().any(|outer| {
                        outer.span != named.span
                            && outer.span.covers(named.span)
                            && (outer.entity == named.entity
                                || entities[outer.entity]
                                    .classes
                                    .iter()
                                    .any(|class| entities[named.entity].classes.contains(class)))
                    })
            })
            .map(|named| named.span)
            .collect()
    }

    /// Names of one entity that count, overlaps not yet settled.
    fn licensed(&self, index: usize) -> Vec<Named> {
        let known = self.licensed.borrow().get(&index).map(Rc::clone);
        let known = known.unwrap_or_else(|| {
            let found = Rc::new(self.licensed_anew(index));
            let mut licensed = self.licensed.borrow_mut();
            licensed.insert(index, Rc::clone(&found));
            found
        });
        known.to_vec()
    }

    fn licensed_anew(&self, index: usize) -> Vec<Named> {
        let entity = &self.definitions.entities[index];
        let mut named: Vec<Named> = Vec::new();
        let mut add = |text: &str, spans: Vec<Span>| {
            let ambiguous = entity.ambiguous.iter().any(|other| other == text);
            named.extend(spans.into_iter().map(|span| Named {
                entity: index,
                span,
                ambiguous,
            }));
        };
        let folded = std::iter::once(&entity.name).chain(&entity.aliases).chain(
            entity
                .ambiguous
                .iter()
                .filter(|text| !entity.exact.contains(text)),
        );
        for text in folded {
            add(text, self.phrase(text));
        }
        for text in &entity.exact {
            add(text, self.exact(text));
        }
        let blockers: Vec<Span> = entity
            .not_in
            .iter()
            .flat_map(|text| self.phrase(text))
            .collect();
        named.retain(|one| !blockers.iter().any(|blocker| blocker.covers(one.span)));
        if named.iter().all(|one| one.ambiguous) {
            named.retain(|one| self.in_context(entity, one.span));
        }
        named
    }

    fn in_context(&self, entity: &Entity, span: Span) -> bool {
        let Some(context) = &entity.context else {
            return false;
        };
        let tree = tree(context);
        if !self.truth(&tree, Field::Text, true) {
            return false;
        }
        let mut support = Vec::new();
        self.support(&tree, &mut support);
        let distance = match entity.context_within {
            ContextWithin::Entry => None,
            ContextWithin::Paragraph => Some(Distance::Paragraph),
            ContextWithin::Sentence => Some(Distance::Sentence),
            ContextWithin::Words(most) => Some(Distance::Words(most)),
        };
        support.iter().any(|other| {
            !other.overlaps(span)
                && distance.is_none_or(|distance| {
                    let (left, right) = if other.end <= span.start {
                        (*other, span)
                    } else {
                        (span, *other)
                    };
                    self.is_near(left, right, distance)
                })
        })
    }

    /// Places of the true leaves of a context; contexts of the samples have no NEAR.
    fn support(&self, node: &Node, out: &mut Vec<Span>) {
        if !self.truth(node, Field::Text, true) {
            return;
        }
        match &node.kind {
            Kind::Or(parts) | Kind::And(parts) => {
                for part in parts {
                    self.support(part, out);
                }
            }
            _ => out.extend(self.spans(node, Field::Text, true)),
        }
    }
}
