//! Brackets that group nothing here, `{K9 Poland}`, `[a TO b]`, `「K9 자주포」`: told once a pair, with ours.
//!
//! A bracket without its other half is told at its word. What stands inside is read as it is; a list, `[a, b]`, cannot be.

use std::ops::Range;

use super::diagnostic::{Diagnostic, Findings};
use super::lexer::{Lexeme, Token};

/// How many tokens a pair may hold, so that many open ones cost little.
const WIDEST: usize = 50;

/// The longest text that is said again in a repair, in bytes.
const LONGEST: usize = 80;

/// East Asian brackets, opening and closing.
const QUOTING: [(char, char); 5] = [
    ('「', '」'),
    ('『', '』'),
    ('《', '》'),
    ('〈', '〉'),
    ('【', '】'),
];

/// Warns of all pairs and single brackets; the answer is where they stand.
pub(super) fn warn(tokens: &[Token], text: &str, found: &mut Findings) -> Vec<Range<usize>> {
    let mut told: Vec<Range<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(word) = word_of(token).filter(|word| has_bracket(word)) else {
            continue;
        };
        if told.last().is_some_and(|told| told.end >= token.span.end) {
            continue;
        }
        let pair = pair(&tokens[at..], word);
        let span = pair.map_or(token.span.clone(), |last| {
            token.span.start..tokens[at + last].span.end
        });
        let written = text.get(span.clone()).unwrap_or_default();
        let is_range = pair.is_some_and(|last| {
            tokens[at..at + last]
                .iter()
                .any(|token| word_of(token) == Some("TO"))
        });
        let (message, help) = told_of(written, pair.is_some(), is_range);
        let inside = &tokens[at..=at + pair.unwrap_or(0)];
        // Its commas are told of with it.
        let is_list = inside.iter().any(|token| token.kind == Lexeme::Comma);
        let diagnostic = if is_list {
            Diagnostic::error("E16", span.clone(), message)
        } else {
            Diagnostic::warning("W22", span.clone(), message)
        };
        found.push(diagnostic.help(help));
        told.push(span);
    }
    told
}

fn word_of(token: &Token) -> Option<&str> {
    match &token.kind {
        Lexeme::Term(word) => Some(word),
        _ => None,
    }
}

fn is_bracket(c: char) -> bool {
    matches!(c, '[' | ']' | '{' | '}') || is_quoting(c)
}

fn is_quoting(c: char) -> bool {
    QUOTING
        .iter()
        .any(|(open, close)| *open == c || *close == c)
}

/// A bracket at either end of a word; one inside is of regexes.
fn has_bracket(word: &str) -> bool {
    let at_end = word.ends_with(is_bracket) && !word.contains(['[', '{']);
    word.starts_with(is_bracket) || at_end
}

/// How many tokens on the other half stands.
fn pair(tokens: &[Token], word: &str) -> Option<usize> {
    let open = word.chars().next()?;
    let close: fn(char) -> bool = match open {
        '[' | '{' => |c| matches!(c, ']' | '}'),
        _ if is_quoting(open) => |c| QUOTING.iter().any(|(_, close)| *close == c),
        _ => return None,
    };
    tokens
        .iter()
        .take(WIDEST)
        .position(|token| word_of(token).is_some_and(|word| word.ends_with(close)))
}

/// What is wrong with a bracket or a pair, and what to write.
fn told_of(written: &str, is_pair: bool, is_range: bool) -> (String, String) {
    let inner = written.trim_matches(|c: char| is_bracket(c) || c.is_whitespace());
    let short = is_pair && written.len() < LONGEST && !inner.is_empty();
    if is_range {
        let message = "there are no ranges here, since nothing is compared by order".to_owned();
        let ends: Vec<&str> = inner.split(" TO ").map(str::trim).collect();
        let help = match ends.as_slice() {
            [from, to] if short && *from != "*" && *to != "*" => {
                format!("write ({from} OR {to}) for either of the two")
            }
            _ => "leave it out, or write the values, joined by OR".to_owned(),
        };
        return (message, help);
    }
    if written.starts_with(is_quoting) || written.ends_with(is_quoting) {
        let message = format!(
            "`{}` is no phrase: such brackets are not looked at",
            cut(written)
        );
        let help = if short && !inner.contains('"') {
            format!("write \"{inner}\", or leave them out")
        } else {
            "put the phrase between `\"`, or leave them out".to_owned()
        };
        return (message, help);
    }
    let message = "square and curly brackets do not group here".to_owned();
    let parts: Vec<&str> = inner.split([',', '，']).map(str::trim).collect();
    let plain = |part: &&str| {
        let signs = [" AND ", " OR ", "(", ")", "NOT "];
        !part.is_empty() && !signs.iter().any(|sign| part.contains(sign))
    };
    let help = if short && parts.len() > 1 && parts.iter().all(plain) {
        format!("write ({}), or quote the words", parts.join(" OR "))
    } else if short {
        format!("write ({inner}), or quote the words")
    } else {
        "write ( and ), or quote the words".to_owned()
    };
    (message, help)
}

fn cut(text: &str) -> &str {
    text.char_indices()
        .nth(40)
        .map_or(text, |(end, _)| &text[..end])
}
