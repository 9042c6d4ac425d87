use super::super::scan::attributes;
use super::tags::ALLOWED;
use super::*;

fn text(html: &str) -> String {
    render(html, None).text
}

#[test]
fn plain_text_as_a_reader_sees_it() {
    for (html, plain) in [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b<br/>c</br>d", "a\nb\nc\nd"),
        ("a<br><br>b", "a\n\nb"),
        ("<div><div>a</div></div><div>b</div>", "a\n\nb"),
        ("한<b>화</b>가 <i>수</i>출", "한화가 수출"),
        ("a<span> b</span>", "a b"),
        ("<ul><li>a<li>b</ul>c", "a\n\nb\n\nc"),
        ("<ul><li></li><li><p>a</p></li></ul><ol><li>b", "a\n\nb"),
        (
            "<ruby>防衛<rp>(</rp><rt>ぼうえい</rt><rp>)</rp></ruby>装備庁",
            "防衛装備庁",
        ),
        ("<ruby>漢<rt>かん<rb>字<rt>じ</ruby>を", "漢字を"),
        ("<p><ruby>韓<rt>never closed</p><p>b</p>", "韓\n\nb"),
        (
            "K9\u{200b} how\u{ad}itzer \u{feff}\u{200e} x",
            "K9 howitzer x",
        ),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("a<img src=x alt='K9 자주포'>b", "a K9 자주포 b"),
        (
            "a<img src=x alt='DSC_1.JPG'><img alt=''><img alt=':)'>b",
            "ab",
        ),
        ("see ?a=1&copy=2 &copy 2026", "see ?a=1&copy=2 © 2026"),
        (
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
            "a b\nc",
        ),
        (
            "a<script>x < y</script>b<style>p{}</style>c<!-- d -->e",
            "abce",
        ),
        (
            "a <svg><title>no</title><metadata>no</metadata><text>b</text></svg> <math><mi>c</mi></math>",
            "a b c",
        ),
        ("see <a href=\"https://h.example/cut", "see"),
        ("a link begins with <a href=", "a link begins with <a href="),
        ("<SCRIPT>no</SCRIPT >a", "a"),
        ("<script>never closed", ""),
        ("a <object>never closed", "a never closed"),
        ("5 < 8 && 9 > 7", "5 < 8 && 9 > 7"),
        (
            "&nbsp;a&nbsp;&nbsp;b&hellip; &copy 1 &amp;lt;",
            "a b… © 1 &lt;",
        ),
        ("one\n\ntwo\nthree", "one\n\ntwo three"),
        ("<p>one\n\ntwo</p>", "one two"),
        ("<pre>a\n b</pre>", "a\nb"),
        ("<![CDATA[x]]> y", "x y"),
        ("<h1>T</h1>a", "T\n\na"),
        ("", ""),
        ("   ", ""),
    ] {
        assert_eq!(text(html), plain, "{html}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn nothing_hostile_is_left() {
    let base = Url::parse("https://news.example/a/").unwrap();
    for html in [
        "<script>alert(1)</script>",
        "<ScRiPt src=//evil.example></sCrIpT>",
        "<img src=x onerror=alert(1)>",
        "<img src=\"x\" onerror\n=\n\"alert(1)\">",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\" jAvA\tscript:alert(1)\">x</a>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<a href=\"java&#10;script:alert(1)\">x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href=vbscript:x>x</a>",
        "<iframe src=\"https://evil.example\"></iframe>",
        "<object data=x><embed src=x></object>",
        "<form action=x><input name=a><button>b</button></form>",
        "<style>@import 'x'</style><p style=\"background:url(javascript:1)\" class=c id=i>x</p>",
        "<svg><script>alert(1)</script></svg><svg onload=alert(1)>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
        "<base href=\"javascript:/a/\"><meta http-equiv=refresh content=0><link rel=stylesheet href=x>",
        "<p title='\"><script>alert(1)</script>'>x</p>",
        "<img src=\"https://x.example/a\"\"onerror=alert(1)\">",
        "<<script>script>alert(1)</script>",
        "<a href=\"https://ok.example\" onclick=alert(1) style=x>x</a>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
        "<template><script>alert(1)</script></template>",
        "<textarea></textarea><script>alert(1)</script>",
        "<video><source onerror=alert(1)></video>",
        "<title><img src=x onerror=alert(1)></title>",
    ] {
        let rendered = render(html, Some(&base));
        let safe = &rendered.html;
        let mut scanner = Scanner::new(safe);
        while let Some(token) = scanner.next(None) {
            let Token::Start {
                name,
                attributes: tag,
                ..
            } = token
            else {
                continue;
            };
            assert!(
                ALLOWED.iter().any(|(known, _)| *known == name),
                "{html} → {safe}"
            );
            for (name, value) in attributes(tag) {
                assert!(
                    !name.starts_with("on") && !matches!(name, "style" | "class" | "id"),
                    "{html} → {safe}"
                );
                if matches!(name, "href" | "src") {
                    assert!(
                        ["https://", "http://", "mailto:"]
                            .iter()
                            .any(|scheme| value.starts_with(scheme)),
                        "{html} → {safe}"
                    );
                }
            }
        }
        assert!(
            !rendered.text.contains("alert(1)") || html.contains("<<script>"),
            "{html} → {}",
            rendered.text
        );
    }
}

#[test]
fn safe_html_keeps_what_people_read() {
    let base = Url::parse("https://news.example/a/").unwrap();
    let of = |html: &str| render(html, Some(&base)).html;
    assert_eq!(of("<p class=x>a <b>b</b></p>"), "<p>a <b>b</b></p>");
    assert_eq!(
        of("<img src=\"i.png\" alt=\"그림\" width=3>"),
        "<img src=\"https://news.example/a/i.png\" alt=\"그림\">"
    );
    assert_eq!(
        of("<a href=\"../b?x=1&copy=2\">l</a>"),
        "<a href=\"https://news.example/b?x=1&amp;copy=2\" rel=\"noopener noreferrer nofollow\">l</a>"
    );
    assert_eq!(of("<p>a<p>b"), "<p>a</p><p>b</p>");
    assert_eq!(of("<font color=red>a</font> &lt;b&gt;"), "a &lt;b&gt;");
    assert_eq!(
        of("<ul><li>a<ul><li>b</li></ul><li>c</ul>"),
        "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"
    );
    assert_eq!(of("plain & simple"), "plain &amp; simple");
}

#[test]
fn a_line_is_one_line_without_markup() {
    assert_eq!(line("a\n<br>b", None), "a b");
    assert_eq!(line("&amp;lt;b&amp;gt;x", None), "<b>x");
    assert_eq!(plain_line("<b> &amp;amp; x"), "<b> & x");
    for (html, plain) in [
        ("5 < 8", "5 < 8"),
        ("5 &lt; 8", "5 < 8"),
        ("5 &amp;lt; 8", "5 < 8"),
        ("<BIGCO> wins", "<BIGCO> wins"),
        ("&lt;속보&gt; K9 수출", "<속보> K9 수출"),
        ("R&D", "R&D"),
        ("R&amp;D", "R&D"),
        ("R&amp;amp;D", "R&D"),
        (
            "https://a.example/?a=1&copy=2",
            "https://a.example/?a=1&copy=2",
        ),
        ("<b>K2</b> &amp; K9", "K2 & K9"),
        ("it&#8217;s", "it’s"),
        ("K2\u{ad}PL \u{200b} x", "K2PL x"),
        ("<ruby>防衛<rt>ぼうえい</rt></ruby>省", "防衛省"),
        ("Item <!-- Title", "Item <!-- Title"),
        ("Item <!-- a --> <!-- Title", "Item <!-- Title"),
    ] {
        assert_eq!(line(html, None), plain, "{html}");
    }
    assert_eq!(line(&"가".repeat(20_000), None).len(), 10_239);
}
