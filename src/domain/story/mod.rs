//! Copies of the same news: what makes two entries one story, and who tells it.
//!
//! What folding means for alerts is decided in `domain::alert`; which stored entries are compared is the store's business.

pub mod owners;
pub mod shingles;
