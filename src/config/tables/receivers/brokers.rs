//! The keys of receivers that are brokers and logs: MQTT, NATS, syslog, the journal.

use std::path::PathBuf;

use super::read::{optional, text};
use crate::config::problem::Problem;
use crate::config::reader::{Cx, Table};
use crate::config::secrets;
use crate::notify::settings::{
    FACILITIES, MqttSettings, NatsSettings, ReceiverKind, SyslogSettings,
};
use crate::secret::Secret;

/// The settings of a kind of broker or log; none where something is wrong, which is told by then.
pub(super) fn broker(cx: &mut Cx, table: &Table, kind: &str) -> Option<ReceiverKind> {
    match kind {
        "mqtt" => mqtt(cx, table).map(ReceiverKind::Mqtt),
        "nats" => nats(cx, table).map(ReceiverKind::Nats),
        "syslog" => syslog(cx, table).map(ReceiverKind::Syslog),
        _ => Some(ReceiverKind::Journald {
            socket: optional(cx, table, "socket").map(PathBuf::from),
        }),
    }
}

/// The address, without a log-in in it.
fn server(cx: &mut Cx, table: &Table, example: &str) -> Option<String> {
    let server = text(cx, table, "server", example)?;
    if server.contains('@') {
        let item = table.get("server")?;
        cx.sources.hide(&item.place());
        item.wrong(
            cx,
            "`server` holds a log-in",
            "give it as `username` and `password`",
        );
        return None;
    }
    Some(server)
}

/// Both or neither.
fn login(cx: &mut Cx, table: &Table) -> (Option<String>, Option<Secret>) {
    let username = optional(cx, table, "username");
    let password = secrets::optional(cx, table, "password");
    if table.get("password").is_some() && username.is_none() {
        table.missing(cx, "username", "\"bongsu\"");
    }
    (username, password)
}

fn mqtt(cx: &mut Cx, table: &Table) -> Option<MqttSettings> {
    let server = server(cx, table, "\"mqtts://broker.example.org\"");
    let topic = text(cx, table, "topic", "\"desk/alerts\"");
    let (username, password) = login(cx, table);
    let client_id = optional(cx, table, "client_id");
    let retain = table.bool(cx, "retain").unwrap_or(false);
    Some(MqttSettings {
        server: server?,
        topic: topic?,
        username,
        password,
        client_id,
        retain,
    })
}

fn nats(cx: &mut Cx, table: &Table) -> Option<NatsSettings> {
    let server = server(cx, table, "\"nats://broker.example.org\"");
    let subject = text(cx, table, "subject", "\"desk.alerts\"");
    let (username, password) = login(cx, table);
    let token = secrets::optional(cx, table, "token");
    if let Some(item) = table.get("token").filter(|_| username.is_some()) {
        cx.push(
            Problem::error(
                "C04",
                item.key_place(),
                "`username` and `token` exclude each other",
            )
            .help("keep one of them"),
        );
    }
    Some(NatsSettings {
        server: server?,
        subject: subject?,
        username,
        password,
        token,
    })
}

fn syslog(cx: &mut Cx, table: &Table) -> Option<SyslogSettings> {
    let server = server(cx, table, "\"unix:/dev/log\"");
    let names = FACILITIES.map(|(name, _)| name);
    let facility = table.one_of(cx, "facility", &names, |name| {
        let (_, number) = FACILITIES.iter().find(|(known, _)| *known == name)?;
        Some(*number)
    });
    Some(SyslogSettings {
        server: server?,
        facility: facility.unwrap_or(1),
    })
}
