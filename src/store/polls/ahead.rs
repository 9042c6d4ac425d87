//! New entries of a document that are recorded before what it means for its feed, each piece in a commit of its own.
//!
//! When that is done is for `daemon::poll::ahead` to say; how an entry is recorded, for the parent.

use std::ops::Range;

use rusqlite::Transaction;

use super::super::stories::Placer;
use super::super::timing::Gate;
use super::super::{Result, feeds};
use super::{PollCommit, PollResult, be_known, open_gap, record_new, rekey};

/// What of a document's new entries was recorded ahead.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    /// How many of them.
    pub count: usize,
    /// What came of them.
    pub result: PollResult,
}

/// New entries with matches that one commit takes: each is held against others of its story, some milliseconds each, and
/// nobody else can write meanwhile.
const AT_ONCE: usize = 100;

/// The new entries that are to be recorded next, ahead of the others; none where the rest goes with the document.
#[must_use]
pub fn next_ahead(commit: &PollCommit, ahead: &Ahead) -> Option<Range<usize>> {
    let rest = commit.new.iter().enumerate().skip(ahead.count);
    let mut watched = rest.filter(|(_, item)| !item.matches.is_empty());
    let (next, _) = watched.nth(AT_ONCE)?;
    Some(ahead.count..next)
}

/// Records some new entries of a poll ahead of it. The feed's state stays as it was: whoever dies in between asks again and
/// finds them known, and so no gap; that one is open by then.
pub fn record_ahead(
    tx: &Transaction<'_>,
    commit: &PollCommit,
    range: Range<usize>,
) -> Result<PollResult> {
    if range.start == 0 {
        open_gap(tx, commit)?;
    }
    let result = record_piece(tx, commit, range)?;
    be_known(feeds::add_entries(tx, &commit.feed, result.new)?, commit)?;
    Ok(result)
}

/// Records some new entries; to count them for their feed is left to the caller.
pub(in crate::store) fn record_piece(
    tx: &Transaction<'_>,
    commit: &PollCommit,
    range: Range<usize>,
) -> Result<PollResult> {
    let mut result = PollResult::default();
    if range.start == 0 {
        rekey(tx, commit)?;
    }
    let gate = Gate::load(tx, &commit.manners, commit.now)?;
    let mut placer = Placer::new(commit);
    record_new(tx, (commit, &gate), range, (&mut placer, &mut result))?;
    Ok(result)
}

impl Ahead {
    /// With what came of the next ones.
    pub fn add(&mut self, range: &Range<usize>, result: PollResult) {
        self.count = range.end;
        let own = &mut self.result;
        own.new += result.new;
        own.repeated += result.repeated;
        own.alerts.extend(result.alerts);
        own.deliveries += result.deliveries;
        for (why, count) in result.held {
            *own.held.entry(why).or_default() += count;
        }
    }
}
