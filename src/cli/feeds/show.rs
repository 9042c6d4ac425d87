//! `feeds list` and `feeds show`: what is known of feeds, their polls and their gaps.

use jiff::Timestamp;
use serde_json::json;

use super::pushes::Pushes;
use super::{all, find, merged, standing};
use crate::cli::context::{Context, Loaded};
use crate::cli::exit::Failure;
use crate::cli::output::{Output, neutral};
use crate::domain::document::only_feed;
use crate::domain::entry::page;
use crate::domain::feed::gap::Kind;
use crate::domain::feed::outcome::{PollRecord, Timings};
use crate::domain::id::FeedId;
use crate::store::feeds::FeedRow;
use crate::store::gaps::{Gap, State};
use crate::store::{self, Store, StoreError};

/// Polls shown of one feed.
const POLLS: u32 = 20;
/// Gaps shown of one feed.
const GAPS: u32 = 10;

/// The contract's facts of a feed, with what its last poll was.
fn facts(row: &FeedRow, last: Option<&PollRecord>, pushes: &Pushes) -> serde_json::Value {
    let FeedRow { feed, state, .. } = row;
    let signs = &state.signs;
    let gap = signs.gap.as_ref();
    json!({
        "id": feed.id, "url": feed.url, "title": feed.title.as_ref().or(state.title.as_ref()),
        "health": row.health(), "last_poll": state.last_poll, "next_poll": state.next_poll,
        "why_then": state.why_then, "last_error": state.last_error, "entries": state.entries,
        "origin": feed.origin, "tags": feed.tags, "language": feed.language.as_ref().or(state.language.as_ref()),
        "last_outcome": state.last_outcome, "failures": state.failures, "last_new": state.last_new,
        "enabled": feed.enabled, "last_status": last.and_then(|poll| poll.status),
        "last_duration_ms": last.map(|poll| poll.duration_ms),
        "last_final_url": last.and_then(|poll| poll.final_url.as_ref()),
        "last_note": last.and_then(|poll| poll.note.as_ref()),
        "gaps": gap.map_or(0, |gap| gap.count), "last_gap": gap.map(|gap| gap.last),
        "candidates": signs.candidates, "effective_url": state.standing.moves.effective_url,
        "websub": pushes.of(&feed.id),
    })
}

/// One line a feed.
pub fn list(loaded: &Loaded, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.store_of(loaded)?;
    let rows = all(loaded, &store)?;
    let now = context.clock.now();
    let notes = standing::notes(&rows, now);
    if !out.is_human() {
        let last = store.read_blocking(store::feeds::last_polls)?;
        let pushes = Pushes::read(&store, now)?;
        let facts = rows.iter().zip(&notes).map(|(row, note)| {
            let mut facts = facts(row, last.get(&row.feed.id), &pushes);
            facts["note"] = json!(note);
            facts
        });
        return out.rows("feeds", &facts.collect::<Vec<_>>());
    }
    let table: Vec<Vec<String>> = rows
        .iter()
        .zip(&notes)
        .map(|(row, note)| {
            let FeedRow { feed, state, .. } = row;
            let said = [state.last_error.as_deref(), note.as_deref()];
            let error = said.into_iter().flatten().collect::<Vec<_>>().join("; ");
            vec![
                feed.id.to_string(),
                row.health().as_str().to_owned(),
                state.entries.to_string(),
                state
                    .last_poll
                    .map_or_else(|| "never".to_owned(), |at| span(now, at)),
                state
                    .next_poll
                    .map_or_else(|| "-".to_owned(), |at| span(now, at)),
                neutral(&error),
            ]
        })
        .collect();
    out.table(
        &[
            "ID",
            "HEALTH",
            "ENTRIES",
            "LAST POLL",
            "NEXT POLL",
            "ERROR, NOTE",
        ],
        &table,
    )
}

/// How far a time is from now: `5m ago`, `in 12m`.
fn span(now: Timestamp, at: Timestamp) -> String {
    let seconds = at.duration_since(now).as_secs();
    let amount = seconds.unsigned_abs();
    let text = match amount {
        0..60 => format!("{amount}s"),
        60..3_600 => format!("{}m", amount / 60),
        3_600..172_800 => format!("{}h", amount / 3_600),
        _ => format!("{}d", amount / 86_400),
    };
    if seconds > 0 {
        format!("in {text}")
    } else {
        format!("{text} ago")
    }
}

