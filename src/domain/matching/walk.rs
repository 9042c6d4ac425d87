//! The walk: from every place where a term may begin through heads and trie, to hits of patterns.
//!
//! One pass over an entry, whatever the number of rules.

use super::heads::HeadHash;
use super::pattern::OPTIONAL;
use super::scan::{
    Brief, Hit, Patterns, Place, SEVERAL, closed, crossings, inner_starts, may_begin,
};
use super::script::Kind;
use super::text::Text;
use super::trie::State;
use super::units::{Unit, narrow};

/// Every place where a pattern stands, in the order of the text.
pub(crate) fn walk(patterns: &Patterns, text: &Text<'_>) -> Vec<Hit> {
    let mut walk = Walk {
        patterns,
        text,
        stack: Vec::new(),
        hits: Vec::new(),
    };
    for first in 0..text.units.list.len() {
        walk.begin_in(first);
    }
    walk.hits
}

struct Walk<'p, 't, 'a> {
    patterns: &'p Patterns,
    text: &'t Text<'a>,
    stack: Vec<(State, Place)>,
    hits: Vec<Hit>,
}

impl Walk<'_, '_, '_> {
    fn begin_in(&mut self, first: usize) {
        let text = self.text;
        if !may_begin(text, first) {
            return;
        }
        let unit = text.units.list[first];
        self.begin_at(first, unit.start);
        if matches!(unit.kind, Kind::Dense | Kind::Arabic | Kind::Hebrew) {
            inner_starts(text, first, |at| self.begin_at(first, at));
        }
    }

    fn begin_at(&mut self, first: usize, start: u32) {
        let unit = self.text.units.list[first];
        let first = narrow(first);
        let place = Place {
            first,
            unit: first,
            at: start,
        };
        if unit.kind == Kind::Dense {
            self.follow(State::START, place, start);
        } else {
            self.heads(unit, place);
        }
        while let Some((state, place)) = self.stack.pop() {
            self.follow(state, place, start);
        }
    }

    /// Goes on from every head that the letters from a place on begin with, to the end of the unit.
    fn heads(&mut self, unit: Unit, from: Place) {
        let patterns = self.patterns;
        let letters = &self.text.units.chars[from.at as usize..unit.end as usize];
        let is_hangul = unit.kind == Kind::Hangul;
        let mut hash = HeadHash::default();
        for (at, letter) in letters.iter().enumerate() {
            hash = hash.and(u32::from(*letter));
            let length = at + 1;
            let is_last = length == letters.len();
            if !(is_last || is_hangul || patterns.heads.may_end_inside(narrow(length))) {
                continue;
            }
            let Some(state) = patterns.heads.find(hash, &letters[..length]) else {
                continue;
            };
            let place = Place {
                at: from.at + narrow(length),
                ..from
            };
            if let Some(value) = state.value() {
                self.emit(value, place, from.at);
            }
            if is_last {
                self.cross(state, place);
            } else if is_hangul && patterns.trie.joins(state) {
                self.stack.extend(
                    patterns
                        .trie
                        .step(state, OPTIONAL)
                        .map(|next| (next, place)),
                );
            }
        }
    }

    /// Walks on through a unit, and pushes the ways into the next.
    fn follow(&mut self, mut state: State, mut place: Place, start: u32) {
        let trie = &self.patterns.trie;
        let units = &self.text.units;
        let unit = units.list[place.unit as usize];
        let alone = unit.kind.stands_alone();
        while place.at < unit.end {
            let inside = alone && place.at > unit.start && trie.joins(state);
            if inside && let Some(next) = trie.step(state, OPTIONAL) {
                self.stack.push((next, place));
            }
            let label = u32::from(units.chars[place.at as usize]);
            let Some(next) = trie.step(state, label) else {
                return;
            };
            state = next;
            place.at += 1;
            if let Some(value) = state.value() {
                self.emit(value, place, start);
            }
        }
        self.cross(state, place);
    }

    /// Pushes the ways from the end of a unit into the next.
    fn cross(&mut self, state: State, place: Place) {
        let trie = &self.patterns.trie;
        if !trie.crosses(state) {
            return;
        }
        for symbol in crossings(self.text, place.unit as usize)
            .into_iter()
            .flatten()
        {
            if let Some(next) = trie.step(state, symbol) {
                let onwards = Place {
                    unit: place.unit + 1,
                    ..place
                };
                self.stack.push((next, onwards));
            }
        }
    }

    fn emit(&mut self, value: u32, place: Place, start: u32) {
        let patterns = self.patterns;
        let is_closed = closed(self.text, place);
        if value & SEVERAL == 0 {
            if is_closed || patterns.has_tail(self.text, place) {
                let span = place.span(start);
                self.hits.push(Hit {
                    pattern: value,
                    span,
                });
            }
            return;
        }
        let spaced = self.text.units.list[place.unit as usize].kind != Kind::Hangul;
        for &id in patterns.at((value & !SEVERAL) as usize) {
            // Most places where a term could end lie inside a longer word.
            if spaced && !is_closed && patterns.brief[id as usize] != Brief::Other {
                continue;
            }
            let span = patterns.end(patterns.get(id), self.text, start, place);
            self.hits.extend(span.map(|span| Hit { pattern: id, span }));
        }
    }
}
