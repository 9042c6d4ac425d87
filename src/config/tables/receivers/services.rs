//! The keys of receivers that are spoken to over HTTP.

use std::time::Duration;

use super::read::{one_of_two, optional, optional_url, secret, secret_url, text, url};
use crate::config::reader::{Cx, Table};
use crate::config::secrets;
use crate::config::values;
use crate::notify::settings::{
    AlertmanagerSettings, AppriseSettings, DiscordSettings, DooraySettings, GotifySettings,
    JandiSettings, KakaoworkSettings, KakaoworkTo, LineWorksSettings, LineWorksTo, MatrixSettings,
    MattermostSettings, NtfySettings, OpsgenieSettings, PagerdutySettings, PushoverSettings,
    ReceiverKind, SignalSettings, SlackSettings, TeamsSettings, TelegramSettings,
};

/// The settings of a kind of service; none where something is wrong, which is told by then.
pub(super) fn service(cx: &mut Cx, table: &Table, kind: &str) -> Option<ReceiverKind> {
    Some(match kind {
        "slack" => ReceiverKind::Slack(slack(cx, table)?),
        "discord" => ReceiverKind::Discord(discord(cx, table)?),
        "telegram" => ReceiverKind::Telegram(telegram(cx, table)?),
        "teams" => ReceiverKind::Teams(TeamsSettings {
            url: secret_url(cx, table, "url", "{ file = \"teams-url\" }")?,
        }),
        "matrix" => ReceiverKind::Matrix(matrix(cx, table)?),
        "mattermost" => ReceiverKind::Mattermost(mattermost(cx, table)?),
        "ntfy" => ReceiverKind::Ntfy(ntfy(cx, table)?),
        "gotify" => ReceiverKind::Gotify(gotify(cx, table)?),
        "pushover" => ReceiverKind::Pushover(pushover(cx, table)?),
        "pagerduty" => ReceiverKind::Pagerduty(PagerdutySettings {
            api: optional_url(cx, table, "api"),
            routing_key: secret(cx, table, "routing_key", "{ file = \"pagerduty-key\" }")?,
        }),
        "opsgenie" => ReceiverKind::Opsgenie(OpsgenieSettings {
            api: optional_url(cx, table, "api"),
            token: secret(cx, table, "token", "{ file = \"opsgenie-key\" }")?,
        }),
        "alertmanager" => ReceiverKind::Alertmanager(alertmanager(cx, table)?),
        "jandi" => ReceiverKind::Jandi(JandiSettings {
            url: secret_url(cx, table, "url", "{ file = \"jandi-url\" }")?,
            email: mailbox(cx, table, "email"),
        }),
        "dooray" => ReceiverKind::Dooray(DooraySettings {
            url: secret_url(cx, table, "url", "{ file = \"dooray-url\" }")?,
            name: optional(cx, table, "name"),
        }),
        "kakaowork" => ReceiverKind::Kakaowork(kakaowork(cx, table)?),
        "line-works" => ReceiverKind::LineWorks(line_works(cx, table)?),
        "signal" => ReceiverKind::Signal(signal(cx, table)?),
        _ => ReceiverKind::Apprise(AppriseSettings {
            url: url(cx, table, "url", "\"http://apprise.example.org:8000\"")?,
            key: secret(cx, table, "key", "\"desk\"")?,
            tag: optional(cx, table, "tag"),
        }),
    })
}

fn mailbox(cx: &mut Cx, table: &Table, key: &str) -> Option<String> {
    table
        .get(key)?
        .parsed(cx, "a mail address", values::mailbox)
}

fn slack(cx: &mut Cx, table: &Table) -> Option<SlackSettings> {
    let example = "{ file = \"slack-url\" }";
    if one_of_two(cx, table, ["url", "token"], example)? == "url" {
        let url = secret_url(cx, table, "url", example);
        for key in ["channel", "api"] {
            if let Some(item) = table.get(key) {
                item.wrong(
                    cx,
                    format!("`{key}` is for a bot: a webhook posts where it was made for"),
                    "leave it out, or give `token` instead of `url`",
                );
            }
        }
        return Some(SlackSettings::Hook { url: url? });
    }
    let api = optional_url(cx, table, "api");
    let token = secret(cx, table, "token", "{ file = \"slack-token\" }");
    let channel = text(cx, table, "channel", "\"C0123456789\"");
    Some(SlackSettings::Bot {
        api,
        token: token?,
        channel: channel?,
    })
}

fn discord(cx: &mut Cx, table: &Table) -> Option<DiscordSettings> {
    let url = secret_url(cx, table, "url", "{ file = \"discord-url\" }");
    let thread = optional(cx, table, "thread");
    let forum = table.bool(cx, "forum").unwrap_or(false);
    if forum && thread.is_some() {
        table.get("forum")?.wrong(
            cx,
            "`forum` begins threads, and `thread` names one",
            "keep one of them",
        );
    }
    Some(DiscordSettings {
        url: url?,
        thread,
        forum,
    })
}

fn telegram(cx: &mut Cx, table: &Table) -> Option<TelegramSettings> {
    let api = optional_url(cx, table, "api");
    let token = secret(cx, table, "token", "{ file = \"telegram-token\" }");
    let chat = text(cx, table, "chat", "\"-1001234567890\"");
    let thread = table.integer(cx, "thread", 1..=u32::MAX);
    let chat = chat?;
    let number = chat.strip_prefix('-').unwrap_or(&chat);
    let fine = chat.starts_with('@') || number.bytes().all(|byte| byte.is_ascii_digit());
    if !fine {
        table.get("chat")?.wrong(
            cx,
            "`chat` is neither a number nor a @channel",
            "write chat = \"-1001234567890\" or chat = \"@channel\"",
        );
        return None;
    }
    Some(TelegramSettings {
        api,
        token: token?,
        chat,
        thread,
    })
}

