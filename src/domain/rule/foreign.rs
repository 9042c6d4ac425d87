//! What people bring along from other products and other habits: `w/5`, `near5`, `and`, `K 9`.
//!
//! Looks at tokens and their neighbours; each is read as this language reads it, and said so.

use std::ops::Range;

use super::ast::Field;
use super::chars::{Script, script};
use super::diagnostic::{Diagnostic, Findings};
use super::habits;
use super::lexer::{Lexeme, Token};
use super::wildcard;

/// Our field for another product's name of it.
pub(super) fn field(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "intitle" | "headline" | "hl" | "subject" => "title",
        "content" | "description" | "summary" | "intext" => "body",
        "site" | "domain" => "host",
        "inurl" | "link" | "uri" => "url",
        "language" | "la" => "lang",
        "source" | "rst" => "feed",
        "by" | "byline" => "author",
        "label" => "tag",
        _ => return None,
    })
}

/// A word cut with `!`, as some databases do.
pub(super) fn truncation(word: &str, span: Range<usize>) -> Option<Diagnostic> {
    let stem = word
        .strip_suffix('!')
        .filter(|stem| !stem.is_empty() && stem.chars().all(char::is_alphanumeric))?;
    Some(
        Diagnostic::warning(
            "W22",
            span,
            "`!` does not stand for the rest of a word here",
        )
        .help(format!("write {stem}*")),
    )
}

/// Joins `K 9` to one term and warns of words that look like operators.
pub(super) fn tidy(tokens: Vec<Token>, text: &str, found: &mut Findings) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(mut token) = tokens.next() {
        let next = tokens.peek();
        if let Lexeme::Term(word) = &token.kind {
            if let Some(joined) = joined(&out, &token, word, next, text) {
                warn_joined(&joined, text, found);
                out.pop();
                out.push(usable(joined, found));
                continue;
            }
            let between = out.last().is_some_and(|before| ends_atom(&before.kind))
                && next.is_some_and(|after| starts_atom(&after.kind));
            let odd = operator_like(word, token.span.clone(), between)
                .or_else(|| habits::odd(word, token.span.clone(), between));
            if let Some(diagnostic) = odd {
                found.push(diagnostic);
            }
            token = usable(token, found);
        }
        out.push(token);
    }
    out
}

/// The token, or a bad one where a wildcard stands wrong.
fn usable(token: Token, found: &mut Findings) -> Token {
    match &token.kind {
        Lexeme::Term(word) if !wildcard::check_term(word, token.span.clone(), found) => Token {
            kind: Lexeme::Bad,
            ..token
        },
        _ => token,
    }
}

/// `K` and `9`, parted by one space, as one token.
fn joined(
    out: &[Token],
    token: &Token,
    word: &str,
    next: Option<&Token>,
    text: &str,
) -> Option<Token> {
    let before = out.last()?;
    let Lexeme::Term(first) = &before.kind else {
        return None;
    };
    let mut gap = text[before.span.end..token.span.start].chars();
    if !(gap.next().is_some_and(|c| c.is_whitespace() && c != '\n') && gap.next().is_none()) {
        return None;
    }
    let is_of = |token: &Token| matches!(&token.kind, Lexeme::Term(word) if is_of(word));
    if is_operator_word(first) || is_operator_word(word) || next.is_some_and(is_of) {
        return None;
    }
    if let Some(Token {
        kind: Lexeme::Field(field),
        ..
    }) = out.len().checked_sub(2).map(|at| &out[at])
        && (field.is_property() || *field == Field::Url)
    {
        return None;
    }
    let open = word.trim_end_matches('*');
    let digits = |text: &str| !text.is_empty() && text.chars().all(char::is_numeric);
    let letters = |text: &str| !text.is_empty() && text.chars().all(char::is_alphabetic);
    if !(letters(first) && digits(open) || digits(first) && letters(open)) {
        return None;
    }
    Some(Token {
        kind: Lexeme::Term(format!("{first}{word}")),
        span: before.span.start..token.span.end,
    })
}

