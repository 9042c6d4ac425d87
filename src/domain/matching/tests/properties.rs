//! What must hold for any rules and any entry.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::naive::Naive;
use super::sample::{Sample, definitions, rule};
use crate::domain::matching::evaluate::Run;
use crate::domain::matching::node::Expr;
use crate::domain::matching::set::Compiled;
use crate::domain::matching::text::Span;
use crate::domain::matching::{Explanation, Frequencies, RuleSet, Subject};
use crate::domain::rule::{ContextWithin, Definitions, Entity, Rule};

/// Words of random queries; texts are made of the same stuff.
fn leaf() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "K9",
        "K2",
        "Poland",
        "poland",
        "한화",
        "한화*",
        "수출",
        "수출*",
        "Hanwha",
        "arms",
        "deal",
        "\"arms deal\"",
        "\"수출 계약\"",
        "\"arms deal\"~1",
        "\"한화 수출\"~2",
        "\"arm* deal\"",
        "de?l",
        "a*s",
        "'K9'",
        "'KAI'",
        "戦車",
        "戦",
        "천궁-II",
        "U.S.",
        "@hanwha",
        "@hanwha-aerospace",
        "@kai",
        "@poland",
        "@pgz",
        "@near",
        "@word",
        "#company",
        "#country",
        "$export",
        "5",
        "s",
        "계약",
        "로",
        "دبابات",
        "الصين",
        "الصي*",
        "اللغة",
        "\"الصين دبابات\"",
        "\"دبابات الصين\"~1",
        "صين",
        "צבא",
        "K2",
        "韓国",
        "ハンファ",
        "танк*",
    ]);
    // To compile them takes most of the time that a case takes.
    let regex = prop::sample::select(vec![
        "/K-?9/",
        "/hanwha [ae]/i",
        "/수출(했|의)/",
        "/[aä]rms|deals?/",
        "/танк/i",
    ]);
    prop_oneof![40 => word, 1 => regex].prop_map(str::to_owned)
}

/// What is no place in the text.
fn property() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "lang:ko",
        "lang:zh",
        "host:example.com",
        "host:news.example.com",
        "host:ample.com",
        "feed:yonhap-en",
        "tag:wire",
        "url:K9",
        "url:example.com/k",
        "author:Kim",
        "category:arms",
        "category:한화",
    ])
    .prop_map(str::to_owned)
}

/// Operands of NEAR: leaves, their alternatives, and chains.
fn occurrences() -> impl Strategy<Value = String> {
    let distance = prop::sample::select(vec!["/0", "/1", "/3", "/8", "/s", "/p"]);
    let name = prop::sample::select(vec!["NEAR", "BEFORE", "NOT NEAR", "NOT BEFORE"]);
    leaf().prop_recursive(3, 8, 2, move |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            (inner.clone(), name.clone(), distance.clone(), inner)
                .prop_map(|(a, name, distance, b)| format!("({a} {name}{distance} {b})")),
        ]
    })
}

/// NEAR with AND or n OF on one side: all of it near the same place.
fn company() -> impl Strategy<Value = String> {
    let distance = prop::sample::select(vec!["/0", "/2", "/6", "/s", "/p"]);
    let positive = prop::sample::select(vec!["NEAR", "BEFORE"]);
    let any = prop::sample::select(vec!["NEAR", "BEFORE", "NOT NEAR", "NOT BEFORE"]);
    let both = prop_oneof![
        (leaf(), leaf()).prop_map(|(a, b)| format!("({a} AND {b})")),
        (leaf(), occurrences()).prop_map(|(a, b)| format!("({a} AND {b})")),
        (leaf(), leaf(), leaf()).prop_map(|(a, b, c)| format!("({a} OR ({b} AND {c}))")),
        (leaf(), leaf(), leaf(), 1..4).prop_map(|(a, b, c, n)| format!("{n} OF ({a}, {b}, {c})")),
    ];
    let one = occurrences().boxed();
    let both = both.boxed();
    prop_oneof![
        (one.clone(), any, distance.clone(), both.clone())
            .prop_map(|(a, name, distance, b)| format!("({a} {name}{distance} {b})")),
        (both, positive, distance, one)
            .prop_map(|(a, name, distance, b)| format!("({a} {name}{distance} {b})")),
    ]
}

