//! Hosts' bounds as rows: kept over a restart, widened to a domain, and polls moved behind them.

use super::*;
use crate::domain::feed::Feed;
use crate::domain::feed::limits::Named;
use crate::domain::id::FeedId;
use crate::store::Store;
use crate::store::sample::{after, commit, now, open_store, record as poll, reopen};

const GAP: Duration = Duration::from_secs(2);

fn feed(id: &str, url: &str) -> Feed {
    Feed {
        url: url.to_owned(),
        ..crate::store::sample::feed(id)
    }
}

/// A store with these feeds, never polled.
fn stored(urls: &'static [(&'static str, &'static str)]) -> (tempfile::TempDir, Store) {
    let (dir, store) = open_store();
    let feeds: Vec<Feed> = urls.iter().map(|(id, url)| feed(id, url)).collect();
    store
        .write_blocking(move |tx| feeds::sync(tx, &feeds, now()))
        .unwrap();
    (dir, store)
}

fn note(store: &Store, host: &str, said: Said, at: Timestamp) -> Vec<(String, Timestamp)> {
    let news = HostNews {
        host: host.to_owned(),
        url: format!("https://{host}/feed"),
        said,
    };
    store
        .write_blocking(move |tx| record(tx, &news, GAP, at))
        .unwrap()
}

fn limited(seconds: i64) -> Said {
    Said::Limited(after(seconds), Named::ByIt)
}

/// Until when a feed is bounded.
fn bounded(store: &Store, id: &str, at: Timestamp) -> Option<Timestamp> {
    let read = |conn: &Connection| {
        let row = feeds::get(conn, &FeedId::new(id))?.unwrap();
        bound_of(conn, &row, at)
    };
    store.read_blocking(read).unwrap()
}

fn next(store: &Store, id: &str) -> Option<Timestamp> {
    store
        .read_blocking(|conn| feeds::state(conn, &FeedId::new(id)))
        .unwrap()
        .unwrap()
        .next_poll
}

#[test]
fn a_limit_binds_all_feeds_of_the_host_over_a_restart() {
    let (dir, store) = stored(&[
        ("a", "https://h.example/1"),
        ("b", "http://h.example/2"),
        ("c", "https://h.example:8443/3"),
        ("d", "https://i.example/4"),
    ]);
    let told = note(&store, "h.example", limited(7_200), now());
    assert_eq!(told, [("h.example".to_owned(), after(7_200))]);
    drop(store);
    let store = reopen(&dir);
    let bounds = ["a", "b", "c", "d"].map(|id| bounded(&store, id, now()));
    assert_eq!(bounds, [Some(after(7_200)), Some(after(7_200)), None, None]);
    assert_eq!(bounded(&store, "a", after(7_200)), None, "over");
    let mut held = [next(&store, "a").unwrap(), next(&store, "b").unwrap()];
    held.sort();
    assert_eq!(
        held,
        [after(7_202), after(7_204)],
        "behind the bound, and apart"
    );
    assert_eq!((next(&store, "c"), next(&store, "d")), (None, None));
}

#[test]
fn polls_that_are_later_anyway_or_under_way_stay() {
    let (_dir, store) = stored(&[("a", "https://h.example/1"), ("b", "https://h.example/2")]);
    let mut late = commit(Vec::new());
    late.state.url = "https://h.example/1".to_owned();
    late.state.next_poll = Some(after(9_000));
    poll(&store, late);
    let mark = |tx: &Transaction<'_>| feeds::mark_polling(tx, &FeedId::new("b"), now(), after(60));
    assert!(store.write_blocking(mark).unwrap());
    note(&store, "h.example", limited(7_200), now());
    assert_eq!(next(&store, "a"), Some(after(9_000)));
    assert_eq!(next(&store, "b"), None);
}

#[test]
fn two_hosts_of_a_domain_speak_for_all_of_it() {
    let urls = &[
        ("a", "https://one.blogs.co.kr/feed"),
        ("b", "https://two.blogs.co.kr/feed"),
        ("c", "https://three.blogs.co.kr/feed"),
        ("d", "https://other.co.kr/feed"),
    ];
    for (wait, together) in [(600, true), (601, false)] {
        let (_dir, store) = stored(urls);
        note(&store, "one.blogs.co.kr", limited(3_600), now());
        assert_eq!(bounded(&store, "c", now()), None);
        let told = note(&store, "two.blogs.co.kr", limited(7_200), after(wait));
        assert_eq!(told.len(), if together { 2 } else { 1 });
        let expected = together.then_some(after(7_200));
        assert_eq!(
            bounded(&store, "c", after(wait)),
            expected,
            "{wait} s apart"
        );
        assert_eq!(
            bounded(&store, "d", after(wait)),
            None,
            "`co.kr` is nobody's"
        );
        assert_eq!(next(&store, "c").is_some(), together);
    }
}

#[test]
fn hosts_that_serve_leave_no_row_and_old_ones_are_forgotten() {
    let (_dir, store) = stored(&[("a", "https://h.example/1")]);
    let rows = |store: &Store| crate::store::sample::number(store, "select count(*) from host");
    note(&store, "h.example", Said::Well, now());
    assert_eq!(rows(&store), 0);
    note(&store, "h.example", Said::Busy(after(60)), now());
    assert_eq!(
        (rows(&store), bounded(&store, "a", now())),
        (1, None),
        "one URL's 503 is its own"
    );
    note(&store, "i.example", limited(3_600), after(31 * 86_400));
    assert_eq!(rows(&store), 1);
}

#[test]
fn whether_a_host_ever_served_is_known_from_its_feeds() {
    let (_dir, store) = stored(&[("a", "https://h.example/1"), ("b", "https://i.example/2")]);
    let mut well = commit(Vec::new());
    well.state.url = "https://h.example/1".to_owned();
    poll(&store, well);
    let served = |host: &str| store.read_blocking(|conn| served(conn, host)).unwrap();
    assert!(served("h.example") && !served("i.example") && !served("h.example:81"));
}
