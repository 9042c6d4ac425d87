//! Recording a poll: feed state, entries, matches, stories, alerts and what is owed, together or not at all.
//!
//! What is new and what matches was found before; whether someone is told is `domain::alert::decide`. Here
//! the facts it needs are gathered from the store, in the same transaction that keeps its answer.

mod ahead;
mod told;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

pub(super) use self::ahead::record_piece;
pub use self::ahead::{Ahead, next_ahead, record_ahead};
use super::alerts::{self, NewAlert};
use super::entries::{self, Marks, NewEntries, Placed};
use super::gaps::{self, NewGap};
use super::outbox::Addressee;
use super::row::{Json, Ms, Name, Rank};
use super::silences::About;
use super::stories::{self, Placer};
use super::timing::Gate;
use super::{Result, StoreError, feeds, pages, websub};
use crate::domain::alert::decide::{Change, Facts, decide};
use crate::domain::alert::manners::Manners;
use crate::domain::alert::{self, Decision, Held, Reason};
use crate::domain::entry::Entry;
use crate::domain::entry::identity::Part;
use crate::domain::entry::ingest::Rekeyed;
use crate::domain::entry::page::Wanted;
use crate::domain::feed::FeedState;
use crate::domain::feed::outcome::PollRecord;
use crate::domain::feed::websub::push::PollNews;
use crate::domain::id::{EntryId, FeedId};
use crate::domain::matching::{Match, Mention};
use crate::domain::rule::{Notify, Revisions};
use crate::domain::story::policy::Policy;

/// Everything one poll brings.
#[derive(Clone, Debug)]
pub struct PollCommit {
    /// Which feed.
    pub feed: FeedId,
    /// What was learned of it; `entries` is counted here and ignored.
    pub state: FeedState,
    /// What the poll says of hubs and pushes.
    pub news: PollNews,
    /// For the history.
    pub record: PollRecord,
    /// Nothing in the document was known, or its history is wanted.
    pub gap: Option<NewGap>,
    /// Entries not seen before, in the order in which their alerts are to be decided.
    pub new: Vec<Recorded>,
    /// Entries that changed.
    pub revised: Vec<RevisedEntry>,
    /// Known entries that came under another key.
    pub rekeyed: Vec<Rekeyed>,
    /// Known entries that the document still carries.
    pub seen: Vec<EntryId>,
    /// Pages that its entries link to, where the feed has `full_text`.
    pub pages: Vec<Wanted>,
    /// New entries published before this raise no alert.
    pub backlog_before: Timestamp,
    /// Undated new entries raise none either: it is the feed's first document.
    pub undated_is_backlog: bool,
    /// How its alerts are to be told.
    pub manners: Arc<Manners>,
    /// What makes a story.
    pub story: Arc<Policy>,
    /// When all this is so.
    pub now: Timestamp,
}

impl PollCommit {
    fn terms<'a>(&self, gate: &'a Gate<'a>) -> Terms<'a> {
        Terms {
            backlog_before: self.backlog_before,
            undated_is_backlog: self.undated_is_backlog,
            gate,
            now: self.now,
        }
    }
}

/// By what matches are decided, besides themselves: see the fields of [`PollCommit`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub backlog_before: Timestamp,
    pub undated_is_backlog: bool,
    pub gate: &'a Gate<'a>,
    pub now: Timestamp,
}

/// An entry with all that is known of it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The entry.
    pub entry: Entry,
    /// `identity::content_hash` of its content.
    pub content_hash: [u8; 32],
    /// `ingest::alternates` of it.
    pub alternates: Vec<String>,
    /// `identity::canonical_url` of its link.
    pub canonical_url: Option<String>,
    /// `identity::title_key` of its title.
    pub title_key: Option<String>,
    /// The rules it satisfies.
    pub matches: Vec<RuleMatch>,
    /// The entities it names.
    pub mentions: Vec<Mention>,
}

/// A changed entry.
#[derive(Clone, Debug)]
pub struct RevisedEntry {
    /// What it says now.
    pub now: Recorded,
    /// In what it changed.
    pub changed: Vec<Part>,
    /// The publisher did not say so.
    pub hash_only: bool,
}

