//! Polls in a row whose redirects are permanent, or look so.

use jiff::SignedDuration;

use super::*;
use crate::domain::feed::outcome::HttpFacts;
use crate::domain::feed::standing::Evidence;

const OLD: &str = "https://old.example/feed";
const NEW: &str = "https://new.example/feed";

fn day(days: i64, hours: i64) -> Timestamp {
    let start: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(days * 24 + hours)
}

fn feed(url: &str) -> Feed {
    Feed::new("a".into(), url)
}

/// A poll: how it ended, the redirects on its way, whether the answer is the feed's, whether others crowd there.
struct Poll<'a> {
    kind: OutcomeKind,
    way: &'a [(u16, &'a str)],
    familiar: bool,
    crowded: bool,
    /// The configured URL is asked, whatever was learned.
    full: bool,
}

fn led(way: &[(u16, &'static str)]) -> Poll<'static> {
    let way: &'static [(u16, &'static str)] = Vec::leak(way.to_vec());
    Poll {
        kind: OutcomeKind::NotModified,
        way,
        familiar: true,
        crowded: false,
        full: false,
    }
}

fn failed(kind: OutcomeKind) -> Poll<'static> {
    Poll { kind, ..led(&[]) }
}

fn step(feed: &Feed, state: &FeedState, poll: &Poll<'_>, at: Timestamp) -> FeedState {
    let moved = state.standing.moves.effective_url.is_some() && !poll.full;
    let asked = if moved {
        state.standing.moves.asked(feed)
    } else {
        &feed.url
    };
    let facts = HttpFacts {
        final_url: Some(poll.way.last().map_or(asked, |(_, url)| url).to_owned()),
        redirects: poll
            .way
            .iter()
            .map(|(status, url)| (*status, (*url).to_owned()))
            .collect(),
        ..HttpFacts::default()
    };
    let evidence = Evidence {
        moved,
        familiar: poll.familiar,
        crowded: poll.crowded,
        ..Evidence::default()
    };
    let polled = Polled {
        began: at,
        kind: poll.kind,
        message: None,
        facts: &facts,
        hash: None,
        document: None,
        new: 0,
        evidence: &evidence,
        matched: 0,
        entries: &[],
    };
    let mut next = FeedState {
        url: feed.url.clone(),
        ..state.clone()
    };
    after(feed, state, &mut next, &polled);
    next
}

