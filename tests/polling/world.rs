//! A world in a box: publishers on loopback, a real store, the daemon's polls, and a clock that jumps from one
//! due time to the next, so that a month passes in seconds.
//!
//! Config is text as a user writes it. `PROXY` in it is the server as a proxy, through which `http://….example/`
//! looks public and nothing leaves the machine; `SERVER` is the same server asked directly.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bongsu::cli::embed::{self, Parts};
use bongsu::clock::Clock;
use bongsu::daemon::poll::rounds::Rounds;
use bongsu::daemon::{Shared, reload};
use bongsu::domain::feed::FeedState;
use bongsu::domain::feed::outcome::{OutcomeKind, PollRecord};
use bongsu::domain::id::FeedId;
use bongsu::store::{self, Store, alerts, entries};
use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::http::{Request, Server};

pub const MINUTE: Duration = Duration::from_mins(1);
pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);

/// A Tuesday.
pub fn start() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().expect("a time")
}

/// A feed as config has it.
pub fn feed(id: &str, url: &str) -> String {
    format!("[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\n")
}

/// A rule that matches `Acme`, and somebody to tell.
pub const WATCH: &str = r#"
[[rule]]
id = "acme"
query = "Acme"
[[receiver]]
id = "desk"
kind = "file"
path = "alerts.jsonl"
default = true
"#;

/// Hosts look public; gaps are short, because they pass in real time.
pub const PUBLIC: &str = r#"
[fetch]
proxy = "PROXY"
per_host_interval = "1ms"
start_rate = "1000/s"
interval = "60m"
"#;

/// The server is asked directly, as the operator's own.
pub const PRIVATE: &str = r#"
[fetch]
allow_networks = ["127.0.0.0/8", "::1/128"]
interval = "60m"
"#;

pub struct World {
    pub server: Server,
    pub clock: Clock,
    runtime: Runtime,
    dir: TempDir,
    parts: Option<Parts>,
    rounds: Option<Rounds>,
}

impl World {
    /// A world under the config `toml` that is about to make its first polls.
    pub fn new(server: Server, toml: &str) -> Self {
        let clock = Clock::manual(start());
        server.tell_time(&clock);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let mut world = Self {
            server,
            clock,
            runtime,
            dir: folder(),
            parts: None,
            rounds: None,
        };
        world.write(toml);
        world.salt();
        world.open();
        world
    }

    /// Makes a store whose feeds are put at the same times in each run: with a salt of its own, one in thirty would by
    /// chance have a third of twenty feeds in one minute of fifteen.
    fn salt(&self) {
        let state = self.path().join("state");
        std::fs::create_dir(&state).expect("it can be made");
        let settings = store::Settings::default();
        let store = Store::open(&state, &settings, start()).expect("a store");
        let path = store.path().to_owned();
        drop(store);
        let changed = Connection::open(path).and_then(|conn| {
            conn.execute(
                "update meta set value = '0123456789abcdef' where key = 'salt'",
                [],
            )
        });
        assert_eq!(changed, Ok(1), "the store has a salt");
    }

    /// One public feed, `http://news.example/feed`, with a rule that watches it.
    pub fn public() -> Self {
        let toml = format!("{PUBLIC}{WATCH}{}", feed("news", NEWS));
        Self::new(Server::start(), &toml)
    }

