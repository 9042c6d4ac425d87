//! The tables of config, one file for each family: keys, types, ranges, defaults.
//!
//! Each reads one table and answers its value; what names something elsewhere is checked in `refer`.

pub(super) mod entities;
pub(super) mod feeds;
pub(super) mod receivers;
pub(super) mod rules;
pub(super) mod settings;
mod transport;
pub(super) mod web;
pub(super) mod websub;

use super::problem::Problem;
use super::reader::{Cx, Table};
use super::source::Place;
use super::values;

/// The `id` of a table, where one must be given.
pub(super) fn id(cx: &mut Cx, table: &Table, example: &str) -> Option<(String, Place)> {
    table.required_text(cx, "id", example)?;
    given_id(cx, table)
}

/// The `id` of a table, if it is given and can be used.
pub(super) fn given_id(cx: &mut Cx, table: &Table) -> Option<(String, Place)> {
    let item = table.get("id")?;
    let id = item.parsed(cx, "an id", values::id)?;
    Some((id, item.place()))
}

/// An interval below a minute is kept, and polled every minute.
pub(super) fn warn_below_a_minute(
    cx: &mut Cx,
    table: &Table,
    key: &str,
    given: Option<std::time::Duration>,
) {
    if let (Some(item), Some(given)) = (table.get(key), given)
        && given < std::time::Duration::from_mins(1)
    {
        cx.push(
            Problem::warning(
                "C22",
                item.place(),
                format!("`{key}` is shorter than a minute"),
            )
            .help("no feed is polled more often than every minute"),
        );
    }
}
