//! Figures, ordinals and dates of a headline, in English and Korean, read from its runs.
//!
//! What two figures are to each other is `quantity`'s business.

use super::clock;
use super::pieces::{Piece, Script};
use super::quantity::{Quantity, currency, sign};
use super::token::{Kind, is_year};
use super::vocabulary::{self, Role};

const SCALES: &[(&str, f64)] = &[
    ("thousand", 1e3),
    ("k", 1e3),
    ("million", 1e6),
    ("mln", 1e6),
    ("mn", 1e6),
    ("m", 1e6),
    ("billion", 1e9),
    ("bln", 1e9),
    ("bn", 1e9),
    ("b", 1e9),
    ("trillion", 1e12),
    ("tln", 1e12),
    ("trln", 1e12),
    ("trn", 1e12),
    ("tn", 1e12),
    ("hundred", 1e2),
    ("mld", 1e9),
    ("mrd", 1e9),
    ("milliarden", 1e9),
    ("milliards", 1e9),
    ("miliarde", 1e9),
    ("miliarda", 1e9),
    ("miliardy", 1e9),
    ("millionen", 1e6),
    ("millions", 1e6),
    ("millones", 1e6),
    ("milioane", 1e6),
    ("mio", 1e6),
];
const HANGUL_SCALES: &[(&str, f64)] = &[
    ("조", 1e12),
    ("억", 1e8),
    ("만", 1e4),
    ("천", 1e3),
    ("백", 1e2),
];
const COUNTS: &[&str] = &[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];
const ORDINALS: &[&str] = &[
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
];
const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// Words after which `May` and `March` are months.
const BEFORE_DATES: &[&str] = &[
    "in", "of", "since", "by", "until", "till", "through", "from", "for", "last", "this", "next",
    "early", "mid", "late", "end",
];
const DAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
const KOREAN_DAYS: &[&str] = &[
    "월요일",
    "화요일",
    "수요일",
    "목요일",
    "금요일",
    "토요일",
    "일요일",
];
/// Words before a number that tells one of several apart.
const NUMBERED: &[&str] = &[
    "no", "phase", "batch", "block", "round", "part", "lot", "tranche", "type", "mark", "stage",
    "day", "volume", "unit", "hull",
];
/// What follows a number in Korean, and what it makes of it.
const AFTER: &[(&str, &str)] = &[
    ("분기", "quarter"),
    ("반기", "half"),
    ("차", "round"),
    ("번째", "th"),
    ("위", "rank"),
    ("호", "no"),
    ("세대", "generation"),
    ("단계", "phase"),
    ("번함", "th"),
    ("탄", "th"),
    ("월", "month"),
    ("일", "day"),
];

/// Reads figures out of a headline's runs.
pub(super) struct Reader<'a> {
    pieces: &'a [Piece],
}

/// A sum in Korean that names no currency is one of won from here on.
const MONEY_FROM: f64 = 1e8;

type Read = (Kind, String, usize);

impl<'a> Reader<'a> {
    pub(super) fn new(pieces: &'a [Piece]) -> Self {
        Self { pieces }
    }

    /// What begins at a piece, with the piece behind it.
    pub(super) fn read(&self, at: usize) -> Option<Read> {
        let piece = &self.pieces[at];
        if let Some(read) = clock::read(self.pieces, at) {
            return Some(read);
        }
        match piece.script {
            Script::Digit => Some(with_decimals(self.digits(at)?, &piece.text)),
            Script::Spaced => self.spelt(at),
            Script::Hangul => self.hangul(at),
            Script::Dense => None,
        }
    }

