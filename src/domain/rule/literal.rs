//! The longest piece of text that every match of a regex must hold, by reading its source.
//!
//! An estimate for a warning, on the careful side; what the engine searches for is its own business.

/// The length in characters of the longest literal that each match holds, as far as the source shows.
pub(super) fn longest_literal(source: &str) -> usize {
    let mut reader = Reader {
        chars: source.chars().collect(),
        at: 0,
    };
    reader.alternation(0)
}

/// The deepest nesting that is looked into.
const DEPTH: usize = 50;

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Branches up to `)` or the end: as much as the poorest holds.
    fn alternation(&mut self, depth: usize) -> usize {
        let mut poorest = self.branch(depth);
        while self.peek() == Some('|') {
            self.at += 1;
            poorest = poorest.min(self.branch(depth));
        }
        poorest
    }

    fn branch(&mut self, depth: usize) -> usize {
        let mut best = 0;
        let mut run = 0;
        while let Some(c) = self.peek().filter(|c| !matches!(c, '|' | ')')) {
            self.at += 1;
            let literal = match c {
                '(' if depth < DEPTH => {
                    let inner = self.group(depth);
                    best = best.max(run);
                    run = 0;
                    if !self.optional() {
                        best = best.max(inner);
                    }
                    self.quantifier();
                    continue;
                }
                '^' | '$' => continue,
                '[' => {
                    self.class();
                    false
                }
                '\\' => match self.escape() {
                    Some(literal) => literal,
                    None => continue,
                },
                '.' | '(' => false,
                _ => true,
            };
            if literal && !self.optional() {
                run += 1;
            } else {
                best = best.max(run);
                run = 0;
            }
            if self.quantifier() {
                best = best.max(run);
                run = 0;
            }
        }
        best.max(run)
    }

    /// After `(`: what the group holds; flags and names are stepped over.
    fn group(&mut self, depth: usize) -> usize {
        if self.peek() == Some('?') {
            while let Some(c) = self.peek() {
                self.at += 1;
                match c {
                    ':' | '>' => break,
                    ')' => return 0,
                    _ => {}
                }
            }
        }
        let inner = self.alternation(depth + 1);
        if self.peek() == Some(')') {
            self.at += 1;
        }
        inner
    }

    /// After `[`: to its end.
    fn class(&mut self) {
        let mut depth = 1;
        let mut first = true;
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '\\' => self.at += 1,
                '[' => depth += 1,
                ']' if !first => depth -= 1,
                '^' if first => continue,
                _ => {}
            }
            first = false;
            if depth == 0 {
                return;
            }
        }
    }

    /// After `\`: whether it is a literal; none where it takes no room.
    fn escape(&mut self) -> Option<bool> {
        let c = self.peek()?;
        self.at += 1;
        match c {
            'b' | 'B' | 'A' | 'z' => None,
            'p' | 'P' | 'x' | 'u' | 'U' => {
                if self.peek() == Some('{') {
                    while self.peek().is_some_and(|c| c != '}') {
                        self.at += 1;
                    }
                }
                self.at += 1;
                Some(false)
            }
            c => Some(!c.is_alphanumeric()),
        }
    }

    /// The next quantifier allows none.
    fn optional(&self) -> bool {
        match self.peek() {
            Some('?' | '*') => true,
            Some('{') => self
                .chars
                .get(self.at + 1)
                .is_some_and(|c| *c == '0' || *c == ','),
            _ => false,
        }
    }

    /// Steps over a quantifier; true when there was one.
    fn quantifier(&mut self) -> bool {
        match self.peek() {
            Some('?' | '*' | '+') => self.at += 1,
            Some('{') => {
                while self.peek().is_some_and(|c| c != '}') {
                    self.at += 1;
                }
                self.at += 1;
            }
            _ => return false,
        }
        if self.peek() == Some('?') {
            self.at += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::longest_literal;

    #[test]
    fn the_poorest_branch_counts() {
        for (source, length) in [
            (r"K-?[29]\b", 1),
            ("howitzer", 8),
            ("(?:abc|abcd)x", 3),
            ("abc|d", 1),
            ("(abc)?de", 2),
            ("ab+c", 2),
            ("ab{0,3}cde", 3),
            (r"\bFA-50\b", 5),
            (r"\d+ tanks?", 5),
            ("[a-z]*", 0),
            ("(?i)tank", 4),
            ("", 0),
        ] {
            assert_eq!(longest_literal(source), length, "{source}");
        }
    }
}
