//! Answers in a row, and which validators the next request carries.

use jiff::SignedDuration;

use super::*;
use crate::domain::feed::DocumentFacts;
use crate::domain::feed::learn;
use crate::domain::feed::outcome::HttpFacts;
use crate::domain::feed::schedule::Pace;
use crate::domain::feed::standing::{self, Asking};
use crate::secret::Secret;

fn start() -> Timestamp {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

fn feed() -> Feed {
    Feed::new("a".into(), "https://h.example/feed")
}

fn pace() -> Pace {
    Pace {
        interval: None,
        budget: 24.0,
        min: Duration::from_mins(5),
        max: Duration::from_hours(24),
        ..Pace::default()
    }
}

/// An answer: a 304 or a document, with its `ETag` and Last-Modified, and how many new entries.
#[derive(Clone, Copy)]
enum Answer {
    Same(Option<&'static str>, Option<&'static str>),
    Document(Option<&'static str>, Option<&'static str>, u32),
    Down,
    /// A 304 that nobody asked for.
    Unasked,
}

/// Polls once; says whether and why it asked for the whole document.
fn poll(state: &mut FeedState, answer: Answer, full: bool, at: Timestamp) -> Option<Whole> {
    let feed = feed();
    let (request, evidence) = standing::ask(
        &feed,
        state,
        &Asking {
            contact: "c",
            full,
            alone: false,
            now: at,
        },
    );
    let conditional = request.etag.is_some() || request.last_modified.is_some();
    assert!(!(conditional && evidence.whole.is_some()));
    let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
    let (kind, status, etag, date, new) = match answer {
        Answer::Same(etag, date) => (OutcomeKind::NotModified, Some(304), etag, date, 0),
        Answer::Document(etag, date, 0) => (OutcomeKind::OkSame, Some(200), etag, date, 0),
        Answer::Document(etag, date, new) => (OutcomeKind::OkNew, Some(200), etag, date, new),
        Answer::Down => (OutcomeKind::NetError, None, None, None, 0),
        Answer::Unasked => (OutcomeKind::HttpError, Some(304), None, None, 0),
    };
    let facts = HttpFacts {
        status,
        etag: bytes(etag),
        last_modified: bytes(date),
        fresh_for: matches!(answer, Answer::Same(..)).then_some(Duration::from_hours(6)),
        ..HttpFacts::default()
    };
    // Twenty entries, one an hour.
    let document = DocumentFacts {
        published: (0..20)
            .map(|n| at - SignedDuration::from_hours(n))
            .collect(),
        ..DocumentFacts::default()
    };
    let polled = learn::Polled {
        began: at,
        kind,
        message: None,
        facts: &facts,
        hash: None,
        document: matches!(answer, Answer::Document(..)).then_some(&document),
        new,
        evidence: &evidence,
        matched: 0,
        entries: &[],
    };
    *state = learn::apply(&feed, state, &polled, &pace(), at);
    evidence.whole
}

const X: Option<&str> = Some("\"x\"");

fn known() -> FeedState {
    let mut state = FeedState::default();
    poll(
        &mut state,
        Answer::Document(X, Some("then"), 20),
        false,
        start(),
    );
    state
}

#[test]
fn a_304_of_another_version_updates_nothing_and_three_ask_for_the_whole() {
    let mut state = known();
    let other = Answer::Same(Some("\"y\""), Some("later"));
    for hour in 1..=3 {
        assert_eq!(poll(&mut state, other, false, hours(hour)), None);
        assert_eq!(
            (state.etag.as_deref(), state.last_modified.as_deref()),
            (Some(&b"\"x\""[..]), Some(&b"then"[..]))
        );
        assert!(
            state.next_poll.unwrap() < hours(hour + 3),
            "its max-age does not count"
        );
    }
    assert_eq!(
        poll(&mut state, Answer::Down, false, hours(9)),
        Some(Whole::Mismatched)
    );
    assert_eq!(
        poll(&mut state, Answer::Document(X, None, 0), false, hours(10)),
        Some(Whole::Mismatched),
        "until it came"
    );
    assert_eq!(poll(&mut state, other, false, hours(11)), None);
}

#[test]
fn weak_and_strong_are_one_version_and_a_match_ends_the_row() {
    let mut state = known();
    for (hour, etag) in [
        (1, Some("W/\"x\"")),
        (2, None),
        (3, Some("\"y\"")),
        (4, X),
        (5, Some("\"y\"")),
        (6, Some("\"z\"")),
    ] {
        assert_eq!(
            poll(&mut state, Answer::Same(etag, None), false, hours(hour)),
            None
        );
    }
    assert_eq!(state.standing.trust.mismatches, 2);
    poll(&mut state, Answer::Same(X, Some("later")), false, hours(7));
    assert_eq!(
        state.last_modified.as_deref(),
        Some(&b"later"[..]),
        "a 304 renews the date"
    );
}

#[test]
fn an_unasked_304_is_met_with_one_whole_request() {
    let mut state = known();
    poll(&mut state, Answer::Unasked, false, hours(1));
    assert_eq!(
        poll(&mut state, Answer::Unasked, false, hours(2)),
        Some(Whole::Unsolicited)
    );
    assert_eq!(
        poll(&mut state, Answer::Down, false, hours(4)),
        None,
        "once"
    );
    assert_eq!(state.failures, 3, "and then back-off");
}

#[test]
fn a_feed_stuck_behind_304s_is_freed_within_eight_days() {
    for (etag, date, broken) in [
        (X, Some("now"), (true, false)),
        (Some("\"y\""), Some("then"), (false, true)),
        (X, Some("then"), (true, true)),
        (Some("\"y\""), Some("now"), (true, false)),
    ] {
        let mut state = known();
        let mut asked = Vec::new();
        for hour in 1..=8 * 24 {
            let at = hours(hour);
            let guards = hour == 8 * 24;
            let answer = if guards {
                Answer::Document(etag, date, 4)
            } else {
                Answer::Same(X, None)
            };
            asked.extend(poll(&mut state, answer, false, at));
        }
        assert_eq!(asked, [Whole::Stuck]);
        let trust = &state.standing.trust;
        assert_eq!((trust.etag_broken, trust.last_modified_broken), broken);
        assert_eq!(
            (state.etag.is_none(), state.last_modified.is_none()),
            broken,
            "what is broken is not kept"
        );
    }
}

#[test]
fn the_guard_costs_one_request_in_eight_days_and_none_where_silence_explains_itself() {
    let mut state = known();
    let mut asked = 0;
    for hour in 1..=25 * 24 {
        let whole = poll(&mut state, Answer::Same(X, None), false, hours(hour));
        // This publisher keeps saying 304, to the guard's question too.
        asked += u32::from(whole == Some(Whole::Stuck));
    }
    assert_eq!(asked, 3);
    let mut quiet = known();
    quiet.standing.trust.rate = Some(0.3);
    let stuck =
        |state: &FeedState, hour| whole(state, &fingerprint(&feed(), "c"), false, hours(hour));
    quiet.last_outcome = Some(OutcomeKind::NotModified);
    assert_eq!(stuck(&quiet, 9 * 24), None, "2.7 entries expected");
    assert_eq!(
        stuck(&quiet, 10 * 24),
        Some(Whole::Stuck),
        "3 entries expected"
    );
    quiet.standing.trust.rate = None;
    assert_eq!(
        stuck(&quiet, 8 * 24),
        Some(Whole::Stuck),
        "an unknown rhythm explains nothing"
    );
    quiet.last_outcome = Some(OutcomeKind::OkSame);
    assert_eq!(stuck(&quiet, 10 * 24), None, "whole documents come anyway");
}

#[test]
fn nothing_new_behind_the_guard_leaves_the_validators_trusted() {
    let mut state = known();
    poll(&mut state, Answer::Same(X, None), false, hours(1));
    assert_eq!(
        poll(
            &mut state,
            Answer::Document(X, Some("then"), 0),
            false,
            hours(200)
        ),
        Some(Whole::Stuck)
    );
    assert!(!state.standing.trust.etag_broken && state.etag.is_some());
}

#[test]
fn another_contact_credential_or_url_voids_the_validators() {
    let plain = feed();
    let before = fingerprint(&plain, "c");
    let keyed = |value: &str| Feed {
        headers: [("X-Key".to_owned(), Secret::new(value))].into(),
        ..feed()
    };
    let moved = Feed {
        url: "https://u:p@h.example/feed".to_owned(),
        ..feed()
    };
    let marks = [
        before.clone(),
        fingerprint(&plain, "d"),
        fingerprint(&keyed("1"), "c"),
        fingerprint(&keyed("2"), "c"),
        fingerprint(&moved, "c"),
    ];
    for (place, mark) in marks.iter().enumerate() {
        assert!(!marks[..place].contains(mark));
        assert_eq!(mark.len(), 4, "too short to tell a password");
    }
    let titled = Feed {
        title: Some("T".to_owned()),
        tags: vec!["x".to_owned()],
        ..feed()
    };
    assert_eq!(fingerprint(&titled, "c"), before, "nothing else matters");
    let state = known();
    assert_eq!(
        whole(&state, &marks[2], false, hours(1)),
        Some(Whole::Changed)
    );
    let mut old = state.clone();
    old.standing.trust.asked_as = None;
    assert_eq!(
        whole(&old, &marks[2], false, hours(1)),
        None,
        "a store of the version before"
    );
}

#[test]
fn a_person_gets_the_whole_document_once_in_ten_minutes() {
    let mut state = known();
    assert_eq!(full_again(&state.standing.trust, hours(1)), None);
    assert_eq!(
        poll(&mut state, Answer::Document(X, None, 0), true, hours(1)),
        Some(Whole::Asked)
    );
    let trust = &state.standing.trust;
    assert_eq!(
        full_again(trust, hours(1)),
        Some(hours(1) + SignedDuration::from_mins(10))
    );
    assert_eq!(full_again(trust, hours(2)), None);
    assert_eq!(full_again(trust, start()), None, "a clock set back");
    // Asked for through the store, for a daemon that runs beside.
    state.standing.trust.whole_next = Some(Whole::Asked);
    assert_eq!(
        poll(&mut state, Answer::Document(X, None, 0), false, hours(3)),
        Some(Whole::Asked)
    );
    assert_eq!(
        poll(&mut state, Answer::Same(X, None), false, hours(4)),
        None
    );
}
