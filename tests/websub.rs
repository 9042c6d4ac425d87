//! `WebSub` from outside: the daemon, a publisher, and a hub that keeps to the standard or does not.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};

use serde_json::{Value, json};
use support::desk::Desk;
use support::http::{Reply, Request, Server};
use support::hub::{self, Form, Hub, Manner};
use support::life::{Daemon, Signal, free_port, http_as, wait_for};

const TOKEN: &str = "a token of the desk";
const LEASE: u64 = 864_000;

/// A publisher, a webhook, and a desk that watches for `Acme` and can be pushed.
struct World {
    server: Server,
    desk: Desk,
    port: u16,
}

impl World {
    /// With `websub` below `[websub]`, and one feed, `wire`, with the keys `feed`.
    fn new(websub: &str, feed: &str) -> Self {
        let (server, port) = (Server::start(), free_port());
        let toml = format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nmax_wire = \"64 KiB\"\n\
             [web]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}/\"\n\
             token = \"{TOKEN}\"\n[websub]\n{websub}\n[log]\nformat = \"json\"\nlevel = \"debug\"\n\
             [[rule]]\nid = \"acme\"\nquery = \"Acme\"\n\
             [[receiver]]\nid = \"hook\"\nkind = \"webhook\"\ndefault = true\nurl = \"{}\"\n",
            server.url("/hook")
        );
        let world = Self {
            server,
            desk: Desk::new(&toml),
            port,
        };
        world.server.set("/hook", Reply::status(204));
        world.feeds(&[("wire", feed)]);
        world
    }

    /// Writes the feeds.
    fn feeds(&self, feeds: &[(&str, &str)]) {
        let feeds = feeds.iter().map(|(id, keys)| {
            let url = self.server.url(&format!("/{id}"));
            format!("[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\n{keys}\n")
        });
        self.desk.write("feeds.toml", &feeds.collect::<String>());
    }

    /// Publishes these items at `/id`, with the hub named inside the document.
    fn publish(&self, id: &str, hub: Option<&Hub>, items: &[(&str, &str)]) {
        let reply = Reply::ok(self.document(id, hub, items));
        let reply = reply.header("Content-Type", "application/feed+json");
        self.server
            .set(&format!("/{id}"), reply.header("ETag", "\"x\""));
    }

    /// A JSON Feed whose items were published one a minute until now, the first one last.
    fn document(&self, id: &str, hub: Option<&Hub>, items: &[(&str, &str)]) -> String {
        let now = jiff::Timestamp::now();
        let items: Vec<Value> = (0_i64..)
            .zip(items)
            .map(|(minutes, (guid, title))| {
                let published = now - jiff::SignedDuration::from_mins(minutes);
                json!({
                    "id": guid, "url": format!("https://daily.example/{guid}"), "title": title,
                    "content_text": format!("Text of {guid}."), "date_published": published.to_string(),
                })
            })
            .collect();
        let hubs = hub.map(|hub| json!([{ "type": "WebSub", "url": hub.url() }]));
        json!({
            "version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items,
            "feed_url": self.topic(id), "hubs": hubs.unwrap_or_else(|| json!([])),
        })
        .to_string()
    }

    /// The self address of a feed, which is not the one that is polled.
    fn topic(&self, id: &str) -> String {
        self.server.url(&format!("/self/{id}"))
    }

    fn start(&self) -> Daemon {
        Daemon::start(&self.desk, self.port)
    }

    /// Starts the daemon and waits until the hub has its one subscriber.
    fn subscribed(&self, hub: &Hub) -> (Daemon, Form) {
        let daemon = self.start();
        let form = wait_for("a subscriber", || hub.subscribers().pop());
        self.wait_state("wire", "active");
        (daemon, form)
    }

    fn asked(&self, path: &str) -> Vec<Request> {
        let requests = self.server.requests().into_iter();
        requests.filter(|request| request.path() == path).collect()
    }

    fn wait_asked(&self, path: &str, times: usize) {
        wait_for(&format!("{times} requests to {path}"), || {
            (self.asked(path).len() >= times).then_some(())
        });
    }

    /// `feeds show`.
    fn show(&self, id: &str) -> Value {
        self.desk
            .run(&["feeds", "show", id, "--format", "json"])
            .expect(0)
            .json()
    }

    fn wait_state(&self, id: &str, state: &str) -> Value {
        wait_for(&format!("{id} to be {state}"), || {
            let shown = self.show(id);
            (shown["websub"]["state"] == state).then_some(shown)
        })
    }

    /// Asks the daemon to poll now, and waits until it has.
    fn poll(&self, id: &str) -> Value {
        let polled = |shown: &Value| shown["polls"].as_array().unwrap().len();
        let before = polled(&self.show(id));
        self.desk.run(&["feeds", "poll", id]).expect(0);
        wait_for("a poll", || {
            Some(self.show(id)).filter(|shown| polled(shown) > before)
        })
    }

    fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.port);
        let authorization = format!("Bearer {TOKEN}");
        let headers = [
            ("Host", "127.0.0.1"),
            ("Authorization", authorization.as_str()),
        ];
        hub::send("GET", &url, &headers, &[]).1
    }
}

