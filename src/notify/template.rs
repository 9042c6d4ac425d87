//! Titles and bodies as a receiver words them itself: logic-light templates, tried on samples before they count.
//!
//! A template makes text, never markup: what it makes is escaped and cut like any other message. Where it fails
//! on an alert after all, the built-in words are sent, and whoever asks is told why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::samples::samples;
use super::{BuildError, Outgoing};
use crate::domain::alert::frame::{Frame, Language};
use crate::domain::alert::message::{self, Message, mark};
use crate::domain::alert::plain::one_line;
use crate::domain::alert::wire::WireAlert;

/// The templates of one receiver; those that it has.
#[derive(Clone, Debug, Default)]
pub(super) struct Templates {
    made: Option<Arc<Environment<'static>>>,
    /// By template, why it failed on the last alert; what works again is taken out.
    failing: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

/// What config gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateSettings {
    /// The title; default: the built-in one.
    pub title: Option<String>,
    /// All below the title but the links; default: the built-in lines. Of a webhook: the whole request body.
    pub body: Option<String>,
}

/// Steps that a template may take: some thousand lines of a digest.
const FUEL: u64 = 50_000;
/// What it may write, in bytes.
const MOST: usize = 256 * 1024;
const LINES: usize = 60;
const LINE_CHARS: usize = 1_000;
const TITLE_CHARS: usize = 300;

/// What templates can name.
#[derive(Serialize)]
struct Facts<'a> {
    title: &'a str,
    headline: String,
    lines: Vec<String>,
    snippet: String,
    severity: &'a str,
    mark: &'a str,
    reason: &'a str,
    rule: &'a str,
    feed: &'a str,
    time: String,
    url: &'a str,
    page: &'a str,
    ack: &'a str,
    test: bool,
    alert: &'a WireAlert,
}

impl Templates {
    /// Compiles and tries them on an alert of each reason, in both languages.
    pub(super) fn new(settings: &TemplateSettings) -> Result<Self, BuildError> {
        let mut env = Environment::new();
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(50);
        for (key, source) in [("title", &settings.title), ("body", &settings.body)] {
            if let Some(source) = source {
                env.add_template_owned(key, source.clone())
                    .map_err(|error| BuildError::new(key, told(&error)))?;
            }
        }
        if settings.title.is_none() && settings.body.is_none() {
            return Ok(Self::default());
        }
        let templates = Self {
            made: Some(Arc::new(env)),
            failing: Arc::default(),
        };
        for key in ["title", "body"] {
            templates.try_on_samples(key)?;
        }
        Ok(templates)
    }

