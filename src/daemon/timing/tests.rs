//! The pass: when it rests.

use super::*;
use crate::daemon::sample::{setup, shared};

#[tokio::test]
async fn an_idle_pass_finds_nothing_and_rests_as_long_as_it_may() {
    let (_dir, shared) = shared(setup(&[], Vec::new())).await;
    let found = round(&shared, true).await.unwrap();
    assert_eq!(found, Round::default());
    let now = shared.clock.now();
    assert_eq!(rest(None, now), LONGEST_REST);
    assert_eq!(rest(Some(now), now), SHORTEST_REST);
    let far = now
        .checked_add(jiff::SignedDuration::from_hours(48))
        .unwrap();
    assert_eq!(rest(Some(far), now), LONGEST_REST);
}
