//! What a person reads: an alert as title, lines, snippet and links, without any protocol's markup.
//!
//! Each notifier renders it in its own markup; machines get `wire` instead. Words and times come from
//! `frame`; all feed text passes `plain` here, so that a notifier only escapes its own markup.

use jiff::{SignedDuration, Timestamp};

use super::Reason;
use super::frame::Frame;
use super::plain;
use super::wire::WireAlert;
use crate::domain::entry::wire::WireEntry;
use crate::domain::matching::Evidence;
use crate::domain::rule::Severity;

/// An alert as people read it. Every text in it is one safe, bounded line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// For colours and sounds; `headline` already carries its mark.
    pub severity: Severity,
    /// The entry's title as published, or what a digest or a health alert is about.
    pub title: String,
    /// Source, time and rule; then severity and evidence; for a digest, its alerts.
    pub lines: Vec<String>,
    /// The text around the best evidence; empty when there is none.
    pub snippet: Vec<Piece>,
    /// The article and the alert's page.
    pub links: Vec<Link>,
}

/// A run of the snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether it is evidence, to be emphasised.
    pub hit: bool,
}

/// Where to read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What is there.
    pub label: String,
    /// An http or https URL without anything that could break out of markup quotes.
    pub url: String,
}

const TITLE_CHARS: usize = 300;
const LINE_CHARS: usize = 400;
const SNIPPET_CHARS: usize = 160;
/// How much of the snippet stands before its first evidence.
const LEAD_CHARS: usize = 40;
const DIGEST_ALERTS: usize = 50;
const TERMS: usize = 8;
/// Publication and first sight are told apart when they differ by more.
const SEEN_LATER: SignedDuration = SignedDuration::from_hours(1);

impl Message {
    /// The mark and the title: the line that a lock screen shows.
    #[must_use]
    pub fn headline(&self) -> String {
        match mark(self.severity) {
            "" => self.title.clone(),
            mark => format!("{mark} {}", self.title),
        }
    }

    /// Puts before the other lines that the message is late by `by` since the receiver could not be reached.
    pub fn say_late(&mut self, frame: &Frame, by: SignedDuration) {
        self.lines.insert(0, frame.late(by));
    }

    /// The whole message as plain text, one line each.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = self.headline();
        for line in &self.lines {
            text.push('\n');
            text.push_str(line);
        }
        if !self.snippet.is_empty() {
            text.push_str("\n\n");
            text.extend(self.snippet.iter().map(|piece| piece.text.as_str()));
        }
        if !self.links.is_empty() {
            text.push('\n');
        }
        for link in &self.links {
            text.push('\n');
            text.push_str(&link.label);
            text.push_str(": ");
            text.push_str(&link.url);
        }
        text
    }
}

/// The mark that says the severity without colour (DLV-71).
#[must_use]
pub fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "‼",
        Severity::High => "!",
        Severity::Medium | Severity::Low | Severity::Info => "",
    }
}

/// The message of `alert` for a receiver with `frame`, sent at `now`.
#[must_use]
pub fn render(alert: &WireAlert, frame: &Frame, now: Timestamp) -> Message {
    let mut message = match (&alert.entry, &alert.alerts, &alert.health) {
        (Some(entry), _, _) => of_entry(alert, entry, frame, now),
        (None, Some(alerts), _) => of_digest(alert, alerts, frame, now),
        (None, None, _) => of_health(alert, frame, now),
    };
    if alert.test {
        message.title = format!("{} {}", frame.test(), message.title);
    }
    let page = alert.links.alert.as_deref().and_then(plain::link);
    message.links.extend(page.map(|url| Link {
        label: frame.alert().to_owned(),
        url,
    }));
    message
}

fn of_entry(alert: &WireAlert, entry: &WireEntry, frame: &Frame, now: Timestamp) -> Message {
    let mut lines = vec![source_line(alert, entry, frame, now)];
    if let (Some(published), Some(seen)) = (entry.published, entry.first_seen)
        && seen.duration_since(published).abs() > SEEN_LATER
    {
        lines.push(frame.first_seen(seen, now));
    }
    lines.push(why_line(alert, frame));
    Message {
        severity: alert.severity,
        title: title(entry, frame),
        lines,
        snippet: snippet(entry, &alert.matches),
        links: entry
            .url
            .as_deref()
            .and_then(plain::link)
            .map(|url| Link {
                label: frame.article().to_owned(),
                url,
            })
            .into_iter()
            .collect(),
    }
}

