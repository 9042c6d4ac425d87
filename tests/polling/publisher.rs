//! The self-test of FET-111: three days of one publisher's access log, read as a strict publisher reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::http::{Reply, Request, Server};
use crate::world::{
    DAY, HOUR, MINUTE, PUBLIC, WATCH, World, channel, feed, item, later, span, start,
};

/// What was served: path → the validators of the last answer that had a body.
type Served = Arc<Mutex<BTreeMap<String, (String, String)>>>;

const HOST: &str = "http://news.example";

/// The twenty-one feeds of the host.
fn paths() -> Vec<String> {
    let more = (1..=20).map(|n| format!("{HOST}/section/{n}?q=%C7%D1"));
    std::iter::once(format!("{HOST}/feed"))
        .chain(more)
        .collect()
}

/// How the `number`-th feed publishes: a new entry every so many hours.
fn every(number: usize) -> u64 {
    2 + number as u64 * 3
}

/// The publisher; false validators and early requests are noted as faults where they come in.
fn publish(world: &World, served: &Served, faults: &Arc<Mutex<Vec<String>>>) {
    for (number, path) in paths().into_iter().enumerate() {
        let (served, faults) = (Arc::clone(served), Arc::clone(faults));
        let key = path.clone();
        let mut until = start();
        world.server.on(&path, move |request| {
            let age = span(start(), request.when);
            let mut served = served.lock().expect("no answer panicked");
            let fault = |text: String| {
                let mut faults = faults.lock().expect("no answer panicked");
                faults.push(format!("{} {key}: {text}", request.when));
            };
            if request.when < until {
                fault("inside a Retry-After".to_owned());
            }
            let sent = (
                request.text("if-none-match"),
                request.text("if-modified-since"),
            );
            let last = served.get(&key).cloned();
            if sent.0.is_some() || sent.1.is_some() {
                let wanted = last.map_or((None, None), |(etag, modified)| {
                    (Some(etag), Some(modified))
                });
                if sent != wanted {
                    fault(format!("made-up validators {sent:?}, not {wanted:?}"));
                }
            }
            // In the second night one section is overloaded, for three hours.
            let overload = HOUR * 30..HOUR * 33;
            if number == 3 && overload.contains(&age) {
                until = later(request.when, HOUR * 4);
                return Reply::status(503).header("Retry-After", "14400");
            }
            let version = age.as_secs() / 3_600 / every(number);
            let items: Vec<String> = (0..=version)
                .rev()
                .map(|n| {
                    item(
                        &format!("{number}-{n}"),
                        &format!("Section {number} story {n}"),
                    )
                })
                .collect();
            let etag = format!("W/\"{number}-{version}\"");
            let modified = format!("Tue, 24 Nov 2026 10:00:{version:02} GMT");
            served.insert(key.clone(), (etag.clone(), modified.clone()));
            Reply::ok(channel(&items.concat()))
                .header("ETag", etag)
                .header("Last-Modified", modified)
                .header("Set-Cookie", "visitor=1; Path=/")
                .unless_known(request)
        });
    }
}

/// All that differs between two requests of one feed may be the validators.
fn fixed_part(request: &Request) -> Vec<(String, Vec<u8>)> {
    // RFC 3229: a delta is asked for together with a validator only.
    let varies = ["if-none-match", "if-modified-since", "a-im"];
    let mut headers = request.headers.clone();
    headers.retain(|(name, _)| !varies.contains(&name.to_ascii_lowercase().as_str()));
    headers
}

/// Reads the access log as a strict publisher does.
fn audit(server: &Server) {
    let requests = server.requests();
    assert!(requests.len() > 21 * 55, "{}", requests.len());
    let known: BTreeSet<String> = paths().into_iter().collect();
    let mut heads = BTreeSet::new();
    for request in &requests {
        assert!(known.contains(&request.target), "{}", request.target);
        assert_eq!(request.method, "GET");
        for absent in ["cookie", "referer", "origin", "authorization", "range"] {
            assert_eq!(request.header(absent), None, "{absent}");
        }
        assert!(request.body.is_empty());
        heads.insert(fixed_part(request));
    }
    assert_eq!(heads.len(), 1, "one header set for all: {heads:?}");
    for path in &known {
        let asked = server.asked(path);
        let bare = asked
            .iter()
            .filter(|one| {
                one.header("if-none-match").is_none() && one.header("if-modified-since").is_none()
            })
            .count();
        assert_eq!(bare, 1, "{path}: unconditional requests");
        for pair in asked.windows(2) {
            let gap = span(pair[0].when, pair[1].when);
            assert!(gap >= HOUR, "{path}: {gap:?} at {}", pair[1].when);
        }
    }
}

fn config() -> String {
    let feeds: String = paths()
        .iter()
        .enumerate()
        .map(|(n, url)| feed(&format!("f{n}"), url))
        .collect();
    PUBLIC.replace("\"1ms\"", "\"10ms\"") + WATCH + &feeds
}

#[test]
fn three_days_without_a_fault() {
    let mut world = World::new(Server::start(), &config());
    let (served, faults) = (Served::default(), Arc::default());
    publish(&world, &served, &faults);
    world.run_for(HOUR * 20);
    let first = world.server.requests()[0].at;
    let last = world.server.requests()[20].at;
    assert!(
        last.duration_since(first) >= Duration::from_millis(100),
        "a burst at start: twenty gaps of 10 ms in {:?}",
        last.duration_since(first)
    );
    world.restart();
    world.run_for(HOUR * 2);
    world.reload(&(config() + "tags = [\"more\"]\n[alerts]\nbacklog = \"12h\"\n"));
    world.run_for(HOUR * 20);
    // Down for three hours: all are overdue then, and still they come one by one.
    world.clock.set(later(world.now(), HOUR * 3));
    let resumed = world.now();
    world.restart();
    world.run_until(later(start(), DAY * 3));

    audit(&world.server);
    assert_eq!(*faults.lock().expect("no answer panicked"), [""; 0]);
    let requests = world.server.requests();
    let after: Vec<_> = requests.iter().filter(|one| one.when >= resumed).collect();
    let in_first_second = after
        .iter()
        .filter(|one| span(resumed, one.when) < Duration::from_secs(1))
        .count();
    assert!(
        in_first_second <= 2,
        "{in_first_second} at once after a rest"
    );
    assert!(span(resumed, after[20].when) <= MINUTE * 2);
    // And nothing was missed for all this modesty.
    for number in 0..paths().len() {
        let stored = world.entries(&format!("f{number}")).len() as u64;
        let published = 71 / every(number) + 1;
        assert!(
            stored >= published - 1,
            "f{number}: {stored} of {published}"
        );
    }
}
