//! Two headlines in other words: whether what they tell agrees fact by fact.
//!
//! Where the words differ, only facts show one event: the same figure, the same names, and nothing done that only one of
//! them knows of. What a headline leaves out, the beginning of its text may say.

use super::signature::Signature;
use super::token::{Kind, Token};
use super::vocabulary::Weight;

/// Names that both must know.
const NAMES: usize = 2;
/// Ordinals up to this tell one of a row from the others.
const LOW: u32 = 10;

/// The figure in which they agree, where they do; else what is missing.
pub(super) fn agree(one: &Signature, other: &Signature) -> Result<String, String> {
    let pair = [(one, other), (other, one)];
    if let Some(why) = pair.iter().find_map(|(one, other)| unknown(one, other)) {
        return Err(why);
    }
    if let (Some(here), Some(there)) = (subject(one, other), subject(other, one)) {
        return Err(format!("{here} / {there}"));
    }
    if other_sums(one, other) {
        return Err("other sums".to_owned());
    }
    let said = |token: &Token| {
        let same = |other: &&Token| token.kind.is_event() && token.equals(other);
        other.tokens.iter().any(|other| same(&other))
    };
    if !one.tokens.iter().any(said) {
        return Err("no event in common".to_owned());
    }
    if names(one, other) < NAMES {
        return Err("too few names in common".to_owned());
    }
    let figure = figure(one, other).or_else(|| figure(other, one));
    let figure = figure.or_else(|| figure_below(one, other));
    figure.ok_or_else(|| "no figure in common".to_owned())
}

/// What one headline says happened, or counts, and the other entry knows nothing of.
fn unknown(one: &Signature, other: &Signature) -> Option<String> {
    let known = |token: &Token| other.said().any(|other| token.equals(other));
    let telling = |token: &&Token| match &token.kind {
        Kind::Event(weight) => *weight != Weight::Mild,
        Kind::Number(figure) => !figure.is_money(),
        // The fifty-seventh says only which one it is.
        Kind::Ordinal(_) => token.key.parse().is_ok_and(|nth: u32| nth <= LOW),
        _ => false,
    };
    let all = one.tokens.iter().filter(telling);
    all.filter(|token| !known(token))
        .map(|token| format!("only one of them says `{}`", token.key))
        .next()
}

/// Whom or what a headline begins with, where the other entry does not know it.
fn subject(one: &Signature, other: &Signature) -> Option<String> {
    let mut names = one.tokens.iter().filter(|token| token.may_be_name());
    let first = names.next()?;
    let known = other.knows(first) || is_in(first, &other.tokens);
    (!known).then(|| first.key.clone())
}

/// Whether both name sums of one currency, and none that is the same.
fn other_sums(one: &Signature, other: &Signature) -> bool {
    let mut apart = false;
    for token in one.said() {
        for their in other.said() {
            if let (Kind::Number(one), Kind::Number(other)) = (&token.kind, &their.kind)
                && one.is_money()
                && one.unit == other.unit
            {
                if one.agrees(other) {
                    return false;
                }
                apart = true;
            }
        }
    }
    apart
}

/// How many names both know, of which one at least stands in both headlines.
fn names(one: &Signature, other: &Signature) -> usize {
    let mut phrases: Vec<(bool, u16)> = Vec::new();
    let mut in_both = false;
    for (left, own, their) in [(true, one, other), (false, other, one)] {
        let named = |token: &&Token| token.is_name() && !token.origin;
        for token in own.tokens.iter().filter(named) {
            let there = is_in(token, &their.tokens);
            in_both |= there;
            // What stands in both headlines is counted once, by the first.
            let counts = if there { left } else { their.knows(token) };
            if counts && !phrases.contains(&(left, token.phrase)) {
                phrases.push((left, token.phrase));
            }
        }
    }
    if in_both { phrases.len() } else { 0 }
}

/// A telling figure of one's headline that the other's headline has, or a precise one that its text has.
fn figure(one: &Signature, other: &Signature) -> Option<String> {
    let figures = one.tokens.iter().filter_map(|token| match &token.kind {
        Kind::Number(figure) if figure.is_telling() => Some((token, figure)),
        _ => None,
    });
    let mut found = figures.filter(|(token, figure)| {
        is_in(token, &other.tokens)
            || figure.is_precise() && other.lead.iter().any(|other| token.equals(other))
    });
    found.next().map(|(token, _)| token.key.clone())
}

/// A precise figure, no percentage, that both texts begin with.
fn figure_below(one: &Signature, other: &Signature) -> Option<String> {
    let precise = |token: &&Token| matches!(&token.kind, Kind::Number(figure) if figure.is_precise() && figure.unit != "%");
    let mut figures = one.lead.iter().filter(precise);
    let found = figures.find(|token| other.lead.iter().any(|other| token.equals(other)));
    found.map(|token| token.key.clone())
}

