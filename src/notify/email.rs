//! The email receiver: one SMTP conversation for each alert, each recipient's answer recorded.
//!
//! What the mail looks like is in `mail`. No queue and no pool: what must be tried again is in the outbox.

mod link;
mod mail;
mod refusal;
mod replies;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::advice::with_repair;
use super::mask::{Mask, chain};
use super::service::Shape;
use super::settings::{EmailSettings, Tls};
use super::stream::{Server, Stream};
use super::voice::Voice;
use super::{BuildError, Notifier, Outgoing, Sending};
use crate::domain::alert::delivery::Attempt;
use crate::domain::id::ReceiverId;
use link::{Link, Wire};
use mail::Letterhead;
pub use mail::is_mail_address;
use refusal::{Recipients, Stage};

/// Mails alerts through one server.
pub(super) struct Email {
    server: Server,
    tls: Tls,
    credentials: Option<Credentials>,
    mask: Mask,
    letterhead: Letterhead,
    reached: Mutex<Reached>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Greeting and encryption: servers that make strangers wait do so for less.
const GREETING_TIMEOUT: Duration = Duration::from_secs(30);
const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);
const DATA_TIMEOUT: Duration = Duration::from_mins(2);
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);
/// The whole conversation.
const PATIENCE: Duration = Duration::from_mins(4);

/// What a server says of a mail larger than it takes.
const TOO_LARGE: u16 = 552;

/// The only answer to DATA after which a server waits for a mail.
const GO_ON: u16 = 354;

/// Which recipients already have an alert that others still wait for, so that these get no second copy.
///
/// Only a help against doubles, kept in memory: after a restart such an alert goes to all again, with the
/// same Message-ID.
type Reached = VecDeque<(String, Vec<Address>)>;
const REACHED: usize = 256;

impl Email {
    /// Checks server, addresses and log-in.
    pub(super) fn new(
        id: &ReceiverId,
        settings: &EmailSettings,
        voice: Voice,
    ) -> Result<Self, BuildError> {
        let (host, port) = server(settings)?;
        let mut mask = Mask::default();
        let credentials = match (&settings.username, &settings.password) {
            (Some(username), Some(password)) => {
                mask.hide(password.expose());
                mask.hide(&format!("\0{username}\0{}", password.expose()));
                Some(Credentials::new(
                    username.clone(),
                    password.expose().to_owned(),
                ))
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(BuildError::new(
                    "password",
                    "is missing: `username` needs one",
                ));
            }
            (None, Some(_)) => {
                return Err(BuildError::new(
                    "username",
                    "is missing: `password` needs one",
                ));
            }
        };
        Ok(Self {
            server: Server::new(host, port, settings.tls != Tls::None)?,
            tls: settings.tls,
            credentials,
            mask,
            letterhead: Letterhead::new(id, settings, voice)?,
            reached: Mutex::default(),
        })
    }

    async fn deliver(&self, outgoing: &Outgoing) -> Attempt {
        let attempt = match self.connect().await {
            Ok(mut connection) => {
                let attempt = self.converse(&mut connection, outgoing).await;
                if !connection.has_broken() {
                    let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
                }
                attempt
            }
            Err(attempt) => attempt,
        };
        self.mask.attempt(attempt)
    }

