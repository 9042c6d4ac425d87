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
        if length == 0 {
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
            let help = id_meant(&self.text[start..stray], &self.text[stray..self.at]);
            self.error("E20", stray, &message, &help);
            self.push(Lexeme::Bad, start);
        } else {
            self.push(kind, start);
        }
    }
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
