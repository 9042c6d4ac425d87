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
                self.settle();
                self.out.push_str(&text[at..end]);
            }
            at = end;
            while at < bytes.len() && space_at(bytes, at) > 0 {
                at += space_at(bytes, at);
                self.blank = true;
            }
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
