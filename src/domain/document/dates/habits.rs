//! What the dates of a document leave open, and where the answer was taken from: the zone, and whether days come
//! before months.
//!
//! Only the document, its address and config are asked. What an answer rests on can be said in words.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{by_pieces, named, usual};

/// Dates of one document that are looked at.
pub(in crate::domain::document) const MOST_DATES: usize = 400;
/// A build date that was made this long before the poll still tells its zone, in seconds.
const FRESH: i64 = 10 * 60;

/// Why dates without a zone are read in the one they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::document) enum Why {
    /// Config names it.
    Configured,
    /// Other dates of the document name it.
    OtherDates,
    /// The document was built in the future, were it not in this zone.
    BuildDate,
    /// The country of the host, or the language.
    Country,
    /// Nothing tells: UTC.
    Assumed,
}

/// How the dates of one document are read where they leave a question.
#[derive(Clone, Debug)]
pub(in crate::domain::document) struct Habits {
    /// The zone of dates that name none.
    pub zone: TimeZone,
    /// Where that was taken from.
    pub why: Why,
    /// `03/11/2026` is the third of November.
    pub day_first: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            why: Why::Assumed,
            day_first: false,
        }
    }
}

impl Habits {
    /// What is configured, else what the host and the language tell.
    pub(in crate::domain::document) fn of(
        configured: Option<&str>,
        language: Option<&str>,
        host: Option<&str>,
    ) -> Self {
        let country = host
            .and_then(|host| host.rsplit('.').next())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let language = language.unwrap_or_default().to_ascii_lowercase();
        let mut parts = language.split(['-', '_']);
        let primary = parts.next().unwrap_or_default();
        let region = parts.find(|part| part.len() == 2).unwrap_or_default();
        let day_first = !matches!(primary, "" | "en")
            || matches!(region, "gb" | "au" | "in" | "ie" | "nz" | "za")
            || matches!(country.as_str(), "uk" | "au" | "in" | "ie" | "nz" | "za");
        let local = || zone_of_country(&country).or_else(|| zone_of_language(primary));
        let (zone, why) = match configured.and_then(named) {
            Some(zone) => (zone, Why::Configured),
            None => local()
                .and_then(named)
                .map_or((TimeZone::UTC, Why::Assumed), |zone| (zone, Why::Country)),
        };
        Self {
            zone,
            why,
            day_first,
        }
    }

