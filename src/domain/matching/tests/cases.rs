//! The rows of `cases.txt`.

use unicode_normalization::UnicodeNormalization;

use super::sample::{Sample, compiled, has_error};

/// Characters that are written as `<NAME>`.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let end = start + rest[start..].find('>').unwrap();
        let name = &rest[start + 1..end];
        match name {
            "NBSP" => out.push('\u{a0}'),
            "ZWSP" => out.push('\u{200b}'),
            "SHY" => out.push('\u{ad}'),
            _ => {
                if let Some(code) = name.strip_prefix("U+") {
                    out.extend(char::from_u32(u32::from_str_radix(code, 16).unwrap()));
                } else {
                    out.extend(name.strip_prefix("NFD ").unwrap().nfd());
                }
            }
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out.replace('⏎', "\n").replace('¶', "\n\n")
}

fn sample(text: &str) -> Sample {
    let mut sample = Sample::default();
    let mut mark = 'T';
    let mut value = String::new();
    for word in text.split(' ') {
        let mut chars = word.chars();
        let next = match (chars.next(), chars.next()) {
            (Some(c @ ('T' | 'B' | 'L' | 'U' | 'A' | 'C' | 'D' | 'G' | 'F')), Some(':')) => Some(c),
            _ => None,
        };
        let word = if let Some(c) = next {
            put(&mut sample, mark, value.trim());
            value.clear();
            mark = c;
            &word[2..]
        } else {
            word
        };
        value.push_str(word);
        value.push(' ');
        if matches!(mark, 'L' | 'U' | 'D' | 'G') {
            put(&mut sample, mark, value.trim());
            value.clear();
            mark = 'T';
        }
    }
    put(&mut sample, mark, value.trim());
    sample
}

fn put(sample: &mut Sample, mark: char, value: &str) {
    let value = unescaped(value);
    if value.is_empty() {
        return;
    }
    match mark {
        'B' => sample.body = value,
        'L' => sample.language = Some(value),
        'U' => sample.url = Some(value),
        'A' => sample.authors.push(value),
        'C' => sample.categories.push(value),
        'D' => sample.feed = Some(value),
        'G' => sample.tags.push(value),
        'F' => sample.feed_title = Some(value),
        _ => sample.title = value,
    }
}

fn wrong(query: &str, text: &str, expected: &str) -> Option<String> {
    let (set, problems) = compiled(query);
    if expected == "error" {
        return (!has_error(&problems)).then(|| "no error".to_owned());
    }
    if has_error(&problems) {
        return Some(format!("{problems:?}"));
    }
    let sample = sample(text);
    let found = set.evaluate(&sample.subject());
    let (wanted, detail) = expected.split_once(' ').unwrap_or((expected, ""));
    if found.is_empty() == (wanted == "yes") {
        return Some(format!("found {found:?} in {sample:?}"));
    }
    let evidence = found.first().map_or(&[][..], |found| &found.evidence);
    for one in evidence {
        if sample.stored(&one.field, one.index)[one.start..one.end] != one.text {
            return Some(format!("evidence is not the text there: {one:?}"));
        }
    }
    let is_right = match detail.split_once("..") {
        _ if detail.is_empty() => true,
        Some((start, end)) => evidence
            .first()
            .is_some_and(|one| one.start.to_string() == start && one.end.to_string() == end),
        None => evidence.len().to_string() == detail,
    };
    (!is_right).then(|| format!("evidence {evidence:?}"))
}

#[test]
fn every_row_of_the_acceptance_tables_holds() {
    let mut failed = Vec::new();
    let mut rows = 0;
    for line in include_str!("cases.txt").lines() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        rows += 1;
        let cells: Vec<&str> = line.split('\t').collect();
        let [number, query, text, expected] = cells[..] else {
            panic!("a row has four cells: {line}");
        };
        if let Some(what) = wrong(&unescaped(query), text, expected) {
            failed.push(format!("{number}: {query} | {text} | {expected}: {what}"));
        }
    }
    assert!(rows > 290, "{rows}");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
