//! Mattermost: Markdown to an incoming webhook, or to a channel as a bot, which answers a story's first message.

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, check_header, parse_url};
use super::markup::Style;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::thread::Threads;
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MattermostSettings {
    /// An incoming webhook.
    Hook {
        /// `https://chat.example.org/hooks/…`.
        url: Secret,
        /// Another channel than the webhook's own.
        channel: Option<String>,
    },
    /// A bot in a channel.
    Bot {
        /// The server.
        url: Secret,
        /// The bot's access token.
        token: Secret,
        /// The channel's id.
        channel: String,
    },
}

/// In characters, what a post holds since server 5.0.
const TEXT: usize = 16_383;

struct Mattermost {
    url: Url,
    settings: MattermostSettings,
    voice: Voice,
    threads: Threads,
}

/// Checks the settings.
pub(super) fn new(
    settings: &MattermostSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let mut mask = Mask::default();
    let url = match settings {
        MattermostSettings::Hook { url, .. } => {
            let url = parse_url("url", url.expose())?;
            mask.hide_url(&url);
            url
        }
        MattermostSettings::Bot { url, token, .. } => {
            check_header("token", token)?;
            mask.hide(token.expose());
            below(&parse_url("url", url.expose())?, &["api", "v4", "posts"])
        }
    };
    let http = Http::new(&url, mask, context)?;
    let mattermost = Mattermost {
        url,
        settings: settings.clone(),
        voice,
        threads: Threads::default(),
    };
    Ok(Box::new(Service::new(mattermost, http)))
}

impl Protocol for Mattermost {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let style = if shape == Shape::Plain {
            Style::Plain
        } else {
            Style::Markdown
        };
        let message = self.voice.fitted(outgoing, shape, |message| {
            style.whole(message).chars().count() <= TEXT
        });
        let text = style.whole(&message);
        match &self.settings {
            MattermostSettings::Hook { channel, .. } => {
                let mut body = json!({ "text": text });
                if let Some(channel) = channel {
                    body["channel"] = channel.as_str().into();
                }
                Request::json(self.url.clone(), &body)
            }
            MattermostSettings::Bot { token, channel, .. } => {
                let mut body = json!({ "channel_id": channel, "message": text });
                if let Some(first) = self.threads.of(&outgoing.alert) {
                    body["root_id"] = first.into();
                }
                Request::json(self.url.clone(), &body).bearer(token)
            }
        }
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.json();
        match (&self.settings, answer.status) {
            (MattermostSettings::Hook { .. }, 200) => {
                if answer.body.trim_ascii() == b"ok" {
                    Verdict::Delivered
                } else {
                    Verdict::Later("answered 200 but not `ok`: is `url` a webhook's?".to_owned())
                }
            }
            (MattermostSettings::Bot { .. }, 200 | 201) => {
                if said["id"].is_string() {
                    Verdict::Delivered
                } else {
                    Verdict::Later("answered without a post: is `url` right?".to_owned())
                }
            }
            (MattermostSettings::Hook { .. }, 400)
                if String::from_utf8_lossy(&answer.body).contains("channel") =>
            {
                Verdict::Gone("there is no such channel: check `channel`".to_owned())
            }
            (MattermostSettings::Bot { .. }, 403) => {
                Verdict::Gone("the bot may not post there: add it to the channel".to_owned())
            }
            _ => Verdict::ByStatus,
        }
    }

    fn has_plain(&self) -> bool {
        true
    }

    fn took(&self, outgoing: &Outgoing, answer: &Answer) {
        if let Some(post) = answer.json()["id"].as_str() {
            self.threads.began(&outgoing.alert, post);
        }
    }
}