    fn try_on_samples(&self, key: &'static str) -> Result<(), BuildError> {
        for outgoing in samples() {
            for language in [Language::En, Language::Ko] {
                let frame = Frame {
                    language,
                    zone: jiff::tz::TimeZone::UTC,
                };
                let message = message::render(&outgoing.alert, &frame, outgoing.sent_at);
                if let Some(Err(error)) = self.render(key, &message, &outgoing, &frame) {
                    let reason = outgoing.alert.reason.as_str();
                    return Err(BuildError::new(
                        key,
                        format!(
                            "fails for an alert of reason `{reason}`: {}: names that may be absent want {{% if … %}}",
                            told(&error)
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Puts into the message what the templates make of it.
    pub(super) fn apply(&self, message: &mut Message, outgoing: &Outgoing, frame: &Frame) {
        let built_in = message.clone();
        if let Some(title) = self.text("title", &built_in, outgoing, frame) {
            let title = one_line(&title, TITLE_CHARS);
            if !title.is_empty() {
                message.title = title;
            }
        }
        if let Some(body) = self.text("body", &built_in, outgoing, frame) {
            let lines = body.lines().map(|line| one_line(line, LINE_CHARS));
            message.lines = lines
                .filter(|line| !line.is_empty())
                .take(LINES)
                .map(Into::into)
                .collect();
            message.snippet.clear();
        }
    }

    /// What a template makes of the message; none where there is no such template, or it fails.
    pub(super) fn text(
        &self,
        key: &'static str,
        message: &Message,
        outgoing: &Outgoing,
        frame: &Frame,
    ) -> Option<String> {
        let made = self.render(key, message, outgoing, frame)?;
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match made {
            Ok(text) => {
                failing.remove(key);
                Some(text)
            }
            Err(error) => {
                let (alert, why) = (&outgoing.alert.id, told(&error));
                failing.insert(key, format!("`{key}` for alert {alert}: {why}"));
                tracing::warn!(
                    template = key,
                    alert,
                    why,
                    "the template `{key}` fails for alert {alert}, the built-in words are sent: {why}"
                );
                None
            }
        }
    }

    /// What is wrong with those that failed on the last alert; none where all work.
    pub(super) fn complaint(&self) -> Option<String> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let each: Vec<&str> = failing.values().map(String::as_str).collect();
        (!each.is_empty()).then(|| each.join("; "))
    }

    fn render(
        &self,
        key: &str,
        message: &Message,
        outgoing: &Outgoing,
        frame: &Frame,
    ) -> Option<Result<String, minijinja::Error>> {
        let template = self.made.as_ref()?.get_template(key).ok()?;
        let mut out = Capped(Vec::new());
        let facts = facts(message, outgoing, frame);
        Some(
            template
                .render_captured_to(Serde(&facts), &mut out)
                .map(|_| String::from_utf8_lossy(&out.0).into_owned()),
        )
    }
}

fn facts<'a>(message: &'a Message, outgoing: &'a Outgoing, frame: &Frame) -> Facts<'a> {
    let alert = &outgoing.alert;
    let entry = alert.entry.as_ref();
    let link = |url: &'a Option<String>| url.as_deref().unwrap_or("");
    let at = entry.and_then(|entry| entry.published.or(entry.first_seen));
    Facts {
        title: &message.title,
        headline: message.headline(),
        lines: message.lines.iter().map(ToString::to_string).collect(),
        snippet: message
            .snippet
            .iter()
            .map(|piece| piece.text.as_str())
            .collect(),
        severity: frame.severity(alert.severity),
        mark: mark(alert.severity),
        reason: alert.reason.as_str(),
        rule: if alert.rule.title.is_empty() {
            &alert.rule.id
        } else {
            &alert.rule.title
        },
        feed: entry.and_then(|entry| entry.feed.as_deref()).unwrap_or(""),
        time: frame.time(at.unwrap_or(alert.created), outgoing.sent_at),
        url: entry.map_or("", |entry| link(&entry.url)),
        page: link(&alert.links.alert),
        ack: link(&alert.links.ack),
        test: alert.test,
        alert,
    }
}

/// What is wrong with a template, and in which of its lines.
fn told(error: &minijinja::Error) -> String {
    let mut text = error.kind().to_string();
    if let Some(detail) = error.detail() {
        let _ = write!(text, ": {}", one_line(detail, 300));
    }
    if let Some(line) = error.line() {
        let _ = write!(text, " (line {line} of the template)");
    }
    text
}

/// Takes no more than [`MOST`] bytes.
struct Capped(Vec<u8>);

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST {
            return Err(io::Error::other("it writes more than 256 KiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(title: Option<&str>, body: Option<&str>) -> TemplateSettings {
        TemplateSettings {
            title: title.map(str::to_owned),
            body: body.map(str::to_owned),
        }
    }

    fn frame() -> Frame {
        Frame {
            language: Language::En,
            zone: jiff::tz::TimeZone::UTC,
        }
    }

    fn shown(settings: &TemplateSettings, outgoing: &Outgoing) -> Message {
        let mut message = message::render(&outgoing.alert, &frame(), outgoing.sent_at);
        Templates::new(settings)
            .unwrap()
            .apply(&mut message, outgoing, &frame());
        message
    }

    #[test]
    fn templates_word_title_and_body() {
        let outgoing = samples().remove(0);
        let words = settings(
            Some("[{{ severity }}] {{ title }}"),
            Some(
                "{{ feed }}\n\n{{ snippet }}\n{% for m in alert.matches %}{{ m.term }} {% endfor %}",
            ),
        );
        let message = shown(&words, &outgoing);
        assert!(
            message.title.starts_with("[critical] "),
            "{}",
            message.title
        );
        assert_eq!(message.lines[0].text, "sample-feed");
        assert!(message.snippet.is_empty() && !message.links.is_empty());
    }

    #[test]
    fn what_cannot_work_is_found_before_it_counts() {
        for (title, says) in [
            ("{{ title", "unexpected end"),
            ("{{ titel }}", "undefined"),
            ("{{ alert.entry.title }}", "of reason `digest`"),
            (
                "{% for i in range(100000) %}{{ title }}{% endfor %}",
                "fails for an alert",
            ),
            ("{{ title | nonsense }}", "nonsense"),
            ("{% include 'other' %}", "line 1"),
        ] {
            let error = Templates::new(&settings(Some(title), None)).unwrap_err();
            assert_eq!(error.key, "title");
            assert!(error.message.contains(says), "{title}: {}", error.message);
        }
        let guarded = "{% if alert.entry %}{{ alert.entry.title }}{% else %}{{ title }}{% endif %}";
        assert!(Templates::new(&settings(Some(guarded), None)).is_ok());
    }

    #[test]
    fn a_template_that_fails_on_an_alert_falls_back_to_the_built_in_words() {
        let mut outgoing = samples().remove(0);
        let words = settings(
            None,
            Some("{% if alert.entry %}{{ alert.entry.body }}{{ alert.entry.body }}{% endif %}"),
        );
        let templates = Templates::new(&words).unwrap();
        outgoing.alert.entry.as_mut().unwrap().body = "x".repeat(MOST);
        let built_in = message::render(&outgoing.alert, &frame(), outgoing.sent_at);
        let mut message = built_in.clone();
        templates.apply(&mut message, &outgoing, &frame());
        assert_eq!(message, built_in);
        let complaint = templates.complaint().unwrap();
        assert!(complaint.contains("`body`"), "{complaint}");
        outgoing.alert.entry.as_mut().unwrap().body = "x".into();
        templates.apply(&mut message, &outgoing, &frame());
        assert_eq!(templates.complaint(), None, "it works again");
    }

    #[test]
    fn a_title_that_comes_out_empty_is_the_built_in_one() {
        let outgoing = samples().remove(0);
        let message = shown(&settings(Some("  \u{200b}"), None), &outgoing);
        assert!(!message.title.is_empty());
    }
}
