//! Whether a feed that answers has fallen silent beyond its own rhythm, and how likely such a silence is.
//!
//! Pure. Gaps between entries are measured in the feed's own time, in which an hour counts as much as it usually
//! brings: a weekend without entries is short for a feed that never posts then. Their mean and spread say how likely a
//! gap as long as the present one is.

use jiff::{SignedDuration, Timestamp};

use super::at;
use crate::domain::feed::FeedState;
use crate::domain::feed::outcome::OutcomeKind;
use crate::domain::feed::rate::bursts;
use crate::domain::feed::week::{Shape, hour_of};

/// No silence is shorter.
const SHORTEST: SignedDuration = SignedDuration::from_hours(24);

/// While a feed was watched for less than four weeks its week is not known: then a long weekend is no silence.
const YOUNG: SignedDuration = SignedDuration::from_hours(28 * 24);
const SHORTEST_OF_YOUNG: SignedDuration = SignedDuration::from_hours(84);

/// Before that much watching nothing can be said at all.
const TOO_YOUNG: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Gaps that it takes to know a rhythm.
const KNOWN_FROM: usize = 8;

/// Entries looked back at.
pub const LOOK_BACK: u32 = 500;

/// Gaps less likely than this are a silence…
const UNLIKELY: f64 = 0.001;

/// …but however regular a feed was, it is not taken to be more regular than the sum of so many chances.
const MOST_REGULAR: f64 = 6.0;

/// A silence.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// When the newest entry came.
    pub since: Timestamp,
    /// How long ago that is.
    pub lasts: SignedDuration,
    /// How likely a gap at least so long is, by the feed's rhythm.
    pub probability: f64,
    /// The mean time between entries.
    pub usual: SignedDuration,
}

impl Silence {
    /// What people read.
    #[must_use]
    pub fn text(&self, feed: &str) -> String {
        let likely = if self.probability < 1e-6 {
            "less than 0.000001".to_owned()
        } else {
            format!("{:.6}", self.probability)
        };
        format!(
            "feed {feed} is silent: it answers, but nothing new since {} ({} ago). By its rhythm, an entry every {}, \
             the probability of so long a gap is {likely}",
            at(self.since),
            span(self.lasts),
            span(self.usual)
        )
    }
}

fn span(length: SignedDuration) -> String {
    match length.as_hours() {
        0 => format!("{} min", length.as_mins()),
        hours @ 1..48 => format!("{hours} h"),
        hours => format!("{} d", hours / 24),
    }
}

/// Whether it is worth looking at the entries of a feed: it answers, and has brought nothing for long.
#[must_use]
pub fn is_quiet(state: &FeedState, now: Timestamp) -> bool {
    let fine = state.last_outcome.is_some_and(OutcomeKind::is_good) && state.failures == 0;
    let last = state.last_new;
    fine && last.is_some_and(|last| now.duration_since(last) >= SHORTEST)
}

/// Judges a feed by when its entries came; `times` in any order, the newest [`LOOK_BACK`] are enough.
#[must_use]
pub fn judge(state: &FeedState, times: &[Timestamp], now: Timestamp) -> Option<Silence> {
    let watched = state
        .rhythm
        .since
        .and_then(|since| Timestamp::from_second(since).ok())
        .map(|since| now.duration_since(since))?;
    if watched < TOO_YOUNG || !is_quiet(state, now) {
        return None;
    }
    let mut times: Vec<Timestamp> = times.iter().copied().filter(|at| *at <= now).collect();
    times.sort_unstable();
    let times = bursts(&times);
    let since = *times.last()?;
    let lasts = now.duration_since(since);
    let shortest = if watched < YOUNG {
        SHORTEST_OF_YOUNG
    } else {
        SHORTEST
    };
    if lasts < shortest || times.len() <= KNOWN_FROM {
        return None;
    }
    let shape = state.rhythm.shape(now);
    let gaps: Vec<f64> = times
        .windows(2)
        .map(|pair| own_hours(&shape, pair[0], pair[1]))
        .collect();
    let present = own_hours(&shape, since, now);
    let longest = gaps.iter().copied().fold(0.0, f64::max);
    let probability = tail(&gaps, present);
    let span = since.duration_since(times[0]);
    let count = i32::try_from(gaps.len()).unwrap_or(i32::MAX);
    (present > longest && probability < UNLIKELY).then(|| Silence {
        since,
        lasts,
        probability,
        usual: span / count,
    })
}

/// From `from` to `to` in hours of the feed's own time.
fn own_hours(shape: &Shape, from: Timestamp, to: Timestamp) -> f64 {
    let begin = hour_of(from);
    let hours = to.duration_since(from).as_secs_f64() / 3_600.0;
    shape.since(begin).until(begin + hours).0
}

/// How likely a gap of at least `present` is, where `gaps` were seen: the tail of the Gamma distribution with their mean
/// and spread, its shape rounded down to a whole number (an Erlang distribution), which makes gaps likelier.
fn tail(gaps: &[f64], present: f64) -> f64 {
    let count = f64::from(u32::try_from(gaps.len()).unwrap_or(u32::MAX));
    let mean = gaps.iter().sum::<f64>() / count;
    let spread = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
    if !(mean > 0.0 && spread.is_finite()) {
        return 1.0;
    }
    let regular = (mean * mean / spread.max(f64::MIN_POSITIVE)).min(MOST_REGULAR);
    // Bunched entries make long gaps likelier than chance alone would.
    let steps = regular.floor().max(1.0);
    let rate = regular.min(steps) / mean;
    let reach = rate * present;
    let (mut term, mut sum, mut step) = (1.0, 1.0, 1.0);
    while step < steps {
        term *= reach / step;
        sum += term;
        step += 1.0;
    }
    ((-reach).exp() * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
