//! What a word of many senses means beside the words around it: `fires` before what is shot, `lift` beside sanctions.

use super::pieces::{Piece, Script};
use super::token::{Kind, Token};
use super::vocabulary::Weight;

/// Words behind `clears` among which an `of` tells what somebody is cleared of.
const NEAR: usize = 7;

/// Another word for the one at a piece, where the words beside it say that it is meant; `after_name` is whether a name
/// stands right before it.
pub(super) fn sense(pieces: &[Piece], at: usize, after_name: bool) -> Option<&'static str> {
    let before = at
        .checked_sub(1)
        .map_or("", |before| pieces[before].text.as_str());
    let behind = || {
        pieces[at + 1..]
            .iter()
            .take(NEAR)
            .map(|piece| piece.text.as_str())
    };
    match pieces[at].text.as_str() {
        // What is to be delivered was bought.
        "deliver" if matches!(before, "to" | "will") => Some("sells"),
        "ships" | "shipped" if after_name || pieces[at + 1].script == Script::Digit => {
            Some("delivers")
        }
        "clears" | "cleared" if behind().any(|word| word == "of") => Some("acquits"),
        "fires" | "fired" if after_name => Some("launches"),
        "delivered" if before == "be" => Some("sells"),
        // What falls into the sea is no order.
        "lands" | "landed" if behind().any(|word| matches!(word, "in" | "off" | "near")) => {
            Some("hits")
        }
        "hold" | "holds" | "held" | "holding"
            if behind().any(|word| {
                matches!(word, "rate" | "rates" | "steady" | "unchanged" | "policy")
            }) =>
        {
            Some("keeps")
        }
        "exercise" | "exercises" | "exercised" if behind().any(|word| word == "option") => {
            Some("buys")
        }
        "leaves" | "left"
            if behind().any(|word| matches!(word, "unchanged" | "steady" | "hold" | "put")) =>
        {
            Some("keeps")
        }
        "shares"
            if behind()
                .next()
                .is_some_and(|word| matches!(word, "of" | "with")) =>
        {
            Some("share")
        }
        _ => None,
    }
}

/// An event by its name, and how much it says.
type Meant = (&'static str, Weight);

/// Of two events in one headline, what the first makes of the second: nothing, or another one.
const BESIDE: &[(&str, &str, Option<Meant>)] = &[
    // Who is on the list was selected for it; what is tested was launched.
    ("shortlist", "select", None),
    ("test", "launch", None),
    ("keep", "leave", None),
    ("die", "leave", None),
    ("hurt", "leave", None),
    ("market", "finish", Some(("close", Weight::Event))),
    ("deal", "conclude", None),
    ("deal", "supply", None),
    ("impose", "lift", Some(("lift", Weight::Event))),
    ("lift", "impose", None),
    ("groundbreak", "build", None),
    ("groundbreak", "start", None),
];

/// What a word means where nothing beside it says otherwise.
const ALONE: &[(&str, &str, Weight)] = &[
    ("conclude", "finish", Weight::Event),
    ("supply", "deliver", Weight::Event),
    ("lift", "rise", Weight::Event),
];

/// Settles the senses of the events of one headline.
pub(super) fn settle(tokens: &mut Vec<Token>) {
    let says = |tokens: &[Token], key: &str| {
        let mut tokens = tokens.iter();
        tokens.any(|token| token.kind.is_event() && token.key == key)
    };
    if says(tokens, "build") && says(tokens, "start") {
        become_of(tokens, "build", Some(("groundbreak", Weight::Event)));
    }
    let mut settled: Vec<&str> = Vec::new();
    for (beside, key, instead) in BESIDE {
        if says(tokens, beside) && says(tokens, key) {
            become_of(tokens, key, *instead);
            settled.push(key);
        }
    }
    for (key, instead, weight) in ALONE {
        if !settled.contains(key) {
            become_of(tokens, key, Some((instead, *weight)));
        }
    }
}

/// Makes another event of the one of a name, or takes it out.
fn become_of(tokens: &mut Vec<Token>, key: &str, instead: Option<(&str, Weight)>) {
    let is = |token: &Token| token.kind.is_event() && token.key == key;
    match instead {
        None => tokens.retain(|token| !is(token)),
        Some((name, weight)) => {
            for token in tokens.iter_mut().filter(|token| is(token)) {
                name.clone_into(&mut token.key);
                token.kind = Kind::Event(weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;

    #[test]
    fn a_word_means_what_the_words_beside_it_say() {
        for (title, event, not) in [
            ("North Korea fires missile into sea", "launch", "fire"),
            ("Factory fire kills two in Busan", "fire", "launch"),
            ("Court clears Samsung chief of fraud", "acquit", "approve"),
            ("Board clears Samsung merger", "approve", "acquit"),
            ("China lifts sanctions on yard", "lift", "rise"),
            ("Chip boom lifts Samsung profit", "rise", "lift"),
            ("Yard to deliver ships under deal", "deal", "deliver"),
            ("Yard delivers first frigate", "deliver", "deal"),
            ("Poongsan ships 50,000 shells to Poland", "deliver", "deal"),
            (
                "Work starts on construction of plant",
                "groundbreak",
                "build",
            ),
            ("Bank of Korea holds rates at 2.5 pct", "keep", "fall"),
        ] {
            let tokens = tokens(title, 0, &[]);
            let says = |key: &str| {
                tokens
                    .iter()
                    .any(|token| token.kind.is_event() && token.key == key)
            };
            assert!(says(event) && !says(not), "{title}: {tokens:?}");
        }
    }
}