    fn piece(&self, at: usize) -> Option<&'a Piece> {
        self.pieces.get(at).filter(|piece| !piece.text.is_empty())
    }

    /// The piece that touches the one before.
    fn glued(&self, at: usize) -> Option<&'a Piece> {
        self.piece(at)
            .filter(|piece| !piece.gap.space && !piece.gap.hyphen)
    }

    fn spelt(&self, at: usize) -> Option<Read> {
        let piece = &self.pieces[at];
        let text = piece.text.as_str();
        if let Some(next) = self.glued(at + 1)
            && next.script == Script::Digit
            && next.text.len() == 1
            && matches!(text, "q" | "h")
        {
            let class = if text == "q" { "quarter" } else { "half" };
            return Some((Kind::Ordinal(class), next.text.clone(), at + 2));
        }
        let used = text == "second" && self.piece(at + 1).is_some_and(|next| next.text == "hand");
        if let Some(nth) = ORDINALS.iter().position(|word| *word == text && !used) {
            return Some(self.ordinal(nth + 1, at + 1));
        }
        if let Some(day) = DAYS.iter().position(|word| *word == text) {
            return Some((Kind::Date("weekday"), day.to_string(), at + 1));
        }
        let month = MONTHS
            .iter()
            .position(|word| text.starts_with(word) && is_month(text, word));
        if let Some(first) = month
            && let Some(quarter) = self.quarter(first, at + 1)
        {
            return Some((Kind::Ordinal("quarter"), quarter.to_string(), at + 2));
        }
        let verb = matches!(text, "may" | "march") && !self.has_day(at) && !self.dates(at);
        if let Some(month) = month.filter(|_| piece.capital && !verb) {
            return Some((Kind::Date("month"), (month + 1).to_string(), at + 1));
        }
        let count = COUNTS.iter().position(|word| *word == text);
        let count = count.or_else(|| (text == "dozen").then_some(12))?;
        let value = f64::from(u8::try_from(count).ok()?);
        Some(self.quantity((value, None, false), at + 1))
    }

    /// The quarter that begins with a month, where the piece `next` is its last: `July-September`.
    fn quarter(&self, first: usize, next: usize) -> Option<usize> {
        let piece = self.piece(next).filter(|piece| piece.gap.hyphen)?;
        let last = MONTHS
            .iter()
            .position(|word| piece.text.starts_with(word) && is_month(&piece.text, word))?;
        (first.is_multiple_of(3) && last == first + 2).then_some(first / 3 + 1)
    }

    fn has_day(&self, at: usize) -> bool {
        self.piece(at + 1)
            .is_some_and(|next| next.script == Script::Digit)
    }

    /// Whether the word before makes a date of what may be one: `in May`, `since March`.
    fn dates(&self, at: usize) -> bool {
        let before = at
            .checked_sub(1)
            .map(|before| self.pieces[before].text.as_str());
        before.is_some_and(|word| BEFORE_DATES.contains(&word))
    }

    /// An ordinal before the piece `next`: of a quarter, of a half, or of anything.
    fn ordinal(&self, nth: usize, next: usize) -> Read {
        let class = match self.piece(next).map(|piece| piece.text.as_str()) {
            Some("quarter") => "quarter",
            Some("half") => "half",
            _ => "th",
        };
        let used = usize::from(class != "th");
        (Kind::Ordinal(class), nth.to_string(), next + used)
    }

    fn hangul(&self, at: usize) -> Option<Read> {
        let piece = &self.pieces[at];
        let text = piece.text.as_str();
        if text == "제"
            && self
                .glued(at + 1)
                .is_some_and(|next| next.script == Script::Digit)
        {
            return self.digits(at + 1);
        }
        for (half, key) in [("상반기", "1"), ("하반기", "2")] {
            if text.starts_with(half) {
                return Some((Kind::Ordinal("half"), key.to_owned(), at + 1));
            }
        }
        for (word, key) in [
            ("첫번째", "1"),
            ("두번째", "2"),
            ("세번째", "3"),
            ("네번째", "4"),
        ] {
            if text.starts_with(word) {
                return Some((Kind::Ordinal("th"), key.to_owned(), at + 1));
            }
        }
        let day = KOREAN_DAYS.iter().position(|day| text.starts_with(day))?;
        Some((Kind::Date("weekday"), day.to_string(), at + 1))
    }

    fn digits(&self, at: usize) -> Option<Read> {
        let piece = &self.pieces[at];
        let mut value: f64 = piece.text.trim_end_matches('.').parse().ok()?;
        let mut next = at + 1;
        let mut scaled = false;
        // `EUR 3.1bn`
        let before = at.checked_sub(1).and_then(|before| self.piece(before));
        let code = before.filter(|before| before.text.len() == 3);
        let money = piece.gap.money.and_then(sign);
        let money = money.or_else(|| code.and_then(|code| currency(&code.text)));
        let whole = piece.text.trim_end_matches('.');
        if let Some(after) = self.glued(next) {
            if let Some(read) = self.suffixed(value, after, next) {
                return Some(read);
            }
            if after.script == Script::Hangul {
                return Some(self.korean((value, money), at));
            }
            if after.script == Script::Spaced {
                let Some(scale) = scale(&after.text) else {
                    // `155mm`, `5G`
                    return Some((Kind::Name, format!("{whole}{}", after.text), next + 1));
                };
                value *= scale;
                scaled = true;
                next += 1;
            }
        } else if let Some(after) = self.piece(next)
            && after.text.len() > 1 | usize::from(money.is_some())
            && let Some(scale) = scale(&after.text)
        {
            value *= scale;
            scaled = true;
            next += 1;
        }
        if !scaled && money.is_none() && is_year(whole) {
            return Some((Kind::Date("year"), whole.to_owned(), next));
        }
        let before = before.map(|before| before.text.as_str());
        if !scaled && money.is_none() && before.is_some_and(|before| NUMBERED.contains(&before)) {
            return Some((Kind::Ordinal("no"), whole.to_owned(), next));
        }
        let month = |text: &str| {
            MONTHS
                .iter()
                .any(|month| text.starts_with(month) && is_month(text, month))
        };
        let beside_month = before.is_some_and(month)
            || self
                .piece(next)
                .is_some_and(|after| after.capital && month(&after.text));
        if !scaled && money.is_none() && value <= 31.0 && beside_month {
            return Some((Kind::Date("day"), whole.to_owned(), next));
        }
        Some(self.quantity((value, money, scaled), next))
    }

    /// `2nd`, `3Q`, `1H`.
    fn suffixed(&self, value: f64, after: &Piece, next: usize) -> Option<Read> {
        let whole = format!("{value}");
        match after.text.as_str() {
            "st" | "nd" | "rd" | "th" => {
                // Small enough to be an ordinal.
                let nth = whole.parse().ok()?;
                Some(self.ordinal(nth, next + 1))
            }
            "q" if value <= 4.0 => Some((Kind::Ordinal("quarter"), whole, next + 1)),
            "h" if value <= 2.0 => Some((Kind::Ordinal("half"), whole, next + 1)),
            _ => None,
        }
    }

    /// `1조3천억원`, `54문`, `3분기`, `2026년`.
    fn korean(&self, (first, money): (f64, Option<&'static str>), at: usize) -> Read {
        let (value, scaled, rest, next) = self.sum(first, at + 1);
        let whole = self.pieces[at].text.as_str();
        if !scaled && rest.starts_with('년') && is_year(whole) {
            return (Kind::Date("year"), whole.to_owned(), next);
        }
        // `16일 만에`
        let lasted = rest == "일"
            && self
                .piece(next)
                .is_some_and(|piece| piece.text.starts_with("만"));
        let class = AFTER
            .iter()
            .filter(|_| !lasted)
            .find(|(word, _)| rest.starts_with(word));
        if let Some((_, class)) = class.filter(|_| !scaled) {
            let kind = match *class {
                "month" | "day" => Kind::Date(class),
                _ => Kind::Ordinal(class),
            };
            return (kind, whole.to_owned(), next);
        }
        let sum = money.or_else(|| currency(rest));
        // `1조8천억` are won.
        let bare = scaled && value >= MONEY_FROM && matches!(rest, "" | "어치" | "대" | "대의");
        let sum = sum.or(bare.then_some("krw"));
        if sum.is_none() && rest.is_empty() {
            return self.quantity((value, None, scaled), next);
        }
        let unit = match sum {
            Some(money) => money.to_owned(),
            None => rest.chars().next().map(String::from).unwrap_or_default(),
        };
        figure(value, unit, scaled, next)
    }

    /// What a number in digits and Hangul amounts to, from its first digits on: whether it has a scale, what follows it
    /// in the last run, and the piece behind. `1조 3천억` has two parts, of which the second has two.
    fn sum(&self, first: f64, mut next: usize) -> (f64, bool, &'a str, usize) {
        let (mut total, mut part, mut digits) = (0.0, 0.0, first);
        let (mut scaled, mut rest) = (false, "");
        let hangul = |at: usize| {
            let piece = self.glued(at)?;
            (piece.script == Script::Hangul).then_some(piece.text.as_str())
        };
        let scale_of = |text: &'a str| {
            let mut known = HANGUL_SCALES.iter();
            known.find_map(|(word, scale)| Some((*scale, text.strip_prefix(word)?)))
        };
        while let Some(run) = hangul(next) {
            next += 1;
            rest = run;
            while let Some((scale, left)) = scale_of(rest) {
                scaled = true;
                rest = left;
                if scale < 1e4 {
                    part += digits * scale;
                } else {
                    total += (part + digits) * scale;
                    part = 0.0;
                }
                digits = 0.0;
            }
            let more = self
                .piece(next)
                .filter(|piece| piece.script == Script::Digit);
            let goes_on =
                scaled && rest.is_empty() && hangul(next + 1).and_then(scale_of).is_some();
            // `359만400원`
            let touches = scaled && rest.is_empty() && self.glued(next).is_some();
            let Some(more) = more.filter(|_| goes_on || touches) else {
                break;
            };
            digits = more.text.trim_end_matches('.').parse().unwrap_or(0.0);
            next += 1;
        }
        (total + part + digits, scaled, rest, next)
    }

    /// A figure, with the unit that follows it before the piece `next`.
    fn quantity(
        &self,
        (value, money, scaled): (f64, Option<&'static str>, bool),
        next: usize,
    ) -> Read {
        let behind = self.pieces.get(next);
        let mut after = next;
        let unit = match (money, behind) {
            (Some(money), _) => money.to_owned(),
            (None, Some(piece)) if piece.gap.percent => "%".to_owned(),
            (None, Some(piece)) if !piece.gap.mark && !piece.text.is_empty() => {
                if matches!(
                    piece.text.as_str(),
                    "percent" | "pct" | "per" | "퍼센트" | "prozent" | "proc" | "procent"
                ) {
                    after += 1;
                    "%".to_owned()
                } else if matches!(piece.text.as_str(), "por" | "pour")
                    && self
                        .piece(next + 1)
                        .is_some_and(|piece| piece.text.starts_with('c'))
                {
                    after += 2;
                    "%".to_owned()
                } else if let Some(money) = currency(&vocabulary::stem(&piece.text)) {
                    after += 1;
                    money.to_owned()
                } else {
                    counted(piece)
                }
            }
            _ => String::new(),
        };
        figure(value, unit, scaled, after)
    }
}

