//! The life of one message owed to one receiver: due, sending, delivered, dead; and when to try again.
//!
//! Pure: an attempt's outcome and `now` in, the next state out. Protocols are in `crate::notify`, rows in
//! `crate::store`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    /// The receiver does not take us as configured: a token it refuses, a program that is not there.
    /// People repair that, so the alert waits for them: tried every 15 minutes for a day, then like `Later`.
    Refused {
        /// What happened, without secrets, and what to do.
        message: String,
    },
    /// Our message or its address is at fault: repeating it cannot help.
    Permanent {
        /// What happened, without secrets, and what to do.
        message: String,
    },
    /// The receiver itself is no more: nothing is sent to it until people change its config.
    Gone {
        /// What happened, without secrets, and what to do.
        message: String,
    },
}

impl AttemptOutcome {
    /// The spelling in the store, JSON and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Later { .. } => "later",
            Self::Refused { .. } => "refused",
            Self::Permanent { .. } => "permanent",
            Self::Gone { .. } => "gone",
        }
    }

    /// What happened; nothing where it was delivered.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Delivered => None,
            Self::Later { message, .. }
            | Self::Refused { message }
            | Self::Permanent { message }
            | Self::Gone { message } => Some(message),
        }
    }
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
    /// Whether a connection stood; without one the message surely did not arrive.
    pub reached: bool,
}

impl Attempt {
    /// An attempt without a status or an answer; what is known is added with the methods below.
    #[must_use]
    pub fn new(outcome: AttemptOutcome) -> Self {
        Self {
            outcome,
            status: None,
            answer: String::new(),
            duration: Duration::ZERO,
            reached: true,
        }
    }

    /// Accepted.
    #[must_use]
    pub fn delivered() -> Self {
        Self::new(AttemptOutcome::Delivered)
    }

    /// To be tried later, by our own schedule.
    #[must_use]
    pub fn later(message: impl Into<String>) -> Self {
        Self::new(AttemptOutcome::Later {
            message: message.into(),
            wait: None,
        })
    }

    /// To be tried later, since nobody was reached.
    #[must_use]
    pub fn unreached(message: impl Into<String>) -> Self {
        Self {
            reached: false,
            ..Self::later(message)
        }
    }

    /// Whether the receiver may have taken the message although it did not say so: it hung, the connection broke, or
    /// it failed on its side after the message was there. A 4xx and a 503 are said before that.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        matches!(self.outcome, AttemptOutcome::Later { .. })
            && self.reached
            && !matches!(self.status, Some(400..=499 | 503))
    }

    /// To be repaired by people.
    #[must_use]
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(AttemptOutcome::Refused {
            message: message.into(),
        })
    }

    /// Not to be repeated.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(AttemptOutcome::Permanent {
            message: message.into(),
        })
    }

    /// The same, after the receiver asked for `wait`; changes only an outcome that is tried later.
    #[must_use]
    pub fn waiting(mut self, wait: Option<Duration>) -> Self {
        if let AttemptOutcome::Later { wait: hint, .. } = &mut self.outcome {
            *hint = wait;
        }
        self
    }

    /// The receiver is no more.
    #[must_use]
    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(AttemptOutcome::Gone {
            message: message.into(),
        })
    }

    /// The same, with the protocol's code.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same, with what the receiver said.
    #[must_use]
    pub fn with_answer(mut self, answer: impl Into<String>) -> Self {
        self.answer = answer.into();
        self
    }
}

/// Waits after the first, second, … attempt; the last one repeats (DLV-13).
const STEPS: [u64; 10] = [5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600];

/// The wait while people repair something, and for how long after the alert that pace is kept (DLV-11).
const REPAIR_STEP: u64 = 900;
const REPAIR_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The longest a receiver may ask us to wait.
pub const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// So many tries are made even when the first comes after `give_up` (the machine was off), unless `give_up`
/// is shorter than an hour.
pub const FEWEST_TRIES: u32 = 5;
/// A `give_up` below this is meant as it stands.
pub const SHORT_GIVE_UP: Duration = Duration::from_hours(1);

