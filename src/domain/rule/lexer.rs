//! Text of a query to tokens: where words, quotes, operators and comments begin and end.
//!
//! Only what can be known without the neighbours' meaning; precedence and brackets are the parser's.

mod delimited;
mod names;

use std::ops::Range;

use super::ast::{Distance, Field};
use super::chars::{ends_word, is_dash, is_double_quote, is_invisible, is_single_quote, plain};
use super::diagnostic::{Diagnostic, Findings};
use super::fields;
use super::foreign;
use super::proximity;

/// The farthest NEAR, BEFORE and `~` may reach, in words.
pub(super) const FARTHEST: u32 = 1000;

/// Beyond it a distance is legal, and says little.
const FAR: u32 = 50;

/// A token with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: Lexeme,
    pub span: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lexeme {
    Open,
    Close,
    Comma,
    And,
    Or,
    Not,
    Near {
        ordered: bool,
        distance: Distance,
    },
    AtLeast(u32),
    Field(Field),
    Term(String),
    Phrase(String, Option<u32>),
    Verbatim(String),
    Regex(String, bool),
    Entity(String),
    Class(String),
    Macro(String),
    /// Stands where an atom should be; its error is reported.
    Bad,
}

/// The tokens of `text`; problems go to `found`.
pub(super) fn lex(text: &str, found: &mut Findings) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        found,
    };
    while let Some(c) = lexer.peek() {
        if c.is_whitespace() || is_invisible(c) {
            lexer.at += c.len_utf8();
        } else {
            lexer.token(c);
        }
    }
    let tokens = lexer.tokens;
    foreign::tidy(tokens, text, found)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    found: &'a mut Findings,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn peek_after(&self, c: char) -> Option<char> {
        self.text[self.at + c.len_utf8()..].chars().next()
    }

    fn push(&mut self, kind: Lexeme, start: usize) {
        let span = start..self.at;
        self.tokens.push(Token { kind, span });
    }

    fn error(&mut self, code: &'static str, start: usize, message: &str, help: &str) {
        let diagnostic = Diagnostic::error(code, start..self.at, message).help(help);
        self.found.push(diagnostic);
    }

    fn error_at(&mut self, code: &'static str, span: Range<usize>, message: &str, help: &str) {
        self.found
            .push(Diagnostic::error(code, span, message).help(help));
    }

    fn foreign(&mut self, start: usize, written: &str, read: &str) {
        let diagnostic = Diagnostic::warning(
            "W22",
            start..self.at,
            format!("`{written}` is not of this language; it is read as {read}"),
        )
        .help(format!("write {read}"));
        self.found.push(diagnostic);
    }

    fn token(&mut self, c: char) {
        let start = self.at;
        match plain(c) {
            '(' if self.regex_group() => {}
            '(' => self.single(c, Lexeme::Open),
            ')' => self.single(c, Lexeme::Close),
            ',' => self.single(c, Lexeme::Comma),
            '/' if self.text[start..].starts_with("//") => self.comment(),
            '/' if self.text[start..].starts_with("/*") => self.block_comment(),
            '/' if c == '/' => self.regex(),
            '@' | '#' | '$' => self.name(c),
            '\\' if self.peek_after(c).is_some_and(is_double_quote) => self.escaped_quote(),
            '!' if self.peek_after(c).map(plain) != Some('=') => {
                self.at += c.len_utf8();
                self.foreign(start, "!", "NOT");
                self.push(Lexeme::Not, start);
            }
            '+' if self.peek_after(c).is_some_and(|next| !ends_word(next)) => self.plus(c),
            _ if is_dash(c) => self.minus(c),
            _ if is_double_quote(c) => self.phrase(c),
            _ if is_single_quote(c) => self.verbatim(c),
            _ => self.word(),
        }
    }

    /// `+K2`, and `+5` between two words, which elsewhere is an operator.
    fn plus(&mut self, c: char) {
        let start = self.at;
        self.at += c.len_utf8();
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find(ends_word).unwrap_or(rest.len())];
        let is_number = word.chars().all(|c| c.is_ascii_digit());
        let help = match self.tokens.last() {
            Some(_) if is_number => {
                format!("write BEFORE/{word} if it is an operator, or leave the `+` out")
            }
            _ => "leave the `+` out".to_owned(),
        };
        let message = "`+` is not of this language; what follows is required anyway";
        let diagnostic = Diagnostic::warning("W22", start..self.at, message).help(help);
        self.found.push(diagnostic);
    }

    fn single(&mut self, c: char, kind: Lexeme) {
        let start = self.at;
        self.at += c.len_utf8();
        self.push(kind, start);
    }

    fn comment(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    /// `/* … */`, which is a comment elsewhere.
    fn block_comment(&mut self) {
        let start = self.at;
        let rest = &self.text[start..];
        match rest.find("*/") {
            Some(end) => self.at += end + 2,
            None => self.skip_line(),
        }
        let help = "write // before a comment: it goes to the end of its line";
        self.error_at("E10", start..start + 2, "`/*` begins no comment here", help);
    }

    fn minus(&mut self, c: char) {
        let start = self.at;
        let after_two = self.text[start..].strip_prefix("--");
        if after_two.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            self.skip_line();
            let message = "`--` begins no comment here, and denies nothing";
            let help = "write // before a comment, or NOT before what is not wanted";
            return self.error_at("E19", start..start + 2, message, help);
        }
        self.at += c.len_utf8();
        if self.peek().is_none_or(char::is_whitespace) {
            let diagnostic = Diagnostic::warning(
                "W23",
                start..self.at,
                format!("`{c}` that stands alone is read as NOT"),
            )
            .help("write NOT, or leave it out if it only parts the words");
            self.found.push(diagnostic);
        }
        self.push(Lexeme::Not, start);
    }

    /// The rest of a token that went wrong, so that nothing is said twice.
    fn skip_word(&mut self) {
        while let Some(c) = self.peek().filter(|c| !ends_word(*c)) {
            self.at += c.len_utf8();
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn word(&mut self) {
        let start = self.at;
        if self.field() {
            return;
        }
        self.skip_word();
        // A wide slash at the start stays as it is: no regex was meant.
        let word: String = self.text[start..self.at]
            .chars()
            .filter(|c| !is_invisible(*c))
            .enumerate()
            .map(|(index, c)| {
                if index == 0 && c == '／' {
                    c
                } else {
                    plain(c)
                }
            })
            .collect();
        let kind = match word.as_str() {
            "AND" => Lexeme::And,
            "OR" => Lexeme::Or,
            "NOT" => Lexeme::Not,
            "&" | "&&" => {
                self.foreign(start, &word, "AND");
                Lexeme::And
            }
            "|" | "||" => {
                self.foreign(start, &word, "OR");
                Lexeme::Or
            }
            _ => match word.split_once('/').unwrap_or((&word, "")) {
                (name @ ("NEAR" | "BEFORE"), distance) => self.near(start, name, distance),
                ("ATLEAST", count) => self.at_least(start, count),
                _ => self.term(start, word),
            },
        };
        self.push(kind, start);
    }

    fn term(&mut self, start: usize, word: String) -> Lexeme {
        if let Some(diagnostic) = foreign::truncation(&word, start..self.at) {
            self.found.push(diagnostic);
        }
        let name = word
            .split_once(':')
            .filter(|(_, rest)| !rest.starts_with("//"));
        match name {
            // Only an invisible character kept it from being a field.
            Some((name, _)) if is_field_name(name) => Lexeme::Phrase(word, None),
            _ => Lexeme::Term(word),
        }
    }

    /// `title:` and what looks like it; false where the word is something else.
    fn field(&mut self) -> bool {
        let start = self.at;
        let rest = &self.text[start..];
        let is_name = |c: char| plain(c).is_alphabetic() || c == '_';
        let length = rest.find(|c: char| !is_name(c)).unwrap_or(0);
        let mut after = rest[length..].chars();
        let Some(colon) = after.next().filter(|c| length > 0 && plain(*c) == ':') else {
            return false;
        };
        if after.as_str().starts_with("//") {
            return false;
        }
        let name: String = rest[..length].chars().map(plain).collect();
        if !name.is_ascii() && fields::ours(&name).is_none() {
            return false;
        }
        self.at += length + colon.len_utf8();
        if let Some(field) = Field::from_name(&name) {
            self.push(Lexeme::Field(field), start);
            return true;
        }
        self.no_field(start, &name);
        true
    }

    /// A name that is no field. A value that means nothing without it goes with it.
    fn no_field(&mut self, start: usize, name: &str) {
        let rest = self.text[self.at..].trim_start_matches([' ', '\t']);
        let value = &rest[..rest.find(ends_word).unwrap_or(rest.len())];
        let help = fields::meant(name, value);
        let touched = self.peek().is_some_and(char::is_alphanumeric);
        if touched && fields::without(name, value).is_some() {
            self.skip_word();
        }
        self.error("E11", start, &format!("there is no field `{name}`"), &help);
        if self.peek().is_none_or(ends_word) {
            self.push(Lexeme::Bad, start);
        }
    }

    fn near(&mut self, start: usize, name: &str, distance: &str) -> Lexeme {
        let ordered = name == "BEFORE";
        let reach = match (distance, number(distance)) {
            ("s", _) => Distance::Sentence,
            ("p", _) => Distance::Paragraph,
            (_, Some(words)) if words <= FARTHEST => {
                if words > FAR {
                    let message = format!("{words} words are farther than most paragraphs");
                    let help =
                        format!("write {name}/p for the same paragraph, or a number up to {FAR}");
                    let span = start..self.at;
                    self.found
                        .push(Diagnostic::warning("W15", span, message).help(help));
                }
                Distance::Words(words)
            }
            (_, Some(_)) => {
                let message =
                    format!("{distance} words are too far: at most {FARTHEST} may stand between");
                self.error(
                    "E13",
                    start,
                    &message,
                    &format!("write {name}/p for the same paragraph"),
                );
                Distance::Paragraph
            }
            _ => {
                if let Some(words) = self.glued(start, distance) {
                    self.touches(("E13", start), &format!("{name}/{words}"));
                } else {
                    let help = self.distance_meant(name, distance);
                    self.error("E13", start, &format!("{name} needs a distance"), &help);
                }
                Distance::Sentence
            }
        };
        Lexeme::Near {
            ordered,
            distance: reach,
        }
    }

    /// The number of `NEAR/5poland`, if a word touches it; reading goes on at that word.
    fn glued(&mut self, start: usize, written: &str) -> Option<u32> {
        let length = written.find(|c: char| !c.is_ascii_digit())?;
        let (number, word) = written.split_at(length);
        let number = number.parse().ok().filter(|number| *number <= FARTHEST)?;
        if !word.starts_with(char::is_alphabetic) || proximity::reach(written).is_some() {
            return None;
        }
        let letters = word.chars().count();
        let seen = self.text[start..self.at].char_indices().rev();
        let (at, _) = seen.filter(|(_, c)| !is_invisible(*c)).nth(letters - 1)?;
        self.at = start + at;
        Some(number)
    }

    fn touches(&mut self, (code, start): (&'static str, usize), operator: &str) {
        let message = format!("{operator} touches the word behind it");
        self.error(
            code,
            start,
            &message,
            &format!("put a blank behind {operator}"),
        );
    }

    /// What was meant by a distance that is none.
    fn distance_meant(&mut self, name: &str, distance: &str) -> String {
        if let Some((reach, ordered)) = proximity::reach(distance) {
            let name = if ordered { "BEFORE" } else { name };
            return format!("write {name}/{reach}");
        }
        let blank = self.peek().is_some_and(char::is_whitespace);
        let detached = distance
            .is_empty()
            .then(|| self.detached_number())
            .flatten();
        match detached {
            Some(words) if blank => format!("write {name}/{words} without a blank"),
            Some(words) => format!("write {name}/{words}"),
            None if self.peek().map(plain) == Some('(') && self.tokens.is_empty() => {
                format!("write a {name}/5 b: it stands between its two sides")
            }
            None => format!(
                "write {name}/5 (words between), {name}/s (same sentence) or {name}/p (same paragraph)"
            ),
        }
    }

    /// Takes ` 5`, ` / 5` or `(5)` behind an operator that lacks its number, where that is a word of its own.
    fn detached_number(&mut self) -> Option<u32> {
        let rest = &self.text[self.at..];
        let blank = [' ', '\t'];
        let number = rest.trim_start_matches(blank);
        let bracketed = number.strip_prefix('(');
        let number = bracketed
            .or_else(|| {
                number
                    .strip_prefix('/')
                    .map(|number| number.trim_start_matches(blank))
            })
            .unwrap_or(number);
        let length = number.find(ends_word).unwrap_or(number.len());
        let found = number[..length].parse().ok()?;
        let mut after = &number[length..];
        if bracketed.is_some() {
            after = after.strip_prefix(')')?;
        }
        self.at = self.text.len() - after.len();
        Some(found)
    }

    fn at_least(&mut self, start: usize, count: &str) -> Lexeme {
        let number = self::number(count).unwrap_or(0);
        if number == u32::MAX {
            let message = "ATLEAST counts fewer than 4294967295 occurrences";
            self.error(
                "E14",
                start,
                message,
                "write a smaller number, such as ATLEAST/3",
            );
            return Lexeme::AtLeast(number);
        }
        if let Some(number) = self.glued(start, count).filter(|number| *number > 0) {
            self.touches(("E14", start), &format!("ATLEAST/{number}"));
            return Lexeme::AtLeast(number);
        }
        if number == 0 {
            let detached = count.is_empty().then(|| self.detached_number()).flatten();
            let help = match detached {
                Some(number) => format!("write ATLEAST/{number} without a blank"),
                None => "write for example ATLEAST/3 tank*".to_owned(),
            };
            self.error(
                "E14",
                start,
                "ATLEAST needs the number of occurrences, 1 or more",
                &help,
            );
        }
        Lexeme::AtLeast(number)
    }
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
}

/// A number of words; one that no machine holds is farther than any.
fn number(written: &str) -> Option<u32> {
    let is_number = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| written.parse().unwrap_or(u32::MAX))
}
