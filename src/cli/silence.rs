//! `silence`: hold alerts for a while, see what is held, end it.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::args::{SilenceAddArgs, SilenceCommand};
use super::context::{Context, Loaded};
use super::environment;
use super::exit::{Exit, Failure};
use super::output::{Output, neutral};
use super::{setup, when};
use crate::domain::alert::silence::{Matchers, NewSilence};
use crate::domain::rule::Severity;
use crate::domain::units;
use crate::store::silences::{self, SilenceRow};
use crate::store::{Store, feeds, timing};

/// Runs a `silence` command.
pub fn silence(
    command: &SilenceCommand,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        SilenceCommand::Add(args) => add(args, context, out)?,
        SilenceCommand::List { all, limit } => list(*all, *limit, context, out)?,
        SilenceCommand::End { id, by, release } => {
            end(*id, by.as_deref(), *release, context, out)?;
        }
    }
    Ok(Exit::Done)
}

fn add(args: &SilenceAddArgs, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let now = context.clock.now();
    let silence = read(args, now)?;
    silence.check(now).map_err(Failure::usage)?;
    if let Some(query) = &silence.matchers.query {
        context.query_rules(query)?;
    }
    let loaded = context.load()?;
    note_unknown(&loaded, &silence.matchers);
    let store = context.store_of(&loaded)?;
    note_unknown_feeds(&loaded, &store, &silence.matchers.feeds)?;
    let manners = setup::manners(&loaded.config, &environment::zone());
    if args.dry_run {
        let preview = store.read_blocking(|conn| timing::preview(conn, &manners, &silence, now))?;
        return tell_preview(&preview, out);
    }
    if let Some(old) = silence.replaces {
        still_open(
            store.read_blocking(|conn| silences::get(conn, old))?,
            old,
            now,
        )?;
    }
    let (id, released) = store.write_blocking(move |tx| {
        let id = silences::add(tx, &silence, now)?;
        Ok((id, timing::release(tx, &manners, false, now)?))
    })?;
    let row = store.read_blocking(|conn| silences::get(conn, id))?;
    let row = row.ok_or_else(|| Failure::new(format!("silence {id} was not stored")))?;
    if !out.is_human() {
        return out.json(&row);
    }
    out.line(&format!(
        "silence {id} holds {} until {}; it holds {} messages now",
        neutral(&row.matchers.describe()),
        shown(row.ends),
        released.silenced
    ))
}

/// What the arguments say.
fn read(args: &SilenceAddArgs, now: Timestamp) -> Result<NewSilence, Failure> {
    let zone = environment::zone();
    let severities = args.severities.iter().map(|name| {
        Severity::from_name(name).ok_or_else(|| {
            Failure::usage(format!(
                "`{name}` is no severity: info, low, medium, high or critical"
            ))
        })
    });
    let starts = args
        .from
        .as_deref()
        .map_or(Ok(now), |from| when::parse(from, now, &zone))?;
    let ends = match (&args.lasts, &args.until) {
        (Some(lasts), _) => {
            let lasts = units::parse_duration(lasts).map_err(Failure::usage)?;
            let lasts = SignedDuration::try_from(lasts).unwrap_or(SignedDuration::MAX);
            starts.checked_add(lasts).unwrap_or(Timestamp::MAX)
        }
        (None, until) => when::parse(until.as_deref().unwrap_or_default(), now, &zone)?,
    };
    Ok(NewSilence {
        matchers: Matchers {
            rules: args.rules.clone(),
            entities: args.entities.clone(),
            feeds: args.feeds.clone(),
            tags: args.tags.clone(),
            severities: severities.collect::<Result<_, _>>()?,
            query: args.query.clone(),
        },
        starts,
        ends,
        author: environment::user(args.by.as_deref()),
        comment: args.comment.clone(),
        summary: !args.no_summary,
        replaces: args.replace,
    })
}

/// Says which names config does not have: a silence may be meant for what comes later, and more often it is a slip.
fn note_unknown(loaded: &Loaded, matchers: &Matchers) {
    let definitions = &loaded.config.definitions;
    let health = "bongsu.health";
    let feeds = &loaded.config.feeds;
    for rule in &matchers.rules {
        if rule != health
            && !definitions
                .rules
                .iter()
                .any(|known| known.id.as_str() == rule)
        {
            Output::note(&format!("config has no rule `{rule}`"));
        }
    }
    for entity in &matchers.entities {
        let mut known = definitions
            .entities
            .iter()
            .filter_map(|known| known.id.as_ref());
        if !known.any(|known| known.as_str() == entity) {
            Output::note(&format!("config has no entity `{entity}`"));
        }
    }
    for tag in &matchers.tags {
        if !feeds.iter().any(|feed| feed.tags.contains(tag)) {
            Output::note(&format!("no configured feed has the tag `{tag}`"));
        }
    }
}

