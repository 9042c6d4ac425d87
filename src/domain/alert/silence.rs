//! A silence: which alerts it holds, from when to when, and who said so (DLV-32).
//!
//! A silence is never changed; it ends, and another begins. Rows are in `store::silences`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::rule::Severity;

/// No silence is longer: what is forgotten must come back.
pub const LONGEST: Duration = Duration::from_hours(366 * 24);

/// The most values of one matcher, and the longest text of any.
const MOST_VALUES: usize = 100;
const LONGEST_TEXT: usize = 4 << 10;

/// Which alerts: each list that is not empty must hold one that fits, and the query too where there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matchers {
    /// Alerts of these rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// On entries that name one of these entities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<String>,
    /// On entries of these feeds, and alerts about the feeds themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<String>,
    /// On entries of feeds with one of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Of these severities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<Severity>,
    /// On entries that match this query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// What is known of an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its rule.
    pub rule: String,
    /// The entities that its entry names.
    pub entities: Vec<String>,
    /// Its entry's feed, or what a health alert is about.
    pub feed: Option<String>,
    /// That feed's tags.
    pub tags: Vec<String>,
    /// How much it matters.
    pub severity: Severity,
}

impl Matchers {
    /// Whether there is nothing to match by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with them, if anything.
    ///
    /// # Errors
    /// A sentence with what to do.
    pub fn check(&self) -> Result<(), String> {
        if self.is_empty() {
            return Err("a silence of everything is none: name a rule, an entity, a feed, a tag, a severity or a query".to_owned());
        }
        let lists = [&self.rules, &self.entities, &self.feeds, &self.tags];
        let texts = lists.iter().copied().flatten().chain(&self.query);
        if lists.iter().any(|list| list.len() > MOST_VALUES)
            || texts.into_iter().any(|text| text.len() > LONGEST_TEXT)
        {
            return Err(format!(
                "that is more than a silence holds: at most {MOST_VALUES} of a kind, {LONGEST_TEXT} bytes each"
            ));
        }
        Ok(())
    }

    /// Whether they fit; `query` tells whether the entry matches a query, and is asked last.
    #[must_use]
    pub fn fit(&self, facts: &Facts, query: impl FnOnce(&str) -> bool) -> bool {
        let any = |wanted: &[String], found: &[String]| {
            wanted.is_empty() || wanted.iter().any(|one| found.contains(one))
        };
        any(&self.rules, std::slice::from_ref(&facts.rule))
            && any(&self.entities, &facts.entities)
            && any(&self.feeds, facts.feed.as_slice())
            && any(&self.tags, &facts.tags)
            && (self.severities.is_empty() || self.severities.contains(&facts.severity))
            && self.query.as_deref().is_none_or(query)
    }

    /// In words: `rule deals, feed yonhap-en`.
    #[must_use]
    pub fn describe(&self) -> String {
        let severities: Vec<String> = self
            .severities
            .iter()
            .map(|severity| severity.as_str().to_owned())
            .collect();
        let lists = [
            ("rule", &self.rules),
            ("entity", &self.entities),
            ("feed", &self.feeds),
            ("tag", &self.tags),
            ("severity", &severities),
        ];
        let lists = lists.iter().filter(|(_, list)| !list.is_empty());
        let mut parts: Vec<String> = lists
            .map(|(name, list)| format!("{name} {}", list.join(" or ")))
            .collect();
        parts.extend(self.query.iter().map(|query| format!("query {query}")));
        parts.join(", ")
    }
}

/// A silence about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSilence {
    /// Which alerts.
    pub matchers: Matchers,
    /// From when.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// Who said so.
    pub author: String,
    /// Why.
    pub comment: String,
    /// Whether one message at its end lists what it held.
    pub summary: bool,
    /// The silence that ends with this, which this one stands for from now on.
    pub replaces: Option<i64>,
}

impl NewSilence {
    /// What is wrong with it, if anything.
    ///
    /// # Errors
    /// A sentence with what to do.
    pub fn check(&self, now: Timestamp) -> Result<(), String> {
        self.matchers.check()?;
        let longest = SignedDuration::try_from(LONGEST).unwrap_or(SignedDuration::MAX);
        if self.ends <= self.starts || self.ends <= now {
            return Err("it ends before it begins: give a later end".to_owned());
        }
        if self.ends.duration_since(self.starts.min(now)) > longest {
            return Err("a silence lasts a year at most: give an earlier end".to_owned());
        }
        if self.author.len() > LONGEST_TEXT || self.comment.len() > LONGEST_TEXT {
            return Err(format!(
                "at most {LONGEST_TEXT} bytes of author and comment"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            rule: "deals".into(),
            entities: vec!["k9".into(), "hanwha".into()],
            feed: Some("yonhap".into()),
            tags: vec!["wire".into()],
            severity: Severity::High,
        }
    }

    fn list(value: &str) -> Vec<String> {
        vec!["other".to_owned(), value.to_owned()]
    }

    #[test]
    fn every_kind_of_matcher_fits_by_one_of_its_values() {
        type Set = fn(&mut Matchers, Vec<String>);
        let kinds: [(Set, &str); 4] = [
            (|matchers, list| matchers.rules = list, "deals"),
            (|matchers, list| matchers.entities = list, "k9"),
            (|matchers, list| matchers.feeds = list, "yonhap"),
            (|matchers, list| matchers.tags = list, "wire"),
        ];
        for (set, value) in kinds {
            let mut matchers = Matchers::default();
            set(&mut matchers, list(value));
            assert!(matchers.fit(&facts(), |_| false), "{matchers:?}");
            set(&mut matchers, vec!["other".into()]);
            assert!(!matchers.fit(&facts(), |_| true), "{matchers:?}");
        }
        let severe = |severity| Matchers {
            severities: vec![severity],
            ..Matchers::default()
        };
        assert!(severe(Severity::High).fit(&facts(), |_| false));
        assert!(!severe(Severity::Critical).fit(&facts(), |_| false));
    }

    #[test]
    fn all_kinds_must_fit_and_the_query_is_asked_last() {
        let mut both = Matchers {
            rules: vec!["deals".into()],
            query: Some("K9".into()),
            ..Matchers::default()
        };
        assert!(both.fit(&facts(), |query| query == "K9"));
        assert!(!both.fit(&facts(), |_| false));
        both.rules = vec!["other".into()];
        assert!(!both.fit(&facts(), |_| panic!("asked for nothing")));
    }

    #[test]
    fn a_silence_needs_an_object_and_an_end() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let after = |hours| now.checked_add(SignedDuration::from_hours(hours)).unwrap();
        let good = NewSilence {
            matchers: Matchers {
                rules: vec!["deals".into()],
                ..Matchers::default()
            },
            starts: now,
            ends: after(2),
            author: "kim".into(),
            comment: String::new(),
            summary: true,
            replaces: None,
        };
        assert_eq!(good.check(now), Ok(()));
        let wrong = [
            NewSilence {
                matchers: Matchers::default(),
                ..good.clone()
            },
            NewSilence {
                ends: now,
                ..good.clone()
            },
            NewSilence {
                ends: after(24 * 367),
                ..good.clone()
            },
            NewSilence {
                starts: after(24 * 400),
                ends: after(24 * 401),
                ..good.clone()
            },
            NewSilence {
                comment: "x".repeat(5_000),
                ..good
            },
        ];
        for silence in wrong {
            assert!(silence.check(now).is_err(), "{silence:?}");
        }
    }
}
