//! The services over HTTP: how each is configured, what it documents of requests, how it says yes.

use serde_json::{Value, json};

use super::support::http::{Reply, Request, Server};

/// A service, as strict as its documents.
pub struct Kind {
    pub name: &'static str,
    /// Its config; `@` is the server's address.
    pub toml: &'static str,
    /// Where messages are to come.
    pub target: &'static str,
    /// Another request that comes before the message, and its answer.
    pub before: Option<(&'static str, &'static str)>,
    pub yes: (u16, &'static str),
    /// What is wrong with a message.
    pub check: fn(&Request, &Value) -> Result<(), String>,
    /// Texts of the config that must never be seen.
    pub secrets: &'static [&'static str],
}

impl Kind {
    pub fn config(&self, server: &Server) -> String {
        let key = private_key();
        self.toml
            .replace('@', &format!("http://{}", server.address()))
            .replace("%KEY%", &key)
    }

    /// A server that checks each message; what is wrong with one is its answer, with status 400.
    pub fn server(&self) -> Server {
        let server = Server::start();
        if let Some((path, answer)) = self.before {
            server.set(path, Reply::ok(answer));
        }
        let (check, (status, body), name) = (self.check, self.yes, self.name);
        server.on(self.target, move |request| {
            match checked(name, check, request) {
                Ok(()) => Reply::status(status).body(body),
                Err(wrong) => Reply::status(400).body(wrong),
            }
        });
        server
    }

    /// The same server, with this answer to every message.
    pub fn answering(&self, reply: Reply) -> Server {
        let server = Server::start();
        if let Some((path, answer)) = self.before {
            server.set(path, Reply::ok(answer));
        }
        server.set(self.target, reply);
        server
    }

    /// The messages that came.
    pub fn messages(&self, server: &Server) -> Vec<Request> {
        let mut requests = server.requests();
        requests.retain(|request| request.target == self.target || request.path() == self.target);
        requests
    }
}

/// What holds of every service, and what this one wants.
fn checked(
    name: &str,
    check: fn(&Request, &Value) -> Result<(), String>,
    request: &Request,
) -> Result<(), String> {
    let wanted = if name == "matrix" { "PUT" } else { "POST" };
    same(&request.method, wanted, "method")?;
    same(
        &request.text("content-type").unwrap_or_default(),
        "application/json",
        "content-type",
    )?;
    let agent = request.text("user-agent").unwrap_or_default();
    same(&agent, "bongsu/0.0.0 (+https://example.org)", "user-agent")?;
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|error| format!("no JSON: {error}"))?;
    for text in super::texts(&body) {
        if let Some(c) = text.chars().find(|c| {
            (c.is_control() && *c != '\n')
                || ('\u{202a}'..='\u{202e}').contains(c)
                || ('\u{2066}'..='\u{2069}').contains(c)
        }) {
            return Err(format!("{c:?} in {text:?}"));
        }
    }
    check(request, &body)
}

fn same(got: &str, wanted: &str, what: &str) -> Result<(), String> {
    if got == wanted {
        Ok(())
    } else {
        Err(format!("{what} is {got:?}, not {wanted:?}"))
    }
}

fn bearer(request: &Request, wanted: &str) -> Result<(), String> {
    let got = request.text("authorization").unwrap_or_default();
    same(&got, wanted, "authorization")
}

/// Only these keys, of which those without `?` must be there.
fn keys(value: &Value, known: &[&str]) -> Result<(), String> {
    let map = value.as_object().ok_or("not an object")?;
    for key in map.keys() {
        let optional = format!("{key}?");
        if !known.contains(&key.as_str()) && !known.contains(&optional.as_str()) {
            return Err(format!("unknown key {key}"));
        }
    }
    for key in known.iter().filter(|key| !key.ends_with('?')) {
        if !map.contains_key(*key) {
            return Err(format!("no key {key}"));
        }
    }
    Ok(())
}

