//! Where `*` and `?` may stand in a word, and what to write instead.
//!
//! What a wildcard matches is in `domain::matching`.

use std::ops::Range;

use super::ast::Field;
use super::chars::{Script, script};
use super::diagnostic::{Diagnostic, Findings};
use super::regex_signs;

/// Checks a bare word; false when it cannot be used.
pub(super) fn check_term(word: &str, span: Range<usize>, found: &mut Findings) -> bool {
    match problem(word) {
        None => true,
        Some((message, help)) => {
            found.push(Diagnostic::error("E05", span, message).help(help));
            false
        }
    }
}

/// Checks the words of a phrase; false when it cannot be used.
pub(super) fn check_phrase(text: &str, span: Range<usize>, found: &mut Findings) -> bool {
    let stars = text.split_whitespace().filter(|word| *word == "*").count();
    if stars > 0 {
        let words: Vec<&str> = text
            .split_whitespace()
            .filter(|word| *word != "*")
            .collect();
        let help = match words.len() {
            0 | 1 => "write the words of the phrase".to_owned(),
            _ => format!(
                "write \"{}\"~{stars}: so many words may stand in between",
                words.join(" ")
            ),
        };
        let message = "`*` stands for no word of its own";
        found.push(Diagnostic::error("E05", span, message).help(help));
        return false;
    }
    let mut before = "";
    text.split_whitespace().all(|word| {
        let second_half = word.starts_with(|c: char| c.is_numeric())
            && !before.is_empty()
            && before.chars().all(char::is_alphabetic);
        before = word;
        second_half || check_term(word, span.clone(), found)
    })
}

/// What is wrong with a wildcard in the value of `host:`, which is compared whole.
pub(super) fn of_host(word: &str) -> Option<(String, String)> {
    let is_host = |text: &str| {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
        !text.is_empty() && text.chars().all(fits)
    };
    let inner = word.trim_matches(['*', '?', '.']);
    if !word.contains(['*', '?']) || !is_host(inner) {
        return None;
    }
    let message = "a host has no wildcards, since those below it are found with it".to_owned();
    let help = if word.ends_with(inner) {
        format!("write host:{inner}, which holds its subdomains")
    } else {
        format!("write the whole host, or url:{inner} for a part of the address")
    };
    Some((message, help))
}

/// What is wrong with a wildcard in the value of `url:`, which is a part of the address as it stands. A question mark
/// before a parameter, or at the end, is of the address.
pub(super) fn of_url(word: &str) -> Option<(String, String)> {
    let is_of_query = |at: usize| {
        let rest = &word[at + 1..];
        rest.is_empty() || rest.contains('=')
    };
    let asked = |(at, _): (usize, &str)| !is_of_query(at);
    if !word.contains('*') && !word.match_indices('?').any(asked) {
        return None;
    }
    let inner = word.trim_matches('*');
    let message = "an address has no wildcards, for any part of it is found".to_owned();
    let help = if inner.is_empty() {
        "leave it out, or write a part of the address".to_owned()
    } else if inner.contains(['*', '?']) {
        let signs = inner.chars().map(|c| match c {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            c => regex::escape(c.encode_utf8(&mut [0; 4])).replace('/', "\\/"),
        });
        let regex: String = signs.collect();
        format!("write url:/{regex}/i, or the parts joined by AND")
    } else if inner.starts_with('/') {
        format!("write url:\"{inner}\"")
    } else {
        format!("write url:{inner}")
    };
    Some((message, help))
}

/// What is wrong with a wildcard in the value of `lang:`, `tag:` or `feed:`, which is compared whole.
pub(super) fn of_property(field: Field, word: &str) -> Option<(String, String)> {
    if !word.contains(['*', '?']) {
        return None;
    }
    let (name, stem) = (field.as_str(), word.trim_end_matches(['*', '?', '-', '_']));
    let is_code =
        |stem: &str| (2..=3).contains(&stem.len()) && stem.chars().all(|c| c.is_ascii_alphabetic());
    let message = format!("`{name}:` is compared as a whole, so it takes no wildcards");
    let help = match field {
        Field::Lang if is_code(stem) => {
            format!("write lang:{stem}, which holds lang:{stem}-XX too")
        }
        Field::Lang => "write the whole code, such as lang:ko".to_owned(),
        _ => format!("write it whole, or several: {name}:(a OR b)"),
    };
    Some((message, help))
}

