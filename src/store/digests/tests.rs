//! Digests: what goes in, what it says, and that its members end as it does.

use super::*;
use crate::domain::alert::delivery::{Attempt, DeliveryState};
use crate::domain::id::ReceiverId;
use crate::store::outbox::{self, Claim, Claimed};
use crate::store::sample::{
    after, assert_clean, commit, entry, now, number, open_store, record, rule_match, to,
};
use crate::store::{Store, alerts::detail};

/// Gathers deliveries of `desk` as the morning's digest.
fn morning(store: &Store, members: &[i64]) -> Vec<i64> {
    let members = members.to_vec();
    store
        .write_blocking(move |tx| {
            let what = Gathering {
                to: &to("desk"),
                kind: Kind::Daily,
                window: "2026-11-24",
                title: "Digest",
            };
            gather(tx, &what, &members, now())
        })
        .unwrap()
}

/// A store with so many alerts for `desk`: deliveries 1, 2, 3 …
fn with_alerts(count: u32) -> (tempfile::TempDir, Store) {
    let (dir, store) = open_store();
    let new = (0..count)
        .map(|each| entry(&format!("n{each}"), vec![rule_match("r")]))
        .collect();
    record(&store, commit(new));
    (dir, store)
}

fn claim(store: &Store) -> Vec<Claimed> {
    store
        .write_blocking(|tx| {
            let wanted = Claim {
                receiver: &ReceiverId::new("desk"),
                owner: "me",
                now: after(1),
                lease_until: after(60),
                limit: 10,
                untried_since: None,
                limits: &crate::domain::alert::rate::Limits::default(),
                catch_up: None,
            };
            outbox::claim(tx, &wanted)
        })
        .unwrap()
}

fn settle(store: &Store, claimed: &Claimed, attempt: Attempt, state: DeliveryState) {
    let claimed = claimed.clone();
    store
        .write_blocking(move |tx| outbox::settle(tx, &claimed, &attempt, &state, after(2)))
        .unwrap();
}

fn states(store: &Store) -> String {
    store
        .read_blocking(|conn| {
            Ok(conn.query_row(
                "select group_concat(state, ' ') from (select state from delivery order by seq)",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap()
}

#[test]
fn a_digest_carries_its_members_and_they_arrive_with_it() {
    let (_dir, store) = with_alerts(3);
    let digests = morning(&store, &[1, 2, 3]);
    assert_eq!(states(&store), "held held held due");
    let digest = digests[0];
    let found = store
        .read_blocking(|conn| detail(conn, digest, Some("https://desk.example")))
        .unwrap()
        .unwrap();
    let alerts = found.alert.alerts.unwrap();
    assert_eq!(alerts.len(), 3);
    assert!(alerts.iter().all(|alert| alert.entry.is_some()));
    assert_eq!(
        alerts[0].links.alert.as_deref(),
        Some("https://desk.example/alerts/1")
    );
    assert_eq!(
        (found.alert.entry, found.alert.reason),
        (None, Reason::Digest)
    );
    assert_clean(&store);

    let claimed = claim(&store);
    assert_eq!(claimed.len(), 1, "the members are not sent by themselves");
    settle(
        &store,
        &claimed[0],
        Attempt::delivered(),
        DeliveryState::Delivered,
    );
    assert_eq!(states(&store), "delivered delivered delivered delivered");
    let why = format!("in digest {}", claimed[0].key);
    assert_eq!(
        number(
            &store,
            &format!("select count(*) from delivery where why = '{why}'")
        ),
        3
    );
    assert_clean(&store);
}

#[test]
fn a_digest_that_dies_takes_its_members_along_and_brings_them_back() {
    let (_dir, store) = with_alerts(2);
    let digest = morning(&store, &[1, 2])[0];
    let claimed = claim(&store);
    let dead = DeliveryState::Dead { why: "404".into() };
    settle(&store, &claimed[0], Attempt::permanent("404"), dead);
    assert_eq!(states(&store), "dead dead dead");
    assert_clean(&store);

    store
        .write_blocking(move |tx| outbox::resend(tx, digest, &[to("desk")], after(3)))
        .unwrap();
    let again = store
        .write_blocking(|tx| {
            let wanted = Claim {
                receiver: &ReceiverId::new("desk"),
                owner: "me",
                now: after(4),
                lease_until: after(60),
                limit: 10,
                untried_since: None,
                limits: &crate::domain::alert::rate::Limits::default(),
                catch_up: None,
            };
            outbox::claim(tx, &wanted)
        })
        .unwrap();
    settle(
        &store,
        &again[0],
        Attempt::delivered(),
        DeliveryState::Delivered,
    );
    assert_eq!(states(&store), "delivered delivered dead delivered");
    assert_clean(&store);
}

#[test]
fn what_is_under_way_or_carried_already_stays_as_it_is() {
    let (_dir, store) = with_alerts(3);
    let first = morning(&store, &[1]);
    let sending = claim(&store);
    assert_eq!(
        sending.iter().map(|row| row.id).collect::<Vec<_>>(),
        [2, 3, 4],
        "two alerts and the digest"
    );
    assert_eq!(morning(&store, &[1, 2, 3, 4, 99]), Vec::<i64>::new());
    assert_eq!(
        store.read_blocking(|conn| members(conn, first[0])).unwrap(),
        [1]
    );
    assert_clean(&store);
}

#[test]
fn a_window_that_gathers_twice_has_two_digests_of_different_keys() {
    let (_dir, store) = with_alerts(2);
    let (first, second) = (morning(&store, &[1]), morning(&store, &[2]));
    assert_ne!(first, second);
    assert_eq!(
        number(
            &store,
            "select count(distinct key) from alert where reason = 'digest'"
        ),
        2
    );
}

#[test]
fn too_many_for_one_message_come_in_several() {
    let count = u32::try_from(MOST_MEMBERS).unwrap() + 1;
    let (_dir, store) = with_alerts(count);
    let members: Vec<i64> = (1..=i64::from(count)).collect();
    assert_eq!(morning(&store, &members).len(), 2);
    assert_eq!(
        number(&store, "select count(*) from digest_member"),
        i64::from(count)
    );
}

#[test]
fn an_empty_digest_comes_once_a_window() {
    let (_dir, store) = open_store();
    let raise = |window: &'static str| {
        store
            .write_blocking(move |tx| {
                let what = Gathering {
                    to: &to("desk"),
                    kind: Kind::Daily,
                    window,
                    title: "Digest",
                };
                raise_empty(tx, &what, now()).map(|raised| raised.is_some())
            })
            .unwrap()
    };
    assert_eq!(
        [
            raise("2026-11-24"),
            raise("2026-11-24"),
            raise("2026-11-25")
        ],
        [true, false, true]
    );
}
