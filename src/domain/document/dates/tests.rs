use std::borrow::Cow;

use super::*;

fn seoul() -> TimeZone {
    TimeZone::fixed(Offset::constant(9))
}

#[track_caller]
fn check(text: &str, zone: &TimeZone, expected: &str) {
    let expected: Timestamp = expected.parse().unwrap();
    let habits = Habits {
        zone: zone.clone(),
        ..Habits::default()
    };
    let found = parse(text, &habits).map(|read| read.at);
    assert_eq!(found, Some(expected), "{text}");
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
        "Sun, 22 Nov 2026 20:02:03 ET",
        "Mon, 23 Nov 2026 01:02:03 G",
        "2026-11-23T01:02:03.123Z",
        "2026-011-23T01:02:03Z",
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
        ("pt, 02 sty 2026 00:00:00 GMT", "2026-01-02T00:00:00Z"),
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
        "3 hours ago",
        "2026-11-23T25:00:00Z",
        "99999999999999999999999999",
        "::",
        "+0900",
    ] {
        assert_eq!(parse(text, &Habits::default()), None, "{text}");
    }
}

#[test]
fn zone_where_none_is_named() {
    let offset = |configured, language, host| {
        let habits = Habits::of(configured, language, host);
        let read = parse("2026-01-01 09:00", &habits).unwrap();
        assert!(!read.has_zone);
        read.at.to_string()
    };
    for (configured, language, host, at) in [
        (None, Some("ko"), None, "2026-01-01T00:00:00Z"),
        (
            None,
            Some("ko-KR"),
            Some("x.example"),
            "2026-01-01T00:00:00Z",
        ),
        (None, None, Some("news.example.kr"), "2026-01-01T00:00:00Z"),
        (
            None,
            Some("en"),
            Some("news.example"),
            "2026-01-01T09:00:00Z",
        ),
        (Some("Asia/Seoul"), Some("en"), None, "2026-01-01T00:00:00Z"),
        (Some("No/Where"), Some("ko"), None, "2026-01-01T00:00:00Z"),
        (None, Some("pl"), None, "2026-01-01T08:00:00Z"),
        (None, None, Some("news.example.ro"), "2026-01-01T07:00:00Z"),
    ] {
        assert_eq!(
            offset(configured, language, host),
            at,
            "{language:?} {host:?}"
        );
    }
}

fn learnt(language: Option<&str>, dates: &[&str], built: Option<&str>) -> Habits {
    let dates: Vec<Cow<'_, str>> = dates.iter().map(|date| Cow::Borrowed(*date)).collect();
    let now = "2026-11-24T00:05:00Z".parse().unwrap();
    Habits::of(None, language, None).learn(&dates, built, now)
}

#[test]
fn the_zone_is_learnt_from_the_document() {
    let local = "2026-11-24 08:00";
    for (language, dates, built, words) in [
        (
            None,
            vec![local, "Tue, 24 Nov 2026 08:00:00 +0900"],
            None,
            "+09, as the feed's other dates say",
        ),
        // The clock of a server is no evidence.
        (
            Some("ko"),
            vec![local, "Tue, 24 Nov 2026 00:00:00 GMT"],
            None,
            "+09, as in the country of its host or language",
        ),
        (
            None,
            vec![local],
            Some("2026-11-24 09:02:00"),
            "+09, as its build date shows",
        ),
        (
            None,
            vec![local],
            Some("2026-11-24 06:32:00"),
            "UTC, for want of any sign: `default_tz` tells otherwise",
        ),
        (
            None,
            vec![local],
            None,
            "UTC, for want of any sign: `default_tz` tells otherwise",
        ),
        (
            Some("pl"),
            vec![local, "Tue, 24 Nov 2026 08:00:00 +0100"],
            None,
            "Europe/Warsaw, as the feed's other dates say",
        ),
    ] {
        let said = learnt(language, &dates, built).in_words();
        assert_eq!(
            said,
            format!("dates without a zone were read in {words}"),
            "{dates:?}"
        );
    }
}

#[test]
fn days_before_months_where_the_document_or_its_language_says_so() {
    let read = |habits: &Habits| parse("03/11/2026", habits).unwrap().at.to_string();
    assert_eq!(read(&Habits::default()), "2026-03-11T00:00:00Z");
    let habits = learnt(None, &["03/11/2026", "23/11/2026"], None);
    assert_eq!(read(&habits), "2026-11-03T00:00:00Z");
    assert_eq!(
        read(&learnt(Some("es"), &["03/11/2026"], None)),
        "2026-11-03T00:00:00Z"
    );
    assert_eq!(
        read(&learnt(Some("en-US"), &["03/11/2026"], None)),
        "2026-03-11T00:00:00Z"
    );
}

