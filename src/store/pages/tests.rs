//! Pages: queued with their poll, taken in turn, settled; articles that alert once and are no edits.

use super::*;
use crate::domain::feed::FeedState;
use crate::store::sample::{
    after, assert_clean, commit, commit_revised, entry, now, number, open_store, record as poll,
    reopen, revised, rule_match,
};
use crate::store::{Store, retention};

const LEASE: Duration = Duration::from_mins(30);

fn wanted(name: &str, again: bool) -> Wanted {
    Wanted {
        entry: entry(name, Vec::new()).entry.id,
        url: format!("https://a.example/{name}"),
        host: "a.example:443".to_owned(),
        skip: None,
        again,
    }
}

/// A poll that brings these entries and wants their pages.
fn queued(store: &Store, names: &[&str]) -> PollResult {
    let pages = names.iter().map(|name| wanted(name, false)).collect();
    let entries = names.iter().map(|name| entry(name, Vec::new())).collect();
    poll(
        store,
        PollCommit {
            pages,
            ..commit(entries)
        },
    )
}

fn claim_at(store: &Store, busy: &[&str], at: Timestamp) -> Vec<Claimed> {
    let busy: Vec<String> = busy.iter().map(ToString::to_string).collect();
    store
        .write_blocking(move |tx| claim(tx, &busy, 8, at, LEASE))
        .unwrap()
}

