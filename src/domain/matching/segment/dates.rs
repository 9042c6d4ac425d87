//! Stops that belong to a number: dates, with blanks and without, and lists (MAT-39, MAT-40).
//!
//! What papers print is told by its parts: a day, a month and a year in an order that occurs, or numbers that count on.

/// A plain number: no sign, no decimals, no groups.
#[derive(Clone, Copy)]
struct Number {
    value: u16,
    digits: usize,
}

impl Number {
    /// Of ASCII digits, four at most.
    fn of(text: &str) -> Option<Self> {
        let is_plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let value = is_plain.then(|| text.parse().ok())??;
        let digits = text.len();
        Some(Self { value, digits })
    }

    fn is_year(self) -> bool {
        self.digits == 4 && (1900..2100).contains(&self.value)
    }

    fn is_up_to(self, most: u16) -> bool {
        self.digits <= 2 && (1..=most).contains(&self.value)
    }

    fn is_month(self) -> bool {
        self.is_up_to(12)
    }

    fn is_day(self) -> bool {
        self.is_up_to(31)
    }

    /// Day and month in either order.
    fn is_day_with(self, other: Self) -> bool {
        self.is_month() && other.is_day() || self.is_day() && other.is_month()
    }

    /// Whether `next`, behind the stop of this one, goes on with a date.
    fn goes_on(self, next: Self) -> bool {
        let has_year = self.is_year() && next.is_month() || self.is_month() && next.is_year();
        has_year || self.is_short_date(next) || self.counts_to(next)
    }

    /// Day and month, month and day, or the last two digits of a year and a month.
    fn is_short_date(self, next: Self) -> bool {
        self.is_day_with(next) || self.digits == 2 && next.is_month()
    }

    /// A list within a line: 13. 14. 15.
    fn counts_to(self, next: Self) -> bool {
        self.is_up_to(99) && next.is_up_to(99) && self.value + 1 == next.value
    }
}

/// Whether a stop belongs to `token`, the digits before it, which `head` stands before and `rest` behind: a list at the
/// start of a line, a date (2026. 11. 23. and 23. 11. 2026), a list within a line. Numbers side by side are no date
/// for that alone: `in 2026. 35 tanks`, `1,005. 1,005`; and of a month and a day both have their stop (11. 23.).
pub(super) fn is_list_or_date(head: &str, token: &str, rest: &str) -> bool {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let line = head.trim_end_matches([' ', '\t', '\u{a0}']);
    if line.is_empty() || line.ends_with('\n') {
        return true;
    }
    let is_part = line.len() == head.len()
        && head
            .strip_suffix([',', '\'', '’'])
            .is_some_and(ends_in_digit);
    let Some(number) = Number::of(token).filter(|_| !is_part) else {
        return false;
    };
    let before = line.strip_suffix('.').and_then(last_number);
    if before.is_some_and(|before| before.goes_on(number)) {
        return true;
    }
    first_number(rest.trim_start()).is_some_and(|(next, has_stop)| {
        number.goes_on(next) && (has_stop || number.is_year() || next.is_year())
    })
}

fn ends_in_digit(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_digit())
}

/// The number that `text` ends in; none where it is a part of one with groups.
fn last_number(text: &str) -> Option<Number> {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_part = head
        .strip_suffix([',', '\'', '’'])
        .is_some_and(ends_in_digit);
    Number::of(&text[head.len()..]).filter(|_| !is_part)
}

/// The number that `text` begins with, and whether a stop stands behind it; none where it has decimals or groups.
fn first_number(text: &str) -> Option<(Number, bool)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = Number::of(&text[..text.len() - rest.len()])?;
    let behind = rest.strip_prefix(['.', ',', '\'', '’']);
    let is_part = behind.is_some_and(|behind| behind.starts_with(|c: char| c.is_ascii_digit()));
    (!is_part).then(|| (number, rest.starts_with('.')))
}

/// A date without blanks: 2026.11.28, 28.11.2026, 26.11.28, 2026.11 and 11.28. One of short numbers (9.6, 1.2.28) is
/// rather a decimal or a version, but before Hangul, where no sentence ends in a bare number.
pub(super) fn is_date(token: &str, next: Option<char>) -> bool {
    let mut numbers = [Number {
        value: 0,
        digits: 0,
    }; 3];
    let mut count = 0;
    for part in token.split('.') {
        let (Some(slot), Some(number)) = (numbers.get_mut(count), Number::of(part)) else {
            return false;
        };
        *slot = number;
        count += 1;
    }
    let korean = next.is_some_and(|c| ('가'..='힣').contains(&c));
    let plain = korean || numbers[..count].iter().all(|number| number.digits == 2);
    match numbers[..count] {
        [a, b] if a.is_year() => b.is_month(),
        [a, b] => plain && a.is_day_with(b),
        [a, b, c] if a.is_year() => b.is_month() && c.is_day(),
        [a, b, c] if c.is_year() => a.is_day_with(b),
        [a, b, c] => {
            let leads = a.digits == 2 && b.is_month() && c.is_day();
            plain && (leads || c.digits == 2 && b.is_month() && a.is_day())
        }
        _ => false,
    }
}
