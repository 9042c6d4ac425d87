//! Keys that are addresses: the same one spelt anew, counted, or on another host.
//!
//! What an address may be spelt like is in `identity`; what it proves is in `evidence`.

use super::KnownEntry;
use crate::domain::entry::identity::{canonical_url, host_and_rest, page_and_place, rung};

/// What a key is made of: a guid that is an address is one.
pub(super) fn named_by(key: &str) -> (&str, bool) {
    match rung(key) {
        ("g", barred) if key[2..].starts_with("http") => ("l", barred),
        other => other,
    }
}

/// Whether two guids are one address, spelt in two ways.
pub(super) fn is_respelt_guid(key: &str, known: &KnownEntry) -> bool {
    let address = |key: &str| {
        let address = key
            .strip_prefix("g:")
            .filter(|guid| guid.starts_with("http"));
        address.map(canonical_url)
    };
    address(key).is_some_and(|address_now| address(&known.key) == Some(address_now))
}

/// Some publishers count re-publications behind the guid: `…/article#0`, `…/article#1`.
pub(super) fn is_counted_guid(key: &str, known: &KnownEntry) -> bool {
    let split = |key: &str| -> Option<(String, String)> {
        let (page, count) = key.strip_prefix("g:http")?.rsplit_once('#')?;
        let short = count.len() <= 3 && count.bytes().all(|b| b.is_ascii_digit());
        short.then(|| (canonical_url(&format!("http{page}")), count.to_owned()))
    };
    match (split(key), split(&known.key)) {
        (Some((page, count)), Some((known_page, known_count))) => {
            page == known_page && count != known_count
        }
        _ => false,
    }
}

/// Whether a key is a link whose path no two articles of different sites share by chance.
pub(super) fn is_own_link(link: &str) -> bool {
    let spelt = link.strip_prefix("l:").and_then(host_and_rest);
    spelt.is_some_and(|(_, path)| is_own_path(path))
}

/// Whether a known entry has the path of `link` on another host.
pub(super) fn has_path(known: &KnownEntry, link: &str) -> bool {
    let Some((host, path)) = link.strip_prefix("l:").and_then(host_and_rest) else {
        return false;
    };
    let elsewhere =
        |link: &str| host_and_rest(link).is_some_and(|(other, same)| same == path && other != host);
    let keys = known.alternates.iter().chain([&known.key]);
    path.len() > 1
        && (keys.filter_map(|key| key.strip_prefix("l:")).any(elsewhere)
            || known
                .url
                .as_deref()
                .map(page_and_place)
                .is_some_and(|link| elsewhere(&link)))
}

/// A path that no two articles of different sites share by chance.
fn is_own_path(path: &str) -> bool {
    path.len() >= 12 || path.bytes().filter(u8::is_ascii_digit).count() >= 4
}
