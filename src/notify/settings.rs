//! What config says about a receiver: plain checked values, no connection and no secret store.
//!
//! Reading them from text is config's business; whether they can work is asked by `super::build`.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use sha2::{Digest, Sha256};

use crate::domain::alert::frame::Language;
use crate::domain::alert::hex;
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;
use crate::domain::units::Rate;
use crate::secret::Secret;

pub use super::alertmanager::AlertmanagerSettings;
pub use super::apprise::AppriseSettings;
pub use super::discord::DiscordSettings;
pub use super::dooray::DooraySettings;
pub use super::gotify::GotifySettings;
pub use super::jandi::JandiSettings;
pub use super::kakaowork::{KakaoworkSettings, KakaoworkTo};
pub use super::line_works::{LineWorksSettings, LineWorksTo};
pub use super::matrix::MatrixSettings;
pub use super::mattermost::MattermostSettings;
pub use super::mqtt::MqttSettings;
pub use super::nats::NatsSettings;
pub use super::ntfy::NtfySettings;
pub use super::opsgenie::OpsgenieSettings;
pub use super::pagerduty::PagerdutySettings;
pub use super::pushover::PushoverSettings;
pub use super::signal::SignalSettings;
pub use super::slack::SlackSettings;
pub use super::syslog::{FACILITIES, SyslogSettings};
pub use super::teams::TeamsSettings;
pub use super::telegram::TelegramSettings;
pub use super::template::TemplateSettings;
pub use super::webhook::WebhookSettings;

/// Where alerts go.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiverConfig {
    /// Stable name.
    pub id: ReceiverId,
    /// Takes the alerts of rules that name no receiver.
    pub default: bool,
    /// Takes nothing below.
    pub min_severity: Severity,
    /// A query; takes only alerts whose entry matches it.
    pub only: Option<String>,
    /// No more than this; default: no limit.
    pub rate: Option<Rate>,
    /// How long a delivery is tried; default: `[alerts] give_up`.
    pub give_up: Option<Duration>,
    /// IANA zone of the times shown; default: the machine's.
    pub zone: Option<String>,
    /// Cuts the texts of the entry in JSON to so many bytes; default: whole.
    pub max_body: Option<u64>,
    /// The language of labels and times.
    pub language: Language,
    /// When it is told.
    pub timing: Timing,
    /// Its own words for titles and bodies.
    pub templates: TemplateSettings,
    /// How it is reached.
    pub kind: ReceiverKind,
}

/// When a receiver is told; by default at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    /// When it is left alone.
    pub quiet_hours: Option<QuietTimes>,
    /// When all its alerts come together.
    pub digest: Option<DigestTimes>,
}

/// A span of the day.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietTimes {
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub to: Time,
    /// IANA zone; default: the receiver's.
    pub zone: Option<String>,
    /// From this severity on alerts pass.
    pub except: Option<Severity>,
}

/// A time of day.
#[derive(Clone, Debug, PartialEq)]
pub struct DigestTimes {
    /// On the clock.
    pub at: Time,
    /// IANA zone; default: the receiver's.
    pub zone: Option<String>,
    /// From this severity on alerts come by themselves.
    pub except: Option<Severity>,
    /// Says so when there is nothing to tell.
    pub empty: bool,
}

/// How a receiver is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum ReceiverKind {
    /// Lines on the terminal.
    Terminal,
    /// One JSON line an alert, appended.
    File {
        /// Relative: below the state folder.
        path: PathBuf,
    },
    /// A program with the alert on its stdin.
    Command {
        /// The program and its arguments; no shell.
        argv: Vec<String>,
        /// After which it is ended.
        timeout: Duration,
    },
    /// A POST of the JSON, signed after Standard Webhooks.
    Webhook(WebhookSettings),
    /// A mail.
    Email(EmailSettings),
    /// Slack.
    Slack(SlackSettings),
    /// Discord.
    Discord(DiscordSettings),
    /// Telegram.
    Telegram(TelegramSettings),
    /// Microsoft Teams.
    Teams(TeamsSettings),
    /// Matrix.
    Matrix(MatrixSettings),
    /// Mattermost.
    Mattermost(MattermostSettings),
    /// ntfy.
    Ntfy(NtfySettings),
    /// Gotify.
    Gotify(GotifySettings),
    /// Pushover.
    Pushover(PushoverSettings),
    /// `PagerDuty`.
    Pagerduty(PagerdutySettings),
    /// Opsgenie, and what speaks its API.
    Opsgenie(OpsgenieSettings),
    /// Prometheus Alertmanager.
    Alertmanager(AlertmanagerSettings),
    /// JANDI.
    Jandi(JandiSettings),
    /// Dooray.
    Dooray(DooraySettings),
    /// `KakaoWork`.
    Kakaowork(KakaoworkSettings),
    /// LINE WORKS.
    LineWorks(LineWorksSettings),
    /// Signal, through signal-cli.
    Signal(SignalSettings),
    /// The Apprise API.
    Apprise(AppriseSettings),
    /// Syslog.
    Syslog(SyslogSettings),
    /// The journal of systemd.
    Journald {
        /// Where it listens, if not where it always does.
        socket: Option<PathBuf>,
    },
    /// An MQTT broker.
    Mqtt(MqttSettings),
    /// NATS `JetStream`.
    Nats(NatsSettings),
}

/// How mails are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct EmailSettings {
    /// `smtp://host` or `smtp://host:port`.
    pub server: String,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// `name@host` or `Name <name@host>`.
    pub from: String,
    /// Who gets them; each as `from`.
    pub to: Vec<String>,
    /// For AUTH; none: no AUTH.
    pub username: Option<String>,
    /// For AUTH.
    pub password: Option<Secret>,
}

