//! Single words that mean something in other search languages and nothing here: boosts, `lang=ko`, `XOR`,
//! `HEADLINE(…)`.
//!
//! Each stays the ordinary word that it is, with a warning; operators of proximity are in `proximity`, those of other
//! tongues in `tongues`.

use std::ops::Range;

use super::ast::Field;
use super::chars::{Script, is_invisible, script};
use super::diagnostic::Diagnostic;
use super::fields;
use super::proximity;
use super::regex_signs;
use super::tongues;

/// What stands beside a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'t> {
    /// The word as written.
    pub written: &'t str,
    /// It stands right behind an operand,
    pub behind: bool,
    /// and before another.
    pub between: bool,
    /// The word before it, where that is one.
    pub before: Option<&'t str>,
    /// The phrase before it as written, where that is one.
    pub phrase: Option<&'t str>,
    /// What follows, as written,
    pub after: Option<&'t str>,
    /// and where that ends.
    pub end: usize,
    /// Nothing stands between it and what follows.
    pub touched: bool,
}

impl Beside<'_> {
    /// A number stands before the word.
    fn counted(&self) -> bool {
        let number = |word: &str| word.chars().all(|c| c.is_ascii_digit());
        self.before.is_some_and(number)
    }
}

/// What is odd about a word, by itself or beside others.
pub(super) fn odd(word: &str, span: Range<usize>, beside: &Beside<'_>) -> Option<Diagnostic> {
    if let Some(stray) = stray(word, span.start, beside.written) {
        return Some(stray);
    }
    let (message, help) = regex_signs::in_word(word)
        .or_else(|| compared(word, beside))
        .or_else(|| called(word, beside))
        .or_else(|| operator(word, beside).filter(|_| beside.between))
        .or_else(|| followed(word, beside))
        .or_else(|| glued(word))
        .or_else(|| unparted(word, beside))
        .or_else(|| without(word).filter(|_| beside.behind))
        .or_else(|| counted(word, beside))
        .or_else(|| spaced(word, beside))
        .or_else(|| written(word))
        .or_else(|| listed(word))
        .or_else(|| cut(word))
        .or_else(|| marked(word))
        .or_else(|| assigned(word, beside))
        .or_else(|| detached(word, beside))?;
    Some(Diagnostic::warning("W22", span, message).help(help))
}

type Told = Option<(String, String)>;

fn ordinary(word: &str, help: impl Into<String>) -> (String, String) {
    (format!("`{word}` is an ordinary word here"), help.into())
}

/// `=`, `<>`, `contains`, `IN` behind the name of a field.
fn compared(word: &str, beside: &Beside<'_>) -> Told {
    let named = beside.before.and_then(field);
    let not = match word {
        "=" | "==" | "===" | ":=" | "~" | "=~" | "~=" => "",
        "!=" | "<>" | "≠" => "NOT ",
        "IN" | "IS" if beside.between && named.is_some() => "",
        ">" | "<" | ">=" | "<=" => {
            let message = format!("`{word}` compares nothing here");
            let help = "leave it out; ATLEAST/3 word counts occurrences";
            return Some((message, help.to_owned()));
        }
        _ if beside.between && named.is_some() && asks(word) => "",
        _ => return None,
    };
    let value = match beside.after {
        Some("(" | "（") => "(a OR b)",
        Some(value) if beside.between && value.len() < 50 => &open_ended(value),
        _ => "tank*",
    };
    let message = format!("`{word}` compares nothing here");
    let help = match (named, beside.before) {
        (Some(field), _) => format!("write {not}{field}:{value}, or quote it"),
        (None, Some(_)) if !not.is_empty() => format!("write NOT {value}, or quote it"),
        (None, Some(_)) => format!("leave it out, or write title:{value} to look in the title"),
        (None, None) => format!("write {not}title:{value}, or quote it"),
    };
    Some((message, help))
}

/// `hanwha*` for `'%hanwha%'`, any other value as it is.
fn open_ended(value: &str) -> String {
    let bare = value.trim_matches(['\'', '"']);
    let stem = bare.trim_matches('%');
    let letters = stem.chars().filter(|c| c.is_alphanumeric()).count();
    if stem.len() == bare.len() || letters < 2 || stem.contains(['%', '"', '\'']) {
        return value.to_owned();
    }
    if stem.chars().all(char::is_alphanumeric) {
        return format!("{stem}*");
    }
    format!("\"{stem}*\"")
}

/// Verbs of other languages between a field and its value.
fn asks(word: &str) -> bool {
    const VERBS: [&str; 9] = [
        "contains", "contain", "includes", "include", "matches", "like", "ilike", "equals", "has",
    ];
    VERBS.iter().any(|verb| word.eq_ignore_ascii_case(verb))
}

