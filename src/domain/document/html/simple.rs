//! Safe HTML that is nothing but plain tags, links and pictures around text, known without building a tree.
//!
//! `Writer` writes balanced, escaped HTML without other attributes. Where no tag of it could make a browser move
//! another, `ammonia` gives back the same; this file says where that is so. Everything else is left to it.

use super::tags::{Place, Tag};

/// What a link tells a browser besides its address.
pub(super) const REL: &str = " rel=\"noopener noreferrer nofollow\"";

/// Whether a tag with these attributes, as written, stays where and as it is inside the open ones.
///
/// Everything is closed in order, so that a parser moves something only where an element ends another by itself.
pub(super) fn may_stand(tag: &Tag, attributes: &str, open: &[&Tag]) -> bool {
    if !are_plain(attributes) {
        return false;
    }
    let in_any = |name: &str| open.iter().any(|outer| outer.name == name);
    let parent = open.last().map(|outer| outer.name);
    match tag.place {
        Place::Inline => true,
        Place::Formatting => !in_any(tag.name),
        Place::Block => !in_any("p"),
        Place::Heading => !in_any("p") && !open.iter().any(|outer| outer.place == Place::Heading),
        Place::Own => match tag.name {
            "br" => true,
            "img" => attributes.contains("src=\"http"),
            "li" => matches!(parent, Some("ul" | "ol")),
            "dt" | "dd" => parent == Some("dl"),
            _ => false,
        },
    }
}

/// Whether attributes hold nothing that a parser writes in another way.
fn are_plain(attributes: &str) -> bool {
    let odd = ["&lt;", "&gt;", "\u{a0}", "\r", "\u{feff}"];
    attributes.is_empty() || !odd.iter().any(|mark| attributes.contains(mark))
}

/// Writes text as a parser writes it: quotes stand for themselves, no-break spaces are named, line breaks are of one
/// kind. False where a parser may still make something else of it.
pub(super) fn push_text(out: &mut String, text: &str) -> bool {
    let mut rest = text;
    let is_special = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'\r' | 0xc2);
    while let Some(at) = rest.as_bytes().iter().position(is_special) {
        out.push_str(&rest[..at]);
        let next = &rest.as_bytes()[at..];
        let (written, length) = match next {
            [b'&', ..] => ("&amp;", 1),
            [b'<', ..] => ("&lt;", 1),
            [b'>', ..] => ("&gt;", 1),
            [b'\r', b'\n', ..] => ("\n", 2),
            [b'\r', ..] => ("\n", 1),
            [_, 0xa0, ..] => ("&nbsp;", 2),
            // A letter that begins like the no-break space.
            _ => (&rest[at..at + 2], 2),
        };
        out.push_str(written);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    // A parser drops these.
    let dropped = ["\0", "\u{feff}"];
    !dropped
        .iter()
        .any(|mark| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{by_ammonia, render};
    use super::*;

    #[test]
    fn common_markup_needs_no_tree() {
        for html in [
            "<p>One &amp; \"two\".</p>\n<p>한화 <b>K9</b><br>three</p>",
            "<ul><li>one</li><li><p>two</p></li></ul>",
            "<div><blockquote>1&nbsp;2</blockquote></div>",
            "<dl><dt>1</dt><dd><span>2 <span>3</span></span></dd></dl><hr><pre>x\ny</pre>",
            "<span><div>x</div></span><time datetime=\"2026-11-28\">y</time>",
        ] {
            let written = render(html, None);
            assert_eq!((written.html.as_str(), written.is_plain), (html, true));
        }
        let linked = "<p><a href=\"https://h.example/?a=1&amp;b=2\">x <b>y</b></a> <img alt=\"z\" src=\"https://h.example/z.png\"></p><h2>t</h2>\r\n<p>u</p>";
        let written = render(linked, None);
        assert!(written.is_plain && written.html.contains(REL));
        assert_eq!(written.html, by_ammonia(&written.html));
        for html in [
            "<p><span><div>x</div></span></p>",
            "<pre>\nx</pre>",
            "<table><tr><td>x</td></tr></table>",
            "<p>a\u{feff}b</p>",
        ] {
            assert!(!render(html, None).is_plain, "{html}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_quick_way_gives_what_the_parser_gives(
            html in "(</?(p|br|b|i|em|code|span|small|time|div|ul|ol|li|dl|dt|dd|abbr|blockquote|figure|figcaption|h2|h3|pre|a|q|td|hr|svg|rt)>|<(abbr|time|q|ol|blockquote) (title|datetime|cite|start)=\"[1a&\u{a0}]{1,2}\">|<a (title=\"[a\"'&한\u{a0}]{0,3}\" )?href=\"(https?://h.example/[a&=\u{a0}<>'%한]{0,6}|mailto:a@h.example|//h.example|x)\">|<img (alt=\"[a'&]{0,2}\" )?src=\"https://h.example/[a&;]{0,3}\">|[ a\"'한\u{a0}\r\n]|&amp;|&lt;|&quot;|&nbsp;|\\PC){0,24}",
        ) {
            let written = render(&html, None);
            if written.is_plain {
                let parsed = by_ammonia(&written.html);
                prop_assert_eq!(written.html, parsed);
            }
        }
    }
}
