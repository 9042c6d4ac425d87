//! What `compile` says about definitions that are wrong or doubtful.

use super::sample::{compiled, definitions, entity, has_error, rule};
use crate::domain::matching::{AliasList, Place, RuleSet};
use crate::domain::rule::diagnostic::Level;
use crate::domain::rule::{Definitions, Entity, Macro};

/// Code, span as text, help: of the one problem of a query.
fn only(query: &str) -> (&'static str, String, String) {
    let (_, mut problems) = compiled(query);
    if has_error(&problems) {
        problems.retain(|one| one.diagnostic.level == Level::Error);
    }
    let [problem] = &problems[..] else {
        panic!("{query}: {problems:?}");
    };
    let found = &problem.diagnostic;
    (
        found.code,
        query[found.span.clone()].to_owned(),
        found.help.clone().unwrap_or_default(),
    )
}

/// Query, code, the part that is wrong, and words of the repair.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "Poland @hanwha-aerospac",
        "E30",
        "@hanwha-aerospac",
        "did you mean @hanwha-aerospace?",
    ),
    (
        "@Polish Armaments Group",
        "E30",
        "@Polish",
        "write @pgz, since an id is one word",
    ),
    (
        "@Hanwha Aerospace NEAR/5 Poland",
        "E30",
        "@Hanwha",
        "write @hanwha-aerospace",
    ),
    ("@폴란드", "E30", "@폴란드", "write @poland"),
    (
        "@한화_에어로",
        "E30",
        "@한화_에어로",
        "write @hanwha-aerospace",
    ),
    ("@kai NOT #company", "W03", "NOT #company", "leave one"),
    (
        "(@kai NEAR/5 K2) NOT (K9 OR #company)",
        "W03",
        "NOT (K9 OR #company)",
        "leave one",
    ),
    ("lang:en 한화 K2", "W16", "한화", "leave out the language"),
    ("#compny", "E31", "#compny", "did you mean #company?"),
    ("$exprt", "E32", "$exprt", "did you mean $export?"),
    ("$6bn", "E32", "$6bn", "quote an amount: \"$6bn\""),
    (
        "feed:yonhap-e",
        "E34",
        "yonhap-e",
        "did you mean feed:yonhap-en?",
    ),
    ("NOT Poland", "E35", "NOT Poland", "tank* NOT Poland"),
    ("Poland OR NOT K2", "E35", "NOT K2", "join it with AND"),
    (
        "Poland OR (NOT K2 AND NOT K9)",
        "E35",
        "(NOT K2 AND NOT K9)",
        "join it with AND",
    ),
    ("Poland /a*/", "E35", "/a*/", "name letters"),
    ("Poland /.+/", "E35", "/.+/", "name letters"),
    ("K2 NOT K-2", "E22", "NOT K-2", "leave one"),
    ("K2 AND NOT k2", "E22", "NOT k2", "leave one"),
    ("K2 NOT NEAR/3 K-2", "E22", "K2 NOT NEAR/3 K-2", "leave one"),
    ("K2 OR (K9 AND NOT K9)", "W03", "NOT K9", "leave one"),
    ("2 OF (K2, K9, K1 AND NOT K1)", "W03", "NOT K1", "leave one"),
    ("url:@poland K2", "E36", "@poland", "write a word"),
    (
        "(a1 b1) NEAR/2 (c1 d1)",
        "E41",
        "(a1 b1) NEAR/2 (c1 d1)",
        "two NEARs",
    ),
    ("Poland NEAR/2 $denial", "E17", "$denial", "join them"),
];

#[test]
fn errors_point_at_the_part_that_is_wrong() {
    for (query, code, part, help) in WRONG {
        let (found, span, said) = if query.contains("$denial") {
            denial(query)
        } else {
            only(query)
        };
        assert_eq!((found, span.as_str()), (*code, *part), "{query}");
        assert!(said.contains(help), "{query}: {said}");
    }
}

/// A macro that is fine alone and cannot stand inside NEAR.
fn denial(query: &str) -> (&'static str, String, String) {
    let definitions = Definitions {
        rules: vec![rule("q", query)],
        macros: vec![Macro {
            id: "denial".to_owned(),
            query: "a1 NOT b1".to_owned(),
        }],
        ..Definitions::default()
    };
    let (_, problems) = RuleSet::compile(&definitions);
    let [problem] = &problems[..] else {
        panic!("{problems:?}");
    };
    assert_eq!(problem.place, Place::RuleQuery(0));
    let found = &problem.diagnostic;
    let span = query[found.span.clone()].to_owned();
    (found.code, span, found.help.clone().unwrap_or_default())
}

