//! Writes both forms of a text as its tags come: plain text, and HTML of listed elements and attributes.
//!
//! Safe by how it is written: names come from a list, values are escaped and quoted, addresses are http, https or
//! mailto, and no listed element makes a browser read what follows as anything but tags and text. Where elements may
//! stand is in `nest`.

use std::borrow::Cow;

use url::Url;

use super::super::entities::{Style, decoded};
use super::super::links;
use super::super::scan::attributes;
use super::Rendered;
use super::lines::{Lines, Run};
use super::nest::Nest;
use super::tags::{Parts, Tag};

/// What a link tells a browser besides its address.
const REL: &str = " rel=\"noopener noreferrer nofollow\"";

/// Writes both forms as tags come.
pub(super) struct Writer<'a> {
    base: Option<&'a Url>,
    /// Line breaks in the text are meant: it has no markup.
    preserve: bool,
    text: Lines,
    html: Nest,
    /// The attributes of the tag at hand.
    values: String,
    /// Inside the reading beside a word, which is kept in the HTML alone: the word stays whole in the text.
    in_reading: bool,
    /// Inside what stands for something that a browser shows instead: kept in the HTML alone.
    is_instead: bool,
}

impl<'a> Writer<'a> {
    /// A writer of some `length` bytes.
    pub(super) fn new(base: Option<&'a Url>, preserve: bool, length: usize) -> Self {
        Self {
            base,
            preserve,
            text: Lines::with_capacity(length),
            html: Nest::with_capacity(length + length / 16),
            values: String::new(),
            in_reading: false,
            is_instead: false,
        }
    }

    pub(super) fn finish(self) -> Rendered {
        Rendered {
            text: self.text.finish(),
            html: self.html.finish(),
        }
    }

    /// Whether what comes next stands for something that is shown instead.
    pub(super) fn is_instead(&mut self, is_instead: bool) {
        self.is_instead = is_instead;
    }

    pub(super) fn start(&mut self, tag: &'static Tag, raw: &str, empty: bool) {
        if !self.is_instead {
            self.begin_in_text(tag, raw);
        }
        let Some(allowed) = tag.attributes else {
            return;
        };
        self.values.clear();
        if !raw.is_empty() && !allowed.is_empty() {
            self.attributes(raw, allowed);
        }
        if tag.name == "img" && !self.values.contains("src=") {
            return;
        }
        if tag.name == "a" {
            self.values.push_str(REL);
        }
        self.html.start(tag, &self.values, empty);
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
            _ if tag.parts == Parts::Paragraphs => {
                self.in_reading = false;
                self.text.gap(2);
            }
            _ if tag.parts == Parts::Lines => self.text.gap(1),
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
                self.values.push(' ');
                self.values.push_str(name);
                self.values.push_str("=\"");
                push_text(&mut self.values, &value, "&quot;");
                self.values.push('"');
            }
        }
    }

    pub(super) fn end(&mut self, tag: &'static Tag) {
        match tag.name {
            _ if self.is_instead => {}
            "br" => self.text.line_break(),
            "rt" | "rp" | "rtc" | "ruby" => self.in_reading = false,
            "td" | "th" => self.text.space(),
            _ if tag.name == "li" || tag.parts == Parts::Paragraphs => self.text.gap(2),
            _ if tag.parts == Parts::Lines => self.text.gap(1),
            _ => {}
        }
        self.html.end(tag);
    }

    pub(super) fn text(&mut self, text: &str) {
        let run = Run::of(text);
        if !self.in_reading && !self.is_instead {
            self.plain_text(text, run);
        }
        self.html_text(text, run);
    }

    fn plain_text(&mut self, text: &str, run: Run) {
        if self.preserve {
            for (index, line) in text.lines().enumerate() {
                if line.trim().is_empty() {
                    self.text.gap(2);
                } else if index > 0 {
                    self.text.space();
                }
                self.text.push(line);
            }
        } else if self.html.is_inside("pre") {
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
    }

    fn html_text(&mut self, text: &str, run: Run) {
        if self.html.is_between_cells() {
            let is_blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            if !text.bytes().all(is_blank) {
                if text.trim().is_empty() {
                    return;
                }
                self.html.before_text();
            }
        }
        let out = &mut self.html.html;
        // A parser drops the line break that a `pre` begins with.
        let text = if text.starts_with(['\n', '\r']) && out.ends_with("<pre>") {
            text.trim_start_matches(['\n', '\r'])
        } else {
            text
        };
        if run.is_unescaped {
            out.push_str(text);
        } else {
            push_text(out, text, "\"");
        }
    }
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

/// Writes text as a parser writes it: no-break spaces are named, line breaks are of one kind, and what a parser drops
/// is left out. `quote` is what becomes of quotes.
fn push_text(out: &mut String, text: &str, quote: &str) {
    let mut rest = text;
    let is_special =
        |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\r' | 0 | 0xc2 | 0xef);
    while let Some(at) = rest.as_bytes().iter().position(is_special) {
        out.push_str(&rest[..at]);
        let next = &rest.as_bytes()[at..];
        let (written, length) = match next {
            [b'&', ..] => ("&amp;", 1),
            [b'<', ..] => ("&lt;", 1),
            [b'>', ..] => ("&gt;", 1),
            [b'"', ..] => (quote, 1),
            [b'\r', b'\n', ..] => ("\n", 2),
            [b'\r', ..] => ("\n", 1),
            [0, ..] => ("", 1),
            [0xc2, 0xa0, ..] => ("&nbsp;", 2),
            [0xef, 0xbb, 0xbf, ..] => ("", 3),
            // Letters that begin like these.
            [0xc2, ..] => (&rest[at..at + 2], 2),
            _ => (&rest[at..at + 3], 3),
        };
        out.push_str(written);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
}
