//! Durations, sizes and rates as people write them in config: `15m`, `8 MiB`, `20/h`.
//!
//! Only the arithmetic and the spelling; which key takes which unit is config's business.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How durations are written.
const EXAMPLES: &str = "\"90s\", \"15m\", \"6h\" or \"7d\"";

/// How many in how long: `20/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

/// Reads `90s`, `15m`, `6h`, `7d`, `2w`, `250ms`, or `0`.
///
/// # Errors
/// A sentence fragment that says what was expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let wrong = |example: &str| format!("`{text}` is not a duration: write it as {example}");
    let (number, unit) = split_number(text);
    let millis: f64 = match unit {
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 60e3,
        "h" => 3_600e3,
        "d" => 86_400e3,
        "w" => 604_800e3,
        "y" | "yr" | "year" | "years" => return Err(wrong("days, a year is \"365d\"")),
        "mo" | "month" | "months" => return Err(wrong("days, a month is \"30d\"")),
        _ => return Err(wrong(EXAMPLES)),
    };
    let value: f64 = number.parse().map_err(|_| wrong(EXAMPLES))?;
    Duration::try_from_secs_f64(value * millis / 1e3)
        .map_err(|_| format!("`{text}` is too long a duration"))
}

/// Reads `8 MiB`, `16MB`, `512 KiB`, `1024`.
///
/// # Errors
/// A sentence fragment that says what was expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size: write it as \"8 MiB\" or \"512 KiB\"");
    let (number, unit) = split_number(text.trim());
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}

/// Reads `20/h`, `5/m`, `1/s`, `100/d`.
///
/// # Errors
/// A sentence fragment that says what was expected.
pub fn parse_rate(text: &str) -> Result<Rate, String> {
    let wrong = || format!("`{text}` is not a rate: write it as \"20/h\" or \"1/s\"");
    let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
    let count: u32 = count.trim().parse().map_err(|_| wrong())?;
    let unit = unit.trim();
    let per = if unit.starts_with(|c: char| c.is_ascii_digit()) {
        parse_duration(unit)
    } else {
        parse_duration(&format!("1{unit}"))
    };
    match per {
        Ok(per) if count > 0 && !per.is_zero() => Ok(Rate { count, per }),
        _ => Err(wrong()),
    }
}

/// Splits `15m` into `15` and `m`.
fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

/// A duration in the largest unit that needs no fraction: `90s`, `15m`, `6h`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ] {
        if millis >= size && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    if millis == 0 {
        "0s".to_owned()
    } else {
        format!("{millis}ms")
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = format_duration(self.per);
        write!(
            f,
            "{}/{}",
            self.count,
            per.strip_prefix('1')
                .filter(|u| !u.starts_with(|c: char| c.is_ascii_digit()))
                .unwrap_or(&per)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("6h", 21_600),
            ("7d", 604_800),
            ("0", 0),
            ("1w", 604_800),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert_eq!(format_duration(Duration::from_secs(90)), "90s");
        assert_eq!(format_duration(Duration::from_mins(15)), "15m");
        for wrong in ["", "soon", "5", "-5m", "5 parsecs"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_and_rates_read() {
        assert_eq!(parse_size("8 MiB"), Ok(8 << 20));
        assert_eq!(parse_size("1024"), Ok(1024));
        assert!(parse_size("eight").is_err());
        let rate = parse_rate("20/h").unwrap();
        assert_eq!((rate.count, rate.per), (20, Duration::from_hours(1)));
        assert_eq!(rate.to_string(), "20/h");
        for wrong in ["20", "0/h", "x/h", "5/year"] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }
}
