//! What events are to each other: the same from another side, opposites, news of their own about another one.
//!
//! Which words tell of an event is `vocabulary`'s business.

use super::signature::Signature;
use super::token::{Kind, Token};
use super::vocabulary::Weight;

/// Events whose absence from the other entry leaves a doubt only: it may tell the same from another side.
const SOFT: &[&str] = &[
    "rise", "fall", "expand", "develop", "produce", "build", "upgrade", "repair", "invest", "hurt",
    "die", "warn", "agree", "finish", "cut", "hike",
];

/// Events of which each says what the other says, in this respect or from the other side.
const ALIKE: &[(&str, &str)] = &[
    ("select", "decide"),
    ("landfall", "hit"),
    ("cut", "fall"),
    ("hike", "rise"),
    ("expand", "rise"),
    ("expand", "hike"),
    ("settle", "deal"),
    ("join", "deal"),
    ("test", "launch"),
    ("talk", "meet"),
    ("approve", "acquit"),
    ("resign", "oust"),
    ("deliver", "return"),
    ("finish", "close"),
    ("groundbreak", "start"),
    ("upgrade", "repair"),
];

/// Events that cannot both be what happened.
const OPPOSITE: &[(&str, &str)] = &[
    ("rise", "fall"),
    ("cut", "hike"),
    ("cut", "rise"),
    ("hike", "fall"),
    ("keep", "cut"),
    ("keep", "hike"),
    ("impose", "lift"),
    ("start", "finish"),
    ("start", "close"),
    ("join", "leave"),
    ("appoint", "resign"),
    ("approach", "landfall"),
    ("select", "shortlist"),
    ("convict", "acquit"),
    ("arrest", "release"),
];

fn says(tokens: &[Token], event: &str) -> bool {
    tokens
        .iter()
        .any(|token| token.kind.is_event() && token.key == event)
}

/// What one headline says happened, and the other entry knows nothing of; or the opposite of what the other says.
pub(super) fn other_events(one: &Signature, other: &Signature) -> Option<String> {
    let told = one.tokens.iter().filter_map(|token| match token.kind {
        Kind::Event(weight) => Some((token, weight)),
        _ => None,
    });
    for (token, weight) in told {
        let opposite = OPPOSITE.iter().find_map(|(a, b)| {
            let their = if *a == token.key {
                b
            } else if *b == token.key {
                a
            } else {
                return None;
            };
            (says(&other.tokens, their)
                && !says(&one.tokens, their)
                && !says(&other.tokens, &token.key))
            .then_some(*their)
        });
        if let Some(their) = opposite {
            return Some(format!("{} / {their}", token.key));
        }
        let soft = weight == Weight::Mild
            || SOFT.contains(&token.key.as_str())
            || token.key == "select" && is_bought(one, other);
        let here = other.tokens.iter().any(|their| is_event(token, their));
        let turned = token.key == "not" || REACTION.contains(&token.key.as_str());
        if !soft && !here && (turned || !is_told(token, other)) {
            return Some(format!("only one of them says `{}`", token.key));
        }
    }
    None
}

/// Whether what a headline says is chosen is bought with that, at the sum that the other headline names too.
pub(super) fn is_bought(one: &Signature, other: &Signature) -> bool {
    let sum = |token: &&Token| matches!(&token.kind, Kind::Number(figure) if figure.is_money() && figure.is_precise());
    let mut sums = one.tokens.iter().filter(sum);
    let open = |token: &Token| {
        token.kind.is_event()
            && matches!(token.key.as_str(), "plan" | "talk" | "expect" | "shortlist")
    };
    sums.any(|sum| other.tokens.iter().any(|their| sum.equals(their)))
        && says(&other.tokens, "deal")
        && !one.said().chain(other.said()).any(open)
}

/// Whether an entry tells of an event, in this way or another.
fn is_told(event: &Token, other: &Signature) -> bool {
    other.said().any(|token| is_event(event, token))
}

fn is_event(one: &Token, other: &Token) -> bool {
    one.kind.is_event() && other.kind.is_event() && one.key == other.key || is_alike(one, other)
}

/// Whether two events say the same in some respect.
pub(super) fn is_alike(one: &Token, other: &Token) -> bool {
    let pair = |(a, b): &(&str, &str)| {
        *a == one.key && *b == other.key || *a == other.key && *b == one.key
    };
    one.kind.is_event() && other.kind.is_event() && ALIKE.iter().any(pair)
}

/// Events that follow or go before another one: what only the text of the other mentions is not what it tells.
const DERIVED: &[&str] = &[
    "deliver",
    "launch",
    "approve",
    "select",
    "shortlist",
    "bid",
    "arrest",
    "protest",
];

/// Events that are news of their own, about another one.
const REACTION: &[&str] = &[
    "appeal",
    "seek-term",
    "criticise",
    "welcome",
    "urge",
    "market",
    "genre",
    "sue",
    "probe",
    "apologise",
    "charge",
    "expect",
    "plan",
    "talk",
    "rescue",
    "visit",
];

/// Points against an event that a headline tells of, where the other headline does not.
pub(super) fn doubt(event: &Token, other: &Signature) -> f32 {
    if other.tokens.iter().any(|their| is_event(event, their)) {
        return 0.0;
    }
    match is_told(event, other) {
        true if DERIVED.contains(&event.key.as_str()) => 2.0,
        true => 0.5,
        false if event.key == "agree" => 2.0,
        false => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_left_out_and_what_may_not() {
        let one = ("Norway buys 16 launchers", "");
        for (other, apart) in [
            (("Firm sells 16 launchers to Norway", ""), false),
            (("Norway expands artillery with 16 launchers", ""), false),
            (("Norway delays 16 launchers", ""), true),
            (("Norway in talks on 16 launchers", ""), true),
            (("Firm shares jump on 16 launchers for Norway", ""), true),
        ] {
            let (one, other) = (Signature::plain(one), Signature::plain(other));
            let found = other_events(&one, &other).or_else(|| other_events(&other, &one));
            assert_eq!(found.is_some(), apart, "{found:?}");
        }
    }

    #[test]
    fn news_about_other_news_stands_in_the_headline() {
        let ruling = Signature::plain(("Court upholds fine", "It dismissed the firm's appeal."));
        let appeal = Signature::plain(("Firm appeals against fine", ""));
        assert!(other_events(&appeal, &ruling).is_some());
        let delivery = Signature::plain(("Norway receives launchers", ""));
        let told = Signature::plain(("Launchers for Norway", "They were delivered on Monday."));
        assert!(other_events(&delivery, &told).is_none());
        let event = delivery
            .tokens
            .iter()
            .find(|token| token.kind.is_event())
            .unwrap();
        assert!(doubt(event, &told) > doubt(event, &delivery));
    }
}
