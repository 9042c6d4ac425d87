//! The only module with SQL: one file a noun.
