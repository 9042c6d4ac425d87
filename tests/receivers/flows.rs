//! Conversations of more than one request: rooms that must be joined, tokens, threads, groups that move.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::Value;

use super::kinds::{named, private_key};
use super::support::http::{Reply, Server};
use super::{TITLE, alert, class, health, outgoing, receiver, send};

fn body(request: &super::support::http::Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// A28.
#[test]
fn a_matrix_room_that_refuses_is_joined_once() {
    let kind = named("matrix");
    let join = "/_matrix/client/v3/rooms/!r:h/join";
    for (joined, expected, sends) in [(200, "delivered", 2), (403, "gone", 2)] {
        let forbidden = Reply::status(403).body(r#"{"errcode":"M_FORBIDDEN"}"#);
        let server = kind.answering(forbidden.clone());
        let second = if joined == 200 {
            Reply::ok(r#"{"event_id":"$e"}"#)
        } else {
            forbidden.clone()
        };
        server.in_order(kind.target, vec![forbidden, second]);
        server.set(join, Reply::status(joined).body("{}"));
        let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
        assert_eq!(attempt.outcome.as_str(), expected, "{}", class(&attempt));
        assert_eq!(server.asked(join).len(), 1);
        assert_eq!(kind.messages(&server).len(), sends);
    }
}

#[test]
fn an_encrypted_matrix_room_is_refused_when_it_is_tested() {
    let kind = named("matrix");
    let server = kind.server();
    let state = "/_matrix/client/v3/rooms/!r:h/state/m.room.encryption";
    server.set(state, Reply::ok(r#"{"algorithm":"m.megolm.v1.aes-sha2"}"#));
    let mut test = health("health");
    test.test = true;
    let attempt = send(&*receiver(&kind.config(&server)), &outgoing(test.clone()));
    assert!(
        class(&attempt).starts_with("permanent the room is encrypted"),
        "{}",
        class(&attempt)
    );
    assert_eq!(server.targets(), [state]);

    let server = Server::start();
    server.set(
        state,
        Reply::status(404).body(r#"{"errcode":"M_NOT_FOUND"}"#),
    );
    let send_path =
        "/_matrix/client/v3/rooms/!r:h/send/m.room.message/ffeeddccbbaa99887766554433221100";
    server.set(send_path, Reply::ok(r#"{"event_id":"$e"}"#));
    let attempt = send(&*receiver(&kind.config(&server)), &outgoing(test));
    assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
}

#[test]
fn line_works_signs_for_its_token_and_renews_it_once() {
    let kind = named("line-works");
    let server = kind.server();
    let replies = vec![
        Reply::status(401).body(r#"{"code":"UNAUTHORIZED"}"#),
        Reply::status(201),
        Reply::status(201),
    ];
    server.in_order(kind.target, replies);
    let notifier = receiver(&kind.config(&server));
    for _ in 0..2 {
        let attempt = send(&*notifier, &outgoing(alert(TITLE)));
        assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
    }
    let tokens = server.asked("/oauth2/token");
    assert_eq!(
        tokens.len(),
        2,
        "one at first, one after the 401, none for the next message"
    );
    assert_eq!(
        tokens[0].text("content-type").as_deref(),
        Some("application/x-www-form-urlencoded")
    );
    let form: std::collections::HashMap<String, String> =
        url::form_urlencoded::parse(&tokens[0].body)
            .into_owned()
            .collect();
    assert_eq!(
        form["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    assert_eq!(
        (form["client_id"].as_str(), form["scope"].as_str()),
        ("cid", "bot")
    );
    let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
    let part = |at: usize| -> Value {
        let part = signed.split('.').nth(at).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(part(0)["alg"], "RS256");
    assert_eq!(part(1)["iss"], "cid");
    assert_eq!(part(1)["sub"], "a.b");
    let now = super::at("2026-11-24T01:10:00Z").as_second();
    assert_eq!(part(1)["iat"], now);
    assert!(part(1)["exp"].as_i64().unwrap() - now <= 3_600);

    let pem = private_key().replace("\\n", "\n");
    let der: String = pem.lines().filter(|line| !line.contains("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key())
        .verify(
            signed.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
}

#[test]
fn a_token_server_that_refuses_is_for_people_to_repair() {
    let kind = named("line-works");
    for (status, expected) in [
        (400, "refused"),
        (401, "refused"),
        (500, "later"),
        (200, "later"),
    ] {
        let server = kind.server();
        server.set("/oauth2/token", Reply::status(status).body("{}"));
        let attempt = send(&*receiver(&kind.config(&server)), &outgoing(alert(TITLE)));
        assert_eq!(
            attempt.outcome.as_str(),
            expected,
            "{status}: {}",
            class(&attempt)
        );
        assert!(kind.messages(&server).is_empty());
    }
}

#[test]
fn later_messages_of_a_story_go_under_its_first() {
    for (name, key, first) in [
        ("slack bot", "thread_ts", "\"1503435956.000247\""),
        (
            "telegram",
            "reply_parameters",
            "{\"allow_sending_without_reply\":true,\"message_id\":5}",
        ),
        ("matrix", "m.relates_to", "\"event_id\":\"$e1\""),
    ] {
        let kind = named(name);
        let server = kind.server();
        let notifier = receiver(&kind.config(&server));
        for _ in 0..2 {
            let attempt = send(&*notifier, &outgoing(alert(TITLE)));
            assert_eq!(
                attempt.outcome.as_str(),
                "delivered",
                "{name}: {}",
                class(&attempt)
            );
        }
        let mut other = alert(TITLE);
        other.story.as_mut().unwrap().id = "4".into();
        send(&*notifier, &outgoing(other));
        let said: Vec<Value> = kind.messages(&server).iter().map(body).collect();
        assert!(said[0][key].is_null() && said[2][key].is_null(), "{name}");
        assert!(
            said[1][key].to_string().contains(first),
            "{name}: {}",
            said[1][key]
        );
    }
}

#[test]
fn a_telegram_group_that_moved_is_followed() {
    let kind = named("telegram");
    let server = kind.server();
    let moved = Reply::status(400).body(
        r#"{"ok":false,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1009}}"#,
    );
    let yes = Reply::ok(r#"{"ok":true,"result":{"message_id":5}}"#);
    server.in_order(kind.target, vec![moved, yes.clone(), yes]);
    let notifier = receiver(&kind.config(&server));
    for _ in 0..2 {
        let attempt = send(&*notifier, &outgoing(alert(TITLE)));
        assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
    }
    let chats: Vec<Value> = kind
        .messages(&server)
        .iter()
        .map(|message| body(message)["chat_id"].clone())
        .collect();
    assert_eq!(chats, ["-100", "-1009", "-1009"]);
}

#[test]
fn a_discord_forum_gets_a_thread_a_story() {
    let server = Server::start();
    server.set("/hook", Reply::ok(r#"{"id":"1","channel_id":"88"}"#));
    let config = format!(
        "kind = \"discord\"\nurl = \"{}\"\nforum = true",
        server.url("/hook")
    );
    let notifier = receiver(&config);
    for _ in 0..2 {
        send(&*notifier, &outgoing(alert(TITLE)));
    }
    assert_eq!(
        server.targets(),
        ["/hook?wait=true", "/hook?wait=true&thread_id=88"]
    );
    let first = body(&server.requests()[0]);
    assert!(first["thread_name"].as_str().unwrap().chars().count() <= 100);
}

#[test]
fn a_mattermost_bot_answers_the_first_post() {
    let server = Server::start();
    server.set("/api/v4/posts", Reply::status(201).body(r#"{"id":"p1"}"#));
    let config = format!(
        "kind = \"mattermost\"\nurl = \"{}\"\ntoken = \"SESAME-1\"\nchannel = \"c1\"",
        server.url("")
    );
    let notifier = receiver(&config);
    for _ in 0..2 {
        let attempt = send(&*notifier, &outgoing(alert(TITLE)));
        assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
    }
    let said: Vec<Value> = server.requests().iter().map(body).collect();
    assert!(said[0]["root_id"].is_null());
    assert_eq!(said[1]["root_id"], "p1");
}

#[test]
fn a_webhook_speaks_foreign_tongues_by_its_template() {
    let server = Server::start();
    server.set("/board", Reply::status(204));
    let config = format!(
        "kind = \"webhook\"\nurl = \"{}\"\nmethod = \"PUT\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nbody = '{{\"text\": {{{{ headline | tojson }}}}}}'",
        server.url("/board")
    );
    let attempt = send(
        &*receiver(&config),
        &outgoing(alert("a \"quoted\" </title>")),
    );
    assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
    let request = server.requests().remove(0);
    assert_eq!(request.method, "PUT");
    assert_eq!(body(&request)["text"], "‼ a \"quoted\" </title>");
    assert!(
        request
            .text("webhook-signature")
            .unwrap()
            .starts_with("v1,")
    );
}
