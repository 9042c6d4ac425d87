//! Whether two names of one entity name one thing: an entity may hold several (a class of rivals, the yards of a town).
//!
//! Which entity a name belongs to is the matcher's business. In doubt they are two: a second alert costs a glance.

use super::korean::{bare, is_short_form};
use super::vocabulary::is_hangul;

/// Letters that two forms of one word begin with.
const STEM: usize = 4;
/// Letters that may follow.
const ENDING: usize = 3;

/// Whether two folded names that one entity goes by can be one name. In two scripts that cannot be told; they pass, and
/// so does one that is not known.
pub(super) fn is_one(one: &str, other: &str) -> bool {
    if one.is_empty() || other.is_empty() || one == other {
        return true;
    }
    match (script(one), script(other)) {
        (here, there) if here != there => true,
        (Script::Hangul, _) => {
            let (one, other) = (one.replace(' ', ""), other.replace(' ', ""));
            is_short_form(&one, &other)
        }
        (Script::Dense, _) => one.contains(other) || other.contains(one),
        (Script::Spaced, _) => {
            is_part(one, other)
                || is_part(other, one)
                || has_initials(one, other)
                || has_initials(other, one)
        }
    }
}

/// Whether a folded text says a folded name, or a word of it that may stand for it.
pub(super) fn is_said(name: &str, text: &str) -> bool {
    let word = |word: &str| match script(word) {
        Script::Hangul => {
            let mut words = text.split(' ').map(bare);
            words.any(|own| own.starts_with(is_hangul) && is_short_form(word, own))
        }
        Script::Dense => text.contains(word),
        Script::Spaced => word.chars().count() >= STEM && text.contains(word),
    };
    text.contains(name) || name.split(' ').any(word)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Spaced,
    Hangul,
    Dense,
}

/// By its first letter.
fn script(name: &str) -> Script {
    match name.chars().find(|c| c.is_alphabetic()) {
        Some(c) if is_hangul(c) => Script::Hangul,
        Some('\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}') => Script::Dense,
        _ => Script::Spaced,
    }
}

/// Whether all words of `short` stand in `long`, in these forms or others: `BAE`, `BAE Systems`; `M-SAM`, `KM-SAM`.
fn is_part(short: &str, long: &str) -> bool {
    let (joined, whole) = (short.replace(' ', ""), long.replace(' ', ""));
    joined.len() >= STEM && whole.ends_with(&joined)
        || short
            .split(' ')
            .all(|word| long.split(' ').any(|other| is_form(word, other)))
}

/// `Rotem`, `Rotemu`; `K9`, `K9A1`. Not `F-35`, `F-15`, and not `K21` for `K2`.
fn is_form(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let digits = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    if digits(short) || digits(long) {
        let rest = long.strip_prefix(short).filter(|_| short.len() >= 2);
        return rest.is_some_and(|rest| digits(short) && rest.starts_with(char::is_alphabetic));
    }
    let common = short.chars().zip(long.chars());
    let common = common.take_while(|(one, other)| one == other).count();
    common >= STEM && long.chars().count() - common <= ENDING
}

/// Whether a word of `short` is the initials of `long`, or of all its words but the last: `KAI`, `DAPA`.
fn has_initials(short: &str, long: &str) -> bool {
    let words = || long.split(' ').filter(|word| !word.is_empty());
    if words().count() < 2 {
        return false;
    }
    let initials = |small: bool| -> String {
        words()
            .filter(|word| small || !matches!(*word, "of" | "and" | "for" | "the"))
            .filter_map(|word| word.chars().next())
            .collect()
    };
    let all = [initials(true), initials(false)];
    short.split(' ').any(|word| {
        let letters = word.chars().count();
        (2..=6).contains(&letters)
            && all.iter().any(|all| {
                let longer = all.chars().count().saturating_sub(letters) <= 1;
                let contained = letters >= 3 && longer && all.contains(word);
                all == word
                    || contained
                    || letters >= 3
                        && word
                            .strip_prefix(all.as_str())
                            .is_some_and(|rest| rest.chars().count() == 1 && all.len() >= 2)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_thing_and_of_several() {
        for (one, other, same) in [
            ("bae", "bae systems", true),
            ("babcock", "bae systems", false),
            ("patria", "kongsberg", false),
            ("rotem", "hyundai rotemu", true),
            ("k9", "k9a1", true),
            ("k2", "k21", false),
            ("f 35", "f 16", false),
            ("f 35", "f 35a", true),
            ("k1a1", "k1a2", false),
            ("m sam", "km sam", true),
            ("kai", "korea aerospace industries", true),
            ("dapa", "defense acquisition program administration", true),
            ("hd hhi", "hyundai heavy industries", true),
            ("ksoe", "hd korea shipbuilding offshore engineering", true),
            ("hd hhi", "hyundai heavy", true),
            ("mnd", "ministry of national defense", true),
            ("philippine navy", "philippine air force", false),
            (
                "south korea s defence ministry",
                "south korean defense ministry",
                true,
            ),
            ("방사청", "방위사업청", true),
            ("한화 에어로", "한화에어로스페이스", true),
            ("창원", "거제", false),
            ("창원", "changwon", true),
            ("昌原", "昌原工場", true),
            ("", "changwon", true),
        ] {
            assert_eq!(is_one(one, other), same, "{one} / {other}");
            assert_eq!(is_one(other, one), same, "{other} / {one}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_two_names_does_not_matter(one in "[a-c한방]{0,4}( [a-c한9]{1,4}){0,2}", other in "[a-c한방]{0,4}( [a-c한9]{1,4}){0,2}") {
            proptest::prop_assert_eq!(is_one(&one, &other), is_one(&other, &one));
        }
    }
}
