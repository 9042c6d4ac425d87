//! What diagnostics of queries mean, in Korean, by their code.
//!
//! The codes are the domain's and stable (docs/rules.md), what they say in English is in the diagnostic itself: it has the
//! words of the query in it, and stands behind these.

use super::super::lang::Lang;

/// Each code with its meaning.
const MEANINGS: &[(&str, &str)] = &[
    ("E01", "검색식이 너무 깁니다"),
    ("E02", "검색식이 비어 있습니다"),
    ("E03", "연산자 오른쪽에 무언가가 있어야 합니다"),
    ("E04", "연산자 왼쪽이나 양쪽에 무언가가 있어야 합니다"),
    (
        "E05",
        "와일드카드가 낱말 앞이나 너무 이른 자리에, 또는 혼자 있습니다",
    ),
    ("E06", "괄호를 닫지 않았습니다"),
    ("E07", "여는 괄호 없이 닫는 괄호가 있습니다"),
    ("E08", "따옴표나 괄호 사이가 비었습니다"),
    ("E09", "따옴표나 정규식을 닫지 않았습니다"),
    ("E10", "정규식에 쓸 수 없는 플래그나 무늬입니다"),
    ("E11", "그런 필드가 없습니다"),
    ("E12", "필드에 값이 없습니다"),
    ("E13", "거리나 여유가 없거나 너무 큽니다"),
    ("E14", "OF나 ATLEAST의 수가 없거나 범위를 벗어났습니다"),
    ("E15", "OF 뒤에 목록이 없거나, 목록에 빠진 것이 있습니다"),
    ("E16", "쉼표는 목록 안에서만 씁니다"),
    ("E17", "NEAR 안에 NOT이나 자리가 없는 것을 쓸 수 없습니다"),
    ("E18", "셀 수 없는 것에 ATLEAST를 썼습니다"),
    ("E19", "NOT이 두 번 있습니다"),
    ("E20", "@, #, $ 뒤에 이름이 없습니다"),
    ("E21", "괄호가 너무 깊거나 부분이 너무 많습니다"),
    ("E22", "찾는 것을 스스로 빼므로 아무것도 맞지 않습니다"),
    ("E23", "속성을 낱말이 아닌 것과 견주었습니다"),
    ("E30", "모르는 개체입니다"),
    ("E31", "모르는 분류입니다"),
    ("E32", "모르는 매크로입니다"),
    ("E33", "매크로가 자기 자신을 필요로 합니다"),
    ("E34", "모르는 피드입니다"),
    ("E35", "모든 기사에 맞는 검색식입니다"),
    ("E36", "이 필드에는 쓸 수 없습니다"),
    ("E37", "쓸 수 없는 정규식입니다"),
    ("E38", "부분이나 이름이 모두 합쳐 너무 많습니다"),
    ("E39", "문맥이 속성뿐이거나 개체 자신입니다"),
    ("E40", "not_in의 이름이 아무것도 막지 못합니다"),
    ("E41", "NEAR 옆의 AND가 뜻이 없는 자리에 있습니다"),
    ("W01", "and, or, not, near를 소문자로 썼습니다"),
    ("W02", "AND와 OR가 괄호 없이 섞였습니다"),
    ("W03", "결코 맞을 수 없는 낱말입니다"),
    ("W04", "너무 짧아 많은 것에 맞습니다"),
    ("W06", "두 번 있거나 다른 것에 이미 들어 있습니다"),
    ("W07", "두 개체가 같은 이름을 씁니다"),
    ("W08", "개체, 분류나 매크로를 아무도 쓰지 않습니다"),
    ("W11", "저장된 기사에 아주 흔한 낱말입니다"),
    (
        "W12",
        "모든 기사에 대해 돌려 보아야 하는 규칙이나 정규식입니다",
    ),
    ("W13", "동사로도 쓰는 명사에 *가 없습니다"),
    ("W14", "붙여 쓴 한글 이름입니다. 띄어 쓴 표기는 놓칩니다"),
    ("W15", "NEAR의 거리가 50 낱말을 넘습니다"),
    (
        "W16",
        "규칙의 languages나 feeds가 맞을 수 있는 것을 모두 거릅니다",
    ),
    ("W17", "90일 동안 아무것도 맞지 않은 규칙입니다"),
    ("W18", "닮은 글자 두 가지가 섞인 낱말입니다"),
    ("W19", "보이지 않는 글자가 있습니다"),
    ("W20", "뜻이 여럿인 이름에 문맥이 없습니다"),
    ("W22", "다른 검색 언어의 연산자나 표기입니다"),
    ("W23", "붙임표가 혼자 있습니다"),
    ("W24", "띄어 쓴 글자와 숫자를 한 낱말로 읽습니다"),
    ("W25", "OR나 AND와 같은 뜻의 OF입니다"),
    ("W26", "다른 규칙과 같은 것을 찾습니다"),
    ("W27", "다른 자리에도 그 낱말이 있는 기사까지 뺍니다"),
    ("W28", "한 낱말뿐인 구 뒤에 ~가 있습니다"),
    ("W29", "다른 개체의 이름이 안에 들어 있는 이름입니다"),
    (
        "W30",
        "흔한 낱말이기도 한 이름이거나, 대소문자가 무시됩니다",
    ),
    ("W31", "한자 이름에 간체나 번체 표기가 없습니다"),
    ("W32", "필드 안의 필드입니다. 바깥 것은 미치지 않습니다"),
    (
        "W33",
        "따옴표 안에서는 글자일 뿐인 연산자나 와일드카드이거나, 낱말에 붙은 따옴표입니다",
    ),
    ("W34", "조사가 붙은 낱말입니다. 조사는 저절로 찾습니다"),
    ("W35", "not_in이 개체 자신의 이름을 모두 막습니다"),
    ("W36", "이름 하나에 여러 이름이나 검색식이 들어 있습니다"),
    ("W37", "뜻이 여럿인 이름이 없어 문맥이 쓰이지 않습니다"),
    (
        "W38",
        "로마 숫자가 따로 떨어진 낱말입니다. 구로 쓰면 숫자도 찾습니다",
    ),
    ("W39", "필드의 값으로 썼으나 낱말로 찾습니다"),
];

/// What a code means, where the language is not the diagnostics' own.
pub fn meaning(code: &str, lang: Lang) -> Option<&'static str> {
    let known = || MEANINGS.iter().find(|(known, _)| *known == code);
    match lang {
        Lang::En => None,
        Lang::Ko => known().map(|(_, meaning)| *meaning),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_is_documented_means_something_in_korean_and_no_other_does() {
        let documented: Vec<&str> = include_str!("../../../docs/rules.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
            .map(|(code, _)| code)
            .filter(|code| code.len() == 3 && code.starts_with(['E', 'W']))
            .filter(|code| code[1..].bytes().all(|byte| byte.is_ascii_digit()))
            .collect();
        let known: Vec<&str> = MEANINGS.iter().map(|(code, _)| *code).collect();
        assert!(documented.len() > 60, "{documented:?}");
        assert_eq!(known, documented);
        assert_eq!(meaning("E02", Lang::En), None);
    }
}
