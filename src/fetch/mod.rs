//! The only module that talks to publishers.
