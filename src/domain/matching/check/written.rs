//! Names that hold a list or a piece of query: they are looked for as they stand, and stand so in no text.
//!
//! Told only where it can hardly be meant: names of firms and places have commas and slashes of their own.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::super::rule::Entity;
use super::super::super::rule::ast::Field;
use super::super::super::rule::diagnostic::Diagnostic;
use super::super::Place;
use super::super::compile::Compiler;
use super::super::probe::small_letters;
use super::super::script::{Kind, kind_of};

/// Signs without which, and without blanks, a name is no list.
const SIGNS: [char; 13] = [
    ' ', ',', '，', '、', ';', '；', '|', '/', '(', '（', ':', '~', '"',
];

/// Most names of which the repair shows the list, and most letters.
const SHOWN: usize = 5;
const SHOWN_LETTERS: usize = 120;

/// Letters that are capitals of a short name (`NVDA`), or a word that two names share.
const SHORT: usize = 3;

/// Small letters of what stands behind a comma in one name.
const FORMS: [&str; 42] = [
    "inc",
    "ltd",
    "limited",
    "llc",
    "llp",
    "lp",
    "plc",
    "corp",
    "corporation",
    "co",
    "company",
    "co ltd",
    "incorporated",
    "gmbh",
    "ag",
    "sa",
    "nv",
    "bv",
    "spa",
    "srl",
    "as",
    "ab",
    "oy",
    "oyj",
    "pty ltd",
    "pte ltd",
    "jsc",
    "pjsc",
    "ojsc",
    "pao",
    "ao",
    "sro",
    "doo",
    "kk",
    "sas",
    "se",
    "kg",
    "kgaa",
    "jr",
    "sr",
    "pc",
    "주식회사",
];

/// W36: a name that is no name.
pub(in super::super) fn written(compiler: &mut Compiler<'_>, place: Place, text: &str) {
    let Place::EntityAlias(index, ..) = place else {
        return;
    };
    if !text.contains(SIGNS) {
        return;
    }
    let entity = &compiler.definitions.entities[index];
    let found =
        certain(text).or_else(|| likely(text).filter(|(_, parts)| !any_known(entity, parts)));
    let Some((message, parts)) = found else {
        return;
    };
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let help = match parts.len() {
        0 => "write the name as it stands in a text; a query belongs into a rule, or the context"
            .to_owned(),
        2..=SHOWN if length <= SHOWN_LETTERS => {
            let parts: Vec<String> = parts.iter().map(|part| format!("\"{part}\"")).collect();
            format!("write each as a name of its own: {}", parts.join(", "))
        }
        _ => "write each as a name of its own".to_owned(),
    };
    let diagnostic = Diagnostic::warning("W36", 0..text.len(), message).help(help);
    compiler.report(place, diagnostic);
}

/// What is wrong, and the names that were meant.
type Doubt<'t> = Option<(String, Vec<&'t str>)>;

const IN_A_ROW: &str = "this is looked for as one name, with all of it in a row";

/// What no name has: operators, fields, and signs that part lists alone.
fn certain(text: &str) -> Doubt<'_> {
    let queried = || syntax(text).map(|message| (message, Vec::new()));
    operator(text).or_else(queried).or_else(|| {
        let parts = parts(text, |before, c, after| match c {
            ';' => !is_reference(before),
            '；' | '|' | '、' => true,
            '/' => before.ends_with(' ') && after.starts_with(' '),
            _ => false,
        })?;
        Some((IN_A_ROW.to_owned(), parts))
    })
}

/// What may be a label for people, where one of the names that it holds stands beside it in the lists too.
fn likely(text: &str) -> Doubt<'_> {
    let listed = listed(text).map(|parts| (IN_A_ROW.to_owned(), parts));
    listed.or_else(|| {
        let message = "this finds only texts in which both stand, one behind the other".to_owned();
        Some((message, bracketed(text)?))
    })
}

/// Whether one of these is a name of the entity.
fn any_known(entity: &Entity, parts: &[&str]) -> bool {
    let mut parts = parts.iter().map(|part| small_letters(part));
    parts.any(|part| entity.names().any(|name| small_letters(name) == part))
}

