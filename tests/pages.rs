//! Full text from outside: a feed, the pages it links to, a robots.txt, and a receiver, against the real binary.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use serde_json::Value;
use support::desk::Desk;
use support::http::{Reply, Request, Server};
use support::life::{Daemon, Signal, free_port, wait_for};

/// An article in the layout of a daily: lines in a container, lists and notices around it.
fn article(sentence: &str) -> Reply {
    let page = format!(
        "<html><head><meta charset=utf-8><title>기사</title></head><body>\
         <div id=gnb><a href=/>처음으로</a></div>\
         <div id=article_body>시의회는 24일 내년 예산안을 의결했다. 도로와 학교에 가장 많은 돈이 간다.<br><br>{sentence}<br><br>\
         의결된 예산은 다음 달부터 집행된다고 시는 밝혔다.<br><br>저작권자 ⓒ 무단 전재 금지</div>\
         <div class=related><h4>관련기사</h4><a href=/z>Zenith 소식 모아 보기</a></div></body></html>"
    );
    Reply::ok(page).header("Content-Type", "text/html; charset=utf-8")
}

const ACME: &str = "낙찰자는 Acme 컨소시엄으로 정해졌다.";

/// A server, a desk with one feed of full text, a rule for `Acme`, and a webhook.
struct World {
    server: Server,
    desk: Desk,
    port: u16,
}

impl World {
    /// With items (path, title) in the feed.
    fn new(items: &[(&str, &str)], fetch: &str) -> Self {
        let (server, port) = (Server::start(), free_port());
        let now = jiff::Timestamp::now().to_string();
        let items: Vec<Value> = items
            .iter()
            .map(|(path, title)| {
                serde_json::json!({"id": path, "url": server.url(path), "title": title,
                    "content_text": "A line.", "date_published": now})
            })
            .collect();
        let feed = serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items});
        server.set(
            "/feed",
            Reply::ok(feed.to_string()).header("Content-Type", "application/feed+json"),
        );
        server.set("/hook", Reply::status(204));
        let toml = format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n{fetch}\n\
             [web]\nlisten = \"127.0.0.1:{port}\"\n[log]\nformat = \"json\"\n\
             [[feed]]\nid = \"daily\"\nurl = \"{}\"\nfull_text = true\n\
             [[rule]]\nid = \"acme\"\nquery = \"Acme\"\n\
             [[receiver]]\nid = \"hook\"\nkind = \"webhook\"\ndefault = true\nurl = \"{}\"\n",
            server.url("/feed"),
            server.url("/hook")
        );
        Self {
            server,
            desk: Desk::new(&toml),
            port,
        }
    }

    fn asked(&self, path: &str) -> Vec<Request> {
        let requests = self.server.requests().into_iter();
        requests.filter(|request| request.path() == path).collect()
    }

    /// The alerts that the receiver got.
    fn alerts(&self) -> Vec<Value> {
        let hooks = self.asked("/hook").into_iter();
        hooks
            .map(|hook| serde_json::from_slice(&hook.body).unwrap())
            .collect()
    }

    fn once(&self) -> Value {
        self.desk
            .run(&["run", "--once", "--format", "json"])
            .expect(0)
            .json()
    }

    fn export(&self) -> Vec<Value> {
        self.desk
            .run(&["entries", "export", "--format", "jsonl"])
            .expect(0)
            .rows()
    }

    fn page_of(&self, entry: &Value) -> Value {
        let id = entry["id"].as_str().unwrap();
        self.desk
            .run(&["entries", "show", id, "--format", "json"])
            .expect(0)
            .json()["page"]
            .clone()
    }
}