/// A text of 1 to `max` of what `count` counts.
fn text(value: &Value, max: usize, count: fn(&str) -> usize) -> Result<(), String> {
    let text = value.as_str().ok_or_else(|| format!("no text: {value}"))?;
    match count(text) {
        0 => Err("an empty text".to_owned()),
        length if length > max => Err(format!("{length} is more than {max}: {text}")),
        _ => Ok(()),
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

fn is(value: &Value, wanted: &Value) -> Result<(), String> {
    same(&value.to_string(), &wanted.to_string(), "a value")
}

fn link(value: &Value, max: usize) -> Result<(), String> {
    text(value, max, chars)?;
    let url = value.as_str().unwrap_or("");
    if url.starts_with("https://") && !url.contains(char::is_whitespace) {
        Ok(())
    } else {
        Err(format!("no link: {url}"))
    }
}

fn slack_text(value: &Value, max: usize) -> Result<(), String> {
    text(value, max, chars)?;
    let said = value.as_str().unwrap_or("");
    // Whatever stands in angle brackets is a link of ours.
    let tags = said.matches('<').count();
    let links = said.matches("<https://").count();
    if tags != links || said.matches('>').count() != links {
        return Err(format!("markup in {said}"));
    }
    Ok(())
}

fn slack(_: &Request, body: &Value) -> Result<(), String> {
    keys(
        body,
        &[
            "text",
            "blocks?",
            "unfurl_links",
            "unfurl_media",
            "channel?",
            "thread_ts?",
        ],
    )?;
    is(&body["unfurl_links"], &false.into())?;
    slack_text(&body["text"], 4_000)?;
    let blocks = body["blocks"].as_array().ok_or("no blocks")?;
    if blocks.is_empty() || blocks.len() > 50 {
        return Err(format!("{} blocks", blocks.len()));
    }
    for block in blocks {
        let said = &block["text"]["text"];
        match (block["type"].as_str(), block["text"]["type"].as_str()) {
            (Some("header"), Some("plain_text")) => slack_text(said, 150)?,
            (Some("section"), Some("mrkdwn")) => {
                is(&block["text"]["verbatim"], &true.into())?;
                slack_text(said, 3_000)?;
            }
            other => return Err(format!("block {other:?}")),
        }
    }
    Ok(())
}

fn slack_bot(request: &Request, body: &Value) -> Result<(), String> {
    bearer(request, "Bearer xoxb-SESAME-1")?;
    is(&body["channel"], &"C01".into())?;
    slack(request, body)
}

fn discord(request: &Request, body: &Value) -> Result<(), String> {
    if !request.target.contains("wait=true") {
        return Err("no wait".to_owned());
    }
    keys(body, &["content", "embeds?", "allowed_mentions", "flags?"])?;
    is(&body["allowed_mentions"], &json!({ "parse": [] }))?;
    text(&body["content"], 2_000, utf16)?;
    let embeds = body["embeds"].as_array().ok_or("no embeds")?;
    if embeds.len() != 1 {
        return Err("not one embed".to_owned());
    }
    keys(&embeds[0], &["description", "color"])?;
    text(&embeds[0]["description"], 4_096, utf16)?;
    match embeds[0]["color"].as_u64() {
        Some(colour) if colour <= 0xff_ffff => Ok(()),
        _ => Err("no colour".to_owned()),
    }
}

fn telegram(_: &Request, body: &Value) -> Result<(), String> {
    keys(
        body,
        &[
            "chat_id",
            "text",
            "parse_mode?",
            "link_preview_options",
            "disable_notification",
            "reply_parameters?",
            "message_thread_id?",
        ],
    )?;
    is(&body["chat_id"], &"-100".into())?;
    is(
        &body["link_preview_options"],
        &json!({ "is_disabled": true }),
    )?;
    text(&body["text"], 4_096, utf16)?;
    if body["parse_mode"] == "HTML" {
        html(body["text"].as_str().unwrap_or(""), &["b", "a"])?;
    }
    Ok(())
}

/// Well-formed, with these tags only, and links that are links.
fn html(text: &str, allowed: &[&str]) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, _) = part.split_once('>').ok_or("a tag without an end")?;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let name = tag.split(' ').next().unwrap_or("");
        if name == "br" {
            continue;
        }
        let fine = tag == name || tag.starts_with("a href=\"https://") && tag.ends_with('"');
        if !allowed.contains(&name) || !fine {
            return Err(format!("<{tag}>"));
        }
        open.push(name);
    }
    if !open.is_empty() {
        return Err(format!("{open:?} are never closed"));
    }
    for entity in text.split('&').skip(1) {
        let (name, _) = entity.split_once(';').ok_or("a bare &")?;
        if !["amp", "lt", "gt", "quot", "#39"].contains(&name) {
            return Err(format!("&{name};"));
        }
    }
    Ok(())
}

