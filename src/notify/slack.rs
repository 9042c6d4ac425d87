//! Slack: blocks to an incoming webhook, or to a channel as a bot, which puts later messages of a story under
//! its first.
//!
//! A bot's answers are 200 whatever happened: the body says. Limits as Slack documents them, in characters.

use serde_json::{Value, json};
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, check_header, parse_url};
use super::markup::{Style, chunks, within};
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::thread::Threads;
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::message::Message;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlackSettings {
    /// An incoming webhook.
    Hook {
        /// `https://hooks.slack.com/services/…`.
        url: Secret,
    },
    /// A bot in a channel.
    Bot {
        /// The Web API; default: Slack's.
        api: Option<String>,
        /// `xoxb-…`.
        token: Secret,
        /// `C0123…` or `#name`.
        channel: String,
    },
}

const API: &str = "https://slack.com/api";
const HEADER: usize = 150;
const SECTION: usize = 3_000;
/// All of a message; more is taken, but nobody reads it.
const ALL: usize = 12_000;

struct Slack {
    url: Url,
    /// Token and channel of a bot.
    bot: Option<(Secret, String)>,
    voice: Voice,
    threads: Threads,
}

/// Checks the settings.
pub(super) fn new(
    settings: &SlackSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let mut mask = Mask::default();
    let (url, bot) = match settings {
        SlackSettings::Hook { url } => {
            let url = parse_url("url", url.expose())?;
            mask.hide_url(&url);
            (url, None)
        }
        SlackSettings::Bot {
            api,
            token,
            channel,
        } => {
            check_header("token", token)?;
            mask.hide(token.expose());
            let api = parse_url("api", api.as_deref().unwrap_or(API))?;
            let url = super::http::below(&api, &["chat.postMessage"]);
            (url, Some((token.clone(), channel.clone())))
        }
    };
    let http = Http::new(&url, mask, context)?;
    let slack = Slack {
        url,
        bot,
        voice,
        threads: Threads::default(),
    };
    Ok(Box::new(Service::new(slack, http)))
}

impl Protocol for Slack {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let message = self.voice.fitted(outgoing, shape, |message| {
            Style::Slack.whole(message).chars().count() <= ALL
        });
        let mut body = if shape == Shape::Plain {
            json!({ "text": Style::Slack.whole(&message) })
        } else {
            json!({ "text": line(&message), "blocks": blocks(&message) })
        };
        body["unfurl_links"] = false.into();
        body["unfurl_media"] = false.into();
        let Some((token, channel)) = &self.bot else {
            return Request::json(self.url.clone(), &body);
        };
        body["channel"] = channel.as_str().into();
        if let Some(first) = self.threads.of(&outgoing.alert) {
            body["thread_ts"] = first.into();
        }
        Request::json(self.url.clone(), &body).bearer(token)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        if self.bot.is_some() {
            of_bot(answer)
        } else {
            of_hook(answer)
        }
    }

    fn has_plain(&self) -> bool {
        true
    }

    fn took(&self, outgoing: &Outgoing, answer: &Answer) {
        if let Some(ts) = answer.json()["ts"].as_str() {
            self.threads.began(&outgoing.alert, ts);
        }
    }
}

/// What a lock screen shows.
fn line(message: &Message) -> String {
    let source = message.lines.first().map(|line| line.text.as_str());
    let text = format!("{} · {}", message.headline(), source.unwrap_or(""));
    Style::Slack.escape(text.trim_end_matches(" · "))
}

fn blocks(message: &Message) -> Vec<Value> {
    // Verbatim: only our own links are links, not what looks like one in a title.
    let section = |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    let headline = message.headline();
    let length = |text: &str| literal(text).chars().count();
    let header = within(&headline, HEADER, length);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": literal(&header), "emoji": false },
    })];
    if header != headline {
        blocks.push(section(Style::Slack.strong(&headline)));
    }
    blocks.extend(
        chunks(Style::Slack, message, SECTION)
            .into_iter()
            .map(section),
    );
    let snippet = Style::Slack.snippet(message);
    if !snippet.is_empty() {
        blocks.push(section(snippet));
    }
    let links = Style::Slack.links(message);
    if !links.is_empty() && links.chars().count() <= SECTION {
        blocks.push(section(links));
    }
    blocks
}

