//! Syslog after RFC 5424: to a local socket, over UDP, TCP (RFC 6587, counted) or TLS (RFC 5425).
//!
//! Syslog acknowledges nothing: delivered means handed over. Over UDP even that can be lost on the way.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::net::{UdpSocket, UnixDatagram, lookup_host};
use tokio::time::timeout;

use super::incident::feed;
use super::markup::within;
use super::service::Shape;
use super::stream::{Server, write};
use super::voice::Voice;
use super::{BuildError, Notifier, Outgoing, Sending};
use crate::domain::alert::delivery::Attempt;
use crate::domain::alert::message::Message;
use crate::domain::alert::wire::WireAlert;
use crate::domain::rule::Severity;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogSettings {
    /// `unix:/dev/log`, `udp://host:514`, `tcp://host:601` or `tls://host:6514`.
    pub server: String,
    /// The facility's number, 0 to 23.
    pub facility: u8,
}

/// Facilities by name, as config spells them.
pub const FACILITIES: [(&str, u8); 12] = [
    ("user", 1),
    ("daemon", 3),
    ("auth", 4),
    ("news", 7),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

const SCHEMES: [(&str, u16, bool); 3] = [
    ("udp", 514, false),
    ("tcp", 601, false),
    ("tls", 6514, true),
];
const PATIENCE: Duration = Duration::from_secs(30);
const HANDOVER: Duration = Duration::from_secs(5);
/// In bytes: what RFC 5426 says that receivers should take, and what others do.
const DATAGRAM: usize = 2_048;
const STREAMED: usize = 8_192;

enum Way {
    Unix(PathBuf),
    Udp(Server),
    Stream(Server),
}

/// Writes to a log server.
pub(super) struct Syslog {
    way: Way,
    facility: u8,
    voice: Voice,
}

impl Syslog {
    /// Checks the settings.
    pub(super) fn new(settings: &SyslogSettings, voice: Voice) -> Result<Self, BuildError> {
        let way = if let Some(path) = settings.server.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            if !path.is_absolute() {
                return Err(BuildError::new(
                    "server",
                    "names no socket: write \"unix:/dev/log\"",
                ));
            }
            Way::Unix(path)
        } else {
            let server = Server::parse("server", &settings.server, &SCHEMES)?;
            if settings.server.starts_with("udp:") {
                Way::Udp(server)
            } else {
                Way::Stream(server)
            }
        };
        Ok(Self {
            way,
            facility: settings.facility,
            voice,
        })
    }

    fn line(&self, outgoing: &Outgoing) -> String {
        let most = match self.way {
            Way::Udp(_) => DATAGRAM,
            Way::Unix(_) | Way::Stream(_) => STREAMED,
        };
        let line = |message: &Message| record(self.facility, outgoing, message);
        let message = self.voice.fitted(outgoing, Shape::Whole, |message| {
            line(message).len() <= most
        });
        within(&line(&message), most, str::len)
    }

    async fn hand_over(&self, outgoing: &Outgoing) -> Result<Attempt, Attempt> {
        let line = self.line(outgoing);
        match &self.way {
            Way::Unix(path) => {
                let socket = UnixDatagram::unbound().map_err(|error| failed(&error))?;
                let sent = timeout(HANDOVER, async {
                    socket.connect(path)?;
                    socket.send(line.as_bytes()).await
                });
                sent.await
                    .map_err(|_| Attempt::later("the log socket takes nothing at the moment"))?
                    .map_err(|error| failed(&error))?;
            }
            Way::Udp(server) => {
                let sent = timeout(HANDOVER, datagram(server, line.as_bytes()));
                sent.await
                    .map_err(|_| Attempt::later("the datagram could not be sent in time"))?
                    .map_err(|error| failed(&error))?;
            }
            Way::Stream(server) => {
                let mut stream = server.connect().await?;
                let framed = format!("{} {line}", line.len());
                write(&mut *stream, framed.as_bytes()).await?;
            }
        }
        Ok(Attempt::delivered())
    }
}

