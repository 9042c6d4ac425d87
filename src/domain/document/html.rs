//! HTML of an entry → plain text as a reader sees it, and safe HTML.
//!
//! One pass over the tags, linear in the input, writes both: only listed elements and attributes, balanced,
//! not nested deep. `ammonia` then has the last word on what is safe, where more than plain tags are left. No images or styles are fetched.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use url::Url;

mod lines;
mod simple;
pub(super) mod tags;

use lines::{Lines, Run};
use tags::{ALLOWED, Tag, UNSEEN, is_known_tag};

use super::LONGEST_TEXT;
use super::entities::{Style, decoded, push_escaped};
use super::links;
use super::scan::{Scanner, Token, attributes};

/// Open elements at most in safe HTML; deeper ones lose their tags.
const DEEPEST: usize = 48;

/// Both forms of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    /// Plain text; paragraphs parted by a blank line.
    pub text: String,
    /// Balanced HTML of listed elements; see [`Rendered::safe`].
    pub html: String,
    /// Whether that is plain tags and links, which no browser reads as anything else.
    pub is_plain: bool,
}

impl Rendered {
    /// Plain text, and HTML that may leave.
    pub(super) fn safe(self) -> (String, String) {
        let html = if self.is_plain {
            self.html
        } else {
            by_ammonia(&self.html)
        };
        (self.text, html)
    }

    /// Whether this says more than `other`.
    pub(super) fn is_more_than(&self, other: &Self) -> bool {
        self.text.len() > other.text.len() || (other.text.is_empty() && !self.html.is_empty())
    }
}

/// Reads HTML; relative addresses are resolved against `base`.
pub(super) fn render(html: &str, base: Option<&Url>) -> Rendered {
    let html = &html[..html.floor_char_boundary(LONGEST_TEXT)];
    let mut writer = Writer::new(base, !has_markup(html), html.len());
    let mut scanner = Scanner::new(html);
    let mut unclosed: Vec<&'static str> = Vec::new();
    while let Some(token) = scanner.next(None) {
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } => match Tag::named(name) {
                Some(tag) if tag.is_unseen && !empty => {
                    skip_unseen(&mut scanner, tag.name, &mut unclosed);
                }
                Some(tag) if !tag.is_unseen => writer.start(tag, attributes, empty),
                _ => {}
            },
            Token::End(name) => {
                if let Some(tag) = Tag::named(name) {
                    writer.end(tag);
                }
            }
            Token::Text(text) => writer.text(&decoded(text, Style::Html)),
            Token::Cdata(text) => writer.text(text),
        }
    }
    writer.finish()
}

/// Skips an element that no reader sees. One that is never closed costs its tag only, unless it is code.
pub(super) fn skip_unseen(scanner: &mut Scanner<'_>, name: &str, unclosed: &mut Vec<&'static str>) {
    if matches!(name, "script" | "style") {
        scanner.skip_code(name);
    } else if !unclosed.contains(&name) && !scanner.skip_raw(name) {
        unclosed.extend(UNSEEN.iter().find(|known| **known == name));
    }
}

/// Plain text as both forms.
pub(super) fn render_plain(text: &str) -> Rendered {
    let mut writer = Writer::new(None, true, text.len());
    writer.text(&text[..text.floor_char_boundary(LONGEST_TEXT)]);
    writer.finish()
}

fn by_ammonia(html: &str) -> String {
    static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let mut builder = ammonia::Builder::empty();
        let attributes: HashMap<&str, HashSet<&str>> = ALLOWED
            .iter()
            .map(|(name, attributes)| (*name, attributes.iter().copied().collect()))
            .collect();
        builder
            .tags(ALLOWED.iter().map(|(name, _)| *name).collect())
            .tag_attributes(attributes)
            .clean_content_tags(["script", "style"].into())
            .url_schemes(["http", "https", "mailto"].into())
            .url_relative(ammonia::UrlRelative::Deny)
            .link_rel(Some("noopener noreferrer nofollow"));
        builder
    });
    CLEANER.clean(html).to_string()
}

/// A title or a name: one line of plain text. Tags of HTML go, other angle brackets stay.
pub(super) fn line(html: &str, base: Option<&Url>) -> String {
    if memchr::memchr2(b'<', b'&', html.as_bytes()).is_none() {
        return one_line(html);
    }
    let mut current = html.trim().to_owned();
    for _ in 0..3 {
        if !current.contains(['<', '&']) {
            break;
        }
        let guarded = guard_unknown(&current);
        let next = render(&guarded, base).text;
        // Twice escaped text shows its references after one reading; brackets that remain are meant.
        if next == current || !has_reference(&next) {
            current = next;
            break;
        }
        current = next;
    }
    one_line(&current)
}

