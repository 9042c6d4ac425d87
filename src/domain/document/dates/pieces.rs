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
                pieces.push(Piece::Sign(sign, blank));
            }
            blank = c.is_whitespace();
            at += 1;
            continue;
        }
        blank = false;
    }
    pieces
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
    let unit = folded
        .get(behind)
        .and_then(|c| words::unit(*c))
        .filter(|_| {
            // A unit behind a blank stands alone: `23 일` is a day, `23 일요일` is not.
            behind == end || folded.get(behind + 1).is_none_or(|c| !c.is_alphabetic())
        });
    let value = value.parse().unwrap_or(i64::MAX);
    pieces.push(Piece::Number {
        value,
        digits: end - start,
        unit,
    });
    if unit.is_some() { behind + 1 } else { end }
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
