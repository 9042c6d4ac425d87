//! Text for XML that we write; what others write is read in `document`.

/// Text for an attribute or an element of XML 1.0: characters that it cannot hold are left out.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'.. => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_cannot_hold_is_left_out_and_the_rest_is_escaped() {
        let told = escaped("한화 <b>&\"\u{1}K9\u{ffff}\u{1f600}");
        assert_eq!(told, "한화 &lt;b&gt;&amp;&quot;K9\u{1f600}");
    }
}
