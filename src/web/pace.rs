//! Wrong tokens are paced by address: some guesses a minute, then none is heard for a while.
//!
//! A guess counts once however often it is sent, so that a script with an old token does not keep out who has the right one
//! beside it. Behind a proxy all come from one address: then they are paced together.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::ConnectInfo;
use axum::http::Extensions;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

/// Wrong tokens that are heard from an address in [`WINDOW`].
const GUESSES: usize = 8;

const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// Addresses that are remembered; beyond these a newcomer takes the place of the oldest.
const MOST: usize = 4_096;

/// Who asks, as far as pacing goes: an IPv4 address, the network of an IPv6 one, or all that have none (a unix socket).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place(Option<IpAddr>);

impl Place {
    /// Where a request came from.
    pub fn of(extensions: &Extensions) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        Self(
            peer.map(|ConnectInfo(peer)| match peer.ip().to_canonical() {
                IpAddr::V6(ip) => IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes()),
                ip @ IpAddr::V4(_) => ip,
            }),
        )
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(ip) => ip.fmt(f),
            None => f.write_str("the socket"),
        }
    }
}

/// The wrong tokens of an address, by their hash, with when each was given first, and how often any was.
#[derive(Debug, Default)]
struct Guesses {
    list: Vec<([u8; 32], Timestamp)>,
    times: usize,
}

/// What is to be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// It is looked at.
    Heard,
    /// It is known to be wrong.
    Wrong,
    /// It is not looked at for so many seconds.
    Later(u64),
}

/// What the log is told: once a minute that it begins and once that an address is closed, however many addresses there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The address is closed now.
    pub closed: bool,
    /// Others of which the same could have been said since it was said last.
    pub others: u64,
}

/// When something was said, and how often it was not said since.
#[derive(Debug, Default)]
struct Said {
    at: Option<Timestamp>,
    unsaid: u64,
}

/// The wrong tokens of the last minute.
#[derive(Debug, Default)]
pub struct Pace(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    places: HashMap<Place, Guesses>,
    begun: Said,
    closed: Said,
}

impl Told {
    /// Says it of `place`, where tokens are given at `door`.
    pub fn log(self, place: Place, door: &str) {
        let Self { closed, others } = self;
        let then = if closed {
            ": none from there is looked at for a minute"
        } else {
            ""
        };
        let beside = match others {
            0 => String::new(),
            others => format!("; so it was with {others} other addresses since this was said last"),
        };
        tracing::warn!(from = %place, others, "wrong tokens are given {door} from {place}{then}{beside}");
    }
}

impl Pace {
    /// Tokens are others now: what was wrong may be right.
    pub fn begin_anew(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }

    /// Whether a token from there is looked at now.
    pub fn hear(&self, place: Place, token: &str, now: Timestamp) -> Hearing {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(guesses) = inner.places.get_mut(&place) else {
            return Hearing::Heard;
        };
        guesses.forget(now);
        let Some((_, first)) = guesses.list.first() else {
            inner.places.remove(&place);
            return Hearing::Heard;
        };
        let rest = WINDOW.as_secs() - now.duration_since(*first).as_secs();
        let later = Hearing::Later(rest.clamp(1, WINDOW.as_secs()).unsigned_abs());
        let hash: [u8; 32] = Sha256::digest(token).into();
        if guesses.list.iter().any(|(known, _)| *known == hash) {
            guesses.times = guesses.times.saturating_add(1);
            return if guesses.times > GUESSES {
                later
            } else {
                Hearing::Wrong
            };
        }
        if guesses.list.len() >= GUESSES {
            return later;
        }
        Hearing::Heard
    }

    /// Notes a token that was looked at and is wrong, and says what the log is to be told.
    pub fn wrong(&self, place: Place, token: &str, now: Timestamp) -> Option<Told> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.places.len() >= MOST && !inner.places.contains_key(&place) {
            inner.make_room();
        }
        let guesses = inner.places.entry(place).or_default();
        guesses.list.push((Sha256::digest(token).into(), now));
        guesses.times = guesses.times.saturating_add(1);
        match guesses.list.len() {
            1 => inner.begun.say(now).map(|others| Told {
                closed: false,
                others,
            }),
            GUESSES => inner.closed.say(now).map(|others| Told {
                closed: true,
                others,
            }),
            _ => None,
        }
    }
}

