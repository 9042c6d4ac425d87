//! The matchable text of an entry: units of all its fields in one row, numbered by word, sentence and paragraph.
//!
//! What is kept but no mention (a publisher's name behind the title, lines of rights) is left out here (MAT-50).

use super::Subject;
use super::fold::{OTHER, Sink, fold};
use super::furniture::furniture;
use super::script::{Kind, is_border};
use super::segment::{Begins, Break, breaks};
use super::units::{Gap, Unit, Units, narrow};

/// Most bytes of a field that are matched (MAT-63).
pub(crate) const FIELD_LIMIT: usize = 1 << 20;

/// Most authors, and most categories, that are matched.
const LIST_LIMIT: usize = 200;

/// Words after which a sentence is cut (MAT-42).
const SENTENCE_WORDS: u32 = 80;

/// The field a zone is of, in the order evidence is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    Title,
    Body,
    FullText,
    Author,
    Category,
}

impl Part {
    /// Its bit in a scope.
    #[inline]
    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The entry's key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::FullText => "full_text",
            Self::Author => "authors",
            Self::Category => "categories",
        }
    }

    /// The field of a query that looks there.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Category => "category",
            other => other.key(),
        }
    }
}

/// One stored text.
#[derive(Clone, Debug)]
pub(crate) struct Zone<'a> {
    /// Which field.
    pub part: Part,
    /// Which element, where the field is an array.
    pub index: Option<usize>,
    /// The stored text, whole.
    pub text: &'a str,
    /// Bytes that are matched: the text up to here, without the ranges of `skipped`.
    pub limit: usize,
    /// Ranges that are not matched.
    pub skipped: Vec<std::ops::Range<usize>>,
    /// First unit and one past the last.
    pub units: (u32, u32),
    /// Number of its first paragraph.
    pub paragraph: u32,
    /// Units before this repeat the title at the start of a body (MAT-30).
    pub echo: u32,
}

/// Where a unit stands; numbers run on over all zones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spot {
    /// Index of its zone.
    pub zone: u32,
    /// A phrase never crosses from one block to the next.
    pub block: u32,
    /// Sentence.
    pub sentence: u32,
    /// Paragraph.
    pub paragraph: u32,
    /// Words wholly before the word this unit is part of.
    pub before: u32,
    /// Words up to and with it.
    pub after: u32,
}

/// A range of folded characters with its first and last unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    /// First character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The unit of the first character.
    pub first: u32,
    /// The unit of the last character.
    pub last: u32,
}

impl Span {
    /// The range from the first start to the last end.
    #[inline]
    pub(crate) fn hull(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// Whether the two share a character.
    #[inline]
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `other` lies within.
    #[inline]
    pub(crate) fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// An entry made ready for matching.
#[derive(Debug, Default)]
pub(crate) struct Text<'a> {
    /// The units.
    pub units: Units,
    /// Where each stands.
    pub spots: Vec<Spot>,
    /// The stored texts.
    pub zones: Vec<Zone<'a>>,
    last: Spot,
}

impl<'a> Text<'a> {
    /// Reads the fields of an entry; authors and categories only where rules look at them (a mask of parts).
    pub(crate) fn new(subject: &Subject<'a>, parts: u8) -> Self {
        let mut text = Self::default();
        text.units.reserve(subject.title.len() + subject.body.len());
        let title_end = matchable_title(subject.title, subject.feed_title);
        text.add(Part::Title, None, subject.title, title_end);
        if !is_in_full_text(subject) {
            text.add(Part::Body, None, subject.body, FIELD_LIMIT);
        }
        if let Some(full) = subject.full_text {
            text.add(Part::FullText, None, full, FIELD_LIMIT);
        }
        for (part, list) in [
            (Part::Author, subject.authors),
            (Part::Category, subject.categories),
        ] {
            if parts & part.bit() != 0 {
                for (index, value) in list.iter().take(LIST_LIMIT).enumerate() {
                    text.add(part, Some(index), value, FIELD_LIMIT);
                }
            }
        }
        text.mark_echoes();
        text
    }

    fn add(&mut self, part: Part, index: Option<usize>, stored: &'a str, limit: usize) {
        let limit = stored.floor_char_boundary(limit.min(FIELD_LIMIT));
        let content = matches!(part, Part::Body | Part::FullText);
        let skipped = if content {
            furniture(&stored[..limit])
        } else {
            Vec::new()
        };
        let from = self.units.list.len();
        let mut at = 0;
        for range in &skipped {
            self.units.add(stored, at..range.start);
            at = range.end;
        }
        self.units.add(stored, at..limit);
        self.units.settle(from, stored);
        let mut breaks = breaks(&stored[..limit]);
        if !skipped.is_empty() {
            breaks.extend(skipped.iter().map(|range| Break {
                at: range.end,
                begins: Begins::Clause,
            }));
            breaks.sort_by_key(|found| found.at);
        }
        self.last.block += 1;
        self.last.sentence += 1;
        self.last.paragraph += 1;
        self.zones.push(Zone {
            part,
            index,
            text: stored,
            limit,
            skipped,
            units: (narrow(from), narrow(self.units.list.len())),
            paragraph: self.last.paragraph,
            echo: 0,
        });
        self.number(from, part, &breaks);
    }

