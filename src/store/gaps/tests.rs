//! Gaps: opened with the poll that found them, gone on with document by document, closed for good.

use super::*;
use crate::store::feeds;
use crate::store::polls::next_ahead;
use crate::store::sample::{
    after, assert_clean, commit, entry, feed, now, number, open_store, record as record_poll,
    reopen, rule_match,
};
use crate::store::{Store, entries};

fn id() -> FeedId {
    FeedId::new("a")
}

fn step(url: &str) -> Step {
    Step {
        url: url.to_owned(),
        way: Way::Archive,
    }
}

fn new_gap(next: Option<Step>) -> NewGap {
    NewGap {
        kind: Kind::Gap,
        newest_before: Some(after(-7_200)),
        oldest_after: Some(after(-60)),
        missed: Some(9),
        last_success: Some(after(-3_600)),
        next,
        visited: vec!["https://a.example/feed".to_owned()],
        most: 10,
        note: None,
    }
}

/// A store with a known entry and a gap behind another.
fn with_gap(store: &Store, next: Option<Step>) {
    record_poll(store, commit(vec![entry("known", Vec::new())]));
    let mut poll = commit(vec![entry("late", Vec::new())]);
    poll.state.signs.filling = next.is_some();
    poll.gap = Some(new_gap(next));
    record_poll(store, poll);
}

fn at_work(store: &Store, now: Timestamp) -> Option<Gap> {
    store
        .read_blocking(|conn| workable(conn, &id(), now))
        .unwrap()
}

fn go(store: &Store, gap: &Gap, poll: PollCommit, turn: Turn) -> PollResult {
    let gap = gap.clone();
    store
        .write_blocking(move |tx| record(tx, &gap, (&poll, &Ahead::default()), &turn))
        .unwrap()
}

/// A document with many matches.
fn flood() -> PollCommit {
    let many = (0..250).map(|at| entry(&format!("flood {at}"), vec![rule_match("arms")]));
    commit(many.collect())
}

/// Records the next piece of a document; false where there is none but the last.
fn piece(store: &Store, gap: &Gap, poll: &PollCommit, ahead: &mut Ahead) -> bool {
    let Some(range) = next_ahead(poll, ahead) else {
        return false;
    };
    let (gap, poll, of) = (gap.clone(), poll.clone(), range.clone());
    let result = store.write_blocking(move |tx| record_ahead(tx, &gap, &poll, of.clone()));
    ahead.add(&range, result.unwrap());
    true
}

fn read_turn(then: Then) -> Turn {
    Turn::Read {
        visited: vec![
            "https://a.example/feed".to_owned(),
            "https://a.example/2".to_owned(),
        ],
        archive: Some("https://a.example/2".to_owned()),
        then,
    }
}

fn filling_sign(store: &Store) -> bool {
    let state = store
        .read_blocking(|conn| feeds::state(conn, &id()))
        .unwrap();
    state.unwrap().signs.filling
}

#[test]
fn each_document_commits_with_its_entries_and_the_way_goes_on_after_it() {
    let (dir, store) = open_store();
    with_gap(&store, Some(step("https://a.example/2")));
    let gap = at_work(&store, now()).unwrap();
    let known = |name: &str| {
        let ids = [entry(name, Vec::new()).entry.id];
        store
            .read_blocking(|conn| knew(conn, gap.known_before, &ids))
            .unwrap()
    };
    assert!(known("known"));
    assert!(!known("late"), "it came with the gap, not before it");
    let found = commit(vec![entry("missed", vec![rule_match("arms")])]);
    let result = go(
        &store,
        &gap,
        found.clone(),
        read_turn(Then::Next(step("https://a.example/1"))),
    );
    assert_eq!((result.new, result.alerts.len()), (1, 1));
    drop(store);
    let store = reopen(&dir);
    let gap = at_work(&store, now()).unwrap();
    assert_eq!(gap.next, Some(step("https://a.example/1")));
    assert_eq!((gap.documents, gap.recovered), (1, 1));
    assert_eq!(gap.visited.len(), 2);
    assert!(filling_sign(&store));
    assert_eq!(store.read_blocking(filling).unwrap(), [id()]);
    let stored = store
        .read_blocking(|conn| entries::get(conn, &found.new[0].entry.id))
        .unwrap()
        .unwrap();
    let came = |seq| store.read_blocking(|conn| via(conn, seq)).unwrap();
    assert_eq!(came(stored.seq).as_deref(), Some(VIA_ARCHIVE));
    assert_eq!(came(1), None);
    let again = go(
        &store,
        &gap,
        found,
        read_turn(Then::End(State::Filled, "known entries".to_owned())),
    );
    assert_eq!(again.new, 0, "the same document twice stores nothing twice");
    assert_eq!(at_work(&store, now()), None);
    assert!(!filling_sign(&store));
    let is_read = |url: &str| {
        store
            .read_blocking(|conn| is_remembered(conn, &id(), url))
            .unwrap()
    };
    assert!(is_read("https://a.example/2") && !is_read("https://a.example/1"));
    assert_clean(&store);
}

#[test]
fn a_flood_by_an_archive_is_recorded_in_pieces() {
    let (_dir, store) = open_store();
    with_gap(&store, Some(step("https://a.example/2")));
    let gap = at_work(&store, now()).unwrap();
    let (poll, mut ahead, mut pieces) = (flood(), Ahead::default(), 0);
    while piece(&store, &gap, &poll, &mut ahead) {
        pieces += 1;
        let kept = at_work(&store, now()).unwrap();
        assert_eq!((kept.documents, kept.recovered), (0, pieces * 100));
        assert_eq!(kept.next, gap.next, "it would be asked for again");
        assert_clean(&store);
    }
    assert_eq!((pieces, ahead.count), (2, 200));
    let turn = read_turn(Then::End(State::Filled, "known entries".to_owned()));
    let (kept, done) = (gap.clone(), poll.clone());
    let result = store
        .write_blocking(move |tx| record(tx, &kept, (&done, &ahead), &turn))
        .unwrap();
    assert_eq!((result.new, result.alerts.len()), (250, 250));
    let filled = &store.read_blocking(|conn| list(conn, &id(), 1)).unwrap()[0];
    assert_eq!((filled.documents, filled.recovered), (1, 250));
    assert_eq!(
        number(&store, "select count(*) from entry where via = 'archive'"),
        250
    );
    assert_clean(&store);
}

