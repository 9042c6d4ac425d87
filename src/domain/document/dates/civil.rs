//! Numbers and words → a day of the calendar: by units, by a month's name, or by their order.

use jiff::SignedDuration;
use jiff::civil::Date;

use super::pieces::{Piece, Unit};
use super::words::{month, month_of_two};

/// The date in what is left: by units, by a month's name, or by the order of three numbers.
pub(super) fn date(pieces: &[Piece], day_first: bool) -> Option<Date> {
    let by_unit = |wanted: Unit| {
        pieces.iter().find_map(|piece| match piece {
            Piece::Number {
                value,
                unit: Some(unit),
                ..
            } if *unit == wanted => Some(*value),
            _ => None,
        })
    };
    let plain: Vec<(i64, usize)> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Number {
                value,
                digits,
                unit: None,
            } => Some((*value, *digits)),
            _ => None,
        })
        .collect();
    let (year, month, day) = match (
        by_unit(Unit::Year),
        by_unit(Unit::Month),
        by_unit(Unit::Day),
    ) {
        (Some(year), Some(month), day) => {
            (year, month, day.or(plain.first().map(|n| n.0)).unwrap_or(1))
        }
        (year, Some(month), day) => around_month(&plain, year, month, day)?,
        _ => match named_month(pieces) {
            Some(month) => around_month(&plain, None, i64::from(month), None)?,
            None => in_order(&plain, separator(pieces), day_first)?,
        },
    };
    let digits = plain
        .iter()
        .find(|(value, _)| *value == year)
        .map_or(4, |(_, digits)| *digits);
    // The year 1 is what programs write for none.
    if digits >= 4 && year == 1 {
        return None;
    }
    let year = if digits <= 2 || year < 100 {
        full_year(year)
    } else {
        year
    };
    Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()
    .filter(|date| is_plausible(*date, digits))
}

/// A year that someone means: of four digits where it is long ago, and no time of day.
fn is_plausible(date: Date, digits: usize) -> bool {
    let first = if digits >= 4 { 1500 } else { 1900 };
    (first..=2200).contains(&date.year()) && !stands_for_none(date)
}

/// The first days of calendars that programs count from: what they write where there is no date.
pub(super) fn stands_for_none(date: Date) -> bool {
    matches!(
        (date.year(), date.month(), date.day()),
        (1601 | 1753, 1, 1) | (1858, 11, 17) | (1899, 12, 30 | 31)
    )
}

/// Day and year around a known month: the number of four digits is the year, else the last one.
fn around_month(
    plain: &[(i64, usize)],
    year: Option<i64>,
    month: i64,
    day: Option<i64>,
) -> Option<(i64, i64, i64)> {
    let year_at = plain
        .iter()
        .position(|(value, digits)| *digits == 4 || *value > 31);
    let year_at =
        year_at.or_else(|| (year.is_none() && plain.len() >= 2).then(|| plain.len().min(2) - 1));
    let year = match (year, year_at) {
        (Some(year), _) => year,
        (None, at) => plain.get(at?)?.0,
    };
    let others = plain
        .iter()
        .enumerate()
        .find(|(at, _)| Some(*at) != year_at)
        .map(|(_, number)| number.0);
    Some((year, month, day.or(others).unwrap_or(1)))
}

/// Three numbers, or fewer, in the order that their length and separator tell.
fn in_order(plain: &[(i64, usize)], separator: char, day_first: bool) -> Option<(i64, i64, i64)> {
    match plain {
        [(year, 4), (day_of_year, 3)] => {
            let first = Date::new(i16::try_from(*year).ok()?, 1, 1).ok()?;
            let date = first
                .checked_add(SignedDuration::from_hours(24 * (day_of_year - 1)))
                .ok()?;
            Some((*year, i64::from(date.month()), i64::from(date.day())))
        }
        [(first, 4), (second, _), (third, _), ..] => Some((*first, *second, *third)),
        [(a, 1 | 2), (b, 1 | 2), (year, 2 | 4), ..]
            if separator == '/' && *a <= 12 && (*b > 12 || !day_first) =>
        {
            Some((*year, *a, *b))
        }
        [(day, 1 | 2), (month, 1 | 2), (year, 2), ..] if separator == '/' => {
            Some((*year, *month, *day))
        }
        [(year, 2), (month, 1 | 2), (day, 1 | 2), ..] if *month <= 12 && *day <= 31 => {
            Some((*year, *month, *day))
        }
        [(day, _), (month, _), (year, 2 | 4), ..] => Some((*year, *month, *day)),
        [(year, 4), (month, _)] => Some((*year, *month, 1)),
        [(year, 4)] => Some((*year, 1, 1)),
        _ => None,
    }
}

/// The sign between the first two numbers.
fn separator(pieces: &[Piece]) -> char {
    pieces
        .windows(2)
        .find_map(|two| match two {
            [Piece::Number { .. }, Piece::Sign(sign, _)] => Some(*sign),
            _ => None,
        })
        .unwrap_or(' ')
}

fn full_year(year: i64) -> i64 {
    match year {
        0..=69 => 2000 + year,
        70..=99 => 1900 + year,
        year => year,
    }
}

/// The month that a word names. `mar` is March, and Tuesday in four languages: a clear name wins.
fn named_month(pieces: &[Piece]) -> Option<i8> {
    let of_two = pieces.windows(2).find_map(|two| match two {
        [Piece::Word(first), Piece::Word(second)] => month_of_two(first, second),
        _ => None,
    });
    if of_two.is_some() {
        return of_two;
    }
    let named: Vec<(i8, bool)> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Word(word) => month(word),
            _ => None,
        })
        .collect();
    let clear = named.iter().rev().find(|(_, clear)| *clear);
    clear.or(named.last()).map(|(month, _)| *month)
}
