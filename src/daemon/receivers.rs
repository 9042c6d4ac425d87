//! Who is told: which receivers take an alert of a rule.
//!
//! A receiver's `only` query is compiled beside the rules, as a rule of a name that config cannot give, so that
//! routing costs no second matcher. Sending is `deliver`'s business.

use std::sync::Arc;

use crate::domain::id::{ReceiverId, RuleId};
use crate::domain::matching::Match;
use crate::domain::rule::{Rule, Severity};
use crate::notify::Notifier;
use crate::notify::settings::ReceiverConfig;

/// A configured receiver and what speaks its protocol.
#[derive(Clone)]
pub struct Receiver {
    /// As configured.
    pub config: ReceiverConfig,
    /// What sends.
    pub notifier: Arc<dyn Notifier>,
}

/// Before the receiver's id in the name of its `only` rule; config ids hold no colon.
const PREFIX: &str = "only:";

/// Whether a rule is a receiver's `only` and not one that people wrote.
#[must_use]
pub fn is_receivers_own(rule: &RuleId) -> bool {
    rule.as_str().starts_with(PREFIX)
}

/// The rule that stands for a receiver's `only`, where it has one.
#[must_use]
pub fn only_rule(receiver: &ReceiverConfig) -> Option<Rule> {
    let query = receiver.only.as_deref()?;
    Some(Rule::of_query(&format!("{PREFIX}{}", receiver.id), query))
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
/// `only` says no. `matches` are all matches of the entry, the receivers' own among them.
#[must_use]
pub fn route(
    receivers: &[Arc<Receiver>],
    rule: &Rule,
    severity: Severity,
    matches: &[Match],
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
            skip: refusal(config, severity, matches),
        })
        .collect()
}

/// Why a receiver does not take an alert; none where it does.
fn refusal(receiver: &ReceiverConfig, severity: Severity, matches: &[Match]) -> Option<String> {
    if severity < receiver.min_severity {
        return Some(format!(
            "below its min_severity {}",
            receiver.min_severity.as_str()
        ));
    }
    let own = format!("{PREFIX}{}", receiver.id);
    let taken = receiver.only.is_none() || matches.iter().any(|found| found.rule.as_str() == own);
    (!taken).then(|| "the entry does not match its `only`".to_owned())
}
