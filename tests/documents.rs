//! The samples of `tests/fixtures/documents`, read whole, cut and mutated. Their format is in `support/samples.rs`.

#![expect(clippy::unwrap_used, reason = "a broken sample is a failed test")]

#[path = "support/mutation.rs"]
mod mutation;
#[path = "support/samples.rs"]
mod samples;

use std::fmt::Write as _;

use bongsu::domain::document::{self, Document, ParseError};
use bongsu::domain::entry::Content;
use mutation::{Chance, beyond_bounds, mutated};
use samples::{Case, cases};

/// What a document shows under a key of the document itself; none where the key is not one of it.
fn of_document(document: &Document, key: &str, value: &str) -> Option<String> {
    Some(match key {
        "format" => document.format.to_string(),
        "feed" => document.title.clone().unwrap_or_else(|| "-".to_owned()),
        "truncated" if document.truncated => String::new(),
        "truncated" => "not truncated".to_owned(),
        "whole" if document.truncated => "truncated".to_owned(),
        "whole" => String::new(),
        "note" if document.notes.iter().any(|note| note.contains(value)) => value.to_owned(),
        "note" => document.notes.join("; "),
        _ => return None,
    })
}

fn of_entry(entry: &Content, key: &str) -> String {
    let or_dash = |value: Option<String>| {
        value
            .filter(|value| !value.is_empty())
            .unwrap_or_else(|| "-".to_owned())
    };
    let list = |values: &[String]| or_dash(Some(values.join(" | ")));
    match key {
        "title" => or_dash(Some(entry.title.clone())),
        "link" => or_dash(entry.url.clone()),
        "date" => or_dash(entry.published.map(|at| at.to_string())),
        "updated" => or_dash(entry.updated.map(|at| at.to_string())),
        "id" => or_dash(entry.guid.clone()),
        "author" => list(&entry.authors),
        "category" => list(&entry.categories),
        "body" => or_dash(Some(entry.body.clone())),
        "html" => or_dash(Some(entry.body_html.clone())),
        "language" => or_dash(entry.language.clone()),
        "media" => list(
            &entry
                .enclosures
                .iter()
                .map(|media| media.url.clone())
                .collect::<Vec<_>>(),
        ),
        _ => panic!("no field {key}"),
    }
}

/// What differs, in words; nothing where all is as expected.
fn differences(case: &Case, read: &Result<Document, ParseError>) -> String {
    let mut out = String::new();
    let document = match read {
        Ok(document) => document,
        Err(error) => {
            let refused = case.expected.iter().find(|(key, _)| key == "refused");
            if !refused.is_some_and(|(_, words)| error.to_string().contains(words.as_str())) {
                let _ = writeln!(out, "  refused: {error}");
            }
            return out;
        }
    };
    let mut entry = None;
    let mut count = 0;
    for (key, value) in &case.expected {
        let found = if key == "entry" {
            entry = document.entries.get(count);
            count += 1;
            continue;
        } else if key == "refused" {
            "read all the same".to_owned()
        } else if let Some(found) = of_document(document, key, value) {
            found
        } else {
            entry.map_or_else(|| "no such entry".to_owned(), |entry| of_entry(entry, key))
        };
        if found != *value {
            let _ = writeln!(out, "  {key} of entry {count}: {found:?}, not {value:?}");
        }
    }
    if count != document.entries.len() {
        let _ = writeln!(out, "  {} entries, not {count}", document.entries.len());
    }
    out
}

#[test]
fn every_sample_is_read_as_it_says() {
    let cases = cases();
    assert!(cases.len() > 350, "only {} cases", cases.len());
    let mut wrong = String::new();
    for case in &cases {
        let bytes = case.document.as_bytes();
        let read = document::parse(bytes, &case.hints);
        let different = differences(case, &read);
        if !different.is_empty() {
            let _ = write!(wrong, "{}\n{different}", case.name);
        }
        assert_eq!(read, document::parse(bytes, &case.hints), "{}", case.name);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn no_sample_cut_anywhere_gives_what_the_whole_has_not() {
    for case in cases() {
        let Ok(whole) = document::parse(case.document.as_bytes(), &case.hints) else {
            continue;
        };
        // Cut inside the last third: what was complete before stays as it was.
        let step = (case.document.len() / 12).max(1);
        for end in (case.document.len() * 2 / 3..case.document.len()).step_by(step) {
            let cut = &case.document.as_bytes()[..case.document.floor_char_boundary(end)];
            let Ok(part) = document::parse(cut, &case.hints) else {
                continue;
            };
            assert!(
                part.entries.len() <= whole.entries.len(),
                "{} cut at {end}: {} entries of {}",
                case.name,
                part.entries.len(),
                whole.entries.len()
            );
        }
    }
}

#[test]
fn mutated_samples_stay_within_bounds() {
    let cases = cases();
    let mut chance = Chance::new(7);
    for _ in 0..3_000 {
        let (case, bytes) = mutated(&cases, &mut chance);
        if let Some(broken) = beyond_bounds(&document::parse(&bytes, &case.hints)) {
            panic!(
                "{}: {broken}:\n{}",
                case.name,
                String::from_utf8_lossy(&bytes)
            );
        }
    }
}
