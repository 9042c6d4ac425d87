//! Cases 9 to 16 and 34 to 36: when a publisher is asked again, and when not.

use std::collections::BTreeMap;
use std::sync::Arc;

use bongsu::domain::feed::outcome::OutcomeKind;
use bongsu::domain::feed::schedule::Why;
use jiff::Timestamp;

use crate::support::http::{Reply, Server};
use crate::world::{
    DAY, HOUR, MINUTE, NEWS, PUBLIC, WATCH, World, feed, gaps, later, rss, span, start,
};

/// A world with one feed at a fixed interval.
pub fn every(interval: &str) -> World {
    let toml = PUBLIC.replace("60m", interval) + WATCH + &feed("news", NEWS);
    World::new(Server::start(), &toml)
}

#[test]
fn age_header() {
    let mut world = every("60s");
    let reply = Reply::ok(rss(&["One"]))
        .header("Cache-Control", "max-age=3600")
        .header("Age", "3500");
    world.server.set(NEWS, reply);
    world.polls(3);
    for gap in gaps(&world.server.asked(NEWS)) {
        assert!((100..=500).contains(&gap.as_secs()), "{gap:?}");
    }
}

#[test]
fn maxage_absurd() {
    let mut world = every("5m");
    world.server.on(NEWS, |request| {
        let hours = span(start(), request.when).as_secs() / 3_600;
        let titles: Vec<String> = (0..=hours).map(|n| format!("Item {n}")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        Reply::ok(rss(&titles)).header("Cache-Control", "max-age=504576000")
    });
    world.polls(4);
    for gap in gaps(&world.server.asked(NEWS)) {
        assert!(gap <= DAY + MINUTE && gap >= HOUR * 23, "{gap:?}");
    }
    assert!(world.entries("news").len() > 48);
}

#[test]
fn retry_after_date_skew() {
    let mut world = every("5m");
    let replies = vec![
        // Their clock is an hour ahead of ours; they mean twenty minutes.
        Reply::status(503)
            .header("Date", "Tue, 24 Nov 2026 11:00:00 GMT")
            .header("Retry-After", "Tue, 24 Nov 2026 11:20:00 GMT"),
        Reply::ok(rss(&["One"])),
    ];
    world.server.in_order(NEWS, replies);
    world.polls(2);
    let gap = gaps(&world.server.asked(NEWS))[0];
    assert!(gap >= MINUTE * 20 && gap <= MINUTE * 22, "{gap:?}");
}

#[test]
fn gone() {
    let mut world = every("60m");
    world.server.on(NEWS, move |request| {
        if request.when < later(start(), HOUR * 3) {
            return Reply::ok(rss(&["One"]));
        }
        Reply::status(410)
    });
    world.run_for(HOUR * 3);
    world.server.forget();
    world.run_for(DAY * 33);
    let requests = world.server.asked(NEWS);
    assert!(requests.len() <= 3, "{}", requests.len());
    let last = requests.last().expect("it was asked").when;
    assert!(span(requests[0].when, last) >= HOUR * 48);
    assert!(span(last, world.now()) >= DAY * 30);
    assert_eq!(world.outcome("news"), Some(OutcomeKind::Gone));
    assert_eq!(world.state("news").why_then, Some(Why::Gone));
    assert_eq!(world.titles("news"), ["One"], "what is stored stays");
    assert!(world.state("news").last_error.is_some());
}

#[test]
fn gone_blip() {
    let mut world = every("60m");
    let fine = Reply::ok(rss(&["One"]));
    let replies = vec![fine.clone(), Reply::status(410), fine];
    world.server.in_order(NEWS, replies);
    world.polls(5);
    let gaps = gaps(&world.server.asked(NEWS));
    assert!(gaps[1] >= DAY && gaps[1] < DAY * 11 / 10, "{gaps:?}");
    assert!(gaps[2] < HOUR * 2 && gaps[3] < HOUR * 2, "{gaps:?}");
    assert!(!world.state("news").gone);
}

#[test]
fn not_found_flap() {
    let mut world = every("30m");
    let from = later(start(), HOUR * 2);
    world.server.on(NEWS, move |request| {
        if request.when < from {
            return Reply::ok(rss(&["Acme opens"])).header("ETag", "\"1\"");
        }
        if request.when < later(from, DAY * 3) {
            return Reply::status(404);
        }
        Reply::ok(rss(&["Acme closes", "Acme opens"]))
    });
    world.run_until(from);
    let before = world.alerts();
    world.server.forget();
    world.run_for(DAY * 5);
    let requests = world.server.asked(NEWS);
    for gap in gaps(&requests) {
        assert!(gap <= DAY + HOUR, "{gap:?}");
        assert!(gap >= MINUTE * 30, "{gap:?}");
    }
    let refused = requests
        .iter()
        .filter(|one| one.when < later(from, DAY * 3))
        .count();
    assert!(refused <= 10, "{refused} requests in three days of 404");
    assert_eq!(world.titles("news"), ["Acme opens", "Acme closes"]);
    assert_eq!(world.alerts().len(), before.len() + 1);
    assert!(world.outcome("news").is_some_and(OutcomeKind::is_good));
}

#[test]
fn skiphours_ttl() {
    let urls: Vec<String> = (0..20)
        .map(|n| format!("http://news.example/{n}"))
        .collect();
    let feeds: String = urls
        .iter()
        .enumerate()
        .map(|(n, url)| feed(&format!("f{n}"), url))
        .collect();
    let toml = PUBLIC.replace("60m", "10m") + &feeds;
    let mut world = World::new(Server::start(), &toml);
    let hours = [0, 1, 2, 3, 4, 5]
        .map(|hour| format!("<hour>{hour}</hour>"))
        .concat();
    let document = rss(&["One"]).replace(
        "<item>",
        &format!("<ttl>60</ttl><skipHours>{hours}</skipHours><item>"),
    );
    for url in &urls {
        world.server.set(url, Reply::ok(document.clone()));
    }
    world.run_for(DAY * 3);
    let requests = world.server.requests();
    let mut first: BTreeMap<(String, i64), Timestamp> = BTreeMap::new();
    for request in &requests {
        let second = request.when.as_second();
        let (day, hour) = (second.div_euclid(86_400), second.rem_euclid(86_400) / 3_600);
        assert!(hour >= 6, "asked at {}", request.when);
        if hour == 6 {
            let key = (request.target.clone(), day);
            first.entry(key).or_insert(request.when);
        }
    }
    assert!(
        first.len() >= 20 * 2,
        "all are asked in the hour after: {}",
        first.len()
    );
    let offsets: Vec<i64> = first
        .values()
        .map(|at| at.as_second().rem_euclid(3_600))
        .collect();
    let in_minute = |minute: i64| offsets.iter().filter(|at| **at / 60 == minute).count();
    assert!(offsets.iter().all(|at| *at <= 15 * 60), "{offsets:?}");
    let busiest = (0..16).map(in_minute).max().unwrap_or(0);
    assert!(
        busiest <= offsets.len() / 4,
        "spread: {busiest} of {}",
        offsets.len()
    );
    for url in &urls {
        for gap in gaps(&world.server.asked(url)) {
            assert!(gap >= HOUR, "ttl 60: {gap:?}");
        }
    }
}

/// Ten kills in ten minutes, each in the middle of requests: nobody is asked twice within the shortest interval.
#[test]
fn kills_repeat_nothing_at_once() {
    let mut feeds = String::new();
    let mut urls = Vec::new();
    for n in 0..120 {
        let url = format!("http://h{}.example/{n}", n % 40);
        feeds += &feed(&format!("f{n}"), &url);
        urls.push(url);
    }
    let mut world = World::new(Server::start(), &format!("{PUBLIC}{feeds}"));
    let enough = Arc::new(tokio::sync::Notify::new());
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for url in &urls {
        let (enough, count) = (Arc::clone(&enough), Arc::clone(&count));
        world.server.on(url, move |_| {
            let count = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            if count.is_multiple_of(11) {
                enough.notify_one();
            }
            Reply::ok(rss(&["One"])).header("ETag", "\"1\"")
        });
    }
    for _ in 0..10 {
        let end = later(world.now(), MINUTE);
        world.run_killed(&enough, end);
        world.clock.set(end);
        world.restart();
    }
    for url in &urls {
        for gap in gaps(&world.server.asked(url)) {
            assert!(gap >= MINUTE, "{url}: {gap:?}");
        }
    }
    // What was answered before a kill is remembered after it.
    world.run_for(MINUTE * 30);
    world.server.forget();
    world.run_for(HOUR);
    let requests = world.server.requests();
    let bare = requests
        .iter()
        .filter(|one| one.header("if-none-match").is_none())
        .count();
    assert_eq!(bare, 0, "validators are kept");
}