    fn write(&self, toml: &str) {
        let server = self.server.url("");
        let toml = toml.replace("PROXY", &server).replace("SERVER", &server);
        std::fs::write(self.path().join("bongsu.toml"), toml).expect("it can be written");
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn open(&mut self) {
        let config = self.path().join("bongsu.toml");
        let state = self.path().join("state");
        let opened = embed::open(&config, &state, self.clock.clone());
        let parts = self
            .runtime
            .block_on(opened)
            .unwrap_or_else(|error| panic!("{error}"));
        self.rounds = Some(Rounds::default());
        self.parts = Some(parts);
    }

    /// The daemon ends and another begins on what the store holds.
    pub fn restart(&mut self) {
        self.rounds = None;
        self.parts = None;
        self.open();
    }

    /// Config changes and is read again.
    pub fn reload(&mut self, toml: &str) {
        self.write(toml);
        let parts = self.parts.as_ref().expect("it is open");
        self.runtime
            .block_on(reload::reload(&parts.shared, &parts.loader));
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.parts.as_ref().expect("it is open").shared
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Polls what is due now, to the end; says when to look again.
    pub fn round(&mut self) -> Option<Timestamp> {
        let shared = Arc::clone(self.shared());
        let rounds = self.rounds.as_mut().expect("it is open");
        self.runtime
            .block_on(rounds.round(&shared))
            .expect("the store works")
    }

    /// Lives until `end`, or until it is killed in the middle of a round because `enough` is told.
    pub fn run_killed(&mut self, enough: &tokio::sync::Notify, end: Timestamp) {
        let shared = Arc::clone(self.shared());
        let mut rounds = self.rounds.take().expect("it is open");
        loop {
            let next = self.runtime.block_on(async {
                tokio::select! {
                    next = rounds.round(&shared) => next.expect("the store works"),
                    () = enough.notified() => None,
                }
            });
            match next {
                Some(next) if next <= end => self.clock.set(next),
                _ => return,
            }
        }
    }

    /// Lives until `end`.
    pub fn run_until(&mut self, end: Timestamp) {
        while let Some(next) = self.round()
            && next <= end
        {
            self.clock.set(next.max(self.now()));
        }
        self.clock.set(end.max(self.now()));
    }

    /// Lives for so long.
    pub fn run_for(&mut self, span: Duration) {
        self.run_until(later(self.now(), span));
    }

    /// Makes `count` further rounds in which something is asked, each at its time; fewer if a year goes by.
    pub fn polls(&mut self, count: usize) {
        let wanted = self.server.requests().len() + count;
        let end = later(self.now(), DAY * 366);
        while self.server.requests().len() < wanted {
            let Some(next) = self.round() else { return };
            if self.server.requests().len() >= wanted || next > end {
                return;
            }
            self.clock.set(next);
        }
    }

    pub fn state(&self, id: &str) -> FeedState {
        let id = FeedId::new(id);
        let state = |conn: &store::Connection| store::feeds::state(conn, &id);
        let state = self.shared().store.read_blocking(state);
        state.expect("the store works").expect("it is known")
    }

    pub fn outcome(&self, id: &str) -> Option<OutcomeKind> {
        self.state(id).last_outcome
    }

    /// The polls of a feed, newest first.
    pub fn history(&self, id: &str) -> Vec<PollRecord> {
        let id = FeedId::new(id);
        let history = |conn: &store::Connection| store::feeds::history(conn, &id, 1_000);
        let history = self.shared().store.read_blocking(history);
        history.expect("the store works")
    }

    /// What is stored of a feed, in the order in which it came.
    pub fn entries(&self, id: &str) -> Vec<entries::StoredEntry> {
        let filter = entries::EntryFilter {
            feed: Some(FeedId::new(id)),
            ..entries::EntryFilter::default()
        };
        let page = |conn: &store::Connection| entries::page(conn, &filter, None, 100_000);
        let page = self.shared().store.read_blocking(page);
        let mut entries = page.expect("the store works");
        entries.sort_by_key(|stored| stored.seq);
        entries
    }

    /// The titles of these.
    pub fn titles(&self, id: &str) -> Vec<String> {
        let entries = self.entries(id).into_iter();
        entries.map(|stored| stored.entry.content.title).collect()
    }

    /// The titles of the alerts, in order.
    pub fn alerts(&self) -> Vec<String> {
        let filter = alerts::AlertFilter::default();
        let list = |conn: &store::Connection| alerts::list(conn, &filter, 100_000);
        let mut rows = self
            .shared()
            .store
            .read_blocking(list)
            .expect("the store works");
        rows.sort_by_key(|row| row.id);
        rows.into_iter().map(|row| row.title).collect()
    }
}

/// In memory where the system has such a place: a month of polls is many thousand commits.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder")
}

/// The one feed of [`World::public`].
pub const NEWS: &str = "http://news.example/feed";

pub fn later(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_add(span).expect("within the calendar")
}

/// From `a` to `b`, nothing if that is backwards.
pub fn span(a: Timestamp, b: Timestamp) -> Duration {
    b.duration_since(a).try_into().unwrap_or_default()
}

/// The times between requests, by the world's clock.
pub fn gaps(requests: &[Request]) -> Vec<Duration> {
    requests
        .windows(2)
        .map(|pair| span(pair[0].when, pair[1].when))
        .collect()
}

/// An RSS item with a guid of its own.
pub fn item(guid: &str, title: &str) -> String {
    format!(
        "<item><guid isPermaLink=\"false\">{guid}</guid><link>https://site.example/{guid}</link>\
         <title>{title}</title><description>Text of {title}.</description></item>"
    )
}

/// An RSS document around `items`.
pub fn channel(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>Site</title>\
         <link>https://site.example/</link><description>All of it</description>{items}</channel></rss>"
    )
}

/// An RSS document with these titles, which are their own guids.
pub fn rss(titles: &[&str]) -> String {
    let items: Vec<String> = titles
        .iter()
        .map(|title| item(&title.replace(' ', "-"), title))
        .collect();
    channel(&items.concat())
}
