//! Polls in a row, as a publisher would answer them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use super::*;
use crate::domain::feed::{Health, Origin};
use crate::domain::id::FeedId;

fn feed() -> Feed {
    Feed {
        id: FeedId::new("a"),
        url: "https://h.example/feed".to_owned(),
        title: None,
        tags: Vec::new(),
        interval: Some(Duration::from_hours(1)),
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

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn after_hours(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

fn facts(etag: Option<&str>, last_modified: Option<&str>) -> HttpFacts {
    HttpFacts {
        status: Some(200),
        final_url: Some(feed().url),
        etag: etag.map(|text| text.as_bytes().to_vec()),
        last_modified: last_modified.map(|text| text.as_bytes().to_vec()),
        ..HttpFacts::default()
    }
}

fn poll(old: &FeedState, kind: OutcomeKind, facts: &HttpFacts, at: Timestamp) -> FeedState {
    let polled = Polled {
        began: at,
        kind,
        message: (!kind.is_good()).then_some("what happened"),
        facts,
        hash: kind.is_good().then_some(b"hash"),
        document: None,
        new: u32::from(kind == OutcomeKind::OkNew),
        matched: 0,
        entries: &[],
        evidence: &Evidence::default(),
    };
    apply(&feed(), old, &polled, &pace(), at)
}

#[test]
fn validators_are_replaced_as_a_pair() {
    let new = FeedState::default();
    let state = poll(
        &new,
        OutcomeKind::OkNew,
        &facts(Some("\"1\""), Some("then")),
        start(),
    );
    assert_eq!(state.etag.as_deref(), Some(&b"\"1\""[..]));
    let request = feed().request(&state);
    assert_eq!(
        (request.etag, request.last_modified),
        (state.etag.clone(), state.last_modified.clone())
    );
    let renewed = poll(
        &state,
        OutcomeKind::NotModified,
        &facts(None, Some("later")),
        start(),
    );
    assert_eq!(renewed.etag, state.etag);
    assert_eq!(renewed.last_modified.as_deref(), Some(&b"later"[..]));
    let failed = poll(
        &renewed,
        OutcomeKind::NotAFeed,
        &facts(Some("\"login\""), None),
        start(),
    );
    assert_eq!(
        (&failed.etag, &failed.body_hash),
        (&state.etag, &state.body_hash)
    );
    let dropped = poll(&renewed, OutcomeKind::OkSame, &facts(None, None), start());
    assert_eq!((dropped.etag, dropped.last_modified), (None, None));
}

#[test]
fn a_redirects_validators_are_its_own() {
    let mut answer = facts(Some("\"1\""), None);
    answer.final_url = Some("https://h.example/new".to_owned());
    answer.redirects = vec![(302, "https://h.example/new".to_owned())];
    let state = poll(&FeedState::default(), OutcomeKind::OkNew, &answer, start());
    assert_eq!(feed().request(&state).validators_url, answer.final_url);
}

#[test]
fn another_url_starts_afresh_but_keeps_what_was_counted() {
    let mut state = poll(
        &FeedState::default(),
        OutcomeKind::OkNew,
        &facts(Some("\"1\""), None),
        start(),
    );
    state.gone = true;
    let moved = Feed {
        url: "https://h.example/moved".to_owned(),
        ..feed()
    };
    assert_eq!(moved.request(&state).etag, None);
    assert!(
        moved.url != state.url && state.is_due(&moved, start()) && !state.is_due(&feed(), start())
    );
    assert!(!state.is_known_document(&moved, b"hash") && state.is_known_document(&feed(), b"hash"));
    let answer = facts(None, None);
    let polled = Polled {
        began: start(),
        kind: OutcomeKind::NetError,
        message: Some("no answer"),
        facts: &answer,
        hash: None,
        document: None,
        new: 0,
        matched: 0,
        entries: &[],
        evidence: &Evidence::default(),
    };
    let next = apply(&moved, &state, &polled, &pace(), start());
    assert_eq!((next.etag, next.gone, next.entries), (None, false, 1));
}

#[test]
fn errors_are_counted_shown_and_forgotten() {
    let mut state = FeedState::default();
    for n in 1..=3 {
        state = poll(
            &state,
            OutcomeKind::NetError,
            &HttpFacts::default(),
            start(),
        );
        assert_eq!(state.failures, n);
    }
    assert_eq!(state.last_error.as_deref(), Some("what happened"));
    assert_eq!(state.health(&feed()), Health::Failing);
    let offline = poll(&state, OutcomeKind::Offline, &HttpFacts::default(), start());
    assert_eq!(offline.failures, 3);
    let well = poll(&offline, OutcomeKind::OkSame, &facts(None, None), start());
    assert_eq!(
        (well.failures, well.last_error, well.last_success),
        (0, None, Some(start()))
    );
}

#[test]
fn three_410s_over_two_days_end_it_and_a_blip_does_not() {
    let answer = HttpFacts {
        status: Some(410),
        ..HttpFacts::default()
    };
    let mut state = FeedState::default();
    let mut at = start();
    for n in 1..=3 {
        assert!(!state.gone && (n == 1 || state.next_poll.is_some()), "{n}");
        state = poll(&state, OutcomeKind::Gone, &answer, at);
        at = state.next_poll.unwrap_or(at);
    }
    assert!(state.gone && state.next_poll.is_none());
    assert!(!state.is_due(&feed(), after_hours(10_000)));
    assert_eq!(state.health(&feed()), Health::Gone);
    let mut state = FeedState::default();
    for n in 0..3 {
        state = poll(&state, OutcomeKind::Gone, &answer, after_hours(n));
    }
    assert!(!state.gone, "three within two days");
    state = poll(
        &state,
        OutcomeKind::OkSame,
        &facts(None, None),
        after_hours(25),
    );
    assert_eq!((state.gone_since, state.streak), (None, 1));
}

#[test]
fn retry_after_is_kept_and_capped() {
    let answer = HttpFacts {
        status: Some(429),
        retry_after: Some(Duration::from_hours(24 * 365)),
        ..HttpFacts::default()
    };
    let state = poll(
        &FeedState::default(),
        OutcomeKind::RateLimited,
        &answer,
        start(),
    );
    assert_eq!(state.retry_after, Some(after_hours(7 * 24)));
    assert!(state.next_poll >= state.retry_after);
    let well = poll(
        &state,
        OutcomeKind::OkSame,
        &facts(None, None),
        after_hours(8 * 24),
    );
    assert_eq!(well.retry_after, None);
}

#[test]
fn the_first_document_and_then_time_teach_the_rhythm() {
    let document = DocumentFacts {
        title: Some("속보".to_owned()),
        ttl_minutes: Some(30),
        published: (0..20).map(|n| after_hours(-n)).collect(),
        entries: 20,
        ..DocumentFacts::default()
    };
    let answer = facts(None, None);
    let polled = Polled {
        began: start(),
        kind: OutcomeKind::OkNew,
        message: None,
        facts: &answer,
        hash: Some(b"hash"),
        document: Some(&document),
        new: 20,
        matched: 0,
        entries: &[],
        evidence: &Evidence::default(),
    };
    let first = apply(&feed(), &FeedState::default(), &polled, &pace(), start());
    assert_eq!(
        (first.title.as_deref(), first.ttl_minutes),
        (Some("속보"), Some(30))
    );
    assert!(
        (20.0..30.0).contains(&first.rate_count),
        "{}",
        first.rate_count
    );
    assert_eq!((first.entries, first.last_new), (20, Some(start())));
    let quiet = poll(
        &first,
        OutcomeKind::NotModified,
        &facts(None, None),
        after_hours(24),
    );
    assert!(quiet.rate_count < first.rate_count && quiet.rate_days > first.rate_days);
    assert_eq!(quiet.title, first.title);
}

#[test]
fn bare_429s_double_bind_by_hand_and_leave_the_floor_raised() {
    let answer = HttpFacts {
        status: Some(429),
        ..HttpFacts::default()
    };
    let half = Feed {
        interval: Some(Duration::from_mins(30)),
        ..feed()
    };
    let evidence = Evidence::default();
    let step = |state: &FeedState, kind, facts, at| {
        let polled = Polled {
            began: at,
            kind,
            message: None,
            facts,
            hash: None,
            document: None,
            new: 0,
            evidence: &evidence,
            matched: 0,
            entries: &[],
        };
        apply(&half, state, &polled, &pace(), at)
    };
    let well = facts(Some("\"1\""), None);
    let mut state = step(&FeedState::default(), OutcomeKind::OkNew, &well, start());
    let mut at = start();
    for minutes in [60, 120, 240, 480] {
        state = step(&state, OutcomeKind::RateLimited, &answer, at);
        let gap = state.next_poll.unwrap().duration_since(at).as_mins();
        assert!(
            (minutes..minutes * 11 / 10).contains(&gap),
            "{gap} for {minutes}"
        );
        assert_eq!(state.retry_after, state.next_poll);
        at = state.next_poll.unwrap();
    }
    state = step(&state, OutcomeKind::OkSame, &well, at);
    let gap = state.next_poll.unwrap().duration_since(at).as_mins();
    assert!(
        (80..=88).contains(&gap),
        "sixteen times five minutes, not {gap}"
    );
    assert_eq!(
        (state.retry_after, state.why_then),
        (None, Some(schedule::Why::Floor))
    );
}

#[test]
fn refusals_that_are_a_limit_wait_four_hours_at_least() {
    let answer = HttpFacts {
        status: Some(403),
        retry_after: Some(Duration::from_mins(1)),
        ..HttpFacts::default()
    };
    let state = poll(
        &FeedState::default(),
        OutcomeKind::RateLimited,
        &answer,
        start(),
    );
    assert!(state.next_poll.unwrap() >= after_hours(4));
}

#[test]
fn without_a_network_a_feed_waits_a_minute_and_is_not_blamed() {
    let state = poll(
        &FeedState::default(),
        OutcomeKind::Offline,
        &HttpFacts::default(),
        start(),
    );
    assert_eq!(
        state.next_poll,
        Some(start() + SignedDuration::from_mins(1))
    );
    assert_eq!(
        (state.why_then, state.failures),
        (Some(schedule::Why::Offline), 0)
    );
    assert_eq!(state.health(&feed()), Health::New);
}
