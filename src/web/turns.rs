//! Turns for what may take long: searches, trials of rules, queries that are compiled, counts of whole tables.
//!
//! So few of them run at once that readers of the store and the threads that answer are left for everything else, and so few
//! wait that each has its turn soon; others are told to come again. How long one may take is its own matter.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{Answer, Problem};
use crate::store::READERS;

/// So many run at once.
const AT_ONCE: usize = READERS / 2;

/// So many wait.
const WAITING: usize = 16;

/// Seconds until others may come again.
const LATER: u64 = 5;

/// Who runs, and who waits.
pub struct Turns {
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// A turn; it ends when dropped.
pub struct Turn {
    _running: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            running: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Turns {
    /// A turn, once there is one; a problem where too many wait already.
    pub async fn take(&self) -> Answer<Turn> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Problem::later("too many searches are waiting", LATER))?;
        Ok(Turn {
            _running: Arc::clone(&self.running).acquire_owned().await.ok(),
            _place: place,
        })
    }

    /// Does `work` in a turn, on a thread where it may take its time.
    pub async fn during<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let turn = self.take().await?;
        // Who asked may have gone away by then: the turn lasts as long as the work.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        Ok(done
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn some_run_some_wait_and_the_others_come_again() {
        let turns = Arc::new(Turns::default());
        let mut running = Vec::new();
        for _ in 0..AT_ONCE {
            running.push(turns.take().await.expect("a turn"));
        }
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING {
            let turns = Arc::clone(&turns);
            waiting.spawn(async move { turns.take().await.is_ok() });
        }
        while turns.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = turns.take().await.err().expect("no place is left");
        assert_eq!((refused.status.as_u16(), refused.later), (503, Some(LATER)));
        assert!(waiting.try_join_next().is_none(), "they wait");
        drop(running);
        while let Some(had) = waiting.join_next().await {
            assert!(had.expect("no panic"));
        }
        assert_eq!(turns.during(|| 7).await.expect("a turn"), 7);
    }
}