/// The same, knowing how many digits stand behind the point.
fn with_decimals((mut kind, key, next): Read, digits: &str) -> Read {
    if let Kind::Number(figure) = &mut kind {
        let behind = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
        figure.decimals = u8::try_from(behind).unwrap_or(u8::MAX).min(9);
    }
    (kind, key, next)
}

/// A count with the syllable that counts it.
pub(super) fn counted_by(value: f64, unit: char, next: usize) -> Read {
    figure(value, unit.to_string(), false, next)
}

fn figure(value: f64, unit: String, scaled: bool, next: usize) -> Read {
    let quantity = Quantity {
        value,
        unit,
        decimals: 0,
        scaled,
    };
    (Kind::Number(quantity), format!("{value}"), next)
}

/// What a figure counts, where the next word is a thing.
fn counted(piece: &Piece) -> String {
    let is_thing = piece.script == Script::Spaced
        && !piece.capital
        && matches!(vocabulary::role_of(&piece.text), None | Some(Role::Weak));
    if is_thing {
        vocabulary::stem(&piece.text)
    } else {
        String::new()
    }
}

fn scale(text: &str) -> Option<f64> {
    SCALES
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, scale)| *scale)
}

/// `sep`, `sept`, `september`, and no other word that begins so.
fn is_month(text: &str, short: &str) -> bool {
    const WHOLE: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "sept",
    ];
    text == short || WHOLE.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::super::pieces::pieces;
    use super::*;

    fn quantity(text: &str) -> Quantity {
        match Reader::new(&pieces(text, 0)).read(0) {
            Some((Kind::Number(quantity), ..)) => quantity,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_word_that_may_be_a_month_is_one_behind_what_leads_to_it() {
        for (text, at, month) in [
            ("Exports in March", 2, Some("3")),
            ("Deal by May", 2, Some("5")),
            ("Norway May 9 deal", 1, Some("5")),
            ("Norway May Cancel deal", 1, None),
        ] {
            let pieces = pieces(text, 0);
            let read = Reader::new(&pieces).read(at);
            assert_eq!(
                read.as_ref().map(|(_, key, _)| key.as_str()),
                month,
                "{text}"
            );
        }
    }

    fn class(text: &str) -> String {
        match Reader::new(&pieces(text, 0)).read(0) {
            Some((Kind::Ordinal(class) | Kind::Date(class), key, _)) => format!("{class} {key}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn figures_agree_over_spellings_and_rounding() {
        for (one, other) in [
            ("1조3천억원", "1.3조원"),
            ("1조 3,000억원", "1조3000억원"),
            ("9천700억원", "9700억원"),
            ("$6.5 billion", "6.45 bln dollars"),
            ("54문", "54 howitzers"),
            ("5.2%", "5 percent"),
            ("US$2bn", "$2 bln"),
            ("two ships", "2 ships"),
        ] {
            let skip = usize::from(one.starts_with("US"));
            let first = match Reader::new(&pieces(one, 0)).read(skip) {
                Some((Kind::Number(quantity), ..)) => quantity,
                other => panic!("{one}: {other:?}"),
            };
            let second = quantity(other);
            assert!(
                first.agrees(&second) && !first.contradicts(&second),
                "{one} {other}: {first:?} {second:?}"
            );
        }
    }

    #[test]
    fn figures_contradict_only_in_one_unit() {
        for (one, other, contradicts) in [
            ("50 jets", "30 jets", true),
            ("5.2%", "3.1%", true),
            ("$1 billion", "1.3조원", false),
            ("54문", "50문", true),
            ("50 jets", "$700 million", false),
        ] {
            assert_eq!(
                quantity(one).contradicts(&quantity(other)),
                contradicts,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn ordinals_and_dates_have_their_class() {
        for (text, expected) in [
            ("2차", "round 2"),
            ("제3차", "round 3"),
            ("3분기", "quarter 3"),
            ("3Q", "quarter 3"),
            ("Q3 profit", "quarter 3"),
            ("third-quarter", "quarter 3"),
            ("second batch", "th 2"),
            ("2nd", "th 2"),
            ("2026년", "year 2026"),
            ("2026", "year 2026"),
            ("11월", "month 11"),
            ("Nov. 24", "month 11"),
            ("하반기", "half 2"),
            ("Tuesday", "weekday 1"),
        ] {
            assert_eq!(class(text), expected, "{text}");
        }
    }
}
