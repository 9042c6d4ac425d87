//! Gotify: a push message in Markdown, with the article behind a tap.

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, check_header};
use super::markup::Style;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GotifySettings {
    /// The server.
    pub url: String,
    /// The application's.
    pub token: Secret,
}

/// In characters. Gotify knows no limit, phones do.
const MESSAGE: usize = 8_000;

struct Gotify {
    url: Url,
    token: Secret,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &GotifySettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    check_header("token", &settings.token)?;
    let server = ("url", settings.url.as_str());
    let (url, http) = Http::below(server, &["message"], &settings.token, context)?;
    let gotify = Gotify {
        url,
        token: settings.token.clone(),
        voice,
    };
    Ok(Box::new(Service::new(gotify, http)))
}

impl Protocol for Gotify {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let style = if shape == Shape::Plain {
            Style::Plain
        } else {
            Style::Markdown
        };
        // A single line end is none in Markdown.
        let text = |message: &_| match style {
            Style::Plain => style.body(message),
            _ => style.body(message).replace('\n', "  \n"),
        };
        let message = self.voice.fitted(outgoing, shape, |message| {
            text(message).chars().count() <= MESSAGE
        });
        let priority = match message.severity {
            Severity::Info => 1,
            Severity::Low => 3,
            Severity::Medium => 5,
            Severity::High => 8,
            Severity::Critical => 10,
        };
        let shown_as = if style == Style::Plain {
            "text/plain"
        } else {
            "text/markdown"
        };
        let mut extras = json!({ "client::display": { "contentType": shown_as } });
        if let Some(link) = message.links.first() {
            extras["client::notification"] = json!({ "click": { "url": link.url } });
        }
        let mut body = text(&message);
        if body.is_empty() {
            body = style.escape(&message.headline());
        }
        let body = json!({
            "title": message.headline(), "message": body, "priority": priority, "extras": extras,
        });
        Request::json(self.url.clone(), &body).secret_header("x-gotify-key", self.token.expose())
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            200 if answer.json()["id"].is_u64() => Verdict::Delivered,
            200 => {
                Verdict::Later("answered 200 without an id: is `url` a Gotify server?".to_owned())
            }
            _ => Verdict::ByStatus,
        }
    }

    fn has_plain(&self) -> bool {
        true
    }
}
