//! From a byte range of a TOML string's value to the byte range of its literal: quotes, escapes, blocks.
//!
//! The TOML parser has accepted the literal already; what does not line up gives no answer.

use std::ops::Range;

/// Where `span` of `value` stands in `raw`, the literal with its quotes.
pub(super) fn map(raw: &str, value: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let basic = quote == '"';
    let triple = raw.len() >= 6 && raw.bytes().take(3).all(|byte| byte == quote as u8);
    let edge = if triple { 3 } else { 1 };
    let last = raw.len().checked_sub(edge)?;
    let mut at = edge;
    if triple {
        at += newline(&raw[at..last]);
    }
    let mut decoded = 0;
    let mut start = None;
    let mut end = None;
    while at < last {
        let (taken, made) = piece(&raw[at..last], &value[decoded..], basic)?;
        if made > 0 {
            if decoded + made > span.start && start.is_none() {
                start = Some(at);
            }
            if decoded < span.end {
                end = Some(at + taken);
            }
        }
        at += taken;
        decoded += made;
    }
    if decoded != value.len() {
        return None;
    }
    let start = start.unwrap_or(last);
    Some(start..end.filter(|_| !span.is_empty()).unwrap_or(start).max(start))
}

/// How many bytes of the literal make how many of the value.
fn piece(raw: &str, value: &str, basic: bool) -> Option<(usize, usize)> {
    let mut chars = raw.chars();
    let c = chars.next()?;
    if c == '\r' && raw.starts_with("\r\n") && !value.starts_with('\r') {
        return Some((1, 0));
    }
    if c != '\\' || !basic {
        return value.starts_with(c).then(|| (c.len_utf8(), c.len_utf8()));
    }
    let escape = chars.next()?;
    let digits = match escape {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        c if c.is_whitespace() => {
            // A line-ending backslash: up to the next character that is seen.
            let rest = &raw[1..];
            return Some((1 + rest.len() - rest.trim_start().len(), 0));
        }
        _ => 0,
    };
    let made = value.chars().next()?.len_utf8();
    Some((2 + digits, made)).filter(|(taken, _)| raw.is_char_boundary(*taken))
}

/// The length of the newline right after the quotes of a block, which is no part of it.
fn newline(raw: &str) -> usize {
    match raw.as_bytes() {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn places_in_values_are_places_in_literals() {
        for (raw, value, piece, expected) in [
            (r#""K2 tank""#, "K2 tank", "tank", "tank"),
            ("'K2 tank'", "K2 tank", "K2", "K2"),
            (r#""a \"b\" c""#, "a \"b\" c", "\"b\"", r#"\"b\""#),
            (r#""\uD55C\uD654 x""#, "한화 x", "화", r"\uD654"),
            (r#""\U0001F600x\tz""#, "😀x\tz", "\tz", r"\tz"),
            ("'''\nK2 OR\n  NEAR'''", "K2 OR\n  NEAR", "NEAR", "NEAR"),
            ("'''K2 OR\r\nNEAR'''", "K2 OR\r\nNEAR", "NEAR", "NEAR"),
            ("\"\"\"\r\nK2 \\\n   OR a\"\"\"", "K2 OR a", "OR", "OR"),
            ("\"\"\"a\"\"b\"\"\"", "a\"\"b", "b", "b"),
        ] {
            let start = value.find(piece).unwrap();
            let found = map(raw, value, &(start..start + piece.len())).unwrap();
            assert_eq!(&raw[found], expected, "{raw}");
        }
        assert_eq!(map("'K2'", "K2", &(2..2)), Some(3..3));
        assert_eq!(map("'K2'", "other", &(0..1)), None);
        assert_eq!(map("12", "12", &(0..1)), None);
    }
}
