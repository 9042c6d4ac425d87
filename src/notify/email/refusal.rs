//! What a mail server's answers mean: for the conversation, and for each recipient of one mail.

use std::fmt::Write as _;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;

use super::super::advice::with_repair;
use super::super::mask::chain;
use crate::domain::alert::delivery::Attempt;

/// How far the conversation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connecting, greeting, encryption.
    Connect,
    /// Log-in.
    Auth,
    /// The sender.
    Mail,
    /// A recipient.
    Recipient,
    /// The mail itself.
    Data,
}

/// Grey-listing servers want to see us again, but not at once (DLV 4.2).
const GREYLISTED: Duration = Duration::from_mins(5);

/// The attempt that failed so.
pub(super) fn attempt(stage: Stage, error: &Error) -> Attempt {
    let said = chain(error);
    let Some(code) = error.status().map(u16::from) else {
        return match stage {
            Stage::Auth if error.is_client() => Attempt::refused(format!(
                "cannot log in: {said}: leave out `username`, or use another server"
            )),
            Stage::Data => Attempt::later(format!("the mail may have arrived: {said}")),
            Stage::Connect => Attempt::unreached(format!("cannot connect: {}", with_repair(&said))),
            // No mail was under way yet.
            _ => Attempt::unreached(said),
        };
    };
    let attempt = match (stage, code) {
        (_, 450 | 451) => Attempt::later(said).waiting(Some(GREYLISTED)),
        (Stage::Mail | Stage::Data, 552) => {
            Attempt::permanent(format!("the mail is too large: {said}"))
        }
        // A full mailbox is emptied.
        (_, 400..=499 | 552) => Attempt::later(said),
        (Stage::Auth, _) | (_, 530 | 534 | 535 | 538) => Attempt::refused(format!(
            "log-in refused: {said}: check `username` and `password`"
        )),
        (Stage::Connect, _) => Attempt::refused(format!("the server does not want us: {said}")),
        _ => Attempt::permanent(said),
    };
    attempt.with_status(code)
}

/// The code of a reply that says that something is done; the library takes "go on" for one too.
pub(super) fn done(reply: &Response) -> Result<u16, String> {
    match u16::from(reply.code()) {
        code @ 200..=299 => Ok(code),
        code => Err(format!(
            "the server answered {code} where it had all it needed"
        )),
    }
}

/// Where one recipient stands.
#[derive(Debug)]
enum Standing {
    Open,
    HadIt,
    Accepted(u16),
    Delivered,
    Refused(Attempt),
}

/// The recipients of one mail, and what the server said to each.
#[derive(Debug)]
pub(super) struct Recipients {
    all: Vec<(Address, Standing)>,
    reply: String,
    code: u16,
}

impl Recipients {
    /// All, of whom some already have the mail.
    pub(super) fn new(all: impl Iterator<Item = Address>, reached: &[Address]) -> Self {
        let standing = |address: &Address| {
            if reached.contains(address) {
                Standing::HadIt
            } else {
                Standing::Open
            }
        };
        Self {
            all: all
                .map(|address| (address.clone(), standing(&address)))
                .collect(),
            reply: String::new(),
            code: 0,
        }
    }

    /// Those to be asked for.
    pub(super) fn open(&self) -> impl Iterator<Item = &Address> {
        self.all
            .iter()
            .filter(|(_, standing)| matches!(standing, Standing::Open))
            .map(|(address, _)| address)
    }

    /// The server takes mail for this one.
    pub(super) fn accepted(&mut self, address: &Address, code: u16) {
        self.set(address, Standing::Accepted(code));
    }

    /// The server takes none for this one, now or ever.
    pub(super) fn refused(&mut self, address: &Address, error: &Error) {
        self.set(address, Standing::Refused(attempt(Stage::Recipient, error)));
    }

    fn set(&mut self, address: &Address, standing: Standing) {
        if let Some(one) = self.all.iter_mut().find(|(other, _)| other == address) {
            one.1 = standing;
        }
    }

    /// Whether there is anyone to send the mail to.
    pub(super) fn any_accepted(&self) -> bool {
        self.all
            .iter()
            .any(|(_, standing)| matches!(standing, Standing::Accepted(_)))
    }

    /// The server took the mail for all whom it accepted.
    pub(super) fn delivered(&mut self, code: u16, reply: &str) {
        self.code = code;
        reply.clone_into(&mut self.reply);
        for (_, standing) in &mut self.all {
            if matches!(standing, Standing::Accepted(_)) {
                *standing = Standing::Delivered;
            }
        }
    }

    fn have_it(&self) -> impl Iterator<Item = &Address> {
        self.all
            .iter()
            .filter(|(_, standing)| matches!(standing, Standing::HadIt | Standing::Delivered))
            .map(|(address, _)| address)
    }

    /// Whether anybody has the mail.
    pub(super) fn has_any(&self) -> bool {
        self.have_it().next().is_some()
    }

    fn waiting(&self) -> impl Iterator<Item = &Attempt> {
        use crate::domain::alert::delivery::AttemptOutcome::Permanent;
        self.all.iter().filter_map(|(_, standing)| match standing {
            Standing::Refused(attempt) if !matches!(attempt.outcome, Permanent { .. }) => {
                Some(attempt)
            }
            _ => None,
        })
    }

    /// Who has the mail, when others are still to get it.
    pub(super) fn reached_while_others_wait(&self) -> Option<Vec<Address>> {
        self.waiting().next()?;
        let reached: Vec<Address> = self.have_it().cloned().collect();
        (!reached.is_empty()).then_some(reached)
    }

    /// How the attempt ended: tried again for those who wait, else delivered if anyone has it.
    pub(super) fn attempt(&self) -> Attempt {
        let attempt = if let Some(waiting) = self.waiting().next() {
            waiting.clone()
        } else if self.has_any() {
            let attempt = Attempt::delivered();
            if self.code == 0 {
                attempt
            } else {
                attempt.with_status(self.code)
            }
        } else {
            let refused = self.all.iter().find_map(|(_, standing)| match standing {
                Standing::Refused(attempt) => Some(attempt.clone()),
                _ => None,
            });
            refused.unwrap_or_else(|| Attempt::permanent("no recipient"))
        };
        attempt.with_answer(self.answers())
    }

    /// What was said, recipient by recipient.
    pub(super) fn answers(&self) -> String {
        let mut text = self.reply.clone();
        for (address, standing) in &self.all {
            if !text.is_empty() {
                text.push_str("; ");
            }
            let _ = match standing {
                Standing::Open => write!(text, "{address}: not asked"),
                Standing::HadIt => write!(text, "{address}: has it already"),
                Standing::Accepted(code) => write!(text, "{address}: accepted ({code})"),
                Standing::Delivered => write!(text, "{address}: delivered"),
                Standing::Refused(attempt) => write!(text, "{address}: {}", said(attempt)),
            };
        }
        text
    }
}

fn said(attempt: &Attempt) -> &str {
    attempt.outcome.message().unwrap_or("delivered")
}
