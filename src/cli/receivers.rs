//! `receivers`: list, test, and who would be told.

use serde_json::json;

use super::alerts;
use super::args::ReceiversCommand;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{Output, neutral};
use crate::domain::alert::delivery::AttemptOutcome;
use crate::domain::health::message;
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
        ReceiversCommand::Route(args) => {
            super::route::tell(args, context, out).map(|()| Exit::Done)
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

/// Sends a marked message on the real path and shows the answer.
fn test(id: &str, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    let loaded = context.load()?;
    let receiver = alerts::build(&loaded, id, context)?;
    let outgoing = Outgoing {
        alert: message::test("receivers test", context.clock.now()),
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
