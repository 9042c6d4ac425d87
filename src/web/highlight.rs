//! Evidence in its text: the places that made a rule true are marked, with what stands behind each.
//!
//! Ranges come from the store and may be of another text: what does not fit is left out.

use maud::{Markup, html};

use crate::domain::matching::Evidence;

/// Letters around the first place that a snippet shows.
const AROUND: usize = 140;

/// A field's text with its evidence marked.
pub fn marked(text: &str, field: &str, evidence: &[Evidence]) -> Markup {
    part(text, 0, &places(text, field, evidence))
}

/// The part of a text around its first evidence, marked; its beginning where there is none.
pub fn snippet(text: &str, field: &str, evidence: &[Evidence]) -> Markup {
    let places = places(text, field, evidence);
    let first = places.first().map_or(0, |(start, ..)| *start);
    let from = back(text, first, AROUND / 2);
    let to = forth(text, first, AROUND * 2);
    let inside: Vec<_> = places
        .into_iter()
        .filter(|(start, end, _)| *start >= from && *end <= to)
        .collect();
    html! {
        @if from > 0 { "… " }
        (part(&text[from..to], from, &inside))
        @if to < text.len() { " …" }
    }
}

/// Where evidence stands in a text, in order, without overlaps.
fn places<'a>(
    text: &str,
    field: &str,
    evidence: &'a [Evidence],
) -> Vec<(usize, usize, &'a Evidence)> {
    let mut found: Vec<_> = evidence
        .iter()
        .filter(|one| one.field == field && text.get(one.start..one.end) == Some(one.text.as_str()))
        .map(|one| (one.start, one.end, one))
        .collect();
    found.sort_by_key(|(start, end, _)| (*start, usize::MAX - end));
    let mut last = 0;
    found.retain(|(start, end, _)| {
        let free = *start >= last && end > start;
        if free {
            last = *end;
        }
        free
    });
    found
}

/// `text`, which begins at byte `from` of its field, with the places marked.
fn part(text: &str, from: usize, places: &[(usize, usize, &Evidence)]) -> Markup {
    let starts = std::iter::once(0).chain(places.iter().map(|(_, end, _)| end - from));
    let last = places.last().map_or(0, |(_, end, _)| end - from);
    html! {
        @for (before, (start, end, one)) in starts.zip(places) {
            (&text[before..start - from])
            mark title=(behind(one)) { (&text[start - from..end - from]) }
        }
        (&text[last..])
    }
}

/// What a place stands for.
fn behind(one: &Evidence) -> String {
    match (&one.entity, &one.alias) {
        (Some(entity), Some(alias)) => format!("{} · @{entity}: {alias}", one.term),
        _ => one.term.to_string(),
    }
}

/// So many characters before a byte.
fn back(text: &str, from: usize, count: usize) -> usize {
    text[..from]
        .char_indices()
        .rev()
        .nth(count)
        .map_or(0, |(at, _)| at)
}

/// So many characters after a byte.
fn forth(text: &str, from: usize, count: usize) -> usize {
    text[from..]
        .char_indices()
        .nth(count)
        .map_or(text.len(), |(at, _)| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, found: &str) -> Evidence {
        let start = text.find(found).unwrap_or(0);
        Evidence {
            field: "title".into(),
            index: None,
            start,
            end: start + found.len(),
            text: found.into(),
            term: "<t>".into(),
            alias: None,
            entity: None,
            tail: None,
        }
    }

    #[test]
    fn places_are_marked_and_text_stays_text() {
        let text = "<b>한화</b> & K9 수출";
        let evidence = [one(text, "K9"), one(text, "한화"), one(text, "elsewhere")];
        let told = marked(text, "title", &evidence).into_string();
        assert_eq!(
            told,
            "&lt;b&gt;<mark title=\"&lt;t&gt;\">한화</mark>&lt;/b&gt; &amp; <mark title=\"&lt;t&gt;\">K9</mark> 수출"
        );
        assert!(
            !marked(text, "body", &evidence)
                .into_string()
                .contains("mark")
        );
    }

    #[test]
    fn a_snippet_shows_the_first_place() {
        let text = format!("{} K9 {}", "가".repeat(500), "나".repeat(500));
        let told = snippet(&text, "title", &[one(&text, "K9")]).into_string();
        assert!(told.contains(">K9</mark>"), "{told}");
        assert!(told.starts_with("… ") && told.ends_with(" …"));
        assert!(told.chars().count() < 500);
    }
}
