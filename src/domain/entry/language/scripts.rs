//! Letters of a text by script: what they settle alone, and which script it is written in.

/// Letters that are counted.
const MOST_LETTERS: usize = 600;

/// A script, or scripts that are told apart as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Hebrew,
    Devanagari,
    Hangul,
    Kana,
    Han,
    /// A script that one language is mostly written in.
    Sole(&'static str),
}

/// Blocks of letters outside ASCII, in order.
const BLOCKS: &[(char, char, Script)] = &[
    ('\u{aa}', '\u{24f}', Script::Latin),
    ('\u{370}', '\u{3ff}', Script::Sole("el")),
    ('\u{400}', '\u{52f}', Script::Cyrillic),
    ('\u{531}', '\u{58f}', Script::Sole("hy")),
    ('\u{5d0}', '\u{5f4}', Script::Hebrew),
    ('\u{620}', '\u{6ff}', Script::Arabic),
    ('\u{750}', '\u{77f}', Script::Arabic),
    ('\u{904}', '\u{97f}', Script::Devanagari),
    ('\u{985}', '\u{9fe}', Script::Sole("bn")),
    ('\u{a05}', '\u{a76}', Script::Sole("pa")),
    ('\u{a85}', '\u{aff}', Script::Sole("gu")),
    ('\u{b05}', '\u{b77}', Script::Sole("or")),
    ('\u{b83}', '\u{bd0}', Script::Sole("ta")),
    ('\u{c05}', '\u{c7f}', Script::Sole("te")),
    ('\u{c85}', '\u{cff}', Script::Sole("kn")),
    ('\u{d05}', '\u{d7f}', Script::Sole("ml")),
    ('\u{d85}', '\u{df3}', Script::Sole("si")),
    ('\u{e01}', '\u{e4e}', Script::Sole("th")),
    ('\u{e81}', '\u{edf}', Script::Sole("lo")),
    ('\u{f00}', '\u{fbc}', Script::Sole("bo")),
    ('\u{1000}', '\u{109f}', Script::Sole("my")),
    ('\u{10a0}', '\u{10ff}', Script::Sole("ka")),
    ('\u{1100}', '\u{11ff}', Script::Hangul),
    ('\u{1200}', '\u{137f}', Script::Sole("am")),
    ('\u{1780}', '\u{17dc}', Script::Sole("km")),
    ('\u{1820}', '\u{18aa}', Script::Sole("mn")),
    ('\u{1c90}', '\u{1cbf}', Script::Sole("ka")),
    ('\u{1e00}', '\u{1eff}', Script::Latin),
    ('\u{1f00}', '\u{1fff}', Script::Sole("el")),
    ('\u{3005}', '\u{3007}', Script::Han),
    ('\u{3041}', '\u{30ff}', Script::Kana),
    ('\u{3131}', '\u{318e}', Script::Hangul),
    ('\u{31f0}', '\u{31ff}', Script::Kana),
    ('\u{3400}', '\u{9fff}', Script::Han),
    ('\u{ac00}', '\u{d7a3}', Script::Hangul),
    ('\u{f900}', '\u{faff}', Script::Han),
    ('\u{fb1d}', '\u{fb4f}', Script::Hebrew),
    ('\u{fb50}', '\u{fdff}', Script::Arabic),
    ('\u{fe70}', '\u{fefc}', Script::Arabic),
    ('\u{ff21}', '\u{ff5a}', Script::Latin),
    ('\u{ff66}', '\u{ff9f}', Script::Kana),
    ('\u{20000}', '\u{3ffff}', Script::Han),
];

fn script_of(c: char) -> Option<Script> {
    if c.is_ascii() {
        return c.is_ascii_alphabetic().then_some(Script::Latin);
    }
    let at = BLOCKS.partition_point(|(_, end, _)| *end < c);
    let (start, _, script) = BLOCKS.get(at)?;
    (*start <= c && c.is_alphabetic()).then_some(*script)
}

/// Letters of a text by script.
#[derive(Clone, Debug, Default)]
pub(super) struct Letters {
    counts: Vec<(Script, usize)>,
    /// All letters, up to a bound.
    pub all: usize,
    /// Characters that only Japanese writes.
    japanese: usize,
    /// Characters that only Chinese writes.
    chinese: usize,
}

