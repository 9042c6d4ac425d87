use super::*;

#[test]
fn one_page_has_one_canonical_url() {
    let page = canonical_url("https://news.example.kr/view/1?id=7&b=2");
    for url in [
        "http://www.news.example.kr/view/1/?b=2&id=7&utm_campaign=x#top",
        "https://m.news.example.kr/view/1?id=7&b=2",
        "https://mobile.news.example.kr/view/1?id=7&b=2&fbclid=1",
        "https://amp.news.example.kr/amp/view/1?id=7&b=2&outputType=amp",
        "https://NEWS.example.kr:443/view/1?b=2&id=7&amp=1",
        "https://news.example.kr/%76iew/1?id=7&b=2&rss=1",
        "https://www.google.com/url?rct=j&sa=t&url=https%3A%2F%2Fnews.example.kr%2Fview%2F1%3Fid%3D7%26b%3D2&ct=ga",
    ] {
        assert_eq!(canonical_url(url), page, "{url}");
    }
    for (url, expected) in [
        ("https://m.kr/x", "https://m.kr/x"),
        (" urn:x ", "urn:x"),
        ("https://a.example/x.amp.html", "https://a.example/x.html"),
        ("https://a.example/amp", "https://a.example/amp"),
        ("https://a.example/2026/x/amp/", "https://a.example/2026/x"),
        ("https://a.example/x?amp=7", "https://a.example/x?amp=7"),
        (
            "https://www.google.com/amp/s/news.example.kr/view/1/amp?id=7&b=2",
            "https://news.example.kr/view/1",
        ),
        (
            "https://ko.m.wikipedia.org/wiki/%ed%95%9c",
            "https://ko.wikipedia.org/wiki/%ED%95%9C",
        ),
        (
            "https://a.example/한글?q=가",
            "https://a.example/%ED%95%9C%EA%B8%80?q=%EA%B0%80",
        ),
        (
            "https://a.example/50%25?x=%zz%",
            "https://a.example/50%25?x=%zz%",
        ),
        ("https://a.example/x%2fy", "https://a.example/x%2Fy"),
    ] {
        assert_eq!(canonical_url(url), expected, "{url}");
    }
}

#[test]
fn other_pages_stay_other_pages() {
    for (a, b) in [
        ("https://a.example/1", "https://a.example/2"),
        ("https://a.example/1", "https://b.example/1"),
        ("https://a.example/?p=1", "https://a.example/?p=2"),
        (
            "https://a.example/view?sid=101",
            "https://a.example/view?sid=102",
        ),
        ("https://a.example/View", "https://a.example/view"),
        ("https://a.example/x/y", "https://a.example/x%2Fy"),
        ("https://a.example:8080/1", "https://a.example/1"),
        (
            "https://n.news.naver.com/article/001/0000000001",
            "https://n.news.naver.com/article/002/0000000001",
        ),
        (
            "https://a.example/news/articleView.html?idxno=1",
            "https://a.example/news/articleView.html?idxno=2",
        ),
        ("https://blog.naver.com/a/1", "https://blog.naver.com/b/1"),
    ] {
        assert_ne!(canonical_url(a), canonical_url(b), "{a} {b}");
    }
}

#[test]
fn articles_of_portals_have_one_address() {
    for spellings in [
        &[
            "https://n.news.naver.com/mnews/article/001/0014321234?sid=100",
            "https://n.news.naver.com/article/001/0014321234",
            "https://n.news.naver.com/article/comment/001/0014321234",
            "http://news.naver.com/main/read.nhn?mode=LSD&mid=sec&sid1=100&oid=001&aid=0014321234",
            "https://news.naver.com/main/read.naver?aid=0014321234&oid=001",
            "https://m.news.naver.com/read.naver?oid=001&aid=0014321234&sid1=100",
            "https://sports.news.naver.com/news?oid=001&aid=0014321234",
            "https://m.sports.naver.com/kbaseball/article/001/0014321234",
        ][..],
        &[
            "https://v.daum.net/v/20261124090012345",
            "http://v.media.daum.net/v/20261124090012345?rcmd=rn",
            "https://news.v.daum.net/v/20261124090012345?f=o",
            "http://media.daum.net/society/newsview?newsid=20261124090012345",
        ],
        &[
            "https://news.nate.com/view/20261124n00012?mid=n0100",
            "https://m.news.nate.com/view/20261124n00012",
        ],
        &[
            "https://www.yna.co.kr/view/AKR20261124000100001?section=politics/all&site=topnews",
            "https://m.yna.co.kr/view/AKR20261124000100001",
            "https://m.yna.co.kr/amp/view/AKR20261124000100001",
            "https://yna.kr/AKR20261124000100001",
        ],
        &[
            "http://www.paper.example/news/articleView.html?idxno=12345",
            "https://m.paper.example/news/articleView.html?idxno=12345&rssYn=Y",
            "https://www.paper.example/news/articleViewAmp.html?idxno=12345",
        ],
        &[
            "https://youtu.be/dQw4w9WgXcQ?si=x",
            "https://m.youtube.com/watch?feature=share&v=dQw4w9WgXcQ",
            "https://www.youtube.com/shorts/dQw4w9WgXcQ",
        ],
        &[
            "https://mobile.twitter.com/a/status/1",
            "https://x.com/a/status/1?ref_src=twsrc",
        ],
    ] {
        for spelling in spellings {
            assert_eq!(
                canonical_url(spelling),
                canonical_url(spellings[0]),
                "{spelling}"
            );
        }
    }
}

#[test]
fn a_place_within_a_page_stays() {
    for (link, expected) in [
        (
            "https://www.a.example/live/#post-3",
            "//a.example/live#post-3",
        ),
        ("http://a.example/live#utm_source=x", "//a.example/live"),
        ("http://a.example/live#", "//a.example/live"),
        ("urn:x", "urn:x"),
    ] {
        assert_eq!(page_and_place(link), expected, "{link}");
    }
    assert_eq!(
        host_and_rest("//a.example/x?y"),
        Some(("a.example", "/x?y"))
    );
    assert_eq!(host_and_rest("//a.example"), Some(("a.example", "")));
    assert_eq!(host_and_rest("urn:x"), None);
}

proptest::proptest! {
    #[test]
    fn a_canonical_url_is_its_own(link in "https?://(www\\.|m\\.|amp\\.)?[a-z]{1,6}\\.(example|kr)(/[a-zA-Z0-9%가-힣;=&?#./_-]{0,30})?") {
        let once = canonical_url(&link);
        // Labels are taken off twice at the most, wrappers and AMP parts as long as they stand.
        proptest::prop_assert_eq!(canonical_url(&once).len() <= once.len(), true);
    }

    #[test]
    fn any_text_is_survived(link in "\\PC{0,80}") {
        let _ = canonical_url(&link);
        let _ = page_and_place(&link);
    }
}
