//! Polls in a row, and what they teach.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn start() -> Timestamp {
    // A Monday.
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn minutes(count: i64) -> Timestamp {
    start() + SignedDuration::from_mins(count)
}

fn document(published: Vec<Timestamp>, entries: usize) -> DocumentFacts {
    DocumentFacts {
        published,
        entries,
        ..DocumentFacts::default()
    }
}

/// A good poll at `began`, `gap` minutes after the last, that brought entries with these dates and `stray` others.
fn poll(state: &mut FeedState, began: i64, gap: i64, dates: &[i64], stray: u32) {
    let dates: Vec<_> = dates.iter().copied().map(minutes).collect();
    let new = u32::try_from(dates.len()).unwrap() + stray;
    let entries = if dates.is_empty() && stray > 0 {
        10
    } else {
        dates.len()
    };
    let document = document(dates, entries);
    let watched = Watched {
        began: minutes(began),
        last: Some(minutes(began - gap)),
        document: (new > 0).then_some(&document),
        new,
        matched: new / 2,
        ttl_before: state.ttl_minutes,
    };
    learn(state, &watched);
    if new > 0 {
        state.last_new = Some(minutes(began));
    }
}

#[test]
fn office_hours_are_learned_within_weeks() {
    let mut state = FeedState::default();
    for hour in 1..24 * 7 * 4 {
        let busy = (9..17).contains(&(hour % 24)) && (hour / 24) % 7 < 5;
        let dates = if busy {
            vec![hour * 60 - 50, hour * 60 - 20]
        } else {
            Vec::new()
        };
        poll(&mut state, hour * 60, 60, &dates, 0);
    }
    let now = minutes(24 * 7 * 4 * 60);
    let forecast = forecast(&state, now).unwrap();
    assert!(forecast.shape.at(11.0) > 3.0 && forecast.shape.at(23.0) < 0.3);
    let rate = rate(&state).unwrap();
    assert!((7.0..13.0).contains(&rate), "{rate}");
    assert_eq!(state.rhythm.polls, 671);
    assert!((state.rhythm.matched * 2.0 - state.rhythm.judged).abs() < 1e-6);
    assert!(state.rhythm.to_bytes().unwrap().len() <= 480);
}

#[test]
fn a_week_not_yet_seen_whole_has_no_shape() {
    let mut state = FeedState::default();
    for hour in 1..30 {
        poll(&mut state, hour * 60, 60, &[hour * 60 - 30], 0);
    }
    let shape = state.rhythm.shape(minutes(30 * 60));
    assert!((shape.at(100.0) - 1.0).abs() < 1e-9);
    // A first document of a fast feed shows the last hour and hides the week.
    let mut wire = FeedState::default();
    let dates: Vec<_> = (0..30).map(|n| minutes(-n)).collect();
    let first = document(dates, 30);
    let watched = Watched {
        began: start(),
        last: None,
        document: Some(&first),
        new: 30,
        matched: 0,
        ttl_before: None,
    };
    learn(&mut wire, &watched);
    assert!(wire.rhythm.week.is_empty() && wire.rhythm.document == 30);
    assert!(rate(&wire).unwrap() > 100.0);
}

#[test]
fn a_first_document_that_reaches_back_far_gives_a_first_shape() {
    let mut state = FeedState::default();
    let noons: Vec<_> = (0..27).map(|day| minutes(-day * 1_440 - 720)).collect();
    let first = document(noons, 27);
    let watched = Watched {
        began: start(),
        last: None,
        document: Some(&first),
        new: 27,
        matched: 3,
        ttl_before: None,
    };
    learn(&mut state, &watched);
    let total: f64 = state.rhythm.week.counts().iter().sum();
    assert!((15.0..26.0).contains(&total), "{total}");
    assert_eq!(state.rhythm.newest, Some(minutes(-720).as_second()));
}

#[test]
fn a_date_is_believed_only_if_it_lies_in_the_gap() {
    let mut state = FeedState::default();
    poll(&mut state, 60, 60, &[30], 0);
    // Two dated at midnight, found at two: they came some time in between.
    let document = document(vec![minutes(0), minutes(0), minutes(90)], 3);
    let watched = Watched {
        began: minutes(120),
        last: Some(minutes(60)),
        document: Some(&document),
        new: 3,
        matched: 0,
        ttl_before: None,
    };
    learn(&mut state, &watched);
    let counts = state.rhythm.week.counts();
    assert!(
        (counts[0] - 1.0).abs() < 0.01 && (counts[1] - 3.0).abs() < 0.01,
        "{counts:?}"
    );
}

#[test]
fn entries_that_come_in_clusters_excite() {
    let mut state = FeedState::default();
    let mut newest = 0;
    for day in 1..40 {
        let whim = day * 1_440 + day * 397 % 1_380;
        let dates = [whim, whim + 8, whim + 17];
        poll(&mut state, (day + 1) * 1_440, 1_440, &dates, 0);
        newest = whim + 17;
    }
    let excited = state.rhythm.pairs.ratio();
    assert!((3.0..=MOST_EXCITED).contains(&excited), "{excited}");
    let forecast = forecast(&state, minutes(newest + 15)).unwrap();
    assert!((forecast.since - 0.25).abs() < 1e-9);
    let mut steady = FeedState::default();
    for hour in 1..200 {
        poll(&mut steady, hour * 60, 60, &[hour * 60 - 30], 0);
    }
    assert!((steady.rhythm.pairs.ratio() - 1.0).abs() < 1e-9);
}