async fn datagram(server: &Server, bytes: &[u8]) -> std::io::Result<()> {
    let mut addresses = lookup_host((server.host.as_str(), server.port)).await?;
    let to = addresses
        .next()
        .ok_or_else(|| std::io::Error::other("the name has no address"))?;
    let from: SocketAddr = if to.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    UdpSocket::bind(from).await?.send_to(bytes, to).await?;
    Ok(())
}

fn failed(error: &std::io::Error) -> Attempt {
    Attempt::later(format!("cannot write to the log: {error}"))
}

impl Notifier for Syslog {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(async move {
            let attempt = self.hand_over(outgoing).await;
            attempt.unwrap_or_else(|attempt| attempt)
        })
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        self.line(outgoing)
    }
}

/// The number of a severity, the same for syslog and the journal.
pub(super) fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    }
}

/// One record: header, structured data, the message on one line.
fn record(facility: u8, outgoing: &Outgoing, message: &Message) -> String {
    let alert = &outgoing.alert;
    let number = u32::from(facility) * 8 + u32::from(priority(alert.severity));
    let at = alert.created.to_zoned_datetime(TimeZone::UTC);
    let at = at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
    let url = message.links.first().map_or("", |link| link.url.as_str());
    let text = message
        .to_text()
        .replace("\n\n", " | ")
        .replace('\n', " | ");
    format!(
        "<{number}>1 {at} - bongsu {} {} {} \u{feff}{text}",
        std::process::id(),
        alert.reason.as_str(),
        data(alert, url)
    )
}

/// `[bongsu@32473 key="…" …]`: the number is the one that documentation may use, ours being none.
fn data(alert: &WireAlert, url: &str) -> String {
    let feed = feed(alert).unwrap_or_default();
    let mut data = "[bongsu@32473".to_owned();
    for (name, value) in [
        ("key", alert.key.as_str()),
        ("rule", &alert.rule.id),
        ("feed", &feed),
        ("url", url),
    ] {
        if !value.is_empty() {
            let _ = write!(data, " {name}=\"{}\"", escaped(value));
        }
    }
    data.push(']');
    data
}

/// RFC 5424, 6.3.3; control characters are of no use to anyone.
fn escaped(value: &str) -> String {
    value
        .chars()
        .filter(|c| !c.is_control())
        .fold(String::new(), |mut out, c| {
            if matches!(c, '"' | '\\' | ']') {
                out.push('\\');
            }
            out.push(c);
            out
        })
}

#[cfg(test)]
mod tests {
    use super::super::samples::samples;
    use super::super::template::Templates;
    use super::*;
    use crate::domain::alert::frame::{Frame, Language};

    fn voice() -> Voice {
        let frame = Frame {
            language: Language::En,
            zone: TimeZone::UTC,
        };
        Voice::new(frame, Templates::default())
    }

    #[test]
    fn a_record_is_one_line_of_the_standard() {
        let outgoing = samples().remove(0);
        let line = record(3, &outgoing, &voice().message(&outgoing));
        let head = format!(
            "<26>1 2026-11-24T01:02:03.000000Z - bongsu {} new-story [bongsu@32473 key=\"00112233445566778899aabbccddeeff\" rule=\"sample-rule\"",
            std::process::id()
        );
        assert!(line.starts_with(&head), "{line}");
        assert!(
            line.contains("] \u{feff}‼ 다리 착공") && !line.contains('\n'),
            "{line}"
        );
        assert_eq!(escaped("a\"b\\c]d\n"), "a\\\"b\\\\c\\]d");
    }

    #[test]
    fn a_record_over_udp_keeps_within_a_datagram() {
        let mut outgoing = samples().remove(4);
        let one = outgoing.alert.alerts.as_ref().unwrap()[0].clone();
        outgoing.alert.alerts = Some(vec![one; 60]);
        for (server, most) in [("udp://h", DATAGRAM), ("tcp://h", STREAMED)] {
            let way = Server::parse("server", server, &SCHEMES).unwrap();
            let syslog = Syslog {
                way: if most == DATAGRAM {
                    Way::Udp(way)
                } else {
                    Way::Stream(way)
                },
                facility: 1,
                voice: voice(),
            };
            let line = syslog.line(&outgoing);
            assert!(line.len() <= most && line.contains('…'), "{}", line.len());
        }
    }
}
