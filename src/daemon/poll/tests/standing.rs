//! Scenarios of moves, limits, lost networks and clocks: real sockets behind a proxy, so that names are public
//! ones, and a clock that the test moves.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::SignedDuration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::*;
use crate::clock::Clock;
use crate::daemon::once::{How, poll_all};
use crate::domain::feed::Health;
use crate::domain::units::Rate;
use crate::fetch::proxy::Proxies;
use crate::fetch::{FetchSettings, Fetcher};
use crate::secret::Secret;

/// What is answered to a URL, whole; none: nothing, for ever.
type Answers = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// All publishers at once.
struct Web {
    port: u16,
    /// URLs in the order in which they were asked, and whether conditionally.
    asked: Arc<Mutex<Vec<(String, bool)>>>,
    _tasks: JoinSet<()>,
}

impl Web {
    async fn serve(port: u16, answers: Answers) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answers) = (Arc::clone(&asked), Arc::new(answers));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(answer_one(stream, Arc::clone(&log), Arc::clone(&answers)));
            }
        });
        Self {
            port,
            asked,
            _tasks: tasks,
        }
    }

    /// What was asked since this was last called.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
            .into_iter()
            .map(|(url, _)| url)
            .collect()
    }
}

async fn answer_one(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<(String, bool)>>>,
    answers: Arc<Answers>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut buffer = [0; 4_096];
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let url = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let conditional = head.to_ascii_lowercase().contains("if-none-match");
    log.lock().unwrap().push((url.clone(), conditional));
    match answers(&url) {
        Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
        None => std::future::pending().await,
    }
}

/// A port that nobody listens on.
async fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn head(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n")
}

fn document() -> String {
    answer(DOCUMENT)
}

/// Feeds of as many hosts.
fn on_hosts(count: u32) -> Vec<Feed> {
    let feed = |n| named(&format!("f{n}"), &format!("http://h{n}.example/feed"));
    (0..count).map(feed).collect()
}

fn named(id: &str, url: &str) -> Feed {
    Feed {
        interval: Some(Duration::from_hours(1)),
        ..Feed::new(FeedId::new(id), url)
    }
}

/// A daemon that asks these feeds through a proxy at `port`.
async fn daemon(feeds: &[Feed], port: u16) -> (tempfile::TempDir, Arc<Shared>) {
    let settings = FetchSettings {
        proxy: Proxies::All(Secret::new(format!("http://127.0.0.1:{port}"))),
        per_host_interval: Duration::ZERO,
        start_rate: Rate {
            count: 100_000,
            per: Duration::from_secs(1),
        },
        ..FetchSettings::default()
    };
    let setup = Setup {
        fetcher: Arc::new(Fetcher::new(&settings, "bongsu/test", Clock::System).unwrap()),
        ..setup(feeds, vec![receiver("desk", Attempt::delivered)])
    };
    shared(setup).await
}

fn go_to(shared: &Shared, hours: i64, seconds: i64) {
    shared
        .clock
        .set(now() + SignedDuration::from_secs(hours * 3_600 + seconds));
}

/// Lets the daemon look once, and all polls end that then begin.
async fn round(polls: &mut Polls, shared: &Arc<Shared>) {
    polls.step(shared, true).await.unwrap();
    while !polls.is_idle() {
        let ended = polls.next_ended().await;
        polls.ended(shared, ended);
        polls.step(shared, false).await.unwrap();
    }
}

fn state(shared: &Shared, id: &str) -> FeedState {
    shared
        .store
        .read_blocking(|conn| store::feeds::state(conn, &FeedId::new(id)))
        .unwrap()
        .unwrap()
}

