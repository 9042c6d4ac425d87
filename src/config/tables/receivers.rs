//! `[[receiver]]`: what all kinds share, and the keys of each kind.

mod brokers;
mod kinds;
mod read;
mod services;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;

use crate::config::problem::Problem;
use crate::config::reader::{Cx, Item, Table, listed};
use crate::config::secrets;
use crate::config::source::{Place, Text};
use crate::config::values;
use crate::domain::alert::frame::Language;
use crate::domain::id::ReceiverId;
use crate::domain::rule::{Severity, suggest};
use crate::domain::units;
use crate::notify::settings::{
    DigestTimes, EmailSettings, QuietTimes, ReceiverConfig, ReceiverKind, TemplateSettings, Timing,
    Tls, WebhookSettings,
};
use crate::secret::Secret;

/// What every kind takes.
const COMMON: &[&str] = &[
    "id",
    "kind",
    "default",
    "min_severity",
    "only",
    "rate",
    "give_up",
    "zone",
    "max_body",
    "language",
    "quiet_hours",
    "digest",
];

/// Where the parts of a receiver stand.
#[derive(Clone, Debug)]
pub(in crate::config) struct ReceiverPlaces {
    pub id: Place,
    pub only: Option<Text>,
    pub table: Place,
    pub keys: BTreeMap<String, Place>,
}

pub(in crate::config) fn receiver(
    cx: &mut Cx,
    table: &Table,
) -> Option<(ReceiverConfig, ReceiverPlaces)> {
    let id = super::id(cx, table, "\"desk\"");
    let keys = table
        .items()
        .iter()
        .map(|item| (item.key.clone(), item.place()))
        .collect();
    let default = table.bool(cx, "default").unwrap_or(false);
    let min_severity = table
        .one_of(
            cx,
            "min_severity",
            &super::rules::SEVERITIES,
            Severity::from_name,
        )
        .unwrap_or(Severity::Info);
    let only = table.filled(cx, "only");
    let rate = table
        .get("rate")
        .and_then(|item| item.parsed(cx, "a rate such as \"10/h\"", units::parse_rate));
    let give_up = table.span_of_time(cx, "give_up");
    let zone = zone(cx, table);
    let max_body = table.size(cx, "max_body", 1_024..=1 << 30);
    let language = table
        .one_of(cx, "language", &["en", "ko"], Language::from_name)
        .unwrap_or_default();
    let timing = Timing {
        quiet_hours: quiet_hours(cx, table),
        digest: digest(cx, table),
    };
    let kind = kind(cx, table);
    let templates = TemplateSettings {
        title: words(cx, table, "title"),
        body: words(cx, table, "body"),
    };
    let (id, place) = id?;
    let config = ReceiverConfig {
        id: ReceiverId::new(id),
        default,
        min_severity,
        only: only.as_ref().map(|text| text.value.clone()),
        rate,
        give_up,
        zone,
        max_body,
        language,
        timing,
        templates,
        kind: kind?,
    };
    let places = ReceiverPlaces {
        id: place,
        only,
        table: table.place(),
        keys,
    };
    Some((config, places))
}

fn kind(cx: &mut Cx, table: &Table) -> Option<ReceiverKind> {
    let Some(item) = table.get("kind") else {
        table.missing(cx, "kind", "\"webhook\"");
        return None;
    };
    let name = item.text(cx)?.value;
    let Some(keys) = kinds::keys(&name) else {
        unknown_kind(cx, &item, &name);
        return None;
    };
    known_keys(cx, table, &name, &keys);
    match name.as_str() {
        "terminal" => Some(ReceiverKind::Terminal),
        "file" => file(cx, table),
        "command" => command(cx, table),
        "webhook" => webhook(cx, table),
        "email" => email(cx, table),
        "syslog" | "journald" | "mqtt" | "nats" => brokers::broker(cx, table, &name),
        _ => services::service(cx, table, &name),
    }
}

/// A key of another kind is told as such; anything else is unknown.
fn known_keys(cx: &mut Cx, table: &Table, name: &str, keys: &[&str]) {
    let known: Vec<&str> = keys.iter().chain(COMMON).copied().collect();
    for item in table.items() {
        let key = item.key.as_str();
        if known.contains(&key) {
            continue;
        }
        if kinds::is_key(key) {
            let help = if keys.is_empty() {
                "leave it out".to_owned()
            } else {
                format!("this kind takes {}", listed(keys))
            };
            let message = format!("a {name} receiver has no key `{key}`");
            cx.push(Problem::error("C01", item.key_place(), message).help(help));
        } else {
            table.unknown(cx, &item, &known);
        }
    }
}

