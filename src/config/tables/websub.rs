//! `[websub]`.

use crate::config::reader::{Cx, Table};
use crate::config::settings::WebsubSettings;

pub(in crate::config) const WEBSUB: &[&str] = &["enabled", "callback_url", "lease"];

pub(in crate::config) fn websub(cx: &mut Cx, table: &Table) -> WebsubSettings {
    let default = WebsubSettings::default();
    let callback_url = table.filled(cx, "callback_url");
    if let (Some(item), Some(text)) = (table.get("callback_url"), &callback_url) {
        super::settings::checked_url(cx, &item, &text.value);
        if text.value.contains(['?', '#']) {
            item.wrong(
                cx,
                "`callback_url` is the beginning of addresses and has no `?` or `#`",
                "write https://host/path",
            );
        }
    }
    WebsubSettings {
        enabled: table.bool(cx, "enabled").unwrap_or(default.enabled),
        callback_url: callback_url
            .as_ref()
            .map(|text| text.value.trim_end_matches('/').to_owned()),
        place: callback_url.map(|text| text.place),
        lease: table.span_of_time(cx, "lease").unwrap_or(default.lease),
    }
}
