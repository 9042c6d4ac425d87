//! What can befall the store, made for real: each is named with exit 4, nothing is overwritten, nothing is lost.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics or says that it could not run, and its documents are published now"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use support::desk::{Desk, Ran, bare, ran};
use support::http::{Reply, Server};
use support::life::{Daemon, Signal, free_port, wait_for};

/// A JSON Feed of `count` items that match, each with a text of `bytes`.
fn document(name: &str, count: usize, bytes: usize) -> Reply {
    let items: Vec<Value> = (0..count)
        .map(|number| {
            serde_json::json!({
                "id": format!("{name}-{number}"), "url": format!("https://daily.example/{name}/{number}"),
                "title": format!("Acme wins tender {name} {number}"),
                "content_text": words(number, bytes),
                "date_published": jiff::Timestamp::now().to_string(),
            })
        })
        .collect();
    let feed = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items,
    });
    Reply::ok(feed.to_string()).header("Content-Type", "application/feed+json")
}

/// Text of `bytes` whose words differ, so that nothing folds or packs it away.
fn words(number: usize, bytes: usize) -> String {
    let words: Vec<String> = (0..bytes / 8)
        .map(|at| format!("{:07x}", at * 7919 + number))
        .collect();
    words.join(" ")
}

/// A publisher, a webhook, and a desk; the state folder may be elsewhere.
struct World {
    server: Server,
    desk: Desk,
    port: u16,
    state: PathBuf,
}

impl World {
    fn new() -> Self {
        let (server, port) = (Server::start(), free_port());
        let toml = format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n\
             [web]\nlisten = \"127.0.0.1:{port}\"\n[log]\nformat = \"json\"\n\
             [[feed]]\nid = \"one\"\nurl = \"{}\"\n[[rule]]\nid = \"acme\"\nquery = \"Acme\"\nnotify = \"entry\"\n\
             [[receiver]]\nid = \"hook\"\nkind = \"webhook\"\ndefault = true\nurl = \"{}\"\n",
            server.url("/one"),
            server.url("/hook")
        );
        let desk = Desk::new(&toml);
        let state = desk.state();
        server.set("/hook", Reply::status(204));
        server.set("/one", document("a", 2, 200));
        Self {
            server,
            desk,
            port,
            state,
        }
    }

    /// One whose store holds two entries, closed in order.
    fn with_store() -> Self {
        let world = Self::new();
        world.run(&["run", "--once"]).expect(0);
        assert_eq!(world.hooks(), 2);
        world
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(args);
        command.arg("--config").arg(self.desk.config());
        command.arg("--state-dir").arg(&self.state);
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    fn start(&self) -> Daemon {
        Daemon::start_with(self.command(&["run"]), self.port)
    }

    fn database(&self) -> PathBuf {
        self.state.join("bongsu.db")
    }

    fn hooks(&self) -> usize {
        let requests = self.server.requests().into_iter();
        requests.filter(|request| request.path() == "/hook").count()
    }

    fn entries(&self) -> usize {
        self.run(&["entries", "export"]).expect(0).rows().len()
    }

    /// Every command that opens the store ends with 4 and says `words`; the file stays as it is.
    fn refused(&self, words: &[&str]) {
        let before = fs::read(self.database()).unwrap();
        for args in [
            &["run", "--once"][..],
            &["run"],
            &["status"],
            &["feeds", "poll", "one"],
            &["db", "check"],
        ] {
            let refused = self.run(args).expect(4);
            let file = self.database();
            assert!(
                refused.err.contains(file.to_str().unwrap()),
                "{args:?}: {refused:?}"
            );
            for word in words {
                assert!(
                    refused.err.contains(word),
                    "{args:?} does not say {word:?}: {refused:?}"
                );
            }
            assert!(
                fs::read(&file).unwrap() == before,
                "{args:?} changed the file"
            );
        }
    }
}

