//! `receivers`: list, test, and who would be told.

use serde_json::json;

use super::args::ReceiversCommand;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{Output, neutral};
use super::{alerts, environment, rules, setup, when};
use crate::daemon::receivers::{Receiver, route};
use crate::domain::alert::delivery::AttemptOutcome;
use crate::domain::alert::wire::{WireAlert, WireLinks, WireRule};
use crate::domain::alert::{self, Reason};
use crate::domain::rule::Severity;
use crate::notify::Outgoing;
use crate::store::outbox;

/// Runs a `receivers` command.
pub fn receivers(
    command: &ReceiversCommand,
    context: &Context,
    out: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        ReceiversCommand::List => list(context, out).map(|()| Exit::Done),
        ReceiversCommand::Test { id } => test(id, context, out),
        ReceiversCommand::Route { rule, severity, at } => {
            tell_route(rule, severity.as_deref(), at.as_deref(), context, out).map(|()| Exit::Done)
        }
    }
}

/// One line a receiver: what is configured, and how it is doing.
fn list(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let store = context.store_of(&loaded)?;
    let known = store.read_blocking(outbox::receivers)?;
    let counts = store.read_blocking(outbox::counts)?;
    let rows: Vec<serde_json::Value> = loaded
        .config
        .receivers
        .iter()
        .map(|receiver| {
            let id = receiver.id.as_str();
            let learned = known.iter().find(|row| row.id == id);
            let states: serde_json::Map<_, _> = counts
                .iter()
                .filter(|count| count.receiver == id)
                .map(|count| (count.state.clone(), count.count.into()))
                .collect();
            json!({
                "id": id, "kind": receiver.kind.name(), "default": receiver.default,
                "min_severity": receiver.min_severity, "only": receiver.only, "deliveries": states,
                "last_success": learned.and_then(|row| row.last_success),
                "last_error": learned.and_then(|row| row.last_error.clone()),
                "hold_until": learned.and_then(|row| row.hold_until),
            })
        })
        .collect();
    if !out.is_human() {
        return out.rows("receivers", &rows);
    }
    let text = |value: &serde_json::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string().replace("null", "-"), neutral)
    };
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            [
                "id",
                "kind",
                "default",
                "min_severity",
                "last_success",
                "last_error",
            ]
            .map(|key| text(&row[key]))
            .to_vec()
        })
        .collect();
    out.table(
        &[
            "ID",
            "KIND",
            "DEFAULT",
            "FROM",
            "LAST SUCCESS",
            "LAST ERROR",
        ],
        &table,
    )
}

/// A marked alert that no poll raised.
fn sample(context: &Context) -> WireAlert {
    let now = context.clock.now();
    WireAlert {
        kind: "alert".to_owned(),
        id: "0".to_owned(),
        key: alert::key("bongsu.health", "test", Reason::Health, &now.to_string()),
        created: now,
        severity: Severity::Info,
        reason: Reason::Health,
        rule: WireRule {
            id: "bongsu.health".to_owned(),
            title: "bongsu".to_owned(),
        },
        entry: None,
        matches: Vec::new(),
        story: None,
        health: Some(crate::domain::alert::wire::WireHealth {
            kind: "test".to_owned(),
            subject: "receivers test".to_owned(),
            text: "This is a test: alerts reach this receiver.".to_owned(),
        }),
        alerts: None,
        late_by: None,
        links: WireLinks::default(),
        test: true,
        cut: false,
    }
}

/// Sends a marked message on the real path and shows the answer.
fn test(id: &str, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    let loaded = context.load()?;
    let receiver = alerts::build(&loaded, id, context)?;
    let outgoing = Outgoing {
        alert: sample(context),
        sent_at: context.clock.now(),
        attempt: 1,
    };
    let attempt = Context::block_on(async { receiver.notifier.send(&outgoing).await })?;
    let (went, message) = match &attempt.outcome {
        AttemptOutcome::Delivered => (true, "delivered".to_owned()),
        AttemptOutcome::Later { message, .. } => (false, format!("not now: {message}")),
        AttemptOutcome::Refused { message } => (false, format!("refused: {message}")),
        AttemptOutcome::Permanent { message } => (false, format!("refused for good: {message}")),
        AttemptOutcome::Gone { message } => (false, format!("gone: {message}")),
    };
    if out.is_human() {
        out.line(&format!(
            "{id}: {} ({} ms)",
            neutral(&message),
            attempt.duration.as_millis()
        ))?;
        if went && receiver.config.kind.name() == "teams" {
            out.line("  the workflow took it; look at the channel whether it is shown")?;
        }
        if !attempt.answer.is_empty() {
            out.line(&format!("  answer: {}", neutral(&attempt.answer)))?;
        }
    } else {
        out.json(&json!({
            "receiver": id, "delivered": went, "message": message, "status": attempt.status,
            "answer": attempt.answer, "duration_ms": u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
        }))?;
    }
    Ok(if went { Exit::Done } else { Exit::Failed })
}

/// Who would be told of an alert of a rule.
fn tell_route(
    rule: &str,
    severity: Option<&str>,
    at: Option<&str>,
    context: &Context,
    out: &mut Output,
) -> Result<(), Failure> {
    let loaded = context.load()?;
    let rule = rules::find(&loaded, rule)?;
    let severity = match severity {
        None => rule.severity,
        Some(name) => Severity::from_name(name).ok_or_else(|| {
            Failure::usage(format!(
                "`{name}` is no severity: info, low, medium, high or critical"
            ))
        })?,
    };
    let at = at.map_or(Ok(context.clock.now()), |at| {
        when::parse(at, context.clock.now(), &environment::zone())
    })?;
    let notify_context = setup::notify_context(&loaded.config, context)?;
    let mut built = Vec::new();
    for config in &loaded.config.receivers {
        let notifier = crate::notify::build(config, &notify_context)
            .map_err(|error| Failure::config(format!("receiver `{}`: {error}", config.id)))?;
        // Whether `only` matches depends on the entry: here every entry is taken to match.
        let config = crate::notify::settings::ReceiverConfig {
            only: None,
            ..config.clone()
        };
        built.push(std::sync::Arc::new(Receiver {
            config,
            notifier: notifier.into(),
        }));
    }
    let rows: Vec<_> = route(&built, rule, severity, &[])
        .into_iter()
        .map(|route| {
            let config = loaded.config.receivers.iter().find(|config| config.id == route.receiver);
            let only = config.and_then(|config| config.only.clone());
            json!({ "receiver": route.receiver, "told": route.skip.is_none(), "why_not": route.skip, "when": at, "only": only })
        })
        .collect();
    if !out.is_human() {
        return out.rows("routes", &rows);
    }
    for row in &rows {
        let name = row["receiver"].as_str().unwrap_or("");
        let only = row["only"]
            .as_str()
            .map(|only| format!(", only for entries that match {only}"))
            .unwrap_or_default();
        match row["why_not"].as_str() {
            Some(why) => out.line(&format!("{name}  not told: {why}"))?,
            None => out.line(&format!("{name}  told at once{only}"))?,
        }
    }
    if rows.is_empty() {
        out.line("nobody: no receiver is named by the rule, and none has `default = true`")?;
    }
    Ok(())
}
