//! `alerts`: list, show, acknowledge, mark, resend, preview.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::args::{AlertsCommand, AlertsListArgs, ResendArgs, Verdict};
use super::context::{Context, Loaded};
use super::exit::{Exit, Failure};
use super::output::{Output, neutral};
use super::{entries, environment, setup, when};
use crate::daemon::receivers::Receiver;
use crate::domain::alert::wire::{WireAlert, WireRule, WireStory};
use crate::domain::alert::{self, Reason};
use crate::domain::id::{FeedId, ReceiverId, RuleId};
use crate::notify::Outgoing;
use crate::store::alerts::{AlertFilter, HeldFilter, Mark};
use crate::store::outbox::{Addressee, DeadFilter, DeliveryRow};
use crate::store::{Store, alerts as stored, outbox, timing};

/// Runs an `alerts` command.
pub fn alerts(
    command: &AlertsCommand,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        AlertsCommand::List(args) => list(args, context, out)?,
        AlertsCommand::Show { id } => show(*id, context, out)?,
        AlertsCommand::Ack { id, by } => {
            let (id, now) = (*id, context.clock.now());
            let by = environment::user(by.as_deref());
            let known = context
                .any_store()?
                .write_blocking(move |tx| stored::ack(tx, id, &by, now))?;
            done(known, id, "acknowledged", out)?;
        }
        AlertsCommand::Mark { id, verdict } => {
            let (id, now) = (*id, context.clock.now());
            let mark = match verdict {
                Verdict::Useful => Mark::Useful,
                Verdict::Noise => Mark::Noise,
            };
            let known = context
                .any_store()?
                .write_blocking(move |tx| stored::mark(tx, id, mark, now))?;
            done(known, id, "marked", out)?;
        }
        AlertsCommand::Resend(args) => match args.id {
            Some(id) => resend(id, args.receiver.as_deref(), context, out)?,
            None => resend_dead(args, context, out)?,
        },
        AlertsCommand::Preview {
            entry,
            receiver,
            rule,
        } => {
            preview(entry, receiver, rule.as_deref(), context, out)?;
        }
    }
    Ok(Exit::Done)
}

/// There is none; where there are some is said too.
fn no_alert(id: i64) -> Failure {
    Failure::new(format!("no alert {id}: `bongsu alerts list` shows them"))
}

/// Says that it was done, or that there is no such alert.
fn done(known: bool, id: i64, what: &str, out: &mut Output) -> Result<(), Failure> {
    if !known {
        return Err(no_alert(id));
    }
    if out.is_human() {
        out.line(&format!("alert {id} {what}"))
    } else {
        out.json(&json!({ "id": id, "done": what }))
    }
}

/// Alerts, or matches that raised none.
fn list(args: &AlertsListArgs, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let since = args
        .since
        .as_deref()
        .map(|since| when::parse(since, context.clock.now(), &environment::zone()));
    let (since, rule) = (since.transpose()?, args.rule.as_deref().map(RuleId::from));
    let limit = u32::try_from(args.limit).unwrap_or(u32::MAX);
    let store = context.any_store()?;
    if args.held {
        return list_held(
            &store,
            &HeldFilter {
                since,
                rule,
                ..HeldFilter::default()
            },
            limit,
            out,
        );
    }
    let filter = AlertFilter {
        since,
        rule,
        dead: args.dead,
        ..AlertFilter::default()
    };
    list_raised(&store, &filter, limit, out)
}

/// One line an alert, newest first.
fn list_raised(
    store: &Store,
    filter: &AlertFilter,
    limit: u32,
    out: &mut Output,
) -> Result<(), Failure> {
    let rows = store.read_blocking(|conn| stored::list(conn, filter, limit))?;
    if !out.is_human() {
        return out.rows("alerts", &rows);
    }
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let sent = format!(
                "{}/{}",
                row.deliveries.delivered,
                row.deliveries.delivered + row.deliveries.open + row.deliveries.dead
            );
            vec![
                row.id.to_string(),
                row.created.strftime("%Y-%m-%d %H:%M").to_string(),
                row.severity.as_str().to_owned(),
                row.reason.as_str().to_owned(),
                row.rule.to_string(),
                sent,
                neutral(&row.title),
            ]
        })
        .collect();
    out.table(
        &[
            "ID",
            "CREATED (UTC)",
            "SEVERITY",
            "REASON",
            "RULE",
            "SENT",
            "TITLE",
        ],
        &table,
    )
}

