//! A headline cut into runs of letters of one script and of digits, with what stands between them.

use unicode_normalization::char::decompose_canonical;

/// What a run is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Letters of scripts that part words by spaces.
    Spaced,
    /// Hangul.
    Hangul,
    /// Han, and katakana; hiragana holds them together and is left out.
    Dense,
    /// Digits, with `,` and `.` inside.
    Digit,
}

/// A run of letters or digits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Small letters, full-width ones narrowed; without a possessive `'s`.
    pub text: String,
    pub script: Script,
    /// The first letter is a capital.
    pub capital: bool,
    /// It had a possessive `'s`.
    pub own: bool,
    /// All letters are, and there are two or more.
    pub shouted: bool,
    /// Where it stands in the title.
    pub start: usize,
    pub end: usize,
    /// What parts it from the run before: empty where they touch.
    pub gap: Gap,
}

/// What stands before a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "marks stand beside each other in any mix"
)]
pub(super) struct Gap {
    /// There is a space or a mark.
    pub space: bool,
    /// A hyphen, and no space.
    pub hyphen: bool,
    /// A comma or a semicolon, dots, or a dash between spaces: a new clause may begin.
    pub clause: bool,
    /// Anything but spaces, hyphens and apostrophes: a name ends.
    pub mark: bool,
    /// A sign of money right before.
    pub money: Option<char>,
    /// A dot or a hyphen, and no space: `한·미`.
    pub joins: bool,
    /// A comma is the only sign of it.
    pub comma: bool,
    /// A colon is the only sign of it, and there is no space.
    pub colon: bool,
    /// A percent sign behind the run before.
    pub percent: bool,
}

/// Pieces of one title that are looked at.
const MOST: usize = 64;

/// Cuts `title`; `from` is where it begins in the stored text.
pub(super) fn pieces(title: &str, from: usize) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut gap = Gap::default();
    let chars: Vec<(usize, char)> = title
        .char_indices()
        .map(|(at, c)| (at, narrow(c)))
        .collect();
    let mut at = 0;
    while at < chars.len() && out.len() < MOST {
        let (start, c) = chars[at];
        let Some(script) = script_of(c) else {
            gap = gap.after(
                c,
                at.checked_sub(1).map(|before| chars[before].1),
                chars.get(at + 1).map(|next| next.1),
            );
            at += 1;
            continue;
        };
        let mut end = at + 1;
        while end < chars.len() && continues(&chars[at..=end], script) {
            end += 1;
        }
        let until = chars.get(end).map_or(title.len(), |next| next.0);
        let next = piece(&chars[at..end], script, (from + start, from + until), gap);
        push(&mut out, next);
        gap = Gap::default();
        at = end;
    }
    // What stands behind the last run is looked at like what stands between two.
    out.push(Piece {
        text: String::new(),
        own: false,
        script: Script::Spaced,
        capital: false,
        shouted: false,
        start: from + title.len(),
        end: from + title.len(),
        gap,
    });
    out
}

/// Han letters that Korean headlines write for a word at the end of a name: `현대重`, `HJ重`.
const SHORT: &[(&str, &str)] = &[
    ("重", "중공업"),
    ("車", "차"),
    ("銀", "은행"),
    ("證", "증권"),
    ("硏", "연구원"),
];

/// Adds a run; a Han letter that touches the name it shortens is written out.
fn push(out: &mut Vec<Piece>, mut next: Piece) {
    let short = SHORT.iter().find(|(short, _)| *short == next.text);
    if let Some((_, word)) = short
        && next.gap == Gap::default()
        && let Some(last) = out.last_mut()
    {
        match last.script {
            Script::Hangul => {
                last.text.push_str(word);
                last.end = next.end;
                return;
            }
            Script::Spaced if last.shouted => {
                (next.text, next.script) = ((*word).to_owned(), Script::Hangul);
            }
            _ => {}
        }
    }
    out.push(next);
}

fn piece(run: &[(usize, char)], script: Script, (start, end): (usize, usize), gap: Gap) -> Piece {
    let letters: Vec<char> = run
        .iter()
        .map(|(_, c)| *c)
        .filter(|c| (*c != '.' || script == Script::Digit) && !is_mark(*c))
        .collect();
    let mut text: String = letters.iter().flat_map(|c| c.to_lowercase()).collect();
    if script == Script::Digit {
        // `39,5` is a fraction, `1,200` is not.
        let fraction = text.rsplit_once(',').filter(|(whole, part)| {
            matches!(part.len(), 1 | 2) && !whole.contains([',', '.']) && !part.contains('.')
        });
        if let Some((whole, part)) = fraction {
            text = format!("{whole}.{part}");
        }
        text.retain(|c| c != ',');
    }
    if let Some(arrow) = text.chars().next().filter(|c| matches!(c, '↑' | '↓')) {
        text.clear();
        text.push_str(if arrow == '↑' { "rises" } else { "falls" });
    }
    let own = text.ends_with("'s");
    if let Some(bare) = text.strip_suffix("'s").or(text.strip_suffix('\'')) {
        text.truncate(bare.len());
    }
    Piece {
        capital: letters.first().is_some_and(|c| c.is_uppercase()),
        shouted: letters.iter().filter(|c| c.is_uppercase()).count() >= 2
            && !letters.iter().any(|c| c.is_lowercase()),
        text,
        own,
        script,
        start,
        end,
        gap,
    }
}

