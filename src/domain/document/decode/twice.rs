//! UTF-8 that was taken for windows-1252 or Latin-1 and encoded again (`Ã©`, `í•œêµ­`), read back where that is certain.
//!
//! Certain means: every character of a stretch between tags that is not ASCII stands for a byte, these bytes are
//! valid UTF-8 without exception, and what comes out is what people write. UTF-8 taken for CP949 is left alone:
//! bytes are lost there, and real Korean can look so.

use std::fmt::Write as _;

use super::super::entities::windows_1252;

/// How often a text may have been encoded again, control characters between aside.
const MOST_ROUNDS: usize = 2;

/// The text with such stretches read back, and how many there were; none where there is none.
pub(super) fn undone(text: &str) -> Option<(String, usize)> {
    let mut last: Option<(String, usize)> = None;
    for _ in 0..MOST_ROUNDS {
        let current = last.as_ref().map_or(text, |(text, _)| text.as_str());
        let Some((better, places)) = once(current) else {
            break;
        };
        let before = last.map_or(0, |(_, places)| places);
        last = Some((better, places.max(before)));
    }
    last
}

/// What was done, in words.
pub(super) fn note(places: usize) -> String {
    let mut note = "text that was encoded twice read back".to_owned();
    if places > 1 {
        // Writing to a string cannot fail.
        let _ = write!(note, " ({places} times)");
    }
    note
}

fn once(text: &str) -> Option<(String, usize)> {
    if !may_be_twice(text.as_bytes()) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut places = 0;
    for stretch in text.split_inclusive(['<', '>']) {
        match read_back(stretch) {
            Some(better) => {
                places += 1;
                out.push_str(&better);
            }
            None => out.push_str(stretch),
        }
    }
    (places > 0).then_some((out, places))
}

/// Whether a lead byte as a letter stands before a continuation byte as a letter anywhere.
fn may_be_twice(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(0xc3, rest) {
        rest = &rest[at + 1..];
        let is_lead = matches!(rest.first(), Some(0x82..=0xb4));
        if is_lead && matches!(rest.get(1), Some(0xc2 | 0xc5 | 0xc6 | 0xcb | 0xe2)) {
            return true;
        }
    }
    false
}

/// A stretch read back, if that is certain.
fn read_back(stretch: &str) -> Option<String> {
    if stretch.is_ascii() {
        return None;
    }
    let bytes: Vec<u8> = stretch.chars().map(byte_of).collect::<Option<_>>()?;
    let better = String::from_utf8(bytes).ok()?;
    if better.contains(|c| ('\u{80}'..='\u{9f}').contains(&c)) {
        // Nobody writes these: certain only as the state between two encodings.
        return read_back(&better);
    }
    let gained: Vec<char> = better.chars().filter(|c| !c.is_ascii()).collect();
    if !gained.iter().all(|c| is_written(*c)) {
        return None;
    }
    // One such character is certain only where no language begins a pair like it.
    let is_telling = gained.len() >= 2 && one_script(&gained);
    let is_never = ["Ã", "Â", "â€", "â„", "â\u{80}", "â\u{84}"]
        .iter()
        .any(|begin| stretch.contains(begin));
    (is_telling || is_never).then_some(better)
}

/// The byte that a character was made from.
fn byte_of(c: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(c)) {
        return Some(byte);
    }
    (0x80..=0x9f_u8).find(|byte| windows_1252(char::from(*byte)) == Some(c))
}

/// Letters and signs that articles hold.
fn is_written(c: char) -> bool {
    matches!(
        c,
        '\u{a0}'..='\u{24f}' | '\u{2c6}' | '\u{2dc}' | '\u{370}'..='\u{52f}' | '\u{5d0}'..='\u{5ea}' | '\u{600}'..='\u{6ff}'
            | '\u{900}'..='\u{97f}' | '\u{e00}'..='\u{e7f}' | '\u{1e00}'..='\u{1eff}' | '\u{2000}'..='\u{2064}'
            | '\u{20a0}'..='\u{22ff}' | '\u{2460}'..='\u{27bf}' | '\u{3000}'..='\u{30ff}' | '\u{3130}'..='\u{318f}'
            | '\u{3200}'..='\u{33ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{feff}' | '\u{ff00}'..='\u{ffef}' | '\u{1f000}'..='\u{1faff}'
    )
}

/// Whether the letters are of one script, or of those that are written together in East Asia.
fn one_script(letters: &[char]) -> bool {
    let script = |c: &char| match c {
        '\u{370}'..='\u{3ff}' => Some(1),
        '\u{400}'..='\u{52f}' => Some(2),
        '\u{590}'..='\u{5ff}' => Some(3),
        '\u{600}'..='\u{6ff}' => Some(4),
        '\u{900}'..='\u{97f}' => Some(5),
        '\u{e00}'..='\u{e7f}' => Some(6),
        '\u{3041}'..='\u{318f}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => Some(7),
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some(8),
        _ => None,
    };
    let mut scripts = letters.iter().filter_map(script);
    let first = scripts.next();
    first.is_some() && scripts.all(|other| Some(other) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UTF-8 taken for windows-1252, where a byte without a letter there stays a control character.
    fn spoilt(text: &str) -> String {
        let letter = |byte: &u8| windows_1252(char::from(*byte)).unwrap_or(char::from(*byte));
        text.as_bytes().iter().map(letter).collect()
    }

    #[test]
    fn text_encoded_twice_is_read_back() {
        for text in [
            "café",
            "Seoul’s arms",
            "5 – 8",
            "한국 방산 수출 트럼프",
            "防衛装備庁が発表",
            "Министерство обороны",
            "Υπουργείο Άμυνας",
            "وزارة الدفاع",
            "Źródło: żółw",
            "© 2026",
            "Corée du Sud : déjà vu",
        ] {
            let once = spoilt(text);
            assert_ne!(once, text);
            let document =
                format!("<rss><title>{once}</title><description>plain</description></rss>");
            let (found, places) = undone(&document).unwrap_or_else(|| panic!("{text}"));
            assert!(found.contains(text) && places == 1, "{found}");
            let latin: String = text.bytes().map(char::from).collect();
            assert_eq!(undone(&latin).map(|(text, _)| text).as_deref(), Some(text));
            assert_eq!(
                undone(&spoilt(&once)).map(|(text, _)| text).as_deref(),
                Some(text)
            );
        }
        assert_eq!(undone("cafÃ©").unwrap().0, "café");
        assert_eq!(undone("íŠ¸ëŸ¼í”„").unwrap().0, "트럼프");
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "café, déjà vu, Ångström, Łódź",
            "Il est arrivé…»",
            "MENÜ–PREIS",
            "AÇÃO NO CORAÇÃO",
            "Ça, c’est l’été",
            "한국 café “방산”",
            "한국 cafÃ©",
            "NEUE Ä“",
            "Ã",
            "São Paulo – “não”",
            "â",
            "",
        ] {
            assert_eq!(undone(text), None, "{text}");
        }
    }
}
