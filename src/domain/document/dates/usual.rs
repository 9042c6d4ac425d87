//! The two spellings that nearly all feeds use, read by their columns: RFC 3339, and RFC 822 with a year of four digits.
//!
//! Only what leaves no question is read here; the rest is for the long way, which gives the same for these.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use super::civil::stands_for_none;

/// Names of months as RFC 822 writes them.
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// Names of days.
const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// The instant of a date in one of the usual spellings.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    internet(bytes).or_else(|| mail(bytes))
}

/// `2026-11-24T10:00:00Z`, `2026-11-24T10:00:00+09:00`.
fn internet(bytes: &[u8]) -> Option<Timestamp> {
    let (day, rest) = bytes.split_at_checked(10)?;
    let [b'T', rest @ ..] = rest else { return None };
    let (time, zone) = rest.split_at_checked(8)?;
    if day[4] != b'-' || day[7] != b'-' {
        return None;
    }
    let offset = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => signed(*sign, &[*h1, *h2], &[*m1, *m2])?,
        _ => return None,
    };
    instant(
        number(&day[..4])?,
        number(&day[5..7])?,
        number(&day[8..])?,
        time,
        offset,
    )
}

/// `Tue, 24 Nov 2026 10:00:00 GMT`, `Tue, 24 Nov 2026 10:00:00 +0900`.
fn mail(bytes: &[u8]) -> Option<Timestamp> {
    let (name, rest) = bytes.split_at_checked(3)?;
    let rest = rest.strip_prefix(b", ")?;
    let (day, rest) = rest.split_at_checked(2)?;
    let (month, rest) = rest.strip_prefix(b" ")?.split_at_checked(3)?;
    let (year, rest) = rest.strip_prefix(b" ")?.split_at_checked(4)?;
    let (time, rest) = rest.strip_prefix(b" ")?.split_at_checked(8)?;
    if !DAYS.contains(&name) {
        return None;
    }
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let offset = match rest {
        b" GMT" | b" UTC" => 0,
        [b' ', sign @ (b'+' | b'-'), h1, h2, m1, m2] => signed(*sign, &[*h1, *h2], &[*m1, *m2])?,
        _ => return None,
    };
    instant(
        number(year)?,
        i16::try_from(month).ok()?,
        number(day)?,
        time,
        offset,
    )
}

/// Seconds of an offset, up to fourteen hours.
fn signed(sign: u8, hours: &[u8], minutes: &[u8]) -> Option<i32> {
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    let is_sane = hours <= 14 && minutes < 60;
    is_sane.then_some(if sign == b'-' { -seconds } else { seconds })
}

/// An instant of plausible years; `time` is `10:00:00`.
fn instant(year: i16, month: i16, day: i16, time: &[u8], offset: i32) -> Option<Timestamp> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *time else {
        return None;
    };
    let small = |number: i16| i8::try_from(number).ok();
    let clock = Time::new(
        small(number(&[h1, h2])?)?,
        small(number(&[m1, m2])?)?,
        small(number(&[s1, s2])?)?,
        0,
    );
    let date = Date::new(year, small(month)?, small(day)?).ok()?;
    let local = date.to_datetime(clock.ok()?);
    let offset = Offset::from_seconds(offset).ok()?;
    let is_plausible = (100..=2199).contains(&year) && !stands_for_none(date);
    is_plausible.then(|| offset.to_timestamp(local).ok())?
}

/// Digits alone.
fn number(digits: &[u8]) -> Option<i16> {
    digits.iter().try_fold(0_i16, |value, digit| {
        digit
            .is_ascii_digit()
            .then(|| value * 10 + i16::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Habits, by_pieces};
    use super::*;

    #[test]
    fn the_usual_spellings_are_read() {
        for text in [
            "2026-11-24T10:00:00Z",
            "2026-11-24T19:00:00+09:00",
            "Tue, 24 Nov 2026 10:00:00 GMT",
            "Tue, 24 Nov 2026 05:00:00 -0500",
        ] {
            assert_eq!(parse(text), "2026-11-24T10:00:00Z".parse().ok(), "{text}");
        }
        for (text, at) in [
            ("Thu, 04 Jul 1776 18:30:02 GMT", -6_105_994_198),
            ("0103-12-13T18:30:02Z", -58_886_890_198),
        ] {
            assert_eq!(parse(text).map(Timestamp::as_second), Some(at), "{text}");
        }
        // What programs write for none.
        for text in [
            "0001-01-01T00:00:00Z",
            "1601-01-01T00:00:00Z",
            "1753-01-01T00:00:00Z",
            "Sat, 30 Dec 1899 00:00:00 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
            assert_eq!(
                super::super::parse(text, &Habits::default()),
                None,
                "{text}"
            );
        }
        for text in [
            "2026-11-24",
            "2026-11-24T10:00:00",
            "24 Nov 2026 10:00:00 GMT",
            "Tue, 31 Feb 2026 10:00:00 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn they_mean_what_the_long_way_says(
            (year, month, day) in (prop_oneof![1500_u16..2205, 1895_u16..2205], 0_u8..14, 0_u8..33),
            (hour, minute, second) in (0_u8..26, 0_u8..62, 0_u8..62),
            zone in "[+-](0[0-9]|1[0-5]):?(00|30|59|60)|Z| GMT| UTC| [+-](0[0-9]|1[0-5])(00|30|61)",
            is_mail: bool,
        ) {
            let text = if is_mail {
                let name = MONTHS[usize::from(month) % 12];
                let name = std::str::from_utf8(name).unwrap();
                format!("Mon, {day:02} {name} {year} {hour:02}:{minute:02}:{second:02}{zone}")
            } else {
                format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
            };
            if let Some(at) = parse(&text) {
                let long = by_pieces(&text, &Habits::default()).map(|(at, _)| at);
                prop_assert_eq!(long, Some(at), "{}", text);
            }
        }
    }
}
