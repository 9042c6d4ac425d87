//! Items that are no news but the failure of a program that makes a feed of a site.
//!
//! Only forms that say so themselves. Feeds that fail by status or as a page are refused elsewhere.

use super::Content;

/// Takes such items out, and says what the first of them says; none where there is none.
pub fn take_failures(contents: &mut Vec<Content>) -> Option<String> {
    let said = contents.iter().find(|content| is_failure(content))?;
    let said = format!("the bridge failed: {}", said.title.trim());
    contents.retain(|content| !is_failure(content));
    Some(said)
}

/// RSS-Bridge: `Bridge returned error 404! (20784)`, the code and the day.
fn is_failure(content: &Content) -> bool {
    let numbers = |text: &str| -> Option<()> {
        let (code, day) = text.split_once("! (")?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        (digits(code) && digits(day.strip_suffix(')')?)).then_some(())
    };
    content
        .title
        .trim()
        .strip_prefix("Bridge returned error ")
        .and_then(numbers)
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_that_failed_says_so() {
        let titled = |title: &str| Content {
            title: title.to_owned(),
            ..Content::default()
        };
        let mut contents = vec![
            titled("Bridge returned error 404! (20784)"),
            titled("Bridge returned error messages, engineers say"),
            titled("Bridge returned error 404!"),
        ];
        let said = take_failures(&mut contents);
        assert_eq!(
            said.as_deref(),
            Some("the bridge failed: Bridge returned error 404! (20784)")
        );
        assert_eq!(contents.len(), 2);
        assert_eq!(take_failures(&mut contents), None);
    }
}
