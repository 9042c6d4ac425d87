//! Knowing entries again, from outside: a publisher changes what its items are known by between two polls.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::fmt::Write as _;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use support::desk::Desk;
use support::http::{Reply, Server};

/// How a document writes its items.
#[derive(Clone, Copy)]
struct Look {
    guid: fn(u32) -> String,
    link: fn(u32) -> String,
    date: fn(Timestamp) -> Option<Timestamp>,
    title: fn(u32) -> String,
    atom: bool,
    newest_last: bool,
}

fn tag(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", text.replace('&', "&amp;"))
}

fn guid(text: &str) -> String {
    format!(
        "<guid isPermaLink=\"false\">{}</guid>",
        text.replace('&', "&amp;")
    )
}

const PLAIN: Look = Look {
    guid: |n| guid(&format!("item-{n}")),
    link: |n| tag("link", &format!("https://news.example/2026/11/{n}")),
    date: Some,
    title: |n| format!("Acme opens its office number {n} in the north"),
    atom: false,
    newest_last: false,
};

/// When item `n` was published: none on the hour.
fn at(n: u32) -> Timestamp {
    let at = Timestamp::now() - SignedDuration::from_mins(90 - i64::from(n));
    Timestamp::from_second(at.as_second() / 60 * 60 + 7).unwrap()
}

/// A document with these items, newest first.
fn document(items: &[u32], base: Timestamp, look: Look) -> String {
    let mut items = items.to_vec();
    if look.newest_last {
        items.reverse();
    }
    let mut list = String::new();
    for n in items {
        let at = base + SignedDuration::from_mins(i64::from(n));
        let (guid, link, title) = ((look.guid)(n), (look.link)(n), (look.title)(n));
        let at = (look.date)(at);
        let _ = if look.atom {
            let at = at.map_or_else(String::new, |at| {
                format!("<published>{at}</published><updated>{at}</updated>")
            });
            write!(
                list,
                "<entry><title>{title}</title>{guid}{link}{at}<summary>All about office number {n}, which is a good one.</summary></entry>"
            )
        } else {
            let at = at.map_or_else(String::new, |at| {
                tag(
                    "pubDate",
                    &at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
                )
            });
            write!(
                list,
                "<item><title>{title}</title>{guid}{link}{at}<description>All about office number {n}, which is a good one.</description></item>"
            )
        };
    }
    if look.atom {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Wire</title><id>urn:wire</id>{list}</feed>"
        )
    } else {
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:feedburner=\"http://rssnamespace.org/feedburner/ext/1.0\">\
             <channel><title>Wire</title><link>https://news.example/</link>{list}</channel></rss>"
        )
    }
}

struct World {
    server: Server,
    desk: Desk,
    base: Timestamp,
}

impl World {
    fn new() -> Self {
        let server = Server::start();
        let desk = Desk::new(&format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n[web]\nlisten = \"\"\n\
             [[feed]]\nid = \"wire\"\nurl = \"{}\"\n[[rule]]\nid = \"acme\"\nquery = \"Acme\"\n\
             notify = \"entry\"\n[[receiver]]\nid = \"out\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n",
            server.url("/feed")
        ));
        let base = at(0);
        Self { server, desk, base }
    }

    /// Publishes these items, newest first, and polls: how many were new, and how many alerted.
    fn poll(&self, items: &[u32], look: Look) -> (u64, u64) {
        self.poll_text(&document(items, self.base, look))
    }

    fn poll_text(&self, text: &str) -> (u64, u64) {
        self.server.set("/feed", Reply::ok(text.to_owned()));
        let summary = self
            .desk
            .run(&["feeds", "poll", "wire", "--format", "json"])
            .expect(0)
            .json();
        let number = |part: &str| summary[part]["new"].as_u64().unwrap();
        (number("entries"), number("alerts"))
    }

    fn entries(&self) -> Vec<Value> {
        self.desk.run(&["entries", "export"]).expect(0).rows()
    }

    fn shown(&self) -> Value {
        self.desk
            .run(&["feeds", "show", "wire", "--format", "json"])
            .expect(0)
            .json()
    }
}

/// An older Google News link, which holds the article's address.
fn google_news(n: u32) -> String {
    let address = (PLAIN.link)(n).replace("<link>", "").replace("</link>", "");
    let mut bytes = vec![0x08, 0x13, 0x22, u8::try_from(address.len()).unwrap()];
    bytes.extend(address.as_bytes());
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    tag(
        "link",
        &format!("https://news.google.com/rss/articles/{token}?oc=5"),
    )
}

