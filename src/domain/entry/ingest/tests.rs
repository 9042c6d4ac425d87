use super::*;
use crate::domain::entry::Content;
use crate::domain::entry::identity::identify;

mod evolution;

fn now() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn content(guid: &str, url: &str, title: &str) -> Content {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Content {
        guid: some(guid),
        url: some(url),
        title: title.to_owned(),
        published: Some("2026-11-23T00:00:00Z".parse().unwrap()),
        ..Content::default()
    }
}

fn article(n: usize) -> Content {
    content(
        &format!("g{n}"),
        &format!("https://a.example/{n}"),
        &format!("title {n}"),
    )
}

/// A store in memory, as small as the contract with the real one: keys, alternates, what the plan says.
#[derive(Default)]
struct Store {
    rows: Vec<KnownEntry>,
    links: Vec<String>,
    /// Keys that were looked up, of all polls.
    reads: usize,
}

impl Store {
    /// Of many entries with one key the newest eight, and of their alternates those asked for.
    fn look_up(&mut self, keys: &[String]) -> Known {
        self.reads += keys.len();
        let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for key in keys {
            let holders = self.rows.iter().enumerate().rev();
            let holders =
                holders.filter(|(_, row)| row.key == *key || row.alternates.contains(key));
            for (place, _) in holders.take(8) {
                found.entry(place).or_default().push(key.clone());
            }
        }
        let entries = found.into_iter().map(|(place, mut alternates)| {
            let row = &self.rows[place];
            alternates.retain(|key| *key != row.key);
            KnownEntry {
                alternates,
                ..row.clone()
            }
        });
        Known {
            entries: entries.collect(),
        }
    }

    /// The entries of these seconds, without their alternates.
    fn dated(&self, seconds: &[i64]) -> Known {
        let is_dated = |row: &&KnownEntry| {
            let at = row.published.map(Timestamp::as_second);
            !row.purged && at.is_some_and(|at| seconds.contains(&at))
        };
        let entries = self.rows.iter().filter(is_dated).map(|row| KnownEntry {
            alternates: Vec::new(),
            ..row.clone()
        });
        Known {
            entries: entries.collect(),
        }
    }

    fn known(&mut self, entries: &[Entry]) -> Known {
        let mut known = self.look_up(&lookup_keys(entries));
        let further = further(&known, entries);
        if further.keys.is_empty() {
            return known;
        }
        known.join(self.look_up(&further.keys));
        known.join(self.dated(&further.seconds));
        if may_have_moved(&known, entries) {
            let recent: Vec<String> = self.links.iter().rev().take(30).cloned().collect();
            known.join(self.look_up(&moved_keys(entries, &recent)));
        }
        known
    }

    fn poll(&mut self, contents: Vec<Content>) -> Plan {
        self.poll_at(contents, now())
    }

    fn poll_at(&mut self, contents: Vec<Content>, now: Timestamp) -> Plan {
        let entries = identify("f", contents);
        let plan = plan(&self.known(&entries), entries, now);
        for rekeyed in &plan.rekeyed {
            let row = self.row(&rekeyed.id);
            row.alternates.push(rekeyed.old_key.clone());
            row.alternates.extend(rekeyed.alternates.iter().cloned());
            row.key.clone_from(&rekeyed.key);
            row.rekeyed += 1;
        }
        for entry in &plan.new {
            assert!(
                self.rows.iter().all(|known| known.id != entry.id),
                "id taken"
            );
            self.links.extend(entry.content.url.clone());
            self.rows.push(KnownEntry {
                id: entry.id.clone(),
                key: entry.key.clone(),
                alternates: alternates(entry),
                content_hash: content_hash(&entry.content),
                url: entry.content.url.clone(),
                published: entry.content.published,
                first_seen: entry.first_seen,
                updated: entry.content.updated,
                hash_only_revisions: 0,
                rekeyed: 0,
                purged: false,
            });
        }
        for revised in &plan.revised {
            let known = self.row(&revised.entry.id);
            known.content_hash = revised.content_hash;
            known.url.clone_from(&revised.entry.content.url);
            known.published = revised.entry.content.published;
            known.updated = revised.entry.content.updated;
            known.hash_only_revisions += u32::from(revised.hash_only);
            known.alternates.extend(alternates(&revised.entry));
        }
        plan
    }

