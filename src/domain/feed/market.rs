//! The price of a request: found so that all feeds together spend the budget and no host is crowded, and then
//! corrected by what was really sent.
//!
//! Pure: a few numbers of each feed in, prices out. Counting requests is [`Spent`]; who asks when is the
//! daemon's business.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::price::{self, Price};
use super::schedule::{self, Pace};
use super::week::hour_of;
use super::{FeedState, rhythm};

/// The mean of the jitter that the schedule adds.
const JITTER: f64 = 1.05;

/// Of a host's time, so much may be planned for.
const HOST_SHARE: f64 = 0.5;

/// Rounds in which crowded hosts are looked for: each finds all that the freed budget crowds anew.
const ROUNDS: u8 = 8;

/// Correction never goes further than this, either way.
const MOST_CORRECTED: f64 = 4.0;

/// One feed's part in the budget: what is needed of its row, and no more.
#[derive(Clone, Copy, Debug)]
struct Demand {
    need: Need,
    /// Days, shortest and longest.
    floor: f64,
    ceiling: f64,
    /// Which host, by number; none: one without a limit.
    host: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Need {
    /// A person set so many days.
    Fixed(f64),
    /// Nothing is known of its rhythm: an even share.
    Share,
    /// By its rhythm.
    Known {
        pull: f64,
        matched: f64,
        judged: f64,
        guard: f64,
        /// How much rarer polls are than under a flat shape.
        evenness: f64,
        /// The rate of the last hour by that of the week.
        lately: f64,
    },
}

/// The demands of all feeds, gathered one by one.
#[derive(Debug)]
pub struct Census {
    pace: Pace,
    now: Timestamp,
    demands: Vec<Demand>,
    hosts: HashMap<String, u32>,
}

impl Census {
    /// None counted yet.
    #[must_use]
    pub fn new(pace: Pace, now: Timestamp) -> Self {
        Self {
            pace,
            now,
            demands: Vec::new(),
            hosts: HashMap::new(),
        }
    }

    /// Counts a feed. Of `state` only the rate, the rhythm and whether there are validators matter.
    pub fn add(&mut self, url: &str, interval: Option<Duration>, state: &FeedState) {
        let floor = days(schedule::floor(state, &self.pace));
        let need = match (interval.or(self.pace.interval), rhythm::rate(state)) {
            (Some(fixed), _) => Need::Fixed(days(fixed.max(schedule::SHORTEST))),
            (None, None) => Need::Share,
            (None, Some(rate)) => {
                let shape = state.rhythm.shape(self.now);
                Need::Known {
                    pull: price::pull(rate, self.pace.fairness),
                    matched: state.rhythm.matched,
                    judged: state.rhythm.judged,
                    guard: price::guard_days(state).unwrap_or(f64::INFINITY),
                    evenness: shape.evenness(),
                    lately: shape.at(hour_of(self.now) - 0.5),
                }
            }
        };
        let host = host_of(url).map(|host| {
            let next = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
            *self.hosts.entry(host).or_insert(next)
        });
        self.demands.push(Demand {
            need,
            floor,
            ceiling: days(self.pace.max).max(floor),
            host,
        });
    }

    /// The share of entries that match a rule, over all feeds.
    fn share(&self) -> f64 {
        let (mut all_matched, mut all_judged) = (0.0, 0.0);
        for demand in &self.demands {
            if let Need::Known {
                matched, judged, ..
            } = demand.need
            {
                all_matched += matched;
                all_judged += judged;
            }
        }
        let share: f64 = all_matched / all_judged;
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

/// The prices in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Market {
    cost: Option<f64>,
    share: f64,
    /// Hosts that are crowded: how many times longer their feeds wait.
    crowds: HashMap<String, f64>,
    /// How many times more requests are sent than planned.
    correction: Option<f64>,
}

impl Market {
    /// Before anything is known, with the correction that an earlier run learned.
    #[must_use]
    pub fn new(correction: Option<f64>) -> Self {
        Self {
            correction: correction.map(bounded),
            ..Self::default()
        }
    }

    /// What a request to the host of `url` costs; none while no feed's rhythm is known.
    #[must_use]
    pub fn price(&self, url: &str) -> Option<Price> {
        let crowd = host_of(url).and_then(|host| self.crowds.get(&host).copied());
        self.cost.map(|cost| Price {
            cost,
            crowd: crowd.unwrap_or(1.0),
            share: self.share,
        })
    }

    /// How many times more requests than planned are sent: to be kept for the next run.
    #[must_use]
    pub fn correction(&self) -> f64 {
        self.correction.unwrap_or(1.0)
    }

