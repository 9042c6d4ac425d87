//! Logging set-up and the one list of metric names.
