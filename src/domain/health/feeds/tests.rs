use super::*;
use crate::domain::id::FeedId;

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

fn feed(n: usize) -> Feed {
    Feed::new(FeedId::new(format!("f{n}")), "https://a.example/feed")
}

fn good() -> FeedState {
    FeedState {
        last_outcome: Some(OutcomeKind::OkSame),
        last_success: Some(ago(1)),
        next_poll: Some(now()),
        ..FeedState::default()
    }
}

fn bad(kind: OutcomeKind, failures: u32) -> FeedState {
    FeedState {
        last_outcome: Some(kind),
        last_error: Some("Connection refused".to_owned()),
        last_success: Some(ago(8)),
        failures,
        ..good()
    }
}

fn around() -> Around {
    Around {
        offline_since: None,
        told_unreachable: false,
        now: now(),
    }
}

fn of(states: &[FeedState], around: &Around) -> Vec<Condition> {
    let feeds: Vec<Feed> = (0..states.len()).map(feed).collect();
    let facts: Vec<Facts<'_>> = feeds
        .iter()
        .zip(states)
        .map(|(feed, state)| Facts {
            feed,
            state,
            silence: None,
        })
        .collect();
    judge(&facts, around)
}

#[test]
fn each_way_a_feed_goes_wrong_has_its_kind() {
    let moved = {
        let mut state = good();
        state.standing.moves.effective_url = Some("https://b.example/new".to_owned());
        state
    };
    let empty = {
        let mut state = good();
        state.signs.empty = EMPTY_POLLS;
        state
    };
    let gone = FeedState {
        gone: true,
        ..bad(OutcomeKind::Gone, 9)
    };
    let cases = [
        (good(), None),
        (bad(OutcomeKind::HttpError, 4), None),
        (bad(OutcomeKind::HttpError, 5), Some(Kind::FeedFailing)),
        (bad(OutcomeKind::NetError, 5), Some(Kind::FeedFailing)),
        (bad(OutcomeKind::NotAFeed, 5), Some(Kind::NotAFeed)),
        (gone, Some(Kind::FeedGone)),
        (empty, Some(Kind::FeedEmpty)),
        (moved, Some(Kind::FeedMoved)),
    ];
    for (state, kind) in cases {
        let found = of(&[state.clone(), good(), good()], &around());
        let kinds: Vec<Kind> = found.iter().map(|condition| condition.kind).collect();
        assert_eq!(kinds, kind.into_iter().collect::<Vec<_>>(), "{state:?}");
        assert!(found.iter().all(|condition| condition.text.contains("f0")));
    }
    let since = of(&[bad(OutcomeKind::HttpError, 5)], &around())[0].since;
    assert_eq!(
        since,
        Some(ago(8)),
        "six hours count from the last good poll"
    );
}

#[test]
fn feeds_that_cannot_be_reached_together_are_one_condition() {
    let states = |away: usize| -> Vec<FeedState> {
        let away = vec![bad(OutcomeKind::NetError, 6); away];
        away.into_iter().chain(vec![good(); 20]).take(20).collect()
    };
    let group = |away: usize, told: bool| {
        let around = Around {
            told_unreachable: told,
            ..around()
        };
        of(&states(away), &around)
            .into_iter()
            .find(|condition| condition.kind == Kind::Unreachable)
    };
    for (away, told, wanted) in [
        (9, false, false),
        (10, false, true),
        (20, false, true),
        (3, true, true),
        (2, true, false),
        (0, true, false),
    ] {
        assert_eq!(group(away, told).is_some(), wanted, "{away} {told}");
    }
    let text = group(20, false).unwrap().text;
    assert!(text.starts_with("cannot reach 20 of 20 feeds"), "{text}");
    let all = of(&states(20), &around());
    assert_eq!(
        all.iter().filter(|condition| condition.inhibited).count(),
        20
    );
}

#[test]
fn a_few_feeds_that_fail_together_are_themselves() {
    let found = of(&vec![bad(OutcomeKind::NetError, 6); 3], &around());
    assert!(found.iter().all(|condition| !condition.inhibited));
    assert_eq!(found.len(), 3);
    let offline = Around {
        offline_since: Some(ago(1)),
        ..around()
    };
    let found = of(&vec![bad(OutcomeKind::Offline, 0); 3], &offline);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].since, Some(ago(1)));
}

#[test]
fn polls_that_are_late_are_told_where_they_are_many() {
    let late = |count: usize| -> Vec<FeedState> {
        let late = FeedState {
            next_poll: Some(ago(1)),
            ..good()
        };
        vec![late; count]
            .into_iter()
            .chain(vec![good(); 30])
            .take(30)
            .collect()
    };
    assert_eq!(of(&late(2), &around()).len(), 0);
    let found = of(&late(3), &around());
    assert_eq!(found[0].kind, Kind::PollsBehind);
}
