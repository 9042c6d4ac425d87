//! Where sentences and paragraphs of stored text begin (MAT-38…41).
//!
//! A missed break only widens `/s`; a false one loses alerts: in doubt there is no break.

mod abbreviations;
mod composed;
mod dates;

use unicode_normalization::char::is_combining_mark;

use abbreviations::{is_listed, is_second_half};
use composed::Composed;
use dates::{is_date, is_list_or_date};

/// What begins at a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    /// A sentence after a full stop.
    Sentence,
    /// A sentence after `!`, `?` or before a bullet, which does not part a headline.
    Clause,
    /// A paragraph.
    Paragraph,
}

/// A place where something begins: everything from byte `at` on is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    /// Byte offset.
    pub at: usize,
    /// What begins.
    pub begins: Begins,
}

/// Longest token before a full stop that is looked at, in bytes.
const TOKEN: usize = 24;

/// All breaks of `text`, in order. How it is written matters as little as where it is matched: composed or not, with
/// characters that nobody sees, in full width.
pub(crate) fn breaks(text: &str) -> Vec<Break> {
    let Some(composed) = Composed::of(text) else {
        return even_breaks(text);
    };
    let mut out = even_breaks(&composed.text);
    for found in &mut out {
        found.at = composed.stored(found.at, text);
    }
    out
}

fn even_breaks(text: &str) -> Vec<Break> {
    let bytes = text.as_bytes();
    let mut out: Vec<Break> = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes[at..]
        .iter()
        .position(|byte| SIGNS[usize::from(*byte)])
    {
        at += next;
        let found = match bytes[at] {
            b'.' => full_stop(text, at),
            b'!' | b'?' => terminator(text, at + 1, Begins::Clause),
            b'\n' => {
                let (end, found) = line_end(text, at);
                push(&mut out, found);
                at = end;
                continue;
            }
            _ => wide(text, at),
        };
        push(&mut out, found);
        at += width(bytes[at]);
    }
    out
}

/// First bytes of characters that may end something.
const SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let mut list: &[u8] = b".!?\n\xD8\xDB\xD6\xE0\xE1\xE2\xE3\xEF";
    while let [first, rest @ ..] = list {
        signs[*first as usize] = true;
        list = rest;
    }
    signs
};

fn push(out: &mut Vec<Break>, found: Option<Break>) {
    let Some(found) = found else { return };
    match out.last_mut() {
        Some(last) if last.at >= found.at => {
            if found.begins == Begins::Paragraph {
                last.begins = Begins::Paragraph;
            }
        }
        _ => out.push(found),
    }
}

