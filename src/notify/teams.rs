//! Microsoft Teams: an adaptive card to a workflow that posts it.
//!
//! The workflow answers 202 before the card is shown: a card that Teams dislikes fails unseen, so this one is
//! small and plain.

use serde_json::{Value, json};
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request};
use super::markup::Style;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::message::Message;
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamsSettings {
    /// The workflow's; its signature is part of it.
    pub url: Secret,
}

/// Of the whole request, in bytes; 28 KB with some room.
const BODY: usize = 26_000;

struct Teams {
    url: Url,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &TeamsSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let (url, http) = Http::hook(&settings.url, context)?;
    Ok(Box::new(Service::new(Teams { url, voice }, http)))
}

impl Protocol for Teams {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let message = self.voice.fitted(outgoing, shape, |message| {
            card(message).to_string().len() <= BODY
        });
        Request::json(self.url.clone(), &card(&message))
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.body.trim_ascii();
        match answer.status {
            202 => Verdict::ByStatus,
            // So answer the connectors that workflows came after, and what stands in for them.
            200 if said == b"1" => Verdict::Delivered,
            200 if said.starts_with(FAILED) => failed(&String::from_utf8_lossy(said)),
            200..=299 => {
                Verdict::Later("answered without 202: is `url` a workflow's?".to_owned())
            }
            400 => Verdict::Permanent(
                "answered 400: the workflow's trigger does not accept a card; make it anew from the template \
                 for webhook requests"
                    .to_owned(),
            ),
            404 => Verdict::Gone("the workflow is gone: make a new one and set `url`".to_owned()),
            _ => Verdict::ByStatus,
        }
    }
}

/// How an answer of 200 begins that is none.
const FAILED: &[u8] = b"Webhook message delivery failed with error";

/// What the status means that such an answer names.
fn failed(said: &str) -> Verdict {
    if said.contains(" 413") {
        Verdict::TooLarge
    } else {
        Verdict::Later("answered 200, and that the message was not delivered".to_owned())
    }
}

fn card(message: &Message) -> Value {
    let text = |text: &str| json!({ "type": "TextBlock", "text": text, "wrap": true });
    let colour = match message.severity {
        Severity::Critical => "Attention",
        Severity::High | Severity::Medium => "Warning",
        Severity::Low => "Accent",
        Severity::Info => "Default",
    };
    let mut title = text(&Style::Teams.escape(&message.headline()));
    title["weight"] = "Bolder".into();
    title["size"] = "Medium".into();
    title["color"] = colour.into();
    let mut body = vec![title];
    for line in Style::Teams.lines(message) {
        let mut line = text(&line);
        line["isSubtle"] = true.into();
        line["spacing"] = "None".into();
        body.push(line);
    }
    let snippet = Style::Teams.snippet(message);
    if !snippet.is_empty() {
        body.push(text(&snippet));
    }
    let actions: Vec<Value> = message
        .links
        .iter()
        .map(|link| json!({ "type": "Action.OpenUrl", "title": link.label, "url": link.url }))
        .collect();
    json!({
        "type": "message",
        "summary": message.headline(),
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
                "actions": actions,
                "msteams": { "width": "Full" },
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::template::Templates;
    use super::*;
    use crate::domain::alert::frame::{Frame, Language};

    #[test]
    fn only_what_a_workflow_says_of_a_message_it_took_is_a_yes() {
        let frame = Frame {
            language: Language::En,
            zone: jiff::tz::TimeZone::UTC,
        };
        let teams = Teams {
            url: Url::parse("https://flow.example/").unwrap(),
            voice: Voice::new(frame, Templates::default()),
        };
        for (status, body, verdict) in [
            (202, "", "ByStatus"),
            (200, "1", "Delivered"),
            (200, "", "Later"),
            (200, "<html>", "Later"),
            (
                200,
                "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413",
                "TooLarge",
            ),
            (
                200,
                "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
                "Later",
            ),
            (404, "", "Gone"),
        ] {
            let got = format!("{:?}", teams.verdict(&Answer::told(status, body)));
            assert!(got.starts_with(verdict), "{status} {body}: {got}");
        }
    }
}
