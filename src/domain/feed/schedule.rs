//! When to poll a feed next, and why then.
//!
//! Pure: feed, state, settings and `now` in, a time and a reason out. Jitter is a hash of the feed id.
//! Who sleeps until then is the daemon's ticker.

use serde::{Deserialize, Serialize};

/// What decided the time of the next poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Never polled.
    New,
    /// The configured interval.
    Interval,
    /// The learned posting rate under the budget.
    Learned,
    /// The shortest interval that politeness allows.
    Floor,
    /// The longest interval that watching allows.
    Ceiling,
    /// `Cache-Control` or `Expires`.
    Fresh,
    /// The document's `ttl`.
    Ttl,
    /// `skipHours` or `skipDays`.
    Skip,
    /// The publisher's `Retry-After`, or the wait after a bare 429.
    RetryAfter,
    /// Failures in a row.
    BackOff,
    /// A poll was under way when the process ended.
    Interrupted,
    /// 410: polling stopped.
    Gone,
}