/// A match, and what its rule says about telling.
#[derive(Clone, Debug)]
pub struct RuleMatch {
    /// Rule, severity, evidence.
    pub found: Match,
    /// The rule's title.
    pub title: String,
    /// The rule's `notify`.
    pub notify: Notify,
    /// The rule's `revisions`.
    pub revisions: Revisions,
    /// Who is to be told, and who is not and why.
    pub receivers: Vec<Addressee>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollResult {
    /// Entries stored.
    pub new: u32,
    /// Entries changed.
    pub revised: u32,
    /// Entries and alerts that were there already: this poll was recorded before.
    pub repeated: u32,
    /// Alerts raised.
    pub alerts: Vec<i64>,
    /// Deliveries owed for them.
    pub deliveries: u32,
    /// Pages to be fetched.
    pub pages: u32,
    /// Matches that raised no alert, by reason.
    pub held: BTreeMap<&'static str, u32>,
}

/// An entry whose matches are being decided.
struct Case<'a> {
    at: Placed,
    item: &'a Recorded,
    revised: bool,
}

/// Records a poll.
pub fn record_poll(tx: &Transaction<'_>, commit: &PollCommit) -> Result<PollResult> {
    record_poll_after(tx, commit, &Ahead::default())
}

/// Records a poll of which some new entries are recorded.
pub fn record_poll_after(
    tx: &Transaction<'_>,
    commit: &PollCommit,
    ahead: &Ahead,
) -> Result<PollResult> {
    let mut result = ahead.result.clone();
    if ahead.count == 0 {
        open_gap(tx, commit)?;
    }
    record_entries(tx, commit, ahead.count, &mut result)?;
    let new = result.new - ahead.result.new;
    let known = feeds::save_state(tx, &commit.feed, &commit.state, new)?;
    be_known(known, commit)?;
    if commit.news != PollNews::default() {
        websub::polled(tx, &commit.feed, &commit.news, commit.now)?;
    }
    feeds::add_poll(tx, &commit.feed, &commit.record)?;
    Ok(result)
}

/// Records what a hub pushed to the callback `token`: like a poll, but the feed's validators, schedule and last
/// answer are those of polls and stay.
pub fn record_push(tx: &Transaction<'_>, commit: &PollCommit, ahead: &Ahead) -> Result<PollResult> {
    let mut result = ahead.result.clone();
    record_entries(tx, commit, ahead.count, &mut result)?;
    let new = result.new - ahead.result.new;
    let known = feeds::save_pushed(tx, &commit.feed, new, commit.now)?;
    be_known(known, commit)?;
    let new = commit.new.iter().map(|item| item.entry.id.as_str());
    let revised = commit.revised.iter().map(|item| item.now.entry.id.as_str());
    let carried = new
        .chain(revised)
        .chain(commit.seen.iter().map(EntryId::as_str));
    websub::change(tx, &commit.feed, commit.now, |subscription| {
        subscription.push.pushed(carried, result.new, commit.now);
        subscription.last_push = Some(commit.now);
        subscription.pushes = subscription.pushes.saturating_add(1);
    })?;
    feeds::add_poll(tx, &commit.feed, &commit.record)?;
    Ok(result)
}

/// Opens the gap that a poll found, before any of its entries is stored: what was known before is told by their rows.
fn open_gap(tx: &Transaction<'_>, commit: &PollCommit) -> Result<()> {
    match &commit.gap {
        Some(gap) => gaps::open(tx, &commit.feed, commit.record.at, gap),
        None => Ok(()),
    }
}

fn be_known(known: bool, commit: &PollCommit) -> Result<()> {
    if known {
        return Ok(());
    }
    Err(StoreError::fault(format!(
        "feed `{}` was polled, but the store does not know it",
        commit.feed
    )))
}