/// Our field of this name, or of the same in another product.
fn field(name: &str) -> Option<&'static str> {
    Field::from_name(&name.to_ascii_lowercase())
        .map(Field::as_str)
        .or_else(|| fields::ours(name))
}

/// `HEADLINE(…)`, `ALLCAPS(…)`, `any(…)`.
fn called(word: &str, beside: &Beside<'_>) -> Told {
    if !beside.touched || !matches!(beside.after, Some("(" | "（")) {
        return None;
    }
    let name = word.trim_end_matches(['=', ':']);
    let help = match name.to_ascii_lowercase().as_str() {
        "caps" | "allcaps" | "nocaps" | "exact" => {
            "write the word between single quotes for that very spelling: 'KAI'"
        }
        "any" | "anyof" | "some" => "write only the brackets, with OR between the parts",
        "all" | "allof" | "every" => "write only the brackets, with AND between the parts",
        "count" | "freq" | "min" | "minimum" => "write for example ATLEAST/3 tank*",
        "near" | "within" | "proximity" => {
            "write a NEAR/5 b, since it stands between its two sides"
        }
        _ => match field(name) {
            Some(field) => {
                return Some(ordinary(
                    name,
                    format!("write {field}:(a OR b) to look there, or quote it"),
                ));
            }
            None => return Some(ordinary(name, fields::without(name, "")?)),
        },
    };
    Some(ordinary(name, help))
}

fn operator(word: &str, beside: &Beside<'_>) -> Told {
    if let Some(ours) = tongues::operator(word) {
        let help = format!("write {ours} if it is an operator, or quote it");
        return Some(ordinary(word, help));
    }
    let help = match word {
        "LIKE" | "ILIKE" | "CONTAINS" | "MATCHES" => {
            let help = "write the field, a colon and the word, such as title:tank*, or quote it";
            return Some(ordinary(word, help));
        }
        "WHERE" | "FROM" => "write only the condition, such as title:tank*,",
        "AROUND" => "write NEAR/5",
        "XOR" => "write (a OR b) NOT (a AND b)",
        "AND/OR" | "and/or" => "write OR",
        "BUT" | "EXCEPT" | "WITHOUT" | "MINUS" if beside.after == Some("NOT") => "leave it out",
        "ANDNOT" | "AND-NOT" | "BUTNOT" | "BUT" | "EXCEPT" | "WITHOUT" | "MINUS" => "write NOT",
        _ => return None,
    };
    Some(ordinary(
        word,
        format!("{help} if it is an operator, or quote it"),
    ))
}

/// `FOLLOWED BY`, `allcaps KAI`, `a OF b`.
fn followed(word: &str, beside: &Beside<'_>) -> Told {
    let after = beside.after?;
    let help = match word {
        "FOLLOWED" if after == "BY" => "write BEFORE/5 for `FOLLOWED BY`, or quote it".to_owned(),
        "PRECEDED" if after == "BY" => {
            "write BEFORE/5 with the sides changed for `PRECEDED BY`, or quote it".to_owned()
        }
        "OF" if beside.between && !beside.counted() && !after.starts_with(['(', '（']) => {
            "write for example 2 OF (a, b, c), or quote the words".to_owned()
        }
        _ if matches!(word.to_ascii_lowercase().as_str(), "allcaps" | "nocaps")
            && after.starts_with(char::is_alphanumeric) =>
        {
            format!("write '{after}' for that very spelling, or quote it")
        }
        _ => return None,
    };
    Some(ordinary(word, help))
}

/// `NOT-poland`: an operator that a hyphen ties to its word.
fn glued(word: &str) -> Told {
    let (operator, rest) = word.split_once('-')?;
    let is_word = rest.chars().count() > 1 && rest.starts_with(char::is_alphabetic);
    if !matches!(operator, "AND" | "OR" | "NOT") || !is_word {
        return None;
    }
    let message = format!("`{word}` is one word here");
    let help = match rest.strip_prefix("NOT-") {
        Some(denied) => format!("write NOT {denied}"),
        None if rest == "NOT" => format!("write {operator} NOT"),
        None => format!("write {operator} {rest}"),
    };
    Some((message, help))
}

