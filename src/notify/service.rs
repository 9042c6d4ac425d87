//! What all services over HTTP have in common: ask, judge the answer, and once more smaller or plainer where
//! that may help.
//!
//! A service is a [`Protocol`]: pure functions from message to request and from answer to verdict.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::http::answer::{Answer, PAGE, classify, wait_hint};
use super::http::{Http, Request, TIMEOUT, after};
use super::{Asking, Notifier, Outgoing, Sending};
use crate::domain::alert::delivery::Attempt;

/// How much of a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As people want it, within the service's limits.
    Whole,
    /// Much smaller: the whole was too large after all.
    Small,
    /// Without markup: the service could not read ours.
    Plain,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What its status says.
    ByStatus,
    /// It has the message.
    Delivered,
    /// Not now.
    Later(String),
    /// Not as we are configured: people can repair that.
    Refused(String),
    /// Never.
    Permanent(String),
    /// Never, nor any other message: the receiver is no more.
    Gone(String),
    /// The message is too large.
    TooLarge,
    /// It cannot read our markup.
    Unreadable,
}

/// What a service wants to be asked, and how it answers.
pub(super) trait Protocol: Send + Sync {
    /// The request that carries the message.
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request;

    /// What its answer means.
    fn verdict(&self, answer: &Answer) -> Verdict;

    /// Whether a message without markup is worth a try where ours could not be read.
    fn has_plain(&self) -> bool {
        false
    }

    /// What must be asked before the message: a token, say. `refusal` is the answer that the message got
    /// without, or none before its first try.
    fn before(&self, outgoing: &Outgoing, refusal: Option<&Answer>) -> Option<Request> {
        let _ = (outgoing, refusal);
        None
    }

    /// Keeps what was asked for before the message, or says why it cannot be sent.
    ///
    /// # Errors
    /// How the attempt ended.
    fn learn(&self, answer: &Answer, now: Timestamp) -> Result<(), Attempt> {
        let _ = (answer, now);
        Ok(())
    }

    /// Whether a refusal said something that makes the same message worth a second try at once.
    fn learns_from(&self, refusal: &Answer) -> bool {
        let _ = refusal;
        false
    }

    /// The question whether somebody has taken a message, by the answer that the message got.
    fn receipt(&self, answer: &str) -> Option<Request> {
        let _ = answer;
        None
    }

    /// Who has taken it, by the answer to that question; empty where it does not say who.
    fn taken(&self, answer: &Answer) -> Option<String> {
        let _ = answer;
        None
    }

    /// Keeps what the service said of a message that it took.
    fn took(&self, outgoing: &Outgoing, answer: &Answer) {
        let _ = (outgoing, answer);
    }
}

/// Sends messages to a service.
pub(super) struct Service<P> {
    protocol: P,
    http: Http,
}

impl<P: Protocol> Service<P> {
    /// A service that is spoken to over `http`.
    pub(super) fn new(protocol: P, http: Http) -> Self {
        Self { protocol, http }
    }

    async fn attempt_all(&self, outgoing: &Outgoing) -> Attempt {
        let start = Instant::now();
        self.converse(outgoing, start)
            .await
            .unwrap_or_else(|attempt| attempt)
    }

    async fn converse(&self, outgoing: &Outgoing, start: Instant) -> Result<Attempt, Attempt> {
        self.prepare(outgoing, None, start).await?;
        let mut shape = Shape::Whole;
        let mut answer = self.ask(outgoing, shape).await?;
        let mended = !answer.is_success()
            && (self.protocol.learns_from(&answer)
                || self.prepare(outgoing, Some(&answer), start).await?);
        if mended {
            // What could not be asked before may be asked now: whether a room just joined is encrypted.
            self.prepare(outgoing, None, start).await?;
            answer = self.ask(outgoing, shape).await?;
        }
        let mut verdict = self.judge(&answer);
        let second = match verdict {
            Verdict::TooLarge if self.is_smaller(outgoing) => Some(Shape::Small),
            Verdict::Unreadable if self.protocol.has_plain() => Some(Shape::Plain),
            _ => None,
        };
        if let Some(second) = second {
            shape = second;
            answer = self.ask(outgoing, shape).await?;
            verdict = self.judge(&answer);
        }
        let now = after(outgoing.sent_at, start.elapsed());
        let attempt = ended(&verdict, &answer, now);
        if verdict == Verdict::Delivered {
            self.protocol.took(outgoing, &answer);
        }
        Ok(self.http.note(attempt, &answer))
    }

