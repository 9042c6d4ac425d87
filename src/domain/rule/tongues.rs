//! AND, OR and NOT in other tongues, as people write them between two words.
//!
//! Only what is said there; whether the word stands between two operands is up to who asks.

const AND: [&str; 18] = [
    "UND",
    "ET",
    "Y",
    "И",
    "ORAZ",
    "VE",
    "OCH",
    "OG",
    "JA",
    "그리고",
    "및",
    "와",
    "과",
    "랑",
    "이랑",
    "하고",
    "および",
    "和",
];
const OR: [&str; 13] = [
    "ODER",
    "OU",
    "ИЛИ",
    "LUB",
    "VEYA",
    "ELLER",
    "TAI",
    "또는",
    "혹은",
    "이나",
    "거나",
    "または",
    "或",
];
const NOT: [&str; 5] = ["NICHT", "SAUF", "НЕ", "NIE", "ΟΧΙ"];

/// Tongues whose word is written in small letters as often.
const SMALL: [&str; 10] = [
    "und", "oder", "nicht", "et", "ou", "и", "или", "oraz", "lub", "veya",
];

/// Our operator for another tongue's.
pub(super) fn operator(word: &str) -> Option<&'static str> {
    let large = word.to_uppercase();
    let large = if SMALL.contains(&word) { &large } else { word };
    [("AND", &AND[..]), ("OR", &OR[..]), ("NOT", &NOT[..])]
        .into_iter()
        .find_map(|(ours, theirs)| theirs.contains(&large).then_some(ours))
}