impl Letters {
    pub(super) fn of(text: &str) -> Self {
        let mut letters = Self::default();
        if text.is_ascii() {
            let latin = text.bytes().filter(u8::is_ascii_alphabetic).count();
            if latin > 0 {
                letters.add(Script::Latin, latin);
            }
            letters.all = latin;
            return letters;
        }
        let (mut latin, mut hangul) = (0, 0);
        for c in text.chars() {
            if c.is_ascii_alphabetic() {
                latin += 1;
                letters.all += 1;
            } else if ('\u{ac00}'..='\u{d7a3}').contains(&c) {
                hangul += 1;
                letters.all += 1;
            } else if !c.is_ascii()
                && let Some(script) = script_of(c)
            {
                letters.add(script, 1);
                letters.all += 1;
                if script == Script::Han {
                    letters.japanese += usize::from(JAPANESE.contains(c));
                    letters.chinese += usize::from(CHINESE.contains(c));
                }
            }
            if letters.all == MOST_LETTERS {
                break;
            }
        }
        for (script, count) in [(Script::Hangul, hangul), (Script::Latin, latin)] {
            if count > 0 {
                letters.add(script, count);
            }
        }
        letters
    }

    fn add(&mut self, script: Script, count: usize) {
        match self.counts.iter_mut().find(|(known, _)| *known == script) {
            Some((_, sum)) => *sum += count,
            None => self.counts.push((script, count)),
        }
    }

    fn of_script(&self, script: Script) -> usize {
        self.counts
            .iter()
            .find(|(known, _)| *known == script)
            .map_or(0, |(_, count)| *count)
    }

    /// Korean, Japanese or Chinese, where enough letters are theirs. One such letter says as much as two Latin.
    pub(super) fn east_asian(&self) -> Option<(&'static str, f32)> {
        let [hangul, kana, han] =
            [Script::Hangul, Script::Kana, Script::Han].map(|script| self.of_script(script));
        let theirs = hangul + kana + han;
        if theirs == 0 || theirs * 5 < self.all {
            return None;
        }
        if hangul >= kana && hangul * 4 >= theirs {
            return Some(("ko", 1.0));
        }
        if kana * 10 >= theirs {
            return Some(("ja", 1.0));
        }
        Some(match (self.japanese, self.chinese) {
            (0, 0) => ("zh", 0.5),
            (japanese, chinese) if japanese > chinese => ("ja", 0.9),
            _ => ("zh", 0.95),
        })
    }

    /// Whether the East Asian letters are Han and nothing else.
    pub(super) fn is_han_alone(&self) -> bool {
        self.of_script(Script::Hangul) + self.of_script(Script::Kana) == 0
    }

    /// The script that most is written in. A quarter of other letters outweighs Latin, which names are quoted in.
    pub(super) fn script(&self) -> Option<Script> {
        let others = self
            .counts
            .iter()
            .filter(|(script, _)| *script != Script::Latin);
        let most = others.max_by_key(|(_, count)| *count);
        match most {
            Some((script, count)) if count * 4 >= self.all => Some(*script),
            _ => (self.of_script(Script::Latin) > 0).then_some(Script::Latin),
        }
    }
}

/// The script that a language is written in, where it is only one.
pub(super) fn only_script(language: &str) -> Option<Script> {
    Some(match language {
        "ru" | "uk" | "be" | "bg" | "mk" => Script::Cyrillic,
        "ar" | "fa" | "ur" | "ps" => Script::Arabic,
        "he" | "yi" => Script::Hebrew,
        "hi" | "mr" | "ne" => Script::Devanagari,
        "en" | "de" | "fr" | "es" | "it" | "pt" | "nl" | "pl" | "ro" | "cs" | "sk" | "hu"
        | "tr" | "sv" | "no" | "nb" | "nn" | "da" | "fi" | "et" | "lv" | "lt" | "hr" | "sl"
        | "vi" | "id" | "ca" | "is" | "sq" | "tl" | "af" => Script::Latin,
        other => {
            let sole = BLOCKS.iter().find_map(|(_, _, script)| match script {
                Script::Sole(code) if *code == other && other != "mn" => Some(*script),
                _ => None,
            });
            return sole;
        }
    })
}

/// Characters as Japan writes them and neither China nor Taiwan does.
const JAPANESE: &str = "発対気円駅売読戦経済検変実験労働権沢辺込図広応団囲価拡楽観関県険厳効黒雑児釈収従処焼乗譲\
    専銭増蔵続帯択単弾遅庁聴鉄転伝闘徳脳拝廃抜払豊毎満訳薬様覧両緑塁霊齢歴録総";

/// Characters as China or Taiwan write them and Japan does not.
const CHINESE: &str = "这说对发问时们为东车军门风马见长张习进还过经济边关开战联导弹报飞机舰卫设计议员总统选举击杀伤华尔\
    亚乌罗韩币亿应队书读买卖让难电话银钱铁铜价产业务动劳权险严验实现给结级红线约纪组织网头类预额项领题\
    與對這們說會戰彈黨經濟將擊臺灣關變實點體應廣號處區澤黑國發總讀獲";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_stand_in_order() {
        assert!(
            BLOCKS
                .windows(2)
                .all(|two| two[0].0 <= two[0].1 && two[0].1 < two[1].0)
        );
    }

    #[test]
    fn no_character_is_of_both() {
        assert!(!JAPANESE.chars().any(|c| CHINESE.contains(c)));
    }
}
