//! The journal of systemd, with fields to search by: `journalctl BONGSU_RULE=…`.

use std::path::PathBuf;
use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::timeout;

use super::incident::feed;
use super::service::Shape;
use super::syslog::priority;
use super::voice::Voice;
use super::{Notifier, Outgoing, Sending};
use crate::domain::alert::delivery::Attempt;

/// Where the journal listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";

/// In bytes, so that all fields are one datagram.
const TEXT: usize = 32_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes to the journal.
pub(super) struct Journald {
    socket: PathBuf,
    voice: Voice,
}

impl Journald {
    /// Writes to a socket, where it is not the usual one.
    pub(super) fn new(socket: Option<&PathBuf>, voice: Voice) -> Self {
        Self {
            socket: socket.cloned().unwrap_or_else(|| PathBuf::from(SOCKET)),
            voice,
        }
    }

    fn fields(&self, outgoing: &Outgoing) -> Vec<(&'static str, String)> {
        let alert = &outgoing.alert;
        let message = self.voice.fitted(outgoing, Shape::Whole, |message| {
            message.to_text().len() <= TEXT
        });
        let url = message.links.first().map(|link| link.url.clone());
        [
            ("MESSAGE", message.to_text()),
            ("PRIORITY", priority(alert.severity).to_string()),
            ("SYSLOG_IDENTIFIER", "bongsu".to_owned()),
            ("BONGSU_KEY", alert.key.clone()),
            ("BONGSU_RULE", alert.rule.id.clone()),
            ("BONGSU_SEVERITY", alert.severity.as_str().to_owned()),
            ("BONGSU_REASON", alert.reason.as_str().to_owned()),
            ("BONGSU_FEED", feed(alert).unwrap_or_default()),
            ("BONGSU_URL", url.unwrap_or_default()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
    }

    async fn write(&self, outgoing: &Outgoing) -> Attempt {
        let record = record(&self.fields(outgoing));
        let sent = timeout(PATIENCE / 2, async {
            let socket = UnixDatagram::unbound()?;
            socket.connect(&self.socket)?;
            socket.send(&record).await
        });
        match sent.await {
            Ok(Ok(_)) => Attempt::delivered(),
            Ok(Err(error)) => Attempt::later(format!(
                "cannot write to the journal at {}: {error}",
                self.socket.display()
            )),
            Err(_) => Attempt::later("the journal takes nothing at the moment"),
        }
    }
}

impl Notifier for Journald {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.write(outgoing))
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        let fields = self.fields(outgoing);
        let lines: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        lines.join("\n")
    }
}

/// The journal's own protocol: a value with line ends has its length before it.
fn record(fields: &[(&str, String)]) -> Vec<u8> {
    let mut record = Vec::new();
    for (name, value) in fields {
        record.extend(name.as_bytes());
        if value.contains('\n') {
            record.push(b'\n');
            record.extend((value.len() as u64).to_le_bytes());
        } else {
            record.push(b'=');
        }
        record.extend(value.as_bytes());
        record.push(b'\n');
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_line_ends_have_their_length() {
        let fields = [("A", "x".to_owned()), ("MESSAGE", "y\nz".to_owned())];
        assert_eq!(record(&fields), b"A=x\nMESSAGE\n\x03\0\0\0\0\0\0\0y\nz\n");
    }
}
