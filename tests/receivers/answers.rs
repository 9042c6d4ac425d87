//! What the documented answers of each service come to.

use super::kinds::{ALL, named};
use super::support::http::{Reply, Server};
use super::{TITLE, alert, class, outgoing, receiver, send, wait};

/// The kind, the answer, how the attempt ends, and how long the service asked to be left alone.
const ANSWERS: &[(&str, u16, &str, &str, Option<u64>)] = &[
    ("slack", 200, "<html>", "later", None),
    ("slack", 400, "no_text", "permanent", None),
    ("slack", 403, "invalid_token", "refused", None),
    ("slack", 404, "no_service", "gone", None),
    ("slack", 410, "channel_is_archived", "gone", None),
    (
        "slack",
        429,
        r#"{"retry_after":7,"ok":false,"error":"rate_limited"}"#,
        "later",
        Some(7),
    ),
    ("slack", 500, "rollup_error", "later", None),
    (
        "slack bot",
        200,
        r#"{"ok":false,"error":"ratelimited"}"#,
        "later",
        None,
    ),
    (
        "slack bot",
        200,
        r#"{"ok":false,"error":"is_archived"}"#,
        "gone",
        None,
    ),
    (
        "slack bot",
        200,
        r#"{"ok":false,"error":"not_in_channel"}"#,
        "gone",
        None,
    ),
    (
        "slack bot",
        200,
        r#"{"ok":false,"error":"invalid_auth"}"#,
        "refused",
        None,
    ),
    (
        "slack bot",
        200,
        r#"{"ok":false,"error":"no_text"}"#,
        "permanent",
        None,
    ),
    ("discord", 204, "", "delivered", None),
    ("discord", 200, "{}", "later", None),
    ("teams", 200, "1", "delivered", None),
    ("teams", 200, "", "later", None),
    ("alertmanager", 200, "Welcome", "later", None),
    (
        "apprise",
        200,
        r#"{"error":null,"details":[]}"#,
        "delivered",
        None,
    ),
    ("apprise", 200, r#"{"error":"no"}"#, "later", None),
    ("jandi", 200, "<html>", "later", None),
    (
        "discord",
        404,
        r#"{"message":"Unknown Webhook","code":10015}"#,
        "gone",
        None,
    ),
    (
        "discord",
        400,
        r#"{"message":"Cannot send an empty message","code":50006}"#,
        "permanent",
        None,
    ),
    (
        "discord",
        401,
        r#"{"message":"Invalid Webhook Token","code":50027}"#,
        "refused",
        None,
    ),
    (
        "discord",
        429,
        r#"{"message":"limited","retry_after":64.57,"global":false}"#,
        "later",
        Some(65),
    ),
    (
        "telegram",
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#,
        "gone",
        None,
    ),
    (
        "telegram",
        403,
        r#"{"ok":false,"description":"Forbidden: bot was blocked by the user"}"#,
        "gone",
        None,
    ),
    (
        "telegram",
        401,
        r#"{"ok":false,"description":"Unauthorized"}"#,
        "refused",
        None,
    ),
    (
        "telegram",
        404,
        r#"{"ok":false,"description":"Not Found"}"#,
        "refused",
        None,
    ),
    (
        "telegram",
        429,
        r#"{"ok":false,"parameters":{"retry_after":35}}"#,
        "later",
        Some(35),
    ),
    ("telegram", 200, r#"{"ok":false}"#, "later", None),
    (
        "teams",
        400,
        r#"{"error":{"code":"TriggerInputSchemaMismatch"}}"#,
        "permanent",
        None,
    ),
    ("teams", 401, "", "refused", None),
    ("teams", 404, "", "gone", None),
    ("teams", 429, "", "later", None),
    (
        "matrix",
        401,
        r#"{"errcode":"M_UNKNOWN_TOKEN","soft_logout":true}"#,
        "refused",
        None,
    ),
    (
        "matrix",
        429,
        r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":4500}"#,
        "later",
        Some(4),
    ),
    ("matrix", 404, r#"{"errcode":"M_NOT_FOUND"}"#, "gone", None),
    ("matrix", 200, "{}", "later", None),
    ("mattermost", 200, "<html>", "later", None),
    (
        "mattermost",
        400,
        r#"{"message":"Couldn't find the channel."}"#,
        "gone",
        None,
    ),
    ("mattermost", 403, "disabled", "refused", None),
    ("mattermost", 404, "unknown", "gone", None),
    ("ntfy", 200, "<html>", "later", None),
    ("ntfy", 401, r#"{"code":40101}"#, "refused", None),
    ("ntfy", 403, r#"{"code":40301}"#, "refused", None),
    ("ntfy", 429, r#"{"code":42901}"#, "later", None),
    ("ntfy", 507, r#"{"code":50701}"#, "later", None),
    ("gotify", 200, "{}", "later", None),
    (
        "gotify",
        401,
        r#"{"error":"Unauthorized"}"#,
        "refused",
        None,
    ),
    (
        "pushover",
        400,
        r#"{"status":0,"user":"invalid","errors":["user identifier is invalid"]}"#,
        "refused",
        None,
    ),
    (
        "pushover",
        400,
        r#"{"status":0,"errors":["message cannot be blank"]}"#,
        "permanent",
        None,
    ),
    (
        "pushover",
        429,
        r#"{"status":0,"errors":["quota"]}"#,
        "later",
        None,
    ),
    (
        "pagerduty",
        400,
        r#"{"status":"invalid event"}"#,
        "permanent",
        None,
    ),
    ("pagerduty", 429, "", "later", None),
    ("pagerduty", 200, "", "later", None),
    (
        "opsgenie",
        422,
        r#"{"message":"Request body is not processable"}"#,
        "permanent",
        None,
    ),
    ("opsgenie", 429, "", "later", None),
    ("opsgenie", 401, "", "refused", None),
    (
        "alertmanager",
        400,
        "start time must be before end time",
        "permanent",
        None,
    ),
    ("jandi", 400, "", "permanent", None),
    (
        "dooray",
        200,
        r#"{"header":{"isSuccessful":false,"resultCode":-1}}"#,
        "refused",
        None,
    ),
    ("dooray", 200, "<html>", "later", None),
    (
        "kakaowork",
        200,
        r#"{"success":false,"error":{"code":"invalid_authentication"}}"#,
        "refused",
        None,
    ),
    (
        "kakaowork",
        200,
        r#"{"success":false,"error":{"code":"too_many_requests"}}"#,
        "later",
        None,
    ),
    (
        "kakaowork",
        200,
        r#"{"success":false,"error":{"code":"conversation_not_found"}}"#,
        "gone",
        None,
    ),
    ("kakaowork", 200, "<html>", "later", None),
    ("line-works", 404, r#"{"code":"NOT_FOUND"}"#, "gone", None),
    (
        "line-works",
        429,
        r#"{"code":"TOO_MANY_REQUESTS"}"#,
        "later",
        None,
    ),
    (
        "signal",
        400,
        r#"{"error":"Rate limit exceeded"}"#,
        "later",
        None,
    ),
    (
        "signal",
        400,
        r#"{"error":"User +1 is not registered."}"#,
        "refused",
        None,
    ),
    (
        "signal",
        400,
        r#"{"error":"Invalid group id"}"#,
        "permanent",
        None,
    ),
    ("apprise", 204, "", "refused", None),
    ("apprise", 424, "", "later", None),
];

#[test]
fn answers_mean_what_each_service_says_they_mean() {
    for (name, status, body, expected, waits) in ANSWERS {
        let kind = named(name);
        let server = kind.answering(Reply::status(*status).body(*body));
        let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
        let said = format!("{name} {status} {body}: {}", class(&attempt));
        assert_eq!(attempt.outcome.as_str(), *expected, "{said}");
        assert_eq!(wait(&attempt), *waits, "{said}");
        assert_eq!(attempt.status, Some(*status), "{said}");
    }
}

#[test]
fn every_kind_waits_as_long_as_it_is_told() {
    for kind in &ALL {
        let server = kind.answering(Reply::status(429).header("Retry-After", "120"));
        let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
        assert_eq!(
            wait(&attempt),
            Some(120),
            "{}: {}",
            kind.name,
            class(&attempt)
        );
        assert_eq!(kind.messages(&server).len(), 1, "{}", kind.name);
    }
    let kind = named("line-works");
    let server = kind.answering(Reply::status(429).header("rateLimit-reset", "17"));
    let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
    assert_eq!(wait(&attempt), Some(17));
}

#[test]
fn server_faults_hangs_and_garbage_are_tried_later_in_every_kind() {
    for kind in &ALL {
        for reply in [
            Reply::status(500).body("x"),
            Reply::status(503),
            Reply::verbatim("garbage\r\n\r\n"),
            Reply::verbatim(""),
        ] {
            let server = kind.answering(reply);
            let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
            assert_eq!(
                attempt.outcome.as_str(),
                "later",
                "{}: {}",
                kind.name,
                class(&attempt)
            );
        }
    }
}

/// A13.
#[test]
fn no_kind_follows_a_redirect() {
    for kind in &ALL {
        let other = Server::start();
        let server = kind.answering(Reply::redirect(302, other.url("/SESAME-elsewhere")));
        let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
        let said = format!("{}: {}", kind.name, class(&attempt));
        assert_eq!(attempt.outcome.as_str(), "permanent", "{said}");
        assert!(
            said.contains("not followed") && !said.contains("elsewhere"),
            "{said}"
        );
        assert!(other.requests().is_empty(), "{said}");
    }
}

/// A15, and its like elsewhere: markup that cannot be read goes once more without.
#[test]
fn what_cannot_be_read_goes_once_more_as_plain_text() {
    for (name, status, body) in [
        ("slack", 400, "invalid_blocks"),
        ("slack bot", 200, r#"{"ok":false,"error":"invalid_blocks"}"#),
        ("discord", 400, r#"{"code":50035}"#),
        (
            "telegram",
            400,
            r#"{"ok":false,"description":"Bad Request: can't parse entities: x"}"#,
        ),
        (
            "kakaowork",
            200,
            r#"{"success":false,"error":{"code":"invalid_blocks"}}"#,
        ),
        ("gotify", 400, "{}"),
        ("mattermost", 400, "bad"),
    ] {
        let kind = named(name);
        let (yes, ok) = kind.yes;
        let server = kind.answering(Reply::status(500));
        let bad = Reply::status(status).body(body);
        server.in_order(kind.target, vec![bad, Reply::status(yes).body(ok)]);
        let attempt = send(
            &*receiver(&kind.config(&server)),
            &outgoing(alert("<b>[x]")),
        );
        assert_eq!(
            attempt.outcome.as_str(),
            "delivered",
            "{name}: {}",
            class(&attempt)
        );
        let messages = kind.messages(&server);
        assert_eq!(messages.len(), 2, "{name}");
        let plain = String::from_utf8_lossy(&messages[1].body).into_owned();
        for markup in ["blocks", "embeds", "parse_mode", "text/markdown"] {
            assert!(!plain.contains(markup), "{name}: {plain}");
        }
    }
}

#[test]
fn a_log_in_page_in_the_way_takes_no_message() {
    const PAGE: &str =
        "<!doctype html><html><title>Hotel</title><form action=\"/login\"></form></html>";
    for kind in &ALL {
        let reply = Reply::ok(PAGE).header("Content-Type", "text/html");
        let server = kind.answering(reply);
        let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
        assert_eq!(
            attempt.outcome.as_str(),
            "later",
            "{}: {attempt:?}",
            kind.name
        );
    }
}
