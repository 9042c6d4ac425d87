//! The closed list of particles and endings that may follow a Hangul term (MAT-19…24, MAT-92).
//!
//! No dictionary, no morphology: a word is followed by one listed tail or it is another word.

/// Case and topic.
const CASE: &str = "이 가 은 는 을 를 과 와 의 에 에서 에게 에게서 께 께서 한테 한테서 더러 으로 로 도 만 나 이나 랑 이랑 하고 \
    아 야 여 이여";
/// Delimiting.
const DELIMITING: &str = "까지 부터 조차 마저 마다 보다 처럼 같이 만큼 대로 밖에 뿐 씩 든 이든 든지 이든지 나마 이나마 라도 이라도 \
    야말로 이야말로 치고 커녕 은커녕 는커녕";
/// Stacked: one of the first list, and one of the second or nothing.
const FIRST: &str = "에 에서 에게 에게서 한테 한테서 께 께서 까지 부터 보다 마다 대로 에까지 에서부터 에서까지 으로 로 으로서 로서 \
    으로써 로써 으로부터 로부터 으로까지 로까지 과 와";
const THEN: &str = "는 도 만 의 나 조차 마저 라도 만은 만이 만의 만도 만큼은";
/// Stacked: one of the first and one of the second.
const FIRST_LIMIT: &str = "만 만큼 뿐 처럼";
const THEN_LIMIT: &str =
    "은 이 을 의 도 으로 으로는 으로도 이나 이라도 인 이다 이라고 이라는 이며 이고 이지만 만";
const CONTRACTED: &str = "엔 에선 에겐 한텐 께선 까진 부턴 보단 론 으론 로선 으로선 에게로 에게만";
const COPULA: &str = "이다 다 인 일 임 이라 라 이라고 라고 이라는 라는 이란 란 이라며 라며 이라면 라면 이라면서 라면서 이며 며 이고 고 \
    이자 자 이지만 지만 이지 지 이면 면 이었다 였다 이었던 였던 인데 인지 인가 인만큼 이라서 라서 입니다 이에요 예요 이니 니 이던 던 이냐 냐";
/// Suffixes that keep the name; a case, delimiting or stacked tail may follow.
const SUFFIXES: &str = "들 측 제 산 형 급 군 함 호 발 행 용 간 향 등";

/// What the last syllable before a tail must end in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// A vowel.
    Vowel,
    /// A consonant.
    Consonant,
    /// A vowel or ㄹ.
    VowelOrRieul,
}

impl Wants {
    /// For notes: `a vowel`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Vowel => "a vowel",
            Self::Consonant => "a consonant",
            Self::VowelOrRieul => "a vowel or ㄹ",
        }
    }
}

/// The expanded list.
#[derive(Clone, Debug)]
pub(crate) struct Tails {
    /// Sorted, without suffixes.
    plain: Vec<Vec<char>>,
    /// Sorted: those that may follow a suffix.
    cases: Vec<Vec<char>>,
}

impl Tails {
    /// Builds the list from its parts.
    pub(crate) fn new() -> Self {
        let words = |list: &'static str| list.split_whitespace();
        let mut cases: Vec<String> = words(CASE)
            .chain(words(DELIMITING))
            .chain(words(FIRST))
            .chain(words(CONTRACTED))
            .map(str::to_owned)
            .collect();
        for (firsts, thens) in [(FIRST, THEN), (FIRST_LIMIT, THEN_LIMIT)] {
            for first in words(firsts) {
                cases.extend(words(thens).map(|then| format!("{first}{then}")));
            }
        }
        let mut plain = cases.clone();
        plain.extend(words(COPULA).map(str::to_owned));
        Self {
            plain: sorted(plain),
            cases: sorted(cases),
        }
    }

    /// Whether `rest` is a tail that may follow a term whose last character is `last`.
    pub(crate) fn fits(&self, last: char, rest: &[char]) -> bool {
        if contains(&self.plain, rest) {
            return agrees(last, rest);
        }
        match rest {
            [suffix] => is_suffix(*suffix),
            [suffix, after @ ..] => {
                is_suffix(*suffix) && contains(&self.cases, after) && agrees(*suffix, after)
            }
            [] => false,
        }
    }

    /// What a listed tail wants and does not have, for notes.
    pub(crate) fn refused(&self, last: char, rest: &[char]) -> Option<Wants> {
        (contains(&self.plain, rest) && !agrees(last, rest))
            .then(|| wants(rest))
            .flatten()
    }

    /// All tails without a suffix, for the documentation.
    pub(crate) fn list(&self) -> Vec<String> {
        self.plain
            .iter()
            .map(|tail| tail.iter().collect())
            .collect()
    }
}

fn sorted(list: Vec<String>) -> Vec<Vec<char>> {
    let mut out: Vec<Vec<char>> = list
        .into_iter()
        .map(|tail| tail.chars().collect())
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn contains(list: &[Vec<char>], tail: &[char]) -> bool {
    list.binary_search_by(|entry| entry.as_slice().cmp(tail))
        .is_ok()
}

fn is_suffix(c: char) -> bool {
    SUFFIXES.contains(c) && c != ' '
}

/// What a one-syllable tail wants, where the wrong reading is another word (MAT-20).
fn wants(tail: &[char]) -> Option<Wants> {
    match tail {
        ['과' | '아'] => Some(Wants::Consonant),
        ['로'] => Some(Wants::VowelOrRieul),
        [
            '가' | '나' | '야' | '여' | '라' | '다' | '며' | '고' | '자' | '지' | '면' | '니'
            | '냐' | '던' | '란',
        ] => Some(Wants::Vowel),
        _ => None,
    }
}

fn agrees(last: char, tail: &[char]) -> bool {
    let Some(wanted) = wants(tail) else {
        return true;
    };
    if !('가'..='힣').contains(&last) {
        return true;
    }
    let final_consonant = (u32::from(last) - 0xAC00) % 28;
    match wanted {
        Wants::Vowel => final_consonant == 0,
        Wants::Consonant => final_consonant != 0,
        Wants::VowelOrRieul => final_consonant == 0 || final_consonant == 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_follow_their_terms() {
        let tails = Tails::new();
        for (word, rest, fits) in [
            ("한화", "가", true),
            ("한화", "에서는", true),
            ("한화", "와의", true),
            ("한화", "오션이", false),
            ("한화", "이글스", false),
            ("폴란드", "로부터", true),
            ("폴란드", "과", false),
            ("폴란드", "군은", true),
            ("폴란드", "향", true),
            ("폴란드", "어", false),
            ("풍산", "면", false),
            ("풍산", "이면", true),
            ("한국", "가", false),
            ("세종", "로", false),
            ("서울", "로", true),
            ("천무", "을", true),
            ("조선", "고", false),
            ("무기", "한", false),
            ("방사청", "장은", false),
            ("미국", "측이", true),
            ("한국", "산과", true),
            ("한국", "", false),
        ] {
            let last = word.chars().last().unwrap();
            let rest: Vec<char> = rest.chars().collect();
            assert_eq!(tails.fits(last, &rest), fits, "{word}+{rest:?}");
        }
    }

    #[test]
    fn the_list_is_closed_and_short() {
        let list = Tails::new().list();
        assert!((450..700).contains(&list.len()), "{}", list.len());
        assert!(list.iter().all(|tail| tail.chars().count() <= 7));
    }

    #[test]
    fn a_refusal_says_what_is_wanted() {
        let tails = Tails::new();
        assert_eq!(tails.refused('산', &['면']), Some(Wants::Vowel));
        assert_eq!(tails.refused('화', &['가']), None);
    }
}
