//! Two headlines side by side: what both say, and what only one of them says.

use std::ops::Range;

use super::called::is_one;
use super::korean::is_short_form;
use super::policy::is_more_of;
use super::signature::Signature;
use super::token::{Kind, Token};
use super::vocabulary::{Weight, is_hangul, stem};

/// What two headlines have in common, and what not.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they hold beside each other in any mix"
)]
pub(super) struct Diff<'a> {
    /// What only the first says.
    pub left: Vec<&'a Token>,
    /// What only the second says.
    pub right: Vec<&'a Token>,
    /// Share of the shorter one's weight that both have.
    pub contained: f32,
    /// Share of the weight of both together that both have.
    pub alike: f32,
    /// Telling words in common; a name of several words counts once.
    pub anchors: usize,
    /// Events in common that say something.
    pub events: usize,
    /// Names in common, likewise.
    pub names: usize,
    /// A telling figure in common.
    pub figure: bool,
    /// A sum in common, told with its scale.
    pub sum: bool,
    /// Phrases of the first that go on with a name that both have, each with its phrase in the second.
    linked: Vec<(u16, u16)>,
    /// Kinds of figures, ordinals and dates in which they agree.
    agreed: Vec<&'a Kind>,
    /// Both tell of an event that is known.
    pub told: bool,
    /// Both say that prices moved or what was earned: such headlines come again each day.
    pub recurs: bool,
}

/// Sets two headlines side by side.
pub(super) fn diff<'a>(one: &'a Signature, other: &'a Signature) -> Diff<'a> {
    let mut left: Vec<&Token> = one.tokens.iter().collect();
    let mut right: Vec<&Token> = other.tokens.iter().collect();
    let mut pairs: Vec<(&Token, &Token)> = Vec::new();
    for agree in [Token::equals, Token::resembles] {
        left.retain(|token| {
            let found = right.iter().position(|other| agree(token, other));
            if let Some(at) = found {
                pairs.push((token, right.remove(at)));
            }
            found.is_none()
        });
    }
    // What is said once may be meant twice: `Hanwha` beside `Hanwha` and `Hanwha Aerospace`.
    let said = |token: &&Token, all: &[Token]| all.iter().any(|other| token.equals(other));
    left.retain(|token| !said(token, &other.tokens));
    right.retain(|token| !said(token, &one.tokens));
    acronyms(&mut left, &mut right, &mut pairs);
    let shared: f32 = pairs
        .iter()
        .map(|(one, other)| one.weight().max(other.weight()))
        .sum();
    let rest = |tokens: &[&Token]| tokens.iter().map(|token| token.weight()).sum::<f32>();
    let (only_left, only_right) = (rest(&left), rest(&right));
    let share = |whole: f32| if whole > 0.0 { shared / whole } else { 0.0 };
    let event = |name: &str| {
        pairs
            .iter()
            .any(|(token, _)| matches!(token.kind, Kind::Event(_)) && token.key == name)
    };
    Diff {
        contained: share(shared + only_left.min(only_right)),
        alike: share(shared + only_left + only_right),
        anchors: count(&pairs, |token| {
            token.is_name() || matches!(token.kind, Kind::Open | Kind::Number(_) | Kind::Ordinal(_))
        }),
        events: count(&pairs, |token| {
            matches!(token.kind, Kind::Event(Weight::Event | Weight::Turn))
        }),
        names: count(&pairs, Token::is_name),
        figure: pairs
            .iter()
            .any(|(token, _)| matches!(&token.kind, Kind::Number(figure) if figure.is_telling())),
        sum: pairs
            .iter()
            .any(|(token, _)| matches!(&token.kind, Kind::Number(figure) if figure.scaled)),
        linked: pairs
            .iter()
            .filter(|(one, other)| one.is_name() && other.is_name())
            .map(|(one, other)| (one.phrase, other.phrase))
            .collect(),
        agreed: pairs.iter().map(|(token, _)| &token.kind).collect(),
        told: [one, other]
            .iter()
            .all(|side| side.tokens.iter().any(|token| token.kind.is_event())),
        recurs: event("market") || event("result"),
        left,
        right,
    }
}

