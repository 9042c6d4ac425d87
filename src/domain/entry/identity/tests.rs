use super::*;
use crate::domain::entry::Enclosure;

fn content(guid: &str, url: &str, title: &str) -> Content {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Content {
        guid: some(guid),
        url: some(url),
        title: title.to_owned(),
        ..Content::default()
    }
}

fn keys(contents: Vec<Content>) -> Vec<String> {
    identify("f", contents)
        .into_iter()
        .map(|entry| entry.key)
        .collect()
}

#[test]
fn the_ladder() {
    let mut entry = content(" g1 ", "https://a.example/1?utm_source=rss", "t");
    entry.enclosures = vec![Enclosure {
        url: "https://a.example/1.mp3".to_owned(),
        ..Enclosure::default()
    }];
    assert_eq!(keys(vec![entry.clone()]), ["g:g1"]);
    entry.guid = Some(" ".to_owned());
    assert_eq!(keys(vec![entry.clone()]), ["l://a.example/1"]);
    entry.url = None;
    assert_eq!(keys(vec![entry.clone()]), ["e:https://a.example/1.mp3"]);
    entry.enclosures.clear();
    let key = keys(vec![entry.clone()]).remove(0);
    assert!(key.starts_with("h:") && key.len() == 34, "{key}");
    assert_eq!(keys(vec![Content::default()]).len(), 1);
}

#[test]
fn ids_are_hashes_of_feed_and_key() {
    let of = |feed: &str| identify(feed, vec![content("1", "", "t")]).remove(0).id;
    assert_eq!(of("a"), of("a"));
    assert_ne!(of("a"), of("b"));
    assert_eq!(of("a").as_str().len(), 32);
    assert!(
        of("a")
            .as_str()
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    );
}

#[test]
fn tracking_parameters_and_scheme_do_not_change_who_an_entry_is() {
    let key = |url: &str| keys(vec![content("", url, "t")]).remove(0);
    let one = key("https://a.example/1?id=7");
    for url in [
        "http://a.example/1?id=7",
        "https://a.example/1?utm_source=x&id=7&utm_medium=y",
        "https://a.example/1?id=7&fbclid=z",
        "https://a.example/1?id=7#utm_source=x",
        " https://a.example/1?id=7 ",
    ] {
        assert_eq!(key(url), one, "{url}");
    }
    for url in [
        "https://a.example/1?id=8",
        "https://a.example/1?id=7#part",
        "https://b.example/1?id=7",
    ] {
        assert_ne!(key(url), one, "{url}");
    }
}

#[test]
fn duplicates_in_one_document() {
    let copy = content("1", "https://a.example/1", "t");
    assert_eq!(
        keys(vec![copy.clone(), copy.clone(), copy.clone()]),
        ["g:1"]
    );

    let zoo = vec![
        content("1", "https://a.example/1", "one"),
        content("1", "https://a.example/2", "two"),
        content("1", "https://a.example/2", "two, corrected"),
        content("1", "", "three"),
        content("2", "https://a.example/1", "other"),
    ];
    let forward = identify("f", zoo.clone());
    let ids = |entries: Vec<Entry>| {
        let mut ids: Vec<_> = entries
            .into_iter()
            .map(|e| (e.id, e.content.title))
            .collect();
        ids.sort();
        ids
    };
    let forward = ids(forward);
    assert_eq!(forward.len(), 5);
    assert_eq!(
        forward
            .iter()
            .map(|(id, _)| id)
            .collect::<std::collections::HashSet<_>>()
            .len(),
        5
    );
    assert_eq!(forward, ids(identify("f", zoo.into_iter().rev().collect())));
}

#[test]
fn without_a_guid_another_date_or_text_makes_another_entry() {
    let item = |second: i64, body: &str| Content {
        published: Some(jiff::Timestamp::from_second(second).unwrap()),
        body: body.to_owned(),
        ..content("", "https://a.example/notices", "Notice")
    };
    let all = vec![
        item(1, "one"),
        item(2, "one"),
        item(2, "two"),
        item(2, "two"),
    ];
    let found = keys(all.clone());
    let unique: std::collections::HashSet<&String> = found.iter().collect();
    assert_eq!((found.len(), unique.len()), (3, 3), "{found:?}");
    // Nor do keys depend on which others stand beside, nor on their order.
    let fewer = keys(vec![item(2, "two"), item(1, "one")]);
    assert!(fewer.iter().all(|key| found.contains(key)), "{fewer:?}");
    let with_guid = |body: &str| Content {
        guid: Some("1".to_owned()),
        ..item(1, body)
    };
    assert_eq!(keys(vec![with_guid("one"), with_guid("two")]), ["g:1"]);
    let heard = |body: &str| Content {
        url: None,
        title: String::new(),
        enclosures: vec![Enclosure {
            url: "https://a.example/1.mp3".to_owned(),
            ..Enclosure::default()
        }],
        ..item(1, body)
    };
    assert_eq!(
        keys(vec![heard("one"), heard("two"), heard("two")]).len(),
        2
    );
}

