//! What publishers put around a text that is no part of it: rights, reporters' addresses, "read more" (MAT-50).
//!
//! Computed from the stored text whenever it is needed, and never stored. A piece always runs to the end of its
//! line. In doubt there is none: a mark too few costs a false mention, a mark too many hides a story.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Longest rest of a line that is a notice, in bytes.
const LONGEST: usize = 240;
/// Longest stretch between a sign of rights and the end of the notice.
const RIGHTS: usize = 130;
/// Longest trailer behind the words that forbid copying: a date, the paper's name.
const TRAILER: usize = 60;

/// What a mark in a line may begin or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Begins a notice of rights: `ⓒ`, `저작권자`.
    Rights,
    /// Forbids copying, which is said nowhere else.
    Closing,
    /// An address.
    Mail,
    /// A reporter's role, behind the name.
    Role,
    /// Leads to the rest of the text.
    More,
    /// Leads to the rest of the text, with its title behind.
    Continue,
    /// The end of "The post … appeared first on …".
    Post,
    /// Asks for tips, or for a subscription.
    Tips,
    /// Names editors: `(Reporting by`, `责任编辑`.
    Credits,
}

/// Marks of each kind; the first kind that has a mark counts.
const MARKS: &[(Kind, &[&str])] = &[
    (
        Kind::Closing,
        &[
            "무단전재",
            "무단 전재",
            "무단복제",
            "무단 복제",
            "재배포 금지",
            "재배포금지",
            "배포금지",
            "All rights reserved",
            "All Rights Reserved",
            "ALL RIGHTS RESERVED",
            "無断転載",
            "転載を禁",
            "未经许可不得转载",
            "未经授权不得转载",
            "未经许可，不得转载",
            "未经授权，禁止转载",
            "禁止转载",
            "版权所有",
            "版權所有",
            "Все права защищены",
            "Перепечатка запрещена",
            "Усі права захищено",
            "Alle Rechte vorbehalten",
            "Tous droits réservés",
            "Todos los derechos reservados",
            "Tutti i diritti riservati",
            "Riproduzione riservata",
            "RIPRODUZIONE RISERVATA",
            "Todos os direitos reservados",
            "Wszelkie prawa zastrzeżone",
            "Toate drepturile rezervate",
            "Tüm hakları saklıdır",
            "Minden jog fenntartva",
            "Alle rechten voorbehouden",
        ],
    ),
    (
        Kind::Rights,
        &[
            "저작권자",
            "저작권ⓒ",
            "ⓒ",
            "©",
            "(c)",
            "(C)",
            "（c）",
            "（C）",
            "Copyright",
            "COPYRIGHT",
        ],
    ),
    (
        Kind::Continue,
        &[
            "Continue reading",
            "Weiterlesen:",
            "Lire la suite de",
            "Sigue leyendo",
            "Continua a leggere",
        ],
    ),
    (
        Kind::More,
        &[
            "Read more",
            "Read More",
            "READ MORE",
            "Read the full story",
            "Read full article",
            "[더보기]",
            "더보기",
            "기사 더보기",
            "전문 보기",
            "기사 전문 보기",
            "続きを読む",
            "続きはこちら",
            "阅读全文",
            "閱讀全文",
            "Читать далее",
            "Читать дальше",
            "Читать полностью",
            "Читати далі",
            "Weiterlesen",
            "Mehr lesen",
            "Lire la suite",
            "Leer más",
            "Seguir leyendo",
            "Leggi tutto",
            "Ler mais",
            "Leia mais",
            "Czytaj więcej",
            "Czytaj dalej",
            "Citește mai mult",
            "Citeşte mai mult",
            "Devamını oku",
            "Lees verder",
            "Lees meer",
            "Läs mer",
            "Les mer",
            "Læs mere",
            "Lue lisää",
            "Loe edasi",
            "Tovább olvasom",
            "Číst dále",
        ],
    ),
    (
        Kind::Post,
        &[
            "appeared first on",
            "first appeared on",
            "erschien zuerst auf",
            "se publicó primero en",
            "est apparu en premier sur",
            "proviene da",
            "apareceu primeiro em",
            "pochodzi z serwisu",
            "verscheen eerst op",
            "впервые появилась",
            "に最初に表示されました",
        ],
    ),
    (Kind::Tips, &["제보", "구독하기", "바로가기", "채널 추가"]),
    (
        Kind::Credits,
        &[
            "(Reporting by",
            "(Editing by",
            "(Writing by",
            "责任编辑",
            "責任編輯",
            "（责编",
        ],
    ),
    (Kind::Role, &["기자", "특파원", "논설위원", "앵커"]),
    (Kind::Mail, &["@"]),
];

/// How the sentence begins that each mark of [`Kind::Post`] ends.
const POSTS: [&str; 11] = [
    "The post ",
    "Der Beitrag ",
    "La entrada ",
    "L’article ",
    "L'article ",
    "L'articolo ",
    "L’articolo ",
    "O post ",
    "Artykuł ",
    "Запись ",
    "投稿 ",
];

