//! What the tree of a query alone tells: operators where they cannot work, and likely mistakes.
//!
//! Nothing here knows entities, feeds or entries; what needs them is said by `domain::matching`.

use std::collections::{HashMap, HashSet};

use super::ast::{Field, Kind, Node};
use super::chars::{Script, is_invisible, script};
use super::diagnostic::{Diagnostic, Findings, Level};
use super::literal::longest_literal;
use super::parser::children;
use super::particles;
use super::print;
use super::quoted;
use super::regex_signs;

/// Errors of meaning: operators inside others that cannot hold them.
pub(super) fn check(node: &Node, found: &mut Findings) {
    match &node.kind {
        Kind::Near(near) => {
            for operand in [&near.left, &near.right] {
                if !matches!(operand.kind, Kind::Near(_)) {
                    inside_near(operand, found);
                }
            }
        }
        Kind::Count(_, inner) => inside_count(inner, found),
        Kind::Field(outer, inner) if outer.is_property() => inside_property(inner, found),
        Kind::Field(outer, inner) => inside_field(*outer, inner, found),
        _ => {}
    }
    for child in children(node) {
        check(child, found);
    }
}

fn inside_near(node: &Node, found: &mut Findings) {
    let (code, message, help) = match &node.kind {
        Kind::Not(_) => (
            "E17",
            "NOT cannot stand inside NEAR".to_owned(),
            "write a NOT NEAR/5 b for an a with no b that near, or move NOT out of the pair",
        ),
        Kind::Count(..) => (
            "E18",
            "ATLEAST cannot stand inside NEAR".to_owned(),
            "write ATLEAST/3 (a NEAR/5 b) to count pairs, or join the two with AND",
        ),
        Kind::Field(field, _) if field.is_property() => (
            "E18",
            format!(
                "`{}:` has no place in the text, so nothing can be near it",
                field.as_str()
            ),
            "join it with AND, outside of the pair",
        ),
        Kind::Near(_) => return,
        _ => {
            for child in children(node) {
                inside_near(child, found);
            }
            return;
        }
    };
    found.push(Diagnostic::error(code, node.span.clone(), message).help(help));
}

fn inside_count(node: &Node, found: &mut Findings) {
    let name = match &node.kind {
        Kind::And(_) => "AND",
        Kind::Not(_) => "NOT",
        Kind::AtLeastOf(..) => "OF",
        Kind::Count(..) => "another ATLEAST",
        Kind::Field(field, _) if field.is_property() => field.as_str(),
        Kind::Near(_) => return,
        _ => {
            for child in children(node) {
                inside_count(child, found);
            }
            return;
        }
    };
    found.push(
        Diagnostic::error(
            "E18",
            node.span.clone(),
            format!("ATLEAST cannot count {name}: it has no occurrences of its own"),
        )
        .help("count a word, a \"phrase\", an @entity, or several joined by OR"),
    );
}

/// A field inside another: only the inner one counts, which may be meant and may be a slip.
fn inside_field(outer: Field, node: &Node, found: &mut Findings) {
    let Kind::Field(inner, _) = &node.kind else {
        for child in children(node) {
            inside_field(outer, child, found);
        }
        return;
    };
    let (outer, inner) = (outer.as_str(), inner.as_str());
    let message = format!("`{inner}:` stands inside `{outer}:`, which does not reach it");
    found.push(
        Diagnostic::warning("W32", node.span.clone(), message)
            .help(format!("take it out of what `{outer}:` is about")),
    );
}

fn inside_property(node: &Node, found: &mut Findings) {
    match &node.kind {
        Kind::Term(_) | Kind::Phrase(_, None) | Kind::Verbatim(_) => {}
        Kind::Or(parts) => {
            for part in parts {
                inside_property(part, found);
            }
        }
        _ => found.push(
            Diagnostic::error(
                "E23",
                node.span.clone(),
                "a property is compared with a word, and this is none",
            )
            .help("write one value, or several in brackets joined by OR"),
        ),
    }
}

/// Characters that nobody sees.
pub(super) fn invisible(text: &str, found: &mut Findings) {
    let mut before = ' ';
    for (start, c) in text.char_indices() {
        let joins_letters =
            matches!(c, '\u{200c}' | '\u{200d}') && script(before) == Some(Script::Other);
        if is_invisible(c) && !is_invisible(before) && !joins_letters {
            let message = format!(
                "an invisible character stands here (U+{:04X})",
                u32::from(c)
            );
            found.push(
                Diagnostic::warning("W19", start..start + c.len_utf8(), message)
                    .help("delete it; it is ignored in words"),
            );
        }
        before = c;
    }
}

