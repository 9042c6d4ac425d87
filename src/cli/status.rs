//! `status`: the daemon and the store at a glance, from the store alone: it works whether or not a daemon runs.

use serde_json::json;

use super::context::Context;
use super::exit::Failure;
use super::output::{Output, neutral};
use crate::domain::feed::Health;
use crate::store::{self, Holder};

/// Prints where the daemon and the store stand.
pub fn status(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let store = context.any_store()?;
    let running = store.held_by();
    let notes = store.read_blocking(store::status::notes)?;
    let note = |key: &str| {
        notes
            .iter()
            .find(|note| note.key == key)
            .map(|note| note.value.clone())
    };
    let feeds = store.read_blocking(store::feeds::list)?;
    let health = |wanted: Health| {
        feeds
            .iter()
            .filter(|row| row.state.health(&row.feed) == wanted)
            .count()
    };
    let stats = store.stats()?;
    if !out.is_human() {
        let health: serde_json::Map<_, _> = Health::ALL
            .iter()
            .map(|kind| (kind.as_str().to_owned(), health(*kind).into()))
            .collect();
        return out.json(&json!({
            "running": running.is_some(), "pid": running.and_then(|holder| holder.pid), "version": env!("CARGO_PKG_VERSION"),
            "started": note("started"), "status": note("status"), "reload": note("reload"),
            "feeds": health, "store": { "path": store.path(), "stats": stats },
        }));
    }
    match running {
        Some(Holder { pid: Some(pid) }) => out.line(&format!(
            "running (pid {pid}) since {}",
            note("started").unwrap_or_default()
        ))?,
        Some(_) => out.line("running")?,
        None => out.line("not running")?,
    }
    if let (Some(_), Some(status)) = (running, note("status")) {
        out.line(&format!("  {}", neutral(&status)))?;
    }
    if let Some(reload) = note("reload") {
        out.line(&format!("  last reload {}", reload.trim_end()))?;
    }
    let counts: Vec<String> = Health::ALL
        .iter()
        .map(|kind| (health(*kind), kind.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    out.line(&format!(
        "feeds  {}",
        if counts.is_empty() {
            "none".to_owned()
        } else {
            counts.join(", ")
        }
    ))?;
    out.line(&format!(
        "store  {}: {} entries, {} alerts, {:.1} MiB",
        store.path().display(),
        stats.entries,
        stats.alerts,
        mebibytes(stats.bytes + stats.wal_bytes)
    ))
}

/// Bytes as people read them.
#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
