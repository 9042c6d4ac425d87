//! The only module that talks to receivers: one file a protocol.

pub mod settings;
