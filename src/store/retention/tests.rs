//! Forgetting, and what must not be forgotten.

use super::*;
use crate::domain::id::FeedId;
use crate::store::polls::PollCommit;
use crate::store::sample::{
    DAY, after, assert_clean, commit, commit_revised, entry, now, number, open_store, record,
    revised, rule_match,
};
use crate::store::{Store, entries};

fn run(store: &Store, keep_entries: Duration, keep_alerts: Duration, at: Timestamp) -> Swept {
    let settings = Settings {
        keep_entries,
        keep_alerts,
        ..Settings::default()
    };
    store
        .write_blocking(move |tx| sweep(tx, &settings, at))
        .unwrap()
}

fn days(count: i64) -> Timestamp {
    after(count * 86_400)
}

#[test]
fn old_entries_go_and_do_not_come_back_as_new() {
    let (_dir, store) = open_store();
    let old = entry("old", Vec::new());
    record(
        &store,
        commit(vec![old.clone(), entry("alerted", vec![rule_match("r")])]),
    );
    record(&store, commit_revised(revised("old", "changed", vec![])));
    assert_eq!(
        run(&store, 30 * DAY, Duration::ZERO, days(29)),
        Swept::default()
    );
    let swept = run(&store, 30 * DAY, Duration::ZERO, days(31));
    assert_eq!(
        (swept.entries, swept.alerts, swept.is_full()),
        (1, 0, false)
    );
    for (table, rows) in [
        ("entry", 1),
        ("revision", 0),
        ("story", 1),
        ("mention", 1),
        ("tombstone", 1),
    ] {
        assert_eq!(
            number(&store, &format!("select count(*) from {table}")),
            rows,
            "{table}"
        );
    }
    let keys = vec![old.entry.key.clone()];
    let known = store
        .read_blocking(move |conn| entries::known(conn, &FeedId::new("a"), &keys))
        .unwrap();
    assert!(known.entries[0].purged);
    assert_eq!(known.entries[0].id, old.entry.id);
    assert_eq!(record(&store, commit(vec![old])).new, 0);
    assert_clean(&store);
}

#[test]
fn alerts_stay_until_they_are_old_and_over() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    assert_eq!(
        run(&store, DAY, DAY, days(2)).alerts,
        0,
        "its delivery is still open"
    );
    store
        .write_blocking(|tx| {
            tx.execute(
                "update delivery set state = 'dead', why = 'x', due = null, settled = 1",
                [],
            )?;
            Ok(())
        })
        .unwrap();
    let swept = run(&store, DAY, DAY, days(2));
    assert_eq!((swept.alerts, swept.entries), (1, 1));
    assert_eq!(number(&store, "select count(*) from delivery"), 0);
    assert_eq!(number(&store, r#"select count(*) from "match""#), 0);
    assert_clean(&store);
}

#[test]
fn zero_keeps_for_ever() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", Vec::new())]));
    assert_eq!(
        run(&store, Duration::ZERO, Duration::ZERO, days(10_000)),
        Swept::default()
    );
}

#[test]
fn a_tombstone_goes_when_its_feed_has_long_dropped_the_entry() {
    let (_dir, store) = open_store();
    let old = entry("old", Vec::new());
    let id = old.entry.id.clone();
    record(&store, commit(vec![old]));
    run(&store, DAY, Duration::ZERO, days(2));
    let still_there = PollCommit {
        seen: vec![id],
        now: days(60),
        ..commit(Vec::new())
    };
    record(&store, still_there);
    assert_eq!(run(&store, DAY, Duration::ZERO, days(149)).tombstones, 0);
    assert_eq!(run(&store, DAY, Duration::ZERO, days(151)).tombstones, 1);
    assert_eq!(number(&store, "select count(*) from entry_key"), 0);
    assert_clean(&store);
    assert!(now() < days(1));
}

#[test]
fn freed_pages_go_back_to_the_disk() {
    let (_dir, store) = open_store();
    let mut big = entry("big", Vec::new());
    big.entry.content.body = "x".repeat(2_000_000);
    record(&store, commit(vec![big]));
    let pages = number(&store, "pragma page_count");
    run(&store, DAY, Duration::ZERO, days(2));
    assert!(number(&store, "pragma page_count") < pages - 400);
}
