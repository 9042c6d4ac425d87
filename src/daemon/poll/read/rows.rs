//! What is to be stored of a document's entries: each with its keys, its matches and whom it names.
//!
//! Which of them are new was found before; what their matches lead to is decided while they are stored.

use std::collections::BTreeSet;

use super::Digest;
use crate::daemon::receivers;
use crate::domain::entry::Entry;
use crate::domain::entry::identity::Spelling;
use crate::domain::entry::ingest::{self, Plan, Revised};
use crate::domain::entry::page::Wanted;
use crate::domain::id::EntryId;
use crate::store::polls::{Recorded, RevisedEntry};

/// What is to be stored of a document's entries.
pub(super) struct Rows {
    pub(super) new: Vec<Recorded>,
    pub(super) revised: Vec<RevisedEntry>,
    pub(super) rekeyed: Vec<ingest::Rekeyed>,
    pub(super) seen: Vec<EntryId>,
    pub(super) pages: Vec<Wanted>,
    /// The new ones are an import: see [`Plan::is_import`].
    pub(super) is_import: bool,
}

impl Digest {
    /// What is to be stored of a document's entries.
    pub(super) fn rows(&self, plan: Plan, pages: Vec<Wanted>) -> Rows {
        let is_import = plan.is_import();
        let shared_links = plan.shared_links;
        let recorded = |entry| self.recorded(entry, &shared_links);
        let revised = |revised| self.revised(revised, &shared_links);
        Rows {
            new: plan.new.into_iter().map(recorded).collect(),
            revised: plan.revised.into_iter().map(revised).collect(),
            rekeyed: plan.rekeyed,
            seen: plan.unchanged.into_iter().chain(plan.over_limit).collect(),
            pages,
            is_import,
        }
    }

    /// A changed entry with all that is known of it.
    fn revised(&self, revised: Revised, shared_links: &BTreeSet<String>) -> RevisedEntry {
        RevisedEntry {
            changed: revised.changed,
            hash_only: revised.hash_only,
            now: self.recorded(revised.entry, shared_links),
        }
    }

    /// An entry with its keys, matches and mentions.
    fn recorded(&self, entry: Entry, shared_links: &BTreeSet<String>) -> Recorded {
        let title = self.title();
        let subject = entry.subject(&self.feed.tags, title);
        let (matches, mentions) = self.setup.rules.examine(&subject);
        let spelling = Spelling::of(&entry.content);
        Recorded {
            content_hash: spelling.content_hash(&entry.content),
            alternates: spelling.alternates(&entry.key, &entry.content),
            title_key: spelling.title_key(&entry.content, title),
            canonical_url: spelling
                .into_own_page()
                .filter(|page| !shared_links.contains(page)),
            mentions,
            matches: receivers::rule_matches(
                &self.setup,
                &matches,
                &self.setup.only.evaluate(&subject),
            ),
            entry,
        }
    }

    /// The feed's title: as configured, or its own.
    fn title(&self) -> Option<&str> {
        self.feed.title.as_deref().or(self.old.title.as_deref())
    }
}