/// One feed with its last polls and gaps.
pub fn show(loaded: &Loaded, id: &str, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.store_of(loaded)?;
    let now = context.clock.now();
    // In one reading: a poll between two would show what is not known of the feed yet.
    let (rows, past) = store.read_blocking(|conn| {
        let rows = merged(loaded, &store::feeds::list(conn)?);
        let past = match rows.iter().find(|row| row.feed.id.as_str() == id) {
            None => None,
            Some(row) => Some((
                store::feeds::history(conn, &row.feed.id, POLLS)?,
                store::gaps::list(conn, &row.feed.id, GAPS)?,
                store::hosts::bound_of(conn, row, now)?,
            )),
        };
        Ok::<_, StoreError>((rows, past))
    })?;
    let row = find(&rows, id)?;
    let (polls, gaps, host_until) = past.unwrap_or_default();
    let pushes = Pushes::read(&store, now)?;
    let note = rows.iter().zip(standing::notes(&rows, now));
    let note = note.filter(|(known, _)| known.feed.id == row.feed.id);
    let mut value = facts(row, polls.first(), &pushes);
    value["note"] = json!(note.map(|(_, note)| note).next().flatten());
    value["host_until"] = json!(host_until);
    if row.feed.full_text {
        value["pages"] = pages(&store, &row.feed.id)?;
    }
    let lines = row.state.terms.as_ref().zip(row.state.why_then);
    let lines = lines.map(|(terms, why)| terms.explain(row.state.next_poll, why));
    if !out.is_human() {
        value["schedule"] = json!(row.state.terms);
        if let (Some(lines), Some(schedule)) = (&lines, value["schedule"].as_object_mut()) {
            schedule.insert("text".to_owned(), json!(lines));
        }
        value["polls"] = json!(polls);
        value["gap_history"] = json!(gaps);
        return out.json(&value);
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        if value.as_array().is_none_or(|list| !list.is_empty()) || name == "tags" {
            let text = value.as_str().map_or_else(|| value.to_string(), neutral);
            out.line(&format!("{name:<16} {text}"))?;
        }
    }
    for line in lines.iter().flatten() {
        out.line(&format!("{:<16} {line}", "schedule"))?;
    }
    if let Some(only) = only_feed(&row.state.signs.candidates) {
        let text = format!(
            "The page at this URL names one feed: write `url = \"{}\"`",
            only.url
        );
        out.line(&format!("\n{}", neutral(&text)))?;
    }
    show_gaps(&gaps, out)?;
    show_polls(&polls, out)
}

/// Its linked pages by where they stand, and why the last one that was not read was not.
fn pages(store: &Store, feed: &FeedId) -> Result<serde_json::Value, Failure> {
    let (counts, error) = store.read_blocking(|conn| {
        Ok::<_, StoreError>((
            store::pages::counts(conn, feed)?,
            store::pages::last_error(conn, feed)?,
        ))
    })?;
    let mut value = json!({ "last_error": error });
    for state in page::State::ALL {
        let count = counts.iter().find(|(known, _)| *known == state);
        value[state.as_str()] = json!(count.map_or(0, |(_, count)| *count));
    }
    Ok(value)
}

/// Gaps in words.
fn show_gaps(gaps: &[Gap], out: &mut Output) -> Result<(), Failure> {
    for (number, gap) in gaps.iter().enumerate() {
        if number == 0 {
            out.line("")?;
        }
        let what = match (gap.kind, gap.state) {
            (Kind::Gap, State::Filling) => "gap, being filled",
            (Kind::Gap, State::Filled) => "gap, filled",
            (Kind::Gap, State::Unfilled) => "gap, not filled",
            (Kind::History, State::Filling) => "history, being read",
            (Kind::History, _) => "history, read",
        };
        let note = gap.note.as_deref().map(neutral).unwrap_or_default();
        out.line(&format!(
            "{} {what}: {} entries from {} earlier documents; {note}",
            gap.at, gap.recovered, gap.documents
        ))?;
    }
    Ok(())
}

fn show_polls(polls: &[PollRecord], out: &mut Output) -> Result<(), Failure> {
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let table: Vec<Vec<String>> = polls
        .iter()
        .map(|poll| {
            let mut notes: Vec<String> = Vec::new();
            notes.extend(poll.final_url.as_ref().map(|url| format!("at {url}")));
            notes.extend(poll.note.clone());
            vec![
                poll.at.to_string(),
                poll.outcome.as_str().to_owned(),
                dash(poll.status.map(|status| status.to_string())),
                if poll.conditional { "yes" } else { "no" }.to_owned(),
                took(poll),
                bytes(poll),
                poll.new.to_string(),
                poll.revised.to_string(),
                dash(poll.next_poll.map(|at| at.to_string())),
                dash(poll.why_then.map(|why| {
                    let name = json!(why);
                    name.as_str().unwrap_or_default().to_owned()
                })),
                neutral(&notes.join("; ")),
            ]
        })
        .collect();
    out.line("")?;
    out.table(
        &[
            "POLL",
            "OUTCOME",
            "STATUS",
            "CONDITIONAL",
            "TOOK",
            "BYTES",
            "NEW",
            "REVISED",
            "NEXT",
            "WHY THEN",
            "NOTE",
        ],
        &table,
    )
}

/// How long a poll took, and where the time went where that is known.
fn took(poll: &PollRecord) -> String {
    let Some(Timings {
        dns_ms,
        connect_ms,
        first_byte_ms,
        body_ms,
        ..
    }) = poll.timings
    else {
        return format!("{} ms", poll.duration_ms);
    };
    format!(
        "{} ms ({dns_ms}+{connect_ms}+{first_byte_ms}+{body_ms})",
        poll.duration_ms
    )
}

/// Bytes on the wire, and decoded where that is more.
fn bytes(poll: &PollRecord) -> String {
    if poll.body_bytes > poll.wire_bytes {
        return format!("{} ({})", poll.wire_bytes, poll.body_bytes);
    }
    poll.wire_bytes.to_string()
}
