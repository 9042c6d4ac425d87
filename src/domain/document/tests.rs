//! Whole documents: what a desk would notice.

use proptest::prelude::*;

use super::*;
use crate::domain::entry::identity::identify;

fn hints() -> Hints {
    Hints {
        url: Some("https://news.example.kr/rss/all.xml".to_owned()),
        now: "2026-11-24T00:00:00Z".parse().unwrap(),
        ..Hints::default()
    }
}

#[track_caller]
fn read(text: &str) -> Document {
    parse(text.as_bytes(), &hints()).unwrap()
}

/// Title, link and date of the three invented entries.
fn news() -> [(&'static str, &'static str, &'static str); 3] {
    [
        (
            "해송중공업, 북해 3국과 초계함 계약",
            "https://news.example.kr/view/101",
            "2026-11-23T01:02:03Z",
        ),
        (
            "Northland orders 24 howitzers",
            "https://news.example.kr/view/102",
            "2026-11-22T23:00:00Z",
        ),
        (
            "R&D 예산 5 < 8 조원",
            "https://news.example.kr/view/103",
            "2026-11-21T12:30:00Z",
        ),
    ]
}

#[track_caller]
fn check_news(document: &Document, what: &str) {
    let found: Vec<_> = document
        .entries
        .iter()
        .map(|e| {
            (
                e.title.as_str(),
                e.url.as_deref().unwrap_or(""),
                e.published.map(|at| at.to_string()).unwrap_or_default(),
            )
        })
        .collect();
    let expected: Vec<_> = news()
        .map(|(title, url, date)| (title, url, date.to_owned()))
        .into();
    assert_eq!(found, expected, "{what}: {:?}", document.notes);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn items(prefix: &str, date: &str) -> String {
    news()
        .iter()
        .map(|(title, url, at)| {
            format!(
                "<{prefix}item><{prefix}title>{}</{prefix}title><{prefix}link>{url}</{prefix}link><{date}>{at}</{date}>\
                 <{prefix}description>본문 {}</{prefix}description></{prefix}item>\n",
                escape(title),
                escape(title)
            )
        })
        .collect::<Vec<_>>()
        .concat()
}

fn rss() -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>소식</title><link>https://news.example.kr/</link>{}</channel></rss>",
        items("", "pubDate")
    )
}

