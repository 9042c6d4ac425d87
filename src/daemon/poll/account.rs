//! What a poll is counted as, and the one line that the log has of it.
//!
//! Records nothing: the history of polls is the store's.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Report;
use crate::daemon::{Shared, number};
use crate::domain::feed::gap::Kind;
use crate::domain::feed::outcome::{OutcomeKind, PollRecord};
use crate::domain::feed::schedule;
use crate::domain::feed::signs::EMPTY_POLLS;
use crate::observe;
use crate::store;

/// A poll on its way to what it records, as long as this lives.
pub(super) struct UnderWay<'a>(&'a Shared);

impl<'a> UnderWay<'a> {
    /// One more.
    pub(super) fn begin(shared: &'a Shared) -> Self {
        shared.polls.fetch_add(1, Ordering::Relaxed);
        Self(shared)
    }

    /// It has arrived; says whether others are still on their way.
    pub(super) fn arrive(self) -> bool {
        self.0.polls.load(Ordering::Relaxed) > 1
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.polls.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a good poll found wrong all the same.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Nothing in the document was known, and whether there is a way back.
    gap: Option<bool>,
    /// It is the poll at which emptiness becomes suspicious.
    empty: bool,
}

impl Found {
    /// What `commit` tells of it.
    pub(super) fn of(commit: &store::polls::PollCommit) -> Self {
        let gap = commit.gap.as_ref().filter(|gap| gap.kind == Kind::Gap);
        Self {
            gap: gap.map(|gap| gap.next.is_some()),
            empty: commit.record.outcome.is_good() && commit.state.signs.empty == EMPTY_POLLS,
        }
    }
}

/// Counts entries, new and revised, and matches that raised no alert.
pub fn count_findings(
    shared: &Shared,
    (new, revised): (u64, u64),
    held: impl Iterator<Item = (&'static str, u32)>,
) {
    let metrics = &shared.metrics;
    for (change, count) in [("new", new), ("revised", revised)] {
        metrics.add(observe::ENTRIES, &[("change", change)], number(count));
    }
    for (reason, count) in held {
        metrics.add(observe::HELD, &[("reason", reason)], number(count));
    }
}

/// Counts and logs a poll.
pub(super) fn count(shared: &Shared, report: &Report, record: &PollRecord, found: Found) {
    let metrics = &shared.metrics;
    metrics.add(observe::POLLS, &[("outcome", report.outcome.as_str())], 1.0);
    let seconds = Duration::from_millis(record.duration_ms).as_secs_f64();
    metrics.add(observe::POLL_SECONDS, &[], seconds);
    metrics.add(observe::WIRE_BYTES, &[], number(record.wire_bytes));
    let held = report.held.iter().map(|(reason, count)| (*reason, *count));
    count_findings(shared, (report.new, report.revised), held);
    if let Some(way_back) = found.gap {
        metrics.add(observe::GAPS, &[("result", "found")], 1.0);
        if !way_back {
            metrics.add(observe::GAPS, &[("result", "unfilled")], 1.0);
        }
    }
    log(report, record, found);
}

/// A reason as it is spelt everywhere else.
fn name(why: schedule::Why) -> String {
    let value = serde_json::to_value(why).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// One line a poll, with all that the history keeps of it.
fn log(report: &Report, record: &PollRecord, found: Found) {
    let feed = report.feed.as_str();
    let outcome = report.outcome.as_str();
    macro_rules! line {
        ($level:ident, $($text:tt)*) => {
            tracing::$level!(
                feed,
                outcome,
                status = record.status,
                ms = record.duration_ms,
                conditional = record.conditional,
                wire_bytes = record.wire_bytes,
                body_bytes = record.body_bytes,
                new = report.new,
                revised = report.revised,
                alerts = report.alerts,
                next_poll = record.next_poll.map(tracing::field::display),
                why_then = record.why_then.map(name),
                note = record.note,
                $($text)*
            )
        };
    }
    let Report {
        new,
        revised,
        alerts,
        ..
    } = report;
    if report.outcome == OutcomeKind::Offline {
        // Said once, for all.
        line!(debug, "polled {feed}: {outcome}");
    } else if let Some(error) = &report.error {
        line!(warn, "poll of {feed} failed: {error}");
    } else if let Some(note) = record
        .note
        .as_ref()
        .filter(|_| found.gap.is_some() || found.empty)
    {
        line!(
            warn,
            "polled {feed}: {new} new, {revised} revised, {alerts} alerts; {note}"
        );
    } else if *new > 0 || *alerts > 0 {
        line!(
            info,
            "polled {feed}: {new} new, {revised} revised, {alerts} alerts"
        );
    } else {
        line!(debug, "polled {feed}: {outcome}");
    }
}
