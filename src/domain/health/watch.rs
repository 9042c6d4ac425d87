//! From conditions seen now and then to what people are told: once when one begins, once when it is over.
//!
//! Pure. A condition has to last before it is told and to be over for a while before it is resolved; one that a graver
//! one explains waits until that is over, and then begins anew.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Condition, Kind, RULE, message};
use crate::domain::alert::wire::{WireAlert, WireHealth};
use crate::domain::alert::{self, Reason};

/// What inhibits a condition keeps pushing its beginning ahead; so far behind it may lag.
const LAG: SignedDuration = SignedDuration::from_hours(1);

/// A condition that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What.
    pub kind: Kind,
    /// Which feed, receiver, rule or part.
    pub subject: String,
    /// In words, as it was told.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// When people were told; none: not yet.
    pub opened: Option<Timestamp>,
    /// Since when it is not seen any more.
    pub calm: Option<Timestamp>,
}

/// What is to be done about a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Remember it as it stands.
    Keep(Known),
    /// Remember it, and tell people.
    Tell(Known),
    /// Forget it, and tell people that it is over.
    Resolve(Known),
    /// Forget it.
    Forget(Known),
}

/// What follows from what is `seen` now, beside what is `known`.
#[must_use]
pub fn steps(known: Vec<Known>, seen: Vec<Condition>, now: Timestamp) -> Vec<Step> {
    let mut known: BTreeMap<(Kind, String), Known> = known
        .into_iter()
        .map(|known| ((known.kind, known.subject.clone()), known))
        .collect();
    let mut steps = Vec::new();
    for condition in seen {
        let before = known.remove(&(condition.kind, condition.subject.clone()));
        steps.extend(go_on(before, condition, now));
    }
    steps.extend(known.into_values().filter_map(|known| end(known, now)));
    steps
}

/// A condition that is seen.
fn go_on(before: Option<Known>, seen: Condition, now: Timestamp) -> Option<Step> {
    let fresh = before.is_none();
    let mut known = before.unwrap_or_else(|| Known {
        kind: seen.kind,
        subject: seen.subject,
        text: seen.text.clone(),
        since: seen.since.unwrap_or(now).min(now),
        opened: None,
        calm: None,
    });
    if known.opened.is_some() {
        return known.calm.take().map(|_| Step::Keep(known));
    }
    if seen.inhibited {
        let lags = now.duration_since(known.since) >= LAG;
        known.since = now;
        return (fresh || lags).then_some(Step::Keep(known));
    }
    known.text = seen.text;
    if lasted(known.since, now, known.kind.patience()) {
        known.opened = Some(now);
        return Some(Step::Tell(known));
    }
    // A clock that was set back would have it wait for long.
    let ahead = known.since > now;
    known.since = known.since.min(now);
    (fresh || ahead).then_some(Step::Keep(known))
}

/// A condition that is not seen any more.
fn end(mut known: Known, now: Timestamp) -> Option<Step> {
    if known.opened.is_none() {
        return Some(Step::Forget(known));
    }
    let since = *known.calm.get_or_insert(now);
    if lasted(since, now, known.kind.calm()) {
        return Some(if known.kind.is_event() {
            Step::Forget(known)
        } else {
            Step::Resolve(known)
        });
    }
    let begins = since == now;
    let ahead = since > now;
    known.calm = Some(since.min(now));
    (begins || ahead).then_some(Step::Keep(known))
}

/// What people are told of a condition: that it holds (`Health`) or that it is over (`Resolved`).
///
/// The key is made of what it is and when it was told first.
#[must_use]
pub fn alert(known: &Known, reason: Reason, now: Timestamp) -> WireAlert {
    let subject = format!("{} {}", known.kind.as_str(), known.subject);
    let opened = known.opened.unwrap_or(now).as_millisecond().to_string();
    let health = WireHealth {
        kind: known.kind.as_str().to_owned(),
        subject: known.subject.clone(),
        text: known.text.clone(),
    };
    let key = alert::key(RULE, &subject, reason, &opened);
    message::alert(health, known.kind.severity(), reason, key, now)
}

