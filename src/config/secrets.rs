//! Secrets as config names them: in the file, in another file, in the environment, from systemd.
//!
//! What is read is kept out of every message; whether a secret works is found out by who uses it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::files;
use super::problem::Problem;
use super::reader::{Cx, Item, Table};
use super::source::Text;
use crate::secret::Secret;

/// The largest file that may hold a secret, in KiB.
const LARGEST: u64 = 64;

/// Headers that say how a request is carried: with others than the client's own it fails.
const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
];

const WANTED: &str = "\"…\", { file = \"path\" }, { env = \"NAME\" } or { credential = \"name\" }";

/// The secret of a key, if it is there and can be had.
pub(super) fn secret(cx: &mut Cx, item: &Item) -> Option<Secret> {
    let found = if item.is_text() {
        let text = item.text(cx)?;
        cx.sources.hide(&text.place);
        cx.plain_secrets
            .entry(item.file)
            .or_insert_with(|| text.place.clone());
        text.value
    } else if item.is_table() {
        named(cx, item)?
    } else {
        item.wrong_type(cx, WANTED);
        return None;
    };
    if found.trim().is_empty() {
        item.wrong(
            cx,
            format!("`{}` is empty", item.key),
            "put the secret there, or leave the key out",
        );
        return None;
    }
    Some(Secret::new(found))
}

/// The secret of a key that may be absent; an empty text counts as absent.
pub(super) fn optional(cx: &mut Cx, table: &Table, key: &str) -> Option<Secret> {
    let item = table.get(key)?;
    if item.is_text() && item.text(cx)?.value.is_empty() {
        return None;
    }
    secret(cx, &item)
}

/// `{ file = … }`, `{ env = … }` or `{ credential = … }`.
fn named(cx: &mut Cx, item: &Item) -> Option<String> {
    let table = item.table(
        cx,
        &format!("`{}`", item.key),
        &["file", "env", "credential"],
    )?;
    let given: Vec<Item> = table
        .items()
        .into_iter()
        .filter(|item| ["file", "env", "credential"].contains(&item.key.as_str()))
        .collect();
    let [source] = given.as_slice() else {
        item.wrong(
            cx,
            format!("`{}` must say where the secret is, once", item.key),
            format!("write {WANTED}"),
        );
        return None;
    };
    let name = source.text(cx)?;
    match source.key.as_str() {
        "file" => from_file(cx, source, &cx.folder.join(&name.value)),
        "env" => from_env(cx, source, &name),
        _ => from_credential(cx, source, &name),
    }
}

fn from_env(cx: &mut Cx, source: &Item, name: &Text) -> Option<String> {
    let value = (cx.env)(&name.value);
    if value.is_none() {
        source.wrong(
            cx,
            format!("the environment has no `{}`", name.value),
            "set it where bongsu is started, as UTF-8, or name another",
        );
    }
    value
}

fn from_credential(cx: &mut Cx, source: &Item, name: &Text) -> Option<String> {
    let plain =
        !name.value.is_empty() && !name.value.starts_with('.') && !name.value.contains(['/', '\0']);
    if !plain {
        source.wrong(
            cx,
            "this is not the name of a credential",
            "write the name that LoadCredential= gives it",
        );
        return None;
    }
    let Some(folder) = (cx.env)("CREDENTIALS_DIRECTORY") else {
        source.wrong(
            cx,
            "there are no credentials: $CREDENTIALS_DIRECTORY is not set",
            format!(
                "start bongsu by systemd with LoadCredential={}:…, or use {{ file = \"path\" }}",
                name.value
            ),
        );
        return None;
    };
    read(cx, source, &Path::new(&folder).join(&name.value))
}

fn from_file(cx: &mut Cx, source: &Item, path: &Path) -> Option<String> {
    let text = read(cx, source, path)?;
    if is_open(path) {
        cx.push(
            Problem::warning(
                "C21",
                source.place(),
                format!("everyone on this machine can read {}", path.display()),
            )
            .help(format!("chmod 600 {}", path.display())),
        );
    }
    Some(text)
}

fn read(cx: &mut Cx, source: &Item, path: &Path) -> Option<String> {
    match files::named(path, LARGEST) {
        Ok(text) => Some(text.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => {
            source.wrong(
                cx,
                format!("{} cannot be read: {error}", path.display()),
                "put the secret there, readable for bongsu, or name another file",
            );
            None
        }
    }
}

/// True for a file that others than owner and group may read.
pub(super) fn is_open(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o004 != 0)
}

/// `headers = { Authorization = { file = "token" } }`.
pub(super) fn headers(cx: &mut Cx, table: &Table) -> BTreeMap<String, Secret> {
    let mut headers = BTreeMap::new();
    let Some(table) = table
        .get("headers")
        .and_then(|item| item.free_table(cx, "headers = { Name = \"value\" }"))
    else {
        return headers;
    };
    for item in table.items() {
        let name_is_fine = !item.key.is_empty()
            && item
                .key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
        if !name_is_fine {
            cx.push(
                Problem::error(
                    "C04",
                    item.key_place(),
                    format!("`{}` is not the name of a header", item.key),
                )
                .help("write letters, digits and hyphens"),
            );
        }
        if OF_THE_CONNECTION.contains(&item.key.to_ascii_lowercase().as_str()) {
            cx.push(
                Problem::error(
                    "C04",
                    item.key_place(),
                    format!("`{}` is set by the connection", item.key),
                )
                .help("leave it out"),
            );
            continue;
        }
        let Some(value) = secret(cx, &item) else {
            continue;
        };
        if value.expose().chars().any(char::is_control) {
            item.wrong(
                cx,
                format!("the value of `{}` holds a control character", item.key),
                "write it on one line",
            );
        } else if name_is_fine {
            headers.insert(item.key.clone(), value);
        }
    }
    headers
}
