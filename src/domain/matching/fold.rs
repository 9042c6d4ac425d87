//! Folding: stored text to the letters that patterns see, each with the byte it came from (MAT-1…14).
//!
//! The same function folds terms and text. Case, width, accents and look go; letters stay in their script.
//! What needs neighbours (joints, numbers, `&` inside a word) is decided where units are built, in `text`.

mod special;

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, decompose_canonical, is_combining_mark};

use super::script::{Kind, decimal_value, kind_of};
use special::{Special, special};

/// Takes folded characters one by one.
pub(crate) trait Sink {
    /// A letter or digit whose source begins at byte `at`.
    fn letter(&mut self, c: char, kind: Kind, at: usize);
    /// Several letters or digits side by side, of one kind, each of `width` bytes, the first at byte `at`.
    fn letters(
        &mut self,
        letters: impl Iterator<Item = char>,
        kind: Kind,
        at: usize,
        width: usize,
    ) {
        for (index, c) in letters.enumerate() {
            self.letter(c, kind, at + index * width);
        }
    }
    /// Something between words: ` `, `-`, `.`, `'`, `,`, `&`, `+`, `\n`, or `OTHER`.
    fn separator(&mut self, c: char, at: usize);
}

/// A separator whose look does not matter.
pub(crate) const OTHER: char = '\u{1}';

/// The mark that lengthens kana, and is a dash between Latin letters.
pub(crate) const LONG: char = 'ー';

/// Most marks on one letter that are looked at; the rest is skipped.
const MARKS: usize = 32;

/// Folds `range` of `text`, which must lie on character boundaries.
pub(crate) fn fold(text: &str, range: Range<usize>, sink: &mut impl Sink) {
    let bytes = &text.as_bytes()[..range.end];
    let mut slow = Slow::default();
    let mut at = range.start;
    while at < range.end {
        if bytes[at].is_ascii() {
            let run = latin_run(text, at, range.end);
            if run > 0 {
                let letters = bytes[at..at + run].iter();
                let small = letters.map(|byte| char::from(byte.to_ascii_lowercase()));
                sink.letters(small, Kind::Latin, at, 1);
                at += run;
                continue;
            }
            if !extended(text, at + 1, range.end) {
                at += ascii(&bytes[at..], at, sink);
                continue;
            }
        } else {
            let run = hangul_run(text, at, range.end);
            if run > 0 {
                sink.letters(text[at..at + run].chars(), Kind::Hangul, at, 3);
                at += run;
                continue;
            }
            let run = plain_run(text, at, range.end, 3, is_plain_dense);
            if run > 0 {
                sink.letters(text[at..at + run].chars(), Kind::Dense, at, 3);
                at += run;
                continue;
            }
            let run = plain_run(text, at, range.end, 2, is_plain_cyrillic);
            if run > 0 {
                let small = text[at..at + run].chars().map(small_cyrillic);
                sink.letters(small, Kind::Cyrillic, at, 2);
                at += run;
                continue;
            }
        }
        let end = slow.gather(text, at, range.end);
        slow.emit(at, sink);
        at = end;
    }
}

/// The end of the source of the folded character that begins at byte `at`: its marks belong to it.
pub(crate) fn source_end(text: &str, at: usize) -> usize {
    if text[at..].starts_with("&amp;") {
        return at + "&amp;".len();
    }
    // Most letters stand alone.
    if let Some(c) = text[at..].chars().next()
        && (c.is_ascii_alphanumeric() || ('가'..='힣').contains(&c))
        && !extended(text, at + c.len_utf8(), text.len())
    {
        return at + c.len_utf8();
    }
    Slow::default().gather(text, at, text.len())
}

/// How many ASCII letters stand side by side from `at` on; the last is left out where something belongs to it.
fn latin_run(text: &str, at: usize, end: usize) -> usize {
    let bytes = &text.as_bytes()[at..end];
    let run = bytes
        .iter()
        .position(|byte| !byte.is_ascii_alphabetic())
        .unwrap_or(bytes.len());
    run - usize::from(run > 0 && extended(text, at + run, end))
}