    /// The market after `spent`: prices anew for all feeds, corrected by the requests of the last hour.
    #[must_use]
    pub fn after(&self, census: &Census, spent: Option<u32>) -> Self {
        let mut correction = self.correction();
        if let (Some(cost), Some(spent)) = (self.cost, spent) {
            let planned = self.planned(census, cost) * correction;
            // A fourth root: the price moves with the root, polls with the root of the price.
            let ratio = (f64::from(spent) + 1.0) / (planned + 1.0);
            correction =
                bounded(correction * ratio.powf(0.25).clamp(0.5_f64.sqrt(), 2.0_f64.sqrt()));
        }
        let share = census.share();
        let (cost, crowds) = solve(census, share, correction);
        let name = |number: u32| {
            let crowd = crowds.get(usize::try_from(number).ok()?).copied()?;
            (crowd > 1.0).then_some(crowd)
        };
        Self {
            cost,
            share,
            crowds: census
                .hosts
                .iter()
                .filter_map(|(host, number)| Some((host.clone(), name(*number)?)))
                .collect(),
            correction: Some(correction),
        }
    }

    /// Requests of the last hour that the prices in force ask for.
    fn planned(&self, census: &Census, cost: f64) -> f64 {
        let mut crowds = vec![1.0; census.hosts.len()];
        for (host, crowd) in &self.crowds {
            let place = census
                .hosts
                .get(host)
                .and_then(|number| usize::try_from(*number).ok());
            if let Some(slot) = place.and_then(|place| crowds.get_mut(place)) {
                *slot = *crowd;
            }
        }
        let lately = census.demands.iter().map(|demand| {
            let mut demand = *demand;
            if let Need::Known {
                pull,
                evenness,
                lately,
                ..
            } = &mut demand.need
            {
                *pull *= *lately;
                *evenness = 1.0;
            }
            demand
        });
        let budget = price::budget(&census.pace);
        lately
            .map(|demand| demand.offer(self.share, budget))
            .filter(|offer| !offer.fixed)
            .map(|offer| offer.polls(cost.sqrt(), crowd_of(&crowds, offer.demand.host)))
            .sum::<f64>()
            / 24.0
    }
}

impl Demand {
    /// What this feed asks for, worked out as far as it can be before the cost is known.
    fn offer(&self, share: f64, budget: f64) -> Offer {
        let (fixed, slope, guard) = match self.need {
            Need::Fixed(interval) => (true, 0.0, interval),
            Need::Share => (false, 0.0, 1.0 / budget),
            Need::Known {
                pull,
                matched,
                judged,
                guard,
                evenness,
                ..
            } => {
                let pull = pull * price::matching(matched, judged, share);
                (false, (2.0 / pull).sqrt() / evenness, guard)
            }
        };
        Offer {
            fixed,
            slope,
            guard,
            demand: *self,
        }
    }
}

/// A demand at the going share: its interval grows with the root of the cost, by `slope`, up to `guard`.
#[derive(Clone, Copy, Debug)]
struct Offer {
    fixed: bool,
    /// 0: the interval is `guard` whatever the cost.
    slope: f64,
    guard: f64,
    demand: Demand,
}

impl Offer {
    /// Polls a day at the root of a cost.
    fn polls(&self, root: f64, crowd: f64) -> f64 {
        let wanted = if self.slope > 0.0 {
            (self.slope * root).min(self.guard)
        } else {
            self.guard
        };
        if self.fixed {
            return 1.0 / (JITTER * wanted);
        }
        let Demand { floor, ceiling, .. } = self.demand;
        // Never a NaN: `max` and `min` take the other number then.
        1.0 / (JITTER * (wanted * crowd).max(floor).min(ceiling).max(1e-4))
    }
}

/// The cost at which known feeds spend the budget, and by how much each host's feeds are stretched.
///
/// A host over its bound gets a price of its own that meets the bound; the others share what is left, until
/// no other host is over its own.
fn solve(census: &Census, share: f64, correction: f64) -> (Option<f64>, Vec<f64>) {
    let budget = price::budget(&census.pace);
    let mut crowds = vec![1.0; census.hosts.len()];
    let offers: Vec<Offer> = census
        .demands
        .iter()
        .map(|demand| demand.offer(share, budget))
        .collect();
    if offers.iter().all(|offer| offer.slope <= 0.0) {
        return (None, crowds);
    }
    let adaptive = offers.iter().filter(|offer| !offer.fixed).count();
    let total = f64::from(u32::try_from(adaptive).unwrap_or(u32::MAX)) * budget / correction;
    let limit = HOST_SHARE * 86_400.0 / census.pace.gap.as_secs_f64();
    let hosts = by_host(&offers, census.hosts.len());
    let mut root = 1.0;
    for _ in 0..ROUNDS {
        // A crowded host's price is its own: it does not move with the others'.
        let (mut free, mut taken) = (Vec::new(), 0.0);
        for offer in offers.iter().filter(|offer| !offer.fixed) {
            let crowd = crowd_of(&crowds, offer.demand.host);
            if crowd > 1.0 {
                taken += offer.polls(root, crowd);
            } else {
                free.push(offer);
            }
        }
        let spent =
            |root: f64| free.iter().map(|offer| offer.polls(root, 1.0)).sum::<f64>() + taken;
        root = level(|root| spent(root) > total);
        let now: Vec<f64> = hosts
            .iter()
            .map(|offers| crowd(offers, limit, root))
            .collect();
        let settled = now
            .iter()
            .zip(&crowds)
            .all(|(now, before)| (now / before - 1.0).abs() < 0.01);
        crowds = now;
        if settled {
            break;
        }
    }
    (Some(root * root), crowds)
}

/// The offers of each host that has a limit, by its number.
fn by_host(offers: &[Offer], count: usize) -> Vec<Vec<Offer>> {
    let mut hosts = vec![Vec::new(); count];
    for offer in offers {
        let place = offer
            .demand
            .host
            .and_then(|host| usize::try_from(host).ok());
        if let Some(host) = place.and_then(|place| hosts.get_mut(place)) {
            host.push(*offer);
        }
    }
    hosts
}

/// By how much the feeds of a host have to be stretched so that they keep to `limit` polls a day.
fn crowd(offers: &[Offer], limit: f64, root: f64) -> f64 {
    let spent = |crowd: f64| {
        offers
            .iter()
            .map(|offer| offer.polls(root, crowd))
            .sum::<f64>()
    };
    if limit.is_nan() || spent(1.0) <= limit {
        return 1.0;
    }
    let (mut low, mut high) = (1.0_f64, 1e6_f64);
    for _ in 0..40 {
        let middle = (low * high).sqrt();
        if spent(middle) > limit {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The least number that is not `too_low`, which falls: by halving the range of its logarithm.
fn level(too_low: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (-20.0_f64, 20.0_f64);
    for _ in 0..32 {
        let middle = f64::midpoint(low, high);
        if too_low(middle.exp()) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high.exp()
}

fn crowd_of(crowds: &[f64], host: Option<u32>) -> f64 {
    let place = host.and_then(|host| usize::try_from(host).ok());
    place
        .and_then(|place| crowds.get(place))
        .copied()
        .unwrap_or(1.0)
}

fn bounded(correction: f64) -> f64 {
    if correction.is_finite() {
        correction.clamp(1.0 / MOST_CORRECTED, MOST_CORRECTED)
    } else {
        1.0
    }
}

fn days(duration: Duration) -> f64 {
    duration.as_secs_f64() / 86_400.0
}

/// The host of a URL with its port, if there is a gap between two requests to it: loopback and private
/// addresses have none.
fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next()?.to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            name
        } else {
            &host
        }
    });
    let private = match name.trim_matches(['[', ']']).parse::<core::net::IpAddr>() {
        Ok(core::net::IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(core::net::IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    };
    (!private && !name.is_empty()).then_some(host)
}

/// Requests of the last hour, in parts of ten minutes: the one being filled, and six whole ones.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    parts: [u32; 7],
    /// The part that is being filled: tens of minutes since 1970.
    part: i64,
    /// The part that was the first.
    first: Option<i64>,
}

impl Spent {
    /// Counts `requests` at `now`.
    pub fn add(&mut self, requests: u32, now: Timestamp) {
        self.turn(now);
        self.parts[0] = self.parts[0].saturating_add(requests);
    }

    /// Requests of the last whole hour; none while counting has not gone on for one.
    pub fn last_hour(&mut self, now: Timestamp) -> Option<u32> {
        self.turn(now);
        let watched = self.part - self.first?;
        let whole = self.parts.iter().skip(1);
        let sum = whole.fold(0_u32, |sum, part| sum.saturating_add(*part));
        (watched >= 7).then_some(sum)
    }

    /// Begins as many new parts as have passed; a clock set back begins afresh.
    fn turn(&mut self, now: Timestamp) {
        let part = now.as_second().div_euclid(600);
        if self.first.is_none() || part < self.part {
            *self = Self {
                parts: [0; 7],
                part,
                first: Some(part),
            };
        }
        let passed = usize::try_from(part - self.part)
            .unwrap_or(usize::MAX)
            .min(7);
        self.parts.rotate_right(passed % 7);
        self.parts[..passed].fill(0);
        self.part = part;
    }
}

#[cfg(test)]
mod tests;
