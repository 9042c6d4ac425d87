//! An alert of each reason, on which templates are tried and which the tests of each kind send.

use jiff::{SignedDuration, Timestamp};

use super::Outgoing;
use crate::domain::alert::Reason;
use crate::domain::alert::wire::{WireAlert, WireHealth, WireLinks, WireRule, WireStory};
use crate::domain::entry::wire::WireEntry;
use crate::domain::matching::Evidence;
use crate::domain::rule::Severity;

/// 2026-11-24T01:02:03Z.
const CREATED: i64 = 1_795_482_123;

/// One message of each reason; that of a new story comes first.
pub(super) fn samples() -> Vec<Outgoing> {
    Reason::ALL
        .into_iter()
        .map(|reason| Outgoing {
            alert: alert(reason),
            sent_at: created() + SignedDuration::from_mins(1),
            attempt: 1,
        })
        .collect()
}

fn created() -> Timestamp {
    Timestamp::from_second(CREATED).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn alert(reason: Reason) -> WireAlert {
    let about_entry = !matches!(reason, Reason::Digest | Reason::Health | Reason::Resolved);
    WireAlert {
        kind: "alert".to_owned(),
        id: "17".to_owned(),
        key: "00112233445566778899aabbccddeeff".to_owned(),
        created: created(),
        severity: Severity::Critical,
        reason,
        rule: WireRule {
            id: "sample-rule".to_owned(),
            title: "Sample rule".to_owned(),
        },
        step: None,
        entry: about_entry.then(entry),
        matches: if about_entry {
            vec![evidence()]
        } else {
            Vec::new()
        },
        story: about_entry.then(|| WireStory {
            id: "12".to_owned(),
            entries: 3,
            feeds: vec!["sample-feed".to_owned(), "other-feed".to_owned()],
            first_seen: created(),
            folded: Vec::new(),
        }),
        health: matches!(reason, Reason::Health | Reason::Resolved).then(|| WireHealth {
            kind: "feed_failing".to_owned(),
            subject: "sample-feed".to_owned(),
            text: "Feed sample-feed answers 503 since 6 hours".to_owned(),
        }),
        alerts: (reason == Reason::Digest)
            .then(|| vec![alert(Reason::NewStory), alert(Reason::NewEntry)]),
        also: Vec::new(),
        late_by: None,
        links: WireLinks {
            alert: Some("https://desk.example.org/alerts/17".to_owned()),
            ack: None,
        },
        test: false,
        cut: false,
    }
}

fn entry() -> WireEntry {
    WireEntry {
        id: "5f0c".to_owned(),
        feed: Some("sample-feed".to_owned()),
        title: "다리 착공, Bridge work begins".to_owned(),
        url: Some("https://news.example.org/a?x=1&y=2".to_owned()),
        published: Some(created()),
        first_seen: Some(created()),
        body: "The city began work on the bridge. 시는 다리 공사를 시작했다.".to_owned(),
        ..WireEntry::default()
    }
}

fn evidence() -> Evidence {
    Evidence {
        field: "body".into(),
        index: None,
        start: 27,
        end: 33,
        text: "bridge".into(),
        term: "bridge".into(),
        alias: None,
        entity: None,
        tail: None,
    }
}
