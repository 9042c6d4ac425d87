//! Queries as people bring them along, what is said of each, and the query with the repair, of which nothing is said.

use crate::domain::rule::diagnostic::Diagnostic;

use super::super::parse;

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
        "within 5",
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
    (
        "atleast 3 tanks",
        "atleast 3",
        "ATLEAST/3",
        "ATLEAST/3 tanks",
    ),
    (
        "vaccine within 5 approval",
        "within 5",
        "write NEAR/5",
        "vaccine NEAR/5 approval",
    ),
    ("vaccin*.", "vaccin*.", "write vaccin*", "vaccin*"),
    (
        "(vaccin*, approv*)",
        ",",
        "(vaccin* OR approv*)",
        "(vaccin* OR approv*)",
    ),
    (
        "\"vaccine approval\" ~5",
        "~5",
        "write \"vaccine approval\"~5",
        "\"vaccine approval\"~5",
    ),
    ("/* vaccines */ vaccine", "/*", "write //", "vaccine"),
    ("/vaccine{2,1}/", "{", "write {1,2}", "/vaccine{1,2}/"),
    ("/vacc[z-a]ine/", "z", "write a-z", "/vacc[a-z]ine/"),
    (
        "/\\p{Korean}백신접종/",
        "\\",
        "write \\p{Hangul}",
        "/\\p{Hangul}백신접종/",
    ),
    (
        "vaccine+approval",
        "vaccine+approval",
        "(vaccine OR approval), or AND",
        "(vaccine OR approval)",
    ),
    (
        "vaccine&&approval",
        "vaccine&&approval",
        "vaccine AND approval",
        "vaccine AND approval",
    ),
    (
        "vaccineAND approval",
        "vaccineAND",
        "write vaccine AND",
        "vaccine AND approval",
    ),
    (
        "vaccine ANDapproval",
        "ANDapproval",
        "write AND approval",
        "vaccine AND approval",
    ),
    (
        "vaccineORapproval",
        "vaccineORapproval",
        "write vaccine OR approval",
        "vaccine OR approval",
    ),
    (
        "9999999999999999999999 OF (K2, K9, T-50)",
        "9999999999999999999999",
        "from 1 to 3",
        "2 OF (K2, K9, T-50)",
    ),
    (
        "ATLEAST/99999999999999 tanks",
        "ATLEAST/99999999999999",
        "a smaller number",
        "ATLEAST/3 tanks",
    ),
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
    ("raw:KAI", "raw:KAI", "'KAI'", "'KAI'"),
    ("=KAI", "=KAI", "'KAI'", "'KAI'"),
    (
        "Hanwha before:2026",
        "before:2026",
        "leave it out",
        "Hanwha",
    ),
    ("country:kr Hanwha", "country:kr", "leave it out", "Hanwha"),
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
    (
        "한화 BUT NOT 이글스",
        "BUT",
        "leave it out",
        "한화 NOT 이글스",
    ),
    ("K9 + Poland", "+", "leave it out", "K9 Poland"),
    ("K9 -- guns", "--", "// before", "K9 // guns"),
    ("K9 # guns", "#", "// before", "K9 // guns"),
    ("[K9, K2]", "[K9, K2]", "(K9 OR K2)", "(K9 OR K2)"),
    (
        "title:{K9, K2, K1}",
        "{K9, K2, K1}",
        "(K9 OR K2 OR K1)",
        "title:(K9 OR K2 OR K1)",
    ),
    ("url:*", "*", "leave it out, or write a part", "url:sports"),
    ("lang:k* K9", "k*", "such as lang:ko", "lang:ko K9"),
    ("tag:w* K9", "w*", "tag:(a OR b)", "tag:(wire OR web) K9"),
    (
        "feed:yna* K9",
        "yna*",
        "feed:(a OR b)",
        "feed:(yna OR yna-en) K9",
    ),
    (
        "\"radar station\" NOT radar",
        "radar",
        "leave one of the two out",
        "\"radar station\"",
    ),
    ("한화 and/or 폴란드", "and/or", "OR", "한화 OR 폴란드"),
    ("title = K9", "=", "title:K9", "title:K9"),
    ("title == \"K9\"", "==", "title:\"K9\"", "title:\"K9\""),
    ("title contains K9", "contains", "title:K9", "title:K9"),
    ("title LIKE K9", "LIKE", "title:K9", "title:K9"),
    ("title : K9", ":", "title:K9", "title:K9"),
    ("entity : hanwha", ":", "@hanwha", "@hanwha"),
    ("K9 != Poland", "!=", "NOT Poland", "K9 NOT Poland"),
    ("K9 == Poland", "==", "leave it out", "K9 Poland"),
    ("+K9 -Poland", "+", "leave", "K9 -Poland"),
    (
        "NEAR/5 K9 Poland",
        "NEAR/5",
        "K9 NEAR/5 Poland",
        "K9 NEAR/5 Poland",
    ),
    ("title:!K9 K2", "title:", "NOT title:K9", "NOT title:K9 K2"),
    ("title:-K9 K2", "title:", "NOT title:K9", "NOT title:K9 K2"),
    (
        "K2 after:2026-01-01",
        "after:2026-01-01",
        "leave it out",
        "K2",
    ),
    ("(?i)hanwha", "(?i)", "write hanwha", "hanwha"),
    ("(?:K2|K9)", "(?:", "between slashes", "/han(wha|jin)/"),
    ("K9 OR OR K2", "OR", "write it once", "K9 OR K2"),
    (
        "K9 AND NEAR/5 Poland",
        "AND NEAR/5",
        "NEAR/5 alone",
        "K9 NEAR/5 Poland",
    ),
    (
        "K9 NOT AND Poland",
        "NOT AND",
        "write AND NOT",
        "K9 AND NOT Poland",
    ),
    (
        "K9 AND OR Poland",
        "AND OR",
        "the one that you mean",
        "K9 OR Poland",
    ),
    (
        "title LIKE '%hanwha%'",
        "LIKE",
        "title:hanwha*",
        "title:hanwha*",
    ),
    (
        "title LIKE '%arms deal%'",
        "LIKE",
        "title:\"arms deal*\"",
        "title:\"arms deal*\"",
    ),
    (
        "hanwha IN (poland, korea)",
        ",",
        "write hanwha (poland OR korea)",
        "hanwha (poland OR korea)",
    ),
    (
        "title IN (poland, korea)",
        ",",
        "write title:(poland OR korea)",
        "title:(poland OR korea)",
    ),
    (
        "(poland, korea)",
        ",",
        "write (poland OR korea)",
        "(poland OR korea)",
    ),
    ("hanwha\"", "\"", "take this quote out", "hanwha"),
    ("don\"t sell", "\"", "take this quote out", "dont sell"),
    (
        "\\\"hanwha\\\"",
        "\\\"hanwha\\\"",
        "write \"hanwha\"",
        "\"hanwha\"",
    ),
    (
        "\\\"hanwha",
        "\\\"",
        "take this quote and its `\\` out",
        "hanwha",
    ),
    ("?화", "?화", "the variants, joined by OR", "(한화 OR 강화)"),
    ("＊화", "＊화", "a regex such as /화/i", "(한화 OR 강화)"),
    (
        "2OF(K2, K9, T-50)",
        "2OF",
        "write 2 OF (K2, K9, T-50)",
        "2 OF (K2, K9, T-50)",
    ),
    (
        "2 OF ()",
        "()",
        "write the parts: 2 OF (a, b, c)",
        "2 OF (K2, K9, T-50)",
    ),
    (
        "-2 OF (K2, K9, T-50)",
        "-2",
        "write 2 OF (a, b, c)",
        "2 OF (K2, K9, T-50)",
    ),
    (
        "hanwha NEAR/5poland",
        "NEAR/5",
        "a blank behind NEAR/5",
        "hanwha NEAR/5 poland",
    ),
    (
        "hanwha BEFORE/12title:poland",
        "BEFORE/12",
        "a blank behind BEFORE/12",
        "hanwha BEFORE/12 title:poland",
    ),
    (
        "ATLEAST/3tank*",
        "ATLEAST/3",
        "a blank behind ATLEAST/3",
        "ATLEAST/3 tank*",
    ),
    ("((K2 OR K9", "(", "close them with `))`", "((K2 OR K9))"),
    ("@poland's", "'s", "write @poland", "@poland"),
    ("@poland*", "*", "write @poland", "@poland"),
    (
        "#country#maker",
        "#maker",
        "a blank between the two: #country #maker",
        "#country #maker",
    ),
    ("hanwha; poland", ";", "leave it out", "hanwha poland"),
    ("hanwha； poland", "；", "leave it out", "hanwha poland"),
    (
        "/.*/",
        "/.*/",
        "name letters that must occur",
        "/howitzers?/",
    ),
    (
        "/.+/",
        "/.+/",
        "name letters that must occur",
        "/howitzers?/",
    ),
    ("KAI$", "KAI$", "write KAI for the whole word", "KAI"),
    ("FA-*", "FA-*", "write FA*", "FA*"),
    (
        "Hanwha FOLLOWED BY Poland",
        "FOLLOWED",
        "BEFORE/5 for `FOLLOWED BY`",
        "Hanwha BEFORE/5 Poland",
    ),
    (
        "Hanwha PRECEDED BY Poland",
        "PRECEDED",
        "with the sides changed",
        "Poland BEFORE/5 Hanwha",
    ),
    ("allcaps KAI", "allcaps", "'KAI'", "'KAI'"),
    (
        "Hanwha OF Poland",
        "OF",
        "quote the words",
        "\"Hanwha of Poland\"",
    ),
    ("타이틀:한화", "타이틀:", "title:", "title:한화"),
    ("見出し:韓華", "見出し:", "title:", "title:韓華"),
    ("作者:Kim", "作者:", "author:", "author:Kim"),
    ("\"한화\"의", "\"한화\"의", "write \"한화\"", "\"한화\""),
    ("K9\"tank\"", "K9\"tank\"", "blanks around", "K9 \"tank\""),
];

