//! Cases 33 and 38: what a page offers, and a window that overflowed between two polls.

use std::collections::BTreeMap;

use crate::support::desk::Desk;
use crate::support::http::{Reply, Server};
use crate::world::{HOUR, NEWS, PRIVATE, World, channel, item, later, start};

/// The items from `from` to `to`, newest first, and the link to the archive before them.
fn window(from: u32, to: u32, archive: Option<u32>, before: Option<u32>) -> String {
    let items: Vec<String> = (from..=to)
        .rev()
        .map(|n| item(&n.to_string(), &format!("Acme number {n}")))
        .collect();
    let mark = archive.map_or("", |_| "<fh:archive/>");
    let link = before.map_or_else(String::new, |n| {
        format!("<atom:link rel=\"prev-archive\" href=\"http://news.example/archive/{n}\"/>")
    });
    channel(&format!("{mark}{link}{}", items.concat())).replace(
        "<rss version=\"2.0\">",
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:fh=\"http://purl.org/syndication/history/1.0\">",
    )
}

#[test]
fn window_overflow() {
    let mut world = World::public();
    world.server.on(NEWS, move |request| {
        let last = if request.when < later(start(), HOUR / 2) {
            20
        } else {
            220
        };
        Reply::ok(window(
            last - 19,
            last,
            None,
            (last > 20).then_some(last / 20 - 1),
        ))
        .header("ETag", format!("\"{last}\""))
        .unless_known(request)
    });
    for n in 1..=10 {
        let path = format!("http://news.example/archive/{n}");
        let before = (n > 1).then(|| n - 1);
        world.server.set(
            &path,
            Reply::ok(window(n * 20 - 19, n * 20, Some(n), before)),
        );
    }
    world.run_for(HOUR * 12);
    let mut titles = world.titles("news");
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 220, "all are recovered, none twice");
    assert_eq!(world.entries("news").len(), 220);
    let mut archives: BTreeMap<String, usize> = BTreeMap::new();
    for target in world.server.targets() {
        if target.contains("archive") {
            *archives.entry(target).or_default() += 1;
        }
    }
    assert!(archives.values().all(|count| *count == 1), "{archives:?}");
    assert!(archives.len() <= 10 && archives.len() >= 9, "{archives:?}");
    assert_eq!(world.alerts().len(), 200, "each of them is told once");
    let told = world.history("news").iter().any(|poll| {
        poll.note
            .as_deref()
            .is_some_and(|note| note.contains("gap") || note.contains("archive"))
    });
    assert!(told, "the history tells of the gap");
}

/// A visitor's comment is no word of the publisher's (FET-82: the head, before the first content of the body).
#[test]
fn discovery_reads_the_head_only() {
    let server = Server::start();
    let page = "<!DOCTYPE html><html><head><title>Site</title>\
        <link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed.xml\"></head>\
        <body><p>Hello</p><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/evil\"></body></html>";
    server.set("/", Reply::ok(page).header("Content-Type", "text/html"));
    let desk = Desk::new(PRIVATE);
    let ran = desk.run(&["feeds", "discover", &server.url("/"), "--format", "jsonl"]);
    let rows = ran.expect(0).rows();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["url"], server.url("/feed.xml"));
}
