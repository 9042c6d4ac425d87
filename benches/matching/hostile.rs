//! Fields that are meant to hurt: what one of 1 MiB costs, and whether twice the text costs twice the time.

use bongsu::domain::matching::{RuleSet, Subject};
use bongsu::domain::rule::{ContextWithin, Definitions, Entity, Rule};

const RULES: [&str; 12] = [
    "K9",
    "alpha NEAR/5 beta",
    "alpha NOT NEAR/1 beta",
    "(alpha AND beta) NEAR/9 gamma",
    "\"alpha beta\"~3",
    "ATLEAST/3 alpha",
    "戦 NEAR/2 戦車",
    "한화 OR 한*",
    "/(a|b)+c/ OR aa*a",
    "@word",
    "#kind NEAR/s alpha",
    "\"a a a a a a b\"",
];

/// What a field is filled with, over and over.
const FIELDS: [(&str, &str); 12] = [
    ("one term", "K9 "),
    ("two terms near", "alpha beta "),
    ("three terms near", "alpha gamma beta "),
    ("a name in context", "alpha word beta "),
    ("combining marks", "\u{301}\u{323}"),
    ("one word", "a"),
    ("one letter words", "a "),
    ("no spaces, Han", "戦車"),
    ("no spaces, Hangul", "한화의"),
    ("separators", "- . , "),
    ("sentences", "A. Alpha! 한다.끝\n\n"),
    ("joints", "K-9-K-9"),
];

/// One row a field: bytes, microseconds, and how much more twice the text costs.
pub fn rows(
    only: &[String],
    timed: impl Fn(&mut dyn FnMut()) -> anyhow::Result<f64>,
) -> anyhow::Result<Vec<String>> {
    let word = Entity {
        id: Some("word".into()),
        name: "word entity".to_owned(),
        classes: vec!["kind".to_owned()],
        ambiguous: vec!["word".to_owned(), "alpha word".to_owned()],
        context: Some("beta".to_owned()),
        context_within: ContextWithin::Words(2),
        not_in: vec!["word beta gamma".to_owned()],
        ..Entity::default()
    };
    let definitions = Definitions {
        rules: RULES
            .iter()
            .enumerate()
            .map(|(at, query)| Rule::of_query(&format!("h{at}"), query))
            .collect(),
        entities: vec![word],
        ..Definitions::default()
    };
    let (set, problems) = RuleSet::compile(&definitions);
    anyhow::ensure!(set.rule_count() == RULES.len(), "{problems:?}");
    FIELDS
        .iter()
        .filter(|(name, _)| only.is_empty() || only.iter().any(|one| one == name))
        .map(|(name, unit)| {
            let cost = |bytes: usize| {
                let body = unit.repeat(bytes / unit.len());
                let subject = Subject {
                    title: "a",
                    body: &body,
                    ..Subject::default()
                };
                timed(&mut || drop(std::hint::black_box(set.examine(&subject))))
            };
            cost(1 << 16)?;
            let (half, whole) = (cost(1 << 19)?, cost(1 << 20)?);
            Ok(format!(
                "hostile\t{name}\t{:.1} ms\t{:.2} x for twice the text",
                whole / 1e3,
                whole / half
            ))
        })
        .collect()
}