/// One line a match that raised no alert, or a message that waits, with the reason; the newest first.
fn list_held(
    store: &Store,
    filter: &HeldFilter,
    limit: u32,
    out: &mut Output,
) -> Result<(), Failure> {
    let (matches, waiting) = store.read_blocking(|conn| {
        let waiting = timing::held(conn, filter.since, filter.rule.as_ref(), limit)?;
        Ok((stored::held(conn, filter, limit)?, waiting))
    })?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if !out.is_human() {
        let matches = matches.iter().map(|row| (row.at, json!(row)));
        let waiting = waiting.iter().map(|row| (row.at, json!(row)));
        let mut rows: Vec<_> = matches.chain(waiting).collect();
        rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let rows = rows.into_iter().map(|(_, row)| row).take(limit);
        return out.rows("held", &rows.collect::<Vec<_>>());
    }
    let found = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
    let feed = |feed: Option<&FeedId>| feed.map_or_else(|| "-".to_owned(), ToString::to_string);
    let matches = matches.iter().map(|row| {
        let cells = [
            found(row.at),
            row.held.as_str().to_owned(),
            row.rule.to_string(),
            feed(Some(&row.feed)),
            "-".to_owned(),
            neutral(&row.title),
        ];
        (row.at, cells.to_vec())
    });
    let waiting = waiting.iter().map(|row| {
        let cells = [
            found(row.at),
            neutral(&row.why),
            row.rule.to_string(),
            feed(row.feed.as_ref()),
            row.receiver.to_string(),
            neutral(&row.title),
        ];
        (row.at, cells.to_vec())
    });
    let mut table: Vec<_> = matches.chain(waiting).collect();
    table.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let table: Vec<_> = table
        .into_iter()
        .map(|(_, cells)| cells)
        .take(limit)
        .collect();
    out.table(
        &["FOUND (UTC)", "HELD", "RULE", "FEED", "FROM", "TITLE"],
        &table,
    )
}

/// One alert with evidence, deliveries and attempts.
fn show(id: i64, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let detail = context
        .any_store()?
        .read_blocking(|conn| stored::detail(conn, id, None))?;
    let detail = detail.ok_or_else(|| no_alert(id))?;
    if !out.is_human() {
        return out.json(&detail);
    }
    let wire = &detail.alert;
    out.line(&format!(
        "alert {id}  {}  {}  {}",
        wire.severity.as_str(),
        wire.reason.as_str(),
        wire.created
    ))?;
    out.line(&format!("  rule   {}  {}", wire.rule.id, wire.rule.title))?;
    for member in wire.alerts.iter().flatten() {
        let entry = member.entry.as_ref();
        let title = entry.map_or(member.rule.title.as_str(), |entry| entry.title.as_str());
        out.line(&format!("  alert  {}  {}", member.id, neutral(title)))?;
    }
    if let (Some(at), Some(by)) = (detail.row.acked, &detail.row.acked_by) {
        out.line(&format!("  seen   {at}  by {}", neutral(by)))?;
    }
    if let Some(entry) = &wire.entry {
        out.line(&format!("  entry  {}  {}", entry.id, neutral(&entry.title)))?;
        out.line(&format!(
            "  from   {}  {}",
            entry.feed.as_deref().unwrap_or("-"),
            entry.url.as_deref().unwrap_or("no link")
        ))?;
    }
    for found in &wire.matches {
        out.line(&format!(
            "  match  {} {}..{} {}  by {}",
            found.field,
            found.start,
            found.end,
            neutral(&found.text),
            found.term
        ))?;
    }
    if let Some(untold) = &detail.row.untold {
        out.line(&format!("  nobody was told: {untold}"))?;
    }
    for delivery in &detail.deliveries {
        out.line(&format!("  {}  key {}", stands(delivery), delivery.key))?;
        for attempt in &delivery.attempts {
            let message = attempt.message.as_deref().map(neutral).unwrap_or_default();
            out.line(&format!(
                "    {}  {}  {} ms  {message}",
                attempt.at, attempt.outcome, attempt.duration_ms
            ))?;
        }
    }
    Ok(())
}

/// Where a delivery stands, on one line.
pub fn stands(delivery: &DeliveryRow) -> String {
    let why = delivery
        .why
        .as_deref()
        .map(|why| format!(": {}", neutral(why)))
        .unwrap_or_default();
    format!("to {}  {}{why}", delivery.receiver, delivery.state)
}

/// Owes an alert again, under a key of its own.
fn resend(id: i64, only: Option<&str>, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let store = context.store_of(&loaded)?;
    let detail = store.read_blocking(|conn| stored::detail(conn, id, None))?;
    let detail = detail.ok_or_else(|| no_alert(id))?;
    let first = |name: &str| {
        detail
            .deliveries
            .iter()
            .any(|delivery| delivery.receiver.as_str() == name && delivery.state != "cancelled")
    };
    let wanted = |name: &str| only.map_or_else(|| first(name), |only| only == name);
    let configured = loaded
        .config
        .receivers
        .iter()
        .filter(|receiver| wanted(receiver.id.as_str()));
    let to: Vec<Addressee> = configured
        .map(|receiver| Addressee {
            receiver: receiver.id.clone(),
            give_up: receiver.give_up.unwrap_or(loaded.config.alerts.give_up),
            skip: None,
        })
        .collect();
    if to.is_empty() {
        let which = only.map_or_else(
            || "it was sent to".to_owned(),
            |only| format!("named `{only}`"),
        );
        return Err(Failure::new(format!(
            "no configured receiver {which}: see `bongsu receivers list`"
        )));
    }
    let (now, count) = (context.clock.now(), to.len());
    store.write_blocking(move |tx| outbox::resend(tx, id, &to, now))?;
    let text = format!(
        "alert {id} is owed again to {count} receivers; a running daemon sends it within seconds, else `bongsu run --once`"
    );
    if out.is_human() {
        out.line(&text)
    } else {
        out.json(&json!({ "id": id, "owed": count }))
    }
}