fn unknown_kind(cx: &mut Cx, item: &Item, name: &str) {
    let kinds = kinds::names();
    let help = suggest::nearest(name, kinds.iter().copied()).map_or_else(
        || format!("this version has {}", listed(&kinds)),
        |near| format!("did you mean \"{near}\"?"),
    );
    item.wrong(cx, format!("there is no receiver of kind \"{name}\""), help);
}

fn file(cx: &mut Cx, table: &Table) -> Option<ReceiverKind> {
    let path = table.required_text(cx, "path", "\"alerts.jsonl\"")?;
    Some(ReceiverKind::File {
        path: PathBuf::from(path.value),
    })
}

fn command(cx: &mut Cx, table: &Table) -> Option<ReceiverKind> {
    let timeout = table
        .span_of_time(cx, "timeout")
        .unwrap_or(Duration::from_secs(30));
    let Some(item) = table.get("argv") else {
        table.missing(cx, "argv", "[\"/usr/local/bin/tell\", \"--desk\"]");
        return None;
    };
    // An empty argument is an argument, so the list is read as it stands.
    let items = item.list(cx, "a list such as [\"/usr/local/bin/tell\", \"--desk\"]");
    let argv: Vec<String> = items
        .iter()
        .filter_map(|item| item.text(cx))
        .map(|text| text.value)
        .collect();
    let fine = argv.len() == items.len() && argv.iter().all(|argument| !argument.contains('\0'));
    if item.is_list() && argv.first().is_none_or(String::is_empty) && fine {
        item.wrong(
            cx,
            "`argv` names no program",
            "write [\"/usr/local/bin/tell\"]",
        );
        return None;
    }
    fine.then_some(ReceiverKind::Command { argv, timeout })
}

fn webhook(cx: &mut Cx, table: &Table) -> Option<ReceiverKind> {
    let headers = secrets::headers(cx, table);
    let secrets = signing_secrets(cx, table);
    let put = table.one_of(cx, "method", &["POST", "PUT"], |word| match word {
        "POST" => Some(false),
        "PUT" => Some(true),
        _ => None,
    });
    let url = read::secret_url(cx, table, "url", "\"https://example.org/hook\"")?;
    Some(ReceiverKind::Webhook(WebhookSettings {
        url,
        secrets,
        headers,
        put: put.unwrap_or(false),
    }))
}

/// A template, of a kind that takes it.
fn words(cx: &mut Cx, table: &Table, key: &str) -> Option<String> {
    let kind = table.peek("kind")?;
    if !kinds::keys(kind)?.contains(&key) {
        return None;
    }
    table.filled(cx, key).map(|text| text.value)
}

/// One secret, or two while one is replaced by the other.
fn signing_secrets(cx: &mut Cx, table: &Table) -> Vec<Secret> {
    match table.get("secret") {
        Some(item) if item.is_list() => {
            let items = item.list(cx, "a secret, or a list of them");
            items
                .iter()
                .filter_map(|item| secrets::secret(cx, item))
                .collect()
        }
        Some(_) => secrets::optional(cx, table, "secret").into_iter().collect(),
        None => Vec::new(),
    }
}

fn email(cx: &mut Cx, table: &Table) -> Option<ReceiverKind> {
    let server = server(cx, table);
    let words = ["starttls", "implicit", "none"];
    let tls = table.one_of(cx, "tls", &words, |word| {
        Some(match word {
            "starttls" => Tls::Starttls,
            "implicit" => Tls::Implicit,
            "none" => Tls::None,
            _ => return None,
        })
    });
    let from = table.required_text(cx, "from", "\"bongsu@example.org\"");
    let from = from.and_then(|_| {
        table
            .get("from")?
            .parsed(cx, "a mail address", values::mailbox)
    });
    let to = recipients(cx, table);
    let username = table.filled(cx, "username").map(|text| text.value);
    let password = secrets::optional(cx, table, "password");
    if username.is_some() && table.get("password").is_none() {
        table.missing(cx, "password", "{ file = \"smtp-password\" }");
    }
    if password.is_some() && username.is_none() {
        table.missing(cx, "username", "\"bongsu\"");
    }
    let (server, implicit) = server?;
    Some(ReceiverKind::Email(EmailSettings {
        server,
        tls: tls.unwrap_or(if implicit {
            Tls::Implicit
        } else {
            Tls::Starttls
        }),
        from: from?,
        to: to?,
        username,
        password,
    }))
}