/// The entries of a poll, from a new one on, with all that hangs on them.
pub(super) fn record_entries(
    tx: &Transaction<'_>,
    commit: &PollCommit,
    from: usize,
    result: &mut PollResult,
) -> Result<()> {
    if from == 0 {
        rekey(tx, commit)?;
    }
    let gate = Gate::load(tx, &commit.manners, commit.now)?;
    let mut placer = Placer::new(commit);
    if from < commit.new.len() {
        let rest = from..commit.new.len();
        record_new(tx, (commit, &gate), rest, (&mut placer, result))?;
    }
    for revised in &commit.revised {
        record_revised(tx, (commit, &gate), revised, (&mut placer, result))?;
    }
    result.pages += pages::queue(tx, commit)?;
    entries::touch(tx, &commit.seen, commit.now)
}

fn rekey(tx: &Transaction<'_>, commit: &PollCommit) -> Result<()> {
    for rekeyed in &commit.rekeyed {
        entries::rekey(tx, &commit.feed, rekeyed)?;
    }
    Ok(())
}

fn record_new<'t>(
    tx: &'t Transaction<'_>,
    (commit, gate): (&'t PollCommit, &Gate<'_>),
    range: Range<usize>,
    (placer, result): (&mut Placer<'_, 't>, &mut PollResult),
) -> Result<()> {
    let mut stored = NewEntries::new(tx, &commit.feed)?;
    for item in &commit.new[range] {
        if stored.is_stored(&item.entry.id)? {
            result.repeated += 1;
            continue;
        }
        let marks = Marks::of(item);
        let home = placer.place(tx, item, marks)?;
        let at = stored.insert(item, (marks, &home), commit.now)?;
        result.new += 1;
        let case = Case {
            at,
            item,
            revised: false,
        };
        let alerts = result.alerts.len();
        record_findings(tx, &commit.terms(gate), &case, result)?;
        placer.settle(tx, &case.at, &home, result.alerts.len() > alerts)?;
    }
    Ok(())
}

