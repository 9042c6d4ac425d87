//! HTML of an entry → plain text as a reader sees it, and safe HTML.
//!
//! One pass over the tags, linear in the input, writes both. Nothing of the source is copied as markup: what leaves is
//! written anew, from a list of elements and attributes. No images or styles are fetched.

use std::borrow::Cow;

use url::Url;

mod lines;
mod nest;
pub(super) mod tags;
mod write;

use tags::{Content, FALLBACK, Tag, UNSEEN, is_known_tag};
use write::Writer;

use super::LONGEST_TEXT;
use super::entities::{Style, decoded};
use super::scan::{Scanner, Token};

/// Both forms of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    /// Plain text; paragraphs parted by a blank line.
    pub text: String,
    /// Safe HTML: balanced, of listed elements and attributes, which a browser reads as it is written.
    pub html: String,
}

impl Rendered {
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
    // Where the element ends whose content only the HTML shows.
    let mut instead = 0;
    while let Some(token) = scanner.next(None) {
        writer.is_instead(scanner.position() <= instead);
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } => {
                let Some(tag) = Tag::named(name) else {
                    continue;
                };
                match tag.content {
                    Content::Seen => writer.start(tag, attributes, empty),
                    Content::Instead if !empty && scanner.position() > instead => {
                        instead = end_of(&mut scanner, tag.name, &mut unclosed);
                    }
                    Content::Unseen if !empty => {
                        skip_unseen(&mut scanner, tag.name, &mut unclosed);
                    }
                    Content::Instead | Content::Unseen => {}
                }
            }
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

/// Where the element that just began ends; its own place where it is never closed, which costs its tag only.
fn end_of(scanner: &mut Scanner<'_>, name: &str, unclosed: &mut Vec<&'static str>) -> usize {
    if unclosed.contains(&name) {
        return scanner.position();
    }
    scanner.raw_end(name).unwrap_or_else(|| {
        unclosed.extend(FALLBACK.iter().find(|known| **known == name));
        scanner.position()
    })
}

/// Plain text as both forms.
pub(super) fn render_plain(text: &str) -> Rendered {
    let mut writer = Writer::new(None, true, text.len());
    writer.text(&text[..text.floor_char_boundary(LONGEST_TEXT)]);
    writer.finish()
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

/// A title of elements, whose text is text: what looks like a reference in it is meant.
pub(super) fn marked_up_line(html: &str, base: Option<&Url>) -> String {
    one_line(&render(html, base).text)
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
    // A comment that is never closed is none.
    let mut comments = text.rfind("-->").unwrap_or(0);
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let known = is_known_tag(&rest[at..])
            || at < comments && rest[at..].starts_with("<!--")
            || rest[at..].starts_with("<![");
        comments = comments.saturating_sub(at + 1);
        out.push_str(if known { "<" } else { "&lt;" });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
