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

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Url;

use self::host::Place;
use self::websub::Mode;
use crate::domain::feed::outcome::{FetchOutcome, FetchRequest};
use crate::domain::feed::schedule::Pace;
use crate::domain::feed::websub::{Answer, Callback};

/// Something asked of the network, not answered yet.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The seam to the network: the [`Fetcher`]; in a simulation a world that has no network.
pub trait Fetch: Send + Sync {
    /// Asks for one document; keep its place until it is read.
    fn fetch_in_place<'a>(
        &'a self,
        request: &'a FetchRequest,
    ) -> Pending<'a, (FetchOutcome, Place)>;

    /// Whether the host of `url` is the operator's own, and not public.
    fn is_private<'a>(&'a self, url: &'a Url, direct: bool) -> Pending<'a, bool>;

    /// Asks the hub of `callback` to push there, or to stop; never us, who listen at the port `own`.
    fn ask_hub<'a>(
        &'a self,
        callback: &'a Callback,
        mode: Mode,
        own: Option<u16>,
    ) -> Pending<'a, Answer>;

    /// Most bytes of a document on the wire, and most after decoding.
    fn largest(&self) -> (u64, u64);
}

impl Fetch for Fetcher {
    fn fetch_in_place<'a>(
        &'a self,
        request: &'a FetchRequest,
    ) -> Pending<'a, (FetchOutcome, Place)> {
        Box::pin(Self::fetch_in_place(self, request))
    }

    fn is_private<'a>(&'a self, url: &'a Url, direct: bool) -> Pending<'a, bool> {
        Box::pin(Self::is_private(self, url, direct))
    }

    fn ask_hub<'a>(
        &'a self,
        callback: &'a Callback,
        mode: Mode,
        own: Option<u16>,
    ) -> Pending<'a, Answer> {
        Box::pin(Self::ask_hub(self, callback, mode, own))
    }

    fn largest(&self) -> (u64, u64) {
        Self::largest(self)
    }
}

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