    /// Gives the units from `from` on their place in words, sentences and paragraphs.
    fn number(&mut self, from: usize, part: Part, breaks: &[Break]) {
        let mut breaks = breaks.iter().peekable();
        let mut spot = self.last;
        spot.zone = narrow(self.zones.len() - 1);
        spot.before = spot.after;
        let mut sentence_start = spot.after;
        self.spots.reserve(self.units.list.len() - from);
        for at in from..self.units.list.len() {
            let unit = self.units.list[at];
            let stored = self.units.starts[unit.start as usize] as usize;
            let mut new_sentence = false;
            while let Some(found) = breaks.next_if(|found| found.at <= stored) {
                if at == from {
                    continue;
                }
                spot.block += 1;
                new_sentence |= part != Part::Title || found.begins != Begins::Clause;
                spot.paragraph += u32::from(found.begins == Begins::Paragraph);
            }
            if !self.shares_word(from, at) {
                if unit.gap != Gap::None && spot.after - sentence_start >= SENTENCE_WORDS {
                    new_sentence = true;
                }
                spot.before = spot.after;
                spot.after += self.weight(from, at);
            }
            if new_sentence {
                spot.sentence += 1;
                sentence_start = spot.before;
            }
            self.spots.push(spot);
        }
        self.last = spot;
    }

    /// Whether a unit belongs to the word of the one before it: nothing between, or a hyphen at a joint.
    fn shares_word(&self, from: usize, at: usize) -> bool {
        if at == from {
            return false;
        }
        let (before, unit) = (self.units.list[at - 1], self.units.list[at]);
        if is_border(before.kind, unit.kind) {
            return false;
        }
        match unit.gap {
            Gap::None => true,
            Gap::Hyphen => (before.kind == Kind::Digit) != (unit.kind == Kind::Digit),
            _ => false,
        }
    }

    /// How many words a unit that begins a word counts (MAT-9, table of 2.2).
    fn weight(&self, from: usize, at: usize) -> u32 {
        let unit = self.units.list[at];
        if unit.kind == Kind::Dense {
            return (unit.end - unit.start).div_ceil(2);
        }
        if unit.kind == Kind::Latin {
            let letters = self.letters(unit);
            let is_possessive = at > from && unit.gap == Gap::Apostrophe && letters == ['s'];
            let next = self.units.list.get(at + 1);
            let is_elision = next.is_some_and(|next| {
                next.gap == Gap::Apostrophe && next.kind == Kind::Latin && is_elided(letters)
            }) && !self.is_lone_s(at + 1);
            if is_possessive || is_elision {
                return 0;
            }
        }
        1
    }

    fn is_lone_s(&self, at: usize) -> bool {
        self.letters(self.units.list[at]) == ['s']
    }

    /// The letters of a unit.
    #[inline]
    pub(crate) fn letters(&self, unit: Unit) -> &[char] {
        &self.units.chars[unit.start as usize..unit.end as usize]
    }

    /// Marks the start of bodies that repeats the title word for word.
    fn mark_echoes(&mut self) {
        let Some(title) = self.zones.first().map(|zone| zone.units) else {
            return;
        };
        let length = title.1 - title.0;
        for index in 1..self.zones.len() {
            let (first, end) = self.zones[index].units;
            let is_content = matches!(self.zones[index].part, Part::Body | Part::FullText);
            if !is_content || length == 0 || end - first < length {
                continue;
            }
            let repeats = (0..length).all(|offset| {
                let unit = |at: u32| self.letters(self.units.list[at as usize]);
                unit(title.0 + offset) == unit(first + offset)
            });
            if repeats {
                self.zones[index].echo = first + length;
            }
        }
    }

    /// Words strictly between `left` and `right`, of which `left` ends first; the zone must be the same.
    #[inline]
    pub(crate) fn words_between(&self, left: Span, right: Span) -> u32 {
        let (last, first) = (left.last as usize, right.first as usize);
        if last == first {
            return match self.units.list[last].kind {
                Kind::Dense => (right.start - left.end).div_ceil(2),
                _ => 0,
            };
        }
        let rest = |unit: Unit, count: u32| match unit.kind {
            Kind::Dense => count.div_ceil(2),
            _ => 0,
        };
        let (before, after) = (self.units.list[last], self.units.list[first]);
        rest(before, before.end - left.end)
            + rest(after, right.start - after.start)
            + self.spots[first]
                .before
                .saturating_sub(self.spots[last].after)
    }

