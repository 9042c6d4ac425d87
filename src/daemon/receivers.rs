//! Who is told: which receivers take an alert of a rule.
//!
//! A receiver's `only` query was compiled like a rule that bears the receiver's id; here its matches are only
//! looked up. Sending is `deliver`'s business.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::setup::Setup;

use crate::domain::alert::judge::Waiting;
use crate::domain::alert::rate::{self, Limits};
use crate::domain::id::ReceiverId;
use crate::domain::matching::Match;
use crate::domain::rule::{Rule, Severity};
use crate::notify::Notifier;
use crate::notify::settings::ReceiverConfig;
use crate::store::outbox::Addressee;
use crate::store::polls::RuleMatch;

/// A configured receiver and what speaks its protocol.
#[derive(Clone)]
pub struct Receiver {
    /// As configured.
    pub config: ReceiverConfig,
    /// What sends.
    pub notifier: Arc<dyn Notifier>,
}

impl Receiver {
    /// How often it may be spoken to: as config says, else as is usual for its kind.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let kind = &self.config.kind;
        let usual = || rate::usual(kind.name(), kind.is_for_people()).to_vec();
        Limits {
            destination: kind.destination(),
            rates: self.config.rate.map_or_else(usual, |rate| vec![rate]),
        }
    }

    /// A hash of how it is configured, from which no secret can be read. Of its secrets only those that make up its
    /// destination count.
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        let shown = format!("{} {:?}", self.config.kind.destination(), self.config);
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&Sha256::digest(shown)[..8]);
        i64::from_be_bytes(bytes)
    }
}

/// A receiver that a rule speaks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Who.
    pub receiver: ReceiverId,
    /// Why it is not told after all.
    pub skip: Option<String>,
}

/// The receivers of an alert: those the rule names, else the defaults; with the reason where `min_severity` or
/// `only` says no. `wanted_by` are the matches of the entry with the receivers' `only` queries.
#[must_use]
pub fn route(
    receivers: &[Arc<Receiver>],
    rule: &Rule,
    severity: Severity,
    wanted_by: &[Match],
) -> Vec<Route> {
    let named = |receiver: &ReceiverConfig| {
        if rule.receivers.is_empty() {
            receiver.default
        } else {
            rule.receivers.contains(&receiver.id)
        }
    };
    let configs = receivers.iter().map(|receiver| &receiver.config);
    configs
        .filter(|config| named(config))
        .map(|config| Route {
            receiver: config.id.clone(),
            skip: refusal(config, severity, wanted_by),
        })
        .collect()
}

/// What would become of an imagined alert at one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who, and why not.
    pub route: Route,
    /// What holds it, the first that counts first; nothing: it goes at once.
    pub holds: Vec<Waiting>,
    /// Silences that hold it if its entry matches their query.
    pub perhaps: Vec<i64>,
    /// The query that its entry has to match; nobody can say, where there is no entry.
    pub only: Option<String>,
}

impl Told {
    /// As programs get it, asked `at` that time.
    #[must_use]
    pub fn to_json(&self, at: Timestamp) -> Value {
        let first = self.holds.first();
        json!({
            "receiver": self.route.receiver, "told": self.route.skip.is_none(), "why_not": self.route.skip,
            "when": first.map_or(at, |waiting| waiting.until), "only": self.only,
            "why_then": first.map(|waiting| waiting.why.as_str()),
            "holds": self.holds, "perhaps_silenced_by": self.perhaps,
        })
    }
}

/// Who would be told of an alert of a rule of which nothing but the severity is known: each as if every entry
/// matched its `only`. `holds` says what would hold it there, and which silences perhaps would.
///
/// # Errors
/// Those of `holds`.
pub fn told<E>(
    receivers: &[Arc<Receiver>],
    (rule, severity): (&Rule, Severity),
    mut holds: impl FnMut(&ReceiverId) -> Result<(Vec<Waiting>, Vec<i64>), E>,
) -> Result<Vec<Told>, E> {
    let open = receivers.iter().map(|receiver| {
        Arc::new(Receiver {
            config: ReceiverConfig {
                only: None,
                ..receiver.config.clone()
            },
            notifier: Arc::clone(&receiver.notifier),
        })
    });
    let routes = route(&open.collect::<Vec<_>>(), rule, severity, &[]);
    let all = routes.into_iter().map(|route| {
        let (holds, perhaps) = holds(&route.receiver)?;
        let mut configs = receivers.iter().map(|receiver| &receiver.config);
        let config = configs.find(|config| config.id == route.receiver);
        Ok(Told {
            only: config.and_then(|config| config.only.clone()),
            route,
            holds,
            perhaps,
        })
    });
    all.collect()
}

/// The rules behind `matches`, each with who would be told.
#[must_use]
pub fn rule_matches(setup: &Setup, matches: &[Match], wanted_by: &[Match]) -> Vec<RuleMatch> {
    let found = matches.iter().filter_map(|found| {
        let rule = setup.rule(&found.rule)?;
        let routes = route(&setup.receivers, rule, rule.severity, wanted_by);
        let address = |route: Route| Addressee {
            give_up: setup.give_up(&route.receiver),
            receiver: route.receiver,
            skip: route.skip,
        };
        Some(RuleMatch {
            title: rule.title.clone(),
            notify: rule.notify,
            revisions: rule.revisions,
            receivers: routes.into_iter().map(address).collect(),
            found: found.clone(),
        })
    });
    found.collect()
}

/// Why a receiver does not take an alert; none where it does.
fn refusal(receiver: &ReceiverConfig, severity: Severity, wanted_by: &[Match]) -> Option<String> {
    if severity < receiver.min_severity {
        return Some(format!(
            "below its min_severity {}",
            receiver.min_severity.as_str()
        ));
    }
    let wanted = || {
        wanted_by
            .iter()
            .any(|found| found.rule.as_str() == receiver.id.as_str())
    };
    (receiver.only.is_some() && !wanted()).then(|| "the entry does not match its `only`".to_owned())
}