#[test]
fn every_rss() {
    let dc = "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"";
    let rdf = "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"";
    let dated = items("", "dc:date");
    let plain = items("", "pubDate");
    let mut documents = vec![
        format!("<rss><channel>{plain}</channel></rss>"),
        format!("<RSS VERSION='2.0'><Channel>{plain}</Channel></RSS>"),
        format!(
            "<rss version=\"2.0\" xmlns=\"http://backend.userland.com/rss2\"><channel>{plain}</channel></rss>"
        ),
        format!(
            "<rss version=\"2.0\" xmlns=\"http://blogs.law.harvard.edu/tech/rss\"><channel>{plain}</channel></rss>"
        ),
        format!(
            "<rss version=\"2.0\" xmlns=\"http://www.w3.org/2005/Atom\"><channel>{plain}</channel></rss>"
        ),
        format!(
            "<rss version=\"2.0\" xmlns=\"http://example.org/anything\"><channel>{plain}</channel></rss>"
        ),
        format!("<rss version=\"2.0\">{plain}</rss>"),
        format!("<rss version=\"2.0\"><channel><title>t</title></channel>{plain}</rss>"),
        format!(
            "<!DOCTYPE rss PUBLIC \"-//Netscape Communications//DTD RSS 0.91//EN\" \"http://my.netscape.com/publish/formats/rss-0.91.dtd\" [ <!ENTITY x \"y\"> ]><rss version=\"0.91\"><channel>{plain}</channel></rss>"
        ),
        format!(
            "<rdf:RDF {rdf} {dc} xmlns=\"http://my.netscape.com/rdf/simple/0.9/\"><channel><title>t</title></channel>{dated}</rdf:RDF>"
        ),
        format!(
            "<rdf:RDF {rdf} {dc} xmlns=\"http://purl.org/rss/1.0/\"><channel rdf:about=\"x\"><items><rdf:Seq><rdf:li rdf:resource=\"x\"/></rdf:Seq></items></channel>{dated}</rdf:RDF>"
        ),
        format!(
            "<rdf:RDF {rdf} {dc} xmlns=\"http://purl.org/rss/1.0/\"><channel rdf:about=\"x\"><title>t</title>{dated}</channel></rdf:RDF>"
        ),
        format!(
            "<rdf:RDF {rdf} {dc} xmlns=\"http://purl.org/net/rss1.1#\"><Channel><items>{dated}</items></Channel></rdf:RDF>"
        ),
        format!(
            "<r:rss xmlns:r=\"http://backend.userland.com/rss2\" version=\"2.0\"><r:channel>{}</r:channel></r:rss>",
            items("r:", "r:pubDate")
        ),
    ];
    for version in [
        "0.91", "0.92", "0.93", "0.94", "2.0.1", "2", "1.0", "", "strange",
    ] {
        documents.push(format!(
            "<rss version=\"{version}\"><channel>{plain}</channel></rss>"
        ));
    }
    for document in documents {
        check_news(&read(&document), &document[..document.len().min(150)]);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_atom() {
    let entries = |date: &str, title: &str| -> String {
        news()
            .iter()
            .map(|(text, url, at)| {
                format!(
                    "<entry><id>tag:{url}</id><title{title}>{}</title><link rel=\"alternate\" href=\"{url}\"/>\
                     <{date}>{at}</{date}><author><name>김기자</name></author>\
                     <content type=\"html\">&lt;p&gt;본문&lt;/p&gt;</content></entry>",
                    escape(text)
                )
            })
            .collect::<Vec<_>>()
            .concat()
    };
    let atom = "xmlns=\"http://www.w3.org/2005/Atom\"";
    for document in [
        format!(
            "<feed {atom}><title>t</title>{}</feed>",
            entries("published", "")
        ),
        format!(
            "<feed {atom}><title>t</title>{}</feed>",
            entries("updated", " type=\"text\"")
        ),
        format!(
            "<feed {atom}><title>t</title>{}</feed>",
            entries("updated", " type=\"TEXT\"")
        ),
        format!("<feed><title>t</title>{}</feed>", entries("published", "")),
        format!(
            "<feed xmlns=\"https://www.w3.org/2005/ATOM\">{}</feed>",
            entries("published", "")
        ),
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/atom/\">{}</feed>",
            entries("published", "")
        ),
        format!(
            "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\">{}</feed>",
            entries("issued", " mode=\"escaped\"")
        ),
        format!(
            "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\">{}</feed>",
            entries("modified", "")
        ),
        format!(
            "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\">{}</feed>",
            entries("created", "")
        ),
    ] {
        let found = read(&document);
        check_news(&found, &document[..80]);
        assert_eq!(found.entries[0].body, "본문");
        assert_eq!(found.entries[0].authors, ["김기자"]);
        assert_eq!(
            found.entries[0].guid.as_deref(),
            Some("tag:https://news.example.kr/view/101")
        );
    }
    let single = entries("published", "")
        .split_inclusive("</entry>")
        .next()
        .unwrap()
        .replace("<entry>", &format!("<entry {atom}>"));
    let found = read(&single);
    assert_eq!((found.entries.len(), found.truncated), (1, false));
}

#[test]
fn atom_content_in_every_type() {
    let of = |content: &str| {
        let text = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>1</id>{content}</entry></feed>"
        );
        let entry = read(&text).entries.remove(0);
        (entry.body, entry.body_html)
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        of("<content type=\"text\">5 &lt; 8 &amp;</content>"),
        pair("5 < 8 &", "5 &lt; 8 &amp;")
    );
    assert_eq!(
        of("<content type=\"html\">&lt;b&gt;굵게&lt;/b&gt;</content>").0,
        "굵게"
    );
    assert_eq!(
        of(
            "<content type=\"xhtml\" xml:base=\"https://b.example/d/\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &lt; b</p><p><a href=\"x\">c</a></p></div></content>"
        ),
        pair(
            "a < b\n\nc",
            "<div><p>a &lt; b</p><p><a href=\"https://b.example/d/x\" rel=\"noopener noreferrer nofollow\">c</a></p></div>"
        )
    );
    assert_eq!(of("<content type=\"xhtml\"><h:div xmlns:h=\"http://www.w3.org/1999/xhtml\">x<h:br/>y</h:div></content>").0, "x\ny");
    assert_eq!(
        of("<content mode=\"base64\" type=\"text/html\">PHA+aGk8L3A+</content>").0,
        "hi"
    );
    assert_eq!(of("<content type=\"image/png\"/>").0, "");
    assert_eq!(
        of("<content type=\"image/png\">iVBORw0KGgo=</content><summary>그림</summary>").0,
        "그림"
    );
    assert_eq!(of("<content type=\"nonsense\">글</content>").0, "글");
    assert_eq!(
        of("<content src=\"https://x.example/\">글</content>").0,
        "글"
    );
    assert_eq!(
        of("<summary>짧은 글</summary><content>더 긴 글이다</content>").0,
        "더 긴 글이다"
    );
}

