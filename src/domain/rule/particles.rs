//! Korean words that were typed with a particle, `한화가`: a term takes particles by itself, and with one in it finds
//! no other form.
//!
//! No dictionary. It is said only where the sound before the particle fits and no listed word ends so. Particles that
//! say from where or to whom (에서, 으로, 까지) may be meant; what else is left in peace is in docs/rules.md.

/// What a particle wants before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Vowel,
    Consonant,
    Any,
}

/// Particles, what must stand before each, and the ends of words that are no noun with it.
const PARTICLES: [(char, After, &str); 6] = [
    (
        '가',
        After::Vowel,
        "목표가 정치가 투자가 독지가 유가 고가 저가 매가 모가 허가 추가 주가 대가 시가 휴가 여가 호가 초가 외가 수가 지가 처가 \
         도가 서가 리가 메가 베가 에가 라가 요가 기가 누가 루가 애가 만화가 서양화가 동양화가 한국화가 판화가 풍경화가 \
         초상화가 벽화가 민화가 문화가",
    ),
    (
        '는',
        After::Vowel,
        "에는 게는 로는 터는 하는 되는 지는 가는 오는 나는 르는 이는 키는 우는 리는 기는 치는 시는 주는 보는 내는 두는 쓰는 크는 트는 추는 \
         꾸는 누는 서는 려는 대는 어드는 아드는 만드는 며드는 려드는 번드는 힘드는 깃드는",
    ),
    ('를', After::Vowel, ""),
    (
        '을',
        After::Consonant,
        "있을 없을 받을 막을 같을 많을 적을 않을 찾을 높을 맞을 남을 먹을 죽을 잡을 입을 믿을",
    ),
    (
        '와',
        After::Vowel,
        "가와 카와 사와 자와 나와 이와 다와 미와 하와 기와 쿠와 려와 어와 아와",
    ),
    (
        '의',
        After::Any,
        "에의 게의 로의 에서의 까지의 부터의 회의 정의 협의 심의 논의 주의 합의 결의 건의 제의 문의 동의 상의 하의 강의 거의 편의 임의 고의 예의 토의 항의 \
         유의 모의 창의 발의 질의 명의 무성의 호의 적의 악의 선의 경의 의의 본의 진의 주치의 전공의 보건의 개업의 여의",
    ),
];

/// The word without its particle, where it surely has one and a noun of two syllables or more is left.
pub(super) fn stem(word: &str) -> Option<&str> {
    let is_hangul = |c: char| ('가'..='힣').contains(&c);
    if !word.chars().all(is_hangul) {
        return None;
    }
    PARTICLES.iter().find_map(|(particle, after, others)| {
        let stem = word.strip_suffix(*particle)?;
        let open = is_open(stem.chars().next_back()?);
        let fits = match after {
            After::Vowel => open,
            After::Consonant => !open,
            After::Any => true,
        };
        let other = others.split_whitespace().any(|other| word.ends_with(other));
        (fits && !other && stem.chars().count() >= 2).then_some(stem)
    })
}

/// Whether a syllable ends in a vowel.
fn is_open(syllable: char) -> bool {
    (u32::from(syllable) - 0xAC00) % 28 == 0
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn particles_are_told_from_words_that_end_so() {
        for (word, expected) in [
            ("한화가", Some("한화")),
            ("한화는", Some("한화")),
            ("한화를", Some("한화")),
            ("한화와", Some("한화")),
            ("한화의", Some("한화")),
            ("삼성의", Some("삼성")),
            ("북한의", Some("북한")),
            ("폴란드에서", None),
            ("폴란드에서는", None),
            ("폴란드는", Some("폴란드")),
            ("미국으로", None),
            ("정부가", Some("정부")),
            ("미국을", Some("미국")),
            ("방위사업청으로부터", None),
            ("한화", None),
            ("한국에는", None),
            ("한국에서의", None),
            ("목표가", None),
            ("대포병레이다", None),
            ("목표를", Some("목표")),
            ("국가", None),
            ("평가", None),
            ("재평가", None),
            ("전문가", None),
            ("정치가", None),
            ("만화가", None),
            ("국제유가", None),
            ("목표주가", None),
            ("수출허가", None),
            ("라리가", None),
            ("회의", None),
            ("국무회의", None),
            ("민주주의", None),
            ("전문의", None),
            ("대한상의", None),
            ("정의", None),
            ("김정은", None),
            ("한국은", None),
            ("고양이", None),
            ("미국이", None),
            ("마을", None),
            ("시골마을", None),
            ("가을", None),
            ("오키나와", None),
            ("만드는", None),
            ("수출하는", None),
            ("경기도", None),
            ("세종로", None),
            ("경영학과", None),
            ("몽펠리에", None),
            ("한화*", None),
            ("KAI가", None),
            ("", None),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }
}
