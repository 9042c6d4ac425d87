//! Opsgenie's alert API, which Jira Service Management and others speak too: an alert a story, closed on recovery.

use serde_json::json;
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, check_header};
use super::incident::dedup;
use super::markup::{Style, within};
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::Reason;
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where alerts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpsgenieSettings {
    /// The API; default: that of the US region. EU: `https://api.eu.opsgenie.com`.
    pub api: Option<String>,
    /// Of an API integration.
    pub token: Secret,
}

const API: &str = "https://api.opsgenie.com";
/// In characters.
const MESSAGE: usize = 130;
const ALIAS: usize = 512;
const DESCRIPTION: usize = 15_000;

struct Opsgenie {
    url: Url,
    token: Secret,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &OpsgenieSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    check_header("token", &settings.token)?;
    let api = ("api", settings.api.as_deref().unwrap_or(API));
    let (url, http) = Http::below(api, &["v2", "alerts"], &settings.token, context)?;
    let opsgenie = Opsgenie {
        url,
        token: settings.token.clone(),
        voice,
    };
    Ok(Box::new(Service::new(opsgenie, http)))
}

impl Protocol for Opsgenie {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let alert = &outgoing.alert;
        let count = |text: &str| text.chars().count();
        let message = self.voice.fitted(outgoing, shape, |message| {
            count(&Style::Plain.whole(message)) <= DESCRIPTION
        });
        let alias = dedup(alert, ALIAS);
        let key = format!("GenieKey {}", self.token.expose());
        let action = match alert.reason {
            Reason::Resolved => Some("close"),
            Reason::Acknowledged => Some("acknowledge"),
            _ => None,
        };
        let request = if let Some(action) = action {
            let mut url = below(&self.url, &[&alias, action]);
            url.query_pairs_mut().append_pair("identifierType", "alias");
            let body = json!({ "source": "bongsu", "note": Style::Plain.whole(&message) });
            Request::json(url, &body)
        } else {
            let priority = match alert.severity {
                Severity::Critical => "P1",
                Severity::High => "P2",
                Severity::Medium => "P3",
                Severity::Low => "P4",
                Severity::Info => "P5",
            };
            let body = json!({
                "message": within(&message.headline(), MESSAGE, count), "alias": alias,
                "description": Style::Plain.whole(&message), "priority": priority,
                "source": "bongsu", "tags": [within(&alert.rule.id, 50, count)],
                "details": { "key": alert.key, "reason": alert.reason.as_str() },
            });
            Request::json(self.url.clone(), &body)
        };
        request.secret_header("authorization", &key)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            202 => Verdict::Delivered,
            200 => Verdict::Later("answered 200, not 202: is `api` right?".to_owned()),
            422 => Verdict::Permanent("refused as an invalid alert".to_owned()),
            _ => Verdict::ByStatus,
        }
    }
}
