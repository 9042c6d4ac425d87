//! ntfy: a notification with a priority and buttons, as JSON, since titles in headers cannot carry Korean.

use serde_json::{Value, json};
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, check_header, parse_url};
use super::markup::Style;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::message::Message;
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NtfySettings {
    /// The server.
    pub url: String,
    /// Who knows it may listen, so it is a secret on a public server.
    pub topic: Secret,
    /// `tk_…`, where the topic is protected.
    pub token: Option<Secret>,
}

/// Of the message, in bytes; a longer one would become an attachment.
const MESSAGE: usize = 4_000;
const ACTIONS: usize = 3;

struct Ntfy {
    url: Url,
    settings: NtfySettings,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &NtfySettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let topic = settings.topic.expose();
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if topic.len() > 64 || !topic.chars().all(fine) {
        return Err(BuildError::new(
            "topic",
            "is no topic: letters, digits, `-` and `_`, at most 64",
        ));
    }
    let mut mask = Mask::default();
    mask.hide(topic);
    if let Some(token) = &settings.token {
        check_header("token", token)?;
        mask.hide(token.expose());
    }
    let url = parse_url("url", &settings.url)?;
    let http = Http::new(&url, mask, context)?;
    let ntfy = Ntfy {
        url,
        settings: settings.clone(),
        voice,
    };
    Ok(Box::new(Service::new(ntfy, http)))
}

impl Protocol for Ntfy {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let message = self
            .voice
            .fitted(outgoing, shape, |message| text(message).len() <= MESSAGE);
        let priority = match message.severity {
            Severity::Info | Severity::Low => 2,
            Severity::Medium => 3,
            Severity::High => 4,
            Severity::Critical => 5,
        };
        let actions: Vec<Value> = message
            .links
            .iter()
            .take(ACTIONS)
            .map(|link| json!({ "action": "view", "label": link.label, "url": link.url }))
            .collect();
        let mut body = json!({
            "topic": self.settings.topic.expose(), "title": message.headline(),
            "message": text(&message), "priority": priority,
            "tags": [outgoing.alert.rule.id],
        });
        if let Some(link) = message.links.first() {
            body["click"] = link.url.as_str().into();
            body["actions"] = actions.into();
        }
        let request = Request::json(self.url.clone(), &body);
        match &self.settings.token {
            Some(token) => request.bearer(token),
            None => request,
        }
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            200 if answer.json()["id"].is_string() => Verdict::Delivered,
            200 => {
                Verdict::Later("answered 200 without an id: is `url` an ntfy server?".to_owned())
            }
            401 | 403 => Verdict::Refused(
                "the topic is reserved or protected: set `token`, or another `topic`".to_owned(),
            ),
            507 => Verdict::Later("the server's storage is full".to_owned()),
            _ => Verdict::ByStatus,
        }
    }
}

/// What stands below the title; never empty, or ntfy would write "triggered".
fn text(message: &Message) -> String {
    let parts = [
        Style::Plain.lines(message).join("\n"),
        Style::Plain.snippet(message),
    ];
    let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if filled.is_empty() {
        message.headline()
    } else {
        filled.join("\n\n")
    }
}
