//! `[store]`, `[fetch]`, `[alerts]`, `[heartbeat]`, `[log]`.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::problem::Problem;
use crate::config::reader::{Cx, Item, Table};
use crate::config::secrets;
use crate::config::settings::{
    AlertSettings, HeartbeatSettings, LogFormat, LogSettings, StoreSettings,
};
use crate::config::values;
use crate::domain::units;
use crate::fetch;
use crate::fetch::proxy::{Proxies, SystemProxies};
use crate::fetch::settings::{FetchSettings, Interval, RobotsPolicy, Timeouts};
use crate::secret::Secret;

pub(in crate::config) const STORE: &[&str] = &["url", "keep_entries", "keep_alerts"];

pub(in crate::config) fn store(cx: &mut Cx, table: &Table) -> StoreSettings {
    let default = StoreSettings::default();
    let path = table
        .get("url")
        .and_then(|item| item.parsed(cx, "\"sqlite:bongsu.db\"", store_path));
    StoreSettings {
        path: path.unwrap_or(default.path),
        keep_entries: keep(cx, table, "keep_entries", default.keep_entries),
        keep_alerts: keep(cx, table, "keep_alerts", default.keep_alerts),
    }
}

fn store_path(url: &str) -> Result<PathBuf, String> {
    match url.split_once(':') {
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            let fine = !path.is_empty()
                && path != ":memory:"
                && !path.ends_with('/')
                && !path.contains('\0');
            fine.then(|| PathBuf::from(path))
                .ok_or_else(|| "the store needs a file: write \"sqlite:bongsu.db\"".to_owned())
        }
        Some(("postgres" | "postgresql", _)) => Err(
            "this version keeps its store in SQLite only: write \"sqlite:bongsu.db\"".to_owned(),
        ),
        _ => Err("this is not the address of a store: write \"sqlite:bongsu.db\"".to_owned()),
    }
}

fn keep(cx: &mut Cx, table: &Table, key: &str, default: Option<Duration>) -> Option<Duration> {
    match table.duration(cx, key) {
        Some(Duration::ZERO) => None,
        given @ Some(_) => given,
        None => default,
    }
}

pub(in crate::config) const FETCH: &[&str] = &[
    "contact",
    "concurrency",
    "per_host_interval",
    "interval",
    "budget",
    "min_interval",
    "max_interval",
    "timeout",
    "max_wire",
    "max_body",
    "allow_networks",
    "proxy",
    "start_rate",
    "robots",
];

/// The largest document that can be allowed.
const LARGEST: u64 = 1 << 30;

pub(in crate::config) fn fetch(cx: &mut Cx, table: &Table) -> FetchSettings {
    let default = FetchSettings::default();
    let min = table.span_of_time(cx, "min_interval");
    super::warn_below_a_minute(cx, table, "min_interval", min);
    let settings = FetchSettings {
        contact: header_text(cx, table, "contact", "a URL or a mail address")
            .unwrap_or(default.contact),
        concurrency: table
            .integer(cx, "concurrency", 1..=10_000)
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default.concurrency),
        per_host_interval: table
            .duration(cx, "per_host_interval")
            .unwrap_or(default.per_host_interval),
        interval: interval(cx, table).unwrap_or(default.interval),
        budget: table
            .integer(cx, "budget", 1..=1_440)
            .unwrap_or(default.budget),
        min_interval: min.unwrap_or(default.min_interval),
        max_interval: table
            .span_of_time(cx, "max_interval")
            .unwrap_or(default.max_interval),
        timeout: timeouts(cx, table),
        max_wire: table
            .size(cx, "max_wire", 1..=LARGEST)
            .unwrap_or(default.max_wire),
        max_body: table
            .size(cx, "max_body", 1..=LARGEST)
            .unwrap_or(default.max_body),
        allow_networks: networks(cx, table),
        proxy: proxies(cx, table),
        start_rate: table
            .get("start_rate")
            .and_then(|item| item.parsed(cx, "a rate such as \"20/s\"", units::parse_rate))
            .unwrap_or(default.start_rate),
        robots: robots(cx, table).unwrap_or_default(),
    };
    if settings.min_interval > settings.max_interval
        && let Some(item) = table
            .get("min_interval")
            .or_else(|| table.get("max_interval"))
    {
        let max = units::format_duration(settings.max_interval);
        item.wrong(
            cx,
            format!("`min_interval` is longer than `max_interval`, which is {max}"),
            "make it shorter, or the other longer",
        );
    }
    settings
}

fn robots(cx: &mut Cx, table: &Table) -> Option<RobotsPolicy> {
    table.one_of(cx, "robots", &["pages", "all", "off"], |word| {
        Some(match word {
            "pages" => RobotsPolicy::Pages,
            "all" => RobotsPolicy::All,
            "off" => RobotsPolicy::Off,
            _ => return None,
        })
    })
}

/// A text that goes into a header: one line of visible ASCII.
pub(super) fn header_text(cx: &mut Cx, table: &Table, key: &str, wanted: &str) -> Option<String> {
    let text = table.filled(cx, key)?;
    if text.value.len() > 200 || !text.value.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        let problem = Problem::error(
            "C04",
            text.place,
            format!("`{key}` goes into a header and must be short, visible ASCII"),
        )
        .help(format!("write {wanted}"));
        cx.push(problem);
        return None;
    }
    Some(text.value)
}

fn interval(cx: &mut Cx, table: &Table) -> Option<Interval> {
    let item = table.get("interval")?;
    if item.is_text() && item.text(cx)?.value == "adaptive" {
        return Some(Interval::Adaptive);
    }
    let fixed = table.span_of_time(cx, "interval");
    super::warn_below_a_minute(cx, table, "interval", fixed);
    fixed.map(Interval::Fixed)
}

