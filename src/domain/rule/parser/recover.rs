//! What is missing around operators, told once, and how reading goes on behind it.

use std::ops::Range;

use super::Parser;
use crate::domain::rule::diagnostic::Level;
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
            let operator = self.take();
            let alone = !self.starts_unary();
            let side = if alone { "both sides" } else { "its left" };
            // An operator that lacks its distance too has been told of.
            if !self.found.has_told(Level::Error, &operator.span) {
                self.error(
                    "E04",
                    operator.span,
                    format!("{name} needs something on {side}"),
                    "write a word, a \"phrase\" or brackets there, or leave the operator out",
                );
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
        self.error(
            "E03",
            operator,
            format!("{name} needs something on its right"),
            "write a word, a \"phrase\" or brackets there, or leave the operator out",
        );
        self.skip_operators();
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
