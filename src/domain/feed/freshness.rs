//! How long an answer stays fresh, and how long a publisher asks to wait: header bytes → durations.
//!
//! After RFC 9111 4.2 as a private cache, without heuristics, and RFC 9110 10.2.3. Durations are not capped
//! here: what of them is honoured is the schedule's.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// A `Date` further off than this tells of a wrong clock, not of an old answer.
const SKEW: Duration = Duration::from_mins(5);

/// The header values that freshness depends on, as sent.
#[derive(Clone, Debug, Default)]
pub struct CacheHeaders<'a> {
    /// Every `Cache-Control`.
    pub cache_control: Vec<&'a [u8]>,
    /// `Expires`.
    pub expires: Option<&'a [u8]>,
    /// `Date`.
    pub date: Option<&'a [u8]>,
    /// `Age`.
    pub age: Option<&'a [u8]>,
    /// Every `Vary`.
    pub vary: Vec<&'a [u8]>,
}

/// How long the answer that came at `received`, `delay` after it was asked for, remains fresh.
///
/// None where nothing says so, and where what is said cannot be read: then it is stale already.
#[must_use]
pub fn fresh_for(
    headers: &CacheHeaders<'_>,
    received: Timestamp,
    delay: Duration,
) -> Option<Duration> {
    if headers.vary.iter().any(|value| value.trim_ascii() == b"*") {
        return None;
    }
    let date = headers.date.and_then(http_date);
    let max_age = match max_age(&headers.cache_control) {
        Said::Bound(age) => Some(age),
        Said::No => return None,
        Said::Nothing => None,
    };
    let lifetime = match max_age {
        Some(age) => age,
        None => between(date.unwrap_or(received), http_date(headers.expires?)?)?,
    };
    let apparent = date
        .and_then(|date| between(date, received))
        .filter(|apparent| *apparent <= SKEW)
        .unwrap_or_default();
    let said = headers.age.and_then(seconds).unwrap_or_default();
    let age = said.saturating_add(delay).max(apparent);
    lifetime.checked_sub(age).filter(|left| !left.is_zero())
}

/// What `Cache-Control` says of freshness.
enum Said {
    Bound(Duration),
    /// It is to be asked again each time, or cannot be read.
    No,
    Nothing,
}

fn max_age(values: &[&[u8]]) -> Said {
    let mut age = Said::Nothing;
    for value in values {
        for directive in value.split(|byte| *byte == b',') {
            let (name, value) = match directive.iter().position(|byte| *byte == b'=') {
                Some(at) => (&directive[..at], &directive[at + 1..]),
                None => (directive, &[][..]),
            };
            let name = name.trim_ascii().to_ascii_lowercase();
            match name.as_slice() {
                b"no-cache" | b"no-store" | b"must-revalidate" => return Said::No,
                b"max-age" if matches!(age, Said::Nothing) => {
                    age = seconds(value).map_or(Said::No, Said::Bound);
                }
                _ => {}
            }
        }
    }
    age
}

/// Digits, perhaps quoted; more than fit are as many as fit.
fn seconds(value: &[u8]) -> Option<Duration> {
    let value = value.trim_ascii();
    let value = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value);
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = value.iter().fold(0u32, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u32::from(digit - b'0'))
    });
    Some(Duration::from_secs(u64::from(seconds)))
}

/// `Retry-After` as a delay: seconds, or a date measured against the answer's own `Date`.
///
/// None for what is past or cannot be read.
#[must_use]
pub fn retry_after(value: &[u8], date: Option<&[u8]>, received: Timestamp) -> Option<Duration> {
    if let Some(delay) = seconds(value) {
        return Some(delay);
    }
    let from = date.and_then(http_date).unwrap_or(received);
    between(from, http_date(value)?)
}

/// From `from` to `to`; none if `to` is not later.
fn between(from: Timestamp, to: Timestamp) -> Option<Duration> {
    Duration::try_from(to.duration_since(from))
        .ok()
        .filter(|span| !span.is_zero())
}

/// An HTTP date in its three forms (RFC 9110 5.6.7) and near misses: one-digit days, `UTC`, `+0000`, full
/// weekday and month names.
#[must_use]
pub fn http_date(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?;
    if text.len() > 64 {
        return None;
    }
    let mut parts = DateParts::default();
    for word in text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        parts.take(word)?;
    }
    let (hour, minute, second) = parts.time?;
    let date = DateTime::new(
        parts.year?,
        parts.month?,
        parts.day?,
        hour,
        minute,
        second.min(59),
        0,
    )
    .ok()?;
    TimeZone::fixed(parts.offset).to_timestamp(date).ok()
}

struct DateParts {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<(i8, i8, i8)>,
    offset: Offset,
}

impl Default for DateParts {
    fn default() -> Self {
        Self {
            day: None,
            month: None,
            year: None,
            time: None,
            offset: Offset::UTC,
        }
    }
}

impl DateParts {
    /// Files one word of the date; none if it has no place in one.
    fn take(&mut self, word: &str) -> Option<()> {
        if word.contains(':') {
            let mut numbers = word.split(':').map(str::parse::<i8>);
            let mut next = || numbers.next()?.ok();
            self.time = Some((next()?, next()?, next().unwrap_or(0)));
        } else if self.time.is_some() && word.starts_with(['+', '-']) {
            self.offset = offset(word)?;
        } else if word.contains('-') {
            for word in word.split('-') {
                self.take(word)?;
            }
        } else if word.bytes().all(|byte| byte.is_ascii_digit()) {
            self.take_number(word)?;
        } else if let Some(month) = month(word) {
            self.month = Some(month);
        } else if !is_filler(word) {
            return None;
        }
        Some(())
    }