    fn row(&mut self, id: &EntryId) -> &mut KnownEntry {
        self.rows.iter_mut().find(|row| row.id == *id).unwrap()
    }
}

#[track_caller]
fn quiet(plan: &Plan) {
    assert!(plan.new.is_empty() && plan.revised.is_empty(), "{plan:?}");
}

#[test]
fn new_then_known_then_revised() {
    let mut store = Store::default();
    let first = store.poll(vec![article(1), article(2)]);
    assert_eq!(first.new.len(), 2);
    assert_eq!(first.new[0].first_seen, Some(now()));
    let second = store.poll(vec![article(2), article(1)]);
    quiet(&second);
    assert_eq!(second.unchanged.len(), 2);
    let edited = Content {
        title: "title 1, corrected".to_owned(),
        ..article(1)
    };
    let third = store.poll(vec![edited.clone(), article(3)]);
    assert_eq!(third.revised.len(), 1);
    assert_eq!(third.revised[0].changed, [Part::Title]);
    assert_eq!(third.revised[0].entry.id, first.new[0].id);
    assert_eq!(third.new.len(), 1);
    quiet(&store.poll(vec![edited]));
}

#[test]
fn a_body_with_a_clock_is_not_revised_for_ever() {
    let mut store = Store::default();
    let at = |n: usize| Content {
        body: format!("it is {n} o'clock"),
        ..article(1)
    };
    let revisions: usize = (0..100)
        .map(|n| store.poll(vec![at(n)]).revised.len())
        .sum();
    assert_eq!(revisions, HASH_ONLY_LIMIT as usize);
    let said = Content {
        updated: Some(now()),
        ..at(1000)
    };
    assert_eq!(store.poll(vec![said]).revised.len(), 1);
}

#[test]
fn a_feed_that_gains_or_loses_guids_does_not_replay() {
    let mut store = Store::default();
    let without: Vec<Content> = (0..10)
        .map(|n| Content {
            guid: None,
            ..article(n)
        })
        .collect();
    let with: Vec<Content> = (0..10).map(article).collect();
    assert_eq!(store.poll(without.clone()).new.len(), 10);
    for document in [&with, &without, &with] {
        let plan = store.poll(document.clone());
        quiet(&plan);
        assert_eq!(plan.rekeyed.len(), 10);
    }
    // One alone, too: each rung vouches for the other.
    quiet(&store.poll(vec![Content {
        guid: None,
        ..article(3)
    }]));
}

#[test]
fn all_guids_change_at_once() {
    let mut store = Store::default();
    let old: Vec<Content> = (0..10)
        .map(|n| {
            content(
                &format!("http://a.example/?p={n}"),
                &format!("http://a.example/{n}"),
                &format!("title {n}"),
            )
        })
        .collect();
    let first = store.poll(old.clone());
    let new: Vec<Content> = (0..11)
        .map(|n| {
            content(
                &format!("https://b.example/?p={n}"),
                &format!("https://b.example/{n}"),
                &format!("title {n}"),
            )
        })
        .collect();
    let plan = store.poll(new.clone());
    assert!(plan.migrated);
    assert_eq!((plan.new.len(), plan.rekeyed.len()), (1, 10));
    // The link changed: a revision of the entry that was, under its own id.
    assert!(
        plan.revised
            .iter()
            .all(|revised| revised.changed == [Part::Url])
    );
    assert!(
        plan.revised
            .iter()
            .all(|revised| first.new.iter().any(|entry| entry.id == revised.entry.id))
    );
    quiet(&store.poll(new));
}

#[test]
fn a_new_guid_for_one_link_among_many_is_a_new_entry() {
    let mut store = Store::default();
    store.poll((0..10).map(article).collect());
    let mut next: Vec<Content> = (0..10).map(article).collect();
    next[0].guid = Some("live-2".to_owned());
    next[0].title = "the next thing on the same page".to_owned();
    next[0].published = Some(now());
    assert_eq!(store.poll(next).new.len(), 1);
}

