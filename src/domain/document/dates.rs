//! Dates as feeds write them → instants.
//!
//! A date is taken apart into numbers, words and signs, and understood by what stands where; no list of
//! formats. Names of months, days and zones are in `words`. What zone a date without one is in, the caller
//! says; nothing is assumed of dates that cannot be read.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::{Offset, TimeZone};

mod civil;
mod habits;
mod pieces;
mod usual;
mod words;

use civil::date;
pub(super) use habits::{Habits, MOST_DATES};
use pieces::{Piece, Unit, pieces, split_compact};
use words::{half_day, month, zone_offset};

/// Longest text looked at.
const LONGEST: usize = 120;

/// What zone a date turned out to be in.
#[derive(Clone, Debug)]
enum Zone {
    Offset(i32),
    Named(TimeZone),
}

/// A date as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// The instant.
    pub at: Timestamp,
    /// Whether the text says in which zone; else it was read in that of the habits.
    pub has_zone: bool,
}

/// Reads a date; what it leaves open is as the document's other dates have it.
pub(super) fn parse(text: &str, habits: &Habits) -> Option<Read> {
    let text = text.trim();
    let usual = usual::parse(text).map(|at| Read { at, has_zone: true });
    usual.or_else(|| {
        let (at, offset) = by_pieces(text, habits)?;
        let has_zone = offset.is_some();
        Some(Read { at, has_zone })
    })
}

/// The instant, and the zone where the text says one.
fn by_pieces(text: &str, habits: &Habits) -> Option<(Timestamp, Option<Offset>)> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    if text.ends_with(" ago") {
        return None;
    }
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
        return Some((epoch, Some(Offset::UTC)));
    }
    let found = named_zone(text);
    split_compact(&mut pieces);
    let time = take_time(&mut pieces);
    let zone = found
        .map(Zone::Named)
        .or_else(|| take_offset(&mut pieces, time.map(|(at, ..)| at)))
        .or_else(|| take_zone_word(&mut pieces, time.map(|(at, ..)| at)));
    let (mut hour, minute, second) = time.map_or((0, 0, 0), |(_, h, m, s)| (h, m, s));
    if let Some(afternoon) = take_half_day(&mut pieces) {
        hour = match (afternoon, hour) {
            (true, 1..=11) => hour + 12,
            (false, 12) => 0,
            _ => hour,
        };
    }
    let day = date(&pieces, habits.day_first)?;
    let (day, hour) = if hour == 24 {
        (day.tomorrow().ok()?, 0)
    } else {
        (day, hour)
    };
    let time = Time::new(hour, minute, second.min(59), 0).ok()?;
    let said = zone.is_some();
    let zone = match zone {
        Some(Zone::Offset(seconds)) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
        Some(Zone::Named(zone)) => zone,
        None => habits.zone.clone(),
    };
    let at = zone.to_timestamp(day.to_datetime(time)).ok()?;
    Some((at, said.then(|| zone.to_offset(at))))
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

/// Seconds or milliseconds since 1970, as today's numbers look.
fn epoch(value: i64, digits: usize) -> Option<Timestamp> {
    match digits {
        9 | 10 => Timestamp::from_second(value).ok(),
        13 => Timestamp::from_millisecond(value).ok(),
        _ => None,
    }
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
            value,
            digits,
            unit: None,
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
    let is_last = at + 2 == pieces.len();
    let has_year = pieces[..at].iter().any(|piece| {
        matches!(
            piece,
            Piece::Number { digits: 4, .. }
                | Piece::Number {
                    unit: Some(Unit::Year),
                    ..
                }
        )
    });
    // `02.01.2026 -0700`: a year is before it, and no year ends so.
    let is_plausible = *value <= 1400 && matches!(value % 100, 0 | 15 | 30 | 45);
    if is_last && has_year && *blank && *digits == 4 && is_plausible {
        return true;
    }
    after_time && !month_next && (*digits >= 3 || colon_next || !blank || is_last && has_year)
}

fn is_utc(word: &str) -> bool {
    matches!(word, "utc" | "gmt" | "ut" | "z" | "tutc" | "tgmt")
}

/// Takes a zone's short name out of the pieces.
fn take_zone_word(pieces: &mut Vec<Piece>, time_at: Option<usize>) -> Option<Zone> {
    let behind_time = |at: usize| time_at.is_some_and(|time| at >= time);
    let found = pieces
        .iter()
        .enumerate()
        .find_map(|(at, piece)| match piece {
            Piece::Word(word) => zone_offset(word, behind_time(at)).map(|seconds| (at, seconds)),
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

#[cfg(test)]
mod tests;