async fn poll_now(shared: &Arc<Shared>, id: &str, full: bool) -> Report {
    let setup = shared.setup();
    let feed = Arc::clone(&setup.feeds[&FeedId::new(id)]);
    let manner = Manner {
        full,
        ..Manner::default()
    };
    poll(shared, &setup, &feed, state(shared, id), manner)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_has_moved_is_asked_there_and_replays_nothing() {
    let (old, new) = ("http://old.example/feed", "http://new.example/feed");
    let web = Web::serve(
        0,
        Box::new(move |url| match url {
            "http://new.example/feed" => Some(document()),
            _ => Some(head(301, "Location: http://new.example/feed\r\n")),
        }),
    )
    .await;
    let (_dir, shared) = daemon(&[named("a", old)], web.port).await;
    let mut alerts = 0;
    for day in 0..=8 {
        go_to(&shared, day * 24, 0);
        alerts += poll_now(&shared, "a", false).await.alerts;
        assert_eq!(web.asked(), [old, new], "day {day}");
    }
    go_to(&shared, 9 * 24, 0);
    let report = poll_now(&shared, "a", false).await;
    assert_eq!(
        (web.asked(), report.outcome),
        (vec![new.to_owned()], OutcomeKind::OkSame)
    );
    let after = state(&shared, "a");
    assert_eq!(
        (alerts, after.entries, after.url.as_str()),
        (1, 1, old),
        "one entry, told once; config untouched"
    );
    let history = shared
        .store
        .read_blocking(|conn| store::feeds::history(conn, &FeedId::new("a"), 3))
        .unwrap();
    assert!(
        history[1]
            .note
            .as_ref()
            .unwrap()
            .contains("asked at http://new.example/"),
        "the history says when"
    );
    poll_now(&shared, "a", true).await;
    assert_eq!(web.asked(), [old, new], "--full asks where config says");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_feeds_led_to_one_host_at_once_stay() {
    let web = Web::serve(
        0,
        Box::new(|url| {
            if url.starts_with("http://hotel.example/") {
                Some(document())
            } else {
                let path = url.trim_start_matches("http://").replace('/', "-");
                Some(head(
                    301,
                    &format!("Location: http://hotel.example/{path}\r\n"),
                ))
            }
        }),
    )
    .await;
    let feeds = on_hosts(5);
    let (_dir, shared) = daemon(&feeds, web.port).await;
    for day in 0..=10 {
        go_to(&shared, day * 24, 0);
        for feed in &feeds {
            poll_now(&shared, feed.id.as_str(), false).await;
        }
    }
    let moves = feeds
        .iter()
        .map(|feed| state(&shared, feed.id.as_str()).standing.moves);
    assert!(
        moves
            .into_iter()
            .all(|moves| moves.effective_url.is_none() && moves.candidate.unwrap().polls > 5)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_silences_its_host_and_its_feeds_come_one_by_one_afterwards() {
    let limits = Arc::new(Mutex::new(true));
    let limited = Arc::clone(&limits);
    let web = Web::serve(
        0,
        Box::new(move |url| {
            let limited = *limited.lock().unwrap() && url.starts_with("http://busy.example/");
            if limited {
                Some(head(429, "Retry-After: 7200\r\n"))
            } else {
                Some(document())
            }
        }),
    )
    .await;
    let mut feeds: Vec<Feed> = (0..50)
        .map(|n| named(&format!("f{n}"), &format!("http://busy.example/{n}")))
        .collect();
    feeds.push(named("other", "http://other.example/feed"));
    let (_dir, shared) = daemon(&feeds, web.port).await;
    let mut polls = Polls::default();
    round(&mut polls, &shared).await;
    assert_eq!(web.asked().len(), 2, "one of the busy host, and the other");
    let next = (0..50).map(|n| state(&shared, &format!("f{n}")).next_poll.unwrap());
    assert!(next.min().unwrap() >= now() + SignedDuration::from_hours(2));
    let (mut polls, by_hand) = (
        Polls::default(),
        vec![Due {
            id: "f7".into(),
            host: "busy.example".into(),
            at: None,
            alone: false,
        }],
    );
    go_to(&shared, 0, 7_199);
    round(&mut polls, &shared).await;
    let summary = poll_all(&shared, by_hand, How::ByHand, |_| {})
        .await
        .unwrap();
    assert_eq!(
        (summary.feeds.polled, summary.feeds.waiting),
        (0, 1),
        "not by hand either"
    );
    assert_eq!(
        web.asked(),
        ["http://other.example/feed"],
        "a new process knows of the wait"
    );
    *limits.lock().unwrap() = false;
    let mut seen = 0;
    for second in 7_200..7_600 {
        go_to(&shared, 0, second);
        round(&mut polls, &shared).await;
        let asked = web.asked().len();
        assert!(asked <= 2, "{asked} at once");
        seen += asked;
    }
    assert!(seen >= 49, "{seen}: none is dropped");
}

/// No feed is blamed, in its state or in its history.
fn assert_excused(feeds: &[Feed], shared: &Shared) {
    for feed in feeds {
        let state = state(shared, feed.id.as_str());
        let expected = (0, Some(OutcomeKind::Offline), Health::New);
        assert_eq!(
            (state.failures, state.last_outcome, state.health(feed)),
            expected,
            "{}",
            feed.id
        );
        let history = shared
            .store
            .read_blocking(|conn| store::feeds::history(conn, &feed.id, 9))
            .unwrap();
        assert!(
            history
                .iter()
                .all(|poll| poll.outcome == OutcomeKind::Offline)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_loses_the_network_leaves_due_what_it_did_not_ask() {
    let feeds = on_hosts(600);
    let (_dir, shared) = daemon(&feeds, dead_port().await).await;
    let due = |seconds: i64| {
        let at = shared.clock.now() + SignedDuration::from_secs(seconds);
        let read =
            |conn: &store::Connection| store::feeds::due(conn, at, |row| Some(Due::of(&row)));
        shared.store.read_blocking(read).unwrap()
    };
    let summary = poll_all(&shared, due(0), How::Due, |_| {}).await.unwrap();
    assert!(shared.network.is_offline());
    let polled = usize::try_from(summary.feeds.polled).unwrap();
    assert!(polled < 600, "{summary:?}");
    assert!(
        due(0).len() >= 600 - polled,
        "those that were marked already too"
    );
    assert_eq!(due(60).len(), 600, "those that found no network");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_network_is_one_trouble_and_no_feeds_fault() {
    let port = dead_port().await;
    let feeds = on_hosts(8);
    let (_dir, shared) = daemon(&feeds, port).await;
    let mut polls = Polls::default();
    round(&mut polls, &shared).await;
    assert!(shared.network.is_offline());
    assert!(
        shared
            .not_ready()
            .iter()
            .any(|text| text.contains("no network")),
        "{:?}",
        shared.not_ready()
    );
    assert_excused(&feeds, &shared);
    go_to(&shared, 0, 30);
    round(&mut polls, &shared).await;
    let web = Web::serve(port, Box::new(|_| Some(document()))).await;
    go_to(&shared, 0, 59);
    round(&mut polls, &shared).await;
    assert_eq!(web.asked(), Vec::<String>::new(), "polls wait");
    go_to(&shared, 0, 61);
    polls.step(&shared, true).await.unwrap();
    let probed = polls.next_ended().await;
    polls.ended(&shared, probed);
    assert_eq!(web.asked().len(), 1, "one feed is tried");
    assert!(!shared.network.is_offline() && shared.not_ready().is_empty());
    round(&mut polls, &shared).await;
    let mut late = 0;
    for second in 62..=130 {
        go_to(&shared, 0, second);
        round(&mut polls, &shared).await;
        late += web.asked().len();
    }
    assert!(polls.not_before.is_empty(), "{:?}", polls.not_before);
    let well = feeds
        .iter()
        .filter(|feed| state(&shared, feed.id.as_str()).health(feed) == Health::Ok);
    assert_eq!(
        (well.count(), late > 3),
        (8, true),
        "all are well again, and were spread"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_without_a_network_builds_up_no_back_off() {
    let port = dead_port().await;
    let feeds = on_hosts(6);
    let (_dir, shared) = daemon(&feeds, port).await;
    let found = due(&shared, now()).await.unwrap();
    let summary = poll_all(&shared, found, How::Due, |_| {}).await.unwrap();
    assert!(summary.feeds.failed > 0 && !summary.is_complete());
    for feed in &feeds {
        let state = state(&shared, feed.id.as_str());
        assert_eq!(
            (state.failures, state.last_outcome),
            (0, Some(OutcomeKind::Offline))
        );
        assert!(state.next_poll.unwrap() <= now() + SignedDuration::from_mins(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_in_place_of_all_feeds_is_a_portal_and_overwrites_nothing() {
    let portal = Arc::new(Mutex::new(false));
    let on = Arc::clone(&portal);
    let web = Web::serve(0, Box::new(move |url| {
        if url.starts_with("http://hotel.example/") {
            Some(answer("<!DOCTYPE html><html><head><title>Welcome</title></head><body>Room?</body></html>"))
        } else if *on.lock().unwrap() {
            Some(head(302, "Location: http://hotel.example/\r\n"))
        } else {
            Some(document())
        }
    }))
    .await;
    let feeds = on_hosts(6);
    let (_dir, shared) = daemon(&feeds, web.port).await;
    let mut polls = Polls::default();
    round(&mut polls, &shared).await;
    let before = state(&shared, "f0");
    *portal.lock().unwrap() = true;
    go_to(&shared, 3, 0);
    for minute in 0..3 {
        go_to(&shared, 3, minute * 60);
        round(&mut polls, &shared).await;
    }
    assert!(shared.network.is_offline());
    let excused = feeds.iter().filter(|feed| {
        let state = state(&shared, feed.id.as_str());
        state.last_outcome == Some(OutcomeKind::Offline) && state.failures == 0
    });
    assert!(excused.count() >= 5);
    let after = state(&shared, "f0");
    assert_eq!(
        (after.body_hash, after.title, after.entries),
        (before.body_hash, before.title, before.entries)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_never_answers_delays_no_other() {
    let web = Web::serve(
        0,
        Box::new(|url| {
            if url.starts_with("http://slow.example/") {
                None
            } else {
                Some(document())
            }
        }),
    )
    .await;
    let mut feeds: Vec<Feed> = (0..40)
        .map(|n| named(&format!("a{n}"), &format!("http://slow.example/{n}")))
        .collect();
    feeds.extend((0..5).map(|n| named(&format!("z{n}"), &format!("http://quick{n}.example/feed"))));
    let (_dir, shared) = daemon(&feeds, web.port).await;
    let mut polls = Polls::default();
    polls.step(&shared, true).await.unwrap();
    assert_eq!(polls.tasks.len(), 6, "one of the slow host");
    for _ in 0..5 {
        let ended = polls.next_ended().await;
        assert!(
            matches!(&ended, Some(Ok((_, Ok(report)))) if report.feed.as_str().starts_with('z'))
        );
        polls.ended(&shared, ended);
        polls.step(&shared, false).await.unwrap();
    }
    assert_eq!(polls.tasks.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_ask_no_feed_twice() {
    let web = Web::serve(0, Box::new(|_| Some(document()))).await;
    let feeds: Vec<Feed> = (0..40)
        .map(|n| named(&format!("f{n}"), &format!("http://h{}.example/{n}", n % 8)))
        .collect();
    let (_dir, shared) = daemon(&feeds, web.port).await;
    let mut asked: HashMap<String, u32> = HashMap::new();
    for start in 0..10 {
        go_to(&shared, 0, start * 60);
        round(&mut Polls::default(), &shared).await;
        web.asked()
            .into_iter()
            .for_each(|url| *asked.entry(url).or_default() += 1);
    }
    assert!(
        asked.len() == 40 && asked.values().all(|times| *times == 1),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_jump_spread_what_is_overdue_and_leave_nothing_stuck() {
    let web = Web::serve(0, Box::new(|_| Some(document()))).await;
    let feeds = on_hosts(60);
    let (_dir, shared) = daemon(&feeds, web.port).await;
    let mut polls = Polls::default();
    round(&mut polls, &shared).await;
    assert_eq!(web.asked().len(), 60);
    // The machine slept, or its clock was set: eight hours forward, and back again.
    for hours in [8, 0] {
        go_to(&shared, hours, 0);
        round(&mut polls, &shared).await;
        let at_once = web.asked().len();
        assert!(at_once <= 20, "{at_once} at once after a jump to {hours} h");
        let mut all = at_once;
        for second in 1..=61 {
            go_to(&shared, hours, second);
            round(&mut polls, &shared).await;
            let now = web.asked().len();
            assert!(now <= 20, "{now} in a second");
            all += now;
        }
        assert_eq!(all, 60, "after a jump to {hours} h");
    }
    let next = feeds
        .iter()
        .map(|feed| state(&shared, feed.id.as_str()).next_poll.unwrap());
    assert!(next.max().unwrap() < now() + SignedDuration::from_hours(24));
}