/// How many bytes of Hangul syllables stand side by side from `at` on, likewise.
fn hangul_run(text: &str, at: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    let mut run = 0;
    while syllable(&bytes[at + run..end]).is_some() {
        run += 3;
    }
    if run > 0 && extended(text, at + run, end) {
        run -= 3;
    }
    run
}

/// How many bytes of characters of one width, which fold alone, stand side by side from `at` on, likewise.
fn plain_run(text: &str, at: usize, end: usize, width: usize, is_plain: fn(char) -> bool) -> usize {
    let rest = &text[at..end];
    let run = rest
        .chars()
        .take_while(|c| c.len_utf8() == width && is_plain(*c))
        .count()
        * width;
    run - if run > 0 && extended(text, at + run, end) {
        width
    } else {
        0
    }
}

/// Han and kana that fold to themselves.
fn is_plain_dense(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | 'ぁ'..='ゖ' | 'ァ'..='ヺ')
}

/// Cyrillic letters that fold to themselves or to the small letter.
fn is_plain_cyrillic(c: char) -> bool {
    matches!(c, 'А'..='я')
}

fn small_cyrillic(c: char) -> char {
    match c {
        'А'..='Я' => char::from_u32(u32::from(c) + 0x20).unwrap_or(c),
        _ => c,
    }
}

/// A Hangul syllable at the start of `bytes`.
fn syllable(bytes: &[u8]) -> Option<char> {
    let [first @ 0xEA..=0xED, second, third, ..] = *bytes else {
        return None;
    };
    let bits = |byte: u8| u32::from(byte & 0x3F);
    let code = u32::from(first & 0x0F) << 12 | bits(second) << 6 | bits(third);
    char::from_u32(code).filter(|c| ('가'..='힣').contains(c))
}

/// One ASCII character; returns how many bytes it took.
fn ascii(bytes: &[u8], at: usize, sink: &mut impl Sink) -> usize {
    let byte = bytes[0];
    match byte {
        b'a'..=b'z' => sink.letter(char::from(byte), Kind::Latin, at),
        b'A'..=b'Z' => sink.letter(char::from(byte.to_ascii_lowercase()), Kind::Latin, at),
        b'0'..=b'9' => sink.letter(char::from(byte), Kind::Digit, at),
        b'&' if bytes.starts_with(b"&amp;") => {
            sink.separator('&', at);
            return "&amp;".len();
        }
        _ => sink.separator(separator(char::from(byte)), at),
    }
    1
}

/// True when a mark or a jamo that belongs to the character before stands at `at`.
fn extended(text: &str, at: usize, end: usize) -> bool {
    let next = text.as_bytes()[at..end].first();
    // No ASCII character and no Hangul syllable belongs to what is before it.
    if next.is_none_or(|lead| lead.is_ascii() || matches!(lead, 0xEB | 0xEC)) {
        return false;
    }
    text[at..end]
        .chars()
        .next()
        .is_some_and(|next| is_ignored(next) || may_extend(next))
}

/// Quick answer for the common ranges that never extend a character.
fn may_extend(c: char) -> bool {
    !matches!(u32::from(c), 0..0x300 | 0x3001..=0x3029 | 0x3040..=0x3098 | 0x30A0..=0x312F | 0x3131..=0xA66E | 0xAC00..=0xD7AF)
        && (is_combining_mark(c)
            || matches!(u32::from(c), 0x1160..=0x11FF | 0xD7B0..=0xD7FF | 0xFF9E | 0xFF9F))
}

/// Whether `c` joins the character before it into one.
fn extends(before: char, c: char) -> bool {
    match u32::from(c) {
        0x1160..=0x11FF | 0xD7B0..=0xD7FF => {
            matches!(u32::from(before), 0x1100..=0x11FF | 0xA960..=0xA97F | 0xAC00..=0xD7FF)
        }
        // Thai and Lao nikhahit: what a sara am leaves behind a letter of another script is kept, folded again too.
        0x0E4D | 0x0ECD => matches!(before, '\u{E00}'..='\u{EFF}'),
        _ => may_extend(c),
    }
}

