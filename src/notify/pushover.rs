//! Pushover: a short text with a priority. Emergencies, where asked for, ring until somebody takes them; whether
//! somebody has is asked by their receipts.

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, parse_url};
use super::markup::{Style, within};
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushoverSettings {
    /// The API; default: Pushover's.
    pub api: Option<String>,
    /// The application's.
    pub token: Secret,
    /// Of a user or a group.
    pub user: Secret,
    /// Only to this device.
    pub device: Option<String>,
    /// Whether critical alerts are repeated every minute for an hour, until they are acknowledged.
    pub emergency: bool,
}

const API: &str = "https://api.pushover.net";
/// In characters.
const TITLE: usize = 250;
const MESSAGE: usize = 1_024;
const URL: usize = 512;
const URL_TITLE: usize = 100;
/// In seconds.
const RETRY: u32 = 60;
const EXPIRE: u32 = 3_600;
/// Of a device's name, in characters.
const DEVICE: usize = 25;

struct Pushover {
    api: Url,
    url: Url,
    settings: PushoverSettings,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &PushoverSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let mut mask = Mask::default();
    for (key, secret) in [("token", &settings.token), ("user", &settings.user)] {
        let text = secret.expose();
        if text.len() != 30 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(BuildError::new(
                key,
                "is not 30 letters and digits: copy it again",
            ));
        }
        mask.hide(text);
    }
    let api = parse_url("api", settings.api.as_deref().unwrap_or(API))?;
    let url = below(&api, &["1", "messages.json"]);
    let http = Http::new(&url, mask, context)?;
    let pushover = Pushover {
        api,
        url,
        settings: settings.clone(),
        voice,
    };
    Ok(Box::new(Service::new(pushover, http)))
}

impl Protocol for Pushover {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let count = |text: &str| text.chars().count();
        let text = |message: &_| {
            let lines = Style::Plain.lines(message).join("\n");
            let snippet = Style::Plain.snippet(message);
            format!("{lines}\n{snippet}").trim().to_owned()
        };
        let message = self
            .voice
            .fitted(outgoing, shape, |message| count(&text(message)) <= MESSAGE);
        let title = message.headline();
        let mut said = text(&message);
        if said.is_empty() {
            said.clone_from(&title);
        }
        let priority = match message.severity {
            Severity::Info => -2,
            Severity::Low => -1,
            Severity::Medium => 0,
            Severity::High => 1,
            Severity::Critical => 1 + i32::from(self.settings.emergency),
        };
        let mut body = json!({
            "token": self.settings.token.expose(), "user": self.settings.user.expose(),
            "title": within(&title, TITLE, count), "message": within(&said, MESSAGE, count),
            "priority": priority, "timestamp": outgoing.alert.created.as_second(),
        });
        if priority == 2 {
            body["retry"] = RETRY.into();
            body["expire"] = EXPIRE.into();
        }
        if let Some(device) = &self.settings.device {
            body["device"] = device.as_str().into();
        }
        if let Some(link) = message.links.iter().find(|link| count(&link.url) <= URL) {
            body["url"] = link.url.as_str().into();
            body["url_title"] = within(&link.label, URL_TITLE, count).into();
        }
        Request::json(self.url.clone(), &body)
    }

    fn receipt(&self, answer: &str) -> Option<Request> {
        let receipt = receipt(answer).filter(|_| self.settings.emergency)?;
        let mut url = below(&self.api, &["1", "receipts", &format!("{receipt}.json")]);
        url.query_pairs_mut()
            .append_pair("token", self.settings.token.expose());
        Some(Request::get(url))
    }

    fn taken(&self, answer: &Answer) -> Option<String> {
        let said = answer.json();
        let device = said["acknowledged_by_device"].as_str().unwrap_or_default();
        (said["acknowledged"] == 1).then(|| device.chars().take(DEVICE).collect())
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.json();
        if said["status"] == 1 {
            return Verdict::Delivered;
        }
        let errors = said["errors"].to_string();
        match answer.status {
            200 => Verdict::Later("answered 200 without status 1: is `api` right?".to_owned()),
            400..=499
                if ["token", "user", "device"]
                    .iter()
                    .any(|key| errors.contains(key)) =>
            {
                Verdict::Refused("refused: check `token`, `user` and `device`".to_owned())
            }
            413 => Verdict::TooLarge,
            429 => Verdict::Later("this month's messages are used up".to_owned()),
            400..=499 => Verdict::Permanent("refused: it must not be repeated as it is".to_owned()),
            _ => Verdict::ByStatus,
        }
    }
}

/// The receipt of an emergency in what was said of it.
fn receipt(answer: &str) -> Option<String> {
    let said: serde_json::Value = serde_json::from_str(answer).ok()?;
    let receipt = said["receipt"].as_str()?;
    let sound = receipt.len() == 30 && receipt.bytes().all(|byte| byte.is_ascii_alphanumeric());
    sound.then(|| receipt.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::template::Templates;
    use super::*;
    use crate::domain::alert::frame::{Frame, Language};

    #[test]
    fn only_a_receipt_that_can_be_one_is_asked_for() {
        let sound = "r".repeat(30);
        for (answer, found) in [
            (format!(r#"{{"status":1,"receipt":"{sound}"}}"#), true),
            (r#"{"status":1,"request":"x"}"#.to_owned(), false),
            (r#"{"status":1,"receipt":"../../2/x"}"#.to_owned(), false),
            (r#"{"status":1,"receipt":"rrrr"#.to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(receipt(&answer).is_some(), found, "{answer}");
        }
    }

    #[test]
    fn who_took_it_is_told_by_the_device() {
        let pushover = Pushover {
            api: Url::parse(API).unwrap(),
            url: Url::parse(API).unwrap(),
            settings: PushoverSettings {
                api: None,
                token: Secret::new("t".repeat(30)),
                user: Secret::new("u".repeat(30)),
                device: None,
                emergency: true,
            },
            voice: Voice::new(
                Frame {
                    language: Language::En,
                    zone: jiff::tz::TimeZone::UTC,
                },
                Templates::default(),
            ),
        };
        let answer = format!(r#"{{"status":1,"receipt":"{}"}}"#, "r".repeat(30));
        let asked = pushover.receipt(&answer).unwrap();
        assert_eq!(
            asked.url.path(),
            format!("/1/receipts/{}.json", "r".repeat(30))
        );
        for (said, by) in [
            (r#"{"status":1,"acknowledged":0}"#, None),
            (
                r#"{"status":1,"acknowledged":1,"acknowledged_by_device":"iphone"}"#,
                Some("iphone"),
            ),
            (r#"{"status":1,"acknowledged":1}"#, Some("")),
            ("nonsense", None),
        ] {
            assert_eq!(
                pushover.taken(&Answer::told(200, said)).as_deref(),
                by,
                "{said}"
            );
        }
    }
}