/// What the schedule depends on besides the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Owed<'a> {
    /// The alert's key, from which the jitter comes.
    pub key: &'a str,
    /// When the alert was decided.
    pub created: Timestamp,
    /// How long after that it is still tried.
    pub give_up: Duration,
    /// Attempts made, this one included.
    pub attempts: u32,
}

/// Where a delivery stands after an attempt that ended at `now`.
///
/// Never due earlier than the receiver asked; the last try falls on the end of `give_up`.
#[must_use]
pub fn settle(outcome: &AttemptOutcome, owed: &Owed<'_>, now: Timestamp) -> DeliveryState {
    match outcome {
        AttemptOutcome::Delivered => DeliveryState::Delivered,
        AttemptOutcome::Permanent { message } | AttemptOutcome::Gone { message } => {
            DeliveryState::Dead {
                why: message.clone(),
            }
        }
        AttemptOutcome::Later { message, wait } => {
            retry(own_wait(owed), wait.unwrap_or_default(), owed, message, now)
        }
        AttemptOutcome::Refused { message } => {
            let own = if now.duration_since(owed.created) < REPAIR_FOR {
                jittered(REPAIR_STEP, owed)
            } else {
                own_wait(owed)
            };
            retry(own, Duration::ZERO, owed, message, now)
        }
    }
}

/// Due again after the longer of both waits, or dead.
fn retry(
    own: Duration,
    hint: Duration,
    owed: &Owed<'_>,
    message: &str,
    now: Timestamp,
) -> DeliveryState {
    let deadline = later(owed.created, owed.give_up);
    let short_of_tries = owed.attempts < FEWEST_TRIES && owed.give_up >= SHORT_GIVE_UP;
    if now >= deadline && !short_of_tries {
        let after = crate::domain::units::format_duration(owed.give_up);
        return DeliveryState::Dead {
            why: format!(
                "given up after {after} and {} tries: {message}",
                owed.attempts
            ),
        };
    }
    let hinted = later(now, hint.min(LONGEST_WAIT));
    let next = later(now, own).max(hinted);
    let due = if short_of_tries {
        next
    } else {
        next.min(deadline).max(hinted)
    };
    DeliveryState::Due { due }
}

