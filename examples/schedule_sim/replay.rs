//! Replays a workload against the scheduler itself: the state of each feed goes through the functions that the
//! daemon calls, time is a heap of due polls.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use bongsu::domain::feed::learn::{self, Polled};
use bongsu::domain::feed::market::{Census, Market, Spent};
use bongsu::domain::feed::outcome::{HttpFacts, OutcomeKind};
use bongsu::domain::feed::rhythm::Pairs;
use bongsu::domain::feed::schedule::Pace;
use bongsu::domain::feed::standing::Evidence;
use bongsu::domain::feed::week::Week;
use bongsu::domain::feed::{DocumentFacts, Feed, FeedState};
use bongsu::domain::id::FeedId;
use jiff::{SignedDuration, Timestamp};

use crate::workload::Entries;

/// Seconds of a week.
pub const WEEK: f64 = 604_800.0;

/// A Monday, 0:00 UTC.
const BEGIN: i64 = 1_767_571_200;

/// Seconds between two looks at the prices: the daemon's are ten minutes, which would take most of the time here.
const PRICED_EVERY: f64 = 1_800.0;

/// Entries that a document holds.
const DOCUMENT: usize = 30;

/// How feeds are polled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// All at one interval.
    Fixed(Duration),
    /// By rate alone: what is known of hours and clusters is taken away.
    SquareRoot,
    /// By rate, week and clusters, at this fairness.
    Expected(f64),
}

/// What is replayed.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How.
    pub policy: Policy,
    /// Polls a feed and day.
    pub budget: f64,
    /// Weeks to learn, and as many to be judged by.
    pub weeks: u32,
}

/// What came of it, over the second half.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Requests sent.
    pub requests: u32,
    /// Requests answered by 304.
    pub unchanged: u32,
    /// Seconds from appearing to being stored, sorted.
    pub delays: Vec<f64>,
    /// The mean of the feeds' own means.
    pub by_feed: f64,
    /// Entries that had left the document unseen.
    pub lost: u32,
}

impl Outcome {
    /// The mean delay, in seconds.
    pub fn mean(&self) -> f64 {
        mean(&self.delays)
    }

    /// The delay that this share of entries does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let place = (self.delays.len() as f64 * share) as usize;
        self.delays.get(place).copied().unwrap_or_default()
    }
}

fn mean(delays: &[f64]) -> f64 {
    delays.iter().sum::<f64>() / (delays.len() as f64).max(1.0)
}

/// One feed under way.
struct Watched {
    feed: Feed,
    state: FeedState,
    /// How many of its entries were found.
    found: usize,
    delays: Vec<f64>,
}

/// All of it under way.
struct Replay<'a> {
    plan: Plan,
    workload: &'a [Entries],
    pace: Pace,
    market: Market,
    spent: Spent,
    feeds: Vec<Watched>,
    outcome: Outcome,
}

/// Replays `workload` by `plan`.
pub fn replay(workload: &[Entries], plan: Plan) -> Outcome {
    let (interval, fairness) = match plan.policy {
        Policy::Fixed(interval) => (Some(interval), 0.5),
        Policy::SquareRoot => (None, 0.0),
        Policy::Expected(fairness) => (None, fairness),
    };
    let mut replay = Replay {
        plan,
        workload,
        pace: Pace {
            interval,
            fairness,
            budget: plan.budget,
            salt: 7,
            ..Pace::default()
        },
        market: Market::default(),
        spent: Spent::default(),
        feeds: (0..workload.len()).map(watched).collect(),
        outcome: Outcome {
            requests: 0,
            unchanged: 0,
            delays: Vec::new(),
            by_feed: 0.0,
            lost: 0,
        },
    };
    replay.run();
    replay.outcome
}

fn watched(number: usize) -> Watched {
    let url = format!("https://host-{number}.example/feed");
    Watched {
        feed: Feed::new(FeedId::new(format!("feed-{number}")), &url),
        state: FeedState {
            url,
            ..FeedState::default()
        },
        found: 0,
        delays: Vec::new(),
    }
}