fn timeouts(cx: &mut Cx, table: &Table) -> Timeouts {
    let default = Timeouts::default();
    let known = &["connect", "first_byte", "idle", "total"];
    let Some(table) = table
        .get("timeout")
        .and_then(|item| item.table(cx, "`timeout`", known))
    else {
        return default;
    };
    Timeouts {
        connect: table.span_of_time(cx, "connect").unwrap_or(default.connect),
        first_byte: table
            .span_of_time(cx, "first_byte")
            .unwrap_or(default.first_byte),
        idle: table.span_of_time(cx, "idle").unwrap_or(default.idle),
        total: table.span_of_time(cx, "total").unwrap_or(default.total),
    }
}

fn networks(cx: &mut Cx, table: &Table) -> Vec<ipnet::IpNet> {
    let Some(item) = table.get("allow_networks") else {
        return Vec::new();
    };
    item.list(cx, "a list such as [\"127.0.0.0/8\"]")
        .iter()
        .filter_map(|item| item.parsed(cx, "a network such as \"127.0.0.0/8\"", values::network))
        .collect()
}

fn proxies(cx: &mut Cx, table: &Table) -> Proxies {
    if table.peek("proxy") != Some("system") {
        return proxy_url(cx, table, "system").map_or(Proxies::Direct, Proxies::All);
    }
    match (SystemProxies::read(cx.env), table.get("proxy")) {
        (Err(error), Some(item)) => {
            item.wrong(cx, error, "correct the variable, or write the proxy here");
            Proxies::Direct
        }
        (read, _) => read.map_or(Proxies::Direct, Proxies::System),
    }
}

/// The URL of a proxy; `word` is what may stand there instead.
pub(super) fn proxy_url(cx: &mut Cx, table: &Table, word: &str) -> Option<Secret> {
    let item = table.get("proxy")?;
    let text = secrets::optional(cx, table, "proxy")?;
    if fetch::proxy::check(text.expose()).is_err() {
        item.wrong(
            cx,
            "`proxy` is not the address of a proxy",
            format!("write http://host:port, socks5h://host:port or \"{word}\""),
        );
        return None;
    }
    Some(text)
}

pub(in crate::config) const ALERTS: &[&str] = &[
    "backlog",
    "story_window",
    "give_up",
    "story_guards",
    "fold_across_languages",
    "health_receivers",
    "all_well",
];

pub(in crate::config) fn alerts(cx: &mut Cx, table: &Table) -> AlertSettings {
    let default = AlertSettings::default();
    let across = table
        .bool(cx, "fold_across_languages")
        .unwrap_or(default.fold_across_languages);
    let wanted = "a time and a zone such as \"09:00 Asia/Seoul\"";
    let all_well = table.get("all_well");
    let all_well = all_well.and_then(|item| item.parsed(cx, wanted, values::time_in_zone));
    AlertSettings {
        all_well,
        backlog: table.duration(cx, "backlog").unwrap_or(default.backlog),
        story_window: table
            .duration(cx, "story_window")
            .unwrap_or(default.story_window),
        give_up: table.span_of_time(cx, "give_up").unwrap_or(default.give_up),
        story_guards: table.texts(cx, "story_guards"),
        fold_across_languages: across,
        health_receivers: table.texts(cx, "health_receivers"),
    }
}

pub(in crate::config) const HEARTBEAT: &[&str] = &["url", "every", "start_and_fail"];

pub(in crate::config) fn heartbeat(cx: &mut Cx, table: &Table) -> HeartbeatSettings {
    let default = HeartbeatSettings::default();
    let url = secrets::optional(cx, table, "url");
    if let (Some(secret), Some(item)) = (&url, table.get("url")) {
        checked_url(cx, &item, secret.expose());
    }
    HeartbeatSettings {
        url,
        every: table.span_of_time(cx, "every").unwrap_or(default.every),
        start_and_fail: table
            .bool(cx, "start_and_fail")
            .unwrap_or(default.start_and_fail),
    }
}

/// Reports a URL that cannot be called.
pub(in crate::config) fn checked_url(cx: &mut Cx, item: &Item, url: &str) {
    if let Err(error) = values::http_url(url) {
        let (message, help) = error.rsplit_once(": ").unwrap_or((&error, ""));
        item.wrong(cx, message, help);
    }
}

pub(in crate::config) const LOG: &[&str] = &["level", "format"];

pub(in crate::config) fn log(cx: &mut Cx, table: &Table) -> LogSettings {
    let default = LogSettings::default();
    let level = table
        .get("level")
        .and_then(|item| item.parsed(cx, "\"info\"", log_level));
    let words = ["auto", "human", "json", "journald"];
    let format = table.one_of(cx, "format", &words, |word| {
        Some(match word {
            "auto" => LogFormat::Auto,
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            "journald" => LogFormat::Journald,
            _ => return None,
        })
    });
    LogSettings {
        level: level.unwrap_or(default.level),
        format: format.unwrap_or(default.format),
    }
}

/// A level, or directives such as `info,bongsu::fetch=debug`.
fn log_level(text: &str) -> Result<String, String> {
    let fine = text.split(',').all(|directive| {
        let level = directive
            .rsplit_once('=')
            .map_or(directive, |(_, level)| level)
            .trim();
        ["off", "error", "warn", "info", "debug", "trace"].contains(&level)
    });
    if fine {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is not a level: write \"error\", \"warn\", \"info\", \"debug\" or \"trace\""
        ))
    }
}
