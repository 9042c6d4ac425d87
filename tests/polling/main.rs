//! What a publisher sees of us: acceptance cases against a server that misbehaves, over simulated days.
//!
//! Each case has the name that `docs/polling.md` lists it under. Time is a manual clock; sockets and SQLite are real.

#[path = "../support/mod.rs"]
mod support;

mod body;
mod extra;
mod gaps;
mod herd;
mod limits;
mod memory;
mod publisher;
mod redirects;
mod validators;
mod world;
