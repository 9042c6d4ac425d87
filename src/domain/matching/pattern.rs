//! Patterns: a term, phrase or alias as symbols to be walked through the trie, and how it may end.
//!
//! What a pattern means in a rule (scope, operators) is not known here.

use super::super::rule::doubts::ROMAN;
use super::fold::source_end;
use super::script::Kind;
use super::units::{Gap, Unit, Units};

/// A separator, not optional: between words of one script that parts words by spaces.
pub(crate) const GAP: u32 = 0x0011_0000;
/// A separator or nothing: between Hangul, Han or kana pieces, where the script changes, and between a number and the word
/// behind it.
pub(crate) const OPTIONAL: u32 = 0x0011_0001;
/// Nothing, or a single hyphen, dot or space: between letters and digits.
pub(crate) const JOINT: u32 = 0x0011_0002;
/// The dot of an initialism.
pub(crate) const INITIAL: u32 = 0x0011_0003;

/// How a pattern may end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum End {
    /// At the end of a word, or before a Hangul tail.
    Closed,
    /// At the end of a word, without a tail: inside a phrase.
    Whole,
    /// Anywhere; the rest of the word belongs to it (`term*`).
    Open,
    /// The rest of the word fits these pieces.
    Glob(Box<[Wild]>),
}

/// A piece behind the first wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wild {
    /// `*`
    Any,
    /// `?`
    One,
    /// This character.
    Is(char),
}

/// The text of a verbatim term, in NFC, taken apart at its first and last letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Verbatim {
    /// What must stand before the first letter.
    pub lead: String,
    /// From the first letter to the last.
    pub core: String,
    /// What must stand behind the last letter.
    pub trail: String,
}

/// What one leaf looks for in one spelling; equal patterns are kept once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Pattern {
    /// Folded characters, and the symbols above between units.
    pub symbols: Vec<u32>,
    /// How it may end.
    pub end: End,
    /// For verbatim terms: what the stored text must be.
    pub verbatim: Option<Box<Verbatim>>,
    /// The last letter of the stored text must not be Latin, though it was taken for Latin (MAT-13).
    pub lookalike: bool,
}

impl Pattern {
    fn new(units: &Units, end: End) -> Self {
        Self {
            symbols: symbols(units, matches!(end, End::Glob(_) | End::Open)),
            end,
            verbatim: None,
            lookalike: false,
        }
    }

    /// A word with the Arabic article as it stands behind the preposition ل, which swallows the alif: الصين in للصين. Of
    /// three lam two are left: اللغة in للغة.
    fn behind_lam(&self) -> Option<Self> {
        const ALIF: u32 = 'ا' as u32;
        const LAM: u32 = 'ل' as u32;
        let rest = match &*self.symbols {
            [ALIF, LAM, LAM, ..] => &self.symbols[2..],
            [ALIF, LAM, letter, ..] if *letter < GAP => &self.symbols[1..],
            [ALIF, LAM] if matches!(self.end, End::Open | End::Glob(_)) => &self.symbols[1..],
            _ => return None,
        };
        let symbols = [&[LAM], rest].concat();
        Some(Self {
            symbols,
            ..self.clone()
        })
    }
}

/// Whether a term may begin with the article ال: not with a hamza, which folds to the same alif (إلكتروني).
fn begins_with_article(text: &str) -> bool {
    use unicode_normalization::UnicodeNormalization;
    let mut letters = text.nfkc().filter(|c| c.is_alphanumeric());
    matches!(letters.next(), Some('ا' | 'ٱ'))
}

/// Why a term cannot be a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// No letter or digit is left after folding.
    Empty,
    /// It begins with a wildcard.
    LeadingWildcard,
    /// Fewer than two characters before `*`.
    ShortWildcard,
    /// A separator behind the first wildcard of a word.
    WildcardAcrossWords,
}

/// A term or the words of a phrase, in all spellings that it is found in.
pub(crate) fn term(text: &str, end: &End) -> Result<Vec<Pattern>, Unfit> {
    let mut out = spellings(text, end)?;
    let swallowed: Vec<Pattern> = out.iter().filter_map(Pattern::behind_lam).collect();
    if !swallowed.is_empty() && begins_with_article(text) {
        out.extend(swallowed);
    }
    Ok(out)
}

