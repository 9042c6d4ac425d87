//! Copies of the same news: which stored story an entry joins.
//!
//! Until near copies are recognised, two entries tell one story when their canonical URLs or their folded
//! titles are equal. What folding means for alerts is decided in `domain::alert`.
