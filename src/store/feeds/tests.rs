//! Feeds: following config, due times, polls under way, history.

use super::*;
use crate::domain::feed::Health;
use crate::domain::feed::market::Market;
use crate::domain::feed::outcome::{HttpFacts, OutcomeKind};
use crate::domain::feed::quirks::Quirks;
use crate::domain::feed::schedule::{self, Pace};
use crate::store::Store;
use crate::store::sample::{after, commit, entry, feed, now, number, open_store, record};

fn id(name: &str) -> FeedId {
    FeedId::new(name)
}

fn due_ids(store: &Store, now: Timestamp) -> Vec<String> {
    let name = |row: FeedRow| Some(row.feed.id.to_string());
    store.read_blocking(|conn| due(conn, now, name)).unwrap()
}

fn state_of(store: &Store, name: &str) -> FeedState {
    store
        .read_blocking(|conn| state(conn, &id(name)))
        .unwrap()
        .unwrap()
}

#[test]
fn a_feed_comes_back_as_config_has_it() {
    let (_dir, store) = open_store();
    let rows = store.read_blocking(list).unwrap();
    assert_eq!(
        rows.iter().map(|row| row.feed.clone()).collect::<Vec<_>>(),
        [feed("a"), feed("b")]
    );
    assert_eq!(rows[0].state.health(&rows[0].feed), Health::New);
    let Feed { url, .. } = feed("a");
    assert_eq!(
        rows[0].state,
        FeedState {
            url,
            ..FeedState::default()
        }
    );
}

#[test]
fn feeds_that_vanish_are_let_go_and_remembered() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", Vec::new())]));
    store
        .write_blocking(|tx| sync(tx, &[feed("b")], now()))
        .unwrap();
    assert_eq!(due_ids(&store, after(86_400)), ["b"]);
    let row = store
        .read_blocking(|conn| get(conn, &id("a")))
        .unwrap()
        .unwrap();
    assert!(!row.configured);
    store
        .write_blocking(|tx| sync(tx, &[feed("a")], now()))
        .unwrap();
    assert!(
        state_of(&store, "a").etag.is_some(),
        "what was learned is still good"
    );
    assert_eq!(number(&store, "select count(*) from entry"), 1);
}

#[test]
fn another_url_voids_what_was_learned() {
    let (_dir, store) = open_store();
    let mut poll = commit(Vec::new());
    poll.state.gone = true;
    poll.state.failures = 3;
    poll.state.last_outcome = Some(OutcomeKind::Gone);
    poll.state.retry_after = Some(after(900));
    poll.state.quirks.no_delta = true;
    let quirks = poll.state.quirks;
    record(&store, poll);
    assert_eq!(state_of(&store, "a").quirks, quirks);
    assert_eq!(due_ids(&store, after(86_400)), ["b"]);
    let moved = Feed {
        url: "https://new.example/feed".to_owned(),
        ..feed("a")
    };
    store
        .write_blocking(move |tx| sync(tx, &[moved.clone(), feed("b")], now()))
        .unwrap();
    let state = state_of(&store, "a");
    assert_eq!(
        (state.url.as_str(), state.etag, state.failures, state.gone),
        ("https://new.example/feed", None, 0, false)
    );
    assert_eq!(state.quirks, Quirks::default());
    assert_eq!(due_ids(&store, now()), ["b"], "a publisher's wait is kept");
    assert_eq!(due_ids(&store, after(900)), ["b", "a"]);
}

#[test]
fn a_poll_under_way_is_not_begun_twice() {
    let (_dir, store) = open_store();
    let mark = |now, until| {
        store
            .write_blocking(move |tx| mark_polling(tx, &id("a"), now, until))
            .unwrap()
    };
    assert!(mark(now(), after(60)));
    assert!(!mark(after(10), after(70)));
    assert_eq!(due_ids(&store, after(59)), ["b"]);
    let next = store.read_blocking(|conn| next_due(conn, after(59)));
    assert_eq!(next.unwrap(), Some(after(60)));
    assert_eq!(due_ids(&store, after(60)), ["a", "b"]);
    assert!(mark(after(60), after(120)), "the first is taken for dead");
    record(&store, commit(Vec::new()));
    assert!(mark(after(61), after(121)), "the second has ended");
    assert!(
        !store
            .write_blocking(|tx| mark_polling(tx, &id("x"), now(), after(60)))
            .unwrap()
    );
}

