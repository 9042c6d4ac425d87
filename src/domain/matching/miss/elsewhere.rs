//! What is found where a clause does not look: in another field, in a line of rights, in an address.

use std::ops::Range;

use regex::RegexBuilder;

use super::super::Subject;
use super::super::compile::MAX_REGEX;
use super::super::evaluate::Run;
use super::super::node::Scope;
use super::super::probe::small_letters;
use super::super::text::{Part, Span};
use super::in_words;

/// Most characters of a text that is quoted in a note.
const QUOTED: usize = 60;

impl Run<'_, '_> {
    /// A hit in another field, or behind the first paragraph.
    pub(super) fn found_elsewhere(&self, span: Span, scope: Scope) -> String {
        in_other_part(self.text.zone_of(span).part, scope)
    }

    /// What stands only in a piece of the texts that is not looked into (MAT-50).
    pub(super) fn unread(
        &self,
        scope: Scope,
        mut stands: impl FnMut(&mut Run<'_, '_>) -> bool,
    ) -> Option<String> {
        let zones = self.text.zones.iter();
        let zones = zones.filter(|zone| scope.parts & zone.part.bit() != 0);
        for zone in zones {
            let behind = zone.limit..zone.text.len();
            for range in zone.skipped.iter().chain(std::iter::once(&behind)) {
                let piece = &zone.text[range.clone()];
                let piece = &piece[..piece.floor_char_boundary(super::SEARCHED)];
                let subject = Subject {
                    title: piece,
                    ..Subject::default()
                };
                if !piece.is_empty() && stands(&mut Run::new(self.set, &subject)) {
                    return Some(not_matched(zone.part, range == &behind, piece));
                }
            }
        }
        None
    }

    pub(super) fn miss_regex(&self, regex: u32, scope: Scope) -> Option<String> {
        let regex = &self.set.regexes[regex as usize];
        let mut other = None;
        for zone in &self.text.zones {
            let wanted = scope.parts & zone.part.bit() != 0;
            let Some(found) = regex.find(&zone.text[..zone.limit]) else {
                continue;
            };
            let meets = |skip: &&Range<usize>| skip.start < found.end() && found.start() < skip.end;
            match zone.skipped.iter().find(meets) {
                Some(range) if wanted => {
                    return Some(not_matched(zone.part, false, &zone.text[range.clone()]));
                }
                Some(_) => {}
                None => {
                    other.get_or_insert(zone.part);
                }
            }
        }
        if let Some(part) = other {
            return Some(in_other_part(part, scope));
        }
        let source = regex.as_str();
        let any_case = RegexBuilder::new(source)
            .case_insensitive(true)
            .size_limit(MAX_REGEX)
            .build()
            .ok()?;
        let zones = self.text.zones.iter();
        let seen = zones
            .filter(|zone| scope.parts & zone.part.bit() != 0)
            .find_map(|zone| any_case.find(&zone.text[..zone.limit]))?;
        let seen: String = seen.as_str().chars().take(QUOTED).collect();
        let source = source.replace('/', "\\/");
        Some(format!("{seen} seen in another case (write /{source}/i)"))
    }

    /// A word that stands where only a field of a query looks: in the address, an author or a category.
    pub(super) fn in_a_field(&self, written: &str, scope: Scope) -> Option<String> {
        let wanted = small_letters(written.trim_matches(['"', '\'']));
        if wanted.is_empty() {
            return None;
        }
        let sign = |c: &char| !c.is_alphanumeric();
        let stands = |text: &str| {
            let text = small_letters(text);
            text.match_indices(&wanted).any(|(at, found)| {
                let before = text[..at].chars().next_back();
                let after = text[at + found.len()..].chars().next();
                before.as_ref().is_none_or(sign) && after.as_ref().is_none_or(sign)
            })
        };
        let subject = self.subject;
        let listed = [
            (Part::Author, subject.authors),
            (Part::Category, subject.categories),
        ];
        let part = listed.into_iter().find(|(part, list)| {
            scope.parts & part.bit() == 0 && list.iter().any(|text| stands(text.as_ref()))
        });
        let field = match part {
            Some((part, _)) => part.field(),
            None => subject.url.filter(|url| stands(url)).map(|_| "url")?,
        };
        Some(format!(
            "found in {field}, the rule wants {}",
            in_words(scope)
        ))
    }