    /// The same with what the dates of the document itself tell; `built` is when it says that it was made.
    ///
    /// A zone other than UTC that other dates name is the publisher's own. UTC is no evidence: a server writes its
    /// build date so beside local times of its articles.
    pub(in crate::domain::document) fn learn(
        mut self,
        written: &[Cow<'_, str>],
        built: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let dates: Vec<&str> = written.iter().map(|text| text.trim()).collect();
        if dates.iter().all(|text| usual::parse(text).is_some()) {
            return self;
        }
        self.day_first |= dates.iter().any(|text| is_day_first(text));
        if self.why == Why::Configured {
            return self;
        }
        let mut offsets: BTreeMap<i32, usize> = BTreeMap::new();
        for (_, offset) in dates.iter().filter_map(|text| by_pieces(text, &self)) {
            if let Some(offset) = offset.filter(|offset| *offset != Offset::UTC) {
                *offsets.entry(offset.seconds()).or_default() += 1;
            }
        }
        let common = offsets.into_iter().max_by_key(|(_, count)| *count);
        let common = common.and_then(|(seconds, _)| Offset::from_seconds(seconds).ok());
        if let Some(offset) = common {
            // A zone with summer time beats the offset of one half of the year.
            if self.why != Why::Country || !may_be(&self.zone, offset, now) {
                self.zone = TimeZone::fixed(offset);
            }
            self.why = Why::OtherDates;
        } else if self.why == Why::Assumed
            && let Some(offset) = built.and_then(|text| ahead_of(text, &self, now))
        {
            self.zone = TimeZone::fixed(offset);
            self.why = Why::BuildDate;
        }
        self
    }

    /// What was decided about dates without a zone.
    pub(in crate::domain::document) fn in_words(&self) -> String {
        let zone = match (self.zone.iana_name(), self.zone.to_fixed_offset()) {
            (Some(name), _) => name.to_owned(),
            (None, Ok(offset)) => offset.to_string(),
            (None, Err(_)) => "local time".to_owned(),
        };
        let why = match self.why {
            Why::Configured => "as configured",
            Why::OtherDates => "as the feed's other dates say",
            Why::BuildDate => "as its build date shows",
            Why::Country => "as in the country of its host or language",
            Why::Assumed => "for want of any sign: `default_tz` tells otherwise",
        };
        format!("dates without a zone were read in {zone}, {why}")
    }
}

/// Whether a zone has an offset around now, or half a year from it.
fn may_be(zone: &TimeZone, offset: Offset, now: Timestamp) -> bool {
    let later = now
        .checked_add(SignedDuration::from_hours(183 * 24))
        .unwrap_or(now);
    [now, later].iter().any(|at| zone.to_offset(*at) == offset)
}

/// The whole hours by which a fresh build date without a zone is ahead of the clock.
fn ahead_of(text: &str, habits: &Habits, now: Timestamp) -> Option<Offset> {
    let (at, offset) = by_pieces(text.trim(), habits)?;
    let ahead = at.as_second() - now.as_second();
    let hours = (ahead + FRESH).div_euclid(3600);
    // A minute is allowed for clocks that disagree.
    let is_fresh = (-60..=FRESH).contains(&(hours * 3600 - ahead));
    (offset.is_none() && is_fresh && (1..=14).contains(&hours))
        .then(|| i8::try_from(hours).ok())?
        .map(Offset::constant)
}

/// `23/11/2026`, which can only be so.
fn is_day_first(text: &str) -> bool {
    let Some((first, rest)) = text.split_once('/') else {
        return false;
    };
    let before = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let first = first[before.len()..].parse::<u8>();
    let second = rest
        .split('/')
        .next()
        .and_then(|part| part.parse::<u8>().ok());
    matches!((first, second), (Ok(13..=31), Some(1..=12)))
}

/// The zone of a country of one zone, or of its capital where nearly all publish there.
fn zone_of_country(country: &str) -> Option<&'static str> {
    Some(match country {
        "kr" => "Asia/Seoul",
        "kp" => "Asia/Pyongyang",
        "jp" => "Asia/Tokyo",
        "cn" => "Asia/Shanghai",
        "tw" => "Asia/Taipei",
        "hk" => "Asia/Hong_Kong",
        "sg" => "Asia/Singapore",
        "my" => "Asia/Kuala_Lumpur",
        "ph" => "Asia/Manila",
        "vn" => "Asia/Ho_Chi_Minh",
        "th" => "Asia/Bangkok",
        "in" => "Asia/Kolkata",
        "pk" => "Asia/Karachi",
        "sa" => "Asia/Riyadh",
        "ae" => "Asia/Dubai",
        "iq" => "Asia/Baghdad",
        "il" => "Asia/Jerusalem",
        "eg" => "Africa/Cairo",
        "tr" => "Europe/Istanbul",
        "pl" => "Europe/Warsaw",
        "ro" => "Europe/Bucharest",
        "ua" => "Europe/Kyiv",
        "de" => "Europe/Berlin",
        "at" => "Europe/Vienna",
        "ch" => "Europe/Zurich",
        "fr" => "Europe/Paris",
        "be" => "Europe/Brussels",
        "nl" => "Europe/Amsterdam",
        "it" => "Europe/Rome",
        "gr" => "Europe/Athens",
        "bg" => "Europe/Sofia",
        "hu" => "Europe/Budapest",
        "cz" => "Europe/Prague",
        "sk" => "Europe/Bratislava",
        "si" => "Europe/Ljubljana",
        "hr" => "Europe/Zagreb",
        "rs" => "Europe/Belgrade",
        "no" => "Europe/Oslo",
        "se" => "Europe/Stockholm",
        "dk" => "Europe/Copenhagen",
        "fi" => "Europe/Helsinki",
        "ee" => "Europe/Tallinn",
        "lv" => "Europe/Riga",
        "lt" => "Europe/Vilnius",
        "uk" => "Europe/London",
        "ie" => "Europe/Dublin",
        "pe" => "America/Lima",
        "ar" => "America/Argentina/Buenos_Aires",
        _ => return None,
    })
}

/// The zone of a language that is written in one.
fn zone_of_language(language: &str) -> Option<&'static str> {
    zone_of_country(match language {
        "ko" => "kr",
        "ja" => "jp",
        "vi" => "vn",
        "th" => "th",
        "he" => "il",
        "tr" => "tr",
        "pl" => "pl",
        "ro" => "ro",
        "uk" => "ua",
        "el" => "gr",
        "bg" => "bg",
        "hu" => "hu",
        "cs" => "cz",
        "sk" => "sk",
        "sl" => "si",
        "hr" => "hr",
        "no" | "nb" | "nn" => "no",
        "sv" => "se",
        "da" => "dk",
        "fi" => "fi",
        "et" => "ee",
        "lv" => "lv",
        "lt" => "lt",
        _ => return None,
    })
}
