use super::*;
use crate::daemon::sample::{now, owe, receiver, setup, shared};
use crate::domain::alert::delivery::Attempt;

#[tokio::test]
async fn all_is_well_only_while_tasks_beat_the_outbox_moves_and_the_store_writes() {
    const EVERY: Duration = Duration::from_mins(5);
    let (_dir, shared) = shared(setup(&[], vec![receiver("desk", Attempt::delivered)])).await;
    assert_eq!(ailment(&shared, EVERY).await, None);
    let full = crate::store::StoreError::Full { path: "a".into() };
    shared.store_fails("poll", &full);
    let why = ailment(&shared, EVERY).await.unwrap();
    assert!(why.starts_with("store: a: no room left"), "{why}");
    shared.store_serves("poll");
    owe(&shared, "desk").await;
    assert_eq!(ailment(&shared, EVERY).await, None);
    shared
        .clock
        .set(now() + jiff::SignedDuration::from_mins(11));
    let why = ailment(&shared, EVERY).await.unwrap();
    assert!(why.contains("1 deliveries are overdue"), "{why}");
    shared.progress.beat("poll", Duration::ZERO);
    while shared.progress.late().is_empty() {}
    let why = ailment(&shared, EVERY).await.unwrap();
    assert!(why.contains("task poll"), "{why}");
}
