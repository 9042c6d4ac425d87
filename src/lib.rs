//! bongsu: a beacon line for feeds. This file is the map of the house.
//!
//! - `domain` decides and touches nothing: feeds, documents, entries, rules, matching, stories, alerts.
//! - `fetch`, `notify` and `store` act: on publishers, on receivers, on SQLite. None knows the others.
//! - `config` turns text into checked values; `daemon` gives the passes time; `web` and `cli` let people in.
//! - `clock`, `secret` and `observe` are the base that all may use.
//!
//! Start reading at `domain::mod`, then `daemon::poll` for the life of an entry. The layers are held by
//! `tests/architecture.rs`.

pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod fetch;
pub mod notify;
pub mod observe;
pub mod secret;
pub mod store;
pub mod web;
