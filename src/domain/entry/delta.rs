//! What an entry said before, as the difference to what it said next: a corrected word keeps a word, not the article.
//!
//! Rows are written and read elsewhere. A whole content is a difference too: that is how older stores keep it.

use serde_json::{Map, Value, json};

use super::wire::WireEntry;

/// What must be put back into `next` to have `old`: its differing fields, long texts without what both begin and end
/// with.
///
/// # Errors
/// Never in practice: the fields are plain.
pub fn difference(old: &WireEntry, next: &WireEntry) -> serde_json::Result<Value> {
    let (old, next) = (serde_json::to_value(old)?, serde_json::to_value(next)?);
    let mut fields = Map::new();
    if let (Value::Object(old), Value::Object(next)) = (old, next) {
        for (name, value) in old {
            let after = next.get(&name);
            // An article may be read without a revision: that there was none must be said.
            if after == Some(&value) && !(name == "full_text" && value.is_null()) {
                continue;
            }
            let kept = match (&value, after) {
                (Value::String(old), Some(Value::String(next))) => shortened(old, next),
                _ => None,
            };
            fields.insert(name, kept.unwrap_or(value));
        }
    }
    Ok(Value::Object(fields))
}

/// What an entry said, from what it said next and the difference.
///
/// # Errors
/// When the difference does not fit.
pub fn restored(next: &WireEntry, difference: &Value) -> serde_json::Result<WireEntry> {
    let mut value = serde_json::to_value(next)?;
    if let (Value::Object(fields), Value::Object(changes)) = (&mut value, difference) {
        for (name, change) in changes {
            let whole = match (fields.get(name), change) {
                (Some(Value::String(next)), Value::Object(parts)) => {
                    lengthened(next, parts).map(Value::String)
                }
                _ => None,
            };
            fields.insert(name.clone(), whole.unwrap_or_else(|| change.clone()));
        }
    }
    serde_json::from_value(value)
}

/// A text without what it has in common with the next at both ends; none where that saves little.
fn shortened(old: &str, next: &str) -> Option<Value> {
    let same = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| -> usize {
        a.zip(b)
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a.len_utf8())
            .sum()
    };
    let head = same(&mut old.chars(), &mut next.chars());
    let (old_rest, next_rest) = (&old[head..], &next[head..]);
    let tail = same(&mut old_rest.chars().rev(), &mut next_rest.chars().rev());
    let middle = &old_rest[..old_rest.len() - tail];
    (head + tail > 64).then(|| json!({ "head": head, "tail": tail, "text": middle }))
}

fn lengthened(next: &str, parts: &Map<String, Value>) -> Option<String> {
    let number = |name: &str| usize::try_from(parts.get(name)?.as_u64()?).ok();
    let (head, tail) = (number("head")?, number("tail")?);
    let start = next.get(..head)?;
    let end = next.get(next.len().checked_sub(tail)?..)?;
    Some(format!("{start}{}{end}", parts.get("text")?.as_str()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_corrected_word_keeps_a_word() {
        let long = "The yard launched the ship. ".repeat(100);
        let old = WireEntry {
            title: "A shp".to_owned(),
            body: format!("{long}It sails in May.{long}"),
            ..WireEntry::default()
        };
        let next = WireEntry {
            title: "A ship".to_owned(),
            body: format!("{long}It sails in June.{long}"),
            full_text: Some("Read later.".to_owned()),
            ..old.clone()
        };
        let kept = difference(&old, &next).unwrap();
        assert!(kept.to_string().len() < 150, "{kept}");
        assert_eq!(restored(&next, &kept).unwrap(), old);
        // A whole content, as older versions kept it.
        assert_eq!(
            restored(&next, &serde_json::to_value(&old).unwrap()).unwrap(),
            old
        );
        assert!(
            restored(
                &next,
                &json!({ "body": { "head": 1_000_000, "tail": 0, "text": "" } })
            )
            .is_err()
        );
    }

    proptest! {
        #[test]
        fn what_was_said_comes_back(
            old in ("\\PC{0,9}", "[가나ab ]{0,200}", prop::option::of("[ab]{0,99}")),
            next in ("\\PC{0,9}", "[가나ab ]{0,200}", prop::option::of("[ab]{0,99}")),
            common in "[가a]{0,80}",
        ) {
            let entry = |(title, body, full_text): &(String, String, Option<String>)| WireEntry {
                title: title.clone(),
                body: format!("{common}{body}{common}"),
                full_text: full_text.clone(),
                ..WireEntry::default()
            };
            let (old, next) = (entry(&old), entry(&next));
            let kept = difference(&old, &next).unwrap();
            prop_assert_eq!(restored(&next, &kept).unwrap(), old);
        }
    }
}
