//! Markup → tags and text, for XML as feeds write it and for HTML: never fails, never looks back, linear.
//!
//! What a tag means is decided elsewhere; here only where it begins and ends, broken quotes, CDATA sections
//! and comments included. Strict readers refuse a whole document for one of these.

use memchr::{memchr, memchr2, memmem};

use super::faults::{Fault, Faults};

/// Attributes read of one tag; more are of no use to anyone.
const MOST_ATTRIBUTES: usize = 128;

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name attributes>`, `empty` where it closes itself.
    Start {
        /// As written, prefix included.
        name: &'a str,
        /// What stands between name and `>`.
        attributes: &'a str,
        /// `/>`.
        empty: bool,
    },
    /// `</name>`.
    End(&'a str),
    /// Text with its character references.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
}

/// Reads tokens one after the other.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// What was met that a strict reader would not accept.
    pub faults: Faults,
    /// Where the next `]]>` stands, once looked for.
    cdata_end: Option<usize>,
    /// Marks of which none is left, so that nobody looks for them again.
    none_left: [bool; 4],
}

const DOUBLE: usize = 0;
const SINGLE: usize = 1;
const COMMENT: usize = 2;
const CDATA: usize = 3;

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            faults: Faults::default(),
            cdata_end: None,
            none_left: [false; 4],
        }
    }

    /// True where `mark` stands anywhere in the text.
    pub(super) fn mentions(&self, mark: &str) -> bool {
        self.text.contains(mark)
    }

    /// How far it has read, in bytes.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next token; `open` is the element it stands in, where an unclosed CDATA section must end.
    pub(super) fn next(&mut self, open: Option<&str>) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            if !begins_markup(rest) {
                return Some(self.text_run());
            }
            match rest.as_bytes()[1] {
                b'/' => return Some(self.end_tag()),
                b'!' if rest.starts_with("<!--") => self.comment(),
                b'!' if starts_with_ignoring_case(rest, "<![cdata[") => {
                    return Some(self.cdata(open));
                }
                b'!' => self.doctype(),
                b'?' => self.skip_past("?>"),
                _ => return Some(self.start_tag()),
            }
        }
    }

    /// Skips what stands before `</name`, the end tag included: scripts, styles. False where it never comes.
    pub(super) fn skip_raw(&mut self, name: &str) -> bool {
        let Some(end) = self.raw_end(name) else {
            return false;
        };
        self.at = end;
        self.end_tag();
        true
    }

    /// Where `</name` stands next.
    pub(super) fn raw_end(&self, name: &str) -> Option<usize> {
        let mut from = self.at;
        while let Some(found) = memmem::find(&self.text.as_bytes()[from..], b"</") {
            let after = &self.text[from + found + 2..];
            if starts_with_ignoring_case(after, name)
                && !after
                    .as_bytes()
                    .get(name.len())
                    .is_some_and(u8::is_ascii_alphanumeric)
            {
                return Some(from + found);
            }
            from += found + 2;
        }
        None
    }

    /// Skips code: where its end tag never comes, all that follows is code too.
    pub(super) fn skip_code(&mut self, name: &str) {
        if !self.skip_raw(name) {
            self.at = self.text.len();
        }
    }

    fn text_run(&mut self) -> Token<'a> {
        let start = self.at;
        let mut from = start;
        loop {
            match memchr(b'<', &self.text.as_bytes()[from..]) {
                None => {
                    self.at = self.text.len();
                    break;
                }
                Some(found) if begins_markup(&self.text[from + found..]) => {
                    self.at = from + found;
                    break;
                }
                Some(found) => {
                    self.faults.add(Fault::BareAngle, from + found);
                    from += found + 1;
                }
            }
        }
        Token::Text(&self.text[start..self.at])
    }

    fn comment(&mut self) {
        let inside = self.at + 4;
        let end = self.find(COMMENT, "-->", inside);
        if let Some(end) = end {
            self.at = end + 3;
        } else {
            self.faults.add(Fault::OpenComment, self.at);
            self.at = inside;
            self.skip_past(">");
        }
    }

    fn doctype(&mut self) {
        let bytes = self.text.as_bytes();
        let mut subset = false;
        for (index, byte) in bytes.iter().enumerate().skip(self.at).take(64 << 10) {
            match byte {
                b'[' => subset = true,
                b']' => subset = false,
                b'>' if !subset => {
                    self.at = index + 1;
                    return;
                }
                _ => {}
            }
        }
        self.skip_past(">");
    }

    fn skip_past(&mut self, mark: &str) {
        let rest = &self.text[self.at..];
        // A mark that is missing must not cost the rest of the document.
        let near = rest.find('>').map(|at| at + 1);
        let far = if near.is_some_and(|near| rest[..near].ends_with(mark)) {
            near
        } else {
            let window = rest
                .char_indices()
                .nth(4096)
                .map_or(rest.len(), |(at, _)| at);
            rest[..window].find(mark).map(|at| at + mark.len()).or(near)
        };
        self.at += far.unwrap_or(rest.len());
    }

    /// Finds `mark` at or after `from`, remembering when there is none left.
    fn find(&mut self, which: usize, mark: &str, from: usize) -> Option<usize> {
        if self.none_left[which] || from > self.text.len() {
            return None;
        }
        let rest = &self.text.as_bytes()[from..];
        let found = match mark.as_bytes() {
            [byte] => memchr(*byte, rest),
            mark => memmem::find(rest, mark),
        };
        let found = found.map(|at| from + at);
        self.none_left[which] = found.is_none();
        found
    }

    fn cdata(&mut self, open: Option<&str>) -> Token<'a> {
        let start = self.at + 9;
        if self.cdata_end.is_none_or(|end| end < start) {
            self.cdata_end = self.find(CDATA, "]]>", start);
        }
        let limit = self.cdata_end.unwrap_or(self.text.len());
        let inside = &self.text.as_bytes()[start..limit];
        let nested = memmem::find(inside, b"<![CDATA[").map(|at| start + at);
        let suspect = match (self.cdata_end, nested) {
            (None, None) => Some(limit),
            (_, Some(nested)) => Some(nested),
            (Some(_), None) => None,
        };
        if let Some(suspect) = suspect
            && let Some(end) = end_of_unclosed(&self.text[start..suspect], open, nested.is_none())
        {
            self.faults.add(Fault::OpenCdata, start);
            self.at = start + end;
            return Token::Cdata(&self.text[start..start + end]);
        }
        let Some(end) = self.cdata_end else {
            self.faults.add(Fault::OpenCdata, start);
            self.at = self.text.len();
            return Token::Cdata(&self.text[start..]);
        };
        self.at = end + 3;
        Token::Cdata(&self.text[start..end])
    }

    fn end_tag(&mut self) -> Token<'a> {
        let start = self.at + 2;
        let name = name_at(&self.text[start..]);
        let after = start + name.len();
        let rest = &self.text[after..];
        match memchr2(b'>', b'<', rest.as_bytes()) {
            Some(end) if rest.as_bytes()[end] == b'>' => self.at = after + end + 1,
            Some(end) => {
                self.faults.add(Fault::OpenTag, start);
                self.at = after + end;
            }
            None => self.at = self.text.len(),
        }
        Token::End(name)
    }

    fn start_tag(&mut self) -> Token<'a> {
        let start = self.at + 1;
        let name = name_at(&self.text[start..]);
        let from = start + name.len();
        let (end, next) = self.tag_end(from);
        if end == self.text.len() && !self.text[from..].contains(['"', '\'']) {
            // Nothing closes it, and there is nothing in it that a reader should not see: `a <b`, `write <a href=`.
            self.at = end;
            return Token::Text(&self.text[start - 1..]);
        }
        self.at = next;
        let inside = &self.text[from..end];
        if inside.is_empty() {
            return Token::Start {
                name,
                attributes: inside,
                empty: false,
            };
        }
        let trimmed = inside.trim_end();
        match trimmed.strip_suffix('/') {
            // An unquoted address may end in a slash: `<a href=http://x/>`.
            Some(attributes) if !ends_in_unquoted(attributes) => Token::Start {
                name,
                attributes,
                empty: true,
            },
            _ => Token::Start {
                name,
                attributes: inside,
                empty: false,
            },
        }
    }

    /// Where the inside of a tag ends, and where what follows begins.
    fn tag_end(&mut self, from: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let mut at = from;
        let mut after_equals = false;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'>' => return (at, at + 1),
                b'<' => {
                    self.faults.add(Fault::OpenTag, at);
                    return (at, at);
                }
                b'=' => after_equals = true,
                b'"' | b'\'' if after_equals => {
                    after_equals = false;
                    match self.quote_end(at) {
                        Some(end) => at = end,
                        None => self.faults.add(Fault::OpenQuote, at),
                    }
                }
                byte if byte.is_ascii_whitespace() => {}
                _ => after_equals = false,
            }
            at += 1;
        }
        (bytes.len(), bytes.len())
    }

    /// The closing quote; none where what looks like it opens the next value.
    fn quote_end(&mut self, at: usize) -> Option<usize> {
        let double = self.text.as_bytes()[at] == b'"';
        let (which, mark) = if double {
            (DOUBLE, "\"")
        } else {
            (SINGLE, "'")
        };
        let end = self.find(which, mark, at + 1)?;
        let value = &self.text[at + 1..end];
        if value.contains('<') {
            if value.trim_end().ends_with('=') && value.contains('>') {
                return None;
            }
            self.faults.add(Fault::BareAngle, at);
        }
        Some(end)
    }
}

