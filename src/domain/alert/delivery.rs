//! The life of one message owed to one receiver: due, sending, delivered, dead; and when to try again.
//!
//! Pure: an attempt's outcome and `now` in, the next state out. Protocols are in `crate::notify`, rows in
//! `crate::store`.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a delivery stands. Each state names its reason where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be tried at `due`.
    Due {
        /// Not before this instant.
        due: Timestamp,
    },
    /// The receiver has it.
    Delivered,
    /// Given up or refused; kept and resendable.
    Dead {
        /// Why.
        why: String,
    },
}

/// How an attempt ended, by what is to be done (DLV-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Accepted.
    Delivered,
    /// Try later; `wait` is the receiver's own wish (Retry-After) and holds the whole receiver.
    Later {
        /// What happened, without secrets.
        message: String,
        /// How long the receiver asked to be left alone.
        wait: Option<Duration>,
    },
    /// Our message or its address is at fault: repeating it cannot help.
    Permanent {
        /// What happened, without secrets, and what to do.
        message: String,
    },
}

/// One attempt, as recorded and as given back by a notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Status or reply code, where the protocol has one.
    pub status: Option<u16>,
    /// What the receiver said, at most 2 KiB, secrets masked.
    pub answer: String,
    /// How long it took.
    pub duration: Duration,
}
