//! The article's text as a page's JSON-LD gives it, where it does: `articleBody` of schema.org.

use std::borrow::Cow;

use serde_json::Value;

use super::super::entities::{Style, decoded};
use super::super::html;

/// Larger scripts are not read.
const LARGEST: usize = 2 << 20;
/// Levels that are looked into.
const DEEPEST: u32 = 8;

/// The longest article body of these scripts, as plain text; empty where there is none.
pub(super) fn body(scripts: &[&str]) -> String {
    let mut longest = String::new();
    for script in scripts.iter().filter(|script| script.len() <= LARGEST) {
        let script = script
            .trim()
            .trim_start_matches("<!--")
            .trim_start_matches("//<![CDATA[")
            .trim_end_matches("-->")
            .trim_end_matches("//]]>");
        let found = serde_json::from_str::<Value>(script)
            // Line breaks inside of strings are a frequent mistake.
            .or_else(|_| serde_json::from_str(&without_breaks(script)));
        if let Ok(value) = found {
            search(&value, DEEPEST, &mut longest);
        }
    }
    text(&longest)
}

fn without_breaks(script: &str) -> Cow<'_, str> {
    script.replace(|c: char| c.is_control(), " ").into()
}

fn search(value: &Value, levels: u32, longest: &mut String) {
    if levels == 0 {
        return;
    }
    match value {
        Value::Array(values) => values
            .iter()
            .for_each(|value| search(value, levels - 1, longest)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "articleBody" && text.len() > longest.len() => {
                        longest.clone_from(text);
                    }
                    value => search(value, levels - 1, longest),
                }
            }
        }
        _ => {}
    }
}

/// Text or HTML as plain text, each line of text a paragraph.
fn text(body: &str) -> String {
    if html::has_markup(body) {
        return html::render(body, None).text;
    }
    let body = decoded(body, Style::Html);
    if html::has_markup(&body) {
        return html::render(&body, None).text;
    }
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_body_is_found_wherever_it_stands() {
        for (script, expected) in [
            (
                r#"{"@type":"NewsArticle","articleBody":"하나.\n둘."}"#,
                "하나.\n\n둘.",
            ),
            (
                r#"[{"@graph":[{"articleBody":"a"},{"articleBody":"long one"}]}]"#,
                "long one",
            ),
            ("{\"articleBody\":\"one\ntwo\"}", "one two"),
            (r#"{"articleBody":"<p>a</p><p>b</p>"}"#, "a\n\nb"),
            (
                r#"{"articleBody":"&lt;p&gt;a&lt;/p&gt;&lt;p&gt;b &amp;amp; c&lt;/p&gt;"}"#,
                "a\n\nb & c",
            ),
            (r#"{"articleBody":"Q&amp;A"}"#, "Q&A"),
            (r#"{"headline":"x"}"#, ""),
            ("not json", ""),
        ] {
            assert_eq!(body(&[script]), expected, "{script}");
        }
    }

    #[test]
    fn deep_data_is_left_alone() {
        let deep = format!(
            "{}{{\"articleBody\":\"x\"}}{}",
            "[".repeat(50),
            "]".repeat(50)
        );
        assert_eq!(body(&[deep.as_str()]), "");
    }
}