/// A term or the words of a phrase, in the spellings it stands for, whatever is written in front of it.
pub(crate) fn spellings(text: &str, end: &End) -> Result<Vec<Pattern>, Unfit> {
    let wild = wildcard(text);
    let (head, rest) = text.split_at(wild.unwrap_or(text.len()));
    let units = Units::of(head);
    let Some(last) = units.list.last().copied() else {
        return Err(match wild {
            Some(_) => Unfit::LeadingWildcard,
            None => Unfit::Empty,
        });
    };
    let end = if wild.is_some() {
        if !ends_in_letter(head, &units) {
            return Err(Unfit::LeadingWildcard);
        }
        let is_short = !last.kind.stands_alone() && word_length(&units) < 2;
        if is_short && rest.starts_with('*') {
            return Err(Unfit::ShortWildcard);
        }
        glob(rest)?
    } else {
        end.clone()
    };
    let mut out = vec![Pattern::new(&units, end.clone())];
    if wild.is_none()
        && let Some(arabic) = arabic_spelling(text, &units)
    {
        out.push(Pattern::new(&Units::of(&arabic), end.clone()));
    }
    // `ТОС` in `ТОС-1А`, whose letters were taken for Latin.
    out.extend(units.before_a_number().map(|units| Pattern {
        lookalike: true,
        ..Pattern::new(&units, end)
    }));
    Ok(out)
}

/// A verbatim term, in the spellings that it may have been folded to; none if it holds no letter or digit.
pub(crate) fn verbatim(text: &str) -> Vec<Pattern> {
    use unicode_normalization::UnicodeNormalization;
    let text: String = text.nfc().collect();
    let units = Units::of(&text);
    let (Some(first), Some(last)) = (units.starts.first(), units.starts.last()) else {
        return Vec::new();
    };
    let (first, end) = (*first as usize, source_end(&text, *last as usize));
    let stored = Verbatim {
        lead: text[..first].to_owned(),
        core: text[first..end].to_owned(),
        trail: text[end..].to_owned(),
    };
    let of = |units: &Units| Pattern {
        verbatim: Some(Box::new(stored.clone())),
        ..Pattern::new(units, End::Closed)
    };
    let mut out = vec![of(&units)];
    out.extend(units.before_a_number().as_ref().map(of));
    out
}

/// Byte of the first wildcard: `*` anywhere, `?` where a letter or digit can stand for it.
pub(crate) fn wildcard(text: &str) -> Option<usize> {
    text.find(['*', '?'])
}

/// Whether the last character before a wildcard is a letter or digit of the last unit.
fn ends_in_letter(head: &str, units: &Units) -> bool {
    units
        .starts
        .last()
        .is_some_and(|start| source_end(head, *start as usize) == head.len())
}

/// Characters of the last word of a head; a number behind letters is of their word (`천궁 2*`).
fn word_length(units: &Units) -> u32 {
    let mut length = 0;
    for (at, unit) in units.list.iter().enumerate().rev() {
        length += unit.end - unit.start;
        let before = at.checked_sub(1).map(|at| units.list[at].kind);
        let numbered = unit.kind == Kind::Digit && before.is_some_and(Kind::is_letter);
        if !unit.gap.is_joint() || unit.gap == Gap::Space && !numbered {
            break;
        }
    }
    length
}

fn glob(rest: &str) -> Result<End, Unfit> {
    if rest == "*" {
        return Ok(End::Open);
    }
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, sign) in rest.match_indices(['*', '?']) {
        literal(&rest[from..at], &mut pieces)?;
        pieces.push(if sign == "*" { Wild::Any } else { Wild::One });
        from = at + 1;
    }
    literal(&rest[from..], &mut pieces)?;
    pieces.dedup_by(|a, b| *a == Wild::Any && *b == Wild::Any);
    Ok(End::Glob(pieces.into()))
}

fn literal(text: &str, out: &mut Vec<Wild>) -> Result<(), Unfit> {
    if text.is_empty() {
        return Ok(());
    }
    let units = Units::of(text);
    let joined = units.list.iter().skip(1).all(|unit| unit.gap == Gap::None);
    let whole = units.starts.first() == Some(&0) && ends_in_letter(text, &units);
    if !joined || !whole {
        return Err(Unfit::WildcardAcrossWords);
    }
    out.extend(units.chars.iter().map(|c| Wild::Is(*c)));
    Ok(())
}

/// The symbols of units, of which the last word may go on.
fn symbols(units: &Units, goes_on: bool) -> Vec<u32> {
    let mut out = Vec::with_capacity(units.chars.len() + units.list.len());
    let mut before: Option<Unit> = None;
    for (at, unit) in units.list.iter().enumerate() {
        if let Some(before) = before {
            let next = units.list.get(at + 1);
            // The F of `U.S. F-16`, the t of `U.S. t?nk`.
            let begins_word = next.map_or(goes_on, |next| {
                next.kind == Kind::Digit && next.gap.is_joint()
            });
            out.push(match between(before, *unit) {
                INITIAL if begins_word => GAP,
                symbol => symbol,
            });
        }
        let letters = &units.chars[unit.start as usize..unit.end as usize];
        out.extend(letters.iter().map(|c| u32::from(*c)));
        before = Some(*unit);
    }
    out
}