    fn take_number(&mut self, digits: &str) -> Option<()> {
        let number: i16 = digits.parse().ok()?;
        if self.day.is_none() && digits.len() <= 2 {
            self.day = Some(i8::try_from(number).ok()?);
        } else if self.year.is_none() {
            self.year = Some(match (digits.len(), number) {
                (2, 0..70) => 2_000 + number,
                (2, _) => 1_900 + number,
                _ => number,
            });
        } else {
            return None;
        }
        Some(())
    }
}

/// Weekdays and the names of zero.
fn is_filler(word: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let word = word.to_ascii_lowercase();
    matches!(word.as_str(), "gmt" | "utc" | "ut" | "z")
        || word.get(..3).is_some_and(|start| DAYS.contains(&start))
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = word.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| *month == start)?;
    i8::try_from(index + 1).ok()
}

fn offset(word: &str) -> Option<Offset> {
    let digits = word.get(1..).filter(|digits| digits.len() == 4)?;
    let number: i32 = digits.parse().ok()?;
    let seconds = (number / 100) * 3_600 + (number % 100) * 60;
    Offset::from_seconds(if word.starts_with('-') {
        -seconds
    } else {
        seconds
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-23T12:00:00Z";

    #[test]
    fn dates_in_every_form() {
        let expected = Some(at("1994-11-06T08:49:37Z"));
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "06 November 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 17:49:37 +0900",
            "Sun, 06 Nov 1994 03:49:37 -0500",
        ] {
            assert_eq!(http_date(text.as_bytes()), expected, "{text}");
        }
        for text in [
            "",
            "0",
            "-1",
            "soon",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994",
            "99999999999",
        ] {
            assert_eq!(http_date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn retry_after_in_every_form() {
        let date = Some(&b"Mon, 23 Nov 2026 13:00:00 GMT"[..]);
        for (value, date, wait) in [
            ("120", None, Some(120)),
            (" 7200 ", None, Some(7_200)),
            ("0", None, Some(0)),
            ("99999999999999999999", None, Some(u64::from(u32::MAX))),
            // The server's clock is an hour ahead: its own Date counts.
            ("Mon, 23 Nov 2026 13:10:00 GMT", date, Some(600)),
            ("Mon, 23 Nov 2026 12:10:00 GMT", None, Some(600)),
            ("Monday, 23-Nov-26 12:10:00 UTC", None, Some(600)),
            ("Mon, 23 Nov 2026 11:00:00 GMT", None, None),
            ("later", None, None),
            ("-5", None, None),
            ("", None, None),
        ] {
            let wait = wait.map(Duration::from_secs);
            assert_eq!(
                retry_after(value.as_bytes(), date, at(NOW)),
                wait,
                "{value}"
            );
        }
    }

    /// `cc`, `exp`, `date`, `age`, `vary`, each with a value.
    fn fresh(lines: &[&str]) -> Option<u64> {
        let mut headers = CacheHeaders::default();
        for line in lines {
            let (name, value) = line.split_once(' ').unwrap();
            let value = value.as_bytes();
            match name {
                "cc" => headers.cache_control.push(value),
                "vary" => headers.vary.push(value),
                "exp" => headers.expires = Some(value),
                "date" => headers.date = Some(value),
                _ => headers.age = Some(value),
            }
        }
        fresh_for(&headers, at(NOW), Duration::ZERO).map(|fresh| fresh.as_secs())
    }

    #[test]
    fn max_age_counts_from_when_the_answer_was_made() {
        let table: [(&[&str], Option<u64>); 12] = [
            (&[], None),
            (&["cc max-age=3600"], Some(3_600)),
            (&["cc max-age=3600", "age 3500"], Some(100)),
            (&["cc max-age=60", "age 61"], None),
            (&["cc max-age=60, max-age=10"], Some(60)),
            (&["cc public, MAX-AGE=\"60\""], Some(60)),
            (&["cc s-maxage=60"], None),
            (&["cc max-age=60, no-cache"], None),
            (&["cc max-age=60", "cc no-store"], None),
            (&["cc max-age=60", "vary *"], None),
            (&["cc max-age=99999999999999"], Some(u32::MAX.into())),
            (
                &["cc max-age=600", "date Mon, 23 Nov 2026 11:58:00 GMT"],
                Some(480),
            ),
        ];
        for (lines, expected) in table {
            assert_eq!(fresh(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn expires_counts_where_max_age_says_nothing() {
        let six = "exp Mon, 23 Nov 2026 18:00:00 GMT";
        let table: [(&[&str], Option<u64>); 5] = [
            (&["cc max-age=60", six], Some(60)),
            (&["cc max-age=abc", six], None),
            (&[six, "date Mon, 23 Nov 2026 17:00:00 GMT"], Some(3_600)),
            (&[six], Some(6 * 3_600)),
            (&["exp 0"], None),
        ];
        for (lines, expected) in table {
            assert_eq!(fresh(lines), expected, "{lines:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(value: Vec<u8>, text in "[A-Za-z0-9 :,+-]{0,40}") {
            let now = at(NOW);
            for value in [&value[..], text.as_bytes()] {
                let _ = retry_after(value, Some(value), now);
                let headers = CacheHeaders {
                    cache_control: vec![value],
                    expires: Some(value),
                    date: Some(value),
                    age: Some(value),
                    vary: vec![value],
                };
                let _ = fresh_for(&headers, now, Duration::from_secs(1));
            }
        }
    }
}
