//! Who has been told of a story: by this rule, or by one that keeps it quiet.

use rusqlite::Transaction;

use super::super::outbox::Addressee;
use super::super::row::{later, millis};
use super::super::{Result, alerts};
use super::{Case, RuleMatch, Terms};

/// Leaves out those whom another rule has told of the story; where nobody is left, the alert that did it.
pub(super) fn inhibit(
    tx: &Transaction<'_>,
    terms: &Terms<'_>,
    case: &Case<'_>,
    found: &RuleMatch,
    to: &mut [Addressee],
) -> Result<Option<i64>> {
    let manners = terms.gate.manners;
    let manner = manners.rule(found.found.rule.as_str());
    let rules = manner.map_or(&[][..], |manner| manner.inhibit.as_slice());
    let since = later(terms.now, millis(manners.story_window).saturating_neg());
    let mut last = None;
    for rule in rules {
        let Some(by) = alerts::of_story_since(tx, case.at.story, rule, since)? else {
            continue;
        };
        for receiver in to.iter_mut().filter(|to| to.skip.is_none()) {
            let story = (case.at.story, rule.as_str());
            if alerts::went_to(tx, story, &receiver.receiver, false)? {
                receiver.skip = Some(format!("inhibited: {rule} has told of the story"));
                last = Some(by);
            }
        }
    }
    let nobody = to.iter().all(|to| to.skip.is_some());
    Ok(last.filter(|_| nobody))
}

/// Of those whom a match is for, the ones that no alert of the rule on this story went to: a receiver's `only`
/// may refuse the first entry and take a copy.
pub(super) fn untold(
    tx: &Transaction<'_>,
    story: i64,
    found: &RuleMatch,
    (told, silenced): (Option<i64>, bool),
) -> Result<Vec<Addressee>> {
    let mut others = Vec::new();
    if told.is_none() {
        return Ok(others);
    }
    for to in found.receivers.iter().filter(|to| to.skip.is_none()) {
        let rule = found.found.rule.as_str();
        if !alerts::went_to(tx, (story, rule), &to.receiver, silenced)? {
            others.push(to.clone());
        }
    }
    Ok(others)
}