#[test]
fn a_million_tiny_things_are_not_all_kept() {
    let values = "{\"\":7},".repeat(400_000);
    let json = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{{\"id\":\"a\",\"title\":\"One\",\"x\":[{values}0]}},\
         {{\"id\":\"b\",\"title\":\"Two\"}}]}}"
    );
    let broken = &json[..json.len() - 1];
    let tags = "b<a/>".repeat(400_000);
    let xml = format!(
        "<rss><channel><item><guid>a</guid><title>One</title><x>{tags}</x></item></channel></rss>"
    );
    let before = format!(
        "<rss><channel>{tags}<item><guid>a</guid><title>One</title></item></channel></rss>"
    );
    for text in [json.as_str(), broken, xml.as_str(), before.as_str()] {
        let found = read(text);
        assert_eq!(found.entries[0].title, "One");
        let note = "more elements than are kept";
        assert!(
            found.notes.iter().any(|said| said.contains(note)),
            "{:?}",
            found.notes
        );
    }
}

#[test]
fn json_feeds_strict_and_not() {
    let items: String = news()
        .iter()
        .enumerate()
        .map(|(at, (title, url, date))| {
            format!("{{\"id\":{at},\"title\":{},\"url\":\"{url}\",\"date_published\":\"{date}\",\"content_html\":\"<p>본문</p>\",\"attachments\":[{{\"url\":\"/a.mp3\"}}],\"author\":{{\"name\":\"김\"}},\"authors\":[{{\"name\":\"이\"}}]}},", serde_json::to_string(title).unwrap())
        })
        .collect::<Vec<_>>()
        .concat();
    let items = items.trim_end_matches(',').to_owned();
    for document in [
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"t\",\"items\":[{items}]}}"
        ),
        format!("{{\"version\":\"http://jsonfeed.org/version/9\",\"items\":[{items}]}}"),
        format!("\u{feff}{{\"items\":[{items},null,3],\"home_page_url\":\"https://x.example\"}}"),
        format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{items},]}}"),
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1\",\"description\":\"a\nb \\ud800 \\x\",\"items\":[{items}]}}"
        ),
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{items},{{\"id\":\"4\",\"tit"
        ),
        format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{items},{{bad}},]}}"),
        format!(
            "{{\"_far\":[1e999,-1E+400,-2.5e3],\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{items}]}}"
        ),
    ] {
        let found = read(&document);
        check_news(&found, &document);
        let entry = &found.entries[0];
        assert_eq!(
            (entry.guid.as_deref(), entry.body.as_str()),
            (Some("0"), "본문")
        );
        assert_eq!(entry.enclosures[0].url, "https://news.example.kr/a.mp3");
        assert_eq!(entry.authors, ["이", "김"]);
    }
    assert!(read(&format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{items},{{\"id\":\"4\",\"tit")).truncated);
    for text in ["{}", "[]", "{\"a\":1}", "[1,2]"] {
        assert_eq!(
            parse(text.as_bytes(), &hints()).unwrap_err().outcome(),
            OutcomeKind::NotAFeed,
            "{text}"
        );
    }
    assert_eq!(
        parse(b"{\"items\": [", &hints()).unwrap_err().outcome(),
        OutcomeKind::ParseError
    );
}

