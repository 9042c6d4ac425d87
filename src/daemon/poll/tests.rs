use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

mod standing;

use super::*;
use crate::daemon::sample::{now, receiver, setup, shared};
use crate::domain::alert::delivery::Attempt;

/// A publisher that answers one request once it is told to.
async fn publisher() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/feed", listener.local_addr().unwrap());
    (url, listener)
}

const DOCUMENT: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Daily","items":[
    {"id":"1","url":"https://daily.example/1","title":"Acme wins the tender of the year",
     "content_text":"Text.","date_published":"2026-11-24T09:59:00Z"}]}"#;

fn answer(document: &str) -> String {
    let length = document.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/feed+json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{document}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_link_to_one_list_are_stories_of_their_own() {
    let (url, listener) = publisher().await;
    let feed = Feed::new(FeedId::new("notices"), url);
    let setup = setup(
        std::slice::from_ref(&feed),
        vec![receiver("desk", Attempt::delivered)],
    );
    let (_dir, shared) = shared(setup).await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let items = ["Acme wins the first tender", "Acme loses its licence"].map(|title| {
            serde_json::json!({"id": title, "title": title, "url": "https://agency.example/notices",
                "content_text": "Text.", "date_published": now().to_string()})
        });
        let document = serde_json::json!({
            "version": "https://jsonfeed.org/version/1.1", "title": "Notices", "items": items,
        });
        stream
            .write_all(answer(&document.to_string()).as_bytes())
            .await
            .unwrap();
    };
    let in_force = shared.setup();
    let feed = Arc::new(feed);
    let (report, ()) = tokio::join!(
        poll(
            &shared,
            &in_force,
            &feed,
            FeedState::default(),
            Manner::default()
        ),
        serve
    );
    assert_eq!(report.unwrap().alerts, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_under_way_tells_the_receivers_that_a_reload_brought() {
    let (url, listener) = publisher().await;
    let feed = Feed::new(FeedId::new("daily"), url);
    let old = setup(
        std::slice::from_ref(&feed),
        vec![receiver("before", Attempt::delivered)],
    );
    let (_dir, shared) = shared(old).await;
    let reload = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let new = setup(
            std::slice::from_ref(&feed),
            vec![receiver("after", Attempt::delivered)],
        );
        crate::daemon::sync(&shared, &new).await.unwrap();
        shared.replace_setup(new);
        stream.write_all(answer(DOCUMENT).as_bytes()).await.unwrap();
    };
    let (begun_with, polled) = (shared.setup(), Arc::new(feed.clone()));
    let (report, ()) = tokio::join!(
        poll(
            &shared,
            &begun_with,
            &polled,
            FeedState::default(),
            Manner::default()
        ),
        reload
    );
    let report = report.unwrap();
    assert_eq!((report.new, report.alerts), (1, 1), "{report:?}");
    let waiting = shared
        .store
        .read(|conn| store::outbox::waiting(conn, None))
        .await
        .unwrap();
    assert_eq!(waiting[0].0.as_str(), "after");
}

/// A poll of a feed that ends so.
async fn end(polls: &mut Polls, shared: &Shared, id: &str, result: Result<Report, StoreError>) {
    let handle = polls.tasks.spawn(async move { result });
    polls
        .feeds
        .insert(handle.id(), (id.into(), "h.example".to_owned()));
    let ended = polls.tasks.join_next_with_id().await;
    polls.ended(shared, ended);
}

#[tokio::test]
async fn a_feed_whose_polls_are_not_recorded_is_not_hidden_by_another() {
    let (_dir, shared) = shared(setup(&[], Vec::new())).await;
    let mut polls = Polls::default();
    let fault = StoreError::Fault {
        path: "x".into(),
        detail: "no".to_owned(),
    };
    let good = Report {
        feed: FeedId::new("b"),
        outcome: OutcomeKind::OkSame,
        error: None,
        new: 0,
        revised: 0,
        alerts: 0,
        held: BTreeMap::new(),
        private: false,
    };
    end(&mut polls, &shared, "a", Err(fault)).await;
    end(&mut polls, &shared, "b", Ok(good.clone())).await;
    assert!(!shared.not_ready().is_empty());
    end(&mut polls, &shared, "a", Ok(good)).await;
    assert!(shared.not_ready().is_empty());
}

#[test]
fn a_clock_set_back_after_the_start_holds_no_feed() {
    let mut polls = Polls::default();
    let id = FeedId::new("a");
    let year = Duration::from_hours(365 * 24);
    polls
        .not_before
        .insert(id.clone(), schedule::later(now(), year));
    assert!(!polls.waits(&id, now()));
    polls
        .not_before
        .insert(id.clone(), schedule::later(now(), Duration::from_secs(30)));
    assert!(polls.waits(&id, now()));
}
