//! NATS JetStream: one publish a connection, the alert's JSON; the stream's answer is the receipt.
//!
//! `Nats-Msg-Id` is the key, so that a stream drops a second copy within its window.

use serde_json::{Value, json};

use super::mask::Mask;
use super::stream::{Publisher, Server, Stream, read, read_line, write};
use super::{BuildError, Outgoing, cut};
use crate::domain::alert::delivery::Attempt;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsSettings {
    /// `nats://host:4222` or `tls://host:4222`.
    pub server: String,
    /// A subject that a stream listens to.
    pub subject: String,
    /// For the server.
    pub username: Option<String>,
    /// For the server.
    pub password: Option<Secret>,
    /// For the server, instead of the two.
    pub token: Option<Secret>,
}

const SCHEMES: [(&str, u16, bool); 2] = [("nats", 4222, false), ("tls", 4222, true)];
/// A line of the protocol; INFO is the longest.
const LINE: usize = 64 * 1_024;
const ANSWER: usize = 64 * 1_024;
/// Other lines before the one that is waited for.
const LINES: usize = 16;
/// What a server takes that says nothing of it.
const MAX_PAYLOAD: u64 = 1_024 * 1_024;

/// Publishes alerts.
pub(super) struct Nats {
    server: Server,
    settings: NatsSettings,
    max_body: Option<u64>,
    mask: Mask,
}

impl Nats {
    /// Checks the settings.
    pub(super) fn new(settings: &NatsSettings, max_body: Option<u64>) -> Result<Self, BuildError> {
        let subject = &settings.subject;
        let fine = !subject.is_empty()
            && subject.split('.').all(|token| !token.is_empty())
            && !subject
                .contains(|c: char| c.is_whitespace() || c.is_control() || c == '*' || c == '>');
        if !fine {
            return Err(BuildError::new(
                "subject",
                "is no subject to publish to: words joined by `.`, no `*`, no `>`",
            ));
        }
        let mut mask = Mask::default();
        for secret in settings.password.iter().chain(&settings.token) {
            mask.hide(secret.expose());
        }
        Ok(Self {
            server: Server::parse("server", &settings.server, &SCHEMES)?,
            settings: settings.clone(),
            max_body,
            mask,
        })
    }
}

impl Publisher for Nats {
    async fn publish(&self, outgoing: &Outgoing) -> Result<Attempt, Attempt> {
        let mut tcp = self.server.connect_plain().await?;
        // The server speaks first, in the clear; then TLS begins.
        let info = info(&read_line(&mut tcp, LINE).await?)?;
        if info["tls_required"] == true && !self.server.is_encrypted() {
            return Err(Attempt::refused(
                "the server wants TLS: write server = \"tls://…\"",
            ));
        }
        let mut stream = self.server.encrypt(tcp).await?;
        let payload = cut::json(&outgoing.alert, self.max_body);
        let most = info["max_payload"].as_u64().unwrap_or(MAX_PAYLOAD);
        if payload.len() as u64 + 1_024 > most {
            return Err(Attempt::permanent(format!(
                "the alert is larger than the {most} bytes that the server takes: set `max_body`"
            )));
        }
        let inbox = format!("_INBOX.bongsu.{}", outgoing.alert.key);
        let hello = format!(
            "CONNECT {}\r\nSUB {inbox} 1\r\nPING\r\n",
            login(&self.settings)
        );
        write(&mut *stream, hello.as_bytes()).await?;
        pong(&mut *stream).await?;
        let publish = publish(
            &self.settings.subject,
            &inbox,
            &outgoing.alert.key,
            &payload,
        );
        write(&mut *stream, publish.as_bytes()).await?;
        receipt(&mut *stream).await
    }

    fn mask(&self) -> &Mask {
        &self.mask
    }

    fn shown(&self, outgoing: &Outgoing) -> String {
        let payload = cut::json(&outgoing.alert, self.max_body);
        let key = &outgoing.alert.key;
        let publish = publish(&self.settings.subject, "_INBOX", key, &payload);
        format!("CONNECT {}\n{publish}", self.server).replace("\r\n", "\n")
    }
}

fn info(line: &str) -> Result<Value, Attempt> {
    line.strip_prefix("INFO ")
        .and_then(|json| serde_json::from_str(json).ok())
        .ok_or_else(|| Attempt::later("no NATS server answers there: check `server`"))
}

fn login(settings: &NatsSettings) -> Value {
    let mut login = json!({
        "verbose": false, "pedantic": false, "headers": true, "no_responders": true,
        "lang": "rust", "name": "bongsu", "version": env!("CARGO_PKG_VERSION"), "protocol": 1,
    });
    if let Some(username) = &settings.username {
        login["user"] = username.as_str().into();
    }
    for (key, secret) in [
        ("pass", &settings.password),
        ("auth_token", &settings.token),
    ] {
        if let Some(secret) = secret {
            login[key] = secret.expose().into();
        }
    }
    login
}

