//! How near a clause that does not hold came: the closest thing in the entry, in a few words (MAT-56).
//!
//! Slow and only for people: nothing here runs while matching. Words in a row are in `rows`, pairs in `pairs`, names of
//! entities in `names`, and what stands where no term looks in `elsewhere`.

mod elsewhere;
mod names;
mod pairs;
mod rows;

use super::super::rule::ast::Field;
use super::clause::Clause;
use super::evaluate::Run;
use super::node::{Expr, NodeId, Property, Scope};
use super::pattern::{End, OPTIONAL, Pattern, Wild, fits};
use super::scan::{Place, closed, crossings, inner_starts, may_begin};
use super::script::{Kind, kind_of};
use super::tails::Wants;
use super::text::{Part, Span};
use super::units::narrow;

/// Most characters that are searched for a near miss.
const SEARCHED: usize = 200_000;

/// Letters of a pattern that stand in a text and are no hit.
struct Seen {
    /// They begin where a term may begin.
    begins: bool,
    note: String,
    /// What would find them.
    advice: Option<String>,
}

impl Seen {
    fn advised(self) -> String {
        match self.advice {
            Some(advice) => format!("{} ({advice})", self.note),
            None => self.note,
        }
    }
}

impl Run<'_, '_> {
    /// A note on a clause that does not hold.
    pub(crate) fn miss(&mut self, clause: &Clause) -> Option<String> {
        let set = self.set;
        match set.expr(clause.node) {
            // Alternatives, of which each says for itself.
            Expr::Leaf(..) if !clause.is_leaf() => None,
            Expr::Leaf(patterns, scope) => self.miss_term(patterns, *scope, set.written(clause)),
            Expr::Sequence(words, between) => self.miss_row(clause.node, words, *between),
            Expr::Or(parts) if clause.is_leaf() => {
                parts.iter().find_map(|part| match set.expr(*part) {
                    Expr::Sequence(words, between) => self.miss_row(*part, words, *between),
                    _ => None,
                })
            }
            Expr::Near(pair) => self.miss_near(clause, pair),
            Expr::Count(count, inner) => Some(self.miss_count(*count, *inner)),
            Expr::Of(count, parts) => {
                let held = parts.iter().filter(|part| self.holds(**part)).count();
                let missing = self.missing(clause);
                Some(format!("{held} of {count}; missing {missing}"))
            }
            Expr::Not(_) => Some("denied by what stands here".to_owned()),
            Expr::Entity(entity, scope, _) => self.miss_entity(*entity, *scope),
            Expr::Class(class, scope, _) => self.miss_class(set.members(*class), *scope),
            Expr::Property(property) => self.miss_property(property),
            Expr::Regex(regex, scope) => self.miss_regex(*regex, *scope),
            Expr::Url(wanted) => Some(self.miss_url(wanted)),
            Expr::UrlRegex(_) => Some(self.address()),
            Expr::Or(_) | Expr::And(_) | Expr::Never => None,
        }
    }

    fn miss_term(&self, patterns: &[u32], scope: Scope, written: &str) -> Option<String> {
        let elsewhere = patterns
            .iter()
            .find_map(|pattern| self.hits.of(*pattern).first());
        if let Some(hit) = elsewhere {
            return Some(self.found_elsewhere(hit.span, scope));
        }
        let unread = self.unread(scope, |run| run.hits.among(patterns).next().is_some());
        unread.or_else(|| {
            let all = patterns.iter().map(|id| self.set.patterns.get(*id));
            let mut inside = None;
            for pattern in all.clone() {
                match self.miss_pattern(pattern, Some(written)) {
                    Some(seen) if seen.begins => return Some(seen.advised()),
                    seen => inside = inside.or(seen),
                }
            }
            let row = || {
                all.clone()
                    .find_map(|one| self.miss_phrase(one, scope, written))
            };
            row()
                .or_else(|| self.apart(written, scope))
                .or_else(|| inside.map(Seen::advised))
                .or_else(|| self.in_a_field(written, scope))
        })
    }

    /// How many there are; what the body repeats of the title is one with it.
    fn miss_count(&mut self, wanted: u32, inner: NodeId) -> String {
        let counted = self.count(inner, u32::MAX);
        let spans = self.spans(inner);
        let repeated = spans
            .iter()
            .any(|span| span.last < self.text.zone_of(*span).echo);
        let note = format!("{counted} of {wanted}");
        if repeated {
            return format!("{note}: what the body repeats of the title counts once");
        }
        note
    }

    /// The first place where the letters of a pattern stand, whatever is around them; rather one that begins well.
    fn miss_pattern(&self, pattern: &Pattern, written: Option<&str>) -> Option<Seen> {
        let mut inside = None;
        for first in 0..self.text.units.list.len() {
            let unit = self.text.units.list[first];
            if unit.start as usize > SEARCHED {
                break;
            }
            let starts = self.starts(first);
            for at in unit.start..unit.end {
                let Some(end) = self.stands_at(pattern, first, at) else {
                    continue;
                };
                let span = end.span(at);
                if starts.contains(&at) {
                    return Some(self.miss_end(pattern, (span, end), written));
                }
                inside.get_or_insert(span);
            }
        }
        inside.map(|span| Seen {
            begins: false,
            note: format!("{} seen: it stands inside a longer word", self.around(span)),
            advice: None,
        })
    }

    /// Characters of a unit where a term may begin.
    fn starts(&self, first: usize) -> Vec<u32> {
        let mut starts = Vec::new();
        if may_begin(&self.text, first) {
            starts.push(self.text.units.list[first].start);
            inner_starts(&self.text, first, |at| starts.push(at));
        }
        starts
    }

