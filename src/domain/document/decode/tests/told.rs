//! Korean, Japanese, Chinese and Russian documents, short and long, in every encoding that they come in, told rightly,
//! wrongly and not at all.

use std::fmt::Write as _;

use super::{encoding_named, read};

/// A language: sentences, its encodings, and the country of its hosts.
struct Tongue {
    sentences: &'static [&'static str],
    encodings: &'static [&'static str],
    country: &'static str,
}

const TONGUES: &[Tongue] = &[
    Tongue {
        sentences: &[
            "국방부, 새 자주포 수출 계약을 발표",
            "방위사업청은 어제 서울에서 열린 회의에서 내년 예산안을 설명했다고 밝혔다.",
            "조선소는 두 번째 잠수함을 진수했으며 시험 항해는 봄에 시작될 예정이다.",
            "장관은 기자들에게 협상이 아직 끝나지 않았다고 말했다.",
        ],
        encodings: &["euc-kr"],
        country: "kr",
    },
    Tongue {
        sentences: &[
            "똠방각하 펲시콜라 햏자 뷁, 새 소식 전해",
            "쀍쀍이라는 이름의 모임이 햏햏거리며 찦차를 타고 온 펲시맨과 쑛다리 똠방각하를 만났다고 한다.",
            "그들은 올해 봄에 다시 만나기로 약속하고 서울로 돌아갔다.",
        ],
        encodings: &["cp949"],
        country: "kr",
    },
    Tongue {
        sentences: &[
            "防衛装備庁、新型護衛艦の輸出を発表",
            "政府はきのう、来年度の予算案について説明し、カタログとデータを公開したと述べた。",
            "造船所では二隻目の潜水艦が進水し、試験航海は春に始まる予定である。",
            "大臣は記者団に、交渉はまだ終わっていないと語った。",
        ],
        encodings: &["shift_jis", "euc-jp", "iso-2022-jp"],
        country: "jp",
    },
    Tongue {
        sentences: &[
            "国防部宣布新的出口合同",
            "政府昨天在北京举行的会议上说明了明年的预算，并且公布了有关的数据。",
            "造船厂的第二艘潜艇已经下水，试航将于春天开始。",
            "部长对记者说，谈判还没有结束，双方将继续讨论。",
        ],
        encodings: &["gb18030", "gb2312", "gbk"],
        country: "cn",
    },
    Tongue {
        sentences: &[
            "國防部宣布新的出口合約",
            "政府昨天在臺北舉行的會議上說明了明年的預算，並且公布了有關的資料。",
            "造船廠的第二艘潛艦已經下水，試航將於春天開始。",
            "部長對記者說，談判還沒有結束，雙方將繼續討論。",
        ],
        encodings: &["big5"],
        country: "tw",
    },
    Tongue {
        sentences: &[
            "Министерство обороны сообщило о новом контракте",
            "Правительство вчера на заседании в Москве представило бюджет на будущий год и опубликовало данные.",
            "На верфи спущена на воду вторая подводная лодка, испытания начнутся весной.",
            "Министр заявил журналистам, что переговоры ещё не закончены.",
        ],
        encodings: &["windows-1251", "koi8-r"],
        country: "ru",
    },
];

fn document(declaration: &str, sentences: &[&str], times: usize) -> String {
    let mut out = format!("{declaration}<rss version=\"2.0\"><channel><title>News</title>");
    for _ in 0..times {
        for sentence in sentences {
            let _ = write!(
                out,
                "<item><title>{sentence}</title><description>{sentence}</description></item>"
            );
        }
    }
    out.push_str("</channel></rss>");
    out
}

fn declaration(label: &str) -> String {
    if label.is_empty() {
        String::new()
    } else {
        format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n")
    }
}