/// `vaccine&&approval`, `vaccineAND approval`, `vaccine ANDapproval`: long words on either side, for `AT&T` and `ORlando` are
/// names.
fn unparted(word: &str, beside: &Beside<'_>) -> Told {
    let is_long = |text: &str| text.chars().count() > 3 && text.chars().all(char::is_alphabetic);
    let is_small = |text: &str| is_long(text) && text.chars().all(char::is_lowercase);
    if let Some((left, right)) = word.split_once("&&")
        && is_long(left)
        && is_long(right)
    {
        let message = format!("`{word}` is one word here");
        return Some((message, format!("write {left} AND {right}")));
    }
    ["AND", "OR", "NOT"].into_iter().find_map(|operator| {
        let (left, right) = word.split_once(operator)?;
        let (before, after) = (
            beside.before.unwrap_or_default(),
            beside.after.unwrap_or_default(),
        );
        let fits = match (left, right) {
            ("", right) => is_small(right) && is_long(before),
            (left, "") => is_small(left) && is_long(after),
            (left, right) => is_small(left) && is_small(right),
        };
        let message = format!("`{word}` is one word here");
        let help = format!("{left} {operator} {right}");
        fits.then(|| (message, format!("write {}", help.trim())))
    })
}

/// `이글스 제외`: Korean says it behind what is not wanted.
fn without(word: &str) -> Told {
    if !matches!(
        word,
        "제외" | "제외한" | "제외하고" | "빼고" | "말고" | "아닌"
    ) {
        return None;
    }
    Some(ordinary(
        word,
        "write NOT before the word that is not wanted, or quote it",
    ))
}

/// `AT LEAST 2`, `5단어`.
fn counted(word: &str, beside: &Beside<'_>) -> Told {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if let Some(number) = word.strip_suffix("단어").filter(|number| digits(number)) {
        return Some(ordinary(
            word,
            format!("write NEAR/{number} between two words, or quote it"),
        ));
    }
    let at = beside.before?.eq_ignore_ascii_case("at") && word.eq_ignore_ascii_case("least");
    let number = beside.after.filter(|after| at && digits(after))?;
    let help = format!("write {number} OF (a, b, c), or ATLEAST/{number} tank* for occurrences");
    Some(ordinary("AT LEAST", help))
}

/// `~5`, `%5` between two operands.
fn spaced(word: &str, beside: &Beside<'_>) -> Told {
    let number = word.strip_prefix(['~', '%'])?;
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    if let Some(phrase) = beside
        .phrase
        .filter(|phrase| phrase.len() < 80 && is_number)
        && word.starts_with('~')
        && !beside.between
    {
        let message = format!("`{word}` stands right behind a phrase, without a blank");
        return Some((message, format!("write {phrase}{word}")));
    }
    (beside.between && is_number).then(|| {
        let help = format!("write NEAR/{number} if it is an operator, or quote it");
        ordinary(word, help)
    })
}

/// `&amp;`, `K\-9`, `=KAI`.
fn written(word: &str) -> Told {
    const MARKUP: [&str; 6] = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;"];
    let small = word.to_ascii_lowercase();
    if let Some(mark) = MARKUP.into_iter().find(|mark| small.contains(mark)) {
        let message = format!("`{mark}` is markup, which is not read here");
        return Some((message, "write the sign that it stands for".to_owned()));
    }
    if word.contains('\\') {
        let message = "`\\` escapes nothing outside of quotes".to_owned();
        return Some((
            message,
            "leave it out, or put the words between `\"`".to_owned(),
        ));
    }
    let inner = word
        .strip_prefix('<')
        .and_then(|word| word.strip_suffix('>'));
    if let Some(ours) = inner.and_then(|inner| proximity::ours(inner, true)) {
        let message = format!("`{word}` is an ordinary word here");
        return Some((message, format!("write {ours} if it is an operator")));
    }
    if word.contains('<') && word.contains('>') {
        let message = "`<` and `>` neither group nor mark anything here".to_owned();
        return Some((message, "leave them out".to_owned()));
    }
    let exact = word.trim_start_matches('=');
    (exact.len() < word.len() && exact.starts_with(char::is_alphanumeric)).then(|| {
        let message = "`=` asks for no exact word here".to_owned();
        (
            message,
            format!("write '{exact}' for that very spelling, or {exact}"),
        )
    })
}

/// Signs that part a list elsewhere.
const SIGNS: [char; 10] = ['、', ';', '；', '،', '|', '·', 'ㆍ', '・', '/', '+'];

/// The first of these signs in a word, and what stands between them.
fn parted(word: &str) -> Option<(char, Vec<&str>)> {
    let sign = word.chars().find(|c| SIGNS.contains(c))?;
    let parts: Vec<&str> = word.split(sign).filter(|part| !part.is_empty()).collect();
    is_list(sign, &parts).then_some((sign, parts))
}

/// `K9;`: told at the sign, since the word is what was meant.
fn stray(word: &str, start: usize, written: &str) -> Option<Diagnostic> {
    let (sign, _) = parted(word).filter(|(_, parts)| parts.len() < 2)?;
    let index = word.chars().position(|c| c == sign)?;
    let mut seen = written.char_indices().filter(|(_, c)| !is_invisible(*c));
    let (at, c) = seen.nth(index)?;
    let at = start + at;
    let message = format!("`{sign}` means nothing here");
    let warning = Diagnostic::warning("W22", at..at + c.len_utf8(), message);
    Some(warning.help("leave it out, or write OR or AND"))
}

