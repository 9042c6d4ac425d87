//! Titles by which copies of one story are known across feeds, and an entry within its own.
//!
//! Nothing here decides what is one story or one entry.

use unicode_normalization::UnicodeNormalization;

/// Words (or, without spaces, letters) below which equal titles say nothing: "Breaking news", "[속보]".
const FEWEST_WORDS: usize = 3;
/// The same for Hangul, Han and kana letters.
const FEWEST_LETTERS: usize = 7;

/// A title folded for comparison between feeds; none where it is too short to tell one story from another.
///
/// A trailing ` - Publisher` or ` | Publisher` is dropped where it is `publisher`, the feed's own title.
#[must_use]
pub fn title_key(title: &str, publisher: Option<&str>) -> Option<String> {
    key_of(title, &fold(title), publisher)
}

/// The same where the title is folded already.
pub(super) fn key_of(title: &str, folded: &str, publisher: Option<&str>) -> Option<String> {
    let mut key = folded;
    if let Some(publisher) = publisher.filter(|_| has_separator(title)).map(fold)
        && !publisher.is_empty()
        && let Some(rest) = key.strip_suffix(publisher.as_str())
        && rest.ends_with(' ')
    {
        key = rest.trim_end();
    }
    let letters = key.chars().filter(|c| is_dense(*c)).count();
    let words = key.split(' ').filter(|word| !word.is_empty()).count();
    (words >= FEWEST_WORDS || letters >= FEWEST_LETTERS).then(|| key.to_owned())
}

/// True where a title has a mark that publishers put before their name.
fn has_separator(title: &str) -> bool {
    [" - ", " | ", " – ", " — ", " :: ", " · "]
        .iter()
        .any(|mark| title.contains(mark))
}

/// Letters and digits only, NFKC and lower-case, words parted by one space.
pub(in crate::domain) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.chars().all(is_plain) {
        for c in text.chars() {
            push_folded(&mut out, c.to_ascii_lowercase());
        }
    } else {
        for c in text.nfkc().flat_map(char::to_lowercase) {
            push_folded(&mut out, c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn push_folded(out: &mut String, c: char) {
    if matches!(c, 'a'..='z' | '0'..='9' | '가'..='힣') || c.is_alphanumeric() {
        out.push(c);
    } else if !out.is_empty()
        && !out.ends_with(' ')
        && !matches!(c, '\'' | '’' | '\u{200b}'..='\u{200d}')
    {
        out.push(' ');
    }
}

/// Quick answer for the common characters that NFKC leaves alone and that have one case, ASCII aside.
fn is_plain(c: char) -> bool {
    matches!(c, '\0'..='\u{7f}' | '\u{b7}' | '\u{2018}'..='\u{201d}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Scripts whose letters each carry about as much as half a word.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_quick_way_to_fold_a_title_gives_what_the_long_one_gives(
            text in "([ a-zA-Z0-9가-힣一-丂、“’'·-]|\\PC){0,24}",
        ) {
            let mut long = String::new();
            for c in text.nfkc().flat_map(char::to_lowercase) {
                push_folded(&mut long, c);
            }
            proptest::prop_assert_eq!(fold(&text), long.trim_end());
        }
    }
}
