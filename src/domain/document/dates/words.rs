//! Names in dates: months in a dozen languages, zones, halves of the day, units of East Asia.

use super::pieces::Unit;

/// Beginnings of months' names, lower-case without accents; the longest that fits decides.
const MONTHS: [&str; 12] = [
    "jan ian jaan ene gen saus янв јан яну січ студз sty oca ιαν led sij tammi يناير جانفي ינואר",
    "feb fev peb veeb vasari фев феб лют lut sub φεβ uno velj helmi فبراير شباط فيفري פברואר",
    "mar maart mae maer mrz mrt bre kov ozu maalis мар бер сакав μαρ مارس اذار מרץ מרס",
    "apr abr avr kwi nis dub balan huhti апр кві крас απρ ابريل افريل نيسان אפריל",
    "may mai maj mag mei kve svi geguz touko мая май маи мај тра μαι مايو ماي ايار מאי",
    "jun juun iun juin giu cze cer haz birzel lipnj lipanj kesa июн юни јун чер чэр ιουν يونيو يونيه جوان حزيران יוני",
    "jul juul iul juil lug lip liep tem cervenc cervene cvc srpnj srpanj heina июл юли јул лип ліп ιουλ يوليو يوليه جويلية تموز יולי",
    "aug avg ago aou sie agu agt srp kolo rugp elo авг серп жні αυγ اغسطس اوت اب אוגוסט",
    "sep set wrz eyl szep zar ruj rugs syys сен сеп вер σεπ سبتمبر ايلول ספטמבר",
    "oct okt ott out paz eki rij spal loka окт жов каст οκτ اكتوبر אוקטובר",
    "nov noi nop lis kas studen lapkr marras ноя ное нов лис ліс νοε نوفمبر נובמבר",
    "dec dic dez des dets gru ara pro gruod joulu дек дец гру сне δεκ ديسمبر דצמבר",
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
        "pazar" | "pazartesi" | "martes" | "mardi" | "martedi" | "subota" | "marti"
    ) {
        return None;
    }
    // Hebrew joins its "in" to the name.
    let bare = word.strip_prefix('ב').unwrap_or(word);
    let longest = |stems: &str| {
        let fitting = stems.split(' ').filter(|stem| bare.starts_with(*stem));
        fitting.map(str::len).max()
    };
    (1..)
        .zip(MONTHS)
        .filter_map(|(month, stems)| Some((longest(stems)?, month)))
        .max()
        .map(|(_, month)| (month, !UNCLEAR.contains(&word)))
}

/// The month that two Arabic words name: `تشرين الثاني`.
pub(super) fn month_of_two(first: &str, second: &str) -> Option<i8> {
    Some(match (first, second) {
        ("كانون", "الثاني") => 1,
        ("تشرين", "الاول") => 10,
        ("تشرين", "الثاني") => 11,
        ("كانون", "الاول") => 12,
        _ => return None,
    })
}

/// The unit that a word before a number gives it, in Vietnamese: `tháng 11`.
pub(super) fn unit_before(word: &str) -> Option<Unit> {
    Some(match word {
        "ngay" => Unit::Day,
        "thang" => Unit::Month,
        "nam" => Unit::Year,
        _ => return None,
    })
}

/// A word that says that a time of day with a dot follows: `klo 9.05`.
pub(super) fn is_at(word: &str) -> bool {
    matches!(
        word,
        "klo" | "kl" | "ore" | "godz" | "um" | "at" | "klockan" | "ob" | "la"
    )
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
        "pm" | "오후" | "저녁" | "午後" | "下午" | "晚上" | "μμ" | "م" | "مساء" | "chieu" => {
            Some(true)
        }
        "am" | "오전" | "새벽" | "午前" | "上午" | "早上" | "凌晨" | "πμ" | "ص" | "صباحا"
        | "sang" => Some(false),
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
        "at" if behind_time => -240,
        "et" if behind_time => -300,
        "ct" if behind_time => -360,
        "mt" if behind_time => -420,
        "pt" if behind_time => -480,
        _ if behind_time && is_military(word) => 0,
        _ => return None,
    };
    Some(minutes * 60)
}

/// Zones of one letter, whose signs RFC 822 had wrong: RFC 2822 has them read as UTC. `a`, `p` and `h` stand for others.
fn is_military(word: &str) -> bool {
    matches!(word.as_bytes(), [letter] if letter.is_ascii_lowercase() && !b"aphj".contains(letter))
}