    /// Asks what must be asked before; says whether there was anything.
    async fn prepare(
        &self,
        outgoing: &Outgoing,
        refusal: Option<&Answer>,
        start: Instant,
    ) -> Result<bool, Attempt> {
        let Some(request) = self.protocol.before(outgoing, refusal) else {
            return Ok(false);
        };
        let answer = self.http.ask(request).await?;
        let now = after(outgoing.sent_at, start.elapsed());
        self.protocol
            .learn(&answer, now)
            .map_err(|attempt| self.http.note(attempt, &answer))?;
        Ok(true)
    }

    /// Whether a small message is one: of a short one nothing can be left out.
    fn is_smaller(&self, outgoing: &Outgoing) -> bool {
        let length = |shape| self.protocol.request(outgoing, shape).body.len();
        length(Shape::Small) < length(Shape::Whole)
    }

    async fn ask(&self, outgoing: &Outgoing, shape: Shape) -> Result<Answer, Attempt> {
        self.http.ask(self.protocol.request(outgoing, shape)).await
    }

    /// The protocol's verdict, with what the status alone can say filled in.
    fn judge(&self, answer: &Answer) -> Verdict {
        match self.protocol.verdict(answer) {
            Verdict::ByStatus => match answer.status {
                // No service answers a message with a page for people; whoever wants a log-in from us does.
                200..=299 if answer.is_page() => Verdict::Later(PAGE.to_owned()),
                200..=299 => Verdict::Delivered,
                413 => Verdict::TooLarge,
                400 | 422 => Verdict::Unreadable,
                _ => Verdict::ByStatus,
            },
            verdict => verdict,
        }
    }
}

/// The attempt that a verdict ends in.
fn ended(verdict: &Verdict, answer: &Answer, now: Timestamp) -> Attempt {
    let status = answer.status;
    match verdict {
        Verdict::ByStatus => classify(answer, now),
        Verdict::Delivered => Attempt::delivered(),
        Verdict::Later(why) => {
            Attempt::later(why).waiting(wait_hint(&answer.headers, &answer.body, now))
        }
        Verdict::Refused(why) => Attempt::refused(why),
        Verdict::Permanent(why) => Attempt::permanent(why),
        Verdict::Gone(why) => Attempt::gone(why),
        Verdict::TooLarge => Attempt::permanent(format!(
            "answered {status}: too large, also with nothing left to cut"
        )),
        Verdict::Unreadable => Attempt::permanent(format!(
            "answered {status}: it does not accept this message"
        )),
    }
}

impl<P: Protocol> Notifier for Service<P> {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.attempt_all(outgoing))
    }

    fn patience(&self) -> Duration {
        // What comes before, the message, what mends it, and the message once or twice more.
        TIMEOUT * 3
    }

    fn taken<'a>(&'a self, answer: &'a str) -> Option<Asking<'a>> {
        let request = self.protocol.receipt(answer)?;
        Some(Box::pin(async move {
            let answer = self.http.ask(request).await?;
            if answer.is_success() {
                Ok(self.protocol.taken(&answer))
            } else {
                Err(Attempt::later(format!("answered {}", answer.status)))
            }
        }))
    }

    fn preview(&self, outgoing: &Outgoing) -> String {
        self.http
            .show(&self.protocol.request(outgoing, Shape::Whole))
    }
}
