//! Dates as feeds write them → instants.
//!
//! A date is taken apart into numbers, words and signs, and understood by what stands where; no list of
//! formats. Names of months, days and zones are in `words`. What zone a date without one is in, the caller
//! says; nothing is assumed of dates that cannot be read.

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use unicode_normalization::UnicodeNormalization;

mod words;

use words::{half_day, month, zone_offset};

/// Longest text looked at.
const LONGEST: usize = 120;

/// A piece of a date.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
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
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// What zone a date turned out to be in.
#[derive(Clone, Debug)]
enum Zone {
    Offset(i32),
    Named(TimeZone),
}

/// Reads a date; one without a zone is in `zone`.
pub(super) fn parse(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let mut pieces = pieces(text);
    if let [
        Piece::Number {
            value,
            digits,
            unit: None,
        },
    ] = pieces.as_slice()
        && let Some(epoch) = epoch(*value, *digits)
    {
        return Some(epoch);
    }
    let found = named_zone(text);
    split_compact(&mut pieces);
    let time = take_time(&mut pieces);
    let mut offset = found
        .map(Zone::Named)
        .or_else(|| take_offset(&mut pieces, time.map(|(at, ..)| at)));
    if offset.is_none() {
        offset = take_zone_word(&mut pieces);
    }
    let (mut hour, minute, second) = time.map_or((0, 0, 0), |(_, h, m, s)| (h, m, s));
    if let Some(afternoon) = take_half_day(&mut pieces) {
        hour = match (afternoon, hour) {
            (true, 1..=11) => hour + 12,
            (false, 12) => 0,
            _ => hour,
        };
    }
    let date = date(&pieces)?;
    let (date, hour) = if hour == 24 {
        (date.tomorrow().ok()?, 0)
    } else {
        (date, hour)
    };
    let time = Time::new(hour, minute, second.min(59), 0).ok()?;
    let local = date.to_datetime(time);
    let zone = match offset {
        Some(Zone::Offset(seconds)) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
        Some(Zone::Named(zone)) => zone,
        None => zone.clone(),
    };
    zone.to_timestamp(local).ok()
}

/// The zone of dates that name none: what is configured, else that of the language and the host.
///
/// The second value is false where it was only assumed.
pub(super) fn zone_of(
    configured: Option<&str>,
    language: Option<&str>,
    host: Option<&str>,
) -> (TimeZone, bool) {
    if let Some(zone) = configured.and_then(named) {
        return (zone, true);
    }
    let country = host
        .and_then(|host| host.rsplit('.').next())
        .unwrap_or_default();
    let language = language.unwrap_or_default();
    let primary = language
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let hours = match (country, primary.as_str()) {
        ("kr" | "jp", _) | (_, "ko" | "ja") => 9,
        ("cn" | "tw" | "hk" | "sg", _) => 8,
        _ => return (TimeZone::UTC, false),
    };
    (TimeZone::fixed(Offset::constant(hours)), false)
}

/// A zone by its IANA name; those of East Asia, which know no summer time, also where the machine has no table.
fn named(name: &str) -> Option<TimeZone> {
    let hours = match name {
        "Asia/Seoul" | "Asia/Tokyo" | "Asia/Pyongyang" => 9,
        "Asia/Shanghai" | "Asia/Taipei" | "Asia/Hong_Kong" | "Asia/Singapore" | "Asia/Manila" => 8,
        "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT" => 0,
        _ => return TimeZone::get(name).ok(),
    };
    Some(TimeZone::fixed(Offset::constant(hours)))
}

/// An IANA name somewhere in the text: `Asia/Seoul`.
fn named_zone(text: &str) -> Option<TimeZone> {
    text.match_indices('/')
        .find_map(|(at, _)| named_zone_at(text, at))
}

fn named_zone_at(text: &str, at: usize) -> Option<TimeZone> {
    let start = text[..at]
        .rfind(|c: char| !c.is_ascii_alphabetic())
        .map_or(0, |before| before + 1);
    // `start` may fall into a letter of several bytes.
    let start = text.ceil_char_boundary(start);
    let rest = &text[start..];
    let end =
        rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '_' | '-' | '+'));
    let name = &rest[..end.unwrap_or(rest.len())];
    (at > start && name.as_bytes()[0].is_ascii_uppercase())
        .then(|| named(name))
        .flatten()
}

