use super::*;

#[test]
fn scripts_tell_at_once() {
    for (text, language) in [
        ("한화에어로, 루마니아와 K9 계약", "ko"),
        ("KAI, FA-50 수출", "ko"),
        ("防衛省、輸出を発表", "ja"),
        ("カタカナ", "ja"),
        ("国防部宣布新的出口合同", "zh"),
        ("กระทรวงกลาโหม", "th"),
        ("Υπουργείο Άμυνας", "el"),
    ] {
        assert_eq!(
            detect(text).map(|(language, _)| language).as_deref(),
            Some(language),
            "{text}"
        );
    }
}

#[test]
fn statistics_only_where_they_hold() {
    for (text, language) in [
        (
            "The ministry announced on Monday that it had signed a contract for the delivery of howitzers.",
            "en",
        ),
        (
            "Das Ministerium teilte am Montag mit, dass der Vertrag über die Lieferung unterzeichnet wurde.",
            "de",
        ),
        (
            "Министерство сообщило, что договор о поставке был подписан в понедельник вечером.",
            "ru",
        ),
        (
            "Міністерство повідомило, що договір про постачання було підписано ввечері у понеділок.",
            "uk",
        ),
        (
            "Ministerstwo poinformowało, że umowa na dostawę haubic została podpisana w poniedziałek.",
            "pl",
        ),
    ] {
        assert_eq!(
            detect(text).map(|(language, _)| language).as_deref(),
            Some(language),
            "{text}"
        );
    }
    // Too short for statistics: small words tell.
    for (text, language) in [
        (
            "South Korea mulls providing arms assistance to Ukraine",
            "en",
        ),
        ("Poland signs contract for K2 tanks", "en"),
        ("Polska kupuje haubice przez Koreę", "pl"),
        ("Norge vil ha flere stridsvogner", "no"),
        ("Accord avec la Pologne sur les chars", "fr"),
    ] {
        assert_eq!(
            detect(text).map(|(language, _)| language).as_deref(),
            Some(language),
            "{text}"
        );
    }
    for text in ["", "K9", "12 34", "KAI FA-50", "!?"] {
        assert_eq!(detect(text), None, "{text}");
    }
}

#[test]
fn what_is_said_counts_unless_the_script_rules_it_out() {
    let korean = "한화에어로스페이스가 계약을 체결했다";
    let english = "The ministry announced on Monday that it had signed a contract for the delivery of howitzers.";
    let of = |configured, entry, channel, text| {
        resolve(configured, entry, channel, text, &mut Guesses::default())
    };
    assert_eq!(
        of(Some("en"), Some("ko"), None, korean).as_deref(),
        Some("en")
    );
    assert_eq!(
        of(None, Some("ko_KR"), Some("en"), korean).as_deref(),
        Some("ko-KR")
    );
    assert_eq!(of(None, None, Some("en-us"), korean).as_deref(), Some("ko"));
    assert_eq!(of(None, None, Some("ko"), english).as_deref(), Some("en"));
    assert_eq!(of(None, None, Some("ko"), "FA-50").as_deref(), Some("ko"));
    assert_eq!(
        of(None, None, Some("ja"), "防衛省発表").as_deref(),
        Some("ja")
    );
    assert_eq!(
        of(None, None, Some("nonsense tag"), korean).as_deref(),
        Some("ko")
    );
    assert_eq!(of(None, None, None, "??"), None);
}

#[test]
fn tags_in_the_usual_spelling() {
    for (raw, expected) in [
        ("ko", Some("ko")),
        ("KO_kr", Some("ko-KR")),
        ("zh-hant-tw", Some("zh-Hant-TW")),
        ("en-us, en", Some("en-US")),
        ("English", Some("en")),
        ("ko_KR.UTF-8", Some("ko-KR")),
        ("", None),
        ("und", None),
        ("x", None),
        ("<b>", None),
    ] {
        assert_eq!(tag(raw).as_deref(), expected, "{raw}");
    }
}

#[test]
fn a_document_is_guessed_as_its_entries_would_be_alone() {
    let english = "The ministry said on Monday that it had signed a contract for the delivery of howitzers to Poland.";
    let german = "Das Ministerium teilte am Montag mit, dass der Vertrag über die Lieferung unterzeichnet wurde.";
    let korean = "한화에어로스페이스가 계약을 체결했다";
    let russian =
        "Министерство сообщило, что договор о поставке был подписан в понедельник вечером.";
    let french = "Accord avec la Pologne sur les chars";
    let texts = [
        english, english, english, english, german, english, korean, russian, french, english,
        german, german, german, german, english,
    ];
    let mut guesses = Guesses::default();
    for text in texts {
        let alone = detect(text).map(|(language, _)| language);
        let among = guesses
            .detect(text)
            .map(|(language, _)| language.to_owned());
        assert_eq!(among, alone, "{text}");
    }
}

#[test]
fn what_statistics_cannot_tell_is_asked_again_where_there_is_more_of_it() {
    let mut guesses = Guesses::default();
    for _ in 0..4 {
        assert_eq!(guesses.detect("KAI FA-50"), None);
    }
    let hungarian =
        "A minisztérium hétfőn közölte, hogy aláírta a tarackok szállításáról szóló szerződést.";
    assert_eq!(
        guesses.detect(hungarian).map(|(language, _)| language),
        Some("hu")
    );
}

#[test]
fn no_small_word_is_too_long_to_be_looked_up() {
    for (language, words) in SMALL_WORDS {
        assert!(
            words
                .split_whitespace()
                .all(|word| word.len() <= LONGEST_SMALL),
            "{language}"
        );
    }
}