/// The ranges of `text` that are no content, in order and apart; each with the line end behind it.
#[must_use]
pub fn furniture(text: &str) -> Vec<Range<usize>> {
    static ANY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let all = MARKS.iter().flat_map(|(_, marks)| marks.iter());
        let all: Vec<String> = all.map(|mark| regex::escape(mark)).collect();
        Regex::new(&all.join("|")).ok()
    });
    let Some(any) = ANY.as_ref() else {
        return Vec::new();
    };
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut marks = any.find_iter(text).peekable();
    while let Some(first) = marks.next() {
        let start = text[..first.start()].rfind('\n').map_or(0, |at| at + 1);
        let end = text[first.start()..]
            .find('\n')
            .map_or(text.len(), |at| first.start() + at);
        let mut found = vec![first.range()];
        while let Some(mark) = marks.next_if(|mark| mark.start() < end) {
            found.push(mark.range());
        }
        let shift = |range: &Range<usize>| range.start - start..range.end - start;
        let found: Vec<Range<usize>> = found.iter().map(shift).collect();
        if let Some(at) = in_line(&text[start..end], &found) {
            out.push(start + at..(end + 1).min(text.len()));
        }
    }
    out
}

/// Where the furniture at the end of a line begins; `marks` are what may be of it, in order.
fn in_line(line: &str, marks: &[Range<usize>]) -> Option<usize> {
    let mut rest = Rest {
        line,
        end: line.trim_end().len(),
    };
    let mut found = None;
    for mark in marks.iter().rev() {
        if line.len() - mark.start > LONGEST {
            break;
        }
        if mark.start >= rest.end {
            continue;
        }
        let Some((start, certain)) = rest.piece(mark) else {
            continue;
        };
        let start = opened(line, start);
        if certain || is_border(&line[..start]) || line[start..].starts_with(is_opener) {
            found = Some(start);
        }
        rest.end = line[..start].trim_end_matches(is_between).len();
    }
    found
}

/// A line of which all behind `end` is known to be furniture.
struct Rest<'a> {
    line: &'a str,
    end: usize,
}

impl Rest<'_> {
    /// Where the piece begins that `mark` belongs to and that goes on to the end, and whether no sentence can
    /// hold it; none where it is something else.
    fn piece(&self, mark: &Range<usize>) -> Option<(usize, bool)> {
        let line = self.line;
        let word = &line[mark.clone()];
        let behind = line.get(mark.end..self.end).unwrap_or_default();
        let (kind, _) = MARKS.iter().find(|(_, marks)| marks.contains(&word))?;
        match kind {
            Kind::Rights => {
                // `©` inside a word is no sign: such words were encoded twice.
                let is_inside = line[..mark.start].ends_with(char::is_alphabetic);
                let begins = !is_inside && begins_rights(word, &line[mark.end..], behind);
                begins.then_some((mark.start, false))
            }
            Kind::Closing => self.closing(mark),
            Kind::More => (behind.chars().all(is_between) && behind.len() <= 12)
                .then_some((mark.start, false)),
            Kind::Continue => (is_border(&line[..mark.start]) && !behind.contains(". "))
                .then_some((mark.start, false)),
            Kind::Post => {
                let from = POSTS
                    .iter()
                    .filter_map(|begin| line[..mark.start].rfind(begin));
                (behind.len() <= 100)
                    .then(|| from.max())?
                    .map(|at| (at, true))
            }
            Kind::Tips => tips(line, mark.start),
            Kind::Credits => (behind.len() <= 120).then_some((mark.start, false)),
            Kind::Role => {
                let is_last = behind.chars().all(is_between);
                is_last
                    .then(|| name_before(&line[..mark.start]))?
                    .map(|at| (at, false))
            }
            Kind::Mail => byline(line, mark.start, self.end),
        }
    }

    /// Words that forbid copying, where they do so and are not spoken of.
    fn closing(&self, mark: &Range<usize>) -> Option<(usize, bool)> {
        let word = &self.line[mark.clone()];
        if !word.contains("무단") && !word.contains("배포") {
            let behind = &self.line[mark.end..self.end];
            let is_short = behind.len() <= TRAILER && !is_prose(behind);
            let is_told = ["permission", "redistribut", "reproduc", "broadcast", "禁"];
            return (is_short || is_told.iter().any(|word| behind.contains(word)))
                .then_some((mark.start, false));
        }
        let behind = &self.line[mark.end..];
        let ends = ["금지", "불가", "금함"].iter();
        let last = ends
            .filter_map(|no| Some(behind.rfind(no)? + no.len()))
            .max();
        let Some(at) = last.or_else(|| word.ends_with("금지").then_some(0)) else {
            // Cut short, or without the last word: only where it begins the line or follows a sentence.
            return is_trailer(behind).then_some((mark.start, false));
        };
        (at <= RIGHTS && !is_prose(&behind[..at]) && is_trailer(&behind[at..]))
            .then_some((mark.start, true))
    }
}

