//! What an entry is compared by: its headline as tokens, its text as runs of words, whom it names, when it was written.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;

use super::align::is_spelt;
use super::called::is_said;
use super::shingles::{Shingles, hash};
use super::token::{Kind, Named, Token, tokens};
use crate::domain::entry::identity::fold;

/// Bytes of a text that names are looked for in.
const TEXT: usize = 6_000;
/// Of these, the beginning that says what a headline leaves out.
const BEGINNING: usize = 400;
/// Words by which an entry is found again.
const MOST_TERMS: usize = 14;
/// Entities by which it is found again.
const MOST_ENTITIES: usize = 6;
/// Runs of its text by which it is found again.
const MOST_RUNS: usize = 4;

/// An entry as it is told: what its signature is made of.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The stored title.
    pub title: &'a str,
    /// The part of it that is the title's own, see `frame`.
    pub own: Range<usize>,
    /// The article, or the body.
    pub text: &'a str,
    /// When it was published, or else first seen.
    pub at: Timestamp,
    /// The entities that the title names, each with its place.
    pub in_title: &'a [Named],
    /// All entities that the entry names.
    pub named: &'a [String],
}

/// The alphabet of a headline: copies have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    Latin,
    Hangul,
    Dense,
}

/// What an entry is compared by.
#[derive(Clone, Debug)]
pub struct Signature {
    pub(super) tokens: Vec<Token>,
    /// The same of how its text begins.
    pub(super) lead: Vec<Token>,
    /// The headline's letters and digits.
    pub(super) title: String,
    /// The text's, for names.
    pub(super) text: String,
    pub(super) body: Shingles,
    pub(super) alphabet: Alphabet,
    pub(super) in_title: BTreeSet<String>,
    pub(super) named: BTreeSet<String>,
    pub(super) at: Timestamp,
}

#[cfg(test)]
impl Signature {
    /// That of a headline with a text, both without entities.
    pub(super) fn plain((title, text): (&str, &str)) -> Self {
        Self::of(&Told {
            title,
            own: 0..title.len(),
            text,
            at: Timestamp::UNIX_EPOCH,
            in_title: &[],
            named: &[],
        })
    }
}

impl Signature {
    /// The signature of an entry.
    #[must_use]
    pub fn of(told: &Told<'_>) -> Self {
        let own = told.title.get(told.own.clone()).unwrap_or(told.title);
        let from = told
            .title
            .get(told.own.clone())
            .map_or(0, |_| told.own.start);
        let mut end = told.text.len().min(TEXT);
        while !told.text.is_char_boundary(end) {
            end -= 1;
        }
        let mut beginning = end.min(BEGINNING);
        while !told.text.is_char_boundary(beginning) {
            beginning -= 1;
        }
        Self {
            tokens: tokens(own, from, told.in_title),
            lead: tokens(&told.text[..beginning], 0, &[]),
            title: fold(own),
            text: fold(&told.text[..end]),
            body: Shingles::of(told.text),
            alphabet: alphabet(own),
            in_title: told
                .in_title
                .iter()
                .map(|named| named.entity.clone())
                .collect(),
            named: told.named.iter().cloned().collect(),
            at: told.at,
        }
    }

    /// Whether the text names what a headline names.
    pub(super) fn knows(&self, token: &Token) -> bool {
        match token.key.strip_prefix('@') {
            Some(entity) => self.named.contains(entity) && self.calls(token),
            None => self.text.contains(&token.key),
        }
    }

    /// Whether an entity that is named here may be called here what a headline calls it.
    fn calls(&self, token: &Token) -> bool {
        let is_it = |own: &&Token| own.key == token.key;
        let mut named = self.tokens.iter().filter(is_it);
        named.any(|own| own.is_called(&token.called)) || is_said(&token.called, &self.text)
    }

    /// Whether the headline or the text names what another headline names, in this form or another.
    pub(super) fn tells(&self, token: &Token) -> bool {
        let said = |other: &Token| token.equals(other) || token.resembles(other);
        self.said().any(said)
            || token.key.chars().count() >= 4 && self.knows(token)
            || is_spelt(token, &self.tokens)
            || is_spelt(token, &self.lead)
    }

    /// All that the headline and the beginning of the text say.
    pub(super) fn said(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().chain(&self.lead)
    }

    /// The name that another is preferred to, where the headline says so.
    pub(super) fn behind_pivot(&self) -> Option<&Token> {
        let at = self
            .tokens
            .iter()
            .position(|token| token.key == "over" && matches!(token.kind, Kind::Event(_)))?;
        let behind = if self.alphabet == Alphabet::Hangul {
            self.tokens[..at].last()
        } else {
            self.tokens.get(at + 1)
        };
        behind.filter(|token| token.may_be_name() && !token.small)
    }

    /// Which of two comes first when they are compared: that says nothing about them, and is always the same.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let key = |own: &Self| (own.at, own.tokens.len(), own.lead.len());
        let texts = |own: &Self, its: &Self| {
            own.title
                .cmp(&its.title)
                .then_with(|| own.text.cmp(&its.text))
        };
        texts(self, other)
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| self.in_title.cmp(&other.in_title))
            .then_with(|| self.named.cmp(&other.named))
    }

    /// Hashes by which copies find each other: of the words of the headline, of entities, of the text's beginning.
    #[must_use]
    pub fn terms(&self) -> Vec<u64> {
        let words = self.tokens.iter().filter_map(term).take(MOST_TERMS);
        let entities = self
            .named
            .iter()
            .take(MOST_ENTITIES)
            .map(|entity| format!("@{entity}"));
        let mut terms: Vec<u64> = words
            .chain(entities)
            .map(|term| hash(term.bytes()))
            .collect();
        terms.extend(self.body.sample(MOST_RUNS));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

/// What a token is found by: Hangul by its first two syllables, since short forms share them.
fn term(token: &Token) -> Option<String> {
    match token.kind {
        Kind::Name | Kind::Open => {
            let hangul = token
                .key
                .chars()
                .next()
                .is_some_and(super::vocabulary::is_hangul);
            Some(if hangul {
                token.key.chars().take(2).collect()
            } else {
                token.key.clone()
            })
        }
        Kind::Entity => Some(token.key.clone()),
        _ => None,
    }
}

fn alphabet(title: &str) -> Alphabet {
    let count = |is: fn(char) -> bool| title.chars().filter(|c| is(*c)).count();
    let hangul = count(super::vocabulary::is_hangul);
    let dense = count(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'));
    let other = count(char::is_alphabetic).saturating_sub(hangul + dense);
    if hangul * 3 >= other && hangul >= dense {
        if hangul > 0 {
            Alphabet::Hangul
        } else {
            Alphabet::Latin
        }
    } else if dense * 3 > other {
        Alphabet::Dense
    } else {
        Alphabet::Latin
    }
}
