//! Kinds of letters: what may stand together in a unit, and where a word begins and ends.
//!
//! Only what matching needs is told apart; this is no full table of Unicode scripts.

use unicode_normalization::char::is_combining_mark;

/// The kind of a unit: letters of one kind, or digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Digit,
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    /// Any other script that parts words by spaces.
    Spaced,
    Hangul,
    /// Han, kana, Thai and others that do not part words: a term may begin and end at any character.
    Dense,
}

impl Kind {
    /// Letters of a script that parts words by spaces.
    #[inline]
    pub(crate) fn is_spaced(self) -> bool {
        !matches!(self, Self::Digit | Self::Hangul | Self::Dense)
    }

    /// Letters of any script.
    #[inline]
    pub(crate) fn is_letter(self) -> bool {
        self != Self::Digit
    }

    /// Whether a unit of this kind is a word of its own, whatever is joined to it.
    #[inline]
    pub(crate) fn stands_alone(self) -> bool {
        matches!(self, Self::Hangul | Self::Dense)
    }
}

/// Whether a word ends between two units that touch.
#[inline]
pub(crate) fn is_border(left: Kind, right: Kind) -> bool {
    left.stands_alone() || right.stands_alone()
}

/// The kind of a folded character; none for what separates.
pub(crate) fn kind_of(c: char) -> Option<Kind> {
    if c.is_ascii() {
        return if c.is_ascii_alphabetic() {
            Some(Kind::Latin)
        } else if c.is_ascii_digit() {
            Some(Kind::Digit)
        } else {
            None
        };
    }
    let kind = match u32::from(c) {
        0xAC00..=0xD7A3 => return Some(Kind::Hangul),
        // Marks of all scripts: the tables that would say so are slow.
        0x0300..=0x036F => return Some(Kind::Spaced),
        0xD7A4..=0xD7FF | 0x1100..=0x11FF | 0x3131..=0x318E | 0xA960..=0xA97F => Kind::Hangul,
        0x3005..=0x3007
        | 0x3040..=0x312F
        | 0x31A0..=0x31BF
        | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF
        | 0x1AFF0..=0x1B16F
        | 0x0002_0000..=0x0003_FFFF
        | 0x0E00..=0x0EFF
        | 0x1000..=0x109F
        | 0x1780..=0x17FF => Kind::Dense,
        0x00C0..=0x02AF | 0x1E00..=0x1EFF | 0x2C60..=0x2C7F | 0xA720..=0xA7FF | 0xAB30..=0xAB6F => {
            Kind::Latin
        }
        0x0370..=0x03FF | 0x1F00..=0x1FFF => Kind::Greek,
        0x0400..=0x052F | 0x1C80..=0x1C8F | 0x2DE0..=0x2DFF | 0xA640..=0xA69F => Kind::Cyrillic,
        0x0590..=0x05FF => Kind::Hebrew,
        0x0600..=0x06FF | 0x0750..=0x077F | 0x0870..=0x08FF => Kind::Arabic,
        _ => Kind::Spaced,
    };
    if is_surely_a_letter(c) {
        return Some(kind);
    }
    if c.is_numeric() && kind != Kind::Dense {
        return Some(Kind::Digit);
    }
    (c.is_alphanumeric() || is_combining_mark(c)).then_some(kind)
}

/// Ranges that hold letters and nothing else, so that most text needs no look into the tables of Unicode.
fn is_surely_a_letter(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00C0..=0x00D6
            | 0x00D8..=0x00F6
            | 0x00F8..=0x02AF
            | 0x0391..=0x03A1
            | 0x03A3..=0x03F5
            | 0x0400..=0x0481
            | 0x048A..=0x052F
            | 0x05D0..=0x05EA
            | 0x0620..=0x063F
            | 0x0641..=0x064A
            | 0x0E01..=0x0E30
            | 0x1E00..=0x1EFF
            | 0x3041..=0x3096
            | 0x30A1..=0x30FA
            | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF
    )
}

