//! How often a feed publishes, from what polls brought.
//!
//! Gamma–Poisson with forgetting where entries say when they came; for feeds without dates, the likelihood of
//! what polls found changed and unchanged (Cho and Garcia-Molina). When in the week is `week`'s business,
//! what a rate is worth `price`'s.

use std::time::Duration;

use jiff::Timestamp;

/// After so many days a count weighs half.
const HALF_LIFE: f64 = 14.0;

/// Weight of the prior guess, in days…
const PRIOR_DAYS: f64 = 7.0;

/// …of so many entries.
const PRIOR_COUNT: f64 = 0.5;

/// Below so many days of watching the rate counts as unknown.
const KNOWN_FROM: f64 = 1.0;

/// Entries of a first document older than this, in days, say nothing of today's rhythm.
pub const RECENT: f64 = 28.0;

/// Dates closer together than this, in days, are those of an export, not of a rhythm.
const ONE_STROKE: f64 = 10.0 / 1_440.0;

/// Entries closer together than this, in seconds, are found together whatever we do: they count once.
const ONE_BURST: i64 = 60;

/// What is left of a decayed count after `days`.
#[must_use]
pub fn kept(days: f64) -> f64 {
    (-days.max(0.0) / HALF_LIFE).exp2()
}

/// Sorted `dates` without those that follow another within a minute.
#[must_use]
pub fn bursts(dates: &[Timestamp]) -> Vec<Timestamp> {
    let mut bursts: Vec<Timestamp> = Vec::new();
    let mut before: Option<Timestamp> = None;
    for at in dates {
        let near = before.is_some_and(|before| at.duration_since(before).as_secs() < ONE_BURST);
        if !near {
            bursts.push(*at);
        }
        before = Some(*at);
    }
    bursts
}

/// A decayed count of entries, and the span behind it in days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Entries.
    pub count: f64,
    /// Days.
    pub days: f64,
}

impl Tally {
    /// After `elapsed` in which `new` entries came.
    #[must_use]
    pub fn after(self, elapsed: Duration, new: u32) -> Self {
        let days = days(elapsed);
        let kept = kept(days);
        Self {
            count: self.count.mul_add(kept, f64::from(new)),
            days: self.days.mul_add(kept, days),
        }
    }

    /// A first guess from the dates of a first document read at `now`.
    #[must_use]
    pub fn first(published: &[Timestamp], now: Timestamp) -> Self {
        if published.is_empty() {
            return Self::default();
        }
        let recent: Vec<f64> = published
            .iter()
            .map(|at| now.duration_since(*at).as_secs_f64() / 86_400.0)
            .filter(|age| (0.0..RECENT).contains(age))
            .collect();
        let newest = recent.iter().copied().fold(RECENT, f64::min);
        let oldest = recent.iter().copied().fold(0.0, f64::max);
        let span = oldest - newest;
        let count = f64::from(u32::try_from(recent.len()).unwrap_or(u32::MAX));
        if recent.len() < 2 {
            return Self {
                count: count * PRIOR_DAYS / RECENT,
                days: PRIOR_DAYS,
            };
        }
        if span < ONE_STROKE {
            return Self::default();
        }
        let days = span.clamp(KNOWN_FROM, PRIOR_DAYS);
        Self {
            count: (count - 1.0) / span * days,
            days,
        }
    }

    /// Entries a day; none while too little is known.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        let known = self.days >= KNOWN_FROM && self.count.is_finite();
        known.then(|| (self.count.max(0.0) + PRIOR_COUNT) / (self.days + PRIOR_DAYS))
    }

    /// What the rate is below with 95 % certainty: that quantile of the Gamma distribution, by Wilson and Hilferty.
    #[must_use]
    pub fn upper(self) -> Option<f64> {
        self.rate().map(|rate| {
            let shape = self.count.max(0.0) + PRIOR_COUNT;
            rate * (1.0 - 1.0 / (9.0 * shape) + 1.645 / (3.0 * shape.sqrt())).powi(3)
        })
    }
}

/// What polls of a feed without dates found, by the length of the gap before them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// Days after which polls found nothing new, decayed.
    pub unchanged: f64,
    /// Polls that found something, by gap: how many, and their gaps' days together, decayed.
    pub changed: [(f64, f64); Changes::GAPS],
}

impl Changes {
    /// Classes of gaps: each is twice the one before, the first goes to ten minutes.
    pub const GAPS: usize = 10;

    /// After a poll that followed another by `gap`.
    pub fn add(&mut self, gap: Duration, changed: bool) {
        let gap = days(gap);
        let kept = kept(gap);
        self.unchanged *= kept;
        for class in &mut self.changed {
            *class = (class.0 * kept, class.1 * kept);
        }
        if !changed {
            self.unchanged += gap;
            return;
        }
        let mut bound = 10.0 / 1_440.0;
        let mut place = 0;
        while gap > bound && place + 1 < Self::GAPS {
            bound *= 2.0;
            place += 1;
        }
        self.changed[place].0 += 1.0;
        self.changed[place].1 += gap;
    }

