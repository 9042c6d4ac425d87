//! What a person reads: an alert as title, lines, snippet and links, without any protocol's markup.
//!
//! Each notifier renders it in its own markup; machines get `wire` instead. Words and times come from
//! `frame`; all feed text passes `plain` here, so that a notifier only escapes its own markup.

pub mod fit;
mod snippet;

use jiff::{SignedDuration, Timestamp};

use super::Reason;
use super::frame::Frame;
use super::plain;
use super::wire::{WireAlert, WireAlso, WireRule, WireStory};
use crate::domain::entry::wire::WireEntry;
use crate::domain::rule::Severity;

/// An alert as people read it. Every text in it is one safe, bounded line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// For colours and sounds; `headline` already carries its mark.
    pub severity: Severity,
    /// The entry's title as published, or what a digest or a health alert is about.
    pub title: String,
    /// Source, time and rule; then severity and evidence; then what was folded; for a digest, its alerts.
    pub lines: Vec<Line>,
    /// The text around the best evidence; empty when there is none.
    pub snippet: Vec<Piece>,
    /// The article, the alert's page, and the link that acknowledges it; those of them that there are.
    pub links: Vec<Link>,
}

/// A line below the title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// Where the whole of it leads, of the same kind as a [`Link`]'s.
    pub url: Option<String>,
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self { text, url: None }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.url {
            Some(url) => write!(f, "{} · {url}", self.text),
            None => f.write_str(&self.text),
        }
    }
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
const DIGEST_ALERTS: usize = 50;
const FOLDED: usize = 5;
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
        self.lines.insert(0, frame.late(by).into());
    }

    /// The whole message as plain text, one line each.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = self.headline();
        for line in &self.lines {
            text.push('\n');
            text.push_str(&line.to_string());
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

/// The colour that says the severity beside the mark (DLV-71).
#[must_use]
pub fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#B00020",
        Severity::High => "#D9480F",
        Severity::Medium => "#B58900",
        Severity::Low => "#2B6CB0",
        Severity::Info => "#6B7280",
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
    if let Some(seconds) = alert.late_by {
        let by = i64::try_from(seconds).unwrap_or(i64::MAX);
        message.say_late(frame, SignedDuration::from_secs(by));
    }
    let (page, ack) = (&alert.links.alert, &alert.links.ack);
    for (url, label) in [(page, frame.alert()), (ack, frame.acknowledge())] {
        message.links.extend(link(url.as_deref(), label));
    }
    message
}

fn link(url: Option<&str>, label: &str) -> Option<Link> {
    let url = plain::link(url?)?;
    Some(Link {
        label: label.to_owned(),
        url,
    })
}

fn of_entry(alert: &WireAlert, entry: &WireEntry, frame: &Frame, now: Timestamp) -> Message {
    let mut lines = vec![source_line(alert, entry, frame, now).into()];
    if let (Some(published), Some(seen)) = (entry.published, entry.first_seen)
        && seen.duration_since(published).abs() > SEEN_LATER
    {
        lines.push(frame.first_seen(seen, now).into());
    }
    lines.push(why_line(alert, frame).into());
    lines.extend(also_lines(&alert.also, frame));
    lines.extend(
        alert
            .story
            .iter()
            .flat_map(|story| folded_lines(story, frame)),
    );
    Message {
        severity: alert.severity,
        title: title(entry, frame),
        lines,
        snippet: snippet::snippet(entry, &alert.matches),
        links: Vec::from_iter(link(entry.url.as_deref(), frame.article())),
    }
}

/// The rules that tell of the same story in the same message.
fn also_lines(also: &[WireAlso], frame: &Frame) -> Vec<Line> {
    let (other, same): (Vec<&WireAlso>, Vec<&WireAlso>) =
        also.iter().partition(|also| also.entry.is_some());
    let names: Vec<String> = same.iter().map(|also| name_of(&also.rule)).collect();
    let mut lines: Vec<Line> = Vec::new();
    if !names.is_empty() {
        lines.push(frame.also(&names.join(", ")).into());
    }
    for also in other {
        let entry = also.entry.iter();
        lines.extend(entry.map(|entry| Line {
            text: frame.also(&format!(
                "{} · {}",
                name_of(&also.rule),
                plain::one_line(&entry.title, TITLE_CHARS)
            )),
            url: entry.url.as_deref().and_then(plain::link),
        }));
    }
    lines
}

/// What was held back as a copy: a wrong fold must not hide another event.
fn folded_lines(story: &WireStory, frame: &Frame) -> Vec<Line> {
    let folded = &story.folded;
    let mut lines: Vec<Line> = folded
        .iter()
        .take(FOLDED)
        .map(|copy| {
            let mut text = plain::one_line(&copy.title, TITLE_CHARS);
            if text.is_empty() {
                frame.untitled().clone_into(&mut text);
            }
            if let Some(feed) = &copy.feed {
                text.push_str(" · ");
                text.push_str(&plain::one_line(feed, 100));
            }
            Line {
                text: frame.folded(&text),
                url: copy.url.as_deref().and_then(plain::link),
            }
        })
        .collect();
    if folded.len() > FOLDED {
        lines.push(frame.and_more(folded.len() - FOLDED).into());
    }
    lines
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
    parts.extend(frame.remark(alert.reason, alert.step));
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
    name_of(&alert.rule)
}

fn name_of(rule: &WireRule) -> String {
    let title = plain::one_line(&rule.title, 100);
    if title.is_empty() {
        plain::one_line(&rule.id, 100)
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

/// The alerts of a digest, the gravest first, one a line.
fn of_digest(alert: &WireAlert, alerts: &[WireAlert], frame: &Frame, now: Timestamp) -> Message {
    let mut gravest_first: Vec<&WireAlert> = alerts.iter().collect();
    gravest_first.sort_by_key(|one| std::cmp::Reverse(one.severity));
    let mut lines: Vec<Line> = gravest_first
        .into_iter()
        .take(DIGEST_ALERTS)
        .map(|one| {
            let message = render(one, frame, now);
            let mut text = plain::one_line(&message.headline(), LINE_CHARS);
            if let Some(feed) = one.entry.as_ref().and_then(|entry| entry.feed.as_ref()) {
                text.push_str(" · ");
                text.push_str(&plain::one_line(feed, 100));
            }
            let url = message.links.into_iter().next().map(|link| link.url);
            Line { text, url }
        })
        .collect();
    if alerts.len() > DIGEST_ALERTS {
        lines.push(frame.and_more(alerts.len() - DIGEST_ALERTS).into());
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
        lines: vec![format!("{about} · {}", frame.time(alert.created, now)).into()],
        snippet: Vec::new(),
        links: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
