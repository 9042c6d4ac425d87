//! What words of headlines do: nothing, little, say that something happened, or name a country.
//!
//! The words are in `vocabulary.txt`, of news in general; what the desk watches is in its entities. English endings are
//! taken off, Hangul is known by how a word begins.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::pieces::narrow;

/// How much an event in one headline and not in the other says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Weight {
    /// Nothing: the other may say it otherwise.
    Mild,
    /// They are not the same news, where it stands in the main clause.
    Event,
    /// They are not the same news, wherever it stands.
    Turn,
}

/// What a word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Left out.
    Stop,
    /// Hardly tells one event from another.
    Weak,
    /// Something happened; words of one name say the same.
    Event(&'static str, Weight),
    /// A country by any of its names.
    Place(&'static str),
}

struct Vocabulary {
    /// By a word as it is written, where its stem would say something else.
    exact: HashMap<&'static str, Role>,
    /// By the stem of a word as a whole.
    words: HashMap<String, Role>,
    /// Words of two letters and more in scripts without spaces, longest first.
    dense: Vec<(&'static str, Role)>,
    /// Beginnings of Hangul words, by their first syllable, longest first.
    hangul: HashMap<char, Vec<(&'static str, Role)>>,
}

static WORDS: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::read(include_str!("vocabulary.txt")));

impl Vocabulary {
    fn read(text: &'static str) -> Self {
        let (mut exact, mut words) = (HashMap::new(), HashMap::new());
        let mut dense = Vec::new();
        let mut hangul: HashMap<char, Vec<(&'static str, Role)>> = HashMap::new();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for (head, list) in lines.filter_map(|line| line.split_once(':')) {
            let as_written = head.strip_prefix("exact ");
            let Some(role) = role(as_written.unwrap_or(head)) else {
                continue;
            };
            for word in list.split_whitespace() {
                match word.chars().next() {
                    _ if as_written.is_some() => drop(exact.insert(word, role)),
                    Some(first) if is_hangul(first) => {
                        hangul.entry(first).or_default().push((word, role));
                    }
                    Some(first)
                        if is_dense(first)
                            && (word.chars().nth(1).is_some()
                                || matches!(role, Role::Event(..))) =>
                    {
                        dense.push((word, role));
                    }
                    // The first group that has a word keeps it.
                    _ => {
                        // As headlines are read: without accents.
                        let plain: String = word.chars().map(narrow).collect();
                        words.entry(stem(&plain)).or_insert(role);
                    }
                }
            }
        }
        for list in hangul.values_mut() {
            list.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        }
        dense.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self {
            exact,
            words,
            dense,
            hangul,
        }
    }
}

fn role(head: &'static str) -> Option<Role> {
    let (kind, name) = head.split_once(' ').unwrap_or((head, ""));
    Some(match kind {
        "stop" => Role::Stop,
        "weak" => Role::Weak,
        "mild" => Role::Event(name, Weight::Mild),
        "event" => Role::Event(name, Weight::Event),
        "turn" => Role::Event(name, Weight::Turn),
        "place" => Role::Place(name),
        _ => return None,
    })
}

/// What a folded word of letters with spaces, or a single Han letter, does; none: it may be anything.
pub(super) fn role_of(word: &str) -> Option<Role> {
    let known = WORDS.exact.get(word);
    known
        .or_else(|| WORDS.words.get(stem(word).as_str()))
        .copied()
}

/// What a Hangul word does, by the longest beginning that is known, with how many bytes that has.
pub(super) fn role_of_hangul(word: &str) -> Option<(Role, usize)> {
    let list = WORDS.hangul.get(&word.chars().next()?)?;
    let fits = |known: &str, role: Role| match role {
        // Short and common: only as the whole word.
        Role::Stop | Role::Weak | Role::Place(_) if known.chars().count() < 2 => word == known,
        _ => word.starts_with(known),
    };
    list.iter()
        .find(|(known, role)| fits(known, *role))
        .map(|(known, role)| (*role, known.len()))
}

/// An event named anywhere in a Hangul compound, such as `공급` in `장비공급`.
pub(super) fn event_in_hangul(word: &str) -> Option<Role> {
    let starts = word.char_indices().skip(2).map(|(at, _)| at);
    starts
        .filter_map(|at| Some((at, role_of_hangul(&word[at..])?)))
        .find(|(at, (role, length))| {
            matches!(role, Role::Event(..)) && *length >= 6 && at + length == word.len()
        })
        .map(|(_, (role, _))| role)
}

/// What a text in a script without spaces begins with, as a known word, with how many bytes that has.
pub(super) fn role_of_dense(text: &str) -> Option<(Role, usize)> {
    let mut known = WORDS.dense.iter();
    known
        .find(|(word, _)| text.starts_with(word))
        .map(|(word, role)| (*role, word.len()))
}

/// Han and katakana.
pub(super) fn is_dense(c: char) -> bool {
    matches!(c, '\u{30a0}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

pub(super) fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// An English word without its endings, good enough to compare by.
pub(super) fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word);
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return word.to_owned();
    }
    let mut stem = word.to_owned();
    let cut = |stem: &mut String, ending: &str, instead: &str| {
        let fits = stem.ends_with(ending) && stem.len() - ending.len() + instead.len() >= 3;
        if fits {
            stem.truncate(stem.len() - ending.len());
            stem.push_str(instead);
        }
        fits
    };
    let plural = cut(&mut stem, "ies", "y")
        || cut(&mut stem, "sses", "ss")
        || cut(&mut stem, "shes", "sh")
        || cut(&mut stem, "ches", "ch")
        || cut(&mut stem, "xes", "x")
        || (!stem.ends_with("ss")
            && !stem.ends_with("us")
            && !stem.ends_with("is")
            && cut(&mut stem, "s", ""));
    let _ = plural;
    if cut(&mut stem, "ied", "y") {
        return stem;
    }
    if (cut(&mut stem, "ed", "") || cut(&mut stem, "ing", ""))
        && let [.., before, last] = stem.as_bytes()
        && before == last
        && !matches!(last, b'l' | b's' | b'z')
    {
        stem.pop();
    }
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for forms in [
            &["sign", "signs", "signed", "signing"][..],
            &["delay", "delays", "delayed"],
            &["close", "closes", "closed", "closing"],
            &["supply", "supplies", "supplied"],
            &["plan", "plans", "planned", "planning"],
            &["launch", "launches", "launched"],
        ] {
            for form in forms {
                assert_eq!(stem(form), stem(forms[0]), "{form}");
            }
        }
    }

    #[test]
    fn words_say_what_happened() {
        let event = |word: &str| match role_of(word) {
            Some(Role::Event(name, _)) => name,
            _ => "",
        };
        assert_eq!(event("inks"), event("signed"));
        assert_ne!(event("wins"), event("loses"));
        assert_eq!(event("umowe"), event("signed"), "umowę, as it is read");
        assert_eq!(role_of("polish"), Some(Role::Place("poland")));
        assert_eq!(
            role_of_hangul("체결했다").unwrap().0,
            role_of_hangul("수주").unwrap().0
        );
        assert!(event_in_hangul("부품공급계약").is_some());
    }
}