#[test]
fn an_alert_rests_on_what_only_the_page_says() {
    let world = World::new(&[("/1", "예산안 의결"), ("/2", "Acme 낙찰")], "");
    world.server.set("/1", article(ACME));
    world.server.set("/2", article(ACME));
    let summary = world.once();
    assert_eq!(summary["alerts"]["new"], 2, "{summary}");
    let alerts = world.alerts();
    assert_eq!(alerts.len(), 2);
    let by_page = alerts
        .iter()
        .find(|alert| alert["entry"]["title"] == "예산안 의결")
        .unwrap();
    assert_eq!(by_page["reason"], "new-story");
    let evidence = &by_page["matches"][0];
    assert_eq!(evidence["field"], "full_text");
    let text = by_page["entry"]["full_text"].as_str().unwrap();
    let (start, end) = (
        evidence["start"].as_u64().unwrap(),
        evidence["end"].as_u64().unwrap(),
    );
    assert_eq!(
        &text[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()],
        "Acme"
    );
    assert_eq!(text.split("\n\n").count(), 3, "{text}");
    assert!(
        !text.contains("Zenith") && !text.contains("저작권자") && !text.contains("처음으로"),
        "{text}"
    );
    // The title had alerted already: the page says nothing again.
    let by_title = alerts
        .iter()
        .find(|alert| alert["entry"]["title"] == "Acme 낙찰")
        .unwrap();
    assert_eq!(by_title["matches"][0]["field"], "title");

    world.once();
    assert_eq!(
        (world.asked("/1").len(), world.alerts().len()),
        (1, 2),
        "once"
    );
    world.desk.run(&["db", "check"]).expect(0);
}