/// Another process's write lock.
fn seize(database: &Path) -> Connection {
    let conn = Connection::open(database).unwrap();
    conn.execute_batch("begin exclusive").unwrap();
    conn
}

#[test]
fn a_file_that_is_damaged_in_place_is_no_ready_store_although_it_takes_writes() {
    let world = World::with_store();
    let daemon = world.start();
    wait_for("a daemon at work", || {
        (daemon.get("/readyz").0 == 200).then_some(())
    });
    let file = fs::OpenOptions::new()
        .write(true)
        .open(world.database())
        .unwrap();
    file.set_len(0).unwrap();
    let said = wait_for("readiness that says so", || {
        let (status, said) = daemon.get("/readyz");
        let store = said.contains("store: ");
        (status == 503 && store).then_some(said)
    });
    assert!(said.contains("bongsu.db"), "{said}");
    // The proof that writes succeed comes every two seconds while something is wrong.
    let seen = Instant::now();
    while seen.elapsed() < Duration::from_secs(3) {
        let (status, said) = daemon.get("/readyz");
        assert!(status == 503 && said.contains("store: "), "{said}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
    drop(daemon);
}

#[test]
fn a_write_lock_that_stays_is_named_after_a_wait_and_nothing_is_lost() {
    let world = World::with_store();
    world.server.set("/one", document("b", 1, 200));
    let holder = seize(&world.database());
    let began = Instant::now();
    let refused = world.run(&["feeds", "poll", "one"]).expect(4);
    assert!(began.elapsed() >= Duration::from_secs(4), "it did not wait");
    assert!(
        refused
            .err
            .contains("another process is writing to the store"),
        "{refused:?}"
    );
    // Looking needs no write.
    assert_eq!(world.entries(), 2);
    holder.execute_batch("rollback").unwrap();
    world.run(&["feeds", "poll", "one"]).expect(0);
    assert_eq!((world.entries(), world.hooks()), (3, 3));
}

#[test]
fn a_daemon_waits_for_a_write_lock_says_so_goes_on_and_ends_in_time() {
    let world = World::with_store();
    let mut command = world.command(&["run"]);
    // Makes it look at the store twice a second.
    command.env("WATCHDOG_USEC", "1000000");
    let daemon = Daemon::start_with(command, world.port);
    assert_eq!(daemon.ready().0, 200);

    let holder = seize(&world.database());
    let reasons = wait_for("503", || {
        Some(daemon.ready()).filter(|(status, _)| *status == 503)
    });
    assert!(
        reasons.1.contains("another process is writing"),
        "{reasons:?}"
    );
    assert_eq!(daemon.get("/healthz").0, 200);
    holder.execute_batch("rollback").unwrap();
    wait_for("200", || (daemon.ready().0 == 200).then_some(()));
    world.server.set("/one", document("b", 1, 200));
    world.run(&["feeds", "poll", "one"]).expect(0);
    wait_for("the third alert", || (world.hooks() == 3).then_some(()));

    let holder = seize(&world.database());
    let (took, log) = daemon.stop();
    assert!(took < Duration::from_secs(9), "{took:?}: {log}");
    drop(holder);
    world.run(&["db", "check"]).expect(0);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let mut world = World::new();
    let file = world.desk.path().join("file");
    fs::write(&file, "a file").unwrap();
    // Below a file, and in a place where nobody may make a folder, root neither.
    for (state, words) in [
        (file.join("state"), "file"),
        (PathBuf::from("/proc/bongsu-state"), "/proc/bongsu-state"),
        (PathBuf::from("/sys/bongsu-state"), "/sys/bongsu-state"),
    ] {
        world.state = state;
        for args in [&["run", "--once"][..], &["run"]] {
            let refused = world.run(args).expect(4);
            assert!(refused.err.contains(words), "{refused:?}");
            let last = refused.err.lines().last().unwrap();
            assert!(last.starts_with("bongsu: "), "{refused:?}");
        }
    }
}

#[test]
fn a_text_file_is_not_a_store() {
    let world = World::new();
    fs::create_dir(&world.state).unwrap();
    fs::write(world.database(), "Dear diary, today I fed the feeds.\n").unwrap();
    world.refused(&["not a bongsu store", "--state-dir"]);
    fs::write(world.database(), "short").unwrap();
    world.refused(&["not a bongsu store"]);
}

#[test]
fn a_database_of_another_program_is_not_a_store() {
    let world = World::new();
    fs::create_dir(&world.state).unwrap();
    let other = Connection::open(world.database()).unwrap();
    other
        .execute_batch("create table bookmark (url text); insert into bookmark values ('x')")
        .unwrap();
    drop(other);
    world.refused(&["another program"]);
}

#[test]
fn a_newer_store_is_refused_with_both_versions() {
    let world = World::with_store();
    let newer = Connection::open(world.database()).unwrap();
    let known: i64 = newer
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    newer
        .pragma_update(None, "user_version", known + 41)
        .unwrap();
    newer.close().unwrap();
    world.refused(&[
        &format!("version {}", known + 41),
        &format!("up to {known}"),
    ]);

    let back = Connection::open(world.database()).unwrap();
    back.pragma_update(None, "user_version", known).unwrap();
    back.close().unwrap();
    assert_eq!(world.entries(), 2);
}

#[test]
fn a_file_that_was_cut_is_damaged_not_new() {
    let world = World::with_store();
    let whole = fs::read(world.database()).unwrap();
    for length in [whole.len() / 2 / 4096 * 4096, 4096 + 100, 60, 0] {
        fs::write(world.database(), &whole[..length]).unwrap();
        world.refused(&["damaged", "restore the last backup"]);
    }
    fs::write(world.database(), &whole).unwrap();
    assert_eq!(world.entries(), 2);
    world.run(&["db", "check"]).expect(0);
}

#[test]
fn damaged_pages_are_found_and_named() {
    let world = World::with_store();
    let whole = fs::read(world.database()).unwrap();
    // Every page but the first, which holds the header and the schema: whoever reads anything meets one.
    let mut damaged = whole.clone();
    for byte in &mut damaged[4096..] {
        *byte = 0xa5;
    }
    fs::write(world.database(), &damaged).unwrap();
    world.refused(&["damaged", "restore the last backup"]);

    // A single page in the middle is found by `db check` at the latest.
    for page in [2, whole.len() / 4096 / 2, whole.len() / 4096 - 1] {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 200].fill(0x5a);
        fs::write(world.database(), &damaged).unwrap();
        world.run(&["db", "check"]).expect(4);
    }
    fs::write(world.database(), &whole).unwrap();
    world.run(&["db", "check"]).expect(0);
    assert_eq!(world.entries(), 2);
}

/// A small disk of its own, unmounted when dropped; none where this user may not mount.
struct Disk {
    at: PathBuf,
}

impl Disk {
    fn new(desk: &Desk, size: &str) -> Option<Self> {
        let at = desk.path().join("disk");
        fs::create_dir(&at).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("NOT RUN: no disk can be filled here: mounting a tmpfs needs root");
            return None;
        }
        Some(Self { at })
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let ballast = self.at.join("ballast");
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(ballast)
            .unwrap();
        // Down to the last byte: a page is refused where a byte is not.
        for size in [65_536, 4096, 1] {
            while std::io::Write::write(&mut file, &vec![0; size]).is_ok_and(|count| count > 0) {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.at.join("ballast")).unwrap();
    }

    fn read_only(&self, yes: bool) -> bool {
        let mode = if yes { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount")
            .args(["-o", mode])
            .arg(&self.at)
            .output();
        done.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).output();
    }
}

#[test]
fn a_full_disk_ends_a_round_with_4_and_everything_arrives_later() {
    let mut world = World::new();
    let Some(disk) = Disk::new(&world.desk, "3m") else {
        return;
    };
    world.state = disk.at.join("state");
    world.run(&["run", "--once"]).expect(0);
    // More than the disk holds: the poll begins well and cannot be recorded.
    world.server.set("/one", document("big", 40, 100_000));
    let refused = world.run(&["feeds", "poll", "one"]).expect(4);
    assert!(
        refused.err.contains("no room left on the disk"),
        "{refused:?}"
    );
    assert_eq!((world.entries(), world.hooks()), (2, 2));
    // Not a byte left: nothing even begins.
    disk.fill();
    for args in [&["run", "--once"][..], &["run"], &["feeds", "poll", "one"]] {
        let refused = world.run(args).expect(4);
        assert!(
            refused.err.contains("no room left on the disk"),
            "{refused:?}"
        );
    }
    assert_eq!(world.hooks(), 2);
    disk.free();
    world.server.set("/one", document("b", 5, 1_000));
    world.run(&["feeds", "poll", "one"]).expect(0);
    assert_eq!((world.entries(), world.hooks()), (7, 7));
    world.run(&["db", "check"]).expect(0);
}

#[test]
fn a_daemon_outlives_a_full_disk() {
    let mut world = World::new();
    let Some(disk) = Disk::new(&world.desk, "3m") else {
        return;
    };
    world.state = disk.at.join("state");
    world.run(&["run", "--once"]).expect(0);
    let daemon = world.start();
    assert_eq!(daemon.ready(), (200, "[]".to_owned()));
    let polls = world.server.targets().len();
    world.server.set("/one", document("big", 40, 100_000));
    world.run(&["feeds", "poll", "one"]).expect(0);
    let reasons = wait_for("503", || {
        Some(daemon.ready()).filter(|(status, _)| *status == 503)
    })
    .1;
    assert!(reasons.contains("no room left on the disk"), "{reasons}");
    disk.fill();
    assert_eq!(daemon.get("/healthz").0, 200);
    assert_eq!(daemon.get("/metrics").0, 200);
    // It does not hammer the publisher while nothing can be kept.
    assert!(
        world.server.targets().len() <= polls + 2,
        "{:?}",
        world.server.targets()
    );
    disk.free();
    world.server.set("/one", document("b", 5, 1_000));
    wait_for("room for a request of a command", || {
        (world.run(&["feeds", "poll", "one"]).code == 0).then_some(())
    });
    wait_for("the alerts that waited", || {
        (world.hooks() == 7).then_some(())
    });
    wait_for("200", || (daemon.ready().0 == 200).then_some(()));
    daemon.stop();
    assert_eq!(world.entries(), 7);
    world.run(&["db", "check"]).expect(0);
}

#[test]
fn a_disk_that_became_read_only_is_named() {
    let mut world = World::new();
    let Some(disk) = Disk::new(&world.desk, "4m") else {
        return;
    };
    world.state = disk.at.join("state");
    world.run(&["run", "--once"]).expect(0);
    if !disk.read_only(true) {
        eprintln!("NOT RUN: the disk cannot be made read-only here");
        return;
    }
    for args in [&["run", "--once"][..], &["run"], &["feeds", "poll", "one"]] {
        let refused = world.run(args).expect(4);
        assert!(refused.err.contains("cannot be written"), "{refused:?}");
    }
    assert!(disk.read_only(false));
    assert_eq!(world.entries(), 2);
}

#[test]
fn a_file_deleted_under_a_daemon_is_noticed() {
    let world = World::with_store();
    let daemon = world.start();
    let away = world.state.join("away");
    fs::rename(world.database(), &away).unwrap();
    daemon.signal(Signal::HUP);
    // A task that fails to open it may be the first to say so.
    wait_for("503 with the reason", || {
        let (status, reasons) = daemon.ready();
        (status == 503 && reasons.contains("deleted or replaced")).then_some(())
    });
    fs::rename(&away, world.database()).unwrap();
    wait_for("200", || (daemon.ready().0 == 200).then_some(()));
    daemon.stop();
    assert_eq!(world.entries(), 2);
    world.run(&["db", "check"]).expect(0);
}
