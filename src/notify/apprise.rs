//! The Apprise API: a service that knows how to reach the many that have no kind here.

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request};
use super::markup::Style;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::Reason;
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppriseSettings {
    /// The service.
    pub url: String,
    /// The name of a configuration kept there.
    pub key: Secret,
    /// Only to what bears this tag.
    pub tag: Option<String>,
}

/// In bytes; each service behind it cuts or parts as it must.
const BODY: usize = 16_000;

struct Apprise {
    url: Url,
    tag: Option<String>,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &AppriseSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let path = ["notify", settings.key.expose()];
    let (url, http) = Http::below(("url", &settings.url), &path, &settings.key, context)?;
    let apprise = Apprise {
        url,
        tag: settings.tag.clone(),
        voice,
    };
    Ok(Box::new(Service::new(apprise, http)))
}

impl Protocol for Apprise {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let message = self.voice.fitted(outgoing, shape, |message| {
            Style::Plain.whole(message).len() <= BODY
        });
        let kind = match (outgoing.alert.reason, message.severity) {
            (Reason::Resolved, _) => "success",
            (_, Severity::Critical) => "failure",
            (_, Severity::High) => "warning",
            _ => "info",
        };
        let mut text = Style::Plain.body(&message);
        if text.is_empty() {
            text = message.headline();
        }
        let mut body = json!({
            "title": message.headline(), "body": text, "type": kind, "format": "text",
        });
        if let Some(tag) = &self.tag {
            body["tag"] = tag.as_str().into();
        }
        Request::json(self.url.clone(), &body)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            204 => Verdict::Refused("nothing is configured under this `key` there".to_owned()),
            // Its older versions say in words what came of it; newer ones in JSON, with an error or null.
            200..=299 if answer.json()["error"].is_string() => {
                Verdict::Later("answered 200 with an error".to_owned())
            }
            424 => {
                Verdict::Later("at least one of the services behind it was not reached".to_owned())
            }
            431 => Verdict::TooLarge,
            _ => Verdict::ByStatus,
        }
    }
}
