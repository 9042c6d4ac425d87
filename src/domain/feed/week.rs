//! When in the week a feed publishes: decayed counts of 168 hours, and the shape they have once smoothed.
//!
//! Hours are those of the week in UTC, Monday's first is 0. How many entries come at all is `rate`'s business;
//! a [`Shape`] has a mean of one. Between its whole hours it is constant, so that sums over it are exact.

use jiff::Timestamp;

/// Hours of a week.
pub const HOURS: usize = 168;

/// After so many days a count weighs half: long enough to see each hour of the week four times.
const HALF_LIFE: f64 = 28.0;

/// With fewer counted entries a feed has no shape.
const KNOWN_FROM: f64 = 20.0;

/// Pseudo-entries with which an hour of the week leans on its hour of the day, and that on none.
const LEAN: f64 = 24.0;

/// No search looks further ahead, in hours: what lies behind it is beyond any ceiling.
pub const HORIZON: f64 = 8.0 * 168.0;

/// Hours since Monday 0:00 UTC.
#[must_use]
pub fn hour_of(at: Timestamp) -> f64 {
    const MONDAY: i64 = 3 * 86_400;
    let seconds = at.as_second().saturating_add(MONDAY).rem_euclid(7 * 86_400);
    f64::from(i32::try_from(seconds).unwrap_or_default()) / 3_600.0
}

/// Decayed counts of the hours of the week, as the store keeps them: a cell times the unit is a count.
#[derive(Clone, Debug, PartialEq)]
pub struct Week {
    /// What one step of a cell is worth, in entries.
    pub unit: f64,
    /// The hours.
    pub cells: Box<[u16; HOURS]>,
}

impl Default for Week {
    fn default() -> Self {
        Self {
            unit: 0.0,
            cells: Box::new([0; HOURS]),
        }
    }
}

impl Week {
    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| *cell == 0) || self.unit <= 0.0
    }

    /// Lets `days` pass: only the unit shrinks.
    pub fn age(&mut self, days: f64) {
        self.unit *= (-days.max(0.0) / HALF_LIFE).exp2();
        if !self.unit.is_finite() {
            self.unit = 0.0;
        }
    }

    /// Adds weights at hours of the week.
    pub fn add(&mut self, weights: impl IntoIterator<Item = (f64, f64)>) {
        let mut counts = self.counts();
        for (hour, weight) in weights {
            if weight.is_finite() && weight > 0.0 {
                counts[index(hour)] += weight.min(1e6);
            }
        }
        let most = counts.iter().copied().fold(0.0, f64::max);
        self.unit = most / f64::from(u16::MAX);
        for (cell, count) in self.cells.iter_mut().zip(counts) {
            *cell = steps(count / self.unit);
        }
    }

    /// The weights of `count` entries that came somewhere within the `span` hours before the hour `end`.
    pub fn smear(count: f64, end: f64, span: f64) -> impl Iterator<Item = (f64, f64)> {
        let span = span.clamp(1e-3, 168.0);
        let begin = end - span;
        let last = (end - begin.floor()).ceil().clamp(1.0, 169.0);
        let hours = (0..169_u16).map(f64::from).take_while(move |n| *n < last);
        hours.map(move |n| {
            let from = (begin.floor() + n).max(begin);
            let to = (begin.floor() + n + 1.0).min(end);
            (f64::midpoint(from, to), count * (to - from).max(0.0) / span)
        })
    }

    /// The counts.
    #[must_use]
    pub fn counts(&self) -> [f64; HOURS] {
        let mut counts = [0.0; HOURS];
        for (count, cell) in counts.iter_mut().zip(self.cells.iter()) {
            *count = f64::from(*cell) * self.unit;
        }
        counts
    }

    /// The shape of the week.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let counts = self.counts();
        let total: f64 = counts.iter().sum();
        if !total.is_finite() || total < KNOWN_FROM {
            return Shape::flat();
        }
        let smooth: [f64; HOURS] = std::array::from_fn(|hour| {
            let (before, after) = ((hour + HOURS - 1) % HOURS, (hour + 1) % HOURS);
            counts[hour] / 2.0 + (counts[before] + counts[after]) / 4.0
        });
        let daily: [f64; 24] = std::array::from_fn(|hour| {
            let days = (0..7).map(|day| smooth[day * 24 + hour]).sum::<f64>();
            (days + LEAN / 24.0) / (total + LEAN)
        });
        Shape::of(&std::array::from_fn(|hour| {
            let share = (smooth[hour] + LEAN * daily[hour % 24] / 7.0) / (total + LEAN);
            share * 168.0
        }))
    }
}

