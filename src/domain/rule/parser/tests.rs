mod repairs;

use proptest::prelude::*;

use super::super::ast::{Distance, Field, Kind, Near, Node};
use super::super::diagnostic::{Diagnostic, Level};
use super::super::print;
use super::{MAX_BYTES, children, parse};

fn errors(text: &str) -> Vec<Diagnostic> {
    let (_, found) = parse(text);
    found
        .into_iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .collect()
}

fn read(text: &str) -> Node {
    let (node, found) = parse(text);
    let errors: Vec<_> = found
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
    node.unwrap_or_else(|| panic!("{text}: no tree"))
}

fn placeless(node: Node) -> Node {
    let inner = |node: Box<Node>| Box::new(placeless(*node));
    let list = |nodes: Vec<Node>| nodes.into_iter().map(placeless).collect();
    let kind = match node.kind {
        Kind::Or(parts) => Kind::Or(list(parts)),
        Kind::And(parts) => Kind::And(list(parts)),
        Kind::Not(node) => Kind::Not(inner(node)),
        Kind::Field(field, node) => Kind::Field(field, inner(node)),
        Kind::Count(count, node) => Kind::Count(count, inner(node)),
        Kind::AtLeastOf(count, parts) => Kind::AtLeastOf(count, list(parts)),
        Kind::Near(near) => Kind::Near(Box::new(Near {
            left: placeless(near.left),
            right: placeless(near.right),
            ..*near
        })),
        leaf => leaf,
    };
    Node { kind, span: 0..0 }
}