#[test]
fn due_feeds_come_in_order_and_disabled_ones_never() {
    let (_dir, store) = open_store();
    assert_eq!(due_ids(&store, now()), ["a", "b"]);
    let next = |now| store.read_blocking(|conn| next_due(conn, now)).unwrap();
    assert_eq!(next(now()), None, "both are due already");
    record(&store, commit(Vec::new()));
    assert_eq!(due_ids(&store, after(299)), ["b"]);
    let off = Feed {
        enabled: false,
        ..feed("b")
    };
    store
        .write_blocking(move |tx| sync(tx, &[feed("a"), off.clone()], now()))
        .unwrap();
    assert_eq!(due_ids(&store, after(300)), ["a"]);
    assert_eq!((next(now()), next(after(300))), (Some(after(300)), None));
}

#[test]
fn feeds_of_the_api_stay_beside_config() {
    let (_dir, store) = open_store();
    let put = |name: &'static str| {
        store
            .write_blocking(move |tx| add(tx, &feed(name), now()))
            .unwrap()
    };
    assert!(!put("a"), "config has it");
    assert!(put("c"));
    assert!(!put("c"));
    store
        .write_blocking(|tx| sync(tx, &[feed("a")], now()))
        .unwrap();
    let added = store.read_blocking(added).unwrap();
    assert_eq!(
        (added.len(), added[0].id.as_str(), added[0].origin),
        (1, "c", Origin::Api)
    );
    assert!(
        store
            .write_blocking(|tx| enable(tx, &id("c"), false))
            .unwrap()
    );
    assert!(
        !store.write_blocking(|tx| remove(tx, &id("a"))).unwrap(),
        "config's is not the API's"
    );
    assert!(store.write_blocking(|tx| remove(tx, &id("c"))).unwrap());
    assert!(put("c"));
}

#[test]
fn the_history_is_bounded() {
    let (_dir, store) = open_store();
    for number in 0..225_u32 {
        let mut poll = commit(Vec::new());
        poll.record.new = number;
        poll.state.rate_count = f64::NAN;
        record(&store, poll);
    }
    assert_eq!(number(&store, "select count(*) from poll"), 205);
    let all = store
        .read_blocking(|conn| history(conn, &id("a"), 1_000))
        .unwrap();
    assert_eq!(all.len(), 200, "a few more are kept than shown");
    let last = store
        .read_blocking(|conn| history(conn, &id("a"), 2))
        .unwrap();
    assert_eq!(
        last.iter().map(|poll| poll.new).collect::<Vec<_>>(),
        [224, 223]
    );
    let last_of_each = store.read_blocking(last_polls).unwrap();
    assert_eq!(last_of_each.len(), 1, "b was never polled");
    assert_eq!(last_of_each[&id("a")].new, 224);
    assert_eq!(last[0].outcome, OutcomeKind::OkNew);
}

#[test]
fn a_poll_of_the_url_before_leaves_the_new_url_due() {
    let (_dir, store) = open_store();
    let moved = Feed {
        url: "https://a.example/new".to_owned(),
        ..feed("a")
    };
    store
        .write_blocking(move |tx| sync(tx, &[moved.clone(), feed("b")], now()))
        .unwrap();
    // The poll of the old URL was under way meanwhile, and found it gone for good.
    let mut poll = commit(vec![entry("one", Vec::new())]);
    poll.state.gone = true;
    poll.state.next_poll = None;
    record(&store, poll);
    assert_eq!(due_ids(&store, after(1)), ["a", "b"]);
    let state = state_of(&store, "a");
    assert_eq!((state.gone, state.etag, state.entries), (false, None, 1));
}

#[test]
fn a_clock_set_back_blinds_no_feed() {
    let (_dir, store) = open_store();
    let year = 365 * 86_400;
    let mut poll = commit(Vec::new());
    poll.state.last_poll = Some(after(year));
    poll.state.next_poll = Some(after(year + 300));
    record(&store, poll);
    assert_eq!(due_ids(&store, after(60)), ["b", "a"]);
    // A step of seconds is no reason to ask again.
    let mut poll = commit(Vec::new());
    poll.state.last_poll = Some(after(90));
    poll.state.next_poll = Some(after(390));
    record(&store, poll);
    assert_eq!(due_ids(&store, after(60)), ["b"]);
}