/// The whole hour that a time within the week lies in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, a NaN becomes 0, and the last hour is the largest"
)]
fn whole(hour: f64) -> usize {
    (hour as usize).min(HOURS - 1)
}

/// The same of a time in any week.
fn index(hour: f64) -> usize {
    whole(hour - (hour / 168.0).floor() * 168.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the type's range; a NaN becomes 0"
)]
fn steps(number: f64) -> u16 {
    number.round().clamp(0.0, f64::from(u16::MAX)) as u16
}

/// How much more than on average comes at each hour of the week, with its running sums.
#[derive(Clone, Debug)]
pub struct Shape {
    rate: [f64; HOURS],
    /// The integral of the rate up to each hour.
    sum: [f64; HOURS + 1],
    /// The integral of time times the rate up to each hour.
    moment: [f64; HOURS + 1],
}

impl Shape {
    /// The shape of a feed that publishes at any hour alike.
    #[must_use]
    pub fn flat() -> Self {
        Self::of(&[1.0; HOURS])
    }

    /// The shape with these rates, which are at least 0 and have a mean of one.
    fn of(rate: &[f64; HOURS]) -> Self {
        let (mut sum, mut moment) = ([0.0; HOURS + 1], [0.0; HOURS + 1]);
        let mut middle = 0.5;
        for hour in 0..HOURS {
            sum[hour + 1] = sum[hour] + rate[hour];
            moment[hour + 1] = moment[hour] + rate[hour] * middle;
            middle += 1.0;
        }
        Self {
            rate: *rate,
            sum,
            moment,
        }
    }

    /// The rate at an hour of the week.
    #[must_use]
    pub fn at(&self, hour: f64) -> f64 {
        self.rate[index(hour)]
    }

    /// The mean of the root of the rate: how much less often than under a flat shape a poll pays.
    #[must_use]
    pub fn evenness(&self) -> f64 {
        self.rate.iter().map(|rate| rate.sqrt()).sum::<f64>() / 168.0
    }

    /// What comes, and how long it has waited, from some hour on.
    #[must_use]
    pub fn since(&self, from: f64) -> Since<'_> {
        Since {
            shape: self,
            from: self.sums(from),
        }
    }

    /// Both running sums at `hour`, which may lie in a later week.
    fn sums(&self, hour: f64) -> (f64, f64) {
        let weeks = (hour / 168.0).floor();
        let start = weeks * 168.0;
        let place = whole(hour - start);
        let hours = f64::from(u8::try_from(place).unwrap_or_default());
        let part = (hour - start - hours).clamp(0.0, 1.0);
        let rate = self.rate[place];
        let sum = self.sum[place] + rate * part;
        let moment = self.moment[place] + rate * part * (hours + part / 2.0);
        let (week, week_moment) = (self.sum[HOURS], self.moment[HOURS]);
        let sums = weeks * week + sum;
        let moments =
            weeks * week_moment + 168.0 * week * weeks * (weeks - 1.0) / 2.0 + moment + start * sum;
        (sums, moments)
    }
}

/// A shape from some hour on.
#[derive(Clone, Copy, Debug)]
pub struct Since<'a> {
    shape: &'a Shape,
    from: (f64, f64),
}

