//! The stored entry that a new one is a copy of: looked for by common hashes, then compared.
//!
//! What makes a copy is `domain::story::compare`'s answer; here it is asked of the likeliest.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::super::Result;
use super::super::row::{Ms, count};
use super::sketch::{self, Sketch};
use crate::domain::story::compare::{Relation, Verdict, compare};
use crate::domain::story::policy::{Policy, Span};

/// Entries looked at for each hash, the newest.
const POSTINGS: u32 = 64;
/// Entries compared with a new one, those with most in common.
const COMPARED: usize = 40;
/// Of these, entries whose whole texts are compared too: copies of a text have its beginning in common and stand in front.
const TEXTS: usize = 4;
/// Stories that are noted as related.
const RELATED: usize = 3;

/// A story, and what a new entry has to do with it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub story: i64,
    pub verdict: Verdict,
}

/// What was found for a new entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    /// The story that it joins.
    pub same: Option<Found>,
    /// Stories that it has to do with.
    pub related: Vec<Found>,
}

/// Looks for the story of an entry, `but` its own.
pub(super) fn nearest(
    tx: &Transaction<'_>,
    new: &Sketch,
    policy: &Policy,
    but: Option<i64>,
    now: Timestamp,
) -> Result<Finding> {
    let mut finding = Finding::default();
    for (rank, entry) in likeliest(tx, new)?.into_iter().enumerate() {
        let Some((story, signature)) = sketch::stored(tx, entry, rank < TEXTS)? else {
            continue;
        };
        if but == Some(story) {
            continue;
        }
        let verdict = compare(&new.signature, &signature, policy);
        let found = Found { story, verdict };
        match found.verdict.relation {
            Relation::Same if takes(tx, story, policy, now)? => better(&mut finding.same, found),
            Relation::Same | Relation::Related => finding.related.push(found),
            Relation::Different => {}
        }
    }
    let own = finding.same.as_ref().map(|found| found.story);
    let related = &mut finding.related;
    related.sort_by(|one, other| other.verdict.score.total_cmp(&one.verdict.score));
    let mut seen: Vec<i64> = own.into_iter().collect();
    related.retain(|found| {
        let first = !seen.contains(&found.story);
        seen.push(found.story);
        first
    });
    related.truncate(RELATED);
    Ok(finding)
}

/// Keeps the more alike of two, of equal ones the older story.
fn better(best: &mut Option<Found>, found: Found) {
    let wins = best.as_ref().is_none_or(|best| {
        let order = found.verdict.score.total_cmp(&best.verdict.score);
        order.is_gt() || order.is_eq() && found.story < best.story
    });
    if wins {
        *best = Some(found);
    }
}

/// Entries that have hashes in common with a new one, rare ones counting more.
fn likeliest(tx: &Transaction<'_>, new: &Sketch) -> Result<Vec<i64>> {
    let mut weights: HashMap<i64, f64> = HashMap::new();
    let mut query = tx.prepare_cached(
        "select entry from story_term where term = ?1 order by entry desc limit ?2",
    )?;
    for term in new.signature.terms() {
        let rows = query.query_map(params![term.cast_signed(), POSTINGS], |row| row.get(0))?;
        let entries: Vec<i64> = rows.collect::<Result<_, _>>()?;
        let many = u32::try_from(entries.len()).unwrap_or(POSTINGS);
        let weight = 1.0 / (1.0 + f64::from(many).ln());
        for entry in entries {
            *weights.entry(entry).or_default() += weight;
        }
    }
    let mut ranked: Vec<(i64, f64)> = weights.into_iter().collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    ranked.truncate(COMPARED);
    Ok(ranked.into_iter().map(|(entry, _)| entry).collect())
}

/// How long a story has been told, and by how many entries.
pub(super) fn span(tx: &Transaction<'_>, story: i64) -> Result<Option<Span>> {
    Ok(tx
        .prepare_cached(
            "select first_seen, last_seen, (select count(*) from (select 1 from entry where story = ?1 limit 200))
             from story where seq = ?1",
        )?
        .query_row([story], |row| {
            Ok(Span {
                first: row.get::<_, Ms>(0)?.0,
                last: row.get::<_, Ms>(1)?.0,
                entries: count(row.get(2)?),
            })
        })
        .optional()?)
}

/// Whether a story takes another entry.
pub(super) fn takes(
    tx: &Transaction<'_>,
    story: i64,
    policy: &Policy,
    now: Timestamp,
) -> Result<bool> {
    Ok(span(tx, story)?.is_some_and(|span| policy.takes(&span, now)))
}