/// Query, the part that is pointed at, and the repair: put in the place of that part, it mends the query.
const IN_PLACE: &[(&str, &str, &str)] = &[
    ("_exists_:title", "_exists_:title", "title:tank*"),
    ("_exists_:author", "_exists_:author", "author:Kim"),
    ("/f50/", "/f50/", "f50"),
    ("/K9/", "/K9/", "K9"),
    ("/\\bK9\\b/", "/\\bK9\\b/", "K9"),
    ("/(?i)K9/", "/(?i)K9/", "K9"),
    ("/howitzer/gi", "gi", "/howitzer/i"),
    ("\\bK9\\b", "\\bK9\\b", "K9"),
    ("^K9$", "^K9$", "K9"),
    (".*K9.*", ".*K9.*", "K9"),
    ("K9.*", "K9.*", "K9*"),
    ("K9.*Poland", "K9.*Poland", "K9 NEAR/5 Poland"),
    ("*K9*", "*K9*", "K9"),
    ("*howitzer", "*howitzer", "/howitzer/i"),
    ("K[29]", "K[29]", "(K2 OR K9)"),
    ("FA\\d+howitzer", "FA\\d+howitzer", "/FA\\d+howitzer/i"),
    ("K9 UND Polen", "UND", "AND"),
    ("K9 und Polen", "und", "AND"),
    ("K9 ODER K2", "ODER", "OR"),
    ("K9 ET Pologne", "ET", "AND"),
    ("K9 OU Pologne", "OU", "OR"),
    ("K9 И Польша", "И", "AND"),
    ("K9 или Польша", "или", "OR"),
    ("K9 그리고 폴란드", "그리고", "AND"),
    ("K9 또는 폴란드", "또는", "OR"),
    ("K9 および ポーランド", "および", "AND"),
    ("K9 && Poland", "&&", "AND"),
    ("K9 || K2", "||", "OR"),
    ("K2 !K9", "!", "NOT "),
    ("K9 ＆＆ Poland", "＆＆", "AND"),
    ("K9~2", "K9~2", "K9"),
    ("K9^4", "K9^4", "K9"),
    ("{K9 Poland}", "{K9 Poland}", "(K9 Poland)"),
    ("[K9]", "[K9]", "(K9)"),
    ("[K2 TO K9]", "[K2 TO K9]", "(K2 OR K9)"),
    ("title:[K2 TO K9]", "[K2 TO K9]", "(K2 OR K9)"),
    ("「K9 자주포」", "「K9 자주포」", "\"K9 자주포\""),
    ("K9 w/5 Poland", "w/5", "NEAR/5"),
    ("K9 NEAR(5) Poland", "NEAR(5)", "NEAR/5"),
    ("K9 pre/5 Poland", "pre/5", "BEFORE/5"),
    ("K9 ADJ3 Poland", "ADJ3", "BEFORE/3"),
    ("K9 ONEAR/3 Poland", "ONEAR/3", "BEFORE/3"),
    ("K9 NEAR~5 Poland", "NEAR~5", "NEAR/5"),
    ("K9 NEAR-5 Poland", "NEAR-5", "NEAR/5"),
    ("K9 <near/5> Poland", "<near/5>", "NEAR/5"),
    ("K9 near:5 Poland", "near:5", "NEAR/5"),
    ("K9 NEAR/5000 Poland", "NEAR/5000", "NEAR/p"),
    ("intitle:K9", "intitle:K9", "title:K9"),
    ("inurl:nato", "inurl:nato", "url:nato"),
    (
        "site:example.com K9",
        "site:example.com",
        "host:example.com",
    ),
    ("entity:hanwha", "entity:hanwha", "@hanwha"),
    ("class:weapon", "class:weapon", "#weapon"),
    ("raw:KAI", "raw:KAI", "'KAI'"),
    (
        "minimum_should_match:2",
        "minimum_should_match:2",
        "2 OF (a, b, c)",
    ),
    ("lang:korean K9", "korean", "lang:ko"),
    ("lang=ko K9", "lang=ko", "lang:ko"),
    ("host:*.yna.co.kr", "*.yna.co.kr", "host:yna.co.kr"),
    ("host:yna K9", "yna", "url:yna"),
    ("host:yna.* K9", "yna.*", "url:yna"),
    ("host:.yna.co.kr K9", ".yna.co.kr", "host:yna.co.kr"),
    ("url:sport* K9", "sport*", "url:sport"),
    ("url:*/sports/* K9", "*/sports/*", "url:\"/sports/\""),
    ("url:sports*2026 K9", "sports*2026", "url:/sports.*2026/i"),
    ("url:arti?le K9", "arti?le", "url:/arti.le/i"),
    ("url:a.b/c*d", "a.b/c*d", "url:/a\\.b\\/c.*d/i"),
    ("url:/sports/ K9", "/sports/", "\"/sports/\""),
    ("lang:ko* K9", "ko*", "lang:ko"),
    ("lang:en-?? K9", "en-??", "lang:en"),
    ("$6.5bn K9", "$6.5bn", "\"$6.5bn\""),
    ("^hanwha.*", "^hanwha.*", "hanwha*"),
    ("hanwha.*poland", "hanwha.*poland", "hanwha NEAR/5 poland"),
    ("\"hanwha\"*", "\"hanwha\"*", "hanwha*"),
    ("\"한화\"＊", "\"한화\"＊", "한화*"),
    ("\"arms deal\"*", "\"arms deal\"*", "\"arms deal*\""),
    ("\"arms deal\"~2*", "\"arms deal\"~2*", "\"arms deal*\"~2"),
    ("'KAI'*", "'KAI'*", "KAI*"),
    ("K9 NOT/5 Poland", "NOT/5", "NOT NEAR/5"),
    ("K9 NEXT/3 Poland", "NEXT/3", "BEFORE/3"),
    ("K9 NEXT Poland", "NEXT", "BEFORE/0"),
    ("K9 N5 Poland", "N5", "NEAR/5"),
    ("K9 W5 Poland", "W5", "BEFORE/5"),
    ("K9 PRE5 Poland", "PRE5", "BEFORE/5"),
    ("K9 AND NOT-Poland", "NOT-Poland", "NOT Poland"),
    (
        "\"hanwha OR poland\"",
        "\"hanwha OR poland\"",
        "(hanwha OR poland)",
    ),
    (
        "\"arms deal NEAR/5 poland\"",
        "\"arms deal NEAR/5 poland\"",
        "(\"arms deal\" NEAR/5 poland)",
    ),
    ("'han*'", "'han*'", "han*"),
    (
        "\"say \"yes\" now\"",
        "\"say \"yes\" now\"",
        "\"say \\\"yes\\\" now\"",
    ),
    ("한화가", "한화가", "한화"),
    ("한화의 K9", "한화의", "한화"),
    ("수출을 K9", "수출을", "수출*"),
];

