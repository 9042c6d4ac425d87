//! The texts that clauses are written in, one behind the other in one.

use super::units::narrow;

/// Texts by number.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    all: String,
    /// For each where it ends.
    ends: Vec<usize>,
}

impl Sources {
    /// Puts a text behind the others and gives its number.
    pub(crate) fn put(&mut self, text: &str) -> u32 {
        self.all.push_str(text);
        self.ends.push(self.all.len());
        narrow(self.ends.len() - 1)
    }

    /// A text by its number; of one that is unknown, nothing.
    #[inline]
    pub(crate) fn get(&self, source: u32) -> &str {
        let source = source as usize;
        let from = source
            .checked_sub(1)
            .map_or(Some(0), |before| self.end(before));
        let range = from.zip(self.end(source));
        let text = range.and_then(|(from, to)| self.all.get(from..to));
        text.unwrap_or_default()
    }

    fn end(&self, source: usize) -> Option<usize> {
        self.ends.get(source).copied()
    }

    /// No more will be put.
    pub(crate) fn shrink(&mut self) {
        self.all.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        self.all.len() + size_of_val(&*self.ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_given_back() {
        let mut sources = Sources::default();
        for (at, text) in ["", "한 OR b", "", "c"].into_iter().enumerate() {
            assert_eq!(sources.put(text), narrow(at));
        }
        assert_eq!(
            [0, 1, 2, 3, 4].map(|at| sources.get(at)),
            ["", "한 OR b", "", "c", ""]
        );
    }
}