#[test]
fn channel_definition_format() {
    let found = read(
        "<CHANNEL HREF=\"https://a.example/\"><TITLE>t</TITLE><ITEM HREF=\"https://a.example/1\" LASTMOD=\"1998-11-23T01:02\"><TITLE>one</TITLE><ABSTRACT>text</ABSTRACT></ITEM></CHANNEL>",
    );
    assert_eq!(found.format, Format::Cdf);
    assert_eq!(
        (
            found.entries[0].title.as_str(),
            found.entries[0].url.as_deref()
        ),
        ("one", Some("https://a.example/1"))
    );
    assert_eq!(found.entries[0].body, "text");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn damage_of_all_kinds_costs_nothing() {
    let good = rss();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let bad_item =
        "<item><title>bad <b>one</title><description><![CDATA[never closed</description></item>";
    for (what, text, extra) in [
        (
            "junk before",
            format!(
                "\n\n<br />\n<b>Warning</b>: Undefined variable in <b>/x.php</b> on line <b>3</b><br />\n{good}"
            ),
            0,
        ),
        (
            "text before",
            format!("Notice: something & other\n{good}"),
            0,
        ),
        (
            "two declarations",
            format!("<?xml version=\"1.0\" encoding=\"euc-kr\"?>{good}"),
            0,
        ),
        ("comment before", format!("<!-- <item> a -- b -->{good}"), 0),
        ("marks", format!("\u{feff}\n \u{feff}{good}"), 0),
        (
            "scripts behind",
            format!("{good}<script>if (a < b) {{ }}</script></body></html>\0\0"),
            0,
        ),
        ("a second document behind", format!("{good}{good}"), 0),
        ("bare ampersand", with("R&amp;D", "R&D"), 0),
        ("bare angle", with("5 &lt; 8", "5 < 8"), 0),
        ("control characters", with("초계함", "초\u{b}계\u{1}함"), 0),
        ("bad references", with("해송", "&#0;&#1;&#xD800;해송"), 9),
        ("upper-case references", with("R&amp;D", "R&AMP;D"), 0),
        ("html entity", with("24 howitzers", "24&nbsp;howitzers"), 0),
        ("unclosed title", with("howitzers</title>", "howitzers"), 0),
        ("unclosed link", with("/102</link>", "/102"), 0),
        (
            "crossed tags",
            with("<description>", "<description><b><i>x</b></i>"),
            0,
        ),
        (
            "unclosed br",
            with("<description>", "<description>a<br>b<p>c"),
            0,
        ),
        (
            "stray end",
            with("<description>", "</p></div><description></span>"),
            0,
        ),
        ("item never closed", with("</item>", ""), 0),
        (
            "attribute without quotes",
            with("<description>", "<description a=b c>"),
            0,
        ),
        (
            "attribute twice",
            with("<description>", "<description a=\"1\" a=\"2\">"),
            0,
        ),
        (
            "angle in attribute",
            with("<description>", "<description a=\"<b>\">"),
            0,
        ),
        (
            "quote never closed",
            with("<description>", "<description a=\"x>"),
            0,
        ),
        (
            "undeclared prefixes",
            with(
                "<description>",
                "<media:title>no</media:title><foo:guid>no</foo:guid><description>",
            ),
            0,
        ),
        (
            "empty media text",
            with(
                "<description>",
                "<media:credit></media:credit><media:text/><description>",
            ),
            0,
        ),
        (
            "nonsense durations",
            with(
                "<description>",
                "<itunes:duration>99999999999999999999</itunes:duration><enclosure length=\"x\" url=\"\"/><description>",
            ),
            0,
        ),
        (
            "nested CDATA",
            with("본문", "<![CDATA[a <![CDATA[b]]> c]]>"),
            0,
        ),
        ("no end", good.replace("</channel></rss>", ""), 0),
        (
            "unclosed CDATA first",
            with("<item>", &format!("{bad_item}<item>")),
            1,
        ),
        (
            "unclosed CDATA last",
            with("</channel>", &format!("{bad_item}</channel>")),
            2,
        ),
        (
            "nested deep",
            with(
                "<description>",
                &format!("<description>{}", "<div>".repeat(5000)),
            ),
            0,
        ),
    ] {
        let found = read(&text);
        let mut document = found.clone();
        match extra {
            1 => drop(document.entries.remove(0)),
            2 => drop(document.entries.pop()),
            9 => document.entries[0].title = document.entries[0].title.replace('\u{fffd}', ""),
            _ => {}
        }
        check_news(&document, what);
    }
}

#[test]
fn repairs_are_named() {
    let text = rss().replacen("R&amp;D", "R&D", 1);
    let notes = read(&text).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains('&') && note.contains("line 4")),
        "{notes:?}"
    );
    assert_eq!(read(&rss()).notes, Vec::<String>::new());
}

