//! Wall-clock times in a zone, over every change of its clocks: quiet hours, and a time of day (DLV-33, DLV-34).
//!
//! Pure: zones are looked up where config is read. Nothing here knows what waits for these times.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::domain::rule::Severity;

/// A span of the local day in which a receiver is left alone.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietHours {
    /// When it begins.
    pub from: Time,
    /// When it ends; earlier than `from`: on the next day.
    pub to: Time,
    /// Whose clock counts.
    pub zone: TimeZone,
    /// From this severity on alerts pass.
    pub except: Option<Severity>,
}

impl QuietHours {
    /// When the span that holds `now` ends; none where there is none, or where alerts of `severity` pass.
    #[must_use]
    pub fn until(&self, severity: Severity, now: Timestamp) -> Option<Timestamp> {
        if self.except.is_some_and(|except| severity >= except) {
            return None;
        }
        days_around(&self.zone, now)
            .filter_map(|date| self.span(date))
            .find(|(start, end)| *start <= now && now < *end)
            .map(|(_, end)| end)
    }

    /// The span that begins on a local date: never shorter than the person sees it on the clock.
    fn span(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let end = if self.to > self.from {
            date
        } else {
            date.tomorrow().ok()?
        };
        let (start, _) = instants(&self.zone, date.to_datetime(self.from))?;
        let (_, end) = instants(&self.zone, end.to_datetime(self.to))?;
        Some((start, end))
    }
}

/// A time of day that comes once on each local date.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeOfDay {
    /// On the clock.
    pub at: Time,
    /// Whose clock.
    pub zone: TimeZone,
}

impl TimeOfDay {
    /// The next time after `now`.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.around(now).find(|(_, at)| *at > now).map(|(_, at)| at)
    }

    /// The local date of the last time up to `now`.
    #[must_use]
    pub fn last(&self, now: Timestamp) -> Option<Date> {
        let past = self.around(now).filter(|(_, at)| *at <= now);
        past.last().map(|(date, _)| date)
    }

    /// In order, enough of them to hold the last and the next.
    fn around(&self, now: Timestamp) -> impl Iterator<Item = (Date, Timestamp)> {
        days_around(&self.zone, now).filter_map(|date| {
            let (first, _) = instants(&self.zone, date.to_datetime(self.at))?;
            Some((date, first))
        })
    }
}

/// The local dates about `now`. Two on each side: a zone that crosses the date line leaves a date out.
fn days_around(zone: &TimeZone, now: Timestamp) -> impl Iterator<Item = Date> {
    let today = zone.to_datetime(now).date();
    (-2..=2).filter_map(move |days| today.checked_add(jiff::Span::new().days(days)).ok())
}

