//! MQTT 3.1.1: one message at QoS 1 a connection, the alert's JSON; the broker's PUBACK is the receipt.
//!
//! No session is kept: what must be tried again is in the outbox.

use super::mask::Mask;
use super::stream::{Publisher, Server, Stream, read, write};
use super::{BuildError, Outgoing, cut};
use crate::domain::alert::delivery::Attempt;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttSettings {
    /// `mqtt://host:1883` or `mqtts://host:8883`.
    pub server: String,
    /// What they are published under; no wildcards.
    pub topic: String,
    /// For the broker.
    pub username: Option<String>,
    /// For the broker.
    pub password: Option<Secret>,
    /// What we are called there; default: `bongsu-` and the receiver's id.
    pub client_id: Option<String>,
    /// Whether the broker keeps the newest for whoever subscribes later.
    pub retain: bool,
}

const SCHEMES: [(&str, u16, bool); 2] = [("mqtt", 1883, false), ("mqtts", 8883, true)];
const KEEP_ALIVE: u16 = 60;
const PACKET: u16 = 1;
/// The longest packet there can be.
const LONGEST: usize = 268_435_455;
/// An acknowledgement is far shorter.
const LONGEST_ANSWER: usize = 1_024;

/// Publishes alerts.
pub(super) struct Mqtt {
    server: Server,
    settings: MqttSettings,
    client_id: String,
    max_body: Option<u64>,
    mask: Mask,
}

impl Mqtt {
    /// Checks the settings.
    pub(super) fn new(
        id: &str,
        settings: &MqttSettings,
        max_body: Option<u64>,
    ) -> Result<Self, BuildError> {
        let topic = &settings.topic;
        if topic.is_empty() || topic.len() > 65_535 || topic.contains(['#', '+', '\0']) {
            return Err(BuildError::new(
                "topic",
                "is no topic to publish under: no `#`, no `+`",
            ));
        }
        let mut mask = Mask::default();
        if let Some(password) = &settings.password {
            mask.hide(password.expose());
        }
        let client_id = settings.client_id.clone();
        Ok(Self {
            server: Server::parse("server", &settings.server, &SCHEMES)?,
            client_id: client_id.unwrap_or_else(|| format!("bongsu-{id}")),
            settings: settings.clone(),
            max_body,
            mask,
        })
    }
}

impl Publisher for Mqtt {
    async fn publish(&self, outgoing: &Outgoing) -> Result<Attempt, Attempt> {
        let payload = cut::json(&outgoing.alert, self.max_body);
        let publish = publish(&self.settings, &payload)
            .ok_or_else(|| Attempt::permanent("the alert is too large for MQTT: set `max_body`"))?;
        let mut stream = self.server.connect().await?;
        write(&mut *stream, &connect(&self.settings, &self.client_id)).await?;
        let (kind, answer) = packet(&mut *stream).await?;
        accepted(kind, &answer)?;
        write(&mut *stream, &publish).await?;
        let (kind, answer) = packet(&mut *stream).await?;
        if kind != 0x40 || answer != PACKET.to_be_bytes() {
            return Err(Attempt::later("the broker did not acknowledge the message"));
        }
        // It has the message; how the good-bye goes does not matter.
        let _ = write(&mut *stream, &[0xe0, 0]).await;
        Ok(Attempt::delivered().with_answer("PUBACK"))
    }

    fn mask(&self) -> &Mask {
        &self.mask
    }

    fn shown(&self, outgoing: &Outgoing) -> String {
        let retained = if self.settings.retain {
            ", retained"
        } else {
            ""
        };
        format!(
            "CONNECT {} as {}\nPUBLISH {} (QoS 1{retained})\n\n{}",
            self.server,
            self.client_id,
            self.settings.topic,
            cut::json(&outgoing.alert, self.max_body)
        )
    }
}

