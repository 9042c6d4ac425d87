//! Whether a message for one receiver goes out now, or waits: for what, until when, in words (DLV-30 to DLV-35).
//!
//! The first that holds back wins: silence, throttle, quiet hours, digest. Whether there is an alert at all was
//! decided before (`decide`); what is done with a message that waits is the store's business.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::manners::Manner;
use crate::domain::rule::Severity;
use crate::domain::units::Rate;

/// The longest that a throttle keeps anything from being told.
const LONGEST_THROTTLE: SignedDuration = SignedDuration::from_hours(1);

/// So many messages come by themselves when quiet hours end; more come as one.
pub const FEW: usize = 3;

/// By what a message is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// People said so.
    Silence,
    /// Its rule has spoken often enough.
    Throttle,
    /// The receiver is left alone at this time of day.
    Quiet,
    /// It comes with others at a time of day.
    Digest,
}

impl Hold {
    /// The spelling in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Throttle => "throttle",
            Self::Quiet => "quiet",
            Self::Digest => "digest",
        }
    }
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// By what it is held.
    pub hold: Hold,
    /// When that is looked at again.
    pub until: Timestamp,
    /// Which silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence: Option<i64>,
    /// In words.
    pub why: String,
}

/// A message, and what is so around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// How much it matters.
    pub severity: Severity,
    /// The silence that holds it, and when that ends.
    pub silence: Option<(i64, Timestamp)>,
    /// How its rule stands with the receiver, where the rule has a throttle.
    pub throttle: Option<Throttle>,
    /// Whether its rule asks for digests.
    pub for_digest: bool,
    /// When.
    pub now: Timestamp,
}

/// How a rule with a `throttle` stands with a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Its limit.
    pub rate: Rate,
    /// When the last message but `rate.count - 1` was let through; none where there were fewer.
    pub oldest: Option<Timestamp>,
    /// When those that wait already are looked at.
    pub waiting: Option<Timestamp>,
}

impl Throttle {
    /// When one more may go, where that is not now.
    #[must_use]
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let per = SignedDuration::try_from(self.rate.per).unwrap_or(SignedDuration::MAX);
        // Under a clock that was set back the window is no longer than it would be.
        let oldest = self.oldest?.min(now);
        let opens = oldest.checked_add(per).unwrap_or(Timestamp::MAX);
        (opens > now).then_some(opens)
    }
}

/// Everything that holds a message, the one that counts first; nothing: it goes out now.
#[must_use]
pub fn holds(manner: &Manner, moment: &Moment) -> Vec<Waiting> {
    let in_digest = moment.for_digest || collects(manner, moment.severity);
    let silence = moment.silence.map(|(id, ends)| silenced(id, ends, manner));
    let throttle = moment.throttle.filter(|_| !in_digest);
    let throttle = throttle.and_then(|throttle| throttled(&throttle, moment, manner));
    let digest = in_digest.then(|| collected(manner, moment.now)).flatten();
    [silence, throttle, quiet(manner, moment), digest]
        .into_iter()
        .flatten()
        .collect()
}

/// What a digest waits for: only quiet hours, since its alerts have waited already.
#[must_use]
pub fn holds_digest(manner: &Manner, severity: Severity, now: Timestamp) -> Option<Waiting> {
    let moment = Moment {
        severity,
        silence: None,
        throttle: None,
        for_digest: false,
        now,
    };
    quiet(manner, &moment)
}

fn collects(manner: &Manner, severity: Severity) -> bool {
    manner
        .collects
        .is_some_and(|collects| collects.except.is_none_or(|except| severity < except))
}

fn silenced(id: i64, ends: Timestamp, manner: &Manner) -> Waiting {
    Waiting {
        hold: Hold::Silence,
        until: ends,
        silence: Some(id),
        why: format!("silence {id} until {}", shown(ends, &manner.digest.zone)),
    }
}

/// Critical alerts are counted and never throttled.
fn throttled(throttle: &Throttle, moment: &Moment, manner: &Manner) -> Option<Waiting> {
    if moment.severity == Severity::Critical {
        return None;
    }
    let opens = throttle.opens(moment.now)?;
    let latest = moment
        .now
        .checked_add(LONGEST_THROTTLE)
        .unwrap_or(Timestamp::MAX);
    let until = throttle.waiting.unwrap_or(latest).min(opens).min(latest);
    let zone = &manner.digest.zone;
    Some(Waiting {
        hold: Hold::Throttle,
        until,
        silence: None,
        why: format!(
            "throttle {}: with others at {}",
            throttle.rate,
            shown(until, zone)
        ),
    })
}

fn quiet(manner: &Manner, moment: &Moment) -> Option<Waiting> {
    let hours = manner.quiet.as_ref()?;
    let until = hours.until(moment.severity, moment.now)?;
    Some(Waiting {
        hold: Hold::Quiet,
        until,
        silence: None,
        why: format!("quiet hours until {}", shown(until, &hours.zone)),
    })
}

fn collected(manner: &Manner, now: Timestamp) -> Option<Waiting> {
    let until = manner.digest.next(now)?;
    Some(Waiting {
        hold: Hold::Digest,
        until,
        silence: None,
        why: format!("digest at {}", shown(until, &manner.digest.zone)),
    })
}

