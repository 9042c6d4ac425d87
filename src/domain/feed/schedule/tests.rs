//! The schedule from outside: bounds, reasons, back-off, jitter, spreading.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::feed::Origin;
use crate::domain::feed::signs::{GapSign, Signs};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Monday.
fn now() -> Timestamp {
    at("2026-11-23T12:00:00Z")
}

fn feed(id: &str, interval: Option<Duration>) -> Feed {
    Feed {
        id: FeedId::new(id),
        url: "https://h.example/feed".to_owned(),
        title: None,
        tags: Vec::new(),
        interval,
        full_text: false,
        language: None,
        default_tz: None,
        owner: None,
        history: 0,
        headers: BTreeMap::new(),
        transport: None,
        enabled: true,
        origin: Origin::File,
        websub: crate::domain::feed::websub::Terms::default(),
    }
}

fn pace() -> Pace {
    Pace {
        interval: None,
        budget: 24.0,
        min: 5 * MINUTE,
        max: DAY,
        price: None,
    }
}

fn good() -> FeedState {
    FeedState {
        last_outcome: Some(OutcomeKind::OkSame),
        etag: Some(b"\"x\"".to_vec()),
        ..FeedState::default()
    }
}

fn bad(kind: OutcomeKind, failures: u32) -> FeedState {
    FeedState {
        last_outcome: Some(kind),
        failures,
        streak: failures,
        ..good()
    }
}

fn answered(status: u16) -> HttpFacts {
    HttpFacts {
        status: Some(status),
        ..HttpFacts::default()
    }
}

/// The delay, at least `expected` and at most a tenth more.
fn assert_about(next: NextPoll, expected: Duration, why: Why, case: &str) {
    let delay = until_then(now(), next.at.unwrap());
    let most = expected.mul_f64(1.1).max(expected + MINUTE);
    assert!(
        (expected..=most).contains(&delay),
        "{case}: {delay:?}, expected {expected:?}"
    );
    assert_eq!(next.why, why, "{case}");
}

fn fast() -> FeedState {
    FeedState {
        rate_count: 90_000.0,
        rate_days: 14.0,
        ..good()
    }
}

#[test]
fn intervals_and_their_bounds() {
    let slow = FeedState {
        rate_days: 20.0,
        ..good()
    };
    let unvalidated = FeedState {
        etag: None,
        ..fast()
    };
    let gap = GapSign {
        count: 1,
        last: now(),
        within_s: 1_200,
    };
    let gapped = FeedState {
        last_poll: Some(now()),
        signs: Signs {
            gap: Some(gap),
            ..Signs::default()
        },
        ..good()
    };
    let second = Duration::from_secs(1);
    let fixed = 10 * MINUTE;
    for (case, state, interval, expected, why) in [
        ("no history", good(), None, HOUR, Why::Interval),
        ("fixed", good(), Some(fixed), fixed, Why::Interval),
        ("a gap", gapped.clone(), None, 20 * MINUTE, Why::Gap),
        ("set", gapped, Some(fixed), fixed, Why::Interval),
        ("a minute", good(), Some(second), MINUTE, Why::Interval),
        ("floor", fast(), None, 5 * MINUTE, Why::Floor),
        ("bodies", unvalidated, None, 30 * MINUTE, Why::Floor),
        ("ceiling", slow, None, 2 * HOUR, Why::Ceiling),
    ] {
        let tight = Pace {
            max: 2 * HOUR,
            ..pace()
        };
        let feed = feed("a", interval);
        let next = next(&feed, &state, &answered(200), &tight, now());
        assert_about(next, expected, why, case);
    }
}

#[test]
fn cache_headers_and_retry_after_bind() {
    let feed = feed("a", Some(10 * MINUTE));
    for (case, seconds, expected) in [
        ("max-age", 1_800, 30 * MINUTE),
        ("max-age of years", 504_576_000, DAY),
    ] {
        let facts = HttpFacts {
            fresh_for: Some(Duration::from_secs(seconds)),
            ..answered(200)
        };
        let next = next(&feed, &good(), &facts, &pace(), now());
        assert_about(next, expected, Why::Fresh, case);
    }
    for wait in [2 * HOUR, 50 * HOUR] {
        let state = FeedState {
            retry_after: Some(later(now(), wait)),
            ..good()
        };
        let next = next(&feed, &state, &answered(200), &pace(), now());
        assert_about(next, wait, Why::RetryAfter, "retry-after");
    }
}