#[test]
fn a_broken_rule_is_left_out_and_the_others_work() {
    let mut definitions = definitions();
    definitions.rules = vec![
        rule("bad", "@nobody"),
        rule("worse", "(K2 OR"),
        rule("good", "K2"),
    ];
    let (set, problems) = RuleSet::compile(&definitions);
    let errors = problems.iter().filter(|one| {
        one.diagnostic.level == Level::Error && matches!(one.place, Place::RuleQuery(_))
    });
    assert_eq!(errors.count(), 2);
    assert_eq!(set.rule_count(), 1);
    let subject = crate::domain::matching::Subject {
        title: "K2",
        ..Default::default()
    };
    let found = set.evaluate(&subject);
    assert_eq!(found[0].rule.as_str(), "good");
}

#[test]
fn names_are_checked_beside_other_errors() {
    let (_, problems) = compiled("@nobody OR near/5 (K2 OR");
    let codes: Vec<&str> = problems.iter().map(|one| one.diagnostic.code).collect();
    assert!(
        codes.contains(&"E30") && codes.contains(&"E06"),
        "{codes:?}"
    );
}

fn found(definitions: &Definitions) -> Vec<(Place, &'static str)> {
    let (_, problems) = RuleSet::compile(definitions);
    problems
        .into_iter()
        .map(|one| (one.place, one.diagnostic.code))
        .collect()
}

#[test]
fn macros_that_need_themselves_are_errors() {
    let query = |id: &str, query: &str| Macro {
        id: id.to_owned(),
        query: query.to_owned(),
    };
    let definitions = Definitions {
        macros: vec![
            query("a", "x1 OR $b"),
            query("b", "$a"),
            query("c", "$a"),
            query("d", "@nobody"),
        ],
        rules: vec![rule("r", "$c OR $d")],
        ..Definitions::default()
    };
    assert_eq!(
        found(&definitions),
        [
            (Place::MacroQuery(0), "E33"),
            (Place::MacroQuery(1), "E33"),
            (Place::MacroQuery(3), "E30"),
        ]
    );
}

/// What is said of an entity with two aliases after a change.
fn said_of(change: &dyn Fn(&mut Entity)) -> Vec<(Place, &'static str)> {
    let mut one = entity("one", "One Corp", "firm", "한화|Alpha*");
    change(&mut one);
    let definitions = Definitions {
        entities: vec![one],
        rules: vec![rule("r", "@one")],
        ..Definitions::default()
    };
    found(&definitions)
}

#[test]
fn entities_are_checked() {
    let with = said_of;
    let context = |text: &'static str| {
        with(&move |one: &mut Entity| {
            one.ambiguous = vec!["한화".to_owned()];
            one.context = Some(text.to_owned());
        })
    };
    let at = Place::EntityContext(0);
    assert_eq!(with(&|_| {}), []);
    assert_eq!(context("방산"), []);
    assert_eq!(context("@one"), [(at, "E39")]);
    assert_eq!(context("#firm OR 방산"), [(at, "E39")]);
    assert_eq!(context("lang:ko"), [(at, "E39")]);
    assert_eq!(context("NOT 야구"), [(at, "E35")]);
    let list = |list, index| Place::EntityAlias(0, list, index);
    assert_eq!(
        with(&|one| one.not_in = vec![
            "한화 이글스".to_owned(),
            "삼성 라이온즈".to_owned(),
            "Alphabet".to_owned()
        ]),
        [(list(AliasList::NotIn, 1), "E40")]
    );
    assert_eq!(
        with(&|one| one.ambiguous = vec!["한화".to_owned()]),
        [(list(AliasList::Ambiguous, 0), "W20")]
    );
    assert_eq!(
        with(&|one| one.aliases.push("--".to_owned())),
        [(list(AliasList::Aliases, 2), "W03")]
    );
}

#[test]
fn names_that_find_nothing_are_told() {
    let list = |list, index| Place::EntityAlias(0, list, index);
    let list_of =
        |texts: &[&str]| -> Vec<String> { texts.iter().map(|&one| one.to_owned()).collect() };
    for (aliases, not_in, told) in [
        (&[][..], &["One Corp"][..], Some(0)),
        (&[], &["one-corp"], Some(0)),
        (&[], &["One Corp Park", "One Cor*"], Some(1)),
        (&["한화 오션"], &["One Corp", "한화 오션"], Some(0)),
        (&["Two"], &["One Corp"], None),
        (&[], &["One Corp Park"], None),
        (&["One*"], &["One Corp"], None),
    ] {
        let found = said_of(&|one| {
            one.aliases = list_of(aliases);
            one.not_in = list_of(not_in);
        });
        let wanted = told.map(|at| (list(AliasList::NotIn, at), "W35"));
        assert_eq!(found, Vec::from_iter(wanted), "{aliases:?} {not_in:?}");
    }
    let listed = |one: &mut Entity| {
        one.name = "Onex, Onex Corp".to_owned();
        one.aliases = list_of(&["Boeing Co., Ltd.", "엔비디아 OR 英伟达"]);
        one.not_in = list_of(&["Onex, Onex Corp; Two"]);
    };
    assert_eq!(
        said_of(&listed),
        [
            (list(AliasList::Name, 0), "W36"),
            (list(AliasList::Aliases, 1), "W36"),
            (list(AliasList::NotIn, 0), "W36"),
        ]
    );
    let label = |one: &mut Entity| {
        one.name = "Onex, Onex Corp".to_owned();
        one.exact = list_of(&["ONEX"]);
    };
    assert_eq!(said_of(&label), [], "one of the two is a name of its own");
    assert_eq!(
        said_of(&|one| one.context = Some("방산".to_owned())),
        [(Place::EntityContext(0), "W37")]
    );
}

