//! Values that several kinds of receivers have in common: required secrets, texts and addresses.

use crate::config::problem::Problem;
use crate::config::reader::{Cx, Table};
use crate::config::secrets;
use crate::config::tables::settings::checked_url;
use crate::secret::Secret;

/// A secret that must be there.
pub(super) fn secret(cx: &mut Cx, table: &Table, key: &str, example: &str) -> Option<Secret> {
    let Some(item) = table.get(key) else {
        table.missing(cx, key, example);
        return None;
    };
    secrets::secret(cx, &item)
}

/// An address that holds a token, and must be there.
pub(super) fn secret_url(cx: &mut Cx, table: &Table, key: &str, example: &str) -> Option<Secret> {
    let url = secret(cx, table, key, example)?;
    checked_url(cx, &table.get(key)?, url.expose());
    Some(url)
}

/// A text that must be there.
pub(super) fn text(cx: &mut Cx, table: &Table, key: &str, example: &str) -> Option<String> {
    table.required_text(cx, key, example).map(|text| text.value)
}

/// A text that may be there.
pub(super) fn optional(cx: &mut Cx, table: &Table, key: &str) -> Option<String> {
    table.filled(cx, key).map(|text| text.value)
}

/// The address of a server, which must be there. A log-in in it is refused: it would be shown.
pub(super) fn url(cx: &mut Cx, table: &Table, key: &str, example: &str) -> Option<String> {
    let text = text(cx, table, key, example)?;
    plain(cx, table, key, &text);
    Some(text)
}

/// The address of a server that is not the usual one.
pub(super) fn optional_url(cx: &mut Cx, table: &Table, key: &str) -> Option<String> {
    let text = optional(cx, table, key)?;
    plain(cx, table, key, &text);
    Some(text)
}

fn plain(cx: &mut Cx, table: &Table, key: &str, text: &str) {
    let Some(item) = table.get(key) else {
        return;
    };
    let login = url::Url::parse(text).is_ok_and(|url| {
        !url.username().is_empty() || url.password().is_some() || url.query().is_some()
    });
    if login {
        cx.sources.hide(&item.place());
        item.wrong(
            cx,
            format!("`{key}` holds a log-in or a query"),
            "write https://host/path alone; tokens have keys of their own",
        );
        return;
    }
    checked_url(cx, &item, text);
}

/// Exactly one of two keys, or a problem that says so.
pub(super) fn one_of_two<'k>(
    cx: &mut Cx,
    table: &Table,
    keys: [&'k str; 2],
    example: &str,
) -> Option<&'k str> {
    let [first, second] = keys;
    match (table.get(first), table.get(second)) {
        (Some(_), Some(item)) => {
            cx.push(
                Problem::error(
                    "C04",
                    item.key_place(),
                    format!("`{first}` and `{second}` exclude each other"),
                )
                .help("keep one of them"),
            );
            None
        }
        (None, None) => {
            let or = format!("{example}, or `{second}`");
            table.missing(cx, first, &or);
            None
        }
        (Some(_), None) => Some(first),
        (None, Some(_)) => Some(second),
    }
}