fn width(lead: u8) -> usize {
    match lead {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

/// Terminators beyond ASCII.
fn wide(text: &str, at: usize) -> Option<Break> {
    let c = text[at..].chars().next()?;
    let end = at + c.len_utf8();
    match c {
        '。' | '｡' => always(text, end, Begins::Sentence),
        '！' | '？' => always(text, end, Begins::Clause),
        '؟' | '۔' | '।' | '॥' | '።' | '။' | '។' => spaced(text, end),
        '\u{2029}' => Some(Break {
            at: end,
            begins: Begins::Paragraph,
        }),
        _ => None,
    }
}

/// `。` ends a sentence, unless the one around a quotation goes on behind its closing quote: 」と述べた, ”라고 말했다.
fn always(text: &str, end: usize, begins: Begins) -> Option<Break> {
    let (end, closed) = closers(text, end);
    let next = text[end..].chars().next()?;
    let goes_on = match closed {
        Closed::Nothing => false,
        Closed::Bracket => is_hiragana(next),
        Closed::Quote => is_hiragana(next) || ('가'..='힣').contains(&next),
    };
    (!goes_on).then_some(Break { at: end, begins })
}

fn is_hiragana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{309F}')
}

fn spaced(text: &str, end: usize) -> Option<Break> {
    let (end, _) = closers(text, end);
    text[end..]
        .starts_with(char::is_whitespace)
        .then_some(Break {
            at: end,
            begins: Begins::Sentence,
        })
}

/// `.` at `at`, unless it belongs to a number, an abbreviation, a date or a list.
fn full_stop(text: &str, at: usize) -> Option<Break> {
    let end = at + 1;
    let before = &text[..at];
    let found = terminator(text, end, Begins::Sentence).or_else(|| bracketed(before, text, end))?;
    if before.ends_with('.') || text[end..].starts_with('.') {
        return None;
    }
    // No abbreviation, number or date ends in Hangul.
    if before.ends_with(|c| ('가'..='힣').contains(&c)) {
        return Some(found);
    }
    let token = token_before(before);
    let number = text[end..].trim_start().starts_with(char::is_numeric);
    if is_abbreviation(token, number) || ends_pair(before, token) {
        return None;
    }
    let head = &before[..before.len() - token.len()];
    let next = text[found.at..].trim_start().chars().next();
    let is_counted = is_date(token, next) || is_list_or_date(head, token, &text[end..]);
    (!is_counted).then_some(found)
}

/// `수출했다.(사진=한화)`: behind the end of a Korean verb a bracket or a quotation begins at once.
fn bracketed(before: &str, text: &str, end: usize) -> Option<Break> {
    let mut rest = text[end..].chars();
    let begins = before.ends_with('다')
        && rest.next().is_some_and(|c| is_opener(c) && !is_closer(c))
        && rest.next().is_some_and(is_unspaced);
    begins.then_some(Break {
        at: end,
        begins: Begins::Sentence,
    })
}

/// A terminator that ends at `end`: closing quotes, then a space or a script without spaces, and no small
/// letter after it.
fn terminator(text: &str, end: usize, begins: Begins) -> Option<Break> {
    let (end, closed) = closers(text, end);
    let rest = &text[end..];
    let next = rest.chars().next()?;
    if is_unspaced(next) {
        let ends = match closed {
            Closed::Nothing => true,
            Closed::Bracket => !is_hiragana(next),
            Closed::Quote => false,
        };
        return ends.then_some(Break { at: end, begins });
    }
    if !next.is_whitespace() {
        return None;
    }
    let letter = rest
        .chars()
        .take(16)
        .find(|c| !(c.is_whitespace() || is_opener(*c) || is_closer(*c)));
    (!letter.is_some_and(char::is_lowercase)).then_some(Break { at: end, begins })
}

/// What closes last behind a terminator.
#[derive(Clone, Copy)]
enum Closed {
    Nothing,
    /// The sentence around it is no other: `했다.)한화`.
    Bracket,
    /// The sentence around a quotation may go on: `했다.”라고`.
    Quote,
}

/// Steps over further terminators, closing quotes and brackets.
fn closers(text: &str, from: usize) -> (usize, Closed) {
    let mut closed = Closed::Nothing;
    for (offset, c) in text[from..].char_indices() {
        match c {
            '!' | '?' | '！' | '？' => {}
            ')' | ']' | '}' | '】' => closed = Closed::Bracket,
            _ if is_closer(c) || opens_elsewhere(&text[from + offset..], c) => {
                closed = Closed::Quote;
            }
            _ => return (from + offset, closed),
        }
    }
    (text.len(), closed)
}

fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '”' | '’' | '»' | '›' | ')' | ']' | '}' | '」' | '』' | '】' | '〉' | '》'
    )
}

/// Quotes that close in some languages (German „…“ and »…«) and open in others: here they close where no word
/// touches them.
fn opens_elsewhere(rest: &str, c: char) -> bool {
    let next = || rest[c.len_utf8()..].chars().next();
    matches!(c, '“' | '‘' | '«' | '‹') && !next().is_some_and(char::is_alphanumeric)
}

fn is_opener(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '“'
            | '„'
            | '‘'
            | '‚'
            | '«'
            | '‹'
            | '('
            | '['
            | '「'
            | '『'
            | '【'
            | '〈'
            | '《'
    )
}