    /// Connects, encrypts as configured and logs in; nothing secret is sent before that.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Attempt> {
        let (tcp, peer) = reach(&self.addresses().await?).await?;
        let stream: Box<dyn Stream> = if self.tls == Tls::Implicit {
            self.server.encrypt(tcp).await?
        } else {
            Box::new(tcp)
        };
        let wire = Wire::new(stream);
        let mut connection = greet(Link::new(&wire, peer)).await?;
        if self.tls == Tls::Starttls {
            connection = self.start_tls(connection, (&wire, peer)).await?;
        }
        if let Some(credentials) = &self.credentials {
            let auth = connection.auth(DEFAULT_MECHANISMS, credentials);
            within(COMMAND_TIMEOUT, Stage::Auth, auth).await?;
        }
        Ok(connection)
    }

    /// Encrypts a conversation that began in the clear; what the server said there in advance is not believed.
    async fn start_tls(
        &self,
        mut connection: AsyncSmtpConnection,
        (wire, peer): (&Wire, SocketAddr),
    ) -> Result<AsyncSmtpConnection, Attempt> {
        if !connection.can_starttls() {
            let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
            return Err(Attempt::refused(
                "the server offers no STARTTLS, nothing was sent: set tls = \"implicit\" if it encrypts from the first byte (port 465), or tls = \"none\" on \
                 this machine or a private network",
            ));
        }
        within(
            GREETING_TIMEOUT,
            Stage::Connect,
            connection.command(Starttls),
        )
        .await?;
        let clear = wire
            .take()
            .ok_or_else(|| Attempt::unreached("the connection is gone"))?;
        let wire = Wire::new(self.server.encrypt(clear).await?);
        greet(Link::greeted(&wire, peer)).await
    }

    /// Where the server is; in the clear only near addresses.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Attempt> {
        let lookup = tokio::net::lookup_host((self.server.host.as_str(), self.server.port));
        let mut addresses: Vec<SocketAddr> = match timeout(CONNECT_TIMEOUT, lookup).await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(error)) => {
                return Err(Attempt::later(format!(
                    "cannot resolve {}: {error}: check the host name in `server`",
                    self.server.host
                )));
            }
            Err(_) => {
                return Err(Attempt::later(format!(
                    "cannot resolve {} in time",
                    self.server.host
                )));
            }
        };
        if self.tls == Tls::None {
            addresses.retain(|address| is_near(address.ip()));
            if addresses.is_empty() {
                return Err(Attempt::refused(format!(
                    "{} is neither on this machine nor on a private network, nothing was sent: \
                     `tls = \"none\"` is only for those",
                    self.server.host
                )));
            }
        }
        Ok(addresses)
    }

    /// One transaction to all recipients who do not have the alert yet; a second with a smaller mail where the
    /// first was too large.
    async fn converse(&self, connection: &mut AsyncSmtpConnection, outgoing: &Outgoing) -> Attempt {
        let attempt = self.offer(connection, outgoing, Shape::Whole).await;
        let again = attempt.status == Some(TOO_LARGE) && self.has_smaller(outgoing);
        if again && !connection.has_broken() {
            return self.offer(connection, outgoing, Shape::Small).await;
        }
        attempt
    }

    /// Whether a small mail is one: of a short one nothing can be left out.
    fn has_smaller(&self, outgoing: &Outgoing) -> bool {
        let length = |shape| {
            let mail = self.letterhead.write(outgoing, shape);
            mail.map_or(0, |mail| mail.len())
        };
        length(Shape::Small) < length(Shape::Whole)
    }

    async fn offer(
        &self,
        connection: &mut AsyncSmtpConnection,
        outgoing: &Outgoing,
        shape: Shape,
    ) -> Attempt {
        let mail = match self.letterhead.write(outgoing, shape) {
            Ok(mail) => mail,
            Err(error) => {
                return Attempt::permanent(format!("no mail can be made of it: {}", chain(&error)));
            }
        };
        let key = &outgoing.alert.key;
        let mut recipients = Recipients::new(self.letterhead.recipients(), &self.reached_by(key));
        match self.transact(connection, &mail, &mut recipients).await {
            Ok(()) => {
                self.remember(key, &recipients);
                if recipients.has_any() {
                    self.letterhead.told(&outgoing.alert);
                }
                recipients.attempt()
            }
            Err(attempt) => attempt.with_answer(recipients.answers()),
        }
    }

    async fn transact(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &[u8],
        recipients: &mut Recipients,
    ) -> Result<(), Attempt> {
        let sender = self.letterhead.sender();
        let mut options = Vec::new();
        if !sender.email_is_ascii() || recipients.open().any(|address| !address.email_is_ascii()) {
            if !connection
                .server_info()
                .supports_feature(Extension::SmtpUtfEight)
            {
                return Err(Attempt::permanent(
                    "the server takes no addresses with such characters: use others, or another server",
                ));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let command = connection.command(Mail::new(Some(sender.clone()), options));
        within(COMMAND_TIMEOUT, Stage::Mail, command).await?;
        let open: Vec<Address> = recipients.open().cloned().collect();
        for address in open {
            let command = connection.command(Rcpt::new(address.clone(), Vec::new()));
            match timeout(COMMAND_TIMEOUT, command).await {
                Ok(Ok(reply)) => {
                    recipients
                        .accepted(&address, refusal::done(&reply).map_err(Attempt::unreached)?);
                }
                Ok(Err(error)) if error.status().is_some() => recipients.refused(&address, &error),
                Ok(Err(error)) => return Err(refusal::attempt(Stage::Recipient, &error)),
                Err(_) => return Err(silent(COMMAND_TIMEOUT)),
            }
        }
        if !recipients.any_accepted() {
            return Ok(());
        }
        let reply = within(COMMAND_TIMEOUT, Stage::Data, connection.command(Data)).await?;
        if !reply.has_code(GO_ON) {
            return Err(Attempt::unreached(format!(
                "the server answered {} to DATA, not {GO_ON}; the mail was not sent",
                reply.code()
            )));
        }
        let reply = within(DATA_TIMEOUT, Stage::Data, connection.message(mail)).await?;
        let code = refusal::done(&reply)
            .map_err(|said| Attempt::later(format!("the mail may have arrived: {said}")))?;
        recipients.delivered(code, reply.first_line().unwrap_or(""));
        Ok(())
    }

    fn reached_by(&self, key: &str) -> Vec<Address> {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let found = reached.iter().find(|(other, _)| other == key);
        found
            .map(|(_, addresses)| addresses.clone())
            .unwrap_or_default()
    }

    fn remember(&self, key: &str, recipients: &Recipients) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.retain(|(other, _)| other != key);
        if let Some(addresses) = recipients.reached_while_others_wait() {
            if reached.len() == REACHED {
                reached.pop_front();
            }
            reached.push_back((key.to_owned(), addresses));
        }
    }
}

