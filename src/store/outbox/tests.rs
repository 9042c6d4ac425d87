//! The outbox: leases, order, back-off, holds, resending, vanished receivers.

use super::*;
use crate::domain::alert::rate::Limits;
use crate::store::sample::{
    DAY, after, assert_clean, commit, entry, now, number, open_store, record, rule_match, to,
};
use crate::store::{Result, Store, polls::RuleMatch};

fn desk() -> ReceiverId {
    ReceiverId::new("desk")
}

fn rule(name: &str, severity: Severity) -> RuleMatch {
    let mut found = rule_match(name);
    found.found.severity = severity;
    found
}

fn take(
    store: &Store,
    at: Timestamp,
    limit: u32,
    untried_since: Option<Timestamp>,
) -> Vec<Claimed> {
    store
        .write_blocking(move |tx| {
            let wanted = Claim {
                receiver: &desk(),
                owner: "me",
                now: at,
                lease_until: at + DAY.checked_div(1440).unwrap(),
                limit,
                untried_since,
                limits: &Limits::default(),
                catch_up: None,
            };
            claim(tx, &wanted)
        })
        .unwrap()
}

fn later(wait: Option<u64>) -> Attempt {
    Attempt {
        outcome: AttemptOutcome::Later {
            message: "503 from the desk".to_owned(),
            wait: wait.map(Duration::from_secs),
        },
        status: Some(503),
        answer: "busy".to_owned(),
        duration: Duration::from_millis(20),
        reached: true,
    }
}

fn refused() -> Attempt {
    Attempt {
        outcome: AttemptOutcome::Permanent {
            message: "404: no such hook".to_owned(),
        },
        status: Some(404),
        ..later(None)
    }
}

fn accepted() -> Attempt {
    Attempt {
        outcome: AttemptOutcome::Delivered,
        status: Some(200),
        answer: String::new(),
        duration: Duration::from_millis(20),
        reached: true,
    }
}

fn end(store: &Store, row: &Claimed, attempt: Attempt, next: DeliveryState, at: Timestamp) -> bool {
    let row = row.clone();
    store
        .write_blocking(move |tx| settle(tx, &row, &attempt, &next, at))
        .unwrap()
}

#[test]
fn the_most_severe_and_then_the_oldest_come_first() {
    let (_dir, store) = open_store();
    record(
        &store,
        commit(vec![
            entry("one", vec![rule("low", Severity::Low)]),
            entry(
                "two",
                vec![
                    rule("high", Severity::High),
                    rule("critical", Severity::Critical),
                ],
            ),
            entry("three", vec![rule("high", Severity::High)]),
        ]),
    );
    let first = take(&store, now(), 3, None);
    assert_eq!(
        first.iter().map(|row| row.alert).collect::<Vec<_>>(),
        [3, 2, 4]
    );
    assert_eq!(
        first[0].give_up,
        now() + jiff::SignedDuration::from_hours(72)
    );
    assert_eq!(
        take(&store, now(), 3, None).len(),
        1,
        "what is under lease is not taken twice"
    );
    assert_clean(&store);
}

#[test]
fn a_delivery_ends_where_its_attempt_leads() {
    let (_dir, store) = open_store();
    record(
        &store,
        commit(vec![
            entry("one", vec![rule_match("r")]),
            entry("two", vec![rule_match("r")]),
            entry("three", vec![rule_match("r")]),
        ]),
    );
    let rows = take(&store, now(), 10, None);
    assert!(end(
        &store,
        &rows[0],
        accepted(),
        DeliveryState::Delivered,
        after(1)
    ));
    assert!(end(
        &store,
        &rows[1],
        later(None),
        DeliveryState::Due { due: after(30) },
        after(1)
    ));
    assert!(end(
        &store,
        &rows[2],
        refused(),
        DeliveryState::Dead {
            why: "404: no such hook".to_owned()
        },
        after(1)
    ));
    let states: Vec<(String, u64)> = store
        .read_blocking(counts)
        .unwrap()
        .into_iter()
        .map(|row| (row.state, row.count))
        .collect();
    assert_eq!(
        states,
        [
            ("dead".to_owned(), 1),
            ("delivered".to_owned(), 1),
            ("due".to_owned(), 1)
        ]
    );
    assert!(take(&store, after(29), 10, None).is_empty());
    assert_eq!(store.read_blocking(next_due).unwrap(), Some(after(30)));
    let again = take(&store, after(30), 10, None);
    assert_eq!(
        (again.len(), again[0].attempts, again[0].key.as_str()),
        (1, 1, rows[1].key.as_str())
    );
    assert_eq!(
        number(&store, "select failures from receiver where id = 'desk'"),
        2
    );
    assert_clean(&store);
}