/// The sum that both name as the result of one firm in one quarter.
pub(super) fn same_result(one: &Signature, other: &Signature) -> Option<String> {
    let told = |signature: &Signature, key: &str| {
        let mut tokens = signature.tokens.iter();
        tokens.any(|token| token.key == key && token.kind.is_event())
    };
    let both = |key: &str| told(one, key) && told(other, key);
    let either = |key: &str| told(one, key) || told(other, key);
    if !both("result")
        || ["market", "genre", "expect", "plan"]
            .iter()
            .any(|key| either(key))
    {
        return None;
    }
    let shared = |is: fn(&Token) -> bool| {
        let mut tokens = one.tokens.iter().filter(move |token| is(token));
        tokens.find(|token| is_in(token, &other.tokens))
    };
    shared(|token| matches!(token.kind, Kind::Ordinal("quarter" | "half")))?;
    shared(Token::may_be_name)?;
    if !(is_firm_of(one, other) && is_firm_of(other, one)) {
        return None;
    }
    let sum = shared(
        |token| matches!(&token.kind, Kind::Number(figure) if figure.is_money() && figure.is_precise()),
    )?;
    Some(sum.key.clone())
}

/// Whether all of the name that a headline begins with stands in the other.
fn is_firm_of(one: &Signature, other: &Signature) -> bool {
    let mut names = one.tokens.iter().filter(|token| token.may_be_name());
    let Some(first) = names.next() else {
        return false;
    };
    let whole = names.take_while(|token| token.phrase == first.phrase);
    std::iter::once(first)
        .chain(whole)
        .all(|token| is_in(token, &other.tokens))
}

fn is_in(token: &Token, all: &[Token]) -> bool {
    all.iter()
        .any(|other| token.equals(other) || token.resembles(other))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::signature::{Signature, Told};
    use super::*;

    fn signature((title, text): (&str, &str)) -> Signature {
        Signature::of(&Told {
            title,
            own: 0..title.len(),
            text,
            at: Timestamp::UNIX_EPOCH,
            in_title: &[],
            named: &[],
        })
    }

    #[test]
    fn the_same_facts_in_other_words_are_one_event_and_what_only_one_knows_is_another() {
        let one = (
            "Saab beats rivals to sell Gripen jets to Colombia for 3.1 billion euros",
            "Bogota will receive 17 fighters.",
        );
        for (other, same) in [
            (
                (
                    "Colombia signs EUR 3.1bn agreement with Saab for seventeen Gripen jets",
                    "",
                ),
                true,
            ),
            (
                (
                    "Colombia signs EUR 2.4bn agreement with Saab for Gripen jets",
                    "",
                ),
                false,
            ),
            (
                (
                    "Colombia delays EUR 3.1bn agreement with Saab for Gripen jets",
                    "",
                ),
                false,
            ),
            (
                (
                    "Senators question EUR 3.1bn Gripen deal of Colombia with Saab",
                    "",
                ),
                false,
            ),
            (
                (
                    "Brazil signs EUR 3.1bn agreement with Saab for Gripen jets",
                    "",
                ),
                false,
            ),
            (
                ("Colombia signs agreement with Saab for Gripen jets", ""),
                false,
            ),
            (
                (
                    "Colombia signs EUR 3.1bn agreement with Saab for 24 Gripen jets",
                    "",
                ),
                false,
            ),
        ] {
            let agreed = agree(&signature(one), &signature(other));
            assert_eq!(agreed.is_ok(), same, "{other:?}: {agreed:?}");
        }
    }

    #[test]
    fn what_a_headline_leaves_out_its_text_may_say() {
        let one = (
            "Finland buys 112 used K9 howitzers",
            "The contract was signed on Friday.",
        );
        let text =
            "Finland will pay about 547 million euros for 112 of the K9 guns under the contract.";
        let other = signature(("Helsinki signs contract for K9 guns from army stores", text));
        assert!(agree(&signature(one), &other).is_ok());
        let bare = signature(("Helsinki signs contract for K9 guns from army stores", ""));
        assert!(agree(&signature(one), &bare).is_err());
    }

    #[test]
    fn a_result_is_known_by_firm_quarter_and_sum() {
        let one = signature((
            "Hyundai Rotem Q3 operating profit hits 277.7 billion won",
            "",
        ));
        for (title, same) in [
            (
                "Hyundai Rotem third-quarter profit 277.7 bln won, second best ever",
                true,
            ),
            ("Hyundai Rotem Q2 operating profit 277.7 billion won", false),
            ("Hyundai Mobis Q3 operating profit 277.7 billion won", false),
            ("Hyundai Rotem Q3 operating profit 257.6 billion won", false),
            (
                "Hyundai Rotem shares jump on Q3 operating profit of 277.7 billion won",
                false,
            ),
        ] {
            let found = same_result(&one, &signature((title, "")));
            assert_eq!(found.is_some(), same, "{title}: {found:?}");
        }
    }
}
