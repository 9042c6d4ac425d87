//! Known entries + parsed document → what is new, what changed, what is known.