/// Text where no markup is read: only the three characters that Slack always reads.
fn literal(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn of_hook(answer: &Answer) -> Verdict {
    let said = String::from_utf8_lossy(&answer.body);
    match (answer.status, said.trim()) {
        (200, "ok") => Verdict::Delivered,
        (200, _) => Verdict::Later("answered 200 but not `ok`: is this a Slack webhook?".into()),
        (400, "no_text" | "too_many_attachments") => {
            Verdict::Permanent(format!("refused: {}", said.trim()))
        }
        (403, _) => Verdict::Refused(
            "refused: the webhook may not post there any more; make a new one".into(),
        ),
        _ => Verdict::ByStatus,
    }
}

fn of_bot(answer: &Answer) -> Verdict {
    let said = answer.json();
    if said["ok"] == true {
        return Verdict::Delivered;
    }
    let Some(error) = said["error"].as_str() else {
        return match answer.status {
            200 => Verdict::Later("answered 200 without saying `ok`: is `api` right?".into()),
            _ => Verdict::ByStatus,
        };
    };
    match error {
        "ratelimited"
        | "rate_limited"
        | "fatal_error"
        | "internal_error"
        | "request_timeout"
        | "service_unavailable"
        | "team_added_to_org" => Verdict::Later(format!("said {error}")),
        "msg_too_long" | "msg_blocks_too_long" => Verdict::TooLarge,
        "invalid_blocks" | "invalid_blocks_format" => Verdict::Unreadable,
        "not_in_channel" => {
            Verdict::Gone("said not_in_channel: invite the bot to the channel".into())
        }
        "channel_not_found" | "is_archived" => {
            Verdict::Gone(format!("said {error}: name another channel"))
        }
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive"
        | "missing_scope" | "no_permission" | "restricted_action" | "ekm_access_denied" => {
            Verdict::Refused(format!(
                "said {error}: check `token` and its scope chat:write"
            ))
        }
        _ => Verdict::Permanent(format!("said {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_is_told_by_the_body() {
        for (body, verdict) in [
            (r#"{"ok":true,"ts":"1.2"}"#, "Delivered"),
            (r#"{"ok":false,"error":"ratelimited"}"#, "Later"),
            (r#"{"ok":false,"error":"is_archived"}"#, "Gone"),
            (r#"{"ok":false,"error":"not_in_channel"}"#, "Gone"),
            (r#"{"ok":false,"error":"token_revoked"}"#, "Refused"),
            (r#"{"ok":false,"error":"msg_too_long"}"#, "TooLarge"),
            (r#"{"ok":false,"error":"no_text"}"#, "Permanent"),
            ("<html>", "Later"),
        ] {
            let got = format!("{:?}", of_bot(&Answer::told(200, body)));
            assert!(got.starts_with(verdict), "{body}: {got}");
        }
        assert_eq!(of_bot(&Answer::told(503, "")), Verdict::ByStatus);
    }

    #[test]
    fn a_webhook_says_ok_or_it_has_nothing() {
        for (status, body, verdict) in [
            (200, "ok", "Delivered"),
            (200, "<html>", "Later"),
            (400, "invalid_payload", "ByStatus"),
            (400, "no_text", "Permanent"),
            (403, "action_prohibited", "Refused"),
            (404, "no_service", "ByStatus"),
        ] {
            let got = format!("{:?}", of_hook(&Answer::told(status, body)));
            assert!(got.starts_with(verdict), "{status} {body}: {got}");
        }
    }
}
