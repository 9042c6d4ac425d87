//! The terminal receiver: alerts as lines for whoever watches, with colour where it is a terminal.
//!
//! Feed text comes neutralised from `domain::alert::message`: escape sequences in it do nothing.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

use super::mask::chain;
use super::voice::Voice;
use super::{Notifier, Outgoing, Sending, TerminalOutput};
use crate::domain::alert::delivery::Attempt;
use crate::domain::alert::message::Message;
use crate::domain::rule::Severity;

/// Writes alerts to a stream.
pub(super) struct Terminal {
    out: Arc<Mutex<Box<dyn Write + Send>>>,
    colour: bool,
    voice: Voice,
}

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

impl Terminal {
    /// Writes to stdout or stderr.
    pub(super) fn new(output: TerminalOutput, voice: Voice) -> Self {
        let (stream, terminal) = if output.to_stderr {
            let stream = io::stderr();
            (stream.as_fd().try_clone_to_owned(), stream.is_terminal())
        } else {
            let stream = io::stdout();
            (stream.as_fd().try_clone_to_owned(), stream.is_terminal())
        };
        // A descriptor of its own: who waits in a blocked stream holds its lock, and the process would not end.
        let out: Box<dyn Write + Send> = match stream {
            Ok(stream) => Box::new(File::from(stream)),
            Err(_) => Box::new(io::stdout()),
        };
        Self::writing_to(out, output.colour.unwrap_or(terminal), voice)
    }

    /// Writes to any stream.
    fn writing_to(out: Box<dyn Write + Send>, colour: bool, voice: Voice) -> Self {
        Self {
            out: Arc::new(Mutex::new(out)),
            colour,
            voice,
        }
    }

    async fn write(&self, outgoing: &Outgoing) -> Attempt {
        let text = paint(&self.voice.message(outgoing), self.colour);
        let out = Arc::clone(&self.out);
        // A terminal that was stopped blocks; that must not stop anything else.
        let written = tokio::task::spawn_blocking(move || {
            // The text before still waits: a thread more for each try would end in having none left.
            let mut out = match out.try_lock() {
                Ok(out) => out,
                Err(TryLockError::Poisoned(out)) => out.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::other("it takes no text at the moment"));
                }
            };
            out.write_all(text.as_bytes())?;
            out.flush()
        });
        match written.await {
            Ok(Ok(())) => Attempt::delivered(),
            Ok(Err(error)) => Attempt::later(format!("cannot write: {}", chain(&error))),
            Err(error) => Attempt::later(format!("cannot write: {}", chain(&error))),
        }
    }
}

impl Notifier for Terminal {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.write(outgoing))
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        paint(&self.voice.message(outgoing), false)
    }
}

/// The colour of a severity.
fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "\x1b[1;31m",
        Severity::High => "\x1b[1;33m",
        Severity::Medium => BOLD,
        Severity::Low | Severity::Info => "",
    }
}

/// The message as lines, a blank one at its end.
fn paint(message: &Message, coloured: bool) -> String {
    let style = |code: &'static str| if coloured { code } else { "" };
    let plain = style(PLAIN);
    let mut text = format!(
        "{}{}{plain}\n",
        style(colour(message.severity)),
        message.headline()
    );
    for line in &message.lines {
        let _ = writeln!(text, "  {}{line}{plain}", style(DIM));
    }
    if !message.snippet.is_empty() {
        text.push_str("  ");
        for piece in &message.snippet {
            if piece.hit {
                let _ = write!(text, "{}{}{plain}", style(BOLD), piece.text);
            } else {
                text.push_str(&piece.text);
            }
        }
        text.push('\n');
    }
    for link in &message.links {
        let _ = writeln!(text, "  {}: {}", link.label, link.url);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::message::{Link, Piece};

    fn sample() -> Message {
        Message {
            severity: Severity::High,
            title: "K9 to Norway␛[2J".into(),
            lines: vec!["wire · just now".to_owned().into()],
            snippet: vec![
                Piece {
                    text: "about ".into(),
                    hit: false,
                },
                Piece {
                    text: "K9".into(),
                    hit: true,
                },
            ],
            links: vec![Link {
                label: "Article".into(),
                url: "https://example.org/".into(),
            }],
        }
    }

    #[test]
    fn plain_lines_hold_no_escape() {
        assert_eq!(
            paint(&sample(), false),
            "! K9 to Norway␛[2J\n  wire · just now\n  about K9\n  Article: https://example.org/\n\n"
        );
    }

    #[test]
    fn colour_ends_where_it_began() {
        let text = paint(&sample(), true);
        assert!(text.starts_with("\x1b[1;33m! K9"));
        assert!(text.contains("\x1b[1mK9\x1b[0m"));
        assert!(
            text.lines()
                .all(|line| !line.contains('\x1b') || line.ends_with(PLAIN))
        );
    }

    #[tokio::test]
    async fn a_terminal_that_was_stopped_takes_one_thread_only() {
        let frame = crate::domain::alert::frame::Frame {
            language: crate::domain::alert::frame::Language::default(),
            zone: jiff::tz::TimeZone::UTC,
        };
        let voice = Voice::new(frame, crate::notify::template::Templates::default());
        let terminal = Terminal::writing_to(Box::new(Vec::new()), false, voice);
        let alert = serde_json::json!({
            "type": "alert", "id": "1", "key": "k", "created": "2026-11-24T10:00:00Z", "severity": "high",
            "reason": "health", "rule": {"id": "r", "title": "r"}, "entry": null, "matches": [],
            "story": null, "links": {"alert": null},
        });
        let outgoing = Outgoing {
            alert: serde_json::from_value(alert).unwrap(),
            sent_at: jiff::Timestamp::UNIX_EPOCH,
            attempt: 1,
        };
        let out = Arc::clone(&terminal.out);
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (held, holding) = std::sync::mpsc::channel();
        let blocked = std::thread::spawn(move || {
            let _out = out.lock();
            held.send(()).unwrap();
            let _ = stopped.recv();
        });
        holding.recv().unwrap();
        let attempt = tokio::time::timeout(Duration::from_secs(5), terminal.write(&outgoing)).await;
        drop(stop);
        blocked.join().unwrap();
        assert!(attempt.is_ok(), "it waits behind the text before");
        let outcome = attempt.unwrap().outcome;
        assert!(matches!(
            outcome,
            crate::domain::alert::delivery::AttemptOutcome::Later { .. }
        ));
    }
}