/// Mistakes of which one thing is said, and once: query and codes.
const ONCE: &[(&str, &str)] = &[
    ("hanwha) OR (poland", "E07 E06"),
    ("hanwha) poland", "E07"),
    ("(((((", "E06"),
    ("((K2 OR (K9", "E06 E06"),
    ("hanwha.*poland", "E05"),
    ("^hanwha.*", "E05"),
    ("hanwha NEAR/5poland", "E13"),
    ("2 OF ()", "E15"),
    ("2OF(K2, K9)", "E14"),
    ("-1 OF (K2, K9)", "E14"),
    ("\\\"hanwha\\\"", "E09"),
    ("\"hanwha\"*", "E05"),
    ("host:*.yna.co.kr", "E05"),
    ("[a1 OR b1] radar", "W22"),
    ("[K9, K2]", "E16"),
    ("{K9,K2} tank*", "E16"),
    ("[K9, K2], (a1, b1)", "E16 E16"),
    ("/.+/", "E35"),
    ("@poland's", "E20"),
    ("K9 -- it's (bad", "E19"),
    ("K9 # it's (bad", "E20"),
    ("$6.5bn K9", "E20"),
    ("url:sp* K9", "E05"),
];

#[test]
fn a_mistake_is_told_once() {
    for (query, codes) in ONCE {
        let (_, found) = parse(query);
        let told: Vec<&str> = found.iter().map(|one| one.code).collect();
        assert_eq!(told.join(" "), *codes, "{query}: {found:?}");
    }
}