/// Whether what stands behind a sign of rights is a notice: a name, not a sentence.
fn begins_rights(word: &str, after: &str, behind: &str) -> bool {
    let next = after.trim_start();
    let is_named = match word {
        "Copyright" | "COPYRIGHT" | "저작권자" => {
            next.starts_with(['ⓒ', '©', ':', '(', '（', '⊙', 'ⓒ'])
                || next.starts_with(|c: char| c.is_ascii_digit())
        }
        "(c)" | "(C)" | "（c）" | "（C）" => next.starts_with(|c: char| c.is_alphanumeric()),
        _ => true,
    };
    is_named && behind.len() <= RIGHTS && !is_prose(behind)
}

/// A date or a name behind a notice; a letter right behind it would make it a word of a sentence.
fn is_trailer(behind: &str) -> bool {
    behind.len() <= TRAILER && !behind.starts_with(char::is_alphanumeric) && !is_prose(behind)
}

/// Whether a stretch is a sentence, or holds the end of one.
fn is_prose(text: &str) -> bool {
    let is_ended = |end: &str| {
        let behind = text
            .match_indices(end)
            .map(|(at, _)| &text[at + end.len()..]);
        behind
            .into_iter()
            .any(|rest| rest.is_empty() || rest.starts_with(['.', '"', '”', '…', '!']))
    };
    let small = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    is_ended("다")
        || ["요. ", "した。", "である。"]
            .iter()
            .any(|end| text.contains(end))
        || text.split_whitespace().filter(|word| small(word)).count() >= 4
}

/// A request for tips or clicks that a sign, or the line itself, begins.
fn tips(line: &str, at: usize) -> Option<(usize, bool)> {
    const WAYS: [&str; 8] = [
        "카카오톡",
        "카톡",
        "전화",
        "메일",
        "제보하기",
        "okjebo",
        "구독하기",
        "바로가기",
    ];
    let before = &line[..at];
    let start = before
        .rfind(['▶', '▷', '※', '☞', '■', '[', '◎'])
        .or_else(|| is_border(before).then_some(at))?;
    // Their one sentence is a saying.
    let all = line[start..].replace("뉴스가 됩니다", "");
    let is_asked = WAYS.iter().any(|way| all.contains(way));
    (is_asked && !is_prose(&all)).then_some((start, false))
}

/// An address at the end, with the reporter's name and role before it.
fn byline(line: &str, at: usize, end: usize) -> Option<(usize, bool)> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    let start = line[..at].trim_end_matches(is_inner).len();
    let host = &line[at + 1..];
    let host = &host[..host.find(|c| !is_inner(c)).unwrap_or(host.len())];
    let is_last = line.get(at + 1 + host.len()..end)?.chars().all(is_between);
    if start == at || !host.trim_end_matches('.').contains('.') || !is_last {
        return None;
    }
    let before = line[..start].trim_end_matches(is_between);
    let role = [
        "선임기자",
        "인턴기자",
        "객원기자",
        "전문기자",
        "기자",
        "특파원",
        "논설위원",
        "앵커",
    ]
    .iter()
    .find_map(|role| before.strip_suffix(role));
    if let Some(name) = role.and_then(name_before) {
        return Some((name, true));
    }
    // `◎공감언론 뉴시스 hong@…`
    let sign = before.rfind(['◎', '☞', '▶', '◇']);
    let sign = sign.filter(|sign| start - sign <= RIGHTS && !is_prose(&line[*sign..start]));
    Some(sign.map_or((start, false), |sign| (sign, true)))
}

/// Where a reporter's name begins that `before` ends with: two to four syllables, or several of these.
fn name_before(before: &str) -> Option<usize> {
    let is_syllable = |c: char| ('\u{ac00}'..='\u{d7a3}').contains(&c);
    let mut start = before.len();
    for _ in 0..3 {
        let rest = before[..start].trim_end_matches([' ', '·', ',', '/', '=']);
        let name = rest.trim_end_matches(is_syllable).len();
        if !(2..=4).contains(&rest[name..].chars().count()) {
            break;
        }
        start = name;
        if !before[..start].ends_with(['·', ',', '/']) {
            break;
        }
    }
    (start < before.len()).then_some(start)
}

/// Steps back over what opens a piece: `<`, `[`, `▶`.
fn opened(line: &str, start: usize) -> usize {
    let signs = [
        ' ', '<', '[', '(', '【', '〈', '（', '▶', '▷', '☞', '※', '=', '-', '–', '|', '/', '→', '»',
    ];
    line[..start].trim_end_matches(signs).len()
}

fn is_opener(c: char) -> bool {
    matches!(
        c,
        '<' | '[' | '【' | '〈' | 'ⓒ' | '©' | '▶' | '▷' | '☞' | '※' | '◎'
    )
}

/// What may stand between two pieces and behind the last.
fn is_between(c: char) -> bool {
    !c.is_alphanumeric() && c != '@'
}

/// Whether nothing, or the end of a sentence, stands before a piece.
fn is_border(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty()
        || before.ends_with([
            '.', '!', '?', '。', '！', '？', '…', '"', '”', '’', '\'', '」', '』', '》', '>', ')',
            ']', '】', '）',
        ])
}

#[cfg(test)]
mod tests;
