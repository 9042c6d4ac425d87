//! `db`: backup, check, stats. All work while the daemon runs.

use super::args::DbCommand;
use super::context::{self, Context};
use super::exit::{Exit, Failure};
use super::output::Output;
use crate::store::check;

/// Runs a `db` command.
pub fn db(command: &DbCommand, context: &Context, out: &mut Output) -> Result<Exit, Failure> {
    let path = context.store_path()?;
    if !path.exists() {
        // A backup of a store just made would be a false calm.
        return Err(Failure {
            exit: Exit::Store,
            ..Failure::new(context::no_store(&path))
        });
    }
    let store = context.any_store()?;
    match command {
        DbCommand::Backup { file } => {
            let bytes = store.backup(file)?;
            if out.is_human() {
                out.line(&format!("{}: {bytes} bytes, checked", file.display()))?;
            } else {
                out.json(&serde_json::json!({ "file": file, "bytes": bytes }))?;
            }
            Ok(Exit::Done)
        }
        DbCommand::Check => {
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
        DbCommand::Stats => {
            let stats = store.stats()?;
            let value =
                serde_json::to_value(&stats).map_err(|error| Failure::new(error.to_string()))?;
            if !out.is_human() {
                return out.json(&value).map(|()| Exit::Done);
            }
            for (name, value) in value.as_object().into_iter().flatten() {
                out.line(&format!("{name:<14} {value}"))?;
            }
            Ok(Exit::Done)
        }
    }
}