impl Since<'_> {
    /// Until `to`: what came, in hours of the mean rate, and how long it has waited together, in square hours of it.
    #[must_use]
    pub fn until(&self, to: f64) -> (f64, f64) {
        let (sum, moment) = self.shape.sums(to);
        let came = (sum - self.from.0).max(0.0);
        let waited = to * (sum - self.from.0) - (moment - self.from.1);
        (came, waited.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn office() -> Week {
        let mut week = Week::default();
        let hours = (0..5).flat_map(|day| (9..18).map(move |hour| f64::from(day * 24 + hour)));
        week.add(hours.map(|hour| (hour, 2.0)));
        week
    }

    #[test]
    fn the_week_begins_on_monday() {
        assert!(hour_of(at("2026-11-23T00:00:00Z")).abs() < 1e-9);
        assert!((hour_of(at("2026-11-29T23:30:00Z")) - 167.5).abs() < 1e-9);
        assert!((hour_of(at("1969-12-31T23:00:00Z")) - 71.0).abs() < 1e-9);
    }

    #[test]
    fn few_entries_have_no_shape_and_many_have_theirs() {
        let mut few = Week::default();
        few.add([(10.0, 19.0)]);
        assert!((few.shape().at(10.0) - 1.0).abs() < 1e-9);
        let shape = office().shape();
        assert!(shape.at(12.0) > 2.0 && shape.at(2.0) < 0.5 && shape.at(6.0 * 24.0 + 12.0) < 1.0);
        assert!(shape.at(2.0) > 0.0, "no hour is given up");
        // Saturday noon leans on the other days' noon, Saturday night on nothing.
        assert!(shape.at(5.0 * 24.0 + 12.0) > shape.at(5.0 * 24.0 + 3.0));
        assert!(shape.evenness() < 0.95 && (Shape::flat().evenness() - 1.0).abs() < 1e-9);
        assert!((shape.since(0.0).until(168.0).0 - 168.0).abs() < 1e-6);
    }

    #[test]
    fn counts_decay_by_half_in_four_weeks_and_survive_being_kept() {
        let mut week = office();
        let before: f64 = week.counts().iter().sum();
        assert!((before - 90.0).abs() < 0.01, "{before}");
        let cells = week.cells.clone();
        week.age(28.0);
        assert_eq!(cells, week.cells);
        assert!((week.counts().iter().sum::<f64>() - 45.0).abs() < 0.01);
        week.age(1e9);
        week.add([(3.0, 1.0)]);
        assert!((week.counts().iter().sum::<f64>() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn what_came_some_time_in_a_gap_is_spread_over_it() {
        let spread: Vec<_> = Week::smear(3.0, 1.5, 3.0).collect();
        let total: f64 = spread.iter().map(|(_, weight)| weight).sum();
        assert!((total - 3.0).abs() < 1e-9);
        assert_eq!(spread.len(), 4, "{spread:?}");
        assert!((spread[0].1 - 0.5).abs() < 1e-9 && (spread[1].1 - 1.0).abs() < 1e-9);
        let long: f64 = Week::smear(1.0, 5.0, 10_000.0)
            .map(|(_, weight)| weight)
            .sum();
        assert!((long - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn sums_over_hours_are_those_of_small_steps(
            cells in proptest::collection::vec(0_u16..500, HOURS),
            from in 0.0..168.0_f64,
            span in 0.0..400.0_f64,
        ) {
            let mut week = Week { unit: 0.1, ..Week::default() };
            week.cells.copy_from_slice(&cells);
            let shape = week.shape();
            let (mut area, mut waited) = (0.0, 0.0);
            let step = span / 20_000.0;
            for n in 0..20_000 {
                let hour = from + (f64::from(n) + 0.5) * step;
                area += shape.at(hour) * step;
                waited += shape.at(hour) * step * (from + span - hour);
            }
            let exact = shape.since(from).until(from + span);
            prop_assert!((exact.0 - area).abs() < 0.05 + area * 1e-3);
            prop_assert!((exact.1 - waited).abs() < 0.05 + waited * 2e-3);
        }
    }
}