/// Likely mistakes of a query without errors.
pub(super) fn warn(node: &Node, found: &mut Findings) {
    match &node.kind {
        Kind::Field(Field::Url, inner) => return address(inner, found),
        Kind::Field(field, _) if field.is_property() => return,
        Kind::Or(parts) => subsumed(parts, found),
        Kind::Term(word) => term(word, node, found),
        // A verbatim of signs alone is found as it stands.
        Kind::Verbatim(text) if !text.contains(char::is_alphanumeric) => {}
        Kind::Phrase(text, _) | Kind::Verbatim(text) => {
            words(text, node, found);
            quoted::warn(node, found);
        }
        Kind::Regex(source, ignore_case) => regex(source, *ignore_case, node, found),
        _ => {}
    }
    for child in children(node) {
        warn(child, found);
    }
}

/// `url:/sports/`: the slashes of a path, or those of a regex.
fn address(node: &Node, found: &mut Findings) {
    if let Kind::Regex(source, _) = &node.kind
        && regex_signs::plain_word(source) == Some(source)
    {
        let message = "slashes stand around a regex, so they are not looked for in the address";
        let help = format!("write \"/{source}/\" for a part of the path, or {source}");
        found.push(Diagnostic::warning("W22", node.span.clone(), message).help(help));
    }
    children(node).for_each(|child| address(child, found));
}

/// A regex that runs on every entry, and one that is a mere word between slashes.
fn regex(source: &str, ignore_case: bool, node: &Node, found: &mut Findings) {
    let word = regex_signs::plain_word(source);
    let instead = word.map(|word| format!("write {word}, or '{word}' for that very spelling"));
    let (code, message, help) = if longest_literal(source) < 3 {
        let help = "give it at least three letters in a row that must occur";
        let help = instead.unwrap_or_else(|| help.to_owned());
        ("W12", "this regex runs on every entry", help)
    } else if let Some(help) = instead.filter(|_| word == Some(source) && !ignore_case) {
        let message = "a regex finds letters in this case only, inside of longer words too";
        ("W22", message, help)
    } else {
        return;
    };
    found.push(Diagnostic::warning(code, node.span.clone(), message).help(help));
}

fn term(word: &str, node: &Node, found: &mut Findings) {
    words(word, node, found);
    if is_verbal_noun(word) {
        found.push(
            Diagnostic::warning(
                "W13",
                node.span.clone(),
                format!("`{word}` does not match {word}한다 or {word}했다"),
            )
            .help(format!("write {word}*")),
        );
    } else if let Some(stem) = particles::stem(word) {
        let particle = &word[stem.len()..];
        let wanted = if is_verbal_noun(stem) { "*" } else { "" };
        found.push(
            Diagnostic::warning(
                "W34",
                node.span.clone(),
                format!("`{word}` finds no other form: `{particle}` reads as a particle, which a term takes by itself"),
            )
            .help(format!("write {stem}{wanted}")),
        );
    }
}

/// What can be wrong with the words of a term, phrase or verbatim.
fn words(text: &str, node: &Node, found: &mut Findings) {
    let told = found.has_told(Level::Warning, &node.span) || found.is_foreign(&node.span);
    let mut warn = |code, message: String, help: &str| {
        found.push(Diagnostic::warning(code, node.span.clone(), message).help(help));
    };
    if !text.chars().any(char::is_alphanumeric) {
        if told {
            return;
        }
        warn(
            "W03",
            format!("`{text}` holds no letter or digit, so it never matches"),
            "leave it out, or put it between single quotes for the sign itself",
        );
        return;
    }
    if !told && text.split_whitespace().all(is_short) {
        warn(
            "W04",
            format!("`{text}` is short and will match much"),
            "add a word, or use NEAR to tie it to others",
        );
    }
    if let Some(word) = text.split_whitespace().find(|word| is_mixed(word)) {
        warn(
            "W18",
            format!("`{word}` mixes letters of two scripts that look alike"),
            "type the word again in one script",
        );
    }
}

/// One Latin letter, one Hangul syllable, a number below 100.
fn is_short(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '*');
    let mut chars = word.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(c), None, _) => {
            matches!(script(c), Some(Script::Latin | Script::Hangul)) || c.is_numeric()
        }
        (Some(a), Some(b), None) => a.is_ascii_digit() && b.is_ascii_digit(),
        _ => false,
    }
}