#[test]
fn a_ttl_advises() {
    let fixed = Some(10 * MINUTE);
    for (case, minutes, state, interval, expected, why) in [
        ("ttl", 120, good(), fixed, 2 * HOUR, Why::Ttl),
        ("disproved", 1_440, fast(), None, HOUR, Why::Ttl),
        ("a month", 43_200, good(), fixed, 10 * MINUTE, Why::Interval),
    ] {
        let state = FeedState {
            ttl_minutes: Some(minutes),
            ..state
        };
        let feed = feed("a", interval);
        let next = next(&feed, &state, &answered(200), &pace(), now());
        assert_about(next, expected, why, case);
    }
}

#[test]
fn failures_stretch_the_interval() {
    use OutcomeKind::{Gone, HttpError, NetError, NotAFeed, Offline, RateLimited};
    let half = 30 * MINUTE;
    for (case, kind, status, failures, expected, why) in [
        ("first error", NetError, 0, 1, half, Why::BackOff),
        ("third error", HttpError, 503, 3, 2 * HOUR, Why::BackOff),
        ("up to a day", HttpError, 500, 30, DAY, Why::BackOff),
        ("not a feed", NotAFeed, 200, 2, HOUR, Why::BackOff),
        ("404", HttpError, 404, 1, HOUR, Why::BackOff),
        ("404 again", HttpError, 404, 2, 2 * HOUR, Why::BackOff),
        ("403", HttpError, 403, 1, 4 * HOUR, Why::BackOff),
        ("403 again", HttpError, 403, 2, 8 * HOUR, Why::BackOff),
        ("429", RateLimited, 429, 1, HOUR, Why::RetryAfter),
        ("429 again", RateLimited, 429, 4, 8 * HOUR, Why::RetryAfter),
        ("410", Gone, 410, 1, DAY, Why::BackOff),
        ("offline", Offline, 0, 9, half, Why::BackOff),
    ] {
        let state = bad(kind, failures);
        let next = next(
            &feed("a", Some(half)),
            &state,
            &answered(status),
            &pace(),
            now(),
        );
        let why = if expected == half { Why::Interval } else { why };
        assert_about(next, expected, why, case);
    }
    let gone = FeedState {
        gone: true,
        ..bad(Gone, 3)
    };
    let next = next(&feed("a", None), &gone, &answered(410), &pace(), now());
    assert_eq!((next.at, next.why), (None, Why::Gone));
}

#[test]
fn a_429_with_retry_after_waits_just_that() {
    let state = FeedState {
        retry_after: Some(later(now(), 2 * HOUR)),
        ..bad(OutcomeKind::RateLimited, 5)
    };
    let facts = HttpFacts {
        retry_after: Some(2 * HOUR),
        ..answered(429)
    };
    let next = next(
        &feed("a", Some(30 * MINUTE)),
        &state,
        &facts,
        &pace(),
        now(),
    );
    assert_about(next, 2 * HOUR, Why::RetryAfter, "429");
}

#[test]
fn skipped_hours_and_days_are_left_alone() {
    let ten_minutes = Some(10 * MINUTE);
    let noon_to_six = FeedState {
        skip_hours: 0b11_1111 << 12,
        ..good()
    };
    let next_at = |state: &FeedState| {
        next(
            &feed("a", ten_minutes),
            state,
            &answered(200),
            &pace(),
            now(),
        )
    };
    let next = next_at(&noon_to_six);
    let delay = until_then(now(), next.at.unwrap());
    assert!(
        (6 * HOUR..=6 * HOUR + SKIP_SPREAD).contains(&delay),
        "{delay:?}"
    );
    assert_eq!(next.why, Why::Skip);
    let mondays = FeedState {
        skip_days: 1,
        ..good()
    };
    assert_eq!(
        next_at(&mondays)
            .at
            .map(|at| Offset::UTC.to_datetime(at).date()),
        Some("2026-11-24".parse().unwrap())
    );
    let for_days = FeedState {
        skip_days: 0b0111_1111 ^ 0b0100_0000,
        ..good()
    };
    let next = next_at(&for_days);
    assert_eq!((next.at, next.why), (Some(later(now(), DAY)), Why::Ceiling));
    for nonsense in [
        FeedState {
            skip_hours: u32::MAX,
            ..good()
        },
        FeedState {
            skip_days: u8::MAX,
            ..good()
        },
    ] {
        assert_about(
            next_at(&nonsense),
            10 * MINUTE,
            Why::Interval,
            "all skipped",
        );
    }
}

