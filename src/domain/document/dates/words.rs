//! Names in dates: months in a dozen languages, zones, halves of the day, units of East Asia.

use super::pieces::Unit;

/// Beginnings of months' names, lower-case without accents; the longest that fits decides.
const MONTHS: &[(i8, &[&str])] = &[
    (
        1,
        &[
            "jan", "ene", "gen", "янв", "січ", "sty", "oca", "ιαν", "led", "sij",
        ],
    ),
    (2, &["feb", "fev", "фев", "лют", "lut", "sub", "φεβ", "uno"]),
    (
        3,
        &[
            "mar", "mae", "maer", "mrz", "мар", "бер", "μαρ", "maart", "mrt", "bre",
        ],
    ),
    (
        4,
        &[
            "apr", "abr", "avr", "апр", "кві", "kwi", "nis", "απρ", "dub",
        ],
    ),
    (
        5,
        &[
            "may", "mai", "maj", "mag", "mei", "мая", "май", "маи", "тра", "μαι", "μαϊ", "kve",
        ],
    ),
    (
        6,
        &["jun", "juin", "giu", "июн", "чер", "cze", "haz", "ιουν"],
    ),
    (
        7,
        &["jul", "juil", "lug", "июл", "лип", "lip", "tem", "ιουλ"],
    ),
    (
        8,
        &[
            "aug", "ago", "aou", "авг", "сер", "sie", "agu", "αυγ", "srp",
        ],
    ),
    (
        9,
        &[
            "sep", "set", "сен", "вер", "wrz", "eyl", "σεπ", "szep", "zar",
        ],
    ),
    (
        10,
        &[
            "oct", "okt", "ott", "out", "окт", "жов", "paz", "eki", "οκτ", "rij",
        ],
    ),
    (11, &["nov", "ноя", "лис", "lis", "kas", "νοε"]),
    (
        12,
        &[
            "dec", "dic", "dez", "дек", "гру", "gru", "ara", "δεκ", "pro",
        ],
    ),
];

/// Names that are also a day of the week somewhere.
const UNCLEAR: &[&str] = &[
    "mar", "mart", "mardi", "martes", "martedi", "paz", "pazar", "pro", "sub", "sat", "set",
    "vers", "mer", "uno",
];

/// The month that a word names, and whether it can be nothing else.
pub(super) fn month(word: &str) -> Option<(i8, bool)> {
    if matches!(
        word,
        "pazar" | "pazartesi" | "martes" | "mardi" | "martedi" | "subota"
    ) {
        return None;
    }
    let fits = |stem: &&str| word.starts_with(*stem);
    MONTHS
        .iter()
        .filter_map(|(month, stems)| {
            stems
                .iter()
                .filter(|stem| fits(stem))
                .map(|stem| stem.len())
                .max()
                .map(|length| (length, *month))
        })
        .max()
        .map(|(_, month)| (month, !UNCLEAR.contains(&word)))
}

/// The unit that a letter behind a number stands for.
pub(super) fn unit(c: char) -> Option<Unit> {
    Some(match c {
        '년' | '年' => Unit::Year,
        '월' | '月' => Unit::Month,
        '일' | '日' | '号' => Unit::Day,
        '시' | '時' | '时' | '點' | '点' => Unit::Hour,
        '분' | '分' => Unit::Minute,
        '초' | '秒' => Unit::Second,
        _ => return None,
    })
}

/// True for the afternoon, false for the morning.
pub(super) fn half_day(word: &str) -> Option<bool> {
    match word {
        "pm" | "오후" | "午後" | "下午" | "晚上" | "μμ" => Some(true),
        "am" | "오전" | "午前" | "上午" | "早上" | "πμ" => Some(false),
        _ => None,
    }
}

/// Seconds east of Greenwich of a zone's short name; names of two letters count only behind the time.
pub(super) fn zone_offset(word: &str, behind_time: bool) -> Option<i32> {
    let word = word
        .strip_prefix('t')
        .filter(|rest| matches!(*rest, "utc" | "gmt" | "kst"))
        .unwrap_or(word);
    let minutes = match word {
        "z" | "ut" | "utc" | "gmt" | "wet" | "zulu" => 0,
        "bst" | "cet" | "mez" | "met" | "west" | "wat" => 60,
        "cest" | "mesz" | "mest" | "eet" | "sast" | "cat" => 120,
        "eest" | "msk" | "trt" | "ast3" | "eat" => 180,
        "msd" | "gst" | "samt" => 240,
        "pkt" | "yekt" | "uzt" => 300,
        "ist" => 330,
        "omst" | "almt" => 360,
        "wib" | "ict" | "krat" | "novt" => 420,
        "hkt" | "sgt" | "pht" | "phst" | "awst" | "irkt" | "wita" | "myt" => 480,
        "kst" | "jst" | "yakt" | "wit" => 540,
        "acst" => 570,
        "aest" | "vlat" => 600,
        "acdt" => 630,
        "aedt" => 660,
        "nzst" => 720,
        "nzdt" => 780,
        "nst" => -210,
        "ndt" => -150,
        "ast" | "edt" => -240,
        "adt" | "brt" | "art" => -180,
        "est" | "cdt" => -300,
        "cst" | "mdt" => -360,
        "mst" | "pdt" => -420,
        "pst" | "akdt" => -480,
        "akst" => -540,
        "hst" => -600,
        "et" if behind_time => -300,
        "ct" if behind_time => -360,
        "mt" if behind_time => -420,
        "pt" if behind_time => -480,
        _ => return None,
    };
    Some(minutes * 60)
}
