//! Precision and recall of folding on headlines written by hand: copies, and the events that look like them.
//!
//! A line of `tests/fixtures/stories` holds copies of one report (`same`) and reports of other events in like words
//! (`other`). A line is in the tuning half or in the check half by its hash; thresholds were chosen by the first.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on panics; its figures are printed"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use bongsu::domain::rule::Entity;
use bongsu::domain::story::Named;
use bongsu::domain::story::compare::{Relation, compare};
use bongsu::domain::story::frame::Frame;
use bongsu::domain::story::policy::Policy;
use bongsu::domain::story::signature::{Signature, Told};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const ENTITIES: &str = include_str!("fixtures/stories/entities.jsonl");
const SETS: [(&str, &str); 3] = [
    ("en-en", include_str!("fixtures/stories/english.jsonl")),
    ("ko-ko", include_str!("fixtures/stories/korean.jsonl")),
    ("en-ko", include_str!("fixtures/stories/both.jsonl")),
];
/// Reports of one event by different desks, with the beginnings of their texts, in several languages; a line says which
/// half it is in.
const REWRITES: &str = include_str!("fixtures/stories/rewrites.jsonl");

fn rows(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The entities of the headlines, as the matcher would find them.
fn named(title: &str, entities: &[Value]) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    for entity in entities {
        for name in entity["names"].as_array().unwrap() {
            for (start, text) in title.match_indices(name.as_str().unwrap()) {
                found.push(Named {
                    entity: entity["id"].as_str().unwrap().to_owned(),
                    start,
                    end: start + text.len(),
                });
            }
        }
    }
    let all = found.clone();
    found.retain(|one| {
        !all.iter().any(|other| {
            other.start <= one.start
                && other.end >= one.end
                && other.end - other.start > one.end - one.start
        })
    });
    found.sort_by_key(|named| named.start);
    found
}

/// An item of a line: a title, or a title and a body.
fn told_by(item: &Value) -> (&str, &str) {
    let title = item.as_str().unwrap_or_else(|| item["t"].as_str().unwrap());
    (title, item["b"].as_str().unwrap_or_default())
}

fn noon() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

/// The signature of an item of a line.
fn signature(item: &Value, entities: &[Value]) -> Signature {
    told(told_by(item), noon(), entities)
}

fn told((title, text): (&str, &str), at: Timestamp, entities: &[Value]) -> Signature {
    let in_title = named(title, entities);
    let ids: Vec<String> = in_title.iter().map(|named| named.entity.clone()).collect();
    Signature::of(&Told {
        title,
        own: Frame::default().content(title, None),
        text,
        at,
        in_title: &in_title,
        named: &ids,
    })
}

fn policy(entities: &[Value], across: bool) -> Policy {
    let classes: Vec<String> = ["firm", "weapon", "buyer"].map(str::to_owned).to_vec();
    let entities: Vec<Entity> = entities
        .iter()
        .map(|entity| Entity {
            id: Some(entity["id"].as_str().unwrap().into()),
            classes: vec![entity["class"].as_str().unwrap().to_owned()],
            ..Entity::default()
        })
        .collect();
    Policy::new(Duration::from_hours(72), across, &classes, &entities)
}

/// What came of the pairs of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    found: u32,
    missed: u32,
    wrong: u32,
    apart: u32,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.wrong += other.wrong;
        self.apart += other.apart;
    }

    fn precision(self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.wrong).max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.missed).max(1))
    }
}

/// FNV-1a of a line: which half it is in.
fn is_check(line: &Value) -> bool {
    let text = line.to_string();
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) & 1 == 1
}

/// Scores one line, and tells what went wrong in the tuning half.
fn score(line: &Value, entities: &[Value], policy: &Policy) -> Score {
    score_by(line, policy, &|item| signature(item, entities))
}

/// The same, with signatures made by `signature`.
fn score_by(line: &Value, policy: &Policy, signature: &dyn Fn(&Value) -> Signature) -> Score {
    let list = |key: &str| line[key].as_array().unwrap().clone();
    let (same, other) = (list("same"), list("other"));
    let mut score = Score::default();
    for (at, one) in same.iter().enumerate() {
        let first = signature(one);
        for (copy, is_copy) in same[at + 1..]
            .iter()
            .map(|copy| (copy, true))
            .chain(other.iter().map(|other| (other, false)))
        {
            let verdict = compare(&first, &signature(copy), policy);
            let folds = verdict.relation == Relation::Same;
            let place = match (is_copy, folds) {
                (true, true) => &mut score.found,
                (true, false) => &mut score.missed,
                (false, true) => &mut score.wrong,
                (false, false) => &mut score.apart,
            };
            *place += 1;
            if is_copy != folds && std::env::var_os("SHOW").is_some() && (!is_check(line) || folds)
            {
                println!(
                    "{} {one} | {copy}: {} {:.2}",
                    if folds { "WRONG" } else { "missed" },
                    verdict.why,
                    verdict.score
                );
            }
        }
    }
    score
}