/// `K9、K2`, `한화|폴란드`, `한화·폴란드`.
fn listed(word: &str) -> Told {
    let (sign, parts) = parted(word)?;
    Some((
        format!(
            "`{sign}` parts no list: this is read as the phrase \"{}\"",
            parts.join(" ")
        ),
        format!("write ({}), or AND, or quote it", parts.join(" OR ")),
    ))
}

/// Whether a sign was meant to part a list: `한·미` and `F/A-50` are one word, `한화·폴란드` hardly.
fn is_list(sign: char, parts: &[&str]) -> bool {
    let shortest = parts.iter().map(|part| part.chars().count()).min();
    let longest = parts.iter().map(|part| part.chars().count()).max();
    let long = parts.len() > 1 && shortest >= Some(2);
    let plain = parts.iter().all(|part| {
        part.chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '*'))
    });
    match sign {
        '·' | 'ㆍ' | '・' => long && (parts.len() > 2 || longest >= Some(3)),
        '/' => long && plain && parts.iter().all(|part| part.contains(char::is_alphabetic)),
        '+' => long && plain && (shortest > Some(3) || parts.iter().any(|part| !part.is_ascii())),
        _ => true,
    }
}

/// `Hanwha%`, `Hanwha$`, `늘까?`.
fn cut(word: &str) -> Told {
    let stem = word.trim_matches(['%', '$']);
    let letters = stem.chars().filter(|c| c.is_alphabetic()).count();
    if stem.len() < word.len() && letters > 2 && stem.chars().all(char::is_alphanumeric) {
        let message = "`%` and `$` are no wildcards here, and mark no end".to_owned();
        let help = if word.ends_with('$') && !word.contains('%') {
            format!("write {stem} for the whole word, or {stem}* for words that begin so")
        } else {
            format!("write {stem}*")
        };
        return Some((message, help));
    }
    let asked = word
        .strip_suffix('?')
        .filter(|asked| !asked.contains(['*', '?']))?;
    let last = asked.chars().next_back()?;
    (script(last) == Some(Script::Hangul)).then(|| {
        let message = "`?` stands for exactly one letter more".to_owned();
        (message, format!("write {asked} if it ends a question"))
    })
}

/// `K2~2`, `K2^4`.
fn marked(word: &str) -> Told {
    let (stem, number) = word.split_once(['~', '^'])?;
    let is_mark = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    if stem.is_empty() || !is_mark {
        return None;
    }
    let mark = &word[stem.len()..];
    let help = if mark.starts_with('^') {
        format!("write {stem}, since no part weighs more than another")
    } else {
        format!(
            "write {stem}, and other spellings beside it with OR; `~` stands behind a \"phrase\""
        )
    };
    Some((format!("`{mark}` means nothing behind a word"), help))
}

/// `lang=ko`, `hlp=`, `wc>500`.
fn assigned(word: &str, beside: &Beside<'_>) -> Told {
    let (name, value) = word.split_once(['=', '>', '<'])?;
    let is_name = name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic());
    if !is_name {
        return None;
    }
    let value = value.trim_start_matches('=');
    let value = match beside.after {
        Some(after) if value.is_empty() && beside.touched => after,
        _ if value.is_empty() => "tank*",
        _ => value,
    };
    match (field(name), fields::without(name, value)) {
        (Some(field), _) => Some(ordinary(word, format!("write {field}:{value}"))),
        (None, Some(help)) => Some(ordinary(word, help)),
        (None, None) => {
            let known = Field::ALL.map(Field::as_str).join(", ");
            Some(ordinary(
                word,
                format!("leave it out, or quote it; fields are {known}"),
            ))
        }
    }
}

/// `title :K2`, `entity : hanwha`.
fn detached(word: &str, beside: &Beside<'_>) -> Told {
    let value = word.strip_prefix([':', '：'])?;
    let alone = value.is_empty();
    let value = match beside.after {
        Some(after) if alone && beside.between && after.len() < 50 => after,
        _ if alone => "tank*",
        _ if value.starts_with(char::is_alphanumeric) => value,
        _ => return None,
    };
    let message = "a colon stands right behind the name of its field".to_owned();
    let help = match beside.before {
        Some(name) if field(name).is_some() => {
            format!("write {}:{value}", field(name).unwrap_or("title"))
        }
        Some(name) => match fields::without(name, value) {
            Some(help) => return Some((format!("there is no field `{name}`"), help)),
            None => format!("write for example title:{value}, or leave it out"),
        },
        None => format!("write for example title:{value}, or leave it out"),
    };
    Some((message, help))
}