#[test]
fn truncated_documents_keep_every_complete_entry() {
    let good = rss();
    let ends: Vec<usize> = good
        .match_indices("</item>")
        .map(|(at, tag)| at + tag.len())
        .collect();
    let start = good.find("<channel>").unwrap();
    let nothing = parse(&good.as_bytes()[..start], &hints());
    assert!(
        matches!(nothing, Err(ParseError::Broken { .. })),
        "no entry at all is no news, but a fault: {nothing:?}"
    );
    for cut in (ends[0]..good.len()).filter(|cut| good.is_char_boundary(*cut)) {
        let found = read(&good[..cut]);
        let complete = ends.iter().filter(|end| **end <= cut).count();
        // A bare `</item` is as good as the whole tag.
        assert!(
            (complete..=complete + 1).contains(&found.entries.len()),
            "{cut}"
        );
        let expected = news();
        for (entry, (title, ..)) in found.entries.iter().zip(expected) {
            assert_eq!(entry.title, title, "{cut}");
        }
        let whole = cut >= good.find("</channel>").unwrap() + "</channel".len();
        assert_eq!(found.truncated, !whole, "{cut}");
    }
}

#[test]
fn inputs_that_make_the_strict_reader_panic() {
    let body = "<rss version=\"2.0\"><channel><item><guid>1</guid><title>하나</title><author>a@b.com—홍</author><itunes:duration xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">99999999999999999999999</itunes:duration></item></channel></rss>";
    let late = format!(
        "{}<?xml version=\"1.0\" encoding=\"euc-kr\"?>{body}",
        " ".repeat(200)
    );
    let middle = body.replace(
        "<channel>",
        "<channel><?xml version=\"1.0\" encoding=\"euc-kr\"?>",
    );
    let utf16: Vec<u8> = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-16\"?>{body}")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let (korean, _, _) = encoding_rs::EUC_KR.encode(&late);
    for bytes in [
        body.as_bytes(),
        late.as_bytes(),
        middle.as_bytes(),
        &utf16,
        &korean,
    ] {
        let found = parse(bytes, &hints()).unwrap();
        assert_eq!(found.entries[0].title, "하나");
    }
    let deep = "<a>".repeat(200_000);
    assert!(parse(deep.as_bytes(), &hints()).is_err());
    let deep = format!(
        "<rss><channel><item><title>하나</title><description>{deep}x</description></item></channel></rss>"
    );
    assert_eq!(read(&deep).entries[0].title, "하나");
}

#[test]
fn what_is_no_feed_is_called_by_its_name() {
    for (text, what) in [
        (
            "<!DOCTYPE html><html><head></head><body>Sign in</body></html>",
            "an HTML page",
        ),
        ("<html><body><p>rss</p></body></html>", "an HTML page"),
        ("<div>fragment</div>", "an HTML page"),
        (
            "<?xml version=\"1.0\"?><opml><body><outline xmlUrl=\"x\"/></body></opml>",
            "OPML",
        ),
        ("<urlset><url/></urlset>", "sitemap"),
        ("<kml xmlns=\"x\"/>", "KML"),
        ("<service xmlns=\"x\"/>", "service document"),
        ("<invoice/>", "invoice"),
        ("hello", "plain text"),
        ("%PDF-1.7", "PDF"),
    ] {
        let error = parse(text.as_bytes(), &hints()).unwrap_err();
        assert_eq!(error.outcome(), OutcomeKind::NotAFeed, "{text}");
        assert!(error.to_string().contains(what), "{error}");
    }
    assert_eq!(parse(b" \n ", &hints()), Err(ParseError::Empty));
    assert_eq!(parse(b"", &hints()), Err(ParseError::Empty));
    assert_eq!(
        parse(b"<?xml version=\"1.0\"?>", &hints())
            .unwrap_err()
            .outcome(),
        OutcomeKind::ParseError
    );
}

