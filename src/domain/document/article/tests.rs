//! Invented pages laid out as publishers lay out theirs: the article is there, paragraph by paragraph, and nothing
//! of what stands around it.

use encoding_rs::{EUC_KR, Encoding, SHIFT_JIS, UTF_8, WINDOWS_1256};

use super::*;

const LINK: &str = "https://news.example/article/1";

fn hints(content_type: &str) -> Hints {
    Hints {
        url: Some(LINK.to_owned()),
        content_type: Some(content_type.to_owned()),
        ..Hints::default()
    }
}

fn read_text(page: &str) -> Result<String, Refused> {
    read(page.as_bytes(), LINK, &hints("text/html; charset=utf-8"))
}

/// A page, how it is encoded, the article's paragraphs, and texts of the page that are not the article's.
struct Sample {
    name: &'static str,
    page: &'static str,
    encoding: &'static Encoding,
    paragraphs: &'static [&'static str],
    around: &'static [&'static str],
}

macro_rules! sample {
    ($name:literal, $encoding:expr, $paragraphs:expr, $around:expr) => {
        Sample {
            name: $name,
            page: include_str!(concat!("samples/", $name, ".html")),
            encoding: $encoding,
            paragraphs: &$paragraphs,
            around: &$around,
        }
    };
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn samples() -> Vec<Sample> {
    vec![
        sample!(
            "daily_br",
            EUC_KR,
            [
                "가람중공업 군산 공장의 조립동. 가람중공업 제공.",
                "(서울=한빛일보) 가람중공업이 북해 해상풍력 단지에 8메가와트급 터빈 40기를 공급하는 계약을 맺었다고 24일 밝혔다.",
                "계약 규모는 1조 2천억원으로, 회사 창립 이래 단일 수주로는 가장 크다. 첫 물량은 내년 9월 군산 공장에서 출하된다.",
                "회사 관계자는 \"현지 유지보수 센터를 함께 짓기로 했다\"며 \"추가 물량도 협의하고 있다\"고 말했다.",
                "업계에서는 이번 계약이 해상풍력 시장 재편의 신호라고 본다.",
            ],
            [
                "스크립트",
                "국제 소식",
                "공유하기",
                "무이자",
                "저작권자",
                "hong@",
                "관련기사",
                "반토막",
                "구독하시면",
                "응원합니다",
                "주가는",
                "첫눈",
                "발행인"
            ]
        ),
        sample!(
            "itemprop_p",
            UTF_8,
            [
                "부산항에 들어오는 컨테이너선. 남해해운 제공.",
                "남해해운이 부산과 그단스크를 잇는 정기 항로를 내년 봄에 연다.",
                "회사는 20일 이사회에서 8천TEU급 선박 6척을 투입하는 계획을 의결했다. 주 1회 운항하며 편도 38일이 걸린다.",
                "폴란드 항만공사는 이 항로가 발트해 물류의 새 축이 될 것이라고 했다.",
                "요금은 아직",
                "운임은 다음 달에 공시된다. 시범 운항은 2월이다.",
                "끝으로 회사는 선원을 더 뽑는다.",
            ],
            [
                "전체기사",
                "승인",
                "등산화",
                "관련기사",
                "내림세",
                "lee@",
                "저작권자",
                "#해운",
                "도서관",
                "사업자"
            ]
        ),
        sample!(
            "portal",
            UTF_8,
            [
                "수소로 쇳물을 뽑는 첫 상업 설비\n2029년 가동 목표로 공사 시작",
                "전해철강이 수소로 철을 만드는 상업 규모 설비를 포항에 짓기 시작했다.착공식 모습입니다.",
                "석탄 대신 수소를 쓰면 탄소 배출이 10분의 1로 줄어든다는 것이 회사 설명이다.",
                "설비는 2029년 말에 돌아간다. 사업비는 3조원이다.",
            ],
            [
                "바로가기",
                "세계 뉴스",
                "섹션 정보",
                "조심히",
                "김장",
                "bada@"
            ]
        ),
        sample!(
            "amp",
            UTF_8,
            [
                "국립극지연구소의 쇄빙선이 북극항로 시험운항을 마치고 24일 인천항으로 돌아왔다.",
                "배는 47일 동안 1만 6천 해리를 달리며 얼음 두께와 수온을 쟀다. 자료는 내년 봄에 공개된다.",
            ],
            ["메뉴", "광고", "동의"]
        ),
        sample!(
            "data_only",
            UTF_8,
            [
                "서울시가 한강 다리 스물두 곳을 점검한 결과를 24일 내놓았다.",
                "다섯 곳은 내년 상반기에 보수에 들어간다. 통행은 막지 않는다.",
                "시는 점검 주기를 해마다 두 번으로 늘린다.",
            ],
            ["저작권자", "자바스크립트"]
        ),
        sample!(
            "old_tables",
            EUC_KR,
            [
                "온천마을이 다음 달 1일부터 사흘 동안 겨울 축제를 연다. 올해로 스물네 번째다.",
                "마을은 공연장 두 곳과 장터를 새로 꾸몄다. 입장료는 없으며 주차장은 초등학교 운동장에 마련된다.",
                "군은 셔틀버스 여섯 대를 투입한다.",
            ],
            ["문화 행사", "편집인"]
        ),
        sample!(
            "english",
            UTF_8,
            [
                "The Clydeside yard has won an order for four hybrid ferries, its owner said on Tuesday, ending a two-year drought.",
                "Work starts in March and will employ 340 people. The first hull is due to be launched in late 2028.",
                "“This secures the yard for a decade,” said Ann Other, who runs it.",
                "Unions cautious",
                "Unions welcomed the order but want guarantees on agency labour. Talks resume on Friday.",
                "The council approved the slipway extension last week.",
            ],
            [
                "Skip",
                "Business and markets",
                "cookies",
                "Jo Doe",
                "Advertisement",
                "morning briefing",
                "Read more",
                "hundreds of jobs",
                "thirty years",
                "steel",
                "Registered"
            ]
        ),
        sample!(
            "sections",
            UTF_8,
            [
                "The grid operator warned on Monday that margins this winter will be the thinnest in a decade, blaming outages.",
                "It asked large users to shift demand away from the early evening where they can do so safely.",
                "Two reactors remain closed for inspection and are not expected back before the middle of January.",
                "Imports through the new cable should cover most of the gap, the operator said in its outlook.",
                "Ministers said there was no risk of blackouts, and that the reserve scheme would be extended.",
            ],
            ["Front", "Ten ways", "boiler"]
        ),
        sample!(
            "japanese",
            SHIFT_JIS,
            [
                "港湾会社の東浜埠頭は24日、自動運転のクレーン12基を来年4月に導入すると発表した。",
                "夜間の荷役を無人で行い、待ち時間を3割減らす。投資額は約80億円。",
                "労働組合は配置転換の条件を協議している。",
            ],
            [
                "トップ",
                "広告",
                "無断転載",
                "関連記事",
                "人手不足",
                "図書館"
            ]
        ),
        sample!(
            "polish",
            UTF_8,
            [
                "Szczecińska stocznia podpisała umowę na budowę trzech promów pasażerskich dla armatora z Finlandii.",
                "Wartość kontraktu sięga 900 milionów złotych. Pierwszy prom ma być gotowy za trzydzieści miesięcy.",
                "Związkowcy przypominają, że w zakładzie brakuje spawaczy. Zarząd zapowiada nabór po nowym roku.",
            ],
            [
                "Strona główna",
                "ubezpieczenia",
                "Czytaj",
                "Nareszcie",
                "zastrzeżone"
            ]
        ),
        sample!(
            "arabic",
            WINDOWS_1256,
            [
                "أعلنت هيئة الموانئ يوم الثلاثاء بدء أعمال الإنشاء في ميناء جديد على البحر الأحمر بطاقة مليوني حاوية سنويا.",
                "وقالت الهيئة إن المرحلة الأولى ستنتهي خلال ثلاثة أعوام، وإن التمويل جاء من مصارف محلية.",
                "ومن المتوقع أن يوفر المشروع أربعة آلاف فرصة عمل.",
            ],
            ["الرئيسية", "إعلان", "اقرأ أيضا", "الشحن", "الحقوق"]
        ),
    ]
}

#[test]
fn articles_are_read_paragraph_by_paragraph_and_nothing_else_is() {
    for sample in samples() {
        let (bytes, _, lossy) = sample.encoding.encode(sample.page);
        assert!(!lossy, "{}", sample.name);
        // No header names the charset: the page's own word, or its bytes, must do.
        let text = read(&bytes, LINK, &hints("text/html"))
            .unwrap_or_else(|why| panic!("{}: {why}", sample.name));
        let paragraphs: Vec<&str> = text
            .split("\n\n")
            .map(|text| text.trim_matches('\u{3000}'))
            .collect();
        assert_eq!(paragraphs, sample.paragraphs, "{}", sample.name);
        for around in sample.around {
            assert!(
                sample.page.contains(around),
                "{}: {around} is not in the page",
                sample.name
            );
            assert!(
                !text.contains(around),
                "{}: {around} is no part of the article",
                sample.name
            );
        }
    }
}

#[test]
fn what_is_no_article_is_refused_with_its_reason() {
    let brief =
        "<html><title>속보</title><body><div id=article_body>[속보] 지진 발생</div></body></html>";
    let cookies = "<html><title>The Paper</title><div class=c><p>We and our 842 partners use cookies to store and access \
        information on your device.</p><p>You can accept all cookies or choose which cookies you want. Our cookie policy \
        tells more, and you may withdraw at any time.</p></div></html>";
    let login = "<html><title>로그인 - 한빛일보</title><form><div class=x>이 기사는 유료회원 전용입니다. 로그인을 하시거나 구독을 \
        신청하시면 모든 기사를 제한 없이 읽으실 수 있습니다. 첫 달은 무료입니다.</div><input type=password></form></html>";
    let teaser = "<html><title>Deal</title><article><p>The company said on Monday that it had signed the largest deal in its \
        history, worth two billion over nine years.</p><p>Subscribe to continue. Already a subscriber? Log in.</p></article></html>";
    let puzzle = "<html><title>Just a moment...</title><div><p>Checking your browser before accessing news.example. This \
        process is automatic and your browser will redirect to the content you asked for shortly.</p></div></html>";
    let missing = "<html><title>오류</title><div><p>요청하신 기사를 찾을 수 없습니다. 주소가 바뀌었거나 삭제된 기사일 수 있으니 주소를 다시 \
        확인해 주시기 바랍니다. 문제가 이어지면 고객센터로 알려 주세요.</p></div></html>";
    let list = format!(
        "<html><title>목록</title><ul>{}</ul></html>",
        "<li><a href=/x>어느 신문사 첫 화면에 늘어선 기사 제목 하나</a></li>".repeat(60)
    );
    for (page, why) in [
        (brief, Refused::Short),
        ("", Refused::Short),
        ("   ", Refused::Short),
        (list.as_str(), Refused::Short),
        (
            cookies,
            Refused::Wall("a question about cookies stands before the article"),
        ),
        (
            login,
            Refused::Wall("a login or a subscription stands before the article"),
        ),
        (
            teaser,
            Refused::Wall("a login or a subscription stands before the article"),
        ),
        (puzzle, Refused::Wall(wall::PUZZLE)),
        (missing, Refused::Wall(wall::MISSING)),
    ] {
        assert_eq!(read_text(page), Err(why), "{page}");
    }
}

#[test]
fn what_is_no_page_is_refused_by_label_or_by_its_bytes() {
    for (bytes, content_type) in [
        (&b"%PDF-1.7 ..."[..], "application/pdf"),
        (b"%PDF-1.7 ...", "text/html"),
        (b"\xff\xd8\xff\xe0", "text/html"),
        (b"....", "video/mp4"),
        (b"{\"a\":1}", "application/json"),
    ] {
        let refused = read(bytes, LINK, &hints(content_type)).unwrap_err();
        assert!(
            matches!(refused, Refused::NotHtml(_)) && refused.is_final(),
            "{content_type}"
        );
    }
}

#[test]
fn only_a_word_to_us_by_name_keeps_a_page_out() {
    let page = include_str!("samples/english.html");
    let with = |meta: &str| read_text(&page.replace("<head>", &format!("<head>{meta}")));
    assert_eq!(
        with("<meta name=\"bongsu\" content=\"noarchive\">"),
        Err(Refused::Unwelcome)
    );
    assert!(with("<meta name=\"robots\" content=\"noarchive\">").is_ok());
}

#[test]
fn a_redirect_to_the_front_page_is_no_article() {
    let page = include_str!("samples/english.html");
    let mut hints = hints("text/html");
    hints.url = Some("https://news.example/".to_owned());
    let refused = read(page.as_bytes(), LINK, &hints).unwrap_err();
    assert!(refused.to_string().contains("front page"), "{refused}");
}

#[test]
fn hostile_pages_take_neither_time_nor_memory() {
    let words =
        "The yard has won an order for four ferries and will start to build them in March. "
            .repeat(4);
    for page in [
        format!("{}{words}", "<div>".repeat(300_000)),
        format!("{words}{}", "</div>".repeat(300_000)),
        format!("{words}{}", "<p><b><td>".repeat(100_000)),
        format!("<div class=\"{}\">{words}</div>", "ad ".repeat(200_000)),
        format!("{}{words}", "<script>".repeat(10_000)),
        format!("{}{words}", "<noscript>".repeat(50_000)),
        format!("<p>{}</p>", words.repeat(20_000)),
    ] {
        let read = read_text(&page);
        assert!(!matches!(read, Err(Refused::Panicked(_))), "{read:?}");
        assert!(read.is_err() || read.is_ok_and(|text| text.len() <= super::super::LONGEST_TEXT));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_damage_to_a_page_is_survived(cut in 0_usize..6000, byte in 0_u8..=255, at in 0_usize..6000) {
        let mut bytes = include_bytes!("samples/itemprop_p.html").to_vec();
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(cut.max(1));
        let read = read(&bytes, LINK, &hints("text/html"));
        proptest::prop_assert!(!matches!(read, Err(Refused::Panicked(_))), "{:?}", read);
    }
}
