//! What reading an outcome tells about the feed's standing: the facts that the pure decisions need from the store.

use super::read::Digest;
use crate::domain::feed::limits;
use crate::domain::feed::moves;
use crate::domain::feed::outcome::{HttpFacts, OutcomeKind};
use crate::domain::feed::standing::Evidence;
use crate::store::{self, StoreError};

impl Digest {
    /// What a poll that ended as `kind` is taken for, given its host's past; a changed judgement is told.
    pub(super) fn judged(
        &self,
        kind: OutcomeKind,
        facts: &HttpFacts,
        message: &mut Option<String>,
    ) -> Result<OutcomeKind, StoreError> {
        if !limits::asks_for_past(kind, facts, &self.old) {
            return Ok(kind);
        }
        let host = facts.final_url.as_deref().and_then(limits::authority);
        let served = self.old.last_success.is_some()
            || match host {
                Some(host) => self
                    .shared
                    .store
                    .read_blocking(|conn| store::hosts::served(conn, &host))?,
                None => false,
            };
        let judged = limits::judge(kind, facts, &self.old, served);
        if judged != kind
            && let Some(message) = message
        {
            message.push_str(
                "; refused again and again by a host that served feeds: taken for a limit",
            );
        }
        Ok(judged)
    }

    /// How far the answer can be believed; `known`: it carries an entry that is known, or is known as a whole.
    pub(super) fn believed(&self, known: bool, facts: &HttpFacts) -> Result<Evidence, StoreError> {
        let target = facts.redirects.last().map(|(_, target)| target.as_str());
        let host = target.and_then(|target| self.old.standing.moves.nearly(&self.feed, target));
        let crowded = match host {
            None => false,
            Some(host) => {
                let pointing = self.shared.store.read_blocking(store::feeds::pointing)?;
                let pairs = pointing
                    .iter()
                    .map(|(url, target)| (url.as_str(), target.as_deref()));
                moves::is_crowd(&host, pairs)
            }
        };
        Ok(Evidence {
            familiar: known,
            crowded,
            ..self.evidence.clone()
        })
    }
}
