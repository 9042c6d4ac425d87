//! Conditions come back as they went, alerts once; rules are watched anew when they mean something else.

use super::*;
use crate::store::outbox::Addressee;
use crate::store::sample::{
    DAY, after, assert_clean, commit, entry, now, number, open_store, record, rule_match, to,
};

fn failing() -> Known {
    Known {
        kind: Kind::ReceiverFailing,
        subject: "desk".to_owned(),
        text: "receiver desk fails".to_owned(),
        since: now(),
        opened: Some(now()),
        calm: None,
    }
}

fn apply_one(store: &crate::store::Store, step: Step, to: Vec<Addressee>) -> u32 {
    let steps = vec![(step, to)];
    store
        .write_blocking(move |tx| apply(tx, &steps, now()))
        .unwrap()
}

#[test]
fn a_condition_is_kept_told_and_resolved_with_keys_of_its_own() {
    let (_dir, store) = open_store();
    assert_eq!(apply_one(&store, Step::Keep(failing()), Vec::new()), 0);
    assert_eq!(
        apply_one(&store, Step::Tell(failing()), vec![to("phone")]),
        1
    );
    assert_eq!(
        apply_one(&store, Step::Tell(failing()), vec![to("phone")]),
        0,
        "the same key"
    );
    assert_eq!(store.read_blocking(known).unwrap(), [failing()]);
    assert_eq!(
        store.read_blocking(counts).unwrap(),
        [(Kind::ReceiverFailing, 1)]
    );
    assert_eq!(
        apply_one(&store, Step::Resolve(failing()), vec![to("phone")]),
        1
    );
    assert_eq!(store.read_blocking(known).unwrap(), []);
    assert_eq!(
        number(
            &store,
            "select count(*) from delivery where receiver = 'phone'"
        ),
        2
    );
    assert_eq!(
        store
            .read_blocking(|conn| alerts::last_health(conn, "receiver-failing", "desk"))
            .unwrap(),
        Some((Reason::Resolved, now()))
    );
    assert_clean(&store);
}

#[test]
fn an_alert_nobody_can_be_told_of_says_so() {
    let (_dir, store) = open_store();
    assert_eq!(apply_one(&store, Step::Tell(failing()), Vec::new()), 1);
    assert_eq!(
        number(
            &store,
            "select count(*) from alert where untold is not null"
        ),
        1
    );
    assert_clean(&store);
}

#[test]
fn a_silent_feed_is_shown_as_such() {
    let (_dir, store) = open_store();
    let silent_feed = Known {
        kind: Kind::FeedSilent,
        subject: "a".to_owned(),
        ..failing()
    };
    let health = || {
        let row = store.read_blocking(|conn| crate::store::feeds::get(conn, &FeedId::new("a")));
        row.unwrap().unwrap().health()
    };
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    assert_eq!(health().as_str(), "ok");
    apply_one(&store, Step::Tell(silent_feed.clone()), Vec::new());
    assert_eq!(health().as_str(), "silent");
    assert_eq!(
        store.read_blocking(crate::store::feeds::list).unwrap()[0]
            .health()
            .as_str(),
        "silent"
    );
    apply_one(&store, Step::Resolve(silent_feed), Vec::new());
    assert_eq!(health().as_str(), "ok");
}

#[test]
fn a_rule_that_means_something_else_is_watched_anew_with_the_rate_it_had() {
    let (_dir, store) = open_store();
    let watch = |meaning: i64, at: Timestamp| {
        store
            .write_blocking(move |tx| watch_rules(tx, &[(RuleId::new("r"), meaning)], at))
            .unwrap();
    };
    let facts = |at: Timestamp| {
        store
            .read_blocking(move |conn| rules(conn, at))
            .unwrap()
            .0
            .remove(0)
    };
    watch(1, now());
    record(
        &store,
        commit(vec![
            entry("one", vec![rule_match("r")]),
            entry("two", vec![rule_match("r")]),
        ]),
    );
    let later = now() + DAY;
    watch(1, later);
    assert_eq!(
        (facts(later).since, facts(later).matches_since),
        (Some(now()), 2)
    );
    watch(2, later);
    let changed = facts(later);
    assert_eq!((changed.since, changed.matches_since), (Some(later), 0));
    assert!(
        (changed.rate_before.unwrap() - 2.0).abs() < 1e-9,
        "{changed:?}"
    );
    watch(3, after(86_460));
    assert_eq!(facts(later).rate_before, None, "a minute says nothing");
    store
        .write_blocking(|tx| watch_rules(tx, &[], now()))
        .unwrap();
    assert_eq!(number(&store, "select count(*) from rule_watch"), 0);
}