    fn miss_end(
        &self,
        pattern: &Pattern,
        (span, end): (Span, Place),
        written: Option<&str>,
    ) -> Seen {
        let seen = self.around(span);
        let told = |note: String, advice: Option<String>| Seen {
            begins: true,
            note,
            advice,
        };
        let unit = self.text.units.list[end.unit as usize];
        let chars = &self.text.units.chars;
        if let End::Glob(pieces) = &pattern.end {
            return told(format!("{seen} seen, which the wildcard does not fit"), {
                let rest = &chars[end.at as usize..unit.end as usize];
                self.wider(pieces, rest, span)
            });
        }
        let ends = closed(&self.text, end);
        if ends && let Some(verbatim) = &pattern.verbatim {
            return told(format!("{seen} seen, exact wants {}", verbatim.core), None);
        }
        let open = written.and_then(opened);
        if unit.kind == Kind::Hangul && !ends {
            let rest = &chars[end.at as usize..unit.end as usize];
            let before = &chars[unit.start as usize..end.at as usize];
            let name = self.stored(span);
            return match self.refused(before, rest) {
                Some((tail, Wants::Name)) => told(
                    format!("{seen} seen: with {tail} it makes another word than {name}"),
                    open,
                ),
                Some((tail, wanted)) => {
                    let wanted = wanted.as_str();
                    told(
                        format!("{seen} seen: {tail} wants {wanted} before it"),
                        None,
                    )
                }
                None => told(
                    format!("{seen} seen: {name} does not match inside a longer word"),
                    open,
                ),
            };
        }
        told(format!("{seen} seen"), open)
    }

    /// The tail, or the part of one behind a suffix (군가), that may not stand behind this.
    fn refused(&self, before: &[char], rest: &[char]) -> Option<(String, Wants)> {
        let tails = self.set.patterns.tails;
        if let Some(wanted) = tails.refused(before, rest) {
            return Some((rest.iter().collect(), wanted));
        }
        let (suffix, after) = rest.split_first()?;
        if !tails.fits(before, &[*suffix]) || tails.list().contains(&suffix.to_string()) {
            return None;
        }
        let wanted = tails.refused(&[before, &[*suffix]].concat(), after)?;
        Some((after.iter().collect(), wanted))
    }

    /// What to write where `?` left no room: `한*운`.
    fn wider(&self, pieces: &[Wild], rest: &[char], span: Span) -> Option<String> {
        let any: Vec<Wild> = pieces
            .iter()
            .map(|piece| match piece {
                Wild::One => Wild::Any,
                other => *other,
            })
            .collect();
        if !pieces.contains(&Wild::One) || !fits(&any, rest) {
            return None;
        }
        let mut wider = self.stored(span);
        wider.extend(any.iter().map(|piece| match piece {
            Wild::Any | Wild::One => '*',
            Wild::Is(c) => *c,
        }));
        Some(format!("`?` is exactly one letter: write {wider}"))
    }

    /// The stored text of a span.
    fn stored(&self, span: Span) -> String {
        let text = self.text.zone_of(span).text;
        let starts = &self.text.units.starts;
        let from = starts[span.start as usize] as usize;
        let last = starts[span.end as usize - 1] as usize;
        text[from..super::fold::source_end(text, last)].to_owned()
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

    fn miss_property(&self, property: &Property) -> Option<String> {
        let subject = self.subject;
        let have = match property.field {
            Field::Lang => return Some(self.language()),
            Field::Feed => match subject.feed {
                Some(feed) => format!("of feed {feed}"),
                None => "of no feed".to_owned(),
            },
            Field::Tag if subject.tags.is_empty() => "without tags".to_owned(),
            Field::Tag => format!("tagged {}", subject.tags.join(", ")),
            Field::Host => match self.host() {
                Some(host) => format!("of {host}"),
                None => "without a URL".to_owned(),
            },
            _ => return None,
        };
        Some(format!("the entry is {have}"))
    }

    /// What the language of the entry is, in a sentence.
    pub(super) fn language(&self) -> String {
        match self.subject.language {
            Some(language) => format!("the language of the entry is {language}"),
            None => "the language of the entry is not known".to_owned(),
        }
    }
}

/// What to write for a term or a phrase to find longer words: as it was written, with a `*`.
fn opened(written: &str) -> Option<String> {
    let inner = written.trim_matches(['"', '“', '”', '\'', '‘', '’']);
    let wide = |c| matches!(kind_of(c), Some(Kind::Hangul | Kind::Dense));
    let letters = inner
        .chars()
        .rev()
        .take_while(|c| c.is_alphanumeric() || *c == '-');
    let enough = letters.clone().filter(|c| c.is_alphanumeric()).count() > 1;
    let fits = (enough || letters.clone().any(wide))
        && inner.ends_with(char::is_alphanumeric)
        && !inner.contains(['*', '?', '"']);
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '&' | '.');
    match inner.chars().all(is_word) {
        _ if !fits => None,
        true => Some(format!("write {inner}*")),
        false => Some(format!("write \"{inner}*\"")),
    }
}

/// `1 word`, `3 words`.
fn words(count: u32) -> String {
    match count {
        1 => "1 word".to_owned(),
        _ => format!("{count} words"),
    }
}

/// `none`, `5`.
fn allowed(count: u32) -> String {
    match count {
        0 => "none".to_owned(),
        _ => count.to_string(),
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
        .map(|part| part.field())
        .collect();
    names.join(" or ")
}
