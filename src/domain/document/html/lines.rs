//! Plain text in the making: lines and paragraphs as a reader sees them.

/// Plain text in the making: white space folds, breaks wait until text follows.
#[derive(Default)]
pub(super) struct Lines {
    out: String,
    blank: bool,
    breaks: usize,
}

impl Lines {
    /// Room for some `length` bytes.
    pub(super) fn with_capacity(length: usize) -> Self {
        Self {
            out: String::with_capacity(length),
            ..Self::default()
        }
    }

    /// Appends an even run (see [`Run`]): at most its ends are white space.
    pub(super) fn push_even(&mut self, text: &str) {
        let ahead = text.strip_prefix(' ').unwrap_or(text);
        let word = ahead.strip_suffix(' ').unwrap_or(ahead);
        self.blank |= ahead.len() < text.len();
        if !word.is_empty() {
            self.settle();
            self.out.push_str(word);
        }
        self.blank |= word.len() < ahead.len();
    }

    /// Appends text; white space in it folds.
    pub(super) fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        // Where the piece begins that goes as it is.
        let mut start = 0;
        let mut at = 0;
        while at < bytes.len() {
            let (kind, length) = if ODD[usize::from(bytes[at])] {
                kind_at(bytes, at)
            } else {
                (Kind::Letter, 1)
            };
            let goes = kind == Kind::Letter || kind == Kind::Blank && is_between(bytes, start, at);
            if !goes {
                self.push_piece(&text[start..at]);
                self.blank |= kind != Kind::Unseen;
                start = at + length;
            }
            at += length;
        }
        self.push_piece(&text[start..]);
    }

    fn push_piece(&mut self, piece: &str) {
        if !piece.is_empty() {
            self.settle();
            self.out.push_str(piece);
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

/// What stands at a place of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    /// A blank, which alone between letters goes as it is.
    Blank,
    /// Other white space: that of HTML, and the no-break space, which a reader sees as one.
    Space,
    Unseen,
}

/// Bytes that white space and unseen characters begin with.
const ODD: [bool; 256] = {
    let mut odd = [false; 256];
    let begin = b" \t\n\r\x0c\xc2\xe2\xef";
    let mut at = 0;
    while at < begin.len() {
        odd[begin[at] as usize] = true;
        at += 1;
    }
    odd
};

/// What the odd byte at `at` begins, and how many bytes that has.
fn kind_at(bytes: &[u8], at: usize) -> (Kind, usize) {
    match bytes[at..] {
        [b' ', ..] => (Kind::Blank, 1),
        [b'\t' | b'\n' | b'\r' | b'\x0c', ..] => (Kind::Space, 1),
        [0xc2, 0xa0, ..] => (Kind::Space, 2),
        [0xc2, 0xad, ..] => (Kind::Unseen, 2),
        [0xc2, ..] => (Kind::Letter, 2),
        [first, second, third, ..] => {
            let code = u32::from(first & 0xf) << 12
                | u32::from(second & 0x3f) << 6
                | u32::from(third & 0x3f);
            let is_unseen = char::from_u32(code).is_some_and(is_unseen);
            (
                if is_unseen {
                    Kind::Unseen
                } else {
                    Kind::Letter
                },
                3,
            )
        }
        _ => (Kind::Letter, 1),
    }
}

/// Whether a blank stands between two letters, the first of which is of the piece that begins at `start`.
fn is_between(bytes: &[u8], start: usize, at: usize) -> bool {
    let is_letter = |byte: &u8| !ODD[usize::from(*byte)];
    at > start && bytes.get(at + 1).is_some_and(is_letter)
}

/// How much care a run of text needs: most need none, and are seen to need none many bytes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Nothing in it folds or goes: single blanks are its only white space.
    pub is_even: bool,
    /// It stands in HTML as it is.
    pub is_unescaped: bool,
}

impl Run {
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "without branches the compiler takes many bytes at a time"
    )]
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut folds, mut escapes) = (false, false);
        let after = bytes.get(1..).unwrap_or_default();
        for (byte, next) in bytes.iter().zip(after) {
            folds |= (*byte == b' ') & (*next == b' ');
        }
        for byte in bytes {
            let is_lead = (*byte == 0xc2) | (*byte == 0xef);
            folds |= (*byte < b' ') | (*byte == 0xe2) | is_lead;
            escapes |= (*byte == b'&') | (*byte == b'<') | (*byte == b'>');
            escapes |= (*byte == b'\r') | (*byte == 0) | is_lead;
        }
        Self {
            is_even: !folds,
            is_unescaped: !escapes,
        }
    }
}

/// Whether a trimmed text is a line as it is, whatever white space of other scripts there may be.
pub(super) fn is_one_line(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_odd = |byte: u8| matches!(byte, 0..b' ' | 0x7f | 0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef);
    let after = bytes.get(1..).unwrap_or_default();
    !bytes.iter().zip(after).any(|two| two == (&b' ', &b' '))
        && !bytes.iter().any(|byte| is_odd(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn white_space_folds_between_words(text in "([ \t\na\u{a0}\u{ac}\u{ad}\u{200b}“\u{feff}é한]|\\PC){0,24}", tail in "[ a]{0,3}") {
            let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{a0}');
            let mut lines = Lines::default();
            for part in [&text, &tail] {
                if Run::of(part).is_even {
                    lines.push_even(part);
                } else {
                    lines.push(part);
                }
            }
            let mut slow = Lines::default();
            slow.push(&text);
            slow.push(&tail);
            let whole: String = text.chars().chain(tail.chars()).filter(|c| !is_unseen(*c)).collect();
            let words: Vec<&str> = whole.split(is_space).filter(|word| !word.is_empty()).collect();
            let words = words.join(" ");
            prop_assert_eq!(&slow.finish(), &words);
            prop_assert_eq!(lines.finish(), words);
        }
    }
}
