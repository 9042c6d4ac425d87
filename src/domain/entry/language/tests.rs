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
fn sentences_and_headlines() {
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
    let of = |configured, entry, channel, text| resolve(configured, entry, channel, text);
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
    let russian = "Министр обороны заявил о закупке новых гаубиц";
    assert_eq!(
        of(None, None, Some("en-US"), russian).as_deref(),
        Some("ru")
    );
    assert_eq!(of(None, None, Some("uk"), russian).as_deref(), Some("uk"));
    assert_eq!(of(None, None, Some("ru"), english).as_deref(), Some("en"));
    assert_eq!(of(None, None, Some("kk"), english).as_deref(), Some("kk"));
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

/// Headlines of defence, politics, business and sport, fifteen a language; every third was not looked at while the
/// tables were made.
const HEADLINES: &str = include_str!("headlines.txt");

#[test]
fn nineteen_headlines_in_twenty_are_told_right() {
    let rows: Vec<(&str, &str)> = HEADLINES
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let wrong: Vec<String> = rows
        .iter()
        .map(|(language, text)| (*language, *text, detect(text)))
        .filter(|(language, _, found)| found.as_ref().is_none_or(|(found, _)| found != language))
        .map(|(language, text, found)| format!("{language} {found:?} {text}"))
        .collect();
    assert!(
        rows.len() >= 500 && wrong.len() * 20 <= rows.len(),
        "{wrong:#?}"
    );
    // What is called sure is right.
    let sure = rows.iter().filter_map(|(language, text)| {
        let (found, confidence) = detect(text)?;
        (confidence > 0.5).then_some((found == *language, text))
    });
    let (right, wrong): (Vec<_>, Vec<_>) = sure.partition(|(is_right, _)| *is_right);
    assert!(
        right.len() > 400 && wrong.len() * 100 <= right.len(),
        "{wrong:?}"
    );
}

#[test]
fn no_word_of_the_tables_is_out_of_reach() {
    for row in tables::LATIN.iter().chain(scripted::CYRILLIC) {
        for word in row.words.split_whitespace() {
            assert_eq!(word.to_lowercase(), word, "{}", row.code);
            assert!(word.chars().all(char::is_alphabetic), "{} {word}", row.code);
        }
    }
}