#[test]
fn items_without_names_are_as_many_as_there_are() {
    let text = |title: &str, body: &str, url: &str| Content {
        body: body.to_owned(),
        ..content("", url, title)
    };
    for (item, count) in [
        (text("", "It rains.", ""), 3),
        (text("Rain", "It rains.", ""), 3),
        (text("", "", "https://a.example/1"), 3),
        (text("", "It rains.", "https://a.example/1"), 1),
        (text("Rain", "", "https://a.example/1"), 1),
    ] {
        let found = keys(vec![item.clone(), item.clone(), item.clone()]);
        let unique: std::collections::HashSet<&String> = found.iter().collect();
        assert_eq!((found.len(), unique.len()), (count, count), "{item:?}");
        // The first is what it is alone.
        assert_eq!(found[0], keys(vec![item])[0]);
    }
}

#[test]
fn copies_are_told() {
    assert_eq!(copies(3, 3), None);
    assert_eq!(
        copies(3, 1).as_deref(),
        Some("2 of 3 entries are copies of others")
    );
}

#[test]
fn versions_of_an_atom_entry_are_one() {
    let at = |second: i64, title: &str| {
        let updated = Some(jiff::Timestamp::from_second(second).unwrap());
        Content {
            updated,
            ..content("1", "https://a.example/1", title)
        }
    };
    for order in [[at(1, "old"), at(2, "new")], [at(2, "new"), at(1, "old")]] {
        let found = identify("f", order.into());
        assert_eq!(
            (
                found.len(),
                found[0].content.title.as_str(),
                found[0].key.as_str()
            ),
            (1, "new", "g:1")
        );
    }
}

#[test]
fn long_ids_are_kept_short_and_apart() {
    let a = keys(vec![
        content(&"x".repeat(100_000), "", ""),
        content(&"x".repeat(100_001), "", ""),
    ]);
    assert!(a.iter().all(|key| key.len() < 80) && a[0] != a[1]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn edits_are_what_people_read() {
    let base = Content {
        body: "a b".to_owned(),
        ..content("1", "https://a.example/1", "t")
    };
    let hash = content_hash(&base);
    let same = [
        Content {
            body: " a\n\n b ".to_owned(),
            ..base.clone()
        },
        Content {
            categories: vec!["x".to_owned()],
            published: Some(jiff::Timestamp::UNIX_EPOCH),
            ..base.clone()
        },
        Content {
            body_html: "<p>a b</p>".to_owned(),
            ..base.clone()
        },
        Content {
            url: Some("https://a.example/1?utm_source=x".to_owned()),
            ..base.clone()
        },
    ];
    for content in same {
        assert_eq!(content_hash(&content), hash, "{content:?}");
    }
    let enclosure = Enclosure {
        url: "https://a.example/m".to_owned(),
        ..Enclosure::default()
    };
    for (content, part) in [
        (
            Content {
                title: "T".to_owned(),
                ..base.clone()
            },
            Part::Title,
        ),
        (
            Content {
                url: None,
                ..base.clone()
            },
            Part::Url,
        ),
        (
            Content {
                body: "a c".to_owned(),
                ..base.clone()
            },
            Part::Body,
        ),
        (
            Content {
                enclosures: vec![enclosure],
                ..base.clone()
            },
            Part::Enclosures,
        ),
    ] {
        assert_eq!(changed_parts(&hash, &content_hash(&content)), [part]);
    }
}

#[test]
fn titles_that_tell_stories_apart() {
    let key = |title: &str| title_key(title, Some("Example Times"));
    assert_eq!(
        key("Northland orders 24 howitzers from Haesong"),
        key("NORTHLAND orders  24 Howitzers from “Haesong”!")
    );
    assert_eq!(
        key("Northland orders 24 howitzers from Haesong - Example Times"),
        key("Northland orders 24 howitzers from Haesong")
    );
    assert_ne!(
        key("Northland orders 24 howitzers from Haesong - Other Times"),
        key("Northland orders 24 howitzers from Haesong")
    );
    for long in [
        "한화에어로, 루마니아와 K9 계약 체결",
        "한화 K9 계약",
        "Haesong wins contract",
    ] {
        assert!(key(long).is_some(), "{long}");
    }
    for short in [
        "Breaking news",
        "[속보] 방산",
        "",
        "Morning briefing - Example Times",
    ] {
        assert_eq!(key(short), None, "{short}");
    }
}

#[test]
fn a_site_is_no_page() {
    for (url, expected) in [
        ("https://www.agency.example/", true),
        ("http://agency.example", true),
        ("https://agency.example/#top", true),
        ("https://agency.example/?id=1", false),
        ("https://agency.example/news", false),
        ("urn:x", false),
    ] {
        assert_eq!(is_front_page(&canonical_url(url)), expected, "{url}");
    }
}

proptest::proptest! {
    #[test]
    fn the_quick_way_to_compare_text_gives_what_the_long_one_gives(
        text in "([ \t\n\u{b}\u{85}\u{a0}a-zA-Z\u{e0}-\u{17f}가-힣一-丂あ-んア-ン、“’\u{ad}\u{301}\u{200b}\u{3099}\u{11a8}\u{1100}\u{1161}\u{f900}\u{212b}]|\\PC){0,24}",
    ) {
        use unicode_normalization::UnicodeNormalization as _;
        let invisible = |c: &char| matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{ad}');
        let words = text.split_whitespace().map(|word| word.nfc().filter(|c| !invisible(c)).collect::<String>());
        let words: Vec<String> = words.collect();
        // A word of invisible characters leaves its blank.
        let mut expected = String::new();
        for word in words {
            if !expected.is_empty() {
                expected.push(' ');
            }
            expected.push_str(&word);
        }
        proptest::prop_assert_eq!(normal(&text), expected);
    }
}
