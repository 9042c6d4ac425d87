//! Signal, through the REST service around signal-cli.

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, parse_url};
use super::markup::Style;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalSettings {
    /// The service.
    pub url: String,
    /// Who writes: `+82…`.
    pub from: String,
    /// Numbers, user names, or `group.…`.
    pub to: Vec<String>,
}

/// In bytes; a longer text becomes an attachment on phones.
const TEXT: usize = 2_000;

struct Signal {
    url: Url,
    settings: SignalSettings,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &SignalSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let digits = settings.from.strip_prefix('+').unwrap_or("");
    if digits.len() < 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BuildError::new(
            "from",
            "is no number with its country: write it as \"+821012345678\"",
        ));
    }
    let url = below(&parse_url("url", &settings.url)?, &["v2", "send"]);
    let http = Http::new(&url, Mask::default(), context)?;
    let signal = Signal {
        url,
        settings: settings.clone(),
        voice,
    };
    Ok(Box::new(Service::new(signal, http)))
}

impl Protocol for Signal {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let message = self.voice.fitted(outgoing, shape, |message| {
            Style::Plain.whole(message).len() <= TEXT
        });
        let body = json!({
            "number": self.settings.from, "recipients": self.settings.to,
            "message": Style::Plain.whole(&message), "text_mode": "normal",
        });
        Request::json(self.url.clone(), &body)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = String::from_utf8_lossy(&answer.body).to_lowercase();
        match answer.status {
            201 => Verdict::Delivered,
            200 => Verdict::Later(
                "answered 200, not 201: is `url` signal-cli's REST service?".to_owned(),
            ),
            // It answers 400 to whatever signal-cli said.
            400 if said.contains("rate limit") || said.contains("challenge") => {
                Verdict::Later("Signal asks for fewer messages".to_owned())
            }
            400 if said.contains("not registered") || said.contains("unregistered") => {
                Verdict::Refused("a number is not registered: check `from` and `to`".to_owned())
            }
            400 if ["connection", "timeout", "network"]
                .iter()
                .any(|word| said.contains(word)) =>
            {
                Verdict::Later("signal-cli cannot reach Signal".to_owned())
            }
            400 => Verdict::Permanent("refused: check `from` and `to`".to_owned()),
            _ => Verdict::ByStatus,
        }
    }
}
