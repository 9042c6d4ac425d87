//! What was put between quotes and means something outside of them only, `"K9 OR K2"` and `'han*'`, and quotes that
//! touch words: `"say "yes" now"`.
//!
//! What stands between quotes is read as text all the same.

use super::ast::{Kind, Node};
use super::chars::{Script, is_double_quote, script};
use super::diagnostic::{Diagnostic, Findings};
use super::lexer::{Lexeme, Token};

/// The longest text that is said again in a repair, in bytes.
const LONGEST: usize = 80;

/// W33: what is no text between the quotes of a phrase or a verbatim.
pub(super) fn warn(node: &Node, found: &mut Findings) {
    let told = match &node.kind {
        Kind::Phrase(text, _) => operators(text),
        Kind::Verbatim(text) => operators(text).or_else(|| wildcard(text)),
        _ => None,
    };
    if let Some((message, help)) = told {
        found.push(Diagnostic::warning("W33", node.span.clone(), message).help(help));
    }
}

/// `K9 OR K2`, `arms NEAR/5 deal`: with a word on either side, and not where all of it is in capitals.
fn operators(text: &str) -> Option<(String, String)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let inner = words.get(1..words.len().saturating_sub(1))?;
    let far = inner.iter().copied().find(|word| is_distance(word));
    let plain = inner
        .iter()
        .copied()
        .find(|word| matches!(*word, "AND" | "OR" | "NOT"));
    let shouted = !text.contains(|c: char| c.is_lowercase() || c.is_numeric()) && text.is_ascii();
    let operator = far.or(plain.filter(|_| !shouted))?;
    let sides = words.split(|word| is_distance(word) || matches!(*word, "AND" | "OR" | "NOT"));
    let sides: Vec<String> = sides.map(side).collect();
    let mut signs = words
        .iter()
        .filter(|word| is_distance(word) || matches!(**word, "AND" | "OR" | "NOT"));
    let fits = text.len() < LONGEST && sides.iter().all(|side| !side.is_empty());
    let message = format!("`{operator}` between quotes is a word like any other");
    if !fits {
        let help = "write the operator outside of the quotes".to_owned();
        return Some((message, help));
    }
    let mut out = String::new();
    for side in &sides {
        out.push_str(side);
        if let Some(sign) = signs.next() {
            out.extend([" ", sign, " "]);
        }
    }
    Some((message, format!("write ({out}) if it is an operator")))
}

fn is_distance(word: &str) -> bool {
    let number = word
        .strip_prefix("NEAR/")
        .or_else(|| word.strip_prefix("BEFORE/"));
    number.is_some_and(|number| {
        matches!(number, "s" | "p")
            || !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
    })
}

/// Words as they stand outside of quotes.
fn side(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        _ => format!("\"{}\"", words.join(" ")),
    }
}

/// `han*` between single quotes, where the sign is one.
fn wildcard(text: &str) -> Option<(String, String)> {
    let stem = text.strip_suffix('*')?;
    let letters = stem.chars().filter(|c| c.is_alphanumeric()).count();
    if letters < 2 || !stem.ends_with(char::is_alphanumeric) || stem.contains(['*', '"']) {
        return None;
    }
    let message = "`*` between single quotes stands for itself".to_owned();
    let is_word = stem.chars().all(char::is_alphanumeric);
    let written = if is_word {
        text.to_owned()
    } else {
        format!("\"{text}\"")
    };
    Some((
        message,
        format!("write {written} for words that begin so, in any case"),
    ))
}

/// W33: quotes that touch a word or one another.
pub(super) fn touching(tokens: &[Token], text: &str, found: &mut Findings) {
    let mut at = 0;
    while at < tokens.len() {
        let mut end = at + 1;
        while end < tokens.len() && touch(&tokens[end - 1], &tokens[end]) {
            end += 1;
        }
        let chain = &tokens[at..end];
        let has_phrase = chain.iter().any(is_phrase);
        if chain.len() > 1 && has_phrase {
            let span = chain[0].span.start..chain[chain.len() - 1].span.end;
            let help = untied(chain, &text[span.clone()]);
            let message = "a quote touches what stands beside it, and quotes do not nest";
            found.push(Diagnostic::warning("W33", span, message).help(help));
        }
        at = end;
    }
}

fn is_phrase(token: &Token) -> bool {
    matches!(token.kind, Lexeme::Phrase(..))
}

fn touch(left: &Token, right: &Token) -> bool {
    let is_word = |token: &Token, at_end: bool| match &token.kind {
        Lexeme::Term(word) if at_end => word.ends_with(char::is_alphanumeric),
        Lexeme::Term(word) => word.starts_with(char::is_alphanumeric),
        _ => false,
    };
    left.span.end == right.span.start
        && (is_phrase(left) && (is_phrase(right) || is_word(right, false))
            || is_phrase(right) && is_word(left, true))
}

/// What to write instead of quotes that touch.
fn untied(chain: &[Token], written: &str) -> String {
    if let [
        Token {
            kind: Lexeme::Phrase(phrase, None),
            ..
        },
        Token {
            kind: Lexeme::Term(tail),
            ..
        },
    ] = chain
        && tail.chars().count() <= 3
        && tail.chars().all(|c| script(c) == Some(Script::Hangul))
    {
        return format!("write \"{phrase}\", which takes particles by itself");
    }
    let inner = written
        .strip_prefix(is_double_quote)
        .and_then(|inner| inner.strip_suffix(is_double_quote));
    match inner.filter(|inner| chain.len() > 2 && inner.len() < LONGEST && !inner.contains('\\')) {
        Some(inner) => {
            let mut escaped = String::new();
            for c in inner.chars() {
                if is_double_quote(c) {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
            format!("write \"{escaped}\" for one phrase, or blanks around the quotes")
        }
        None => "take the quotes out, or put blanks around them".to_owned(),
    }
}

/// `"hanwha"*`: what to write for a phrase or a verbatim that a wildcard touches.
pub(super) fn cut(before: &Token, word: &str) -> Option<(String, String)> {
    let (text, slop) = match &before.kind {
        Lexeme::Phrase(text, slop) => (text, *slop),
        Lexeme::Verbatim(text) => (text, None),
        _ => return None,
    };
    if word != "*" {
        return None;
    }
    let text = text.trim();
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    let wide = |c| matches!(script(c), Some(Script::Hangul | Script::Han));
    let fits = (letters > 1 || text.chars().any(wide))
        && text.ends_with(char::is_alphanumeric)
        && !text.contains(['*', '?', '"'])
        && text.len() < LONGEST;
    let message = "a wildcard behind a quote stands for no word".to_owned();
    let help = match slop {
        _ if !fits => "leave it out, or put it behind the last letter".to_owned(),
        Some(slop) => format!("write \"{text}*\"~{slop}"),
        None if text.chars().all(char::is_alphanumeric) => format!("write {text}*"),
        None => format!("write \"{text}*\""),
    };
    Some((message, help))
}
