//! Doubts about a query that its tree alone shows: parts that can never hold together, values that no entry has,
//! parts that stand twice, exclusions that take too much.
//!
//! Mistakes of single words are in `lint`; what needs entities, feeds or entries is said by `domain::matching`.

mod denied;

use std::collections::HashMap;
use std::ops::Range;

use denied::{too_much, words};

use super::ast::{Field, Kind, Node};
use super::diagnostic::{Diagnostic, Findings};
use super::lint::{counted_twice, implied, same_text};
use super::parser::children;

/// Texts of an entry, as bits.
const TITLE: u8 = 1;
const BODY: u8 = 2;
const AUTHOR: u8 = 4;
const CATEGORY: u8 = 8;
/// Properties of one list that are compared with one another.
const PROPERTIES: usize = 50;

/// Numerals that find their digit in a name or a phrase (MAT-12), with it; V is a letter too often.
pub(crate) const ROMAN: [(&str, char); 7] = [
    ("II", '2'),
    ("III", '3'),
    ("IV", '4'),
    ("VI", '6'),
    ("VII", '7'),
    ("VIII", '8'),
    ("IX", '9'),
];

/// It is not known here.
const ANY: u8 = 0xff;

/// Warns of all of it.
pub(super) fn warn(node: &Node, found: &mut Findings) {
    look(node, TITLE | BODY, found);
}

/// Looks at a node that stands within these texts.
fn look(node: &Node, texts: u8, found: &mut Findings) {
    let mut inner = texts;
    match &node.kind {
        Kind::Field(field, value) => {
            inner = texts_of(*field);
            values(*field, value, found);
        }
        Kind::And(parts) => {
            twice(parts, found);
            apart(parts, found);
            too_much(parts, found);
            implied(parts, found);
            numerals(parts, found);
        }
        Kind::AtLeastOf(_, parts) => {
            twice(parts, found);
            counted_twice(parts, found);
        }
        Kind::Near(near) => {
            let (left, right) = (places(&near.left, texts), places(&near.right, texts));
            if left & right == 0 {
                let so = if near.negated {
                    "nothing is left out"
                } else {
                    "this never matches"
                };
                let message = format!("the two sides never stand in one field, so {so}");
                let help = "join them with AND, or write one field before both: title:(a NEAR/5 b)";
                never(node.span.clone(), message, help, found);
            }
        }
        Kind::Phrase(text, Some(_)) if words(text).count() < 2 => found.push(
            Diagnostic::warning(
                "W28",
                node.span.clone(),
                "nothing can stand in between: the phrase is one word",
            )
            .help("leave `~` and its number out, or write more words"),
        ),
        _ => {}
    }
    for child in children(node) {
        look(child, inner, found);
    }
}

fn never(span: Range<usize>, message: String, help: &str, found: &mut Findings) {
    found.push(Diagnostic::warning("W03", span, message).help(help));
}

fn texts_of(field: Field) -> u8 {
    match field {
        Field::Title => TITLE,
        Field::Body => BODY,
        Field::Lead | Field::Text => TITLE | BODY,
        Field::Author => AUTHOR,
        Field::Category => CATEGORY,
        Field::Url | Field::Host | Field::Feed | Field::Tag | Field::Lang => ANY,
    }
}

/// The texts in which a node can have a place.
fn places(node: &Node, texts: u8) -> u8 {
    match &node.kind {
        Kind::Field(field, inner) => places(inner, texts_of(*field)),
        Kind::Macro(_) => ANY,
        Kind::Near(near) if near.negated => places(&near.left, texts),
        Kind::Near(near) => places(&near.left, texts) & places(&near.right, texts),
        Kind::Or(_) | Kind::And(_) | Kind::AtLeastOf(..) | Kind::Not(_) | Kind::Count(..) => {
            children(node).fold(0, |all, child| all | places(child, texts))
        }
        _ => texts,
    }
}

/// Parts of AND and OF that stand there twice.
fn twice(parts: &[Node], found: &mut Findings) {
    let mut seen: HashMap<String, &Node> = HashMap::new();
    for part in parts {
        let Some(first) = seen.insert(same_text(part), part) else {
            continue;
        };
        found.push(
            Diagnostic::warning("W06", part.span.clone(), "this part stands here twice")
                .help("leave it out")
                .related(first.span.clone(), "the other"),
        );
    }
}