/// The first and the last instant at which the clock shows `at`; where it never does, the first after the gap.
fn instants(zone: &TimeZone, at: DateTime) -> Option<(Timestamp, Timestamp)> {
    match zone.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => {
            let instant = offset.to_timestamp(at).ok()?;
            Some((instant, instant))
        }
        AmbiguousOffset::Fold { before, after } => {
            Some((before.to_timestamp(at).ok()?, after.to_timestamp(at).ok()?))
        }
        AmbiguousOffset::Gap { after, .. } => {
            let before_the_gap = after.to_timestamp(at).ok()?;
            let change = zone.following(before_the_gap).next()?.timestamp();
            Some((change, change))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn quiet(from: &str, to: &str, name: &str) -> QuietHours {
        QuietHours {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            zone: zone(name),
            except: Some(Severity::Critical),
        }
    }

    /// `until` as text, `-` where it is not quiet.
    fn until(hours: &QuietHours, now: &str) -> String {
        hours
            .until(Severity::High, at(now))
            .map_or("-".to_owned(), |until| until.to_string())
    }

    #[test]
    fn quiet_hours_wrap_midnight_and_let_the_exception_through() {
        let night = quiet("22:00:00", "07:00:00", "Asia/Seoul");
        for (now, expected) in [
            ("2026-11-24T12:59:59Z", "-"),
            ("2026-11-24T13:00:00Z", "2026-11-24T22:00:00Z"),
            ("2026-11-24T14:10:00Z", "2026-11-24T22:00:00Z"),
            ("2026-11-24T21:59:59Z", "2026-11-24T22:00:00Z"),
            ("2026-11-24T22:00:00Z", "-"),
        ] {
            assert_eq!(until(&night, now), expected, "{now}");
        }
        assert_eq!(
            night.until(Severity::Critical, at("2026-11-24T14:11:00Z")),
            None
        );
        let noon = quiet("12:00:00", "13:00:00", "UTC");
        assert_eq!(until(&noon, "2026-11-24T12:30:00Z"), "2026-11-24T13:00:00Z");
        assert_eq!(until(&noon, "2026-11-24T13:00:00Z"), "-");
    }

    #[test]
    fn a_boundary_in_a_gap_falls_on_its_end_and_a_double_one_makes_the_span_longer() {
        let hours = quiet("02:30:00", "03:30:00", "Europe/Berlin");
        // 2027-03-28: 02:00 becomes 03:00.
        for (now, expected) in [
            ("2027-03-28T00:59:59Z", "-"),
            ("2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z"),
            ("2027-03-28T01:30:00Z", "-"),
            // 2026-10-25: 03:00 becomes 02:00.
            ("2026-10-25T00:29:59Z", "-"),
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"),
            ("2026-10-25T01:15:00Z", "2026-10-25T02:30:00Z"),
            ("2026-10-25T02:30:00Z", "-"),
        ] {
            assert_eq!(until(&hours, now), expected, "{now}");
        }
        let ends_double = quiet("01:30:00", "02:30:00", "Europe/Berlin");
        assert_eq!(
            until(&ends_double, "2026-10-25T00:45:00Z"),
            "2026-10-25T01:30:00Z"
        );
        let inside = quiet("02:10:00", "02:50:00", "Europe/Berlin");
        assert_eq!(until(&inside, "2027-03-28T01:00:00Z"), "-");
    }

    #[test]
    fn a_time_of_day_comes_once_a_date() {
        let morning = TimeOfDay {
            at: "02:30:00".parse().unwrap(),
            zone: zone("Europe/Berlin"),
        };
        for (now, next, last) in [
            ("2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-24"),
            ("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-25"),
            ("2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z", "2026-10-25"),
            ("2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-27"),
            ("2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z", "2027-03-28"),
        ] {
            assert_eq!(morning.next(at(now)).unwrap(), at(next), "{now}");
            assert_eq!(morning.last(at(now)).unwrap().to_string(), last, "{now}");
        }
    }

    #[test]
    fn a_date_that_a_zone_leaves_out_stops_nothing() {
        let morning = TimeOfDay {
            at: "08:00:00".parse().unwrap(),
            zone: zone("Pacific/Apia"),
        };
        // 2011-12-30 did not happen there.
        let mut now = at("2011-12-28T00:00:00Z");
        for _ in 0..6 {
            let next = morning.next(now).unwrap();
            assert!(next > now && next.duration_since(now).as_hours() <= 24);
            now = next;
        }
    }

    proptest! {
        #[test]
        fn quiet_hours_end_within_a_day_and_an_hour_or_two(
            seconds in 1_700_000_000i64..1_900_000_000,
            from in 0i8..24, to in 0i8..24, half: bool,
            name in prop::sample::select(vec![
                "Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                "Pacific/Apia", "Africa/Casablanca", "UTC",
            ]),
        ) {
            let minute = if half { 30 } else { 0 };
            let hours = QuietHours {
                from: jiff::civil::time(from, minute, 0, 0),
                to: jiff::civil::time(to, 0, 0, 0),
                zone: zone(name),
                except: None,
            };
            let now = Timestamp::from_second(seconds).unwrap();
            if let Some(end) = hours.until(Severity::Info, now) {
                prop_assert!(end > now);
                prop_assert!(end.duration_since(now).as_hours() <= 26);
                // What is released at the end is not held again by the same span.
                let again = hours.until(Severity::Info, end);
                prop_assert!(again.is_none() || from == to);
            }
        }

        #[test]
        fn times_of_day_advance_by_about_a_day(
            seconds in 1_700_000_000i64..1_900_000_000, hour in 0i8..24,
            name in prop::sample::select(vec![
                "Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC",
            ]),
        ) {
            let clock = TimeOfDay { at: jiff::civil::time(hour, 30, 0, 0), zone: zone(name) };
            let first = clock.next(Timestamp::from_second(seconds).unwrap()).unwrap();
            let second = clock.next(first).unwrap();
            prop_assert!((22..=26).contains(&second.duration_since(first).as_hours()));
            let date = clock.last(first).unwrap();
            prop_assert_eq!(date.tomorrow().unwrap(), clock.last(second).unwrap());
        }
    }
}