/// What a publisher may change, by name.
#[expect(clippy::too_many_lines, reason = "one table")]
fn changes() -> Vec<(&'static str, Look)> {
    vec![
        (
            "guids by another scheme",
            Look {
                guid: |n| guid(&format!("node/{}", 9000 + n)),
                ..PLAIN
            },
        ),
        (
            "guids removed",
            Look {
                guid: |_| String::new(),
                ..PLAIN
            },
        ),
        (
            "guids that are links, and no links",
            Look {
                guid: |n| format!("<guid>https://news.example/2026/11/{n}</guid>"),
                link: |_| String::new(),
                ..PLAIN
            },
        ),
        (
            "http",
            Look {
                link: |n| tag("link", &format!("http://news.example/2026/11/{n}")),
                ..PLAIN
            },
        ),
        (
            "another host, in links and guids",
            Look {
                guid: |n| guid(&format!("https://paper.example/2026/11/{n}")),
                link: |n| tag("link", &format!("https://paper.example/2026/11/{n}")),
                ..PLAIN
            },
        ),
        (
            "www",
            Look {
                guid: |_| String::new(),
                link: |n| tag("link", &format!("https://www.news.example/2026/11/{n}/")),
                ..PLAIN
            },
        ),
        (
            "mobile",
            Look {
                guid: |_| String::new(),
                link: |n| tag("link", &format!("https://m.news.example/2026/11/{n}")),
                ..PLAIN
            },
        ),
        (
            "amp",
            Look {
                guid: |_| String::new(),
                link: |n| {
                    tag(
                        "link",
                        &format!("https://news.example/2026/11/{n}/amp?outputType=amp"),
                    )
                },
                ..PLAIN
            },
        ),
        (
            "tracking",
            Look {
                guid: |n| guid(&format!("https://news.example/2026/11/{n}?utm_source=rss")),
                link: |n| {
                    tag(
                        "link",
                        &format!("https://news.example/2026/11/{n}?utm_source=rss&fbclid={n}x"),
                    )
                },
                ..PLAIN
            },
        ),
        (
            "FeedBurner",
            Look {
                guid: |_| String::new(),
                link: |n| {
                    format!(
                        "<link>http://feedproxy.example/~r/wire/~3/{}/</link><feedburner:origLink>https://news.example/2026/11/{n}</feedburner:origLink>",
                        n * 77
                    )
                },
                ..PLAIN
            },
        ),
        (
            "Google News",
            Look {
                guid: |n| guid(&format!("CBMi{n}")),
                link: google_news,
                ..PLAIN
            },
        ),
        (
            "no dates",
            Look {
                date: |_| None,
                ..PLAIN
            },
        ),
        (
            "no dates and other guids",
            Look {
                date: |_| None,
                guid: |n| guid(&format!("x{n}")),
                ..PLAIN
            },
        ),
        (
            "dates set to now",
            Look {
                date: |_| Some(Timestamp::now()),
                ..PLAIN
            },
        ),
        (
            "oldest first",
            Look {
                newest_last: true,
                ..PLAIN
            },
        ),
        (
            "other titles",
            Look {
                title: |n| format!("{}, as corrected", (PLAIN.title)(n)),
                ..PLAIN
            },
        ),
        (
            "Atom with tags for ids",
            Look {
                atom: true,
                guid: |n| tag("id", &format!("tag:news.example,2026:{n}")),
                link: |n| format!("<link href=\"https://news.example/2026/11/{n}\"/>"),
                ..PLAIN
            },
        ),
        (
            "a new system: guids, host and dates",
            Look {
                guid: |n| guid(&format!("post-{n}-of-2026")),
                link: |n| tag("link", &format!("https://paper.example/stories/{}", n * 31)),
                date: |_| Some(Timestamp::now()),
                ..PLAIN
            },
        ),
    ]
}

/// Several of these at once, which only the entries themselves can tell.
fn combined_changes() -> Vec<(&'static str, Look)> {
    vec![
        (
            "another host and guids, no dates, one title corrected",
            Look {
                guid: |n| guid(&format!("node/{}", 9000 + n)),
                link: |n| tag("link", &format!("https://paper.example/2026/11/{n}")),
                date: |_| None,
                title: |n| corrected(n, 7),
                ..PLAIN
            },
        ),
        (
            "http, guids that are links, oldest first, one title corrected",
            Look {
                guid: |n| format!("<guid>http://news.example/2026/11/{n}</guid>"),
                link: |n| tag("link", &format!("http://news.example/2026/11/{n}")),
                title: |n| corrected(n, 19),
                newest_last: true,
                ..PLAIN
            },
        ),
        (
            "guids that were those of other items, no dates",
            Look {
                guid: |n| guid(&format!("item-{}", n + 3)),
                date: |_| None,
                ..PLAIN
            },
        ),
        (
            "guids that were those of other items, one title corrected",
            Look {
                guid: |n| guid(&format!("item-{}", n.saturating_sub(2))),
                title: |n| corrected(n, 12),
                ..PLAIN
            },
        ),
        (
            "a new system: guids, paths, the paper's name behind each title",
            Look {
                guid: |n| guid(&format!("post-{n}-of-2026")),
                link: |n| tag("link", &format!("https://news.example/stories/{}", n * 31)),
                title: |n| format!("{} - The Wire", (PLAIN.title)(n)),
                ..PLAIN
            },
        ),
        (
            "guids removed, addresses with titles in them, one title corrected",
            Look {
                guid: |_| String::new(),
                link: |n| {
                    let slug = corrected(n, 9).to_lowercase().replace(' ', "-");
                    tag("link", &format!("https://news.example/{slug}"))
                },
                title: |n| corrected(n, 9),
                ..PLAIN
            },
        ),
    ]
}

