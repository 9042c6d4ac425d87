//! What is not found by the walk: regexes, URLs and properties of an entry.
//!
//! Each is asked once an entry and remembered by the evaluation.

use std::rc::Rc;

use super::super::rule::ast::Field;
use super::evaluate::Run;
use super::fold::source_end;
use super::node::{Expr, NodeId, Property};
use super::text::Span;
use super::units::narrow;

/// Most matches of one regex in one entry.
const REGEX_MATCHES: usize = 1000;

/// A place a regex or a URL test found, in bytes of a stored text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes {
    /// Index of the zone.
    pub zone: usize,
    pub start: usize,
    pub end: usize,
    /// The folded characters there, if there are any.
    pub span: Option<Span>,
}

impl Run<'_, '_> {
    /// Where a regex matches.
    pub(crate) fn bytes(&mut self, node: NodeId) -> Rc<[Bytes]> {
        if let Some(known) = self.regexes.get(&node) {
            return Rc::clone(known);
        }
        let mut out = Vec::new();
        if let Expr::Regex(regex, scope) = self.set.expr(node) {
            let regex = &self.set.regexes[*regex as usize];
            for (index, zone) in self.text.zones.iter().enumerate() {
                if scope.parts & zone.part.bit() == 0 {
                    continue;
                }
                for found in regex.find_iter(&zone.text[..zone.limit]) {
                    let range = found.range();
                    let skipped = |skip: &std::ops::Range<usize>| {
                        skip.start < range.end && range.start < skip.end
                    };
                    if range.is_empty() || zone.skipped.iter().any(skipped) {
                        continue;
                    }
                    let span = self.span_of(index, &range);
                    let led = span.is_none_or(|span| self.in_scope(span, *scope));
                    if led && (span.is_some() || !scope.lead) {
                        // The marks on the last letter belong to it (MAT-53).
                        let last = zone.text[..range.end].char_indices().next_back();
                        let whole = last.map_or(range.end, |(at, _)| source_end(zone.text, at));
                        out.push(Bytes {
                            zone: index,
                            start: range.start,
                            end: whole.max(range.end),
                            span,
                        });
                    }
                    if out.len() >= REGEX_MATCHES {
                        break;
                    }
                }
            }
        }
        let out: Rc<[Bytes]> = out.into();
        self.regexes.insert(node, Rc::clone(&out));
        out
    }

    /// The folded characters whose sources begin in a range of a zone.
    fn span_of(&self, zone: usize, range: &std::ops::Range<usize>) -> Option<Span> {
        let (first, end) = self.text.zones[zone].units;
        let list = &self.text.units.list[first as usize..end as usize];
        let from = list.first()?.start as usize;
        let to = list.last()?.end as usize;
        let starts = &self.text.units.starts[from..to];
        let start = from + starts.partition_point(|at| (*at as usize) < range.start);
        let stop = from + starts.partition_point(|at| (*at as usize) < range.end);
        if start >= stop {
            return None;
        }
        let (start, stop) = (narrow(start), narrow(stop));
        Some(Span {
            start,
            end: stop,
            first: self.text.unit_at(start),
            last: self.text.unit_at(stop - 1),
        })
    }

    /// Where a URL test finds something, in bytes of the URL.
    pub(crate) fn url_matches(&mut self, node: NodeId) -> Vec<std::ops::Range<usize>> {
        let set = self.set;
        let Some(url) = self.subject.url else {
            return Vec::new();
        };
        match set.expr(node) {
            Expr::Url(wanted) => {
                let small = self.url.get_or_insert_with(|| small_letters(url));
                small
                    .match_indices(wanted.as_str())
                    .take(16)
                    .map(|(at, found)| at..at + found.len())
                    .collect()
            }
            Expr::UrlRegex(regex) => set.regexes[*regex as usize]
                .find_iter(url)
                .map(|found| found.range())
                .filter(|range| !range.is_empty())
                .take(16)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The host of the entry's page, small letters.
    pub(crate) fn host(&self) -> Option<&str> {
        let host = self.host.get_or_init(|| {
            let url = url::Url::parse(self.subject.url?).ok()?;
            url.host_str()
                .map(|host| host.trim_end_matches('.').to_ascii_lowercase())
        });
        host.as_deref()
    }

    /// Whether the entry has a property.
    pub(super) fn has(&self, property: &Property) -> bool {
        let value = property.value.as_str();
        let subject = self.subject;
        match property.field {
            Field::Feed => subject.feed == Some(value),
            Field::Tag => subject.tags.iter().any(|tag| tag == value),
            Field::Lang => subject
                .language
                .is_some_and(|language| is_language(language, value)),
            Field::Host => self.host().is_some_and(|host| {
                host.strip_suffix(value)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }),
            _ => false,
        }
    }
}

/// Small letters, every character as long as before, so that offsets hold.
pub(crate) fn small_letters(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut small = c.to_lowercase();
            match (small.next(), small.next()) {
                (Some(one), None) if one.len_utf8() == c.len_utf8() => one,
                _ => c,
            }
        })
        .collect()
}

/// The part of a language tag that every variety of the language has.
#[must_use]
pub fn primary_subtag(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}

/// Whether a language tag is `wanted` or a variety of it.
pub(crate) fn is_language(tag: &str, wanted: &str) -> bool {
    let mut have = tag.split(['-', '_']);
    wanted.split('-').all(|part| {
        have.next()
            .is_some_and(|tag| tag.eq_ignore_ascii_case(part))
    })
}