/// `yonhap-en · Tue 24 Nov 10:02 KST · 8 min ago · Arms exports · +3 feeds`.
fn source_line(alert: &WireAlert, entry: &WireEntry, frame: &Frame, now: Timestamp) -> String {
    let at = entry
        .published
        .or(entry.first_seen)
        .unwrap_or(alert.created);
    let mut parts = Vec::new();
    parts.extend(entry.feed.as_deref().map(|feed| plain::one_line(feed, 100)));
    parts.push(frame.time(at, now));
    parts.push(rule_name(alert));
    let others = alert
        .story
        .as_ref()
        .map_or(0, |story| story.feeds.len().saturating_sub(1));
    if others > 0 {
        parts.push(frame.more_feeds(others));
    }
    parts.join(" · ")
}

/// `high · changed entry · matched: K9, 수출`.
fn why_line(alert: &WireAlert, frame: &Frame) -> String {
    let mut parts = vec![frame.severity(alert.severity).to_owned()];
    parts.extend(frame.remark(alert.reason).map(str::to_owned));
    let mut terms: Vec<String> = Vec::new();
    for evidence in &alert.matches {
        let term = plain::one_line(evidence.alias.as_ref().unwrap_or(&evidence.text), 60);
        if !term.is_empty() && !terms.contains(&term) {
            terms.push(term);
        }
        if terms.len() == TERMS {
            break;
        }
    }
    if !terms.is_empty() {
        parts.push(frame.matched(&terms.join(", ")));
    }
    parts.join(" · ")
}

fn rule_name(alert: &WireAlert) -> String {
    let title = plain::one_line(&alert.rule.title, 100);
    if title.is_empty() {
        plain::one_line(&alert.rule.id, 100)
    } else {
        title
    }
}

/// The title as published, else how the body begins, else the link.
fn title(entry: &WireEntry, frame: &Frame) -> String {
    [
        &entry.title,
        &entry.body,
        entry.url.as_ref().unwrap_or(&entry.title),
    ]
    .into_iter()
    .map(|text| plain::one_line(text, TITLE_CHARS))
    .find(|title| !title.is_empty())
    .unwrap_or_else(|| frame.untitled().to_owned())
}

fn of_digest(alert: &WireAlert, alerts: &[WireAlert], frame: &Frame, now: Timestamp) -> Message {
    let mut lines: Vec<String> = alerts
        .iter()
        .take(DIGEST_ALERTS)
        .map(|one| {
            let message = render(one, frame, now);
            let mut line = plain::one_line(&message.headline(), LINE_CHARS);
            if let Some(feed) = one.entry.as_ref().and_then(|entry| entry.feed.as_ref()) {
                line.push_str(" · ");
                line.push_str(&plain::one_line(feed, 100));
            }
            if let Some(link) = message.links.first() {
                line.push_str(" · ");
                line.push_str(&link.url);
            }
            line
        })
        .collect();
    if alerts.len() > DIGEST_ALERTS {
        lines.push(frame.and_more(alerts.len() - DIGEST_ALERTS));
    }
    Message {
        severity: alert.severity,
        title: frame.digest(alerts.len(), &rule_name(alert)),
        lines,
        snippet: Vec::new(),
        links: Vec::new(),
    }
}

fn of_health(alert: &WireAlert, frame: &Frame, now: Timestamp) -> Message {
    let (text, about) = match &alert.health {
        Some(health) => (
            health.text.as_str(),
            format!("{} · {}", health.kind, health.subject),
        ),
        None => ("", rule_name(alert)),
    };
    let mut title = plain::one_line(text, TITLE_CHARS);
    if title.is_empty() {
        title = plain::one_line(&about, TITLE_CHARS);
    }
    if alert.reason == Reason::Resolved {
        title = frame.resolved(&title);
    }
    let about = plain::one_line(&about, LINE_CHARS);
    Message {
        severity: alert.severity,
        title,
        lines: vec![format!("{about} · {}", frame.time(alert.created, now))],
        snippet: Vec::new(),
        links: Vec::new(),
    }
}

/// The text around the place where most of the evidence stands close together; without evidence in the
/// text, how the body begins.
fn snippet(entry: &WireEntry, matches: &[Evidence]) -> Vec<Piece> {
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

#[cfg(test)]
mod tests;
