//! Cases 11, 35 and 36: many feeds at once, and what sends them all off together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::support::http::{Reply, Server};
use crate::world::{DAY, HOUR, MINUTE, PUBLIC, World, feed, gaps, later, rss, start};

#[test]
fn retry_after_seconds() {
    let urls: Vec<String> = (0..50)
        .map(|n| format!("http://news.example/{n}"))
        .collect();
    let feeds: String = urls
        .iter()
        .enumerate()
        .map(|(n, url)| feed(&format!("f{n}"), url))
        .collect();
    let mut world = World::new(Server::start(), &format!("{PUBLIC}{feeds}"));
    let limited = later(start(), HOUR * 3);
    for url in &urls {
        world.server.on(url, move |request| {
            // Each is fine until one of them is told to wait for two hours.
            if request.when >= limited && request.when < later(limited, HOUR * 2) {
                return Reply::status(429).header("Retry-After", "7200");
            }
            Reply::ok(rss(&["One"]))
                .header("ETag", "\"1\"")
                .unless_known(request)
        });
    }
    world.run_until(limited);
    world.server.forget();
    world.run_for(HOUR * 6);
    let requests = world.server.requests();
    let told = requests[0].when;
    let free = later(told, HOUR * 2);
    let early = requests[1..].iter().filter(|one| one.when < free).count();
    assert_eq!(early, 0, "no further request to the host for 7200 s");
    let after: Vec<_> = requests.iter().filter(|one| one.when >= free).collect();
    let asked: BTreeSet<_> = after.iter().map(|one| &one.target).collect();
    assert_eq!(asked.len(), 50, "none is forgotten");
    // Spread by the schedule itself, at the configured gap but a second at least.
    let first_seconds = after
        .iter()
        .filter(|one| one.when < later(free, Duration::from_secs(10)))
        .count();
    assert!(first_seconds <= 11, "{first_seconds} in ten seconds");
}

/// Case 35 in simulated time: ten kills in ten minutes, each in the middle of requests. What was under way at a kill
/// is due again within a minute, by contract; what was recorded is not asked again.
#[test]
fn restart_storm() {
    let mut feeds = String::new();
    let mut urls = Vec::new();
    for n in 0..200 {
        let url = format!("http://h{}.example/{n}", n % 50);
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
            if count.is_multiple_of(18) {
                enough.notify_one();
            }
            Reply::ok(rss(&["One"])).header("ETag", "\"1\"")
        });
    }
    for life in 0..10 {
        let recorded: BTreeSet<&String> = urls
            .iter()
            .enumerate()
            .filter(|(n, _)| !world.entries(&format!("f{n}")).is_empty())
            .map(|(_, url)| url)
            .collect();
        world.server.forget();
        let end = later(world.now(), MINUTE);
        world.run_killed(&enough, end);
        let mut asked = BTreeSet::new();
        for request in world.server.requests() {
            assert!(
                !recorded.contains(&request.target),
                "life {life}: {request:?}"
            );
            assert!(asked.insert(request.target), "life {life}: twice in one");
        }
        world.clock.set(end);
        world.restart();
    }
    // What was answered before a kill is remembered after it.
    world.run_for(MINUTE * 30);
    world.server.forget();
    world.run_for(HOUR * 2);
    let requests = world.server.requests();
    let bare = requests
        .iter()
        .filter(|one| one.header("if-none-match").is_none())
        .count();
    assert_eq!(bare, 0, "validators are kept");
}

/// Case 36: the wall clock jumps, and the machine sleeps.
#[test]
fn clock_and_sleep() {
    let mut feeds = String::new();
    for n in 0..60 {
        feeds += &feed(&format!("f{n}"), &format!("http://h{}.example/{n}", n % 20));
    }
    let mut world = World::new(Server::start(), &format!("{PUBLIC}{feeds}"));
    for n in 0..60 {
        let url = format!("http://h{}.example/{n}", n % 20);
        world.server.on(&url, |request| {
            Reply::ok(rss(&["One"]))
                .header("ETag", "\"1\"")
                .unless_known(request)
        });
    }
    world.run_for(HOUR * 5);
    for (what, jump) in [
        ("forward", 8 * 3_600),
        ("backward", -8 * 3_600),
        ("sleep", 6 * 3_600),
    ] {
        world.server.forget();
        let before = world.now();
        let jumped = Timestamp::from_second(before.as_second() + jump).expect("a time");
        world.clock.set(jumped);
        world.run_for(DAY + HOUR);
        let requests = world.server.requests();
        let mut seconds: BTreeMap<i64, usize> = BTreeMap::new();
        for request in &requests {
            *seconds.entry(request.when.as_second()).or_default() += 1;
        }
        let most = seconds.values().max().copied().unwrap_or(0);
        assert!(most <= 20, "{what}: {most} starts in one second");
        for n in 0..60 {
            let url = format!("http://h{}.example/{n}", n % 20);
            let asked = world.server.asked(&url);
            assert!(!asked.is_empty(), "{what}: {url} is stuck");
            for gap in gaps(&asked) {
                assert!(gap >= Duration::from_mins(59), "{what}: {gap:?}");
            }
        }
    }
}