/// Latin beside Cyrillic or Greek in one run of letters.
fn is_mixed(word: &str) -> bool {
    word.split(|c: char| !c.is_alphabetic()).any(|run| {
        let has = |wanted| run.chars().any(|c| script(c) == Some(wanted));
        has(Script::Latin) && (has(Script::Cyrillic) || has(Script::Greek))
            || has(Script::Cyrillic) && has(Script::Greek)
    })
}

/// The parts that a stem beside them covers, each with it: `exports` with `export*`.
fn covered(parts: &[Node]) -> Vec<Option<&Node>> {
    let mut stems: HashMap<String, &Node> = HashMap::new();
    for part in parts {
        if let Some(stem) = stem(part) {
            stems.entry(stem).or_insert(part);
        }
    }
    if stems.is_empty() {
        return vec![None; parts.len()];
    }
    let of = |part: &Node| {
        let Kind::Term(_) = part.kind else {
            return None;
        };
        let (text, own) = (print(part).to_lowercase(), stem(part));
        let end = own.as_ref().map_or(text.len(), String::len);
        text.char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .filter(|at| *at < end || own.is_none() && *at == end)
            .find_map(|at| stems.get(&text[..at]).copied())
    };
    parts.iter().map(of).collect()
}

/// `export* AND exports`: the stem asks for nothing more.
pub(super) fn implied(parts: &[Node], found: &mut Findings) {
    let mut told = HashSet::new();
    for (part, wider) in parts.iter().zip(covered(parts)) {
        let Some(wider) = wider.filter(|wider| told.insert(wider.span.start)) else {
            continue;
        };
        let message = format!("`{}` beside it asks for this too", print(part));
        found.push(
            Diagnostic::warning("W06", wider.span.clone(), message)
                .help("leave it out")
                .related(part.span.clone(), "the other"),
        );
    }
}

/// `2 OF (export*, exports, …)`: one word counts as two parts.
pub(super) fn counted_twice(parts: &[Node], found: &mut Findings) {
    for (part, wider) in parts.iter().zip(covered(parts)) {
        let Some(wider) = wider else { continue };
        let message = format!(
            "`{}` beside it finds this too, so one word counts as two parts",
            print(wider)
        );
        found.push(
            Diagnostic::warning("W06", part.span.clone(), message)
                .help("leave one of the two out")
                .related(wider.span.clone(), "the other"),
        );
    }
}

/// `export* OR exports`, `a OR a`.
fn subsumed(parts: &[Node], found: &mut Findings) {
    let mut seen = HashSet::new();
    for (part, wider) in parts.iter().zip(covered(parts)) {
        if let Some(wider) = wider {
            found.push(
                Diagnostic::warning(
                    "W06",
                    part.span.clone(),
                    format!("`{}` beside it covers this", print(wider).to_lowercase()),
                )
                .help("leave it out"),
            );
        } else if !seen.insert(same_text(part)) {
            found.push(
                Diagnostic::warning(
                    "W06",
                    part.span.clone(),
                    "this alternative stands here twice",
                )
                .help("leave it out"),
            );
        }
    }
}

/// What two parts that mean the same have in common: their text, small letters unless case matters.
pub(super) fn same_text(part: &Node) -> String {
    case_kept(part).unwrap_or_else(|| print(part).to_lowercase())
}

/// The text of a part in which case matters.
fn case_kept(part: &Node) -> Option<String> {
    matches!(part.kind, Kind::Verbatim(_) | Kind::Regex(..)).then(|| print(part))
}

/// `export` of `export*`.
fn stem(part: &Node) -> Option<String> {
    let Kind::Term(word) = &part.kind else {
        return None;
    };
    let stem = word.strip_suffix('*')?;
    stem.chars()
        .all(char::is_alphanumeric)
        .then(|| stem.to_lowercase())
}

/// Whether a word is a Korean noun that mostly occurs as a verb.
pub(crate) fn is_verbal_noun(word: &str) -> bool {
    VERBAL_NOUNS.contains(&word)
}

/// Korean nouns that mostly occur as verbs (…하다, …되다); the bare noun misses those forms.
const VERBAL_NOUNS: [&str; 60] = [
    "개발", "개최", "거래", "건설", "검토", "결정", "계약", "공개", "공격", "공급", "공시", "구매",
    "구입", "납품", "도입", "매각", "매입", "발사", "발주", "발표", "방문", "배치", "배포", "보도",
    "보류", "사용", "생산", "서명", "선정", "설립", "설치", "수리", "수입", "수주", "수출", "승인",
    "시작", "시험", "양산", "연기", "완료", "요청", "운영", "운용", "인도", "인수", "임명", "입찰",
    "제안", "제작", "제조", "조달", "종료", "중단", "지원", "채택", "체결", "추진", "취소", "협상",
];