/// Where an unclosed CDATA section ends: at the end tag of its element, before the end of its entry.
fn end_of_unclosed(inside: &str, open: Option<&str>, to_the_end: bool) -> Option<usize> {
    let entry_end = ["</item", "</entry", "</ITEM", "</channel"]
        .iter()
        .filter_map(|tag| inside.find(tag))
        .min();
    let limit = match entry_end {
        Some(end) => end,
        None if to_the_end => inside.len(),
        None => return None,
    };
    let close = open.map(|name| format!("</{name}"));
    let own = close.and_then(|close| inside[..limit].find(&close));
    own.or(entry_end)
}

/// True where `rest`, which may begin with `<`, begins a tag, comment, section or declaration.
fn begins_markup(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    if bytes.first() != Some(&b'<') {
        return false;
    }
    let is_name = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    match bytes.get(1) {
        Some(b'!') => matches!(bytes.get(2), Some(b'-' | b'[')) || is_name(bytes.get(2)),
        Some(b'/' | b'?') => is_name(bytes.get(2)),
        next => is_name(next),
    }
}

/// The name at the start of `text`.
fn name_at(text: &str) -> &str {
    let ends = |byte: u8| {
        matches!(
            byte,
            b' ' | b'\t'..=b'\r' | b'>' | b'/' | b'<' | b'=' | b'"' | b'\''
        )
    };
    let mut bytes = text.bytes();
    match bytes.position(|byte| ends(byte) || !byte.is_ascii()) {
        Some(end) if text.as_bytes()[end].is_ascii() => &text[..end],
        Some(_) => {
            let ends = |c: char| c.is_whitespace() || u8::try_from(c).is_ok_and(ends);
            &text[..text.find(ends).unwrap_or(text.len())]
        }
        None => text,
    }
}

/// True where the last attribute is an unquoted value.
fn ends_in_unquoted(attributes: &str) -> bool {
    let last = attributes
        .rsplit(|c: char| c.is_whitespace())
        .next()
        .unwrap_or_default();
    last.contains('=') && !last.ends_with(['"', '\'']) && !last.ends_with('=')
}

fn starts_with_ignoring_case(text: &str, mark: &str) -> bool {
    text.as_bytes()
        .get(..mark.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(mark.as_bytes()))
}

/// The attributes of a tag: names as written, values with their references.
pub(super) fn attributes(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        rest = rest
            .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | ','));
        if rest.is_empty() {
            return None;
        }
        let name = name_at(rest);
        if name.is_empty() {
            // A stray sign: step over it.
            let next = rest.chars().next().map_or(0, char::len_utf8);
            rest = &rest[next..];
            return Some(("", ""));
        }
        rest = rest[name.len()..].trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            return Some((name, ""));
        };
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, left) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        rest = left;
        Some((name, value))
    })
    .take(MOST_ATTRIBUTES)
    .filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests;
