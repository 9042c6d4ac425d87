//! What each service gets: as it documents it, of every reason, in both languages, short or endless.

use serde_json::Value;

use super::kinds::{ALL, named};
use super::support::http::{Reply, Server};
use super::{TITLE, alert, class, digest, health, outgoing, receiver, send};

#[test]
fn every_kind_sends_what_its_service_documents() {
    let mut escalation = alert(TITLE);
    escalation.reason = bongsu::domain::alert::Reason::Escalation;
    let mut late = alert("");
    late.late_by = Some(9 * 3_600);
    late.severity = bongsu::domain::rule::Severity::Info;
    late.entry.as_mut().unwrap().url = None;
    let mut test = health("health");
    test.test = true;
    let alerts = [
        alert(TITLE),
        escalation,
        late,
        health("health"),
        digest(1, TITLE),
        digest(60, TITLE),
        alert(&"긴 제목 ".repeat(5_000)),
        digest(60, &"긴 제목 ".repeat(200)),
    ];
    for kind in &ALL {
        for alert in &alerts {
            let server = kind.server();
            let mut alert = alert.clone();
            alert.key = "00112233445566778899aabbccddeeff".into();
            let notifier = receiver(&kind.config(&server));
            let attempt = send(&*notifier, &outgoing(alert.clone()));
            let said = format!("{}: {} {}", kind.name, class(&attempt), attempt.answer);
            assert!(
                said.contains("delivered"),
                "{said}\n{}",
                alert.reason.as_str()
            );
            assert_eq!(kind.messages(&server).len(), 1, "{said}");
        }
    }
}

#[test]
fn a_kind_says_who_where_when_and_why() {
    for kind in &ALL {
        let server = kind.server();
        send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
        let message = kind.messages(&server).remove(0);
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        let said = super::texts(&body)
            .join("\n")
            .replace(['\\', '\u{200b}'], "");
        for wanted in [
            "K9 1.3조원",
            "yonhap-ko",
            "10:02",
            "example.org/a",
            "desk.example.org/alerts/7",
        ] {
            // Alertmanager and Pushover carry one link, Gotify and Pushover one behind the tap.
            let one_link = ["alertmanager", "pushover"].contains(&kind.name);
            if !(one_link && wanted.starts_with("desk")) {
                assert!(
                    said.contains(wanted),
                    "{}: no {wanted} in {said}",
                    kind.name
                );
            }
        }
        let evidence = said.contains("국방부와") || said.contains("K9");
        assert!(evidence, "{}: {said}", kind.name);
    }
}

#[test]
fn the_preview_is_what_is_sent() {
    for kind in &ALL {
        let server = kind.server();
        let notifier = receiver(&kind.config(&server));
        let outgoing = outgoing(alert(TITLE));
        let preview = notifier.preview(&outgoing);
        assert!(
            server.requests().is_empty(),
            "{} asked something",
            kind.name
        );
        send(&*notifier, &outgoing);
        let message = kind.messages(&server).remove(0);
        let mut sent = String::from_utf8(message.body.clone()).unwrap();
        for secret in kind.secrets {
            assert!(!preview.contains(secret), "{}: {preview}", kind.name);
        }
        // The masked body and the sent one differ in secrets only.
        let (head, shown) = preview.split_once("\n\n").unwrap();
        for part in shown.split("‹redacted›") {
            let at = sent
                .find(part)
                .unwrap_or_else(|| panic!("{}: {part}\n{sent}", kind.name));
            sent.drain(..at + part.len());
        }
        assert!(head.starts_with(&format!("{} ", message.method)), "{head}");
        assert!(head.contains("\ncontent-type: application/json"), "{head}");
        assert!(head.contains("\nhost: 127.0.0.1:"), "{head}");
    }
}

