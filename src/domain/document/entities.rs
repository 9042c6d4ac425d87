//! Character references, read as HTML reads them and never expanded further.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The longest name of a character reference, `;` included.
const LONGEST: usize = 34;

/// What is made of the `&` at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// One or two characters, and how many bytes they took.
    Chars(char, Option<char>, usize),
    /// A reference to a character that no document may hold: dropped.
    Nothing(usize),
    /// A plain ampersand.
    Text,
}

/// How strictly a reference must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Only with its semicolon: markup of feeds, links.
    Xml,
    /// Also the old names without: text of HTML.
    Html,
}

/// Reads the reference that `text` begins with.
pub(super) fn reference(text: &str, style: Style) -> Reference {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'#') => numeric(text, style),
        Some(byte) if byte.is_ascii_alphabetic() => named(text, style),
        _ => Reference::Text,
    }
}

fn named(text: &str, style: Style) -> Reference {
    let bytes = text.as_bytes();
    let length = bytes[1..]
        .iter()
        .take(LONGEST)
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let found = |name: &str| {
        NAMED_ENTITIES
            .get(name)
            .copied()
            .filter(|(first, _)| *first != 0)
    };
    if bytes.get(1 + length) == Some(&b';') {
        let name = &text[1..length + 2];
        let lower = name.to_ascii_lowercase();
        let shouted = matches!(
            lower.as_str(),
            "amp;" | "lt;" | "gt;" | "quot;" | "apos;" | "nbsp;"
        );
        let entity = found(name).or_else(|| found(&lower).filter(|_| shouted));
        if let Some((first, second)) = entity {
            let second = char::from_u32(second).filter(|c| *c != '\0');
            return Reference::Chars(
                char::from_u32(first).unwrap_or('\u{fffd}'),
                second,
                length + 2,
            );
        }
    }
    if style == Style::Html {
        for end in (2..=length.min(6)).rev() {
            // `?a=1&copy=2` is an address, also where it stands in a text.
            let is_key = bytes.get(end + 1) == Some(&b'=');
            if let Some((first, _)) = found(&text[1..=end]).filter(|_| !is_key) {
                return Reference::Chars(
                    char::from_u32(first).unwrap_or('\u{fffd}'),
                    None,
                    end + 1,
                );
            }
        }
    }
    Reference::Text
}

fn numeric(text: &str, style: Style) -> Reference {
    let bytes = text.as_bytes();
    let (start, radix) = if matches!(bytes.get(2), Some(b'x' | b'X')) {
        (3, 16)
    } else {
        (2, 10)
    };
    let digits = bytes[start.min(bytes.len())..]
        .iter()
        .take(12)
        .take_while(|b| {
            if radix == 16 {
                b.is_ascii_hexdigit()
            } else {
                b.is_ascii_digit()
            }
        })
        .count();
    let closed = bytes.get(start + digits) == Some(&b';');
    if digits == 0 || !(closed || style == Style::Html) {
        return Reference::Text;
    }
    let length = start + digits + usize::from(closed);
    let code = u32::from_str_radix(&text[start..start + digits], radix).unwrap_or(u32::MAX);
    match code {
        0 => Reference::Chars(char::REPLACEMENT_CHARACTER, None, length),
        0x80..=0x9f => {
            let replaced = C1_REPLACEMENTS[(code - 0x80) as usize];
            replaced.map_or(Reference::Nothing(length), |c| {
                Reference::Chars(c, None, length)
            })
        }
        1..=8 | 11 | 12 | 14..=31 | 127 => Reference::Nothing(length),
        _ => Reference::Chars(
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
            None,
            length,
        ),
    }
}

/// What a control character between U+0080 and U+009F stands for in windows-1252.
pub(super) fn windows_1252(c: char) -> Option<char> {
    let at = u32::from(c).checked_sub(0x80)?;
    C1_REPLACEMENTS.get(at as usize).copied().flatten()
}

/// `raw` with its references read, borrowed where it holds none; `odd` hears of each that XML does not know.
pub(super) fn decoded_or(raw: &str, style: Style, mut odd: impl FnMut()) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let mut out = String::with_capacity(raw.len());
    out.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    loop {
        rest = &rest[push_reference(&mut out, rest, style, &mut odd)..];
        let Some(at) = memchr::memchr(b'&', rest.as_bytes()) else {
            break;
        };
        out.push_str(&rest[..at]);
        rest = &rest[at..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Appends what the reference at the start of `rest` stands for; returns how many bytes it took.
fn push_reference(out: &mut String, rest: &str, style: Style, odd: &mut impl FnMut()) -> usize {
    if let Some((c, length)) = of_markup(rest.as_bytes()) {
        out.push(c);
        return length;
    }
    match reference(rest, style) {
        Reference::Chars(first, second, length) => {
            out.push(first);
            out.extend(second);
            if !is_xml(&rest[1..length]) {
                odd();
            }
            length
        }
        Reference::Nothing(length) => {
            odd();
            length
        }
        Reference::Text => {
            out.push('&');
            odd();
            1
        }
    }
}

/// The references that escaped markup is full of, without a look into the table.
fn of_markup(rest: &[u8]) -> Option<(char, usize)> {
    match rest {
        [_, b'l', b't', b';', ..] => Some(('<', 4)),
        [_, b'g', b't', b';', ..] => Some(('>', 4)),
        [_, b'a', b'm', b'p', b';', ..] => Some(('&', 5)),
        [_, b'q', b'u', b'o', b't', b';', ..] => Some(('"', 6)),
        _ => None,
    }
}

/// A reference that needs no HTML to be read.
fn is_xml(name: &str) -> bool {
    matches!(name, "amp;" | "lt;" | "gt;" | "quot;" | "apos;") || name.starts_with('#')
}

/// Text with its references read, as HTML reads it.
pub(super) fn decoded(raw: &str, style: Style) -> Cow<'_, str> {
    decoded_or(raw, style, || {})
}

/// Text made safe between tags and in quoted attributes.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    let is_special = |byte: u8| matches!(byte, b'&' | b'<' | b'>' | b'"');
    while let Some(at) = rest.bytes().position(is_special) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
