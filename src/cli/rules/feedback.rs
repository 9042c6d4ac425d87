//! What people's marks tell of a rule, for `rules show`: its precision so far and where the noise came from.
//!
//! Read from the store where there is one; without a store there is nothing to say.

use serde_json::{Value, json};

use super::marked::row_of;
use crate::cli::context::{Context, Loaded};
use crate::cli::exit::Failure;
use crate::cli::explain::short;
use crate::cli::output::Output;
use crate::domain::id::RuleId;
use crate::domain::matching::Explanation;
use crate::domain::matching::feedback::{Feedback, Share, Verdict};
use crate::store::alerts::{self, Mark, MarkCounts, MarkedAlert};

/// Marks that are looked into, the newest.
const NEWEST: u32 = 1000;

/// Lines for people.
const LINES: usize = 12;

/// What is known of a rule's alerts.
pub struct Known {
    counts: MarkCounts,
    feedback: Feedback,
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
    let (counts, marked) = store.read_blocking(|conn| {
        let counts = alerts::mark_counts(conn, rule)?;
        Ok((counts, alerts::marked(conn, Some(rule), NEWEST)?))
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
        useful: alert.mark == Mark::Useful,
        evidence: &alert.evidence,
        explanation: why.as_ref(),
    });
    let feedback = Feedback::of(verdicts);
    Ok(Some(Known { counts, feedback }))
}

impl Known {
    /// Useful alerts among the marked ones; none where none is marked.
    fn precision(&self) -> Option<f64> {
        let marked = self.counts.useful + self.counts.noise;
        (marked > 0).then(|| f64::from(self.counts.useful) / f64::from(marked))
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        json!({
            "alerts": self.counts.alerts, "useful": self.counts.useful, "noise": self.counts.noise,
            "precision": self.precision(), "terms": self.feedback.terms, "names": self.feedback.names,
            "clauses": self.feedback.clauses,
        })
    }

    /// For people: the counts, then what the noise came with.
    pub fn print(&self, out: &mut Output) -> Result<(), Failure> {
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