/// What the answer to CONNECT means.
fn accepted(kind: u8, answer: &[u8]) -> Result<(), Attempt> {
    match (kind, answer) {
        (0x20, [_, 0]) => Ok(()),
        (0x20, [_, code @ (2 | 4 | 5)]) => Err(Attempt::refused(format!(
            "the broker does not take us (code {code}): check `username`, `password` and `client_id`"
        ))),
        (0x20, [_, 1]) => Err(Attempt::refused("the broker does not speak MQTT 3.1.1")),
        (0x20, _) => Err(Attempt::later("the broker is not available")),
        _ => Err(Attempt::later(
            "no MQTT broker answers there: check `server`",
        )),
    }
}

fn connect(settings: &MqttSettings, client_id: &str) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, "MQTT");
    let clean_session = 0x02;
    let username = settings.username.as_ref().map_or(0, |_| 0x80);
    let password = settings.password.as_ref().map_or(0, |_| 0x40);
    body.extend([4, clean_session | username | password]);
    body.extend(KEEP_ALIVE.to_be_bytes());
    text(&mut body, client_id);
    if let Some(username) = &settings.username {
        text(&mut body, username);
    }
    if let Some(password) = &settings.password {
        text(&mut body, password.expose());
    }
    framed(0x10, &body)
}

fn publish(settings: &MqttSettings, payload: &str) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(payload.len() + settings.topic.len() + 4);
    text(&mut body, &settings.topic);
    body.extend(PACKET.to_be_bytes());
    body.extend(payload.as_bytes());
    (body.len() <= LONGEST).then(|| framed(0x32 | u8::from(settings.retain), &body))
}

/// A text with its length before it; a longer one than can be said is cut.
fn text(out: &mut Vec<u8>, text: &str) {
    let text = crate::domain::alert::plain::cut_bytes(text, usize::from(u16::MAX));
    out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(text.as_bytes());
}

/// A packet: its kind, its length in sevens of bits, its body.
fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut left = body.len();
    loop {
        let seven = u8::try_from(left % 128).unwrap_or(0);
        left /= 128;
        packet.push(seven | if left > 0 { 0x80 } else { 0 });
        if left == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// The next packet: its kind and its body.
async fn packet(stream: &mut dyn Stream) -> Result<(u8, Vec<u8>), Attempt> {
    let kind = read(stream, 1).await?[0];
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        let byte = read(stream, 1).await?[0];
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    if length > LONGEST_ANSWER {
        return Err(Attempt::later(
            "no MQTT broker answers there: check `server`",
        ));
    }
    Ok((kind & 0xf0, read(stream, length).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MqttSettings {
        MqttSettings {
            server: "mqtt://h".into(),
            topic: "a/b".into(),
            username: Some("u".into()),
            password: Some(Secret::new("p")),
            client_id: None,
            retain: false,
        }
    }

    #[test]
    fn packets_are_those_of_the_standard() {
        assert_eq!(
            connect(&settings(), "c"),
            b"\x10\x13\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01c\x00\x01u\x00\x01p"
        );
        assert_eq!(
            publish(&settings(), "{}").unwrap(),
            b"\x32\x09\x00\x03a/b\x00\x01{}"
        );
        // The lengths of the standard's table 2.4.
        for (length, bytes) in [
            (127, &[0x7f][..]),
            (128, &[0x80, 0x01]),
            (16_383, &[0xff, 0x7f]),
            (16_384, &[0x80, 0x80, 0x01]),
        ] {
            assert_eq!(&framed(0x30, &vec![0; length])[1..=bytes.len()], bytes);
        }
    }

    #[test]
    fn return_codes_mean_what_the_standard_says() {
        for (answer, class) in [
            (&[0, 1], "refused"),
            (&[0, 2], "refused"),
            (&[0, 3], "later"),
            (&[0, 4], "refused"),
            (&[0, 5], "refused"),
        ] {
            assert_eq!(accepted(0x20, answer).unwrap_err().outcome.as_str(), class);
        }
        assert!(accepted(0x20, &[0, 0]).is_ok() && accepted(0x48, b"TTP/").is_err());
    }
}
