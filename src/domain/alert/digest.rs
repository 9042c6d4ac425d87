//! Several alerts in one message: which kinds there are, and how much one message holds.
//!
//! When a digest is due is in `timing`; which deliveries go into it is the store's business (`store::digests`), how
//! it reads that of `message` and the receivers.

use serde::{Deserialize, Serialize};

use super::plain::cut_bytes;
use super::wire::WireAlert;

/// The id of the rule that digests bear.
pub const RULE: &str = "bongsu.digest";

/// The most alerts in one message; what is more goes into a further one.
pub const MOST_MEMBERS: usize = 500;

/// The most bytes of articles that one message carries whole.
const MOST_TEXT: usize = 4 << 20;

/// Why several alerts come as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// At a time of day: the receiver's `digest`, or rules with `notify = "digest"`.
    Daily,
    /// More than a rule's `throttle` lets through.
    Throttle,
    /// What quiet hours held.
    Quiet,
    /// What a silence held.
    Silence,
    /// What piled up while a receiver was away, or could not take all of it.
    CatchUp,
}

impl Kind {
    /// The spelling in keys and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Throttle => "throttle",
            Self::Quiet => "quiet",
            Self::Silence => "silence",
            Self::CatchUp => "catch-up",
        }
    }
}

/// Cuts the texts of a digest's alerts where together they are too much for one message; each cut one says so.
pub fn slim(alerts: &mut [WireAlert]) {
    let entries = alerts.iter().filter_map(|alert| alert.entry.as_ref());
    let whole: usize = entries
        .map(|entry| {
            entry.body.len()
                + entry.body_html.len()
                + entry.full_text.as_ref().map_or(0, String::len)
        })
        .sum();
    if whole <= MOST_TEXT {
        return;
    }
    // Three texts an entry.
    let most = MOST_TEXT / (3 * alerts.len().max(1));
    for alert in alerts {
        let Some(entry) = &mut alert.entry else {
            continue;
        };
        for text in std::iter::once(&mut entry.body).chain(&mut entry.full_text) {
            if text.len() > most {
                text.truncate(cut_bytes(text, most).len());
                alert.cut = true;
            }
        }
        if entry.body_html.len() > most {
            entry.body_html.clear();
            alert.cut = true;
        }
    }
}
