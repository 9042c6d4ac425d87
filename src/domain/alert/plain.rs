//! Feed text made safe to show: one line, bounded, without what steers a terminal or reverses the reading.
//!
//! Every protocol still escapes its own markup; this is only what no reader of any protocol should meet.

use unicode_segmentation::UnicodeSegmentation;

/// Shows `text` as one line of at most `max` characters; what was cut ends in `…`.
///
/// White space runs become one space, control characters become visible symbols (`␛`), invisible and
/// direction-changing ones vanish. Looks at no more of `text` than it needs.
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let (mut count, mut space) = (0, false);
    for c in text.chars() {
        match visible(c) {
            None => {}
            Some(' ') => space = !out.is_empty(),
            Some(c) => {
                let needed = 1 + usize::from(space);
                if space {
                    out.push(' ');
                }
                out.push(c);
                if count + needed > max {
                    cut_end(&mut out, max);
                    return out;
                }
                count += needed;
                space = false;
            }
        }
    }
    out
}

/// A published link as it may be shown and clicked: http or https, at most 2,048 characters, or nothing.
///
/// A link is never cut: half a link is a wrong link.
#[must_use]
pub fn link(url: &str) -> Option<String> {
    use std::fmt::Write as _;
    let scheme = url.split_once("://")?.0;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let mut out = String::new();
    for (i, c) in url.chars().enumerate() {
        if i == 2_048 {
            return None;
        }
        if c == ' ' || visible(c) != Some(c) || matches!(c, '<' | '>' | '"' | '\'' | '`' | '\\') {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    Some(out)
}

/// Cuts `text` to at most `max` bytes, at a character.
#[must_use]
pub fn cut_bytes(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// What is shown for a character, if anything.
fn visible(c: char) -> Option<char> {
    match c {
        _ if c.is_whitespace() => Some(' '),
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)),
        '\x7f' => Some('␡'),
        '\u{80}'..='\u{9f}' => Some('\u{fffd}'),
        // Direction marks and overrides, joiners of words, byte order marks, annotations, tags.
        '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => None,
        c => Some(c),
    }
}

/// Drops what is over `max`, and as many whole grapheme clusters as `…` needs.
fn cut_end(out: &mut String, max: usize) {
    if max == 0 {
        out.clear();
        return;
    }
    let mut left = out.chars().count();
    let mut end = out.len();
    for (start, cluster) in out.grapheme_indices(true).rev() {
        if left < max && cluster != " " {
            break;
        }
        left -= cluster.chars().count();
        end = start;
    }
    out.truncate(end);
    out.push('…');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_or_gone() {
        for (text, shown) in [
            ("K9\u{1b}[2J gone", "K9␛[2J gone"),
            ("a\r\nBcc: evil@x", "a Bcc: evil@x"),
            ("abc\u{202e}fed\u{202c}", "abcfed"),
            (
                "nul\0 bell\x07 del\x7f csi\u{9b}2J",
                "nul␀ bell␇ del␡ csi\u{fffd}2J",
            ),
            ("  한화에어로,\u{3000}루마니아  ", "한화에어로, 루마니아"),
            ("", ""),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
        ] {
            assert_eq!(one_line(text, 100), shown);
        }
    }

    #[test]
    fn a_cut_says_so_and_keeps_within() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line("ab cdefg", 4), "ab…");
        assert_eq!(one_line("abcdefg", 1), "…");
        assert_eq!(one_line("abcdefg", 0), "");
        assert_eq!(one_line("ab👩\u{200d}🚀cd", 5), "ab…");
        assert_eq!(one_line("ab\u{1112}\u{1161}\u{11ab}c", 4), "ab…");
        assert_eq!(one_line("🇰🇷🇵🇱🇷🇴", 4), "🇰🇷…");
        assert_eq!(one_line(&"한".repeat(10_000_000), 3), "한한…");
    }

    #[test]
    fn links_are_web_links_or_nothing() {
        for (url, shown) in [
            (
                "https://example.org/한글?a=1&b=2",
                Some("https://example.org/한글?a=1&b=2"),
            ),
            (
                "HTTP://example.org/a b\"><x\u{1b}",
                Some("HTTP://example.org/a%20b%22%3E%3Cx%1B"),
            ),
            ("javascript:alert(1)", None),
            ("javascript://example.org/%0aalert(1)", None),
            ("mailto:a@b", None),
            ("", None),
        ] {
            assert_eq!(link(url).as_deref(), shown, "{url}");
        }
        assert_eq!(
            link(&format!("https://example.org/{}", "a".repeat(3_000))),
            None
        );
    }

    proptest! {
        #[test]
        fn one_line_is_one_bounded_line(text in "\\PC*|(?s).*", max in 0usize..50) {
            let line = one_line(&text, max);
            prop_assert!(line.chars().count() <= max);
            let steers = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!line.contains(steers), "{:?}", line);
            prop_assert_eq!(line.trim(), &line);
        }
    }
}
