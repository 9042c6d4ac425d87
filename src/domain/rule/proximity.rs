//! Operators of distance and number as other products spell them, and ours for each: `w/5`, `near5f`, `adj`, `atleast3`.
//!
//! Looks at one word; where it stands, and how it is said, is up to who asks.

/// A distance in another spelling: ours, and whether it asks for the order too (`5f`).
pub(super) fn reach(written: &str) -> Option<(String, bool)> {
    let small = written.to_lowercase();
    let unit = match small.as_str() {
        "s" | "sen" | "sent" | "sentence" | "문장" => "s",
        "p" | "par" | "para" | "paragraph" | "문단" | "단락" => "p",
        "n" => "5",
        _ => "",
    };
    if !unit.is_empty() {
        return Some((unit.to_owned(), false));
    }
    let rest = small.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &small[..small.len() - rest.len()];
    let ordered = rest == "f";
    let fits = ordered || matches!(rest, "" | "w" | "word" | "words" | "단어" | "/");
    (fits && !number.is_empty()).then(|| (number.to_owned(), ordered))
}

/// Our spelling of another product's operator; `between` says that the word stands between two operands.
pub(super) fn ours(word: &str, between: bool) -> Option<String> {
    let small = slashed(word.to_lowercase());
    let (name, rest) = match small.split_once('/') {
        Some((name, rest)) => (name, Some(rest)),
        None => (small.as_str(), None),
    };
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &name[stem.len()..];
    let slash = rest.is_some();
    let distance = match (number, rest) {
        ("", Some("seg" | "segment" | "doc")) if stem == "w" => return Some("AND".to_owned()),
        ("", Some(rest)) => Some(reach(rest)?),
        ("", None) => None,
        (number, None) => Some((number.to_owned(), false)),
        _ => return None,
    };
    let Some((distance, ordered)) = distance else {
        return bare(word, between).map(str::to_owned);
    };
    let operator = match stem {
        "w" | "within" if slash => "NEAR",
        "near" if ordered => "BEFORE",
        "near" => "NEAR",
        "pre" if slash || word.starts_with("PRE") => "BEFORE",
        "before" | "next" if slash => "BEFORE",
        "not" if slash => "NOT NEAR",
        // Only in capitals and between two words, since roads and bolts are called so.
        "n" if between && number.len() < 3 && word.starts_with('N') => "NEAR",
        "w" if between && !slash && number.len() < 3 && word.starts_with('W') => "BEFORE",
        "onear" | "adj" => "BEFORE",
        "notnear" => "NOT NEAR",
        "after" if slash => return Some(format!("BEFORE/{distance} with the sides changed")),
        "atleast" => "ATLEAST",
        "min" | "minimum" if slash => "ATLEAST",
        _ => return None,
    };
    Some(format!("{operator}/{distance}"))
}

/// `near/5` for `near~5`, `near-5`, `near=5`.
fn slashed(small: String) -> String {
    let sign = small.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let name = &small[..small.len() - sign.len()];
    let number = sign.strip_prefix(['~', '-', '=', '.', ':']);
    match number {
        Some(number)
            if matches!(name, "near" | "before" | "within" | "adj")
                && !number.is_empty()
                && number.chars().all(|c| c.is_ascii_digit()) =>
        {
            format!("{name}/{number}")
        }
        _ => small,
    }
}

/// Operators without a number.
fn bare(word: &str, between: bool) -> Option<&'static str> {
    if !between {
        return None;
    }
    Some(match word {
        "SENTENCE" => "NEAR/s",
        "NEXT" => "BEFORE/0",
        "PARAGRAPH" => "NEAR/p",
        "AFTER" => "BEFORE/5 with the sides changed",
        _ => match word.to_ascii_lowercase().as_str() {
            "adj" => "BEFORE/0",
            "near" | "onear" => "NEAR/5",
            "same" => "NEAR/p",
            _ => return None,
        },
    })
}

/// Ours for an operator that stands a blank before its number.
pub(super) fn detached(word: &str, number: &str) -> Option<String> {
    let small = word.to_ascii_lowercase();
    if !takes_number(&small) || !number.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    ours(&format!("{small}/{number}"), true)
}

/// Whether a number behind a word belongs to it as an operator.
pub(super) fn takes_number(small: &str) -> bool {
    matches!(small, "within" | "atleast" | "adj" | "onear" | "near")
}
