//! What the store tells of a rule, for `rules show`: how often it matched and by what, its precision so far and where the
//! noise came from.
//!
//! Read from the store where there is one; without a store there is nothing to say.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::marked::row_of;
use crate::cli::context::{Context, Loaded};
use crate::cli::exit::Failure;
use crate::cli::explain::short;
use crate::cli::output::Output;
use crate::domain::id::RuleId;
use crate::domain::matching::Explanation;
use crate::domain::matching::feedback::{Feedback, Share, Verdict};
use crate::store::alerts::{self, Hit, HitCounts, Mark, MarkCounts, MarkedAlert};

/// Marks that are looked into, the newest.
const NEWEST: u32 = 1000;

/// Matches that are looked into, the newest: each is explained.
const MATCHES: u32 = 200;

/// How far back matches are lately.
const LATELY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Lines for people.
const LINES: usize = 12;

/// What is known of a rule's alerts.
pub struct Known {
    counts: MarkCounts,
    feedback: Feedback,
    hits: HitCounts,
    /// What the newest matches came with.
    came_with: Feedback,
}

/// Reads the marks of a rule; none without a store, or with one that cannot be read now.
pub fn known(rule: &RuleId, loaded: &Loaded, context: &Context) -> Option<Known> {
    match read(rule, loaded, context) {
        Ok(known) => known,
        Err(failure) => {
            Output::note(&format!("marks are not shown: {}", failure.message));
            None
        }
    }
}

fn read(rule: &RuleId, loaded: &Loaded, context: &Context) -> Result<Option<Known>, Failure> {
    let Some(store) = context.store_if_any(loaded)? else {
        return Ok(None);
    };
    let since = context
        .clock
        .now()
        .checked_sub(LATELY)
        .unwrap_or(Timestamp::MIN);
    let (counts, marked) = store.read_blocking(|conn| {
        let counts = alerts::mark_counts(conn, rule)?;
        Ok((counts, alerts::marked(conn, Some(rule), NEWEST)?))
    })?;
    let (hits, newest) = store.read_blocking(|conn| {
        let counts = alerts::hit_counts(conn, rule, since)?;
        Ok((counts, alerts::hits(conn, rule, MATCHES)?))
    })?;
    let explained: Vec<(MarkedAlert, Option<Explanation>)> = marked
        .into_iter()
        .map(|alert| {
            let row = row_of(&alert.entry, loaded);
            let why = loaded.config.rules.explain(rule, &row.subject());
            (alert, why)
        })
        .collect();
    let verdicts = explained.iter().map(|(alert, why)| Verdict {
        useful: Some(alert.mark == Mark::Useful),
        evidence: &alert.evidence,
        explanation: why.as_ref(),
    });
    let feedback = Feedback::of(verdicts);
    let matched: Vec<(Hit, Option<Explanation>)> = newest
        .into_iter()
        .map(|hit| {
            let row = row_of(&hit.entry, loaded);
            let why = loaded.config.rules.explain(rule, &row.subject());
            (hit, why)
        })
        .collect();
    let came_with = Feedback::of(matched.iter().map(|(hit, why)| Verdict {
        useful: None,
        evidence: &hit.evidence,
        explanation: why.as_ref(),
    }));
    Ok(Some(Known {
        counts,
        feedback,
        hits,
        came_with,
    }))
}

impl Known {
    /// Useful alerts among the marked ones; none where none is marked.
    fn precision(&self) -> Option<f64> {
        let marked = self.counts.useful + self.counts.noise;
        (marked > 0).then(|| f64::from(self.counts.useful) / f64::from(marked))
    }

    /// What it matched, as JSON.
    pub fn matches(&self) -> Value {
        json!({
            "all": self.hits.all, "last_90_days": self.hits.lately, "last": self.hits.last,
            "terms": self.came_with.terms, "names": self.came_with.names, "clauses": self.came_with.clauses,
        })
    }

    /// What people said of it, as JSON.
    pub fn json(&self) -> Value {
        json!({
            "alerts": self.counts.alerts, "useful": self.counts.useful, "noise": self.counts.noise,
            "precision": self.precision(), "terms": self.feedback.terms, "names": self.feedback.names,
            "clauses": self.feedback.clauses,
        })
    }

    /// For people: the counts, what the matches came with, then what the noise did.
    pub fn print(&self, out: &mut Output) -> Result<(), Failure> {
        self.print_matches(out)?;
        self.print_marks(out)
    }

    fn print_matches(&self, out: &mut Output) -> Result<(), Failure> {
        let HitCounts { all, lately, last } = self.hits;
        let Some(last) = last else {
            return out.line("  matches    none: try it with bongsu rules backtest");
        };
        out.line(&format!(
            "  matches    {all}, of them {lately} in the last 90 days; the last one {}",
            last.strftime("%Y-%m-%d %H:%M")
        ))?;
        let shares = |kind: &'static str, list: &[Share]| {
            let row =
                |share: &Share| vec![share.hits.to_string(), kind.to_owned(), short(&share.what)];
            let mut sorted: Vec<&Share> = list.iter().collect();
            sorted.sort_by_key(|share| std::cmp::Reverse(share.hits));
            let top = sorted.into_iter().take(LINES / 3);
            top.map(row).collect::<Vec<_>>()
        };
        let mut lines = shares("clause", &self.came_with.clauses);
        lines.extend(shares("term", &self.came_with.terms));
        lines.extend(shares("name", &self.came_with.names));
        out.line("what stood in the newest ones:")?;
        out.table(&["MATCHES", "", "AS WRITTEN"], &lines)
    }

    fn print_marks(&self, out: &mut Output) -> Result<(), Failure> {
        let MarkCounts {
            alerts,
            useful,
            noise,
        } = self.counts;
        let Some(precision) = self.precision() else {
            return out.line(&format!(
                "  marks      none of {alerts} alerts is marked: bongsu alerts mark ID useful|noise"
            ));
        };
        out.line(&format!(
            "  marks      {} of {alerts} alerts: {useful} useful, {noise} noise, precision {precision:.2}",
            useful + noise
        ))?;
        let lists = [
            ("clause", &self.feedback.clauses),
            ("term", &self.feedback.terms),
            ("name", &self.feedback.names),
        ];
        let lines: Vec<Vec<String>> = lines(lists).collect();
        if lines.is_empty() {
            return Ok(());
        }
        out.line("what stood in the noise:")?;
        out.table(&["NOISE", "USEFUL", "", "AS WRITTEN"], &lines)
    }
}

fn lines<'a>(lists: [(&'static str, &'a Vec<Share>); 3]) -> impl Iterator<Item = Vec<String>> + 'a {
    lists.into_iter().flat_map(|(kind, list)| {
        let noisy = list.iter().filter(|share| share.noise > 0);
        noisy.take(LINES / 3).map(move |share| {
            vec![
                share.noise.to_string(),
                share.useful.to_string(),
                kind.to_owned(),
                short(&share.what),
            ]
        })
    })
}