#[test]
fn entries_that_share_a_link_are_never_taken_for_each_other() {
    let mut store = Store::default();
    let at = |n: usize| Content {
        published: None,
        ..content(
            &format!("g{n}"),
            "https://a.example/",
            &format!("title {n}"),
        )
    };
    assert_eq!(store.poll((0..5).map(at).collect()).new.len(), 5);
    assert_eq!(store.poll((5..10).map(at).collect()).new.len(), 5);
    // A window of one, always the same page.
    let mut store = Store::default();
    for n in 0..5 {
        assert_eq!(store.poll(vec![at(n)]).new.len(), 1, "{n}");
    }
}

#[test]
fn a_shared_guid_comes_and_goes() {
    let mut store = Store::default();
    let a = content("same", "https://a.example/1", "one");
    let b = content("same", "https://a.example/2", "two");
    let c = content("same", "https://a.example/3", "three");
    assert_eq!(store.poll(vec![a.clone()]).new.len(), 1);
    assert_eq!(store.poll(vec![b.clone(), a.clone()]).new.len(), 1);
    assert_eq!(
        store.poll(vec![c.clone(), b.clone(), a.clone()]).new.len(),
        1
    );
    quiet(&store.poll(vec![c, b.clone(), a]));
    quiet(&store.poll(vec![b]));
}

#[test]
fn an_entry_that_leaves_and_returns_is_known_even_when_purged() {
    let mut store = Store::default();
    store.poll(vec![article(1)]);
    store.poll(vec![article(2)]);
    quiet(&store.poll(vec![article(1)]));
    store.rows[0].purged = true;
    quiet(&store.poll(vec![Content {
        title: "changed".to_owned(),
        ..article(1)
    }]));
}

#[test]
fn an_old_key_for_another_entry_takes_no_id_twice() {
    let mut store = Store::default();
    store.poll((0..3).map(article).collect());
    let moved: Vec<Content> = (0..3)
        .map(|n| Content {
            guid: Some(format!("new{n}")),
            ..article(n)
        })
        .collect();
    assert_eq!(store.poll(moved.clone()).rekeyed.len(), 3);
    // The old guid returns beside the new one: `poll` asserts that ids stay apart.
    let mut both = moved;
    both.push(content("g0", "https://a.example/99", "another story"));
    assert_eq!(store.poll(both).new.len(), 1);
}

proptest::proptest! {
    #[test]
    fn nothing_new_comes_of_the_same_document_in_any_order(
        items in proptest::collection::vec((0..4_usize, 0..4_usize, 0..4_usize), 1..12),
        seed in proptest::prelude::any::<u64>(),
    ) {
        let guid = ["", "a", "b", "c"];
        let link = ["", "https://a.example/1", "https://a.example/2", "https://a.example/3"];
        let document: Vec<Content> = items.iter().map(|(g, l, t)| content(guid[*g], link[*l], &format!("t{t}"))).collect();
        let mut store = Store::default();
        let first = store.poll(document.clone());
        let mut mixed = document;
        let turn = usize::try_from(seed % mixed.len() as u64).unwrap();
        mixed.rotate_left(turn);
        mixed.reverse();
        let second = store.poll(mixed);
        proptest::prop_assert!(second.new.is_empty() && second.revised.is_empty(), "{first:?} {second:?}");
    }
}

#[test]
fn a_link_that_entries_with_other_titles_share_is_no_page_of_theirs() {
    let one = |guid: &str, url: &str, title: &str| content(guid, url, title);
    let entries = identify(
        "feed",
        vec![
            one("1", "https://a.example/news#one", "Storm over Busan"),
            one("2", "https://a.example/news#two", "Quake near Jeju"),
            one("3", "https://a.example/3", "Ship launched"),
        ],
    );
    let plan = plan(&Known::default(), entries, now());
    assert_eq!(
        plan.shared_links.iter().collect::<Vec<_>>(),
        ["https://a.example/news"]
    );
}
