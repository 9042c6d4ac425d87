//! `parse`: a feed document in, entries out, nothing else touched.

use std::io::Read as _;

use super::args::ParseArgs;
use super::exit::Failure;
use super::output::{Output, neutral};
use super::rows;
use crate::clock::Clock;
use crate::domain::document::{self, Hints};
use crate::domain::entry::identity;
use crate::domain::entry::wire::WireEntry;

/// No document is larger than what a poll would accept by default, with room for odd ones.
const LARGEST: u64 = 64 << 20;

/// Parses the document and prints its entries.
pub fn parse(args: &ParseArgs, clock: &Clock, out: &mut Output) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    rows::open(&args.file)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::new(format!(
            "the document is larger than {} MiB",
            LARGEST >> 20
        )));
    }
    let hints = Hints {
        url: args.url.clone(),
        content_type: args.content_type.clone(),
        now: clock.now(),
        ..Hints::default()
    };
    let document =
        document::parse(&bytes, &hints).map_err(|error| Failure::new(error.to_string()))?;
    for note in &document.notes {
        Output::note(note);
    }
    let url = args.url.as_deref().unwrap_or("");
    let read = document.entries.len();
    let entries = identity::identify(url, document.entries);
    if let Some(note) = identity::copies(read, entries.len()) {
        Output::note(&note);
    }
    let entries: Vec<WireEntry> = entries
        .iter()
        .map(|entry| WireEntry::new(entry, args.url.as_deref()))
        .collect();
    if !out.is_human() {
        return out.rows("entries", &entries);
    }
    for entry in &entries {
        let when = entry
            .published
            .map_or_else(|| "undated".to_owned(), |at| at.to_string());
        out.line(&format!("{when}  {}", neutral(&entry.title)))?;
        out.line(&format!(
            "    {}  {}",
            entry.id,
            entry.url.as_deref().unwrap_or("no link")
        ))?;
    }
    out.line(&format!("{} entries ({})", entries.len(), document.format))
}
