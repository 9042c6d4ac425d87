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
        for piece in text.split_inclusive(is_space) {
            let word = piece.trim_end_matches(is_space);
            if !word.is_empty() {
                self.settle();
                self.out.push_str(word);
            }
            if word.len() < piece.len() {
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

/// White space of HTML, and the no-break space, which a reader sees as one.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{a0}')
}
