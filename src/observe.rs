//! What the outside can see: the logging set-up and every metric there is.
//!
//! Counting happens where things happen; names and help texts stand only here. Labels are ids, kinds and
//! reasons, never URLs or text from feeds.

mod lines;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use lines::Stderr;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, reload};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, journald under systemd, else json.
    #[default]
    Auto,
    /// For people.
    Human,
    /// Fields to the journal.
    Journald,
    /// One object a line.
    Json,
}

/// What lets lines through.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts logging to stderr or the journal. `under_systemd`: stderr is connected to the journal.
///
/// A second call changes nothing: the first subscriber of a process stays.
pub fn start_logging(level: &str, format: LogFormat, under_systemd: bool, color: bool) {
    let (filter, handle) = reload::Layer::new(filter(level));
    let registry = tracing_subscriber::registry().with(filter);
    let format = match format {
        LogFormat::Auto if under_systemd => LogFormat::Journald,
        LogFormat::Auto if std::io::stderr().is_terminal() => LogFormat::Human,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let started = match format {
        LogFormat::Journald => match tracing_journald::layer() {
            Ok(layer) => registry
                .with(layer.with_syslog_identifier("bongsu".to_owned()))
                .try_init(),
            Err(_) => registry
                .with(
                    tracing_subscriber::fmt::layer()
                        .json()
                        .with_writer(|| Stderr { json: true }),
                )
                .try_init(),
        },
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(|| Stderr { json: true }),
            )
            .try_init(),
        LogFormat::Human | LogFormat::Auto => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(color)
                    .with_target(false)
                    .with_writer(|| Stderr { json: false }),
            )
            .try_init(),
    };
    // Only a second start in one process (tests) fails, and then logging already runs.
    if started.is_ok() {
        let _ = FILTER.set(handle);
    }
}

/// Logs so much from now on.
pub fn set_level(level: &str) {
    if let Some(handle) = FILTER.get() {
        let _ = handle.reload(filter(level));
    }
}

/// Libraries speak at warn: their info lines are about themselves. A certificate that is not accepted is its feed's or
/// receiver's outcome, and told as such.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::try_new(format!("warn,rustls_platform_verifier=off,bongsu={level}"))
        .unwrap_or_else(|_| EnvFilter::new("warn,bongsu=info"))
}

/// A metric: its name, its kind and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Prometheus name.
    pub name: &'static str,
    /// `counter` or `gauge`.
    pub kind: &'static str,
    /// One sentence.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($id:ident = $kind:literal $name:literal $help:literal;)*) => {
        $(#[doc = $help] pub const $id: Metric = Metric { name: $name, kind: $kind, help: $help };)*
        /// Every metric, in the order they are written out.
        pub const METRICS: &[Metric] = &[$($id),*];
    };
}

