//! The pure core: decides what to poll, what changed, what matches, whom to tell, and when to try again.
//!
//! Here live values and functions over values. What does not: I/O, async, threads, clocks, randomness,
//! environment reads, globals. `now` is always an argument, jitter comes from a hash, ids of new rows
//! from the store, ids of entries from their identity. Nothing here imports another part of the house.

pub mod alert;
pub mod document;
pub mod entry;
pub mod feed;
pub mod health;
pub mod id;
pub mod matching;
pub mod rule;
pub mod short;
pub mod story;
pub mod units;
pub mod xml;