/// `Phase III` without quotes: a numeral finds its digit behind the letters of its own term or phrase only.
fn numerals(parts: &[Node], found: &mut Findings) {
    for pair in parts.windows(2) {
        let (Kind::Term(word), Kind::Term(numeral)) = (&pair[0].kind, &pair[1].kind) else {
            continue;
        };
        let beside = pair[0].span.end + 1 == pair[1].span.start;
        let is_roman = |text: &str| ROMAN.iter().any(|(roman, _)| *roman == text);
        let is_word = word.ends_with(char::is_alphabetic) && !is_roman(word);
        if !(beside && is_word && is_roman(numeral)) {
            continue;
        }
        let message = format!(
            "`{numeral}` is a term of its own, which may stand anywhere and does not find its digit"
        );
        let help = format!("write \"{word} {numeral}\", which finds the digit too");
        found.push(Diagnostic::warning("W38", pair[1].span.clone(), message).help(help));
    }
}

/// `lang:ko lang:en`: an entry has one of each.
fn apart(parts: &[Node], found: &mut Findings) {
    let asked: Vec<(Field, String, &Node)> = parts
        .iter()
        .filter_map(|part| {
            let (field, value) = property(part)?;
            Some((field, value.to_ascii_lowercase(), part))
        })
        .take(PROPERTIES)
        .collect();
    for (at, (field, value, part)) in asked.iter().enumerate() {
        let other = asked[..at]
            .iter()
            .find(|(other, wanted, _)| other == field && !agree(*field, value, wanted));
        let Some((.., first)) = other else { continue };
        let message = format!(
            "an entry has one {}, so these two never hold together",
            field_noun(*field)
        );
        let help = format!("write {}:(a OR b) for either", field.as_str());
        found.push(
            Diagnostic::warning("W03", part.span.clone(), message)
                .help(help)
                .related(first.span.clone(), "the other"),
        );
    }
}

/// Whether an entry can have both values.
fn agree(field: Field, one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    match field {
        Field::Lang => long
            .strip_prefix(short)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_'])),
        Field::Host => long
            .strip_suffix(short)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        Field::Feed => one == other,
        _ => true,
    }
}

fn field_noun(field: Field) -> &'static str {
    match field {
        Field::Lang => "language",
        Field::Host => "host",
        _ => "feed",
    }
}

/// The field and the value of `lang:ko` and its like.
pub(crate) fn property(node: &Node) -> Option<(Field, &str)> {
    let Kind::Field(field, inner) = &node.kind else {
        return None;
    };
    field.is_property().then_some((*field, value_of(inner)?))
}

fn value_of(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Term(text) | Kind::Phrase(text, None) | Kind::Verbatim(text) => Some(text),
        _ => None,
    }
}

/// Values that no entry can have.
fn values(field: Field, node: &Node, found: &mut Findings) {
    let Some(value) = value_of(node) else {
        if matches!(node.kind, Kind::Or(_)) {
            children(node).for_each(|child| values(field, child, found));
        }
        return;
    };
    let span = node.span.clone();
    match field {
        Field::Lang => {
            if let Some(right) = slip(value) {
                let message = format!("no entry has the language `{value}`, so this never matches");
                never(span, message, &format!("did you mean lang:{right}?"), found);
            } else if !is_tag(value) {
                let message = format!("`{value}` is no language tag, so this never matches");
                never(
                    span,
                    message,
                    "write a code such as ko, en or zh-Hant",
                    found,
                );
            }
        }
        Field::Host => host(value, span, found),
        Field::Url => address(value, node, found),
        _ => {}
    }
}

/// Values of `host:`.
fn host(value: &str, span: Range<usize>, found: &mut Findings) {
    let (message, help) = if value.contains(['/', ':', '@']) || value.contains(char::is_whitespace)
    {
        (
            format!("`{value}` is more than a host, so this never matches"),
            "write the host alone, or url: for a part of the address".to_owned(),
        )
    } else if value.contains(['*', '?']) {
        (
            format!("`{value}` is compared as it stands, so this never matches"),
            "write the host without wildcards: those below it are found with it".to_owned(),
        )
    } else if let Some(host) = value.strip_prefix('.') {
        let host = host.trim_start_matches('.');
        (
            "no host begins with a dot, so this never matches".to_owned(),
            format!("write host:{host}, which holds its subdomains"),
        )
    } else if is_no_ending(value) {
        (
            format!("no host is called `{value}` or ends so, so this hardly ever matches"),
            format!("write the whole host, or url:{value} for a part of the address"),
        )
    } else {
        return;
    };
    never(span, message, &help, found);
}

/// Values of `url:`.
fn address(value: &str, node: &Node, found: &mut Findings) {
    let verbatim = matches!(node.kind, Kind::Verbatim(_));
    let (message, help) = if value.contains('*') && !verbatim {
        (
            "an address has no wildcards, so this hardly ever matches",
            "write a part of the address, or a regex such as url:/sports.*2026/",
        )
    } else if value.contains(char::is_whitespace) {
        (
            "an address holds no blank, so this never matches",
            "write one part of the address, or two joined by AND",
        )
    } else {
        return;
    };
    never(node.span.clone(), message.to_owned(), help, found);
}

