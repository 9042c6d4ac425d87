//! Evidence, mentions and notes as people see them.

use super::sample::{Sample, compiled, definitions, rule};
use crate::domain::matching::{Explanation, RuleSet};
use crate::domain::rule::FeedSelector;
use crate::domain::short::Short;

fn entry(title: &str, body: &str) -> Sample {
    Sample {
        title: title.to_owned(),
        body: body.to_owned(),
        ..Sample::default()
    }
}

fn explained(query: &str, entry: &Sample) -> Explanation {
    let (set, problems) = compiled(query);
    set.explain(&"q".into(), &entry.subject())
        .unwrap_or_else(|| panic!("{query}: {problems:?}"))
}

/// All notes of a tree, joined.
fn notes(explanation: &Explanation) -> String {
    let mut out = explanation.note.clone().unwrap_or_default();
    for part in &explanation.parts {
        out.push_str(" | ");
        out.push_str(&notes(part));
    }
    out
}

/// Query, title, body, and a piece of the notes.
const MISSES: &[(&str, &str, &str, &str)] = &[
    ("K9", "the K9A1 variant", "", "K9A1 seen (write K9*)"),
    ("'KAI'", "kai sings", "", "kai seen, exact wants KAI"),
    (
        "title:K2",
        "x",
        "K2 sold",
        "found in body, the rule wants title",
    ),
    (
        "한화",
        "한화오션이 밝혔다",
        "",
        "한화오션이 seen: 한화 does not match inside a longer word (write 한화*)",
    ),
    (
        "풍산",
        "안동 풍산면",
        "",
        "풍산면 seen: 면 wants a vowel before it",
    ),
    (
        "수출",
        "방산수출 실적",
        "",
        "방산수출 seen: it stands inside a longer word",
    ),
    (
        "a1 NEAR/5 b1",
        "a1 c c c c c c c c c c c b1",
        "",
        "closest 11 words apart, 5 allowed",
    ),
    (
        "a1 NEAR/s b1",
        "x",
        "One a1. Two. Three b1.",
        "sentences 1 and 3",
    ),
    (
        "a1 NEAR/p b1",
        "x",
        "One a1.\n\nTwo b1.",
        "paragraphs 1 and 2",
    ),
    ("a1 BEFORE/5 b1", "b1 a1", "", "only in the other order"),
    ("a1 NEAR/5 b1", "a1", "b1", "not in the same field"),
    ("ATLEAST/3 K2", "K2 and K2", "", "2 of 3"),
    ("2 OF (a1, b1, c1)", "a1", "", "1 of 2; missing b1, c1"),
    (
        "\"K2 deal\"~1",
        "K2 tank supply deal",
        "",
        "2 words between, 1 allowed",
    ),
    ("K2 NOT Poland", "K2 for Poland", "", "denied"),
    (
        "@kai",
        "KAI opens a café, KAI",
        "",
        "KAI ×2, context not met",
    ),
    (
        "@hanwha",
        "한화 이글스 우승, 방산",
        "",
        "한화 ×1, inside 한화 이글스",
    ),
    (
        "@hanwha",
        "Hanwha Aerospace howitzer, defence",
        "",
        "inside Hanwha Aerospace (@hanwha-aerospace)",
    ),
    ("#korean-weapon Poland", "Poland", "", "headline only"),
    ("lang:ko K2", "K2", "", "the entry is unknown"),
    ("K9", "x", "K2 is here…", "the body is cut at 11 characters"),
];

#[test]
fn a_miss_says_how_near_it_was() {
    for (query, title, body, note) in MISSES {
        let explanation = explained(query, &entry(title, body));
        assert!(!explanation.holds, "{query}");
        let notes = notes(&explanation);
        assert!(notes.contains(note), "{query}: {notes}");
    }
}

#[test]
fn what_denies_is_shown() {
    let explanation = explained("K2 NOT \"think tank\"", &entry("K2 think tank", ""));
    assert_eq!(explanation.parts[1].evidence[0].text, "think tank");
}

#[test]
fn evidence_speaks_the_words_of_the_rule() {
    let sample = entry("폴란드에서 한화에어로스페이스는 K-9을 수출했다", "");
    let (set, _) = compiled("title:(#korean-defence-firm) NEAR/s $export AND (K9) @poland");
    let found = set.evaluate(&sample.subject());
    let shown: Vec<String> = found[0]
        .evidence
        .iter()
        .map(|one| {
            let or_none = |text: &Option<Short>| text.as_deref().unwrap_or("-").to_owned();
            let behind = [&one.alias, &one.entity, &one.tail].map(or_none).join(", ");
            format!("{} | {} | {behind}", one.text, one.term)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "폴란드 | @poland | 폴란드, poland, 에서",
            "한화에어로스페이스 | #korean-defence-firm | 한화 에어로스페이스, hanwha-aerospace, 는",
            "K-9 | K9 | -, -, 을",
            "수출했다 | 수출* | -, -, -",
        ]
    );
}

