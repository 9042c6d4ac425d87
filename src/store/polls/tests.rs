//! Recording polls: what is stored, what alerts, what is held, and that it happens once.

use super::*;
use crate::domain::entry::ingest;
use crate::domain::id::ReceiverId;
use crate::store::Store;
use crate::store::sample::{
    after, assert_clean, at, commit, commit_revised, entry, entry_of, now, number, open_store,
    record, revised, rule_match, to,
};

fn held(result: &PollResult) -> Vec<(&'static str, u32)> {
    result
        .held
        .iter()
        .map(|(reason, count)| (*reason, *count))
        .collect()
}

#[test]
fn a_poll_brings_everything_at_once() {
    let (_dir, store) = open_store();
    let result = record(
        &store,
        commit(vec![entry("one", vec![rule_match("r"), rule_match("s")])]),
    );
    assert_eq!(
        (result.new, result.alerts.len(), result.deliveries),
        (1, 2, 2)
    );
    for (table, rows) in [
        ("entry", 1),
        ("poll", 1),
        (r#""match""#, 2),
        ("mention", 1),
        ("story", 1),
        ("alert", 2),
        ("delivery", 2),
    ] {
        assert_eq!(
            number(&store, &format!("select count(*) from {table}")),
            rows,
            "{table}"
        );
    }
    let state = store
        .read_blocking(|conn| feeds::state(conn, &FeedId::new("a")))
        .unwrap()
        .unwrap();
    assert_eq!(state.etag.as_deref(), Some(&b"\"v1\""[..]));
    assert_eq!((state.entries, state.next_poll), (1, Some(after(300))));
    assert_clean(&store);
}

#[test]
fn a_poll_recorded_twice_alerts_once() {
    let (_dir, store) = open_store();
    let poll = commit(vec![
        entry("one", vec![rule_match("r")]),
        entry("two", vec![rule_match("r")]),
    ]);
    assert_eq!(record(&store, poll.clone()).alerts.len(), 2);
    let again = record(&store, poll);
    assert_eq!((again.new, again.alerts.len(), again.repeated), (0, 0, 2));
    assert_eq!(number(&store, "select count(*) from delivery"), 2);
    let change = commit_revised(revised("one", "changed", vec![rule_match("other")]));
    assert_eq!(record(&store, change.clone()).alerts.len(), 1);
    let again = record(&store, change);
    assert_eq!(
        (again.revised, again.alerts.len(), again.repeated),
        (0, 0, 1)
    );
    assert_eq!(number(&store, "select count(*) from revision"), 1);
    assert_clean(&store);
}

/// Two hundred and fifty entries that all match.
fn flood() -> PollCommit {
    let many = (0..250).map(|at| entry(&format!("flood {at}"), vec![rule_match("r")]));
    commit(many.collect())
}

fn piece(store: &Store, poll: &PollCommit, ahead: &mut Ahead) -> bool {
    let Some(range) = next_ahead(poll, ahead) else {
        return false;
    };
    let (own, of) = (poll.clone(), range.clone());
    let result = store.write_blocking(move |tx| record_ahead(tx, &own, of.clone()));
    ahead.add(&range, result.unwrap());
    true
}

#[test]
fn a_flood_is_recorded_in_pieces() {
    let (_dir, store) = open_store();
    let (poll, mut ahead, mut pieces) = (flood(), Ahead::default(), 0);
    while piece(&store, &poll, &mut ahead) {
        pieces += 1;
        assert_eq!(number(&store, "select count(*) from poll"), 0);
        assert_clean(&store);
    }
    assert_eq!((pieces, ahead.count), (2, 200));
    let result = store.write_blocking(move |tx| record_poll_after(tx, &poll, &ahead));
    let result = result.unwrap();
    assert_eq!((result.new, result.repeated), (250, 0));
    assert_eq!(result.alerts.len(), 250);
    assert_eq!(number(&store, "select count(*) from poll"), 1);
    assert_clean(&store);
}

#[test]
fn who_dies_between_two_pieces_tells_nothing_twice() {
    let (_dir, store) = open_store();
    let (poll, mut ahead) = (flood(), Ahead::default());
    assert!(piece(&store, &poll, &mut ahead));
    let etag = "select count(*) from feed where etag is not null";
    assert_eq!(
        number(&store, etag),
        0,
        "the document must be asked for again"
    );
    let again = record(&store, poll);
    assert_eq!((again.new, again.repeated), (150, 100));
    assert_eq!(again.alerts.len(), 150);
    assert_eq!(number(&store, "select count(distinct key) from alert"), 250);
    assert_clean(&store);
}

#[test]
fn few_entries_with_matches_are_no_flood() {
    let mut poll = flood();
    for item in poll.new.iter_mut().skip(100) {
        item.matches.clear();
    }
    assert_eq!(next_ahead(&poll, &Ahead::default()), None);
}

#[test]
fn the_key_of_an_alert_comes_from_what_it_is_about() {
    let (_dir, store) = open_store();
    let one = entry("one", vec![rule_match("r")]);
    let expected = alert::key("r", one.entry.id.as_str(), Reason::NewStory, "");
    record(&store, commit(vec![one]));
    let key: String = store
        .read_blocking(|conn| Ok(conn.query_row("select key from alert", [], |row| row.get(0))?))
        .unwrap();
    assert_eq!(key, expected);
}

#[test]
fn copies_fold_into_one_story_by_title_or_url() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let mut by_title = entry_of("b", "one", vec![rule_match("r"), rule_match("late")]);
    by_title.canonical_url = Some("b.example/elsewhere".to_owned());
    let mut by_url = entry_of("b", "two", vec![rule_match("r")]);
    by_url.canonical_url = entry("one", Vec::new()).canonical_url;
    let poll = PollCommit {
        feed: FeedId::new("b"),
        ..commit(vec![by_title, by_url])
    };
    let result = record(&store, poll);
    // The copy that is the first to match another rule does alert.
    assert_eq!((result.new, result.alerts.len()), (2, 1));
    assert_eq!(held(&result), [("folded", 2)]);
    let told = store
        .read_blocking(|conn| stories::wire(conn, 1))
        .unwrap()
        .unwrap();
    assert_eq!(
        (told.entries, told.feeds),
        (3, vec!["a".to_owned(), "b".to_owned()])
    );
    let members = store
        .read_blocking(|conn| stories::members(conn, 1, 10))
        .unwrap();
    let how: Vec<&str> = members.iter().map(|(_, how)| how.as_str()).collect();
    assert_eq!(how, ["first", "title", "url"]);
    assert_eq!(
        number(
            &store,
            r#"select count(*) from "match" where held = 'folded' and alert = 1"#
        ),
        2
    );
    assert_clean(&store);
}

