//! Korean words of headlines without what hangs on them: particles and the endings of verbs made of nouns.
//!
//! A short list that is good enough to compare by; the full one, which decides matches, is in `domain::matching`.

/// Particles, longest first; with what the syllable before must end in.
const PARTICLES: &[(&str, Before)] = &[
    ("으로부터", Before::Consonant),
    ("에서는", Before::Any),
    ("에서도", Before::Any),
    ("에게서", Before::Any),
    ("로부터", Before::Any),
    ("과의", Before::Consonant),
    ("와의", Before::Vowel),
    ("에서", Before::Any),
    ("에게", Before::Any),
    ("에는", Before::Any),
    ("에도", Before::Any),
    ("까지", Before::Any),
    ("부터", Before::Any),
    ("보다", Before::Any),
    ("처럼", Before::Any),
    ("으로", Before::Consonant),
    ("이라", Before::Consonant),
    ("에선", Before::Any),
    ("서도", Before::Any),
    ("로", Before::VowelOrRieul),
    ("와", Before::Vowel),
    ("과", Before::Consonant),
    ("을", Before::Consonant),
    ("를", Before::Vowel),
    ("이", Before::Consonant),
    ("가", Before::Vowel),
    ("은", Before::Consonant),
    ("는", Before::Vowel),
    ("의", Before::Any),
    ("에", Before::Any),
    ("도", Before::Any),
    ("만", Before::Any),
    ("서", Before::Any),
];

/// What makes a verb of a noun.
const ENDINGS: &[&str] = &[
    "하기로했다",
    "하기로",
    "키로",
    "했다",
    "한다",
    "하며",
    "하고",
    "하나",
    "할까",
    "한",
    "할",
    "해",
    "됐다",
    "된다",
    "되나",
    "될",
    "된",
    "돼",
    "한다고",
    "했다고",
    "시킨다",
    "시켜",
    "하려",
    "이다",
    "인",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Any,
    Vowel,
    Consonant,
    VowelOrRieul,
}

impl Before {
    fn fits(self, last: char) -> bool {
        let code = u32::from(last);
        let end = if (0xAC00..=0xD7A3).contains(&code) {
            (code - 0xAC00) % 28
        } else {
            0
        };
        match self {
            Self::Any => true,
            Self::Vowel => end == 0,
            Self::Consonant => end != 0,
            Self::VowelOrRieul => end == 0 || end == 8,
        }
    }
}

/// `word` without a particle or ending, if two syllables are left.
pub(super) fn bare(word: &str) -> &str {
    let two = |rest: &&str| rest.chars().count() >= 2;
    for (particle, before) in PARTICLES {
        if let Some(rest) = word.strip_suffix(particle).filter(two)
            && rest.chars().last().is_some_and(|last| before.fits(last))
        {
            return rest;
        }
    }
    ENDINGS
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(two))
        .unwrap_or(word)
}

/// Whether a word is a particle and nothing more.
pub(super) fn is_particle(word: &str) -> bool {
    PARTICLES.iter().any(|(particle, _)| *particle == word)
}

/// Whether one Hangul word is a short form of the other: its beginning or end, or its first syllable and others in
/// order (`방사청`, `방위사업청`).
pub(super) fn is_short_form(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let syllables = short.chars().count();
    if syllables < 2 {
        return false;
    }
    if long.starts_with(short) || long.ends_with(short) {
        return true;
    }
    // `한은`, `한국은행`; `합참`, `합동참모본부`
    if syllables == 2 && long.chars().count() >= 4 {
        return short.chars().eq(long.chars().step_by(2).take(2));
    }
    let mut rest = long.chars();
    let first = rest.next() == short.chars().next();
    first && syllables >= 3 && short.chars().skip(1).all(|c| rest.any(|other| other == c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_come_off_where_they_fit() {
        for (word, expected) in [
            ("루마니아와", "루마니아"),
            ("노르웨이", "노르웨이"),
            ("폴란드에", "폴란드"),
            ("한화는", "한화"),
            ("국가", "국가"),
            ("공군이", "공군"),
            ("체결했다", "체결"),
            ("수출한다", "수출"),
            ("서울에서는", "서울"),
        ] {
            assert_eq!(bare(word), expected, "{word}");
        }
    }

    #[test]
    fn short_forms_are_known() {
        for (short, long) in [
            ("방사청", "방위사업청"),
            ("한은", "한국은행"),
            ("현대차", "현대자동차"),
            ("로템", "현대로템"),
            ("한화", "한화오션"),
        ] {
            assert!(
                is_short_form(short, long) && is_short_form(long, short),
                "{short}"
            );
        }
        assert!(!is_short_form("한화오션", "한화에어로"));
        assert!(!is_short_form("남해", "북해"));
    }
}
