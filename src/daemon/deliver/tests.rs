use super::*;
use crate::daemon::sample::{now, owe, receiver, setup, shared};
use crate::domain::alert::delivery::Attempt;

#[tokio::test]
async fn what_is_owed_to_a_receiver_that_config_lost_keeps_nobody_awake() {
    let (_dir, shared) = shared(setup(&[], vec![receiver("desk", Attempt::delivered)])).await;
    // A send that failed while a reload took its receiver away, or a resend before the reload that brings it.
    owe(&shared, "vanished").await;
    let rest = Desk::default().start_due(&shared).await.unwrap();
    assert_eq!(rest, LONGEST_REST);
}

#[tokio::test]
async fn a_sender_that_panics_has_failed_like_any_other() {
    let desk = receiver("desk", || panic!("a message nobody thought of"));
    let (_dir, shared) = shared(setup(&[], vec![Arc::clone(&desk)])).await;
    owe(&shared, "desk").await;
    let claimed = claim(&shared, &desk, None).await.unwrap().unwrap();
    let went = send(&shared, &desk, claimed).await.unwrap();
    assert_eq!(went, Went::Pending);
    let waiting = shared
        .store
        .read(|conn| outbox::waiting(conn, None))
        .await
        .unwrap();
    assert!(waiting[0].1 > now(), "it has a schedule of its own");
}