#[test]
fn attempts_are_shown_with_what_went_wrong() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let rows = take(&store, now(), 10, None);
    end(
        &store,
        &rows[0],
        refused(),
        DeliveryState::Due { due: after(30) },
        after(1),
    );
    let shown = store
        .read_blocking(|conn| of_alert(conn, rows[0].alert))
        .unwrap();
    assert_eq!(
        shown[0].attempts[0].message.as_deref(),
        Some("404: no such hook")
    );
}

#[test]
fn a_receivers_own_wait_holds_all_that_is_owed_to_it() {
    let (_dir, store) = open_store();
    record(
        &store,
        commit(vec![
            entry("one", vec![rule_match("r")]),
            entry("two", vec![rule_match("r")]),
        ]),
    );
    let rows = take(&store, now(), 1, None);
    end(
        &store,
        &rows[0],
        later(Some(120)),
        DeliveryState::Due { due: after(5) },
        now(),
    );
    assert!(take(&store, after(60), 10, None).is_empty());
    assert!(
        take(&store, after(60), 10, Some(after(60))).is_empty(),
        "`--once` obeys it too"
    );
    assert_eq!(
        store.read_blocking(|conn| waiting(conn, None)).unwrap(),
        [(desk(), after(120))]
    );
    assert_eq!(
        store
            .read_blocking(|conn| waiting(conn, Some(after(60))))
            .unwrap(),
        [(desk(), after(120))]
    );
    end(
        &store,
        &rows[0],
        later(Some(10)),
        DeliveryState::Due { due: after(5) },
        after(1),
    );
    assert!(
        take(&store, after(119), 10, None).is_empty(),
        "a shorter wish does not end a longer one"
    );
    assert_eq!(take(&store, after(120), 10, None).len(), 2);
}

#[test]
fn once_tries_each_delivery_once_whatever_its_back_off() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let rows = take(&store, now(), 10, None);
    end(
        &store,
        &rows[0],
        later(None),
        DeliveryState::Due { due: after(7200) },
        now(),
    );
    let begun = after(60);
    let rows = take(&store, begun, 10, Some(begun));
    assert_eq!(rows.len(), 1);
    end(
        &store,
        &rows[0],
        later(None),
        DeliveryState::Due { due: begun },
        begun,
    );
    assert!(take(&store, after(61), 10, Some(begun)).is_empty());
    assert!(
        store
            .read_blocking(|conn| waiting(conn, Some(begun)))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_lost_lease_is_an_attempt_of_unknown_end() {
    let (_dir, store) = open_store();
    record(
        &store,
        commit(vec![
            entry("one", vec![rule_match("r")]),
            entry("two", vec![rule_match("r")]),
        ]),
    );
    let rows = take(&store, now(), 10, None);
    let release = |at| {
        store
            .write_blocking(move |tx| release_expired(tx, at))
            .unwrap()
    };
    assert_eq!(store.read_blocking(next_due).unwrap(), Some(after(60)));
    assert_eq!(release(after(59)), 0);
    assert_eq!(release(after(60)), 2);
    // A late failure changes nothing any more; a late success does.
    assert!(!end(
        &store,
        &rows[0],
        later(None),
        DeliveryState::Due { due: after(999) },
        after(61)
    ));
    assert!(!end(
        &store,
        &rows[1],
        accepted(),
        DeliveryState::Delivered,
        after(61)
    ));
    let again = take(&store, after(61), 10, None);
    assert_eq!(
        (again.len(), again[0].id, again[0].attempts),
        (1, rows[0].id, 2)
    );
    assert_clean(&store);
}

#[test]
fn what_is_given_back_is_due_as_before() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let rows = take(&store, now(), 10, None);
    store
        .write_blocking(move |tx| give_back(tx, &rows[0]))
        .unwrap();
    assert_eq!(take(&store, now(), 10, None)[0].attempts, 0);
}