#[test]
fn an_html_page_lists_its_feeds() {
    let page = "<!doctype html><html><head><base href=\"/blog/\"><script>var a = '<link rel=\"alternate\" type=\"application/rss+xml\" href=\"no\">';</script>\
        <link rel=\"alternate\" type=\"application/rss+xml\" href=\"comments/feed\" title=\"Comments\">\
        <link rel='alternate stylesheet' type=text/css href=x.css>\
        <link REL=\"Alternate\" TYPE=\"application/atom+xml\" HREF=\"atom.xml?a=1&amp;b=2\" title='소식 &amp; 글'></head></html>";
    let Err(ParseError::NotAFeed { feeds, .. }) = parse(page.as_bytes(), &hints()) else {
        panic!("no refusal")
    };
    let urls: Vec<_> = feeds.iter().map(|feed| feed.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://news.example.kr/blog/atom.xml?a=1&b=2",
            "https://news.example.kr/blog/comments/feed"
        ]
    );
    assert_eq!(feeds[0].title.as_deref(), Some("소식 & 글"));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn fields_hide_in_many_places() {
    let item = |inside: &str| {
        read(&format!(
            "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xml:base=\"https://base.example/dir/\"><channel><link>https://site.example/</link><item>{inside}</item></channel></rss>"
        ))
        .entries
        .remove(0)
    };
    let url = |inside: &str| item(inside).url.unwrap_or_default();
    assert_eq!(
        url("<link>https://a.example/?a=1&copy=2</link>"),
        "https://a.example/?a=1&copy=2"
    );
    assert_eq!(
        url("<link>\n https://a.example/1 \n</link>"),
        "https://a.example/1"
    );
    assert_eq!(url("<link>/rel/2</link>"), "https://base.example/rel/2");
    assert_eq!(
        url(
            "<atom:link rel=\"self\" href=\"https://no.example/\"/><atom:link href=\"https://a.example/3\"/>"
        ),
        "https://a.example/3"
    );
    assert_eq!(
        url("<guid>https://a.example/4</guid>"),
        "https://a.example/4"
    );
    assert_eq!(
        url("<guid isPermaLink=\"false\">https://a.example/4</guid>"),
        ""
    );
    assert_eq!(url("<guid>urn:x:4</guid>"), "");
    assert_eq!(url("<link>javascript:alert(1)</link>"), "");
    assert_eq!(url("<title>no link at all</title>"), "");

    assert_eq!(item("<dc:title>가</dc:title>").title, "가");
    assert_eq!(
        item("<media:group><media:title>가</media:title></media:group>").title,
        "가"
    );
    assert_eq!(
        item("<title>나</title><media:title>가</media:title>").title,
        "나"
    );
    assert_eq!(
        item("<media:title>가</media:title><title>나</title>").title,
        "나"
    );

    assert_eq!(item("<description>짧다</description><content:encoded><![CDATA[<p>더 길다</p>]]></content:encoded>").body, "더 길다");
    assert_eq!(item("<itunes:summary>요약</itunes:summary>").body, "요약");
    assert_eq!(item("<dc:description>요약</dc:description>").body, "요약");

    for date in [
        "pubDate",
        "dc:date",
        "dcterms:issued",
        "dcterms:created",
        "dcterms:modified",
        "atom:published",
        "atom:updated",
    ] {
        let entry = item(&format!("<{date}>2026-11-23 10:02:03</{date}>"));
        // A Korean host: the wall clock of Seoul.
        assert_eq!(
            entry.published.unwrap().to_string(),
            "2026-11-23T01:02:03Z",
            "{date}"
        );
    }
    assert_eq!(
        item("<pubDate>soon</pubDate><dc:date>2026-11-23</dc:date>")
            .published
            .unwrap()
            .to_string(),
        "2026-11-22T15:00:00Z"
    );
    assert_eq!(item("<pubDate>soon</pubDate>").published, None);
    assert_eq!(
        item("<guid>1</guid><pubDate>2027-11-23</pubDate>").published,
        Some(hints().now)
    );

    assert_eq!(
        item("<author>desk@a.example (김 기자)</author>").authors,
        ["김 기자"]
    );
    assert_eq!(
        item("<dc:creator>이 기자</dc:creator><dc:creator>박 기자</dc:creator>").authors,
        ["이 기자", "박 기자"]
    );
    assert_eq!(item("<itunes:author>최</itunes:author>").authors, ["최"]);
    assert_eq!(item("<fullitem>본문</fullitem>").body, "본문");
    assert_eq!(item("<title>don\u{92}t</title>").title, "don’t");
    assert_eq!(item("<category>국방</category><dc:subject>수출</dc:subject><itunes:keywords>a, b,국방</itunes:keywords>").categories, ["국방", "수출", "a", "b"]);
    let media = item(
        "<enclosure url=\"/a.mp3\" type=\"audio/mpeg\" length=\"1,024\"/><media:content url=\"https://m.example/b.jpg\"/>",
    );
    assert_eq!(media.enclosures.len(), 2);
    assert_eq!(
        (media.enclosures[0].url.as_str(), media.enclosures[0].length),
        ("https://base.example/a.mp3", Some(1024))
    );
}