#[test]
fn evidence_is_in_field_order_and_bounded() {
    let mut sample = entry("Poland", &"Poland. ".repeat(100));
    sample.full_text = Some("A text about Poland".to_owned());
    let (set, _) = compiled("Poland OR text");
    let found = set.evaluate(&sample.subject());
    let fields: Vec<&str> = found[0]
        .evidence
        .iter()
        .map(|one| one.field.as_str())
        .collect();
    assert_eq!(fields[0], "title");
    assert!(fields.is_sorted_by_key(|field| {
        ["title", "body", "full_text"]
            .iter()
            .position(|one| one == field)
    }));
    assert!(fields.len() <= 17);
}

#[test]
fn mentions_are_listed_by_place() {
    let (set, _) = RuleSet::compile(&definitions());
    let sample = entry(
        "Polish Armaments Group in Poland",
        "KAI sold FA-50; PT KAI did not",
    );
    let found: Vec<(String, String)> = set
        .mentions(&sample.subject())
        .into_iter()
        .map(|one| (one.entity.to_string(), one.evidence.text.into()))
        .collect();
    let expected = [
        ("poland", "Polish"),
        ("pgz", "Polish Armaments Group"),
        ("poland", "Poland"),
        ("kai", "KAI"),
    ];
    assert_eq!(
        found,
        expected.map(|(id, text)| (id.to_owned(), text.to_owned()))
    );
}

#[test]
fn filters_of_a_rule_are_kept_and_explained() {
    let mut definitions = definitions();
    let mut filtered = rule("q", "K2");
    filtered.feeds = vec![
        FeedSelector::Feed("a".into()),
        FeedSelector::Tag("wire".to_owned()),
    ];
    filtered.languages = vec!["zh".to_owned()];
    definitions.rules.push(filtered);
    let (set, _) = RuleSet::compile(&definitions);
    let mut sample = entry("K2", "");
    for (feed, tag, language, matches) in [
        (None, "", Some("zh-Hant"), true),
        (Some("a"), "", Some("zh"), true),
        (Some("b"), "wire", Some("zh"), true),
        (Some("b"), "blog", Some("zh"), false),
        (Some("a"), "", Some("ko"), false),
        (Some("a"), "", None, false),
    ] {
        sample.feed = feed.map(str::to_owned);
        sample.tags = vec![tag.to_owned()];
        sample.language = language.map(str::to_owned);
        let subject = sample.subject();
        assert_eq!(!set.evaluate(&subject).is_empty(), matches, "{sample:?}");
        let explanation = set.explain(&"q".into(), &subject).unwrap();
        assert_eq!(explanation.holds, matches);
        assert_eq!(explanation.note.is_some(), !matches);
    }
}

#[test]
fn a_disabled_rule_is_checked_and_explained_but_not_matched() {
    let mut definitions = definitions();
    let mut off = rule("q", "K2");
    off.enabled = false;
    definitions.rules.push(off);
    let (set, _) = RuleSet::compile(&definitions);
    let sample = entry("K2", "");
    assert_eq!(
        (set.rule_count(), set.evaluate(&sample.subject()).len()),
        (0, 0)
    );
    let explanation = set.explain(&"q".into(), &sample.subject()).unwrap();
    assert_eq!(
        explanation.note.as_deref(),
        Some("the rule is switched off")
    );
}

#[test]
fn full_text_that_holds_the_body_is_reported_once() {
    let mut sample = entry("x", "Poland buys K2");
    sample.full_text = Some("By a reporter. Poland buys K2 today".to_owned());
    let (set, _) = compiled("Poland");
    let found = set.evaluate(&sample.subject());
    assert_eq!(found[0].evidence.len(), 1);
    assert_eq!(found[0].evidence[0].field, "full_text");
}

#[test]
fn how_far_a_rule_is_from_matching() {
    for (query, title, distance) in [
        ("K2 Poland", "K2", 1),
        ("K2 Poland deal", "x", 3),
        ("K2 OR (Poland deal)", "x", 1),
        ("K2 NOT Poland", "K2 Poland", 1),
        ("2 OF (a1, b1, c1)", "x", 2),
        ("K2 NEAR/1 Poland", "K2 a b c Poland", 1),
        ("K2", "K2", 0),
    ] {
        let (set, _) = compiled(query);
        let sample = entry(title, "");
        assert_eq!(
            set.distance(&"q".into(), &sample.subject()),
            Some(distance),
            "{query}"
        );
    }
}

#[test]
fn hostile_texts_are_survived() {
    let (set, _) = compiled(
        "ATLEAST/2 (a1 NEAR/1000 b1 NEAR/5 c1) OR \"a1 b1\"~900 OR 한화* OR @hanwha OR 戦* OR /a+/ OR a?*z",
    );
    for text in [
        "a1 b1 ".repeat(20_000),
        "e\u{301}\u{301}\u{301}".repeat(20_000),
        "\u{301}".repeat(60_000),
        "a1".repeat(60_000),
        "한화".repeat(40_000),
        "戦".repeat(40_000),
        "한화 방산 한화 이글스 ".repeat(4_000),
        "a. ".repeat(30_000),
        "K9 ".repeat(600_000),
    ] {
        let sample = entry(&text[..text.floor_char_boundary(200)], &text);
        let _ = set.evaluate(&sample.subject());
        let _ = set.mentions(&sample.subject());
    }
}
