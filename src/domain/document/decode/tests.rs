use super::*;

mod told;

const KOREAN: &str = "속보: 똠방각하 펲시 뷁 방산 수출 계약";

fn read(bytes: &[u8], content_type: Option<&str>, country: Option<&str>) -> String {
    decode(
        bytes,
        Labels {
            content_type,
            country,
        },
    )
    .text
    .into_owned()
}

fn document(declaration: &str) -> String {
    format!("{declaration}<rss version=\"2.0\"><channel><title>{KOREAN}</title></channel></rss>")
}

#[test]
fn korean_bytes_come_out_right_whatever_they_are_called() {
    for name in [
        "euc-kr",
        "EUC-KR",
        "cp949",
        "MS949",
        "uhc",
        "ks_c_5601-1987",
        "euc_kr",
        "x-windows-949",
        "KSC5601",
        "utf-8",
        "",
        "no-such-thing",
        "utf-16",
        "'euc-kr'",
    ] {
        let text = document(&format!("<?xml version=\"1.0\" encoding=\"{name}\"?>"));
        let (bytes, _, _) = EUC_KR.encode(&text);
        for header in [
            None,
            Some("text/xml; charset=ISO-8859-1"),
            Some("text/xml; charset=utf-8"),
            Some("text/xml"),
        ] {
            for country in [None, Some("kr")] {
                assert!(
                    read(&bytes, header, country).contains(KOREAN),
                    "{name} {header:?} {country:?}"
                );
            }
        }
    }
    let (bytes, _, _) = EUC_KR.encode(KOREAN);
    for header in [
        "text/xml; charset=ks_c_5601-1987",
        "application/xml;charset=\"EUC-KR\"",
        "text/xml; charset=CP949",
    ] {
        assert_eq!(read(&bytes, Some(header), None), KOREAN, "{header}");
    }
}

#[test]
fn utf8_wins_over_any_label() {
    for name in ["euc-kr", "utf-16", "iso-8859-1", "", "shift_jis"] {
        let text = document(&format!("<?xml version=\"1.0\" encoding=\"{name}\"?>"));
        for header in [
            None,
            Some("text/xml; charset=euc-kr"),
            Some("text/xml; charset=iso-8859-1"),
        ] {
            assert_eq!(
                read(text.as_bytes(), header, Some("kr")),
                text,
                "{name} {header:?}"
            );
        }
    }
}

#[test]
fn wide_encodings_in_all_forms() {
    for declaration in [
        "",
        "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
    ] {
        let text = document(declaration);
        for mark in [false, true] {
            let marked = if mark {
                format!("\u{feff}{text}")
            } else {
                text.clone()
            };
            let le16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let le32: Vec<u8> = marked
                .chars()
                .flat_map(|c| (c as u32).to_le_bytes())
                .collect();
            let be32: Vec<u8> = marked
                .chars()
                .flat_map(|c| (c as u32).to_be_bytes())
                .collect();
            for (name, bytes) in [
                ("16le", le16),
                ("16be", be16),
                ("32le", le32),
                ("32be", be32),
            ] {
                assert_eq!(
                    read(&bytes, Some("text/xml; charset=utf-8"), None),
                    text,
                    "{name} {mark} {declaration}"
                );
            }
        }
    }
}

#[test]
fn other_encodings_declared_by_header_or_not_at_all() {
    let japanese = "防衛装備庁は新しい護衛艦の輸出について発表した。カタカナ";
    let russian = "Министерство обороны сообщило о поставке новых самоходных гаубиц";
    let chinese = "国防部宣布新的出口合同，涉及自行火炮和坦克";
    let taiwan = "國防部宣布新的出口合約，涉及自走砲與戰車";
    for (text, name, country) in [
        (japanese, "shift_jis", "jp"),
        (japanese, "euc-jp", "jp"),
        (japanese, "x-sjis", "jp"),
        (japanese, "Windows-31J", "jp"),
        (russian, "windows-1251", "ru"),
        (russian, "koi8-r", "ru"),
        (chinese, "gb2312", "cn"),
        (chinese, "gb18030", "cn"),
        (taiwan, "big5", "tw"),
    ] {
        let encoding = encoding_named(name).unwrap();
        let declared =
            format!("<?xml version=\"1.0\" encoding=\"{name}\"?><rss><title>{text}</title></rss>");
        let bare = format!("<rss><title>{text}</title></rss>");
        let wrong =
            format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><rss><title>{text}</title></rss>");
        for (document, header) in [
            (&declared, None),
            (&declared, Some("text/xml; charset=utf-8".to_owned())),
            (&declared, Some("text/xml; charset=ISO-8859-1".to_owned())),
            (&bare, Some(format!("text/xml; charset={name}"))),
            (&bare, None),
            (&wrong, None),
        ] {
            let (bytes, _, _) = encoding.encode(document);
            assert!(
                read(&bytes, header.as_deref(), Some(country)).contains(text),
                "{name} {header:?} {document}"
            );
        }
    }
}

