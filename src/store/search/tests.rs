//! The index against the entries themselves: nothing that matches is missed, whatever was indexed when.

use super::*;
use crate::domain::matching::RuleSet;
use crate::domain::rule::{Definitions, Rule};
use crate::store::Store;
use crate::store::sample::{commit, entry, now, open_store, record};

const TITLES: [&str; 6] = [
    "한화에어로스페이스, 루마니아에 K9 자주포 수출",
    "Hanwha signs K9 deal",
    "폴란드 K2전차 계약",
    "Weather in Seoul",
    "방산수출 급증",
    "LIG넥스원 신궁",
];

fn filled() -> (tempfile::TempDir, Store) {
    let (dir, store) = open_store();
    let items = TITLES.iter().enumerate().map(|(number, title)| {
        let mut item = entry(&format!("n{number}"), Vec::new());
        (*title).clone_into(&mut item.entry.content.title);
        item
    });
    record(&store, commit(items.collect()));
    (dir, store)
}

/// Titles that match, the last to come first.
fn found(store: &Store, query: &str, filter: Hunt) -> Vec<String> {
    let definitions = Definitions {
        rules: vec![Rule::of_query("q", query)],
        ..Definitions::default()
    };
    let (rules, problems) = RuleSet::compile(&definitions);
    assert!(
        problems
            .iter()
            .all(|problem| problem.diagnostic.level
                == crate::domain::rule::diagnostic::Level::Warning),
        "{problems:?}"
    );
    let asked = Hunt {
        need: Some(rules.need(&"q".into())),
        ..filter
    };
    let mut titles = Vec::new();
    let end = store
        .read_blocking(|conn| {
            hunt(conn, &asked, |entry| {
                let Some(entry) = entry else {
                    return Ok(true);
                };
                if !rules.evaluate(&entry.subject(&[])).is_empty() {
                    titles.push(entry.title.to_owned());
                }
                Ok(true)
            })
        })
        .unwrap();
    assert_eq!(end, None);
    titles
}

fn index(store: &Store) -> usize {
    let batch = store.read_blocking(|conn| read_batch(conn, 4)).unwrap();
    let number = batch.len();
    store
        .write_blocking(move |tx| write_batch(tx, &batch, now()))
        .unwrap();
    number
}

#[test]
fn the_same_is_found_before_while_and_after_indexing() {
    let (_dir, store) = filled();
    loop {
        for (query, expected) in [
            ("수출", vec![TITLES[0]]),
            ("방산수출", vec![TITLES[4]]),
            ("K9", vec![TITLES[1], TITLES[0]]),
            ("K2", vec![TITLES[2]]),
            ("신궁 OR Weather", vec![TITLES[5], TITLES[3]]),
            ("넥스원", vec![TITLES[5]]),
            ("/K9/", vec![TITLES[1], TITLES[0]]),
            ("unheard", Vec::new()),
        ] {
            assert_eq!(found(&store, query, Hunt::default()), expected, "{query}");
        }
        if index(&store) == 0 {
            break;
        }
    }
    assert_eq!(store.read_blocking(waiting).unwrap(), 0);
}

#[test]
fn what_changed_is_found_as_it_is_now_and_what_is_gone_is_not() {
    let (_dir, store) = filled();
    while index(&store) > 0 {}
    store
        .write_blocking(|tx| {
            tx.execute(
                "update entry set title = 'Renamed 천궁' where title like 'Weather%'",
                [],
            )?;
            tx.execute("delete from entry where title like '%Hanwha%'", [])?;
            Ok(())
        })
        .unwrap();
    for _ in 0..3 {
        assert_eq!(found(&store, "천궁", Hunt::default()), ["Renamed 천궁"]);
        assert!(found(&store, "Weather", Hunt::default()).is_empty());
        assert_eq!(found(&store, "K9", Hunt::default()), [TITLES[0]]);
        index(&store);
    }
    assert_eq!(store.read_blocking(waiting).unwrap(), 0);
}

#[test]
fn a_change_between_reading_and_writing_a_batch_is_not_lost() {
    let (_dir, store) = filled();
    while index(&store) > 0 {}
    let rename = |to: &'static str| {
        store
            .write_blocking(move |tx| {
                tx.execute("update entry set title = ?1 where guid = 'n3'", [to])?;
                Ok(())
            })
            .unwrap();
    };
    rename("First 천궁");
    let batch = store.read_blocking(|conn| read_batch(conn, 4)).unwrap();
    rename("Second 현무");
    store
        .write_blocking(move |tx| write_batch(tx, &batch, now()))
        .unwrap();
    assert_eq!(found(&store, "현무", Hunt::default()), ["Second 현무"]);
    index(&store);
    assert_eq!(found(&store, "현무", Hunt::default()), ["Second 현무"]);
    assert!(found(&store, "천궁", Hunt::default()).is_empty());
}