/// Characters that nobody sees and that part nothing (MAT-4), and the Arabic tatweel (MAT-6).
pub(crate) fn is_ignored(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00AD | 0x034F
            | 0x061C
            | 0x0640
            | 0x115F
            | 0x1160
            | 0x180B..=0x180F
            | 0x200B..=0x200F
            | 0x202A..=0x202E
            | 0x2060..=0x2064
            | 0x2066..=0x206F
            | 0x3164
            | 0xFE00..=0xFE0F
            | 0xFEFF
            | 0xFFA0
            | 0xE0000..=0xE0FFF
    )
}

/// What a separator is called.
fn separator(c: char) -> char {
    match c {
        ' ' | '\t' => ' ',
        '-' | '.' | ',' | '&' | '+' => c,
        '\'' | '`' => '\'',
        '\n' | '\r' | '\u{b}' | '\u{c}' => '\n',
        _ => OTHER,
    }
}

/// The long way: a character with all that belongs to it.
#[derive(Default)]
struct Slow {
    cluster: String,
    letters: Vec<char>,
}

impl Slow {
    /// Collects the character at `at` and its marks; returns where they end.
    fn gather(&mut self, text: &str, at: usize, limit: usize) -> usize {
        self.cluster.clear();
        let mut chars = text[at..limit].char_indices();
        let Some((_, first)) = chars.next() else {
            return limit;
        };
        let mut end = at + first.len_utf8();
        if is_ignored(first) {
            return end;
        }
        let mut before = first;
        let mut marks = 0;
        // A letter comes apart from its marks here, so that it is the same however it is written.
        let mut base = None;
        self.part(first, &mut base, &mut marks);
        for (offset, c) in chars {
            if is_ignored(c) {
                continue;
            }
            if !extends(before, c) {
                break;
            }
            end = at + offset + c.len_utf8();
            if self.part(c, &mut base, &mut marks) {
                before = c;
            }
        }
        end
    }

    /// Takes `c`, a letter or a mark on it, in its canonical parts; whether any is part of the letter.
    fn part(&mut self, c: char, base: &mut Option<char>, marks: &mut usize) -> bool {
        let mut is_part = false;
        if kind_of(c) == Some(Kind::Hangul) {
            is_part = true;
            self.keep(c, base, marks);
        } else {
            decompose_canonical(c, |part| {
                // What is no part of the letter must not keep those apart that are.
                if !base.is_some_and(|base| is_look(base, part)) {
                    is_part = true;
                    self.keep(part, base, marks);
                }
            });
        }
        is_part
    }

    fn keep(&mut self, c: char, base: &mut Option<char>, marks: &mut usize) {
        if base.is_none() {
            *base = Some(c);
            self.cluster.push(c);
            return;
        }
        if *marks < MARKS {
            self.cluster.push(c);
        }
        *marks += 1;
    }

    fn emit(&mut self, at: usize, sink: &mut impl Sink) {
        let Some(first) = self.cluster.chars().next() else {
            return;
        };
        match special(first) {
            Some(Special::Separator(c)) => return sink.separator(c, at),
            Some(Special::Numero) => {
                sink.letter('n', Kind::Latin, at);
                sink.letter('o', Kind::Latin, at);
                return sink.separator(OTHER, at);
            }
            Some(Special::Letter(c)) => return sink.letter(c, Kind::Hangul, at),
            Some(Special::Apart) => sink.separator(OTHER, at),
            None => {}
        }
        self.normalise();
        // Marks need a letter; but Thai and Lao sara am comes apart into nikhahit and a letter, and keeps both.
        let keeps = matches!(first, '\u{E33}' | '\u{E4D}' | '\u{EB3}' | '\u{ECD}');
        let mut base = kind_of(first).filter(|_| keeps);
        for &c in &self.letters {
            if let Some(Special::Separator(sign)) = special(c) {
                base = None;
                sink.separator(sign, at);
                continue;
            }
            match kind_of(c) {
                None => {
                    base = None;
                    sink.separator(separator(c), at);
                }
                Some(_) if is_combining_mark(c) => {
                    if let Some(kind) = base.filter(|kind| !is_ornament(*kind, c)) {
                        sink.letter(c, kind, at);
                    }
                }
                Some(kind) => {
                    base = (c != LONG).then_some(kind);
                    sink.letter(c, kind, at);
                }
            }
        }
        if matches!(special(first), Some(Special::Apart)) {
            sink.separator(OTHER, at);
        }
    }

