//! Invented feeds: when their entries appear, by rates, weeks, whims and clusters. All of it follows from a seed.

/// A small generator of random numbers (SplitMix64): the same seed, the same workload, on every machine.
pub struct Random(u64);

impl Random {
    /// Begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x5DEE_CE66)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Above 0, below 1.
    pub fn uniform(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or_default();
        (f64::from(high) + 0.5) / 4_294_967_296.0
    }

    /// With a mean of 1.
    fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// Standard normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Gamma of shape 8 with a mean of 1.
    fn whim(&mut self) -> f64 {
        (0..8).map(|_| self.exponential()).sum::<f64>() / 8.0
    }
}

/// When entries of one feed appear: seconds after a Monday 0:00 UTC, sorted.
pub type Entries = Vec<f64>;

/// Entries of `count` feeds over `weeks` weeks.
///
/// Rates are log-normal with a median of 14 a week; a quarter of the feeds publishes at any hour, the others by
/// the office, the news, once a day, or in the evening. Weeks differ; 15 % of entries bring one to three more.
pub fn feeds(count: usize, weeks: u32, random: &mut Random) -> Vec<Entries> {
    (0..count).map(|_| feed(weeks, random)).collect()
}

fn feed(weeks: u32, random: &mut Random) -> Entries {
    let rate = (14.0_f64.ln() + 1.7 * random.normal())
        .exp()
        .clamp(0.2, 1_500.0);
    let profile = profile(random);
    let mut entries = Vec::new();
    for week in 0..weeks {
        let this_week = rate * random.whim();
        for (hour, weight) in (0_u32..).zip(&profile) {
            let mean = this_week * weight / 168.0;
            let mut place = random.exponential();
            while place < mean {
                let at = (f64::from(week * 168 + hour) + place / mean) * 3_600.0;
                entries.push(at);
                if random.uniform() < 0.15 {
                    let more = 1 + (random.uniform() * 3.0) as usize;
                    entries.extend((0..more).map(|_| at + random.exponential() * 300.0));
                }
                place += random.exponential();
            }
        }
    }
    let end = f64::from(weeks) * 604_800.0;
    entries.retain(|at| *at < end);
    entries.sort_by(f64::total_cmp);
    entries
}

/// The weights of the hours of the week, with a mean of 1.
fn profile(random: &mut Random) -> Vec<f64> {
    let kind = random.uniform();
    let own = (random.uniform() * 24.0) as usize;
    let weight = |day: usize, hour: usize| -> f64 {
        match kind {
            0.0..0.25 => 1.0,
            0.25..0.55 if day < 5 && (9..18).contains(&hour) => 1.0,
            0.25..0.55 => 0.05,
            0.55..0.80 => {
                let by_day = if day < 5 { 1.0 } else { 0.6 };
                by_day * if (6..23).contains(&hour) { 1.0 } else { 0.15 }
            }
            0.80..0.90 if hour == own => 1.0,
            0.80..0.90 => 0.01,
            _ if (17..23).contains(&hour) => 1.0,
            _ => 0.1,
        }
    };
    let weights: Vec<f64> = (0..168).map(|n| weight(n / 24, n % 24)).collect();
    let mean = weights.iter().sum::<f64>() / 168.0;
    weights.into_iter().map(|weight| weight / mean).collect()
}
