//! Two headlines in other words: whether what they tell agrees fact by fact.
//!
//! Where the words differ, only facts show one event: the same figure, the same names, and nothing done that only one of
//! them knows of. What a headline leaves out, the beginning of its text may say.

use super::events::{self, is_bought, other_events};
use super::evidence::{Evidence, is_in};
use super::signature::{Alphabet, Signature};
use super::token::{Kind, Token};
use super::vocabulary::Weight;

/// Points from which on two entries tell of one event.
const ENOUGH: f32 = 7.0;
/// The same where no name stands in both headlines.
const ENOUGH_UNNAMED: f32 = 9.0;
/// The same where no figure is in common.
const ENOUGH_BARE: f32 = 8.5;
/// What is told later than this may be what came of it.
const HALF_A_DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);
/// Ordinals up to this tell one of a row from the others.
const LOW: u32 = 10;
/// Points of a figure that tells enough.
const TELLING: f32 = 1.5;

/// What two entries of one event agree in.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    /// Points for it, less those against.
    pub points: f32,
    /// Precise figures that both headlines have.
    pub exact: usize,
    /// The figure that tells most.
    figure: Option<String>,
}

impl std::fmt::Display for Agreed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(figure) = &self.figure {
            write!(out, "{figure}, ")?;
        }
        write!(out, "{:.1} points", self.points)
    }
}

/// What two entries agree in where that shows one event; else what is missing.
pub(super) fn agree(one: &Signature, other: &Signature) -> Result<Agreed, String> {
    let pair = [(one, other), (other, one)];
    let contradiction = [other_figures, other_events, other_names]
        .iter()
        .find_map(|contradicts| pair.iter().find_map(|(one, other)| contradicts(one, other)));
    if let Some(why) = contradiction {
        return Err(why);
    }
    if other_sums(one, other) {
        return Err("other sums".to_owned());
    }
    if let Some(why) = other_times(one, other) {
        return Err(why);
    }
    if let Some(why) = pair.iter().find_map(|(one, other)| reaction(one, other)) {
        return Err(why);
    }
    let evidence = Evidence::of(one, other);
    let against: f32 = pair
        .iter()
        .map(|(one, other)| doubts(one, other))
        .sum::<f32>()
        + strangers(one, other)
        + other_days(one, other)
        + f32::from(u8::from(one.at.duration_since(other.at).abs() > HALF_A_DAY));
    let points = evidence.points - against;
    let figure = evidence
        .figure
        .clone()
        .filter(|(_, points)| *points >= TELLING);
    let bought = pair.iter().any(|(one, other)| is_bought(one, other));
    if evidence.events == 0 && !bought {
        return Err(format!("no event in common, {points:.1} points"));
    }
    let named = evidence.anchors >= 1.0
        || evidence.exact >= 2
        || (evidence.names >= 2 || evidence.anchors > 0.0)
            && figure.is_some()
            && points >= ENOUGH_UNNAMED;
    if !named {
        return Err(format!("no name in common, {points:.1} points"));
    }
    let needed = match figure {
        Some(_) => ENOUGH,
        None if evidence.strong > 0 && evidence.names >= 3 && evidence.anchors >= 2.0 => {
            ENOUGH_BARE
        }
        None => return Err(format!("no figure in common, {points:.1} points")),
    };
    if points < needed {
        return Err(format!("{points:.1} points"));
    }
    Ok(Agreed {
        points,
        exact: evidence.exact,
        figure: figure.map(|(figure, _)| figure),
    })
}

/// Figures of one thing that differ, ordinals of one row.
fn other_figures(one: &Signature, other: &Signature) -> Option<String> {
    for token in &one.tokens {
        let known = other.said().any(|their| token.equals(their));
        if known {
            continue;
        }
        let apart = |their: &&Token| match (&token.kind, &their.kind) {
            (Kind::Number(here), Kind::Number(there)) => {
                let level = here.is_level() && there.is_level();
                !here.is_money() && here.contradicts(there) && (level || !here.unit.is_empty())
            }
            (Kind::Ordinal(here), Kind::Ordinal(there)) => here == there,
            _ => false,
        };
        let excused = |their: &Token| {
            one.said().any(|own| own.equals(their)) || amounts(token, other) || amounts(their, one)
        };
        if let Some(their) = other.said().find(|their| apart(their) && !excused(their)) {
            return Some(format!("{} / {}", token.key, their.key));
        }
    }
    other_counts(one, other)
}

