//! The only module that talks to publishers.

pub mod settings;