/// What a pattern asks for between two of its units.
fn between(left: Unit, right: Unit) -> u32 {
    if left.kind.is_letter() != right.kind.is_letter() {
        // `K 9` is one term, `K9 Thunder` two words: they bear any separator (MAT-25).
        let parts_words = left.kind == Kind::Digit && right.gap == Gap::Space;
        return match right.gap.is_joint() {
            true if parts_words => OPTIONAL,
            true => JOINT,
            false => GAP,
        };
    }
    if left.kind == Kind::Digit {
        return GAP;
    }
    if left.kind.stands_alone() || right.kind.stands_alone() || right.gap == Gap::None {
        return OPTIONAL;
    }
    if is_initial(left, right) {
        return INITIAL;
    }
    GAP
}

/// `U.S.`, `U. S.`
pub(crate) fn is_initial(left: Unit, right: Unit) -> bool {
    matches!(right.gap, Gap::Dot | Gap::DotSpace)
        && left.kind.is_spaced()
        && left.kind == right.kind
        && left.end - left.start == 1
        && right.end - right.start == 1
}

/// `천궁-II` as `천궁-2`: roman II…IX in capitals behind a letter unit (MAT-12).
fn arabic_spelling(text: &str, units: &Units) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for pair in units.list.windows(2) {
        let (before, unit) = (pair[0], pair[1]);
        if !before.kind.is_letter() || unit.kind != Kind::Latin {
            continue;
        }
        let start = units.starts[unit.start as usize] as usize;
        let end = source_end(text, units.starts[unit.end as usize - 1] as usize);
        let capitals: String = {
            use unicode_normalization::UnicodeNormalization;
            text[start..end].nfkc().collect()
        };
        if let Some((_, value)) = ROMAN.into_iter().find(|(roman, _)| *roman == capitals) {
            out.push_str(&text[from..start]);
            out.push(value);
            from = end;
        }
    }
    if from == 0 {
        return None;
    }
    out.push_str(&text[from..]);
    Some(out)
}

/// Whether the characters fit the pieces of a glob, whole.
pub(crate) fn fits(pieces: &[Wild], chars: &[char]) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match pieces.get(piece) {
            Some(Wild::Any) => {
                retry = Some((piece, at));
                piece += 1;
                continue;
            }
            Some(Wild::One) => at < chars.len(),
            Some(Wild::Is(c)) => chars.get(at) == Some(c),
            None if at == chars.len() => return true,
            None => false,
        };
        if step {
            piece += 1;
            at += 1;
            continue;
        }
        match retry {
            Some((any, from)) if from < chars.len() => {
                retry = Some((any, from + 1));
                piece = any + 1;
                at = from + 1;
            }
            _ => return false,
        }
    }
}

/// In phrases and names `?` is a wildcard only inside a word.
pub(crate) fn without_question_marks(text: &str) -> String {
    let mut chars = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let inside = chars
            .peek()
            .is_some_and(|next| next.is_alphanumeric() || matches!(next, '?' | '*'));
        out.push(if c == '?' && !inside { ' ' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_fit_whole_words() {
        let pieces = |text: &str| match glob(text).unwrap() {
            End::Glob(pieces) => pieces,
            _ => [Wild::Any].into(),
        };
        for (glob, word, expected) in [
            ("?ation", "sation", true),
            ("?ation", "ation", false),
            ("*er", "itzer", true),
            ("*er", "er", true),
            ("*er", "ers", false),
            ("*a*b", "xxaxxbxb", true),
            ("??", "ab", true),
            ("??", "a", false),
            ("*", "", true),
        ] {
            let chars: Vec<char> = word.chars().collect();
            assert_eq!(fits(&pieces(glob), &chars), expected, "{glob} {word}");
        }
    }

    #[test]
    fn roman_numerals_have_a_second_spelling() {
        for (text, count) in [
            ("천궁-II", 2),
            ("천궁Ⅱ", 2),
            ("KM-SAM II", 2),
            ("Block IX", 2),
            ("II", 1),
            ("천궁-V", 1),
            ("천궁-ii", 1),
        ] {
            assert_eq!(term(text, &End::Closed).unwrap().len(), count, "{text}");
        }
        assert_eq!(
            term("천궁-II", &End::Closed).unwrap()[1],
            term("천궁2", &End::Closed).unwrap()[0]
        );
    }

    #[test]
    fn wildcards_need_a_beginning() {
        for (text, unfit) in [
            ("k*", Unfit::ShortWildcard),
            ("*tank", Unfit::LeadingWildcard),
            ("-*", Unfit::LeadingWildcard),
            ("K-*", Unfit::LeadingWildcard),
            ("---", Unfit::Empty),
            ("K9 2*", Unfit::ShortWildcard),
            ("ab*c-d", Unfit::WildcardAcrossWords),
        ] {
            assert_eq!(term(text, &End::Closed), Err(unfit), "{text}");
        }
        for text in ["한*", "K9*", "how*er", "戦*", "K?", "천궁 2*", "K 9*"] {
            assert!(term(text, &End::Closed).is_ok(), "{text}");
        }
    }
}