fn teams(request: &Request, body: &Value) -> Result<(), String> {
    if request.body.len() > 28 * 1_024 {
        return Err(format!("{} bytes", request.body.len()));
    }
    keys(body, &["type", "summary", "attachments"])?;
    is(&body["type"], &"message".into())?;
    let card = &body["attachments"][0];
    keys(card, &["contentType", "contentUrl", "content"])?;
    is(
        &card["contentType"],
        &"application/vnd.microsoft.card.adaptive".into(),
    )?;
    let content = &card["content"];
    is(&content["type"], &"AdaptiveCard".into())?;
    is(&content["version"], &"1.4".into())?;
    for block in content["body"].as_array().ok_or("no body")? {
        is(&block["type"], &"TextBlock".into())?;
        is(&block["wrap"], &true.into())?;
        text(&block["text"], 10_000, chars)?;
    }
    for action in content["actions"].as_array().ok_or("no actions")? {
        keys(action, &["type", "title", "url"])?;
        link(&action["url"], 2_048)?;
    }
    Ok(())
}

fn matrix(request: &Request, body: &Value) -> Result<(), String> {
    bearer(request, "Bearer syt_SESAME_1")?;
    if request.body.len() > 60_000 {
        return Err("M_TOO_LARGE".to_owned());
    }
    keys(
        body,
        &[
            "msgtype",
            "body",
            "format?",
            "formatted_body?",
            "m.mentions",
            "m.relates_to?",
        ],
    )?;
    is(&body["m.mentions"], &json!({}))?;
    text(&body["body"], 30_000, str::len)?;
    html(body["formatted_body"].as_str().unwrap_or(""), &["b", "a"])
}

fn mattermost(_: &Request, body: &Value) -> Result<(), String> {
    keys(body, &["text", "channel?"])?;
    text(&body["text"], 16_383, chars)?;
    let said = body["text"].as_str().unwrap_or("");
    for mention in ["@all", "@here", "@channel", "@everyone"] {
        if said.contains(mention) {
            return Err(format!("{mention} would ring"));
        }
    }
    Ok(())
}

fn ntfy(request: &Request, body: &Value) -> Result<(), String> {
    bearer(request, "Bearer tk_SESAME1")?;
    keys(
        body,
        &[
            "topic", "title", "message", "priority", "tags", "click?", "actions?",
        ],
    )?;
    is(&body["topic"], &"desk-SESAME-1".into())?;
    text(&body["message"], 4_096, str::len)?;
    text(&body["title"], 1_300, str::len)?;
    if !(1..=5).contains(&body["priority"].as_u64().unwrap_or(0)) {
        return Err("priority".to_owned());
    }
    let none = Vec::new();
    let actions = body["actions"].as_array().unwrap_or(&none);
    if actions.len() > 3 {
        return Err("more than three actions".to_owned());
    }
    for action in actions {
        keys(action, &["action", "label", "url"])?;
        link(&action["url"], 2_048)?;
    }
    Ok(())
}

fn gotify(request: &Request, body: &Value) -> Result<(), String> {
    let key = request.text("x-gotify-key").unwrap_or_default();
    same(&key, "A-SESAME-1", "x-gotify-key")?;
    keys(body, &["title", "message", "priority", "extras"])?;
    text(&body["message"], 10_000, chars)?;
    match body["priority"].as_u64() {
        Some(0..=10) => Ok(()),
        _ => Err("priority".to_owned()),
    }
}

fn pushover(_: &Request, body: &Value) -> Result<(), String> {
    keys(
        body,
        &[
            "token",
            "user",
            "title",
            "message",
            "priority",
            "timestamp",
            "url?",
            "url_title?",
            "retry?",
            "expire?",
            "device?",
        ],
    )?;
    text(&body["title"], 250, chars)?;
    text(&body["message"], 1_024, chars)?;
    if let Some(url) = body.get("url") {
        link(url, 512)?;
        text(&body["url_title"], 100, chars)?;
    }
    match (body["priority"].as_i64(), body["retry"].as_u64()) {
        (Some(2), Some(30..)) if body["expire"].as_u64() <= Some(10_800) => Ok(()),
        (Some(-2..=1), None) => Ok(()),
        other => Err(format!("priority {other:?}")),
    }
}

