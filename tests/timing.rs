//! When people are told, from outside: silences, throttles, digests, escalation, acknowledgement by a link.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

#[expect(dead_code, reason = "only a part of it is used here")]
#[path = "support/smtp.rs"]
mod smtp;
mod support;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use serde_json::Value;
use smtp::{Smtp, Step};
use support::desk::Desk;
use support::http::{Reply, Server};
use support::life::{Daemon, free_port, wait_for};

const TITLE: &str = "Acme Heavy signs a large howitzer contract with Romania";

/// An RSS document of items with a title and a text, published now.
fn rss(items: &[(&str, &str)]) -> String {
    let date = jiff::Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S +0000")
        .to_string();
    let mut list = String::new();
    for (n, (title, text)) in items.iter().enumerate() {
        let _ = write!(
            list,
            "<item><guid isPermaLink=\"false\">{n}-{title}</guid><title>{title}</title>\
             <description>{text}</description><pubDate>{date}</pubDate></item>"
        );
    }
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Wire</title>\
         <link>https://news.example/</link>{list}</channel></rss>"
    )
}

/// Feeds `a` to `d` of the owners one, two, two and three, a rule, a webhook; and what a test adds.
struct World {
    server: Server,
    desk: Desk,
}

impl World {
    fn new(rule: &str, receiver: &str, more: &str) -> Self {
        let server = Server::start();
        server.set("/hook", Reply::status(204));
        let mut feeds = String::new();
        for (id, owner) in [("a", "one"), ("b", "two"), ("c", "two"), ("d", "three")] {
            let path = format!("/{id}");
            server.set(&path, Reply::ok(rss(&[])));
            let _ = writeln!(
                feeds,
                "[[feed]]\nid = \"{id}\"\nurl = \"{}\"\nowner = \"{owner}\"\ntags = [\"wire\"]",
                server.url(&path)
            );
        }
        let desk = Desk::new(&format!(
            r#"
{feeds}
[fetch]
allow_networks = ["127.0.0.0/8"]
interval = "1h"
[[rule]]
id = "acme"
query = "Acme"
severity = "high"
{rule}
[[receiver]]
id = "hook"
kind = "webhook"
default = true
url = "{}"
{receiver}
{more}
"#,
            server.url("/hook")
        ));
        Self { server, desk }
    }

    fn publish(&self, feed: &str, items: &[(&str, &str)]) {
        self.server.set(&format!("/{feed}"), Reply::ok(rss(items)));
    }

    /// The same news in other words.
    fn publish_story(&self, feed: &str, text: &str) {
        self.publish(feed, &[(TITLE, text)]);
    }

    fn once(&self) -> Value {
        let ran = self.desk.run(&["run", "--once", "--format", "json"]);
        ran.expect(0).json()
    }

    fn poll(&self, feed: &str) {
        self.desk.run(&["feeds", "poll", feed]).expect(0);
    }

    /// What the webhook was told, in order.
    fn told(&self) -> Vec<Value> {
        let requests = self.server.asked("/hook").into_iter();
        requests
            .map(|request| serde_json::from_slice(&request.body).unwrap())
            .collect()
    }

    fn reasons(&self) -> Vec<String> {
        let told = self.told().into_iter();
        told.map(|alert| alert["reason"].as_str().unwrap().to_owned())
            .collect()
    }
}

const TEXTS: [&str; 4] = [
    "The ministry said on Tuesday that delivery begins in two years and that crews train abroad first.",
    "Lawmakers in the capital welcomed the purchase while asking how the budget is to pay for all of it.",
    "Analysts see a shift of the market as factories at the coast hire hundreds of welders this winter.",
    "A spokesman declined to name the price but confirmed that local partners assemble a third of them.",
];

