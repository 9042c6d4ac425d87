//! Safe HTML that is nothing but plain tags, links and pictures around text, known without building a tree.
//!
//! What comes in is balanced, escaped and stripped of other attributes already (`Writer`). Where no tag of it could
//! make a browser move another, `ammonia` gives back the same tags around the same text; everything else is left to it.

/// Elements that stand inside a line, whatever is around them.
const INLINE: &[&str] = &[
    "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "s", "samp", "small", "span",
    "strong", "sub", "sup", "time", "u", "var",
];
/// Elements that stand beside paragraphs.
const BLOCK: &[&str] = &["blockquote", "div", "figcaption", "figure", "ol", "ul"];

/// Headings: none stands in another.
const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
/// What a link tells a browser besides its address.
const REL: &str = " rel=\"noopener noreferrer nofollow\"";

/// What `ammonia` would make of `html`; none where that takes more than a look.
pub(super) fn cleaned(html: &str) -> Option<String> {
    // A parser drops or replaces these.
    if html.contains(['\r', '\0', '\u{feff}']) {
        return None;
    }
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_text(&mut out, &rest[..at]);
        let end = at + rest[at..].find('>')?;
        let tag = &rest[at + 1..end];
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            None if tag == "br" => {}
            None if name == "img" && are_plain(attributes, "src=\"http") => {}
            None if name == "a" && are_plain(attributes, "href=\"") && may_stand("a", &open) => {
                open.push("a");
            }
            None if may_stand(tag, &open) => open.push(tag),
            _ => return None,
        }
        out.push_str(&rest[at..end]);
        out.push_str(if name == "a" { REL } else { "" });
        out.push('>');
        rest = &rest[end + 1..];
    }
    push_text(&mut out, rest);
    open.is_empty().then_some(out)
}

/// Whether attributes hold the one that matters, and nothing that a parser writes in another way.
fn are_plain(attributes: &str, wanted: &str) -> bool {
    let odd = ["&lt;", "&gt;", "\u{a0}"];
    attributes.contains(wanted) && !odd.iter().any(|mark| attributes.contains(mark))
}

/// Whether a tag without attributes stays where it is inside the open ones.
fn may_stand(name: &str, open: &[&str]) -> bool {
    let parent = open.last().copied();
    let in_line = || {
        open.iter()
            .any(|outer| matches!(*outer, "p" | "a") || INLINE.contains(outer))
    };
    if name == "a" || INLINE.contains(&name) {
        // Letters right inside a list are fine, and so are these.
        return !open.contains(&name);
    }
    match name {
        "p" => !in_line(),
        "li" => matches!(parent, Some("ul" | "ol")),
        name if HEADINGS.contains(&name) => {
            !in_line() && !open.iter().any(|outer| HEADINGS.contains(outer))
        }
        name => BLOCK.contains(&name) && !in_line(),
    }
}

/// Escaped text as a parser writes it again: quotes stand for themselves, no-break spaces are named.
fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '\u{a0}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("&quot;") {
            out.push('"');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\u{a0}') {
            out.push_str("&nbsp;");
            rest = after;
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
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
        ] {
            let written = render(html, None).html;
            assert_eq!(cleaned(&written).as_deref(), Some(html));
        }
        let linked = "<p><a href=\"https://h.example/?a=1&amp;b=2\">x <b>y</b></a> <img alt=\"z\" src=\"https://h.example/z.png\"></p><h2>t</h2>";
        let written = render(linked, None).html;
        assert_eq!(cleaned(&written), Some(by_ammonia(&written)));
        for html in [
            "<a href=\"https://h.example/\">x<p>y</p></a>",
            "<table><tr><td>x</td></tr></table>",
            "<p>a\r\nb</p>",
        ] {
            assert_eq!(cleaned(&render(html, None).html), None, "{html}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_quick_way_gives_what_the_parser_gives(
            html in "(</?(p|br|b|i|em|code|span|small|time|div|ul|ol|li|blockquote|figure|figcaption|h2|h3|pre|a|q|td|hr)>|<a (title=\"[a\"'&한\u{a0}]{0,3}\" )?href=\"(https?://h.example/[a&=\u{a0}<>'%한]{0,6}|mailto:a@h.example|//h.example|x)\">|<img (alt=\"[a'&]{0,2}\" )?src=\"https://h.example/[a&;]{0,3}\">|[ a\"'한\u{a0}\n]|&amp;|&lt;|&quot;|&nbsp;|\\PC){0,24}",
        ) {
            let written = render(&html, None).html;
            if let Some(quick) = cleaned(&written) {
                prop_assert_eq!(quick, by_ammonia(&written));
            }
        }
    }
}