/// Endings of hosts beside those of countries, which have two letters.
const ENDINGS: &str = "com net org info biz edu gov mil int name pro aero coop museum jobs mobi travel cat asia post tel \
    arpa news press media online site tech dev app blog cloud live today world report radio agency africa berlin tokyo \
    london paris wien nyc moscow eus gal scot bzh localhost local internal lan";

/// Whether a value is one label that no host ends in.
fn is_no_ending(value: &str) -> bool {
    let is_label = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let value = value.to_ascii_lowercase();
    value.len() > 2
        && value.chars().all(is_label)
        && !value.starts_with("xn--")
        && !ENDINGS.split(' ').any(|ending| ending == value)
}

/// Whether a text has the form of a language tag.
fn is_tag(value: &str) -> bool {
    let mut parts = value.split(['-', '_']);
    let letters = |part: &str| part.chars().all(|c| c.is_ascii_alphabetic());
    parts
        .next()
        .is_some_and(|primary| (2..=3).contains(&primary.len()) && letters(primary))
        && parts.all(|part| (1..=8).contains(&part.len()))
}

/// The tag that was meant where somebody wrote a country or the name of a language.
pub(crate) fn slip(value: &str) -> Option<&'static str> {
    let value = value.to_ascii_lowercase();
    SLIPS
        .iter()
        .find(|(_, slips)| slips.split(' ').any(|slip| slip == value))
        .map(|(right, _)| *right)
}

/// Codes of countries that are no codes of languages (or of one that nobody publishes in), and names.
const SLIPS: [(&str, &str); 24] = [
    ("ko", "kr kor korean"),
    ("ja", "jp jpn japanese"),
    ("zh", "cn chn chinese mandarin"),
    ("zh-Hant", "tw twn"),
    ("en", "gb eng english us usa"),
    ("uk", "ua ukr ukrainian"),
    ("cs", "cz cze czech"),
    ("da", "dk danish"),
    ("el", "gr greek"),
    ("sv", "swe swedish"),
    ("de", "ger deu german"),
    ("fr", "fre fra french"),
    ("es", "spa spanish"),
    ("pt", "por portuguese"),
    ("pl", "pol polish"),
    ("ru", "rus russian"),
    ("ro", "rou rum romanian"),
    ("tr", "tur turkish"),
    ("ar", "ara arabic"),
    ("vi", "vn vie vietnamese"),
    ("nb", "nor norwegian"),
    ("fi", "fin finnish"),
    ("et", "ee est estonian"),
    ("he", "heb hebrew"),
];

#[cfg(test)]
mod tests {
    use crate::domain::rule::parse;

    /// Code and span as text of each warning.
    fn warned(query: &str) -> Vec<(&'static str, &str)> {
        let (_, found) = parse(query);
        found
            .iter()
            .map(|one| (one.code, &query[one.span.clone()]))
            .collect()
    }

    /// Query, and the part that can never hold.
    const NEVER: &[(&str, &str)] = &[
        ("title:K2 NEAR/5 body:Poland", "title:K2 NEAR/5 body:Poland"),
        (
            "title:K2 NOT NEAR/5 author:Kim",
            "title:K2 NOT NEAR/5 author:Kim",
        ),
        ("author:(Kim NEAR/2 title:Lee)", "(Kim NEAR/2 title:Lee)"),
        ("lang:ko lang:en K2", "lang:en"),
        ("feed:a feed:b", "feed:b"),
        ("host:yna.co.kr host:example.org", "host:example.org"),
        ("tanks NOT (ship OR tank*)", "tank*"),
        ("lang:kr K2", "kr"),
        ("lang:(ko OR korean) K2", "korean"),
        ("lang:k2 K2", "k2"),
        ("host:yna.co.kr/en K2", "yna.co.kr/en"),
        ("host:https://yna.co.kr K2", "https://yna.co.kr"),
        ("url:\"arms deal\" K2", "\"arms deal\""),
        ("host:yna K2", "yna"),
        ("host:(yna OR kr) K2", "yna"),
        ("host:(yna* OR kr) K2", "yna*"),
        ("title:radar NOT radar", "radar"),
        ("title:radar NOT lead:radar", "lead:radar"),
        ("body:@kai NOT (ship OR @kai)", "@kai"),
        ("radar NOT text:radar", "text:radar"),
        ("title:tanks NOT tank*", "tank*"),
        ("\"radar station\" NOT radar", "radar"),
        ("\"K9 howitzer\" NOT K9", "K9"),
        ("title:\"arms deals\" NOT deal*", "deal*"),
        ("K9 K2 NOT (K2 K9)", "(K2 K9)"),
        ("K9 title:K2 Poland NOT (K2 K9)", "(K2 K9)"),
        ("host:.yna.co.kr K2", ".yna.co.kr"),
        ("url:(news OR \"spo*s\") K2", "\"spo*s\""),
    ];