/// The same for feeds, of which some are in the store alone.
fn note_unknown_feeds(loaded: &Loaded, store: &Store, named: &[String]) -> Result<(), Failure> {
    let added = store.read_blocking(feeds::added)?;
    let known = loaded.config.feeds.iter().chain(&added);
    let known: Vec<&str> = known.map(|feed| feed.id.as_str()).collect();
    for feed in named {
        if !known.contains(&feed.as_str()) {
            Output::note(&format!("there is no feed `{feed}`"));
        }
    }
    Ok(())
}

fn tell_preview(preview: &timing::Preview, out: &mut Output) -> Result<(), Failure> {
    if !out.is_human() {
        let open: Vec<_> = preview
            .open
            .iter()
            .map(|(alert, receiver)| json!({ "alert": alert, "receiver": receiver }))
            .collect();
        return out.json(&json!({
            "dry_run": true, "would_hold": open, "of_last_week": preview.of_week,
            "in_last_week": preview.in_week,
        }));
    }
    for (alert, receiver) in &preview.open {
        out.line(&format!("would hold alert {alert} to {receiver}"))?;
    }
    out.line(&format!(
        "would hold {} messages now; of {} alerts of the last week it would have held {}",
        preview.open.len(),
        preview.in_week,
        preview.of_week
    ))
}

fn list(all: bool, limit: u32, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let now = context.clock.now();
    let rows = context
        .any_store()?
        .read_blocking(|conn| silences::list(conn, all, limit, now))?;
    if !out.is_human() {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| with_state(row, now))
            .collect::<Result<_, _>>()?;
        return out.rows("silences", &rows);
    }
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                row.state(now).to_owned(),
                shown(row.ends),
                row.holds.to_string(),
                row.matched.to_string(),
                neutral(&row.author),
                neutral(&row.matchers.describe()),
                remark(row, now),
            ]
        })
        .collect();
    out.table(
        &[
            "ID",
            "STATE",
            "ENDS (UTC)",
            "HOLDS",
            "MATCHED",
            "BY",
            "WHAT",
            "COMMENT",
        ],
        &table,
    )
}

/// The row as JSON, with where it stands.
fn with_state(row: &SilenceRow, now: Timestamp) -> Result<serde_json::Value, Failure> {
    let mut value = serde_json::to_value(row).map_err(|error| Failure::new(error.to_string()))?;
    value["state"] = row.state(now).into();
    Ok(value)
}

/// The comment, and what people should know: it never held anything, it ends soon and holds something.
fn remark(row: &SilenceRow, now: Timestamp) -> String {
    let soon = row.ends.duration_since(now) < SignedDuration::from_hours(24);
    let mut parts = Vec::new();
    if !row.comment.is_empty() {
        parts.push(neutral(&row.comment));
    }
    if row.state(now) == "over" && row.matched == 0 {
        parts.push("never held anything".to_owned());
    }
    if row.state(now) == "active" && soon && row.holds > 0 {
        parts.push("ends within a day".to_owned());
    }
    if let Some(by) = &row.ended_by {
        parts.push(format!("ended by {}", neutral(by)));
    }
    if let Some(next) = row.replaced_by {
        parts.push(format!("replaced by {next}"));
    }
    parts.join("; ")
}

fn end(
    id: i64,
    by: Option<&str>,
    release: bool,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let now = context.clock.now();
    let loaded = context.load()?;
    let store = context.store_of(&loaded)?;
    let before = store.read_blocking(|conn| silences::get(conn, id))?;
    let before = still_open(before, id, now)?;
    let manners = setup::manners(&loaded.config, &environment::zone());
    let by = environment::user(by);
    store.write_blocking(move |tx| {
        silences::end(tx, id, &by, release, now)?;
        timing::release(tx, &manners, false, now)
    })?;
    if !out.is_human() {
        return out.json(
            &json!({ "id": id, "done": "ended", "held": before.holds, "released": release }),
        );
    }
    let then = match (before.holds, release, before.summary) {
        (0, ..) => "it held nothing",
        (_, true, _) => "what it held is sent",
        (_, false, true) => "one message lists what it held",
        (_, false, false) => "what it held is not told: see `bongsu alerts list`",
    };
    out.line(&format!("silence {id} ended; {then}"))
}

/// The silence, unless there is none or it is over.
fn still_open(row: Option<SilenceRow>, id: i64, now: Timestamp) -> Result<SilenceRow, Failure> {
    let row =
        row.ok_or_else(|| Failure::new(format!("no silence {id}: see `bongsu silence list`")))?;
    if row.state(now) == "over" {
        return Err(Failure::new(format!("silence {id} is over already")));
    }
    Ok(row)
}

fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
