//! What is asked, what is told and what is noted.

use super::*;
use crate::domain::feed::outcome::HttpFacts;

fn start() -> Timestamp {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn days(days: i64) -> Timestamp {
    start() + SignedDuration::from_hours(days * 24)
}

fn feed() -> Feed {
    Feed::new("a".into(), "https://h.example/feed")
}

fn asking(full: bool) -> Asking<'static> {
    Asking {
        contact: "c",
        full,
        alone: false,
        now: start(),
    }
}

fn step(state: &mut FeedState, kind: OutcomeKind, status: u16, at: Timestamp) {
    let facts = HttpFacts {
        status: Some(status),
        ..HttpFacts::default()
    };
    let evidence = Evidence::default();
    let polled = Polled {
        began: at,
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
    let before = state.clone();
    state.last_outcome = Some(kind);
    after(&feed(), &before, state, &polled, at);
}

#[test]
fn a_move_is_asked_at_its_new_address_and_full_where_config_says() {
    let mut state = FeedState {
        url: feed().url,
        etag: Some(b"\"x\"".to_vec()),
        ..FeedState::default()
    };
    state.standing.moves.effective_url = Some("https://new.example/feed".to_owned());
    let (request, evidence) = ask(&feed(), &state, &asking(false));
    assert_eq!(
        (request.url.as_str(), request.etag.is_some(), evidence.moved),
        ("https://new.example/feed", true, true)
    );
    let (request, evidence) = ask(&feed(), &state, &asking(true));
    assert_eq!(
        (request.url.as_str(), request.etag.is_some(), evidence.moved),
        ("https://h.example/feed", false, false)
    );
    state.url = "https://before.example/".to_owned();
    let (request, evidence) = ask(&feed(), &state, &asking(false));
    assert_eq!(
        (request.url.as_str(), request.etag.is_some(), evidence.moved),
        ("https://h.example/feed", false, false)
    );
}

#[test]
fn a_feed_not_found_for_two_weeks_is_noted_as_dead_and_one_that_flaps_is_not() {
    use OutcomeKind::{HttpError, Offline, OkSame};
    let missing = |polls: &[(i64, OutcomeKind, u16)]| {
        let mut state = FeedState::default();
        for (day, kind, status) in polls {
            step(&mut state, *kind, *status, days(*day));
        }
        note(&state, days(14)).is_some_and(|note| note.contains("dead?"))
    };
    assert!(missing(&[
        (0, HttpError, 404),
        (7, HttpError, 404),
        (13, Offline, 0)
    ]));
    assert!(!missing(&[(1, HttpError, 404), (13, HttpError, 404)]));
    assert!(!missing(&[
        (0, HttpError, 404),
        (7, OkSame, 200),
        (8, HttpError, 404)
    ]));
    assert!(!missing(&[
        (0, HttpError, 404),
        (7, HttpError, 500),
        (8, HttpError, 404)
    ]));
}

#[test]
fn changes_are_told_once() {
    let plain = FeedState::default();
    assert_eq!(told(&plain, &plain, None), Vec::<String>::new());
    let mut moved = plain.clone();
    moved.standing.moves.effective_url = Some("https://new.example/".to_owned());
    let mut broken = plain.clone();
    broken.standing.trust.etag_broken = true;
    broken.standing.trust.last_modified_broken = true;
    let gone = FeedState {
        gone: true,
        ..FeedState::default()
    };
    let mut refused = FeedState {
        failures: 3,
        ..FeedState::default()
    };
    refused.standing.limits.refusals = 3;
    for (before, after, whole, words) in [
        (&plain, &moved, None, &["asked at https://new.example/"][..]),
        (&moved, &plain, None, &["configured URL again"]),
        (&moved, &moved, None, &[]),
        (
            &plain,
            &broken,
            Some(Whole::Stuck),
            &[
                "eight days",
                "ETag stood still",
                "Last-Modified stood still",
            ],
        ),
        (&plain, &gone, None, &["gone"]),
        (&gone, &gone, None, &[]),
        (&plain, &refused, None, &["refused three times"]),
    ] {
        let lines = told(before, after, whole);
        assert_eq!(lines.len(), words.len(), "{lines:?}");
        assert!(
            lines
                .iter()
                .zip(words)
                .all(|(line, word)| line.contains(word)),
            "{lines:?}"
        );
    }
    for (state, word) in [(&moved, "moved"), (&broken, "ETag")] {
        assert!(note(state, start()).unwrap().contains(word));
    }
    assert_eq!(note(&plain, start()), None);
}

#[test]
fn what_was_learned_is_kept_as_text_and_an_older_text_is_understood() {
    let mut standing = Standing::default();
    standing.moves.effective_url = Some("https://new.example/".to_owned());
    standing.trust.whole_next = Some(Whole::Unsolicited);
    standing.missing_since = Some(start());
    let text = serde_json::to_string(&standing).unwrap();
    assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), standing);
    assert_eq!(
        serde_json::from_str::<Standing>("{}").unwrap(),
        Standing::default()
    );
    assert_eq!(
        serde_json::from_str::<Standing>(r#"{"later":1,"trust":{"more":2}}"#).unwrap(),
        Standing::default()
    );
}
