//! The only module that talks to publishers.
//!
//! `http` holds one exchange with its redirects, `request` what is sent on each hop, `answer` what a status
//! means; `guard` says which addresses may be reached, `names` finds them, `host` when it is a host's turn,
//! `proxy` and `clients` how it is reached; `body` and `coding` bring the bytes in, `phases` measures; `robots` is what
//! a host lets programs fetch. What an
//! answer means for the schedule is decided in `domain::feed`; reading the document, and finding the feeds that
//! a page names, in `domain::document`.

pub mod guard;
pub mod host;
pub mod http;
pub mod names;
pub mod proxy;
pub mod settings;
pub mod websub;

mod answer;
mod body;
mod clients;
mod coding;
mod cookies;
mod failure;
mod phases;
mod request;
mod robots;

pub use clients::examine;
pub use http::{Fetcher, FetcherError, user_agent};
pub use settings::FetchSettings;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::feed::schedule::Pace;

impl FetchSettings {
    /// What the schedule needs of these settings; the caller sets [`Pace::price`] when it knows its feeds.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace {
            interval: match self.interval {
                settings::Interval::Adaptive => None,
                settings::Interval::Fixed(interval) => Some(interval),
            },
            budget: f64::from(self.budget),
            min: self.min_interval,
            max: self.max_interval,
            gap: self.per_host_interval,
            ..Pace::default()
        }
    }
}

/// Locks a table. One whose holder panicked still holds whole entries.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
