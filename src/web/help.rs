//! Help: the rule language on one page, what keys do, and where machines look.

use maud::{Markup, html};

use super::lang::Lang;
use super::layout;
use super::view::View;
use super::words::W;

/// A form of the language: as written, in English, in Korean.
type Line = (&'static str, &'static str, &'static str);

/// Forms of the language.
const LANGUAGE: [Line; 22] = [
    (
        "K2 전차",
        "both words, anywhere in the entry (a space is AND)",
        "두 낱말이 모두 있음 (띄어쓰기는 AND)",
    ),
    ("수출 OR 계약", "one of them", "둘 중 하나"),
    (
        "K2 NOT 게임",
        "the first without the second",
        "앞의 것만 있고 뒤의 것은 없음",
    ),
    (
        "\"export contract\"",
        "these words side by side",
        "나란히 붙은 구",
    ),
    (
        "'KAI'",
        "as written: case and signs count",
        "적은 그대로: 대소문자와 기호까지",
    ),
    ("howitz*", "a word that begins so", "이렇게 시작하는 낱말"),
    ("wom?n", "one letter in its place", "글자 하나"),
    (
        "폴란드 NEAR/5 K2",
        "at most five words between, either order",
        "사이에 낱말 다섯 이하, 순서 무관",
    ),
    (
        "a NEAR/s b",
        "in one sentence; NEAR/p: in one paragraph",
        "같은 문장에서; NEAR/p는 같은 문단에서",
    ),
    (
        "a BEFORE/5 b",
        "the same, in this order",
        "같은 뜻, 이 순서로",
    ),
    (
        "2 OF (a, b, c)",
        "at least two of them",
        "그 가운데 둘 이상",
    ),
    (
        "title:수출",
        "in the title; body: lead: author: category: likewise",
        "제목에서; body: lead: author: category: 도 같음",
    ),
    ("lang:ko", "entries in this language", "이 언어의 기사"),
    ("feed:yonhap-en", "entries of this feed", "이 피드의 기사"),
    (
        "tag:wire",
        "entries of feeds with this tag",
        "이 태그가 붙은 피드의 기사",
    ),
    (
        "url:/defence/",
        "the address holds this",
        "주소에 이것이 들어 있음",
    ),
    (
        "host:yna.co.kr",
        "the address is on this host",
        "이 호스트의 기사",
    ),
    (
        "@hanwha-aerospace",
        "any name of this entity",
        "이 개체의 모든 이름",
    ),
    (
        "#korean-weapon",
        "any name of any member of this class",
        "이 분류에 속한 모든 개체의 이름",
    ),
    (
        "$export-words",
        "the query that this macro stands for",
        "이 매크로가 뜻하는 검색식",
    ),
    ("/K-?[29]/", "a regular expression", "정규식"),
    ("(a OR b) c", "parentheses group", "괄호로 묶음"),
];

/// What keys do.
const KEYS: [Line; 9] = [
    ("/", "to the search field", "검색란으로"),
    ("j  k", "next, previous row", "다음 줄, 이전 줄"),
    ("Enter", "open the row", "줄 열기"),
    ("n", "next page of the list", "목록의 다음 쪽"),
    ("g o", "overview", "개요"),
    (
        "g s",
        "stories; g a alerts, g e entries, g r rules, g n entities",
        "기사 묶음; g a 알림, g e 기사, g r 규칙, g n 개체",
    ),
    (
        "g f",
        "feeds; g c receivers, g i silences, g y system",
        "피드; g c 수신처, g i 음소거, g y 시스템",
    ),
    ("?", "this page", "이 도움말"),
    ("Esc", "leave a field", "입력란에서 나가기"),
];

/// `GET /help`.
pub async fn page(view: View) -> Markup {
    let body = html! {
        section id="language" {
            h2 { (view.t(W::Language_)) }
            (table(&view, &LANGUAGE))
            p { (match view.lang {
                Lang::En => "Case, width, accents and hyphens do not matter: K9, K-9 and k 9 are one. Korean terms are found with their particles (한화가, 한화의). Operators are written in capitals.",
                Lang::Ko => "대소문자, 전각·반각, 악센트, 붙임표는 가리지 않습니다. K9, K-9, k 9는 같습니다. 한국어 낱말은 조사가 붙어도 찾습니다(한화가, 한화의). 연산자는 대문자로 씁니다.",
            }) }
        }
        section id="keys" {
            h2 { (view.t(W::Escape)) }
            (table(&view, &KEYS))
        }
        section id="machines" {
            h2 { "API" }
            ul {
                li { a href="/api/openapi.json" { "/api/openapi.json" } }
                li { code { "/events" } " · " code { "/feeds/rules/{id}.atom" } " · " code { "/metrics" } " · " code { "/healthz" } " · " code { "/readyz" } }
            }
        }
    };
    layout::page(&view, view.t(W::Help), &body)
}

fn table(view: &View, lines: &[Line]) -> Markup {
    html! {
        table.list { tbody { @for (written, en, ko) in lines {
            tr { td.nowrap { code { (written) } } td.wide { (match view.lang { Lang::En => en, Lang::Ko => ko }) } }
        } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::diagnostic::Level;

    #[test]
    fn every_form_that_is_shown_can_be_written() {
        for (written, ..) in LANGUAGE {
            let (_, problems) = crate::domain::rule::parse(written);
            let wrong: Vec<_> = problems
                .iter()
                .filter(|found| found.level == Level::Error)
                .collect();
            assert!(wrong.is_empty(), "{written}: {wrong:?}");
        }
    }
}