#[test]
fn who_dies_between_two_pieces_of_an_archive_tells_nothing_twice() {
    let (dir, store) = open_store();
    with_gap(&store, Some(step("https://a.example/2")));
    let gap = at_work(&store, now()).unwrap();
    let (poll, mut ahead) = (flood(), Ahead::default());
    assert!(piece(&store, &gap, &poll, &mut ahead));
    drop(store);
    let store = reopen(&dir);
    let gap = at_work(&store, now()).unwrap();
    let turn = read_turn(Then::End(State::Filled, "known entries".to_owned()));
    let again = go(&store, &gap, poll, turn);
    assert_eq!((again.new, again.repeated), (150, 100));
    assert_eq!(number(&store, "select count(distinct key) from alert"), 250);
    assert_eq!(
        number(&store, "select count(*) from entry where via = 'archive'"),
        250
    );
    assert_clean(&store);
}

#[test]
fn of_a_gap_that_is_given_up_no_more_pieces_are_recorded() {
    let (_dir, store) = open_store();
    with_gap(&store, Some(step("https://a.example/2")));
    let gap = at_work(&store, now()).unwrap();
    let (poll, mut ahead) = (flood(), Ahead::default());
    assert!(piece(&store, &gap, &poll, &mut ahead));
    store.write_blocking(|tx| abandon(tx, &id())).unwrap();
    while piece(&store, &gap, &poll, &mut ahead) {}
    let turn = read_turn(Then::End(State::Filled, "known entries".to_owned()));
    let result = store
        .write_blocking(move |tx| record(tx, &gap, (&poll, &ahead), &turn))
        .unwrap();
    assert_eq!(result.new, 100);
    assert_clean(&store);
}

#[test]
fn a_gap_behind_a_flood_is_open_from_the_first_piece_on() {
    let (_dir, store) = open_store();
    record_poll(&store, commit(vec![entry("known", Vec::new())]));
    let mut poll = flood();
    poll.gap = Some(new_gap(Some(step("https://a.example/2"))));
    let mut ahead = Ahead::default();
    while let Some(range) = next_ahead(&poll, &ahead) {
        let (own, of) = (poll.clone(), range.clone());
        let result = store.write_blocking(move |tx| polls::record_ahead(tx, &own, of.clone()));
        ahead.add(&range, result.unwrap());
        // Its feed's next poll finds entries known, and so no gap.
        assert!(at_work(&store, now()).is_some());
    }
    let ids = [poll.new[0].entry.id.clone()];
    store
        .write_blocking(move |tx| polls::record_poll_after(tx, &poll, &ahead))
        .unwrap();
    let gaps = store.read_blocking(|conn| list(conn, &id(), 9)).unwrap();
    assert_eq!(gaps.len(), 1);
    let joined = |known_before| store.read_blocking(|conn| knew(conn, known_before, &ids));
    assert!(
        !joined(gaps[0].known_before).unwrap(),
        "what came with the gap joins nothing"
    );
}

#[test]
fn a_document_that_cannot_be_had_is_waited_for() {
    let (_dir, store) = open_store();
    with_gap(&store, Some(step("https://a.example/2")));
    let gap = at_work(&store, now()).unwrap();
    let later = Turn::Later {
        note: "HTTP 503".to_owned(),
        not_before: Some(after(600)),
    };
    go(&store, &gap, commit(Vec::new()), later);
    assert_eq!(at_work(&store, after(599)), None);
    let gap = at_work(&store, after(600)).unwrap();
    assert_eq!((gap.failures, gap.note.as_deref()), (1, Some("HTTP 503")));
}

#[test]
fn a_gap_without_a_way_back_is_over_at_once() {
    let (_dir, store) = open_store();
    with_gap(&store, None);
    let gaps = store.read_blocking(|conn| list(conn, &id(), 9)).unwrap();
    assert_eq!(gaps[0].state, State::Unfilled);
    assert_eq!((gaps[0].missed, gaps[0].ended), (Some(9), Some(now())));
    assert_eq!(at_work(&store, now()), None);
}

#[test]
fn another_address_gives_up_the_way_of_the_old_one() {
    let (_dir, store) = open_store();
    with_gap(&store, Some(step("https://a.example/2")));
    let gap = at_work(&store, now()).unwrap();
    let mut moved = feed("a");
    moved.url = "https://a.example/new".to_owned();
    store
        .write_blocking(move |tx| feeds::sync(tx, &[moved.clone()], now()))
        .unwrap();
    assert_eq!(at_work(&store, now()), None);
    assert!(!filling_sign(&store));
    // A document that was under way meanwhile changes nothing.
    let found = commit(vec![entry("missed", Vec::new())]);
    let end = read_turn(Then::End(State::Filled, String::new()));
    assert_eq!(go(&store, &gap, found, end).new, 0);
}

#[test]
fn gaps_are_bounded() {
    let (_dir, store) = open_store();
    for _ in 0..105 {
        let mut poll = commit(Vec::new());
        poll.gap = Some(new_gap(None));
        record_poll(&store, poll);
    }
    assert_eq!(number(&store, "select count(*) from gap"), HISTORY);
}