    /// The cluster in NFKC, small letters, ornaments off where they can be told from the letter.
    fn normalise(&mut self) {
        self.letters.clear();
        for c in self.cluster.nfkc() {
            if is_ignored(c) {
                continue;
            }
            for small in c.to_lowercase() {
                plain(small, &mut self.letters);
            }
        }
    }
}

/// Writes one small letter in its plain form.
fn plain(c: char, out: &mut Vec<char>) {
    if let Some(digit) = decimal_value(c) {
        return out.push(digit);
    }
    let pair = match c {
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'þ' => "th",
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ŋ' => "n",
        'ς' => "σ",
        'ё' | 'ѐ' => "е",
        'ѝ' => "и",
        'أ' | 'إ' | 'آ' | 'ٱ' => "ا",
        'ى' | 'ی' => "ي",
        'ة' | 'ھ' | 'ہ' => "ه",
        'ک' => "ك",
        _ => "",
    };
    if !pair.is_empty() {
        return out.extend(pair.chars());
    }
    // Vowels of Kirat Rai, which come apart into letters.
    if matches!(c, '\u{16D68}'..='\u{16D6A}') {
        return decompose_canonical(c, |part| out.push(part));
    }
    if matches!(kind_of(c), Some(Kind::Latin | Kind::Greek)) && !c.is_ascii() {
        let mut first = None;
        decompose_canonical(c, |part| {
            first.get_or_insert(part);
        });
        return match first {
            Some(base) if base != c => plain(base, out),
            _ => out.push(c),
        };
    }
    out.push(c);
}

/// Whether `mark` is mere look on the letter `base`: an ornament, unless the two are a letter of their own (ќ ѓ ئ ؤ).
fn is_look(base: char, mark: char) -> bool {
    let Some(kind) = kind_of(base).filter(|kind| is_ornament(*kind, mark)) else {
        return false;
    };
    !matches!(kind, Kind::Cyrillic | Kind::Arabic)
        || !compose(base, mark).is_some_and(is_plain_form)
}

/// Whether a letter with a mark stays what it is when folded.
fn is_plain_form(letter: char) -> bool {
    let mut out = Vec::with_capacity(1);
    letter.to_lowercase().for_each(|c| plain(c, &mut out));
    out.iter().copied().eq(letter.to_lowercase())
}

