//! Cases 8, 13 and 17: what is learned of a publisher over many polls.

use crate::limits::every;
use crate::redirects::{NEW, serve_new, slow};
use crate::support::http::Reply;
use crate::world::{DAY, HOUR, MINUTE, NEWS, World, channel, gaps, item, rss, span, start};

/// FET-22: a server whose 304 lies is found out in eight days and an interval.
#[test]
fn stuck_304() {
    let mut world = World::public();
    world.server.on(NEWS, move |request| {
        if request.header("if-none-match").is_some() {
            return Reply::status(304).header("ETag", "\"stuck\"");
        }
        // An item an hour, of which the last twenty are in the document.
        let hours = span(start(), request.when).as_secs() / 3_600 + 20;
        let items: Vec<String> = (hours - 19..=hours)
            .rev()
            .map(|n| item(&n.to_string(), &format!("Item {n}")))
            .collect();
        Reply::ok(channel(&items.concat())).header("ETag", "\"stuck\"")
    });
    // The rate is learned while the server is honest: it sends no 304 to whom it gave no validator.
    world.polls(1);
    let honest = world.entries("news").len();
    // Dates are missing, so the first document says nothing of the rhythm: two days without validators do.
    world.server.on(NEWS, move |request| {
        let hours = span(start(), request.when).as_secs() / 3_600 + 20;
        if request.header("if-none-match").is_some() && hours > 20 + 48 {
            return Reply::status(304).header("ETag", "\"stuck\"");
        }
        let items: Vec<String> = (hours - 19..=hours)
            .rev()
            .map(|n| item(&n.to_string(), &format!("Item {n}")))
            .collect();
        Reply::ok(channel(&items.concat())).header("ETag", "\"stuck\"")
    });
    world.run_for(DAY * 2);
    assert!(world.entries("news").len() > honest);
    world.server.forget();
    let stuck = world.now();
    let bare = |world: &World| -> Vec<_> {
        let asked = world.server.asked(NEWS).into_iter();
        asked
            .filter(|request| request.header("if-none-match").is_none())
            .collect()
    };
    world.run_for(HOUR * (8 * 24 - 2));
    assert_eq!(bare(&world).len(), 0, "not before eight days are over");
    // What it brings shows that the validator cannot be relied on: the polls after it have none.
    world.run_for(HOUR * 4);
    let bare = bare(&world);
    assert!(!bare.is_empty(), "within eight days and an interval");
    assert!(span(stuck, bare[0].when) <= DAY * 8 + HOUR * 2);
    let titles = world.titles("news");
    let hours = span(start(), bare[0].when).as_secs() / 3_600 + 20;
    assert!(titles.contains(&format!("Item {hours}")), "{titles:?}");
}

#[test]
fn bare_429() {
    let mut world = every("30m");
    let mut replies = vec![Reply::status(429); 4];
    replies.push(Reply::ok(rss(&["One"])));
    world.server.in_order(NEWS, replies);
    world.polls(7);
    let gaps = gaps(&world.server.asked(NEWS));
    let minutes: Vec<u64> = gaps.iter().map(|gap| gap.as_secs() / 60).collect();
    for (gap, least) in minutes.iter().zip([60, 120, 240, 480]) {
        assert!(*gap >= least && *gap <= least * 5 / 4, "{minutes:?}");
    }
    assert!(
        minutes[4] >= 60 && minutes[5] >= 60,
        "the floor stays raised: {minutes:?}"
    );
    world.run_for(DAY * 60);
    let requests = world.server.asked(NEWS);
    let last = span(
        requests[requests.len() - 2].when,
        requests[requests.len() - 1].when,
    );
    assert!(last < MINUTE * 36, "and decays: {last:?}");
}

#[test]
fn permanent_move() {
    let mut world = slow();
    serve_new(&world);
    world.server.set(NEWS, Reply::redirect(301, "/new"));
    world.run_for(DAY * 6);
    let old = world.server.asked(NEWS).len();
    assert_eq!(
        old,
        world.server.asked(NEW).len(),
        "nothing is persisted before seven days"
    );
    assert!(old >= 5);
    world.run_for(DAY * 3);
    world.server.forget();
    let alerts = world.alerts().len();
    world.run_for(DAY * 10);
    assert_eq!(world.server.asked(NEWS).len(), 0, "only /new is asked");
    assert!(world.server.asked(NEW).len() >= 30);
    // Config is untouched, no item came twice, and the validators went along.
    let row = world.shared().setup().feeds["news"].url.clone();
    assert_eq!(row, NEWS);
    assert!((19..=20).contains(&world.titles("news").len()));
    assert!(world.alerts().len() <= alerts + 10);
    let bare = world.server.asked(NEW);
    assert!(bare.iter().all(|one| one.header("if-none-match").is_some()));
}
