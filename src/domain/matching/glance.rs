//! A glance at an entry before a rule is tried on it: quick, and never wrong when it says that the rule cannot match.
//!
//! For who reads many entries in vain: phrases of words that every entry has, Hangul words whose letters many words
//! have, and regexes, of which an index knows nothing. What a match is, is not decided here.

use super::super::id::RuleId;
use super::Subject;
use super::literals::{Literals, plain_letters};
use super::node::{Expr, NodeId};
use super::pattern::{End, GAP, Pattern};
use super::rule_set::RuleSet;
use super::set::Compiled;
use super::tails::Tails;

/// What an entry must have, each thing in one of its texts.
#[derive(Debug, Default)]
pub struct Glance {
    clues: Vec<Clue>,
}

/// Something that is seen without taking a text apart.
#[derive(Debug)]
enum Clue {
    /// One of these pieces stands in a text in plain letters.
    Pieces(Literals),
    /// One of these forms stands in a text.
    Forms(Vec<Form>, &'static Tails),
}

/// A term as it stands in a text that folding leaves as it is.
#[derive(Debug)]
enum Form {
    /// Latin words in a row, nothing but separators between.
    Words(Vec<String>),
    /// A Hangul word, with or without a tail.
    Hangul(String),
}

impl RuleSet {
    /// What can be seen of an entry that a rule of this set cannot match.
    #[must_use]
    pub fn glance(&self, rule: &RuleId) -> Glance {
        let mut glance = Glance::default();
        if let Some((set, plan)) = self.holder(rule)
            && let Some(clause) = &plan.clause
        {
            collect(set, clause.node, &mut glance.clues);
        }
        glance
    }
}

/// Adds what an expression cannot hold without.
fn collect(set: &Compiled, node: NodeId, clues: &mut Vec<Clue>) {
    match set.expr(node) {
        Expr::And(parts) | Expr::Sequence(parts, _) => {
            for part in parts {
                collect(set, *part, clues);
            }
        }
        Expr::Near(pair) => {
            collect(set, pair.left, clues);
            if !pair.negated {
                collect(set, pair.right, clues);
            }
        }
        Expr::Count(1.., inner) => collect(set, *inner, clues),
        Expr::Leaf(patterns, _) => {
            let forms = patterns.iter().map(|id| form(set.patterns.get(*id)));
            if let Some(forms) = forms.collect::<Option<Vec<_>>>() {
                clues.push(Clue::Forms(forms, set.patterns.tails));
            }
        }
        Expr::Regex(..) => {
            let pieces = set.features.pieces_of(node);
            clues.extend(pieces.map(|pieces| Clue::Pieces(Literals::new(pieces))));
        }
        _ => {}
    }
}

/// How a term stands in a text, where that is easily seen.
fn form(pattern: &Pattern) -> Option<Form> {
    hangul(pattern)
        .map(Form::Hangul)
        .or_else(|| words(pattern).map(Form::Words))
}

/// A single Hangul word that ends where its word does.
fn hangul(pattern: &Pattern) -> Option<String> {
    let ends = matches!(pattern.end, End::Closed | End::Whole);
    let letters = pattern
        .symbols
        .iter()
        .map(|symbol| char::from_u32(*symbol).filter(|letter| is_syllable(*letter)));
    letters.collect::<Option<String>>().filter(|_| ends)
}

fn is_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// The words of a phrase of plain Latin words; none for a single word, and where anything else is in it.
fn words(pattern: &Pattern) -> Option<Vec<String>> {
    let mut row = vec![String::new()];
    for symbol in &pattern.symbols {
        match u8::try_from(*symbol) {
            Ok(letter) if letter.is_ascii_lowercase() => row.last_mut()?.push(char::from(letter)),
            _ if *symbol == GAP => row.push(String::new()),
            _ => return None,
        }
    }
    (row.len() > 1).then_some(row)
}

impl Glance {
    /// Whether an entry is worth trying the rule on.
    #[must_use]
    pub fn may_match(&self, subject: &Subject<'_>) -> bool {
        if self.clues.is_empty() {
            return true;
        }
        let texts = [Some(subject.title), Some(subject.body), subject.full_text];
        let lists = subject.authors.iter().chain(subject.categories);
        let texts = texts.into_iter().flatten();
        let texts: Vec<&str> = texts.chain(lists.map(String::as_str)).collect();
        self.clues
            .iter()
            .all(|clue| texts.iter().any(|text| clue.may_be_in(text)))
    }
}

impl Clue {
    fn may_be_in(&self, text: &str) -> bool {
        match self {
            Self::Pieces(pieces) => pieces.is_any_in(text),
            Self::Forms(forms, tails) => {
                !is_plain(text)
                    || forms.iter().any(|form| match form {
                        Form::Words(row) => stands_in(row, &plain_letters(text)),
                        Form::Hangul(word) => stands_as_word(word, text, tails),
                    })
            }
        }
    }
}

/// Whether folding does nothing to a text but make its letters small: no accents, no entities, nothing invisible, no
/// letters or signs that become Latin ones.
fn is_plain(text: &str) -> bool {
    !text.contains('&')
        && (text.is_ascii() || text.chars().all(|c| {
            matches!(
                c,
                '\0'..='\u{7f}' | '«' | '»' | '·'
                    // Dashes and quotation marks, the punctuation of East Asia, hiragana, Han, Hangul.
                    | '\u{2010}'..='\u{2022}' | '…'
                    | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
                    | '\u{3041}'..='\u{3096}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
            )
        }))
}

/// Whether words stand in a row in a text of small letters; of the last one, the beginning.
fn stands_in(row: &[String], text: &str) -> bool {
    let Some((first, rest)) = row.split_first() else {
        return true;
    };
    text.match_indices(first.as_str()).any(|(at, _)| {
        let mut left = &text[at + first.len()..];
        rest.iter().all(|word| {
            let next = left.trim_start_matches(|c: char| !c.is_alphanumeric());
            let is_apart = next.len() < left.len();
            left = next.strip_prefix(word.as_str()).unwrap_or_default();
            is_apart && next.starts_with(word.as_str())
        })
    })
}

/// Whether a Hangul word begins a run of Hangul that ends with it or with a tail of it.
fn stands_as_word(word: &str, text: &str, tails: &Tails) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_inside = text[..at].chars().next_back().is_some_and(is_syllable);
        let behind = text[at + word.len()..].chars();
        let rest: Vec<char> = behind.take_while(|c| is_syllable(*c)).collect();
        let letters: Vec<char> = word.chars().collect();
        !is_inside && (rest.is_empty() || tails.fits(&letters, &rest))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(query: &str) -> RuleSet {
        RuleSet::of_query("q", query)
    }

