//! Prometheus Alertmanager, API v2: alerts with labels to route and silence by.
//!
//! An alert there ends by itself; news is no lasting state, so it ends after `expire`, and recovery ends it at once.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use url::Url;

use super::http::answer::Answer;
use super::http::{Http, Request, below, check_header, parse_url};
use super::incident::{dedup, feed};
use super::markup::Style;
use super::mask::Mask;
use super::service::{Protocol, Service, Shape, Verdict};
use super::voice::Voice;
use super::{BuildError, Context, Notifier, Outgoing};
use crate::domain::alert::Reason;
use crate::domain::alert::plain::one_line;
use crate::secret::Secret;

/// Where alerts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertmanagerSettings {
    /// The server.
    pub url: String,
    /// A bearer token, where a proxy before it wants one.
    pub token: Option<Secret>,
    /// After which an alert counts as resolved there.
    pub expire: Duration,
}

/// Of a label's value, in characters.
const LABEL: usize = 200;
/// Of the description, in characters.
const DESCRIPTION: usize = 8_000;

struct Alertmanager {
    url: Url,
    settings: AlertmanagerSettings,
    voice: Voice,
}

/// Checks the settings.
pub(super) fn new(
    settings: &AlertmanagerSettings,
    voice: Voice,
    context: &Context,
) -> Result<Box<dyn Notifier>, BuildError> {
    let mut mask = Mask::default();
    if let Some(token) = &settings.token {
        check_header("token", token)?;
        mask.hide(token.expose());
    }
    let url = below(&parse_url("url", &settings.url)?, &["api", "v2", "alerts"]);
    let http = Http::new(&url, mask, context)?;
    let alertmanager = Alertmanager {
        url,
        settings: settings.clone(),
        voice,
    };
    Ok(Box::new(Service::new(alertmanager, http)))
}

impl Protocol for Alertmanager {
    fn request(&self, outgoing: &Outgoing, shape: Shape) -> Request {
        let alert = &outgoing.alert;
        let message = self.voice.fitted(outgoing, shape, |message| {
            Style::Plain.body(message).chars().count() <= DESCRIPTION
        });
        let mut labels = Map::new();
        let mut label = |name: &str, value: Option<&str>| {
            // A label without a value is none.
            let value = value.map_or_else(String::new, |value| one_line(value, LABEL));
            if !value.is_empty() {
                labels.insert(name.to_owned(), value.into());
            }
        };
        label("alertname", Some("bongsu"));
        label("rule", Some(&alert.rule.id));
        label("severity", Some(alert.severity.as_str()));
        label("story", Some(&dedup(alert, 200)));
        let health = alert.health.as_ref();
        label("kind", health.map(|health| health.kind.as_str()));
        label("subject", health.map(|health| health.subject.as_str()));
        label("feed", feed(alert).as_deref());

        let lasts = if alert.reason == Reason::Resolved {
            SignedDuration::ZERO
        } else {
            SignedDuration::try_from(self.settings.expire).unwrap_or(SignedDuration::from_hours(1))
        };
        let ends = outgoing
            .sent_at
            .checked_add(lasts)
            .unwrap_or(outgoing.sent_at);
        let mut body = json!({
            "labels": labels,
            "annotations": {
                "summary": message.headline(), "description": Style::Plain.body(&message),
                "reason": alert.reason.as_str(), "key": alert.key,
            },
            "startsAt": alert.created.to_string(),
            "endsAt": ends.to_string(),
        });
        if let Some(link) = message.links.first() {
            body["generatorURL"] = link.url.as_str().into();
        }
        let request = Request::json(self.url.clone(), &Value::Array(vec![body]));
        match &self.settings.token {
            Some(token) => request.bearer(token),
            None => request,
        }
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let said = answer.body.trim_ascii();
        match answer.status {
            // It says nothing; what keeps its first API, that it is well.
            200..=299 if said.is_empty() || answer.json()["status"] == "success" => {
                Verdict::Delivered
            }
            200..=299 => {
                Verdict::Later("answered with a text: is `url` an Alertmanager's?".to_owned())
            }
            400 => Verdict::Permanent("refused as an invalid alert".to_owned()),
            _ => Verdict::ByStatus,
        }
    }
}
