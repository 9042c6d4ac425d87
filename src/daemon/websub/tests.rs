//! The pass over a real store, with a hub that nobody runs.

use std::net::{Ipv4Addr, TcpListener};

use super::*;
use crate::daemon::sample::{now, setup, shared};
use crate::domain::feed::Feed;
use crate::domain::feed::websub::{Offer, State, Terms};

fn wire() -> FeedId {
    FeedId::new("wire")
}

/// A setup in which hubs may push, or not.
fn with(websub: bool, terms: Terms) -> Setup {
    let feed = Feed {
        websub: terms,
        ..Feed::new(wire(), "http://127.0.0.1:1/feed")
    };
    Setup {
        websub: websub.then(|| WebsubSettings {
            base: "https://desk.example/websub/".to_owned(),
            lease: Duration::from_hours(24),
        }),
        ..setup(&[feed], Vec::new())
    }
}

async fn offer(shared: &Shared, hub: String) {
    let offer = Offer {
        hubs: vec![hub],
        topic: "http://127.0.0.1:1/feed".to_owned(),
    };
    let write = move |tx: &store::Transaction<'_>| {
        let offer = offer.clone();
        store::websub::change(tx, &wire(), now(), |known| known.push.offer = Some(offer))
    };
    shared.store.write(write).await.unwrap();
}

async fn known(shared: &Shared) -> Subscription {
    let read = |conn: &store::Connection| store::websub::get(conn, &wire());
    shared.store.read(read).await.unwrap()
}

/// An address that was free a moment ago.
fn nobody() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}/hub", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_hub_that_cannot_be_reached_is_a_failure_with_another_try() {
    let (_dir, shared) = shared(with(true, Terms::default())).await;
    offer(&shared, nobody()).await;
    assert_eq!(
        changed(&shared, &shared.setup(), now()).await.unwrap(),
        [wire()]
    );
    attend(Arc::clone(&shared), wire()).await.unwrap();
    let failed = known(&shared).await;
    assert_eq!((failed.state, failed.failures), (State::Failed, 1));
    assert!(failed.due.unwrap() > now() && failed.callbacks.is_empty());
    assert!(
        changed(&shared, &shared.setup(), now())
            .await
            .unwrap()
            .is_empty(),
        "not at once"
    );
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_listens_or_wishes() {
    let unwanted = Terms {
        wanted: false,
        ..Terms::default()
    };
    for setup in [with(false, Terms::default()), with(true, unwanted)] {
        let (_dir, shared) = shared(setup).await;
        offer(&shared, nobody()).await;
        attend(Arc::clone(&shared), wire()).await.unwrap();
        let known = known(&shared).await;
        assert_eq!(
            (known.state, known.target, known.due),
            (State::Off, None, None)
        );
    }
}

#[tokio::test]
async fn a_hub_on_a_foreign_private_network_is_never_asked() {
    let (_dir, shared) = shared(with(true, Terms::default())).await;
    offer(&shared, "http://10.0.0.1/hub".to_owned()).await;
    attend(Arc::clone(&shared), wire()).await.unwrap();
    let refused = known(&shared).await;
    assert_eq!(refused.state, State::Failed);
    assert!(refused.error.unwrap().contains("allow_networks"));
}
