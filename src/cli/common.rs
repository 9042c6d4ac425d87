//! Terms that stand in much of what is stored, and rules that match nothing of it, for `check`: where there is a store.
//!
//! A store that is missing or cannot be read says nothing: config is checked without it too.

use jiff::{SignedDuration, Timestamp};

use super::context::{Context, Loaded};
use super::entries;
use super::exit::Failure;
use crate::config::Problems;
use crate::domain::matching::common::Commonness;
use crate::domain::matching::{Place, Problem};
use crate::domain::rule::diagnostic::Diagnostic;
use crate::store::alerts;
use crate::store::entries::EntryFilter;

/// Entries that are looked at, the newest.
const NEWEST: usize = 2000;

/// How long a rule may match nothing.
const SILENT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Warnings about such terms and rules, at their places in the files.
pub fn terms(loaded: &Loaded, context: &Context) -> Problems {
    let mut found = count(loaded, context).unwrap_or_default();
    found.extend(silent(loaded, context).unwrap_or_default());
    loaded.warnings.located(&loaded.config.places, &found)
}

fn count(loaded: &Loaded, context: &Context) -> Result<Vec<Problem>, Failure> {
    let Some(store) = context.store_if_any(loaded)? else {
        return Ok(Vec::new());
    };
    let mut counted = Commonness::new(&loaded.config.definitions);
    let mut left = NEWEST;
    entries::walk(&store, &EntryFilter::default(), |entry| {
        let tags = entries::tags(Some(&loaded.config), entry.entry.feed_str());
        counted.add(&entry.subject(tags));
        left -= 1;
        Ok(left > 0)
    })?;
    Ok(counted.problems())
}

/// W17: rules that matched nothing in 90 days, where the store reaches back so far.
fn silent(loaded: &Loaded, context: &Context) -> Result<Vec<Problem>, Failure> {
    let Some(store) = context.store_if_any(loaded)? else {
        return Ok(Vec::new());
    };
    let now = context.clock.now();
    let since = now.checked_sub(SILENT).unwrap_or(Timestamp::MIN);
    let Some(heard) = store.read_blocking(|conn| alerts::heard_since(conn, since))? else {
        return Ok(Vec::new());
    };
    let rules = loaded.config.definitions.rules.iter().enumerate();
    let silent = rules.filter(|(_, rule)| rule.enabled && !heard.contains(&rule.id));
    Ok(silent
        .map(|(at, rule)| Problem {
            place: Place::RuleQuery(at),
            diagnostic: Diagnostic::warning(
                "W17",
                0..rule.query.len(),
                format!("`{}` matched nothing in the last 90 days", rule.id),
            )
            .help("try it with `rules backtest`; a rule that is new has to wait"),
        })
        .collect())
}
