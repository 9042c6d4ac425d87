//! A headline as what it says: names, codes, figures, ordinals, dates, events, and other words.
//!
//! Whether two headlines say the same is `compare`'s business.

use super::forms::{CLAUSES, PAIRS};
use super::numbers::Reader;
use super::pieces::{Piece, Script, pieces};
use super::quantity::{Quantity, is_currency};
use super::sense::{sense, settle};
use super::vocabulary::{self, Role, Weight};
use crate::domain::entry::identity::fold;

/// What a word of a headline is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A configured entity; the key is its id.
    Entity,
    /// A country, a capitalised word in a headline that is not all capitals, or letters and digits (`K9`).
    Name,
    /// A figure.
    Number(Quantity),
    /// `first`, `2차`, `3분기`: the class tells which of them can be compared.
    Ordinal(&'static str),
    /// A time of day, in minutes.
    Time(u32),
    /// A year, month, day or weekday: likewise.
    Date(&'static str),
    /// Something happened; the key is its name.
    Event(Weight),
    /// Hardly tells anything.
    Weak,
    /// Any other word, which may be a name.
    Open,
}

impl Kind {
    /// Neither a figure, an ordinal, nor a date.
    pub(super) fn is_word(&self) -> bool {
        !matches!(
            self,
            Self::Number(_) | Self::Ordinal(_) | Self::Date(_) | Self::Time(_)
        )
    }

    pub(super) fn is_event(&self) -> bool {
        matches!(self, Self::Event(_))
    }
}

/// A word of a headline, or several that are one name.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they hold beside each other in any mix"
)]
pub(super) struct Token {
    /// What it is compared by.
    pub key: String,
    pub kind: Kind,
    /// Names that stand side by side share a number.
    pub phrase: u16,
    /// It stands in the first clause.
    pub main: bool,
    /// It is written small where names are not.
    pub small: bool,
    /// A country.
    pub place: bool,
    /// How an entity is called here, folded; empty where that is not known.
    pub called: String,
    /// A country that only says where the next word is from: `South Korea's Hanwha`.
    pub origin: bool,
}

/// Where an entity is named in a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub entity: String,
    /// First byte.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// Words that must have gone before.
const FEWEST_BEFORE: usize = 3;

/// Reads `title`, a part of a stored text that begins at byte `from` of it; `names` are sorted by where they begin.
pub(super) fn tokens(title: &str, from: usize, names: &[Named]) -> Vec<Token> {
    let pieces = pieces(title, from);
    let mut writer = Writer {
        title,
        from,
        cased: is_cased(&pieces),
        hangul: pieces.iter().any(|piece| piece.script == Script::Hangul),
        pieces: &pieces,
        out: Vec::new(),
        phrase: 0,
        main: true,
        name_end: None,
    };
    let mut at = 0;
    // The last piece is empty: it holds what stands at the end.
    while at + 1 < pieces.len() {
        writer.clause(at);
        at = writer
            .entity(at, names)
            .or_else(|| writer.code(at))
            .or_else(|| writer.figure(at))
            .unwrap_or_else(|| writer.word(at));
    }
    let mut out = writer.out;
    dedup(&mut out);
    settle(&mut out);
    out
}

/// A word that is said twice counts once, where it stands first.
fn dedup(tokens: &mut Vec<Token>) {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens.drain(..) {
        if !kept.iter().any(|other| {
            other.kind == token.kind && other.key == token.key && other.is_called(&token.called)
        }) {
            kept.push(token);
        }
    }
    *tokens = kept;
}

/// Whether capitals tell names from other words here: not in `Yard Wins Order` and not in `YARD WINS`.
fn is_cased(pieces: &[Piece]) -> bool {
    let words: Vec<&Piece> = pieces
        .iter()
        .skip(1)
        .filter(|piece| piece.script == Script::Spaced && piece.text.len() > 3)
        .collect();
    let capitals = words.iter().filter(|piece| piece.capital).count();
    capitals * 10 <= words.len() * 7
}

/// The same where a word says that what went before is a clause.
const FEWEST_BEFORE_WORD: usize = 2;

pub(super) struct Writer<'a> {
    title: &'a str,
    /// The byte of the stored text that `title` begins at.
    from: usize,
    pub(super) pieces: &'a [Piece],
    cased: bool,
    hangul: bool,
    pub(super) out: Vec<Token>,
    pub(super) phrase: u16,
    main: bool,
    /// The piece behind the last name, if nothing stood between.
    name_end: Option<usize>,
}

