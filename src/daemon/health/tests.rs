//! The health pass over a real store: feeds behind a closed port, receivers that fail, and who hears of it.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::daemon::once::{How, deliver_all, poll_all};
use crate::daemon::receivers::Receiver;
use crate::daemon::sample::{owe_as, receiver, scripted, setup, shared};
use crate::daemon::{deliver, poll};
use crate::domain::alert::delivery::Attempt;
use crate::domain::feed::Feed;
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;

/// What was said: reason, kind, subject.
type Told = Arc<Mutex<Vec<String>>>;

/// A receiver that keeps what is wrong with the system.
fn listener(id: &str, told: &Told) -> Arc<Receiver> {
    let (told, id_of) = (Arc::clone(told), id.to_owned());
    scripted(
        id,
        Box::new(move |outgoing| {
            let alert = &outgoing.alert;
            if let Some(health) = &alert.health {
                let said = format!(
                    "{id_of}: {} {} {}",
                    alert.reason.as_str(),
                    health.kind,
                    health.subject
                );
                told.lock().unwrap().push(said);
            }
            Attempt::delivered()
        }),
    )
}

fn said(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.lock().unwrap())
}

fn pass(shared: &Shared, minutes: i64) {
    let now = shared.clock.now() + SignedDuration::from_mins(minutes);
    shared.clock.set(now);
}

/// Looks, and delivers what that raised.
async fn look(watch: &mut Watch, shared: &Arc<Shared>) {
    watch.look(shared).await.unwrap();
    deliver_all(shared, shared.clock.now()).await.unwrap();
}

/// Fails to deliver what is owed to `receiver` so often.
async fn fail(shared: &Arc<Shared>, receiver: &str, times: u32) {
    for n in 0..times {
        // Past any rest.
        pass(shared, 10);
        owe_as(
            shared,
            receiver,
            &format!("{receiver} {n} {}", shared.clock.now()),
            Severity::Medium,
        )
        .await;
        let setup = shared.setup();
        let receiver = setup.receiver(receiver).unwrap();
        let claimed = deliver::claim(shared, receiver, None).await.unwrap();
        deliver::send(shared, receiver, claimed.unwrap(), None)
            .await
            .unwrap();
    }
}

/// Answers every request with a feed, as long as it is open.
async fn publish(port: u16) -> JoinSet<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            let mut buffer = [0; 4_096];
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer).await {
                    Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let body = "<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><title>B</title></item></channel></rss>";
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    tasks
}

#[tokio::test]
async fn twenty_feeds_that_cannot_be_reached_are_one_alert_and_one_word_that_it_is_over() {
    let port = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let feeds: Vec<Feed> = (0..20)
        .map(|n| {
            Feed::new(
                FeedId::new(format!("f{n}")),
                format!("http://127.0.0.1:{port}/{n}"),
            )
        })
        .collect();
    let told = Told::default();
    let (_dir, shared) = shared(setup(&feeds, vec![listener("desk", &told)])).await;
    let mut watch = Watch::default();
    let poll = async |shared: &Arc<Shared>| {
        let due = poll::due(shared, shared.clock.now()).await.unwrap();
        poll_all(shared, due, How::Due, |_| {}).await.unwrap();
    };
    for _ in 0..60 {
        poll(&shared).await;
        look(&mut watch, &shared).await;
        pass(&shared, 20);
    }
    assert_eq!(said(&told), ["desk: health unreachable feeds"]);
    let open = publish(port).await;
    for _ in 0..150 {
        poll(&shared).await;
        look(&mut watch, &shared).await;
        pass(&shared, 20);
    }
    assert_eq!(said(&told), ["desk: resolved unreachable feeds"]);
    drop(open);
}

