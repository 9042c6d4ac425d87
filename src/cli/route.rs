//! `receivers route`: who would be told of an alert, when, and why then.
//!
//! The alert is imagined; receivers, silences and throttles are those in force.

use std::sync::Arc;

use jiff::Timestamp;

use super::args::RouteArgs;
use super::context::{Context, Loaded};
use super::exit::Failure;
use super::output::{Output, neutral};
use super::{environment, rules, setup, when};
use crate::daemon::receivers::{Receiver, Told, told};
use crate::domain::alert::judge::{self, Moment, Waiting};
use crate::domain::alert::manners::Manners;
use crate::domain::alert::silence::Facts;
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;
use crate::notify;
use crate::store::timing::Gate;

/// Prints who would be told.
pub fn tell(args: &RouteArgs, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let loaded = context.load()?;
    let now = context.clock.now();
    let at = args
        .at
        .as_deref()
        .map_or(Ok(now), |at| when::parse(at, now, &environment::zone()))?;
    let all = routes(args, &loaded, at, context)?;
    if !out.is_human() {
        let rows: Vec<_> = all.iter().map(|told| told.to_json(at)).collect();
        return out.rows("routes", &rows);
    }
    for one in &all {
        out.line(&in_words(one))?;
    }
    if all.is_empty() {
        out.line("nobody: no receiver is named by the rule, and none has `default = true`")?;
    }
    Ok(())
}

fn routes(
    args: &RouteArgs,
    loaded: &Loaded,
    at: Timestamp,
    context: &Context,
) -> Result<Vec<Told>, Failure> {
    let rule = rules::find(loaded, &args.rule)?;
    let severity = match &args.severity {
        None => rule.severity,
        Some(name) => Severity::from_name(name).ok_or_else(|| {
            Failure::usage(format!(
                "`{name}` is no severity: info, low, medium, high or critical"
            ))
        })?,
    };
    let feeds = &loaded.config.feeds;
    let feed = feeds
        .iter()
        .find(|feed| Some(feed.id.as_str()) == args.feed.as_deref());
    let facts = Facts {
        rule: rule.id.to_string(),
        entities: args.entities.clone(),
        feed: args.feed.clone(),
        tags: feed.map(|feed| feed.tags.clone()).unwrap_or_default(),
        severity,
    };
    let manners = setup::manners(&loaded.config, &environment::zone());
    let store = context.store_if_any(loaded)?;
    told(
        &receivers(loaded, context)?,
        (rule, severity),
        |receiver| match &store {
            Some(store) => Ok(store.read_blocking(|conn| {
                Gate::load(conn, &manners, at)?.would_hold(conn, &facts, receiver)
            })?),
            None => Ok((by_config(&manners, &facts, (receiver, at)), Vec::new())),
        },
    )
}

/// What holds it where there is no store yet: no silence, and nothing that a throttle could count.
fn by_config(
    manners: &Manners,
    facts: &Facts,
    (receiver, now): (&ReceiverId, Timestamp),
) -> Vec<Waiting> {
    let moment = Moment {
        severity: facts.severity,
        silence: None,
        throttle: None,
        for_digest: manners.rule(&facts.rule).is_some_and(|rule| rule.digest),
        now,
    };
    let manner = manners.receivers.get(receiver);
    manner.map_or_else(Vec::new, |manner| judge::holds(manner, &moment))
}

/// The receivers, as the daemon has them.
fn receivers(loaded: &Loaded, context: &Context) -> Result<Vec<Arc<Receiver>>, Failure> {
    let notify_context = setup::notify_context(&loaded.config, context)?;
    let built = loaded.config.receivers.iter().map(|config| {
        let notifier = notify::build(config, &notify_context)
            .map_err(|error| Failure::config(format!("receiver `{}`: {error}", config.id)))?;
        Ok(Arc::new(Receiver {
            config: config.clone(),
            notifier: notifier.into(),
        }))
    });
    built.collect()
}

fn in_words(told: &Told) -> String {
    let name = &told.route.receiver;
    if let Some(why) = &told.route.skip {
        return format!("{name}  not told: {why}");
    }
    let waits: Vec<&str> = told
        .holds
        .iter()
        .map(|waiting| waiting.why.as_str())
        .collect();
    let mut line = if waits.is_empty() {
        format!("{name}  told at once")
    } else {
        format!("{name}  waits: {}", waits.join("; then "))
    };
    if let Some(only) = &told.only {
        line.extend([", only for entries that match ", &neutral(only)]);
    }
    if !told.perhaps.is_empty() {
        let ids: Vec<String> = told.perhaps.iter().map(ToString::to_string).collect();
        line.extend([
            ", unless the entry matches the query of silence ",
            &ids.join(" or "),
        ]);
    }
    line
}
