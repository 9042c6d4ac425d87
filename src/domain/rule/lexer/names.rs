//! Names behind a sign, `@kai`, `#firm`, `$export`, and what touches them.

use super::{Lexeme, Lexer};
use crate::domain::rule::chars::plain;

impl Lexer<'_> {
    pub(super) fn name(&mut self, sigil: char) {
        let start = self.at;
        self.at += sigil.len_utf8();
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !is_of_id(c)).unwrap_or(rest.len());
        let id = rest[..length].to_owned();
        self.at += length;
        let (kind, what) = match plain(sigil) {
            '@' => (Lexeme::Entity(id), "an entity"),
            '#' => (Lexeme::Class(id), "a class"),
            _ => (Lexeme::Macro(id), "a macro"),
        };
        let stray = self.at;
        self.skip_word();
        if length == 0 && plain(sigil) == '#' && stray == self.at {
            self.skip_line();
            let message = "`#` is the sign of a class, and begins no comment";
            let help = "write // before a comment, or the id of the class without a space";
            self.error_at("E20", start..stray, message, help);
            self.push(Lexeme::Bad, start);
        } else if length == 0 {
            let message = format!("`{}` needs the id of {what} right after it", plain(sigil));
            self.error(
                "E20",
                start,
                &message,
                "write the id without a space, or quote the sign",
            );
            self.push(Lexeme::Bad, start);
        } else if stray < self.at {
            let message = format!("this cannot stand in the id of {what}");
            let (name, touching) = (&self.text[start..stray], &self.text[stray..self.at]);
            if is_amount(name, touching) {
                let message = "an amount of money stands between quotes";
                let help = format!("write \"{name}{touching}\"");
                self.error("E20", start, message, &help);
            } else {
                let help = id_meant(name, touching);
                self.error("E20", stray, &message, &help);
            }
            self.push(Lexeme::Bad, start);
        } else {
            self.push(kind, start);
        }
    }
}

/// `$6.5bn`, `$1,200`.
fn is_amount(name: &str, touching: &str) -> bool {
    let mut signs = name.chars();
    let is_money = signs.next().is_some_and(|c| plain(c) == '$');
    let digits = signs.next().is_some_and(|c| c.is_ascii_digit());
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '%');
    is_money && digits && touching.chars().all(plain)
}

fn is_of_id(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// What was meant by a name that something touches: the name alone, or two of them.
fn id_meant(name: &str, touching: &str) -> String {
    let mut second = touching.chars();
    let is_sign = second
        .next()
        .is_some_and(|c| matches!(plain(c), '@' | '#' | '$'));
    let second = second.as_str();
    if is_sign && !second.is_empty() && second.chars().all(is_of_id) {
        return format!("put a blank between the two: {name} {touching}");
    }
    format!("write {name}, since ids are letters, digits, `-` and `_`")
}
