//! JSON as a document has it: texts borrowed, members in their order. What they mean is decided in `json`.
//!
//! A value of `serde_json` would copy every text and sort every object for nothing.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Fields<'a>),
}

/// The members of an object; of two with one name the later counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Fields<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        let found = self.0.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn add(&mut self, key: Cow<'a, str>, value: Value<'a>) {
        self.0.push((key, value));
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let at = self.0.iter().rposition(|(name, _)| name == key)?;
        Some(self.0.swap_remove(at).1)
    }
}

impl<'a> Value<'a> {
    pub(super) fn as_object(&self) -> Option<&Fields<'a>> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Self::Array(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// A member, where this is an object.
    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(key)
    }
}

/// Most values that are kept of one document: tiny ones take a dozen times the room that they take as text.
const MOST_VALUES: usize = 600_000;

/// How many values of a document may still be kept; what comes then is read over.
pub(super) struct Room(Cell<usize>);

impl Room {
    /// For a whole document.
    pub(super) fn new() -> Self {
        Self(Cell::new(MOST_VALUES))
    }

    /// Whether values were left out.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    fn take(&self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// Reads one value, which is all of `text`.
pub(super) fn read<'a>(text: &'a str, room: &Room) -> serde_json::Result<Value<'a>> {
    let mut from = serde_json::Deserializer::from_str(text);
    let value = Any(room).deserialize(&mut from)?;
    from.end()?;
    Ok(value)
}

/// A name, borrowed where it needs no unescaping.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[derive(Clone, Copy)]
struct Any<'r>(&'r Room);

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while !self.0.is_spent() {
            match list.next_element_seed(self)? {
                Some(value) => found.push(value),
                None => return Ok(Value::Array(found)),
            }
            self.0.take();
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Fields::default();
        while !self.0.is_spent() {
            match map.next_key_seed(Name)? {
                Some(name) => found.add(name, map.next_value_seed(self)?),
                None => return Ok(Value::Object(found)),
            }
            self.0.take();
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_borrowed_and_the_later_of_two_members_counts() {
        let text = r#"{"a":"x","b":[1,-2,3.5,true,null,"é\n"],"a":"y"}"#;
        let Ok(Value::Object(mut fields)) = read(text, &Room::new()) else {
            panic!("an object");
        };
        assert!(matches!(
            fields.get("a"),
            Some(Value::String(Cow::Borrowed("y")))
        ));
        let list = fields.get("b").and_then(Value::as_array).unwrap();
        assert_eq!((list.len(), list[0].as_u64()), (6, Some(1)));
        assert_eq!(list[5].as_str(), Some("é\n"));
        assert_eq!(
            fields.take("b").map(|list| matches!(list, Value::Array(_))),
            Some(true)
        );
        assert!(!fields.has("b") && fields.has("a"));
    }
}