#[test]
fn over_a_throttle_three_come_by_themselves_and_the_rest_waits_together() {
    let world = World::new("throttle = \"3/h\"", "", "");
    let titles: Vec<String> = (0..10)
        .map(|n| format!("Acme report {n} {n}alpha {n}beta {n}gamma {n}delta"))
        .collect();
    let items: Vec<_> = titles
        .iter()
        .map(|title| (title.as_str(), "Text."))
        .collect();
    world.publish("a", &items);
    let summary = world.once();
    assert_eq!(summary["alerts"]["new"], 10, "{summary}");
    assert_eq!(summary["deliveries"]["sent"], 3, "{summary}");
    assert_eq!(summary["deliveries"]["held"], 7, "{summary}");
    assert_eq!(
        world.once()["deliveries"]["sent"],
        0,
        "after a restart the same"
    );
    let held = world
        .desk
        .run(&["alerts", "list", "--held"])
        .expect(0)
        .rows();
    assert_eq!(held.len(), 7);
    assert!(
        held.iter()
            .all(|row| row["held"] == "throttle" && row["until"].is_string())
    );
}

/// Why the first delivery of the first decision on `entry` waits, as `explain` says it.
fn why_held(world: &World, entry: &Value) -> String {
    let args = ["explain", entry.as_str().unwrap()];
    let explained = world.desk.run(&args).expect(0).rows();
    let why = &explained[0]["decisions"][0]["deliveries"][0]["why"];
    why.as_str().unwrap().to_owned()
}

#[test]
fn a_silence_holds_and_its_end_tells_in_one_message_what_it_held() {
    let world = World::new("", "", "");
    world.once();
    world.publish(
        "a",
        &[
            ("Acme alpha one two three four", "Text."),
            ("Acme beta six seven eight nine", "Text."),
        ],
    );
    let add = "silence add --rule acme --for 2h --by kim --comment fair";
    let args: Vec<&str> = add.split(' ').collect();
    let row = world.desk.run(&args).expect(0).json();
    assert_eq!((&row["id"], &row["author"]), (&1.into(), &"kim".into()));
    world.poll("a");
    assert_eq!(world.told(), Vec::<Value>::new());
    let rows = world.desk.run(&["silence", "list"]).expect(0).rows();
    assert_eq!(
        (&rows[0]["state"], &rows[0]["holds"]),
        (&"active".into(), &2.into())
    );
    let held = world
        .desk
        .run(&["alerts", "list", "--held"])
        .expect(0)
        .rows();
    assert!(
        held.iter()
            .all(|row| row["held"] == "silence" && row["silence"] == 1),
        "{held:?}"
    );
    let why = why_held(&world, &held[0]["entry"]);
    assert!(why.starts_with("silence 1 until"), "{why}");

    world
        .desk
        .run(&["silence", "end", "1", "--by", "lee"])
        .expect(0);
    assert_eq!(world.once()["deliveries"]["sent"], 1);
    let told = world.told();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["reason"], &told[0]["entry"]),
        (&"digest".into(), &Value::Null)
    );
    assert_eq!(told[0]["alerts"].as_array().unwrap().len(), 2);
    let rows = world
        .desk
        .run(&["silence", "list", "--all"])
        .expect(0)
        .rows();
    assert_eq!(
        (&rows[0]["state"], &rows[0]["ended_by"]),
        (&"over".into(), &"lee".into())
    );
    world.desk.run(&["silence", "end", "1"]).expect(1);
}