/// A regex for a word with wildcards in it.
fn as_regex(word: &str) -> String {
    let inner = word.trim_matches('*').chars().map(|c| match c {
        '*' => r"\w*".to_owned(),
        '?' => r"\w".to_owned(),
        c => regex::escape(c.encode_utf8(&mut [0; 4])).replace('/', "\\/"),
    });
    format!("/{}/i", inner.collect::<String>())
}

/// A wildcard behind a sign, such as the full stop of `K9.*`: it would have no letter to go on from.
fn behind_a_sign(word: &str, first: usize) -> Option<(String, String)> {
    let (head, rest) = word.split_at(first);
    if !head.ends_with(|c: char| c.is_ascii_punctuation()) {
        return None;
    }
    if let Some(told) = regex_signs::anything(word).or_else(|| regex_signs::anchored(word)) {
        return Some(told);
    }
    let stem = head.trim_end_matches(|c: char| c.is_ascii_punctuation());
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    if rest != "*" || stem.chars().count() < 2 || !stem.chars().all(is_word) {
        return None;
    }
    let message = "a wildcard stands right behind a letter or digit".to_owned();
    Some((message, format!("write {stem}*")))
}

/// `vaccin*.`: a sign that ends a sentence, or a list, behind a wildcard.
fn before_a_sign(word: &str) -> Option<(String, String)> {
    let stem = word.trim_end_matches(['.', ',', ';', ':', '!']);
    let sign = word[stem.len()..].chars().next()?;
    let head = stem.strip_suffix('*')?;
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    if head.chars().count() < 2 || !head.chars().all(is_word) {
        return None;
    }
    let message = format!("`{sign}` stands behind the wildcard");
    Some((message, format!("leave it out: write {stem}")))
}

fn problem(word: &str) -> Option<(String, String)> {
    let first = word.find(['*', '?'])?;
    let is_wild = |c: char| c == '*' || c == '?';
    let literal: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    if literal.is_empty() {
        return Some((
            "a wildcard alone matches everything".to_owned(),
            "leave it out, or write the beginning of the word before it".to_owned(),
        ));
    }
    if let Some(told) = behind_a_sign(word, first).or_else(|| before_a_sign(word)) {
        return Some(told);
    }
    let leads = word
        .split(|c: char| !(c.is_alphanumeric() || is_wild(c)))
        .enumerate()
        .any(|(piece, text)| text.starts_with(is_wild) && (piece == 0 || text.len() > 1));
    if leads && let Some(told) = regex_signs::anything(word) {
        return Some(told);
    }
    if leads {
        let rest = word.trim_matches(is_wild);
        let message = "a word cannot begin with a wildcard".to_owned();
        let few = rest.chars().count() < 3 && rest.chars().all(char::is_alphanumeric);
        // Designations stand as words of their own.
        if few && rest.contains(char::is_numeric) {
            let help = format!("write {rest}, or the variants, joined by OR");
            return Some((message, help));
        }
        let help = format!(
            "write the variants, joined by OR, or a regex such as {}",
            as_regex(word)
        );
        return Some((message, help));
    }
    let before: Vec<char> = word[..first]
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    let wide = |c: &char| matches!(script(*c), Some(Script::Hangul | Script::Han));
    if word[first..].starts_with('*') && before.len() < 2 && !before.iter().any(wide) {
        return Some((
            format!(
                "`{word}` is too short: two letters or digits (one Hangul or Han) must stand before `*`"
            ),
            "write more of the word, or the variants, joined by OR".to_owned(),
        ));
    }
    None
}