fn publish(subject: &str, inbox: &str, key: &str, payload: &str) -> String {
    let headers = format!("NATS/1.0\r\nNats-Msg-Id: {key}\r\n\r\n");
    let (head, all) = (headers.len(), headers.len() + payload.len());
    format!("HPUB {subject} {inbox} {head} {all}\r\n{headers}{payload}\r\n")
}

/// Waits until the server has taken the log-in.
async fn pong(stream: &mut dyn Stream) -> Result<(), Attempt> {
    for _ in 0..LINES {
        let line = read_line(stream, LINE).await?;
        if line == "PONG" {
            return Ok(());
        }
        fault(&line)?;
    }
    Err(Attempt::later("the server does not answer a PING"))
}

/// Waits for the stream's answer.
async fn receipt(stream: &mut dyn Stream) -> Result<Attempt, Attempt> {
    for _ in 0..LINES {
        let line = read_line(stream, LINE).await?;
        fault(&line)?;
        if line == "PING" {
            write(stream, b"PONG\r\n").await?;
        }
        let mut words = line.split(' ');
        let (kind, sizes): (&str, Vec<&str>) = (words.next().unwrap_or(""), words.collect());
        if !matches!(kind, "MSG" | "HMSG") {
            continue;
        }
        let size = |back: usize| -> usize {
            let word = sizes.len().checked_sub(back).and_then(|at| sizes.get(at));
            word.and_then(|word| word.parse().ok()).unwrap_or(0)
        };
        let head = if kind == "HMSG" { size(2) } else { 0 };
        let all = size(1);
        if all > ANSWER || head > all {
            return Err(Attempt::later("the server's answer cannot be read"));
        }
        let bytes = read(stream, all).await?;
        return judge(&bytes[..head], &bytes[head..]);
    }
    Err(Attempt::later("no stream answered"))
}

/// What the answer to a publish means.
fn judge(head: &[u8], body: &[u8]) -> Result<Attempt, Attempt> {
    if head.starts_with(b"NATS/1.0 503") {
        return Err(Attempt::refused(
            "no stream listens to this subject: make one, or name another `subject`",
        ));
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let answer = String::from_utf8_lossy(body).into_owned();
    if said["stream"].is_string() && said["seq"].is_u64() && said["error"].is_null() {
        return Ok(Attempt::delivered().with_answer(answer));
    }
    let code = said["error"]["code"].as_u64();
    let attempt = match code {
        Some(400) => Attempt::permanent("the stream refused the message"),
        Some(404) => Attempt::refused("there is no such stream: check `subject`"),
        Some(_) => Attempt::later("the stream cannot take messages now"),
        None => Attempt::later("what answered is no stream: check `subject`"),
    };
    Err(attempt.with_answer(answer))
}

/// `-ERR '…'`.
fn fault(line: &str) -> Result<(), Attempt> {
    let Some(said) = line.strip_prefix("-ERR") else {
        return Ok(());
    };
    let said = said.trim().trim_matches('\'');
    let lower = said.to_lowercase();
    if lower.contains("authorization") || lower.contains("authentication") {
        return Err(Attempt::refused(format!(
            "the server does not take us ({said}): check `username` and `password`, or `token`"
        )));
    }
    if lower.contains("permissions violation") {
        return Err(Attempt::refused(format!(
            "not allowed ({said}): allow publishing to `subject` and subscribing to _INBOX.bongsu.>"
        )));
    }
    if lower.contains("maximum payload") {
        return Err(Attempt::permanent("the alert is too large: set `max_body`"));
    }
    Err(Attempt::later(format!("the server said {said}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_says_its_lengths_and_its_key() {
        assert_eq!(
            publish("a.b", "_I", "k1", "{한}"),
            "HPUB a.b _I 29 34\r\nNATS/1.0\r\nNats-Msg-Id: k1\r\n\r\n{한}\r\n"
        );
    }

    #[test]
    fn answers_mean_what_the_server_says() {
        let ok = judge(b"", br#"{"stream":"S","seq":7,"duplicate":true}"#);
        assert_eq!(ok.unwrap().outcome.as_str(), "delivered");
        for (head, body, class) in [
            (&b"NATS/1.0 503\r\n\r\n"[..], &b""[..], "refused"),
            (
                b"",
                br#"{"error":{"code":503,"description":"insufficient resources"}}"#,
                "later",
            ),
            (
                b"",
                br#"{"error":{"code":400,"description":"wrong last sequence"}}"#,
                "permanent",
            ),
            (b"", b"hello", "later"),
        ] {
            assert_eq!(judge(head, body).unwrap_err().outcome.as_str(), class);
        }
        for (line, class) in [
            ("-ERR 'Authorization Violation'", "refused"),
            (
                "-ERR 'Permissions Violation for Publish to \"a\"'",
                "refused",
            ),
            ("-ERR 'Maximum Payload Violation'", "permanent"),
            ("-ERR 'Stale Connection'", "later"),
        ] {
            assert_eq!(fault(line).unwrap_err().outcome.as_str(), class);
        }
        assert!(fault("+OK").is_ok());
    }
}
