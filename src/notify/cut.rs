//! The alert's JSON for machines, whole or with the entry's texts cut where `max_body` says so.

use crate::domain::alert::plain::cut_bytes;
use crate::domain::alert::wire::WireAlert;

/// The alert as JSON, its texts cut to `max` bytes where given.
pub(super) fn json(alert: &WireAlert, max: Option<u64>) -> String {
    let text = match max {
        Some(max) => serde_json::to_string(&cut(alert, max)),
        None => serde_json::to_string(alert),
    };
    text.expect("an alert holds only strings, numbers and lists")
}

/// The alert with each text of its entry at most `max` bytes long, cut at a character and marked `cut`.
///
/// Half an HTML text is a broken one, so `body_html` is left out instead.
pub(super) fn cut(alert: &WireAlert, max: u64) -> WireAlert {
    let limit = usize::try_from(max).unwrap_or(usize::MAX);
    let mut alert = alert.clone();
    if let Some(entry) = &mut alert.entry {
        for text in std::iter::once(&mut entry.body).chain(&mut entry.full_text) {
            if text.len() > limit {
                text.truncate(cut_bytes(text, limit).len());
                alert.cut = true;
            }
        }
        if entry.body_html.len() > limit {
            entry.body_html.clear();
            alert.cut = true;
        }
    }
    for inner in alert.alerts.iter_mut().flatten() {
        *inner = cut(inner, max);
        alert.cut |= inner.cut;
    }
    alert
}

/// The length of the longest text that [`cut`] could shorten.
pub(super) fn longest(alert: &WireAlert) -> usize {
    let own = alert.entry.as_ref().map_or(0, |entry| {
        let full_text = entry.full_text.as_ref().map_or(0, String::len);
        entry.body.len().max(entry.body_html.len()).max(full_text)
    });
    let inner = alert.alerts.iter().flatten().map(longest).max();
    own.max(inner.unwrap_or(0))
}
