use super::*;

fn seoul() -> TimeZone {
    TimeZone::fixed(Offset::constant(9))
}

#[track_caller]
fn check(text: &str, zone: &TimeZone, expected: &str) {
    let expected: Timestamp = expected.parse().unwrap();
    assert_eq!(parse(text, zone), Some(expected), "{text}");
}

#[test]
fn the_usual_forms_and_slips() {
    let moment = "2026-11-23T01:02:03Z";
    for text in [
        "Mon, 23 Nov 2026 01:02:03 GMT",
        "Mon, 23 Nov 2026 01:02:03 +0000",
        "Mon, 23 Nov 2026 10:02:03 +0900",
        "Mon,23 Nov 2026 10:02:03 +0900",
        "Monday, 23 November 2026 10:02:03 +09:00",
        "Tue, 23 Nov 2026 10:02:03 KST",
        "Mon, 23 Nov 2026 10:02:03 JST",
        "Mon, 23 Nov 2026 10:02:03 GMT+0900",
        "Mon, 23 Nov 2026 10:02:03 UTC+9",
        "Mon, 23 Nov 2026 10:02:03 +9",
        "Mon, 23 Nov 26 10:02:03 +0900",
        "23 Nov 2026 10:02:03 +0900",
        "Nov 23, 2026 10:02:03 +0900",
        "Sun, 22 Nov 2026 20:02:03 EST",
        "Sun, 22 Nov 2026 17:02:03 PST",
        "Mon, 23 Nov 2026 02:02:03 CET",
        "Mon, 23 Nov 2026 04:02:03 MSK",
        "Mon Nov 23 01:02:03 2026",
        "Mon Nov 23 10:02:03 KST 2026",
        "Mon Nov 23 10:02:03 +0900 2026",
        "Mon Nov 23 10:02:03 2026 +0900",
        "Sun Nov 22 20:02:03 -0500 2026",
        "2026-11-23T01:02:03Z",
        "2026-11-23T10:02:03+09:00",
        "2026-11-23T10:02:03+0900",
        "2026-11-22T20:02:03-05:00",
        "2026-11-22t20:02:03-05:00",
        "2026-11-23T01:02:03.123456789123Z",
        "2026-11-23 10:02:03 +0900",
        "2026-11-23 10:02:03 KST",
        "2026-11-23 01:02:03",
        "2026.11.23 01:02:03",
        "2026. 11. 23. 01:02:03",
        "2026/11/23 01:02:03",
        "20261123010203",
        "20261123T010203Z",
        "2026-11-23T10:02:03 Asia/Seoul",
        "23/11/2026 10:02:03 Asia/Seoul",
        "11/23/2026 1:02:03 AM",
        "23.11.2026 01:02:03",
        "1795395723",
        "1795395723000",
        "2026-327T01:02:03Z",
        "  Mon, 23 Nov 2026 01:02:03 GMT (Greenwich)  ",
        "Mon, 23 Nov 2026 01:02:03 Z",
        "Mon, 23 Nov 2026 1:2:3 GMT",
    ] {
        check(text, &TimeZone::UTC, moment);
    }
}

#[test]
fn dates_of_east_asia() {
    for text in [
        "2026년 11월 23일 오전 10:02",
        "2026년 11월 23일 10시 02분",
        "2026년11월23일 10:02:00",
        "2026-11-23 오전 10:02:00",
        "2026.11.23(월) 10:02",
        "2026. 11. 23. 오전 10:02",
        "월, 23 11월 2026 10:02:00 +0900",
        "월요일, 23 11월 2026 10:02",
        "2026年11月23日 10:02",
        "2026年11月23日(月) 10時02分",
        "2026年11月23日 上午10:02",
        "2026-11-23 10:02",
        "2026/11/23 10:02",
    ] {
        check(text, &seoul(), "2026-11-23T01:02:00Z");
    }
    check("2026-09-06 오후 3:01:02", &seoul(), "2026-09-06T06:01:02Z");
    check(
        "2026년 09월 06일 00:01:00",
        &seoul(),
        "2026-09-05T15:01:00Z",
    );
    check("2026-09-06 오후 12:01:02", &seoul(), "2026-09-06T03:01:02Z");
    check("2026-09-06 오전 12:01:02", &seoul(), "2026-09-05T15:01:02Z");
}

