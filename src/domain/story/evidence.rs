//! What speaks for two entries telling of one event though in other words, in points.
//!
//! A point each for names, figures, events and other words that both know, more where both headlines have them. What
//! contradicts is `facts`' business.

use super::align::is_spelt;
use super::events::is_alike;
use super::facts::is_sum;
use super::signature::Signature;
use super::token::{Kind, Token};
use super::vocabulary::Weight;

/// What two entries have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// All points.
    pub points: f32,
    /// Of these, points of what only the texts have.
    below: f32,
    /// Names that both know.
    pub names: usize,
    /// Names that both headlines have; a word that may be one counts half.
    pub anchors: f32,
    /// Events in common, of which one headline at least tells.
    pub events: usize,
    /// Of these, ones that say more than that something was bought or said.
    pub strong: usize,
    /// Precise figures that both headlines have.
    pub exact: usize,
    /// The figure that tells most, with its points.
    pub figure: Option<(String, f32)>,
}

/// Most points of what only the texts have.
const MOST_BELOW: f32 = 3.0;

/// Where both have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In both headlines.
    Headlines,
    /// In one headline and the other's text.
    Across,
    /// In both texts.
    Texts,
}

impl Evidence {
    /// What two entries have in common, from whichever side it is less.
    pub(super) fn of(one: &Signature, other: &Signature) -> Self {
        let (here, there) = (Self::from(one, other), Self::from(other, one));
        Self {
            points: here.points.min(there.points),
            below: here.below.min(there.below),
            names: here.names.min(there.names),
            anchors: here.anchors.min(there.anchors),
            events: here.events.min(there.events),
            strong: here.strong.min(there.strong),
            exact: here.exact.min(there.exact),
            figure: fewer(here.figure, there.figure),
        }
    }

    fn from(one: &Signature, other: &Signature) -> Self {
        let mut evidence = Self::default();
        let mut phrases: Vec<(u8, u16)> = Vec::new();
        for token in &one.tokens {
            if let Some(found) = find(token, &other.tokens) {
                evidence.add(
                    (token, found),
                    Place::Headlines,
                    once(&mut phrases, 0, token),
                );
            } else if let Some(found) = find_below(token, other) {
                evidence.add((token, found), Place::Across, once(&mut phrases, 0, token));
            }
        }
        for token in &other.tokens {
            if find(token, &one.tokens).is_none()
                && let Some(found) = find_below(token, one)
            {
                evidence.add((token, found), Place::Across, once(&mut phrases, 1, token));
            }
        }
        for token in &one.lead {
            let headlines = find(token, &one.tokens).or_else(|| find(token, &other.tokens));
            if headlines.is_none()
                && let Some(found) = find(token, &other.lead)
            {
                evidence.add((token, found), Place::Texts, once(&mut phrases, 2, token));
            }
        }
        evidence.points += evidence.below.min(MOST_BELOW);
        evidence
    }

    /// Adds what a token and the one that it agrees with show; `first`: no other of its phrase has been added.
    fn add(&mut self, (token, found): (&Token, &Token), place: Place, first: bool) {
        let named = if found.is_name() { found } else { token };
        let by_place = |points: [f32; 3]| match place {
            Place::Headlines => points[0],
            Place::Across => points[1],
            Place::Texts => points[2],
        };
        let points = by_place(worth(named));
        let both = place == Place::Headlines;
        match &named.kind {
            Kind::Entity | Kind::Name if !first => return,
            Kind::Entity | Kind::Name => {
                self.names += 1;
                let whole = if token.origin && found.origin {
                    0.5
                } else {
                    1.0
                };
                self.anchors += if both { whole } else { 0.0 };
            }
            Kind::Open if both && !token.small && !found.small => {
                self.anchors += 0.5;
                self.names += 1;
            }
            Kind::Number(_) | Kind::Time(_) | Kind::Ordinal("score") => {
                self.exact += usize::from(both && points >= EXACT);
                if self.figure.as_ref().is_none_or(|(_, most)| *most < points) {
                    self.figure = Some((token.key.clone(), points));
                }
            }
            Kind::Event(weight) if place != Place::Texts && !is_idle(&token.key) => {
                self.events += 1;
                self.strong += usize::from(*weight != Weight::Mild);
            }
            _ => {}
        }
        if place == Place::Texts {
            self.below += points;
        } else {
            self.points += points;
        }
    }
}