/// A title that is declared to be text: brackets stay; references that are left over do not.
pub(super) fn plain_line(text: &str) -> String {
    let mut current = Cow::Borrowed(text);
    for _ in 0..2 {
        if !has_reference(&current) {
            break;
        }
        current = decoded(&current, Style::Xml).into_owned().into();
    }
    one_line(&current)
}

/// White space folded, at most 10 KiB.
pub(super) fn one_line(text: &str) -> String {
    let trimmed = text.trim();
    if trimmed.len() <= super::LONGEST_TITLE && lines::is_one_line(trimmed) {
        return trimmed.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(256));
    let is_seen =
        |word: &&str| !lines::may_be_unseen(word) || word.contains(|c| !lines::is_unseen(c));
    for word in text.split_whitespace().filter(is_seen) {
        if !out.is_empty() {
            out.push(' ');
        }
        if lines::may_be_unseen(word) {
            out.extend(word.chars().filter(|c| !lines::is_unseen(*c)));
        } else {
            out.push_str(word);
        }
        if out.len() > super::LONGEST_TITLE {
            out.truncate(out.floor_char_boundary(super::LONGEST_TITLE));
            break;
        }
    }
    out
}

/// True where a text holds a character reference.
pub(super) fn has_reference(text: &str) -> bool {
    use super::entities::{Reference, reference};
    memchr::memchr_iter(b'&', text.as_bytes())
        .any(|at| reference(&text[at..], Style::Xml) != Reference::Text)
}

/// True where a text holds a tag of HTML.
pub(super) fn has_markup(text: &str) -> bool {
    memchr::memchr_iter(b'<', text.as_bytes()).any(|at| is_known_tag(&text[at..]))
}

/// Escapes `<` before names that HTML does not have: `<BIGCO>`, `<속보>`.
fn guard_unknown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let known = is_known_tag(&rest[at..])
            || rest[at..].starts_with("<!--")
            || rest[at..].starts_with("<![");
        out.push_str(if known { "<" } else { "&lt;" });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out
}

/// Whether words for a picture tell of it: more than a sign, and no file's name.
fn is_described(words: &str) -> bool {
    let words = words.trim();
    let ending = words
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_file = matches!(
        ending.as_str(),
        "jpg" | "jpeg" | "png" | "gif" | "webp" | "svg" | "bmp"
    );
    !is_file && words.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

/// Writes both forms as tags come.
struct Writer<'a> {
    base: Option<&'a Url>,
    /// Line breaks in the text are meant: it has no markup.
    preserve: bool,
    text: Lines,
    html: String,
    open: Vec<&'static Tag>,
    /// Inside the reading beside a word, which is kept in the HTML alone: the word stays whole in the text.
    in_reading: bool,
    /// The HTML so far is what a parser would write again.
    is_plain: bool,
}

impl<'a> Writer<'a> {
    /// A writer of some `length` bytes.
    fn new(base: Option<&'a Url>, preserve: bool, length: usize) -> Self {
        Self {
            base,
            preserve,
            text: Lines::with_capacity(length),
            html: String::with_capacity(length + length / 16),
            open: Vec::new(),
            in_reading: false,
            is_plain: true,
        }
    }

    fn finish(mut self) -> Rendered {
        while let Some(open) = self.open.pop() {
            self.close_tag(open);
        }
        Rendered {
            text: self.text.finish(),
            html: self.html,
            is_plain: self.is_plain,
        }
    }

    fn start(&mut self, tag: &'static Tag, raw: &str, empty: bool) {
        self.begin_in_text(tag, raw);
        let Some(allowed) = tag.attributes else {
            return;
        };
        if tag.name == "p" {
            self.end_tag(tag);
        } else if matches!(tag.name, "a" | "li" | "tr" | "td" | "th" | "dt" | "dd") {
            self.end_innermost(tag);
        }
        let void = matches!(tag.name, "br" | "hr" | "img");
        if !void && self.open.len() >= DEEPEST {
            return;
        }
        let start = self.html.len();
        self.html.push('<');
        self.html.push_str(tag.name);
        let from = self.html.len();
        if !raw.is_empty() && !allowed.is_empty() {
            self.attributes(raw, allowed);
        }
        let values = &self.html[from..];
        if tag.name == "img" && !values.contains("src=") {
            self.html.truncate(start);
            return;
        }
        self.is_plain = self.is_plain && simple::may_stand(tag, values, &self.open);
        if tag.name == "a" {
            self.html.push_str(simple::REL);
        }
        self.html.push('>');
        if void {
            return;
        }
        if empty {
            self.close_tag(tag);
        } else {
            self.open.push(tag);
        }
    }