#[test]
fn a_story_ends_with_its_window() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    let mut later = entry_of("b", "one", vec![rule_match("r")]);
    later.entry.content.published = Some(after(4 * 86_400));
    let poll = PollCommit {
        feed: FeedId::new("b"),
        now: after(4 * 86_400),
        ..commit(vec![later])
    };
    assert_eq!(record(&store, poll).alerts.len(), 1);
    assert_eq!(number(&store, "select count(*) from story"), 2);
}

#[test]
fn what_is_held_says_why() {
    let (_dir, store) = open_store();
    let mut old = entry("old", vec![rule_match("r")]);
    old.entry.content.published = Some(at("2026-11-01T00:00:00Z"));
    let mut undated = entry("undated", vec![rule_match("r")]);
    undated.entry.content.published = None;
    let result = record(&store, commit(vec![old, undated]));
    assert_eq!((result.new, result.alerts.len()), (2, 0));
    assert_eq!(held(&result), [("backlog", 2)]);
    let mut undated = entry("later", vec![rule_match("r")]);
    undated.entry.content.published = None;
    let poll = PollCommit {
        undated_is_backlog: false,
        ..commit(vec![undated])
    };
    assert_eq!(record(&store, poll).alerts.len(), 1);
    assert_clean(&store);
}

#[test]
fn a_change_alerts_by_its_rules_policy() {
    let (_dir, store) = open_store();
    record(
        &store,
        commit(vec![entry("one", vec![rule_match("matched")])]),
    );
    let all = RuleMatch {
        revisions: Revisions::All,
        ..rule_match("all")
    };
    let none = RuleMatch {
        revisions: Revisions::None,
        ..rule_match("none")
    };
    let rules = vec![
        rule_match("matched"),
        rule_match("first"),
        all.clone(),
        none,
    ];
    let result = record(&store, commit_revised(revised("one", "second", rules)));
    assert_eq!((result.revised, result.alerts.len()), (1, 2));
    assert_eq!(held(&result), [("known", 1), ("revision", 1)]);
    let result = record(
        &store,
        commit_revised(revised(
            "one",
            "third",
            vec![rule_match("first"), all.clone()],
        )),
    );
    assert_eq!(
        (result.alerts.len(), held(&result)),
        (1, vec![("known", 1)])
    );
    // Back to what it said: that content has had its alert.
    let result = record(&store, commit_revised(revised("one", "second", vec![all])));
    assert_eq!(
        (result.alerts.len(), held(&result)),
        (0, vec![("known", 1)])
    );
    let kept = store
        .read_blocking(|conn| crate::store::entries::revisions(conn, 1))
        .unwrap();
    let bodies: Vec<&str> = kept.iter().map(|kept| kept.content.body.as_str()).collect();
    assert_eq!(bodies, ["Body of one.", "second", "third"]);
    assert_eq!(kept[0].changed, ["body"]);
    assert_clean(&store);
}