#[test]
fn titles_are_plain() {
    let title = |raw: &str| {
        read(&format!("<rss version=\"2.0\"><channel><item><guid>1</guid><title>{raw}</title></item></channel></rss>")).entries.remove(0).title
    };
    for (raw, plain) in [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("<![CDATA[Tom & Jerry]]>", "Tom & Jerry"),
        ("<![CDATA[Tom &amp; Jerry]]>", "Tom & Jerry"),
        ("&lt;b&gt;굵은&lt;/b&gt; 제목", "굵은 제목"),
        ("<b>굵은</b> 제목", "굵은 제목"),
        ("5 &lt; 8", "5 < 8"),
        ("5 < 8", "5 < 8"),
        ("&lt;BIGCO&gt; wins", "<BIGCO> wins"),
        ("&lt;속보&gt; 계약", "<속보> 계약"),
        ("<속보> 계약", "<속보> 계약"),
        ("&amp;lt;속보&amp;gt; 계약", "<속보> 계약"),
        ("&#xD55C;&#44544; &quot;x&quot; &hellip;", "한글 \"x\" …"),
        ("  a \n\t b  ", "a b"),
        ("AT&T, R&D", "AT&T, R&D"),
        ("&unknown; &copy", "&unknown; &copy"),
    ] {
        assert_eq!(title(raw).replace('©', "&copy"), plain, "{raw}");
    }
}

#[test]
fn the_feed_tells_how_to_poll_it() {
    let found = read(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title> 방산 &amp; 소식 </title><link>/</link>\
         <atom:link rel=\"self\" href=\"/rss\"/><atom:link rel=\"hub\" href=\"https://hub.example/\"/><atom:link rel=\"prev-archive\" href=\"/rss/1\"/>\
         <language>ko_kr</language><ttl> 60 \n</ttl><skipHours><hour>0</hour><hour>5</hour><hour>24</hour><hour>x</hour></skipHours>\
         <skipDays><day>Saturday</day><day>Sunday</day></skipDays><image><title>no</title><link>https://no.example/</link></image>\
         <item><guid>1</guid><title>Wire service in English about contracts</title></item></channel></rss>",
    );
    assert_eq!(found.title.as_deref(), Some("방산 & 소식"));
    assert_eq!(found.link.as_deref(), Some("https://news.example.kr/"));
    assert_eq!(
        found.self_url.as_deref(),
        Some("https://news.example.kr/rss")
    );
    assert_eq!(found.hubs, ["https://hub.example/"]);
    assert_eq!(
        found.prev_archive.as_deref(),
        Some("https://news.example.kr/rss/1")
    );
    assert_eq!(found.language.as_deref(), Some("ko-KR"));
    assert_eq!(
        (found.ttl_minutes, found.skip_hours, found.skip_days),
        (Some(60), 0b10_0001, 0b110_0000)
    );
    assert_ne!(found.entries[0].language.as_deref(), Some("ko-KR"));
}

#[test]
fn bounds_hold() {
    let many = format!(
        "<rss><channel>{}</channel></rss>",
        "<item><guid>x</guid></item>".repeat(MOST_ENTRIES + 7)
    );
    let found = read(&many);
    assert_eq!(found.entries.len(), MOST_ENTRIES);
    assert!(
        found.notes.iter().any(|note| note.contains("7 left out")),
        "{:?}",
        found.notes
    );

    let long = format!(
        "<rss><channel><item><title>{0}</title><description>{0}</description></item></channel></rss>",
        "가나다 ".repeat(300_000)
    );
    let entry = &read(&long).entries[0];
    assert!(
        entry.title.len() <= LONGEST_TITLE
            && entry.body.len() <= LONGEST_TEXT
            && entry.body.len() > LONGEST_TEXT / 2
    );

    let bomb = "<!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><rss><channel><item><title>&b;</title></item></channel></rss>";
    assert_eq!(read(bomb).entries[0].title, "&b;");
    let external = "<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><rss><channel><item><title>&x;</title></item></channel></rss>";
    assert_eq!(read(external).entries[0].title, "&x;");
}

