//! What stands between delimiters: phrases, verbatims, regexes, and what goes wrong at their ends.
//!
//! Quotes and regexes end with their line, so that a forgotten one is found where it was forgotten.

use super::{FARTHEST, Lexeme, Lexer};
use crate::domain::rule::ast::Field;
use crate::domain::rule::chars::{
    ends_word, is_double_quote, is_guillemet, is_invisible, is_single_quote, plain,
};
use crate::domain::rule::diagnostic::Diagnostic;
use crate::domain::rule::proximity;
use crate::domain::rule::regex_faults;
use crate::domain::rule::regex_signs;
use crate::domain::rule::wildcard;

impl Lexer<'_> {
    pub(super) fn phrase(&mut self, opener: char) {
        let start = self.at;
        self.at += opener.len_utf8();
        let closes = |c: char| is_double_quote(c) && is_guillemet(c) == is_guillemet(opener);
        let Some(text) = self.quoted(closes, |_| true) else {
            let before = self.text[..start].chars().next_back();
            let help = if before.is_some_and(char::is_alphanumeric) {
                "take this quote out, or put a blank before it and close it with `\"`"
            } else {
                "close it with `\"`"
            };
            self.unterminated(start, "this quote is never closed", help);
            return;
        };
        let text: String = text
            .chars()
            .filter(|c| !is_invisible(*c))
            .map(plain)
            .collect();
        if text.trim().is_empty() {
            self.error(
                "E08",
                start,
                "there is nothing between the quotes",
                "write the words of the phrase, or leave it out",
            );
            self.push(Lexeme::Bad, start);
            return;
        }
        let fits = self.of_address() || wildcard::check_phrase(&text, start..self.at, self.found);
        let slop = self.slop();
        if fits {
            self.push(Lexeme::Phrase(text, slop), start);
        } else {
            self.push(Lexeme::Bad, start);
        }
    }

    /// Right behind `url:`, where every sign is one.
    fn of_address(&self) -> bool {
        let last = self.tokens.last();
        last.is_some_and(|token| token.kind == Lexeme::Field(Field::Url))
    }

    /// `\"hanwha\"`, as a shell or JSON wants it.
    pub(super) fn escaped_quote(&mut self) {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let opener = rest.chars().next().map_or(0, char::len_utf8);
        let line = &rest[opener..];
        let line = &line[..line.find('\n').unwrap_or(line.len())];
        let end = line.find('\\').and_then(|at| {
            let closer = line[at + 1..].chars().next();
            Some((at, closer.filter(|c| is_double_quote(*c))?.len_utf8()))
        });
        self.at = start + 1 + opener;
        let help = match end {
            Some((at, length)) if !line[..at].trim().is_empty() => {
                self.at += at + 1 + length;
                format!("write \"{}\"", &line[..at])
            }
            _ => "take this quote and its `\\` out".to_owned(),
        };
        let message = "`\\` stands before a quote inside of quotes only";
        self.error("E09", start, message, &help);
        self.push(Lexeme::Bad, start);
    }

    /// `~3` after a phrase.
    fn slop(&mut self) -> Option<u32> {
        let start = self.at;
        let sign = self.peek().filter(|c| matches!(plain(*c), '~' | '@'))?;
        if plain(sign) == '@' {
            return self.wrong_slop(sign);
        }
        self.at += sign.len_utf8();
        let digits = self.digits();
        match digits.parse::<u32>() {
            Ok(words) if words <= FARTHEST => Some(words),
            Ok(_) => {
                let message = format!("at most {FARTHEST} words may stand between");
                self.error("E13", start, &message, "write a smaller number after `~`");
                None
            }
            Err(_) => {
                self.error(
                    "E13",
                    start,
                    "`~` needs the number of words that may stand between",
                    "write for example \"arms deal\"~3",
                );
                None
            }
        }
    }

    /// `@3` after a phrase, which elsewhere is what `~3` is here.
    fn wrong_slop(&mut self, sign: char) -> Option<u32> {
        let start = self.at;
        self.at += sign.len_utf8();
        let digits = self.digits().to_owned();
        if digits.is_empty() {
            self.at = start;
            return None;
        }
        let message = format!("`@{digits}` means nothing behind a phrase");
        self.error("E13", start, &message, &format!("write ~{digits}"));
        None
    }

    fn digits(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub(super) fn verbatim(&mut self, opener: char) {
        let start = self.at;
        self.at += opener.len_utf8();
        let Some(text) = self.quoted(is_single_quote, |next| {
            !next.is_some_and(char::is_alphanumeric)
        }) else {
            self.unterminated(
                start,
                "this quote is never closed",
                "close it with `'`, or put the words between `\"` if it is an apostrophe",
            );
            return;
        };
        if text.trim().is_empty() {
            self.error(
                "E08",
                start,
                "there is nothing between the quotes",
                "write the text to match, or leave it out",
            );
            self.push(Lexeme::Bad, start);
        } else {
            self.push(Lexeme::Verbatim(text), start);
        }
    }

    /// Text up to a closing quote of this line, escapes resolved; moves behind the quote when there is one.
    fn quoted(
        &mut self,
        is_quote: impl Fn(char) -> bool,
        may_close: impl Fn(Option<char>) -> bool,
    ) -> Option<String> {
        let mut text = String::new();
        let mut chars = self.text[self.at..].char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            match next {
                _ if c == '\n' => return None,
                Some(escaped) if c == '\\' && (escaped == '\\' || is_quote(escaped)) => {
                    text.push(escaped);
                    chars.next();
                }
                next if is_quote(c) && may_close(next) => {
                    self.at += offset + c.len_utf8();
                    return Some(text);
                }
                _ => text.push(c),
            }
        }
        None
    }

    fn unterminated(&mut self, start: usize, message: &str, help: &str) {
        self.error("E09", start, message, help);
        self.skip_line();
        self.push(Lexeme::Bad, start);
    }

    pub(super) fn regex(&mut self) {
        let start = self.at;
        self.at += 1;
        let Some(source) = self.regex_source() else {
            self.skip_word();
            let help = self.slash_meant(start);
            let message =
                "a `/` at the start of a word opens a regex, and this one is never closed";
            self.found
                .push(Diagnostic::error("E09", start..start + 1, message).help(help));
            self.push(Lexeme::Bad, start);
            return;
        };
        let closed = self.at;
        self.skip_word();
        let flags = &self.text[closed..self.at];
        if !matches!(flags, "" | "i") {
            let help = flags_meant(&source, flags);
            let message = "the only letter that may follow a regex is `i`";
            self.error("E10", closed, message, &help);
            self.push(Lexeme::Bad, start);
            return;
        }
        let ignore_case = flags == "i";
        if takes_anything(&source, ignore_case) {
            let message = "this regex matches every entry, for it fits any letter or none at all";
            let help = "name letters that must occur, as in /howitzers?/";
            self.error("E35", start, message, help);
            self.push(Lexeme::Bad, start);
        } else if let Err(fault) = regex_faults::check(&source, ignore_case) {
            let span = fault
                .at
                .map(|at| start + 1 + at..start + 2 + at)
                .filter(|span| self.text.get(span.clone()).is_some())
                .unwrap_or(start..self.at);
            let message = format!("this regex cannot be used: {}", fault.message);
            self.error_at("E10", span, &message, &fault.help);
            self.push(Lexeme::Bad, start);
        } else {
            self.push(Lexeme::Regex(source, ignore_case), start);
        }
    }

    /// `(?i)` or `(?:` where no regex is; false for any other bracket.
    pub(super) fn regex_group(&mut self) -> bool {
        let start = self.at;
        let Some(written) = regex_signs::group(&self.text[start..]) else {
            return false;
        };
        self.at += written.len();
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find(ends_word).unwrap_or(rest.len())];
        let is_closed = written.ends_with(')');
        let help = match regex_signs::plain_word(word) {
            Some(word) if is_closed && word.len() < 50 => {
                format!("write {word}, which is found in any case; a regex needs slashes around it")
            }
            _ => "put the whole regex between slashes, as in /K[29]/".to_owned(),
        };
        let message = format!("`{written}` is of regexes, which stand between slashes here");
        self.error("E10", start, &message, &help);
        if !is_closed {
            self.push(Lexeme::Open, start);
        } else if self.peek().is_none_or(ends_word) {
            self.push(Lexeme::Bad, start);
        }
        true
    }

    /// What was meant by a `/` that opens no regex: `/5` is elsewhere an operator.
    fn slash_meant(&self, start: usize) -> String {
        let word = &self.text[start + 1..self.at];
        match proximity::reach(word) {
            Some((reach, _)) if !self.tokens.is_empty() => {
                format!("write NEAR/{reach} if it is an operator, or put it between `\"`")
            }
            _ if word.is_empty() => {
                "write OR or AND if it parts two words, or put them between `\"`".to_owned()
            }
            _ => match regex_signs::plain_word(word).filter(|word| word.len() < 50) {
                Some(word) => format!("write {word}, or close it with `/` if it is a regex"),
                None => {
                    "close it with `/`, or put the words between `\"` if it is a slash".to_owned()
                }
            },
        }
    }

    /// The source between slashes of one line; `\/` is a slash.
    fn regex_source(&mut self) -> Option<String> {
        let mut source = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '\n' => return None,
                '/' => {
                    self.at += offset + 1;
                    return Some(source);
                }
                '\\' => match chars.next()?.1 {
                    '/' => source.push('/'),
                    escaped => source.extend(['\\', escaped]),
                },
                c => source.push(c),
            }
        }
        None
    }
}

/// What was meant by what stands right behind a regex: flags, or a path.
fn flags_meant(source: &str, flags: &str) -> String {
    let are_flags = flags.len() < 4 && flags.chars().all(|c| "gimsuxy".contains(c));
    if are_flags && source.len() < 50 {
        let kept = if flags.contains('i') { "i" } else { "" };
        let source = source.replace('/', "\\/");
        return format!("write /{source}/{kept}, since every place is found anyway");
    }
    "put a space behind it, or all of it between `\"` if the slashes are no regex".to_owned()
}

/// Whether a regex finds something in any text: nothing at all, or any one letter.
fn takes_anything(source: &str, ignore_case: bool) -> bool {
    let mut built = regex::RegexBuilder::new(source);
    let built = built.case_insensitive(ignore_case).size_limit(1 << 20);
    built.build().is_ok_and(|regex| {
        let letters = ["a", "Z", "7", "가", "무", "字"];
        regex.is_match("") || letters.into_iter().all(|letter| regex.is_match(letter))
    })
}
