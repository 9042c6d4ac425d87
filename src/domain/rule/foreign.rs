//! What people bring along from other products and other habits: `w/5`, `near5`, `and`, `K 9`.
//!
//! Looks at tokens and their neighbours; each is read as this language reads it, and said so.

use std::ops::Range;

use super::ast::Field;
use super::brackets;
use super::chars::{Script, script};
use super::diagnostic::{Diagnostic, Findings};
use super::habits::{self, Beside};
use super::lexer::{Lexeme, Token};
use super::proximity;
use super::quoted;
use super::wildcard;

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
    let bracketed = brackets::warn(&tokens, text, found);
    quoted::touching(&tokens, text, found);
    let is_bracketed = |span: &Range<usize>| {
        let at = bracketed.partition_point(|told| told.end <= span.start);
        bracketed
            .get(at)
            .is_some_and(|told| told.start == span.start || told.end == span.end)
    };
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut address = Address::default();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(mut token) = tokens.next() {
        let next = tokens.peek();
        address.step(&token.kind);
        if let Lexeme::Term(word) = &token.kind {
            if let Some(joined) = joined(&out, &token, word, next, text) {
                warn_joined(&joined, text, found);
                out.pop();
                let usable = usable(joined, out.last(), found);
                out.push(usable);
                continue;
            }
            let beside = beside(out.last(), &token, next, text);
            let odd = operator_like(word, token.span.clone(), &beside)
                .or_else(|| habits::odd(word, token.span.clone(), &beside));
            token = usable(token, out.last(), found);
            // What cannot be used has been told of, with what to write; in an address every sign is one.
            let odd = odd.filter(|_| {
                !is_bracketed(&token.span) && token.kind != Lexeme::Bad && !address.inside
            });
            if let Some(diagnostic) = odd {
                found.push(diagnostic);
            }
        }
        out.push(token);
    }
    out
}

/// Whether tokens are the value of `url:`, alone or in brackets.
#[derive(Default)]
struct Address {
    inside: bool,
    expected: bool,
    depth: usize,
}

impl Address {
    fn step(&mut self, token: &Lexeme) {
        match token {
            Lexeme::Open if self.expected || self.depth > 0 => self.depth += 1,
            Lexeme::Close => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.inside = self.expected || self.depth > 0;
        self.expected = *token == Lexeme::Field(Field::Url);
    }
}

/// What stands beside a token.
fn beside<'t>(
    before: Option<&'t Token>,
    token: &Token,
    next: Option<&'t Token>,
    text: &'t str,
) -> Beside<'t> {
    let behind = before.is_some_and(|before| ends_atom(&before.kind));
    Beside {
        written: text.get(token.span.clone()).unwrap_or_default(),
        behind,
        between: behind && next.is_some_and(|after| starts_atom(&after.kind)),
        before: before.and_then(|before| match &before.kind {
            Lexeme::Term(word) => Some(word.as_str()),
            _ => None,
        }),
        phrase: before
            .filter(|before| matches!(before.kind, Lexeme::Phrase(_, None)))
            .and_then(|before| text.get(before.span.clone())),
        after: next.and_then(|after| text.get(after.span.clone())),
        end: next.map_or(token.span.end, |after| after.span.end),
        touched: next.is_some_and(|after| after.span.start == token.span.end),
    }
}

/// The token, or a bad one where a wildcard stands wrong.
fn usable(token: Token, before: Option<&Token>, found: &mut Findings) -> Token {
    let Lexeme::Term(word) = &token.kind else {
        return token;
    };
    let (start, told) = match before {
        Some(Token {
            kind: Lexeme::Field(Field::Host),
            ..
        }) => (token.span.start, wildcard::of_host(word)),
        Some(Token {
            kind: Lexeme::Field(Field::Url),
            ..
        }) => match wildcard::of_url(word) {
            None => return token,
            told => (token.span.start, told),
        },
        Some(Token {
            kind: Lexeme::Field(field),
            ..
        }) if field.is_property() => (token.span.start, wildcard::of_property(*field, word)),
        Some(before) if before.span.end == token.span.start => {
            (before.span.start, quoted::cut(before, word))
        }
        _ => (0, None),
    };
    let fits = match told {
        None => wildcard::check_term(word, token.span.clone(), found),
        Some((message, help)) => {
            let span = start..token.span.end;
            found.push(Diagnostic::error("E05", span, message).help(help));
            false
        }
    };
    if fits {
        return token;
    }
    Token {
        kind: Lexeme::Bad,
        ..token
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
    let operator = out.len().checked_sub(2).map(|at| &out[at].kind);
    if let Some(Lexeme::Term(operator)) = operator
        && proximity::detached(operator, first).is_some()
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
    ["and", "or", "not", "of", "before", "least"]
        .iter()
        .any(|operator| word.eq_ignore_ascii_case(operator))
        || proximity::takes_number(&word.to_ascii_lowercase())
}

fn operator_like(word: &str, span: Range<usize>, beside: &Beside<'_>) -> Option<Diagnostic> {
    let small = word.to_ascii_lowercase();
    let name = small
        .split_once('/')
        .map_or(small.as_str(), |(name, _)| name);
    match name {
        "and" | "or" | "not" if !small.contains('/') => Some(lower_case(word, span)),
        "near" | "before" | "atleast"
            if word
                .split_once('/')
                .is_some_and(|(_, rest)| ours_reach(rest)) =>
        {
            Some(lower_case(word, span))
        }
        _ => {
            let after = beside.after.unwrap_or_default();
            if let Some(ours) = proximity::detached(word, after) {
                let message = format!("`{word} {after}` are ordinary words here");
                let span = span.start..beside.end;
                let help = format!("write {ours} if it is an operator, or quote them");
                return Some(Diagnostic::warning("W22", span, message).help(help));
            }
            let ours = proximity::ours(word, beside.between)?;
            let message = format!("`{word}` is an ordinary word here");
            Some(
                Diagnostic::warning("W22", span, message)
                    .help(format!("write {ours} if it is an operator, or quote it")),
            )
        }
    }
}

/// Whether a distance is spelt as here, but for its case.
fn ours_reach(distance: &str) -> bool {
    matches!(distance, "s" | "p" | "S" | "P")
        || !distance.is_empty() && distance.chars().all(|c| c.is_ascii_digit())
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

fn ends_atom(kind: &Lexeme) -> bool {
    matches!(kind, Lexeme::Close | Lexeme::Bad) || is_leaf(kind)
}

fn starts_atom(kind: &Lexeme) -> bool {
    matches!(
        kind,
        Lexeme::Open | Lexeme::Field(_) | Lexeme::AtLeast(_) | Lexeme::Not | Lexeme::Bad
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
