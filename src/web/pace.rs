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

/// Addresses that are remembered; beyond these newcomers are paced together.
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

/// The wrong tokens of the last minute.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<Place, Guesses>>);

impl Pace {
    /// Whether a token from there is looked at now.
    pub fn hear(&self, place: Place, token: &str, now: Timestamp) -> Hearing {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept_as(&all, place);
        let Some(guesses) = all.get_mut(&place) else {
            return Hearing::Heard;
        };
        guesses.forget(now);
        let Some((_, first)) = guesses.list.first() else {
            all.remove(&place);
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

    /// Notes a token that was looked at and is wrong; true for the first of an address, and for the one that closes it.
    pub fn wrong(&self, place: Place, token: &str, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&place) {
            all.retain(|_, guesses| {
                guesses.forget(now);
                !guesses.list.is_empty()
            });
        }
        let place = kept_as(&all, place);
        let guesses = all.entry(place).or_default();
        guesses.list.push((Sha256::digest(token).into(), now));
        guesses.times = guesses.times.saturating_add(1);
        matches!(guesses.list.len(), 1 | GUESSES)
    }
}

/// Under which place it is kept: newcomers beyond the limit share one.
fn kept_as(all: &HashMap<Place, Guesses>, place: Place) -> Place {
    if all.len() >= MOST && !all.contains_key(&place) {
        return Place::default();
    }
    place
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
            told.push(pace.wrong(here, &token, at(number)));
        }
        assert_eq!(told.iter().filter(|told| **told).count(), 2);
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
        assert!(pace.wrong(here, "old", at(0)));
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
    fn many_addresses_fill_no_memory_and_are_paced_together() {
        let pace = Pace::default();
        for number in 0..u32::try_from(MOST).unwrap() + 20 {
            let ip = std::net::Ipv4Addr::from(number + (10 << 24));
            pace.wrong(from(&ip.to_string()), "guess", at(0));
        }
        assert!(pace.0.lock().unwrap().len() <= MOST + 1);
        let newcomer = from("192.0.2.77");
        assert!(matches!(pace.hear(newcomer, "x", at(1)), Hearing::Later(_)));
        assert_eq!(pace.hear(newcomer, "x", at(61)), Hearing::Heard);
    }
}