/// What `polls` of a feed at `url`, at the given days and hours, lead to.
fn run(url: &str, polls: &[(i64, i64, Poll<'_>)]) -> Option<String> {
    let feed = feed(url);
    let mut state = FeedState::default();
    for (days, hours, poll) in polls {
        state = step(&feed, &state, poll, day(*days, *hours));
    }
    state.standing.moves.effective_url
}

fn daily(
    days: std::ops::RangeInclusive<i64>,
    poll: impl Fn() -> Poll<'static>,
) -> Vec<(i64, i64, Poll<'static>)> {
    days.map(|day| (day, 0, poll())).collect()
}

#[test]
fn a_move_takes_five_polls_and_seven_days() {
    let moved = || led(&[(301, NEW)]);
    assert_eq!(run(OLD, &daily(0..=7, moved)).as_deref(), Some(NEW));
    assert_eq!(run(OLD, &daily(0..=6, moved)), None, "six days");
    let four = [0, 3, 5, 8].map(|day| (day, 0, moved()));
    assert_eq!(run(OLD, &four), None, "four polls");
    let by_308 = || led(&[(308, "https://old.example/x"), (301, NEW)]);
    assert_eq!(
        run(OLD, &daily(0..=7, by_308)).as_deref(),
        Some(NEW),
        "every hop is permanent"
    );
}

#[test]
fn to_https_takes_three_polls_and_a_day() {
    let secure = || led(&[(301, "https://old.example/feed")]);
    let plain = "http://old.example/feed";
    let polls = [(0, 0, secure()), (0, 12, secure()), (1, 0, secure())];
    assert_eq!(
        run(plain, &polls).as_deref(),
        Some("https://old.example/feed")
    );
    assert_eq!(run(plain, &polls[..2]), None);
    let soon = [(0, 0, secure()), (0, 1, secure()), (0, 23, secure())];
    assert_eq!(run(plain, &soon), None, "within a day");
    let elsewhere = || led(&[(301, "https://old.example/rss")]);
    let polls = [
        (0, 0, elsewhere()),
        (0, 12, elsewhere()),
        (1, 0, elsewhere()),
    ];
    assert_eq!(run(plain, &polls), None, "another path");
}

#[test]
fn anything_else_in_between_starts_the_count_anew() {
    use OutcomeKind::{HttpError, NetError, Offline, RateLimited};
    for (case, between, expected) in [
        ("temporary", led(&[(302, NEW)]), None),
        (
            "one hop temporary",
            led(&[(301, "https://old.example/x"), (307, NEW)]),
            None,
        ),
        (
            "another target",
            led(&[(301, "https://third.example/feed")]),
            None,
        ),
        ("no redirect", led(&[]), None),
        ("an error", failed(HttpError), None),
        ("no answer", failed(NetError), None),
        ("a limit", failed(RateLimited), None),
        (
            "another feed",
            Poll {
                familiar: false,
                ..led(&[(301, NEW)])
            },
            None,
        ),
        (
            "not a feed",
            Poll {
                kind: OutcomeKind::NotAFeed,
                ..led(&[(301, NEW)])
            },
            None,
        ),
        ("our own network", failed(Offline), Some(NEW)),
    ] {
        let mut polls = daily(0..=6, || led(&[(301, NEW)]));
        polls.push((6, 12, between));
        polls.push((7, 0, led(&[(301, NEW)])));
        assert_eq!(run(OLD, &polls).as_deref(), expected, "{case}");
    }
}

#[test]
fn gates_downgrades_and_crowds_move_nobody() {
    for target in [
        "https://login.example/feed",
        "https://sso.old.example/feed",
        "https://old.example/auth/realms",
        "https://old.example/sign-in?next=/feed",
        "https://old.example/wp-login.php",
        "https://captive.hotel.example/landing",
        "http://old.example/feed",
    ] {
        assert_eq!(
            run(OLD, &daily(0..=9, || led(&[(301, target)]))),
            None,
            "{target}"
        );
    }
    for target in [
        "https://authors.example/feed",
        "https://old.example/blogin/author.xml",
    ] {
        assert_eq!(
            run(OLD, &daily(0..=9, || led(&[(301, target)]))).as_deref(),
            Some(target)
        );
    }
    let crowded = || Poll {
        crowded: true,
        ..led(&[(301, NEW)])
    };
    let mut polls = daily(0..=9, crowded);
    assert_eq!(run(OLD, &polls), None);
    polls.push((10, 0, led(&[(301, NEW)])));
    assert_eq!(run(OLD, &polls).as_deref(), Some(NEW), "the crowd went on");
}

/// A feed that has moved.
fn moved() -> FeedState {
    let feed = feed(OLD);
    let mut state = daily(0..=7, || led(&[(301, NEW)]))
        .iter()
        .fold(FeedState::default(), |state, (days, _, poll)| {
            step(&feed, &state, poll, day(*days, 0))
        });
    state.etag = Some(b"\"n\"".to_vec());
    state.validators_url = Some(NEW.to_owned());
    state
}

#[test]
fn a_new_address_that_fails_three_times_is_left() {
    use OutcomeKind::{Gone, HttpError, NetError, NotModified, Offline, RateLimited};
    let feed = feed(OLD);
    for (case, kinds, left) in [
        ("three", vec![NetError, HttpError, Gone], true),
        ("two", vec![NetError, HttpError], false),
        (
            "not in a row",
            vec![NetError, HttpError, NotModified, HttpError],
            false,
        ),
        (
            "limits and our network aside",
            vec![NetError, RateLimited, Offline, HttpError],
            false,
        ),
        (
            "with a limit between",
            vec![NetError, RateLimited, HttpError, NetError],
            true,
        ),
    ] {
        let mut state = moved();
        for (at, kind) in kinds.into_iter().enumerate() {
            state = step(
                &feed,
                &state,
                &failed(kind),
                day(8, i64::try_from(at).unwrap()),
            );
        }
        assert_eq!(state.standing.moves.effective_url.is_none(), left, "{case}");
        assert_eq!(
            state.etag.is_none(),
            left,
            "{case}: validators go with their URL"
        );
    }
}

#[test]
fn the_third_410_at_the_new_address_is_not_the_feeds_end() {
    let feed = feed(OLD);
    let mut state = moved();
    for hour in 0..2 {
        state = step(&feed, &state, &failed(OutcomeKind::Gone), day(8, hour));
    }
    state.gone = true;
    state.failures = 3;
    let state = step(&feed, &state, &failed(OutcomeKind::Gone), day(11, 0));
    assert_eq!(
        (state.gone, state.failures, state.standing.moves),
        (false, 1, Moves::default())
    );
}

#[test]
fn asked_where_config_says_the_feed_may_take_its_move_back() {
    let feed = feed(OLD);
    let full = |way: &[(u16, &'static str)]| Poll {
        full: true,
        ..led(way)
    };
    let still = step(&feed, &moved(), &full(&[(301, NEW)]), day(9, 0));
    assert_eq!(still.standing.moves.effective_url.as_deref(), Some(NEW));
    assert_eq!(still.standing.moves.candidate, None);
    for way in [&[][..], &[(302, NEW)], &[(301, "https://third.example/")]] {
        let back = step(&feed, &moved(), &full(way), day(9, 0));
        assert_eq!(back.standing.moves.effective_url, None, "{way:?}");
    }
    let down = Poll {
        full: true,
        ..failed(OutcomeKind::NetError)
    };
    let state = step(&feed, &moved(), &down, day(9, 0));
    assert_eq!(
        state.standing.moves.effective_url.as_deref(),
        Some(NEW),
        "a failure proves nothing"
    );
}

#[test]
fn a_move_can_go_on_and_can_come_home() {
    let feed = feed(OLD);
    let third = "https://third.example/feed";
    for (target, expected) in [(third, Some(third)), (OLD, None)] {
        let mut state = moved();
        for days in 8..=15 {
            assert!(state.standing.moves.effective_url.is_some());
            state = step(
                &feed,
                &state,
                &led(&[(301, Box::leak(Box::from(target)))]),
                day(days, 0),
            );
        }
        assert_eq!(state.standing.moves.effective_url.as_deref(), expected);
    }
}

#[test]
fn what_belongs_to_the_configured_origin_stays_there() {
    let ask = |url: &str, effective: &str| {
        let mut request = FetchRequest {
            url: url.to_owned(),
            headers: vec![("X-Key".to_owned(), crate::secret::Secret::new("k"))],
            ..FetchRequest::default()
        };
        ask_instead(&mut request, effective);
        (request.url, request.headers.len())
    };
    assert_eq!(
        ask("https://u:p@h.example/a", "https://h.example/b"),
        ("https://u:p@h.example/b".to_owned(), 1)
    );
    for effective in [
        "https://i.example/b",
        "https://h.example:8443/b",
        "http://h.example/b",
    ] {
        assert_eq!(
            ask("https://u:p@h.example/a", effective),
            (effective.to_owned(), 0)
        );
    }
}

#[test]
fn a_host_that_a_third_of_all_feeds_point_to_is_a_crowd() {
    let pointing = |there: usize, all: usize, own: bool| {
        let url = move |n: usize| {
            if own {
                "https://portal.example/a".to_owned()
            } else {
                format!("https://h{n}.example/")
            }
        };
        let rows: Vec<_> = (0..all)
            .map(|n| (url(n), (n < there).then_some("https://portal.example/x")))
            .collect();
        is_crowd(
            "portal.example",
            rows.iter().map(|(url, to)| (url.as_str(), *to)),
        )
    };
    for (there, all, expected) in [
        (4, 4, false),
        (5, 5, true),
        (5, 16, true),
        (5, 17, false),
        (30, 100, true),
        (29, 100, false),
    ] {
        assert_eq!(pointing(there, all, false), expected, "{there} of {all}");
    }
    assert!(!pointing(9, 9, true), "their own host is no portal");
}