#[test]
fn filters_and_pages_hold() {
    let (_dir, store) = filled();
    while index(&store) > 0 {}
    let by_entity = Hunt {
        entity: Some("k9".to_owned()),
        ..Hunt::default()
    };
    assert_eq!(found(&store, "K9", by_entity).len(), 2);
    let of_other = Hunt {
        feed: Some("b".into()),
        ..Hunt::default()
    };
    assert!(found(&store, "수출", of_other).is_empty());
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = Hunt {
            before,
            ..Hunt::default()
        };
        let mut left = 2;
        before = store
            .read_blocking(|conn| {
                hunt(conn, &page, |entry| {
                    seen.extend(entry.map(|entry| entry.seq));
                    left -= 1;
                    Ok(left > 0)
                })
            })
            .unwrap();
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), TITLES.len());
    assert!(seen.is_sorted_by(|a, b| a > b));
}

#[test]
fn a_query_of_many_names_and_a_word_finds_what_it_means_before_and_after_a_change() {
    let (_dir, store) = filled();
    while index(&store) > 0 {}
    let names: Vec<String> = (0..20).map(|number| format!("name{number}")).collect();
    let query = format!("({} OR 루마니아에 OR Hanwha) K9", names.join(" OR "));
    let need = RuleSet::of_query("q", &query).need(&"q".into());
    assert!(Ask::new(&need).sifts.is_some(), "{need:?}");
    let both = [TITLES[1], TITLES[0]];
    assert_eq!(found(&store, &query, Hunt::default()), both);
    let by_entity = Hunt {
        entity: Some("k9".to_owned()),
        ..Hunt::default()
    };
    assert_eq!(found(&store, &query, by_entity), both);
    store
        .write_blocking(|tx| {
            tx.execute(
                "update entry set title = 'K9 of name7' where title like 'Weather%'",
                [],
            )?;
            tx.execute(
                "update entry set title = 'K9 of nobody' where title like 'Hanwha%'",
                [],
            )?;
            Ok(())
        })
        .unwrap();
    assert_eq!(
        found(&store, &query, Hunt::default()),
        ["K9 of name7", TITLES[0]]
    );
}

/// How often who asks is called for rows that the index rules out within an entity, and where it may stop.
#[test]
fn what_the_index_rules_out_is_not_read_and_the_way_can_be_broken_off_there() {
    let (_dir, store) = filled();
    while index(&store) > 0 {}
    let asked = Hunt {
        entity: Some("k9".to_owned()),
        need: Some(Need::Piece("neverwritten".to_owned())),
        ..Hunt::default()
    };
    let mut calls = Vec::new();
    let end = store
        .read_blocking(|conn| {
            hunt(conn, &asked, |entry| {
                calls.push(entry.map(|entry| entry.seq));
                Ok(true)
            })
        })
        .unwrap();
    assert_eq!((end, calls), (None, vec![None]));
    let end = store
        .read_blocking(|conn| hunt(conn, &asked, |_| Ok(false)))
        .unwrap();
    assert_eq!(end, Some(1), "all rows from the first on were ruled out");
}

#[test]
fn languages_and_feeds_are_asked_of_the_index_and_what_changes_them_is_seen() {
    let (_dir, store) = filled();
    let speak = |title: &'static str, language: &'static str| {
        store
            .write_blocking(move |tx| {
                let sql = "update entry set language = ?2 where title = ?1";
                tx.execute(sql, params![title, language])?;
                Ok(())
            })
            .unwrap();
    };
    for title in TITLES {
        speak(title, "ko-KR");
    }
    while index(&store) > 0 {}
    let in_english = Hunt {
        language: Some("en".to_owned()),
        ..Hunt::default()
    };
    for round in 0..2 {
        if round > 0 {
            speak(TITLES[1], "en");
        }
        for _ in 0..2 {
            let expected = &[TITLES[1]][..round];
            assert_eq!(found(&store, "lang:en", Hunt::default()), expected);
            assert_eq!(found(&store, "K9", in_english.clone()), expected);
            assert_eq!(
                found(&store, "lang:ko K9", Hunt::default()).len(),
                2 - round
            );
            index(&store);
        }
    }
    assert_eq!(found(&store, "feed:a K9", Hunt::default()).len(), 2);
    assert!(found(&store, "feed:b K9", Hunt::default()).is_empty());
}

#[test]
fn one_syllable_is_found_where_words_begin() {
    let (_dir, store) = open_store();
    let titles = ["강이 넘친다", "한강 다리", "강남 아파트", "남과 강"];
    let items = titles.iter().enumerate().map(|(number, title)| {
        let mut item = entry(&format!("n{number}"), Vec::new());
        (*title).clone_into(&mut item.entry.content.title);
        item
    });
    record(&store, commit(items.collect()));
    for _ in 0..3 {
        assert_eq!(found(&store, "강", Hunt::default()), [titles[3], titles[0]]);
        assert_eq!(found(&store, "강 남", Hunt::default()), [titles[3]]);
        index(&store);
    }
}
