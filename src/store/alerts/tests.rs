//! Alerts: the wire form, lists, acknowledging, health.

use super::*;
use crate::domain::alert::Held;
use crate::domain::alert::wire::{WireHealth, WireRule};
use crate::domain::id::FeedId;
use crate::store::Store;
use crate::store::polls::PollCommit;
use crate::store::sample::{
    after, assert_clean, commit, commit_revised, entry, entry_of, evidence, now, number,
    open_store, record, revised, rule_match, to,
};

fn health(reason: Reason, key: &str) -> WireAlert {
    let rule = WireRule {
        id: "bongsu.health".to_owned(),
        title: "bongsu".to_owned(),
    };
    WireAlert {
        health: Some(WireHealth {
            kind: "feed-failing".to_owned(),
            subject: "a".to_owned(),
            text: "feed a has failed since yesterday".to_owned(),
        }),
        ..WireAlert::new(key.to_owned(), rule, Severity::High, reason, now())
    }
}

fn rows(store: &Store, filter: &AlertFilter) -> Vec<AlertRow> {
    store.read_blocking(|conn| list(conn, filter, 100)).unwrap()
}

#[test]
fn the_wire_form_is_put_together_from_rows() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let copy = entry_of("b", "one", vec![rule_match("r")]);
    record(
        &store,
        PollCommit {
            feed: FeedId::new("b"),
            ..commit(vec![copy])
        },
    );
    let sent = store
        .read_blocking(|conn| wire(conn, 1, Some("https://desk.example/")))
        .unwrap()
        .unwrap();
    assert_eq!(
        (sent.kind.as_str(), sent.id.as_str(), sent.reason),
        ("alert", "1", Reason::NewStory)
    );
    assert_eq!(
        sent.links.alert.as_deref(),
        Some("https://desk.example/alerts/1")
    );
    assert_eq!(sent.matches, [evidence()]);
    assert_eq!(sent.rule.title, "Rule r");
    let told = sent.story.unwrap();
    assert_eq!(
        (told.entries, told.feeds, told.first_seen),
        (2, vec!["a".into(), "b".into()], now())
    );
    let entry = sent.entry.unwrap();
    assert_eq!(
        (entry.feed.as_deref(), entry.body.as_str()),
        (Some("a"), "Body of one.")
    );
    assert_eq!(
        store.read_blocking(|conn| wire(conn, 99, None)).unwrap(),
        None
    );
}

#[test]
fn an_alert_shows_the_text_that_matched_even_after_a_change() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    record(
        &store,
        commit_revised(revised("one", "second", vec![rule_match("s")])),
    );
    record(&store, commit_revised(revised("one", "third", Vec::new())));
    let body = |alert| {
        let sent = store
            .read_blocking(|conn| wire(conn, alert, None))
            .unwrap()
            .unwrap();
        (sent.reason, sent.entry.unwrap().body)
    };
    assert_eq!(body(1), (Reason::NewStory, "Body of one.".to_owned()));
    assert_eq!(body(2), (Reason::Revision, "second".to_owned()));
}

/// Filters, and which of three alerts each lets through.
fn filters() -> Vec<(AlertFilter, Vec<i64>)> {
    let only = |set: fn(&mut AlertFilter)| {
        let mut filter = AlertFilter::default();
        set(&mut filter);
        filter
    };
    vec![
        (only(|_| ()), vec![3, 2, 1]),
        (only(|f| f.since = Some(after(60))), vec![3]),
        (only(|f| f.until = Some(after(60))), vec![2, 1]),
        (only(|f| f.rule = Some(RuleId::new("low"))), vec![2]),
        (only(|f| f.feed = Some(FeedId::new("b"))), vec![3]),
        (only(|f| f.severity = Some(Severity::Medium)), vec![3, 1]),
        (only(|f| f.unacked = true), vec![3, 2]),
        (only(|f| f.dead = true), vec![]),
        (only(|f| f.before = Some(3)), vec![2, 1]),
    ]
}

#[test]
fn lists_take_filters_and_pages() {
    let (_dir, store) = open_store();
    let low = || {
        let mut low = rule_match("low");
        low.found.severity = Severity::Low;
        low
    };
    record(
        &store,
        commit(vec![entry("one", vec![rule_match("r"), low()])]),
    );
    let of_b = PollCommit {
        feed: FeedId::new("b"),
        now: after(60),
        ..commit(vec![entry_of("b", "two", vec![rule_match("r")])])
    };
    record(&store, of_b);
    store
        .write_blocking(|tx| ack(tx, 1, "kim", after(5)))
        .unwrap();
    for (filter, ids) in filters() {
        let found: Vec<i64> = rows(&store, &filter).iter().map(|row| row.id).collect();
        assert_eq!(found, ids, "{filter:?}");
    }
    let row = rows(&store, &AlertFilter::default()).pop().unwrap();
    assert_eq!(
        row.deliveries,
        Deliveries {
            open: 1,
            ..Deliveries::default()
        }
    );
    assert_eq!(
        (row.acked, row.acked_by.as_deref()),
        (Some(after(5)), Some("kim"))
    );
}

