//! What a receiver's answers in a row mean for everything that is owed to it: rest, probe, give up, stop.
//!
//! Pure: the caller keeps the value (in the store) and asks with `now`. When a single message is tried again is
//! `delivery`'s business, how often one may be sent `rate`'s.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::{AttemptOutcome, FEWEST_TRIES, later};

/// After so many failures in a row the circuit is open: one message at a time probes (DLV-14).
pub const OPEN_FROM: u32 = 5;

/// A receiver that fails rests at least so long before anything else is tried, doubling…
const FIRST_REST: Duration = Duration::from_secs(2);

/// …up to this: so often an open circuit probes.
pub const LONGEST_REST: Duration = Duration::from_mins(5);

/// How a receiver last failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Down, slow or busy.
    Later,
    /// It does not take us as configured.
    Refused,
    /// It is no more.
    Gone,
}

/// What the answers of a receiver came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circuit {
    /// Failures in a row that may end by themselves or by repair.
    pub streak: u32,
    /// When the first of them was.
    pub since: Option<Timestamp>,
    /// The last of them, at most [`OPEN_FROM`], in order.
    pub recent: Vec<Timestamp>,
    /// Nothing is tried before.
    pub rest_until: Option<Timestamp>,
    /// How it last failed; none after it took something.
    pub class: Option<Class>,
    /// What it said, where it is not to be spoken to any more.
    pub gone: Option<String>,
}

impl Circuit {
    /// Whether only probes are sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.streak >= OPEN_FROM || self.gone.is_some()
    }

    /// After an attempt that ended so at `now`.
    ///
    /// What is our message's fault alone says that the receiver is there: it ends a row of failures.
    #[must_use]
    pub fn after(mut self, outcome: &AttemptOutcome, now: Timestamp) -> Self {
        match outcome {
            AttemptOutcome::Delivered | AttemptOutcome::Permanent { .. } => Self::default(),
            AttemptOutcome::Later { .. } => self.failed(Class::Later, now),
            AttemptOutcome::Refused { .. } => self.failed(Class::Refused, now),
            AttemptOutcome::Gone { message } => {
                self = self.failed(Class::Gone, now);
                self.gone = Some(message.clone());
                self
            }
        }
    }

    fn failed(mut self, class: Class, now: Timestamp) -> Self {
        self.streak = self.streak.saturating_add(1);
        self.since = Some(self.since.unwrap_or(now));
        self.recent.push(now);
        let most = usize::try_from(OPEN_FROM).unwrap_or(usize::MAX);
        let surplus = self.recent.len().saturating_sub(most);
        self.recent.drain(..surplus);
        let doubled = 1 << (self.streak - 1).min(16);
        self.rest_until = Some(later(now, (FIRST_REST * doubled).min(LONGEST_REST)));
        self.class = Some(class);
        self
    }

    /// Messages whose `give_up` ended before this are given up although they were not tried enough themselves: the
    /// receiver was, since then. None while it was not.
    #[must_use]
    pub fn gives_up_before(&self) -> Option<Timestamp> {
        let tried = self.recent.len() >= usize::try_from(FEWEST_TRIES).unwrap_or(usize::MAX);
        self.recent
            .first()
            .copied()
            .filter(|_| tried && self.is_open())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::delivery::Attempt;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn fail(circuit: Circuit, seconds: i64) -> Circuit {
        circuit.after(&Attempt::later("503").outcome, at(seconds))
    }

    #[test]
    fn it_opens_at_the_fifth_failure_and_rests_ever_longer() {
        let mut circuit = Circuit::default();
        let mut rests = Vec::new();
        for n in 0..10 {
            assert_eq!(circuit.is_open(), n >= 5);
            circuit = fail(circuit, n * 1_000);
            let rest = circuit.rest_until.unwrap().duration_since(at(n * 1_000));
            rests.push(rest.as_secs());
        }
        assert_eq!(rests, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(circuit.since, Some(at(0)));
        assert_eq!(circuit.recent, [5, 6, 7, 8, 9].map(|n| at(n * 1_000)));
        let closed = circuit.after(&AttemptOutcome::Delivered, at(20_000));
        assert_eq!(closed, Circuit::default());
    }

    #[test]
    fn a_refused_message_shows_that_the_receiver_is_there() {
        let mut circuit = Circuit::default();
        for n in 0..7 {
            circuit = fail(circuit, n);
        }
        let said = Attempt::permanent("400: no such field").outcome;
        assert_eq!(circuit.after(&said, at(9)), Circuit::default());
    }

    #[test]
    fn a_receiver_that_is_gone_stays_so_whatever_it_was_before() {
        let circuit = Circuit::default().after(&Attempt::gone("404").outcome, at(0));
        assert!(circuit.is_open());
        assert_eq!(circuit.gone.as_deref(), Some("404"));
        assert_eq!(circuit.class, Some(Class::Gone));
        assert_eq!(circuit.gives_up_before(), None);
    }

    #[test]
    fn nothing_is_given_up_before_the_receiver_was_tried_five_times_since() {
        let mut circuit = Circuit::default();
        for n in 0..4 {
            circuit = fail(circuit, n);
            assert_eq!(circuit.gives_up_before(), None);
        }
        circuit = fail(circuit, 4);
        assert_eq!(circuit.gives_up_before(), Some(at(0)));
        circuit = fail(circuit, 100_000);
        assert_eq!(
            circuit.gives_up_before(),
            Some(at(1)),
            "the machine was off meanwhile"
        );
    }
}
