//! A figure and what it counts: when two are the same, when they cannot be, and how much one tells.
//!
//! A sum in another currency is a conversion and contradicts nothing; a rounded one agrees. Reading figures is `numbers`'.

use super::vocabulary;

/// A figure with what it counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantity {
    pub value: f64,
    /// A currency, `%`, a counted thing, or empty where none is named.
    pub unit: String,
    /// Digits behind the point, as written.
    pub decimals: u8,
    /// Written with a scale (`million`, `억`): likely rounded.
    pub scaled: bool,
}

/// Rounding in copies: 6.45 and 6.5 billion.
const ROUNDING: f64 = 0.06;
/// Counts and speeds in round numbers.
const ABOUT: f64 = 0.01;

impl Quantity {
    /// Whether both may be the same figure.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let counts = |one: &Self| !one.is_money() && one.unit != "%";
        (self.unit == other.unit
            || self.unit.is_empty()
            || other.unit.is_empty()
            || counts(self) && counts(other))
            && self.is_close(other)
    }

    /// Whether both count the same thing and are not the same.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        self.unit == other.unit && !self.is_close(other)
    }

    fn is_close(&self, other: &Self) -> bool {
        let (small, large) = (self.value.min(other.value), self.value.max(other.value));
        // 49.42 and 49.4, 49.4 and 49: the shorter one is the longer one, rounded.
        let rounded = |one: &Self, other: &Self| {
            let places = 10_f64.powi(i32::from(one.decimals));
            one.decimals < other.decimals
                && ((other.value * places).round() / places - one.value).abs() < 1e-9
        };
        (large - small).abs() < 1e-9
            || self.scaled && other.scaled && large - small <= large * ROUNDING
            || self.is_about(other)
            || self.unit == "%" && (rounded(self, other) || rounded(other, self))
    }

    /// Whether one is the other in round numbers: 149 and 150 people. Numbers that count nothing are names.
    fn is_about(&self, other: &Self) -> bool {
        let large = self.value.max(other.value);
        let round = |one: &Self| one.value % 5.0 == 0.0;
        !self.is_money()
            && !self.unit.is_empty()
            && self.unit == other.unit
            && large >= 100.0
            && (self.value - other.value).abs() <= large * ABOUT
            && (round(self) != round(other))
    }

    /// Of a scale, an index or a rate: `7.4`.
    pub(super) fn is_level(&self) -> bool {
        !self.is_money() && self.value.fract() != 0.0
    }

    /// A sum of money, which another currency tells otherwise.
    pub(super) fn is_money(&self) -> bool {
        MONEY.iter().any(|(_, money)| *money == self.unit)
    }

    /// So that it is hardly met by chance: a sum of two digits or more, a fraction of a percentage, a count of many.
    pub(super) fn is_precise(&self) -> bool {
        let mut value = self.value;
        while value >= 10.0 && value % 10.0 == 0.0 {
            value /= 10.0;
        }
        match (self.is_money(), self.unit.as_str()) {
            (true, _) => self.scaled && value >= 10.0,
            (false, "%") => self.value.fract() != 0.0,
            (false, _) if self.value.fract() != 0.0 => self.value >= 100.0,
            (false, _) => self.value >= 10.0,
        }
    }

    /// Says more than a small count: it can bear witness that two headlines tell of one thing.
    pub(super) fn is_telling(&self) -> bool {
        self.scaled || self.value >= 10.0 || self.is_level()
    }
}

const MONEY: &[(&str, &str)] = &[
    ("dollar", "usd"),
    ("usd", "usd"),
    ("won", "krw"),
    ("krw", "krw"),
    ("euro", "eur"),
    ("eur", "eur"),
    ("pound", "gbp"),
    ("gbp", "gbp"),
    ("yen", "jpy"),
    ("jpy", "jpy"),
    ("yuan", "cny"),
    ("zloty", "pln"),
    ("zlotys", "pln"),
    ("pln", "pln"),
    ("nok", "nok"),
    ("sek", "sek"),
    ("czk", "czk"),
    ("crowns", "czk"),
    ("chf", "chf"),
    ("francs", "chf"),
    ("aud", "aud"),
    ("cad", "cad"),
    ("rupees", "inr"),
    ("inr", "inr"),
    ("kroner", "nok"),
    ("kronor", "sek"),
    ("dollars", "usd"),
    ("dolarow", "usd"),
    ("dolarów", "usd"),
    ("달러", "usd"),
    ("원", "krw"),
    ("유로", "eur"),
    ("파운드", "gbp"),
    ("엔", "jpy"),
    ("위안", "cny"),
    ("즈워티", "pln"),
];
const SIGNS: &[(char, &str)] = &[
    ('$', "usd"),
    ('€', "eur"),
    ('£', "gbp"),
    ('₩', "krw"),
    ('¥', "jpy"),
];

/// The currency that a sign stands for.
pub(super) fn sign(c: char) -> Option<&'static str> {
    SIGNS
        .iter()
        .find(|(sign, _)| *sign == c)
        .map(|(_, money)| *money)
}

/// `EUR`, `KRW`: what stands before a sum.
pub(super) fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.is_ascii() && currency(code).is_some()
}

/// The currency that a word or a code names.
pub(super) fn currency(text: &str) -> Option<&'static str> {
    let hangul = text.chars().next().is_some_and(vocabulary::is_hangul);
    MONEY
        .iter()
        .find(|(word, _)| *word == text || hangul && text.starts_with(word))
        .map(|(_, money)| *money)
}
