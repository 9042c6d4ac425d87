//! `status`: the daemon and the store at a glance, from the store alone: it works whether or not a daemon runs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::context::{self, Context};
use super::exit::Failure;
use super::output::{Output, neutral};
use crate::domain::feed::Health;
use crate::domain::feed::websub::State;
use crate::store::feeds::FeedRow;
use crate::store::status::{Note, Stats};
use crate::store::{self, Holder};

/// What there is to say.
#[derive(Default)]
struct Glance {
    running: Option<Holder>,
    notes: Vec<Note>,
    feeds: Vec<FeedRow>,
    stats: Stats,
    websub: Vec<(State, u64)>,
}

/// Prints where the daemon and the store stand. Looking makes no store where there is none.
pub fn status(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let path = context.store_path()?;
    if !context::is_there(&path)? {
        let nothing = Glance::default();
        if !out.is_human() {
            return out.json(&nothing.json(&path));
        }
        return out.line(&format!("not running; {}", context::no_store(&path)));
    }
    let store = context.any_store()?;
    let glance = Glance {
        running: store.held_by(),
        notes: store.read_blocking(store::status::notes)?,
        feeds: store.read_blocking(store::feeds::list)?,
        stats: store.stats()?,
        websub: store.read_blocking(store::websub::counts)?,
    };
    if out.is_human() {
        glance.print(store.path(), out)
    } else {
        out.json(&glance.json(store.path()))
    }
}

impl Glance {
    /// What the daemon noted under `key`.
    fn note(&self, key: &str) -> Option<&str> {
        let note = self.notes.iter().find(|note| note.key == key);
        note.map(|note| note.value.as_str())
    }

    /// How many feeds are in which health.
    fn health(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let count = |wanted: Health| {
            let rows = self.feeds.iter();
            rows.filter(|row| row.health() == wanted).count()
        };
        Health::ALL
            .map(|kind| (kind.as_str(), count(kind)))
            .into_iter()
    }

    fn json(&self, path: &Path) -> serde_json::Value {
        let health: serde_json::Map<_, _> = self
            .health()
            .map(|(kind, count)| (kind.to_owned(), count.into()))
            .collect();
        json!({
            "running": self.running.is_some(), "pid": self.running.and_then(|holder| holder.pid),
            "version": env!("CARGO_PKG_VERSION"), "started": self.note("started"),
            "status": self.note("status"), "reload": self.note("reload"), "feeds": health,
            "websub": self.websub.iter().map(|(state, count)| (state.as_str(), *count)).collect::<BTreeMap<_, _>>(),
            "store": { "path": path, "stats": self.stats },
        })
    }

    fn print(&self, path: &Path, out: &mut Output) -> Result<(), Failure> {
        let since = self.note("started").unwrap_or_default();
        out.line(&match self.running {
            Some(Holder { pid: Some(pid) }) => format!("running (pid {pid}) since {since}"),
            Some(_) => "running".to_owned(),
            None => "not running".to_owned(),
        })?;
        if let (Some(_), Some(status)) = (self.running, self.note("status")) {
            out.line(&format!("  {}", neutral(status)))?;
        }
        if let Some(reload) = self.note("reload") {
            out.line(&format!("  last reload {}", reload.trim_end()))?;
        }
        let counts: Vec<String> = self
            .health()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        out.line(&format!("feeds  {}", counts.join(", ")))?;
        let pushes = self.websub.iter().filter(|(state, _)| *state != State::Off);
        let pushes: Vec<String> = pushes
            .map(|(state, count)| format!("{count} {}", state.as_str()))
            .collect();
        if !pushes.is_empty() {
            out.line(&format!("websub {}", pushes.join(", ")))?;
        }
        out.line(&format!(
            "store  {}: {} entries, {} alerts, {:.1} MiB",
            path.display(),
            self.stats.entries,
            self.stats.alerts,
            mebibytes(self.stats.bytes + self.stats.wal_bytes)
        ))
    }
}

/// Bytes as people read them.
#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
