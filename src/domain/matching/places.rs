//! The places of one match, in one list with those of the other matches of its entry.
//!
//! With many rules an entry has many matches: a list of its own for each cost more than what stands in it. What the places
//! are, and which are kept, is said in `evidence`.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::Evidence;

/// The evidence of one match: a slice, cheap to clone, that keeps the entry's others in memory too.
#[derive(Clone, Default)]
pub struct Places {
    all: Arc<Vec<Evidence>>,
    own: Range<usize>,
}

impl Places {
    /// What stands in `own` of a list.
    pub(super) fn of(all: &Arc<Vec<Evidence>>, own: Range<usize>) -> Self {
        Self {
            all: Arc::clone(all),
            own,
        }
    }
}

impl Deref for Places {
    type Target = [Evidence];

    fn deref(&self) -> &[Evidence] {
        &self.all[self.own.clone()]
    }
}

impl From<Vec<Evidence>> for Places {
    fn from(all: Vec<Evidence>) -> Self {
        Self {
            own: 0..all.len(),
            all: Arc::new(all),
        }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

impl PartialEq for Places {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Eq for Places {}

impl Serialize for Places {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(serializer)
    }
}