/// Marks that are no part of the letter (MAT-5).
fn is_ornament(base: Kind, mark: char) -> bool {
    let code = u32::from(mark);
    match base {
        Kind::Digit | Kind::Latin | Kind::Greek | Kind::Hebrew | Kind::Hangul => true,
        Kind::Cyrillic => matches!(code, 0x300 | 0x301),
        Kind::Arabic => matches!(code, 0x64B..=0x65F | 0x670 | 0x6D6..=0x6ED),
        Kind::Spaced | Kind::Dense => {
            matches!(code, 0x300..=0x36F | 0x20D0..=0x20FF) || kind_of(mark) != Some(base)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Default, PartialEq, Debug)]
    struct Told(Vec<(char, Option<Kind>, usize)>);

    impl Sink for Told {
        fn letter(&mut self, c: char, kind: Kind, at: usize) {
            self.0.push((c, Some(kind), at));
        }

        fn separator(&mut self, c: char, at: usize) {
            self.0.push((c, None, at));
        }
    }

    /// The long way, one character and its marks at a time.
    fn slowly(text: &str) -> Told {
        let mut told = Told::default();
        let mut slow = Slow::default();
        let mut at = 0;
        while at < text.len() {
            let end = slow.gather(text, at, text.len());
            slow.emit(at, &mut told);
            at = end;
        }
        told
    }

    /// What is folded, without where it came from.
    fn folded(text: &str) -> Vec<(char, Option<Kind>)> {
        let mut told = Told::default();
        fold(text, 0..text.len(), &mut told);
        told.0.into_iter().map(|(c, kind, _)| (c, kind)).collect()
    }

    /// Asserts that a text, its NFC and its NFD fold alike; returns what they fold to.
    fn alike(text: &str) -> Vec<(char, Option<Kind>)> {
        let (nfc, nfd) = (
            text.nfc().collect::<String>(),
            text.nfd().collect::<String>(),
        );
        let told = folded(text);
        assert_eq!(told, folded(&nfc), "NFC of {text:?}");
        assert_eq!(told, folded(&nfd), "NFD of {text:?}");
        told
    }

    #[test]
    fn letters_with_marks_fold_alike_composed_and_not() {
        let has_parts = |c: &char| !std::iter::once(*c).nfd().eq([*c]);
        let mut count = 0;
        for c in ('\u{80}'..=char::MAX).filter(has_parts) {
            count += 1;
            for (before, after) in [
                ("", ""),
                ("a", "b"),
                ("я", "я"),
                ("ا", "ب"),
                ("한", "화"),
                ("戦", "カ"),
            ] {
                alike(&format!("{before}{c}{after}"));
            }
            for mark in [
                "\u{301}", "\u{308}", "\u{323}", "\u{64e}", "\u{93c}", "\u{3099}",
            ] {
                alike(&format!("{c}{mark}x"));
            }
        }
        assert!(count > 13_000, "{count}");
    }

    #[test]
    fn a_mark_that_makes_a_letter_stays_and_one_that_is_look_goes() {
        for (text, letters) in [
            ("رئيس", "رئيس"),
            ("مسؤول", "مسؤول"),
            ("إيران", "ايران"),
            ("ۀ ۂ ۓ", "ۀ ۂ ۓ"),
            ("куќа", "куќа"),
            ("Ѓавол", "ѓавол"),
            ("ѝ ѐ ё", "и е е"),
            ("й\u{300}", "й"),
            ("и\u{300}\u{306}", "й"),
            ("к\u{308}\u{301}", "к\u{308}"),
            ("к\u{301}\u{301}", "ќ"),
            ("за\u{301}мок", "замок"),
            ("ᾨδή", "ωδη"),
            ("ὨΙΔΉ", "ωιδη"),
        ] {
            let told: String = alike(text).into_iter().map(|(c, _)| c).collect();
            assert_eq!(told, letters, "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_folds_alike_composed_and_not(
            text in prop_oneof![
                "\\PC{0,30}",
                "[aéệÅкќгѓеѐиѝжйاأئيؤوےۓωᾨ한하\u{1112}\u{1161}\u{11ab}かがｶﾞक\u{93c}ো =≠`´\u{300}\u{301}\u{306}\u{308}\u{323}\u{340}\u{341}\u{344}\u{345}\u{64b}\u{653}\u{654}\u{655}\u{670}\u{93c}\u{9be}\u{3099}]{0,12}",
            ],
        ) {
            alike(&text);
        }

        #[test]
        fn what_nobody_sees_changes_nothing(
            text in "[aéкќиئؤو한\u{1112}\u{1161}\u{11ab}かがｶﾞク. \u{301}\u{306}\u{308}\u{654}\u{3099}]{0,10}",
            at in 0..40_usize,
            unseen in "[\u{ad}\u{200b}\u{200d}\u{2060}\u{feff}\u{fe0f}\u{640}]",
        ) {
            let at = text.floor_char_boundary(at);
            prop_assert_eq!(folded(&format!("{}{unseen}{}", &text[..at], &text[at..])), folded(&text));
        }
    }

    #[test]
    fn the_short_way_says_what_the_long_one_says() {
        let all = ('\u{80}'..='\u{FFFF}').map(String::from);
        let marked = ['й', 'Я', '戦', 'か', 'ハ', 'ゖ', 'ヺ', 'Д']
            .into_iter()
            .flat_map(|c| {
                [
                    "",
                    "\u{301}",
                    "\u{306}",
                    "\u{3099}",
                    "\u{FF9E}",
                    "\u{200b}",
                    "ー",
                    "한",
                    "a",
                    "\u{FE00}x",
                ]
                .map(|next| format!("{c}{c}{next}{c}"))
            });
        for text in all.chain(marked) {
            let mut told = Told::default();
            fold(&text, 0..text.len(), &mut told);
            assert_eq!(told, slowly(&text), "{text:?}");
        }
    }
}