/// Points of a figure that is precise, in both headlines.
const EXACT: f32 = 3.0;

/// Events that say nothing of what happened.
fn is_idle(event: &str) -> bool {
    matches!(event, "say" | "decide")
}

/// The figure of fewer points, where both sides have one.
fn fewer(one: Option<(String, f32)>, other: Option<(String, f32)>) -> Option<(String, f32)> {
    let (one, other) = (one?, other?);
    Some(if one.1 <= other.1 { one } else { other })
}

/// Whether a token is the first of its phrase: a name of several words counts once.
fn once(phrases: &mut Vec<(u8, u16)>, from: u8, token: &Token) -> bool {
    if !matches!(token.kind, Kind::Entity | Kind::Name) {
        return true;
    }
    let phrase = (from, token.phrase);
    let new = !phrases.contains(&phrase);
    if new {
        phrases.push(phrase);
    }
    new
}

/// What a token of a headline agrees with in another text: entities of a text are known without their places.
fn find_below<'a>(token: &'a Token, other: &'a Signature) -> Option<&'a Token> {
    let named = token.kind == Kind::Entity && other.knows(token);
    find(token, &other.lead).or_else(|| named.then_some(token))
}

/// What a token agrees with among others: itself, another form, what is done seen from the other side, its first words.
fn find<'a>(token: &'a Token, all: &'a [Token]) -> Option<&'a Token> {
    let mut tokens = all.iter();
    let found = tokens
        .find(|other| token.equals(other) || token.resembles(other) || is_alike(token, other));
    found.or_else(|| {
        let told = token.is_name() && is_spelt(token, all) || is_sum(token, all);
        told.then_some(token)
    })
}

/// Points of a token in both headlines, in one headline and one text, and in both texts.
fn worth(token: &Token) -> [f32; 3] {
    match &token.kind {
        Kind::Entity | Kind::Name if token.place => [1.5, 1.0, 0.5],
        Kind::Entity | Kind::Name => [2.0, 1.5, 0.75],
        Kind::Number(figure) if figure.is_precise() => [3.0, 2.5, 2.0],
        Kind::Number(figure) if figure.is_telling() => [2.0, 1.5, 1.0],
        Kind::Ordinal("score") | Kind::Time(_) => [2.0, 2.0, 1.5],
        Kind::Date(_) => [0.5, 0.5, 0.25],
        Kind::Event(Weight::Mild) => [1.0, 0.5, 0.0],
        Kind::Event(_) => [2.0, 1.0, 0.25],
        Kind::Number(_) | Kind::Ordinal(_) | Kind::Open => [1.0, 0.5, 0.25],
        Kind::Weak => [0.2, 0.0, 0.0],
    }
}

/// Whether a token is among others, in this form or another.
pub(super) fn is_in(token: &Token, all: &[Token]) -> bool {
    all.iter()
        .any(|other| token.equals(other) || token.resembles(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_headlines_have_weighs_most_and_order_does_not_matter() {
        let one = Signature::plain(("Spain orders 128 howitzers from Hanwha", ""));
        let title = Signature::plain(("Hanwha wins Spanish order for 128 howitzers", ""));
        let text = Signature::plain(("Hanwha wins Spanish order", "It is for 128 howitzers."));
        let (high, low) = (Evidence::of(&one, &title), Evidence::of(&one, &text));
        assert!(high.points > low.points && low.points > 0.0);
        assert_eq!((high.exact, low.exact), (1, 0));
        let back = Evidence::of(&title, &one);
        assert!((back.points - high.points).abs() < 1e-6);
        assert_eq!(back.names, high.names);
    }
}