#[test]
fn iso_2022_jp_by_its_escapes() {
    // 防衛 in ISO-2022-JP.
    let mut bytes = b"<?xml version=\"1.0\" encoding=\"iso-2022-jp\"?><rss>".to_vec();
    bytes.extend_from_slice(b"\x1b$BKI1R\x1b(B</rss>");
    assert!(read(&bytes, None, None).contains("防衛"));
    assert!(read(&bytes[44..], None, None).contains("防衛"));
}

#[test]
fn spoilt_characters_stay_local() {
    let text = document("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    let mut cut = text.clone().into_bytes();
    let at = text.find('수').unwrap();
    cut.remove(at + 2);
    let read_cut = read(&cut, None, Some("kr"));
    assert!(
        read_cut.contains("똠방각하 펲시 뷁 방산") && read_cut.contains("출 계약"),
        "{read_cut}"
    );

    let mut latin = text.clone().into_bytes();
    latin.insert(text.find("</title>").unwrap(), 0xe9);
    assert!(read(&latin, None, None).contains(KOREAN));

    let (korean, _, _) = EUC_KR.encode("<item>다른 인코딩으로 쓴 기사 제목</item>");
    let mut mixed = text.into_bytes();
    mixed.extend_from_slice(KOREAN.as_bytes());
    mixed.extend_from_slice(&korean);
    let read_mixed = read(&mixed, None, Some("kr"));
    assert!(
        read_mixed.contains(KOREAN) && read_mixed.contains("다른 인코딩으로 쓴 기사 제목"),
        "{read_mixed}"
    );

    let declared = document("<?xml version=\"1.0\" encoding=\"euc-kr\"?>");
    let (bytes, _, _) = EUC_KR.encode(&declared);
    let mut bytes = bytes.into_owned();
    let end = bytes.windows(8).position(|w| w == b"</title>").unwrap();
    bytes.insert(end, 0xff);
    assert!(read(&bytes, None, None).contains(KOREAN));
}

#[test]
fn marks_twice_and_nothing_at_all() {
    assert_eq!(
        read("\u{feff}\u{feff}<rss/>".as_bytes(), None, None),
        "<rss/>"
    );
    assert_eq!(read(b"", None, None), "");
    assert_eq!(read(&[0xff, 0xfe], None, None), "");
    assert_eq!(read(&[0], None, None), "\0");
    assert_eq!(read("caf\u{e9}".as_bytes(), None, None), "café");
    assert_eq!(read(b"caf\xe9 d\xe9j\xe0 vu", None, None), "café déjà vu");
}

/// KS X 1001 in seven bits, designated once and shifted.
fn iso_2022_kr(text: &str) -> Vec<u8> {
    let mut out = b"\x1b$)C".to_vec();
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c as u8);
            continue;
        }
        let mut letter = [0; 4];
        let (bytes, _, _) = EUC_KR.encode(c.encode_utf8(&mut letter));
        out.push(0x0e);
        out.extend(bytes.iter().map(|byte| byte & 0x7f));
        out.push(0x0f);
    }
    out
}

fn hz(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c as u8);
            continue;
        }
        let mut letter = [0; 4];
        let (bytes, _, _) = encoding_rs::GBK.encode(c.encode_utf8(&mut letter));
        out.extend_from_slice(b"~{");
        out.extend(bytes.iter().map(|byte| byte & 0x7f));
        out.extend_from_slice(b"~}");
    }
    out
}

#[test]
fn shifted_letters_of_korea_and_china() {
    let korean = "<rss><title>국방부 발표, K9 수출 계약</title></rss>";
    let bytes = iso_2022_kr(korean);
    for header in [
        None,
        Some("text/xml; charset=iso-2022-kr"),
        Some("text/xml; charset=utf-8"),
    ] {
        assert_eq!(read(&bytes, header, None), korean, "{header:?}");
    }
    // A shift that is never undone ends with its line.
    assert_eq!(read(b"\x1b$)C\x0e\x30\x21\nab", None, None), "가\nab");
    let chinese = "<rss><title>国防部发表声明 ab</title></rss>";
    let bytes = hz(chinese);
    assert_eq!(
        read(&bytes, Some("text/xml; charset=hz-gb-2312"), None),
        chinese
    );
    assert_eq!(read(&bytes, None, Some("cn")), chinese);
    for text in ["a ~{ b", "~{x~}", "~~", "~"] {
        assert_eq!(read(text.as_bytes(), Some("text/xml"), Some("kr")), text);
    }
}

