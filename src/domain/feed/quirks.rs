//! What a publisher's server was found not to bear, so that the next request is made otherwise.
//!
//! Pure: one poll's end in, what to ask next out. How a request is made is `crate::fetch`'s.

use serde::{Deserialize, Serialize};

use super::outcome::{HttpFacts, OutcomeKind};

/// The status of a delta (RFC 3229 10.4.1).
const IM_USED: u16 = 226;

/// What is asked otherwise of one publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quirks {
    /// How documents are accepted.
    pub accept: Accept,
    /// Deltas are not asked for: the server answered 226 to it without sending one.
    pub no_delta: bool,
}

/// Whether `Accept` names the types of feeds, or anything at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accept {
    /// The types of feeds.
    #[default]
    Feeds,
    /// The server refused; the next poll accepts anything, once.
    TryAnything,
    /// Anything: with that it answered.
    Anything,
    /// The types of feeds: it refused with anything, too. Not tried again before it has answered.
    Tried,
}

impl Quirks {
    /// Whether the next request accepts anything.
    #[must_use]
    pub fn accepts_anything(self) -> bool {
        matches!(self.accept, Accept::TryAnything | Accept::Anything)
    }

    /// What is known after a poll that ended as `kind` and showed `facts`.
    #[must_use]
    pub fn after(self, kind: OutcomeKind, facts: &HttpFacts) -> Self {
        Self {
            accept: self.accept.after(kind, facts.status),
            no_delta: self.no_delta
                || kind == OutcomeKind::HttpError && facts.status == Some(IM_USED),
        }
    }
}

impl Accept {
    fn after(self, kind: OutcomeKind, status: Option<u16>) -> Self {
        let answered = kind.is_good();
        // 406, and what servers say that cannot make sense of a long header.
        let refused =
            kind == OutcomeKind::HttpError && matches!(status, Some(400 | 405 | 406 | 414 | 501));
        match self {
            Self::Feeds if refused => Self::TryAnything,
            Self::TryAnything if answered => Self::Anything,
            Self::TryAnything if kind == OutcomeKind::HttpError => Self::Tried,
            Self::Anything if refused => Self::Tried,
            Self::Tried if answered => Self::Feeds,
            same => same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(quirks: Quirks, kind: OutcomeKind, status: Option<u16>) -> Quirks {
        let facts = HttpFacts {
            status,
            ..HttpFacts::default()
        };
        quirks.after(kind, &facts)
    }

    #[test]
    fn a_refusal_is_answered_once_with_accepting_anything() {
        use OutcomeKind::{HttpError, NetError, OkSame};
        let polls = [
            (NetError, None, Accept::Feeds),
            (HttpError, Some(404), Accept::Feeds),
            (HttpError, Some(406), Accept::TryAnything),
            (NetError, None, Accept::TryAnything),
            (HttpError, Some(406), Accept::Tried),
            (HttpError, Some(406), Accept::Tried),
            (OkSame, Some(200), Accept::Feeds),
            (HttpError, Some(501), Accept::TryAnything),
            (OkSame, Some(200), Accept::Anything),
            (OkSame, Some(304), Accept::Anything),
            (HttpError, Some(500), Accept::Anything),
            (HttpError, Some(414), Accept::Tried),
        ];
        let mut quirks = Quirks::default();
        for (number, (kind, status, expected)) in polls.into_iter().enumerate() {
            quirks = after(quirks, kind, status);
            assert_eq!(quirks.accept, expected, "poll {number}");
            let anything = matches!(expected, Accept::TryAnything | Accept::Anything);
            assert_eq!(quirks.accepts_anything(), anything, "poll {number}");
        }
    }

    #[test]
    fn a_226_that_is_no_delta_ends_asking_for_deltas() {
        let good = after(Quirks::default(), OutcomeKind::OkNew, Some(226));
        assert!(!good.no_delta);
        let bad = after(good, OutcomeKind::HttpError, Some(226));
        assert!(bad.no_delta);
        assert!(
            after(bad, OutcomeKind::OkSame, Some(200)).no_delta,
            "for good"
        );
    }
}