fn query() -> impl Strategy<Value = String> {
    prop_oneof![3 => occurrences(), 1 => company()].prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} NOT {b})")),
            (inner.clone(), inner.clone(), inner.clone(), 1..3)
                .prop_map(|(a, b, c, n)| format!("{n} OF ({a}, {b}, {c})")),
            (occurrences(), 1..4).prop_map(|(a, n)| format!("ATLEAST/{n} {a}")),
            (property(), inner.clone()).prop_map(|(one, a)| format!("({one} AND {a})")),
            (property(), inner.clone()).prop_map(|(one, a)| format!("({one} OR {a})")),
            (property(), inner.clone()).prop_map(|(one, a)| format!("({a} NOT {one})")),
            (property(), inner.clone(), inner.clone())
                .prop_map(|(one, a, b)| format!("2 OF ({a}, {one}, {b})")),
            (
                inner,
                prop::sample::select(vec!["title", "body", "lead", "text"])
            )
                .prop_map(|(a, field)| format!("{field}:({a})")),
        ]
    })
}

/// Simple queries match often, deep ones seldom: some of each.
fn any_query() -> impl Strategy<Value = String> {
    prop_oneof![2 => leaf(), 3 => occurrences(), 2 => company(), 3 => query(), 1 => property()]
}

/// Mostly simple ones, of which a million can be tried.
fn small_query() -> impl Strategy<Value = String> {
    prop_oneof![3 => leaf(), 6 => occurrences(), 4 => company(), 1 => query(), 1 => property()]
}

/// Values of properties, which have no evidence.
const PROPERTIES: &[&str] = &[
    "ko",
    "zh",
    "example.com",
    "news.example.com",
    "yonhap-en",
    "wire",
];

/// Words that rules ask for, and some that only look like them.
const WORDS: &[&str] = &[
    "K9",
    "K-9",
    "K 9",
    "k2",
    "K9A1",
    "Poland",
    "Polish",
    "Polska",
    "Polish Armaments Group",
    "한화",
    "한화가",
    "한화오션이",
    "한화 이글스",
    "한화생명",
    "수출",
    "수출했다",
    "수출의",
    "수출계약을",
    "계약",
    "Hanwha",
    "Hanwha Aerospace",
    "Hanwha Eagles",
    "Hanwha's",
    "arms",
    "arms deal",
    "deal",
    "deals",
    "KAI",
    "Kai",
    "KAI가",
    "PT KAI",
    "aircraft",
    "FA-50",
    "방산",
    "defence",
    "자주포로",
    "戦車",
    "韓国製戦車を",
    "천궁Ⅱ",
    "천궁 2",
    "U.S.",
    "5",
    "3.5",
    "x",
    "to",
    "the",
    "세종로",
    "Gen",
    "near1",
    "nearby",
    "도입",
    "l'arms",
    "Korea Aerospace Industries",
    "delivers",
    "공급을",
    "بالدبابات",
    "دبابات",
    "الصين",
    "للصين",
    "وللصينية",
    "بللصين",
    "للغة",
    "فلللغة",
    "מצבא",
    "צבא",
    "К2",
    "ハンファ・エアロ",
    "韓国と日本",
    "ärms",
    "танков",
    "ТАНК",
    "HANWHA A",
];

/// Text made of words that rules ask for, others, and every kind of separator.
fn prose(most: usize) -> impl Strategy<Value = String> {
    let word = prop::sample::select(WORDS);
    let between = prop::sample::select(vec![
        " ", " ", " ", " ", ", ", ". ", ".\n", "\n\n", "-", "", "·", "/", " (", "? ", "\n",
    ]);
    prop::collection::vec((word, between), 0..most)
        .prop_map(|parts| parts.into_iter().flat_map(|(a, b)| [a, b]).collect())
}

fn entry() -> impl Strategy<Value = Sample> {
    entry_of(24)
}

/// An entry with so many words a field at most.
fn entry_of(most: usize) -> impl Strategy<Value = Sample> {
    (
        prose(most),
        prose(most),
        prop::option::of(prose(most)),
        any::<bool>(),
        prop::sample::select(vec![None, Some("ko"), Some("zh-Hant"), Some("en")]),
        place(),
    )
        .prop_map(
            |(title, body, full_text, repeats, language, place)| Sample {
                body: if repeats {
                    format!("{title} {body}")
                } else {
                    body
                },
                title,
                full_text,
                language: language.map(str::to_owned),
                ..place
            },
        )
}