fn pagerduty(_: &Request, body: &Value) -> Result<(), String> {
    keys(
        body,
        &[
            "routing_key",
            "event_action",
            "dedup_key",
            "payload",
            "links",
            "client",
        ],
    )?;
    let action = body["event_action"].as_str().unwrap_or("");
    if !["trigger", "acknowledge", "resolve"].contains(&action) {
        return Err(format!("action {action}"));
    }
    text(&body["dedup_key"], 255, chars)?;
    let payload = &body["payload"];
    text(&payload["summary"], 1_024, chars)?;
    text(&payload["source"], 255, chars)?;
    let severity = payload["severity"].as_str().unwrap_or("");
    if !["critical", "error", "warning", "info"].contains(&severity) {
        return Err(format!("severity {severity}"));
    }
    for one in body["links"].as_array().ok_or("no links")? {
        keys(one, &["href", "text"])?;
        link(&one["href"], 2_048)?;
    }
    Ok(())
}

fn opsgenie(request: &Request, body: &Value) -> Result<(), String> {
    bearer(request, "GenieKey SESAME-1")?;
    keys(
        body,
        &[
            "message",
            "alias",
            "description",
            "priority",
            "source",
            "tags",
            "details",
        ],
    )?;
    text(&body["message"], 130, chars)?;
    text(&body["alias"], 512, chars)?;
    text(&body["description"], 15_000, chars)?;
    text(&body["source"], 100, chars)?;
    let priority = body["priority"].as_str().unwrap_or("");
    if !["P1", "P2", "P3", "P4", "P5"].contains(&priority) {
        return Err(format!("priority {priority}"));
    }
    Ok(())
}

fn alertmanager(_: &Request, body: &Value) -> Result<(), String> {
    let alerts = body.as_array().ok_or("no list")?;
    for alert in alerts {
        keys(
            alert,
            &[
                "labels",
                "annotations",
                "startsAt",
                "endsAt",
                "generatorURL?",
            ],
        )?;
        for (name, value) in alert["labels"].as_object().ok_or("no labels")? {
            let mut letters = name.chars();
            let begins = letters
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            if !begins || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(format!("label {name}"));
            }
            text(value, 1_000, chars)?;
        }
        let time = |key: &str| {
            let text = alert[key].as_str().ok_or("no time")?;
            text.parse::<jiff::Timestamp>()
                .map_err(|error| error.to_string())
        };
        if time("endsAt")? < time("startsAt")? {
            return Err("start time must be before end time".to_owned());
        }
    }
    Ok(())
}

fn jandi(request: &Request, body: &Value) -> Result<(), String> {
    let accept = request.text("accept").unwrap_or_default();
    same(&accept, "application/vnd.tosslab.jandi-v2+json", "accept")?;
    keys(body, &["body", "connectColor", "connectInfo", "email?"])?;
    text(&body["body"], 2_000, chars)?;
    let colour = body["connectColor"].as_str().unwrap_or("");
    if colour.len() != 7 || !colour.starts_with('#') {
        return Err(format!("colour {colour}"));
    }
    let infos = body["connectInfo"].as_array().ok_or("no infos")?;
    if infos.len() > 5 {
        return Err("more than five infos".to_owned());
    }
    infos
        .iter()
        .try_for_each(|info| keys(info, &["title", "description"]))
}

fn dooray(_: &Request, body: &Value) -> Result<(), String> {
    keys(body, &["botName", "text", "attachments", "botIconImage?"])?;
    text(&body["text"], 4_000, chars)?;
    for one in body["attachments"].as_array().ok_or("no attachments")? {
        keys(one, &["title?", "titleLink?", "text", "color"])?;
        text(&one["text"], 4_000, chars)?;
    }
    Ok(())
}

fn kakaowork(request: &Request, body: &Value) -> Result<(), String> {
    bearer(request, "Bearer SESAME-1")?;
    keys(body, &["conversation_id", "text", "blocks?"])?;
    text(&body["text"], 500, chars)?;
    for block in body["blocks"].as_array().ok_or("no blocks")? {
        match block["type"].as_str() {
            Some("header") => text(&block["text"], 20, chars)?,
            Some("text") => text(&block["text"], 500, chars)?,
            Some("button") => {
                text(&block["text"], 20, chars)?;
                is(&block["action_type"], &"open_system_browser".into())?;
                link(&block["value"], 2_048)?;
            }
            other => return Err(format!("block {other:?}")),
        }
    }
    Ok(())
}

