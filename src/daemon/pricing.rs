//! What a poll costs now: worked out from all feeds every ten minutes, corrected by what was really sent.
//!
//! How prices come about is in `domain::feed::market`; what a feed makes of its price, in `schedule`.

use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::Shared;
use crate::domain::feed::Feed;
use crate::domain::feed::market::{Market, Spent};
use crate::domain::feed::outcome::HttpFacts;
use crate::domain::feed::schedule::Pace;
use crate::store;

/// How often prices are worked out again.
const EVERY: Duration = Duration::from_mins(10);

/// The note under which the correction outlives the process.
pub const CORRECTION: &str = "budget.correction";

/// The prices in force, and what was spent under them.
pub struct Pricing {
    market: RwLock<Market>,
    spent: Mutex<Spent>,
    last: Mutex<Option<Instant>>,
}

impl Pricing {
    /// Begins with `market`.
    #[must_use]
    pub fn new(market: Market) -> Self {
        Self {
            market: RwLock::new(market),
            spent: Mutex::default(),
            last: Mutex::new(None),
        }
    }

    fn market(&self) -> Market {
        self.market
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Shared {
    /// How `feed` is paced now: as set, at the price that all feeds' rhythms make.
    #[must_use]
    pub fn pace_of(&self, feed: &Feed) -> Pace {
        let market = &self.pricing.market;
        let market = market.read().unwrap_or_else(PoisonError::into_inner);
        Pace {
            price: market.price(&feed.url),
            ..self.setup().pace
        }
    }

    /// Counts what a poll of `feed` spent of the budget; a fixed interval is outside of it.
    pub fn spent(&self, feed: &Feed, facts: &HttpFacts) {
        if feed.interval.or(self.setup().pace.interval).is_none() {
            let requests = u32::try_from(facts.redirects.len().saturating_add(1));
            let mut spent = self
                .pricing
                .spent
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            spent.add(requests.unwrap_or(u32::MAX), self.clock.now());
        }
    }

    /// Works prices out again, every ten minutes at most.
    pub(super) async fn learn_prices(&self) {
        let last = *self
            .pricing
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        let (pace, now) = (self.setup().pace, self.clock.now());
        let before = self.pricing.market();
        let spent = self
            .pricing
            .spent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last_hour(now);
        // On the store's reader thread, which may take its time.
        let work = move |conn: &store::Connection| {
            store::feeds::census(conn, pace, now).map(|census| before.after(&census, spent))
        };
        match self.store.read(work).await {
            Ok(market) => {
                let correction = market.correction();
                *self
                    .pricing
                    .market
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = market;
                *self
                    .pricing
                    .last
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                if spent.is_some() {
                    super::remember(self, CORRECTION, format!("{correction:.4}")).await;
                }
            }
            Err(error) => tracing::warn!(%error, "cannot read the feeds' rhythms: {error}"),
        }
    }
}