/// Months as dates write them, January first.
const MONTHS_OF: &[(&str, &str)] = &[
    (
        "en",
        "January February March April May June July August September October November December",
    ),
    (
        "de",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    ),
    (
        "de",
        "Jän. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    ),
    (
        "fr",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    ),
    (
        "fr",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    ),
    (
        "es",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    ),
    (
        "es",
        "ene. feb. mar. abr. may. jun. jul. ago. sept. oct. nov. dic.",
    ),
    (
        "it",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    ),
    ("it", "gen feb mar apr mag giu lug ago set ott nov dic"),
    (
        "pt",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    ),
    (
        "pt",
        "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
    ),
    (
        "nl",
        "januari februari maart april mei juni juli augustus september oktober november december",
    ),
    ("nl", "jan feb mrt apr mei jun jul aug sep okt nov dec"),
    (
        "pl",
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    ),
    ("pl", "sty lut mar kwi maj cze lip sie wrz paź lis gru"),
    (
        "ro",
        "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    ),
    (
        "ro",
        "ian. feb. mar. apr. mai iun. iul. aug. sept. oct. nov. dec.",
    ),
    (
        "cs",
        "ledna února března dubna května června července srpna září října listopadu prosince",
    ),
    (
        "cs",
        "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    ),
    (
        "sk",
        "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    ),
    (
        "hu",
        "január február március április május június július augusztus szeptember október november december",
    ),
    (
        "hu",
        "jan. febr. márc. ápr. máj. jún. júl. aug. szept. okt. nov. dec.",
    ),
    (
        "tr",
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    ),
    ("tr", "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara"),
    (
        "sv",
        "januari februari mars april maj juni juli augusti september oktober november december",
    ),
    (
        "no",
        "januar februar mars april mai juni juli august september oktober november desember",
    ),
    (
        "da",
        "januar februar marts april maj juni juli august september oktober november december",
    ),
    (
        "fi",
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
    ),
    (
        "et",
        "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
    ),
    (
        "lv",
        "janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris",
    ),
    (
        "lt",
        "sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio",
    ),
    (
        "sl",
        "januar februar marec april maj junij julij avgust september oktober november december",
    ),
    (
        "ru",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    ),
    ("ru", "янв фев мар апр май июн июл авг сен окт ноя дек"),
    (
        "uk",
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    ),
    (
        "be",
        "студзеня лютага сакавіка красавіка мая чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня",
    ),
    (
        "bg",
        "януари февруари март април май юни юли август септември октомври ноември декември",
    ),
    (
        "sr",
        "јануар фебруар март април мај јун јул август септембар октобар новембар децембар",
    ),
    (
        "el",
        "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου",
    ),
    ("el", "Ιαν Φεβ Μαρ Απρ Μαΐ Ιουν Ιουλ Αυγ Σεπ Οκτ Νοε Δεκ"),
    (
        "ar",
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    ),
    (
        "he",
        "בינואר בפברואר במרץ באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר בנובמבר בדצמבר",
    ),
    (
        "id",
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
    ),
];

/// Names of days, short and long, as they stand before a date.
const DAYS_OF: &str = "Mon Tue Wed Thu Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday \
    Mo Di Mi Do Fr Sa So Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag \
    lun. mar. mer. jeu. ven. sam. dim. lundi mardi mercredi jeudi vendredi samedi dimanche \
    lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom \
    lunedì martedì mercoledì giovedì venerdì sabato domenica gio segunda-feira terça-feira quarta-feira \
    quinta-feira sexta-feira seg ter qua qui sex maandag dinsdag woensdag donderdag vrijdag zaterdag zondag \
    pon. wt. śr. czw. pt. sob. niedz. poniedziałek wtorek środa czwartek piątek sobota niedziela \
    luni marți miercuri joi vineri sâmbătă duminică pondělí úterý středa čtvrtek pátek neděle \
    hétfő kedd szerda csütörtök péntek szombat vasárnap Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pzt Çar \
    måndag tisdag onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag \
    maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai ma ti ke to pe la su \
    понедельник вторник среда четверг пятница суббота воскресенье Пн Вт Ср Чт Пт Сб Вс \
    понеділок вівторок середа четвер п'ятниця субота неділя Δευ Τρί Τετ Πέμ Παρ Σάβ Κυρ Δευτέρα \
    الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد Senin Selasa Rabu Kamis Jumat Sabtu Minggu \
    월 화 수 목 금 토 일 월요일 화요일 月 火 水 木 金 土 日 月曜日 周一 星期二";

#[test]
fn months_of_all_languages() {
    for (language, names) in MONTHS_OF {
        let names: Vec<&str> = names.split(' ').collect();
        assert_eq!(names.len(), 12, "{language}");
        for (month, name) in (1..).zip(names) {
            let expected = format!("2026-{month:02}-23T01:02:03Z");
            for text in [
                format!("23 {name} 2026 01:02:03 GMT"),
                format!("23. {name} 2026, 01:02:03 +0000"),
                format!("{name} 23, 2026 01:02:03 GMT"),
                format!("2026 {name} 23 01:02:03 GMT"),
            ] {
                check(&text, &TimeZone::UTC, &expected);
            }
        }
    }
}

#[test]
fn days_of_all_languages_are_no_months() {
    for day in DAYS_OF.split_whitespace() {
        check(
            &format!("{day}, 23 Nov 2026 01:02:03 GMT"),
            &TimeZone::UTC,
            "2026-11-23T01:02:03Z",
        );
    }
}

#[test]
fn dates_as_pages_show_them() {
    for text in [
        "maanantaina 23. marraskuuta 2026 klo 1.02",
        "Montag, 23. November 2026, 1.02 Uhr",
        "lunedì 23 novembre 2026 ore 01.02",
        "23/11/2026 01h02",
        "23/11/2026 às 01h02",
        "Le 23 novembre 2026 à 01h02",
        "mandag 23. november 2026 kl. 01.02",
        "Thứ Hai, 23/11/2026, 01:02",
        "Thứ 2, 23/11/2026 01:02",
        "Ngày 23 tháng 11 năm 2026 01:02",
        "٢٣ نوفمبر ٢٠٢٦ ٠١:٠٢",
        "23 تشرين الثاني 2026 01:02",
        "23 نوفمبر 2026 1:02 ص",
        "2026 m. lapkričio 23 d. 01:02",
        "2026. november 23., hétfő 01:02",
        "23 de noviembre de 2026, 1:02 a. m.",
        "23.11.2026 01:02",
        "2026-11-23 오전 1:02",
        "2026년 11월 23일 새벽 1시 2분",
        "2026년 11월 23일(월) 01:02",
        "2026.11.23 (월) 01:02",
        "26.11.23 01:02",
        "2026年11月23日 凌晨1:02",
        "2026年11月23日（月） 1時2分",
        "入力 : 2026-11-23 01:02",
    ] {
        check(text, &TimeZone::UTC, "2026-11-23T01:02:00Z");
    }
    for text in [
        "15:04 02.01.2006 -0700",
        "02.01.2006 15:04 -0700",
        "Mon, 02 Jan 2006 15:04:00 -07",
        "Mon, 02 Jan 2006 15:04:00 --0700",
    ] {
        check(text, &TimeZone::UTC, "2006-01-02T22:04:00Z");
    }
    check(
        "Mon, 26 January 2004 16:31:00 AT",
        &TimeZone::UTC,
        "2004-01-26T20:31:00Z",
    );
    assert_eq!(parse("45 minutes ago", &Habits::default()), None);
}

#[test]
fn a_document_says_how_it_read_dates_without_a_zone() {
    use crate::domain::document::{Hints, parse};

    let item = |date: &str| format!("<item><title>t{date}</title><pubDate>{date}</pubDate></item>");
    let document = |dates: &[&str]| {
        let items: String = dates.iter().map(|date| item(date)).collect();
        let text = format!("<rss version=\"2.0\"><channel><title>x</title>{items}</channel></rss>");
        let hints = Hints {
            url: Some("https://news.example/rss".to_owned()),
            now: "2026-11-25T00:00:00Z".parse().unwrap(),
            ..Hints::default()
        };
        parse(text.as_bytes(), &hints).unwrap()
    };
    let learnt = document(&["2026-11-24 09:05:00", "Tue, 24 Nov 2026 09:00:00 +0900"]);
    assert_eq!(
        learnt.entries[0]
            .published
            .map(|at| at.to_string())
            .as_deref(),
        Some("2026-11-24T00:05:00Z")
    );
    assert_eq!(
        learnt.notes,
        [
            "dates without a zone",
            "dates without a zone were read in +09, as the feed's other dates say",
        ]
    );
    assert_eq!(
        document(&["Tue, 24 Nov 2026 09:00:00 GMT"]).notes,
        Vec::<String>::new()
    );
}
