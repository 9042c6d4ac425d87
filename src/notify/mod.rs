//! The only module that talks to receivers: one file a protocol.
//!
//! A notifier makes one attempt and says how it ended; whether and when to try again is decided in
//! `domain::alert::delivery`, what is owed is known to the store. A new receiver is one file here, one line
//! in [`build`], one variant in `settings`, one paragraph in `docs/delivery.md`.

mod advice;
mod alertmanager;
mod apprise;
mod command;
mod cut;
mod discord;
mod dooray;
mod email;
mod file;
mod gotify;
pub mod heartbeat;
mod http;
mod incident;
mod jandi;
mod journald;
mod kakaowork;
mod line_works;
mod markup;
mod mask;
mod matrix;
mod mattermost;
mod mqtt;
mod nats;
mod ntfy;
mod opsgenie;
mod pagerduty;
mod pushover;
mod samples;
mod service;
pub mod settings;
mod signal;
mod slack;
mod stream;
mod syslog;
mod teams;
mod telegram;
mod template;
mod terminal;
mod thread;
mod voice;
mod webhook;

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::alert::delivery::Attempt;
use crate::domain::alert::frame::Frame;
use crate::domain::alert::wire::WireAlert;
use crate::secret::Secret;
pub use email::is_mail_address;
use settings::{ReceiverConfig, ReceiverKind};
use stream::Published;
use template::Templates;
use voice::Voice;

/// What every receiver is built with.
#[derive(Clone, Debug)]
pub struct Context {
    /// `bongsu/VERSION (+contact)`.
    pub user_agent: String,
    /// Where relative paths begin and commands run.
    pub state_dir: PathBuf,
    /// The machine's zone, for receivers that name none.
    pub zone: TimeZone,
    /// `[fetch] proxy`; may hold a password.
    pub proxy: Option<Secret>,
    /// Hosts that are posted to directly all the same, as `no_proxy` lists them.
    pub no_proxy: String,
    /// What commands may see of our environment: `PATH`, `HOME`, `LANG`, where set.
    pub environment: Vec<(String, OsString)>,
    /// Where the terminal receiver writes.
    pub terminal: TerminalOutput,
}

/// Where the terminal receiver writes, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TerminalOutput {
    /// True when stdout carries machine output.
    pub to_stderr: bool,
    /// `--color`; none: where it is a terminal.
    pub colour: Option<bool>,
}

/// One message to be sent once.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// What to say, with its key; `test` and `cut` are marked in it.
    pub alert: WireAlert,
    /// The time of this attempt.
    pub sent_at: Timestamp,
    /// The number of this attempt, from 1.
    pub attempt: u32,
}

/// An attempt under way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Attempt> + Send + 'a>>;

/// A question under way: who has taken a message, in the service's words; none yet; or why that is not known.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Option<String>, Attempt>> + Send + 'a>>;

/// A receiver that can be spoken to.
pub trait Notifier: Send + Sync {
    /// Sends once, without timing; called through [`Notifier::send`].
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a>;

    /// The longest an attempt takes; the lease of a claim must be longer.
    fn patience(&self) -> Duration;

    /// What would be sent, byte for byte, but for secrets and what nobody could read.
    fn preview(&self, outgoing: &Outgoing) -> String;

    /// Asks whether somebody has taken a message at the service that rings until then; `answer` is what it said when it
    /// took the message. None: it does not tell.
    fn taken<'a>(&'a self, answer: &'a str) -> Option<Asking<'a>> {
        let _ = answer;
        None
    }

    /// What is wrong with its words: a template that failed on the last message, so that the built-in ones went out.
    fn complaint(&self) -> Option<String> {
        None
    }

    /// Sends once and says how that ended and how long it took. Dropping the future ends what it started.
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(async move {
            let start = Instant::now();
            let limit = self.patience();
            let mut attempt = tokio::time::timeout(limit, self.attempt(outgoing))
                .await
                .unwrap_or_else(|_| {
                    Attempt::later(format!("not done after {} s", limit.as_secs()))
                });
            attempt.duration = start.elapsed();
            attempt
        })
    }
}

/// Why a receiver cannot be built: which key is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BuildError {
    /// The config key.
    pub key: &'static str,
    /// What is wrong: what to do. Holds no secret.
    pub message: String,
}

impl BuildError {
    fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self {
            key,
            message: message.into(),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.message)
    }
}

