//! What a person reads: an alert as title, lines and links, without any protocol's markup.
//!
//! Each notifier renders it in its own markup; machines get `wire` instead.