/// `엔비디아 OR 英伟达`, `radar NEAR/5 drone`.
fn operator(text: &str) -> Option<(String, Vec<&str>)> {
    let words: Vec<(Range<usize>, &str)> = words(text).collect();
    let inner = words.get(1..words.len().saturating_sub(1))?;
    let is_proximity = |word: &str| {
        let (name, number) = word.split_once('/').unwrap_or_default();
        matches!(name, "NEAR" | "BEFORE") && !number.is_empty()
    };
    // In capitals throughout `AND` is a word: BED AND BATH.
    let mixed = || {
        let others = words
            .iter()
            .filter(|(_, word)| !matches!(*word, "AND" | "NOT"));
        let mut letters = others.flat_map(|(_, word)| word.chars());
        letters.any(|c| c.is_alphabetic() && !c.is_uppercase())
    };
    let (_, word) = inner.iter().find(|(_, word)| match *word {
        "OR" | "||" | "&&" => true,
        "AND" | "NOT" => mixed(),
        word => is_proximity(word),
    })?;
    let message = format!("`{word}` is no operator in a name: it is looked for as it stands");
    let joins = |word: &str| matches!(word, "OR" | "AND" | "||" | "&&");
    if !inner.iter().any(|(_, word)| joins(word)) || text.contains(['(', ')', '"']) {
        return Some((message, Vec::new()));
    }
    let mut from = 0;
    let mut parts = Vec::new();
    for (at, _) in inner.iter().filter(|(_, word)| joins(word)) {
        parts.push(text[from..at.start].trim());
        from = at.end;
    }
    parts.push(text[from..].trim());
    Some((message, parts))
}

/// The words between blanks, and where they stand.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.split_whitespace().map(move |word| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        (start..start + word.len(), word)
    })
}

/// `title:K9`, `/K-?9/`, `"K9 howitzer"~2`.
fn syntax(text: &str) -> Option<String> {
    let field = text.split_once(':').and_then(|(name, value)| {
        let is_value = value.starts_with(|c: char| !c.is_whitespace() && c != '/');
        is_value.then(|| Field::from_name(name)).flatten()
    });
    let is_regex = text.len() > 2 && text.starts_with('/') && text.ends_with('/');
    let has_slop = text
        .split_once("\"~")
        .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    let what = match field {
        Some(field) => format!("`{}:` is no field", field.as_str()),
        None if is_regex => "slashes make no regex".to_owned(),
        None if has_slop => "`~` allows no words in between".to_owned(),
        None => return None,
    };
    Some(format!("{what} in a name: it is looked for as it stands"))
}

/// The names of a list that commas part, or slashes; none where it may well be one name.
fn listed(text: &str) -> Option<Vec<&str>> {
    let slashed = parts(text, |_, c, _| c == '/').filter(|parts| are_apart(parts));
    slashed.or_else(|| {
        let is_comma = |before: &str, c: char, after: &str| {
            let digits = before.ends_with(|c: char| c.is_ascii_digit())
                && after.starts_with(|c: char| c.is_ascii_digit());
            matches!(c, ',' | '，') && !digits
        };
        parts(text, is_comma).filter(|parts| are_names(parts))
    })
}

/// What stands between these signs, where each holds a letter or digit.
fn parts(text: &str, cuts: impl Fn(&str, char, &str) -> bool) -> Option<Vec<&str>> {
    let mut from = 0;
    let mut out = Vec::new();
    for (at, c) in text.char_indices() {
        let behind = at + c.len_utf8();
        if cuts(&text[..at], c, &text[behind..]) {
            out.push(text[from..at].trim());
            from = behind;
        }
    }
    out.push(text[from..].trim());
    let all_say = out.iter().all(|part| part.contains(char::is_alphanumeric));
    (out.len() > 1 && all_say).then_some(out)
}

/// `&amp` before a semicolon.
fn is_reference(before: &str) -> bool {
    before.rsplit_once('&').is_some_and(|(_, name)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
    })
}

/// Whether what stands between commas are names of their own: `NVDA, NVIDIA Corp`, not `Boeing Co., Ltd.` or `Paris, Texas`.
fn are_names(parts: &[&str]) -> bool {
    let form = |part: &str| {
        let letters = part.chars().filter(|c| c.is_alphanumeric() || *c == ' ');
        let small: String = letters.collect::<String>().to_lowercase();
        FORMS.contains(&small.as_str())
    };
    if parts[1..].iter().any(|part| form(part)) {
        return false;
    }
    let is_short =
        |part: &str| part.chars().count() >= SHORT && part.chars().all(|c| c.is_ascii_uppercase());
    let first_word = |part: &&str| {
        let word = part.split_whitespace().next().unwrap_or_default();
        (word.chars().count() > SHORT).then(|| word.to_lowercase())
    };
    let whole = |part: &&str| {
        let alone = !part.contains(char::is_whitespace);
        alone && scripts(part).iter().all(|kind| kind.stands_alone())
    };
    let initial = |part: &str| part.chars().next();
    let pairs = || parts.windows(2).map(|pair| (pair[0], pair[1]));
    let stands_for = |(one, other): (&str, &str)| {
        initial(one) == initial(other) && (is_short(one) != is_short(other))
    };
    are_apart(parts)
        || parts.len() > 2 && parts.iter().all(|part| is_short(part))
        || parts.iter().all(whole)
        || pairs().any(|(one, other)| {
            one != other && first_word(&one).is_some() && first_word(&one) == first_word(&other)
        })
        || pairs().any(stands_for)
}