/// The title of item `n`, which is another for item `which`.
fn corrected(n: u32, which: u32) -> String {
    if n == which {
        format!("Number {n} of the Acme offices opens after all")
    } else {
        (PLAIN.title)(n)
    }
}

#[test]
fn whatever_a_publisher_changes_no_item_comes_twice_and_no_new_one_is_lost() {
    let old: Vec<u32> = (1..=20).rev().collect();
    let next: Vec<u32> = (3..=22).rev().collect();
    for (name, look) in changes().into_iter().chain(combined_changes()) {
        let world = World::new();
        assert_eq!(world.poll(&old, PLAIN), (20, 20), "{name}");
        assert_eq!(world.poll(&next, look), (2, 2), "{name}");
        assert_eq!(world.poll(&next, look), (0, 0), "{name}: once more");
        assert_eq!(world.poll(&next, PLAIN), (0, 0), "{name}: back again");
        assert_eq!(world.entries().len(), 22, "{name}");
    }
}

#[test]
fn new_items_that_look_like_old_ones_are_new() {
    // All items of one hour, with the same text for all: what has its own guid and link is its own.
    let look = Look {
        date: |at| Timestamp::from_second(at.as_second() / 3600 * 3600).ok(),
        ..PLAIN
    };
    let world = World::new();
    for round in 0..4 {
        let items: Vec<u32> = (1 + round * 10..=10 + round * 10).rev().collect();
        let text = document(&items, world.base, look);
        let text = items.iter().fold(text, |text, n| {
            let own = format!("office number {n}, which is a good one");
            text.replace(&own, "it on the pages of the paper")
        });
        assert_eq!(world.poll_text(&text), (10, 10), "round {round}");
        assert_eq!(world.poll_text(&text), (0, 0), "round {round}");
    }
}

#[test]
fn a_change_of_ids_stands_in_the_history_and_an_import_alerts_nobody() {
    let world = World::new();
    let known: Vec<u32> = (1..=60).rev().collect();
    assert_eq!(world.poll(&known, PLAIN), (60, 60));
    let other = Look {
        guid: |n| guid(&format!("node/{n}")),
        ..PLAIN
    };
    assert_eq!(world.poll(&known, other), (0, 0));
    let note = world.shown()["polls"][0]["note"].clone();
    assert!(
        note.as_str()
            .unwrap()
            .starts_with("ids changed: 60 known entries"),
        "{note}"
    );
    // The archive comes with the next change of system, all of it dated today.
    let all: Vec<u32> = (1..=60).chain(1000..1040).collect();
    let import = Look {
        guid: |n| guid(&format!("import/{n}")),
        date: |_| Some(Timestamp::now()),
        ..PLAIN
    };
    assert_eq!(world.poll(&all, import), (40, 0));
    let held = world
        .desk
        .run(&["alerts", "list", "--held"])
        .expect(0)
        .rows();
    assert_eq!(held.len(), 40);
    assert!(
        held.iter().all(|row| row["held"] == "backlog"),
        "{}",
        held[0]
    );
    // What comes after is news again.
    let mut more = all.clone();
    more.insert(0, 2000);
    assert_eq!(world.poll(&more, import), (1, 1));
}

#[test]
fn a_feed_that_was_emptied_or_cut_off_brings_nothing_twice() {
    let world = World::new();
    let items: Vec<u32> = (1..=20).rev().collect();
    let whole = document(&items, world.base, PLAIN);
    assert_eq!(world.poll_text(&whole), (20, 20));
    world.poll(&[], PLAIN);
    assert_eq!(world.poll_text(&whole), (0, 0));
    // Cut within an item, its guid and its link.
    for cut in [
        whole.len() * 3 / 4,
        whole.find("item-9<").unwrap() + 4,
        whole.find("/11/7<").unwrap() + 3,
    ] {
        let cut = &whole[..cut];
        world.server.set("/feed", Reply::ok(cut.to_owned()));
        world.desk.run(&["feeds", "poll", "wire"]);
    }
    assert_eq!(world.poll_text(&whole), (0, 0));
    let entries = world.entries();
    assert_eq!(entries.len(), 20);
    assert!(
        entries
            .iter()
            .all(|entry| entry["body"].as_str().unwrap().ends_with("a good one."))
    );
}

