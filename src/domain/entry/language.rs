//! What an entry is written in, when neither config nor the document says, or the document says nonsense.
//!
//! Scripts are certain, statistics are not: a guess counts only where the text is long enough for it. No
//! translation, no per-word languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::{Lang, Script};

/// Letters that a guess by statistics needs.
const FEWEST_LETTERS: usize = 24;

/// Bytes that a guess looks at: two sentences tell as much as a page.
const GUESS_FROM: usize = 300;

/// Texts of one document that statistics must judge alike before the next need not be asked about.
const ALIKE: usize = 3;

/// Letters that are counted.
const MOST_LETTERS: usize = 4000;

/// Letters of a text by script.
#[derive(Clone, Copy, Debug, Default)]
struct Letters {
    hangul: usize,
    kana: usize,
    han: usize,
    latin: usize,
    all: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self::default();
        for c in text.chars() {
            match c {
                'a'..='z' | 'A'..='Z' => letters.latin += 1,
                '\0'..='\u{7f}' => continue,
                '\u{ac00}'..='\u{d7a3}' => letters.hangul += 1,
                c if !c.is_alphabetic() => continue,
                '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' => letters.hangul += 1,
                '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => {
                    letters.kana += 1;
                }
                '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
                    letters.han += 1;
                }
                '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => letters.latin += 1,
                _ => {}
            }
            letters.all += 1;
            if letters.all == MOST_LETTERS {
                break;
            }
        }
        letters
    }

    /// Korean, Japanese or Chinese, where enough letters are theirs. One such letter says as much as two Latin.
    fn east_asian(self) -> Option<(&'static str, f32)> {
        let theirs = self.hangul + self.kana + self.han;
        if theirs == 0 || theirs * 5 < self.all {
            return None;
        }
        if self.hangul >= self.kana && self.hangul * 4 >= theirs {
            return Some(("ko", 1.0));
        }
        if self.kana * 10 >= theirs {
            return Some(("ja", 1.0));
        }
        Some(("zh", 0.9))
    }
}

/// The language of a text (primary subtag) and how sure that is, from 0 to 1; none where it cannot be told.
#[must_use]
pub fn detect(text: &str) -> Option<(String, f32)> {
    let (language, confidence) = Guesses::default().detect(text)?;
    Some((language.to_owned(), confidence))
}

/// What the texts of one document were taken for, in their order.
///
/// Statistics cost more than all else that is done to an entry, and a document is nearly always written in one
/// language: once some texts in Latin letters came out alike, the next is taken for the same, unless its
/// small words are another language's.
#[derive(Clone, Debug, Default)]
pub struct Guesses {
    last: Option<&'static str>,
    /// How many came out like the last.
    alike: usize,
    /// Letters that were looked at in the longest of them.
    longest: usize,
}

impl Guesses {
    /// [`detect`] for the next text of the document.
    fn detect(&mut self, text: &str) -> Option<(&'static str, f32)> {
        let letters = Letters::of(text);
        if letters.all == 0 {
            return None;
        }
        if let Some(found) = letters.east_asian() {
            return Some(found);
        }
        let text = &text[..text.floor_char_boundary(GUESS_FROM)];
        if letters.latin * 10 < letters.all * 9 {
            return by_statistics(text, letters);
        }
        if self.alike >= ALIKE && self.covers(text, letters) {
            return self.last.map(|language| (language, 0.5));
        }
        let found = by_statistics(text, letters);
        let language = found.map(|(language, _)| language);
        if language != self.last {
            *self = Self {
                last: language,
                ..Self::default()
            };
        }
        self.alike += 1;
        self.longest = self.longest.max(letters.all.min(GUESS_FROM));
        found
    }

    /// Whether nothing in a text speaks against what the last ones came out as.
    fn covers(&self, text: &str, letters: Letters) -> bool {
        let small = SmallWords::in_text(text);
        match self.last {
            Some(language) => small.best().contains(&language),
            // No more of it than of those that could not be told.
            None => small.most() == 0 && letters.all.min(GUESS_FROM) <= self.longest,
        }
    }
}

