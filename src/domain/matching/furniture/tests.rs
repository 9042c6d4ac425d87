use proptest::prelude::*;

use super::*;

/// What is left of a text.
fn kept(text: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for range in furniture(text) {
        out.push_str(&text[at..range.start]);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out.trim_end().to_owned()
}

#[test]
fn what_korean_papers_put_behind_an_article() {
    let story = "한화가 폴란드와 K9 계약을 맺었다고 밝혔다.";
    for tail in [
        "무단전재 및 재배포 금지",
        "무단 전재-재배포 금지",
        "[무단전재 및 재배포 금지]",
        "저작권자 ⓒ 바다신문 무단전재 및 재배포 금지",
        "<저작권자(c) 바다통신, 무단 전재-재배포, AI 학습 및 활용 금지> 2026/11/24 09:05 송고",
        "ⓒ 바다통신",
        "[ⓒ 바다경제 & bada.example, 무단 전재, 재배포 및 AI학습 이용 금지]",
        "<ⓒ투자가를 위한 바다경제(www.bada.example) 무단전재 배포금지>",
        "Copyright ⓒ 바다신문. All rights reserved. 무단 전재 및 재배포 금지.",
        "Copyright © 바다방송 무단 전재, 재배포 및 이용(AI학습 포함)금지",
        "[저작권자(c) 바다방송 무단전재, 재배포 및 AI 데이터 활용 금지]",
        "홍길동 기자 hong@bada.example",
        "홍길동·김철수 기자 hong@bada.example",
        "홍길동 선임기자 hong@bada.example",
        "홍길동 기자(hong@bada.example)",
        "/홍길동 기자 hong@bada.example",
        "홍길동 기자 = hong@bada.example",
        "hong@bada.example",
        "(hong@bada.example)",
        "◎공감언론 바다뉴스 hong@bada.example",
        "☞ 바다뉴스 hong@bada.example",
        "[홍길동 기자]",
        "홍길동 기자",
        "홍길동 기자 hong@bada.example 저작권자 ⓒ 바다신문 무단전재 및 재배포 금지",
        "hong@bada.example <저작권자(c) 바다통신, 무단 전재-재배포 금지>",
        "※ '당신의 제보가 뉴스가 됩니다' [카카오톡] 바다 검색해 채널 추가 [전화] 02-000-0000",
        "▶ 제보하기 ▷ 카카오톡 : 바다뉴스 ▷ 이메일 : jebo@bada.example",
        "▶ 바다뉴스 구독하기",
        "제보는 카카오톡 okjebo",
        "더보기",
        "[더보기]",
    ] {
        assert_eq!(kept(&format!("{story} {tail}")), story, "{tail}");
        assert_eq!(kept(&format!("{story}\n\n{tail}")), story, "{tail}");
        assert_eq!(kept(&format!("{tail}\n{story}")), story, "{tail}");
    }
}

#[test]
fn what_other_papers_put_behind_an_article() {
    for (story, tail) in [
        ("The deal was signed.", "© 2026 Example News"),
        (
            "The deal was signed.",
            "Copyright 2026 The Example Press. All rights reserved.",
        ),
        (
            "The deal was signed.",
            "All rights reserved. This material may not be published or redistributed without permission.",
        ),
        ("The deal was signed.", "Read more"),
        ("The deal was signed…", "Read more »"),
        ("The deal was […]", "Continue reading Seoul signs a deal →"),
        (
            "The deal was […]",
            "The post Seoul signs a deal appeared first on Example Defence.",
        ),
        (
            "Der Vertrag ist da.",
            "Der Beitrag Ein Vertrag erschien zuerst auf Beispiel.",
        ),
        ("Der Vertrag ist da.", "Weiterlesen …"),
        (
            "The deal was signed.",
            "(Reporting by A. Smith; Editing by B. Jones)",
        ),
        ("The deal was signed.", "desk@news.example"),
        ("契約に署名した。", "無断転載を禁じます"),
        ("契約に署名した。", "（c）例新聞社"),
        ("契約に署名した。", "続きを読む"),
        ("双方签署了合同。", "版权所有，未经许可不得转载"),
        ("双方签署了合同。", "责任编辑：张三"),
        ("Контракт подписан.", "Читать далее"),
        ("Контракт подписан.", "Все права защищены."),
        ("Umowa podpisana.", "Czytaj więcej"),
        ("Contractul e semnat.", "Citește mai mult"),
        ("Le contrat est signé.", "Lire la suite"),
    ] {
        assert_eq!(kept(&format!("{story} {tail}")), story, "{tail}");
        assert_eq!(kept(&format!("{story}\n\n{tail}")), story, "{tail}");
    }
}

#[test]
fn what_is_told_is_no_furniture() {
    for text in [
        "Copyright law hits Korea",
        "mail a@example.com for more news today",
        "한화가 무단전재 및 재배포 금지 조항이 담긴 계약을 맺었다.",
        "무단전재 및 재배포 금지 조항이 담긴 계약을 한화가 맺었다.",
        "방위사업청은 도면의 무단 전재를 금지했다",
        "ⓒ 바다통신 한화에어로스페이스가 폴란드와 K9 자주포 계약을 체결했다. 금액은 3조원이다.",
        "문의는 press@hanwha.example 로 보내면 된다.",
        "이를 처음 보도한 홍길동 기자",
        "기자회견에서 국방부 장관은 K2 전차를 말했다",
        "홍길동 기자 = 한화가 루마니아에 공장을 짓는다",
        "국방부는 제보를 받아 수사에 착수했다고 전화로 밝혔다.",
        "She told them to read more about howitzers and tanks",
        "The minister wants to read more of the contract. Poland will pay.",
        "The post of defence minister is vacant in Warsaw",
        "K9 (C) variant rolls out, and the army says it will buy all of them soon",
        "The firm holds the copyright of the drawings",
        "Contact: sales@rotem.example Poland signed the K2 contract on Friday in Warsaw",
        "le crash d'un hÃ©licoptère",
        "더보기 좋은 전차",
        "",
        "\n\n",
    ] {
        assert_eq!(kept(text), text.trim_end(), "{text}");
    }
}

proptest! {
    #[test]
    fn ranges_are_in_order_and_of_whole_letters(
        text in "(ⓒ|©|저작권자|무단전재|금지|홍길동|기자|@|a\\.b|Read more|The post |appeared first on|[<\\[( .\n다한]|\\PC){0,40}",
    ) {
        let mut at = 0;
        for range in furniture(&text) {
            prop_assert!(at <= range.start && range.start < range.end && range.end <= text.len());
            prop_assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end));
            at = range.end;
        }
    }
}
