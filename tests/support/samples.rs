//! Small documents of every class and what must be read from them: `tests/fixtures/documents/*.samples`.
//!
//! A file begins with `wrap NAME: …{}…` lines; a sample with `=== what it shows`, then what it needs (`in:` wraps,
//! `url:`, `type:`, `language:`, `zone:`), the document up to `--->`, and what is expected: `refused: words`, or for
//! the document `format:`, `feed:`, `note:`, `truncated`, `whole`, and for each entry `entry` with the fields that
//! matter (`title:`, `link:`, `date:`, `updated:`, `id:`, `author:`, `category:`, `body:`, `html:`, `media:`). A dash is
//! nothing there, ` | ` parts values, `⏎` is a line break, `⟦1a⟧` a character by its code. Every sample runs in each of
//! its wraps, and twice.

use std::fs;
use std::path::PathBuf;

use bongsu::domain::document::Hints;

/// One sample, in one wrap.
pub struct Case {
    /// File, sample and wrap.
    pub name: String,
    /// The document's text.
    pub document: String,
    /// What is known besides.
    pub hints: Hints,
    /// Keys and values, in order.
    pub expected: Vec<(String, String)>,
}

/// Every sample in every wrap.
pub fn cases() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files.iter().flat_map(cases_of).collect()
}

fn cases_of(file: &PathBuf) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap();
    let mut blocks = text.split("\n=== ");
    let wraps: Vec<(&str, &str)> = blocks
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("wrap ")?.split_once(": "))
        .collect();
    blocks
        .flat_map(|block| {
            let (head, rest) = block.split_once('\n').unwrap();
            let (body, expected) = rest
                .split_once("\n--->\n")
                .unwrap_or_else(|| panic!("{head}: no `--->`"));
            let name = format!("{}: {head}", file.file_stem().unwrap().display());
            expand(&name, body, expected, &wraps)
        })
        .collect()
}

/// A sample in each of its wraps.
fn expand(name: &str, body: &str, expected: &str, wraps: &[(&str, &str)]) -> Vec<Case> {
    let mut hints = Hints {
        url: Some("https://news.example.org/rss/all.xml".to_owned()),
        now: "2026-11-24T00:00:00Z".parse().unwrap(),
        ..Hints::default()
    };
    let mut chosen: Vec<&str> = Vec::new();
    let mut document = body;
    while let Some((key, value)) = document
        .lines()
        .next()
        .and_then(|line| line.split_once(": "))
    {
        match key {
            "in" => chosen = value.split(' ').collect(),
            "url" => hints.url = Some(value.to_owned()),
            "type" => hints.content_type = Some(value.to_owned()),
            "language" => hints.language = Some(value.to_owned()),
            "zone" => hints.default_tz = Some(value.to_owned()),
            _ => break,
        }
        document = document.split_once('\n').map_or("", |(_, rest)| rest);
    }
    let expected: Vec<(String, String)> = expected
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            (key.to_owned(), value.trim_start().replace('⏎', "\n"))
        })
        .collect();
    let case = |name: String, document: String| Case {
        name,
        document: with_codes(&document),
        hints: hints.clone(),
        expected: expected.clone(),
    };
    if chosen.is_empty() {
        return vec![case(name.to_owned(), document.to_owned())];
    }
    chosen
        .iter()
        .map(|wanted| {
            let (_, wrap) = wraps
                .iter()
                .find(|(known, _)| known == wanted)
                .unwrap_or_else(|| panic!("{name}: no wrap {wanted}"));
            case(format!("{name} in {wanted}"), wrap.replace("{}", document))
        })
        .collect()
}

/// `⟦1a⟧` is the character with that code.
fn with_codes(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('⟦');
    out.push_str(parts.next().unwrap());
    for part in parts {
        let (code, rest) = part.split_once('⟧').unwrap();
        out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}