/// The Latin letter that a Cyrillic or Greek one is mistaken for; `small` takes small letters too.
pub(crate) fn latin_lookalike(c: char, small: bool) -> Option<char> {
    let capital = match c {
        'А' | 'Α' => 'a',
        'В' | 'Β' => 'b',
        'Е' | 'Ε' => 'e',
        'Ζ' => 'z',
        'К' | 'Κ' => 'k',
        'М' | 'Μ' => 'm',
        'Н' | 'Η' => 'h',
        'О' | 'Ο' => 'o',
        'Р' | 'Ρ' => 'p',
        'С' => 'c',
        'Т' | 'Τ' => 't',
        'Х' | 'Χ' => 'x',
        'І' | 'Ι' => 'i',
        'Ν' => 'n',
        'Υ' => 'y',
        'Ѕ' => 's',
        'Ј' => 'j',
        _ => '\0',
    };
    if capital != '\0' {
        return Some(capital);
    }
    let letter = match c {
        'а' => 'a',
        'е' => 'e',
        'о' | 'ο' => 'o',
        'р' => 'p',
        'с' => 'c',
        'у' => 'y',
        'х' => 'x',
        'і' => 'i',
        'ѕ' => 's',
        'ј' => 'j',
        _ => return None,
    };
    small.then_some(letter)
}

/// The value of a decimal digit of any script.
pub(crate) fn decimal_value(c: char) -> Option<char> {
    const ZEROS: [u32; 37] = [
        0x0660,
        0x06F0,
        0x07C0,
        0x0966,
        0x09E6,
        0x0A66,
        0x0AE6,
        0x0B66,
        0x0BE6,
        0x0C66,
        0x0CE6,
        0x0D66,
        0x0DE6,
        0x0E50,
        0x0ED0,
        0x0F20,
        0x1040,
        0x1090,
        0x17E0,
        0x1810,
        0x1946,
        0x19D0,
        0x1A80,
        0x1A90,
        0x1B50,
        0x1BB0,
        0x1C40,
        0x1C50,
        0xA620,
        0xA8D0,
        0xA900,
        0xA9D0,
        0xA9F0,
        0xAA50,
        0xABF0,
        0xFF10,
        0x0001_E950,
    ];
    let code = u32::from(c);
    let at = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
    char::from_digit(code - ZEROS[at], 10)
}

/// Proclitics of Arabic (folded): a term may begin after one of them. A term that has the article itself is found behind
/// ل by its second spelling (see `pattern`).
pub(crate) const ARABIC_PROCLITICS: [&str; 20] = [
    "و", "ف", "ب", "ك", "ل", "س", "ال", "وال", "فال", "بال", "كال", "لل", "ول", "ولل", "وب",
    "وبال", "فل", "فلل", "فب", "فبال",
];

/// Proclitics of Hebrew: a term may begin after one of them.
pub(crate) const HEBREW_PROCLITICS: [&str; 12] = [
    "ו", "ה", "ב", "כ", "ל", "מ", "ש", "וה", "וב", "ול", "שה", "מה",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_the_kind_that_boundaries_need() {
        for (c, kind) in [
            ('k', Some(Kind::Latin)),
            ('9', Some(Kind::Digit)),
            ('한', Some(Kind::Hangul)),
            ('戦', Some(Kind::Dense)),
            ('ハ', Some(Kind::Dense)),
            ('ร', Some(Kind::Dense)),
            ('ж', Some(Kind::Cyrillic)),
            ('ك', Some(Kind::Arabic)),
            ('ह', Some(Kind::Spaced)),
            ('-', None),
            ('·', None),
            ('€', None),
        ] {
            assert_eq!(kind_of(c), kind, "{c}");
        }
    }

    #[test]
    fn what_is_surely_a_letter_is_one() {
        for c in ('\u{80}'..=char::MAX).filter(|c| is_surely_a_letter(*c)) {
            assert!(c.is_alphabetic() && !c.is_numeric(), "{c:?}");
        }
    }

    #[test]
    fn digits_of_every_script_have_a_value() {
        assert_eq!(decimal_value('٩'), Some('9'));
        assert_eq!(decimal_value('०'), Some('0'));
        assert_eq!(decimal_value('７'), Some('7'));
        assert_eq!(decimal_value('x'), None);
    }
}
