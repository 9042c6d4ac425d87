//! Subscriptions come back as they went, and what a poll or push changes of them is in its transaction.

use super::*;
use crate::domain::feed::schedule::Why;
use crate::domain::feed::websub::push::Found;
use crate::domain::feed::websub::{Offer, Stage, Target};
use crate::store::Store;
use crate::store::polls::{Ahead, record_poll, record_push};
use crate::store::sample::{
    after, assert_clean, commit, entry, now, number, open_store, rule_match,
};

fn a() -> FeedId {
    FeedId::new("a")
}

fn offer() -> Offer {
    Offer {
        hubs: vec!["https://hub.example/".to_owned()],
        topic: "https://a.example/feed".to_owned(),
    }
}

fn sample() -> Subscription {
    Subscription {
        push: Push {
            offer: Some(offer()),
            since: Some(now()),
            until: Some(after(9_000)),
            otherwise: Some(after(600)),
            ..Push::default()
        },
        state: State::Active,
        target: Some(Target {
            hub: "https://hub.example/".to_owned(),
            topic: "https://a.example/feed".to_owned(),
        }),
        due: Some(after(6_000)),
        callbacks: vec![Callback {
            token: Secret::new("t".repeat(64)),
            url: Secret::new("https://desk.example/websub/t"),
            hub: "https://hub.example/".to_owned(),
            topic: "https://a.example/feed".to_owned(),
            secret: Some(Secret::new("s")),
            stage: Stage::Verified,
            asked: now(),
            renew: Some(after(6_000)),
            until: Some(after(9_000)),
            goodbyes: 0,
        }],
        ..Subscription::default()
    }
}

fn change_a(store: &Store, work: impl FnOnce(&mut Subscription) + Clone + Send + 'static) {
    store
        .write_blocking(move |tx| change(tx, &a(), now(), work.clone()))
        .unwrap();
}

fn get_a(store: &Store) -> Subscription {
    store.read_blocking(|conn| get(conn, &a())).unwrap()
}

#[test]
fn a_subscription_comes_back_and_is_found_by_its_token() {
    let (_dir, store) = open_store();
    assert_eq!(get_a(&store), Subscription::default());
    change_a(&store, |known| *known = sample());
    assert_eq!(get_a(&store), sample());
    let owner = |token: String| {
        store
            .read_blocking(move |conn| feed_of(conn, &token))
            .unwrap()
    };
    assert_eq!(owner("t".repeat(64)), Some(a()));
    assert_eq!(owner("u".repeat(64)), None);
    assert_eq!(store.read_blocking(next_due).unwrap(), Some(after(6_000)));
    assert!(
        store
            .read_blocking(|conn| due(conn, now(), 9))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store
            .read_blocking(|conn| due(conn, after(6_000), 9))
            .unwrap(),
        [a()]
    );
    assert_eq!(store.read_blocking(counts).unwrap(), [(State::Active, 1)]);
    let state = store
        .read_blocking(|conn| feeds::state(conn, &a()))
        .unwrap()
        .unwrap();
    assert_eq!(state.push, sample().push, "a poll sees it");
    change_a(&store, |known| *known = Subscription::default());
    assert_eq!(number(&store, "select count(*) from websub"), 0);
    assert_eq!(number(&store, "select count(*) from websub_callback"), 0);
}

#[test]
fn an_end_of_pushes_makes_the_feed_due_as_if_there_had_been_none() {
    let (_dir, store) = open_store();
    let mut poll = commit(Vec::new());
    poll.state.next_poll = Some(after(21_600));
    store
        .write_blocking(move |tx| record_poll(tx, &poll).map(drop))
        .unwrap();
    change_a(&store, |known| *known = sample());
    let next = || {
        store
            .read_blocking(|conn| feeds::state(conn, &a()))
            .unwrap()
            .unwrap()
    };
    assert_eq!(next().next_poll, Some(after(21_600)));
    change_a(&store, |known| known.push.since = None);
    assert_eq!(
        (next().next_poll, next().why_then),
        (Some(after(600)), Some(Why::Pushed))
    );

    // Nothing listens any more.
    change_a(&store, |known| *known = sample());
    assert_eq!(store.write_blocking(|tx| stop(tx, now())).unwrap(), 1);
    let stopped = get_a(&store);
    assert_eq!((stopped.state, stopped.push.since), (State::Off, None));
    assert!(stopped.callbacks.is_empty() && stopped.push.offer.is_some());
}