/// Counts of different things, of which none is the same.
fn other_counts(one: &Signature, other: &Signature) -> Option<String> {
    let large = |token: &&Token| token.is_count() && !is_measure(token) && is_large(token);
    let known = |token: &Token, reader: &Signature| {
        reader.said().any(|their| token.equals(their)) || amounts(token, reader)
    };
    let here = one
        .tokens
        .iter()
        .filter(large)
        .find(|token| !known(token, other))?;
    let agreed = one.said().filter(large).any(|token| known(token, other));
    let there = other
        .said()
        .filter(large)
        .find(|token| !known(token, one))?;
    (!agreed).then(|| format!("{} / {}", here.key, there.key))
}

/// What measures time, length or speed, or is a share.
pub(super) fn is_measure(token: &Token) -> bool {
    const MEASURES: &[&str] = &[
        "%", "day", "week", "month", "year", "hour", "minut", "km", "kph", "mph", "metr", "mil",
        "ton", "mm", "point", "basis", "일", "년", "개", "시", "분", "포", "t",
    ];
    matches!(&token.kind, Kind::Number(figure) if MEASURES.contains(&figure.unit.as_str()))
}

fn is_large(token: &Token) -> bool {
    matches!(&token.kind, Kind::Number(figure) if figure.is_telling())
}

/// Whether a count is what two counts of the other entry amount to.
pub(super) fn is_sum(token: &Token, all: &[Token]) -> bool {
    let count = |token: &Token| match &token.kind {
        Kind::Number(figure) if !figure.is_money() && figure.unit != "%" => Some(figure.value),
        _ => None,
    };
    let Some(sum) = count(token).filter(|sum| *sum >= 10.0) else {
        return false;
    };
    let parts: Vec<f64> = all.iter().filter_map(count).collect();
    let mut left = parts.iter().enumerate();
    left.any(|(at, one)| {
        parts[at + 1..]
            .iter()
            .any(|other| (one + other - sum).abs() < 1e-9)
    })
}

/// The same, of the counts of a whole entry.
fn amounts(token: &Token, other: &Signature) -> bool {
    is_sum(token, &other.tokens) || is_sum(token, &other.lead)
}

/// Whom or what a headline begins with, or a country or code of it, where neither entry knows the other's.
fn other_names(one: &Signature, other: &Signature) -> Option<String> {
    let unknown = |own: &Signature, reader: &Signature, is: &dyn Fn(&Token) -> bool| {
        let mut tokens = own.tokens.iter().filter(|token| is(token));
        tokens
            .find(|token| !reader.tells(token))
            .map(|token| token.key.clone())
    };
    let place = |token: &Token| token.place && !token.origin;
    let code =
        |token: &Token| token.is_name() && token.key.bytes().any(|byte| byte.is_ascii_digit());
    for is in [&place as &dyn Fn(&Token) -> bool, &code] {
        if let (Some(here), Some(there)) = (unknown(one, other, is), unknown(other, one, is)) {
            return Some(format!("{here} / {there}"));
        }
    }
    let (here, there) = (subject(one, other)?, subject(other, one)?);
    let certain = here.is_name() && there.is_name();
    certain.then(|| format!("{} / {}", here.key, there.key))
}

/// Whom or what a headline begins with, where the other entry does not know it.
fn subject<'a>(one: &'a Signature, other: &Signature) -> Option<&'a Token> {
    let mut names = one.tokens.iter().filter(|token| !token.origin);
    let first = names.find(|token| token.may_be_name())?;
    (!other.tells(first)).then_some(first)
}

