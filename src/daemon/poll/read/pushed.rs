//! What a hub pushed, read like a poll's document: whole for what it brings, and silent about the rest.
//!
//! Validators, schedule and the last answer are those of polls and stay as they are.

use super::Digest;
use crate::domain::feed::outcome::{Body, HttpFacts};
use crate::store::StoreError;
use crate::store::polls::PollCommit;

/// What reading a push gave.
pub struct Pushed {
    /// What to record; none where it could not be read.
    pub commit: Option<PollCommit>,
    /// Nothing is missing of it.
    pub whole: bool,
    /// Why it could not be read.
    pub error: Option<String>,
}

impl Pushed {
    /// A push that cannot be read, and why.
    pub fn unreadable(why: String) -> Self {
        Self {
            commit: None,
            whole: false,
            error: Some(why),
        }
    }
}

impl Digest {
    /// Reads what a hub pushed: a document that is whole for what it brings, and silent about the rest.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read_push(mut self, body: &Body) -> Result<Pushed, StoreError> {
        // What polls have read is no reason to leave a push unread.
        self.old.body_hash = None;
        let home = self.old.validators_url.as_ref().unwrap_or(&self.feed.url);
        let facts = HttpFacts {
            final_url: Some(home.clone()),
            wire_bytes: body.bytes.len() as u64,
            ..HttpFacts::default()
        };
        let (kind, mut seen) = self.read_body(body, &facts)?;
        let whole = kind.is_good() && !seen.truncated;
        if !kind.is_good() {
            return Ok(Pushed::unreadable(seen.message.unwrap_or_default()));
        }
        let pages = self.pages(&mut seen.plan)?;
        let state = self.old.clone();
        let rows = self.rows(std::mem::take(&mut seen.plan), pages);
        let mut record = self.record(kind, (&seen, &rows), &facts, &state);
        record.note = Some(match record.note {
            Some(note) => format!("pushed; {note}"),
            None => "pushed".to_owned(),
        });
        Ok(Pushed {
            commit: Some(self.assemble(rows, state, record, None)),
            whole,
            error: None,
        })
    }
}
