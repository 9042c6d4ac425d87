//! When two items are one entry: the key ladder, content hashes, entry ids.
