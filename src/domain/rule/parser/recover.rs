//! What is missing around operators, told once, and how reading goes on behind it.

use std::ops::Range;

use super::Parser;
use crate::domain::rule::diagnostic::Level;
use crate::domain::rule::foreign::is_of;
use crate::domain::rule::lexer::Lexeme;

impl Parser<'_> {
    /// Reports an operator that has nothing on its left, and steps over it.
    pub(super) fn no_left_operand(&mut self) {
        while let Some(kind) = self.peek() {
            let name = match kind {
                Lexeme::And => "AND",
                Lexeme::Or => "OR",
                Lexeme::Near { ordered: false, .. } => "NEAR",
                Lexeme::Near { ordered: true, .. } => "BEFORE",
                Lexeme::Not if self.near_follows() => {
                    self.at += 1;
                    continue;
                }
                _ => return,
            };
            let is_near = matches!(kind, Lexeme::Near { .. });
            let operator = self.take();
            let alone = !self.starts_unary();
            let side = if alone { "both sides" } else { "its left" };
            // An operator that lacks its distance too has been told of.
            if !self.found.has_told(Level::Error, &operator.span) {
                let help = is_near.then(|| self.sides_meant(&operator.span)).flatten();
                let help = help.unwrap_or_else(|| {
                    "write a word, a \"phrase\" or brackets there, or leave the operator out"
                        .to_owned()
                });
                let message = format!("{name} needs something on {side}");
                self.error("E04", operator.span, message, help);
            }
            if alone {
                self.skip_operators();
            }
        }
    }

    /// Reports an operator that has nothing on its right; operators that follow are stepped over.
    pub(super) fn needs_right(&mut self, name: &str, operator: Range<usize>) {
        if self.starts_unary() && !self.near_follows() {
            return;
        }
        if self.at >= self.tokens.len() && !self.open.is_empty() {
            // The bracket that is never closed says it all.
            return;
        }
        if !self.operators_meet(name, &operator) {
            self.error(
                "E03",
                operator,
                format!("{name} needs something on its right"),
                "write a word, a \"phrase\" or brackets there, or leave the operator out",
            );
        }
        self.skip_operators();
    }

    /// Two operators with nothing in between, and something behind them: which of the two is too much.
    fn operators_meet(&mut self, name: &str, operator: &Range<usize>) -> bool {
        let next = match self.peek() {
            Some(Lexeme::And) => "AND",
            Some(Lexeme::Or) => "OR",
            Some(Lexeme::Near { .. }) if matches!(name, "AND" | "OR") => "NEAR",
            _ => return false,
        };
        let second = self.here();
        let at = self.at;
        self.skip_operators();
        let goes_on = self.starts_unary();
        self.at = at;
        if !goes_on {
            return false;
        }
        let written = self.text.get(second.clone()).unwrap_or(next);
        let help = match (name, next) {
            _ if name == next => {
                let message = format!("{name} stands here twice");
                self.error("E03", second, message, "write it once");
                return true;
            }
            ("NOT", _) => format!("write {next} NOT"),
            (_, "NEAR") => format!("write {written} alone, since it joins its two sides"),
            _ => "write the one that you mean".to_owned(),
        };
        let message = format!("{name} and {written} cannot stand side by side");
        self.error("E03", operator.start..second.end, message, help);
        true
    }

    /// `NEAR/5 a b`: an operator that was put before its sides.
    fn sides_meant(&self, operator: &Range<usize>) -> Option<String> {
        let side = |ahead: usize| match self.peek_at(ahead)? {
            Lexeme::Term(_) | Lexeme::Phrase(..) | Lexeme::Entity(_) | Lexeme::Class(_) => self
                .text
                .get(self.tokens[self.at + ahead].span.clone())
                .filter(|written| written.len() < 50),
            _ => None,
        };
        let (left, right) = (side(0)?, side(1)?);
        let written = self.text.get(operator.clone())?;
        Some(format!(
            "write {left} {written} {right}, since it stands between its two sides"
        ))
    }

    /// The number of `-1 OF (a, b)`, where the sign was hardly meant as NOT.
    pub(super) fn negative(&self, sign: &Range<usize>) -> Option<Range<usize>> {
        let number = self.tokens.get(self.at)?;
        let touches = number.span.start == sign.end && self.text.get(sign.clone()) != Some("!");
        let is_number =
            matches!(&number.kind, Lexeme::Term(word) if word.chars().all(|c| c.is_ascii_digit()));
        let of = matches!(self.peek_at(1), Some(Lexeme::Term(word)) if is_of(word));
        let fits = touches && is_number && of && self.peek_at(2) == Some(&Lexeme::Open);
        fits.then(|| number.span.clone())
    }

    pub(super) fn skip_operators(&mut self) {
        while matches!(
            self.peek(),
            Some(Lexeme::And | Lexeme::Or | Lexeme::Near { .. })
        ) || self.near_follows()
        {
            self.at += 1;
        }
    }

    /// NEAR, BEFORE, NOT NEAR or NOT BEFORE comes next.
    pub(super) fn near_follows(&self) -> bool {
        match self.peek() {
            Some(Lexeme::Near { .. }) => true,
            Some(Lexeme::Not) => matches!(self.peek_at(1), Some(Lexeme::Near { .. })),
            _ => false,
        }
    }

    pub(super) fn starts_unary(&self) -> bool {
        self.peek() == Some(&Lexeme::Not) && !self.near_follows() || self.starts_atom()
    }

    pub(super) fn starts_atom(&self) -> bool {
        !matches!(
            self.peek(),
            None | Some(
                Lexeme::Close
                    | Lexeme::Comma
                    | Lexeme::And
                    | Lexeme::Or
                    | Lexeme::Not
                    | Lexeme::Near { .. }
            )
        )
    }
}
