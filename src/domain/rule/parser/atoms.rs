//! Atoms: leaves, brackets, fields, `2 OF (…)` and `ATLEAST/n`.

use std::ops::Range;

use super::{Parser, example};
use crate::domain::rule::ast::{Field, Kind, Node};
use crate::domain::rule::diagnostic::Diagnostic;
use crate::domain::rule::foreign::is_of;
use crate::domain::rule::lexer::Lexeme;

impl Parser<'_> {
    pub(super) fn atom_inside(&mut self) -> Option<Node> {
        if self
            .peek_at(1)
            .is_some_and(|next| matches!(next, Lexeme::Term(word) if is_of(word)))
            && let Some(Lexeme::Term(word)) = self.peek()
            && word.chars().all(|c| c.is_ascii_digit())
            && (self.peek_at(2) == Some(&Lexeme::Open)
                || matches!(self.peek_at(1), Some(Lexeme::Term(of)) if of == "OF"))
        {
            return self.some_of();
        }
        let token = self.take();
        let start = token.span.start;
        let kind = match token.kind {
            Lexeme::Open => return self.bracket(token.span),
            Lexeme::Field(field) => return self.field(field, token.span),
            Lexeme::AtLeast(count) => return self.at_least(count, token.span),
            Lexeme::Term(word) if word == "OF" && self.peek() == Some(&Lexeme::Open) => {
                let help = self.number_meant(token.span.start);
                self.error("E14", token.span, "OF needs a number on its left", help);
                self.atom_list()?;
                return None;
            }
            Lexeme::Term(word)
                if self.peek() == Some(&Lexeme::Open) && of_number(&word).is_some() =>
            {
                let number = of_number(&word).unwrap_or_default();
                let list = self.written_list().unwrap_or("(a, b, c)");
                let help = format!("write {number} OF {list}");
                let message = "a blank stands between the number and OF";
                self.error("E14", token.span, message, help);
                self.atom_list()?;
                return None;
            }
            Lexeme::Term(word) => Kind::Term(word),
            Lexeme::Phrase(text, slop) => Kind::Phrase(text, slop),
            Lexeme::Verbatim(text) => Kind::Verbatim(text),
            Lexeme::Regex(source, ignore_case) => Kind::Regex(source, ignore_case),
            Lexeme::Entity(id) => Kind::Entity(id),
            Lexeme::Class(id) => Kind::Class(id),
            Lexeme::Macro(id) => Kind::Macro(id),
            _ => return None,
        };
        self.node(kind, start..token.span.end)
    }

    /// What was meant by `ANY OF (…)` and its like.
    fn number_meant(&self, of: usize) -> String {
        let before = self.text[..of].split_whitespace().next_back();
        let number = match before.unwrap_or_default().to_ascii_lowercase().as_str() {
            "any" | "one" => {
                return "write only the brackets, with OR between the parts".to_owned();
            }
            "all" | "each" => {
                return "write only the brackets, with AND between the parts".to_owned();
            }
            "three" => 3,
            "four" => 4,
            _ => 2,
        };
        format!("write for example {number} OF (a, b, c)")
    }

    fn bracket(&mut self, open: Range<usize>) -> Option<Node> {
        if self.peek() == Some(&Lexeme::Close) {
            let close = self.take();
            self.error(
                "E08",
                open.start..close.span.end,
                "there is nothing between the brackets",
                "write what belongs there, or leave them out",
            );
            return None;
        }
        self.open.push(open.clone());
        let node = self.or();
        while self.peek() == Some(&Lexeme::Comma) {
            let comma = self.take();
            let help = self.alternatives_meant(&open);
            self.comma(comma.span, &help);
            self.or();
        }
        self.close();
        node.map(|mut node| {
            // The brackets belong to the place of what they hold.
            let end = self
                .at
                .checked_sub(1)
                .and_then(|at| self.tokens.get(at))
                .map_or(node.span.end, |token| token.span.end);
            node.span = open.start..end.max(node.span.end);
            node
        })
    }

    /// Takes `)`, or says which bracket lacks it.
    fn close(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        if self.peek() == Some(&Lexeme::Close) {
            self.at += 1;
            return;
        }
        if self.stopped {
            return;
        }
        let outer = self.open.last();
        let between = outer.and_then(|outer| self.text.get(outer.end..open.start));
        if between.is_some_and(|between| between.trim().is_empty()) {
            self.inside += 1;
            return;
        }
        let end = self.text.trim_end().len();
        let missing = ")".repeat(1 + std::mem::take(&mut self.inside));
        let (message, help) = match missing.len() {
            1 => (
                "this bracket is never closed",
                "close the bracket with `)`".to_owned(),
            ),
            _ => (
                "these brackets are never closed",
                format!("close them with `{missing}`, or leave them out"),
            ),
        };
        self.found.push(
            Diagnostic::error("E06", open, message)
                .help(help)
                .related(end..end, format!("`{missing}` is missing here")),
        );
    }

    /// What was meant by commas in a bracket: `hanwha IN (poland, korea)`.
    fn alternatives_meant(&self, open: &Range<usize>) -> String {
        // It is told once.
        let inner = Some(&self.text[open.end..])
            .filter(|_| !self.listed)
            .unwrap_or_default();
        let inner = &inner[..inner.find([')', '(', '"', '\n']).unwrap_or(inner.len())];
        let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
        let is_word = |part: &&str| !part.is_empty() && !part.contains(char::is_whitespace);
        if inner.len() > 80 || !parts.iter().all(is_word) {
            return "write OR or AND, or a number and OF before the bracket".to_owned();
        }
        let list = format!("({})", parts.join(" OR "));
        let mut before = self.text[..open.start].split_whitespace();
        match (before.next_back(), before.next_back()) {
            (Some("IN" | "in"), Some(name)) => match Field::from_name(&name.to_ascii_lowercase()) {
                Some(field) => format!("write {}:{list}", field.as_str()),
                None => format!("write {name} {list}"),
            },
            _ => format!("write {list}, or a number and OF before the bracket"),
        }
    }

    /// The list in brackets that comes next, as written, where it is short.
    fn written_list(&self) -> Option<&str> {
        let rest = self.tokens.get(self.at..)?;
        let open = rest.first()?.span.start;
        let inner = &rest[1..];
        let close = inner
            .iter()
            .position(|token| matches!(token.kind, Lexeme::Open | Lexeme::Close))?;
        let end = Some(&inner[close])
            .filter(|token| token.kind == Lexeme::Close)?
            .span
            .end;
        self.text.get(open..end).filter(|list| list.len() < 50)
    }

    fn field(&mut self, field: Field, span: Range<usize>) -> Option<Node> {
        if !self.starts_atom() || self.peek() == Some(&Lexeme::Not) {
            let name = field.as_str();
            let message = format!("`{name}:` needs something on its right");
            let help = if self.peek() == Some(&Lexeme::Not) {
                format!("write NOT {name}:{}", self.denied())
            } else {
                format!(
                    "write a word, a \"phrase\" or brackets after it, such as {}",
                    example(field)
                )
            };
            self.error("E12", span, message, help);
            return None;
        }
        let inner = self.atom()?;
        let span = span.start..inner.span.end;
        self.node(Kind::Field(field, Box::new(inner)), span)
    }

    /// What stands behind NOT, as it can be written behind a field.
    fn denied(&self) -> &str {
        let behind = self.tokens.get(self.at + 1);
        let word = behind.and_then(|token| match token.kind {
            Lexeme::Term(_) | Lexeme::Phrase(..) | Lexeme::Verbatim(_) => {
                self.text.get(token.span.clone())
            }
            _ => None,
        });
        word.filter(|word| word.len() < 50).unwrap_or("(a OR b)")
    }

    fn at_least(&mut self, count: u32, span: Range<usize>) -> Option<Node> {
        if !self.starts_atom() {
            self.needs_right("ATLEAST", span);
            return None;
        }
        let inner = self.atom()?;
        let span = span.start..inner.span.end;
        self.node(Kind::Count(count, Box::new(inner)), span)
    }

    /// `2 OF (a, b, c)`.
    fn some_of(&mut self) -> Option<Node> {
        let number = self.take();
        let of = self.take();
        let digits = match &number.kind {
            Lexeme::Term(digits) => digits.clone(),
            _ => String::new(),
        };
        let count = digits.parse().unwrap_or(u32::MAX);
        if !matches!(&of.kind, Lexeme::Term(word) if word == "OF") {
            self.error(
                "E14",
                of.span.clone(),
                "operators are upper-case",
                format!("write {count} OF (a, b, c)"),
            );
        }
        if self.peek() != Some(&Lexeme::Open) {
            self.error(
                "E15",
                number.span.start..of.span.end,
                "OF needs a list in brackets on its right",
                format!("write {count} OF (a, b, c), or quote the words"),
            );
            self.listed = true;
            return None;
        }
        if self.peek_at(1) == Some(&Lexeme::Close) {
            let open = self.take();
            let close = self.take();
            self.error(
                "E15",
                open.span.start..close.span.end,
                "there is nothing in the list of OF",
                format!("write the parts: {} OF (a, b, c)", count.max(1)),
            );
            return None;
        }
        let (parts, listed, end) = self.atom_list()?;
        let whole = number.span.start..end;
        if count == 0 || usize::try_from(count).is_ok_and(|count| count > listed) {
            let message = match count {
                0 => "0 OF is always true".to_owned(),
                _ => format!("{} of {listed} can never be true", cut(&digits)),
            };
            let help = match listed {
                1 => format!("part the list by commas: {count} OF (a, b, c)"),
                _ => format!("write a number from 1 to {listed}"),
            };
            self.error("E14", number.span, message, help);
        }
        self.node(Kind::AtLeastOf(count, parts), whole)
    }

    /// `(a, b, c)`: the parts that could be read, how many there were, and where it ends.
    fn atom_list(&mut self) -> Option<(Vec<Node>, usize, usize)> {
        let open = self.take();
        self.open.push(open.span.clone());
        let mut parts = Vec::new();
        let mut listed = 0;
        loop {
            if matches!(self.peek(), Some(Lexeme::Comma | Lexeme::Close) | None) {
                let span = self.here();
                if self.peek().is_some() {
                    self.error(
                        "E15",
                        span,
                        "a part of the list is missing here",
                        "write it, or leave the comma out",
                    );
                }
            } else {
                parts.extend(self.or());
                listed += 1;
            }
            if self.peek() != Some(&Lexeme::Comma) {
                break;
            }
            self.at += 1;
        }
        let end = self.here().end;
        self.close();
        (!self.stopped).then_some((parts, listed, end))
    }
}

/// A number as written, in so many digits as say that it is too large.
fn cut(digits: &str) -> String {
    match digits.char_indices().nth(20) {
        Some((end, _)) => format!("{}…", &digits[..end]),
        None => digits.to_owned(),
    }
}

/// The number of `2OF`.
fn of_number(word: &str) -> Option<u32> {
    let digits = word.find(|c: char| !c.is_ascii_digit())?;
    is_of(&word[digits..]).then(|| word[..digits].parse().ok())?
}
