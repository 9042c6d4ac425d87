//! Words of Hangul, and of scripts that are written without spaces, as tokens.
//!
//! Words of letters with spaces are `token`'s business.

use super::forms::{VISITS, korean_places};
use super::pieces::Piece;
use super::token::{Kind, Writer};
use super::vocabulary::{self, Role, Weight};

impl Writer<'_> {
    pub(super) fn hangul(&mut self, at: usize) {
        let piece = &self.pieces[at];
        let places = korean_places(&piece.text, self.beside_dot(at));
        if !places.is_empty() {
            for place in places {
                self.phrase += 1;
                self.push_name(place, Kind::Name, (at, at + 1));
                self.mark_place(at + 1);
            }
            return;
        }
        if let Some((_, place)) = VISITS
            .iter()
            .find(|(visit, _)| piece.text.starts_with(visit))
        {
            self.push("visit", Kind::Event(Weight::Event));
            self.push_name(*place, Kind::Name, (at, at + 1));
            return self.mark_place(at + 1);
        }
        if self.is_delivery(at) {
            return self.push("deliver", Kind::Event(Weight::Event));
        }
        // `스페인` is no `스페` with an ending.
        let bare = match vocabulary::role_of_hangul(&piece.text) {
            Some((Role::Place(_), length)) if piece.text.len() == length => &piece.text,
            _ => super::korean::bare(&piece.text),
        };
        match vocabulary::role_of_hangul(bare) {
            Some((Role::Place(place), length)) if bare.len() - length <= 3 => {
                self.push_name(place, Kind::Name, (at, at + 1));
                self.mark_place(at + 1);
            }
            Some((Role::Event(name, weight), _)) => self.push(name, Kind::Event(weight)),
            Some((Role::Weak, length)) if is_ending(&bare[length..]) => self.push(bare, Kind::Weak),
            Some((Role::Stop, length)) if bare.len() == length => {}
            _ => match vocabulary::event_in_hangul(bare) {
                Some(Role::Event(name, weight)) => self.push(name, Kind::Event(weight)),
                _ if self.goes_on_with_letters(at) => {
                    if !super::korean::is_particle(bare) {
                        let whole = format!("{}{bare}", self.pieces[at - 1].text);
                        self.push_name(whole, Kind::Open, (at, at + 1));
                    }
                }
                _ if bare.chars().count() < 2 => {}
                _ => self.push_name(bare, Kind::Open, (at, at + 1)),
            },
        }
    }

    /// Whether a run touches capital letters before it, and is one name with them: `HJ중공업`, `SK온`.
    fn goes_on_with_letters(&self, at: usize) -> bool {
        let gap = self.pieces[at].gap;
        let before = at.checked_sub(1).map(|before| &self.pieces[before]);
        !gap.space && !gap.hyphen && before.is_some_and(Piece::shouted_or_single)
    }

    /// Whether a run touches a dot or a hyphen, as in `한·미`.
    fn beside_dot(&self, at: usize) -> bool {
        let dot = |at: usize| self.pieces.get(at).is_some_and(|piece| piece.gap.joins);
        dot(at) || dot(at + 1)
    }

    /// `인도` is India, or the handing over of what was bought: where nothing but an event follows.
    fn is_delivery(&self, at: usize) -> bool {
        let next = &self.pieces[at + 1];
        let ends = next.text.is_empty()
            || next.gap.clause
            || next.gap.mark
            || matches!(
                vocabulary::role_of_hangul(&next.text),
                Some((Role::Event(..), _))
            );
        at > 0 && matches!(self.pieces[at].text.as_str(), "인도" | "인도를" | "인도로") && ends
    }

    pub(super) fn dense(&mut self, at: usize) {
        let piece = &self.pieces[at];
        let text = piece.text.clone();
        // `24日` is a day.
        if text.chars().count() == 1 && at > 0 && !piece.gap.space && self.is_figure(at - 1) {
            return;
        }
        // `美`, `中`: countries in Korean headlines; `韓美` is two.
        let places: Vec<&str> = text
            .chars()
            .filter_map(|c| match vocabulary::role_of(c.encode_utf8(&mut [0; 4])) {
                Some(Role::Place(place)) => Some(place),
                _ => None,
            })
            .collect();
        if places.len() == text.chars().count() {
            for place in places {
                self.push_name(place, Kind::Name, (at, at + 1));
                self.mark_place(at + 1);
            }
        } else {
            self.dense_words(&text, at);
        }
    }

    /// A run of letters without spaces, cut at known words and where katakana ends.
    pub(super) fn dense_words(&mut self, text: &str, at: usize) {
        let mut other = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let known = vocabulary::role_of_dense(rest);
            let kana = |c: char| matches!(c, '\u{30a0}'..='\u{30ff}');
            let turns = other
                .chars()
                .last()
                .is_some_and(|last| kana(last) != kana(first));
            if known.is_some() || turns {
                self.other_letters(std::mem::take(&mut other), at);
            }
            let length = if let Some((role, length)) = known {
                match role {
                    Role::Place(place) => {
                        self.push_name(place, Kind::Name, (at, at + 1));
                        self.mark_place(at + 1);
                    }
                    Role::Event(name, weight) => self.push(name, Kind::Event(weight)),
                    Role::Weak | Role::Stop => {}
                }
                length
            } else {
                other.push(first);
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        self.other_letters(other, at);
    }

    fn other_letters(&mut self, text: String, at: usize) {
        if text.chars().count() >= 2 {
            self.push_name(text, Kind::Open, (at, at + 1));
        }
    }
}

/// What may hang on a word that hardly tells anything; `이상민` is a name.
fn is_ending(rest: &str) -> bool {
    [
        "", "적", "들", "급", "측", "별", "실", "부", "위", "형", "용", "력", "권", "계", "당",
        "단", "다", "째",
    ]
    .contains(&rest)
}
