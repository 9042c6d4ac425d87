//! Whether a text read in a legacy encoding looks like the languages that are written in it.
//!
//! The encodings of East Asia, and those of Russia, read each other's bytes without an error, so that a wrong label
//! shows in the letters alone. This only ever speaks against a label; what is right instead is guessed elsewhere.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_8859_5, KOI8_R, KOI8_U, SHIFT_JIS,
    WINDOWS_1251, WINDOWS_1252,
};

/// Characters outside ASCII looked at.
const MOST_LETTERS: usize = 4000;
/// Characters without which nothing is said.
const FEWEST_LETTERS: usize = 12;
/// Characters of which Chinese texts are full.
const COMMON: &str = "的一是在不了有和人大为中上国我以要他时来用们到作地于出就分对会可发年动同也能下过子说而后多定行学法所新部与\
                      為國時來們會對發動過說後學與個這";

/// Syllables of which Korean texts are full. What `Shift_JIS` gives when it is read as CP949 is all rare ones.
const COMMON_SYLLABLES: &str = "이다의가는에을를고로한하지은서기도사인수대정부시장전자";

/// What letters outside ASCII a text has.
#[derive(Default)]
struct Letters {
    /// Characters, letters or not.
    odd: usize,
    /// Characters behind two others that are not ASCII either.
    inner: usize,
    all: usize,
    hangul: usize,
    kana: usize,
    han: usize,
    common: usize,
    cyrillic: usize,
    capitals: usize,
    /// Small letters with a capital right behind.
    humps: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut found = Self::default();
        let (mut before, mut run) = (' ', 0_usize);
        for c in text.chars() {
            // A row of blanks or of one ornament is no word.
            let is_blank = c.is_ascii() || c.is_whitespace() || c == before;
            run = if is_blank { 0 } else { run + 1 };
            if !c.is_ascii() {
                found.count(c, before, run);
            }
            before = c;
            if found.odd >= MOST_LETTERS {
                break;
            }
        }
        found
    }

    /// Counts a character outside ASCII, the `run`-th of its row.
    fn count(&mut self, c: char, before: char, run: usize) {
        self.odd += 1;
        self.inner += usize::from(run >= 3);
        self.all += usize::from(c.is_alphabetic());
        match c {
            '\u{ac00}'..='\u{d7a3}' => {
                self.hangul += 1;
                self.common += usize::from(COMMON_SYLLABLES.contains(c));
            }
            '\u{3041}'..='\u{30fe}' => self.kana += 1,
            '\u{3400}'..='\u{9fff}' => {
                self.han += 1;
                self.common += usize::from(COMMON.contains(c));
            }
            '\u{400}'..='\u{45f}' => {
                self.cyrillic += 1;
                self.capitals += usize::from(c.is_uppercase());
                let is_hump = !before.is_ascii() && before.is_lowercase() && c.is_uppercase();
                self.humps += usize::from(is_hump);
            }
            _ => {}
        }
    }
}

/// Whether what was read in an encoding cannot be what was written in it.
pub(super) fn is_gibberish(encoding: &'static Encoding, text: &str) -> bool {
    let found = Letters::of(text);
    found.odd >= FEWEST_LETTERS && !is_plausible(encoding, &found)
}

fn is_plausible(encoding: &'static Encoding, found: &Letters) -> bool {
    if encoding == WINDOWS_1252 {
        // Letters with accents stand among plain ones.
        return found.inner * 4 <= found.odd;
    }
    if encoding == EUC_KR {
        return found.hangul * 10 >= found.all * 8 && found.common * 20 >= found.hangul;
    }
    if [SHIFT_JIS, EUC_JP].contains(&encoding) {
        return found.kana * 8 >= found.all && found.hangul == 0;
    }
    if [GB18030, GBK, BIG5].contains(&encoding) {
        return found.han * 10 >= found.all * 8 && found.common * 20 >= found.han;
    }
    if [WINDOWS_1251, KOI8_R, KOI8_U, ISO_8859_5, IBM866].contains(&encoding) {
        let signs = found.odd - found.all;
        return found.cyrillic * 10 >= found.all * 8
            && signs * 4 <= found.all
            && found.humps * 20 <= found.cyrillic
            && found.capitals * 2 <= found.cyrillic;
    }
    true
}