#[test]
fn a_publishers_wait_stands_whatever_a_hub_does() {
    let (_dir, store) = open_store();
    let mut poll = commit(Vec::new());
    poll.state.next_poll = Some(after(21_600));
    poll.state.retry_after = Some(after(7_200));
    store
        .write_blocking(move |tx| record_poll(tx, &poll).map(drop))
        .unwrap();
    store
        .write_blocking(|tx| poll_soon(tx, &a(), after(1_000)))
        .unwrap();
    let state = store
        .read_blocking(|conn| feeds::state(conn, &a()))
        .unwrap()
        .unwrap();
    assert_eq!(state.next_poll, Some(after(7_200)));
}

#[test]
fn a_push_brings_entries_and_alerts_and_leaves_what_polls_know() {
    let (_dir, store) = open_store();
    let poll = commit(vec![entry("one", Vec::new())]);
    store
        .write_blocking(move |tx| record_poll(tx, &poll).map(drop))
        .unwrap();
    change_a(&store, |known| {
        *known = sample();
        let entry = entry("two", Vec::new()).entry.id;
        known.push.found = vec![Found {
            entry: entry.as_str().to_owned(),
            at: now(),
        }];
    });
    let before = store
        .read_blocking(|conn| feeds::state(conn, &a()))
        .unwrap()
        .unwrap();
    let mut push = commit(vec![entry("two", vec![rule_match("r")])]);
    push.state.etag = None;
    push.state.next_poll = None;
    push.record.note = Some("pushed".to_owned());
    push.now = after(60);
    let again = push.clone();
    let result = store
        .write_blocking(move |tx| record_push(tx, &push, &Ahead::default()))
        .unwrap();
    assert_eq!((result.new, result.alerts.len()), (1, 1));
    let result = store
        .write_blocking(move |tx| record_push(tx, &again, &Ahead::default()))
        .unwrap();
    assert_eq!(
        (result.new, result.repeated),
        (0, 1),
        "a hub may push twice"
    );
    let state = store
        .read_blocking(|conn| feeds::state(conn, &a()))
        .unwrap()
        .unwrap();
    assert_eq!(
        (state.etag, state.next_poll),
        (before.etag, before.next_poll)
    );
    assert_eq!((state.entries, state.last_new), (2, Some(after(60))));
    assert_eq!((state.push.arrived, state.push.found.len()), (1, 0));
    let known = get_a(&store);
    assert_eq!((known.pushes, known.last_push), (2, Some(after(60))));
    let history = store
        .read_blocking(|conn| feeds::history(conn, &a(), 9))
        .unwrap();
    assert_eq!(history[0].note.as_deref(), Some("pushed"));
    assert_clean(&store);
}

#[test]
fn only_a_poll_with_news_of_hubs_writes_any() {
    let (_dir, store) = open_store();
    let quiet = commit(Vec::new());
    store
        .write_blocking(move |tx| record_poll(tx, &quiet).map(drop))
        .unwrap();
    assert_eq!(number(&store, "select count(*) from websub"), 0);
    let mut poll = commit(Vec::new());
    poll.news.offer = Some(Some(offer()));
    store
        .write_blocking(move |tx| record_poll(tx, &poll).map(drop))
        .unwrap();
    let known = get_a(&store);
    assert_eq!((known.push.offer, known.due), (Some(offer()), Some(now())));
}