#[test]
fn what_was_read_is_shown_and_no_edit() {
    let world = World::new(&[("/1", "예산안 의결"), ("/2", "Acme 낙찰")], "");
    world.server.set("/1", article(ACME));
    world.server.set("/2", article(ACME));
    world.once();
    let page = &world.asked("/1")[0];
    assert!(page.text("accept").unwrap().starts_with("text/html"));
    assert!(page.text("user-agent").unwrap().starts_with("bongsu/"));
    assert_eq!(world.asked("/robots.txt").len(), 1, "remembered");
    let entries = world.export();
    assert!(
        entries.iter().all(|entry| entry["full_text"].is_string()),
        "{entries:?}"
    );
    assert_eq!(world.page_of(&entries[0])["state"], "read");
    let shown = world
        .desk
        .run(&[
            "entries",
            "show",
            entries[0]["id"].as_str().unwrap(),
            "--format",
            "human",
        ])
        .expect(0);
    assert!(
        shown.out.contains("Full text:") && !shown.out.contains("changed"),
        "{}",
        shown.out
    );
    let feed = world
        .desk
        .run(&["feeds", "show", "daily", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (&feed["pages"]["read"], &feed["pages"]["due"]),
        (&2.into(), &0.into())
    );
    let why = world
        .desk
        .run(&[
            "explain",
            entries[0]["id"].as_str().unwrap(),
            "--format",
            "human",
        ])
        .expect(0);
    assert!(why.out.contains("acme: matches"), "{}", why.out);
}

#[test]
fn a_page_that_robots_txt_forbids_is_not_asked_for() {
    let world = World::new(
        &[("/open/1", "하나"), ("/closed/2", "둘"), ("/moved", "셋")],
        "",
    );
    world.server.set(
        "/robots.txt",
        Reply::ok("User-agent: *\nDisallow: /\n\nUser-agent: bongsu\nDisallow: /closed\n"),
    );
    for path in ["/open/1", "/closed/2", "/closed/3"] {
        world.server.set(path, article(ACME));
    }
    world
        .server
        .set("/moved", Reply::redirect(302, "/closed/3"));
    world.once();
    let asked = |path: &str| world.asked(path).len();
    assert_eq!(
        (
            asked("/open/1"),
            asked("/closed/2"),
            asked("/closed/3"),
            asked("/moved")
        ),
        (1, 0, 0, 1)
    );
    assert_eq!(world.alerts().len(), 1);
    let entries = world.export();
    let closed = entries.iter().find(|entry| entry["title"] == "둘").unwrap();
    let page = world.page_of(closed);
    assert_eq!(page["state"], "failed");
    assert!(
        page["last_error"].as_str().unwrap().contains("robots.txt"),
        "{page}"
    );
    assert!(closed["full_text"].is_null());
}

#[test]
fn a_robots_txt_that_cannot_be_had_stops_pages_for_now_and_the_switch_goes_before_it() {
    let world = World::new(&[("/1", "하나")], "");
    world.server.set("/robots.txt", Reply::status(503));
    world.server.set("/1", article(ACME));
    world.once();
    assert_eq!(world.asked("/1").len(), 0);
    let page = world.page_of(&world.export()[0]);
    assert_eq!(
        (&page["state"], &page["attempts"]),
        (&"due".into(), &1.into()),
        "{page}"
    );

    let world = World::new(&[("/1", "하나")], "robots = \"off\"");
    world
        .server
        .set("/robots.txt", Reply::ok("User-agent: *\nDisallow: /"));
    world.server.set("/1", article(ACME));
    world.once();
    assert_eq!(
        (world.asked("/1").len(), world.asked("/robots.txt").len()),
        (1, 0)
    );

    let world = World::new(&[("/1", "하나")], "robots = \"all\"");
    world
        .server
        .set("/robots.txt", Reply::ok("User-agent: *\nDisallow: /feed"));
    world.desk.run(&["run", "--once"]).expect(6);
    assert_eq!(world.asked("/feed").len(), 0);
}

#[test]
fn what_is_no_article_is_refused_and_a_host_that_asks_to_wait_is_left_alone() {
    let world = World::new(
        &[
            ("/pdf", "하나"),
            ("/login", "둘"),
            ("/busy", "셋"),
            ("/next", "넷"),
        ],
        "",
    );
    world.server.set(
        "/pdf",
        Reply::ok("%PDF-1.7").header("Content-Type", "application/pdf"),
    );
    let login = "<html><title>로그인</title><div>이 기사는 유료회원 전용입니다. 로그인을 하시면 Acme 기사를 모두 읽으실 수 있습니다. 첫 달은 무료로 \
        드립니다.</div><input type=password></html>";
    world.server.set(
        "/login",
        Reply::ok(login).header("Content-Type", "text/html; charset=utf-8"),
    );
    world
        .server
        .set("/busy", Reply::status(429).header("Retry-After", "1800"));
    world.server.set("/next", article(ACME));
    world.once();
    let entries = world.export();
    let of = |title: &str| {
        let page = world.page_of(
            entries
                .iter()
                .find(|entry| entry["title"] == title)
                .unwrap(),
        );
        (
            page["state"].as_str().unwrap().to_owned(),
            page["last_error"].to_string(),
            page["due"].to_string(),
        )
    };
    let (pdf, login, busy, next) = (of("하나"), of("둘"), of("셋"), of("넷"));
    assert!(
        pdf.0 == "failed" && pdf.1.contains("application/pdf"),
        "{pdf:?}"
    );
    assert!(
        login.0 == "failed" && login.1.contains("login"),
        "{login:?}"
    );
    assert!(busy.0 == "due" && busy.1.contains("429"), "{busy:?}");
    // One host, one queue: what stood behind the 429 waits as it does.
    assert_eq!((next.0.as_str(), world.asked("/next").len()), ("due", 0));
    assert!(entries.iter().all(|entry| entry["full_text"].is_null()));
    assert_eq!(world.alerts().len(), 0);
}

#[test]
fn killed_between_the_poll_and_the_page_it_goes_on() {
    let world = World::new(&[("/1", "예산안 의결")], "");
    world.server.set("/1", Reply::ok("").stall());
    let daemon = Daemon::start(&world.desk, world.port);
    wait_for("the page's request", || {
        (!world.asked("/1").is_empty()).then_some(())
    });
    daemon.signal(Signal::KILL);
    drop(daemon);
    assert_eq!(world.alerts().len(), 0);
    world.server.set("/1", article(ACME));
    let daemon = Daemon::start(&world.desk, world.port);
    wait_for("the alert", || (!world.alerts().is_empty()).then_some(()));
    assert_eq!(world.alerts()[0]["matches"][0]["field"], "full_text");
    let (_, metrics) = daemon.get("/metrics");
    assert!(
        metrics.contains("bongsu_pages_total{outcome=\"read\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("bongsu_pages_waiting 0"), "{metrics}");
    daemon.stop();
    assert_eq!(world.asked("/feed").len(), 1, "the poll was not repeated");
    world.desk.run(&["db", "check"]).expect(0);
}