#[test]
fn a_push_alerts_at_once_and_only_the_hubs_own_counts() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    world.publish("wire", Some(&hub), &[("a", "Nothing much")]);
    let (daemon, to) = world.subscribed(&hub);
    assert_eq!(
        (to.topic.as_str(), to.lease),
        (world.topic("wire").as_str(), Some(604_800))
    );
    let secret = to.secret.clone().unwrap();
    assert!((32..200).contains(&secret.len()));
    let token = to.callback.rsplit('/').next().unwrap().to_owned();
    assert_eq!(
        to.callback,
        format!("http://127.0.0.1:{}/websub/{token}", world.port)
    );
    assert!(token.len() >= 64 && hub.refused().is_empty());
    let agent = agent_of(&hub);
    assert!(agent.starts_with("bongsu/"), "{agent}");

    let body = world.document("wire", None, &[("b", "Acme wins")]);
    assert_eq!(hub::push(&to, "sha256", body.as_bytes(), &[]), 202);
    world.wait_asked("/hook", 1);
    // The same again, by a weaker method and packed: taken, and nothing new.
    let packed = Reply::ok(body).gzip().into_body();
    let coding = [("Content-Encoding", "gzip")];
    assert_eq!(hub::push(&to, "sha1", &packed, &coding), 202);
    let shown = world.show("wire");
    let (websub, polls) = (&shown["websub"], &shown["polls"]);
    assert_eq!(
        (&websub["pushes"], &shown["entries"]),
        (&json!(2), &json!(2))
    );
    assert!(websub["last_push"].is_string() && websub["lease_until"].is_string());
    assert_eq!(polls[1]["note"], "pushed");
    assert_eq!(
        (&polls[1]["outcome"], &polls[0]["outcome"]),
        (&json!("ok_new"), &json!("ok_same"))
    );
    assert_eq!(world.asked("/wire").len(), 1, "no poll brought it");
    daemon.stop();
}

/// Who the hub was asked by.
fn agent_of(hub: &Hub) -> String {
    hub.server().requests()[0].text("User-Agent").unwrap()
}