/// The language by the frequency of letters, else by small words.
fn by_statistics(text: &str, letters: Letters) -> Option<(&'static str, f32)> {
    let info = whatlang::detect(text)?;
    let shared = matches!(
        info.script(),
        Script::Latin | Script::Cyrillic | Script::Arabic | Script::Devanagari | Script::Hebrew
    );
    let sure = !shared || (info.is_reliable() && letters.all >= FEWEST_LETTERS);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a confidence needs no more digits"
    )]
    let confidence = info.confidence() as f32;
    if sure {
        return Some((code(info.lang()), confidence));
    }
    let guess = code(info.lang());
    let language = (info.script() == Script::Latin).then(|| by_small_words(text, guess))??;
    Some((language, 0.5))
}

/// The small words of the Latin languages that headlines are written in: too few letters for statistics,
/// but hardly a headline is without one.
const SMALL_WORDS: [(&str, &str); 14] = [
    (
        "en",
        "the of to for in on with and from by as at is are was be will would has have its his her their this \
         that not no more than how why what who into up out off after over amid against says said new first \
         between about could may can",
    ),
    (
        "de",
        "der die das und für mit von im zu auf bei nach über ein eine einen dem den des ist sind wird nicht aus \
         vor gegen will an um wie soll neue neuer",
    ),
    (
        "fr",
        "le la les des du de et en un une pour avec sur dans par au aux que qui est sont pas plus après contre \
         entre ses son sa",
    ),
    (
        "es",
        "el la los las de del y en un una para con por que se su es al no más tras sobre entre contra como",
    ),
    (
        "it",
        "il lo la i gli le di del della dei e in un una per con su che da al alla non più tra contro nel",
    ),
    (
        "pt",
        "o a os as de do da dos das e em um uma para com por que no na não mais após sobre entre contra ao",
    ),
    (
        "nl",
        "de het een en van voor met op te in aan bij naar uit over door niet is zijn wordt tegen na om dat",
    ),
    (
        "pl",
        "i w z na do od za po dla o się nie jest są przez nad pod przed że to jak we ze ma oraz dwa nowe",
    ),
    (
        "ro",
        "și de la în din pe cu pentru a al ale o un că nu mai este sunt prin despre după între va fi lui",
    ),
    (
        "cs",
        "a v na do od za po pro o se si je jsou s z že k ve ze jak nové",
    ),
    (
        "tr",
        "ve bir bu için ile de da ne çok en daha olan gibi kadar sonra yeni ilk",
    ),
    (
        "sv",
        "och i att en ett på av för med till från som är om vid inte efter över ny nya",
    ),
    (
        "no",
        "og i å en et på av for med til fra som er om ved ikke etter over ny nye vil skal ha har",
    ),
    (
        "fi",
        "ja on ei se että kuin myös mutta jo yli uusi ovat oli sekä kun",
    ),
];

/// How many small words of each language a text has.
struct SmallWords([usize; SMALL_WORDS.len()]);

impl SmallWords {
    fn in_text(text: &str) -> Self {
        /// The languages of each small word, one bit each.
        static LANGUAGES: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
            let mut languages: HashMap<&str, u16> = HashMap::new();
            for (at, (_, words)) in SMALL_WORDS.iter().enumerate() {
                for word in words.split_whitespace() {
                    *languages.entry(word).or_default() |= 1 << at;
                }
            }
            languages
        });
        let mut counts = [0; SMALL_WORDS.len()];
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            if word.is_empty() || word.len() > LONGEST_SMALL {
                continue;
            }
            let found = if word.contains(char::is_uppercase) {
                LANGUAGES.get(word.to_lowercase().as_str())
            } else {
                LANGUAGES.get(word)
            };
            let Some(languages) = found else { continue };
            for (at, count) in counts.iter_mut().enumerate() {
                *count += usize::from(languages >> at & 1);
            }
        }
        Self(counts)
    }

    /// The count of the languages that have most.
    fn most(&self) -> usize {
        self.0.iter().copied().max().unwrap_or_default()
    }

    /// The languages that have most; none where no language has any.
    fn best(&self) -> Vec<&'static str> {
        let most = self.most();
        let counted = self.0.iter().zip(SMALL_WORDS);
        counted
            .filter(|(count, _)| most > 0 && **count == most)
            .map(|(_, (language, _))| language)
            .collect()
    }
}

/// No small word is longer, in bytes.
const LONGEST_SMALL: usize = 12;