impl Inner {
    /// Forgets the address whose guesses are the oldest: nobody is kept out for what others did.
    fn make_room(&mut self) {
        let oldest = self
            .places
            .iter()
            .min_by_key(|(_, guesses)| guesses.list.first().map(|(_, at)| *at));
        if let Some(place) = oldest.map(|(place, _)| *place) {
            self.places.remove(&place);
        }
    }
}

impl Said {
    /// How often it was not said since the last time; none where that is less than a minute ago.
    fn say(&mut self, now: Timestamp) -> Option<u64> {
        if self
            .at
            .is_some_and(|at| now.duration_since(at).abs() < WINDOW)
        {
            self.unsaid = self.unsaid.saturating_add(1);
            return None;
        }
        self.at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

impl Guesses {
    /// Leaves out what was given more than a minute ago; also what the clock, set back since, has in the future.
    fn forget(&mut self, now: Timestamp) {
        self.list
            .retain(|(_, at)| now.duration_since(*at).abs() <= WINDOW);
        if self.list.is_empty() {
            self.times = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        let start: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        start
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap()
    }

    fn from(ip: &str) -> Place {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 1)));
        Place::of(&extensions)
    }

    #[test]
    fn eight_guesses_close_an_address_for_a_minute_and_no_other() {
        let (pace, here) = (Pace::default(), from("192.0.2.1"));
        let mut told = Vec::new();
        for number in 0..8 {
            let token = format!("guess {number}");
            assert_eq!(pace.hear(here, &token, at(number)), Hearing::Heard);
            told.extend(pace.wrong(here, &token, at(number)));
        }
        let told: Vec<bool> = told.iter().map(|told| told.closed).collect();
        assert_eq!(told, [false, true]);
        assert_eq!(pace.hear(here, "right", at(10)), Hearing::Later(50));
        assert_eq!(
            pace.hear(from("192.0.2.2"), "right", at(10)),
            Hearing::Heard
        );
        assert_eq!(pace.hear(Place::default(), "right", at(10)), Hearing::Heard);
        // What is not heard does not count: it opens again whatever was sent meanwhile.
        assert_eq!(pace.hear(here, "right", at(61)), Hearing::Heard);
        assert_eq!(pace.hear(here, "right", at(120)), Hearing::Heard);
    }

    #[test]
    fn a_script_with_an_old_token_is_told_to_wait_and_keeps_nobody_out() {
        let (pace, here) = (Pace::default(), from("192.0.2.1"));
        assert_eq!(pace.hear(here, "old", at(0)), Hearing::Heard);
        assert!(pace.wrong(here, "old", at(0)).is_some());
        for _ in 0..7 {
            assert_eq!(pace.hear(here, "old", at(1)), Hearing::Wrong);
        }
        for _ in 0..1000 {
            assert_eq!(pace.hear(here, "old", at(20)), Hearing::Later(40));
        }
        assert_eq!(pace.hear(here, "right", at(20)), Hearing::Heard);
        assert_eq!(pace.hear(here, "old", at(61)), Hearing::Heard);
    }

    #[test]
    fn a_network_of_ipv6_is_one_place_and_ipv4_within_it_is_ipv4() {
        assert_eq!(from("2001:db8::1"), from("2001:db8::2:3"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
    }

    #[test]
    fn many_addresses_fill_no_memory_nor_log_and_keep_nobody_else_out() {
        let pace = Pace::default();
        let ip = |number: u32| from(&std::net::Ipv4Addr::from(number + (10 << 24)).to_string());
        let many = u32::try_from(MOST).unwrap() + 20;
        let mut told = Vec::new();
        for number in 0..many {
            let now = at(0) + SignedDuration::from_millis(i64::from(number) * 5);
            told.extend(pace.wrong(ip(number), "guess", now));
        }
        assert_eq!(pace.0.lock().unwrap().places.len(), MOST);
        let begun = Told {
            closed: false,
            others: 0,
        };
        assert_eq!(told, [begun]);
        assert_eq!(pace.hear(from("192.0.2.77"), "x", at(30)), Hearing::Heard);
        // The first ones are forgotten, the last ones are not.
        assert_eq!(pace.hear(ip(0), "guess", at(30)), Hearing::Heard);
        assert_eq!(pace.hear(ip(many - 1), "guess", at(30)), Hearing::Wrong);
        let later = pace.wrong(from("192.0.2.78"), "x", at(60));
        let others = u64::from(many) - 1;
        assert_eq!(later, Some(Told { others, ..begun }));
    }
}
