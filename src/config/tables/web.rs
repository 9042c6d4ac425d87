//! `[web]` and `[[web.token]]`.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::reader::{Cx, Table};
use crate::config::secrets;
use crate::config::settings::{Listen, WebSettings, WebToken};
use crate::config::values;

pub(in crate::config) const WEB: &[&str] = &["listen", "public_url", "token"];

/// The shortest token that is taken: less can be guessed.
const SHORTEST_TOKEN: usize = 8;

pub(in crate::config) fn web(cx: &mut Cx, table: &Table) -> WebSettings {
    let default = WebSettings::default();
    let listen = table
        .get("listen")
        .and_then(|item| item.parsed(cx, "an address such as \"127.0.0.1:8787\"", listen))
        .unwrap_or(default.listen);
    let public_url = table
        .filled(cx, "public_url")
        .map(|text| text.value.trim_end_matches('/').to_owned());
    if let (Some(item), Some(url)) = (table.get("public_url"), &public_url) {
        super::settings::checked_url(cx, &item, url);
    }
    let before = cx.problems.len();
    let tokens = tokens(cx, table);
    if !listen.is_local()
        && tokens.is_empty()
        && cx.problems.len() == before
        && let Some(item) = table.get("listen")
    {
        item.wrong(
            cx,
            "others can reach this address, and there is no token",
            "add token = { file = \"web-token\" }, or listen on 127.0.0.1",
        );
    }
    WebSettings {
        listen,
        public_url,
        tokens,
    }
}

fn listen(text: &str) -> Result<Listen, String> {
    if text.is_empty() {
        return Ok(Listen::Off);
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return if path.starts_with('/') {
            Ok(Listen::Unix(PathBuf::from(path)))
        } else {
            Err(
                "a unix socket needs its whole path: write \"unix:/run/bongsu/web.sock\""
                    .to_owned(),
            )
        };
    }
    let local = text
        .strip_prefix("localhost:")
        .map(|port| format!("127.0.0.1:{port}"));
    local
        .as_deref()
        .unwrap_or(text)
        .parse::<SocketAddr>()
        .map(Listen::Tcp)
        .map_err(|_| format!("`{text}` is not an address to listen on: write \"127.0.0.1:8787\", \"unix:/path\" or \"\""))
}

fn tokens(cx: &mut Cx, table: &Table) -> Vec<WebToken> {
    let Some(item) = table.get("token") else {
        return Vec::new();
    };
    if !item.is_list() {
        let secret = secrets::optional(cx, table, "token");
        let token = secret.map(|secret| WebToken {
            name: "default".to_owned(),
            secret,
            read_only: false,
        });
        return token
            .into_iter()
            .filter(|token| long_enough(cx, table, token))
            .collect();
    }
    let mut tokens: Vec<WebToken> = Vec::new();
    for table in table.tables(
        cx,
        "token",
        "[[web.token]]",
        &["name", "secret", "read_only"],
    ) {
        let name = table.required_text(cx, "name", "\"newsroom\"");
        let read_only = table.bool(cx, "read_only").unwrap_or(false);
        let Some(item) = table.get("secret") else {
            table.missing(cx, "secret", "{ file = \"newsroom-token\" }");
            continue;
        };
        let (Some(name), Some(secret)) = (name, secrets::secret(cx, &item)) else {
            continue;
        };
        if let Err(error) = values::id(&name.value) {
            table
                .get("name")
                .into_iter()
                .for_each(|item| item.wrong(cx, error.clone(), "give it a short name"));
        }
        if tokens.iter().any(|token| token.name == name.value) {
            table.get("name").into_iter().for_each(|item| {
                item.wrong(
                    cx,
                    format!("there are two tokens named \"{}\"", name.value),
                    "give each its own name",
                );
            });
        }
        let token = WebToken {
            name: name.value,
            secret,
            read_only,
        };
        if long_enough(cx, &table, &token) {
            tokens.push(token);
        }
    }
    tokens
}

fn long_enough(cx: &mut Cx, table: &Table, token: &WebToken) -> bool {
    let fine = token.secret.expose().chars().count() >= SHORTEST_TOKEN;
    if let (false, Some(item)) = (fine, table.get("secret").or_else(|| table.get("token"))) {
        item.wrong(
            cx,
            "this token can be guessed",
            format!(
                "use at least {SHORTEST_TOKEN} characters, such as those of `openssl rand -hex 16`"
            ),
        );
    }
    fine
}
