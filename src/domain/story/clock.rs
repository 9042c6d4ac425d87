//! Times of day, scores and Korean numerals of a headline, read from its runs.

use super::pieces::{Piece, Script};
use super::token::Kind;

type Read = (Kind, String, usize);

/// Goals, sets, votes of a small board: more is no score.
const MOST: u32 = 20;
/// Korean numerals before what they count: `네 번째`, `다섯 곳`.
const NATIVE: &[(&str, u32)] = &[
    ("두", 2),
    ("세", 3),
    ("석", 3),
    ("네", 4),
    ("넉", 4),
    ("다섯", 5),
    ("여섯", 6),
    ("일곱", 7),
    ("여덟", 8),
    ("아홉", 9),
    ("열", 10),
];
/// Parts of the day, and whether hours up to twelve mean the afternoon.
const PARTS: &[(&str, bool)] = &[
    ("오전", false),
    ("새벽", false),
    ("아침", false),
    ("오후", true),
    ("저녁", true),
    ("밤", true),
    ("낮", true),
];

/// A time, a score or a numeral that begins at a piece, with the piece behind it.
pub(super) fn read(pieces: &[Piece], at: usize) -> Option<Read> {
    let piece = &pieces[at];
    match piece.script {
        Script::Digit => time(pieces, at).or_else(|| score(pieces, at)),
        Script::Hangul => korean_time(pieces, at).or_else(|| native(pieces, at)),
        _ => None,
    }
}

fn small(pieces: &[Piece], at: usize) -> Option<u32> {
    let piece = pieces.get(at)?;
    (piece.script == Script::Digit && piece.text.len() <= 2).then(|| piece.text.parse().ok())?
}

/// Minutes since midnight: what times are compared by.
fn minutes(hour: u32, minute: u32, afternoon: bool) -> Option<Kind> {
    let hour = match (hour, afternoon) {
        (12, false) => 0,
        (1..=11, true) => hour + 12,
        _ => hour,
    };
    (hour < 24 && minute < 60).then_some(Kind::Time(hour * 60 + minute))
}

/// `7:10 a.m.`, `5 p.m.`
fn time(pieces: &[Piece], at: usize) -> Option<Read> {
    let hour = small(pieces, at)?;
    let (minute, next) = match pieces.get(at + 1) {
        Some(next) if next.gap.colon => (small(pieces, at + 1)?, at + 2),
        _ => (0, at + 1),
    };
    let half = pieces.get(next)?.text.as_str();
    if !matches!(half, "am" | "pm") {
        return None;
    }
    let kind = minutes(hour, minute, half == "pm")?;
    Some((kind, format!("{hour}:{minute:02} {half}"), next + 1))
}

/// `오전 8시 10분`
fn korean_time(pieces: &[Piece], at: usize) -> Option<Read> {
    let (_, afternoon) = PARTS.iter().find(|(part, _)| *part == pieces[at].text)?;
    let hour = small(pieces, at + 1)?;
    if !pieces.get(at + 2)?.text.starts_with('시') {
        return None;
    }
    let minute = small(pieces, at + 3).filter(|_| {
        pieces
            .get(at + 4)
            .is_some_and(|unit| unit.text.starts_with('분'))
    });
    let next = if minute.is_some() { at + 5 } else { at + 3 };
    let minute = minute.unwrap_or(0);
    // Half past midnight is at night too.
    let night = pieces[at].text == "밤" && hour == 12;
    let kind = minutes(hour, minute, *afternoon && !night)?;
    Some((kind, format!("{hour}:{minute:02}"), next))
}

/// `2-1`
fn score(pieces: &[Piece], at: usize) -> Option<Read> {
    let next = pieces.get(at + 1)?;
    let touches = |piece: &Piece| !piece.gap.space && !piece.text.is_empty();
    let joined = next.gap.hyphen && !next.gap.space;
    let ends = !pieces.get(at + 2).is_some_and(touches);
    let starts = !pieces[at].gap.hyphen
        && !at
            .checked_sub(1)
            .is_some_and(|before| pieces[before].capital && pieces[before].text.len() <= 4);
    let (one, other) = (small(pieces, at)?, small(pieces, at + 1)?);
    if !(joined && ends && starts && one <= MOST && other <= MOST) {
        return None;
    }
    let (more, less) = (one.max(other), one.min(other));
    Some((Kind::Ordinal("score"), format!("{more}-{less}"), at + 2))
}

/// `네 번째`, `다섯 곳`
fn native(pieces: &[Piece], at: usize) -> Option<Read> {
    let (_, count) = NATIVE.iter().find(|(word, _)| *word == pieces[at].text)?;
    let unit = pieces.get(at + 1)?;
    let first = unit.text.chars().next()?;
    if unit.script != Script::Hangul || unit.gap.mark {
        return None;
    }
    if unit.text.starts_with("번째") {
        return Some((Kind::Ordinal("th"), count.to_string(), at + 2));
    }
    let counts = unit.text.chars().count() <= 2
        && matches!(
            first,
            '곳' | '척' | '대' | '발' | '명' | '건' | '개' | '문' | '기' | '달'
        );
    counts.then(|| super::numbers::counted_by(f64::from(*count), first, at + 2))
}

#[cfg(test)]
mod tests {
    use super::super::pieces::pieces;
    use super::*;

    #[test]
    fn times_scores_and_numerals_are_read() {
        for (text, expected) in [
            ("7:10 a.m.", Some(Kind::Time(430))),
            ("12:59 a.m.", Some(Kind::Time(59))),
            ("5 p.m. Wednesday", Some(Kind::Time(1020))),
            ("오전 8시 10분께", Some(Kind::Time(490))),
            ("밤 11시", Some(Kind::Time(1380))),
            ("4-1 derby", Some(Kind::Ordinal("score"))),
            ("네 번째 수주", Some(Kind::Ordinal("th"))),
            ("25-30 jets", None),
            ("7 people", None),
            ("두 나라", None),
        ] {
            let found = read(&pieces(text, 0), 0).map(|(kind, ..)| kind);
            assert_eq!(found, expected, "{text}");
        }
        let count = read(&pieces("다섯 곳", 0), 0).map(|(_, key, next)| (key, next));
        assert_eq!(count, Some(("5".to_owned(), 2)));
    }
}