#[test]
fn letters_outside_ks_x_1001_under_every_name() {
    let title = "똠방각하 펲시콜라 햏자 뷁 쀍";
    for name in [
        "EUC-KR",
        "euc_kr",
        "euckr",
        "ks_c_5601-1987",
        "KS_C_5601-1989",
        "ksc5601",
        "ks_x_1001",
        "cp949",
        "CP-949",
        "MS949",
        "windows-949",
        "x-windows-949",
        "UHC",
        "x-uhc",
        "korean",
        "\"euc-kr\"",
        " euc-kr ",
        "iso-ir-149",
        "unicode",
        "",
    ] {
        let text =
            format!("<?xml version='1.0' encoding='{name}'?><rss><title>{title}</title></rss>");
        let (bytes, _, _) = EUC_KR.encode(&text);
        for header in [None, Some(format!("text/xml; charset={name}"))] {
            let found = read(&bytes, header.as_deref(), Some("kr"));
            assert!(found.contains(title), "{name} {header:?}: {found}");
        }
        // The same in UTF-8, whatever the label.
        assert_eq!(read(text.as_bytes(), None, Some("kr")), text, "{name}");
    }
}

#[test]
fn a_label_of_utf_16_over_bytes_of_utf_8_is_wrong() {
    for name in ["utf-16", "UTF-16LE", "unicode"] {
        for end in ["", " "] {
            let text = format!("<?xml version='1.0' encoding='{name}'?><t>Café</t>{end}");
            assert_eq!(read(text.as_bytes(), None, None), text, "{name}");
        }
    }
}

/// Text, its legacy encodings, and the country of its host.
const LEGACY: &[(&str, &[&str], &str)] = &[
    (
        "Ministerstwo Obrony Narodowej podpisało umowę na dostawę czołgów. Źródło: łączność, żółw, ćma",
        &["windows-1250", "iso-8859-2"],
        "pl",
    ),
    (
        "Ministerstvo obrany podepsalo smlouvu na dodávku húfnic. Příliš žluťoučký kůň úpěl",
        &["windows-1250", "iso-8859-2"],
        "cz",
    ),
    (
        "A honvédelmi miniszter bejelentette a szerződést. Árvíztűrő tükörfúrógép",
        &["windows-1250", "iso-8859-2"],
        "hu",
    ),
    (
        "Министерство обороны сообщило о поставке новых самоходных гаубиц в войска",
        &["windows-1251", "koi8-r", "iso-8859-5"],
        "ru",
    ),
    (
        "Міністерство оборони повідомило про поставку нових гаубиць. Її їжак, ґанок",
        &["windows-1251", "koi8-u"],
        "ua",
    ),
    (
        "Министерството на отбраната съобщи за доставката на нови гаубици",
        &["windows-1251"],
        "bg",
    ),
    (
        "Ο υπουργός Άμυνας ανακοίνωσε την αγορά νέων πυροβόλων για τον στρατό",
        &["windows-1253", "iso-8859-7"],
        "gr",
    ),
    (
        "Savunma Bakanlığı yeni obüslerin teslim edildiğini açıkladı; şimdi İstanbul'da",
        &["windows-1254", "iso-8859-9"],
        "tr",
    ),
    (
        "משרד הביטחון הודיע על רכש תותחים חדשים לצבא",
        &["windows-1255", "iso-8859-8"],
        "il",
    ),
    (
        "أعلنت وزارة الدفاع وصول دفعة جديدة من المدافع ذاتية الحركة",
        &["windows-1256", "iso-8859-6"],
        "sa",
    ),
    (
        "Krašto apsaugos ministerija pasirašė sutartį dėl haubicų pirkimo, šūvis, žąsis, ėjo",
        &["windows-1257", "iso-8859-13"],
        "lt",
    ),
    (
        "Das Verteidigungsministerium kündigt die Lieferung für März an: größere Stückzahlen, Übung",
        &["windows-1252", "iso-8859-1", "iso-8859-15"],
        "de",
    ),
    (
        "Le ministère de la Défense a annoncé la livraison d'obusiers, déjà reçus à l'été",
        &["windows-1252", "iso-8859-1"],
        "fr",
    ),
    (
        "กระทรวงกลาโหมประกาศซื้อปืนใหญ่ใหม่ให้กองทัพบก",
        &["windows-874", "tis-620"],
        "th",
    ),
    (
        "防衛装備庁は新しい護衛艦の輸出について発表した。カタカナとひらがな",
        &["shift_jis", "euc-jp", "iso-2022-jp", "windows-31j"],
        "jp",
    ),
    (
        "国防部宣布新的出口合同，涉及自行火炮和坦克，𠀀",
        &["gb18030"],
        "cn",
    ),
    (
        "國防部宣布新的出口合約，涉及自走砲與戰車",
        &["big5", "big5-hkscs", "cp950"],
        "tw",
    ),
];