fn record_revised(
    tx: &Transaction<'_>,
    (commit, gate): (&PollCommit, &Gate<'_>),
    revised: &RevisedEntry,
    (placer, result): (&mut Placer<'_, '_>, &mut PollResult),
) -> Result<()> {
    let Some(mut at) = entries::revise(tx, &commit.feed, revised, commit.now)? else {
        result.repeated += 1;
        return Ok(());
    };
    result.revised += 1;
    placer.revisit(tx, &mut at, &revised.now)?;
    let case = Case {
        at,
        item: &revised.now,
        revised: true,
    };
    record_findings(tx, &commit.terms(gate), &case, result)
}

/// What is found in a stored entry later, on the terms of its poll.
pub(super) fn record_case(
    tx: &Transaction<'_>,
    terms: &Terms<'_>,
    at: Placed,
    item: &Recorded,
) -> Result<PollResult> {
    let mut result = PollResult::default();
    let case = Case {
        at,
        item,
        revised: false,
    };
    record_findings(tx, terms, &case, &mut result)?;
    Ok(result)
}

/// Whom the entry names, and what its matches lead to.
fn record_findings(
    tx: &Transaction<'_>,
    terms: &Terms<'_>,
    case: &Case<'_>,
    result: &mut PollResult,
) -> Result<()> {
    entries::save_mentions(tx, &case.at, &case.item.mentions, terms.now)?;
    let mut matches: Vec<&RuleMatch> = case.item.matches.iter().collect();
    matches.sort_by_key(|found| terms.gate.manners.order(&found.found.rule));
    for found in matches {
        let outcome = decide_match(tx, terms, case, found, result)?;
        if let Outcome::Held(held, _) = outcome {
            *result.held.entry(held.as_str()).or_default() += 1;
        }
        save_match(tx, &case.at, found, &outcome, terms.now)?;
    }
    Ok(())
}

/// Whether a match is told, and if so, owes it.
fn decide_match(
    tx: &Transaction<'_>,
    terms: &Terms<'_>,
    case: &Case<'_>,
    found: &RuleMatch,
    result: &mut PollResult,
) -> Result<Outcome> {
    let told = alerts::of_story(tx, case.at.story, &found.found.rule)?;
    let about = About {
        rule: found.found.rule.as_str(),
        severity: found.found.severity,
        entry: Some(case.at.seq),
        subject: None,
    };
    let silenced = terms.gate.silence(tx, &about)?.is_some();
    let others = told::untold(tx, case.at.story, found, (told, silenced))?;
    let facts = Facts {
        notify: found.notify,
        revisions: found.revisions,
        published: case.item.entry.content.published,
        backlog_before: terms.backlog_before,
        undated_is_backlog: terms.undated_is_backlog,
        change: if case.revised {
            Change::Revised {
                matched_before: matched_before(tx, &case.at, found)?,
            }
        } else {
            Change::New
        },
        story_alerted: told.is_some() && others.is_empty(),
    };
    match decide(&facts) {
        Decision::Raise(reason) => {
            let rest = reason == Reason::NewStory && !others.is_empty();
            let mut to = if rest {
                others
            } else {
                found.receivers.clone()
            };
            match told::inhibit(tx, terms, case, found, &mut to)? {
                Some(by) => Ok(Outcome::Held(Held::Inhibited, Some(by))),
                None => raise(tx, terms, case, (found, reason, rest, &to), result),
            }
        }
        Decision::Hold(Held::Folded) => Ok(Outcome::Held(Held::Folded, told)),
        Decision::Hold(held) => Ok(Outcome::Held(held, None)),
    }
}

/// What a match led to, with the alert it raised or belongs to.
enum Outcome {
    Raised(Reason, i64),
    Held(Held, Option<i64>),
}

fn raise(
    tx: &Transaction<'_>,
    terms: &Terms<'_>,
    case: &Case<'_>,
    (found, reason, rest, receivers): (&RuleMatch, Reason, bool, &[Addressee]),
    result: &mut PollResult,
) -> Result<Outcome> {
    let rule = found.found.rule.as_str();
    let entry = case.item.entry.id.as_str();
    let key = match reason {
        Reason::NewStory => {
            let step = if rest { entry } else { "" };
            alert::key(
                rule,
                &stories::first_entry(tx, case.at.story)?,
                reason,
                step,
            )
        }
        Reason::Revision => alert::key(rule, entry, reason, &alert::hex(&case.item.content_hash)),
        _ => alert::key(rule, entry, reason, ""),
    };
    let alert = NewAlert {
        key: &key,
        severity: found.found.severity,
        reason,
        rule,
        rule_title: &found.title,
        place: Some(&case.at),
        body: None,
    };
    let (id, fresh) = alerts::insert(tx, &alert, receivers, terms.now)?;
    if !fresh {
        result.repeated += 1;
        return Ok(Outcome::Held(Held::Known, Some(id)));
    }
    terms.gate.judge(tx, id)?;
    result.alerts.push(id);
    let owed = receivers.iter().filter(|to| to.skip.is_none());
    result.deliveries += u32::try_from(owed.count()).unwrap_or(u32::MAX);
    Ok(Outcome::Raised(reason, id))
}

/// Whether an earlier revision of the entry satisfied the rule.
fn matched_before(tx: &Transaction<'_>, at: &Placed, found: &RuleMatch) -> Result<bool> {
    let earlier: Option<i64> = tx
        .prepare_cached(
            r#"select 1 from "match" where entry = ?1 and rule = ?2 and revision < ?3 limit 1"#,
        )?
        .query_row(
            params![at.seq, found.found.rule.as_str(), at.revision],
            |row| row.get(0),
        )
        .optional()?;
    Ok(earlier.is_some())
}

fn save_match(
    tx: &Transaction<'_>,
    at: &Placed,
    found: &RuleMatch,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<()> {
    let (raised, held, alert) = match outcome {
        Outcome::Raised(reason, alert) => (Some(Name(*reason)), None, Some(*alert)),
        Outcome::Held(held, alert) => (None, Some(Name(*held)), *alert),
    };
    tx.prepare_cached(
        r#"insert into "match" (entry, rule, revision, severity, at, raised, held, alert, evidence)
           values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict (entry, rule, revision) do nothing"#,
    )?
    .execute(params![
        at.seq,
        found.found.rule.as_str(),
        at.revision,
        Rank(found.found.severity),
        Ms(now),
        raised,
        held,
        alert,
        Json(&found.found.evidence),
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests;