#[test]
fn what_config_says_again_is_not_written_again() {
    let (_dir, store) = open_store();
    let mut tagged = feed("b");
    tagged.tags = vec!["wire".to_owned()];
    tagged.interval = Some(Duration::from_mins(5));
    let written = store
        .write_blocking(move |tx| {
            let feeds = [feed("a"), tagged.clone()];
            sync(tx, &feeds, now())?;
            let before = tx.total_changes();
            sync(tx, &feeds, after(60))?;
            Ok(tx.total_changes() - before)
        })
        .unwrap();
    assert_eq!(written, 0);
}

#[test]
fn a_store_of_the_first_version_keeps_what_it_learned() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bongsu.db");
    let mut conn = Connection::open(&path).unwrap();
    let first = &crate::store::migrate::ALL[..1];
    crate::store::migrate::migrate(&mut conn, &path, first, now()).unwrap();
    conn.execute_batch(
        "insert into feed (id, url, tags, full_text, enabled, origin, configured, added, state_url, etag)
         values ('a', 'https://a.example/feed', '[]', 0, 1, 'file', 1, 0, 'https://a.example/feed', x'22');
         insert into tombstone (seq, id, feed, key, last_seen) values (7, 'gone', 'a', 'l://a.example/7', 0);
         insert into entry_key (feed, key, entry) values ('a', 'l://a.example/7', 7), ('a', 't:77', 7)",
    )
    .unwrap();
    drop(conn);
    let store = crate::store::sample::reopen(&dir);
    let state = state_of(&store, "a");
    assert_eq!(state.etag.as_deref(), Some(&b"\""[..]));
    assert_eq!(state.standing, Standing::default());
    let known = store
        .read_blocking(|conn| {
            crate::store::entries::known(conn, &FeedId::from("a"), &["t:77".to_owned()])
        })
        .unwrap();
    assert_eq!(known.entries[0].key, "l://a.example/7");
}

#[test]
fn what_polls_taught_is_kept_until_the_url_changes() {
    let (_dir, store) = open_store();
    let mut poll = commit(Vec::new());
    poll.state.standing.moves.effective_url = Some("https://new.example/".to_owned());
    poll.state.standing.limits.steps = 2;
    let standing = poll.state.standing.clone();
    record(&store, poll);
    assert_eq!(state_of(&store, "a").standing, standing);
    let moved = Feed {
        url: "https://a.example/moved".to_owned(),
        ..feed("a")
    };
    store
        .write_blocking(move |tx| sync(tx, std::slice::from_ref(&moved), now()))
        .unwrap();
    assert_eq!(state_of(&store, "a").standing, Standing::default());
}

#[test]
fn asked_by_hand_beside_a_daemon_the_next_poll_is_due_and_whole() {
    let (_dir, store) = open_store();
    record(&store, commit(Vec::new()));
    let ask_for = |name: &'static str, full| {
        store
            .write_blocking(move |tx| ask(tx, &id(name), full, after(10)))
            .unwrap()
    };
    assert!(ask_for("a", false) && !ask_for("x", false));
    let state = state_of(&store, "a");
    assert_eq!(
        (state.next_poll, state.standing.trust.whole_next),
        (Some(after(10)), None)
    );
    assert!(ask_for("a", true));
    let state = state_of(&store, "a");
    assert_eq!(state.standing.trust.whole_next, Some(Whole::Asked));
    assert_eq!(state.standing.trust.full_asked, Some(after(10)));
    assert!(state.etag.is_some(), "kept until another came");
    let mut limited = commit(Vec::new());
    limited.state.retry_after = Some(after(900));
    record(&store, limited);
    ask_for("a", true);
    assert_eq!(state_of(&store, "a").next_poll, Some(after(900)));
}

