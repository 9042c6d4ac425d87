//! The daemon from outside: how it ends, reloads, tells systemd, answers, shares its store, and survives a kill.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use support::desk::{Desk, bare};
use support::http::{Reply, Request, Server};
use support::life::{Daemon, Signal, free_port, freeze, http_as, passing, wait_for};

/// A JSON Feed with one item published now.
fn document(id: &str, title: &str) -> Reply {
    let item = serde_json::json!({
        "id": id, "url": format!("https://daily.example/{id}"), "title": title,
        "content_text": "Text.", "date_published": jiff::Timestamp::now().to_string(),
    });
    let feed = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": [item],
    });
    Reply::ok(feed.to_string()).header("Content-Type", "application/feed+json")
}

/// A feed of the config.
fn feed(server: &Server, id: &str) -> String {
    format!(
        "[[feed]]\nid = \"{id}\"\nurl = \"{}\"\n",
        server.url(&format!("/{id}"))
    )
}

/// A publisher, a webhook, and a desk that watches for `Acme`.
struct World {
    server: Server,
    desk: Desk,
    port: u16,
}

impl World {
    /// With these feeds in `feeds.toml`.
    fn new(feeds: &[&str]) -> Self {
        let (server, port) = (Server::start(), free_port());
        let toml = format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n\
             [web]\nlisten = \"127.0.0.1:{port}\"\n[log]\nformat = \"json\"\n\
             [[rule]]\nid = \"acme\"\nquery = \"Acme\"\n\
             [[receiver]]\nid = \"hook\"\nkind = \"webhook\"\ndefault = true\nurl = \"{}\"\n",
            server.url("/hook")
        );
        let desk = Desk::new(&toml);
        let world = Self { server, desk, port };
        world.feeds(feeds);
        world.server.set("/hook", Reply::status(204));
        world
    }

    /// Writes `feeds.toml`.
    fn feeds(&self, ids: &[&str]) {
        let feeds: Vec<String> = ids.iter().map(|id| feed(&self.server, id)).collect();
        self.desk.write("feeds.toml", &feeds.concat());
    }

    fn start(&self) -> Daemon {
        Daemon::start(&self.desk, self.port)
    }

    /// Requests to a path so far.
    fn asked(&self, path: &str) -> Vec<Request> {
        let requests = self.server.requests().into_iter();
        requests.filter(|request| request.path() == path).collect()
    }

    /// Waits until a path was asked so often.
    fn wait_asked(&self, path: &str, times: usize) -> Vec<Request> {
        wait_for(&format!("{times} requests to {path}"), || {
            Some(self.asked(path)).filter(|requests| requests.len() >= times)
        })
    }

    /// Waits until a delivery is settled, as the store tells.
    fn wait_delivered(&self) {
        wait_for("the delivery in the store", || {
            let alerts = self
                .desk
                .run(&["alerts", "list", "--format", "json"])
                .expect(0);
            alerts.out.contains("delivered").then_some(())
        });
    }

    fn status(&self) -> Value {
        self.desk
            .run(&["status", "--format", "json"])
            .expect(0)
            .json()
    }
}

/// The keys that requests to the webhook carried.
fn keys(requests: &[Request]) -> HashSet<String> {
    let keys = requests
        .iter()
        .map(|request| request.text("webhook-id").unwrap());
    keys.collect()
}

#[test]
fn sigterm_ends_it_in_time_while_a_publisher_and_a_receiver_stall() {
    let world = World::new(&["good", "stalled"]);
    world.server.set("/good", document("a", "Acme wins"));
    world.server.set("/stalled", Reply::ok("").stall());
    world.server.set("/hook", Reply::status(204).stall());
    let daemon = world.start();
    world.wait_asked("/stalled", 1);
    world.wait_asked("/hook", 1);
    let (took, log) = daemon.stop();
    assert!(took < Duration::from_secs(9), "{took:?}: {log}");

    // What was under way is not lost: the next life sends it under the same key.
    world.server.set("/hook", Reply::status(204));
    let daemon = world.start();
    let hooks = world.wait_asked("/hook", 2);
    assert_eq!(keys(&hooks).len(), 1);
    world.server.set("/stalled", Reply::status(503));
    world.wait_delivered();
    daemon.stop();
}

/// A pipe that takes no byte more, for as long as the first half lives.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let (reader, mut writer) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    while writer.write(&[b' '; 4096]).is_ok() {}
    while writer.write(b" ").is_ok() {}
    // The writer shares its flags with the process that gets it.
    fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