#[test]
fn legacy_encodings_however_they_are_told() {
    let mut unsure = Vec::new();
    for (text, names, country) in LEGACY {
        for name in *names {
            let encoding = encoding_named(name).unwrap_or_else(|| panic!("{name}"));
            let with = |label: &str| {
                let label = if label.is_empty() {
                    String::new()
                } else {
                    format!("<?xml version=\"1.0\" encoding=\"{label}\"?>")
                };
                let document = format!("{label}<rss><title>{text}</title></rss>");
                encoding.encode(&document).0.into_owned()
            };
            let header = format!("text/xml; charset={name}");
            for (label, header) in [
                (*name, None),
                (
                    &name.to_uppercase() as &str,
                    Some("text/xml; charset=utf-8"),
                ),
                (name, Some("text/xml; charset=ISO-8859-1")),
                ("", Some(&header as &str)),
                ("utf-8", Some(&header)),
            ] {
                let found = read(&with(label), header, None);
                assert!(found.contains(text), "{name} {label} {header:?}: {found}");
            }
            // Told by nothing but the country, or wrongly.
            for label in ["", "utf-8"] {
                let found = read(&with(label), None, Some(country));
                if !found.contains(text) {
                    unsure.push(format!("{name} {country} {label:?}"));
                }
            }
        }
    }
    unsure.dedup();
    assert!(unsure.is_empty(), "{unsure:#?}");
}

#[test]
fn wide_encodings_of_dense_text() {
    let text = format!(
        "<t>{}</t>",
        "각도를 가지고 나온 한국산 자주포 수출 계약 ".repeat(60)
    );
    let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [le, be] {
        assert_eq!(
            read(&bytes, Some("text/xml; charset=euc-kr"), Some("kr")),
            text
        );
    }
}

#[test]
fn text_encoded_twice_is_repaired_and_named() {
    let text = "<rss><title>íŠ¸ëŸ¼í”„</title><title>한국 방산</title><title>cafÃ©</title></rss>";
    let decoded = decode(text.as_bytes(), Labels::default());
    assert_eq!(
        decoded.text,
        "<rss><title>트럼프</title><title>한국 방산</title><title>café</title></rss>"
    );
    assert_eq!(
        decoded.notes,
        ["text that was encoded twice read back (2 times)"]
    );
}

#[test]
fn one_item_in_another_encoding_is_read_item_by_item() {
    let item = "<item><title>다른 인코딩으로 쓴 기사 제목</title></item>";
    let utf8 = "<rss><item><title>유니코드로 쓴 제목</title></item>";
    let (legacy, _, _) = EUC_KR.encode(item);
    let mut bytes = utf8.as_bytes().to_vec();
    bytes.extend_from_slice(&legacy);
    bytes.extend_from_slice("<item><title>다시 유니코드 제목</title></item></rss>".as_bytes());
    for country in [None, Some("kr")] {
        let found = read(&bytes, Some("text/xml; charset=euc-kr"), country);
        for title in [
            "유니코드로 쓴 제목",
            "다른 인코딩으로 쓴 기사 제목",
            "다시 유니코드 제목",
        ] {
            assert!(found.contains(title), "{country:?} {found}");
        }
    }
}

#[test]
fn a_header_that_says_windows_1252_is_believed_where_little_speaks_against_it() {
    let header = Some("text/xml; charset=windows-1252");
    let few = b"<rss><title>a \xa3\x93test.\x94</title></rss>";
    assert!(read(few, header, None).contains("a £“test.”"));
    let (korean, _, _) = EUC_KR.encode("<rss><title>속보</title></rss>");
    assert!(read(&korean, header, Some("kr")).contains("속보"));
    let text = document("");
    let (korean, _, _) = EUC_KR.encode(&text);
    assert!(read(&korean, header, None).contains(KOREAN));
}
