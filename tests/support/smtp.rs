//! A mail server for tests: speaks SMTP over a real socket, answers as told, remembers what it was told.
//!
//! It knows no TLS: STARTTLS is refused, or answered with bytes that are none.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does on a line.
pub enum Step {
    /// The usual answer.
    Usual,
    /// These lines, without their CR LF.
    Say(&'static str),
    /// The same, after a while.
    Late(Duration, &'static str),
    /// These bytes, as they are.
    Raw(Vec<u8>),
    /// Closes the connection.
    Drop,
}

/// A mail the server took.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Accepted recipients, as in `RCPT TO`.
    pub to: Vec<String>,
    /// Headers and body, dot-stuffing undone.
    pub data: String,
}

/// A running server.
pub struct Smtp {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    lines: Mutex<Vec<String>>,
    mails: Mutex<Vec<Mail>>,
}

type Script = Arc<Mutex<dyn FnMut(&str) -> Step + Send>>;

impl Smtp {
    /// Starts a server that asks `script` about each line; `.` is the end of a mail, the empty line the
    /// moment of greeting.
    pub async fn start(script: impl FnMut(&str) -> Step + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let script: Script = Arc::new(Mutex::new(script));
        let kept = Arc::clone(&seen);
        #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = Session::new(stream, &script, &kept).run().await;
            }
        });
        Self {
            address,
            seen,
            task,
        }
    }

    /// `smtp://…` of this server.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// All lines clients sent, mails left out.
    pub fn lines(&self) -> Vec<String> {
        self.seen.lines.lock().unwrap().clone()
    }

    /// All mails, those included after whose end the connection was dropped.
    pub fn mails(&self) -> Vec<Mail> {
        self.seen.mails.lock().unwrap().clone()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Session<'a> {
    stream: BufReader<TcpStream>,
    script: &'a Script,
    seen: &'a Seen,
    to: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(stream: TcpStream, script: &'a Script, seen: &'a Seen) -> Self {
        Self {
            stream: BufReader::new(stream),
            script,
            seen,
            to: Vec::new(),
        }
    }

    async fn run(mut self) -> std::io::Result<()> {
        if !self.answer("", "220 test ready").await? {
            return Ok(());
        }
        while let Some(line) = self.line().await? {
            self.seen.lines.lock().unwrap().push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
            let go_on = match verb.as_str() {
                "EHLO" => {
                    self.answer(&line, "250-test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")
                        .await?
                }
                "AUTH" => self.answer(&line, "235 welcome").await?,
                "RCPT" => self.recipient(&line).await?,
                "DATA" => self.data(&line).await?,
                "STARTTLS" => self.answer(&line, "454 not now").await?,
                "QUIT" => {
                    self.answer(&line, "221 bye").await?;
                    false
                }
                _ => self.answer(&line, "250 ok").await?,
            };
            if !go_on {
                break;
            }
        }
        Ok(())
    }

    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Answers; false when the connection is to be closed.
    async fn answer(&mut self, line: &str, usual: &str) -> std::io::Result<bool> {
        let step = (self.script.lock().unwrap())(line);
        if let Step::Late(after, _) = &step {
            tokio::time::sleep(*after).await;
        }
        self.say(step, usual).await
    }

    async fn say(&mut self, step: Step, usual: &str) -> std::io::Result<bool> {
        let bytes = match step {
            Step::Usual => format!("{usual}\r\n").into_bytes(),
            Step::Say(text) | Step::Late(_, text) => format!("{text}\r\n").into_bytes(),
            Step::Raw(bytes) => bytes,
            Step::Drop => return Ok(false),
        };
        self.stream.write_all(&bytes).await?;
        self.stream.flush().await?;
        Ok(true)
    }

    async fn recipient(&mut self, line: &str) -> std::io::Result<bool> {
        let step = (self.script.lock().unwrap())(line);
        let is_taken = match &step {
            Step::Usual => true,
            Step::Say(text) | Step::Late(_, text) => text.starts_with('2'),
            Step::Raw(bytes) => bytes.starts_with(b"2"),
            Step::Drop => false,
        };
        if is_taken {
            let address = line.split(['<', '>']).nth(1).unwrap_or("");
            self.to.push(address.to_owned());
        }
        self.say(step, "250 ok").await
    }

    async fn data(&mut self, line: &str) -> std::io::Result<bool> {
        if !self.answer(line, "354 go on").await? {
            return Ok(false);
        }
        let mut data = String::new();
        while let Some(line) = self.line().await? {
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        let to = std::mem::take(&mut self.to);
        self.seen.mails.lock().unwrap().push(Mail { to, data });
        self.answer(".", "250 queued as 1").await
    }
}
