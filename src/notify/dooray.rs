//! Dooray messenger: an incoming webhook with plain text. A 200 may still say that it failed.

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request};
use super::markup::Style;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::message::colour;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DooraySettings {
    /// `https://hook.dooray.com/services/…`.
    pub url: Secret,
    /// Who seems to write; default: bongsu.
    pub name: Option<String>,
}

/// Of all texts together, in characters; not documented.
const TEXT: usize = 3_800;

struct Dooray {
    url: Url,
    name: String,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &DooraySettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let (url, http) = Http::hook(&settings.url, context)?;
    let dooray = Dooray {
        url,
        name: settings.name.clone().unwrap_or_else(|| "bongsu".to_owned()),
        voice,
    };
    Ok(Box::new(Service::new(dooray, http)))
}

impl Protocol for Dooray {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let style = Style::Plain;
        let message = self.voice.fitted(outgoing, shape, |message| {
            style.whole(message).chars().count() <= TEXT
        });
        let mut attachment = json!({
            "text": style.body(&message), "color": colour(message.severity),
        });
        if let Some(link) = message.links.first() {
            attachment["title"] = link.label.as_str().into();
            attachment["titleLink"] = link.url.as_str().into();
        }
        let body = json!({
            "botName": self.name, "text": message.headline(), "attachments": [attachment],
        });
        Request::json(self.url.clone(), &body)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let header = &answer.json()["header"];
        match (answer.status, header["isSuccessful"].as_bool()) {
            (200..=299, Some(true)) => Verdict::Delivered,
            (200..=299, Some(false)) => Verdict::Refused(
                "answered 200 but isSuccessful false: the webhook is not taken; make a new one and set `url`".to_owned(),
            ),
            (200..=299, None) => {
                Verdict::Later("answered 200 without isSuccessful: is `url` a Dooray webhook's?".to_owned())
            }
            _ => Verdict::ByStatus,
        }
    }
}
