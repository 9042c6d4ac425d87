//! What the kinds for people on call have in common: which alerts are one incident, and its details.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::markup::Style;
use super::thread;
use crate::domain::alert::hex;
use crate::domain::alert::message::Message;
use crate::domain::alert::plain::one_line;
use crate::domain::alert::wire::WireAlert;

/// The longest text that is taken over from an alert, in characters.
const TEXT: usize = 200;

/// The feed that an alert's entry came from, as it may be shown; none where there is none.
pub(super) fn feed(alert: &WireAlert) -> Option<String> {
    let feed = alert.entry.as_ref()?.feed.as_deref()?;
    Some(one_line(feed, TEXT)).filter(|feed| !feed.is_empty())
}

/// The name of the incident: that of the story or of what is wrong, else the alert's own key. A longer one
/// than `max` characters is a hash.
pub(super) fn dedup(alert: &WireAlert, max: usize) -> String {
    let name = thread::story(alert).unwrap_or_else(|| alert.key.clone());
    let name = if alert.test {
        format!("bongsu-{}", alert.key)
    } else {
        format!("bongsu-{name}")
    };
    if one_line(&name, max) == name {
        name
    } else {
        format!("bongsu-{}", hex(&Sha256::digest(&name)[..16]))
    }
}

/// What stands behind the headline.
pub(super) fn details(alert: &WireAlert, message: &Message) -> Value {
    json!({
        "key": alert.key,
        "reason": alert.reason.as_str(),
        "rule": one_line(rule(alert), TEXT),
        "lines": Style::Plain.lines(message),
        "text": Style::Plain.snippet(message),
    })
}

fn rule(alert: &WireAlert) -> &str {
    if alert.rule.title.is_empty() {
        &alert.rule.id
    } else {
        &alert.rule.title
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::samples;
    use super::*;

    #[test]
    fn a_story_is_one_incident_and_recovery_names_what_broke() {
        let names: Vec<String> = samples()
            .iter()
            .map(|outgoing| dedup(&outgoing.alert, 255))
            .collect();
        let [
            new,
            entry,
            revision,
            escalation,
            digest,
            health,
            resolved,
            acked,
        ] = names.as_slice()
        else {
            panic!("{names:?}");
        };
        assert!(
            [entry, revision, escalation, acked]
                .iter()
                .all(|name| *name == new)
        );
        assert_eq!(health, "bongsu-health-feed_failing-sample-feed");
        assert_eq!(health, resolved);
        assert!(digest.starts_with("bongsu-0011"));
        assert_eq!(dedup(&samples()[5].alert, 20).len(), "bongsu-".len() + 32);
    }
}
