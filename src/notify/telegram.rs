//! Telegram: a bot that writes to a chat in HTML; later messages of a story answer its first.
//!
//! The token is part of every URL, so no URL is ever shown.

use std::sync::{Mutex, PoisonError};

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, parse_url};
use super::markup::Style;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::thread::Threads;
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramSettings {
    /// The Bot API; default: Telegram's.
    pub api: Option<String>,
    /// The bot's.
    pub token: Secret,
    /// A number, or `@channel`.
    pub chat: String,
    /// A topic of the group.
    pub thread: Option<u32>,
}

const API: &str = "https://api.telegram.org";
/// In UTF-16 units, counted by Telegram without the markup: with it we are on the safe side.
const TEXT: usize = 4_096;

struct Telegram {
    url: Url,
    settings: TelegramSettings,
    voice: Voice,
    threads: Threads,
    /// Where the group has moved to.
    moved: Mutex<Option<String>>,
}

/// Checks the settings.
pub(super) fn new(
    settings: &TelegramSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let token = settings.token.expose();
    if !token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte))
    {
        return Err(BuildError::new(
            "token",
            "is no bot token: copy what BotFather gave, such as 123456:AAF…",
        ));
    }
    let api = parse_url("api", settings.api.as_deref().unwrap_or(API))?;
    let url = below(&api, &[&format!("bot{token}"), "sendMessage"]);
    let mut mask = Mask::default();
    mask.hide(token);
    let http = Http::new(&url, mask, context)?;
    let telegram = Telegram {
        url,
        settings: settings.clone(),
        voice,
        threads: Threads::default(),
        moved: Mutex::default(),
    };
    Ok(Box::new(Service::new(telegram, http)))
}

impl Telegram {
    fn chat(&self) -> String {
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.clone().unwrap_or_else(|| self.settings.chat.clone())
    }
}

impl Protocol for Telegram {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let style = if shape == Shape::Plain {
            Style::Plain
        } else {
            Style::Html
        };
        let message = self.voice.fitted(outgoing, shape, |message| {
            style.whole(message).encode_utf16().count() <= TEXT
        });
        let mut body = json!({
            "chat_id": self.chat(),
            "text": style.whole(&message),
            "link_preview_options": { "is_disabled": true },
            "disable_notification": message.severity < Severity::High,
        });
        if style == Style::Html {
            body["parse_mode"] = "HTML".into();
        }
        if let Some(thread) = self.settings.thread {
            body["message_thread_id"] = thread.into();
        }
        let first = self.threads.of(&outgoing.alert);
        if let Some(first) = first.and_then(|id| id.parse::<i64>().ok()) {
            body["reply_parameters"] =
                json!({ "message_id": first, "allow_sending_without_reply": true });
        }
        Request::json(self.url.clone(), &body)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.json();
        if said["ok"] == true {
            return Verdict::Delivered;
        }
        let description = said["description"].as_str().unwrap_or("").to_lowercase();
        let about = |words: &[&str]| words.iter().any(|word| description.contains(word));
        match answer.status {
            200 => Verdict::Later("answered 200 without `ok`: is `api` right?".to_owned()),
            400 if !said["parameters"]["migrate_to_chat_id"].is_null() => {
                let to = said["parameters"]["migrate_to_chat_id"].to_string();
                Verdict::Refused(format!("the group has moved: set chat = \"{to}\""))
            }
            400 if about(&["can't parse entities"]) => Verdict::Unreadable,
            400 if about(&["message is too long"]) => Verdict::TooLarge,
            400 if about(&["chat not found", "thread not found"]) => Verdict::Gone(
                "there is no such chat or topic: check `chat` and `thread`".to_owned(),
            ),
            400 => Verdict::Permanent("refused: it does not accept this message".to_owned()),
            403 => Verdict::Gone("the bot was put out of the chat: let it in again".to_owned()),
            401 | 404 => Verdict::Refused("the token is not known: check `token`".to_owned()),
            _ => Verdict::ByStatus,
        }
    }

    fn has_plain(&self) -> bool {
        true
    }

    /// Follows a group that has moved, and writes there at once.
    fn learns_from(&self, refusal: &Answer) -> bool {
        let to = &refusal.json()["parameters"]["migrate_to_chat_id"];
        let Some(to) = to.as_i64() else {
            return false;
        };
        tracing::warn!(to, "the Telegram group has moved: set chat = \"{to}\"");
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        *moved = Some(to.to_string());
        true
    }

    fn took(&self, outgoing: &Outgoing, answer: &Answer) {
        if let Some(id) = answer.json()["result"]["message_id"].as_i64() {
            self.threads.began(&outgoing.alert, &id.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::Templates;
    use super::*;
    use crate::domain::alert::frame::{Frame, Language};

    #[test]
    fn answers_mean_what_telegram_says() {
        let frame = Frame {
            language: Language::En,
            zone: jiff::tz::TimeZone::UTC,
        };
        let telegram = Telegram {
            url: Url::parse("https://api.example/botT/sendMessage").unwrap(),
            settings: TelegramSettings {
                api: None,
                token: Secret::new("1:T"),
                chat: "-5".into(),
                thread: None,
            },
            voice: Voice::new(frame, Templates::default()),
            threads: Threads::default(),
            moved: Mutex::default(),
        };
        let bad = |description: &str| format!(r#"{{"ok":false,"description":"{description}"}}"#);
        for (status, body, verdict) in [
            (
                200,
                r#"{"ok":true,"result":{"message_id":7}}"#.to_owned(),
                "Delivered",
            ),
            (200, "<html>".to_owned(), "Later"),
            (
                400,
                bad("Bad Request: can't parse entities: x"),
                "Unreadable",
            ),
            (400, bad("Bad Request: message is too long"), "TooLarge"),
            (400, bad("Bad Request: chat not found"), "Gone"),
            (
                403,
                bad("Forbidden: bot was kicked from the group chat"),
                "Gone",
            ),
            (401, bad("Unauthorized"), "Refused"),
            (404, bad("Not Found"), "Refused"),
            (429, bad("Too Many Requests: retry after 5"), "ByStatus"),
            (502, String::new(), "ByStatus"),
        ] {
            let got = format!("{:?}", telegram.verdict(&Answer::told(status, &body)));
            assert!(got.starts_with(verdict), "{status} {body}: {got}");
        }
        let moved = r#"{"ok":false,"parameters":{"migrate_to_chat_id":-1001}}"#;
        assert!(telegram.learns_from(&Answer::told(400, moved)));
        assert_eq!(telegram.chat(), "-1001");
    }
}