#[test]
fn a_silence_is_tried_before_it_holds_and_refused_without_an_object_or_an_end() {
    let world = World::new("notify = \"digest\"", "", "");
    world.publish_story("a", TEXTS[0]);
    world.once();
    let dry = [
        "silence",
        "add",
        "--query",
        "howitzer",
        "--for",
        "1h",
        "--dry-run",
    ];
    let preview = world.desk.run(&dry).expect(0).json();
    assert_eq!(
        preview["would_hold"].as_array().unwrap().len(),
        1,
        "{preview}"
    );
    assert_eq!(
        (&preview["of_last_week"], &preview["in_last_week"]),
        (&1.into(), &1.into())
    );
    let none = ["silence", "add", "--feed", "b", "--for", "1h", "--dry-run"];
    let none = world.desk.run(&none).expect(0);
    assert_eq!(none.json()["would_hold"], serde_json::json!([]));
    assert_eq!(none.err, "");
    let slip = ["silence", "add", "--feed", "bb", "--for", "1h", "--dry-run"];
    let slip = world.desk.run(&slip).expect(0);
    assert!(slip.err.contains("there is no feed `bb`"), "{}", slip.err);
    assert_eq!(
        world.desk.run(&["silence", "list"]).expect(0).rows(),
        Vec::<Value>::new()
    );
    for wrong in [
        &["silence", "add", "--for", "1h"][..],
        &["silence", "add", "--rule", "acme"],
        &["silence", "add", "--rule", "acme", "--for", "400d"],
        &["silence", "add", "--rule", "acme", "--until", "2020-01-01"],
        &["silence", "add", "--severity", "loud", "--for", "1h"],
    ] {
        world.desk.run(wrong).expect(2);
    }
}

#[test]
fn a_rule_for_digests_and_quiet_hours_wait_and_route_says_until_when() {
    let quiet = "quiet_hours = { from = \"22:00\", to = \"07:00\", zone = \"Asia/Seoul\", except = \"critical\" }\n\
                 digest = { at = \"08:00\", zone = \"Asia/Seoul\", except = \"high\" }";
    let world = World::new("", quiet, "");
    let route = |severity: &str, at: &str| {
        let args = [
            "receivers",
            "route",
            "--rule",
            "acme",
            "--severity",
            severity,
            "--at",
            at,
        ];
        world.desk.run(&args).expect(0).rows().remove(0)
    };
    let night = route("high", "2026-11-24T14:10:00Z");
    assert_eq!(night["when"], "2026-11-24T22:00:00Z", "{night}");
    assert_eq!(night["why_then"], "quiet hours until 2026-11-25 07:00 KST");
    let low = route("low", "2026-11-24T14:10:00Z");
    let holds: Vec<_> = low["holds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["hold"].clone())
        .collect();
    assert_eq!(holds, ["quiet", "digest"]);
    for (severity, at) in [
        ("critical", "2026-11-24T14:10:00Z"),
        ("high", "2026-11-24T03:00:00Z"),
    ] {
        assert_eq!(
            route(severity, at)["why_then"],
            Value::Null,
            "{severity} {at}"
        );
    }
    let noon = route("low", "2026-11-24T03:00:00Z");
    assert_eq!(noon["when"], "2026-11-24T23:00:00Z");
}

#[test]
fn a_stronger_rule_keeps_a_weaker_one_quiet_on_its_story() {
    let weaker = "inhibit = [{ by = \"strong\", same = \"story\" }]\n\
                  [[rule]]\nid = \"strong\"\nquery = \"howitzer\"\nseverity = \"critical\"";
    let world = World::new(weaker, "", "");
    world.publish_story("a", TEXTS[0]);
    let summary = world.once();
    assert_eq!(summary["alerts"]["held"]["inhibited"], 1, "{summary}");
    assert_eq!(world.told()[0]["rule"]["id"], "strong");
    let held = world
        .desk
        .run(&["alerts", "list", "--held"])
        .expect(0)
        .rows();
    assert_eq!(
        (&held[0]["held"], &held[0]["alert"]),
        (&"inhibited".into(), &1.into())
    );
}

/// A header of a mail, unfolded.
fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next()?.replace("\r\n ", " ");
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.map(str::to_owned)
}