    /// What a start tag does to the text.
    fn begin_in_text(&mut self, tag: &Tag, raw: &str) {
        match tag.name {
            "br" => self.text.line_break(),
            "td" | "th" => self.text.space(),
            // An item is a paragraph: sentences end with it, with or without a full stop.
            "li" => self.text.gap(2),
            "rt" | "rp" | "rtc" => self.in_reading = true,
            "rb" | "ruby" => self.in_reading = false,
            "img" => self.alternative(raw),
            _ if tag.is_block => {
                self.in_reading = false;
                self.text.gap(2);
            }
            _ if tag.is_line => self.text.gap(1),
            _ => {}
        }
    }

    /// The words that stand for a picture, apart from those around it.
    fn alternative(&mut self, raw: &str) {
        let mut found = attributes(raw);
        let Some((_, value)) = found.find(|(name, _)| name.eq_ignore_ascii_case("alt")) else {
            return;
        };
        let value = decoded(value, Style::Xml);
        if is_described(&value) {
            self.text.space();
            self.text.push(&value);
            self.text.space();
        }
    }

    /// Writes those attributes that are kept.
    fn attributes(&mut self, raw: &str, allowed: &[&'static str]) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in attributes(raw) {
            let Some(name) = allowed
                .iter()
                .find(|known| known.eq_ignore_ascii_case(name))
            else {
                continue;
            };
            if seen.contains(name) {
                continue;
            }
            seen.push(name);
            let value = decoded(value, Style::Xml); // in an attribute, `&copy=` is no reference
            let value = match *name {
                "href" | "src" | "cite" => links::in_html(&value, self.base).map(Cow::Owned),
                "colspan" | "rowspan" | "start" => {
                    let number = value.trim().parse::<u16>().ok();
                    number.map(|number| number.to_string().into())
                }
                _ => Some(value),
            };
            let value = value.filter(|value| *name != "src" || !value.starts_with("mailto:"));
            if let Some(value) = value {
                self.html.push(' ');
                self.html.push_str(name);
                self.html.push_str("=\"");
                push_escaped(&mut self.html, &value);
                self.html.push('"');
            }
        }
    }

    fn end(&mut self, tag: &'static Tag) {
        match tag.name {
            "br" => self.text.line_break(),
            "rt" | "rp" | "rtc" | "ruby" => self.in_reading = false,
            "td" | "th" => self.text.space(),
            _ if tag.name == "li" || tag.is_block => self.text.gap(2),
            _ if tag.is_line => self.text.gap(1),
            _ => {}
        }
        self.end_tag(tag);
    }

    /// Closes `tag` and what is open inside it, if it is open.
    fn end_tag(&mut self, tag: &Tag) {
        let Some(found) = self.open.iter().rposition(|open| open.name == tag.name) else {
            return;
        };
        while self.open.len() > found {
            if let Some(open) = self.open.pop() {
                self.close_tag(open);
            }
        }
    }

    /// Closes an open `tag` that the next of its kind ends, unless a list or table lies between.
    fn end_innermost(&mut self, tag: &Tag) {
        let limit = self
            .open
            .iter()
            .rposition(|open| matches!(open.name, "ul" | "ol" | "dl" | "table"))
            .unwrap_or(0);
        let found = self.open.iter().rposition(|open| open.name == tag.name);
        if found.is_some_and(|found| found >= limit) {
            self.end_tag(tag);
        }
    }

    fn close_tag(&mut self, tag: &Tag) {
        self.html.push_str("</");
        self.html.push_str(tag.name);
        self.html.push('>');
    }

    fn text(&mut self, text: &str) {
        let run = Run::of(text);
        if self.in_reading {
            // Only in the HTML.
        } else if self.preserve {
            for (index, line) in text.lines().enumerate() {
                if line.trim().is_empty() {
                    self.text.gap(2);
                } else if index > 0 {
                    self.text.space();
                }
                self.text.push(line);
            }
        } else if self.open.iter().any(|open| open.name == "pre") {
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    self.text.line_break();
                }
                self.text.push(line);
            }
        } else if run.is_even {
            self.text.push_even(text);
        } else {
            self.text.push(text);
        }
        // A parser drops the line break that a `pre` begins with.
        self.is_plain &= !(text.starts_with(['\n', '\r']) && self.html.ends_with("<pre>"));
        if run.is_unescaped {
            self.html.push_str(text);
        } else {
            self.is_plain = simple::push_text(&mut self.html, text) && self.is_plain;
        }
    }
}

#[cfg(test)]
mod tests;
