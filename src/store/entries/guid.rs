//! The guid of an entry as its column holds it: empty where the entry's key says it.
//!
//! A key keeps a guid as it was published unless that is very long or shared. An empty guid counts as none.

/// The rung of keys that are guids.
const RUNG: &str = "g:";

/// What the column holds for a guid.
pub(super) fn packed<'a>(guid: Option<&'a str>, key: &str) -> Option<&'a str> {
    let guid = guid.filter(|guid| !guid.is_empty())?;
    Some(if key.strip_prefix(RUNG) == Some(guid) {
        ""
    } else {
        guid
    })
}

/// The guid that a column stands for.
pub(super) fn unpacked(column: Option<String>, key: &str) -> Option<String> {
    match column {
        Some(empty) if empty.is_empty() => key.strip_prefix(RUNG).map(ToOwned::to_owned),
        as_it_is => as_it_is,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_comes_back_as_it_went() {
        for (guid, key, column) in [
            (Some("urn:1"), "g:urn:1", Some("")),
            (Some("urn:1"), "g:urn:1\u{1f}00ff", Some("urn:1")),
            (Some("urn:1"), "l://a.example/1", Some("urn:1")),
            (Some("g:1"), "g:g:1", Some("")),
            (None, "l://a.example/1", None),
            (None, "g:urn:1", None),
        ] {
            assert_eq!(packed(guid, key), column, "{guid:?} {key}");
            let column = column.map(ToOwned::to_owned);
            assert_eq!(unpacked(column, key).as_deref(), guid, "{key}");
        }
        assert_eq!(
            unpacked(packed(Some(""), "h:1").map(ToOwned::to_owned), "h:1"),
            None
        );
    }
}
