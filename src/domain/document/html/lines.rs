//! Plain text in the making: lines and paragraphs as a reader sees them.

/// Plain text in the making: white space folds, breaks wait until text follows.
#[derive(Default)]
pub(super) struct Lines {
    out: String,
    blank: bool,
    breaks: usize,
}

impl Lines {
    /// Appends text; white space in it folds.
    pub(super) fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let word = bytes[at..].iter().position(|byte| may_be_space(*byte));
            let mut end = word.map_or(bytes.len(), |found| at + found);
            // A letter may begin like the no-break space.
            while end < bytes.len() && space_at(bytes, end) == 0 {
                let next = bytes[end + 1..].iter().position(|byte| may_be_space(*byte));
                end = next.map_or(bytes.len(), |found| end + 1 + found);
            }
            if end > at {
                self.push_word(&text[at..end]);
            }
            at = end;
            while at < bytes.len() && space_at(bytes, at) > 0 {
                at += space_at(bytes, at);
                self.blank = true;
            }
        }
    }

    fn push_word(&mut self, word: &str) {
        if !may_be_unseen(word) {
            self.settle();
            self.out.push_str(word);
        } else if word.contains(|c| !is_unseen(c)) {
            self.settle();
            self.out.extend(word.chars().filter(|c| !is_unseen(*c)));
        }
    }

    fn settle(&mut self) {
        if !self.out.is_empty() {
            match self.breaks {
                0 if self.blank => self.out.push(' '),
                0 => {}
                1 => self.out.push('\n'),
                _ => self.out.push_str("\n\n"),
            }
        }
        self.blank = false;
        self.breaks = 0;
    }

    /// At least a blank before what follows.
    pub(super) fn space(&mut self) {
        self.blank = true;
    }

    /// At least so many line breaks.
    pub(super) fn gap(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    /// One more line break.
    pub(super) fn line_break(&mut self) {
        self.breaks += 1;
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Whether a character shows nothing and joins nothing: soft hyphens, zero-width blanks, marks of direction.
///
/// The joiners of Persian, Hindi and emoji are no such characters.
pub(super) fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

/// Whether unseen characters may be in a word, by the bytes that they begin with.
pub(super) fn may_be_unseen(word: &str) -> bool {
    word.bytes().any(|byte| matches!(byte, 0xc2 | 0xe2 | 0xef))
}

/// Whether white space may begin with a byte.
fn may_be_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | 0xc2)
}

/// Bytes of the white space at `at`: that of HTML, and the no-break space, which a reader sees as one; 0 for none.
fn space_at(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => 1,
        0xc2 if bytes.get(at + 1) == Some(&0xa0) => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn white_space_folds_between_words(text in "([ \t\na\u{a0}\u{ac}é한]|\\PC){0,24}", tail in "[ a]{0,3}") {
            let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{a0}');
            let mut lines = Lines::default();
            lines.push(&text);
            lines.push(&tail);
            let whole = text + &tail;
            let words: Vec<&str> = whole.split(is_space).filter(|word| !word.is_empty()).collect();
            prop_assert_eq!(lines.finish(), words.join(" "));
        }
    }
}
