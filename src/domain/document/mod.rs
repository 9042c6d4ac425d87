//! Bytes of a feed document → content of entries: decode, repair, parse (feed-rs), salvage, dates, normalise.