impl Replay<'_> {
    fn run(&mut self) {
        let half = f64::from(self.plan.weeks) * WEEK;
        let end = half * 2.0;
        // A fixed interval has nothing to learn.
        let start = match self.plan.policy {
            Policy::Fixed(_) => half - 3.0 * 86_400.0,
            _ => 0.0,
        };
        let mut due: BinaryHeap<Reverse<(i64, usize)>> = (0..self.feeds.len())
            .map(|n| Reverse((millis(start) + n as i64 * 50, n)))
            .collect();
        let mut priced = start;
        while let Some(Reverse((at, n))) = due.pop() {
            let now = at as f64 / 1_000.0;
            // Entries of the last hours are found after the end, at no cost to be counted.
            if now > end + 86_400.0 {
                break;
            }
            while priced <= now {
                self.price(priced);
                priced += PRICED_EVERY;
            }
            let next = self.poll(n, now, half..end);
            due.push(Reverse((next, n)));
        }
        self.settle();
    }

    /// What the daemon does now and then.
    fn price(&mut self, now: f64) {
        if self.pace.interval.is_some() {
            return;
        }
        let now = time(now);
        let mut census = Census::new(self.pace, now);
        for watched in &self.feeds {
            census.add(&watched.feed.url, None, &watched.state);
        }
        self.market = self.market.after(&census, self.spent.last_hour(now));
    }

    /// One poll; gives back when the next is due, in milliseconds.
    fn poll(&mut self, n: usize, now: f64, judged: std::ops::Range<f64>) -> i64 {
        let entries = &self.workload[n];
        let watched = &mut self.feeds[n];
        let there = watched.found + entries[watched.found..].partition_point(|at| *at <= now);
        let new = &entries[watched.found..there];
        let first = watched.state.last_success.is_none();
        if !first {
            let fresh = new.iter().filter(|at| judged.contains(*at));
            watched.delays.extend(fresh.map(|at| now - at));
            if judged.contains(&now) {
                let lost = new.len().saturating_sub(DOCUMENT);
                self.outcome.lost += u32::try_from(lost).unwrap_or(u32::MAX);
            }
        }
        let document = (first || !new.is_empty()).then(|| document(&entries[..there]));
        if judged.contains(&now) {
            self.outcome.requests += 1;
            self.outcome.unchanged += u32::from(document.is_none());
        }
        let facts = HttpFacts {
            status: Some(if document.is_some() { 200 } else { 304 }),
            etag: document.is_some().then(|| b"\"x\"".to_vec()),
            ..HttpFacts::default()
        };
        let began = time(now);
        let polled = Polled {
            began,
            kind: match (&document, new.len()) {
                (None, _) => OutcomeKind::NotModified,
                (Some(_), 0) => OutcomeKind::OkSame,
                (Some(_), _) => OutcomeKind::OkNew,
            },
            message: None,
            facts: &facts,
            hash: None,
            document: document.as_ref(),
            new: u32::try_from(new.len().min(DOCUMENT)).unwrap_or(u32::MAX),
            matched: 0,
            entries: &[],
            evidence: &Evidence::default(),
        };
        watched.found = there;
        self.spent.add(1, began);
        let pace = Pace {
            price: self.market.price(&watched.feed.url),
            ..self.pace
        };
        let answered = time(now + 0.3);
        watched.state = learn::apply(&watched.feed, &watched.state, &polled, &pace, answered);
        if self.plan.policy == Policy::SquareRoot {
            watched.state.rhythm.week = Week::default();
            watched.state.rhythm.pairs = Pairs::default();
        }
        let next = watched.state.next_poll.unwrap_or(Timestamp::MAX);
        next.as_millisecond() - BEGIN * 1_000
    }

    /// Sums up.
    fn settle(&mut self) {
        let heard = self.feeds.iter().filter(|feed| !feed.delays.is_empty());
        let means: Vec<f64> = heard.map(|feed| mean(&feed.delays)).collect();
        self.outcome.by_feed = mean(&means);
        let delays = self
            .feeds
            .iter()
            .flat_map(|feed| feed.delays.iter().copied());
        self.outcome.delays = delays.collect();
        self.outcome.delays.sort_by(f64::total_cmp);
    }
}

/// The document after these entries.
fn document(entries: &[f64]) -> DocumentFacts {
    let newest = &entries[entries.len().saturating_sub(DOCUMENT)..];
    DocumentFacts {
        published: newest.iter().map(|at| time(*at)).collect(),
        entries: newest.len(),
        ..DocumentFacts::default()
    }
}

fn millis(seconds: f64) -> i64 {
    (seconds * 1_000.0) as i64
}

fn time(seconds: f64) -> Timestamp {
    let begin = Timestamp::from_second(BEGIN).expect("a date of this century");
    begin + SignedDuration::from_millis(millis(seconds))
}

/// A fixed interval that sends as many requests as `outcome`, within one percent.
pub fn fixed_as(workload: &[Entries], plan: Plan, outcome: &Outcome) -> Outcome {
    let feeds = workload.len() as f64;
    let span = f64::from(plan.weeks) * WEEK;
    let mut interval = feeds * span / f64::from(outcome.requests) / 1.05;
    loop {
        let policy = Policy::Fixed(Duration::from_secs_f64(interval));
        let fixed = replay(workload, Plan { policy, ..plan });
        let ratio = f64::from(fixed.requests) / f64::from(outcome.requests);
        if (ratio - 1.0).abs() < 0.01 {
            return fixed;
        }
        interval *= ratio;
    }
}
