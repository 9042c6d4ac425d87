//! A text that is mostly short, kept in place instead of on the heap: ids, and what evidence quotes.
//!
//! A match makes several such texts for each place; asking for memory was most of what evidence cost. Not for texts that
//! are changed: it is made once and read.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most bytes kept in place: with its length and kind a text is as large as a `String`.
const HERE: usize = 22;

/// A text that does not change.
#[derive(Clone)]
pub struct Short(Kept);

#[derive(Clone)]
enum Kept {
    Here { length: u8, bytes: [u8; HERE] },
    Heap(Box<str>),
}

impl Short {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Here { length, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default()
            }
            Kept::Heap(text) => text,
        }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn memory(&self) -> usize {
        match &self.0 {
            Kept::Here { .. } => 0,
            Kept::Heap(text) => text.len(),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Here { length, bytes } => &bytes[..usize::from(*length)],
            Kept::Heap(text) => text.as_bytes(),
        }
    }

    fn here(text: &str) -> Option<Self> {
        let length = u8::try_from(text.len()).ok()?;
        let mut bytes = [0; HERE];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Some(Self(Kept::Here { length, bytes }))
    }
}

impl From<&str> for Short {
    fn from(text: &str) -> Self {
        Self::here(text).unwrap_or_else(|| Self(Kept::Heap(text.into())))
    }
}

impl From<String> for Short {
    fn from(text: String) -> Self {
        Self::here(&text).unwrap_or_else(|| Self(Kept::Heap(text.into_boxed_str())))
    }
}

impl From<&String> for Short {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Short> for String {
    fn from(text: Short) -> Self {
        match text.0 {
            Kept::Here { .. } => text.as_str().to_owned(),
            Kept::Heap(text) => text.into_string(),
        }
    }
}

impl Default for Short {
    fn default() -> Self {
        "".into()
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Short {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Short {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

// Bytes of UTF-8 compare as their texts do.
impl PartialEq for Short {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            // What is behind a text kept here is zero: compared whole, without a call.
            (
                Kept::Here { length, bytes },
                Kept::Here {
                    length: own,
                    bytes: other,
                },
            ) => length == own && bytes == other,
            _ => self.as_bytes() == other.as_bytes(),
        }
    }
}

impl Eq for Short {}

impl PartialOrd for Short {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Short {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

// As a `str` does, since it is borrowed as one.
impl Hash for Short {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

macro_rules! equals {
    ($($text:ty),*) => {$(
        impl PartialEq<$text> for Short {
            fn eq(&self, other: &$text) -> bool {
                self.as_str() == &**other
            }
        }

        impl PartialEq<Short> for $text {
            fn eq(&self, other: &Short) -> bool {
                &**self == other.as_str()
            }
        }
    )*};
}

equals!(&str, String);

impl PartialEq<str> for Short {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Short> for str {
    fn eq(&self, other: &Short) -> bool {
        self == other.as_str()
    }
}

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl serde::de::Visitor<'_> for Reader {
            type Value = Short;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Short, E> {
                Ok(text.into())
            }

            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Short, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_no_larger_than_a_string() {
        assert_eq!(size_of::<Short>(), size_of::<String>());
        assert_eq!(size_of::<Option<Short>>(), size_of::<Option<String>>());
    }

    #[test]
    fn the_longest_that_fits_and_one_more_are_kept_whole() {
        for length in [0, 1, HERE - 1, HERE, HERE + 1, 300] {
            let text = "한a"
                .repeat(length)
                .chars()
                .take(length)
                .collect::<String>();
            assert_eq!(Short::from(text.as_str()), text);
            let plain = "x".repeat(length);
            assert_eq!(String::from(Short::from(&plain)), plain);
        }
    }

    proptest! {
        #[test]
        fn it_behaves_as_its_text(one in "\\PC{0,30}", other in "\\PC{0,30}") {
            let (a, b) = (Short::from(&one), Short::from(other.clone()));
            prop_assert_eq!(a.as_str(), one.as_str());
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
            prop_assert_eq!(a == b, one == other);
            prop_assert_eq!(format!("{a} {a:?}"), format!("{one} {one:?}"));
            let written = serde_json::to_string(&a).unwrap();
            prop_assert_eq!(&written, &serde_json::to_string(&one).unwrap());
            prop_assert_eq!(serde_json::from_str::<Short>(&written).unwrap(), a.clone());
            let hashed = HashMap::from([(a.clone(), 1)]);
            prop_assert_eq!(hashed.get(one.as_str()), Some(&1));
            let sorted = BTreeMap::from([(a, 1)]);
            prop_assert_eq!(sorted.get(one.as_str()), Some(&1));
        }
    }
}