#[test]
fn the_store_knows_what_a_document_carries() {
    let (_dir, store) = open_store();
    let one = entry("one", Vec::new());
    record(&store, commit(vec![one.clone()]));
    let mut moved = one.entry.clone();
    moved.key = "g:moved".to_owned();
    let document = vec![moved, entry("two", Vec::new()).entry];
    let mut keys = ingest::lookup_keys(&document);
    keys.extend(ingest::further(&ingest::Known::default(), &document).keys);
    let known = store
        .read_blocking(move |conn| crate::store::entries::known(conn, &FeedId::new("a"), &keys))
        .unwrap();
    assert_eq!(known.entries.len(), 1);
    assert_eq!(
        (known.entries[0].id.clone(), known.entries[0].key.as_str()),
        (one.entry.id.clone(), "g:one")
    );
    assert_eq!(
        known.entries[0].alternates,
        one.alternates
            .iter()
            .filter(|key| *key != "g:one")
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );

    let rekeyed = ingest::Rekeyed {
        id: one.entry.id.clone(),
        old_key: "g:one".to_owned(),
        key: "g:moved".to_owned(),
        alternates: Vec::new(),
        why: ingest::Why::LinkAndTitle,
    };
    let poll = PollCommit {
        rekeyed: vec![rekeyed],
        seen: vec![one.entry.id.clone()],
        ..commit(Vec::new())
    };
    record(&store, poll);
    for key in ["g:one", "g:moved"] {
        let known = store
            .read_blocking(|conn| {
                crate::store::entries::known(conn, &FeedId::new("a"), &[key.to_owned()])
            })
            .unwrap();
        assert_eq!(known.entries[0].key, "g:moved", "{key}");
    }
    assert_clean(&store);
}

#[test]
fn nobody_to_tell_is_a_reason_too() {
    let (_dir, store) = open_store();
    let nobody = RuleMatch {
        receivers: Vec::new(),
        ..rule_match("nobody")
    };
    let mut quiet = to("phone");
    quiet.skip = Some("below its min_severity".to_owned());
    let some = RuleMatch {
        receivers: vec![to("desk"), quiet],
        ..rule_match("some")
    };
    let result = record(&store, commit(vec![entry("one", vec![nobody, some])]));
    assert_eq!((result.alerts.len(), result.deliveries), (2, 1));
    assert_eq!(
        number(
            &store,
            "select count(*) from alert where untold is not null"
        ),
        1
    );
    assert_eq!(
        number(
            &store,
            "select count(*) from delivery where state = 'cancelled' and why is not null"
        ),
        1
    );
    assert_clean(&store);
}

#[test]
fn a_feed_that_is_not_there_records_nothing() {
    let (_dir, store) = open_store();
    let poll = PollCommit {
        feed: FeedId::new("nowhere"),
        ..commit(vec![entry_of("nowhere", "one", vec![rule_match("r")])])
    };
    let failed = store.write_blocking(move |tx| record_poll(tx, &poll));
    assert!(failed.is_err());
    assert_eq!(number(&store, "select count(*) from story"), 0);
}

#[test]
fn hostile_text_comes_back_as_it_went() {
    let (_dir, store) = open_store();
    let mut odd = entry("odd", vec![rule_match("r")]);
    odd.entry.content.title = "'; drop table entry; -- \u{202e}\u{0}한".to_owned();
    odd.entry.content.body = "x".repeat(3 << 20);
    odd.entry.content.categories = vec![String::new(), "\"quoted\"".to_owned()];
    let id = odd.entry.id.clone();
    let content = odd.entry.content.clone();
    record(&store, commit(vec![odd]));
    let stored = store
        .read_blocking(|conn| crate::store::entries::get(conn, &id))
        .unwrap()
        .unwrap();
    assert_eq!(stored.entry.content, content);
    assert_eq!(stored.entry.first_seen, Some(now()));
}