fn line_works(request: &Request, body: &Value) -> Result<(), String> {
    bearer(request, "Bearer ACCESS-SESAME")?;
    keys(body, &["content"])?;
    keys(&body["content"], &["type", "text"])?;
    text(&body["content"]["text"], 2_000, chars)
}

fn signal(_: &Request, body: &Value) -> Result<(), String> {
    keys(body, &["number", "recipients", "message", "text_mode"])?;
    is(&body["text_mode"], &"normal".into())?;
    is(&body["recipients"], &json!(["+8210000000", "group.abc="]))?;
    text(&body["message"], 2_000, str::len)
}

fn apprise(_: &Request, body: &Value) -> Result<(), String> {
    keys(body, &["title", "body", "type", "format", "tag?"])?;
    text(&body["body"], 16_384, str::len)?;
    let kind = body["type"].as_str().unwrap_or("");
    if !["info", "success", "warning", "failure"].contains(&kind) {
        return Err(format!("type {kind}"));
    }
    is(&body["format"], &"text".into())
}

/// The key of `tests/fixtures`, as one line of TOML.
pub fn private_key() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/rsa-for-tests.base64"
    );
    let base64 = std::fs::read_to_string(path).unwrap();
    let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
    format!("{begin}\\n{}\\n{end}", base64.trim().replace('\n', "\\n"))
}

const ROOM: &str =
    "/_matrix/client/v3/rooms/!r:h/send/m.room.message/00112233445566778899aabbccddeeff";