#[test]
fn clashes_and_idle_definitions_are_warned_of() {
    let definitions = Definitions {
        entities: vec![
            entity("one", "One", "firm", "Same Name"),
            entity("two", "Two", "firm", "same name"),
            entity("idle", "Idle", "place", ""),
        ],
        macros: vec![Macro {
            id: "idle".to_owned(),
            query: "x1".to_owned(),
        }],
        rules: vec![rule("r", "#firm AND (K2 OR K-2)")],
        feeds: vec![("f".into(), vec!["wire".to_owned()])],
    };
    assert_eq!(
        found(&definitions),
        [
            (Place::EntityAlias(1, AliasList::Aliases, 0), "W07"),
            (Place::RuleQuery(0), "W06"),
            (Place::EntityAlias(2, AliasList::Name, 0), "W08"),
            (Place::MacroQuery(0), "W08"),
        ]
    );
    assert_eq!(only("tag:wires K2").0, "W03");
}

/// Query, and the codes of what is said of it with the parts that are marked.
const LISTS: &[(&str, &[(&str, &str)])] = &[
    ("2 OF (K2, K9)", &[("W25", "2 OF (K2, K9)")]),
    ("1 OF (K2, K9)", &[("W25", "1 OF (K2, K9)")]),
    ("2 OF (K2, K9, K1)", &[]),
    ("2 OF (K2, K9, K2)", &[("W06", "K2")]),
    (
        "3 OF (K2, K9, K2)",
        &[("W03", "3 OF (K2, K9, K2)"), ("W06", "K2")],
    ),
    (
        "3 OF (K2, K9, \"K-9\")",
        &[("W03", "3 OF (K2, K9, \"K-9\")"), ("W06", "\"K-9\"")],
    ),
    ("2 OF (K2 OR K9, K9 OR K2, K1)", &[("W06", "K9 OR K2")]),
    (
        "2 OF (@poland, @poland)",
        &[("W03", "2 OF (@poland, @poland)"), ("W06", "@poland")],
    ),
];

#[test]
fn parts_of_one_meaning_are_told_and_counted_once() {
    for (query, wanted) in LISTS {
        let (_, problems) = compiled(query);
        let mut said: Vec<(&str, &str)> = problems
            .iter()
            .map(|one| (one.diagnostic.code, &query[one.diagnostic.span.clone()]))
            .collect();
        said.sort_unstable();
        assert_eq!(said, *wanted, "{query}");
    }
}

#[test]
fn macros_cannot_grow_without_bound() {
    let mut macros = vec![Macro {
        id: "m0".to_owned(),
        query: "a1 OR b1".to_owned(),
    }];
    for at in 1..40 {
        macros.push(Macro {
            id: format!("m{at}"),
            query: format!("$m{} OR $m{}", at - 1, at - 1),
        });
    }
    let definitions = Definitions {
        macros,
        rules: vec![rule("r", "$m39")],
        ..Definitions::default()
    };
    let (set, problems) = RuleSet::compile(&definitions);
    assert!(problems.iter().any(|one| one.diagnostic.code == "E38"));
    assert_eq!(set.rule_count(), 0);
}

#[test]
fn rules_are_filed_under_their_rarest_term() {
    let mut definitions = definitions();
    definitions.rules = vec![
        rule("a", "Poland howitzers"),
        rule("b", "#company OR 방산"),
        rule("c", "lang:ko NOT 북한"),
        rule("d", "2 OF (K2, howitzer, Warsaw)"),
    ];
    let (set, _) = RuleSet::compile(&definitions);
    let filed: Vec<Vec<String>> = set.filings().into_iter().map(|one| one.under).collect();
    assert_eq!(filed[0], ["howitzers"]);
    assert_eq!(filed[1], ["방산", "#company"]);
    assert_eq!(filed[2], ["lang:ko"]);
    assert_eq!(filed[3].len(), 2);
    assert!(set.filings().iter().all(|one| !one.always));
}