/// Scores by language and half.
fn scores(with_entities: bool) -> BTreeMap<(&'static str, bool), Score> {
    let all = rows(ENTITIES);
    let mut scores: BTreeMap<(&str, bool), Score> = BTreeMap::new();
    for (language, text) in SETS {
        let entities: &[Value] = if with_entities { &all } else { &[] };
        let policy = policy(entities, true);
        for line in rows(text) {
            let sum = scores.entry((language, is_check(&line))).or_default();
            sum.add(score(&line, entities, &policy));
        }
    }
    scores
}

fn report(what: &str, scores: &BTreeMap<(&'static str, bool), Score>) -> Score {
    let mut sum = Score::default();
    for ((language, check), score) in scores {
        let half = if *check { "check" } else { "tuning" };
        println!(
            "{what} {language} {half}: precision {:.3} recall {:.3} {score:?}",
            score.precision(),
            score.recall()
        );
        sum.add(*score);
    }
    println!(
        "{what}: precision {:.3} recall {:.3} {sum:?}",
        sum.precision(),
        sum.recall()
    );
    sum
}

#[test]
fn folding_is_precise_without_entities_and_finds_most_copies() {
    let mut scores = scores(false);
    scores.retain(|(language, _), _| *language != "en-ko");
    let sum = report("no entities", &scores);
    assert!(sum.precision() >= 0.98, "{sum:?}");
    for ((language, _), score) in scores {
        assert!(score.recall() >= 0.70, "{language}: {score:?}");
    }
}

#[test]
fn folding_is_precise_with_entities_and_finds_most_copies() {
    let scores = scores(true);
    let sum = report("entities", &scores);
    assert!(sum.precision() >= 0.98, "{sum:?}");
    for ((language, _), score) in scores {
        assert!(score.recall() >= 0.70, "{language}: {score:?}");
    }
}

#[test]
fn rewrites_fold_precisely_with_and_without_the_shipped_entities() {
    let shipped = Shipped::load();
    for (what, shipped) in [("no entities", None), ("shipped entities", Some(&shipped))] {
        let policy = shipped.map_or_else(|| policy(&[], false), |shipped| shipped.policy.clone());
        let mut sum = Score::default();
        for check in [false, true] {
            let mut half = Score::default();
            for line in rows(REWRITES).iter().filter(|line| line["check"] == check) {
                half.add(score_by(line, &policy, &|item| match shipped {
                    None => signature(item, &[]),
                    Some(shipped) => shipped.signature(told_by(item), noon()),
                }));
            }
            println!(
                "rewrites, {what}, check {check}: precision {:.3} recall {:.3} {half:?}",
                half.precision(),
                half.recall()
            );
            sum.add(half);
        }
        assert!(sum.precision() >= 0.98, "{what}: {sum:?}");
        assert!(sum.recall() >= 0.30, "{what}: {sum:?}");
    }
}

#[test]
fn reports_of_different_events_do_not_fold() {
    let (mut pairs, mut wrong) = (0, Vec::new());
    for (_, text) in &SETS[..2] {
        let policy = policy(&[], false);
        let lines: Vec<Vec<(Value, Signature)>> = rows(text)
            .iter()
            .map(|line| {
                let items = line["same"].as_array().unwrap().iter().take(1);
                let items = items.chain(line["other"].as_array().unwrap());
                items
                    .map(|item| (item.clone(), signature(item, &[])))
                    .collect()
            })
            .collect();
        for (at, one) in lines.iter().enumerate() {
            for other in &lines[at + 1..] {
                for ((first, one), (second, other)) in one
                    .iter()
                    .flat_map(|one| other.iter().map(move |other| (one, other)))
                {
                    pairs += 1;
                    if compare(one, other, &policy).relation == Relation::Same {
                        wrong.push(format!("{first} | {second}"));
                    }
                }
            }
        }
    }
    println!("{pairs} pairs over lines, {} folded", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

proptest::proptest! {
    #[test]
    fn which_of_two_entries_comes_first_makes_no_difference(
        one in "((Hanwha|KAI|Korea|Aerospace|Poland|Spain|signs|wins|delays|order|deal|after|with|second|48|jets|\\$2\\.1 billion|Q3|profit) ){3,9}",
        other in "((Hanwha|KAI|Korea|Aerospace|Poland|Spain|signs|wins|delays|order|deal|after|with|second|48|jets|\\$2\\.1 billion|Q3|profit) ){3,9}",
        text in "((Hanwha|Warsaw|jets|said|on|Monday|48|KAI|crashed|delivered) ){0,20}",
        hours in 0_i64..60,
    ) {
        let entities = rows(ENTITIES);
        let policy = policy(&entities, true);
        let here = told((&one, &text), noon(), &entities);
        let there = told((&other, ""), noon() + SignedDuration::from_hours(hours), &entities);
        let (forth, back) = (compare(&here, &there, &policy), compare(&there, &here, &policy));
        proptest::prop_assert_eq!(forth, back);
    }
}

#[test]
fn written_pairs_are_told_apart_alike_from_both_sides() {
    let entities = rows(ENTITIES);
    let policy = policy(&entities, true);
    for line in SETS.iter().flat_map(|(_, text)| rows(text)) {
        let items = ["same", "other"].map(|key| line[key].as_array().unwrap().clone());
        let items = items.concat();
        let first = signature(&items[0], &entities);
        for item in &items[1..] {
            let other = signature(item, &entities);
            let (forth, back) = (
                compare(&first, &other, &policy),
                compare(&other, &first, &policy),
            );
            assert_eq!(forth, back, "{item}");
        }
    }
}

/// Headlines that differ in nothing but which of the members of one entity they name.
#[test]
fn an_entity_of_several_names_folds_no_two_of_them() {
    let entities = serde_json::json!([
        {"id": "makers", "class": "maker", "names": ["Babcock", "BAE Systems", "BAE", "Kongsberg", "Korea Aerospace Industries", "KAI"]},
        {"id": "towns", "class": "town", "names": ["창원", "거제"]},
    ]);
    let entities = entities.as_array().unwrap();
    let policy = policy(entities, false);
    for (one, other, same) in [
        (
            "Babcock reports 9% rise in half-year sales",
            "BAE Systems reports 9% rise in half-year sales",
            false,
        ),
        (
            "BAE wins second order for howitzers from Norway",
            "BAE Systems wins second order for howitzers from Norway",
            true,
        ),
        (
            "KAI wins order for 12 jets from Norway",
            "Korea Aerospace Industries wins order for 12 jets from Norway",
            true,
        ),
        (
            "Kongsberg wins order for 12 jets from Norway",
            "KAI wins order for 12 jets from Norway",
            false,
        ),
        (
            "창원 방산업체 공장 화재…1명 부상",
            "거제 방산업체 공장 화재…1명 부상",
            false,
        ),
    ] {
        let signature = |title| told((title, ""), noon(), entities);
        let verdict = compare(&signature(one), &signature(other), &policy);
        assert_eq!(
            verdict.relation == Relation::Same,
            same,
            "{one} | {other}: {verdict:?}"
        );
    }
}

#[test]
fn what_came_after_and_what_stands_in_its_place_is_other_news() {
    let policy = policy(&[], false);
    for (one, other) in [
        (
            "Soldiers seize power in Bissau",
            "Bissau general sworn in after soldiers seize power",
        ),
        (
            "Typhoon Kalmaegi kills 114 in Philippines",
            "Philippines declares state of calamity after Typhoon Kalmaegi kills 114",
        ),
        (
            "Spain picks Damen for 12-frigate programme",
            "Spain picks Navantia for 12-frigate programme",
        ),
        (
            "Harbour Yard wins 480 bln won order for two LNG carriers",
            "Harbour Yard wins 480 bln won order for four tankers",
        ),
        (
            "군 \"섬 앞바다로 어뢰 수 발 발사\"",
            "군 \"섬 앞바다로 어뢰 또 발사\"",
        ),
    ] {
        let signature = |title| told((title, ""), noon(), &[]);
        let verdict = compare(&signature(one), &signature(other), &policy);
        assert_ne!(
            verdict.relation,
            Relation::Same,
            "{one} | {other}: {verdict:?}"
        );
    }
}

#[test]
fn reports_in_two_languages_are_related_unless_folding_is_switched_on() {
    let entities = rows(ENTITIES);
    let policy = policy(&entities, false);
    for line in rows(SETS[2].1) {
        let pair = line["same"].as_array().unwrap();
        let verdict = compare(
            &signature(&pair[0], &entities),
            &signature(&pair[1], &entities),
            &policy,
        );
        assert_ne!(verdict.relation, Relation::Same, "{line}");
    }
}

/// Scores pairs of a file of your own, one a line: `same`, `a` and `b` with `title` and `body`, `hours` between them.
///
/// `PAIRS=pairs.jsonl cargo test --test story_pairs -- --ignored --nocapture`
#[test]
#[ignore = "needs a file of pairs"]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs it names the file in the environment"
)]
fn a_file_of_pairs() {
    let text = std::fs::read_to_string(std::env::var("PAIRS").unwrap()).unwrap();
    let shipped = Shipped::load();
    for (what, shipped) in [("no entities", None), ("shipped entities", Some(&shipped))] {
        let policy = shipped.map_or_else(|| policy(&[], false), |shipped| shipped.policy.clone());
        let mut scores: BTreeMap<String, Score> = BTreeMap::new();
        for row in rows(&text) {
            let one: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
            let other = one + SignedDuration::from_hours(row["hours"].as_i64().unwrap_or(0));
            let item = |side: &str| {
                let text = |key: &str| row[side][key].as_str().unwrap_or_default().to_owned();
                (text("title"), text("body"))
            };
            let ((a, a_text), (b, b_text)) = (item("a"), item("b"));
            let signature = |text: (&str, &str), at| match shipped {
                Some(shipped) => shipped.signature(text, at),
                None => told(text, at, &[]),
            };
            let first = signature((&a, &a_text), one);
            let verdict = compare(&signature((&b, &b_text), other), &first, &policy);
            let (is_copy, folds) = (row["same"] == true, verdict.relation == Relation::Same);
            let score = scores
                .entry(row["language"].as_str().unwrap_or("all").to_owned())
                .or_default();
            *match (is_copy, folds) {
                (true, true) => &mut score.found,
                (true, false) => &mut score.missed,
                (false, true) => &mut score.wrong,
                (false, false) => &mut score.apart,
            } += 1;
            if is_copy != folds && std::env::var_os("SHOW").is_some() {
                let went = if folds { "WRONG" } else { "missed" };
                println!("{went} {} {a} | {b}: {}", row["id"], verdict.why);
            }
        }
        let mut sum = Score::default();
        for (language, score) in &scores {
            println!(
                "{what} {language}: precision {:.3} recall {:.3} {score:?}",
                score.precision(),
                score.recall()
            );
            sum.add(*score);
        }
        println!(
            "{what}: precision {:.3} recall {:.3} {sum:?}",
            sum.precision(),
            sum.recall()
        );
    }
}

/// The entities of the shipped config, found as the daemon finds them.
struct Shipped {
    config: bongsu::config::Config,
    policy: Policy,
}

impl Shipped {
    fn load() -> Self {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let config = bongsu::config::load(&path, &|_| None).config.unwrap();
        let guards = config.alerts.story_guards.iter();
        let guards: Vec<String> = guards.map(|text| text.value.clone()).collect();
        let policy = Policy::new(
            Duration::from_hours(72),
            false,
            &guards,
            &config.definitions.entities,
        );
        Self { config, policy }
    }

    fn signature(&self, (title, text): (&str, &str), at: Timestamp) -> Signature {
        let subject = bongsu::domain::matching::Subject {
            title,
            body: text,
            ..Default::default()
        };
        let mentions = self.config.rules.mentions(&subject);
        let in_title: Vec<Named> = mentions
            .iter()
            .filter(|mention| mention.evidence.field == "title")
            .map(|mention| Named {
                entity: mention.entity.as_str().to_owned(),
                start: mention.evidence.start,
                end: mention.evidence.end,
            })
            .collect();
        let all: Vec<String> = mentions
            .iter()
            .map(|mention| mention.entity.as_str().to_owned())
            .collect();
        Signature::of(&Told {
            title,
            own: Frame::default().content(title, None),
            text,
            at,
            in_title: &in_title,
            named: &all,
        })
    }
}
