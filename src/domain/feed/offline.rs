//! Whether it is the publishers that cannot be reached, or the machine that has no network.
//!
//! Pure: polls that ended go in, a verdict comes out. Nobody answers, and several hosts that were well cannot be
//! reached: then it is us. The same where several hosts show one and the same page instead of their feeds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

/// So many hosts…
const HOSTS: usize = 5;

/// …or all that there are, and of pages one in so many of the hosts asked…
const SHARE: (usize, usize) = (3, 10);

/// …within this. Long enough for a handful of feeds that are asked once an hour each.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// Nobody may have answered within this.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(1);

/// Most polls looked back at.
const REMEMBERED: usize = 4_096;

/// Why no connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The name does not exist.
    NoSuchName,
    /// Names cannot be looked up now.
    NoNames,
    /// There is no way to the network.
    NoRoute,
    /// Refused, or nothing in time.
    NoConnection,
}

/// What a poll's end says about the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The publisher answered.
    Answered,
    /// No connection to it.
    Unreached(Unreached),
    /// A page instead of the feed: where it lies, or what it says.
    Page(String),
    /// Nothing either way.
    Silent,
}

/// A poll that ended, as far as the network goes. Hosts of the operator's own are not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Host and port.
    pub host: String,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub sign: Sign,
    /// The feed was well before, or new: one that fails anyway says nothing.
    pub fit: bool,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    AsBefore,
    /// The machine has no network; what failed for that since the window began is not the feeds' fault.
    WentOffline,
    /// It has one again.
    CameBack,
}

/// Watches what polls come to.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    window: VecDeque<Told>,
    /// Hosts that once were part of a verdict, and have not answered since: no evidence for another.
    suspects: BTreeSet<String>,
    since: Option<Timestamp>,
}

impl Watch {
    /// Since when there is no network.
    #[must_use]
    pub fn offline_since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Whether `host` was part of a verdict, and has not answered since.
    #[must_use]
    pub fn suspects(&self, host: &str) -> bool {
        self.suspects.contains(host)
    }

    /// Whether what happened at `at` is still looked at.
    #[must_use]
    pub fn remembers(at: Timestamp, now: Timestamp) -> bool {
        now.duration_since(at).abs() <= WINDOW
    }

    /// Takes note of a poll; `hosts` is how many there are in all.
    pub fn note(&mut self, told: Told, hosts: usize) -> Verdict {
        let now = told.at;
        self.window.retain(|before| Self::remembers(before.at, now));
        if self.window.len() >= REMEMBERED {
            self.window.pop_front();
        }
        match told.sign {
            Sign::Answered => self.answered(told),
            Sign::Silent => Verdict::AsBefore,
            Sign::Unreached(_) | Sign::Page(_) => {
                self.window.push_back(told);
                self.judge(now, hosts)
            }
        }
    }

    /// No more polls will end soon: whether those that did say that there is no network, however few they are.
    pub fn close(&mut self, now: Timestamp) -> Verdict {
        let asked: BTreeSet<_> = self.window.iter().map(|told| &told.host).collect();
        let asked = asked.len();
        self.judge(now, asked)
    }

    fn answered(&mut self, told: Told) -> Verdict {
        self.suspects.remove(&told.host);
        let was_offline = self.since.take().is_some();
        // What could not be reached before this is down by itself.
        self.window
            .retain(|before| !was_offline && !matches!(before.sign, Sign::Unreached(_)));
        self.window.push_back(told);
        if was_offline {
            Verdict::CameBack
        } else {
            Verdict::AsBefore
        }
    }

    fn judge(&mut self, now: Timestamp, hosts: usize) -> Verdict {
        if self.since.is_some() {
            return Verdict::AsBefore;
        }
        let Some(guilty) = self.nobody_answers(now, hosts).or_else(|| self.one_page()) else {
            return Verdict::AsBefore;
        };
        self.suspects.extend(guilty);
        self.since = Some(now);
        Verdict::WentOffline
    }

    /// The hosts that cannot be reached, if they are enough and nobody has answered meanwhile.
    fn nobody_answers(&self, now: Timestamp, hosts: usize) -> Option<Vec<String>> {
        let lately = |told: &Told| {
            told.sign == Sign::Answered && now.duration_since(told.at).abs() <= JUST_NOW
        };
        if self.window.iter().any(lately) {
            return None;
        }
        let mut evidence: BTreeMap<&str, Unreached> = BTreeMap::new();
        for told in self.window.iter().filter(|told| self.is_evidence(told)) {
            if let Sign::Unreached(why) = told.sign {
                evidence.insert(&told.host, why);
            }
        }
        let enough = if hosts >= HOSTS {
            evidence.len() >= HOSTS
        } else {
            // Of a few hosts, each may be down by itself: it takes all, and a failure that is more likely ours.
            let ours = |why: &Unreached| match why {
                Unreached::NoNames | Unreached::NoRoute => true,
                Unreached::NoSuchName => hosts > 1,
                Unreached::NoConnection => false,
            };
            hosts > 0 && evidence.len() >= hosts && evidence.values().all(ours)
        };
        enough.then(|| evidence.into_keys().map(str::to_owned).collect())
    }

    /// The hosts that show one and the same page, if they are enough.
    fn one_page(&self) -> Option<Vec<String>> {
        let asked: BTreeSet<&str> = self.window.iter().map(|told| told.host.as_str()).collect();
        let mut pages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for told in self.window.iter().filter(|told| self.is_evidence(told)) {
            if let Sign::Page(page) = &told.sign {
                pages.entry(page).or_default().insert(&told.host);
            }
        }
        let most = pages.into_values().max_by_key(BTreeSet::len)?;
        let share = most.len() * SHARE.1 >= asked.len() * SHARE.0;
        (most.len() >= HOSTS && share).then(|| most.into_iter().map(str::to_owned).collect())
    }

    fn is_evidence(&self, told: &Told) -> bool {
        told.fit && !self.suspects.contains(&told.host)
    }
}

#[cfg(test)]
mod tests;
