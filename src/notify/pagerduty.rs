//! PagerDuty Events API v2: an incident a story, which later alerts of it update and recovery resolves.

use serde_json::{Value, json};
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, parse_url};
use super::incident::{dedup, details, feed};
use super::markup::within;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::Reason;
use crate::domain::alert::message::Message;
use crate::domain::rule::Severity;
use crate::secret::Secret;

/// Where events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagerdutySettings {
    /// The API; default: that of the US region. EU: `https://events.eu.pagerduty.com`.
    pub api: Option<String>,
    /// The integration key of a service.
    pub routing_key: Secret,
}

const API: &str = "https://events.pagerduty.com";
const SUMMARY: usize = 1_024;
const DEDUP_KEY: usize = 255;
/// Of the whole event, in bytes; half of what is taken.
const EVENT: usize = 256 * 1_024;

struct Pagerduty {
    url: Url,
    routing_key: Secret,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &PagerdutySettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let key = settings.routing_key.expose();
    if key.len() != 32 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(BuildError::new(
            "routing_key",
            "is not 32 letters and digits: copy the integration key of an Events API v2 integration",
        ));
    }
    let mut mask = Mask::default();
    mask.hide(key);
    let api = parse_url("api", settings.api.as_deref().unwrap_or(API))?;
    let url = below(&api, &["v2", "enqueue"]);
    let http = Http::new(&url, mask, context)?;
    let pagerduty = Pagerduty {
        url,
        routing_key: settings.routing_key.clone(),
        voice,
    };
    Ok(Box::new(Service::new(pagerduty, http)))
}

impl Protocol for Pagerduty {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let alert = &outgoing.alert;
        let build = |message: &Message| {
            let links: Vec<Value> = message
                .links
                .iter()
                .map(|link| json!({ "href": link.url, "text": link.label }))
                .collect();
            let severity = match alert.severity {
                Severity::Critical => "critical",
                Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low | Severity::Info => "info",
            };
            let action = match alert.reason {
                Reason::Resolved => "resolve",
                Reason::Acknowledged => "acknowledge",
                _ => "trigger",
            };
            json!({
                "routing_key": self.routing_key.expose(),
                "event_action": action,
                "dedup_key": dedup(alert, DEDUP_KEY),
                "payload": {
                    "summary": within(&message.headline(), SUMMARY, |text| text.chars().count()),
                    "source": feed(alert).unwrap_or_else(|| "bongsu".to_owned()),
                    "severity": severity,
                    "timestamp": alert.created.to_string(),
                    "component": alert.rule.id,
                    "class": alert.reason.as_str(),
                    "custom_details": details(alert, message),
                },
                "links": links,
                "client": "bongsu",
            })
        };
        let message = self.voice.fitted(outgoing, shape, |message| {
            build(message).to_string().len() <= EVENT
        });
        Request::json(self.url.clone(), &build(&message))
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            202 => Verdict::Delivered,
            200 => Verdict::Later("answered 200, not 202: is `api` right?".to_owned()),
            400 => {
                Verdict::Permanent("refused as an invalid event; check `routing_key`".to_owned())
            }
            _ => Verdict::ByStatus,
        }
    }
}