/// How a mail connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// In the clear, then STARTTLS or nothing is sent; port 587.
    #[default]
    Starttls,
    /// From the first byte; port 465.
    Implicit,
    /// Never; only to loopback and private addresses; port 25.
    None,
}

impl ReceiverKind {
    /// The spelling in config, metrics and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::File { .. } => "file",
            Self::Command { .. } => "command",
            Self::Webhook(_) => "webhook",
            Self::Email(_) => "email",
            Self::Slack(_) => "slack",
            Self::Discord(_) => "discord",
            Self::Telegram(_) => "telegram",
            Self::Teams(_) => "teams",
            Self::Matrix(_) => "matrix",
            Self::Mattermost(_) => "mattermost",
            Self::Ntfy(_) => "ntfy",
            Self::Gotify(_) => "gotify",
            Self::Pushover(_) => "pushover",
            Self::Pagerduty(_) => "pagerduty",
            Self::Opsgenie(_) => "opsgenie",
            Self::Alertmanager(_) => "alertmanager",
            Self::Jandi(_) => "jandi",
            Self::Dooray(_) => "dooray",
            Self::Kakaowork(_) => "kakaowork",
            Self::LineWorks(_) => "line-works",
            Self::Signal(_) => "signal",
            Self::Apprise(_) => "apprise",
            Self::Syslog(_) => "syslog",
            Self::Journald { .. } => "journald",
            Self::Mqtt(_) => "mqtt",
            Self::Nats(_) => "nats",
        }
    }

    /// What takes the messages in the end, as a hash: receivers of one address or one token share its limits.
    /// No secret can be read from it.
    #[must_use]
    pub fn destination(&self) -> String {
        let parts = self.address();
        let mut hash = Sha256::new();
        for part in std::iter::once(self.name()).chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex(&hash.finalize()[..16])
    }

    /// What tells one destination of a kind from another.
    fn address(&self) -> Vec<&str> {
        match self {
            Self::Terminal | Self::Journald { .. } => Vec::new(),
            Self::File { path } => vec![path.to_str().unwrap_or_default()],
            Self::Command { argv, .. } => argv.iter().map(String::as_str).collect(),
            Self::Webhook(webhook) => vec![webhook.url.expose()],
            Self::Email(email) => vec![&email.server, email.username.as_deref().unwrap_or("")],
            // Slack limits each channel of a bot on its own.
            Self::Slack(SlackSettings::Bot { token, channel, .. }) => {
                vec![token.expose(), channel]
            }
            Self::Discord(discord) => vec![discord.url.expose()],
            Self::Telegram(telegram) => vec![telegram.token.expose()],
            Self::Teams(teams) => vec![teams.url.expose()],
            Self::Matrix(matrix) => vec![matrix.token.expose()],
            Self::Slack(SlackSettings::Hook { url })
            | Self::Mattermost(MattermostSettings::Hook { url, .. }) => vec![url.expose()],
            Self::Mattermost(MattermostSettings::Bot { url, token, .. }) => {
                vec![url.expose(), token.expose()]
            }
            Self::Ntfy(ntfy) => {
                let token = ntfy.token.as_ref().map_or("", Secret::expose);
                vec![&ntfy.url, token]
            }
            Self::Gotify(gotify) => vec![&gotify.url, gotify.token.expose()],
            Self::Pushover(pushover) => vec![pushover.token.expose()],
            Self::Pagerduty(pagerduty) => vec![pagerduty.routing_key.expose()],
            Self::Opsgenie(opsgenie) => vec![opsgenie.token.expose()],
            Self::Alertmanager(alertmanager) => vec![&alertmanager.url],
            Self::Jandi(jandi) => vec![jandi.url.expose()],
            Self::Dooray(dooray) => vec![dooray.url.expose()],
            Self::Kakaowork(kakaowork) => vec![kakaowork.token.expose()],
            Self::LineWorks(line_works) => vec![&line_works.client_id],
            Self::Signal(signal) => vec![&signal.url, &signal.from],
            Self::Apprise(apprise) => vec![&apprise.url, apprise.key.expose()],
            Self::Syslog(syslog) => vec![&syslog.server],
            Self::Mqtt(mqtt) => vec![&mqtt.server],
            Self::Nats(nats) => vec![&nats.server],
        }
    }

    /// Whether it rings until somebody takes an incident, so that it should know when that has been done here.
    #[must_use]
    pub fn hears_acks(&self) -> bool {
        matches!(self, Self::Pagerduty(_) | Self::Opsgenie(_))
    }

    /// Whether people read it: such receivers get digests, caps and groups; machines get one call an alert,
    /// whole, unless configured otherwise.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        !matches!(
            self,
            Self::File { .. }
                | Self::Command { .. }
                | Self::Webhook(_)
                | Self::Alertmanager(_)
                | Self::Syslog(_)
                | Self::Journald { .. }
                | Self::Mqtt(_)
                | Self::Nats(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(url: &str) -> ReceiverKind {
        ReceiverKind::Webhook(WebhookSettings {
            url: Secret::new(url),
            secrets: Vec::new(),
            headers: std::collections::BTreeMap::new(),
            put: false,
        })
    }

    #[test]
    fn one_address_is_one_destination_and_cannot_be_read_from_it() {
        let one = webhook("https://hooks.example.org/T0KEN").destination();
        assert_eq!(
            one,
            webhook("https://hooks.example.org/T0KEN").destination()
        );
        assert_ne!(
            one,
            webhook("https://hooks.example.org/OTHER").destination()
        );
        assert_ne!(one, ReceiverKind::Terminal.destination());
        assert!(one.len() == 32 && !one.contains("T0KEN"));
    }
}
