//! Queries as people bring them along, what is said of each, and the query with the repair, of which nothing is said.

use crate::domain::rule::diagnostic::Diagnostic;

use super::parse;

/// Query, the part that is pointed at, words of the repair, and the query when it is mended so.
const REPAIRS: &[(&str, &str, &str, &str)] = &[
    ("Hanwha w/5 Poland", "w/5", "NEAR/5", "Hanwha NEAR/5 Poland"),
    ("Hanwha W/S Poland", "W/S", "NEAR/s", "Hanwha NEAR/s Poland"),
    (
        "Hanwha w/para Poland",
        "w/para",
        "NEAR/p",
        "Hanwha NEAR/p Poland",
    ),
    ("Hanwha w/seg Poland", "w/seg", "AND", "Hanwha AND Poland"),
    ("Hanwha /5 Poland", "/", "NEAR/5", "Hanwha NEAR/5 Poland"),
    ("Hanwha /s Poland", "/", "NEAR/s", "Hanwha NEAR/s Poland"),
    (
        "Hanwha +5 Poland",
        "+",
        "BEFORE/5",
        "Hanwha BEFORE/5 Poland",
    ),
    ("Hanwha %5 Poland", "%5", "NEAR/5", "Hanwha NEAR/5 Poland"),
    ("Hanwha ~5 Poland", "~5", "NEAR/5", "Hanwha NEAR/5 Poland"),
    (
        "Hanwha pre/5 Poland",
        "pre/5",
        "BEFORE/5",
        "Hanwha BEFORE/5 Poland",
    ),
    (
        "Hanwha adj3 Poland",
        "adj3",
        "BEFORE/3",
        "Hanwha BEFORE/3 Poland",
    ),
    (
        "Hanwha NEAR5 Poland",
        "NEAR5",
        "NEAR/5",
        "Hanwha NEAR/5 Poland",
    ),
    (
        "Hanwha NEAR(5) Poland",
        "NEAR(5)",
        "write NEAR/5",
        "Hanwha NEAR/5 Poland",
    ),
    (
        "Hanwha NEAR / 5 Poland",
        "NEAR / 5",
        "write NEAR/5",
        "Hanwha NEAR/5 Poland",
    ),
    (
        "Hanwha NEAR/5f Poland",
        "NEAR/5f",
        "BEFORE/5",
        "Hanwha BEFORE/5 Poland",
    ),
    (
        "Hanwha near/5f Poland",
        "near/5f",
        "BEFORE/5",
        "Hanwha BEFORE/5 Poland",
    ),
    (
        "Hanwha NEAR/5w Poland",
        "NEAR/5w",
        "write NEAR/5",
        "Hanwha NEAR/5 Poland",
    ),
    (
        "Hanwha NEAR/S Poland",
        "NEAR/S",
        "write NEAR/s",
        "Hanwha NEAR/s Poland",
    ),
    (
        "한화 NEAR/문장 폴란드",
        "NEAR/문장",
        "write NEAR/s",
        "한화 NEAR/s 폴란드",
    ),
    (
        "한화 NEAR/5단어 폴란드",
        "NEAR/5단어",
        "write NEAR/5",
        "한화 NEAR/5 폴란드",
    ),
    (
        "Hanwha onear/5 Poland",
        "onear/5",
        "BEFORE/5",
        "Hanwha BEFORE/5 Poland",
    ),
    (
        "Hanwha NOTNEAR/5 Poland",
        "NOTNEAR/5",
        "NOT NEAR/5",
        "Hanwha NOT NEAR/5 Poland",
    ),
    (
        "Hanwha AFTER/5 Poland",
        "AFTER/5",
        "BEFORE/5 with the sides changed",
        "Poland BEFORE/5 Hanwha",
    ),
    (
        "Hanwha SENTENCE Poland",
        "SENTENCE",
        "NEAR/s",
        "Hanwha NEAR/s Poland",
    ),
    (
        "Hanwha within 5 words",
        "within",
        "NEAR/5",
        "Hanwha NEAR/5 words",
    ),
    (
        "NEAR((Hanwha OR Poland), 5)",
        "NEAR",
        "a NEAR/5 b",
        "Hanwha NEAR/5 Poland",
    ),
    (
        "atleast3 Hanwha",
        "atleast3",
        "ATLEAST/3",
        "ATLEAST/3 Hanwha",
    ),
    (
        "ATLEAST3(Hanwha)",
        "ATLEAST3",
        "ATLEAST/3",
        "ATLEAST/3 (Hanwha)",
    ),
    ("atleast 3 tanks", "atleast", "ATLEAST/3", "ATLEAST/3 tanks"),
    ("MIN/2 Hanwha", "MIN/2", "ATLEAST/2", "ATLEAST/2 Hanwha"),
    (
        "AT LEAST 2 OF (K2, K9, T-50)",
        "LEAST",
        "2 OF (a, b, c)",
        "2 OF (K2, K9, T-50)",
    ),
    ("ANY OF (K2, K9)", "OF", "OR between", "(K2 OR K9)"),
    ("ALL OF (K2, K9)", "OF", "AND between", "(K2 AND K9)"),
    ("COUNT(tank)", "COUNT", "ATLEAST/3 tank*", "ATLEAST/3 tank*"),
    (
        "2 of (K2, K9, T-50)",
        "of",
        "2 OF (a, b, c)",
        "2 OF (K2, K9, T-50)",
    ),
    ("HLEAD(Hanwha)", "HLEAD", "lead:(a OR b)", "lead:(Hanwha)"),
    (
        "headline(Hanwha)",
        "headline",
        "title:(a OR b)",
        "title:(Hanwha)",
    ),
    ("hl=(Hanwha)", "hl=", "title:(a OR b)", "title:(Hanwha)"),
    ("hlp=Hanwha", "hlp=Hanwha", "lead:Hanwha", "lead:Hanwha"),
    ("la=en K2", "la=en", "lang:en", "lang:en K2"),
    ("wc>500 K2", "wc>500", "leave it out", "K2"),
    ("ALLCAPS(KAI)", "ALLCAPS", "'KAI'", "'KAI'"),
    ("raw:KAI", "raw:", "'KAI'", "'KAI'"),
    ("=KAI", "=KAI", "'KAI'", "'KAI'"),
    ("Hanwha before:2026", "before:", "leave it out", "Hanwha"),
    ("country:kr Hanwha", "country:", "leave it out", "Hanwha"),
    ("allintitle:Hanwha", "allintitle:", "title:", "title:Hanwha"),
    ("제목:한화", "제목:", "title:", "title:한화"),
    ("언어:ko 한화", "언어:", "lang:", "lang:ko 한화"),
    ("title = 'Hanwha'", "=", "title:'Hanwha'", "title:'Hanwha'"),
    (
        "title != Hanwha K2",
        "!=",
        "NOT title:Hanwha",
        "K2 NOT title:Hanwha",
    ),
    (
        "title <> Hanwha K2",
        "<>",
        "NOT title:Hanwha",
        "K2 NOT title:Hanwha",
    ),
    (
        "title IN (Hanwha OR KAI)",
        "IN",
        "title:(a OR b)",
        "title:(Hanwha OR KAI)",
    ),
    ("Hanwha > Poland", ">", "leave it out", "Hanwha Poland"),
    ("%Hanwha%", "%Hanwha%", "Hanwha*", "Hanwha*"),
    ("Hanwha$", "Hanwha$", "Hanwha*", "Hanwha*"),
    ("Hanwha! K2", "Hanwha!", "Hanwha*", "Hanwha* K2"),
    ("Hanwha * Poland", "*", "leave it out", "Hanwha Poland"),
    (
        "\"Hanwha * Poland\"",
        "\"Hanwha * Poland\"",
        "\"Hanwha Poland\"~1",
        "\"Hanwha Poland\"~1",
    ),
    ("\"Hanwha Poland\"@5", "@5", "~5", "\"Hanwha Poland\"~5"),
    (
        "Hanwha\\ Aerospace",
        "Hanwha\\",
        "leave it out",
        "Hanwha Aerospace",
    ),
    (
        "Hanwha&amp;Poland",
        "Hanwha&amp;Poland",
        "the sign",
        "Hanwha&Poland",
    ),
    ("<b>Hanwha</b>", "<b>Hanwha</b>", "leave them out", "Hanwha"),
    ("/(?=han)wha/", "(", "NEAR", "han NEAR/5 wha"),
    ("/han(wha/", "(", "`\\`", "/han\\(wha/"),
    (
        "lang:ko,en K2",
        ",",
        "lang:(ko OR en)",
        "lang:(ko OR en) K2",
    ),
    ("lang:ko|en K2", "ko|en", "(ko OR en)", "lang:(ko OR en) K2"),
    (
        "한화|폴란드",
        "한화|폴란드",
        "(한화 OR 폴란드)",
        "(한화 OR 폴란드)",
    ),
    (
        "한화+폴란드",
        "한화+폴란드",
        "(한화 OR 폴란드)",
        "(한화 OR 폴란드)",
    ),
    (
        "한화·폴란드",
        "한화·폴란드",
        "(한화 OR 폴란드)",
        "(한화 OR 폴란드)",
    ),
    (
        "한화ㆍ대우ㆍ풍산",
        "한화ㆍ대우ㆍ풍산",
        "(한화 OR 대우 OR 풍산)",
        "(한화 OR 대우 OR 풍산)",
    ),
    (
        "한화/폴란드",
        "한화/폴란드",
        "(한화 OR 폴란드)",
        "(한화 OR 폴란드)",
    ),
    ("한화 / 폴란드", "/", "write OR", "한화 OR 폴란드"),
    ("한화 와 폴란드", "와", "AND", "한화 AND 폴란드"),
    ("한화 및 폴란드", "및", "AND", "한화 AND 폴란드"),
    ("한화 이나 폴란드", "이나", "OR", "한화 OR 폴란드"),
    ("한화 이글스 제외", "제외", "NOT before", "한화 NOT 이글스"),
    (
        "한화 5단어 이내 폴란드",
        "5단어",
        "NEAR/5",
        "한화 NEAR/5 폴란드",
    ),
    ("한화 늘까?", "늘까?", "늘까", "한화 늘까"),
    ("한화 AND-NOT 이글스", "AND-NOT", "NOT", "한화 NOT 이글스"),
    ("한화 BUT NOT 이글스", "BUT", "NOT", "한화 NOT 이글스"),
    ("한화 and/or 폴란드", "and/or", "OR", "한화 OR 폴란드"),
];

