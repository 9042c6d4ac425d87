//! Values with a spelling of their own: ids, URLs, zones, times, languages, networks, addresses.
//!
//! Each answers what was wrong and, after a colon, what to write.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use url::Url;

use crate::domain::id;
use crate::domain::rule::{self, suggest};
use crate::notify;

/// The longest URL that is taken.
const LONGEST_URL: usize = 8_192;

/// Letters, digits, `-` and `_`.
pub(super) fn id(text: &str) -> Result<String, String> {
    if id::is_valid(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "\"{text}\" cannot be an id: use letters, digits, `-` and `_`, at most 100"
        ))
    }
}

/// `http://…` or `https://…`; the text itself is not repeated, it may hold a secret.
pub(super) fn http_url(text: &str) -> Result<Url, String> {
    let wrong = |what: &str| {
        Err(format!(
            "this is not the address of a web page ({what}): write https://host/path"
        ))
    };
    if text.len() > LONGEST_URL {
        return wrong("longer than 8 KiB");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("it holds a space");
    }
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => wrong("neither http nor https"),
        Ok(url) if url.host_str().is_none_or(str::is_empty) => wrong("no host"),
        // A lenient reader makes an address of `https:/host` too.
        Ok(url) if !text[url.scheme().len()..].starts_with("://") => {
            wrong("it does not begin with https://")
        }
        Ok(url) => Ok(url),
        Err(url::ParseError::RelativeUrlWithoutBase) => wrong("it does not begin with https://"),
        Err(error) => wrong(&error.to_string()),
    }
}

/// An IANA zone.
pub(super) fn zone(text: &str) -> Result<String, String> {
    if TimeZone::get(text).is_ok() {
        return Ok(text.to_owned());
    }
    let zones = jiff::tz::db();
    let names: Vec<_> = zones.available().filter(|_| text.contains('/')).collect();
    let near = suggest::nearest(text, names.iter().map(jiff::tz::TimeZoneName::as_str));
    let help = near.map_or_else(
        || "write one such as \"Asia/Seoul\" or \"UTC\"".to_owned(),
        |near| format!("did you mean \"{near}\"?"),
    );
    Err(format!("there is no time zone `{text}`: {help}"))
}

/// `22:00`.
pub(super) fn time(text: &str) -> Result<Time, String> {
    let wrong = || format!("`{text}` is not a time of day (24 h): write one such as \"22:00\"");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str| {
        let fine = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        fine.then(|| digits.parse::<i8>().ok())
            .flatten()
            .ok_or_else(wrong)
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| wrong())
}

/// `08:00` or `08:00 Asia/Seoul`.
pub(super) fn time_in_zone(text: &str) -> Result<(Time, Option<String>), String> {
    match text.trim().split_once(' ') {
        Some((clock, name)) => Ok((time(clock)?, Some(zone(name.trim())?))),
        None => Ok((time(text.trim())?, None)),
    }
}

/// A BCP 47 tag, roughly: letters, then parts of letters and digits.
pub fn language(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    let fine = (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    if fine {
        Ok(text.to_owned())
    } else {
        let help = rule::language_meant(text).map_or_else(
            || "write a code such as \"en\", \"ko\" or \"zh-Hant\"".to_owned(),
            |code| format!("did you mean \"{code}\"?"),
        );
        Err(format!("`{text}` is not a language: {help}"))
    }
}

/// A mail address with or without a name.
pub(super) fn mailbox(text: &str) -> Result<String, String> {
    if notify::is_mail_address(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is not a mail address: write name@host or \"Name <name@host>\""
        ))
    }
}

/// `10.0.0.0/8`, or an address alone.
pub(super) fn network(text: &str) -> Result<ipnet::IpNet, String> {
    text.parse::<ipnet::IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from))
        .map_err(|_| {
            format!("`{text}` is not a network: write one such as \"10.0.0.0/8\" or \"::1/128\"")
        })
}
