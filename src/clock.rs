//! The wall clock, read in one place.
//!
//! The core takes `now` as an argument; only passes and commands ask this clock, so that a scenario can
//! bring its own. Monotonic time for measuring durations is `std::time::Instant`, not this.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Where `now` comes from: the machine's clock, or one that a test moves.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that stands still until told: milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

/// How long the machine has run, sleep included: what a wall clock that was not touched goes on by.
#[must_use]
pub fn since_boot() -> std::time::Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    std::time::Duration::try_from(time).unwrap_or_default()
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::set`].
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    /// The time now, to the millisecond: what the store keeps and what is compared are the same value.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the wall clock"
        )]
        let millis = match self {
            Self::System => Timestamp::now().as_millisecond(),
            Self::Manual(millis) => millis.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock; the system's cannot be moved from here.
    pub fn set(&self, to: Timestamp) {
        if let Self::Manual(millis) = self {
            millis.store(to.as_millisecond(), Ordering::SeqCst);
        }
    }
}
