//! Points in time as people type them: `7d` ago, `2026-11-24`, `2026-11-24T09:00`, or a whole timestamp.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::exit::Failure;
use crate::domain::units;

/// Reads `text`; durations count back from `now`, dates and times without a zone are in `zone`.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Failure> {
    let text = text.trim();
    if let Ok(ago) = units::parse_duration(text) {
        let ago = SignedDuration::try_from(ago).unwrap_or(SignedDuration::MAX);
        return Ok(now.checked_sub(ago).unwrap_or(Timestamp::MIN));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
    civil.ok().and_then(|civil| zone.to_timestamp(civil).ok()).ok_or_else(|| {
        Failure::usage(format!("`{text}` is not a time: write 7d, 2026-11-24, 2026-11-24T09:00 or 2026-11-24T09:00:00Z"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let seoul = TimeZone::get("Asia/Seoul").unwrap();
        for (text, expected) in [
            ("7d", "2026-11-17T12:00:00Z"),
            ("2026-11-24", "2026-11-23T15:00:00Z"),
            ("2026-11-24T09:00", "2026-11-24T00:00:00Z"),
            ("2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z"),
            ("2026-11-24T09:00:00+09:00", "2026-11-24T00:00:00Z"),
        ] {
            assert_eq!(
                parse(text, now, &seoul).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
        assert!(parse("yesterday-ish", now, &seoul).is_err());
    }
}
