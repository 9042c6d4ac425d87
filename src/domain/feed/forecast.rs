//! What is to come of a feed, from some moment on: how long its entries would have waited, and how many there are.
//!
//! Rate, shape of the week and short-term excitation in; hours out. What waiting is worth is `price`'s
//! business, what is allowed `schedule`'s.

use super::week::{HORIZON, Shape};

/// How long an entry makes others likely, in hours.
pub const EXCITED_FOR: f64 = 0.5;

/// Steps in which excitation fades.
const STEPS: u8 = 6;

/// What is expected of a feed.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// Entries an hour, on the week's average.
    pub level: f64,
    /// The shape of the week.
    pub shape: Shape,
    /// The hour of the week from which on we look.
    pub from: f64,
    /// How many times more likely than else an entry is right after another, at least 1.
    pub excited: f64,
    /// Hours that passed since the newest entry.
    pub since: f64,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// All that came has waited so many hours, together.
    Waited(f64),
    /// So many entries came.
    Came(f64),
}

/// What came so far, and how long it has waited.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    came: f64,
    waited: f64,
}

impl Sum {
    /// After `hours` more at a constant rate.
    fn after(self, hours: f64, rate: f64) -> Self {
        Self {
            came: self.came + rate * hours,
            waited: self.waited + hours * (self.came + rate * hours / 2.0),
        }
    }

    /// Whether `until` is reached.
    fn reaches(self, until: Until) -> bool {
        match until {
            Until::Waited(amount) => self.waited >= amount,
            Until::Came(amount) => self.came >= amount,
        }
    }

    /// How many hours at a constant rate lead to `until`.
    fn hours_to(self, until: Until, rate: f64) -> f64 {
        match until {
            Until::Came(amount) => (amount - self.came).max(0.0) / rate,
            Until::Waited(amount) => {
                let left = (amount - self.waited).max(0.0);
                let root = (self.came * self.came + 2.0 * rate * left).sqrt();
                2.0 * left / (self.came + root)
            }
        }
    }
}

impl Forecast {
    /// Hours from now until `until` is reached, at most [`HORIZON`].
    ///
    /// O(log n): excitation is a handful of steps, the rest a search over running sums.
    #[must_use]
    pub fn hours(&self, until: Until) -> f64 {
        let (mut sum, mut passed) = (Sum::default(), 0.0);
        if until_is_nothing(until) {
            return 0.0;
        }
        let step = (EXCITED_FOR - self.since.max(0.0)).max(0.0) / f64::from(STEPS);
        if self.excited > 1.0 && step > 0.0 {
            for _ in 0..STEPS {
                let rate = self.rate_at(passed + step / 2.0);
                let next = sum.after(step, rate);
                if next.reaches(until) {
                    return bounded(passed + sum.hours_to(until, rate).min(step));
                }
                sum = next;
                passed += step;
            }
        }
        self.search(sum, passed, until)
    }

    /// The rate so many hours from now.
    fn rate_at(&self, hours: f64) -> f64 {
        let left = (1.0 - (self.since.max(0.0) + hours) / EXCITED_FOR).clamp(0.0, 1.0);
        let excited = 1.0 + (self.excited - 1.0).max(0.0) * left;
        self.level * self.shape.at(self.from + hours) * excited
    }

    /// Past excitation: the hour in which `until` is reached, by doubling and halving, and then the place within it.
    fn search(&self, sum: Sum, passed: f64, until: Until) -> f64 {
        let begin = self.from + passed;
        let since = self.shape.since(begin);
        let at = |hour: f64| {
            let (came, waited) = since.until(hour);
            Sum {
                came: sum.came + self.level * came,
                waited: sum.waited + sum.came * (hour - begin) + self.level * waited,
            }
        };
        // Whole hours after the one we are in; none is `begin` itself.
        let hour = |ahead: f64| (begin.floor() + ahead).max(begin);
        let (mut low, mut high) = (0.0, 1.0);
        while high < HORIZON && !at(hour(high)).reaches(until) {
            (low, high) = (high, high * 2.0);
        }
        while high - low > 1.0 {
            let middle = f64::midpoint(low, high).floor();
            if at(hour(middle)).reaches(until) {
                high = middle;
            } else {
                low = middle;
            }
        }
        let start = hour(low);
        let rate = self.level * self.shape.at(start);
        let room = begin.floor() + low + 1.0 - start;
        let within = at(start).hours_to(until, rate);
        let within = if within.is_finite() {
            within.min(room)
        } else {
            room
        };
        bounded(start - self.from + within)
    }
}