    #[test]
    fn what_can_never_hold_is_warned_of() {
        for (query, part) in NEVER {
            let mut found = warned(query);
            // That a field stands inside another is said besides.
            found.retain(|(code, _)| *code != "W32");
            assert_eq!(found, [("W03", *part)], "{query}");
        }
        for query in [
            "title:K2 NEAR/5 Poland",
            "lead:K2 NEAR/5 body:Poland",
            "title:(K2 OR body:K9) NEAR/5 body:Poland",
            "$m NEAR/5 author:Kim",
            "lang:zh lang:zh-Hant K2",
            "host:co.kr host:yna.co.kr",
            "tag:a tag:b",
            "tank* NOT tanks",
            "(tanks OR ship) NOT tank*",
            "lang:(ko OR en) K2",
            "host:kr K2",
            "host:news K2",
            "radar NOT title:radar",
            "title:radar NOT body:radar",
            "lead:radar NOT title:radar",
            "\"radar station\" NOT title:radar",
            "\"radar station\" NOT stations",
            "\"한화 시스템\" NOT 한화",
            "\"Block 2 radar\" NOT Block",
            "K9 K2 NOT (K2 Poland)",
            "K9 K2 NOT (K2 title:K9)",
            "'+' K2",
            "url:\"//\" K2",
            "title:(radar OR sonar) NOT radar",
            "author:Kim NOT Kim",
            "url:arms-deal",
        ] {
            let mut found = warned(query);
            found.retain(|(code, _)| *code != "W32");
            assert_eq!(found, [], "{query}");
        }
    }

    #[test]
    fn a_numeral_that_is_a_term_of_its_own_is_told_with_the_phrase() {
        for (query, found) in [
            ("Phase III", &[("W38", "III")][..]),
            ("천궁 II 수출*", &[("W38", "II")]),
            ("(KM-SAM II) OR (Phase IX)", &[("W38", "II"), ("W38", "IX")]),
            ("\"Phase III\"", &[]),
            ("천궁-II", &[]),
            ("Phase AND III", &[]),
            ("Phase iii", &[]),
            ("Henry V", &[("W04", "V")]),
            ("K9 II", &[]),
            ("Phase (III)", &[("W38", "(III)")]),
        ] {
            assert_eq!(warned(query), found, "{query}");
        }
        let (_, found) = parse("Phase III");
        let help = found[0].help.as_deref().unwrap_or_default();
        assert!(help.starts_with("write \"Phase III\""), "{help}");
    }

    #[test]
    fn parts_that_stand_twice_are_warned_of() {
        for (query, found) in [
            ("K2 AND Poland AND k2", &[("W06", "k2")][..]),
            ("'KAI' 'Kai'", &[]),
            ("vaccine AND vaccin*", &[("W06", "vaccin*")]),
            ("vaccin* vaccine vaccines", &[("W06", "vaccin*")]),
            ("vaccin* NOT vaccine", &[]),
            ("vaccin* title:vaccine", &[]),
            ("2 OF (vaccine, vaccin*, dose)", &[("W06", "vaccine")]),
            ("2 OF (vaccine, dose*, K2)", &[]),
            ("2 OF (K2, K9, K2)", &[("W06", "K2")]),
            ("3 OF (K2, K9, K2, k9)", &[("W06", "K2"), ("W06", "k9")]),
        ] {
            assert_eq!(warned(query), found, "{query}");
        }
    }

    #[test]
    fn an_exclusion_that_takes_too_much_is_told_with_the_way_out() {
        let (_, found) = parse("Hanwha NOT \"Hanwha Eagles\"");
        assert_eq!((found.len(), found[0].code), (1, "W27"));
        let help = found[0].help.as_deref().unwrap_or_default();
        assert!(help.starts_with("write Hanwha NOT NEAR/0 Eagles"), "{help}");
        assert_eq!(
            warned("(Korea* OR 한국*) arms NOT (\"North Korea\" OR drill)"),
            [("W27", "\"North Korea\"")]
        );
        for query in [
            "Hanwha NOT Eagles",
            "Hanwha NOT \"LG Twins\"",
            "tank NOT title:\"tank museum\"",
            "tanks NOT \"tank museum\"",
        ] {
            assert_eq!(warned(query), [], "{query}");
        }
    }

    #[test]
    fn slop_in_one_word_is_warned_of() {
        assert_eq!(warned("\"howitzer\"~3"), [("W28", "\"howitzer\"~3")]);
        assert_eq!(warned("\"arms deal\"~3 K2"), []);
    }
}
