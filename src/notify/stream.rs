//! Connections that are not HTTP: where a server is, TCP or TLS to it, and reading from it within bounds.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use super::advice::with_repair;
use super::mask::{Mask, chain};
use super::{BuildError, Notifier, Outgoing, Sending};
use crate::domain::alert::delivery::Attempt;

/// The whole attempt.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a server is, and whether it is spoken to over TLS.
#[derive(Clone)]
pub(super) struct Server {
    /// A name or an address.
    pub host: String,
    pub port: u16,
    tls: Option<TlsConnector>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tls = if self.tls.is_some() { " over TLS" } else { "" };
        write!(f, "{}:{}{tls}", self.host, self.port)
    }
}

impl Server {
    /// A server by name.
    pub(super) fn new(host: String, port: u16, encrypted: bool) -> Result<Self, BuildError> {
        Ok(Self {
            tls: encrypted.then(connector).transpose()?,
            host,
            port,
        })
    }

    /// Reads `scheme://host:port`; each of `schemes` with its port, and whether it means TLS.
    pub(super) fn parse(
        key: &'static str,
        text: &str,
        schemes: &[(&str, u16, bool)],
    ) -> Result<Self, BuildError> {
        let names: Vec<String> = schemes
            .iter()
            .map(|(name, ..)| format!("{name}://host"))
            .collect();
        let wrong = || BuildError::new(key, format!("is no server: write {}", names.join(" or ")));
        let url = Url::parse(text).map_err(|_| wrong())?;
        let known = schemes.iter().find(|(name, ..)| *name == url.scheme());
        let (_, port, encrypted) = known.ok_or_else(wrong)?;
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare {
            return Err(BuildError::new(
                key,
                "holds a log-in: give it as `username` and `password`, or `token`",
            ));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() {
            return Err(wrong());
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(wrong)?;
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        Self::new(host, url.port().unwrap_or(*port), *encrypted)
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Connects in the clear.
    pub(super) async fn connect_plain(&self) -> Result<TcpStream, Attempt> {
        match timeout(
            CONNECT_TIMEOUT,
            TcpStream::connect((self.host.as_str(), self.port)),
        )
        .await
        {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Attempt::unreached(format!(
                "cannot connect to {self}: {}",
                with_repair(&error.to_string())
            ))),
            Err(_) => Err(Attempt::unreached(format!(
                "no connection to {self} within {} s",
                CONNECT_TIMEOUT.as_secs()
            ))),
        }
    }

    /// Encrypts a connection, where that is asked for.
    pub(super) async fn encrypt(
        &self,
        stream: impl Stream + 'static,
    ) -> Result<Box<dyn Stream>, Attempt> {
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| Attempt::permanent(format!("{} has no name for TLS", self.host)))?;
        match timeout(CONNECT_TIMEOUT, tls.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(Attempt::unreached(format!(
                "no TLS with {self}: {}",
                with_repair(&chain(&error))
            ))),
            Err(_) => Err(Attempt::unreached(format!("no TLS with {self} in time"))),
        }
    }

    /// Connects, encrypted from the first byte where that is asked for.
    pub(super) async fn connect(&self) -> Result<Box<dyn Stream>, Attempt> {
        self.encrypt(self.connect_plain().await?).await
    }
}

fn connector() -> Result<TlsConnector, BuildError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ClientConfig::with_platform_verifier()
        .map_err(|error| BuildError::new("server", format!("no TLS on this machine: {error}")))?;
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What publishes over a connection of its own.
pub(super) trait Publisher: Send + Sync {
    /// Publishes once.
    fn publish(&self, outgoing: &Outgoing)
    -> impl Future<Output = Result<Attempt, Attempt>> + Send;

    /// What must not be shown of it.
    fn mask(&self) -> &Mask;

    /// What would be sent.
    fn shown(&self, outgoing: &Outgoing) -> String;
}

/// A publisher as a receiver.
pub(super) struct Published<P>(pub P);

impl<P: Publisher> Notifier for Published<P> {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(async move {
            let attempt = self.0.publish(outgoing).await;
            let attempt = attempt.unwrap_or_else(|attempt| attempt);
            self.0.mask().attempt(attempt)
        })
    }

    fn patience(&self) -> Duration {
        TIMEOUT
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        self.0.mask().apply(&self.0.shown(outgoing))
    }
}

/// Writes all of `bytes`.
pub(super) async fn write(stream: &mut dyn Stream, bytes: &[u8]) -> Result<(), Attempt> {
    let written = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    written.await.map_err(|error| lost(&error))
}

/// Reads exactly so many bytes.
pub(super) async fn read(stream: &mut dyn Stream, count: usize) -> Result<Vec<u8>, Attempt> {
    let mut bytes = vec![0; count];
    stream
        .read_exact(&mut bytes)
        .await
        .map_err(|error| lost(&error))?;
    Ok(bytes)
}

/// Reads a line of at most `max` bytes, without its end.
pub(super) async fn read_line(stream: &mut dyn Stream, max: usize) -> Result<String, Attempt> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        if line.len() >= max {
            return Err(Attempt::later("the server sent a line without an end"));
        }
        line.extend(read(stream, 1).await?);
    }
    let text = String::from_utf8_lossy(&line);
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn lost(error: &std::io::Error) -> Attempt {
    Attempt::later(format!("the connection broke: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMES: [(&str, u16, bool); 2] = [("mqtt", 1883, false), ("mqtts", 8883, true)];

    #[test]
    fn servers_are_read_or_told_how_to_be_written() {
        let server = Server::parse("server", "mqtt://[::1]", &SCHEMES).unwrap();
        assert_eq!((server.host.as_str(), server.port), ("::1", 1883));
        let server = Server::parse("server", "mqtt://broker.example:99/", &SCHEMES).unwrap();
        assert_eq!(server.to_string(), "broker.example:99");
        for wrong in [
            "",
            "broker",
            "http://broker",
            "mqtt://",
            "mqtt://u:sesame@broker",
            "mqtt://broker/topic",
        ] {
            let error = Server::parse("server", wrong, &SCHEMES).unwrap_err();
            assert!(
                error.key == "server" && !error.message.contains("sesame"),
                "{wrong}"
            );
        }
    }

    #[tokio::test]
    async fn a_line_has_an_end_or_a_bound() {
        let (mut ours, mut theirs) = tokio::io::duplex(256);
        theirs.write_all(b"+OK\r\nxxxxxxxxxxxx").await.unwrap();
        assert_eq!(read_line(&mut ours, 10).await.unwrap(), "+OK");
        assert!(read_line(&mut ours, 10).await.is_err());
    }
}
