//! Rules that stopped matching when config changed, match a large part of everything, or nothing at all.
//!
//! Pure: counts in, conditions out. What a rule should say is people's business; here is only what stands out.

use jiff::{SignedDuration, Timestamp};

use super::{Condition, Kind, at, many};

/// Entries of a day before a part of them means anything.
const ENOUGH: u64 = 100;

/// A rule is watched for so long before it is judged by a day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// More than this part of a day's entries…
const BROAD: (u64, u64) = (30, 100);

/// …until it is no more than this.
const NARROW: (u64, u64) = (25, 100);

/// So long without a match is told, for the record.
pub const LONG: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Silence of a rule less likely than this after a change of config is the change's fault.
const UNLIKELY: f64 = 0.001;

/// A rule, as its matches go.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Which.
    pub id: String,
    /// Matches within a day.
    pub day: u64,
    /// Matches within [`LONG`].
    pub month: u64,
    /// Since when it means what it means.
    pub since: Option<Timestamp>,
    /// Matches since then.
    pub matches_since: u64,
    /// Matches a day before that.
    pub rate_before: Option<f64>,
    /// Whether people were told that it matches too much.
    pub told_broad: bool,
}

/// Entries of all feeds that rules were held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entries {
    /// Within a day.
    pub day: u64,
    /// Within [`LONG`].
    pub month: u64,
}

/// What stands out about rules.
#[must_use]
pub fn judge(rules: &[Facts], entries: Entries, now: Timestamp) -> Vec<Condition> {
    rules
        .iter()
        .filter_map(|facts| {
            stopped(facts, now)
                .or_else(|| silent(facts, entries, now))
                .or_else(|| broad(facts, entries, now))
        })
        .collect()
}

fn stopped(facts: &Facts, now: Timestamp) -> Option<Condition> {
    let (since, rate) = (facts.since?, facts.rate_before?);
    let days = now.duration_since(since).as_secs_f64() / 86_400.0;
    let probability = (-rate * days).exp();
    (facts.matches_since == 0 && probability < UNLIKELY).then(|| {
        let id = &facts.id;
        let text = format!(
            "rule {id} has matched nothing since config changed at {}, and matched {rate:.1} times a day before: \
             `bongsu rules backtest {id}` shows what it would match now",
            at(since)
        );
        Condition::new(Kind::RuleStopped, id, text)
    })
}

fn silent(facts: &Facts, entries: Entries, now: Timestamp) -> Option<Condition> {
    let watched = now.duration_since(facts.since?) >= LONG;
    (watched && facts.month == 0 && entries.month >= ENOUGH).then(|| {
        let id = &facts.id;
        let read = many(entries.month, "entry", "entries");
        let text = format!("rule {id} has matched none of {read} in 30 days: is it still wanted?");
        Condition::new(Kind::RuleSilent, id, text)
    })
}

fn broad(facts: &Facts, entries: Entries, now: Timestamp) -> Option<Condition> {
    // The first day of a desk, or of a new wording, is read as a whole by whoever wrote it.
    if now.duration_since(facts.since?) < DAY {
        return None;
    }
    let (part, of) = if facts.told_broad { NARROW } else { BROAD };
    (entries.day >= ENOUGH && facts.day * of > entries.day * part).then(|| {
        let (id, percent) = (&facts.id, facts.day * 100 / entries.day);
        let text =
            format!("rule {id} matched {percent} % of all entries of a day: is it meant to?");
        Condition::new(Kind::RuleBroad, id, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    fn kinds(facts: Facts, entries: Entries) -> Vec<Kind> {
        judge(&[facts], entries, now())
            .iter()
            .map(|found| found.kind)
            .collect()
    }

    #[test]
    fn what_stands_out_about_a_rule() {
        let ago = |hours| Some(now() - SignedDuration::from_hours(hours));
        let many = Entries {
            day: 1_000,
            month: 30_000,
        };
        let changed = |hours, rate, matches| Facts {
            since: ago(hours),
            rate_before: Some(rate),
            matches_since: matches,
            month: 40,
            ..Facts::default()
        };
        assert_eq!(kinds(changed(24, 10.0, 0), many), [Kind::RuleStopped]);
        assert_eq!(kinds(changed(24, 10.0, 1), many), []);
        assert_eq!(
            kinds(changed(24, 1.0, 0), many),
            [],
            "a day without is nothing for a rule of one a day"
        );
        let idle = |hours, month| Facts {
            since: ago(hours),
            month,
            ..Facts::default()
        };
        assert_eq!(kinds(idle(721, 0), many), [Kind::RuleSilent]);
        assert_eq!(kinds(idle(719, 0), many), []);
        assert_eq!(kinds(idle(721, 1), many), []);
        assert_eq!(
            kinds(idle(721, 0), Entries::default()),
            [],
            "nothing to match"
        );
        let matched = |day, told_broad| Facts {
            day,
            told_broad,
            since: ago(24),
            ..Facts::default()
        };
        let new = Facts {
            since: ago(23),
            ..matched(900, false)
        };
        assert_eq!(kinds(new, many), [], "the first day");
        assert_eq!(kinds(matched(301, false), many), [Kind::RuleBroad]);
        assert_eq!(kinds(matched(300, false), many), []);
        assert_eq!(kinds(matched(260, true), many), [Kind::RuleBroad]);
        assert_eq!(
            kinds(matched(40, false), Entries { day: 50, month: 50 }),
            []
        );
    }
}
