//! The plain, checked values of the tables that have no module of their own to live beside.
//!
//! `[fetch]` is in `fetch::settings`, receivers are in `notify::settings`, rules and feeds in the domain.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;

use super::source::{Place, Text};
use crate::secret::Secret;

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The database file; relative: below the state folder.
    pub path: PathBuf,
    /// How long entries are kept; none: for ever.
    pub keep_entries: Option<Duration>,
    /// How long alerts and their evidence are kept; none: for ever.
    pub keep_alerts: Option<Duration>,
}

/// `[alerts]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSettings {
    /// Entries published longer ago than this when first seen raise no alert.
    pub backlog: Duration,
    /// How long copies of a story fold into its first alert.
    pub story_window: Duration,
    /// A delivery that still fails then is a dead letter.
    pub give_up: Duration,
    /// Entity classes whose members tell events apart.
    pub story_guards: Vec<Text>,
    /// Whether reports in other languages fold too.
    pub fold_across_languages: bool,
    /// Who is told of what is wrong with the system; empty: the default receivers.
    pub health_receivers: Vec<Text>,
    /// When they are told once a day that all is well, and in which zone if not the machine's; none: never.
    pub all_well: Option<(Time, Option<String>)>,
}

/// `[heartbeat]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatSettings {
    /// What is called while all is well; none: nothing. May hold a token.
    pub url: Option<Secret>,
    /// How often.
    pub every: Duration,
    /// Whether beginning and failing are said too, at `url` + `/start` and `/fail`.
    pub start_and_fail: bool,
}

/// `[web]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Where it listens, unless systemd passes a socket.
    pub listen: Listen,
    /// The address people reach it at, without a slash at the end.
    pub public_url: Option<String>,
    /// Who may come in; empty: everyone who can reach it.
    pub tokens: Vec<WebToken>,
}

/// `[websub]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebsubSettings {
    /// Whether hubs are asked to push, where there is an address for them.
    pub enabled: bool,
    /// How callbacks begin, without a slash at the end; none: `[web] public_url`.
    pub callback_url: Option<String>,
    /// Where `callback_url` was given.
    pub place: Option<Place>,
    /// How long a subscription is asked for; the hub decides.
    pub lease: Duration,
}

/// Where the web UI and API listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// A TCP address.
    Tcp(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

/// A key to the API and the UI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebToken {
    /// Who holds it, for logs; `default` for `[web] token`.
    pub name: String,
    /// The key.
    pub secret: Secret,
    /// May look, not change.
    pub read_only: bool,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `info`, or directives such as `info,bongsu::fetch=debug`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, journald under systemd, else JSON.
    #[default]
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
    /// Fields for journald.
    Journald,
}

/// Three days.
const DAYS_3: Duration = Duration::from_hours(72);

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            path: PathBuf::from("bongsu.db"),
            keep_entries: Some(Duration::from_hours(365 * 24)),
            keep_alerts: None,
        }
    }
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            backlog: Duration::from_hours(24),
            story_window: DAYS_3,
            give_up: DAYS_3,
            story_guards: Vec::new(),
            fold_across_languages: false,
            health_receivers: Vec::new(),
            all_well: None,
        }
    }
}

impl Default for HeartbeatSettings {
    fn default() -> Self {
        Self {
            url: None,
            every: Duration::from_mins(5),
            start_and_fail: false,
        }
    }
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            listen: Listen::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787)),
            public_url: None,
            tokens: Vec::new(),
        }
    }
}

impl Default for WebsubSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            callback_url: None,
            place: None,
            lease: Duration::from_hours(7 * 24),
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Auto,
        }
    }
}

impl Listen {
    /// True where only this machine can come in.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Off | Self::Unix(_) => true,
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
        }
    }
}