fn take(store: &Store) -> Claimed {
    let mut claimed = claim_at(store, &[], now());
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

/// Stores an article that satisfies these rules.
fn read(store: &Store, claimed: &Claimed, rules: &[&str]) -> Option<PollResult> {
    read_text(store, claimed, rules, "The article.")
}

fn read_text(store: &Store, claimed: &Claimed, rules: &[&str], text: &str) -> Option<PollResult> {
    let mut item = entry("x", rules.iter().map(|rule| rule_match(rule)).collect());
    item.entry = claimed.entry.entry.clone();
    item.entry.full_text = Some(text.to_owned());
    let claimed = claimed.clone();
    let policy = Policy::new(Duration::from_hours(72), false, &[], &[]);
    store
        .write_blocking(move |tx| {
            record(
                tx,
                &claimed,
                &item,
                (&Manners::default(), &policy, after(60)),
            )
        })
        .unwrap()
}

fn settle_as(store: &Store, claimed: &Claimed, due: Option<Timestamp>, hold: Option<Timestamp>) {
    let claimed = claimed.clone();
    let settled = Settled {
        due,
        skipped: false,
        why: "HTTP 500".to_owned(),
        hold,
    };
    store
        .write_blocking(move |tx| settle(tx, &claimed, &settled))
        .unwrap();
}

fn row(store: &Store, name: &str) -> PageRow {
    let id = entry(name, Vec::new()).entry.id;
    store
        .read_blocking(|conn| {
            let seq = entries::get(conn, &id)?.unwrap().seq;
            Ok(of_entry(conn, seq)?.unwrap())
        })
        .unwrap()
}

fn full_text(store: &Store, name: &str) -> Option<String> {
    let id = entry(name, Vec::new()).entry.id;
    store
        .read_blocking(|conn| Ok(standing(conn, &id)?.1))
        .unwrap()
}

#[test]
fn an_article_is_no_edit_and_alerts_where_only_it_matches() {
    let (_dir, store) = open_store();
    let matched = entry("one", vec![rule_match("by-title")]);
    let result = poll(
        &store,
        PollCommit {
            pages: vec![wanted("one", false)],
            ..commit(vec![matched])
        },
    );
    assert_eq!((result.alerts.len(), result.pages), (1, 1));
    let claimed = take(&store);
    assert_eq!((claimed.attempts, claimed.entry.revision), (1, 0));
    let result = read(&store, &claimed, &["by-title", "by-page"]).unwrap();
    assert_eq!((result.alerts.len(), result.deliveries), (1, 1));
    assert_eq!(full_text(&store, "one").as_deref(), Some("The article."));
    assert_eq!(row(&store, "one").state, State::Read);
    for (sql, expected) in [
        ("select count(*) from revision", 0),
        ("select revision from entry", 0),
        ("select count(*) from alert where reason = 'new-story'", 2),
        (r#"select count(*) from "match""#, 2),
        ("select count(*) from mention", 1),
    ] {
        assert_eq!(number(&store, sql), expected, "{sql}");
    }
    // Recorded twice, it says nothing twice.
    assert_eq!(read(&store, &claimed, &["by-page"]), None);
    assert_clean(&store);
}

#[test]
fn backlog_is_decided_as_of_the_poll() {
    let (_dir, store) = open_store();
    let mut old = entry("one", Vec::new());
    old.entry.content.published = Some(after(-2 * 86_400));
    poll(
        &store,
        PollCommit {
            pages: vec![wanted("one", false)],
            ..commit(vec![old])
        },
    );
    let result = read(&store, &take(&store), &["by-page"]).unwrap();
    assert_eq!(
        (result.alerts.len(), result.held.get("backlog")),
        (0, Some(&1))
    );
}

#[test]
fn a_copy_of_a_told_story_folds() {
    let (_dir, store) = open_store();
    poll(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let mut copy = entry("two", Vec::new());
    copy.title_key = entry("one", Vec::new()).title_key;
    poll(
        &store,
        PollCommit {
            pages: vec![wanted("two", false)],
            ..commit(vec![copy])
        },
    );
    let result = read(&store, &take(&store), &["r"]).unwrap();
    assert_eq!(
        (result.alerts.len(), result.held.get("folded")),
        (0, Some(&1))
    );
    assert_clean(&store);
}

/// Entries that only their articles bring to a rule are compared when these are read.
#[test]
fn a_copy_that_only_its_article_shows_folds() {
    let article = "The yard in the south has begun to build the second of four ferries that the islands ordered last \
        year, its owner said on Tuesday. The first of them is to sail in spring, two months late. A strike at an engine \
        works had stopped the line for most of the summer, and prices for steel rose meanwhile.";
    let (_dir, store) = open_store();
    let titled = |name: &str, title: &str| {
        let mut item = entry(name, Vec::new());
        item.mentions.clear();
        item.entry.content.title = title.to_owned();
        item.title_key = None;
        item
    };
    poll(
        &store,
        PollCommit {
            pages: vec![wanted("one", false), wanted("two", false)],
            ..commit(vec![
                titled("one", "Second ferry on the slip"),
                titled("two", "Islands wait for their boats"),
            ])
        },
    );
    let mut told = Vec::new();
    for _ in 0..2 {
        let result = read_text(&store, &take(&store), &["r"], article).unwrap();
        told.push((result.alerts.len(), result.held.get("folded").copied()));
    }
    assert_eq!(told, [(1, None), (0, Some(1))]);
    assert_eq!(number(&store, "select count(*) from story"), 1);
    assert_clean(&store);
}

#[test]
fn one_page_of_a_host_is_under_way_and_none_before_its_time() {
    let (_dir, store) = open_store();
    queued(&store, &["one", "two"]);
    assert_eq!(claim_at(&store, &[], after(-1)).len(), 0);
    assert_eq!(claim_at(&store, &["a.example:443"], now()).len(), 0);
    let first = take(&store);
    assert_eq!(first.url, "https://a.example/one");
    let second = take(&store);
    assert_eq!(second.url, "https://a.example/two");
    assert_eq!(claim_at(&store, &[], now()).len(), 0);
    settle_as(&store, &first, Some(after(60)), Some(after(3_600)));
    settle_as(&store, &second, Some(after(60)), None);
    assert_eq!(
        row(&store, "one").due,
        Some(after(3_600)),
        "the host asked to wait"
    );
    assert_eq!(
        store.read_blocking(|conn| next_due(conn, now())).unwrap(),
        Some(after(60))
    );
    let again = claim_at(&store, &[], after(60));
    assert_eq!((again.len(), again[0].attempts), (1, 2));
    settle_as(&store, &again[0], None, None);
    assert_eq!(row(&store, "two").state, State::Failed);
    assert_eq!(
        store
            .read_blocking(|conn| last_error(conn, &FeedId::new("a")))
            .unwrap()
            .as_deref(),
        Some("HTTP 500")
    );
    assert_clean(&store);
}

#[test]
fn a_feed_that_was_asked_to_wait_has_its_pages_wait() {
    let (_dir, store) = open_store();
    let waits = commit(vec![entry("one", Vec::new())]);
    let state = FeedState {
        retry_after: Some(after(600)),
        ..waits.state.clone()
    };
    poll(
        &store,
        PollCommit {
            state,
            pages: vec![wanted("one", false)],
            ..waits
        },
    );
    assert_eq!(claim_at(&store, &[], after(599)).len(), 0);
    assert_eq!(claim_at(&store, &[], after(600)).len(), 1);
}

#[test]
fn what_a_dead_owner_had_under_way_is_due_at_the_next_start() {
    let (dir, store) = open_store();
    queued(&store, &["one"]);
    take(&store);
    drop(store);
    let store = reopen(&dir);
    assert_eq!(claim_at(&store, &[], after(60)).len(), 0);
    let lock = store.lock(after(60)).unwrap();
    for attempt in 2..=MOST_TRIES {
        let claimed = claim_at(&store, &[], after(60));
        assert_eq!(claimed[0].attempts, attempt);
        store
            .write_blocking(|tx| free_interrupted(tx, after(60)))
            .unwrap();
    }
    // It may be what the process died of: it is not tried for ever.
    assert_eq!(row(&store, "one").state, State::Failed);
    drop(lock);
}

#[test]
fn a_lease_that_runs_out_frees_the_page() {
    let (_dir, store) = open_store();
    queued(&store, &["one"]);
    take(&store);
    assert_eq!(claim_at(&store, &[], after(1_799)).len(), 0);
    assert_eq!(claim_at(&store, &[], after(1_800)).len(), 1);
}

#[test]
fn a_change_takes_the_article_away_until_it_is_read_again() {
    let (_dir, store) = open_store();
    queued(&store, &["one"]);
    read(&store, &take(&store), &["r"]).unwrap();
    let change = PollCommit {
        pages: vec![wanted("one", true)],
        ..commit_revised(revised("one", "changed", Vec::new()))
    };
    assert_eq!(poll(&store, change).pages, 1);
    assert_eq!(full_text(&store, "one"), None);
    let content: String = store
        .read_blocking(|conn| {
            Ok(conn.query_row("select content from revision", [], |row| row.get(0))?)
        })
        .unwrap();
    assert!(
        content.contains("The article."),
        "what was told then is kept"
    );
    let claimed = take(&store);
    assert_eq!((claimed.attempts, claimed.rounds), (1, 2));
    let result = read(&store, &claimed, &["r", "late"]).unwrap();
    assert_eq!(result.alerts.len(), 1, "what alerted before does not again");
    assert_clean(&store);
}

#[test]
fn an_article_of_an_entry_that_changed_meanwhile_is_not_stored() {
    let (_dir, store) = open_store();
    queued(&store, &["one"]);
    let claimed = take(&store);
    poll(
        &store,
        commit_revised(revised("one", "changed", Vec::new())),
    );
    assert_eq!(read(&store, &claimed, &["r"]), None);
    assert_eq!(
        (row(&store, "one").state, full_text(&store, "one")),
        (State::Due, None)
    );
    // And where the page was queued anew, that stands.
    let claimed = claim_at(&store, &[], after(60)).remove(0);
    let change = PollCommit {
        pages: vec![wanted("one", true)],
        ..commit_revised(revised("one", "changed twice", Vec::new()))
    };
    poll(&store, change);
    settle_as(&store, &claimed, None, None);
    assert_eq!(row(&store, "one").state, State::Due);
}

#[test]
fn a_page_that_another_entry_had_read_is_taken_over() {
    let (_dir, store) = open_store();
    queued(&store, &["one"]);
    read(&store, &take(&store), &[]).unwrap();
    let mut copy = entry("two", Vec::new());
    copy.canonical_url = entry("one", Vec::new()).canonical_url;
    poll(
        &store,
        PollCommit {
            pages: vec![wanted("two", false)],
            ..commit(vec![copy])
        },
    );
    assert_eq!(take(&store).copy.as_deref(), Some("The article."));
}

#[test]
fn a_page_that_many_entries_link_to_is_not_fetched() {
    let (_dir, store) = open_store();
    let names = ["one", "two", "three", "four"];
    let entries = names.iter().map(|name| {
        let mut entry = entry(name, Vec::new());
        entry.canonical_url = Some("https://a.example/live".to_owned());
        entry
    });
    let pages = names.iter().map(|name| wanted(name, false)).collect();
    let result = poll(
        &store,
        PollCommit {
            pages,
            ..commit(entries.collect())
        },
    );
    assert_eq!(result.pages, 0);
    let page = row(&store, "four");
    assert_eq!(page.state, State::Skipped);
    assert!(page.last_error.unwrap().contains("many entries"));
}

#[test]
fn a_poll_recorded_twice_queues_once_and_a_skipped_page_keeps_its_reason() {
    let (_dir, store) = open_store();
    let skipped = Wanted {
        skip: Some("the entry is backlog"),
        ..wanted("two", false)
    };
    let twice = PollCommit {
        pages: vec![wanted("one", false), skipped],
        ..commit(vec![entry("one", Vec::new()), entry("two", Vec::new())])
    };
    assert_eq!(poll(&store, twice.clone()).pages, 1);
    read(&store, &take(&store), &[]).unwrap();
    assert_eq!(poll(&store, twice).pages, 0);
    assert_eq!(row(&store, "one").state, State::Read);
    assert_eq!(
        row(&store, "two").last_error.as_deref(),
        Some("the entry is backlog")
    );
    let counts = store
        .read_blocking(|conn| counts(conn, &FeedId::new("a")))
        .unwrap();
    assert_eq!(counts, [(State::Read, 1), (State::Skipped, 1)]);
}

#[test]
fn a_page_goes_with_its_entry() {
    let (_dir, store) = open_store();
    queued(&store, &["one"]);
    let settings = crate::store::Settings {
        keep_entries: Duration::from_hours(24),
        ..crate::store::Settings::default()
    };
    store
        .write_blocking(move |tx| retention::sweep(tx, &settings, after(9 * 86_400)))
        .unwrap();
    assert_eq!(number(&store, "select count(*) from page"), 0);
}