#[test]
fn jitter_is_a_feeds_own_and_the_same_each_time() {
    let delays: Vec<_> = (0..50)
        .map(|n| {
            next(
                &feed(&format!("f{n}"), Some(HOUR)),
                &good(),
                &answered(200),
                &pace(),
                now(),
            )
            .at
        })
        .collect();
    let again = next(
        &feed("f0", Some(HOUR)),
        &good(),
        &answered(200),
        &pace(),
        now(),
    )
    .at;
    assert_eq!(delays[0], again);
    let distinct: std::collections::BTreeSet<_> = delays.iter().collect();
    assert!(distinct.len() > 40);
}

#[test]
fn overdue_polls_are_spread_and_new_feeds_are_not() {
    let overdue = |n: u32| Overdue {
        id: FeedId::new(format!("f{n}")),
        due: (n >= 10).then(|| later(at("2026-11-20T00:00:00Z"), MINUTE * n)),
    };
    let starts = spread((0..4_010).map(overdue).collect(), now());
    assert_eq!(starts.len(), 4_010);
    assert!(starts[..10].iter().all(|(_, start)| *start == now()));
    let mut seconds = BTreeMap::new();
    for (_, start) in &starts[10..] {
        *seconds.entry(start.as_second()).or_insert(0) += 1;
    }
    assert!(seconds.values().all(|count| *count <= 20));
    assert_eq!(
        starts[10].0,
        FeedId::new("f10"),
        "the longest overdue first"
    );
    assert!(spread(Vec::new(), now()).is_empty());
    let few = spread((10..13).map(overdue).collect(), now());
    assert_eq!(few[2].1, later(now(), Duration::from_secs(40)));
}

fn any_kind() -> impl Strategy<Value = OutcomeKind> {
    proptest::sample::select(OutcomeKind::ALL.to_vec())
}

prop_compose! {
    fn any_state()(
        kind in any_kind(),
        failures in 0..60_u32,
        validated: bool,
        ttl in proptest::option::of(0..100_000_u32),
        skips in (0..1_u32 << 24, 0..1_u8 << 7),
        retry_after in proptest::option::of(0..700_000_u64),
        rate in (0.0..1e6_f64, 0.0..30.0_f64),
    ) -> FeedState {
        FeedState {
            last_outcome: Some(kind),
            failures,
            streak: failures,
            etag: validated.then(|| b"x".to_vec()),
            ttl_minutes: ttl,
            skip_hours: skips.0,
            skip_days: skips.1,
            retry_after: retry_after.map(|wait| later(now(), Duration::from_secs(wait).min(RETRY_AFTER_CAP))),
            rate_count: rate.0,
            rate_days: rate.1,
            ..FeedState::default()
        }
    }
}

prop_compose! {
    fn any_facts()(
        status in 100..600_u16,
        fresh in proptest::option::of(0..u64::from(u32::MAX)),
        retry_after in proptest::option::of(0..u64::from(u32::MAX)),
    ) -> HttpFacts {
        HttpFacts {
            fresh_for: fresh.map(Duration::from_secs),
            retry_after: retry_after.map(Duration::from_secs),
            ..answered(status)
        }
    }
}

proptest! {
    #[test]
    fn bounds_hold(
        id in "[a-z]{1,8}",
        state in any_state(),
        facts in any_facts(),
        interval in proptest::option::of(0..100_000_u64),
        price in proptest::option::of(1e-9..1e9_f64),
    ) {
        let interval = interval.map(Duration::from_secs);
        let pace = Pace { price, ..pace() };
        let next = next(&feed(&id, interval), &state, &facts, &pace, now()).at.unwrap();
        let delay = until_then(now(), next);
        // Never before what the publisher asked for.
        if let Some(until) = state.retry_after {
            prop_assert!(next >= until);
        }
        let good = state.last_outcome.unwrap().is_good();
        if good && let Some(fresh) = facts.fresh_for {
            prop_assert!(delay >= fresh.min(FRESH_CAP));
        }
        // Never below the floor, after an error or otherwise.
        let floor = match interval {
            Some(interval) => interval.max(SHORTEST),
            None if state.etag.is_some() => 5 * MINUTE,
            None => 30 * MINUTE,
        };
        prop_assert!(delay >= floor);
        // Never beyond the ceiling, unless a person or the publisher said so.
        let told = state.retry_after.map(|until| until_then(now(), until)).unwrap_or_default();
        let ceiling = DAY.max(interval.unwrap_or_default().mul_f64(1.1)).max(told.mul_f64(1.1)).max(DAY.mul_f64(1.1));
        prop_assert!(delay <= ceiling);
        if told.is_zero() && interval.is_none() && !good {
            prop_assert!(delay <= DAY);
        }
    }
}
