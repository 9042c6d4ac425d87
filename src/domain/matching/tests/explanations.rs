//! Evidence, mentions and notes as people see them.

use super::sample::{Sample, compiled, definitions, rule};
use crate::domain::matching::{Explanation, RuleSet};
use crate::domain::rule::{ContextWithin, FeedSelector};
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
    (
        "ATLEAST/2 K2",
        "K2 sold",
        "K2 sold",
        "1 of 2: what the body repeats of the title counts once",
    ),
    ("2 OF (K9, \"K-9\", K1)", "K9", "", "1 of 2; missing K1"),
    (
        "\"industrie armement\"",
        "l’industrie d’armement",
        "",
        "counted as no word, but a phrase bears only separators (write \"industrie armement\"~0)",
    ),
    (
        "\"Hanwha plant\"",
        "Hanwha’s plant",
        "",
        "(write \"Hanwha plant\"~0)",
    ),
    (
        "\"수출 계약\"",
        "수출계약서",
        "",
        "수출계약서 seen: with 서 it makes another word than 수출계약 (write \"수출 계약*\")",
    ),
    ("तोप", "तोपों की", "", "तोपों seen (write तोप*)"),
    ("천궁-II", "천궁Ⅲ 개발", "", "천궁Ⅲ seen (write 천궁-II*)"),
    ("BM-21", "ВМ-21М град", "", "ВМ-21М seen (write BM-21*)"),
    ("천궁2", "천궁 2A", "", "천궁 2A seen (write 천궁2*)"),
    (
        "author:Kim",
        "Kim K2",
        "",
        "found in title, the rule wants author",
    ),
    (
        "1000",
        "1,000 units",
        "",
        "1,000 seen, which is another number (write 1000 OR \"1,000\")",
    ),
    (
        "방위산업",
        "방위 산업 육성",
        "",
        "방위 산업 seen: a blank is optional where the rule has one (write \"방위 산업\")",
    ),
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
    (
        "lang:ko K2",
        "K2",
        "",
        "the language of the entry is not known",
    ),
    (
        "\"fire control\"",
        "fire the control",
        "",
        "1 word between, none allowed (write \"fire control\"~1)",
    ),
    (
        "\"fire control\"",
        "control fire",
        "",
        "only in another order",
    ),
    (
        "\"fire control\"~3",
        "control the fire",
        "",
        "only in another order",
    ),
    (
        "\"fire control\"",
        "x",
        "Big fire. Control it.",
        "a sentence ends between the words",
    ),
    (
        "\"fire control\"~2",
        "x",
        "Big fire. Control it.",
        "a sentence ends between the words",
    ),
    (
        "\"fire control\"",
        "fire",
        "control",
        "not in the same field",
    ),
    ("\"fire control\"", "fire brigade", "", "missing control"),
    (
        "\"fire control\"",
        "controls of a fire",
        "",
        "missing control; controls seen",
    ),
    ("\"fire control\"~2", "fire brigade", "", "missing control"),
    (
        "\"fire control\"",
        "fire controls",
        "",
        "fire controls seen (write \"fire control*\")",
    ),
    (
        "\"수출 계약\"",
        "수출의 계약",
        "",
        "only the last word of a phrase takes a particle (write \"수출 계약\"~0)",
    ),
    (
        "(radar AND sonar) NEAR/s drone",
        "x",
        "Radar here. Sonar and drone.",
        "radar: sentences 1 and 2",
    ),
    (
        "drone NEAR/2 2 OF (radar, sonar, laser)",
        "drone sonar a b c d radar",
        "",
        "radar: closest 5 words apart, 2 allowed",
    ),
    (
        "drone NEAR/1 (radar AND sonar)",
        "drone radar x x x x drone sonar",
        "",
        "each part is near, but not at one place",
    ),
    (
        "a1 NEAR/0 b1",
        "a1 c b1",
        "",
        "closest 1 word apart, none allowed",
    ),
    ("@kai", "kai aircraft", "", "kai seen, exact wants KAI"),
    ("@kai", "KAIs aircraft", "", "KAIs seen"),
    ("#company", "kai aircraft", "", "exact wants KAI (@kai)"),
    (
        "@poland",
        "대폴란드 무기",
        "",
        "대폴란드 seen: it stands inside a longer word",
    ),
    (
        "@poland",
        "폴란드과 무기",
        "",
        "폴란드과 seen: 과 wants a consonant before it",
    ),
    (
        "title:/radar/",
        "x",
        "the radar",
        "found in body, the rule wants title",
    ),
    (
        "/radar/",
        "Radar",
        "",
        "Radar seen in another case (write /radar/i)",
    ),
    (
        "url:radar",
        "radar",
        "",
        "found in title, the rule wants url",
    ),
    ("url:radar", "x", "", "the entry has no address"),
    (
        "lead:radar",
        "x",
        "One.\n\nA radar.",
        "found in body behind the first paragraph",
    ),
    (
        "재배포",
        "x",
        "본문이다.\n\n무단전재 및 재배포 금지",
        "found only in a line of body that is not matched: 무단전재 및 재배포 금지",
    ),
    (
        "/재배포/",
        "x",
        "본문이다.\n\n무단전재 및 재배포 금지",
        "found only in a line of body that is not matched",
    ),
    (
        "@poland",
        "x",
        "본문이다.\n\n무단전재 및 폴란드 재배포 금지",
        "found only in a line of body that is not matched",
    ),
    (
        "한?운",
        "한진해운 매각",
        "",
        "한진해운 seen, which the wildcard does not fit (`?` is exactly one letter: write 한*운)",
    ),
    (
        "노르드",
        "노르드군가 왔다",
        "",
        "노르드군가 seen: 가 wants a vowel before it",
    ),
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

