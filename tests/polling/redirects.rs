//! Cases 17 to 23: redirects, and where they may not lead.

use bongsu::domain::feed::outcome::OutcomeKind;

use crate::support::http::{Reply, Server};
use crate::world::{
    DAY, HOUR, NEWS, PRIVATE, PUBLIC, WATCH, World, channel, feed, item, later, rss, start,
};

pub const NEW: &str = "http://news.example/new";

/// `/new`, which knows its own validator.
pub fn serve_new(world: &World) {
    world.server.on(NEW, |request| {
        let days = request.when.duration_since(start()).as_hours() / 24;
        let items: Vec<String> = (0..=days)
            .rev()
            .map(|n| item(&n.to_string(), &format!("Acme day {n}")))
            .collect();
        Reply::ok(channel(&items.concat()))
            .header("ETag", format!("\"new-{days}\""))
            .unless_known(request)
    });
}

/// A world whose feed is asked every six hours.
pub fn slow() -> World {
    let toml = PUBLIC.replace("60m", "6h") + WATCH + &feed("news", NEWS);
    World::new(Server::start(), &toml)
}

#[test]
fn temp_move() {
    let mut world = slow();
    serve_new(&world);
    world
        .server
        .set(NEWS, Reply::redirect(302, "/new").header("ETag", "\"old\""));
    world.run_for(DAY * 30);
    let (old, new) = (world.server.asked(NEWS), world.server.asked(NEW));
    assert_eq!(old.len(), new.len(), "/old is asked every time");
    assert!(old.len() >= 100, "{}", old.len());
    for request in &old {
        assert_eq!(request.header("if-none-match"), None);
    }
    assert_eq!(new[0].header("if-none-match"), None);
    for request in &new[1..] {
        let sent = request.text("if-none-match").expect("a validator");
        assert!(sent.starts_with("\"new-"), "{sent}");
    }
    assert!((30..=31).contains(&world.titles("news").len()));
}

#[test]
fn redirect_loop() {
    let mut world = World::public();
    world.server.set(NEWS, Reply::redirect(302, "/b"));
    world
        .server
        .set("http://news.example/b", Reply::redirect(302, "/feed"));
    world.round();
    assert!(world.server.requests().len() <= 3);
    assert_eq!(world.outcome("news"), Some(OutcomeKind::RedirectError));
    let text = world.state("news").last_error.expect("a reason");
    assert!(text.contains("news.example/b"), "the chain: {text}");
    world.server.forget();
    world.run_for(DAY);
    let times = world.server.asked(NEWS).len();
    assert!(times <= 6, "backs off: {times}");
}

#[test]
fn cross_origin_leak() {
    let other = Server::start();
    other.set(
        "/feed",
        Reply::ok(rss(&["One"])).header("ETag", "\"other\""),
    );
    let home = Server::start();
    let url = home.url("/feed").replace("http://", "http://desk:secret@");
    let toml = format!(
        "{PRIVATE}{}headers = {{ X-Key = \"key\" }}\n",
        feed("news", &url)
    );
    let mut world = World::new(home, &toml);
    let target = other.url("/feed");
    world.server.in_order(
        "/feed",
        vec![
            Reply::ok(rss(&["One"]))
                .header("ETag", "\"home\"")
                .header("Set-Cookie", "s=1"),
            Reply::redirect(301, target).header("Set-Cookie", "t=1"),
        ],
    );
    world.polls(4);
    let at_home = world.server.requests();
    assert_eq!(at_home[0].text("x-key").as_deref(), Some("key"));
    assert!(at_home[0].header("authorization").is_some());
    assert_eq!(
        at_home[1].text("if-none-match").as_deref(),
        Some("\"home\"")
    );
    let away = other.requests();
    assert!(away.len() >= 2);
    for (number, request) in away.iter().enumerate() {
        for absent in ["authorization", "x-key", "referer", "cookie", "origin"] {
            assert_eq!(request.header(absent), None, "{absent}");
        }
        let wanted = (number > 0).then(|| "\"other\"".to_owned());
        assert_eq!(request.text("if-none-match"), wanted);
    }
    for request in &at_home[2..] {
        assert_eq!(request.header("if-none-match"), None, "not its own");
        assert_eq!(request.header("cookie"), None);
    }
}

#[test]
fn ssrf_hop() {
    for target in [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://localhost/",
        "http://2130706433/",
        "http://10.1.2.3/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        let mut world = World::public();
        world.server.set(NEWS, Reply::redirect(302, target));
        world.round();
        assert_eq!(world.server.targets(), [NEWS], "{target}");
        assert_eq!(world.outcome("news"), Some(OutcomeKind::RedirectError));
        let text = world.state("news").last_error.expect("a reason");
        assert!(text.contains("public"), "{text}");
    }
}

/// The same without a proxy: what is connected to is what was judged.
#[test]
fn ssrf_hop_direct() {
    let inner = Server::start_at(std::net::Ipv4Addr::new(127, 0, 0, 2));
    inner.set("/", Reply::ok(rss(&["Inner"])));
    let toml = PRIVATE.replace("127.0.0.0/8", "127.0.0.1/32") + &feed("news", "SERVER/feed");
    let mut world = World::new(Server::start(), &toml);
    world
        .server
        .set("/feed", Reply::redirect(302, inner.url("/")));
    world.round();
    assert_eq!(world.outcome("news"), Some(OutcomeKind::RedirectError));
    assert_eq!(inner.connections(), 0);
}

#[test]
fn location_euckr() {
    let mut world = World::public();
    let (bytes, _, _) = encoding_rs::EUC_KR.encode("/속보?q=한글");
    world.server.set(NEWS, Reply::redirect(302, &bytes));
    let target = "http://news.example/%BC%D3%BA%B8?q=%C7%D1%B1%DB";
    world.server.set(target, Reply::ok(rss(&["Found"])));
    world.polls(2);
    assert_eq!(world.server.targets(), [NEWS, target]);
    assert_eq!(world.titles("news"), ["Found"]);
}

/// A hop's Retry-After is kept: the target is not asked before it.
#[test]
fn retry_after_on_a_redirect() {
    let mut world = World::public();
    serve_new(&world);
    let slow = Reply::redirect(301, "/new").header("Retry-After", "9000");
    world
        .server
        .in_order(NEWS, vec![slow, Reply::redirect(301, "/new")]);
    world.run_for(HOUR * 4);
    let requests = world.server.requests();
    assert_eq!(requests[0].target, NEWS);
    assert!(requests[1].when >= later(requests[0].when, HOUR * 5 / 2));
}
