//! JANDI: an incoming webhook with a coloured message.
//!
//! JANDI publishes no limits; these keep well within what it is seen to take.

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
pub struct JandiSettings {
    /// `https://wh.jandi.com/connect-api/webhook/…`.
    pub url: Secret,
    /// The member that a team's webhook writes to.
    pub email: Option<String>,
}

/// Of all texts together, in characters.
const TEXT: usize = 1_900;

struct Jandi {
    url: Url,
    email: Option<String>,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &JandiSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let (url, http) = Http::hook(&settings.url, context)?;
    let jandi = Jandi {
        url,
        email: settings.email.clone(),
        voice,
    };
    Ok(Box::new(Service::new(jandi, http)))
}

impl Protocol for Jandi {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let style = Style::Jandi;
        let message = self.voice.fitted(outgoing, shape, |message| {
            style.whole(message).chars().count() <= TEXT
        });
        let links = style.links(&message);
        let body = [style.escape(&message.headline()), links]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n");
        let mut body = json!({
            "body": body,
            "connectColor": colour(message.severity),
            "connectInfo": [{
                "title": style.lines(&message).join("\n"),
                "description": style.snippet(&message),
            }],
        });
        if let Some(email) = &self.email {
            body["email"] = email.as_str().into();
        }
        let mut request = Request::json(self.url.clone(), &body);
        let accept =
            reqwest::header::HeaderValue::from_static("application/vnd.tosslab.jandi-v2+json");
        request.headers.insert("accept", accept);
        request
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            400 => Verdict::Permanent("answered 400: check `url` and `email`".to_owned()),
            _ => Verdict::ByStatus,
        }
    }
}
