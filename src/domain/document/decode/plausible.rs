//! Whether a text read in a legacy encoding looks like the languages that are written in it.
//!
//! The encodings of East Asia, and those of Russia, read each other's bytes without an error, so that a wrong label
//! shows in the letters alone. This only ever speaks against a label; what is right instead is guessed elsewhere.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_8859_5, KOI8_R, KOI8_U, SHIFT_JIS,
    WINDOWS_1251,
};

/// Letters looked at.
const MOST_LETTERS: usize = 4000;
/// Letters without which nothing is said.
const FEWEST_LETTERS: usize = 12;
/// Characters of which Chinese texts are full.
const COMMON: &str = "的一是在不了有和人大为中上国我以要他时来用们到作地于出就分对会可发年动同也能下过子说而后多定行学法所新部与\
                      為國時來們會對發動過說後學與個這";

/// What letters a text has.
#[derive(Default)]
struct Letters {
    all: usize,
    hangul: usize,
    kana: usize,
    han: usize,
    common: usize,
    cyrillic: usize,
    /// Small letters with a capital right behind.
    humps: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut found = Self::default();
        let mut was_small = false;
        let odd = text
            .chars()
            .filter(|c| !c.is_ascii() || *c == ' ' || *c == '<');
        for c in odd {
            let is_letter = c.is_alphabetic();
            found.all += usize::from(is_letter);
            match c {
                '\u{ac00}'..='\u{d7a3}' => found.hangul += 1,
                '\u{3041}'..='\u{30fe}' => found.kana += 1,
                '\u{3400}'..='\u{9fff}' => {
                    found.han += 1;
                    found.common += usize::from(COMMON.contains(c));
                }
                '\u{400}'..='\u{45f}' => {
                    found.cyrillic += 1;
                    found.humps += usize::from(was_small && c.is_uppercase());
                }
                _ => {}
            }
            was_small = c.is_lowercase();
            if found.all >= MOST_LETTERS {
                break;
            }
        }
        found
    }
}

/// Whether what was read in an encoding cannot be what was written in it.
pub(super) fn is_gibberish(encoding: &'static Encoding, text: &str) -> bool {
    let found = Letters::of(text);
    found.all >= FEWEST_LETTERS && !is_plausible(encoding, &found)
}

fn is_plausible(encoding: &'static Encoding, found: &Letters) -> bool {
    if encoding == EUC_KR {
        return found.hangul * 10 >= found.all * 8;
    }
    if [SHIFT_JIS, EUC_JP].contains(&encoding) {
        return found.kana * 8 >= found.all && found.hangul == 0;
    }
    if [GB18030, GBK, BIG5].contains(&encoding) {
        return found.han * 10 >= found.all * 8 && found.common * 20 >= found.han;
    }
    if [WINDOWS_1251, KOI8_R, KOI8_U, ISO_8859_5, IBM866].contains(&encoding) {
        return found.cyrillic * 10 >= found.all * 8 && found.humps * 20 <= found.cyrillic;
    }
    true
}
