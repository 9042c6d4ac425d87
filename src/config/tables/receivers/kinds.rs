//! The kinds of receivers and the keys that each takes beside those that all take.

/// Titles and bodies that people word themselves.
const WORDS: [&str; 2] = ["title", "body"];

/// A kind, its keys, and whether it takes templates.
type Kind = (&'static str, &'static [&'static str], bool);

/// All kinds.
const KINDS: [Kind; 27] = [
    ("terminal", &[], true),
    ("file", &["path"], false),
    ("command", &["argv", "timeout"], false),
    (
        "webhook",
        &["url", "secret", "headers", "method", "body"],
        false,
    ),
    (
        "email",
        &["server", "tls", "from", "to", "username", "password"],
        true,
    ),
    ("slack", &["url", "api", "token", "channel"], true),
    ("discord", &["url", "thread", "forum"], true),
    ("telegram", &["api", "token", "chat", "thread"], true),
    ("teams", &["url"], true),
    ("matrix", &["url", "token", "room", "notice"], true),
    ("mattermost", &["url", "token", "channel"], true),
    ("ntfy", &["url", "topic", "token"], true),
    ("gotify", &["url", "token"], true),
    (
        "pushover",
        &["api", "token", "user", "device", "emergency"],
        true,
    ),
    ("pagerduty", &["api", "routing_key"], true),
    ("opsgenie", &["api", "token"], true),
    ("alertmanager", &["url", "token", "expire"], true),
    ("jandi", &["url", "email"], true),
    ("dooray", &["url", "name"], true),
    (
        "kakaowork",
        &["api", "token", "conversation", "email"],
        true,
    ),
    (
        "line-works",
        &[
            "api",
            "auth",
            "bot",
            "channel",
            "user",
            "client_id",
            "client_secret",
            "service_account",
            "private_key",
        ],
        true,
    ),
    ("signal", &["url", "from", "to"], true),
    ("apprise", &["url", "key", "tag"], true),
    ("syslog", &["server", "facility"], true),
    ("journald", &["socket"], true),
    (
        "mqtt",
        &[
            "server",
            "topic",
            "username",
            "password",
            "client_id",
            "retain",
        ],
        false,
    ),
    (
        "nats",
        &["server", "subject", "username", "password", "token"],
        false,
    ),
];

/// The names of all kinds.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|(name, ..)| *name).collect()
}

/// The own keys of a kind, if there is one of this name.
pub(super) fn keys(name: &str) -> Option<Vec<&'static str>> {
    let (_, keys, templates) = KINDS.iter().find(|(known, ..)| *known == name)?;
    let words = if *templates { &WORDS[..] } else { &[] };
    Some(keys.iter().chain(words).copied().collect())
}

/// Whether some kind has such a key.
pub(super) fn is_key(key: &str) -> bool {
    WORDS.contains(&key) || KINDS.iter().any(|(_, keys, _)| keys.contains(&key))
}