/// Builds the notifier of a receiver; talks to nobody yet.
///
/// # Errors
/// The key that is wrong.
pub fn build(config: &ReceiverConfig, context: &Context) -> Result<Box<dyn Notifier>, BuildError> {
    let frame = Frame {
        language: config.language,
        zone: zone(config, context)?,
    };
    let templates = Templates::new(&config.templates)?;
    let notifier = build_kind(config, Voice::new(frame, templates.clone()), context)?;
    Ok(Box::new(Worded {
        notifier,
        templates,
    }))
}

/// A receiver with what became of its templates.
struct Worded {
    notifier: Box<dyn Notifier>,
    templates: Templates,
}

impl Notifier for Worded {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        self.notifier.attempt(outgoing)
    }

    fn patience(&self) -> Duration {
        self.notifier.patience()
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        self.notifier.preview(outgoing)
    }

    fn complaint(&self) -> Option<String> {
        self.templates.complaint()
    }
}

fn build_kind(
    config: &ReceiverConfig,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let max_body = config.max_body;
    match &config.kind {
        ReceiverKind::Terminal => Ok(Box::new(terminal::Terminal::new(context.terminal, voice))),
        ReceiverKind::File { path } => Ok(Box::new(file::File::new(path, max_body, context)?)),
        ReceiverKind::Command { argv, timeout } => Ok(Box::new(command::Command::new(
            argv, *timeout, max_body, context,
        )?)),
        ReceiverKind::Webhook(settings) => Ok(Box::new(webhook::Webhook::new(
            settings, max_body, voice, context,
        )?)),
        ReceiverKind::Email(settings) => {
            Ok(Box::new(email::Email::new(&config.id, settings, voice)?))
        }
        ReceiverKind::Syslog(settings) => Ok(Box::new(syslog::Syslog::new(settings, voice)?)),
        ReceiverKind::Journald { socket } => {
            Ok(Box::new(journald::Journald::new(socket.as_ref(), voice)))
        }
        ReceiverKind::Mqtt(settings) => Ok(Box::new(Published(mqtt::Mqtt::new(
            config.id.as_str(),
            settings,
            max_body,
        )?))),
        ReceiverKind::Nats(settings) => {
            Ok(Box::new(Published(nats::Nats::new(settings, max_body)?)))
        }
        kind => build_service(kind, voice, context),
    }
}

/// Those that are spoken to over HTTP.
fn build_service(
    kind: &ReceiverKind,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    match kind {
        ReceiverKind::Slack(settings) => slack::new(settings, voice, context),
        ReceiverKind::Discord(settings) => discord::new(settings, voice, context),
        ReceiverKind::Telegram(settings) => telegram::new(settings, voice, context),
        ReceiverKind::Teams(settings) => teams::new(settings, voice, context),
        ReceiverKind::Matrix(settings) => matrix::new(settings, voice, context),
        ReceiverKind::Mattermost(settings) => mattermost::new(settings, voice, context),
        ReceiverKind::Ntfy(settings) => ntfy::new(settings, voice, context),
        ReceiverKind::Gotify(settings) => gotify::new(settings, voice, context),
        ReceiverKind::Pushover(settings) => pushover::new(settings, voice, context),
        ReceiverKind::Pagerduty(settings) => pagerduty::new(settings, voice, context),
        ReceiverKind::Opsgenie(settings) => opsgenie::new(settings, voice, context),
        ReceiverKind::Alertmanager(settings) => alertmanager::new(settings, voice, context),
        ReceiverKind::Jandi(settings) => jandi::new(settings, voice, context),
        ReceiverKind::Dooray(settings) => dooray::new(settings, voice, context),
        ReceiverKind::Kakaowork(settings) => kakaowork::new(settings, voice, context),
        ReceiverKind::LineWorks(settings) => line_works::new(settings, voice, context),
        ReceiverKind::Signal(settings) => signal::new(settings, voice, context),
        ReceiverKind::Apprise(settings) => apprise::new(settings, voice, context),
        other => Err(BuildError::new(
            "kind",
            format!("`{}` is no service over HTTP", other.name()),
        )),
    }
}

fn zone(config: &ReceiverConfig, context: &Context) -> Result<TimeZone, BuildError> {
    let Some(name) = &config.zone else {
        return Ok(context.zone.clone());
    };
    TimeZone::get(name).map_err(|_| {
        BuildError::new(
            "zone",
            format!("`{name}` is no known time zone: write it as \"Asia/Seoul\""),
        )
    })
}