    fn of_title(title: &str) -> Subject<'_> {
        Subject {
            title,
            ..Subject::default()
        }
    }

    #[test]
    fn what_cannot_match_is_seen_at_a_glance() {
        for (query, title, expected) in [
            ("\"air base\"", "An AIR-base — in use", true),
            ("\"air base\"", "base air", false),
            ("\"air base\"", "air force base", false),
            ("\"air base\"", "airbase", false),
            ("\"air base\"", "air\u{200b} base", true),
            ("\"air base\"", "air ー base", true),
            ("\"air base\"", "공군 air, base", true),
            ("\"air base\" NEAR/5 x", "x air bases", true),
            ("/sig.al3/i", "a SIGNAL3", true),
            ("/sig.al3/", "a siren", false),
            ("/x+/ AND \"air base\"", "xx base", false),
            ("air OR \"air base\"", "nothing", true),
            ("NOT \"air base\" AND x", "x", true),
            ("강", "남쪽 강은 얼었다", true),
            ("강", "강", true),
            ("강", "한강 강남", false),
            ("강 남", "강과 산", false),
            ("강*", "강남", true),
            ("수출", "수출입 은행", false),
            ("수출", "방산\u{200b}수출", true),
        ] {
            let glance = set(query).glance(&"q".into());
            assert_eq!(
                glance.may_match(&of_title(title)),
                expected,
                "{query}: {title}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_match_is_overlooked(
            words in proptest::collection::vec("[abAB]{1,2}|[ab]\u{301}|Ａ|ア|가|강|강은|남가|&amp;|'|а|\u{1100}\u{1161}|江", 1..8),
            gaps in proptest::collection::vec(" |-|\\.|, |\u{200b}|\u{ad}|ー|\n|", 8),
            query in "\"[ab]{1,2} [ab]{1,2}( [ab])?\"|/[ab]b [ab]/i?|강|가|남가|강 가",
        ) {
            let title: String = words.iter().zip(&gaps).flat_map(|(a, b)| [a.as_str(), b.as_str()]).collect();
            let set = set(&query);
            let subject = of_title(&title);
            if !set.evaluate(&subject).is_empty() {
                prop_assert!(set.glance(&"q".into()).may_match(&subject), "{query}: {title:?}");
            }
        }
    }
}
