//! The schedule from outside: bounds, reasons, back-off, jitter, spreading.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::feed::Origin;
use crate::domain::feed::learn::{self, Polled};
use crate::domain::feed::rate::Changes;
use crate::domain::feed::rhythm::{Pairs, Rhythm};
use crate::domain::feed::signs::{GapSign, Signs};
use crate::domain::feed::standing::Evidence;
use crate::domain::feed::week::{HOURS, Week};

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
    Pace::default()
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
fn assert_about(next: &NextPoll, expected: Duration, why: Why, case: &str) {
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
        rate_count: 9_000_000.0,
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
        assert_about(&next, expected, why, case);
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
        assert_about(&next, expected, Why::Fresh, case);
    }
    for wait in [2 * HOUR, 50 * HOUR] {
        let state = FeedState {
            retry_after: Some(later(now(), wait)),
            ..good()
        };
        let next = next(&feed, &state, &answered(200), &pace(), now());
        assert_about(&next, wait, Why::RetryAfter, "retry-after");
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
        let quick = if case == "disproved" { DISPROVED_BY } else { 0 };
        let state = FeedState {
            ttl_minutes: Some(minutes),
            rhythm: Rhythm {
                quick,
                ..Rhythm::default()
            },
            ..state
        };
        let feed = feed("a", interval);
        let next = next(&feed, &state, &answered(200), &pace(), now());
        assert_about(&next, expected, why, case);
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
        assert_about(&next, expected, why, case);
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
    assert_about(&next, 2 * HOUR, Why::RetryAfter, "429");
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
            &next_at(&nonsense),
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

/// Counts as hostile rows may hold them.
fn any_count() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..1e6_f64, 1 => proptest::num::f64::ANY]
}

prop_compose! {
    fn any_rhythm()(
        counts in proptest::collection::vec(any_count(), 6),
        cells in proptest::collection::vec(0_u16.., HOURS),
        unit in any_count(),
        changes in proptest::option::of(proptest::collection::vec(any_count(), 21)),
        small in (0_u16.., 0_u16.., 0_u8..),
        times in (proptest::option::of(any::<i64>()), proptest::option::of(any::<i64>())),
    ) -> Rhythm {
        let mut week = Week { unit, ..Week::default() };
        week.cells.copy_from_slice(&cells);
        let changes = changes.map(|numbers| Box::new(Changes {
            unchanged: numbers[20],
            changed: std::array::from_fn(|n| (numbers[2 * n], numbers[2 * n + 1])),
        }));
        Rhythm {
            polls: small.0,
            document: small.1,
            quick: small.2,
            since: times.0,
            newest: times.1,
            single: counts[0],
            matched: counts[1],
            judged: counts[2],
            pairs: Pairs { seen: counts[3], close: counts[4], expected: counts[5] },
            changes,
            week,
        }
    }
}

prop_compose! {
    fn any_state()(
        kind in any_kind(),
        failures in 0..60_u32,
        validated: bool,
        ttl in proptest::option::of(0..100_000_u32),
        skips in (0..1_u32 << 24, 0..1_u8 << 7),
        retry_after in proptest::option::of(0..700_000_u64),
        rate in (any_count(), any_count()),
        rhythm in any_rhythm(),
        polled: bool,
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
            last_success: polled.then(now),
            rate_count: rate.0,
            rate_days: rate.1,
            rhythm,
            ..FeedState::default()
        }
    }
}

