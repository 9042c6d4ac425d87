//! Units: folded letters of one kind, or a number, with what stands before each (MAT-8…13).
//!
//! The same units are cut from terms and from text; where sentences begin is laid over them in `text`.

use std::ops::Range;

use super::fold::{LONG, Sink, fold};
use super::script::{Kind, latin_lookalike};

/// What stands between a unit and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gap {
    /// Nothing.
    None,
    /// One hyphen or dash.
    Hyphen,
    /// One full stop.
    Dot,
    /// One space.
    Space,
    /// One apostrophe.
    Apostrophe,
    /// A full stop and a space.
    DotSpace,
    /// Anything else, or the start.
    Other,
}

impl Gap {
    /// Whether letters and digits on both sides are one term (MAT-8).
    #[inline]
    pub(crate) fn is_joint(self) -> bool {
        matches!(self, Self::None | Self::Hyphen | Self::Dot | Self::Space)
    }
}

/// A run of folded characters of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// First character, an index of `Units::chars`.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// Of what kind.
    pub kind: Kind,
    /// What stands before it.
    pub gap: Gap,
}

/// Longest Cyrillic or Greek designator that is taken for Latin (`КМН-12`); longer ones are words.
const DESIGNATOR: usize = 3;

/// Folded characters in units, with the bytes they came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Units {
    /// The characters, separators left out.
    pub chars: Vec<char>,
    /// For each character the byte where its source begins.
    pub starts: Vec<u32>,
    /// The units.
    pub list: Vec<Unit>,
    run: Run,
}

/// What came since the last letter.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// How many separators.
    count: u32,
    first: char,
    second: char,
    /// Where the first separator stands.
    at: u32,
    /// Nothing may join what comes to what was.
    closed: bool,
}