/// Hangul, Han and kana: a sentence may follow a stop without a space.
fn is_unspaced(c: char) -> bool {
    matches!(
        u32::from(c),
        0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7A3 | 0x2_0000..=0x3_FFFF
    )
}

/// The letters with their marks, digits and inner stops right before a stop.
fn token_before(before: &str) -> &str {
    let mut floor = before.len().saturating_sub(TOKEN);
    while !before.is_char_boundary(floor) {
        floor += 1;
    }
    let tail = &before[floor..];
    let start = tail
        .char_indices()
        .rev()
        .find(|(_, c)| !(c.is_alphanumeric() || *c == '.' || is_combining_mark(*c)))
        .map_or(0, |(at, c)| at + c.len_utf8());
    &tail[start..]
}

/// Single letters, what ends in one behind a stop (U.S., Ph.D.), and the listed abbreviations, whatever follows.
fn is_abbreviation(token: &str, number: bool) -> bool {
    let last = token.rsplit('.').next().unwrap_or_default();
    let first = token.chars().next();
    is_single(last) && first.is_some_and(char::is_alphabetic) || is_listed(token, number)
}

/// One letter with its marks, of a script that prints initials: those with case, and Arabic (د. أحمد), Hebrew (א. ב.
/// יהושע), the scripts of India (के. आर.), Thai and its neighbours (พ.ศ. 2569). Nobody prints a lone Han, kana or
/// Hangul character so.
fn is_single(part: &str) -> bool {
    let mut chars = part.chars();
    let first = chars.next();
    first.is_some_and(|c| c.is_alphabetic() && !is_unspaced(c)) && chars.all(is_combining_mark)
}

/// `p. ex.`, whose first half is a letter with a stop.
fn ends_pair(before: &str, token: &str) -> bool {
    let first = before[..before.len() - token.len()].trim_end_matches([' ', '\u{a0}']);
    let first = first.strip_suffix('.').map(token_before);
    is_second_half(token) && first.is_some_and(is_single)
}

