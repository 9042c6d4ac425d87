//! What is written is held against a real parser and sanitiser: `ammonia` gives back what is written here.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use url::Url;

use super::super::render;
use super::super::tags::ALLOWED;

fn by_ammonia(html: &str) -> String {
    static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let mut builder = ammonia::Builder::empty();
        let attributes: HashMap<&str, HashSet<&str>> = ALLOWED
            .iter()
            .map(|(name, attributes)| (*name, attributes.iter().copied().collect()))
            .collect();
        builder
            .tags(ALLOWED.iter().map(|(name, _)| *name).collect())
            .tag_attributes(attributes)
            .clean_content_tags(["script", "style"].into())
            .url_schemes(["http", "https", "mailto"].into())
            .url_relative(ammonia::UrlRelative::Deny)
            .link_rel(Some("noopener noreferrer nofollow"));
        builder
    });
    CLEANER.clean(html).to_string()
}

/// Angle brackets in attributes are escaped here, and need not be.
fn canonical(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">")
}

fn safe(html: &str) -> String {
    let base = Url::parse("https://news.example/a/").unwrap();
    render(html, Some(&base)).html
}

#[track_caller]
fn assert_stands(html: &str) {
    let written = safe(html);
    let parsed = by_ammonia(&written);
    assert_eq!(canonical(&written), canonical(&parsed), "{html}");
}

#[test]
fn common_markup_stays_as_it_is() {
    for html in [
        "<p>One &amp; \"two\".</p>\n<p>한화 <b>K9</b><br>three</p>",
        "<ul><li>one</li><li><p>two</p></li></ul>",
        "<div><blockquote>1&nbsp;2</blockquote></div>",
        "<dl><dt>1</dt><dd><span>2 <span>3</span></span></dd></dl><hr><pre>x\ny</pre>",
        "<span><div>x</div></span><time datetime=\"2026-11-28\">y</time>",
        "<table><caption>c</caption><thead><tr><th>a</th></tr></thead>\n<tbody><tr><td colspan=\"2\"><p>b</p></td></tr></tbody></table>",
        "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>",
        "<figure><img src=\"https://h.example/z.png\" alt=\"z\"><figcaption>c</figcaption></figure>",
        "<b><p>a <b>b</b></p></b>",
    ] {
        assert_eq!(safe(html), html);
        assert_stands(html);
    }
}

#[test]
fn what_a_browser_would_move_is_written_where_it_would_be() {
    for (html, written) in [
        ("<p>a<div>b</div>c</p>", "<p>a</p><div>b</div>c"),
        (
            "<p>a<ul><li>b<li>c</ul>",
            "<p>a</p><ul><li>b</li><li>c</li></ul>",
        ),
        (
            "<p><span><div>x</div></span></p>",
            "<p><span></span></p><div>x</div>",
        ),
        (
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>",
        ),
        (
            "<table>x<tr>y<td>z</table>",
            "<table><tbody><tr><td>x</td></tr><tr><td>y</td><td>z</td></tr></tbody></table>",
        ),
        (
            "<table>&nbsp;<tr> <td>z</td>&nbsp;</table>",
            "<table><tbody><tr> <td>z</td></tr></tbody></table>",
        ),
        (
            "<table><tr><td><p>a<table><td>b</table>c</table>",
            "<table><tbody><tr><td><p>a</p><table><tbody><tr><td>b</td></tr></tbody></table>c</td></tr></tbody></table>",
        ),
        ("<td>a</td><tr><caption>b", "ab"),
        (
            "<dl><dt>a<dd>b<dt>c</dl>",
            "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>",
        ),
        ("<h1>a<h2>b</h2>", "<h1>a</h1><h2>b</h2>"),
        ("<pre>\n\r\nx</pre>", "<pre>x</pre>"),
        (
            "<ruby>漢<rt>かん<rt>字</ruby>",
            "<ruby>漢<rt>かん</rt><rt>字</rt></ruby>",
        ),
        (
            "<p>x <a href=\"https://h.example/1\">a<div>b</div>c</a></p>",
            "<p>x <a href=\"https://h.example/1\" rel=\"noopener noreferrer nofollow\">a</a></p>\
             <div><a href=\"https://h.example/1\" rel=\"noopener noreferrer nofollow\">b</a></div>c",
        ),
    ] {
        assert_eq!(safe(html), written, "{html}");
        assert_stands(html);
    }
}