fn pieces(text: &str) -> Vec<Piece> {
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
            let end = run(&folded, at, |c| c.is_alphabetic());
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

/// Seconds or milliseconds since 1970, as today's numbers look.
fn epoch(value: i64, digits: usize) -> Option<Timestamp> {
    match digits {
        9 | 10 => Timestamp::from_second(value).ok(),
        13 => Timestamp::from_millisecond(value).ok(),
        _ => None,
    }
}

/// Parts `20261123100233` and `20261123T100233` into numbers with units.
fn split_compact(pieces: &mut Vec<Piece>) {
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
        let after_t = dated && matches!(out.last(), Some(Piece::Word(word)) if word == "t");
        if matches!(out.last(), Some(Piece::Sign('.' | ',', false))) {
            out.push(Piece::Number {
                value,
                digits,
                unit: None,
            }); // a fraction
            continue;
        }
        let mut part = |scale: i64, width: i64, unit: Unit| {
            out.push(Piece::Number {
                value: value / scale % width,
                digits: 2,
                unit: Some(unit),
            });
        };
        match digits {
            14 | 12 => {
                let seconds = if digits == 14 { 100 } else { 1 };
                part(100_000_000 * seconds, 10_000, Unit::Year);
                part(1_000_000 * seconds, 100, Unit::Month);
                part(10_000 * seconds, 100, Unit::Day);
                part(100 * seconds, 100, Unit::Hour);
                part(seconds, 100, Unit::Minute);
                if digits == 14 {
                    part(1, 100, Unit::Second);
                }
            }
            8 if (19_000_101..=29_991_231).contains(&value) => {
                dated = true;
                part(10_000, 10_000, Unit::Year);
                part(100, 100, Unit::Month);
                part(1, 100, Unit::Day);
            }
            6 if after_t => {
                part(10_000, 100, Unit::Hour);
                part(100, 100, Unit::Minute);
                part(1, 100, Unit::Second);
            }
            4 if after_t => {
                part(100, 100, Unit::Hour);
                part(1, 100, Unit::Minute);
            }
            _ => out.push(Piece::Number {
                value,
                digits,
                unit: None,
            }),
        }
    }
    *pieces = out;
}

/// Takes the time of day out of the pieces: where it stood, hour, minute, second.
fn take_time(pieces: &mut Vec<Piece>) -> Option<(usize, i8, i8, i8)> {
    let unit_at = pieces.iter().position(|p| {
        matches!(
            p,
            Piece::Number {
                unit: Some(Unit::Hour),
                ..
            }
        )
    });
    let colon_at = || {
        pieces.windows(3).position(|three| {
            matches!(
                three,
                [
                    Piece::Number { .. },
                    Piece::Sign(':', _),
                    Piece::Number { .. }
                ]
            )
        })
    };
    let at = unit_at.or_else(colon_at)?;
    let mut values = [0_i64; 3];
    let mut count = 0;
    let mut end = at;
    while count < 3 {
        let Some(Piece::Number { value, unit, .. }) = pieces.get(end) else {
            break;
        };
        let expected = [Unit::Hour, Unit::Minute, Unit::Second][count];
        if unit.is_some_and(|unit| unit != expected)
            || (unit_at.is_some()
                && unit.is_none()
                && count > 0
                && !matches!(pieces.get(end - 1), Some(Piece::Sign(':', _))))
        {
            break;
        }
        values[count] = *value;
        count += 1;
        end += 1;
        if matches!(pieces.get(end), Some(Piece::Sign(':', _))) {
            end += 1;
        } else if unit.is_none() {
            break;
        }
    }
    // Fractions of a second, in one number or two.
    if let (
        Some(Piece::Sign('.' | ',', false)),
        Some(Piece::Number {
            unit: None, digits, ..
        }),
    ) = (pieces.get(end), pieces.get(end + 1))
        && (count == 3 && *digits != 4 || *digits > 4)
    {
        end += 2;
    }
    pieces.drain(at..end);
    // Numbers that no clock shows stay, so that the whole date is refused.
    let [hour, minute, second] = values.map(|value| i8::try_from(value).unwrap_or(i8::MAX));
    Some((at, hour, minute, second))
}

/// Takes `+09:00`, `-0500`, `UTC+9`, `GMT+0900`, `+9` out of the pieces.
fn take_offset(pieces: &mut Vec<Piece>, time_at: Option<usize>) -> Option<Zone> {
    let at = (0..pieces.len()).find(|at| is_offset(pieces, *at, time_at))?;
    let Piece::Sign(sign, _) = pieces[at] else {
        return None;
    };
    let Piece::Number { value, digits, .. } = pieces[at + 1] else {
        return None;
    };
    let mut end = at + 2;
    let (hours, minutes) = match (pieces.get(end), pieces.get(end + 1)) {
        (Some(Piece::Sign(':', _)), Some(Piece::Number { value: minutes, .. })) if digits <= 2 => {
            end += 2;
            (value, *minutes)
        }
        _ if digits <= 2 => (value, 0),
        _ => (value / 100, value % 100),
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60)
        .ok()
        .filter(|s| *s <= 16 * 3600)?;
    let start = at - usize::from(at > 0 && matches!(&pieces[at - 1], Piece::Word(w) if is_utc(w)));
    pieces.drain(start..end);
    Some(Zone::Offset(if sign == '-' { -seconds } else { seconds }))
}