#[test]
fn what_is_not_signed_by_the_hub_is_received_counted_and_ignored() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    world.publish("wire", Some(&hub), &[("a", "Nothing much")]);
    let (daemon, to) = world.subscribed(&hub);
    let secret = to.secret.clone().unwrap();
    let body = world.document("wire", None, &[("b", "Acme wins")]);
    let forged = hub::sign("sha256", "guess", body.as_bytes());
    let foreign = hub::sign("sha256", &secret, b"another body");
    let signatures = [
        None,
        Some(forged.as_str()),
        Some(&foreign),
        Some("md5=00"),
        Some("sha256="),
    ];
    for signature in signatures {
        let headers: Vec<_> = signature
            .map(|value| ("X-Hub-Signature", value))
            .into_iter()
            .collect();
        let (status, answer) = hub::send("POST", &to.callback, &headers, body.as_bytes());
        assert_eq!((status, answer.as_str()), (202, ""), "{signature:?}");
    }
    let shown = world.show("wire");
    assert_eq!(
        (&shown["websub"]["ignored"], &shown["entries"]),
        (&json!(5), &json!(1))
    );
    assert!(world.asked("/hook").is_empty());
    let metrics = world.metrics();
    for line in [
        "bongsu_pushes_total{result=\"forged\"} 2",
        "bongsu_pushes_total{result=\"unsigned\"} 2",
        "bongsu_pushes_total{result=\"weak\"} 1",
        "bongsu_websub_feeds{state=\"active\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let status = world
        .desk
        .run(&["status", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(status["websub"]["active"], 1);
    // Nothing that is shown tells what the hub was given.
    let token = to.callback.rsplit('/').next().unwrap();
    let told = format!("{shown}{metrics}{status}{}", daemon.stop().1);
    assert!(!told.contains(&secret) && !told.contains(token), "{told}");
}

#[test]
fn only_callbacks_are_open_to_everybody() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    world.publish("wire", Some(&hub), &[]);
    let (daemon, to) = world.subscribed(&hub);
    let other = to.callback.replace("/websub/", "/websub/0");
    let topic = world.topic("wire");
    let ask = |url: &str, mode: &str, topic: &str, challenge: &str| {
        let query = [
            ("hub.mode", mode),
            ("hub.topic", topic),
            ("hub.challenge", challenge),
            ("hub.lease_seconds", "60"),
        ];
        hub::get(url, &query)
    };
    assert_eq!(
        ask(&to.callback, "subscribe", &topic, "<b>&"),
        (200, "<b>&".to_owned())
    );
    for (url, mode, topic, challenge) in [
        (&to.callback, "unsubscribe", topic.as_str(), "x"),
        (
            &to.callback,
            "subscribe",
            "https://daily.example/other",
            "x",
        ),
        (&to.callback, "subscribe", &topic, ""),
        (&to.callback, "publish", &topic, "x"),
        (&other, "subscribe", &topic, "x"),
        (&other, "denied", &topic, "x"),
    ] {
        assert_eq!(
            ask(url, mode, topic, challenge),
            (404, String::new()),
            "{url} {mode}"
        );
    }
    assert_eq!(hub::send("POST", &other, &[], b"{}").0, 410);
    assert_eq!(
        hub::send("POST", &to.callback, &[], &vec![b' '; 70_000]).0,
        413
    );
    assert_eq!(hub::send("DELETE", &to.callback, &[], &[]).0, 405);
    for path in ["/metrics", "/", "/websub", "/readyz", "/websubs/x"] {
        let (status, _) = http_as(world.port, path, "public.example").unwrap();
        assert_eq!(status, 421, "{path}");
    }
    assert_eq!(world.show("wire")["websub"]["state"], "active");
    daemon.stop();
}

#[test]
fn a_short_lease_is_renewed_with_a_new_callback_and_secret_and_the_old_one_is_left() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(4)));
    world.publish("wire", Some(&hub), &[]);
    let daemon = world.start();
    let forms = wait_for("a renewal", || {
        hub.set(Manner::Grant(if hub.forms().is_empty() {
            4
        } else {
            LEASE
        }));
        let forms = hub.forms().into_iter();
        let asked: Vec<Form> = forms.filter(|form| form.mode == "subscribe").collect();
        (asked.len() >= 2).then_some(asked)
    });
    assert_ne!(forms[0].callback, forms[1].callback);
    assert_ne!(forms[0].secret, forms[1].secret);
    let left = wait_for("a goodbye", || {
        let forms = hub.forms().into_iter();
        forms.into_iter().find(|form| form.mode == "unsubscribe")
    });
    assert_eq!(
        (&left.callback, &left.topic),
        (&forms[0].callback, &forms[0].topic)
    );
    wait_for("one subscriber", || {
        (hub.subscribers() == [forms[1].clone()]).then_some(())
    });
    let body = world.document("wire", None, &[("b", "Acme wins")]);
    assert_eq!(
        hub::push(&forms[0], "sha256", body.as_bytes(), &[]),
        410,
        "the old callback is gone"
    );
    assert_eq!(hub::push(&forms[1], "sha512", body.as_bytes(), &[]), 202);
    world.wait_asked("/hook", 1);
    daemon.stop();
}

#[test]
fn a_denied_feed_is_polled_as_usual() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Deny("no bots here")));
    world.publish("wire", Some(&hub), &[]);
    let daemon = world.start();
    let shown = world.wait_state("wire", "denied");
    assert!(
        shown["websub"]["error"]
            .as_str()
            .unwrap()
            .contains("no bots here")
    );
    assert_ne!(world.poll("wire")["why_then"], "pushed");
    assert_eq!(hub.forms().len(), 1);
    daemon.stop();
}

#[test]
fn a_hub_that_refuses_is_told_of_and_asked_again_later() {
    let (world, hub) = (
        World::new("lease = \"1d\"", ""),
        Hub::start(Manner::Answer(Reply::status(422).body("Bad topic"))),
    );
    world.publish("wire", Some(&hub), &[]);
    let daemon = world.start();
    let shown = world.wait_state("wire", "failed");
    assert!(
        shown["websub"]["error"]
            .as_str()
            .unwrap()
            .contains("Bad topic"),
        "{shown}"
    );
    assert_eq!(hub.forms()[0].lease, Some(86_400));
    daemon.stop();
}