impl Diff<'_> {
    /// Whether two names that only one headline has each can stand for different things. Not so where one goes on with a
    /// name that both have (`Hanwha Aerospace`) and the other stands elsewhere, or where one only says what is from where.
    pub(super) fn are_rivals(&self, one: &Token, other: &Token) -> bool {
        if one.place && other.place {
            return true;
        }
        if one.origin || other.origin {
            return false;
        }
        let here = self.linked.iter().copied();
        let there = self.linked.iter().map(|(own, its)| (*its, *own));
        !(goes_on(one, other, here) || goes_on(other, one, there))
    }

    /// Whether they have a figure, ordinal or date of this kind in common.
    pub(super) fn agrees_in(&self, kind: &Kind) -> bool {
        self.agreed.iter().any(|agreed| match (agreed, kind) {
            (Kind::Ordinal(one), Kind::Ordinal(other)) | (Kind::Date(one), Kind::Date(other)) => {
                one == other
            }
            _ => false,
        })
    }
}

/// Whether a name goes on with one that both headlines have, and its rival stands elsewhere. `links` are the phrases of
/// such names: the one in the headline of `token`, and the one in the other.
fn goes_on(token: &Token, rival: &Token, links: impl Iterator<Item = (u16, u16)>) -> bool {
    let own: Vec<u16> = links
        .filter(|(own, _)| *own == token.phrase)
        .map(|(_, its)| its)
        .collect();
    token.is_name() && !own.is_empty() && !own.contains(&rival.phrase)
}

/// How many of the pairs are told by `is`; names side by side are one.
fn count(pairs: &[(&Token, &Token)], is: impl Fn(&Token) -> bool) -> usize {
    let mut phrases: Vec<u16> = Vec::new();
    let mut count = 0;
    for (token, _) in pairs.iter().filter(|(token, _)| is(token)) {
        if matches!(token.kind, Kind::Name | Kind::Entity) {
            if phrases.contains(&token.phrase) {
                continue;
            }
            phrases.push(token.phrase);
        }
        count += 1;
    }
    count
}

/// `KAI` and the words whose first letters it is.
fn acronyms<'a>(
    left: &mut Vec<&'a Token>,
    right: &mut Vec<&'a Token>,
    pairs: &mut Vec<(&'a Token, &'a Token)>,
) {
    for swap in [false, true] {
        let (short, long) = if swap {
            (&mut *right, &mut *left)
        } else {
            (&mut *left, &mut *right)
        };
        short.retain(|token| {
            let at = spelt(token, long);
            if let Some(range) = at.clone() {
                let spelt: Vec<&Token> = long.drain(range).collect();
                pairs.extend(spelt.first().map(|first| (*token, *first)));
            }
            at.is_none()
        });
    }
}

/// Letters of a word that an acronym's letter stands for.
const SHORTEST_WORD: usize = 3;

/// Where the words stand whose first letters a token is.
fn spelt(token: &Token, long: &[&Token]) -> Option<Range<usize>> {
    // An entity goes by what it is called.
    let name = if token.called.is_empty() {
        &token.key
    } else {
        &token.called
    };
    let letters: Vec<char> = name.chars().collect();
    let latin = (2..=6).contains(&letters.len())
        && token.may_be_name()
        && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !latin {
        return None;
    }
    // `BOK` is the Bank of Korea.
    let without_of: Vec<char> = letters
        .iter()
        .copied()
        .filter(|letter| *letter != 'o')
        .collect();
    // `LG Innotek` is no `LI`.
    let is_word = |token: &Token| token.key.len() >= SHORTEST_WORD;
    let place = |letters: &[char]| {
        let initials = |window: &[&Token]| {
            window.iter().zip(letters).all(|(token, letter)| {
                token.may_be_name() && is_word(token) && token.key.starts_with(*letter)
            })
        };
        let at = if letters.len() < 2 {
            None
        } else {
            long.windows(letters.len()).position(initials)
        };
        at.map(|at| at..at + letters.len())
    };
    // `KAI` where only `Korea Aerospace` is said.
    let most = || {
        place(
            letters
                .get(..letters.len() - 1)
                .filter(|most| most.len() > 1)?,
        )
    };
    place(&letters).or_else(|| place(&without_of)).or_else(most)
}