#[test]
fn a_guid_for_another_story_is_another_entry_and_alerts() {
    let world = World::new();
    let item = |n: u32| {
        let look = Look {
            guid: |_| guid("latest"),
            ..PLAIN
        };
        document(&[n], world.base, look)
    };
    for n in 1..=12 {
        assert_eq!(world.poll_text(&item(n)), (1, 1), "{n}");
        assert_eq!(world.poll_text(&item(n)), (0, 0), "{n}");
    }
    assert_eq!(world.poll_text(&item(3)), (0, 0), "it returns");
    assert_eq!(world.entries().len(), 12);
}

#[test]
fn items_that_share_a_guid_stay_apart_and_copies_are_one() {
    let world = World::new();
    let shared = Look {
        guid: |n| guid(if n < 4 { "same" } else { "other" }),
        ..PLAIN
    };
    assert_eq!(world.poll(&[5, 3, 2, 1], shared), (4, 4));
    assert_eq!(world.poll(&[1, 2, 3, 5], shared), (0, 0));
    // In two sections: two items of one guid and one link.
    let twice = document(&[5, 5, 3, 2, 1], world.base, shared);
    assert_eq!(world.poll_text(&twice), (0, 0));
    assert_eq!(world.poll(&[2], shared), (0, 0));
}

#[test]
fn a_bridge_that_failed_is_a_failed_poll_and_no_entry() {
    let world = World::new();
    assert_eq!(world.poll(&[2, 1], PLAIN), (2, 2));
    let failed = Look {
        title: |_| "Bridge returned error 404! (20784)".to_owned(),
        ..PLAIN
    };
    world
        .server
        .set("/feed", Reply::ok(document(&[9], world.base, failed)));
    world.desk.run(&["feeds", "poll", "wire"]).expect(6);
    let shown = world.shown();
    let error = shown["last_error"].as_str().unwrap();
    assert!(error.contains("the bridge failed"), "{shown}");
    assert_eq!(world.entries().len(), 2);
    assert_eq!(world.poll(&[3, 2, 1], PLAIN), (1, 1));
}

#[test]
fn what_retention_deleted_does_not_come_back_while_it_is_shown() {
    let world = World::new();
    let items: Vec<u32> = (1..=10).rev().collect();
    world.poll(&items, PLAIN);
    // A year passes in the store, and its entries are deleted as retention does it.
    let database = rusqlite::Connection::open(world.desk.state().join("bongsu.db")).unwrap();
    database
        .execute_batch(
            "insert into tombstone (seq, id, feed, key, last_seen, content_hash, published, first_seen, rekeyed)
                select seq, id, feed, key, last_seen, content_hash, published, first_seen, rekeyed from entry;
             delete from delivery; delete from \"match\"; delete from alert; delete from entry;
             update feed set entries = 0",
        )
        .unwrap();
    drop(database);
    assert!(world.entries().is_empty());
    for (name, look) in changes() {
        assert_eq!(world.poll(&items, look), (0, 0), "{name}");
    }
    let mut more = items.clone();
    more.insert(0, 11);
    assert_eq!(world.poll(&more, PLAIN), (1, 1));
}

#[test]
fn an_edit_is_shown_with_what_it_was() {
    let world = World::new();
    world.poll(&[1], PLAIN);
    let id = world.entries()[0]["id"].as_str().unwrap().to_owned();
    // Tracking is no edit.
    world.poll(
        &[1],
        Look {
            link: |n| {
                tag(
                    "link",
                    &format!("http://www.news.example/2026/11/{n}/?utm_source=rss"),
                )
            },
            ..PLAIN
        },
    );
    let edited = Look {
        title: |n| format!("Acme closes its office number {n} in the north"),
        ..PLAIN
    };
    world.poll(&[1], edited);
    let shown = world
        .desk
        .run(&["entries", "show", &id, "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(shown["key"], "g:item-1", "{shown}");
    let revisions = shown["revisions"].as_array().unwrap();
    assert_eq!(revisions.len(), 1, "{shown}");
    assert_eq!(revisions[0]["changed"], serde_json::json!(["title"]));
    assert_eq!(
        revisions[0]["title"],
        serde_json::json!({
            "before": "Acme opens its office number 1 in the north",
            "after": "Acme closes its office number 1 in the north"
        })
    );
    assert_eq!(shown["url"], "https://news.example/2026/11/1");
}
