//! What the regex library says of a regex that it refuses, in plain words and with a repair.
//!
//! Signs of regexes outside of slashes are in `regex_signs`.

/// Why a regex cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where in the source, if that is told.
    pub at: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// Whether a regex compiles within its limits; else why not.
pub(super) fn check(source: &str, ignore_case: bool) -> Result<(), Fault> {
    let built = regex::RegexBuilder::new(source)
        .case_insensitive(ignore_case)
        .size_limit(1 << 20)
        .build();
    let report = match built {
        Ok(_) => return Ok(()),
        Err(regex::Error::Syntax(report)) => report,
        Err(_) => {
            return Err(Fault {
                at: None,
                message: "it is larger than 1 MiB when compiled".to_owned(),
                help: "write smaller counts".to_owned(),
            });
        }
    };
    let reason = report
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("error: "));
    let column = report
        .lines()
        .find(|line| line.contains('^') && line.trim_matches(['^', ' ']).is_empty())
        .and_then(|line| line.find('^'));
    let at = column
        .and_then(|column| column.checked_sub(4))
        .and_then(|column| source.char_indices().nth(column))
        .map(|(offset, _)| offset);
    let (message, help) = told(
        reason.unwrap_or("it has a mistake"),
        at.and_then(|at| source.get(at..)).unwrap_or_default(),
    );
    Err(Fault { at, message, help })
}

/// The library's words in ours; `rest` is the source from the mistake on.
fn told(reason: &str, rest: &str) -> (String, String) {
    let owned = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    if reason.starts_with("invalid repetition count range") {
        return bounds_swapped(rest)
            .unwrap_or_else(|| owned(reason, "write the smaller number first"));
    }
    if reason.starts_with("invalid character class range") {
        return range_swapped(rest)
            .unwrap_or_else(|| owned(reason, "write the lower letter first"));
    }
    if reason.starts_with("Unicode property") {
        let written = &rest[..rest.find('}').map_or(rest.len(), |end| end + 1)];
        let message = format!("there is no property `{written}`");
        let help = property_meant(written);
        return (message, help);
    }
    if reason.contains("not supported") {
        return owned(reason, "join two parts by AND, NOT or NEAR instead");
    }
    match reason {
        "repetition operator missing expression" => {
            let sign = rest.chars().next().filter(|c| "*+?{".contains(*c));
            let sign = sign.unwrap_or('*');
            let message = format!("nothing stands before `{sign}` that it could repeat");
            let help = format!("write a letter before it, or `\\{sign}` for the sign itself");
            (message, help)
        }
        "unrecognized escape sequence" => {
            let message = "`\\` stands before a letter that means nothing with it";
            owned(message, "leave the `\\` out")
        }
        _ if reason.starts_with("unclosed") || reason.starts_with("unopened") => owned(
            reason,
            "write the mark that is missing, or `\\` before one that stands for itself",
        ),
        _ => owned(
            reason,
            "write it as the `regex` crate reads it, or `\\` before a mark that stands for itself",
        ),
    }
}

/// `{2,1}`: the bounds the right way round.
fn bounds_swapped(rest: &str) -> Option<(String, String)> {
    let inner = &rest[1..rest.find('}')?];
    let (first, second) = sides(inner, ',')?;
    Some((
        format!("the bounds of `{{{inner}}}` stand the wrong way round"),
        format!("write {{{second},{first}}}"),
    ))
}

/// `z-a`: the range the right way round.
fn range_swapped(rest: &str) -> Option<(String, String)> {
    let end = rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at);
    let inner = &rest[..end];
    let (first, second) = sides(inner, '-')?;
    Some((
        format!("the range `{inner}` stands the wrong way round"),
        format!("write {second}-{first}"),
    ))
}

/// What stands on either side, both as they are written.
fn sides(inner: &str, between: char) -> Option<(&str, &str)> {
    let (first, second) = inner.split_once(between)?;
    let is_plain = |text: &str| !text.is_empty() && !text.contains('\\');
    (is_plain(first) && is_plain(second)).then_some((first, second))
}

/// A property of which somebody wrote the language.
fn property_meant(written: &str) -> String {
    let small = written.to_ascii_lowercase();
    let script = [
        ("korean", "Hangul"),
        ("chinese", "Han"),
        ("kanji", "Han"),
        ("hanja", "Han"),
        ("japanese", "Hiragana"),
        ("russian", "Cyrillic"),
        ("ukrainian", "Cyrillic"),
        ("english", "Latin"),
        ("hindi", "Devanagari"),
        ("alpha", "L"),
        ("digit", "Nd"),
    ];
    match script.iter().find(|(name, _)| small.contains(name)) {
        Some((_, script)) => format!("write \\p{{{script}}}"),
        None => {
            "write a script such as \\p{Hangul}, or a kind of letters such as \\p{Lu}".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    /// A regex, where it is wrong, what is said, and what to write.
    const WRONG: &[(&str, Option<usize>, &str, &str)] = &[
        (
            "vaccine{2,1}",
            Some(7),
            "the bounds of `{2,1}` stand the wrong way round",
            "write {1,2}",
        ),
        (
            "[z-a]",
            Some(1),
            "the range `z-a` stands the wrong way round",
            "write a-z",
        ),
        (
            "백[힣-가]신",
            Some(4),
            "the range `힣-가` stands the wrong way round",
            "write 가-힣",
        ),
        (
            r"[\x7a-\x61]",
            Some(1),
            "invalid character class range, the start must be <= the end",
            "write the lower letter first",
        ),
        (
            r"\p{Korean}+",
            Some(0),
            r"there is no property `\p{Korean}`",
            r"write \p{Hangul}",
        ),
        (
            r"x\p{Script=Klingon}",
            Some(1),
            r"there is no property `\p{Script=Klingon}`",
            r"write a script such as \p{Hangul}, or a kind of letters such as \p{Lu}",
        ),
        (
            "+vaccine",
            Some(0),
            "nothing stands before `+` that it could repeat",
            "write a letter before it, or `\\+` for the sign itself",
        ),
        (
            r"vac\ycine",
            Some(3),
            "`\\` stands before a letter that means nothing with it",
            "leave the `\\` out",
        ),
        (
            "han(wha",
            Some(3),
            "unclosed group",
            "write the mark that is missing, or `\\` before one that stands for itself",
        ),
        (
            "(a{1000}){1000}",
            None,
            "it is larger than 1 MiB when compiled",
            "write smaller counts",
        ),
    ];

    #[test]
    fn what_the_library_refuses_is_told_in_plain_words() {
        for (source, at, message, help) in WRONG.iter().copied() {
            let fault = check(source, false).expect_err(source);
            assert_eq!(
                (fault.at, fault.message.as_str(), fault.help.as_str()),
                (at, message, help),
                "{source}"
            );
        }
        assert_eq!(check(r"\p{Hangul}{1,2}[a-z]", true), Ok(()));
    }
}