/// The language with the most small words; none without one. Where several have as many, it is the one that
/// statistics guess, or English in a text without a single accent.
fn by_small_words(text: &str, guess: &str) -> Option<&'static str> {
    let best = SmallWords::in_text(text).best();
    let among = |wanted: &str| best.iter().copied().find(|language| *language == wanted);
    match best.as_slice() {
        [one] => Some(one),
        _ => among(guess).or_else(|| among("en").filter(|_| text.is_ascii())),
    }
}

/// The language of an entry: as configured, else as the entry or its feed says, else as its text shows.
///
/// What a document says does not count where the script of the text rules it out: a blog's default of `en`
/// over Korean text, a Korean publisher's `ko` over its English service.
#[must_use]
pub fn resolve(
    configured: Option<&str>,
    entry: Option<&str>,
    channel: Option<&str>,
    text: &str,
    guesses: &mut Guesses,
) -> Option<String> {
    if let Some(tag) = configured.and_then(tag) {
        return Some(tag);
    }
    let mut guess = || {
        guesses
            .detect(text)
            .map(|(language, _)| language.to_owned())
    };
    let Some(said) = entry.and_then(tag).or_else(|| channel.and_then(tag)) else {
        return guess();
    };
    let letters = Letters::of(text);
    let primary = said.split('-').next().unwrap_or_default();
    let is_asian = matches!(primary, "ko" | "ja" | "zh");
    match letters.east_asian() {
        // Han alone may be any of the three.
        Some(("zh", _)) if is_asian => Some(said),
        Some((shown, _)) if shown != primary && letters.all >= 4 => Some(shown.to_owned()),
        None if is_asian && letters.all >= FEWEST_LETTERS => guess(),
        _ => Some(said),
    }
}

/// A language tag in the usual spelling: `ko_kr` → `ko-KR`; none where it is no tag.
#[must_use]
pub fn tag(text: &str) -> Option<String> {
    let text = text
        .trim()
        .split([',', ';', ' ', '.'])
        .next()
        .unwrap_or_default()
        .replace('_', "-");
    let mut parts = text.split('-').filter(|part| !part.is_empty());
    let primary = parts.next()?.to_ascii_lowercase();
    if !primary.bytes().all(|b| b.is_ascii_lowercase()) || text.len() > 35 {
        return None;
    }
    let primary = match primary.as_str() {
        "english" | "eng" => "en",
        "korean" | "kor" | "kr" => "ko",
        "japanese" | "jpn" | "jp" => "ja",
        "chinese" | "zho" | "chi" | "cn" => "zh",
        "und" | "mul" | "zxx" | "unknown" => return None,
        known if (2..=3).contains(&known.len()) => known,
        _ => return None,
    };
    let mut tag = primary.to_owned();
    for part in parts {
        if !part.bytes().all(|b| b.is_ascii_alphanumeric()) || part.len() > 8 {
            break;
        }
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 if part.bytes().all(|b| b.is_ascii_alphabetic()) => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
    }
    Some(tag)
}

/// Codes of three letters that have one of two.
const SHORT_CODES: &str = "\
    eng=en kor=ko jpn=ja cmn=zh rus=ru ukr=uk bel=be bul=bg mkd=mk srp=sr \
    ara=ar pes=fa urd=ur heb=he yid=yi deu=de fra=fr spa=es por=pt ita=it \
    nld=nl pol=pl ces=cs slk=sk slv=sl hrv=hr hun=hu ron=ro tur=tr aze=az \
    uzb=uz tuk=tk swe=sv dan=da nob=nb fin=fi est=et lav=lv lit=lt ell=el \
    lat=la epo=eo cat=ca vie=vi ind=id tgl=tl jav=jv tha=th khm=km mya=my \
    hin=hi ben=bn mar=mr nep=ne pan=pa guj=gu tam=ta tel=te kan=kn mal=ml \
    ori=or sin=si kat=ka hye=hy amh=am afr=af zul=zu sna=sn aka=ak cym=cy";

/// The two-letter code, where there is one.
fn code(lang: Lang) -> &'static str {
    let known = lang.code();
    let mut pairs = SHORT_CODES
        .split(' ')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(long, _)| *long == known)
        .map_or(known, |(_, short)| short)
}

#[cfg(test)]
mod tests;