/// A length or offset as 32 bits; texts are cut at 1 MiB a field long before.
#[inline]
pub(crate) fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl Units {
    /// Makes room for a text of so many bytes. Hangul takes three bytes a letter, Latin one: room for the latter, so that
    /// nothing moves.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.chars.reserve(bytes);
        self.starts.reserve(bytes);
        self.list.reserve(bytes / 5);
    }

    /// The units of a term.
    pub(crate) fn of(text: &str) -> Self {
        let mut units = Self::default();
        units.add(text, 0..text.len());
        units.settle(0, text);
        units
    }

    /// Folds a part of a text; nothing joins it to what was there.
    pub(crate) fn add(&mut self, text: &str, range: Range<usize>) {
        self.run = Run {
            count: 1,
            first: '\n',
            closed: true,
            ..Run::default()
        };
        self.reserve(range.len());
        fold(text, range, self);
    }

    /// Puts right what a unit alone could not know, from unit `from` on: lookalikes (MAT-13).
    pub(crate) fn settle(&mut self, from: usize, text: &str) {
        let mut mixed = false;
        for at in from..self.list.len() {
            mixed |= self.settle_unit(at, from, text);
        }
        // What became Latin makes what stands before it touch Latin.
        if mixed {
            for at in (from..self.list.len()).rev() {
                self.settle_unit(at, from, text);
            }
            self.join(from);
        }
    }

    /// Turns a unit that is mistaken for Latin into it; whether that may touch what is Latin.
    fn settle_unit(&mut self, at: usize, from: usize, text: &str) -> bool {
        let unit = self.list[at];
        if !matches!(unit.kind, Kind::Cyrillic | Kind::Greek) {
            return false;
        }
        let before = at.checked_sub(1).filter(|at| *at >= from);
        let before = before.map(|at| (self.list[at].kind, unit.gap));
        let after = self.list.get(at + 1).map(|next| (next.kind, next.gap));
        let touches = |kind| {
            let mut near = [before, after].into_iter().flatten();
            near.any(|near| near == (kind, Gap::None))
        };
        // `К9` and `С-400`, also in small letters; not `ВВС 2026`, `12 ВВС` or `5-м`.
        let is_designator = touches(Kind::Digit) || after == Some((Kind::Digit, Gap::Hyphen));
        let in_latin = touches(Kind::Latin);
        let letters = match is_designator.then(|| self.designator(unit)).flatten() {
            None if in_latin => self.lookalikes(unit, text),
            letters => letters,
        };
        let Some(letters) = letters else {
            return false;
        };
        self.latinise(at, &letters);
        // A neighbour of letters is Latin by now, or may become so.
        before.is_some_and(|(kind, gap)| gap == Gap::None && kind != Kind::Digit) || in_latin
    }

    /// The last unit in Latin letters, where it would be taken for Latin with a number behind it.
    pub(crate) fn before_a_number(mut self) -> Option<Self> {
        let at = self.list.len().checked_sub(1)?;
        let unit = self.list[at];
        if !matches!(unit.kind, Kind::Cyrillic | Kind::Greek) {
            return None;
        }
        let letters = self.designator(unit)?;
        self.latinise(at, &letters);
        Some(self)
    }

    /// The Latin letters that a short unit is mistaken for in capitals, however it is written.
    fn designator(&self, unit: Unit) -> Option<Vec<char>> {
        let letters = &self.chars[unit.start as usize..unit.end as usize];
        let capital = |c: &char| latin_lookalike(c.to_uppercase().next()?, false);
        (letters.len() <= DESIGNATOR).then(|| letters.iter().map(capital).collect())?
    }

    /// The Latin letters that a unit inside a Latin word is mistaken for, as it is written.
    fn lookalikes(&self, unit: Unit, text: &str) -> Option<Vec<char>> {
        let source = |index: usize| text[self.starts[index] as usize..].chars().next();
        let letters = unit.start as usize..unit.end as usize;
        letters
            .map(|index| {
                source(index)
                    .and_then(|c| latin_lookalike(c, false))
                    .or_else(|| latin_lookalike(self.chars[index], true))
            })
            .collect()
    }

    /// Turns a unit into these Latin letters.
    fn latinise(&mut self, at: usize, letters: &[char]) {
        let unit = self.list[at];
        self.chars[unit.start as usize..unit.end as usize].copy_from_slice(letters);
        self.list[at].kind = Kind::Latin;
    }

    /// Joins units that became one kind.
    fn join(&mut self, from: usize) {
        let mut kept = from;
        for at in from..self.list.len() {
            let unit = self.list[at];
            if kept > from && unit.gap == Gap::None && self.list[kept - 1].kind == unit.kind {
                self.list[kept - 1].end = unit.end;
            } else {
                self.list[kept] = unit;
                kept += 1;
            }
        }
        self.list.truncate(kept);
    }

    fn push(&mut self, c: char, at: u32) {
        self.chars.push(c);
        self.starts.push(at);
    }

    /// Whether a letter of `kind` continues the last unit, with the separator in between kept as a letter.
    fn continues(&self, last: Kind, kind: Kind) -> bool {
        if last != kind || self.run.closed {
            return false;
        }
        match (self.run.count, self.run.first) {
            (0, _) => true,
            (1, '&' | '+') => kind.is_spaced(),
            (1, '.' | ',' | '\'') => kind == Kind::Digit,
            _ => false,
        }
    }

    fn gap(&self) -> Gap {
        if self.run.closed {
            return Gap::Other;
        }
        match (self.run.count, self.run.first, self.run.second) {
            (0, ..) => Gap::None,
            (1, '-', _) => Gap::Hyphen,
            (1, '.', _) => Gap::Dot,
            (1, ' ', _) => Gap::Space,
            (1, '\'', _) => Gap::Apostrophe,
            (2, '.', ' ') => Gap::DotSpace,
            _ => Gap::Other,
        }
    }
}

impl Sink for Units {
    fn letter(&mut self, c: char, kind: Kind, at: usize) {
        if self.run.count == 0
            && c != LONG
            && let Some(last) = self.list.last_mut()
            && last.kind == kind
        {
            last.end += 1;
            self.push(c, narrow(at));
            return;
        }
        let last = self.list.last().map(|unit| unit.kind);
        // Greek and Cyrillic may turn out to be lookalikes of Latin.
        let has_dashes = |kind| {
            matches!(
                kind,
                Kind::Latin | Kind::Digit | Kind::Greek | Kind::Cyrillic
            )
        };
        if c == LONG && self.run.count == 0 && last.is_some_and(has_dashes) {
            return self.separator('-', at);
        }
        if last.is_some_and(|last| self.continues(last, kind)) {
            if self.run.count == 1 {
                self.push(self.run.first, self.run.at);
            }
            self.push(c, narrow(at));
        } else {
            let start = narrow(self.chars.len());
            let gap = self.gap();
            self.list.push(Unit {
                start,
                end: start,
                kind,
                gap,
            });
            self.push(c, narrow(at));
        }
        if let Some(unit) = self.list.last_mut() {
            unit.end = narrow(self.chars.len());
        }
        self.run = Run::default();
    }

    fn letters(
        &mut self,
        mut letters: impl Iterator<Item = char>,
        kind: Kind,
        at: usize,
        width: usize,
    ) {
        // The first says what unit it is; the others join it.
        if let Some(first) = letters.next() {
            self.letter(first, kind, at);
        }
        let before = self.chars.len();
        self.chars.extend(letters);
        let count = self.chars.len() - before;
        self.starts
            .extend((1..=count).map(|index| narrow(at + index * width)));
        if let Some(unit) = self.list.last_mut() {
            unit.end += narrow(count);
        }
    }