/// Short and long: a title, all sentences, all of them thirty times.
fn lengths(tongue: &Tongue) -> [(&[&'static str], usize); 3] {
    [
        (&tongue.sentences[..1], 1),
        (tongue.sentences, 1),
        (tongue.sentences, 30),
    ]
}

#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{}: {faults:#?}", faults.len());
}

#[test]
fn legacy_encodings_told_rightly_wrongly_and_not_at_all() {
    let mut faults = Vec::new();
    for tongue in TONGUES {
        for name in tongue.encodings {
            let right = format!("text/xml; charset={name}");
            let shouted = name.to_uppercase();
            for (declared, header) in [
                (*name, None),
                (shouted.as_str(), None),
                (name, Some("application/rss+xml")),
                (name, Some("text/xml; charset=utf-8")),
                (name, Some("text/xml; charset=ISO-8859-1")),
                ("", Some(right.as_str())),
                ("utf-8", Some(right.as_str())),
                ("iso-8859-1", Some(right.as_str())),
                ("utf-8", None),
                ("utf-8", Some("text/xml; charset=UTF-8")),
                ("", Some("text/xml; charset=ISO-8859-1")),
                ("", Some("text/xml; charset=utf-8")),
                ("", None),
                ("utf-16", None),
                ("no-such-thing", Some("text/xml; charset=none")),
            ] {
                for (sentences, times) in lengths(tongue) {
                    let text = document(&declaration(declared), sentences, times);
                    let bytes = encoding_named(name).unwrap().encode(&text).0;
                    for country in [None, Some(tongue.country)] {
                        let found = read(&bytes, header, country);
                        if sentences.iter().any(|sentence| !found.contains(sentence)) {
                            let length = text.len();
                            faults.push(format!(
                                "{name} as {declared:?} {header:?} {country:?} {length}"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn utf8_under_the_label_of_a_legacy_encoding() {
    let mut faults = Vec::new();
    for tongue in TONGUES {
        for name in [
            "euc-kr",
            "shift_jis",
            "gb2312",
            "big5",
            "koi8-r",
            "iso-8859-1",
            "utf-16",
        ] {
            for (sentences, times) in lengths(tongue) {
                let text = document(&declaration(name), sentences, times);
                let header = format!("text/xml; charset={name}");
                for (header, country) in [(None, None), (Some(header.as_str()), Some("kr"))] {
                    if read(text.as_bytes(), header, country) != text {
                        faults.push(format!("{name} {header:?} {country:?}: {text:.200}"));
                    }
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn a_legacy_encoding_under_the_label_of_another() {
    let labels = [
        "euc-kr",
        "shift_jis",
        "euc-jp",
        "gb2312",
        "big5",
        "windows-1251",
        "koi8-r",
    ];
    let mut faults = Vec::new();
    for tongue in TONGUES {
        for name in tongue
            .encodings
            .iter()
            .filter(|name| **name != "iso-2022-jp")
        {
            for label in labels
                .iter()
                .filter(|label| encoding_named(label) != encoding_named(name))
            {
                for (sentences, times) in [(tongue.sentences, 1), (tongue.sentences, 30)] {
                    let text = document(&declaration(label), sentences, times);
                    let bare = document("", sentences, times);
                    let header = format!("text/xml; charset={label}");
                    let encoding = encoding_named(name).unwrap();
                    for (text, header) in [
                        (&text, None),
                        (&bare, Some(header.as_str())),
                        (&text, Some(header.as_str())),
                    ] {
                        let found = read(&encoding.encode(text).0, header, Some(tongue.country));
                        if sentences.iter().any(|sentence| !found.contains(sentence)) {
                            faults.push(format!("{name} as {label} {header:?} {times}"));
                        }
                    }
                }
            }
        }
    }
    assert_none(&faults);
}

/// An encoding of whole units.
type Wide = fn(&str) -> Vec<u8>;

#[test]
fn wide_encodings_told_rightly_wrongly_and_not_at_all() {
    let all: [(&str, Wide); 4] = [
        ("utf-16le", |text| {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
        ("utf-16be", |text| {
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        }),
        ("utf-32le", |text| {
            text.chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect()
        }),
        ("utf-32be", |text| {
            text.chars()
                .flat_map(|c| u32::from(c).to_be_bytes())
                .collect()
        }),
    ];
    let mut faults = Vec::new();
    for tongue in TONGUES {
        for (name, encode) in all {
            for declared in ["", name, "utf-16", "utf-8", "euc-kr"] {
                for header in [
                    None,
                    Some("text/xml; charset=utf-8"),
                    Some("text/xml; charset=euc-kr"),
                ] {
                    for (sentences, times) in lengths(tongue) {
                        let text = document(&declaration(declared), sentences, times);
                        for mark in ["", "\u{feff}"] {
                            let bytes = encode(&format!("{mark}{text}"));
                            if read(&bytes, header, None) != text {
                                faults.push(format!(
                                    "{name} as {declared:?} {header:?} {mark:?} {times}"
                                ));
                            }
                        }
                    }
                }
            }
        }
    }
    assert_none(&faults);
}
