//! Terms that stand in much of what is stored, for `check`: where there is a store, its newest entries are asked.
//!
//! A store that is missing or cannot be read says nothing: config is checked without it too.

use super::context::{Context, Loaded};
use super::entries;
use super::exit::Failure;
use crate::config::Problems;
use crate::domain::matching::Problem;
use crate::domain::matching::common::Commonness;
use crate::store::entries::EntryFilter;

/// Entries that are looked at, the newest.
const NEWEST: usize = 2000;

/// Warnings about such terms, at their places in the files.
pub fn terms(loaded: &Loaded, context: &Context) -> Problems {
    let found = count(loaded, context).unwrap_or_default();
    loaded.warnings.located(&loaded.config.places, &found)
}

fn count(loaded: &Loaded, context: &Context) -> Result<Vec<Problem>, Failure> {
    let Some(store) = context.store_if_any(loaded)? else {
        return Ok(Vec::new());
    };
    let mut counted = Commonness::new(&loaded.config.definitions);
    let mut left = NEWEST;
    entries::walk(&store, &EntryFilter::default(), |entry| {
        let tags = entries::tags(Some(&loaded.config), &entry);
        counted.add(&entry.entry.subject(&tags, None));
        left -= 1;
        Ok(left > 0)
    })?;
    Ok(counted.problems())
}
