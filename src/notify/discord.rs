//! Discord: a webhook with one embed; mentions in feed text mention nobody.
//!
//! In a forum each story gets a thread of its own. A webhook that answered 404 is gone: Discord wants no further
//! use of it.

use serde_json::{Value, json};
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request};
use super::markup::{Style, within};
use super::service::{Protocol, Service, Shape, Verdict};
use super::thread::Threads;
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::message::{Message, colour};
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscordSettings {
    /// `https://discord.com/api/webhooks/…`.
    pub url: Secret,
    /// A thread of the channel.
    pub thread: Option<String>,
    /// The channel is a forum: each story begins a thread there.
    pub forum: bool,
}

const CONTENT: usize = 2_000;
const DESCRIPTION: usize = 4_096;
const THREAD_NAME: usize = 100;
/// No link previews beside a text that stands alone.
const SUPPRESS_EMBEDS: u32 = 4;

struct Discord {
    url: Url,
    settings: DiscordSettings,
    voice: Voice,
    threads: Threads,
}

/// Checks the settings.
pub(super) fn new(
    settings: &DiscordSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let (url, http) = Http::hook(&settings.url, context)?;
    let discord = Discord {
        url,
        settings: settings.clone(),
        voice,
        threads: Threads::default(),
    };
    Ok(Box::new(Service::new(discord, http)))
}

impl Protocol for Discord {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let first = self
            .threads
            .of(&outgoing.alert)
            .filter(|_| self.settings.forum);
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("wait", "true");
        if let Some(thread) = first.as_ref().or(self.settings.thread.as_ref()) {
            url.query_pairs_mut().append_pair("thread_id", thread);
        }
        let mut body = if shape == Shape::Plain {
            plain(&self.voice.fitted(outgoing, shape, |message| {
                length(&Style::Discord.whole(message)) <= CONTENT
            }))
        } else {
            embedded(&self.voice.fitted(outgoing, shape, |message| {
                length(&Style::Discord.body(message)) <= DESCRIPTION
            }))
        };
        body["allowed_mentions"] = json!({ "parse": [] });
        if self.settings.forum && first.is_none() {
            let title = self.voice.message(outgoing).headline();
            body["thread_name"] = within(&title, THREAD_NAME, length).into();
        }
        Request::json(url, &body)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.json();
        match (answer.status, said["code"].as_u64()) {
            // With `wait=true` it answers with the message that it has stored.
            (200..=299, _) if answer.status == 204 || said["id"].is_string() => Verdict::Delivered,
            (200..=299, _) => {
                Verdict::Later("answered without a message: is `url` a webhook's?".to_owned())
            }
            (404, code) => Verdict::Gone(match code {
                Some(10_003) => "the thread or channel is gone: name another".to_owned(),
                _ => "the webhook is gone: make a new one and set `url`".to_owned(),
            }),
            (400, Some(50_006)) => Verdict::Permanent("refused as an empty message".to_owned()),
            (400, Some(220_001)) => {
                Verdict::Refused("the channel is a forum: set `forum = true`".to_owned())
            }
            (400, Some(220_003)) => {
                Verdict::Refused("the channel is no forum: leave `forum` out".to_owned())
            }
            _ => Verdict::ByStatus,
        }
    }

    fn has_plain(&self) -> bool {
        true
    }

    fn took(&self, outgoing: &Outgoing, answer: &Answer) {
        if let Some(channel) = answer.json()["channel_id"].as_str() {
            self.threads.began(&outgoing.alert, channel);
        }
    }
}

/// The unit that Discord counts in is not documented; UTF-16 units are the most it can be.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn embedded(message: &Message) -> Value {
    let headline = message.headline();
    let escaped = |text: &str| length(&Style::Discord.escape(text));
    let content = within(&headline, CONTENT - 4, escaped);
    let colour = u32::from_str_radix(colour(message.severity).trim_start_matches('#'), 16);
    json!({
        "content": Style::Discord.strong(&content),
        "embeds": [{
            "description": Style::Discord.body(message),
            "color": colour.unwrap_or_default(),
        }],
    })
}

fn plain(message: &Message) -> Value {
    json!({ "content": Style::Discord.whole(message), "flags": SUPPRESS_EMBEDS })
}

#[cfg(test)]
mod tests {
    use super::super::samples::samples;
    use super::super::template::Templates;
    use super::*;
    use crate::domain::alert::frame::{Frame, Language};

    fn discord(forum: bool) -> Discord {
        let frame = Frame {
            language: Language::En,
            zone: jiff::tz::TimeZone::UTC,
        };
        Discord {
            url: Url::parse("https://discord.example/api/webhooks/1/T").unwrap(),
            settings: DiscordSettings {
                url: Secret::new(""),
                thread: None,
                forum,
            },
            voice: Voice::new(frame, Templates::default()),
            threads: Threads::default(),
        }
    }

    #[test]
    fn answers_mean_what_discord_says() {
        for (status, body, verdict) in [
            (404, r#"{"code":10015}"#, "Gone"),
            (404, "", "Gone"),
            (400, r#"{"code":50006}"#, "Permanent"),
            (400, r#"{"code":50035}"#, "ByStatus"),
            (400, r#"{"code":220001}"#, "Refused"),
            (200, r#"{"id":"9"}"#, "Delivered"),
            (204, "", "Delivered"),
            (200, "{}", "Later"),
            (200, "<html>", "Later"),
        ] {
            let got = format!("{:?}", discord(false).verdict(&Answer::told(status, body)));
            assert!(got.starts_with(verdict), "{status} {body}: {got}");
        }
    }

    #[test]
    fn a_story_has_one_thread_of_a_forum() {
        let discord = discord(true);
        let outgoing = samples().remove(0);
        let first = discord.request(&outgoing, Shape::Whole);
        assert!(first.body.contains("thread_name"));
        discord.took(&outgoing, &Answer::told(200, r#"{"channel_id":"77"}"#));
        let second = discord.request(&outgoing, Shape::Whole);
        assert!(!second.body.contains("thread_name"));
        assert_eq!(second.url.query(), Some("wait=true&thread_id=77"));
    }
}
