//! The sanitised HTML of an entry as its column holds it: a mark where it says no more than the plain text.
//!
//! Most publishers send paragraphs or bare text; kept twice it would make a third of the store. What stands in the
//! column is either the HTML itself or a mark that no balanced HTML can be.

use std::borrow::Cow;

/// Every paragraph of the text in a `<p>` of its own.
const PARAGRAPHS: &str = "<p>";
/// The text as it is, escaped.
const BARE: &str = "<>";

/// What the column holds for the HTML of a text.
pub(super) fn packed<'a>(html: &'a str, body: &str) -> &'a str {
    if html.is_empty() {
        html
    } else if is_paragraphs(html, body) {
        PARAGRAPHS
    } else if html.len() >= body.len() && html == bare(body) {
        BARE
    } else {
        html
    }
}

/// The HTML that a column stands for.
pub(super) fn unpacked(column: String, body: &str) -> String {
    match column.as_str() {
        PARAGRAPHS => paragraphs(body),
        BARE => bare(body).into_owned(),
        _ => column,
    }
}

/// Whether the HTML is what [`paragraphs`] makes, which is not made for it: every new entry comes here.
fn is_paragraphs(html: &str, body: &str) -> bool {
    let mut rest = html;
    for paragraph in body.split("\n\n") {
        let inside = rest.strip_prefix("<p>");
        let inside = inside.and_then(|inside| inside.strip_prefix(&*bare(paragraph)));
        let Some(behind) = inside.and_then(|inside| inside.strip_prefix("</p>")) else {
            return false;
        };
        rest = behind;
    }
    rest.is_empty()
}

fn paragraphs(body: &str) -> String {
    let mut out = String::with_capacity(body.len() + 64);
    for paragraph in body.split("\n\n") {
        out.push_str("<p>");
        out.push_str(&bare(paragraph));
        out.push_str("</p>");
    }
    out
}

/// Text between tags as the sanitiser writes it.
fn bare(text: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'&', b'<', b'>', text.as_bytes()).is_none() {
        return text.into();
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    escaped.replace('>', "&gt;").into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn html_that_says_no_more_than_the_text_is_a_mark() {
        for (html, body, mark) in [
            (
                "<p>One &amp; two.</p><p>3 &lt; 4</p>",
                "One & two.\n\n3 < 4",
                "<p>",
            ),
            ("one", "one", "<>"),
            ("", "", ""),
            (
                "<p>One</p>\n<p>two</p>",
                "One\n\ntwo",
                "<p>One</p>\n<p>two</p>",
            ),
            ("<p><b>One</b></p>", "One", "<p><b>One</b></p>"),
        ] {
            assert_eq!(packed(html, body), mark, "{html}");
            assert_eq!(unpacked(mark.to_owned(), body), html);
        }
    }

    proptest! {
        #[test]
        fn html_comes_back_as_it_went(html in "(<p>|</p>|<b>|[a<&>\n ]|&amp;|&lt;){0,12}", body in "[a<&>\n ]{0,8}") {
            // Sanitised HTML is balanced, which the marks are not.
            prop_assume!(html != PARAGRAPHS && html != BARE);
            for html in [html, paragraphs(&body), bare(&body).into_owned()] {
                prop_assert_eq!(unpacked(packed(&html, &body).to_owned(), &body), html);
            }
        }
    }
}
