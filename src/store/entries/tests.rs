//! Entries: pages, filters, mentions, matches.

use super::*;
use crate::store::Store;
use crate::store::polls::PollCommit;
use crate::store::sample::{
    after, commit, commit_revised, entry, entry_of, now, open_store, record, revised, rule_match,
};

/// Twenty entries of `a`, one a minute, and one undated of `b`.
fn filled() -> (tempfile::TempDir, Store) {
    let (dir, store) = open_store();
    let names: Vec<String> = (0..20).map(|n| format!("n{n:02}")).collect();
    let entries = names.iter().zip(0..).map(|(name, minute)| {
        let mut item = entry(name, Vec::new());
        item.entry.content.published = Some(after(minute * 60 - 7200));
        item
    });
    record(&store, commit(entries.collect()));
    let mut undated = entry_of("b", "undated", Vec::new());
    undated.entry.content.published = None;
    record(
        &store,
        PollCommit {
            feed: FeedId::new("b"),
            ..commit(vec![undated])
        },
    );
    (dir, store)
}

fn guids(entries: &[StoredEntry]) -> Vec<&str> {
    entries
        .iter()
        .filter_map(|stored| stored.entry.content.guid.as_deref())
        .collect()
}

#[test]
fn pages_meet_without_a_gap_in_both_directions() {
    let (_dir, store) = filled();
    for oldest_first in [false, true] {
        let filter = EntryFilter {
            oldest_first,
            ..EntryFilter::default()
        };
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = store
                .read_blocking(|conn| page(conn, &filter, after, 6))
                .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            seen.extend(guids(&page).iter().map(ToString::to_string));
        }
        let mut expected: Vec<String> = (0..20).map(|n| format!("n{n:02}")).collect();
        expected.push("undated".to_owned());
        if !oldest_first {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn filters_take_feed_and_time() {
    let (_dir, store) = filled();
    let get = |filter: EntryFilter| {
        store
            .read_blocking(|conn| page(conn, &filter, None, 100))
            .unwrap()
    };
    let of_b = get(EntryFilter {
        feed: Some(FeedId::new("b")),
        ..EntryFilter::default()
    });
    assert_eq!(guids(&of_b), ["undated"]);
    assert_eq!(
        of_b[0].wire().feed_url.as_deref(),
        Some("https://b.example/feed")
    );
    let span = EntryFilter {
        feed: Some(FeedId::new("a")),
        since: Some(after(-7200 + 60)),
        until: Some(after(-7200 + 180)),
        oldest_first: true,
    };
    assert_eq!(guids(&get(span)), ["n01", "n02"]);
    let nobody = EntryFilter {
        feed: Some(FeedId::new("'; --")),
        ..EntryFilter::default()
    };
    assert!(get(nobody).is_empty());
}

#[test]
fn an_entry_tells_what_it_matched_and_named() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", vec![rule_match("r")])]));
    record(
        &store,
        commit_revised(revised("one", "now", vec![rule_match("r")])),
    );
    let (stored, matches, mentions, counts) = store
        .read_blocking(|conn| {
            let stored = get(conn, &entry("one", Vec::new()).entry.id)?.unwrap();
            let counts = mention_counts(conn, now())?;
            Ok((
                stored.clone(),
                matches(conn, stored.seq)?,
                mentions(conn, stored.seq)?,
                counts,
            ))
        })
        .unwrap();
    assert_eq!(
        (stored.revision, stored.entry.content.body.as_str()),
        (1, "now")
    );
    let told: Vec<_> = matches
        .iter()
        .map(|m| (m.revision, m.raised, m.held))
        .collect();
    assert_eq!(
        told,
        [
            (0, Some(Reason::NewStory), None),
            (1, None, Some(Held::Known))
        ]
    );
    assert_eq!((mentions.len(), mentions[0].entity.as_str()), (1, "k9"));
    assert_eq!(counts, [(EntityId::new("k9"), 1)]);
    assert!(
        store
            .read_blocking(|conn| get(conn, &EntryId::new("none")))
            .unwrap()
            .is_none()
    );
}

#[test]
fn earlier_contents_are_bounded() {
    let (_dir, store) = open_store();
    record(&store, commit(vec![entry("one", Vec::new())]));
    for number in 0..60 {
        record(
            &store,
            commit_revised(revised("one", &format!("body {number}"), Vec::new())),
        );
    }
    let kept = store.read_blocking(|conn| revisions(conn, 1)).unwrap();
    assert_eq!(
        (kept.len(), kept[0].number, kept[49].content.body.as_str()),
        (50, 10, "body 58")
    );
    crate::store::sample::assert_clean(&store);
}

#[test]
fn a_bulk_reading_meets_the_same_entries_as_pages() {
    let (_dir, store) = filled();
    for since in [after(-86_400 * 365), after(-7200 + 600), after(86_400)] {
        let filter = EntryFilter {
            since: Some(since),
            ..EntryFilter::default()
        };
        let mut expected: Vec<_> = store
            .read_blocking(|conn| page(conn, &filter, None, 1000))
            .unwrap()
            .into_iter()
            .map(|stored| {
                let Entry {
                    content,
                    feed,
                    full_text,
                    ..
                } = stored.entry;
                (
                    stored.seq,
                    feed.unwrap().to_string(),
                    content.title,
                    content.body,
                    full_text,
                    content.authors,
                )
            })
            .collect();
        expected.sort();
        let mut found = Vec::new();
        store
            .read_blocking(|conn| {
                let Some(rows) = rows_since(conn, since)? else {
                    return Ok(());
                };
                let middle = rows.start() + 7;
                for part in [*rows.start()..=middle, middle + 1..=*rows.end()] {
                    read_bulk(conn, part, since, |entry| {
                        assert!(entry.at >= since);
                        let subject = entry.subject(&[]);
                        found.push((
                            entry.seq,
                            subject.feed.unwrap().to_owned(),
                            subject.title.to_owned(),
                            subject.body.to_owned(),
                            subject.full_text.map(str::to_owned),
                            subject.authors.to_vec(),
                        ));
                    })?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(found, expected);
    }
}
