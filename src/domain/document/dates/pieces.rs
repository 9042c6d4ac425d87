//! A date's text → numbers, words and signs.

use unicode_normalization::UnicodeNormalization;

use super::words;

/// A piece of a date.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// Digits: value, how many, and the unit behind them (`년`, `月`, `시` …).
    Number {
        value: i64,
        digits: usize,
        unit: Option<Unit>,
    },
    /// Letters, lower-case, without accents.
    Word(String),
    /// Any other character; true where white space stands before it.
    Sign(char, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let folded: Vec<char> = text
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(digit)
        .nfc()
        .collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut blank = false;
    while let Some(&c) = folded.get(at) {
        if c.is_ascii_digit() {
            at = push_number(&folded, at, &mut pieces);
        } else if c.is_alphabetic() {
            let end = run(&folded, at, char::is_alphabetic);
            pieces.push(Piece::Word(folded[at..end].iter().collect()));
            at = end;
        } else {
            if !c.is_whitespace() {
                let sign = if matches!(c, '\u{2212}' | '\u{2013}') {
                    '-'
                } else {
                    c
                };
                if sign != '-' || !matches!(pieces.last(), Some(Piece::Sign('-', _))) || blank {
                    pieces.push(Piece::Sign(sign, blank));
                }
            }
            blank = c.is_whitespace();
            at += 1;
            continue;
        }
        blank = false;
    }
    settle_words(&mut pieces, text.contains(['ứ', 'Ứ']));
    pieces
}

/// Digits of Arabic and Persian as those of ASCII.
fn digit(c: char) -> char {
    let start = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        _ => return c,
    };
    char::from_digit(u32::from(c) - start, 10).unwrap_or(c)
}

/// What words around numbers say of them: units before a number, times of day with a dot, numbered weekdays.
fn settle_words(pieces: &mut Vec<Piece>, has_numbered_days: bool) {
    let mut at = 0;
    while at < pieces.len() {
        if let Piece::Word(word) = &pieces[at] {
            if word == "thu" && has_numbered_days {
                // `Thứ 2` is Monday.
                if matches!(pieces.get(at + 1), Some(Piece::Number { .. })) {
                    pieces.remove(at + 1);
                }
            } else if let Some(before) = words::unit_before(word) {
                if let Some(Piece::Number { unit, .. }) = pieces.get_mut(at + 1) {
                    unit.get_or_insert(before);
                }
            } else if words::is_at(word) {
                let dot = usize::from(matches!(pieces.get(at + 1), Some(Piece::Sign('.', _))));
                colons(pieces, at + 1 + dot);
            } else if word == "uhr" && at >= 3 {
                colons(pieces, at - 3);
            }
        }
        at += 1;
    }
}

/// Reads `9.05` from `at` on as a time of day.
fn colons(pieces: &mut [Piece], at: usize) {
    let is_time = matches!(
        pieces.get(at..at + 3),
        Some([
            Piece::Number {
                value: 0..=24,
                digits: 1 | 2,
                ..
            },
            Piece::Sign('.', _),
            Piece::Number {
                value: 0..=59,
                digits: 2,
                ..
            },
        ])
    );
    if is_time {
        pieces[at + 1] = Piece::Sign(':', false);
    }
}

/// Reads digits and the unit that may follow them; returns where it ended.
fn push_number(folded: &[char], start: usize, pieces: &mut Vec<Piece>) -> usize {
    let end = run(folded, start, |c| c.is_ascii_digit());
    let value: String = folded[start..end].iter().take(18).collect();
    let behind = if folded.get(end) == Some(&' ') {
        end + 1
    } else {
        end
    };
    let alone = || folded.get(behind + 1).is_none_or(|c| !c.is_alphabetic());
    let unit = folded
        .get(behind)
        .and_then(|c| words::unit(*c))
        // A unit behind a blank stands alone: `23 일` is a day, `23 일요일` is not.
        .filter(|_| behind == end || alone())
        // `09h05`
        .or_else(|| (folded.get(end) == Some(&'h') && alone()).then_some(Unit::Hour))
        .or_else(|| (start > 0 && folded[start - 1] == 'h').then_some(Unit::Minute));
    let value = value.parse().unwrap_or(i64::MAX);
    pieces.push(Piece::Number {
        value,
        digits: end - start,
        unit,
    });
    match unit {
        Some(Unit::Minute) if folded.get(behind).and_then(|c| words::unit(*c)).is_none() => end,
        Some(_) => behind + 1,
        None => end,
    }
}

fn run(folded: &[char], start: usize, is: impl Fn(char) -> bool) -> usize {
    start + folded[start..].iter().take_while(|c| is(**c)).count()
}

/// Parts `20261123100233` and `20261123T100233` into numbers with units.
pub(super) fn split_compact(pieces: &mut Vec<Piece>) {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len() + 6);
    let mut dated = false;
    for piece in pieces.drain(..) {
        let Piece::Number {
            value,
            digits,
            unit: None,
        } = piece
        else {
            out.push(piece);
            continue;
        };
        let fraction = matches!(out.last(), Some(Piece::Sign('.' | ',', false)));
        let after_t = dated && matches!(out.last(), Some(Piece::Word(word)) if word == "t");
        let is_day = (19_000_101..=29_991_231).contains(&value);
        let units: &[Unit] = match digits {
            _ if fraction => &[],
            14 => &[
                Unit::Year,
                Unit::Month,
                Unit::Day,
                Unit::Hour,
                Unit::Minute,
                Unit::Second,
            ],
            12 => &[Unit::Year, Unit::Month, Unit::Day, Unit::Hour, Unit::Minute],
            8 if is_day => &[Unit::Year, Unit::Month, Unit::Day],
            6 if after_t => &[Unit::Hour, Unit::Minute, Unit::Second],
            4 if after_t => &[Unit::Hour, Unit::Minute],
            _ => &[],
        };
        dated |= units.contains(&Unit::Day);
        let start = out.len();
        let mut rest = value;
        for unit in units.iter().rev() {
            let width = if *unit == Unit::Year { 10_000 } else { 100 };
            out.insert(
                start,
                Piece::Number {
                    value: rest % width,
                    digits: 2,
                    unit: Some(*unit),
                },
            );
            rest /= width;
        }
        if units.is_empty() {
            out.push(Piece::Number {
                value,
                digits,
                unit: None,
            });
        }
    }
    *pieces = out;
}