/// A line end: what begins behind it, and where the next line begins.
fn line_end(text: &str, at: usize) -> (usize, Option<Break>) {
    let rest = &text[at + 1..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    let line = &rest[blank..];
    if line.starts_with('\n') {
        let end = text.len() - line.trim_start().len();
        let found = Break {
            at: end,
            begins: Begins::Paragraph,
        };
        return (end, Some(found));
    }
    let end = at + 1 + blank;
    let found = begins_item(line).then_some(Break {
        at: end,
        begins: Begins::Clause,
    });
    (end, found)
}

/// A bullet or a dateline at the start of a line.
fn begins_item(line: &str) -> bool {
    let Some(c) = line.chars().next() else {
        return false;
    };
    match c {
        '-' | '–' | '*' => line[c.len_utf8()..].starts_with(' '),
        '•'
        | '▲'
        | '△'
        | '■'
        | '□'
        | '◇'
        | '◆'
        | '○'
        | '●'
        | '▶'
        | '▷'
        | '※'
        | '['
        | '【'
        | '\u{2460}'..='\u{2473}' => true,
        '(' => line
            .chars()
            .take(40)
            .take_while(|c| *c != ')')
            .any(|c| c == '='),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;
    use crate::domain::matching::fold::is_ignored;

    fn cut(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        let mut from = 0;
        for found in breaks(text) {
            out.push(text[from..found.at].trim());
            from = found.at;
        }
        out.push(text[from..].trim());
        out
    }

    /// Texts of one sentence.
    const WHOLE: &[&str] = &[
        "Gen. Kim saw it",
        "The U.S. Army came",
        "J. D. Vance left",
        "z. B. Panzer aus Korea",
        "d. h. Panzer, u. a. Haubitzen",
        "i. d. R. Panzer",
        "т. е. Корея",
        "p. ex. La Corée",
        "「買う。」と述べた",
        "Hanwha Corp. Ltd. said",
        "at 3 p.m. Monday",
        "w 2022 r. Polska płaci",
        "worth 3.5 trillion",
        "2026. 11. 23. 수출 실적",
        "see yna.co.kr today",
        "“계약이다.”라고 그는 말했다",
        "Wait... Then it came",
        "is it? he asked",
        "m.in. Polska i Norwegia",
        "ok. 180 czołgów",
        "Np. Polska kupuje, tzn. Korea sprzedaje",
        "most im. Kościuszki",
        "např. Polsko a tzv. Velká dohoda",
        "napr. Poľsko",
        "pl. Lengyelország, kb. 40 darab",
        "dl. Popescu și gen. Ionescu",
        "Корея, Польша и др. Страны",
        "проф. Иванов и 3 трлн. Вон",
        "напр. Полша и т.нар. Коалиция, т. нар. Пакт",
        "напр. Польща і т.зв. Коаліція",
        "npr. Poljska i tzv. Savez",
        "oz. Koreja",
        "Tümg. Yılmaz ile Doç. Kaya, örn. Polonya",
        "esim. Puola",
        "nt. Poola",
        "piem. Polija",
        "pvz. Lenkija",
        "bl.a. Polen och t.ex. Norge",
        "bl. a. Polen og f. eks. Norge, f.eks. Sverige",
        "bijv. Polen",
        "sog. Panzer, bspw. Leopard",
        "p.ex. La Pologne",
        "p.ej. Polonia y la Srta. Kim",
        "p.ex. Polônia e o Cel. Souza",
        "il dott. Rossi e il Sig. Bianchi",
        "π.χ. Πολωνία, δηλ. Κορέα",
        "Cmdr. Lee of the Dept. Office at Ft. Hood",
        "Jane Kim, Ph.D. Candidate",
        "no. 5 of them, No. 6 too",
        "2026.11.28. 폴란드와 계약",
        "26.11.28. 폴란드와 계약",
        "’26.11.28. 폴란드와 계약",
        "2026.11. 폴란드와 계약",
        "11.28. 폴란드와 계약",
        "9.6. 폴란드와 계약",
        "28.11.2026. Poljska",
        "1.9.2026. Poljska",
        "28.11. Polska",
        "« Oui. » dit-il",
        "„Ja.“ sagte er",
        "“Yes.” (he said)",
        "É. Macron et M̃. Silva",
        "ё. В углу",
        "Ｇｅｎ． Kim of Ｈａｎｗｈａ Ｃｏｒｐ． Ltd.",
        "Co\u{ad}rp. Ltd, U\u{200b}.S\u{200b}. Army, Gen\u{200b}. Kim",
        "د. أحمد زار بولندا",
        "א. ב. יהושע",
        "के. आर. नारायणन",
        "พ.ศ. 2569",
        "“계약했다.)”라고 그는 말했다",
        "(「した。」)と述べた",
        "2026. 11. 23 기준",
        "26. 11. 23. 수출 실적",
        "지난 11. 23. 수출 실적",
        "지난 2026. 11. 수출 실적",
        "지난 2026. 11월 수출 실적",
        "(9.6.)한화와 계약",
        "2026．11．28． 폴란드와 계약",
        "Dne 23. 11. 2026 Polsko",
        "Dana 23. 11. 2026. Poljska",
        "in lots 13. 14. 15. Tanks",
        "1. Poland",
    ];

    #[test]
    fn stops_that_end_nothing() {
        for text in WHOLE {
            assert_eq!(cut(text), [*text], "{text}");
        }
    }

    /// Texts of several sentences.
    const PARTED: &[(&str, &[&str])] = &[
        ("K2 left. Poland came", &["K2 left.", "Poland came"]),
        ("이다.한화는 웃었다. 끝", &["이다.", "한화는 웃었다.", "끝"]),
        ("した。日本は", &["した。", "日本は"]),
        ("「買う。」ソナーは", &["「買う。」", "ソナーは"]),
        ("“买了。”他说", &["“买了。”", "他说"]),
        ("“Yes.” He left", &["“Yes.”", "He left"]),
        ("in 2022. Poland", &["in 2022.", "Poland"]),
        ("Won? Yes! So", &["Won?", "Yes!", "So"]),
        ("„Ja.“ Er ging", &["„Ja.“", "Er ging"]),
        ("»Ja.« Er ging", &["»Ja.«", "Er ging"]),
        ("‚Ja!‘ Er ging", &["‚Ja!‘", "Er ging"]),
        ("›Ja?‹ Er ging", &["›Ja?‹", "Er ging"]),
        ("‹Oui.› Il part", &["‹Oui.›", "Il part"]),
        ("した。“日本”は", &["した。", "“日本”は"]),
        ("이다．한화는", &["이다．", "한화는"]),
        ("수출했다.(사진=한화) 끝", &["수출했다.", "(사진=한화) 끝"]),
        ("up by 9.6. Poland came", &["up by 9.6.", "Poland came"]),
        ("up to 45.6. Poland came", &["up to 45.6.", "Poland came"]),
        ("runs 2.10.12. Poland", &["runs 2.10.12.", "Poland"]),
        ("at 99.99.2026. Poland", &["at 99.99.2026.", "Poland"]),
        ("It is ok. Poland came", &["It is ok.", "Poland came"]),
        ("He said no. Poland came", &["He said no.", "Poland came"]),
        ("five years old. Poland", &["five years old.", "Poland"]),
        ("Er tat es. Polen kam", &["Er tat es.", "Polen kam"]),
        ("slår sig. Polen kom", &["slår sig.", "Polen kom"]),
        ("był to sen. Polska", &["był to sen.", "Polska"]),
        ("see yna.co.kr. Poland", &["see yna.co.kr.", "Poland"]),
        ("más. B1", &["más.", "B1"]),
        ("Việt. B1", &["Việt.", "B1"]),
        ("go!한화", &["go!", "한화"]),
        ("क्ष आहे. B1", &["क्ष आहे.", "B1"]),
        ("U.中. B1", &["U.中.", "B1"]),
        ("中. B1", &["中.", "B1"]),
        ("は.韓国", &["は.", "韓国"]),
        ("계약했다.)한화", &["계약했다.)", "한화"]),
        ("“계약했다.”)한화", &["“계약했다.”)", "한화"]),
        ("계약했다。)한화", &["계약했다。)", "한화"]),
        ("1,005. 1,005", &["1,005.", "1,005"]),
        ("1,005. 5. Poland", &["1,005.", "5.", "Poland"]),
        ("in 2026. 35 tanks", &["in 2026.", "35 tanks"]),
        ("in 2026. 3.5 trillion", &["in 2026.", "3.5 trillion"]),
        ("in 2026. 2027 tanks", &["in 2026.", "2027 tanks"]),
        ("No. 5. 3 tanks", &["No. 5.", "3 tanks"]),
        ("up to 45. 60. Poland", &["up to 45.", "60.", "Poland"]),
        ("one\n\ntwo", &["one", "two"]),
        ("one\ntwo", &["one\ntwo"]),
        ("one\n▲ two\n- three", &["one", "▲ two", "- three"]),
        ("끝\n(서울=연합뉴스) 한화", &["끝", "(서울=연합뉴스) 한화"]),
    ];

    #[test]
    fn stops_that_end_a_sentence() {
        for (text, parts) in PARTED {
            assert_eq!(cut(text), *parts, "{text}");
        }
    }

    /// Everything that a stop may stand beside.
    const PIECES: &[&str] = &[
        "Corp",
        "Gen",
        "U.S",
        "K2",
        "más",
        "Việt",
        "É",
        "ё",
        "к\u{301}",
        "क्षि",
        "했다",
        "한화",
        "は",
        "が",
        "韓国",
        "中",
        "2026",
        "11",
        "23",
        "1,005",
        "(",
        ")",
        "“",
        "”",
        "「",
        "」",
        ".",
        ".",
        ".",
        "!",
        "?",
        "。",
        "！",
        " ",
        " ",
        " ",
        "\n",
        "\n\n",
        "\n▲ ",
        "- ",
    ];

    fn pieces() -> impl Strategy<Value = Vec<&'static str>> {
        proptest::collection::vec(proptest::sample::select(PIECES), 0..14)
    }

    /// The parts of a text, composed.
    fn parts(text: &str) -> Vec<String> {
        let parts = cut(text).into_iter();
        parts.map(|part| part.nfc().collect()).collect()
    }

    proptest! {
        #[test]
        fn composed_or_not_a_text_breaks_alike(pieces in pieces()) {
            let text = pieces.concat();
            let (nfc, nfd) = (text.nfc().collect::<String>(), text.nfd().collect::<String>());
            prop_assert_eq!(parts(&text), parts(&nfc));
            prop_assert_eq!(parts(&nfc), parts(&nfd));
        }

        #[test]
        fn what_nobody_sees_breaks_nothing(
            pieces in pieces(),
            unseen in "[\u{ad}\u{200b}\u{200d}\u{2060}\u{feff}]{1,2}",
            every in 1..4_usize,
        ) {
            let text = pieces.concat();
            let mut strewn = String::new();
            for (at, c) in text.chars().enumerate() {
                strewn.push(c);
                if at % every == 0 {
                    strewn.push_str(&unseen);
                }
            }
            let is_seen = |c: &char| !is_ignored(*c);
            let found = cut(&strewn).into_iter();
            let found: Vec<String> = found
                .map(|part| part.chars().filter(is_seen).collect::<String>().trim().to_owned())
                .collect();
            prop_assert_eq!(found, cut(&text));
        }

        #[test]
        fn a_date_is_one_piece(year in 1990..2040_u16, month in 1..13_u16, day in 1..32_u16) {
            for text in [
                format!("지난 {year}. {month}. {day}. 수출"),
                format!("지난 {year}. {month}. {day} 기준"),
                format!("지난 {year}. {month}. 수출"),
                format!("지난 {month}. {day}. 수출"),
                format!("지난 {:02}. {month:02}. {day:02}. 수출", year % 100),
                format!("지난 ({month}.{day}.)한화"),
                format!("dne {day}. {month}. {year} Praha"),
                format!("dana {day}. {month}. {year}. Poljska"),
                format!("od {day}. {month}. Praha"),
            ] {
                prop_assert_eq!(cut(&text), [&*text]);
            }
        }

        #[test]
        fn numbers_side_by_side_are_no_date(
            year in 1990..2040_u16,
            group in 0..1000_u16,
            number in 32..1900_u16,
            day in 1..32_u16,
        ) {
            for (left, right) in [
                (format!("in {year}."), format!("{number} tanks")),
                (format!("to {day},{group:03}."), format!("{day} tanks")),
                (format!("in {year}."), format!("{day},{group:03} tanks")),
                (format!("by {day}."), format!("{day}.5 trillion")),
                (format!("of {number}."), format!("{day} tanks")),
                (format!("No. {day}."), format!("{day} tanks")),
            ] {
                let text = format!("{left} {right}");
                prop_assert_eq!(cut(&text), [left, right]);
            }
        }

        #[test]
        fn full_width_breaks_as_half(pieces in pieces()) {
            // But `!` and `?`: their wide forms end a sentence without a space.
            let text = pieces.concat().replace(['!', '?'], "");
            let wide = |c: char| match c {
                '"'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap(),
                _ => c,
            };
            let full: String = text.chars().map(wide).collect();
            let found: Vec<String> = cut(&text)
                .into_iter()
                .map(|part| part.chars().map(wide).collect())
                .collect();
            prop_assert_eq!(cut(&full), found);
        }
    }
}
