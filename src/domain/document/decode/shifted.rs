//! Encodings of seven bits that shift between letters: ISO-2022-JP, ISO-2022-KR and HZ.
//!
//! Their bytes are ASCII, so that only the shifts tell them from plain text. ISO-2022-CN and UTF-7 are not read:
//! no feed is in them.

use encoding_rs::{EUC_KR, Encoding, GBK, ISO_2022_JP};

use super::{Decoded, Labels, by, declared, encoding_named, header_charset};

/// The text, where all bytes are ASCII and shifts stand among them.
pub(super) fn decode<'a>(bytes: &'a [u8], labels: Labels<'_>) -> Option<Decoded<'a>> {
    if !bytes.is_ascii() || memchr::memchr3(0x1b, 0x0e, b'~', bytes).is_none() {
        return None;
    }
    let has = |shift: &[u8]| memchr::memmem::find(bytes, shift).is_some();
    let names: Vec<String> = [declared(bytes), header_charset(labels)]
        .into_iter()
        .flatten()
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let is_named = |wanted: &str| names.iter().any(|name| name.contains(wanted));
    if has(b"\x1b$)C") || (bytes.contains(&0x0e) && is_named("2022-kr")) {
        return Some(Decoded {
            text: korean(bytes).into(),
            notes: vec!["read as ISO-2022-KR".to_owned()],
        });
    }
    let has_escape = has(b"\x1b$") || has(b"\x1b(");
    let says_japanese = || {
        let found = names.iter().filter_map(|name| encoding_named(name));
        found.into_iter().any(|found| found == ISO_2022_JP)
    };
    if has_escape && (says_japanese() || has(b"\x1b$B") || has(b"\x1b$@")) {
        return Some(by(ISO_2022_JP, bytes, Vec::new()));
    }
    if has(b"~{") && (is_named("hz") || labels.country == Some("cn")) {
        return Some(Decoded {
            text: hz(bytes)?.into(),
            notes: vec!["read as HZ".to_owned()],
        });
    }
    None
}

/// ISO-2022-KR: between shift-out and shift-in, two bytes are a syllable of KS X 1001.
fn korean(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, 0x0e | 0x1b)) {
        push_ascii(&mut out, &rest[..at]);
        if rest[at] == 0x1b {
            // The designation stands once, before the first shift.
            let length = if rest[at..].starts_with(b"\x1b$)C") {
                4
            } else {
                1
            };
            rest = &rest[at + length..];
            continue;
        }
        let inner = &rest[at + 1..];
        let end = inner
            .iter()
            .position(|byte| matches!(byte, 0x0f | b'\n'))
            .unwrap_or(inner.len());
        push_high(&mut out, &inner[..end], EUC_KR);
        rest = &inner[end..];
        rest = rest.strip_prefix(b"\x0f").unwrap_or(rest);
    }
    push_ascii(&mut out, rest);
    out
}

/// HZ: between `~{` and `~}`, two bytes are a character of GB 2312; none where a pair is not.
fn hz(bytes: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'~') {
        push_ascii(&mut out, &rest[..at]);
        let inner = &rest[at + 1..];
        match inner.first() {
            Some(b'{') => {
                let inner = &inner[1..];
                let end = inner.windows(2).position(|two| two == b"~}")?;
                if !inner[..end].iter().all(|byte| (0x21..=0x7e).contains(byte)) {
                    return None;
                }
                push_high(&mut out, &inner[..end], GBK);
                rest = &inner[end + 2..];
            }
            Some(b'~') => {
                out.push('~');
                rest = &inner[1..];
            }
            Some(b'\n') => rest = &inner[1..],
            _ => {
                out.push('~');
                rest = inner;
            }
        }
    }
    push_ascii(&mut out, rest);
    Some(out)
}

fn push_ascii(out: &mut String, bytes: &[u8]) {
    out.extend(bytes.iter().map(|byte| char::from(*byte)));
}

/// Reads bytes whose high bits were taken away.
fn push_high(out: &mut String, bytes: &[u8], encoding: &'static Encoding) {
    let high: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte > b' ' { byte | 0x80 } else { *byte })
        .collect();
    out.push_str(&encoding.decode_without_bom_handling(&high).0);
}