/// `2026-11-25 07:00 KST`.
fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M %Z")
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::alert::hours::{QuietHours, TimeOfDay};
    use crate::domain::alert::manners::Collects;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn seoul() -> TimeZone {
        TimeZone::get("Asia/Seoul").unwrap()
    }

    /// Quiet from 22 to 7, digest at 8 o'clock in Seoul.
    fn manner() -> Manner {
        Manner {
            quiet: Some(QuietHours {
                from: jiff::civil::time(22, 0, 0, 0),
                to: jiff::civil::time(7, 0, 0, 0),
                zone: seoul(),
                except: Some(Severity::Critical),
            }),
            digest: TimeOfDay {
                at: jiff::civil::time(8, 0, 0, 0),
                zone: seoul(),
            },
            collects: None,
            give_up: Duration::from_hours(72),
            hears_acks: false,
        }
    }

    /// Noon in Seoul, or 23:10.
    fn moment(severity: Severity, night: bool) -> Moment {
        Moment {
            severity,
            silence: None,
            throttle: None,
            for_digest: false,
            now: at(if night {
                "2026-11-24T14:10:00Z"
            } else {
                "2026-11-24T03:00:00Z"
            }),
        }
    }

    fn full(waiting: Option<&str>) -> Throttle {
        Throttle {
            rate: crate::domain::units::parse_rate("3/h").unwrap(),
            oldest: Some(at("2026-11-24T02:40:00Z")),
            waiting: waiting.map(at),
        }
    }

    fn names(waiting: &[Waiting]) -> Vec<&'static str> {
        waiting.iter().map(|one| one.hold.as_str()).collect()
    }

    #[test]
    fn nothing_holds_by_day_and_at_night_quiet_hours_do() {
        assert_eq!(holds(&manner(), &moment(Severity::High, false)), []);
        let held = holds(&manner(), &moment(Severity::High, true));
        assert_eq!(names(&held), ["quiet"]);
        assert_eq!(held[0].why, "quiet hours until 2026-11-25 07:00 KST");
        assert_eq!(held[0].until, at("2026-11-24T22:00:00Z"));
        assert_eq!(holds(&manner(), &moment(Severity::Critical, true)), []);
    }

    #[test]
    fn the_first_that_holds_wins_and_all_are_told() {
        let all = Moment {
            silence: Some((7, at("2026-11-24T16:00:00Z"))),
            throttle: Some(Throttle {
                oldest: Some(at("2026-11-24T14:00:00Z")),
                ..full(None)
            }),
            ..moment(Severity::High, true)
        };
        let held = holds(&manner(), &all);
        assert_eq!(names(&held), ["silence", "throttle", "quiet"]);
        assert_eq!(held[0].silence, Some(7));
        assert_eq!(held[0].why, "silence 7 until 2026-11-25 01:00 KST");
        let collected = Moment {
            for_digest: true,
            ..all
        };
        assert_eq!(
            names(&holds(&manner(), &collected)),
            ["silence", "quiet", "digest"],
            "what comes in a digest needs no throttle"
        );
    }

    #[test]
    fn a_throttle_waits_for_its_window_an_hour_at_most_and_with_those_that_wait() {
        let until = |throttle: Throttle| {
            let throttled = Moment {
                throttle: Some(throttle),
                ..moment(Severity::High, false)
            };
            holds(&manner(), &throttled).first().map(|one| one.until)
        };
        assert_eq!(until(full(None)), Some(at("2026-11-24T03:40:00Z")));
        assert_eq!(
            until(full(Some("2026-11-24T03:10:00Z"))),
            Some(at("2026-11-24T03:10:00Z"))
        );
        let daily = Throttle {
            rate: crate::domain::units::parse_rate("3/d").unwrap(),
            ..full(None)
        };
        assert_eq!(until(daily), Some(at("2026-11-24T04:00:00Z")));
        let few = Throttle {
            oldest: None,
            ..full(None)
        };
        let over = Throttle {
            oldest: Some(at("2026-11-24T02:00:00Z")),
            ..full(None)
        };
        assert_eq!([until(few), until(over)], [None, None]);
        let critical = Moment {
            throttle: Some(full(None)),
            ..moment(Severity::Critical, false)
        };
        assert_eq!(holds(&manner(), &critical), []);
    }

    #[test]
    fn a_receiver_that_collects_gets_all_but_the_exception_at_its_time() {
        let collecting = Manner {
            collects: Some(Collects {
                except: Some(Severity::High),
                empty: false,
            }),
            ..manner()
        };
        let held = holds(&collecting, &moment(Severity::Medium, false));
        assert_eq!(names(&held), ["digest"]);
        assert_eq!(held[0].until, at("2026-11-24T23:00:00Z"));
        assert_eq!(holds(&collecting, &moment(Severity::High, false)), []);
        let asked = Moment {
            for_digest: true,
            ..moment(Severity::Critical, false)
        };
        assert_eq!(names(&holds(&manner(), &asked)), ["digest"]);
    }

    #[test]
    fn a_digest_waits_only_for_quiet_hours() {
        let night = at("2026-11-24T14:10:00Z");
        assert!(holds_digest(&manner(), Severity::High, night).is_some());
        assert!(holds_digest(&manner(), Severity::Critical, night).is_none());
        let noon = at("2026-11-24T03:00:00Z");
        assert!(holds_digest(&manner(), Severity::High, noon).is_none());
    }
}
