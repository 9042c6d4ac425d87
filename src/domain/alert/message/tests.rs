use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::snippet::SNIPPET_CHARS;
use super::*;
use crate::domain::alert::escalate::Step;
use crate::domain::alert::frame::Language;
use crate::domain::alert::wire::{WireFolded, WireHealth, WireLinks, WireRule};
use crate::domain::matching::Evidence;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn frame(language: Language) -> Frame {
    Frame {
        language,
        zone: TimeZone::get("Asia/Seoul").unwrap(),
    }
}

fn evidence(field: &str, text: &str, term: &str) -> Evidence {
    let start = text.find(term).unwrap();
    Evidence {
        field: field.into(),
        index: None,
        start,
        end: start + term.len(),
        text: term.into(),
        term: term.into(),
        alias: None,
        entity: None,
        tail: None,
    }
}

const BODY: &str = "한화에어로스페이스가 루마니아 국방부와 K9 자주포 수출 계약을 맺었다.\n\n계약 규모는 1조3천억 원이다.";

fn alert() -> WireAlert {
    WireAlert {
        kind: "alert".into(),
        id: "7".into(),
        key: "k".into(),
        created: at("2026-11-24T01:10:00Z"),
        severity: Severity::Critical,
        reason: Reason::NewStory,
        rule: WireRule {
            id: "arms".into(),
            title: "Arms exports".into(),
        },
        step: None,
        entry: Some(WireEntry {
            feed: Some("yonhap-ko".into()),
            title: "한화에어로, 루마니아에 K9 1.3조원 수출 계약".into(),
            url: Some("https://example.org/a?x=1".into()),
            published: Some(at("2026-11-24T01:02:00Z")),
            first_seen: Some(at("2026-11-24T01:09:00Z")),
            body: BODY.into(),
            ..WireEntry::default()
        }),
        matches: vec![evidence("body", BODY, "K9"), evidence("body", BODY, "수출")],
        story: Some(WireStory {
            id: "3".into(),
            entries: 4,
            feeds: vec!["a".into(), "b".into(), "c".into(), "d".into()],
            first_seen: at("2026-11-24T01:09:00Z"),
            folded: Vec::new(),
        }),
        health: None,
        alerts: None,
        also: Vec::new(),
        late_by: None,
        links: WireLinks {
            alert: Some("https://desk.example.org/alerts/7".into()),
            ack: None,
        },
        test: false,
        cut: false,
    }
}

fn now() -> Timestamp {
    at("2026-11-24T01:10:00Z")
}

#[test]
fn an_entry_reads_as_people_want_it() {
    let message = render(&alert(), &frame(Language::Ko), now());
    assert_eq!(
        message.to_text(),
        "‼ 한화에어로, 루마니아에 K9 1.3조원 수출 계약\n\
         yonhap-ko · 11월 24일(화) 10:02 KST · 8분 전 · Arms exports · +3 매체\n\
         긴급 · 일치: K9, 수출\n\n\
         한화에어로스페이스가 루마니아 국방부와 K9 자주포 수출 계약을 맺었다. 계약 규모는 1조3천억 원이다.\n\n\
         기사: https://example.org/a?x=1\n\
         알림: https://desk.example.org/alerts/7"
    );
    let hits: Vec<&str> = message
        .snippet
        .iter()
        .filter(|piece| piece.hit)
        .map(|piece| piece.text.as_str())
        .collect();
    assert_eq!(hits, ["K9", "수출"]);
    let english = render(&alert(), &frame(Language::En), now());
    assert_eq!(
        english.lines[0].text,
        "yonhap-ko · Tue 24 Nov 10:02 KST · 8 min ago · Arms exports · +3 feeds"
    );
    assert_eq!(english.lines[1].text, "critical · matched: K9, 수출");
}

#[test]
fn what_was_seen_much_later_says_both_times() {
    let mut alert = alert();
    alert.entry.as_mut().unwrap().first_seen = Some(at("2026-11-24T05:00:00Z"));
    let mut message = render(&alert, &frame(Language::En), at("2026-11-24T05:01:00Z"));
    assert_eq!(
        message.lines[1].text,
        "first seen: Tue 24 Nov 14:00 KST · 1 min ago"
    );
    message.say_late(&frame(Language::En), SignedDuration::from_hours(7));
    assert_eq!(
        message.lines[0].text,
        "late by 7 h: the receiver could not be reached"
    );
}

