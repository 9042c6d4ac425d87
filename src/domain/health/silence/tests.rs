use proptest::prelude::*;

use super::*;
use crate::domain::feed::rhythm::Rhythm;
use crate::domain::feed::week::Week;

/// A Tuesday.
fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// A feed that published at these times, watched since the first of them, seen at `now`.
fn feed(times: &[Timestamp], now: Timestamp) -> FeedState {
    let mut week = Week::default();
    for pair in times.windows(2) {
        week.add([(hour_of(pair[0]), 1.0)]);
        week.age(pair[1].duration_since(pair[0]).as_secs_f64() / 86_400.0);
    }
    FeedState {
        last_outcome: Some(OutcomeKind::NotModified),
        last_success: Some(now),
        last_new: times.last().copied(),
        rhythm: Rhythm {
            since: times.first().map(|at| at.as_second()),
            newest: times.last().map(|at| at.as_second()),
            week,
            ..Rhythm::default()
        },
        ..FeedState::default()
    }
}

/// The first hour after its last entry at which a feed counts as silent, within three weeks.
fn silent_after(times: &[Timestamp]) -> Option<i64> {
    let last = *times.last().unwrap();
    (1..21 * 24).find(|hour| {
        let now = last + hours(*hour);
        judge(&feed(times, now), times, now).is_some()
    })
}

/// Days back from `now`, oldest first, on which `keep` says yes, at nine.
fn mornings(days: i64, keep: impl Fn(jiff::civil::Weekday) -> bool) -> Vec<Timestamp> {
    let nine = now() - hours(1);
    let days = (0..days).rev().map(|day| nine - hours(24 * day));
    days.filter(|at| keep(weekday(*at))).collect()
}

fn weekday(at: Timestamp) -> jiff::civil::Weekday {
    at.to_zoned_datetime(jiff::tz::TimeZone::UTC).weekday()
}

#[test]
fn a_daily_feed_is_silent_within_four_days_and_not_within_two() {
    let daily = mornings(60, |_| true);
    let after = silent_after(&daily).unwrap();
    assert!((48..=96).contains(&after), "{after}");
}

#[test]
fn a_weekend_is_no_silence_for_a_feed_that_never_posts_then() {
    use jiff::civil::Weekday::{Saturday, Sunday};
    let weekdays = mornings(70, |day| day != Saturday && day != Sunday);
    let friday = weekdays
        .iter()
        .rposition(|at| weekday(*at) == jiff::civil::Weekday::Friday)
        .unwrap();
    let after = silent_after(&weekdays[..=friday]).unwrap();
    assert!(
        after > 3 * 24,
        "until Monday nine it is quiet as ever: {after}"
    );
    assert!(after <= 8 * 24, "{after}");
}

#[test]
fn a_busy_feed_is_silent_after_a_day() {
    let busy: Vec<Timestamp> = (0..2_000)
        .rev()
        .map(|n| now() - SignedDuration::from_mins(n * 29 + n % 7))
        .collect();
    assert_eq!(silent_after(&busy), Some(24));
}

#[test]
fn a_weekly_feed_may_leave_out_a_week() {
    let weekly: Vec<Timestamp> = (0..20).rev().map(|n| now() - hours(n * 168)).collect();
    let after = silent_after(&weekly).unwrap();
    assert!((15 * 24..=21 * 24).contains(&after), "{after}");
}

#[test]
fn of_a_young_feed_or_one_that_fails_nothing_is_said() {
    let short = mornings(6, |_| true);
    assert_eq!(silent_after(&short), None);
    let daily = mornings(60, |_| true);
    let later = now() + hours(400);
    let failing = FeedState {
        failures: 1,
        last_outcome: Some(OutcomeKind::HttpError),
        ..feed(&daily, later)
    };
    assert_eq!(judge(&failing, &daily, later), None);
    assert!(judge(&feed(&daily, later), &daily, later).is_some());
}

#[test]
fn bunched_entries_make_long_gaps_likely() {
    // Ten entries in an hour, then nothing for three days, again and again.
    let bunched: Vec<Timestamp> = (0..20)
        .rev()
        .flat_map(|bunch| {
            (0..10).map(move |n| now() - hours(72 * bunch) - SignedDuration::from_mins(6 * n))
        })
        .collect();
    let mut bunched = bunched;
    bunched.sort_unstable();
    let after = silent_after(&bunched);
    assert!(after.is_none_or(|after| after > 5 * 24), "{after:?}");
}

#[test]
fn the_text_states_the_probability() {
    let daily = mornings(60, |_| true);
    let later = now() + hours(96);
    let text = judge(&feed(&daily, later), &daily, later)
        .unwrap()
        .text("news");
    assert!(
        text.contains("nothing new since 2026-11-24 09:00 UTC (4 d ago)"),
        "{text}"
    );
    assert!(
        text.contains("an entry every 24 h") && text.contains("probability"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn longer_gaps_are_never_likelier(
        gaps in proptest::collection::vec(0.01..500.0_f64, 8..60),
        one in 0.0..2_000.0_f64,
        more in 0.0..2_000.0_f64,
    ) {
        let (shorter, longer) = (tail(&gaps, one), tail(&gaps, one + more));
        prop_assert!((0.0..=1.0).contains(&shorter) && longer <= shorter + 1e-12);
    }
}