fn matrix(cx: &mut Cx, table: &Table) -> Option<MatrixSettings> {
    let home = url(cx, table, "url", "\"https://matrix.example.org\"");
    let token = secret(cx, table, "token", "{ file = \"matrix-token\" }");
    let room = text(cx, table, "room", "\"!abcdef:example.org\"");
    let notice = table.bool(cx, "notice").unwrap_or(false);
    Some(MatrixSettings {
        url: home?,
        token: token?,
        room: room?,
        notice,
    })
}

fn mattermost(cx: &mut Cx, table: &Table) -> Option<MattermostSettings> {
    let url = secret_url(cx, table, "url", "{ file = \"mattermost-url\" }");
    if table.get("token").is_none() {
        return Some(MattermostSettings::Hook {
            url: url?,
            channel: optional(cx, table, "channel"),
        });
    }
    let token = secret(cx, table, "token", "{ file = \"mattermost-token\" }");
    let channel = text(cx, table, "channel", "\"the channel's id\"");
    Some(MattermostSettings::Bot {
        url: url?,
        token: token?,
        channel: channel?,
    })
}

fn ntfy(cx: &mut Cx, table: &Table) -> Option<NtfySettings> {
    let server = url(cx, table, "url", "\"https://ntfy.sh\"");
    let topic = secret(cx, table, "topic", "{ file = \"ntfy-topic\" }");
    let token = secrets::optional(cx, table, "token");
    Some(NtfySettings {
        url: server?,
        topic: topic?,
        token,
    })
}

fn gotify(cx: &mut Cx, table: &Table) -> Option<GotifySettings> {
    let server = url(cx, table, "url", "\"https://gotify.example.org\"");
    let token = secret(cx, table, "token", "{ file = \"gotify-token\" }");
    Some(GotifySettings {
        url: server?,
        token: token?,
    })
}

fn pushover(cx: &mut Cx, table: &Table) -> Option<PushoverSettings> {
    let api = optional_url(cx, table, "api");
    let token = secret(cx, table, "token", "{ file = \"pushover-token\" }");
    let user = secret(cx, table, "user", "{ file = \"pushover-user\" }");
    let device = optional(cx, table, "device");
    let emergency = table.bool(cx, "emergency").unwrap_or(false);
    Some(PushoverSettings {
        api,
        token: token?,
        user: user?,
        device,
        emergency,
    })
}

fn alertmanager(cx: &mut Cx, table: &Table) -> Option<AlertmanagerSettings> {
    let server = url(cx, table, "url", "\"http://127.0.0.1:9093\"");
    let token = secrets::optional(cx, table, "token");
    let expire = table
        .span_of_time(cx, "expire")
        .unwrap_or(Duration::from_hours(1));
    Some(AlertmanagerSettings {
        url: server?,
        token,
        expire,
    })
}

fn kakaowork(cx: &mut Cx, table: &Table) -> Option<KakaoworkSettings> {
    let api = optional_url(cx, table, "api");
    let token = secret(cx, table, "token", "{ file = \"kakaowork-key\" }");
    let keys = ["conversation", "email"];
    let to = match one_of_two(cx, table, keys, "\"123456\"")? {
        "email" => KakaoworkTo::Email(mailbox(cx, table, "email")?),
        key => KakaoworkTo::Conversation(text(cx, table, key, "\"123456\"")?),
    };
    Some(KakaoworkSettings {
        api,
        token: token?,
        to,
    })
}

fn line_works(cx: &mut Cx, table: &Table) -> Option<LineWorksSettings> {
    let (api, auth) = (
        optional_url(cx, table, "api"),
        optional_url(cx, table, "auth"),
    );
    let bot = text(cx, table, "bot", "\"1234567\"");
    let client_id = text(cx, table, "client_id", "\"abcDEF\"");
    let client_secret = secret(
        cx,
        table,
        "client_secret",
        "{ file = \"line-works-secret\" }",
    );
    let account = text(cx, table, "service_account", "\"x.serviceaccount@example\"");
    let private_key = secret(cx, table, "private_key", "{ file = \"line-works.key\" }");
    let example = "\"the channel's id\"";
    let to = match one_of_two(cx, table, ["channel", "user"], example)? {
        "user" => LineWorksTo::User(text(cx, table, "user", example)?),
        key => LineWorksTo::Channel(text(cx, table, key, example)?),
    };
    Some(LineWorksSettings {
        api,
        auth,
        bot: bot?,
        to,
        client_id: client_id?,
        client_secret: client_secret?,
        service_account: account?,
        private_key: private_key?,
    })
}

fn signal(cx: &mut Cx, table: &Table) -> Option<SignalSettings> {
    let server = url(cx, table, "url", "\"http://127.0.0.1:8080\"");
    let from = text(cx, table, "from", "\"+821012345678\"");
    let to = table.text_or_texts(cx, "to");
    if to.is_empty() {
        table.missing(cx, "to", "[\"+821087654321\"]");
        return None;
    }
    Some(SignalSettings {
        url: server?,
        from: from?,
        to: to.into_iter().map(|text| text.value).collect(),
    })
}