impl Writer<'_> {
    pub(super) fn push(&mut self, key: impl Into<String>, kind: Kind) {
        self.out.push(Token {
            key: key.into(),
            kind,
            phrase: self.phrase,
            main: self.main,
            small: false,
            place: false,
            called: String::new(),
            origin: false,
        });
    }

    /// A name that ends before the piece `next`; it joins the one right before it.
    pub(super) fn push_name(
        &mut self,
        key: impl Into<String>,
        kind: Kind,
        (first, next): (usize, usize),
    ) {
        if self.name_end != Some(first) || self.pieces[first].gap.mark {
            self.phrase += 1;
        }
        self.push(key, kind);
        self.name_end = Some(next);
    }

    /// The first clause may end before the piece `at`.
    fn clause(&mut self, at: usize) {
        let piece = &self.pieces[at];
        let before = self
            .out
            .iter()
            .filter(|token| token.kind != Kind::Weak)
            .count();
        // A comma in a Korean headline stands behind its subject.
        let comma = piece.gap.comma && self.hangul;
        let parts = piece.gap.clause && !comma && before >= FEWEST_BEFORE;
        let word = CLAUSES.contains(&piece.text.as_str()) && before >= FEWEST_BEFORE_WORD;
        self.main &= !(parts || word);
    }

    /// An entity that begins at a piece, or in it.
    fn entity(&mut self, at: usize, names: &[Named]) -> Option<usize> {
        let piece = &self.pieces[at];
        let fits = |name: &&Named| {
            name.start < piece.end && name.end > piece.start && name.start < name.end
        };
        let entity = names
            .iter()
            .filter(fits)
            .max_by_key(|name| name.end - name.start)?;
        // Countries are known by all their forms, `Estonian` too.
        if self.is_place(at) {
            return None;
        }
        let next = at
            + self.pieces[at..]
                .iter()
                .take_while(|piece| piece.start < entity.end)
                .count();
        self.push_name(format!("@{}", entity.entity), Kind::Entity, (at, next));
        let (start, end) = (entity.start.max(self.from), entity.end.max(self.from));
        let called = self.title.get(start - self.from..end - self.from);
        if let Some(token) = self.out.last_mut() {
            token.called = called.map(fold).unwrap_or_default();
        }
        // The name may be a part of what is written without spaces.
        let last = &self.pieces[next - 1];
        if last.script == Script::Dense
            && let Some(rest) = last
                .text
                .len()
                .checked_sub(last.end.saturating_sub(entity.end))
                .and_then(|at| last.text.get(at..))
        {
            self.dense_words(rest, next - 1);
        }
        Some(next)
    }

    fn is_place(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        let role = match piece.script {
            Script::Hangul => {
                let role = vocabulary::role_of_hangul(&piece.text);
                role.filter(|(_, length)| piece.text.len() - length <= 3)
                    .map(|(role, _)| role)
            }
            _ => vocabulary::role_of(self.pair(at).unwrap_or(&piece.text)),
        };
        matches!(role, Some(Role::Place(_)))
    }

    /// What two words are together.
    fn pair(&self, at: usize) -> Option<&'static str> {
        let (one, two) = (&self.pieces[at].text, &self.pieces.get(at + 1)?.text);
        let pair = PAIRS.iter().find(|pair| pair.0 == one && pair.1 == two);
        pair.map(|pair| pair.2)
    }

    /// Letters and digits that are one name: `K9`, `FA-50`, `KF-21`, `155mm`.
    fn code(&mut self, at: usize) -> Option<usize> {
        let first = &self.pieces[at];
        let second = self.pieces.get(at + 1)?;
        let joined = !second.gap.space;
        let letters = first.script == Script::Spaced && second.script == Script::Digit;
        let near = letters
            && second.gap.space
            && !second.gap.mark
            && first.shouted_or_single()
            && second.text.len() <= 3
            && first.text.len() <= 3;
        if !(letters && (joined || near))
            || is_year(&second.text)
            || is_period(&first.text, &second.text)
            || second.gap.money.is_some()
            || is_currency(&first.text)
            || first.text == "m" && second.text.contains('.')
            || near && self.counts(at + 2)
        {
            return None;
        }
        let mut key = format!("{}{}", first.text, second.text.trim_end_matches('.'));
        let mut next = at + 2;
        while let Some(piece) = self.pieces.get(next)
            && !piece.gap.space
            && !piece.gap.hyphen
            && matches!(piece.script, Script::Spaced | Script::Digit)
        {
            key.push_str(&piece.text);
            next += 1;
        }
        self.push_name(key, Kind::Name, (at, next));
        Some(next)
    }

    /// Whether what stands at a piece is counted by the digits that it touches: `MRO 3호`.
    fn counts(&self, at: usize) -> bool {
        let piece = self.pieces.get(at);
        piece.is_some_and(|piece| piece.script == Script::Hangul && !piece.gap.space)
    }

    fn figure(&mut self, at: usize) -> Option<usize> {
        let (kind, key, next) = Reader::new(self.pieces).read(at)?;
        self.push(key, kind);
        Some(next)
    }

    fn word(&mut self, at: usize) -> usize {
        let piece = &self.pieces[at];
        if let Some(instead) = self.pair(at) {
            self.spaced(at, at + 2, instead);
            return at + 2;
        }
        match piece.script {
            Script::Hangul => self.hangul(at),
            Script::Dense => self.dense(at),
            _ => {
                let after_name = self.name_end == Some(at)
                    && !piece.gap.mark
                    && self.out.last().is_some_and(Token::is_name);
                let meant = sense(self.pieces, at, after_name);
                self.spaced(at, at + 1, meant.unwrap_or(&piece.text));
            }
        }
        at + 1
    }

    fn spaced(&mut self, at: usize, next: usize, text: &str) {
        let piece = &self.pieces[at];
        let capital = self.cased && piece.capital && at > 0;
        let beside = self.name_end == Some(at) && !piece.gap.mark;
        if beside && piece.gap.hyphen && self.is_syllable(at) {
            // `Gyu-back`
            return self.push_name(vocabulary::stem(text), Kind::Name, (at, next));
        }
        match vocabulary::role_of(text) {
            // It belongs to the sum behind it.
            None if is_currency(text) && self.is_figure(next) => {}
            // A pronoun, not the country.
            Some(Role::Place("usa")) if text == "us" && !piece.shouted => {}
            Some(Role::Place(place)) => {
                self.push_name(place, Kind::Name, (at, next));
                self.mark_place(next);
            }
            // `up 63 pct`
            Some(Role::Stop) if matches!(text, "up" | "down") && self.is_figure(next) => {
                let event = if text == "up" { "rise" } else { "fall" };
                self.push(event, Kind::Event(Weight::Event));
            }
            Some(Role::Stop) => {}
            Some(_) if capital && beside => {
                self.push_name(vocabulary::stem(text), Kind::Name, (at, next));
            }
            Some(Role::Weak) => self.push(vocabulary::stem(text), Kind::Weak),
            Some(Role::Event(name, weight)) => self.push(name, Kind::Event(weight)),
            None if capital => self.push_name(vocabulary::stem(text), Kind::Name, (at, next)),
            None if text.chars().count() < 2 => {}
            None => {
                self.push_name(vocabulary::stem(text), Kind::Open, (at, next));
                if let Some(token) = self.out.last_mut() {
                    token.small = self.cased && !piece.capital;
                }
            }
        }
    }

    /// The name just read is a country, and perhaps where what follows is from.
    pub(super) fn mark_place(&mut self, next: usize) {
        let last = next.checked_sub(1).map(|last| &self.pieces[last]);
        let adjective = |text: &str| ["ish", "ese", "an"].iter().any(|end| text.ends_with(end));
        let from = last.is_some_and(|last| last.own || adjective(&last.text));
        // Where all words are capitals, only `'s` tells.
        let (cased, own) = (self.cased, last.is_some_and(|last| last.own));
        // `北 김정은`
        let hanja = last.is_some_and(|last| last.script == Script::Dense);
        let beside = |next: &Piece| !next.gap.mark && !next.text.is_empty();
        let next = self.pieces.get(next).filter(|next| beside(next));
        let named = next.is_some_and(|next| hanja || from && next.capital && (cased || own));
        if let Some(token) = self.out.last_mut() {
            token.place = true;
            token.origin = named;
        }
    }

    /// Whether a piece may go on with a name by a hyphen: `Gyu-back`, and not `Korean-made`.
    fn is_syllable(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        let place = self.out.last().is_some_and(|before| before.place);
        let joins = |text: &str| {
            ["built", "made", "led", "based", "class", "style"].contains(&text)
                || text.ends_with("ed")
        };
        self.cased && !piece.capital && !place && !joins(&piece.text)
    }

    pub(super) fn is_figure(&self, at: usize) -> bool {
        self.pieces
            .get(at)
            .is_some_and(|piece| piece.script == Script::Digit)
    }
}

impl Piece {
    pub(super) fn shouted_or_single(&self) -> bool {
        self.shouted || self.capital && self.text.len() == 1
    }
}

/// `Q3`, `H1`: a period, no name.
fn is_period(letters: &str, digits: &str) -> bool {
    matches!(letters, "q" | "h" | "fy") && digits.len() <= 4
}

pub(super) fn is_year(digits: &str) -> bool {
    digits.len() == 4
        && !digits.contains('.')
        && (digits.starts_with("19") || digits.starts_with("20"))
}
