//! Where sentences and paragraphs of stored text begin (MAT-38…41).
//!
//! A missed break only widens `/s`; a false one loses alerts: in doubt there is no break.

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

/// All breaks of `text`, in order.
pub(crate) fn breaks(text: &str) -> Vec<Break> {
    let bytes = text.as_bytes();
    let mut out: Vec<Break> = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes[at..]
        .iter()
        .position(|byte| SIGNS[usize::from(*byte)])
    {
        at += next;
        let found = match bytes[at] {
            b'.' => full_stop(text, at, 1),
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
        '．' => full_stop(text, at, c.len_utf8()),
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

/// `。` ends a sentence, unless the one around a quotation goes on behind its closing bracket: 」と述べた, ”라고 말했다.
fn always(text: &str, end: usize, begins: Begins) -> Option<Break> {
    let (end, closed) = closers(text, end);
    let next = text[end..].chars().next()?;
    let goes_on = closed && matches!(u32::from(next), 0x3041..=0x309F | 0xAC00..=0xD7A3);
    (!goes_on).then_some(Break { at: end, begins })
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
fn full_stop(text: &str, at: usize, length: usize) -> Option<Break> {
    let end = at + length;
    let found = terminator(text, end, Begins::Sentence)?;
    let before = &text[..at];
    if before.ends_with('.') || text[end..].starts_with('.') {
        return None;
    }
    // No abbreviation, number or date ends in Hangul.
    if before.ends_with(|c| ('가'..='힣').contains(&c)) {
        return Some(found);
    }
    let token = token_before(before);
    if is_abbreviation(token) || is_second_half(before, token) {
        return None;
    }
    if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
        let head = &before[..before.len() - token.len()];
        let next = text[end..].trim_start().chars().next();
        if next.is_some_and(char::is_numeric) || is_list_or_date(head) {
            return None;
        }
    }
    Some(found)
}

/// Before a number and its stop: the start of a line (a list), or another number with a stop (a date).
fn is_list_or_date(head: &str) -> bool {
    let line = head.trim_end_matches([' ', '\t', '\u{a0}']);
    if line.is_empty() || line.ends_with('\n') {
        return true;
    }
    line.strip_suffix('.')
        .is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
}

/// A terminator that ends at `end`: closing quotes, then a space or a script without spaces, and no small
/// letter after it.
fn terminator(text: &str, end: usize, begins: Begins) -> Option<Break> {
    let (end, closed) = closers(text, end);
    let rest = &text[end..];
    let next = rest.chars().next()?;
    if is_unspaced(next) {
        return (!closed).then_some(Break { at: end, begins });
    }
    if !next.is_whitespace() {
        return None;
    }
    let letter = rest
        .chars()
        .take(16)
        .find(|c| !(c.is_whitespace() || is_opener(*c)));
    (!letter.is_some_and(char::is_lowercase)).then_some(Break { at: end, begins })
}

/// Steps over further terminators and closing quotes; true where there was a quote or bracket.
fn closers(text: &str, from: usize) -> (usize, bool) {
    let mut closed = false;
    for (offset, c) in text[from..].char_indices() {
        match c {
            '!' | '?' | '！' | '？' => {}
            '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '}' | '」' | '』' | '】' | '〉' | '》'
            | '）' | '］' | '＂' | '＇' => closed = true,
            _ => return (from + offset, closed),
        }
    }
    (text.len(), closed)
}

fn is_opener(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '“' | '‘' | '«' | '(' | '[' | '「' | '『' | '【' | '〈' | '《' | '（'
    )
}

/// Hangul, Han and kana: a sentence may follow a stop without a space.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7A3)
}

/// The letters, digits and inner stops right before a stop.
fn token_before(before: &str) -> &str {
    let mut floor = before.len().saturating_sub(TOKEN);
    while !before.is_char_boundary(floor) {
        floor += 1;
    }
    let tail = &before[floor..];
    let start = tail
        .char_indices()
        .rev()
        .find(|(_, c)| !(c.is_alphanumeric() || *c == '.'))
        .map_or(0, |(at, c)| at + c.len_utf8());
    &tail[start..]
}

