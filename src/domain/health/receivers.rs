//! Receivers that take nothing, what waits for them too long, and what was given up.
//!
//! Pure. What a receiver's answers in a row come to is `domain::alert::circuit`.

use jiff::{SignedDuration, Timestamp};

use super::{Condition, Kind, at, many};
use crate::domain::alert::circuit::{Circuit, Class};

/// So many failures in a row are told; a refusal is told at once.
const FAILURES: u32 = 3;

/// What matters may wait so long.
const LATE: SignedDuration = SignedDuration::from_mins(30);

/// A configured receiver, as its health goes.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Who.
    pub id: String,
    /// What its answers came to.
    pub circuit: Circuit,
    /// What went wrong last.
    pub error: Option<String>,
    /// How many deliveries wait.
    pub waiting: u64,
    /// When the oldest of them of high severity or more was owed.
    pub oldest_high: Option<Timestamp>,
    /// Deliveries given up within a day, and why the last was.
    pub dead: Option<(u64, String)>,
    /// What is wrong with its templates.
    pub complaint: Option<String>,
    /// Whether people were told that it fails.
    pub told: bool,
}

impl Facts {
    /// Whether it is known not to take messages.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        let circuit = &self.circuit;
        let least = if self.told { 1 } else { FAILURES };
        circuit.gone.is_some() || circuit.class == Some(Class::Refused) || circuit.streak >= least
    }
}

/// What is wrong with receivers.
#[must_use]
pub fn judge(receivers: &[Facts], now: Timestamp) -> Vec<Condition> {
    receivers.iter().flat_map(|facts| of(facts, now)).collect()
}

fn of(facts: &Facts, now: Timestamp) -> Vec<Condition> {
    let (id, circuit) = (facts.id.as_str(), &facts.circuit);
    let waiting = many(facts.waiting, "alert waits", "alerts wait");
    let error = facts.error.as_deref().unwrap_or("no reason given");
    let mut conditions = Vec::new();
    if let Some(said) = &circuit.gone {
        conditions.push(Condition::new(
            Kind::ReceiverGone,
            id,
            format!("receiver {id} is gone: {said}. Nothing is sent to it until its config changes; {waiting}"),
        ));
    } else if facts.is_failing() {
        let since = circuit.since.map(at).unwrap_or_default();
        conditions.push(Condition::new(
            Kind::ReceiverFailing,
            id,
            format!("receiver {id} has taken nothing since {since}: {error}; {waiting}"),
        ));
    } else if let Some(oldest) = facts.oldest_high
        && now.duration_since(oldest) >= LATE
    {
        conditions.push(Condition::new(
            Kind::OutboxLate,
            id,
            format!(
                "what matters waits for receiver {id} since {}; {waiting}",
                at(oldest)
            ),
        ));
    }
    if let Some(complaint) = &facts.complaint {
        conditions.push(Condition::new(
            Kind::TemplateFailing,
            id,
            format!("a template of receiver {id} fails, the built-in words are sent: {complaint}"),
        ));
    }
    // That nothing more can be said to it is told already.
    if let (Some((count, why)), None) = (&facts.dead, &circuit.gone) {
        let given_up = many(*count, "delivery", "deliveries");
        let were = if *count == 1 { "was" } else { "were" };
        conditions.push(Condition::new(
            Kind::DeadLetters,
            id,
            format!("{given_up} to receiver {id} {were} given up: {why}. `bongsu alerts list --dead` shows them, `bongsu alerts resend` sends them again"),
        ));
    }
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::delivery::Attempt;

    fn now() -> Timestamp {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    fn after(attempts: &[Attempt]) -> Circuit {
        attempts
            .iter()
            .fold(Circuit::default(), |circuit, attempt| {
                circuit.after(&attempt.outcome, now())
            })
    }

    fn kinds(facts: Facts) -> Vec<Kind> {
        judge(&[facts], now())
            .iter()
            .map(|found| found.kind)
            .collect()
    }

    #[test]
    fn three_failures_or_one_refusal_are_told() {
        let failed = |times| Facts {
            circuit: after(&vec![Attempt::later("503"); times]),
            ..Facts::default()
        };
        assert_eq!(kinds(failed(2)), []);
        assert_eq!(kinds(failed(3)), [Kind::ReceiverFailing]);
        let told = Facts {
            told: true,
            ..failed(1)
        };
        assert_eq!(
            kinds(told),
            [Kind::ReceiverFailing],
            "once told, until it takes something"
        );
        let refused = Facts {
            circuit: after(&[Attempt::refused("401")]),
            ..Facts::default()
        };
        assert_eq!(kinds(refused), [Kind::ReceiverFailing]);
    }

    #[test]
    fn a_template_that_fails_is_told_beside_all_else() {
        let facts = Facts {
            id: "desk".to_owned(),
            complaint: Some("`title` for alert 7: undefined value".to_owned()),
            ..Facts::default()
        };
        let found = judge(&[facts], now());
        assert_eq!(found[0].kind, Kind::TemplateFailing);
        assert!(found[0].text.contains("`title` for alert 7"));
    }

    #[test]
    fn a_receiver_that_is_gone_is_one_condition_whatever_was_given_up() {
        let facts = Facts {
            circuit: after(&[Attempt::gone("404")]),
            dead: Some((1, "404".to_owned())),
            ..Facts::default()
        };
        assert_eq!(kinds(facts), [Kind::ReceiverGone]);
    }

    #[test]
    fn what_waits_and_what_was_given_up_is_told() {
        let half_an_hour_ago = now() - SignedDuration::from_mins(30);
        let facts = |failures| Facts {
            circuit: after(&vec![Attempt::later("503"); failures]),
            oldest_high: Some(half_an_hour_ago),
            dead: Some((12, "given up after 3d".to_owned())),
            ..Facts::default()
        };
        assert_eq!(kinds(facts(0)), [Kind::OutboxLate, Kind::DeadLetters]);
        assert_eq!(kinds(facts(9)), [Kind::ReceiverFailing, Kind::DeadLetters]);
    }
}