/// Who does something in a first clause, after what the other tells: neither who nor what is known there.
fn reaction(one: &Signature, other: &Signature) -> Option<String> {
    if one.alphabet != Alphabet::Latin || one.tokens.iter().all(|token| token.main) {
        return None;
    }
    let first = one.tokens.iter().find(|token| token.may_be_name())?;
    let event = one
        .tokens
        .iter()
        .find(|token| token.main && token.kind.is_event())?;
    let elsewhere = !other.tells(first) && !other.tokens.iter().any(|their| event.equals(their));
    elsewhere.then(|| format!("{} / {}", first.key, event.key))
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

/// Whether both name times of day, and none that is the same.
pub(super) fn other_times(one: &Signature, other: &Signature) -> Option<String> {
    let times = |signature: &Signature| -> Vec<Token> {
        let time = |token: &&Token| matches!(token.kind, Kind::Time(_));
        signature.said().filter(time).cloned().collect()
    };
    let (here, there) = (times(one), times(other));
    let near = |one: &Token| there.iter().any(|other| one.equals(other));
    let apart = !here.is_empty() && !there.is_empty() && !here.iter().any(near);
    apart.then(|| format!("{} / {}", here[0].key, there[0].key))
}

/// Points against: what one headline says and the other entry does not.
fn doubts(one: &Signature, other: &Signature) -> f32 {
    let unknown = |token: &&Token| !other.said().any(|their| token.equals(their));
    let doubt = |token: &Token| match &token.kind {
        Kind::Event(weight) if *weight != Weight::Mild => events::doubt(token, other),
        Kind::Ordinal("th" | "round" | "no") => match token.key.parse::<u32>() {
            Ok(1) => 0.5,
            Ok(nth) if nth <= LOW => 3.0,
            _ => 0.0,
        },
        Kind::Ordinal(_) => 1.0,
        Kind::Number(figure) if !figure.is_money() => 0.5,
        Kind::Date("month") => 0.5,
        _ => 0.0,
    };
    one.tokens.iter().filter(unknown).map(doubt).sum()
}

/// Points against names in each other's place.
fn strangers(one: &Signature, other: &Signature) -> f32 {
    let unknown = |own: &Signature, reader: &Signature| {
        let first = own
            .tokens
            .iter()
            .find(|token| token.may_be_name() && !token.small);
        let named = own
            .tokens
            .iter()
            .filter(|token| token.is_name() && !token.origin);
        let first = first.filter(|_| own.alphabet == Alphabet::Latin);
        named.chain(first).any(|token| !reader.tells(token))
    };
    let names = unknown(one, other) && unknown(other, one);
    let subjects = subject(one, other).is_some() && subject(other, one).is_some();
    f32::from(u8::from(names)) * 2.0 + f32::from(u8::from(subjects))
}

/// Points against days that are not the same.
fn other_days(one: &Signature, other: &Signature) -> f32 {
    let against = |class: &str| {
        let days = |signature: &Signature| -> Vec<String> {
            let day = |token: &&Token| matches!(token.kind, Kind::Date(kind) if kind == class);
            signature
                .said()
                .filter(day)
                .map(|token| token.key.clone())
                .collect()
        };
        let (here, there) = (days(one), days(other));
        !here.is_empty() && !there.is_empty() && !here.iter().any(|day| there.contains(day))
    };
    let points = |class: &str, points: f32| if against(class) { points } else { 0.0 };
    points("day", 2.0) + points("weekday", 1.5) + points("month", 1.5)
}

/// Whether two words say the same, in this form or another or from the other side.
pub(super) fn is_same(one: &Token, other: &Token) -> bool {
    one.equals(other) || one.resembles(other) || events::is_alike(one, other)
}

/// Names that the beginning of each text tells and the other entry does not know, where they share none.
pub(super) fn other_whereabouts(one: &Signature, other: &Signature) -> Option<String> {
    let names = |own: &Signature| -> Vec<Token> {
        let name = |token: &&Token| token.is_name() && !is_in(token, &own.tokens);
        own.lead.iter().filter(name).cloned().collect()
    };
    let (here, there) = (names(one), names(other));
    let (first, second) = (here.first()?, there.first()?);
    let known =
        here.iter().any(|token| other.tells(token)) || there.iter().any(|token| one.tells(token));
    (!known).then(|| format!("{} / {}", first.key, second.key))
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
        let both = |one: &Signature, other: &Signature| {
            let mut tokens = one.tokens.iter().filter(|token| is(token));
            tokens
                .find(|token| other.said().any(|their| token.equals(their)))
                .map(|token| token.key.clone())
        };
        both(one, other).or_else(|| both(other, one))
    };
    shared(|token| matches!(token.kind, Kind::Ordinal("quarter" | "half")))?;
    if !(is_firm_of(one, other) || is_firm_of(other, one)) {
        return None;
    }
    shared(
        |token| matches!(&token.kind, Kind::Number(figure) if figure.is_money() && figure.is_precise()),
    )
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

#[cfg(test)]
mod tests {
    use super::super::signature::Signature;
    use super::*;

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
            let agreed = agree(&Signature::plain(one), &Signature::plain(other));
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
        let other =
            Signature::plain(("Helsinki signs contract for K9 guns from army stores", text));
        assert!(agree(&Signature::plain(one), &other).is_ok());
        let bare = Signature::plain(("Helsinki signs contract for K9 guns from army stores", ""));
        assert!(agree(&Signature::plain(one), &bare).is_err());
    }

    #[test]
    fn a_result_is_known_by_firm_quarter_and_sum() {
        let one = Signature::plain((
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
            let found = same_result(&one, &Signature::plain((title, "")));
            assert_eq!(found.is_some(), same, "{title}: {found:?}");
        }
    }
}
