//! KakaoWork: a bot that writes to a conversation or to a member by mail address. A 200 may still be an error.

use serde_json::{Value, json};
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, check_header};
use super::markup::{Style, within};
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::message::Message;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KakaoworkSettings {
    /// The API; default: KakaoWork's.
    pub api: Option<String>,
    /// The bot's app key.
    pub token: Secret,
    /// To whom.
    pub to: KakaoworkTo,
}

/// To whom a KakaoWork bot writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KakaoworkTo {
    /// A conversation that the bot is in.
    Conversation(String),
    /// A member.
    Email(String),
}

const API: &str = "https://api.kakaowork.com";
/// In characters; not documented, so little.
const TEXT: usize = 500;
/// A heading of a message.
const HEADER: usize = 20;
/// The words on a button.
const BUTTON: usize = 20;

struct Kakaowork {
    url: Url,
    settings: KakaoworkSettings,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &KakaoworkSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    check_header("token", &settings.token)?;
    let api = ("api", settings.api.as_deref().unwrap_or(API));
    let method = match settings.to {
        KakaoworkTo::Conversation(_) => "messages.send",
        KakaoworkTo::Email(_) => "messages.send_by_email",
    };
    let (url, http) = Http::below(api, &["v1", method], &settings.token, context)?;
    let kakaowork = Kakaowork {
        url,
        settings: settings.clone(),
        voice,
    };
    Ok(Box::new(Service::new(kakaowork, http)))
}

impl Protocol for Kakaowork {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let count = |text: &str| text.chars().count();
        let text = |message: &Message| {
            let parts = [
                message.headline(),
                Style::Plain.lines(message).join("\n"),
                Style::Plain.snippet(message),
            ];
            parts.join("\n").trim_end().to_owned()
        };
        let message = self
            .voice
            .fitted(outgoing, shape, |message| count(&text(message)) <= TEXT);
        let shown = within(&text(&message), TEXT, count);
        let mut body = if shape == Shape::Plain {
            let links = Style::Plain.links(&message);
            json!({ "text": format!("{shown}\n{links}").trim_end() })
        } else {
            json!({
                "text": within(&message.headline(), TEXT, count),
                "blocks": blocks(&shown, &message, &outgoing.alert.rule.id),
            })
        };
        match &self.settings.to {
            KakaoworkTo::Conversation(id) => body["conversation_id"] = id.as_str().into(),
            KakaoworkTo::Email(email) => body["email"] = email.as_str().into(),
        }
        Request::json(self.url.clone(), &body).bearer(&self.settings.token)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.json();
        match (answer.status, said["success"].as_bool()) {
            (200..=299, Some(true)) => Verdict::Delivered,
            (200..=299, None) => {
                Verdict::Later("answered 200 without success: is `api` right?".to_owned())
            }
            (200..=299, Some(false)) => failed(said["error"]["code"].as_str().unwrap_or("")),
            _ => Verdict::ByStatus,
        }
    }

    fn has_plain(&self) -> bool {
        true
    }
}

/// What the error in a 200 means.
fn failed(code: &str) -> Verdict {
    match code {
        "too_many_requests" | "internal_error" | "api_not_available" => {
            Verdict::Later(format!("said {code}"))
        }
        "invalid_authentication" | "unauthorized" | "expired_app_key" | "invalid_app_key" => {
            Verdict::Refused(format!("said {code}: check `token`"))
        }
        "conversation_not_found" | "user_not_found" => {
            Verdict::Gone(format!("said {code}: check `conversation` or `email`"))
        }
        "invalid_blocks" | "invalid_parameter" | "invalid_request" => Verdict::Unreadable,
        code => Verdict::Permanent(format!("said {code}")),
    }
}

fn blocks(text: &str, message: &Message, rule: &str) -> Value {
    let count = |text: &str| text.chars().count();
    let mut blocks = vec![
        json!({ "type": "header", "text": within(rule, HEADER, count), "style": "blue" }),
        json!({ "type": "text", "text": text, "markdown": false }),
    ];
    for link in &message.links {
        blocks.push(json!({
            "type": "button", "text": within(&link.label, BUTTON, count), "style": "default",
            "action_type": "open_system_browser", "value": link.url,
        }));
    }
    blocks.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_in_a_200_is_read() {
        for (code, verdict) in [
            ("too_many_requests", "Later"),
            ("invalid_authentication", "Refused"),
            ("conversation_not_found", "Gone"),
            ("invalid_blocks", "Unreadable"),
            ("something_new", "Permanent"),
        ] {
            let got = format!("{:?}", failed(code));
            assert!(got.starts_with(verdict), "{code}: {got}");
        }
    }
}