/// Single letters, dotted initials, and the listed abbreviations, whatever follows.
fn is_abbreviation(token: &str) -> bool {
    token.split('.').all(is_single) || ABBREVIATIONS.binary_search(&token).is_ok()
}

fn is_single(part: &str) -> bool {
    let mut chars = part.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

/// `p. ex.`, whose first half is a letter with a stop.
fn is_second_half(before: &str, token: &str) -> bool {
    let first = before[..before.len() - token.len()].trim_end_matches([' ', '\u{a0}']);
    let first = first.strip_suffix('.').map(token_before);
    token.chars().count() == 2 && first.is_some_and(is_single)
}

/// Abbreviations after which a stop ends nothing, of all languages together, sorted.
const ABBREVIATIONS: [&str; 143] = [
    "Adm", "Apr", "Art", "Aug", "Av", "Bd", "Brig", "Capt", "Co", "Col", "Corp", "Dec", "Dr",
    "Dra", "EE.UU", "Feb", "Fig", "Fr", "Gen", "Gov", "Gral", "Hr", "Inc", "Ing", "Insp", "Jan",
    "Jr", "Jul", "Jun", "Lt", "Ltd", "MM", "Maj", "Mar", "Mgr", "Min", "Mio", "Mlle", "Mme", "Mr",
    "Mrd", "Mrs", "Ms", "Mt", "No", "Nos", "Nov", "Nr", "Oct", "Org", "Pres", "Prof", "Pte", "Pvt",
    "Rep", "Rev", "Sen", "Sep", "Sept", "Sgt", "Sr", "Sra", "St", "Ste", "Str", "Supt", "Vol",
    "abs", "approx", "art", "bzw", "ca", "cca", "cf", "cm", "doc", "dr", "ds", "est", "etc",
    "evtl", "gen", "ggf", "godz", "gén", "hab", "im", "inkl", "inż", "itd", "itp", "kpt", "mgr",
    "min", "mjr", "mld", "mln", "mr", "np", "nr", "os", "pgs", "pkt", "por", "pp", "ppłk", "proc",
    "prof", "płk", "r", "red", "resp", "ros", "s", "sk", "sp", "st", "str", "szt", "tj", "tys",
    "tzn", "tzw", "ul", "usw", "vb", "vgl", "vs", "w", "wg", "ww", "zgł", "zob", "zł", "г", "гг",
    "ген", "им", "млн", "млрд", "руб", "тыс", "ул",
];

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
    use super::*;

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

    #[test]
    fn the_list_of_abbreviations_is_sorted() {
        assert!(ABBREVIATIONS.is_sorted(), "{:?}", {
            let mut sorted = ABBREVIATIONS;
            sorted.sort_unstable();
            sorted
        });
    }

    #[test]
    fn stops_that_end_nothing() {
        for text in [
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
            "1. First item",
        ] {
            assert_eq!(cut(text), [text], "{text}");
        }
    }

    #[test]
    fn stops_that_end_a_sentence() {
        for (text, parts) in [
            ("K2 left. Poland came", vec!["K2 left.", "Poland came"]),
            (
                "이다.한화는 웃었다. 끝",
                vec!["이다.", "한화는 웃었다.", "끝"],
            ),
            ("した。日本は", vec!["した。", "日本は"]),
            ("「買う。」ソナーは", vec!["「買う。」", "ソナーは"]),
            ("“买了。”他说", vec!["“买了。”", "他说"]),
            ("“Yes.” He left", vec!["“Yes.”", "He left"]),
            ("in 2022. Poland", vec!["in 2022.", "Poland"]),
            ("Won? Yes! So", vec!["Won?", "Yes!", "So"]),
            ("one\n\ntwo", vec!["one", "two"]),
            ("one\ntwo", vec!["one\ntwo"]),
            ("one\n▲ two\n- three", vec!["one", "▲ two", "- three"]),
            (
                "끝\n(서울=연합뉴스) 한화",
                vec!["끝", "(서울=연합뉴스) 한화"],
            ),
        ] {
            assert_eq!(cut(text), parts, "{text}");
        }
    }
}