#[test]
fn a_story_escalates_once_when_enough_independent_owners_carry_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mail = runtime.block_on(Smtp::start(|_| Step::Usual));
    let more = format!(
        "[[receiver]]\nid = \"mail\"\nkind = \"email\"\ndefault = true\nserver = \"{}\"\ntls = \"none\"\n\
         from = \"desk@example.org\"\nto = \"a@example.net\"\n",
        mail.url()
    );
    let escalate = "escalate = { feeds = 3, within = \"6h\", severity = \"critical\" }";
    let world = World::new(escalate, "", &more);
    world.publish_story("a", TEXTS[0]);
    world.once();
    assert_eq!(world.reasons(), ["new-story"]);
    world.publish_story("b", TEXTS[1]);
    world.poll("b");
    world.publish_story("c", TEXTS[2]);
    world.poll("c");
    assert_eq!(
        world.reasons(),
        ["new-story"],
        "a third feed of the same owner is no third voice"
    );
    world.publish_story("d", TEXTS[3]);
    world.poll("d");
    assert_eq!(world.reasons(), ["new-story", "escalation"]);
    world.once();
    assert_eq!(world.reasons().len(), 2, "once");
    let told = world.told();
    assert_eq!(
        (&told[1]["severity"], &told[0]["severity"]),
        (&"critical".into(), &"high".into())
    );
    assert_eq!(told[1]["story"]["id"], told[0]["story"]["id"]);
    assert_eq!(
        told[1]["matches"], told[0]["matches"],
        "the evidence of the first"
    );
    assert_ne!(told[1]["key"], told[0]["key"]);
    let mails: Vec<String> = mail.mails().into_iter().map(|mail| mail.data).collect();
    assert_eq!(mails.len(), 2);
    assert_eq!(
        header(&mails[0], "References"),
        header(&mails[1], "References")
    );
    assert_eq!(
        header(&mails[1], "In-Reply-To"),
        header(&mails[0], "References")
    );
}

/// A POST without a body.
fn post(port: u16, path: &str) -> u16 {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: alerts.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_link_acknowledges_on_post_only_and_what_was_acknowledged_does_not_escalate() {
    let port = free_port();
    let web =
        format!("[web]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"https://alerts.example\"\n");
    let escalate = "escalate = { feeds = 2, within = \"6h\", severity = \"critical\" }";
    let world = World::new(escalate, "", &web);
    world.publish_story("a", TEXTS[0]);
    let daemon = Daemon::start(&world.desk, port);
    let told = wait_for("the alert", || world.told().into_iter().next());
    let link = told["links"]["ack"].as_str().unwrap();
    let path = link.strip_prefix("https://alerts.example").unwrap();
    assert!(path.starts_with("/a/"), "{link}");
    let acked = || {
        let rows = world.desk.run(&["alerts", "list"]).expect(0).rows();
        rows[0]["acked_by"].clone()
    };
    let (status, page) = daemon.get(path);
    assert_eq!(status, 200);
    assert!(
        page.contains("<form method=\"post\">") && page.contains("Acme Heavy"),
        "{page}"
    );
    assert_eq!(acked(), Value::Null, "looking changes nothing");
    let forged = format!("{path}x");
    assert_eq!((daemon.get(&forged).0, post(port, &forged)), (404, 404));
    assert_eq!(acked(), Value::Null);
    assert_eq!(post(port, path), 200);
    assert_eq!(acked(), "hook");
    assert!(!daemon.get(path).1.contains("<form"));
    daemon.stop();
    world.publish_story("d", TEXTS[3]);
    world.poll("d");
    assert_eq!(world.reasons(), ["new-story"]);
}

#[test]
fn what_nobody_acknowledges_is_told_again_and_louder_once() {
    let escalate = "escalate = { severity = \"critical\", unacked = \"1s\" }";
    let world = World::new(escalate, "", "");
    world.publish_story("a", TEXTS[0]);
    world.once();
    let escalated = wait_for("the escalation", || {
        world.once();
        world.told().into_iter().nth(1)
    });
    assert_eq!(
        (&escalated["reason"], &escalated["severity"]),
        (&"escalation".into(), &"critical".into())
    );
    world.once();
    assert_eq!(world.told().len(), 2);
}