fn is_told(query: &str, found: &[Diagnostic], part: &str, repair: &str) -> bool {
    found.iter().any(|one| {
        let help = one.help.as_deref().unwrap_or_default();
        query[one.span.clone()] == *part && help.contains(repair)
    })
}

#[test]
fn what_people_bring_along_is_told_with_a_repair_that_works() {
    let mut wrong = Vec::new();
    for (query, part, repair, mended) in REPAIRS {
        let (_, found) = parse(query);
        if !is_told(query, &found, part, repair) {
            wrong.push(format!("{query}: {found:?}"));
        }
        let (node, found) = parse(mended);
        if node.is_none() || !found.is_empty() {
            wrong.push(format!("{mended}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What looks like a habit and is none.
#[test]
fn ordinary_words_are_left_in_peace() {
    for query in [
        "한·미",
        "국방·방산",
        "F/A-50",
        "AT&T",
        "tank?",
        "Hanw??",
        "E=mc",
        "before",
        "within",
        "HLEAD",
        "한화와",
        "10/12",
        "LIG D&A",
        "US$",
        "50%",
        "https://example.org/a/b",
    ] {
        let (_, mut found) = parse(query);
        found.retain(|one| one.code == "W22" || one.code.starts_with('E'));
        assert!(found.is_empty(), "{query}: {found:?}");
    }
}