/// Whether each is written in other letters than the one before.
fn are_apart(parts: &[&str]) -> bool {
    parts.windows(2).all(|pair| {
        let (one, other) = (scripts(pair[0]), scripts(pair[1]));
        !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
    })
}

/// Kinds of the letters of a text.
fn scripts(text: &str) -> BTreeSet<Kind> {
    let kinds = text
        .chars()
        .filter_map(|c| kind_of(c.to_lowercase().next()?));
    kinds.filter(|kind| kind.is_letter()).collect()
}

/// `LG (엘지)`, `LIG넥스원(LIG Nex1)`: the same again in other letters. One letter is the form of a firm: `LG(주)`.
fn bracketed(text: &str) -> Option<Vec<&str>> {
    let (outer, rest) = text.split_once(['(', '（'])?;
    let inner = rest.strip_suffix([')', '）'])?;
    if inner.chars().filter(|c| c.is_alphabetic()).count() < 2 {
        return None;
    }
    let (without, within) = (scripts(outer), scripts(inner));
    let is_latin = within.iter().all(|kind| *kind == Kind::Latin);
    let differs = within.is_disjoint(&without) || is_latin && without.len() > 1;
    (!without.is_empty() && differs).then(|| vec![outer.trim(), inner.trim()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that were meant; none where nothing is said.
    fn meant(text: &str) -> Option<Vec<&str>> {
        certain(text)
            .or_else(|| likely(text))
            .map(|(_, parts)| parts)
    }

    #[test]
    fn lists_and_queries_are_told_with_the_names_that_were_meant() {
        for (text, names) in [
            ("엔비디아 OR 英伟达", &["엔비디아", "英伟达"][..]),
            ("NVDA OR AMD OR Intel Corp", &["NVDA", "AMD", "Intel Corp"]),
            ("Hanwha AND 한화", &["Hanwha", "한화"]),
            ("Hanwha NOT Eagles", &[]),
            ("Hanwha NEAR/5 arms", &[]),
            ("(Hanwha OR 한화) Aerospace", &[]),
            ("title:K9", &[]),
            ("/K-?9/", &[]),
            ("\"K9 gun\"~2", &[]),
            ("NVDA, NVIDIA Corp", &["NVDA", "NVIDIA Corp"]),
            (
                "Korea Aerospace Industries, KAI",
                &["Korea Aerospace Industries", "KAI"],
            ),
            (
                "Hanwha Aerospace, Hanwha Ocean",
                &["Hanwha Aerospace", "Hanwha Ocean"],
            ),
            ("NVIDIA, 엔비디아", &["NVIDIA", "엔비디아"]),
            ("한화,삼성전자", &["한화", "삼성전자"]),
            ("NVDA, AMD, INTC", &["NVDA", "AMD", "INTC"]),
            ("A / B", &["A", "B"]),
            ("Hanwha/한화", &["Hanwha", "한화"]),
            ("A; B", &["A", "B"]),
            ("A | B|C", &["A", "B", "C"]),
            ("日本、中国", &["日本", "中国"]),
            ("LG (엘지)", &["LG", "엘지"]),
            ("한국항공우주산업(KAI)", &["한국항공우주산업", "KAI"]),
            ("LIG넥스원(LIG Nex1)", &["LIG넥스원", "LIG Nex1"]),
        ] {
            assert_eq!(meant(text).as_deref(), Some(names), "{text}");
        }
    }

    #[test]
    fn a_label_beside_the_names_that_it_holds_is_left_alone() {
        let entity = Entity {
            name: "印, India".to_owned(),
            ambiguous: vec!["印".to_owned()],
            ..Entity::default()
        };
        assert!(any_known(&entity, &["印", "India"]));
        assert!(!any_known(&entity, &["India", "인도"]));
    }

    #[test]
    fn names_with_signs_of_their_own_are_left_alone() {
        for text in [
            "Boeing Co., Ltd.",
            "AC/DC",
            "Hanwha Aerospace, Inc.",
            "한화에어로스페이스, Inc.",
            "S&T (Motiv)",
            "S&amp;T; ",
            "LIG D&amp;A",
            "LG(주)",
            "(주)한화",
            "Paris, Texas",
            "New York, New York",
            "Washington, DC",
            "Portland, OR",
            "Kim, Jong-un",
            "Korea, Republic of",
            "Ministry of Land, Infrastructure and Transport",
            "Black, Manafort, Stone and Kelly",
            "1,005 Club",
            "BED BATH AND BEYOND",
            "DO NOT DISTURB",
            "Johnson and Johnson",
            "K9A1/K10",
            "F/A-18",
            "사랑, 그 후",
            "Vol. 2: Return",
            "https://x.com",
            "Hanwha (Poland)",
            "IBM, Inc.",
            "OR-Tools",
            "Either OR",
        ] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