#[test]
fn the_first_ack_and_the_last_mark_count() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let act = |work: fn(&Transaction<'_>) -> Result<bool>| store.write_blocking(work).unwrap();
    assert!(act(|tx| ack(tx, 1, "kim", after(1))));
    assert!(act(|tx| ack(tx, 1, "lee", after(2))));
    assert!(act(|tx| mark(tx, 1, Mark::Useful, after(3))));
    assert!(act(|tx| mark(tx, 1, Mark::Noise, after(4))));
    assert!(!act(|tx| ack(tx, 9, "kim", after(1))));
    let detail = store
        .read_blocking(|conn| detail(conn, 1, None))
        .unwrap()
        .unwrap();
    assert_eq!(
        (detail.row.acked_by.as_deref(), detail.row.mark),
        (Some("kim"), Some(Mark::Noise))
    );
    assert_eq!(
        (detail.deliveries.len(), detail.deliveries[0].state.as_str()),
        (1, "due")
    );
    assert!(
        store
            .read_blocking(|conn| super::detail(conn, 9, None))
            .unwrap()
            .is_none()
    );
}

#[test]
fn held_matches_are_listed_with_their_reason() {
    let (_dir, store) = open_store();
    let mut old = entry("old", vec![rule_match("r"), rule_match("s")]);
    old.entry.content.published = Some(after(-30 * 86_400));
    record(&store, commit(vec![old]));
    let get = |filter: HeldFilter| store.read_blocking(|conn| held(conn, &filter, 10)).unwrap();
    assert_eq!(get(HeldFilter::default()).len(), 2);
    let of_r = get(HeldFilter {
        rule: Some(RuleId::new("r")),
        held: Some(Held::Backlog),
        ..HeldFilter::default()
    });
    assert_eq!(
        (of_r.len(), of_r[0].held, of_r[0].feed.as_str()),
        (1, Held::Backlog, "a")
    );
    assert!(
        get(HeldFilter {
            held: Some(Held::Folded),
            ..HeldFilter::default()
        })
        .is_empty()
    );
}

#[test]
fn the_system_alerts_through_the_same_outbox() {
    let (_dir, store) = open_store();
    let bad = health(Reason::Health, "k1");
    let raised = {
        let bad = bad.clone();
        store
            .write_blocking(move |tx| raise(tx, &bad, &[to("desk")], now()))
            .unwrap()
    };
    assert_eq!(raised, Some(1));
    let again = store
        .write_blocking(move |tx| raise(tx, &bad, &[to("desk")], now()))
        .unwrap();
    assert_eq!(again, None);
    let last = |kind: &'static str| {
        store
            .read_blocking(move |conn| last_health(conn, kind, "a"))
            .unwrap()
    };
    assert_eq!(last("feed-failing"), Some((Reason::Health, now())));
    assert_eq!(last("feed-silent"), None);
    store
        .write_blocking(|tx| raise(tx, &health(Reason::Resolved, "k2"), &[], after(60)))
        .unwrap();
    assert_eq!(last("feed-failing"), Some((Reason::Resolved, after(60))));
    let sent = store
        .read_blocking(|conn| wire(conn, 1, None))
        .unwrap()
        .unwrap();
    assert_eq!(
        (sent.id.as_str(), sent.entry, sent.health.unwrap().subject),
        ("1", None, "a".to_owned())
    );
    assert_eq!(
        rows(&store, &AlertFilter::default())[0].title,
        "feed-failing: a"
    );
    assert_eq!(number(&store, "select count(*) from delivery"), 1);
    assert_clean(&store);
}

#[test]
fn a_marked_alert_comes_with_the_entry_as_it_was() {
    let (_dir, store) = open_store();
    let entries = vec![
        entry("one", vec![rule_match("r")]),
        entry("two", vec![rule_match("s")]),
        entry("three", vec![rule_match("r")]),
    ];
    record(&store, commit(entries));
    let changed = revised("one", "Another body.", Vec::new());
    record(&store, commit_revised(changed));
    for (alert, verdict, at) in [(1, Mark::Useful, 8), (2, Mark::Noise, 9)] {
        let work = move |tx: &Transaction<'_>| mark(tx, alert, verdict, after(at));
        assert!(store.write_blocking(work).unwrap());
    }
    let of = |rule: Option<RuleId>| {
        let all = store.read_blocking(|conn| marked(conn, rule.as_ref(), 10));
        let facts = |one: MarkedAlert| (one.alert, one.mark, one.entry.body, one.evidence.len());
        all.unwrap().into_iter().map(facts).collect::<Vec<_>>()
    };
    let one = (1, Mark::Useful, "Body of one.".to_owned(), 1);
    let two = (2, Mark::Noise, "Body of two.".to_owned(), 1);
    assert_eq!(of(None), [two, one.clone()], "the last mark first");
    assert_eq!(of(Some(RuleId::new("r"))), [one]);
    let counts = store.read_blocking(|conn| mark_counts(conn, &RuleId::new("r")));
    let expected = MarkCounts {
        alerts: 2,
        useful: 1,
        noise: 0,
    };
    assert_eq!(counts.unwrap(), expected);
}