#[tokio::test]
async fn a_receiver_that_fails_is_told_to_every_other_and_never_to_itself() {
    let told = Told::default();
    let desk = receiver("desk", || Attempt::later("connection refused"));
    let mut quiet = listener("quiet", &told);
    Arc::get_mut(&mut quiet).unwrap().config.default = false;
    let others = vec![desk, listener("one", &told), listener("two", &told), quiet];
    let (_dir, shared) = shared(setup(&[], others)).await;
    let mut watch = Watch::default();
    fail(&shared, "desk", 2).await;
    look(&mut watch, &shared).await;
    assert_eq!(said(&told), Vec::<String>::new());
    fail(&shared, "desk", 1).await;
    for _ in 0..5 {
        look(&mut watch, &shared).await;
        pass(&shared, 1);
    }
    let mut heard = said(&told);
    heard.sort();
    let both = |said: &str| ["one", "two"].map(|id| format!("{id}: {said} receiver-failing desk"));
    assert_eq!(heard, both("health"));
    assert!(shared.not_ready().is_empty(), "others take messages");
    // It takes something again.
    let healed = vec![
        listener("desk", &told),
        listener("one", &told),
        listener("two", &told),
    ];
    shared.replace_setup(setup(&[], healed));
    deliver_all(&shared, shared.clock.now()).await.unwrap();
    look(&mut watch, &shared).await;
    let mut heard = said(&told);
    heard.retain(|said| said.contains("resolved"));
    heard.sort();
    assert_eq!(heard, both("resolved"));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_at_once_and_only_once() {
    let told = Told::default();
    let desk = receiver("desk", || Attempt::gone("404: the receiver is gone"));
    let (_dir, shared) = shared(setup(&[], vec![desk, listener("other", &told)])).await;
    let mut watch = Watch::default();
    fail(&shared, "desk", 1).await;
    for _ in 0..3 {
        look(&mut watch, &shared).await;
        pass(&shared, 60);
    }
    assert_eq!(said(&told), ["other: health receiver-gone desk"]);
}

#[tokio::test]
async fn with_the_only_receiver_failing_readiness_says_so() {
    let desk = receiver("desk", || Attempt::later("connection refused"));
    let (_dir, shared) = shared(setup(&[], vec![desk])).await;
    let mut watch = Watch::default();
    fail(&shared, "desk", 3).await;
    watch.look(&shared).await.unwrap();
    let reasons = shared.not_ready().join(" ");
    assert!(reasons.contains("desk: connection refused"), "{reasons}");
    let alerts = shared
        .store
        .read(|conn| store::alerts::list(conn, &store::alerts::AlertFilter::default(), 10));
    let told = alerts
        .await
        .unwrap()
        .into_iter()
        .find(|row| row.rule.as_str() == "bongsu.health" && row.untold.is_some());
    assert!(
        told.is_some(),
        "kept and shown, though nobody could be told"
    );
    let healed = receiver("desk", Attempt::delivered);
    shared.replace_setup(setup(&[], vec![healed]));
    deliver_all(&shared, shared.clock.now()).await.unwrap();
    watch.look(&shared).await.unwrap();
    assert!(shared.not_ready().is_empty());
}

#[tokio::test]
async fn what_was_given_up_is_told_once() {
    let told = Told::default();
    let desk = receiver("desk", || Attempt::permanent("400: no such field"));
    let (_dir, shared) = shared(setup(&[], vec![desk, listener("other", &told)])).await;
    let mut watch = Watch::default();
    fail(&shared, "desk", 3).await;
    for _ in 0..3 {
        look(&mut watch, &shared).await;
        pass(&shared, 60);
    }
    assert_eq!(said(&told), ["other: health dead-letters desk"]);
    pass(&shared, 25 * 60);
    look(&mut watch, &shared).await;
    assert_eq!(
        said(&told),
        Vec::<String>::new(),
        "of what happened nobody hears that it is over"
    );
}

#[tokio::test]
async fn who_is_named_is_told_and_min_severity_counts() {
    let told = Told::default();
    let desk = receiver("desk", || Attempt::later("503"));
    let mut deaf = listener("deaf", &told);
    Arc::get_mut(&mut deaf).unwrap().config.min_severity = Severity::Critical;
    let mut named = listener("named", &told);
    Arc::get_mut(&mut named).unwrap().config.default = false;
    let mut with = setup(&[], vec![desk, deaf, named]);
    with.health_receivers = vec![ReceiverId::new("named"), ReceiverId::new("deaf")];
    let (_dir, shared) = shared(with).await;
    fail(&shared, "desk", 3).await;
    look(&mut Watch::default(), &shared).await;
    assert_eq!(said(&told), ["named: health receiver-failing desk"]);
}

#[tokio::test]
async fn a_refused_config_is_told_and_over_when_it_is_mended() {
    let told = Told::default();
    let (_dir, shared) = shared(setup(&[], vec![listener("desk", &told)])).await;
    let mut watch = Watch::default();
    shared.set_trouble("config", Some("reload refused: feeds.toml:3:1".to_owned()));
    look(&mut watch, &shared).await;
    shared.set_trouble("config", None);
    look(&mut watch, &shared).await;
    assert_eq!(
        said(&told),
        [
            "desk: health config-refused config",
            "desk: resolved config-refused config"
        ]
    );
}

#[tokio::test]
async fn a_store_that_is_damaged_under_the_daemon_is_told_without_it_once() {
    let told = Told::default();
    let tries = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&tries);
    // One that takes it at its second try.
    let flaky = Box::new(move |_: &crate::notify::Outgoing| {
        let mut tries = counted.lock().unwrap();
        *tries += 1;
        if *tries == 1 {
            Attempt::later("503")
        } else {
            Attempt::delivered()
        }
    });
    let with = setup(&[], vec![listener("desk", &told), scripted("flaky", flaky)]);
    let (dir, shared) = shared(with).await;
    let file = dir.path().join("bongsu.db");
    // Nothing is left in the log, from which it could be read.
    shared.store.checkpoint_blocking().unwrap();
    let whole = std::fs::metadata(&file).unwrap().len();
    std::fs::write(&file, vec![b'x'; usize::try_from(whole).unwrap()]).unwrap();
    let mut watch = Watch::default();
    for round in 0..30 {
        let failed = watch.look(&shared).await.unwrap_err();
        shared.store_fails("health", &failed);
        // A write may succeed all the same.
        shared.store_serves("watch");
        assert!(shared.not_ready()[0].contains("damaged"), "{round}");
        watch.alarm.settled(&shared).await;
        pass(&shared, 1);
    }
    let told = said(&told);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("desk: health store-failing "),
        "{told:?}"
    );
    assert_eq!(*tries.lock().unwrap(), 2);
}

#[tokio::test]
async fn of_a_store_that_failed_there_is_a_word_when_it_works_again() {
    let told = Told::default();
    let (_dir, shared) = shared(setup(&[], vec![listener("desk", &told)])).await;
    let full = StoreError::Full { path: "a".into() };
    let mut watch = Watch::default();
    for _ in 0..3 {
        shared.store_fails("poll", &full);
        look(&mut watch, &shared).await;
        watch.alarm.settled(&shared).await;
        pass(&shared, 1);
    }
    shared.store_serves("poll");
    look(&mut watch, &shared).await;
    look(&mut watch, &shared).await;
    let told = said(&told);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], told[1], "during and after are one matter");
    assert!(shared.not_ready().is_empty());
}

#[tokio::test]
async fn a_look_that_dies_before_its_commit_tells_the_same_once() {
    let told = Told::default();
    let desk = receiver("desk", || Attempt::later("503"));
    let (_dir, shared) = shared(setup(&[], vec![desk, listener("other", &told)])).await;
    fail(&shared, "desk", 3).await;
    // Two passes, as before and after a restart.
    look(&mut Watch::default(), &shared).await;
    look(&mut Watch::default(), &shared).await;
    assert_eq!(said(&told).len(), 1);
}