#[test]
fn receivers_hear_of_an_alert_once_each() {
    let (_dir, store) = open_store();
    let twice = RuleMatch {
        receivers: vec![to("desk"), to("phone"), to("desk")],
        ..rule_match("r")
    };
    record(&store, commit(vec![entry("one", vec![twice])]));
    let due = store
        .read_blocking(|conn| crate::store::outbox::waiting(conn, None))
        .unwrap();
    assert_eq!(
        due,
        [
            (ReceiverId::new("desk"), now()),
            (ReceiverId::new("phone"), now())
        ]
    );
    assert_eq!(number(&store, "select count(*) from delivery"), 2);
}

#[test]
fn a_story_from_the_future_folds_nothing() {
    let (_dir, store) = open_store();
    let year = 365 * 86_400;
    let poll = PollCommit {
        now: after(year),
        ..commit(vec![entry("one", vec![rule_match("r")])])
    };
    assert_eq!(record(&store, poll).alerts.len(), 1);
    let mut same = entry("two", vec![rule_match("r")]);
    same.title_key = entry("one", Vec::new()).title_key;
    let result = record(&store, commit(vec![same]));
    assert_eq!(result.alerts.len(), 1, "{:?}", result.held);
}

#[test]
fn who_was_not_told_of_a_story_is_told_by_the_first_copy_it_takes() {
    let (_dir, store) = open_store();
    let told = |name: &str, takes: &[&str]| {
        let receivers = ["desk", "ko"].map(|id| crate::store::outbox::Addressee {
            skip: (!takes.contains(&id)).then(|| "the entry does not match its `only`".to_owned()),
            ..to(id)
        });
        let mut item = entry(
            name,
            vec![RuleMatch {
                receivers: receivers.to_vec(),
                ..rule_match("r")
            }],
        );
        item.title_key = Some("one title of one story".to_owned());
        item
    };
    let first = record(&store, commit(vec![told("one", &["desk"])]));
    assert_eq!((first.alerts.len(), first.deliveries), (1, 1));
    let second = record(&store, commit(vec![told("two", &["desk", "ko"])]));
    assert_eq!((second.alerts.len(), second.deliveries), (1, 1), "ko alone");
    let third = record(&store, commit(vec![told("three", &["desk", "ko"])]));
    assert_eq!(held(&third), [("folded", 1)]);
    let owed = |receiver: &str| {
        let sql = format!(
            "select count(*) from delivery where receiver = '{receiver}' and state = 'due'"
        );
        number(&store, &sql)
    };
    assert_eq!((owed("desk"), owed("ko")), (1, 1));
    assert_eq!(number(&store, "select count(distinct key) from alert"), 2);
    assert_clean(&store);
}

#[test]
fn an_owner_who_copies_is_no_second_voice() {
    const WIRE: &str = "The islands have ordered four ferries from the shipyard in the south, the largest order in its \
        history, and the first is to sail next spring, officials said on Tuesday after a signing ceremony.";
    let (_dir, store) = open_store();
    let told = |feed: &str, body: &str| {
        let mut told = entry_of(feed, "one", vec![rule_match("r")]);
        told.entry.content.body = body.to_owned();
        PollCommit {
            feed: FeedId::new(feed),
            ..commit(vec![told])
        }
    };
    record(&store, told("a", WIRE));
    record(&store, told("b", &format!("(Wire) {WIRE}")));
    let owners = || {
        let voices = store
            .read_blocking(|conn| stories::owners(conn, 1))
            .unwrap();
        let owners = voices.into_iter().map(|voice| voice.owner);
        owners.collect::<Vec<_>>()
    };
    assert_eq!(owners(), ["a.example"]);
    let (dir, store) = open_store();
    record(&store, told("a", WIRE));
    record(&store, told("b", "We were there."));
    let voices = store
        .read_blocking(|conn| stories::owners(conn, 1))
        .unwrap();
    assert_eq!(voices.len(), 2);
    assert_eq!(voices[1].owner, "b.example");
    drop(dir);
}
