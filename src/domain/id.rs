//! The names of things: a type per kind of id, so that a feed's cannot be passed for a rule's.
//!
//! Ids from config are letters, digits, `-` and `_`; whether one may be used is checked where config is read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::short::Short;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Short);

        impl $name {
            /// Takes the text as it is; the caller has checked it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// A feed, as named in config or derived from its URL.
    FeedId
);
id!(
    /// An entry: a hash of its feed and its identity key, the same on every machine and in every run.
    EntryId
);
id!(
    /// A rule, as named in config. `bongsu.health` is the daemon's own.
    RuleId
);
id!(
    /// An entity, as named in config.
    EntityId
);
id!(
    /// A receiver, as named in config.
    ReceiverId
);

/// True for a text that config accepts as an id: letters, digits, `-` and `_`, at most 100 characters.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 100
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}
