//! The closed list of particles and endings that may follow a Hangul term (MAT-19…24, MAT-92).
//!
//! No dictionary, no morphology: a word is followed by one listed tail or it is another word.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::evaluate::Quick;

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

/// 에서 without 에, as headlines write it: 폴란드서. Only after two syllables or more. 에선 without 에 is not taken: 선 makes
/// too many other words, ships and lines and limits.
const CLIPPED: &str = "서 서는 서도 서만 서의 서나 서부터 서까지";
/// What 서 makes another word of: a document, an office.
const BEFORE_SEO: &str = "계약 신고 보고 제안 설명 확인 증명 신청 견적 합의 양해각 계획 진술 요구 요청 지침 안내 성명 공문 의향 협정 협약 \
    인증 허가 승인 동의 추천 이력 의견 판결 서약 약정 입찰 발주 주문 수주 명세 청구 표준 기술 사양 답변 초청 통지 고지 감정 평가 분석 검토 \
    결의 선언 건의 탄원 경고 소개 기획 품의 예산 결산 보증 위임 지원 교과 참고 전문 해설 매매 양도 각 고발 소송 법률 질의 회신 사직 \
    권고 시방 경찰 소방 세무 관공 부속 외교문 비밀문 조사 설계 규격 교범 계산 결정 명령 지시 통보 등록 접수 처분 판정 공증 차용 임대 수임 위탁 \
    인수 인계 납품 영수 이행 검사 성적 사용 취급 투자설명 사업보고 감사 협의 확약 각서 의정 선적 적하 원산지 면허 특허 상소 항소 상고 고소 진정 \
    답신 자문 추정 정산 요약";
/// What the last syllable before a tail must end in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// A vowel.
    Vowel,
    /// A consonant.
    Consonant,
    /// A vowel or ㄹ.
    VowelOrRieul,
    /// Two syllables or more that make no other word with it.
    Name,
}

impl Wants {
    /// For notes: `a vowel`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Vowel => "a vowel",
            Self::Consonant => "a consonant",
            Self::VowelOrRieul => "a vowel or ㄹ",
            Self::Name => "a name that makes no other word with it",
        }
    }
}

/// Tails, each as one number.
type List = HashSet<u128, BuildHasherDefault<Quick>>;

/// The expanded list.
#[derive(Clone, Debug)]
pub(crate) struct Tails {
    /// Without suffixes.
    plain: List,
    /// Those that may follow a suffix.
    cases: List,
    /// 에서 without 에.
    clipped: List,
}

impl Tails {
    /// The list, of which there is one.
    pub(crate) fn shared() -> &'static Self {
        static TAILS: LazyLock<Tails> = LazyLock::new(Tails::new);
        &TAILS
    }

    /// Builds the list from its parts.
    fn new() -> Self {
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
            plain: numbers(&plain),
            cases: numbers(&cases),
            clipped: numbers(&words(CLIPPED).map(str::to_owned).collect::<Vec<_>>()),
        }
    }

    /// Whether `rest` is a tail that may follow a term; `before` is what stands before it in its Hangul run, or the one
    /// character of another script.
    pub(crate) fn fits(&self, before: &[char], rest: &[char]) -> bool {
        let Some(&last) = before.last() else {
            return false;
        };
        if contains(&self.plain, rest) {
            return agrees(last, rest);
        }
        if contains(&self.clipped, rest) {
            return is_clipped(before);
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
    pub(crate) fn refused(&self, before: &[char], rest: &[char]) -> Option<Wants> {
        if contains(&self.clipped, rest) {
            return (!is_clipped(before)).then_some(Wants::Name);
        }
        let last = *before.last()?;
        (contains(&self.plain, rest) && !agrees(last, rest))
            .then(|| wants(rest))
            .flatten()
    }

    /// All tails without a suffix, for the documentation.
    pub(crate) fn list(&self) -> Vec<String> {
        let all = self.plain.iter().chain(&self.clipped);
        let mut all: Vec<String> = all.map(|number| text_of(*number)).collect();
        all.sort_unstable();
        all
    }
}

fn numbers(list: &[String]) -> List {
    list.iter()
        .filter_map(|tail| number_of(&tail.chars().collect::<Vec<_>>()))
        .collect()
}

/// A tail as a number: 16 bits a syllable, eight syllables at most.
fn number_of(tail: &[char]) -> Option<u128> {
    if tail.len() > 8 {
        return None;
    }
    tail.iter().try_fold(0, |number, syllable| {
        let letter = u16::try_from(u32::from(*syllable)).ok()?;
        Some(number << 16 | u128::from(letter))
    })
}

fn text_of(number: u128) -> String {
    let letters = number.to_be_bytes();
    let letters = letters
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    letters
        .filter(|letter| *letter > 0)
        .filter_map(char::from_u32)
        .collect()
}

fn contains(list: &List, tail: &[char]) -> bool {
    number_of(tail).is_some_and(|number| list.contains(&number))
}

fn is_suffix(c: char) -> bool {
    SUFFIXES.contains(c) && c != ' '
}

/// Whether 서 stands for 에서 here: behind two syllables or more that make no other word with it.
fn is_clipped(before: &[char]) -> bool {
    let ends = |word: &str| {
        let mut letters = before.iter().rev();
        word.chars().rev().all(|c| letters.next() == Some(&c))
    };
    before.len() >= 2 && !BEFORE_SEO.split_whitespace().any(ends)
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
        // Told apart before.
        Wants::Name => true,
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
            ("폴란드", "서", true),
            ("루마니아", "서는", true),
            ("미국", "선", false),
            ("미국", "서부터", true),
            ("미", "서", false),
            ("계약", "서", false),
            ("수출계약", "서도", false),
            ("표준", "서", false),
            ("신고", "서", false),
            ("조사", "서", false),
            ("규격", "서", false),
            ("전투", "선", false),
            ("국제", "선", false),
            ("휴전", "선", false),
        ] {
            let before: Vec<char> = word.chars().collect();
            let rest: Vec<char> = rest.chars().collect();
            assert_eq!(tails.fits(&before, &rest), fits, "{word}+{rest:?}");
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
        assert_eq!(tails.refused(&['풍', '산'], &['면']), Some(Wants::Vowel));
        assert_eq!(tails.refused(&['한', '화'], &['가']), None);
        assert_eq!(tails.refused(&['계', '약'], &['서']), Some(Wants::Name));
    }
}
