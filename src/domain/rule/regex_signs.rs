//! Signs of regular expressions outside of slashes, `.*K9.*` or `(?i)k9`, and regexes that are a mere word.
//!
//! Says what to write instead; what stands between slashes is compiled in `lexer::delimited`.

/// What is wrong, and what to write.
type Told = Option<(String, String)>;

/// Words that hold signs of regexes: `\bK9\b`, `K9.*`, `^K9$`, `K[29]`.
pub(super) fn in_word(word: &str) -> Told {
    escaped(word)
        .or_else(|| anything(word).filter(|_| word.starts_with(char::is_alphanumeric)))
        .or_else(|| anchored(word))
        .or_else(|| class(word))
}

/// `\bK9\b`, `K\d+`.
fn escaped(word: &str) -> Told {
    let at = word.find('\\')?;
    let sign = word[at + 1..]
        .chars()
        .next()
        .filter(|c| matches!(c, 'b' | 'B' | 'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'A' | 'z'))?;
    let message = format!("`\\{sign}` is of regexes, and means nothing here");
    let help = match plain_word(word) {
        Some(stem) => format!("write {stem}, which is found as a whole word"),
        None => between_slashes(word)?,
    };
    Some((message, help))
}

/// `.*K9.*`, `K9.+Poland`.
pub(super) fn anything(word: &str) -> Told {
    let sign = [".*", ".+"].into_iter().find(|sign| word.contains(sign))?;
    let parts: Vec<&str> = word
        .split(['.', '*', '+', '?'])
        .filter(|part| !part.is_empty())
        .collect();
    let is_word = |part: &&str| part.chars().all(|c| c.is_alphanumeric() || c == '-');
    if parts.is_empty() || !parts.iter().all(is_word) {
        return None;
    }
    let joined = parts.join(" NEAR/5 ");
    let help = match parts.as_slice() {
        [_, _, ..] => format!("write {joined}, or the regex between slashes"),
        [stem] if word.starts_with(*stem) && stem.chars().count() > 1 => {
            format!("write {stem}* for words that begin so")
        }
        _ => format!("write {joined}, which is found wherever it stands"),
    };
    Some((format!("`{sign}` is of regexes"), help))
}

/// `^K9$`, `^K9`, `^K9.*`.
pub(super) fn anchored(word: &str) -> Told {
    let stem = word.strip_prefix('^')?;
    if let Some(open) = stem.strip_suffix(".*").and_then(plain_word) {
        let message = "`^` and `.*` are of regexes".to_owned();
        let help = format!("write {open}*, or /^{open}/ for the beginning of a text");
        return Some((message, help));
    }
    let stem = stem.strip_suffix('$').unwrap_or(stem);
    if !stem.is_empty() && stem.chars().all(|c| c.is_ascii_digit() || c == '.') {
        let message = format!("`{word}` gives no weight here");
        return Some((
            message,
            "leave it out, since no part weighs more than another".to_owned(),
        ));
    }
    let stem = plain_word(stem)?;
    let message = "`^` and `$` mark no beginning and no end here".to_owned();
    Some((
        message,
        format!("write {stem}, which is found as a whole word"),
    ))
}

/// `K[29]`.
fn class(word: &str) -> Told {
    let (head, rest) = word.split_once('[').filter(|(head, _)| !head.is_empty())?;
    let (inner, tail) = rest.split_once(']')?;
    let message = "square brackets choose no letter here".to_owned();
    let few = (1..=6).contains(&inner.chars().count());
    let all_plain = |text: &str| text.chars().all(char::is_alphanumeric);
    if few && all_plain(inner) && all_plain(head) && all_plain(tail) {
        let words: Vec<String> = inner.chars().map(|c| format!("{head}{c}{tail}")).collect();
        return Some((message, format!("write ({})", words.join(" OR "))));
    }
    Some((message, between_slashes(word)?))
}

/// The regex of a word, where it is one.
fn between_slashes(word: &str) -> Option<String> {
    let is_regex = !word.contains('/') && word.len() < 100 && regex::Regex::new(word).is_ok();
    is_regex.then(|| format!("write /{word}/i, since a regex stands between slashes"))
}

/// The word in a regex that asks for nothing but a word: of `\bK9\b`, `^K9$`, `(?i)K9`.
pub(super) fn plain_word(source: &str) -> Option<&str> {
    let mut word = source.strip_prefix("(?i)").unwrap_or(source);
    for sign in ["^", "\\b"] {
        word = word.strip_prefix(sign).unwrap_or(word);
    }
    for sign in ["$", "\\b"] {
        word = word.strip_suffix(sign).unwrap_or(word);
    }
    let fits = |c: char| c.is_alphanumeric() || c == '-';
    let is_word = word.starts_with(char::is_alphanumeric) && word.chars().all(fits);
    is_word.then_some(word)
}

/// The flags or the opening of a group at the start of a text: `(?i)`, `(?:`.
pub(super) fn group(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("(?")?;
    let openings = [":", "=", "!", "<=", "<!", "P<"];
    if let Some(opening) = openings.into_iter().find(|sign| rest.starts_with(sign)) {
        return Some(&text[..2 + opening.len()]);
    }
    let flags = rest.find(|c: char| !matches!(c, 'i' | 'm' | 's' | 'x' | 'u' | 'U' | '-'))?;
    let is_closed = flags > 0 && rest[flags..].starts_with(')');
    is_closed.then(|| &text[..flags + 3])
}
