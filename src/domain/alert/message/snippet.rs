//! The part of an entry's text that shows why it matched, in pieces of evidence and what stands around them.

use super::Piece;
use crate::domain::alert::plain;
use crate::domain::entry::wire::WireEntry;
use crate::domain::matching::Evidence;

/// The longest snippet, in characters.
pub(super) const SNIPPET_CHARS: usize = 160;
/// How much of the snippet stands before its first evidence.
const LEAD_CHARS: usize = 40;

/// The text around the place where most of the evidence stands close together; without evidence in the
/// text, how the body begins.
pub(super) fn snippet(entry: &WireEntry, matches: &[Evidence]) -> Vec<Piece> {
    let full_text = entry.full_text.as_deref().unwrap_or("");
    let candidates = [("body", entry.body.as_str()), ("full_text", full_text)];
    let best = candidates
        .into_iter()
        .map(|(field, text)| (text, hits(field, text, matches)))
        .filter(|(_, hits)| !hits.is_empty())
        .map(|(text, hits)| {
            let (first, count) = densest(text, &hits);
            (text, hits, first, count)
        })
        .reduce(|one, other| if other.3 > one.3 { other } else { one });
    match best {
        Some((text, hits, first, _)) => window(text, &hits, hits[first].0),
        None if entry.title.trim().is_empty() => Vec::new(),
        None if entry.body.is_empty() => window(full_text, &[], 0),
        None => window(&entry.body, &[], 0),
    }
}

/// The evidence in a field, as ranges that exist in its text, without overlaps, in order.
fn hits(field: &str, text: &str, matches: &[Evidence]) -> Vec<(usize, usize)> {
    let mut hits: Vec<(usize, usize)> = matches
        .iter()
        .filter(|evidence| evidence.field == field && evidence.start < evidence.end)
        .filter(|evidence| text.get(evidence.start..evidence.end).is_some())
        .map(|evidence| (evidence.start, evidence.end))
        .collect();
    hits.sort_unstable();
    let mut apart: Vec<(usize, usize)> = Vec::with_capacity(hits.len());
    for (start, end) in hits {
        match apart.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => apart.push((start, end)),
        }
    }
    apart
}

/// Which hit to begin with, and how many stand within a snippet's length of it.
fn densest(text: &str, hits: &[(usize, usize)]) -> (usize, usize) {
    let mut best = (0, 0);
    for (i, (start, _)) in hits.iter().enumerate() {
        let end = forward(text, *start, SNIPPET_CHARS - LEAD_CHARS);
        let count = hits[i..].iter().take_while(|hit| hit.1 <= end).count();
        if count > best.1 {
            best = (i, count);
        }
    }
    best
}

/// The snippet whose first evidence begins at `first`, in pieces.
fn window(text: &str, hits: &[(usize, usize)], first: usize) -> Vec<Piece> {
    let from = backward(text, first, LEAD_CHARS);
    let to = forward(text, from, SNIPPET_CHARS);
    let mut pieces = Vec::new();
    let mut push = |range: std::ops::Range<usize>, hit: bool| {
        let raw = &text[range];
        let mut shown = plain::one_line(raw, SNIPPET_CHARS);
        if !hit {
            // `one_line` trims; the spaces beside evidence are part of the sentence.
            if !pieces.is_empty() && raw.starts_with(char::is_whitespace) {
                shown.insert(0, ' ');
            }
            if !shown.trim().is_empty() && raw.ends_with(char::is_whitespace) {
                shown.push(' ');
            }
        }
        if !shown.is_empty() {
            pieces.push(Piece { text: shown, hit });
        }
    };
    let mut at = from;
    for (start, end) in hits {
        let (start, end) = ((*start).clamp(at, to), (*end).clamp(at, to));
        if start < end {
            push(at..start, false);
            push(start..end, true);
            at = end;
        }
    }
    push(at..to, false);
    if let Some(piece) = pieces.last_mut() {
        piece.text.truncate(piece.text.trim_end().len());
        if to < text.trim_end().len() {
            piece.text.push('…');
        }
    }
    if let Some(piece) = pieces.first_mut().filter(|_| from > 0) {
        piece.text.insert(0, '…');
    }
    pieces
}

/// The byte `count` characters after `at`, or the end.
fn forward(text: &str, at: usize, count: usize) -> usize {
    text[at..]
        .char_indices()
        .nth(count)
        .map_or(text.len(), |(offset, _)| at + offset)
}

/// The byte at most `count` characters before `at`, where a word begins if one does.
fn backward(text: &str, at: usize, count: usize) -> usize {
    let earliest = text[..at]
        .char_indices()
        .rev()
        .take(count)
        .last()
        .map_or(at, |(offset, _)| offset);
    if earliest == 0 {
        return 0;
    }
    text[earliest..at]
        .char_indices()
        .find(|(_, c)| c.is_whitespace())
        .map_or(earliest, |(offset, c)| earliest + offset + c.len_utf8())
}
