//! A headline as what it says: names, codes, figures, ordinals, dates, events, and other words.
//!
//! Whether two headlines say the same is `compare`'s business.

use super::forms::{CLAUSES, PAIRS, VISITS, korean_places};
use super::numbers::Reader;
use super::pieces::{Piece, Script, pieces};
use super::quantity::{Quantity, is_currency};
use super::vocabulary::{self, Role, Weight};

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
        !matches!(self, Self::Number(_) | Self::Ordinal(_) | Self::Date(_))
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
    // Who is on the list was selected for it; what is tested was launched.
    for (said, too) in [
        ("shortlist", "select"),
        ("test", "launch"),
        ("keep", "leave"),
    ] {
        if out
            .iter()
            .any(|token| token.key == said && token.kind.is_event())
        {
            out.retain(|token| token.key != too);
        }
    }
    out
}

/// A word that is said twice counts once, where it stands first.
fn dedup(tokens: &mut Vec<Token>) {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens.drain(..) {
        if !kept
            .iter()
            .any(|other| other.key == token.key && other.kind == token.kind)
        {
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

struct Writer<'a> {
    pieces: &'a [Piece],
    cased: bool,
    hangul: bool,
    out: Vec<Token>,
    phrase: u16,
    main: bool,
    /// The piece behind the last name, if nothing stood between.
    name_end: Option<usize>,
}

impl Writer<'_> {
    fn push(&mut self, key: impl Into<String>, kind: Kind) {
        self.out.push(Token {
            key: key.into(),
            kind,
            phrase: self.phrase,
            main: self.main,
            small: false,
            place: false,
            origin: false,
        });
    }

    /// A name that ends before the piece `next`; it joins the one right before it.
    fn push_name(&mut self, key: impl Into<String>, kind: Kind, (first, next): (usize, usize)) {
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
        let parts = piece.gap.clause && !comma || CLAUSES.contains(&piece.text.as_str());
        self.main &= !(parts && before >= FEWEST_BEFORE);
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
        {
            return None;
        }
        let mut key = format!("{}{}", first.text, second.text);
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
            _ => self.spaced(at, at + 1, &piece.text.clone()),
        }
        at + 1
    }

    fn spaced(&mut self, at: usize, next: usize, text: &str) {
        let piece = &self.pieces[at];
        let capital = self.cased && piece.capital && at > 0;
        let beside = self.name_end == Some(at) && !piece.gap.mark;
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
    fn mark_place(&mut self, next: usize) {
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

    fn is_figure(&self, at: usize) -> bool {
        self.pieces
            .get(at)
            .is_some_and(|piece| piece.script == Script::Digit)
    }

    fn hangul(&mut self, at: usize) {
        let piece = &self.pieces[at];
        let places = korean_places(&piece.text, self.beside_dot(at));
        if !places.is_empty() {
            for place in places {
                self.phrase += 1;
                self.push_name(place, Kind::Name, (at, at + 1));
                self.mark_place(at + 1);
            }
            return;
        }
        if let Some((_, place)) = VISITS
            .iter()
            .find(|(visit, _)| piece.text.starts_with(visit))
        {
            self.push("visit", Kind::Event(Weight::Event));
            self.push_name(*place, Kind::Name, (at, at + 1));
            return self.mark_place(at + 1);
        }
        if self.is_delivery(at) {
            return self.push("deliver", Kind::Event(Weight::Event));
        }
        let bare = super::korean::bare(&piece.text);
        match vocabulary::role_of_hangul(bare) {
            Some((Role::Place(place), length)) if bare.len() - length <= 3 => {
                self.push_name(place, Kind::Name, (at, at + 1));
                self.mark_place(at + 1);
            }
            Some((Role::Event(name, weight), _)) => self.push(name, Kind::Event(weight)),
            Some((Role::Weak, length)) if bare.len() - length <= 3 => self.push(bare, Kind::Weak),
            Some((Role::Stop, length)) if bare.len() == length => {}
            _ => match vocabulary::event_in_hangul(bare) {
                Some(Role::Event(name, weight)) => self.push(name, Kind::Event(weight)),
                _ if bare.chars().count() < 2 => {}
                _ => self.push_name(bare, Kind::Open, (at, at + 1)),
            },
        }
    }

    /// Whether a run touches a dot or a hyphen, as in `한·미`.
    fn beside_dot(&self, at: usize) -> bool {
        let dot = |at: usize| self.pieces.get(at).is_some_and(|piece| piece.gap.joins);
        dot(at) || dot(at + 1)
    }

    /// `인도` is India, or the handing over of what was bought: where nothing but an event follows.
    fn is_delivery(&self, at: usize) -> bool {
        let next = &self.pieces[at + 1];
        let ends = next.text.is_empty()
            || next.gap.clause
            || next.gap.mark
            || matches!(
                vocabulary::role_of_hangul(&next.text),
                Some((Role::Event(..), _))
            );
        at > 0 && matches!(self.pieces[at].text.as_str(), "인도" | "인도를" | "인도로") && ends
    }

    fn dense(&mut self, at: usize) {
        let text = self.pieces[at].text.clone();
        // `美`, `中`: countries in Korean headlines; `韓美` is two.
        let places: Vec<&str> = text
            .chars()
            .filter_map(|c| match vocabulary::role_of(c.encode_utf8(&mut [0; 4])) {
                Some(Role::Place(place)) => Some(place),
                _ => None,
            })
            .collect();
        if places.len() == text.chars().count() {
            for place in places {
                self.push_name(place, Kind::Name, (at, at + 1));
                self.mark_place(at + 1);
            }
        } else {
            self.push_name(text, Kind::Open, (at, at + 1));
        }
    }
}

impl Piece {
    fn shouted_or_single(&self) -> bool {
        self.shouted || self.capital && self.text.len() == 1
    }
}

/// `Q3`, `H1`: a period, no name.
fn is_period(letters: &str, digits: &str) -> bool {
    matches!(letters, "q" | "h" | "fy") && digits.len() <= 4
}

pub(super) fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}