impl Notifier for Email {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.deliver(outgoing))
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        self.letterhead.preview(outgoing)
    }
}

/// Connects to the first address that answers.
async fn reach(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Attempt> {
    let mut failed = "it has no address".to_owned();
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, *address)),
            Ok(Err(error)) => failed = error.to_string(),
            Err(_) => "connection timed out".clone_into(&mut failed),
        }
    }
    let failed = with_repair(&failed);
    Err(Attempt::unreached(format!("cannot connect: {failed}")))
}

/// Waits for the greeting, and says who we are.
async fn greet(link: Link) -> Result<AsyncSmtpConnection, Attempt> {
    let hello = ClientId::default();
    let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(link), &hello);
    within(GREETING_TIMEOUT, Stage::Connect, greeting).await
}

/// `smtp://host:port`; without a port, that of the encryption.
fn server(settings: &EmailSettings) -> Result<(String, u16), BuildError> {
    let wrong = || {
        BuildError::new(
            "server",
            "not a mail server: write it as \"smtp://host:port\"",
        )
    };
    let url = url::Url::parse(&settings.server).map_err(|_| wrong())?;
    let bare = url.username().is_empty() && url.password().is_none();
    if url.scheme() != "smtp" || !bare || !matches!(url.path(), "" | "/") {
        return Err(wrong());
    }
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port().unwrap_or(match settings.tls {
        Tls::Starttls => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    });
    Ok((host.to_ascii_lowercase(), port))
}

/// On this machine or on a private network.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// A step of the conversation within its time.
async fn within<T>(
    limit: Duration,
    stage: Stage,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Attempt> {
    match timeout(limit, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(refusal::attempt(stage, &error)),
        Err(_) if stage == Stage::Connect => Err(Attempt::unreached(format!(
            "the server gave no whole answer in {} s: a port that encrypts from the first byte, as 465 does, wants \
             tls = \"implicit\"",
            limit.as_secs()
        ))),
        Err(_) => Err(Attempt {
            reached: stage == Stage::Data,
            ..silent(limit)
        }),
    }
}

fn silent(limit: Duration) -> Attempt {
    Attempt::later(format!(
        "the server gave no whole answer in {} s",
        limit.as_secs()
    ))
}

trait AsciiAddress {
    fn email_is_ascii(&self) -> bool;
}

impl AsciiAddress for Address {
    fn email_is_ascii(&self) -> bool {
        AsRef::<str>::as_ref(self).is_ascii()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(server: &str, tls: Tls) -> EmailSettings {
        EmailSettings {
            server: server.into(),
            tls,
            from: "desk@example.org".into(),
            to: vec!["a@example.org".into()],
            username: None,
            password: None,
        }
    }

    #[test]
    fn servers_read_with_the_port_of_their_encryption() {
        for (text, tls, host, port) in [
            (
                "smtp://Mail.example.org",
                Tls::Starttls,
                "mail.example.org",
                587,
            ),
            (
                "smtp://mail.example.org/",
                Tls::Implicit,
                "mail.example.org",
                465,
            ),
            ("smtp://localhost:1025", Tls::None, "localhost", 1025),
            ("smtp://[::1]", Tls::None, "::1", 25),
        ] {
            assert_eq!(
                server(&settings(text, tls)),
                Ok((host.to_owned(), port)),
                "{text}"
            );
        }
        for wrong in [
            "",
            "mail.example.org",
            "http://h",
            "smtp://",
            "smtp://u:p@h",
            "smtp://h/x",
        ] {
            assert_eq!(
                server(&settings(wrong, Tls::None)).unwrap_err().key,
                "server",
                "{wrong}"
            );
        }
    }

    #[test]
    fn near_is_loopback_and_private() {
        for (address, near) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("192.168.0.1", true),
            ("100.64.0.1", true),
            ("fd00::1", true),
            ("::ffff:10.0.0.1", true),
            ("8.8.8.8", false),
            ("172.32.0.1", false),
            ("2001:db8::1", false),
            ("::ffff:8.8.8.8", false),
        ] {
            assert_eq!(is_near(address.parse().unwrap()), near, "{address}");
        }
    }
}