#[test]
fn bursts_count_once_for_the_rate_and_singly_for_the_guard() {
    let mut state = FeedState::default();
    for day in 1..60 {
        let noon = day * 1_440 + 720;
        poll(&mut state, noon + 60, 1_440, &[noon; 20], 0);
    }
    let rate = rate(&state).unwrap();
    assert!((0.5..1.1).contains(&rate), "{rate}");
    let most = most(&state).unwrap();
    assert!((20.0..40.0).contains(&most), "{most}");
}

#[test]
fn a_feed_without_dates_is_estimated_from_what_polls_found() {
    let mut state = FeedState::default();
    for hour in 1..600 {
        poll(&mut state, hour * 60, 60, &[], u32::from(hour % 4 == 0) * 3);
    }
    let changes = state.rhythm.changes.as_ref().unwrap();
    assert_eq!(rate(&state), changes.rate());
    // A change every four hours, or −ln(¾) an hour, less what the prior takes away.
    let rate = rate(&state).unwrap();
    assert!((4.0..7.5).contains(&rate), "{rate}");
}

#[test]
fn a_ttl_is_disproved_by_three_quick_pairs_and_a_new_one_begins_afresh() {
    let mut state = FeedState {
        ttl_minutes: Some(120),
        ..FeedState::default()
    };
    poll(&mut state, 600, 600, &[100, 150, 400], 0);
    assert_eq!(state.rhythm.quick, 1);
    poll(&mut state, 1_200, 600, &[450, 650, 700], 0);
    assert_eq!(state.rhythm.quick, 2, "450 is older than the poll before");
    poll(&mut state, 1_260, 60, &[], 1);
    assert_eq!(state.rhythm.quick, 3);
    let document = document(vec![minutes(1_270)], 1);
    let watched = Watched {
        began: minutes(1_300),
        last: Some(minutes(1_260)),
        document: Some(&document),
        new: 1,
        matched: 0,
        ttl_before: Some(60),
    };
    learn(&mut state, &watched);
    assert!(state.rhythm.quick <= 1);
}

#[test]
fn a_young_feed_takes_no_room_and_a_broken_row_harms_none() {
    assert_eq!(Rhythm::default().to_bytes(), None);
    assert_eq!(Rhythm::from_bytes(None), Rhythm::default());
    for broken in [&b""[..], b"\x01", b"\x02abc", &[255; 300], &[1; 300]] {
        assert!(Rhythm::from_bytes(Some(broken)).single >= 0.0);
    }
    let mut state = FeedState::default();
    poll(&mut state, 60, 60, &[30], 0);
    let bytes = state.rhythm.to_bytes().unwrap();
    assert!(bytes.len() < 64, "{}", bytes.len());
    for end in 0..bytes.len() {
        assert!(Rhythm::from_bytes(Some(&bytes[..end])).single >= 0.0);
    }
}

proptest! {
    #[test]
    fn what_is_kept_comes_back(
        counts in proptest::collection::vec(0.0..1e6_f32, 6),
        cells in proptest::collection::vec(0_u16.., 168),
        filled in 0..169_usize,
        changes in proptest::option::of(proptest::collection::vec(0.0..1e4_f32, 21)),
        times in (proptest::option::of(-1_000_000_i64..9_000_000_000), proptest::option::of(0_i64..9_000_000_000)),
    ) {
        let count = |n: usize| f64::from(counts[n]);
        let mut week = Week { unit: f64::from(counts[0]), ..Week::default() };
        week.cells[..filled].copy_from_slice(&cells[..filled]);
        if week.cells.iter().all(|cell| *cell == 0) {
            week.unit = 0.0;
        }
        let changes = changes.map(|numbers| {
            let number = |n: usize| f64::from(numbers[n]);
            Box::new(Changes {
                unchanged: number(20),
                changed: std::array::from_fn(|n| (number(2 * n), number(2 * n + 1))),
            })
        });
        let rhythm = Rhythm {
            polls: 7,
            document: 30,
            quick: 1,
            since: times.0,
            newest: times.1,
            single: count(1),
            matched: count(2),
            judged: count(3),
            pairs: Pairs { seen: count(3), close: count(4), expected: count(5) },
            changes,
            week,
        };
        let bytes = rhythm.to_bytes().unwrap();
        prop_assert!(bytes.len() <= 480, "{}", bytes.len());
        prop_assert_eq!(Rhythm::from_bytes(Some(&bytes)), rhythm);
    }

    #[test]
    fn bytes_of_any_kind_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        let state = FeedState { rhythm: Rhythm::from_bytes(Some(&bytes)), rate_days: 3.0, ..FeedState::default() };
        if let Some(forecast) = forecast(&state, start()) {
            prop_assert!(forecast.level > 0.0 && (1.0..=4.0).contains(&forecast.excited));
        }
        prop_assert!(most(&state).is_none_or(|most| most > 0.0));
    }
}