    /// A number with separators, or words that stand apart here: what is written as one in the rule.
    pub(super) fn apart(&self, written: &str, scope: Scope) -> Option<String> {
        let is_number = written.len() > 3 && written.bytes().all(|byte| byte.is_ascii_digit());
        let is_hangul = written.chars().all(|c| ('가'..='힣').contains(&c));
        if !(is_number || is_hangul && written.chars().nth(1).is_some()) {
            return None;
        }
        let between: &[char] = if is_number {
            &[',', '.', '\'', '’', ' ', '\u{a0}', '\u{202f}']
        } else {
            &[' ']
        };
        let zones = self.text.zones.iter();
        let mut zones = zones.filter(|zone| scope.parts & zone.part.bit() != 0);
        let seen = zones.find_map(|zone| {
            let text = &zone.text[..zone.text.floor_char_boundary(super::SEARCHED)];
            parted(text, written, between)
        })?;
        Some(if is_number {
            format!("{seen} seen, which is another number (write {written} OR \"{seen}\")")
        } else {
            format!("{seen} seen: a blank is optional where the rule has one (write \"{seen}\")")
        })
    }

    /// A part of an address that stands in a text only.
    pub(super) fn miss_url(&self, wanted: &str) -> String {
        let stands = |text: &str| small_letters(text).contains(wanted);
        let zones = self.text.zones.iter();
        let zone = zones
            .filter(|zone| zone.text.len() < super::SEARCHED)
            .find(|zone| stands(zone.text));
        match zone {
            Some(zone) => format!("found in {}, the rule wants url", zone.part.field()),
            None => self.address(),
        }
    }

    /// The address of the entry, in a sentence.
    pub(super) fn address(&self) -> String {
        match self.subject.url {
            Some(url) => {
                let url: String = url.chars().take(2 * QUOTED).collect();
                format!("the address is {url}")
            }
            None => "the entry has no address".to_owned(),
        }
    }
}

/// The first place of a text where these letters stand with single separators among them.
fn parted<'t>(text: &'t str, letters: &str, between: &[char]) -> Option<&'t str> {
    let first = letters.chars().next()?;
    text.match_indices(first).find_map(|(start, _)| {
        if text[..start].ends_with(char::is_alphanumeric) {
            return None;
        }
        let mut rest = text[start..].char_indices().peekable();
        let (mut end, mut gaps) = (0, 0);
        for wanted in letters.chars() {
            if end > 0 && rest.next_if(|(_, c)| between.contains(c)).is_some() {
                gaps += 1;
            }
            let (at, c) = rest.next_if(|(_, c)| *c == wanted)?;
            end = at + c.len_utf8();
        }
        let whole = !first.is_ascii_digit() || !rest.peek().is_some_and(|(_, c)| c.is_numeric());
        (gaps > 0 && whole).then(|| &text[start..start + end])
    })
}

fn not_matched(part: Part, behind: bool, piece: &str) -> String {
    let piece: String = piece.trim().chars().take(QUOTED).collect();
    if behind && part == Part::Title {
        return format!(
            "found only in the publisher's name behind the title, which is not matched: {piece}"
        );
    }
    if behind {
        return format!(
            "found only behind the first MiB of {}, which is not matched",
            part.key()
        );
    }
    format!(
        "found only in a line of {} that is not matched: {piece}",
        part.key()
    )
}

fn in_other_part(part: Part, scope: Scope) -> String {
    let have = part.field();
    if scope.parts & part.bit() != 0 {
        return format!("found in {have} behind the first paragraph, the rule wants lead");
    }
    format!("found in {have}, the rule wants {}", in_words(scope))
}