#[test]
fn what_nobody_reads_holds_nothing_up() {
    let world = World::new(&["daily"]);
    world.server.set("/daily", document("one", "Acme wins"));
    world.desk.write(
        "terminal.toml",
        "[[receiver]]\nid = \"screen\"\nkind = \"terminal\"\ndefault = true\n",
    );
    let (_reader, writer) = full_pipe();
    let mut child = world
        .desk
        .command(&["-vv", "run"])
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    wait_for("the webhook's alert", || {
        world
            .server
            .targets()
            .contains(&"/hook".to_owned())
            .then_some(())
    });
    let health = http_as(world.port, "/healthz", "localhost").unwrap();
    assert_eq!(health.0, 200);
    support::life::signal(child.id(), Signal::TERM);
    let status = wait_for("its end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_quiet_daemon_ends_at_once() {
    let world = World::new(&[]);
    let (took, log) = world.start().stop();
    assert!(took < Duration::from_secs(3), "{took:?}: {log}");
    assert_eq!(world.status()["running"], false);
}

#[test]
fn a_second_daemon_is_told_who_was_first() {
    let world = World::new(&[]);
    let daemon = world.start();
    let second = world.desk.run(&["run"]).expect(4);
    assert!(
        second.err.contains(&format!("process {}", daemon.pid())),
        "{second:?}"
    );
    let round = world.desk.run(&["run", "--once"]).expect(4);
    assert!(round.err.contains("--state-dir"), "{round:?}");
    let status = world.status();
    assert_eq!(
        (&status["running"], &status["pid"]),
        (&true.into(), &daemon.pid().into())
    );
    // Nobody who only asks is in the way of the first.
    assert_eq!(daemon.get("/healthz").0, 200);
    daemon.stop();
}

#[test]
fn a_reload_that_is_asked_for_while_the_daemon_starts_follows_its_start() {
    let world = World::new(&["one"]);
    for id in ["one", "two"] {
        world.server.set(&format!("/{id}"), document(id, "Nothing"));
    }
    world.desk.run(&["run", "--once"]).expect(0);
    // Who writes to the store holds up the start after config is read.
    let other = rusqlite::Connection::open(world.desk.state().join("bongsu.db")).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let mut command = world.desk.command(&["run"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let mut daemon = command.spawn().unwrap();
    wait_for("a daemon with its config", || {
        let lock = fs::read_to_string(world.desk.state().join("bongsu.db.lock")).ok()?;
        lock.starts_with(&format!("{} ", daemon.id())).then_some(())
    });
    world.feeds(&["one", "two"]);
    support::life::signal(daemon.id(), Signal::HUP);
    other.execute_batch("rollback").unwrap();
    world.wait_asked("/two", 1);
    support::life::signal(daemon.id(), Signal::TERM);
    assert!(daemon.wait().unwrap().success());
}

/// What reads config must not wait for somebody to write it.
#[test]
fn a_pipe_is_no_config_at_start_and_at_a_reload() {
    let desk = Desk::empty();
    let config = desk.path().join("one.toml");
    let make_pipe = || {
        let made = Command::new("mkfifo").arg(&config).status().unwrap();
        assert!(made.success());
    };
    let run = |command: &[&str]| {
        let mut run = bare(command);
        run.arg("--config").arg(&config);
        run.arg("--state-dir").arg(desk.state());
        run.stdin(Stdio::null());
        run
    };
    make_pipe();
    for command in [&["check"][..], &["run"], &["run", "--once"]] {
        let done = run(command).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(3), "{command:?}: {said}");
        assert!(said.contains("neither a file nor a folder"), "{said}");
    }

    fs::remove_file(&config).unwrap();
    let port = free_port();
    fs::write(&config, format!("[web]\nlisten = \"127.0.0.1:{port}\"\n")).unwrap();
    let daemon = Daemon::start_with(run(&["run"]), port);
    fs::remove_file(&config).unwrap();
    make_pipe();
    daemon.signal(Signal::HUP);
    wait_for("the refusal in the log", || {
        let log = daemon.log();
        (log.contains("config refused") && log.contains("neither a file nor a folder"))
            .then_some(())
    });
    assert_eq!(daemon.ready().0, 200, "the old config stays in force");
    daemon.stop();
}

#[test]
fn sighup_applies_a_good_config_and_refuses_a_broken_one() {
    let world = World::new(&["one"]);
    for id in ["one", "two", "three"] {
        world.server.set(&format!("/{id}"), document(id, "Nothing"));
    }
    let daemon = world.start();
    world.wait_asked("/one", 1);
    world.feeds(&["one", "two"]);
    daemon.signal(Signal::HUP);
    world.wait_asked("/two", 1);
    wait_for("the reload in the status", || {
        world.status()["reload"]
            .as_str()
            .filter(|said| said.starts_with("applied"))
            .map(drop)
    });

    // One mistake among good things: none of it applies.
    world.feeds(&["one", "three"]);
    world.desk.write(
        "broken.toml",
        "[[rule]]\nid = \"later\"\nquery = \"NEAR/2\"\n",
    );
    daemon.signal(Signal::HUP);
    let status = wait_for("the refusal in the status", || {
        let status = world.status();
        let refused = status["reload"]
            .as_str()
            .is_some_and(|said| said.starts_with("refused"));
        refused.then_some(status)
    });
    assert!(
        status["reload"]
            .as_str()
            .unwrap()
            .contains("broken.toml:3:"),
        "{status}"
    );
    let human = world
        .desk
        .run(&["status", "--format", "human"])
        .expect(0)
        .out;
    assert!(
        human.contains("reload refused, the old config stays in force"),
        "{human}"
    );
    assert!(daemon.log().contains("config refused"), "{}", daemon.log());
    assert!(world.asked("/three").is_empty());
    // The old config still works, and a refused one is no reason to restart the daemon.
    assert_eq!(daemon.ready(), (200, "[]".to_owned()));
    let asked = world.asked("/two").len();
    world.feeds(&["one", "two"]);
    fs::remove_file(world.desk.config().join("broken.toml")).unwrap();
    world.desk.run(&["feeds", "poll", "two"]).expect(0);
    world.wait_asked("/two", asked + 1);

    daemon.signal(Signal::HUP);
    wait_for("the mended config in the status", || {
        let status = world.status();
        let line = status["status"].as_str().unwrap_or_default();
        (!line.contains("refused")).then_some(())
    });
    daemon.stop();
}

#[test]
fn a_refusal_of_an_earlier_life_is_forgotten() {
    let world = World::new(&[]);
    let daemon = world.start();
    world.desk.write("broken.toml", "[fetch]\nnonsense = 1\n");
    daemon.signal(Signal::HUP);
    wait_for("the refusal", || {
        world.status()["reload"].as_str().map(drop)
    });
    daemon.stop();
    fs::remove_file(world.desk.config().join("broken.toml")).unwrap();
    let daemon = world.start();
    wait_for("a new life without a word of it", || {
        let status = world.status();
        let line = status["status"].as_str().unwrap_or_default();
        (status["reload"].is_null() && !line.contains("refused")).then_some(())
    });
    daemon.stop();
}

/// The state that systemd was told until `wanted` came.
fn told(socket: &UnixDatagram, so_far: &mut String, wanted: &str) {
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut some = [0; 4096];
    wait_for(&format!("{wanted} on the notify socket"), || {
        if let Ok(count) = socket.recv(&mut some) {
            so_far.push_str(&String::from_utf8_lossy(&some[..count]));
            so_far.push('\n');
        }
        so_far
            .lines()
            .any(|line| line.starts_with(wanted))
            .then_some(())
    });
}

#[test]
fn systemd_is_told_all_it_waits_for() {
    let world = World::new(&[]);
    let path = world.desk.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut command = world.desk.command(&["run"]);
    command
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "1000000");
    let daemon = Daemon::start_with(command, world.port);
    let mut said = String::new();
    told(&socket, &mut said, "READY=1");
    told(&socket, &mut said, "STATUS=0 feeds, 1 rules, 1 receivers");
    told(&socket, &mut said, "WATCHDOG=1");
    // Fed again and again, not only once.
    said.clear();
    told(&socket, &mut said, "WATCHDOG=1");

    said.clear();
    world.desk.write("broken.toml", "nonsense = 1\n");
    daemon.signal(Signal::HUP);
    told(&socket, &mut said, "RELOADING=1");
    told(&socket, &mut said, "MONOTONIC_USEC=");
    told(
        &socket,
        &mut said,
        "STATUS=0 feeds, 1 rules, 1 receivers; config: reload refused",
    );
    told(&socket, &mut said, "READY=1");

    said.clear();
    daemon.signal(Signal::TERM);
    told(&socket, &mut said, "STOPPING=1");
    assert_eq!(daemon.end().0, 0);
}

#[test]
fn operations_endpoints_answer_and_a_foreign_host_does_not() {
    let world = World::new(&["one"]);
    world.server.set("/one", document("a", "Acme wins"));
    let daemon = world.start();
    world.wait_asked("/hook", 1);
    assert_eq!(daemon.get("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(daemon.ready(), (200, "[]".to_owned()));
    let metrics = wait_for("the poll in the metrics", || {
        let (status, text) = daemon.get("/metrics");
        assert_eq!(status, 200);
        Some(text).filter(|text| text.contains("bongsu_feeds{health=\"ok\"} 1"))
    });
    assert!(metrics.contains("bongsu_build_info{version="), "{metrics}");
    assert_eq!(daemon.get("/nowhere").0, 404);
    for path in ["/", "/healthz", "/readyz", "/metrics"] {
        let refused = http_as(world.port, path, "evil.example").unwrap();
        assert_eq!(refused.0, 421, "{path}: {refused:?}");
    }
    daemon.stop();
}

#[test]
fn polling_by_hand_beside_a_daemon_is_done_by_the_daemon() {
    let world = World::new(&["one"]);
    world.server.set("/one", document("a", "Nothing"));
    let daemon = world.start();
    world.wait_asked("/one", 1);
    wait_for("the first poll in the store", || {
        let feeds = world
            .desk
            .run(&["feeds", "list", "--format", "jsonl"])
            .expect(0)
            .rows();
        (feeds[0]["entries"] == 1).then_some(())
    });
    world
        .server
        .set("/one", document("b", "Acme wins after all"));
    let asked = world
        .desk
        .run(&["feeds", "poll", "one", "--format", "json"])
        .expect(0);
    assert_eq!(asked.json()["asked"], 1);
    world.wait_asked("/one", 2);
    assert_eq!(world.wait_asked("/hook", 1).len(), 1);
    daemon.stop();
}

#[test]
fn killed_between_the_receivers_answer_and_the_store_it_repeats_once_under_the_same_key() {
    let world = World::new(&["one"]);
    world.server.set("/one", document("a", "Acme wins"));
    let victim: Arc<Mutex<Option<u32>>> = Arc::default();
    let frozen = Arc::clone(&victim);
    world.server.on("/hook", move |_| {
        // Frozen first, so that it gets the answer and cannot do anything about it.
        if let Some(pid) = frozen.lock().unwrap().take() {
            freeze(pid);
        }
        Reply::status(200)
    });
    // The lock is held until the pid is known: the daemon may be quicker than this test.
    let mut pid = victim.lock().unwrap();
    let daemon = world.start();
    *pid = Some(daemon.pid());
    drop(pid);
    world.wait_asked("/hook", 1);
    daemon.signal(Signal::KILL);
    assert_eq!(daemon.end().0, -1);

    let daemon = world.start();
    let hooks = world.wait_asked("/hook", 2);
    assert_eq!(keys(&hooks).len(), 1);
    world.wait_delivered();
    daemon.stop();
    world.desk.run(&["run", "--once"]).expect(0);
    assert_eq!(world.asked("/hook").len(), 2);
    world.desk.run(&["db", "check"]).expect(0);
}

#[test]
fn an_address_in_use_is_named() {
    let world = World::new(&[]);
    let taken = TcpListener::bind(("127.0.0.1", world.port)).unwrap();
    let refused = world.desk.run(&["run"]).expect(1);
    assert!(
        refused.err.contains(&format!("127.0.0.1:{}", world.port)),
        "{refused:?}"
    );
    assert!(refused.err.contains("[web] listen"), "{refused:?}");
    drop(taken);
    world.start().stop();
}

#[test]
fn a_socket_that_systemd_passes_wins_over_the_config() {
    let desk = Desk::new("[web]\nlisten = \"127.0.0.1:1\"\n");
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let daemon = Daemon::start_passed(&desk, listener);
    assert_eq!(daemon.get("/healthz").0, 200);
}

#[test]
fn a_passed_socket_that_others_reach_needs_a_token() {
    let desk = Desk::new("[web]\nlisten = \"127.0.0.1:1\"\n");
    let listener = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let ran = passing(&desk)
        .stdin(std::os::fd::OwnedFd::from(listener))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        !ran.status.success() && said.contains("there is no token"),
        "{said}"
    );
}