#[test]
fn a_test_an_untitled_entry_and_a_revision_say_so() {
    let mut alert = alert();
    alert.test = true;
    alert.reason = Reason::Revision;
    alert.entry.as_mut().unwrap().title = " \u{200b} ".into();
    let message = render(&alert, &frame(Language::En), now());
    assert!(message.title.starts_with("[test] 한화에어로스페이스가"));
    assert!(message.lines[1].text.contains("changed entry"));
    alert.entry = Some(WireEntry::default());
    let message = render(&alert, &frame(Language::En), now());
    assert_eq!(message.title, "[test] (no title)");
    assert!(message.snippet.is_empty());
}

#[test]
fn the_snippet_is_where_most_evidence_stands() {
    let far = format!(
        "K9 once. {} Then K9 and 수출 together, at last.{}",
        "filler ".repeat(100),
        " tail".repeat(100)
    );
    let mut alert = alert();
    let second = far.rfind("K9").unwrap();
    let mut late = evidence("body", &far, "K9");
    (late.start, late.end) = (second, second + 2);
    alert.matches = vec![
        evidence("body", &far, "K9"),
        late,
        evidence("body", &far, "수출"),
    ];
    alert.entry.as_mut().unwrap().body = far;
    let message = render(&alert, &frame(Language::En), now());
    let text: String = message
        .snippet
        .iter()
        .map(|piece| piece.text.as_str())
        .collect();
    assert!(text.starts_with("…filler") && text.ends_with('…'), "{text}");
    assert!(text.contains("Then K9 and 수출 together"), "{text}");
    assert!(text.chars().count() <= SNIPPET_CHARS + 2, "{text}");
}

#[test]
fn evidence_that_no_longer_fits_the_text_is_ignored() {
    let mut alert = alert();
    for (start, end) in [
        (0, 1),
        (5, 4),
        (10_000, 10_004),
        (usize::MAX - 1, usize::MAX),
    ] {
        (alert.matches[0].start, alert.matches[0].end) = (start, end);
        let message = render(&alert, &frame(Language::Ko), now());
        assert_eq!(message.snippet.iter().filter(|piece| piece.hit).count(), 1);
    }
}

#[test]
fn digests_and_health_have_their_own_titles() {
    let mut digest = alert();
    digest.entry = None;
    digest.links.alert = None;
    digest.alerts = Some(vec![alert(); 60]);
    let message = render(&digest, &frame(Language::En), now());
    assert_eq!(message.headline(), "‼ 60 alerts · Arms exports");
    assert_eq!(message.lines.len(), 51);
    assert_eq!(message.lines[50].text, "… and 10 more");
    assert_eq!(
        message.lines[0].to_string(),
        "‼ 한화에어로, 루마니아에 K9 1.3조원 수출 계약 · yonhap-ko · https://example.org/a?x=1"
    );

    let mut health = alert();
    health.entry = None;
    health.severity = Severity::High;
    health.reason = Reason::Resolved;
    health.health = Some(WireHealth {
        kind: "feed_failing".into(),
        subject: "yonhap-en".into(),
        text: "Feed yonhap-en answers 503".into(),
    });
    let message = render(&health, &frame(Language::En), now());
    assert_eq!(message.headline(), "! resolved: Feed yonhap-en answers 503");
    assert_eq!(
        message.lines,
        ["feed_failing · yonhap-en · Tue 24 Nov 10:10 KST · just now"
            .to_owned()
            .into()]
    );
}

#[test]
fn a_digest_names_the_gravest_first() {
    let mut digest = alert();
    digest.entry = None;
    let (mut low, mut high) = (alert(), alert());
    (low.severity, high.severity) = (Severity::Low, Severity::High);
    digest.alerts = Some(vec![low.clone(), high, low, alert()]);
    let message = render(&digest, &frame(Language::En), now());
    let marks: Vec<&str> = message
        .lines
        .iter()
        .map(|line| line.text.split(' ').next().unwrap())
        .collect();
    assert_eq!(marks, ["‼", "!", "한화에어로,", "한화에어로,"]);
}