#[test]
fn queries_are_understood() {
    for (text, printed) in [
        ("K9", "K9"),
        ("K 9", "K9"),
        ("155 mm", "155mm"),
        ("K 9* deal", "K9* AND deal"),
        ("K2 Poland", "K2 AND Poland"),
        ("K  9", "K AND 9"),
        ("K AND 9", "K AND 9"),
        ("feed:yonhap 24", "feed:yonhap AND 24"),
        ("a AND (b AND c)", "a AND b AND c"),
        ("K2 OR K9 Poland", "K2 OR (K9 AND Poland)"),
        ("(K2 OR K9) Poland", "(K2 OR K9) AND Poland"),
        ("K2 -Poland", "K2 NOT Poland"),
        ("K2 - Poland", "K2 NOT Poland"),
        ("K2 – Poland", "K2 NOT Poland"),
        ("Poland NOT K2 NEAR/2 Poland", "Poland NOT K2 NEAR/2 Poland"),
        ("a1 NEAR/5 b1 BEFORE/s c1", "a1 NEAR/5 b1 BEFORE/s c1"),
        ("a1 NEAR/5 (b1 NEAR/p c1)", "a1 NEAR/5 (b1 NEAR/p c1)"),
        ("A1 NOT NEAR/3 B1", "A1 NOT NEAR/3 B1"),
        ("x1 NOT A1 NOT BEFORE/3 B1", "x1 NOT A1 NOT BEFORE/3 B1"),
        ("title:K2 Poland", "title:K2 AND Poland"),
        ("title: (K2 Poland)", "title:(K2 AND Poland)"),
        ("2 OF (K2, K9 tank, FA-50)", "2 OF (K2, K9 AND tank, FA-50)"),
        ("ATLEAST/3 (Hanwha OR 한화)", "ATLEAST/3 (Hanwha OR 한화)"),
        ("“arms deal”~2", "\"arms deal\"~2"),
        ("«arms deal»", "\"arms deal\""),
        (r#""say \"no\"""#, r#""say \"no\"""#),
        ("‘KAI’ OR 'Hanwha's'", r"'KAI' OR 'Hanwha\'s'"),
        (
            "F/A-50 https://x.org/a d'obusiers",
            "F/A-50 AND https://x.org/a AND d'obusiers",
        ),
        ("/K-?[29]\\b/ // guns", "/K-?[29]\\b/"),
        ("// first\nK2 // last", "K2"),
        ("/a\\/bcd/i", "/a\\/bcd/i"),
        (
            "@hanwha-aerospace #class_1 $export",
            "@hanwha-aerospace AND #class_1 AND $export",
        ),
        ("（K2　OR　K9） title：tank", "(K2 OR K9) AND title:tank"),
        ("LIG D&A", "LIG AND D&A"),
        ("MINISTRY OF DEFENCE", "MINISTRY AND OF AND DEFENCE"),
        ("K2 && (K9 || !FA-50)", "K2 AND (K9 OR NOT FA-50)"),
        ("how<ZWSP>itzer", "howitzer"),
        (
            "lang:zh-Hant host:yna.co.kr",
            "lang:zh-Hant AND host:yna.co.kr",
        ),
        ("how*er organi?ation 한*", "how*er AND organi?ation AND 한*"),
    ] {
        let text = text.replace("<ZWSP>", "\u{200b}");
        let node = read(&text);
        assert_eq!(print(&node), printed, "{text}");
        assert_eq!(placeless(read(printed)), placeless(node), "{text}");
    }
}

/// Query, where, what, and words of the help.
const ERRORS: &[(&str, std::ops::Range<usize>, &str, &str)] = &[
    ("", 0..0, "the query is empty", "write a word"),
    ("// only a comment", 0..17, "the query is empty", ""),
    ("a1 NEAR/5", 3..9, "NEAR needs something on its right", ""),
    ("NEAR/5 arms", 0..6, "NEAR needs something on its left", ""),
    ("K2 AND", 3..6, "AND needs something on its right", ""),
    (
        "K2 AND OR K9",
        3..9,
        "AND and OR cannot stand side by side",
        "the one",
    ),
    ("K2 OR OR K9", 6..8, "OR stands here twice", "write it once"),
    ("OR", 0..2, "OR needs something on both sides", ""),
    ("K2 NOT", 3..6, "NOT needs something on its right", ""),
    (
        "(Korea",
        0..1,
        "this bracket is never closed",
        "close the bracket",
    ),
    (
        "(K2 OR",
        0..1,
        "this bracket is never closed",
        "close the bracket",
    ),
    ("K2)", 2..3, "no bracket is open here", "leave this one out"),
    ("K2 ()", 3..5, "there is nothing between the brackets", ""),
    (
        "*tank",
        0..5,
        "a word cannot begin with a wildcard",
        "/tank/i",
    ),
    ("k*", 0..2, "`k*` is too short", "write more"),
    (
        "\"the *tank\"",
        0..11,
        "a word cannot begin with a wildcard",
        "",
    ),
    ("*", 0..1, "a wildcard alone matches everything", ""),
    (
        "K2 NEAR/2 NOT Poland",
        10..13,
        "NOT cannot stand inside NEAR",
        "write NOT NEAR/2",
    ),
    (
        "K2 NEAR/2 (a1 NOT b1)",
        14..20,
        "NOT cannot stand inside NEAR",
        "",
    ),
    (
        "ATLEAST/3 a1 NEAR/5 b1",
        0..12,
        "ATLEAST cannot stand inside NEAR",
        "ATLEAST/3 (a",
    ),
    (
        "lang:ko NEAR/5 b1",
        0..7,
        "`lang:` has no place in the text",
        "",
    ),
    ("ATLEAST/2 (a1 b1)", 10..17, "ATLEAST cannot count AND", ""),
    (
        "ATLEAST/0 a1",
        0..9,
        "ATLEAST needs the number",
        "ATLEAST/3",
    ),
    (
        "4 OF (a1, b1)",
        0..1,
        "4 of 2 can never be true",
        "from 1 to 2",
    ),
    ("0 OF (a1, b1)", 0..1, "0 OF is always true", ""),
    (
        "2 OF a1",
        0..4,
        "OF needs a list in brackets",
        "2 OF (a, b, c)",
    ),
    (
        "2 of (a1, b1, c1)",
        2..4,
        "operators are upper-case",
        "2 OF (a, b, c)",
    ),
    ("OF (a1, b1)", 0..2, "OF needs a number on its left", ""),
    (
        "2 OF (a1, b1,)",
        13..14,
        "a part of the list is missing here",
        "",
    ),
    ("(a1, b1)", 3..4, "a comma stands only", "a number and OF"),
    ("a1, b1", 2..3, "a comma stands only", "OR or AND"),
    (
        "title:",
        0..6,
        "`title:` needs something on its right",
        "title:word",
    ),
    (
        "title:NOT K2",
        0..6,
        "`title:` needs something on its right",
        "NOT title:",
    ),
    (
        "titel:K2",
        0..6,
        "there is no field `titel`",
        "did you mean `title:`?",
    ),
    (
        "site:yna.co.kr",
        0..5,
        "there is no field `site`",
        "write host:yna.co.kr",
    ),
    (
        "K2 \"arms deal",
        3..4,
        "this quote is never closed",
        "close it with `\"`",
    ),
    (
        "'KAI",
        0..1,
        "this quote is never closed",
        "close it with `'`",
    ),
    (
        "K2 /tank",
        3..4,
        "a `/` at the start of a word opens a regex",
        "close it with `/`",
    ),
    (
        "/ta(nk/",
        3..4,
        "this regex cannot be used: unclosed group",
        "",
    ),
    (
        "/tank/x",
        6..7,
        "the only letter that may follow a regex is `i`",
        "",
    ),
    ("\"\"", 0..2, "there is nothing between the quotes", ""),
    ("@", 0..1, "`@` needs the id of an entity", ""),
    (
        "@kai.x",
        4..6,
        "this cannot stand in the id of an entity",
        "letters, digits",
    ),
    (
        "a1 NEAR b1",
        3..7,
        "NEAR needs a distance",
        "NEAR/5 (words between)",
    ),
    (
        "a1 BEFORE/x b1",
        3..11,
        "BEFORE needs a distance",
        "BEFORE/s",
    ),
    (
        "a1 NEAR 5 b1",
        3..9,
        "NEAR needs a distance",
        "write NEAR/5 without a blank",
    ),
    (
        "a1 BEFORE /12 b1",
        3..13,
        "BEFORE needs a distance",
        "write BEFORE/12 without",
    ),
    (
        "a1 NEAR 155mm",
        3..7,
        "NEAR needs a distance",
        "NEAR/5 (words between)",
    ),
    (
        "ATLEAST 3 a1",
        0..9,
        "ATLEAST needs the number",
        "write ATLEAST/3 without",
    ),
    (
        "2 OF (a1 b1)",
        0..1,
        "2 of 1 can never be true",
        "part the list by commas",
    ),
    ("a1 NEAR/1001 b1", 3..12, "1001 words are too far", "NEAR/p"),
    (
        "a1 NEAR/99999999999 b1",
        3..19,
        "99999999999 words are too far",
        "NEAR/p",
    ),
    ("\"a1 b1\"~ c1", 7..8, "`~` needs the number of words", "~3"),
    ("NOT NOT K2", 4..7, "NOT stands here twice", ""),
    (
        "lang:@kai K2",
        5..9,
        "a property is compared with a word",
        "",
    ),
];

#[test]
fn errors_point_at_the_character_and_suggest_the_repair() {
    for (text, place, message, help) in ERRORS {
        let found = errors(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(&found[0].span, place, "{text}: {found:?}");
        assert!(found[0].message.starts_with(*message), "{text}: {found:?}");
        let given = found[0].help.as_deref().unwrap_or_default();
        assert!(given.contains(*help), "{text}: {found:?}");
    }
}

#[test]
fn an_open_bracket_shows_two_places() {
    let found = errors("(K2 OR ");
    assert_eq!(found[0].span, 0..1);
    assert_eq!(found[0].related, [(6..6, "`)` is missing here".to_owned())]);
}

#[test]
fn several_mistakes_of_a_query_are_told_together() {
    let found = errors("titel:K2 AND AND *tank OR (k* NEAR/2 NOT a1) NEAR/5");
    let codes: Vec<_> = found.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["E11", "E03", "E05", "E05", "E17", "E03"]);
    let many = "*a OR ".repeat(100) + "b1";
    assert_eq!(errors(&many).len(), 20);
}

/// Query, and the codes of what is said of it.
const DOUBTS: &[(&str, &str)] = &[
    ("K2 and Poland", "W01"),
    ("a1 near/5 b1", "W01"),
    ("K2 OR K9 Poland", "W02"),
    ("(K2 OR K9) Poland", ""),
    ("K2 OR (K9 Poland)", ""),
    ("& K2 …", "W22 E04"),
    ("K2 …", "W03"),
    ("k", "W04"),
    ("무 K2 12 100", "W04 W04"),
    ("\"한 미\"", "W04"),
    ("lang:ko K2", ""),
    ("export* OR exports OR tank OR Tank", "W06 W06"),
    ("'KAI' OR 'Kai' OR export* OR expo", ""),
    ("/K-?[29]\\b/", "W12"),
    ("/howitzers?/i", ""),
    ("수출 K2", "W13"),
    ("수출* K2", ""),
    ("a1 NEAR/60 b1", "W15"),
    ("На\u{43d}wha", "W18"),
    ("LIG넥스원", ""),
    ("how\u{200b}itzer", "W19"),
    ("می\u{200c}خرد", ""),
    ("K2 && K9", "W22"),
    ("a1 w/5 b1", "W22"),
    ("a1 adj b1", "W22"),
    ("a1 near5 b1", "W22"),
    ("a1 W/S b1 same c1", "W22 W22"),
    ("same", ""),
    ("export!", "W22"),
    ("[K2 OR K9]", "W22"),
    ("K2 XOR K9", "W22"),
    ("XOR", ""),
    ("K2 그리고 K9", "W22"),
    ("K2 또는 K9", "W22"),
    ("K2 — K9", "W23"),
    ("title:(K2 OR lang:ko)", "W32"),
    ("title:lead:K2", "W32"),
    ("K2 ANDNOT K9", "W22"),
    ("K2~2 K9^1.5", "W22 W22"),
    ("K2 lang=ko", "W22"),
    ("「전차 K2」", "W22"),
    ("『전차』", "W22"),
    ("K9、K2", "W22"),
    ("K9; K2", "W22"),
    ("title LIKE K2", "W22"),
    ("title CONTAINS K2", "W22"),
    ("K2 AROUND(K9)", "W22"),
    ("entries WHERE title", "W22"),
    ("3 OF K9, K2, K3", "E15"),
    ("K9, K2, K3", "E16"),
    ("title :K2", "W22"),
    ("E=mc", ""),
    ("+K2 -K9", "W22"),
    ("K2 - K9", "W23"),
    ("Poland 2022", "W24"),
    ("K 9", ""),
    ("K2 + K9", "W03"),
    ("+ K2", "W03"),
    ("'+' K2", ""),
    ("\"+\" K2", "W03"),
    ("url:w/5 url:a|b url:(K2~2 OR x=1) K2", ""),
    ("url:w/5 K2 w/5 K9", "W22"),
    ("url:?id=1 url:a?b=c url:news?", ""),
    ("url:\"?id=1\"", ""),
    ("url:/sports/ K2", "W22"),
    ("url:/sports?/ K2", ""),
    ("url:'a*b' K2", ""),
];

#[test]
fn likely_mistakes_are_warned_of() {
    for (text, codes) in DOUBTS {
        let (_, found) = parse(text);
        let given: Vec<_> = found.iter().map(|diagnostic| diagnostic.code).collect();
        assert_eq!(given.join(" "), *codes, "{text}: {found:?}");
    }
    let (_, found) = parse("K2 OR K9 Poland");
    assert_eq!(
        found[0].help.as_deref(),
        Some("it is read as `K2 OR (K9 AND Poland)`: write the brackets you mean")
    );
}

#[test]
fn limits_hold() {
    for (text, words) in [
        ("a".repeat(MAX_BYTES + 1), "64 KiB"),
        ("(".repeat(60_000), "64 deep"),
        ("(".repeat(100) + "a1" + &")".repeat(100), "64 deep"),
        ("title:".repeat(100) + "a1", "64 deep"),
        ("b ".repeat(25_000), "20000 parts"),
        ("a1 NEAR/1 ".repeat(5_000) + "b1", "64 links"),
    ] {
        let found = errors(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains(words), "{found:?}");
    }
    read(&("(".repeat(60) + "a1" + &")".repeat(60)));
    for text in [
        "NOT ".repeat(16_000),
        ") ".repeat(30_000),
        ", ".repeat(30_000),
        "/a".repeat(30_000),
    ] {
        assert!(errors(&text).len() <= 20);
    }
}

/// Every node's place is inside its parent's, and on characters.
fn places_hold(node: &Node, text: &str) {
    assert!(
        text.get(node.span.clone()).is_some(),
        "{:?} of {text}",
        node.span
    );
    for child in children(node) {
        assert!(
            node.span.start <= child.span.start && child.span.end <= node.span.end,
            "{child:?} in {node:?} of {text}"
        );
        places_hold(child, text);
    }
}

fn leaf() -> impl Strategy<Value = Kind> {
    prop_oneof![
        "[a-zA-Z가-힣]{2,6}"
            .prop_filter("no operator", |word| {
                !["AND", "OR", "NOT", "NEAR", "BEFORE", "ATLEAST"].contains(&word.as_str())
            })
            .prop_map(Kind::Term),
        "[a-z]{2,4}[*?][a-z]{0,2}".prop_map(Kind::Term),
        "[A-Z]{2}-[0-9]{1,3}[가-힣戦]{0,2}|[가戦][*]".prop_map(Kind::Term),
        ("[ a-z\"'\\\\가-힣«]{0,8}x", proptest::option::of(0u32..9))
            .prop_map(|(text, slop)| Kind::Phrase(text, slop)),
        "[ a-z\"'\\\\’]{0,8}x".prop_map(Kind::Verbatim),
        ("[a-z/.]{0,4}[a-z](\\\\\\.)?", any::<bool>())
            .prop_map(|(source, i)| Kind::Regex(source, i)),
        "[a-z_-]{1,5}".prop_map(Kind::Entity),
        "[a-z0-9]{1,5}".prop_map(Kind::Class),
        "[a-z]{1,5}".prop_map(Kind::Macro),
    ]
}

fn boxed(kind: Kind) -> Node {
    Node { kind, span: 0..0 }
}

fn has_wild_value(node: &Node) -> bool {
    let Kind::Field(field, inner) = &node.kind else {
        return false;
    };
    (field.is_property() || *field == Field::Url) && print(inner).contains(['*', '?'])
}

/// Trees in which no group stands in a group of its own kind, as parsing makes them.
fn tree() -> impl Strategy<Value = Node> {
    leaf().prop_map(boxed).prop_recursive(4, 24, 4, |inner| {
        let list = || proptest::collection::vec(inner.clone(), 2..4);
        let distance = prop_oneof![
            (0u32..1000).prop_map(Distance::Words),
            Just(Distance::Sentence),
            Just(Distance::Paragraph)
        ];
        prop_oneof![
            list().prop_filter_map("flat", |parts| parts
                .iter()
                .all(|part| !matches!(part.kind, Kind::Or(_)))
                .then(|| boxed(Kind::Or(parts)))),
            list().prop_filter_map("flat", |parts| parts
                .iter()
                .all(|part| !matches!(part.kind, Kind::And(_)))
                .then(|| boxed(Kind::And(parts)))),
            inner
                .clone()
                .prop_map(|node| boxed(Kind::Not(Box::new(node)))),
            (0usize..11, inner.clone())
                .prop_map(|(field, node)| boxed(Kind::Field(Field::ALL[field], Box::new(node))))
                // Hosts bear no wildcard.
                .prop_filter("host", |node| !has_wild_value(node)),
            (1u32..3, list())
                .prop_map(|(count, parts)| boxed(Kind::AtLeastOf(count.min(2), parts))),
            (1u32..9, inner.clone())
                .prop_map(|(count, node)| boxed(Kind::Count(count, Box::new(node)))),
            (
                inner.clone(),
                inner.clone(),
                distance,
                any::<bool>(),
                any::<bool>()
            )
                .prop_map(|(left, right, distance, ordered, negated)| boxed(
                    Kind::Near(Box::new(Near {
                        left,
                        right,
                        distance,
                        ordered,
                        negated
                    }))
                )),
        ]
    })
}

proptest! {
    #[test]
    fn a_tree_survives_printing(node in tree()) {
        let text = print(&node);
        let (read, _) = parse(&text);
        prop_assert_eq!(read.map(placeless), Some(node), "{}", text);
    }

    #[test]
    fn what_is_read_prints_and_reads_the_same(words in proptest::collection::vec(prop_oneof![
        Just("AND"), Just("OR"), Just("NOT"), Just("NEAR/3"), Just("BEFORE/s"), Just("("), Just(")"), Just(","),
        Just("2 OF ("), Just("ATLEAST/2"), Just("title:"), Just("lang:"), Just("-"), Just("\"a b\"~2"), Just("“q”"),
        Just("'v v'"), Just("/re+x/i"), Just("@e"), Just("#c"), Just("$m"), Just("K"), Just("9"), Just("word"),
        Just("ex*"), Just("// c\n"), Just("of"), Just("OF"), Just("\u{200b}"), Just("（"), Just("：")
    ], 0..20), spaced in any::<bool>()) {
        let text = words.join(if spaced { " " } else { "" });
        let (node, found) = parse(&text);
        if let Some(node) = node {
            places_hold(&node, &text);
            if found.iter().all(|diagnostic| diagnostic.level == Level::Warning) {
                let printed = print(&node);
                let (again, _) = parse(&printed);
                prop_assert_eq!(again.map(placeless), Some(placeless(node)), "{} as {}", text, printed);
            }
        } else {
            prop_assert!(!found.is_empty());
        }
    }

    #[test]
    fn no_text_is_too_odd(text in "\\PC{0,60}|[ -~\u{200b}“”‘’＊（）]{0,60}") {
        let (node, found) = parse(&text);
        prop_assert!(found.len() <= 40);
        for diagnostic in &found {
            prop_assert!(text.get(diagnostic.span.clone()).is_some(), "{:?} of {}", diagnostic, text);
        }
        if let Some(node) = node {
            places_hold(&node, &text);
            if found.iter().all(|diagnostic| diagnostic.level == Level::Warning) {
                let printed = print(&node);
                let (again, _) = parse(&printed);
                prop_assert_eq!(again.map(placeless), Some(placeless(node)), "{} as {}", text, printed);
            }
        }
    }
}