#[test]
fn a_hub_that_moved_is_followed_and_headers_come_before_the_document() {
    let (world, hub, other) = (
        World::new("", ""),
        Hub::start(Manner::Grant(LEASE)),
        Hub::start(Manner::Grant(LEASE)),
    );
    let moved = Hub::start(Manner::Answer(Reply::redirect(307, hub.url())));
    let links = format!(
        "<{}>; rel=\"hub\", <{}>; rel=self",
        moved.url(),
        world.topic("header")
    );
    let reply = Reply::ok(world.document("wire", Some(&other), &[])).header("Link", links);
    world.server.set("/wire", reply);
    let (daemon, to) = world.subscribed(&hub);
    assert_eq!(to.topic, world.topic("header"));
    assert_eq!(moved.forms(), hub.forms(), "the same request");
    assert!(other.forms().is_empty());
    assert_eq!(world.show("wire")["websub"]["hub"], hub.url());
    let body = world.document("wire", None, &[("b", "Acme wins")]);
    assert_eq!(hub::push(&to, "sha256", body.as_bytes(), &[]), 202);
    world.wait_asked("/hook", 1);
    daemon.stop();
}

#[test]
fn whoever_names_us_as_its_hub_has_us_ask_ourselves_for_nothing() {
    let world = World::new("", "");
    let own = |host: &str| format!("http://{host}:{}/api/v1/feeds/wire/poll", world.port);
    let moved = Hub::start(Manner::Answer(Reply::redirect(307, own("127.0.0.1"))));
    for hub in [
        own("127.0.0.1"),
        own("localhost"),
        own("[::ffff:127.0.0.1]"),
        moved.url(),
    ] {
        let links = format!("<{hub}>; rel=\"hub\", <{}>; rel=self", world.topic("wire"));
        let reply = Reply::ok(world.document("wire", None, &[])).header("Link", links);
        world.server.set("/wire", reply);
        let _ = std::fs::remove_dir_all(world.desk.state());
        let daemon = world.start();
        let shown = world.wait_state("wire", "failed");
        let why = shown["websub"]["error"].as_str().unwrap();
        assert!(why.contains("this daemon itself"), "{hub}: {shown}");
        daemon.stop();
    }
}

#[test]
fn one_callback_keeps_no_other_hub_waiting() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    world.feeds(&[("wire", ""), ("other", "")]);
    for id in ["wire", "other"] {
        world.publish(id, Some(&hub), &[]);
    }
    let daemon = world.start();
    let subscribers = wait_for("two subscribers", || {
        Some(hub.subscribers()).filter(|all| all.len() == 2)
    });
    let (slow, quick) = (&subscribers[0], &subscribers[1]);
    let dripping: Vec<TcpStream> = (0..16)
        .map(|_| {
            let path = slow.callback.split_once("/websub/").unwrap().1;
            let head =
                format!("POST /websub/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx");
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, world.port)).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    // All but those that are waited for were sent away.
    wait_for("sixteen of them to be taken or sent away", || {
        let answered = dripping.iter().filter(|stream| {
            stream.set_nonblocking(true).unwrap();
            matches!(stream.peek(&mut [0; 1]), Ok(1))
        });
        (answered.count() == 14).then_some(())
    });
    let id = quick.topic.rsplit('/').next().unwrap();
    let body = world.document(id, None, &[("b", "Acme wins")]);
    assert_eq!(hub::push(quick, "sha256", body.as_bytes(), &[]), 202);
    daemon.stop();
}

#[test]
fn polls_rest_while_a_hub_pushes_and_find_what_it_keeps_to_itself() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    // A busy feed, which by itself is polled often.
    let names: Vec<String> = (0..40).map(|n| format!("item {n}")).collect();
    let old: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "News")).collect();
    world.publish("wire", Some(&hub), &old);
    let (daemon, _) = world.subscribed(&hub);
    let hours = |shown: &Value| {
        let next: jiff::Timestamp = shown["next_poll"].as_str().unwrap().parse().unwrap();
        next.duration_since(jiff::Timestamp::now()).as_hours()
    };
    let shown = world.poll("wire");
    assert!(
        shown["why_then"] == "pushed" && hours(&shown) >= 5,
        "{shown}"
    );
    // The hub has fallen silent: polling finds what it did not push, and relies on it no longer.
    let news = [("b", "Acme wins"), ("c", "Acme loses")];
    let now: Vec<(&str, &str)> = news.into_iter().chain(old).collect();
    world.publish("wire", Some(&hub), &now);
    let shown = world.poll("wire");
    assert!(
        shown["why_then"] != "pushed" && hours(&shown) < 5,
        "{shown}"
    );
    world.wait_asked("/hook", 2);
    daemon.stop();
}

