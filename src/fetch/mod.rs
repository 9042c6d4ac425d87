//! The only module that talks to publishers.
//!
//! `http` holds one exchange with its redirects, `guard` says which addresses may be reached, `host` when it
//! is a host's turn, `body` and `coding` bring the bytes in. What an answer means for the schedule is decided
//! in `domain::feed`; reading the document, and finding the feeds that a page names, in `domain::document`.

pub mod guard;
pub mod host;
pub mod http;
pub mod settings;

mod body;
mod coding;
mod failure;
mod request;

pub use http::{Fetcher, FetcherError, user_agent};
pub use settings::FetchSettings;

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
