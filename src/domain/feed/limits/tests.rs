//! Limits as answers in a row, hosts and their domains, and polls that wait behind a bound.

use super::*;
use crate::domain::feed::standing::Evidence;

fn start() -> Timestamp {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

fn minutes(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

fn answered(status: u16) -> HttpFacts {
    HttpFacts {
        status: Some(status),
        ..HttpFacts::default()
    }
}

fn step(state: &mut FeedState, kind: OutcomeKind, status: u16, now: Timestamp) {
    let (facts, evidence) = (answered(status), Evidence::default());
    let polled = Polled {
        began: now,
        kind,
        message: None,
        facts: &facts,
        hash: None,
        document: None,
        new: 0,
        evidence: &evidence,
        matched: 0,
        entries: &[],
    };
    after(state, &polled, now);
}

#[test]
fn a_429_doubles_the_floor_and_a_quiet_week_halves_it() {
    let mut state = FeedState::default();
    let floor = |state: &FeedState| {
        state
            .standing
            .limits
            .raised(Duration::from_mins(5))
            .as_secs()
            / 60
    };
    for (hour, kind, status, expected) in [
        (0, OutcomeKind::OkNew, 200, 5),
        (1, OutcomeKind::RateLimited, 429, 10),
        (3, OutcomeKind::RateLimited, 429, 20),
        (4, OutcomeKind::RateLimited, 503, 20),
        (5, OutcomeKind::RateLimited, 403, 40),
        (6, OutcomeKind::NotModified, 304, 40),
        (5 + 7 * 24 - 1, OutcomeKind::NotModified, 304, 40),
        (5 + 7 * 24, OutcomeKind::NotModified, 304, 20),
        (5 + 7 * 24 + 1, OutcomeKind::NotModified, 304, 20),
        (5 + 14 * 24, OutcomeKind::NetError, 0, 10),
        (60 * 24, OutcomeKind::NotModified, 304, 5),
    ] {
        step(&mut state, kind, status, hours(hour));
        assert_eq!(floor(&state), expected, "at {hour} h");
    }
    assert_eq!(state.standing.limits, Limits::default());
    (0..40).for_each(|hour| step(&mut state, OutcomeKind::RateLimited, 429, hours(hour)));
    assert_eq!(
        state.standing.limits.raised(Duration::from_mins(5)),
        HIGHEST_FLOOR
    );
}

#[test]
fn three_403s_of_a_host_that_served_are_a_limit() {
    use OutcomeKind::{HttpError, RateLimited};
    let mut state = FeedState::default();
    let judged = |state: &FeedState, served| judge(HttpError, &answered(403), state, served);
    for expected in [HttpError, HttpError, RateLimited, RateLimited] {
        assert_eq!(judged(&state, true), expected);
        assert_eq!(judged(&state, false), HttpError, "it never served anything");
        let kind = judged(&state, true);
        step(&mut state, kind, 403, start());
    }
    assert_eq!(judge(HttpError, &answered(404), &state, true), HttpError);
    step(&mut state, OutcomeKind::OkSame, 200, start());
    assert_eq!(judged(&state, true), HttpError, "in a row");
}

#[test]
fn a_host_is_a_name_with_a_port_of_its_own() {
    for (url, host, whole) in [
        (
            "https://H.example.org/feed",
            Some("h.example.org"),
            Some("example.org"),
        ),
        (
            "http://h.example.org:80/",
            Some("h.example.org"),
            Some("example.org"),
        ),
        (
            "http://h.example.org:443/",
            Some("h.example.org"),
            Some("example.org"),
        ),
        (
            "https://h.example.org.:8443/",
            Some("h.example.org:8443"),
            Some("example.org"),
        ),
        (
            "https://u:p@a.news.co.kr/",
            Some("a.news.co.kr"),
            Some("news.co.kr"),
        ),
        (
            "https://one.github.io/",
            Some("one.github.io"),
            Some("one.github.io"),
        ),
        ("https://co.kr/", Some("co.kr"), None),
        ("http://[2001:db8::1]/", Some("[2001:db8::1]"), None),
        ("http://192.0.2.1:8080/", Some("192.0.2.1:8080"), None),
        ("not a url", None, None),
    ] {
        let found = authority(url);
        assert_eq!(found.as_deref(), host, "{url}");
        assert_eq!(
            found.and_then(|host| domain(&host)).as_deref(),
            whole,
            "{url}"
        );
    }
}

#[test]
fn a_feed_is_bounded_by_every_host_it_is_known_to_ask() {
    let feed = Feed::new("a".into(), "https://a.example.org/feed");
    let mut state = FeedState {
        url: feed.url.clone(),
        ..FeedState::default()
    };
    assert_eq!(hosts_of(&feed, &state), ["a.example.org"]);
    state.validators_url = Some("https://cdn.example.net/feed".to_owned());
    assert_eq!(
        scopes(&hosts_of(&feed, &state)),
        [
            "a.example.org",
            "cdn.example.net",
            "*.example.org",
            "*.example.net"
        ]
    );
    state.standing.moves.effective_url = state.validators_url.clone();
    assert_eq!(hosts_of(&feed, &state), ["cdn.example.net"]);
    state.url = "https://before.example/".to_owned();
    assert_eq!(
        hosts_of(&feed, &state),
        ["a.example.org"],
        "learned of another URL"
    );
}

#[test]
fn answers_are_news_of_their_host_unless_it_is_our_own() {
    use OutcomeKind::{HttpError, NotModified, RateLimited};
    let feed = Feed::new("a".into(), "https://h.example/feed");
    let until = hours(2);
    for (kind, status, wait, private, expected) in [
        (
            RateLimited,
            429,
            Some(7_200),
            false,
            Some(Said::Limited(until, Named::ByIt)),
        ),
        (
            RateLimited,
            429,
            None,
            false,
            Some(Said::Limited(until, Named::ByUs)),
        ),
        (RateLimited, 403, None, false, Some(Said::Busy(until))),
        (
            RateLimited,
            503,
            Some(7_200),
            false,
            Some(Said::Busy(until)),
        ),
        (RateLimited, 301, Some(7_200), false, None),
        (RateLimited, 429, Some(7_200), true, None),
        (NotModified, 304, None, false, Some(Said::Well)),
        (HttpError, 500, None, false, None),
    ] {
        let facts = HttpFacts {
            retry_after: wait.map(Duration::from_secs),
            final_url: Some("https://cdn.example/feed".to_owned()),
            private,
            ..answered(status)
        };
        let state = FeedState {
            retry_after: Some(until),
            ..FeedState::default()
        };
        let found = news(&feed, kind, &facts, &state);
        assert_eq!(
            found.as_ref().map(|news| news.said),
            expected,
            "{kind:?} {status}"
        );
        assert!(
            found.is_none_or(|news| news.host == "cdn.example"),
            "who answered"
        );
    }
}

fn said(url: &str, said: Said) -> HostNews {
    HostNews {
        host: "h.example".to_owned(),
        url: url.to_owned(),
        said,
    }
}

#[test]
fn bare_429s_of_a_host_double_over_all_its_feeds() {
    let mut host = HostLimit::default();
    let mut now = start();
    for (hours, feed) in [
        (1, "a"),
        (2, "b"),
        (4, "c"),
        (8, "d"),
        (16, "e"),
        (24, "f"),
        (24, "g"),
    ] {
        host = host.after(
            &said(feed, Said::Limited(later(now, BARE), Named::ByUs)),
            now,
        );
        assert_eq!(
            host.until,
            Some(later(now, Duration::from_hours(hours))),
            "{feed}"
        );
        now = host.until.unwrap();
    }
    host = host.after(&said("a", Said::Well), now);
    host = host.after(
        &said("b", Said::Limited(later(now, BARE), Named::ByUs)),
        now,
    );
    assert_eq!(
        host.until,
        Some(later(now, BARE)),
        "it had served meanwhile"
    );
    let own = Said::Limited(later(now, LONGEST_BARE), Named::ByUs);
    let alone = HostLimit::default().after(&said("a", own), now);
    assert_eq!(
        alone.until,
        Some(later(now, BARE)),
        "a feed's long wait is its own"
    );
    let short = host.after(
        &said(
            "c",
            Said::Limited(later(now, Duration::from_secs(5)), Named::ByIt),
        ),
        now,
    );
    assert_eq!(short.until, host.until, "a bound is never drawn nearer");
}

#[test]
fn a_503_is_the_urls_until_another_url_says_so_too() {
    let busy = |url: &str, wait: i64| said(url, Said::Busy(minutes(wait)));
    let one = HostLimit::default().after(&busy("a", 30), start());
    assert_eq!(one.until, None);
    assert_eq!(
        one.after(&busy("a", 40), minutes(10)).until,
        None,
        "the same URL"
    );
    assert_eq!(
        one.after(&busy("b", 20), minutes(10)).until,
        Some(minutes(30)),
        "the longer wait of both"
    );
    assert_eq!(
        one.after(&busy("b", 90), minutes(31)).until,
        None,
        "the first wait was over"
    );
    let well = one.after(&said("c", Said::Well), minutes(5));
    assert_eq!(
        well.after(&busy("b", 20), minutes(10)).until,
        None,
        "it served in between"
    );
}

#[test]
fn absurd_bounds_hold_nobody() {
    assert!(HostLimit::holds(hours(7 * 24), start()));
    for until in [start(), minutes(-1), hours(7 * 24 + 1)] {
        assert!(!HostLimit::holds(until, start()), "{until}");
    }
    assert!(speak_together(start(), minutes(10)) && !speak_together(start(), minutes(11)));
}

#[test]
fn polls_behind_a_bound_keep_their_distance_and_their_order() {
    let gap = Duration::from_secs(2);
    let until = hours(2);
    let waiting = |ids: std::ops::Range<u32>| -> Vec<Waiting> {
        ids.map(|n| Waiting {
            id: FeedId::new(format!("f{n}")),
            next: Some(minutes(i64::from(n))),
        })
        .collect()
    };
    let spread_out = spread(waiting(0..50), until, gap);
    assert_eq!(spread_out.len(), 50, "none is dropped");
    let mut times: Vec<Timestamp> = spread_out.iter().map(|(_, at)| *at).collect();
    times.sort();
    assert!(
        times[0] > until
            && times
                .windows(2)
                .all(|pair| pair[1].duration_since(pair[0]).as_secs() >= 2)
    );
    let mut reversed = waiting(0..50);
    reversed.reverse();
    assert_eq!(
        spread(reversed, until, gap),
        spread_out,
        "the same each time"
    );
    let later_anyway = Waiting {
        id: FeedId::new("late"),
        next: Some(hours(5)),
    };
    let new = Waiting {
        id: FeedId::new("new"),
        next: None,
    };
    let moved = spread(vec![later_anyway, new], until, Duration::ZERO);
    assert_eq!(
        moved,
        [(FeedId::new("new"), until + SignedDuration::from_secs(1))]
    );
    let alone = behind(&FeedId::new("a"), until);
    assert!(alone > until && alone <= until + SignedDuration::from_mins(5));
}
