//! What config says about a receiver: plain checked values, no connection and no secret store.
//!
//! Reading them from text is config's business; whether they can work is asked by `super::build`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::domain::alert::frame::Language;
use crate::domain::alert::hex;
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;
use crate::domain::units::Rate;
use crate::secret::Secret;

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
    /// How it is reached.
    pub kind: ReceiverKind,
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
    Webhook {
        /// Where to; may hold a token.
        url: Secret,
        /// Each gives a signature; two while one is replaced by the other.
        secrets: Vec<Secret>,
        /// Extra request headers.
        headers: BTreeMap<String, Secret>,
    },
    /// A mail.
    Email(EmailSettings),
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
            Self::Webhook { .. } => "webhook",
            Self::Email(_) => "email",
        }
    }

    /// What takes the messages in the end, as a hash: receivers of one address or one token share its limits.
    /// No secret can be read from it.
    #[must_use]
    pub fn destination(&self) -> String {
        let parts: Vec<&str> = match self {
            Self::Terminal => Vec::new(),
            Self::File { path } => vec![path.to_str().unwrap_or_default()],
            Self::Command { argv, .. } => argv.iter().map(String::as_str).collect(),
            Self::Webhook { url, .. } => vec![url.expose()],
            Self::Email(email) => vec![&email.server, email.username.as_deref().unwrap_or("")],
        };
        let mut hash = Sha256::new();
        for part in std::iter::once(self.name()).chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex(&hash.finalize()[..16])
    }

    /// Whether people read it: such receivers get digests, caps and groups; machines get one call an alert,
    /// whole, unless configured otherwise.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        match self {
            Self::Terminal | Self::Email(_) => true,
            Self::File { .. } | Self::Command { .. } | Self::Webhook { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(url: &str) -> ReceiverKind {
        ReceiverKind::Webhook {
            url: Secret::new(url),
            secrets: Vec::new(),
            headers: BTreeMap::new(),
        }
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
