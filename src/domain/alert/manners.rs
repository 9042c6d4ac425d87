//! What config says about when and how an alert is told: of each receiver and each rule, resolved and ready.
//!
//! Built whole at each load of the config. What it comes to for one message is in `judge`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hours::{QuietHours, TimeOfDay};
use crate::domain::id::{ReceiverId, RuleId};
use crate::domain::rule::{Definitions, Notify, Rule, Severity};
use crate::domain::units::Rate;

/// Longer chains of rules that keep each other quiet are cut.
const LONGEST_CHAIN: usize = 16;

/// How receivers and rules want to be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manners {
    /// Of each configured receiver.
    pub receivers: BTreeMap<ReceiverId, Manner>,
    /// Entities, macros and feeds, for the queries of silences; no rules.
    pub definitions: Definitions,
    /// How long copies of a story fold, and how long one rule keeps another quiet about it.
    pub story_window: Duration,
    rules: BTreeMap<RuleId, RuleManner>,
}

/// How a receiver wants to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Manner {
    /// When it is left alone.
    pub quiet: Option<QuietHours>,
    /// When its digest comes; also taken where a rule has `notify = "digest"`.
    pub digest: TimeOfDay,
    /// What of all its alerts waits for the digest; none: only those of rules that ask for it.
    pub collects: Option<Collects>,
    /// How long a message to it is tried.
    pub give_up: Duration,
    /// Whether it is told when an alert that it got is acknowledged.
    pub hears_acks: bool,
}

/// A receiver that gets its alerts in digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collects {
    /// From this severity on alerts come by themselves.
    pub except: Option<Severity>,
    /// Says so when there is nothing to tell.
    pub empty: bool,
}

/// How the alerts of a rule are told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleManner {
    /// In the receiver's next digest.
    pub digest: bool,
    /// No more than this, for each receiver.
    pub throttle: Option<Rate>,
    /// The rules that keep it quiet on a story.
    pub inhibit: Vec<RuleId>,
    /// How many rules may have to be decided before it.
    depth: usize,
}

impl Manners {
    /// How these receivers want to be told of what `definitions` find.
    #[must_use]
    pub fn new(
        receivers: BTreeMap<ReceiverId, Manner>,
        definitions: &Definitions,
        story_window: Duration,
    ) -> Self {
        let depths = depths(&definitions.rules);
        let manner = |rule: &Rule| RuleManner {
            digest: rule.notify == Notify::Digest,
            throttle: rule.throttle,
            inhibit: rule.inhibit.clone(),
            depth: depths.get(&rule.id).copied().unwrap_or(0),
        };
        let rules = definitions.rules.iter();
        Self {
            receivers,
            rules: rules.map(|rule| (rule.id.clone(), manner(rule))).collect(),
            definitions: Definitions {
                rules: Vec::new(),
                ..definitions.clone()
            },
            story_window,
        }
    }

    /// The same receivers, told of what other definitions find.
    #[must_use]
    pub fn with(&self, definitions: &Definitions) -> Self {
        Self::new(self.receivers.clone(), definitions, self.story_window)
    }

    /// The manner of a rule; none of one that config does not have.
    #[must_use]
    pub fn rule(&self, rule: &str) -> Option<&RuleManner> {
        self.rules.get(rule)
    }

    /// The longest time that a throttle looks back.
    #[must_use]
    pub fn longest_throttle(&self) -> Duration {
        let rates = self.rules.values().filter_map(|rule| rule.throttle);
        rates.map(|rate| rate.per).max().unwrap_or_default()
    }

    /// Where a rule stands among those of one entry: behind all that keep it quiet.
    #[must_use]
    pub fn order(&self, rule: &RuleId) -> usize {
        self.rules.get(rule).map_or(0, |manner| manner.depth)
    }
}

/// How many rules stand before each: the longest chain of rules that keep it quiet. Config refuses circles; here they
/// only come to an end.
fn depths(rules: &[Rule]) -> BTreeMap<&RuleId, usize> {
    let mut depths: BTreeMap<&RuleId, usize> = rules.iter().map(|rule| (&rule.id, 0)).collect();
    for _ in 0..LONGEST_CHAIN {
        for rule in rules {
            let before = rule.inhibit.iter().filter_map(|by| depths.get(by));
            let behind = before.map(|depth| depth + 1).max().unwrap_or(0);
            depths.insert(&rule.id, behind.min(LONGEST_CHAIN));
        }
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, inhibit: &[&str]) -> Rule {
        Rule {
            inhibit: inhibit.iter().map(|id| RuleId::new(*id)).collect(),
            ..Rule::of_query(id, "x")
        }
    }

    fn of(rules: &[Rule]) -> Manners {
        let definitions = Definitions {
            rules: rules.to_vec(),
            ..Definitions::default()
        };
        Manners::new(BTreeMap::new(), &definitions, Duration::ZERO)
    }

    #[test]
    fn rules_stand_behind_those_that_keep_them_quiet() {
        let rules = [rule("c", &["b", "a"]), rule("b", &["a"]), rule("a", &[])];
        let manners = of(&rules);
        let order = |id: &str| manners.order(&RuleId::new(id));
        assert_eq!([order("a"), order("b"), order("c")], [0, 1, 2]);
        assert_eq!(order("unknown"), 0);
        let circle = [rule("a", &["b"]), rule("b", &["a"])];
        let ends = of(&circle);
        assert!(ends.order(&RuleId::new("a")) <= LONGEST_CHAIN);
    }
}