    /// Whether nothing but separators stands between two spans of a field, the first of which ends first.
    pub(crate) fn touch(&self, left: Span, right: Span) -> bool {
        let (last, first) = (left.last as usize, right.first as usize);
        if last == first {
            return left.end == right.start;
        }
        let units = &self.units.list;
        last + 1 == first && left.end == units[last].end && right.start == units[first].start
    }

    /// The zone a span is in.
    #[inline]
    pub(crate) fn zone_of(&self, span: Span) -> &Zone<'a> {
        &self.zones[self.spots[span.first as usize].zone as usize]
    }

    /// The unit that holds character `at`.
    pub(crate) fn unit_at(&self, at: u32) -> u32 {
        narrow(self.units.list.partition_point(|unit| unit.end <= at))
    }
}

/// What an apostrophe cuts off a word in French, Italian and Catalan.
fn is_elided(letters: &[char]) -> bool {
    const ELIDED: [&str; 22] = [
        "l", "d", "dell", "qu", "j", "m", "n", "t", "s", "c", "all", "nell", "dall", "sull", "un",
        "jusqu", "lorsqu", "puisqu", "quell", "quest", "gl", "sant",
    ];
    ELIDED
        .iter()
        .any(|word| word.chars().eq(letters.iter().copied()))
}

/// Full text that holds the body makes the body a copy (MAT-37).
fn is_in_full_text(subject: &Subject<'_>) -> bool {
    let body = subject.body.trim();
    !body.is_empty() && subject.full_text.is_some_and(|full| full.contains(body))
}

/// How much of a title is its own: ` - The Korea Herald` at its end is not, where that is the feed's title.
fn matchable_title(title: &str, feed_title: Option<&str>) -> usize {
    let publisher = feed_title.map(plain).unwrap_or_default();
    if publisher.trim().is_empty() {
        return title.len();
    }
    [" - ", " | ", " – ", " — ", " : "]
        .iter()
        .filter_map(|sign| {
            let at = title.rfind(sign)?;
            (at > 0 && plain(&title[at + sign.len()..]) == publisher).then_some(at)
        })
        .min()
        .unwrap_or(title.len())
}

/// Folded letters with one space between words, to compare names.
fn plain(text: &str) -> String {
    struct Letters(String);
    impl Sink for Letters {
        fn letter(&mut self, c: char, _: Kind, _: usize) {
            self.0.push(c);
        }
        fn separator(&mut self, _: char, _: usize) {
            if !self.0.is_empty() && !self.0.ends_with(OTHER) {
                self.0.push(OTHER);
            }
        }
    }
    let mut out = Letters(String::new());
    fold(text, 0..text.len(), &mut out);
    out.0.trim_end_matches(OTHER).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, left: &str, right: &str) -> u32 {
        let subject = Subject {
            body: text,
            ..Subject::default()
        };
        let text = Text::new(&subject, 0);
        let span = |word: &str| {
            let letters = Units::of(word).chars;
            let at = text
                .units
                .chars
                .windows(letters.len())
                .position(|window| window == letters)
                .unwrap();
            let (start, end) = (narrow(at), narrow(at + letters.len()));
            Span {
                start,
                end,
                first: text.unit_at(start),
                last: text.unit_at(end - 1),
            }
        };
        text.words_between(span(left), span(right))
    }

    #[test]
    fn words_are_counted_as_people_count_them() {
        for (text, left, right, expected) in [
            ("tanks sold last year to Poland", "tanks", "Poland", 4),
            ("K 9 155-mm howitzer", "K 9", "howitzer", 1),
            ("K 9 155 mm howitzer", "K 9", "howitzer", 2),
            ("한화가 지난달 바르샤바에서 폴란드와", "한화", "폴란드", 2),
            ("韓国は戦車を輸出", "韓国", "輸出", 2),
            ("Korea's new arms", "Korea", "arms", 1),
            ("achat d’obusiers", "achat", "obusiers", 0),
            ("Poland tanks", "Poland", "tanks", 0),
        ] {
            assert_eq!(words(text, left, right), expected, "{text}");
        }
    }

    #[test]
    fn the_publisher_behind_a_title_is_not_matched() {
        for (title, feed, kept) in [
            (
                "K2 sold - The Korea Herald",
                Some("The Korea Herald"),
                "K2 sold",
            ),
            ("K2 sold | YONHAP", Some("Yonhap"), "K2 sold"),
            ("K2 sold - to Poland", Some("Yonhap"), "K2 sold - to Poland"),
            ("K2 sold - X", None, "K2 sold - X"),
        ] {
            assert_eq!(&title[..matchable_title(title, feed)], kept);
        }
    }
}
