//! The terms of a feed's next poll: every bound that was weighed, and in words why it is not polled yet.
//!
//! Nothing is decided here: `schedule` fills these in and the store keeps them with the row.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::schedule::Why;

/// What was weighed for the next poll. Spans are seconds after `from`; what is absent asked for nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// When the last poll was over.
    pub from: Timestamp,
    /// What a person set or the rhythm is worth, within floor and ceiling.
    pub wanted: u64,
    /// Why that.
    pub wanted_by: Why,
    /// Shortest learned interval.
    pub floor: u64,
    /// Longest learned interval.
    pub ceiling: u64,
    /// Entries may leave the document unseen after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<u64>,
    /// `Cache-Control` or `Expires`, capped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<u64>,
    /// `Retry-After`, capped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The document's `ttl`, as far as it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// The wait after failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_off: Option<u64>,
    /// Added so that feeds do not move together.
    pub jitter: u64,
    /// The feed's rate in entries a day, bursts counted once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How many times longer feeds of this host wait than others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crowd: Option<f64>,
    /// The poll comes later than the guard asks: entries may be lost.
    #[serde(default)]
    pub gap_risk: bool,
}

impl Terms {
    /// Why the next poll is at `next` and not before, a sentence a line, the deciding one first.
    #[must_use]
    pub fn explain(&self, next: Option<Timestamp>, why: Why) -> Vec<String> {
        let mut lines = vec![self.decisive(next, why)];
        let rhythm = match self.rate {
            Some(rate) => format!("it brings about {} entries a day", short(rate)),
            None => "its rhythm is not known yet".to_owned(),
        };
        let wanted = span(self.wanted);
        lines.push(match self.wanted_by {
            Why::Interval if self.rate.is_some() => {
                format!("a fixed interval of {wanted}; {rhythm}")
            }
            Why::Interval => format!("an interval of {wanted}; {rhythm}"),
            Why::GapGuard => {
                format!("{rhythm}: after {wanted} some could leave its document unseen")
            }
            Why::Floor => format!("{rhythm}; no more often than every {wanted}"),
            Why::Ceiling => format!("{rhythm}; no more seldom than every {wanted}"),
            _ => format!("{rhythm}: worth a poll after {wanted} under the budget"),
        });
        for (bound, says) in [
            (self.fresh, "its cache headers ask for"),
            (self.retry_after, "its Retry-After asks for"),
            (self.ttl, "its ttl advises"),
            (self.back_off, "after failures it is left alone for"),
        ] {
            lines.extend(bound.map(|bound| format!("{says} {}", span(bound))));
        }
        if let Some(crowd) = self.crowd {
            lines.push(format!(
                "its host has many feeds: each waits {} times longer",
                short(crowd)
            ));
        }
        if self.gap_risk
            && let Some(guard) = self.guard
        {
            lines.push(format!(
                "gap risk: entries may leave its document after {}, before it is polled",
                span(guard)
            ));
        }
        lines
    }

    /// What decided.
    fn decisive(&self, next: Option<Timestamp>, why: Why) -> String {
        let reason = match why {
            Why::New => "it was never polled",
            Why::Interval => "its interval",
            Why::Learned => "its rhythm",
            Why::Floor => "the shortest interval",
            Why::Ceiling => "the longest interval",
            Why::GapGuard => "its document may lose entries later",
            Why::Fresh => "its cache headers",
            Why::Ttl => "its ttl",
            Why::Skip => "its skipped hours or days",
            Why::RetryAfter => "its publisher asked to wait",
            Why::BackOff => "it failed",
            Why::Interrupted => "the last poll was cut off",
            Why::Gone => "its publisher said it is gone",
        };
        let Some(next) = next else {
            return format!("not polled again: {reason}");
        };
        let after = Duration::try_from(next.duration_since(self.from)).unwrap_or_default();
        format!(
            "polled {} after the last poll: {reason}",
            span(after.as_secs())
        )
    }
}

/// A span for people: `45 s`, `12 min`, `3.5 h`, `2.0 d`.
fn span(seconds: u64) -> String {
    let exact = Duration::from_secs(seconds).as_secs_f64();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{:.1} h", exact / 3_600.0),
        _ => format!("{:.1} d", exact / 86_400.0),
    }
}

/// A number for people.
fn short(number: f64) -> String {
    if number < 10.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            from: "2026-11-23T12:00:00Z".parse().unwrap(),
            wanted: 3_600,
            wanted_by: Why::Learned,
            floor: 300,
            ceiling: 86_400,
            guard: None,
            fresh: None,
            retry_after: None,
            ttl: None,
            back_off: None,
            jitter: 60,
            rate: Some(2.04),
            crowd: None,
            gap_risk: false,
        }
    }

    #[test]
    fn it_says_why_a_feed_is_not_polled_yet() {
        let next = Some("2026-11-23T14:30:00Z".parse().unwrap());
        let fresh = Terms {
            fresh: Some(9_000),
            ttl: Some(600),
            ..terms()
        };
        assert_eq!(
            fresh.explain(next, Why::Fresh),
            [
                "polled 2.5 h after the last poll: its cache headers",
                "it brings about 2.0 entries a day: worth a poll after 60 min under the budget",
                "its cache headers ask for 2.5 h",
                "its ttl advises 10 min",
            ]
        );
        let crowded = Terms {
            wanted_by: Why::Floor,
            crowd: Some(2.0),
            guard: Some(90),
            gap_risk: true,
            rate: Some(900.0),
            ..terms()
        };
        let lines = crowded.explain(next, Why::Floor);
        assert!(
            lines[3].starts_with("gap risk: entries may leave its document after 90 s"),
            "{lines:?}"
        );
        assert!(lines[1].contains("about 900 entries a day"));
        assert_eq!(
            terms().explain(None, Why::Gone)[0],
            "not polled again: its publisher said it is gone"
        );
    }

    #[test]
    fn what_is_kept_is_small_and_comes_back() {
        let text = serde_json::to_string(&terms()).unwrap();
        assert!(text.len() < 200, "{text}");
        assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms());
    }
}