/// Whether the last of `run` belongs to the letters before it.
fn continues(run: &[(usize, char)], script: Script) -> bool {
    let (c, before) = (run[run.len() - 1].1, run[run.len() - 2].1);
    match script {
        Script::Digit => c.is_ascii_digit() || (matches!(c, ',' | '.') && before.is_ascii_digit()),
        Script::Spaced => {
            let initials = || {
                run.iter()
                    .take(run.len() - 1)
                    .step_by(2)
                    .all(|(_, c)| c.is_alphabetic())
                    && run.iter().skip(1).step_by(2).all(|(_, c)| *c == '.')
            };
            script_of(c) == Some(Script::Spaced) && (before != '.' || initials())
                || c == '\'' && before.is_alphabetic()
                || c == '.' && initials()
                || is_mark(c)
        }
        Script::Hangul | Script::Dense => script_of(c) == Some(script),
    }
}

/// Accents and the like written apart.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F)
}

impl Gap {
    fn after(self, c: char, before: Option<char>, next: Option<char>) -> Self {
        let parts = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let dash = matches!(c, '-' | '–' | '—' | '―');
        let hyphen = matches!(c, '-' | '‐' | '‑') && !self.space && !parts(before) && !parts(next);
        Self {
            space: self.space || !hyphen,
            hyphen: hyphen && !self.hyphen,
            clause: self.clause
                || matches!(c, ';' | '…' | '‥')
                || (c == ',' && !next.is_some_and(|c| c.is_ascii_digit()))
                || (c == '.' && before == Some('.'))
                || (dash && (parts(before) && parts(next) || matches!(c, '—' | '―'))),
            mark: self.mark || !(c.is_whitespace() || hyphen || matches!(c, '\'' | '"')),
            money: matches!(c, '$' | '€' | '£' | '₩' | '¥').then_some(c),
            joins: !parts(before) && !parts(next) && matches!(c, '·' | '-' | '‧' | '・' | 'ㆍ'),
            comma: c == ',' && !self.clause
                || self.comma && !matches!(c, ';' | '…' | '‥' | '.' | '-' | '–' | '—' | '―'),
            colon: c == ':' && !self.space,
            percent: self.percent || c == '%',
        }
    }
}

pub(super) fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{2018}' | '\u{2019}' | '\u{2032}' | '`' | '´' => '\'',
        // One paper writes `Alcântara`, another `Alcantara`.
        '\u{c0}'..='\u{24f}' => {
            let mut plain = None;
            decompose_canonical(c, |part| plain = plain.or(Some(part)));
            plain.unwrap_or(c)
        }
        _ => c,
    }
}

fn script_of(c: char) -> Option<Script> {
    match c {
        '0'..='9' => Some(Script::Digit),
        '가'..='힣' => Some(Script::Hangul),
        '\u{30a0}'..='\u{30ff}' if c != '・' => Some(Script::Dense),
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '々' => {
            Some(Script::Dense)
        }
        '\u{3040}'..='\u{309f}' => None,
        // Said like a word: `31%↑`.
        '↑' | '↓' => Some(Script::Spaced),
        _ if c.is_alphabetic() => Some(Script::Spaced),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_where_scripts_meet() {
        let texts = |title: &str| {
            pieces(title, 0)
                .into_iter()
                .map(|piece| piece.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            texts("K9A2전차 54문"),
            ["k", "9", "a", "2", "전차", "54", "문", ""]
        );
        assert_eq!(
            texts("U.S.' won't buy 1,200.5"),
            ["us", "won't", "buy", "1200.5", ""]
        );
        assert_eq!(
            texts("美 Hanwha's FA-50…계약"),
            ["美", "hanwha", "fa", "50", "계약", ""]
        );
    }

    #[test]
    fn what_stands_between_is_kept() {
        let pieces = pieces("Yard wins FA-50 deal, eyes US$1.3bn", 3);
        assert!(pieces[3].gap.hyphen && !pieces[3].gap.space);
        assert!(pieces[5].gap.clause);
        assert_eq!(pieces[8].text, "bn");
        assert_eq!(pieces[7].gap.money, Some('$'));
        assert_eq!(pieces[0].start, 3);
    }

    proptest::proptest! {
        #[test]
        fn pieces_lie_in_the_title(title in "([A-Za-z0-9가-힣 .,'$-]|\\PC){0,60}") {
            for piece in pieces(&title, 0) {
                proptest::prop_assert!(title.get(piece.start..piece.end).is_some());
            }
        }
    }
}