/// Shapes that cost a careless reader the square of their size; each must simply end.
#[test]
fn hostile_shapes_end() {
    let item = |inside: String| {
        format!(
            "<rss><channel><item><title>t</title><description>{inside}</description></item></channel></rss>"
        )
    };
    for text in [
        item("&lt;a b='".repeat(60_000)),
        item("&lt;b&gt;&lt;p&gt;".repeat(40_000)),
        item("&lt;a&gt;".repeat(60_000)),
        item(format!(
            "&lt;x {}&gt;",
            (0..60_000)
                .map(|n| format!("a{n} "))
                .collect::<Vec<_>>()
                .concat()
        )),
        item("&lt;!--".repeat(60_000)),
        item("&lt;table&gt;&lt;td&gt;".repeat(30_000)),
        item("&amp;amp;".repeat(60_000)),
        format!("<rss><channel>{}", "<item><![CDATA[x</item>".repeat(40_000)),
        format!(
            "<rss><channel>{}]]>",
            "<item><description><![CDATA[x</description></item>".repeat(4_000)
        ),
        format!("<rss><channel>{}", "<item a=\"".repeat(40_000)),
        format!("<rss><channel>{}", "<!--".repeat(100_000)),
        format!("<rss><channel>{}", "<?x ".repeat(100_000)),
        format!("<rss><channel>{}", "<!DOCTYPE [".repeat(2_000)),
        format!("<rss><channel>{}", "<p:x>".repeat(100_000)),
        format!(
            "<rss {}><channel/></rss>",
            (0..50_000)
                .map(|n| format!("xmlns:p{n}=\"u\" "))
                .collect::<Vec<_>>()
                .concat()
        ),
        format!("{{\"items\":[{}", "{\"a\":[".repeat(50_000)),
        format!("{{\"items\":[{}", "{\"a\":{},".repeat(50_000)),
        format!("{{\"items\":[{}", "x},".repeat(50_000)),
        "<".repeat(300_000),
        "&".repeat(300_000),
    ] {
        let _ = parse(text.as_bytes(), &hints());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let outcome = parse(&bytes, &hints());
        prop_assert!(!matches!(outcome, Err(ParseError::Panicked { .. })), "{outcome:?}");
    }

    #[test]
    fn any_markup_is_read_without_panic(text in "(<[/!?]?[a-zA-Z:]{0,8}( [a-z]{1,4}=[\"']?[^\"']{0,5}[\"']?){0,2}/?>|[^<]{0,10}|<!\\[CDATA\\[|\\]\\]>|<item>|</item>|<rss>|<description>|&[a-z#x0-9]{0,6};?|<!--|-->){0,60}") {
        let text = format!("<rss><channel>{text}");
        let outcome = parse(text.as_bytes(), &hints());
        prop_assert!(!matches!(outcome, Err(ParseError::Panicked { .. })), "{outcome:?}");
    }

    #[test]
    fn mutated_feeds_are_read_without_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..20), seed in 0..3_usize) {
        let json = "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"1\",\"title\":\"가\\ud83d\\ude00\",\"date_published\":\"2026-11-23T01:02:03Z\"}]}".to_owned();
        let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>1</id><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>가</p></div></content></entry></feed>".to_owned();
        let mut bytes = [rss(), atom, json][seed].clone().into_bytes();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        let outcome = parse(&bytes, &hints());
        prop_assert!(!matches!(outcome, Err(ParseError::Panicked { .. })), "{outcome:?}");
    }

    #[test]
    fn damage_inside_one_entry_leaves_the_others(noise in "[a-z<>&;=\"' /!\\[\\]가-힣]{0,40}") {
        prop_assume!(!["<item", "</item", "<!", "<entry", "</entry", "</rss", "</channel"].iter().any(|tag| noise.contains(tag)));
        let bad = format!("<item><title>bad</title><description>{noise}</description></item>\n");
        let text = rss().replacen("<item>", &format!("{bad}<item>"), 1);
        let found = read(&text);
        let titles: Vec<_> = found.entries.iter().map(|e| e.title.as_str()).collect();
        prop_assert!(titles.ends_with(&[news()[1].0, news()[2].0]), "{noise:?} {titles:?}");
        prop_assert_eq!(titles.len(), 4);
    }

    #[test]
    fn dates_never_panic(text in ".{0,40}") {
        let _ = dates::parse(&text, &dates::Habits::default());
    }

    #[test]
    fn ids_do_not_depend_on_order(order in Just(vec![0_usize, 1, 2]).prop_shuffle()) {
        let found = read(&rss()).entries;
        let mixed: Vec<_> = order.iter().map(|at| found[*at].clone()).collect();
        let mut a: Vec<_> = identify("f", found).into_iter().map(|e| e.id).collect();
        let mut b: Vec<_> = identify("f", mixed).into_iter().map(|e| e.id).collect();
        a.sort();
        b.sort();
        prop_assert_eq!(a, b);
    }
}