/// Where an entry is from.
fn place() -> impl Strategy<Value = Sample> {
    let url = prop::sample::select(vec![
        None,
        Some("https://news.example.com/K9"),
        Some("https://EXAMPLE.com/K2?from=host"),
        Some("https://sample.com/x"),
    ]);
    let word = || prop::option::of(prop::sample::select(vec!["Kim Lee", "arms deal", "한화가"]));
    (url, word(), word(), any::<bool>()).prop_map(|(url, author, category, known)| Sample {
        url: url.map(str::to_owned),
        authors: author.map(str::to_owned).into_iter().collect(),
        categories: category.map(str::to_owned).into_iter().collect(),
        feed: known.then(|| "yonhap-en".to_owned()),
        tags: known.then(|| "wire".to_owned()).into_iter().collect(),
        ..Sample::default()
    })
}

fn with_rules(queries: &[String]) -> Definitions {
    let mut out = definitions();
    let scoped = |id: &str, within, context: &str| Entity {
        id: Some(id.into()),
        name: format!("{id} entity"),
        classes: vec!["company".to_owned()],
        ambiguous: vec!["arms".to_owned(), "arms deal".to_owned()],
        context: Some(context.to_owned()),
        context_within: within,
        ..Entity::default()
    };
    out.entities.push(scoped(
        "near",
        ContextWithin::Sentence,
        "(deal OR @kai) NOT 도입",
    ));
    out.entities
        .push(scoped("word", ContextWithin::Words(2), "Poland OR 한화"));
    out.macros.retain(|one| one.id != "loop");
    out.rules = queries
        .iter()
        .enumerate()
        .map(|(at, query)| rule(&format!("r{at}"), query))
        .collect();
    out
}

fn leaves<'e>(explanation: &'e Explanation, out: &mut Vec<&'e Explanation>) {
    out.push(explanation);
    for part in &explanation.parts {
        leaves(part, out);
    }
}

/// Whether the engine and the second evaluator name the same rules for each entry.
fn agree(queries: &[String], entries: &[Sample]) -> Result<(), TestCaseError> {
    let mut definitions = with_rules(queries);
    if !queries.iter().any(|query| query.contains(['@', '#'])) {
        // Nobody asks for them, and compiling them takes longer than all else.
        definitions.entities.clear();
    }
    let (set, _) = RuleSet::compile(&definitions);
    let nothing = Subject::default();
    let usable = definitions.rules.iter();
    let usable: Vec<&Rule> = usable
        .filter(|rule| set.distance(&rule.id, &nothing).is_some())
        .collect();
    for entry in entries {
        let subject = entry.subject();
        let naive = Naive::new(&definitions, &subject);
        let found: Vec<String> = set
            .matching(&subject)
            .into_iter()
            .map(ToString::to_string)
            .collect();
        let expected: Vec<String> = usable
            .iter()
            .filter(|rule| naive.holds(&rule.query))
            .map(|rule| rule.id.to_string())
            .collect();
        prop_assert_eq!(found, expected, "{:?} {:?}", queries, entry);
    }
    Ok(())
}