/// Whether a token is the initials of words among `all`.
pub(super) fn is_spelt(token: &Token, all: &[Token]) -> bool {
    let all: Vec<&Token> = all.iter().collect();
    spelt(token, &all).is_some()
}

impl Token {
    /// A name for certain.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Entity | Kind::Name)
    }

    /// `second`, `3차`: there was one before, so that it is not the one without a number.
    pub(super) fn is_later_one(&self) -> bool {
        matches!(self.kind, Kind::Ordinal("th" | "round")) && self.key != "1"
    }

    /// A figure that is no money.
    pub(super) fn is_count(&self) -> bool {
        matches!(&self.kind, Kind::Number(figure) if !figure.is_money())
    }

    /// A name, or a word that may be one.
    pub(super) fn may_be_name(&self) -> bool {
        self.is_name() || self.kind == Kind::Open && self.main
    }

    /// Whether what an entity is called here may be called so too.
    pub(super) fn is_called(&self, name: &str) -> bool {
        is_one(&self.called, name)
    }

    /// The same, said in the same way.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Number(one), Kind::Number(other)) => one.agrees(other),
            (Kind::Ordinal(one), Kind::Ordinal(two)) => {
                let loose = |class: &str| matches!(class, "th" | "round" | "no");
                self.key == other.key && (one == two || loose(one) && loose(two))
            }
            (Kind::Date(one), Kind::Date(two)) => one == two && self.key == other.key,
            (Kind::Time(one), Kind::Time(two)) => one.abs_diff(*two) <= 15,
            (one, two) => {
                one.is_word()
                    && two.is_word()
                    && one.is_event() == two.is_event()
                    && self.key == other.key
                    && self.is_called(&other.called)
            }
        }
    }

    /// The same, said at greater length, or in another form.
    pub(super) fn resembles(&self, other: &Self) -> bool {
        if let Some(same) = is_slug(self, other).or_else(|| is_slug(other, self)) {
            return same;
        }
        let word = |token: &Self| matches!(token.kind, Kind::Name | Kind::Open | Kind::Weak);
        if !word(self) || !word(other) {
            return false;
        }
        let (one, two) = (self.key.as_str(), other.key.as_str());
        let hangul = |text: &str| text.chars().next().is_some_and(is_hangul);
        if hangul(one) && hangul(two) {
            return is_short_form(one, two);
        }
        let (short, long) = if one.len() <= two.len() {
            (one, two)
        } else {
            (two, one)
        };
        // `HD현대중공업`, `현대중공업`; not `HJ중공업`, `삼성중공업`.
        if hangul(one) || hangul(two) {
            let (korean, mixed) = if hangul(one) { (one, two) } else { (two, one) };
            let letters = mixed.strip_suffix(korean);
            return letters.is_some_and(|letters| letters.is_ascii());
        }
        let code = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
        // `howitzer`, `howitzers'`; `K9`, `K9A1`: a variant of what is named.
        if code(short) && code(long) {
            return short.len() >= 2
                && long
                    .strip_prefix(short)
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        }
        short.len() >= 5 && long.starts_with(short) && long.len() - short.len() <= 4
    }

    /// How much it says.
    fn weight(&self) -> f32 {
        match &self.kind {
            Kind::Entity | Kind::Name => 2.0,
            Kind::Number(figure) if figure.is_telling() => 2.0,
            Kind::Number(_) | Kind::Ordinal(_) | Kind::Event(_) => 1.0,
            Kind::Open => 1.5,
            Kind::Date(_) | Kind::Time(_) => 0.5,
            Kind::Weak => 0.3,
        }
    }
}

/// Whether an entity is what another token names, where one at least is an entity: goes by its name and something more,
/// or is called what a word is that its context has not shown to name it.
fn is_slug(entity: &Token, word: &Token) -> Option<bool> {
    let id = entity.key.strip_prefix('@')?;
    if let Some(other) = word.key.strip_prefix('@') {
        let more = is_more_of(id, other) || is_more_of(other, id);
        return Some(more && entity.is_called(&word.called));
    }
    let first = id.split('-').next().unwrap_or(id);
    matches!(word.kind, Kind::Name | Kind::Open)
        .then(|| !word.place && first.len() >= 4 && stem(first) == word.key)
}