#[test]
fn a_poll_without_a_network_is_taken_back_unless_another_has_begun() {
    let (_dir, store) = open_store();
    record(&store, commit(Vec::new()));
    let before = state_of(&store, "a");
    let mut failed = commit(Vec::new());
    failed.state.last_poll = Some(after(300));
    failed.state.failures = 1;
    failed.state.last_outcome = Some(OutcomeKind::NetError);
    failed.state.next_poll = Some(after(9_000));
    failed.record.at = after(300);
    failed.record.outcome = OutcomeKind::NetError;
    record(&store, failed);
    let undo = |began| {
        let before = before.clone();
        store
            .write_blocking(move |tx| take_back(tx, &id("a"), &before, (began, after(360))))
            .unwrap()
    };
    assert!(!undo(now()));
    assert_eq!(state_of(&store, "a").failures, 1);
    assert!(undo(after(300)));
    let state = state_of(&store, "a");
    assert_eq!(
        (state.failures, state.last_outcome),
        (0, Some(OutcomeKind::Offline))
    );
    assert_eq!(
        (state.next_poll, state.etag),
        (Some(after(360)), before.etag.clone())
    );
    let last = store
        .read_blocking(|conn| history(conn, &id("a"), 2))
        .unwrap();
    let outcomes: Vec<_> = last.iter().map(|poll| poll.outcome).collect();
    assert_eq!(outcomes, [OutcomeKind::Offline, OutcomeKind::OkNew]);
}

#[test]
fn a_clock_set_back_breaks_no_publishers_wait() {
    let (_dir, store) = open_store();
    for (wait, expected) in [(7_200, &["b"][..]), (30 * 86_400, &["b", "a"])] {
        let mut poll = commit(Vec::new());
        poll.state.last_poll = Some(after(8 * 3_600));
        poll.state.next_poll = Some(after(8 * 3_600 + wait));
        poll.state.retry_after = Some(after(8 * 3_600 + wait));
        record(&store, poll);
        assert_eq!(due_ids(&store, after(60)), expected, "{wait} s");
    }
}

#[test]
fn what_was_learned_of_a_rhythm_survives_a_restart() {
    let (dir, store) = open_store();
    let mut poll = commit(Vec::new());
    poll.state.rate_count = 40.0;
    poll.state.rate_days = 10.0;
    poll.state.rhythm.document = 25;
    poll.state.rhythm.newest = Some(now().as_second());
    poll.state.rhythm.week.add([(3.0, 2.0), (100.5, 1.0)]);
    let wanted = feed("a");
    let next = schedule::next(
        &wanted,
        &poll.state,
        &HttpFacts::default(),
        &Pace::default(),
        now(),
    );
    poll.state.next_poll = next.at;
    poll.state.terms = next.terms;
    let kept = poll.state.clone();
    record(&store, poll);
    drop(store);
    let store = crate::store::sample::reopen(&dir);
    let state = state_of(&store, "a");
    assert_eq!((state.terms, state.next_poll), (kept.terms, kept.next_poll));
    assert_eq!(state.rhythm.document, 25);
    assert_eq!(state.rhythm.week.cells, kept.rhythm.week.cells);
    assert!((state.rhythm.week.unit / kept.rhythm.week.unit - 1.0).abs() < 1e-6);
    // A feed not polled yet takes no room.
    assert_eq!(
        number(
            &store,
            "select count(*) from feed where rhythm is null and terms is null"
        ),
        1
    );
}

#[test]
fn prices_come_from_a_few_columns_and_the_salt_stays() {
    let (dir, store) = open_store();
    let pace = Pace::default();
    let free = Feed {
        interval: None,
        ..feed("a")
    };
    store
        .write_blocking(move |tx| sync(tx, std::slice::from_ref(&free), now()))
        .unwrap();
    let market = |store: &Store| {
        let census = store
            .read_blocking(|conn| census(conn, pace, now()))
            .unwrap();
        Market::default().after(&census, None)
    };
    assert_eq!(
        market(&store).price("https://a.example/"),
        None,
        "no rhythm yet"
    );
    let mut poll = commit(Vec::new());
    poll.state.rate_count = 40.0;
    poll.state.rate_days = 10.0;
    record(&store, poll);
    assert!(market(&store).price("https://a.example/").unwrap().cost > 0.0);
    let drawn = store.read_blocking(salt).unwrap();
    drop(store);
    assert_eq!(
        crate::store::sample::reopen(&dir)
            .read_blocking(salt)
            .unwrap(),
        drawn
    );
    let (_other_dir, other) = open_store();
    assert_ne!(other.read_blocking(salt).unwrap(), drawn);
}