proptest! {
    // Many small cases find more than few large ones: see docs/matching.md for how to run a million.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_and_the_naive_evaluation_agree(
        queries in prop::collection::vec(small_query(), 1..3),
        entries in prop::collection::vec(entry_of(10), 1..4),
    ) {
        agree(&queries, &entries)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn evidence_is_the_stored_text_and_explanations_agree(
        queries in prop::collection::vec(any_query(), 2..5),
        entry in entry(),
    ) {
        let (set, _) = RuleSet::compile(&with_rules(&queries));
        let subject = entry.subject();
        let found = set.evaluate(&subject);
        prop_assert_eq!(&found, &set.evaluate(&subject));
        let named: Vec<_> = found.iter().map(|one| &one.rule).collect();
        prop_assert_eq!(named, set.matching(&subject));
        for one in &found {
            for evidence in one.evidence.iter() {
                let stored = entry.stored(&evidence.field, evidence.index);
                prop_assert_eq!(&stored[evidence.start..evidence.end], evidence.text.as_str());
                let tail = evidence.tail.clone().unwrap_or_default();
                prop_assert!(stored[evidence.end..].starts_with(tail.as_str()));
            }
        }
        for at in 0..queries.len() {
            let id = format!("r{at}").as_str().into();
            let Some(explanation) = set.explain(&id, &subject) else { continue };
            let matched = found.iter().any(|one| one.rule == id);
            prop_assert_eq!(explanation.holds, matched);
            prop_assert_eq!(set.distance(&id, &subject) == Some(0), matched);
            let mut all = Vec::new();
            leaves(&explanation, &mut all);
            let clauses = all.iter().filter(|one| one.holds && one.parts.is_empty());
            for clause in clauses {
                let wanted = clause.clause.rsplit(':').next().unwrap_or_default();
                let is_property = PROPERTIES.contains(&wanted);
                prop_assert!(is_property || !clause.evidence.is_empty(), "{:?}", clause);
            }
        }
    }

    #[test]
    fn the_sides_of_pairs_are_found_without_them(
        queries in prop::collection::vec(occurrences(), 1..5),
        entry in entry(),
    ) {
        let (set, _) = Compiled::new(&with_rules(&queries));
        let subject = entry.subject();
        let mut run = Run::new(&set, &subject);
        for (node, expr) in (0..).zip(&set.exprs) {
            let Expr::Near(pair) = expr else { continue };
            // The truth first, while nothing is known that it could be read from.
            let holds = run.holds(node);
            prop_assert_eq!(holds, !run.spans(node).is_empty());
            if pair.is_between_lists(&set) {
                let pairs = run.pairs(node);
                let sides = [
                    pairs.iter().map(|found| found.anchor).collect::<BTreeSet<Span>>(),
                    pairs.iter().map(|found| found.partner).collect(),
                ];
                let found = run.sides(pair);
                prop_assert_eq!(sides.map(Vec::from_iter), found);
            }
        }
    }

    #[test]
    fn any_text_is_read_without_a_slip(title in "\\PC{0,60}", body in any::<String>(), query in "\\PC{0,12}") {
        let queries = ["한화 OR K9 OR s OR 5 OR 戦", "/[^ ]+/ OR /\\W+/", "\"a b\"~3 OR a*"];
        let mut all: Vec<String> = queries.iter().map(|query| (*query).to_owned()).collect();
        all.push(query.clone());
        all.push(title.chars().take(6).collect());
        all.push(format!("'{}'", title.replace(['\'', '\\'], "")));
        let (set, _) = RuleSet::compile(&with_rules(&all));
        let subject = Subject { title: &title, body: &body, ..Subject::default() };
        for one in set.evaluate(&subject) {
            for evidence in one.evidence.iter() {
                let stored = if evidence.field == "title" { &title } else { &body };
                prop_assert_eq!(&stored[evidence.start..evidence.end], evidence.text.as_str());
            }
        }
        for mention in set.mentions(&subject) {
            prop_assert!(!mention.evidence.text.is_empty());
        }
        for at in 0..all.len() {
            let _ = set.explain(&format!("r{at}").as_str().into(), &subject);
        }
    }
}

proptest! {
    // Each case compiles several sets.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn filing_learning_and_edits_change_no_answer(
        queries in prop::collection::vec(any_query(), 6..12),
        later in prop::collection::vec((0usize..14, any_query()), 1..4),
        gone in 0usize..12,
        entries in prop::collection::vec(entry(), 3..6),
    ) {
        let mut definitions = with_rules(&queries);
        let (mut set, _) = RuleSet::compile(&definitions);
        let mut seen = Frequencies::default();
        for entry in &entries {
            let subject = entry.subject();
            prop_assert_eq!(set.matching(&subject), set.matching_unfiled(&subject));
            set.count(&subject, &mut seen);
        }
        let guessed: Vec<_> = entries.iter().map(|entry| set.evaluate(&entry.subject())).collect();
        set.learn(&seen);
        let learnt: Vec<_> = entries.iter().map(|entry| set.evaluate(&entry.subject())).collect();
        prop_assert_eq!(guessed, learnt);

        for (at, query) in &later {
            let changed = rule(&format!("r{at}"), query);
            set = set.with_rule(&definitions, &changed).0;
            match definitions.rules.iter_mut().find(|one| one.id == changed.id) {
                Some(old) => *old = changed,
                None => definitions.rules.push(changed),
            }
        }
        let gone = format!("r{gone}").as_str().into();
        set = set.without_rule(&definitions, &gone);
        definitions.rules.retain(|one| one.id != gone);
        let (fresh, _) = RuleSet::compile(&definitions);
        prop_assert_eq!(set.rule_count(), fresh.rule_count());
        for entry in &entries {
            let subject = entry.subject();
            prop_assert_eq!(set.examine(&subject), fresh.examine(&subject));
            prop_assert_eq!(set.matching(&subject), set.matching_unfiled(&subject));
            // Notes may tell more where more of an entry was read, for a rule that has gone.
            for one in &definitions.rules {
                let holds = |set: &RuleSet| set.explain(&one.id, &subject).map(|one| one.holds);
                prop_assert_eq!(holds(&set), holds(&fresh));
                let distance = |set: &RuleSet| set.distance(&one.id, &subject);
                prop_assert_eq!(distance(&set), distance(&fresh));
            }
            prop_assert_eq!(set.explain(&gone, &subject), None);
        }
    }
}
