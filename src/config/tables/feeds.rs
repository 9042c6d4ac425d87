//! `[[feed]]`.

use super::transport;
use crate::config::feed_id::derive_feed_id;
use crate::config::reader::{Cx, Table};
use crate::config::secrets;
use crate::config::source::Place;
use crate::config::values;
use crate::domain::feed::websub::Terms;
use crate::domain::feed::{Feed, Origin};
use crate::domain::id::FeedId;

pub(in crate::config) const FEED: &[&str] = &[
    "url",
    "id",
    "title",
    "tags",
    "interval",
    "full_text",
    "language",
    "default_tz",
    "owner",
    "history",
    "headers",
    "user_agent",
    "cookies",
    "proxy",
    "extra_ca",
    "client_cert",
    "tls_insecure",
    "allow_downgrade",
    "enabled",
    "websub",
    "require_sha256",
];

/// A feed with the place of its id, or of its URL where it has no id of its own.
pub(in crate::config) fn feed(cx: &mut Cx, table: &Table) -> Option<(Feed, Place)> {
    let given = super::given_id(cx, table);
    let interval = table.span_of_time(cx, "interval");
    super::warn_below_a_minute(cx, table, "interval", interval);
    let full_text = table.bool(cx, "full_text").unwrap_or(false);
    let parsed =
        |cx: &mut Cx, key: &str, wanted: &str, read: fn(&str) -> Result<String, String>| {
            table
                .get(key)
                .and_then(|item| item.parsed(cx, wanted, read))
        };
    let title = table.filled(cx, "title").map(|text| text.value);
    let tags = tags(cx, table);
    let language = parsed(cx, "language", "a code such as \"ko\"", values::language);
    let default_tz = parsed(
        cx,
        "default_tz",
        "a zone such as \"Asia/Seoul\"",
        values::zone,
    );
    let owner = table.filled(cx, "owner").map(|text| text.value);
    let history = table.integer(cx, "history", 0..=100).unwrap_or(0);
    let headers = secrets::headers(cx, table);
    let transport = transport::transport(cx, table);
    let enabled = table.bool(cx, "enabled").unwrap_or(true);
    let websub = Terms {
        wanted: table.bool(cx, "websub").unwrap_or(true),
        require_sha256: table.bool(cx, "require_sha256").unwrap_or(false),
    };
    let url = table.required_text(cx, "url", "\"https://example.org/feed.xml\"")?;
    let item = table.get("url")?;
    if values::http_url(&url.value).is_err() {
        super::settings::checked_url(cx, &item, &url.value);
        return None;
    }
    if given.is_none() && table.get("id").is_some() {
        return None;
    }
    let (id, place) = given.map_or_else(
        || (derive_feed_id(&url.value), url.place.clone()),
        |(id, place)| (FeedId::new(id), place),
    );
    let feed = Feed {
        id,
        url: url.value,
        title,
        tags,
        interval,
        full_text,
        language,
        default_tz,
        owner,
        history,
        headers,
        transport,
        enabled,
        origin: Origin::File,
        websub,
    };
    Some((feed, place))
}

fn tags(cx: &mut Cx, table: &Table) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for text in table.texts(cx, "tags") {
        let tag = text.value.trim().to_owned();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}