/// The server, and whether `smtps` says that it is encrypted from the first byte.
fn server(cx: &mut Cx, table: &Table) -> Option<(String, bool)> {
    let text = table.required_text(cx, "server", "\"smtp://mail.example.org:587\"")?;
    let implicit = text.value.starts_with("smtps://");
    let address = text.value.replacen("smtps://", "smtp://", 1);
    let url = url::Url::parse(&address).ok().filter(|url| {
        url.scheme() == "smtp"
            && url.host_str().is_some_and(|host| !host.is_empty())
            && matches!(url.path(), "" | "/")
            && url.username().is_empty()
            && url.password().is_none()
    });
    if url.is_none() {
        // A log-in may stand in it.
        if text.value.contains('@') {
            cx.sources.hide(&text.place);
        }
        cx.push(
            Problem::error("C04", text.place, "`server` is not a mail server")
                .help("write \"smtp://host:port\"; the log-in goes into `username` and `password`"),
        );
        return None;
    }
    Some((address, implicit))
}

fn recipients(cx: &mut Cx, table: &Table) -> Option<Vec<String>> {
    if table.get("to").is_none() {
        table.missing(cx, "to", "[\"desk@example.org\"]");
        return None;
    }
    let before = cx.problems.len();
    let mut to = Vec::new();
    for text in table.text_or_texts(cx, "to") {
        match values::mailbox(&text.value) {
            Ok(mailbox) => to.push(mailbox),
            Err(error) => {
                let (message, help) = error.rsplit_once(": ").unwrap_or((&error, ""));
                cx.push(Problem::error("C04", text.place, message).help(help));
            }
        }
    }
    if to.is_empty() && cx.problems.len() == before {
        table
            .get("to")?
            .wrong(cx, "`to` names nobody", "write [\"desk@example.org\"]");
    }
    (!to.is_empty()).then_some(to)
}

/// `{ from = "22:00", to = "07:00", zone = "Asia/Seoul", except = "critical" }`.
fn quiet_hours(cx: &mut Cx, table: &Table) -> Option<QuietTimes> {
    let item = table.get("quiet_hours")?;
    let known = &["from", "to", "zone", "except"];
    let hours = item.table(cx, "`quiet_hours`", known)?;
    let from = clock(cx, &hours, "from", "\"22:00\"");
    let to = clock(cx, &hours, "to", "\"07:00\"");
    if from.is_some() && from == to {
        item.wrong(
            cx,
            "quiet hours begin and end at the same time",
            "write two different times, or leave them out",
        );
    }
    Some(QuietTimes {
        zone: zone(cx, &hours),
        except: hours.one_of(cx, "except", &super::rules::SEVERITIES, Severity::from_name),
        from: from?,
        to: to?,
    })
}

/// `"08:00 Asia/Seoul"`, or a table that says more.
fn digest(cx: &mut Cx, table: &Table) -> Option<DigestTimes> {
    let item = table.get("digest")?;
    if item.is_table() {
        let known = &["at", "zone", "except", "empty"];
        let digest = item.table(cx, "`digest`", known)?;
        return Some(DigestTimes {
            zone: zone(cx, &digest),
            except: digest.one_of(cx, "except", &super::rules::SEVERITIES, Severity::from_name),
            empty: digest.bool(cx, "empty").unwrap_or(false),
            at: clock(cx, &digest, "at", "\"08:00\"")?,
        });
    }
    let wanted = "a time and a zone such as \"08:00 Asia/Seoul\"";
    let (at, zone) = item.parsed(cx, wanted, values::time_in_zone)?;
    Some(DigestTimes {
        at,
        zone,
        except: None,
        empty: false,
    })
}

/// A time of day that must be there.
fn clock(cx: &mut Cx, table: &Table, key: &'static str, example: &str) -> Option<Time> {
    let Some(item) = table.get(key) else {
        table.missing(cx, key, example);
        return None;
    };
    item.parsed(cx, "a time such as \"22:00\"", values::time)
}

fn zone(cx: &mut Cx, table: &Table) -> Option<String> {
    let item = table.get("zone")?;
    item.parsed(cx, "a zone such as \"Asia/Seoul\"", values::zone)
}