prop_compose! {
    fn any_price()(
        cost in prop_oneof![4 => 1e-9..1e9_f64, 1 => proptest::num::f64::ANY],
        crowd in any_count(),
        share in any_count(),
    ) -> Price {
        Price { cost, crowd, share }
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
    fn bounds_hold_whatever_was_learned(
        id in "[a-z]{1,8}",
        state in any_state(),
        facts in any_facts(),
        interval in proptest::option::of(0..100_000_u64),
        price in proptest::option::of(any_price()),
        own in (proptest::num::f64::ANY, any::<u64>()),
    ) {
        let interval = interval.map(Duration::from_secs);
        let pace = Pace { price, fairness: own.0, salt: own.1, ..pace() };
        let next = next(&feed(&id, interval), &state, &facts, &pace, now());
        let delay = until_then(now(), next.at.unwrap());
        // Never before what the publisher asked for.
        if let Some(until) = state.retry_after {
            prop_assert!(next.at.unwrap() >= until);
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
        prop_assert!(delay <= ceiling + Duration::from_millis(1));
        if told.is_zero() && interval.is_none() && !good {
            prop_assert!(delay <= DAY);
        }
        let terms = next.terms.unwrap();
        prop_assert!(!terms.explain(next.at, next.why).is_empty());
        let kept = serde_json::to_string(&terms).unwrap();
        prop_assert!(kept.len() < 400, "{}", kept);
    }
}

#[test]
fn a_feed_that_outruns_the_budget_is_polled_before_its_document_turns_over() {
    let wire = |document: u16| FeedState {
        rate_count: 60.0 * 24.0 * 14.0,
        rate_days: 14.0,
        rhythm: Rhythm {
            document,
            polls: 9,
            ..Rhythm::default()
        },
        ..good()
    };
    let dear = Pace {
        price: Some(Price {
            cost: 1e6,
            crowd: 1.0,
            share: 0.0,
        }),
        ..pace()
    };
    let poll = |state: &FeedState| next(&feed("wire", None), state, &answered(200), &dear, now());
    let guarded = poll(&wire(80));
    assert_eq!(guarded.why, Why::GapGuard);
    let delay = until_then(now(), guarded.at.unwrap());
    // 80 entries at 40 an hour with the prior: a quarter of them is due after half an hour.
    assert!((20 * MINUTE..35 * MINUTE).contains(&delay), "{delay:?}");
    assert!(!guarded.terms.unwrap().gap_risk);
    let tight = poll(&wire(5));
    assert_eq!(tight.why, Why::Floor);
    assert!(
        tight.terms.unwrap().gap_risk,
        "the floor forbids it, and says so"
    );
    let unknown = poll(&wire(0));
    assert_eq!(unknown.why, Why::Ceiling);
}

#[test]
fn the_row_says_what_was_weighed_and_what_won() {
    let facts = HttpFacts {
        fresh_for: Some(3 * HOUR),
        ..answered(200)
    };
    let state = FeedState {
        ttl_minutes: Some(20),
        retry_after: Some(later(now(), HOUR)),
        ..good()
    };
    let next = next(
        &feed("a", Some(10 * MINUTE)),
        &state,
        &facts,
        &pace(),
        now(),
    );
    let terms = next.terms.clone().unwrap();
    assert_eq!(
        (
            terms.wanted,
            terms.fresh,
            terms.retry_after,
            terms.ttl,
            terms.back_off
        ),
        (600, Some(10_800), Some(3_600), Some(1_200), None)
    );
    assert_eq!(
        (next.why, terms.wanted_by, terms.from),
        (Why::Fresh, Why::Interval, now())
    );
    let text = terms.explain(next.at, next.why);
    assert!(
        text[0].contains("its cache headers") && text.len() == 5,
        "{text:?}"
    );
}

/// The largest χ² of 59 degrees of freedom that chance passes in one of a hundred cases.
const CHI_SQUARE_LIMIT: f64 = 87.17;

/// The same in one of ten thousand cases: of forty hours, none may.
const CHI_SQUARE_ONCE: f64 = 108.3;

/// How unevenly the minutes of the hour are used.
fn chi_square(polls: &[Timestamp]) -> f64 {
    let mut minutes = [0_u32; 60];
    for at in polls {
        minutes[usize::try_from(at.as_second().rem_euclid(3_600) / 60).unwrap()] += 1;
    }
    let expected = f64::from(u32::try_from(polls.len()).unwrap()) / 60.0;
    let unevenness = minutes
        .iter()
        .map(|count| (f64::from(*count) - expected).powi(2));
    unevenness.sum::<f64>() / expected
}

/// Polls of a thousand feeds that were all added within one minute, round by round.
fn rounds(interval: Option<Duration>, salt: u64, count: usize) -> Vec<Vec<Timestamp>> {
    let pace = Pace { salt, ..pace() };
    let facts = answered(304);
    let mut feeds: Vec<(Feed, FeedState, Timestamp)> = (0..1_000)
        .map(|n| {
            let start = later(now(), Duration::from_millis(50 * n));
            (feed(&format!("feed-{n}"), interval), good(), start)
        })
        .collect();
    let mut rounds = Vec::new();
    for _ in 0..count {
        let mut round = Vec::new();
        for (feed, state, at) in &mut feeds {
            round.push(*at);
            let polled = Polled {
                began: *at,
                kind: OutcomeKind::NotModified,
                message: None,
                facts: &facts,
                hash: None,
                document: None,
                new: 0,
                matched: 0,
                entries: &[],
                evidence: &Evidence::default(),
            };
            // The answer takes a while.
            let answered = later(*at, Duration::from_millis(700));
            state.rhythm.document = 0;
            state.rate_days = 0.0;
            *state = learn::apply(feed, state, &polled, &pace, answered);
            state.etag = good().etag;
            *at = state.next_poll.unwrap();
        }
        rounds.push(round);
    }
    rounds
}

#[test]
fn a_thousand_hourly_feeds_use_all_minutes_alike() {
    for interval in [Some(HOUR), None] {
        for salt in [1, 2] {
            let polls = rounds(interval, salt, 62).concat();
            let within = |from: u32, hours: u32| -> Vec<Timestamp> {
                let (begin, end) = (
                    later(now(), HOUR * from),
                    later(now(), HOUR * (from + hours)),
                );
                let inside = polls.iter().filter(|at| (begin..end).contains(*at));
                inside.copied().collect()
            };
            // They were all added within a minute, and no interval is stretched by more than a tenth: it takes two days
            // until all have their own place. After that, each hour by itself and all together are even.
            for hour in 46..56 {
                let unevenness = chi_square(&within(hour, 1));
                assert!(
                    unevenness < CHI_SQUARE_ONCE,
                    "{interval:?} {salt} {hour}: {unevenness}"
                );
            }
            let unevenness = chi_square(&within(46, 10));
            assert!(
                unevenness < CHI_SQUARE_LIMIT,
                "{interval:?} {salt}: {unevenness}"
            );
        }
    }
}

#[test]
fn no_poll_comes_before_its_interval_and_few_much_later() {
    let rounds = rounds(Some(HOUR), 3, 30);
    for pair in rounds.windows(2).skip(1) {
        for (before, after) in pair[0].iter().zip(&pair[1]) {
            let gap = until_then(*before, *after);
            assert!((HOUR..HOUR.mul_f64(1.11)).contains(&gap), "{gap:?}");
        }
    }
}

#[test]
fn two_stores_poll_one_feed_at_different_times() {
    let (ours, theirs) = (rounds(Some(HOUR), 1, 3), rounds(Some(HOUR), 99, 3));
    let same = ours[2]
        .iter()
        .zip(&theirs[2])
        .filter(|(ours, theirs)| ours == theirs)
        .count();
    assert!(same < 10, "{same}");
    assert_eq!(
        ours,
        rounds(Some(HOUR), 1, 3),
        "and each at the same ones again"
    );
}