fn warn_joined(joined: &Token, text: &str, found: &mut Findings) {
    let written = &text[joined.span.clone()];
    let letters = written.chars().filter(|c| c.is_alphabetic());
    if letters.clone().count() > 3 || letters.clone().any(|c| script(c) == Some(Script::Hangul)) {
        let message = format!("`{written}` is read as one term");
        found.push(
            Diagnostic::warning("W24", joined.span.clone(), message)
                .help("write AND between the words if they may stand apart"),
        );
    }
}

/// True for `OF` in any case.
pub(super) fn is_of(word: &str) -> bool {
    word.eq_ignore_ascii_case("of")
}

fn is_operator_word(word: &str) -> bool {
    ["and", "or", "not", "of", "near", "before"]
        .iter()
        .any(|operator| word.eq_ignore_ascii_case(operator))
}

fn operator_like(word: &str, span: Range<usize>, between: bool) -> Option<Diagnostic> {
    let lower = word.to_ascii_lowercase();
    let (name, rest) = lower.split_once('/').unwrap_or((&lower, ""));
    let plain_word = !lower.contains('/');
    match name {
        "and" | "or" | "not" if plain_word => Some(lower_case(word, span)),
        "near" | "before" | "atleast" if !plain_word => Some(lower_case(word, span)),
        _ => {
            let ours = other_proximity(name, rest, plain_word, between)?;
            let message = format!("`{word}` is an ordinary word here");
            Some(
                Diagnostic::warning("W22", span, message)
                    .help(format!("write {ours} if it is an operator, or quote it")),
            )
        }
    }
}

fn lower_case(word: &str, span: Range<usize>) -> Diagnostic {
    let message = format!("`{word}` is an ordinary word here: operators are upper-case");
    let operator = match word.split_once('/') {
        Some((name, distance)) => format!(
            "{}/{}",
            name.to_ascii_uppercase(),
            distance.to_ascii_lowercase()
        ),
        None => word.to_ascii_uppercase(),
    };
    Diagnostic::warning("W01", span, message).help(format!(
        "write {operator} if it is an operator, or quote it"
    ))
}

/// Our spelling of another product's proximity operator.
fn other_proximity(name: &str, rest: &str, plain_word: bool, between: bool) -> Option<String> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &name[stem.len()..];
    let distance = match (number, rest) {
        ("", "") => None,
        ("", distance) if matches!(distance, "s" | "p" | "n") || is_number(distance) => {
            Some(distance)
        }
        (number, "") if plain_word => Some(number),
        _ => return None,
    };
    let distance = distance.map(|d| if d == "n" { "5" } else { d });
    match (stem, distance) {
        ("w" | "within", Some(distance)) if !plain_word => Some(format!("NEAR/{distance}")),
        ("near", Some(distance)) => Some(format!("NEAR/{distance}")),
        ("pre" | "onear", Some(distance)) if !plain_word => Some(format!("BEFORE/{distance}")),
        ("adj", Some(distance)) => Some(format!("BEFORE/{distance}")),
        ("adj", None) if between => Some("BEFORE/0".to_owned()),
        ("near" | "onear", None) if between => Some("NEAR/5".to_owned()),
        ("same", None) if between && plain_word => Some("NEAR/p".to_owned()),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

fn ends_atom(kind: &Lexeme) -> bool {
    matches!(kind, Lexeme::Close | Lexeme::Bad) || is_leaf(kind)
}

fn starts_atom(kind: &Lexeme) -> bool {
    matches!(
        kind,
        Lexeme::Open | Lexeme::Field(_) | Lexeme::AtLeast(_) | Lexeme::Bad
    ) || is_leaf(kind)
}

fn is_leaf(kind: &Lexeme) -> bool {
    matches!(
        kind,
        Lexeme::Term(_)
            | Lexeme::Phrase(..)
            | Lexeme::Verbatim(_)
            | Lexeme::Regex(..)
            | Lexeme::Entity(_)
            | Lexeme::Class(_)
            | Lexeme::Macro(_)
    )
}