#[test]
fn a_restart_asks_no_hub_again() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    world.publish("wire", Some(&hub), &[]);
    world.publish("late", Some(&hub), &[]);
    let (daemon, to) = world.subscribed(&hub);
    daemon.stop();
    world.feeds(&[("wire", ""), ("late", "")]);
    let daemon = world.start();
    world.wait_state("late", "active");
    let topics: Vec<String> = hub.forms().into_iter().map(|form| form.topic).collect();
    assert_eq!(topics, [world.topic("wire"), world.topic("late")]);
    let body = world.document("wire", None, &[("b", "Acme wins")]);
    assert_eq!(
        hub::push(&to, "sha256", body.as_bytes(), &[]),
        202,
        "the subscription has survived"
    );
    world.wait_asked("/hook", 1);
    daemon.stop();
}

#[test]
fn a_feed_that_is_switched_off_leaves_its_hub_and_its_callback_is_gone() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    world.publish("wire", Some(&hub), &[]);
    let (daemon, to) = world.subscribed(&hub);
    world.feeds(&[("wire", "websub = false")]);
    daemon.signal(Signal::HUP);
    wait_for("no subscriber", || {
        hub.subscribers().is_empty().then_some(())
    });
    world.wait_state("wire", "off");
    assert_eq!(hub::push(&to, "sha256", b"{}", &[]), 410);
    assert_ne!(world.poll("wire")["why_then"], "pushed");
    daemon.stop();
}

#[test]
fn where_sha_256_is_required_weaker_pushes_are_ignored() {
    let (world, hub) = (
        World::new("", "require_sha256 = true"),
        Hub::start(Manner::Grant(LEASE)),
    );
    world.publish("wire", Some(&hub), &[]);
    let (daemon, to) = world.subscribed(&hub);
    let body = world.document("wire", None, &[("b", "Acme wins")]);
    assert_eq!(hub::push(&to, "sha1", body.as_bytes(), &[]), 202);
    assert_eq!(world.show("wire")["entries"], 0);
    assert_eq!(hub::push(&to, "sha256", body.as_bytes(), &[]), 202);
    assert_eq!(world.show("wire")["entries"], 1);
    daemon.stop();
}

#[test]
fn a_push_that_cannot_be_read_leads_to_a_poll() {
    let (world, hub) = (World::new("", ""), Hub::start(Manner::Grant(LEASE)));
    world.publish("wire", Some(&hub), &[]);
    let (daemon, to) = world.subscribed(&hub);
    for body in [
        &b"<html><title>Oops</title></html>"[..],
        b"\x1f\x8b\x08 not gzip",
        b"{",
    ] {
        assert_eq!(hub::push(&to, "sha256", body, &[]), 202);
    }
    assert_eq!(hub::push(&to, "sha256", b"", &[]), 202);
    let shown = world.show("wire");
    assert_eq!(shown["websub"]["ignored"], 3);
    let next: jiff::Timestamp = shown["next_poll"].as_str().unwrap().parse().unwrap();
    assert!(
        next.duration_since(jiff::Timestamp::now()).as_secs() <= 300,
        "{shown}"
    );
    daemon.stop();
}

#[test]
fn the_check_says_where_no_hub_can_be_heard() {
    let hub = Hub::start(Manner::Grant(LEASE));
    let world = World::new("", "");
    world.publish("wire", Some(&hub), &[]);
    let off = |extra: &str| {
        let toml = format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n[web]\nlisten = \"\"\n[websub]\n{extra}\n"
        );
        world.desk.write("bongsu.toml", &toml);
        world.desk.run(&["check"]).expect(0).err
    };
    let warned = off("callback_url = \"https://desk.example/b/\"");
    assert!(
        warned.contains("[C29]") && warned.contains("bongsu.toml:6"),
        "{warned}"
    );
    assert!(!off("callback_url = \"https://desk.example/\"\nenabled = false").contains("C29"));
    let wrong = "[websub]\ncallback_url = \"https://desk.example/?x\"\n";
    world.desk.write("bongsu.toml", wrong);
    assert!(
        world
            .desk
            .run(&["check"])
            .expect(3)
            .err
            .contains("callback_url")
    );
}
