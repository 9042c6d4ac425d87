//! The machine under the daemon: disk, clock, store, config.
//!
//! Pure: measurements in, conditions out.

use jiff::{SignedDuration, Timestamp};

use super::watch::Known;
use super::{Condition, Kind, at};

/// Less than this part of a disk…
const LITTLE: (u64, u64) = (5, 100);

/// …or, once told, this…
const ENOUGH: (u64, u64) = (7, 100);

/// …is too little where it is also less than this: a twentieth of a large disk is plenty.
const PLENTY: u64 = 2 << 30;

/// An event is shown for so long.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What can still be written.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Room where the store lies.
    pub room: Option<Room>,
    /// Whether people were told that there is little.
    pub told_full: bool,
    /// The last time that the clock differed from the time that passed, and by how much.
    pub jump: Option<(Timestamp, SignedDuration)>,
    /// The last time that the store failed: from, to, and what it said.
    pub store: Option<(Timestamp, Timestamp, String)>,
    /// Why the last reload was refused.
    pub refused: Option<String>,
}

/// What is wrong with the machine.
#[must_use]
pub fn judge(facts: &Facts, now: Timestamp) -> Vec<Condition> {
    let shown = |when: Timestamp| now.duration_since(when).abs() < SHOWN_FOR;
    let disk = facts.room.filter(|room| is_full(*room, facts.told_full)).map(|room| {
        let free = room.free >> 20;
        let text = format!("the disk of the store has {free} MiB left: make room; without any, nothing is polled");
        Condition::new(Kind::DiskFull, "disk", text)
    });
    let clock = facts
        .jump
        .filter(|(when, _)| shown(*when))
        .map(|(when, by)| {
            let span = span(by.as_secs().unsigned_abs());
            let how = if by.is_negative() {
                format!("was set back by {span}")
            } else {
                format!("jumped ahead by {span}, or the machine slept")
            };
            let text = format!("the clock {how} at {}", at(when));
            Condition::new(Kind::ClockJumped, when.to_string(), text)
        });
    let store = facts
        .store
        .as_ref()
        .filter(|(_, to, _)| shown(*to))
        .map(|(from, to, said)| {
            let text = format!("the store failed from {} to {}: {said}", at(*from), at(*to));
            Condition::new(Kind::StoreFailing, from.to_string(), text)
        });
    let config = facts.refused.as_ref().map(|why| {
        Condition::new(
            Kind::ConfigRefused,
            "config",
            format!("{why}; `bongsu check` shows all of it"),
        )
    });
    [disk, clock, store, config].into_iter().flatten().collect()
}

/// About so long, in the largest unit of which there are two.
fn span(seconds: u64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("min", 60)];
    let fits = units.into_iter().find(|(_, unit)| seconds >= 2 * unit);
    let (name, unit) = fits.unwrap_or(("s", 1));
    format!("{} {name}", (seconds + unit / 2) / unit)
}

/// A store that fails now, as people are told without it; once it works again, [`judge`] has a word of the same subject.
#[must_use]
pub fn store_fails(since: Timestamp, said: &str) -> Known {
    let text = format!(
        "the store has failed since {}: {said}; until it works nothing is polled and no alert goes out",
        at(since)
    );
    Known {
        kind: Kind::StoreFailing,
        subject: since.to_string(),
        text,
        since,
        opened: Some(since),
        calm: None,
    }
}

fn is_full(room: Room, told: bool) -> bool {
    let (part, of) = if told { ENOUGH } else { LITTLE };
    u128::from(room.free) * u128::from(of) < u128::from(room.total) * u128::from(part)
        && room.free < PLENTY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_disk_is_full_below_a_twentieth_until_it_has_some_more_again() {
        let gib = 1 << 30;
        for (free, total, told, wanted) in [
            (gib, 30 * gib, false, true),
            (gib, 16 * gib, false, false),
            (gib, 16 * gib, true, true),
            (gib, 12 * gib, true, false),
            (4 * gib, 100 * gib, false, false),
            (40 * gib, 1_000 * gib, false, false),
            (0, 100 * gib, false, true),
            (0, 0, false, false),
        ] {
            assert_eq!(
                is_full(Room { free, total }, told),
                wanted,
                "{free} {total} {told}"
            );
        }
    }

    #[test]
    fn events_are_shown_for_a_day_and_conditions_while_they_hold() {
        let facts = Facts {
            jump: Some((now(), SignedDuration::from_secs(-7_200))),
            store: Some((now(), now(), "disk full".to_owned())),
            refused: Some("feeds.toml:3:1: no such key".to_owned()),
            ..Facts::default()
        };
        let kinds =
            |at| -> Vec<Kind> { judge(&facts, at).iter().map(|found| found.kind).collect() };
        assert_eq!(
            kinds(now()),
            [Kind::ClockJumped, Kind::StoreFailing, Kind::ConfigRefused]
        );
        assert!(judge(&facts, now())[0].text.contains("set back by 2 h"));
        assert_eq!(kinds(now() + SHOWN_FOR), [Kind::ConfigRefused]);
    }

    #[test]
    fn spans_are_as_people_say_them() {
        for (seconds, said) in [
            (60, "60 s"),
            (120, "2 min"),
            (5_400, "90 min"),
            (315_014_399, "3646 d"),
        ] {
            assert_eq!(span(seconds), said);
        }
    }

    #[test]
    fn of_a_store_that_fails_there_is_one_subject_while_it_does_and_after() {
        let facts = Facts {
            store: Some((now(), now(), "damaged".to_owned())),
            ..Facts::default()
        };
        let during = store_fails(now(), "damaged");
        assert_eq!(judge(&facts, now())[0].subject, during.subject);
        assert!(during.text.contains("since 2026-11-24 10:00 UTC: damaged"));
    }
}