/// What no repair is to bring: nothing is said of examples that are short by design.
fn is_clean(text: &str) -> bool {
    let (node, found) = parse(text);
    let told = found.iter().filter(|one| one.code != "W04");
    node.is_some() && told.count() == 0
}

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

/// A repair that names a field takes the place of the field too.
fn put(query: &str, part: &str, repair: &str) -> String {
    let at = query
        .find(part)
        .unwrap_or_else(|| panic!("{query}: no {part}"));
    let mut start = at;
    let before = &query[..at];
    if repair.contains(':') && before.ends_with(':')
        || repair.starts_with('/') && before.ends_with('/')
    {
        let word = before.trim_end_matches([':', '/']);
        start = word.rfind([' ', '/']).unwrap_or(0);
    }
    format!("{}{repair}{}", &query[..start], &query[at + part.len()..])
}

#[test]
fn a_repair_put_in_place_of_what_is_marked_is_a_query_of_which_nothing_is_said() {
    let mut wrong = Vec::new();
    for (query, part, repair) in IN_PLACE {
        let (_, found) = parse(query);
        let told = found.iter().any(|one| {
            let help = one.help.as_deref().unwrap_or_default();
            let marked = &query[one.span.clone()];
            part.starts_with(marked) && help.contains(repair.trim_end())
        });
        let mended = put(query, part, repair);
        if !told || !is_clean(&mended) {
            wrong.push(format!(
                "{query} -> {mended}: {found:?} {:?}",
                parse(&mended).1
            ));
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
        "R&D",
        "H+H",
        "Johnson&Johnson",
        "R&&D",
        "ORlando base",
        "base NOTE",
        "rEFORM AND deal",
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
        "NEXT generation",
        "K2 next generation",
        "N5 OR W5",
        "\"DO NOT ENTER\"",
        "\"OR\"",
        "\"rise and fall\"",
        "'M*A*S*H'",
        "title:\"K9\" \"K2\"",
        "국가 회의 전문의",
        "김정은",
        "오키나와",
        "host:kr",
    ] {
        let (_, mut found) = parse(query);
        let told = ["W22", "W33", "W03"];
        found.retain(|one| told.contains(&one.code) || one.code.starts_with('E'));
        assert!(found.is_empty(), "{query}: {found:?}");
    }
}
