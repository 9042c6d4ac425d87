//! The plain, checked values of `[fetch]`.
//!
//! Reading and checking the text of config is `config`'s business; what a figure does is told where it is used.

use std::time::Duration;

use ipnet::IpNet;

use super::proxy::Proxies;
use crate::domain::units::Rate;

/// What `[fetch]` says, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchSettings {
    /// URL or mail address named in the `User-Agent`; empty: the package's repository.
    pub contact: String,
    /// Polls under way at once.
    pub concurrency: usize,
    /// Least time between two requests to one host.
    pub per_host_interval: Duration,
    /// How often feeds without an interval of their own are polled.
    pub interval: Interval,
    /// Polls a feed and day, on average, that adaptive polling may spend.
    pub budget: u32,
    /// Shortest adaptive interval.
    pub min_interval: Duration,
    /// Longest adaptive interval.
    pub max_interval: Duration,
    /// Time limits of one poll.
    pub timeout: Timeouts,
    /// Most bytes taken from the wire for one document.
    pub max_wire: u64,
    /// Most bytes of one document after decompression.
    pub max_body: u64,
    /// Non-public networks that may be reached.
    pub allow_networks: Vec<IpNet>,
    /// The proxies of all requests.
    pub proxy: Proxies,
    /// Most polls begun in a span of time, over all public hosts.
    pub start_rate: Rate,
    /// Before which requests robots.txt is asked.
    pub robots: RobotsPolicy,
}

/// Before which requests robots.txt is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RobotsPolicy {
    /// Before those for linked pages: nobody configured their addresses.
    #[default]
    Pages,
    /// Before those for feeds too.
    All,
    /// Before none.
    Off,
}

/// How often to poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// By each feed's own rhythm, under the budget.
    Adaptive,
    /// All feeds alike.
    Fixed(Duration),
}

/// Time limits of one poll, each within the next wider one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection stands, name look-up included.
    pub connect: Duration,
    /// Until the head of the answer is there, connecting included.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// All of it, redirects included, waiting for one's turn not.
    pub total: Duration,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            contact: String::new(),
            concurrency: 32,
            per_host_interval: Duration::from_secs(2),
            interval: Interval::Adaptive,
            budget: 24,
            min_interval: Duration::from_mins(5),
            max_interval: Duration::from_hours(24),
            timeout: Timeouts::default(),
            max_wire: 8 << 20,
            max_body: 16 << 20,
            allow_networks: Vec::new(),
            proxy: Proxies::Direct,
            start_rate: Rate {
                count: 20,
                per: Duration::from_secs(1),
            },
            robots: RobotsPolicy::default(),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(20),
            idle: Duration::from_secs(15),
            total: Duration::from_mins(1),
        }
    }
}