#[test]
fn receivers_that_vanish_are_owed_nothing() {
    let (_dir, store) = open_store();
    record(
        &store,
        commit(vec![
            entry("one", vec![rule_match("r")]),
            entry("two", vec![rule_match("r")]),
        ]),
    );
    let under_way = take(&store, now(), 1, None);
    let cancel = |keep: &'static str| {
        store
            .write_blocking(move |tx| cancel_vanished(tx, &[ReceiverId::new(keep)], now()))
            .unwrap()
    };
    assert_eq!(cancel("desk"), []);
    assert_eq!(cancel("other"), [("desk".to_owned(), 1)]);
    assert!(end(
        &store,
        &under_way[0],
        accepted(),
        DeliveryState::Delivered,
        now()
    ));
    assert_eq!(
        number(
            &store,
            "select count(*) from delivery where state = 'cancelled' and why like '%removed%'"
        ),
        1
    );
    // What would no longer be tried is not owed again; the rest is, under its old key.
    let back = |at: Timestamp| {
        store
            .write_blocking(move |tx| owe_returned(tx, &[ReceiverId::new("desk")], at))
            .unwrap()
    };
    assert_eq!(back(now() + jiff::SignedDuration::from_hours(30 * 24)), 0);
    assert_eq!(back(now()), 1);
    assert_eq!(take(&store, now(), 10, None).len(), 1);
    assert_clean(&store);
}

#[test]
fn resending_makes_keys_of_its_own() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let rows = take(&store, now(), 10, None);
    end(
        &store,
        &rows[0],
        accepted(),
        DeliveryState::Delivered,
        now(),
    );
    let again = |to: Vec<Addressee>| -> Option<Vec<i64>> {
        store
            .write_blocking(move |tx| resend(tx, 1, &to, after(60)))
            .unwrap()
    };
    assert_eq!(again(Vec::new()).unwrap().len(), 1);
    assert_eq!(again(vec![to("desk"), to("phone")]).unwrap().len(), 2);
    let keys: Vec<String> = store
        .read_blocking(|conn| of_alert(conn, 1))
        .unwrap()
        .into_iter()
        .map(|row| {
            format!(
                "{} {}",
                row.receiver,
                row.key.trim_start_matches(&rows[0].key)
            )
        })
        .collect();
    assert_eq!(keys, ["desk ", "desk -r2", "desk -r3", "phone -r2"]);
    let missing: Result<_> = store.write_blocking(|tx| resend(tx, 77, &[], now()));
    assert_eq!(missing, Ok(None));
    assert_clean(&store);
}

#[test]
fn a_clock_set_back_keeps_nothing_from_its_receiver() {
    let (_dir, store) = open_store();
    record(
        &store,
        commit(vec![entry("one", vec![rule_match("r"), rule_match("s")])]),
    );
    let year = 365 * 86_400;
    // Under the wrong clock one was tried, with a Retry-After, and one was under way.
    let taken = take(&store, after(year), 1, None).remove(0);
    let next = DeliveryState::Due {
        due: after(year + 3_600),
    };
    end(&store, &taken, later(Some(3_600)), next, after(year));
    assert!(take(&store, after(1), 5, None).len() < 2);
    let release = || {
        store
            .write_blocking(|tx| release_expired(tx, after(2)))
            .unwrap()
    };
    assert_eq!(release(), 0);
    let held = take(&store, after(2), 5, None);
    assert_eq!(
        held.len(),
        2,
        "neither hold nor due time of another year counts"
    );
    for delivery in held {
        let id = delivery.id;
        store
            .write_blocking(move |tx| {
                tx.execute(
                    "update delivery set lease_until = ?2 where seq = ?1",
                    params![id, Ms(after(year))],
                )?;
                Ok(())
            })
            .unwrap();
    }
    assert_eq!(release(), 2, "nor does a lease");
}
