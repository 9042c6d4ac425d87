//! Single words that mean something in other search languages and nothing here: brackets of other shapes, boosts,
//! `lang=ko`, `XOR`.
//!
//! Each stays the ordinary word that it is, with a warning; operators of proximity are in `foreign`.

use std::ops::Range;

use super::ast::Field;
use super::diagnostic::Diagnostic;

/// What is odd about a word that stands alone; `between` says that it stands between two operands.
pub(super) fn odd(word: &str, span: Range<usize>, between: bool) -> Option<Diagnostic> {
    let (message, help) = grouped(word)
        .or_else(|| bracketed(word))
        .or_else(|| listed(word))
        .or_else(|| operator(word).filter(|_| between))
        .or_else(|| marked(word))
        .or_else(|| assigned(word))
        .or_else(|| detached(word))?;
    Some(Diagnostic::warning("W22", span, message).help(help))
}

type Told = Option<(String, String)>;

fn grouped(word: &str) -> Told {
    let inner = word.trim_matches(['[', ']', '{', '}']);
    let is_odd = inner.len() < word.len() && !word.contains(['(', ')']);
    is_odd.then(|| {
        (
            "square and curly brackets do not group here".to_owned(),
            "write ( and ), or quote the words".to_owned(),
        )
    })
}

/// `「전차`: East Asian brackets are signs of the text.
fn bracketed(word: &str) -> Told {
    const BRACKETS: [char; 10] = ['「', '」', '『', '』', '《', '》', '〈', '〉', '【', '】'];
    let inner = word.trim_matches(BRACKETS);
    (inner.len() < word.len()).then(|| {
        (
            format!("`{word}` is no phrase: such brackets are not looked at"),
            format!("write \"{inner}\", the whole phrase between `\"`, or leave them out"),
        )
    })
}

/// `K9、K2`, `K9;`.
fn listed(word: &str) -> Told {
    let sign = word
        .chars()
        .find(|c| matches!(c, '、' | ';' | '；' | '،'))?;
    let parts = word.split(sign).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    if parts.len() < 2 {
        let message = format!("`{sign}` means nothing here");
        return Some((message, "leave it out, or write OR or AND".to_owned()));
    }
    Some((
        format!(
            "`{sign}` parts no list: this is read as the phrase \"{}\"",
            parts.join(" ")
        ),
        format!("write {}, or AND, or quote it", parts.join(" OR ")),
    ))
}

fn operator(word: &str) -> Told {
    let help = match word {
        "LIKE" | "ILIKE" | "CONTAINS" | "MATCHES" => {
            let message = format!("`{word}` is an ordinary word here");
            let help = "write the field, a colon and the word, such as title:tank*, or quote it";
            return Some((message, help.to_owned()));
        }
        "WHERE" | "FROM" => "write only the condition, such as title:tank*,",
        "AROUND" => "write NEAR/5",
        "XOR" => "write (a OR b) NOT (a AND b)",
        "그리고" | "및" => "write AND",
        "또는" | "혹은" => "write OR",
        "ANDNOT" | "BUT" | "EXCEPT" | "WITHOUT" => "write NOT",
        _ => return None,
    };
    let message = format!("`{word}` is an ordinary word here");
    Some((message, format!("{help} if it is an operator, or quote it")))
}

/// `K2~2`, `K2^4`.
fn marked(word: &str) -> Told {
    let (stem, number) = word.split_once(['~', '^'])?;
    let is_mark = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    (!stem.is_empty() && is_mark).then(|| {
        (
            format!("`{}` means nothing behind a word", &word[stem.len()..]),
            format!("write {stem}, with `*` where it may go on; `~` stands behind a \"phrase\""),
        )
    })
}

/// `lang=ko`.
fn assigned(word: &str) -> Told {
    let (name, value) = word.split_once('=')?;
    let field = Field::from_name(&name.to_ascii_lowercase())?;
    let message = format!("`{word}` is an ordinary word here");
    Some((message, format!("write {}:{value}", field.as_str())))
}

/// `title :K2`.
fn detached(word: &str) -> Told {
    let value = word.strip_prefix(':')?;
    Some((
        "a colon stands right behind the name of its field".to_owned(),
        format!("write for example title:{value}, or leave it out"),
    ))
}