    fn separator(&mut self, c: char, at: usize) {
        match self.run.count {
            0 => {
                self.run.first = c;
                self.run.at = narrow(at);
            }
            1 => self.run.second = c,
            _ => {}
        }
        self.run.count = self.run.count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Units as text: what is joined stays joined, joints show their kind.
    fn shown(text: &str) -> String {
        let units = Units::of(text);
        let mut out = String::new();
        for (at, unit) in units.list.iter().enumerate() {
            if at > 0 {
                out.push_str(match unit.gap {
                    Gap::None => "",
                    Gap::Hyphen => "-",
                    Gap::Dot => ".",
                    Gap::Space => " ",
                    Gap::Apostrophe => "'",
                    Gap::DotSpace => ". ",
                    Gap::Other => " , ",
                });
            }
            out.extend(&units.chars[unit.start as usize..unit.end as usize]);
        }
        out
    }

    #[test]
    fn folding_takes_off_what_is_look() {
        for (text, folded) in [
            ("HANWHA", "hanwha"),
            ("Ｈａｎｗｈａ", "hanwha"),
            ("Bumar-Łabędy", "bumar-labedy"),
            ("K9™", "k9"),
            ("K2² tank", "k2 , tank"),
            ("how\u{ad}itzer", "howitzer"),
            ("ﾊﾝﾌｧ", "ハンファ"),
            ("バ", "バ"),
            ("ﾊﾞ", "バ"),
            ("Орёл", "орел"),
            ("мой", "мой"),
            ("ж\u{301}\u{308}", "ӝ"),
            ("АΑł", "aal"),
            ("aຳ", "aໍາ"),
            ("К9", "k9"),
            ("Т-50", "t-50"),
            ("Наnwha", "hanwha"),
            ("КАІ", "каі"),
            ("أسلحة", "اسلحه"),
            ("كـوريا", "كوريا"),
            ("٣٥", "35"),
            ("Κορέα", "κορεα"),
            ("Straße", "strasse"),
            ("İSTANBUL", "istanbul"),
            ("ıspanak", "ispanak"),
            ("1,005.5", "1,005.5"),
            ("LIG D&A", "lig d&a"),
            ("LIG D&amp;A", "lig d&a"),
            ("한·미", "한 , 미"),
            ("방산ㆍ조선", "방산 , 조선"),
            ("\u{1112}\u{1161}\u{11ab}\u{1112}\u{116a}", "한화"),
            ("하\u{11ab}", "한"),
            ("ᄒ\u{301}\u{1161}", "하"),
            ("한화\u{200b}에어로", "한화에어로"),
            ("천궁Ⅱ", "천궁ii"),
            ("㈜한화", "주 , 한화"),
            ("3½", "3 , 1 , 2"),
            ("№5", "no , 5"),
            ("Việt", "viet"),
            ("हिन्दी", "हिन्दी"),
            ("รถถัง", "รถถัง"),
            ("ㅋㅋ", "ㅋㅋ"),
            ("Kー9", "k-9"),
            ("ミサイルー", "ミサイルー"),
            ("U.S. Army", "u.s. army"),
            ("Hanwha’s", "hanwha's"),
        ] {
            assert_eq!(shown(text), folded, "{text}");
        }
    }

    #[test]
    fn no_letter_beside_another_folds_on() {
        for c in ('\u{80}'..='\u{FFFF}').chain('\u{10000}'..='\u{1FFFF}') {
            for before in ["", "a", "1", "я", "α", "한", "戦", "ก", "ا", "が"] {
                let once = shown(&format!("{before}{c}"));
                assert_eq!(shown(&once), once, "{before:?} {c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(
            text in prop_oneof![
                "\\PC{0,40}",
                "[aHłßАВКОНжйΑΒωη12. ,'&ー\u{301}\u{308}\u{b2}\u{bd}\u{ff9e}\u{3099}がﾊ戦ำ한\u{1112}\u{1161}\u{11ab}اأ\u{64b}-]{0,12}",
            ],
        ) {
            let once = shown(&text);
            prop_assert_eq!(shown(&once), once);
        }

        #[test]
        fn every_letter_knows_where_it_came_from(text in "\\PC{0,60}") {
            let units = Units::of(&text);
            prop_assert_eq!(units.chars.len(), units.starts.len());
            for start in units.starts {
                prop_assert!(text.is_char_boundary(start as usize));
            }
        }
    }
}