/// That there is little text is said only where more of it could help.
#[test]
fn a_headline_is_no_excuse_for_what_more_text_would_not_mend() {
    for (query, title, told) in [
        ("K9", "x", true),
        ("Poland K9", "Poland", true),
        ("K9 OR lang:ko", "x", true),
        ("K9 NEAR/2 Poland", "K9 a b c d e Poland", true),
        ("@kai", "KAI opens a café", true),
        ("#country K9", "x", true),
        ("/radar/", "x", true),
        ("ATLEAST/2 K9", "K9", true),
        ("2 OF (K9, Poland, lang:ko)", "K9", true),
        ("K9 NOT NEAR/2 Poland", "x", true),
        ("K9 NOT NEAR/2 Poland", "K9 Poland", false),
        ("K2 NOT Poland", "K2 for Poland", false),
        ("K9 NOT Poland", "Poland", false),
        ("lang:ko K2", "K2", false),
        ("lang:ko K2", "x", false),
        ("2 OF (K2, url:x, lang:ko)", "K9", false),
        ("url:radar", "x", false),
        ("title:K9", "x", false),
        ("author:Kim", "x", false),
        ("@hanwha", "한화 이글스 우승, 방산", false),
        ("#company", "PT KAI", false),
    ] {
        let explanation = explained(query, &entry(title, ""));
        assert!(!explanation.holds, "{query}");
        let note = explanation.note.unwrap_or_default();
        assert_eq!(note.contains("headline only"), told, "{query}: {note}");
    }
}

/// What a note says to write is a query that finds the entry.
#[test]
fn what_a_miss_says_to_write_finds_the_entry() {
    let mut applied = 0;
    for (query, title, body, note) in MISSES {
        let Some((_, advice)) = note.split_once("write ") else {
            continue;
        };
        let written = advice.trim_end_matches(')');
        let (set, problems) = compiled(written);
        let sample = entry(title, body);
        assert_eq!(
            set.evaluate(&sample.subject()).len(),
            1,
            "{query}: {written}: {problems:?}"
        );
        applied += 1;
    }
    assert!(applied > 5, "{applied}");
}

#[test]
fn how_far_a_context_is_is_told() {
    for (within, said) in [
        (ContextWithin::Words(2), "closest 4 words apart, 2 allowed"),
        (ContextWithin::Sentence, "sentences 1 and 2"),
        (ContextWithin::Entry, "KAI ×1, context not met"),
    ] {
        let mut definitions = definitions();
        let kai = definitions.entities.iter_mut();
        for kai in kai.filter(|one| one.name == "Korea Aerospace Industries") {
            kai.context_within = within;
        }
        definitions.rules = vec![rule("q", "@kai")];
        let (set, _) = RuleSet::compile(&definitions);
        let body = match within {
            ContextWithin::Words(_) => "KAI one two three four aircraft",
            ContextWithin::Sentence => "KAI came. An aircraft left.",
            _ => "KAI came.",
        };
        let sample = entry("x", body);
        let told = set.explain(&"q".into(), &sample.subject()).unwrap();
        assert!(notes(&told).contains(said), "{told:?}");
    }
}

#[test]
fn a_publisher_behind_a_title_is_told_of() {
    let mut sample = entry("K2 sold - Radar News", "");
    sample.feed_title = Some("Radar News".to_owned());
    let said = notes(&explained("Radar", &sample));
    assert!(said.contains("the publisher's name"), "{said}");
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
