use super::*;

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