fn lasted(since: Timestamp, now: Timestamp, least: std::time::Duration) -> bool {
    now.duration_since(since) >= SignedDuration::try_from(least).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn seen(kind: Kind) -> Vec<Condition> {
        vec![Condition::new(kind, "a", "it fails".to_owned())]
    }

    /// What is known after a step, and what was told.
    fn play(kind: Kind, looks: &[(i64, bool)]) -> Vec<(i64, &'static str)> {
        let mut known = Vec::new();
        let mut told = Vec::new();
        for (second, bad) in looks {
            let now = if *bad { seen(kind) } else { Vec::new() };
            for step in steps(known.clone(), now, at(*second)) {
                known.clear();
                match step {
                    Step::Keep(next) => known.push(next),
                    Step::Tell(next) => {
                        told.push((*second, "told"));
                        known.push(next);
                    }
                    Step::Resolve(_) => told.push((*second, "resolved")),
                    Step::Forget(_) => {}
                }
            }
        }
        told
    }

    #[test]
    fn it_is_told_once_and_resolved_once() {
        let looks = [
            (0, true),
            (60, true),
            (3_600, true),
            (3_660, false),
            (3_720, false),
        ];
        let told = play(Kind::ReceiverFailing, &looks);
        assert_eq!(told, [(0, "told"), (3_660, "resolved")]);
    }

    #[test]
    fn it_has_to_last_and_to_be_over_for_a_while() {
        let looks = [
            (0, true),
            (600, true),
            (660, false),
            (900, true),
            (1_800, true),
            (1_860, false),
            (1_920, true),
            (2_000, false),
            (2_290, false),
            (2_300, false),
            (2_400, false),
        ];
        let told = play(Kind::Unreachable, &looks);
        assert_eq!(told, [(1_800, "told"), (2_300, "resolved")]);
    }

    #[test]
    fn of_an_event_nobody_hears_that_it_is_over() {
        let told = play(Kind::ClockJumped, &[(0, true), (60, false), (120, true)]);
        assert_eq!(told, [(0, "told"), (120, "told")]);
    }

    #[test]
    fn what_a_graver_condition_explains_is_neither_told_nor_resolved_and_begins_anew_after_it() {
        let hour = 3_600;
        let single = |inhibited| {
            vec![Condition {
                inhibited,
                since: Some(at(-10 * hour)),
                ..seen(Kind::FeedFailing).remove(0)
            }]
        };
        let first = steps(Vec::new(), single(true), at(0));
        let [Step::Keep(known)] = &first[..] else {
            panic!("{first:?}");
        };
        assert_eq!(steps(vec![known.clone()], single(true), at(60)), []);
        assert_eq!(steps(vec![known.clone()], single(false), at(120)), []);
        let later = steps(vec![known.clone()], single(false), at(6 * hour));
        assert!(matches!(&later[..], [Step::Tell(_)]), "{later:?}");
        let open = Known {
            opened: Some(at(-hour)),
            ..known.clone()
        };
        assert_eq!(steps(vec![open], single(true), at(60)), []);
    }

    #[test]
    fn a_clock_set_back_draws_nothing_out() {
        let day = 86_400;
        let told = play(
            Kind::FeedFailing,
            &[(day, true), (0, true), (6 * 3_600, true)],
        );
        assert_eq!(told, [(6 * 3_600, "told")]);
    }

    proptest! {
        #[test]
        fn telling_and_resolving_alternate(
            kind in 0..Kind::ALL.len(),
            looks in proptest::collection::vec((0_i64..40_000, proptest::bool::ANY), 1..60),
        ) {
            let kind = Kind::ALL[kind];
            let mut second = 0;
            let looks: Vec<(i64, bool)> = looks.into_iter().map(|(gap, bad)| { second += gap; (second, bad) }).collect();
            let told = play(kind, &looks);
            for pair in told.windows(2) {
                prop_assert!(kind.is_event() || pair[0].1 != pair[1].1);
            }
            prop_assert!(told.first().is_none_or(|first| first.1 == "told"));
        }
    }
}