/// The wait after so many attempts.
fn own_wait(owed: &Owed<'_>) -> Duration {
    let step = usize::try_from(owed.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    jittered(STEPS[step.min(STEPS.len() - 1)], owed)
}

/// `seconds` times 0.9 to 1.1, by a hash of the key and the attempt's number.
fn jittered(seconds: u64, owed: &Owed<'_>) -> Duration {
    let mut hash = Sha256::new();
    hash.update(owed.key);
    hash.update(owed.attempts.to_be_bytes());
    let hash = hash.finalize();
    let permille = 900 + u64::from(u16::from_be_bytes([hash[0], hash[1]])) % 201;
    Duration::from_millis(seconds * permille)
}

/// `after` later than `at`, or the end of time.
pub(super) fn later(at: Timestamp, after: Duration) -> Timestamp {
    SignedDuration::try_from(after)
        .ok()
        .and_then(|after| at.checked_add(after).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GIVE_UP: Duration = Duration::from_hours(72);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn owed(attempts: u32) -> Owed<'static> {
        Owed {
            key: "00112233445566778899aabbccddeeff",
            created: at("2026-11-24T10:00:00Z"),
            give_up: GIVE_UP,
            attempts,
        }
    }

    fn down() -> AttemptOutcome {
        Attempt::later("503").outcome
    }

    fn due(state: &DeliveryState) -> Timestamp {
        match state {
            DeliveryState::Due { due } => *due,
            other => panic!("not due: {other:?}"),
        }
    }

    /// All attempts on a receiver that always answers so.
    fn run(outcome: &AttemptOutcome, owed: Owed<'_>, first: Timestamp) -> (Vec<Timestamp>, String) {
        let mut tries = vec![first];
        loop {
            let attempts = u32::try_from(tries.len()).unwrap();
            assert!(attempts < 1_000, "never ends");
            let now = *tries.last().unwrap();
            match settle(outcome, &Owed { attempts, ..owed }, now) {
                DeliveryState::Due { due } => tries.push(due),
                DeliveryState::Dead { why } => return (tries, why),
                DeliveryState::Delivered => panic!("delivered"),
            }
        }
    }

    #[test]
    fn three_days_of_503_follow_the_schedule_and_end() {
        let created = owed(1).created;
        let (tries, why) = run(&down(), owed(1), created);
        for (step, pair) in STEPS.iter().zip(tries.windows(2)) {
            let wait = pair[1].duration_since(pair[0]).as_millis();
            let step = i128::from(*step) * 1_000;
            assert!(
                (step * 9 / 10..=step * 11 / 10).contains(&wait),
                "{step} {wait}"
            );
        }
        assert!((15..=25).contains(&tries.len()), "{}", tries.len());
        assert_eq!(*tries.last().unwrap(), later(created, GIVE_UP));
        assert!(
            why.starts_with("given up after 3d") && why.ends_with("503"),
            "{why}"
        );
    }

    #[test]
    fn what_cannot_be_helped_dies_at_once_and_what_arrived_is_done() {
        let now = at("2026-11-24T10:00:01Z");
        assert_eq!(
            settle(&AttemptOutcome::Delivered, &owed(1), now),
            DeliveryState::Delivered
        );
        let gone = Attempt::permanent("404").outcome;
        assert_eq!(
            settle(&gone, &owed(1), now),
            DeliveryState::Dead { why: "404".into() }
        );
    }

    #[test]
    fn a_refused_token_is_tried_every_quarter_hour_for_a_day() {
        let (tries, _) = run(&Attempt::refused("401").outcome, owed(1), owed(1).created);
        let day = later(owed(1).created, LONGEST_WAIT);
        let first_day = tries.iter().filter(|at| **at < day).count();
        assert!((87..=107).contains(&first_day), "{first_day}");
        assert!(tries.len() - first_day < 12);
    }

    #[test]
    fn a_hint_is_obeyed_and_capped() {
        let now = at("2026-11-24T10:00:00Z");
        for (hint, least, most) in [
            (120, 120, 120),
            (1, 4, 6),
            (1_000_000_000_000, 86_400, 86_400),
        ] {
            let outcome = Attempt::later("429")
                .waiting(Some(Duration::from_secs(hint)))
                .outcome;
            let wait = due(&settle(&outcome, &owed(1), now)).duration_since(now);
            assert!((least..=most).contains(&wait.as_secs()), "{hint}: {wait}");
        }
    }

    #[test]
    fn an_alert_older_than_give_up_is_still_tried_some_times() {
        let late = at("2026-12-01T00:00:00Z");
        assert_eq!(run(&down(), owed(1), late).0.len(), 5);
        let short = Owed {
            give_up: Duration::from_secs(1),
            ..owed(1)
        };
        assert_eq!(run(&down(), short, late).0.len(), 1);
    }

    #[test]
    fn a_clock_set_back_brings_no_attempt_forward() {
        let before = at("2026-11-24T08:00:00Z");
        assert!(due(&settle(&down(), &owed(3), before)) > later(before, Duration::from_secs(100)));
    }

    proptest! {
        #[test]
        fn it_ends_and_never_comes_before_the_hint(
            key in "[0-9a-f]{0,40}",
            give_up in 0u64..400_000,
            hint in proptest::option::of(0u64..2_000_000),
            start in -200_000i64..400_000,
            refused: bool,
        ) {
            let created = at("2026-11-24T10:00:00Z");
            let owed = Owed { key: &key, created, give_up: Duration::from_secs(give_up), attempts: 1 };
            let hint = hint.map(Duration::from_secs);
            let attempt = if refused { Attempt::refused("x") } else { Attempt::later("x").waiting(hint) };
            let first = created.checked_add(SignedDuration::from_secs(start)).unwrap();
            let (tries, _) = run(&attempt.outcome, owed, first);
            let least = if refused { Duration::ZERO } else { hint.unwrap_or_default().min(LONGEST_WAIT) };
            for pair in tries.windows(2) {
                prop_assert!(pair[1] >= later(pair[0], least));
            }
            let last = *tries.last().unwrap();
            let end = later(later(created, Duration::from_secs(give_up)), LONGEST_WAIT);
            prop_assert!(last <= end.max(later(first, LONGEST_WAIT * 5)));
        }
    }
}