fn until_is_nothing(until: Until) -> bool {
    let (Until::Waited(amount) | Until::Came(amount)) = until;
    amount <= 0.0
}

/// Within the horizon, whatever the numbers were.
fn bounded(hours: f64) -> f64 {
    if hours.is_finite() {
        hours.clamp(0.0, HORIZON)
    } else {
        HORIZON
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::feed::week::Week;

    fn flat(level: f64) -> Forecast {
        Forecast {
            level,
            shape: Shape::flat(),
            from: 10.25,
            excited: 1.0,
            since: 100.0,
        }
    }

    fn evening(level: f64) -> Forecast {
        let mut week = Week::default();
        week.add((0..7).map(|day| (f64::from(day * 24 + 20), 30.0)));
        Forecast {
            shape: week.shape(),
            ..flat(level)
        }
    }

    #[test]
    fn a_poll_waits_for_the_hours_in_which_something_comes() {
        let quiet = evening(0.5).hours(Until::Waited(0.5));
        // From ten in the morning, most of the wait is over once the evening has come.
        assert!((7.0..11.0).contains(&quiet), "{quiet}");
        let now = Forecast {
            from: 20.0,
            ..evening(0.5)
        };
        assert!(now.hours(Until::Waited(0.5)) < 1.0);
    }

    #[test]
    fn news_make_news_likely_for_half_an_hour() {
        let excited = |since: f64| Forecast {
            excited: 4.0,
            since,
            ..flat(1.0)
        };
        let calm = flat(1.0).hours(Until::Waited(0.1));
        let fresh = excited(0.0).hours(Until::Waited(0.1));
        let fading = excited(0.25).hours(Until::Waited(0.1));
        assert!(fresh < fading && fading < calm, "{fresh} {fading} {calm}");
        assert!((excited(0.6).hours(Until::Waited(0.1)) - calm).abs() < 1e-9);
        // All the excitation there is adds three quarters of an hour's entries.
        let all = excited(0.0).hours(Until::Came(5.0));
        assert!((all - 4.25).abs() < 1e-6, "{all}");
    }

    proptest! {
        #[test]
        fn at_a_constant_rate_it_is_the_square_root_rule(
            level in 1e-3..60.0_f64,
            cost in 1e-4..10.0_f64,
            from in 0.0..168.0_f64,
        ) {
            let forecast = Forecast { from, ..flat(level) };
            let expected = (2.0 * cost / level).sqrt().min(HORIZON);
            let hours = forecast.hours(Until::Waited(cost));
            prop_assert!((hours / expected - 1.0).abs() < 1e-6, "{hours} {expected}");
            let came = forecast.hours(Until::Came(cost));
            prop_assert!((came / (cost / level).min(HORIZON) - 1.0).abs() < 1e-6);
        }

        #[test]
        fn what_is_found_is_what_was_asked_for(
            level in 1e-2..20.0_f64,
            from in 0.0..168.0_f64,
            excited in 1.0..4.0_f64,
            since in 0.0..1.0_f64,
            cost in 1e-3..20.0_f64,
            clustered: bool,
        ) {
            let forecast = if clustered {
                Forecast { from, excited, since, ..flat(level) }
            } else {
                Forecast { from, ..evening(level) }
            };
            let hours = forecast.hours(Until::Waited(cost));
            prop_assert!(forecast.hours(Until::Waited(cost * 1.1)) >= hours);
            prop_assume!(hours < 300.0);
            let step = hours / 20_000.0;
            let waited: f64 = (0..20_000)
                .map(|n| (f64::from(n) + 0.5) * step)
                .map(|after| forecast.rate_at(after) * step * (hours - after))
                .sum();
            // Excitation fades in steps, hence not exactly.
            prop_assert!((waited / cost - 1.0).abs() < 0.06, "{waited} of {cost}");
        }

        #[test]
        fn no_number_makes_it_panic(
            level in proptest::num::f64::ANY,
            from in proptest::num::f64::ANY,
            excited in proptest::num::f64::ANY,
            since in proptest::num::f64::ANY,
            cost in proptest::num::f64::ANY,
        ) {
            let forecast = Forecast { from, excited, since, ..evening(level) };
            for until in [Until::Waited(cost), Until::Came(cost)] {
                prop_assert!((0.0..=HORIZON).contains(&forecast.hours(until)));
            }
        }
    }
}