#[test]
fn what_was_folded_is_listed_and_lateness_comes_first() {
    let mut alert = alert();
    let copy = WireFolded {
        id: "e2".into(),
        feed: Some("yonhap-en".into()),
        title: "Hanwha wins\nRomania K9 order".into(),
        url: Some("https://example.org/b".into()),
        ..WireFolded::default()
    };
    alert.story.as_mut().unwrap().folded = vec![copy; 7];
    alert.late_by = Some(7 * 3_600);
    alert.reason = Reason::Escalation;
    alert.step = Some(Step::Owners);
    alert.links.ack = Some("https://desk.example.org/a/T".into());
    let message = render(&alert, &frame(Language::En), now());
    let lines: Vec<String> = message.lines.iter().map(ToString::to_string).collect();
    for (step, told) in [
        (Some(Step::Unacked), "nobody has acknowledged it"),
        (
            Some(Step::Remind(2)),
            "reminder 2: nobody has acknowledged it",
        ),
        (None, "told again"),
    ] {
        let again = render(
            &WireAlert {
                step,
                ..alert.clone()
            },
            &frame(Language::En),
            now(),
        );
        let line = again.lines[2].to_string();
        assert!(
            line.contains(told) && !line.contains("more sources"),
            "{line}"
        );
    }
    assert_eq!(lines[0], "late by 7 h: the receiver could not be reached");
    assert!(lines[2].contains("more sources carry it"), "{}", lines[2]);
    assert_eq!(
        lines[3],
        "same story: Hanwha wins Romania K9 order · yonhap-en · https://example.org/b"
    );
    assert_eq!(lines[8], "… and 2 more");
    let labels: Vec<&str> = message
        .links
        .iter()
        .map(|link| link.label.as_str())
        .collect();
    assert_eq!(labels, ["Article", "Alert", "Acknowledge"]);
}

proptest! {
    #[test]
    fn hostile_text_stays_one_safe_line_each(
        title in "(?s).{0,60}",
        body in "(?s).{0,400}",
        feed in "(?s).{0,20}",
        url in "(?s)https://.{0,40}",
        places in proptest::collection::vec((0usize..500, 0usize..500), 0..20),
    ) {
        let mut alert = alert();
        alert.matches = places.into_iter().map(|(start, end)| Evidence {
            field: if start % 2 == 0 { "body" } else { "full_text" }.into(),
            index: None, start, end, text: title.as_str().into(), term: title.as_str().into(),
            alias: None, entity: None, tail: None,
        }).collect();
        let entry = alert.entry.as_mut().unwrap();
        entry.full_text = Some(body.chars().rev().collect());
        (entry.title, entry.body, entry.feed, entry.url) = (title, body, Some(feed), Some(url));
        let message = render(&alert, &frame(Language::Ko), now());
        let snippet: String = message.snippet.iter().map(|piece| piece.text.as_str()).collect();
        prop_assert!(snippet.chars().count() <= SNIPPET_CHARS + 2 * message.snippet.len() + 2);
        let mut texts = vec![message.headline(), snippet];
        texts.extend(message.lines.iter().map(ToString::to_string));
        texts.extend(message.links.iter().map(|link| link.url.clone()));
        for text in texts {
            let steers = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!text.contains(steers), "{:?}", text);
        }
        for link in &message.links {
            let breaks_out = ['<', '>', '"', ' ', '\''];
            prop_assert!(!link.url.contains(breaks_out), "{}", link.url);
        }
    }
}

#[test]
fn other_rules_of_the_same_message_are_named_and_other_entries_linked() {
    let mut alert = alert();
    let other = |title: &str, entry: Option<WireFolded>| WireAlso {
        id: "8".into(),
        rule: WireRule {
            id: "x".into(),
            title: title.into(),
        },
        entry,
    };
    let copy = WireFolded {
        title: "Another\u{202e} view".into(),
        url: Some("https://example.org/b".into()),
        ..WireFolded::default()
    };
    alert.also = vec![
        other("Tanks", None),
        other("", None),
        other("Ships", Some(copy)),
    ];
    let message = render(&alert, &frame(Language::En), alert.created);
    let lines: Vec<String> = message.lines.iter().map(ToString::to_string).collect();
    assert!(
        lines.contains(&"also matched: Tanks, x".to_owned()),
        "{lines:?}"
    );
    let linked = "also matched: Ships · Another view · https://example.org/b".to_owned();
    assert!(lines.contains(&linked), "{lines:?}");
}