/// Owes again what was given up: of a receiver, of a time, or all.
fn resend_dead(args: &ResendArgs, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let store = context.store_of(&loaded)?;
    let now = context.clock.now();
    let at = |text: &Option<String>| {
        let text = text.as_deref();
        text.map(|text| when::parse(text, now, &environment::zone()))
            .transpose()
    };
    let filter = DeadFilter {
        receiver: args.receiver.as_deref().map(ReceiverId::from),
        since: at(&args.since)?,
        until: at(&args.until)?,
    };
    let dead = store.read_blocking(|conn| outbox::dead(conn, &filter))?;
    let all = dead.len();
    let owed: Vec<(i64, Addressee)> = dead
        .into_iter()
        .filter_map(|(alert, receiver)| {
            let config = loaded
                .config
                .receivers
                .iter()
                .find(|config| config.id == receiver)?;
            let give_up = config.give_up.unwrap_or(loaded.config.alerts.give_up);
            let to = Addressee {
                receiver,
                give_up,
                skip: None,
            };
            Some((alert, to))
        })
        .collect();
    let (count, left) = (owed.len(), all - owed.len());
    store.write_blocking(move |tx| {
        owed.iter().try_for_each(|(alert, to)| {
            outbox::resend(tx, *alert, std::slice::from_ref(to), now).map(drop)
        })
    })?;
    if !out.is_human() {
        return out.json(&json!({ "owed": count, "left": left }));
    }
    let left = match left {
        0 => String::new(),
        left => format!("; {left} were for receivers that config no longer has"),
    };
    out.line(&format!(
        "{count} deliveries are owed again{left}; a running daemon sends them within seconds, else `bongsu run --once`"
    ))
}

/// Prints the message that an entry would send.
fn preview(
    entry: &str,
    receiver: &str,
    rule: Option<&str>,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let loaded = context.load()?;
    let store = context.store_of(&loaded)?;
    let stored = entries::find(&store, entry)?;
    let feed = loaded
        .config
        .feeds
        .iter()
        .find(|feed| Some(&feed.id) == stored.entry.feed.as_ref());
    let tags = feed.map(|feed| feed.tags.as_slice()).unwrap_or_default();
    let matches = loaded.config.rules.evaluate(&stored.subject(tags));
    let found = matches
        .iter()
        .find(|found| rule.is_none_or(|rule| rule == found.rule.as_str()));
    let found = found.ok_or_else(|| {
        Failure::new("no such rule matches this entry: `bongsu explain` says why")
    })?;
    let definition = super::rules::find(&loaded, found.rule.as_str())?;
    let id = found.rule.as_str();
    let key = alert::key(id, stored.entry.id.as_str(), Reason::NewStory, "");
    let rule = WireRule {
        id: id.to_owned(),
        title: definition.title.clone(),
    };
    let now = context.clock.now();
    let wire = WireAlert {
        id: "0".to_owned(),
        story: stored.entry.first_seen.map(|first_seen| WireStory {
            id: stored.story.to_string(),
            entries: 1,
            feeds: stored.entry.feed.iter().map(ToString::to_string).collect(),
            first_seen,
            folded: Vec::new(),
        }),
        entry: Some(stored.wire()),
        matches: found.evidence.to_vec(),
        ..WireAlert::new(key, rule, found.severity, Reason::NewStory, now)
    };
    let receiver = build(&loaded, receiver, context)?;
    let outgoing = Outgoing {
        alert: wire,
        sent_at: context.clock.now(),
        attempt: 1,
    };
    out.line(&receiver.notifier.preview(&outgoing))
}

/// A configured receiver, built.
pub fn build(loaded: &Loaded, id: &str, context: &Context) -> Result<Receiver, Failure> {
    let receivers = &loaded.config.receivers;
    let config = receivers
        .iter()
        .find(|receiver| receiver.id.as_str() == id)
        .ok_or_else(|| {
            let near =
                super::context::nearest(id, receivers.iter().map(|receiver| receiver.id.as_str()));
            Failure::new(format!("no receiver `{id}`{near}"))
        })?;
    let notify_context = setup::notify_context(&loaded.config, context)?;
    let notifier = crate::notify::build(config, &notify_context)
        .map_err(|error| Failure::config(error.to_string()))?;
    Ok(Receiver {
        config: config.clone(),
        notifier: Arc::from(notifier),
    })
}
