//! The walk: from every place where a term may begin through heads and trie, to hits of patterns.
//!
//! One pass over an entry, whatever the number of rules.

use super::heads::{Head, HeadHash, Look};
use super::pattern::{GAP, OPTIONAL};
use super::scan::{
    Brief, Hit, OPEN, Patterns, Place, SEVERAL, closed, crossings, inner_starts, may_begin,
};
use super::script::Kind;
use super::text::Text;
use super::trie::{State, is_symbol};
use super::units::{Gap, Unit, narrow};

/// Beginnings of words that are looked up at a time.
const AHEAD: usize = 256;

/// Every place where a pattern stands, by pattern.
pub(crate) fn walk(patterns: &Patterns, text: &Text<'_>) -> Vec<Hit> {
    let mut walk = Walk {
        patterns,
        text,
        looks: Vec::with_capacity(AHEAD),
        fetched: Vec::with_capacity(AHEAD),
        stack: Vec::new(),
        hits: Vec::with_capacity(AHEAD),
    };
    for first in 0..text.units.list.len() {
        walk.begin_in(first);
    }
    walk.go_on();
    by_pattern(walk.hits, patterns.len())
}

/// Hits by pattern, those of one in the order in which they were found: mostly that of places, which a sort that follows
/// only has to see.
fn by_pattern(mut hits: Vec<Hit>, patterns: usize) -> Vec<Hit> {
    let Some(any) = hits.first().copied().filter(|_| hits.len() > patterns) else {
        hits.sort_by_key(|hit| hit.pattern);
        return hits;
    };
    // More hits than patterns: each goes right to its place.
    let mut ends = vec![0_usize; patterns + 1];
    for hit in &hits {
        ends[hit.pattern as usize + 1] += 1;
    }
    for pattern in 0..patterns {
        ends[pattern + 1] += ends[pattern];
    }
    let mut out = vec![any; hits.len()];
    for hit in hits {
        let end = &mut ends[hit.pattern as usize];
        out[*end] = hit;
        *end += 1;
    }
    out
}

/// Whether a symbol may stand in a pattern for what is between a unit and the next.
fn is_crossed(text: &Text<'_>, unit: usize, symbol: u32) -> bool {
    if symbol != GAP {
        return crossings(text, unit).contains(&Some(symbol));
    }
    let next = text.units.list.get(unit + 1);
    next.is_some_and(|next| next.gap != Gap::None)
        && text.spots[unit].block == text.spots[unit + 1].block
}

struct Walk<'p, 't, 'a> {
    patterns: &'p Patterns,
    text: &'t Text<'a>,
    /// Beginnings that passed the filter and were not looked up yet.
    looks: Vec<Look>,
    fetched: Vec<Head>,
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
        if unit.kind != Kind::Dense {
            return self.look(unit, narrow(first), start);
        }
        let place = Place {
            first: narrow(first),
            unit: narrow(first),
            at: start,
        };
        self.follow(State::START, place, start);
        self.follow_all(start);
    }

    fn follow_all(&mut self, start: u32) {
        while let Some((state, place)) = self.stack.pop() {
            self.follow(state, place, start);
        }
    }

    /// Notes every beginning of the letters from a place to the end of the unit that may be a head.
    fn look(&mut self, unit: Unit, first: u32, start: u32) {
        let heads = &self.patterns.heads;
        let is_hangul = unit.kind == Kind::Hangul;
        let mut hash = HeadHash::default();
        for end in start + 1..=unit.end {
            hash = hash.and(u32::from(self.text.units.chars[end as usize - 1]));
            if !(end == unit.end || is_hangul || heads.may_end_inside(end - start)) {
                continue;
            }
            self.looks.extend(heads.look(hash, first, start, end));
            if self.looks.len() >= AHEAD {
                self.go_on();
            }
        }
    }

    /// Goes on from every noted beginning that is a head.
    fn go_on(&mut self) {
        let patterns = self.patterns;
        let looks = std::mem::take(&mut self.looks);
        let mut fetched = std::mem::take(&mut self.fetched);
        patterns.heads.fetch(&looks, &mut fetched);
        for (look, head) in looks.iter().zip(&fetched) {
            let letters = &self.text.units.chars[look.start as usize..look.end as usize];
            let Some(state) = patterns.heads.settle(*look, *head, letters) else {
                continue;
            };
            let place = Place {
                first: look.unit,
                unit: look.unit,
                at: look.end,
            };
            if let Some(value) = state.value() {
                self.emit(value, place, look.start);
            }
            let unit = self.text.units.list[look.unit as usize];
            if look.end == unit.end {
                self.cross(state, place, look.start);
            } else if unit.kind == Kind::Hangul && patterns.trie.joins(state) {
                let next = patterns.trie.step(state, OPTIONAL);
                self.stack.extend(next.map(|next| (next, place)));
            }
            self.follow_all(look.start);
        }
        (self.looks, self.fetched) = (looks, fetched);
        self.looks.clear();
    }

    /// Walks on through a unit, and pushes the ways into the next.
    fn follow(&mut self, mut state: State, mut place: Place, start: u32) {
        let trie = &self.patterns.trie;
        let units = &self.text.units;
        let unit = units.list[place.unit as usize];
        let alone = unit.kind.stands_alone();
        while place.at < unit.end {
            if trie.rest(state).is_some() {
                return self.follow_rest(state, place, start);
            }
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
        self.cross(state, place, start);
    }

    /// Walks on where one key is left: there is one way, through this unit and into the next ones.
    fn follow_rest(&mut self, state: State, mut place: Place, start: u32) {
        let units = &self.text.units;
        let mut unit = units.list[place.unit as usize];
        let Some((rest, value)) = self.patterns.trie.rest(state) else {
            return;
        };
        for &label in rest {
            if place.at == unit.end {
                if !(is_symbol(label) && is_crossed(self.text, place.unit as usize, label)) {
                    return;
                }
                place.unit += 1;
                unit = units.list[place.unit as usize];
            } else if u32::from(units.chars[place.at as usize]) == label {
                place.at += 1;
            } else if label != OPTIONAL || !unit.kind.stands_alone() || place.at == unit.start {
                return;
            }
        }
        if rest.last().is_some_and(|label| !is_symbol(*label)) {
            self.emit(value, place, start);
        }
    }

    /// Pushes the ways from the end of a unit into the next.
    fn cross(&mut self, state: State, place: Place, start: u32) {
        let trie = &self.patterns.trie;
        if !trie.crosses(state) {
            return;
        }
        if trie.rest(state).is_some() {
            return self.follow_rest(state, place, start);
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
        if value & (SEVERAL | OPEN) == OPEN {
            let span = patterns.open(self.text, place).span(start);
            let pattern = value & !OPEN;
            return self.hits.push(Hit { pattern, span });
        }
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
            if spaced
                && !is_closed
                && matches!(patterns.brief[id as usize], Brief::Closed | Brief::Word)
            {
                continue;
            }
            let span = patterns.end(patterns.get(id), self.text, start, place);
            self.hits.extend(span.map(|span| Hit { pattern: id, span }));
        }
    }
}