metrics! {
    BUILD_INFO = "gauge" "bongsu_build_info" "Always 1; the version is a label.";
    START_TIME = "gauge" "bongsu_start_time_seconds" "When the process started, in seconds since 1970.";
    POLLS = "counter" "bongsu_polls_total" "Polls by outcome.";
    POLL_SECONDS = "counter" "bongsu_poll_duration_seconds_total" "Time spent in polls, fetching included.";
    WIRE_BYTES = "counter" "bongsu_fetch_wire_bytes_total" "Bytes received from publishers.";
    ENTRIES = "counter" "bongsu_entries_total" "Entries by what became of them: new, revised.";
    GAPS = "counter" "bongsu_gaps_total" "Polls that showed nothing known, by result: found, filled, unfilled.";
    GAP_DOCUMENTS = "counter" "bongsu_gap_documents_total" "Earlier documents read to fill gaps and histories.";
    PAGES = "counter" "bongsu_pages_total" "Tries to read a linked page by outcome: read, later, failed, skipped, stale.";
    ALERTS = "counter" "bongsu_alerts_total" "Alerts by reason.";
    HELD = "counter" "bongsu_matches_held_total" "Matches that raised no alert, by reason.";
    ATTEMPTS = "counter" "bongsu_delivery_attempts_total" "Delivery attempts by receiver and outcome.";
    HEARTBEATS = "counter" "bongsu_heartbeats_total" "Calls of the dead man's switch by signal and result.";
    PUSHES = "counter" "bongsu_pushes_total" "Pushes of hubs by what became of them.";
    RELOADS = "counter" "bongsu_reloads_total" "Config reloads by result: applied, refused.";
    FEEDS = "gauge" "bongsu_feeds" "Feeds by health.";
    SUBSCRIPTIONS = "gauge" "bongsu_websub_feeds" "Feeds that name a hub, by the state of their subscription.";
    DELIVERIES = "gauge" "bongsu_deliveries" "Deliveries in the store by state.";
    CIRCUIT = "gauge" "bongsu_receiver_circuit_open" "Whether a receiver takes nothing and is only probed: 0 or 1.";
    OUTBOX_AGE = "gauge" "bongsu_outbox_age_seconds" "How long the oldest open delivery of a receiver has waited.";
    CONDITIONS = "gauge" "bongsu_health_conditions" "What is wrong with the system, by kind, as alerted.";
    PAGES_WAITING = "gauge" "bongsu_pages_waiting" "Linked pages that are to be fetched.";
    STORE_BYTES = "gauge" "bongsu_store_bytes" "Size of the store by file: db, wal.";
    RULES = "gauge" "bongsu_rules" "Rules compiled.";
    PATTERNS = "gauge" "bongsu_patterns" "Distinct patterns in the matcher.";
    TASK_AGE = "gauge" "bongsu_task_age_seconds" "Seconds since a task last made progress.";
}

/// A value with its labels, written `name{labels} value`.
type Series = BTreeMap<(&'static str, String), f64>;

/// The counters and gauges of this process.
#[derive(Debug, Default)]
pub struct Metrics {
    series: Mutex<Series>,
}

impl Metrics {
    /// Adds to a counter. `labels` are name and value pairs.
    pub fn add(&self, metric: Metric, labels: &[(&str, &str)], value: f64) {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        *series.entry((metric.name, label_text(labels))).or_default() += value;
    }

    /// Sets a gauge.
    pub fn set(&self, metric: Metric, labels: &[(&str, &str)], value: f64) {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        series.insert((metric.name, label_text(labels)), value);
    }

    /// All of it in the Prometheus text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for metric in METRICS {
            let mut values = series
                .iter()
                .filter(|((name, _), _)| *name == metric.name)
                .peekable();
            if values.peek().is_none() {
                continue;
            }
            let _ = writeln!(
                out,
                "# HELP {} {}\n# TYPE {} {}",
                metric.name, metric.help, metric.name, metric.kind
            );
            for ((name, labels), value) in values {
                let _ = writeln!(out, "{name}{labels} {value}");
            }
        }
        out
    }
}

/// `{a="b",c="d"}`, escaped; nothing without labels.
fn label_text(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            format!(
                "{name}=\"{}\"",
                value
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
            )
        })
        .collect();
    format!("{{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_render_with_help_and_escaped_labels() {
        let metrics = Metrics::default();
        metrics.add(POLLS, &[("outcome", "ok_new")], 1.0);
        metrics.add(POLLS, &[("outcome", "ok_new")], 2.0);
        metrics.set(FEEDS, &[("health", "a\"b\\c\nd")], 4.0);
        let text = metrics.render();
        assert!(
            text.contains(
                "# TYPE bongsu_polls_total counter\nbongsu_polls_total{outcome=\"ok_new\"} 3\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("bongsu_feeds{health=\"a\\\"b\\\\c\\nd\"} 4"),
            "{text}"
        );
        assert!(
            !text.contains("bongsu_alerts_total"),
            "a metric without a value is not written"
        );
    }
}