#[test]
fn what_stands_for_something_else_is_in_the_html_alone() {
    for (html, text, written) in [
        (
            "a <video><source src=x><p>See <a href=\"/v.mp4\">it</a></p></video> b",
            "a b",
            "a <p>See <a href=\"https://news.example/v.mp4\" rel=\"noopener noreferrer nofollow\">it</a></p> b",
        ),
        (
            "a<noscript><img src=\"/1.jpg\" alt=\"K9 자주포\"></noscript>b",
            "ab",
            "a<img src=\"https://news.example/1.jpg\" alt=\"K9 자주포\">b",
        ),
        ("a <svg><title>t</title></svg> b", "a b", "a t b"),
        ("a <audio>b", "a b", "a b"),
        ("a <iframe><script>x</script></iframe>b", "a b", "a b"),
        ("<object><object>a</object>b</object>c", "bc", "abc"),
    ] {
        let base = Url::parse("https://news.example/a/").unwrap();
        let found = render(html, Some(&base));
        assert_eq!(
            (found.text.as_str(), found.html.as_str()),
            (text, written),
            "{html}"
        );
    }
}

const NAMES: &str = "p|br|b|i|em|code|span|small|time|div|ul|ol|li|dl|dt|dd|abbr|blockquote|figure|figcaption|h2|h3|pre|a|q|hr|svg|table|caption|thead|tbody|tfoot|tr|td|th|ruby|rb|rp|rt|rtc|section|font|u|strong|sub|col|center|form|select|option|math|mi|body|html|title|video";

/// Documents of these tags, right and wrong, with attributes that are odd.
fn markup() -> impl Strategy<Value = String> {
    let tag = format!("</?({NAMES})/?>");
    let odd = "<(abbr|time|q|ol|blockquote|td) (title|datetime|cite|start|colspan)=\"[1a&\u{a0}<>\r]{1,2}\">|\
               <a (title=\"[a\"'&한\u{a0}<>]{0,3}\" )?href=\"(https?://h.example/[a&=\u{a0}<>'%한]{0,6}|mailto:a@h.example|//h.example|x)\">|\
               <img (alt=\"[a'&<]{0,2}\" )?src=\"https://h.example/[a&;]{0,3}\">|\
               [ a\"'한\u{a0}\u{feff}\r\n]|&amp;|&lt;|&quot;|&nbsp;|\\PC";
    let pieces = format!("({tag}|{tag}|{odd}){{0,40}}");
    proptest::string::string_regex(&pieces).unwrap()
}

/// Pieces that attacks are made of.
const HOSTILE: &[&str] = &[
    "<script>",
    "</script>",
    "<SCRIPT src=//e.example>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><style>",
    "</style>",
    "<style>",
    "<math><mtext><table><mglyph>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<noscript>",
    "</noscript>",
    "<p title=\"",
    "\">",
    "'",
    "\"",
    "`",
    "<a href=\"javascript:alert(1)\">",
    "<a href=' java\nscript:alert(1)'>",
    "<a href=\"&#106;avascript&colon;alert(1)\">",
    "<a href=data:text/html,x>",
    "<iframe srcdoc=\"<script>\">",
    "</iframe>",
    "<template>",
    "</template>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<xmp>",
    "</xmp>",
    "<plaintext>",
    "<select>",
    "<option>",
    "<object data=javascript:x>",
    "</object>",
    "<embed src=x>",
    "<base href=javascript:>",
    "<meta http-equiv=refresh>",
    "<form action=javascript:x>",
    "<input onfocus=x autofocus>",
    "<table>",
    "<td>",
    "</table>",
    "<a>",
    "</a>",
    "<p>",
    "</p>",
    "<x:script>",
    "<img src=\"https://h.example/\" / onerror=x>",
    "&lt;script&gt;",
    "&#60;img&#62;",
    "<",
    ">",
    "</",
    "/>",
    "=",
    " ",
    "on",
    "x",
    "\0",
    "\u{feff}",
    "\u{2028}",
    "<br/onclick=x>",
    "<ruby><rt>",
    "<video><source onerror=x>",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_parser_gives_back_what_is_written(html in markup()) {
        let written = safe(&html);
        let parsed = by_ammonia(&written);
        prop_assert_eq!(canonical(&written), canonical(&parsed), "{}", html);
    }

    #[test]
    fn nothing_hostile_gets_through(pieces in prop::collection::vec(0..HOSTILE.len(), 0..24)) {
        let html: String = pieces.into_iter().map(|at| HOSTILE[at]).collect();
        let written = safe(&html);
        let parsed = by_ammonia(&written);
        prop_assert_eq!(canonical(&written), canonical(&parsed), "{}", html);
    }
}