    /// Changes a day: the rate at which what was found is most likely, leaning on the same prior as [`Tally::rate`].
    ///
    /// The number of changes found by the time watched would end at the rate of polling, and slow polls down
    /// that are too slow already.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let watched: f64 = self.changed.iter().map(|class| class.1).sum::<f64>() + self.unchanged;
        if !watched.is_finite() || watched < KNOWN_FROM {
            return None;
        }
        self.likeliest((PRIOR_COUNT, PRIOR_DAYS))
    }

    /// Solves Σ t/(e^λt − 1) over changed polls = Σ t over unchanged ones, with a prior count over days.
    fn likeliest(&self, (count, days): (f64, f64)) -> Option<f64> {
        let excess = |rate: f64| {
            let changed = self.changed.iter().filter(|(polls, _)| *polls > 0.0);
            let explained: f64 = changed
                .map(|(polls, gaps)| {
                    let gap = gaps / polls;
                    gaps / (rate * gap).exp_m1()
                })
                .sum();
            explained + count / rate - self.unchanged - days
        };
        let (mut low, mut high) = (1e-5_f64.ln(), 1e5_f64.ln());
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if excess(middle.exp()) > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let rate = high.exp();
        rate.is_finite().then_some(rate)
    }
}

fn days(duration: Duration) -> f64 {
    duration.as_secs_f64() / 86_400.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_first_document_gives_a_first_guess() {
        let ago = |minutes: i64| now() - jiff::SignedDuration::from_mins(minutes);
        let wire: Vec<_> = (0..20).map(|n| ago(n * 3)).collect();
        let weekly: Vec<_> = (0..20).map(|n| ago(n * 10_080)).collect();
        let stroke = vec![ago(5); 20];
        let old = vec![ago(100_000), ago(200_000)];
        let of = |published: &[Timestamp]| Tally::first(published, now()).rate();
        assert!(of(&wire).unwrap() > 40.0);
        assert!((0.05..0.3).contains(&of(&weekly).unwrap()));
        assert_eq!(of(&stroke), None);
        assert!(of(&old).unwrap() < 0.05);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn watching_corrects_the_guess() {
        let mut tally = Tally::default();
        for _ in 0..24 * 60 {
            tally = tally.after(HOUR, 1);
        }
        assert!((15.0..24.0).contains(&tally.rate().unwrap()));
        for _ in 0..24 * 60 {
            tally = tally.after(HOUR, 0);
        }
        assert!(tally.rate().unwrap() < 2.0);
    }

    #[test]
    fn two_weeks_halve_what_was_counted() {
        let tally = Tally {
            count: 100.0,
            days: 14.0,
        };
        let later = tally.after(14 * 24 * HOUR, 7);
        assert!((later.count - 57.0).abs() < 1e-9 && (later.days - 21.0).abs() < 1e-9);
    }

    #[test]
    fn entries_found_together_count_once() {
        let at = |seconds: i64| now() + jiff::SignedDuration::from_secs(seconds);
        let dates: Vec<_> = [0, 30, 80, 200, 200, 260].map(at).to_vec();
        assert_eq!(bursts(&dates), [at(0), at(200), at(260)]);
        assert!(bursts(&[]).is_empty());
    }

    #[test]
    fn the_upper_rate_is_near_the_exact_quantile() {
        // Exact 95 % quantiles of the Gamma distribution with scale one.
        for (shape, quantile) in [(0.5, 1.921), (5.5, 9.838), (100.5, 117.6)] {
            let tally = Tally {
                count: shape - 0.5,
                days: 14.0,
            };
            let upper = tally.upper().unwrap() * 21.0;
            assert!((upper / quantile - 1.0).abs() < 0.03, "{shape}: {upper}");
        }
    }

    #[test]
    fn changes_found_at_a_regular_interval_give_the_estimate_of_cho_and_garcia_molina() {
        let mut changes = Changes::default();
        for n in 0..300 {
            changes.add(HOUR, n % 10 < 7);
        }
        let rate = changes.likeliest((0.0, 0.0)).unwrap();
        // −ln(X̄/n)/I; decay weighs the polls, hence not exactly.
        let expected = -(0.3_f64).ln() * 24.0;
        assert!((rate / expected - 1.0).abs() < 0.03, "{rate} {expected}");
    }

    #[test]
    fn changes_at_every_poll_do_not_end_at_the_rate_of_polling() {
        let mut changes = Changes::default();
        for _ in 0..400 {
            changes.add(HOUR, true);
        }
        let found = changes.rate().unwrap();
        let watched: f64 = changes.changed.iter().map(|class| class.1).sum();
        let by_time = watched * 24.0 / (watched + PRIOR_DAYS);
        assert!(found > 1.4 * by_time, "{found}, by time {by_time}");
        assert_eq!(Changes::default().rate(), None);
        let mut quiet = Changes::default();
        for _ in 0..60 {
            quiet.add(24 * HOUR, false);
        }
        assert!(quiet.rate().unwrap() < 0.05);
    }

    #[test]
    fn irregular_gaps_are_weighed_by_their_length() {
        // One change a day, looked for after 3, 12 and 30 hours in turn.
        let mut changes = Changes::default();
        let (mut clock, mut random) = (0.0_f64, 1_u64);
        let mut next = 0.0_f64;
        for n in 0..3_000_u32 {
            let gap = [3.0, 12.0, 30.0][n as usize % 3];
            clock += gap;
            let mut found = false;
            while next <= clock {
                found = true;
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let uniform =
                    f64::from(u32::try_from(random >> 33).unwrap()) / f64::from(1_u32 << 31);
                next += -24.0 * (1.0 - uniform).ln();
            }
            changes.add(HOUR.mul_f64(gap), found);
        }
        let rate = changes.likeliest((0.0, 0.0)).unwrap();
        assert!((0.6..1.6).contains(&rate), "{rate}");
    }
}