/// All services.
pub static ALL: [Kind; 19] = [
    Kind {
        name: "slack",
        toml: "kind = \"slack\"\nurl = \"@/services/T1/B1/SESAME-1\"",
        target: "/services/T1/B1/SESAME-1",
        before: None,
        yes: (200, "ok"),
        check: slack,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "slack bot",
        toml: "kind = \"slack\"\napi = \"@/api\"\ntoken = \"xoxb-SESAME-1\"\nchannel = \"C01\"",
        target: "/api/chat.postMessage",
        before: None,
        yes: (
            200,
            r#"{"ok":true,"channel":"C01","ts":"1503435956.000247"}"#,
        ),
        check: slack_bot,
        secrets: &["xoxb-SESAME-1"],
    },
    Kind {
        name: "discord",
        toml: "kind = \"discord\"\nurl = \"@/api/webhooks/1/SESAME-1\"",
        target: "/api/webhooks/1/SESAME-1",
        before: None,
        yes: (200, r#"{"id":"9","channel_id":"8"}"#),
        check: discord,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "telegram",
        toml: "kind = \"telegram\"\napi = \"@\"\ntoken = \"123:SESAME-1\"\nchat = \"-100\"",
        target: "/bot123:SESAME-1/sendMessage",
        before: None,
        yes: (200, r#"{"ok":true,"result":{"message_id":5}}"#),
        check: telegram,
        secrets: &["123:SESAME-1"],
    },
    Kind {
        name: "teams",
        toml: "kind = \"teams\"\nurl = \"@/workflows/1?sig=SESAME-1\"",
        target: "/workflows/1?sig=SESAME-1",
        before: None,
        yes: (202, ""),
        check: teams,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "matrix",
        toml: "kind = \"matrix\"\nurl = \"@\"\ntoken = \"syt_SESAME_1\"\nroom = \"!r:h\"",
        target: ROOM,
        before: None,
        yes: (200, r#"{"event_id":"$e1"}"#),
        check: matrix,
        secrets: &["syt_SESAME_1"],
    },
    Kind {
        name: "mattermost",
        toml: "kind = \"mattermost\"\nurl = \"@/hooks/SESAME-1\"",
        target: "/hooks/SESAME-1",
        before: None,
        yes: (200, "ok"),
        check: mattermost,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "ntfy",
        toml: "kind = \"ntfy\"\nurl = \"@\"\ntopic = \"desk-SESAME-1\"\ntoken = \"tk_SESAME1\"",
        target: "/",
        before: None,
        yes: (200, r#"{"id":"x1"}"#),
        check: ntfy,
        secrets: &["desk-SESAME-1", "tk_SESAME1"],
    },
    Kind {
        name: "gotify",
        toml: "kind = \"gotify\"\nurl = \"@\"\ntoken = \"A-SESAME-1\"",
        target: "/message",
        before: None,
        yes: (200, r#"{"id":1}"#),
        check: gotify,
        secrets: &["A-SESAME-1"],
    },
    Kind {
        name: "pushover",
        toml: "kind = \"pushover\"\napi = \"@\"\ntoken = \"aSESAME1bbbbbbbbbbbbbbbbbbbbbb\"\nuser = \"uSESAME2bbbbbbbbbbbbbbbbbbbbbb\"\nemergency = true",
        target: "/1/messages.json",
        before: None,
        yes: (200, r#"{"status":1,"request":"r"}"#),
        check: pushover,
        secrets: &[
            "aSESAME1bbbbbbbbbbbbbbbbbbbbbb",
            "uSESAME2bbbbbbbbbbbbbbbbbbbbbb",
        ],
    },
    Kind {
        name: "pagerduty",
        toml: "kind = \"pagerduty\"\napi = \"@\"\nrouting_key = \"SESAME1bbbbbbbbbbbbbbbbbbbbbbbbb\"",
        target: "/v2/enqueue",
        before: None,
        yes: (202, r#"{"status":"success","dedup_key":"k"}"#),
        check: pagerduty,
        secrets: &["SESAME1bbbbbbbbbbbbbbbbbbbbbbbbb"],
    },
    Kind {
        name: "opsgenie",
        toml: "kind = \"opsgenie\"\napi = \"@\"\ntoken = \"SESAME-1\"",
        target: "/v2/alerts",
        before: None,
        yes: (202, r#"{"result":"Request will be processed"}"#),
        check: opsgenie,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "alertmanager",
        toml: "kind = \"alertmanager\"\nurl = \"@/prefix\"",
        target: "/prefix/api/v2/alerts",
        before: None,
        yes: (200, ""),
        check: alertmanager,
        secrets: &[],
    },
    Kind {
        name: "jandi",
        toml: "kind = \"jandi\"\nurl = \"@/connect-api/webhook/1/SESAME-1\"\nlanguage = \"ko\"",
        target: "/connect-api/webhook/1/SESAME-1",
        before: None,
        yes: (200, ""),
        check: jandi,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "dooray",
        toml: "kind = \"dooray\"\nurl = \"@/services/1/2/SESAME-1\"\nlanguage = \"ko\"",
        target: "/services/1/2/SESAME-1",
        before: None,
        yes: (200, r#"{"header":{"isSuccessful":true,"resultCode":0}}"#),
        check: dooray,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "kakaowork",
        toml: "kind = \"kakaowork\"\napi = \"@\"\ntoken = \"SESAME-1\"\nconversation = \"77\"",
        target: "/v1/messages.send",
        before: None,
        yes: (200, r#"{"success":true,"message":{"id":"1"}}"#),
        check: kakaowork,
        secrets: &["SESAME-1"],
    },
    Kind {
        name: "line-works",
        toml: "kind = \"line-works\"\napi = \"@/v1.0\"\nauth = \"@/oauth2\"\nbot = \"5\"\nchannel = \"c-1\"\nclient_id = \"cid\"\nclient_secret = \"SESAME-1\"\nservice_account = \"a.b\"\nprivate_key = \"%KEY%\"",
        target: "/v1.0/bots/5/channels/c-1/messages",
        before: Some((
            "/oauth2/token",
            r#"{"access_token":"ACCESS-SESAME","expires_in":"86400"}"#,
        )),
        yes: (201, ""),
        check: line_works,
        secrets: &["SESAME-1", "ACCESS-SESAME"],
    },
    Kind {
        name: "signal",
        toml: "kind = \"signal\"\nurl = \"@\"\nfrom = \"+82100000001\"\nto = [\"+8210000000\", \"group.abc=\"]",
        target: "/v2/send",
        before: None,
        yes: (201, r#"{"timestamp":"1"}"#),
        check: signal,
        secrets: &[],
    },
    Kind {
        name: "apprise",
        toml: "kind = \"apprise\"\nurl = \"@\"\nkey = \"SESAME-1\"\ntag = \"desk\"",
        target: "/notify/SESAME-1",
        before: None,
        yes: (200, ""),
        check: apprise,
        secrets: &["SESAME-1"],
    },
];

/// One of them.
pub fn named(name: &str) -> &'static Kind {
    ALL.iter().find(|kind| kind.name == name).unwrap()
}