fn is_offset(pieces: &[Piece], at: usize, time_at: Option<usize>) -> bool {
    let (
        Piece::Sign(sign @ ('+' | '-'), blank),
        Some(Piece::Number {
            digits, unit: None, ..
        }),
    ) = (&pieces[at], pieces.get(at + 1))
    else {
        return false;
    };
    if *digits > 4 {
        return false;
    }
    let after_name = at > 0 && matches!(&pieces[at - 1], Piece::Word(word) if is_utc(word));
    if *sign == '+' || after_name {
        return true;
    }
    // A minus is a sign only right behind the time: elsewhere it parts a date.
    let after_time = time_at.is_some_and(|time| {
        at == time || (at == time + 1 && matches!(pieces[time], Piece::Word(_)))
    });
    let month_next = matches!(pieces.get(at + 2), Some(Piece::Word(word)) if month(word).is_some());
    let colon_next = matches!(pieces.get(at + 2), Some(Piece::Sign(':', _)));
    after_time && !month_next && (*digits >= 3 || colon_next || !blank)
}

fn is_utc(word: &str) -> bool {
    matches!(word, "utc" | "gmt" | "ut" | "z" | "tutc" | "tgmt")
}

/// Takes a zone's short name out of the pieces.
fn take_zone_word(pieces: &mut Vec<Piece>) -> Option<Zone> {
    let found = pieces
        .iter()
        .enumerate()
        .find_map(|(at, piece)| match piece {
            Piece::Word(word) => zone_offset(word).map(|seconds| (at, seconds)),
            _ => None,
        });
    let (at, seconds) = found?;
    pieces.remove(at);
    Some(Zone::Offset(seconds))
}

/// Takes am or pm out of the pieces; true for the afternoon.
fn take_half_day(pieces: &mut Vec<Piece>) -> Option<bool> {
    let joined = |pieces: &[Piece], at: usize| match &pieces[at] {
        // `a.m.`: two words of one letter.
        Piece::Word(word) if matches!(word.as_str(), "a" | "p") => match pieces.get(at + 1..at + 3)
        {
            Some([Piece::Sign('.', _), Piece::Word(m)]) if m == "m" => Some(word == "p"),
            _ => None,
        },
        Piece::Word(word) => half_day(word),
        _ => None,
    };
    let (at, afternoon) =
        (0..pieces.len()).find_map(|at| joined(pieces, at).map(|afternoon| (at, afternoon)))?;
    pieces.remove(at);
    Some(afternoon)
}

/// The date in what is left: by units, by a month's name, or by the order of three numbers.
fn date(pieces: &[Piece]) -> Option<Date> {
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
    let named: Vec<(i8, bool)> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Word(word) => month(word),
            _ => None,
        })
        .collect();
    // `mar` is March, and Tuesday in four languages: a month of clear name behind it wins.
    let named = named
        .iter()
        .rev()
        .find(|(_, clear)| *clear)
        .or(named.last())
        .map(|(month, _)| *month);
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
        (year, Some(month), day) => named_date(&plain, year, month, day)?,
        _ => match named {
            Some(month) => named_date(&plain, None, i64::from(month), None)?,
            None => numeric_date(&plain, separator(pieces))?,
        },
    };
    let digits = plain
        .iter()
        .find(|(value, _)| *value == year)
        .map_or(4, |(_, digits)| *digits);
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
    .filter(|date| (1900..=2200).contains(&date.year()))
}

/// Day and year around a known month: the number of four digits is the year, else the last one.
fn named_date(
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
fn numeric_date(plain: &[(i64, usize)], separator: char) -> Option<(i64, i64, i64)> {
    match plain {
        [(year, 4), (day_of_year, 3), ..] => {
            let first = Date::new(i16::try_from(*year).ok()?, 1, 1).ok()?;
            let date = first
                .checked_add(SignedDuration::from_hours(24 * (day_of_year - 1)))
                .ok()?;
            Some((*year, i64::from(date.month()), i64::from(date.day())))
        }
        [(year, 4), (month, _), (day, _), ..] => Some((*year, *month, *day)),
        [(a, _), (b, _), (year, 4), ..] if separator == '/' && *a <= 12 => Some((*year, *a, *b)),
        [(day, _), (month, _), (year, 4), ..] => Some((*year, *month, *day)),
        [(a, 1 | 2), (b, 1 | 2), (year, 2), ..] if separator == '/' && *a <= 12 => {
            Some((*year, *a, *b))
        }
        [(year, 2), (month, 1 | 2), (day, 1 | 2), ..] if *month <= 12 => {
            Some((*year, *month, *day))
        }
        [(day, 1 | 2), (month, 1 | 2), (year, 2), ..] => Some((*year, *month, *day)),
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

#[cfg(test)]
mod tests;
