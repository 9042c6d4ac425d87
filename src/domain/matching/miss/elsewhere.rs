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

    /// A part of an address that stands in a text only.
    pub(super) fn miss_url(&self, wanted: &str) -> String {
        let stands = |text: &str| small_letters(text).contains(wanted);
        let zones = self.text.zones.iter();
        let zone = zones
            .filter(|zone| zone.text.len() < super::SEARCHED)
            .find(|zone| stands(zone.text));
        match zone {
            Some(zone) => format!("found in {}, the rule wants url", zone.part.key()),
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
    let have = part.key();
    if scope.parts & part.bit() != 0 {
        return format!("found in {have} behind the first paragraph, the rule wants lead");
    }
    format!("found in {have}, the rule wants {}", in_words(scope))
}
