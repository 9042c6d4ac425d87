//! `db`: backup, restore, check, stats. All but restore work while the daemon runs.

use std::path::Path;

use serde_json::json;

use super::args::DbCommand;
use super::context::{self, Context};
use super::exit::{Exit, Failure};
use super::output::Output;
use crate::store::{Store, check, restore};

/// Runs a `db` command.
pub fn db(command: &DbCommand, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    match command {
        DbCommand::Backup { file } => backup(&present(context)?, file, out).map(|()| Exit::Done),
        DbCommand::Restore { file } => put_back(file, context, out).map(|()| Exit::Done),
        DbCommand::Check => check_all(&present(context)?, out),
        DbCommand::Stats => stats(&present(context)?, out).map(|()| Exit::Done),
    }
}

/// The store that is there: a backup of a store just made would be a false calm.
fn present(context: &Context) -> Result<Store, Failure> {
    let path = context.store_path()?;
    if context::is_there(&path)? {
        return context.any_store();
    }
    Err(Failure {
        exit: Exit::Store,
        ..Failure::new(context::no_store(&path))
    })
}

fn backup(store: &Store, file: &Path, out: &mut Output) -> Result<(), Failure> {
    let bytes = store.backup(file)?;
    if out.is_human() {
        out.line(&format!("{}: {bytes} bytes, checked", file.display()))
    } else {
        out.json(&json!({ "file": file, "bytes": bytes }))
    }
}

fn put_back(file: &Path, context: &Context, out: &mut Output) -> Result<(), Failure> {
    let path = context.store_path()?;
    let done = restore::restore(&path, file, context.clock.now())?;
    if !out.is_human() {
        return out.json(&json!({
            "file": file, "store": path, "bytes": done.bytes, "set_aside": done.set_aside,
        }));
    }
    out.line(&format!(
        "{}: {} bytes, checked, from {}",
        path.display(),
        done.bytes,
        file.display()
    ))?;
    done.set_aside.map_or(Ok(()), |aside| {
        out.line(&format!("What was there is now {}.", aside.display()))
    })
}

fn check_all(store: &Store, out: &mut Output) -> Result<Exit, Failure> {
    let report = store.read_blocking(check::check)?;
    if out.is_human() {
        report
            .problems
            .iter()
            .try_for_each(|problem| out.line(problem))?;
        let verdict = if report.is_clean() {
            "clean"
        } else {
            "NOT clean"
        };
        out.line(&format!(
            "{}: {verdict}: schema {}, {} entries, {} alerts, {} deliveries",
            store.path().display(),
            report.schema,
            report.entries,
            report.alerts,
            report.deliveries
        ))?;
    } else {
        out.json(&report)?;
    }
    Ok(if report.is_clean() {
        Exit::Done
    } else {
        Exit::Store
    })
}

fn stats(store: &Store, out: &mut Output) -> Result<(), Failure> {
    let stats = store.stats()?;
    let value = serde_json::to_value(&stats).map_err(|error| Failure::new(error.to_string()))?;
    if !out.is_human() {
        return out.json(&value);
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        out.line(&format!("{name:<14} {value}"))?;
    }
    Ok(())
}
