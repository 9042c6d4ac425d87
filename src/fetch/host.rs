//! Whose turn it is: one request at a time and a gap between starts for each host, a limit and a rate over all.
//!
//! A waiting host holds nothing that others need, so a slow one never delays the rest. When a feed is due is
//! not decided here, and a publisher's Retry-After is the schedule's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::lock;
use crate::domain::units::Rate;

/// Above this many, hosts that nobody waits for are forgotten once their gap is over.
const REMEMBERED: usize = 1_000;

/// When a host's last request began.
type LastStart = Option<Instant>;

/// Hands out turns.
#[derive(Debug)]
pub struct Pacer {
    gap: Duration,
    /// Time between two starts over all public hosts.
    step: Duration,
    hosts: std::sync::Mutex<HashMap<String, Arc<Mutex<LastStart>>>>,
    under_way: Arc<Semaphore>,
    /// When the next start is free.
    next_start: std::sync::Mutex<Option<Instant>>,
}

/// The right to ask one host; it ends when dropped.
#[derive(Debug)]
pub struct Turn {
    _host: Option<OwnedMutexGuard<LastStart>>,
    under_way: Option<OwnedSemaphorePermit>,
}

/// A document's place among those under way: held until it is read, so that no more are in memory than may
/// be under way.
#[derive(Debug, Default)]
pub struct Place {
    _under_way: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// Lets the host go and keeps the place.
    #[must_use]
    pub fn into_place(self) -> Place {
        Place {
            _under_way: self.under_way,
        }
    }
}

impl Pacer {
    /// A pacer that lets `concurrency` requests be under way, leaves `gap` between two to one host, and
    /// begins no more than `rate` over all.
    #[must_use]
    pub fn new(concurrency: usize, gap: Duration, rate: Rate) -> Self {
        Self {
            gap,
            step: rate.per / rate.count.max(1),
            hosts: std::sync::Mutex::default(),
            under_way: Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            next_start: std::sync::Mutex::default(),
        }
    }

    /// Waits for the turn of `host` (name and port). A private host has neither gap nor limit of its own and
    /// does not count towards the rate.
    pub async fn turn(&self, host: &str, private: bool) -> Turn {
        let mut place = None;
        if !private {
            let held = self.place(host).lock_owned().await;
            if let Some(last) = *held {
                sleep_until(last + self.gap).await;
            }
            place = Some(held);
        }
        // The semaphore is never closed; were it, going on unlimited beats standing still.
        let under_way = Arc::clone(&self.under_way).acquire_owned().await.ok();
        if let Some(held) = &mut place {
            sleep_until(self.reserve_start()).await;
            **held = Some(Instant::now());
        }
        Turn {
            _host: place,
            under_way,
        }
    }

    /// The place of `host` in the table; places that no longer matter go when there are many.
    fn place(&self, host: &str) -> Arc<Mutex<LastStart>> {
        let mut hosts = lock(&self.hosts);
        if hosts.len() >= REMEMBERED && !hosts.contains_key(host) {
            let now = Instant::now();
            hosts.retain(|_, place| {
                Arc::strong_count(place) > 1
                    || place
                        .try_lock()
                        .map_or(true, |last| last.is_some_and(|last| last + self.gap > now))
            });
        }
        Arc::clone(hosts.entry(host.to_owned()).or_default())
    }

    /// Takes the next free start.
    fn reserve_start(&self) -> Instant {
        let mut next = lock(&self.next_start);
        let now = Instant::now();
        let start = next.map_or(now, |next| next.max(now));
        *next = Some(start + self.step);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacer(concurrency: usize) -> Pacer {
        let rate = Rate {
            count: 20,
            per: Duration::from_secs(1),
        };
        Pacer::new(concurrency, Duration::from_secs(2), rate)
    }

    #[tokio::test(start_paused = true)]
    async fn one_host_is_asked_one_at_a_time_with_a_gap() {
        let pacer = pacer(32);
        let begun = Instant::now();
        let first = pacer.turn("a:443", false).await;
        let second = async {
            pacer.turn("a:443", false).await;
            begun.elapsed()
        };
        let release = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(first);
        };
        let (waited, ()) = tokio::join!(second, release);
        assert_eq!(waited, Duration::from_secs(5), "in flight");
        drop(pacer.turn("a:443", false).await);
        assert_eq!(begun.elapsed(), Duration::from_secs(7), "gap");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_host_delays_no_other() {
        let pacer = Arc::new(pacer(2));
        let held = pacer.turn("slow:443", false).await;
        let mut stuck = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let pacer = Arc::clone(&pacer);
            stuck.spawn(async move { drop(pacer.turn("slow:443", false).await) });
        }
        tokio::task::yield_now().await;
        let begun = Instant::now();
        for n in 0..10 {
            drop(pacer.turn(&format!("quick{n}:443"), false).await);
        }
        assert!(begun.elapsed() <= Duration::from_secs(1));
        assert!(stuck.try_join_next().is_none(), "the host is busy");
        drop(held);
    }

    #[tokio::test(start_paused = true)]
    async fn starts_keep_to_the_rate_and_private_hosts_are_free() {
        let pacer = pacer(100);
        let begun = Instant::now();
        for n in 0..21 {
            drop(pacer.turn(&format!("h{n}:80"), false).await);
        }
        assert!(begun.elapsed() >= Duration::from_secs(1));
        let begun = Instant::now();
        let mut held = Vec::new();
        for _ in 0..50 {
            held.push(pacer.turn("127.0.0.1:80", true).await);
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_are_forgotten() {
        let pacer = pacer(100);
        for n in 0..REMEMBERED * 2 {
            drop(pacer.turn(&format!("h{n}:80"), false).await);
        }
        assert!(lock(&pacer.hosts).len() <= REMEMBERED);
    }
}
