//! Pieces of text that regexes and `url:` tests cannot do without, looked for all at once.
//!
//! Text and pieces are compared in plain letters, character by character: a piece that stands in the text says nothing
//! yet, one that does not stand there says that its test fails.

use aho_corasick::AhoCorasick;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Shortest piece worth looking for, in bytes: two letters, or one beyond ASCII.
const SHORTEST: usize = 2;

/// Most alternatives of one regex.
const ALTERNATIVES: usize = 64;

/// Pieces with their numbers.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    list: Vec<String>,
    automaton: Option<AhoCorasick>,
}

impl Literals {
    /// Takes distinct pieces; a piece's number is its index.
    pub(crate) fn new(list: Vec<String>) -> Self {
        let automaton = (!list.is_empty())
            .then(|| AhoCorasick::new(&list).ok())
            .flatten();
        Self { list, automaton }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// A piece by its number.
    pub(crate) fn get(&self, id: u32) -> &str {
        &self.list[id as usize]
    }

    /// Adds the numbers of the pieces that stand in a stored text.
    pub(crate) fn find(&self, text: &str, out: &mut Vec<u32>) {
        if let Some(automaton) = &self.automaton {
            let text = plain_letters(text);
            out.extend(
                automaton
                    .find_overlapping_iter(&text)
                    .map(|found| found.pattern().as_u32()),
            );
        } else {
            // Without an automaton nothing is ruled out.
            out.extend(0..super::units::narrow(self.list.len()));
        }
    }

    /// Whether any of the pieces stands in a stored text.
    pub(crate) fn is_any_in(&self, text: &str) -> bool {
        let automaton = self.automaton.as_ref();
        automaton.is_none_or(|automaton| automaton.is_match(&plain_letters(text)))
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        let texts: usize = self.list.iter().map(|text| 24 + text.capacity()).sum();
        texts + self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage)
    }
}

/// Letters without case, each one a single character, so that what a regex takes for the same letter becomes the same.
pub(crate) fn plain_letters(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().map(plain_letter).collect()
}

fn plain_letter(c: char) -> char {
    match c {
        'ſ' => return 's',
        'ς' => return 'σ',
        // Cyrillic letters of old print, which a regex that ignores case takes for the plain ones.
        'ᲀ' => return 'в',
        'ᲁ' => return 'д',
        'ᲂ' => return 'о',
        'ᲃ' => return 'с',
        'ᲄ' | 'ᲅ' => return 'т',
        'ᲆ' => return 'ъ',
        'ᲇ' => return 'ѣ',
        _ => {}
    }
    let mut small = c.to_lowercase();
    match (small.next(), small.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The pieces one of which every match of a regex holds, in plain letters; none where no piece is sure.
pub(crate) fn of_regex(source: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(source).ok()?;
    let mut out = pieces(&hir)?;
    out.sort_unstable();
    out.dedup();
    Some(out)
}

/// How good a choice of pieces is: the length of the shortest.
fn worth(pieces: &[String]) -> usize {
    pieces.iter().map(String::len).min().unwrap_or(0)
}

fn pieces(hir: &Hir) -> Option<Vec<String>> {
    let found = match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => vec![exact(hir)?],
        HirKind::Capture(inner) => return pieces(&inner.sub),
        HirKind::Repetition(inner) if inner.min > 0 => return pieces(&inner.sub),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(pieces(part)?);
            }
            all
        }
        HirKind::Concat(parts) => return row(parts),
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => return None,
    };
    (worth(&found) >= SHORTEST && found.len() <= ALTERNATIVES).then_some(found)
}

/// Of parts in a row the best choice: what is literal side by side counts as one piece.
fn row(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut offer = |found: Vec<String>| {
        let better = best.as_ref().is_none_or(|best| worth(&found) > worth(best));
        if better && worth(&found) >= SHORTEST {
            best = Some(found);
        }
    };
    let mut run = String::new();
    for part in parts {
        if matches!(part.kind(), HirKind::Look(_) | HirKind::Empty) {
            continue;
        }
        if let Some(text) = exact(part) {
            run.push_str(&text);
            continue;
        }
        offer(vec![std::mem::take(&mut run)]);
        if let Some(found) = pieces(part) {
            offer(found);
        }
    }
    offer(vec![run]);
    best
}

/// The one text, in plain letters, that a literal or a letter in both cases matches.
fn exact(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(text.chars().map(plain_letter).collect())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let first = plain_letter(class.ranges().first()?.start());
            let mut chars = class.iter().flat_map(|range| range.start()..=range.end());
            let same = class.ranges().len() <= 8 && chars.all(|c| plain_letter(c) == first);
            same.then(|| first.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regex_tells_what_it_cannot_do_without() {
        for (source, expected) in [
            ("howitzer", Some(vec!["howitzer"])),
            (r"K-?[29]\b", None),
            (r"\bFA-50\b", Some(vec!["fa-50"])),
            ("(?i)tank", Some(vec!["tank"])),
            ("(?i)Straße", Some(vec!["straße"])),
            ("(?i)танк", Some(vec!["танк"])),
            ("(?:abc|xyz)+", Some(vec!["abc", "xyz"])),
            ("abc|d", None),
            ("(abc)?de", Some(vec!["de"])),
            ("ab+c", None),
            ("ab{0,3}cde", Some(vec!["cde"])),
            ("[0-9]+ tanks?", Some(vec![" tank"])),
            ("한화.*수출", Some(vec!["한화"])),
            ("[a-z]+", None),
            ("", None),
        ] {
            let found = of_regex(source);
            let expected: Option<Vec<String>> =
                expected.map(|list| list.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn pieces_are_found_whatever_their_case() {
        let literals = Literals::new(vec![
            "tank".to_owned(),
            "σας".replace('ς', "σ"),
            "한화".to_owned(),
        ]);
        let mut found = Vec::new();
        literals.find("한화 TANK ΣΑΣ", &mut found);
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2]);
    }
}
