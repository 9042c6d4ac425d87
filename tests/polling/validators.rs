//! Cases 1 to 7: conditional requests.

use bongsu::domain::feed::outcome::OutcomeKind;

use crate::support::http::Reply;
use crate::world::{MINUTE, NEWS, World, channel, gaps, item, rss};

/// What the last request bore.
fn last(world: &World, header: &str) -> Option<Vec<u8>> {
    let requests = world.server.asked(NEWS);
    let last = requests.last().expect("it was asked");
    last.header(header).map(<[u8]>::to_vec)
}

/// Serves one document under a validator pair; 304 to whoever brings the pair back whole.
fn serve(world: &World, etag: Option<&'static [u8]>, modified: Option<&'static [u8]>) {
    world.server.on(NEWS, move |request| {
        let mut reply = Reply::ok(rss(&["One"]));
        for (name, value) in [("ETag", etag), ("Last-Modified", modified)] {
            if let Some(value) = value {
                reply = reply.header(name, value);
            }
        }
        reply.unless_known(request)
    });
}

#[track_caller]
fn echoed(etag: Option<&'static [u8]>, modified: Option<&'static [u8]>) {
    let mut world = World::public();
    serve(&world, etag, modified);
    world.polls(4);
    let requests = world.server.asked(NEWS);
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[0].header("if-none-match"), None);
    assert_eq!(requests[0].header("if-modified-since"), None);
    for request in &requests[1..] {
        assert_eq!(request.header("if-none-match"), etag);
        assert_eq!(request.header("if-modified-since"), modified);
    }
    assert_eq!(world.outcome("news"), Some(OutcomeKind::NotModified));
    assert_eq!(world.titles("news"), ["One"]);
}

#[test]
fn etag_weak_echo() {
    echoed(Some(b"W/\"a\\\"b\""), None);
}

#[test]
fn etag_unquoted_binary() {
    echoed(Some(b"caf\xe9"), None);
}

#[test]
fn lm_verbatim() {
    echoed(None, Some(b"Fri, not a date"));
}

#[test]
fn both_validators() {
    echoed(Some(b"\"v1-gzip\""), Some(b"Mon, 23 Nov 2026 12:00:00 GMT"));
}

#[test]
fn validators_dropped() {
    let mut world = World::public();
    let replies = vec![
        Reply::ok(rss(&["One"])).header("ETag", "\"1\""),
        Reply::ok(rss(&["One", "Two"])),
    ];
    world.server.in_order(NEWS, replies);
    world.polls(3);
    let requests = world.server.asked(NEWS);
    assert_eq!(requests[1].header("if-none-match"), Some(&b"\"1\""[..]));
    assert_eq!(requests[2].header("if-none-match"), None);
    assert_eq!(requests[2].header("if-modified-since"), None);
}

#[test]
fn not_modified_refresh() {
    let toml = crate::world::PUBLIC.replace("60m", "5m") + &crate::world::feed("news", NEWS);
    let mut world = World::new(crate::support::http::Server::start(), &toml);
    let first = "Mon, 23 Nov 2026 12:00:00 GMT";
    let second = "Tue, 24 Nov 2026 09:00:00 GMT";
    world.server.on(NEWS, move |request| {
        if request.header("if-modified-since").is_none() {
            return Reply::ok(rss(&["One"])).header("Last-Modified", first);
        }
        Reply::status(304)
            .header("Last-Modified", second)
            .header("Cache-Control", "max-age=1800")
    });
    world.polls(3);
    let requests = world.server.asked(NEWS);
    let gaps = gaps(&requests);
    // A feed may be put on its own minute of the interval first.
    assert!(gaps[0] < MINUTE * 11, "{gaps:?}");
    assert!(gaps[1] >= MINUTE * 30 && gaps[1] < MINUTE * 40, "{gaps:?}");
    let sent = |at: usize| requests[at].text("if-modified-since");
    assert_eq!(sent(1).as_deref(), Some(first));
    assert_eq!(sent(2).as_deref(), Some(second));
}

#[test]
fn same_etag_new_body() {
    let mut world = World::public();
    // The bare ampersand is repaired and told of whenever the document is read.
    let (one, two) = (item("1", "One &"), item("2", "Two &"));
    let old = Reply::ok(channel(&one)).header("ETag", "\"same\"");
    let new = Reply::ok(channel(&format!("{two}{one}"))).header("ETag", "\"same\"");
    world
        .server
        .in_order(NEWS, vec![old.clone(), old, new.clone(), new]);
    world.polls(4);
    assert_eq!(world.entries("news").len(), 2);
    let history = world.history("news");
    let outcomes: Vec<_> = history.iter().rev().map(|poll| poll.outcome).collect();
    let wanted = [
        OutcomeKind::OkNew,
        OutcomeKind::OkSame,
        OutcomeKind::OkNew,
        OutcomeKind::OkSame,
    ];
    assert_eq!(outcomes, wanted);
    let read: Vec<_> = history
        .iter()
        .rev()
        .map(|poll| poll.note.is_some())
        .collect();
    assert_eq!(read, [true, false, true, false], "{history:?}");
    assert_eq!(last(&world, "if-none-match"), Some(b"\"same\"".to_vec()));
}
