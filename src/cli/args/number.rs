//! Ids that are numbers: what is no number is answered with where the numbers are shown.

/// The id of an alert.
pub(super) fn alert(text: &str) -> Result<i64, String> {
    id(text, "an alert", "alerts list")
}

/// The id of a silence.
pub(super) fn silence(text: &str) -> Result<i64, String> {
    id(text, "a silence", "silence list")
}

/// The id of a story.
pub(super) fn story(text: &str) -> Result<i64, String> {
    id(text, "a story", "stories list")
}

fn id(text: &str, what: &str, listing: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|_| format!("{what} goes by its number: `bongsu {listing}` shows it"))
}