#[test]
fn months_and_days_of_other_languages() {
    for text in [
        "Пн, 23 ноя 2026 01:02:03 +0000",
        "понедельник, 23 ноября 2026 01:02:03 GMT",
        "lun., 23 nov. 2026 01:02:03 GMT",
        "lundi 23 novembre 2026 01:02:03 GMT",
        "Mo, 23 Nov 2026 02:02:03 MEZ",
        "pon, 23 lis 2026 01:02:03 GMT",
        "23 listopada 2026 01:02:03 GMT",
        "Pzt, 23 Kas 2026 01:02:03 GMT",
        "23 Kasım 2026 01:02:03 GMT",
        "lunes, 23 de noviembre de 2026 01:02:03 GMT",
        "lun, 23 nov 2026 01:02:03 GMT",
        "Δευ, 23 Νοε 2026 01:02:03 GMT",
        "2026. november 23. 01:02:03 GMT",
    ] {
        check(text, &TimeZone::UTC, "2026-11-23T01:02:03Z");
    }
    for (text, date) in [
        ("mar., 01 déc. 2026 00:00:00 GMT", "2026-12-01T00:00:00Z"),
        ("3 août 2026", "2026-08-03T00:00:00Z"),
        ("3 févr. 2026", "2026-02-03T00:00:00Z"),
        ("3 juil. 2026", "2026-07-03T00:00:00Z"),
        ("3 juin 2026", "2026-06-03T00:00:00Z"),
        ("Di, 03 Mär 2026", "2026-03-03T00:00:00Z"),
        ("3. März 2026", "2026-03-03T00:00:00Z"),
        ("3 maja 2026", "2026-05-03T00:00:00Z"),
        ("3 октября 2026", "2026-10-03T00:00:00Z"),
        ("3 мая 2026", "2026-05-03T00:00:00Z"),
        ("3 października 2026", "2026-10-03T00:00:00Z"),
        ("3 Ağustos 2026", "2026-08-03T00:00:00Z"),
        ("3 Şubat 2026", "2026-02-03T00:00:00Z"),
        ("3 gennaio 2026", "2026-01-03T00:00:00Z"),
        ("mar, 3 mar 2026", "2026-03-03T00:00:00Z"),
        ("3 enero 2026", "2026-01-03T00:00:00Z"),
        ("2026. szept. 3.", "2026-09-03T00:00:00Z"),
    ] {
        check(text, &TimeZone::UTC, date);
    }
}

#[test]
fn edges() {
    for (text, date) in [
        ("Mon, 23 Nov 2026 24:00:00 GMT", "2026-11-24T00:00:00Z"),
        ("Thu, 31 Dec 2026 23:59:60 GMT", "2026-12-31T23:59:59Z"),
        ("2026-11-23", "2026-11-23T00:00:00Z"),
        ("20261123", "2026-11-23T00:00:00Z"),
        ("2026-11", "2026-11-01T00:00:00Z"),
        ("2026", "2026-01-01T00:00:00Z"),
        ("Thu, 05 Aug 99 00:00:00 GMT", "1999-08-05T00:00:00Z"),
        ("2026-11-23T10:02Z", "2026-11-23T10:02:00Z"),
        ("Mon, 23 Nov 2026", "2026-11-23T00:00:00Z"),
        ("Mon, 23 Nov 2026 10:02 GMT", "2026-11-23T10:02:00Z"),
    ] {
        check(text, &TimeZone::UTC, date);
    }
    for text in [
        "",
        " ",
        "soon",
        "2026-13-01",
        "2026-02-30",
        "Mon, 32 Nov 2026 00:00:00 GMT",
        "00:00:00",
        "한국",
        "-",
        "12",
        "2026-11-23T25:00:00Z",
        "99999999999999999999999999",
        "::",
        "+0900",
    ] {
        assert_eq!(parse(text, &TimeZone::UTC), None, "{text}");
    }
}

#[test]
fn zone_where_none_is_named() {
    let offset = |configured, language, host| {
        let (zone, _) = zone_of(configured, language, host);
        zone.to_timestamp(jiff::civil::date(2026, 1, 1).at(9, 0, 0, 0))
            .unwrap()
            .to_string()
    };
    assert_eq!(offset(None, Some("ko"), None), "2026-01-01T00:00:00Z");
    assert_eq!(
        offset(None, Some("ko-KR"), Some("x.example")),
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(
        offset(None, None, Some("news.example.kr")),
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(
        offset(None, Some("en"), Some("news.example")),
        "2026-01-01T09:00:00Z"
    );
    assert_eq!(
        offset(Some("Asia/Seoul"), Some("en"), None),
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(
        offset(Some("No/Where"), Some("ko"), None),
        "2026-01-01T00:00:00Z"
    );
}