#[test]
fn the_text_after_a_rejected_size_is_much_smaller_and_says_so() {
    for kind in &ALL {
        let large = Reply::status(413).body("too large");
        for (second, expected) in [(None, "permanent"), (Some(()), "delivered")] {
            let (status, body) = kind.yes;
            let yes = Reply::status(status).body(body);
            let server = kind.answering(large.clone());
            if second.is_some() {
                server.in_order(kind.target, vec![large.clone(), yes.clone(), yes]);
            }
            // Matrix gives a smaller event another id.
            let small = format!("{}-small", kind.target);
            match second {
                Some(()) => server.set(&small, Reply::status(status).body(body)),
                None => server.set(&small, large.clone()),
            }
            let notifier = receiver(&kind.config(&server));
            let mut alert = digest(60, TITLE);
            alert.key = "00112233445566778899aabbccddeeff".into();
            let attempt = send(&*notifier, &outgoing(alert));
            let mut messages = server.requests();
            messages.retain(|request| kind.before.is_none_or(|(path, _)| request.path() != path));
            assert!(
                class(&attempt).starts_with(expected),
                "{}: {}",
                kind.name,
                class(&attempt)
            );
            assert_eq!(messages.len(), 2, "{}", kind.name);
            let (whole, small) = (&messages[0].body, &messages[1].body);
            assert!(
                small.len() < whole.len() || kind.name == "kakaowork",
                "{}",
                kind.name
            );
            assert!(
                String::from_utf8_lossy(small).contains('…'),
                "{}",
                kind.name
            );
        }
    }
}

#[test]
fn recovery_ends_what_the_incident_began() {
    let kind = named("pagerduty");
    let server = kind.server();
    let notifier = receiver(&kind.config(&server));
    for reason in ["health", "resolved"] {
        send(&*notifier, &outgoing(health(reason)));
    }
    let said: Vec<Value> = kind
        .messages(&server)
        .iter()
        .map(|message| serde_json::from_slice(&message.body).unwrap())
        .collect();
    assert_eq!(said[0]["event_action"], "trigger");
    assert_eq!(said[1]["event_action"], "resolve");
    assert_eq!(said[0]["dedup_key"], said[1]["dedup_key"]);

    let kind = named("alertmanager");
    let server = kind.server();
    let notifier = receiver(&kind.config(&server));
    for reason in ["health", "resolved"] {
        send(&*notifier, &outgoing(health(reason)));
    }
    let said: Vec<Value> = kind
        .messages(&server)
        .iter()
        .map(|message| serde_json::from_slice(&message.body).unwrap())
        .collect();
    assert_eq!(said[0][0]["labels"], said[1][0]["labels"]);
    assert_eq!(said[1][0]["endsAt"], "2026-11-24T01:10:00Z");

    let kind = named("opsgenie");
    let server = Server::start();
    let close = "/v2/alerts/bongsu-health-feed_failing-yonhap-ko/close?identifierType=alias";
    server.set(close, Reply::status(202));
    let attempt = send(
        &*receiver(&kind.config(&server)),
        &outgoing(health("resolved")),
    );
    assert_eq!(class(&attempt).trim(), "delivered");
}

#[test]
fn an_acknowledgement_stops_the_ringing_of_its_story() {
    let mut acked = alert(TITLE);
    acked.reason = bongsu::domain::alert::Reason::Acknowledged;
    let kind = named("pagerduty");
    let server = kind.server();
    let notifier = receiver(&kind.config(&server));
    for alert in [alert(TITLE), acked.clone()] {
        let attempt = send(&*notifier, &outgoing(alert));
        assert_eq!(class(&attempt).trim(), "delivered");
    }
    let said: Vec<Value> = kind
        .messages(&server)
        .iter()
        .map(|message| serde_json::from_slice(&message.body).unwrap())
        .collect();
    assert_eq!(said[0]["event_action"], "trigger");
    assert_eq!(said[1]["event_action"], "acknowledge");
    assert_eq!(said[0]["dedup_key"], said[1]["dedup_key"]);

    let server = Server::start();
    let story = "bongsu-story-3-1795482540000";
    let path = format!("/v2/alerts/{story}/acknowledge?identifierType=alias");
    server.set(&path, Reply::status(202));
    let kind = named("opsgenie");
    let attempt = send(&*receiver(&kind.config(&server)), &outgoing(acked));
    assert_eq!(class(&attempt).trim(), "delivered");
}

#[test]
fn templates_word_the_message_of_any_kind_and_are_escaped_like_it() {
    for kind in &ALL {
        let server = kind.server();
        let words =
            "title = \"<b>{{ rule }}</b> {{ title }}\"\nbody = \"{{ feed }} @everyone <!channel>\"";
        let notifier = receiver(&format!("{}\n{words}", kind.config(&server)));
        let attempt = send(&*notifier, &outgoing(alert(TITLE)));
        let said = format!("{}: {} {}", kind.name, class(&attempt), attempt.answer);
        assert!(said.contains("delivered"), "{said}");
        let message = kind.messages(&server).remove(0);
        assert!(
            String::from_utf8_lossy(&message.body).contains("Arms exports"),
            "{said}"
        );
    }
}
